//! [MS-SMB2] 3.1.4.2 and 3.3.5.5.3: the keys of a session, by SP800-108's counter mode with HMAC-SHA256.
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use wire::negotiate::{Cipher, Dialect};

use super::preauth::PreauthHash;

/// What keys are derived under.
#[derive(Clone, Copy, Debug)]
pub enum Derivation<'a> {
    /// Dialects 2.0.2 and 2.1: nothing is derived, the session key signs.
    None,
    /// Dialects 3.0 and 3.0.2: constants.
    Constant,
    /// Dialect 3.1.1: the hash of the messages that led to the session.
    Preauth(&'a PreauthHash),
}

impl<'a> Derivation<'a> {
    /// What a dialect uses.
    pub fn of(dialect: Dialect, hash: &'a PreauthHash) -> Derivation<'a> {
        match dialect {
            Dialect::SMB_3_1_1 => Derivation::Preauth(hash),
            Dialect::SMB_3_0 | Dialect::SMB_3_0_2 => Derivation::Constant,
            _ => Derivation::None,
        }
    }
}

/// The keys of a session, as the server names them: it encrypts with the encryption key.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionKeys {
    /// Session.SigningKey; of a channel bound later, Channel.SigningKey.
    pub signing: [u8; 16],
    /// Session.EncryptionKey, 16 or 32 bytes by the cipher: from the server to the client.
    pub encryption: Vec<u8>,
    /// Session.DecryptionKey: from the client to the server.
    pub decryption: Vec<u8>,
    /// Session.ApplicationKey.
    pub application: [u8; 16],
}

/// Labels and contexts with the NUL that the specification counts. [MS-SMB2] 3.3.5.5.3
struct Labels {
    signing: (&'static [u8], &'static [u8]),
    server_to_client: (&'static [u8], &'static [u8]),
    client_to_server: (&'static [u8], &'static [u8]),
    application: (&'static [u8], &'static [u8]),
}

const CONSTANT: Labels = Labels {
    signing: (b"SMB2AESCMAC\0", b"SmbSign\0"),
    server_to_client: (b"SMB2AESCCM\0", b"ServerOut\0"),
    client_to_server: (b"SMB2AESCCM\0", b"ServerIn \0"),
    application: (b"SMB2APP\0", b"SmbRpc\0"),
};

/// In 3.1.1 the context is the hash.
const PREAUTH: Labels = Labels {
    signing: (b"SMBSigningKey\0", b""),
    server_to_client: (b"SMBS2CCipherKey\0", b""),
    client_to_server: (b"SMBC2SCipherKey\0", b""),
    application: (b"SMBAppKey\0", b""),
};

impl SessionKeys {
    /// The keys from what authentication gave. Session.SessionKey is its first 16 bytes, padded with zeros; with a 256-bit
    /// cipher, the two cipher keys come from the whole of it. [MS-SMB2] 3.3.5.5.3
    pub fn derive(authenticated: &[u8], derivation: Derivation<'_>, cipher: Option<Cipher>) -> SessionKeys {
        let session_key = session_key(authenticated);
        let is_256 = matches!(cipher, Some(Cipher::AES_256_CCM | Cipher::AES_256_GCM));
        let (labels, hash): (&Labels, Option<&[u8]>) = match derivation {
            Derivation::None => {
                return SessionKeys {
                    signing: session_key,
                    encryption: Vec::new(),
                    decryption: Vec::new(),
                    application: session_key,
                };
            }
            Derivation::Constant => (&CONSTANT, None),
            Derivation::Preauth(hash) => (&PREAUTH, Some(hash.as_bytes())),
        };
        let short = |(label, context): (&[u8], &[u8])| {
            let [first, _] = derived(&session_key, label, hash.unwrap_or(context), false);
            first
        };
        let cipher_key = |(label, context): (&[u8], &[u8])| match is_256 {
            true => derived(authenticated, label, hash.unwrap_or(context), true).concat(),
            false => short((label, context)).to_vec(),
        };
        SessionKeys {
            signing: short(labels.signing),
            encryption: cipher_key(labels.server_to_client),
            decryption: cipher_key(labels.client_to_server),
            application: short(labels.application),
        }
    }
}

/// Session.SessionKey. [MS-SMB2] 3.3.5.5.3
fn session_key(authenticated: &[u8]) -> [u8; 16] {
    let mut key = [0; 16];
    key.iter_mut().zip(authenticated).for_each(|(to, from)| *to = *from);
    key
}

/// One round of the counter, which 256 bits suffice for: HMAC(key, 1 | label | 0 | context | L). The first half is the key
/// when L is 128.
fn derived(key: &[u8], label: &[u8], context: &[u8], is_256: bool) -> [[u8; 16]; 2] {
    let mut mac = keyed(key);
    mac.update(&1u32.to_be_bytes());
    mac.update(label);
    mac.update(&[0]);
    mac.update(context);
    mac.update(&(if is_256 { 256u32 } else { 128 }).to_be_bytes());
    let bytes: [u8; 32] = mac.finalize().into_bytes().into();
    let mut halves = [[0; 16]; 2];
    halves.iter_mut().flatten().zip(bytes).for_each(|(to, from)| *to = from);
    halves
}

/// HMAC-SHA256 with a key of any length.
pub(super) fn keyed(key: &[u8]) -> Hmac<Sha256> {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mac) => mac,
        // HMAC takes keys of every length: RFC 2104 section 2 hashes what is longer than a block.
        Err(_) => unreachable!("HMAC takes a key of any length"),
    }
}
