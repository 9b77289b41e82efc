//! What a task does of what the machine of its connection and the server want done.
use std::sync::Arc;

use nt::NtStatus;
use smb::connection::{Effect as Local, Interim};
use smb::server::{Authenticated, ConnectionId, Effect, ExchangeId, Identity, Ticket};
use smb::store::Done;

use super::apart::Submitted;
use super::lock;
use super::task::Task;
use crate::auth::Step;
use std::sync::atomic::Ordering;

/// Something to be done next.
pub(super) enum Work {
    Local(Local),
    Server(Effect),
}

impl Task {
    /// Does what the server wants done, and what comes of it.
    pub(super) fn begin(&mut self, effect: Effect) {
        self.work.push(Work::Server(effect));
        self.go_through();
    }

    /// Does what the machine of this connection wants done, and what comes of it.
    pub(super) fn begin_local(&mut self, effects: Vec<Local>) {
        self.next_local(effects);
        self.go_through();
    }

    fn go_through(&mut self) {
        while let Some(work) = self.work.pop() {
            match work {
                Work::Local(effect) => self.see_to_local(effect),
                Work::Server(effect) => self.see_to_effect(effect),
            }
        }
    }

    /// What follows from one thing comes before what was asked later.
    fn next_local(&mut self, effects: Vec<Local>) {
        self.work.extend(effects.into_iter().rev().map(Work::Local));
    }

    fn next_effects(&mut self, effects: Vec<Effect>) {
        self.work.extend(effects.into_iter().rev().map(Work::Server));
    }

    fn see_to_local(&mut self, effect: Local) {
        match effect {
            Local::Send(packet) => {
                self.queued += packet.head.len() + packet.payload.len();
                self.packets.push(packet);
            }
            Local::Disconnect(_) => self.is_over = true,
            Local::Cancel(request) => {
                let effects = lock(&self.daemon.server).cancel(self.id, request);
                self.next_effects(effects);
            }
            Local::Request(incoming) => {
                self.requests += 1;
                let mut server = lock(&self.daemon.server);
                if let Some(negotiated) = self.machine.negotiated().filter(|_| !self.is_connected) {
                    server.connect(self.id, negotiated.clone());
                    self.is_connected = true;
                }
                let effects = server.handle(self.now, self.id, *incoming);
                drop(server);
                self.next_effects(effects);
            }
        }
    }

    fn see_to_effect(&mut self, effect: Effect) {
        if addressee(&effect).is_some_and(|connection| connection != self.id) {
            return self.daemon.mail(effect);
        }
        match effect {
            Effect::Respond { request, mut answer, .. } => {
                let effects = self.machine.respond(self.now, request, answer.reply());
                self.next_local(effects);
            }
            Effect::Interim { request, .. } => match self.machine.interim(request) {
                Interim::Told(effects) => self.next_local(effects),
                Interim::Refused(status) => {
                    let effects = lock(&self.daemon.server).refuse(self.id, request, status);
                    self.next_effects(effects);
                }
            },
            Effect::Establish { session_id, security, .. } => self.machine.establish(session_id, *security),
            Effect::Forget { session_id, .. } => self.machine.forget(session_id),
            Effect::Notify { session_id, notification, within, .. } => {
                within.into_iter().for_each(|within| self.is_urgent(within));
                let body = wire::Response::OplockBreakNotification(notification);
                let effects = self.machine.notify(session_id, body);
                self.next_local(effects);
            }
            Effect::Authenticate { ticket, exchange, token, .. } => {
                let effects = self.authenticate(ticket, exchange, &token);
                self.next_effects(effects);
            }
            Effect::Submit { ticket, share, op } => self.submit(Submitted::new(ticket, share, op)),
            Effect::CancelOp { ticket } => {
                let effects = self.daemon.cancel_op(ticket);
                self.next_effects(effects);
            }
            Effect::Disconnect { .. } => self.is_over = true,
        }
    }

    /// Performs an operation: here, on a thread of its own, or when what it must not overtake is done.
    fn submit(&mut self, submitted: Submitted) {
        if submitted.op.brings().is_some() && !self.may_take() {
            self.daemon.traffic.refused.fetch_add(1, Ordering::Relaxed);
            let refused = Done::Failed(NtStatus::INSUFFICIENT_RESOURCES);
            let effects = lock(&self.daemon.server).complete(self.now, submitted.ticket, refused);
            return self.next_effects(effects);
        }
        let submitted = match self.daemon.read_at_once(&self.serving, self.now, submitted) {
            Ok(effects) => return self.next_effects(effects),
            Err(submitted) => submitted,
        };
        if submitted.op.may_block() && self.daemon.pace.takes(&submitted.op, self.now.monotonic) {
            return self.perform(submitted);
        }
        let Some(mut submitted) = self.daemon.apart.admit(submitted, Some(&self.apart)) else { return };
        if submitted.op.may_block() {
            submitted.leave(&self.apart);
            return Arc::clone(&self.daemon).perform_apart(submitted);
        }
        self.perform(submitted);
    }

    fn perform(&mut self, submitted: Submitted) {
        let (ticket, share, op, _) = submitted.into_parts();
        let effects = self.daemon.perform(&self.serving, self.now, ticket, share, op);
        self.next_effects(effects);
    }

    /// Whether there is room for what an operation brings. What the machine holds counts it already.
    fn may_take(&mut self) -> bool {
        self.hold();
        self.holding.may_take(self.limits(), 0)
    }

    fn authenticate(&mut self, ticket: Ticket, id: ExchangeId, token: &[u8]) -> Vec<Effect> {
        let exchange = self.exchanges.entry(id);
        let authenticator = &self.serving.served.authenticator;
        let step = exchange.or_insert_with(|| authenticator.begin(self.peer)).step(token);
        let authenticated = match step {
            Step::Continue { token } => Authenticated::Continue { token },
            Step::Done { token, user, session_key } => {
                let identity = Identity {
                    name: user.name,
                    token: user.token,
                    is_guest: user.is_guest,
                    is_anonymous: user.is_anonymous,
                    ends: user.ends,
                };
                Authenticated::Done { token, identity, session_key }
            }
            Step::Failed { status } => Authenticated::Failed { status },
        };
        if !matches!(authenticated, Authenticated::Continue { .. }) {
            self.exchanges.remove(&id);
        }
        lock(&self.daemon.server).authenticated(self.now, ticket, authenticated)
    }
}

/// The connection whose task must see to an effect; any task can see to the others.
pub(super) fn addressee(effect: &Effect) -> Option<ConnectionId> {
    match effect {
        Effect::Respond { connection, .. }
        | Effect::Interim { connection, .. }
        | Effect::Establish { connection, .. }
        | Effect::Forget { connection, .. }
        | Effect::Notify { connection, .. }
        | Effect::Authenticate { connection, .. }
        | Effect::Disconnect { connection } => Some(*connection),
        Effect::Submit { .. } | Effect::CancelOp { .. } => None,
    }
}
