//! Opening through links: what is followed, by whom, and how it ends.
//! Sources: Wine's dlls/ntdll/tests/file.c test_reparse_points; src/tests/reparse.cpp of maharmstone/btrfs; WinFsp's
//! tst/winfsp-tests/reparse-test.c; jborean93/smbprotocol's tests/test_exceptions.py; [MS-FSA] 2.1.5.1.
mod store;

use fsa::{Follow, HOPS_MAX, OpenError, OpenRequest, VolumeOptions};
use nt::{AccessMask, CreateAction, CreateDisposition, CreateOptions, NtStatus};
use store::*;

const READ: AccessMask = AccessMask::FILE_READ_DATA;

/// `\dir\target` with data and `\dir\deep`, a directory.
fn tree() -> Store {
    let store = Store::new();
    store.dir("dir");
    store.file_with(r"dir\target", b"data");
    store.dir(r"dir\deep");
    store.file_with(r"dir\deep\leaf", b"leaf");
    store
}

/// The status of opening a link to `target` that lies in `\dir`, made for it; a link on a directory when `directory`.
fn following(store: &Store, target: &[u8], directory: bool) -> NtStatus {
    let path = r"dir\link";
    if directory {
        store.dir(path);
    } else {
        store.file(path);
    }
    store.put(path, target);
    let status = store.opening(path, PLAIN);
    let id = store.open(path, AccessMask::DELETE, ITSELF | CreateOptions::DELETE_ON_CLOSE);
    store.close(id);
    status
}

#[test]
fn a_relative_target_may_have_dots_anywhere() {
    let store = tree();
    for target in
        [r"target", r".\target", r"deep\..\target", r".\deep\.\..\target", r"..\dir\target", r"x\..\target"]
    {
        assert_eq!(following(&store, &relative(target), false), NtStatus::SUCCESS, "{target}");
    }
    for target in [r"deep", r".\deep\", r"deep\", r"..\dir\deep\.", "."] {
        assert_eq!(following(&store, &relative(target), true), NtStatus::SUCCESS, "{target}");
    }
}

#[test]
fn a_target_from_the_root_of_its_volume_is_followed() {
    let store = tree();
    assert_eq!(following(&store, &relative(r"\dir\target"), false), NtStatus::SUCCESS);
}

#[test]
fn targets_with_bad_syntax_are_invalid_names() {
    let store = tree();
    let invalid = [
        relative("./target"),
        relative(r".\\target"),
        relative(r"target\"),
        relative(r"\??\C:\dir\target"),
        relative(r"\\?\C:\dir\target"),
        relative(r"C:\dir\target"),
        absolute("target"),
        absolute(r"C:\dir\target"),
        absolute(r"\\?\C:\dir\target"),
        absolute(r"\??\C:\dir\..\dir\target"),
        absolute(r"\??\C:\dir\target\"),
    ];
    for target in invalid {
        assert_eq!(following(&store, &target, false), NtStatus::OBJECT_NAME_INVALID, "{target:?}");
    }
}

#[test]
fn a_dot_inside_an_absolute_target_is_a_path_that_is_not_there() {
    let store = tree();
    let target = absolute(r"\??\C:\dir\.\target");
    assert_eq!(following(&store, &target, false), NtStatus::OBJECT_PATH_NOT_FOUND);
}

#[test]
fn a_dot_behind_the_last_name_makes_another_name() {
    let store = tree();
    assert_eq!(following(&store, &relative(r".\deep."), true), NtStatus::OBJECT_NAME_NOT_FOUND);
}

#[test]
fn dots_above_the_root_are_invalid_data() {
    let store = tree();
    let target = relative(r"..\..\dir\target");
    assert_eq!(following(&store, &target, false), NtStatus::IO_REPARSE_DATA_INVALID);
}

#[test]
fn absolute_targets_lead_through_the_drive_map() {
    let store = tree();
    assert_eq!(following(&store, &absolute(r"\??\C:\dir\target"), false), NtStatus::SUCCESS);
    assert_eq!(following(&store, &absolute(r"\??\c:\DIR\TARGET"), false), NtStatus::SUCCESS);
    assert_eq!(following(&store, &absolute(r"\??\C:\"), true), NtStatus::SUCCESS);
    assert_eq!(following(&store, &absolute(r"\??\C:\bogus"), false), NtStatus::OBJECT_NAME_NOT_FOUND);
    assert_eq!(following(&store, &absolute(r"\??\C:\bogus\x"), false), NtStatus::OBJECT_PATH_NOT_FOUND);
    for unknown in [r"\??\Q:\x", r"\??\C:x", r"\??\UNC\server\share\x", r"\Device\NamedPipe\"] {
        let status = following(&store, &absolute(unknown), false);
        assert_eq!(status, NtStatus::OBJECT_PATH_NOT_FOUND, "{unknown}");
    }
}

#[test]
fn a_dangling_link_is_a_name_that_is_not_there() {
    let store = tree();
    assert_eq!(following(&store, &relative("nowhere"), false), NtStatus::OBJECT_NAME_NOT_FOUND);
}

#[test]
fn a_link_is_held_to_its_own_kind() {
    let store = tree();
    assert_eq!(following(&store, &relative("deep"), false), NtStatus::FILE_IS_A_DIRECTORY);
    assert_eq!(following(&store, &relative("target"), true), NtStatus::NOT_A_DIRECTORY);
    assert_eq!(following(&store, &junction(r"\??\C:\dir\target"), true), NtStatus::NOT_A_DIRECTORY);
}

#[test]
fn a_mount_point_to_no_nt_name_is_an_invalid_name() {
    let store = tree();
    assert_eq!(following(&store, &junction("foobar"), true), NtStatus::OBJECT_NAME_INVALID);
}

#[test]
fn a_link_to_itself_is_not_resolved() {
    let store = tree();
    assert_eq!(following(&store, &relative("link"), false), NtStatus::REPARSE_POINT_NOT_RESOLVED);
    let junction = junction(r"\??\C:\dir\link");
    assert_eq!(following(&store, &junction, true), NtStatus::REPARSE_POINT_NOT_RESOLVED);
}

#[test]
fn sixty_three_links_are_followed_and_not_one_more() {
    let store = tree();
    store.file("0");
    for n in 1..=HOPS_MAX + 1 {
        store.file(&n.to_string());
        store.put(&n.to_string(), &relative(&(n - 1).to_string()));
    }
    assert_eq!(HOPS_MAX, 63);
    assert_eq!(store.opening("63", PLAIN), NtStatus::SUCCESS);
    assert_eq!(store.opening("64", PLAIN), NtStatus::REPARSE_POINT_NOT_RESOLVED);
}

#[test]
fn links_on_the_way_are_followed_even_when_the_last_is_not() {
    let store = tree();
    store.dir("way");
    store.put("way", &junction(r"\??\C:\dir\deep"));
    assert_eq!(store.read_through(r"way\leaf"), Ok(b"leaf".to_vec()));
    assert_eq!(store.opening(r"way\leaf", ITSELF), NtStatus::SUCCESS);
    store.dir("soft");
    store.put("soft", &relative(r"dir"));
    assert_eq!(store.read_through(r"soft\deep\leaf"), Ok(b"leaf".to_vec()));
}

#[test]
fn a_volume_as_a_mount_points_target_ends_in_a_backslash() {
    let store = tree();
    store.dir("all");
    store.put("all", &junction(r"\??\C:\"));
    assert_eq!(store.read_through(r"all\dir\target"), Ok(b"data".to_vec()));
    assert_eq!(store.opening("all", PLAIN), NtStatus::SUCCESS);
}

#[test]
fn tags_that_nobody_follows_end_the_open_wherever_they_are() {
    let store = tree();
    store.file("f");
    store.put("f", &opaque(0x8000_DEAD, b"x"));
    store.dir("d");
    store.put("d", &third_party(0xBEEF, OWNER, b"x"));
    for path in ["f", "d"] {
        assert_eq!(store.opening(path, PLAIN), NtStatus::IO_REPARSE_TAG_NOT_HANDLED);
        assert_eq!(store.opening(path, ITSELF), NtStatus::SUCCESS);
    }
    for options in [PLAIN, ITSELF] {
        assert_eq!(store.opening(r"d\child", options), NtStatus::IO_REPARSE_TAG_NOT_HANDLED);
    }
}

#[test]
fn a_tag_with_the_directory_bit_is_no_obstacle_on_a_directory_and_one_on_a_file() {
    let store = tree();
    store.put("dir", &opaque(0x9000_CAFE, b"x"));
    assert_eq!(store.read_through(r"dir\target"), Ok(b"data".to_vec()));
    let path = utf16("dir");
    let opened = store.request(&OpenRequest::existing(&path, AccessMask::FILE_READ_ATTRIBUTES)).unwrap();
    assert!(opened.is_reparse_point_opened_without_flag);
    store.file("f");
    store.put("f", &opaque(0x9000_CAFE, b"x"));
    assert_eq!(store.opening("f", PLAIN), NtStatus::IO_REPARSE_TAG_NOT_HANDLED);
}

#[test]
fn a_caller_who_follows_links_is_told_how_much_is_left_in_bytes() {
    let store = tree();
    store.dir("link");
    store.put("link", &absolute(r"\??\C:\temp\folder"));
    for (path, unparsed_len) in [("link", 0), (r"link\DailyDocs\[MS-SMB].doc", 46), (r"LINK\a", 4)] {
        let text = utf16(path);
        let request = OpenRequest { follow: Follow::Caller, ..OpenRequest::existing(&text, READ) };
        let error = store.request(&request).unwrap_err();
        assert_eq!(error.status(), NtStatus::STOPPED_ON_SYMLINK);
        let OpenError::StoppedOnSymlink(stop) = error else { panic!("{error}") };
        assert_eq!(stop.unparsed_len, unparsed_len, "{path}");
        assert_eq!(stop.link.encode(), absolute(r"\??\C:\temp\folder"));
        assert_eq!(stop.parsed, r"\link".into());
    }
}

#[test]
fn mount_points_are_the_stores_to_follow_whoever_follows_links() {
    let store = tree();
    store.dir("mount");
    store.put("mount", &junction(r"\??\C:\dir"));
    let path = utf16(r"mount\target");
    let request = OpenRequest { follow: Follow::Caller, ..OpenRequest::existing(&path, READ) };
    assert!(store.request(&request).is_ok());
}

#[test]
fn a_link_opened_itself_is_nothing_to_stop_at() {
    let store = tree();
    store.file("link");
    store.put("link", &relative("nowhere"));
    let path = utf16("link");
    let request = OpenRequest {
        follow: Follow::Caller,
        options: ITSELF,
        ..OpenRequest::existing(&path, AccessMask::READ_CONTROL)
    };
    assert!(store.request(&request).is_ok());
}

#[test]
fn a_caller_who_wants_to_meet_no_reparse_point_meets_none() {
    let store = tree();
    store.dir("mount");
    store.put("mount", &junction(r"\??\C:\dir"));
    for path in ["mount", r"mount\target"] {
        let text = utf16(path);
        let request = OpenRequest { dont_reparse: true, ..OpenRequest::existing(&text, READ) };
        assert_eq!(store.request(&request).unwrap_err().status(), NtStatus::REPARSE_POINT_ENCOUNTERED);
    }
    let text = utf16(r"dir\target");
    assert!(store.request(&OpenRequest { dont_reparse: true, ..OpenRequest::existing(&text, READ) }).is_ok());
}

#[test]
fn below_a_link_that_is_itself_open_nothing_is_found() {
    let store = tree();
    store.dir("mount");
    store.put("mount", &junction(r"\??\C:\dir"));
    let root = store.open("mount", AccessMask::READ_CONTROL, ITSELF);
    let name = utf16("target");
    let below = OpenRequest { relative_to: Some(root), ..OpenRequest::existing(&name, READ) };
    assert_eq!(store.request(&below).unwrap_err().status(), NtStatus::REPARSE_POINT_NOT_RESOLVED);
    let itself = OpenRequest { path: &[], ..below };
    assert_eq!(store.request(&itself).unwrap_err().status(), NtStatus::IO_REPARSE_DATA_INVALID);
    assert!(store.request(&OpenRequest { options: ITSELF, ..itself }).is_ok());
}

#[test]
fn nothing_is_made_in_an_open_directory_that_became_a_link() {
    let store = tree();
    store.dir("later");
    let root = store.open("later", AccessMask::READ_CONTROL, PLAIN);
    store.put("later", &junction(r"\??\C:\dir"));
    let name = utf16("target");
    let below = OpenRequest { relative_to: Some(root), ..OpenRequest::existing(&name, READ) };
    assert_eq!(store.request(&below).unwrap_err().status(), NtStatus::OBJECT_NAME_NOT_FOUND);
    let make = OpenRequest { disposition: CreateDisposition::CREATE, ..below };
    assert_eq!(store.request(&make).unwrap_err().status(), NtStatus::REPARSE_POINT_NOT_RESOLVED);
}

#[test]
fn a_path_that_starts_at_an_open_is_looked_up_there() {
    let store = tree();
    let root = store.open("dir", AccessMask::READ_CONTROL, PLAIN);
    let name = utf16(r"deep\leaf");
    let request = OpenRequest { relative_to: Some(root), ..OpenRequest::existing(&name, READ) };
    let id = store.request(&request).unwrap().id;
    assert_eq!(store.volume.open_of(id).unwrap().path(), r"\dir\deep\leaf".into());
    // A relative link found on the way goes from its own directory.
    store.file(r"dir\deep\up");
    store.put(r"dir\deep\up", &relative(r"..\target"));
    let name = utf16(r"deep\up");
    let id = store.request(&OpenRequest { path: &name, ..request }).unwrap().id;
    assert_eq!(store.volume.open_of(id).unwrap().path(), r"\dir\target".into());
    let absolute = utf16(r"\dir\target");
    let refused = store.request(&OpenRequest { path: &absolute, ..request }).unwrap_err();
    assert_eq!(refused.status(), NtStatus::OBJECT_NAME_INVALID);
}

#[test]
fn a_stream_behind_a_link_is_the_targets() {
    let store = tree();
    let create = CreateDisposition::CREATE;
    let id = store.open_as(r"dir\target:s", AccessMask::FILE_WRITE_DATA, PLAIN, create).unwrap().id;
    store.volume.write(id, 0, b"stream").unwrap();
    store.close(id);
    store.file(r"dir\link");
    store.put(r"dir\link", &relative("target"));
    assert_eq!(store.read_through(r"dir\link:s"), Ok(b"stream".to_vec()));
}

#[test]
fn a_missing_target_is_made_by_a_disposition_that_makes() {
    let store = tree();
    store.file("link");
    store.put("link", &relative(r"dir\new"));
    let opened = store.open_as("link", READ, PLAIN, CreateDisposition::OPEN_IF).unwrap();
    assert_eq!(opened.action, CreateAction::CREATED);
    assert_eq!(store.volume.open_of(opened.id).unwrap().path(), r"\dir\new".into());
    assert_eq!(store.point_of("link"), Ok(relative(r"dir\new")));
    assert_eq!(store.opening(r"dir\new", ITSELF), NtStatus::SUCCESS);
}

#[test]
fn creating_over_a_link_collides_with_its_target() {
    let store = tree();
    store.file("link");
    store.put("link", &relative(r"dir\target"));
    let create = CreateDisposition::CREATE;
    for options in [PLAIN, ITSELF] {
        let status = store.open_as("link", READ, options, create).unwrap_err();
        assert_eq!(status, NtStatus::OBJECT_NAME_COLLISION);
    }
    store.dir("mount");
    store.put("mount", &junction(r"\??\C:\dir"));
    let status = store.open_as("mount", READ, CreateOptions::DIRECTORY_FILE, create).unwrap_err();
    assert_eq!(status, NtStatus::OBJECT_NAME_COLLISION);
}

#[test]
fn overwriting_through_a_link_overwrites_its_target() {
    let store = tree();
    store.file("link");
    store.put("link", &relative(r"dir\target"));
    let opened = store.open_as("link", READ, PLAIN, CreateDisposition::OVERWRITE).unwrap();
    assert_eq!(opened.action, CreateAction::OVERWRITTEN);
    assert_eq!(store.point_of("link"), Ok(relative(r"dir\target")));
    assert_eq!(store.read_through(r"dir\target"), Err(NtStatus::END_OF_FILE));
}

#[test]
fn overwriting_a_link_itself_removes_its_reparse_point() {
    for (disposition, action) in [
        (CreateDisposition::OVERWRITE, CreateAction::OVERWRITTEN),
        (CreateDisposition::OVERWRITE_IF, CreateAction::OVERWRITTEN),
        (CreateDisposition::SUPERSEDE, CreateAction::SUPERSEDED),
    ] {
        let store = tree();
        store.file("link");
        store.put("link", &relative(r"dir\target"));
        let opened = store.open_as("link", READ, ITSELF, disposition).unwrap();
        assert_eq!(opened.action, action);
        assert_eq!(store.point_of("link"), Err(NtStatus::NOT_A_REPARSE_POINT));
        assert_eq!(store.read_through(r"dir\target"), Ok(b"data".to_vec()));
    }
}

#[test]
fn deleting_a_link_leaves_its_target() {
    let store = tree();
    store.dir("mount");
    store.put("mount", &junction(r"\??\C:\dir"));
    let options = ITSELF | CreateOptions::DELETE_ON_CLOSE;
    let id = store.open("mount", AccessMask::DELETE, options);
    store.close(id);
    assert_eq!(store.opening("mount", ITSELF), NtStatus::OBJECT_NAME_NOT_FOUND);
    assert_eq!(store.opening(r"dir\target", PLAIN), NtStatus::SUCCESS);
}

#[test]
fn deleting_through_a_link_deletes_its_target() {
    let store = tree();
    store.file("link");
    store.put("link", &relative(r"dir\target"));
    let id = store.open("link", AccessMask::DELETE, CreateOptions::DELETE_ON_CLOSE);
    store.close(id);
    assert_eq!(store.opening(r"dir\target", PLAIN), NtStatus::OBJECT_NAME_NOT_FOUND);
    assert_eq!(store.opening("link", ITSELF), NtStatus::SUCCESS);
}

#[test]
fn a_host_link_in_the_tree_shows_as_a_symbolic_link_and_is_followed() {
    use fsa::host::{Host, Make};
    let store = tree();
    let host = store.volume.host();
    host.create(&host.root(), &utf16("unix"), Make::Symlink(b"dir/target")).unwrap();
    assert_eq!(store.point_of("unix"), Ok(relative(r"dir\target")));
    assert_eq!(store.read_through("unix"), Ok(b"data".to_vec()));
    host.create(&host.root(), &utf16("out"), Make::Symlink(b"../../etc/passwd")).unwrap();
    assert_eq!(store.opening("out", PLAIN), NtStatus::IO_REPARSE_DATA_INVALID);
    host.create(&host.root(), &utf16("abs"), Make::Symlink(b"/etc/passwd")).unwrap();
    assert_eq!(store.opening("abs", PLAIN), NtStatus::IO_REPARSE_TAG_NOT_HANDLED);
    host.create(&host.root(), &utf16("pipe"), Make::Fifo).unwrap();
    assert_eq!(store.opening("pipe", PLAIN), NtStatus::IO_REPARSE_TAG_NOT_HANDLED);
    assert_eq!(store.point_of("pipe").unwrap()[..4], 0x8000_0014_u32.to_le_bytes());
}

#[test]
fn a_host_link_that_is_set_or_deleted_becomes_a_file_and_its_opens_stay() {
    use fsa::host::{Host, Make};
    let store = tree();
    let host = store.volume.host();
    host.create(&host.root(), &utf16("unix"), Make::Symlink(b"dir/target")).unwrap();
    let id = store.open("unix", CHANGE, ITSELF);
    assert_eq!(store.set(id, &relative("elsewhere")), NtStatus::SUCCESS);
    assert_eq!(store.get(id), Ok(relative("elsewhere")));
    assert_eq!(store.delete(id, &opaque(0xA000_000C, b"")), NtStatus::SUCCESS);
    assert_eq!(store.get(id), Err(NtStatus::NOT_A_REPARSE_POINT));
    store.close(id);
    assert_eq!(store.opening("unix", PLAIN), NtStatus::SUCCESS);
}

#[test]
fn where_the_owner_wants_it_a_safe_link_is_the_hosts_own() {
    use fsa::host::{Host, NodeKind};
    let store = Store::with(VolumeOptions { write_unix_links: true, ..VolumeOptions::default() });
    store.dir("dir");
    let kind = |path: &str| {
        let host = store.volume.host();
        let dir = host.lookup(&host.root(), &utf16("dir")).unwrap().unwrap().0;
        let node = host.lookup(&dir, &utf16(path)).unwrap().unwrap().0;
        host.stat(&node).unwrap().kind
    };
    for (name, point, wanted) in [
        ("safe", relative(r"..\dir\x"), NodeKind::Symlink),
        ("outside", relative(r"..\..\x"), NodeKind::File),
        ("absolute", absolute(r"\??\C:\x"), NodeKind::File),
        ("printed", symlink("x", "y", 1), NodeKind::File),
        ("pipe", opaque(0x8000_0014, &0x4F46_4946_u64.to_le_bytes()), NodeKind::Fifo),
    ] {
        let path = format!(r"dir\{name}");
        store.file(&path);
        store.put(&path, &point);
        assert_eq!(kind(name), wanted, "{name}");
        assert_eq!(store.point_of(&path), Ok(point), "{name}");
    }
    let id = store.open(r"dir\safe", CHANGE, ITSELF);
    assert_eq!(store.set(id, &relative("other")), NtStatus::SUCCESS);
    assert_eq!((kind("safe"), store.get(id)), (NodeKind::Symlink, Ok(relative("other"))));
    assert_eq!(store.delete(id, &opaque(0xA000_000C, b"")), NtStatus::SUCCESS);
    assert_eq!(kind("safe"), NodeKind::File);
}
