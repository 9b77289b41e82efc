//! What an open, a set and a close cost in calls of the host: a gate on counts, which time cannot fool.
#![allow(clippy::unwrap_used)] // a test says what it expects by panicking
mod store;

use fsa::host::memory::Counts;
use fsa::{Durability, OpenRequest, VolumeOptions};
use nt::{AccessMask, NtStatus};
use store::*;

/// A store with an empty file, whose changes reach the disk when the host finds time.
fn deferred() -> Store {
    let store = Store::with(VolumeOptions { durability: Durability::Deferred, ..VolumeOptions::default() });
    store.dir("dir");
    store.file(r"dir\f");
    store
}

/// The calls of opening `f` in an open directory, setting a link on it, and closing it.
fn cost_of_a_set(store: &Store) -> Counts {
    let dir = store.open("dir", AccessMask::READ_CONTROL, PLAIN);
    let name = utf16("f");
    let request =
        OpenRequest { relative_to: Some(dir), options: ITSELF, ..OpenRequest::existing(&name, CHANGE) };
    let before = store.volume.host().counts();
    let id = store.request(&request).unwrap().id;
    assert_eq!(store.set(id, &relative("t")), NtStatus::SUCCESS);
    store.close(id);
    let after = store.volume.host().counts();
    Counts {
        reads: after.reads - before.reads,
        changes: after.changes - before.changes,
        syncs: after.syncs - before.syncs,
    }
}

#[test]
fn a_set_on_a_fresh_file_looks_five_times_and_changes_two_attributes() {
    let store = deferred();
    // The name; its kind, at the open; its kind, which attributes it has, and the one that it was made with, under the
    // lock. Then the point, and the bit of it that Samba reads.
    assert_eq!(cost_of_a_set(&store), Counts { reads: 5, changes: 2, syncs: 0 });
}

#[test]
fn a_set_again_changes_one_attribute() {
    let store = deferred();
    store.put(r"dir\f", &relative("before"));
    // The tag too.
    assert_eq!(cost_of_a_set(&store), Counts { reads: 6, changes: 1, syncs: 0 });
}

#[test]
// The memory host counts a sync among the changes too: it can fail like one.
fn a_set_that_is_written_through_is_synced_once() {
    let store = Store::new();
    store.dir("dir");
    store.file(r"dir\f");
    assert_eq!(cost_of_a_set(&store), Counts { reads: 5, changes: 3, syncs: 1 });
}
