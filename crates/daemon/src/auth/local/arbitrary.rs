//! Whatever bytes come as tokens: no panic, and nobody let in who does not know the password.
use super::*;
use crate::auth::accounts::Account;
use crate::auth::ntlm::{client::TestClient, nt_hash};
use nt::security::Sid;
use nt::{FileTime, Utf16};
use proptest::prelude::*;
use std::time::Duration;

fn authenticator() -> LocalAuthenticator {
    let hash = nt_hash(&Utf16("Password".encode_utf16().collect()));
    let sid = Sid::new(5, &[21, 1, 2, 3, 1000]).unwrap();
    let account = Account { name: "user".into(), hash, sid, is_administrator: false, is_disabled: false };
    let authenticator =
        LocalAuthenticator::new(TargetNames::new("server"), Accounts::new([account]), Limits::default());
    let authenticator = authenticator.unwrap();
    authenticator.let_anonymous_in(true);
    authenticator
}

/// True when these tokens let somebody in who has a name.
fn lets_in(tokens: &[Vec<u8>]) -> bool {
    let mut exchange = authenticator().exchange([192, 0, 2, 1].into());
    let now = Now { monotonic: Duration::ZERO, wall: FileTime(0) };
    tokens.iter().any(
        |token| matches!(exchange.step_at(token, now, [7; 8]), Step::Done { user, .. } if !user.is_anonymous),
    )
}

/// The challenge that the server answers, and the right answer to it.
fn right_answer() -> Vec<u8> {
    let mut exchange = authenticator().exchange([192, 0, 2, 1].into());
    let now = Now { monotonic: Duration::ZERO, wall: FileTime(0) };
    let negotiate = TestClient::negotiate();
    match exchange.step_at(&negotiate, now, [7; 8]) {
        Step::Continue { token } => TestClient::new("user", "Password").authenticate(&negotiate, &token).0,
        _ => panic!("no challenge"),
    }
}

/// Octets in a later token of SPNEGO, whatever they are.
fn wrapped(message: Vec<u8>) -> Vec<u8> {
    let response_token = Some(message);
    let answer = Answer {
        state: NegState::AcceptIncomplete,
        supported_mech: None,
        response_token,
        mech_list_mic: None,
    };
    spnego::answer(&answer).unwrap()
}

#[test]
fn the_right_answer_lets_in() {
    assert!(lets_in(&[TestClient::negotiate(), right_answer()]));
}

proptest! {
    #[test]
    fn arbitrary_tokens_let_nobody_in(tokens in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..4)) {
        prop_assert!(!lets_in(&tokens));
    }

    #[test]
    fn arbitrary_answers_to_a_challenge_let_nobody_in(tail in prop::collection::vec(any::<u8>(), 0..300)) {
        let answer = [&b"NTLMSSP\0\x03\0\0\0"[..], &tail].concat();
        prop_assert!(!lets_in(&[TestClient::negotiate(), answer.clone()]));
        prop_assert!(!lets_in(&[spnego::negotiate_token(&[NTLMSSP]).unwrap(), wrapped(TestClient::negotiate()), wrapped(answer)]));
    }

    /// [MS-NLMP] 3.2.5.1.2: the MIC covers the message whole, so a change of any bit is noticed.
    #[test]
    fn the_right_answer_with_a_bit_changed_lets_nobody_in(at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let mut answer = right_answer();
        let at = at.index(answer.len());
        answer[at] ^= 1 << bit;
        prop_assert!(!lets_in(&[TestClient::negotiate(), answer]), "byte {at}, bit {bit}");
    }
}
