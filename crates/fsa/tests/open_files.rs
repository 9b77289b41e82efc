//! Opening, making, overwriting and deleting plain files and directories, and who may do so together.
//! Source: [MS-FSA] 2.1.5.1, 2.1.5.1.1, 2.1.5.1.2, 2.1.5.5.
mod store;

use fsa::host::memory::{MemoryHost, MemoryOptions};
use fsa::{Durability, Ea, OpenRequest, VolumeOptions};
use nt::{AccessMask, CreateAction, CreateDisposition, CreateOptions, FileAttributes, NtStatus, ShareAccess};
use store::*;

const READ: AccessMask = AccessMask::FILE_READ_DATA;
const WRITE: AccessMask = AccessMask::FILE_WRITE_DATA;
const ATTRIBUTES: AccessMask = AccessMask::FILE_READ_ATTRIBUTES;
const DIRECTORY: CreateOptions = CreateOptions::DIRECTORY_FILE;

#[test]
fn what_is_missing_in_the_middle_is_a_path_and_at_the_end_a_name() {
    let store = Store::new();
    store.dir("dir");
    store.file("file");
    assert_eq!(store.opening("none", PLAIN), NtStatus::OBJECT_NAME_NOT_FOUND);
    assert_eq!(store.opening(r"dir\none", PLAIN), NtStatus::OBJECT_NAME_NOT_FOUND);
    assert_eq!(store.opening(r"none\x", PLAIN), NtStatus::OBJECT_PATH_NOT_FOUND);
    assert_eq!(store.opening(r"file\x", PLAIN), NtStatus::OBJECT_PATH_NOT_FOUND);
}

#[test]
fn names_are_found_in_any_case_and_shown_in_their_own() {
    let store = Store::new();
    store.dir("Dir");
    store.file(r"Dir\Straße");
    let id = store.open(r"dIR\STRAßE", ATTRIBUTES, PLAIN);
    assert_eq!(store.volume.open_of(id).unwrap().path(), r"\Dir\Straße".into());
    let again = store.open_as("DIR", ATTRIBUTES, DIRECTORY, CreateDisposition::CREATE);
    assert_eq!(again.map(|opened| opened.action), Err(NtStatus::OBJECT_NAME_COLLISION));
}

#[test]
fn a_name_may_hold_half_a_surrogate_pair() {
    let store = Store::new();
    let path = [u16::from(b'x'), 0xD800, u16::from(b'y')];
    let request = OpenRequest {
        disposition: CreateDisposition::CREATE,
        ..OpenRequest::existing(&path, AccessMask::FILE_READ_ATTRIBUTES)
    };
    let id = store.request(&request).unwrap().id;
    assert_eq!(store.volume.open_of(id).unwrap().path().units()[1..], path);
    let upper = [u16::from(b'X'), 0xD800, u16::from(b'Y')];
    assert!(store.request(&OpenRequest::existing(&upper, AccessMask::FILE_READ_ATTRIBUTES)).is_ok());
}

#[test]
fn a_closing_backslash_needs_a_directory() {
    let store = Store::new();
    store.dir("dir");
    store.file("file");
    assert_eq!(store.opening(r"dir\", PLAIN), NtStatus::SUCCESS);
    assert_eq!(store.opening(r"file\", PLAIN), NtStatus::OBJECT_NAME_INVALID);
    assert_eq!(store.opening(r"dir\", CreateOptions::NON_DIRECTORY_FILE), NtStatus::FILE_IS_A_DIRECTORY);
    let new = store.open_as(r"new\", ATTRIBUTES, PLAIN, CreateDisposition::CREATE);
    assert_eq!(new.map(|opened| opened.action), Err(NtStatus::OBJECT_NAME_INVALID));
    let new = store.open_as(r"new\", ATTRIBUTES, DIRECTORY, CreateDisposition::CREATE);
    assert_eq!(new.map(|opened| opened.action), Ok(CreateAction::CREATED));
}

#[test]
fn the_root_is_opened_by_no_name_and_never_made_anew() {
    let store = Store::new();
    for path in ["", "\\"] {
        assert_eq!(store.opening(path, DIRECTORY), NtStatus::SUCCESS);
    }
    let anew = store.open_as("\\", ATTRIBUTES, PLAIN, CreateDisposition::CREATE);
    assert_eq!(anew.map(|opened| opened.action), Err(NtStatus::ACCESS_DENIED));
}

#[test]
fn each_disposition_does_what_its_name_says() {
    use CreateDisposition as D;
    let store = Store::new();
    let table = [
        ("new1", D::OPEN, Err(NtStatus::OBJECT_NAME_NOT_FOUND)),
        ("new1", D::OVERWRITE, Err(NtStatus::OBJECT_NAME_NOT_FOUND)),
        ("new1", D::CREATE, Ok(CreateAction::CREATED)),
        ("new2", D::OPEN_IF, Ok(CreateAction::CREATED)),
        ("new3", D::OVERWRITE_IF, Ok(CreateAction::CREATED)),
        ("new4", D::SUPERSEDE, Ok(CreateAction::CREATED)),
        ("new1", D::OPEN, Ok(CreateAction::OPENED)),
        ("new1", D::OPEN_IF, Ok(CreateAction::OPENED)),
        ("new1", D::CREATE, Err(NtStatus::OBJECT_NAME_COLLISION)),
        ("new1", D::OVERWRITE, Ok(CreateAction::OVERWRITTEN)),
        ("new1", D::OVERWRITE_IF, Ok(CreateAction::OVERWRITTEN)),
        ("new1", D::SUPERSEDE, Ok(CreateAction::SUPERSEDED)),
    ];
    for (path, disposition, wanted) in table {
        let opened = store.open_as(path, ATTRIBUTES, PLAIN, disposition);
        if let Ok(opened) = &opened {
            store.close(opened.id);
        }
        assert_eq!(opened.map(|opened| opened.action), wanted, "{path} {disposition:?}");
    }
}

#[test]
fn directories_are_never_overwritten() {
    use CreateDisposition as D;
    let store = Store::new();
    store.dir("dir");
    for disposition in [D::CREATE, D::OVERWRITE, D::OVERWRITE_IF, D::SUPERSEDE] {
        let opened = store.open_as("dir", ATTRIBUTES, PLAIN, disposition);
        assert_eq!(opened.map(|opened| opened.action), Err(NtStatus::OBJECT_NAME_COLLISION));
    }
}

#[test]
fn overwriting_leaves_a_new_file_with_the_old_identity() {
    let store = Store::new();
    store.file_with("f", b"data");
    let create = CreateDisposition::CREATE;
    let stream = store.open_as("f:s", WRITE, PLAIN, create).unwrap().id;
    store.close(stream);
    let before = store.open("f", READ, PLAIN);
    let id = store.volume.open_of(before).unwrap().file.id();
    let path = utf16("f");
    let request = OpenRequest {
        disposition: CreateDisposition::OVERWRITE,
        attributes: FileAttributes::HIDDEN,
        eas: &[Ea { name: b"NEW".to_vec(), value: b"1".to_vec() }],
        ..OpenRequest::existing(&path, WRITE)
    };
    let opened = store.request(&request).unwrap();
    assert_eq!(store.volume.open_of(opened.id).unwrap().file.id(), id);
    assert_eq!(store.volume.read(before, 0, 9).unwrap_err().status, NtStatus::END_OF_FILE);
    assert_eq!(store.attributes("f"), FileAttributes::HIDDEN | FileAttributes::ARCHIVE);
    assert_eq!(store.opening("f:s", PLAIN), NtStatus::OBJECT_NAME_NOT_FOUND);
    // [MS-FSA] 2.1.5.1.2: who overwrites a hidden file says that it is one.
    let opened = store.open_as("f", WRITE, PLAIN, CreateDisposition::OVERWRITE);
    assert_eq!(opened.map(|opened| opened.action), Err(NtStatus::ACCESS_DENIED));
}

#[test]
fn the_reparse_attribute_at_creation_means_nothing() {
    let store = Store::new();
    let path = utf16("f");
    let request = OpenRequest {
        disposition: CreateDisposition::CREATE,
        attributes: FileAttributes::REPARSE_POINT | FileAttributes::READONLY,
        ..OpenRequest::existing(&path, WRITE)
    };
    store.request(&request).unwrap();
    assert_eq!(store.attributes("f"), FileAttributes::READONLY | FileAttributes::ARCHIVE);
    assert_eq!(store.point_of("f"), Err(NtStatus::NOT_A_REPARSE_POINT));
}

#[test]
fn a_read_only_file_is_not_written_nor_deleted_at_close() {
    let store = Store::new();
    let path = utf16("f");
    let request = OpenRequest {
        disposition: CreateDisposition::CREATE,
        attributes: FileAttributes::READONLY,
        ..OpenRequest::existing(&path, WRITE)
    };
    let maker = store.request(&request).unwrap().id;
    store.volume.write(maker, 0, b"its maker may").unwrap();
    store.close(maker);
    assert_eq!(store.try_open("f", WRITE, PLAIN), Err(NtStatus::ACCESS_DENIED));
    let doomed = CreateOptions::DELETE_ON_CLOSE;
    assert_eq!(store.try_open("f", AccessMask::DELETE, doomed), Err(NtStatus::CANNOT_DELETE));
    let all = store.open("f", AccessMask::MAXIMUM_ALLOWED, PLAIN);
    assert!(!store.volume.open_of(all).unwrap().granted.contains(WRITE));
}

#[test]
fn opens_that_do_not_share_exclude_each_other() {
    let store = Store::new();
    store.file("f");
    let path = utf16("f");
    let open = |access, share| {
        let request = OpenRequest { share_access: share, ..OpenRequest::existing(&path, access) };
        store.request(&request).map(|opened| opened.id).map_err(|error| error.status())
    };
    let modes =
        [(READ, ShareAccess::READ), (WRITE, ShareAccess::WRITE), (AccessMask::DELETE, ShareAccess::DELETE)];
    for (first, first_share) in modes {
        for (second, second_share) in modes {
            // Each shares what it does not do itself; then each in turn fails to share what the other does.
            let (both, all) = (first_share | second_share, SHARED);
            for (mine, theirs, fine) in [
                (all, all, true),
                (both, both, true),
                (all.without(second_share), all, false),
                (all, all.without(first_share), false),
            ] {
                let held = open(first, mine).unwrap();
                let met = open(second, theirs);
                assert_eq!(met.is_ok(), fine, "{first:?} sharing {mine:?}, {second:?} sharing {theirs:?}");
                match met {
                    Ok(id) => store.close(id),
                    Err(status) => assert_eq!(status, NtStatus::SHARING_VIOLATION),
                }
                store.close(held);
            }
        }
    }
}

#[test]
fn an_open_for_attributes_shares_whatever_others_do() {
    let store = Store::new();
    store.file("f");
    let path = utf16("f");
    let alone = OpenRequest {
        share_access: ShareAccess::NONE,
        ..OpenRequest::existing(&path, READ | WRITE | AccessMask::DELETE)
    };
    store.request(&alone).unwrap();
    let looks = OpenRequest { share_access: ShareAccess::NONE, ..OpenRequest::existing(&path, CHANGE) };
    store.request(&looks).unwrap();
}

#[test]
fn share_modes_of_a_link_are_its_own_and_not_its_targets() {
    let store = Store::new();
    store.file("target");
    store.file("link");
    store.put("link", &relative("target"));
    let path = utf16("link");
    let alone = OpenRequest {
        share_access: ShareAccess::NONE,
        options: ITSELF,
        ..OpenRequest::existing(&path, READ | AccessMask::DELETE)
    };
    store.request(&alone).unwrap();
    assert_eq!(store.try_open("link", READ, ITSELF), Err(NtStatus::SHARING_VIOLATION));
    assert_eq!(store.opening("link", PLAIN), NtStatus::SUCCESS);
}

#[test]
fn streams_share_each_for_itself_but_deleting_the_file_is_everyones_business() {
    let store = Store::new();
    store.file("f");
    let create = CreateDisposition::CREATE;
    let path = utf16("f:s");
    let alone = OpenRequest {
        share_access: ShareAccess::NONE,
        disposition: create,
        ..OpenRequest::existing(&path, READ | WRITE)
    };
    store.request(&alone).unwrap();
    assert_eq!(store.try_open("f:s", READ, PLAIN), Err(NtStatus::SHARING_VIOLATION));
    let id = store.open("f", READ, PLAIN);
    store.close(id);
    assert_eq!(store.try_open("f", AccessMask::DELETE, PLAIN), Err(NtStatus::SHARING_VIOLATION));
}

#[test]
fn a_name_that_is_to_go_cannot_be_opened_and_goes_with_the_last_open() {
    let store = Store::new();
    store.file("f");
    let first = store.open("f", AccessMask::DELETE, CreateOptions::DELETE_ON_CLOSE);
    let second = store.open("f", READ, PLAIN);
    store.close(first);
    assert_eq!(store.opening("f", PLAIN), NtStatus::DELETE_PENDING);
    let again = store.open_as("f", READ, PLAIN, CreateDisposition::CREATE);
    assert_eq!(again.map(|opened| opened.action), Err(NtStatus::DELETE_PENDING));
    store.close(second);
    assert_eq!(store.opening("f", PLAIN), NtStatus::OBJECT_NAME_NOT_FOUND);
}

#[test]
fn nothing_is_made_below_a_directory_that_is_to_go() {
    let store = Store::new();
    store.dir("dir");
    store.file(r"dir\f");
    let doomed = store.open("dir", AccessMask::DELETE, CreateOptions::DELETE_ON_CLOSE);
    let other = store.open("dir", ATTRIBUTES, PLAIN);
    store.close(doomed);
    assert_eq!(store.opening(r"dir\f", PLAIN), NtStatus::DELETE_PENDING);
    let new = store.open_as(r"dir\new", READ, PLAIN, CreateDisposition::CREATE);
    assert_eq!(new.map(|opened| opened.action), Err(NtStatus::DELETE_PENDING));
    // It has an entry: the last close leaves it.
    store.close(other);
    assert_eq!(store.opening(r"dir\f", PLAIN), NtStatus::SUCCESS);
}

#[test]
fn a_streams_open_that_deletes_at_close_deletes_the_stream_only() {
    let store = Store::new();
    store.file_with("f", b"kept");
    let create = CreateDisposition::CREATE;
    let options = CreateOptions::DELETE_ON_CLOSE;
    let id = store.open_as("f:s", AccessMask::DELETE, options, create).unwrap().id;
    assert_eq!(store.opening("f:S", PLAIN), NtStatus::SUCCESS);
    store.close(id);
    assert_eq!(store.opening("f:s", PLAIN), NtStatus::OBJECT_NAME_NOT_FOUND);
    assert_eq!(store.read_through("f"), Ok(b"kept".to_vec()));
}

#[test]
fn streams_are_named_by_the_book() {
    let store = Store::new();
    store.file_with("f", b"data");
    store.dir("d");
    assert_eq!(store.read_through("f::$DATA"), Ok(b"data".to_vec()));
    for (path, status) in [
        ("f::$REPARSE_POINT", NtStatus::OBJECT_NAME_INVALID),
        ("f:", NtStatus::OBJECT_NAME_INVALID),
        ("f:s:$DATA:x", NtStatus::OBJECT_NAME_INVALID),
        (r"f:s\x", NtStatus::OBJECT_NAME_INVALID),
        ("d::$DATA", NtStatus::FILE_IS_A_DIRECTORY),
        ("d::$INDEX_ALLOCATION", NtStatus::SUCCESS),
        ("d:$i30:$index_allocation", NtStatus::SUCCESS),
        ("d:x:$INDEX_ALLOCATION", NtStatus::INVALID_PARAMETER),
        ("f::$INDEX_ALLOCATION", NtStatus::NOT_A_DIRECTORY),
        ("f:none", NtStatus::OBJECT_NAME_NOT_FOUND),
    ] {
        assert_eq!(store.opening(path, PLAIN), status, "{path}");
    }
    assert_eq!(store.opening("f:s", DIRECTORY), NtStatus::NOT_A_DIRECTORY);
}

#[test]
fn requests_that_cannot_be_are_refused_before_anything_is_looked_up() {
    let store = Store::new();
    let none = utf16("none");
    let base = OpenRequest::existing(&none, READ);
    let refused = |request: OpenRequest<'_>| store.request(&request).unwrap_err().status();
    let invalid = NtStatus::INVALID_PARAMETER;
    assert_eq!(refused(OpenRequest { desired_access: AccessMask::NONE, ..base }), NtStatus::ACCESS_DENIED);
    assert_eq!(refused(OpenRequest { desired_access: AccessMask(1 << 26), ..base }), NtStatus::ACCESS_DENIED);
    assert_eq!(refused(OpenRequest { share_access: ShareAccess(8), ..base }), invalid);
    assert_eq!(refused(OpenRequest { disposition: CreateDisposition(6), ..base }), invalid);
    assert_eq!(refused(OpenRequest { options: CreateOptions(1 << 30), ..base }), invalid);
    assert_eq!(refused(OpenRequest { options: CreateOptions::DELETE_ON_CLOSE, ..base }), invalid);
    let both = DIRECTORY | CreateOptions::NON_DIRECTORY_FILE;
    assert_eq!(refused(OpenRequest { options: both, ..base }), invalid);
    let overwrite = CreateDisposition::OVERWRITE;
    assert_eq!(refused(OpenRequest { options: DIRECTORY, disposition: overwrite, ..base }), invalid);
    let by_id = CreateOptions::OPEN_BY_FILE_ID;
    assert_eq!(refused(OpenRequest { options: by_id, ..base }), NtStatus::NOT_SUPPORTED);
}

#[test]
fn on_a_read_only_volume_nothing_is_made_and_what_exists_opens() {
    let host = MemoryHost::new(MemoryOptions::default());
    Store::on(host.clone(), VolumeOptions::default()).file("f");
    let store = Store::on(host, VolumeOptions { read_only: true, ..VolumeOptions::default() });
    assert_eq!(store.opening("f", PLAIN), NtStatus::SUCCESS);
    for (path, disposition) in [
        ("f", CreateDisposition::OVERWRITE),
        ("new", CreateDisposition::CREATE),
        ("new", CreateDisposition::OPEN_IF),
    ] {
        let opened = store.open_as(path, READ, PLAIN, disposition);
        assert_eq!(opened.map(|opened| opened.action), Err(NtStatus::MEDIA_WRITE_PROTECTED));
    }
}

#[test]
fn write_through_brings_each_change_to_the_disk_before_the_call_returns() {
    let host = MemoryHost::new(MemoryOptions { record_crashes: true, ..MemoryOptions::default() });
    let options = VolumeOptions { durability: Durability::WriteThrough, ..VolumeOptions::default() };
    let store = Store::on(host.clone(), options);
    store.file("f");
    store.put("f", &relative("t"));
    let after = Store::on(host.crash_image().unwrap(), VolumeOptions::default());
    assert_eq!(after.point_of("f"), Ok(relative("t")));
}

#[test]
fn deferred_changes_reach_the_disk_at_a_flush() {
    let host = MemoryHost::new(MemoryOptions { record_crashes: true, ..MemoryOptions::default() });
    let deferred = VolumeOptions { durability: Durability::Deferred, ..VolumeOptions::default() };
    let store = Store::on(host.clone(), deferred);
    store.file("f");
    let id = store.open("f", CHANGE, ITSELF);
    assert_eq!(store.set(id, &relative("t")), NtStatus::SUCCESS);
    let crashed = |host: &MemoryHost| {
        Store::on(host.crash_image().unwrap(), VolumeOptions::default()).opening("f", ITSELF)
    };
    assert_eq!(crashed(&host), NtStatus::OBJECT_NAME_NOT_FOUND);
    store.volume.flush(id).unwrap();
    assert_eq!(crashed(&host), NtStatus::SUCCESS);
}
