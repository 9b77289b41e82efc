//! Why something cannot be done with a volume: what, where, which status Windows has for it, and the way out.
use crate::reference::FileRef;
use nt::NtStatus;
use reparse::Tag;
use std::fmt;
use std::path::PathBuf;

/// What is wrong with a structure on the disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fault(pub &'static str);

/// Where a structure lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Place {
    /// The boot sector, the first of the volume.
    BootSector,
    /// The table of partitions.
    PartitionTable,
    /// A record of the master file table.
    Record(u64),
    /// An index block, by its number in the index of a directory or view.
    IndexBlock {
        /// The record that owns the index.
        record: u64,
        /// The block's virtual cluster number.
        vcn: u64,
    },
    /// Bytes of the volume.
    Offset(u64),
    /// The undo journal.
    Journal,
}

/// Why a volume is not opened, or not for writing.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Refused {
    /// BitLocker's signature is where that of NTFS should be.
    BitLocker,
    /// There is no NTFS boot sector.
    NotNtfs,
    /// A version that nobody has documented.
    Version(u8, u8),
    /// A version whose volumes have no reparse points.
    OldVersion(u8, u8),
    /// Windows lies asleep on the volume: hibernated, or shut down with fast startup.
    Hibernated,
    /// The volume is marked dirty.
    Dirty,
    /// The `$LogFile` has work that was not played back.
    LogFile(&'static str),
    /// The change journal is being deleted by Windows, or another long work of its is under way.
    Unfinished(&'static str),
    /// An operation of ours was cut off; the undo journal is here.
    Interrupted(Option<PathBuf>),
    /// Another process has the image open.
    Locked,
    /// The image or the medium cannot be written.
    ReadOnly,
    /// The image has several partitions and none was named.
    ManyPartitions(usize),
    /// There is no such partition.
    NoPartition,
    /// An image format that is not a plain sequence of sectors, and is not read.
    Format(&'static str),
    /// An image format that is not a plain sequence of sectors: it is read, and not written.
    ReadOnlyFormat(&'static str),
}

/// Why a request is refused on a volume that is in order.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Why {
    /// The bytes that were given cannot be set, or cannot be a request to delete.
    Set(reparse::SetError),
    /// The input is empty.
    NoInput,
    /// The tag on the file, if any, is not the one that must be there.
    Mismatch {
        /// The tag on the file.
        stored: Option<Tag>,
        /// The tag that was given.
        given: Tag,
    },
    /// The tag on the file belongs to another owner.
    Conflict,
    /// The file has no reparse point.
    NoReparsePoint,
    /// Only a directory can carry a mount point.
    MountPointOnFile,
    /// A symbolic link cannot be set on a file that has data.
    LinkOnData(u64),
    /// The directory has entries, and the tag does not allow that.
    DirectoryNotEmpty,
    /// A file of the file system itself.
    MetadataFile,
    /// A component of a path that is not there.
    Missing(usize),
    /// A component of a path that is not a directory, and more follows.
    NotDirectory(usize),
    /// A name that no file can have.
    BadName,
    /// The name is taken.
    Collision,
    /// The directory is a reparse point, and nothing can be made below it.
    InReparsePoint,
    /// The record is not in use, or used by another file since.
    Stale(FileRef),
    /// No free clusters are left.
    Full,
    /// The extended attributes are larger than NTFS lets them be, or one has no valid name.
    BadEa(&'static str),
    /// Nothing to undo.
    NothingToUndo,
    /// The image was changed by somebody else since; the former bytes would not fit it.
    ChangedSince,
}

/// Whatever went wrong.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The image cannot be read or written.
    Io {
        /// What was being done.
        call: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
    /// A structure on the disk lies or is damaged.
    Corrupt {
        /// Where.
        place: Place,
        /// What.
        fault: Fault,
    },
    /// The volume is not opened, or not for writing.
    Refused(Refused),
    /// An image in a format of its own is damaged, or in a form of it that is not read.
    Container {
        /// The format.
        format: &'static str,
        /// Why, in words.
        why: String,
    },
    /// The request is refused.
    Request {
        /// What Windows answers.
        status: NtStatus,
        /// Why.
        why: Why,
    },
    /// Something that NTFS allows and this crate does not do; docs/NTFS.md lists all of it.
    NotSupported(&'static str),
}

/// Ours.
pub type Result<T> = std::result::Result<T, Error>;

impl Fault {
    /// The same, with its place.
    pub fn at(self, place: Place) -> Error {
        Error::Corrupt { place, fault: self }
    }
}

impl Error {
    pub(crate) fn request(status: NtStatus, why: Why) -> Error {
        Error::Request { status, why }
    }

    pub(crate) fn io(call: &'static str) -> impl FnOnce(std::io::Error) -> Error {
        move |source| Error::Io { call, source }
    }

    /// The status that Windows has for it.
    pub fn status(&self) -> NtStatus {
        match self {
            Error::Io { .. } => NtStatus::UNEXPECTED_IO_ERROR,
            Error::Corrupt { place: Place::BootSector | Place::PartitionTable, .. } => {
                NtStatus::UNRECOGNIZED_VOLUME
            }
            Error::Corrupt { place: Place::Record(_), .. } => NtStatus::FILE_CORRUPT_ERROR,
            Error::Corrupt { .. } => NtStatus::DISK_CORRUPT_ERROR,
            Error::Refused(refused) => match refused {
                Refused::ReadOnly | Refused::ReadOnlyFormat(_) => NtStatus::MEDIA_WRITE_PROTECTED,
                Refused::OldVersion(..) => NtStatus::VOLUME_NOT_UPGRADED,
                Refused::Locked => NtStatus::SHARING_VIOLATION,
                Refused::NoPartition | Refused::ManyPartitions(_) => NtStatus::NO_SUCH_DEVICE,
                Refused::NotNtfs | Refused::BitLocker | Refused::Version(..) | Refused::Format(_) => {
                    NtStatus::UNRECOGNIZED_VOLUME
                }
                _ => NtStatus::INVALID_DEVICE_STATE,
            },
            Error::Container { .. } => NtStatus::UNRECOGNIZED_VOLUME,
            Error::Request { status, .. } => *status,
            Error::NotSupported(_) => NtStatus::NOT_SUPPORTED,
        }
    }

    /// What can be done about it, where there is something.
    pub fn next_step(&self) -> Option<&'static str> {
        match self {
            Error::Refused(refused) => refused.next_step(),
            Error::Container { format, .. } => Some(convert(format)),
            Error::Corrupt { .. } => Some("run `pointsman check`, then chkdsk on Windows"),
            Error::Request { why, .. } => match why {
                Why::Mismatch { stored: Some(_), .. } => {
                    Some("delete the reparse point that is there, or replace it with SET_REPARSE_POINT_EX")
                }
                Why::Mismatch { stored: None, .. } => Some("the file has no reparse point: use a plain set"),
                Why::MountPointOnFile => Some("set it on an empty directory, or set a symbolic link"),
                Why::LinkOnData(_) => Some("set the link on a new, empty file"),
                Why::DirectoryNotEmpty => {
                    Some("use an empty directory, or a tag with the directory bit (0x10000000)")
                }
                Why::Stale(_) => Some("look the path up again"),
                _ => None,
            },
            Error::Io { .. } | Error::NotSupported(_) => None,
        }
    }
}

/// The way out for what only other programs read or write.
fn convert(format: &str) -> &'static str {
    match format {
        "E01" | "Ex01" => "export the image as raw sectors: ewfexport -f raw -t disk IMAGE",
        "wim" => "apply the image to a volume: wimlib-imagex apply IMAGE 1 disk.img",
        _ => "convert the image to raw sectors: qemu-img convert -O raw IMAGE disk.img",
    }
}

impl Refused {
    /// The way out.
    pub fn next_step(&self) -> Option<&'static str> {
        match self {
            Refused::BitLocker => Some("unlock the volume and give the device that shows it decrypted"),
            Refused::Hibernated => Some("start that Windows and shut it down whole (shutdown /s /f /t 0)"),
            Refused::Dirty => Some("run chkdsk on Windows; or --force, which risks building on damage"),
            Refused::LogFile(_) => Some("mount the volume once on Windows, which plays its log back"),
            Refused::Unfinished(_) => Some("let Windows finish its work on the volume"),
            Refused::Interrupted(_) => Some("run `pointsman undo` on the image"),
            Refused::Locked => Some("wait until the other process is done, or unmount the device"),
            Refused::ManyPartitions(_) => Some("name the partition: IMAGE!2:/path"),
            Refused::Format(format) | Refused::ReadOnlyFormat(format) => Some(convert(format)),
            Refused::OldVersion(..) => {
                Some("mount it once on Windows 2000 or later, which makes it a newer one")
            }
            Refused::Version(..) => Some("use the Windows that made it: versions 3.0 and 3.1 are known here"),
            Refused::ReadOnly => Some("open it for reading, or copy the image to where it can be written"),
            Refused::NoPartition => Some("list the partitions with `fdisk -l IMAGE`"),
            Refused::NotNtfs => Some("name the partition, or the byte where the volume begins"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io { call, source } => write!(f, "{call}: {source}"),
            Error::Corrupt { place, fault } => write!(f, "{place}: {}", fault.0),
            Error::Container { format, why } => write!(f, "the {format} image: {why}"),
            Error::Refused(refused) => refused.fmt(f),
            Error::Request { why, .. } => why.fmt(f),
            Error::NotSupported(what) => write!(f, "not supported: {what}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::BootSector => f.write_str("the boot sector"),
            Place::PartitionTable => f.write_str("the partition table"),
            Place::Record(number) => write!(f, "MFT record {number}"),
            Place::IndexBlock { record, vcn } => write!(f, "index block {vcn} of MFT record {record}"),
            Place::Offset(offset) => write!(f, "byte {offset} of the volume"),
            Place::Journal => f.write_str("the undo journal"),
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::BitLocker => f.write_str("the volume is encrypted by BitLocker"),
            Refused::NotNtfs => f.write_str("there is no NTFS volume here"),
            Refused::Version(major, minor) => write!(f, "NTFS {major}.{minor} is not known"),
            Refused::OldVersion(major, minor) => {
                write!(f, "NTFS {major}.{minor} is of a time before reparse points")
            }
            Refused::Hibernated => f.write_str("Windows is hibernated on this volume"),
            Refused::Dirty => f.write_str("the volume is marked dirty"),
            Refused::LogFile(what) => write!(f, "the $LogFile was not closed: {what}"),
            Refused::Unfinished(what) => write!(f, "the volume is in the middle of a change: {what}"),
            Refused::Interrupted(Some(path)) => {
                write!(f, "a change of this image was cut off; its undo journal is {}", path.display())
            }
            Refused::Interrupted(None) => f.write_str("a change of this image was cut off"),
            Refused::Locked => f.write_str("the image is in use"),
            Refused::ReadOnly => f.write_str("the image was opened read-only, or cannot be written"),
            Refused::ManyPartitions(count) => write!(f, "the image has {count} NTFS partitions"),
            Refused::NoPartition => f.write_str("there is no such partition"),
            Refused::Format(name) => write!(f, "{name} images are not read"),
            Refused::ReadOnlyFormat(name) => write!(f, "{name} images are read, and not written"),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Set(error) => write!(f, "{}", error.reason()),
            Why::NoInput => f.write_str("the input is empty"),
            Why::Mismatch { stored: Some(stored), given } => {
                write!(f, "the file has the tag {stored:?}, the request {given:?}")
            }
            Why::Mismatch { stored: None, given } => {
                write!(f, "the file has no reparse point, the request names {given:?}")
            }
            Why::Conflict => f.write_str("the tag on the file belongs to another owner's GUID"),
            Why::NoReparsePoint => f.write_str("the file has no reparse point"),
            Why::MountPointOnFile => f.write_str("a mount point needs a directory"),
            Why::LinkOnData(size) => write!(f, "a symbolic link on a file that has {size} bytes of data"),
            Why::DirectoryNotEmpty => f.write_str("the directory has entries"),
            Why::MetadataFile => f.write_str("the file belongs to the file system itself"),
            Why::Missing(index) => write!(f, "component {} of the path does not exist", index + 1),
            Why::NotDirectory(index) => write!(f, "component {} of the path is no directory", index + 1),
            Why::BadName => f.write_str("no file can have this name"),
            Why::Collision => f.write_str("the name exists already"),
            Why::InReparsePoint => {
                f.write_str("the directory is a reparse point: what is below it lies elsewhere")
            }
            Why::Stale(file) => write!(f, "no file has the reference {file}"),
            Why::Full => f.write_str("the volume is full"),
            Why::BadEa(what) => f.write_str(what),
            Why::NothingToUndo => f.write_str("there is no change to undo"),
            Why::ChangedSince => f.write_str("the image was changed by another program since"),
        }
    }
}
