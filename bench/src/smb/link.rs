//! A connection of the load generator: logged on, connected to the share, with what signs and seals.
use crate::report::Failure;
use daemon::auth::ntlm::client::TestClient;
use nt::{FsctlCode, Guid, NtStatus, Utf16};
use smb::crypto::{Derivation, MessageNonce, PreauthHash, SealingKey, Sender, SessionKeys, SigningKey};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use wire::negotiate::{
    Capabilities, Cipher, Context, Dialect, HashAlgorithm, Preauth, SecurityMode, SigningAlgorithm,
};
use wire::{
    Command, Header, HeaderFlags, Request, Response, Subject, TransformHeader, Writer, compound, negotiate,
    netbios, session_setup, tree_connect,
};

/// How messages are protected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Protection {
    Plain,
    Signed,
    Sealed,
}

/// The credits that are asked for with every message.
const CREDITS: u16 = 128;

/// Counts clients.
static CLIENTS: AtomicU64 = AtomicU64::new(0x3300_0000_0000_0001);

/// The longest message that is taken.
const MESSAGE_MAX: usize = 17 * 1024 * 1024;

/// Where, who, how.
#[derive(Clone, Copy)]
pub(super) struct Target {
    pub(super) port: u16,
    pub(super) user: &'static str,
    pub(super) password: &'static str,
    pub(super) protection: Protection,
}

/// A connection that is logged on and connected to the share `share`.
pub(super) struct Link {
    pub(super) stream: TcpStream,
    protection: Protection,
    signing: SigningKey,
    seal: Option<(SealingKey, SealingKey)>,
    session_id: u64,
    tree_id: u32,
    message_id: u64,
    nonce: u64,
    /// What was received: bytes up to `end`, of which those before `start` are taken.
    received: Vec<u8>,
    start: usize,
    end: usize,
    /// What was sent last, and an answer that nobody needs any more: a MiB is not asked of the kernel for each, which would cost the load
    /// generator more than all else that it does.
    sent: Vec<u8>,
    spare: Vec<u8>,
}

/// Bytes that are read at once, at least.
const READ_BYTES: usize = 128 * 1024;

impl Link {
    /// Negotiates 3.1.1 with AES-128-GMAC and AES-128-GCM, logs on with NTLMv2, connects to the share.
    pub(super) fn connect(target: Target) -> Result<Link, Failure> {
        let mut stream = TcpStream::connect(("127.0.0.1", target.port))?;
        stream.set_nodelay(true)?;
        let mut hash = PreauthHash::ZERO;
        let request = plain(Command::NEGOTIATE, 0, 0, &Request::Negotiate(negotiate_request()))?;
        send(&mut stream, &request)?;
        let response = receive(&mut stream)?;
        hash = hash.after(&request).after(&response);
        let (header, body) = only(&response)?;
        let Response::Negotiate(negotiated) = body else { return Err(refused("NEGOTIATE", header.status)) };
        if negotiated.dialect != Dialect::SMB_3_1_1 {
            return Err(format!("the server speaks {:?}, not 3.1.1", negotiated.dialect).into());
        }
        let algorithm = negotiated.contexts.iter().find_map(|context| match context {
            Context::Signing(algorithms) => algorithms.first().copied(),
            _ => None,
        });
        let cipher = negotiated.contexts.iter().find_map(|context| match context {
            Context::Encryption(ciphers) => ciphers.first().copied(),
            _ => None,
        });
        let client = TestClient::new(target.user, target.password);
        let first = plain(Command::SESSION_SETUP, 1, 0, &setup(&TestClient::negotiate()))?;
        send(&mut stream, &first)?;
        let challenge = receive(&mut stream)?;
        hash = hash.after(&first).after(&challenge);
        let (header, body) = only(&challenge)?;
        let session_id = header.session_id;
        let Response::SessionSetup(setup_response) = body else {
            return Err(refused("SESSION_SETUP", header.status));
        };
        let (token, keys) =
            client.authenticate(&TestClient::negotiate(), challenge_of(setup_response.security_buffer));
        let second = plain(Command::SESSION_SETUP, 2, session_id, &setup(&token))?;
        hash = hash.after(&second);
        send(&mut stream, &second)?;
        let (header, _) = only(&receive(&mut stream)?).map(|(header, _)| (header, ()))?;
        if header.status != NtStatus::SUCCESS {
            return Err(refused("the logon", header.status));
        }
        let derivation = Derivation::of(Dialect::SMB_3_1_1, &hash);
        let keys = SessionKeys::derive(&keys.exported_session_key()[..], derivation, cipher);
        let signing = SigningKey::new(&keys.signing, Dialect::SMB_3_1_1, algorithm);
        let seal = cipher.and_then(|cipher| {
            // Named from the server's side: what it decrypts with, we encrypt with.
            Some((SealingKey::new(&keys.decryption, cipher)?, SealingKey::new(&keys.encryption, cipher)?))
        });
        let mut link = Link {
            stream,
            protection: target.protection,
            signing,
            seal,
            session_id,
            tree_id: 0,
            message_id: 3,
            nonce: 0,
            received: Vec::new(),
            start: 0,
            end: 0,
            sent: Vec::new(),
            spare: Vec::new(),
        };
        link.connect_to("share")?;
        Ok(link)
    }

    /// Connects to a share, in whose name the next requests are.
    pub(super) fn connect_to(&mut self, share: &str) -> Result<(), Failure> {
        let path = Utf16::from(format!(r"\\127.0.0.1\{share}").as_str());
        let tree = Request::TreeConnect(tree_connect::Request {
            flags: tree_connect::RequestFlags(0),
            path,
            contexts: None,
        });
        // 3.1.1 wants it signed whatever else is.
        let wanted = self.protection;
        if wanted == Protection::Plain {
            self.protection = Protection::Signed;
        }
        let response = self.round_trip(&[tree]);
        self.protection = wanted;
        let response = response?;
        let (header, _) = only(&response)?;
        if header.status != NtStatus::SUCCESS {
            return Err(refused("TREE_CONNECT", header.status));
        }
        self.tree_id = header.tree_id().unwrap_or_default();
        Ok(())
    }

    /// One or several related requests, framed and protected.
    pub(super) fn framed(&mut self, requests: &[Request<'_>]) -> Result<Vec<u8>, Failure> {
        let mut framed = Vec::with_capacity(512);
        self.frame_into(requests, &mut framed)?;
        Ok(framed)
    }

    /// The same behind other messages; gives the id of the first.
    pub(super) fn frame_into(&mut self, requests: &[Request<'_>], out: &mut Vec<u8>) -> Result<u64, Failure> {
        let first_id = self.message_id;
        let frame_at = out.len();
        let is_sealed = self.protection == Protection::Sealed;
        let before = netbios::FRAME_LEN + if is_sealed { wire::TRANSFORM_LEN } else { 0 };
        out.resize(frame_at + before, 0);
        let signing = Some(&self.signing).filter(|_| self.protection == Protection::Signed);
        let ids = (self.session_id, self.tree_id);
        self.message_id = chain(requests, ids, self.message_id, signing, out)?;
        if is_sealed {
            let (key, _) = self.seal.as_ref().ok_or("the server offers no encryption")?;
            self.nonce += 1;
            let mut nonce = [0; 16];
            nonce.iter_mut().zip(self.nonce.to_le_bytes()).for_each(|(to, from)| *to = from);
            let (around, message) = out.split_at_mut(frame_at + before);
            let head = key.seal(self.session_id, nonce, message).map_err(|fault| format!("{fault:?}"))?;
            if let Some(field) = around.get_mut(frame_at + netbios::FRAME_LEN..) {
                field.copy_from_slice(&head);
            }
        }
        let len = out.len() - frame_at - netbios::FRAME_LEN;
        let frame = netbios::frame(len).ok_or("a message too long")?;
        if let Some(field) = out.get_mut(frame_at..frame_at + netbios::FRAME_LEN) {
            field.copy_from_slice(&frame);
        }
        Ok(first_id)
    }

    /// The next whole message that is not an interim answer, if one is there; reads what the socket has.
    pub(super) fn poll(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        loop {
            if let Some(message) = self.next()? {
                return Ok(Some(message));
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// The next whole message that is not an interim answer, of what was received.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        while let Some(message) = self.taken()? {
            if let Some(message) = self.opened(message)? {
                return Ok(Some(message));
            }
        }
        Ok(None)
    }

    /// Reads once; false when there is nothing.
    pub(super) fn fill(&mut self) -> Result<bool, Failure> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.start > 0 && self.received.len() - self.end < READ_BYTES {
            self.received.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.received.len() - self.end < READ_BYTES {
            self.received.resize(self.end + READ_BYTES, 0);
        }
        match self.stream.read(self.received.get_mut(self.end..).unwrap_or_default()) {
            Ok(0) => Err("the server closed the connection".into()),
            Ok(len) => {
                self.end += len;
                Ok(true)
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// An answer that was looked at.
    pub(super) fn give_back(&mut self, message: Vec<u8>) {
        self.spare = message;
    }

    fn taken(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        let received = self.received.get(self.start..self.end).unwrap_or_default();
        let Some((head, rest)) = received.split_first_chunk::<4>() else { return Ok(None) };
        let netbios::Frame::Message(len) = netbios::Frame::decode(*head) else {
            return Err("no frame of SMB".into());
        };
        if len > MESSAGE_MAX {
            return Err(format!("a message of {len} bytes").into());
        }
        let Some(whole) = rest.get(..len) else { return Ok(None) };
        let mut message = std::mem::take(&mut self.spare);
        message.clear();
        message.extend_from_slice(whole);
        self.start += netbios::FRAME_LEN + len;
        Ok(Some(message))
    }

    /// In the clear; nothing for an interim answer.
    fn opened(&self, mut message: Vec<u8>) -> Result<Option<Vec<u8>>, Failure> {
        if let Ok((header, _)) = TransformHeader::decode(&message) {
            let (_, key) = self.seal.as_ref().ok_or("sealed without a key")?;
            key.open(&header, &mut message).map_err(|fault| format!("{fault:?}"))?;
        }
        let header = Header::decode(&message)?;
        if self.protection == Protection::Signed {
            let mut parts = compound::split(&message);
            let is_right = parts.all(|part| {
                part.is_ok_and(|(header, part)| self.signing.verifies(&header, Sender::Server, part))
            });
            if !is_right && header.status != NtStatus::PENDING {
                return Err("a signature of the server is wrong".into());
            }
        }
        Ok((header.status != NtStatus::PENDING).then_some(message))
    }

    /// Sends and waits.
    pub(super) fn round_trip(&mut self, requests: &[Request<'_>]) -> Result<Vec<u8>, Failure> {
        let mut sent = std::mem::take(&mut self.sent);
        sent.clear();
        self.frame_into(requests, &mut sent)?;
        self.stream.write_all(&sent)?;
        self.sent = sent;
        loop {
            if let Some(message) = self.poll()? {
                return Ok(message);
            }
        }
    }
}

/// Appends one or several related requests in the name of a session and a tree, each signed where there is a key; gives the message id
/// behind theirs.
pub(super) fn chain(
    requests: &[Request<'_>],
    (session_id, tree_id): (u64, u32),
    mut message_id: u64,
    signing: Option<&SigningKey>,
    out: &mut Vec<u8>,
) -> Result<u64, Failure> {
    let last = requests.len() - 1;
    for (at, request) in requests.iter().enumerate() {
        let charge = charge(request);
        let mut header = Header::new(request.command(), message_id);
        message_id += u64::from(charge);
        (header.credit_charge, header.credits, header.session_id) = (charge, CREDITS, session_id);
        header.subject = Subject::Sync { reserved: 0, tree_id };
        if at > 0 {
            header.flags |= HeaderFlags::RELATED_OPERATIONS;
        }
        if signing.is_some() {
            header.flags |= HeaderFlags::SIGNED;
        }
        let mut w = Writer::with_capacity(256);
        header.encode(&mut w);
        request.encode(&mut w);
        let begin = out.len();
        out.extend_from_slice(&w.finish()?);
        out.extend_from_slice(request.payload());
        if at < last {
            let message = out.get_mut(begin..).unwrap_or_default();
            let padding = compound::link(message, 0).ok_or("a message too long")?;
            out.resize(out.len() + padding, 0);
        }
        if let Some(key) = signing {
            let message = out.get_mut(begin..).unwrap_or_default();
            key.sign(MessageNonce::of(&header, Sender::Client), message, &[]);
        }
    }
    Ok(message_id)
}

/// A credit for each 64 KiB of the longer direction. [MS-SMB2] 3.1.5.2
fn charge(request: &Request<'_>) -> u16 {
    let len = match request {
        Request::Read(read) => read.len as usize,
        Request::Write(_, data) => data.len(),
        Request::QueryDirectory(query) => query.output_len_max as usize,
        Request::QueryInfo(query) => query.input.len().max(query.output_len_max as usize),
        Request::SetInfo(set) => set.input.len(),
        Request::ChangeNotify(notify) => notify.output_len_max as usize,
        Request::Ioctl(ioctl) => ioctl.input.len().max(ioctl.output_len_max as usize),
        _ => 1,
    };
    u16::try_from(len.div_ceil(65536).max(1)).unwrap_or(u16::MAX)
}

/// The headers and bodies of an answer.
pub(super) fn answers(message: &[u8]) -> Result<Vec<(Header, Response<'_>)>, Failure> {
    compound::split(message)
        .map(|part| {
            let (header, part) = part?;
            Ok((header, Response::decode(&header, part)?))
        })
        .collect()
}

fn only(message: &[u8]) -> Result<(Header, Response<'_>), Failure> {
    answers(message)?.into_iter().next().ok_or_else(|| "no answer".into())
}

/// The statuses of an answer, in their order.
pub(super) fn statuses(message: &[u8]) -> Result<Vec<NtStatus>, Failure> {
    compound::split(message).map(|part| Ok(part?.0.status)).collect()
}

fn refused(what: &str, status: NtStatus) -> Failure {
    format!("{what} was refused: {status}").into()
}

pub(super) fn plain(
    command: Command,
    message_id: u64,
    session_id: u64,
    body: &Request<'_>,
) -> Result<Vec<u8>, Failure> {
    let header = Header { session_id, credits: CREDITS, ..Header::new(command, message_id) };
    let mut w = Writer::new();
    header.encode(&mut w);
    body.encode(&mut w);
    Ok(w.finish()?)
}

fn send(stream: &mut TcpStream, message: &[u8]) -> Result<(), Failure> {
    let mut framed = netbios::frame(message.len()).ok_or("a message too long")?.to_vec();
    framed.extend_from_slice(message);
    Ok(stream.write_all(&framed)?)
}

fn receive(stream: &mut TcpStream) -> Result<Vec<u8>, Failure> {
    let mut head = [0; 4];
    stream.read_exact(&mut head)?;
    let netbios::Frame::Message(len) = netbios::Frame::decode(head) else {
        return Err("no frame of SMB".into());
    };
    let mut message = vec![0; len.min(MESSAGE_MAX)];
    stream.read_exact(&mut message)?;
    Ok(message)
}

/// A connection that has said which dialect it speaks, and no more.
pub(super) fn only_negotiated(port: u16) -> Result<TcpStream, Failure> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    send(&mut stream, &plain(Command::NEGOTIATE, 0, 0, &Request::Negotiate(negotiate_request()))?)?;
    receive(&mut stream)?;
    Ok(stream)
}

fn negotiate_request() -> negotiate::Request<'static> {
    negotiate::Request {
        security_mode: SecurityMode::SIGNING_ENABLED,
        capabilities: Capabilities::LARGE_MTU | Capabilities::LEASING | Capabilities::ENCRYPTION,
        // Each is a client of its own: smbd hands connections of one client to one process.
        client_guid: Guid(u128::from(CLIENTS.fetch_add(1, Ordering::Relaxed)).to_le_bytes()),
        dialects: vec![Dialect::SMB_3_1_1],
        contexts: vec![
            Context::Preauth(Preauth { hashes: vec![HashAlgorithm::SHA_512], salt: &[9; 32] }),
            Context::Encryption(vec![Cipher::AES_128_GCM]),
            Context::Signing(vec![SigningAlgorithm::AES_GMAC]),
        ],
    }
}

pub(super) fn setup(token: &[u8]) -> Request<'_> {
    Request::SessionSetup(session_setup::Request {
        flags: session_setup::RequestFlags(0),
        security_mode: SecurityMode::SIGNING_ENABLED,
        capabilities: Capabilities(0),
        previous_session_id: 0,
        security_buffer: token,
    })
}

/// NTLM's challenge, bare or inside SPNEGO: found by its first bytes.
fn challenge_of(token: &[u8]) -> &[u8] {
    let at = token.windows(8).position(|bytes| bytes == b"NTLMSSP\0").unwrap_or(0);
    token.get(at..).unwrap_or_default()
}

/// FSCTL_SET_REPARSE_POINT and FSCTL_GET_REPARSE_POINT.
pub(super) const SET: FsctlCode = FsctlCode::SET_REPARSE_POINT;
/// See [`SET`].
pub(super) const GET: FsctlCode = FsctlCode::GET_REPARSE_POINT;
