//! A server, its store and its clients in one thread, with chance from a seed: the same seed gives the same run, byte for byte.
//!
//! Clients open, write, lock, set reparse points and come back after their wires were cut between any two messages. All the while
//! [`check`] knows what each client was promised: an acknowledged durable open is found again exactly once or has expired, no two
//! clients hold what excludes each other, what was written is read, what was flushed survives a crash, and a reparse point comes
//! back as it was set.
pub mod check;
pub mod client;
mod request;
pub mod run;
pub mod world;

pub use run::{Outcome, run};
