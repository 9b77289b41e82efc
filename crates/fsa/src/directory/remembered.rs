//! How much all listings of a volume may remember, and how many large directories are read at once.
use super::ahead::Slots;
use super::recalled::Recalled;
use super::snapshot::Snapshot;
use super::{Listing, snapshot::Listed};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// The most bytes that the names of all listings under way take.
pub const LISTINGS_BYTES_MAX: usize = 64 << 20;

/// A directory whose own size is more than this is large: some ten thousand names.
pub(super) const LARGE_DIRECTORY_BYTES: u64 = 1 << 20;

/// A directory whose own size is less has hundreds of names at the most, on file systems whose directories have a size.
pub(super) const SMALL_DIRECTORY_BYTES: u64 = 8 << 10;

/// How many large directories are read at once.
const LARGE_AT_ONCE: usize = 4;

/// What the listings of a volume share.
#[derive(Default)]
pub(crate) struct Listings {
    bytes: Arc<AtomicUsize>,
    reading: Mutex<usize>,
    changed: Condvar,
    pub(super) ahead: Slots,
    pub(super) recalled: Recalled,
}

/// The room that one listing's names take, given back when this goes.
pub(super) struct Room {
    all: Arc<AtomicUsize>,
    bytes: usize,
}

impl Drop for Room {
    fn drop(&mut self) {
        self.all.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Leave to read a large directory.
pub(super) struct Turn<'a>(&'a Listings);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.reading() -= 1;
        self.0.changed.notify_one();
    }
}

impl Listings {
    fn reading(&self) -> MutexGuard<'_, usize> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until few enough large directories are read.
    pub(super) fn turn(&self) -> Turn<'_> {
        let reading = self.changed.wait_while(self.reading(), |reading| *reading >= LARGE_AT_ONCE);
        *reading.unwrap_or_else(PoisonError::into_inner) += 1;
        Turn(self)
    }

    fn room(&self, bytes: usize, most: usize) -> Option<Room> {
        let all = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let room = Room { all: Arc::clone(&self.bytes), bytes };
        // What does not fit is given back by the drop.
        (all.saturating_add(bytes) <= most).then_some(room)
    }
}

impl Listing {
    /// It begins again.
    pub(super) fn forget(&mut self) {
        self.names = None;
        self.room = None;
        self.behind = None;
        self.given = 0;
        if let Some(slot) = &self.ahead {
            slot.clear();
        }
    }

    /// A query has been answered: names that are all given are kept no longer, and others only where there is room.
    pub(super) fn settle(&mut self, listings: &Listings, most: usize) {
        let Some(names) = &self.names else { return };
        if self.given >= names.len() {
            self.names = Some(Snapshot::default());
            self.room = None;
            self.given = 0;
        } else if self.room.is_none() {
            self.room = listings.room(names.bytes(), most);
            if self.room.is_none() {
                self.behind = self
                    .given
                    .checked_sub(1)
                    .and_then(|last| names.get(last))
                    .map(|last| Listed::place(&last));
                self.names = None;
                self.given = 0;
            }
        }
    }
}
