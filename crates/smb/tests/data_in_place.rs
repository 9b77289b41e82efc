//! Data of a READ go out from where the store has put them: beside their head, or signed and sealed in the room before them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test that is wrong shall panic
mod client;

use client::*;
use smb::Data;
use smb::connection::{Effect, Packet, Reply};
use smb::crypto::Sender;
use wire::negotiate::{Context, Dialect, SigningAlgorithm};
use wire::{Command, FileId, Header, Request, Response, echo, read};

const LEN: usize = 70_000;

/// A session whose messages are protected so, signatures by GMAC.
fn session(signed: bool, sealed: bool) -> Client {
    let mut client = Client::connect(config());
    let mut contexts = contexts_3_1_1();
    contexts.retain(|context| !matches!(context, Context::Signing(_)));
    contexts.push(Context::Signing(vec![SigningAlgorithm::AES_GMAC]));
    let header = client.header(Command::NEGOTIATE);
    client.answered(&message(&header, &negotiate_request(&[Dialect::SMB_3_1_1], contexts)));
    assert_eq!(client.connection.negotiated().unwrap().signing, Some(SigningAlgorithm::AES_GMAC));
    let mut client = client.with_session(signed, sealed);
    // Two credits for what follows, and as many again for the next.
    for _ in 0..4 {
        let echo = request(&mut client, &Request::Echo(echo::Request), signed, sealed);
        let incoming = only_request(client.send(&echo));
        client.respond(&incoming, Reply::success(Response::Echo(echo::Response)));
    }
    client
}

fn request(client: &mut Client, body: &Request<'_>, signed: bool, sealed: bool) -> Vec<u8> {
    let charge = if matches!(body, Request::Read(_)) { 2 } else { 1 };
    let header = client.session_header(body.command(), 1);
    client.message_id += u64::from(charge) - 1;
    let mut bytes = message(&Header { credit_charge: charge, ..header }, body);
    match (signed, sealed) {
        (_, true) => client.seal(bytes),
        (true, false) => {
            client.sign(&mut bytes);
            bytes
        }
        _ => bytes,
    }
}

/// What goes out for a READ of `data`.
fn answered(client: &mut Client, data: Data, (signed, sealed): (bool, bool)) -> Packet {
    let body = Request::Read(read::Request {
        data_offset_hint: 0x50,
        flags: read::ReadFlags::NONE,
        len: u32::try_from(LEN).unwrap(),
        offset: 0,
        file_id: FileId { persistent: 3, volatile: 4 },
        len_min: 0,
        channel: read::Channel::NONE,
        remaining: 0,
        channel_information: &[],
    });
    let read = request(client, &body, signed, sealed);
    let incoming = only_request(client.send(&read));
    let body = Response::Read(read::Response::default(), &[]);
    let mut effects = client.respond(&incoming, Reply { payload: data, ..Reply::success(body) });
    match effects.pop() {
        Some(Effect::Send(packet)) if effects.is_empty() => packet,
        other => panic!("{other:?}"),
    }
}

#[test]
fn data_are_sent_from_where_they_are_and_right_however_protected() {
    let plain: Vec<u8> = (0..LEN).map(|at| u8::try_from(at % 251).unwrap()).collect();
    for (signed, sealed) in [(false, false), (true, false), (false, true), (true, true)] {
        for has_room in [false, true] {
            let mut client = session(signed, sealed);
            let data = match has_room {
                true => Data::behind_room([&[0xEE; Data::ROOM][..], &plain].concat()),
                false => Data::from(plain.clone()),
            };
            let at = data.as_slice().as_ptr();
            let packet = answered(&mut client, data, (signed, sealed));
            // In the buffer that the store gave, where there is room or no need of any.
            let end = packet.payload.as_slice().as_ptr_range().end;
            let is_in_place = end == at.wrapping_add(LEN);
            assert_eq!(is_in_place, has_room || !(signed || sealed), "{signed} {sealed} {has_room}");
            let bytes = unframed(&packet);
            let bytes = if sealed { client.open(&bytes) } else { bytes };
            let (header, body) = &responses(&bytes)[0];
            let Response::Read(_, got) = body else { panic!("{body:?}") };
            assert!(*got == plain, "{signed} {sealed} {has_room}");
            if signed && !sealed {
                assert!(client.signing.as_ref().unwrap().verifies(header, Sender::Server, &bytes));
            }
        }
    }
}
