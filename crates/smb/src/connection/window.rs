//! [MS-SMB2] 3.3.1.1 and 3.3.1.2: which message ids a client may use, and how many more it gets.
use std::collections::VecDeque;

/// Connection.CommandSequenceWindow: ids from the lowest unused to the highest granted, those used in between marked.
#[derive(Debug)]
pub(crate) struct SequenceWindow {
    lowest: u64,
    /// The id after the highest granted.
    end: u64,
    /// For `lowest` and each id after it up to the highest used: true when it was used. A client that uses its ids in order keeps it
    /// empty.
    used: VecDeque<bool>,
    /// Ids in the window that were not used.
    held: usize,
    held_max: usize,
}

/// How far apart the lowest and the highest id may be, in windows full of credits. A client that leaves an id unused gets
/// no more when it has gone so far ahead.
const SPREAD: usize = 4;

impl SequenceWindow {
    /// The window of a new connection: the id 0.
    pub(crate) fn new(credits_max: u16) -> SequenceWindow {
        let held_max = usize::from(credits_max).max(1);
        SequenceWindow { lowest: 0, end: 1, used: VecDeque::new(), held: 1, held_max }
    }

    /// Uses ids from `first` on. False when one of them was not granted or was used, and then none is used now.
    pub(crate) fn consume(&mut self, first: u64, count: u16) -> bool {
        let count = count.max(1);
        let end = first.checked_add(count.into());
        if first < self.lowest || end.is_none_or(|end| end > self.end) {
            return false;
        }
        // The window is at most as wide as its spread.
        let at = usize::try_from(first - self.lowest).unwrap_or(usize::MAX);
        let count = usize::from(count);
        if self.used.iter().skip(at).take(count).any(|used| *used) {
            return false;
        }
        self.held -= count;
        if self.used.is_empty() && at == 0 {
            self.lowest += count as u64;
            return true;
        }
        if self.used.len() < at + count {
            self.used.resize(at + count, false);
        }
        self.used.iter_mut().skip(at).take(count).for_each(|used| *used = true);
        while self.used.front() == Some(&true) {
            self.used.pop_front();
            self.lowest += 1;
        }
        true
    }

    /// Grants as much of a request as the limits allow, and at least one when the client would be left with nothing.
    pub(crate) fn grant(&mut self, requested: u16) -> u16 {
        let width = usize::try_from(self.end - self.lowest).unwrap_or(usize::MAX);
        let room = (self.held_max - self.held.min(self.held_max))
            .min((self.held_max * SPREAD).saturating_sub(width));
        let least = usize::from(self.held == 0);
        let granted = usize::from(requested).min(room).max(least);
        self.end += granted as u64;
        self.held += granted;
        u16::try_from(granted).unwrap_or(u16::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_connection_may_use_the_id_0_once() {
        let mut window = SequenceWindow::new(10);
        assert!(!window.consume(1, 1));
        assert!(window.consume(0, 1));
        assert!(!window.consume(0, 1));
    }

    /// The example of 3.3.1.1: { 0 } and three credits are { 0, 1, 2, 3 }, to be used in any order.
    #[test]
    fn credits_move_the_window_up_and_its_ids_may_come_in_any_order() {
        let mut window = SequenceWindow::new(10);
        assert_eq!(window.grant(3), 3);
        assert!(window.consume(2, 1));
        assert!(window.consume(0, 1));
        assert!(!window.consume(2, 1));
        assert!(window.consume(3, 1) && window.consume(1, 1));
        assert!(!window.consume(4, 1));
    }

    #[test]
    fn a_request_of_many_credits_uses_as_many_ids_or_none() {
        let mut window = SequenceWindow::new(100);
        window.grant(9);
        assert!(!window.consume(5, 6), "0 to 9 are there");
        assert!(window.consume(5, 5));
        assert!(!window.consume(3, 3), "5 is used");
        assert!(window.consume(0, 5));
    }

    #[test]
    fn a_client_is_never_left_without_a_credit_and_never_gets_more_than_the_most() {
        let mut window = SequenceWindow::new(5);
        assert!(window.consume(0, 1));
        assert_eq!(window.grant(0), 1);
        assert_eq!(window.grant(0), 0);
        assert_eq!(window.grant(1000), 4);
        assert_eq!(window.grant(1000), 0);
        assert!(window.consume(1, 2));
        assert_eq!(window.grant(u16::MAX), 2);
    }

    #[test]
    fn a_client_that_leaves_an_id_unused_cannot_run_ahead_for_ever() {
        let mut window = SequenceWindow::new(8);
        window.grant(8);
        let mut id = 1;
        while window.consume(id, 1) {
            window.grant(1);
            id += 1;
        }
        assert_eq!(id, 32, "the window spreads over four times eight ids and not more");
        assert!(window.consume(0, 1));
        assert_eq!(window.grant(3), 3, "the gap is closed");
    }

    /// With 8192 credits, as Windows grants them, a connection costs nothing for ids it has not used out of order.
    #[test]
    fn a_client_that_uses_its_ids_in_order_costs_no_memory() {
        let mut window = SequenceWindow::new(8192);
        assert!(window.consume(0, 1));
        assert_eq!(window.grant(u16::MAX), 8192);
        for id in 1..5000 {
            assert!(window.consume(id, 1));
            assert_eq!(window.grant(1), 1);
        }
        assert_eq!(window.used.capacity(), 0);
    }
}
