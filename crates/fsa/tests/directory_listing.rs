//! Listing directories, and the index of all reparse points. semantics 3.6; [MS-FSA] 2.1.5.6
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::cast_possible_truncation)] // a test that cannot go on fails
mod store;

use fsa::{DirectoryQuery, OpenId, VolumeKind, VolumeOptions};
use nt::{AccessMask, CreateOptions, FileInformationClass as Class, NtStatus, Utf16};
use store::{ITSELF, PLAIN, Store, junction, opaque, relative, utf16};

const LIST: AccessMask = AccessMask::FILE_READ_DATA;
const TAG: u32 = 0xA000_000C;

fn ask(class: Class, pattern: &[u16]) -> DirectoryQuery<'_> {
    DirectoryQuery { class, len_max: 65_536, restart: false, single: false, pattern }
}

fn query(store: &Store, id: OpenId, query: &DirectoryQuery<'_>) -> Result<Vec<u8>, NtStatus> {
    match store.volume.query_directory(id, query) {
        Ok(information) if information.status == NtStatus::SUCCESS => Ok(information.bytes),
        Ok(information) => Err(information.status),
        Err(refusal) => Err(refusal.status),
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

/// The entries of a buffer, each from its NextEntryOffset on.
fn entries(bytes: &[u8]) -> Vec<&[u8]> {
    let mut entries = Vec::new();
    let mut rest = bytes;
    loop {
        let next = u32_at(rest, 0) as usize;
        entries.push(if next == 0 { rest } else { &rest[..next] });
        if next == 0 {
            return entries;
        }
        assert_eq!(next % 8, 0);
        rest = &rest[next..];
    }
}

/// The names of a buffer of FileNamesInformation.
fn names(bytes: &[u8]) -> Vec<String> {
    let name =
        |entry: &&[u8]| Utf16::from_le_bytes(&entry[12..12 + u32_at(entry, 8) as usize]).unwrap().to_string();
    entries(bytes).iter().map(name).collect()
}

fn listed(store: &Store, path: &str, pattern: &str) -> Result<Vec<String>, NtStatus> {
    let id = store.open(path, LIST, ITSELF);
    let found = query(store, id, &ask(Class::NAMES_INFORMATION, &utf16(pattern)));
    store.close(id);
    found.map(|bytes| names(&bytes))
}

fn populated() -> Store {
    let store = Store::new();
    store.dir("d");
    for name in ["b.txt", "A.TXT", "c", "link"] {
        store.file(&format!(r"d\{name}"));
    }
    store.put(r"d\link", &relative("c"));
    store
}

#[test]
fn names_come_in_the_order_of_their_upper_case_after_the_two_dots() {
    let store = populated();
    assert_eq!(listed(&store, "d", "").unwrap(), [".", "..", "A.TXT", "b.txt", "c", "link"]);
    assert_eq!(listed(&store, "", "*").unwrap(), ["d"], "the root has no dots");
}

#[test]
fn patterns_choose_names() {
    let store = populated();
    assert_eq!(listed(&store, "d", "*.txt").unwrap(), ["A.TXT", "b.txt"]);
    assert_eq!(listed(&store, "d", "?").unwrap(), [".", "c"]);
    assert_eq!(listed(&store, "d", "B.TXT").unwrap(), ["b.txt"], "in the case that the disk has");
    assert_eq!(listed(&store, "d", "nothing"), Err(NtStatus::NO_SUCH_FILE));
    assert_eq!(listed(&store, "d", "a\\b"), Err(NtStatus::OBJECT_NAME_INVALID));
}

#[test]
fn the_first_pattern_stays_until_a_restart_brings_another() {
    let store = populated();
    let id = store.open("d", LIST, PLAIN);
    let txt = utf16("*.txt");
    let one = DirectoryQuery { single: true, ..ask(Class::NAMES_INFORMATION, &txt) };
    assert_eq!(names(&query(&store, id, &one).unwrap()), ["A.TXT"]);
    let other = utf16("c");
    let ignored = DirectoryQuery { single: true, ..ask(Class::NAMES_INFORMATION, &other) };
    assert_eq!(names(&query(&store, id, &ignored).unwrap()), ["b.txt"]);
    assert_eq!(query(&store, id, &ignored), Err(NtStatus::NO_MORE_FILES));
    let again = DirectoryQuery { restart: true, ..ask(Class::NAMES_INFORMATION, &[]) };
    assert_eq!(names(&query(&store, id, &again).unwrap()), ["A.TXT", "b.txt"]);
    let changed = DirectoryQuery { restart: true, ..ask(Class::NAMES_INFORMATION, &other) };
    assert_eq!(names(&query(&store, id, &changed).unwrap()), ["c"]);
}

#[test]
fn a_buffer_takes_whole_entries_and_the_next_query_goes_on() {
    let store = populated();
    let id = store.open("d", LIST, PLAIN);
    let small = DirectoryQuery { len_max: 50, ..ask(Class::NAMES_INFORMATION, &[]) };
    let mut all = Vec::new();
    loop {
        match query(&store, id, &small) {
            Ok(bytes) => all.extend(names(&bytes)),
            Err(status) => {
                assert_eq!(status, NtStatus::NO_MORE_FILES);
                break;
            }
        }
    }
    assert_eq!(all, [".", "..", "A.TXT", "b.txt", "c", "link"]);
}

#[test]
fn a_first_entry_that_does_not_fit_is_cut_and_comes_again() {
    let store = populated();
    let id = store.open("d", LIST, PLAIN);
    let pattern = utf16("b.txt");
    let query_in = |len_max| {
        let asked = DirectoryQuery { len_max, ..ask(Class::NAMES_INFORMATION, &pattern) };
        store.volume.query_directory(id, &asked)
    };
    assert_eq!(query_in(11).unwrap_err().status, NtStatus::INFO_LENGTH_MISMATCH);
    let cut = query_in(17).unwrap();
    assert_eq!((cut.status, cut.bytes.len(), u32_at(&cut.bytes, 8)), (NtStatus::BUFFER_OVERFLOW, 16, 10));
    assert_eq!(names(&query_in(100).unwrap().bytes), ["b.txt"]);
}

/// WinBtrfs, reparse2: six directory classes show the tag; semantics 3.6 for the others
#[test]
fn every_class_shows_the_tag_of_a_link_in_its_place() {
    let store = populated();
    let id = store.open("d", LIST, PLAIN);
    let pattern = utf16("link");
    let entry = |class| {
        let restart = DirectoryQuery { restart: true, ..ask(class, &pattern) };
        query(&store, id, &restart).unwrap_or_else(|status| panic!("{class:?}: {status}"))
    };
    for class in [
        Class::FULL_DIRECTORY_INFORMATION,
        Class::BOTH_DIRECTORY_INFORMATION,
        Class::ID_FULL_DIRECTORY_INFORMATION,
        Class::ID_BOTH_DIRECTORY_INFORMATION,
    ] {
        assert_eq!(u32_at(&entry(class), 64), TAG, "{class:?}: EaSize");
    }
    for class in [
        Class::ID_EXTD_DIRECTORY_INFORMATION,
        Class::ID_EXTD_BOTH_DIRECTORY_INFORMATION,
        Class::ID64_EXTD_DIRECTORY_INFORMATION,
        Class::ID64_EXTD_BOTH_DIRECTORY_INFORMATION,
        Class::ID_ALL_EXTD_DIRECTORY_INFORMATION,
        Class::ID_ALL_EXTD_BOTH_DIRECTORY_INFORMATION,
    ] {
        let shown = entry(class);
        assert_eq!((u32_at(&shown, 64), u32_at(&shown, 68)), (0, TAG), "{class:?}: EaSize, ReparsePointTag");
    }
    let plain = entry(Class::DIRECTORY_INFORMATION);
    assert_eq!(u32_at(&plain, 56) & 0x400, 0x400);
    assert_eq!(query(&store, id, &ask(Class::BASIC_INFORMATION, &[])), Err(NtStatus::INVALID_INFO_CLASS));
}

/// Wine, test_reparse_points
#[test]
fn the_handle_of_a_link_lists_the_two_dots_and_nothing_else() {
    let store = Store::new();
    store.dir("target");
    store.file(r"target\file");
    store.dir("junction");
    store.put("junction", &junction(r"\??\C:\target"));
    assert_eq!(listed(&store, "junction", "*").unwrap(), [".", ".."]);
    assert_eq!(listed(&store, "junction", "file"), Err(NtStatus::NO_SUCH_FILE));
}

/// WinBtrfs, reparse17: a tag with the D bit makes no difference to a directory
#[test]
fn a_directory_whose_tag_has_the_d_bit_lists_its_entries() {
    let store = Store::new();
    store.dir("cloud");
    store.file(r"cloud\file");
    store.put("cloud", &opaque(0x9000_CAFE, b"data"));
    assert_eq!(listed(&store, "cloud", "*").unwrap(), [".", "..", "file"]);
}

#[test]
fn a_listing_is_of_names_at_its_start_and_of_facts_at_its_end() {
    let store = populated();
    let id = store.open("d", LIST, PLAIN);
    let one = DirectoryQuery { single: true, ..ask(Class::NAMES_INFORMATION, &[]) };
    assert_eq!(names(&query(&store, id, &one).unwrap()), ["."]);
    store.file(r"d\aa new one");
    let gone = store.open(r"d\b.txt", AccessMask::DELETE, CreateOptions::DELETE_ON_CLOSE);
    store.close(gone);
    let rest = query(&store, id, &ask(Class::NAMES_INFORMATION, &[])).unwrap();
    assert_eq!(names(&rest), ["..", "A.TXT", "c", "link"]);
}

#[test]
fn only_directories_are_listed_and_only_by_who_may() {
    let store = populated();
    let file = store.open(r"d\c", LIST, PLAIN);
    assert_eq!(query(&store, file, &ask(Class::NAMES_INFORMATION, &[])), Err(NtStatus::INVALID_PARAMETER));
    let blind = store.open("d", AccessMask::FILE_READ_ATTRIBUTES, PLAIN);
    assert_eq!(query(&store, blind, &ask(Class::NAMES_INFORMATION, &[])), Err(NtStatus::ACCESS_DENIED));
}

const INDEX: &str = r"\$Extend\$Reparse:$R:$INDEX_ALLOCATION";
const POINTS: Class = Class::REPARSE_POINT_INFORMATION;

/// The (file, tag) pairs of a buffer of FileReparsePointInformation.
fn points(bytes: &[u8]) -> Vec<(u64, u32)> {
    let pair = |entry: &[u8]| (u64::from_le_bytes(entry[..8].try_into().unwrap()), u32_at(entry, 8));
    bytes.chunks(16).map(pair).collect()
}

fn file_id(store: &Store, path: &str) -> u64 {
    let id = store.open(path, AccessMask::FILE_READ_ATTRIBUTES, ITSELF);
    let bytes = store.volume.query_information(id, Class::INTERNAL_INFORMATION, 8).unwrap().bytes;
    store.close(id);
    u64::from_le_bytes(bytes.try_into().unwrap())
}

fn with_points() -> Store {
    let store = Store::new();
    store.dir("d");
    for (path, point) in
        [("one", opaque(0x9000_001A, &[])), (r"d\two", relative("x")), ("three", relative("y"))]
    {
        store.file(path);
        store.put(path, &point);
    }
    store
}

/// [MS-FSA] 2.1.5.6.2; the index's key: semantics 1.6
#[test]
fn the_index_lists_every_reparse_point_by_tag_and_file() {
    let store = with_points();
    let id = store.open(INDEX, LIST, PLAIN);
    let mut links = [file_id(&store, r"d\two"), file_id(&store, "three")];
    links.sort_unstable();
    let expected = [(file_id(&store, "one"), 0x9000_001A), (links[0], TAG), (links[1], TAG)];
    assert_eq!(points(&query(&store, id, &ask(POINTS, &[])).unwrap()), expected);
    assert_eq!(query(&store, id, &ask(POINTS, &[])), Err(NtStatus::NO_MORE_FILES));
    let restart = DirectoryQuery { restart: true, single: true, ..ask(POINTS, &[]) };
    assert_eq!(points(&query(&store, id, &restart).unwrap()), expected[..1]);
}

/// [MS-FSA] 2.1.5.6.2; WPTS, QueryDirectory S12 to S22
#[test]
fn the_index_is_searched_by_the_bytes_of_a_tag() {
    let store = with_points();
    let id = store.open(INDEX, LIST, PLAIN);
    let tag = [(TAG & 0xFFFF) as u16, (TAG >> 16) as u16];
    assert_eq!(points(&query(&store, id, &ask(POINTS, &tag)).unwrap()).len(), 2);
    assert_eq!(query(&store, id, &ask(POINTS, &[1, 2])), Err(NtStatus::NO_SUCH_FILE));
    assert_eq!(
        query(&store, id, &ask(POINTS, &[1])),
        Err(NtStatus::INVALID_PARAMETER),
        "no multiple of four bytes"
    );
    let short = |len_max| query(&store, id, &DirectoryQuery { len_max, restart: true, ..ask(POINTS, &[]) });
    assert_eq!(short(11), Err(NtStatus::INFO_LENGTH_MISMATCH));
    assert_eq!(short(12), Err(NtStatus::BUFFER_OVERFLOW));
    assert_eq!(short(16).map(|bytes| bytes.len()), Ok(16));
    let empty = Store::new();
    let id = empty.open(INDEX, LIST, PLAIN);
    let restart = DirectoryQuery { restart: true, ..ask(POINTS, &[]) };
    assert_eq!(query(&empty, id, &restart), Err(NtStatus::NO_SUCH_FILE));
    assert_eq!(query(&empty, id, &ask(POINTS, &[])), Err(NtStatus::NO_MORE_FILES));
}

/// WinBtrfs, reparse2
#[test]
fn no_other_directory_lists_reparse_points() {
    let store = with_points();
    let id = store.open("d", LIST, PLAIN);
    assert_eq!(query(&store, id, &ask(POINTS, &[])), Err(NtStatus::INVALID_INFO_CLASS));
    let fat = Store::with(VolumeOptions { kind: VolumeKind::Fat, ..VolumeOptions::default() });
    let root = fat.open("", LIST, PLAIN);
    assert_eq!(query(&fat, root, &ask(POINTS, &[])), Err(NtStatus::INVALID_DEVICE_REQUEST));
}

#[test]
fn the_index_is_not_for_everyone() {
    let store = with_points().without_privileges();
    assert_eq!(store.try_open(INDEX, LIST, PLAIN), Err(NtStatus::ACCESS_DENIED));
}

/// Every open kept its snapshot of the names, so that a client with many opens of one large directory could have the server keep any
/// amount (`cargo xtask judge abuse`).
#[test]
fn a_listing_for_whose_names_there_is_no_room_goes_on_behind_the_last_that_it_gave() {
    let all = |listings_bytes_max: Option<usize>| {
        let store = Store::with(VolumeOptions { listings_bytes_max, ..VolumeOptions::default() });
        store.dir("d");
        for at in 0..60 {
            store.file(&format!(r"d\name {at:02}"));
        }
        let id = store.open("d", LIST, ITSELF);
        let other = store.open("d", LIST, ITSELF);
        let mut found = Vec::new();
        let mut room = 64;
        loop {
            let asked = DirectoryQuery { len_max: room, ..ask(Class::NAMES_INFORMATION, &[]) };
            match query(&store, id, &asked) {
                Ok(bytes) => found.extend(names(&bytes)),
                Err(NtStatus::NO_MORE_FILES) => break,
                Err(status) => panic!("{status:?}"),
            }
            // Names that come and go where the listing was, and where it will be; another listing goes its own way.
            if room < 64 + 32 * 6 {
                let options = ITSELF | CreateOptions::DELETE_ON_CLOSE;
                store.close(store.open(
                    &format!(r"d\name {:02}", 57 - room / 32),
                    AccessMask::DELETE,
                    options,
                ));
            }
            let _ = query(&store, other, &asked);
            room += 32;
        }
        assert_eq!(query(&store, id, &ask(Class::NAMES_INFORMATION, &[])), Err(NtStatus::NO_MORE_FILES));
        let again = DirectoryQuery { restart: true, ..ask(Class::NAMES_INFORMATION, &[]) };
        assert_eq!(names(&query(&store, id, &again).unwrap())[..3], [".", "..", "name 00"]);
        found
    };
    let (without, with) = (all(Some(0)), all(None));
    assert_eq!(without, with);
    assert!(with.len() > 50 && with.windows(2).all(|pair| pair[0] < pair[1]), "{with:?}");
}
