//! Output: stdout in large pieces, results as text or JSON lines, faults on stderr. The only file that knows whether a
//! terminal listens.
use crate::exit::Exit;
use crate::fault::Fault;
use serde::Serialize;
use std::fmt;
use std::io::{self, BufWriter, IsTerminal, Write};

/// How much is gathered before it is written, in bytes.
const BUFFER_BYTES: usize = 64 * 1024;

/// Where results go.
pub(crate) struct Output {
    stdout: BufWriter<io::Stdout>,
    json_faults: bool,
    /// The first failure of writing: everything after it is dropped, and it decides the exit code.
    failed: Option<io::Error>,
}

impl Output {
    /// With faults as JSON or as text.
    pub(crate) fn new(json_faults: bool) -> Output {
        Output { stdout: BufWriter::with_capacity(BUFFER_BYTES, io::stdout()), json_faults, failed: None }
    }

    /// One line of text.
    pub(crate) fn line(&mut self, text: impl fmt::Display) {
        self.write(|stdout| writeln!(stdout, "{text}"));
    }

    /// One value as one line of JSON.
    pub(crate) fn json(&mut self, value: &impl Serialize) {
        self.write(|stdout| {
            serde_json::to_writer(&mut *stdout, value)?;
            stdout.write_all(b"\n")
        });
    }

    /// Bytes as they are.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.write(|stdout| stdout.write_all(bytes));
    }

    /// Sends what has gathered, so that a reader sees results as they come.
    pub(crate) fn flush(&mut self) {
        self.write(Write::flush);
    }

    /// True when stdout is a terminal, to which no raw bytes are written.
    pub(crate) fn is_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// True once nobody reads any more; long work then stops.
    pub(crate) fn is_closed(&self) -> bool {
        self.failed.is_some()
    }

    /// Reports a fault on stderr, and says which exit code it leads to.
    pub(crate) fn fault(&mut self, fault: &Fault) -> Exit {
        self.flush(); // what went well before it is seen before it
        let mut stderr = io::stderr().lock();
        // When stderr is gone there is nobody to tell; the exit code still does.
        let _ = match self.json_faults {
            true => writeln!(stderr, "{}", serde_json::json!({ "error": fault.json() })),
            false => writeln!(stderr, "pointsman: {fault}"),
        };
        fault.exit()
    }

    /// Says something beside the result, on stderr: a warning, a count.
    pub(crate) fn note(&mut self, text: impl fmt::Display) {
        self.flush();
        let mut stderr = io::stderr().lock();
        let _ = match self.json_faults {
            true => writeln!(stderr, "{}", serde_json::json!({ "note": text.to_string() })),
            false => writeln!(stderr, "pointsman: {text}"),
        };
    }

    /// Writes what is left, and gives the first failure of all writing.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.flush();
        self.failed.map_or(Ok(()), Err)
    }

    fn write(&mut self, how: impl FnOnce(&mut BufWriter<io::Stdout>) -> io::Result<()>) {
        if self.failed.is_none() {
            self.failed = how(&mut self.stdout).err();
        }
    }
}
