//! Which dialect is spoken, and how: 3.3.5.3 and 3.3.5.4 of MS-SMB2.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test that is wrong shall panic
mod client;

use client::*;
use nt::NtStatus;
use smb::connection::Fault;
use wire::ioctl::ValidateNegotiateRequest;
use wire::negotiate::{self, Capabilities, Cipher, Context, Dialect, SecurityMode, SigningAlgorithm};
use wire::{Command, Request, Response, Writer, echo, smb1};

fn smb1_negotiate(dialects: &[&'static [u8]]) -> Vec<u8> {
    let mut w = Writer::new();
    smb1::NegotiateRequest { dialects: dialects.to_vec() }.encode(&mut w);
    w.finish().unwrap()
}

fn negotiated(bytes: &[u8]) -> negotiate::Response<'_> {
    let (_, Response::Negotiate(response)) = responses(bytes).remove(0) else { panic!("no NEGOTIATE") };
    response
}

#[test]
fn the_greatest_common_dialect_is_spoken() {
    for (offered, want) in [
        (&[Dialect::SMB_2_0_2][..], Dialect::SMB_2_0_2),
        (&[Dialect::SMB_2_1, Dialect::SMB_2_0_2], Dialect::SMB_2_1),
        (&[Dialect::SMB_2_0_2, Dialect(0x0444), Dialect::SMB_3_0_2, Dialect::SMB_3_0], Dialect::SMB_3_0_2),
    ] {
        let mut client = Client::connect(config());
        let header = client.header(Command::NEGOTIATE);
        let bytes = client.answered(&message(&header, &negotiate_request(offered, Vec::new())));
        let response = negotiated(&bytes);
        assert_eq!(response.dialect, want);
        assert_eq!(response.security_buffer, b"token");
        let large = want != Dialect::SMB_2_0_2;
        assert_eq!(response.capabilities.contains(Capabilities::LARGE_MTU), large);
        assert_eq!(response.read_len_max, if large { 1 << 20 } else { 65_536 });
        let sealed = want == Dialect::SMB_3_0_2;
        assert_eq!(response.capabilities.contains(Capabilities::ENCRYPTION), sealed);
        assert_eq!(client.connection.negotiated().unwrap().cipher, sealed.then_some(Cipher::AES_128_CCM));
    }
}

#[test]
fn in_3_1_1_each_context_is_answered_with_the_one_choice() {
    let mut client = Client::connect(config());
    let bytes = client.negotiate(Dialect::SMB_3_1_1);
    let response = negotiated(&bytes);
    assert_eq!(response.contexts.len(), 4);
    assert!(matches!(&response.contexts[0], Context::Preauth(preauth) if preauth.salt == [0xAB; 32]));
    assert_eq!(response.contexts[1], Context::Encryption(vec![Cipher::AES_128_GCM]), "our order counts");
    assert_eq!(response.contexts[2], Context::Signing(vec![SigningAlgorithm::AES_GMAC]));
    assert_eq!(response.contexts[3], Context::Posix(&negotiate::POSIX_EXTENSIONS));
    assert!(!response.capabilities.contains(Capabilities::ENCRYPTION), "3.1.1 says it by a context");
    let settled = client.connection.negotiated().unwrap();
    assert!(settled.server_capabilities.contains(Capabilities::ENCRYPTION) && settled.posix);
}

#[test]
fn a_negotiate_without_dialects_or_a_common_one_is_refused_and_may_be_tried_again() {
    let mut client = Client::connect(config());
    for (dialects, want) in
        [(&[][..], NtStatus::INVALID_PARAMETER), (&[Dialect(0x0999)], NtStatus::NOT_SUPPORTED)]
    {
        let header = client.header(Command::NEGOTIATE);
        assert_eq!(status(&client.answered(&message(&header, &negotiate_request(dialects, vec![])))), want);
    }
    assert_eq!(negotiated(&client.negotiate(Dialect::SMB_3_0)).dialect, Dialect::SMB_3_0);
}

#[test]
fn contexts_missing_doubled_or_without_overlap_are_refused_for_good() {
    let hash =
        |id| Context::Preauth(negotiate::Preauth { hashes: vec![negotiate::HashAlgorithm(id)], salt: &[] });
    let ciphers = || Context::Encryption(vec![Cipher::AES_128_GCM]);
    for (contexts, want) in [
        (vec![], NtStatus::INVALID_PARAMETER),
        (vec![hash(1), hash(1)], NtStatus::INVALID_PARAMETER),
        (vec![hash(1), ciphers(), ciphers()], NtStatus::INVALID_PARAMETER),
        (vec![hash(1), Context::Encryption(vec![])], NtStatus::INVALID_PARAMETER),
        (vec![hash(1), Context::Signing(vec![])], NtStatus::INVALID_PARAMETER),
        (vec![hash(2)], NtStatus::SMB_NO_PREAUTH_INTEGRITY_HASH_OVERLAP),
    ] {
        let mut client = Client::connect(config());
        let header = client.header(Command::NEGOTIATE);
        let request = negotiate_request(&[Dialect::SMB_3_1_1], contexts);
        assert_eq!(status(&client.answered(&message(&header, &request))), want);
        let header = client.header(Command::NEGOTIATE);
        let again = negotiate_request(&[Dialect::SMB_3_1_1], contexts_3_1_1());
        assert_eq!(only_fault(client.send(&message(&header, &again))), Fault::NotNegotiated);
    }
}

#[test]
fn without_a_common_cipher_the_context_says_none_and_without_a_common_signature_cmac() {
    let mut client = Client::connect(config());
    let header = client.header(Command::NEGOTIATE);
    let mut contexts = contexts_3_1_1();
    contexts[1] = Context::Encryption(vec![Cipher(77)]);
    contexts[2] = Context::Signing(vec![SigningAlgorithm(77)]);
    let bytes = client.answered(&message(&header, &negotiate_request(&[Dialect::SMB_3_1_1], contexts)));
    assert_eq!(negotiated(&bytes).contexts[1], Context::Encryption(vec![Cipher(0)]));
    assert_eq!(negotiated(&bytes).contexts[2], Context::Signing(vec![SigningAlgorithm::AES_CMAC]));
    assert_eq!(client.connection.negotiated().unwrap().cipher, None);
}

#[test]
fn smb1_leads_to_a_second_negotiate_or_to_2_0_2_and_nowhere_else() {
    let mut client = Client::connect(config());
    let bytes = client.answered(&smb1_negotiate(&[b"NT LM 0.12", smb1::SMB_2_002, smb1::SMB_2_WILDCARD]));
    assert_eq!(negotiated(&bytes).dialect, Dialect::WILDCARD);
    assert_eq!(responses(&bytes)[0].0.credits, 1);
    client.message_id = 1;
    assert_eq!(negotiated(&client.negotiate(Dialect::SMB_3_1_1)).dialect, Dialect::SMB_3_1_1);

    let mut old = Client::connect(config());
    let bytes = old.answered(&smb1_negotiate(&[b"NT LM 0.12", smb1::SMB_2_002]));
    assert_eq!(negotiated(&bytes).dialect, Dialect::SMB_2_0_2);
    old.message_id = 1;
    let header = old.header(Command::ECHO);
    only_request(old.send(&message(&header, &Request::Echo(echo::Request))));

    let mut older = Client::connect(config());
    assert_eq!(only_fault(older.send(&smb1_negotiate(&[b"NT LM 0.12"]))), Fault::Smb1);
    let mut twice = Client::connect(config());
    twice.negotiate(Dialect::SMB_3_0);
    assert_eq!(only_fault(twice.send(&smb1_negotiate(&[smb1::SMB_2_002]))), Fault::Smb1);
}

#[test]
fn nothing_is_taken_before_the_dialect_and_no_dialect_twice() {
    let mut client = Client::connect(config());
    let header = client.header(Command::ECHO);
    let echo = message(&header, &Request::Echo(echo::Request));
    assert_eq!(only_fault(client.send(&echo)), Fault::NotNegotiated);
    assert!(client.send(&echo).is_empty(), "a closed connection is silent");
    let mut client = Client::connect(config());
    client.negotiate(Dialect::SMB_2_1);
    let header = client.header(Command::NEGOTIATE);
    let again = message(&header, &negotiate_request(&[Dialect::SMB_2_1], vec![]));
    assert_eq!(only_fault(client.send(&again)), Fault::NegotiatedAgain);
}

#[test]
fn a_validated_negotiation_must_be_the_one_that_was() {
    let mut client = Client::connect(config());
    client.negotiate(Dialect::SMB_3_0_2);
    let settled = client.connection.negotiated().unwrap();
    let right = ValidateNegotiateRequest {
        capabilities: Capabilities(0x7F),
        client_guid: nt::Guid([0x33; 16]),
        security_mode: SecurityMode::SIGNING_ENABLED,
        dialects: vec![Dialect::SMB_3_0_2],
    };
    let answer = settled.validate(&config(), &right).unwrap();
    assert_eq!((answer.dialect, answer.server_guid), (Dialect::SMB_3_0_2, nt::Guid([0x55; 16])));
    for wrong in [
        ValidateNegotiateRequest { capabilities: Capabilities(0), ..right.clone() },
        ValidateNegotiateRequest { client_guid: nt::Guid::NIL, ..right.clone() },
        ValidateNegotiateRequest { security_mode: SecurityMode(3), ..right.clone() },
        ValidateNegotiateRequest { dialects: vec![Dialect::SMB_3_0_2, Dialect::SMB_3_1_1], ..right.clone() },
    ] {
        assert_eq!(settled.validate(&config(), &wrong), Err(Fault::NegotiateTampered));
    }
}
