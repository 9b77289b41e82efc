//! The names of values kept beside the tree: the SHA-256 of their bytes, in lower-case hexadecimal. docs/DISK-FORMAT.md 9
use super::BlobId;
use core::fmt;
use sha2::{Digest, Sha256};

impl BlobId {
    /// The name of these bytes.
    pub fn of(bytes: &[u8]) -> BlobId {
        BlobId(Sha256::digest(bytes).into())
    }

    /// From 64 lower-case hexadecimal digits.
    pub fn from_hex(text: &[u8]) -> Option<BlobId> {
        let (pairs, rest) = text.as_chunks::<2>();
        let mut id = [0; 32];
        if !rest.is_empty() || pairs.len() != id.len() {
            return None;
        }
        for (byte, [high, low]) in id.iter_mut().zip(pairs) {
            *byte = nibble(*high)? << 4 | nibble(*low)?;
        }
        Some(BlobId(id))
    }
}

impl fmt::Display for BlobId {
    /// 64 lower-case hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}
