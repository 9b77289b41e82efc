//! Names in any case on Linux: found without a scan, and true whatever other processes do.
#![cfg(target_os = "linux")]
// A test says what it expects by panicking, and why it did not run by printing.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]
mod host_disk;
use fsa::host::linux::{LinuxHost, LinuxNode, LinuxOptions};
use fsa::host::{Host, HostError, HostFault, HostName, Make, RenameMode};
use host_disk::Scratch;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::sync::Barrier;
use std::sync::mpsc::channel;

fn utf16(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

/// The name as found, in the root.
fn found(host: &LinuxHost, name: &str) -> Option<String> {
    let (_, name) = host.lookup(&host.root(), &utf16(name)).unwrap()?;
    Some(String::from_utf8(name.0).unwrap())
}

#[test]
fn a_miss_in_a_directory_of_100_000_scans_it_once() {
    let scratch = Scratch::in_memory();
    for number in 0..100_000 {
        File::create(scratch.join(&format!("File {number}"))).unwrap();
    }
    let host = scratch.host();
    for number in 0..1000 {
        assert_eq!(found(&host, &format!("none {number}")), None);
        assert_eq!(found(&host, &format!("FILE {number}")), Some(format!("File {number}")));
        File::create(scratch.join(&format!("New {number}"))).unwrap();
        assert_eq!(found(&host, &format!("nEW {number}")), Some(format!("New {number}")));
    }
    assert_eq!(host.scans(), 1);
}

#[test]
fn exact_names_scan_nothing() {
    let scratch = Scratch::new();
    File::create(scratch.join("Name")).unwrap();
    let host = scratch.host();
    assert_eq!(found(&host, "Name").as_deref(), Some("Name"));
    assert_eq!(host.scans(), 0);
}

#[test]
fn what_another_process_did_is_seen_at_once() {
    let scratch = Scratch::new();
    let host = scratch.host();
    assert_eq!(found(&host, "A"), None); // from here on the directory is indexed
    for round in 0..200 {
        fs::create_dir(scratch.join("a")).unwrap();
        assert_eq!(found(&host, "A").as_deref(), Some("a"), "{round}");
        fs::rename(scratch.join("a"), scratch.join("b")).unwrap();
        assert_eq!(found(&host, "A"), None, "{round}");
        assert_eq!(found(&host, "B").as_deref(), Some("b"), "{round}");
        fs::rename(scratch.join("b"), scratch.join("B")).unwrap();
        assert_eq!(found(&host, "b").as_deref(), Some("B"), "{round}");
        fs::remove_dir(scratch.join("B")).unwrap();
        assert_eq!(found(&host, "b"), None, "{round}");
        File::create(scratch.join("c")).unwrap();
        fs::hard_link(scratch.join("c"), scratch.join("d")).unwrap();
        std::os::unix::fs::symlink("d", scratch.join("e")).unwrap();
        assert!(found(&host, "C").zip(found(&host, "D")).zip(found(&host, "E")).is_some());
        for name in ["c", "d", "e"] {
            fs::remove_file(scratch.join(name)).unwrap();
            assert_eq!(found(&host, &name.to_uppercase()), None);
        }
    }
    assert_eq!(host.scans(), 1);
}

#[test]
fn a_creation_that_has_returned_is_seen_by_every_thread() {
    let scratch = Scratch::new();
    let host = scratch.host();
    assert_eq!(found(&host, "none"), None);
    std::thread::scope(|threads| {
        let (told, heard) = channel::<u32>();
        let scratch = &scratch;
        threads.spawn(move || {
            for number in 0..5_000 {
                File::create(scratch.join(&format!("file {number}"))).unwrap();
                told.send(number).unwrap();
            }
        });
        for number in heard {
            assert!(found(&host, &format!("FILE {number}")).is_some(), "{number}");
        }
    });
}

#[test]
fn a_directory_that_changes_while_it_is_scanned_is_known_rightly() {
    let scratch = Scratch::in_memory();
    for number in 0..30_000 {
        File::create(scratch.join(&format!("old {number}"))).unwrap();
    }
    let host = scratch.host();
    let start = Barrier::new(3);
    std::thread::scope(|threads| {
        for half in 0..2 {
            let (scratch, start) = (&scratch, &start);
            threads.spawn(move || {
                start.wait();
                for number in (half..30_000).step_by(2) {
                    let new = scratch.join(&format!("new {number}"));
                    if number < 2000 {
                        fs::rename(scratch.join(&format!("old {number}")), new).unwrap();
                    }
                }
            });
        }
        start.wait();
        assert_eq!(found(&host, "none"), None);
    });
    for number in 0..3000 {
        let (old, new) = (found(&host, &format!("OLD {number}")), found(&host, &format!("NEW {number}")));
        assert_eq!((old.is_some(), new.is_some()), (number >= 2000, number < 2000), "{number}");
    }
}

#[test]
fn more_changes_than_the_kernel_queues_are_not_missed() {
    let scratch = Scratch::in_memory();
    let host = scratch.host();
    assert_eq!(found(&host, "none"), None);
    let queued: usize =
        fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap().trim().parse().unwrap();
    for number in 0..queued + 1000 {
        File::create(scratch.join(&format!("file {number}"))).unwrap();
    }
    for number in (0..queued + 1000).step_by(100).chain(queued..queued + 1000) {
        assert!(found(&host, &format!("FILE {number}")).is_some(), "{number}");
    }
    assert_eq!(host.scans(), 2);
}

#[test]
fn a_random_history_is_known_like_a_fresh_look() {
    let scratch = Scratch::new();
    let (one, two) = (scratch.join("one"), scratch.join("two"));
    fs::create_dir(&one).unwrap();
    fs::create_dir(&two).unwrap();
    let host = scratch.host();
    let node = |name: &str| host.lookup(&host.root(), &utf16(name)).unwrap().unwrap().0;
    let nodes = [node("one"), node("two")];
    let mut random = 12_345_u64;
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(random >> 33).unwrap() % below
    };
    for step in 0..6_000 {
        let mut name = || ["a", "A", "b", "B", "ä", "Ä", "ab", "aB", "Ab"][next(9)];
        let (from, to) = (name(), name());
        let dirs = [&one, &two];
        let (from_dir, to_dir) = (dirs[next(2)], dirs[next(2)]);
        let _ = match next(4) {
            0 | 1 => File::create(from_dir.join(from)).map(drop),
            2 => fs::remove_file(from_dir.join(from)),
            _ => fs::rename(from_dir.join(from), to_dir.join(to)),
        };
        if next(3) == 0 {
            for (dir, node) in dirs.into_iter().zip(&nodes) {
                check_against_listing(&host, dir, node, step);
            }
        }
    }
    assert_eq!(host.scans(), 2);
}

/// Every name is found as the listing says: exactly if it is there, else as the first that differs in case only.
#[track_caller]
fn check_against_listing(host: &LinuxHost, dir: &std::path::Path, node: &LinuxNode, step: u32) {
    let names: BTreeSet<String> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    for asked in ["a", "A", "b", "B", "ä", "Ä", "ab", "aB", "Ab", "AB"] {
        let exact = names.get(asked);
        let expected =
            exact.or_else(|| names.iter().find(|name| name.to_uppercase() == asked.to_uppercase()));
        let found = host.lookup(node, &utf16(asked)).unwrap().map(|(_, name)| name);
        let expected = expected.map(|name| HostName(name.as_bytes().to_vec()));
        assert_eq!(found, expected, "step {step}, {asked}");
    }
}

#[test]
fn two_threads_never_make_one_name_in_two_cases() {
    let scratch = Scratch::new();
    let host = scratch.host();
    let spellings = ["Name", "name", "NAME", "nAME"];
    for round in 0..100 {
        let dir = host.create(&host.root(), &utf16(&format!("round {round}")), Make::Directory).unwrap().0;
        let source = host.create(&dir, &utf16("source"), Make::File).unwrap().0;
        let start = Barrier::new(spellings.len());
        let made: usize = std::thread::scope(|threads| {
            let attempts = spellings.iter().enumerate().map(|(index, name)| {
                let (host, dir, start, source) = (&host, &dir, &start, &source);
                threads.spawn(move || {
                    start.wait();
                    let made = match index {
                        0 => host.create(dir, &utf16(name), Make::File).map(drop),
                        1 => host.create(dir, &utf16(name), Make::Directory).map(drop),
                        2 => host.link(source, dir, &utf16(name)).map(drop),
                        _ => {
                            let from = HostName(b"source".to_vec());
                            host.rename(dir, &from, dir, &utf16(name), RenameMode::NoReplace).map(drop)
                        }
                    };
                    match made {
                        Ok(()) => 1,
                        Err(HostError { fault: HostFault::Exists, .. }) => 0,
                        Err(other) => panic!("{other}"),
                    }
                })
            });
            attempts.collect::<Vec<_>>().into_iter().map(|attempt| attempt.join().unwrap()).sum()
        });
        assert_eq!(made, 1, "round {round}");
    }
}

#[test]
fn a_case_sensitive_volume_has_names_in_each_case() {
    let scratch = Scratch::new();
    let host = scratch.host_with(LinuxOptions { case_sensitive: true, ..LinuxOptions::default() });
    for name in ["name", "Name", "NAME"] {
        host.create(&host.root(), &utf16(name), Make::File).unwrap();
    }
    assert_eq!(found(&host, "Name").as_deref(), Some("Name"));
    assert_eq!(found(&host, "nAME"), None);
    assert_eq!(host.scans(), 0);
}

#[test]
fn of_names_that_others_made_in_two_cases_the_exact_one_wins_and_then_the_first() {
    let scratch = Scratch::new();
    for name in ["name", "NAme"] {
        File::create(scratch.join(name)).unwrap();
    }
    let host = scratch.host();
    assert_eq!(found(&host, "name").as_deref(), Some("name"));
    assert_eq!(found(&host, "NAme").as_deref(), Some("NAme"));
    assert_eq!(found(&host, "NAME").as_deref(), Some("NAme"));
}

#[test]
fn a_name_too_long_in_the_case_that_is_asked_for_is_found_in_the_one_that_is_stored() {
    // U+023A takes two bytes in UTF-8, its lower case U+2C65 three: 120 of them are more than a name may have.
    let scratch = Scratch::new();
    File::create(scratch.join(&"\u{23A}".repeat(120))).unwrap();
    let host = scratch.host();
    assert_eq!(found(&host, &"\u{2C65}".repeat(120)), Some("\u{23A}".repeat(120)));
    let made = host.create(&host.root(), &utf16(&"\u{2C65}".repeat(119)), Make::File);
    assert_eq!(made.unwrap_err().fault, HostFault::NameInvalid);
}

#[test]
fn host_names_that_are_not_utf_8_are_found_by_their_own_name_only() {
    let scratch = Scratch::new();
    let names: [&[u8]; 4] = [b"caf\xE9", b"caf\xC3\xA9", b"\xED\xA0\x80\xED\xB0\x80", b"\xF0\x90\x80\x80"];
    for name in names {
        File::create(scratch.path().join(std::ffi::OsStr::from_bytes(name))).unwrap();
    }
    let host = scratch.host();
    for name in names {
        let asked = fsa::host::name::decode(name);
        let (_, found) = host.lookup(&host.root(), &asked).unwrap().unwrap();
        assert_eq!(found.0, name);
        let raised: Vec<u16> = asked.iter().map(|unit| nt::upcase(*unit)).collect();
        assert_eq!(host.lookup(&host.root(), &raised).unwrap().unwrap().1.0, name);
    }
}
