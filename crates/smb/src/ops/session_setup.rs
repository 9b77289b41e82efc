//! [MS-SMB2] 3.3.5.5: SESSION_SETUP.
use std::time::Duration;

use nt::NtStatus;
use wire::negotiate::{Capabilities, SecurityMode, SigningAlgorithm};
use wire::session_setup::{Request, RequestFlags, SessionFlags};

use super::{Flow, Started, Waiting as Parked};
use crate::connection::{Incoming, Negotiated, Now, SessionSecurity};
use crate::crypto::{Derivation, PreauthHash, SessionKeys, SigningKey};
use crate::server::{
    Answer, AnswerBody, Asked, Authenticated, Effect, ExchangeId, Identity, Parting, Server, Session,
    SessionState,
};

/// What a SESSION_SETUP is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Purpose {
    /// A new session. 3.3.5.5.1
    New,
    /// A further connection for a session.
    Bind,
    /// The same session on the same connection again. 3.3.5.5.2
    Again,
}

/// What is remembered while a token is looked at.
#[derive(Debug)]
pub(crate) struct Waiting {
    session_id: u64,
    purpose: Purpose,
    security_mode: SecurityMode,
    previous_session_id: u64,
    preauth: Option<PreauthHash>,
}

pub(crate) fn start(
    server: &mut Server,
    now: Now,
    asked: &mut Asked,
    incoming: &Incoming,
    request: &Request<'_>,
) -> Started {
    let negotiated = server.negotiated(asked.connection)?;
    if server.config.encrypt && server.config.reject_unencrypted && negotiated.cipher.is_none() {
        return Err(NtStatus::ACCESS_DENIED);
    }
    let binds = request.flags.contains(RequestFlags::BINDING);
    let (session_id, purpose) = match asked.session_id {
        0 => (begin(server, now, asked, &negotiated)?, Purpose::New),
        session_id if binds => {
            if let Err(status) = check_binding(server, asked, incoming, &negotiated) {
                return Ok(refused_binding(server, asked, status).into());
            }
            (session_id, Purpose::Bind)
        }
        session_id => (session_id, going_on(server, asked)?),
    };
    let next = server.new_id();
    let session = server.sessions.get_mut(&session_id).ok_or(NtStatus::USER_SESSION_DELETED)?;
    let channel = session.channels.entry(asked.connection).or_default();
    let exchange = *channel.exchange.get_or_insert(ExchangeId(next));
    if let Some(linked) = server.connections.get_mut(&asked.connection) {
        linked.sessions.insert(session_id);
    }
    let waiting = Waiting {
        session_id,
        purpose,
        security_mode: request.security_mode,
        previous_session_id: request.previous_session_id,
        preauth: incoming.preauth.clone(),
    };
    let token = request.security_buffer.to_vec();
    Ok(Flow::Authenticate(exchange, token, Parked::SessionSetup(Box::new(waiting))))
}

/// A new session. [MS-SMB2] 3.3.5.5.1
fn begin(server: &mut Server, now: Now, asked: &Asked, negotiated: &Negotiated) -> Result<u64, NtStatus> {
    let sessions = server.connections.get(&asked.connection).map_or(0, |linked| linked.sessions.len());
    if sessions >= server.config.limits.sessions_per_connection {
        return Err(NtStatus::INSUFFICIENT_RESOURCES);
    }
    let session_id = server.new_session_id();
    server.sessions.insert(session_id, Session::new(negotiated, now.monotonic));
    Ok(session_id)
}

/// A further token of a new session or of a binding, or the first of an authentication again.
fn going_on(server: &Server, asked: &Asked) -> Result<Purpose, NtStatus> {
    let session = server.sessions.get(&asked.session_id).ok_or(NtStatus::USER_SESSION_DELETED)?;
    let channel = session.channels.get(&asked.connection).ok_or(NtStatus::USER_SESSION_DELETED)?;
    match session.state {
        SessionState::InProgress => Ok(Purpose::New),
        _ if !channel.is_bound => Ok(Purpose::Bind),
        _ => Ok(Purpose::Again),
    }
}

/// The checks of a binding, in the order of [MS-SMB2] 3.3.5.5.
fn check_binding(
    server: &Server,
    asked: &Asked,
    incoming: &Incoming,
    negotiated: &Negotiated,
) -> Result<(), NtStatus> {
    if let Some(session) = server.sessions.get(&asked.session_id) {
        check_signing(session, negotiated)?;
    }
    let can =
        negotiated.is_smb3() && server.config.connection.capabilities.contains(Capabilities::MULTI_CHANNEL);
    if !can {
        return Err(NtStatus::REQUEST_NOT_ACCEPTED);
    }
    let session = server.sessions.get(&asked.session_id).ok_or(NtStatus::USER_SESSION_DELETED)?;
    let under_way = session.channels.get(&asked.connection);
    // [Windows] Another ClientGuid is no hindrance: smbtorture smb2.session.bind_negative_smb3sign*d.
    if session.dialect != negotiated.dialect || session.cipher != negotiated.cipher {
        return Err(NtStatus::INVALID_PARAMETER);
    }
    match session.state {
        SessionState::InProgress => return Err(NtStatus::REQUEST_NOT_ACCEPTED),
        SessionState::Expired => return Err(NtStatus::NETWORK_SESSION_EXPIRED),
        SessionState::Valid => {}
    }
    if session.is_unauthenticated() {
        return Err(NtStatus::NOT_SUPPORTED);
    }
    if under_way.is_some_and(|channel| channel.is_bound) {
        return Err(NtStatus::REQUEST_NOT_ACCEPTED);
    }
    if under_way.is_none() && session.channels.len() >= server.config.limits.channels_per_session {
        return Err(NtStatus::INSUFFICIENT_RESOURCES);
    }
    if !incoming.header.flags.contains(wire::HeaderFlags::SIGNED) {
        return Err(NtStatus::INVALID_PARAMETER);
    }
    match session.signing.as_ref().is_some_and(|key| incoming.is_signed_with(key)) {
        true => Ok(()),
        false => Err(NtStatus::ACCESS_DENIED),
    }
}

/// Either both sides of a binding sign with GMAC or neither does. Not in the book: the statuses are those that smbtorture
/// smb2.session.bind_negative_smb3* found on Windows.
fn check_signing(session: &Session, negotiated: &Negotiated) -> Result<(), NtStatus> {
    /// STATUS_REQUEST_OUT_OF_SEQUENCE
    const OUT_OF_SEQUENCE: NtStatus = NtStatus(0xC000_042A);
    let is_gmac = |algorithm: Option<SigningAlgorithm>| algorithm == Some(SigningAlgorithm::AES_GMAC);
    match (is_gmac(session.algorithm), is_gmac(negotiated.signing)) {
        (false, true) => Err(NtStatus::NOT_SUPPORTED),
        (true, false) => Err(OUT_OF_SEQUENCE),
        _ => Ok(()),
    }
}

/// The refusal of a binding is signed by the session that was not bound, as the request was. [MS-SMB2] 3.3.4.1.1
fn refused_binding(server: &Server, asked: &Asked, status: NtStatus) -> Answer {
    let session = server.sessions.get(&asked.session_id);
    let key = session.and_then(|session| session.signing.clone());
    let is_signed = asked.flags.contains(wire::HeaderFlags::SIGNED);
    let mut answer = Answer::error(status);
    answer.session_id = Some(asked.session_id);
    answer.signed_by = key.filter(|_| is_signed).map(SessionSecurity::signer);
    answer
}

/// What the token led to.
pub(crate) fn authenticated(
    server: &mut Server,
    now: Now,
    asked: &Asked,
    waiting: Parked,
    step: Authenticated,
) -> Result<Answer, NtStatus> {
    let Parked::SessionSetup(waiting) = waiting else { return Err(NtStatus::INTERNAL_ERROR) };
    let session_id = waiting.session_id;
    let answer = match step {
        Authenticated::Continue { token } => {
            let body = AnswerBody::SessionSetup(SessionFlags::NONE, token);
            let mut answer = Answer::with(NtStatus::MORE_PROCESSING_REQUIRED, body);
            if waiting.purpose == Purpose::Bind {
                // With the session's own key and algorithm, whatever this connection's is.
                let key = server.sessions.get(&session_id).and_then(|session| session.signing.clone());
                answer.signed_by = key.map(SessionSecurity::signer);
            }
            Ok(answer)
        }
        Authenticated::Failed { status } => {
            give_up(server, asked, &waiting);
            Err(status)
        }
        Authenticated::Done { token, identity, session_key } => {
            end_exchange(server, asked, session_id);
            finish(server, now, asked, &waiting, identity, session_key, token).inspect_err(|_| {
                give_up(server, asked, &waiting);
            })
        }
    };
    let answer = match answer {
        Err(status) if waiting.purpose == Purpose::Bind => Ok(refused_binding(server, asked, status)),
        answer => answer,
    };
    answer.map(|mut answer| {
        answer.session_id = Some(session_id);
        answer
    })
}

fn end_exchange(server: &mut Server, asked: &Asked, session_id: u64) {
    let session = server.sessions.get_mut(&session_id);
    if let Some(channel) = session.and_then(|session| session.channels.get_mut(&asked.connection)) {
        channel.exchange = None;
    }
}

/// Nobody was authenticated: the session ends, or the channel. [MS-SMB2] 3.3.5.5.3
fn give_up(server: &mut Server, asked: &Asked, waiting: &Waiting) {
    match waiting.purpose {
        Purpose::New | Purpose::Again => server.end_session(waiting.session_id, Parting::Closed),
        Purpose::Bind => {
            if let Some(session) = server.sessions.get_mut(&waiting.session_id) {
                session.channels.remove(&asked.connection);
            }
            if let Some(linked) = server.connections.get_mut(&asked.connection) {
                linked.sessions.remove(&waiting.session_id);
            }
        }
    }
}

/// Somebody was authenticated. [MS-SMB2] 3.3.5.5.3
fn finish(
    server: &mut Server,
    now: Now,
    asked: &Asked,
    waiting: &Waiting,
    identity: Identity,
    session_key: Option<Vec<u8>>,
    token: Vec<u8>,
) -> Result<Answer, NtStatus> {
    let negotiated = server.negotiated(asked.connection)?;
    let flags = match waiting.purpose {
        Purpose::New => establish(server, now, asked, waiting, &negotiated, identity, session_key)?,
        Purpose::Bind => bind(server, asked, waiting, &negotiated, &identity, session_key)?,
        Purpose::Again => authenticate_again(server, now, waiting.session_id, identity)?,
    };
    let mut answer = Answer::with(NtStatus::SUCCESS, AnswerBody::SessionSetup(flags, token));
    answer.signed_by = server.security(asked, waiting.session_id, &negotiated);
    if waiting.purpose == Purpose::Again {
        // Signed as the request was: its keys stay.
        answer.signed_by = None;
    }
    Ok(answer)
}

fn establish(
    server: &mut Server,
    now: Now,
    asked: &Asked,
    waiting: &Waiting,
    negotiated: &Negotiated,
    identity: Identity,
    session_key: Option<Vec<u8>>,
) -> Result<SessionFlags, NtStatus> {
    let expires = expiration(server, now, &identity);
    let must_encrypt = server.config.encrypt;
    let require_signing = server.config.connection.require_signing;
    let previous = waiting.previous_session_id;
    let is_same_user = server
        .sessions
        .get(&previous)
        .and_then(|session| session.identity.as_ref())
        .is_some_and(|before| before.token.user == identity.token.user && !identity.is_anonymous);
    // [Windows] Of another dialect it is not the client's to end: SessionMgmt_ReconnectWithDifferentDialect of
    // WindowsProtocolTestSuites.
    let has_other_dialect =
        server.sessions.get(&previous).is_some_and(|session| session.dialect != negotiated.dialect);
    if is_same_user && previous != waiting.session_id && has_other_dialect {
        return Err(NtStatus::USER_SESSION_DELETED);
    }
    let session = server.sessions.get_mut(&waiting.session_id).ok_or(NtStatus::USER_SESSION_DELETED)?;
    let is_known = !identity.is_guest && !identity.is_anonymous;
    let mut flags = SessionFlags::NONE;
    if identity.is_anonymous {
        flags |= SessionFlags::IS_NULL;
    } else if identity.is_guest {
        flags |= SessionFlags::IS_GUEST;
    }
    if let Some(key) = session_key.filter(|_| is_known) {
        let hash = waiting.preauth.clone().unwrap_or(PreauthHash::ZERO);
        let keys = SessionKeys::derive(&key, Derivation::of(negotiated.dialect, &hash), negotiated.cipher);
        session.signing = Some(SigningKey::new(&keys.signing, negotiated.dialect, negotiated.signing));
        session.keys = Some(keys);
        session.session_key = key;
        let wanted = waiting.security_mode.contains(SecurityMode::SIGNING_REQUIRED)
            || negotiated.client_security_mode.contains(SecurityMode::SIGNING_REQUIRED);
        session.signing_required = wanted || require_signing;
        session.encrypt_data = must_encrypt && negotiated.cipher.is_some();
    } else if is_known {
        return Err(NtStatus::LOGON_FAILURE);
    } else if require_signing && identity.is_guest {
        return Err(NtStatus::ACCESS_DENIED);
    }
    if session.encrypt_data {
        flags |= SessionFlags::ENCRYPT_DATA;
    }
    session.token = Some(std::sync::Arc::new(identity.token.clone()));
    session.identity = Some(identity);
    session.state = SessionState::Valid;
    session.created = now.monotonic;
    session.expires = expires;
    if let Some(channel) = session.channels.get_mut(&asked.connection) {
        channel.is_bound = true;
    }
    let security =
        server.security(asked, waiting.session_id, negotiated).unwrap_or_else(SessionSecurity::keyless);
    let (connection, session_id) = (asked.connection, waiting.session_id);
    server.effects.push(Effect::Establish { connection, session_id, security: Box::new(security) });
    if previous != 0 && previous != waiting.session_id && is_same_user {
        server.end_session(previous, Parting::Kept(now));
    }
    Ok(flags)
}

fn bind(
    server: &mut Server,
    asked: &Asked,
    waiting: &Waiting,
    negotiated: &Negotiated,
    identity: &Identity,
    session_key: Option<Vec<u8>>,
) -> Result<SessionFlags, NtStatus> {
    let session = server.sessions.get_mut(&waiting.session_id).ok_or(NtStatus::USER_SESSION_DELETED)?;
    let is_same = session.identity.as_ref().is_some_and(|known| known.token.user == identity.token.user);
    if !is_same {
        return Err(NtStatus::ACCESS_DENIED);
    }
    let key = session_key.ok_or(NtStatus::ACCESS_DENIED)?;
    let hash = waiting.preauth.clone().unwrap_or(PreauthHash::ZERO);
    let keys = SessionKeys::derive(&key, Derivation::of(negotiated.dialect, &hash), negotiated.cipher);
    let flags = match session.encrypt_data {
        true => SessionFlags::ENCRYPT_DATA,
        false => SessionFlags::NONE,
    };
    let channel = session.channels.get_mut(&asked.connection).ok_or(NtStatus::USER_SESSION_DELETED)?;
    channel.is_bound = true;
    channel.signing = Some(keys.signing);
    let security = server.security(asked, waiting.session_id, negotiated);
    let (connection, session_id) = (asked.connection, waiting.session_id);
    let security = Box::new(security.ok_or(NtStatus::ACCESS_DENIED)?);
    server.effects.push(Effect::Establish { connection, session_id, security });
    Ok(flags)
}

/// Session.ExpirationTime: when the ticket ends, and no later than the server lets any session live. [MS-SMB2] 3.3.5.5.3
fn expiration(server: &Server, now: Now, identity: &Identity) -> Option<Duration> {
    let of_ticket = identity.ends.map(|ends| {
        let left = ends.0.saturating_sub(now.wall.0);
        now.monotonic + Duration::from_micros(left / 10)
    });
    let of_server = server.config.limits.session_lifetime.map(|time| now.monotonic + time);
    of_ticket.into_iter().chain(of_server).min()
}

/// The same user again: the keys stay, the rights are new. [MS-SMB2] 3.3.5.5.2
fn authenticate_again(
    server: &mut Server,
    now: Now,
    session_id: u64,
    identity: Identity,
) -> Result<SessionFlags, NtStatus> {
    let expires = expiration(server, now, &identity);
    let session = server.sessions.get_mut(&session_id).ok_or(NtStatus::USER_SESSION_DELETED)?;
    session.token = Some(std::sync::Arc::new(identity.token.clone()));
    session.identity = Some(identity);
    session.state = SessionState::Valid;
    session.expires = expires;
    Ok(if session.encrypt_data { SessionFlags::ENCRYPT_DATA } else { SessionFlags::NONE })
}

impl Server {
    /// The keys of a session on a connection: the channel's own key signs, the session's keys encrypt.
    fn security(&self, asked: &Asked, session_id: u64, negotiated: &Negotiated) -> Option<SessionSecurity> {
        let session = self.sessions.get(&session_id)?;
        let mut keys = session.keys.clone()?;
        if let Some(signing) = session.channels.get(&asked.connection).and_then(|channel| channel.signing) {
            keys.signing = signing;
        }
        Some(SessionSecurity::keyed(&keys, negotiated, session.signing_required, session.encrypt_data))
    }
}
