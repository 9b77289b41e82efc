//! FSCTL_DELETE_REPARSE_POINT and FSCTL_SET_REPARSE_POINT_EX.
//! Sources: Wine's dlls/ntdll/tests/file.c test_reparse_points; src/tests/reparse.cpp of maharmstone/btrfs; impacket's
//! removeMountPoint (the 24-byte form); for the extended form the driver kit's page, since no public test exists.
mod store;

use nt::{AccessMask, FileAttributes, FsctlCode, Guid, NtStatus};
use store::*;

const SYMLINK: u32 = 0xA000_000C;
const MOUNT_POINT: u32 = 0xA000_0003;
const MICROSOFT_UNKNOWN: u32 = 0x8000_DEAD;
const THIRD_PARTY: u32 = 0x0000_BEEF;

/// A directory that is a mount point, and an open of it.
fn mounted(store: &Store) -> fsa::OpenId {
    store.dir("d");
    store.put("d", &junction(r"\??\C:\t"));
    store.open("d", CHANGE, ITSELF)
}

#[test]
fn only_a_bare_header_of_eight_or_twenty_four_bytes_is_taken() {
    let store = Store::new();
    let id = mounted(&store);
    assert_eq!(store.delete(id, &[]), NtStatus::INVALID_BUFFER_SIZE);
    let whole = junction(r"\??\C:\t");
    let with_length = [&MOUNT_POINT.to_le_bytes()[..], &[4, 0, 0, 0], &[0; 16]].concat();
    let sized_28 = [third_party(MOUNT_POINT, Guid::NIL, b""), vec![0; 4]].concat();
    for input in [vec![0], whole, with_length, sized_28] {
        assert_eq!(store.delete(id, &input), NtStatus::IO_REPARSE_DATA_INVALID, "{} bytes", input.len());
    }
    assert_eq!(store.delete(id, &third_party(0, Guid::NIL, b"")), NtStatus::IO_REPARSE_TAG_INVALID);
    assert_eq!(store.delete(id, &third_party(3, OWNER, b"")), NtStatus::IO_REPARSE_TAG_MISMATCH);
    assert_eq!(store.delete(id, &third_party(MOUNT_POINT, Guid::NIL, b"")), NtStatus::SUCCESS);
    assert_eq!(store.delete(id, &opaque(MOUNT_POINT, b"")), NtStatus::NOT_A_REPARSE_POINT);
    assert_eq!(store.get(id), Err(NtStatus::NOT_A_REPARSE_POINT));
}

#[test]
fn the_buffer_is_judged_before_the_file() {
    let store = Store::new();
    store.file("f");
    let id = store.open("f", CHANGE, ITSELF);
    assert_eq!(store.delete(id, &[0]), NtStatus::IO_REPARSE_DATA_INVALID);
    assert_eq!(store.delete(id, &third_party(1, OWNER, b"")), NtStatus::IO_REPARSE_TAG_INVALID);
    assert_eq!(store.delete(id, &opaque(SYMLINK, b"")), NtStatus::NOT_A_REPARSE_POINT);
}

#[test]
fn a_third_partys_owner_alone_deletes_its_tag() {
    let store = Store::new();
    store.file_with("f", b"kept");
    store.put("f", &third_party(THIRD_PARTY, OWNER, b"x"));
    let id = store.open("f", CHANGE | AccessMask::FILE_READ_DATA, ITSELF);
    assert_eq!(store.delete(id, &opaque(THIRD_PARTY, b"")), NtStatus::IO_REPARSE_DATA_INVALID);
    let other = store.delete(id, &third_party(THIRD_PARTY, Guid([9; 16]), b""));
    assert_eq!(other, NtStatus::REPARSE_ATTRIBUTE_CONFLICT);
    assert_eq!(store.delete(id, &opaque(SYMLINK, b"")), NtStatus::IO_REPARSE_TAG_MISMATCH);
    assert_eq!(store.delete(id, &third_party(THIRD_PARTY, OWNER, b"")), NtStatus::SUCCESS);
    assert_eq!(store.volume.read(id, 0, 99).unwrap(), b"kept");
}

#[test]
fn nobody_deletes_without_a_right_to_change() {
    let store = Store::new();
    store.file("f");
    store.put("f", &relative("t"));
    let id = store.open("f", AccessMask::FILE_READ_DATA, ITSELF);
    assert_eq!(store.delete(id, &opaque(SYMLINK, b"")), NtStatus::ACCESS_DENIED);
}

#[test]
fn no_privilege_is_needed_to_delete_a_symbolic_link() {
    let store = Store::new();
    store.file("f");
    store.put("f", &relative("t"));
    let store = store.without_privileges();
    let id = store.open("f", CHANGE, ITSELF);
    assert_eq!(store.delete(id, &opaque(SYMLINK, b"")), NtStatus::SUCCESS);
}

#[test]
fn an_output_buffer_is_an_invalid_parameter() {
    let store = Store::new();
    let id = mounted(&store);
    let status = store.control(id, FsctlCode::DELETE_REPARSE_POINT, &opaque(MOUNT_POINT, b""), 1);
    assert_eq!(status, NtStatus::INVALID_PARAMETER);
}

#[test]
fn the_attribute_goes_and_archive_does_not_come() {
    use fsa::host::Host;
    let store = Store::new();
    store.file("f");
    let (node, _) = store.volume.host().lookup(&store.volume.host().root(), &utf16("f")).unwrap().unwrap();
    fsa::host::meta::set_attributes(store.volume.host(), &node, FileAttributes::NORMAL).unwrap();
    store.put("f", &relative("t"));
    let id = store.open("f", CHANGE, ITSELF);
    assert_eq!(store.delete(id, &opaque(SYMLINK, b"")), NtStatus::SUCCESS);
    assert_eq!(store.attributes("f"), FileAttributes::NORMAL);
}

/// REPARSE_DATA_BUFFER_EX.
fn extended(flags: u32, existing: u32, owner: Guid, point: &[u8]) -> Vec<u8> {
    [&flags.to_le_bytes()[..], &existing.to_le_bytes(), &owner.0, &[0; 8], point].concat()
}

#[test]
fn the_extended_form_replaces_one_tag_by_another() {
    let store = Store::new();
    let id = mounted(&store);
    let input = extended(0, MOUNT_POINT, Guid::NIL, &relative("t"));
    assert_eq!(store.set_ex(id, &input), NtStatus::SUCCESS);
    assert_eq!(store.get(id), Ok(relative("t")));
    assert_eq!(store.set_ex(id, &input), NtStatus::IO_REPARSE_TAG_MISMATCH);
}

#[test]
fn the_extended_form_holds_the_file_to_what_it_says() {
    let store = Store::new();
    store.file("f");
    let id = store.open("f", CHANGE, ITSELF);
    let point = opaque(MICROSOFT_UNKNOWN, b"x");
    let mismatch = NtStatus::IO_REPARSE_TAG_MISMATCH;
    assert_eq!(store.set_ex(id, &extended(0, SYMLINK, Guid::NIL, &point)), mismatch, "there is none");
    assert_eq!(store.set_ex(id, &extended(1, SYMLINK, Guid::NIL, &point)), NtStatus::SUCCESS, "or none");
    assert_eq!(store.set_ex(id, &extended(0, 0, Guid::NIL, &point)), mismatch, "there is one");
    assert_eq!(store.set_ex(id, &extended(1, SYMLINK, Guid::NIL, &point)), mismatch, "there is another");
    let theirs = third_party(THIRD_PARTY, OWNER, b"y");
    assert_eq!(store.set_ex(id, &extended(0, MICROSOFT_UNKNOWN, Guid::NIL, &theirs)), NtStatus::SUCCESS);
    let conflict = store.set_ex(id, &extended(0, THIRD_PARTY, Guid([1; 16]), &point));
    assert_eq!(conflict, NtStatus::REPARSE_ATTRIBUTE_CONFLICT);
    assert_eq!(store.set_ex(id, &extended(0, THIRD_PARTY, OWNER, &point)), NtStatus::SUCCESS);
    assert_eq!(store.get(id), Ok(point));
}
