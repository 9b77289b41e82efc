//! Exit codes: the part of the command that a script relies on. The table is also in `--help` and docs/CLI.md.
use std::io;
use std::process::ExitCode;

/// What the shell sees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Exit {
    /// All was done; a search found what it looked for or found nothing wrong.
    Ok,
    /// Some of it failed, or a check found something: part of a batch, damage, a buffer that Windows would refuse.
    Some,
    /// The command line is wrong.
    Usage,
    /// The object is not a reparse point.
    NotAReparsePoint,
    /// The rules of the file system refuse: an NTSTATUS is named.
    Refused,
    /// The host refuses: permission, space, a broken disk.
    Host,
    /// What was read (bytes, hexadecimal, JSON) is not what it should be.
    Input,
    /// A kind of place that this version cannot open.
    NotBuilt,
}

/// The table as `--help` prints it.
pub(crate) const TABLE: &str = "\
Exit codes:
  0  done; a search found nothing wrong
  1  part of it failed, or something was found: a line of a batch, a dangling link, damage, bytes Windows refuses
  2  the command line is wrong
  3  the object is not a reparse point
  4  the rules of the file system refuse (the NTSTATUS is named)
  5  the host refuses: permission, space, an input/output error
  6  the bytes, hexadecimal or JSON given are malformed
  7  a kind of place that this version cannot open";

impl Exit {
    /// This, unless it is well; then the other.
    pub(crate) fn or(self, other: Exit) -> Exit {
        if self == Exit::Ok { other } else { self }
    }

    /// The number.
    pub(crate) fn code(self) -> u8 {
        match self {
            Exit::Ok => 0,
            Exit::Some => 1,
            Exit::Usage => 2,
            Exit::NotAReparsePoint => 3,
            Exit::Refused => 4,
            Exit::Host => 5,
            Exit::Input => 6,
            Exit::NotBuilt => 7,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

/// Prints what clap has to say: help and version on stdout with 0, a usage error on stderr with 2.
pub(crate) fn of_usage(error: &clap::Error) -> ExitCode {
    // A closed pipe while help is printed is the reader's choice, not a failure.
    let _ = error.print();
    if error.use_stderr() { Exit::Usage.into() } else { Exit::Ok.into() }
}

/// A reader that went away (`| head`) ends the command quietly; a full disk behind stdout does not.
pub(crate) fn of_stdout(error: &io::Error) -> Exit {
    if error.kind() == io::ErrorKind::BrokenPipe { Exit::Ok } else { Exit::Host }
}
