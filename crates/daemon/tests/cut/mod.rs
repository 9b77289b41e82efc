//! A client that keeps an open over wires that are cut, as [MS-SMB2] 3.2.7.1 and 3.2.4.4 have a client do.
#![allow(dead_code, unreachable_pub)] // each test file uses its part
#![allow(clippy::disallowed_methods)] // what a socket loses is heard of in time
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test that is wrong shall panic
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nt::{CreateOptions, NtStatus};
use wire::FileId;
use wire::create::{OplockLevel, RequestContext};
use wire::negotiate::Dialect;

use crate::peer::cutter::{Arrives, Cutter, Loss};
use crate::peer::request::{self, ALL, Create, control};
use crate::peer::{Answered, ByName, Peer};
use crate::serving::{self, Running, Wish};

/// The name of the one file.
const NAME: &str = "kept.dat";
/// The client's CreateGuid and lease key.
const KEY: u8 = 0xC1;

/// What a client asks to be promised.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Promise {
    V1Batch,
    V1Lease,
    V2Batch,
    V2Lease,
    Resilient,
}

impl Promise {
    fn is_v2(self) -> bool {
        matches!(self, Promise::V2Batch | Promise::V2Lease)
    }
}

/// A server of an empty directory, and the wire to it.
pub struct Field {
    running: Running,
    pub cutter: Cutter,
    directory: tempfile::TempDir,
}

impl Field {
    pub fn new(loss: Loss) -> Field {
        let directory = tempfile::tempdir().unwrap();
        let mut served = serving::served(directory.path(), &Wish::default());
        served.authenticator = Arc::new(ByName);
        let running = serving::start_served(served, 0);
        let cutter = Cutter::before(running.address, loss);
        Field { running, cutter, directory }
    }

    /// Past the cutter.
    pub fn server(&self) -> SocketAddr {
        self.running.address
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// How many opens the server has, absent clients' too.
    pub fn opens(&self) -> usize {
        self.running.daemon.counts()[3]
    }

    /// Waits until the server's counts (connections, sessions, tree connects, opens, requests that wait) are so.
    pub fn settles(&self, are_so: impl Fn([usize; 5]) -> bool) {
        let until = Instant::now() + Duration::from_secs(10);
        while !are_so(self.running.daemon.counts()) {
            assert!(Instant::now() < until, "{:?}", self.running.daemon.counts());
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// One run of a conversation.
pub struct Story<'a> {
    pub field: &'a Field,
    promise: Promise,
    peer: Option<Peer>,
    session_id: u64,
    file: Option<FileId>,
    is_attached: bool,
    was_asked: bool,
    is_promised: bool,
    /// Opens of others.
    pub witnesses: usize,
    /// Opens that the client never heard of and cannot ask for.
    orphans: usize,
    losses: usize,
}

impl<'a> Story<'a> {
    fn new(field: &'a Field, promise: Promise) -> Story<'a> {
        Story {
            field,
            promise,
            peer: None,
            session_id: 0,
            file: None,
            is_attached: false,
            was_asked: false,
            is_promised: false,
            witnesses: 0,
            orphans: 0,
            losses: 0,
        }
    }

    /// One request on the open, again and again until its answer is heard. After each loss the caller looks around.
    pub fn does(
        &mut self,
        away: &dyn Fn(&Field),
        mut act: impl FnMut(&mut Peer, FileId) -> io::Result<Answered>,
    ) -> Answered {
        loop {
            let done = self.attached().and_then(|file| act(self.peer.as_mut().unwrap(), file));
            match done {
                Ok(answered) => return answered,
                Err(_) => self.lost(away),
            }
        }
    }

    /// CLOSE, once: a client whose CLOSE may have been heard and whose open is not found again has closed it.
    pub fn closes(&mut self, away: &dyn Fn(&Field)) {
        let mut was_asked = false;
        loop {
            let attached = match self.attached() {
                Err(error) if was_asked && error.kind() == io::ErrorKind::NotFound => return,
                attached => attached,
            };
            let done = attached.and_then(|file| {
                was_asked = true;
                self.peer.as_mut().unwrap().ask(&request::close(file))
            });
            match done {
                Ok(answered) => return assert_eq!(answered.status(), NtStatus::SUCCESS),
                Err(error) => {
                    assert_ne!(error.kind(), io::ErrorKind::NotFound, "the open was not kept");
                    self.lost(away);
                }
            }
        }
    }

    fn lost(&mut self, away: &dyn Fn(&Field)) {
        self.losses += 1;
        assert!(self.losses < 10, "it does not end");
        (self.peer, self.is_attached) = (None, false);
        away(self.field);
    }

    /// The open, on a connection; an error of the kind `NotFound` when the server has none.
    fn attached(&mut self) -> io::Result<FileId> {
        if self.peer.is_none() {
            let dialect = if self.promise.is_v2() { Dialect::SMB_3_0_2 } else { Dialect::SMB_2_1 };
            let mut peer = Peer::connect(self.field.cutter.address, 1, dialect)?;
            let answered = peer.logon("ada", self.session_id)?;
            assert_eq!(answered.status(), NtStatus::SUCCESS);
            self.session_id = peer.session_id;
            peer.tree("share")?;
            self.peer = Some(peer);
        }
        if self.is_attached {
            return Ok(self.file.unwrap());
        }
        let file = match self.file {
            None => self.made()?,
            // A promise that was made counts, whatever the client heard of it.
            Some(file) => match self.back(file) {
                Err(error) if error.kind() == io::ErrorKind::NotFound && !self.is_promised => {
                    self.file = None;
                    self.made()?
                }
                found => found?,
            },
        };
        (self.file, self.is_attached) = (Some(file), true);
        if self.promise == Promise::Resilient && !self.is_promised {
            let asked = request::resiliency(60_000);
            let request = control(wire::ioctl::code::LMR_REQUEST_RESILIENCY, file, &asked, 0);
            let answered = self.peer.as_mut().unwrap().ask(&request)?;
            assert_eq!(answered.status(), NtStatus::SUCCESS);
            self.is_promised = true;
        }
        Ok(file)
    }

    /// The open as the client first asks for it. Others may open it for its attributes at the most: none of the promises but a
    /// resilient handle's would outlive more.
    fn asks(&self, promised: RequestContext<'static>) -> Create {
        let all = request::create(NAME).options(CreateOptions::OPEN_REPARSE_POINT);
        match self.promise {
            Promise::V1Batch | Promise::V2Batch => all.alone().oplock(OplockLevel::BATCH).with(promised),
            Promise::V1Lease => all.with(promised).with(request::lease(KEY, ALL)),
            Promise::V2Lease => all.alone().with(promised).with(request::lease_v2(KEY, ALL)),
            // What comes with the first CREATE asks for nothing: the promise is made later.
            Promise::Resilient if self.file.is_none() => all,
            Promise::Resilient => all.with(promised),
        }
    }

    fn made(&mut self) -> io::Result<FileId> {
        let asks = match self.promise.is_v2() {
            true => self.asks(request::durable_v2(KEY, 60_000)),
            false => self.asks(RequestContext::DurableRequest),
        };
        let peer = self.peer.as_mut().unwrap();
        let is_again = std::mem::replace(&mut self.was_asked, true);
        let answered = match is_again && self.promise.is_v2() {
            true => peer.replay(&asks.request())?,
            false => peer.ask(&asks.request())?,
        };
        assert_eq!(answered.status(), NtStatus::SUCCESS);
        let granted = answered.granted();
        match self.promise {
            Promise::V1Batch | Promise::V1Lease => assert!(granted.is_durable_v1),
            Promise::V2Batch | Promise::V2Lease => assert_eq!(granted.durable_v2, Some(60_000)),
            Promise::Resilient => {}
        }
        if matches!(self.promise, Promise::V1Lease | Promise::V2Lease) {
            assert_eq!(granted.lease.map(|lease| lease.state), Some(ALL));
        }
        // A lease of the same key does not break, and without a CreateGuid nobody knows that the first open was this one.
        self.orphans = self.field.opens() - 1 - self.witnesses;
        let may_be_left = self.promise == Promise::V1Lease && is_again;
        assert!(self.orphans == 0 || may_be_left, "{} more opens", self.orphans);
        self.is_promised = self.promise != Promise::Resilient;
        Ok(answered.file_id())
    }

    fn back(&mut self, file: FileId) -> io::Result<FileId> {
        let asks = match self.promise {
            Promise::Resilient | Promise::V1Batch | Promise::V1Lease => self.asks(request::back(file)),
            Promise::V2Batch | Promise::V2Lease => self.asks(request::back_v2(file, KEY)),
        };
        let answered = self.peer.as_mut().unwrap().ask(&asks.request())?;
        if answered.status() == NtStatus::OBJECT_NAME_NOT_FOUND {
            return Err(io::ErrorKind::NotFound.into());
        }
        assert_eq!(answered.status(), NtStatus::SUCCESS);
        let found = answered.created();
        assert_eq!(found.file_id.persistent, file.persistent);
        match self.promise {
            Promise::V1Batch | Promise::V2Batch => assert_eq!(found.oplock_level, OplockLevel::BATCH),
            Promise::V1Lease | Promise::V2Lease => {
                assert_eq!(answered.granted().lease.map(|lease| lease.state), Some(ALL));
            }
            Promise::Resilient => {}
        }
        Ok(found.file_id)
    }
}

/// Runs a conversation with these cuts; how many messages there were.
fn run(promise: Promise, loss: Loss, cuts: &[(usize, Arrives)], tale: &dyn Fn(&mut Story<'_>)) -> usize {
    let field = Field::new(loss);
    field.cutter.arm(cuts);
    let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut story = Story::new(&field, promise);
        tale(&mut story);
        assert_eq!(field.opens(), story.orphans, "opens are left");
    }));
    if let Err(cause) = told {
        let text = cause.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| cause.downcast_ref::<&str>().copied()).unwrap_or_default();
        panic!("{promise:?}, {loss:?}, cut at {cuts:?}: {text}");
    }
    field.cutter.seen()
}

/// Cuts at every message, before it or in its middle, in every way. How many runs there were.
pub fn every_cut(promise: Promise, tale: fn(&mut Story<'_>)) -> usize {
    let mut runs = 0;
    for loss in [Loss::Fin, Loss::Reset, Loss::Silent] {
        for at in 0..run(promise, loss, &[], &tale) {
            for arrives in [Arrives::Nothing, Arrives::Half] {
                run(promise, loss, &[(at, arrives)], &tale);
                runs += 1;
            }
        }
    }
    runs
}

/// Cuts at every message, and at every message after that once more.
pub fn every_two_cuts(promise: Promise, tale: fn(&mut Story<'_>)) -> usize {
    let mut runs = 0;
    for first in 0..run(promise, Loss::Fin, &[], &tale) {
        let first = (first, Arrives::Nothing);
        for second in first.0 + 1..run(promise, Loss::Fin, &[first], &tale) {
            run(promise, Loss::Fin, &[first, (second, Arrives::Nothing)], &tale);
            runs += 1;
        }
    }
    runs
}
