//! [MS-SMB2] 3.1.4.3 and 3.3.5.2.1.1: encryption, in place.
use core::fmt;
use std::sync::Arc;

use ccm::Ccm;
use ccm::aead::consts::{U11, U16};
use ccm::aead::{AeadInOut, Key, KeyInit, Nonce, Tag};
use ring::aead::{AES_128_GCM, AES_256_GCM, Aad, Algorithm, LessSafeKey, UnboundKey};
use wire::negotiate::Cipher;
use wire::{AUTHENTICATED_FROM, ENCRYPTED, TRANSFORM_LEN, TransformHeader};

type Aes128Ccm = Ccm<aes::Aes128, U16, U11>;
type Aes256Ccm = Ccm<aes::Aes256, U16, U11>;

/// A key with the cipher that uses it. A copy is the same key: what was made ready of it once is not made again.
#[derive(Clone)]
pub struct SealingKey(Arc<Keyed>);

#[allow(clippy::large_enum_variant)] // each lies behind its own Arc, and none is ever moved
enum Keyed {
    Aes128Ccm(Aes128Ccm),
    Aes256Ccm(Aes256Ccm),
    Aes128Gcm(LessSafeKey),
    Aes256Gcm(LessSafeKey),
}

/// Why a message cannot be sealed or opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SealFault {
    /// It is longer than the header or the cipher can say.
    TooLong,
    /// The signature in the header is not that of the message: it was changed, or the key is another.
    Forged,
}

impl SealingKey {
    /// A key for a cipher; nothing when the cipher is unknown or the key has another length than it needs.
    pub fn new(key: &[u8], cipher: Cipher) -> Option<SealingKey> {
        Some(SealingKey(Arc::new(match cipher {
            Cipher::AES_128_CCM => Keyed::Aes128Ccm(keyed(key)?),
            Cipher::AES_128_GCM => Keyed::Aes128Gcm(gcm(&AES_128_GCM, key)?),
            Cipher::AES_256_CCM => Keyed::Aes256Ccm(keyed(key)?),
            Cipher::AES_256_GCM => Keyed::Aes256Gcm(gcm(&AES_256_GCM, key)?),
            _ => return None,
        })))
    }

    /// Bytes of the nonce that the cipher uses; the others in the header are zero.
    pub fn nonce_len(&self) -> usize {
        match &*self.0 {
            Keyed::Aes128Ccm(_) | Keyed::Aes256Ccm(_) => 11,
            Keyed::Aes128Gcm(_) | Keyed::Aes256Gcm(_) => 12,
        }
    }

    /// Encrypts a message where it lies and gives the header to send before it. The nonce must never have been used with
    /// this key; bytes beyond what the cipher uses must be zero.
    pub fn seal(
        &self,
        session_id: u64,
        nonce: [u8; 16],
        message: &mut [u8],
    ) -> Result<[u8; TRANSFORM_LEN], SealFault> {
        let original_message_len = u32::try_from(message.len()).map_err(|_| SealFault::TooLong)?;
        let header =
            TransformHeader { signature: [0; 16], nonce, original_message_len, flags: ENCRYPTED, session_id };
        let bytes = header.to_bytes();
        let beside = bytes.get(AUTHENTICATED_FROM..).unwrap_or_default();
        let signature = match &*self.0 {
            Keyed::Aes128Ccm(key) => encrypt(key, &nonce, beside, message),
            Keyed::Aes256Ccm(key) => encrypt(key, &nonce, beside, message),
            Keyed::Aes128Gcm(key) | Keyed::Aes256Gcm(key) => encrypt_gcm(key, &nonce, beside, message),
        };
        let signature = signature.ok_or(SealFault::TooLong)?;
        Ok(TransformHeader { signature, ..header }.to_bytes())
    }

    /// Decrypts what stands behind its header, and leaves it alone in the buffer. When it was forged, what is in the buffer means
    /// nothing.
    pub fn open(&self, header: &TransformHeader, message: &mut Vec<u8>) -> Result<(), SealFault> {
        let bytes = header.to_bytes();
        let beside = bytes.get(AUTHENTICATED_FROM..).unwrap_or_default();
        let (nonce, signature) = (&header.nonce, &header.signature);
        let len = message.len().checked_sub(TRANSFORM_LEN).ok_or(SealFault::Forged)?;
        let opened = match &*self.0 {
            Keyed::Aes128Ccm(key) => decrypt(key, nonce, beside, message, signature),
            Keyed::Aes256Ccm(key) => decrypt(key, nonce, beside, message, signature),
            Keyed::Aes128Gcm(key) | Keyed::Aes256Gcm(key) => {
                decrypt_gcm(key, nonce, beside, message, signature)
            }
        };
        message.truncate(len);
        opened.ok_or(SealFault::Forged)
    }
}

fn keyed<C: KeyInit>(key: &[u8]) -> Option<C> {
    Key::<C>::try_from(key).ok().map(|key| C::new(&key))
}

fn gcm(algorithm: &'static Algorithm, key: &[u8]) -> Option<LessSafeKey> {
    UnboundKey::new(algorithm, key).ok().map(LessSafeKey::new)
}

/// The first twelve bytes of the field. That none comes twice is the caller's care.
fn gcm_nonce(nonce: &[u8; 16]) -> Option<ring::aead::Nonce> {
    ring::aead::Nonce::try_assume_unique_for_key(nonce.get(..ring::aead::NONCE_LEN)?).ok()
}

fn encrypt_gcm(key: &LessSafeKey, nonce: &[u8; 16], beside: &[u8], message: &mut [u8]) -> Option<[u8; 16]> {
    let tag = key.seal_in_place_separate_tag(gcm_nonce(nonce)?, Aad::from(beside), message).ok()?;
    <[u8; 16]>::try_from(tag.as_ref()).ok()
}

/// Moves what it decrypts to the front at no cost: a MiB need not be moved by itself.
fn decrypt_gcm(
    key: &LessSafeKey,
    nonce: &[u8; 16],
    beside: &[u8],
    message: &mut [u8],
    signature: &[u8; 16],
) -> Option<()> {
    let (nonce, tag) = (gcm_nonce(nonce)?, ring::aead::Tag::from(*signature));
    key.open_in_place_separate_tag(nonce, Aad::from(beside), tag, message, TRANSFORM_LEN..).ok().map(drop)
}

fn encrypt<C: AeadInOut>(
    cipher: &C,
    nonce: &[u8; 16],
    beside: &[u8],
    message: &mut [u8],
) -> Option<[u8; 16]> {
    let len = Nonce::<C>::default().len();
    let nonce = Nonce::<C>::try_from(nonce.get(..len)?).ok()?;
    let tag = cipher.encrypt_inout_detached(&nonce, beside, message.into()).ok()?;
    <[u8; 16]>::try_from(tag.as_slice()).ok()
}

fn decrypt<C: AeadInOut>(
    cipher: &C,
    nonce: &[u8; 16],
    beside: &[u8],
    message: &mut Vec<u8>,
    signature: &[u8; 16],
) -> Option<()> {
    message.drain(..TRANSFORM_LEN);
    let len = Nonce::<C>::default().len();
    let nonce = Nonce::<C>::try_from(nonce.get(..len)?).ok()?;
    let tag = Tag::<C>::try_from(&signature[..]).ok()?;
    cipher.decrypt_inout_detached(&nonce, beside, message.as_mut_slice().into(), &tag).ok()
}

impl fmt::Debug for SealingKey {
    /// Never the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &*self.0 {
            Keyed::Aes128Ccm(_) => "SealingKey(AES-128-CCM)",
            Keyed::Aes128Gcm(_) => "SealingKey(AES-128-GCM)",
            Keyed::Aes256Ccm(_) => "SealingKey(AES-256-CCM)",
            Keyed::Aes256Gcm(_) => "SealingKey(AES-256-GCM)",
        })
    }
}
