//! Many connections from one thread: each sends its next request as soon as the answer to the last is whole.
use super::link::{Link, statuses};
use super::ops::{Operation, file_id_of};
use crate::report::Failure;
use nt::NtStatus;
use rustix::event::{PollFd, PollFlags, poll};
use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};
use wire::FileId;

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

struct Going {
    number: u64,
    step: usize,
    opened: Option<FileId>,
    is_over: bool,
}

/// Runs an operation on all these connections. `number` is the first that was not used yet, and is so again afterwards.
pub(super) fn drive(
    links: &mut [Link],
    operation: &Operation,
    data: &[u8],
    until: Until,
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
    let mut going = Vec::with_capacity(links.len());
    for link in links.iter_mut() {
        let mut one = Going { number: *number, step: 0, opened: None, is_over: !may_begin(*number) };
        if !one.is_over {
            *number += 1;
            go(link, &mut one, operation, data)?;
        }
        going.push(one);
    }
    while going.iter().any(|one| !one.is_over) {
        let ready = ready(links.iter().map(|link| &link.stream))?;
        for ((link, one), is_ready) in links.iter_mut().zip(&mut going).zip(ready) {
            if !is_ready {
                continue;
            }
            while let Some(answer) = link.poll()? {
                for status in statuses(&answer)?.into_iter().filter(|status| *status != NtStatus::SUCCESS) {
                    *driven.refusals.entry(status.to_string()).or_default() += 1;
                }
                one.opened = file_id_of(&answer).or(one.opened);
                one.step += 1;
                if go(link, one, operation, data)? {
                    continue;
                }
                driven.operations += 1;
                if may_begin(*number) {
                    *one = Going { number: *number, step: 0, opened: None, is_over: false };
                    *number += 1;
                    go(link, one, operation, data)?;
                } else {
                    one.is_over = true;
                }
            }
        }
    }
    driven.time = start.elapsed();
    for link in links.iter() {
        link.stream.set_nonblocking(false)?;
    }
    Ok(driven)
}

/// Waits until something is to be read, and says where.
pub(super) fn ready<'a>(streams: impl Iterator<Item = &'a TcpStream>) -> Result<Vec<bool>, Failure> {
    let mut fds: Vec<PollFd<'_>> = streams.map(|stream| PollFd::new(stream, PollFlags::IN)).collect();
    poll(&mut fds, None)?;
    Ok(fds.iter().map(|fd| !fd.revents().is_empty()).collect())
}

/// Sends the next step; false when there is none.
fn go(link: &mut Link, one: &mut Going, operation: &Operation, data: &[u8]) -> Result<bool, Failure> {
    let Some(requests) = operation.step(one.number, one.step, one.opened, data) else { return Ok(false) };
    let framed = link.framed(&requests)?;
    // Requests are far smaller than the socket's buffer, and only one is under way.
    link.stream.write_all(&framed)?;
    Ok(true)
}
