//! Paths inside a disk image: `IMAGE!/path`.
mod check;
mod deleted;
mod object;
mod port;
mod search;
mod undo;
mod volume;

pub use check::{ImageCheck, check_image};
pub use deleted::find_deleted;
pub(crate) use object::ImageObject;
pub use port::ImagePort;
pub use undo::undo_image;
pub use volume::ImageVolume;
