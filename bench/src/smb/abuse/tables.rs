//! As many locks, watches, opens, sessions, tree connects and pipes as one client gets.
use super::super::link::{Link, Protection, answers};
use super::super::load::opened;
use super::super::ops::{create_request, file_id_of};
use super::greedy::{Statuses, earn, pipelined, told};
use super::{Ground, Outcome};
use crate::report::Failure;
use nt::{AccessMask, CreateDisposition, CreateOptions, NotifyFilter};
use std::time::{Duration, Instant};
use wire::change_notify::ChangeNotifyFlags;
use wire::create::OplockLevel;
use wire::lock::{LockElement, LockFlags};
use wire::{FileId, Request, Response, change_notify, lock};

/// Ranges of one LOCK: as many as a message may have.
const ELEMENTS: u64 = 1024;

/// How long an attack goes on that is not refused.
const LONG: Duration = Duration::from_secs(20);

fn locked(file_id: FileId, request: u64, flags: LockFlags) -> Request<'static> {
    let element = |at| LockElement { offset: (request * ELEMENTS + at) * 2, len: 1, flags };
    Request::Lock(lock::Request { lock_sequence: 0, file_id, locks: (0..ELEMENTS).map(element).collect() })
}

/// Shared locks, 1024 a request, on one file after the other, until no more are given.
pub(super) fn locks(ground: &Ground<'_>, outcome: &mut Outcome) -> Result<(), Failure> {
    let mut link = ground.link()?;
    earn(&mut link)?;
    let flags = LockFlags::SHARED_LOCK | LockFlags::FAIL_IMMEDIATELY;
    let per_file = ground.count(66, 8);
    let files = ground.count(64, 4);
    let mut all = Statuses::new();
    let start = Instant::now();
    let mut first = None;
    for at in 0..files {
        let file = opened(&mut link, &format!("locked{at}"), OplockLevel::NONE)?;
        let seen = pipelined(&mut link, per_file, 8, |request| vec![locked(file, request as u64, flags)])?;
        seen.into_iter().for_each(|(status, count)| *all.entry(status).or_default() += count);
        first.get_or_insert(start.elapsed());
        if start.elapsed() > LONG {
            break;
        }
    }
    outcome.tell(format!(
        "LOCKs of {ELEMENTS} ranges: {} in {:.1} s, the first file's in {:.1} s",
        told(&all),
        start.elapsed().as_secs_f64(),
        first.unwrap_or_default().as_secs_f64()
    ));
    // Locks that wait, and unlocks that could let them go on.
    let start = Instant::now();
    let file = opened(&mut link, "locked0", OplockLevel::NONE)?;
    let wait = |at: u64| {
        let element = LockElement { offset: at, len: 1 << 40, flags: LockFlags::EXCLUSIVE_LOCK };
        Request::Lock(lock::Request { lock_sequence: 0, file_id: file, locks: vec![element] })
    };
    let mut bytes = Vec::new();
    for at in 0..ground.count(500, 50) {
        bytes.append(&mut link.framed(&[wait(at as u64)])?);
    }
    std::io::Write::write_all(&mut link.stream, &bytes)?;
    let mut other = ground.link()?;
    let theirs = opened(&mut other, "locked0", OplockLevel::NONE)?;
    let beyond = |flags| {
        Request::Lock(lock::Request {
            lock_sequence: 0,
            file_id: theirs,
            locks: (0..200).map(|at| LockElement { offset: (1 << 41) + at, len: 1, flags }).collect(),
        })
    };
    let seen =
        pipelined(&mut other, 2, 1, |at| vec![beyond(if at == 0 { flags } else { LockFlags::UNLOCK })])?;
    outcome.tell(format!(
        "200 ranges locked and unlocked beside them: {} in {:.1} s",
        told(&seen),
        start.elapsed().as_secs_f64()
    ));
    Ok(())
}

/// Watches of the whole tree, each on an open of its own, more than may wait; the neighbour's changes are kept for each.
pub(super) fn notifies(ground: &Ground<'_>, outcome: &mut Outcome) -> Result<(), Failure> {
    let mut link = ground.link()?;
    earn(&mut link)?;
    let start = Instant::now();
    let count = ground.count(6000, 700);
    let mut sent = 0;
    let mut folders = Vec::new();
    for _ in 0..count {
        let list = AccessMask::FILE_LIST_DIRECTORY;
        let request = create_request("", list, CreateDisposition::OPEN, CreateOptions::DIRECTORY_FILE);
        match file_id_of(&link.round_trip(&[request])?) {
            Some(folder) => folders.push(folder),
            None => break,
        }
    }
    for folder in &folders {
        let watch = Request::ChangeNotify(change_notify::Request {
            flags: ChangeNotifyFlags::WATCH_TREE,
            output_len_max: 65_536,
            file_id: *folder,
            filter: NotifyFilter(0xFFF),
        });
        let bytes = link.framed(&[watch])?;
        sent += super::greedy::push(&mut link.stream, &bytes)?;
    }
    outcome.tell(format!(
        "{} directories opened, {sent} bytes of CHANGE_NOTIFYs, in {:.1} s",
        folders.len(),
        start.elapsed().as_secs_f64()
    ));
    // What the neighbour changes meanwhile is kept for each of them.
    std::thread::sleep(if ground.is_quick { Duration::from_secs(2) } else { LONG });
    Ok(())
}

/// Files over and over, until no more is opened.
pub(super) fn opens(ground: &Ground<'_>, outcome: &mut Outcome) -> Result<(), Failure> {
    let mut links = Vec::new();
    let mut all = Statuses::new();
    let start = Instant::now();
    for number in 0..ground.count(3, 1) {
        let mut link = ground.link()?;
        earn(&mut link)?;
        let seen = pipelined(&mut link, ground.count(70_000, 3000), 500, |at| {
            let access = AccessMask::FILE_READ_DATA | AccessMask::FILE_WRITE_DATA;
            // The first has as many files as it gets, the others a thousand together.
            let path = if number == 0 { format!("opened{at}") } else { format!("opened{}", at % 1000) };
            vec![create_request(&path, access, CreateDisposition::OPEN_IF, CreateOptions(0))]
        })?;
        seen.into_iter().for_each(|(status, count)| *all.entry(status).or_default() += count);
        links.push(link);
    }
    let there = ground.server.figures()?;
    outcome.tell(format!(
        "CREATEs of {} sessions: {} in {:.1} s; {} opens at once",
        links.len(),
        told(&all),
        start.elapsed().as_secs_f64(),
        there.opens
    ));
    // They are all there for a while, and go at once.
    std::thread::sleep(Duration::from_secs(2));
    let start = Instant::now();
    drop(links);
    while ground.server.figures()?.opens > 100 && start.elapsed() < LONG {
        std::thread::sleep(Duration::from_millis(50));
    }
    outcome
        .tell(format!("their connections ended: all closed within {:.1} s", start.elapsed().as_secs_f64()));
    Ok(())
}

/// Many sessions, and to each as many tree connects as it gets.
pub(super) fn sessions(ground: &Ground<'_>, outcome: &mut Outcome) -> Result<(), Failure> {
    let start = Instant::now();
    let mut links = Vec::new();
    let mut refused = 0;
    for _ in 0..ground.count(250, 20) {
        let mut link = Link::connect(ground.server.target(Protection::Signed))?;
        for _ in 0..ground.count(1024, 100) {
            if link.connect_to("share").is_err() {
                refused += 1;
                break;
            }
        }
        links.push(link);
        if start.elapsed() > 2 * LONG {
            break;
        }
    }
    let there = ground.server.figures()?;
    outcome.tell(format!(
        "{} sessions with {} tree connects in {:.1} s; {refused} were refused more",
        there.sessions,
        there.trees,
        start.elapsed().as_secs_f64()
    ));
    Ok(())
}

/// Pipes whose answers are not read, and fragments of calls that never end.
pub(super) fn pipes(ground: &Ground<'_>, outcome: &mut Outcome) -> Result<(), Failure> {
    let mut link = ground.link()?;
    link.connect_to("IPC$")?;
    earn(&mut link)?;
    let start = Instant::now();
    let mut pipes = Vec::new();
    let access = AccessMask::FILE_READ_DATA | AccessMask::FILE_WRITE_DATA;
    for _ in 0..ground.count(2000, 100) {
        let request = create_request("srvsvc", access, CreateDisposition::OPEN, CreateOptions(0));
        match file_id_of(&link.round_trip(&[request])?) {
            Some(pipe) => pipes.push(pipe),
            None => break,
        }
    }
    // Arguments in three fragments, the last of which is missing.
    let part = fragment(0, 0x01, &[0; 4000]);
    let more = fragment(0, 0x00, &[0; 4000]);
    let call: Vec<u8> = [part, more.repeat(2)].concat();
    let mut all = Statuses::new();
    for pipe in &pipes {
        let seen = pipelined(&mut link, 1, 1, |_| vec![requests::write(*pipe, 0, &call)])?;
        seen.into_iter().for_each(|(status, count)| *all.entry(status).or_default() += count);
    }
    outcome.tell(format!(
        "{} pipes with a call that does not end: {} in {:.1} s",
        pipes.len(),
        told(&all),
        start.elapsed().as_secs_f64()
    ));
    // Small fragments, as many as one message carries: each is answered.
    let mut link = ground.link()?;
    link.connect_to("IPC$")?;
    earn(&mut link)?;
    let start = Instant::now();
    let request = create_request("srvsvc", access, CreateDisposition::OPEN, CreateOptions(0));
    let pipe = file_id_of(&link.round_trip(&[request])?).ok_or("no pipe")?;
    let calls = fragment(0, 0x03, &[0; 8]).repeat(ground.count(200_000, 20_000));
    let seen = pipelined(&mut link, 4, 1, |_| vec![requests::write(pipe, 0, &calls)])?;
    outcome.tell(format!(
        "WRITEs of {} KiB of small calls: {} in {:.1} s",
        calls.len() / 1024,
        told(&seen),
        start.elapsed().as_secs_f64()
    ));
    let last = link.round_trip(&[requests::read(pipe, 0, 4096)])?;
    let is_answer = answers(&last)?.iter().any(|(_, answer)| matches!(answer, Response::Read(..)));
    outcome.tell(format!("the pipe has {}", if is_answer { "an answer" } else { "no answer" }));
    Ok(())
}

/// A PDU of a request: head, hint, context, operation, arguments. C706 12.6.4.9
fn fragment(kind: u8, flags: u8, stub: &[u8]) -> Vec<u8> {
    let mut bytes = vec![5, 0, kind, flags, 0x10, 0, 0, 0];
    bytes.extend(u16::try_from(24 + stub.len()).unwrap_or_default().to_le_bytes());
    bytes.extend([0, 0, 1, 0, 0, 0]);
    bytes.extend([0; 8]);
    bytes.extend(stub);
    bytes
}
