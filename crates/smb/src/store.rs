//! What the server asks of the store behind a share, and what the store answers: values, so that no machine waits.
use core::fmt;
use core::ops::Range;
use std::sync::Arc;

use crate::data::Data;
use nt::security::Token;
use nt::{
    AccessMask, CreateAction, CreateDisposition, CreateOptions, FileAttributes, FileInformationClass,
    FsInformationClass, FsctlCode, NotifyFilter, NtStatus, ShareAccess, Utf16,
};
use wire::create::{LeaseState, NetworkAttributes, OplockLevel, PosixResponse};
use wire::ioctl::CopyChunk;
use wire::lock::LockElement;

/// What the store calls an open of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct StoreOpen(pub u64);

/// Bytes of a message, kept where they came.
#[derive(Clone, PartialEq, Eq)]
pub struct Payload {
    message: Vec<u8>,
    range: Range<usize>,
}

impl Payload {
    /// The last `len` bytes of what begins at `start` of a message; nothing when they are not there.
    pub fn new(message: Vec<u8>, range: Range<usize>) -> Payload {
        Payload { message, range }
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        self.message.get(self.range.clone()).unwrap_or_default()
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.range.len())
    }
}

/// What a client may cache of an open.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Caching {
    /// Nothing.
    #[default]
    None,
    /// An oplock: II, EXCLUSIVE or BATCH.
    Oplock(OplockLevel),
    /// A lease.
    Lease(LeaseState),
}

/// Opens of one client that have this in common do not break each other's leases.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CachingKey(pub [u8; 16]);

/// An open that is asked for.
#[derive(Clone, Debug)]
pub struct OpenOp {
    /// Who asks.
    pub caller: Arc<Token>,
    /// The path from the root of the share, without a backslash in front.
    pub name: Utf16,
    /// DesiredAccess.
    pub desired_access: AccessMask,
    /// ShareAccess.
    pub share_access: ShareAccess,
    /// CreateDisposition.
    pub disposition: CreateDisposition,
    /// CreateOptions.
    pub options: CreateOptions,
    /// FileAttributes.
    pub attributes: FileAttributes,
    /// FILE_FULL_EA_INFORMATION entries for a new file; may be empty.
    pub eas: Vec<u8>,
    /// A self-relative security descriptor for a new file.
    pub security: Option<Vec<u8>>,
    /// Bytes to reserve for a new file.
    pub allocation_size: u64,
    /// Whether the answer shall say what the caller could have had.
    pub maximal_access: bool,
    /// Whether the answer shall say where the file is.
    pub path: bool,
    /// A POSIX client asks, and gives the permission bits for a new file.
    pub posix_mode: Option<u32>,
    /// What the client wants to cache; less may be granted.
    pub caching: Caching,
    /// For a lease.
    pub key: Option<CachingKey>,
    /// The key of the lease of the directory.
    pub parent_key: Option<CachingKey>,
}

/// An operation on a store.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // the names are those of MS-SMB2's requests
pub enum Op {
    Open(Box<OpenOp>),
    /// The file behind an open as it is now, as if it had just been opened; with its path.
    Describe {
        open: StoreOpen,
        caller: Arc<Token>,
        maximal_access: bool,
        posix: bool,
    },
    /// The answer has the attributes at the end when they are asked for.
    Close {
        open: StoreOpen,
        attributes: bool,
    },
    Read {
        open: StoreOpen,
        offset: u64,
        len: u32,
    },
    Write {
        open: StoreOpen,
        offset: u64,
        data: Payload,
        write_through: bool,
    },
    Flush {
        open: StoreOpen,
    },
    QueryDirectory {
        /// Who is told only of what they may read; nobody where everything is told.
        reader: Option<Arc<Token>>,
        open: StoreOpen,
        class: FileInformationClass,
        len_max: u32,
        restart: bool,
        single: bool,
        pattern: Utf16,
    },
    QueryFile {
        open: StoreOpen,
        class: FileInformationClass,
        len_max: u32,
    },
    QueryEa {
        open: StoreOpen,
        len_max: u32,
        single: bool,
        restart: bool,
        index: Option<u32>,
        names: Vec<u8>,
    },
    QueryVolume {
        open: StoreOpen,
        class: FsInformationClass,
        len_max: u32,
    },
    QuerySecurity {
        open: StoreOpen,
        parts: u32,
        len_max: u32,
    },
    SetFile {
        caller: Arc<Token>,
        open: StoreOpen,
        class: FileInformationClass,
        input: Vec<u8>,
    },
    SetSecurity {
        caller: Arc<Token>,
        open: StoreOpen,
        parts: u32,
        descriptor: Vec<u8>,
    },
    FsControl {
        open: StoreOpen,
        code: FsctlCode,
        input: Vec<u8>,
        output_len_max: u32,
    },
    /// Locks the ranges, all or none, or unlocks them one after the other.
    Lock {
        open: StoreOpen,
        locks: Vec<LockElement>,
    },
    /// Changes in a directory, now or when there are some.
    Notify {
        open: StoreOpen,
        watch_tree: bool,
        filter: NotifyFilter,
        len_max: u32,
    },
    /// A break is acknowledged: this is what is left.
    Acknowledge {
        open: StoreOpen,
        caching: Caching,
    },
    /// Lets a range of one open of this store have the blocks of another's; `is_atomic`: all of it or nothing.
    Duplicate {
        source: StoreOpen,
        source_offset: u64,
        target: StoreOpen,
        target_offset: u64,
        len: u64,
        is_atomic: bool,
    },
    /// Copies ranges from one open of this store to another, one after the other, until one fails.
    Copy {
        source: StoreOpen,
        target: StoreOpen,
        chunks: Vec<CopyChunk>,
    },
}

impl Op {
    /// True when the kernel may have to wait for a disk, or there is much to do: such an operation must not hold up others.
    pub fn may_block(&self) -> bool {
        const INLINE_BYTES_MAX: usize = 65_536;
        const INLINE_LOCKS_MAX: usize = 64;
        const INLINE_LISTING_BYTES_MAX: u32 = 4096;
        const QUICK: [FsctlCode; 3] =
            [FsctlCode::GET_REPARSE_POINT, FsctlCode::SET_REPARSE_POINT, FsctlCode::DELETE_REPARSE_POINT];
        let is_large = |len: u32| usize::try_from(len).is_ok_and(|len| len > INLINE_BYTES_MAX);
        match self {
            Op::Read { len, .. } => is_large(*len),
            Op::Write { data, write_through, .. } => {
                *write_through || data.as_slice().len() > INLINE_BYTES_MAX
            }
            // The first reads the directory; each further one asks for every name that it tells.
            Op::QueryDirectory { restart, len_max, .. } => *restart || *len_max > INLINE_LISTING_BYTES_MAX,
            // Some go through all extents of a file.
            Op::FsControl { code, .. } => !QUICK.contains(code),
            Op::Lock { locks, .. } => locks.len() > INLINE_LOCKS_MAX,
            Op::Flush { .. } | Op::Copy { .. } | Op::Duplicate { .. } => true,
            _ => false,
        }
    }

    /// The opens of the store that it uses.
    pub fn opens(&self) -> [Option<StoreOpen>; 2] {
        match self {
            Op::Open(_) => [None, None],
            Op::Copy { source, target, .. } | Op::Duplicate { source, target, .. } => {
                [Some(*source), Some(*target)]
            }
            Op::Describe { open, .. }
            | Op::Close { open, .. }
            | Op::Read { open, .. }
            | Op::Write { open, .. }
            | Op::Flush { open }
            | Op::QueryDirectory { open, .. }
            | Op::QueryFile { open, .. }
            | Op::QueryEa { open, .. }
            | Op::QueryVolume { open, .. }
            | Op::QuerySecurity { open, .. }
            | Op::SetFile { open, .. }
            | Op::SetSecurity { open, .. }
            | Op::FsControl { open, .. }
            | Op::Lock { open, .. }
            | Op::Notify { open, .. }
            | Op::Acknowledge { open, .. } => [Some(*open), None],
        }
    }

    /// The open whose operations under way it must not overtake. A CLOSE ends the open only when what was asked before is done
    /// (smbtorture smb2.compound_find.compound_find_close), and each part of a listing begins where the one before it ended.
    pub fn comes_behind(&self) -> Option<StoreOpen> {
        match self {
            Op::Close { open, .. } | Op::QueryDirectory { open, .. } => Some(*open),
            _ => None,
        }
    }

    /// The bytes that it may bring, where they are counted before it is done.
    pub fn brings(&self) -> Option<u32> {
        match self {
            Op::Read { len, .. } => Some(*len),
            Op::QueryDirectory { len_max, .. } => Some(*len_max),
            _ => None,
        }
    }
}

/// An open that was made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenedFile {
    /// What the store calls it.
    pub open: StoreOpen,
    /// What was done.
    pub action: CreateAction,
    /// Times, sizes and attributes.
    pub attributes: NetworkAttributes,
    /// The rights granted.
    pub granted: AccessMask,
    /// It is a directory.
    pub is_directory: bool,
    /// A reparse point was opened though the caller did not say FILE_OPEN_REPARSE_POINT.
    pub is_reparse_point: bool,
    /// The file's number.
    pub file_id: u64,
    /// The volume's number.
    pub volume_id: u64,
    /// What the caller could have had, when that was asked for.
    pub maximal_access: Option<AccessMask>,
    /// From the root of the volume, when that was asked for.
    pub path: Option<Utf16>,
    /// For a POSIX client.
    pub posix: Option<PosixResponse>,
    /// What may be cached.
    pub caching: Caching,
}

/// How far a copy came.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Copied {
    /// Chunks that were copied whole.
    pub chunks: u32,
    /// Bytes of all chunks.
    pub bytes: u32,
    /// Why it ended early, if it did.
    pub fault: Option<NtStatus>,
}

/// What became of an operation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Done {
    /// It was refused.
    Failed(NtStatus),
    /// An open met a symbolic link, which the client follows. [MS-SMB2] 2.2.2.2.1
    Stopped {
        /// Bytes of the path behind the link.
        unparsed_len: u16,
        /// The data of the reparse point, behind its header.
        reparse_data: Vec<u8>,
    },
    /// It opened.
    Opened(Box<OpenedFile>),
    /// It closed.
    Closed(Option<NetworkAttributes>),
    /// It read.
    Data(Data),
    /// It did what it should, and there is nothing to say.
    Nothing,
    /// It gives bytes, perhaps not all.
    Output {
        /// SUCCESS or BUFFER_OVERFLOW.
        status: NtStatus,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// A query needs more room, of so many bytes. [MS-SMB2] 2.2.2.2
    TooSmall(u32),
    /// It copied.
    Copied(Copied),
}
