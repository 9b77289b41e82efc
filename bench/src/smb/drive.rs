//! Many connections from one thread: each sends its next requests as soon as answers to the last are there.
use super::link::Link;
use super::ops::{Operation, file_id_of};
use crate::report::Failure;
use nt::NtStatus;
use rustix::event::{PollFd, PollFlags, poll};
use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};
use wire::{FileId, compound};

/// What became of a run.
pub(super) struct Driven {
    /// Whole operations.
    pub(super) operations: u64,
    pub(super) time: Duration,
    /// Every status other than success, and how often.
    pub(super) refusals: BTreeMap<String, u64>,
}

/// Until when.
#[derive(Clone, Copy)]
pub(super) enum Until {
    Time(Duration),
    Count(u64),
}

/// An operation under way.
struct Going {
    number: u64,
    step: usize,
    opened: Option<FileId>,
    /// By which its answer is known.
    message_id: u64,
}

/// Runs an operation on all these connections, `depth` of them under way on each. `number` is the first that was not used yet, and
/// is so again afterwards.
pub(super) fn drive(
    links: &mut [Link],
    operation: &Operation,
    data: &[u8],
    (until, depth): (Until, usize),
    number: &mut u64,
) -> Result<Driven, Failure> {
    let mut driven = Driven { operations: 0, time: Duration::ZERO, refusals: BTreeMap::new() };
    for link in links.iter() {
        link.stream.set_nonblocking(true)?;
    }
    let start = Instant::now();
    let first = *number;
    let may_begin = |number: u64| match until {
        Until::Time(time) => start.elapsed() < time,
        Until::Count(count) => number - first < count,
    };
    // What is to be written on a connection at once.
    let mut out = Vec::new();
    let mut under_way: Vec<Vec<Going>> = Vec::with_capacity(links.len());
    for link in links.iter_mut() {
        let mut going = Vec::with_capacity(depth);
        while going.len() < depth && may_begin(*number) {
            let mut one = Going { number: *number, step: 0, opened: None, message_id: 0 };
            *number += 1;
            go(link, &mut one, operation, data, &mut out)?;
            going.push(one);
        }
        write(link, &mut out)?;
        under_way.push(going);
    }
    while under_way.iter().any(|going| !going.is_empty()) {
        let ready = ready(links.iter().map(|link| &link.stream))?;
        for ((link, going), is_ready) in links.iter_mut().zip(&mut under_way).zip(ready) {
            if !is_ready {
                continue;
            }
            link.fill()?;
            while let Some(answer) = link.next()? {
                let mut message_id = None;
                for part in compound::split(&answer) {
                    let (header, _) = part?;
                    message_id.get_or_insert(header.message_id);
                    if header.status != NtStatus::SUCCESS {
                        *driven.refusals.entry(header.status.to_string()).or_default() += 1;
                    }
                }
                let at = going.iter().position(|one| Some(one.message_id) == message_id);
                let one = at.and_then(|at| going.get_mut(at)).ok_or("an answer to nothing")?;
                if !operation.is_compound {
                    one.opened = file_id_of(&answer).or(one.opened);
                }
                one.step += 1;
                if go(link, one, operation, data, &mut out)? {
                    continue;
                }
                driven.operations += 1;
                if may_begin(*number) {
                    *one = Going { number: *number, step: 0, opened: None, message_id: 0 };
                    *number += 1;
                    go(link, one, operation, data, &mut out)?;
                } else if let Some(at) = at {
                    going.swap_remove(at);
                }
            }
            write(link, &mut out)?;
        }
    }
    driven.time = start.elapsed();
    for link in links.iter() {
        link.stream.set_nonblocking(false)?;
    }
    Ok(driven)
}

/// Writes what is to be written.
fn write(link: &mut Link, out: &mut Vec<u8>) -> Result<(), Failure> {
    if !out.is_empty() {
        // All that is under way on a connection is far smaller than the socket's buffer.
        link.stream.write_all(out)?;
        out.clear();
    }
    Ok(())
}

/// Waits until something is to be read, and says where.
pub(super) fn ready<'a>(streams: impl Iterator<Item = &'a TcpStream>) -> Result<Vec<bool>, Failure> {
    let mut fds: Vec<PollFd<'_>> = streams.map(|stream| PollFd::new(stream, PollFlags::IN)).collect();
    poll(&mut fds, None)?;
    Ok(fds.iter().map(|fd| !fd.revents().is_empty()).collect())
}

/// Writes down the next step; false when there is none.
fn go(
    link: &mut Link,
    one: &mut Going,
    operation: &Operation,
    data: &[u8],
    out: &mut Vec<u8>,
) -> Result<bool, Failure> {
    let Some(requests) = operation.step(one.number, one.step, one.opened, data) else { return Ok(false) };
    one.message_id = link.frame_into(&requests, out)?;
    Ok(true)
}
