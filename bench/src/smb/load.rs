//! The load generator as one of the clients of a soak: at a pace, on three connections, and every answer is compared.
use super::link::{GET, Link, Protection, SET, Target, answers, statuses};
use super::ops::{create_request, file_id_of, list_request};
use crate::report::Failure;
use nt::{AccessMask, CreateDisposition, CreateOptions, NotifyFilter, NtStatus};
use std::io::Write;
use std::time::{Duration, Instant};
use wire::change_notify::ChangeNotifyFlags;
use wire::create::OplockLevel;
use wire::lock::{LockElement, LockFlags};
use wire::oplock_break::{Acknowledgment, Notification, OplockBreak};
use wire::{FileId, Request, Response, change_notify, echo, lock};

/// Objects that are used in turn.
const OBJECTS: u64 = 64;

/// Rounds after which a connection ends and another takes its place.
const ROUNDS_OF_A_LINK: u64 = 100;

/// Errors that are told; all are counted.
const TOLD_MAX: u64 = 20;

/// What does not come in this time does not come.
const STALL: Duration = Duration::from_secs(60);

/// Bytes of one WRITE and READ.
const BYTES: usize = 200_000;

/// Until when, and how long it rests after each round.
pub(crate) struct Pace {
    pub(crate) time: Duration,
    pub(crate) rest: Duration,
}

/// Works in the folder `load` of the share until the time is over; fails when anything was not as it should be.
pub(crate) fn run(port: u16, user: &'static str, password: &'static str, pace: &Pace) -> Result<(), Failure> {
    let target = |protection| Target { port, user, password, protection };
    let protections = [Protection::Plain, Protection::Signed, Protection::Sealed];
    let mut links: Vec<Link> = Vec::new();
    let (mut round, mut errors) = (0u64, 0u64);
    let start = Instant::now();
    while start.elapsed() < pace.time {
        if round.is_multiple_of(ROUNDS_OF_A_LINK) {
            links = protections
                .iter()
                .map(|protection| Link::connect(target(*protection)))
                .collect::<Result<_, _>>()?;
        }
        if let Err(error) = one_round(&mut links, round) {
            errors += 1;
            if errors <= TOLD_MAX {
                println!("@@ERROR load round {round}: {error}");
            }
            // What a link was in the middle of is not known: others begin anew.
            links = protections
                .iter()
                .map(|protection| Link::connect(target(*protection)))
                .collect::<Result<_, _>>()?;
        }
        round += 1;
        std::thread::sleep(pace.rest);
    }
    println!("load\t{round}\t{errors}");
    if errors == 0 { Ok(()) } else { Err(format!("{errors} errors").into()) }
}

fn one_round(links: &mut [Link], round: u64) -> Result<(), Failure> {
    let turn = usize::try_from(round % 3)?;
    let [plain, _, sealed] = links else { return Err("three links".into()) };
    if round.is_multiple_of(10) {
        breaks(plain, sealed, round)?;
        is_notified(plain, sealed, round)?;
    }
    let link = links.get_mut(turn).ok_or("no such link")?;
    points(link, round)?;
    data(link, round)?;
    if round.is_multiple_of(20) { lists(link) } else { Ok(()) }
}

/// A status that is not this one is an error.
fn wants(what: &str, got: NtStatus, wanted: NtStatus) -> Result<(), Failure> {
    if got == wanted { Ok(()) } else { Err(format!("{what}: {got}").into()) }
}

fn all_succeed(what: &str, message: &[u8]) -> Result<(), Failure> {
    statuses(message)?.into_iter().try_for_each(|status| wants(what, status, NtStatus::SUCCESS))
}

/// A symbolic link whose target counts the rounds: set, read back byte for byte, and now and then removed.
fn points(link: &mut Link, round: u64) -> Result<(), Failure> {
    let path = format!(r"load\p{}", round % OBJECTS);
    let point = requests::symlink(&format!("target{round}"));
    let attributes = AccessMask::FILE_WRITE_ATTRIBUTES | AccessMask::FILE_READ_ATTRIBUTES;
    let open =
        |disposition| create_request(&path, attributes, disposition, CreateOptions::OPEN_REPARSE_POINT);
    let set = [
        open(CreateDisposition::OPEN_IF),
        requests::control(SET, FileId::ANY, &point, 0),
        requests::close(FileId::ANY),
    ];
    all_succeed("set", &link.round_trip(&set)?)?;
    let get = [
        open(CreateDisposition::OPEN),
        requests::control(GET, FileId::ANY, &[], 16_384),
        requests::close(FileId::ANY),
    ];
    let message = link.round_trip(&get)?;
    all_succeed("get", &message)?;
    let is_same = answers(&message)?
        .iter()
        .any(|(_, answer)| matches!(answer, Response::Ioctl(answer) if answer.output == point));
    if !is_same {
        return Err(format!("{path}: another point than was set").into());
    }
    if round.is_multiple_of(4) {
        let options = CreateOptions::OPEN_REPARSE_POINT | CreateOptions::DELETE_ON_CLOSE;
        let remove = [
            create_request(&path, AccessMask::DELETE, CreateDisposition::OPEN, options),
            requests::close(FileId::ANY),
        ];
        all_succeed("remove", &link.round_trip(&remove)?)?;
    }
    Ok(())
}

pub(super) fn opened(link: &mut Link, path: &str, oplock: OplockLevel) -> Result<FileId, Failure> {
    let access = AccessMask::FILE_READ_DATA | AccessMask::FILE_WRITE_DATA;
    let request = match create_request(path, access, CreateDisposition::OPEN_IF, CreateOptions(0)) {
        Request::Create(request) => {
            Request::Create(wire::create::Request { oplock_level: oplock, ..request })
        }
        other => other,
    };
    let message = link.round_trip(&[request])?;
    file_id_of(&message).ok_or_else(|| format!("{path}: {:?}", statuses(&message)).into())
}

/// Bytes written, read back, locked and unlocked on the way.
fn data(link: &mut Link, round: u64) -> Result<(), Failure> {
    let file_id = opened(link, &format!(r"load\d{}", round % OBJECTS), OplockLevel::NONE)?;
    let bytes: Vec<u8> = (0..BYTES).map(|at| (at as u64 ^ round).to_le_bytes()[0]).collect();
    let ranges = |flags: LockFlags| {
        let element = |at: u64| LockElement { offset: at * 10, len: 5, flags };
        Request::Lock(lock::Request { lock_sequence: 0, file_id, locks: (0..16).map(element).collect() })
    };
    let taken = LockFlags::EXCLUSIVE_LOCK | LockFlags::FAIL_IMMEDIATELY;
    all_succeed("lock", &link.round_trip(&[ranges(taken)])?)?;
    all_succeed("write", &link.round_trip(&[requests::write(file_id, 0, &bytes)])?)?;
    let message = link.round_trip(&[requests::read(file_id, 0, u32::try_from(BYTES)?)])?;
    let is_same = answers(&message)?
        .iter()
        .any(|(_, answer)| matches!(answer, Response::Read(_, data) if *data == bytes));
    if !is_same {
        return Err("other bytes than were written".into());
    }
    all_succeed("unlock", &link.round_trip(&[ranges(LockFlags::UNLOCK)])?)?;
    all_succeed("close", &link.round_trip(&[requests::close(file_id)])?)
}

/// A batch oplock that somebody else's open breaks, and that is acknowledged.
fn breaks(holder: &mut Link, other: &mut Link, round: u64) -> Result<(), Failure> {
    let path = format!(r"load\o{}", round % OBJECTS);
    let held = opened(holder, &path, OplockLevel::BATCH)?;
    let access = AccessMask::FILE_READ_DATA | AccessMask::FILE_WRITE_DATA;
    let request = create_request(&path, access, CreateDisposition::OPEN, CreateOptions(0));
    let framed = other.framed(&[request])?;
    other.stream.write_all(&framed)?;
    let told = waited(holder)?;
    let is_told = answers(&told)?.iter().any(|(_, answer)| {
        matches!(answer, Response::OplockBreakNotification(Notification::Oplock(told)) if told.file_id == held)
    });
    if !is_told {
        return Err("no word of the break".into());
    }
    let left = OplockBreak { oplock_level: OplockLevel::II, file_id: held };
    let acknowledged = holder.round_trip(&[Request::OplockBreak(Acknowledgment::Oplock(left))])?;
    all_succeed("acknowledge", &acknowledged)?;
    let opened = file_id_of(&waited(other)?).ok_or("the other's open")?;
    all_succeed("close", &other.round_trip(&[requests::close(opened)])?)?;
    all_succeed("close", &holder.round_trip(&[requests::close(held)])?)
}

/// Word of a file that somebody else makes.
fn is_notified(watcher: &mut Link, other: &mut Link, round: u64) -> Result<(), Failure> {
    let list = AccessMask::FILE_LIST_DIRECTORY;
    let request = create_request("load", list, CreateDisposition::OPEN, CreateOptions::DIRECTORY_FILE);
    let folder = file_id_of(&watcher.round_trip(&[request])?).ok_or("the folder")?;
    let watch = Request::ChangeNotify(change_notify::Request {
        flags: ChangeNotifyFlags(0),
        output_len_max: 4096,
        file_id: folder,
        filter: NotifyFilter::FILE_NAME,
    });
    let framed = watcher.framed(&[watch])?;
    watcher.stream.write_all(&framed)?;
    // What is asked of a connection is begun in its order: behind this answer the watch is set.
    all_succeed("echo", &watcher.round_trip(&[Request::Echo(echo::Request)])?)?;
    let path = format!(r"load\n{}", round % OBJECTS);
    let options = CreateOptions::DELETE_ON_CLOSE;
    let make = [
        create_request(&path, AccessMask::DELETE, CreateDisposition::OPEN_IF, options),
        requests::close(FileId::ANY),
    ];
    all_succeed("make", &other.round_trip(&make)?)?;
    all_succeed("the notification", &waited(watcher)?)?;
    all_succeed("close", &watcher.round_trip(&[requests::close(folder)])?)
}

fn lists(link: &mut Link) -> Result<(), Failure> {
    let list = AccessMask::FILE_LIST_DIRECTORY;
    let request = create_request("load", list, CreateDisposition::OPEN, CreateOptions::DIRECTORY_FILE);
    let folder = file_id_of(&link.round_trip(&[request])?).ok_or("the folder")?;
    loop {
        match statuses(&link.round_trip(&[list_request(folder)])?)?.first() {
            Some(&NtStatus::SUCCESS) => {}
            Some(&NtStatus::NO_MORE_FILES) => break,
            other => return Err(format!("a listing: {other:?}").into()),
        }
    }
    all_succeed("close", &link.round_trip(&[requests::close(folder)])?)
}

/// The next message, whatever it is; one that does not come is an error.
pub(super) fn waited(link: &mut Link) -> Result<Vec<u8>, Failure> {
    link.stream.set_read_timeout(Some(STALL))?;
    let polled = link.poll()?;
    link.stream.set_read_timeout(None)?;
    polled.ok_or_else(|| format!("no answer in {} s", STALL.as_secs()).into())
}
