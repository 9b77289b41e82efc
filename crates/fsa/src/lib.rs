//! The object store of MS-FSA: what an open, a set, a rename *means*, over a small [`host::Host`] port. The same code
//! serves the command line, the C interface and the server, so the rules cannot differ.
//!
//! The door is [`Volume`]: open, close, read, write, flush and FsControl, all on `&self`. It has no clock, no thread and no
//! socket of its own; what happened is told in values ([`Event`]), and what was refused in types ([`Refusal`]).
//!
//! A link set on a directory, read back, and followed:
//!
//! ```
//! use fsa::host::memory::{MemoryHost, MemoryOptions};
//! use fsa::{DriveMap, OpenRequest, SecurityContext, Volume, VolumeOptions};
//! use nt::{AccessMask, CreateDisposition, CreateOptions, FsctlCode, Utf16};
//!
//! let options = VolumeOptions { drives: DriveMap::new().with(r"\??\C:", r"\"), ..VolumeOptions::default() };
//! let volume = Volume::new(MemoryHost::new(MemoryOptions::default()), options);
//! let cx = SecurityContext::superuser();
//! let path = Utf16::from(r"\junction");
//! let open = volume.open(&cx, &OpenRequest {
//!     disposition: CreateDisposition::CREATE,
//!     options: CreateOptions::DIRECTORY_FILE | CreateOptions::OPEN_REPARSE_POINT,
//!     ..OpenRequest::existing(path.units(), AccessMask::FILE_WRITE_ATTRIBUTES)
//! })?;
//! let point = reparse::MountPoint::to_directory(r"C:\")?;
//! volume.fs_control(open.id, FsctlCode::SET_REPARSE_POINT, point.raw().as_bytes(), 0)?;
//! let reply = volume.fs_control(open.id, FsctlCode::GET_REPARSE_POINT, &[], 16_384)?;
//! assert_eq!(reply.output, point.raw().as_bytes());
//! volume.close(open.id)?;
//!
//! let through = Utf16::from(r"\junction\junction\junction");
//! let open = volume.open(&cx, &OpenRequest::existing(through.units(), AccessMask::FILE_READ_ATTRIBUTES))?;
//! assert_eq!(volume.open_of(open.id)?.path(), r"\".into());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod access;
mod check;
mod close;
mod context;
mod cursors;
mod descriptors;
mod directory;
mod ea;
mod event;
mod file;
mod flush;
mod fsctl;
pub mod host;
mod link;
mod listen;
mod lock;
mod notify;
mod object;
mod open;
mod opens;
mod oplock;
mod parked;
mod path;
mod pattern;
mod query;
mod read;
mod refusal;
mod security;
mod set;
mod short_name;
mod stream;
mod volume;
mod write;
mod written;

pub use check::{Checked, Finding, Wrong, check};
pub use context::SecurityContext;
pub use directory::{DirectoryQuery, LISTINGS_BYTES_MAX};
pub use ea::{EAS_BYTES_MAX, EaQuery, decode_list as decode_eas};
pub use event::{EVENTS_MAX, Event};
pub use file::{File, FileState, Sharing};
pub use fsctl::{ControlReply, RangeCopy};
pub use host::meta::{Ea, SpecialForm};
pub use link::{Link, LinkState, Place};
pub use lock::{LOCKS_MAX, LockRange, VOLUME_LOCKS_MAX};
pub use notify::{NOTIFY_BYTES_MAX, WATCHES_MAX};
pub use open::{Follow, HOPS_MAX, Hop, OpenError, OpenRequest, Opened, StoppedOnSymlink};
pub use opens::{Open, OpenId};
pub use oplock::{Caching, OplockKey, OplockLevel};
pub use parked::{Completion, WAITS_MAX, WaitId};
pub use query::{Information, OpenedFacts};
pub use read::TRANSFER_BYTES_MAX;
pub use refusal::{ComponentFault, Refusal, TargetFault, Why};
pub use security::SecurityInformation;
pub use set::Requester;
pub use volume::{DriveMap, Durability, Volume, VolumeKind, VolumeOptions, WriteTimes};
pub use write::END_OF_DATA;
