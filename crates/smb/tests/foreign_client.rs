//! A client that no one here wrote, smbprotocol from PyPI, talks to a connection over a socket of the test.
//!
//! Skipped, and said so, where Python does not have it (`pip install smbprotocol`; `SMBPROTOCOL_PYTHON` names another
//! interpreter).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::print_stderr)] // a test that is wrong shall panic
mod client;

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command as Process;
use std::sync::Arc;

use client::{config, now};
use nt::NtStatus;
use smb::connection::{Connection, Effect, Reply, SessionSecurity};
use smb::crypto::{Derivation, PreauthHash, SessionKeys};
use wire::{Command, Response};

/// The session that the script puts in its own tables.
const SESSION: u64 = 0x11;

/// One connection: negotiation is the machine's, the session appears after it, and echoes are answered.
fn serve(mut socket: TcpStream) {
    let mut connection = Connection::new(Arc::new(config()), now(0), [3; 32], [0; 3]);
    let (mut buffer, mut is_set_up) = ([0; 4096], false);
    loop {
        let len = socket.read(&mut buffer).unwrap_or_default();
        if len == 0 {
            return;
        }
        let mut effects: VecDeque<Effect> = connection.receive(now(1), &buffer[..len]).into();
        if let (false, Some(negotiated)) = (is_set_up, connection.negotiated()) {
            let hash = PreauthHash::ZERO;
            let derivation = Derivation::of(negotiated.dialect, &hash);
            let keys = SessionKeys::derive(&[7; 32], derivation, negotiated.cipher);
            let security = SessionSecurity::keyed(&keys, negotiated, true, false);
            connection.establish(SESSION, security);
            is_set_up = true;
        }
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Send(packet) => {
                    socket.write_all(&[&packet.head[..], packet.payload.as_slice()].concat()).unwrap();
                }
                Effect::Request(request) => {
                    let reply = match request.header.command {
                        Command::ECHO => Reply::success(Response::Echo(wire::echo::Response)),
                        _ => Reply::error(NtStatus::NOT_SUPPORTED),
                    };
                    effects.extend(connection.respond(now(1), request.id, reply));
                }
                Effect::Cancel(_) => {}
                Effect::Disconnect(fault) => panic!("{fault}"),
            }
        }
    }
}

#[test]
fn smbprotocol_negotiates_signs_and_encrypts_with_us_in_every_dialect_and_cipher() {
    let python = std::env::var("SMBPROTOCOL_PYTHON").unwrap_or_else(|_| "python3".into());
    let has_it = Process::new(&python).args(["-c", "import smbprotocol"]).output();
    if !has_it.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: {python} has no smbprotocol (pip install smbprotocol)");
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            std::thread::spawn(move || serve(socket.unwrap()));
        }
    });
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/echoes.py");
    let output = Process::new(&python).args([script, &port]).output().unwrap();
    let (told, failed) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}{failed}");
    let want = [
        "0x202 signed - -",
        "0x210 signed - -",
        "0x300 signed - -",
        "0x302 signed - -",
        "0x311 signed 2 -",
        "0x300 encrypted - -",
        "0x302 encrypted - -",
        "0x311 encrypted 2 1",
        "0x311 encrypted 2 2",
        "0x311 encrypted 2 3",
        "0x311 encrypted 2 4",
    ];
    assert_eq!(told.lines().collect::<Vec<_>>(), want);
}
