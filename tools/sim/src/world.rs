//! The server and its store, and wires on which messages lie until they are delivered or lost.
use daemon::store::{Performed, Store, caching_of, perform};
use fsa::host::memory::{MemoryHost, MemoryOptions};
use fsa::{Completion, Volume, VolumeOptions, WaitId};
use nt::security::{Privileges, Sid, Token};
use nt::{FileTime, Guid, NtStatus};
use smb::connection::{Config, Connection, Effect as Local, Interim, Now};
use smb::server::{
    Authenticated, ConnectionId, Effect, Identity, Server, ServerConfig, ServerLimits, Share, ShareId, Ticket,
};
use smb::store::{Done, Op};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use wire::negotiate::{Capabilities, Cipher, Dialect, SigningAlgorithm};
use wire::oplock_break::Notification;
use wire::{Response, netbios};

/// One connection: what is on its way in each direction.
struct Wire {
    machine: Connection,
    is_linked: bool,
    to_server: VecDeque<Vec<u8>>,
    to_client: VecDeque<Vec<u8>>,
}

/// The server's side of everything.
pub struct World {
    server: Server,
    store: Store<MemoryHost>,
    host: MemoryHost,
    wires: BTreeMap<ConnectionId, Wire>,
    /// Connections whose end the server has not heard of.
    unheard: Vec<ConnectionId>,
    waits: BTreeMap<WaitId, (Ticket, ShareId, Op)>,
    early: BTreeMap<WaitId, Option<Done>>,
    milliseconds: u64,
    next_connection: u64,
    /// Breaks that the server sent since they were last asked for.
    pub notified: Vec<(ConnectionId, Notification)>,
    /// A hash of every byte that was delivered.
    pub trace: u64,
    /// What no client may cause: the machine ended a connection.
    pub fault: Option<String>,
}

fn connection_config() -> Config {
    Config {
        server_guid: Guid([0x55; 16]),
        dialects: vec![Dialect::SMB_2_1, Dialect::SMB_3_0, Dialect::SMB_3_0_2],
        require_signing: false,
        ciphers: vec![Cipher::AES_128_GCM],
        signing_algorithms: vec![SigningAlgorithm::AES_CMAC],
        capabilities: Capabilities::LEASING | Capabilities::MULTI_CHANNEL | Capabilities::DIRECTORY_LEASING,
        posix: false,
        transfer_len_max: 1 << 20,
        credits_max: 64,
        async_max: 32,
        security_buffer: Vec::new(),
        handshake_timeout: Duration::from_secs(45),
        frame_timeout: Duration::from_secs(20),
    }
}

impl World {
    /// An empty share; with a record of what a crash would leave, which costs much.
    pub fn new(record_crashes: bool) -> World {
        let host = MemoryHost::new(MemoryOptions { record_crashes, ..MemoryOptions::LIKE_EXT4 });
        let volume = Arc::new(Volume::new(host.clone(), VolumeOptions::default()));
        let config = ServerConfig {
            connection: Arc::new(connection_config()),
            name: "SERVER".to_owned(),
            shares: vec![Share::disk("share")],
            encrypt: false,
            reject_unencrypted: false,
            limits: ServerLimits::default(),
            interfaces: Vec::new(),
            first_id: 0x1000,
        };
        World {
            server: Server::new(Arc::new(config)),
            store: Store { number: 0, volume },
            host,
            wires: BTreeMap::new(),
            unheard: Vec::new(),
            waits: BTreeMap::new(),
            early: BTreeMap::new(),
            milliseconds: 1_000_000,
            next_connection: 1,
            notified: Vec::new(),
            trace: 0xcbf2_9ce4_8422_2325,
            fault: None,
        }
    }

    /// The time, in milliseconds.
    pub fn time(&self) -> u64 {
        self.milliseconds
    }

    fn now(&self) -> Now {
        let wall = FileTime(133_000_000_000_000_000 + self.milliseconds * 10_000);
        Now { monotonic: Duration::from_millis(self.milliseconds), wall }
    }

    /// What a crash now would leave at the least.
    pub fn crash_image(&self) -> Option<MemoryHost> {
        self.host.crash_image()
    }

    /// Opens and requests that wait, in the server's tables.
    pub fn left(&self) -> (usize, usize) {
        let [_, _, opens, parked] = self.server.counts();
        (opens, parked)
    }

    /// A new connection.
    pub fn connect(&mut self) -> ConnectionId {
        let id = ConnectionId(self.next_connection);
        self.next_connection += 1;
        let [a, b, c, ..] = id.0.to_le_bytes();
        let config = self.server.config().connection.clone();
        let machine = Connection::new(config, self.now(), [0xAB; 32], [a, b, c]);
        let wire = Wire { machine, is_linked: false, to_server: VecDeque::new(), to_client: VecDeque::new() };
        self.wires.insert(id, wire);
        id
    }

    /// A client's message is on its way.
    pub fn send(&mut self, id: ConnectionId, message: Vec<u8>) {
        if let Some(wire) = self.wires.get_mut(&id) {
            wire.to_server.push_back(message);
        }
    }

    /// Connections with something on its way to the server, and to the client.
    pub fn under_way(&self) -> [Vec<ConnectionId>; 2] {
        let of = |queue: fn(&Wire) -> &VecDeque<Vec<u8>>| {
            self.wires.iter().filter(|(_, wire)| !queue(wire).is_empty()).map(|(id, _)| *id).collect()
        };
        [of(|wire| &wire.to_server), of(|wire| &wire.to_client)]
    }

    /// The next message reaches the server.
    pub fn deliver(&mut self, id: ConnectionId) {
        let now = self.now();
        let Some(wire) = self.wires.get_mut(&id) else { return };
        let Some(message) = wire.to_server.pop_front() else { return };
        let head = netbios::frame(message.len()).unwrap_or_default();
        let effects = wire.machine.receive(now, &[&head[..], &message].concat());
        self.note(&message);
        self.local(id, effects);
    }

    /// The next message reaches the client.
    pub fn arrive(&mut self, id: ConnectionId) -> Option<Vec<u8>> {
        let message = self.wires.get_mut(&id)?.to_client.pop_front()?;
        self.note(&message);
        Some(message)
    }

    fn note(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.trace = (self.trace ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    /// What is on the way is lost. The server hears of it at once or later.
    pub fn cut(&mut self, id: ConnectionId, is_heard: bool) {
        self.wires.remove(&id);
        match is_heard {
            true => self.disconnect(id),
            false => self.unheard.push(id),
        }
    }

    /// The server hears of every end that it has not heard of; gives which.
    pub fn hear(&mut self) -> Vec<ConnectionId> {
        let ended = std::mem::take(&mut self.unheard);
        ended.iter().for_each(|id| self.disconnect(*id));
        ended
    }

    fn disconnect(&mut self, id: ConnectionId) {
        let effects = self.server.disconnect(self.now(), id);
        self.settle(effects);
    }

    /// Time passes; the server looks at the clock once a second, as the daemon lets it.
    pub fn pass(&mut self, milliseconds: u64) {
        let end = self.milliseconds + milliseconds;
        while self.milliseconds < end {
            let next = (self.milliseconds / 1000 + 1) * 1000;
            self.milliseconds = next.min(end);
            if self.milliseconds == next {
                let effects = self.server.tick(self.now());
                self.settle(effects);
            }
        }
    }

    fn local(&mut self, id: ConnectionId, effects: Vec<Local>) {
        for effect in effects {
            match effect {
                Local::Send(packet) => {
                    let whole = [&packet.head[..], packet.payload.as_slice()].concat();
                    if let Some(wire) = self.wires.get_mut(&id) {
                        wire.to_client.push_back(whole.get(4..).unwrap_or_default().to_vec());
                    }
                }
                Local::Request(incoming) => {
                    let Some(wire) = self.wires.get_mut(&id) else { continue };
                    if !std::mem::replace(&mut wire.is_linked, true)
                        && let Some(negotiated) = wire.machine.negotiated()
                    {
                        self.server.connect(id, negotiated.clone());
                    }
                    let effects = self.server.handle(self.now(), id, *incoming);
                    self.settle(effects);
                }
                Local::Cancel(request) => {
                    let effects = self.server.cancel(id, request);
                    self.settle(effects);
                }
                Local::Disconnect(fault) => self.fault = Some(format!("{id:?} was ended: {fault}")),
            }
        }
    }

    fn settle(&mut self, effects: Vec<Effect>) {
        let mut queue = VecDeque::from(effects);
        while let Some(effect) = queue.pop_front() {
            queue.extend(self.effect(effect));
            queue.extend(self.told());
        }
    }

    fn effect(&mut self, effect: Effect) -> Vec<Effect> {
        let now = self.now();
        match effect {
            Effect::Submit { ticket, share, op } => match perform(&self.store, &op) {
                Performed::Done(done) => self.server.complete(now, ticket, done),
                Performed::Waits(wait, delay) => match self.early.remove(&wait) {
                    Some(Some(done)) => self.server.complete(now, ticket, done),
                    Some(None) => vec![Effect::Submit { ticket, share, op }],
                    None => {
                        self.waits.insert(wait, (ticket, share, op));
                        self.server.delayed(ticket, delay)
                    }
                },
            },
            Effect::CancelOp { ticket } => {
                let found =
                    self.waits.iter().find(|(_, (waiting, ..))| *waiting == ticket).map(|(wait, _)| *wait);
                match found.filter(|wait| self.store.volume.cancel(*wait)) {
                    Some(wait) => {
                        self.waits.remove(&wait);
                        self.server.complete(now, ticket, Done::Failed(NtStatus::CANCELLED))
                    }
                    None => Vec::new(),
                }
            }
            Effect::Authenticate { ticket, token, .. } => {
                self.server.authenticated(now, ticket, known(&token))
            }
            Effect::Respond { connection, request, mut answer } => {
                self.at(connection, |machine| machine.respond(now, request, answer.reply()))
            }
            Effect::Interim { connection, request } => {
                self.at(connection, |machine| match machine.interim(request) {
                    Interim::Told(effects) => effects,
                    Interim::Refused(_) => Vec::new(),
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
            Effect::Notify { connection, session_id, notification, .. } => {
                self.notified.push((connection, notification));
                self.at(connection, |machine| {
                    machine.notify(session_id, Response::OplockBreakNotification(notification))
                })
            }
            Effect::Disconnect { connection } => {
                self.fault = Some(format!("{connection:?} shall be closed"));
                Vec::new()
            }
        }
    }

    fn at(&mut self, id: ConnectionId, act: impl FnOnce(&mut Connection) -> Vec<Local>) -> Vec<Effect> {
        if let Some(wire) = self.wires.get_mut(&id) {
            let effects = act(&mut wire.machine);
            self.local(id, effects);
        }
        Vec::new()
    }

    /// What the store has to tell of requests that waited and of oplocks.
    fn told(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        for completion in self.store.volume.take_completions() {
            effects.extend(match completion {
                Completion::Lock { wait, status, .. } => {
                    let is_held = status == NtStatus::SUCCESS;
                    self.awake(wait, Some(if is_held { Done::Nothing } else { Done::Failed(status) }))
                }
                Completion::Notify { wait, status, bytes, .. } => {
                    self.awake(wait, Some(Done::Output { status, bytes }))
                }
                Completion::Resume { wait } => self.awake(wait, None),
                Completion::OplockBreak { open, level, acknowledge, status }
                    if status == NtStatus::SUCCESS =>
                {
                    let (open, left) = (self.store.name_of(open), caching_of(level));
                    self.server.oplock_broken(self.now(), open, left, acknowledge)
                }
                _ => Vec::new(),
            });
        }
        effects
    }

    fn awake(&mut self, wait: WaitId, done: Option<Done>) -> Vec<Effect> {
        let Some((ticket, share, op)) = self.waits.remove(&wait) else {
            self.early.insert(wait, done);
            return Vec::new();
        };
        match done {
            Some(done) => self.server.complete(self.now(), ticket, done),
            None => vec![Effect::Submit { ticket, share, op }],
        }
    }
}

/// Everybody is who they say they are.
fn known(token: &[u8]) -> Authenticated {
    let name = String::from_utf8_lossy(token).into_owned();
    let rid = 1000 + token.iter().map(|byte| u32::from(*byte)).sum::<u32>();
    let user = Sid::new(5, &[21, 1, 2, 3, rid]).unwrap_or(Sid::AUTHENTICATED_USERS);
    let groups = vec![Sid::EVERYONE, Sid::AUTHENTICATED_USERS, Sid::BUILTIN_ADMINISTRATORS];
    let privileges = Privileges::CHANGE_NOTIFY | Privileges::CREATE_SYMBOLIC_LINK;
    let identity = Identity {
        name,
        token: Token { user, groups, privileges },
        is_guest: false,
        is_anonymous: false,
        ends: None,
    };
    Authenticated::Done { token: Vec::new(), identity, session_key: Some(vec![7; 16]) }
}
