//! Leases of files and directories.
use std::time::Duration;

use nt::{AccessMask, CreateDisposition, CreateOptions, NtStatus, ShareAccess};
use wire::create::{Lease, LeaseFlags, LeaseKey, LeaseState, LeaseV2, OplockLevel, RequestContext};
use wire::negotiate::Dialect;
use wire::oplock_break::{LeaseBreak, LeaseBreakFlags, Notification};
use wire::query_info::InfoType;

use crate::ground::{D21, D30, Ground, ok, opened};
use crate::peer::Peer;
use crate::peer::request::{self, ALL, acknowledge, create, lease, lease_v2, set, write};

const R: LeaseState = LeaseState::READ_CACHING;
const H: LeaseState = LeaseState::HANDLE_CACHING;
const W: LeaseState = LeaseState::WRITE_CACHING;

fn key(byte: u8) -> LeaseKey {
    LeaseKey([byte; 16])
}

/// A directory's open with a lease, and what was granted.
fn leased(peer: &mut Peer, name: &str, guid: u8, state: LeaseState) -> (wire::FileId, LeaseState) {
    let answered = peer.ask(&create(name).directory().with(lease_v2(guid, state)).request()).unwrap();
    assert_eq!(answered.status(), NtStatus::SUCCESS);
    (answered.file_id(), answered.granted().lease.map_or(LeaseState(0), |lease| lease.state))
}

fn told(peer: &mut Peer) -> LeaseBreak {
    match peer.told() {
        Notification::Lease(told) => told,
        other => panic!("{other:?}"),
    }
}

/// DirectoryLeasing_RWGrantedAsR, _RWHGrantedAsRH, _ReadCaching, _ReadHandleCaching
#[test]
fn a_directorys_lease_has_no_write_caching() {
    let ground = Ground::new();
    for (number, asked, granted) in [(1, R, R), (2, R | W, R), (3, R | H, R | H), (4, ALL, R | H)] {
        ground.has_directory("d");
        let mut peer = ground.peer(1, D30);
        // A key of its own: the server may not have heard yet that the last connection is gone, whose key means another file.
        assert_eq!(leased(&mut peer, "d", number, asked).1, granted, "{asked:?}");
        drop(peer);
        std::fs::remove_dir(ground.path("d")).unwrap();
    }
}

/// BVT_DirectoryLeasing_ReadWriteHandleCaching and its three neighbours: a child that somebody makes breaks what was granted.
#[test]
fn a_new_child_breaks_a_directorys_lease_whatever_was_granted() {
    for asked in [R, R | W, R | H, ALL] {
        let ground = Ground::new();
        ground.has_directory("d");
        let mut peer = ground.peer(1, D30);
        leased(&mut peer, "d", 1, asked);
        let mut other = ground.peer(2, D30);
        let made = other.send(wire::HeaderFlags::NONE, &create(r"d\child").request()).unwrap();
        let told = told(&mut peer);
        assert_eq!((told.key, told.new_state), (key(1), LeaseState(0)), "{asked:?}");
        if told.flags == LeaseBreakFlags::ACK_REQUIRED {
            ok(&mut peer, &acknowledge(told.key, told.new_state));
        }
        assert_eq!(other.answer(made).unwrap().status(), NtStatus::SUCCESS);
    }
}

/// DirectoryLeasing_Negative_SMB21, _SMB2002
#[test]
fn older_dialects_have_no_leases_of_directories() {
    let ground = Ground::new();
    ground.has_directory("d");
    for dialect in [D21, Dialect::SMB_2_0_2] {
        let mut peer = ground.peer(1, dialect);
        let answered = peer.ask(&create("d").directory().with(lease_v2(1, ALL)).request()).unwrap();
        assert_eq!(answered.created().oplock_level, OplockLevel::NONE, "{dialect:?}");
    }
}

/// DirectoryLeasing_Negative_InvalidLeaseStateInLeaseBreakAck, _InvalidLeaseKeyInLeaseBreakAck, _InvalidClientGuidInLeaseBreakAck
#[test]
fn an_acknowledgment_names_a_lease_that_breaks_and_keeps_no_more_than_it_may() {
    let ground = Ground::new();
    ground.has_directory("d");
    let mut peer = ground.peer(1, D30);
    leased(&mut peer, "d", 1, R | H);
    let mut other = ground.peer(2, D30);
    let made = other.send(wire::HeaderFlags::NONE, &create(r"d\child").request()).unwrap();
    let told = told(&mut peer);
    assert_eq!(told.flags, LeaseBreakFlags::ACK_REQUIRED);
    assert_eq!(peer.status(&acknowledge(told.key, W)), NtStatus::REQUEST_NOT_ACCEPTED);
    let unknown = acknowledge(key(0x77), told.new_state);
    assert_eq!(peer.status(&unknown), NtStatus::OBJECT_NAME_NOT_FOUND);
    let mut third = ground.peer(3, D30);
    let of_another = acknowledge(told.key, told.new_state);
    assert_eq!(third.status(&of_another), NtStatus::OBJECT_NAME_NOT_FOUND);
    ok(&mut peer, &acknowledge(told.key, told.new_state));
    assert_eq!(other.answer(made).unwrap().status(), NtStatus::SUCCESS);
}

/// DirectoryLeasing_BreakReadCachingByChildDeleted, _ChildAdded, _ChildModified, _ChildRenamed
#[test]
fn what_becomes_of_a_child_breaks_the_read_caching_of_its_directory() {
    type Act = fn(&mut Peer);
    let acts: [Act; 4] = [
        |peer| {
            let child = create(r"d\child").access(AccessMask::DELETE).options(CreateOptions::DELETE_ON_CLOSE);
            let file = opened(peer, &child);
            ok(peer, &request::close(file));
        },
        |peer| {
            opened(peer, &create(r"d\second"));
        },
        |peer| {
            let child = create(r"d\child").access(AccessMask::GENERIC_WRITE);
            let file = opened(peer, &child);
            ok(peer, &write(file, 0, b"more"));
            ok(peer, &request::close(file));
        },
        |peer| {
            let file = opened(peer, &create(r"d\child").access(AccessMask::DELETE));
            ok(peer, &set(file, InfoType::FILE, 10, &request::rename_to(r"d\renamed", false)));
        },
    ];
    for (at, act) in acts.into_iter().enumerate() {
        let ground = Ground::new();
        ground.has_directory("d");
        ground.has(r"d/child", b"data");
        let mut peer = ground.peer(1, D30);
        leased(&mut peer, "d", 1, R);
        act(&mut ground.peer(2, D30));
        let told = told(&mut peer);
        let seen = (told.key, told.current_state, told.new_state, told.flags);
        assert_eq!(seen, (key(1), R, LeaseState(0), LeaseBreakFlags::NONE), "act {at}");
    }
}

/// DirectoryLeasing_BreakHandleCachingByParentRenamed
#[test]
fn the_rename_of_a_directory_asks_for_the_handles_below_and_is_denied_while_they_are_there() {
    let ground = Ground::new();
    ground.has_directory("p");
    ground.has_directory("p/d");
    let mut peer = ground.peer(1, D30);
    leased(&mut peer, r"p\d", 1, R | H);
    let mut other = ground.peer(2, D30);
    let parent = opened(&mut other, &create("p").directory().access(AccessMask::DELETE));
    let name = request::rename_to("q", false);
    let renamed = other.send(wire::HeaderFlags::NONE, &set(parent, InfoType::FILE, 10, &name)).unwrap();
    let told = told(&mut peer);
    assert_eq!((told.key, told.new_state), (key(1), R));
    ok(&mut peer, &acknowledge(told.key, told.new_state));
    assert_eq!(other.answer(renamed).unwrap().status(), NtStatus::ACCESS_DENIED);
}

/// DirectoryLeasing_BreakHandleCachingByConflictOpen
#[test]
fn an_open_that_conflicts_asks_for_the_handle_before_it_is_refused() {
    let ground = Ground::new();
    ground.has_directory("d");
    let mut peer = ground.peer(1, D30);
    let alone = create("d").directory().with(lease_v2(1, R | H)).alone();
    opened(&mut peer, &alone);
    let mut other = ground.peer(2, D30);
    let conflicts = create("d").directory().access(AccessMask::GENERIC_WRITE);
    let sent = other.send(wire::HeaderFlags::NONE, &conflicts.request()).unwrap();
    let told = told(&mut peer);
    assert_eq!((told.key, told.new_state), (key(1), R));
    ok(&mut peer, &acknowledge(told.key, told.new_state));
    assert_eq!(other.answer(sent).unwrap().status(), NtStatus::SHARING_VIOLATION);
}

/// BVT_DirectoryLeasing_LeaseBreakOnMultiClients
#[test]
fn each_client_with_a_lease_on_a_directory_is_told_that_it_goes() {
    let ground = Ground::new();
    ground.has_directory("d");
    let mut peers = [ground.peer(1, D30), ground.peer(2, D30)];
    for (peer, number) in peers.iter_mut().zip([1, 2]) {
        assert_eq!(leased(peer, "d", number, R | H).1, R | H);
    }
    let mut other = ground.peer(3, D30);
    let goes = create("d").directory().access(AccessMask::DELETE);
    let goes = goes.options(CreateOptions::DIRECTORY_FILE | CreateOptions::DELETE_ON_CLOSE);
    let file = opened(&mut other, &goes.with(lease_v2(3, R)));
    let closed = other.send(wire::HeaderFlags::NONE, &request::close(file)).unwrap();
    for (peer, number) in peers.iter_mut().zip([1, 2]) {
        let told = told(peer);
        assert_eq!((told.key, told.new_state), (key(number), R));
        ok(peer, &acknowledge(told.key, told.new_state));
    }
    assert_eq!(other.answer(closed).unwrap().status(), NtStatus::SUCCESS);
}

/// BVT_Leasing_FileLeasingV1, _FileLeasingV2
#[test]
fn a_second_open_takes_write_caching_and_its_write_takes_the_rest() {
    for (dialect, context) in [(D21, lease(1, ALL)), (D30, lease_v2(1, ALL))] {
        let ground = Ground::new();
        let mut peer = ground.peer(1, dialect);
        let first = peer.ask(&create("f").with(context).request()).unwrap();
        let granted = first.granted().lease.unwrap();
        assert_eq!((granted.key, granted.state, granted.flags), (key(1), ALL, LeaseFlags::NONE));
        let mut other = ground.peer(2, dialect);
        let sent = other.send(wire::HeaderFlags::NONE, &create("f").request()).unwrap();
        let broken = told(&mut peer);
        assert_eq!((broken.current_state, broken.new_state), (ALL, R | H));
        ok(&mut peer, &acknowledge(broken.key, broken.new_state));
        let second = other.answer(sent).unwrap().file_id();
        ok(&mut other, &write(second, 0, &[0]));
        let broken = told(&mut peer);
        assert_eq!((broken.current_state, broken.new_state), (R | H, LeaseState(0)));
    }
}

/// Leasing_FileLeasingV1_SameLeaseKey, _FileLeasingV2_SameLeaseKey; FSA's Comparing_Same_File_LeaseKeysV1, _Same_LeaseKeysV2
#[test]
fn opens_of_one_lease_break_nothing_of_each_other() {
    for (dialect, context) in [(D21, lease(1, ALL)), (D30, lease_v2(1, ALL))] {
        let ground = Ground::new();
        let (mut first, mut second) = (ground.peer(1, dialect), ground.peer(1, dialect));
        let mut files = Vec::new();
        for peer in [&mut first, &mut second] {
            let answered = peer.ask(&create("f").with(context.clone()).request()).unwrap();
            let granted = answered.granted().lease.unwrap();
            assert_eq!((granted.key, granted.state), (key(1), ALL));
            files.push(answered.file_id());
        }
        ok(&mut first, &write(files[0], 0, &[0]));
        ok(&mut second, &write(files[1], 0, &[0]));
        let quiet = Duration::from_millis(100);
        assert!(first.is_silent_for(quiet) && second.is_silent_for(quiet));
    }
}

fn child_of(parent: LeaseKey, flags: LeaseFlags, state: LeaseState) -> RequestContext<'static> {
    let lease = Lease { key: key(2), state, flags };
    RequestContext::LeaseV2(LeaseV2 { lease, parent_key: parent, epoch: 0 })
}

/// FSA's Compare_Zero_LeaseFlag_ParentLeaseKey
#[test]
fn a_parents_key_that_no_flag_announces_is_not_told_back() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    let asked = create("f").with(child_of(key(1), LeaseFlags::NONE, ALL));
    let told = peer.ask(&asked.request()).unwrap().granted().lease_v2.unwrap();
    assert_eq!(told.parent_key, LeaseKey([0; 16]));
    assert_eq!(told.lease.flags, LeaseFlags::NONE);
}

/// FSA's DirectoryComparing_LeaseKeysV2, _ParentLeaseKey_ChildLeaseKey, _Child_Invalid_ParentLeaseKeys and
/// Comparing_Same_Directory_LeaseKeysV1: who makes a child under the key of the directory's lease breaks it not; any other does.
#[test]
fn a_child_that_names_its_directorys_lease_does_not_break_it() {
    let ground = Ground::new();
    ground.has_directory("d");
    let (mut first, mut second) = (ground.peer(1, D30), ground.peer(1, D30));
    assert_eq!(leased(&mut first, "d", 1, R | H).1, R | H);
    assert_eq!(leased(&mut second, "d", 1, R | H).1, R | H, "of the same key");
    let named = create(r"d\child").with(child_of(key(1), LeaseFlags::PARENT_LEASE_KEY_SET, R | H));
    let told_back = second.ask(&named.request()).unwrap().granted().lease_v2.unwrap();
    assert_eq!((told_back.lease.key, told_back.parent_key), (key(2), key(1)));
    assert!(first.is_silent_for(Duration::from_millis(100)));
    let zero = Lease { key: key(3), state: R | H, flags: LeaseFlags::PARENT_LEASE_KEY_SET };
    let zero = RequestContext::LeaseV2(LeaseV2 { lease: zero, parent_key: LeaseKey([0; 16]), epoch: 0 });
    let unnamed = create(r"d\other").with(zero);
    let sent = second.send(wire::HeaderFlags::NONE, &unnamed.request()).unwrap();
    let told = told(&mut first);
    assert_eq!((told.key, told.current_state), (key(1), R | H));
    ok(&mut first, &acknowledge(told.key, told.new_state));
    assert_eq!(second.answer(sent).unwrap().status(), NtStatus::SUCCESS);
}

/// BVT_OpLockBreak, BVT_OpLockBreak_Lease
#[test]
fn a_batch_oplock_breaks_to_level_two_for_an_open_that_shares() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D21);
    let file = opened(&mut peer, &create("f").oplock(OplockLevel::BATCH));
    let mut other = ground.peer(2, D21);
    let opens = create("f").disposition(CreateDisposition::OPEN);
    let sent = other.send(wire::HeaderFlags::NONE, &opens.request()).unwrap();
    let Notification::Oplock(told) = peer.told() else { panic!("an oplock was granted") };
    assert_eq!((told.file_id, told.oplock_level), (file, OplockLevel::II));
    let answer = wire::oplock_break::Acknowledgment::Oplock(told);
    ok(&mut peer, &wire::Request::OplockBreak(answer));
    assert_eq!(other.answer(sent).unwrap().status(), NtStatus::SUCCESS);
    assert_eq!(ShareAccess(7), create("f").share, "it shares");
}
