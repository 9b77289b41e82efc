//! CHANGE_NOTIFY.
use std::time::Duration;

use nt::{AccessMask, NotifyFilter, NtStatus};
use wire::HeaderFlags;
use wire::negotiate::Dialect;
use wire::query_info::InfoType;

use crate::ground::{D21, D30, D311, Ground, ok, opened, u32_at};
use crate::peer::Peer;
use crate::peer::request::{self, create, notify, set, write};

/// What somebody else does, told by filter: its first action.
fn tells(filter: NotifyFilter, act: impl FnOnce(&mut Peer, &Ground)) -> u32 {
    let ground = Ground::new();
    ground.has_directory("d");
    ground.made(&create(r"d\f"));
    ground.made(&create(r"d\f:s"));
    let mut peer = ground.peer(1, D30);
    let directory = opened(&mut peer, &create("d").directory());
    let sent = peer.send(HeaderFlags::NONE, &notify(directory, filter, 4096)).unwrap();
    peer.pending(sent).unwrap();
    act(&mut ground.peer(2, D30), &ground);
    let answered = peer.answer(sent).unwrap();
    assert_eq!(answered.status(), NtStatus::SUCCESS, "{filter:?}");
    u32_at(&answered.output(), 4)
}

/// FileBasicInformation with one time set, or with attributes.
fn basic(place: usize, value: u64) -> Vec<u8> {
    let mut bytes = vec![0; 40];
    bytes[place..place + 8].copy_from_slice(&value.to_le_bytes());
    bytes
}

const TIME: u64 = 133_000_000_000_000_000;
const MODIFIED: u32 = 3;

/// BVT_SMB2Basic_ChangeNotify_ChangeFileName, _ChangeDirName
#[test]
fn new_names_of_files_and_directories_are_told() {
    let seen = tells(NotifyFilter::FILE_NAME, |peer, _| {
        opened(peer, &create(r"d\new"));
    });
    assert_eq!(seen, 1, "ADDED");
    let seen = tells(NotifyFilter::DIR_NAME, |peer, _| {
        opened(peer, &create(r"d\new").directory());
    });
    assert_eq!(seen, 1, "ADDED");
}

/// BVT_SMB2Basic_ChangeNotify_ChangeAttributes, _ChangeLastAccess, _ChangeLastWrite, _ChangeCreation
#[test]
fn times_and_attributes_that_are_set_are_told() {
    let cases = [
        (NotifyFilter::ATTRIBUTES, basic(32, 2)),
        (NotifyFilter::CREATION, basic(0, TIME)),
        (NotifyFilter::LAST_ACCESS, basic(8, TIME)),
        (NotifyFilter::LAST_WRITE, basic(16, TIME)),
    ];
    for (filter, input) in cases {
        let seen = tells(filter, |peer, _| {
            let file = opened(peer, &create(r"d\f"));
            ok(peer, &set(file, InfoType::FILE, 4, &input));
        });
        assert_eq!(seen, MODIFIED, "{filter:?}");
    }
}

/// BVT_SMB2Basic_ChangeNotify_ChangeSize
#[test]
fn a_new_size_is_told() {
    let seen = tells(NotifyFilter::SIZE, |peer, _| {
        let file = opened(peer, &create(r"d\f"));
        ok(peer, &set(file, InfoType::FILE, 20, &4096u64.to_le_bytes()));
    });
    assert_eq!(seen, MODIFIED);
}

/// BVT_SMB2Basic_ChangeNotify_ChangeEa
#[test]
fn an_extended_attribute_is_told() {
    // FileFullEaInformation: NextEntryOffset, Flags, EaNameLength, EaValueLength, name and zero, value.
    let ea = [&[0, 0, 0, 0, 0, 3, 1, 0][..], b"KEY\0", b"v"].concat();
    let seen = tells(NotifyFilter::EA, |peer, _| {
        let access = AccessMask::FILE_WRITE_EA;
        let file = opened(peer, &create(r"d\f").access(access));
        ok(peer, &set(file, InfoType::FILE, 15, &ea));
    });
    assert_eq!(seen, MODIFIED);
}

/// BVT_SMB2Basic_ChangeNotify_ChangeSecurity
#[test]
fn a_new_security_descriptor_is_told() {
    let seen = tells(NotifyFilter::SECURITY, |peer, _| {
        let file = opened(peer, &create(r"d\f").access(AccessMask::WRITE_DAC | AccessMask::READ_CONTROL));
        let mut query = request::query(file, InfoType::SECURITY, 0, 65_536);
        if let wire::Request::QueryInfo(body) = &mut query {
            body.additional = 4;
        }
        let descriptor = crate::ground::output(peer, &query);
        let mut change = set(file, InfoType::SECURITY, 0, &descriptor);
        if let wire::Request::SetInfo(body) = &mut change {
            body.additional = 4;
        }
        ok(peer, &change);
    });
    assert_eq!(seen, MODIFIED);
}

/// BVT_SMB2Basic_ChangeNotify_ChangeStreamName, _ChangeStreamSize, _ChangeStreamWrite
#[test]
fn what_becomes_of_a_stream_is_told() {
    let seen = tells(NotifyFilter::STREAM_NAME, |peer, _| {
        opened(peer, &create(r"d\f:new"));
    });
    // The suite asks that it is told, [MS-FSA] 2.1.5.1.2 for ADDED_STREAM.
    assert_eq!(seen, MODIFIED);
    let seen = tells(NotifyFilter::STREAM_SIZE, |peer, _| {
        let stream = opened(peer, &create(r"d\f:s"));
        ok(peer, &set(stream, InfoType::FILE, 20, &100u64.to_le_bytes()));
    });
    assert!([MODIFIED, 8].contains(&seen), "MODIFIED_STREAM at the most");
    let seen = tells(NotifyFilter::STREAM_WRITE, |peer, _| {
        let stream = opened(peer, &create(r"d\f:s"));
        ok(peer, &write(stream, 0, b"x"));
        ok(peer, &request::close(stream));
    });
    assert!([MODIFIED, 8].contains(&seen), "MODIFIED_STREAM at the most");
}

/// BVT_SMB2Basic_CancelRegisteredChangeNotify, BVT_SMB2Basic_ChangeNotify_ServerReceiveSmb2Close
#[test]
fn a_notification_ends_with_its_cancel_and_with_its_open() {
    let ground = Ground::new();
    ground.has_directory("d");
    let mut peer = ground.peer(1, D30);
    let directory = opened(&mut peer, &create("d").directory());
    let ask = notify(directory, NotifyFilter::LAST_ACCESS, 4096);
    let sent = peer.send(HeaderFlags::NONE, &ask).unwrap();
    let pending = peer.pending(sent).unwrap();
    peer.cancel(&pending).unwrap();
    assert_eq!(peer.answer(sent).unwrap().status(), NtStatus::CANCELLED);
    let sent = peer.send(HeaderFlags::NONE, &ask).unwrap();
    peer.pending(sent).unwrap();
    ok(&mut peer, &request::close(directory));
    assert_eq!(peer.answer(sent).unwrap().status(), NtStatus::NOTIFY_CLEANUP);
    assert!(peer.is_silent_for(Duration::from_millis(50)));
}

/// BVT_SMB2Basic_ChangeNotify_NonDirectoryFile, _NoFileListDirectoryInGrantedAccess
#[test]
fn who_may_not_list_a_directory_is_told_nothing_of_it() {
    let ground = Ground::new();
    ground.has_directory("d");
    let mut peer = ground.peer(1, D30);
    let file = opened(&mut peer, &create("f"));
    let ask = |file| notify(file, NotifyFilter::LAST_ACCESS, 4096);
    assert_eq!(peer.status(&ask(file)), NtStatus::INVALID_PARAMETER);
    let access = AccessMask::FILE_READ_ATTRIBUTES | AccessMask::FILE_ADD_FILE;
    let directory = opened(&mut peer, &create("d").directory().access(access));
    assert_eq!(peer.status(&ask(directory)), NtStatus::ACCESS_DENIED);
}

/// BVT_SMB2Basic_ChangeNotify_MaxTransactSizeCheck_Smb2002, _Smb21, _Smb30, _Smb302, _Smb311
#[test]
fn more_than_a_transaction_carries_is_not_waited_for() {
    let ground = Ground::new();
    ground.has_directory("d");
    for dialect in [Dialect::SMB_2_0_2, D21, Dialect::SMB_3_0, D30, D311] {
        let mut peer = ground.peer(1, dialect);
        let directory = opened(&mut peer, &create("d").directory());
        // The most is 64 KiB in 2.0.2 and 8 MiB here in later ones: a message that charges for one credit may not ask for it.
        let ask = notify(directory, NotifyFilter::LAST_ACCESS, (8 << 20) + 1);
        assert_eq!(peer.status(&ask), NtStatus::INVALID_PARAMETER, "{dialect:?}");
    }
}
