//! Byte-range locks. [MS-FSA] 2.1.5.8, 2.1.5.9 and 2.1.4.10
//!
//! The book's LockKey is left out: SMB2 gives none, and so one open's locks have one key.
mod table;

use crate::file::File;
use crate::host::Host;
use crate::opens::{Open, OpenId};
use crate::oplock::Breaks;
use crate::parked::{Completion, WaitId};
use crate::refusal::{Refusal, Why};
use crate::stream::folded;
use crate::volume::Volume;
use nt::{NtStatus, Utf16};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use table::{ByteRangeLock, Held};

/// The most locks on one file, and the most requests that wait for one, unless the volume's options say otherwise.
pub const LOCKS_MAX: usize = 65_536;

/// The most locks on all files of a volume together.
pub const VOLUME_LOCKS_MAX: usize = 1 << 20;

/// A range of bytes to lock. Both numbers are unsigned; a length of 0 locks a place between two bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct LockRange {
    /// The first byte.
    pub offset: u64,
    /// How many.
    pub len: u64,
}

/// A lock that is waited for.
struct Wanted {
    wait: WaitId,
    lock: ByteRangeLock,
}

/// The locks of one file, those of each stream by its name, and who waits for one.
#[derive(Default)]
pub(crate) struct LockTable {
    /// Nothing, on most files.
    held: Option<Box<Held>>,
    wanted: VecDeque<Wanted>,
}

impl LockRange {
    /// Bytes beyond the largest offset are none that can be locked.
    fn check(self) -> Result<(), Refusal> {
        if self.len != 0 && self.offset.checked_add(self.len - 1).is_none() {
            let why = Why::Parameter("the range reaches beyond the largest offset");
            return Err(Refusal::new(NtStatus::INVALID_LOCK_RANGE, why));
        }
        Ok(())
    }

    /// The book's overlap: that of the last bytes as it computes them, so that an empty range overlaps one that it lies
    /// within, and not one that it touches. The range {0, 0} overlaps nothing. [MS-FSA] 2.1.4.10
    fn overlaps(self, other: LockRange) -> bool {
        let nothing = LockRange { offset: 0, len: 0 };
        if self == nothing || other == nothing {
            return false;
        }
        let last = |range: LockRange| range.offset.wrapping_add(range.len).wrapping_sub(1);
        self.offset <= last(other) && last(self) >= other.offset
    }
}

/// What somebody wants with a range.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Intent {
    /// To read or write it.
    Access,
    /// To lock it.
    Lock,
}

impl LockTable {
    /// A stream has another name.
    pub(crate) fn rename(&mut self, from: Option<&Utf16>, to: Option<&Utf16>) {
        let (from, to) = (from.cloned(), to.cloned());
        if let Some(held) = &mut self.held {
            held.rename(&from, &to);
        }
        let waiting = self.wanted.iter_mut().map(|wanted| &mut wanted.lock);
        waiting.filter(|lock| lock.stream == from).for_each(|lock| lock.stream.clone_from(&to));
    }

    /// Where the first lock of the stream begins. [MS-FSA] 2.1.5.18
    pub(crate) fn first_offset(&self, stream: Option<&Utf16>) -> Option<u64> {
        self.held.as_ref()?.first_offset(&stream.cloned())
    }

    fn len(&self) -> usize {
        self.held.as_ref().map_or(0, |held| held.len())
    }

    /// The owner of a lock that is in the way.
    fn conflict(&self, lock: &ByteRangeLock, intent: Intent) -> Option<OpenId> {
        let (held, who) = (self.held.as_ref()?, (lock.owner, &lock.stream));
        let conflicts = held.conflicts(who, lock.range, lock.exclusive, intent);
        conflicts.then(|| held.conflicting_owner(who, lock.range, lock.exclusive, intent)).flatten()
    }

    /// Takes the lock, if nothing conflicts.
    fn take(&mut self, lock: ByteRangeLock) -> Result<(), ByteRangeLock> {
        let held = self.held.get_or_insert_default();
        if held.conflicts((lock.owner, &lock.stream), lock.range, lock.exclusive, Intent::Lock) {
            return Err(lock);
        }
        held.insert(lock);
        Ok(())
    }

    /// Gives locks to those who wait and need wait no longer, the oldest first: `let_go` says whose a released range may have been in
    /// the way of.
    fn grant(&mut self, let_go: impl Fn(LockRange) -> bool, mut told: impl FnMut(WaitId, OpenId)) {
        if self.held.as_ref().is_some_and(|held| held.is_empty()) {
            self.held = None;
        }
        for Wanted { wait, lock } in core::mem::take(&mut self.wanted) {
            let owner = lock.owner;
            let tried = if let_go(lock.range) { self.take(lock) } else { Err(lock) };
            match tried {
                Ok(()) => told(wait, owner),
                Err(lock) => self.wanted.push_back(Wanted { wait, lock }),
            }
        }
    }
}

impl<H: Host> Volume<H> {
    /// Locks a range. Where another lock is in the way the request fails with LOCK_NOT_GRANTED, or waits: then the refusal
    /// is one that [`Refusal::waits`] names, and [`Completion::Lock`] tells when the lock is held. [MS-FSA] 2.1.5.8
    pub fn lock(
        &self,
        id: OpenId,
        range: LockRange,
        exclusive: bool,
        fail_immediately: bool,
    ) -> Result<(), Refusal> {
        let open = self.lockable(id, range)?;
        // A lock beyond the data keeps nobody's cache from being right. [MS-FSA] 2.1.5.8
        if !open.file.oplocks().is_empty() && range.offset < self.facts(&open)?.allocated {
            self.break_oplock(&open, Breaks::data())?;
        }
        let mut locks = open.file.locks();
        self.open_of(id)?; // closed meanwhile, it would never let go
        let most = self.options.locks_max.unwrap_or(LOCKS_MAX);
        if locks.len() >= most || locks.wanted.len() >= most {
            let why = Why::Object("the file has as many locks as it can");
            return Err(Refusal::new(NtStatus::INSUFFICIENT_RESOURCES, why));
        }
        if self.locks_held.load(Ordering::Relaxed) >= VOLUME_LOCKS_MAX {
            let why = Why::Object("the volume has as many locks as it can");
            return Err(Refusal::new(NtStatus::INSUFFICIENT_RESOURCES, why));
        }
        let stream = open.stream().map(folded);
        match locks.take(ByteRangeLock { range, exclusive, owner: id, stream }) {
            Ok(()) => {
                self.locks_held.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Err(lock) if fail_immediately => {
                let owner = locks.conflict(&lock, Intent::Lock).unwrap_or(id);
                Err(Refusal::new(NtStatus::LOCK_NOT_GRANTED, Why::Locked(owner)))
            }
            Err(lock) => {
                let wait = self.park_lock(&open.file)?;
                locks.wanted.push_back(Wanted { wait, lock });
                Err(Refusal::waiting(wait))
            }
        }
    }

    /// Unlocks exactly a range that this open locked; of two locks on it the exclusive one. [MS-FSA] 2.1.5.9
    pub fn unlock(&self, id: OpenId, range: LockRange) -> Result<(), Refusal> {
        let open = self.lockable(id, range)?;
        let stream = open.stream().map(folded);
        let mut locks = open.file.locks();
        let mine = |exclusive| ByteRangeLock { range, exclusive, owner: id, stream: stream.clone() };
        let is_let_go =
            locks.held.as_mut().is_some_and(|held| held.remove(&mine(true)) || held.remove(&mine(false)));
        if !is_let_go {
            let why = Why::Object("this open has no lock on exactly this range");
            return Err(Refusal::new(NtStatus::RANGE_NOT_LOCKED, why));
        }
        self.locks_held.fetch_sub(1, Ordering::Relaxed);
        self.grant_locks(&mut locks, |wanted| wanted.overlaps(range));
        Ok(())
    }

    /// Refuses to read, or to write, what another open's lock keeps from this one. [MS-FSA] 2.1.5.3, 2.1.5.4
    pub(crate) fn check_range(&self, open: &Open<H>, range: LockRange, writes: bool) -> Result<(), Refusal> {
        let locks = open.file.locks();
        if locks.len() == 0 {
            return Ok(());
        }
        let stream = open.stream().map(folded);
        let wanted = ByteRangeLock { range, exclusive: writes, owner: open.id, stream };
        match locks.conflict(&wanted, Intent::Access) {
            None => Ok(()),
            Some(owner) => Err(Refusal::new(NtStatus::FILE_LOCK_CONFLICT, Why::Locked(owner))),
        }
    }

    /// An open lets go of its locks, and waits for none any more.
    pub(crate) fn release_locks(&self, open: &Open<H>) {
        let mut locks = open.file.locks();
        let waited = core::mem::take(&mut locks.wanted);
        for wanted in waited {
            if wanted.lock.owner == open.id {
                // [Windows] ends such a wait so; smbtorture smb2.lock.cancel-tdis and cancel-logoff look for it.
                self.end_lock(wanted.wait, open.id, NtStatus::RANGE_NOT_LOCKED);
            } else {
                locks.wanted.push_back(wanted);
            }
        }
        let count = locks.held.as_mut().map_or(0, |held| held.remove_all(open.id));
        if count > 0 {
            self.locks_held.fetch_sub(count, Ordering::Relaxed);
            self.grant_locks(&mut locks, |_| true);
        }
    }

    pub(crate) fn cancel_lock(&self, file: &File<H>, wait: WaitId) -> bool {
        let mut locks = file.locks();
        let count = locks.wanted.len();
        locks.wanted.retain(|wanted| wanted.wait != wait);
        locks.wanted.len() != count
    }

    fn grant_locks(&self, locks: &mut LockTable, let_go: impl Fn(LockRange) -> bool) {
        locks.grant(let_go, |wait, owner| {
            self.locks_held.fetch_add(1, Ordering::Relaxed);
            self.end_lock(wait, owner, NtStatus::SUCCESS);
        });
    }

    fn end_lock(&self, wait: WaitId, open: OpenId, status: NtStatus) {
        self.parking.unpark(wait);
        self.parking.tell(Completion::Lock { wait, open, status });
    }

    /// The open, if what it opened can be locked at all.
    fn lockable(&self, id: OpenId, range: LockRange) -> Result<Arc<Open<H>>, Refusal> {
        let open = self.open_of(id)?;
        if open.is_directory() {
            return Err(Refusal::parameter("a directory has no bytes to lock"));
        }
        range.check()?;
        Ok(open)
    }
}
