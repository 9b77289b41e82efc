//! The Linux host on the disk that the tests run on.
mod host_conformance;
mod host_disk;
use host_disk::Scratch;

#[test]
fn the_linux_host_does_what_every_host_must() {
    host_conformance::all(&Scratch::new().host());
}
