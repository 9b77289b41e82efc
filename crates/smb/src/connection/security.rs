//! What a connection must know of a session to check and protect its messages.
use wire::negotiate::Dialect;

use super::negotiate::Negotiated;
use crate::crypto::{SealingKey, SessionKeys, SigningKey};

/// The keys and demands of a session on this connection, which the server gives when authentication is done.
#[derive(Clone, Debug)]
pub struct SessionSecurity {
    /// Channel.SigningKey, or Session.SessionKey in 2.x; nothing for guests and anonymous users.
    pub(crate) signing: Option<SigningKey>,
    /// Session.EncryptionKey and DecryptionKey.
    pub(crate) sealing: Option<(SealingKey, SealingKey)>,
    /// Session.SigningRequired.
    pub(crate) signing_required: bool,
    /// Session.EncryptData.
    pub(crate) encrypt_data: bool,
}

impl SessionSecurity {
    /// A session with keys. Whether it must sign or encrypt is the server's decision. [MS-SMB2] 3.3.5.5.3
    pub fn keyed(
        keys: &SessionKeys,
        negotiated: &Negotiated,
        signing_required: bool,
        encrypt_data: bool,
    ) -> SessionSecurity {
        let signing = SigningKey::new(&keys.signing, negotiated.dialect, negotiated.signing);
        let cipher = negotiated.cipher.filter(|_| negotiated.dialect >= Dialect::SMB_3_0);
        let sealing = cipher.and_then(|cipher| {
            SealingKey::new(&keys.encryption, cipher).zip(SealingKey::new(&keys.decryption, cipher))
        });
        SessionSecurity { signing: Some(signing), sealing, signing_required, encrypt_data }
    }

    /// A key that signs one answer, of a session that is not on this connection: to a binding that is refused.
    pub(crate) fn signer(key: SigningKey) -> SessionSecurity {
        SessionSecurity { signing: Some(key), ..SessionSecurity::keyless() }
    }

    /// A session of a guest or of nobody, which has no keys.
    pub fn keyless() -> SessionSecurity {
        SessionSecurity { signing: None, sealing: None, signing_required: false, encrypt_data: false }
    }
}
