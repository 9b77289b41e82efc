//! Conversations with one connection, as 3.3.5.1 to 3.3.5.4 and 3.3.4.1 of MS-SMB2 have them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test that is wrong shall panic
mod client;

use client::*;
use nt::NtStatus;
use smb::connection::{
    Connection, Effect, Fault, InheritedFile, Interim, Reply, ReplyBody, RequestId, SignatureState,
};
use smb::crypto::{PreauthHash, Sender};
use wire::negotiate::{Capabilities, Dialect, SecurityMode};
use wire::{Command, ErrorId, FileId, Header, HeaderFlags, Request, Response, Subject, compound};
use wire::{close, create, echo, read, session_setup, write};

const FILE: FileId = FileId { persistent: 3, volatile: 4 };

#[test]
fn a_message_id_is_taken_once_and_only_when_granted() {
    for id in [0, 9, u64::MAX] {
        let mut client = Client::connect(config());
        client.negotiate(Dialect::SMB_2_1);
        client.message_id = id;
        let header = Header { message_id: id, ..Header::new(Command::ECHO, id) };
        let echo = message(&header, &Request::Echo(echo::Request));
        assert_eq!(only_fault(client.send(&echo)), Fault::MessageId(id));
    }
}

fn read_request(client: &mut Client, charge: u16, len: u32) -> Vec<u8> {
    let header = client.session_header(Command::READ, 1);
    client.message_id += u64::from(charge.max(1)) - 1;
    let body = Request::Read(read::Request {
        data_offset_hint: 0x50,
        flags: read::ReadFlags::NONE,
        len,
        offset: 0,
        file_id: FILE,
        len_min: 0,
        channel: read::Channel::NONE,
        remaining: 0,
        channel_information: &[],
    });
    message(&Header { credit_charge: charge, ..header }, &body)
}

#[test]
fn a_request_is_paid_with_a_credit_for_each_64_kib() {
    let mut client = Client::connect(config());
    client.negotiate(Dialect::SMB_3_0);
    let mut client = client.with_session(false, false);
    for (charge, len, pays) in [
        (0, 65_536, true),
        (0, 65_537, false),
        (1, 65_536, true),
        (1, 65_537, false),
        (2, 131_072, true),
        (2, 131_073, false),
    ] {
        let request = read_request(&mut client, charge, len);
        let effects = client.send(&request);
        match pays {
            true => {
                let incoming = only_request(effects);
                client.respond(&incoming, Reply::error(NtStatus::END_OF_FILE));
            }
            false => assert_eq!(status(&only_packet(effects)), NtStatus::INVALID_PARAMETER, "{charge} {len}"),
        }
    }
}

#[test]
fn a_signed_request_is_checked_and_its_response_signed_with_every_algorithm() {
    for dialect in [Dialect::SMB_2_0_2, Dialect::SMB_2_1, Dialect::SMB_3_0, Dialect::SMB_3_1_1] {
        let mut client = Client::connect(config());
        client.negotiate(dialect);
        let mut client = client.with_session(true, false);
        let header = client.session_header(Command::ECHO, 0);
        let mut echo = message(&header, &Request::Echo(echo::Request));
        client.sign(&mut echo);
        let incoming = only_request(client.send(&echo));
        assert_eq!(incoming.signature, SignatureState::Verified);
        let bytes = only_packet(client.respond(&incoming, Reply::success(Response::Echo(echo::Response))));
        let (header, _) = responses(&bytes)[0];
        assert!(header.flags.contains(HeaderFlags::SIGNED));
        assert!(client.signing.as_ref().unwrap().verifies(&header, Sender::Server, &bytes), "{dialect:?}");
    }
}

#[test]
fn a_forged_an_unsigned_and_an_orphaned_signature_are_refused_and_the_connection_goes_on() {
    let mut client = Client::connect(config());
    client.negotiate(Dialect::SMB_3_1_1);
    let mut client = client.with_session(true, false);
    let header = client.session_header(Command::ECHO, 0);
    let mut forged = message(&header, &Request::Echo(echo::Request));
    client.sign(&mut forged);
    forged[50] ^= 1;
    assert_eq!(status(&client.answered(&forged)), NtStatus::ACCESS_DENIED);
    let header = client.session_header(Command::ECHO, 0);
    let unsigned = message(&header, &Request::Echo(echo::Request));
    assert_eq!(status(&client.answered(&unsigned)), NtStatus::ACCESS_DENIED);
    let header = Header { session_id: 99, ..client.session_header(Command::ECHO, 0) };
    let mut orphaned = message(&header, &Request::Echo(echo::Request));
    client.sign(&mut orphaned);
    assert_eq!(status(&client.answered(&orphaned)), NtStatus::USER_SESSION_DELETED);
    let header = client.session_header(Command::ECHO, 0);
    let mut right = message(&header, &Request::Echo(echo::Request));
    client.sign(&mut right);
    only_request(client.send(&right));
}

#[test]
fn what_comes_encrypted_goes_back_encrypted() {
    for dialect in [Dialect::SMB_3_0, Dialect::SMB_3_1_1] {
        let mut client = Client::connect(config());
        client.negotiate(dialect);
        let mut client = client.with_session(true, true);
        let header = client.session_header(Command::ECHO, 0);
        let sealed = client.seal(message(&header, &Request::Echo(echo::Request)));
        let incoming = only_request(client.send(&sealed));
        assert!(incoming.is_encrypted && incoming.signature == SignatureState::Encrypted);
        let bytes = only_packet(client.respond(&incoming, Reply::success(Response::Echo(echo::Response))));
        let plain = client.open(&bytes);
        assert_eq!(status(&plain), NtStatus::SUCCESS);
        assert!(!responses(&plain)[0].0.flags.contains(HeaderFlags::SIGNED));
    }
}

#[test]
fn two_encrypted_responses_never_have_one_nonce() {
    let mut client = Client::connect(config());
    client.negotiate(Dialect::SMB_3_1_1);
    let mut client = client.with_session(true, true);
    let mut nonces = Vec::new();
    for _ in 0..20 {
        let header = client.session_header(Command::ECHO, 0);
        let sealed = client.seal(message(&header, &Request::Echo(echo::Request)));
        let incoming = only_request(client.send(&sealed));
        let bytes = only_packet(client.respond(&incoming, Reply::success(Response::Echo(echo::Response))));
        let (header, _) = wire::TransformHeader::decode(&bytes).unwrap();
        assert_eq!(header.nonce[8..11], [1, 2, 3], "the number of the connection");
        assert!(!nonces.contains(&header.nonce));
        nonces.push(header.nonce);
    }
}

#[test]
fn an_encrypted_message_that_is_forged_or_for_another_session_ends_the_connection() {
    let client = || {
        let mut client = Client::connect(config());
        client.negotiate(Dialect::SMB_3_1_1);
        client.with_session(true, true)
    };
    let mut forged = client();
    let header = forged.session_header(Command::ECHO, 0);
    let mut sealed = forged.seal(message(&header, &Request::Echo(echo::Request)));
    *sealed.last_mut().unwrap() ^= 1;
    assert_eq!(only_fault(forged.send(&sealed)), Fault::Encryption);

    let mut other = client();
    let header = Header { session_id: 5, ..other.session_header(Command::ECHO, 0) };
    let sealed = other.seal(message(&header, &Request::Echo(echo::Request)));
    assert_eq!(only_fault(other.send(&sealed)), Fault::EncryptedChain);

    let mut unknown = client();
    let header = unknown.session_header(Command::ECHO, 0);
    let mut sealed = unknown.seal(message(&header, &Request::Echo(echo::Request)));
    sealed[44] ^= 1;
    assert_eq!(only_fault(unknown.send(&sealed)), Fault::Encryption);

    let mut compressed = client();
    assert_eq!(only_fault(compressed.send(b"\xFCSMB\x10\0\0\0\x02\0\0\0\0\0\0\0data")), Fault::Compressed);
}

fn create_request(client: &mut Client) -> Vec<u8> {
    let header = client.session_header(Command::CREATE, 7);
    let body = Request::Create(create::Request {
        oplock_level: create::OplockLevel::NONE,
        impersonation_level: create::ImpersonationLevel::IMPERSONATION,
        desired_access: nt::AccessMask(0x80),
        file_attributes: nt::FileAttributes(0),
        share_access: nt::ShareAccess(7),
        disposition: nt::CreateDisposition::OPEN,
        options: nt::CreateOptions(0x0020_0000),
        name: "link".into(),
        contexts: Vec::new(),
    });
    message(&header, &body)
}

fn close_request(client: &mut Client, file_id: FileId, related: bool) -> Vec<u8> {
    let mut header = client.header(Command::CLOSE);
    if related {
        header.flags = HeaderFlags::RELATED_OPERATIONS;
        (header.session_id, header.subject) = (u64::MAX, Subject::Sync { reserved: 0, tree_id: u32::MAX });
    } else {
        header = Header { session_id: SESSION, subject: Subject::Sync { reserved: 0, tree_id: 7 }, ..header };
    }
    message(&header, &Request::Close(close::Request { flags: close::CloseFlags::NONE, file_id }))
}

fn chained(mut parts: Vec<Vec<u8>>) -> Vec<u8> {
    let last = parts.len() - 1;
    for part in &mut parts[..last] {
        let padding = compound::link(part, 0).unwrap();
        part.extend_from_slice(&[0; 8][..padding]);
    }
    parts.concat()
}

fn create_reply() -> Reply<'static> {
    let body = Response::Create(create::Response {
        oplock_level: create::OplockLevel::NONE,
        flags: create::CreateFlags::NONE,
        action: nt::CreateAction::OPENED,
        attributes: create::NetworkAttributes::default(),
        file_id: FILE,
        contexts: Vec::new(),
    });
    Reply { file_id: Some(FILE), ..Reply::success(body) }
}

fn close_reply() -> Reply<'static> {
    let attributes = create::NetworkAttributes::default();
    let body = Response::Close(close::Response { flags: close::CloseFlags::NONE, attributes });
    Reply { file_id: Some(FILE), ..Reply::success(body) }
}

fn plain_session() -> Client {
    let mut client = Client::connect(config());
    client.negotiate(Dialect::SMB_3_1_1);
    client.with_session(false, false)
}

#[test]
fn related_requests_take_over_session_tree_and_file_and_are_answered_in_one_packet() {
    let mut client = plain_session();
    let parts = vec![create_request(&mut client), close_request(&mut client, FileId::ANY, true)];
    let create = only_request(client.send(&chained(parts)));
    assert_eq!((create.session_id, create.tree_id), (SESSION, 7));
    let close = only_request(client.respond(&create, create_reply()));
    assert_eq!((close.session_id, close.tree_id), (SESSION, 7));
    assert_eq!(close.file_id(FileId::ANY), Ok(FILE));
    let bytes = only_packet(client.respond(&close, close_reply()));
    let all = responses(&bytes);
    assert_eq!(all.len(), 2);
    assert!(!all[0].0.flags.contains(HeaderFlags::RELATED_OPERATIONS));
    assert!(all[1].0.flags.contains(HeaderFlags::RELATED_OPERATIONS));
    assert_eq!(all[1].0.session_id, SESSION);
    assert!(bytes.len().is_multiple_of(8));
}

#[test]
fn what_is_related_to_a_create_that_failed_fails_with_its_status() {
    let mut client = plain_session();
    let parts = vec![
        create_request(&mut client),
        close_request(&mut client, FileId::ANY, true),
        close_request(&mut client, FileId::ANY, true),
    ];
    let create = only_request(client.send(&chained(parts)));
    let reply =
        Reply::with(NtStatus::STOPPED_ON_SYMLINK, ReplyBody::Error(ErrorId::DEFAULT, b"what the link is"));
    let first = only_request(client.respond(&create, reply));
    // The severity of this status is a warning's: a CREATE that stopped on a link is no success for all that.
    let status = first.file_id(FileId::ANY).unwrap_err();
    assert_eq!(status, NtStatus::STOPPED_ON_SYMLINK);
    let second = only_request(client.respond(&first, Reply::error(status)));
    assert_eq!(second.inherited, InheritedFile::Failed(NtStatus::STOPPED_ON_SYMLINK));
    let bytes = only_packet(client.respond(&second, Reply::error(status)));
    let all = responses(&bytes);
    assert_eq!(all.len(), 3);
    assert!(all.iter().all(|(header, _)| header.status == NtStatus::STOPPED_ON_SYMLINK));
    let Response::Error(error) = &all[0].1 else { panic!("no error") };
    assert!(matches!(error, wire::ErrorResponse::Contexts(_)), "3.1.1 wraps error data");
    assert_eq!(error.data(ErrorId::DEFAULT), Some(&b"what the link is"[..]));
}

#[test]
fn an_open_outlives_a_related_request_that_failed_on_it() {
    let mut client = plain_session();
    let parts = vec![
        create_request(&mut client),
        close_request(&mut client, FileId::ANY, true),
        close_request(&mut client, FileId::ANY, true),
    ];
    let create = only_request(client.send(&chained(parts)));
    let first = only_request(client.respond(&create, create_reply()));
    let failed = Reply { file_id: Some(FILE), ..Reply::error(NtStatus::ACCESS_DENIED) };
    let second = only_request(client.respond(&first, failed));
    assert_eq!(second.file_id(FileId::ANY), Ok(FILE));
}

#[test]
fn a_chain_that_begins_as_related_is_refused_to_its_end() {
    let mut client = plain_session();
    let parts = vec![close_request(&mut client, FILE, true), close_request(&mut client, FILE, true)];
    let bytes = client.answered(&chained(parts));
    let all = responses(&bytes);
    assert_eq!(all.len(), 2);
    assert!(all.iter().all(|(header, _)| header.status == NtStatus::INVALID_PARAMETER));
}

#[test]
fn unrelated_requests_in_one_message_go_to_the_server_at_once() {
    let mut client = plain_session();
    let parts = vec![close_request(&mut client, FILE, false), close_request(&mut client, FILE, false)];
    let effects = client.send(&chained(parts));
    assert_eq!(effects.len(), 2);
    assert!(effects.iter().all(|effect| matches!(effect, Effect::Request(_))));
    assert_eq!(client.connection.outstanding(), 2);
}

#[test]
fn every_response_of_a_signed_chain_has_its_own_signature() {
    let mut client = Client::connect(config());
    client.negotiate(Dialect::SMB_3_0);
    let mut client = client.with_session(true, false);
    let (mut create, mut close) =
        (create_request(&mut client), close_request(&mut client, FileId::ANY, true));
    let padding = compound::link(&mut create, 0).unwrap();
    create.extend_from_slice(&[0; 8][..padding]);
    client.sign(&mut create);
    client.sign(&mut close);
    let first = only_request(client.send(&[create, close].concat()));
    let second = only_request(client.respond(&first, create_reply()));
    assert_eq!(second.signature, SignatureState::Verified);
    let bytes = only_packet(client.respond(&second, close_reply()));
    for part in compound::split(&bytes) {
        let (header, part) = part.unwrap();
        assert!(client.signing.as_ref().unwrap().verifies(&header, Sender::Server, part));
    }
}

#[test]
fn an_asynchronous_request_is_told_so_keeps_its_id_and_gets_its_credits_then() {
    let mut client = plain_session();
    let request = close_request(&mut client, FILE, false);
    let incoming = only_request(client.send(&request));
    let bytes = only_packet(told(client.connection.interim(incoming.id)));
    let (header, _) = responses(&bytes)[0].clone();
    let Subject::Async { async_id } = header.subject else { panic!("no async id: {header:?}") };
    assert_eq!(header.status, NtStatus::PENDING);
    assert!(header.credits > 0);
    assert!(told(client.connection.interim(incoming.id)).is_empty(), "once is enough");
    let bytes = only_packet(client.respond(&incoming, close_reply()));
    let (header, _) = responses(&bytes)[0].clone();
    assert_eq!((header.credits, header.subject), (0, Subject::Async { async_id }));
}

// The Linux 6.12 client, in a sealed session, never woke who waited for the CREATE when both came in one message: `ln` hung.
#[test]
fn an_interim_response_follows_what_is_answered_before_it_in_a_message_of_its_own() {
    let mut client = plain_session();
    let parts = vec![create_request(&mut client), close_request(&mut client, FileId::ANY, true)];
    let create = only_request(client.send(&chained(parts)));
    let close = only_request(client.respond(&create, create_reply()));
    let effects = told(client.connection.interim(close.id));
    let messages = effects.into_iter().map(|effect| only_packet(vec![effect]));
    let statuses: Vec<NtStatus> = messages.map(|bytes| status(&bytes)).collect();
    assert_eq!(statuses, [NtStatus::SUCCESS, NtStatus::PENDING]);
    assert_eq!(status(&only_packet(client.respond(&close, close_reply()))), NtStatus::SUCCESS);
}

#[test]
fn a_cancel_finds_its_request_by_either_id_and_has_no_answer() {
    let mut client = plain_session();
    let request = close_request(&mut client, FILE, false);
    let incoming = only_request(client.send(&request));
    let cancel = |subject, id| {
        let header = Header { subject, session_id: SESSION, ..Header::new(Command::CANCEL, id) };
        message(&header, &Request::Cancel(wire::cancel::Request))
    };
    let sync = Subject::Sync { reserved: 0, tree_id: 0 };
    assert!(client.send(&cancel(sync, 77)).is_empty());
    let effects = client.send(&cancel(sync, incoming.id.0));
    assert!(matches!(effects[..], [Effect::Cancel(id)] if id == incoming.id));
    let bytes = only_packet(told(client.connection.interim(incoming.id)));
    let Subject::Async { async_id } = responses(&bytes)[0].0.subject else { panic!("no async id") };
    let effects = client.send(&cancel(Subject::Async { async_id }, 0));
    assert!(matches!(effects[..], [Effect::Cancel(id)] if id == incoming.id));
    assert!(client.send(&cancel(Subject::Async { async_id: 999 }, 0)).is_empty());
}

#[test]
fn the_hash_of_a_session_follows_its_messages() {
    let mut client = Client::connect(config());
    let header = client.header(Command::NEGOTIATE);
    let request = message(&header, &negotiate_request(&[Dialect::SMB_3_1_1], contexts_3_1_1()));
    let response = client.answered(&request);
    let connection_hash = PreauthHash::ZERO.after(&request).after(&response);
    let setup = |client: &mut Client, session_id| {
        let header = Header { session_id, ..client.header(Command::SESSION_SETUP) };
        message(
            &header,
            &Request::SessionSetup(session_setup::Request {
                flags: session_setup::RequestFlags::NONE,
                security_mode: SecurityMode::SIGNING_ENABLED,
                capabilities: Capabilities::NONE,
                previous_session_id: 0,
                security_buffer: b"first word",
            }),
        )
    };
    let first = setup(&mut client, 0);
    let incoming = only_request(client.send(&first));
    let hash = connection_hash.after(&first);
    assert_eq!(incoming.preauth, Some(hash.clone()));
    let body = Response::SessionSetup(session_setup::Response {
        flags: session_setup::SessionFlags::NONE,
        security_buffer: b"second word",
    });
    let more = Reply {
        session_id: Some(SESSION),
        ..Reply::with(NtStatus::MORE_PROCESSING_REQUIRED, ReplyBody::Response(body))
    };
    let answer = only_packet(client.respond(&incoming, more));
    assert_eq!(responses(&answer)[0].0.session_id, SESSION);
    let third = setup(&mut client, SESSION);
    let incoming = only_request(client.send(&third));
    assert_eq!(incoming.preauth, Some(hash.after(&answer).after(&third)));
}

#[test]
fn a_message_is_found_in_a_stream_however_it_is_cut() {
    for step in [1, 3, 64, 1000] {
        let mut client = plain_session();
        let mut stream = Vec::new();
        for _ in 0..3 {
            let header = client.session_header(Command::ECHO, 0);
            stream.extend(frame(&message(&header, &Request::Echo(echo::Request))));
        }
        stream.splice(0..0, [0x85, 0, 0, 0]); // a NetBIOS keep-alive
        let mut effects = Vec::new();
        for bytes in stream.chunks(step) {
            effects.extend(client.connection.receive(now(1), bytes));
        }
        assert_eq!(effects.len(), 3, "in steps of {step}");
    }
}

/// Bytes of a message that was lent to be filled count as those that came through the stream, and so do those of the next behind it.
#[test]
fn a_message_may_be_read_to_where_it_stays() {
    for beyond in [0, 1, 50, 71] {
        let mut client = plain_session();
        let mut framed = || {
            let header = client.session_header(Command::ECHO, 0);
            frame(&message(&header, &Request::Echo(echo::Request)))
        };
        let stream = [framed(), framed()].concat();
        let (begun, rest) = stream.split_at(20);
        let connection = &mut client.connection;
        assert_eq!((connection.begun(), connection.lacks()), (0, 0));
        assert!(connection.receive(now(1), begun).is_empty());
        assert_eq!((connection.begun(), connection.lacks()), (16, 52));
        // A part, then the rest with some of what follows.
        let (part, rest) = rest.split_at(30);
        let mut left = Vec::new();
        let lent = [connection.lend(), part.to_vec()].concat();
        assert!(connection.receive_lent(now(1), lent, &mut left).is_empty());
        assert_eq!((connection.begun(), connection.lacks()), (46, 22));
        let (part, rest) = rest.split_at(22 + beyond);
        let lent = [connection.lend(), part.to_vec()].concat();
        assert_eq!(connection.receive_lent(now(1), lent, &mut left).len(), 1);
        assert_eq!(left.len(), beyond);
        let last = [left, rest.to_vec()].concat();
        assert_eq!(connection.receive(now(1), &last).len(), 1);
        assert_eq!((connection.begun(), connection.lacks()), (0, 0));
    }
}

#[test]
fn a_message_longer_than_agreed_ends_the_connection_before_it_arrives() {
    let mut client = Client::connect(config());
    let effects = client.connection.receive(now(1), &[0, 0x7F, 0xFF, 0xFF]);
    assert_eq!(only_fault(effects), Fault::TooLong { len: 0x7F_FFFF, max: 68 * 1024 });
    let mut client = plain_session();
    assert!(client.connection.receive(now(1), &[0, 0x0F, 0xFF, 0xFF]).is_empty());
    let mut client = Client::connect(config());
    let fault = only_fault(client.connection.receive(now(1), &[0x81, 0, 0, 68]));
    assert_eq!(fault, Fault::NotAFrame { kind: 0x81 });
}

#[test]
fn only_commands_with_data_may_be_longer_than_68_kib() {
    let mut client = plain_session();
    let header = client.session_header(Command::ECHO, 0);
    let mut echo = message(&header, &Request::Echo(echo::Request));
    echo.resize(70_000, 0);
    assert_eq!(only_fault(client.send(&echo)), Fault::TooLong { len: 70_000, max: 68 * 1024 });
    let mut client = plain_session();
    let header = Header { credit_charge: 2, ..client.session_header(Command::WRITE, 1) };
    let body = write::Request {
        offset: 0,
        file_id: FILE,
        channel: read::Channel::NONE,
        remaining: 0,
        flags: write::WriteFlags::NONE,
        channel_information: &[],
    };
    let request = message(&header, &Request::Write(body, &vec![1; 70_000]));
    let incoming = only_request(client.send(&request));
    let Request::Write(_, data) = incoming.request().unwrap() else { panic!("no WRITE") };
    assert_eq!(data.len(), 70_000);
}

#[test]
fn a_slow_client_is_let_go() {
    let mut client = Client::connect(config());
    assert!(client.connection.expire(now(44)).is_empty());
    assert_eq!(only_fault(client.connection.expire(now(45))), Fault::Timeout);
    let mut client = plain_session();
    assert_eq!(client.connection.deadline(), None, "a session lifts the deadline");
    client.connection.receive(now(100), &[0, 0]);
    client.connection.receive(now(110), &[1]);
    assert_eq!(client.connection.deadline(), Some(now(120).monotonic));
    assert_eq!(only_fault(client.connection.expire(now(120))), Fault::Timeout);
    assert_eq!(client.connection.deadline(), None);
}

#[test]
fn an_answer_to_what_is_no_longer_outstanding_is_passed_over() {
    let mut client = plain_session();
    assert!(client.connection.respond(now(1), RequestId(40), Reply::error(NtStatus::CANCELLED)).is_empty());
    let request = close_request(&mut client, FILE, false);
    let incoming = only_request(client.send(&request));
    client.send(b"\xFCSMB");
    assert!(client.respond(&incoming, close_reply()).is_empty(), "the connection is closed");
}

#[test]
fn a_break_is_sent_unasked_and_sealed_when_the_session_is() {
    let oplock = wire::oplock_break::OplockBreak { oplock_level: create::OplockLevel::II, file_id: FILE };
    let body = Response::OplockBreakNotification(wire::oplock_break::Notification::Oplock(oplock));
    let mut client = plain_session();
    let bytes = only_packet(client.connection.notify(SESSION, body.clone()));
    let all = responses(&bytes);
    assert_eq!((all[0].0.message_id, all[0].0.session_id, &all[0].1), (u64::MAX, 0, &body));
    let mut client = Client::connect(config());
    client.negotiate(Dialect::SMB_3_1_1);
    let mut client = client.with_session(true, true);
    let bytes = only_packet(client.connection.notify(SESSION, body.clone()));
    assert_eq!(responses(&client.open(&bytes))[0].1, body);
}

/// What is sent because a request waits.
fn told(interim: Interim) -> Vec<Effect> {
    match interim {
        Interim::Told(effects) => effects,
        Interim::Refused(status) => panic!("refused: {status:?}"),
    }
}

#[test]
fn a_connection_is_small() {
    assert!(size_of::<Connection>() < 1024, "{}", size_of::<Connection>());
}
