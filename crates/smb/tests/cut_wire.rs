//! The wire is cut at every message, before the server hears of a request or before the client hears of its answer, and once
//! more at every message after that. The client does what [MS-SMB2] 3.2.7.1 and 3.2.4.4 have a client do; at the end all has
//! been done exactly once.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test that is wrong shall panic
mod client;
mod world;

use nt::{Guid, NtStatus};
use smb::server::ServerLimits;
use wire::create::{DurableFlags, DurableReconnectV2, DurableRequestV2, OplockLevel, RequestContext};
use wire::ioctl::{IoctlFlags, ResiliencyRequest};
use wire::lock::LockFlags;
use wire::negotiate::Dialect;
use wire::{FileId, HeaderFlags, Request, Writer};
use world::{Answered, Client, World};

const NAME: &str = "kept.dat";
const CREATE_GUID: Guid = Guid([0xC1; 16]);

/// What a client asks to be promised.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Promise {
    V1Batch,
    V1Lease,
    V2Batch,
    V2Lease,
    Resilient,
}

/// What becomes of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    RequestLost,
    AnswerLost,
}

/// A client in one run, and where its wire is cut.
struct Run {
    world: World,
    promise: Promise,
    cuts: Vec<(usize, Fate)>,
    exchanges: usize,
    /// The server does not hear of a cut; it learns that the old session is over from the new one.
    is_silent: bool,
    client: Option<Client>,
    session_id: u64,
}

/// The wire was cut.
struct Cut;

impl Run {
    fn new(promise: Promise, cuts: &[(usize, Fate)], is_silent: bool) -> Run {
        let world = World::new(ServerLimits::default());
        let cuts = cuts.to_vec();
        Run { world, promise, cuts, exchanges: 0, is_silent, client: None, session_id: 0 }
    }

    /// One request and its answer, or a cut.
    fn exchange(&mut self, flags: HeaderFlags, request: &Request<'_>) -> Result<Answered, Cut> {
        let number = self.exchanges;
        self.exchanges += 1;
        self.world.pass(1);
        let fate = self.cuts.iter().find(|(at, _)| *at == number).map(|(_, fate)| *fate);
        let mut client = self.client.take().unwrap();
        if fate != Some(Fate::RequestLost) {
            let id = client.send(&mut self.world, flags, request);
            if fate.is_none() {
                let answered = client.answer(&self.world, id).unwrap();
                self.client = Some(client);
                return Ok(answered);
            }
        }
        if !self.is_silent {
            self.world.cut(client.id);
        }
        Err(Cut)
    }

    fn connected(&mut self) -> Result<(), Cut> {
        if self.client.is_some() {
            return Ok(());
        }
        let dialect = match self.promise {
            Promise::V2Batch | Promise::V2Lease => Dialect::SMB_3_0_2,
            _ => Dialect::SMB_2_1,
        };
        self.client = Some(Client::connect(&mut self.world, 1, dialect));
        let previous = self.session_id;
        let answered = self.exchange(HeaderFlags::NONE, &world::setup("alice", previous))?;
        assert_eq!(answered.status(), NtStatus::SUCCESS);
        self.session_id = answered.header.session_id;
        let client = self.client.as_mut().unwrap();
        client.session_id = answered.header.session_id;
        let answered = self.exchange(HeaderFlags::NONE, &world::tree("share"))?;
        self.client.as_mut().unwrap().tree_id = answered.header.tree_id().unwrap();
        Ok(())
    }

    fn contexts(&self, durable: RequestContext<'static>) -> (OplockLevel, Vec<RequestContext<'static>>) {
        match self.promise {
            Promise::V1Batch | Promise::V2Batch => (OplockLevel::BATCH, vec![durable]),
            Promise::V1Lease => (OplockLevel::LEASE, vec![durable, world::lease(9)]),
            Promise::V2Lease => (OplockLevel::LEASE, vec![durable, world::lease_v2(9)]),
            Promise::Resilient => (OplockLevel::NONE, vec![durable]),
        }
    }

    fn create(&self) -> (OplockLevel, Vec<RequestContext<'static>>) {
        match self.promise {
            Promise::V1Batch | Promise::V1Lease => self.contexts(RequestContext::DurableRequest),
            Promise::V2Batch | Promise::V2Lease => {
                self.contexts(RequestContext::DurableRequestV2(DurableRequestV2 {
                    timeout_ms: 60_000,
                    flags: DurableFlags::NONE,
                    create_guid: CREATE_GUID,
                }))
            }
            Promise::Resilient => (OplockLevel::NONE, Vec::new()),
        }
    }

    fn reconnect(&self, file_id: FileId) -> (OplockLevel, Vec<RequestContext<'static>>) {
        match self.promise {
            Promise::V2Batch | Promise::V2Lease => {
                self.contexts(RequestContext::DurableReconnectV2(DurableReconnectV2 {
                    file_id,
                    create_guid: CREATE_GUID,
                    flags: DurableFlags::NONE,
                }))
            }
            _ => self.contexts(RequestContext::DurableReconnect(file_id)),
        }
    }

    /// The whole conversation, whatever becomes of the wire.
    fn go(&mut self) {
        let has_create_guid = matches!(self.promise, Promise::V2Batch | Promise::V2Lease);
        let (mut file_id, mut is_attached, mut was_asked) = (None, false, false);
        let (mut step, mut is_closing, mut is_promised) = (0, false, false);
        loop {
            assert!(self.exchanges < 100, "{:?} does not end", self.cuts);
            let opens = self.world.shelf.opens_of(NAME);
            assert!(opens <= 1, "{opens} opens of one client's one file");
            if self.client.is_none() {
                is_attached = false;
            }
            if self.connected().is_err() {
                continue;
            }
            let Some(id) = file_id else {
                let (level, contexts) = self.create();
                let request = Request::Create(world::create(NAME, level, &contexts));
                let flags = match was_asked && has_create_guid {
                    true => HeaderFlags::REPLAY_OPERATION,
                    false => HeaderFlags::NONE,
                };
                was_asked = true;
                let Ok(answered) = self.exchange(flags, &request) else { continue };
                if answered.status() == NtStatus::SHARING_VIOLATION && self.promise == Promise::V1Lease {
                    // The client does not know of its own open, whose lease it does not break; without a CreateGuid it cannot
                    // ask for it. It must wait until nobody has come for it.
                    assert_eq!(self.world.server.waiting_count(), 1, "{:?}", self.cuts);
                    self.world.pass(120);
                    continue;
                }
                assert_eq!(answered.status(), NtStatus::SUCCESS, "{:?}", self.cuts);
                let created = answered.created();
                assert_eq!(created.oplock_level, level, "{:?}", self.cuts);
                is_promised = self.promise != Promise::Resilient;
                assert_eq!(created.contexts.len(), contexts.len(), "promised, and the lease");
                (file_id, is_attached) = (Some(created.file_id), true);
                continue;
            };
            if !is_attached {
                let (level, contexts) = self.reconnect(id);
                let request = Request::Create(world::create(NAME, level, &contexts));
                let Ok(answered) = self.exchange(HeaderFlags::NONE, &request) else { continue };
                if answered.status() == NtStatus::OBJECT_NAME_NOT_FOUND && (is_closing || !is_promised) {
                    if is_closing {
                        return;
                    }
                    (file_id, step) = (None, 0);
                    continue;
                }
                assert_eq!(answered.status(), NtStatus::SUCCESS, "{:?}", self.cuts);
                assert_eq!(answered.created().file_id.persistent, id.persistent);
                (file_id, is_attached) = (Some(answered.created().file_id), true);
                // What was promised when the connection was lost was promised, whatever the client heard of it.
                is_promised = true;
                continue;
            }
            let request = match step {
                0 if self.promise == Promise::Resilient => resilient(id),
                0 | 1 => world::lock(id, 3, 1, LockFlags::EXCLUSIVE_LOCK | LockFlags::FAIL_IMMEDIATELY),
                2 => world::write(id, b"once"),
                3 => world::lock(id, 3, 2, LockFlags::UNLOCK),
                _ => world::close(id),
            };
            is_closing = step >= 4;
            let Ok(answered) = self.exchange(HeaderFlags::NONE, &request) else { continue };
            assert_eq!(answered.status(), NtStatus::SUCCESS, "step {step}, {:?}", self.cuts);
            is_promised = true;
            match step {
                0 | 1 => assert!(step == 0 || self.world.shelf.locks.len() == 1),
                3 => assert!(self.world.shelf.locks.is_empty()),
                4 => return,
                _ => {}
            }
            step += 1;
        }
    }

    fn check(&mut self) {
        let shelf = &self.world.shelf;
        assert_eq!(shelf.file(NAME).unwrap().data, b"once", "{:?}", self.cuts);
        assert_eq!((shelf.opens_of(NAME), shelf.locks.len()), (0, 0), "{:?}", self.cuts);
        let server = &self.world.server;
        assert_eq!((server.counts()[2], server.lease_count(), server.waiting_count()), (0, 0, 0));
    }
}

fn resilient(file_id: FileId) -> Request<'static> {
    let mut w = Writer::new();
    ResiliencyRequest { timeout_ms: 60_000 }.encode(&mut w);
    let input: &'static [u8] = Box::leak(w.finish().unwrap().into_boxed_slice());
    Request::Ioctl(wire::ioctl::Request {
        code: wire::ioctl::code::LMR_REQUEST_RESILIENCY,
        file_id,
        input,
        output: &[],
        input_len_max: 0,
        output_len_max: 0,
        flags: IoctlFlags::IS_FSCTL,
    })
}

/// Runs with a cut at every message, and with a second at every message after it. Returns how many runs there were.
fn every_cut(promise: Promise, is_silent: bool) -> usize {
    let run = |cuts: &[(usize, Fate)]| {
        let mut run = Run::new(promise, cuts, is_silent);
        run.go();
        run.check();
        run.exchanges
    };
    let (whole, mut runs) = (run(&[]), 1);
    for first in 0..whole {
        for fate in [Fate::RequestLost, Fate::AnswerLost] {
            let len = run(&[(first, fate)]);
            runs += 1;
            for second in first + 1..len {
                for again in [Fate::RequestLost, Fate::AnswerLost] {
                    run(&[(first, fate), (second, again)]);
                    runs += 1;
                }
            }
        }
    }
    runs
}

#[test]
fn a_durable_handle_with_a_batch_oplock_is_found_again_exactly_once() {
    assert!(every_cut(Promise::V1Batch, false) > 200);
}

#[test]
fn a_durable_handle_with_a_lease_is_found_again_exactly_once() {
    assert!(every_cut(Promise::V1Lease, false) > 200);
}

#[test]
fn a_durable_handle_of_the_second_version_is_found_again_and_made_once() {
    assert!(every_cut(Promise::V2Batch, false) > 200);
}

#[test]
fn a_leased_durable_handle_of_the_second_version_is_found_again_and_made_once() {
    assert!(every_cut(Promise::V2Lease, false) > 200);
}

#[test]
fn a_resilient_handle_is_found_again_exactly_once() {
    assert!(every_cut(Promise::Resilient, false) > 200);
}

#[test]
fn a_new_session_ends_the_old_one_whose_connection_the_server_still_holds() {
    for promise in [Promise::V1Batch, Promise::V1Lease, Promise::V2Batch, Promise::V2Lease] {
        assert!(every_cut(promise, true) > 200, "{promise:?}");
    }
}
