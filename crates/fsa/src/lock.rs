//! Byte-range locks. [MS-FSA] 2.1.5.8, 2.1.5.9 and 2.1.4.10
//!
//! The book's LockKey is left out: SMB2 gives none, and so one open's locks have one key.
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

/// The most locks on one file, and the most requests that wait for one, unless the volume's options say otherwise.
pub const LOCKS_MAX: usize = 65_536;

/// A range of bytes to lock. Both numbers are unsigned; a length of 0 locks a place between two bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LockRange {
    /// The first byte.
    pub offset: u64,
    /// How many.
    pub len: u64,
}

/// A lock that is held.
struct ByteRangeLock {
    range: LockRange,
    exclusive: bool,
    owner: OpenId,
    stream: Option<Utf16>,
}

/// A lock that is waited for.
struct Wanted {
    wait: WaitId,
    lock: ByteRangeLock,
}

/// The locks of one file, those of each stream by its name, and who waits for one.
#[derive(Default)]
pub(crate) struct LockTable {
    held: Vec<ByteRangeLock>,
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
    /// The lock that a range conflicts with: its owner. [MS-FSA] 2.1.4.10
    fn conflict(
        &self,
        (owner, stream): (OpenId, Option<&Utf16>),
        range: LockRange,
        exclusive: bool,
        intent: Intent,
    ) -> Option<OpenId> {
        let conflicts = |lock: &&ByteRangeLock| {
            if lock.stream.as_ref() != stream || !lock.range.overlaps(range) {
                return false;
            }
            if lock.exclusive {
                // Even one owner's exclusive locks do not overlap.
                return lock.owner != owner || (exclusive && intent == Intent::Lock);
            }
            exclusive
        };
        self.held.iter().find(conflicts).map(|lock| lock.owner)
    }

    /// A stream has another name.
    pub(crate) fn rename(&mut self, from: Option<&Utf16>, to: Option<&Utf16>) {
        let waiting = self.wanted.iter_mut().map(|wanted| &mut wanted.lock);
        for lock in self.held.iter_mut().chain(waiting).filter(|lock| lock.stream.as_ref() == from) {
            lock.stream = to.cloned();
        }
    }

    /// Where the first lock of the stream begins. [MS-FSA] 2.1.5.18
    pub(crate) fn first_offset(&self, stream: Option<&Utf16>) -> Option<u64> {
        let of_stream = self.held.iter().filter(|lock| lock.stream.as_ref() == stream);
        of_stream.map(|lock| lock.range.offset).min()
    }

    /// Takes the lock, if nothing conflicts.
    fn take(&mut self, lock: ByteRangeLock) -> Result<(), (OpenId, ByteRangeLock)> {
        let who = (lock.owner, lock.stream.as_ref());
        match self.conflict(who, lock.range, lock.exclusive, Intent::Lock) {
            Some(owner) => Err((owner, lock)),
            None => {
                self.held.push(lock);
                Ok(())
            }
        }
    }

    /// Gives locks to those who wait and need wait no longer, the oldest first.
    fn grant(&mut self, mut told: impl FnMut(WaitId, OpenId)) {
        for Wanted { wait, lock } in core::mem::take(&mut self.wanted) {
            let owner = lock.owner;
            match self.take(lock) {
                Ok(()) => told(wait, owner),
                Err((_, lock)) => self.wanted.push_back(Wanted { wait, lock }),
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
        if locks.held.len() >= most || locks.wanted.len() >= most {
            let why = Why::Object("the file has as many locks as it can");
            return Err(Refusal::new(NtStatus::INSUFFICIENT_RESOURCES, why));
        }
        let stream = open.stream.as_ref().map(folded);
        match locks.take(ByteRangeLock { range, exclusive, owner: id, stream }) {
            Ok(()) => Ok(()),
            Err((owner, _)) if fail_immediately => {
                Err(Refusal::new(NtStatus::LOCK_NOT_GRANTED, Why::Locked(owner)))
            }
            Err((_, lock)) => {
                let wait = self.park_lock(&open.file)?;
                locks.wanted.push_back(Wanted { wait, lock });
                Err(Refusal::waiting(wait))
            }
        }
    }

    /// Unlocks exactly a range that this open locked; of two locks on it the exclusive one. [MS-FSA] 2.1.5.9
    pub fn unlock(&self, id: OpenId, range: LockRange) -> Result<(), Refusal> {
        let open = self.lockable(id, range)?;
        let stream = open.stream.as_ref().map(folded);
        let mut locks = open.file.locks();
        let mine = |lock: &ByteRangeLock| lock.owner == id && lock.range == range && lock.stream == stream;
        let found = locks.held.iter().position(|lock| mine(lock) && lock.exclusive);
        let Some(at) = found.or_else(|| locks.held.iter().rposition(mine)) else {
            let why = Why::Object("this open has no lock on exactly this range");
            return Err(Refusal::new(NtStatus::RANGE_NOT_LOCKED, why));
        };
        locks.held.remove(at);
        self.grant_locks(&mut locks);
        Ok(())
    }

    /// Refuses to read, or to write, what another open's lock keeps from this one. [MS-FSA] 2.1.5.3, 2.1.5.4
    pub(crate) fn check_range(&self, open: &Open<H>, range: LockRange, writes: bool) -> Result<(), Refusal> {
        let locks = open.file.locks();
        if locks.held.is_empty() {
            return Ok(());
        }
        let stream = open.stream.as_ref().map(folded);
        match locks.conflict((open.id, stream.as_ref()), range, writes, Intent::Access) {
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
        let count = locks.held.len();
        locks.held.retain(|lock| lock.owner != open.id);
        if locks.held.len() != count {
            self.grant_locks(&mut locks);
        }
    }

    pub(crate) fn cancel_lock(&self, file: &File<H>, wait: WaitId) -> bool {
        let mut locks = file.locks();
        let count = locks.wanted.len();
        locks.wanted.retain(|wanted| wanted.wait != wait);
        locks.wanted.len() != count
    }

    fn grant_locks(&self, locks: &mut LockTable) {
        locks.grant(|wait, owner| self.end_lock(wait, owner, NtStatus::SUCCESS));
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
