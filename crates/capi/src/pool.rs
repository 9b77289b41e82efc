//! The threads that carry requests out: as many as the machine can use, none before the first request, and gone again
//! when there has been nothing to do for a while.
use crate::request::Request;
use crate::signal::Deadline;
use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// The most requests that wait; the next one is refused with STATUS_INSUFFICIENT_RESOURCES.
pub(crate) const QUEUED_MAX: usize = 65_536;
/// Threads for each processor: while one is in a system call that waits for the disk, another may use the processor.
const THREADS_PER_PROCESSOR: usize = 2;
/// The most threads, and the least a machine gets.
const THREADS_MAX: usize = 64;
const THREADS_MIN: usize = 4;
/// How long a thread waits for work before it goes.
const IDLE_MS: u32 = 5_000;

const _: () = assert!(THREADS_MIN <= THREADS_MAX && THREADS_MAX < QUEUED_MAX);

struct Pool {
    queue: Mutex<Queue>,
    wake: Condvar,
}

struct Queue {
    requests: VecDeque<Arc<Request>>,
    threads: usize,
    /// Threads that wait for a request.
    idle: usize,
    /// How many of those were told of one and have not looked yet: who is told twice is a system call for nothing.
    woken: usize,
    /// Threads that look for a request for a moment longer, before they wait.
    looking: usize,
    threads_max: usize,
}

static POOL: Pool = Pool {
    queue: Mutex::new(Queue {
        requests: VecDeque::new(),
        threads: 0,
        idle: 0,
        woken: 0,
        looking: 0,
        threads_max: 0,
    }),
    wake: Condvar::new(),
};

/// How many requests wait, for who looks without the lock.
static QUEUED: AtomicUsize = AtomicUsize::new(0);
/// How often something is looked for before a thread sleeps: some microseconds, about what sleep and waking cost.
const LOOKS: u32 = 100;

/// Looks for something for a moment, without a system call; true when it is there.
pub(crate) fn look_a_while(is_there: impl Fn() -> bool) -> bool {
    (0..LOOKS).any(|_| {
        core::hint::spin_loop();
        is_there()
    })
}

/// Queues a request; false when it cannot be.
pub(crate) fn submit(request: Arc<Request>) -> bool {
    let mut queue = POOL.lock();
    if queue.requests.len() >= QUEUED_MAX {
        return false;
    }
    queue.requests.push_back(request);
    QUEUED.store(queue.requests.len(), Ordering::Relaxed);
    // Each request has a thread of its own that comes to it, as long as there are threads: one may block.
    if queue.requests.len() <= queue.looking + queue.woken {
        return true;
    }
    if queue.idle > queue.woken {
        queue.woken += 1;
        drop(queue);
        POOL.wake.notify_one();
        return true;
    }
    if queue.threads >= queue.threads_max() {
        return true; // the busy ones will come to it
    }
    queue.threads += 1;
    drop(queue);
    // Counted before it runs, and the lock not held: to make a thread is a system call.
    if std::thread::Builder::new().name("pointsman".to_owned()).spawn(work).is_ok() {
        return true;
    }
    let mut queue = POOL.lock();
    queue.threads -= 1;
    if queue.threads > 0 {
        return true;
    }
    // There is nobody to do it. It is the newest, unless another thread came in between: then that one is refused too.
    queue.requests.pop_back();
    QUEUED.store(queue.requests.len(), Ordering::Relaxed);
    false
}

impl Pool {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn threads_max(&mut self) -> usize {
        if self.threads_max == 0 {
            let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
            self.threads_max = (processors * THREADS_PER_PROCESSOR).clamp(THREADS_MIN, THREADS_MAX);
        }
        self.threads_max
    }
}

fn work() {
    let mut queue = POOL.lock();
    loop {
        if let Some(request) = queue.requests.pop_front() {
            QUEUED.store(queue.requests.len(), Ordering::Relaxed);
            drop(queue);
            request.run();
            drop(request);
            queue = POOL.lock();
            continue;
        }
        // The next request is often there sooner than this thread could sleep and be woken.
        queue.looking += 1;
        drop(queue);
        look_a_while(|| QUEUED.load(Ordering::Relaxed) > 0);
        queue = POOL.lock();
        queue.looking -= 1;
        if !queue.requests.is_empty() {
            continue;
        }
        queue.idle += 1;
        let deadline = Deadline::after_ms(IDLE_MS);
        let mut in_time = true;
        while queue.requests.is_empty() && in_time {
            (queue, in_time) = deadline.wait(&POOL.wake, queue);
            // Told or not: at worst one is told once more.
            queue.woken = queue.woken.saturating_sub(1);
        }
        queue.idle -= 1;
        if queue.requests.is_empty() {
            queue.threads -= 1;
            return;
        }
    }
}
