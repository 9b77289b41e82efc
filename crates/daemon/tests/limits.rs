//! What a client can make the server hold, and for how long: limits on real sockets.
#![allow(clippy::disallowed_methods)] // a test of deadlines looks at the clock
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test that is wrong shall panic
mod serving;

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use daemon::auth::{Authenticator, Exchange, Step, User};
use daemon::socket::{Limits, Served};
use nt::security::{Privileges, Sid, Token};
use nt::{AccessMask, CreateDisposition, CreateOptions, FileAttributes, Guid, NtStatus, ShareAccess, Utf16};
use serving::{Wish, start_served};
use smb::connection::Config;
use wire::negotiate::{Capabilities, Dialect, SecurityMode};
use wire::{
    Command, FileId, Header, Request, Response, Subject, Writer, create, negotiate, netbios, read,
    session_setup, tree_connect, write,
};

/// Lets everybody in at the first word, unless that is this one.
struct Everybody;

const PANIC: &[u8] = b"panic";

impl Authenticator for Everybody {
    fn negotiate_token(&self) -> Vec<u8> {
        Vec::new()
    }

    fn begin(&self, _: IpAddr) -> Box<dyn Exchange> {
        Box::new(Everybody)
    }
}

impl Exchange for Everybody {
    fn step(&mut self, word: &[u8]) -> Step {
        assert_ne!(word, PANIC, "as a decoder of somebody else's might");
        let groups = vec![Sid::EVERYONE, Sid::BUILTIN_ADMINISTRATORS];
        let user = Sid::new(5, &[21, 1, 2, 3, 1000]).unwrap();
        let token = Token { user, groups, privileges: Privileges::CHANGE_NOTIFY };
        let user = User { name: "alice".to_owned(), token, is_guest: false, is_anonymous: false, ends: None };
        Step::Done { token: Vec::new(), user, session_key: Some(vec![7; 16]) }
    }
}

fn served(directory: &tempfile::TempDir, limits: Limits, connection: impl Fn(&mut Config)) -> Served {
    let mut served = serving::served(directory.path(), &Wish::default());
    let mut config = (*served.config).clone();
    let mut offered = (*config.connection).clone();
    offered.dialects = vec![Dialect::SMB_2_1];
    connection(&mut offered);
    config.connection = Arc::new(offered);
    served.config = Arc::new(config);
    served.authenticator = Arc::new(Everybody);
    served.limits = limits;
    served
}

struct Client {
    stream: TcpStream,
    next: u64,
    session: u64,
    tree: u32,
}

impl Client {
    /// Connected to the share, in a dialect that demands no signature.
    fn connect(address: SocketAddr) -> Client {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut client = Client { stream, next: 0, session: 0, tree: 0 };
        let negotiate = negotiate::Request {
            security_mode: SecurityMode::SIGNING_ENABLED,
            capabilities: Capabilities::NONE,
            client_guid: Guid([3; 16]),
            dialects: vec![Dialect::SMB_2_1],
            contexts: Vec::new(),
        };
        client.send(Command::NEGOTIATE, 1, &Request::Negotiate(negotiate));
        client.answer();
        client.say(b"who");
        client.session = client.answer().0.session_id;
        let path = Utf16::from(r"\\server\share");
        let tree = tree_connect::Request { path, flags: tree_connect::RequestFlags::NONE, contexts: None };
        client.send(Command::TREE_CONNECT, 1, &Request::TreeConnect(tree));
        client.tree = client.answer().0.tree_id().unwrap();
        client
    }

    /// Logs on with this word.
    fn say(&mut self, word: &[u8]) {
        let setup = session_setup::Request {
            flags: session_setup::RequestFlags::NONE,
            security_mode: SecurityMode::SIGNING_ENABLED,
            capabilities: Capabilities::NONE,
            previous_session_id: 0,
            security_buffer: word,
        };
        self.send(Command::SESSION_SETUP, 1, &Request::SessionSetup(setup));
    }

    fn message(&mut self, command: Command, charge: u16, body: &Request<'_>) -> Vec<u8> {
        let header = Header {
            credits: 8192,
            credit_charge: charge,
            session_id: self.session,
            subject: Subject::Sync { reserved: 0, tree_id: self.tree },
            ..Header::new(command, self.next)
        };
        self.next += u64::from(charge);
        let mut w = Writer::new();
        header.encode(&mut w);
        body.encode(&mut w);
        let mut bytes = w.finish().unwrap();
        bytes.extend_from_slice(body.payload());
        [&netbios::frame(bytes.len()).unwrap()[..], &bytes].concat()
    }

    fn send(&mut self, command: Command, charge: u16, body: &Request<'_>) {
        let bytes = self.message(command, charge, body);
        self.stream.write_all(&bytes).unwrap();
    }

    fn answer(&mut self) -> (Header, Vec<u8>) {
        let mut frame = [0; 4];
        self.stream.read_exact(&mut frame).unwrap();
        let netbios::Frame::Message(len) = netbios::Frame::decode(frame) else { panic!("{frame:?}") };
        let mut bytes = vec![0; len];
        self.stream.read_exact(&mut bytes).unwrap();
        (Header::decode(&bytes).unwrap(), bytes)
    }

    fn open(&mut self, name: &str) -> FileId {
        let request = create::Request {
            oplock_level: create::OplockLevel::NONE,
            impersonation_level: create::ImpersonationLevel::IMPERSONATION,
            desired_access: AccessMask::FILE_ALL_ACCESS,
            file_attributes: FileAttributes::NONE,
            share_access: ShareAccess(7),
            disposition: CreateDisposition::OPEN_IF,
            options: CreateOptions::NONE,
            name: Utf16::from(name),
            contexts: Vec::new(),
        };
        self.send(Command::CREATE, 1, &Request::Create(request));
        let (header, bytes) = self.answer();
        match Response::decode(&header, &bytes).unwrap() {
            Response::Create(response) => response.file_id,
            other => panic!("{:?} {other:?}", header.status),
        }
    }

    fn read(&mut self, file_id: FileId, len: u32) -> Vec<u8> {
        let request = read::Request {
            data_offset_hint: 0x50,
            flags: read::ReadFlags::NONE,
            len,
            offset: 0,
            file_id,
            len_min: 0,
            channel: read::Channel::NONE,
            remaining: 0,
            channel_information: &[],
        };
        let charge = u16::try_from(len.div_ceil(65_536)).unwrap();
        self.message(Command::READ, charge, &Request::Read(request))
    }

    /// True when the server has closed the connection, in so many seconds.
    fn is_closed_within(&mut self, seconds: u64) -> bool {
        self.stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let until = Instant::now() + Duration::from_secs(seconds);
        let mut buffer = vec![0; 65_536];
        while Instant::now() < until {
            match self.stream.read(&mut buffer) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return true,
                Err(_) => {}
            }
        }
        false
    }
}

fn resident_bytes() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = text.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

const MEBI: usize = 1 << 20;

/// A client asks for 1 MiB over and over and reads nothing. What the server holds for it stays below its limits, others are served,
/// and when the time to read is over, the connection ends.
#[test]
fn a_client_that_does_not_read_what_it_asked_for_is_held_to_its_limit_and_let_go() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("big"), vec![5; MEBI]).unwrap();
    let limits = Limits {
        buffer_bytes_per_connection: 8 * MEBI,
        buffer_bytes: 16 * MEBI,
        write_timeout: Duration::from_secs(2),
        ..Limits::default()
    };
    let running = start_served(served(&directory, limits, |_| {}), 0);
    let mut greedy = Client::connect(running.address);
    let file = greedy.open("big");
    let mut other = Client::connect(running.address);
    let others = other.open("big");
    let requests: Vec<u8> = (0..200).flat_map(|_| greedy.read(file, 1 << 20)).collect();
    greedy.stream.write_all(&requests).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    let asked = Instant::now();
    let small = other.read(others, 4096);
    other.stream.write_all(&small).unwrap();
    assert_eq!(other.answer().0.status, NtStatus::SUCCESS);
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    let traffic = running.daemon.traffic();
    let held = traffic.held_max.load(Ordering::Relaxed);
    assert!((MEBI..=32 * MEBI).contains(&held), "{held} bytes");
    std::thread::sleep(Duration::from_secs(3));
    let received = traffic.received.load(Ordering::Relaxed);
    assert!(received > 200 * 100, "{received}");
    assert!(greedy.is_closed_within(10));
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(traffic.held.load(Ordering::Relaxed), 0, "all was given back");
    assert_eq!(
        traffic.refused.load(Ordering::Relaxed),
        0,
        "it was not read from, so nothing had to be refused"
    );
}

/// A client sends the first bytes of long WRITEs on many connections and no more. Together they are held to the limit, and each is let
/// go when its message takes too long.
#[test]
fn clients_that_write_slowly_are_held_to_the_limit_and_let_go() {
    let directory = tempfile::tempdir().unwrap();
    let limits =
        Limits { buffer_bytes_per_connection: 8 * MEBI, buffer_bytes: 8 * MEBI, ..Limits::default() };
    let slow = |config: &mut Config| config.frame_timeout = Duration::from_secs(2);
    let running = start_served(served(&directory, limits, slow), 0);
    let data = vec![1; 2 * MEBI];
    let mut clients = Vec::new();
    for _ in 0..12 {
        let mut client = Client::connect(running.address);
        let file_id = client.open("f");
        let body = write::Request {
            offset: 0,
            file_id,
            channel: read::Channel::NONE,
            remaining: 0,
            flags: write::WriteFlags::NONE,
            channel_information: &[],
        };
        let bytes = client.message(Command::WRITE, 32, &Request::Write(body, &data));
        // As much as the server takes: it stops reading when all together hold too much.
        client.stream.set_nonblocking(true).unwrap();
        let _ = client.stream.write(&bytes[..bytes.len() - MEBI / 2]);
        clients.push(client);
    }
    std::thread::sleep(Duration::from_secs(1));
    let held = running.daemon.traffic().held_max.load(Ordering::Relaxed);
    assert!(held > MEBI && held < 8 * MEBI + 12 * 128 * 1024, "{held} bytes");
    for client in &mut clients {
        client.stream.set_nonblocking(false).unwrap();
        assert!(client.is_closed_within(10));
    }
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(running.daemon.traffic().held.load(Ordering::Relaxed), 0);
}

/// Connections that say nothing, half a frame, or a NEGOTIATE and no more, cost a few KiB each and end in time.
/// `HALF_OPEN=10000` measures as many as the process may have descriptors for.
#[test]
fn half_open_connections_cost_little_and_end() {
    let count: usize = std::env::var("HALF_OPEN").ok().and_then(|text| text.parse().ok()).unwrap_or(300);
    let directory = tempfile::tempdir().unwrap();
    let limits = Limits { connections_max: 20_000, connections_per_address_max: 20_000, ..Limits::default() };
    let patience = Duration::from_secs(if count > 1000 { 60 } else { 4 });
    let running = start_served(served(&directory, limits, |config| config.handshake_timeout = patience), 0);
    let mut whole = Client::connect(running.address);
    let before = resident_bytes();
    let mut streams = Vec::new();
    for at in 0..count {
        let mut stream = TcpStream::connect(running.address).unwrap();
        if at % 3 == 1 {
            stream.write_all(&[0, 0]).unwrap();
        } else if at % 3 == 2 {
            stream.write_all(&[0, 1, 0, 0, 0xFE]).unwrap();
        }
        streams.push(stream);
    }
    while running.daemon.counts()[0] < count {
        std::thread::sleep(Duration::from_millis(20));
    }
    let each = resident_bytes().saturating_sub(before) / count;
    println!("{count} half-open connections: {each} bytes of resident memory each");
    assert!(each < 24 * 1024, "{each} bytes a connection");
    let asked = Instant::now();
    let file = whole.open("f");
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    let _ = whole.read(file, 1);
    let until = Instant::now() + patience + Duration::from_secs(10);
    while running.daemon.counts()[0] > 1 && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(running.daemon.counts()[0], 1, "only the client with a session is still there");
}

/// Who has a session and says nothing for long is let go too; who waits for something is not.
#[test]
fn a_silent_connection_ends() {
    let directory = tempfile::tempdir().unwrap();
    let limits = Limits { idle_timeout: Duration::from_secs(1), ..Limits::default() };
    let running = start_served(served(&directory, limits, |_| {}), 0);
    let mut client = Client::connect(running.address);
    client.open("f");
    assert!(client.is_closed_within(10));
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(running.daemon.counts(), [0; 5], "and its session with it");
}

/// A panic in a connection's task ends that connection: its session and its opens go, it counts no longer, and others are served.
#[test]
fn a_panic_ends_one_connection_and_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("f"), b"data").unwrap();
    let running = start_served(served(&directory, Limits::default(), |_| {}), 0);
    let mut other = Client::connect(running.address);
    let mut client = Client::connect(running.address);
    client.open("f");
    assert_eq!(running.daemon.counts()[..4], [2, 2, 2, 1]);
    (client.session, client.tree) = (0, 0);
    client.say(PANIC);
    assert!(client.is_closed_within(10));
    let until = Instant::now() + Duration::from_secs(10);
    while running.daemon.counts()[..4] != [1, 1, 1, 0] && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(running.daemon.counts()[..4], [1, 1, 1, 0]);
    let file = other.open("f");
    let read = other.read(file, 4);
    other.stream.write_all(&read).unwrap();
    assert_eq!(other.answer().0.status, NtStatus::SUCCESS);
}
