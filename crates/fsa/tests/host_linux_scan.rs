//! The walk behind `find`: everything once, nothing outside, little in memory.
#![cfg(target_os = "linux")]
// A test says what it expects by panicking, and why it did not run by printing.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]
mod host_disk;
use fsa::host::linux::scan::{Found, ScanItem, ScanOptions, Walk, scan};
use fsa::host::linux::{LinuxHost, LinuxOptions};
use fsa::host::meta::SMB_REPARSE;
use fsa::host::{Host, HostFault, NodeKind, XattrMode};
use host_disk::Scratch;
use rustix::fs::{CWD, FileType, Mode, RenameFlags, mknodat, renameat_with};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::num::NonZeroUsize;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const ONE: ScanOptions = ScanOptions { threads: NonZeroUsize::MIN };
const FOUR: ScanOptions = ScanOptions { threads: NonZeroUsize::new(4).unwrap() };

/// What is found, by path. A path that is visited twice fails.
fn everything(host: &LinuxHost, options: &ScanOptions) -> BTreeMap<String, String> {
    let found = Mutex::new(BTreeMap::new());
    scan(host, &host.root(), options, &|item: ScanItem<'_>| {
        let path = String::from_utf8(item.path.to_vec()).unwrap();
        let point =
            |point: Option<&[u8]>| point.map_or("none".to_owned(), |point| format!("{}", point.len()));
        let what = match item.found {
            Found::File(value) => format!("file {}", point(value)),
            Found::Directory(value) => format!("directory {}", point(value)),
            Found::Special(kind) => format!("{kind:?}"),
            Found::Fault(error) => format!("{:?}", error.fault),
        };
        assert_eq!(found.lock().unwrap().insert(path, what), None, "visited twice");
        Walk::On
    });
    found.into_inner().unwrap()
}

fn set_point(host: &LinuxHost, path: &[&str], value: &[u8]) {
    let mut node = host.root();
    for name in path {
        let units: Vec<u16> = name.encode_utf16().collect();
        node = host.lookup(&node, &units).unwrap().unwrap().0;
    }
    host.set_xattr(&node, SMB_REPARSE, value, XattrMode::Any).unwrap();
}

#[test]
fn everything_is_seen_once_with_its_point() {
    let scratch = Scratch::new();
    let host = scratch.host();
    fs::create_dir_all(scratch.join("a/b")).unwrap();
    File::create(scratch.join("a/b/plain")).unwrap();
    File::create(scratch.join("a/small")).unwrap();
    File::create(scratch.join("large")).unwrap();
    set_point(&host, &["a"], &[1; 40]);
    set_point(&host, &["a", "small"], &[]);
    set_point(&host, &["large"], &[2; 3000]);
    symlink("..", scratch.join("a/link")).unwrap();
    mknodat(CWD, scratch.join("a/b/pipe"), FileType::Fifo, Mode::RWXU, 0).unwrap();
    let _socket = UnixListener::bind(scratch.join("socket")).unwrap();
    host.put_blob(&host.root(), b"not to be seen").unwrap();
    let expected = [
        ("a", "directory 40"),
        ("a/b", "directory none"),
        ("a/b/pipe", "Fifo"),
        ("a/b/plain", "file none"),
        ("a/link", "Symlink"),
        ("a/small", "file 0"),
        ("large", "file 3000"),
        ("socket", "Socket"),
    ];
    let expected = expected.into_iter().map(|(path, what)| (path.to_owned(), what.to_owned())).collect();
    for options in [ONE, FOUR] {
        assert_eq!(everything(&host, &options), expected);
    }
}

#[test]
fn devices_are_seen_with_their_numbers() {
    let scratch = Scratch::new();
    let null =
        mknodat(CWD, scratch.join("null"), FileType::CharacterDevice, Mode::RWXU, rustix::fs::makedev(1, 3));
    if null.is_err() {
        return println!("skipped: only the superuser makes devices");
    }
    let found = everything(&scratch.host(), &ONE);
    let expected = format!("{:?}", NodeKind::CharDevice { major: 1, minor: 3 });
    assert_eq!(found.get("null"), Some(&expected));
}

#[test]
fn wide_and_deep_trees_are_seen_whole() {
    let scratch = Scratch::in_memory();
    for number in 0..3000 {
        File::create(scratch.join(&format!("file {number}"))).unwrap();
        fs::create_dir(scratch.join(&format!("dir {number}"))).unwrap();
        File::create(scratch.join(&format!("dir {number}/leaf"))).unwrap();
    }
    // Deeper than one process may hold directories open, were each held.
    let (mut deep, mut depth) = (scratch.path().to_owned(), 0);
    while depth < 1500 {
        deep.push("d");
        if fs::create_dir(&deep).is_err() {
            break; // as long as a path may be
        }
        File::create(deep.join("f")).unwrap();
        depth += 1;
    }
    assert!(depth > 1200);
    for options in [ONE, FOUR] {
        assert_eq!(everything(&scratch.host(), &options).len(), 9000 + 2 * depth);
    }
}

#[test]
fn more_directories_than_may_wait_are_seen_whole() {
    let scratch = Scratch::in_memory();
    for number in 0..9_000 {
        fs::create_dir_all(scratch.join(&format!("{number}/sub"))).unwrap();
    }
    for options in [ONE, FOUR] {
        assert_eq!(everything(&scratch.host(), &options).len(), 18_000);
    }
}

#[test]
fn the_caller_prunes_and_stops() {
    let scratch = Scratch::new();
    for name in ["in/a", "in/b", "past/c"] {
        fs::create_dir_all(scratch.join(name)).unwrap();
    }
    let host = scratch.host();
    let seen = Mutex::new(Vec::new());
    scan(&host, &host.root(), &FOUR, &|item: ScanItem<'_>| {
        seen.lock().unwrap().push(String::from_utf8(item.path.to_vec()).unwrap());
        if item.path == b"past" { Walk::Past } else { Walk::On }
    });
    let mut seen = seen.into_inner().unwrap();
    seen.sort();
    assert_eq!(seen, ["in", "in/a", "in/b", "past"]);
    for number in 0..5000 {
        File::create(scratch.join(&format!("file {number}"))).unwrap();
    }
    let count = AtomicUsize::new(0);
    scan(&host, &host.root(), &ONE, &|_: ScanItem<'_>| {
        count.fetch_add(1, Ordering::Relaxed);
        Walk::Stop
    });
    assert_eq!(count.into_inner(), 1);
}

#[test]
fn a_walk_can_start_below_the_root() {
    let scratch = Scratch::new();
    fs::create_dir_all(scratch.join("sub/.pointsman")).unwrap();
    File::create(scratch.join("beside")).unwrap();
    let host = scratch.host();
    let sub = host.lookup(&host.root(), &"sub".encode_utf16().collect::<Vec<_>>()).unwrap().unwrap().0;
    let seen = Mutex::new(Vec::new());
    scan(&host, &sub, &ONE, &|item: ScanItem<'_>| {
        seen.lock().unwrap().push(item.path.to_vec());
        Walk::On
    });
    assert_eq!(seen.into_inner().unwrap(), [b".pointsman"], "only the root's own is the store's");
}

#[test]
fn a_caller_that_panics_ends_the_walk() {
    let scratch = Scratch::new();
    for number in 0..1000 {
        fs::create_dir(scratch.join(&format!("dir {number}"))).unwrap();
    }
    let host = scratch.host();
    let walk = std::panic::AssertUnwindSafe(|| {
        scan(&host, &host.root(), &FOUR, &|item: ScanItem<'_>| {
            assert!(item.path != b"dir 500", "as this test wants it");
            Walk::On
        });
    });
    assert!(std::panic::catch_unwind(walk).is_err());
}

#[test]
fn a_start_that_is_no_directory_is_a_fault() {
    let scratch = Scratch::new();
    File::create(scratch.join("file")).unwrap();
    let host = scratch.host();
    let file = host.lookup(&host.root(), &"file".encode_utf16().collect::<Vec<_>>()).unwrap().unwrap().0;
    let faults = Mutex::new(Vec::new());
    scan(&host, &file, &FOUR, &|item: ScanItem<'_>| {
        if let Found::Fault(error) = item.found {
            faults.lock().unwrap().push(error.fault);
        }
        Walk::On
    });
    assert_eq!(faults.into_inner().unwrap(), [HostFault::NotDirectory]);
}

#[test]
fn a_walk_never_leaves_its_root_while_directories_are_swapped_for_links() {
    let scratch = Scratch::new();
    let outside = Scratch::new();
    File::create(outside.join("secret")).unwrap();
    fs::create_dir(scratch.join("dir")).unwrap();
    for number in 0..20 {
        fs::create_dir_all(scratch.join(&format!("dir/sub {number}/below"))).unwrap();
    }
    symlink(outside.path(), scratch.join("link")).unwrap();
    let host = LinuxHost::open(scratch.path(), LinuxOptions::default()).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let (dir, link) = (scratch.join("dir"), scratch.join("link"));
                renameat_with(CWD, &dir, CWD, &link, RenameFlags::EXCHANGE).unwrap();
            }
        });
        for _ in 0..200 {
            scan(&host, &host.root(), &FOUR, &|item: ScanItem<'_>| {
                assert!(!item.path.ends_with(b"secret"));
                Walk::On
            });
        }
        done.store(true, Ordering::Relaxed);
    });
}
