//! NTLM as its server: a challenge, and whether the answer to it proves a password. [MS-NLMP] 3.2
//!
//! NTLMv2 only: an answer in LM, NTLM or LMv2 alone proves nothing here.
//!
//! Why not a library: `sspi` (0.23), the one kept crate with an acceptor, reads no NTProofStr and lets a client in that
//! sends no MIC; it also takes its own time and chance, and needs a newer compiler than this project. What is here are the
//! messages and the order of the checks; MD4, MD5, HMAC and RC4 come from crates.
#[cfg(any(test, feature = "ntlm-client"))]
pub mod client;
mod keys;
mod message;

pub use keys::{NtHash, SecurityKeys, Side, nt_hash};
pub use message::{AvId, Flags, MESSAGE_BYTES_MAX, MalformedMessage, TargetNames, is_message};

use message::{Authenticate, Challenge, negotiate_flags};
use nt::{FileTime, Utf16};
use subtle::ConstantTimeEq;

/// A challenge that went out, and what it answered. [MS-NLMP] 3.2.5.1.1
#[derive(Clone)]
pub struct Challenged {
    negotiate: Vec<u8>,
    challenge: Vec<u8>,
    server_challenge: [u8; 8],
    flags: Flags,
}

/// Who a client says it is; not yet believed. [MS-NLMP] 3.2.5.1.2
pub struct Claim {
    /// The user's name as the client wrote it; empty for anonymous.
    pub user: Utf16,
    /// The domain as the client wrote it; it goes into the proof.
    pub domain: Utf16,
    /// What the client calls its machine.
    pub workstation: Utf16,
    challenged: Challenged,
    answer: Authenticate,
}

/// Why a claim is not believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Disbelief {
    /// It is no NTLMv2 response.
    NotNtlmV2,
    /// The response was not made with this hash.
    Proof,
    /// The MIC over the three messages is wrong, or missing where the response says that it is there.
    Mic,
    /// There is no key in it where one must be.
    Key,
}

impl Challenged {
    /// Answers a NEGOTIATE_MESSAGE. [MS-NLMP] 3.2.5.1.1
    pub fn new(
        negotiate: &[u8],
        names: &TargetNames,
        server_challenge: [u8; 8],
        now: FileTime,
    ) -> Result<Challenged, MalformedMessage> {
        let flags = negotiate_flags(negotiate)?.granted();
        let challenge = Challenge { flags, server_challenge, names, now }.encode();
        Ok(Challenged { negotiate: negotiate.to_vec(), challenge, server_challenge, flags })
    }

    /// The CHALLENGE_MESSAGE.
    pub fn message(&self) -> &[u8] {
        &self.challenge
    }

    /// Reads an AUTHENTICATE_MESSAGE. [MS-NLMP] 3.2.5.1.2
    pub fn answered(self, authenticate: &[u8]) -> Result<Claim, MalformedMessage> {
        let answer = Authenticate::decode(authenticate)?;
        let Authenticate { user, domain, workstation, .. } = &answer;
        let (user, domain, workstation) = (user.clone(), domain.clone(), workstation.clone());
        Ok(Claim { user, domain, workstation, challenged: self, answer })
    }
}

impl Claim {
    /// True when the client claims to be nobody. [MS-NLMP] 3.2.5.1.2
    pub fn is_anonymous(&self) -> bool {
        let lm_is_empty = matches!(*self.answer.lm_response, [] | [0]);
        self.answer.nt_response.is_empty() && lm_is_empty && self.user.0.is_empty()
    }

    /// Believes the claim when its response was made with this hash, and gives the keys. [MS-NLMP] 3.2.5.1.2, 3.3.2
    pub fn prove(&self, hash: &NtHash) -> Result<SecurityKeys, Disbelief> {
        let response = self.answer.ntlm_v2().ok_or(Disbelief::NotNtlmV2)?;
        let key = keys::ntowf_v2(hash, &self.user, &self.domain);
        let proof = keys::hmac_md5(&key, &[&self.challenged.server_challenge, response.temp]);
        if !bool::from(proof.ct_eq(response.proof)) {
            return Err(Disbelief::Proof);
        }
        let base = keys::hmac_md5(&key, &[&proof]);
        let keys = self.keys(base)?;
        if response.has_mic {
            self.check_mic(&keys)?;
        }
        Ok(keys)
    }

    /// The keys of a client that is nobody: known to everyone, and good for mechListMIC only. [MS-NLMP] 3.3.2
    pub fn anonymous_keys(&self) -> Result<SecurityKeys, Disbelief> {
        self.keys([0; 16])
    }

    /// From KeyExchangeKey, which is SessionBaseKey in NTLMv2, to ExportedSessionKey. [MS-NLMP] 3.4.5.1
    fn keys(&self, key_exchange: [u8; 16]) -> Result<SecurityKeys, Disbelief> {
        // Both sides must have asked: what we did not grant does not count.
        let flags = self.answer.flags & self.challenged.flags;
        if !flags.has(Flags::KEY_EXCH) {
            return Ok(SecurityKeys::new(key_exchange, flags));
        }
        let sealed: [u8; 16] = self.answer.session_key.as_slice().try_into().map_err(|_| Disbelief::Key)?;
        Ok(SecurityKeys::new(keys::rc4_once(&key_exchange, sealed), flags))
    }

    fn check_mic(&self, keys: &SecurityKeys) -> Result<(), Disbelief> {
        let mic = self.answer.mic.ok_or(Disbelief::Mic)?;
        let parts: [&[u8]; 3] =
            [&self.challenged.negotiate, &self.challenged.challenge, &self.answer.without_mic];
        match keys::hmac_md5(&keys.exported_session_key(), &parts).ct_eq(&mic).into() {
            true => Ok(()),
            false => Err(Disbelief::Mic),
        }
    }
}

#[cfg(test)]
mod tests;
