//! [MS-SMB2] 3.3.4.1: what the server answers, and how it becomes a packet.
use core::fmt;

use nt::NtStatus;
use wire::negotiate::Dialect;
use wire::{
    ErrorContext, ErrorId, ErrorResponse, FileId, Header, HeaderFlags, Response, Subject, Writer, compound,
    netbios, query_directory,
};

use super::fault::Fault;
use super::security::SessionSecurity;
use crate::Data;
use crate::crypto::{MessageNonce, Sender};

/// The answer to a request.
#[derive(Clone, Debug)]
pub struct Reply<'a> {
    /// Status.
    pub status: NtStatus,
    /// What follows the header.
    pub body: ReplyBody<'a>,
    /// The data of a READ, or many entries of a directory: sent right after the head and not copied into it.
    pub payload: Data,
    /// The session that SESSION_SETUP made.
    pub session_id: Option<u64>,
    /// The tree that TREE_CONNECT made.
    pub tree_id: Option<u32>,
    /// The open that the request made or used, for the related requests after it.
    pub file_id: Option<FileId>,
    /// Sign for this session, whatever the request was: the last response of SESSION_SETUP, [MS-SMB2] 3.3.5.5.3, and those
    /// before it when a session is bound, [MS-SMB2] 3.3.4.1.1.
    pub signed_by: Option<SessionSecurity>,
    /// Encrypt though the request was not: the share demands it. [MS-SMB2] 3.3.4.1.4
    pub seal: bool,
}

/// What follows the header of a response.
#[derive(Clone, Debug)]
pub enum ReplyBody<'a> {
    /// The response of the command. Of a READ, the data goes into [`Reply::payload`] instead, and so may the entries of a
    /// QUERY_DIRECTORY.
    Response(Response<'a>),
    /// An ERROR response with data of [MS-SMB2] 2.2.2.2, which 3.1.1 wraps in a context; empty when there is none.
    Error(ErrorId, &'a [u8]),
}

impl<'a> Reply<'a> {
    /// A success.
    pub fn success(body: Response<'a>) -> Reply<'a> {
        Reply::with(NtStatus::SUCCESS, ReplyBody::Response(body))
    }

    /// A failure about which there is no more to say.
    pub fn error(status: NtStatus) -> Reply<'static> {
        Reply::with(status, ReplyBody::Error(ErrorId::DEFAULT, &[]))
    }

    /// Any answer.
    pub fn with(status: NtStatus, body: ReplyBody<'a>) -> Reply<'a> {
        Reply {
            status,
            body,
            payload: Data::default(),
            session_id: None,
            tree_id: None,
            file_id: None,
            signed_by: None,
            seal: false,
        }
    }
}

/// Bytes for the socket, in this order, in one write: the frame and what it counts.
#[derive(Clone, PartialEq, Eq)]
pub struct Packet {
    /// The frame and the heads.
    pub head: Vec<u8>,
    /// The data that follows them; empty but for READ and large listings. What was protected as a whole may be all here.
    pub payload: Data,
}

impl fmt::Debug for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Packet({} + {} bytes)", self.head.len(), self.payload.len())
    }
}

/// A response that is written and not yet signed.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) header: Header,
    pub(crate) head: Vec<u8>,
    pub(crate) payload: Data,
    /// The session whose key signs it.
    pub(crate) signed_by: Option<SessionSecurity>,
}

/// Room for the most frequent responses, which then need not grow.
const HEAD_BYTES: usize = 256;

/// Writes a response: the header of the request with what 3.3.4.3 and 3.3.4.4 change.
pub(crate) fn write(
    header: Header,
    dialect: Dialect,
    body: &ReplyBody<'_>,
    payload: Data,
) -> Result<Written, Fault> {
    let mut w = Writer::with_capacity(HEAD_BYTES);
    header.encode(&mut w);
    match body {
        ReplyBody::Response(Response::Read(read, _)) => read.encode(payload.len(), &mut w),
        ReplyBody::Response(Response::QueryDirectory(_)) if !payload.is_empty() => {
            query_directory::Response::encode_head(payload.len(), &mut w);
        }
        ReplyBody::Response(response) => response.encode(&mut w),
        ReplyBody::Error(_, []) => ErrorResponse::EMPTY.encode(&mut w),
        ReplyBody::Error(id, data) if dialect == Dialect::SMB_3_1_1 => {
            ErrorResponse::Contexts(vec![ErrorContext { id: *id, data }]).encode(&mut w);
        }
        ReplyBody::Error(_, data) => ErrorResponse::Plain(data).encode(&mut w),
    }
    let head = w.finish().map_err(|_| Fault::Unwritable)?;
    Ok(Written { header, head, payload, signed_by: None })
}

/// The header of a response to a request. [MS-SMB2] 3.3.4.3 and 3.3.4.4
pub(crate) fn header(request: &Header, status: NtStatus, credits: u16, async_id: Option<u64>) -> Header {
    let subject = match async_id {
        Some(async_id) => Subject::Async { async_id },
        None => request.subject,
    };
    let flags = request.flags.without(HeaderFlags::SIGNED).union(HeaderFlags::SERVER_TO_REDIR);
    Header { status, credits, flags, subject, signature: [0; 16], ..*request }
}

impl Written {
    /// Its bytes.
    pub(crate) fn len(&self) -> usize {
        self.head.len() + self.payload.len()
    }

    /// Signs it, with the padding that follows it.
    pub(crate) fn sign(&mut self, padding: &[u8]) {
        let Some(key) = self.signed_by.as_ref().and_then(|security| security.signing.as_ref()) else {
            return;
        };
        self.header.flags |= HeaderFlags::SIGNED;
        let flags = self.header.flags.union(match self.header.subject {
            Subject::Async { .. } => HeaderFlags::ASYNC_COMMAND,
            Subject::Sync { .. } => HeaderFlags::NONE,
        });
        if let Some(field) = self.head.get_mut(wire::FLAGS_AT..wire::FLAGS_AT + 4) {
            field.copy_from_slice(&flags.0.to_le_bytes());
        }
        let nonce = MessageNonce::of(&self.header, Sender::Server);
        if !key.prefers_one_piece() {
            return key.sign(nonce, &mut self.head, &[self.payload.as_slice(), padding]);
        }
        if padding.is_empty() && !self.payload.is_empty() && self.payload.put_before(&self.head) {
            self.head.clear();
            return key.sign_whole(nonce, self.payload.as_mut_slice());
        }
        // A copy costs less than the other way to sign.
        self.head.reserve_exact(self.payload.len() + padding.len());
        self.head.extend_from_slice(self.payload.as_slice());
        self.payload = Data::default();
        let end = self.head.len();
        self.head.extend_from_slice(padding);
        key.sign_whole(nonce, &mut self.head);
        self.head.truncate(end);
    }
}

/// What padding is made of.
const ZEROS: &[u8] = &[0; 8];

/// How a packet is protected.
pub(crate) enum Protection<'a> {
    /// Each message by its own signature, if any.
    Signed,
    /// As a whole.
    Sealed {
        /// The session.
        session_id: u64,
        /// Its keys.
        security: &'a SessionSecurity,
        /// A nonce that its key never saw.
        nonce: [u8; 16],
    },
}

/// Chains responses, protects them, frames them. [MS-SMB2] 3.3.4.1.1, 3.3.4.1.3 and 3.3.4.1.4
pub(crate) fn assemble(mut chain: Vec<Written>, protection: &Protection<'_>) -> Result<Packet, Fault> {
    let is_signed = matches!(protection, Protection::Signed);
    if let (true, [only]) = (is_signed, &mut chain[..]) {
        only.sign(&[]);
        let frame = netbios::frame(only.head.len() + only.payload.len()).ok_or(Fault::Unwritable)?;
        // What was signed in one piece is not copied again.
        if only.head.is_empty() && only.payload.put_before(&frame) {
            return Ok(Packet { head: Vec::new(), payload: core::mem::take(&mut only.payload) });
        }
        if only.head.len() > HEAD_BYTES && only.payload.is_empty() {
            return Ok(Packet { head: frame.to_vec(), payload: core::mem::take(&mut only.head).into() });
        }
        let mut head = Vec::with_capacity(frame.len() + only.head.len());
        head.extend_from_slice(&frame);
        head.extend_from_slice(&only.head);
        return Ok(Packet { head, payload: core::mem::take(&mut only.payload) });
    }
    let before = netbios::FRAME_LEN + if is_signed { 0 } else { wire::TRANSFORM_LEN };
    if let [only] = &mut chain[..]
        && !only.payload.is_empty()
        && only.payload.room() >= before + only.head.len()
    {
        only.payload.put_before(&only.head);
        return seal_in_place(core::mem::take(&mut only.payload), protection);
    }
    let len: usize = chain.iter().map(|message| message.len().next_multiple_of(8)).sum();
    let mut bytes = Vec::with_capacity(before + len);
    bytes.resize(before, 0);
    let last = chain.len().saturating_sub(1);
    for (at, message) in chain.iter_mut().enumerate() {
        let padding = match at == last {
            // Windows pads the last of a chain too. [MS-SMB2] 3.3.4.1.3
            true if last > 0 => {
                let len = message.head.len() + message.payload.len();
                len.next_multiple_of(8) - len
            }
            true => 0,
            false => compound::link(&mut message.head, message.payload.len()).ok_or(Fault::Unwritable)?,
        };
        let padding = ZEROS.get(..padding).unwrap_or_default();
        if is_signed {
            message.sign(padding);
        }
        bytes.extend_from_slice(&message.head);
        bytes.extend_from_slice(message.payload.as_slice());
        bytes.extend_from_slice(padding);
    }
    if let Some(head) = seal(bytes.get_mut(before..).unwrap_or_default(), protection)?
        && let Some(field) = bytes.get_mut(netbios::FRAME_LEN..before)
    {
        field.copy_from_slice(&head);
    }
    let frame = netbios::frame(bytes.len() - netbios::FRAME_LEN).ok_or(Fault::Unwritable)?;
    if let Some(field) = bytes.get_mut(..netbios::FRAME_LEN) {
        field.copy_from_slice(&frame);
    }
    Ok(Packet { head: bytes, payload: Data::default() })
}

/// Encrypts what is to be, and gives the header before it.
fn seal(message: &mut [u8], protection: &Protection<'_>) -> Result<Option<[u8; wire::TRANSFORM_LEN]>, Fault> {
    let Protection::Sealed { session_id, security, nonce } = protection else { return Ok(None) };
    let (key, _) = security.sealing.as_ref().ok_or(Fault::Unwritable)?;
    key.seal(*session_id, *nonce, message).map(Some).map_err(|_| Fault::Unwritable)
}

/// The same of a message that has the room for what comes before it.
fn seal_in_place(mut message: Data, protection: &Protection<'_>) -> Result<Packet, Fault> {
    if let Some(head) = seal(message.as_mut_slice(), protection)? {
        message.put_before(&head);
    }
    message.put_before(&netbios::frame(message.len()).ok_or(Fault::Unwritable)?);
    Ok(Packet { head: Vec::new(), payload: message })
}
