//! Where a symbolic link leads, as the client evaluates it, and whether it may. [MS-SMB2] 2.2.2.2.1.1
use core::fmt;
use core::str::FromStr;
use nt::{NtStatus, Utf16};
use reparse::{Target, Volume};
use std::ffi::OsString;

use crate::open::Stopped;

const BACKSLASH: u16 = b'\\' as u16;
const DOT: u16 = b'.' as u16;

/// Where a link is, and where it leads: as `fsutil behavior set SymlinkEvaluation` tells them apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EvaluationClass {
    /// Both on this machine.
    LocalToLocal,
    /// From this machine to a share.
    LocalToRemote,
    /// From a share to this machine.
    RemoteToLocal,
    /// From a share to a share, the same one too.
    RemoteToRemote,
}

/// Which classes of link are followed. By default those that Windows follows by default: links on this machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Evaluation {
    /// From this machine to itself.
    pub local_to_local: bool,
    /// From this machine to a share.
    pub local_to_remote: bool,
    /// From a share to this machine.
    pub remote_to_local: bool,
    /// From a share to a share.
    pub remote_to_remote: bool,
}

/// Why a text is no evaluation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EvaluationParseError(String);

/// Where a link leads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Destination {
    /// Elsewhere on the same share.
    SameShare(Utf16),
    /// To a share, by its name.
    Share {
        /// The server.
        server: Utf16,
        /// The share.
        share: Utf16,
        /// The path from its root, with a backslash in front.
        path: Utf16,
    },
    /// To a volume of this machine.
    Local {
        /// The volume.
        volume: Volume,
        /// The path from its root, with a backslash in front.
        path: Utf16,
    },
}

/// Why a link leads nowhere, before anything was asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinkFault {
    /// What it says of the path before it cannot be.
    Unparsed,
    /// It leads to what no path is.
    Target,
    /// `..` leads above the share's root.
    AboveRoot,
}

impl Default for Evaluation {
    fn default() -> Evaluation {
        Evaluation {
            local_to_local: true,
            local_to_remote: true,
            remote_to_local: false,
            remote_to_remote: false,
        }
    }
}

impl Evaluation {
    /// Every class is followed.
    pub const ALL: Evaluation = Evaluation {
        local_to_local: true,
        local_to_remote: true,
        remote_to_local: true,
        remote_to_remote: true,
    };

    /// What `POINTSMAN_SYMLINK_EVALUATION` says, which `variable` reads; else the default.
    pub fn from_environment(
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Evaluation, EvaluationParseError> {
        match variable("POINTSMAN_SYMLINK_EVALUATION") {
            None => Ok(Evaluation::default()),
            Some(text) => text.to_string_lossy().parse(),
        }
    }

    /// Whether links of a class are followed.
    pub fn allows(self, class: EvaluationClass) -> bool {
        match class {
            EvaluationClass::LocalToLocal => self.local_to_local,
            EvaluationClass::LocalToRemote => self.local_to_remote,
            EvaluationClass::RemoteToLocal => self.remote_to_local,
            EvaluationClass::RemoteToRemote => self.remote_to_remote,
        }
    }
}

impl EvaluationClass {
    /// As fsutil calls it.
    pub fn name(self) -> &'static str {
        match self {
            EvaluationClass::LocalToLocal => "L2L",
            EvaluationClass::LocalToRemote => "L2R",
            EvaluationClass::RemoteToLocal => "R2L",
            EvaluationClass::RemoteToRemote => "R2R",
        }
    }
}

impl Destination {
    /// The class of a link on a share that leads there.
    pub fn class(&self) -> EvaluationClass {
        match self {
            Destination::SameShare(_) | Destination::Share { .. } => EvaluationClass::RemoteToRemote,
            Destination::Local { .. } => EvaluationClass::RemoteToLocal,
        }
    }
}

impl LinkFault {
    /// The status of the open.
    pub fn status(self) -> NtStatus {
        match self {
            LinkFault::Unparsed => NtStatus::INVALID_NETWORK_RESPONSE,
            LinkFault::Target => NtStatus::OBJECT_NAME_INVALID,
            LinkFault::AboveRoot => NtStatus::IO_REPARSE_DATA_INVALID,
        }
    }
}

/// How much of a path leads up to the link, in units; `None` if the error response cannot be about this path.
pub(crate) fn parsed_len(path: &[u16], unparsed_len: u16) -> Option<usize> {
    let units = usize::from(unparsed_len / 2);
    unparsed_len.is_multiple_of(2).then_some(())?;
    let parsed = path.len().checked_sub(units)?;
    let tail = path.get(parsed..)?;
    // What is left over begins with the backslash that follows the link.
    (parsed > 0 && (tail.is_empty() || tail.first() == Some(&BACKSLASH))).then_some(parsed)
}

/// Where a link leads that stopped the open of `path`, a path with a backslash in front.
pub fn evaluate(path: &[u16], stopped: &Stopped) -> Result<Destination, LinkFault> {
    let parsed = parsed_len(path, stopped.unparsed_len).ok_or(LinkFault::Unparsed)?;
    let (parsed, tail) = path.split_at_checked(parsed).ok_or(LinkFault::Unparsed)?;
    let target = stopped.link.target_syntax().map_err(|_| LinkFault::Target)?;
    let joined = |head: &Utf16| {
        let head = head.units();
        let head = if tail.is_empty() { head } else { head.strip_suffix(&[BACKSLASH]).unwrap_or(head) };
        let mut whole = head.to_vec();
        whole.extend_from_slice(tail);
        if whole.first() != Some(&BACKSLASH) {
            whole.insert(0, BACKSLASH);
        }
        Utf16(whole)
    };
    match &target {
        Target::Relative { path } => {
            let at = parsed.iter().rposition(|unit| *unit == BACKSLASH).ok_or(LinkFault::Unparsed)?;
            let directory = parsed.get(..=at).unwrap_or_default();
            let whole = [directory, path.units(), tail].concat();
            Ok(Destination::SameShare(without_dots(&whole)?))
        }
        // From the root of the volume that holds the link: for a client, that of the share.
        Target::Rooted { path } => Ok(Destination::SameShare(without_dots(joined(path).units())?)),
        Target::Unc { server, share, path } if !share.units().is_empty() => {
            Ok(Destination::Share { server: server.clone(), share: share.clone(), path: joined(path) })
        }
        Target::Drive { letter, path } => {
            Ok(Destination::Local { volume: Volume::Drive(letter.to_ascii_uppercase()), path: joined(path) })
        }
        Target::Volume { guid, path } => {
            Ok(Destination::Local { volume: Volume::Guid(*guid), path: joined(path) })
        }
        _ => Err(LinkFault::Target),
    }
}

/// The path without `.` and `..`, which a server would refuse. A closing backslash stays.
fn without_dots(path: &[u16]) -> Result<Utf16, LinkFault> {
    let mut names: Vec<&[u16]> = Vec::new();
    for name in path.split(|unit| *unit == BACKSLASH) {
        match name {
            [] | [DOT] => {}
            [DOT, DOT] => drop(names.pop().ok_or(LinkFault::AboveRoot)?),
            name => names.push(name),
        }
    }
    let mut whole = Vec::with_capacity(path.len());
    for name in &names {
        whole.push(BACKSLASH);
        whole.extend_from_slice(name);
    }
    if names.is_empty() || path.last() == Some(&BACKSLASH) {
        whole.push(BACKSLASH);
    }
    Ok(Utf16(whole))
}

impl FromStr for Evaluation {
    type Err = EvaluationParseError;

    /// `L2L:1,R2R:0`, as fsutil writes it; a class that is not named stays as it is by default.
    fn from_str(text: &str) -> Result<Evaluation, EvaluationParseError> {
        let mut evaluation = Evaluation::default();
        for part in text.split([',', ' ']).filter(|part| !part.is_empty()) {
            let wrong = || EvaluationParseError(part.to_owned());
            let (class, value) = part.split_once(':').ok_or_else(wrong)?;
            let value = match value {
                "1" => true,
                "0" => false,
                _ => return Err(wrong()),
            };
            match class.to_ascii_uppercase().as_str() {
                "L2L" => evaluation.local_to_local = value,
                "L2R" => evaluation.local_to_remote = value,
                "R2L" => evaluation.remote_to_local = value,
                "R2R" => evaluation.remote_to_remote = value,
                _ => return Err(wrong()),
            }
        }
        Ok(evaluation)
    }
}

impl fmt::Display for EvaluationParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is none of L2L, L2R, R2L, R2R with :0 or :1", self.0)
    }
}

impl std::error::Error for EvaluationParseError {}

impl fmt::Display for LinkFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LinkFault::Unparsed => "the server says of the link what cannot be of this path",
            LinkFault::Target => "the link leads to what is no path",
            LinkFault::AboveRoot => "the link leads above the share's root",
        })
    }
}
