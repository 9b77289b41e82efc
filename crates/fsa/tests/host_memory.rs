//! The host in memory does what every host must.
mod host_conformance;
use fsa::host::memory::{MemoryHost, MemoryOptions};

#[test]
fn the_memory_host_does_what_every_host_must() {
    host_conformance::all(&MemoryHost::new(MemoryOptions::default()));
}
