//! Benchmarks that need no file system. `cargo xtask bench` runs them.
pub mod reparse;
