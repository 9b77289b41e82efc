//! Where an open stands: the byte offset, the directory listing, the EAs and the mode. [MS-FSA] 2.1.1.6
use crate::directory::Listing;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What an open remembers between requests. It is one caller's own, so no order among its parts is promised.
#[derive(Default)]
pub(crate) struct Cursors {
    position: AtomicU64,
    next_ea: AtomicUsize,
    mode: Mutex<Option<u32>>,
    listing: Mutex<Listing>,
    reparse_index: AtomicBool,
    modified_pinned: AtomicBool,
}

impl Cursors {
    /// CurrentByteOffset.
    pub(crate) fn position(&self) -> u64 {
        self.position.load(Ordering::Relaxed)
    }

    pub(crate) fn set_position(&self, position: u64) {
        self.position.store(position, Ordering::Relaxed);
    }

    /// NextEaEntry, counted from 0.
    pub(crate) fn next_ea(&self) -> usize {
        self.next_ea.load(Ordering::Relaxed)
    }

    pub(crate) fn set_next_ea(&self, next: usize) {
        self.next_ea.store(next, Ordering::Relaxed);
    }

    /// Mode, if it was set since the open.
    pub(crate) fn mode(&self) -> Option<u32> {
        *self.mode.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_mode(&self, mode: u32) {
        *self.mode.lock().unwrap_or_else(PoisonError::into_inner) = Some(mode);
    }

    /// UserSetModificationTime: what this open does leaves the time of the last change alone. [MS-FSA] 2.1.5.15.2
    pub(crate) fn is_modified_pinned(&self) -> bool {
        self.modified_pinned.load(Ordering::Relaxed)
    }

    pub(crate) fn pin_modified(&self, on: bool) {
        self.modified_pinned.store(on, Ordering::Relaxed);
    }

    /// True when the open is of the volume's reparse index.
    pub(crate) fn is_reparse_index(&self) -> bool {
        self.reparse_index.load(Ordering::Relaxed)
    }

    pub(crate) fn set_reparse_index(&self) {
        self.reparse_index.store(true, Ordering::Relaxed);
    }

    /// The listing of the directory, held from its first look to its last.
    pub(crate) fn listing(&self) -> MutexGuard<'_, Listing> {
        self.listing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
