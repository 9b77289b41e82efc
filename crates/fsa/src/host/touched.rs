//! Which objects this process has changed lately, so that nothing that was seen of one before is told after. (Not in the
//! specification.)
//!
//! Every change is numbered when it has been made and before who asked for it hears of it. Of each object there is the number of its
//! last change, in a table of fixed size that many objects share a place of: at worst an object seems to have changed that has not.
//! Numbers are only given while somebody wants to know.
use super::NodeId;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Places in each table.
const PLACES: usize = 4096;

/// One process has one of each, for two volumes may have one directory.
static CHANGES: AtomicU64 = AtomicU64::new(0);
/// Who wants to know.
static WATCHERS: AtomicUsize = AtomicUsize::new(0);
/// The last change of an object.
static OBJECTS: [AtomicU64; PLACES] = [const { AtomicU64::new(0) }; PLACES];
/// The last time that an entry of a directory went, or became another object's.
static ENTRIES: [AtomicU64; PLACES] = [const { AtomicU64::new(0) }; PLACES];

/// True when a change is to be told. Asked when it has been made: who begins to watch after that sees it made.
pub(super) fn is_watched() -> bool {
    WATCHERS.load(Ordering::SeqCst) > 0
}

/// An object was changed; with `entries`, it is a directory, and some name in it has gone or stands for another object.
pub(super) fn touch(id: NodeId, entries: bool) {
    let number = CHANGES.fetch_add(1, Ordering::SeqCst) + 1;
    let tables = [Some(&OBJECTS), entries.then_some(&ENTRIES)];
    for place in tables.into_iter().flatten().filter_map(|table| place(table, id)) {
        place.fetch_max(number, Ordering::SeqCst);
    }
}

/// A moment from which on changes are watched.
pub(crate) struct Since {
    dir: NodeId,
    changes: u64,
}

impl Since {
    /// Now; what is seen of entries of this directory from here on is true unless it is said to have changed.
    pub(super) fn now(dir: NodeId) -> Since {
        WATCHERS.fetch_add(1, Ordering::SeqCst);
        Since { dir, changes: CHANGES.load(Ordering::SeqCst) }
    }

    /// Whether the object of this number may have changed since.
    pub(super) fn has_changed(&self, inode: u64) -> bool {
        self.is_older_than(&OBJECTS, NodeId { inode, ..self.dir })
    }

    /// Whether an entry of the directory may have gone or become another object's since.
    pub(super) fn entries_have_changed(&self) -> bool {
        self.is_older_than(&ENTRIES, self.dir)
    }

    fn is_older_than(&self, table: &'static [AtomicU64; PLACES], id: NodeId) -> bool {
        place(table, id).is_none_or(|place| place.load(Ordering::SeqCst) > self.changes)
    }
}

impl Drop for Since {
    fn drop(&mut self) {
        WATCHERS.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Objects of several devices may share a place, as others do.
fn place(table: &'static [AtomicU64; PLACES], id: NodeId) -> Option<&'static AtomicU64> {
    table.get(usize::try_from(id.inode % PLACES as u64).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_to_who_watched_before_it() {
        let id = |inode| NodeId { device: 7, inode };
        let (dir, file, other) = (id(1 << 40), (1 << 40) + 1, (1 << 40) + 2);
        let before = Since::now(dir);
        assert!(is_watched() && !before.has_changed(file) && !before.entries_have_changed());
        touch(id(file), false);
        let after = Since::now(dir);
        assert!(before.has_changed(file) && !after.has_changed(file));
        assert!(!before.has_changed(other) && !before.entries_have_changed());
        touch(dir, true);
        assert!(before.entries_have_changed() && after.entries_have_changed());
    }
}
