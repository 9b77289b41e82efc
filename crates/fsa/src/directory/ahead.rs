//! Looking at what a listing will give next while its client takes what it was given. (Not in the specification.)
//!
//! What was seen then is told only of what this process has not changed since: whoever asks this store for a change and then goes on
//! with a listing is told of it. What other processes change may be told as it was up to [`AGE_MAX`] before.
use super::entry::Layout;
use super::snapshot::{Listed, Snapshot};
use super::{Asks, Listing};
use crate::host::meta::{self, GLANCED};
use crate::host::{Glance, Glances, Host, When};
use crate::opens::Open;
use crate::query::Facts;
use crate::volume::Volume;
use nt::FileTime;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::vec::IntoIter;

/// The most entries that are looked at together: a megabyte of what is seen.
const ENTRIES_MAX: usize = 10_240;
/// Fewer entries in one answer are not worth a look at the next.
const ENTRIES_LEAST: usize = 256;
/// The most listings of a volume that are looked at ahead.
const LISTINGS_MAX: usize = 12;
/// How old may be what other processes have changed, in units of 100 ns: one second.
const AGE_MAX: u64 = 10_000_000;

/// What is seen of an entry: its facts, and whether it has EAs.
pub(super) type Seen = (Facts, bool);

/// A look at entries that follow each other.
#[derive(Default)]
pub(super) struct Look {
    /// What is seen, if somebody looks. Else they are to be opened.
    seen: Option<Glances<Seen>>,
    /// What is remembered of them, in the place of that.
    recalled: IntoIter<Option<Seen>>,
    /// How many are left.
    left: usize,
    /// How many changes were heard of before.
    heard: u64,
}

/// A look at what nobody has asked for yet.
pub(super) struct Ahead {
    look: Look,
    /// The first entry, by its place in the listing.
    from: usize,
    /// The time before it.
    begun: FileTime,
}

/// A place for one, which a listing shares with those who may take it away.
#[derive(Default)]
pub(super) struct Slot(Mutex<Option<Ahead>>);

/// The places that are taken, the oldest first.
#[derive(Default)]
pub(crate) struct Slots(Mutex<VecDeque<Weak<Slot>>>);

impl Look {
    /// The changes that were heard of before, if somebody looks: then what is seen is worth remembering.
    pub(super) fn heard(&self) -> Option<u64> {
        self.seen.as_ref().map(|_| self.heard)
    }

    /// What was seen of the next entry; `None` where another look is due.
    pub(super) fn next(&mut self) -> Option<Option<Seen>> {
        self.left = self.left.checked_sub(1)?;
        let Some(all) = &mut self.seen else { return Some(self.recalled.next().flatten()) };
        let seen = all.next().flatten();
        Some(seen.filter(|(facts, _)| !all.has_changed(facts.file_id)))
    }
}

fn seen(glance: Glance) -> Seen {
    let (meta, has_eas) = meta::of_glance(&glance);
    (Facts::of(&meta), has_eas)
}

impl<H: Host> Volume<H> {
    /// Looks at those of the names from here on that will fit behind `len` bytes, as far as can be told before. Also says where they
    /// end.
    pub(super) fn look(
        &self,
        open: &Open<H>,
        (names, from): (&Snapshot, usize),
        (asks, layout): (Asks<'_>, Layout),
        len: usize,
        when: When,
    ) -> (Look, usize) {
        // A descriptor is no look's to tell.
        if asks.query.single || asks.reader.is_some() || layout == Layout::NAMES {
            return (Look { left: usize::MAX, ..Look::default() }, len);
        }
        let (mut end, mut left) = (len, 0);
        while let Some(Listed::Name(entry)) = names.get(from + left) {
            let next = end.next_multiple_of(8) + layout.len_of(entry.name.len());
            if next > asks.query.len_max || left == ENTRIES_MAX {
                break;
            }
            (end, left) = (next, left + 1);
        }
        let which = names.at_name(from).map(|at| at..at + left).unwrap_or_default();
        let heard = self.changes_heard();
        if let Some(recalled) = self.recalled_seen(open.file.id(), (&names.names, which.clone())) {
            let recalled = recalled.into_iter();
            return (Look { recalled, left: left.max(1), ..Look::default() }, end);
        }
        let seen =
            self.host.glance(&open.file.node(), (&names.names, which), (&GLANCED, seen as fn(_) -> _), when);
        (Look { seen, left: left.max(1), heard, ..Look::default() }, end)
    }

    /// Begins to look at what the listing gives next, after an answer of so many entries.
    pub(super) fn look_ahead(
        &self,
        open: &Open<H>,
        listing: &mut Listing,
        asks: (Asks<'_>, Layout),
        given: usize,
    ) {
        let Some(names) = listing.names.as_ref().filter(|names| listing.given < names.len()) else { return };
        if given < ENTRIES_LEAST || listing.looked_in_vain {
            return;
        }
        let (from, begun) = (listing.given, self.host.now());
        let (look, _) = self.look(open, (names, from), asks, 0, When::Ahead);
        if look.seen.is_some() {
            let slot = listing.ahead.get_or_insert_default();
            *slot.lock() = Some(Ahead { look, from, begun });
            self.listings.ahead.enter(slot);
        }
    }

    /// What was looked at ahead of the place where the listing stands, if it can be told still.
    pub(super) fn looked_ahead(&self, listing: &mut Listing) -> Look {
        let Some(ahead) = listing.ahead.as_ref().and_then(|slot| slot.lock().take()) else {
            return Look::default();
        };
        let age = self.host.now().0.checked_sub(ahead.begun.0);
        let is_due = ahead.from == listing.given && age.is_some_and(|age| age <= AGE_MAX);
        let changed = ahead.look.seen.as_ref().is_none_or(Glances::entries_have_changed);
        // Who removes what it lists goes on so.
        listing.looked_in_vain |= changed;
        if is_due && !changed { ahead.look } else { Look::default() }
    }
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, Option<Ahead>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is in it is not wanted.
    pub(super) fn clear(&self) {
        *self.lock() = None;
    }
}

impl Slots {
    /// A place was filled. Where there are too many, the oldest are emptied: their clients have not asked for long.
    fn enter(&self, slot: &Arc<Slot>) {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|other| {
            other.upgrade().is_some_and(|other| !Arc::ptr_eq(&other, slot) && other.lock().is_some())
        });
        slots.push_back(Arc::downgrade(slot));
        while slots.len() > LISTINGS_MAX {
            if let Some(oldest) = slots.pop_front().and_then(|oldest| oldest.upgrade()) {
                oldest.clear();
            }
        }
    }
}
