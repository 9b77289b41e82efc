//! The seeds of the messages are messages.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test that is wrong shall panic
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pointsman_fuzz::smb_targets;
use smb::connection::{Connection, Effect, Now};
use wire::{Request, Response, compound};

fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.map(|path| (path.display().to_string(), fs::read(&path).unwrap())).collect()
}

/// A seed that no decoder takes teaches a fuzzer nothing.
#[test]
fn every_seed_of_a_message_is_read_to_its_end() {
    for (path, bytes) in seeds("wire_request") {
        for part in compound::split(&bytes) {
            let (header, message) = part.unwrap_or_else(|error| panic!("{path}: {error}"));
            Request::decode(&header, message).unwrap_or_else(|error| panic!("{path}: {error}"));
        }
    }
    for (path, bytes) in seeds("wire_response") {
        for part in compound::split(&bytes) {
            let (header, message) = part.unwrap_or_else(|error| panic!("{path}: {error}"));
            Response::decode(&header, message).unwrap_or_else(|error| panic!("{path}: {error}"));
        }
    }
}

/// How many requests of each seed reach the server when none is answered.
#[test]
fn the_seeds_of_the_connection_reach_the_server() {
    for (path, bytes) in seeds("smb_connection") {
        let stream = &bytes[1 + usize::from(bytes[0])..];
        let config = Arc::new(smb_targets::config());
        let now = Now { monotonic: Duration::ZERO, wall: nt::FileTime(0) };
        let mut connection = Connection::new(config, now, [0; 32], [0; 3]);
        let mut effects = Vec::new();
        for byte in stream {
            effects.extend(connection.receive(now, &[*byte]));
            smb_targets::establish(&mut connection);
        }
        let requests = effects.iter().filter(|effect| matches!(effect, Effect::Request(_))).count();
        let ended = effects.iter().any(|effect| matches!(effect, Effect::Disconnect(_)));
        let name = Path::new(&path).file_name().unwrap().to_str().unwrap();
        let want = match name {
            // Eight credits, and no answer that brings more.
            "plain_commands" => (8, true),
            "sealed_replies" => (3, false),
            "session_setup" | "asynchronous" | "unrelated_chain" => (2, false),
            "encrypted_and_wrong" => (0, true),
            "signed_and_wrong" => (0, false),
            _ => (1, false),
        };
        assert_eq!((requests, ended), want, "{name}: {effects:?}");
    }
}
