//! The connection machine of SMB: any stream of bytes, any order of answers.
use std::collections::VecDeque;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use nt::{FileTime, Guid, NtStatus};
use smb::Data;
use smb::connection::{Config, Connection, Effect, Incoming, Interim, Now, Packet, Reply, SessionSecurity};
use smb::crypto::{Derivation, PreauthHash, SessionKeys};
use wire::negotiate::{Capabilities, Cipher, Dialect, SigningAlgorithm};
use wire::{Command, FileId, HEADER_LEN, PROTOCOL_ID, Response, TRANSFORM_PROTOCOL_ID, compound, netbios};

/// The session that exists as soon as the dialect is settled.
pub const SESSION: u64 = 0x11;

/// The most requests that a client can have outstanding: its credits.
const CREDITS_MAX: u16 = 32;

/// What the fuzzed server offers.
pub fn config() -> Config {
    Config {
        server_guid: Guid([0x55; 16]),
        dialects: vec![Dialect::SMB_2_0_2, Dialect::SMB_2_1, Dialect::SMB_3_0, Dialect::SMB_3_1_1],
        require_signing: false,
        ciphers: vec![Cipher::AES_128_GCM, Cipher::AES_128_CCM],
        signing_algorithms: vec![SigningAlgorithm::AES_GMAC, SigningAlgorithm::AES_CMAC],
        capabilities: Capabilities(0x3F),
        posix: true,
        transfer_len_max: 65_536,
        credits_max: CREDITS_MAX,
        async_max: 8,
        security_buffer: Vec::new(),
        handshake_timeout: Duration::from_secs(45),
        frame_timeout: Duration::from_secs(20),
    }
}

/// What every input is offered.
static OFFERED: LazyLock<Arc<Config>> = LazyLock::new(|| Arc::new(config()));

/// A server that answers somehow: what and when the script says.
pub(crate) struct Server<'a> {
    pub(crate) connection: Connection,
    pub(crate) waiting: VecDeque<Incoming>,
    script: &'a [u8],
    pub(crate) now: Now,
    closed: bool,
    has_session: bool,
}

/// The first byte says how many bytes of script follow, the others are the stream. The stream comes in pieces, and between
/// them the script's bytes answer what waits. What is sent is well formed, nothing follows a disconnect, and no client has
/// more requests than it had credits for.
pub fn smb_connection(input: &[u8]) {
    let Some((len, rest)) = input.split_first() else { return };
    let (script, stream) = rest.split_at_checked((*len).into()).unwrap_or((rest, &[]));
    let mut server = Server::new(script);
    for piece in stream.chunks(97) {
        server.receive(piece);
        server.log_on();
        server.answer();
    }
    server.end();
}

impl<'a> Server<'a> {
    pub(crate) fn new(script: &'a [u8]) -> Server<'a> {
        let now = Now { monotonic: Duration::ZERO, wall: FileTime(1 << 56) };
        let connection = Connection::new(OFFERED.clone(), now, [1; 32], [2; 3]);
        Server { connection, waiting: VecDeque::new(), script, now, closed: false, has_session: false }
    }

    pub(crate) fn receive(&mut self, piece: &[u8]) {
        if !piece.is_empty() {
            let effects = self.connection.receive(self.now, piece);
            self.take(effects);
        }
    }

    /// The session is there as soon as the dialect is settled, and again after it was ended. Keys are derived for that alone:
    /// they cost more than all else that a piece does.
    pub(crate) fn log_on(&mut self) {
        if !self.has_session && self.connection.negotiated().is_some() {
            establish(&mut self.connection);
            self.has_session = true;
        }
    }

    /// Whatever still waits is answered, and then the client is too slow.
    pub(crate) fn end(&mut self) {
        while !self.waiting.is_empty() {
            self.answer();
        }
        self.now.monotonic = Duration::from_secs(1000);
        let effects = self.connection.expire(self.now);
        self.take(effects);
    }

    fn answer(&mut self) {
        let step = self.script.split_first().map_or(0, |(first, rest)| {
            self.script = rest;
            *first
        });
        self.answer_as(step);
    }

    /// Answers the request that waits longest, or the newest, or says that it will.
    pub(crate) fn answer_as(&mut self, step: u8) {
        let next = if step & 1 == 0 { self.waiting.pop_front() } else { self.waiting.pop_back() };
        let Some(incoming) = next else { return };
        let _ = incoming.request();
        let file = incoming.file_id(FileId::ANY);
        if step & 2 != 0
            && let Interim::Told(effects) = self.connection.interim(incoming.id)
        {
            self.take(effects);
        }
        let reply = match (incoming.header.command, file) {
            (_, Err(status)) => Reply::error(status),
            (Command::ECHO, Ok(_)) => Reply::success(Response::Echo(wire::echo::Response)),
            (Command::READ, Ok(_)) => Reply {
                payload: match step & 16 {
                    0 => vec![7; usize::from(step)].into(),
                    _ => Data::behind_room(vec![7; Data::ROOM + usize::from(step)]),
                },
                ..Reply::success(Response::Read(wire::read::Response::default(), &[]))
            },
            (Command::CREATE, Ok(_)) if step & 4 != 0 => Reply::error(NtStatus::STOPPED_ON_SYMLINK),
            (Command::LOGOFF, Ok(_)) => {
                self.connection.forget(incoming.session_id);
                self.has_session &= incoming.session_id != SESSION;
                Reply::success(Response::Logoff(wire::logoff::Response))
            }
            (_, Ok(file_id)) => Reply {
                file_id: Some(file_id),
                seal: step & 8 != 0,
                ..Reply::error(NtStatus::MORE_PROCESSING_REQUIRED)
            },
        };
        let effects = self.connection.respond(self.now, incoming.id, reply);
        self.take(effects);
    }

    pub(crate) fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            assert!(!self.closed, "{effect:?} after a disconnect");
            match effect {
                Effect::Request(incoming) => self.waiting.push_back(*incoming),
                Effect::Cancel(id) => assert!(self.waiting.iter().any(|request| request.id == id)),
                Effect::Send(packet) => well_formed(&packet),
                Effect::Disconnect(fault) => {
                    let _ = fault.to_string();
                    self.closed = true;
                }
            }
        }
        assert!(self.connection.outstanding() <= usize::from(CREDITS_MAX) * 4);
    }
}

/// Gives the connection the session [`SESSION`], as if it had been set up.
pub fn establish(connection: &mut Connection) {
    let Some(negotiated) = connection.negotiated() else { return };
    let hash = PreauthHash::ZERO;
    let derivation = Derivation::of(negotiated.dialect, &hash);
    let keys = SessionKeys::derive(&[7; 16], derivation, negotiated.cipher);
    let security = SessionSecurity::keyed(&keys, negotiated, false, false);
    connection.establish(SESSION, security);
}

pub(crate) fn well_formed(packet: &Packet) {
    let whole = [&packet.head[..], packet.payload.as_slice()].concat();
    let cut = whole.split_first_chunk::<{ netbios::FRAME_LEN }>();
    assert!(cut.is_some(), "a packet without a frame");
    let Some((head, message)) = cut else { return };
    assert_eq!(netbios::Frame::decode(*head), netbios::Frame::Message(message.len()));
    if message.starts_with(&TRANSFORM_PROTOCOL_ID) {
        assert!(wire::TransformHeader::decode(message).is_ok());
        return;
    }
    assert!(message.starts_with(&PROTOCOL_ID));
    for part in compound::split(message) {
        let right = |(header, part): (wire::Header, &[u8])| header.is_response() && part.len() > HEADER_LEN;
        assert!(part.is_ok_and(right));
    }
}
