//! SMB2 and SMB3 as machines without I/O, [MS-SMB2] 3: input in, effects out, time as an argument.
//!
//! [`connection`] is what one socket needs: framing, dialect, credits, signatures, encryption, chains. [`crypto`] holds
//! keys, signatures and encryption. [`server`] holds what connections share: sessions, trees, opens. What it wants of a file
//! is an operation on a [`store`].
pub mod connection;
pub mod crypto;
mod data;
mod ids;
mod ops;
mod rpc;
pub mod server;
pub mod store;

pub use data::Data;
