//! The port: where bytes really live. Some twenty calls, close to what a POSIX system offers, so that one place
//! ([`crate::host::meta`]) says how NT facts lie in them for every host alike.
//!
//! Every name is looked up in one directory that the caller holds open; no host call follows a link, and none can
//! reach above the root. Calls block; none needs a clock.
mod blob;
mod glances;
#[cfg(target_os = "linux")]
pub mod linux;
mod look;
pub mod memory;
pub mod meta;
pub mod name;
mod names;
mod touched;
pub(crate) mod unix_view;

pub use look::{Aim, LOOKED_MAX, Look, Looked, Seen, Values};

use core::fmt;
use core::ops::Range;
pub use glances::{Glance, Glances};
pub use names::{HostNames, NamedEntry};
use nt::{FileTime, NtStatus};
use std::sync::Arc;

pub(crate) use glances::Piece;

/// The longest value of one extended attribute that the port carries, in bytes: Linux's XATTR_SIZE_MAX.
pub const XATTR_BYTES_MAX: usize = 65_536;

/// What identifies an object for as long as it exists: the same for all its names, different from every other object's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId {
    /// The host file system's number.
    pub device: u64,
    /// The object's number in it.
    pub inode: u64,
}

/// What an object on the host is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NodeKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link of the host.
    Symlink,
    /// A named pipe.
    Fifo,
    /// A local socket.
    Socket,
    /// A character device.
    CharDevice {
        /// Major number.
        major: u32,
        /// Minor number.
        minor: u32,
    },
    /// A block device.
    BlockDevice {
        /// Major number.
        major: u32,
        /// Minor number.
        minor: u32,
    },
}

/// The facts a host keeps of each object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NodeStat {
    /// Who it is.
    pub id: NodeId,
    /// What it is.
    pub kind: NodeKind,
    /// How many names it has.
    pub links: u32,
    /// Length of the data in bytes.
    pub size: u64,
    /// Bytes of disk behind the data.
    pub allocated: u64,
    /// The host compresses the data, or what is made in the directory.
    pub compressed: bool,
    /// Last read of the data.
    pub accessed: FileTime,
    /// Last change of the data.
    pub modified: FileTime,
    /// Last change of anything.
    pub changed: FileTime,
    /// Birth, where the host records it.
    pub born: Option<FileTime>,
    /// Permission bits, without the kind.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

/// A name exactly as the host stores it: bytes without `/` and NUL. [`name`] relates it to UTF-16.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostName(pub Vec<u8>);

/// One entry of a directory, never `.` or `..`, never the store's own folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HostEntry {
    /// The entry's name.
    pub name: HostName,
    /// The object's number, as the directory gives it.
    pub inode: u64,
}

/// When somebody wants to know what entries look like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// Somebody waits.
    Now,
    /// Perhaps soon: then only where nobody else is held up.
    Ahead,
}

/// What to make.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Make<'a> {
    /// An empty regular file.
    File,
    /// An empty directory.
    Directory,
    /// A symbolic link of the host with this target.
    Symlink(&'a [u8]),
    /// A named pipe.
    Fifo,
    /// A local socket.
    Socket,
    /// A character device: major, minor.
    CharDevice(u32, u32),
    /// A block device: major, minor.
    BlockDevice(u32, u32),
}

/// What a rename does with an object that already has the new name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RenameMode {
    /// Refuse with [`HostFault::Exists`].
    NoReplace,
    /// Replace it in one step.
    Replace,
}

/// Whether an extended attribute must, or must not, exist already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum XattrMode {
    /// Either.
    Any,
    /// It must not: else [`HostFault::Exists`].
    Create,
    /// It must: else [`HostFault::NotFound`].
    Replace,
}

/// Times to set; `None` leaves one as it is. The change time is the host's own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SetTimes {
    /// Last read.
    pub accessed: Option<FileTime>,
    /// Last change of the data.
    pub modified: Option<FileTime>,
}

/// What a host's file system can do that not every one can.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Features {
    /// Files can share blocks: [`Host::share_range`].
    pub shares_blocks: bool,
    /// Files and directories can be told to be compressed: [`Host::set_compressed`].
    pub compresses: bool,
    /// Blocks within a file can be given back: [`Host::punch`].
    pub punches: bool,
}

/// Space of the volume.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Space {
    /// Bytes in a block.
    pub block_bytes: u64,
    /// Blocks in all.
    pub blocks: u64,
    /// Blocks free for the caller.
    pub blocks_free: u64,
}

/// A change in a directory that the host listens to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Heard {
    /// The directory.
    pub dir: NodeId,
    /// The name in it.
    pub name: HostName,
    /// The name is a directory's.
    pub directory: bool,
    /// What happened.
    pub what: HeardWhat,
}

/// What happened to a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HeardWhat {
    /// It was made.
    Came,
    /// It was removed.
    Went,
    /// It was renamed; the new name, if that can be heard, comes with the same number.
    MovedAway(u32),
    /// It is the new name of a rename.
    MovedHere(u32),
    /// The data changed.
    Data,
    /// Attributes, rights or times changed.
    Attributes,
}

/// The name of a value kept beside the tree: the SHA-256 of its bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId(pub [u8; 32]);

/// Why a host call failed, in the terms that decide a status.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HostFault {
    /// No such name, object or attribute.
    NotFound,
    /// The name or attribute is taken.
    Exists,
    /// A directory was needed.
    NotDirectory,
    /// Something else than a directory was needed.
    IsDirectory,
    /// The directory has entries.
    NotEmpty,
    /// The host's permissions refuse.
    Denied,
    /// The volume is read-only.
    ReadOnly,
    /// No room on the volume.
    NoSpace,
    /// One attribute, or all of an object's, are larger than this host can hold.
    AttributesFull,
    /// The name is longer than the host allows, or has a byte it cannot hold.
    NameInvalid,
    /// The host has no such thing (attributes on a special file, say).
    NotSupported,
    /// The object lies on another volume.
    CrossDevice,
    /// The object has as many names as it can.
    TooManyLinks,
    /// The process has as many objects open as it can.
    TooManyOpen,
    /// A host link stood in the way of a call that follows none.
    Link,
    /// What is stored is damaged.
    Corrupt,
    /// Anything else, with the host's error number.
    Other(i32),
}

/// A failed host call: which, and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HostError {
    /// The call, as the port names it.
    pub call: &'static str,
    /// Why it failed.
    pub fault: HostFault,
}

/// What a host call gives.
pub type HostResult<T> = Result<T, HostError>;

/// The port. A `Node` is an open object: it stays the same object whatever happens to its names, and lets go when dropped.
pub trait Host: Send + Sync {
    /// An open object.
    type Node: Clone + Send + Sync;

    /// The volume's root directory.
    fn root(&self) -> Self::Node;

    /// Finds `name` in `dir`, in any case (an exact match wins), and opens it, whatever its kind. `None` if there is none.
    /// Takes no longer in a large directory than in a small one, for a hit as for a miss.
    fn lookup(&self, dir: &Self::Node, name: &[u16]) -> HostResult<Option<(Self::Node, HostName)>>;

    /// As [`lookup`](Host::lookup), and tells at once what the object is.
    fn look_up(&self, dir: &Self::Node, name: &[u16], look: Look) -> HostResult<Option<Looked<Self::Node>>> {
        let Some((node, name)) = self.lookup(dir, name)? else { return Ok(None) };
        let seen = self.look_at(&node, look.wanted)?;
        Ok(Some(Looked { node, name, seen }))
    }

    /// The facts of an object, and the values of these extended attributes.
    fn look_at(&self, node: &Self::Node, wanted: &'static [&'static str]) -> HostResult<Seen> {
        let stat = self.stat(node)?;
        let values = matches!(stat.kind, NodeKind::File | NodeKind::Directory).then(|| {
            let values = wanted.iter().map(|name| match self.xattr(node, name) {
                Err(HostError { fault: HostFault::NotSupported, .. }) => Ok(None),
                value => value,
            });
            values.collect::<HostResult<Vec<_>>>().ok().map(|values| Values::of(&values))
        });
        Ok(Seen { stat, values: values.flatten() })
    }

    /// Nothing of an object is to be kept at hand any longer: its name was removed.
    fn let_go(&self, _id: NodeId) {}

    /// Called every now and then by who lives long: what is kept at hand and was not used lately is let go.
    fn tidy(&self) {}

    /// Opens the entry with exactly this name.
    fn open_entry(&self, dir: &Self::Node, name: &HostName) -> HostResult<Self::Node>;

    /// The facts of an object.
    fn stat(&self, node: &Self::Node) -> HostResult<NodeStat>;

    /// What an object is. That never changes, so a host that asks another need ask once only.
    fn kind(&self, node: &Self::Node) -> HostResult<NodeKind> {
        self.stat(node).map(|stat| stat.kind)
    }

    /// Who an object is. That never changes either.
    fn id(&self, node: &Self::Node) -> HostResult<NodeId> {
        self.stat(node).map(|stat| stat.id)
    }

    /// Bytes in a regular file.
    fn len(&self, node: &Self::Node) -> HostResult<u64> {
        self.stat(node).map(|stat| stat.size)
    }

    /// The target of a host symbolic link.
    fn read_link(&self, node: &Self::Node) -> HostResult<Vec<u8>>;

    /// Makes a new object, and refuses with [`HostFault::Exists`] where the name is taken in any case.
    fn create(&self, dir: &Self::Node, name: &[u16], make: Make<'_>) -> HostResult<(Self::Node, HostName)>;

    /// Makes a new object without a name in any listing; [`Host::place`] gives it one. For steps that must be atomic.
    fn create_unnamed(&self, make: Make<'_>) -> HostResult<Self::Node>;

    /// Gives an unnamed object the name `name` in `dir`, replacing in one step whatever is there.
    fn place(&self, node: &Self::Node, dir: &Self::Node, name: &HostName) -> HostResult<()>;

    /// A further name for an object. Refuses with [`HostFault::Exists`] where the name is taken in any case.
    fn link(&self, node: &Self::Node, dir: &Self::Node, name: &[u16]) -> HostResult<HostName>;

    /// Renames the entry `name` of `dir` to `new_name` in `new_dir`.
    fn rename(
        &self,
        dir: &Self::Node,
        name: &HostName,
        new_dir: &Self::Node,
        new_name: &[u16],
        mode: RenameMode,
    ) -> HostResult<HostName>;

    /// Removes the entry `name` of `dir`: a directory must be empty.
    fn remove(&self, dir: &Self::Node, name: &HostName) -> HostResult<()>;

    /// Every entry of a directory, in the host's order.
    fn entries(&self, dir: &Self::Node) -> HostResult<Vec<HostEntry>>;

    /// The same in one piece.
    fn names(&self, dir: &Self::Node) -> HostResult<HostNames> {
        Ok(self.entries(dir)?.into_iter().collect())
    }

    /// Begins to look at entries that follow each other among `names`, where that is cheaper than to open each: what `digest` makes
    /// of one is an answer. `None` where they must be opened. Of the extended attributes those in `wanted` are read.
    fn glance<T: Send + 'static>(
        &self,
        _dir: &Self::Node,
        _names: (&Arc<HostNames>, Range<usize>),
        _wanted: (&'static [&'static str], fn(Glance) -> T),
        _when: When,
    ) -> Option<Glances<T>> {
        None
    }

    /// True when the directory has no entry (the store's own folder does not count; it is hidden in the root, and a folder
    /// like any other elsewhere).
    fn is_empty(&self, dir: &Self::Node) -> HostResult<bool>;

    /// An extended attribute's value.
    fn xattr(&self, node: &Self::Node, name: &str) -> HostResult<Option<Vec<u8>>>;

    /// Sets an extended attribute in one step: after a crash it has the old value or the new.
    fn set_xattr(&self, node: &Self::Node, name: &str, value: &[u8], mode: XattrMode) -> HostResult<()>;

    /// Removes an extended attribute; false if there was none.
    fn remove_xattr(&self, node: &Self::Node, name: &str) -> HostResult<bool>;

    /// The names of an object's extended attributes, of those the caller may see.
    fn xattr_names(&self, node: &Self::Node) -> HostResult<Vec<String>>;

    /// Reads data of a regular file at `offset`; fewer bytes only at its end.
    fn read(&self, node: &Self::Node, offset: u64, buffer: &mut [u8]) -> HostResult<usize>;

    /// The same if it needs no wait for a disk: None when it would, or when the host cannot tell. What is in `buffer` then is nothing to go by.
    fn read_at_once(&self, _: &Self::Node, _offset: u64, _buffer: &mut [u8]) -> HostResult<Option<usize>> {
        Ok(None)
    }

    /// The same into a buffer of its own, which a host need not clear first.
    fn read_new(&self, node: &Self::Node, offset: u64, len: usize) -> HostResult<Vec<u8>> {
        let mut data = vec![0; len];
        let got = self.read(node, offset, &mut data)?;
        data.truncate(got);
        Ok(data)
    }

    /// Writes all of `bytes` to a regular file at `offset`.
    fn write(&self, node: &Self::Node, offset: u64, bytes: &[u8]) -> HostResult<()>;

    /// Sets the length of a regular file's data.
    fn set_len(&self, node: &Self::Node, len: u64) -> HostResult<()>;

    /// The ranges of a regular file within `range` that have blocks, at most `count_max`, in order. A host that does not know
    /// says all of the data.
    fn allocated_ranges(
        &self,
        node: &Self::Node,
        range: Range<u64>,
        count_max: usize,
    ) -> HostResult<Vec<Range<u64>>>;

    /// Makes a range of a regular file's data zeroes and frees its blocks; its length stays. [`HostFault::NotSupported`] where
    /// the host cannot.
    fn punch(&self, node: &Self::Node, offset: u64, len: u64) -> HostResult<()>;

    /// Gives every byte of a range of a regular file a block; its length stays.
    fn fill(&self, node: &Self::Node, offset: u64, len: u64) -> HostResult<()>;

    /// Copies data from one regular file to another, and gives how many bytes: fewer at the end of the source.
    /// [`HostFault::NotSupported`] where the host cannot do it by itself: then it is read and written.
    fn copy_range(&self, from: (&Self::Node, u64), to: (&Self::Node, u64), len: usize) -> HostResult<usize>;

    /// Lets a range of one regular file share the blocks of another's. [`HostFault::NotSupported`] where blocks cannot be
    /// shared.
    fn share_range(&self, from: (&Self::Node, u64), to: (&Self::Node, u64), len: u64) -> HostResult<()>;

    /// What the host's file system can do, as far as it has been found out.
    fn features(&self) -> Features {
        Features::default()
    }

    /// Compresses what is written from now on, and what is made in a directory; or no longer. [`HostFault::NotSupported`] where
    /// the host does not.
    fn set_compressed(&self, _node: &Self::Node, _compressed: bool) -> HostResult<()> {
        Err(HostError { call: "set_compressed", fault: HostFault::NotSupported })
    }

    /// The host's clock: the one that stamps what is changed.
    /// A host on which nothing can be changed need not have one.
    fn now(&self) -> FileTime {
        FileTime(0)
    }

    /// Sets times.
    fn set_times(&self, node: &Self::Node, times: SetTimes) -> HostResult<()>;

    /// Sets the permission bits, those of set-user-id and its like included.
    fn set_mode(&self, node: &Self::Node, mode: u32) -> HostResult<()>;

    /// Returns when all that was changed of this object is on the disk: data and attributes of a file, attributes and entries
    /// of a directory. That an object was made, linked, renamed or removed is a change of its directories. Special files
    /// have nothing of their own to sync.
    fn sync(&self, node: &Self::Node) -> HostResult<()>;

    /// Returns when all that was changed on the volume is on the disk.
    fn sync_all(&self) -> HostResult<()>;

    /// Space of the volume.
    fn space(&self) -> HostResult<Space>;

    /// True when nothing can be changed.
    fn is_read_only(&self) -> bool;

    /// Keeps a value too large for an attribute beside the tree, by its content; keeping it twice is keeping it once.
    /// It is on the disk when this returns. `near` is an object of the same volume.
    fn put_blob(&self, near: &Self::Node, bytes: &[u8]) -> HostResult<BlobId>;

    /// The value kept under `id`, verified, or `None`. At most [`XATTR_BYTES_MAX`] bytes are read.
    fn blob(&self, near: &Self::Node, id: BlobId) -> HostResult<Option<Vec<u8>>>;

    /// Every value kept beside the tree that this root governs: those in the root's own folder, to which nothing outside can
    /// refer.
    fn blobs(&self) -> HostResult<Vec<BlobId>>;

    /// Forgets a kept value, if there is one. Only a check that has seen no reference to it may.
    fn remove_blob(&self, id: BlobId) -> HostResult<()>;

    /// Listens to changes in a directory, whoever makes them; false where the host cannot tell.
    fn listen(&self, _dir: &Self::Node) -> bool {
        false
    }

    /// Listens to it no longer.
    fn unlisten(&self, _dir: NodeId) {}

    /// What was heard since this was asked last, in its order; `None` in it stands for what was too much to keep.
    fn heard(&self) -> Vec<Option<Heard>> {
        Vec::new()
    }

    /// Listens to changes in a directory for who comes and asks for them ([`Host::watched`]); false where the host cannot tell of all
    /// that is done to what is in it by a name there.
    fn watch(&self, _dir: &Self::Node) -> bool {
        false
    }

    /// Listens so no longer.
    fn unwatch(&self, _dir: NodeId) {}

    /// What happened in such directories since this was asked last: all that was finished before. `None` in it stands for what was
    /// too much to keep, or for the end of a directory.
    fn watched(&self) -> Vec<Option<Heard>> {
        Vec::new()
    }

    /// Objects that were to get a name when their maker died, by the names that the host gave them meanwhile. A host that
    /// leaves none need not say so.
    fn leftovers(&self) -> HostResult<Vec<HostName>> {
        Ok(Vec::new())
    }

    /// Removes a leftover, if it still is one.
    fn remove_leftover(&self, _name: &HostName) -> HostResult<()> {
        Err(HostError { call: "remove_leftover", fault: HostFault::NotFound })
    }
}

impl HostError {
    /// The status that this failure gives. One place for all calls.
    pub fn status(&self) -> NtStatus {
        match self.fault {
            HostFault::NotFound => NtStatus::OBJECT_NAME_NOT_FOUND,
            HostFault::Exists => NtStatus::OBJECT_NAME_COLLISION,
            HostFault::NotDirectory => NtStatus::NOT_A_DIRECTORY,
            HostFault::IsDirectory => NtStatus::FILE_IS_A_DIRECTORY,
            HostFault::NotEmpty => NtStatus::DIRECTORY_NOT_EMPTY,
            HostFault::Denied => NtStatus::ACCESS_DENIED,
            HostFault::ReadOnly => NtStatus::MEDIA_WRITE_PROTECTED,
            HostFault::NoSpace | HostFault::AttributesFull => NtStatus::DISK_FULL,
            HostFault::NameInvalid | HostFault::Link => NtStatus::OBJECT_NAME_INVALID,
            HostFault::NotSupported => NtStatus::NOT_SUPPORTED,
            HostFault::CrossDevice => NtStatus::NOT_SAME_DEVICE,
            HostFault::TooManyLinks => NtStatus::TOO_MANY_LINKS,
            HostFault::TooManyOpen => NtStatus::TOO_MANY_OPENED_FILES,
            HostFault::Corrupt => NtStatus::FILE_CORRUPT_ERROR,
            HostFault::Other(_) => NtStatus::UNEXPECTED_IO_ERROR,
        }
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.fault {
            HostFault::NotFound => "no such object",
            HostFault::Exists => "it exists already",
            HostFault::NotDirectory => "not a directory",
            HostFault::IsDirectory => "is a directory",
            HostFault::NotEmpty => "directory not empty",
            HostFault::Denied => "the host refuses permission",
            HostFault::ReadOnly => "the volume is read-only",
            HostFault::NoSpace => "no space on the volume",
            HostFault::AttributesFull => "the object's extended attributes are full",
            HostFault::NameInvalid => "the host cannot hold this name",
            HostFault::NotSupported => "the host does not support it",
            HostFault::CrossDevice => "on another volume",
            HostFault::TooManyLinks => "too many names",
            HostFault::TooManyOpen => "too many open objects",
            HostFault::Link => "a host link is in the way",
            HostFault::Corrupt => "what is stored is damaged",
            HostFault::Other(errno) => return write!(f, "{}: host error {errno}", self.call),
        };
        write!(f, "{}: {why}", self.call)
    }
}

impl core::error::Error for HostError {}

impl fmt::Debug for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
