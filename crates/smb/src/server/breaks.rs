//! [MS-SMB2] 3.3.4.6, 3.3.4.7 and 3.3.6.1: breaks of oplocks and leases, and clients who do not answer them.
use core::time::Duration;
use wire::create::{LeaseKey, LeaseState, OplockLevel};
use wire::oplock_break::{LeaseBreak, LeaseBreakFlags, Notification, OplockBreak};

use super::lease::{BREAK_TIMEOUT, Breaking, Lease, LeaseId};
use super::session::{Session, SessionState};
use super::{ConnectionId, Effect, Held, Open, Server};
use crate::connection::Now;
use crate::store::{Caching, Op, OpenedFile, StoreOpen};

/// The most breaks that are kept for opens not yet told.
const EARLY_BREAKS_MAX: usize = 4096;

/// How long a client's TCP may leave a lease break unacknowledged that could be told on another connection.
const URGENT: Duration = Duration::from_secs(5);

/// How long it may leave a break unacknowledged on the only connection that there is: then the connection ends and what was
/// open on it, as when TCP on Windows has repeated itself five times, before the break's own time (smbtorture
/// smb2.oplock.batch22b).
const ALONE: Duration = Duration::from_secs(21);

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

    /// Time has passed: who did not acknowledge a break loses what it was about, and what nobody came back for is closed.
    pub fn tick(&mut self, now: Now) -> Vec<Effect> {
        let is_late = |breaking: Option<Breaking>| breaking.is_some_and(|one| one.until <= now.monotonic);
        let late: Vec<u64> =
            self.opens.iter().filter(|(_, open)| is_late(open.breaking())).map(|(id, _)| *id).collect();
        for volatile in late {
            if let Some(open) = self.opens.get_mut(&volatile) {
                open.set_breaking(None);
                open.oplock = OplockLevel::NONE;
                give_up(self, volatile);
            }
        }
        let late: Vec<u64> = self
            .leases
            .values_mut()
            .filter(|lease| is_late(lease.breaking))
            .filter_map(|lease| {
                lease.breaking = None;
                lease.state = LeaseState::NONE;
                lease.opens.first().copied()
            })
            .collect();
        late.into_iter().for_each(|volatile| give_up(self, volatile));
        self.scavenge(now);
        self.take_effects()
    }

    /// Enters what an open may cache.
    pub(crate) fn enter_caching(&mut self, now: Now, volatile: u64, opened: &OpenedFile) {
        let caches = opened.caching != Caching::None;
        if caches || self.opens.get(&volatile).is_some_and(|open| open.lease().is_some()) {
            self.by_store.insert(opened.open, volatile);
        }
        if let Some((left, acknowledge)) = self.early_breaks.remove(&opened.open) {
            self.break_open(now, volatile, left, acknowledge);
        }
    }

    /// An open has gone: a lease goes with its last open.
    pub(crate) fn forget_caching(&mut self, open: &Open) {
        if let Held::File(store) = open.held() {
            self.early_breaks.remove(&store);
            let volatile = self.by_store.remove(&store);
            if let Some((id, volatile)) = open.lease().zip(volatile)
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
        let is_waiting = open.is_waiting();
        if let Some(id) = open.lease() {
            let to = match left {
                Caching::Lease(state) => state,
                _ => LeaseState::NONE,
            };
            return self.break_lease(id, Breaking { to, until, told: None }, acknowledge);
        }
        if is_waiting {
            return self.yield_waiting(volatile);
        }
        let level = match left {
            Caching::Oplock(level) => level,
            _ => OplockLevel::NONE,
        };
        let to = if level == OplockLevel::II { LeaseState::READ_CACHING } else { LeaseState::NONE };
        if acknowledge {
            open.set_breaking(Some(Breaking { to, until, told: None }));
        } else {
            open.oplock = level;
        }
        self.tell_oplock(volatile, level);
    }

    /// [MS-SMB2] 3.3.4.6. Windows: The newest channel is told (smbtorture smb2.multichannel.oplocks.test3_windows).
    fn tell_oplock(&mut self, volatile: u64, level: OplockLevel) {
        let Some(open) = self.opens.get(&volatile) else { return };
        let file_id = wire::FileId { persistent: open.persistent(volatile), volatile };
        let Some(session_id) = open.session_id() else { return };
        let notification = Notification::Oplock(OplockBreak { oplock_level: level, file_id });
        let mut channels = self.channels(session_id).rev();
        let (told, elsewhere) = (channels.next(), channels.next().is_some());
        drop(channels);
        let mut within = None;
        if let Some(breaking) = self.opens.get_mut(&volatile).and_then(|open| open.breaking_mut()) {
            breaking.told = told;
            within = Some(ALONE).filter(|_| !elsewhere);
        }
        if let Some(connection) = told {
            self.effects.push(Effect::Notify { connection, session_id, notification, within });
        }
    }

    /// [MS-SMB2] 3.3.4.7
    fn break_lease(&mut self, id: LeaseId, breaking: Breaking, acknowledge: bool) {
        let Some(lease) = self.leases.get_mut(&id) else { return };
        let (waiting, attached): (Vec<u64>, Vec<u64>) = lease
            .opens
            .iter()
            .partition(|volatile| self.opens.get(volatile).is_some_and(|open| open.is_waiting()));
        if attached.is_empty() {
            // Nobody is there who could be told.
            (lease.state, lease.breaking) = (LeaseState::NONE, None);
            waiting.into_iter().for_each(|volatile| self.yield_waiting(volatile));
            return;
        }
        let current_state = lease.state;
        if lease.is_v2 {
            lease.epoch = lease.epoch.wrapping_add(1);
        }
        match acknowledge {
            true => lease.breaking = Some(breaking),
            false => lease.state = breaking.to,
        }
        self.tell_lease(id, current_state, breaking.to, acknowledge);
        if !breaking.to.contains(LeaseState::HANDLE_CACHING) {
            // Without handle caching nobody may come back for them.
            waiting.into_iter().for_each(|volatile| self.close_waiting(volatile));
        }
    }

    /// Tells the client, on one connection after the other until one takes it: the oldest of the client's first, as on Windows
    /// (smbtorture smb2.multichannel.leases.test4 and smb2.lease.v2_complex1). [MS-SMB2] 3.3.4.7
    fn tell_lease(
        &mut self,
        id: LeaseId,
        current_state: LeaseState,
        new_state: LeaseState,
        acknowledge: bool,
    ) {
        let Some(lease) = self.leases.get(&id) else { return };
        let notification = Notification::Lease(LeaseBreak {
            new_epoch: if lease.is_v2 { lease.epoch } else { 0 },
            flags: if acknowledge { LeaseBreakFlags::ACK_REQUIRED } else { LeaseBreakFlags::NONE },
            key: LeaseKey(id.key),
            current_state,
            new_state,
        });
        let told = lease.opens.iter().filter_map(|volatile| self.opens.get(volatile)?.session_id()).next();
        let Some(session_id) = told else { return };
        let limit = if self.channels(session_id).nth(1).is_some() { URGENT } else { ALONE };
        let within = Some(limit).filter(|_| acknowledge);
        let (first, session_id) = match self.oldest_of(id, session_id) {
            Some((connection, session_id)) => (Some(connection), session_id),
            None => (self.channels(session_id).next(), session_id),
        };
        if let Some(breaking) = self.leases.get_mut(&id).and_then(|lease| lease.breaking.as_mut()) {
            breaking.told = first;
        }
        if let Some(connection) = first {
            self.effects.push(Effect::Notify { connection, session_id, notification, within });
        }
    }

    /// The oldest connection on which the lease's client has a session of the user that `session_id` is of, and which: a
    /// client's identifier is no secret, and another user must not be told what this one has to answer.
    fn oldest_of(&self, id: LeaseId, session_id: u64) -> Option<(ConnectionId, u64)> {
        let asked = self.sessions.get(&session_id).filter(|session| !session.is_unauthenticated())?;
        let user = asked.token.as_ref()?.user;
        let same = |session: &Session| {
            session.state == SessionState::Valid
                && !session.is_unauthenticated()
                && (session.encrypt_data || !asked.encrypt_data)
                && session.token.as_ref().is_some_and(|token| token.user == user)
        };
        self.sessions
            .iter()
            .filter(|(_, session)| same(session))
            .flat_map(|(id, session)| session.channels.iter().map(move |(at, channel)| (*at, *id, channel)))
            .filter(|(at, _, channel)| channel.is_bound && self.client_guid(*at).0 == id.client)
            .map(|(at, session, _)| (at, session))
            .min()
    }

    /// The connections that a session is bound to, the oldest first.
    fn channels(&self, session_id: u64) -> impl DoubleEndedIterator<Item = ConnectionId> {
        let channels = self.sessions.get(&session_id).map(|session| &session.channels);
        let bound = channels.into_iter().flatten().filter(|(_, channel)| channel.is_bound);
        bound.map(|(connection, _)| *connection)
    }

    /// A connection ended that a break was told on, and nobody answered: another channel is told. [MS-SMB2] 3.3.4.6 and 3.3.4.7
    pub(super) fn tell_again(&mut self, connection: ConnectionId) {
        let lost = |breaking: Option<Breaking>| breaking.filter(|breaking| breaking.told == Some(connection));
        let oplocks: Vec<(u64, LeaseState)> =
            self.opens.iter().filter_map(|(id, open)| Some((*id, lost(open.breaking())?.to))).collect();
        for (volatile, to) in oplocks {
            let two = to.contains(LeaseState::READ_CACHING);
            self.tell_oplock(volatile, if two { OplockLevel::II } else { OplockLevel::NONE });
        }
        let leases: Vec<_> = self
            .leases
            .iter()
            .filter_map(|(id, lease)| Some((*id, lease.state, lost(lease.breaking)?.to)))
            .collect();
        leases.into_iter().for_each(|(id, state, to)| self.tell_lease(id, state, to, true));
    }

    /// The lease that an answer speaks of.
    pub(crate) fn lease_of(&mut self, id: LeaseId) -> Option<&mut Lease> {
        self.leases.get_mut(&id)
    }
}

/// The client has not answered in time: others wait no longer. [MS-SMB2] 3.3.6.5
fn give_up(server: &mut Server, volatile: u64) {
    let Some(open) = server.opens.get(&volatile) else { return };
    if let Held::File(store) = open.held() {
        let share = open.share;
        server.submit_unheard(share, Op::Acknowledge { open: store, caching: Caching::None });
    }
}
