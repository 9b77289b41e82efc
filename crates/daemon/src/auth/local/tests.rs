//! Whole exchanges, with and without SPNEGO.
use super::super::accounts::Account;
use super::super::kerberos::tests::{Said, client_signature, default_keytab};
use super::super::ntlm::client::TestClient;
use super::super::ntlm::nt_hash;
use super::*;
use der::asn1::{Any, ObjectIdentifier, OctetString};
use der::{Encode, Sequence};
use nt::security::Sid;
use nt::{FileTime, Utf16};
use std::time::Duration;

const CHALLENGE: [u8; 8] = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef];
const PEER: [u8; 4] = [192, 0, 2, 7];

fn account(name: &str, is_disabled: bool) -> Account {
    let hash = nt_hash(&Utf16("Password".encode_utf16().collect()));
    let sid = Sid::new(5, &[21, 1, 2, 3, 1000]).unwrap();
    Account { name: name.to_owned(), hash, sid, is_administrator: false, is_disabled }
}

fn authenticator() -> LocalAuthenticator {
    let accounts = Accounts::new([account("user", false), account("gone", true)]);
    LocalAuthenticator::new(TargetNames::new("server"), accounts, Limits::default()).unwrap()
}

fn at(seconds: u64) -> Now {
    Now { monotonic: Duration::from_secs(seconds), wall: FileTime(1) }
}

fn goes_on(step: Step) -> Vec<u8> {
    match step {
        Step::Continue { token } => token,
        Step::Done { .. } => panic!("done too early"),
        Step::Failed { status } => panic!("{status:?}"),
    }
}

fn status(step: Step) -> NtStatus {
    match step {
        Step::Continue { .. } => NtStatus::MORE_PROCESSING_REQUIRED,
        Step::Done { .. } => NtStatus::SUCCESS,
        Step::Failed { status } => status,
    }
}

/// A logon with NTLM alone.
fn raw(authenticator: &LocalAuthenticator, client: &TestClient, now: u64) -> Step {
    let mut exchange = authenticator.exchange(PEER.into());
    let challenge = goes_on(exchange.step_at(&TestClient::negotiate(), at(now), CHALLENGE));
    exchange.step_at(&client.authenticate(&TestClient::negotiate(), &challenge).0, at(now), CHALLENGE)
}

#[test]
fn ntlm_without_spnego_lets_in_who_knows_the_password() {
    match raw(&authenticator(), &TestClient::new("USER", "Password"), 0) {
        Step::Done { token, user, session_key } => {
            assert_eq!((token.len(), session_key), (0, Some(vec![0x55; 16])));
            assert_eq!(user.name, "user");
            assert!(!user.is_guest && !user.is_anonymous);
        }
        other => panic!("{:?}", status(other)),
    }
}

/// What a caller learns is the same for a wrong name and a wrong password, and guests there are none.
#[test]
fn a_wrong_password_and_a_wrong_name_look_the_same() {
    let authenticator = authenticator();
    let refused = |user, password| status(raw(&authenticator, &TestClient::new(user, password), 0));
    assert_eq!(refused("user", "password"), NtStatus::LOGON_FAILURE);
    assert_eq!(refused("nobody", "Password"), NtStatus::LOGON_FAILURE);
    assert_eq!(refused("guest", ""), NtStatus::LOGON_FAILURE);
    assert_eq!(refused("gone", "password"), NtStatus::LOGON_FAILURE);
    assert_eq!(refused("gone", "Password"), NtStatus::ACCOUNT_DISABLED);
}

#[test]
fn who_failed_too_often_waits_even_with_the_right_password() {
    let authenticator = authenticator();
    for _ in 0..6 {
        assert_eq!(status(raw(&authenticator, &TestClient::new("user", "x"), 100)), NtStatus::LOGON_FAILURE);
    }
    let right = TestClient::new("user", "Password");
    assert_eq!(status(raw(&authenticator, &right, 100)), NtStatus::ACCOUNT_LOCKED_OUT);
    assert_eq!(status(raw(&authenticator, &right, 102)), NtStatus::SUCCESS);
    assert_eq!(authenticator.outcomes().throttled.load(Ordering::Relaxed), 1);
    assert_eq!(authenticator.outcomes().refused.load(Ordering::Relaxed), 6);
}

#[test]
fn other_accounts_count_from_the_next_logon_on() {
    let authenticator = authenticator();
    authenticator.set_accounts(Accounts::new([account("new", false)]));
    let answer = |user| status(raw(&authenticator, &TestClient::new(user, "Password"), 0));
    assert_eq!((answer("user"), answer("new")), (NtStatus::LOGON_FAILURE, NtStatus::SUCCESS));
}

#[derive(Sequence)]
struct ClientInit {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    mech_types: Vec<ObjectIdentifier>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    mech_token: Option<OctetString>,
}

fn wrapped(tag: u8, body: &[u8]) -> Vec<u8> {
    let len = u16::try_from(body.len()).unwrap();
    let len = match len {
        0..=127 => vec![len.to_be_bytes()[1]],
        128..=255 => vec![0x81, len.to_be_bytes()[1]],
        _ => [&[0x82][..], &len.to_be_bytes()].concat(),
    };
    [&[tag][..], &len, body].concat()
}

fn init(mechs: &[ObjectIdentifier], token: Option<Vec<u8>>) -> (Vec<u8>, Vec<u8>) {
    let mech_token = token.map(|token| OctetString::new(token).unwrap());
    let init = ClientInit { mech_types: mechs.to_vec(), mech_token };
    let body = [spnego::SPNEGO.to_der().unwrap(), wrapped(0xa0, &init.to_der().unwrap())].concat();
    (wrapped(0x60, &body), init.mech_types.to_der().unwrap())
}

fn response(token: &[u8], mic: Option<[u8; 16]>) -> Vec<u8> {
    let octets =
        |bytes: &[u8]| Any::encode_from(&OctetString::new(bytes).unwrap()).unwrap().to_der().unwrap();
    let mut body = wrapped(0xa2, &octets(token));
    body.extend(mic.map(|mic| wrapped(0xa3, &octets(&mic))).unwrap_or_default());
    wrapped(0xa1, &wrapped(0x30, &body))
}

const KERBEROS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113554.1.2.2");

/// How a client of SPNEGO behaves.
struct Spnego {
    mechs: Vec<ObjectIdentifier>,
    sends_mic: bool,
    signs_another_list: bool,
}

/// A logon in SPNEGO: the last step, and the state and the MIC in its token.
fn spnego(client: &Spnego) -> (Step, Option<Vec<u8>>) {
    let authenticator = authenticator();
    let mut exchange = authenticator.exchange(PEER.into());
    let likes_ntlm = client.mechs.first() == Some(&NTLMSSP);
    let optimistic = if likes_ntlm { TestClient::negotiate() } else { b"a ticket".to_vec() };
    let (token, list) = init(&client.mechs, Some(optimistic));
    let mut answer = match exchange.step_at(&token, at(0), CHALLENGE) {
        Step::Continue { token } => token,
        other => return (other, None),
    };
    if !likes_ntlm {
        assert_eq!(spnego::continuation(&answer).unwrap().response_token, None);
        let negotiate = response(&TestClient::negotiate(), None);
        answer = goes_on(exchange.step_at(&negotiate, at(0), CHALLENGE));
    }
    let challenge = spnego::continuation(&answer).unwrap().response_token.unwrap();
    let (message, keys) =
        TestClient::new("user", "Password").authenticate(&TestClient::negotiate(), &challenge);
    let signed = if client.signs_another_list { b"another list".to_vec() } else { list.clone() };
    let mic = client.sends_mic.then(|| keys.first_signature(Side::Client, &signed).unwrap());
    let step = exchange.step_at(&response(&message, mic), at(0), CHALLENGE);
    let servers = match &step {
        Step::Done { token, .. } => spnego::continuation(token).unwrap().mech_list_mic,
        _ => None,
    };
    if let Some(mic) = &servers {
        assert!(keys.is_first_signature(Side::Server, &list, mic), "the server's MIC is wrong");
    }
    (step, servers)
}

/// RFC 4178 5: the favourite of the client needs no MIC, any other does.
#[test]
fn the_list_of_mechanisms_is_signed_where_it_must_be() {
    let (ours, both) = (vec![NTLMSSP], vec![KERBEROS, NTLMSSP]);
    let run = |mechs: &[ObjectIdentifier], sends_mic, signs_another_list| {
        let (step, mic) = spnego(&Spnego { mechs: mechs.to_vec(), sends_mic, signs_another_list });
        (status(step), mic.is_some())
    };
    assert_eq!(run(&ours, false, false), (NtStatus::SUCCESS, false));
    assert_eq!(run(&ours, true, false), (NtStatus::SUCCESS, true));
    assert_eq!(run(&ours, true, true), (NtStatus::LOGON_FAILURE, false));
    assert_eq!(run(&both, true, false), (NtStatus::SUCCESS, true));
    assert_eq!(run(&both, false, false), (NtStatus::LOGON_FAILURE, false));
    assert_eq!(run(&both, true, true), (NtStatus::LOGON_FAILURE, false));
    assert_eq!(run(&[KERBEROS], true, false), (NtStatus::NOT_SUPPORTED, false));
}

/// [MS-NLMP] 3.2.5.1.2: a session without a key, when it is wanted at all.
#[test]
fn nobody_is_let_in_only_when_the_configuration_says_so() {
    let authenticator = authenticator();
    let anonymous = || {
        let mut exchange = authenticator.exchange(PEER.into());
        goes_on(exchange.step_at(&TestClient::negotiate(), at(0), CHALLENGE));
        exchange.step_at(&TestClient::anonymous().0, at(0), CHALLENGE)
    };
    assert_eq!(status(anonymous()), NtStatus::ACCESS_DENIED);
    authenticator.let_anonymous_in(true);
    match anonymous() {
        Step::Done { user, session_key, .. } => {
            assert!(user.is_anonymous && user.name.is_empty() && session_key.is_none());
            assert_eq!(user.token.user, Sid::ANONYMOUS);
        }
        other => panic!("{:?}", status(other)),
    }
}

#[test]
fn an_exchange_ends_with_its_first_failure() {
    let authenticator = authenticator();
    let mut exchange = authenticator.exchange(PEER.into());
    assert_eq!(status(exchange.step_at(b"", at(0), CHALLENGE)), NtStatus::INVALID_PARAMETER);
    let again = exchange.step_at(&TestClient::negotiate(), at(0), CHALLENGE);
    assert_eq!(status(again), NtStatus::INVALID_PARAMETER);
    let mut exchange = authenticator.exchange(PEER.into());
    goes_on(exchange.step_at(&TestClient::negotiate(), at(0), CHALLENGE));
    let negotiate_again = exchange.step_at(&TestClient::negotiate(), at(0), CHALLENGE);
    assert_eq!(status(negotiate_again), NtStatus::INVALID_PARAMETER);
}

/// A logon by ticket whose list of mechanisms is `mechs`, signed by the client as `signed` says when a signature is asked for.
fn by_ticket(
    mechs: &[ObjectIdentifier],
    signed: impl Fn(&[u8]) -> Vec<u8>,
) -> (Step, Vec<spnego::Continuation>) {
    let authenticator = LocalAuthenticator::new(
        TargetNames::new("server"),
        Accounts::new([account("Alice", false)]),
        Limits::default(),
    )
    .unwrap();
    authenticator.set_keytab(default_keytab());
    let mut exchange = authenticator.exchange(PEER.into());
    let now = Now { wall: kerberos::tests::now(), ..at(0) };
    let is_first = kerberos::is_kerberos(&mechs[0]);
    let ticket = Said::default().token();
    let (token, list) = init(mechs, Some(if is_first { ticket.clone() } else { b"not for us".to_vec() }));
    let mut answers = Vec::new();
    let mut step = exchange.step_at(&token, now, CHALLENGE);
    if let Step::Continue { token } = &step {
        answers.push(spnego::continuation(token).unwrap());
        step = exchange.step_at(&response(&ticket, None), now, CHALLENGE);
    }
    if let Step::Continue { token } = &step {
        answers.push(spnego::continuation(token).unwrap());
        let octets = OctetString::new(signed(&list)).unwrap().to_der().unwrap();
        let last = wrapped(0xa1, &wrapped(0x30, &wrapped(0xa3, &octets)));
        step = exchange.step_at(&last, now, CHALLENGE);
    }
    (step, answers)
}

#[test]
fn a_ticket_of_the_favourite_mechanism_logs_on_at_once() {
    let (step, answers) = by_ticket(&[MS_KRB5, KERBEROS, NTLMSSP], <[u8]>::to_vec);
    assert!(answers.is_empty());
    let Step::Done { token, user, session_key } = step else { panic!("not let in") };
    assert_eq!((&user.name[..], session_key.unwrap().len()), ("Alice", 32));
    let answer = spnego::continuation(&token).unwrap();
    assert!(answer.response_token.unwrap().starts_with(&[0x60]));
    assert!(!user.token.groups.contains(&Sid::new(5, &[64, 10]).unwrap()), "NTLM Authentication");
}

/// RFC 4178 5: both sides sign the list, the acceptor first, since its context is whole first.
#[test]
fn a_ticket_of_another_mechanism_waits_for_the_signature() {
    let other = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.2.2.30"); // NEGOEX, which Windows lists first
    let (step, answers) = by_ticket(&[other, KERBEROS], client_signature);
    assert_eq!(status(step), NtStatus::SUCCESS);
    assert_eq!(answers[0], spnego::Continuation::default());
    assert!(answers[1].response_token.is_some() && answers[1].mech_list_mic.as_ref().unwrap().len() == 28);
    let (step, _) = by_ticket(&[other, KERBEROS], |_| client_signature(b"another list"));
    assert_eq!(status(step), NtStatus::LOGON_FAILURE);
    let (step, _) = by_ticket(&[other, KERBEROS], |_| Vec::new());
    assert_eq!(status(step), NtStatus::LOGON_FAILURE);
}

#[test]
fn what_is_no_ticket_is_refused_and_a_server_without_keys_takes_none() {
    let authenticator = authenticator();
    authenticator.set_keytab(default_keytab());
    let (token, _) = init(&[KERBEROS], Some(b"a ticket".to_vec()));
    let step = authenticator.exchange(PEER.into()).step_at(&token, at(0), CHALLENGE);
    assert_eq!(status(step), NtStatus::INVALID_PARAMETER);
    authenticator.set_keytab(Keytab::default());
    let step = authenticator.exchange(PEER.into()).step_at(&token, at(0), CHALLENGE);
    assert_eq!(status(step), NtStatus::NOT_SUPPORTED);
}
