//! A server, a store and clients without sockets or clock, and wires between them that can be cut.
#![allow(dead_code, unreachable_pub)] // each test file uses its part
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test that is wrong shall panic
pub mod shelf;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use nt::security::{Privileges, Sid, Token};
use nt::{AccessMask, CreateDisposition, CreateOptions, FileTime, Guid, NtStatus, ShareAccess, Utf16};
pub use requests::{close, setup, tree};
use smb::connection::{Connection, Effect as Local, Interim, Now};
use smb::server::{
    Authenticated, ConnectionId, Effect, Identity, Server, ServerConfig, ServerLimits, Share, ShareId, Ticket,
};
use smb::store::{Done, Op};
use wire::create::{
    self, Context, ImpersonationLevel, Lease, LeaseKey, LeaseState, LeaseV2, OplockLevel, RequestContext,
};
use wire::negotiate::Dialect;
use wire::{Command, FileId, Header, HeaderFlags, Request, Response, Subject, compound};

use crate::client;
use shelf::{Outcome, Shelf};

/// The end of a connection at the server.
struct Wire {
    machine: Connection,
    is_linked: bool,
    /// What was sent to the client, without frames.
    sent: Vec<Vec<u8>>,
}

pub struct World {
    pub server: Server,
    pub shelf: Shelf,
    wires: BTreeMap<ConnectionId, Wire>,
    waiting: Vec<(Ticket, ShareId, Op)>,
    seconds: u64,
    next_connection: u64,
}

impl World {
    pub fn new(limits: ServerLimits) -> World {
        let mut connection = client::config();
        connection.async_max = 64;
        let config = ServerConfig {
            connection: Arc::new(connection),
            name: "SERVER".to_owned(),
            shares: vec![Share::disk("share"), Share::disk("other")],
            encrypt: false,
            reject_unencrypted: false,
            limits,
            interfaces: Vec::new(),
            first_id: 0x1000,
        };
        World {
            server: Server::new(Arc::new(config)),
            shelf: Shelf::default(),
            wires: BTreeMap::new(),
            waiting: Vec::new(),
            seconds: 1000,
            next_connection: 1,
        }
    }

    pub fn now(&self) -> Now {
        Now { monotonic: Duration::from_secs(self.seconds), wall: FileTime(133_000_000_000_000_000) }
    }

    /// Time passes, and the server looks at the clock once a second as the daemon lets it.
    pub fn pass(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.seconds += 1;
            let effects = self.server.tick(self.now());
            self.settle(effects);
        }
    }

    /// The connection is cut, and the server hears of it.
    pub fn cut(&mut self, id: ConnectionId) {
        self.wires.remove(&id);
        let effects = self.server.disconnect(self.now(), id);
        self.settle(effects);
    }

    fn receive(&mut self, id: ConnectionId, message: &[u8]) {
        let now = self.now();
        let Some(wire) = self.wires.get_mut(&id) else { return };
        let effects = wire.machine.receive(now, &client::frame(message));
        self.local(id, effects);
    }

    fn local(&mut self, id: ConnectionId, effects: Vec<Local>) {
        for effect in effects {
            match effect {
                Local::Send(packet) => {
                    let bytes = client::unframed(&packet);
                    if let Some(wire) = self.wires.get_mut(&id) {
                        wire.sent.push(bytes);
                    }
                }
                Local::Request(incoming) => {
                    let wire = self.wires.get_mut(&id).unwrap();
                    if !wire.is_linked {
                        wire.is_linked = true;
                        self.server.connect(id, wire.machine.negotiated().unwrap().clone());
                    }
                    let effects = self.server.handle(self.now(), id, *incoming);
                    self.settle(effects);
                }
                Local::Cancel(request) => {
                    let effects = self.server.cancel(id, request);
                    self.settle(effects);
                }
                Local::Disconnect(fault) => panic!("the connection ended: {fault}"),
            }
        }
    }

    fn settle(&mut self, effects: Vec<Effect>) {
        let mut queue = VecDeque::from(effects);
        while let Some(effect) = queue.pop_front() {
            queue.extend(self.effect(effect));
            for (open, left, acknowledge) in std::mem::take(&mut self.shelf.breaks) {
                queue.extend(self.server.oplock_broken(self.now(), open, left, acknowledge));
            }
            if std::mem::take(&mut self.shelf.has_moved) {
                let again = std::mem::take(&mut self.waiting);
                queue.extend(again.into_iter().map(|(ticket, share, op)| Effect::Submit {
                    ticket,
                    share,
                    op,
                }));
            }
        }
    }

    fn effect(&mut self, effect: Effect) -> Vec<Effect> {
        let now = self.now();
        match effect {
            Effect::Submit { ticket, share, op } => match self.shelf.perform(&op) {
                Outcome::Done(done) => self.server.complete(now, ticket, done),
                Outcome::Waits(delay) => {
                    self.waiting.push((ticket, share, op));
                    self.server.delayed(ticket, delay)
                }
            },
            Effect::CancelOp { ticket } => {
                let count = self.waiting.len();
                self.waiting.retain(|(waiting, ..)| *waiting != ticket);
                match self.waiting.len() < count {
                    true => self.server.complete(now, ticket, Done::Failed(NtStatus::CANCELLED)),
                    false => Vec::new(),
                }
            }
            Effect::Authenticate { ticket, token, .. } => {
                let name = String::from_utf8(token).unwrap();
                let rid = name.bytes().map(u32::from).sum();
                let identity = Identity {
                    token: Token {
                        user: Sid::new(5, &[21, 1, 2, 3, rid]).unwrap(),
                        groups: vec![Sid::EVERYONE],
                        privileges: Privileges::NONE,
                    },
                    is_guest: name.starts_with("guest"),
                    is_anonymous: false,
                    ends: None,
                    name,
                };
                let session_key = Some(vec![7; 16]).filter(|_| !identity.is_guest);
                let done = Authenticated::Done { token: Vec::new(), identity, session_key };
                self.server.authenticated(now, ticket, done)
            }
            Effect::Respond { connection, request, mut answer } => {
                self.at(connection, |machine| machine.respond(now, request, answer.reply()))
            }
            Effect::Interim { connection, request } => {
                self.at(connection, |machine| match machine.interim(request) {
                    Interim::Told(effects) => effects,
                    Interim::Refused(status) => panic!("{status}"),
                })
            }
            Effect::Establish { connection, session_id, security } => self.at(connection, |machine| {
                machine.establish(session_id, *security);
                Vec::new()
            }),
            Effect::Forget { connection, session_id } => self.at(connection, |machine| {
                machine.forget(session_id);
                Vec::new()
            }),
            Effect::Notify { connection, session_id, notification, .. } => self.at(connection, |machine| {
                machine.notify(session_id, Response::OplockBreakNotification(notification))
            }),
            Effect::Disconnect { connection } => panic!("{connection:?} shall be closed"),
        }
    }

    fn at(&mut self, id: ConnectionId, act: impl FnOnce(&mut Connection) -> Vec<Local>) -> Vec<Effect> {
        if let Some(wire) = self.wires.get_mut(&id) {
            let effects = act(&mut wire.machine);
            self.local(id, effects);
        }
        Vec::new()
    }
}

/// A client, or one of its channels.
pub struct Client {
    pub id: ConnectionId,
    pub guid: Guid,
    pub session_id: u64,
    pub tree_id: u32,
    pub channel_sequence: u16,
    message_id: u64,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answered {
    pub header: Header,
    bytes: Vec<u8>,
}

impl Answered {
    pub fn status(&self) -> NtStatus {
        self.header.status
    }

    /// The answer of a CREATE that succeeded.
    pub fn created(&self) -> create::Response<'_> {
        match Response::decode(&self.header, &self.bytes).unwrap() {
            Response::Create(created) => created,
            other => panic!("{:?}: {other:?}", self.status()),
        }
    }

    pub fn contexts(&self) -> Vec<create::ResponseContext<'static>> {
        let contexts = self.created().contexts;
        let owned = contexts.iter().map(|context| match create::ResponseContext::decode(context).unwrap() {
            create::ResponseContext::Durable => create::ResponseContext::Durable,
            create::ResponseContext::DurableV2(v2) => create::ResponseContext::DurableV2(v2),
            create::ResponseContext::Lease(lease) => create::ResponseContext::Lease(lease),
            create::ResponseContext::LeaseV2(lease) => create::ResponseContext::LeaseV2(lease),
            other => panic!("{other:?}"),
        });
        owned.collect()
    }
}

impl Client {
    /// A connection with a dialect settled.
    pub fn connect(world: &mut World, guid: u8, dialect: Dialect) -> Client {
        let id = ConnectionId(world.next_connection);
        world.next_connection += 1;
        let config = world.server.config().connection.clone();
        let [a, b, c, ..] = id.0.to_le_bytes();
        let machine = Connection::new(config, world.now(), [0xAB; 32], [a, b, c]);
        world.wires.insert(id, Wire { machine, is_linked: false, sent: Vec::new() });
        let guid = Guid([guid; 16]);
        let mut client = Client { id, guid, session_id: 0, tree_id: 0, channel_sequence: 0, message_id: 0 };
        let contexts = if dialect == Dialect::SMB_3_1_1 { client::contexts_3_1_1() } else { Vec::new() };
        let Request::Negotiate(request) = client::negotiate_request(&[dialect], contexts) else {
            unreachable!()
        };
        let request = wire::negotiate::Request { client_guid: guid, ..request };
        assert_eq!(client.ask(world, &Request::Negotiate(request)).status(), NtStatus::SUCCESS);
        client
    }

    /// A client of the share.
    pub fn ready(world: &mut World, guid: u8, dialect: Dialect, user: &str) -> Client {
        let mut client = Client::connect(world, guid, dialect);
        client.logon(world, user, 0);
        client.tree(world, "share");
        client
    }

    pub fn logon(&mut self, world: &mut World, user: &str, previous: u64) -> Answered {
        let answered = self.ask(world, &setup(user, previous));
        assert_eq!(answered.status(), NtStatus::SUCCESS);
        self.session_id = answered.header.session_id;
        answered
    }

    pub fn tree(&mut self, world: &mut World, share: &str) {
        let answered = self.ask(world, &tree(share));
        assert_eq!(answered.status(), NtStatus::SUCCESS);
        self.tree_id = answered.header.tree_id().unwrap();
    }

    /// Sends a request and gives the last answer there is by now: that of a request that waits says so.
    pub fn ask(&mut self, world: &mut World, request: &Request<'_>) -> Answered {
        self.ask_with(world, HeaderFlags::NONE, request)
    }

    /// The same again, as a replay.
    pub fn replay(&mut self, world: &mut World, request: &Request<'_>) -> Answered {
        self.ask_with(world, HeaderFlags::REPLAY_OPERATION, request)
    }

    fn ask_with(&mut self, world: &mut World, flags: HeaderFlags, request: &Request<'_>) -> Answered {
        let id = self.send(world, flags, request);
        self.answer(world, id).unwrap_or_else(|| panic!("no answer to {:?}", request.command()))
    }

    /// Sends a request; its answer is looked for by the id.
    pub fn send(&mut self, world: &mut World, flags: HeaderFlags, request: &Request<'_>) -> u64 {
        let id = self.message_id;
        self.message_id += 1;
        let subject = Subject::Sync { reserved: 0, tree_id: self.tree_id };
        let status = NtStatus(self.channel_sequence.into());
        let header = Header {
            credits: 8,
            status,
            flags,
            subject,
            session_id: self.session_id,
            ..Header::new(request.command(), id)
        };
        world.receive(self.id, &client::message(&header, request));
        id
    }

    /// The last answer to a request.
    pub fn answer(&self, world: &World, id: u64) -> Option<Answered> {
        let sent = world.wires.get(&self.id)?.sent.iter();
        let parts = sent.flat_map(|bytes| compound::split(bytes).map(Result::unwrap));
        parts
            .filter(|(header, _)| header.message_id == id)
            .map(|(header, bytes)| Answered { header, bytes: bytes.to_vec() })
            .last()
    }

    /// How many breaks this client was told.
    pub fn breaks(&self, world: &World) -> usize {
        let Some(wire) = world.wires.get(&self.id) else { return 0 };
        let parts = wire.sent.iter().flat_map(|bytes| compound::split(bytes).map(Result::unwrap));
        parts.filter(|(header, _)| header.command == Command::OPLOCK_BREAK).count()
    }
}

/// A CREATE that opens or makes a file, sharing nothing.
pub fn create<'a>(name: &str, level: OplockLevel, contexts: &[RequestContext<'a>]) -> create::Request<'a> {
    let contexts: Vec<Context<'a>> = contexts.iter().map(|context| context.encode().unwrap()).collect();
    create::Request {
        oplock_level: level,
        impersonation_level: ImpersonationLevel::IMPERSONATION,
        desired_access: AccessMask::FILE_READ_DATA | AccessMask::FILE_WRITE_DATA,
        file_attributes: nt::FileAttributes::NORMAL,
        share_access: ShareAccess(0),
        disposition: CreateDisposition::OPEN_IF,
        options: CreateOptions::NONE,
        name: Utf16::from(name),
        contexts,
    }
}

/// A lease of everything.
pub fn lease(key: u8) -> RequestContext<'static> {
    RequestContext::Lease(all(key))
}

/// Likewise of the second version.
pub fn lease_v2(key: u8) -> RequestContext<'static> {
    RequestContext::LeaseV2(LeaseV2 { lease: all(key), ..LeaseV2::default() })
}

fn all(key: u8) -> Lease {
    let state = LeaseState::READ_CACHING | LeaseState::HANDLE_CACHING | LeaseState::WRITE_CACHING;
    Lease { key: LeaseKey([key; 16]), state, ..Lease::default() }
}

pub fn write(file_id: FileId, data: &[u8]) -> Request<'_> {
    requests::write(file_id, 0, data)
}

/// LOCK of a byte, at a place in the LockSequenceArray.
pub fn lock(file_id: FileId, bucket: u32, number: u32, flags: wire::lock::LockFlags) -> Request<'static> {
    let element = wire::lock::LockElement { offset: 5, len: 1, flags };
    Request::Lock(wire::lock::Request { lock_sequence: bucket << 4 | number, file_id, locks: vec![element] })
}

pub fn query(file_id: FileId) -> Request<'static> {
    requests::flush(file_id)
}
