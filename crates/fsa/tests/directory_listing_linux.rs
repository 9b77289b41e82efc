//! Listing large directories of a real file system, where entries are not opened one after the other.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_possible_truncation
)] // a test that cannot go on fails
use fsa::host::linux::{LinuxHost, LinuxOptions};
use fsa::{DirectoryQuery, OpenId, OpenRequest, SecurityContext, Volume, VolumeOptions};
use nt::{AccessMask, CreateDisposition, CreateOptions, FileInformationClass as Class, FsctlCode, NtStatus};
use std::io::Write;
use std::path::{Path, PathBuf};

const ALL: AccessMask = AccessMask(0x001F_01FF);

/// Entries beside those of a kind of their own.
const MANY: usize = 400;

fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("many-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn volume(folder: &Path) -> Volume<LinuxHost> {
    Volume::new(LinuxHost::open(folder, LinuxOptions::default()).unwrap(), VolumeOptions::default())
}

fn open(volume: &Volume<LinuxHost>, path: &str, options: CreateOptions) -> OpenId {
    let path: Vec<u16> = path.encode_utf16().collect();
    let disposition = CreateDisposition::OPEN_IF;
    let request = OpenRequest { options, disposition, ..OpenRequest::existing(&path, ALL) };
    volume.open(&SecurityContext::superuser(), &request).unwrap_or_else(|error| panic!("{error}")).id
}

/// Every entry of a directory without its NextEntryOffset, by queries of at most so many bytes.
fn listed(volume: &Volume<LinuxHost>, class: Class, len_max: usize, single: bool) -> Vec<Vec<u8>> {
    let id = open(volume, "d", CreateOptions::DIRECTORY_FILE);
    let ask = DirectoryQuery { class, len_max, restart: false, single, pattern: &[] };
    let mut all = Vec::new();
    loop {
        let bytes = match volume.query_directory(id, &ask) {
            Ok(information) => information.bytes,
            Err(refusal) => {
                assert_eq!(refusal.status, NtStatus::NO_MORE_FILES);
                break;
            }
        };
        assert!(bytes.len() <= len_max);
        let mut rest = &bytes[..];
        loop {
            let next = u32::from_le_bytes(rest[..4].try_into().unwrap()) as usize;
            let entry = if next == 0 { rest } else { &rest[..next] };
            // What aligns the next entry is none of this one's.
            let name_len = u32::from_le_bytes(entry[60..64].try_into().unwrap()) as usize;
            assert!(entry.len() >= name_len);
            let mut entry = entry[4..].to_vec();
            while entry.last() == Some(&0) {
                entry.pop();
            }
            all.push(entry);
            if next == 0 {
                break;
            }
            rest = &rest[next..];
        }
    }
    volume.close(id).unwrap();
    all
}

/// Files with nothing and with everything, and what is no file: many enough to be glanced at.
fn populate(volume: &Volume<LinuxHost>, folder: &Path) {
    let dir = folder.join("d");
    std::fs::create_dir_all(&dir).unwrap();
    for number in 0..MANY {
        std::fs::write(dir.join(format!("bare{number}")), vec![b'x'; number]).unwrap();
    }
    let close = |id| volume.close(id).unwrap();
    for number in 0..40 {
        close(open(volume, &format!(r"d\made{number}"), CreateOptions::NONE));
        let id = open(volume, &format!(r"d\point{number}"), CreateOptions::OPEN_REPARSE_POINT);
        let point =
            reparse::Symlink::new("target", "target", reparse::SymlinkFlags(1)).unwrap().raw().encode();
        volume.fs_control(id, FsctlCode::SET_REPARSE_POINT, &point, 0).unwrap();
        close(id);
        let id = open(volume, &format!(r"d\ea{number}"), CreateOptions::NONE);
        let ea: &[u8] = &[0, 0, 0, 0, 0, 3, 5, 0, b'O', b'N', b'E', 0, 1, 2, 3, 4, 5];
        let cx = SecurityContext::superuser();
        volume.set_information(&cx, fsa::Requester::Local, id, Class::FULL_EA_INFORMATION, ea).unwrap();
        close(id);
        close(open(volume, &format!(r"d\folder{number}"), CreateOptions::DIRECTORY_FILE));
        std::os::unix::fs::symlink("bare1", dir.join(format!("unix{number}"))).unwrap();
        std::fs::hard_link(dir.join("bare7"), dir.join(format!("again{number}"))).unwrap();
        std::fs::write(dir.join(format!("\u{e4}\u{4e2d}{number}")), "").unwrap();
    }
}

/// One entry at a time each is opened; in a large buffer hundreds are glanced at. Nobody can tell.
#[test]
fn a_large_buffer_tells_of_each_entry_what_a_query_of_its_own_tells() {
    let folder = scratch("same");
    let volume = volume(&folder);
    populate(&volume, &folder);
    // Who looks into a host's link reads it, and the first time that is an access.
    listed(&volume, Class::DIRECTORY_INFORMATION, 65_536, false);
    for class in [
        Class::DIRECTORY_INFORMATION,
        Class::ID_BOTH_DIRECTORY_INFORMATION,
        Class::ID_ALL_EXTD_BOTH_DIRECTORY_INFORMATION,
    ] {
        let opened = listed(&volume, class, 1024, true);
        assert_eq!(opened.len(), 2 + MANY + 7 * 40, "{class:?}");
        for len_max in [1 << 20, 65_536, 20_000] {
            let glanced = listed(&volume, class, len_max, false);
            assert_eq!(glanced.len(), opened.len(), "{class:?}, {len_max}");
            for (at, (opened, glanced)) in opened.iter().zip(&glanced).enumerate() {
                assert_eq!(opened, glanced, "{class:?}, {len_max} bytes, entry {at}");
            }
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

/// What goes while the directory is listed is left out, and what takes its name is told as what it is.
#[test]
fn what_changes_between_two_buffers_is_told_as_it_is_then() {
    let folder = scratch("changes");
    let volume = volume(&folder);
    populate(&volume, &folder);
    let id = open(&volume, "d", CreateOptions::DIRECTORY_FILE);
    let class = Class::DIRECTORY_INFORMATION;
    let ask = DirectoryQuery { class, len_max: 1024, restart: false, single: false, pattern: &[] };
    volume.query_directory(id, &ask).unwrap();
    let dir = folder.join("d");
    std::fs::remove_file(dir.join("made3")).unwrap();
    std::fs::remove_file(dir.join("made4")).unwrap();
    std::fs::create_dir(dir.join("made4")).unwrap();
    let large = DirectoryQuery { len_max: 1 << 20, ..ask };
    let bytes = volume.query_directory(id, &large).unwrap().bytes;
    volume.close(id).unwrap();
    let mut kinds = Vec::new();
    let mut rest = &bytes[..];
    loop {
        let number = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap());
        let name = &rest[64..64 + number(60) as usize];
        let name: String = name.as_chunks::<2>().0.iter().map(|unit| char::from(unit[0])).collect();
        if ["made2", "made3", "made4"].contains(&name.as_str()) {
            kinds.push((name, number(56) & 0x10 != 0));
        }
        match number(0) as usize {
            0 => break,
            next => rest = &rest[next..],
        }
    }
    assert_eq!(kinds, [("made2".to_owned(), false), ("made4".to_owned(), true)]);
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Names with their sizes in one answer, of FileDirectoryInformation.
fn sizes(bytes: &[u8]) -> Vec<(String, u64)> {
    let (mut all, mut rest) = (Vec::new(), bytes);
    loop {
        let number = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap());
        let name = &rest[64..64 + number(60) as usize];
        let name: String = name.as_chunks::<2>().0.iter().map(|unit| char::from(unit[0])).collect();
        all.push((name, u64::from(number(40)) | u64::from(number(44)) << 32));
        match number(0) as usize {
            0 => return all,
            next => rest = &rest[next..],
        }
    }
}

/// While a client takes one answer the entries of the next are looked at; what is changed through the store meanwhile is told as it
/// is then, and what another process changes, a second later at the latest.
#[test]
fn what_is_changed_through_the_store_between_two_answers_is_in_the_second() {
    let folder = scratch("ahead");
    let dir = folder.join("d");
    std::fs::create_dir_all(&dir).unwrap();
    for number in 0..6000 {
        std::fs::write(dir.join(format!("f{number:04}")), "").unwrap();
    }
    let volume = volume(&folder);
    let id = open(&volume, "d", CreateOptions::DIRECTORY_FILE);
    let class = Class::DIRECTORY_INFORMATION;
    let ask = DirectoryQuery { class, len_max: 65_536, restart: false, single: false, pattern: &[] };
    let query = || sizes(&volume.query_directory(id, &ask).unwrap().bytes);
    // Time for the look at what comes next.
    let take = || std::thread::sleep(std::time::Duration::from_millis(100));
    let after = |answer: &[(String, u64)], by: u32| {
        let last: u32 = answer.last().unwrap().0[1..].parse().unwrap();
        format!("f{:04}", last + by)
    };
    let first = query();
    take();
    let (written, set) = (after(&first, 3), after(&first, 5));
    let file = open(&volume, &format!(r"d\{written}"), CreateOptions::NONE);
    volume.write(file, 0, b"seven..").unwrap();
    volume.close(file).unwrap();
    let file = open(&volume, &format!(r"d\{set}"), CreateOptions::NONE);
    let cx = SecurityContext::superuser();
    let len = 9u64.to_le_bytes();
    volume.set_information(&cx, fsa::Requester::Local, file, Class::END_OF_FILE_INFORMATION, &len).unwrap();
    volume.close(file).unwrap();
    let second = query();
    assert!(second.contains(&(written, 7)) && second.contains(&(set, 9)));
    take();
    let gone = after(&second, 4);
    let file = open(&volume, &format!(r"d\{gone}"), CreateOptions::DELETE_ON_CLOSE);
    volume.close(file).unwrap();
    let third = query();
    assert!(third.iter().all(|(name, _)| *name != gone) && third.contains(&(after(&second, 5), 0)));
    // A listing of its own, of which nothing was removed.
    volume.close(id).unwrap();
    let id = open(&volume, "d", CreateOptions::DIRECTORY_FILE);
    let query = || sizes(&volume.query_directory(id, &ask).unwrap().bytes);
    let first = query();
    take();
    let other = after(&first, 7);
    std::fs::write(dir.join(&other), "by another").unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1000));
    assert!(query().contains(&(other, 10)));
    let mut count = 0;
    while volume.query_directory(id, &ask).is_ok() {
        count += 1;
    }
    assert!(count > 3);
    volume.close(id).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
}

/// What is remembered of a directory from one listing to the next is told only as long as it is true, whoever changes something.
#[test]
fn a_directory_that_is_listed_again_is_told_as_it_is_then() {
    let folder = scratch("again");
    let dir = folder.join("d");
    std::fs::create_dir_all(dir.join("sub")).unwrap();
    for number in 0..1100 {
        std::fs::write(dir.join(format!("File{number:04}")), "").unwrap();
    }
    let volume = volume(&folder);
    let class = Class::ID_BOTH_DIRECTORY_INFORMATION;
    let names = || std::fs::read_dir(&dir).unwrap().count() + 2;
    let check = |what: &str| {
        let listed_now = listed(&volume, class, 1 << 20, false);
        let opened = listed(&volume, class, 1024, true);
        assert_eq!(listed_now.len(), names(), "{what}");
        for (at, (listed, opened)) in listed_now.iter().zip(&opened).enumerate() {
            assert_eq!(listed, opened, "{what}, entry {at}");
        }
    };
    check("first");
    check("nothing changed");
    let at = |number: u32| dir.join(format!("File{number:04}"));
    std::fs::write(at(3), "three").unwrap();
    check("written by another");
    std::fs::File::options().write(true).open(at(3)).unwrap().set_len(2).unwrap();
    check("cut by another");
    let time = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    std::fs::File::options().write(true).open(at(4)).unwrap().set_modified(time).unwrap();
    check("a time was set");
    std::os::unix::fs::chown(at(5), None, Some(1)).unwrap_or_else(|error| println!("skipped chown: {error}"));
    check("another group");
    std::fs::rename(at(6), dir.join("a name before all")).unwrap();
    check("renamed");
    std::fs::rename(dir.join("a name before all"), at(7)).unwrap();
    check("renamed over another");
    std::fs::remove_file(at(8)).unwrap();
    std::fs::write(at(8), "anew").unwrap();
    check("made anew");
    std::fs::write(dir.join("sub").join("below"), "").unwrap();
    check("made in a folder below");
    std::fs::hard_link(at(9), folder.join("elsewhere")).unwrap();
    std::fs::write(at(9), "by this name").unwrap();
    check("a further name, written by this one");
    std::fs::write(folder.join("elsewhere"), "by the other").unwrap();
    check("written by the other one");
    let id = open(&volume, r"d\File0010", CreateOptions::NONE);
    volume.write(id, 0, b"ten").unwrap();
    check("written through the store, and open still");
    let cx = SecurityContext::superuser();
    let mut link = vec![0; 16];
    link.extend(30u32.to_le_bytes());
    link.extend("by the store   ".encode_utf16().flat_map(u16::to_le_bytes));
    volume.set_information(&cx, fsa::Requester::Local, id, Class::LINK_INFORMATION, &link).unwrap();
    check("a further name through the store");
    let mut basic = vec![0; 40];
    basic[32] = 2;
    volume.set_information(&cx, fsa::Requester::Local, id, Class::BASIC_INFORMATION, &basic).unwrap();
    check("hidden");
    volume.close(id).unwrap();
    let id = open(&volume, r"d\File0011", CreateOptions::DELETE_ON_CLOSE);
    volume.close(id).unwrap();
    check("deleted through the store");
    let id = open(&volume, r"d\File0012", CreateOptions::OPEN_REPARSE_POINT);
    let point = reparse::Symlink::new("target", "target", reparse::SymlinkFlags(1)).unwrap().raw().encode();
    volume.fs_control(id, FsctlCode::SET_REPARSE_POINT, &point, 0).unwrap();
    volume.close(id).unwrap();
    check("became a link");
    // More at once than the host's queue keeps, no two alike behind each other.
    let files: Vec<_> = [20, 21].map(|n| std::fs::File::options().append(true).open(at(n)).unwrap()).into();
    for file in files.iter().cycle().take(40_000) {
        (&mut &*file).write_all(b"x").unwrap();
    }
    std::fs::write(at(22), "the last").unwrap();
    check("many changes");
    std::fs::remove_dir_all(&folder).unwrap();
}
