//! One way to name and open any place where a reparse point can live. [`Place`] is what a user's text names;
//! [`Located`] is a path on this machine told apart into the root of its volume and the names below it.
//!
//! Built now: paths of this machine. A disk image (`IMAGE!/path`) and a remote share (`smb://server/share/path`) are
//! recognised and refused with [`PlaceError::NotBuilt`], so that no script takes them for file names.

mod locate;
mod open;
mod place;
mod shares;

pub use locate::{Located, Locator, RootChoice};
pub use open::{Drive, Places, Spot, check_tree, nt_prefix};
pub use place::{Place, PlaceError, UnbuiltKind};
pub use shares::Shares;
