//! Batch mode of `set`, `get` and `delete`: JSON lines on stdin, one result line for each on stdout, a summary line last.
//! A line that fails does not stop the ones after it. docs/CLI.md has the form.
use crate::args::Sync;
use crate::command::{delete::DeleteArgs, get::GetArgs, set::SetArgs};
use crate::exit::Exit;
use crate::fault::{Fault, FaultJson};
use crate::output::Output;
use crate::point::json;
use crate::point::line::{DeleteLine, GetLine, LinePath, SetLine};
use crate::volume::{Durability, Volumes};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io::{self, BufRead, BufReader, Read, Stdin};
use std::path::Path;

/// The most bytes of one line: the JSON of the largest point takes a tenth of it.
const LINE_BYTES_MAX: u64 = 1024 * 1024;
/// How much of stdin is read at a time, in bytes.
const STDIN_BUFFER_BYTES: usize = 256 * 1024;

/// One result line.
#[derive(Serialize, Debug)]
struct ResultLine<'a> {
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    ok: bool,
    #[serde(flatten)]
    found: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<FaultJson<'a>>,
}

/// The last line. `durable` is absent where nothing could be changed.
#[derive(Serialize, Debug)]
struct Summary {
    lines: u64,
    ok: u64,
    failed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    durable: Option<bool>,
}

pub(crate) fn set(args: &SetArgs, out: &mut Output) -> Result<Exit, Fault> {
    let mut volumes =
        Volumes::new(&args.place)?.durability(durability_of(args.batch.sync.unwrap_or_default()));
    let summary = each_line(out, |line: SetLine, path| {
        line.request().and_then(|request| volumes.object(path)?.set(&request)).map(|()| None)
    });
    finish(summary, Some(args.batch.sync.unwrap_or_default()), &volumes, out)
}

pub(crate) fn get(args: &GetArgs, out: &mut Output) -> Result<Exit, Fault> {
    let mut volumes = Volumes::new(&args.place)?;
    let summary = each_line(out, |_: GetLine, path| {
        let object = volumes.object(path)?;
        Ok(Some(json::of_found(object.shown(), &object.get()?)))
    });
    finish(summary, None, &volumes, out)
}

pub(crate) fn delete(args: &DeleteArgs, out: &mut Output) -> Result<Exit, Fault> {
    let mut volumes =
        Volumes::new(&args.place)?.durability(durability_of(args.batch.sync.unwrap_or_default()));
    let summary = each_line(out, |line: DeleteLine, path| {
        let (tag, guid) = line.tag_and_guid()?;
        volumes.object(path)?.delete(tag, guid).map(|_| None)
    });
    finish(summary, Some(args.batch.sync.unwrap_or_default()), &volumes, out)
}

fn durability_of(sync: Sync) -> Durability {
    match sync {
        Sync::Each => Durability::WriteThrough,
        Sync::End | Sync::None => Durability::Deferred,
    }
}

/// Reads lines, does each, writes its result. Results are sent when no more lines are waiting, so that a writer that
/// waits for an answer gets it.
fn each_line<L: for<'de> Deserialize<'de> + LinePath>(
    out: &mut Output,
    mut act: impl FnMut(L, &Path) -> Result<Option<Value>, Fault>,
) -> Result<Summary, Fault> {
    let mut stdin = BufReader::with_capacity(STDIN_BUFFER_BYTES, io::stdin());
    let mut summary = Summary { lines: 0, ok: 0, failed: 0, durable: None };
    let mut number = 0;
    while let Some(line) = next_line(&mut stdin)? {
        number += 1;
        if matches!(&line, Ok(text) if text.iter().all(u8::is_ascii_whitespace)) {
            continue; // an empty line asks for nothing
        }
        let parsed = line.and_then(|text| {
            serde_json::from_slice::<L>(&text).map_err(|error| {
                Fault::input("read the line", error).next("docs/CLI.md, \"Batch\", has the form of a line")
            })
        });
        let parsed = parsed.and_then(|line| Ok((line.path()?, line)));
        let path = parsed.as_ref().ok().map(|(path, _)| path.to_string_lossy().into_owned());
        let done = parsed.and_then(|(path, line)| act(line, &path));
        let (found, fault) = match done {
            Ok(found) => (found.map(without_path), None),
            Err(fault) => (None, Some(fault)),
        };
        let ok = fault.is_none();
        summary.lines += 1;
        summary.ok += u64::from(ok);
        summary.failed += u64::from(!ok);
        let error = fault.as_ref().map(Fault::json);
        out.json(&ResultLine { line: number, path, ok, found, error });
        if stdin.buffer().is_empty() {
            out.flush();
        }
        if out.is_closed() {
            break; // nobody reads the results: the lines that follow are not done
        }
    }
    Ok(summary)
}

/// The path stands in the result line already.
fn without_path(mut found: Value) -> Value {
    if let Some(fields) = found.as_object_mut() {
        fields.shift_remove("path"); // the others keep their order
    }
    found
}

/// The next line, a fault if it is too long, `None` after the last.
fn next_line(stdin: &mut BufReader<Stdin>) -> Result<Option<Result<Vec<u8>, Fault>>, Fault> {
    let failed = |error| Fault::io("read stdin", &error);
    let mut line = Vec::new();
    let read = stdin.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line).map_err(failed)?;
    if read == 0 {
        return Ok(None);
    }
    if line.last() != Some(&b'\n') && read as u64 == LINE_BYTES_MAX {
        stdin.skip_until(b'\n').map_err(failed)?;
        let why = format!("the line has more than {LINE_BYTES_MAX} bytes");
        return Ok(Some(Err(Fault::input("read the line", why))));
    }
    Ok(Some(Ok(line)))
}

/// Makes good what the summary says, writes it, and gives the exit code.
fn finish(
    summary: Result<Summary, Fault>,
    sync: Option<Sync>,
    volumes: &Volumes,
    out: &mut Output,
) -> Result<Exit, Fault> {
    let mut summary = summary?;
    summary.durable = match sync {
        None => None,
        Some(Sync::Each) => Some(true),
        Some(Sync::None) => Some(false),
        Some(Sync::End) => {
            volumes.sync()?;
            Some(true)
        }
    };
    let exit = if summary.failed == 0 { Exit::Ok } else { Exit::Some };
    out.json(&serde_json::json!({ "summary": summary }));
    Ok(exit)
}
