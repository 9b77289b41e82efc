//! The server without sockets and tasks, in one process: what its machines and its store take of an operation, each by itself. What
//! `cargo xtask bench smb` finds of the whole can so be told apart, and looked at by perf.
use super::link::{chain, plain};
use super::ops::{self, Operation};
use crate::report::Failure;
use daemon::store::{Performed, Store, perform};
use fsa::host::linux::{LinuxHost, LinuxOptions};
use fsa::{Volume, VolumeOptions};
use nt::security::{Privileges, Sid, Token};
use nt::{FileTime, Guid, NtStatus};
use smb::connection::{Config, Connection, Effect as Local, Now};
use smb::server::{Authenticated, ConnectionId, Effect, Identity, Server, ServerConfig, ServerLimits, Share};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wire::negotiate::{Capabilities, Dialect, SecurityMode};
use wire::{Command, Header, Request, negotiate, netbios};

const ME: ConnectionId = ConnectionId(1);

/// Times, in nanoseconds.
#[derive(Default)]
struct Times {
    connection: u128,
    server: u128,
    store: u128,
}

struct World {
    machine: Connection,
    server: Server,
    store: Store<LinuxHost>,
    is_linked: bool,
    sent: Vec<u8>,
    times: Times,
    start: Instant,
}

impl World {
    fn new(share: &Path) -> Result<World, Failure> {
        let connection = Arc::new(Config {
            server_guid: Guid([0x55; 16]),
            dialects: vec![Dialect::SMB_3_0_2],
            require_signing: false,
            ciphers: Vec::new(),
            signing_algorithms: Vec::new(),
            capabilities: Capabilities::LARGE_MTU | Capabilities::LEASING,
            posix: false,
            transfer_len_max: 1 << 20,
            credits_max: 8192,
            async_max: 32,
            security_buffer: Vec::new(),
            handshake_timeout: Duration::from_secs(45),
            frame_timeout: Duration::from_secs(20),
        });
        let config = ServerConfig {
            connection: Arc::clone(&connection),
            name: "SERVER".to_owned(),
            shares: vec![Share::disk("share")],
            encrypt: false,
            reject_unencrypted: false,
            limits: ServerLimits::default(),
            interfaces: Vec::new(),
            first_id: 0x1000,
        };
        // As `pointsman serve` has it.
        let host = LinuxHost::open(share, LinuxOptions::default())?;
        let volume = Volume::new(host, VolumeOptions { root_is_folder: true, ..VolumeOptions::default() });
        Ok(World {
            machine: Connection::new(connection, now(), [0xAB; 32], [1, 0, 0]),
            server: Server::new(Arc::new(config)),
            store: Store { number: 0, volume: Arc::new(volume) },
            is_linked: false,
            sent: Vec::new(),
            times: Times::default(),
            start: Instant::now(),
        })
    }

    /// What has passed since the last look.
    fn lap(&mut self) -> u128 {
        let before = std::mem::replace(&mut self.start, Instant::now());
        (self.start - before).as_nanos()
    }

    /// One message, and all that comes of it; what is answered is in `sent`.
    fn ask(&mut self, framed: &[u8]) -> Result<(), Failure> {
        self.sent.clear();
        self.lap();
        let effects = self.machine.receive(now(), framed);
        self.times.connection += self.lap();
        self.local(effects)
    }

    fn local(&mut self, effects: Vec<Local>) -> Result<(), Failure> {
        for effect in effects {
            match effect {
                Local::Send(packet) => {
                    self.sent.extend_from_slice(packet.head.get(netbios::FRAME_LEN..).unwrap_or_default());
                    self.sent.extend_from_slice(packet.payload.as_slice());
                }
                Local::Request(incoming) => {
                    if !self.is_linked
                        && let Some(negotiated) = self.machine.negotiated()
                    {
                        self.server.connect(ME, negotiated.clone());
                        self.is_linked = true;
                    }
                    self.lap();
                    let effects = self.server.handle(now(), ME, *incoming);
                    self.times.server += self.lap();
                    self.settle(effects)?;
                }
                Local::Cancel(_) => return Err("a cancel".into()),
                Local::Disconnect(fault) => return Err(format!("the connection ends: {fault}").into()),
            }
        }
        Ok(())
    }

    fn settle(&mut self, effects: Vec<Effect>) -> Result<(), Failure> {
        for effect in effects {
            match effect {
                Effect::Submit { ticket, op, .. } => {
                    self.lap();
                    let performed = perform(&self.store, &op);
                    self.store.volume.take_completions();
                    self.times.store += self.lap();
                    let Performed::Done(done) = performed else { return Err("it waits".into()) };
                    let effects = self.server.complete(now(), ticket, done);
                    self.times.server += self.lap();
                    self.settle(effects)?;
                }
                Effect::Authenticate { ticket, .. } => {
                    let identity = Identity {
                        name: "ada".to_owned(),
                        token: user(),
                        is_guest: false,
                        is_anonymous: false,
                        ends: None,
                    };
                    let (token, session_key) = (Vec::new(), Some(vec![7; 16]));
                    let done = Authenticated::Done { token, identity, session_key };
                    let effects = self.server.authenticated(now(), ticket, done);
                    self.settle(effects)?;
                }
                Effect::Respond { request, mut answer, .. } => {
                    self.lap();
                    let effects = self.machine.respond(now(), request, answer.reply());
                    self.times.connection += self.lap();
                    self.local(effects)?;
                }
                Effect::Establish { session_id, security, .. } => {
                    self.machine.establish(session_id, *security);
                }
                other => return Err(format!("{other:?}").into()),
            }
        }
        Ok(())
    }

    fn header(&self) -> Result<Header, Failure> {
        Ok(Header::decode(&self.sent)?)
    }
}

/// Whom descriptors bind, as a server's users are.
fn user() -> Token {
    let groups = vec![Sid::EVERYONE, Sid::AUTHENTICATED_USERS, Sid::BUILTIN_ADMINISTRATORS];
    let privileges = Privileges::CHANGE_NOTIFY | Privileges::CREATE_SYMBOLIC_LINK;
    Token { user: Sid::AUTHENTICATED_USERS, groups, privileges }
}

fn now() -> Now {
    Now { monotonic: Duration::from_secs(1), wall: FileTime(133_000_000_000_000_000) }
}

fn framed(message: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut framed = netbios::frame(message.len()).ok_or("a message too long")?.to_vec();
    framed.extend_from_slice(message);
    Ok(framed)
}

/// Related requests as one message, whose ids [`number`] sets.
fn chained(session_id: u64, tree_id: u32, requests: &[Request<'_>]) -> Result<Vec<u8>, Failure> {
    let mut all = Vec::new();
    chain(requests, (session_id, tree_id), 0, None, &mut all)?;
    framed(&all)
}

/// Gives each request of a message its id.
fn number(message: &mut [u8], id: &mut u64) {
    const NEXT_AT: usize = 20;
    const MESSAGE_ID_AT: usize = 24;
    let mut at = netbios::FRAME_LEN;
    loop {
        if let Some(field) = message.get_mut(at + MESSAGE_ID_AT..at + MESSAGE_ID_AT + 8) {
            field.copy_from_slice(&id.to_le_bytes());
        }
        *id += 1;
        match message.get(at + NEXT_AT..).and_then(|field| field.first_chunk::<4>()) {
            Some(next) if *next != [0; 4] => at += u32::from_le_bytes(*next) as usize,
            _ => return,
        }
    }
}

/// Measures every operation on what exists, so often.
pub(crate) fn run(folder: &Path, count: u64, only: Option<&str>) -> Result<(), Failure> {
    let share = folder.join("core");
    fs::create_dir_all(share.join("kept"))?;
    let mut world = World::new(&share)?;
    let negotiate = Request::Negotiate(negotiate::Request {
        security_mode: SecurityMode::SIGNING_ENABLED,
        capabilities: Capabilities::LARGE_MTU,
        client_guid: Guid([1; 16]),
        dialects: vec![Dialect::SMB_3_0_2],
        contexts: Vec::new(),
    });
    world.ask(&framed(&plain(Command::NEGOTIATE, 0, 0, &negotiate)?)?)?;
    world.ask(&framed(&plain(Command::SESSION_SETUP, 1, 0, &super::link::setup(b"ada"))?)?)?;
    let session_id = world.header()?.session_id;
    let tree = requests::tree("share");
    world.ask(&framed(&plain(Command::TREE_CONNECT, 2, session_id, &tree)?)?)?;
    let tree_id = world.header()?.tree_id().ok_or("no tree")?;
    let mut id = 3;
    let data = requests::symlink("target");
    for make in ops::of_kept() {
        for at in 0..super::KEPT {
            let requests = make.step(at, 0, None, &data).ok_or("no step")?;
            let mut message = chained(session_id, tree_id, &requests)?;
            number(&mut message, &mut id);
            world.ask(&message)?;
        }
    }
    world.store.volume.hear();
    std::thread::sleep(super::SETTLED);
    let all = ops::of_existing();
    for operation in all.iter().filter(|one| one.is_compound && only.is_none_or(|only| only == one.name)) {
        measure(&mut world, operation, count, (session_id, tree_id), &mut id)?;
    }
    fs::remove_dir_all(&share)?;
    Ok(())
}

fn measure(
    world: &mut World,
    operation: &Operation,
    count: u64,
    (session_id, tree_id): (u64, u32),
    id: &mut u64,
) -> Result<(), Failure> {
    let mut messages = Vec::new();
    for at in 0..super::KEPT {
        let requests = operation.step(at, 0, None, &[]).ok_or("no step")?;
        messages.push(chained(session_id, tree_id, &requests)?);
    }
    world.times = Times::default();
    for at in 0..count {
        // As the server does now and then.
        if at % 10_000 == 0 {
            world.store.volume.hear();
        }
        let turn = usize::try_from(at % super::KEPT)?;
        let message = messages.get_mut(turn).ok_or("no message")?;
        number(message, id);
        world.ask(message)?;
        let status = world.header()?.status;
        if !matches!(status, NtStatus::SUCCESS | NtStatus::STOPPED_ON_SYMLINK) {
            return Err(format!("{}: {status}", operation.name).into());
        }
    }
    let each = |time: u128| time as f64 / count as f64 / 1000.0;
    let Times { connection, server, store } = world.times;
    println!(
        "  {}: {:.2} us (connection {:.2}, server {:.2}, store {:.2})",
        operation.name,
        each(connection + server + store),
        each(connection),
        each(server),
        each(store)
    );
    Ok(())
}
