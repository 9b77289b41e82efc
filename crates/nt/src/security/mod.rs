//! [MS-DTYP] 2.4.2 to 2.4.6 and 2.5.3: who someone is, who may do what, and the check that decides.
//!
//! [`Sid`] names a principal, [`Token`] says who asks, [`SecurityDescriptor`] says who may, [`access_check`] decides.
//! Not here: conditional expressions (an allow ACE that has one grants nothing, a deny ACE that has one denies),
//! mandatory integrity labels, central access policies, and inheritance.
mod ace;
mod check;
mod descriptor;
mod error;
mod privileges;
mod sid;

pub use ace::{Ace, AceEntry, AceFlags, AceKind, AceType, Acl};
pub use check::{Token, access_check, backup_access, restore_access};
pub use descriptor::{AclSlot, SecurityDescriptor, SecurityDescriptorControl};
pub use error::{SecurityDecodeError, SecurityEncodeError};
pub use privileges::Privileges;
pub use sid::{SUB_AUTHORITIES_MAX, Sid, SidParseError};
