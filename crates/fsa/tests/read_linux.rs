//! A READ of what is in memory, which needs no wait for a disk. [MS-FSA] 2.1.5.3, [preadv2(2)] RWF_NOWAIT
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic)] // a test says what it expects by panicking
mod host_disk;
mod store;

use fsa::{LockRange, VolumeOptions};
use host_disk::Scratch;
use nt::{AccessMask, CreateOptions, NtStatus};
use std::fs;
use store::*;

const LEN: usize = 3_000_000;

#[test]
fn what_is_read_at_once_is_what_any_read_gives() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.join("d")).unwrap();
    let data: Vec<u8> = (0..LEN).map(|at| u8::try_from(at % 251).unwrap()).collect();
    fs::write(scratch.join("f"), &data).unwrap();
    let store = Store::on(scratch.host(), VolumeOptions::default());
    let volume = &store.volume;
    let file = store.open("f", AccessMask::FILE_READ_DATA, PLAIN);
    let mut is_told = false;
    for (offset, len) in [(0, 1 << 20), (77, 70_000), (LEN - 10, 100_000), (0, LEN)] {
        let mut buffer = vec![9; len];
        let at = u64::try_from(offset).unwrap();
        if let Some(count) = volume.read_at_once(file, at, &mut buffer).unwrap() {
            is_told = true;
            assert!(buffer[..count] == data[offset..(offset + len).min(LEN)], "{len} at {offset}");
        }
    }
    if !is_told {
        println!("skipped: the file system of {} does not say what is in memory", scratch.join("").display());
    }
    let status = |id, offset| {
        let read = volume.read_at_once(id, offset, &mut [0; 1000]);
        read.map_or_else(|refusal| refusal.status, |_| NtStatus::SUCCESS)
    };
    let end = u64::try_from(LEN).unwrap();
    assert!(!is_told || status(file, end) == NtStatus::END_OF_FILE);
    let directory = store.open("d", AccessMask::FILE_READ_DATA, CreateOptions::DIRECTORY_FILE);
    assert_eq!(status(directory, 0), NtStatus::INVALID_DEVICE_REQUEST);
    let writer = store.open("f", AccessMask::FILE_WRITE_DATA, PLAIN);
    assert_eq!(status(writer, 0), NtStatus::ACCESS_DENIED);
    volume.lock(writer, LockRange { offset: 0, len: 10 }, true, true).unwrap();
    assert_eq!(status(file, 5), NtStatus::FILE_LOCK_CONFLICT);
    assert_eq!(status(file, 10), NtStatus::SUCCESS);
}
