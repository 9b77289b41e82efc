//! The vocabulary of Windows, as the Open Specifications write it: [`NtStatus`] and its Win32 number (MS-ERREF),
//! [`FileTime`], [`Guid`], [`AccessMask`] (MS-DTYP), [`FileAttributes`], FSCTL codes and information classes (MS-FSCC),
//! names in UTF-16, and in [`security`] SIDs, security descriptors and the access check.
//!
//! `no_std` with `alloc`. Numbers on the wire are open: every type here is a newtype with names, never a closed enum.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod access;
mod attributes;
mod create;
mod fs_attributes;
mod fsctl;
mod guid;
mod info_class;
mod name;
mod notify;
pub mod security;

mod status;
mod time;
mod upcase;
mod usn;
mod win32;

pub use access::AccessMask;
pub use attributes::FileAttributes;
pub use create::{CreateAction, CreateDisposition, CreateOptions, ShareAccess};
pub use fs_attributes::FsAttributes;
pub use fsctl::{DUPLICATE_EXTENTS_DATA_EX_SOURCE_ATOMIC, FsctlCode};
pub use guid::{Guid, GuidParseError};
pub use info_class::{FileInformationClass, FsInformationClass};
pub use name::{Utf16, Wtf8Error};
pub use notify::{NotifyAction, NotifyFilter};
pub use status::NtStatus;
pub use time::{FileTime, FileTimeParseError};
pub use upcase::upcase;
pub use usn::{UsnReason, UsnSource};
pub use win32::Win32Error;

/// The specification's name of a constant: its prefix and ours, or the one written beside it.
#[macro_export]
#[doc(hidden)] // for the crates of this house, whose numbers are open too
macro_rules! full_name {
    ($prefix:literal, $name:ident) => {
        concat!($prefix, stringify!($name))
    };
    ($prefix:literal, $name:ident, $text:literal) => {
        $text
    };
}

/// Declares a newtype over a wire number with named values: `pub const NAME`, and `name()` for a value that has one.
#[macro_export]
#[doc(hidden)] // for the crates of this house, whose numbers are open too
macro_rules! named_numbers {
    ($(#[$m:meta])* $ty:ident($repr:ty), prefix $prefix:literal {
        $($(#[$cm:meta])* $name:ident = $value:expr $(=> $text:literal)?;)*
    }) => {
        $(#[$m])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $ty(pub $repr);

        #[allow(missing_docs)] // the specification's names are their own documentation; tables test the values
        impl $ty {
            $($(#[$cm])* pub const $name: $ty = $ty($value);)*

            /// Every named value, in the order of declaration, with the specification's full name.
            pub const ALL: &'static [($ty, &'static str)] =
                &[$(($ty($value), $crate::full_name!($prefix, $name $(, $text)?)),)*];
        }

        impl $ty {
            /// The specification's name of this value, if it is one we know.
            pub fn name(self) -> Option<&'static str> {
                Self::ALL.iter().find(|(value, _)| *value == self).map(|(_, name)| *name)
            }
        }
    };
}

/// Set operations for a newtype whose values are bits.
#[macro_export]
#[doc(hidden)] // for the crates of this house, whose numbers are open too
macro_rules! bit_set {
    ($ty:ident) => {
        impl $ty {
            /// No bit.
            pub const NONE: $ty = $ty(0);

            /// True when every bit of `other` is set.
            pub const fn contains(self, other: $ty) -> bool {
                self.0 & other.0 == other.0
            }

            /// True when some bit of `other` is set.
            pub const fn intersects(self, other: $ty) -> bool {
                self.0 & other.0 != 0
            }

            /// The bits of both.
            pub const fn union(self, other: $ty) -> $ty {
                $ty(self.0 | other.0)
            }

            /// The bits of this that `other` lacks.
            pub const fn without(self, other: $ty) -> $ty {
                $ty(self.0 & !other.0)
            }

            /// True when no bit is set.
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }
        }

        impl ::core::ops::BitOr for $ty {
            type Output = $ty;
            fn bitor(self, other: $ty) -> $ty {
                $ty(self.0 | other.0)
            }
        }

        impl ::core::ops::BitAnd for $ty {
            type Output = $ty;
            fn bitand(self, other: $ty) -> $ty {
                $ty(self.0 & other.0)
            }
        }

        impl ::core::ops::BitOrAssign for $ty {
            fn bitor_assign(&mut self, other: $ty) {
                self.0 |= other.0;
            }
        }

        impl ::core::fmt::Debug for $ty {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                let mut rest = self.0;
                let mut first = true;
                for (bit, name) in Self::ALL {
                    if bit.0 != 0 && self.0 & bit.0 == bit.0 {
                        f.write_str(if first { "" } else { "|" })?;
                        f.write_str(name)?;
                        first = false;
                        rest &= !bit.0;
                    }
                }
                match (rest, first) {
                    (0, true) => f.write_str("0"),
                    (0, false) => Ok(()),
                    (rest, true) => write!(f, "0x{rest:X}"),
                    (rest, false) => write!(f, "|0x{rest:X}"),
                }
            }
        }
    };
}

/// Prints a number by its name, or in hexadecimal when it has none.
#[macro_export]
#[doc(hidden)] // for the crates of this house, whose numbers are open too
macro_rules! named_debug {
    ($ty:ident) => {
        impl ::core::fmt::Debug for $ty {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self.name() {
                    Some(name) => f.write_str(name),
                    None => write!(f, "0x{:X}", self.0),
                }
            }
        }
    };
}
