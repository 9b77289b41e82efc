//! What went wrong, in one type: where, doing what, why, and the next step. Printed as text or as JSON from one place.
use crate::exit::Exit;
use nt::NtStatus;
use serde::Serialize;
use std::fmt;
use std::io;
use std::path::Path;

/// A failure as the user reads it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Fault {
    /// The path, file or input it is about.
    pub(crate) place: Option<String>,
    /// What was being done, such as `set the reparse point`.
    pub(crate) what: &'static str,
    /// Why it failed.
    pub(crate) cause: Cause,
    /// Why, in words, when the cause alone does not say it.
    pub(crate) reason: Option<String>,
    /// What to do next.
    pub(crate) next: Option<String>,
}

/// Why something failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Cause {
    /// The rules of the file system refuse.
    Status(NtStatus),
    /// The host refuses, through the store, which gives a status for it.
    HostStatus(NtStatus),
    /// The host refuses: its error number if it gave one, and its words.
    Host { errno: Option<i32>, text: String },
    /// What was read is malformed.
    Input(String),
    /// The arguments do not go together in a way that the parser of arguments cannot see.
    Usage(String),
    /// A place that this version cannot open.
    NotBuilt(String),
}

/// The JSON form of a [`Fault`], as it stands in result lines and, under `--json`, on stderr.
#[derive(Serialize, Debug)]
pub(crate) struct FaultJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<&'a str>,
    what: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    win32: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    win32_code: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errno: Option<i32>,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
    exit: u8,
}

impl Fault {
    /// A refusal by the rules.
    pub(crate) fn status(what: &'static str, status: NtStatus) -> Fault {
        Fault { place: None, what, cause: Cause::Status(status), reason: None, next: None }
    }

    /// A refusal by the host.
    pub(crate) fn io(what: &'static str, error: &io::Error) -> Fault {
        // The standard library ends its text with the number, which stands in its own field here.
        let text = error.to_string();
        let text = text.split(" (os error").next().unwrap_or_default().to_owned();
        let cause = Cause::Host { errno: error.raw_os_error(), text };
        Fault { place: None, what, cause, reason: None, next: None }
    }

    /// Malformed input.
    pub(crate) fn input(what: &'static str, why: impl fmt::Display) -> Fault {
        Fault { place: None, what, cause: Cause::Input(why.to_string()), reason: None, next: None }
    }

    /// Arguments that do not go together.
    pub(crate) fn usage(what: &'static str, why: impl fmt::Display) -> Fault {
        Fault { place: None, what, cause: Cause::Usage(why.to_string()), reason: None, next: None }
    }

    /// Says which path it is about, unless it says so already.
    pub(crate) fn at(mut self, path: &Path) -> Fault {
        self.place.get_or_insert_with(|| path.display().to_string());
        self
    }

    /// Says which input it is about.
    pub(crate) fn of(mut self, place: impl Into<String>) -> Fault {
        self.place.get_or_insert_with(|| place.into());
        self
    }

    /// Adds why in words.
    pub(crate) fn because(mut self, reason: impl Into<String>) -> Fault {
        self.reason = Some(reason.into());
        self
    }

    /// Adds the next step.
    pub(crate) fn next(mut self, step: impl Into<String>) -> Fault {
        self.next = Some(step.into());
        self
    }

    /// The exit code it leads to.
    pub(crate) fn exit(&self) -> Exit {
        match self.cause {
            Cause::Status(NtStatus::NOT_A_REPARSE_POINT) => Exit::NotAReparsePoint,
            Cause::Status(_) => Exit::Refused,
            Cause::Host { .. } | Cause::HostStatus(_) => Exit::Host,
            Cause::Input(_) => Exit::Input,
            Cause::Usage(_) => Exit::Usage,
            Cause::NotBuilt(_) => Exit::NotBuilt,
        }
    }

    /// True when this status is why.
    pub(crate) fn is_status(&self, status: NtStatus) -> bool {
        self.cause == Cause::Status(status)
    }

    /// True when there is no such object, or no point on it.
    pub(crate) fn is_missing(&self) -> bool {
        let missing =
            [NtStatus::OBJECT_NAME_NOT_FOUND, NtStatus::OBJECT_PATH_NOT_FOUND, NtStatus::NOT_A_REPARSE_POINT];
        missing.into_iter().any(|status| self.is_status(status))
    }

    /// Why, in a word or two.
    pub(crate) fn short(&self) -> String {
        match &self.cause {
            Cause::Status(status) | Cause::HostStatus(status) => {
                status.name().map_or_else(|| status.to_string(), str::to_owned)
            }
            Cause::Host { text, .. } | Cause::Input(text) | Cause::Usage(text) | Cause::NotBuilt(text) => {
                text.clone()
            }
        }
    }

    /// Its JSON form.
    pub(crate) fn json(&self) -> FaultJson<'_> {
        let (status, errno, said) = match &self.cause {
            Cause::Status(status) | Cause::HostStatus(status) => (Some(*status), None, None),
            Cause::Host { errno, text } => (None, *errno, Some(text)),
            Cause::Input(text) | Cause::Usage(text) | Cause::NotBuilt(text) => (None, None, Some(text)),
        };
        let win32 = status.and_then(NtStatus::win32);
        let mut reason = said.cloned().unwrap_or_default();
        if let Some(more) = &self.reason {
            reason = if reason.is_empty() { more.clone() } else { format!("{reason}: {more}") };
        }
        FaultJson {
            place: self.place.as_deref(),
            what: self.what,
            status: status.and_then(NtStatus::name),
            status_code: status.map(|s| format!("0x{:08X}", s.0)),
            win32: win32.and_then(nt::Win32Error::name),
            win32_code: win32.map(|w| w.0),
            errno,
            reason,
            next: self.next.as_deref(),
            exit: self.exit().code(),
        }
    }
}

impl fmt::Display for Fault {
    /// `PLACE: what: STATUS_NAME (0x........), Win32 ERROR_NAME (number): reason`, and `next: step` on its own line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        write!(f, "{}: ", self.what)?;
        match &self.cause {
            Cause::Status(status) | Cause::HostStatus(status) => {
                write!(f, "{status}")?;
                if let Some(win32) = status.win32() {
                    write!(f, ", Win32 {win32}")?;
                }
            }
            Cause::Host { errno: Some(errno), text } => write!(f, "{text} (host error {errno})")?,
            Cause::Host { errno: None, text } => f.write_str(text)?,
            Cause::Input(text) | Cause::Usage(text) | Cause::NotBuilt(text) => f.write_str(text)?,
        }
        if let Some(reason) = &self.reason {
            write!(f, ": {reason}")?;
        }
        if let Some(next) = &self.next {
            write!(f, "\n  next: {next}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}
