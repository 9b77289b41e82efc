//! How many bytes all connections together may hold, and how many have gone through. (Not in the specification.)
//!
//! A connection holds what its machine says (messages that come in, requests that are not answered, answers that wait) and what is to
//! be written. Who holds too much, or holds anything while all together hold too much, is not read from until it holds less; what
//! then still cannot be is refused with STATUS_INSUFFICIENT_RESOURCES.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// What goes through all connections, since the start.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Bytes that came.
    pub received: AtomicU64,
    /// Bytes that went.
    pub sent: AtomicU64,
    /// Requests that reached the server.
    pub requests: AtomicU64,
    /// Bytes that connections hold now.
    pub held: AtomicUsize,
    /// The most bytes that they ever held.
    pub held_max: AtomicUsize,
    /// READs that were refused because too much was held.
    pub refused: AtomicU64,
}

/// What a connection holds more or less than is told, at most, while its task is at work: others need not know of every request.
const UNTOLD_BYTES: usize = 64 * 1024;

/// The part of one connection.
#[derive(Debug)]
pub(super) struct Holding {
    traffic: Arc<Traffic>,
    bytes: usize,
    /// What of that is in the sum of all.
    told: usize,
}

impl Holding {
    pub(super) fn new(traffic: Arc<Traffic>) -> Holding {
        Holding { traffic, bytes: 0, told: 0 }
    }

    /// The connection holds so much now.
    pub(super) fn set(&mut self, bytes: usize) {
        self.bytes = bytes;
        if bytes.abs_diff(self.told) > UNTOLD_BYTES {
            self.tell();
        }
    }

    /// Brings the sum of all up to date: whenever the task waits for something.
    pub(super) fn tell(&mut self) {
        let told = core::mem::replace(&mut self.told, self.bytes);
        match self.bytes.checked_sub(told) {
            Some(0) => {}
            Some(more) => {
                let all = self.traffic.held.fetch_add(more, Ordering::Relaxed).saturating_add(more);
                self.traffic.held_max.fetch_max(all, Ordering::Relaxed);
            }
            None => {
                self.traffic.held.fetch_sub(told - self.bytes, Ordering::Relaxed);
            }
        }
    }

    /// Whether more is read from this connection.
    pub(super) fn has_room(&self, limits: &super::Limits) -> bool {
        let all = self.traffic.held.load(Ordering::Relaxed);
        self.bytes < limits.buffer_bytes_per_connection && (self.bytes == 0 || all < limits.buffer_bytes)
    }

    /// Whether an answer of so many bytes more may be made: beyond the limits as far again, since what was read is answered.
    pub(super) fn may_take(&self, limits: &super::Limits, len: usize) -> bool {
        let all = self.traffic.held.load(Ordering::Relaxed);
        self.bytes.saturating_add(len) <= limits.buffer_bytes_per_connection.saturating_mul(2)
            && all.saturating_add(len) <= limits.buffer_bytes.saturating_mul(2)
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        self.bytes = 0;
        self.tell();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socket::Limits;

    #[test]
    fn what_connections_hold_is_counted_together_and_given_back() {
        let traffic = Arc::new(Traffic::default());
        let limits = Limits { buffer_bytes_per_connection: 100, buffer_bytes: 150, ..Limits::default() };
        let mut one = Holding::new(traffic.clone());
        let mut two = Holding::new(traffic.clone());
        let hold = |holding: &mut Holding, bytes| {
            holding.set(bytes);
            holding.tell();
        };
        hold(&mut one, 99);
        assert!(one.has_room(&limits) && two.has_room(&limits));
        hold(&mut one, 100);
        assert!(!one.has_room(&limits), "full by itself");
        hold(&mut two, 50);
        assert!(!two.has_room(&limits), "all together are full");
        let third = Holding::new(traffic.clone());
        assert!(third.has_room(&limits), "who holds nothing is read from, once");
        assert!(two.may_take(&limits, 150) && !two.may_take(&limits, 151));
        hold(&mut one, 0);
        assert!(two.has_room(&limits));
        two.set(UNTOLD_BYTES + 50);
        assert_eq!(traffic.held.load(Ordering::Relaxed), 50, "so little more is told later");
        two.set(UNTOLD_BYTES + 51);
        assert_eq!(traffic.held.load(Ordering::Relaxed), UNTOLD_BYTES + 51);
        drop(two);
        assert_eq!(traffic.held.load(Ordering::Relaxed), 0);
        assert_eq!(traffic.held_max.load(Ordering::Relaxed), UNTOLD_BYTES + 51);
    }
}
