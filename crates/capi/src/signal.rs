//! What can be waited for: events, and files whose requests complete.
use core::time::Duration;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// The most objects of one wait: MAXIMUM_WAIT_OBJECTS.
pub(crate) const OBJECTS_MAX: usize = 64;

/// An event object, or the signal that a file object has of its own.
pub(crate) struct Signal {
    /// It stays set until it is reset; else the first wait that ends by it resets it.
    manual: bool,
    state: Mutex<State>,
}

struct State {
    set: bool,
    waiters: Vec<Arc<Waiter>>,
}

/// A thread that waits, for one object or for many.
#[derive(Default)]
struct Waiter {
    woken: Mutex<bool>,
    wake: Condvar,
}

/// When a wait ends without what it waited for.
#[derive(Clone, Copy)]
pub(crate) enum Deadline {
    Never,
    At(Instant),
}

impl Deadline {
    /// So many milliseconds from now; INFINITE is never.
    #[allow(clippy::disallowed_methods)] // the caller is a program: its time-outs count from now
    pub(crate) fn after_ms(timeout_ms: u32) -> Deadline {
        match timeout_ms {
            u32::MAX => Deadline::Never,
            ms => Deadline::At(Instant::now() + Duration::from_millis(u64::from(ms))),
        }
    }

    /// Waits until notified or past the deadline; false when it is past.
    #[allow(clippy::disallowed_methods)] // as above
    pub(crate) fn wait<'a, T>(
        self,
        condvar: &Condvar,
        guard: MutexGuard<'a, T>,
    ) -> (MutexGuard<'a, T>, bool) {
        let Deadline::At(end) = self else {
            return (condvar.wait(guard).unwrap_or_else(PoisonError::into_inner), true);
        };
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return (guard, false);
        }
        let (guard, _) = condvar.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner);
        (guard, true)
    }
}

impl Signal {
    pub(crate) fn new(manual: bool, set: bool) -> Signal {
        Signal { manual, state: Mutex::new(State { set, waiters: Vec::new() }) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets waits end.
    pub(crate) fn set(&self) {
        let mut state = self.lock();
        state.set = true;
        // Each looks for itself whether there is still something to end by.
        state.waiters.iter().for_each(|waiter| waiter.notify());
    }

    /// Lets no wait end.
    pub(crate) fn reset(&self) {
        self.lock().set = false;
    }

    /// True if it is set; takes it then, unless it stays set.
    fn take(&self) -> bool {
        let mut state = self.lock();
        let set = state.set;
        state.set &= self.manual;
        set
    }
}

impl Waiter {
    fn notify(&self) {
        *self.woken.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.wake.notify_one();
    }

    /// False when the deadline is past and nobody notified.
    fn wait(&self, deadline: Deadline) -> bool {
        let mut woken = self.woken.lock().unwrap_or_else(PoisonError::into_inner);
        while !*woken {
            let in_time;
            (woken, in_time) = deadline.wait(&self.wake, woken);
            if !in_time && !*woken {
                return false;
            }
        }
        *woken = false;
        true
    }
}

/// Waits for one of them, and says which; `None` when it took too long.
pub(crate) fn wait_any(signals: &[Arc<Signal>], deadline: Deadline) -> Option<usize> {
    wait(signals, deadline, || signals.iter().position(|signal| signal.take()))
}

/// Waits until all are set at once; false when it took too long. No object may be among them twice.
pub(crate) fn wait_all(signals: &[Arc<Signal>], deadline: Deadline) -> bool {
    let mut ordered: Vec<&Arc<Signal>> = signals.iter().collect();
    ordered.sort_by_key(|signal| Arc::as_ptr(signal)); // one order for all threads: none waits for another's lock
    wait(signals, deadline, || take_all(&ordered)).is_some()
}

/// Takes every one of them, or none.
fn take_all(ordered: &[&Arc<Signal>]) -> Option<()> {
    let mut states: Vec<MutexGuard<'_, State>> = ordered.iter().map(|signal| signal.lock()).collect();
    if !states.iter().all(|state| state.set) {
        return None;
    }
    for (state, signal) in states.iter_mut().zip(ordered) {
        state.set &= signal.manual;
    }
    Some(())
}

fn wait<T>(signals: &[Arc<Signal>], deadline: Deadline, mut take: impl FnMut() -> Option<T>) -> Option<T> {
    if let Some(taken) = take() {
        return Some(taken);
    }
    let waiter = Arc::new(Waiter::default());
    for signal in signals {
        signal.lock().waiters.push(Arc::clone(&waiter));
    }
    let taken = loop {
        // What was set before the waiter stood in the list is found here.
        if let Some(taken) = take() {
            break Some(taken);
        }
        if !waiter.wait(deadline) {
            break take();
        }
    };
    for signal in signals {
        signal.lock().waiters.retain(|other| !Arc::ptr_eq(other, &waiter));
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    fn event(manual: bool, set: bool) -> Arc<Signal> {
        Arc::new(Signal::new(manual, set))
    }

    #[test]
    fn an_auto_reset_event_ends_one_wait_and_a_manual_one_ends_all() {
        let auto = [event(false, true)];
        assert_eq!(wait_any(&auto, Deadline::after_ms(0)), Some(0));
        assert_eq!(wait_any(&auto, Deadline::after_ms(0)), None);
        let manual = [event(true, true)];
        assert_eq!(wait_any(&manual, Deadline::after_ms(0)), Some(0));
        assert_eq!(wait_any(&manual, Deadline::after_ms(0)), Some(0));
    }

    #[test]
    fn a_wait_for_all_takes_nothing_until_all_are_set() {
        let both = [event(false, true), event(false, false)];
        assert!(!wait_all(&both, Deadline::after_ms(0)));
        both[1].set();
        assert!(wait_all(&both, Deadline::after_ms(0)));
        assert_eq!(wait_any(&both, Deadline::after_ms(0)), None);
    }

    #[test]
    fn of_many_waiting_threads_each_setting_of_an_auto_reset_event_frees_exactly_one() {
        let shared = event(false, false);
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || wait_any(&[shared], Deadline::after_ms(60_000)))
            })
            .collect();
        for done in 1..=8 {
            shared.set();
            while threads.iter().filter(|thread| thread.is_finished()).count() < done {
                thread::yield_now();
            }
        }
        for thread in threads {
            assert_eq!(thread.join().unwrap(), Some(0));
        }
        assert_eq!(wait_any(&[shared], Deadline::after_ms(0)), None);
    }

    #[test]
    fn no_waiter_is_left_behind() {
        let one = event(true, false);
        wait_any(&[Arc::clone(&one)], Deadline::after_ms(1));
        assert!(one.lock().waiters.is_empty());
    }
}
