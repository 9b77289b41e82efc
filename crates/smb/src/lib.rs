//! SMB2 and SMB3 as machines without I/O, [MS-SMB2] 3: input in, effects out, time as an argument.
//!
//! [`connection`] is what one socket needs: framing, dialect, credits, signatures, encryption, chains. [`crypto`] holds
//! keys, signatures and encryption. The server's tables (sessions, trees, opens) are not here yet.
pub mod connection;
pub mod crypto;
