//! Oplocks and leases: what breaks them, what waits, what is told. [MS-FSA] 2.1.5.18, 2.1.5.19 and 2.1.4.12. Where smbtorture
//! (Debian's samba-testsuite) has the same case, observed on Windows, the test names it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test says what it expects by panicking
mod law;
#[path = "../store/mod.rs"]
mod store;

use fsa::{
    Caching, Completion, LockRange, OpenError, OpenId, OpenRequest, OplockKey, OplockLevel, Refusal,
    Requester, WaitId,
};
use nt::{
    AccessMask, CreateDisposition, CreateOptions, FileInformationClass as Class, Guid, NtStatus, ShareAccess,
};
use store::*;

const DATA: AccessMask = AccessMask(
    AccessMask::FILE_READ_DATA.0
        | AccessMask::FILE_WRITE_DATA.0
        | AccessMask::DELETE.0
        | AccessMask::FILE_WRITE_ATTRIBUTES.0,
);
const R: OplockLevel = OplockLevel::Granular(Caching::READ);
const NONE: OplockLevel = OplockLevel::None;

fn rh() -> OplockLevel {
    OplockLevel::Granular(Caching::READ | Caching::HANDLE)
}

fn rw() -> OplockLevel {
    OplockLevel::Granular(Caching::READ | Caching::WRITE)
}

fn rwh() -> OplockLevel {
    OplockLevel::Granular(Caching::READ | Caching::WRITE | Caching::HANDLE)
}

fn key(number: u8) -> Option<OplockKey> {
    Some(OplockKey(Guid([number; 16])))
}

fn told(open: OpenId, level: OplockLevel, acknowledge: bool) -> Completion {
    Completion::OplockBreak { open, level, acknowledge, status: NtStatus::SUCCESS }
}

fn switched(open: OpenId, level: OplockLevel) -> Completion {
    let status = NtStatus::OPLOCK_SWITCHED_TO_NEW_HANDLE;
    Completion::OplockBreak { open, level, acknowledge: false, status }
}

/// How a request ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Came {
    To(NtStatus),
    Wait(WaitId),
}

const DONE: Came = Came::To(NtStatus::SUCCESS);

fn came<T>(result: Result<T, Refusal>) -> Came {
    match result {
        Ok(_) => DONE,
        Err(refusal) => refusal.waits().map_or(Came::To(refusal.status), Came::Wait),
    }
}

impl Came {
    #[track_caller]
    fn wait(self) -> WaitId {
        match self {
            Came::Wait(wait) => wait,
            other => panic!("{other:?}"),
        }
    }
}

impl Store {
    fn open_keyed(
        &self,
        path: &str,
        key: Option<OplockKey>,
        change: impl FnOnce(&mut OpenRequest<'_>),
    ) -> Result<OpenId, Came> {
        let path = utf16(path);
        let mut request = OpenRequest { oplock_key: key, ..OpenRequest::existing(&path, DATA) };
        change(&mut request);
        self.request(&request).map(|opened| opened.id).map_err(|error| match error {
            OpenError::Refused(refusal) => came::<()>(Err(refusal)),
            OpenError::StoppedOnSymlink(_) => panic!("a link"),
        })
    }

    #[track_caller]
    fn keyed(&self, path: &str, number: u8) -> OpenId {
        self.open_keyed(path, key(number), |_| {}).unwrap()
    }

    fn ask(&self, id: OpenId, level: OplockLevel) -> NtStatus {
        self.volume.request_oplock(id, level).map_or_else(|refusal| refusal.status, |()| NtStatus::SUCCESS)
    }

    #[track_caller]
    fn grant(&self, id: OpenId, level: OplockLevel) {
        assert_eq!(self.ask(id, level), NtStatus::SUCCESS, "{level:?}");
    }

    fn acknowledge(&self, id: OpenId, level: OplockLevel) -> NtStatus {
        let done = self.volume.acknowledge_oplock(id, level);
        done.map_or_else(|refusal| refusal.status, |()| NtStatus::SUCCESS)
    }

    fn heard(&self) -> Vec<Completion> {
        self.volume.take_completions()
    }

    fn write(&self, id: OpenId) -> Came {
        came(self.volume.write(id, 0, b"x"))
    }

    fn read(&self, id: OpenId) -> Came {
        came(self.volume.read(id, 0, 1))
    }

    fn set_info(&self, id: OpenId, class: Class, input: &[u8]) -> Came {
        came(self.volume.set_information(&self.cx, Requester::Local, id, class, input))
    }

    /// A store with a file of 20 bytes.
    fn with_file() -> Store {
        let store = Store::new();
        store.file_with("f", &[7; 20]);
        store
    }
}

fn name_information(name: &str) -> Vec<u8> {
    let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let len = u32::try_from(name.len()).unwrap();
    [&[0; 16][..], &len.to_le_bytes(), &name, &[0; 4]].concat()
}

#[test]
fn a_batch_oplock_breaks_to_level_2_and_the_second_open_waits_for_the_acknowledgement() {
    // smb2.oplock.batch1
    let store = Store::with_file();
    let a = store.open("f", DATA, PLAIN);
    store.grant(a, OplockLevel::Batch);
    let wait = store.open_keyed("f", None, |_| {}).unwrap_err().wait();
    assert_eq!(store.heard(), [told(a, OplockLevel::Two, true)]);
    assert_eq!(store.acknowledge(a, OplockLevel::Two), NtStatus::SUCCESS);
    assert_eq!(store.heard(), [Completion::Resume { wait }]);
    let b = store.open_keyed("f", None, |_| {}).unwrap();
    assert_eq!(store.volume.oplock_of(a).unwrap(), OplockLevel::Two);
    assert_eq!(store.ask(b, OplockLevel::Batch), NtStatus::OPLOCK_NOT_GRANTED);
    store.grant(b, OplockLevel::Two);
    // A write breaks every level 2, the writer's own too, and asks nobody.
    assert_eq!(store.write(b), DONE);
    assert_eq!(store.heard(), [told(a, NONE, false), told(b, NONE, false)]);
}

#[test]
fn an_open_for_attributes_breaks_nothing_unless_it_overwrites() {
    // smb2.oplock.batch7 and exclusive9's attribute-only opens
    let store = Store::with_file();
    let a = store.open("f", DATA, PLAIN);
    store.grant(a, OplockLevel::One);
    let id = store.open("f", AccessMask::FILE_READ_ATTRIBUTES | AccessMask::SYNCHRONIZE, PLAIN);
    store.close(id);
    assert_eq!(store.heard(), []);
    let overwrite = |request: &mut OpenRequest<'_>| {
        request.desired_access = AccessMask::FILE_READ_ATTRIBUTES;
        request.disposition = CreateDisposition::OVERWRITE_IF;
    };
    store.open_keyed("f", None, overwrite).unwrap_err().wait();
    assert_eq!(store.heard(), [told(a, NONE, true)]);
}

#[test]
fn a_holder_that_was_told_level_2_is_told_none_if_it_became_none_meanwhile() {
    let store = Store::with_file();
    let a = store.open("f", DATA, PLAIN);
    store.grant(a, OplockLevel::Batch);
    let first = store.open_keyed("f", None, |_| {}).unwrap_err().wait();
    let overwrite = |request: &mut OpenRequest<'_>| request.disposition = CreateDisposition::OVERWRITE;
    let second = store.open_keyed("f", None, overwrite).unwrap_err().wait();
    assert_eq!(store.heard(), [told(a, OplockLevel::Two, true)]);
    assert_eq!(store.acknowledge(a, OplockLevel::Two), NtStatus::SUCCESS);
    let resumed = [first, second].map(|wait| Completion::Resume { wait });
    assert_eq!(store.heard(), [&[told(a, NONE, false)], &resumed[..]].concat());
    assert_eq!(store.volume.oplock_of(a).unwrap(), NONE);
}

#[test]
fn a_lease_is_broken_by_another_key_only() {
    // smb2.lease.break_twice and smb2.lease.request
    let store = Store::with_file();
    let a = store.keyed("f", 1);
    store.grant(a, rwh());
    let same = store.keyed("f", 1);
    assert_eq!((store.read(same), store.write(same)), (DONE, DONE));
    assert_eq!(store.heard(), []);
    let wait = store.open_keyed("f", key(2), |_| {}).unwrap_err().wait();
    assert_eq!(store.heard(), [told(a, rh(), true)]);
    assert_eq!(store.acknowledge(same, rh()), NtStatus::SUCCESS, "any open of the key will do");
    assert_eq!(store.heard(), [Completion::Resume { wait }]);
    let b = store.keyed("f", 2);
    // Writing tells the other client that its cache is stale, and waits for nothing.
    assert_eq!(store.write(b), DONE);
    assert_eq!(store.heard(), [told(a, NONE, true)]);
    assert_eq!(store.acknowledge(a, NONE), NtStatus::SUCCESS);
    assert_eq!(store.acknowledge(a, NONE), NtStatus::INVALID_OPLOCK_PROTOCOL);
}

#[test]
fn who_caches_handles_is_asked_to_let_go_of_the_one_that_is_in_the_way() {
    // smb2.lease.oplock, smb2.lease.break with share modes
    let alone = |request: &mut OpenRequest<'_>| request.share_access = ShareAccess::NONE;
    for lets_go in [false, true] {
        let store = Store::with_file();
        let a = store.keyed("f", 1);
        store.grant(a, rh());
        let wait = store.open_keyed("f", key(2), alone).unwrap_err().wait();
        assert_eq!(store.heard(), [told(a, R, true)]);
        if lets_go {
            store.close(a);
        } else {
            assert_eq!(store.acknowledge(a, R), NtStatus::SUCCESS);
        }
        assert_eq!(store.heard(), [Completion::Resume { wait }]);
        let again = store.open_keyed("f", key(2), alone);
        assert_eq!(again.is_ok(), lets_go);
        assert_eq!(again.err(), (!lets_go).then_some(Came::To(NtStatus::SHARING_VIOLATION)));
    }
}

#[test]
fn read_caching_breaks_to_none_unasked() {
    let store = Store::with_file();
    let (a, b) = (store.keyed("f", 1), store.keyed("f", 2));
    store.grant(a, R);
    store.grant(b, R);
    assert_eq!(store.write(b), DONE);
    assert_eq!(store.heard(), [told(a, NONE, false)]);
    assert_eq!(store.volume.oplock_of(b).unwrap(), R, "its own cache is right");
    assert_eq!(store.acknowledge(a, NONE), NtStatus::INVALID_OPLOCK_PROTOCOL);
}

#[test]
fn each_operation_breaks_what_it_makes_wrong() {
    // The table of [MS-FSA] 2.1.4.12, for a holder of everything: what it is told.
    type Operation = fn(&Store, OpenId) -> Came;
    let table: [(&str, Operation, OplockLevel); 10] = [
        ("read", |store, id| store.read(id), rh()),
        ("write", |store, id| store.write(id), NONE),
        ("flush", |store, id| came(store.volume.flush(id)), rh()),
        ("lock", |store, id| came(store.volume.lock(id, LockRange { offset: 0, len: 1 }, true, true)), NONE),
        ("size", |store, id| store.set_info(id, Class::END_OF_FILE_INFORMATION, &[0; 8]), NONE),
        ("allocation", |store, id| store.set_info(id, Class::ALLOCATION_INFORMATION, &[0; 8]), NONE),
        ("rename", |store, id| store.set_info(id, Class::RENAME_INFORMATION, &name_information("g")), rw()),
        ("link", |store, id| store.set_info(id, Class::LINK_INFORMATION, &name_information("g")), rw()),
        ("delete", |store, id| store.set_info(id, Class::DISPOSITION_INFORMATION, &[1]), rw()),
        (
            "zero",
            |store, id| {
                let range = [0_u64.to_le_bytes(), 5_u64.to_le_bytes()].concat();
                came(store.volume.fs_control(id, nt::FsctlCode::SET_ZERO_DATA, &range, 0))
            },
            NONE,
        ),
    ];
    for (name, operation, level) in table {
        let store = Store::with_file();
        let other = store.keyed("f", 2);
        let a = store.keyed("f", 1);
        // With another open there the exclusive lease comes by way of an upgrade.
        store.grant(a, rh());
        store.grant(a, rwh());
        assert_eq!(store.heard(), [switched(a, rwh())]);
        let wait = operation(&store, other).wait();
        assert_eq!(store.heard(), [told(a, level, true)], "{name}");
        assert_eq!(store.acknowledge(a, level), NtStatus::SUCCESS, "{name}");
        assert_eq!(store.heard(), [Completion::Resume { wait }], "{name}");
        assert_eq!(operation(&store, other), DONE, "{name}");
        assert_eq!(store.heard(), [], "{name} breaks nothing twice");
    }
}

#[test]
fn an_upgrade_moves_the_lease_to_the_new_open_and_needs_the_same_key() {
    // smb2.lease.upgrade2
    let store = Store::with_file();
    let a = store.keyed("f", 1);
    store.grant(a, R);
    let b = store.keyed("f", 1);
    store.grant(b, rwh());
    assert_eq!(store.heard(), [switched(a, rwh())]);
    assert_eq!(store.ask(b, rw()), NtStatus::OPLOCK_NOT_GRANTED, "never less than it has");
    let store = Store::with_file();
    let (a, b) = (store.keyed("f", 1), store.keyed("f", 2));
    store.grant(a, R);
    assert_eq!(store.ask(b, rwh()), NtStatus::OPLOCK_NOT_GRANTED);
    store.grant(b, rh());
    assert_eq!(store.ask(a, rwh()), NtStatus::OPLOCK_NOT_GRANTED);
}

#[test]
fn a_lease_lives_as_long_as_one_of_its_opens() {
    let store = Store::with_file();
    let a = store.keyed("f", 1);
    store.grant(a, rwh());
    let b = store.keyed("f", 1);
    store.close(a);
    assert_eq!(store.volume.oplock_of(b).unwrap(), rwh());
    let wait = store.open_keyed("f", key(2), |_| {}).unwrap_err().wait();
    assert_eq!(store.heard(), [told(b, rh(), true)]);
    store.close(b);
    assert_eq!(store.heard(), [Completion::Resume { wait }]);
    let c = store.keyed("f", 2);
    store.grant(c, rwh());
}

#[test]
fn more_than_what_is_left_is_not_granted_in_an_acknowledgement() {
    let store = Store::with_file();
    let a = store.keyed("f", 1);
    store.grant(a, rwh());
    store.open_keyed("f", key(2), |_| {}).unwrap_err().wait();
    assert_eq!(store.heard(), [told(a, rh(), true)]);
    assert_eq!(store.acknowledge(a, rwh()), NtStatus::SUCCESS);
    let status = NtStatus::CANNOT_GRANT_REQUESTED_OPLOCK;
    let again = Completion::OplockBreak { open: a, level: rh(), acknowledge: true, status };
    assert_eq!(store.heard(), [again]);
    assert_eq!(store.acknowledge(a, OplockLevel::Two), NtStatus::INVALID_OPLOCK_PROTOCOL);
    assert_eq!(store.acknowledge(a, NONE), NtStatus::SUCCESS);
    assert_eq!(store.volume.oplock_of(a).unwrap(), NONE);
}

#[test]
fn a_wait_can_be_cancelled_and_then_nothing_is_told_of_it() {
    let store = Store::with_file();
    let a = store.keyed("f", 1);
    store.grant(a, rwh());
    let wait = store.open_keyed("f", key(2), |_| {}).unwrap_err().wait();
    assert!(store.volume.cancel(wait));
    assert!(!store.volume.cancel(wait));
    assert_eq!(store.heard(), [told(a, rh(), true)]);
    assert_eq!(store.acknowledge(a, rh()), NtStatus::SUCCESS);
    assert_eq!(store.heard(), []);
}

#[test]
fn an_open_that_completes_if_oplocked_goes_on_and_says_so() {
    let store = Store::with_file();
    let a = store.keyed("f", 1);
    store.grant(a, rwh());
    let path = utf16("f");
    let options = CreateOptions::COMPLETE_IF_OPLOCKED;
    let opened = store.request(&OpenRequest { options, ..OpenRequest::existing(&path, DATA) }).unwrap();
    assert!(opened.is_oplock_breaking);
    assert_eq!(store.heard(), [told(a, rh(), true)]);
    assert!(matches!(store.read(opened.id), Came::Wait(_)), "what it does then waits");
}

#[test]
fn locks_and_exclusive_oplocks_and_synchronous_opens_exclude_what_they_must() {
    let store = Store::with_file();
    let a = store.keyed("f", 1);
    store.volume.lock(a, LockRange { offset: 3, len: 1 }, false, true).unwrap();
    assert_eq!(store.ask(a, R), NtStatus::OPLOCK_NOT_GRANTED);
    store.volume.unlock(a, LockRange { offset: 3, len: 1 }).unwrap();
    store.volume.lock(a, LockRange { offset: 3000, len: 1 }, false, true).unwrap();
    store.grant(a, R);
    let b = store.keyed("f", 2);
    assert_eq!(store.ask(b, OplockLevel::One), NtStatus::OPLOCK_NOT_GRANTED);
    assert_eq!(store.ask(b, OplockLevel::Granular(Caching::WRITE)), NtStatus::INVALID_PARAMETER);
    assert_eq!(store.ask(b, OplockLevel::Granular(Caching::NONE)), NtStatus::SUCCESS);
    let options = CreateOptions::SYNCHRONOUS_IO_NONALERT;
    let c = store.open("f", DATA | AccessMask::SYNCHRONIZE, options);
    assert_eq!(store.ask(c, R), NtStatus::OPLOCK_NOT_GRANTED);
}

#[test]
fn a_directorys_lease_breaks_when_somebody_else_changes_what_is_in_it() {
    // smb2.dirlease.v2_request, rename, unlink
    let store = Store::new();
    store.dir("d");
    store.dir("e");
    store.file(r"d\old");
    let list = AccessMask::FILE_READ_DATA;
    let dir = |request: &mut OpenRequest<'_>| request.desired_access = list;
    let holder = store.open_keyed("d", key(1), dir).unwrap();
    assert_eq!(store.ask(holder, rwh()), NtStatus::INVALID_PARAMETER);
    assert_eq!(store.ask(holder, OplockLevel::Batch), NtStatus::INVALID_PARAMETER);
    let broken = [told(holder, NONE, true)];
    let again = || {
        assert_eq!(store.heard(), broken);
        assert_eq!(store.acknowledge(holder, NONE), NtStatus::SUCCESS);
        store.grant(holder, rh());
    };
    store.grant(holder, rh());
    store.file(r"d\new");
    again();
    // The client that has the lease names it, and is not told of what it does itself.
    let own = |request: &mut OpenRequest<'_>| {
        request.disposition = CreateDisposition::CREATE;
        request.parent_oplock_key = key(1);
    };
    let mine = store.open_keyed(r"d\mine", None, own).unwrap();
    assert_eq!(store.heard(), []);
    store.close(mine);
    let id = store.open(r"d\new", DATA, PLAIN);
    assert_eq!(store.set_info(id, Class::RENAME_INFORMATION, &name_information("newer")), DONE);
    again();
    assert_eq!(store.set_info(id, Class::END_OF_FILE_INFORMATION, &9_u64.to_le_bytes()), DONE);
    again();
    assert_eq!(store.set_info(id, Class::DISPOSITION_INFORMATION, &[1]), DONE);
    assert_eq!(store.heard(), [], "it is still there");
    store.close(id);
    again();
    let id = store.open(r"d\old", DATA, PLAIN);
    assert_eq!(store.set_info(id, Class::RENAME_INFORMATION, &name_information(r"\e\old")), DONE);
    again();
}

#[test]
fn what_is_acknowledged_breaks_again_where_less_is_left_and_nobody_goes_on_before() {
    // smb2.lease.breaking3
    let store = Store::with_file();
    let a = store.keyed("f", 1);
    store.grant(a, rwh());
    let first = store.open_keyed("f", key(2), |_| {}).unwrap_err().wait();
    assert_eq!(store.heard(), [told(a, rh(), true)]);
    let overwrite = |request: &mut OpenRequest<'_>| request.disposition = CreateDisposition::OVERWRITE;
    let second = store.open_keyed("f", key(3), overwrite).unwrap_err().wait();
    assert_eq!(store.heard(), []);
    assert_eq!(store.acknowledge(a, rh()), NtStatus::SUCCESS);
    assert_eq!(store.heard(), [told(a, R, true)]);
    assert_eq!(store.volume.oplock_of(a).unwrap(), rh());
    assert_eq!(store.acknowledge(a, R), NtStatus::SUCCESS);
    let resumed = [first, second].map(|wait| Completion::Resume { wait });
    assert_eq!(store.heard(), [&[told(a, NONE, false)], &resumed[..]].concat());
    assert_eq!(store.volume.oplock_of(a).unwrap(), NONE);
}

#[test]
fn who_keeps_only_read_caching_of_what_became_none_is_told_none() {
    let store = Store::with_file();
    let a = store.keyed("f", 1);
    store.grant(a, rwh());
    let first = store.open_keyed("f", key(2), |_| {}).unwrap_err().wait();
    let overwrite = |request: &mut OpenRequest<'_>| request.disposition = CreateDisposition::OVERWRITE;
    let second = store.open_keyed("f", key(3), overwrite).unwrap_err().wait();
    store.heard();
    assert_eq!(store.acknowledge(a, R), NtStatus::SUCCESS);
    let resumed = [first, second].map(|wait| Completion::Resume { wait });
    assert_eq!(store.heard(), [&[told(a, NONE, false)], &resumed[..]].concat());
}

#[test]
fn an_open_for_attributes_is_in_the_way_of_an_exclusive_oplock_and_not_of_a_lease() {
    // smb2.lease.statopen3
    let store = Store::with_file();
    store.open("f", AccessMask::FILE_READ_ATTRIBUTES | AccessMask::SYNCHRONIZE, PLAIN);
    let a = store.keyed("f", 1);
    assert_eq!(store.ask(a, OplockLevel::Batch), NtStatus::OPLOCK_NOT_GRANTED);
    store.grant(a, rwh());
    store.close(a);
    store.open("f", AccessMask::FILE_READ_DATA, PLAIN);
    let a = store.keyed("f", 1);
    assert_eq!(store.ask(a, rwh()), NtStatus::OPLOCK_NOT_GRANTED);
}

#[test]
fn a_directorys_lease_breaks_when_an_open_closes_that_wrote_and_not_before() {
    // smb2.lease.v2_request
    let store = Store::new();
    store.dir("d");
    store.file(r"d\f");
    let dir = |request: &mut OpenRequest<'_>| request.desired_access = AccessMask::FILE_READ_DATA;
    let holder = store.open_keyed("d", key(1), dir).unwrap();
    store.grant(holder, rh());
    let reads = store.open(r"d\f", DATA, PLAIN);
    let writes = store.open(r"d\f", DATA, PLAIN);
    assert_eq!((store.write(writes), store.read(reads)), (DONE, DONE));
    store.close(reads);
    assert_eq!(store.heard(), []);
    store.close(writes);
    assert_eq!(store.heard(), [told(holder, NONE, true)]);
}

#[test]
fn who_caches_handles_lets_go_when_an_open_closes_that_deletes() {
    // smb2.lease.unlink
    let store = Store::with_file();
    let a = store.keyed("f", 1);
    store.grant(a, rh());
    let deletes = |request: &mut OpenRequest<'_>| request.options |= CreateOptions::DELETE_ON_CLOSE;
    let b = store.open_keyed("f", key(2), deletes).unwrap();
    assert_eq!(store.heard(), []);
    store.close(b);
    assert_eq!(store.heard(), [told(a, R, true)]);
}

#[test]
fn a_directory_is_renamed_once_those_who_cache_handles_below_it_let_go() {
    let store = Store::new();
    store.dir("d");
    store.file(r"d\f");
    let a = store.keyed(r"d\f", 1);
    store.grant(a, rh());
    let dir = store.open("d", AccessMask::DELETE, CreateOptions::DIRECTORY_FILE);
    let rename = || store.set_info(dir, Class::RENAME_INFORMATION, &name_information("e"));
    let wait = rename().wait();
    assert_eq!(store.heard(), [told(a, R, true)]);
    store.close(a);
    assert_eq!(store.heard(), [Completion::Resume { wait }]);
    assert_eq!(rename(), DONE);
}
