//! The door to an object wherever it lies: one trait, with one implementor for each kind of place.
use crate::failure::Failure;
use fsa::{Hop, SecurityContext};
use nt::{FileAttributes, FileTime, Guid, Utf16};
use ntfs::DataForm;
use reparse::lx_ea::LxMetadata;
use reparse::{Oddity, RawReparse, Tag};
use std::ffi::OsString;
use std::num::NonZeroUsize;

/// Who asks, and when: no place below has a clock.
#[derive(Clone, Debug)]
pub struct Asker {
    /// As whom. The store of this machine asks for rights and privileges; whoever holds an image holds all of them.
    pub context: SecurityContext,
    /// The time of a change, where the place does not tell the time itself.
    pub now: FileTime,
}

/// What to make where there is no object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CreateKind {
    /// An empty file.
    File,
    /// An empty directory.
    Directory,
}

/// What a set expects of the object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expected {
    /// The same tag or none: FSCTL_SET_REPARSE_POINT.
    SameTagOrNone,
    /// This tag (none at all for `None`): FSCTL_SET_REPARSE_POINT_EX.
    Tag {
        /// The tag.
        tag: Option<Tag>,
        /// Its owner.
        guid: Option<Guid>,
        /// An object without a tag will do as well.
        or_none: bool,
    },
    /// Whatever is there: looked at first, then FSCTL_SET_REPARSE_POINT_EX.
    Whatever,
}

/// A set, whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SetRequest {
    /// The input of FSCTL_SET_REPARSE_POINT.
    pub bytes: Vec<u8>,
    /// The extended attributes of the Subsystem for Linux that go with it.
    pub lx: LxMetadata,
    /// What must be there.
    pub expected: Expected,
    /// What to make first, where nothing is there.
    pub create: Option<CreateKind>,
}

/// A point as it was found, and what carries it.
#[derive(Clone, Debug)]
pub struct Found {
    /// The point, exactly as it is stored.
    pub point: RawReparse,
    /// What is odd about the envelope.
    pub oddities: Vec<Oddity>,
    /// A directory carries it.
    pub directory: bool,
    /// The extended attributes of the Subsystem for Linux.
    pub lx: LxMetadata,
}

/// What an object has beside its point.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rest {
    /// Bytes of data.
    pub size: u64,
    /// Names of extended attributes other than WSL's.
    pub other_eas: Vec<String>,
    /// Names of data streams.
    pub streams: Vec<String>,
}

/// Attributes and times. [MS-FSCC] 2.4.7
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Basic {
    /// When the object was made.
    pub created: FileTime,
    /// When it was last read.
    pub accessed: FileTime,
    /// When its data last changed.
    pub written: FileTime,
    /// When anything of it last changed.
    pub changed: FileTime,
    /// Attributes.
    pub attributes: FileAttributes,
}

/// Where a path leads.
#[derive(Debug)]
pub struct Resolution {
    /// Link after link.
    pub hops: Vec<Hop>,
    /// The object at the end, or why there is none.
    pub end: Result<End, Failure>,
}

/// The object at the end of a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct End {
    /// The place, as it can be named again.
    pub place: OsString,
    /// It is a directory.
    pub directory: bool,
}

/// What a walk comes by.
#[derive(Debug)]
pub enum Seen {
    /// An object without a point, or with one that is not wanted.
    Nothing,
    /// A point, whole.
    Point(PointBelow),
    /// A point whose bytes must be asked for.
    Elsewhere {
        /// Its path below the directory where the walk began.
        path: OsString,
        /// It is a link, pipe, socket or device of the host, which only looks like a point.
        of_host: bool,
    },
    /// Something that cannot be looked at.
    Failure {
        /// Its path below the directory where the walk began.
        path: OsString,
        /// Why.
        failure: Failure,
    },
}

/// A point below a directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PointBelow {
    /// Its path below the directory where the walk began.
    pub path: OsString,
    /// A directory carries it.
    pub directory: bool,
    /// Its tag.
    pub tag: Tag,
    /// All of its bytes.
    pub bytes: Vec<u8>,
}

/// Whether a walk goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Walk {
    /// It does.
    On,
    /// It ends soon.
    Stop,
}

/// What a walk looks for, and who is told. Both may be called by several threads at once.
pub struct Search<'a> {
    /// How many threads may look, where the place can use them.
    pub threads: NonZeroUsize,
    /// Points with other tags are passed over.
    pub wanted: &'a (dyn Fn(Tag) -> bool + Sync),
    /// Who takes what is seen.
    pub visit: &'a (dyn Fn(Seen) -> Walk + Sync),
}

/// An object by its path. It need not exist until it is asked for something; its last name is never followed.
pub trait Object: Send + Sync {
    /// The path from its volume's root, as NT writes it.
    fn path(&self) -> &Utf16;

    /// The text that names another path of the same volume.
    fn place_of(&self, path: &Utf16) -> OsString;

    /// The point.
    fn get(&self) -> Result<Found, Failure>;

    /// What the object has beside its point.
    fn rest(&self) -> Result<Rest, Failure>;

    /// Sets a point. What was made for it goes again if it is refused.
    fn set(&self, request: &SetRequest) -> Result<(), Failure>;

    /// Removes the point; with a tag or a GUID, only if it has them. Gives the tag that was there.
    fn delete(&self, tag: Option<Tag>, guid: Option<Guid>) -> Result<Tag, Failure>;

    /// Where the path leads, through every link, as Windows would follow them.
    fn resolve(&self) -> Resolution;

    /// Attributes and times.
    fn basic(&self) -> Result<Basic, Failure>;

    /// Sets attributes and times, as far as the place keeps them.
    fn set_basic(&self, basic: &Basic) -> Result<(), Failure>;

    /// Looks for points below a directory; the directory itself is not looked at.
    fn search(&self, search: &Search<'_>) -> Result<(), Failure>;

    /// The data streams: the name (empty for the file's data), the length, and how much of it is on the disk.
    fn streams(&self) -> Result<Vec<StreamFacts>, Failure>;

    /// Reads data of a stream; fewer bytes only at its end.
    fn read(&self, stream: &str, offset: u64, buffer: &mut [u8]) -> Result<usize, Failure>;

    /// Reads the file's data as a program on Windows does: decoded where the overlay filter compressed it. Fewer bytes
    /// only at its end.
    fn read_content(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Failure>;
}

/// A data stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StreamFacts {
    /// Its name; empty for the file's data.
    pub name: String,
    /// Its length in bytes.
    pub len: u64,
    /// Bytes of it that are on the disk; the rest is holes.
    pub present: u64,
    /// How the file system keeps it.
    pub form: DataForm,
    /// It lies in the file's record, where there are no holes.
    pub is_resident: bool,
}
