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

/// A buffer of so many bytes, whatever they are, if one is kept that long.
pub(super) fn take(len: usize) -> Option<Vec<u8>> {
    BUFFERS.with_borrow_mut(|kept| {
        let at = kept.iter().position(|buffer| buffer.capacity() >= len)?;
        let mut buffer = kept.swap_remove(at);
        // What it has already is not cleared again.
        buffer.resize(len, 0);
        Some(buffer)
    })
}

/// Keeps a buffer, or lets go of it when there are enough.
pub(super) fn give(buffer: Vec<u8>) {
    if (BYTES_MIN..=BYTES_MAX).contains(&buffer.capacity()) {
        BUFFERS.with_borrow_mut(|kept| {
            if kept.len() < KEPT {
                kept.push(buffer);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_keeps_two_buffers_of_a_fitting_size() {
        assert!(take(100_000).is_none());
        for len in [1000, 100_000, 1 << 20, 1 << 20, 2 << 20] {
            give(vec![7; len]);
        }
        assert_eq!(take(1 << 20).map(|buffer| buffer.len()), Some(1 << 20));
        assert!(take(1 << 20).is_none());
        let shorter = take(70_000).unwrap();
        assert_eq!((shorter.len(), shorter.capacity()), (70_000, 100_000));
        give(shorter);
        let longer = take(100_000).unwrap();
        assert!(
            longer.iter().take(70_000).all(|byte| *byte == 7)
                && longer.iter().skip(70_000).all(|byte| *byte == 0)
        );
        assert!(take(0).is_none());
    }
}
