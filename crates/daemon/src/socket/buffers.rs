//! Buffers for the data of READs, kept by each thread for the next one: memory that was used a moment ago needs neither be asked for, nor
//! cleared, nor brought into the caches.
use std::cell::RefCell;

/// How many a thread keeps.
const KEPT: usize = 2;

/// The shortest and the longest that are kept.
const BYTES_MIN: usize = 65_536;
const BYTES_MAX: usize = (1 << 20) + 65_536;

thread_local! {
    static BUFFERS: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// A buffer of so many bytes, whatever they are: one that is kept, if one is that long.
pub(super) fn take(len: usize) -> Vec<u8> {
    let kept = BUFFERS.with_borrow_mut(|kept| {
        let at = kept.iter().position(|buffer| buffer.capacity() >= len)?;
        Some(kept.swap_remove(at))
    });
    let mut buffer = kept.unwrap_or_default();
    // What it has already is not cleared again.
    buffer.resize(len, 0);
    buffer
}

/// Keeps a buffer, or lets go of the shortest when there are enough.
pub(super) fn give(buffer: Vec<u8>) {
    if (BYTES_MIN..=BYTES_MAX).contains(&buffer.capacity()) {
        BUFFERS.with_borrow_mut(|kept| {
            kept.push(buffer);
            if kept.len() > KEPT {
                let shortest = kept.iter().enumerate().min_by_key(|(_, buffer)| buffer.capacity());
                shortest.map(|(at, _)| at).map(|at| kept.swap_remove(at));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_keeps_two_buffers_of_a_fitting_size() {
        assert_eq!(take(100_000), [0; 100_000]);
        for len in [1000, 100_000, 1 << 20, 90_000, 2 << 20] {
            give(vec![7; len]);
        }
        let long = take(1 << 20);
        assert!(long.len() == 1 << 20 && long.iter().all(|byte| *byte == 7));
        assert_eq!(take(1 << 20)[0], 0, "no other is kept that long");
        let shorter = take(70_000);
        assert_eq!((shorter.len(), shorter.capacity()), (70_000, 100_000), "the shortest was let go");
        give(shorter);
        let longer = take(100_000);
        assert!(
            longer.iter().take(70_000).all(|byte| *byte == 7)
                && longer.iter().skip(70_000).all(|byte| *byte == 0)
        );
    }
}
