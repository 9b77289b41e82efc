//! The wire is cut between any two messages of a conversation, or in the middle of one, on real sockets: what was promised is
//! kept, and no more. `smb/tests/cut_wire.rs` and `tools/sim` do the same without sockets.
#![allow(clippy::disallowed_methods)] // a test of what a socket loses looks at the clock
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test that is wrong shall panic
mod cut;
mod peer;
mod serving;

use std::time::{Duration, Instant};

use cut::{Field, Promise, Story, every_cut, every_two_cuts};
use nt::{FsctlCode, NtStatus};
use peer::cutter::{Arrives, Loss};
use peer::request::{self, LOCK, UNLOCK, control, create};
use peer::{Answered, Peer};
use wire::negotiate::Dialect;
use wire::{FileId, HeaderFlags};

const NAME: &str = "kept.dat";
const GET: FsctlCode = FsctlCode::GET_REPARSE_POINT;
const SET: FsctlCode = FsctlCode::SET_REPARSE_POINT;
const DELETE: FsctlCode = FsctlCode::DELETE_REPARSE_POINT;

/// Writes, flushes, locks, unlocks and closes; each is done once, and what was flushed is on the disk whatever was cut.
fn written(story: &mut Story<'_>) {
    let path = story.field.path(NAME);
    let flushed = std::cell::Cell::new(false);
    let away = |_: &Field| assert!(!flushed.get() || std::fs::read(&path).unwrap().starts_with(b"once"));
    let ok = |answered: Answered| assert_eq!(answered.status(), NtStatus::SUCCESS);
    ok(story.does(&away, |peer, file| peer.ask(&request::write(file, 0, b"once"))));
    ok(story.does(&away, |peer, file| peer.ask(&request::flush(file))));
    flushed.set(true);
    // A lock that was granted and is asked for again with its number is granted, not refused. [MS-SMB2] 3.3.5.14
    ok(story.does(&away, |peer, file| peer.ask(&request::lock(file, 3, 1, LOCK))));
    ok(story.does(&away, |peer, file| peer.ask(&request::lock(file, 3, 2, UNLOCK))));
    ok(story.does(&away, |peer, file| peer.ask(&request::write(file, 4, b" more"))));
    story.closes(&away);
    assert_eq!(std::fs::read(&path).unwrap(), b"once more");
}

#[test]
fn a_durable_handle_with_a_batch_oplock_is_found_again_on_a_new_socket() {
    assert!(every_cut(Promise::V1Batch, written) > 100);
    assert!(every_two_cuts(Promise::V1Batch, written) > 200);
}

#[test]
fn a_durable_handle_with_a_lease_is_found_again_on_a_new_socket() {
    assert!(every_cut(Promise::V1Lease, written) > 100);
}

#[test]
fn a_durable_handle_of_the_second_version_is_made_once_and_found_again_on_a_new_socket() {
    assert!(every_cut(Promise::V2Batch, written) > 100);
    assert!(every_two_cuts(Promise::V2Batch, written) > 200);
}

#[test]
fn a_leased_durable_handle_of_the_second_version_is_made_once_and_found_again_on_a_new_socket() {
    assert!(every_cut(Promise::V2Lease, written) > 100);
    assert!(every_two_cuts(Promise::V2Lease, written) > 200);
}

#[test]
fn a_resilient_handle_is_found_again_on_a_new_socket() {
    assert!(every_cut(Promise::Resilient, written) > 100);
}

/// Another client tries the same range all the while: it is locked from the answer to LOCK on until UNLOCK is sent.
fn locked(story: &mut Story<'_>) {
    let witness = std::cell::RefCell::new(Peer::ready(story.field.server(), 0x77, Dialect::SMB_2_1, "wit"));
    let seen = witness.borrow_mut().ask(&create(NAME).request()).unwrap().file_id();
    story.witnesses = 1;
    let tries = |wanted: &[NtStatus]| {
        let mut witness = witness.borrow_mut();
        let status = witness.status(&request::lock(seen, 0, 0, LOCK));
        assert!(wanted.contains(&status), "{status:?}");
        if status == NtStatus::SUCCESS {
            assert_eq!(witness.status(&request::lock(seen, 0, 0, UNLOCK)), NtStatus::SUCCESS);
        }
    };
    let (free, held) = (NtStatus::SUCCESS, NtStatus::LOCK_NOT_GRANTED);
    let ok = |answered: Answered| assert_eq!(answered.status(), NtStatus::SUCCESS);
    ok(story.does(&|_| (), |peer, file| peer.ask(&request::lock(file, 5, 1, LOCK))));
    tries(&[held]);
    ok(story.does(&|_| tries(&[held]), |peer, file| peer.ask(&request::write(file, 100, b"mine"))));
    tries(&[held]);
    ok(story.does(&|_| tries(&[held, free]), |peer, file| peer.ask(&request::lock(file, 5, 2, UNLOCK))));
    tries(&[free]);
    story.closes(&|_| tries(&[free]));
    assert_eq!(witness.borrow_mut().status(&request::close(seen)), NtStatus::SUCCESS);
}

#[test]
fn a_range_that_a_resilient_handle_locked_is_nobody_elses_while_its_client_is_away() {
    assert!(every_cut(Promise::Resilient, locked) > 100);
    assert!(every_two_cuts(Promise::Resilient, locked) > 200);
}

/// Sets a reparse point, another, and takes it away; another client reads all the while, and sees what was acknowledged or what is
/// under way, byte for byte.
fn pointed(story: &mut Story<'_>) {
    let witness = std::cell::RefCell::new(Peer::ready(story.field.server(), 0x77, Dialect::SMB_2_1, "wit"));
    let gets = |wanted: &[&[u8]]| {
        let mut witness = witness.borrow_mut();
        let access = nt::AccessMask::FILE_READ_ATTRIBUTES;
        let options = nt::CreateOptions::OPEN_REPARSE_POINT;
        let disposition = nt::CreateDisposition::OPEN;
        let asks = create(NAME).access(access).options(options).disposition(disposition);
        let opened = witness.ask(&asks.request()).unwrap();
        if opened.status() == NtStatus::OBJECT_NAME_NOT_FOUND {
            assert!(wanted.contains(&&b""[..]), "the file is gone");
            return;
        }
        let file = opened.file_id();
        let answered = witness.ask(&control(GET, file, &[], 16384)).unwrap();
        let bytes = match answered.status() {
            NtStatus::NOT_A_REPARSE_POINT => Vec::new(),
            status => {
                assert_eq!(status, NtStatus::SUCCESS);
                answered.output()
            }
        };
        assert!(wanted.contains(&&bytes[..]), "{bytes:x?}");
        assert_eq!(witness.status(&request::close(file)), NtStatus::SUCCESS);
    };
    let (first, second) = (request::symlink("somewhere"), request::symlink(r"else\where"));
    let ok = |answered: Answered| assert_eq!(answered.status(), NtStatus::SUCCESS);
    ok(story.does(&|_| gets(&[b"", &first]), |peer, file| peer.ask(&control(SET, file, &first, 0))));
    gets(&[&first]);
    ok(story.does(&|_| gets(&[&first, &second]), |peer, file| peer.ask(&control(SET, file, &second, 0))));
    gets(&[&second]);
    let got = story.does(&|_| gets(&[&second]), |peer, file| peer.ask(&control(GET, file, &[], 16384)));
    assert_eq!(got.output(), second);
    // Done by a request whose answer was lost: then there is no more to take away.
    let (mut times, tag) = (0, [&second[..4], &[0; 4]].concat());
    let gone = story.does(&|_| gets(&[&second, b""]), |peer, file| {
        times += 1;
        peer.ask(&control(DELETE, file, &tag, 0))
    });
    let is_gone = gone.status() == NtStatus::NOT_A_REPARSE_POINT && times > 1;
    assert!(gone.status() == NtStatus::SUCCESS || is_gone, "{:?} after {times}", gone.status());
    gets(&[b""]);
    story.closes(&|_| gets(&[b""]));
}

#[test]
fn a_reparse_point_is_as_it_was_acknowledged_or_as_it_was_asked_for_whatever_is_cut() {
    assert!(every_cut(Promise::V2Lease, pointed) > 100);
    assert!(every_two_cuts(Promise::V2Batch, pointed) > 200);
}

/// Without a promise nothing outlives the connection: neither the open, nor its lock, nor what it does not share.
#[test]
fn what_nobody_promised_is_gone_with_the_connection() {
    for loss in [Loss::Fin, Loss::Reset, Loss::Silent] {
        for at in 0..6 {
            let field = Field::new(loss);
            let mut peer = Peer::ready(field.cutter.address, 1, Dialect::SMB_3_0_2, "ada");
            let session = peer.session_id;
            field.cutter.arm(&[(at, Arrives::Half)]);
            let lost = loses(&mut peer);
            drop(peer);
            let mut again = Peer::connect(field.server(), 1, Dialect::SMB_3_0_2).unwrap();
            let previous = if loss == Loss::Silent { session } else { 0 };
            again.logon("ada", previous).unwrap();
            again.tree("share").unwrap();
            // The server hears of a lost connection when its socket tells it, not at once.
            let until = Instant::now() + Duration::from_secs(5);
            let opened = loop {
                let opened = again.ask(&create(NAME).alone().request()).unwrap();
                if opened.status() == NtStatus::SUCCESS || Instant::now() > until {
                    break opened;
                }
                std::thread::sleep(Duration::from_millis(10));
            };
            assert_eq!(opened.status(), NtStatus::SUCCESS, "{loss:?} {at}");
            let file = opened.file_id();
            assert_eq!(again.status(&request::lock(file, 0, 0, LOCK)), NtStatus::SUCCESS, "{loss:?} {at}");
            if let Some(lost) = lost {
                let back = create(NAME).with(request::back(lost)).request();
                assert_eq!(again.status(&back), NtStatus::OBJECT_NAME_NOT_FOUND, "{loss:?} {at}");
            }
        }
    }
}

/// Opens alone, locks and writes, as far as the wire lets it. The open, if it heard of one.
fn loses(peer: &mut Peer) -> Option<FileId> {
    let file = peer.ask(&create(NAME).alone().request()).ok()?.file_id();
    let requests = [request::lock(file, 0, 0, LOCK), request::write(file, 0, b"lost")];
    let heard = requests.iter().take_while(|request| peer.ask(request).is_ok()).count();
    assert!(heard < 2, "the wire was not cut");
    Some(file)
}

#[test]
fn a_promise_ends_with_its_time() {
    let field = Field::new(Loss::Fin);
    let mut peer = Peer::ready(field.cutter.address, 1, Dialect::SMB_3_0_2, "ada");
    let promised =
        create(NAME).alone().with(request::durable_v2(9, 1000)).with(request::lease_v2(5, request::ALL));
    let opened = peer.ask(&promised.request()).unwrap();
    assert_eq!(opened.granted().durable_v2, Some(1000));
    drop(peer);
    std::thread::sleep(Duration::from_millis(3500));
    assert_eq!(field.opens(), 0);
    let mut peer = Peer::ready(field.cutter.address, 1, Dialect::SMB_3_0_2, "ada");
    let back =
        create(NAME).with(request::back_v2(opened.file_id(), 9)).with(request::lease_v2(5, request::ALL));
    assert_eq!(peer.status(&back.request()), NtStatus::OBJECT_NAME_NOT_FOUND);
    let other =
        Peer::ready(field.server(), 2, Dialect::SMB_3_0_2, "bob").status(&create(NAME).alone().request());
    assert_eq!(other, NtStatus::SUCCESS);
}

/// Who is away holds nobody up: another's open closes what the absent client's lease caches. [MS-SMB2] 3.3.4.7
#[test]
fn an_absent_client_is_not_waited_for_and_does_not_find_what_another_took() {
    let field = Field::new(Loss::Reset);
    let mut peer = Peer::ready(field.cutter.address, 1, Dialect::SMB_3_0_2, "ada");
    let promised =
        create(NAME).alone().with(request::durable_v2(9, 60_000)).with(request::lease_v2(5, request::ALL));
    let file = peer.ask(&promised.request()).unwrap().file_id();
    field.cutter.arm(&[(0, Arrives::Nothing)]);
    assert!(peer.ask(&request::flush(file)).is_err());
    field.settles(|counts| counts[0] == 0);
    let begun = Instant::now();
    let mut bob = Peer::ready(field.server(), 2, Dialect::SMB_3_0_2, "bob");
    assert_eq!(bob.status(&create(NAME).alone().request()), NtStatus::SUCCESS);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let mut peer = Peer::ready(field.server(), 1, Dialect::SMB_3_0_2, "ada");
    let back = create(NAME).with(request::back_v2(file, 9)).with(request::lease_v2(5, request::ALL));
    assert_eq!(peer.status(&back.request()), NtStatus::OBJECT_NAME_NOT_FOUND);
}

/// A session of two connections loses the first at every message. The second asks again, as [MS-SMB2] 3.2.7.1 has it: the open was
/// made once, and what was written was written once.
#[test]
fn a_session_goes_on_on_its_other_channel() {
    for loss in [Loss::Fin, Loss::Reset, Loss::Silent] {
        let whole = fails_over(loss, &[]);
        assert_eq!(whole, 6);
        for at in 0..whole {
            for arrives in [Arrives::Nothing, Arrives::Half] {
                fails_over(loss, &[(at, arrives)]);
            }
        }
    }
}

fn fails_over(loss: Loss, cuts: &[(usize, Arrives)]) -> usize {
    let field = Field::new(loss);
    let mut first = Peer::ready(field.cutter.address, 1, Dialect::SMB_3_0_2, "ada");
    first.sign();
    let mut second = Peer::connect(field.server(), 1, Dialect::SMB_3_0_2).unwrap();
    assert_eq!(second.bind(&first, "ada").unwrap().status(), NtStatus::SUCCESS);
    field.cutter.arm(cuts);
    // The channel that is used; after the loss the other one, which counts the loss and repeats what was asked.
    let mut is_lost = false;
    let mut ask = |request: &wire::Request<'_>| -> Answered {
        if !is_lost {
            if let Ok(answered) = first.ask(request) {
                return answered;
            }
            is_lost = true;
            second.channel_sequence += 1;
            return second.replay(request).unwrap();
        }
        second.ask(request).unwrap()
    };
    let promised =
        create(NAME).alone().with(request::durable_v2(9, 60_000)).with(request::lease_v2(5, request::ALL));
    let opened = ask(&promised.request());
    assert_eq!(opened.status(), NtStatus::SUCCESS, "{loss:?} {cuts:?}");
    let file = opened.file_id();
    assert_eq!(field.opens(), 1, "{loss:?} {cuts:?}");
    assert_eq!(ask(&request::write(file, 0, b"first")).status(), NtStatus::SUCCESS, "{loss:?} {cuts:?}");
    assert_eq!(
        ask(&control(FsctlCode::SET_SPARSE, file, &[1], 0)).status(),
        NtStatus::SUCCESS,
        "{loss:?} {cuts:?}"
    );
    assert_eq!(second.status(&request::write(file, 5, b" and last")), NtStatus::SUCCESS);
    if !cuts.is_empty() {
        // What comes late from before the loss is refused. [MS-SMB2] 3.3.5.2.10
        second.channel_sequence = 0;
        let late = second.send(HeaderFlags::NONE, &request::write(file, 0, b"late!")).unwrap();
        assert_eq!(second.answer(late).unwrap().status(), NtStatus::FILE_NOT_AVAILABLE, "{loss:?} {cuts:?}");
        second.channel_sequence = 1;
    }
    assert_eq!(second.status(&request::close(file)), NtStatus::SUCCESS);
    assert_eq!(std::fs::read(field.path(NAME)).unwrap(), b"first and last");
    assert_eq!(field.opens(), 0);
    field.cutter.seen()
}
