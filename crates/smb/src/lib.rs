//! SMB2 and SMB3 as machines without I/O, [MS-SMB2] chapter 3: input in, effects out, time as an argument.
//!
//! [`crypto`] holds keys, signatures and encryption.
pub mod crypto;
