//! A client made of messages, to talk to a connection in tests.
#![allow(dead_code, unreachable_pub)] // each test file uses its part
use std::sync::Arc;
use std::time::Duration;

use nt::{FileTime, Guid, NtStatus};
use smb::connection::{Config, Connection, Effect, Fault, Incoming, Now, Packet, Reply, SessionSecurity};
use smb::crypto::{Derivation, MessageNonce, PreauthHash, SealingKey, Sender, SessionKeys, SigningKey};
use wire::negotiate::{
    self, Capabilities, Cipher, Context, Dialect, HashAlgorithm, Preauth, SecurityMode, SigningAlgorithm,
};
use wire::{
    Command, Header, HeaderFlags, Request, Response, Subject, TransformHeader, Writer, compound, netbios,
};

pub const SESSION: u64 = 0x1000_0000_0019;
pub const SESSION_KEY: [u8; 16] = [7; 16];

pub fn now(seconds: u64) -> Now {
    Now { monotonic: Duration::from_secs(seconds), wall: FileTime(133_000_000_000_000_000) }
}

pub fn config() -> Config {
    Config {
        server_guid: Guid([0x55; 16]),
        dialects: vec![
            Dialect::SMB_2_0_2,
            Dialect::SMB_2_1,
            Dialect::SMB_3_0,
            Dialect::SMB_3_0_2,
            Dialect::SMB_3_1_1,
        ],
        require_signing: false,
        ciphers: vec![Cipher::AES_128_GCM, Cipher::AES_128_CCM, Cipher::AES_256_GCM, Cipher::AES_256_CCM],
        signing_algorithms: vec![SigningAlgorithm::AES_GMAC, SigningAlgorithm::AES_CMAC],
        capabilities: Capabilities::LEASING | Capabilities::MULTI_CHANNEL | Capabilities::DIRECTORY_LEASING,
        posix: true,
        transfer_len_max: 1 << 20,
        credits_max: 64,
        async_max: 4,
        security_buffer: b"token".to_vec(),
        handshake_timeout: Duration::from_secs(45),
        frame_timeout: Duration::from_secs(20),
    }
}

pub struct Client {
    pub connection: Connection,
    pub message_id: u64,
    pub signing: Option<SigningKey>,
    pub keys: Option<SessionKeys>,
}

pub fn frame(message: &[u8]) -> Vec<u8> {
    [&netbios::frame(message.len()).unwrap()[..], message].concat()
}

/// A message with its data behind it.
pub fn message(header: &Header, body: &Request<'_>) -> Vec<u8> {
    let mut w = Writer::new();
    header.encode(&mut w);
    body.encode(&mut w);
    let mut bytes = w.finish().unwrap();
    bytes.extend_from_slice(body.payload());
    bytes
}

/// The bytes of a packet behind its frame.
pub fn unframed(packet: &Packet) -> Vec<u8> {
    let whole = [&packet.head[..], packet.payload.as_slice()].concat();
    let head: [u8; 4] = whole[..4].try_into().unwrap();
    assert_eq!(netbios::Frame::decode(head), netbios::Frame::Message(whole.len() - 4));
    whole[4..].to_vec()
}

pub fn negotiate_request<'a>(dialects: &[Dialect], contexts: Vec<Context<'a>>) -> Request<'a> {
    Request::Negotiate(negotiate::Request {
        security_mode: SecurityMode::SIGNING_ENABLED,
        capabilities: Capabilities(0x7F),
        client_guid: Guid([0x33; 16]),
        dialects: dialects.to_vec(),
        contexts,
    })
}

pub fn contexts_3_1_1() -> Vec<Context<'static>> {
    vec![
        Context::Preauth(Preauth { hashes: vec![HashAlgorithm::SHA_512], salt: &[9; 32] }),
        Context::Encryption(vec![Cipher::AES_256_GCM, Cipher::AES_128_GCM]),
        Context::Signing(vec![SigningAlgorithm::AES_CMAC, SigningAlgorithm::AES_GMAC]),
        Context::Posix(&negotiate::POSIX_EXTENSIONS),
    ]
}

impl Client {
    pub fn connect(config: Config) -> Client {
        let connection = Connection::new(Arc::new(config), now(0), [0xAB; 32], [1, 2, 3]);
        Client { connection, message_id: 0, signing: None, keys: None }
    }

    /// The next header, asking for credits.
    pub fn header(&mut self, command: Command) -> Header {
        let message_id = self.message_id;
        self.message_id += 1;
        let subject = Subject::Sync { reserved: 0xFEFF, tree_id: 0 };
        Header { credits: 8, subject, ..Header::new(command, message_id) }
    }

    pub fn send(&mut self, message: &[u8]) -> Vec<Effect> {
        self.connection.receive(now(1), &frame(message))
    }

    /// Sends a request that the connection answers or refuses itself, and gives the bytes of the answer.
    pub fn answered(&mut self, message: &[u8]) -> Vec<u8> {
        only_packet(self.send(message))
    }

    /// Negotiates a dialect.
    pub fn negotiate(&mut self, dialect: Dialect) -> Vec<u8> {
        let contexts = if dialect == Dialect::SMB_3_1_1 { contexts_3_1_1() } else { Vec::new() };
        let header = self.header(Command::NEGOTIATE);
        self.answered(&message(&header, &negotiate_request(&[dialect], contexts)))
    }

    /// Installs a session as if it had been set up, with keys from [`SESSION_KEY`].
    pub fn with_session(mut self, signing_required: bool, encrypt_data: bool) -> Client {
        let negotiated = self.connection.negotiated().unwrap().clone();
        let hash = PreauthHash::ZERO;
        let derivation = Derivation::of(negotiated.dialect, &hash);
        let keys = SessionKeys::derive(&SESSION_KEY, derivation, negotiated.cipher);
        self.signing = Some(SigningKey::new(&keys.signing, negotiated.dialect, negotiated.signing));
        let security = SessionSecurity::keyed(&keys, &negotiated, signing_required, encrypt_data);
        self.keys = Some(keys);
        self.connection.establish(SESSION, security);
        self
    }

    /// A header of the session.
    pub fn session_header(&mut self, command: Command, tree_id: u32) -> Header {
        let header = self.header(command);
        Header { session_id: SESSION, subject: Subject::Sync { reserved: 0, tree_id }, ..header }
    }

    pub fn sign(&self, bytes: &mut [u8]) {
        bytes[16] |= 8;
        let header = Header::decode(bytes).unwrap();
        let nonce = MessageNonce::of(&header, Sender::Client);
        self.signing.as_ref().unwrap().sign(nonce, bytes, &[]);
    }

    /// Encrypts as a client does: with the key that the server decrypts with.
    pub fn seal(&self, mut message: Vec<u8>) -> Vec<u8> {
        let cipher = self.connection.negotiated().unwrap().cipher.unwrap();
        let key = SealingKey::new(&self.keys.as_ref().unwrap().decryption, cipher).unwrap();
        let head = key.seal(SESSION, [5, 4, 3, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &mut message).unwrap();
        [&head[..], &message].concat()
    }

    pub fn open(&self, sealed: &[u8]) -> Vec<u8> {
        let cipher = self.connection.negotiated().unwrap().cipher.unwrap();
        let key = SealingKey::new(&self.keys.as_ref().unwrap().encryption, cipher).unwrap();
        let (header, _) = TransformHeader::decode(sealed).unwrap();
        assert_eq!(header.session_id, SESSION);
        let mut plain = sealed.to_vec();
        key.open(&header, &mut plain).unwrap();
        plain
    }

    pub fn respond(&mut self, request: &Incoming, reply: Reply<'_>) -> Vec<Effect> {
        self.connection.respond(now(2), request.id, reply)
    }
}

pub fn only_packet(effects: Vec<Effect>) -> Vec<u8> {
    match &effects[..] {
        [Effect::Send(packet)] => unframed(packet),
        other => panic!("not one packet: {other:?}"),
    }
}

pub fn only_request(effects: Vec<Effect>) -> Incoming {
    let [Effect::Request(request)] = &effects[..] else { panic!("not one request: {effects:?}") };
    (**request).clone()
}

pub fn only_fault(effects: Vec<Effect>) -> Fault {
    match &effects[..] {
        [Effect::Disconnect(fault)] => *fault,
        other => panic!("not one fault: {other:?}"),
    }
}

/// Headers and bodies of a chain of responses.
pub fn responses(bytes: &[u8]) -> Vec<(Header, Response<'_>)> {
    let parts = compound::split(bytes).map(Result::unwrap);
    parts.map(|(header, part)| (header, Response::decode(&header, part).unwrap())).collect()
}

/// The status of the one response there is.
pub fn status(bytes: &[u8]) -> NtStatus {
    let all = responses(bytes);
    assert_eq!(all.len(), 1);
    assert!(all[0].0.flags.contains(HeaderFlags::SERVER_TO_REDIR));
    all[0].0.status
}
