//! A client on a real socket, made of messages: one connection, one session, one tree connect.
#![allow(dead_code, unreachable_pub)] // each test file uses its part
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test that is wrong shall panic
pub mod cutter;
pub use requests as request;

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use daemon::auth::{Authenticator, Exchange, Step, User};
use nt::security::{Privileges, Sid, Token};
use nt::{Guid, NtStatus};
use smb::crypto::{Derivation, MessageNonce, PreauthHash, Sender, SessionKeys, SigningKey};
use wire::create::{self, ResponseContext};
use wire::negotiate::Dialect;
use wire::oplock_break::Notification;
use wire::{
    Command, FileId, Header, HeaderFlags, Request, Response, Subject, Writer, compound, netbios,
    session_setup,
};

/// How long a test waits for an answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// The key of every session.
const SESSION_KEY: [u8; 16] = [7; 16];

/// What every user may.
const PRIVILEGES: Privileges = Privileges(
    Privileges::CHANGE_NOTIFY.0
        | Privileges::CREATE_SYMBOLIC_LINK.0
        | Privileges::MANAGE_VOLUME.0
        | Privileges::RESTORE.0,
);

/// Takes a token for the name of a user and asks for no proof; a name that ends in `!` is nobody's.
pub struct ByName;

impl Authenticator for ByName {
    fn negotiate_token(&self) -> Vec<u8> {
        Vec::new()
    }

    fn begin(&self, _: IpAddr) -> Box<dyn Exchange> {
        Box::new(ByName)
    }
}

impl Exchange for ByName {
    fn step(&mut self, token: &[u8]) -> Step {
        let name = String::from_utf8_lossy(token).into_owned();
        if name.ends_with('!') {
            return Step::Failed { status: NtStatus::LOGON_FAILURE };
        }
        let rid = name.bytes().fold(1000, |sum, byte| sum + u32::from(byte));
        let user = Sid::new(5, &[21, 1, 2, 3, rid]).unwrap();
        let groups = vec![Sid::EVERYONE, Sid::BUILTIN_ADMINISTRATORS];
        let token = Token { user, groups, privileges: PRIVILEGES };
        let user = User { name, token, is_guest: false, is_anonymous: false, ends: None };
        Step::Done { token: Vec::new(), user, session_key: Some(SESSION_KEY.to_vec()) }
    }
}

/// An answer, or a message that came unasked.
#[derive(Clone, Debug)]
pub struct Answered {
    pub header: Header,
    bytes: Vec<u8>,
}

impl Answered {
    pub fn status(&self) -> NtStatus {
        self.header.status
    }

    pub fn body(&self) -> Response<'_> {
        Response::decode(&self.header, &self.bytes).unwrap()
    }

    /// The message.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The answer to a CREATE that succeeded.
    pub fn created(&self) -> create::Response<'_> {
        match self.body() {
            Response::Create(created) => created,
            other => panic!("{:?}: {other:?}", self.status()),
        }
    }

    pub fn file_id(&self) -> FileId {
        self.created().file_id
    }

    /// What the contexts of a CREATE's answer grant: the lease, the promise of the first version, the time of the second.
    pub fn granted(&self) -> Granted {
        let mut granted = Granted::default();
        for context in &self.created().contexts {
            match ResponseContext::decode(context).unwrap() {
                ResponseContext::Durable => granted.is_durable_v1 = true,
                ResponseContext::DurableV2(v2) => granted.durable_v2 = Some(v2.timeout_ms),
                ResponseContext::Lease(lease) => granted.lease = Some(lease),
                ResponseContext::LeaseV2(lease) => {
                    granted.lease = Some(lease.lease);
                    granted.lease_v2 = Some(lease);
                }
                _ => {}
            }
        }
        granted
    }

    /// The data of a READ, or what an IOCTL, a QUERY or a CHANGE_NOTIFY gave.
    pub fn output(&self) -> Vec<u8> {
        match self.body() {
            Response::Read(_, data) => data.to_vec(),
            Response::Ioctl(answer) => answer.output.to_vec(),
            Response::QueryInfo(answer) => answer.output.to_vec(),
            Response::QueryDirectory(answer) => answer.output.to_vec(),
            Response::ChangeNotify(answer) => answer.output.to_vec(),
            other => panic!("{:?}: {other:?}", self.status()),
        }
    }
}

/// What was granted with an open.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Granted {
    pub is_durable_v1: bool,
    pub durable_v2: Option<u32>,
    pub lease: Option<create::Lease>,
    pub lease_v2: Option<create::LeaseV2>,
}

/// A connection of a client.
pub struct Peer {
    stream: TcpStream,
    dialect: Dialect,
    pub session_id: u64,
    pub tree_id: u32,
    pub channel_sequence: u16,
    next: u64,
    hash: PreauthHash,
    signing: Option<SigningKey>,
    /// Messages that nobody has asked for yet.
    inbox: Vec<Answered>,
}

impl Peer {
    /// Connected, and no word said.
    pub fn dial(address: SocketAddr, dialect: Dialect) -> io::Result<Peer> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let (session_id, tree_id, channel_sequence, next) = (0, 0, 0, 0);
        let (hash, signing, inbox) = (PreauthHash::ZERO, None, Vec::new());
        Ok(Peer { stream, dialect, session_id, tree_id, channel_sequence, next, hash, signing, inbox })
    }

    /// Connected, with a dialect settled.
    pub fn connect(address: SocketAddr, guid: u8, dialect: Dialect) -> io::Result<Peer> {
        let mut peer = Peer::dial(address, dialect)?;
        let answered = peer.hashed(&request::negotiate(Guid([guid; 16]), dialect))?;
        assert_eq!(answered.status(), NtStatus::SUCCESS);
        Ok(peer)
    }

    /// A client of the share.
    pub fn ready(address: SocketAddr, guid: u8, dialect: Dialect, user: &str) -> Peer {
        let mut peer = Peer::connect(address, guid, dialect).unwrap();
        assert_eq!(peer.logon(user, 0).unwrap().status(), NtStatus::SUCCESS);
        assert_eq!(peer.tree("share").unwrap().status(), NtStatus::SUCCESS);
        peer
    }

    /// SESSION_SETUP; from then on in 3.1.1 each message is signed.
    pub fn logon(&mut self, user: &str, previous: u64) -> io::Result<Answered> {
        let answered = self.hashed(&request::setup(user, previous))?;
        self.session_id = answered.header.session_id;
        if self.dialect == Dialect::SMB_3_1_1 && answered.status() == NtStatus::SUCCESS {
            self.sign();
        }
        Ok(answered)
    }

    /// Binds the session of another connection to this one, which from then on signs as that does.
    pub fn bind(&mut self, other: &Peer, user: &str) -> io::Result<Answered> {
        self.session_id = other.session_id;
        self.signing = other.signing.clone();
        let mut setup = request::setup(user, 0);
        if let Request::SessionSetup(body) = &mut setup {
            body.flags = session_setup::RequestFlags::BINDING;
        }
        let answered = self.ask(&setup)?;
        self.tree_id = other.tree_id;
        self.sign();
        Ok(answered)
    }

    /// All that is sent from now on is signed.
    pub fn sign(&mut self) {
        let keys = SessionKeys::derive(&SESSION_KEY, Derivation::of(self.dialect, &self.hash), None);
        self.signing = Some(SigningKey::new(&keys.signing, self.dialect, None));
    }

    pub fn tree(&mut self, share: &str) -> io::Result<Answered> {
        let answered = self.ask(&request::tree(share))?;
        self.tree_id = answered.header.tree_id().unwrap_or_default();
        Ok(answered)
    }

    /// The last answer to a request.
    pub fn ask(&mut self, request: &Request<'_>) -> io::Result<Answered> {
        let id = self.send(HeaderFlags::NONE, request)?;
        self.answer(id)
    }

    /// The same again, as a replay.
    pub fn replay(&mut self, request: &Request<'_>) -> io::Result<Answered> {
        let id = self.send(HeaderFlags::REPLAY_OPERATION, request)?;
        self.answer(id)
    }

    /// The status of a request.
    pub fn status(&mut self, request: &Request<'_>) -> NtStatus {
        self.ask(request).unwrap().status()
    }

    /// Sends a request; its answer is asked for by its number.
    pub fn send(&mut self, flags: HeaderFlags, request: &Request<'_>) -> io::Result<u64> {
        let id = self.next;
        let bytes = self.message(flags, request);
        self.write(&bytes)?;
        Ok(id)
    }

    /// Sends requests in messages of their own, all at once; their numbers, by which their answers are asked for.
    pub fn pipeline(&mut self, requests: &[Request<'_>]) -> io::Result<Vec<u64>> {
        let (mut ids, mut whole) = (Vec::new(), Vec::new());
        for request in requests {
            ids.push(self.next);
            let bytes = self.message(HeaderFlags::NONE, request);
            whole.extend(netbios::frame(bytes.len()).unwrap());
            whole.extend(bytes);
        }
        self.stream.write_all(&whole)?;
        Ok(ids)
    }

    /// CANCEL of a request that was answered as pending.
    pub fn cancel(&mut self, pending: &Answered) -> io::Result<()> {
        let request = Request::Cancel(wire::cancel::Request);
        let subject = pending.header.subject;
        let header = Header {
            session_id: self.session_id,
            subject,
            flags: HeaderFlags::ASYNC_COMMAND,
            ..Header::new(Command::CANCEL, pending.header.message_id)
        };
        let bytes = self.encoded(header, &request);
        self.write(&bytes)
    }

    /// Several related requests in one message; their answers.
    pub fn chain(&mut self, requests: &[Request<'_>]) -> io::Result<Vec<Answered>> {
        let first = self.next;
        let mut whole = Vec::new();
        for (at, request) in requests.iter().enumerate() {
            let flags = if at > 0 { HeaderFlags::RELATED_OPERATIONS } else { HeaderFlags::NONE };
            let header = self.header(flags, request);
            let mut bytes = encode(&header, request);
            if at + 1 < requests.len() {
                let padding = compound::link(&mut bytes, 0).unwrap();
                bytes.resize(bytes.len() + padding, 0);
            }
            self.signed(&header, &mut bytes);
            whole.extend(bytes);
        }
        self.write(&whole)?;
        (first..self.next).map(|id| self.answer(id)).collect()
    }

    fn header(&mut self, flags: HeaderFlags, request: &Request<'_>) -> Header {
        let id = self.next;
        let charge = match request {
            _ if self.dialect == Dialect::SMB_2_0_2 => 0,
            Request::Read(read) => read.len.div_ceil(65_536).max(1),
            Request::Write(_, data) => u32::try_from(data.len()).unwrap().div_ceil(65_536).max(1),
            _ => 1,
        };
        self.next += u64::from(charge.max(1));
        Header {
            credits: 64,
            status: NtStatus(self.channel_sequence.into()),
            flags,
            credit_charge: u16::try_from(charge).unwrap(),
            subject: Subject::Sync { reserved: 0, tree_id: self.tree_id },
            session_id: self.session_id,
            ..Header::new(request.command(), id)
        }
    }

    fn message(&mut self, flags: HeaderFlags, request: &Request<'_>) -> Vec<u8> {
        let header = self.header(flags, request);
        self.encoded(header, request)
    }

    fn encoded(&self, header: Header, request: &Request<'_>) -> Vec<u8> {
        let mut bytes = encode(&header, request);
        self.signed(&header, &mut bytes);
        bytes
    }

    fn signed(&self, header: &Header, bytes: &mut [u8]) {
        if let Some(key) = &self.signing {
            bytes[16] |= 8;
            key.sign(MessageNonce::of(header, Sender::Client), bytes, &[]);
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let framed = [&netbios::frame(bytes.len()).unwrap()[..], bytes].concat();
        self.stream.write_all(&framed)
    }

    /// A request's message, to be changed before it is sent.
    pub fn bytes_of(&mut self, request: &Request<'_>) -> Vec<u8> {
        self.message(HeaderFlags::NONE, request)
    }

    /// Sends a message that took its number already.
    pub fn raw_next(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write(bytes)
    }

    /// Whatever comes next.
    pub fn next_message(&mut self) -> io::Result<Answered> {
        self.take(|_| true)
    }

    /// Bytes as they are, framed; they take a number.
    pub fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.next += 1;
        self.write(bytes)
    }

    /// A request before the session has a key: the hash of 3.1.1 goes over it and over its answer but the last.
    fn hashed(&mut self, request: &Request<'_>) -> io::Result<Answered> {
        let bytes = self.message(HeaderFlags::NONE, request);
        self.hash = self.hash.after(&bytes);
        self.write(&bytes)?;
        let came = self.frame()?;
        let header = Header::decode(&came).unwrap();
        if header.command == Command::NEGOTIATE {
            self.hash = self.hash.after(&came);
        }
        Ok(Answered { header, bytes: came })
    }

    /// One message from the socket.
    fn frame(&mut self) -> io::Result<Vec<u8>> {
        let mut frame = [0; netbios::FRAME_LEN];
        self.stream.read_exact(&mut frame)?;
        let netbios::Frame::Message(len) = netbios::Frame::decode(frame) else { panic!("{frame:?}") };
        let mut bytes = vec![0; len];
        self.stream.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self) -> io::Result<()> {
        let bytes = self.frame()?;
        for part in compound::split(&bytes) {
            let (header, part) = part.unwrap();
            self.inbox.push(Answered { header, bytes: part.to_vec() });
        }
        Ok(())
    }

    /// The last answer to a request that was sent, however long it is pending.
    pub fn answer(&mut self, id: u64) -> io::Result<Answered> {
        self.take(|answered| answered.header.message_id == id && answered.status() != NtStatus::PENDING)
    }

    /// That a request waits.
    pub fn pending(&mut self, id: u64) -> io::Result<Answered> {
        let first = self.take(|answered| answered.header.message_id == id)?;
        assert_eq!(first.status(), NtStatus::PENDING);
        Ok(first)
    }

    /// The next break that is told.
    pub fn told(&mut self) -> Notification {
        let answered = self.take(|answered| answered.header.message_id == u64::MAX).unwrap();
        match answered.body() {
            Response::OplockBreakNotification(told) => told,
            other => panic!("{other:?}"),
        }
    }

    /// True when the server sends nothing for so long.
    pub fn is_silent_for(&mut self, time: Duration) -> bool {
        self.stream.set_read_timeout(Some(time)).unwrap();
        let came = self.fill();
        self.stream.set_read_timeout(Some(PATIENCE)).unwrap();
        self.inbox.is_empty() && came.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    /// True when the server closes the connection soon.
    pub fn is_closed(&mut self) -> bool {
        let until = Instant::now() + Duration::from_secs(5);
        self.stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        while Instant::now() < until {
            match self.fill() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return true,
                Ok(()) => {}
            }
        }
        false
    }

    fn take(&mut self, fits: impl Fn(&Answered) -> bool) -> io::Result<Answered> {
        loop {
            if let Some(at) = self.inbox.iter().position(&fits) {
                return Ok(self.inbox.remove(at));
            }
            self.fill()?;
        }
    }
}

/// A message with its data behind it.
fn encode(header: &Header, body: &Request<'_>) -> Vec<u8> {
    let mut w = Writer::new();
    header.encode(&mut w);
    body.encode(&mut w);
    let mut bytes = w.finish().unwrap();
    bytes.extend_from_slice(body.payload());
    bytes
}
