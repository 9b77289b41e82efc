//! Rows of the semantics' sections 2.2 to 3.6 that no suite's scenario shows yet, each with the source that section names.
use super::ask::*;
use super::scenarios;
use crate::store::{
    CHANGE, ITSELF, OWNER, PLAIN, SHARED, Store, absolute, junction, opaque, relative, symlink, third_party,
    utf16,
};
use fsa::host::Host;
use fsa::{Event, HOPS_MAX, OpenRequest};
use nt::{
    AccessMask, CreateAction, CreateDisposition, CreateOptions, FileAttributes,
    FileInformationClass as Class, FsInformationClass, FsctlCode, Guid, NotifyAction, NotifyFilter, NtStatus,
    ShareAccess,
};

scenarios! { "semantics":
    setting_and_deleting_have_no_room_for_output,
    the_right_to_append_is_enough,
    a_target_is_not_looked_at_when_it_is_set,
    sharing_keeps_nobody_from_setting,
    reserved_tags_are_told_by_their_form,
    a_tag_with_reserved_bits_is_no_tag,
    links_have_the_short_form_and_third_parties_an_owner,
    a_mount_point_has_one_layout,
    a_links_names_lie_inside_it,
    a_mount_points_print_name_may_be_empty,
    deleting_needs_a_right,
    reading_takes_no_input,
    a_small_point_is_read_whole_in_little_room,
    the_reserved_field_reads_zero,
    with_the_flag_any_tag_opens_with_any_disposition,
    a_link_leads_on_and_the_action_is_the_targets,
    a_directory_with_the_d_bit_is_walked_through,
    sixty_three_links_are_followed,
    who_wants_no_reparse_point_meets_one,
    the_reparse_points_stream_type_opens_nothing,
    directory_links_are_held_to_their_kind,
    superseding_a_link_itself_removes_the_point,
    truncating_and_deleting_on_close_hit_what_was_opened,
    creating_over_a_link_collides,
    a_client_passes_a_mount_point_without_seeing_it,
    a_client_meets_other_tags_as_not_handled,
    the_reply_tells_of_a_reparse_point_opened_without_the_flag,
    a_client_gets_a_local_absolute_target_unchanged,
    the_systems_flags_of_a_link_are_not_kept,
    deleting_a_directory_with_the_d_bit_wants_it_empty,
    a_link_is_deleted_by_the_rules_of_any_file,
    a_junction_goes_though_its_target_has_entries,
    renaming_over_a_link_replaces_the_link,
    a_watcher_is_told_of_the_object_that_changed,
    the_eas_length_gives_way_to_the_tag,
    the_reparse_index_lists_by_tag_and_file,
    the_reparse_index_is_no_information_of_a_file,
    the_volume_says_that_it_has_reparse_points,
}

const MICROSOFT: u32 = 0x8000_DEAD;
const THIRD_PARTY: u32 = 0xBEEF;

/// [MS-FSCC] 2.3.82; 2.2 row c
fn setting_and_deleting_have_no_room_for_output<H: Host>(store: &Store<H>) {
    let id = store.made("file", CHANGE, PLAIN);
    let point = opaque(MICROSOFT, b"hello");
    assert_eq!(store.control(id, FsctlCode::SET_REPARSE_POINT, &point, 1), NtStatus::INVALID_PARAMETER);
    assert_eq!(store.set(id, &point), NtStatus::SUCCESS);
    let delete = store.control(id, FsctlCode::DELETE_REPARSE_POINT, &header(MICROSOFT), 1);
    assert_eq!(delete, NtStatus::INVALID_PARAMETER);
    assert_eq!(store.get(id), Ok(point));
}

/// WinFsp's src/sys/fsctl.c says so of NTFS; 2.2 row e
fn the_right_to_append_is_enough<H: Host>(store: &Store<H>) {
    let id = store.made("file", AccessMask::FILE_APPEND_DATA, PLAIN);
    assert_eq!(store.set(id, &opaque(MICROSOFT, b"hello")), NtStatus::SUCCESS);
    assert_eq!(store.delete(id, &header(MICROSOFT)), NtStatus::SUCCESS);
}

/// Wine; WinBtrfs reparse8; 2.2 row n
fn a_target_is_not_looked_at_when_it_is_set<H: Host>(store: &Store<H>) {
    for (name, target) in [("a", r"\??\Q:\nowhere"), ("b", "a*b?c|d"), ("c", "\u{1}"), ("d", r"\\?\C:\x")] {
        store.point(name, PLAIN, &absolute(target));
        assert_eq!(store.point_of(name), Ok(absolute(target)), "{target}");
    }
    store.point("dir", DIRECTORY, &junction(r"\??\Q:\nowhere"));
}

/// Samba's test_reparse_share_modes; 2.2 row t
fn sharing_keeps_nobody_from_setting<H: Host>(store: &Store<H>) {
    let changer = store.made("file", CHANGE, PLAIN);
    let alone = store.open_sharing("file", AccessMask::FILE_READ_DATA, ShareAccess::NONE).unwrap();
    assert_eq!(store.set(changer, &opaque(MICROSOFT, b"hello")), NtStatus::SUCCESS);
    assert_eq!(store.get(alone), Ok(opaque(MICROSOFT, b"hello")));
    let other = store.open_sharing("file", AccessMask::FILE_READ_DATA, SHARED);
    assert_eq!(other, Err(NtStatus::SHARING_VIOLATION));
}

/// FsRtlValidateReparsePointBuffer as ReactOS and WinBtrfs have it; 2.2 row u
fn reserved_tags_are_told_by_their_form<H: Host>(store: &Store<H>) {
    let id = store.made("file", CHANGE, PLAIN);
    for tag in [0, 1] {
        assert_eq!(store.set(id, &opaque(tag, b"hello")), NtStatus::IO_REPARSE_DATA_INVALID, "{tag}");
        assert_eq!(store.set(id, &third_party(tag, OWNER, b"x")), NtStatus::IO_REPARSE_TAG_INVALID, "{tag}");
    }
}

/// As above: bits 16 to 27 are zero in every tag.
fn a_tag_with_reserved_bits_is_no_tag<H: Host>(store: &Store<H>) {
    let id = store.made("file", CHANGE, PLAIN);
    for tag in [0x8001_DEAD, 0x8800_DEAD] {
        assert_eq!(store.set(id, &opaque(tag, b"hello")), NtStatus::IO_REPARSE_TAG_INVALID, "{tag:x}");
    }
    let third = third_party(0x0001_BEEF, OWNER, b"hello");
    assert_eq!(store.set(id, &third), NtStatus::IO_REPARSE_TAG_INVALID);
}

/// As above.
fn links_have_the_short_form_and_third_parties_an_owner<H: Host>(store: &Store<H>) {
    let id = store.made("dir", CHANGE, DIRECTORY);
    for tag in [SYMLINK, MOUNT_POINT] {
        let payload = if tag == SYMLINK { relative("x") } else { junction(r"\??\C:\x") };
        let long = third_party(tag, OWNER, &payload[8..]);
        assert_eq!(store.set(id, &long), NtStatus::IO_REPARSE_DATA_INVALID, "{tag:x}");
    }
    let nobody = third_party(THIRD_PARTY, Guid::NIL, b"hello");
    assert_eq!(store.set(id, &nobody), NtStatus::IO_REPARSE_DATA_INVALID);
    // Any other Microsoft tag may have either form.
    assert_eq!(store.set(id, &third_party(MICROSOFT, OWNER, b"hello")), NtStatus::SUCCESS);
}

/// As above; Wine says that other layouts fail.
fn a_mount_point_has_one_layout<H: Host>(store: &Store<H>) {
    let id = store.made("dir", CHANGE, DIRECTORY);
    let point = junction(r"\??\C:\x");
    let changed = |at: usize, value: u8| {
        let mut other = point.clone();
        other[at] = value;
        other
    };
    // SubstituteNameOffset not 0; PrintNameOffset not behind the NUL; PrintNameLength beyond the end.
    for other in [changed(8, 2), changed(12, point[10]), changed(14, 2)] {
        assert_eq!(store.set(id, &other), NtStatus::IO_REPARSE_DATA_INVALID, "{other:?}");
    }
    let mut short = point.clone();
    short.truncate(point.len() - 2); // without the second NUL
    short[4] -= 2;
    assert_eq!(store.set(id, &short), NtStatus::IO_REPARSE_DATA_INVALID);
    assert_eq!(store.set(id, &point), NtStatus::SUCCESS);
}

/// As above.
fn a_links_names_lie_inside_it<H: Host>(store: &Store<H>) {
    let id = store.made("file", CHANGE, PLAIN);
    let point = symlink("target", "print", 1);
    let changed = |at: usize, value: u8| {
        let mut other = point.clone();
        other[at] = value;
        other
    };
    // Each of the four numbers odd, each range beyond the end, each length zero.
    for (at, value) in
        [(8, 1), (10, 3), (12, 1), (14, 3), (8, 200), (10, 200), (12, 200), (14, 200), (10, 0), (14, 0)]
    {
        assert_eq!(store.set(id, &changed(at, value)), NtStatus::IO_REPARSE_DATA_INVALID, "{value} at {at}");
    }
    assert_eq!(store.set(id, &opaque(SYMLINK, &[0; 11])), NtStatus::IO_REPARSE_DATA_INVALID);
    assert_eq!(store.set(id, &point), NtStatus::SUCCESS);
}

/// What Dokany's dokan/mount.c sends; semantics 1.5.2
fn a_mount_points_print_name_may_be_empty<H: Host>(store: &Store<H>) {
    let point = junction(r"\??\C:\x");
    assert_eq!(point[14..16], [0, 0]);
    store.point("dir", DIRECTORY, &point);
}

/// [MS-FSA] 2.1.5.10.3; 2.3 row 6
fn deleting_needs_a_right<H: Host>(store: &Store<H>) {
    store.point("file", PLAIN, &opaque(MICROSOFT, b"hello"));
    let id = store.open("file", READ, ITSELF);
    assert_eq!(store.delete(id, &header(MICROSOFT)), NtStatus::ACCESS_DENIED);
    assert_eq!(store.get(id), Ok(opaque(MICROSOFT, b"hello")));
}

/// WinFsp's src/sys/fsctl.c; 2.4
fn reading_takes_no_input<H: Host>(store: &Store<H>) {
    store.point("file", PLAIN, &opaque(MICROSOFT, b"hello"));
    let id = store.open("file", READ, ITSELF);
    assert_eq!(store.control(id, FsctlCode::GET_REPARSE_POINT, b"x", 1024), NtStatus::INVALID_PARAMETER);
}

/// The driver kit's page: less than 28 bytes are too little only for what does not fit; 2.4
fn a_small_point_is_read_whole_in_little_room<H: Host>(store: &Store<H>) {
    store.point("fifo", PLAIN, &opaque(0x8000_0024, b""));
    let id = store.open("fifo", READ, ITSELF);
    let reply = store.get_in(id, 8).unwrap();
    assert_eq!((reply.status, reply.output.len()), (NtStatus::SUCCESS, 8));
    assert_eq!(store.get_in(id, 7), Err(NtStatus::BUFFER_TOO_SMALL));
}

/// [MS-FSA] 2.1.5.10.14; 2.4
fn the_reserved_field_reads_zero<H: Host>(store: &Store<H>) {
    let id = store.made("file", CHANGE, PLAIN);
    let mut point = opaque(MICROSOFT, b"hello");
    point[6..8].copy_from_slice(&[0xAB, 0xCD]);
    assert_eq!(store.set(id, &point), NtStatus::SUCCESS);
    assert_eq!(store.get(id), Ok(opaque(MICROSOFT, b"hello")));
}

/// WinBtrfs, Wine; 3.2 row 1
fn with_the_flag_any_tag_opens_with_any_disposition<H: Host>(store: &Store<H>) {
    let third = third_party(THIRD_PARTY, OWNER, b"hello");
    for (name, point) in [("a", relative("nowhere")), ("b", opaque(MICROSOFT, b"hello")), ("c", third)] {
        store.point(name, PLAIN, &point);
        let own = store.id_at(name, ITSELF);
        for (disposition, action) in [
            (OPEN, CreateAction::OPENED),
            (OPEN_IF, CreateAction::OPENED),
            (OVERWRITE, CreateAction::OVERWRITTEN),
            (CreateDisposition::OVERWRITE_IF, CreateAction::OVERWRITTEN),
            (CreateDisposition::SUPERSEDE, CreateAction::SUPERSEDED),
        ] {
            let opened = store.open_as(name, READ, ITSELF, disposition).unwrap();
            assert_eq!((opened.action, store.file_id(opened.id)), (action, own), "{name}");
            store.close(opened.id);
        }
    }
}

/// WinBtrfs; 3.2 row 2
fn a_link_leads_on_and_the_action_is_the_targets<H: Host>(store: &Store<H>) {
    store.dir("dir");
    store.file("file");
    store.point("link", PLAIN, &relative("file"));
    store.point("mount", DIRECTORY, &junction(r"\??\C:\dir"));
    for (path, target) in [("link", "file"), ("mount", "dir")] {
        let opened = store.open_as(path, READ, PLAIN, OPEN_IF).unwrap();
        assert_eq!(opened.action, CreateAction::OPENED);
        assert_eq!(store.file_id(opened.id), store.id_at(target, PLAIN));
    }
}

/// WinBtrfs reparse17, Wine; 3.2 row 4
fn a_directory_with_the_d_bit_is_walked_through<H: Host>(store: &Store<H>) {
    store.dir("dir");
    store.dir(r"dir\sub");
    store.file_with(r"dir\sub\leaf", b"leaf");
    for path in ["dir", r"dir\sub"] {
        store.put(path, &opaque(0x9000_CAFE, b"hello"));
    }
    assert_eq!(store.read_through(r"dir\sub\leaf"), Ok(b"leaf".to_vec()));
    assert_eq!(store.names_in(r"dir\sub"), [".", "..", "leaf"]);
    store.file(r"dir\sub\new");
}

/// The page on reparse points of the Win32 reference: at most 63 on a path; 3.2 row 9
fn sixty_three_links_are_followed<H: Host>(store: &Store<H>) {
    store.file_with("0", b"at last");
    for link in 1..=HOPS_MAX + 1 {
        store.point(&link.to_string(), PLAIN, &relative(&(link - 1).to_string()));
    }
    assert_eq!(HOPS_MAX, 63);
    assert_eq!(store.read_through("63"), Ok(b"at last".to_vec()));
    assert_eq!(store.read_through("64"), Err(NtStatus::REPARSE_POINT_NOT_RESOLVED));
}

/// hcsshim's safefile tests; 3.2 row 18
fn who_wants_no_reparse_point_meets_one<H: Host>(store: &Store<H>) {
    store.dir("dir");
    store.file(r"dir\file");
    store.point("mount", DIRECTORY, &junction(r"\??\C:\dir"));
    store.point("link", PLAIN, &relative(r"dir\file"));
    for path in [r"mount\file", "mount", "link"] {
        let text = utf16(path);
        let request = OpenRequest { dont_reparse: true, ..OpenRequest::existing(&text, READ) };
        let refused = store.request(&request).unwrap_err().status();
        assert_eq!(refused, NtStatus::REPARSE_POINT_ENCOUNTERED, "{path}");
    }
    let text = utf16(r"dir\file");
    assert!(store.request(&OpenRequest { dont_reparse: true, ..OpenRequest::existing(&text, READ) }).is_ok());
}

/// [MS-FSA] 2.1.5.1, notes 45 and 46; 3.2 row 19
fn the_reparse_points_stream_type_opens_nothing<H: Host>(store: &Store<H>) {
    store.point("file", PLAIN, &opaque(MICROSOFT, b"hello"));
    for options in [PLAIN, ITSELF] {
        assert_eq!(store.opening("file::$REPARSE_POINT", options), NtStatus::OBJECT_NAME_INVALID);
    }
    assert_eq!(store.opening("file::$DATA", ITSELF), NtStatus::SUCCESS);
}

/// WinFsp's note on Windows 11; 3.2 row 12
fn directory_links_are_held_to_their_kind<H: Host>(store: &Store<H>) {
    store.dir("dir");
    store.file("file");
    for (name, options, target, status) in [
        ("a", PLAIN, "dir", NtStatus::FILE_IS_A_DIRECTORY),
        ("b", DIRECTORY, "file", NtStatus::NOT_A_DIRECTORY),
    ] {
        store.point(name, options, &relative(target));
        assert_eq!(store.opening(name, CreateOptions::OPEN_FOR_BACKUP_INTENT), status);
        // Of a link on the way nothing is asked but that it leads to a directory.
        assert_eq!(store.opening(name, ITSELF), NtStatus::SUCCESS);
    }
}

/// By analogy with WinBtrfs reparse3; 3.3 row 3
fn superseding_a_link_itself_removes_the_point<H: Host>(store: &Store<H>) {
    store.file_with("file", b"data");
    store.point("link", PLAIN, &relative("file"));
    let own = store.id_at("link", ITSELF);
    let opened = store.open_as("link", READ, ITSELF, CreateDisposition::SUPERSEDE).unwrap();
    assert_eq!((opened.action, store.file_id(opened.id)), (CreateAction::SUPERSEDED, own));
    assert_eq!(store.attributes_and_tag(opened.id).1, 0);
    assert_eq!(store.read_through("file"), Ok(b"data".to_vec()));
}

/// The Win32 reference on symbolic links and file functions; 3.3 row 4
fn truncating_and_deleting_on_close_hit_what_was_opened<H: Host>(store: &Store<H>) {
    for (options, link_stays, target_stays) in [(PLAIN, true, false), (ITSELF, false, true)] {
        store.file_with("file", b"data");
        store.point("link", PLAIN, &relative("file"));
        let id = store.open("link", AccessMask::DELETE, options | CreateOptions::DELETE_ON_CLOSE);
        store.close(id);
        assert_eq!((store.exists("link"), store.exists("file")), (link_stays, target_stays));
        for path in ["link", "file"] {
            store.unlink(path);
        }
    }
    store.file_with("file", b"data");
    store.point("link", PLAIN, &relative("file"));
    let id = store.open_as("link", AccessMask::GENERIC_WRITE, ITSELF, OVERWRITE).unwrap().id;
    store.close(id);
    assert_eq!(store.read_through("file"), Ok(b"data".to_vec()));
    assert_eq!(store.shown("link"), (FileAttributes::ARCHIVE, 0));
}

/// [MS-FSA] 2.1.5.1.2; 3.3 rows 6 and 7
fn creating_over_a_link_collides<H: Host>(store: &Store<H>) {
    store.file("file");
    store.point("link", PLAIN, &relative("file"));
    for options in [PLAIN, ITSELF] {
        assert_eq!(
            store.open_as("link", READ, options, CREATE).unwrap_err(),
            NtStatus::OBJECT_NAME_COLLISION
        );
    }
    store.point("dangling", PLAIN, &relative("nowhere"));
    let itself = store.open_as("dangling", READ, ITSELF, CREATE);
    assert_eq!(itself.unwrap_err(), NtStatus::OBJECT_NAME_COLLISION);
}

/// Cygwin's path.cc: remote junctions are transparent; 3.4
fn a_client_passes_a_mount_point_without_seeing_it<H: Host>(store: &Store<H>) {
    store.dir("dir");
    store.file(r"dir\file");
    store.point("mount", DIRECTORY, &junction(r"\??\C:\dir"));
    let through = store.open_for_client("mount", PLAIN).unwrap();
    assert_eq!(store.attributes_and_tag(through.id), (FileAttributes::DIRECTORY, 0));
    assert!(store.open_for_client(r"mount\file", PLAIN).is_ok());
    let itself = store.open_for_client("mount", ITSELF).unwrap();
    assert_eq!(store.attributes_and_tag(itself.id).1, MOUNT_POINT);
    // A link behind it stops the client, and what it has parsed is the path that the mount point led to.
    store.point(r"dir\link", DIRECTORY, &relative("nowhere"));
    let stop = store.stop(r"mount\link\rest");
    assert_eq!((stop.parsed, stop.unparsed_len), (r"\dir\link".into(), 10));
}

/// The Linux client reacts to this by opening again with the flag; 3.4
fn a_client_meets_other_tags_as_not_handled<H: Host>(store: &Store<H>) {
    for (name, point) in [
        ("nfs", opaque(NFS, &0x4F46_4946_u64.to_le_bytes())),
        ("lx", opaque(0x8000_0024, b"")),
        ("third", third_party(THIRD_PARTY, OWNER, b"hello")),
    ] {
        store.point(name, PLAIN, &point);
        let refused = store.open_for_client(name, PLAIN).unwrap_err().status();
        assert_eq!(refused, NtStatus::IO_REPARSE_TAG_NOT_HANDLED, "{name}");
        let opened = store.open_for_client(name, ITSELF).unwrap();
        assert_eq!(store.get(opened.id), Ok(point));
    }
}

/// [MS-SMB2] 2.2.14; 3.4
fn the_reply_tells_of_a_reparse_point_opened_without_the_flag<H: Host>(store: &Store<H>) {
    store.point("dir", DIRECTORY, &opaque(0x9000_001A, b"cloud"));
    store.dir("plain");
    for (path, options, told) in [("dir", PLAIN, true), ("dir", ITSELF, false), ("plain", PLAIN, false)] {
        let opened = store.open_for_client(path, options).unwrap();
        assert_eq!(opened.is_reparse_point_opened_without_flag, told, "{path}");
    }
}

/// smbprotocol's test_exceptions.py has such a reply of Windows, 28 and 36 bytes of names; [MS-SMB2] note 7; 3.4
fn a_client_gets_a_local_absolute_target_unchanged<H: Host>(store: &Store<H>) {
    let link = symlink(r"\??\C:\temp\folder", r"C:\temp\folder", 0);
    store.point("link", DIRECTORY, &link);
    let stop = store.stop("link");
    assert_eq!((stop.unparsed_len, stop.link.encode()), (0, link));
    // The example of [MS-SMB2] 2.2.2.2.1: 0x2E bytes are left.
    assert_eq!(store.stop(r"link\DailyDocs\[MS-SMB].doc").unparsed_len, 0x2E);
}

/// The published headers: the high nibble of Flags is the system's and is not persisted; 3.4
fn the_systems_flags_of_a_link_are_not_kept<H: Host>(store: &Store<H>) {
    store.point("link", PLAIN, &symlink("foo", "foo", 0xC000_0001));
    assert_eq!(store.point_of("link"), Ok(relative("foo")));
    assert_eq!(store.stop("link").link.encode(), relative("foo"));
}

/// [MS-FSA] 2.1.5.15.3; 3.5
fn deleting_a_directory_with_the_d_bit_wants_it_empty<H: Host>(store: &Store<H>) {
    store.dir("dir");
    store.file(r"dir\file");
    store.put("dir", &opaque(0x9000_CAFE, b"hello"));
    assert_eq!(store.unlink("dir"), NtStatus::DIRECTORY_NOT_EMPTY);
    assert_eq!(store.unlink(r"dir\file"), NtStatus::SUCCESS);
    assert_eq!(store.unlink("dir"), NtStatus::SUCCESS);
    assert!(!store.exists("dir"));
}

/// [MS-FSA] 2.1.5.15.3 and 2.1.5.15.4: neither asks about reparse points; 3.5
fn a_link_is_deleted_by_the_rules_of_any_file<H: Host>(store: &Store<H>) {
    store.file("file");
    store.point("link", PLAIN, &relative("file"));
    let id = store.open("link", CHANGE | AccessMask::DELETE, ITSELF);
    assert_eq!(store.set_attributes(id, FileAttributes::READONLY), NtStatus::SUCCESS);
    assert_eq!(store.dispose(id), NtStatus::CANNOT_DELETE);
    let delete = |flags: u32| store.inform(id, Class::DISPOSITION_INFORMATION_EX, &flags.to_le_bytes());
    assert_eq!(delete(0x01), NtStatus::CANNOT_DELETE);
    assert_eq!(delete(0x11), NtStatus::SUCCESS); // FILE_DISPOSITION_IGNORE_READONLY_ATTRIBUTE
    assert_eq!(store.opening("link", ITSELF), NtStatus::DELETE_PENDING);
    store.close(id);
    assert_eq!((store.exists("link"), store.exists("file")), (false, true));
}

/// Wine; 3.5
fn a_junction_goes_though_its_target_has_entries<H: Host>(store: &Store<H>) {
    store.dir("dir");
    store.file(r"dir\file");
    for point in [junction(r"\??\C:\dir"), relative("dir")] {
        store.point("link", DIRECTORY, &point);
        assert_eq!(store.unlink("link"), NtStatus::SUCCESS);
        assert_eq!((store.exists("link"), store.exists(r"dir\file")), (false, true));
    }
}

/// [MS-FSA] 2.1.5.15.12 works on directory entries; 3.5
fn renaming_over_a_link_replaces_the_link<H: Host>(store: &Store<H>) {
    store.file_with("file", b"target");
    store.file_with("new", b"new");
    store.point("link", PLAIN, &relative("file"));
    assert_eq!(store.rename("new", "link", true), NtStatus::SUCCESS);
    assert_eq!(store.point_of("link"), Err(NtStatus::NOT_A_REPARSE_POINT));
    assert_eq!(store.read_through("link"), Ok(b"new".to_vec()));
    assert_eq!(store.read_through("file"), Ok(b"target".to_vec()));
}

/// The Win32 reference on symbolic links and file functions; 3.5
fn a_watcher_is_told_of_the_object_that_changed<H: Host>(store: &Store<H>) {
    store.file("file");
    store.point("link", PLAIN, &relative("file"));
    let told = |changed: &str, filter: NotifyFilter| {
        store.volume.take_events().into_iter().any(|event| {
            matches!(event, Event::Notify { filter: what, action: NotifyAction::MODIFIED, path }
                if what.contains(filter) && path == changed.into())
        })
    };
    store.volume.take_events();
    let through = store.open("link", AccessMask::FILE_WRITE_DATA, PLAIN);
    assert_eq!(store.write(through, b"data"), NtStatus::SUCCESS);
    assert!(told(r"\file", NotifyFilter::SIZE));
    store.put("link", &relative("elsewhere"));
    assert!(told(r"\link", NotifyFilter::ATTRIBUTES));
}

/// [MS-FSA] 2.1.5.6.3.4 and its neighbours; 3.6. What EaSize is of a file that has a tag and EAs, in the classes with a field
/// for each, no test asserts: WinBtrfs asks it of files without EAs.
fn the_eas_length_gives_way_to_the_tag<H: Host>(store: &Store<H>) {
    let id = store.made("file", CHANGE | AccessMask::FILE_WRITE_EA, PLAIN);
    assert_eq!(store.write_ea(id, "hello", "world"), NtStatus::SUCCESS);
    let eas = 4 + 4 + 6 + 5; // of the list, of the entry's numbers, of the name with its NUL, of the value
    for class in WITH_EA_SIZE.iter().chain(WITH_TAG) {
        assert_eq!(store.entry("", "file", *class).1, eas, "{class:?}");
    }
    assert_eq!(store.set(id, &relative("x")), NtStatus::SUCCESS);
    for class in WITH_EA_SIZE {
        assert_eq!(store.entry("", "file", *class).1, SYMLINK, "{class:?}");
    }
    for class in WITH_TAG {
        assert_eq!(store.entry("", "file", *class).2, Some(SYMLINK), "{class:?}");
    }
}

const INDEX: &str = r"\$Extend\$Reparse:$R:$INDEX_ALLOCATION";

/// [MS-FSA] 2.1.5.6.2; the order of ntfs-3g's libntfs-3g/reparse.c; 3.6
fn the_reparse_index_lists_by_tag_and_file<H: Host>(store: &Store<H>) {
    for (name, point) in [("one", opaque(0x9000_001A, &[])), ("two", relative("x")), ("three", relative("y"))]
    {
        store.point(name, PLAIN, &point);
    }
    let mut expected: Vec<(u32, u64)> = [(0x9000_001A, "one"), (SYMLINK, "two"), (SYMLINK, "three")]
        .map(|(tag, path)| (tag, store.id_at(path, ITSELF)))
        .into();
    expected.sort_unstable();
    let id = store.open(INDEX, AccessMask::FILE_LIST_DIRECTORY, PLAIN);
    let ask = |pattern: &[u16], restart| {
        let query = fsa::DirectoryQuery {
            class: Class::REPARSE_POINT_INFORMATION,
            len_max: 65_536,
            restart,
            single: false,
            pattern,
        };
        let found = store.volume.query_directory(id, &query).map_err(|refusal| refusal.status)?;
        Ok::<_, NtStatus>(found.bytes.chunks(16).map(|entry| (u32_at(entry, 8), u64_at(entry, 0))).collect())
    };
    assert_eq!(ask(&[], true), Ok(expected.clone()));
    assert_eq!(ask(&[], false), Err(NtStatus::NO_MORE_FILES));
    let symlinks: Vec<(u32, u64)> = expected.into_iter().filter(|(tag, _)| *tag == SYMLINK).collect();
    assert_eq!(ask(&[0x000C, 0xA000], true), Ok(symlinks));
    assert_eq!(ask(&[0x0001, 0xA000], true), Err(NtStatus::NO_SUCH_FILE));
    assert_eq!(ask(&[0x000C, 0xA000, 0], true), Err(NtStatus::INVALID_PARAMETER));
}

/// [MS-FSA] 2.1.5.12.25; 3.6
fn the_reparse_index_is_no_information_of_a_file<H: Host>(store: &Store<H>) {
    store.point("file", PLAIN, &relative("x"));
    let id = store.open("file", READ, ITSELF);
    let asked = store.volume.query_information(id, Class::REPARSE_POINT_INFORMATION, 64);
    assert_eq!(status(asked), NtStatus::NOT_SUPPORTED);
}

/// [MS-FSCC] 2.5.1; Wine asks the same of drive C:; 3.6
fn the_volume_says_that_it_has_reparse_points<H: Host>(store: &Store<H>) {
    const FILE_SUPPORTS_REPARSE_POINTS: u32 = 0x80;
    let root = store.open("", READ, PLAIN);
    let shown = store.volume.query_volume(root, FsInformationClass::ATTRIBUTE_INFORMATION, 64).unwrap();
    assert_ne!(u32_at(&shown.bytes, 0) & FILE_SUPPORTS_REPARSE_POINTS, 0);
}
