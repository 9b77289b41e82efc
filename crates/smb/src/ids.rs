//! Tables by ids that count up: tickets, message ids, chains. They are hashed without chance, so that a run of the simulator comes
//! again byte for byte, and a client that chooses its message ids can choose them from a window of some thousands in a row only.
use core::hash::{BuildHasherDefault, Hasher};
use std::collections::HashMap;

/// A table by ids that count up. What depends on its order sorts first.
pub(crate) type IdMap<K, V> = HashMap<K, V, BuildHasherDefault<IdHasher>>;

/// Entries of an empty table for which it keeps room.
const KEPT: usize = 32;

/// Gives back what an empty table has kept since it was larger.
pub(crate) fn trim<K: Eq + core::hash::Hash, V>(map: &mut IdMap<K, V>) {
    if map.is_empty() && map.capacity() > KEPT {
        map.shrink_to(KEPT / 2);
    }
}

/// Spreads ids that follow each other: Fibonacci's multiplier, and its upper half over its lower.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64((*byte).into()));
    }

    fn write_u64(&mut self, id: u64) {
        let spread = (self.0 ^ id).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = spread ^ (spread >> 32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_was_large_gives_its_room_back_when_it_is_empty() {
        let mut map = IdMap::<u64, u64>::default();
        map.extend((0..8192).map(|id| (id, id)));
        assert!((0..8192).all(|id| map.get(&id) == Some(&id)));
        trim(&mut map);
        assert_eq!(map.len(), 8192, "it is not empty");
        map.clear();
        trim(&mut map);
        assert!(map.capacity() <= KEPT);
    }

    #[test]
    fn ids_that_follow_each_other_differ_in_both_ends_of_their_hashes() {
        let hash = |id: u64| {
            let mut hasher = IdHasher::default();
            hasher.write_u64(id);
            hasher.finish()
        };
        let low: std::collections::BTreeSet<u64> = (0..256).map(|id| hash(id) & 0xFF).collect();
        let high: std::collections::BTreeSet<u64> = (0..256).map(|id| hash(id) >> 57).collect();
        assert!(low.len() > 120 && high.len() > 100, "{} {}", low.len(), high.len());
    }
}
