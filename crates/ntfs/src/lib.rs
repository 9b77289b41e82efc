//! Reparse points on an NTFS volume that nobody has mounted.
//!
//! docs/NTFS.md of the project tells what is supported, what is refused, and how a change survives a crash.
#![allow(dead_code)] // what `create` builds on; it comes with the next commit

mod asleep;
mod attribute;
mod boot;
mod clusters;
mod commit;
mod ea;
mod error;
mod fields;
mod file;
mod file_name;
mod fixup;
mod get;
mod image_file;
mod index;
mod layout;
mod medium;
mod memory;
mod mft;
mod open;
mod pages;
mod partition;
mod path;
mod record;
mod reference;
mod runs;
mod set;
mod standard;
mod stream;
mod upcase;
mod usn;
mod volume;
mod walk;

pub use boot::Boot;
pub use commit::undo;
pub use ea::ExtendedAttribute;
pub use error::{Error, Fault, Place, Refused, Result, Why};
pub use file_name::{FileName, Namespace};
pub use get::FileFacts;
pub use image_file::ImageFile;
pub use medium::{Journal, Medium};
pub use memory::{Counts, MemoryImage};
pub use open::{Image, OpenOptions};
pub use partition::{Partition, Span, partitions};
pub use path::{DirectoryEntry, FilePath, NAME_UNITS_MAX};
pub use reference::FileRef;
pub use standard::Standard;
pub use volume::{Volume, VolumeState};
pub use walk::{FoundPoint, MftWalk, ReparsePoints, WalkOptions};
