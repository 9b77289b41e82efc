//! WinFsp's reparse-test.c and wsl-test.c, which also run on NTFS; and what the clients pike, smbprotocol and Microsoft's
//! protocol test suite find on Windows over SMB: what of it is the store's. semantics 6.1 rows 10 to 13
use super::ask::*;
use super::scenarios;
use crate::store::{CHANGE, ITSELF, PLAIN, Store, absolute, opaque, relative, third_party};
use fsa::host::Host;
use nt::{AccessMask, CreateOptions, FileAttributes, FileInformationClass as Class, Guid, NtStatus};

scenarios! { "clients":
    winfsp_a_guids_data_come_back_and_go,
    winfsp_an_nfs_device_comes_back_and_goes,
    winfsp_an_absolute_link_is_found_before_and_after_its_target,
    winfsp_relative_and_rooted_links_lead_through_each_other,
    winfsp_a_link_to_itself_is_not_resolved,
    winfsp_a_link_is_held_to_its_kind,
    winfsp_a_new_file_has_no_tag_in_the_wsl_classes,
    pike_a_link_is_set_and_read_on_one_handle_that_deletes_on_close,
    pike_a_stop_names_substitute_and_print_name,
    wpts_a_link_in_the_middle_stops_a_client_that_creates,
    wpts_a_link_at_the_end_stops_a_client_that_creates,
    wpts_a_link_that_leads_nowhere_stops_a_client_that_creates,
    smbprotocol_a_link_shows_as_archive_and_reparse_point,
    smbprotocol_a_directory_link_shows_as_directory_and_reparse_point,
    smbprotocol_removing_a_link_leaves_its_target,
    smbprotocol_removing_a_directory_link_leaves_its_target,
    smbprotocol_a_plain_file_is_no_link_to_read,
    smbprotocol_eas_of_a_link_are_its_own,
    smbprotocol_eas_set_through_a_link_are_its_targets,
    smbprotocol_times_of_a_link_are_its_own,
    smbprotocol_times_set_through_a_link_are_its_targets,
    smbprotocol_a_relative_link_climbs_from_its_own_directory,
    smbprotocol_a_file_opens_below_a_directory_link,
    smbprotocol_a_directory_takes_no_further_name,
    smbprotocol_a_link_is_another_file_than_its_target,
    smbprotocol_a_listing_shows_the_tags_of_links,
}

fn winfsp_a_guids_data_come_back_and_go<H: Host>(store: &Store<H>) {
    let owner = Guid([0x89; 16]);
    let id = store.made("file0", CHANGE, PLAIN);
    let point = third_party(0x1234, owner, b"foobar");
    assert_eq!(store.set(id, &point), NtStatus::SUCCESS);
    assert_eq!(store.get(id), Ok(point));
    store.close(id);
    comes_and_goes(store, &header_with(0x1234, owner));
}

fn winfsp_an_nfs_device_comes_back_and_goes<H: Host>(store: &Store<H>) {
    let id = store.made("file0", CHANGE, PLAIN);
    let character = 0x0052_4843_u64;
    let device = [&character.to_le_bytes()[..], &0x42_u32.to_le_bytes(), &0x62_u32.to_le_bytes()].concat();
    assert_eq!(store.set(id, &opaque(NFS, &device)), NtStatus::SUCCESS);
    let back = store.get(id).unwrap();
    assert_eq!((back[4], &back[8..]), (16, &device[..]));
    store.close(id);
    comes_and_goes(store, &header(NFS));
}

/// `\file0` is opened with the flag only, loses its tag, and is deleted.
fn comes_and_goes<H: Host>(store: &Store<H>, request: &[u8]) {
    assert_eq!(store.try_open("file0", CHANGE, PLAIN), Err(NtStatus::IO_REPARSE_TAG_NOT_HANDLED));
    let id = store.open("file0", CHANGE, ITSELF);
    assert_eq!(store.delete(id, request), NtStatus::SUCCESS);
    assert_eq!(store.get(id), Err(NtStatus::NOT_A_REPARSE_POINT));
    store.close(id);
    assert_eq!(store.unlink("file0"), NtStatus::SUCCESS);
}

fn winfsp_an_absolute_link_is_found_before_and_after_its_target<H: Host>(store: &Store<H>) {
    store.point("link0", PLAIN, &absolute(r"\??\C:\file0"));
    assert_eq!(store.opening("link0", PLAIN), NtStatus::OBJECT_NAME_NOT_FOUND);
    store.file("file0");
    let id = store.open("link0", CHANGE, PLAIN);
    assert_eq!(store.volume.open_of(id).unwrap().path(), r"\file0".into());
    store.close(id);
    assert_eq!(store.unlink("link0"), NtStatus::SUCCESS);
    assert_eq!(store.unlink("file0"), NtStatus::SUCCESS);
}

/// Two directories full of links into each other: relative ones with dots, and ones from the root of the volume.
fn winfsp_relative_and_rooted_links_lead_through_each_other<H: Host>(store: &Store<H>) {
    for dir in ["1", r"1\1.1", "2"] {
        store.dir(dir);
    }
    store.file(r"1\1.1\1.1.1");
    store.point(r"1\1.1\l1.1.1", PLAIN, &relative("1.1.1"));
    for (path, target) in [(r"2\l1", r"..\1\."), (r"1\l2", r"..\.\2"), (r"2\a1", r"\1"), (r"1\a2", r"\2")] {
        store.point(path, DIRECTORY, &relative(target));
    }
    for way in ["1", r"2\l1", r"1\l2\l1", r"2\a1", r"1\a2\l1", r"1\a2\a1", r"1\a2\a1\l2\l1"] {
        let path = format!(r"{way}\1.1\l1.1.1");
        let id = store.open(&path, READ, PLAIN);
        assert_eq!(store.volume.open_of(id).unwrap().path(), r"\1\1.1\1.1.1".into(), "{path}");
        store.close(id);
    }
    for link in [r"1\a2", r"2\a1", r"1\l2", r"2\l1", r"1\1.1\l1.1.1"] {
        assert_eq!(store.unlink(link), NtStatus::SUCCESS, "{link}");
    }
    assert!(store.exists(r"1\1.1\1.1.1"));
}

fn winfsp_a_link_to_itself_is_not_resolved<H: Host>(store: &Store<H>) {
    store.point("loop", PLAIN, &relative("loop"));
    store.point("l0", PLAIN, &relative("NON-EXISTANT"));
    assert_eq!(store.opening("loop", PLAIN), NtStatus::REPARSE_POINT_NOT_RESOLVED);
    assert_eq!(store.opening("l0", PLAIN), NtStatus::OBJECT_NAME_NOT_FOUND);
}

/// On Windows 11, which the test's note tells apart from those before it.
fn winfsp_a_link_is_held_to_its_kind<H: Host>(store: &Store<H>) {
    store.dir("1");
    store.file(r"1\1.1");
    store.point("lf", PLAIN, &relative(r"\1"));
    store.point("ld", DIRECTORY, &relative(r"\1\1.1"));
    assert_eq!(store.opening("lf", PLAIN), NtStatus::FILE_IS_A_DIRECTORY);
    assert_eq!(store.opening("ld", PLAIN), NtStatus::NOT_A_DIRECTORY);
}

/// FILE_STAT_INFORMATION and FILE_STAT_LX_INFORMATION begin alike: sizes at 40 and 48, tag at 60, links at 64.
fn winfsp_a_new_file_has_no_tag_in_the_wsl_classes<H: Host>(store: &Store<H>) {
    let access = AccessMask::GENERIC_READ | AccessMask::GENERIC_WRITE | AccessMask::DELETE;
    let id = store.made("file0", access, CreateOptions::DELETE_ON_CLOSE);
    for class in [Class::STAT_INFORMATION, Class::STAT_LX_INFORMATION] {
        let bytes = store.ask(id, class);
        assert_eq!((u64_at(&bytes, 40), u64_at(&bytes, 48)), (0, 0), "{class:?}");
        assert_eq!((u32_at(&bytes, 60), u32_at(&bytes, 64)), (0, 1), "{class:?}");
    }
}

const LINKING: AccessMask =
    AccessMask(AccessMask::FILE_READ_DATA.0 | AccessMask::FILE_WRITE_DATA.0 | AccessMask::DELETE.0);

fn pike_a_link_is_set_and_read_on_one_handle_that_deletes_on_close<H: Host>(store: &Store<H>) {
    let options = ITSELF | CreateOptions::DELETE_ON_CLOSE;
    let id = store.open_as("symlink", LINKING, options, OPEN_IF).unwrap().id;
    assert_eq!(store.set(id, &relative("target")), NtStatus::SUCCESS);
    assert_eq!(store.get_in(id, 256).unwrap().output, relative("target"));
    store.close(id);
    assert!(!store.exists("symlink"));
}

fn pike_a_stop_names_substitute_and_print_name<H: Host>(store: &Store<H>) {
    let options = ITSELF | CreateOptions::DELETE_ON_CLOSE;
    let id = store.open_as("symlink", LINKING, options, OPEN_IF).unwrap().id;
    assert_eq!(store.set(id, &relative("target")), NtStatus::SUCCESS);
    let (point, _) = reparse::ReparsePoint::from_raw(&store.stop("symlink").link);
    let reparse::ReparsePoint::Symlink(link) = point else { panic!("no symbolic link: {point:?}") };
    assert_eq!((link.substitute(), link.print()), (&"target".into(), &"target".into()));
    store.close(id);
}

/// The suite creates a file behind the link; the link is what it meets.
fn stops_creating<H: Host>(store: &Store<H>, path: &str, options: CreateOptions) {
    let path = crate::store::utf16(path);
    let access = AccessMask::GENERIC_READ | AccessMask::GENERIC_WRITE | AccessMask::DELETE;
    let request = fsa::OpenRequest {
        options,
        disposition: CREATE,
        follow: fsa::Follow::Caller,
        ..fsa::OpenRequest::existing(&path, access)
    };
    assert_eq!(store.request(&request).unwrap_err().status(), NtStatus::STOPPED_ON_SYMLINK);
}

fn wpts_a_link_in_the_middle_stops_a_client_that_creates<H: Host>(store: &Store<H>) {
    store.dir("Sub");
    store.point(r"Sub\SymboliclinkInSub", DIRECTORY, &absolute(r"\??\C:\FileShare"));
    stops_creating(store, r"Sub\SymboliclinkInSub\CreateClose", NON_DIRECTORY);
}

fn wpts_a_link_at_the_end_stops_a_client_that_creates<H: Host>(store: &Store<H>) {
    store.dir("Sub");
    store.point(r"Sub\SymboliclinkInSub", DIRECTORY, &absolute(r"\??\C:\FileShare"));
    stops_creating(store, r"Sub\SymboliclinkInSub", DIRECTORY);
    assert!(store.open_for_client(r"Sub\SymboliclinkInSub", ITSELF).is_ok());
}

fn wpts_a_link_that_leads_nowhere_stops_a_client_that_creates<H: Host>(store: &Store<H>) {
    store.point("Symboliclink", DIRECTORY, &absolute(r"\??\X:\nowhere"));
    stops_creating(store, r"Symboliclink\CreateClose", NON_DIRECTORY);
}

fn smbprotocol_a_link_shows_as_archive_and_reparse_point<H: Host>(store: &Store<H>) {
    let attributes = FileAttributes::REPARSE_POINT | FileAttributes::ARCHIVE;
    for name in ["without.txt", "with.txt"] {
        store.point(name, PLAIN, &absolute(r"\??\C:\file.txt"));
        assert_eq!(store.shown(name), (attributes, SYMLINK));
        store.open_as("file.txt", READ, PLAIN, OPEN_IF).unwrap();
    }
}

fn smbprotocol_a_directory_link_shows_as_directory_and_reparse_point<H: Host>(store: &Store<H>) {
    store.point("link", DIRECTORY, &absolute(r"\??\C:\dir"));
    let attributes = FileAttributes::REPARSE_POINT | FileAttributes::DIRECTORY;
    assert_eq!(store.shown("link"), (attributes, SYMLINK));
}

fn smbprotocol_removing_a_link_leaves_its_target<H: Host>(store: &Store<H>) {
    store.point("link.txt", PLAIN, &absolute(r"\??\C:\file.txt"));
    assert_eq!(store.unlink("link.txt"), NtStatus::SUCCESS);
    store.file("file.txt");
    store.point("link.txt", PLAIN, &absolute(r"\??\C:\file.txt"));
    assert_eq!(store.unlink("link.txt"), NtStatus::SUCCESS);
    assert_eq!(store.names_in(""), ["file.txt"]);
}

fn smbprotocol_removing_a_directory_link_leaves_its_target<H: Host>(store: &Store<H>) {
    store.point("link", DIRECTORY, &absolute(r"\??\C:\dir"));
    assert_eq!(store.unlink("link"), NtStatus::SUCCESS);
    store.dir("dir");
    store.point("link", DIRECTORY, &absolute(r"\??\C:\dir"));
    assert_eq!(store.unlink("link"), NtStatus::SUCCESS);
    assert_eq!(store.names_in(""), ["dir"]);
}

fn smbprotocol_a_plain_file_is_no_link_to_read<H: Host>(store: &Store<H>) {
    store.file_with("file.txt", b"content");
    assert_eq!(store.point_of("file.txt"), Err(NtStatus::NOT_A_REPARSE_POINT));
}

const EAS: AccessMask = AccessMask(AccessMask::FILE_READ_EA.0 | AccessMask::FILE_WRITE_EA.0);

/// Sets, reads and removes an EA of `\link.txt`; the one of link and target that is not `own` never has any.
fn has_eas_of_its_own<H: Host>(store: &Store<H>, options: CreateOptions, own: &str, other: &str) {
    store.file_with("file.txt", b"content");
    store.point("link.txt", PLAIN, &relative("file.txt"));
    let id = store.open("link.txt", EAS, options);
    assert_eq!(store.write_ea(id, "KEY", "VALUE"), NtStatus::SUCCESS);
    let eas_of = |path| store.eas(store.open(path, EAS, ITSELF));
    assert_eq!(eas_of(own), Ok(vec![("KEY".to_owned(), b"VALUE".to_vec())]));
    assert_eq!(eas_of(other), Err(NtStatus::NO_EAS_ON_FILE));
    assert_eq!(store.write_ea(id, "KEY", ""), NtStatus::SUCCESS);
    assert_eq!(eas_of(own), Err(NtStatus::NO_EAS_ON_FILE));
    assert_eq!(store.point_of("link.txt"), Ok(relative("file.txt")));
}

fn smbprotocol_eas_of_a_link_are_its_own<H: Host>(store: &Store<H>) {
    has_eas_of_its_own(store, ITSELF, "link.txt", "file.txt");
}

fn smbprotocol_eas_set_through_a_link_are_its_targets<H: Host>(store: &Store<H>) {
    has_eas_of_its_own(store, PLAIN, "file.txt", "link.txt");
}

/// One second after 1970 began.
const THEN: u64 = 116_444_736_010_000_000;

fn has_times_of_its_own<H: Host>(store: &Store<H>, options: CreateOptions, own: &str, other: &str) {
    store.file_with("file.txt", b"content");
    store.point("link.txt", PLAIN, &relative("file.txt"));
    let id = store.open("link.txt", AccessMask::FILE_WRITE_ATTRIBUTES, options);
    let then = i64::try_from(THEN).unwrap();
    assert_eq!(store.set_times(id, [0, then, then]), NtStatus::SUCCESS);
    assert_eq!(store.times(own), [THEN; 2]);
    let [accessed, written] = store.times(other);
    assert!(accessed != THEN && written != THEN);
}

fn smbprotocol_times_of_a_link_are_its_own<H: Host>(store: &Store<H>) {
    has_times_of_its_own(store, ITSELF, "link.txt", "file.txt");
}

fn smbprotocol_times_set_through_a_link_are_its_targets<H: Host>(store: &Store<H>) {
    has_times_of_its_own(store, PLAIN, "file.txt", "link.txt");
}

fn smbprotocol_a_relative_link_climbs_from_its_own_directory<H: Host>(store: &Store<H>) {
    store.dir("dir1");
    store.dir("dir2");
    store.file_with(r"dir1\file.txt", b"content");
    store.point(r"dir2\link.txt", PLAIN, &relative(r"..\dir1\file.txt"));
    assert_eq!(store.read_through(r"dir2\link.txt"), Ok(b"content".to_vec()));
}

fn smbprotocol_a_file_opens_below_a_directory_link<H: Host>(store: &Store<H>) {
    store.dir("dir");
    store.file_with(r"dir\file.txt", b"content");
    store.point("link", DIRECTORY, &relative("dir"));
    assert_eq!(store.read_through(r"link\file.txt"), Ok(b"content".to_vec()));
}

fn smbprotocol_a_directory_takes_no_further_name<H: Host>(store: &Store<H>) {
    store.dir("dir");
    assert_eq!(store.hard_link("dir", "dir2"), NtStatus::FILE_IS_A_DIRECTORY);
    store.point("link", DIRECTORY, &relative("dir"));
    assert_eq!(store.hard_link("link", "link2"), NtStatus::FILE_IS_A_DIRECTORY);
}

fn smbprotocol_a_link_is_another_file_than_its_target<H: Host>(store: &Store<H>) {
    store.file("file.txt");
    store.point("link.txt", PLAIN, &relative("file.txt"));
    assert_ne!(store.id_at("link.txt", ITSELF), store.id_at("file.txt", PLAIN));
    assert_eq!(store.id_at("link.txt", PLAIN), store.id_at("file.txt", PLAIN));
}

fn smbprotocol_a_listing_shows_the_tags_of_links<H: Host>(store: &Store<H>) {
    store.point("link.txt", PLAIN, &relative("file.txt"));
    store.point("link-dir", DIRECTORY, &relative("dir"));
    for name in ["link.txt", "link-dir"] {
        assert_eq!(store.entry("", name, Class::ID_FULL_DIRECTORY_INFORMATION).1, SYMLINK, "{name}");
    }
}
