//! From what a store did to whom it concerns.
use std::collections::VecDeque;
use std::sync::Arc;

use fsa::host::linux::{LinuxHost, descriptors_held};
use fsa::{Completion, WaitId};
use nt::NtStatus;
use smb::Data;
use smb::connection::Now;
use smb::server::{ConnectionId, Delay, Effect, ShareId, Ticket};
use smb::store::{Done, Op};

use super::apart::Submitted;
use super::effects::addressee;
use super::{Daemon, Serving, Waiter, buffers, lock};
use crate::clock::{self, now};
use crate::store::{Performed, Store, caching_of, perform, read_at_once};

/// The most effects of an end of a connection that are seen to in its task.
const SETTLED_INLINE_MAX: usize = 64;

/// The longest READ that a task performs itself, when its data are in memory: it takes as long as the rest of its answer.
const AT_ONCE_BYTES_MAX: u32 = 1 << 20;

/// What is seen to away from tasks.
enum Work {
    Effect(Effect),
    /// An operation whose turn it is.
    Begin(Submitted),
}

impl Daemon {
    /// Puts an effect into the inbox of its connection, if that still is.
    pub(super) fn mail(&self, effect: Effect) {
        let Some(connection) = addressee(&effect) else { return };
        if let Some(inbox) = lock(&self.inboxes).all.get(&connection) {
            // The task may be gone before its inbox is: then nobody wants to hear.
            let _ = inbox.mail.send(effect);
        }
    }

    /// Performs an operation here and now; gives what the server makes of it.
    pub(super) fn perform(
        &self,
        serving: &Serving,
        now: Now,
        ticket: Ticket,
        share: ShareId,
        op: Op,
    ) -> Vec<Effect> {
        let Some(store) = serving.store_of(share) else {
            let gone = Done::Failed(NtStatus::NETWORK_NAME_DELETED);
            return lock(&self.server).complete(now, ticket, gone);
        };
        if matches!(op, Op::Open(_)) && !self.may_open(serving, ticket) {
            let refused = Done::Failed(NtStatus::INSUFFICIENT_RESOURCES);
            return lock(&self.server).complete(now, ticket, refused);
        }
        let is_long_write = matches!(op, Op::Write { .. }) && op.may_block();
        let began = is_long_write.then(|| clock::now().monotonic);
        let performed = perform(store, &op);
        if let Some(began) = began {
            self.pace.took(began, clock::now().monotonic);
        }
        self.follow(store, now, performed, Waiter { ticket, share, op })
    }

    /// What the server makes of what became of an operation.
    fn follow(
        &self,
        store: &Store<LinuxHost>,
        now: Now,
        performed: Performed,
        waiter: Waiter,
    ) -> Vec<Effect> {
        let mut effects = match performed {
            Performed::Done(done) => lock(&self.server).complete(now, waiter.ticket, done),
            Performed::Waits(wait, delay) => self.wait(store, wait, delay, waiter),
        };
        effects.extend(self.told(store));
        effects
    }

    /// Performs a long READ here and now, if that needs no wait for a disk; else it is given back.
    pub(super) fn read_at_once(
        &self,
        serving: &Serving,
        now: Now,
        submitted: Submitted,
    ) -> Result<Vec<Effect>, Submitted> {
        let len = match submitted.op {
            Op::Read { len, .. } if submitted.op.may_block() && len <= AT_ONCE_BYTES_MAX => {
                usize::try_from(len).unwrap_or(0)
            }
            _ => return Err(submitted),
        };
        let Some(store) = serving.store_of(submitted.share) else { return Err(submitted) };
        let mut buffer = buffers::take(Data::ROOM + len);
        let performed = read_at_once(store, &submitted.op, &mut buffer);
        buffers::give(buffer);
        let Some(performed) = performed else { return Err(submitted) };
        let (ticket, share, op, _) = submitted.into_parts();
        Ok(self.follow(store, now, performed, Waiter { ticket, share, op }))
    }

    /// Whether there are descriptors for another open of this session: who has many leaves the rest to others.
    fn may_open(&self, serving: &Serving, ticket: Ticket) -> bool {
        let most = serving.served.limits.descriptors_max;
        let left = most.saturating_sub(descriptors_held());
        left > most / 2 || lock(&self.server).opens_beside(ticket) < left
    }

    /// What a store has to tell of requests that waited and of oplocks.
    fn told(&self, store: &Store<LinuxHost>) -> Vec<Effect> {
        let mut effects = Vec::new();
        for completion in store.volume.take_completions() {
            effects.extend(match completion {
                Completion::Lock { wait, status, .. } => {
                    let is_held = status == NtStatus::SUCCESS;
                    let done = if is_held { Done::Nothing } else { Done::Failed(status) };
                    self.awake(store, wait, Some(done))
                }
                Completion::Notify { wait, status, bytes, .. } => {
                    self.awake(store, wait, Some(Done::Output { status, bytes }))
                }
                Completion::Resume { wait } => self.awake(store, wait, None),
                Completion::OplockBreak { open, level, acknowledge, status } => {
                    match status == NtStatus::SUCCESS {
                        true => {
                            let (open, left) = (store.name_of(open), caching_of(level));
                            lock(&self.server).oplock_broken(now(), open, left, acknowledge)
                        }
                        // The oplock went to another open of the client, or was asked for in vain: nobody is told.
                        false => Vec::new(),
                    }
                }
                _ => Vec::new(),
            });
        }
        effects
    }

    /// Performs an operation that was let begin, on a thread where it may wait.
    pub(super) fn perform_apart(self: Arc<Daemon>, submitted: Submitted) {
        tokio::task::spawn_blocking(move || self.see_to(VecDeque::from([Work::Begin(submitted)])));
    }

    /// Sees to effects away from any task.
    pub(super) fn settle(&self, effects: Vec<Effect>) {
        self.see_to(effects.into_iter().map(Work::Effect).collect());
    }

    fn see_to(&self, mut queue: VecDeque<Work>) {
        let serving = self.serving();
        while let Some(work) = queue.pop_front() {
            match work {
                Work::Effect(Effect::Submit { ticket, share, op }) => {
                    let admitted = self.apart.admit(Submitted::new(ticket, share, op), None);
                    admitted.into_iter().for_each(|submitted| queue.push_front(Work::Begin(submitted)));
                }
                Work::Effect(Effect::CancelOp { ticket }) => {
                    queue.extend(self.cancel_op(ticket).into_iter().map(Work::Effect));
                }
                Work::Effect(effect) => self.mail(effect),
                Work::Begin(submitted) => {
                    let under_way = submitted.under_way();
                    let (ticket, share, op, counted) = submitted.into_parts();
                    let effects = self.perform(&serving, now(), ticket, share, op);
                    // Before its task hears of it, which then looks whether it may go on.
                    drop(counted);
                    let next = self.apart.end(under_way);
                    queue.extend(effects.into_iter().map(Work::Effect));
                    queue.extend(next.into_iter().map(Work::Begin));
                }
            }
        }
    }

    /// A request waits in the store.
    fn wait(&self, store: &Store<LinuxHost>, wait: WaitId, delay: Delay, waiter: Waiter) -> Vec<Effect> {
        let name = (store.number, wait);
        let ticket = waiter.ticket;
        let mut waits = lock(&self.waits);
        match waits.early.remove(&name) {
            Some(Some(done)) => {
                drop(waits);
                lock(&self.server).complete(now(), ticket, done)
            }
            Some(None) => {
                drop(waits);
                vec![Effect::Submit { ticket, share: waiter.share, op: waiter.op }]
            }
            None => {
                waits.waiters.insert(name, waiter);
                waits.names.insert(ticket, name);
                drop(waits);
                lock(&self.server).delayed(ticket, delay)
            }
        }
    }

    /// A request waits no longer: it is done, or to be tried again.
    fn awake(&self, store: &Store<LinuxHost>, wait: WaitId, done: Option<Done>) -> Vec<Effect> {
        let name = (store.number, wait);
        let mut waits = lock(&self.waits);
        let Some(Waiter { ticket, share, op }) = waits.waiters.remove(&name) else {
            waits.early.insert(name, done);
            return Vec::new();
        };
        waits.names.remove(&ticket);
        drop(waits);
        match done {
            Some(done) => lock(&self.server).complete(now(), ticket, done),
            None => vec![Effect::Submit { ticket, share, op }],
        }
    }

    /// Cancels a request that waits in a store.
    pub(super) fn cancel_op(&self, ticket: Ticket) -> Vec<Effect> {
        let mut waits = lock(&self.waits);
        let Some(name) = waits.names.get(&ticket).copied() else { return Vec::new() };
        let serving = self.serving();
        let share = waits.waiters.get(&name).map(|waiter| waiter.share);
        let store = share.and_then(|share| serving.store_of(share));
        if !store.is_some_and(|store| store.volume.cancel(name.1)) {
            return Vec::new();
        }
        waits.names.remove(&ticket);
        waits.waiters.remove(&name);
        drop(waits);
        lock(&self.server).complete(now(), ticket, Done::Failed(NtStatus::CANCELLED))
    }

    /// Looks at the clock, for what nobody comes back from.
    pub(super) fn tick(&self) {
        let mut effects = lock(&self.server).tick(now());
        for store in self.serving().stores() {
            // What other processes changed, for those who watch a directory.
            store.volume.hear();
            effects.extend(self.told(store));
        }
        self.settle(effects);
    }

    /// A connection has ended. Its opens close, on a thread of their own when they are many.
    pub(super) fn disconnected(self: Arc<Daemon>, connection: ConnectionId) {
        let effects = lock(&self.server).disconnect(now(), connection);
        match effects.len() > SETTLED_INLINE_MAX {
            true => drop(tokio::task::spawn_blocking(move || self.settle(effects))),
            false => self.settle(effects),
        }
    }
}
