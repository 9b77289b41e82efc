//! From what a store did to whom it concerns.
use std::collections::VecDeque;
use std::sync::Arc;

use fsa::{Completion, WaitId};
use nt::NtStatus;
use smb::server::{ConnectionId, Effect, ShareId, Ticket};
use smb::store::{Done, Op};

use super::perform::{Performed, perform};
use super::task::addressee;
use super::{Daemon, lock};
use crate::clock::now;

impl Daemon {
    /// Puts an effect into the inbox of its connection, if that still is.
    pub(super) fn mail(&self, effect: Effect) {
        let Some(connection) = addressee(&effect) else { return };
        if let Some(inbox) = lock(&self.inboxes).get(&connection) {
            // The task may be gone before its inbox is: then nobody wants to hear.
            let _ = inbox.mail.send(effect);
        }
    }

    /// Performs an operation here and now; gives what the server makes of it.
    pub(super) fn perform(&self, ticket: Ticket, share: ShareId, op: Op) -> Vec<Effect> {
        let volume = self.served().volumes.get(share.0).cloned().flatten();
        let Some(volume) = volume else {
            let gone = Done::Failed(NtStatus::NETWORK_NAME_DELETED);
            return lock(&self.server).complete(now(), ticket, gone);
        };
        let mut effects = match perform(&volume, op) {
            Performed::Done(done) => lock(&self.server).complete(now(), ticket, done),
            Performed::Waits(wait) => self.wait(ticket, share, wait),
        };
        for completion in volume.take_completions() {
            let Completion::Lock { wait, status, .. } = completion else { continue };
            let done = if status == NtStatus::SUCCESS { Done::Nothing } else { Done::Failed(status) };
            effects.extend(self.awake(share, wait, done));
        }
        effects
    }

    /// Performs an operation on a thread where it may wait.
    pub(super) fn perform_apart(self: Arc<Daemon>, ticket: Ticket, share: ShareId, op: Op) {
        tokio::task::spawn_blocking(move || {
            let effects = self.perform(ticket, share, op);
            self.settle(effects);
        });
    }

    /// Sees to effects away from any task.
    pub(super) fn settle(&self, effects: Vec<Effect>) {
        let mut queue = VecDeque::from(effects);
        while let Some(effect) = queue.pop_front() {
            match effect {
                Effect::Submit { ticket, share, op } => queue.extend(self.perform(ticket, share, op)),
                Effect::CancelOp { ticket } => queue.extend(self.cancel_op(ticket)),
                effect => self.mail(effect),
            }
        }
    }

    /// A request waits in the store.
    fn wait(&self, ticket: Ticket, share: ShareId, wait: WaitId) -> Vec<Effect> {
        let mut waits = lock(&self.waits);
        if let Some(done) = waits.early.remove(&(share, wait)) {
            return lock(&self.server).complete(now(), ticket, done);
        }
        waits.tickets.insert((share, wait), ticket);
        waits.names.insert(ticket, (share, wait));
        lock(&self.server).delayed(ticket)
    }

    /// A request waits no longer.
    fn awake(&self, share: ShareId, wait: WaitId, done: Done) -> Vec<Effect> {
        let mut waits = lock(&self.waits);
        match waits.tickets.remove(&(share, wait)) {
            Some(ticket) => {
                waits.names.remove(&ticket);
                drop(waits);
                lock(&self.server).complete(now(), ticket, done)
            }
            None => {
                waits.early.insert((share, wait), done);
                Vec::new()
            }
        }
    }

    /// Cancels a request that waits in a store.
    pub(super) fn cancel_op(&self, ticket: Ticket) -> Vec<Effect> {
        let mut waits = lock(&self.waits);
        let Some((share, wait)) = waits.names.get(&ticket).copied() else { return Vec::new() };
        let volume = self.served().volumes.get(share.0).cloned().flatten();
        if !volume.is_some_and(|volume| volume.cancel(wait)) {
            return Vec::new();
        }
        waits.names.remove(&ticket);
        waits.tickets.remove(&(share, wait));
        drop(waits);
        lock(&self.server).complete(now(), ticket, Done::Failed(NtStatus::CANCELLED))
    }

    /// A connection has ended.
    pub(super) fn disconnected(&self, connection: ConnectionId) {
        let effects = lock(&self.server).disconnect(connection);
        self.settle(effects);
    }
}
