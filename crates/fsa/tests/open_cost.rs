//! What an open, a set and a close cost in calls of the host: a gate on counts, which time cannot fool.
#![allow(clippy::unwrap_used)] // a test says what it expects by panicking
mod store;

use fsa::host::memory::Counts;
use fsa::host::meta;
use fsa::{Durability, OpenId, OpenRequest, VolumeOptions};
use nt::{AccessMask, CreateDisposition, CreateOptions, FileAttributes, NtStatus};
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
    since(store, &before)
}

#[test]
fn a_set_on_a_fresh_file_looks_five_times_and_changes_two_attributes() {
    let store = deferred();
    // The name; its kind, at the open; how long it is, which attributes it has, and the one that it was made with, under
    // the lock. Then the point, and the bit of it that Samba reads.
    assert_eq!(cost_of_a_set(&store), Counts { reads: 5, changes: 2, syncs: 0 });
}

#[test]
fn a_set_on_a_file_with_a_point_changes_one_attribute() {
    let store = deferred();
    store.put(r"dir\f", &relative("before"));
    // The tag too.
    assert_eq!(cost_of_a_set(&store), Counts { reads: 6, changes: 1, syncs: 0 });
}

/// What was asked of the host since it had counted so much.
fn since(store: &Store, before: &Counts) -> Counts {
    let after = store.volume.host().counts();
    Counts {
        reads: after.reads - before.reads,
        changes: after.changes - before.changes,
        syncs: after.syncs - before.syncs,
    }
}

/// What one set on a file that is open costs.
fn cost_of_one_more(store: &Store, id: OpenId, target: &str) -> Counts {
    let before = store.volume.host().counts();
    assert_eq!(store.set(id, &relative(target)), NtStatus::SUCCESS);
    since(store, &before)
}

#[test]
fn a_set_again_on_one_open_looks_how_long_the_file_is_and_what_point_it_has() {
    let store = deferred();
    let id = store.open(r"dir\f", CHANGE, ITSELF);
    // The attributes' names, and DOSATTRIB.
    assert_eq!(cost_of_one_more(&store, id, "a"), Counts { reads: 3, changes: 2, syncs: 0 });
    assert_eq!(cost_of_one_more(&store, id, "b"), Counts { reads: 2, changes: 1, syncs: 0 });
    assert_eq!(cost_of_one_more(&store, id, "c"), Counts { reads: 2, changes: 1, syncs: 0 });
}

#[test]
fn what_another_process_did_to_the_point_since_the_last_set_is_seen() {
    let store = deferred();
    let id = store.open(r"dir\f", CHANGE, ITSELF);
    assert_eq!(store.set(id, &relative("a")), NtStatus::SUCCESS);
    let (host, node) = (store.volume.host(), store.volume.open_of(id).unwrap().file.node());
    // It took the point and Samba's bit away: both are back, for what was known of them is not believed.
    meta::remove_point(host, &node).unwrap();
    assert_eq!(store.set(id, &relative("b")), NtStatus::SUCCESS);
    let stored = meta::load(host, &node).unwrap().stored.unwrap();
    assert!(stored.attributes.contains(FileAttributes::REPARSE_POINT));
    // It put another tag there.
    meta::set_point(host, &node, &opaque(0x8000_4711, b"x")).unwrap();
    assert_eq!(store.set(id, &relative("c")), NtStatus::IO_REPARSE_TAG_MISMATCH);
}

#[test]
// The memory host counts a sync among the changes too: it can fail like one.
fn a_set_that_is_written_through_is_synced_once() {
    let store = Store::new();
    store.dir("dir");
    store.file(r"dir\f");
    assert_eq!(cost_of_a_set(&store), Counts { reads: 5, changes: 3, syncs: 1 });
}

/// What an open tells of what it made is what a look afterwards tells: it is not looked at for it.
#[test]
fn what_an_open_made_is_told_as_it_is() {
    let store = deferred();
    for (name, options, attributes) in [
        (r"dir\plain", PLAIN, FileAttributes::NONE),
        (r"dir\hidden", PLAIN, FileAttributes::HIDDEN | FileAttributes::READONLY),
        (r"dir\sub", PLAIN | CreateOptions::DIRECTORY_FILE, FileAttributes::HIDDEN),
        ("top", PLAIN, FileAttributes::NORMAL),
    ] {
        let path = utf16(name);
        let request = OpenRequest {
            disposition: CreateDisposition::CREATE,
            options,
            attributes,
            wants_facts: true,
            ..OpenRequest::existing(&path, AccessMask::FILE_READ_ATTRIBUTES)
        };
        let opened = store.request(&request).unwrap();
        assert_eq!(opened.facts, Some(store.volume.opened_facts(opened.id).unwrap()), "{name}");
        store.close(opened.id);
    }
}

#[test]
fn a_create_looks_at_its_directory_once() {
    let store = deferred();
    let path = utf16(r"dir\new");
    let request = OpenRequest {
        disposition: CreateDisposition::CREATE,
        wants_facts: true,
        ..OpenRequest::existing(&path, AccessMask::FILE_READ_ATTRIBUTES)
    };
    let before = store.volume.host().counts();
    let id = store.request(&request).unwrap().id;
    store.close(id);
    // The root and who it is; the directory, its facts and its point; the name; what the directory hands down; the new file's
    // facts. Then the file and ARCHIVE.
    assert_eq!(since(&store, &before), Counts { reads: 8, changes: 2, syncs: 0 });
}
