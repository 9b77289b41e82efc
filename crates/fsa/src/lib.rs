//! The object store of MS-FSA: what an open, a set, a rename *means*, over a small [`host::Host`] port. The same code
//! serves the command line, the C interface and the server, so the rules cannot differ.
//!
//! The door is [`Volume`]: open, close, read, write, flush and FsControl, all on `&self`. It has no clock, no thread and no
//! socket of its own; what happened is told in values ([`Event`]), and what was refused in types ([`Refusal`]).

mod access;
mod context;
mod event;
mod file;
pub mod host;
mod link;
mod opens;
mod path;
mod refusal;
mod stream;
mod volume;

pub use context::SecurityContext;
pub use event::{EVENTS_MAX, Event};
pub use file::{File, FileState, Sharing};
pub use link::{Link, LinkState, Place};
pub use opens::{Open, OpenId};
pub use refusal::{ComponentFault, Refusal, TargetFault, Why};
pub use volume::{Durability, UnixNodes, Volume, VolumeKind, VolumeNames, VolumeOptions};
