//! Who finds which open again, and who does not: [MS-SMB2] 3.3.5.9.6, 3.3.5.9.7, 3.3.5.9.10, 3.3.5.9.12, 3.3.5.9.13 and
//! 3.3.5.15.9.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test that is wrong shall panic
mod client;
mod world;

use nt::{Guid, NtStatus, ShareAccess};
use smb::server::ServerLimits;
use std::time::Duration;
use wire::create::{
    AppInstanceVersion, DurableFlags, DurableReconnectV2, DurableRequestV2, LeaseState, OplockLevel,
    RequestContext, ResponseContext,
};
use wire::lock::LockFlags;
use wire::negotiate::Dialect;
use wire::{FileId, HeaderFlags, Request};
use world::{Answered, Client, World};

const BATCH: OplockLevel = OplockLevel::BATCH;
const LEASE: OplockLevel = OplockLevel::LEASE;
const V1: RequestContext<'static> = RequestContext::DurableRequest;

fn world() -> World {
    World::new(ServerLimits::default())
}

fn v2(guid: u8) -> RequestContext<'static> {
    timed(guid, 60_000)
}

fn timed(guid: u8, timeout_ms: u32) -> RequestContext<'static> {
    let create_guid = Guid([guid; 16]);
    RequestContext::DurableRequestV2(DurableRequestV2 { timeout_ms, flags: DurableFlags::NONE, create_guid })
}

fn back(file_id: FileId) -> RequestContext<'static> {
    RequestContext::DurableReconnect(file_id)
}

fn back_v2(file_id: FileId, guid: u8, flags: DurableFlags) -> RequestContext<'static> {
    let create_guid = Guid([guid; 16]);
    RequestContext::DurableReconnectV2(DurableReconnectV2 { file_id, create_guid, flags })
}

fn alice(world: &mut World) -> Client {
    Client::ready(world, 1, Dialect::SMB_3_0_2, "alice")
}

fn create(
    world: &mut World,
    client: &mut Client,
    name: &str,
    level: OplockLevel,
    contexts: &[RequestContext<'static>],
) -> Answered {
    client.ask(world, &Request::Create(world::create(name, level, contexts)))
}

/// Opens, loses the connection, and gives the id.
fn left_behind(world: &mut World, level: OplockLevel, contexts: &[RequestContext<'static>]) -> FileId {
    let mut client = alice(world);
    let file_id = create(world, &mut client, "f", level, contexts).created().file_id;
    world.cut(client.id);
    file_id
}

fn returns(world: &mut World, level: OplockLevel, contexts: &[RequestContext<'static>]) -> NtStatus {
    let mut client = alice(world);
    create(world, &mut client, "f", level, contexts).status()
}

#[test]
fn only_a_batch_oplock_or_a_lease_of_the_handle_makes_an_open_durable() {
    let mut world = world();
    let mut client = alice(&mut world);
    let mut is_durable = |name: &str, level, contexts: &[RequestContext<'static>]| {
        let answered = create(&mut world, &mut client, name, level, contexts);
        let is_promise = |context: &ResponseContext<'_>| {
            matches!(context, ResponseContext::Durable | ResponseContext::DurableV2(_))
        };
        answered.contexts().iter().any(is_promise)
    };
    let read = RequestContext::Lease(wire::create::Lease {
        key: wire::create::LeaseKey([8; 16]),
        state: LeaseState::READ_CACHING,
        ..Default::default()
    });
    assert!(is_durable("a", BATCH, &[V1]) && is_durable("b", BATCH, &[v2(1)]));
    assert!(is_durable("c", LEASE, &[V1, world::lease(7)]));
    for (at, level) in [OplockLevel::NONE, OplockLevel::II, OplockLevel::EXCLUSIVE].into_iter().enumerate() {
        assert!(!is_durable(&format!("d{at}"), level, &[V1]), "{level:?}");
    }
    assert!(!is_durable("e", LEASE, &[V1, read]));
}

#[test]
fn a_timeout_is_the_clients_up_to_five_minutes_and_else_the_servers() {
    let mut world = world();
    let mut client = alice(&mut world);
    for (asked, wanted) in [(0, 120_000), (1000, 1000), (300_000, 300_000), (u32::MAX, 300_000)] {
        let name = format!("f{asked}");
        let answered = create(&mut world, &mut client, &name, BATCH, &[timed(1, asked)]);
        let guid_is_new = answered.status() == NtStatus::SUCCESS;
        assert!(guid_is_new, "{asked}: {:?}", answered.status());
        let ResponseContext::DurableV2(told) = answered.contexts()[0].clone() else { panic!("not durable") };
        assert_eq!((told.timeout_ms, told.flags), (wanted, DurableFlags::NONE));
        // Something was done with it: the CreateGuid can be used for another.
        client.ask(&mut world, &world::query(answered.created().file_id));
    }
}

#[test]
fn an_open_waits_as_long_as_was_promised_and_no_longer() {
    for (context, seconds) in [(V1, 120), (timed(3, 60_000), 60)] {
        let mut early = world();
        let file_id = left_behind(&mut early, BATCH, std::slice::from_ref(&context));
        early.pass(seconds - 1);
        assert_eq!(early.server.waiting_count(), 1);
        assert_eq!(returns(&mut early, BATCH, &[back(file_id)]), NtStatus::SUCCESS);
        let mut late = world();
        let file_id = left_behind(&mut late, BATCH, &[context]);
        late.pass(seconds);
        assert_eq!((late.server.waiting_count(), late.shelf.opens_of("f")), (0, 0));
        assert_eq!(returns(&mut late, BATCH, &[back(file_id)]), NtStatus::OBJECT_NAME_NOT_FOUND);
    }
}

#[test]
fn what_is_not_promised_is_closed_with_its_connection() {
    let mut world = world();
    left_behind(&mut world, OplockLevel::EXCLUSIVE, &[V1]);
    assert_eq!(world.shelf.opens_of("f"), 0);
}

#[test]
fn another_client_that_wants_the_file_gets_it_and_the_open_is_lost() {
    for (level, contexts) in
        [(BATCH, vec![V1]), (LEASE, vec![V1, world::lease(5)]), (LEASE, vec![v2(6), world::lease_v2(5)])]
    {
        let mut world = world();
        let file_id = left_behind(&mut world, level, &contexts);
        let mut bob = Client::ready(&mut world, 2, Dialect::SMB_3_0_2, "bob");
        let answered = create(&mut world, &mut bob, "f", BATCH, &[]);
        assert_eq!(answered.status(), NtStatus::SUCCESS, "at once, without a wait");
        assert_eq!((answered.created().oplock_level, world.shelf.opens_of("f")), (BATCH, 1));
        let mut again = contexts.clone();
        again[0] = back(file_id);
        assert_eq!(returns(&mut world, level, &again), NtStatus::OBJECT_NAME_NOT_FOUND);
    }
}

#[test]
fn a_file_that_goes_with_its_last_open_goes_when_the_open_is_lost() {
    let mut world = world();
    let mut client = alice(&mut world);
    let request = wire::create::Request {
        options: nt::CreateOptions::DELETE_ON_CLOSE,
        ..world::create("f", BATCH, &[V1])
    };
    assert_eq!(client.ask(&mut world, &Request::Create(request)).status(), NtStatus::SUCCESS);
    world.cut(client.id);
    assert!(world.shelf.file("f").is_some(), "its client may come back");
    world.pass(120);
    assert!(world.shelf.file("f").is_none());
}

#[test]
fn only_its_owner_its_client_its_lease_and_its_share_find_an_open_again() {
    let mut world = world();
    let oplock = left_behind(&mut world, BATCH, &[v2(1)]);
    let mut bob = Client::ready(&mut world, 1, Dialect::SMB_3_0_2, "bob");
    let denied = create(&mut world, &mut bob, "f", BATCH, &[back(oplock)]);
    assert_eq!(denied.status(), NtStatus::ACCESS_DENIED);
    let mut elsewhere = alice(&mut world);
    elsewhere.tree(&mut world, "other");
    let not_here = create(&mut world, &mut elsewhere, "f", BATCH, &[back(oplock)]);
    assert_eq!(not_here.status(), NtStatus::OBJECT_NAME_NOT_FOUND);
    let none = DurableFlags::NONE;
    for (context, status) in [
        (back_v2(oplock, 2, none), NtStatus::OBJECT_NAME_NOT_FOUND),
        (back_v2(oplock, 1, DurableFlags::PERSISTENT), NtStatus::INVALID_PARAMETER),
        (back(FileId { persistent: oplock.persistent + 99, ..oplock }), NtStatus::OBJECT_NAME_NOT_FOUND),
    ] {
        assert_eq!(returns(&mut world, BATCH, &[context]), status);
    }
    let with_lease = [back(oplock), world::lease(5)];
    assert_eq!(returns(&mut world, LEASE, &with_lease), NtStatus::OBJECT_NAME_NOT_FOUND);
    // A client of another GUID may come back for an oplock's open, and the name does not count.
    let mut other = Client::ready(&mut world, 9, Dialect::SMB_3_0_2, "alice");
    let found = create(&mut world, &mut other, "not its name", BATCH, &[back_v2(oplock, 1, none)]);
    assert_eq!(found.created().file_id.persistent, oplock.persistent);
}

#[test]
fn a_lease_is_found_again_by_its_key_its_client_its_version_and_its_name() {
    let mut world = world();
    let leased = left_behind(&mut world, LEASE, &[v2(1), world::lease_v2(5)]);
    const NO: NtStatus = NtStatus::OBJECT_NAME_NOT_FOUND;
    assert_eq!(returns(&mut world, LEASE, &[back(leased)]), NO);
    assert_eq!(returns(&mut world, LEASE, &[back(leased), world::lease_v2(6)]), NO);
    assert_eq!(returns(&mut world, LEASE, &[back(leased), world::lease(5)]), NO);
    let mut other = Client::ready(&mut world, 9, Dialect::SMB_3_0_2, "alice");
    let contexts = [back(leased), world::lease_v2(5)];
    assert_eq!(create(&mut world, &mut other, "f", LEASE, &contexts).status(), NO);
    let mut client = alice(&mut world);
    let wrong = create(&mut world, &mut client, "g", LEASE, &contexts);
    assert_eq!(wrong.status(), NtStatus::INVALID_PARAMETER);
    let found = create(&mut world, &mut client, "F", LEASE, &contexts);
    assert_eq!(found.created().oplock_level, LEASE);
    let [ResponseContext::LeaseV2(told)] = found.contexts()[..] else { panic!("a lease and nothing else") };
    assert_eq!(told.lease.state, LeaseState(7));
}

#[test]
fn a_leased_file_that_was_renamed_meanwhile_is_found_by_its_new_name() {
    let mut world = world();
    let leased = left_behind(&mut world, LEASE, &[V1, world::lease(5)]);
    world.shelf.rename("f", "g");
    let contexts = [back(leased), world::lease(5)];
    assert_eq!(returns(&mut world, LEASE, &contexts), NtStatus::INVALID_PARAMETER);
    let mut client = alice(&mut world);
    assert_eq!(create(&mut world, &mut client, "g", LEASE, &contexts).status(), NtStatus::SUCCESS);
}

#[test]
fn a_logoff_keeps_a_durable_open_and_a_tree_disconnect_does_not() {
    for keeps in [true, false] {
        let mut world = world();
        let mut client = alice(&mut world);
        let file_id = create(&mut world, &mut client, "f", BATCH, &[V1]).created().file_id;
        let request = match keeps {
            true => Request::Logoff(wire::logoff::Request),
            false => Request::TreeDisconnect(wire::tree_disconnect::Request),
        };
        assert_eq!(client.ask(&mut world, &request).status(), NtStatus::SUCCESS);
        assert_eq!((world.server.waiting_count(), world.shelf.opens_of("f")), (keeps.into(), keeps.into()));
        let wanted = if keeps { NtStatus::SUCCESS } else { NtStatus::OBJECT_NAME_NOT_FOUND };
        assert_eq!(returns(&mut world, BATCH, &[back(file_id)]), wanted);
    }
}

#[test]
fn an_open_that_somebody_uses_is_nobody_elses() {
    let mut world = world();
    let mut client = alice(&mut world);
    let file_id = create(&mut world, &mut client, "f", BATCH, &[V1]).created().file_id;
    assert_eq!(returns(&mut world, BATCH, &[back(file_id)]), NtStatus::OBJECT_NAME_NOT_FOUND);
    // Of another session the ids mean nothing.
    let mut second = alice(&mut world);
    assert_eq!(second.ask(&mut world, &world::close(file_id)).status(), NtStatus::FILE_CLOSED);
}

#[test]
fn contexts_that_exclude_each_other_are_refused() {
    let mut world = world();
    let file_id = left_behind(&mut world, BATCH, &[v2(1)]);
    let again = back_v2(file_id, 1, DurableFlags::NONE);
    let pairs = [
        [V1, v2(1)],
        [again.clone(), V1],
        [back(file_id), v2(1)],
        [back(file_id), again.clone()],
        [again.clone(), v2(1)],
    ];
    for pair in pairs {
        assert_eq!(returns(&mut world, BATCH, &pair), NtStatus::INVALID_PARAMETER, "{pair:?}");
    }
    assert_eq!(returns(&mut world, BATCH, &[back(file_id), V1]), NtStatus::SUCCESS, "the request is ignored");
}

#[test]
fn beyond_the_limit_opens_are_granted_without_the_promise_and_promises_are_kept() {
    let mut world = World::new(ServerLimits { durable_opens: 1, ..ServerLimits::default() });
    let mut client = alice(&mut world);
    let first = create(&mut world, &mut client, "f", BATCH, &[V1]);
    let second = create(&mut world, &mut client, "g", BATCH, &[V1]);
    assert_eq!((first.contexts().len(), second.contexts().len()), (1, 0));
    world.cut(client.id);
    assert_eq!((world.shelf.opens_of("f"), world.shelf.opens_of("g")), (1, 0));
    assert_eq!(returns(&mut world, BATCH, &[back(first.created().file_id)]), NtStatus::SUCCESS);
}

#[test]
fn a_create_that_comes_again_is_known_until_something_is_done_with_its_open() {
    let mut world = world();
    let mut client = alice(&mut world);
    let request = Request::Create(world::create("f", BATCH, &[v2(1)]));
    let first = client.ask(&mut world, &request);
    assert_eq!(client.ask(&mut world, &request).status(), NtStatus::DUPLICATE_OBJECTID);
    let again = client.replay(&mut world, &request);
    assert_eq!(again.created(), first.created());
    let less = Request::Create(world::create("f", OplockLevel::NONE, &[v2(1)]));
    let less = client.replay(&mut world, &less);
    assert_eq!((less.created().oplock_level, less.contexts().len()), (OplockLevel::NONE, 0));
    let leased = Request::Create(world::create("f", LEASE, &[v2(1), world::lease(5)]));
    assert_eq!(client.replay(&mut world, &leased).status(), NtStatus::ACCESS_DENIED);
    // Another client's CreateGuid is its own.
    let mut bob = Client::ready(&mut world, 2, Dialect::SMB_3_0_2, "bob");
    let other = Request::Create(world::create("g", BATCH, &[v2(1)]));
    assert_eq!(bob.ask(&mut world, &other).status(), NtStatus::SUCCESS);
    client.ask(&mut world, &world::write(first.created().file_id, b"x"));
    let new = client.replay(&mut world, &request);
    assert_eq!(new.status(), NtStatus::PENDING, "a new open, which waits for the oplock of the first");
}

#[test]
fn the_replay_of_a_create_that_is_under_way_is_denied_and_of_one_that_violates_sharing_is_not() {
    let mut world = world();
    let mut alice = alice(&mut world);
    create(&mut world, &mut alice, "f", BATCH, &[]);
    let mut bob = Client::ready(&mut world, 2, Dialect::SMB_3_0_2, "bob");
    let request = Request::Create(world::create("f", BATCH, &[v2(1)]));
    assert_eq!(bob.ask(&mut world, &request).status(), NtStatus::PENDING);
    assert_eq!(bob.replay(&mut world, &request).status(), NtStatus::ACCESS_DENIED);
    assert_eq!(bob.ask(&mut world, &request).status(), NtStatus::DUPLICATE_OBJECTID);
    create(&mut world, &mut alice, "g", LEASE, &[world::lease(5)]);
    let request = Request::Create(world::create("g", BATCH, &[v2(2)]));
    assert_eq!(bob.ask(&mut world, &request).status(), NtStatus::PENDING, "it waits for the handle");
    assert_eq!(bob.replay(&mut world, &request).status(), NtStatus::PENDING, "and so does this");
}

#[test]
fn late_writes_are_refused_and_what_was_outstanding_keeps_replays_out() {
    let mut world = world();
    let mut client = alice(&mut world);
    let file_id = create(&mut world, &mut client, "f", BATCH, &[]).created().file_id;
    client.channel_sequence = 0x7FFF;
    let write = world::write(file_id, b"x");
    assert_eq!(client.ask(&mut world, &write).status(), NtStatus::SUCCESS);
    for late in [0x7FFE, 0xFFFF] {
        client.channel_sequence = late;
        assert_eq!(client.ask(&mut world, &write).status(), NtStatus::FILE_NOT_AVAILABLE, "{late:#x}");
        assert_eq!(client.ask(&mut world, &world::query(file_id)).status(), NtStatus::SUCCESS);
    }
    client.channel_sequence = 0x8000;
    assert_eq!(client.replay(&mut world, &write).status(), NtStatus::SUCCESS, "nothing was outstanding");
}

#[test]
fn lock_sequences_are_looked_for_where_the_open_is_kept_or_the_connection_has_channels() {
    let flags = LockFlags::EXCLUSIVE_LOCK | LockFlags::FAIL_IMMEDIATELY;
    let twice = |dialect, level, contexts: &[RequestContext<'static>], bucket| {
        let mut world = world();
        let mut client = Client::ready(&mut world, 1, dialect, "alice");
        let file_id = create(&mut world, &mut client, "f", level, contexts).created().file_id;
        let lock = world::lock(file_id, bucket, 1, flags);
        [client.ask(&mut world, &lock).status(), client.ask(&mut world, &lock).status()]
    };
    let (yes, no) = (NtStatus::SUCCESS, NtStatus::LOCK_NOT_GRANTED);
    assert_eq!(twice(Dialect::SMB_2_1, BATCH, &[V1], 1), [yes, yes], "durable");
    assert_eq!(twice(Dialect::SMB_2_1, BATCH, &[], 1), [yes, no], "neither");
    assert_eq!(twice(Dialect::SMB_3_0_2, BATCH, &[], 64), [yes, yes], "channels");
    assert_eq!(twice(Dialect::SMB_3_0_2, BATCH, &[], 65), [yes, no], "no such bucket");
    assert_eq!(twice(Dialect::SMB_2_0_2, BATCH, &[V1], 1), [yes, no], "2.0.2 has none");
}

#[test]
fn an_application_that_moved_takes_its_file_over_unless_it_is_the_older_one() {
    let mut world = world();
    let version = |low| RequestContext::AppInstanceVersion(AppInstanceVersion { high: 1, low });
    let app = RequestContext::AppInstanceId(Guid([0xAA; 16]));
    // In 3.1.1 only guests need not sign, and only it has versions.
    let mut first = Client::ready(&mut world, 1, Dialect::SMB_3_1_1, "guest");
    let contexts = [v2(1), app.clone(), version(5)];
    let file_id = create(&mut world, &mut first, "f", BATCH, &contexts).created().file_id;
    let mut second = Client::ready(&mut world, 2, Dialect::SMB_3_1_1, "guest");
    for older in [[v2(2), app.clone(), version(4)], [v2(2), app.clone(), version(5)]] {
        let answered = create(&mut world, &mut second, "f", BATCH, &older);
        assert_eq!(answered.status(), NtStatus::FILE_FORCED_CLOSED);
    }
    let answered = create(&mut world, &mut second, "f", BATCH, &[v2(2), app.clone()]);
    assert_eq!(answered.status(), NtStatus::FILE_FORCED_CLOSED, "no version is older than any");
    let answered = create(&mut world, &mut second, "f", BATCH, &[v2(2), app, version(6)]);
    assert_eq!(answered.status(), NtStatus::SUCCESS);
    assert_eq!((first.breaks(&world), world.shelf.opens_of("f")), (0, 1), "it was closed, not asked");
    assert_eq!(first.ask(&mut world, &world::close(file_id)).status(), NtStatus::FILE_CLOSED);
}

#[test]
fn an_expired_session_may_unlock_close_and_log_off_until_its_user_is_authenticated_again() {
    let lifetime = Some(Duration::from_secs(10));
    let mut world = World::new(ServerLimits { session_lifetime: lifetime, ..ServerLimits::default() });
    let mut client = alice(&mut world);
    let file_id = create(&mut world, &mut client, "f", BATCH, &[]).created().file_id;
    let flags = LockFlags::EXCLUSIVE_LOCK | LockFlags::FAIL_IMMEDIATELY;
    let (lock, unlock) = (world::lock(file_id, 0, 0, flags), world::lock(file_id, 0, 0, LockFlags::UNLOCK));
    assert_eq!(client.ask(&mut world, &lock).status(), NtStatus::SUCCESS);
    world.pass(9);
    assert_eq!(client.ask(&mut world, &world::query(file_id)).status(), NtStatus::SUCCESS);
    world.pass(1);
    let expired = [
        world::query(file_id),
        world::write(file_id, b"x"),
        lock.clone(),
        world::tree("share"),
        Request::TreeDisconnect(wire::tree_disconnect::Request),
        Request::Create(world::create("g", BATCH, &[])),
    ];
    for request in &expired {
        let status = client.ask(&mut world, request).status();
        assert_eq!(status, NtStatus::NETWORK_SESSION_EXPIRED, "{:?}", request.command());
    }
    let echo = Request::Echo(wire::echo::Request);
    assert_eq!(client.ask(&mut world, &echo).status(), NtStatus::SUCCESS);
    assert_eq!(client.ask(&mut world, &unlock).status(), NtStatus::SUCCESS);
    client.logon(&mut world, "alice", 0);
    assert_eq!(client.ask(&mut world, &world::write(file_id, b"x")).status(), NtStatus::SUCCESS);
    world.pass(10);
    assert_eq!(client.ask(&mut world, &world::close(file_id)).status(), NtStatus::SUCCESS);
    let logoff = Request::Logoff(wire::logoff::Request);
    assert_eq!(client.ask(&mut world, &logoff).status(), NtStatus::SUCCESS);
}

#[test]
fn a_pending_create_goes_on_when_its_channel_is_lost_only_if_it_can_be_asked_for_again() {
    let mut world = world();
    let mut alice = alice(&mut world);
    create(&mut world, &mut alice, "f", BATCH, &[]);
    let mut bob = Client::ready(&mut world, 2, Dialect::SMB_3_0_2, "bob");
    let request = Request::Create(world::create("f", BATCH, &[v2(1)]));
    let id = bob.send(&mut world, HeaderFlags::NONE, &request);
    assert_eq!(bob.answer(&world, id).unwrap().status(), NtStatus::PENDING);
    // There is no other channel: with the connection the request is over, and with the oplock's end nothing is opened.
    world.cut(bob.id);
    world.cut(alice.id);
    assert_eq!(world.shelf.opens_of("f"), 0);
}

/// Opens sharing all.
fn shared(world: &mut World, client: &mut Client, name: &str, lease: RequestContext<'static>) -> Answered {
    let share_access = ShareAccess(7);
    let request = wire::create::Request { share_access, ..world::create(name, LEASE, &[lease]) };
    client.ask(world, &Request::Create(request))
}

#[test]
fn a_lease_is_told_of_in_the_words_it_was_first_asked_for_in() {
    // smb2.lease.v2_epoch2 and v2_epoch3
    let mut world = world();
    let mut client = alice(&mut world);
    let first = shared(&mut world, &mut client, "f", world::lease_v2(5));
    assert!(matches!(first.contexts()[..], [ResponseContext::LeaseV2(told)] if told.epoch == 1));
    let again = shared(&mut world, &mut client, "f", world::lease(5));
    assert!(matches!(again.contexts()[..], [ResponseContext::LeaseV2(_)]));
    shared(&mut world, &mut client, "g", world::lease(6));
    let again = shared(&mut world, &mut client, "g", world::lease_v2(6));
    assert!(matches!(again.contexts()[..], [ResponseContext::Lease(_)]));
}

#[test]
fn a_leases_break_is_told_on_the_oldest_connection_of_its_client_and_to_no_other_user() {
    // smb2.lease.v2_complex1
    let mut world = world();
    let bob = Client::ready(&mut world, 1, Dialect::SMB_3_0_2, "bob");
    let older = alice(&mut world);
    let mut newer = alice(&mut world);
    let mut other = Client::ready(&mut world, 2, Dialect::SMB_3_0_2, "bob");
    create(&mut world, &mut newer, "f", LEASE, &[world::lease(5)]);
    let waits = create(&mut world, &mut other, "f", OplockLevel::NONE, &[]);
    assert_eq!(waits.status(), NtStatus::PENDING);
    let told = [&bob, &older, &newer].map(|client| client.breaks(&world));
    assert_eq!(told, [0, 1, 0]);
}
