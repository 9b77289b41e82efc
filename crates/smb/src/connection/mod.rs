//! [MS-SMB2] 3.3.5.1 and 3.3.5.2: what one connection does before and after the server: it cuts the stream into messages,
//! opens what is encrypted, settles the dialect, takes message ids, checks signatures and charges, walks through chains, and
//! signs, seals and frames what goes back.
//!
//! It does nothing but answer with [`Effect`]s. The order of the checks is the book's.
use std::collections::BTreeMap;
use std::sync::Arc;

use nt::NtStatus;
use wire::negotiate::Dialect;
use wire::oplock_break::UNSOLICITED;
use wire::{Command, Header, Response, Subject};

mod bundle;
mod chain;
mod charge;
mod config;
mod fault;
mod framing;
mod incoming;
mod negotiate;
mod receive;
mod reply;
mod security;
mod window;

pub use config::{
    ASYNC_MAX, CHAIN_LEN_MAX, CREDIT_BYTES, Config, Now, REQUEST_OVERHEAD_BYTES_MAX, SETUPS_MAX,
    SMALL_REQUEST_BYTES_MAX, SMALL_TRANSACT_BYTES,
};
pub use fault::Fault;
pub use incoming::{Incoming, InheritedFile, RequestId, SignatureState};
pub use negotiate::Negotiated;
pub use reply::{Packet, Reply, ReplyBody};
pub use security::SessionSecurity;

use crate::Data;
use crate::crypto::PreauthHash;
use crate::ids::IdMap;
use bundle::Bundle;
use chain::{Chain, Outstanding};
use framing::Frames;
use window::SequenceWindow;

/// What a connection wants done.
#[derive(Debug)]
pub enum Effect {
    /// The server shall answer this.
    Request(Box<Incoming>),
    /// The server shall cancel this, if it still waits. [MS-SMB2] 3.3.5.16
    Cancel(RequestId),
    /// These bytes shall be sent.
    Send(Packet),
    /// The socket shall be closed, after what was sent before. Nothing follows.
    Disconnect(Fault),
}

/// What became of the wish to answer a request later.
#[derive(Debug)]
pub enum Interim {
    /// The client knows, by these effects; none when it knew before.
    Told(Vec<Effect>),
    /// It cannot be: the request fails with this status.
    Refused(NtStatus),
}

/// Connection.NegotiateDialect.
#[derive(Debug)]
enum Phase {
    /// 0xFFFF: nothing was settled.
    Fresh,
    /// 0x02FF: SMB1 led here, a second negotiate must follow.
    Wildcard,
    /// A dialect was chosen and then its contexts were refused.
    Refused,
    /// A dialect is spoken.
    Settled(Box<Negotiated>),
    /// The connection is over.
    Closed,
}

/// One connection.
#[derive(Debug)]
pub struct Connection {
    config: Arc<Config>,
    /// The salt of our NEGOTIATE response.
    salt: [u8; 32],
    /// What makes the nonces of this connection different from those of others that share a session's keys.
    channel: [u8; 3],
    phase: Phase,
    frames: Frames,
    window: SequenceWindow,
    sessions: BTreeMap<u64, SessionSecurity>,
    preauth: PreauthHash,
    /// PreauthSessionTable: sessions being set up, each with its hash.
    setups: BTreeMap<u64, PreauthHash>,
    /// RequestList: what the server has not answered, by message id.
    outstanding: IdMap<u64, Outstanding>,
    chains: IdMap<u64, Chain>,
    bundles: BTreeMap<u64, Bundle>,
    /// Bytes of requests and answers in `outstanding`, `chains` and `bundles`.
    held: usize,
    next_chain: u64,
    next_async_id: u64,
    /// Messages sealed so far, of all sessions.
    sealed: u64,
    handshake_until: Option<core::time::Duration>,
    frame_until: Option<core::time::Duration>,
    effects: Vec<Effect>,
}

impl Connection {
    /// A connection just accepted. [MS-SMB2] 3.3.5.1
    ///
    /// The salt is chance. The channel number is one that no other connection of this server has had with any session it
    /// may share: a count will do.
    pub fn new(config: Arc<Config>, now: Now, salt: [u8; 32], channel: [u8; 3]) -> Connection {
        let window = SequenceWindow::new(config.credits_max);
        let handshake_until = Some(now.monotonic + config.handshake_timeout);
        Connection {
            config,
            salt,
            channel,
            phase: Phase::Fresh,
            frames: Frames::default(),
            window,
            sessions: BTreeMap::new(),
            preauth: PreauthHash::ZERO,
            setups: BTreeMap::new(),
            outstanding: IdMap::default(),
            chains: IdMap::default(),
            bundles: BTreeMap::new(),
            held: 0,
            next_chain: 0,
            next_async_id: 1,
            sealed: 0,
            handshake_until,
            frame_until: None,
            effects: Vec::new(),
        }
    }

    /// What was negotiated, once it was.
    pub fn negotiated(&self) -> Option<&Negotiated> {
        match &self.phase {
            Phase::Settled(negotiated) => Some(negotiated),
            _ => None,
        }
    }

    fn dialect(&self) -> Dialect {
        self.negotiated().map_or(Dialect(0), |negotiated| negotiated.dialect)
    }

    /// Bytes that this connection holds: of a message that is coming in, of requests that are not answered and of what answers to
    /// READs may bring, and of answers that wait for others of their message.
    pub fn held_bytes(&self) -> usize {
        self.frames.len() + self.held
    }

    /// Requests that the server has not answered yet.
    pub fn outstanding(&self) -> usize {
        self.outstanding.len()
    }

    /// Bytes from the socket.
    pub fn receive(&mut self, now: Now, mut bytes: &[u8]) -> Vec<Effect> {
        let mut effects = self.receive_one(now, &mut bytes);
        while !bytes.is_empty() {
            effects.extend(self.receive_one(now, &mut bytes));
        }
        effects
    }

    /// Bytes from the socket, up to the end of a message: the others are left, for when what this one asks for is done.
    pub fn receive_one(&mut self, now: Now, bytes: &mut &[u8]) -> Vec<Effect> {
        if matches!(self.phase, Phase::Closed) {
            *bytes = &[];
            return self.take_effects();
        }
        let taken = self.frames.take(bytes, self.message_len_max());
        self.go_on(now, taken)
    }

    /// Bytes that are there of the message that is coming in.
    pub fn begun(&self) -> usize {
        self.frames.len()
    }

    /// Bytes that it lacks.
    pub fn lacks(&self) -> usize {
        self.frames.lacks()
    }

    /// Lends the message that is coming in, so that what it lacks can be read to where it stays. It comes back with
    /// [`receive_lent`](Connection::receive_lent) before anything else does.
    pub fn lend(&mut self) -> Vec<u8> {
        self.frames.lend()
    }

    /// A message that was lent comes back with more bytes behind those it had; what belongs to the next one is put into `rest`.
    pub fn receive_lent(&mut self, now: Now, message: Vec<u8>, rest: &mut Vec<u8>) -> Vec<Effect> {
        if matches!(self.phase, Phase::Closed) {
            return self.take_effects();
        }
        let taken = self.frames.take_back(message, rest);
        self.go_on(now, Ok(taken))
    }

    /// Goes on with the stream: with a whole message, with a part of one, or not at all.
    fn go_on(&mut self, now: Now, taken: Result<Option<Vec<u8>>, Fault>) -> Vec<Effect> {
        let done =
            taken.and_then(|message| message.map_or(Ok(()), |message| self.receive_message(now, message)));
        if let Err(fault) = done {
            self.close(fault);
        }
        let inside = self.frames.is_inside() && !matches!(self.phase, Phase::Closed);
        self.frame_until = match (inside, self.frame_until) {
            (false, _) => None,
            (true, Some(until)) => Some(until),
            (true, None) => Some(now.monotonic + self.config.frame_timeout),
        };
        self.take_effects()
    }

    /// The answer to a request. One that is not outstanding, since the connection ended, is passed over.
    pub fn respond(&mut self, now: Now, id: RequestId, reply: Reply<'_>) -> Vec<Effect> {
        let done = self.finish(now, id, reply);
        self.settle(done)
    }

    /// Sends what nobody asked for: an oplock or lease break, or the notice of a closed session. It is not signed, and
    /// sealed when the session is. [MS-SMB2] 3.3.4.6 and 3.3.4.7
    pub fn notify(&mut self, session_id: u64, body: Response<'_>) -> Vec<Effect> {
        let command = match body {
            Response::Notification(_) => Command::SERVER_TO_CLIENT_NOTIFICATION,
            _ => Command::OPLOCK_BREAK,
        };
        let session = if command == Command::OPLOCK_BREAK { 0 } else { session_id };
        let header = Header {
            flags: wire::HeaderFlags::SERVER_TO_REDIR,
            message_id: UNSOLICITED,
            session_id: session,
            subject: Subject::Sync { reserved: 0, tree_id: 0 },
            ..Header::new(command, 0)
        };
        let security = self.sessions.get(&session_id).filter(|security| security.encrypt_data).cloned();
        let body = ReplyBody::Response(body);
        let done = reply::write(header, self.dialect(), &body, Data::default())
            .and_then(|written| self.send_alone(written, security.map(|security| (session_id, security))));
        self.settle(done)
    }

    /// Installs or replaces the keys of a session on this connection, before the response that ends its SESSION_SETUP.
    pub fn establish(&mut self, session_id: u64, security: SessionSecurity) {
        self.handshake_until = None;
        self.sessions.insert(session_id, security);
    }

    /// Takes a session from this connection: it logged off, expired for good, or went to another.
    pub fn forget(&mut self, session_id: u64) {
        self.sessions.remove(&session_id);
        self.setups.remove(&session_id);
    }

    /// When the connection wants to be asked again, if ever.
    pub fn deadline(&self) -> Option<core::time::Duration> {
        self.handshake_until.into_iter().chain(self.frame_until).min()
    }

    /// Looks at the clock: a client that is too slow is let go.
    pub fn expire(&mut self, now: Now) -> Vec<Effect> {
        if self.deadline().is_some_and(|until| until <= now.monotonic) {
            self.close(Fault::Timeout);
        }
        self.take_effects()
    }

    /// The longest message that a frame may bring now. [MS-SMB2] 3.3.5.2
    fn message_len_max(&self) -> usize {
        match self.negotiated() {
            // Nobody without a session has anything long to say.
            Some(negotiated) if negotiated.supports_multi_credit() && !self.sessions.is_empty() => {
                let len = usize::try_from(negotiated.transfer_len_max).unwrap_or(usize::MAX);
                let around = REQUEST_OVERHEAD_BYTES_MAX + wire::TRANSFORM_LEN;
                len.saturating_add(around).max(SMALL_REQUEST_BYTES_MAX)
            }
            _ => SMALL_REQUEST_BYTES_MAX,
        }
    }

    /// A count of this connection and its number: together they never come twice under one key.
    fn next_nonce(&mut self) -> [u8; 16] {
        let count = self.sealed.to_le_bytes();
        self.sealed += 1;
        let mut nonce = [0; 16];
        nonce.iter_mut().zip(count.into_iter().chain(self.channel)).for_each(|(to, from)| *to = from);
        nonce
    }

    fn settle(&mut self, done: Result<(), Fault>) -> Vec<Effect> {
        if let Err(fault) = done {
            self.close(fault);
        }
        self.take_effects()
    }

    fn close(&mut self, fault: Fault) {
        if matches!(self.phase, Phase::Closed) {
            return;
        }
        self.phase = Phase::Closed;
        self.outstanding.clear();
        self.chains.clear();
        self.bundles.clear();
        self.held = 0;
        (self.handshake_until, self.frame_until) = (None, None);
        self.effects.push(Effect::Disconnect(fault));
    }

    fn take_effects(&mut self) -> Vec<Effect> {
        core::mem::take(&mut self.effects)
    }
}
