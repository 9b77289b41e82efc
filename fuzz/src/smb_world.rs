//! The server machine of SMB with its connections and what is behind it: clients that have logged on, and a store that is
//! either the input's invention or an object store on a host in memory.
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use nt::security::{Privileges, Sid, Token};
use nt::{FileTime, NtStatus};
use smb::connection::{Connection, Effect as Local, Interim, Now, Packet};
use smb::server::{
    Authenticated, ConnectionId, Delay, Effect, Identity, Server, ServerConfig, ServerLimits, Share, Ticket,
};
use smb::store::{Done, Op, StoreOpen};
use wire::negotiate::Dialect;
use wire::{Command, Header, HeaderFlags, Response, Subject, netbios};

use crate::smb_bodies::BODIES;
use crate::smb_targets::{config, well_formed};

/// Connections of one client: channels of its session.
pub(crate) const CLIENTS: usize = 2;

/// Opens whose FileId the clients remember.
const FILES_MAX: usize = 8;

/// Answers of one store before what still waits is given up.
const ANSWERS_MAX: usize = 4096;

/// What the input has left.
pub(crate) struct Script<'a>(pub(crate) &'a [u8]);

impl<'a> Script<'a> {
    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    pub(crate) fn bytes(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at_checked(len).unwrap_or((self.0, &[]));
        self.0 = rest;
        taken
    }

    /// One of a list, as the next byte says.
    pub(crate) fn one_of<T: Copy>(&mut self, list: &[T]) -> Option<T> {
        list.get(usize::from(self.byte()) % list.len().max(1)).copied()
    }
}

/// The most steps of one input.
pub(crate) const STEPS_MAX: usize = 64;

/// What a store made of an operation.
pub(crate) enum Outcome {
    /// This.
    Done(Done),
    /// It takes longer, and is asked for again.
    Again(Delay),
    /// It takes longer, and the store will tell.
    Later(Delay),
}

/// What a store has to tell that nobody asked for just now.
pub(crate) enum News {
    /// What became of an operation that took longer.
    Done(Ticket, Done),
    /// An operation that took longer may be tried again.
    Retry(Ticket, Op),
    /// An oplock breaks.
    Broken(StoreOpen, smb::store::Caching, bool),
}

/// What is behind the server.
pub(crate) trait Backing {
    /// Performs an operation.
    fn perform(&mut self, script: &mut Script<'_>, ticket: Ticket, op: &Op) -> Outcome;
    /// What happened meanwhile.
    fn news(&mut self) -> Vec<News>;
    /// Ends an operation that takes longer; false when it does not wait.
    fn cancel(&mut self, ticket: Ticket) -> bool;
}

/// One connection.
pub(crate) struct Client {
    pub(crate) machine: Connection,
    pub(crate) next_message: u64,
    pub(crate) session: u64,
    pub(crate) tree: u32,
    pub(crate) async_id: Option<u64>,
    id: ConnectionId,
    is_connected: bool,
    pub(crate) is_closed: bool,
}

/// Everything.
pub(crate) struct World<'a, B> {
    pub(crate) script: Script<'a>,
    pub(crate) server: Server,
    pub(crate) clients: Vec<Client>,
    pub(crate) asked: VecDeque<(Ticket, Op)>,
    pub(crate) now: Now,
    /// The newest opens, the newest last.
    pub(crate) files: VecDeque<[u8; 16]>,
    pub(crate) backing: B,
    /// Opens that the store gave and did not get back.
    held: BTreeSet<StoreOpen>,
    dialect: Dialect,
    next_connection: u64,
    /// What the pipe or the file answered last, for those who look.
    pub(crate) answered: usize,
}

impl<'a, B: Backing> World<'a, B> {
    pub(crate) fn new(input: &'a [u8], dialect: Dialect, backing: B) -> World<'a, B> {
        let now = Now { monotonic: Duration::from_secs(1), wall: FileTime(1 << 56) };
        let server = ServerConfig {
            connection: Arc::new(config()),
            name: "S".to_owned(),
            shares: vec![Share::disk("d"), Share::ipc()],
            encrypt: false,
            reject_unencrypted: false,
            limits: ServerLimits { opens_per_session: 24, trees_per_session: 8, ..ServerLimits::default() },
            interfaces: Vec::new(),
            first_id: 0x77,
        };
        let mut world = World {
            script: Script(input),
            server: Server::new(Arc::new(server)),
            clients: Vec::new(),
            asked: VecDeque::new(),
            now,
            files: VecDeque::new(),
            backing,
            held: BTreeSet::new(),
            dialect,
            next_connection: 0,
            answered: 0,
        };
        for _ in 0..CLIENTS {
            let client = world.connection();
            world.clients.push(client);
        }
        world
    }

    fn connection(&mut self) -> Client {
        let id = ConnectionId(self.next_connection);
        self.next_connection += 1;
        let [a, b, c, ..] = (id.0 + 1).to_le_bytes();
        Client {
            machine: Connection::new(self.server.config().connection.clone(), self.now, [1; 32], [a, b, c]),
            next_message: 0,
            session: 0,
            tree: 0,
            async_id: None,
            id,
            is_connected: false,
            is_closed: false,
        }
    }

    /// The client comes back on a new connection, if the server has heard that the old one is gone.
    pub(crate) fn reconnect(&mut self, client: usize) {
        self.disconnect(client);
        let fresh = self.connection();
        if let Some(here) = self.clients.get_mut(client) {
            *here = fresh;
        }
        self.log_on(client);
    }

    /// Negotiates, without contexts where there need be none, and logs on.
    pub(crate) fn log_on(&mut self, client: usize) {
        let [low, high] = self.dialect.0.to_le_bytes();
        let mut negotiate = vec![36, 0, 1, 0, 1, 0, 0, 0, 0x7F, 0, 0, 0];
        negotiate.extend([3; 16]);
        if self.dialect == Dialect::SMB_3_1_1 {
            // Two contexts behind the dialect, at a multiple of eight: SHA-512, and the POSIX extensions.
            negotiate.extend([104, 0, 0, 0, 2, 0, 0, 0, low, high, 0, 0]);
            negotiate.extend([1, 0, 6, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]);
            negotiate.extend([0, 1, 16, 0, 0, 0, 0, 0]);
            negotiate.extend(wire::negotiate::POSIX_EXTENSIONS);
        } else {
            negotiate.extend([0; 8]);
            negotiate.extend([low, high]);
        }
        self.send(client, Command::NEGOTIATE, &negotiate, HeaderFlags::NONE);
        for at in [0, 2] {
            if let Some((command, body, _)) = BODIES.get(at) {
                self.send(client, *command, body, HeaderFlags::NONE);
                self.settle();
            }
        }
    }

    /// The FileId of an open, the newest being the first; all ones when there is none.
    pub(crate) fn file(&self, at: usize) -> [u8; 16] {
        let newest_first = self.files.len().checked_sub(1 + at % FILES_MAX);
        newest_first.and_then(|at| self.files.get(at)).copied().unwrap_or([0xFF; 16])
    }

    /// A request alone.
    pub(crate) fn send(&mut self, client: usize, command: Command, body: &[u8], flags: HeaderFlags) {
        self.send_chain(client, &[(command, body.to_vec(), flags)]);
    }

    /// Requests in one message.
    pub(crate) fn send_chain(&mut self, client: usize, parts: &[(Command, Vec<u8>, HeaderFlags)]) {
        let now = self.now;
        let Some(sender) = self.clients.get_mut(client).filter(|client| !client.is_closed) else { return };
        let mut message = Vec::new();
        for (at, (command, body, flags)) in parts.iter().enumerate() {
            let mut header = Header {
                credits: 32,
                credit_charge: 1,
                flags: *flags,
                session_id: sender.session,
                subject: Subject::Sync { reserved: 0, tree_id: sender.tree },
                ..Header::new(*command, sender.next_message)
            };
            if *command == Command::CANCEL {
                // It takes no id of its own: it names what waits, or the newest request.
                header.message_id = sender.next_message.wrapping_sub(1);
                if let Some(async_id) = sender.async_id {
                    header.subject = Subject::Async { async_id };
                }
            } else {
                sender.next_message += 1;
            }
            let mut w = wire::Writer::new();
            header.encode(&mut w);
            let Ok(mut part) = w.finish() else { return };
            part.extend_from_slice(body);
            if at + 1 < parts.len() {
                let Some(padding) = wire::compound::link(&mut part, 0) else { return };
                part.resize(part.len() + padding, 0);
            }
            message.extend(part);
        }
        let Some(frame) = netbios::frame(message.len()) else { return };
        let effects = sender.machine.receive(now, &[&frame[..], &message].concat());
        self.local(client, effects);
    }

    /// The connection is gone, and the server hears of it.
    pub(crate) fn disconnect(&mut self, client: usize) {
        let Some(gone) = self.clients.get_mut(client) else { return };
        gone.is_closed = true;
        let effects = self.server.disconnect(self.now, gone.id);
        self.follow(effects);
    }

    /// Time passes.
    pub(crate) fn pass(&mut self, time: Duration) {
        self.now.monotonic += time;
        let effects = self.server.tick(self.now);
        self.follow(effects);
    }

    /// Answers whatever the store was asked for.
    pub(crate) fn settle(&mut self) {
        // What waits is tried again a few times and then ended by who waits; so this ends.
        for _ in 0..ANSWERS_MAX {
            if !self.answer_next() {
                return;
            }
        }
        while let Some((ticket, op)) = self.asked.pop_front() {
            self.complete(ticket, &op, Done::Failed(NtStatus::CANCELLED));
        }
    }

    /// All clients log on, then a step after another until the input is used up, and then everything ends.
    pub(crate) fn play(mut self, step: impl Fn(&mut World<'a, B>)) {
        for client in 0..CLIENTS {
            self.log_on(client);
        }
        for _ in 0..STEPS_MAX {
            if self.script.0.is_empty() {
                break;
            }
            step(&mut self);
        }
        self.end();
    }

    /// The clients go, time passes, and nothing is left: neither in the server's tables nor of the store's opens.
    pub(crate) fn end(mut self) {
        for client in 0..CLIENTS {
            self.disconnect(client);
        }
        // What waits for an oplock begins to count when the wait before it ends.
        for _ in 0..4 {
            self.settle();
            self.pass(Duration::from_secs(100_000));
        }
        self.settle();
        assert_eq!(self.server.counts(), [0; 4], "something is left in the tables");
        assert_eq!(self.server.lease_count(), 0, "a lease is left");
        assert!(self.held.is_empty(), "an open of the store is left: {:?}", self.held);
    }

    /// Lets the store perform what it was asked for first; false when there is nothing.
    pub(crate) fn answer_next(&mut self) -> bool {
        let Some((ticket, op)) = self.asked.pop_front() else { return false };
        match self.backing.perform(&mut self.script, ticket, &op) {
            Outcome::Done(done) => self.complete(ticket, &op, done),
            Outcome::Again(delay) => {
                let effects = self.server.delayed(ticket, delay);
                self.follow(effects);
                self.asked.push_back((ticket, op));
            }
            Outcome::Later(delay) => {
                let effects = self.server.delayed(ticket, delay);
                self.follow(effects);
            }
        }
        self.tell();
        true
    }

    fn complete(&mut self, ticket: Ticket, op: &Op, done: Done) {
        match (op, &done) {
            (Op::Open(_), Done::Opened(file)) => {
                self.held.insert(file.open);
            }
            (Op::Close { open, .. }, _) => {
                self.held.remove(open);
            }
            _ => {}
        }
        let effects = self.server.complete(self.now, ticket, done);
        self.follow(effects);
    }

    /// The store tells what it has to.
    fn tell(&mut self) {
        loop {
            let news = self.backing.news();
            if news.is_empty() {
                return;
            }
            for item in news {
                match item {
                    News::Done(ticket, done) => {
                        let effects = self.server.complete(self.now, ticket, done);
                        self.follow(effects);
                    }
                    News::Retry(ticket, op) => self.asked.push_back((ticket, op)),
                    News::Broken(open, left, acknowledge) => {
                        let effects = self.server.oplock_broken(self.now, open, left, acknowledge);
                        self.follow(effects);
                    }
                }
            }
        }
    }

    fn local(&mut self, client: usize, effects: Vec<Local>) {
        for effect in effects {
            let Some(here) = self.clients.get_mut(client) else { return };
            match effect {
                Local::Send(packet) => {
                    well_formed(&packet);
                    self.learn(client, &packet);
                }
                Local::Disconnect(fault) => {
                    let _ = fault.to_string();
                    self.disconnect(client);
                }
                Local::Cancel(request) => {
                    let effects = self.server.cancel(here.id, request);
                    self.follow(effects);
                }
                Local::Request(incoming) => {
                    let id = here.id;
                    if let Some(negotiated) = here.machine.negotiated().filter(|_| !here.is_connected) {
                        self.server.connect(id, negotiated.clone());
                        here.is_connected = true;
                    }
                    let effects = self.server.handle(self.now, id, *incoming);
                    self.follow(effects);
                }
            }
        }
    }

    /// What a client learns from an answer: its session, its tree, its newest files, what waits.
    fn learn(&mut self, client: usize, packet: &Packet) {
        let whole = [&packet.head[..], packet.payload.as_slice()].concat();
        let message = whole.get(netbios::FRAME_LEN..).unwrap_or_default();
        let Some(here) = self.clients.get_mut(client) else { return };
        for (header, bytes) in wire::compound::split(message).flatten() {
            if let Subject::Async { async_id } = header.subject {
                here.async_id = Some(async_id).filter(|_| header.status == NtStatus::PENDING);
            }
            match Response::decode(&header, bytes) {
                Ok(Response::SessionSetup(_)) => here.session = header.session_id,
                Ok(Response::TreeConnect(_)) => here.tree = header.tree_id().unwrap_or(0),
                Ok(Response::Create(create)) => {
                    let mut file = [0; 16];
                    let ids =
                        [create.file_id.persistent.to_le_bytes(), create.file_id.volatile.to_le_bytes()];
                    file.iter_mut().zip(ids.concat()).for_each(|(to, from)| *to = from);
                    self.files.push_back(file);
                    if self.files.len() > FILES_MAX {
                        self.files.pop_front();
                    }
                }
                Ok(Response::Ioctl(ioctl)) => self.answered += ioctl.output.len(),
                _ => {}
            }
        }
    }

    pub(crate) fn follow(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            self.follow_one(effect);
        }
    }

    fn follow_one(&mut self, effect: Effect) {
        let now = self.now;
        match effect {
            Effect::Submit { ticket, op, .. } => self.asked.push_back((ticket, op)),
            Effect::CancelOp { ticket } => self.cancel(ticket),
            Effect::Authenticate { ticket, .. } => {
                let step = match self.script.byte() & 7 {
                    1 => Authenticated::Continue { token: vec![1] },
                    2 => Authenticated::Failed { status: NtStatus::LOGON_FAILURE },
                    how => somebody(how, self.dialect == Dialect::SMB_3_1_1),
                };
                let effects = self.server.authenticated(now, ticket, step);
                self.follow(effects);
            }
            Effect::Respond { connection, request, mut answer } => {
                self.at(connection, |client| client.machine.respond(now, request, answer.reply()));
            }
            Effect::Interim { connection, request } => {
                let mut refused = None;
                self.at(connection, |client| match client.machine.interim(request) {
                    Interim::Told(effects) => effects,
                    Interim::Refused(status) => {
                        refused = Some(status);
                        Vec::new()
                    }
                });
                if let Some(status) = refused {
                    let effects = self.server.refuse(connection, request, status);
                    self.follow(effects);
                }
            }
            Effect::Establish { connection, session_id, security } => self.at(connection, |client| {
                client.machine.establish(session_id, *security);
                Vec::new()
            }),
            Effect::Forget { connection, session_id } => self.at(connection, |client| {
                client.machine.forget(session_id);
                Vec::new()
            }),
            Effect::Notify { connection, session_id, notification, .. } => self.at(connection, |client| {
                client.machine.notify(session_id, Response::OplockBreakNotification(notification))
            }),
            Effect::Disconnect { connection } => {
                if let Some(client) = self.place(connection) {
                    self.disconnect(client);
                }
            }
        }
    }

    fn cancel(&mut self, ticket: Ticket) {
        if let Some(at) = self.asked.iter().position(|(asked, _)| *asked == ticket) {
            let op = self.asked.remove(at).map(|(_, op)| op);
            op.iter().for_each(|op| self.complete(ticket, op, Done::Failed(NtStatus::CANCELLED)));
        } else if self.backing.cancel(ticket) {
            let effects = self.server.complete(self.now, ticket, Done::Failed(NtStatus::CANCELLED));
            self.follow(effects);
        }
    }

    fn place(&self, connection: ConnectionId) -> Option<usize> {
        self.clients.iter().position(|client| client.id == connection && !client.is_closed)
    }

    fn at(&mut self, connection: ConnectionId, act: impl FnOnce(&mut Client) -> Vec<Local>) {
        let Some(client) = self.place(connection) else { return };
        if let Some(effects) = self.clients.get_mut(client).map(act) {
            self.local(client, effects);
        }
    }
}

/// Somebody, or a guest, who has no keys: in 3.1.1 anybody else would have to sign.
fn somebody(how: u8, is_guest: bool) -> Authenticated {
    let rid = if how & 4 == 0 { 1000 } else { 1001 };
    let user = Sid::new(5, &[21, 1, 2, 3, rid]).unwrap_or(Sid::EVERYONE);
    let groups = vec![Sid::EVERYONE, Sid::BUILTIN_ADMINISTRATORS];
    let privileges = Privileges::CHANGE_NOTIFY | Privileges::CREATE_SYMBOLIC_LINK;
    let token = Token { user, groups, privileges };
    let identity = Identity { name: "a".to_owned(), token, is_guest, is_anonymous: false, ends: None };
    let session_key = (!is_guest).then(|| vec![7; 16]);
    Authenticated::Done { token: Vec::new(), identity, session_key }
}
