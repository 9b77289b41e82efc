//! [MS-SMB2] 3.3.1.10 Open.LockSequenceArray: LOCK requests that come again are not done again.

/// How many entries there are; they are numbered from one.
const BUCKETS: usize = 64;

/// For each bucket the number of the last request that was done, where it is valid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct LockSequences([Option<u8>; BUCKETS]);

/// A bucket, and the number of a request in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct LockSequence {
    bucket: usize,
    number: u8,
}

impl LockSequence {
    /// Nothing when the index is none: 0, or beyond the end. [MS-SMB2] 3.3.5.14
    pub(crate) fn new(index: u32, number: u8) -> Option<LockSequence> {
        let bucket = usize::try_from(index).ok()?.checked_sub(1).filter(|bucket| *bucket < BUCKETS)?;
        Some(LockSequence { bucket, number })
    }
}

impl Default for LockSequences {
    fn default() -> LockSequences {
        LockSequences([None; BUCKETS])
    }
}

impl LockSequences {
    /// True when this was done already. Another request makes the entry invalid until it is done itself.
    pub(crate) fn begin(&mut self, sequence: LockSequence) -> bool {
        let Some(entry) = self.0.get_mut(sequence.bucket) else { return false };
        let is_done = *entry == Some(sequence.number);
        if !is_done {
            *entry = None;
        }
        is_done
    }

    /// It is done.
    pub(crate) fn finish(&mut self, sequence: LockSequence) {
        if let Some(entry) = self.0.get_mut(sequence.bucket) {
            *entry = Some(sequence.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_one_to_sixty_four() {
        let is_one = [0, 1, 64, 65, u32::MAX].map(|index| LockSequence::new(index, 0).is_some());
        assert_eq!(is_one, [false, true, true, false, false]);
    }

    #[test]
    fn what_is_done_comes_once_and_another_number_takes_its_place() {
        let mut sequences = LockSequences::default();
        let at = |index, number| LockSequence::new(index, number).unwrap_or_else(|| unreachable!());
        assert!(!sequences.begin(at(64, 0)), "nothing is valid at first");
        sequences.finish(at(64, 0));
        assert!(sequences.begin(at(64, 0)));
        assert!(!sequences.begin(at(1, 0)), "another bucket");
        assert!(!sequences.begin(at(64, 1)));
        assert!(!sequences.begin(at(64, 0)), "the entry was made invalid");
    }
}
