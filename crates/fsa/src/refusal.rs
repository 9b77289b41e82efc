//! Why the store refused: a status for the protocol, a reason for a person.
use crate::host::HostError;
use crate::opens::OpenId;
use crate::parked::WaitId;
use crate::volume::VolumeKind;
use core::fmt;
use nt::{AccessMask, FsctlCode, Guid, NtStatus};
use reparse::Tag;

/// A refusal: the status that Windows gives, and why in types.
#[derive(Clone, PartialEq, Debug)]
pub struct Refusal {
    /// The status on the wire.
    pub status: NtStatus,
    /// What was wrong.
    pub why: Why,
}

/// What was wrong.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Why {
    /// The host refused or failed.
    Host(HostError),
    /// No open has this id.
    NoOpen(OpenId),
    /// The rights asked for, or needed, and those there are.
    Access {
        /// Any, or all, of these were needed.
        needed: AccessMask,
        /// These there are.
        granted: AccessMask,
    },
    /// A privilege was not held when the file was opened.
    Privilege(&'static str),
    /// The volume cannot be changed.
    ReadOnlyVolume,
    /// The file has the read-only attribute.
    ReadOnlyFile,
    /// A file system of this kind has no such thing.
    VolumeKind(VolumeKind),
    /// No such control code here.
    ControlCode(FsctlCode),
    /// The bytes are no reparse point that can be set, or no request to delete one.
    Set(reparse::SetError),
    /// A length was not what it must be, in bytes.
    Length {
        /// Of what.
        what: &'static str,
        /// The least, or the only, length.
        wanted: usize,
        /// The length there was.
        got: usize,
    },
    /// The file has another tag.
    Mismatch {
        /// The tag that the file has; `None` when it has none.
        stored: Option<Tag>,
        /// The tag that the caller gave.
        given: Tag,
    },
    /// The file has the tag, of another owner.
    Conflict {
        /// The owner's GUID on the file.
        stored: Option<Guid>,
        /// The GUID that the caller gave.
        given: Option<Guid>,
    },
    /// The file has no reparse point.
    NoReparsePoint,
    /// Only a directory can have this tag.
    MountPointOnFile,
    /// A symbolic link cannot be set on a file that has data.
    LinkOnData {
        /// Bytes of data in the opened stream.
        size: u64,
    },
    /// The directory has entries, and the tag does not allow that.
    DirectoryNotEmpty,
    /// A component of the path does not exist, or is not what it must be.
    Component {
        /// Where it begins in the path, in UTF-16 units.
        at: usize,
        /// What is wrong with it.
        fault: ComponentFault,
    },
    /// The target of a link cannot be followed.
    Target(TargetFault),
    /// The object has a tag that nothing here follows.
    TagNotHandled(Tag),
    /// So many links were followed without an end.
    Hops(usize),
    /// The caller wanted no link in the path, and there is one.
    ReparseMet(Tag),
    /// Another open of the file does not share what this one asks, or the other way round.
    Sharing(OpenId),
    /// Another open has a byte-range lock.
    Locked(OpenId),
    /// It is not refused, and waits under this name.
    Waits(WaitId),
    /// The name is about to go.
    DeletePending,
    /// The object has this name already.
    Collision,
    /// The file was changed by others so often that the open never came to act.
    Restless(usize),
    /// A parameter of the request cannot be.
    Parameter(&'static str),
    /// What is asked for makes no sense for this object.
    Object(&'static str),
}

/// What is wrong with a component of a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ComponentFault {
    /// There is none of that name.
    Missing,
    /// It is not a directory, and more follows.
    NotDirectory,
    /// A character that no name can have.
    Character(u16),
    /// Longer than 255 units.
    TooLong(usize),
    /// Nothing between two backslashes.
    Empty,
    /// `.` or `..`, which only links may contain.
    Dots,
    /// A stream type that cannot be opened, or a colon with nothing behind it.
    Stream,
    /// A closing backslash on what is not a directory.
    TrailingBackslash,
}

/// Why a link's target cannot be followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TargetFault {
    /// The bytes that are stored are no link.
    Corrupt,
    /// A relative link that begins like an absolute one, or the other way round.
    Form,
    /// `..` leads above the root.
    AboveRoot,
    /// No drive or device of this name leads into this volume.
    UnknownDevice,
    /// Larger than a path can be.
    TooLong(usize),
    /// A link to a file leads to a directory.
    FileLinkToDirectory,
    /// A link to a directory leads to a file.
    DirectoryLinkToFile,
    /// A link has no children.
    BelowLink,
}

impl Refusal {
    /// A refusal.
    pub fn new(status: NtStatus, why: Why) -> Refusal {
        Refusal { status, why }
    }

    /// The status on the wire.
    pub fn status(&self) -> NtStatus {
        self.status
    }

    /// A parameter that cannot be: STATUS_INVALID_PARAMETER.
    pub(crate) fn parameter(what: &'static str) -> Refusal {
        Refusal::new(NtStatus::INVALID_PARAMETER, Why::Parameter(what))
    }

    /// What the caller can do about it, where there is something.
    pub fn next_step(&self) -> Option<&'static str> {
        match &self.why {
            Why::Privilege(_) => {
                Some("open the file as someone who holds SeCreateSymbolicLinkPrivilege, or set a mount point")
            }
            Why::ReadOnlyVolume => Some("mount or open the volume for writing"),
            Why::ReadOnlyFile => Some("clear the read-only attribute first"),
            Why::VolumeKind(_) => Some("use a volume whose kind is NTFS or ReFS"),
            Why::Mismatch { stored: Some(_), .. } => {
                Some("delete the reparse point that is there, or replace it with SET_REPARSE_POINT_EX")
            }
            Why::Mismatch { stored: None, .. } => Some("the file has no reparse point: use a plain set"),
            Why::Conflict { .. } => Some("give the GUID of the reparse point that is there"),
            Why::MountPointOnFile => Some("set it on an empty directory, or set a symbolic link"),
            Why::LinkOnData { .. } => Some("truncate the file first, or set the link on a new, empty file"),
            Why::DirectoryNotEmpty => {
                Some("use an empty directory, or a tag with the directory bit (0x10000000)")
            }
            Why::TagNotHandled(_) | Why::ReparseMet(_) => {
                Some("open with FILE_OPEN_REPARSE_POINT to work on the reparse point itself")
            }
            Why::Hops(_) => Some("look for a loop: `pointsman resolve` shows each hop"),
            Why::Target(TargetFault::UnknownDevice) => Some("say where the drive lies, with a drive map"),
            Why::Access { needed, .. } if needed.contains(AccessMask::FILE_WRITE_ATTRIBUTES) => Some(
                "open the file with FILE_WRITE_ATTRIBUTES or FILE_WRITE_DATA, if its descriptor grants them",
            ),
            Why::Access { .. } => Some("ask for fewer rights, or change the security descriptor"),
            Why::Sharing(_) => Some("close the other open, or let both share"),
            Why::Host(error) => error.fault.next_step(),
            _ => None,
        }
    }
}

impl crate::host::HostFault {
    /// What can be done about a failure of the host, where there is something.
    pub fn next_step(self) -> Option<&'static str> {
        use crate::host::HostFault;
        match self {
            HostFault::Denied => Some("run as the file's owner, or as root"),
            HostFault::NoSpace => Some("free space on the volume"),
            HostFault::NotSupported => Some("use a file system with user extended attributes"),
            HostFault::Corrupt => Some("run `pointsman check`"),
            _ => None,
        }
    }
}

impl From<HostError> for Refusal {
    fn from(error: HostError) -> Refusal {
        Refusal { status: error.status(), why: Why::Host(error) }
    }
}

impl From<reparse::SetError> for Refusal {
    fn from(error: reparse::SetError) -> Refusal {
        Refusal { status: error.status(), why: Why::Set(error) }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.status, self.why)
    }
}

impl core::error::Error for Refusal {}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Host(error) => error.fmt(f),
            Why::NoOpen(id) => write!(f, "no open has the id {}", id.0),
            Why::Access { needed, granted } => write!(f, "needs {needed:?} and has {granted:?}"),
            Why::Privilege(name) => write!(f, "{name} was not held when the file was opened"),
            Why::ReadOnlyVolume => f.write_str("the volume is read-only"),
            Why::ReadOnlyFile => f.write_str("the file is read-only"),
            Why::VolumeKind(kind) => write!(f, "{} has no reparse points", kind.name()),
            Why::ControlCode(code) => write!(f, "the control code {code:?} is not served"),
            Why::Set(error) => write!(f, "{}", error.reason()),
            Why::Length { what, wanted, got } => write!(f, "{what} has {got} bytes, wanted {wanted}"),
            Why::Mismatch { stored: Some(stored), given } => {
                write!(f, "the file has the tag {stored:?}, the request {given:?}")
            }
            Why::Mismatch { stored: None, given } => {
                write!(f, "the file has no reparse point, the request names {given:?}")
            }
            Why::Conflict { stored, given } => {
                write!(f, "the tag on the file belongs to {stored:?}, the request names {given:?}")
            }
            Why::NoReparsePoint => f.write_str("the file has no reparse point"),
            Why::MountPointOnFile => f.write_str("a mount point needs a directory"),
            Why::LinkOnData { size } => write!(f, "a symbolic link on a file that has {size} bytes of data"),
            Why::DirectoryNotEmpty => f.write_str("the directory has entries"),
            Why::Component { at, fault } => write!(f, "path, unit {at}: {fault}"),
            Why::Target(fault) => write!(f, "{fault}"),
            Why::TagNotHandled(tag) => write!(f, "nothing here follows the tag {tag:?}"),
            Why::Hops(count) => write!(f, "{count} links followed without an end"),
            Why::ReparseMet(tag) => {
                write!(f, "the path meets a reparse point, {tag:?}, and was to meet none")
            }
            Why::Sharing(id) => write!(f, "open {} of the same file does not share", id.0),
            Why::Locked(id) => write!(f, "open {} of the same file has locked the range", id.0),
            Why::Waits(wait) => write!(f, "it waits as {}", wait.0),
            Why::DeletePending => f.write_str("the name is about to be deleted"),
            Why::Collision => f.write_str("the name exists already"),
            Why::Restless(tries) => write!(f, "others changed the file during each of {tries} tries"),
            Why::Parameter(what) | Why::Object(what) => f.write_str(what),
        }
    }
}

impl fmt::Display for ComponentFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ComponentFault::Missing => f.write_str("no such name"),
            ComponentFault::NotDirectory => f.write_str("not a directory, and more follows"),
            ComponentFault::Character(unit) => write!(f, "the character U+{unit:04X} cannot be in a name"),
            ComponentFault::TooLong(len) => write!(f, "a name of {len} units; 255 are the most"),
            ComponentFault::Empty => f.write_str("an empty name"),
            ComponentFault::Dots => f.write_str("`.` and `..` are no names"),
            ComponentFault::Stream => f.write_str("no stream or stream type that can be opened"),
            ComponentFault::TrailingBackslash => {
                f.write_str("a closing backslash on what is not a directory")
            }
        }
    }
}

impl fmt::Display for TargetFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TargetFault::Corrupt => "the stored link cannot be read",
            TargetFault::Form => {
                "the link's target is relative where it must be absolute, or the other way round"
            }
            TargetFault::AboveRoot => "the link's target leads above the root",
            TargetFault::UnknownDevice => "the link's target is on a drive or device that is not known here",
            TargetFault::TooLong(_) => "the link's target is longer than a path can be",
            TargetFault::FileLinkToDirectory => "a link to a file leads to a directory",
            TargetFault::DirectoryLinkToFile => "a link to a directory leads to a file",
            TargetFault::BelowLink => "the directory is a link, and links have no children",
        })
    }
}
