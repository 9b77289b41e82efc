//! A client with many batch oplocks that never answers when they are to break, while others wait for each of its files.
use super::super::link::{Link, statuses};
use super::super::load::{opened, waited};
use super::super::ops::create_request;
use super::{Ground, Outcome};
use crate::report::Failure;
use nt::{AccessMask, CreateDisposition, CreateOptions, NtStatus};
use std::io::Write;
use std::time::{Duration, Instant};
use wire::create::OplockLevel;

/// What the server gives a client to answer (docs/SMB.md), and what the others' turn takes.
const ANSWER_S: f64 = 35.0;
const GRACE_S: f64 = 10.0;

pub(super) fn attack(ground: &Ground<'_>, outcome: &mut Outcome) -> Result<(), Failure> {
    let files = ground.count(480, 40);
    let mut holder = ground.link()?;
    for at in 0..files {
        opened(&mut holder, &format!(r"kept\held{at}"), OplockLevel::BATCH)?;
    }
    // What it is told stays in its socket: it answers nothing any more.
    let waiters = 8;
    let mut links: Vec<Link> = (0..waiters).map(|_| ground.link()).collect::<Result<_, _>>()?;
    let access = AccessMask::FILE_READ_DATA | AccessMask::FILE_WRITE_DATA;
    let start = Instant::now();
    for at in 0..files {
        let link = links.get_mut(at % waiters).ok_or("no link")?;
        let path = format!(r"kept\held{at}");
        let framed =
            link.framed(&[create_request(&path, access, CreateDisposition::OPEN, CreateOptions(0))])?;
        link.stream.write_all(&framed)?;
    }
    std::thread::sleep(Duration::from_secs(2));
    let waiting = ground.server.figures()?.waiting;
    let (mut opened_now, mut first) = (0, None);
    for at in 0..files {
        let link = links.get_mut(at % waiters).ok_or("no link")?;
        let message = waited(link)?;
        first.get_or_insert(start.elapsed());
        opened_now += statuses(&message)?.iter().filter(|status| **status == NtStatus::SUCCESS).count();
    }
    let last = start.elapsed().as_secs_f64();
    outcome.tell(format!(
        "{waiting} opens waited for {files} oplocks; {opened_now} opened, the first after {:.1} s, the last after {last:.1} s",
        first.unwrap_or_default().as_secs_f64()
    ));
    outcome.claim(opened_now == files, format!("{opened_now} of {files} opened"));
    outcome.claim(last < ANSWER_S + GRACE_S, format!("the last waited {last:.1} s"));
    Ok(())
}
