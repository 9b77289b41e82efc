//! Operations that are under way on threads of their own, open by open, and those that wait for them: a CLOSE comes when what its
//! open has under way is done, and a part of a listing behind the one before it.
//!
//! What waits in a store is not under way: a CLOSE ends the wait of a LOCK or a CHANGE_NOTIFY. The count is of the whole server, since
//! the connections of a session share its opens.
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use smb::server::{ShareId, Ticket};
use smb::store::{Op, StoreOpen};

use super::lock;

/// How many operations of one connection are under way away from its task, or wait for such.
pub(super) type Count = Arc<AtomicUsize>;

/// An operation that the server asked for.
pub(super) struct Submitted {
    pub(super) ticket: Ticket,
    pub(super) share: ShareId,
    pub(super) op: Op,
    /// By whom it is counted, if it is away from its task.
    counted: Option<Count>,
    /// It is under way for its opens.
    is_under_way: bool,
}

impl Submitted {
    pub(super) fn new(ticket: Ticket, share: ShareId, op: Op) -> Submitted {
        Submitted { ticket, share, op, counted: None, is_under_way: false }
    }

    /// It leaves its task: until it is done it counts.
    pub(super) fn leave(&mut self, count: &Count) {
        if self.counted.is_none() {
            count.fetch_add(1, Ordering::AcqRel);
            self.counted = Some(count.clone());
        }
    }

    /// The opens for which it is under way, which it is until [`Apart::end`] hears of them.
    pub(super) fn under_way(&self) -> [Option<StoreOpen>; 2] {
        if self.is_under_way { self.op.opens() } else { [None, None] }
    }

    /// Takes it apart; what is counted by its task goes on to be so.
    pub(super) fn into_parts(self) -> (Ticket, ShareId, Op, Option<Counted>) {
        (self.ticket, self.share, self.op, self.counted.map(Counted))
    }
}

/// Counted until it is dropped.
pub(super) struct Counted(Count);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// What is under way.
#[derive(Default)]
pub(super) struct Apart {
    /// Opens that have something under way: mostly none, which is seen without a lock.
    count: AtomicUsize,
    opens: Mutex<HashMap<StoreOpen, UnderWay>>,
}

#[derive(Default)]
struct UnderWay {
    count: usize,
    behind: VecDeque<Submitted>,
}

impl Apart {
    /// Lets an operation begin, or keeps it until those before it are done; then it counts as one that left its task.
    pub(super) fn admit(&self, mut submitted: Submitted, task: Option<&Count>) -> Option<Submitted> {
        let behind = submitted.op.comes_behind();
        let leaves = submitted.op.may_block();
        // Those of one connection come here in their order; those of two have none until the first is answered.
        if !leaves && (behind.is_none() || self.count.load(Ordering::Acquire) == 0) {
            return Some(submitted);
        }
        let mut opens = lock(&self.opens);
        if let Some(before) = behind.and_then(|open| opens.get_mut(&open)) {
            task.into_iter().for_each(|task| submitted.leave(task));
            before.behind.push_back(submitted);
            return None;
        }
        if leaves {
            submitted.is_under_way = true;
            submitted
                .op
                .opens()
                .into_iter()
                .flatten()
                .for_each(|open| opens.entry(open).or_default().count += 1);
            self.count.store(opens.len(), Ordering::Release);
        }
        Some(submitted)
    }

    /// An operation is done: those that waited for it alone are to begin, in this order.
    pub(super) fn end(&self, under_way: [Option<StoreOpen>; 2]) -> Vec<Submitted> {
        let mut next = Vec::new();
        if under_way == [None, None] {
            return next;
        }
        let mut opens = lock(&self.opens);
        for open in under_way.into_iter().flatten() {
            let Some(one) = opens.get_mut(&open) else { continue };
            one.count = one.count.saturating_sub(1);
            while one.count == 0
                && let Some(mut submitted) = one.behind.pop_front()
            {
                // What is behind this one waits for it in turn; behind a CLOSE there is nothing left to wait for.
                if !matches!(submitted.op, Op::Close { .. }) {
                    submitted.is_under_way = true;
                    one.count = 1;
                }
                next.push(submitted);
            }
            if one.count == 0 {
                opens.remove(&open);
            }
        }
        self.count.store(opens.len(), Ordering::Release);
        next
    }
}
