//! What the information classes show of files and of reparse points. semantics 3.6; [MS-FSA] 2.1.5.12
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::cast_possible_truncation)] // a test that cannot go on fails
mod store;

use fsa::{EaQuery, OpenId, Requester, VolumeKind, VolumeOptions};
use nt::{AccessMask, CreateOptions, FileInformationClass as Class, FsInformationClass, NtStatus};
use store::{ITSELF, PLAIN, Store, junction, opaque, relative, third_party, utf16};

const READ: AccessMask = AccessMask::FILE_READ_ATTRIBUTES;
const SYMLINK: u32 = 0xA000_000C;
const MOUNT_POINT: u32 = 0xA000_0003;
const REPARSE_POINT: u32 = 0x400;
const DIRECTORY: u32 = 0x10;

fn query(store: &Store, id: OpenId, class: Class, len: usize) -> Result<Vec<u8>, NtStatus> {
    match store.volume.query_information(id, class, len) {
        Ok(information) if information.status == NtStatus::SUCCESS => Ok(information.bytes),
        Ok(information) => Err(information.status),
        Err(refusal) => Err(refusal.status),
    }
}

fn of(store: &Store, path: &str, class: Class) -> Vec<u8> {
    let id = store.open(path, READ | AccessMask::FILE_READ_EA, ITSELF);
    let bytes = query(store, id, class, 4096).unwrap();
    store.close(id);
    bytes
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

/// Wine, test_reparse_points; WinBtrfs, reparse2
#[test]
fn a_links_attribute_and_tag_show_in_attribute_tag_information() {
    let store = Store::new();
    store.file("plain");
    assert_eq!(u32_at(&of(&store, "plain", Class::ATTRIBUTE_TAG_INFORMATION), 4), 0);
    store.file("link");
    store.put("link", &relative("plain"));
    let shown = of(&store, "link", Class::ATTRIBUTE_TAG_INFORMATION);
    assert_eq!((u32_at(&shown, 0) & REPARSE_POINT, u32_at(&shown, 4)), (REPARSE_POINT, SYMLINK));
    store.dir("junction");
    store.put("junction", &junction(r"\??\C:\plain"));
    let shown = of(&store, "junction", Class::ATTRIBUTE_TAG_INFORMATION);
    assert_eq!((u32_at(&shown, 0), u32_at(&shown, 4)), (REPARSE_POINT | DIRECTORY, MOUNT_POINT));
}

/// Wine, test_reparse_points: a second handle, opened before the set
#[test]
fn a_handle_opened_before_the_set_shows_the_tag_too() {
    let store = Store::new();
    store.file("link");
    let early = store.open("link", READ, ITSELF);
    store.put("link", &relative("target"));
    let shown = query(&store, early, Class::ATTRIBUTE_TAG_INFORMATION, 8).unwrap();
    assert_eq!(u32_at(&shown, 4), SYMLINK);
}

/// Wine, test_reparse_points: FileStandardInformation of a mount point
#[test]
fn a_mount_point_has_no_size_one_name_and_is_a_directory() {
    let store = Store::new();
    store.dir("junction");
    store.put("junction", &junction(r"\??\C:\target"));
    let shown = of(&store, "junction", Class::STANDARD_INFORMATION);
    assert_eq!((u64_at(&shown, 0), u64_at(&shown, 8), u32_at(&shown, 16)), (0, 0, 1));
    assert_eq!((shown[20], shown[21]), (0, 1), "not going away, a directory");
}

/// WinBtrfs, reparse2: attributes cleared to NORMAL, then exactly REPARSE_POINT, then NORMAL again
#[test]
fn the_attribute_comes_alone_and_goes_again() {
    let store = Store::new();
    store.file("file");
    let id = store.open("file", READ | AccessMask::FILE_WRITE_ATTRIBUTES, ITSELF);
    set_attributes(&store, id, 0x80);
    let attributes = |id| u32_at(&query(&store, id, Class::BASIC_INFORMATION, 40).unwrap(), 32);
    assert_eq!(attributes(id), 0x80);
    assert_eq!(store.set(id, &relative("target")), NtStatus::SUCCESS);
    assert_eq!(attributes(id), REPARSE_POINT);
    let request = opaque(SYMLINK, &[]);
    assert_eq!(store.delete(id, &request), NtStatus::SUCCESS);
    assert_eq!(attributes(id), 0x80);
}

fn set_attributes(store: &Store, id: OpenId, attributes: u32) {
    let mut basic = vec![0; 32];
    basic.extend_from_slice(&attributes.to_le_bytes());
    basic.extend_from_slice(&[0; 4]);
    store.volume.set_information(&store.cx, Requester::Local, id, Class::BASIC_INFORMATION, &basic).unwrap();
}

fn ea(name: &str, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 0, 0, 0, name.len() as u8];
    bytes.extend_from_slice(&(value.len() as u16).to_le_bytes());
    bytes.extend_from_slice(name.as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(value);
    bytes
}

/// WinBtrfs, reparse2 and reparse7
#[test]
fn the_length_of_the_eas_is_zero_on_a_reparse_point_though_they_are_there() {
    let store = Store::new();
    store.file("file");
    let id = store.open(
        "file",
        READ | AccessMask::FILE_WRITE_ATTRIBUTES | AccessMask::FILE_WRITE_EA | AccessMask::FILE_READ_EA,
        ITSELF,
    );
    store.volume.set_ea(id, &ea("one", b"value")).unwrap();
    let size = |id| u32_at(&query(&store, id, Class::EA_INFORMATION, 4).unwrap(), 0);
    assert_eq!(size(id), 4 + 5 + 3 + 5);
    assert_eq!(store.set(id, &relative("target")), NtStatus::SUCCESS);
    assert_eq!(size(id), 0);
    store.volume.set_ea(id, &ea("two", b"more")).unwrap();
    let list = store.volume.query_ea(id, &EaQuery { len_max: 4096, ..EaQuery::default() }).unwrap();
    assert_eq!(list.bytes[8..11], *b"ONE", "NTFS keeps names in upper case");
    let next = u32_at(&list.bytes, 0) as usize;
    assert_eq!(list.bytes[next + 8..next + 11], *b"TWO");
}

/// WinBtrfs, reparse2; the driver kit's FILE_STAT_INFORMATION
#[test]
fn stat_information_shows_the_tag_and_needs_read_attributes() {
    let store = Store::new();
    store.file("socket");
    store.put("socket", &opaque(0x8000_0023, &[]));
    let shown = of(&store, "socket", Class::STAT_INFORMATION);
    assert_eq!((shown.len(), u32_at(&shown, 60)), (72, 0x8000_0023));
    let id = store.open("socket", AccessMask::READ_CONTROL, ITSELF);
    assert_eq!(query(&store, id, Class::STAT_INFORMATION, 72), Err(NtStatus::ACCESS_DENIED));
    assert_eq!(query(&store, id, Class::STAT_INFORMATION, 71), Err(NtStatus::INFO_LENGTH_MISMATCH));
}

/// Semantics 1.5.5: what the Windows Subsystem for Linux keeps in EAs
#[test]
fn stat_lx_information_shows_what_the_lx_eas_say_and_needs_both_rights() {
    let store = Store::new();
    store.file("device");
    let id = store.open("device", AccessMask::FILE_WRITE_EA, ITSELF);
    store.volume.set_ea(id, &ea("$LXUID", &1000u32.to_le_bytes())).unwrap();
    store.volume.set_ea(id, &ea("$LXMOD", &0x2190u32.to_le_bytes())).unwrap();
    store.volume.set_ea(id, &ea("$LXDEV", &[5, 0, 0, 0, 1, 0, 0, 0])).unwrap();
    store.put("device", &opaque(0x8000_0025, &[]));
    let shown = of(&store, "device", Class::STAT_LX_INFORMATION);
    assert_eq!((shown.len(), u32_at(&shown, 60)), (96, 0x8000_0025));
    let words: Vec<u32> = (72..96).step_by(4).map(|at| u32_at(&shown, at)).collect();
    assert_eq!(words, [1 | 4 | 8, 1000, 0, 0x2190, 5, 1]);
    let id = store.open("device", READ, ITSELF);
    assert_eq!(query(&store, id, Class::STAT_LX_INFORMATION, 96), Err(NtStatus::ACCESS_DENIED));
}

#[test]
fn every_fixed_class_refuses_a_buffer_one_byte_short() {
    let store = Store::new();
    store.file("file");
    let id = store.open("file", READ | AccessMask::FILE_READ_EA, PLAIN);
    for (class, len) in [
        (Class::BASIC_INFORMATION, 40),
        (Class::STANDARD_INFORMATION, 24),
        (Class::INTERNAL_INFORMATION, 8),
        (Class::EA_INFORMATION, 4),
        (Class::ACCESS_INFORMATION, 4),
        (Class::POSITION_INFORMATION, 8),
        (Class::MODE_INFORMATION, 4),
        (Class::ALIGNMENT_INFORMATION, 4),
        (Class::COMPRESSION_INFORMATION, 16),
        (Class::NETWORK_OPEN_INFORMATION, 56),
        (Class::ATTRIBUTE_TAG_INFORMATION, 8),
        (Class::ID_INFORMATION, 24),
        (Class::STAT_INFORMATION, 72),
        (Class::STAT_LX_INFORMATION, 96),
        (Class::STAT_BASIC_INFORMATION, 104),
        (Class::CASE_SENSITIVE_INFORMATION, 4),
    ] {
        assert_eq!(query(&store, id, class, len - 1), Err(NtStatus::INFO_LENGTH_MISMATCH), "{class:?}");
        assert_eq!(query(&store, id, class, len).map(|bytes| bytes.len()), Ok(len), "{class:?}");
        assert_eq!(query(&store, id, class, 4096).map(|bytes| bytes.len()), Ok(len), "{class:?}");
    }
}

#[test]
fn a_name_that_does_not_fit_is_cut_at_a_character_and_says_so() {
    let store = Store::new();
    store.dir("directory");
    store.file(r"directory\name");
    let id = store.open(r"DIRECTORY\NAME", READ, PLAIN);
    let whole = query(&store, id, Class::NAME_INFORMATION, 4096).unwrap();
    let expected: Vec<u8> = utf16(r"\directory\name").iter().flat_map(|unit| unit.to_le_bytes()).collect();
    assert_eq!(
        (u32_at(&whole, 0) as usize, &whole[4..]),
        (expected.len(), &expected[..]),
        "as the disk spells it"
    );
    let cut = store.volume.query_information(id, Class::NAME_INFORMATION, 11).unwrap();
    assert_eq!((cut.status, cut.bytes.len()), (NtStatus::BUFFER_OVERFLOW, 10));
    assert_eq!(query(&store, id, Class::NAME_INFORMATION, 7), Err(NtStatus::INFO_LENGTH_MISMATCH));
}

#[test]
fn all_information_is_its_parts_one_after_another() {
    let store = Store::new();
    store.file_with("file", b"12345");
    let id = store.open("file", READ | AccessMask::FILE_READ_EA, PLAIN);
    let part = |class| query(&store, id, class, 4096).unwrap();
    let all = part(Class::ALL_INFORMATION);
    let parts: Vec<u8> = [
        Class::BASIC_INFORMATION,
        Class::STANDARD_INFORMATION,
        Class::INTERNAL_INFORMATION,
        Class::EA_INFORMATION,
        Class::ACCESS_INFORMATION,
        Class::POSITION_INFORMATION,
        Class::MODE_INFORMATION,
        Class::ALIGNMENT_INFORMATION,
        Class::NAME_INFORMATION,
    ]
    .into_iter()
    .flat_map(part)
    .collect();
    assert_eq!(all, parts);
    assert_eq!(query(&store, id, Class::ALL_INFORMATION, 103), Err(NtStatus::INFO_LENGTH_MISMATCH));
}

#[test]
fn streams_are_listed_with_the_unnamed_one_first() {
    let store = Store::new();
    store.file_with("file", b"12345");
    let made = store
        .open_as("file:side", AccessMask::FILE_WRITE_DATA, PLAIN, nt::CreateDisposition::CREATE)
        .unwrap();
    store.volume.write(made.id, 0, b"xyz").unwrap();
    let listed = of(&store, "file", Class::STREAM_INFORMATION);
    let name = |at: usize| utf16_text(&listed[at + 24..at + 24 + u32_at(&listed, at + 4) as usize]);
    assert_eq!((name(0).as_str(), u64_at(&listed, 8)), ("::$DATA", 5));
    let next = u32_at(&listed, 0) as usize;
    assert_eq!((name(next).as_str(), u64_at(&listed, next + 8)), (":side:$DATA", 3));
    assert_eq!((next % 8, u32_at(&listed, next)), (0, 0));
    let short = store.volume.query_information(made.id, Class::STREAM_INFORMATION, next).unwrap();
    assert_eq!((short.status, short.bytes.len()), (NtStatus::BUFFER_OVERFLOW, 24 + 14));
}

fn utf16_text(bytes: &[u8]) -> String {
    nt::Utf16::from_le_bytes(bytes).unwrap().to_text().unwrap()
}

/// [MS-FSA] 2.1.5.12.25, [MS-FSCC] note 87
#[test]
fn reparse_point_information_is_no_class_to_query_a_file_for() {
    for (kind, status) in [
        (VolumeKind::Ntfs, NtStatus::NOT_SUPPORTED),
        (VolumeKind::Refs, NtStatus::NOT_SUPPORTED),
        (VolumeKind::CsvFs, NtStatus::INVALID_DEVICE_REQUEST),
        (VolumeKind::Fat, NtStatus::INVALID_PARAMETER),
    ] {
        let store = Store::with(VolumeOptions { kind, ..VolumeOptions::default() });
        store.file("file");
        let id = store.open("file", READ, PLAIN);
        assert_eq!(query(&store, id, Class::REPARSE_POINT_INFORMATION, 4096), Err(status), "{kind:?}");
    }
}

/// [MS-FSCC] 2.5.1, [MS-FSA] note 171
#[test]
fn the_volume_says_whether_it_has_reparse_points() {
    for (kind, name, has) in [
        (VolumeKind::Ntfs, "NTFS", true),
        (VolumeKind::Refs, "ReFS", true),
        (VolumeKind::CsvFs, "CSVFS", false),
        (VolumeKind::Fat, "FAT32", false),
    ] {
        let store = Store::with(VolumeOptions { kind, ..VolumeOptions::default() });
        let id = store.open("", READ, CreateOptions::DIRECTORY_FILE);
        let shown = store.volume.query_volume(id, FsInformationClass::ATTRIBUTE_INFORMATION, 100).unwrap();
        assert_eq!(u32_at(&shown.bytes, 0) & 0x80 != 0, has, "{kind:?}");
        assert_eq!((u32_at(&shown.bytes, 4), utf16_text(&shown.bytes[12..])), (255, name.to_owned()));
        let cut = store.volume.query_volume(id, FsInformationClass::ATTRIBUTE_INFORMATION, 16).unwrap();
        assert_eq!((cut.status, cut.bytes.len()), (NtStatus::BUFFER_OVERFLOW, 16));
        // smb2.getinfo.qfs_buffercheck: the structure with its first character, aligned.
        let short = store.volume.query_volume(id, FsInformationClass::ATTRIBUTE_INFORMATION, 15);
        assert_eq!(short.unwrap_err().status, NtStatus::INFO_LENGTH_MISMATCH);
    }
}

#[test]
fn eas_are_given_as_they_fit_and_the_next_query_goes_on() {
    let store = Store::new();
    store.file("file");
    let id = store.open("file", AccessMask::FILE_READ_EA | AccessMask::FILE_WRITE_EA, PLAIN);
    let ask = |len_max, restart, single| {
        store.volume.query_ea(id, &EaQuery { len_max, restart, single, ..EaQuery::default() })
    };
    assert_eq!(ask(100, false, false).unwrap_err().status, NtStatus::NO_EAS_ON_FILE);
    store.volume.set_ea(id, &ea("A", b"1")).unwrap();
    store.volume.set_ea(id, &ea("B", b"2")).unwrap();
    assert_eq!(ask(10, false, false).unwrap_err().status, NtStatus::BUFFER_TOO_SMALL);
    let first = ask(11, false, false).unwrap();
    assert_eq!((first.status, first.bytes[8]), (NtStatus::BUFFER_OVERFLOW, b'A'));
    let second = ask(100, false, false).unwrap();
    assert_eq!((second.status, second.bytes[8], second.bytes.len()), (NtStatus::SUCCESS, b'B', 11));
    assert_eq!(ask(100, false, false).unwrap_err().status, NtStatus::NO_MORE_EAS);
    assert_eq!(ask(100, true, true).unwrap().bytes[8], b'A');
    let list = [&[0, 0, 0, 0, 1][..], b"b\0"].concat();
    let named = EaQuery { len_max: 100, names: Some(&list), ..EaQuery::default() };
    assert_eq!(store.volume.query_ea(id, &named).unwrap().bytes[8], b'B');
}

/// [MS-FSCC] 2.4.16; Samba keeps its own attributes from EAs likewise
#[test]
fn names_that_no_ea_can_have_are_refused_and_change_nothing() {
    let store = Store::new();
    store.file("file");
    let id = store.open("file", AccessMask::FILE_READ_EA | AccessMask::FILE_WRITE_EA, PLAIN);
    for name in ["", "a*b", "a:b", "a b=c", "\u{1}"] {
        let refused = store.volume.set_ea(id, &ea(name, b"x")).unwrap_err();
        assert_eq!(refused.status, NtStatus::INVALID_EA_NAME, "{name:?}");
    }
    for name in ["DOSATTRIB", "smbreparse", "DosStream.x:$DATA"] {
        assert!(store.volume.set_ea(id, &ea(name, b"x")).is_err(), "{name}");
    }
    let cut = &ea("name", b"value")[..15];
    assert_eq!(store.volume.set_ea(id, cut).unwrap_err().status, NtStatus::EA_LIST_INCONSISTENT);
    let ask = EaQuery { len_max: 100, ..EaQuery::default() };
    assert_eq!(store.volume.query_ea(id, &ask).unwrap_err().status, NtStatus::NO_EAS_ON_FILE);
}

#[test]
fn a_third_partys_tag_shows_like_any_other() {
    let store = Store::new();
    store.file("file");
    store.put("file", &third_party(0xBEEF, store::OWNER, b"data"));
    assert_eq!(u32_at(&of(&store, "file", Class::ATTRIBUTE_TAG_INFORMATION), 4), 0xBEEF);
}
