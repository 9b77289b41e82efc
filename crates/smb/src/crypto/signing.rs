//! [MS-SMB2] 3.1.4.1 and 3.1.5.1: signatures. A message may lie in parts, so that its data need not be copied to be signed.
use core::fmt;
use std::sync::Arc;

use aes::Aes128;
use aes::cipher::{Array, BlockCipherEncrypt, KeyInit};
use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use cmac::Cmac;
use ghash::GHash;
use ghash::universal_hash::UniversalHash;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use wire::negotiate::{Dialect, SigningAlgorithm};
use wire::{Command, HEADER_LEN, Header, SIGNATURE_AT};

use super::kdf::keyed;

/// Which side sends, which GMAC's nonce says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sender {
    /// The client.
    Client,
    /// The server.
    Server,
}

/// The nonce of AES-GMAC: message id, sender, and whether it is a CANCEL. [MS-SMB2] 3.1.4.1
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MessageNonce([u8; 12]);

impl MessageNonce {
    /// The nonce of a message.
    pub fn of(header: &Header, sender: Sender) -> MessageNonce {
        let server = u32::from(sender == Sender::Server);
        let cancel = u32::from(header.command == Command::CANCEL) << 1;
        let mut nonce = [0; 12];
        let parts = header.message_id.to_le_bytes().into_iter().chain((server | cancel).to_le_bytes());
        nonce.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        MessageNonce(nonce)
    }
}

/// A key with the algorithm that uses it. A copy is the same key: what was made ready of it once is not made again.
#[derive(Clone)]
pub struct SigningKey(Arc<Algorithm>);

enum Algorithm {
    HmacSha256(Hmac<Sha256>),
    AesCmac(Cmac<Aes128>),
    AesGmac(Gmac),
}

impl SigningKey {
    /// A key for a dialect; the algorithm counts in 3.1.1 only, where nothing negotiated means AES-CMAC.
    pub fn new(key: &[u8; 16], dialect: Dialect, algorithm: Option<SigningAlgorithm>) -> SigningKey {
        let cmac = || Algorithm::AesCmac(Cmac::new(&(*key).into()));
        SigningKey(Arc::new(match (dialect, algorithm) {
            (Dialect::SMB_2_0_2 | Dialect::SMB_2_1, _) => Algorithm::HmacSha256(keyed(key)),
            (Dialect::SMB_3_1_1, Some(SigningAlgorithm::HMAC_SHA256)) => Algorithm::HmacSha256(keyed(key)),
            (Dialect::SMB_3_1_1, Some(SigningAlgorithm::AES_GMAC)) => Algorithm::AesGmac(Gmac::new(key)),
            _ => cmac(),
        }))
    }

    /// The signature of a message in parts, whose Signature field the first part holds and is taken as zero.
    pub fn signature(&self, nonce: MessageNonce, head: &[u8], rest: &[&[u8]]) -> [u8; 16] {
        let (before, after) = head.split_at_checked(SIGNATURE_AT).unwrap_or((head, &[]));
        let after = after.get(HEADER_LEN - SIGNATURE_AT..).unwrap_or_default();
        let parts = [before, &[0; HEADER_LEN - SIGNATURE_AT], after].into_iter().chain(rest.iter().copied());
        match &*self.0 {
            Algorithm::HmacSha256(mac) => {
                let mut mac = mac.clone();
                parts.for_each(|part| mac.update(part));
                let hash: [u8; 32] = mac.finalize().into_bytes().into();
                let mut signature = [0; 16];
                signature.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
                signature
            }
            Algorithm::AesCmac(mac) => {
                let mut mac = Cmac::clone(mac);
                parts.for_each(|part| mac.update(part));
                mac.finalize().into_bytes().into()
            }
            Algorithm::AesGmac(gmac) => gmac.tag(nonce, parts),
        }
    }

    /// Writes the signature into the header at the start of the first part, SMB2_FLAGS_SIGNED being set already.
    pub fn sign(&self, nonce: MessageNonce, head: &mut [u8], rest: &[&[u8]]) {
        let signature = self.signature(nonce, head, rest);
        if let Some(field) = head.get_mut(SIGNATURE_AT..HEADER_LEN) {
            field.copy_from_slice(&signature);
        }
    }

    /// True when a message that lies in one piece carries its own signature; it is as it was afterwards.
    pub(crate) fn verifies_in_place(&self, header: &Header, sender: Sender, message: &mut [u8]) -> bool {
        match &*self.0 {
            Algorithm::AesGmac(gmac) if message.len() >= HEADER_LEN => {
                let nonce = MessageNonce::of(header, sender);
                set_signature(message, [0; 16]);
                let right = gmac.whole_tag(nonce, message);
                set_signature(message, header.signature);
                right.is_some_and(|right| right.ct_eq(&header.signature).into())
            }
            _ => self.verifies(header, sender, message),
        }
    }

    /// As [`sign`](SigningKey::sign), for a message in one piece.
    pub(crate) fn sign_whole(&self, nonce: MessageNonce, message: &mut [u8]) {
        match &*self.0 {
            Algorithm::AesGmac(gmac) if message.len() >= HEADER_LEN => {
                set_signature(message, [0; 16]);
                let tag = gmac.whole_tag(nonce, message);
                set_signature(message, tag.unwrap_or_else(|| self.signature(nonce, message, &[])));
            }
            _ => self.sign(nonce, message, &[]),
        }
    }

    /// True where a message in one piece is signed several times as fast as one in parts.
    pub(crate) fn prefers_one_piece(&self) -> bool {
        matches!(&*self.0, Algorithm::AesGmac(_))
    }

    /// True when a message carries its own signature.
    pub fn verifies(&self, header: &Header, sender: Sender, message: &[u8]) -> bool {
        let right = self.signature(MessageNonce::of(header, sender), message, &[]);
        right.ct_eq(&header.signature).into()
    }
}

impl fmt::Debug for SigningKey {
    /// Never the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &*self.0 {
            Algorithm::HmacSha256(_) => "SigningKey(HMAC-SHA256)",
            Algorithm::AesCmac(_) => "SigningKey(AES-CMAC)",
            Algorithm::AesGmac(_) => "SigningKey(AES-GMAC)",
        })
    }
}

fn set_signature(message: &mut [u8], signature: [u8; 16]) {
    if let Some(field) = message.get_mut(SIGNATURE_AT..HEADER_LEN) {
        field.copy_from_slice(&signature);
    }
}

/// GMAC: GCM over nothing, the message being what is authenticated beside it. NIST SP800-38D section 3, RFC 4543.
struct Gmac {
    cipher: Aes128,
    hash: GHash,
    /// The same, for messages in one piece.
    whole: Option<LessSafeKey>,
}

const BLOCK: usize = 16;

impl Gmac {
    fn new(key: &[u8; 16]) -> Gmac {
        let cipher = Aes128::new(&(*key).into());
        let mut subkey = Array::from([0; BLOCK]);
        cipher.encrypt_block(&mut subkey);
        let whole = UnboundKey::new(&AES_128_GCM, key).ok().map(LessSafeKey::new);
        Gmac { cipher, hash: GHash::new(&subkey), whole }
    }

    /// The tag of a message in one piece, its Signature field being zero; none when the library does not give it.
    fn whole_tag(&self, nonce: MessageNonce, message: &[u8]) -> Option<[u8; 16]> {
        let nonce = Nonce::assume_unique_for_key(nonce.0);
        let tag = self.whole.as_ref()?.seal_in_place_separate_tag(nonce, Aad::from(message), &mut []).ok()?;
        <[u8; 16]>::try_from(tag.as_ref()).ok()
    }

    fn tag<'a>(&self, nonce: MessageNonce, parts: impl Iterator<Item = &'a [u8]>) -> [u8; 16] {
        let mut hash = self.hash.clone();
        let mut len = 0u64;
        // Bytes of a block that a part began and did not fill.
        let (mut pending, mut filled) = ([0u8; BLOCK], 0);
        for mut part in parts {
            len += part.len() as u64;
            if filled > 0 {
                let (now, later) = part.split_at(part.len().min(BLOCK - filled));
                pending.iter_mut().skip(filled).zip(now).for_each(|(to, from)| *to = *from);
                filled += now.len();
                part = later;
                if filled < BLOCK {
                    continue;
                }
                hash.update(&[Array::from(pending)]);
            }
            let (blocks, tail) = part.as_chunks::<BLOCK>();
            let whole = part.get(..blocks.len() * BLOCK).unwrap_or_default();
            hash.update_padded(whole);
            pending = [0; BLOCK];
            pending.iter_mut().zip(tail).for_each(|(to, from)| *to = *from);
            filled = tail.len();
        }
        if filled > 0 {
            pending.iter_mut().skip(filled).for_each(|byte| *byte = 0);
            hash.update(&[Array::from(pending)]);
        }
        let lengths = u128::from(len * 8) << 64;
        hash.update(&[Array::from(lengths.to_be_bytes())]);
        let mut counter = [0; BLOCK];
        counter.iter_mut().zip(nonce.0.into_iter().chain([0, 0, 0, 1])).for_each(|(to, from)| *to = from);
        let mut mask = Array::from(counter);
        self.cipher.encrypt_block(&mut mask);
        let mut tag: [u8; 16] = hash.finalize().into();
        tag.iter_mut().zip(mask).for_each(|(to, from)| *to ^= from);
        tag
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two implementations of GMAC: over parts, and over one piece.
    #[test]
    fn a_message_in_one_piece_is_signed_as_its_parts_are() {
        let gmac = SigningKey::new(&[7; 16], Dialect::SMB_3_1_1, Some(SigningAlgorithm::AES_GMAC));
        for len in (HEADER_LEN..HEADER_LEN + 70).chain([4096, 70_001]) {
            let mut message: Vec<u8> = (0..=250).cycle().take(len).collect();
            let mut header = Header::new(Command::READ, 5);
            let nonce = MessageNonce::of(&header, Sender::Client);
            let (head, payload) = message.split_at(HEADER_LEN);
            header.signature = gmac.signature(nonce, head, &[payload]);
            gmac.sign_whole(nonce, &mut message);
            assert_eq!(message[SIGNATURE_AT..HEADER_LEN], header.signature, "{len} bytes");
            let before = message.clone();
            assert!(gmac.verifies_in_place(&header, Sender::Client, &mut message));
            assert_eq!(message, before);
            message[len - 1] ^= 1;
            // The last byte of a bare header is that of the signature itself.
            assert!(len == HEADER_LEN || !gmac.verifies_in_place(&header, Sender::Client, &mut message));
        }
    }
}
