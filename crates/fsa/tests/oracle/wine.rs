//! Mount points and custom tags, as `test_reparse_points` of Wine's dlls/ntdll/tests/file.c finds them on Windows.
//! semantics 6.2; symbolic links are in [`super::wine_symlinks`].
use super::ask::*;
use super::scenarios;
use crate::store::{ITSELF, OWNER, PLAIN, Store, junction, third_party, utf16};
use fsa::OpenRequest;
use fsa::host::Host;
use nt::{AccessMask, FileAttributes, FileInformationClass as Class, FsctlCode, Guid, NtStatus};

scenarios! { "wine":
    reading_needs_room_before_it_needs_a_reparse_point,
    files_and_directories_are_no_reparse_points_at_first,
    a_mount_point_is_set_on_an_empty_directory_only,
    a_mount_point_is_read_in_parts_of_28_bytes_or_more,
    a_mount_point_shows_as_an_empty_directory_with_a_tag,
    a_handle_from_before_the_set_shows_the_tag,
    a_mount_point_to_no_nt_path_is_an_invalid_name,
    a_mount_point_opened_itself_is_a_directory,
    a_mount_point_is_set_again_and_leads_elsewhere,
    a_mount_points_own_listing_is_two_dots_and_its_target_lists_through_it,
    a_search_for_a_mount_point_finds_its_tag,
    below_a_mount_point_that_is_itself_open_nothing_opens,
    a_mount_point_opened_again_without_a_name_is_refused_but_for_the_flag,
    a_mount_point_to_a_file_is_not_a_directory,
    a_mount_point_to_itself_is_not_resolved,
    a_mount_point_to_its_parent_can_be_entered_over_and_over,
    deleting_wants_an_exact_header,
    deleting_names_the_tag,
    a_missing_target_is_made_but_not_by_create,
    a_custom_tag_keeps_the_files_data,
    a_custom_tag_is_read_in_parts,
    a_custom_tag_is_not_handled,
    a_custom_tag_closes_a_directory,
    a_custom_tag_is_deleted_by_its_header_alone,
    a_custom_tag_with_the_directory_bit_leaves_the_directory_open,
}

const CUSTOM: u32 = 0xBEEF;
const CUSTOM_DIRECTORY: u32 = 0x1000_BEEF;
const POINT_AND_DIRECTORY: FileAttributes =
    FileAttributes(FileAttributes::REPARSE_POINT.0 | FileAttributes::DIRECTORY.0);

/// `\here` with a directory, a file that says "file1", and an empty directory to be a mount point.
fn furnish<H: Host>(store: &Store<H>) {
    store.dir("here");
    store.dir(r"here\dir");
    store.dir(r"here\mount");
    store.file_with(r"here\file", b"file1");
}

fn mount<H: Host>(store: &Store<H>, target: &str) {
    furnish(store);
    store.put(r"here\mount", &junction(target));
}

fn reading_needs_room_before_it_needs_a_reparse_point<H: Host>(store: &Store<H>) {
    for options in [PLAIN, ITSELF] {
        let root = store.open("", AccessMask::READ_CONTROL, options);
        assert_eq!(store.get_in(root, 0), Err(NtStatus::INVALID_USER_BUFFER));
        assert_eq!(store.get_in(root, 1), Err(NtStatus::NOT_A_REPARSE_POINT));
        store.close(root);
    }
}

fn files_and_directories_are_no_reparse_points_at_first<H: Host>(store: &Store<H>) {
    furnish(store);
    for path in [r"here\file", r"here\dir"] {
        let id = store.open(path, AccessMask::FILE_WRITE_DATA, PLAIN);
        assert_eq!(store.get_in(id, 1), Err(NtStatus::NOT_A_REPARSE_POINT), "{path}");
        store.close(id);
    }
}

fn a_mount_point_is_set_on_an_empty_directory_only<H: Host>(store: &Store<H>) {
    furnish(store);
    let point = junction("foobar");
    let file = store.open(r"here\file", ALL, ITSELF);
    assert_eq!(store.set(file, &point), NtStatus::NOT_A_DIRECTORY);
    let mount = store.open(r"here\mount", ALL, ITSELF);
    store.file(r"here\mount\child");
    assert_eq!(store.set(mount, &point), NtStatus::DIRECTORY_NOT_EMPTY);
    assert_eq!(store.unlink(r"here\mount\child"), NtStatus::SUCCESS);
    assert_eq!(store.set(mount, &point), NtStatus::SUCCESS);
    assert_eq!(store.get(mount), Ok(point));
}

fn a_mount_point_is_read_in_parts_of_28_bytes_or_more<H: Host>(store: &Store<H>) {
    mount(store, "foobar");
    reads_in_parts(store, r"here\mount", &junction("foobar"));
}

/// 28 bytes are `sizeof(REPARSE_GUID_DATA_BUFFER)`.
fn reads_in_parts<H: Host>(store: &Store<H>, path: &str, point: &[u8]) {
    let id = store.open(path, AccessMask::READ_CONTROL, ITSELF);
    let size = point.len();
    assert_eq!(store.get_in(id, 27), Err(NtStatus::BUFFER_TOO_SMALL));
    for room in [28, size - 1] {
        let reply = store.get_in(id, room).unwrap();
        assert_eq!((reply.status, &reply.output[..]), (NtStatus::BUFFER_OVERFLOW, &point[..room]), "{room}");
    }
    for room in [size, size + 1] {
        let reply = store.get_in(id, room).unwrap();
        assert_eq!((reply.status, &reply.output[..]), (NtStatus::SUCCESS, point), "{room}");
    }
    store.close(id);
}

const EMPTY_DIRECTORY: Standard =
    Standard { allocated: 0, size: 0, links: 1, delete_pending: false, directory: true };

fn a_mount_point_shows_as_an_empty_directory_with_a_tag<H: Host>(store: &Store<H>) {
    mount(store, "foobar");
    for options in [ITSELF, ITSELF | DIRECTORY] {
        let id = store.open(r"here\mount", READ, options);
        assert_eq!(store.attributes_and_tag(id), (POINT_AND_DIRECTORY, MOUNT_POINT));
        assert_eq!(store.standard(id), EMPTY_DIRECTORY);
        store.close(id);
    }
}

fn a_handle_from_before_the_set_shows_the_tag<H: Host>(store: &Store<H>) {
    furnish(store);
    let early = store.open(r"here\mount", AccessMask::GENERIC_READ, PLAIN);
    store.put(r"here\mount", &junction("foobar"));
    assert_eq!(store.attributes_and_tag(early), (POINT_AND_DIRECTORY, MOUNT_POINT));
    assert_eq!(store.standard(early), EMPTY_DIRECTORY);
    assert_eq!(store.get(early), Ok(junction("foobar")));
}

fn a_mount_point_to_no_nt_path_is_an_invalid_name<H: Host>(store: &Store<H>) {
    mount(store, "foobar");
    let opened = store.open_as(r"here\mount", ALL, DIRECTORY, OPEN_IF);
    assert_eq!(opened.unwrap_err(), NtStatus::OBJECT_NAME_INVALID);
}

fn a_mount_point_opened_itself_is_a_directory<H: Host>(store: &Store<H>) {
    mount(store, "foobar");
    let as_file = store.open_as(r"here\mount", ALL, NON_DIRECTORY | ITSELF, OPEN_IF);
    assert_eq!(as_file.unwrap_err(), NtStatus::FILE_IS_A_DIRECTORY);
    assert!(store.open_as(r"here\mount", ALL, DIRECTORY | ITSELF, OPEN_IF).is_ok());
}

fn a_mount_point_is_set_again_and_leads_elsewhere<H: Host>(store: &Store<H>) {
    mount(store, "foobar");
    store.put(r"here\mount", &junction(r"\??\C:\bogus"));
    assert_eq!(store.opening(r"here\mount", DIRECTORY), NtStatus::OBJECT_NAME_NOT_FOUND);
    store.put(r"here\mount", &junction(r"\??\C:\here\dir\"));
    assert_eq!(store.id_at(r"here\mount", DIRECTORY), store.id_at(r"here\dir", PLAIN));
}

fn a_mount_points_own_listing_is_two_dots_and_its_target_lists_through_it<H: Host>(store: &Store<H>) {
    mount(store, r"\??\C:\here\dir\");
    let itself = store.open(r"here\mount", ALL, ITSELF);
    store.file(r"here\mount\child");
    assert_eq!(store.names(itself).unwrap(), [".", ".."]);
    assert_eq!(store.names_in(r"here\mount"), [".", "..", "child"]);
    assert!(store.exists(r"here\dir\child"));
}

/// Win32 shows what the directory's entry has for EaSize as dwReserved0.
fn a_search_for_a_mount_point_finds_its_tag<H: Host>(store: &Store<H>) {
    mount(store, r"\??\C:\here\dir");
    let found = store.entry("here", "mount", Class::BOTH_DIRECTORY_INFORMATION);
    assert_eq!(found, (POINT_AND_DIRECTORY, MOUNT_POINT, None));
}

/// Windows gives one of these, and not always the same; before 1607 it was DIRECTORY_IS_A_REPARSE_POINT.
fn below_a_mount_point_that_is_itself_open_nothing_opens<H: Host>(store: &Store<H>) {
    mount(store, r"\??\C:\here\dir");
    store.dir(r"here\dir\sub");
    let root = store.open(r"here\mount", AccessMask::GENERIC_READ, ITSELF | DIRECTORY);
    for options in [PLAIN, ITSELF] {
        let refused = store.open_from(root, "sub", options).unwrap_err();
        let allowed = [
            NtStatus::REPARSE_POINT_NOT_RESOLVED,
            NtStatus::OBJECT_NAME_INVALID,
            NtStatus::OBJECT_NAME_NOT_FOUND,
        ];
        assert!(allowed.contains(&refused), "{refused}");
    }
}

fn a_mount_point_opened_again_without_a_name_is_refused_but_for_the_flag<H: Host>(store: &Store<H>) {
    mount(store, r"\??\C:\here\dir");
    let root = store.open(r"here\mount", AccessMask::GENERIC_READ, ITSELF | DIRECTORY);
    for disposition in [OPEN, OPEN_IF] {
        let request =
            OpenRequest { relative_to: Some(root), disposition, ..OpenRequest::existing(&[], READ) };
        assert_eq!(store.request(&request).unwrap_err().status(), NtStatus::IO_REPARSE_DATA_INVALID);
    }
    assert!(store.open_from(root, "", ITSELF).is_ok());
}

fn a_mount_point_to_a_file_is_not_a_directory<H: Host>(store: &Store<H>) {
    mount(store, r"\??\C:\here\file");
    assert_eq!(store.opening(r"here\mount", PLAIN), NtStatus::NOT_A_DIRECTORY);
}

fn a_mount_point_to_itself_is_not_resolved<H: Host>(store: &Store<H>) {
    mount(store, r"\??\C:\here\mount");
    assert_eq!(store.opening(r"here\mount", DIRECTORY), NtStatus::REPARSE_POINT_NOT_RESOLVED);
}

fn a_mount_point_to_its_parent_can_be_entered_over_and_over<H: Host>(store: &Store<H>) {
    mount(store, r"\??\C:\here\");
    assert_eq!(store.read_through(r"here\mount\mount\mount\file"), Ok(b"file1".to_vec()));
    let id = store.open(r"here\mount\mount", READ, ITSELF);
    assert_eq!(store.volume.open_of(id).unwrap().path(), r"\here\mount".into());
}

fn deleting_wants_an_exact_header<H: Host>(store: &Store<H>) {
    mount(store, "foobar");
    let id = store.open(r"here\mount", ALL, ITSELF);
    let whole = junction("foobar");
    let mut no_length = whole.clone();
    no_length[4..6].copy_from_slice(&[0, 0]);
    assert_eq!(store.delete(id, &[]), NtStatus::INVALID_BUFFER_SIZE);
    for input in [&whole[..1], &whole, &whole[..24], &no_length, &no_length[..28]] {
        assert_eq!(store.delete(id, input), NtStatus::IO_REPARSE_DATA_INVALID, "{} bytes", input.len());
    }
    assert_eq!(store.get(id), Ok(whole));
}

fn deleting_names_the_tag<H: Host>(store: &Store<H>) {
    mount(store, "foobar");
    let id = store.open(r"here\mount", ALL, ITSELF);
    let header = |tag| header_with(tag, Guid([0xCC; 16]));
    assert_eq!(store.delete(id, &header(0)), NtStatus::IO_REPARSE_TAG_INVALID);
    assert_eq!(store.delete(id, &header(3)), NtStatus::IO_REPARSE_TAG_MISMATCH);
    assert_eq!(store.delete(id, &header(MOUNT_POINT)), NtStatus::SUCCESS);
    assert_eq!(store.delete(id, &header(MOUNT_POINT)), NtStatus::NOT_A_REPARSE_POINT);
    assert_eq!(store.shown(r"here\mount"), (FileAttributes::DIRECTORY, 0));
}

/// CreateDirectory opens with the flag, and so meets the link; what opens without it meets nothing, and makes.
fn a_missing_target_is_made_but_not_by_create<H: Host>(store: &Store<H>) {
    mount(store, r"\??\C:\here\new");
    let created = store.open_as(r"here\mount", READ, DIRECTORY | ITSELF, CREATE);
    assert_eq!(created.unwrap_err(), NtStatus::OBJECT_NAME_COLLISION);
    let opened = store.open_as(r"here\mount", ALL, DIRECTORY, OPEN_IF).unwrap();
    assert_eq!(opened.action, nt::CreateAction::CREATED);
    assert_eq!(store.file_id(opened.id), store.id_at(r"here\new", PLAIN));
    assert_eq!(store.point_of(r"here\mount"), Ok(junction(r"\??\C:\here\new")));
}

fn custom() -> Vec<u8> {
    third_party(CUSTOM, OWNER, b"whatever it is")
}

fn a_custom_tag_keeps_the_files_data<H: Host>(store: &Store<H>) {
    store.file_with("file", b"data");
    store.put("file", &custom());
    let id = store.open("file", AccessMask::GENERIC_READ, ITSELF);
    assert_eq!(store.read(id), Ok(b"data".to_vec()));
}

fn a_custom_tag_is_read_in_parts<H: Host>(store: &Store<H>) {
    store.point("file", PLAIN, &custom());
    reads_in_parts(store, "file", &custom());
    store.point("dir", DIRECTORY, &custom());
    reads_in_parts(store, "dir", &custom());
}

fn a_custom_tag_is_not_handled<H: Host>(store: &Store<H>) {
    store.file_with("file", b"data");
    store.put("file", &custom());
    assert_eq!(store.opening("file", PLAIN), NtStatus::IO_REPARSE_TAG_NOT_HANDLED);
    assert_eq!(store.unlink("file"), NtStatus::SUCCESS);
    assert!(!store.exists("file"));
}

fn a_custom_tag_closes_a_directory<H: Host>(store: &Store<H>) {
    store.dir("dir");
    store.file(r"dir\child");
    let id = store.open("dir", ALL, PLAIN);
    assert_eq!(store.set(id, &custom()), NtStatus::DIRECTORY_NOT_EMPTY);
    assert_eq!(store.unlink(r"dir\child"), NtStatus::SUCCESS);
    assert_eq!(store.set(id, &custom()), NtStatus::SUCCESS);
    assert_eq!(store.get(id), Ok(custom()));
    for options in [PLAIN, ITSELF] {
        assert_eq!(store.opening(r"dir\child", options), NtStatus::IO_REPARSE_TAG_NOT_HANDLED);
    }
}

fn a_custom_tag_is_deleted_by_its_header_alone<H: Host>(store: &Store<H>) {
    store.point("dir", DIRECTORY, &custom());
    let id = store.open("dir", ALL, ITSELF);
    let mut no_length = custom();
    no_length[4..6].copy_from_slice(&[0, 0]);
    for input in [&no_length[..], &no_length[..28]] {
        assert_eq!(store.delete(id, input), NtStatus::IO_REPARSE_DATA_INVALID, "{} bytes", input.len());
    }
    assert_eq!(store.delete(id, &no_length[..24]), NtStatus::SUCCESS);
    store.file(r"dir\child");
}

/// Since Windows 10 1607.
fn a_custom_tag_with_the_directory_bit_leaves_the_directory_open<H: Host>(store: &Store<H>) {
    store.dir("dir");
    store.file_with(r"dir\child", b"inside");
    let point = third_party(CUSTOM_DIRECTORY, OWNER, b"whatever it is");
    store.put("dir", &point);
    let id = store.open("dir", AccessMask::GENERIC_READ, PLAIN);
    assert_eq!(store.get(id), Ok(point));
    assert_eq!(store.names(id).unwrap(), [".", "..", "child"]);
    assert_eq!(store.read_through(r"dir\child"), Ok(b"inside".to_vec()));
    assert_eq!(store.control(id, FsctlCode::GET_REPARSE_POINT, &[], 27), NtStatus::BUFFER_TOO_SMALL);
    let path = utf16("dir");
    let opened = store.request(&OpenRequest::existing(&path, READ)).unwrap();
    assert!(opened.is_reparse_point_opened_without_flag);
}
