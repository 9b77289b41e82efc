//! What Samba's python/samba/tests/reparsepoints.py and smb2symlink.py, and NTTRANS-FSCTL of source3/torture, find on
//! Windows over SMB: what of it is the store's. semantics 6.1 rows 3, 4 and 6
use super::ask::*;
use super::scenarios;
use crate::store::{CHANGE, ITSELF, PLAIN, Store, absolute, opaque, relative, symlink};
use fsa::OpenError;
use fsa::host::{Host, Make};
use nt::{AccessMask, FileAttributes, FileInformationClass as Class, FsctlCode, NtStatus, ShareAccess};

scenarios! { "samba":
    a_fresh_file_is_no_reparse_point,
    filler_of_any_length_is_no_reparse_point,
    a_reparse_point_has_exactly_the_length_that_it_says,
    another_tag_does_not_replace_the_first,
    a_file_about_to_be_deleted_takes_a_reparse_point,
    the_tag_is_asked_for,
    a_reparse_point_opened_itself_is_written,
    a_directory_lists_attribute_and_tag,
    a_directory_with_a_tag_has_no_children,
    a_directory_with_a_tag_lists_as_one_and_is_removed,
    a_directory_with_entries_takes_no_tag,
    a_reparse_point_is_shared_like_any_file,
    deleting_looks_at_length_then_tag,
    a_deleted_reparse_point_leaves_a_plain_file,
    a_pipe_of_the_host_is_an_nfs_pipe,
    a_socket_of_the_host_is_an_nfs_socket,
    a_link_in_the_middle_stops_a_client_with_the_rest,
    a_link_at_the_end_stops_a_client_with_nothing_left,
    a_client_gets_an_absolute_link_as_it_is_stored,
    a_link_made_by_open_if_is_a_link,
    nttrans_reading_a_plain_file_says_it_is_no_reparse_point,
    nttrans_setting_nothing_is_an_invalid_size,
}

const LX_CHR: u32 = 0x8000_0025;
const LX_BLK: u32 = 0x8000_0026;
const DATA: &[u8] = b"asdfasdfasdfasdfasdfasdf";

fn a_fresh_file_is_no_reparse_point<H: Host>(store: &Store<H>) {
    let id = store.made("reparse", CHANGE, PLAIN);
    assert_eq!(store.get_in(id, 1024), Err(NtStatus::NOT_A_REPARSE_POINT));
}

fn filler_of_any_length_is_no_reparse_point<H: Host>(store: &Store<H>) {
    let id = store.made("reparse", CHANGE, PLAIN);
    assert_eq!(store.set(id, b""), NtStatus::INVALID_BUFFER_SIZE);
    for len in 1..15 {
        assert_eq!(store.set(id, &vec![b'0'; len]), NtStatus::IO_REPARSE_DATA_INVALID, "{len}");
    }
}

fn a_reparse_point_has_exactly_the_length_that_it_says<H: Host>(store: &Store<H>) {
    let id = store.made("reparse", CHANGE, PLAIN);
    let point = opaque(LX_CHR, DATA);
    assert_eq!(store.set(id, &[&point[..], b"0"].concat()), NtStatus::IO_REPARSE_DATA_INVALID);
    assert_eq!(store.set(id, &point[..point.len() - 1]), NtStatus::IO_REPARSE_DATA_INVALID);
    assert_eq!(store.get(id), Err(NtStatus::NOT_A_REPARSE_POINT));
    assert_eq!(store.set(id, &point), NtStatus::SUCCESS);
}

fn another_tag_does_not_replace_the_first<H: Host>(store: &Store<H>) {
    let id = store.made("reparse", CHANGE, PLAIN);
    assert_eq!(store.set(id, &opaque(LX_CHR, DATA)), NtStatus::SUCCESS);
    assert_eq!(store.set(id, &opaque(LX_BLK, b"asdf")), NtStatus::IO_REPARSE_TAG_MISMATCH);
    assert_eq!(store.get(id), Ok(opaque(LX_CHR, DATA)));
}

/// test_create_reparse marks the file for deletion first, and then sets and asks.
fn a_file_about_to_be_deleted_takes_a_reparse_point<H: Host>(store: &Store<H>) {
    let id = store.made("reparse", CHANGE | AccessMask::DELETE, PLAIN);
    assert_eq!(store.dispose(id), NtStatus::SUCCESS);
    assert_eq!(store.set(id, &opaque(LX_CHR, DATA)), NtStatus::SUCCESS);
    assert_eq!(store.get(id), Ok(opaque(LX_CHR, DATA)));
    store.close(id);
    assert_eq!(store.opening("reparse", ITSELF), NtStatus::OBJECT_NAME_NOT_FOUND);
}

fn the_tag_is_asked_for<H: Host>(store: &Store<H>) {
    let id = store.made("reparse", READ | CHANGE, PLAIN);
    assert_eq!(store.attributes_and_tag(id).1, 0);
    assert_eq!(store.set(id, &opaque(LX_BLK, b"asdf")), NtStatus::SUCCESS);
    assert_eq!(store.attributes_and_tag(id).1, LX_BLK);
}

fn a_reparse_point_opened_itself_is_written<H: Host>(store: &Store<H>) {
    store.point("reparse", PLAIN, &opaque(LX_CHR, DATA));
    let id = store.open("reparse", AccessMask::FILE_WRITE_DATA | AccessMask::DELETE | READ, ITSELF);
    assert!(store.attributes_and_tag(id).0.contains(FileAttributes::REPARSE_POINT));
    assert_eq!(store.volume.write(id, 1, b"x").map(drop), Ok(()));
    assert_eq!(store.dispose(id), NtStatus::SUCCESS);
    store.close(id);
    assert!(!store.exists("reparse"));
}

fn a_directory_lists_attribute_and_tag<H: Host>(store: &Store<H>) {
    store.point("reparse", PLAIN, &symlink("y", "y", 0));
    let attributes = FileAttributes::REPARSE_POINT | FileAttributes::ARCHIVE;
    let found = store.entry("", "reparse", Class::ID_BOTH_DIRECTORY_INFORMATION);
    assert_eq!(found, (attributes, SYMLINK, None));
}

fn a_directory_with_a_tag_has_no_children<H: Host>(store: &Store<H>) {
    store.point("dir", DIRECTORY, &opaque(LX_CHR, DATA));
    let made = store.open_as(r"dir\file.txt", AccessMask::DELETE, PLAIN, CREATE);
    assert_eq!(made.unwrap_err(), NtStatus::IO_REPARSE_TAG_NOT_HANDLED);
}

fn a_directory_with_a_tag_lists_as_one_and_is_removed<H: Host>(store: &Store<H>) {
    store.point("dir", DIRECTORY, &opaque(LX_CHR, DATA));
    let attributes = FileAttributes::REPARSE_POINT | FileAttributes::DIRECTORY;
    let found = store.entry("", "dir", Class::ID_BOTH_DIRECTORY_INFORMATION);
    assert_eq!(found, (attributes, LX_CHR, None));
    assert_eq!(store.unlink("dir"), NtStatus::SUCCESS);
    assert!(!store.exists("dir"));
}

fn a_directory_with_entries_takes_no_tag<H: Host>(store: &Store<H>) {
    let id = store.made("dir", CHANGE, DIRECTORY);
    store.file(r"dir\file.txt");
    assert_eq!(store.set(id, &opaque(LX_CHR, b"asdf")), NtStatus::DIRECTORY_NOT_EMPTY);
}

fn a_reparse_point_is_shared_like_any_file<H: Host>(store: &Store<H>) {
    store.point("reparse", PLAIN, &opaque(LX_CHR, DATA));
    let access = AccessMask::FILE_READ_DATA | AccessMask::DELETE;
    let first = store.open_sharing("reparse", access, ShareAccess::NONE).unwrap();
    let second = store.open_sharing("reparse", AccessMask::FILE_READ_DATA, ShareAccess::NONE);
    assert_eq!(second, Err(NtStatus::SHARING_VIOLATION));
    store.close(first);
}

fn deleting_looks_at_length_then_tag<H: Host>(store: &Store<H>) {
    store.point("reparse", PLAIN, &opaque(LX_CHR, DATA));
    let id = store.open("reparse", CHANGE | AccessMask::DELETE, ITSELF);
    for (input, status) in [
        (opaque(LX_BLK, b""), NtStatus::IO_REPARSE_TAG_MISMATCH),
        (opaque(LX_BLK, b" "), NtStatus::IO_REPARSE_DATA_INVALID),
        (opaque(LX_CHR, b" "), NtStatus::IO_REPARSE_DATA_INVALID),
        (opaque(LX_CHR, b""), NtStatus::SUCCESS),
        (opaque(LX_CHR, b""), NtStatus::NOT_A_REPARSE_POINT),
    ] {
        assert_eq!(store.delete(id, &input), status, "{input:?}");
    }
}

fn a_deleted_reparse_point_leaves_a_plain_file<H: Host>(store: &Store<H>) {
    store.point("reparse", PLAIN, &opaque(LX_CHR, DATA));
    let id = store.open("reparse", CHANGE, ITSELF);
    assert_eq!(store.delete(id, &opaque(LX_CHR, b"")), NtStatus::SUCCESS);
    store.close(id);
    let id = store.open("reparse", READ | CHANGE, PLAIN);
    assert!(!store.attributes_and_tag(id).0.contains(FileAttributes::REPARSE_POINT));
}

/// What the host itself made, shown as the NFS tag with this type.
fn special<H: Host>(store: &Store<H>, make: Make<'_>, kind: u64) {
    let host = store.volume.host();
    host.create(&host.root(), &crate::store::utf16("special"), make).unwrap();
    let id = store.open("special", READ, ITSELF);
    assert_eq!(store.attributes_and_tag(id).1, NFS);
    assert_eq!(store.get(id), Ok(opaque(NFS, &kind.to_le_bytes())));
}

fn a_pipe_of_the_host_is_an_nfs_pipe<H: Host>(store: &Store<H>) {
    special(store, Make::Fifo, 0x4F46_4946);
}

fn a_socket_of_the_host_is_an_nfs_socket<H: Host>(store: &Store<H>) {
    special(store, Make::Socket, 0x4B43_4F53);
}

/// Samba counts what is left in characters; on the wire they are bytes, two of each.
fn a_link_in_the_middle_stops_a_client_with_the_rest<H: Host>(store: &Store<H>) {
    store.point("syml", DIRECTORY, &relative("foo"));
    let stop = store.stop(r"syml\bar");
    assert_eq!(usize::from(stop.unparsed_len), r"\bar".len() * 2);
    assert_eq!(stop.link.encode(), relative("foo"));
    // A file that is a link stops it in the middle all the same.
    store.point("filelink", PLAIN, &relative("foo"));
    assert_eq!(usize::from(store.stop(r"filelink\bar").unparsed_len), r"\bar".len() * 2);
}

fn a_link_at_the_end_stops_a_client_with_nothing_left<H: Host>(store: &Store<H>) {
    store.point("syml", PLAIN, &relative("foo"));
    let stop = store.stop("syml");
    assert_eq!((stop.unparsed_len, stop.link.encode()), (0, relative("foo")));
}

fn a_client_gets_an_absolute_link_as_it_is_stored<H: Host>(store: &Store<H>) {
    for (name, target) in [("a", "/etc"), ("b", "//foo/bar"), ("c", "/")] {
        store.point(name, PLAIN, &absolute(target));
        let stop = store.stop(name);
        assert_eq!((stop.unparsed_len, stop.link.encode()), (0, absolute(target)), "{target}");
    }
}

/// How smb2symlink.py makes its links: FILE_OPEN_IF with the flag, on what is not there yet or is a link already.
fn a_link_made_by_open_if_is_a_link<H: Host>(store: &Store<H>) {
    for target in ["foo", "bar"] {
        let access = READ | CHANGE | AccessMask::DELETE;
        let id = store.open_as("syml", access, ITSELF, OPEN_IF).unwrap().id;
        assert_eq!(store.set(id, &relative(target)), NtStatus::SUCCESS);
        store.close(id);
        assert!(matches!(store.open_for_client("syml", PLAIN), Err(OpenError::StoppedOnSymlink(_))));
        assert_eq!(store.point_of("syml"), Ok(relative(target)));
    }
}

fn nttrans_reading_a_plain_file_says_it_is_no_reparse_point<H: Host>(store: &Store<H>) {
    let id = store.made("file", CHANGE, PLAIN);
    assert_eq!(store.control(id, FsctlCode::GET_REPARSE_POINT, &[], 16), NtStatus::NOT_A_REPARSE_POINT);
}

fn nttrans_setting_nothing_is_an_invalid_size<H: Host>(store: &Store<H>) {
    let id = store.made("file", CHANGE, PLAIN);
    assert_eq!(store.control(id, FsctlCode::SET_REPARSE_POINT, &[], 0), NtStatus::INVALID_BUFFER_SIZE);
}
