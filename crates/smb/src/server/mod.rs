//! [MS-SMB2] 3.3: the server's tables: sessions, channels, tree connects, opens; one owner, no I/O.
//!
//! Requests come in from connections, already checked as far as a connection can ([`Incoming`]); what shall be done comes
//! out as [`Effect`]s: operations on a store, tokens to authenticate, answers. What was done comes back by its [`Ticket`].
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use nt::{Guid, NtStatus};
use numbered::Numbered;

mod answer;
mod breaks;
mod durable;
mod effect;
mod lease;
mod lock_sequence;
mod lookup;
mod open;
mod pipe;
mod session;
mod share;
mod snapshot;
mod teardown;

pub use answer::Answer;
pub(crate) use answer::AnswerBody;
pub(crate) use durable::{AppInstance, Kind, Promise, Recall, TIMEOUT_MAX};
pub use effect::{Authenticated, ConnectionId, Effect, ExchangeId, Identity, Ticket};
pub(crate) use lease::{Lease, LeaseId};
pub(crate) use lock_sequence::LockSequence;
pub(crate) use lookup::{Asked, Needs};
pub(crate) use open::{Held, Open};
pub(crate) use pipe::Pipe;
pub(crate) use session::{Session, SessionState, Tree};
pub(crate) use share::may_set;
pub use share::{Share, ShareId, TagPolicy};
pub use snapshot::{CachingView, OpenView, SessionView};
pub(crate) use teardown::Parting;

use crate::connection::{Config, Incoming, Negotiated, Now, RequestId, SessionSecurity};
use crate::ids::{IdMap, trim};
use crate::ops::{self, Flow, Waiting};
use crate::store::{Caching, Done, Op, StoreOpen};

/// How much the tables hold. (Not in the specification.)
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ServerLimits {
    /// Sessions of one connection.
    pub sessions_per_connection: usize,
    /// Tree connects of one session.
    pub trees_per_session: usize,
    /// Channels of one session: connections that it is bound to. Windows has 32.
    pub channels_per_session: usize,
    /// Opens of one session. Windows has 16384 by default.
    pub opens_per_session: usize,
    /// Opens of all sessions, those included that wait for their client. No session has more of them than it leaves.
    pub opens: usize,
    /// Tree connects of all sessions. No session has more of them than it leaves.
    pub trees: usize,
    /// Opens of which it was promised that they outlive their connection. Further ones are opened without the promise.
    pub durable_opens: usize,
    /// How long such an open waits for its client, when the client does not say. [MS-SMB2] 3.3.2.2
    pub durable_timeout: Duration,
    /// How long a session is good for until its user must be authenticated again; `None` for ever. [MS-SMB2] 3.3.1.8
    /// Session.ExpirationTime
    pub session_lifetime: Option<Duration>,
}

impl Default for ServerLimits {
    fn default() -> ServerLimits {
        ServerLimits {
            sessions_per_connection: 256,
            trees_per_session: 1024,
            channels_per_session: 32,
            opens_per_session: 65_536,
            opens: 1 << 20,
            trees: 1 << 20,
            durable_opens: 65_536,
            durable_timeout: Duration::from_secs(120),
            session_lifetime: None,
        }
    }
}

/// What a server is.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// What its connections offer.
    pub connection: Arc<Config>,
    /// Its name, as clients may ask for it.
    pub name: String,
    /// The shares; a [`ShareId`] is a place in this list.
    pub shares: Vec<Share>,
    /// EncryptData: every session that can must encrypt.
    pub encrypt: bool,
    /// RejectUnencryptedAccess: who cannot encrypt is not let in where encryption is demanded.
    pub reject_unencrypted: bool,
    /// How much the tables hold.
    pub limits: ServerLimits,
    /// The addresses clients may use, for FSCTL_QUERY_NETWORK_INTERFACE_INFO, until others are told
    /// ([`Server::set_interfaces`]).
    pub interfaces: Vec<wire::ioctl::NetworkInterface>,
    /// From where ids are counted: chance, so that those of an earlier run are not met again.
    pub first_id: u64,
}

/// A connection as the tables know it.
#[derive(Debug)]
pub(crate) struct Linked {
    pub(crate) negotiated: Arc<Negotiated>,
    pub(crate) sessions: BTreeSet<u64>,
    /// Its requests that wait for something.
    pub(crate) requests: IdMap<RequestId, Ticket>,
}

/// A request that waits for something.
#[derive(Debug)]
struct Parked {
    asked: Option<Asked>,
    waiting: Waiting,
    interim: bool,
    /// It may not wait: with this it fails when the store has let go of it.
    refused: Option<NtStatus>,
}

/// Why an operation takes longer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Delay {
    /// An open waits for another client to close what it is not shared with.
    Sharing,
    /// Something else.
    Other,
}

/// The server.
#[derive(Debug)]
pub struct Server {
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) connections: IdMap<ConnectionId, Linked>,
    pub(crate) sessions: BTreeMap<u64, Session>,
    pub(crate) opens: Numbered<Open>,
    /// Opens that cache something, by what their store calls them: it is the store that says when they must not.
    pub(crate) by_store: BTreeMap<StoreOpen, u64>,
    pub(crate) leases: BTreeMap<LeaseId, Lease>,
    /// Pipes, by the session that opened them.
    pub(crate) pipes: BTreeSet<(u64, u64)>,
    /// Opens of which something is promised, by their persistent ids.
    promised: BTreeMap<u64, u64>,
    /// Opens by the client that made them and its CreateGuid.
    created: BTreeSet<([u8; 16], [u8; 16], u64)>,
    /// Opens by the instance of the application that made them.
    app_instances: BTreeSet<([u8; 16], u64)>,
    /// CREATEs under way, by their client and CreateGuid.
    creating: BTreeMap<([u8; 16], [u8; 16]), Ticket>,
    /// Breaks of opens whose making is not told yet.
    early_breaks: BTreeMap<StoreOpen, (Caching, bool)>,
    parked: IdMap<Ticket, Parked>,
    next_ticket: u64,
    next_id: u64,
    next_session: u32,
    pub(crate) interfaces: Vec<wire::ioctl::NetworkInterface>,
    /// Tree connects of all sessions.
    pub(crate) tree_count: usize,
    pub(crate) effects: Vec<Effect>,
}

impl Server {
    /// A server without connections.
    pub fn new(config: Arc<ServerConfig>) -> Server {
        let next_id = config.first_id;
        let [a, b, c, d, ..] = next_id.to_le_bytes();
        Server {
            interfaces: config.interfaces.clone(),
            config,
            connections: IdMap::default(),
            sessions: BTreeMap::new(),
            opens: Numbered::default(),
            by_store: BTreeMap::new(),
            leases: BTreeMap::new(),
            pipes: BTreeSet::new(),
            promised: BTreeMap::new(),
            created: BTreeSet::new(),
            app_instances: BTreeSet::new(),
            creating: BTreeMap::new(),
            early_breaks: BTreeMap::new(),
            parked: IdMap::default(),
            next_ticket: 1,
            next_id,
            next_session: u32::from_le_bytes([a, b, c, d]),
            tree_count: 0,
            effects: Vec::new(),
        }
    }

    /// What the server is.
    pub fn config(&self) -> &Arc<ServerConfig> {
        &self.config
    }

    /// Replaces what the server is; who is connected stays. Shares keep their places: those no longer there must not be
    /// taken out of the list but be renamed or emptied by the caller.
    pub fn reconfigure(&mut self, config: Arc<ServerConfig>) {
        self.config = config;
    }

    /// The addresses that clients may use from now on. [MS-SMB2] 3.3.5.15.11
    pub fn set_interfaces(&mut self, interfaces: Vec<wire::ioctl::NetworkInterface>) {
        self.interfaces = interfaces;
    }

    /// Sessions, tree connects, opens and parked requests there are.
    pub fn counts(&self) -> [usize; 4] {
        [self.sessions.len(), self.tree_count, self.opens.len(), self.parked.len()]
    }

    /// How many opens the session has that a request under way is of.
    pub fn opens_beside(&self, ticket: Ticket) -> usize {
        let asked = self.parked.get(&ticket).and_then(|parked| parked.asked.as_ref());
        let session = asked.and_then(|asked| self.sessions.get(&asked.session_id));
        session.map_or(0, |session| session.opens.len())
    }

    /// A connection has settled its dialect.
    pub fn connect(&mut self, connection: ConnectionId, negotiated: Negotiated) {
        let linked = Linked {
            negotiated: Arc::new(negotiated),
            sessions: BTreeSet::new(),
            requests: IdMap::default(),
        };
        self.connections.insert(connection, linked);
    }

    /// A request of a connection.
    pub fn handle(&mut self, now: Now, connection: ConnectionId, incoming: Incoming) -> Vec<Effect> {
        let (asked, flow) = ops::start(self, now, connection, incoming);
        match flow {
            Ok(flow) => self.follow(asked, flow),
            Err(status) => {
                let answer = self.refusal(&asked, status);
                self.respond(&asked, Box::new(answer));
            }
        }
        self.take_effects()
    }

    /// A request in the name of a session that is not of this connection is refused in that session's name, if it is signed.
    /// [MS-SMB2] 3.3.4.1.1
    fn refusal(&self, asked: &Asked, status: NtStatus) -> Answer {
        let mut answer = Answer::error(status);
        if status == NtStatus::USER_SESSION_DELETED && asked.flags.contains(wire::HeaderFlags::SIGNED) {
            let key = self.sessions.get(&asked.session_id).and_then(|session| session.signing.clone());
            answer.signed_by = key.map(SessionSecurity::signer);
        }
        answer
    }

    /// A CANCEL of a connection. [MS-SMB2] 3.3.5.16
    pub fn cancel(&mut self, connection: ConnectionId, request: RequestId) -> Vec<Effect> {
        if let Some(ticket) = self.ticket_of(connection, request) {
            self.cancel_ticket(ticket);
        }
        self.take_effects()
    }

    /// A request cannot be answered later: the store shall let go of it, and it fails with this status.
    pub fn refuse(&mut self, connection: ConnectionId, request: RequestId, status: NtStatus) -> Vec<Effect> {
        if let Some(ticket) = self.ticket_of(connection, request) {
            if let Some(parked) = self.parked.get_mut(&ticket) {
                parked.refused = Some(status);
            }
            self.cancel_ticket(ticket);
        }
        self.take_effects()
    }

    /// What a store did.
    pub fn complete(&mut self, now: Now, ticket: Ticket, done: Done) -> Vec<Effect> {
        // A close that nobody waits for has no fault anybody could hear of.
        if let Some(Parked { asked: Some(asked), waiting, refused, .. }) = self.unpark(ticket) {
            let done = match (refused, done) {
                (Some(status), Done::Failed(NtStatus::CANCELLED)) => Done::Failed(status),
                (_, done) => done,
            };
            match ops::finish(self, now, &asked, waiting, done) {
                Ok(flow) => self.follow(asked, flow),
                Err(status) => self.respond(&asked, Box::new(Answer::error(status))),
            }
        }
        self.take_effects()
    }

    /// What authentication came to.
    pub fn authenticated(&mut self, now: Now, ticket: Ticket, step: Authenticated) -> Vec<Effect> {
        if let Some(Parked { asked: Some(asked), waiting, .. }) = self.unpark(ticket) {
            match ops::session_setup::authenticated(self, now, &asked, waiting, step) {
                Ok(answer) => self.respond(&asked, Box::new(answer)),
                Err(status) => self.respond(&asked, Box::new(Answer::error(status))),
            }
        }
        self.take_effects()
    }

    /// An operation takes longer: the client is told to wait. [MS-SMB2] 3.3.4.2
    pub fn delayed(&mut self, ticket: Ticket, delay: Delay) -> Vec<Effect> {
        self.mark_creating(ticket, delay == Delay::Other);
        if let Some(parked) = self.parked.get_mut(&ticket)
            && let Some(asked) = parked.asked.as_ref().filter(|_| !parked.interim)
        {
            parked.interim = true;
            let (connection, request) = (asked.connection, asked.request);
            self.effects.push(Effect::Interim { connection, request });
        }
        self.take_effects()
    }

    fn follow(&mut self, asked: Asked, flow: Flow) {
        match flow {
            Flow::Answer(answer) => self.respond(&asked, answer),
            Flow::Submit(share, op, waiting) => {
                let ticket = self.park(Some(asked), waiting);
                self.effects.push(Effect::Submit { ticket, share, op });
            }
            Flow::Authenticate(exchange, token, waiting) => {
                let connection = asked.connection;
                let ticket = self.park(Some(asked), waiting);
                self.effects.push(Effect::Authenticate { ticket, connection, exchange, token });
            }
            Flow::Disconnect => self.effects.push(Effect::Disconnect { connection: asked.connection }),
        }
    }

    pub(crate) fn respond(&mut self, asked: &Asked, mut answer: Box<Answer>) {
        self.uncount(asked);
        answer.seal |= asked.seal;
        // A request that failed leaves the open that it named to the related requests behind it.
        answer.file_id = answer.file_id.or(asked.used);
        let (connection, request) = (asked.connection, asked.request);
        self.effects.push(Effect::Respond { connection, request, answer });
    }

    /// An operation whose outcome nobody waits for.
    pub(crate) fn submit_unheard(&mut self, share: ShareId, op: Op) {
        let ticket = self.park(None, Waiting::Nobody);
        self.effects.push(Effect::Submit { ticket, share, op });
    }

    /// Enters a CREATE that is under way, or takes it out: Windows does not know one that waits since it would violate
    /// sharing (smbtorture smb2.replay.dhv2-pending1n-vs-violation-lease-close-windows).
    fn mark_creating(&mut self, ticket: Ticket, is_known: bool) {
        let key = self.parked.get(&ticket).and_then(|parked| parked.waiting.create_guid());
        let Some((client, guid)) = key.map(|(client, guid)| (client.0, guid.0)) else { return };
        match is_known {
            true => {
                self.creating.insert((client, guid), ticket);
            }
            false => self.forget_creating(client, guid, ticket),
        }
    }

    fn forget_creating(&mut self, client: [u8; 16], guid: [u8; 16], ticket: Ticket) {
        if self.creating.get(&(client, guid)) == Some(&ticket) {
            self.creating.remove(&(client, guid));
        }
    }

    /// True while a CREATE of this client with this CreateGuid is under way.
    pub(crate) fn is_creating(&self, client: Guid, create_guid: Guid) -> bool {
        self.creating.contains_key(&(client.0, create_guid.0))
    }

    fn ticket_of(&self, connection: ConnectionId, request: RequestId) -> Option<Ticket> {
        self.connections.get(&connection)?.requests.get(&request).copied()
    }

    fn park(&mut self, asked: Option<Asked>, waiting: Waiting) -> Ticket {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        let linked = asked.as_ref().and_then(|asked| self.connections.get_mut(&asked.connection));
        if let Some((linked, asked)) = linked.zip(asked.as_ref()) {
            linked.requests.insert(asked.request, ticket);
        }
        self.parked.insert(ticket, Parked { asked, waiting, interim: false, refused: None });
        self.mark_creating(ticket, true);
        ticket
    }

    fn unpark(&mut self, ticket: Ticket) -> Option<Parked> {
        let parked = self.parked.remove(&ticket)?;
        trim(&mut self.parked);
        if let Some(asked) = &parked.asked
            && let Some(linked) = self.connections.get_mut(&asked.connection)
        {
            linked.requests.remove(&asked.request);
            trim(&mut linked.requests);
        }
        if let Some((client, guid)) = parked.waiting.create_guid() {
            self.forget_creating(client.0, guid.0, ticket);
        }
        Some(parked)
    }

    fn cancel_ticket(&mut self, ticket: Ticket) {
        self.effects.push(Effect::CancelOp { ticket });
    }

    /// An id that this run of the server has not given.
    pub(crate) fn new_id(&mut self) -> u64 {
        loop {
            self.next_id = self.next_id.wrapping_add(1);
            // Neither means an id: 0 asks for a new session, all ones for the file of the request before.
            if self.next_id != 0 && self.next_id != u64::MAX {
                return self.next_id;
            }
        }
    }

    /// SessionId: in 32 bits, which is all that some clients keep of it (smbtorture smb2.session-id).
    pub(crate) fn new_session_id(&mut self) -> u64 {
        loop {
            self.next_session = self.next_session.wrapping_add(1);
            let id = u64::from(self.next_session);
            if id != 0 && !self.sessions.contains_key(&id) {
                return id;
            }
        }
    }

    pub(crate) fn negotiated(&self, connection: ConnectionId) -> Result<Arc<Negotiated>, NtStatus> {
        let linked = self.connections.get(&connection).ok_or(NtStatus::USER_SESSION_DELETED)?;
        Ok(linked.negotiated.clone())
    }

    pub(crate) fn share(&self, id: ShareId) -> Option<&Share> {
        self.config.shares.get(id.0)
    }

    /// The GUID of the client on a connection.
    pub(crate) fn client_guid(&self, connection: ConnectionId) -> Guid {
        self.connections.get(&connection).map_or(Guid::NIL, |linked| linked.negotiated.client_guid)
    }

    fn take_effects(&mut self) -> Vec<Effect> {
        core::mem::take(&mut self.effects)
    }
}
