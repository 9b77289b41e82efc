//! What outlives a connection, what is repeated on another, who takes a file over, and locks.
use std::time::Duration;

use nt::{AccessMask, Guid, NtStatus};
use wire::create::{
    AppInstanceVersion, DurableFlags, DurableRequestV2, LeaseState, OplockLevel, RequestContext,
};
use wire::lock::{LockElement, LockFlags};
use wire::negotiate::Dialect;
use wire::{FileId, HeaderFlags, Request};

use crate::ground::{D21, D30, D311, Ground, ok, opened, output};
use crate::peer::Peer;
use crate::peer::request::{
    self, ALL, Create, LOCK, UNLOCK, back, back_v2, control, create, durable_v2, lease, lease_v2, lock, read,
    write,
};

const V1: RequestContext<'static> = RequestContext::DurableRequest;
const DATA: &[u8] = b"what was written before";
const NO: NtStatus = NtStatus::OBJECT_NAME_NOT_FOUND;

fn app(byte: u8) -> RequestContext<'static> {
    RequestContext::AppInstanceId(Guid([byte; 16]))
}

fn version(high: u64, low: u64) -> RequestContext<'static> {
    RequestContext::AppInstanceVersion(AppInstanceVersion { high, low })
}

/// A client leaves an open behind, which it writes to first, and its session: the open's id.
fn left_behind(ground: &Ground, dialect: Dialect, asks: &Create) -> (FileId, u64) {
    let mut peer = ground.peer(1, dialect);
    let file = opened(&mut peer, asks);
    ok(&mut peer, &write(file, 0, DATA));
    (file, peer.session_id)
}

/// A client of the same GUID comes with a new session in the old one's place.
fn returns(ground: &Ground, dialect: Dialect, user: &str, session: u64) -> Peer {
    let mut peer = Peer::connect(ground.running.address, 1, dialect).unwrap();
    assert_eq!(peer.logon(user, session).unwrap().status(), NtStatus::SUCCESS);
    assert_eq!(peer.tree("share").unwrap().status(), NtStatus::SUCCESS);
    peer
}

/// Comes back for the open, which is still what it was.
fn finds(ground: &Ground, dialect: Dialect, session: u64, asks: &Create) {
    let mut peer = returns(ground, dialect, "ada", session);
    let file = opened(&mut peer, asks);
    let len = u32::try_from(DATA.len()).unwrap();
    assert_eq!(output(&mut peer, &read(file, 0, len)), DATA);
    ok(&mut peer, &request::close(file));
}

/// BVT_DurableHandleV1_Reconnect_WithBatchOplock, _WithLeaseV1, DurableHandleV1_Reconnect_AfterServerDisconnect,
/// _IncludeCreateDurableHandle
#[test]
fn a_durable_open_of_the_first_version_is_found_again() {
    let batch = create("f").alone().oplock(OplockLevel::BATCH);
    let leased = create("f").alone().with(lease(1, ALL));
    for (asks, with_request) in [(batch, false), (leased.clone(), false), (leased, true)] {
        let ground = Ground::new();
        let (file, session) = left_behind(&ground, D21, &asks.clone().with(V1));
        let mut again = asks.with(back(FileId { volatile: 0, ..file }));
        if with_request {
            again = again.with(V1);
        }
        finds(&ground, D21, session, &again);
    }
}

/// DurableHandleV1_Reconnect_WithoutLogoffOrDisconnect_WithoutPreviousSessionIdSet, _SessionIsNotNull
#[test]
fn an_open_that_its_session_still_has_is_not_found_again() {
    for asks in [create("f").oplock(OplockLevel::BATCH), create("f").with(lease(1, ALL))] {
        let ground = Ground::new();
        let mut peer = ground.peer(1, D21);
        let file = opened(&mut peer, &asks.clone().with(V1));
        let mut second = returns(&ground, D21, "ada", 0);
        assert_eq!(second.status(&asks.with(back(file)).request()), NO);
        ok(&mut peer, &write(file, 0, DATA));
    }
}

/// DurableHandleV1_WithLeaseV1_WithoutHandleCaching, DurableHandleV2_WithLeaseV2_WithoutHandleCaching
#[test]
fn nothing_is_promised_with_a_lease_that_does_not_cache_the_handle() {
    let state = LeaseState::READ_CACHING | LeaseState::WRITE_CACHING;
    let ground = Ground::new();
    let asks = create("f").with(lease(1, state)).with(V1).request();
    assert!(!ground.peer(1, D21).ask(&asks).unwrap().granted().is_durable_v1);
    let asks = create("g").with(lease_v2(2, state)).with(durable_v2(2, 0)).request();
    assert_eq!(ground.peer(1, D30).ask(&asks).unwrap().granted().durable_v2, None);
}

/// DurableHandleV1_Reconnect_ and _WithLeaseV1_WithDifferentFileName, _IncludeRequestV2, _IncludeReconnectV2,
/// _WithoutFileIdPersistent, _WithDifferentLeaseKey, _LeaseIsNull, _WithoutRequestLease, _WithDifferentClientGuid,
/// _WithoutDurableHandle, _WithDifferentDurableOwner
#[test]
fn a_durable_open_of_the_first_version_is_refused_to_who_does_not_name_it_right() {
    let leased = create("f").alone().with(lease(1, ALL));
    let wrong = NtStatus::INVALID_PARAMETER;
    let ground = Ground::new();
    let (file, session) = left_behind(&ground, D21, &leased.clone().with(V1));
    let zero = FileId { persistent: 0, volatile: 0 };
    let again = leased.with(back(file));
    let mut peer = returns(&ground, D21, "ada", session);
    let other_name = Create { name: "invalidFileName".to_owned(), ..again.clone() };
    assert_eq!(peer.status(&other_name.request()), wrong);
    assert_eq!(peer.status(&again.clone().with(durable_v2(1, 0)).request()), wrong);
    assert_eq!(peer.status(&again.clone().with(back_v2(file, 1)).request()), wrong);
    let nobodys = create("f").alone().with(lease(1, ALL)).with(back(zero));
    assert_eq!(peer.status(&nobodys.request()), NO);
    let other_key = create("f").alone().with(lease(2, ALL)).with(back(file));
    assert_eq!(peer.status(&other_key.request()), NO);
    assert_eq!(peer.status(&create("f").alone().with(back(file)).request()), NO);
    let mut other_client = ground.peer(2, D21);
    assert_eq!(other_client.status(&again.request()), NO);
    let mut other_user = returns(&ground, D21, "bob", 0);
    assert_eq!(other_user.status(&again.request()), NtStatus::ACCESS_DENIED);
    assert_eq!(peer.status(&again.request()), NtStatus::SUCCESS, "it was there all the while");
    // An open that nothing was promised for is gone with its connection.
    let batch = create("g").alone().oplock(OplockLevel::BATCH);
    let (file, session) = left_behind(&ground, D21, &batch);
    let mut peer = returns(&ground, D21, "ada", session);
    assert_eq!(peer.status(&batch.with(back(file)).request()), NO);
}

/// BVT_DurableHandleV2_Reconnect_WithBatchOplock, _WithLeaseV1, DurableHandleV2_Reconnect_WithoutPersistence
#[test]
fn a_durable_open_of_the_second_version_is_found_again() {
    let batch = create("f").alone().oplock(OplockLevel::BATCH);
    for asks in [batch, create("f").alone().with(lease(1, ALL)), create("f").alone().with(lease_v2(1, ALL))] {
        let ground = Ground::new();
        let (file, session) = left_behind(&ground, D30, &asks.clone().with(durable_v2(1, 0)));
        finds(&ground, D30, session, &asks.with(back_v2(FileId { volatile: 0, ..file }, 1)));
    }
}

/// DurableHandleV2_Reconnect_WithLeaseV1_WithDifferentFileName, DurableHandleV2_WithLeaseV1AndV2_WithDifferentLeaseKey,
/// DurableHandleV2_Reconnect_WithDifferentDurableOwner
#[test]
fn a_durable_open_of_the_second_version_is_refused_to_who_does_not_name_it_right() {
    let leased = create("f").alone().with(lease(1, ALL));
    let ground = Ground::new();
    let (file, session) = left_behind(&ground, D30, &leased.clone().with(durable_v2(1, 0)));
    let again = leased.with(back_v2(file, 1));
    let mut peer = returns(&ground, D30, "ada", session);
    let other_name = Create { name: "invalidFileName".to_owned(), ..again.clone() };
    assert_eq!(peer.status(&other_name.request()), NtStatus::INVALID_PARAMETER);
    let other_key = create("f").alone().with(lease_v2(2, ALL)).with(back_v2(file, 1));
    assert_eq!(peer.status(&other_key.request()), NO);
    let mut other_user = returns(&ground, D30, "bob", 0);
    assert_eq!(other_user.status(&again.request()), NtStatus::ACCESS_DENIED);
    assert_eq!(peer.status(&again.request()), NtStatus::SUCCESS);
}

/// DurableHandleV2_NoPersistenceGrantedOnNonCAShare
#[test]
fn a_persistent_handle_is_not_granted_where_the_share_is_not_continuously_available() {
    let ground = Ground::new();
    let (flags, create_guid) = (DurableFlags::PERSISTENT, Guid([1; 16]));
    let asked = RequestContext::DurableRequestV2(DurableRequestV2 { timeout_ms: 0, flags, create_guid });
    let answered = ground.peer(1, D30).ask(&create("f").alone().with(asked).request()).unwrap();
    assert_eq!(answered.status(), NtStatus::SUCCESS);
    assert!(answered.created().contexts.is_empty());
}

fn resilient(peer: &mut Peer, file: FileId, timeout_ms: u32) {
    let asked = request::resiliency(timeout_ms);
    ok(peer, &control(wire::ioctl::code::LMR_REQUEST_RESILIENCY, file, &asked, 0));
}

/// BVT_ResilientHandle_Reconnect, _Reconnect_Lease, _LockSequence, _LockSequence_Lease, BVT_Resiliency,
/// ResilientOpenScavengerTimer_ReconnectBeforeTimeout
#[test]
fn a_resilient_open_is_found_again_with_its_locks_and_their_numbers() {
    for level in [OplockLevel::BATCH, OplockLevel::LEASE] {
        let ground = Ground::new();
        let mut peer = ground.peer(1, D21);
        let file = opened(&mut peer, &create("f"));
        resilient(&mut peer, file, 120_000);
        ok(&mut peer, &write(file, 0, &[b'1'; 300]));
        ok(&mut peer, &request::flush(file));
        ok(&mut peer, &lock(file, 1, 1, LOCK));
        let session = peer.session_id;
        drop(peer);
        let mut peer = returns(&ground, D21, "ada", session);
        let file = opened(&mut peer, &create("f").oplock(level).with(back(file)));
        ok(&mut peer, &lock(file, 1, 1, LOCK));
        assert_eq!(peer.status(&lock(file, 1, 2, LOCK)), NtStatus::LOCK_NOT_GRANTED);
        ok(&mut peer, &request::close(file));
    }
}

/// ResilientOpenScavengerTimer_ReconnectAfterTimeout
#[test]
fn a_resilient_open_ends_with_its_time() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D21);
    let file = opened(&mut peer, &create("f"));
    resilient(&mut peer, file, 1000);
    let session = peer.session_id;
    drop(peer);
    std::thread::sleep(Duration::from_millis(3500));
    let mut peer = returns(&ground, D21, "ada", session);
    assert_eq!(peer.status(&create("f").with(back(file)).request()), NO);
}

/// BVT_Replay_WriteWithInvalidChannelSequence
#[test]
fn a_write_from_before_the_loss_of_a_channel_is_refused() {
    let ground = Ground::new();
    let (mut first, mut second) = channels(&ground);
    let asks = create("f").oplock(OplockLevel::BATCH).with(durable_v2(1, 0));
    let file = opened(&mut first, &asks);
    ok(&mut first, &write(file, 0, b" "));
    drop(first);
    second.channel_sequence = 0x8000;
    let late = second.replay(&write(file, 0, b" ")).unwrap();
    assert_eq!(late.status(), NtStatus::FILE_NOT_AVAILABLE);
}

/// BVT_Replay_ReplayCreate
#[test]
fn a_create_that_is_repeated_on_another_channel_gives_the_same_open() {
    let ground = Ground::new();
    let (mut first, mut second) = channels(&ground);
    let asks = create("f").alone().oplock(OplockLevel::BATCH).with(durable_v2(1, 0));
    let made = first.ask(&asks.request()).unwrap();
    drop(first);
    second.channel_sequence += 1;
    let again = second.replay(&asks.request()).unwrap();
    assert_eq!(again.file_id(), made.file_id());
    assert_eq!(again.granted(), made.granted());
    assert!(made.granted().durable_v2.is_some());
}

/// A session of two connections.
pub(crate) fn channels(ground: &Ground) -> (Peer, Peer) {
    let mut first = ground.peer(1, D30);
    first.sign();
    let mut second = Peer::connect(ground.running.address, 1, D30).unwrap();
    assert_eq!(second.bind(&first, "ada").unwrap().status(), NtStatus::SUCCESS);
    (first, second)
}

/// BVT_AppInstanceId, AppInstanceId_Negative_DifferentAppInstanceIdInReopen, AppInstanceId_Smb311, AppInstanceId_Smb302
#[test]
fn an_application_that_moved_takes_its_file_over() {
    let (mine, others) =
        ((NtStatus::SUCCESS, NtStatus::FILE_CLOSED), (NtStatus::SHARING_VIOLATION, NtStatus::SUCCESS));
    // Dialect, with a durable handle, the second's application, and what becomes of its open and of the first's.
    let cases = [
        (D30, true, 1, mine),
        (D30, true, 2, others),
        (D311, false, 1, mine),
        (D30, false, 1, mine),
        (D30, false, 2, others),
    ];
    for (dialect, with_durable, second, (opens, writes)) in cases {
        let ground = Ground::new();
        let asks = |create_guid, id| match with_durable {
            true => create("f").alone().with(durable_v2(create_guid, 0)).with(app(id)),
            false => create("f").alone().with(app(id)),
        };
        let mut first = ground.peer(1, dialect);
        let file = opened(&mut first, &asks(1, 1));
        let mut other = ground.peer(2, dialect);
        let case = format!("{dialect:?} {with_durable} {second}");
        assert_eq!(other.status(&asks(2, second).request()), opens, "{case}");
        assert_eq!(first.status(&write(file, 0, b"x")), writes, "{case}");
    }
}

/// BVT_AppInstanceVersion_SMB311_GreaterVersion, _SameVersion, _LowerAppInstanceVersionHigh, _LowerAppInstanceVersionLow,
/// Negative_AppInstanceVersion_SMB311_NoVersion, AppInstanceVersion_SMB311_SMB302, AppInstanceVersion_SMB302_SMB311
#[test]
fn an_application_of_a_greater_version_takes_its_file_over_and_of_no_other() {
    let forced = NtStatus::FILE_FORCED_CLOSED;
    let cases = [
        (D311, Some((1, 0)), D311, Some((2, 0)), NtStatus::SUCCESS),
        (D311, Some((2, 0)), D311, Some((2, 0)), forced),
        (D311, Some((2, 0)), D311, Some((1, 0)), forced),
        (D311, Some((1, 2)), D311, Some((1, 1)), forced),
        (D311, Some((1, 0)), D311, None, forced),
        (D311, Some((1, 0)), D30, None, forced),
        (D30, None, D311, Some((1, 0)), NtStatus::SUCCESS),
    ];
    for (first_dialect, first, second_dialect, second, status) in cases {
        let ground = Ground::new();
        let asks = |told: Option<(u64, u64)>| match told {
            Some((high, low)) => create("f").alone().with(app(1)).with(version(high, low)),
            None => create("f").alone().with(app(1)),
        };
        let mut peer = ground.peer(1, first_dialect);
        let file = opened(&mut peer, &asks(first));
        let mut other = ground.peer(2, second_dialect);
        assert_eq!(other.status(&asks(second).request()), status, "{first:?} {second:?}");
        let after = if status == forced { NtStatus::SUCCESS } else { NtStatus::FILE_CLOSED };
        assert_eq!(peer.status(&write(file, 0, b"x")), after, "{first:?} {second:?}");
    }
}

/// AppInstanceId_FileLeasing_NoLeaseInReOpen, AppInstanceId_DirectoryLeasing_NoLeaseInReOpen, AppInstanceId_Lock_ExpectNoLockInReOpen
#[test]
fn what_the_open_that_was_taken_over_held_is_gone() {
    let ground = Ground::new();
    ground.has_directory("d");
    let with = |asks: Create, create_guid| asks.with(durable_v2(create_guid, 0)).with(app(1));
    let leased = with(create("f").alone().with(lease_v2(1, ALL)), 1);
    let mut first = ground.peer(1, D30);
    let file = opened(&mut first, &leased);
    ok(&mut first, &write(file, 0, &[b'1'; 300]));
    ok(&mut first, &lock(file, 0, 0, LOCK));
    let mut second = ground.peer(2, D30);
    let taken = opened(&mut second, &with(create("f"), 2));
    // Neither the lease nor the lock is anybody's: a third client reads, writes and locks, and nobody is asked.
    let mut third = ground.peer(3, D30);
    let file = opened(&mut third, &create("f"));
    ok(&mut third, &write(file, 100, b"third"));
    ok(&mut third, &lock(file, 0, 0, LOCK));
    assert!(second.is_silent_for(Duration::from_millis(100)));
    ok(&mut third, &lock(file, 0, 0, UNLOCK));
    ok(&mut second, &lock(taken, 0, 0, LOCK));
    let directory = |asks: Create| asks.directory().alone();
    let asks = with(directory(create("d")).with(lease_v2(7, ALL)), 3);
    opened(&mut first, &asks);
    opened(&mut second, &with(directory(create("d")), 4));
    opened(&mut third, &create(r"d\child"));
    assert!(first.is_silent_for(Duration::from_millis(100)));
}

/// BVT_SMB2Basic_LockAndUnLock, MultipleChannel_LockUnlockOnSameChannel, MultipleChannel_LockUnlockOnDiffChannel
#[test]
fn a_range_that_is_locked_is_written_by_nobody_else_whichever_channel_locked_it() {
    for on_other in [false, true] {
        let ground = Ground::new();
        let (mut first, mut second) = channels(&ground);
        let file = opened(&mut first, &create("f"));
        ok(&mut first, &write(file, 0, &[b'1'; 300]));
        ok(&mut first, &lock(file, 0, 0, LOCK));
        let mut other = ground.peer(2, D30);
        let theirs = opened(&mut other, &create("f"));
        assert_eq!(other.status(&write(theirs, 100, b"x")), NtStatus::FILE_LOCK_CONFLICT);
        assert_eq!(other.status(&read(theirs, 100, 1)), NtStatus::FILE_LOCK_CONFLICT);
        ok(if on_other { &mut second } else { &mut first }, &lock(file, 0, 0, UNLOCK));
        ok(&mut other, &write(theirs, 100, b"x"));
    }
}

/// BVT_SMB2Basic_LockAndUnLock: what no lock can be is refused.
#[test]
fn a_lock_without_a_flag_or_with_two_that_exclude_each_other_is_refused() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    let file = opened(&mut peer, &create("f"));
    let element = |flags| LockElement { offset: 0, len: 8, flags };
    let asks = |locks: Vec<LockElement>| {
        Request::Lock(wire::lock::Request { lock_sequence: 0, file_id: file, locks })
    };
    let wrong = [
        vec![element(LockFlags(0))],
        vec![element(LockFlags::UNLOCK | LockFlags::FAIL_IMMEDIATELY)],
        vec![element(LockFlags::SHARED_LOCK | LockFlags::EXCLUSIVE_LOCK)],
        // Several of which one would wait.
        vec![element(LOCK), element(LockFlags::EXCLUSIVE_LOCK)],
        vec![element(LOCK), element(LockFlags::UNLOCK)],
    ];
    for locks in wrong {
        let status = peer.status(&asks(locks.clone()));
        assert_eq!(status, NtStatus::INVALID_PARAMETER, "{locks:?}");
    }
    assert_eq!(peer.status(&lock(file, 0, 0, UNLOCK)), NtStatus::RANGE_NOT_LOCKED);
}

/// FSA's BVT_AlternateDataStream_LockAndUnlock_File, _Dir: a stream's ranges are its own.
#[test]
fn a_range_of_a_stream_is_locked_apart_from_the_files() {
    let ground = Ground::new();
    ground.has("f", b"0");
    ground.has_directory("d");
    for name in ["f:s", "d:s"] {
        let (mut first, mut second) = (ground.peer(1, D30), ground.peer(2, D30));
        let access = AccessMask::FILE_READ_DATA | AccessMask::FILE_WRITE_DATA;
        let file = opened(&mut first, &create(name).access(access));
        let theirs = opened(&mut second, &create(name).access(access));
        ok(&mut first, &lock(file, 0, 0, LOCK));
        assert_eq!(second.status(&lock(theirs, 0, 0, LOCK)), NtStatus::LOCK_NOT_GRANTED);
        let sent = second.send(HeaderFlags::NONE, &lock(theirs, 0, 0, LockFlags::EXCLUSIVE_LOCK)).unwrap();
        second.pending(sent).unwrap();
        ok(&mut first, &lock(file, 0, 0, UNLOCK));
        assert_eq!(second.answer(sent).unwrap().status(), NtStatus::SUCCESS);
    }
}
