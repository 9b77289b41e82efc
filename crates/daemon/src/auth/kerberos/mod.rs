//! Kerberos as its acceptor: a ticket for this server, and proof that who sends it holds its key. RFC 4120 3.2.3, RFC 4121 4.1
//!
//! The messages and the ciphers are those of `picky-krb`. What is here is the keytab, the order of the checks, the memory of
//! authenticators that were seen, and what of it SPNEGO needs. Encryption types: 16, 17 and 18, those of that library.
mod keytab;
mod message;
mod replay;

pub use keytab::{KEYTAB_BYTES_MAX, Keytab, KeytabError};
pub use message::{KRB5, MS_KRB5, is_kerberos};
pub use replay::{REPLAY_ENTRIES_MAX, ReplayCache};

use message::{Principal, Request};
use nt::FileTime;
use picky_krb::constants::key_usages::{ACCEPTOR_SIGN, AP_REQ_AUTHENTICATOR, INITIATOR_SIGN, TICKET_REP};
use picky_krb::crypto::CipherSuite;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use subtle::ConstantTimeEq;

/// How far a client's clock may be off. RFC 4120 1.6 calls five minutes typical, and Windows and MIT use them.
pub const CLOCK_SKEW_S: i64 = 300;

/// Accepts tickets with the keys of a keytab; without one, none.
#[derive(Default)]
pub struct Acceptor {
    keytab: RwLock<Arc<Keytab>>,
    seen: Mutex<ReplayCache>,
}

/// A client whose ticket and authenticator are right.
pub struct Accepted {
    /// The client's name: the components of its principal, `alice` say.
    pub name: Vec<String>,
    /// The realm that the client is of.
    pub realm: String,
    /// The token for the client: AP-REP where it asked for one, else nothing.
    pub token: Vec<u8>,
    /// What signs and what SMB takes its keys from.
    pub context: Context,
    /// When the ticket ends.
    pub ends: FileTime,
}

/// The key of an established context. RFC 4121 2
pub struct Context {
    suite: CipherSuite,
    key: Vec<u8>,
}

/// Why a client is not let in; for the log of the server, the client learns only that it was not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Disbelief {
    /// The token is not an AP-REQ in the frame of GSS.
    Malformed,
    /// The client wants user-to-user authentication.
    UserToUser,
    /// The keytab has no key for this service, realm and encryption type.
    NoKey,
    /// No key opens the ticket.
    Ticket,
    /// The ticket is flagged invalid or is not valid yet.
    NotYetValid,
    /// The ticket has ended.
    Ended,
    /// The authenticator does not open, or names somebody else.
    Authenticator,
    /// The clocks differ too much.
    Skew,
    /// The authenticator was seen before, or there is no room left to remember it.
    Replay,
    /// No answer could be made.
    Answer,
}

impl Acceptor {
    /// Other keys from now on; what was seen stays seen.
    pub fn set_keytab(&self, keytab: Keytab) {
        *self.keytab.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keytab);
    }

    /// True when there are keys to open tickets with.
    pub fn has_keys(&self) -> bool {
        !self.keytab().is_empty()
    }

    fn keytab(&self) -> Arc<Keytab> {
        Arc::clone(&self.keytab.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes a client's first token, whole with its frame. `sequence` is the first number of this side's tokens. RFC 4120 3.2.3
    pub fn accept(&self, token: &[u8], now: FileTime, sequence: u32) -> Result<Accepted, Disbelief> {
        let request = Request::parse(token).ok_or(Disbelief::Malformed)?;
        if request.uses_session_key() {
            return Err(Disbelief::UserToUser);
        }
        let ticket = self.open_ticket(&request)?;
        let now = seconds(now);
        if ticket.is_invalid || ticket.starts - CLOCK_SKEW_S > now {
            return Err(Disbelief::NotYetValid);
        }
        if ticket.ends + CLOCK_SKEW_S < now {
            return Err(Disbelief::Ended);
        }
        let opened = decrypt(
            ticket.etype,
            &ticket.key,
            AP_REQ_AUTHENTICATOR,
            request.authenticator_etype(),
            request.authenticator(),
        );
        let authenticator = opened
            .and_then(|plain| message::Authenticator::parse(&plain))
            .filter(|authenticator| authenticator.client == ticket.client && authenticator.is_of_gss)
            .ok_or(Disbelief::Authenticator)?;
        if (authenticator.time - now).abs() > CLOCK_SKEW_S {
            return Err(Disbelief::Skew);
        }
        let mark = replay::Mark::of(request.authenticator(), authenticator.time, authenticator.microseconds);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.remember(mark, now) {
            return Err(Disbelief::Replay);
        }
        drop(seen);
        let token = match request.is_mutual() || authenticator.is_mutual {
            false => Vec::new(),
            true => message::ap_rep(ticket.etype, &ticket.key, &authenticator, sequence)
                .ok_or(Disbelief::Answer)?,
        };
        let (etype, key) = authenticator.subkey.unwrap_or((ticket.etype, ticket.key));
        let suite = CipherSuite::try_from(etype).map_err(|_| Disbelief::Authenticator)?;
        let ends = FileTime(u64::try_from(ticket.ends + TO_1601_S).unwrap_or(0).saturating_mul(10_000_000));
        let Principal { realm, name } = ticket.client;
        Ok(Accepted { name, realm, token, context: Context { suite, key }, ends })
    }

    fn open_ticket(&self, request: &Request) -> Result<message::Ticket, Disbelief> {
        let service = request.service().ok_or(Disbelief::Malformed)?;
        let (etype, kvno) = (request.ticket_etype(), request.ticket_kvno());
        let mut has_key = false;
        for key in self.keytab().keys_of(&service, etype, kvno) {
            has_key = true;
            let opened = decrypt(etype, &key.value, TICKET_REP, etype, request.ticket());
            if let Some(ticket) = opened.and_then(|plain| message::Ticket::parse(&plain)) {
                // A client of another realm has the same name as one of this, and is somebody else.
                return match ticket.client.realm == service.realm {
                    true => Ok(ticket),
                    false => Err(Disbelief::Ticket),
                };
            }
        }
        Err(if has_key { Disbelief::Ticket } else { Disbelief::NoKey })
    }
}

impl Context {
    /// What SMB makes its keys of. [MS-SMB2] 3.3.5.5.3 takes it from GSS: the subkey, or the ticket's key where there is none.
    pub fn session_key(&self) -> &[u8] {
        &self.key
    }

    /// This side's signature of a message, with a sequence number. RFC 4121 4.2.6.1
    pub fn sign(&self, sequence: u32, message: &[u8]) -> Option<Vec<u8>> {
        self.mic(ACCEPTOR_SIGN, message::mic_header(true, u64::from(sequence)), message)
    }

    /// True when this is the client's signature of a message. RFC 4121 4.2.6.1
    pub fn is_signature(&self, message: &[u8], mic: &[u8]) -> bool {
        let Some((header, _)) = message::mic_parts(mic) else { return false };
        self.mic(INITIATOR_SIGN, header, message).is_some_and(|wanted| bool::from(wanted.ct_eq(mic)))
    }

    /// The header, and the checksum over the message and then the header. RFC 4121 4.2.4
    fn mic(&self, usage: i32, header: [u8; 16], message: &[u8]) -> Option<Vec<u8>> {
        let signed = [message, &header].concat();
        let checksum =
            self.suite.cipher().checksum_type().hasher().checksum(&self.key, usage, &signed).ok()?;
        Some([&header[..], &checksum].concat())
    }
}

/// Opens what was sealed under a key of one encryption type; what names another type does not open.
fn decrypt(etype: usize, key: &[u8], usage: i32, sealed_as: usize, sealed: &[u8]) -> Option<Vec<u8>> {
    let suite = CipherSuite::try_from(etype).ok().filter(|_| etype == sealed_as)?;
    let cipher = suite.cipher();
    // A confounder and a checksum at the least: 16 + 12 bytes with AES, 8 + 20 with triple DES. RFC 3961 5.3
    match key.len() == cipher.key_size() && sealed.len() >= 28 {
        true => cipher.decrypt(key, usage, sealed).ok(),
        false => None,
    }
}

/// From 1601, where times of Windows begin, to 1970, where those of Kerberos are counted from here.
const TO_1601_S: i64 = 11_644_473_600;

fn seconds(time: FileTime) -> i64 {
    i64::try_from(time.0 / 10_000_000).unwrap_or(i64::MAX).saturating_sub(TO_1601_S)
}

#[cfg(test)]
pub(crate) mod tests;
