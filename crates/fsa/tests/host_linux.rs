//! The Linux host on the disk that the tests run on.
#![cfg(target_os = "linux")]
// A test says what it expects by panicking, and why it did not run by printing.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]
mod host_conformance;
mod host_disk;
use host_disk::Scratch;

#[test]
fn the_linux_host_does_what_every_host_must() {
    host_conformance::all(&Scratch::new().host());
}
