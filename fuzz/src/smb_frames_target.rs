//! The connection machine behind its keys: messages that are signed or sealed as the session wants, with bytes that are wrong
//! in places. What a mutation of a captured stream never reaches, since no signature fits it any more.
use smb::crypto::{Derivation, MessageNonce, PreauthHash, SealingKey, Sender, SessionKeys, SigningKey};
use wire::negotiate::{
    Capabilities, Cipher, Context, Dialect, HashAlgorithm, POSIX_EXTENSIONS, Preauth, SecurityMode,
    SigningAlgorithm,
};
use wire::{Command, Header, HeaderFlags, Request, Subject, Writer, compound, netbios};

use crate::smb_bodies::BODIES;
use crate::smb_targets::{SESSION, Server};
use crate::smb_world::Script;

/// The most messages of one input, and requests of one message.
const MESSAGES_MAX: usize = 32;
const CHAIN_MAX: usize = 6;

/// Client keys, of a session that is there as soon as the dialect is settled.
struct Keys {
    signing: SigningKey,
    sealing: Option<SealingKey>,
}

/// The first byte says which dialect and algorithms. Then each message: how it is protected, what is wrong with it, and its
/// requests. Between the messages the script answers what waits. Laws as for `smb_connection`.
pub fn smb_frames(input: &[u8]) {
    let mut script = Script(input);
    let first = script.byte();
    let mut server = Server::new(&[]);
    server.receive(&framed(&negotiate(first)));
    server.log_on();
    let Some(keys) = keys(&server) else { return };
    let mut next_message = 1;
    for nonce in 0..MESSAGES_MAX {
        if script.0.is_empty() {
            break;
        }
        let how = script.byte();
        let mut message = chain(&mut script, &keys, how, &mut next_message);
        if how & 3 == 2
            && let Some(sealing) = &keys.sealing
        {
            message = sealed(&mut script, sealing, how, nonce, message);
        }
        let mut bytes = framed(&message);
        if how & 0x80 != 0 {
            // Something is wrong outside of what the keys protect, or a piece is missing.
            let (at, value) = (usize::from(script.byte()), script.byte());
            let len = bytes.len().max(1);
            bytes.get_mut(at % len).into_iter().for_each(|byte| *byte = value);
        }
        let (piece, rest) = bytes.split_at(usize::from(how >> 2 & 3).min(bytes.len()));
        server.receive(piece);
        server.receive(rest);
        server.log_on();
        for _ in 0..script.byte() & 3 {
            server.answer_as(script.byte());
        }
    }
    server.end();
}

/// NEGOTIATE of one dialect.
fn negotiate(first: u8) -> Vec<u8> {
    const DIALECTS: [Dialect; 4] =
        [Dialect::SMB_3_1_1, Dialect::SMB_3_0, Dialect::SMB_2_1, Dialect::SMB_2_0_2];
    const CIPHERS: [Cipher; 2] = [Cipher::AES_128_GCM, Cipher::AES_128_CCM];
    const SIGNING: [SigningAlgorithm; 2] = [SigningAlgorithm::AES_GMAC, SigningAlgorithm::AES_CMAC];
    let dialect = DIALECTS.get(usize::from(first & 3)).copied().unwrap_or(Dialect::SMB_3_0);
    let cipher = CIPHERS.get(usize::from(first >> 2 & 1)).copied().unwrap_or(Cipher::AES_128_GCM);
    let signing = SIGNING.get(usize::from(first >> 3 & 1)).copied().unwrap_or(SigningAlgorithm::AES_CMAC);
    let hashes = vec![HashAlgorithm::SHA_512];
    let request = Request::Negotiate(wire::negotiate::Request {
        security_mode: SecurityMode::SIGNING_ENABLED,
        capabilities: Capabilities(0x7F),
        client_guid: nt::Guid([3; 16]),
        dialects: vec![dialect],
        contexts: vec![
            Context::Preauth(Preauth { hashes, salt: &[1; 8] }),
            Context::Encryption(vec![cipher]),
            Context::Signing(vec![signing]),
            Context::Posix(&POSIX_EXTENSIONS),
        ],
    });
    let mut w = Writer::new();
    Header { credits: 31, ..Header::new(Command::NEGOTIATE, 0) }.encode(&mut w);
    request.encode(&mut w);
    w.finish().unwrap_or_default()
}

/// The client's side of what the server has.
fn keys(server: &Server<'_>) -> Option<Keys> {
    let negotiated = server.connection.negotiated()?;
    let hash = PreauthHash::ZERO;
    let keys = SessionKeys::derive(&[7; 16], Derivation::of(negotiated.dialect, &hash), negotiated.cipher);
    let sealing = negotiated.cipher.and_then(|cipher| SealingKey::new(&keys.decryption, cipher));
    Some(Keys { signing: SigningKey::new(&keys.signing, negotiated.dialect, negotiated.signing), sealing })
}

fn framed(message: &[u8]) -> Vec<u8> {
    let frame = netbios::frame(message.len()).unwrap_or_default();
    [&frame[..], message].concat()
}

/// Requests in one message, each signed when the message is to be.
fn chain(script: &mut Script<'_>, keys: &Keys, how: u8, next_message: &mut u64) -> Vec<u8> {
    let mut parts: Vec<(Header, Vec<u8>)> = Vec::new();
    while parts.len() < CHAIN_MAX {
        let (which, shape) = (script.byte(), script.byte());
        let Some((command, body, _)) = BODIES.get(usize::from(which) % BODIES.len()) else { break };
        let mut body = body.to_vec();
        let mut header = Header {
            credits: 8,
            credit_charge: 1,
            session_id: SESSION,
            subject: Subject::Sync { reserved: 0, tree_id: 1 },
            ..Header::new(*command, *next_message)
        };
        if !parts.is_empty() && shape & 1 == 0 {
            header.flags |= HeaderFlags::RELATED_OPERATIONS;
        }
        if shape & 2 != 0 {
            let (at, value) = (usize::from(script.byte()), script.byte());
            let len = body.len().max(1);
            body.get_mut(at % len).into_iter().for_each(|byte| *byte = value);
        }
        if shape & 4 != 0 {
            header = odd(script, header);
        } else if *command == Command::CANCEL {
            header.message_id = header.message_id.wrapping_sub(u64::from(shape >> 4));
        } else {
            *next_message += u64::from(header.credit_charge.max(1));
        }
        parts.push((header, body));
        if shape & 8 == 0 {
            break;
        }
    }
    let count = parts.len();
    let mut message = Vec::new();
    for (at, (header, body)) in parts.into_iter().enumerate() {
        message.extend(written(keys, how & 3 == 1, header, &body, at + 1 < count));
    }
    message
}

/// A header with something in it that should not be there.
fn odd(script: &mut Script<'_>, mut header: Header) -> Header {
    let value = script.byte();
    match value & 7 {
        0 => header.session_id = u64::from(value >> 3),
        1 => header.message_id = header.message_id.wrapping_add(u64::from(value >> 3)).wrapping_sub(4),
        2 => header.credit_charge = u16::from(value >> 3),
        3 => header.flags |= HeaderFlags(u32::from(script.byte())),
        4 => header.credits = u16::from(script.byte()) << 8,
        5 => header.subject = Subject::Async { async_id: u64::from(value >> 3) },
        6 => header.command = Command(u16::from(value >> 3)),
        _ => header.message_id = u64::MAX - u64::from(value >> 3),
    }
    header
}

fn written(keys: &Keys, is_signed: bool, mut header: Header, body: &[u8], is_followed: bool) -> Vec<u8> {
    if is_signed {
        header.flags |= HeaderFlags::SIGNED;
    }
    let mut w = Writer::new();
    header.encode(&mut w);
    let mut part = w.finish().unwrap_or_default();
    part.extend_from_slice(body);
    if is_followed {
        let padding = compound::link(&mut part, 0).unwrap_or(0);
        part.resize(part.len() + padding, 0);
    }
    if is_signed {
        keys.signing.sign(MessageNonce::of(&header, Sender::Client), &mut part, &[]);
    }
    part
}

fn sealed(
    script: &mut Script<'_>,
    sealing: &SealingKey,
    how: u8,
    nonce: usize,
    mut message: Vec<u8>,
) -> Vec<u8> {
    let session = if how & 0x40 != 0 { u64::from(script.byte()) } else { SESSION };
    if how & 0x20 != 0 {
        // Something other than a request inside.
        let (at, value) = (usize::from(script.byte()), script.byte());
        message.get_mut(at).into_iter().for_each(|byte| *byte = value);
        message.truncate(usize::from(script.byte()) * 8);
    }
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(nonce.to_le_bytes()).for_each(|(to, from)| *to = from);
    match sealing.seal(session, bytes, &mut message) {
        Ok(head) => [&head[..], &message].concat(),
        Err(_) => message,
    }
}
