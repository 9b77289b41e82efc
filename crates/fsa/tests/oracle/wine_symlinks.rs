//! Symbolic links, as `test_reparse_points` of Wine's dlls/ntdll/tests/file.c finds them on Windows. semantics 3.2 and 6.2
use super::ask::*;
use super::hosts::DEVICE;
use super::scenarios;
use crate::store::{ITSELF, PLAIN, Store, absolute, relative, symlink};
use fsa::host::Host;
use nt::{AccessMask, CreateAction, CreateDisposition, CreateOptions, FileAttributes, NtStatus};

scenarios! { "wine_symlinks":
    an_absolute_link_to_a_relative_name_is_an_invalid_name,
    a_file_link_to_a_directory_is_a_directory,
    a_file_target_with_a_closing_backslash_is_an_invalid_name,
    an_absolute_link_may_name_a_device,
    a_link_has_data_of_its_own_when_it_is_written,
    a_link_that_is_deleted_leaves_its_data,
    a_file_with_data_becomes_a_link_once_it_is_truncated,
    copying_from_a_link_reads_its_target,
    copying_to_a_link_writes_its_target,
    a_further_name_of_a_link_is_the_link,
    deleting_a_link_leaves_its_target,
    a_name_that_a_link_has_is_taken,
    moving_a_link_moves_the_link,
    attributes_of_a_link_are_its_own,
    a_link_opened_again_without_the_flag_is_refused,
    a_directory_link_needs_an_empty_directory_and_leads_to_its_target,
    removing_a_directory_link_leaves_its_target,
    dots_in_a_relative_target_are_taken_out,
    a_missing_target_behind_dots_is_made,
    a_slash_is_no_separator_in_a_target,
    a_doubled_separator_is_an_invalid_name,
    a_trailing_dot_belongs_to_the_name,
    an_empty_target_is_refused_when_it_is_set,
    a_target_of_two_dots_is_the_parent,
    more_dots_than_directories_are_invalid_data,
    an_absolute_name_in_a_relative_link_is_an_invalid_name,
    an_absolute_link_leads_to_its_target,
    win32_names_are_no_absolute_targets,
    an_absolute_target_with_a_dot_is_a_path_not_found,
    an_absolute_target_with_two_dots_is_an_invalid_name,
    deleting_by_path_deletes_the_target,
}

const LINK: &str = r"here\link";

/// `\here` with a directory, a file that says "file1", and another directory.
fn furnish<H: Host>(store: &Store<H>) {
    store.dir("here");
    store.dir(r"here\dir");
    store.dir(r"here\dir2");
    store.file(r"here\dir\child");
    store.file_with(r"here\file", b"file1");
}

/// A file that is a link.
fn file_link<H: Host>(store: &Store<H>, point: &[u8]) {
    furnish(store);
    store.point(LINK, PLAIN, point);
}

/// What opening a directory that is this link comes to.
fn through<H: Host>(store: &Store<H>, point: &[u8]) -> NtStatus {
    furnish(store);
    store.point(LINK, DIRECTORY, point);
    store.opening(LINK, PLAIN)
}

fn an_absolute_link_to_a_relative_name_is_an_invalid_name<H: Host>(store: &Store<H>) {
    file_link(store, &absolute("dir"));
    assert_eq!(store.opening(LINK, PLAIN), NtStatus::OBJECT_NAME_INVALID);
    store.put(LINK, &absolute(r".\dir"));
    assert_eq!(store.opening(LINK, PLAIN), NtStatus::OBJECT_NAME_INVALID);
}

/// Since Windows 10 1709.
fn a_file_link_to_a_directory_is_a_directory<H: Host>(store: &Store<H>) {
    file_link(store, &relative("dir"));
    assert_eq!(store.opening(LINK, PLAIN), NtStatus::FILE_IS_A_DIRECTORY);
}

fn a_file_target_with_a_closing_backslash_is_an_invalid_name<H: Host>(store: &Store<H>) {
    file_link(store, &relative(r"file\"));
    assert_eq!(store.opening(LINK, PLAIN), NtStatus::OBJECT_NAME_INVALID);
}

/// Wine names the root of the named pipes. There are none here; a device that the drive map knows stands for it.
fn an_absolute_link_may_name_a_device<H: Host>(store: &Store<H>) {
    file_link(store, &absolute(&format!(r"{DEVICE}\here\file")));
    assert_eq!(store.read_through(LINK), Ok(b"file1".to_vec()));
    store.point(r"here\dirlink", DIRECTORY, &absolute(&format!(r"{DEVICE}\")));
    assert_eq!(store.id_at(r"here\dirlink", PLAIN), store.id_at("", PLAIN));
}

fn a_link_has_data_of_its_own_when_it_is_written<H: Host>(store: &Store<H>) {
    file_link(store, &relative("file"));
    let id = store.open(LINK, ALL, ITSELF);
    assert_eq!(store.read(id), Err(NtStatus::END_OF_FILE));
    assert_eq!(store.write(id, b"data"), NtStatus::SUCCESS);
    assert_eq!(store.standard(id).size, 4);
    assert_eq!(store.get(id), Ok(relative("file")));
    assert_eq!(store.read_through(LINK), Ok(b"file1".to_vec()));
}

fn a_link_that_is_deleted_leaves_its_data<H: Host>(store: &Store<H>) {
    file_link(store, &relative("file"));
    let id = store.open(LINK, ALL, ITSELF);
    assert_eq!(store.write(id, b"data"), NtStatus::SUCCESS);
    assert_eq!(store.delete(id, &header_with(SYMLINK, nt::Guid([0xCC; 16]))), NtStatus::SUCCESS);
    assert_eq!(store.read_through(LINK), Ok(b"data".to_vec()));
}

fn a_file_with_data_becomes_a_link_once_it_is_truncated<H: Host>(store: &Store<H>) {
    furnish(store);
    let id = store.open(r"here\file", ALL, PLAIN);
    assert_eq!(store.set(id, &relative("dir")), NtStatus::IO_REPARSE_DATA_INVALID);
    assert_eq!(store.truncate(id), NtStatus::SUCCESS);
    assert_eq!(store.set(id, &relative("dir")), NtStatus::SUCCESS);
}

/// CopyFile opens its source without the flag.
fn copying_from_a_link_reads_its_target<H: Host>(store: &Store<H>) {
    file_link(store, &relative("file"));
    let source = store.open(LINK, AccessMask::GENERIC_READ, NON_DIRECTORY);
    assert_eq!(store.read(source), Ok(b"file1".to_vec()));
    assert_eq!(store.attributes_and_tag(source).1, 0);
}

/// CopyFile makes or overwrites what its target leads to: FILE_CREATE when nothing may be replaced, else
/// FILE_OVERWRITE_IF, both without the flag.
fn copying_to_a_link_writes_its_target<H: Host>(store: &Store<H>) {
    file_link(store, &relative("file"));
    let refused = store.open_as(LINK, AccessMask::GENERIC_WRITE, NON_DIRECTORY, CREATE);
    assert_eq!(refused.unwrap_err(), NtStatus::OBJECT_NAME_COLLISION);
    let over = |action| {
        let overwrite = CreateDisposition::OVERWRITE_IF;
        let target = store.open_as(LINK, AccessMask::GENERIC_WRITE, NON_DIRECTORY, overwrite).unwrap();
        assert_eq!(target.action, action);
        assert_eq!(store.write(target.id, b"file2"), NtStatus::SUCCESS);
        store.close(target.id);
        assert_eq!(store.read_through(r"here\file"), Ok(b"file2".to_vec()));
        assert_eq!(store.point_of(LINK), Ok(relative("file")));
    };
    over(CreateAction::OVERWRITTEN);
    assert_eq!(store.unlink(r"here\file"), NtStatus::SUCCESS);
    over(CreateAction::CREATED);
    assert_eq!(store.unlink(r"here\file"), NtStatus::SUCCESS);
    let made = store.open_as(LINK, AccessMask::GENERIC_WRITE, NON_DIRECTORY, CREATE).unwrap();
    assert_eq!((made.action, store.exists(r"here\file")), (CreateAction::CREATED, true));
}

fn a_further_name_of_a_link_is_the_link<H: Host>(store: &Store<H>) {
    file_link(store, &relative("file"));
    let first = store.open(LINK, ALL, ITSELF);
    assert_eq!(store.hard_link(LINK, "link2"), NtStatus::SUCCESS);
    let second = store.open(r"here\link2", ALL, ITSELF);
    let attributes = FileAttributes::ARCHIVE | FileAttributes::REPARSE_POINT;
    assert_eq!(store.attributes_and_tag(second), (attributes, SYMLINK));
    let expected = Standard { allocated: 0, size: 0, links: 2, delete_pending: false, directory: false };
    assert_eq!(store.standard(second), expected);
    assert_eq!(store.file_id(second), store.file_id(first));
    let target = store.open(r"here\link2", ALL, PLAIN);
    assert_ne!(store.file_id(target), store.file_id(first));
    assert_eq!(store.file_id(target), store.id_at(r"here\file", PLAIN));
}

fn deleting_a_link_leaves_its_target<H: Host>(store: &Store<H>) {
    file_link(store, &relative("file"));
    assert_eq!(store.hard_link(LINK, "link2"), NtStatus::SUCCESS);
    assert_eq!(store.unlink(r"here\link2"), NtStatus::SUCCESS);
    assert_eq!(store.opening(r"here\link2", ITSELF), NtStatus::OBJECT_NAME_NOT_FOUND);
    assert_eq!(store.read_through(LINK), Ok(b"file1".to_vec()));
    assert_eq!(store.unlink(LINK), NtStatus::SUCCESS);
    assert_eq!(store.opening(LINK, ITSELF), NtStatus::OBJECT_NAME_NOT_FOUND);
    assert_eq!(store.read_through(r"here\file"), Ok(b"file1".to_vec()));
}

/// CreateHardLink and MoveFile replace nothing, even where the name leads nowhere.
fn a_name_that_a_link_has_is_taken<H: Host>(store: &Store<H>) {
    file_link(store, &relative("nowhere"));
    store.file(r"here\other");
    assert_eq!(store.hard_link(r"here\other", "link"), NtStatus::OBJECT_NAME_COLLISION);
    assert_eq!(store.rename(r"here\other", "link", false), NtStatus::OBJECT_NAME_COLLISION);
    assert_eq!(store.point_of(LINK), Ok(relative("nowhere")));
}

fn moving_a_link_moves_the_link<H: Host>(store: &Store<H>) {
    file_link(store, &relative("file"));
    assert_eq!(store.rename(LINK, "moved", false), NtStatus::SUCCESS);
    assert_eq!(store.opening(LINK, ITSELF), NtStatus::OBJECT_NAME_NOT_FOUND);
    assert_eq!(store.point_of(r"here\moved"), Ok(relative("file")));
    assert_eq!(store.read_through(r"here\file"), Ok(b"file1".to_vec()));
    assert_eq!(store.rename(r"here\moved", "link", false), NtStatus::SUCCESS);
    assert_eq!(store.read_through(LINK), Ok(b"file1".to_vec()));
}

fn attributes_of_a_link_are_its_own<H: Host>(store: &Store<H>) {
    file_link(store, &relative("file"));
    let id = store.open(LINK, AccessMask::FILE_WRITE_ATTRIBUTES, ITSELF);
    let hidden = FileAttributes::SYSTEM | FileAttributes::HIDDEN;
    assert_eq!(store.set_attributes(id, hidden), NtStatus::SUCCESS);
    assert_eq!(store.shown(LINK), (hidden | FileAttributes::REPARSE_POINT, SYMLINK));
    assert_eq!(store.shown(r"here\file"), (FileAttributes::ARCHIVE, 0));
}

/// ReOpenFile opens what is open by no name at all.
fn a_link_opened_again_without_the_flag_is_refused<H: Host>(store: &Store<H>) {
    file_link(store, &relative("file"));
    let id = store.open(LINK, ALL, ITSELF);
    assert_eq!(store.open_from(id, "", PLAIN), Err(NtStatus::IO_REPARSE_DATA_INVALID));
    assert!(store.open_from(id, "", ITSELF).is_ok());
}

fn a_directory_link_needs_an_empty_directory_and_leads_to_its_target<H: Host>(store: &Store<H>) {
    furnish(store);
    store.dir(LINK);
    store.file(r"here\link\child");
    let id = store.open(LINK, ALL, PLAIN);
    assert_eq!(store.set(id, &relative("dir2")), NtStatus::DIRECTORY_NOT_EMPTY);
    assert_eq!(store.unlink(r"here\link\child"), NtStatus::SUCCESS);
    assert_eq!(store.set(id, &relative("dir2")), NtStatus::SUCCESS);
    store.file(r"here\link\child");
    assert!(store.exists(r"here\dir2\child"));
}

fn removing_a_directory_link_leaves_its_target<H: Host>(store: &Store<H>) {
    assert_eq!(through(store, &relative("dir")), NtStatus::SUCCESS);
    assert_eq!(store.unlink(LINK), NtStatus::SUCCESS);
    assert_eq!(store.opening(LINK, ITSELF), NtStatus::OBJECT_NAME_NOT_FOUND);
    assert!(store.exists(r"here\dir\child"));
}

fn dots_in_a_relative_target_are_taken_out<H: Host>(store: &Store<H>) {
    let point = relative(r".\dir\..\.\dir\");
    assert_eq!(through(store, &point), NtStatus::SUCCESS);
    assert_eq!(store.point_of(LINK), Ok(point));
    assert_eq!(store.id_at(r"here\link\child", PLAIN), store.id_at(r"here\dir\child", PLAIN));
}

fn a_missing_target_behind_dots_is_made<H: Host>(store: &Store<H>) {
    assert_eq!(through(store, &relative(r".\dir\..\.\new\.")), NtStatus::OBJECT_NAME_NOT_FOUND);
    let opened = store.open_as(LINK, ALL, DIRECTORY, OPEN_IF).unwrap();
    assert_eq!((opened.action, store.exists(r"here\new")), (CreateAction::CREATED, true));
}

fn a_slash_is_no_separator_in_a_target<H: Host>(store: &Store<H>) {
    assert_eq!(through(store, &relative("./dir")), NtStatus::OBJECT_NAME_INVALID);
}

fn a_doubled_separator_is_an_invalid_name<H: Host>(store: &Store<H>) {
    assert_eq!(through(store, &relative(r".\\dir")), NtStatus::OBJECT_NAME_INVALID);
}

fn a_trailing_dot_belongs_to_the_name<H: Host>(store: &Store<H>) {
    assert_eq!(through(store, &relative(r".\dir.")), NtStatus::OBJECT_NAME_NOT_FOUND);
}

fn an_empty_target_is_refused_when_it_is_set<H: Host>(store: &Store<H>) {
    furnish(store);
    let id = store.made(LINK, ALL, DIRECTORY);
    // Tag, length 12, reserved; four zeroes for the names; relative.
    let empty = [&SYMLINK.to_le_bytes()[..], &[12, 0, 0, 0], &[0; 8], &[1, 0, 0, 0]].concat();
    assert_eq!(store.set(id, &empty), NtStatus::IO_REPARSE_DATA_INVALID);
    assert_eq!(store.get(id), Err(NtStatus::NOT_A_REPARSE_POINT));
}

fn a_target_of_two_dots_is_the_parent<H: Host>(store: &Store<H>) {
    assert_eq!(through(store, &relative("..")), NtStatus::SUCCESS);
    assert_eq!(store.id_at(r"here\link\", PLAIN), store.id_at("", PLAIN));
}

fn more_dots_than_directories_are_invalid_data<H: Host>(store: &Store<H>) {
    assert_eq!(through(store, &relative(r"..\..\..\..")), NtStatus::IO_REPARSE_DATA_INVALID);
    assert_eq!(store.opening(r"here\link\", PLAIN), NtStatus::IO_REPARSE_DATA_INVALID);
}

fn an_absolute_name_in_a_relative_link_is_an_invalid_name<H: Host>(store: &Store<H>) {
    assert_eq!(through(store, &relative(r"\??\C:\here\dir2\")), NtStatus::OBJECT_NAME_INVALID);
}

fn an_absolute_link_leads_to_its_target<H: Host>(store: &Store<H>) {
    let point = absolute(r"\??\C:\here\dir2\");
    assert_eq!(through(store, &point), NtStatus::SUCCESS);
    assert_eq!(store.point_of(LINK), Ok(point));
    assert_eq!(store.id_at(LINK, PLAIN), store.id_at(r"here\dir2", PLAIN));
}

fn win32_names_are_no_absolute_targets<H: Host>(store: &Store<H>) {
    assert_eq!(through(store, &absolute(r"\\?\C:\here\dir2")), NtStatus::OBJECT_NAME_INVALID);
    store.put(LINK, &absolute(r"C:\here\dir2"));
    assert_eq!(store.opening(LINK, PLAIN), NtStatus::OBJECT_NAME_INVALID);
    store.put(LINK, &symlink(r"C:\here\dir2", r"C:\here\dir2", 1));
    assert_eq!(store.opening(LINK, PLAIN), NtStatus::OBJECT_NAME_INVALID);
    store.put(LINK, &symlink(r"\\?\C:\here\dir2", r"C:\here\dir2", 1));
    assert_eq!(store.opening(LINK, PLAIN), NtStatus::OBJECT_NAME_INVALID);
}

fn an_absolute_target_with_a_dot_is_a_path_not_found<H: Host>(store: &Store<H>) {
    assert_eq!(through(store, &absolute(r"\??\C:\here\.\dir2")), NtStatus::OBJECT_PATH_NOT_FOUND);
}

fn an_absolute_target_with_two_dots_is_an_invalid_name<H: Host>(store: &Store<H>) {
    assert_eq!(through(store, &absolute(r"\??\C:\here\dir2\..\dir2")), NtStatus::OBJECT_NAME_INVALID);
}

/// NtDeleteFile opens without the flag, to delete on close.
fn deleting_by_path_deletes_the_target<H: Host>(store: &Store<H>) {
    assert_eq!(through(store, &absolute(r"\??\C:\here\dir2")), NtStatus::SUCCESS);
    let id = store.open(LINK, AccessMask::DELETE, CreateOptions::DELETE_ON_CLOSE);
    store.close(id);
    assert!(!store.exists(r"here\dir2"));
    assert_eq!(store.point_of(LINK), Ok(absolute(r"\??\C:\here\dir2")));
    assert_eq!(store.unlink(LINK), NtStatus::SUCCESS);
}
