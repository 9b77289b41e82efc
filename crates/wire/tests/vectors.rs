//! Vectors: bytes that others wrote or captured, one file each in tests/vectors, with their source and what they mean.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test that is wrong shall panic
use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};

use nt::NtStatus;
use wire::ioctl::{
    CopyChunkRequest, CopyChunkResponse, DfsReferralRequest, DfsReferralRequestEx, DfsReferralResponse,
    ReadHashRequest, ResiliencyRequest, ResumeKey, SnapshotArray, ValidateNegotiateRequest,
    ValidateNegotiateResponse,
};
use wire::{
    Command, DecodeError, Header, HeaderFlags, Request, Response, ShareRedirect, SymlinkError, Writer,
};
use wire::{ErrorResponse, TransformHeader, create};

struct Vector {
    path: PathBuf,
    kind: String,
    meaning: String,
    /// Our encoder lays the same out in another way, which the file says why.
    layout: Option<String>,
    bytes: Vec<u8>,
}

fn vectors() -> Vec<Vector> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Vector {
    let text = fs::read_to_string(path).unwrap();
    let (head, bytes) = text.split_once("bytes:\n").unwrap();
    let member = |name: &str| {
        let line = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.map(str::to_owned)
    };
    assert!(member("source").is_some(), "{} names no source", path.display());
    let pairs = bytes.split_whitespace().map(|pair| u8::from_str_radix(pair, 16).unwrap());
    Vector {
        path: path.to_owned(),
        kind: member("kind").unwrap(),
        meaning: member("meaning").unwrap(),
        layout: member("layout"),
        bytes: pairs.collect(),
    }
}

fn command(name: &str) -> Command {
    let full = format!("SMB2_{name}");
    Command::ALL.iter().find(|(_, name)| *name == full).unwrap().0
}

/// A header, for a vector that is a body alone.
fn header(command: Command, flags: HeaderFlags, status: NtStatus) -> (Header, Vec<u8>) {
    let header = Header { flags, status, ..Header::new(command, 0) };
    let mut w = Writer::new();
    header.encode(&mut w);
    (header, w.finish().unwrap())
}

/// What a decoder makes of the bytes, and what its encoder writes again.
fn read_as<T: Debug>(
    bytes: &[u8],
    decode: impl Fn(&[u8]) -> Result<T, DecodeError>,
    encode: impl Fn(&T, &mut Writer),
) -> (String, Vec<u8>) {
    let value = decode(bytes).unwrap_or_else(|error| panic!("{error}"));
    let mut w = Writer::new();
    encode(&value, &mut w);
    (format!("{value:?}"), w.finish().unwrap())
}

fn request(header: &Header, message: &[u8], print_header: bool) -> (String, Vec<u8>) {
    let body = Request::decode(header, message).unwrap_or_else(|error| panic!("{error}"));
    let mut w = Writer::new();
    header.encode(&mut w);
    body.encode(&mut w);
    let mut bytes = w.finish().unwrap();
    bytes.extend_from_slice(body.payload());
    let head = if print_header { format!("{header:?} ") } else { String::new() };
    (format!("{head}{body:?}"), bytes)
}

fn response(header: &Header, message: &[u8], print_header: bool) -> (String, Vec<u8>) {
    let body = Response::decode(header, message).unwrap_or_else(|error| panic!("{error}"));
    let mut w = Writer::new();
    header.encode(&mut w);
    body.encode(&mut w);
    let mut bytes = w.finish().unwrap();
    bytes.extend_from_slice(body.payload());
    let head = if print_header { format!("{header:?} ") } else { String::new() };
    (format!("{head}{body:?}"), bytes)
}

fn context(name: &str, data: &[u8], is_request: bool) -> (String, Vec<u8>) {
    let name: Vec<u8> = match name.len() {
        4 => name.bytes().collect(),
        _ => (0..16).map(|at| u8::from_str_radix(&name[2 * at..2 * at + 2], 16).unwrap()).collect(),
    };
    let raw = create::Context { name: name.into(), data: data.into() };
    let (meaning, again) = if is_request {
        let context = create::RequestContext::decode(&raw).unwrap();
        (format!("{context:?}"), context.encode().unwrap().data.into_owned())
    } else {
        let context = create::ResponseContext::decode(&raw).unwrap();
        (format!("{context:?}"), context.encode().unwrap().data.into_owned())
    };
    (meaning, again)
}

fn understand(vector: &Vector) -> (String, Vec<u8>) {
    let bytes = &vector.bytes;
    let whole = |(meaning, message): (String, Vec<u8>)| (meaning, message[64..].to_vec());
    let with_header = |command, flags, status| {
        let (header, mut message) = header(command, flags, status);
        message.extend_from_slice(bytes);
        (header, message)
    };
    let words: Vec<&str> = vector.kind.split(' ').collect();
    match words[..] {
        ["request", "message"] => request(&Header::decode(bytes).unwrap(), bytes, true),
        ["response", "message"] => response(&Header::decode(bytes).unwrap(), bytes, true),
        ["request", "context", name] => context(name, bytes, true),
        ["response", "context", name] => context(name, bytes, false),
        ["request", name] => {
            let (header, message) = with_header(command(name), HeaderFlags::NONE, NtStatus::SUCCESS);
            whole(request(&header, &message, false))
        }
        ["response", name] => {
            let (header, message) =
                with_header(command(name), HeaderFlags::SERVER_TO_REDIR, NtStatus::SUCCESS);
            whole(response(&header, &message, false))
        }
        ["error"] => {
            let (_, message) =
                with_header(Command::CREATE, HeaderFlags::SERVER_TO_REDIR, NtStatus::ACCESS_DENIED);
            let error = ErrorResponse::decode(&message).unwrap();
            let mut w = Writer::new();
            header(Command::CREATE, HeaderFlags::NONE, NtStatus::SUCCESS).0.encode(&mut w);
            error.encode(&mut w);
            whole((format!("{error:?}"), w.finish().unwrap()))
        }
        ["header"] => read_as(bytes, Header::decode, Header::encode),
        ["transform"] => {
            let (header, rest) = TransformHeader::decode(bytes).unwrap();
            (format!("{header:?} {rest:?}"), [&header.to_bytes()[..], rest].concat())
        }
        ["symlink", "error"] => {
            let error = SymlinkError::decode(bytes).unwrap();
            let mut w = Writer::new();
            error.encode(&mut w);
            (format!("{error:?}"), w.finish().unwrap())
        }
        ["share", "redirect"] => read_as(bytes, ShareRedirect::decode, ShareRedirect::encode),
        ["copy", "chunk", "request"] => read_as(bytes, CopyChunkRequest::decode, CopyChunkRequest::encode),
        ["copy", "chunk", "response"] => read_as(bytes, CopyChunkResponse::decode, CopyChunkResponse::encode),
        ["read", "hash"] => read_as(bytes, ReadHashRequest::decode, ReadHashRequest::encode),
        ["resiliency"] => read_as(bytes, ResiliencyRequest::decode, ResiliencyRequest::encode),
        ["snapshots"] => read_as(bytes, SnapshotArray::decode, SnapshotArray::encode),
        ["resume", "key"] => read_as(bytes, ResumeKey::decode, ResumeKey::encode),
        ["dfs", "referral"] => read_as(bytes, DfsReferralRequest::decode, DfsReferralRequest::encode),
        ["dfs", "referral", "ex"] => {
            read_as(bytes, DfsReferralRequestEx::decode, DfsReferralRequestEx::encode)
        }
        ["dfs", "referrals"] => read_as(bytes, DfsReferralResponse::decode, DfsReferralResponse::encode),
        ["validate", "negotiate", "request"] => {
            read_as(bytes, ValidateNegotiateRequest::decode, ValidateNegotiateRequest::encode)
        }
        ["validate", "negotiate", "response"] => {
            read_as(bytes, ValidateNegotiateResponse::decode, ValidateNegotiateResponse::encode)
        }
        _ => panic!("{}: what is a {:?}?", vector.path.display(), vector.kind),
    }
}

#[test]
fn every_vector_means_what_its_source_says() {
    let all = vectors();
    assert!(all.len() >= 80, "only {} vectors", all.len());
    for vector in &all {
        assert_eq!(understand(vector).0, vector.meaning, "{}", vector.path.display());
    }
}

#[test]
fn what_others_wrote_is_written_byte_for_byte() {
    let mut exact = 0;
    for vector in vectors() {
        let again = understand(&vector).1;
        match &vector.layout {
            None => assert_eq!(again, vector.bytes, "{}", vector.path.display()),
            Some(why) => assert_ne!(again, vector.bytes, "{}: no longer so: {why}", vector.path.display()),
        }
        exact += usize::from(vector.layout.is_none());
    }
    assert!(exact >= 60, "only {exact} are exact");
}
