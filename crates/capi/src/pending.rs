//! The requests of an open file that have not ended, and where their ends are told. It outlives the open: a request gives the file
//! back before it tells of its end, so whoever hears of the last one and closes the handle has closed the file.
use crate::abi::memory::StatusBlock;
use crate::pool::look_a_while;
use crate::port::{Packet, Port};
use crate::request::Request;
use crate::signal::{Deadline, Signal};
use nt::NtStatus;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::ThreadId;

/// FILE_SKIP_COMPLETION_PORT_ON_SUCCESS: it concerns requests that end within their call, which an overlapped one never
/// does here. So it is taken, and changes nothing.
pub(crate) const SKIP_PORT_ON_SUCCESS: u8 = 1;
/// FILE_SKIP_SET_EVENT_ON_HANDLE
pub(crate) const SKIP_SET_EVENT_ON_HANDLE: u8 = 2;

/// See above.
pub(crate) struct Pending {
    /// Set when a request ends that has no event of its own.
    pub(crate) signal: Arc<Signal>,
    port: OnceLock<(Arc<Port>, usize)>,
    modes: AtomicU8,
    requests: Mutex<Requests>,
    /// Notified when a request has ended that a thread waits for.
    ended: Condvar,
    /// How many threads wait so.
    waiters: AtomicUsize,
}

#[derive(Default)]
struct Requests {
    next: u64,
    /// By where the program looks for their end, and by number: a program may give one place to several.
    by_address: BTreeMap<(usize, u64), Arc<Request>>,
    /// The addresses of requests that threads wait for, one by one, in [`Pending::wait_for`].
    awaited: Vec<usize>,
}

impl Pending {
    pub(crate) fn new() -> Pending {
        Pending {
            signal: Arc::new(Signal::new(true, false)),
            port: OnceLock::new(),
            modes: AtomicU8::new(0),
            requests: Mutex::default(),
            ended: Condvar::new(),
            waiters: AtomicUsize::new(0),
        }
    }

    fn requests(&self) -> MutexGuard<'_, Requests> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Binds the file to a port, once only.
    pub(crate) fn bind(&self, port: Arc<Port>, key: usize) -> Result<(), NtStatus> {
        self.port.set((port, key)).map_err(|_| NtStatus::INVALID_PARAMETER)
    }

    /// SetFileCompletionNotificationModes: what is set stays set.
    pub(crate) fn set_modes(&self, modes: u8) {
        self.modes.fetch_or(modes, Ordering::Relaxed);
    }

    /// Remembers a request until it ends, under the number that it is made with.
    pub(crate) fn remember(&self, request: impl FnOnce(u64) -> Arc<Request>) -> Arc<Request> {
        let mut requests = self.requests();
        let number = requests.next;
        requests.next += 1;
        let request = request(number);
        requests.by_address.insert((request.address(), number), Arc::clone(&request));
        request
    }

    /// Forgets a request that has ended.
    pub(crate) fn forget(&self, address: usize, number: u64) {
        self.requests().by_address.remove(&(address, number));
    }

    /// Carries a request out that no thread has come to yet. For a thread that would wait for it anyway, without an end to
    /// its patience: that costs less than being woken.
    pub(crate) fn help(&self, block: &StatusBlock) {
        let address = block.address();
        let request = {
            let requests = self.requests();
            requests
                .by_address
                .range((address, 0)..=(address, u64::MAX))
                .next()
                .map(|(_, request)| Arc::clone(request))
        };
        // Outside the lock: a request that ends takes it.
        if let Some(request) = request {
            request.run();
        }
    }

    /// Tells the port and the handle that the request at an address has ended.
    pub(crate) fn announce(&self, address: usize, has_event: bool, packet: Packet) {
        if !has_event && self.modes.load(Ordering::Relaxed) & SKIP_SET_EVENT_ON_HANDLE == 0 {
            self.signal.set();
        }
        // The status is written: who counts itself among the waiters after this has been looked at sees it. Under the lock,
        // that nobody looks before and sleeps after. Whom it does not concern is not woken: of a thousand requests under
        // way, a thread waits for one.
        if self.waiters.fetch_add(0, Ordering::SeqCst) > 0 && self.requests().awaited.contains(&address) {
            self.ended.notify_all();
        }
        if packet.context != 0
            && let Some((port, key)) = self.port.get()
        {
            port.post(Packet { key: *key, ..packet });
        }
    }

    /// Waits until a request of this file has ended, of however many are under way; false when it took too long.
    pub(crate) fn wait_for(&self, block: &StatusBlock, deadline: Deadline) -> bool {
        if look_a_while(|| block.ended().is_some()) {
            return true;
        }
        self.waiters.fetch_add(1, Ordering::SeqCst);
        let mut requests = self.requests();
        requests.awaited.push(block.address());
        let mut in_time = true;
        while block.ended().is_none() && in_time {
            (requests, in_time) = deadline.wait(&self.ended, requests);
        }
        if let Some(at) = requests.awaited.iter().position(|address| *address == block.address()) {
            requests.awaited.swap_remove(at);
        }
        drop(requests);
        self.waiters.fetch_sub(1, Ordering::SeqCst);
        block.ended().is_some()
    }

    /// Cancels requests: of a thread, or of all; with an address, or with any. Says whether there was one.
    pub(crate) fn cancel(&self, thread: Option<ThreadId>, address: Option<usize>) -> bool {
        let wanted: Vec<Arc<Request>> = self
            .requests()
            .by_address
            .values()
            .filter(|request| thread.is_none_or(|thread| request.thread == thread))
            .filter(|request| address.is_none_or(|address| request.address() == address))
            .cloned()
            .collect();
        // Outside the lock: a request that ends takes it.
        wanted.iter().for_each(|request| request.cancel());
        !wanted.is_empty()
    }
}
