//! The scenarios of WinBtrfs' src/tests/reparse.cpp, which asserts the same on NTFS, and one of its fileinfo.cpp.
//! semantics 2.5 and 6.3
use super::ask::*;
use super::scenarios;
use crate::store::{CHANGE, ITSELF, OWNER, PLAIN, Store, absolute, junction, opaque, relative, third_party};
use fsa::OpenId;
use fsa::host::Host;
use nt::{
    AccessMask, CreateAction, CreateOptions, FileAttributes, FileInformationClass as Class, Guid, NtStatus,
};

scenarios! { "winbtrfs":
    reparse2_a_links_attribute_comes_alone_and_goes_again,
    reparse2_a_link_is_read_back_as_it_was_set,
    reparse2_a_directory_does_not_list_reparse_points,
    reparse2_a_links_tag_shows_in_every_class_that_has_one,
    reparse2_a_link_without_the_flag_is_its_target,
    reparse2_a_link_is_deleted_by_its_tag_once,
    reparse3_overwriting_through_a_link_keeps_it_and_overwriting_it_removes_the_point,
    reparse4_a_file_with_data_becomes_no_link,
    reparse5_a_link_takes_data_afterwards,
    reparse6_an_empty_directory_becomes_a_link,
    reparse7_eas_come_before_and_after_a_link,
    reparse8_a_target_that_is_not_there_is_not_found,
    reparse9_an_absolute_link_leads_to_its_target,
    reparse10_a_junction_shows_its_tag_everywhere,
    reparse10_a_junction_and_its_children_open_with_the_flag_and_without,
    reparse10_a_junction_is_deleted_once,
    reparse10_a_junction_wants_an_empty_directory_and_stays_a_junction,
    reparse11_a_file_becomes_no_junction,
    reparse12_a_microsoft_tag_on_a_file,
    reparse13_a_microsoft_tag_on_a_directory,
    reparse14_a_third_partys_tag_on_a_file,
    reparse15_a_third_partys_tag_on_a_directory,
    reparse16_one_of_two_rights_is_enough,
    reparse17_a_tag_with_the_directory_bit_on_a_directory_with_entries,
    reparse18_through_a_files_stream,
    reparse19_through_a_directorys_stream,
    reparse20_only_a_symbolic_link_needs_the_privilege,
    fileinfo_the_reparse_point_attribute_is_ignored_when_it_is_set,
}

const MICROSOFT: u32 = 0x8000_DEAD;
const MICROSOFT_DIRECTORY: u32 = 0x9000_CAFE;
const THIRD_PARTY: u32 = 0xBEEF;
const STRANGER: Guid = Guid([8; 16]);
const POINT: FileAttributes = FileAttributes::REPARSE_POINT;
const POINT_AND_DIRECTORY: FileAttributes = FileAttributes(POINT.0 | FileAttributes::DIRECTORY.0);
/// What WinBtrfs asks for where it then asks every class.
const ASKING: AccessMask =
    AccessMask(CHANGE.0 | AccessMask::FILE_READ_ATTRIBUTES.0 | AccessMask::FILE_READ_EA.0);

/// `\reparse1`, the target; and `\reparse2`, cleared of ARCHIVE and made a link to it.
fn linked<H: Host>(store: &Store<H>) -> OpenId {
    store.file("reparse1");
    let id = store.made("reparse2", ASKING, NON_DIRECTORY);
    assert_eq!(store.set_attributes(id, FileAttributes::NORMAL), NtStatus::SUCCESS);
    assert_eq!(store.basic_attributes(id), FileAttributes::NORMAL);
    assert_eq!(store.set(id, &relative("reparse1")), NtStatus::SUCCESS);
    id
}

/// The tag shows in each class of information, and EAs do not.
#[track_caller]
fn shows<H: Host>(store: &Store<H>, id: OpenId, tag: u32) {
    assert_eq!(store.ea_size(id), 0);
    assert_eq!(store.attributes_and_tag(id).1, tag);
    assert_eq!(u32_at(&store.ask(id, Class::STAT_INFORMATION), 60), tag);
    assert_eq!(u32_at(&store.ask(id, Class::STAT_LX_INFORMATION), 60), tag);
}

/// The tag shows in the directory's entry, in each class that has a place for it.
#[track_caller]
fn shows_in_directory<H: Host>(store: &Store<H>, name: &str, tag: u32) {
    for class in WITH_EA_SIZE {
        let (attributes, ea_size, _) = store.entry("", name, *class);
        assert_eq!((attributes.contains(POINT), ea_size), (tag != 0, tag), "{class:?}");
    }
    for class in WITH_TAG {
        let (_, ea_size, shown) = store.entry("", name, *class);
        assert_eq!((ea_size, shown), (0, Some(tag)), "{class:?}");
    }
}

fn reparse2_a_links_attribute_comes_alone_and_goes_again<H: Host>(store: &Store<H>) {
    let id = linked(store);
    assert_eq!(store.basic_attributes(id), POINT);
    assert_eq!(store.set_attributes(id, FileAttributes::NORMAL), NtStatus::SUCCESS);
    assert_eq!(store.basic_attributes(id), POINT);
    assert_eq!(store.delete(id, &header(SYMLINK)), NtStatus::SUCCESS);
    assert_eq!(store.basic_attributes(id), FileAttributes::NORMAL);
}

fn reparse2_a_link_is_read_back_as_it_was_set<H: Host>(store: &Store<H>) {
    let id = linked(store);
    assert_eq!(store.get(id), Ok(relative("reparse1")));
}

fn reparse2_a_directory_does_not_list_reparse_points<H: Host>(store: &Store<H>) {
    linked(store);
    let root = store.open("", AccessMask::FILE_LIST_DIRECTORY, PLAIN);
    let found = store.list(root, Class::REPARSE_POINT_INFORMATION, "reparse2");
    assert_eq!(found, Err(NtStatus::INVALID_INFO_CLASS));
}

fn reparse2_a_links_tag_shows_in_every_class_that_has_one<H: Host>(store: &Store<H>) {
    let id = linked(store);
    shows(store, id, SYMLINK);
    shows_in_directory(store, "reparse2", SYMLINK);
}

fn reparse2_a_link_without_the_flag_is_its_target<H: Host>(store: &Store<H>) {
    let id = linked(store);
    let (own, target) = (store.file_id(id), store.id_at("reparse1", PLAIN));
    assert_ne!(own, target);
    assert_eq!(store.id_at("reparse2", PLAIN), target);
    assert_eq!(store.id_at("reparse2", ITSELF), own);
    assert_eq!(store.delete(id, &header(SYMLINK)), NtStatus::SUCCESS);
    assert_eq!(store.id_at("reparse2", PLAIN), own);
}

fn reparse2_a_link_is_deleted_by_its_tag_once<H: Host>(store: &Store<H>) {
    let id = linked(store);
    assert_eq!(store.delete(id, &header(MOUNT_POINT)), NtStatus::IO_REPARSE_TAG_MISMATCH);
    assert_eq!(store.delete(id, &header(SYMLINK)), NtStatus::SUCCESS);
    assert_eq!(store.delete(id, &header(SYMLINK)), NtStatus::NOT_A_REPARSE_POINT);
    assert_eq!(store.get(id), Err(NtStatus::NOT_A_REPARSE_POINT));
}

fn reparse3_overwriting_through_a_link_keeps_it_and_overwriting_it_removes_the_point<H: Host>(
    store: &Store<H>,
) {
    store.file_with("reparse1", b"data");
    store.point("reparse3", NON_DIRECTORY, &relative("reparse1"));
    let through = store.open_as("reparse3", CHANGE, NON_DIRECTORY, OVERWRITE).unwrap();
    assert_eq!(through.action, CreateAction::OVERWRITTEN);
    store.close(through.id);
    shows_in_directory(store, "reparse3", SYMLINK);
    assert_eq!(store.read_through("reparse1"), Err(NtStatus::END_OF_FILE));
    let itself = store.open_as("reparse3", CHANGE, NON_DIRECTORY | ITSELF, OVERWRITE).unwrap();
    assert_eq!(itself.action, CreateAction::OVERWRITTEN);
    store.close(itself.id);
    shows_in_directory(store, "reparse3", 0);
}

fn reparse4_a_file_with_data_becomes_no_link<H: Host>(store: &Store<H>) {
    let id = store.made("reparse4", AccessMask::FILE_WRITE_DATA, NON_DIRECTORY);
    assert_eq!(store.write(id, &[0xA5; 4096]), NtStatus::SUCCESS);
    assert_eq!(store.set(id, &relative("reparse1")), NtStatus::IO_REPARSE_DATA_INVALID);
}

fn reparse5_a_link_takes_data_afterwards<H: Host>(store: &Store<H>) {
    let id = store.made("reparse5", AccessMask::FILE_WRITE_DATA, NON_DIRECTORY);
    assert_eq!(store.set(id, &relative("reparse1")), NtStatus::SUCCESS);
    assert_eq!(store.write(id, &[0xA5; 4096]), NtStatus::SUCCESS);
    assert_eq!(store.get(id), Ok(relative("reparse1")));
}

fn reparse6_an_empty_directory_becomes_a_link<H: Host>(store: &Store<H>) {
    let id = store.made("reparse6", AccessMask::FILE_WRITE_DATA, DIRECTORY);
    assert_eq!(store.set(id, &relative("reparse1")), NtStatus::SUCCESS);
}

fn reparse7_eas_come_before_and_after_a_link<H: Host>(store: &Store<H>) {
    let access = AccessMask::FILE_WRITE_DATA | AccessMask::FILE_WRITE_EA | AccessMask::FILE_READ_EA;
    let id = store.made("reparse7", access, NON_DIRECTORY);
    assert_eq!(store.write_ea(id, "hello", "world"), NtStatus::SUCCESS);
    assert_eq!(store.set(id, &relative("reparse1")), NtStatus::SUCCESS);
    assert_eq!(store.write_ea(id, "lemon", "curry"), NtStatus::SUCCESS);
    assert_eq!(store.eas(id).unwrap().len(), 2);
    assert_eq!(store.get(id), Ok(relative("reparse1")));
}

fn reparse8_a_target_that_is_not_there_is_not_found<H: Host>(store: &Store<H>) {
    store.point("reparse8", NON_DIRECTORY, &relative("reparsenonsuch"));
    let opened = store.try_open("reparse8", AccessMask::MAXIMUM_ALLOWED, NON_DIRECTORY);
    assert_eq!(opened, Err(NtStatus::OBJECT_NAME_NOT_FOUND));
}

fn reparse9_an_absolute_link_leads_to_its_target<H: Host>(store: &Store<H>) {
    store.file("reparse9a");
    store.point("reparse9b", NON_DIRECTORY, &absolute(r"\??\C:\reparse9a"));
    assert_eq!(store.id_at("reparse9b", NON_DIRECTORY), store.id_at("reparse9a", PLAIN));
}

/// `\reparse10a` with a file in it, and `\reparse10b`, a junction to it.
fn joined<H: Host>(store: &Store<H>) -> OpenId {
    store.dir("reparse10a");
    store.file(r"reparse10a\file");
    let id = store.made("reparse10b", ASKING, DIRECTORY);
    assert_eq!(store.set_attributes(id, FileAttributes::NORMAL), NtStatus::SUCCESS);
    assert_eq!(store.basic_attributes(id), FileAttributes::DIRECTORY);
    assert_eq!(store.set(id, &junction(r"\??\C:\reparse10a")), NtStatus::SUCCESS);
    id
}

fn reparse10_a_junction_shows_its_tag_everywhere<H: Host>(store: &Store<H>) {
    let id = joined(store);
    assert_eq!(store.basic_attributes(id), POINT_AND_DIRECTORY);
    assert_eq!(store.get(id), Ok(junction(r"\??\C:\reparse10a")));
    shows(store, id, MOUNT_POINT);
    shows_in_directory(store, "reparse10b", MOUNT_POINT);
}

fn reparse10_a_junction_and_its_children_open_with_the_flag_and_without<H: Host>(store: &Store<H>) {
    let own = joined(store);
    let (own, target) = (store.file_id(own), store.id_at("reparse10a", PLAIN));
    assert_eq!(store.id_at("reparse10b", PLAIN), target);
    assert_eq!(store.id_at("reparse10b", ITSELF), own);
    let child = store.id_at(r"reparse10a\file", PLAIN);
    for options in [PLAIN, ITSELF] {
        assert_eq!(store.id_at(r"reparse10b\file", options), child);
    }
}

fn reparse10_a_junction_is_deleted_once<H: Host>(store: &Store<H>) {
    let id = joined(store);
    assert_eq!(store.delete(id, &header(MOUNT_POINT)), NtStatus::SUCCESS);
    assert_eq!(store.basic_attributes(id), FileAttributes::DIRECTORY);
    assert_eq!(store.delete(id, &header(MOUNT_POINT)), NtStatus::NOT_A_REPARSE_POINT);
}

fn reparse10_a_junction_wants_an_empty_directory_and_stays_a_junction<H: Host>(store: &Store<H>) {
    let id = joined(store);
    let full = store.open("reparse10a", CHANGE, PLAIN);
    assert_eq!(store.set(full, &junction(r"\??\C:\reparse10b")), NtStatus::DIRECTORY_NOT_EMPTY);
    assert_eq!(store.set(id, &junction(r"\??\C:\reparse10c")), NtStatus::SUCCESS);
    assert_eq!(store.set(id, &absolute(r"\??\C:\reparse10a")), NtStatus::IO_REPARSE_TAG_MISMATCH);
    assert_eq!(store.get(id), Ok(junction(r"\??\C:\reparse10c")));
}

fn reparse11_a_file_becomes_no_junction<H: Host>(store: &Store<H>) {
    let id = store.made("reparse11", AccessMask::FILE_WRITE_DATA, NON_DIRECTORY);
    assert_eq!(store.set(id, &junction(r"\??\C:\reparse10a")), NtStatus::NOT_A_DIRECTORY);
}

/// An object with `point` on it: its attributes before and after, and the tag in every class.
fn tagged<H: Host>(store: &Store<H>, name: &str, options: CreateOptions, tag: u32, point: &[u8]) -> OpenId {
    let directory = options.contains(DIRECTORY);
    let (before, after) = if directory {
        (FileAttributes::DIRECTORY, POINT_AND_DIRECTORY)
    } else {
        (FileAttributes::NORMAL, POINT)
    };
    let id = store.made(name, ASKING, options);
    assert_eq!(store.set_attributes(id, FileAttributes::NORMAL), NtStatus::SUCCESS);
    assert_eq!(store.basic_attributes(id), before);
    assert_eq!(store.set(id, point), NtStatus::SUCCESS);
    assert_eq!(store.basic_attributes(id), after);
    assert_eq!(store.get(id).as_deref(), Ok(point));
    shows(store, id, tag);
    shows_in_directory(store, name, tag);
    assert_eq!(
        store.try_open(name, AccessMask::MAXIMUM_ALLOWED, PLAIN),
        Err(NtStatus::IO_REPARSE_TAG_NOT_HANDLED)
    );
    assert_eq!(store.id_at(name, ITSELF), store.file_id(id));
    id
}

fn reparse12_a_microsoft_tag_on_a_file<H: Host>(store: &Store<H>) {
    let id = tagged(store, "reparse12", PLAIN, MICROSOFT, &opaque(MICROSOFT, b"hello"));
    assert_eq!(store.set(id, &opaque(MICROSOFT, b"world")), NtStatus::SUCCESS);
    assert_eq!(store.set(id, &opaque(MICROSOFT + 1, b"world")), NtStatus::IO_REPARSE_TAG_MISMATCH);
    assert_eq!(store.get(id), Ok(opaque(MICROSOFT, b"world")));
    assert_eq!(store.basic_attributes(id), POINT);
    assert_eq!(store.delete(id, &header(MICROSOFT)), NtStatus::SUCCESS);
    assert_eq!(store.basic_attributes(id), FileAttributes::NORMAL);
    assert_eq!(store.delete(id, &header(MICROSOFT)), NtStatus::NOT_A_REPARSE_POINT);
    assert_eq!(store.get(id), Err(NtStatus::NOT_A_REPARSE_POINT));
}

fn reparse13_a_microsoft_tag_on_a_directory<H: Host>(store: &Store<H>) {
    tagged(store, "reparse13", DIRECTORY, MICROSOFT, &opaque(MICROSOFT, b"hello"));
}

fn reparse14_a_third_partys_tag_on_a_file<H: Host>(store: &Store<H>) {
    let early = store.made("early", ASKING, PLAIN);
    assert_eq!(store.set(early, &opaque(THIRD_PARTY, b"hello")), NtStatus::IO_REPARSE_DATA_INVALID);
    let hello = third_party(THIRD_PARTY, OWNER, b"hello");
    let id = tagged(store, "reparse14", PLAIN, THIRD_PARTY, &hello);
    let world = |tag, owner| third_party(tag, owner, b"world");
    assert_eq!(store.set(id, &world(THIRD_PARTY, OWNER)), NtStatus::SUCCESS);
    assert_eq!(store.set(id, &world(THIRD_PARTY, STRANGER)), NtStatus::REPARSE_ATTRIBUTE_CONFLICT);
    assert_eq!(store.set(id, &world(THIRD_PARTY + 1, OWNER)), NtStatus::IO_REPARSE_TAG_MISMATCH);
    assert_eq!(store.delete(id, &header(THIRD_PARTY)), NtStatus::IO_REPARSE_DATA_INVALID);
    let whose = |owner| header_with(THIRD_PARTY, owner);
    assert_eq!(store.delete(id, &whose(STRANGER)), NtStatus::REPARSE_ATTRIBUTE_CONFLICT);
    assert_eq!(store.delete(id, &whose(OWNER)), NtStatus::SUCCESS);
    assert_eq!(store.basic_attributes(id), FileAttributes::NORMAL);
    assert_eq!(store.delete(id, &whose(OWNER)), NtStatus::NOT_A_REPARSE_POINT);
    assert_eq!(store.get(id), Err(NtStatus::NOT_A_REPARSE_POINT));
}

fn reparse15_a_third_partys_tag_on_a_directory<H: Host>(store: &Store<H>) {
    let hello = third_party(THIRD_PARTY, OWNER, b"hello");
    tagged(store, "reparse15", DIRECTORY, THIRD_PARTY, &hello);
}

fn reparse16_one_of_two_rights_is_enough<H: Host>(store: &Store<H>) {
    let none = store.made("reparse16", READ, PLAIN);
    assert_eq!(store.set(none, &relative("reparse1")), NtStatus::ACCESS_DENIED);
    store.close(none);
    for access in [AccessMask::FILE_WRITE_ATTRIBUTES, AccessMask::FILE_WRITE_DATA] {
        let id = store.open("reparse16", access, PLAIN);
        assert_eq!(store.set(id, &relative("reparse1")), NtStatus::SUCCESS, "{access:?}");
        assert_eq!(store.delete(id, &header(SYMLINK)), NtStatus::SUCCESS, "{access:?}");
        store.close(id);
    }
}

fn reparse17_a_tag_with_the_directory_bit_on_a_directory_with_entries<H: Host>(store: &Store<H>) {
    store.dir("reparse17");
    store.file(r"reparse17\file");
    let id = store.open("reparse17", ASKING, DIRECTORY);
    assert_eq!(store.set(id, &opaque(MICROSOFT_DIRECTORY, b"hello")), NtStatus::SUCCESS);
    assert_eq!(store.basic_attributes(id), POINT_AND_DIRECTORY);
    assert_eq!(store.get(id), Ok(opaque(MICROSOFT_DIRECTORY, b"hello")));
    shows(store, id, MICROSOFT_DIRECTORY);
    assert_eq!(store.id_at("reparse17", PLAIN), store.file_id(id));
}

/// A stream's handle sets the whole file's reparse point, and is of no directory.
fn through_a_stream<H: Host>(store: &Store<H>, name: &str) {
    let stream = format!("{name}:stream");
    let id = store.made(&stream, CHANGE, PLAIN);
    let third = third_party(THIRD_PARTY, OWNER, b"hello");
    assert_eq!(store.set(id, &relative("reparse1")), NtStatus::SUCCESS);
    assert_eq!(store.delete(id, &header(SYMLINK)), NtStatus::SUCCESS);
    assert_eq!(store.set(id, &junction("reparse1")), NtStatus::NOT_A_DIRECTORY);
    assert_eq!(store.set(id, &opaque(MICROSOFT, b"hello")), NtStatus::SUCCESS);
    assert_eq!(store.delete(id, &header(MICROSOFT)), NtStatus::SUCCESS);
    assert_eq!(store.set(id, &third), NtStatus::SUCCESS);
    store.close(id);
    for path in [name, &stream] {
        let opened = store.try_open(path, AccessMask::MAXIMUM_ALLOWED, PLAIN);
        assert_eq!(opened, Err(NtStatus::IO_REPARSE_TAG_NOT_HANDLED), "{path}");
    }
    assert_eq!(store.point_of(name), Ok(third));
}

fn reparse18_through_a_files_stream<H: Host>(store: &Store<H>) {
    through_a_stream(store, "reparse18");
}

fn reparse19_through_a_directorys_stream<H: Host>(store: &Store<H>) {
    store.dir("reparse19");
    through_a_stream(store, "reparse19");
}

fn reparse20_only_a_symbolic_link_needs_the_privilege<H: Host>(store: &Store<H>) {
    store.dir("reparse20");
    let id = store.open_by(&without_privileges(), "reparse20", CHANGE).unwrap();
    assert_eq!(store.set(id, &relative("reparse1")), NtStatus::PRIVILEGE_NOT_HELD);
    let third = third_party(THIRD_PARTY, OWNER, b"hello");
    for (point, request) in [
        (junction("reparse1"), header(MOUNT_POINT)),
        (opaque(MICROSOFT, b"hello"), header(MICROSOFT)),
        (third, header_with(THIRD_PARTY, OWNER)),
    ] {
        assert_eq!(store.set(id, &point), NtStatus::SUCCESS);
        assert_eq!(store.delete(id, &request), NtStatus::SUCCESS);
    }
}

/// The other attributes are set all the same: to none.
fn fileinfo_the_reparse_point_attribute_is_ignored_when_it_is_set<H: Host>(store: &Store<H>) {
    let file = store.made("file", ASKING, NON_DIRECTORY);
    assert_eq!(store.set_attributes(file, FileAttributes::READONLY), NtStatus::SUCCESS);
    assert_eq!(store.set_attributes(file, FileAttributes::DIRECTORY), NtStatus::INVALID_PARAMETER);
    assert_eq!(store.set_attributes(file, POINT), NtStatus::SUCCESS);
    assert_eq!(store.basic_attributes(file), FileAttributes::NORMAL);
    let dir = store.made("dir", ASKING, DIRECTORY);
    assert_eq!(store.set_attributes(dir, POINT), NtStatus::SUCCESS);
    assert_eq!(store.basic_attributes(dir), FileAttributes::DIRECTORY);
    for id in [file, dir] {
        assert_eq!(store.get(id), Err(NtStatus::NOT_A_REPARSE_POINT));
    }
}
