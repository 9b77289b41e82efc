//! A crash or a failure at any call of the host leaves the old reparse point or the new one, whole.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test says what it expects by panicking
mod store;

use fsa::host::HostFault;
use fsa::host::memory::{MemoryHost, MemoryOptions};
use fsa::{Durability, OpenRequest, VolumeOptions};
use nt::{AccessMask, CreateDisposition, NtStatus};
use store::*;

/// More changing calls than any operation here needs.
const CALLS_MAX: u64 = 40;

type Point = Result<Vec<u8>, NtStatus>;

/// One case: what there is before, what is then tried, and what may be there after.
struct Case {
    name: &'static str,
    before: Option<Vec<u8>>,
    options: VolumeOptions,
    attempt: fn(&Store) -> Result<(), NtStatus>,
    after: Point,
}

fn large(fill: u8) -> Vec<u8> {
    opaque(0x8000_DEAD, &vec![fill; 16_000])
}

fn set(store: &Store, point: &[u8]) -> Result<(), NtStatus> {
    let id = store.try_open("f", CHANGE, ITSELF)?;
    let status = store.set(id, point);
    let _ = store.volume.close(id);
    if status == NtStatus::SUCCESS { Ok(()) } else { Err(status) }
}

fn delete(store: &Store, tag: u32) -> Result<(), NtStatus> {
    let id = store.try_open("f", CHANGE, ITSELF)?;
    let status = store.delete(id, &opaque(tag, b""));
    let _ = store.volume.close(id);
    if status == NtStatus::SUCCESS { Ok(()) } else { Err(status) }
}

fn overwrite(store: &Store) -> Result<(), NtStatus> {
    let path = utf16("f");
    let disposition = CreateDisposition::OVERWRITE;
    let access = AccessMask::FILE_WRITE_DATA;
    let request = OpenRequest { options: ITSELF, disposition, ..OpenRequest::existing(&path, access) };
    let opened = store.request(&request).map_err(|error| error.status())?;
    let _ = store.volume.close(opened.id);
    Ok(())
}

fn cases() -> Vec<Case> {
    let plain = VolumeOptions::default;
    let through = || VolumeOptions { durability: Durability::WriteThrough, ..VolumeOptions::default() };
    let unix = || VolumeOptions { write_unix_links: true, ..VolumeOptions::default() };
    let none = Err(NtStatus::NOT_A_REPARSE_POINT);
    let mut cases = Vec::new();
    for options in [plain(), through()] {
        let mut case = |name, before: Option<Vec<u8>>, attempt, after: Point| {
            cases.push(Case { name, before, options: options.clone(), attempt, after });
        };
        case("set", None, |store| set(store, &relative("new")), Ok(relative("new")));
        case("replace", Some(relative("old")), |store| set(store, &relative("new")), Ok(relative("new")));
        case("set large", None, |store| set(store, &large(2)), Ok(large(2)));
        case("replace large", Some(large(1)), |store| set(store, &large(2)), Ok(large(2)));
        case(
            "shrink",
            Some(large(1)),
            |store| set(store, &opaque(0x8000_DEAD, b"s")),
            Ok(opaque(0x8000_DEAD, b"s")),
        );
        case("delete", Some(relative("old")), |store| delete(store, 0xA000_000C), none.clone());
        case("delete large", Some(large(1)), |store| delete(store, 0x8000_DEAD), none.clone());
        case("overwrite", Some(relative("old")), overwrite, none.clone());
    }
    let mut case = |name, before: Option<Vec<u8>>, attempt, after: Point| {
        cases.push(Case { name, before, options: unix(), attempt, after });
    };
    case("set a host link", None, |store| set(store, &relative("new")), Ok(relative("new")));
    case(
        "replace a host link",
        Some(relative("old")),
        |store| set(store, &relative("new")),
        Ok(relative("new")),
    );
    case(
        "a host link becomes a file",
        Some(relative("old")),
        |store| set(store, &absolute(r"\??\C:\n")),
        Ok(absolute(r"\??\C:\n")),
    );
    case("delete a host link", Some(relative("old")), |store| delete(store, 0xA000_000C), none.clone());
    case("overwrite a host link", Some(relative("old")), overwrite, none);
    cases
}

fn prepare(case: &Case, options: MemoryOptions) -> (MemoryHost, Point) {
    let host = MemoryHost::new(options);
    let store = Store::on(host.clone(), case.options.clone());
    store.file("f");
    if let Some(point) = &case.before {
        store.put("f", point);
    }
    let root = store.open("", AccessMask::READ_CONTROL, PLAIN);
    store.volume.flush(root).unwrap();
    store.close(root);
    let before = store.point_of("f");
    (host, before)
}

#[track_caller]
fn require_whole(case: &Case, n: u64, what: &str, host: MemoryHost, before: &Point) {
    let found = Store::on(host, case.options.clone()).point_of("f");
    assert!(found == *before || found == case.after, "{}, call {n}, {what}: {found:?}", case.name);
}

#[test]
fn the_host_dying_at_any_call_leaves_the_old_point_or_the_new() {
    for case in cases() {
        let mut completed = false;
        for n in 1..=CALLS_MAX {
            let recorded = MemoryOptions { record_crashes: true, ..MemoryOptions::LIKE_EXT4 };
            let (host, before) = prepare(&case, recorded);
            let store = Store::on(host.clone(), case.options.clone());
            host.fail_at(n);
            let done = (case.attempt)(&store);
            for image in host.crash_images() {
                require_whole(&case, n, "after a crash", image, &before);
            }
            host.fail_at(0);
            require_whole(&case, n, "after a failure", host, &before);
            if done.is_ok() {
                completed = true;
                break;
            }
        }
        assert!(completed, "{} never completed in {CALLS_MAX} calls", case.name);
    }
}

#[test]
fn one_failing_call_leaves_the_old_point_or_the_new_and_the_next_try_succeeds() {
    for case in cases() {
        for n in 1..=CALLS_MAX {
            let (host, before) = prepare(&case, MemoryOptions::LIKE_EXT4);
            let store = Store::on(host.clone(), case.options.clone());
            let calls = host.counts().changes;
            host.fail_once_at(n, HostFault::NoSpace);
            let done = (case.attempt)(&store);
            let reached = host.counts().changes - calls >= n;
            host.fail_at(0);
            require_whole(&case, n, "after a failure", host.clone(), &before);
            if done.is_err() && store.point_of("f") == before {
                assert_eq!((case.attempt)(&store), Ok(()), "{}, call {n}, once more", case.name);
                assert_eq!(store.point_of("f"), case.after);
            }
            if !reached {
                break;
            }
        }
    }
}

#[test]
fn what_was_acknowledged_with_write_through_survives_any_crash() {
    for case in cases().iter().filter(|case| case.options.durability == Durability::WriteThrough) {
        let recorded = MemoryOptions { record_crashes: true, ..MemoryOptions::LIKE_EXT4 };
        let (host, _) = prepare(case, recorded);
        let store = Store::on(host.clone(), case.options.clone());
        assert_eq!((case.attempt)(&store), Ok(()), "{}", case.name);
        for image in host.crash_images() {
            let found = Store::on(image, case.options.clone()).point_of("f");
            assert_eq!(found, case.after, "{}", case.name);
        }
    }
}
