//! Callers on many threads see each other's changes whole.
mod store;

use nt::{AccessMask, CreateDisposition, CreateOptions, NtStatus};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use store::*;

const THREADS: usize = 8;
const ROUNDS: usize = 300;

#[test]
fn of_many_who_make_the_same_name_one_makes_it() {
    let store = Store::new();
    for round in 0..ROUNDS {
        let path = format!("f{round}");
        let made = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    match store.open_as(&path, AccessMask::READ_CONTROL, PLAIN, CreateDisposition::CREATE) {
                        Ok(_) => made.fetch_add(1, Ordering::Relaxed),
                        Err(status) => {
                            assert_eq!(status, NtStatus::OBJECT_NAME_COLLISION);
                            0
                        }
                    };
                });
            }
        });
        assert_eq!(made.into_inner(), 1);
    }
}

#[test]
fn nobody_opens_a_link_by_accident_while_it_is_set_and_deleted() {
    let store = Store::new();
    store.file("target");
    store.file("link");
    let target = store.open("target", AccessMask::READ_CONTROL, PLAIN);
    let link = store.open("link", AccessMask::READ_CONTROL, ITSELF);
    let id_of = |id| store.volume.open_of(id).unwrap().file.id();
    let (target, link) = (id_of(target), id_of(link));
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..ROUNDS {
                let id = store.open("link", CHANGE, ITSELF);
                assert_eq!(store.set(id, &relative("target")), NtStatus::SUCCESS);
                assert_eq!(store.delete(id, &opaque(0xA000_000C, b"")), NtStatus::SUCCESS);
                store.close(id);
            }
        });
        for _ in 1..THREADS {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    let id = store.open("link", AccessMask::READ_CONTROL, PLAIN);
                    let opened = id_of(id);
                    assert!(opened == target || opened == link);
                    store.close(id);
                }
            });
        }
    });
}

#[test]
fn a_directory_never_has_both_an_entry_and_a_mount_point() {
    let store = Store::new();
    for round in 0..ROUNDS {
        let dir = format!("d{round}");
        let child = format!(r"{dir}\child");
        store.dir(&dir);
        let mount = store.open(&dir, CHANGE, ITSELF);
        let (set, made) = thread::scope(|scope| {
            let set = scope.spawn(|| store.set(mount, &junction(r"\??\C:\nowhere")));
            let made = scope.spawn(|| {
                store.open_as(&child, AccessMask::READ_CONTROL, PLAIN, CreateDisposition::CREATE).map(drop)
            });
            (set.join().unwrap(), made.join().unwrap())
        });
        match set {
            NtStatus::SUCCESS => assert_eq!(made, Err(NtStatus::OBJECT_PATH_NOT_FOUND)),
            status => {
                assert_eq!(status, NtStatus::DIRECTORY_NOT_EMPTY);
                assert_eq!(made, Ok(()));
            }
        }
    }
}

#[test]
fn a_file_deleted_at_close_is_made_again_without_a_gap_in_the_rules() {
    let store = Store::new();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    let options = CreateOptions::DELETE_ON_CLOSE;
                    match store.open_as("f", AccessMask::DELETE, options, CreateDisposition::OPEN_IF) {
                        Ok(opened) => store.close(opened.id),
                        Err(status) => assert_eq!(status, NtStatus::DELETE_PENDING),
                    }
                }
            });
        }
    });
    assert_eq!(store.opening("f", PLAIN), NtStatus::OBJECT_NAME_NOT_FOUND);
}
