//! [MS-SMB2] 3.3.5.2.4, 3.3.5.2.5 and 3.3.5.2.7: the requests of a chain, one after the other, and their responses together.
use std::collections::VecDeque;

use nt::NtStatus;
use wire::negotiate::Dialect;
use wire::{Command, FileId, Header, HeaderFlags, Request, Response};

use super::charge::{payload_len, pays_for, weight};
use super::config::{Now, SETUPS_MAX};
use super::fault::Fault;
use super::incoming::{
    Incoming, InheritedFile, RequestId, SignatureState, is_request, names_file, needs_session, needs_tree,
};
use super::negotiate::negotiate;
use super::reply::{self, Reply, ReplyBody, Written};
use super::security::SessionSecurity;
use super::{Connection, Effect, Phase};
use crate::Data;
use crate::crypto::{PreauthHash, Sender};
use crate::ids::trim;

/// A request of a chain.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) header: Header,
    pub(crate) message: Vec<u8>,
}

impl Part {
    pub(crate) fn is_related(&self) -> bool {
        self.header.flags.contains(HeaderFlags::RELATED_OPERATIONS)
    }
}

/// What a request leaves to the related one after it.
#[derive(Clone, Copy, Debug)]
struct Left {
    session_id: Option<u64>,
    tree_id: Option<u32>,
    file: InheritedFile,
}

/// Related requests, or one alone.
#[derive(Debug)]
pub(crate) struct Chain {
    waiting: VecDeque<Part>,
    pub(super) done: Vec<Written>,
    left: Option<Left>,
    /// The session in whose name the chain came encrypted.
    sealed_for: Option<u64>,
    /// The session for which the responses are sealed, once one of them demands it.
    pub(super) sealed_by: Option<(u64, SessionSecurity)>,
    /// The bundle that its responses go out with.
    pub(super) bundle: Option<u64>,
}

impl Chain {
    pub(crate) fn new(waiting: VecDeque<Part>, sealed_for: Option<u64>, bundle: Option<u64>) -> Chain {
        Chain { waiting, done: Vec::new(), left: None, sealed_for, sealed_by: None, bundle }
    }

    /// True when nothing follows the request that is being answered.
    pub(super) fn is_at_its_end(&self) -> bool {
        self.waiting.is_empty()
    }
}

/// A request that the server has.
#[derive(Debug)]
pub(crate) struct Outstanding {
    pub(crate) header: Header,
    pub(crate) async_id: Option<u64>,
    pub(crate) chain: u64,
    /// What it counts for in the bytes held.
    weight: usize,
    session_id: u64,
    tree_id: u32,
    /// The session whose key signs the response, as the request was signed.
    signed_by: Option<SessionSecurity>,
    /// Of a SESSION_SETUP in 3.1.1: the hash up to the request.
    preauth: Option<PreauthHash>,
}

/// What became of a request before the server saw it.
enum Checked {
    /// The server shall answer it.
    Pass(Box<Incoming>, Option<SessionSecurity>),
    /// It is answered already, signed by a session whose key it should have been signed with.
    Fail(NtStatus, Option<SessionSecurity>),
    /// There is no answer.
    Silence,
}

impl Connection {
    /// Starts a chain.
    pub(super) fn begin(&mut self, now: Now, mut chain: Chain) -> Result<(), Fault> {
        let id = self.next_chain;
        self.next_chain += 1;
        if let Some(session_id) = chain.sealed_for {
            let security = self.sessions.get(&session_id).cloned();
            chain.sealed_by = security.map(|security| (session_id, security));
        }
        self.held += chain.waiting.iter().map(|part| part.message.len()).sum::<usize>();
        self.chains.insert(id, chain);
        self.advance(now, id)
    }

    /// Goes on with a chain until a request waits for the server, or all are answered.
    fn advance(&mut self, now: Now, id: u64) -> Result<(), Fault> {
        loop {
            let Some(chain) = self.chains.get_mut(&id) else { return Ok(()) };
            let Some(part) = chain.waiting.pop_front() else {
                return self.send_chain(id);
            };
            self.held = self.held.saturating_sub(part.message.len());
            let (left, sealed_for) = (chain.left, chain.sealed_for);
            let header = part.header;
            if header.command == Command::NEGOTIATE {
                self.answer_negotiate(now, id, &part)?;
                continue;
            }
            match self.check(part, left, sealed_for)? {
                Checked::Silence => {}
                Checked::Fail(status, signed_by) => self.fail(id, &header, left, status, signed_by)?,
                Checked::Pass(incoming, signed_by) => {
                    let weight = weight(&header, &incoming.message);
                    self.held = self.held.saturating_add(weight);
                    let outstanding = Outstanding {
                        header,
                        weight,
                        async_id: None,
                        chain: id,
                        session_id: incoming.session_id,
                        tree_id: incoming.tree_id,
                        signed_by,
                        preauth: incoming.preauth.clone(),
                    };
                    self.outstanding.insert(incoming.id.0, outstanding);
                    self.effects.push(Effect::Request(incoming));
                    return Ok(());
                }
            }
        }
    }

    /// The checks between the message id and the server.
    fn check(&mut self, part: Part, left: Option<Left>, sealed_for: Option<u64>) -> Result<Checked, Fault> {
        let Part { header, mut message } = part;
        let command = header.command;
        let refused = |status| Ok(Checked::Fail(status, None));
        // Not in the book: what smbtorture smb2.compound.invalid4 found.
        if !is_request(command) {
            return refused(NtStatus::INVALID_PARAMETER);
        }
        let is_related = header.flags.contains(HeaderFlags::RELATED_OPERATIONS);
        let header_tree = header.tree_id().unwrap_or_default();
        let (session_id, tree_id, inherited) = match (is_related, left) {
            (false, _) => (header.session_id, header_tree, InheritedFile::None),
            // The first of a chain may not be related. 3.3.5.2.7.2, note <269>
            (true, None) => return refused(NtStatus::INVALID_PARAMETER),
            (true, Some(left)) => {
                let session_id = match (left.session_id, command) {
                    (Some(session_id), _) => session_id,
                    (None, Command::ECHO | Command::CANCEL) => 0,
                    (None, _) => return refused(NtStatus::INVALID_PARAMETER),
                };
                let tree_id = match left.tree_id {
                    Some(tree_id) => tree_id,
                    None if needs_tree(command) => return refused(NtStatus::INVALID_PARAMETER),
                    None => 0,
                };
                (session_id, tree_id, left.file)
            }
        };
        let security = self.sessions.get(&session_id).cloned();
        let signature =
            match self.check_signature(&header, &mut message, security.as_ref(), sealed_for.is_some()) {
                Ok(signature) => signature,
                Err(_) if command == Command::CANCEL => return Ok(Checked::Silence),
                // Not in the book: an answer to what was signed in vain is signed, which smbtorture smb2.session.bind* asks for.
                Err(status) => return Ok(Checked::Fail(status, security)),
            };
        if command == Command::CANCEL {
            self.cancel(&header);
            return Ok(Checked::Silence);
        }
        if !self.check_charge(&header, &message) {
            let signed_by = security.filter(|_| signature == SignatureState::Verified);
            return Ok(Checked::Fail(NtStatus::INVALID_PARAMETER, signed_by));
        }
        let preauth = match (command, self.dialect()) {
            (Command::SESSION_SETUP, Dialect::SMB_3_1_1) => {
                let before = self.setups.get(&session_id).unwrap_or(&self.preauth);
                Some(before.after(&message))
            }
            _ => None,
        };
        let signed_by = security.filter(|_| signature == SignatureState::Verified);
        let incoming = Incoming {
            id: RequestId(header.message_id),
            header,
            session_id,
            tree_id,
            message,
            inherited,
            is_encrypted: sealed_for.is_some(),
            signature,
            preauth,
        };
        Ok(Checked::Pass(Box::new(incoming), signed_by))
    }

    /// [MS-SMB2] 3.3.5.2.4
    fn check_signature(
        &self,
        header: &Header,
        message: &mut [u8],
        security: Option<&SessionSecurity>,
        is_encrypted: bool,
    ) -> Result<SignatureState, NtStatus> {
        if is_encrypted {
            return Ok(SignatureState::Encrypted);
        }
        if !header.flags.contains(HeaderFlags::SIGNED) {
            return match security.is_some_and(|security| security.signing_required) {
                true => Err(NtStatus::ACCESS_DENIED),
                false => Ok(SignatureState::Unsigned),
            };
        }
        let Some(security) = security else {
            // The server knows whether the session is of another connection, and signs its refusal with that session's key.
            return match needs_session(header.command) {
                true => Ok(SignatureState::Foreign),
                false => Err(NtStatus::USER_SESSION_DELETED),
            };
        };
        let key = security.signing.as_ref().ok_or(NtStatus::NOT_SUPPORTED)?;
        match key.verifies_in_place(header, Sender::Client, message) {
            true => Ok(SignatureState::Verified),
            false => Err(NtStatus::ACCESS_DENIED),
        }
    }

    /// [MS-SMB2] 3.3.5.2.5, and of the commands that can be large 3.3.5.2.6.
    fn check_charge(&self, header: &Header, message: &[u8]) -> bool {
        if !super::incoming::may_be_large(header.command) {
            return true;
        }
        let Ok(request) = Request::decode(header, message) else { return false };
        let multi = self.negotiated().is_some_and(super::Negotiated::supports_multi_credit);
        !multi || pays_for(header.credit_charge, payload_len(&request))
    }

    /// Answers a request that the server never saw.
    fn fail(
        &mut self,
        id: u64,
        header: &Header,
        left: Option<Left>,
        status: NtStatus,
        signed_by: Option<SessionSecurity>,
    ) -> Result<(), Fault> {
        let credits = self.window.grant(header.credits);
        let body = ReplyBody::Error(wire::ErrorId::DEFAULT, &[]);
        let header_back = reply::header(header, status, credits, None);
        let mut written = reply::write(header_back, self.dialect(), &body, Data::default())?;
        written.signed_by = signed_by;
        let is_related = header.flags.contains(HeaderFlags::RELATED_OPERATIONS);
        let Some(chain) = self.chains.get_mut(&id) else { return Ok(()) };
        self.held += written.len();
        chain.done.push(written);
        // What a request leaves that was refused before it was looked at: its own ids, or what it had taken over.
        chain.left = match (is_related, left) {
            (true, left) => left,
            (false, _) => Some(Left {
                session_id: Some(header.session_id).filter(|_| status != NtStatus::USER_SESSION_DELETED),
                tree_id: header.tree_id(),
                file: failed_file(header.command, InheritedFile::None, status),
            }),
        };
        Ok(())
    }

    /// The answer of the server.
    pub(super) fn finish(&mut self, now: Now, id: RequestId, reply: Reply<'_>) -> Result<(), Fault> {
        let Some(request) = self.outstanding.remove(&id.0) else { return Ok(()) };
        trim(&mut self.outstanding);
        self.held = self.held.saturating_sub(request.weight);
        // The credits of an asynchronous request were granted with the interim response. 3.3.4.3
        let credits = if request.async_id.is_some() { 0 } else { self.window.grant(request.header.credits) };
        let mut header = reply::header(&request.header, reply.status, credits, request.async_id);
        header.session_id = reply.session_id.unwrap_or(request.session_id);
        if let wire::Subject::Sync { tree_id, .. } = &mut header.subject {
            *tree_id = reply.tree_id.unwrap_or(request.tree_id);
        }
        let signed_by = reply.signed_by.or(request.signed_by);
        if signed_by.is_none() && reply.status == NtStatus::USER_SESSION_DELETED {
            // Nobody has the key any more: the flag goes back as it came, with which clients believe the status (smbtorture
            // smb2.session.bind_invalid_auth).
            header.flags |= request.header.flags & HeaderFlags::SIGNED;
        }
        let mut written = reply::write(header, self.dialect(), &reply.body, reply.payload)?;
        written.signed_by = signed_by;
        self.follow_setup(&request.header, request.preauth, &written)?;
        let demands = |security: &&SessionSecurity| {
            let is_setup = request.header.command == Command::SESSION_SETUP;
            reply.seal || (security.encrypt_data && !is_setup)
        };
        let sealed_by = self.sessions.get(&header.session_id).filter(demands).cloned();
        let left = Left {
            session_id: left_by(Command::SESSION_SETUP, &header, header.session_id),
            tree_id: left_by(Command::TREE_CONNECT, &header, reply.tree_id.unwrap_or(request.tree_id)),
            file: left_file(&header, reply.file_id),
        };
        let Some(chain) = self.chains.get_mut(&request.chain) else { return Ok(()) };
        if chain.sealed_by.is_none() {
            chain.sealed_by = sealed_by.map(|security| (header.session_id, security));
        }
        chain.left = Some(left);
        self.held += written.len();
        chain.done.push(written);
        self.send_early(request.chain)?;
        self.advance(now, request.chain)
    }

    /// Keeps the hash of a session that is being set up, and drops it at the end. [MS-SMB2] 3.3.5.5
    fn follow_setup(
        &mut self,
        request: &Header,
        hash: Option<PreauthHash>,
        written: &Written,
    ) -> Result<(), Fault> {
        let Some(hash) = hash.filter(|_| request.command == Command::SESSION_SETUP) else { return Ok(()) };
        let session_id = written.header.session_id;
        if written.header.status != NtStatus::MORE_PROCESSING_REQUIRED {
            self.setups.remove(&session_id);
            return Ok(());
        }
        if self.setups.len() >= SETUPS_MAX && !self.setups.contains_key(&session_id) {
            return Err(Fault::Setups { max: SETUPS_MAX });
        }
        // What is hashed is what is sent: a response that asks for more is signed when it binds a session.
        let (header, head) = (written.header, written.head.clone());
        let mut sent =
            Written { header, head, payload: Data::default(), signed_by: written.signed_by.clone() };
        sent.sign(&[]);
        self.setups.insert(session_id, hash.after(&sent.head));
        Ok(())
    }

    /// [MS-SMB2] 3.3.5.4; the signature first, 3.3.5.2.4.
    fn answer_negotiate(&mut self, now: Now, id: u64, part: &Part) -> Result<(), Fault> {
        let config = self.config.clone();
        let salt = self.salt;
        let request = match Request::decode(&part.header, &part.message) {
            Ok(Request::Negotiate(request)) if !part.header.flags.contains(HeaderFlags::SIGNED) => request,
            _ => return self.fail(id, &part.header, None, NtStatus::INVALID_PARAMETER, None),
        };
        match negotiate(&config, now, &salt, &request) {
            Ok((negotiated, response)) => {
                let credits = self.window.grant(part.header.credits.max(1));
                let header = reply::header(&part.header, NtStatus::SUCCESS, credits, None);
                let body = ReplyBody::Response(Response::Negotiate(response));
                let written = reply::write(header, negotiated.dialect, &body, Data::default())?;
                if negotiated.dialect == Dialect::SMB_3_1_1 {
                    self.preauth = PreauthHash::ZERO.after(&part.message).after(&written.head);
                }
                self.phase = Phase::Settled(Box::new(negotiated));
                if let Some(chain) = self.chains.get_mut(&id) {
                    self.held += written.len();
                    chain.done.push(written);
                }
                Ok(())
            }
            Err(refusal) => {
                if refusal.is_settled {
                    self.phase = Phase::Refused;
                }
                self.fail(id, &part.header, None, refusal.status, None)
            }
        }
    }
}

/// An id that a request leaves: nothing when the request should have made it and failed, or found that it means nothing.
fn left_by<T>(maker: Command, response: &Header, id: T) -> Option<T> {
    let failed = response.command == maker && wire::is_error(maker, response.status);
    let is_unknown = match maker {
        Command::SESSION_SETUP => response.status == NtStatus::USER_SESSION_DELETED,
        _ => matches!(response.status, NtStatus::USER_SESSION_DELETED | NtStatus::NETWORK_NAME_DELETED),
    };
    Some(id).filter(|_| !failed && !is_unknown)
}

/// The file that an answered request leaves. STATUS_STOPPED_ON_SYMLINK is a failure, though its severity is a warning's:
/// what counts is that the response is an ERROR response. Only a CREATE that failed fails what follows with its own status; an open
/// that was used stays open, whatever became of the request, so that a CLOSE behind it closes.
fn left_file(response: &Header, file_id: Option<FileId>) -> InheritedFile {
    match file_id {
        Some(file_id) => InheritedFile::Open(file_id),
        None if wire::is_error(response.command, response.status) => {
            failed_file(response.command, InheritedFile::None, response.status)
        }
        None => InheritedFile::None,
    }
}

fn failed_file(command: Command, otherwise: InheritedFile, status: NtStatus) -> InheritedFile {
    match command == Command::CREATE || names_file(command) {
        true => InheritedFile::Failed(status),
        false => otherwise,
    }
}
