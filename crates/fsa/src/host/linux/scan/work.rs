//! What is left to walk, shared by all threads. The newest is taken first, which keeps the walk deep and the heap small.
use super::{Batch, Shared};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The most directories and batches that wait; what comes beyond is walked at once by who finds it.
const WAITING_MAX: usize = 8192;

/// A piece of work.
pub(super) enum Work {
    /// Walk this directory.
    Directory {
        /// Where it lies; `None` for the start of the walk.
        parent: Option<Shared>,
        /// Its name there.
        name: Box<[u8]>,
    },
    /// Look at these entries.
    Entries(Shared, Batch),
}

pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

/// Work in hand.
pub(super) struct InHand<'a>(&'a Queue);

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.busy -= 1;
        if state.busy == 0 && state.waiting.is_empty() {
            self.0.changed.notify_all();
        }
    }
}

struct State {
    waiting: Vec<Work>,
    /// Threads that work, and so may yet add to it.
    busy: usize,
    /// Threads that wait for work.
    idle: usize,
}

impl Queue {
    pub(super) fn new(first: Work) -> Queue {
        Queue { state: Mutex::new(State { waiting: vec![first], busy: 0, idle: 0 }), changed: Condvar::new() }
    }

    /// Takes work; waits while there may come some, and gives `None` when all is done. The work is done when its token
    /// goes, be it by a panic of the caller's: then the others still come to their end.
    pub(super) fn take(&self) -> Option<(Work, InHand<'_>)> {
        let mut state = self.lock();
        loop {
            if let Some(work) = state.waiting.pop() {
                state.busy += 1;
                return Some((work, InHand(self)));
            }
            if state.busy == 0 {
                self.changed.notify_all();
                return None;
            }
            state.idle += 1;
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }

    /// Leaves work for whoever is free first; gives it back where too much waits already and `must` does not say that there is
    /// no other way.
    pub(super) fn leave(&self, work: Work, must: bool) -> Result<(), Work> {
        let mut state = self.lock();
        if state.waiting.len() >= WAITING_MAX && !must {
            return Err(work);
        }
        state.waiting.push(work);
        if state.idle > 0 {
            self.changed.notify_one();
        }
        Ok(())
    }

    /// Leaves work only where someone waits for it and finds nothing.
    pub(super) fn offer(&self, work: Work) -> Result<(), Work> {
        let mut state = self.lock();
        if state.idle <= state.waiting.len() {
            return Err(work);
        }
        state.waiting.push(work);
        self.changed.notify_one();
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
