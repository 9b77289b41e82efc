//! [MS-SMB2] 3.3.5.4 and 3.3.5.5: preauthentication integrity, a chain of SHA-512 over the messages before the keys.
use core::fmt;

use sha2::{Digest, Sha512};

/// PreauthIntegrityHashValue of a connection or of a session to be.
#[derive(Clone, PartialEq, Eq)]
pub struct PreauthHash([u8; 64]);

impl PreauthHash {
    /// The value before the first message.
    pub const ZERO: PreauthHash = PreauthHash([0; 64]);

    /// A value known from elsewhere.
    pub const fn from_bytes(bytes: [u8; 64]) -> PreauthHash {
        PreauthHash(bytes)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }

    /// The value after a message, from its header to its last byte.
    #[must_use]
    pub fn after(&self, message: &[u8]) -> PreauthHash {
        let mut hash = Sha512::new();
        hash.update(self.0);
        hash.update(message);
        PreauthHash(hash.finalize().into())
    }
}

impl fmt::Debug for PreauthHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
