//! The process of the server: the only crate with sockets, tasks, threads, a clock and chance.
//!
//! [`auth`] says who a client is, [`socket`] moves bytes between clients, the machines of `smb` and the store of `fsa`.
pub mod auth;
pub mod clock;
pub mod config;
pub mod interfaces;
pub mod logs;
pub mod metrics;
pub mod serve;
pub mod socket;
pub mod status;
pub mod store;
pub mod users;
