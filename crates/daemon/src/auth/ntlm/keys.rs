//! Hashes, proofs and keys. [MS-NLMP] 3.3.2, 3.4.4 and 3.4.5
use super::Flags;
use hmac::{Hmac, KeyInit, Mac};
use md4::Md4;
use md5::{Digest, Md5};
use nt::Utf16;
use rc4::{Rc4, StreamCipher};
use std::fmt;
use subtle::ConstantTimeEq;

/// MD4 of a password in UTF-16: what NTLM needs of it, and as good as the password to whoever steals it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct NtHash(pub [u8; 16]);

/// Nobody reads a hash in a log.
impl fmt::Debug for NtHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NtHash(..)")
    }
}

/// NTOWFv1. [MS-NLMP] 3.3.1
pub fn nt_hash(password: &Utf16) -> NtHash {
    NtHash(Md4::digest(password.to_le_bytes()).into())
}

/// NTOWFv2: only the user's name is upper-cased, the domain is taken as it was sent. [MS-NLMP] 3.3.2
pub(super) fn ntowf_v2(hash: &NtHash, user: &Utf16, domain: &Utf16) -> [u8; 16] {
    hmac_md5(&hash.0, &[&user.to_upcased().to_le_bytes(), &domain.to_le_bytes()])
}

pub(super) fn hmac_md5(key: &[u8; 16], parts: &[&[u8]]) -> [u8; 16] {
    // A key shorter than a block is filled up with zeroes, RFC 2104 2: a block cannot fail where a slice could.
    let mut block = [0; 64];
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    let mut mac = Hmac::<Md5>::new(&block.into());
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

pub(super) fn rc4_once<const N: usize>(key: &[u8; 16], mut bytes: [u8; N]) -> [u8; N] {
    // RC4 repeats its key until it is long enough, so twice the key is the key: 32 bytes cannot fail where a slice could.
    let mut twice = [0; 32];
    twice.iter_mut().zip(key.iter().cycle()).for_each(|(to, from)| *to = *from);
    Rc4::new(&twice.into()).apply_keystream(&mut bytes);
    bytes
}

/// Whose signature.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// Client to server.
    Client,
    /// Server to client.
    Server,
}

/// What both sides hold after a proof.
#[derive(Clone, PartialEq, Eq)]
pub struct SecurityKeys {
    exported_session_key: [u8; 16],
    flags: Flags,
}

impl SecurityKeys {
    pub(super) fn new(exported_session_key: [u8; 16], flags: Flags) -> SecurityKeys {
        SecurityKeys { exported_session_key, flags }
    }

    /// The key that SMB derives its own from. [MS-NLMP] 3.1.1.1
    pub fn exported_session_key(&self) -> [u8; 16] {
        self.exported_session_key
    }

    /// The first signature of a side, which is the one that SPNEGO puts over its list of mechanisms; `None` without
    /// extended session security. [MS-NLMP] 3.4.4.2
    pub fn first_signature(&self, side: Side, message: &[u8]) -> Option<[u8; 16]> {
        if !self.flags.has(Flags::EXTENDED_SESSION_SECURITY) {
            return None;
        }
        let mac = hmac_md5(&self.sign_key(side), &[&0u32.to_le_bytes(), message]);
        let (checksum, _) = mac.split_first_chunk::<8>()?;
        let checksum = match self.flags.has(Flags::KEY_EXCH) {
            true => rc4_once(&self.seal_key(side), *checksum),
            false => *checksum,
        };
        let mut signature = [0; 16];
        signature.get_mut(..4)?.copy_from_slice(&1u32.to_le_bytes());
        signature.get_mut(4..12)?.copy_from_slice(&checksum);
        Some(signature)
    }

    /// True when this is that signature.
    pub fn is_first_signature(&self, side: Side, message: &[u8], signature: &[u8]) -> bool {
        self.first_signature(side, message).is_some_and(|wanted| wanted.ct_eq(signature).into())
    }

    /// SIGNKEY. [MS-NLMP] 3.4.5.2
    fn sign_key(&self, side: Side) -> [u8; 16] {
        let magic: &[u8] = match side {
            Side::Client => b"session key to client-to-server signing key magic constant\0",
            Side::Server => b"session key to server-to-client signing key magic constant\0",
        };
        Md5::new().chain_update(self.exported_session_key).chain_update(magic).finalize().into()
    }

    /// SEALKEY. [MS-NLMP] 3.4.5.3
    fn seal_key(&self, side: Side) -> [u8; 16] {
        let magic: &[u8] = match side {
            Side::Client => b"session key to client-to-server sealing key magic constant\0",
            Side::Server => b"session key to server-to-client sealing key magic constant\0",
        };
        let len = match (self.flags.has(Flags::KEY_128), self.flags.has(Flags::KEY_56)) {
            (true, _) => 16,
            (false, true) => 7,
            (false, false) => 5,
        };
        let part = self.exported_session_key.get(..len).unwrap_or_default();
        Md5::new().chain_update(part).chain_update(magic).finalize().into()
    }

    #[cfg(test)]
    pub(super) fn keys_of(&self, side: Side) -> ([u8; 16], [u8; 16]) {
        (self.sign_key(side), self.seal_key(side))
    }
}
