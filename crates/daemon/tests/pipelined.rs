//! Requests on one open, sent one behind the other before any is answered, on real sockets: a CLOSE overtakes none of them, whether
//! they are done in the connection's task or on threads of their own.
#![allow(clippy::disallowed_methods)] // a client of a test looks at the clock
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test that is wrong shall panic
mod peer;
mod serving;

use std::sync::Arc;

use nt::{FileInformationClass, FsctlCode, NotifyFilter, NtStatus, Utf16};
use peer::request::{self, control, create};
use peer::{ByName, Peer};
use serving::{Running, Wish};
use wire::negotiate::Dialect;
use wire::query_directory::{self, QueryDirectoryFlags};
use wire::{FileId, Request, echo};

const MEBI: usize = 1 << 20;

/// How often each dialect is tried; signatures take a debug build long.
const ROUNDS: [(Dialect, u8); 2] = [(Dialect::SMB_2_1, 100), (Dialect::SMB_3_1_1, 5)];

struct Ground {
    running: Running,
    directory: tempfile::TempDir,
}

fn ground() -> Ground {
    let directory = tempfile::tempdir().unwrap();
    let mut served = serving::served(directory.path(), &Wish::default());
    served.authenticator = Arc::new(ByName);
    Ground { running: serving::start_served(served, 0), directory }
}

impl Ground {
    fn peer(&self, dialect: Dialect) -> Peer {
        Peer::ready(self.running.address, 1, dialect, "ada")
    }
}

fn opened(peer: &mut Peer, asked: &request::Create) -> FileId {
    peer.ask(&asked.request()).unwrap().file_id()
}

/// The statuses of requests that are sent at once.
fn statuses(peer: &mut Peer, requests: &[Request<'_>]) -> Vec<NtStatus> {
    let ids = peer.pipeline(requests).unwrap();
    ids.into_iter().map(|id| peer.answer(id).unwrap().status()).collect()
}

#[test]
fn a_close_behind_long_writes_comes_when_they_are_done() {
    let ground = ground();
    for (dialect, rounds) in ROUNDS {
        let mut peer = ground.peer(dialect);
        for round in 0..rounds {
            let file = opened(&mut peer, &create("written"));
            let (first, second) = (vec![round; MEBI], vec![!round; MEBI]);
            let requests = [
                request::write(file, 0, &first),
                request::write(file, 1 << 20, &second),
                request::write(file, 1 << 21, b"short"),
                request::close(file),
            ];
            assert_eq!(statuses(&mut peer, &requests), [NtStatus::SUCCESS; 4], "{dialect:?} {round}");
            let found = std::fs::read(ground.directory.path().join("written")).unwrap();
            assert!(found == [&first[..], &second, b"short"].concat(), "{dialect:?} {round}");
        }
    }
}

#[test]
fn a_close_behind_long_reads_comes_when_they_are_done() {
    let ground = ground();
    let data: Vec<u8> = (0..2 * MEBI).map(|at| u8::try_from(at % 251).unwrap()).collect();
    std::fs::write(ground.directory.path().join("read"), &data).unwrap();
    for (dialect, rounds) in ROUNDS {
        let mut peer = ground.peer(dialect);
        for _ in 0..rounds {
            let file = opened(&mut peer, &create("read"));
            let reads = [request::read(file, 0, 1 << 20), request::read(file, 1 << 20, 1 << 20)];
            let ids = peer.pipeline(&[reads[0].clone(), reads[1].clone(), request::close(file)]).unwrap();
            assert!(peer.answer(ids[0]).unwrap().output() == data[..MEBI]);
            assert!(peer.answer(ids[1]).unwrap().output() == data[MEBI..]);
            assert_eq!(peer.answer(ids[2]).unwrap().status(), NtStatus::SUCCESS);
        }
    }
}

/// Names that a QUERY_DIRECTORY gave, of FileNamesInformation. [MS-FSCC] 2.4.33
fn names(mut bytes: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    loop {
        let field = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        let units = bytes[12..12 + field(8)].chunks(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
        names.push(String::from_utf16(&units.collect::<Vec<_>>()).unwrap());
        match field(0) {
            0 => return names,
            next => bytes = &bytes[next..],
        }
    }
}

/// The parts of a listing come in their order, each name once, and the CLOSE behind them all.
#[test]
fn a_close_behind_a_listing_comes_when_all_its_parts_are_told() {
    const FILES: usize = 700;
    let ground = ground();
    for at in 0..FILES {
        std::fs::write(ground.directory.path().join(format!("{at:03}")), []).unwrap();
    }
    let mut peer = ground.peer(Dialect::SMB_3_0);
    let part = |file_id, flags, output_len_max| {
        Request::QueryDirectory(query_directory::Request {
            class: FileInformationClass::NAMES_INFORMATION,
            flags,
            file_index: 0,
            file_id,
            pattern: Utf16::from("*"),
            output_len_max,
        })
    };
    for round in 0..100 {
        let directory = opened(&mut peer, &create("").directory());
        let (first, next) = (QueryDirectoryFlags::RESTART_SCANS, QueryDirectoryFlags::NONE);
        let requests = [
            part(directory, first, 4000),
            part(directory, next, 8000),
            part(directory, next, 4000),
            part(directory, next, 65_536),
            part(directory, next, 65_536),
            request::close(directory),
        ];
        let ids = peer.pipeline(&requests).unwrap();
        let mut told = Vec::new();
        for id in &ids[..4] {
            let answered = peer.answer(*id).unwrap();
            assert_eq!(answered.status(), NtStatus::SUCCESS, "{round}");
            told.extend(names(&answered.output()));
        }
        assert_eq!(peer.answer(ids[4]).unwrap().status(), NtStatus::NO_MORE_FILES);
        assert_eq!(peer.answer(ids[5]).unwrap().status(), NtStatus::SUCCESS);
        assert_eq!(told.len(), FILES + 2);
        let in_order: std::collections::BTreeSet<_> = told.iter().collect();
        assert_eq!(in_order.len(), FILES + 2);
        assert_eq!(&told[..2], [".", ".."]);
    }
}

/// The open is used by two connections of one session: what the first has under way, the CLOSE of the second waits for.
#[test]
fn a_close_on_another_channel_waits_likewise() {
    let ground = ground();
    let mut first = ground.peer(Dialect::SMB_3_0_2);
    first.sign();
    let mut second = Peer::connect(ground.running.address, 1, Dialect::SMB_3_0_2).unwrap();
    assert_eq!(second.bind(&first, "ada").unwrap().status(), NtStatus::SUCCESS);
    let data = vec![1; MEBI];
    for round in 0..20 {
        let file = opened(&mut first, &create("shared"));
        // An answer to what stands behind the WRITE says that it was taken.
        let asked = [request::write(file, 0, &data), Request::Echo(echo::Request)];
        let ids = first.pipeline(&asked).unwrap();
        assert_eq!(first.answer(ids[1]).unwrap().status(), NtStatus::SUCCESS);
        assert_eq!(second.status(&request::close(file)), NtStatus::SUCCESS);
        assert_eq!(first.answer(ids[0]).unwrap().status(), NtStatus::SUCCESS, "{round}");
    }
}

#[test]
fn a_close_behind_controls_and_a_copy_comes_when_they_are_done() {
    let ground = ground();
    std::fs::write(ground.directory.path().join("controlled"), vec![3; MEBI]).unwrap();
    let mut peer = ground.peer(Dialect::SMB_3_0);
    for _ in 0..100 {
        let file = opened(&mut peer, &create("controlled"));
        let zeroed = [0u64.to_le_bytes(), 4096u64.to_le_bytes()].concat();
        let whole = [0u64.to_le_bytes(), (1u64 << 20).to_le_bytes()].concat();
        let requests = [
            control(FsctlCode::SET_SPARSE, file, &[1], 0),
            control(FsctlCode::SET_ZERO_DATA, file, &zeroed, 0),
            control(FsctlCode::QUERY_ALLOCATED_RANGES, file, &whole, 4096),
            request::close(file),
        ];
        assert_eq!(statuses(&mut peer, &requests), [NtStatus::SUCCESS; 4]);
    }
}

/// What waits in the store is ended by a CLOSE, and does not hold it up.
#[test]
fn a_close_ends_what_waits() {
    let ground = ground();
    std::fs::write(ground.directory.path().join("locked"), b"some").unwrap();
    let mut peer = ground.peer(Dialect::SMB_3_0);
    let holder = opened(&mut peer, &create("locked"));
    assert_eq!(peer.status(&request::lock(holder, 0, 0, request::LOCK)), NtStatus::SUCCESS);
    for _ in 0..20 {
        let directory = opened(&mut peer, &create("").directory());
        let waits = request::notify(directory, NotifyFilter::FILE_NAME, 4096);
        let wanted = [NtStatus::NOTIFY_CLEANUP, NtStatus::SUCCESS];
        assert_eq!(statuses(&mut peer, &[waits, request::close(directory)]), wanted);
        let file = opened(&mut peer, &create("locked"));
        let waits = request::lock(file, 0, 0, wire::lock::LockFlags::EXCLUSIVE_LOCK);
        let wanted = [NtStatus::RANGE_NOT_LOCKED, NtStatus::SUCCESS];
        assert_eq!(statuses(&mut peer, &[waits, request::close(file)]), wanted);
    }
}
