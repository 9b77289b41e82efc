//! Much at once on one connection.
use super::super::link::{Link, statuses};
use super::super::load::waited;
use crate::report::Failure;
use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use wire::{Request, echo};

/// ECHOs that bring as many credits as a server gives: each asks for 128.
const ECHOES: usize = 64;

/// How often each status came.
pub(super) type Statuses = BTreeMap<String, u64>;

/// Asks for as many credits as there are.
pub(super) fn earn(link: &mut Link) -> Result<(), Failure> {
    for _ in 0..ECHOES {
        link.round_trip(&[Request::Echo(echo::Request)])?;
    }
    Ok(())
}

/// Sends requests, `window` at a time, and counts what comes back; a chain counts by its last status that is none of a related request's.
pub(super) fn pipelined<'a>(
    link: &mut Link,
    count: usize,
    window: usize,
    mut make: impl FnMut(usize) -> Vec<Request<'a>>,
) -> Result<Statuses, Failure> {
    let mut seen = Statuses::new();
    for first in (0..count).step_by(window) {
        let last = (first + window).min(count);
        let mut bytes = Vec::new();
        for at in first..last {
            bytes.append(&mut link.framed(&make(at))?);
        }
        link.stream.write_all(&bytes)?;
        let mut answered = 0;
        // What is related, and what is not, may be answered in one message or in several.
        let expected: usize = (first..last).map(|at| make(at).len()).sum();
        while answered < expected {
            for status in statuses(&waited(link)?)? {
                *seen.entry(status.to_string()).or_default() += 1;
                answered += 1;
            }
        }
    }
    Ok(seen)
}

/// Writes as much as the socket takes without waiting, and says how much.
pub(super) fn push(stream: &mut TcpStream, bytes: &[u8]) -> Result<usize, Failure> {
    stream.set_nonblocking(true)?;
    let mut written = 0;
    while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
        match stream.write(rest) {
            Ok(len) => written += len,
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(written)
}

/// True once the server has closed it; takes at most so many bytes on the way.
pub(super) fn is_closed(stream: &mut TcpStream, buffer: &mut [u8]) -> bool {
    match stream.read(buffer) {
        Ok(0) => true,
        Ok(_) => false,
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    }
}

/// Waits until the server has closed all of these; `slowly` is called on those that are left. How long that took, if it did.
pub(super) fn until_closed(
    streams: &mut Vec<TcpStream>,
    patience: Duration,
    mut slowly: impl FnMut(&mut TcpStream),
) -> Result<Option<Duration>, Failure> {
    let start = Instant::now();
    for stream in streams.iter() {
        stream.set_nonblocking(true)?;
    }
    while start.elapsed() < patience {
        streams.retain_mut(|stream| !is_closed(stream, &mut [0; 16]));
        if streams.is_empty() {
            return Ok(Some(start.elapsed()));
        }
        streams.iter_mut().for_each(&mut slowly);
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(None)
}

/// Statuses as words.
pub(super) fn told(seen: &Statuses) -> String {
    seen.iter().map(|(status, count)| format!("{count} {status}")).collect::<Vec<_>>().join(", ")
}
