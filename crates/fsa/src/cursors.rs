//! Where an open stands: the byte offset, the directory listing, the EAs and the mode. [MS-FSA] 2.1.1.6
use crate::directory::Listing;
use once_cell::race::OnceBox;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// What an open remembers between requests. It is one caller's own, so no order among its parts is promised. Most opens have
/// nothing to remember, and then it takes one word.
#[derive(Default)]
pub(crate) struct Cursors(OnceBox<Arc<Kept>>);

#[derive(Default)]
struct Kept {
    position: AtomicU64,
    next_ea: AtomicUsize,
    mode: Mutex<Option<u32>>,
    listing: OnceLock<Box<Mutex<Listing>>>,
    reparse_index: AtomicBool,
    pinned: AtomicU8,
    wrote: AtomicBool,
    changed: AtomicBool,
    renamed: AtomicBool,
}

/// A time that an open can pin: what it does then leaves the time alone. [MS-FSA] 2.1.5.15.2
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Pin {
    /// UserSetModificationTime
    Modified = 1,
    /// UserSetChangeTime
    Changed = 2,
}

impl Cursors {
    /// The same memory, for what takes the open's place.
    pub(crate) fn shared(&self) -> Cursors {
        Cursors(OnceBox::with_value(Box::new(Arc::clone(self.kept()))))
    }

    fn kept(&self) -> &Arc<Kept> {
        self.0.get_or_init(Box::default)
    }

    fn has(&self, flag: fn(&Kept) -> &AtomicBool) -> bool {
        self.0.get().is_some_and(|kept| flag(kept).load(Ordering::Relaxed))
    }

    /// CurrentByteOffset.
    pub(crate) fn position(&self) -> u64 {
        self.0.get().map_or(0, |kept| kept.position.load(Ordering::Relaxed))
    }

    pub(crate) fn set_position(&self, position: u64) {
        self.kept().position.store(position, Ordering::Relaxed);
    }

    /// NextEaEntry, counted from 0.
    pub(crate) fn next_ea(&self) -> usize {
        self.0.get().map_or(0, |kept| kept.next_ea.load(Ordering::Relaxed))
    }

    pub(crate) fn set_next_ea(&self, next: usize) {
        self.kept().next_ea.store(next, Ordering::Relaxed);
    }

    /// Mode, if it was set since the open.
    pub(crate) fn mode(&self) -> Option<u32> {
        self.0.get().and_then(|kept| *kept.mode.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_mode(&self, mode: u32) {
        *self.kept().mode.lock().unwrap_or_else(PoisonError::into_inner) = Some(mode);
    }

    /// True when what this open does leaves the time alone.
    pub(crate) fn is_pinned(&self, pin: Pin) -> bool {
        self.0.get().is_some_and(|kept| kept.pinned.load(Ordering::Relaxed) & pin as u8 != 0)
    }

    pub(crate) fn set_pinned(&self, pin: Pin, on: bool) {
        match on {
            true => self.kept().pinned.fetch_or(pin as u8, Ordering::Relaxed),
            false => self.kept().pinned.fetch_and(!(pin as u8), Ordering::Relaxed),
        };
    }

    /// True when this open has written.
    pub(crate) fn has_written(&self) -> bool {
        self.has(|kept| &kept.wrote)
    }

    pub(crate) fn set_written(&self) {
        self.kept().wrote.store(true, Ordering::Relaxed);
    }

    /// True when this open has changed data.
    pub(crate) fn has_changed_data(&self) -> bool {
        self.has(|kept| &kept.changed)
    }

    pub(crate) fn set_changed_data(&self) {
        self.kept().changed.store(true, Ordering::Relaxed);
    }

    /// True when this open has renamed its file.
    pub(crate) fn has_renamed(&self) -> bool {
        self.has(|kept| &kept.renamed)
    }

    pub(crate) fn set_renamed(&self) {
        self.kept().renamed.store(true, Ordering::Relaxed);
    }

    /// True when the open is of the volume's reparse index.
    pub(crate) fn is_reparse_index(&self) -> bool {
        self.has(|kept| &kept.reparse_index)
    }

    pub(crate) fn set_reparse_index(&self) {
        self.kept().reparse_index.store(true, Ordering::Relaxed);
    }

    /// The listing of the directory, held from its first look to its last.
    pub(crate) fn listing(&self) -> MutexGuard<'_, Listing> {
        self.kept().listing.get_or_init(Box::default).lock().unwrap_or_else(PoisonError::into_inner)
    }
}
