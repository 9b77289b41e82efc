//! Which objects were seen without any extended attribute, so that a listing need not ask again. (Not in the specification.)
//!
//! Giving an object an attribute changes its change time. So one that was bare is bare as long as it has the change time it had
//! then, if that was long enough ago that a later change cannot have got the same one. Of each object there is but a number made
//! of who it is and of that time, in a table of fixed size: what finds no place is asked again.
use crate::host::NodeStat;
use core::hash::{BuildHasher, Hasher};
use nt::FileTime;
use std::collections::hash_map::RandomState;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Places in the table: a megabyte, once a large directory is listed.
const PLACES: usize = 1 << 17;
/// How long ago the last change must be before what is seen of an object is believed again, in units of 100 ns: 4 s, for file systems that
/// count time in steps of two seconds.
pub(super) const SETTLED: u64 = 40_000_000;

/// Objects that were bare.
#[derive(Default)]
pub(super) struct Bare {
    places: OnceLock<Box<[AtomicU64]>>,
    hash: RandomState,
}

impl Bare {
    /// True when the object of this number may be one that was bare.
    pub(super) fn may_know(&self, inode: u64) -> bool {
        self.places.get().is_some_and(|places| number_at(places, inode) != 0)
    }

    /// True when this object was bare and has not changed since.
    pub(super) fn knows(&self, stat: &NodeStat) -> bool {
        self.places.get().is_some_and(|places| number_at(places, stat.id.inode) == self.number_of(stat))
    }

    /// The object had no attributes, and then these facts. `now` is a time before both.
    pub(super) fn saw(&self, stat: &NodeStat, now: FileTime) {
        if now.0.saturating_sub(stat.changed.0) < SETTLED {
            return;
        }
        let places = self.places.get_or_init(|| (0..PLACES).map(|_| AtomicU64::new(0)).collect());
        if let Some(place) = place_of(places, stat.id.inode) {
            place.store(self.number_of(stat), Ordering::Relaxed);
        }
    }

    /// Nobody outside can make two of these alike.
    fn number_of(&self, stat: &NodeStat) -> u64 {
        let mut hasher = self.hash.build_hasher();
        for part in [stat.id.device, stat.id.inode, stat.changed.0] {
            hasher.write_u64(part);
        }
        hasher.finish().max(1)
    }
}

fn place_of(places: &[AtomicU64], inode: u64) -> Option<&AtomicU64> {
    // Neighbours in a directory are mostly neighbours in number.
    places.get(usize::try_from(inode % PLACES as u64).unwrap_or_default())
}

fn number_at(places: &[AtomicU64], inode: u64) -> u64 {
    place_of(places, inode).map_or(0, |place| place.load(Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{NodeId, NodeKind};

    fn stat(inode: u64, changed: u64) -> NodeStat {
        let time = FileTime(changed);
        NodeStat {
            id: NodeId { device: 1, inode },
            kind: NodeKind::File,
            links: 1,
            size: 0,
            allocated: 0,
            compressed: false,
            accessed: time,
            modified: time,
            changed: time,
            born: None,
            mode: 0,
            uid: 0,
            gid: 0,
        }
    }

    #[test]
    fn what_was_bare_is_known_until_it_changes() {
        let bare = Bare::default();
        let seen = stat(7, 1000);
        assert!(!bare.may_know(7) && !bare.knows(&seen));
        bare.saw(&seen, FileTime(1000 + SETTLED));
        assert!(bare.may_know(7) && bare.knows(&seen));
        assert!(!bare.knows(&stat(7, 1001)), "it has changed");
        let other = NodeStat { id: NodeId { device: 2, inode: 7 }, ..seen };
        assert!(!bare.knows(&other), "another of that number");
        assert!(!bare.knows(&stat(7 + PLACES as u64, 1000)), "another in its place");
    }

    /// In the same step of the clock it may get an attribute and keep its change time.
    #[test]
    fn what_changed_a_moment_ago_is_not_trusted() {
        let bare = Bare::default();
        bare.saw(&stat(7, 1000), FileTime(1000 + SETTLED - 1));
        assert!(!bare.knows(&stat(7, 1000)));
        bare.saw(&stat(7, 1000), FileTime(0));
        assert!(!bare.knows(&stat(7, 1000)), "nor what changes in the future");
    }
}
