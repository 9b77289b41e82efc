//! An open file as its handle holds it.
use crate::abi::memory::StatusBlock;
use crate::namespace::Mounted;
use crate::pool::look_a_while;
use crate::port::{Packet, Port};
use crate::request::Request;
use crate::signal::{Deadline, Signal};
use crate::store::StoreId;
use fsa::ControlReply;
use nt::{FsctlCode, NtStatus};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::ThreadId;

/// FILE_SKIP_COMPLETION_PORT_ON_SUCCESS: it concerns requests that end within their call, which an overlapped one never
/// does here. So it is taken, and changes nothing.
pub(crate) const SKIP_PORT_ON_SUCCESS: u8 = 1;
/// FILE_SKIP_SET_EVENT_ON_HANDLE
pub(crate) const SKIP_SET_EVENT_ON_HANDLE: u8 = 2;

/// An open of the store, closed when this goes.
pub(crate) struct Hold {
    pub(crate) mounted: Arc<Mounted>,
    pub(crate) id: StoreId,
    closed: bool,
}

/// An open file. It goes when its handle is closed and its last request has ended.
pub(crate) struct OpenFile {
    pub(crate) hold: Hold,
    /// Requests go on in the background: FILE_FLAG_OVERLAPPED, or neither of the synchronous options.
    pub(crate) overlapped: bool,
    /// Set when a request ends that has no event of its own.
    pub(crate) signal: Arc<Signal>,
    /// Where ReadFile and WriteFile of a synchronous file stand.
    position: Mutex<u64>,
    port: OnceLock<(Arc<Port>, usize)>,
    modes: AtomicU8,
    pending: Mutex<Pending>,
    /// Notified when a request has ended that a thread waits for.
    ended: Condvar,
    /// How many threads wait so.
    waiters: AtomicUsize,
}

#[derive(Default)]
struct Pending {
    next: u64,
    /// By where the program looks for their end, and by number: a program may give one place to several.
    requests: BTreeMap<(usize, u64), Arc<Request>>,
    /// The addresses of requests that threads wait for, one by one, in [`OpenFile::wait_for`].
    awaited: Vec<usize>,
}

impl OpenFile {
    pub(crate) fn new(hold: Hold, overlapped: bool) -> OpenFile {
        OpenFile {
            hold,
            overlapped,
            signal: Arc::new(Signal::new(true, false)),
            position: Mutex::new(0),
            port: OnceLock::new(),
            modes: AtomicU8::new(0),
            pending: Mutex::default(),
            ended: Condvar::new(),
            waiters: AtomicUsize::new(0),
        }
    }

    /// A control, to its end.
    pub(crate) fn control(
        &self,
        code: u32,
        input: &[u8],
        output_len_max: usize,
    ) -> Result<ControlReply, NtStatus> {
        self.hold.mounted.volume.fs_control(&self.hold.id, FsctlCode(code), input, output_len_max)
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The file's position, held while a synchronous request uses it: on Windows too a second one waits.
    pub(crate) fn position(&self) -> MutexGuard<'_, u64> {
        self.position.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Binds the file to a port. Once only, and only if its requests go on in the background.
    pub(crate) fn bind(&self, port: Arc<Port>, key: usize) -> Result<(), NtStatus> {
        if !self.overlapped {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        self.port.set((port, key)).map_err(|_| NtStatus::INVALID_PARAMETER)
    }

    /// SetFileCompletionNotificationModes: what is set stays set.
    pub(crate) fn set_modes(&self, modes: u8) {
        self.modes.fetch_or(modes, Ordering::Relaxed);
    }

    /// Remembers a request until it ends, under the number that it is made with.
    pub(crate) fn remember(&self, request: impl FnOnce(u64) -> Arc<Request>) -> Arc<Request> {
        let mut pending = self.pending();
        let number = pending.next;
        pending.next += 1;
        let request = request(number);
        pending.requests.insert((request.address(), number), Arc::clone(&request));
        request
    }

    /// Forgets a request that has ended.
    pub(crate) fn forget(&self, address: usize, number: u64) {
        self.pending().requests.remove(&(address, number));
    }

    /// Carries a request out that no thread has come to yet. For a thread that would wait for it anyway, without an end to
    /// its patience: that costs less than being woken.
    pub(crate) fn help(&self, block: &StatusBlock) {
        let address = block.address();
        let request = {
            let pending = self.pending();
            pending
                .requests
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
        if self.waiters.fetch_add(0, Ordering::SeqCst) > 0 && self.pending().awaited.contains(&address) {
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
        let mut pending = self.pending();
        pending.awaited.push(block.address());
        let mut in_time = true;
        while block.ended().is_none() && in_time {
            (pending, in_time) = deadline.wait(&self.ended, pending);
        }
        if let Some(at) = pending.awaited.iter().position(|address| *address == block.address()) {
            pending.awaited.swap_remove(at);
        }
        drop(pending);
        self.waiters.fetch_sub(1, Ordering::SeqCst);
        block.ended().is_some()
    }

    /// Cancels requests: of a thread, or of all; with an address, or with any. Says whether there was one.
    pub(crate) fn cancel(&self, thread: Option<ThreadId>, address: Option<usize>) -> bool {
        let wanted: Vec<Arc<Request>> = self
            .pending()
            .requests
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

impl Hold {
    pub(crate) fn new(mounted: Arc<Mounted>, id: StoreId) -> Hold {
        Hold { mounted, id, closed: false }
    }

    /// Closes it, and says why a deletion that was due failed.
    pub(crate) fn close(mut self) -> Result<(), NtStatus> {
        self.closed = true;
        self.mounted.volume.close(&self.id)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if !self.closed {
            // A deletion that fails now has nobody to be told to: CloseHandle succeeds on Windows too.
            let _ = self.mounted.volume.close(&self.id);
        }
    }
}
