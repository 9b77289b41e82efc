//! FSCTL_SET_REPARSE_POINT: what is refused and with what, and what a set changes and leaves alone.
//! Sources: Wine's dlls/ntdll/tests/file.c test_reparse_points; src/tests/reparse.cpp of maharmstone/btrfs; Samba's
//! python/samba/tests/reparsepoints.py; [MS-FSA] 2.1.5.10.37.
mod store;

use fsa::host::memory::{MemoryHost, MemoryOptions};
use fsa::{Event, VolumeKind, VolumeOptions, Why};
use nt::{
    AccessMask, CreateOptions, FileAttributes, FsctlCode, NotifyAction, NotifyFilter, NtStatus, UsnReason,
};
use store::*;

const NFS: u32 = 0x8000_0014;
const MICROSOFT_UNKNOWN: u32 = 0x8000_DEAD;
const DIRECTORY_BIT: u32 = 0x9000_CAFE;
const THIRD_PARTY: u32 = 0x0000_BEEF;

#[test]
fn no_input_at_all_is_a_wrong_buffer_size() {
    let store = Store::new();
    store.file("f");
    let id = store.open("f", CHANGE, ITSELF);
    assert_eq!(store.set(id, &[]), NtStatus::INVALID_BUFFER_SIZE);
}

#[test]
fn filler_of_any_short_length_and_a_byte_more_or_less_are_invalid_data() {
    let store = Store::new();
    store.file("f");
    let id = store.open("f", CHANGE, ITSELF);
    for len in 1..15 {
        assert_eq!(store.set(id, &vec![0; len]), NtStatus::IO_REPARSE_DATA_INVALID, "{len} bytes");
    }
    let exact = opaque(NFS, b"12345678");
    let longer = [exact.as_slice(), &[0]].concat();
    assert_eq!(store.set(id, &longer), NtStatus::IO_REPARSE_DATA_INVALID);
    assert_eq!(store.set(id, &exact[..exact.len() - 1]), NtStatus::IO_REPARSE_DATA_INVALID);
    assert_eq!(store.set(id, &exact), NtStatus::SUCCESS);
}

#[test]
fn an_output_buffer_is_an_invalid_parameter() {
    let store = Store::new();
    store.file("f");
    let id = store.open("f", CHANGE, ITSELF);
    let status = store.control(id, FsctlCode::SET_REPARSE_POINT, &opaque(NFS, b""), 1);
    assert_eq!(status, NtStatus::INVALID_PARAMETER);
}

#[test]
fn sixteen_kibibytes_are_the_most_header_included() {
    let store = Store::new();
    store.file("f");
    let id = store.open("f", CHANGE, ITSELF);
    let largest = opaque(MICROSOFT_UNKNOWN, &vec![7; 16_384 - 8]);
    assert_eq!(store.set(id, &largest), NtStatus::SUCCESS);
    assert_eq!(store.get(id), Ok(largest));
    let larger = opaque(MICROSOFT_UNKNOWN, &vec![7; 16_384 - 7]);
    assert_eq!(store.set(id, &larger), NtStatus::IO_REPARSE_DATA_INVALID);
}

#[test]
fn the_largest_point_fits_where_attributes_have_little_room() {
    let store = Store::on(MemoryHost::new(MemoryOptions::LIKE_EXT4), VolumeOptions::default());
    store.file("f");
    let largest = opaque(MICROSOFT_UNKNOWN, &vec![7; 16_384 - 8]);
    store.put("f", &largest);
    assert_eq!(store.point_of("f"), Ok(largest));
}

#[test]
fn any_one_right_to_change_is_enough_and_reading_is_not() {
    let store = Store::new();
    store.file("f");
    store.dir("d");
    for path in ["f", "d"] {
        for right in
            [AccessMask::FILE_WRITE_DATA, AccessMask::FILE_WRITE_ATTRIBUTES, AccessMask::FILE_APPEND_DATA]
        {
            let id = store.open(path, right, ITSELF);
            assert_eq!(store.set(id, &opaque(NFS, b"")), NtStatus::SUCCESS, "{path} {right:?}");
            store.close(id);
        }
        let id = store.open(path, AccessMask::FILE_READ_DATA | AccessMask::FILE_WRITE_EA, ITSELF);
        assert_eq!(store.set(id, &opaque(NFS, b"")), NtStatus::ACCESS_DENIED);
        store.close(id);
    }
}

#[test]
fn the_privilege_is_needed_for_symbolic_links_only() {
    let store = Store::new().without_privileges();
    store.file("f");
    store.dir("d");
    let file = store.open("f", CHANGE, ITSELF);
    assert_eq!(store.set(file, &relative("t")), NtStatus::PRIVILEGE_NOT_HELD);
    assert_eq!(store.set(file, &opaque(MICROSOFT_UNKNOWN, b"x")), NtStatus::SUCCESS);
    let dir = store.open("d", CHANGE, ITSELF);
    assert_eq!(store.set(dir, &relative("t")), NtStatus::PRIVILEGE_NOT_HELD);
    assert_eq!(store.set(dir, &junction(r"\??\C:\t")), NtStatus::SUCCESS);
}

#[test]
fn the_privilege_counts_as_it_was_at_the_open() {
    let mut store = Store::new();
    store.file("f");
    let id = store.open("f", CHANGE, ITSELF);
    store = store.without_privileges();
    assert_eq!(store.set(id, &relative("t")), NtStatus::SUCCESS);
}

#[test]
fn a_mount_point_needs_a_directory_and_a_stream_of_one_is_none() {
    let store = Store::new();
    store.file("f");
    store.dir("d");
    let point = junction(r"\??\C:\t");
    let file = store.open("f", CHANGE, ITSELF);
    assert_eq!(store.set(file, &point), NtStatus::NOT_A_DIRECTORY);
    let create = nt::CreateDisposition::CREATE;
    let stream = store.open_as("d:s", CHANGE | AccessMask::FILE_WRITE_DATA, ITSELF, create).unwrap().id;
    assert_eq!(store.set(stream, &point), NtStatus::NOT_A_DIRECTORY);
    assert_eq!(store.set(stream, &relative("t")), NtStatus::SUCCESS);
    assert_eq!(store.point_of("d"), Ok(relative("t")));
}

#[test]
fn through_a_streams_handle_the_whole_file_gets_the_tag() {
    let store = Store::new();
    store.file("f");
    let create = nt::CreateDisposition::CREATE;
    let id = store.open_as("f:s", CHANGE, ITSELF, create).unwrap().id;
    assert_eq!(store.set(id, &opaque(MICROSOFT_UNKNOWN, b"x")), NtStatus::SUCCESS);
    store.close(id);
    assert_eq!(store.opening("f", PLAIN), NtStatus::IO_REPARSE_TAG_NOT_HANDLED);
    assert_eq!(store.opening("f:s", PLAIN), NtStatus::IO_REPARSE_TAG_NOT_HANDLED);
    assert_eq!(store.opening("f:s", ITSELF), NtStatus::SUCCESS);
}

#[test]
fn a_directory_with_entries_takes_only_tags_with_the_directory_bit() {
    let store = Store::new();
    store.dir("d");
    store.file(r"d\f");
    let id = store.open("d", CHANGE, ITSELF);
    for point in [junction(r"\??\C:\t"), relative("t"), third_party(THIRD_PARTY, OWNER, b"")] {
        assert_eq!(store.set(id, &point), NtStatus::DIRECTORY_NOT_EMPTY);
    }
    assert_eq!(store.set(id, &opaque(DIRECTORY_BIT, b"x")), NtStatus::SUCCESS);
    assert_eq!(store.opening("d", PLAIN), NtStatus::SUCCESS);
    assert_eq!(store.opening(r"d\f", PLAIN), NtStatus::SUCCESS);
}

#[test]
fn a_symbolic_link_is_refused_on_data_and_data_may_come_later() {
    let store = Store::new();
    store.file_with("f", &[1; 4096]);
    let id = store.open("f", CHANGE | AccessMask::FILE_WRITE_DATA | AccessMask::FILE_READ_DATA, ITSELF);
    assert_eq!(store.set(id, &relative("t")), NtStatus::IO_REPARSE_DATA_INVALID);
    store.close(id);
    store.file("g");
    store.put("g", &relative("t"));
    let id = store.open("g", AccessMask::FILE_WRITE_DATA | AccessMask::FILE_READ_DATA, ITSELF);
    store.volume.write(id, 0, b"later").unwrap();
    assert_eq!(store.delete(id, &opaque(0xA000_000C, b"")), NtStatus::SUCCESS);
    assert_eq!(store.volume.read(id, 0, 99).unwrap(), b"later");
}

#[test]
fn other_tags_leave_the_data_where_they_are() {
    let store = Store::new();
    store.file_with("f", b"kept");
    store.put("f", &third_party(THIRD_PARTY, OWNER, b"x"));
    let id = store.open("f", AccessMask::FILE_READ_DATA, ITSELF);
    assert_eq!(store.volume.read(id, 0, 99).unwrap(), b"kept");
}

#[test]
fn the_same_tag_replaces_the_data_and_another_is_a_mismatch() {
    let store = Store::new();
    store.dir("d");
    let id = store.open("d", CHANGE, ITSELF);
    assert_eq!(store.set(id, &junction(r"\??\C:\one")), NtStatus::SUCCESS);
    assert_eq!(store.set(id, &junction(r"\??\C:\two")), NtStatus::SUCCESS);
    assert_eq!(store.get(id), Ok(junction(r"\??\C:\two")));
    assert_eq!(store.set(id, &relative("t")), NtStatus::IO_REPARSE_TAG_MISMATCH);
    assert_eq!(store.get(id), Ok(junction(r"\??\C:\two")));
}

#[test]
fn a_third_partys_tag_needs_its_guid_and_keeps_its_owner() {
    let store = Store::new();
    store.file("f");
    let id = store.open("f", CHANGE, ITSELF);
    assert_eq!(store.set(id, &opaque(THIRD_PARTY, b"x")), NtStatus::IO_REPARSE_DATA_INVALID);
    assert_eq!(store.set(id, &third_party(THIRD_PARTY, OWNER, b"one")), NtStatus::SUCCESS);
    assert_eq!(store.set(id, &third_party(THIRD_PARTY, OWNER, b"two")), NtStatus::SUCCESS);
    let other = nt::Guid([8; 16]);
    let conflict = store.set(id, &third_party(THIRD_PARTY, other, b"three"));
    assert_eq!(conflict, NtStatus::REPARSE_ATTRIBUTE_CONFLICT);
    let mismatch = store.set(id, &third_party(THIRD_PARTY + 1, OWNER, b"three"));
    assert_eq!(mismatch, NtStatus::IO_REPARSE_TAG_MISMATCH);
    assert_eq!(store.get(id), Ok(third_party(THIRD_PARTY, OWNER, b"two")));
}

#[test]
fn an_empty_target_is_refused_when_it_is_set() {
    let store = Store::new();
    store.file("f");
    let id = store.open("f", CHANGE, ITSELF);
    let empty = opaque(0xA000_000C, &[0; 12]);
    assert_eq!(store.set(id, &empty), NtStatus::IO_REPARSE_DATA_INVALID);
}

#[test]
fn a_target_need_not_exist_nor_make_sense() {
    let store = Store::new();
    store.file("f");
    store.put("f", &absolute(r"Q:<>|*?"));
    assert_eq!(store.point_of("f"), Ok(absolute(r"Q:<>|*?")));
}

#[test]
fn every_open_of_the_file_sees_the_tag_at_once() {
    let store = Store::new();
    store.dir("d");
    let before = store.open("d", AccessMask::READ_CONTROL, PLAIN);
    store.put("d", &junction(r"\??\C:\t"));
    assert_eq!(store.get(before), Ok(junction(r"\??\C:\t")));
}

#[test]
fn a_set_changes_the_attribute_and_the_change_time_and_nothing_else() {
    use fsa::host::Host;
    let store = Store::new();
    store.file("f");
    let (node, _) = store.volume.host().lookup(&store.volume.host().root(), &utf16("f")).unwrap().unwrap();
    fsa::host::meta::set_attributes(store.volume.host(), &node, FileAttributes::NORMAL).unwrap();
    let before = store.volume.host().stat(&node).unwrap();
    store.put("f", &relative("t"));
    let after = store.volume.host().stat(&node).unwrap();
    assert_eq!(store.attributes("f"), FileAttributes::REPARSE_POINT, "and no ARCHIVE");
    assert_eq!((after.id, after.modified), (before.id, before.modified));
    assert!(after.changed > before.changed);
}

#[test]
fn a_new_file_shows_archive_beside_the_reparse_point() {
    let store = Store::new();
    store.file("f");
    store.put("f", &relative("t"));
    assert_eq!(store.attributes("f"), FileAttributes::ARCHIVE | FileAttributes::REPARSE_POINT);
}

#[test]
fn names_eas_identity_and_opens_survive_a_set_and_a_delete() {
    use fsa::host::{Host, meta};
    let store = Store::new();
    store.file("f");
    let host = store.volume.host();
    let node = host.lookup(&host.root(), &utf16("f")).unwrap().unwrap().0;
    host.link(&node, &host.root(), &utf16("second name")).unwrap();
    meta::ea_set(host, &node, b"BEFORE", b"1").unwrap();
    let held = store.open("second name", AccessMask::FILE_READ_DATA | AccessMask::FILE_WRITE_DATA, PLAIN);
    let id = store.volume.open_of(held).unwrap().file.id();
    store.put("f", &relative("t"));
    meta::ea_set(host, &node, b"AFTER", b"2").unwrap();
    assert_eq!(store.point_of("second name"), Ok(relative("t")));
    assert_eq!(store.get(held), Ok(relative("t")));
    store.volume.write(held, 0, b"through the old handle").unwrap();
    assert_eq!(store.delete(held, &opaque(0xA000_000C, b"")), NtStatus::SUCCESS);
    let stat = host.stat(&node).unwrap();
    assert_eq!((stat.id, stat.links), (id, 2));
    let names: Vec<Vec<u8>> = meta::ea_list(host, &node).unwrap().into_iter().map(|ea| ea.name).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(store.read_through("f"), Ok(b"through the old handle".to_vec()));
}

#[test]
fn watchers_hear_of_it_and_the_journal_at_close_again() {
    let store = Store::new();
    store.file("f");
    store.volume.take_events();
    store.put("f", &relative("t"));
    let path: nt::Utf16 = r"\f".into();
    let events = store.volume.take_events();
    let reasons: Vec<UsnReason> = events
        .iter()
        .filter_map(|event| match event {
            Event::Usn { reason, .. } => Some(*reason),
            _ => None,
        })
        .collect();
    assert!(events.contains(&Event::Notify {
        filter: NotifyFilter::ATTRIBUTES,
        action: NotifyAction::MODIFIED,
        path
    }));
    let changed = UsnReason::REPARSE_POINT_CHANGE;
    assert_eq!(reasons, [changed, changed | UsnReason::CLOSE]);
}

#[test]
fn the_flags_that_belong_to_the_system_are_not_kept() {
    let store = Store::new();
    store.file("f");
    store.put("f", &symlink("t", "t", 0x8000_0001));
    assert_eq!(store.point_of("f"), Ok(symlink("t", "t", 1)));
}

#[test]
fn volumes_of_other_kinds_have_no_reparse_points() {
    for kind in [VolumeKind::Fat, VolumeKind::CsvFs] {
        let store = Store::with(VolumeOptions { kind, ..VolumeOptions::default() });
        store.file("f");
        let id = store.open("f", CHANGE, ITSELF);
        assert_eq!(store.set(id, &relative("t")), NtStatus::INVALID_DEVICE_REQUEST);
        assert_eq!(store.get(id), Err(NtStatus::INVALID_DEVICE_REQUEST));
        assert_eq!(store.delete(id, &opaque(NFS, b"")), NtStatus::INVALID_DEVICE_REQUEST);
    }
    let store = Store::with(VolumeOptions { kind: VolumeKind::Refs, ..VolumeOptions::default() });
    store.file("f");
    store.put("f", &relative("t"));
    let id = store.open("f", CHANGE, ITSELF);
    assert_eq!(store.delete(id, &opaque(0xA000_000C, b"")), NtStatus::SUCCESS);
}

#[test]
fn a_read_only_volume_is_write_protected_after_shape_and_right_were_found_good() {
    let host = MemoryHost::new(MemoryOptions::default());
    let writable = Store::on(host.clone(), VolumeOptions::default());
    writable.file("f");
    let store = Store::on(host, VolumeOptions { read_only: true, ..VolumeOptions::default() });
    let id = store.open("f", CHANGE, ITSELF);
    assert_eq!(store.set(id, &[1]), NtStatus::IO_REPARSE_DATA_INVALID);
    assert_eq!(store.set(id, &relative("t")), NtStatus::MEDIA_WRITE_PROTECTED);
    let reader = store.open("f", AccessMask::FILE_READ_DATA, ITSELF);
    assert_eq!(store.set(reader, &relative("t")), NtStatus::ACCESS_DENIED);
}

#[test]
fn when_two_things_are_wrong_the_first_in_the_order_is_told() {
    let store = Store::new().without_privileges();
    store.file_with("f", b"data");
    // A mount point on a file, before anything about the privilege; the privilege, before the data.
    let id = store.open("f", CHANGE, ITSELF);
    assert_eq!(store.set(id, &junction(r"\??\C:\t")), NtStatus::NOT_A_DIRECTORY);
    assert_eq!(store.set(id, &relative("t")), NtStatus::PRIVILEGE_NOT_HELD);
    // No input, before an output buffer; an output buffer, before the input's shape; the shape, before the right.
    let reader = store.open("f", AccessMask::FILE_READ_ATTRIBUTES, ITSELF);
    let set = FsctlCode::SET_REPARSE_POINT;
    assert_eq!(store.control(reader, set, &[], 1), NtStatus::INVALID_BUFFER_SIZE);
    assert_eq!(store.control(reader, set, &[1], 1), NtStatus::INVALID_PARAMETER);
    assert_eq!(store.control(reader, set, &[1], 0), NtStatus::IO_REPARSE_DATA_INVALID);
}

#[test]
fn a_refusal_says_why_and_what_to_do() {
    let store = Store::new();
    store.file_with("f", &[0; 5]);
    let id = store.open("f", CHANGE, ITSELF);
    let refusal = store.volume.fs_control(id, FsctlCode::SET_REPARSE_POINT, &relative("t"), 0).unwrap_err();
    assert_eq!(refusal.why, Why::LinkOnData { size: 5 });
    assert!(refusal.to_string().contains("5 bytes"), "{refusal}");
    assert!(refusal.next_step().is_some_and(|step| step.contains("truncate")));
}

#[test]
fn a_closed_open_is_told_so() {
    let store = Store::new();
    store.file("f");
    let id = store.open("f", CHANGE, ITSELF);
    store.close(id);
    assert_eq!(store.set(id, &relative("t")), NtStatus::FILE_CLOSED);
}

#[test]
fn a_directory_open_with_the_directory_option_can_be_set_too() {
    let store = Store::new();
    store.dir("d");
    let id = store.open("d", CHANGE, ITSELF | CreateOptions::DIRECTORY_FILE);
    assert_eq!(store.set(id, &junction(r"\??\C:\t")), NtStatus::SUCCESS);
    let not_file = store.opening("d", ITSELF | CreateOptions::NON_DIRECTORY_FILE);
    assert_eq!(not_file, NtStatus::FILE_IS_A_DIRECTORY);
}
