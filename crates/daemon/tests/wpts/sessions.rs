//! NEGOTIATE, SESSION_SETUP, TREE_CONNECT, channels, chains and credits.
use std::time::Duration;

use nt::{Guid, NtStatus};
use wire::ioctl::ValidateNegotiateRequest;
use wire::negotiate::{
    self, Capabilities, Cipher, Context, Dialect, HashAlgorithm, Preauth, SecurityMode, SigningAlgorithm,
};
use wire::{FileId, Request, Response, Writer, tree_connect};

use crate::ground::{D21, D30, D311, Ground, ok, opened, output};
use crate::handles::channels;
use crate::peer::request::{self, control, create, read, write};
use crate::peer::{Answered, Peer};

/// NEGOTIATE of 3.1.1 with these contexts.
fn with(ground: &Ground, contexts: Vec<Context<'_>>) -> Answered {
    let mut peer = Peer::dial(ground.running.address, D311).unwrap();
    peer.ask(&Request::Negotiate(negotiate::Request {
        security_mode: SecurityMode::SIGNING_ENABLED,
        capabilities: Capabilities(0x7F),
        client_guid: Guid([5; 16]),
        dialects: vec![D311],
        contexts,
    }))
    .unwrap()
}

fn hashes(hash: HashAlgorithm) -> Context<'static> {
    Context::Preauth(Preauth { hashes: vec![hash], salt: &[9; 32] })
}

fn chosen(answered: &Answered) -> negotiate::Response<'_> {
    match answered.body() {
        Response::Negotiate(response) => response,
        other => panic!("{:?} {other:?}", answered.status()),
    }
}

/// BVT_Negotiate_SMB2002, _SMB21, _SMB30, _SMB302, _SMB311, BVT_SMBDialect
#[test]
fn each_dialect_is_spoken_with_who_knows_no_other() {
    let ground = Ground::new();
    for dialect in [Dialect::SMB_2_0_2, D21, Dialect::SMB_3_0, D30, D311] {
        let mut peer = Peer::dial(ground.running.address, dialect).unwrap();
        let answered = peer.ask(&request::negotiate(Guid([5; 16]), dialect)).unwrap();
        assert_eq!(chosen(&answered).dialect, dialect);
        assert!(chosen(&answered).security_mode.contains(SecurityMode::SIGNING_ENABLED));
    }
}

/// BVT_Negotiate_Compatible_Wildcard, BVT_Negotiate_Compatible_2002: NEGOTIATE of SMB1 with dialects of SMB2 by name.
#[test]
fn a_negotiate_of_smb1_that_names_smb2_is_answered_in_smb2() {
    let ground = Ground::new();
    let names: [(&[&str], u16); 2] =
        [(&["SMB 2.002", "SMB 2.???"], 0x02FF), (&["NT LM 0.12", "SMB 2.002"], 0x0202)];
    for (names, wanted) in names {
        let mut peer = Peer::dial(ground.running.address, D21).unwrap();
        let list: Vec<u8> =
            names.iter().flat_map(|name| [&[2][..], name.as_bytes(), &[0]].concat()).collect();
        let len = u16::try_from(list.len()).unwrap();
        // [MS-CIFS] 2.2.4.52.1: a header of 32 bytes, no words, the dialects.
        let mut message = b"\xFFSMB\x72".to_vec();
        message.resize(32, 0);
        message.push(0);
        message.extend(len.to_le_bytes());
        message.extend(list);
        peer.raw(&message).unwrap();
        let answered = peer.answer(0).unwrap();
        assert_eq!(chosen(&answered).dialect.0, wanted);
    }
}

/// BVT_Negotiate_SMB311_Preauthentication and its four ciphers, Negotiate_SMB311_WithAllContexts, _InvalidCipher, _SigningCapability,
/// _ContextID_NetName
#[test]
fn the_contexts_of_3_1_1_choose_a_hash_a_cipher_and_a_signature() {
    let ground = Ground::new();
    let sha512 = || hashes(HashAlgorithm::SHA_512);
    let answered = with(&ground, vec![sha512()]);
    let seen: Vec<Context<'_>> = chosen(&answered).contexts;
    assert!(
        matches!(&seen[..], [Context::Preauth(told)] if told.hashes == [HashAlgorithm::SHA_512]),
        "{seen:?}"
    );
    for cipher in [Cipher::AES_128_CCM, Cipher::AES_256_CCM, Cipher::AES_128_GCM, Cipher::AES_256_GCM] {
        let answered = with(&ground, vec![sha512(), Context::Encryption(vec![cipher])]);
        let ciphers = chosen(&answered).contexts;
        assert!(ciphers.contains(&Context::Encryption(vec![cipher])), "{cipher:?}: {ciphers:?}");
    }
    let answered = with(&ground, vec![sha512(), Context::Encryption(vec![Cipher(0x7777)])]);
    let none = chosen(&answered).contexts;
    assert!(none.contains(&Context::Encryption(vec![Cipher(0)])), "{none:?}");
    let signing = vec![SigningAlgorithm::AES_GMAC, SigningAlgorithm::AES_CMAC];
    let answered = with(&ground, vec![sha512(), Context::Signing(signing)]);
    let signing = chosen(&answered).contexts;
    assert!(signing.iter().any(|context| matches!(context, Context::Signing(one) if one.len() == 1)));
    let name = nt::Utf16::from("server");
    let answered = with(&ground, vec![sha512(), Context::Netname(name)]);
    assert_eq!(answered.status(), NtStatus::SUCCESS);
}

/// Negotiate_SMB311_WithoutAnyContexts, _WithEncryptionContextWithoutIntegrityContext,
/// _WithCompressionContextWithoutIntegrityContext, _WithEncryptionAndCompressionContextsWithoutIntegrityContext, _InvalidHashAlgorithm
#[test]
fn a_negotiate_of_3_1_1_without_a_hash_we_know_is_refused() {
    let ground = Ground::new();
    let ciphers = || Context::Encryption(vec![Cipher::AES_128_GCM, Cipher::AES_128_CCM]);
    for contexts in [Vec::new(), vec![ciphers()]] {
        assert_eq!(with(&ground, contexts).status(), NtStatus::INVALID_PARAMETER);
    }
    let unknown = with(&ground, vec![hashes(HashAlgorithm(0x7777)), ciphers()]);
    assert_eq!(unknown.status(), NtStatus::SMB_NO_PREAUTH_INTEGRITY_HASH_OVERLAP);
}

fn validation(guid: u8, dialects: Vec<Dialect>, mode: SecurityMode, capabilities: u32) -> Vec<u8> {
    let mut w = Writer::new();
    let asked = ValidateNegotiateRequest {
        capabilities: Capabilities(capabilities),
        client_guid: Guid([guid; 16]),
        security_mode: mode,
        dialects,
    };
    asked.encode(&mut w);
    w.finish().unwrap()
}

/// BVT_ValidateNegotiateInfo
#[test]
fn what_was_negotiated_is_told_again() {
    let ground = Ground::new();
    let mut peer = Peer::dial(ground.running.address, D30).unwrap();
    let first = peer.ask(&request::negotiate(Guid([1; 16]), D30)).unwrap();
    let (capabilities, mode, server) =
        (chosen(&first).capabilities, chosen(&first).security_mode, chosen(&first).server_guid);
    peer.logon("ada", 0).unwrap();
    peer.tree("share").unwrap();
    peer.sign();
    let asked = validation(1, vec![D30], SecurityMode::SIGNING_ENABLED, 0x7F);
    let ask = control(wire::ioctl::code::VALIDATE_NEGOTIATE_INFO, FileId::ANY, &asked, 24);
    let told = output(&mut peer, &ask);
    let told = wire::ioctl::ValidateNegotiateResponse::decode(&told).unwrap();
    assert_eq!(
        (told.capabilities, told.server_guid, told.security_mode, told.dialect),
        (capabilities, server, mode, D30)
    );
}

/// ValidateNegotiateInfo_Negative_InvalidDialects_NoCommonDialect, _CommonDialectNotExpected, _InvalidGuid, _InvalidSecurityMode,
/// _InvalidCapabilities, _InvalidMaxOutputResponse, _SMB311
#[test]
fn what_was_not_negotiated_so_ends_the_connection() {
    const ENABLED: SecurityMode = SecurityMode::SIGNING_ENABLED;
    let cases = [
        (D30, validation(1, vec![Dialect(0x7777)], ENABLED, 0x7F), 24),
        (D30, validation(1, vec![D21], ENABLED, 0x7F), 24),
        (D30, validation(2, vec![D30], ENABLED, 0x7F), 24),
        (D30, validation(1, vec![D30], SecurityMode::SIGNING_REQUIRED, 0x7F), 24),
        (D30, validation(1, vec![D30], ENABLED, 0), 24),
        (D30, validation(1, vec![D30], ENABLED, 0x7F), 23),
        (D311, validation(1, vec![D311], ENABLED, 0x7F), 24),
    ];
    for (at, (dialect, asked, len)) in cases.into_iter().enumerate() {
        let ground = Ground::new();
        let mut peer = ground.peer(1, dialect);
        if dialect == D30 {
            peer.sign();
        }
        let ask = control(wire::ioctl::code::VALIDATE_NEGOTIATE_INFO, FileId::ANY, &asked, len);
        peer.send(wire::HeaderFlags::NONE, &ask).unwrap();
        assert!(peer.is_closed(), "case {at}");
    }
}

/// BVT_SessionMgmt_NewSession, BVT_SessionMgmt_Reauthentication, BVT_SessionMgmt_ReconnectSessionSetup
#[test]
fn a_session_is_set_up_again_and_a_new_one_takes_its_place() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    peer.sign();
    let file = opened(&mut peer, &create("f"));
    let session = peer.session_id;
    let again = peer.ask(&request::setup("ada", 0)).unwrap();
    assert_eq!((again.status(), again.header.session_id), (NtStatus::SUCCESS, session));
    ok(&mut peer, &write(file, 0, b"x"));
    let mut other = Peer::connect(ground.running.address, 1, D30).unwrap();
    assert_eq!(other.logon("ada", session).unwrap().status(), NtStatus::SUCCESS);
    assert_ne!(other.session_id, session);
    // The old session is over, and with it what it had open.
    assert_eq!(peer.status(&write(file, 0, b"x")), NtStatus::USER_SESSION_DELETED);
}

/// SessionMgmt_ReconnectWithDifferentDialect
#[test]
fn a_new_session_of_another_dialect_does_not_take_the_place_of_the_old_one() {
    let ground = Ground::new();
    let first = ground.peer(1, D30);
    let mut other = Peer::connect(ground.running.address, 1, D21).unwrap();
    let status = other.logon("ada", first.session_id).unwrap().status();
    assert_eq!(status, NtStatus::USER_SESSION_DELETED);
}

/// BVT_TreeMgmt_TreeConnectAndDisconnect, TreeMgmt_SMB311_CLUSTER_RECONNECT
#[test]
fn a_share_is_connected_to_and_left() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D311);
    assert!(![0, u32::MAX].contains(&peer.tree_id));
    ok(&mut peer, &Request::TreeDisconnect(wire::tree_disconnect::Request));
    assert_eq!(peer.status(&create("f").request()), NtStatus::NETWORK_NAME_DELETED);
    let reconnect = Request::TreeConnect(tree_connect::Request {
        flags: tree_connect::RequestFlags::CLUSTER_RECONNECT,
        path: nt::Utf16::from(r"\\server\share"),
        contexts: None,
    });
    ok(&mut peer, &reconnect);
}

/// BVT_TreeMgmt_SMB311_Disconnect_NoSignedNoEncryptedTreeConnect
#[test]
fn a_tree_connect_of_3_1_1_that_nobody_signed_ends_the_connection() {
    let ground = Ground::new();
    let mut peer = Peer::connect(ground.running.address, 1, D311).unwrap();
    // What `logon` would sign from now on is sent without.
    let answered = peer.ask(&request::setup("ada", 0)).unwrap();
    assert_eq!(answered.status(), NtStatus::SUCCESS);
    peer.session_id = answered.header.session_id;
    peer.send(wire::HeaderFlags::NONE, &request::tree("share")).unwrap();
    assert!(peer.is_closed());
}

/// BVT_MultipleChannel_NicRedundantOnBoth, MultipleChannel_NicRedundantOnClient, _NicRedundantOnServer, _MultiChannelOnSameNic
#[test]
fn what_one_channel_wrote_the_other_reads() {
    let ground = Ground::new();
    let (mut first, mut second) = channels(&ground);
    let file = opened(&mut first, &create("f"));
    ok(&mut first, &write(file, 0, b"by the first"));
    assert_eq!(output(&mut second, &read(file, 0, 12)), b"by the first");
    ok(&mut second, &request::close(file));
    assert_eq!(first.status(&read(file, 0, 1)), NtStatus::FILE_CLOSED);
}

/// MultipleChannel_Negative_SMB21, _SMB2002
#[test]
fn before_3_0_no_connection_is_bound() {
    let ground = Ground::new();
    for dialect in [D21, Dialect::SMB_2_0_2] {
        let mut first = ground.peer(1, dialect);
        first.sign();
        let mut second = Peer::connect(ground.running.address, 1, dialect).unwrap();
        let status = second.bind(&first, "ada").unwrap().status();
        assert_eq!(status, NtStatus::REQUEST_NOT_ACCEPTED, "{dialect:?}");
    }
}

/// MultipleChannel_SecondChannelSessionSetupFailAtFirstTime
#[test]
fn a_binding_that_failed_may_be_tried_again() {
    let ground = Ground::new();
    let mut first = ground.peer(1, D30);
    first.sign();
    let mut second = Peer::connect(ground.running.address, 1, D30).unwrap();
    assert_ne!(second.bind(&first, "ada!").unwrap().status(), NtStatus::SUCCESS);
    assert_eq!(second.bind(&first, "ada").unwrap().status(), NtStatus::SUCCESS);
    let file = opened(&mut first, &create("f"));
    ok(&mut second, &write(file, 0, b"x"));
}

/// MultipleChannel_FileLease: the break of a lease is told on the first connection.
#[test]
fn a_lease_break_is_told_on_the_main_channel() {
    let ground = Ground::new();
    let (mut first, mut second) = channels(&ground);
    opened(&mut first, &create("f").with(request::lease_v2(1, request::ALL)));
    let mut other = ground.peer(2, D30);
    other.send(wire::HeaderFlags::NONE, &create("f").request()).unwrap();
    let wire::oplock_break::Notification::Lease(told) = first.told() else { panic!("a lease was granted") };
    assert!(second.is_silent_for(Duration::from_millis(50)));
    ok(&mut first, &request::acknowledge(told.key, told.new_state));
}

/// BVT_Compound_RelatedRequests
#[test]
fn a_chain_makes_writes_and_closes_a_file() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    let chain =
        [create("f").request(), write(FileId::ANY, 0, b"in one message"), request::close(FileId::ANY)];
    let statuses = peer.chain(&chain).unwrap().iter().map(Answered::status).collect::<Vec<_>>();
    assert_eq!(statuses, [NtStatus::SUCCESS; 3]);
    assert_eq!(std::fs::read(ground.path("f")).unwrap(), b"in one message");
}
