//! The locks of one file, however many: whether a range conflicts is found by counting, in the logarithm of their number.
//!
//! Of ranges whose first and last bytes stand in two sorted lists, as many overlap [a, b] as begin at b or before, less those that end before
//! a. An empty range lies between two bytes and overlaps what it lies within: those stand in a list of their own.
use super::{Intent, LockRange};
use crate::opens::OpenId;
use nt::Utf16;
use std::collections::HashMap;

/// A lock: whose it is, on what.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct ByteRangeLock {
    pub(super) range: LockRange,
    pub(super) exclusive: bool,
    pub(super) owner: OpenId,
    pub(super) stream: Option<Utf16>,
}

/// The locks that are held.
#[derive(Default)]
pub(super) struct Held {
    /// Each lock, and how often: shared ones may be taken again.
    locks: HashMap<ByteRangeLock, usize>,
    by_stream: HashMap<Option<Utf16>, OfStream>,
    by_owner: HashMap<OpenId, usize>,
    count: usize,
}

/// The ranges of one stream.
#[derive(Default)]
struct OfStream {
    shared: Spans,
    exclusive: Spans,
    exclusive_of: HashMap<OpenId, Spans>,
}

/// Ranges, by where they begin and end.
#[derive(Default)]
struct Spans {
    firsts: Vec<u64>,
    lasts: Vec<u64>,
    /// Empty ranges, by the byte behind them.
    empty: Vec<u64>,
}

/// The first and the last byte; `None` of an empty range.
fn bytes(range: LockRange) -> Option<(u64, u64)> {
    let beyond = range.len.checked_sub(1)?;
    // [`LockRange::check`] refused what would wrap.
    Some((range.offset, range.offset.saturating_add(beyond)))
}

fn insert(list: &mut Vec<u64>, value: u64) {
    let at = list.partition_point(|other| *other < value);
    list.insert(at, value);
}

fn remove(list: &mut Vec<u64>, value: u64) {
    if let Ok(at) = list.binary_search(&value) {
        list.remove(at);
    }
}

impl Spans {
    fn insert(&mut self, range: LockRange) {
        match bytes(range) {
            Some((first, last)) => {
                insert(&mut self.firsts, first);
                insert(&mut self.lasts, last);
            }
            None => insert(&mut self.empty, range.offset),
        }
    }

    fn remove(&mut self, range: LockRange) {
        match bytes(range) {
            Some((first, last)) => {
                remove(&mut self.firsts, first);
                remove(&mut self.lasts, last);
            }
            None => remove(&mut self.empty, range.offset),
        }
    }

    /// How many overlap a range. [MS-FSA] 2.1.4.10
    fn overlapping(&self, range: LockRange) -> usize {
        let up_to = |list: &[u64], value: u64| list.partition_point(|other| *other <= value);
        let below = |list: &[u64], value: u64| list.partition_point(|other| *other < value);
        match bytes(range) {
            Some((first, last)) => {
                let whole = up_to(&self.firsts, last).saturating_sub(below(&self.lasts, first));
                whole + up_to(&self.empty, last).saturating_sub(up_to(&self.empty, first))
            }
            // Between two bytes, both of which belong to what it overlaps.
            None => below(&self.firsts, range.offset).saturating_sub(below(&self.lasts, range.offset)),
        }
    }

    fn is_empty(&self) -> bool {
        self.firsts.is_empty() && self.empty.is_empty()
    }

    fn first_offset(&self) -> Option<u64> {
        self.firsts.first().into_iter().chain(self.empty.first()).min().copied()
    }
}

impl OfStream {
    fn change(&mut self, lock: &ByteRangeLock, change: fn(&mut Spans, LockRange)) {
        if !lock.exclusive {
            return change(&mut self.shared, lock.range);
        }
        change(&mut self.exclusive, lock.range);
        let own = self.exclusive_of.entry(lock.owner).or_default();
        change(own, lock.range);
        if own.is_empty() {
            self.exclusive_of.remove(&lock.owner);
        }
    }

    /// A shared lock is in the way of whoever wants more, its owner too. An exclusive one is in others' way, and in its owner's when he
    /// would lock the bytes again, and exclusively.
    fn conflicts(&self, owner: OpenId, range: LockRange, exclusive: bool, intent: Intent) -> bool {
        if exclusive && self.shared.overlapping(range) > 0 {
            return true;
        }
        let own = match exclusive && intent == Intent::Lock {
            true => 0,
            false => self.exclusive_of.get(&owner).map_or(0, |spans| spans.overlapping(range)),
        };
        self.exclusive.overlapping(range) > own
    }
}

impl Held {
    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether somebody's lock is in the way. [MS-FSA] 2.1.4.10
    pub(super) fn conflicts(
        &self,
        (owner, stream): (OpenId, &Option<Utf16>),
        range: LockRange,
        exclusive: bool,
        intent: Intent,
    ) -> bool {
        let of_stream = self.by_stream.get(stream);
        of_stream.is_some_and(|of_stream| of_stream.conflicts(owner, range, exclusive, intent))
    }

    /// The owner of a lock that is in the way, of which [`Held::conflicts`] knows that there is one: looked for only to be told.
    pub(super) fn conflicting_owner(
        &self,
        (owner, stream): (OpenId, &Option<Utf16>),
        range: LockRange,
        exclusive: bool,
        intent: Intent,
    ) -> Option<OpenId> {
        let is_in_the_way = |lock: &&ByteRangeLock| {
            let matters = match lock.exclusive {
                true => lock.owner != owner || (exclusive && intent == Intent::Lock),
                false => exclusive,
            };
            matters && lock.stream == *stream && lock.range.overlaps(range)
        };
        self.locks.keys().find(is_in_the_way).map(|lock| lock.owner)
    }

    pub(super) fn insert(&mut self, lock: ByteRangeLock) {
        self.by_stream.entry(lock.stream.clone()).or_default().change(&lock, Spans::insert);
        *self.by_owner.entry(lock.owner).or_default() += 1;
        *self.locks.entry(lock).or_default() += 1;
        self.count += 1;
    }

    /// Takes out a lock that is just like this one; false where there is none.
    pub(super) fn remove(&mut self, lock: &ByteRangeLock) -> bool {
        let Some(times) = self.locks.get_mut(lock) else { return false };
        *times -= 1;
        if *times == 0 {
            self.locks.remove(lock);
        }
        self.count -= 1;
        if let Some(count) = self.by_owner.get_mut(&lock.owner) {
            *count -= 1;
            if *count == 0 {
                self.by_owner.remove(&lock.owner);
            }
        }
        if let Some(of_stream) = self.by_stream.get_mut(&lock.stream) {
            of_stream.change(lock, Spans::remove);
            if of_stream.shared.is_empty() && of_stream.exclusive.is_empty() {
                self.by_stream.remove(&lock.stream);
            }
        }
        true
    }

    /// Takes out all locks of an open, and says how many.
    pub(super) fn remove_all(&mut self, owner: OpenId) -> usize {
        let Some(count) = self.by_owner.get(&owner).copied() else { return 0 };
        if count < self.count / 2 {
            let of_owner = self.locks.iter().filter(|(lock, _)| lock.owner == owner);
            let going: Vec<_> = of_owner.map(|(lock, times)| (lock.clone(), *times)).collect();
            for (lock, times) in going {
                (0..times).for_each(|_| {
                    self.remove(&lock);
                });
            }
            return count;
        }
        let rest = core::mem::take(self).locks.into_iter().filter(|(lock, _)| lock.owner != owner);
        self.insert_all(rest);
        count
    }

    /// A stream has another name.
    pub(super) fn rename(&mut self, from: &Option<Utf16>, to: &Option<Utf16>) {
        if self.by_stream.contains_key(from) {
            let all = core::mem::take(self).locks.into_iter().map(|(mut lock, times)| {
                if lock.stream == *from {
                    lock.stream.clone_from(to);
                }
                (lock, times)
            });
            self.insert_all(all);
        }
    }

    /// In the order of their offsets, so that each goes to the end of the lists.
    fn insert_all(&mut self, locks: impl Iterator<Item = (ByteRangeLock, usize)>) {
        let mut locks: Vec<_> = locks.collect();
        locks.sort_unstable_by_key(|(lock, _)| lock.range.offset);
        for (lock, times) in locks {
            (0..times).for_each(|_| self.insert(lock.clone()));
        }
    }

    /// Where the first lock of the stream begins. [MS-FSA] 2.1.5.18
    pub(super) fn first_offset(&self, stream: &Option<Utf16>) -> Option<u64> {
        let of_stream = self.by_stream.get(stream)?;
        of_stream.shared.first_offset().into_iter().chain(of_stream.exclusive.first_offset()).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The book's words, one lock after the other.
    fn conflicts(locks: &[ByteRangeLock], wanted: &ByteRangeLock, intent: Intent) -> bool {
        locks.iter().any(|lock| {
            lock.stream == wanted.stream
                && lock.range.overlaps(wanted.range)
                && match lock.exclusive {
                    true => lock.owner != wanted.owner || (wanted.exclusive && intent == Intent::Lock),
                    false => wanted.exclusive,
                }
        })
    }

    fn any_lock() -> impl Strategy<Value = ByteRangeLock> {
        let offset = prop_oneof![0..12u64, u64::MAX - 8..=u64::MAX];
        (offset, 0..6u64, any::<bool>(), 0..3u64, any::<bool>()).prop_map(
            |(offset, len, exclusive, owner, has_name)| {
                let len = len.min((u64::MAX - offset).saturating_add(1));
                let stream = has_name.then(|| Utf16::from("s"));
                ByteRangeLock { range: LockRange { offset, len }, exclusive, owner: OpenId(owner), stream }
            },
        )
    }

    proptest! {
        #[test]
        fn counting_finds_the_conflicts_that_looking_at_each_lock_finds(
            steps in prop::collection::vec((any_lock(), 0..4u8), 0..60)
        ) {
            let (mut held, mut model) = (Held::default(), Vec::<ByteRangeLock>::new());
            for (lock, what) in steps {
                match what {
                    0 => {
                        let found = model.iter().position(|other| *other == lock);
                        found.map(|at| model.remove(at));
                        prop_assert_eq!(held.remove(&lock), found.is_some());
                    }
                    1 if lock.range.offset == 3 => {
                        let before = model.len();
                        model.retain(|other| other.owner != lock.owner);
                        prop_assert_eq!(held.remove_all(lock.owner), before - model.len());
                    }
                    _ => {
                        let who = (lock.owner, &lock.stream);
                        for intent in [Intent::Lock, Intent::Access] {
                            let wanted = conflicts(&model, &lock, intent);
                            prop_assert_eq!(held.conflicts(who, lock.range, lock.exclusive, intent), wanted);
                            let owner = held.conflicting_owner(who, lock.range, lock.exclusive, intent);
                            prop_assert_eq!(owner.is_some(), wanted);
                        }
                        if !conflicts(&model, &lock, Intent::Lock) {
                            held.insert(lock.clone());
                            model.push(lock);
                        }
                    }
                }
                let first = |stream: &Option<Utf16>| {
                    let of_stream = model.iter().filter(|lock| lock.stream == *stream);
                    of_stream.map(|lock| lock.range.offset).min()
                };
                for stream in [None, Some(Utf16::from("s"))] {
                    prop_assert_eq!(held.first_offset(&stream), first(&stream));
                }
                prop_assert_eq!(held.len(), model.len());
            }
        }
    }
}
