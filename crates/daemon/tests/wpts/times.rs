//! Times of files and directories.
use std::thread::sleep;
use std::time::Duration;

use nt::{CreateOptions, NtStatus};
use wire::FileId;
use wire::query_info::InfoType;

use crate::ground::{D30, Ground, ok, opened, output, u64_at};
use crate::peer::Peer;
use crate::peer::request::{self, Create, create, query, set, write};

const CREATION: usize = 0;
const ACCESS: usize = 8;
const WRITE: usize = 16;
const CHANGE: usize = 24;
const TIMES: [usize; 4] = [CREATION, ACCESS, WRITE, CHANGE];
/// 2001-09-09 01:46:40 UTC.
const SOME: i64 = 126_444_736_000_000_000;

fn object(is_directory: bool) -> Create {
    let asks = create("x");
    match is_directory {
        true => asks.options(CreateOptions::DIRECTORY_FILE),
        false => asks,
    }
}

fn basic(peer: &mut Peer, file: FileId) -> Vec<u8> {
    output(peer, &query(file, InfoType::FILE, 4, 40))
}

/// FileBasicInformation with one time.
fn one(place: usize, value: i64) -> Vec<u8> {
    let mut bytes = vec![0; 40];
    bytes[place..place + 8].copy_from_slice(&value.to_le_bytes());
    bytes
}

fn set_one(peer: &mut Peer, file: FileId, place: usize, value: i64) -> NtStatus {
    peer.status(&set(file, InfoType::FILE, 4, &one(place, value)))
}

/// Enough for a clock to go on.
fn wait() {
    sleep(Duration::from_millis(30));
}

/// What changes a file, or a directory, in every way that its times note.
fn used(peer: &mut Peer, file: FileId, is_directory: bool, round: usize) {
    wait();
    if is_directory {
        let child = opened(peer, &create(&format!(r"x\child{round}")));
        ok(peer, &request::close(child));
    } else {
        ok(peer, &write(file, 0, &[7; 100]));
    }
}

/// FileInfo_Set_FileBasicInformation_File_ and _Dir_ LastWriteTime, CreationTime, ChangeTime, LastAccessTime
#[test]
fn a_time_is_what_it_was_set_to() {
    for is_directory in [false, true] {
        let ground = Ground::new();
        let mut peer = ground.peer(1, D30);
        let file = opened(&mut peer, &object(is_directory));
        for place in TIMES {
            assert_eq!(set_one(&mut peer, file, place, SOME), NtStatus::SUCCESS);
            assert_eq!(u64_at(&basic(&mut peer, file), place), SOME as u64, "{is_directory} {place}");
        }
    }
}

/// FileInfo_Set_FileBasicInformation_Timestamp_Zero_… (8), FileInfo_Query_FileBasicInformation_…_CreationTime_Zero
#[test]
fn a_time_of_zero_changes_nothing() {
    for is_directory in [false, true] {
        let ground = Ground::new();
        let mut peer = ground.peer(1, D30);
        let file = opened(&mut peer, &object(is_directory));
        for place in TIMES {
            let before = basic(&mut peer, file);
            wait();
            assert_eq!(set_one(&mut peer, file, place, 0), NtStatus::SUCCESS);
            assert_eq!(basic(&mut peer, file), before, "{is_directory} {place}");
        }
    }
}

/// FileInfo_Set_FileBasicInformation_Timestamp_MinusOne_… (8), _MinusTwo_… (7)
#[test]
fn minus_one_holds_a_time_and_minus_two_lets_it_go_on() {
    for is_directory in [false, true] {
        for place in TIMES {
            // The server itself lists a directory, which the host notes.
            if is_directory && place == ACCESS {
                continue;
            }
            let ground = Ground::new();
            let mut peer = ground.peer(1, D30);
            let file = opened(&mut peer, &object(is_directory));
            let before = u64_at(&basic(&mut peer, file), place);
            assert_eq!(set_one(&mut peer, file, place, -1), NtStatus::SUCCESS);
            used(&mut peer, file, is_directory, 1);
            let held = u64_at(&basic(&mut peer, file), place);
            // Only what the open itself does leaves the time alone; a directory changes by what opens of others do in it.
            if !is_directory || place == CREATION {
                assert_eq!(held, before, "-1: {is_directory} {place}");
            }
            assert_eq!(set_one(&mut peer, file, place, -2), NtStatus::SUCCESS);
            used(&mut peer, file, is_directory, 2);
            let after = u64_at(&basic(&mut peer, file), place);
            // The host notes as access what is read only; _MinusTwo_File_LastAccessTime, which writes, is none of ours.
            match place {
                CREATION | ACCESS => assert_eq!(after, before),
                _ => assert_ne!(after, before, "-2: {is_directory} {place}"),
            }
        }
    }
}

/// FileInfo_Set_FileBasicInformation_Timestamp_Negative_… (8), FileInfo_Query_FileBasicInformation_…_CreationTime_Negative,
/// FileInfo_Set_FileBasicInformation_File_Negative, _Dir_Negative
#[test]
fn less_than_minus_two_is_no_time() {
    for is_directory in [false, true] {
        let ground = Ground::new();
        let mut peer = ground.peer(1, D30);
        let file = opened(&mut peer, &object(is_directory));
        for place in TIMES {
            let status = set_one(&mut peer, file, place, -3);
            assert_eq!(status, NtStatus::INVALID_PARAMETER, "{is_directory} {place}");
        }
        let short = &one(CREATION, SOME)[..35];
        let status = peer.status(&set(file, InfoType::FILE, 4, short));
        assert_eq!(status, NtStatus::INFO_LENGTH_MISMATCH);
        // FILE_ATTRIBUTE_DIRECTORY of a file, FILE_ATTRIBUTE_TEMPORARY of a directory.
        let attributes = one(32, if is_directory { 0x100 } else { 0x10 });
        let status = peer.status(&set(file, InfoType::FILE, 4, &attributes));
        assert_eq!(status, NtStatus::INVALID_PARAMETER, "{is_directory}");
    }
}

/// FileInfo_Query_FileBasicInformation_…_CreationTime and _MinusTwo, and those of FileBothDirectoryInformation,
/// FileFullDirectoryInformation: nothing that is done to an object changes when it was made.
#[test]
fn a_creation_time_stays_whatever_is_done() {
    for is_directory in [false, true] {
        let ground = Ground::new();
        let mut peer = ground.peer(1, D30);
        let file = opened(&mut peer, &object(is_directory));
        let before = u64_at(&basic(&mut peer, file), CREATION);
        for (round, value) in [0, -1, -2].into_iter().enumerate() {
            assert_eq!(set_one(&mut peer, file, CREATION, value), NtStatus::SUCCESS);
            used(&mut peer, file, is_directory, round);
            assert_eq!(u64_at(&basic(&mut peer, file), CREATION), before);
        }
        ok(&mut peer, &request::close(file));
        let file = opened(&mut peer, &object(is_directory));
        assert_eq!(u64_at(&basic(&mut peer, file), CREATION), before);
    }
}

/// Algorithm_NotingFileModified_File_LastModificationTime, _LastChangeTime, _Dir_LastModificationTime, _Dir_LastChangeTime
#[test]
fn what_modifies_an_object_is_noted_in_its_times() {
    for is_directory in [false, true] {
        let ground = Ground::new();
        let mut peer = ground.peer(1, D30);
        let file = opened(&mut peer, &object(is_directory));
        let before = basic(&mut peer, file);
        used(&mut peer, file, is_directory, 0);
        let after = basic(&mut peer, file);
        for place in [WRITE, CHANGE] {
            assert!(u64_at(&after, place) > u64_at(&before, place), "{is_directory} {place}");
        }
        assert_eq!(u64_at(&after, CREATION), u64_at(&before, CREATION));
    }
}
