//! What a client says to prove who it is, before anybody knows it: tokens of SPNEGO, NTLM and Kerberos; and descriptors of
//! who may do what.
use daemon::auth::accounts::{Account, Accounts};
use daemon::auth::kerberos::{KRB5, Keytab, MS_KRB5};
use daemon::auth::local::LocalAuthenticator;
use daemon::auth::ntlm::client::TestClient;
use daemon::auth::ntlm::{NtHash, TargetNames, nt_hash};
use daemon::auth::spnego::{self, Answer, NTLMSSP, NegState};
use daemon::auth::throttle::Limits;
use daemon::auth::{Authenticator, Exchange, Step};
use nt::security::{Acl, Privileges, SecurityDescriptor, Sid, Token, access_check};
use nt::{AccessMask, Utf16};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;

use crate::smb_world::Script;

/// The most tokens of one input.
const TOKENS_MAX: usize = 4;

static HASH: LazyLock<NtHash> = LazyLock::new(|| nt_hash(&Utf16::from("Password")));

/// A keytab with one key, of AES-256. MIT Kerberos, "The keytab file format"
static KEYTAB: LazyLock<Keytab> = LazyLock::new(|| {
    let mut entry = vec![0, 2];
    for text in [&b"R"[..], b"cifs", b"s"] {
        entry.extend([0, u8::try_from(text.len()).unwrap_or(0)]);
        entry.extend(text);
    }
    entry.extend([0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 18, 0, 32]);
    entry.extend([7; 32]);
    let len = u32::try_from(entry.len()).unwrap_or(0).to_be_bytes();
    Keytab::parse(&[&[5, 2], &len[..], &entry].concat()).unwrap_or_default()
});

fn authenticator(has_keys: bool) -> Option<LocalAuthenticator> {
    let sid = Sid::new(5, &[21, 1, 2, 3, 1000])?;
    let account =
        Account { name: "user".into(), hash: *HASH, sid, is_administrator: false, is_disabled: false };
    let accounts = Accounts::new([account]);
    let authenticator =
        LocalAuthenticator::new(TargetNames::new("server"), accounts, Limits::default()).ok()?;
    authenticator.let_anonymous_in(true);
    if has_keys {
        assert!(!KEYTAB.is_empty(), "the keytab has a key");
        authenticator.set_keytab(KEYTAB.clone());
    }
    Some(authenticator)
}

/// The first byte says what follows: tokens as they are, each behind its length of two bytes; or changes of the right answer to the
/// server's challenge, bare or within SPNEGO, each a place and a value; or a keytab. Nobody gets in who does not know the password.
pub fn logon(input: &[u8]) {
    let mut script = Script(input);
    let first = script.byte();
    if first % 4 == 3 {
        let _ = Keytab::parse(script.0);
        return;
    }
    let Some(authenticator) = authenticator(first & 4 != 0) else { return };
    let mut exchange = authenticator.begin(IpAddr::V4(Ipv4Addr::LOCALHOST));
    match first % 4 {
        0 => {
            for _ in 0..TOKENS_MAX {
                let len = u16::from_le_bytes([script.byte(), script.byte()]);
                let step = exchange.step(script.bytes(usize::from(len)));
                assert!(!is_somebody(&step), "nobody has the password");
                if script.0.is_empty() || !matches!(step, Step::Continue { .. }) {
                    break;
                }
            }
        }
        1 => {
            let negotiate = TestClient::negotiate();
            let Step::Continue { token } = exchange.step(&negotiate) else { return };
            let (right, _) = TestClient::new("user", "Password").authenticate(&negotiate, &token);
            let sent = changed(&mut script, right.clone());
            let is_in = is_somebody(&exchange.step(&sent));
            assert!(is_in == (sent == right), "the right answer lets in, and no other");
        }
        _ => within_spnego(&mut script, &mut *exchange),
    }
}

fn is_somebody(step: &Step) -> bool {
    matches!(step, Step::Done { user, .. } if !user.is_anonymous)
}

/// Changes of bytes; what is left of the input behind them is appended.
fn changed(script: &mut Script<'_>, mut bytes: Vec<u8>) -> Vec<u8> {
    let how = script.byte();
    for _ in 0..how & 0x0F {
        let (at, value) = (u16::from_le_bytes([script.byte(), script.byte()]), script.byte());
        let len = bytes.len().max(1);
        bytes.get_mut(usize::from(at) % len).into_iter().for_each(|byte| *byte = value);
    }
    if how & 0x10 != 0 {
        bytes.truncate(usize::from(script.byte()));
    }
    if how & 0x20 != 0 {
        let len = script.byte();
        bytes.extend_from_slice(script.bytes(usize::from(len)));
    }
    bytes
}

fn within_spnego(script: &mut Script<'_>, exchange: &mut dyn Exchange) {
    let mechanisms: &[_] = match script.byte() % 4 {
        0 => &[NTLMSSP],
        1 => &[MS_KRB5, NTLMSSP],
        2 => &[KRB5],
        _ => &[NTLMSSP, KRB5],
    };
    let Ok(proposal) = spnego::negotiate_token(mechanisms) else { return };
    let mut step = exchange.step(&changed(script, proposal));
    let negotiate = TestClient::negotiate();
    let mut message = negotiate.clone();
    for _ in 0..TOKENS_MAX {
        if !matches!(step, Step::Continue { .. }) {
            return;
        }
        let inner = changed(script, message);
        let answer = Answer {
            state: NegState::AcceptIncomplete,
            supported_mech: None,
            response_token: Some(inner),
            mech_list_mic: (script.byte() & 1 != 0).then(|| vec![1; 16]),
        };
        let Ok(token) = spnego::answer(&answer) else { return };
        step = exchange.step(&changed(script, token));
        let Step::Continue { token } = &step else { return };
        let challenge = spnego::continuation(token).ok().and_then(|continuation| continuation.response_token);
        let client = TestClient::new("user", "wrong");
        message = challenge.map_or(Vec::new(), |challenge| client.authenticate(&negotiate, &challenge).0);
    }
    assert!(!is_somebody(&step), "the password is wrong");
}

/// A security descriptor, a list of it, a SID: what is read is written and read the same again, and decides the same.
pub fn nt_security(input: &[u8]) {
    let Some((which, bytes)) = input.split_first() else { return };
    match which % 3 {
        0 => {
            let Ok(descriptor) = SecurityDescriptor::decode(bytes) else { return };
            decide(&descriptor);
            let Ok(again) = descriptor.encode() else { return };
            assert_eq!(SecurityDescriptor::decode(&again), Ok(descriptor));
        }
        1 => {
            let Ok(acl) = Acl::decode(bytes) else { return };
            let mut again = Vec::new();
            if acl.encode(&mut again).is_ok() {
                assert_eq!(Acl::decode(&again), Ok(acl));
            }
        }
        _ => {
            if let Ok((sid, rest)) = Sid::decode(bytes) {
                let mut again = Vec::new();
                sid.encode(&mut again);
                assert_eq!(Sid::decode(&[&again[..], rest].concat()), Ok((sid, rest)));
                if !sid.sub_authorities().is_empty() {
                    assert_eq!(sid.to_string().parse(), Ok(sid));
                }
            }
            let _ = String::from_utf8_lossy(bytes).parse::<Sid>();
        }
    }
}

fn decide(descriptor: &SecurityDescriptor) {
    let user = Sid::new(5, &[21, 1, 2, 3, 1000]).unwrap_or(Sid::EVERYONE);
    let token = Token { user, groups: vec![Sid::EVERYONE], privileges: Privileges::CHANGE_NOTIFY };
    for desired in [AccessMask::MAXIMUM_ALLOWED, AccessMask::DELETE, AccessMask::FILE_ALL_ACCESS] {
        let _ = access_check(Some(descriptor), &token, desired);
    }
}
