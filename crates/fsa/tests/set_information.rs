//! Attributes, times, deletion, renames, links and lengths, of files and of links themselves. semantics 2.5 and 3.5;
//! [MS-FSA] 2.1.5.15
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::cast_possible_truncation)] // a test that cannot go on fails
mod store;

use fsa::{OpenId, Requester};
use nt::{AccessMask, CreateOptions, FileInformationClass as Class, NtStatus};
use store::{ITSELF, PLAIN, Store, junction, relative, utf16};

const ALL: AccessMask = AccessMask(0x001F_01FF);
const SHOWN: AccessMask = AccessMask::FILE_READ_ATTRIBUTES;

fn set(store: &Store, id: OpenId, class: Class, input: &[u8]) -> NtStatus {
    set_as(store, Requester::Local, id, class, input)
}

fn set_as(store: &Store, requester: Requester, id: OpenId, class: Class, input: &[u8]) -> NtStatus {
    match store.volume.set_information(&store.cx, requester, id, class, input) {
        Ok(()) => NtStatus::SUCCESS,
        Err(refusal) => refusal.status,
    }
}

fn basic(times: [i64; 4], attributes: u32) -> Vec<u8> {
    let mut bytes: Vec<u8> = times.iter().flat_map(|time| time.to_le_bytes()).collect();
    bytes.extend_from_slice(&attributes.to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes
}

fn shown(store: &Store, path: &str) -> ([i64; 4], u32) {
    let id = store.open(path, SHOWN, ITSELF);
    let bytes = store.volume.query_information(id, Class::BASIC_INFORMATION, 40).unwrap().bytes;
    store.close(id);
    let time = |n: usize| i64::from_le_bytes(bytes[8 * n..8 * n + 8].try_into().unwrap());
    ([time(0), time(1), time(2), time(3)], u32::from_le_bytes(bytes[32..36].try_into().unwrap()))
}

fn new_name(flags: u32, name: &str) -> Vec<u8> {
    let name: Vec<u8> = utf16(name).iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let mut bytes = flags.to_le_bytes().to_vec();
    bytes.extend_from_slice(&[0; 12]);
    bytes.extend_from_slice(&(name.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&name);
    bytes.resize(bytes.len().max(24), 0);
    bytes
}

fn rename(store: &Store, path: &str, flags: u32, name: &str) -> NtStatus {
    let id = store.open(path, AccessMask::DELETE | AccessMask::SYNCHRONIZE, ITSELF);
    let status = set(store, id, Class::RENAME_INFORMATION, &new_name(flags, name));
    store.close(id);
    status
}

fn exists(store: &Store, path: &str) -> bool {
    store.opening(path, ITSELF) == NtStatus::SUCCESS
}

/// WinBtrfs, fileinfo; Wine, test_reparse_points: SetFileAttributes on a link
#[test]
fn the_reparse_point_bit_is_neither_set_nor_cleared_with_the_attributes() {
    let store = Store::new();
    store.file("plain");
    store.file("link");
    store.put("link", &relative("plain"));
    for path in ["plain", "link"] {
        let id = store.open(path, AccessMask::FILE_WRITE_ATTRIBUTES, ITSELF);
        let before = shown(&store, path).1 & 0x400;
        assert_eq!(set(&store, id, Class::BASIC_INFORMATION, &basic([0; 4], 0x402)), NtStatus::SUCCESS);
        assert_eq!(shown(&store, path).1, before | 2, "{path}: hidden, and as before");
        assert_eq!(set(&store, id, Class::BASIC_INFORMATION, &basic([0; 4], 0x80)), NtStatus::SUCCESS);
        assert_eq!(shown(&store, path).1 & 0x400, before, "{path}");
    }
    assert_eq!(shown(&store, "link").1, 0x400);
    assert_eq!(shown(&store, "plain").1, 0x80);
}

/// Wine, test_reparse_points; smbprotocol, utime(follow_symlinks=False)
#[test]
fn times_set_through_a_link_opened_itself_are_the_links() {
    let store = Store::new();
    store.file("target");
    store.file("link");
    store.put("link", &relative("target"));
    let before = shown(&store, "target").0;
    let id = store.open("link", AccessMask::FILE_WRITE_ATTRIBUTES, ITSELF);
    let times = [130_000_000_000_000_000, 130_000_000_010_000_000, 130_000_000_020_000_000, 0];
    assert_eq!(set(&store, id, Class::BASIC_INFORMATION, &basic(times, 0)), NtStatus::SUCCESS);
    assert_eq!(shown(&store, "link").0[..3], times[..3]);
    assert_eq!(shown(&store, "target").0, before);
    assert!(store.point_of("link").is_ok());
}

/// [MS-FSA] 2.1.5.15.2
#[test]
fn times_of_zero_and_minus_one_change_nothing_and_below_minus_two_is_refused() {
    let store = Store::new();
    store.file("file");
    let id = store.open("file", AccessMask::FILE_WRITE_ATTRIBUTES, PLAIN);
    let before = shown(&store, "file").0;
    for value in [0, -1, -2] {
        assert_eq!(set(&store, id, Class::BASIC_INFORMATION, &basic([value; 4], 0)), NtStatus::SUCCESS);
        assert_eq!(shown(&store, "file").0[..3], before[..3]);
    }
    for position in 0..4 {
        let mut times = [0; 4];
        times[position] = -3;
        assert_eq!(set(&store, id, Class::BASIC_INFORMATION, &basic(times, 0)), NtStatus::INVALID_PARAMETER);
    }
    assert_eq!(
        set(&store, id, Class::BASIC_INFORMATION, &basic([0; 4], 0)[..39]),
        NtStatus::INFO_LENGTH_MISMATCH
    );
}

#[test]
fn a_pinned_time_survives_writes_of_the_same_open() {
    let store = Store::new();
    store.file("file");
    let id = store.open("file", AccessMask::FILE_WRITE_ATTRIBUTES | AccessMask::FILE_WRITE_DATA, PLAIN);
    let time = 130_000_000_000_000_000;
    assert_eq!(set(&store, id, Class::BASIC_INFORMATION, &basic([0, 0, time, 0], 0)), NtStatus::SUCCESS);
    store.volume.write(id, 0, b"data").unwrap();
    assert_eq!(shown(&store, "file").0[2], time);
}

#[test]
fn a_file_does_not_become_a_directory_nor_a_directory_temporary() {
    let store = Store::new();
    store.file("file");
    store.dir("dir");
    let file = store.open("file", AccessMask::FILE_WRITE_ATTRIBUTES, PLAIN);
    let dir = store.open("dir", AccessMask::FILE_WRITE_ATTRIBUTES, PLAIN);
    assert_eq!(
        set(&store, file, Class::BASIC_INFORMATION, &basic([0; 4], 0x10)),
        NtStatus::INVALID_PARAMETER
    );
    assert_eq!(
        set(&store, dir, Class::BASIC_INFORMATION, &basic([0; 4], 0x100)),
        NtStatus::INVALID_PARAMETER
    );
    let blind = store.open("file", AccessMask::READ_CONTROL, PLAIN);
    assert_eq!(set(&store, blind, Class::BASIC_INFORMATION, &basic([0; 4], 2)), NtStatus::ACCESS_DENIED);
}

/// Wine, test_reparse_points: DeleteFile and RemoveDirectory act on the link; its target has entries
#[test]
fn deleting_a_link_leaves_its_target_with_all_its_entries() {
    let store = Store::new();
    store.dir("target");
    store.file(r"target\file");
    store.dir("junction");
    store.put("junction", &junction(r"\??\C:\target"));
    let id = store.open("junction", AccessMask::DELETE, ITSELF);
    assert_eq!(set(&store, id, Class::DISPOSITION_INFORMATION, &[1]), NtStatus::SUCCESS);
    assert!(exists(&store, "target"));
    store.close(id);
    assert!(!exists(&store, "junction") && exists(&store, r"target\file"));
}

/// [MS-FSA] 2.1.5.15.3
#[test]
fn a_deletion_can_be_taken_back_before_the_last_close() {
    let store = Store::new();
    store.file("file");
    let id = store.open("file", AccessMask::DELETE, PLAIN);
    assert_eq!(set(&store, id, Class::DISPOSITION_INFORMATION, &[1]), NtStatus::SUCCESS);
    assert_eq!(store.opening("file", PLAIN), NtStatus::DELETE_PENDING);
    let standard = store.volume.query_information(id, Class::STANDARD_INFORMATION, 24).unwrap().bytes;
    assert_eq!((standard[16], standard[20]), (0, 1), "no name that is not deleted, and going away");
    assert_eq!(set(&store, id, Class::DISPOSITION_INFORMATION, &[0]), NtStatus::SUCCESS);
    store.close(id);
    assert!(exists(&store, "file"));
}

#[test]
fn a_directory_with_entries_and_a_read_only_file_are_not_deleted() {
    let store = Store::new();
    store.dir("dir");
    store.file(r"dir\file");
    let dir = store.open("dir", AccessMask::DELETE, PLAIN);
    assert_eq!(set(&store, dir, Class::DISPOSITION_INFORMATION, &[1]), NtStatus::DIRECTORY_NOT_EMPTY);
    let file = store.open(r"dir\file", AccessMask::DELETE | AccessMask::FILE_WRITE_ATTRIBUTES, PLAIN);
    assert_eq!(set(&store, file, Class::BASIC_INFORMATION, &basic([0; 4], 1)), NtStatus::SUCCESS);
    assert_eq!(set(&store, file, Class::DISPOSITION_INFORMATION, &[1]), NtStatus::CANNOT_DELETE);
    let ex = |flags: u32| set(&store, file, Class::DISPOSITION_INFORMATION_EX, &flags.to_le_bytes());
    assert_eq!(ex(0x01), NtStatus::CANNOT_DELETE);
    assert_eq!(ex(0x09), NtStatus::NOT_SUPPORTED, "it was not opened to be deleted on close");
    assert_eq!(ex(0x8000_0001), NtStatus::NOT_SUPPORTED);
    assert_eq!(ex(0x11), NtStatus::SUCCESS, "the attribute ignored by who may write it");
    store.close(file);
    assert!(!exists(&store, r"dir\file"));
    let blind = store.open("dir", SHOWN, PLAIN);
    assert_eq!(set(&store, blind, Class::DISPOSITION_INFORMATION, &[1]), NtStatus::ACCESS_DENIED);
    let root = store.open("", AccessMask::DELETE, PLAIN);
    assert_eq!(set(&store, root, Class::DISPOSITION_INFORMATION, &[1]), NtStatus::CANNOT_DELETE);
}

/// Wine, test_reparse_points: MoveFile; semantics 3.5
#[test]
fn renaming_a_link_moves_the_link_and_its_point() {
    let store = Store::new();
    store.dir("dir");
    store.file_with("target", b"data");
    store.file("link");
    store.put("link", &relative("target"));
    let point = store.point_of("link");
    assert_eq!(rename(&store, "link", 0, r"\dir\moved"), NtStatus::SUCCESS);
    assert!(!exists(&store, "link") && exists(&store, "target"));
    assert_eq!(store.point_of(r"dir\moved"), point);
}

/// [MS-FSA] 2.1.5.15.12: the rename works on directory entries
#[test]
fn renaming_over_a_link_replaces_the_link_and_never_its_target() {
    let store = Store::new();
    store.file_with("target", b"target");
    store.file_with("other", b"other");
    store.file("link");
    store.put("link", &relative("target"));
    assert_eq!(rename(&store, "other", 0, "link"), NtStatus::OBJECT_NAME_COLLISION);
    assert_eq!(rename(&store, "other", 1, "link"), NtStatus::SUCCESS);
    assert_eq!(store.read_through("link").unwrap(), b"other");
    assert_eq!(store.read_through("target").unwrap(), b"target");
    assert_eq!(store.point_of("link"), Err(NtStatus::NOT_A_REPARSE_POINT));
}

#[test]
fn what_is_open_read_only_or_a_directory_is_not_replaced() {
    let store = Store::new();
    store.file("file");
    store.dir("dir");
    assert_eq!(rename(&store, "file", 1, "dir"), NtStatus::ACCESS_DENIED);
    store.file("readonly");
    let id = store.open("readonly", AccessMask::FILE_WRITE_ATTRIBUTES, PLAIN);
    assert_eq!(set(&store, id, Class::BASIC_INFORMATION, &basic([0; 4], 1)), NtStatus::SUCCESS);
    store.close(id);
    assert_eq!(rename(&store, "file", 1, "readonly"), NtStatus::ACCESS_DENIED);
    store.file_with("busy", b"old");
    let busy = store.open("busy", AccessMask::FILE_READ_DATA, PLAIN);
    assert_eq!(rename(&store, "file", 1, "busy"), NtStatus::ACCESS_DENIED);
    // With POSIX semantics the open file lives on without its name.
    let id = store.open("file", AccessMask::DELETE | AccessMask::SYNCHRONIZE, PLAIN);
    assert_eq!(set(&store, id, Class::RENAME_INFORMATION_EX, &new_name(3, "busy")), NtStatus::SUCCESS);
    assert_eq!(store.volume.read(busy, 0, 10), Ok(b"old".to_vec()));
    assert_eq!(set(&store, id, Class::DISPOSITION_INFORMATION, &[1]), NtStatus::SUCCESS);
    store.close(busy);
    assert_eq!(store.opening("busy", PLAIN), NtStatus::DELETE_PENDING, "the name is the other file's now");
}

#[test]
fn a_rename_can_change_the_case_alone_and_is_seen_by_every_open() {
    let store = Store::new();
    store.file("name");
    let other = store.open("name", SHOWN, PLAIN);
    assert_eq!(rename(&store, "name", 0, "NAME"), NtStatus::SUCCESS);
    let shown = store.volume.query_information(other, Class::NAME_INFORMATION, 100).unwrap().bytes;
    assert_eq!(nt::Utf16::from_le_bytes(&shown[4..]).unwrap().to_string(), r"\NAME");
}

/// [MS-FSA] 2.1.4.2 and 2.1.5.15.12
#[test]
fn a_directory_with_something_open_below_is_not_renamed() {
    let store = Store::new();
    store.dir("dir");
    store.file(r"dir\file");
    let below = store.open(r"dir\file", SHOWN, PLAIN);
    assert_eq!(rename(&store, "dir", 0, "other"), NtStatus::ACCESS_DENIED);
    store.close(below);
    assert_eq!(rename(&store, "dir", 0, "other"), NtStatus::SUCCESS);
    assert!(exists(&store, r"other\file"));
}

/// [MS-FSA] 2.1.5.15.12
#[test]
fn new_names_are_read_as_their_sender_means_them() {
    let store = Store::new();
    store.dir("dir");
    store.file("file");
    let id = store.open("file", AccessMask::DELETE | AccessMask::SYNCHRONIZE, PLAIN);
    let local = |name| set(&store, id, Class::RENAME_INFORMATION, &new_name(0, name));
    let remote = |name| set_as(&store, Requester::Remote, id, Class::RENAME_INFORMATION, &new_name(0, name));
    assert_eq!(local(r"dir\x"), NtStatus::OBJECT_NAME_INVALID, "a simple name has no backslash");
    assert_eq!(remote(r"\dir\x"), NtStatus::INVALID_PARAMETER);
    for name in ["a*b", "a:b", "a/b"] {
        assert_eq!(remote(name), NtStatus::OBJECT_NAME_INVALID, "{name}");
    }
    assert_eq!(remote(r"missing\x"), NtStatus::OBJECT_NAME_NOT_FOUND);
    assert_eq!(remote(r"dir\x"), NtStatus::SUCCESS);
    assert_eq!(
        set(&store, id, Class::RENAME_INFORMATION, &new_name(0, "x")[..23]),
        NtStatus::INFO_LENGTH_MISMATCH
    );
    let mut odd = new_name(0, "name");
    odd[16] = 3;
    assert_eq!(set(&store, id, Class::RENAME_INFORMATION, &odd), NtStatus::INVALID_PARAMETER);
    let blind = store.open(r"dir\x", SHOWN, PLAIN);
    assert_eq!(set(&store, blind, Class::RENAME_INFORMATION, &new_name(0, "y")), NtStatus::ACCESS_DENIED);
}

/// Wine, test_reparse_points: a hard link of a symlink
#[test]
fn a_hard_link_of_a_link_is_a_second_name_of_the_link() {
    let store = Store::new();
    store.file("target");
    store.file("link");
    store.put("link", &relative("target"));
    let id = store.open("link", SHOWN, ITSELF);
    assert_eq!(set(&store, id, Class::LINK_INFORMATION, &new_name(0, "second")), NtStatus::SUCCESS);
    assert_eq!(store.point_of("second"), store.point_of("link"));
    let standard = store.volume.query_information(id, Class::STANDARD_INFORMATION, 24).unwrap().bytes;
    assert_eq!(standard[16], 2);
    let internal = |id| store.volume.query_information(id, Class::INTERNAL_INFORMATION, 8).unwrap().bytes;
    let second = store.open("second", SHOWN, ITSELF);
    assert_eq!(internal(id), internal(second));
    assert_eq!(
        set(&store, id, Class::LINK_INFORMATION, &new_name(0, "second")),
        NtStatus::OBJECT_NAME_COLLISION
    );
}

/// [MS-FSA] 2.1.5.15.7
#[test]
fn directories_have_one_name_and_a_link_can_replace_a_file() {
    let store = Store::new();
    store.dir("junction");
    store.put("junction", &junction(r"\??\C:\x"));
    let dir = store.open("junction", SHOWN, ITSELF);
    assert_eq!(
        set(&store, dir, Class::LINK_INFORMATION, &new_name(0, "second")),
        NtStatus::FILE_IS_A_DIRECTORY
    );
    store.file_with("file", b"new");
    store.file_with("old", b"old");
    let id = store.open("file", SHOWN, PLAIN);
    assert_eq!(set(&store, id, Class::LINK_INFORMATION_EX, &new_name(1, "OLD")), NtStatus::SUCCESS);
    assert_eq!(store.read_through("old").unwrap(), b"new");
}

#[test]
fn one_of_two_names_renamed_to_the_other_leaves_one() {
    let store = Store::new();
    store.file("one");
    let id = store.open("one", SHOWN, PLAIN);
    assert_eq!(set(&store, id, Class::LINK_INFORMATION, &new_name(0, "two")), NtStatus::SUCCESS);
    store.close(id);
    assert_eq!(rename(&store, "one", 0, "two"), NtStatus::SUCCESS);
    assert!(!exists(&store, "one") && exists(&store, "two"));
}

/// [MS-FSA] 2.1.5.15.1 and .5
#[test]
fn lengths_are_set_of_files_and_of_named_streams() {
    let store = Store::new();
    store.file_with("file", b"123456");
    let id = store.open("file", AccessMask::FILE_WRITE_DATA | AccessMask::FILE_READ_DATA, PLAIN);
    let end = |id, size: i64| set(&store, id, Class::END_OF_FILE_INFORMATION, &size.to_le_bytes());
    assert_eq!(end(id, 3), NtStatus::SUCCESS);
    assert_eq!(store.volume.read(id, 0, 10), Ok(b"123".to_vec()));
    assert_eq!(end(id, -1), NtStatus::INVALID_PARAMETER);
    assert_eq!(set(&store, id, Class::ALLOCATION_INFORMATION, &0i64.to_le_bytes()), NtStatus::SUCCESS);
    assert_eq!(store.volume.read(id, 0, 10).map_err(|refusal| refusal.status), Err(NtStatus::END_OF_FILE));
    let stream = store.open_as(
        "file:s",
        AccessMask::FILE_WRITE_DATA | AccessMask::FILE_READ_DATA,
        PLAIN,
        nt::CreateDisposition::CREATE,
    );
    let stream = stream.unwrap().id;
    assert_eq!(end(stream, 4), NtStatus::SUCCESS);
    assert_eq!(store.volume.read(stream, 0, 10), Ok(vec![0; 4]));
    store.dir("dir");
    let dir = store.open("dir", ALL, PLAIN);
    assert_eq!(end(dir, 0), NtStatus::INVALID_PARAMETER);
}

/// WinBtrfs, reparse5: truncating makes a symlink possible
#[test]
fn truncating_makes_room_for_a_symbolic_link() {
    let store = Store::new();
    store.file_with("file", b"data");
    let id = store.open("file", AccessMask::FILE_WRITE_DATA, ITSELF);
    assert_eq!(store.set(id, &relative("x")), NtStatus::IO_REPARSE_DATA_INVALID);
    assert_eq!(set(&store, id, Class::END_OF_FILE_INFORMATION, &[0; 8]), NtStatus::SUCCESS);
    assert_eq!(store.set(id, &relative("x")), NtStatus::SUCCESS);
}

#[test]
fn a_read_only_volume_changes_nothing() {
    let host = Store::new();
    host.file("file");
    let options = fsa::VolumeOptions { read_only: true, ..fsa::VolumeOptions::default() };
    let store = Store::on(host.volume.host().clone(), options);
    let id = store.open("file", SHOWN, PLAIN);
    for class in [Class::BASIC_INFORMATION, Class::DISPOSITION_INFORMATION, Class::RENAME_INFORMATION] {
        assert_eq!(set(&store, id, class, &[0; 64]), NtStatus::MEDIA_WRITE_PROTECTED, "{class:?}");
    }
}

#[test]
fn position_and_mode_belong_to_the_open() {
    let store = Store::new();
    store.file("file");
    let id = store.open("file", ALL, CreateOptions::SEQUENTIAL_ONLY);
    assert_eq!(set(&store, id, Class::POSITION_INFORMATION, &77i64.to_le_bytes()), NtStatus::SUCCESS);
    let bytes = |class| store.volume.query_information(id, class, 8).unwrap().bytes;
    assert_eq!(bytes(Class::POSITION_INFORMATION), 77i64.to_le_bytes());
    assert_eq!(bytes(Class::MODE_INFORMATION), 4u32.to_le_bytes());
    assert_eq!(set(&store, id, Class::MODE_INFORMATION, &2u32.to_le_bytes()), NtStatus::SUCCESS);
    assert_eq!(bytes(Class::MODE_INFORMATION), 2u32.to_le_bytes());
    assert_eq!(set(&store, id, Class::MODE_INFORMATION, &0x20u32.to_le_bytes()), NtStatus::INVALID_PARAMETER);
}
