//! Requests that wait, and word of what they waited for. [MS-FSA] 2.1.1.12 and 2.1.5.20
//!
//! No call of the store waits. One that would have to says so ([`Refusal::waits`]), names the wait, and returns; what it
//! waited for is told later in a [`Completion`]. So cancelling, an interim response and a lost connection are ordinary.
use crate::file::File;
use crate::host::Host;
use crate::opens::OpenId;
use crate::oplock::OplockLevel;
use crate::refusal::{Refusal, Why};
use crate::volume::Volume;
use nt::NtStatus;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// The most requests of one volume that wait at once.
pub const WAITS_MAX: usize = 65_536;

/// Names a request that waits. Never used twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct WaitId(pub u64);

/// Something that a server has to tell a client, or go on with. [`Volume::take_completions`]
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Completion {
    /// A lock that waited is held now (SUCCESS), or its open was closed first (RANGE_NOT_LOCKED). [MS-FSA] 2.1.5.8
    Lock {
        /// The wait.
        wait: WaitId,
        /// Whose.
        open: OpenId,
        /// How it ended.
        status: NtStatus,
    },
    /// An oplock broke, or was given up or moved to another open. [MS-FSA] 2.1.5.18.3
    OplockBreak {
        /// The open that holds, or held, the oplock.
        open: OpenId,
        /// What is left of it; a client is told this level.
        level: OplockLevel,
        /// True when [`Volume::acknowledge_oplock`] must be called: until then others wait.
        acknowledge: bool,
        /// SUCCESS; OPLOCK_SWITCHED_TO_NEW_HANDLE or OPLOCK_HANDLE_CLOSED, of which no client is told;
        /// CANNOT_GRANT_REQUESTED_OPLOCK when an acknowledgement asked for too much.
        status: NtStatus,
    },
    /// What stood in the way of a request has gone: submit it again. [MS-FSA] 2.1.4.12.1
    Resume {
        /// The wait.
        wait: WaitId,
    },
    /// A change notification. [MS-FSA] 2.1.5.11.1
    Notify {
        /// The wait.
        wait: WaitId,
        /// The open of the directory.
        open: OpenId,
        /// SUCCESS; NOTIFY_ENUM_DIR when there is more to tell than fits; NOTIFY_CLEANUP when the directory was closed;
        /// DELETE_PENDING when it is about to go.
        status: NtStatus,
        /// FILE_NOTIFY_INFORMATION structures. [MS-FSCC] 2.7.1
        bytes: Vec<u8>,
    },
}

/// What waits where, and what is to be told.
pub(crate) struct Parking<H: Host> {
    next: AtomicU64,
    waits: Mutex<HashMap<WaitId, Waits<H>>>,
    told: Mutex<VecDeque<Completion>>,
    count: AtomicUsize,
}

/// Where a request waits.
pub(crate) enum Waits<H: Host> {
    /// For a lock on this file.
    Lock(Weak<File<H>>),
    /// For an oplock on this file to break.
    Oplock(Weak<File<H>>),
    /// For a change below this directory.
    Change(OpenId),
}

impl<H: Host> Parking<H> {
    pub(crate) fn new() -> Parking<H> {
        Parking {
            next: AtomicU64::new(1),
            waits: Mutex::new(HashMap::new()),
            told: Mutex::new(VecDeque::new()),
            count: AtomicUsize::new(0),
        }
    }

    /// Parks a request, unless too many are parked.
    pub(crate) fn park(&self, at: Waits<H>) -> Result<WaitId, Refusal> {
        let mut waits = lock(&self.waits);
        if waits.len() >= WAITS_MAX {
            let why = Why::Object("as many requests wait as this volume allows");
            return Err(Refusal::new(NtStatus::INSUFFICIENT_RESOURCES, why));
        }
        let wait = WaitId(self.next.fetch_add(1, Ordering::Relaxed));
        waits.insert(wait, at);
        Ok(wait)
    }

    /// A wait is over, one way or the other.
    pub(crate) fn unpark(&self, wait: WaitId) -> Option<Waits<H>> {
        lock(&self.waits).remove(&wait)
    }

    pub(crate) fn tell(&self, completion: Completion) {
        lock(&self.told).push_back(completion);
        self.count.fetch_add(1, Ordering::Release);
    }
}

impl<H: Host> Volume<H> {
    /// What is to be told since this was asked last, oldest first. Every call of the store may add to it, so a server asks
    /// after each; when nothing is there the answer costs one load.
    pub fn take_completions(&self) -> Vec<Completion> {
        if self.parking.count.load(Ordering::Acquire) == 0 {
            return Vec::new();
        }
        let mut told = lock(&self.parking.told);
        self.parking.count.fetch_sub(told.len(), Ordering::AcqRel);
        told.drain(..).collect()
    }

    /// Cancels a request that waits. False when it waits no longer: its [`Completion`] is told or was. Nothing is told of a
    /// wait that was cancelled; its answer is CANCELLED. [MS-FSA] 2.1.5.20
    pub fn cancel(&self, wait: WaitId) -> bool {
        let Some(at) = self.parking.unpark(wait) else { return false };
        match at {
            Waits::Lock(file) => file.upgrade().is_some_and(|file| self.cancel_lock(&file, wait)),
            Waits::Oplock(file) => file.upgrade().is_some_and(|file| file.oplocks().forget_wait(wait)),
            Waits::Change(open) => self.cancel_notify(open, wait),
        }
    }

    /// Parks a request for a lock on `file`.
    pub(crate) fn park_lock(&self, file: &Arc<File<H>>) -> Result<WaitId, Refusal> {
        self.parking.park(Waits::Lock(Arc::downgrade(file)))
    }
}

impl Refusal {
    /// The request waits under this name and is not refused: its answer comes in a [`Completion`].
    pub(crate) fn waiting(wait: WaitId) -> Refusal {
        Refusal::new(NtStatus::PENDING, Why::Waits(wait))
    }

    /// This refusal, but the request waits under that name first: what is in the way may go.
    pub(crate) fn unless(self, wait: WaitId) -> Refusal {
        Refusal { why: Why::Waits(wait), ..self }
    }

    /// The name of the wait, if the request is not refused but waits: answer the client with STATUS_PENDING. On
    /// [`Completion::Resume`] the request is submitted again as it was. The status is PENDING; of an open that waits for another
    /// to be closed that it is not shared with it is SHARING_VIOLATION, which is what it is refused with when that does not
    /// happen.
    pub fn waits(&self) -> Option<WaitId> {
        match self.why {
            Why::Waits(wait) => Some(wait),
            _ => None,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
