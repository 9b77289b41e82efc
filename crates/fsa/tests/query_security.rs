//! Security descriptors of files. [MS-FSA] 2.1.5.14 and 2.1.5.17
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::cast_possible_truncation)] // a test that cannot go on fails
mod store;

use fsa::SecurityInformation as Part;
use fsa::{SecurityContext, VolumeKind, VolumeOptions};
use nt::security::{Ace, Acl, AclSlot, Privileges, SecurityDescriptor, Sid, Token};
use nt::{AccessMask, NtStatus};
use store::{PLAIN, Store};

const ALL: AccessMask = AccessMask(0x001F_01FF);
const WHO: Part = Part(7);

fn user(number: u32) -> Sid {
    Sid::new(5, &[21, 1, 2, 3, number]).unwrap()
}

fn descriptor(owner: Sid, aces: Vec<Ace>) -> Vec<u8> {
    SecurityDescriptor {
        owner: Some(owner),
        group: Some(Sid::LOCAL_SYSTEM),
        dacl: AclSlot::Present(Acl::new(aces)),
        ..SecurityDescriptor::default()
    }
    .encode()
    .unwrap()
}

fn stored(store: &Store, path: &str, parts: Part) -> SecurityDescriptor {
    let id = store.open(path, AccessMask::READ_CONTROL, PLAIN);
    let bytes = store.volume.query_security(id, parts, 4096).unwrap().bytes;
    store.close(id);
    SecurityDescriptor::decode(&bytes).unwrap()
}

#[test]
fn a_file_without_a_descriptor_is_the_hosts_owners_and_open_to_all() {
    let store = Store::new();
    store.file("file");
    let shown = stored(&store, "file", WHO);
    assert_eq!((shown.owner, shown.group), (Sid::new(22, &[1, 0]), Sid::new(22, &[2, 0])));
    assert_eq!(shown.dacl, AclSlot::Present(Acl::new(vec![Ace::allow(Sid::EVERYONE, ALL)])));
}

#[test]
fn parts_are_set_and_shown_each_by_itself() {
    let store = Store::new();
    store.file("file");
    let id = store.open("file", ALL, PLAIN);
    let ace = Ace::allow(user(1001), AccessMask(0x0012_0089));
    let new = descriptor(user(1), vec![ace.clone()]);
    store.volume.set_security(&store.cx, id, Part::DACL, &new).unwrap();
    let shown = stored(&store, "file", WHO);
    assert_eq!(shown.owner, Sid::new(22, &[1, 0]), "the owner stays");
    assert_eq!(shown.dacl, AclSlot::Present(Acl::new(vec![ace])));
    store.volume.set_security(&store.cx, id, Part::OWNER, &new).unwrap();
    let shown = stored(&store, "file", Part::OWNER);
    assert_eq!((shown.owner, shown.dacl), (Some(user(1)), AclSlot::Absent));
}

#[test]
fn the_descriptor_that_was_set_decides_the_next_open() {
    let store = Store::new();
    store.file("file");
    let id = store.open("file", ALL, PLAIN);
    let read_only = vec![Ace::allow(user(1001), AccessMask(0x0012_0089))];
    store.volume.set_security(&store.cx, id, Part::DACL, &descriptor(user(1), read_only)).unwrap();
    store.close(id);
    let token = Token { user: user(1001), groups: vec![Sid::EVERYONE], privileges: Privileges::NONE };
    let store = Store { cx: SecurityContext::user(token), ..store };
    assert!(store.try_open("file", AccessMask::FILE_READ_DATA, PLAIN).is_ok());
    assert_eq!(store.try_open("file", AccessMask::FILE_WRITE_DATA, PLAIN), Err(NtStatus::ACCESS_DENIED));
    let id = store.open("file", AccessMask::READ_CONTROL, PLAIN);
    let new = descriptor(user(1001), Vec::new());
    let refused = |parts| store.volume.set_security(&store.cx, id, parts, &new).unwrap_err().status;
    assert_eq!(refused(Part::DACL), NtStatus::ACCESS_DENIED);
    assert_eq!(refused(Part::OWNER), NtStatus::ACCESS_DENIED);
}

#[test]
fn nobody_gives_a_file_away() {
    let store = Store::new();
    store.file("file");
    let token = Token { user: user(1001), groups: vec![Sid::EVERYONE], privileges: Privileges::NONE };
    let store = Store { cx: SecurityContext::user(token), ..store };
    let id = store.open("file", ALL, PLAIN);
    let set = |owner| store.volume.set_security(&store.cx, id, Part::OWNER, &descriptor(owner, Vec::new()));
    assert_eq!(set(user(1002)).unwrap_err().status, NtStatus::INVALID_OWNER);
    assert_eq!(set(user(1001)), Ok(()));
}

#[test]
fn a_short_buffer_is_told_what_it_needs_and_nonsense_is_refused() {
    let store = Store::new();
    store.file("file");
    let id = store.open("file", ALL, PLAIN);
    let refusal = store.volume.query_security(id, WHO, 30).unwrap_err();
    assert_eq!(refusal.status, NtStatus::BUFFER_OVERFLOW);
    let fsa::Why::Length { wanted, .. } = refusal.why else { panic!("{refusal}") };
    assert_eq!(store.volume.query_security(id, WHO, wanted).unwrap().bytes.len(), wanted);
    let nonsense = store.volume.set_security(&store.cx, id, Part::DACL, &[1; 30]).unwrap_err();
    assert_eq!(nonsense.status, NtStatus::INVALID_SECURITY_DESCR);
    let blind = store.open("file", AccessMask::FILE_READ_ATTRIBUTES, PLAIN);
    assert_eq!(store.volume.query_security(blind, WHO, 4096).unwrap_err().status, NtStatus::ACCESS_DENIED);
    let fat = Store::with(VolumeOptions { kind: VolumeKind::Fat, ..VolumeOptions::default() });
    fat.file("file");
    let id = fat.open("file", ALL, PLAIN);
    assert_eq!(
        fat.volume.query_security(id, WHO, 4096).unwrap_err().status,
        NtStatus::INVALID_DEVICE_REQUEST
    );
}
