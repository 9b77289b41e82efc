//! Byte-range locks: what conflicts, who waits, who is let go. [MS-FSA] 2.1.5.8, 2.1.5.9 and 2.1.4.10; the cases at the edges
//! are those of smbtorture's smb2.lock (Debian's samba-testsuite), whose expectations were observed on Windows.
#![allow(clippy::unwrap_used, clippy::panic)] // a test says what it expects by panicking
mod store;

use fsa::host::Host;
use fsa::{Completion, LockRange, OpenId, WaitId};
use nt::{AccessMask, CreateDisposition, CreateOptions, NtStatus};
use store::*;

const DATA: AccessMask = AccessMask(AccessMask::FILE_READ_DATA.0 | AccessMask::FILE_WRITE_DATA.0);

/// What a request for a lock came to.
#[derive(PartialEq, Eq, Debug)]
enum Came {
    To(NtStatus),
    Wait(WaitId),
}

const HELD: Came = Came::To(NtStatus::SUCCESS);
const NOT_GRANTED: Came = Came::To(NtStatus::LOCK_NOT_GRANTED);

fn range(offset: u64, len: u64) -> LockRange {
    LockRange { offset, len }
}

impl<H: Host> Store<H> {
    fn ask(&self, id: OpenId, at: LockRange, exclusive: bool, fail: bool) -> Came {
        match self.volume.lock(id, at, exclusive, fail) {
            Ok(()) => HELD,
            Err(refusal) => refusal.waits().map_or(Came::To(refusal.status), Came::Wait),
        }
    }

    fn exclusive(&self, id: OpenId, at: LockRange) -> Came {
        self.ask(id, at, true, true)
    }

    fn shared(&self, id: OpenId, at: LockRange) -> Came {
        self.ask(id, at, false, true)
    }

    #[track_caller]
    fn wait(&self, id: OpenId, at: LockRange) -> WaitId {
        match self.ask(id, at, true, false) {
            Came::Wait(wait) => wait,
            other => panic!("{other:?}"),
        }
    }

    fn unlock(&self, id: OpenId, at: LockRange) -> NtStatus {
        self.volume.unlock(id, at).map_or_else(|refusal| refusal.status, |()| NtStatus::SUCCESS)
    }

    fn reads(&self, id: OpenId, offset: u64, len: usize) -> NtStatus {
        self.volume.read(id, offset, len).map_or_else(|refusal| refusal.status, |_| NtStatus::SUCCESS)
    }

    fn writes(&self, id: OpenId, offset: u64) -> NtStatus {
        self.volume.write(id, offset, b"x").map_or_else(|refusal| refusal.status, |()| NtStatus::SUCCESS)
    }

    /// A file of 20 bytes, opened twice.
    fn twice(&self) -> (OpenId, OpenId) {
        self.file_with("f", &[7; 20]);
        (self.open("f", DATA, PLAIN), self.open("f", DATA, PLAIN))
    }
}

fn held(wait: WaitId, open: OpenId) -> Completion {
    Completion::Lock { wait, open, status: NtStatus::SUCCESS }
}

#[test]
fn an_exclusive_lock_keeps_others_from_reading_and_writing_and_its_owner_from_neither() {
    let store = Store::new();
    let (a, b) = store.twice();
    assert_eq!(store.exclusive(a, range(5, 5)), HELD);
    assert_eq!(store.reads(b, 0, 5), NtStatus::SUCCESS);
    assert_eq!(store.reads(b, 0, 6), NtStatus::FILE_LOCK_CONFLICT);
    assert_eq!(store.writes(b, 9), NtStatus::FILE_LOCK_CONFLICT);
    assert_eq!(store.writes(b, 10), NtStatus::SUCCESS);
    assert_eq!((store.reads(a, 0, 20), store.writes(a, 7)), (NtStatus::SUCCESS, NtStatus::SUCCESS));
    assert_eq!(store.unlock(a, range(5, 5)), NtStatus::SUCCESS);
    assert_eq!(store.reads(b, 0, 6), NtStatus::SUCCESS);
}

#[test]
fn a_shared_lock_lets_all_read_and_nobody_write() {
    let store = Store::new();
    let (a, b) = store.twice();
    assert_eq!((store.shared(a, range(0, 4)), store.shared(b, range(2, 4))), (HELD, HELD));
    assert_eq!((store.reads(a, 0, 9), store.reads(b, 0, 9)), (NtStatus::SUCCESS, NtStatus::SUCCESS));
    assert_eq!(store.writes(a, 0), NtStatus::FILE_LOCK_CONFLICT, "its owner neither");
    assert_eq!(store.exclusive(b, range(3, 1)), NOT_GRANTED);
}

#[test]
fn exclusive_locks_of_one_open_do_not_overlap_and_shared_ones_stack_on_them() {
    let store = Store::new();
    let (a, b) = store.twice();
    assert_eq!(store.exclusive(a, range(0, 10)), HELD);
    assert_eq!(store.exclusive(a, range(9, 1)), NOT_GRANTED);
    assert_eq!(store.shared(a, range(0, 10)), HELD);
    assert_eq!(store.exclusive(b, range(10, 1)), HELD, "side by side");
    // Of two locks on one range the exclusive one goes first: then others may read, and not write.
    assert_eq!(store.unlock(a, range(0, 10)), NtStatus::SUCCESS);
    assert_eq!((store.reads(b, 0, 5), store.writes(b, 0)), (NtStatus::SUCCESS, NtStatus::FILE_LOCK_CONFLICT));
    assert_eq!(store.unlock(a, range(0, 10)), NtStatus::SUCCESS);
    assert_eq!(store.unlock(a, range(0, 10)), NtStatus::RANGE_NOT_LOCKED);
}

#[test]
fn an_unlock_names_exactly_what_was_locked_and_by_whom() {
    let store = Store::new();
    let (a, b) = store.twice();
    assert_eq!(store.exclusive(a, range(0, 10)), HELD);
    for (who, at) in [(b, range(0, 10)), (a, range(0, 9)), (a, range(1, 9)), (a, range(0, 11))] {
        assert_eq!(store.unlock(who, at), NtStatus::RANGE_NOT_LOCKED, "{at:?}");
    }
}

#[test]
fn an_empty_range_conflicts_inside_another_and_not_at_its_edges() {
    // smb2.lock.zerobyteread and zerobytelength; [MS-FSA] 2.1.4.10's arithmetic.
    let store = Store::new();
    let (a, b) = store.twice();
    assert_eq!(store.exclusive(a, range(5, 5)), HELD);
    for (at, came) in [(4, HELD), (5, HELD), (6, NOT_GRANTED), (9, NOT_GRANTED), (10, HELD)] {
        assert_eq!(store.exclusive(b, range(at, 0)), came, "at {at}");
    }
    assert_eq!(store.exclusive(b, range(0, 0)), HELD, "{{0, 0}} is no range at all");
    let (c, _) = (store.open("f", DATA, PLAIN), ());
    assert_eq!(store.exclusive(c, range(10, 0)), HELD, "two empty ranges at one place");
    assert_eq!(store.exclusive(c, range(3, 2)), NOT_GRANTED, "an empty range lies within");
    assert_eq!(store.unlock(b, range(4, 0)), NtStatus::SUCCESS);
    assert_eq!(store.exclusive(c, range(3, 2)), HELD);
}

#[test]
fn ranges_have_64_bits_and_end_where_those_do() {
    let store = Store::new();
    let (a, b) = store.twice();
    assert_eq!(store.exclusive(a, range(u64::MAX, 1)), HELD);
    assert_eq!(store.exclusive(b, range(u64::MAX, 1)), NOT_GRANTED);
    assert_eq!(store.exclusive(b, range(u64::MAX - 1, 1)), HELD);
    assert_eq!(store.exclusive(b, range(u64::MAX - 1, 3)), Came::To(NtStatus::INVALID_LOCK_RANGE));
    assert_eq!(store.unlock(b, range(2, u64::MAX)), NtStatus::INVALID_LOCK_RANGE);
    assert_eq!(store.exclusive(b, range(0, 0x8000_0000_0000_0000)), HELD);
    assert_eq!(store.shared(a, range(0x7FFF_FFFF_FFFF_FFFF, 1)), NOT_GRANTED);
}

#[test]
fn who_waits_is_told_when_the_lock_is_his_and_the_first_comes_first() {
    let store = Store::new();
    let (a, b) = store.twice();
    let c = store.open("f", DATA, PLAIN);
    assert_eq!(store.exclusive(a, range(0, 10)), HELD);
    let (first, second) = (store.wait(b, range(0, 5)), store.wait(c, range(4, 5)));
    let apart = store.wait(c, range(9, 1));
    assert_eq!(store.volume.take_completions(), []);
    assert_eq!(store.unlock(a, range(0, 10)), NtStatus::SUCCESS);
    assert_eq!(store.volume.take_completions(), [held(first, b), held(apart, c)]);
    assert_eq!(store.exclusive(a, range(0, 1)), NOT_GRANTED, "it is held");
    store.close(b);
    assert_eq!(store.volume.take_completions(), [held(second, c)]);
}

#[test]
fn a_wait_is_cancelled_once_and_the_lock_is_then_nobodys() {
    let store = Store::new();
    let (a, b) = store.twice();
    assert_eq!(store.exclusive(a, range(0, 10)), HELD);
    let wait = store.wait(b, range(0, 5));
    assert!(store.volume.cancel(wait));
    assert!(!store.volume.cancel(wait));
    assert_eq!(store.unlock(a, range(0, 10)), NtStatus::SUCCESS);
    assert_eq!(store.volume.take_completions(), []);
    assert_eq!(store.exclusive(a, range(0, 10)), HELD);
    // A wait that ended is not cancelled: its lock is held.
    let wait = store.wait(b, range(0, 5));
    assert_eq!(store.unlock(a, range(0, 10)), NtStatus::SUCCESS);
    assert!(!store.volume.cancel(wait));
    assert_eq!(store.volume.take_completions(), [held(wait, b)]);
}

#[test]
fn a_close_lets_go_of_locks_and_ends_its_waits() {
    let store = Store::new();
    let (a, b) = store.twice();
    assert_eq!(store.exclusive(a, range(0, 10)), HELD);
    let wait = store.wait(b, range(0, 5));
    store.close(b);
    let ended = Completion::Lock { wait, open: b, status: NtStatus::RANGE_NOT_LOCKED };
    assert_eq!(store.volume.take_completions(), [ended]);
    store.close(a);
    let again = store.open("f", DATA, PLAIN);
    assert_eq!(store.exclusive(again, range(0, 10)), HELD);
}

#[test]
fn streams_have_locks_of_their_own_and_directories_none() {
    let store = Store::new();
    let (a, b) = store.twice();
    let stream = store.open_as("f:S", DATA, PLAIN, CreateDisposition::CREATE).unwrap().id;
    store.volume.write(stream, 0, b"data").unwrap();
    let same = store.open("f:s", DATA, PLAIN);
    assert_eq!(store.exclusive(stream, range(0, 10)), HELD);
    assert_eq!(store.exclusive(a, range(0, 10)), HELD);
    assert_eq!(store.reads(same, 0, 1), NtStatus::FILE_LOCK_CONFLICT);
    assert_eq!(store.exclusive(same, range(0, 1)), NOT_GRANTED);
    assert_eq!(store.reads(b, 0, 1), NtStatus::FILE_LOCK_CONFLICT);
    store.dir("d");
    let dir = store.open("d", AccessMask::FILE_READ_DATA, CreateOptions::DIRECTORY_FILE);
    assert_eq!(store.exclusive(dir, range(0, 1)), Came::To(NtStatus::INVALID_PARAMETER));
    assert_eq!(store.unlock(dir, range(0, 1)), NtStatus::INVALID_PARAMETER);
}

/// The rule of [MS-FSA] 2.1.4.10 once more, by brute force over bytes: 20 places, a lock's conflict is a byte in common.
#[test]
fn locks_of_whole_bytes_conflict_exactly_where_they_share_one() {
    for (offset, len) in (0..12_u64).flat_map(|offset| (1..8_u64).map(move |len| (offset, len))) {
        let store = Store::new();
        let (a, b) = store.twice();
        assert_eq!(store.exclusive(a, range(4, 4)), HELD);
        let shares = (offset..offset + len).any(|byte| (4..8).contains(&byte));
        let came = if shares { NOT_GRANTED } else { HELD };
        assert_eq!(store.shared(b, range(offset, len)), came, "{offset} {len}");
    }
}
