//! Whether the disk keeps pace with what is written. While it does, a WRITE without write-through is a copy into the page cache, and
//! shorter than its way to another thread and back. Once too much waits for the disk the kernel lets who writes sleep, for up to 200 ms
//! (`balance_dirty_pages`): such a WRITE must not hold up the other connections of its thread.
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use smb::store::Op;

/// A WRITE that takes longer than this has waited for more than memory.
const SLOW: Duration = Duration::from_millis(5);

/// How long after a slow WRITE long ones go apart.
const APART: Duration = Duration::from_secs(1);

/// The longest WRITE that a task performs itself.
const HERE_BYTES_MAX: usize = 1 << 20;

/// How the disk keeps pace.
#[derive(Default)]
pub(super) struct Pace {
    /// Until when, in milliseconds of the monotonic clock.
    apart_until_ms: AtomicU64,
}

impl Pace {
    /// True for a WRITE that need not go apart now, long as it is.
    pub(super) fn takes(&self, op: &Op, now: Duration) -> bool {
        match op {
            Op::Write { data, write_through: false, .. } if data.as_slice().len() <= HERE_BYTES_MAX => {
                millis(now) >= self.apart_until_ms.load(Ordering::Relaxed)
            }
            _ => false,
        }
    }

    /// A WRITE took so long, here or apart.
    pub(super) fn took(&self, began: Duration, ended: Duration) {
        if ended.saturating_sub(began) > SLOW {
            self.apart_until_ms.fetch_max(millis(ended + APART), Ordering::Relaxed);
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use smb::store::{Payload, StoreOpen};

    fn write(len: usize, write_through: bool) -> Op {
        Op::Write { open: StoreOpen(1), offset: 0, data: Payload::new(vec![7; len], 0..len), write_through }
    }

    #[test]
    fn long_writes_go_apart_for_a_second_after_a_slow_one() {
        let (pace, at) = (Pace::default(), Duration::from_millis);
        assert!(pace.takes(&write(1 << 20, false), at(0)));
        assert!(!pace.takes(&write((1 << 20) + 1, false), at(0)), "too long");
        assert!(!pace.takes(&write(1, true), at(0)), "it waits for the disk in any case");
        assert!(!pace.takes(&Op::Flush { open: StoreOpen(1) }, at(0)));
        pace.took(at(100), at(105));
        assert!(pace.takes(&write(1, false), at(105)), "not slow yet");
        pace.took(at(200), at(206));
        assert!(!pace.takes(&write(1, false), at(206)) && !pace.takes(&write(1, false), at(1205)));
        assert!(pace.takes(&write(1, false), at(1206)));
        // One that went apart and was slow puts it off; one that was not does not.
        pace.took(at(900), at(1100));
        pace.took(at(1100), at(1101));
        assert!(!pace.takes(&write(1, false), at(2099)) && pace.takes(&write(1, false), at(2100)));
    }
}
