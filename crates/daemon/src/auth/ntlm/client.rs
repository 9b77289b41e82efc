//! A client for tests and load generators: its challenge and its key are fixed. [MS-NLMP] 3.1.5
use super::keys::{SecurityKeys, hmac_md5, nt_hash, ntowf_v2, rc4_once};
use super::message::Flags;
use nt::Utf16;

/// What the client says, and what it lies about.
pub struct TestClient {
    /// Who it is.
    pub user: &'static str,
    /// What proves it.
    pub password: &'static str,
    /// The response promises a MIC.
    pub promise: bool,
    /// There is one.
    pub mic: bool,
}

const FLAGS: u32 = 0xe288_8235;

impl TestClient {
    /// A client that promises a MIC and has one.
    pub fn new(user: &'static str, password: &'static str) -> TestClient {
        TestClient { user, password, promise: true, mic: true }
    }

    /// A NEGOTIATE_MESSAGE.
    pub fn negotiate() -> Vec<u8> {
        [&b"NTLMSSP\0"[..], &[1, 0, 0, 0], &FLAGS.to_le_bytes(), &[0; 24]].concat()
    }

    /// An AUTHENTICATE_MESSAGE, and the keys that the client then has.
    pub fn authenticate(&self, negotiate: &[u8], challenge: &[u8]) -> (Vec<u8>, SecurityKeys) {
        let user = Utf16(self.user.encode_utf16().collect());
        let hash = nt_hash(&Utf16(self.password.encode_utf16().collect()));
        let mut temp = [&[1, 1][..], &[0; 14], &[0xaa; 8], &[0; 4]].concat();
        temp.extend(target_info(challenge));
        if self.promise {
            temp.extend([6, 0, 4, 0, 2, 0, 0, 0]);
        }
        temp.extend([0; 8]);
        let key = ntowf_v2(&hash, &user, &Utf16::default());
        let proof = hmac_md5(&key, &[challenge.get(24..32).unwrap_or_default(), &temp]);
        let base = hmac_md5(&key, &[&proof]);
        let message = message(&[&proof[..], &temp].concat(), &user, &rc4_once(&base, [0x55u8; 16]));
        (self.with_mic(negotiate, challenge, message), SecurityKeys::new([0x55; 16], Flags(FLAGS)))
    }

    fn with_mic(&self, negotiate: &[u8], challenge: &[u8], mut message: Vec<u8>) -> Vec<u8> {
        if self.mic {
            let mic = hmac_md5(&[0x55; 16], &[negotiate, challenge, &message]);
            message.splice(72..88, mic);
        }
        message
    }

    /// An AUTHENTICATE_MESSAGE of nobody.
    pub fn anonymous() -> (Vec<u8>, SecurityKeys) {
        let sealed = rc4_once(&[0; 16], [0x55u8; 16]);
        (message(&[], &Utf16::default(), &sealed), SecurityKeys::new([0x55; 16], Flags(FLAGS)))
    }
}

/// What the server says of itself in its challenge, without the end of the list: an answer has it again, and Samba looks whether
/// it has. [MS-NLMP] 2.2.1.2, 3.1.5.1.2
fn target_info(challenge: &[u8]) -> &[u8] {
    let info = || {
        let len = u16::from_le_bytes(challenge.get(40..42)?.try_into().ok()?);
        let at = usize::try_from(u32::from_le_bytes(challenge.get(44..48)?.try_into().ok()?)).ok()?;
        challenge.get(at..at.checked_add(usize::from(len).checked_sub(4)?)?)
    };
    info().unwrap_or_default()
}

fn message(response: &[u8], user: &Utf16, sealed: &[u8]) -> Vec<u8> {
    let name = user.to_le_bytes();
    let mut message = [&b"NTLMSSP\0"[..], &[3, 0, 0, 0]].concat();
    let mut at = 88u32;
    for payload in [&[][..], response, &[], &name, &[], sealed] {
        let len = u16::try_from(payload.len()).unwrap_or(u16::MAX).to_le_bytes();
        message.extend([len, len].concat());
        message.extend(at.to_le_bytes());
        at += u32::try_from(payload.len()).unwrap_or(u32::MAX);
    }
    message.extend(FLAGS.to_le_bytes());
    message.extend([0; 8 + 16]);
    message.extend([response, &name, sealed].concat());
    message
}
