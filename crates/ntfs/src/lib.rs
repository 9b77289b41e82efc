//! Reparse points on an NTFS volume that nobody has mounted.
//!
//! | to | call |
//! | --- | --- |
//! | open an image or a block device, a partition of it by number or offset | [`Image::open`] with [`OpenOptions`]; [`partitions`] lists |
//! | go from a path to a file, and back | [`Volume::find`], [`Volume::find_components`], [`Volume::lookup`], [`Volume::path_of`], [`Volume::names`], [`Volume::entries`] |
//! | read a point, what belongs to it, a deleted one | [`Volume::get`], [`Volume::facts`], [`Volume::eas`], [`Volume::get_deleted`] |
//! | read the data of a file, as it is or as programs see it | [`Volume::streams`], [`Volume::read_data`], [`Volume::read_content`] |
//! | list every point: by `$R`, by the MFT | [`Volume::reparse_points`], [`Volume::walk`] |
//! | list what is left of the points of deleted files | [`Volume::deleted_points`] |
//! | set, replace, retag, delete a point | [`Volume::set`], [`Volume::set_ex`], [`Volume::delete`] |
//! | make a file or directory that carries one | [`Volume::create`], [`Volume::create_path`] |
//! | restore times, attributes, extended attributes | [`Volume::set_basic`], [`Volume::set_eas`] |
//! | compare all that is said of the points, and put it right | [`Volume::check`], [`Volume::repair`] |
//! | know why nothing can be written | [`Volume::write_refusal`], [`Error::next_step`] |
//! | take the last change back, or one that was cut off | [`undo`] on an [`ImageFile`] |
//!
//! Whatever changes a volume takes `&mut self`, and happens whole or not at all: [`undo`] restores the exact former bytes.
//! The time of a change is an argument. docs/NTFS.md of the project tells what is supported, what is refused with which
//! way out, and how a change survives a crash.
//!
//! ```no_run
//! use ntfs::{Image, ImageFile, NewFile, OpenOptions, Partition, WalkOptions, undo};
//! # fn main() -> ntfs::Result<()> {
//! # let now = nt::FileTime(133_000_000_000_000_000);
//! # let link: Vec<u8> = Vec::new();
//! let path = std::path::Path::new("disk.img");
//! let options = OpenOptions { partition: Partition::Number(2), ..OpenOptions::default() };
//! let mut volume = Image::open(path, &options)?;
//!
//! // A symbolic link on a file that is there; `link` is the input of FSCTL_SET_REPARSE_POINT.
//! let file = volume.find("/Users/link")?;
//! volume.set(file, &link, now)?;
//! assert_eq!(volume.get(file)?.as_bytes(), link);
//!
//! // The same on a new file, in one step.
//! let new = NewFile { point: Some(link), ..NewFile::default() };
//! volume.create_path("/Users/another", &new, now)?;
//!
//! // Every point: from the index that NTFS keeps, or from the MFT when there is no index.
//! let points: Vec<_> = match volume.reparse_points()? {
//!     Some(points) => points.collect::<ntfs::Result<_>>()?,
//!     None => volume.walk(WalkOptions::default()).collect::<ntfs::Result<_>>()?,
//! };
//! for point in points {
//!     println!("{:?} {:?}", point.tag, volume.path_of(point.file)?);
//! }
//! drop(volume);
//!
//! // The last change is taken back.
//! undo(&ImageFile::open(path, false, None)?)
//! # }
//! ```

mod asleep;
mod attribute;
mod basic;
mod boot;
mod check;
mod clusters;
mod commit;
mod compressed;
#[cfg(feature = "containers")]
mod container;
mod create;
mod data;
mod deleted;
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
mod reparse_file;
mod runs;
mod set;
mod standard;
mod stream;
mod upcase;
mod usn;
mod volume;
mod walk;
mod wof;

pub use basic::Basic;
pub use boot::Boot;
pub use check::{Checked, Finding, Wrong};
pub use commit::undo;
pub use create::NewFile;
pub use data::{DataForm, DataStream};
pub use deleted::{DeletedPoint, DeletedPoints, Remains};
pub use ea::ExtendedAttribute;
pub use error::{Error, Fault, Place, Refused, Result, Why};
pub use file_name::{FileName, Namespace};
pub use get::{FileFacts, NamedPoint};
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
pub use wof::WOF_STREAM;
