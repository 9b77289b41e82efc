//! The server machine of SMB behind its connections: requests of clients that have logged on, in any order, with bodies that are right
//! but for a few bytes, and a store that answers anything its contract allows.
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use nt::security::{Privileges, Sid, Token};
use nt::{AccessMask, CreateAction, FileTime, NtStatus};
use smb::connection::{Connection, Effect as Local, Interim, Now};
use smb::server::{
    Authenticated, ConnectionId, Delay, Effect, Identity, Server, ServerConfig, ServerLimits, Share, Ticket,
};
use smb::store::{Caching, Copied, Done, Op, OpenedFile, StoreOpen};
use wire::create::{LeaseState, NetworkAttributes, OplockLevel};
use wire::{Command, Header, HeaderFlags, Response, Subject, netbios};

use crate::smb_targets::{config, well_formed};

/// Connections of one client: channels of its session.
const CLIENTS: usize = 2;

/// The most requests of one input.
const STEPS_MAX: usize = 64;

/// What the input has left.
struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn bytes(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at_checked(len).unwrap_or((self.0, &[]));
        self.0 = rest;
        taken
    }
}

struct Client {
    machine: Connection,
    next_message: u64,
    session: u64,
    tree: u32,
    is_connected: bool,
    is_closed: bool,
}

struct World<'a> {
    script: Script<'a>,
    server: Server,
    clients: Vec<Client>,
    asked: VecDeque<(Ticket, Op)>,
    now: Now,
    next_open: u64,
    last_file: [u8; 16],
}

/// Bodies of requests, each as its client would send it, with the place of its FileId.
const BODIES: &[(Command, &[u8], Option<usize>)] = &[
    (
        Command::SESSION_SETUP,
        &[25, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 88, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9],
        None,
    ),
    (Command::LOGOFF, &[4, 0, 0, 0], None),
    (
        Command::TREE_CONNECT,
        &[9, 0, 0, 0, 72, 0, 10, 0, b'\\', 0, b'\\', 0, b's', 0, b'\\', 0, b'd', 0],
        None,
    ),
    (Command::TREE_DISCONNECT, &[4, 0, 0, 0], None),
    (
        Command::CREATE,
        &[
            57, 0, 0, 9, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 1, 0x1F, 0, 0, 0,
            0, 0, 7, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 120, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, b'f', 0, 0, 0, 0,
            0, 0, 0,
        ],
        None,
    ),
    (Command::CLOSE, &[24, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], Some(8)),
    (Command::FLUSH, &[24, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], Some(8)),
    (
        Command::READ,
        &[
            49, 0, 0x50, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        ],
        Some(16),
    ),
    (
        Command::WRITE,
        &[
            49, 0, 112, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4,
        ],
        Some(16),
    ),
    (
        Command::LOCK,
        &[
            48, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0,
        ],
        Some(8),
    ),
    (
        Command::IOCTL,
        &[
            57, 0, 0, 0, 0xA8, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 120, 0, 0, 0, 8, 0,
            0, 0, 0, 0, 0, 0, 120, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6,
            7, 8,
        ],
        Some(8),
    ),
    (
        Command::QUERY_DIRECTORY,
        &[
            33, 0, 37, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 96, 0, 2, 0, 0, 16, 0,
            0, b'*', 0,
        ],
        Some(8),
    ),
    (
        Command::CHANGE_NOTIFY,
        &[32, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 23, 0, 0, 0, 0, 0, 0, 0],
        Some(8),
    ),
    (
        Command::QUERY_INFO,
        &[
            41, 0, 1, 18, 0, 16, 0, 0, 104, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        ],
        Some(24),
    ),
    (
        Command::SET_INFO,
        &[
            33, 0, 1, 20, 8, 0, 0, 0, 96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 1, 0, 0, 0, 0, 0, 0, 0,
        ],
        Some(16),
    ),
    (
        Command::OPLOCK_BREAK,
        &[24, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        Some(8),
    ),
    (
        Command::OPLOCK_BREAK,
        &[
            36, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0,
        ],
        None,
    ),
    (Command::ECHO, &[4, 0, 0, 0], None),
    (Command::CANCEL, &[4, 0, 0, 0], None),
    // A CREATE with a lease, a durable handle of version 2, maximal access and an on-disk id.
    (
        Command::CREATE,
        &[
            57, 0, 0, 0xFF, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 1, 0x1F, 0, 0,
            0, 0, 0, 7, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 120, 0, 2, 0, 128, 0, 0, 0, 168, 0, 0, 0, b'f', 0,
            0, 0, 0, 0, 0, 0, // RqLs
            56, 0, 0, 0, 16, 0, 4, 0, 0, 0, 24, 0, 32, 0, 0, 0, b'R', b'q', b'L', b's', 0, 0, 0, 0, 1, 1, 1,
            1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0, // DH2Q
            56, 0, 0, 0, 16, 0, 4, 0, 0, 0, 24, 0, 32, 0, 0, 0, b'D', b'H', b'2', b'Q', 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
            2, // MxAc
            32, 0, 0, 0, 16, 0, 4, 0, 0, 0, 24, 0, 0, 0, 0, 0, b'M', b'x', b'A', b'c', 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0, // QFid
            0, 0, 0, 0, 16, 0, 4, 0, 0, 0, 24, 0, 0, 0, 0, 0, b'Q', b'F', b'i', b'd', 0, 0, 0, 0,
        ],
        None,
    ),
];

/// Each record: which client and what for, which request with which changes; answers of the store take bytes in between. Whatever comes, every
/// message to a client is well formed, nothing follows a closed connection, and when the clients are gone and time has passed nothing is
/// left in the tables.
pub fn smb_server(input: &[u8]) {
    let mut world = World::new(input);
    for client in 0..CLIENTS {
        world.log_on(client);
    }
    for _ in 0..STEPS_MAX {
        if world.script.0.is_empty() {
            break;
        }
        world.step();
    }
    for client in 0..CLIENTS {
        world.disconnect(client);
    }
    world.settle();
    world.now.monotonic += Duration::from_secs(100_000);
    let effects = world.server.tick(world.now);
    world.follow(effects);
    world.settle();
    assert_eq!(world.server.counts(), [0; 4], "something is left in the tables");
    assert_eq!(world.server.lease_count(), 0, "a lease is left");
}

impl<'a> World<'a> {
    fn new(input: &'a [u8]) -> World<'a> {
        let now = Now { monotonic: Duration::from_secs(1), wall: FileTime(1 << 56) };
        let offered = Arc::new(config());
        let server = ServerConfig {
            connection: offered.clone(),
            name: "S".to_owned(),
            shares: vec![Share::disk("d"), Share::ipc()],
            encrypt: false,
            reject_unencrypted: false,
            limits: ServerLimits { opens_per_session: 24, trees_per_session: 8, ..ServerLimits::default() },
            interfaces: Vec::new(),
            first_id: 0x77,
        };
        let client = |number| Client {
            machine: Connection::new(offered.clone(), now, [1; 32], [number, 0, 0]),
            next_message: 0,
            session: 0,
            tree: 0,
            is_connected: false,
            is_closed: false,
        };
        World {
            script: Script(input),
            server: Server::new(Arc::new(server)),
            clients: vec![client(1), client(2)],
            asked: VecDeque::new(),
            now,
            next_open: 1,
            last_file: [0xFF; 16],
        }
    }

    /// Negotiates 3.0, which needs no context, and logs on.
    fn log_on(&mut self, client: usize) {
        let mut negotiate = vec![36, 0, 1, 0, 1, 0, 0, 0, 0x7F, 0, 0, 0];
        negotiate.extend([3; 16]);
        negotiate.extend([0; 8]);
        negotiate.extend([0, 3]);
        self.send(client, Command::NEGOTIATE, &negotiate, HeaderFlags::NONE);
        for at in [0, 2] {
            if let Some((command, body, _)) = BODIES.get(at) {
                self.send(client, *command, body, HeaderFlags::NONE);
                self.settle();
            }
        }
    }

    fn step(&mut self) {
        let what = self.script.byte();
        let client = usize::from(what & 1);
        match what >> 1 & 7 {
            0 => {
                if let Some((ticket, op)) = self.asked.pop_front() {
                    self.answer(ticket, &op);
                }
            }
            1 => {
                self.now.monotonic += Duration::from_secs(u64::from(self.script.byte()));
                let effects = self.server.tick(self.now);
                self.follow(effects);
            }
            2 => {
                let open = StoreOpen(u64::from(self.script.byte()) % self.next_open.max(1));
                let left = self.caching();
                let effects = self.server.oplock_broken(self.now, open, left, what & 0x80 != 0);
                self.follow(effects);
            }
            _ => self.request(client, what),
        }
    }

    fn request(&mut self, client: usize, what: u8) {
        let at = usize::from(self.script.byte()) % BODIES.len();
        let Some((command, body, file)) = BODIES.get(at) else { return };
        let mut body = body.to_vec();
        if let Some(place) = file.and_then(|at| body.get_mut(at..at + 16)) {
            place.copy_from_slice(&self.last_file);
        }
        for _ in 0..what >> 4 & 3 {
            let (at, value) = (usize::from(self.script.byte()), self.script.byte());
            let len = body.len();
            if let Some(byte) = body.get_mut(at % len.max(1)) {
                *byte = value;
            }
        }
        if what & 0x40 != 0 {
            let len = usize::from(self.script.byte());
            body.extend_from_slice(self.script.bytes(len));
        }
        let flags = match self.script.byte() & 7 {
            0 => HeaderFlags::REPLAY_OPERATION,
            1 => HeaderFlags::RELATED_OPERATIONS,
            _ => HeaderFlags::NONE,
        };
        self.send(client, *command, &body, flags);
    }

    fn send(&mut self, client: usize, command: Command, body: &[u8], flags: HeaderFlags) {
        let now = self.now;
        let Some(sender) = self.clients.get_mut(client).filter(|client| !client.is_closed) else { return };
        let header = Header {
            credits: 32,
            credit_charge: 1,
            flags,
            session_id: sender.session,
            subject: Subject::Sync { reserved: 0, tree_id: sender.tree },
            ..Header::new(command, sender.next_message)
        };
        if command == Command::CANCEL {
            // It takes no id of its own: it names the newest request.
        } else {
            sender.next_message += 1;
        }
        let mut w = wire::Writer::new();
        header.encode(&mut w);
        let Ok(head) = w.finish() else { return };
        let message = [&head[..], body].concat();
        let Some(frame) = netbios::frame(message.len()) else { return };
        let effects = sender.machine.receive(now, &[&frame[..], &message].concat());
        self.local(client, effects);
    }

    fn disconnect(&mut self, client: usize) {
        if let Some(gone) = self.clients.get_mut(client) {
            gone.is_closed = true;
        }
        let effects = self.server.disconnect(self.now, id_of(client));
        self.follow(effects);
    }

    /// Answers whatever the store was asked for.
    fn settle(&mut self) {
        // What waits is tried again a few times and then ended by who waits; so this ends.
        for _ in 0..4096 {
            let Some((ticket, op)) = self.asked.pop_front() else { return };
            self.answer(ticket, &op);
        }
        while let Some((ticket, _)) = self.asked.pop_front() {
            let effects = self.server.complete(self.now, ticket, Done::Failed(NtStatus::CANCELLED));
            self.follow(effects);
        }
    }

    fn caching(&mut self) -> Caching {
        match self.script.byte() % 6 {
            0 => Caching::Oplock(OplockLevel::II),
            1 => Caching::Oplock(OplockLevel::BATCH),
            2 => Caching::Lease(LeaseState(7)),
            3 => Caching::Lease(LeaseState(1)),
            _ => Caching::None,
        }
    }

    fn answer(&mut self, ticket: Ticket, op: &Op) {
        let how = self.script.byte();
        if how & 0xF0 == 0x10 {
            let delay = if how & 1 == 0 { Delay::Other } else { Delay::Sharing };
            let effects = self.server.delayed(ticket, delay);
            self.follow(effects);
            self.asked.push_back((ticket, op.clone()));
            return;
        }
        let done = match op {
            _ if how & 0xF0 == 0x20 => Done::Failed(NtStatus::ACCESS_DENIED),
            _ if how & 0xF0 == 0x30 => Done::Failed(NtStatus::CANCELLED),
            Op::Open(asked) => {
                if how == 0x41 {
                    Done::Stopped { unparsed_len: 2, reparse_data: vec![0; 12] }
                } else {
                    let open = StoreOpen(self.next_open);
                    self.next_open += 1;
                    let caching = match asked.caching {
                        Caching::None => Caching::None,
                        caching if how & 1 == 0 => caching,
                        _ => Caching::None,
                    };
                    Done::Opened(Box::new(opened(open, caching, how)))
                }
            }
            Op::Describe { open, .. } => Done::Opened(Box::new(opened(*open, Caching::None, how))),
            Op::Close { .. } => Done::Closed((how & 1 == 0).then(NetworkAttributes::default)),
            Op::Read { len, .. } => {
                Done::Data(vec![1; usize::try_from(*len).unwrap_or(0).min(usize::from(how))])
            }
            Op::Copy { .. } => Done::Copied(Copied { chunks: 0, bytes: 0, fault: None }),
            Op::QueryDirectory { .. }
            | Op::QueryFile { .. }
            | Op::QueryEa { .. }
            | Op::QueryVolume { .. }
            | Op::QuerySecurity { .. }
            | Op::FsControl { .. }
            | Op::Notify { .. } => match how & 7 {
                0 => Done::TooSmall(100),
                1 => Done::Output { status: NtStatus::BUFFER_OVERFLOW, bytes: vec![0; 8] },
                _ => Done::Output { status: NtStatus::SUCCESS, bytes: vec![0; usize::from(how & 31)] },
            },
            _ => Done::Nothing,
        };
        let effects = self.server.complete(self.now, ticket, done);
        self.follow(effects);
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
                    here.is_closed = true;
                    let effects = self.server.disconnect(self.now, id_of(client));
                    self.follow(effects);
                }
                Local::Cancel(request) => {
                    let effects = self.server.cancel(id_of(client), request);
                    self.follow(effects);
                }
                Local::Request(incoming) => {
                    if let Some(negotiated) = here.machine.negotiated().filter(|_| !here.is_connected) {
                        self.server.connect(id_of(client), negotiated.clone());
                        here.is_connected = true;
                    }
                    let effects = self.server.handle(self.now, id_of(client), *incoming);
                    self.follow(effects);
                }
            }
        }
    }

    /// What a client learns from an answer: its session, its tree, its newest file.
    fn learn(&mut self, client: usize, packet: &smb::connection::Packet) {
        let whole = [&packet.head[..], &packet.payload].concat();
        let message = whole.get(netbios::FRAME_LEN..).unwrap_or_default();
        let Some(here) = self.clients.get_mut(client) else { return };
        for part in wire::compound::split(message).flatten() {
            let (header, bytes) = part;
            match Response::decode(&header, bytes) {
                Ok(Response::SessionSetup(_)) => here.session = header.session_id,
                Ok(Response::TreeConnect(_)) => here.tree = header.tree_id().unwrap_or(0),
                Ok(Response::Create(create)) => {
                    let ids =
                        [create.file_id.persistent.to_le_bytes(), create.file_id.volatile.to_le_bytes()];
                    self.last_file.iter_mut().zip(ids.concat()).for_each(|(to, from)| *to = from);
                }
                _ => {}
            }
        }
    }

    fn follow(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            self.follow_one(effect);
        }
    }

    fn follow_one(&mut self, effect: Effect) {
        let now = self.now;
        match effect {
            Effect::Submit { ticket, op, .. } => self.asked.push_back((ticket, op)),
            Effect::CancelOp { ticket } => {
                if let Some(at) = self.asked.iter().position(|(asked, _)| *asked == ticket) {
                    self.asked.remove(at);
                    let effects = self.server.complete(now, ticket, Done::Failed(NtStatus::CANCELLED));
                    self.follow(effects);
                }
            }
            Effect::Authenticate { ticket, .. } => {
                let step = match self.script.byte() & 7 {
                    1 => Authenticated::Continue { token: vec![1] },
                    2 => Authenticated::Failed { status: NtStatus::LOGON_FAILURE },
                    how => somebody(how),
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
                let client = usize::try_from(connection.0).unwrap_or(usize::MAX);
                self.disconnect(client);
            }
        }
    }

    fn at(&mut self, connection: ConnectionId, act: impl FnOnce(&mut Client) -> Vec<Local>) {
        let client = usize::try_from(connection.0).unwrap_or(usize::MAX);
        let here = self.clients.get_mut(client).filter(|client| !client.is_closed);
        if let Some(effects) = here.map(act) {
            self.local(client, effects);
        }
    }
}

fn id_of(client: usize) -> ConnectionId {
    ConnectionId(u64::try_from(client).unwrap_or(u64::MAX))
}

fn somebody(how: u8) -> Authenticated {
    let rid = if how & 4 == 0 { 1000 } else { 1001 };
    let user = Sid::new(5, &[21, 1, 2, 3, rid]).unwrap_or(Sid::EVERYONE);
    let token = Token { user, groups: vec![Sid::EVERYONE], privileges: Privileges::CHANGE_NOTIFY };
    let identity = Identity { name: "a".to_owned(), token, is_guest: false, is_anonymous: false, ends: None };
    Authenticated::Done { token: Vec::new(), identity, session_key: Some(vec![7; 16]) }
}

fn opened(open: StoreOpen, caching: Caching, how: u8) -> OpenedFile {
    OpenedFile {
        open,
        action: CreateAction::OPENED,
        attributes: NetworkAttributes::default(),
        granted: AccessMask::FILE_ALL_ACCESS,
        is_directory: how & 2 != 0,
        is_reparse_point: how & 4 != 0,
        file_id: u64::from(how & 3),
        volume_id: 1,
        maximal_access: Some(AccessMask::FILE_ALL_ACCESS),
        path: None,
        posix: None,
        caching,
    }
}
