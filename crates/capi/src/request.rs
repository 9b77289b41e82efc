//! A request that goes on in the background. It is a value: it can be queued, cancelled and completed by whoever is first.
use crate::abi::memory::{StatusBlock, UserBytes};
use crate::file::OpenFile;
use crate::pending::Pending;
use crate::pool;
use crate::port::Packet;
use crate::signal::Signal;
use fsa::{END_OF_DATA, TRANSFER_BYTES_MAX};
use nt::NtStatus;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::ThreadId;

const QUEUED: u8 = 0;
const TAKEN: u8 = 1;

/// What is to be done.
pub(crate) enum Work {
    /// A control. Its input was copied: the program may use its buffer again at once, as METHOD_BUFFERED lets it.
    Control { code: u32, input: Vec<u8>, output: UserBytes },
    /// Read at an offset.
    Read { offset: u64, into: UserBytes },
    /// Write at an offset.
    Write { offset: u64, from: UserBytes },
}

/// Where its end is told.
pub(crate) struct Completion {
    /// The OVERLAPPED, or the IO_STATUS_BLOCK.
    pub(crate) block: StatusBlock,
    /// Set at the end. Held by the request: the program may close its handle meanwhile.
    pub(crate) event: Option<Arc<Signal>>,
    /// What a packet for the file's port carries; 0 for no packet.
    pub(crate) context: usize,
}

/// A request.
pub(crate) struct Request {
    pending: Arc<Pending>,
    number: u64,
    /// The thread that made it.
    pub(crate) thread: ThreadId,
    completion: Completion,
    /// What is to be done on which file, until it is.
    work: Mutex<Option<(Arc<OpenFile>, Work)>>,
    state: AtomicU8,
}

impl Completion {
    /// The signals that tell of the end are reset at the beginning.
    pub(crate) fn begin(&self, pending: &Pending) {
        self.block.begin();
        pending.signal.reset();
        if let Some(event) = &self.event {
            event.reset();
        }
    }

    /// Tells of the end. Once the status is written the block may be gone: nothing touches it afterwards.
    pub(crate) fn end(&self, pending: &Pending, status: NtStatus, information: usize) {
        self.block.end(status, information);
        let packet = Packet { key: 0, context: self.context, status, information };
        pending.announce(self.block.address(), self.event.is_some(), packet);
        if let Some(event) = &self.event {
            event.set();
        }
    }
}

impl Request {
    /// Starts a request: PENDING, or why it could not be queued.
    pub(crate) fn start(file: &Arc<OpenFile>, work: Work, completion: Completion) -> NtStatus {
        let pending = &file.pending;
        completion.begin(pending);
        let request = pending.remember(|number| {
            Arc::new(Request {
                pending: Arc::clone(pending),
                number,
                thread: std::thread::current().id(),
                completion,
                work: Mutex::new(Some((Arc::clone(file), work))),
                state: AtomicU8::new(QUEUED),
            })
        });
        if pool::submit(Arc::clone(&request)) {
            return NtStatus::PENDING;
        }
        // No packet and no signal: the call itself says so.
        pending.forget(request.address(), request.number);
        request.completion.block.end(NtStatus::INSUFFICIENT_RESOURCES, 0);
        NtStatus::INSUFFICIENT_RESOURCES
    }

    /// Where the program looks for the end.
    pub(crate) fn address(&self) -> usize {
        self.completion.block.address()
    }

    /// True for the first who asks, and nobody else.
    fn take(&self) -> bool {
        self.state.compare_exchange(QUEUED, TAKEN, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Carries it out, unless it was cancelled.
    pub(crate) fn run(&self) {
        if !self.take() {
            return;
        }
        let work = self.work();
        let ended = catch_unwind(AssertUnwindSafe(|| work.map(|(file, work)| perform(&file, &work))));
        // A fault of ours ends this request and nothing else.
        let (status, information) = ended.ok().flatten().unwrap_or((NtStatus::INTERNAL_ERROR, 0));
        self.end(status, information);
    }

    /// Ends it, if nobody carries it out yet. One that is carried out goes on: a system call that has begun will end.
    pub(crate) fn cancel(&self) {
        if self.take() {
            drop(self.work());
            self.end(NtStatus::CANCELLED, 0);
        }
    }

    fn work(&self) -> Option<(Arc<OpenFile>, Work)> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Tells of the end, of a request that has given its file back.
    fn end(&self, status: NtStatus, information: usize) {
        self.pending.forget(self.address(), self.number);
        self.completion.end(&self.pending, status, information);
    }
}

/// Does it: how it ended, and how many bytes were moved.
pub(crate) fn perform(file: &OpenFile, work: &Work) -> (NtStatus, usize) {
    match work {
        Work::Control { code, input, output } => match file.control(*code, input, output.len()) {
            Ok(reply) => (reply.status, output.write(0, &reply.output)),
            Err(status) => (status, 0),
        },
        Work::Read { offset, into } => read(file, *offset, into),
        Work::Write { offset, from } => write(file, *offset, from),
    }
}

/// Reads until the buffer is full or the data end, in as many steps as the store's limit makes of it.
fn read(file: &OpenFile, offset: u64, into: &UserBytes) -> (NtStatus, usize) {
    let mut got = 0;
    loop {
        let wanted = (into.len() - got).min(TRANSFER_BYTES_MAX);
        match file.hold.mounted.volume.read(&file.hold.id, offset.saturating_add(got as u64), wanted) {
            Ok(bytes) => {
                got += into.write(got, &bytes);
                if bytes.len() < wanted || got == into.len() {
                    return (NtStatus::SUCCESS, got);
                }
            }
            Err(NtStatus::END_OF_FILE) if got > 0 => {
                return (NtStatus::SUCCESS, got);
            }
            Err(status) => return (status, got),
        }
    }
}

fn write(file: &OpenFile, offset: u64, from: &UserBytes) -> (NtStatus, usize) {
    let mut put = 0;
    loop {
        let bytes = from.read(put, TRANSFER_BYTES_MAX);
        let at = if offset == END_OF_DATA { offset } else { offset.saturating_add(put as u64) };
        if let Err(status) = file.hold.mounted.volume.write(&file.hold.id, at, &bytes) {
            return (status, put);
        }
        put += bytes.len();
        if put == from.len() {
            return (NtStatus::SUCCESS, put);
        }
    }
}
