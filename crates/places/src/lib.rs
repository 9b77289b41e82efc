//! One way to name and open any place where a reparse point can live. [`Place`] is what a user's text names: a path of
//! this machine, a path inside a disk image (`IMAGE!/path`), a path of a remote share. [`Places`] opens the first two, and
//! what it gives is an [`Object`], the same door for both. [`Shares`] keeps the connections to servers, which need a login.

mod failure;
mod host_object;
mod image;
mod locate;
mod object;
mod open;
mod place;
mod request;
mod shares;
mod wof;

pub use failure::Failure;
pub use image::{ImageCheck, ImagePort, ImageVolume, check_image, find_deleted, undo_image};
pub use locate::{Located, Locator, RootChoice};
pub use ntfs::{DataForm, WOF_STREAM};
pub use object::{
    Asker, Basic, CreateKind, End, Expected, Found, Object, PointBelow, Resolution, Rest, Search, Seen,
    SetRequest, StreamFacts, Walk,
};
pub use open::{Drive, Places, check_tree, nt_prefix};
pub use place::{Place, PlaceError, UnbuiltKind};
pub use request::{full_ea_list, is_lx, may_have_lx};
pub use shares::Shares;
