//! Authenticators that were seen: each counts once. RFC 4120 3.2.3, RFC 4120 10
use super::CLOCK_SKEW_S;
use std::collections::{BTreeMap, HashSet};

/// The most authenticators that are remembered; with no room left none is accepted. (Not in the specification.)
pub const REPLAY_ENTRIES_MAX: usize = 100_000;

/// What tells one authenticator from any other: the end of its ciphertext, which is a keyed hash of it all, and its time.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(super) struct Mark {
    time: i64,
    microseconds: u32,
    mac: [u8; 20],
}

impl Mark {
    pub(super) fn of(sealed: &[u8], time: i64, microseconds: u32) -> Mark {
        let mut mac = [0; 20];
        for (to, from) in mac.iter_mut().zip(sealed.iter().rev()) {
            *to = *from;
        }
        Mark { time, microseconds, mac }
    }
}

/// The memory; an authenticator leaves it when its time alone would have it refused.
#[derive(Default)]
pub struct ReplayCache {
    seen: HashSet<Mark>,
    by_time: BTreeMap<i64, Vec<Mark>>,
}

impl ReplayCache {
    /// An empty one.
    pub fn new() -> ReplayCache {
        ReplayCache::default()
    }

    /// True when this one is new; from then on it is not.
    pub(super) fn remember(&mut self, mark: Mark, now: i64) -> bool {
        let kept = self.by_time.split_off(&now.saturating_sub(CLOCK_SKEW_S));
        for old in std::mem::replace(&mut self.by_time, kept).into_values().flatten() {
            self.seen.remove(&old);
        }
        if self.seen.len() >= REPLAY_ENTRIES_MAX || !self.seen.insert(mark) {
            return false;
        }
        self.by_time.entry(mark.time).or_default().push(mark);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authenticator_counts_once_while_its_time_is_good() {
        let mut seen = ReplayCache::new();
        let mark = Mark::of(&[7; 40], 1000, 5);
        assert!(seen.remember(mark, 1000));
        assert!(!seen.remember(mark, 1000 + CLOCK_SKEW_S));
        assert!(seen.remember(Mark::of(&[7; 40], 1000, 6), 1000));
        assert!(seen.remember(Mark::of(&[8; 40], 1000, 5), 1000));
        assert_eq!(seen.seen.len(), 3);
        seen.remember(Mark::of(&[1; 40], 1400, 0), 1001 + CLOCK_SKEW_S);
        assert_eq!((seen.seen.len(), seen.by_time.len()), (1, 1), "the old ones are still remembered");
    }

    #[test]
    fn without_room_nobody_is_let_in() {
        let mut seen = ReplayCache::new();
        for n in 0..REPLAY_ENTRIES_MAX {
            assert!(seen.remember(Mark::of(&n.to_le_bytes(), 1000, 0), 1000));
        }
        assert!(!seen.remember(Mark::of(b"one more", 1000, 0), 1000));
        assert!(seen.remember(Mark::of(b"later", 2000, 0), 2000));
    }
}
