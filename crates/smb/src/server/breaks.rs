//! [MS-SMB2] 3.3.4.6, 3.3.4.7 and 3.3.6.1: breaks of oplocks and leases, and clients who do not answer them.
use wire::create::{LeaseKey, LeaseState, OplockLevel};
use wire::oplock_break::{LeaseBreak, LeaseBreakFlags, Notification, OplockBreak};

use super::lease::{BREAK_TIMEOUT, Breaking, Lease, LeaseId};
use super::{ConnectionId, Effect, Held, Open, Server};
use crate::connection::Now;
use crate::store::{Caching, Op, OpenedFile, StoreOpen};

/// The most breaks that are kept for opens not yet told.
const EARLY_BREAKS_MAX: usize = 4096;

impl Server {
    /// A store says that an open may cache less from now on. With `acknowledge` others wait until the client has agreed.
    pub fn oplock_broken(
        &mut self,
        now: Now,
        open: StoreOpen,
        left: Caching,
        acknowledge: bool,
    ) -> Vec<Effect> {
        match self.by_store.get(&open).copied() {
            Some(volatile) => self.break_open(now, volatile, left, acknowledge),
            None => {
                if self.early_breaks.len() < EARLY_BREAKS_MAX {
                    self.early_breaks.insert(open, (left, acknowledge));
                }
            }
        }
        self.take_effects()
    }

    /// Time has passed: who did not acknowledge a break loses what it was about.
    pub fn tick(&mut self, now: Now) -> Vec<Effect> {
        let is_late = |breaking: &Option<Breaking>| breaking.is_some_and(|one| one.until <= now.monotonic);
        let late: Vec<u64> =
            self.opens.iter().filter(|(_, open)| is_late(&open.breaking)).map(|(id, _)| *id).collect();
        for volatile in late {
            if let Some(open) = self.opens.get_mut(&volatile) {
                open.breaking = None;
                open.oplock = OplockLevel::NONE;
                give_up(self, volatile);
            }
        }
        let late: Vec<u64> = self
            .leases
            .values_mut()
            .filter(|lease| is_late(&lease.breaking))
            .filter_map(|lease| {
                lease.breaking = None;
                lease.state = LeaseState::NONE;
                lease.opens.first().copied()
            })
            .collect();
        late.into_iter().for_each(|volatile| give_up(self, volatile));
        self.take_effects()
    }

    /// Enters what an open may cache.
    pub(crate) fn enter_caching(&mut self, now: Now, volatile: u64, opened: &OpenedFile) {
        self.by_store.insert(opened.open, volatile);
        if let Some((left, acknowledge)) = self.early_breaks.remove(&opened.open) {
            self.break_open(now, volatile, left, acknowledge);
        }
    }

    /// An open has gone: a lease goes with its last open.
    pub(crate) fn forget_caching(&mut self, open: &Open) {
        if let Held::File(store) = open.held {
            self.early_breaks.remove(&store);
            let volatile = self.by_store.remove(&store);
            if let Some((id, volatile)) = open.lease.zip(volatile)
                && let Some(lease) = self.leases.get_mut(&id)
            {
                lease.opens.remove(&volatile);
                if lease.opens.is_empty() {
                    self.leases.remove(&id);
                }
            }
        }
    }

    fn break_open(&mut self, now: Now, volatile: u64, left: Caching, acknowledge: bool) {
        let Some(open) = self.opens.get_mut(&volatile) else { return };
        let until = now.monotonic + BREAK_TIMEOUT;
        if let Some(id) = open.lease {
            let to = match left {
                Caching::Lease(state) => state,
                _ => LeaseState::NONE,
            };
            return self.break_lease(id, Breaking { to, until }, acknowledge);
        }
        let level = match left {
            Caching::Oplock(level) => level,
            _ => OplockLevel::NONE,
        };
        let to = if level == OplockLevel::II { LeaseState::READ_CACHING } else { LeaseState::NONE };
        if acknowledge {
            open.breaking = Some(Breaking { to, until });
        } else {
            open.oplock = level;
        }
        let file_id = wire::FileId { persistent: open.persistent, volatile };
        let (session_id, connection) = (open.session_id, open.connection);
        let notification = Notification::Oplock(OplockBreak { oplock_level: level, file_id });
        self.notify(connection, session_id, notification);
    }

    /// [MS-SMB2] 3.3.4.7
    fn break_lease(&mut self, id: LeaseId, breaking: Breaking, acknowledge: bool) {
        let Some(lease) = self.leases.get_mut(&id) else { return };
        let current_state = lease.state;
        if lease.is_v2 {
            lease.epoch = lease.epoch.wrapping_add(1);
        }
        let flags = if acknowledge { LeaseBreakFlags::ACK_REQUIRED } else { LeaseBreakFlags::NONE };
        match acknowledge {
            true => lease.breaking = Some(breaking),
            false => lease.state = breaking.to,
        }
        let notification = Notification::Lease(LeaseBreak {
            new_epoch: if lease.is_v2 { lease.epoch } else { 0 },
            flags,
            key: LeaseKey(id.key),
            current_state,
            new_state: breaking.to,
        });
        let open = lease.opens.first().and_then(|volatile| self.opens.get(volatile));
        if let Some((session_id, connection)) = open.map(|open| (open.session_id, open.connection)) {
            self.notify(connection, session_id, notification);
        }
    }

    /// Tells the client, on the connection that the open came by or another of its session.
    fn notify(&mut self, connection: ConnectionId, session_id: u64, notification: Notification) {
        let session = self.sessions.get(&session_id);
        let channels = session.map(|session| &session.channels);
        let is_there = channels.is_some_and(|channels| channels.contains_key(&connection));
        let other = channels.and_then(|channels| channels.keys().next().copied());
        let connection = if is_there { Some(connection) } else { other };
        if let Some(connection) = connection {
            self.effects.push(Effect::Notify { connection, session_id, notification });
        }
    }

    /// The lease that an answer speaks of.
    pub(crate) fn lease_of(&mut self, id: LeaseId) -> Option<&mut Lease> {
        self.leases.get_mut(&id)
    }
}

/// The client has not answered in time: others wait no longer. [MS-SMB2] 3.3.6.5
fn give_up(server: &mut Server, volatile: u64) {
    let Some(open) = server.opens.get(&volatile) else { return };
    if let Held::File(store) = open.held {
        let share = open.share;
        server.submit_unheard(share, Op::Acknowledge { open: store, caching: Caching::None });
    }
}
