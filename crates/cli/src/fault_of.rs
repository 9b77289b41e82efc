//! How the refusals of places and of the object store become faults: the next step in the words of this command.
use crate::fault::{Cause, Fault};
use fsa::host::linux::LinuxOpenError;
use fsa::{OpenError, Refusal, TargetFault, Why};
use nt::{Guid, NtStatus, Utf16};
use places::{Failure, PlaceError};
use remote::{EvaluationClass, FollowError, RemoteError};
use reparse::Fault as SetFault;
use std::path::Path;

const BACKSLASH: u16 = b'\\' as u16;

/// A path that leads to no volume.
pub(crate) fn place_fault(error: PlaceError) -> Fault {
    const WHAT: &str = "find the place";
    match &error {
        PlaceError::NotBuilt { text, .. } => Fault {
            place: Some(text.to_string_lossy().into_owned()),
            what: WHAT,
            cause: Cause::NotBuilt(error.to_string()),
            reason: None,
            next: Some("name a path of this machine or of an image: mount the share first".into()),
        },
        PlaceError::Empty => Fault::usage(WHAT, "the path is empty"),
        PlaceError::OutsideRoot { .. } => {
            Fault::usage(WHAT, &error).next("name a path beneath --root, or leave --root out")
        }
        PlaceError::Root { root, error } => Fault::io("open --root", error).at(root).next("name a directory"),
        PlaceError::Drive { directory, error } => {
            Fault::io("open the directory of --drive", error).at(directory).next("name a directory")
        }
        PlaceError::Host { path, error } => Fault::io(WHAT, error).at(path),
        PlaceError::Name { path, .. } => Fault::status(WHAT, NtStatus::OBJECT_NAME_INVALID)
            .because(error.to_string())
            .at(path)
            .next("rename it: a name on Windows has no colon and no backslash"),
        PlaceError::Volume { root, error: LinuxOpenError::Root(error) } => {
            refusal_fault("open the volume", &Refusal::from(*error)).at(root)
        }
        PlaceError::Volume { root, .. } => Fault {
            place: Some(root.display().to_string()),
            what: "open the volume",
            cause: Cause::Host { errno: None, text: error.to_string() },
            reason: None,
            next: Some("use Linux 5.6 or newer with /proc mounted, and no filter on openat2".into()),
        },
    }
}

/// Whatever a place refuses.
pub(crate) fn failure_fault(failure: Failure) -> Fault {
    match failure {
        Failure::Place(error) => place_fault(error),
        Failure::Refused { what, refusal } => refusal_fault(what, &refusal),
        Failure::Open { what, path, error } => open_fault(what, &path, &error),
        Failure::Image { what, image, error } => image_fault(what, &image, &error),
        Failure::Status { what, status, reason, next } => {
            Fault { reason, next: next.map(str::to_owned), ..Fault::status(what, status) }
        }
        Failure::Malformed { what, why, next } => {
            Fault { next: next.map(str::to_owned), ..Fault::input(what, why) }
        }
    }
}

/// What an image refuses. That it cannot be read is the host's; all else has a status.
fn image_fault(what: &'static str, image: &Path, error: &ntfs::Error) -> Fault {
    let mut fault = match error {
        ntfs::Error::Io { call, source } => Fault::io(what, source).because(*call).at(image),
        ntfs::Error::Request { why: ntfs::Why::Set(error), .. } => {
            Fault::status(what, error.status()).because(error.to_string())
        }
        error => Fault::status(what, error.status()).because(error.to_string()),
    };
    if let ntfs::Error::Refused(_) = error {
        fault = fault.at(image);
    }
    fault.next = image_next_step(error).or(error.next_step()).map(str::to_owned);
    fault
}

/// The way out, as this command offers it.
fn image_next_step(error: &ntfs::Error) -> Option<&'static str> {
    use ntfs::Why;
    let ntfs::Error::Request { why, .. } = error else { return None };
    Some(match why {
        Why::Mismatch { stored: Some(_), .. } => OTHER_TAG,
        Why::Mismatch { stored: None, .. } => "leave --if-tag out: there is no tag to compare with",
        Why::Conflict => "`pointsman get` shows the GUID that is there; give it, or use `set --replace-tag`",
        Why::LinkOnData(_) => "make a new file with --create file",
        Why::DirectoryNotEmpty => "use an empty directory: --create dir makes one",
        Why::MountPointOnFile => MOUNT_POINT_ON_FILE,
        Why::NoReparsePoint => "`pointsman find` lists what has one; `pointsman set` gives one",
        Why::Set(_) => "`pointsman explain` shows every field of the bytes, and what is wrong",
        _ => return None,
    })
}

const OTHER_TAG: &str =
    "remove the tag that is there with `pointsman delete`, or replace it with `set --replace-tag`";
const MOUNT_POINT_ON_FILE: &str =
    "use a directory (--create dir makes one), or --symlink, which a file can carry";

/// An open of `path` that failed; the component at fault is named.
pub(crate) fn open_fault(what: &'static str, path: &Utf16, error: &OpenError) -> Fault {
    match error {
        OpenError::Refused(refusal) => {
            let fault = refusal_fault(what, refusal);
            match &refusal.why {
                Why::Component { at, fault: wrong } => {
                    let name = match refusal.status {
                        NtStatus::OBJECT_NAME_NOT_FOUND => last_component(path),
                        _ => component(path, *at),
                    };
                    fault.because(format!("{wrong}: {name}"))
                }
                _ => fault,
            }
        }
        OpenError::StoppedOnSymlink(_) => Fault::status(what, error.status()),
    }
}

fn last_component(path: &Utf16) -> Utf16 {
    let mut names = path.units().rsplit(|unit| *unit == BACKSLASH);
    Utf16::from(names.find(|name| !name.is_empty()).unwrap_or_default())
}

/// The component of a path that begins at a unit.
fn component(path: &Utf16, at: usize) -> Utf16 {
    let rest = path.units().get(at..).unwrap_or_default();
    let rest = rest.strip_prefix(&[BACKSLASH]).unwrap_or(rest);
    Utf16::from(rest.split(|unit| *unit == BACKSLASH).next().unwrap_or_default())
}

/// A refusal of the store. What the host refuses is the host's, though a status stands for it.
pub(crate) fn refusal_fault(what: &'static str, refusal: &Refusal) -> Fault {
    let mut fault = Fault::status(what, refusal.status).because(refusal.why.to_string());
    if let Why::Host(_) = refusal.why {
        fault.cause = Cause::HostStatus(refusal.status);
    }
    if let Why::Set(error) = &refusal.why {
        fault.reason = Some(error.to_string());
    }
    if let Why::Conflict { stored, given } = &refusal.why {
        let owner = |guid: &Option<Guid>| guid.map_or_else(|| "nobody".to_owned(), |guid| guid.to_string());
        fault.reason =
            Some(format!("the tag there belongs to {}, the request names {}", owner(stored), owner(given)));
    }
    fault.next = next_step(refusal).map(str::to_owned);
    fault
}

/// A server's refusal, or why it could not be asked.
pub(crate) fn remote_fault(what: &'static str, error: &RemoteError) -> Fault {
    match error {
        RemoteError::Status(status) => {
            let fault = Fault::status(what, *status).because("the server says so");
            match remote_step(*status) {
                Some(step) => fault.next(step),
                None => fault,
            }
        }
        RemoteError::Connection(_) | RemoteError::Host(_) => {
            remote_host_fault(what, error).next("check host and port, and that the server runs")
        }
        RemoteError::Untrusted(_) => remote_host_fault(what, error)
            .next("if it is the server you mean: --old-dialects, or --seal if-offered, let more servers in"),
        RemoteError::Login(_) => remote_host_fault(what, error).next("`klist` shows the tickets there are"),
        RemoteError::Malformed(_) | RemoteError::Unexpected(_) => Fault::input(what, error),
        RemoteError::TooLong(_) => Fault::usage(what, error),
    }
}

fn remote_host_fault(what: &'static str, error: &RemoteError) -> Fault {
    let cause = Cause::Host { errno: None, text: error.to_string() };
    Fault { place: None, what, cause, reason: None, next: None }
}

fn remote_step(status: NtStatus) -> Option<&'static str> {
    Some(match status {
        NtStatus::LOGON_FAILURE => "check user and password; a domain is named smb://DOMAIN;user@host/share",
        NtStatus::BAD_NETWORK_NAME => "check the name of the share",
        NtStatus::ACCESS_DENIED => "log in as a user who may do that",
        NtStatus::PRIVILEGE_NOT_HELD => "log in as a user who may create symbolic links",
        NtStatus::IO_REPARSE_TAG_MISMATCH => {
            "remove the tag that is there with `pointsman delete`, or replace it with `set --replace-tag`"
        }
        NtStatus::NOT_A_REPARSE_POINT => "`pointsman find` lists what has one; `pointsman set` gives one",
        NtStatus::DIRECTORY_NOT_EMPTY => "use an empty directory: --create dir makes one",
        NtStatus::INVALID_DEVICE_REQUEST | NtStatus::NOT_SUPPORTED => {
            "this server keeps no reparse points on this share"
        }
        NtStatus::OBJECT_NAME_NOT_FOUND => {
            "check the path; `set --create file` or `set --create dir` makes it"
        }
        NtStatus::OBJECT_PATH_NOT_FOUND => "check the path: a directory on the way is missing",
        _ => return None,
    })
}

/// Why an open on a share led nowhere.
pub(crate) fn follow_fault(what: &'static str, error: &FollowError) -> Fault {
    match error {
        FollowError::Remote(error) => remote_fault(what, error),
        FollowError::ClassDisabled(class) => class_fault(what, *class),
        FollowError::Elsewhere(_) => Fault::status(what, error.status())
            .because(error.to_string())
            .next(r"say where that is: --drive C:=DIR, or --drive '\\server\share=smb://host/share'"),
        FollowError::Link(_) | FollowError::TooMany => {
            Fault::status(what, error.status()).because(error.to_string())
        }
    }
}

/// A link of a class that is not followed.
pub(crate) fn class_fault(what: &'static str, class: EvaluationClass) -> Fault {
    let name = class.name();
    Fault::status(what, NtStatus::SYMLINK_CLASS_DISABLED)
        .because(format!("links of the class {name} are not followed"))
        .next(format!("--symlink-evaluation {name}:1 follows them"))
}

/// The way out, as this command offers it.
fn next_step(refusal: &Refusal) -> Option<&'static str> {
    Some(match &refusal.why {
        Why::Mismatch { stored: Some(_), .. } => OTHER_TAG,
        Why::Mismatch { stored: None, .. } => "leave --if-tag out: there is no tag to compare with",
        Why::Conflict { .. } => {
            "`pointsman get` shows the GUID that is there; give it, or use `set --replace-tag`"
        }
        Why::LinkOnData { .. } => {
            "empty the file first (`truncate -s 0 FILE`), or make a new one with --create file"
        }
        Why::DirectoryNotEmpty => "use an empty directory: --create dir makes one",
        Why::MountPointOnFile => MOUNT_POINT_ON_FILE,
        Why::Privilege(_) => {
            "leave --no-privilege out; on Windows, run as administrator or turn on developer mode"
        }
        Why::Set(error) if error.fault == SetFault::GuidMissing => {
            "give the owner's GUID: --guid, or after the first 8 bytes; `pointsman get` shows the one that is there"
        }
        Why::Set(_) => "`pointsman explain` shows every field of the bytes, and what is wrong",
        Why::Target(TargetFault::UnknownDevice) => "say where the drive lies: --drive C:=/path/of/its/root",
        Why::NoReparsePoint => "`pointsman find` lists what has one; `pointsman set` gives one",
        _ => match refusal.status {
            NtStatus::OBJECT_NAME_NOT_FOUND => {
                "check the path; `set --create file` or `set --create dir` makes it"
            }
            NtStatus::OBJECT_PATH_NOT_FOUND => "check the path: a directory on the way is missing",
            NtStatus::INVALID_BUFFER_SIZE => {
                "`pointsman explain` shows what a reparse point needs at the least"
            }
            NtStatus::FILE_IS_A_DIRECTORY => "use --create dir, or leave --create out",
            NtStatus::NOT_A_DIRECTORY => "use --create file, or leave --create out",
            _ => return refusal.next_step(),
        },
    })
}
