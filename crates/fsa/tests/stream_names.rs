//! Streams that get another name, object ids, short names and reserved space, on a host in memory and on Linux.
//! [MS-FSA] 2.1.5.15.12.1, 2.1.5.10.1 and 2.1.5.12.4; cases of smbtorture (Debian's samba-testsuite), observed on Windows, are named.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test says what it expects by panicking
mod host_disk;
mod store;

use fsa::host::Host;
use fsa::{DirectoryQuery, LockRange, OpenId, OpenRequest, Requester, VolumeKind, VolumeOptions};
use host_disk::Scratch;
use nt::{
    AccessMask, CreateDisposition, CreateOptions, FileInformationClass as Class, FsctlCode, NtStatus,
    ShareAccess, Utf16,
};
use store::*;

const ALL: AccessMask = AccessMask(0x001F_01FF);

fn on_each_host(options: &VolumeOptions, test: impl Fn(&dyn Named)) {
    test(&Store::with(options.clone()));
    let scratch = Scratch::new();
    test(&Store::on(scratch.host(), options.clone()));
}

/// What a test asks of a store, whatever its host.
trait Named {
    fn opened(&self, path: &str, disposition: CreateDisposition) -> Result<OpenId, NtStatus>;
    fn put(&self, id: OpenId, data: &[u8]);
    fn data(&self, id: OpenId) -> Result<Vec<u8>, NtStatus>;
    fn rename(&self, id: OpenId, replace: bool, name: &str) -> NtStatus;
    fn remote_rename(&self, id: OpenId, name: &str) -> NtStatus;
    fn lock(&self, id: OpenId, offset: u64) -> NtStatus;
    fn control(&self, id: OpenId, code: FsctlCode, input: &[u8], room: usize) -> Result<Vec<u8>, NtStatus>;
    fn query(&self, id: OpenId, class: Class) -> Result<Vec<u8>, NtStatus>;
    fn allocate(&self, id: OpenId, bytes: u64);
    fn sizes(&self, id: OpenId) -> (u64, u64);
    fn done(&self, id: OpenId);
}

impl<H: Host> Named for Store<H> {
    fn opened(&self, path: &str, disposition: CreateDisposition) -> Result<OpenId, NtStatus> {
        self.open_as(path, ALL, PLAIN, disposition).map(|opened| opened.id)
    }

    fn put(&self, id: OpenId, data: &[u8]) {
        self.volume.write(id, 0, data).unwrap();
    }

    fn data(&self, id: OpenId) -> Result<Vec<u8>, NtStatus> {
        self.volume.read(id, 0, 100).map_err(|refusal| refusal.status)
    }

    fn rename(&self, id: OpenId, replace: bool, name: &str) -> NtStatus {
        let input = new_name(replace, name);
        let set =
            self.volume.set_information(&self.cx, Requester::Local, id, Class::RENAME_INFORMATION, &input);
        set.map_or_else(|refusal| refusal.status, |()| NtStatus::SUCCESS)
    }

    fn remote_rename(&self, id: OpenId, name: &str) -> NtStatus {
        let input = new_name(true, name);
        let set =
            self.volume.set_information(&self.cx, Requester::Remote, id, Class::RENAME_INFORMATION, &input);
        set.map_or_else(|refusal| refusal.status, |()| NtStatus::SUCCESS)
    }

    fn lock(&self, id: OpenId, offset: u64) -> NtStatus {
        let locked = self.volume.lock(id, LockRange { offset, len: 1 }, true, true);
        locked.map_or_else(|refusal| refusal.status, |()| NtStatus::SUCCESS)
    }

    fn control(&self, id: OpenId, code: FsctlCode, input: &[u8], room: usize) -> Result<Vec<u8>, NtStatus> {
        let reply = self.volume.fs_control(id, code, input, room);
        reply.map(|reply| reply.output).map_err(|refusal| refusal.status)
    }

    fn query(&self, id: OpenId, class: Class) -> Result<Vec<u8>, NtStatus> {
        let told = self.volume.query_information(id, class, 1000);
        told.map(|told| told.bytes).map_err(|refusal| refusal.status)
    }

    fn allocate(&self, id: OpenId, bytes: u64) {
        let class = Class::ALLOCATION_INFORMATION;
        self.volume.set_information(&self.cx, Requester::Local, id, class, &bytes.to_le_bytes()).unwrap();
    }

    fn sizes(&self, id: OpenId) -> (u64, u64) {
        let facts = self.volume.opened_facts(id).unwrap();
        (facts.size, facts.allocated)
    }

    fn done(&self, id: OpenId) {
        self.close(id);
    }
}

fn new_name(replace: bool, name: &str) -> Vec<u8> {
    let name = Utf16::from(name).to_le_bytes();
    let len = u32::try_from(name.len()).unwrap().to_le_bytes();
    let mut bytes = [&[u8::from(replace)][..], &[0; 15], &len, &name].concat();
    bytes.resize(bytes.len().max(24), 0);
    bytes
}

/// smb2.streams.rename and rename2.
#[test]
fn a_stream_gets_another_name_with_its_data_and_its_opens() {
    on_each_host(&VolumeOptions::default(), |store| {
        let (open, create) = (CreateDisposition::OPEN, CreateDisposition::CREATE);
        let id = store.opened("f:One", create).unwrap();
        let second = store.opened("f:one:$DATA", open).unwrap();
        store.put(id, b"data");
        assert_eq!(store.lock(id, 0), NtStatus::SUCCESS);
        assert_eq!(store.rename(id, true, ":One:$DATA"), NtStatus::SUCCESS, "its own name");
        assert_eq!(store.rename(id, false, ":Two"), NtStatus::SUCCESS);
        assert_eq!(store.data(id), Ok(b"data".to_vec()));
        assert_eq!(store.data(second), Err(NtStatus::FILE_LOCK_CONFLICT), "the lock goes along");
        assert_eq!(store.opened("f:One", open), Err(NtStatus::OBJECT_NAME_NOT_FOUND));
        let found = store.opened("f:TWO", open).unwrap();
        assert_eq!(store.lock(found, 0), NtStatus::LOCK_NOT_GRANTED);
        for open in [id, second, found] {
            store.done(open);
        }
    });
}

#[test]
fn what_has_a_streams_new_name_is_replaced_when_it_is_empty_and_closed() {
    on_each_host(&VolumeOptions::default(), |store| {
        let (open, create) = (CreateDisposition::OPEN, CreateDisposition::CREATE);
        let id = store.opened("f:One", create).unwrap();
        store.put(id, b"data");
        let other = store.opened("f:Two", create).unwrap();
        assert_eq!(store.rename(id, true, ":Two"), NtStatus::INVALID_PARAMETER, "it is open");
        store.done(other);
        assert_eq!(store.rename(id, false, ":Two"), NtStatus::OBJECT_NAME_COLLISION);
        assert_eq!(store.rename(id, true, ":Two"), NtStatus::SUCCESS);
        // To the default stream and back.
        assert_eq!(store.rename(id, true, "::$DATA"), NtStatus::SUCCESS);
        assert_eq!(store.data(id), Ok(b"data".to_vec()));
        let plain = store.opened("f", open).unwrap();
        assert_eq!(store.data(plain), Ok(b"data".to_vec()));
        store.done(plain);
        assert_eq!(store.rename(id, true, ":Three"), NtStatus::SUCCESS);
        let plain = store.opened("f", open).unwrap();
        assert_eq!(store.data(plain), Err(NtStatus::END_OF_FILE));
        let full = store.opened("f:Full", create).unwrap();
        store.put(full, b"full");
        store.done(full);
        assert_eq!(store.rename(id, true, ":Full"), NtStatus::INVALID_PARAMETER, "it has data");
        assert_eq!(store.rename(id, true, "f:Four"), NtStatus::INVALID_PARAMETER, "no stream's name");
        assert_eq!(store.rename(id, true, ":$I30:$INDEX_ALLOCATION"), NtStatus::INVALID_PARAMETER);
    });
}

/// smb2.rename.share_delete_and_delete_access, smb2.oplock.exclusive6 and batch19: who may delete the directory is in the way.
#[test]
fn nothing_is_renamed_into_a_directory_that_somebody_may_delete() {
    let store = Store::new();
    store.dir("d");
    store.file(r"d\f");
    let id = store.open(r"d\f", AccessMask::DELETE, PLAIN);
    for (access, status) in
        [(AccessMask::DELETE, NtStatus::SHARING_VIOLATION), (AccessMask::FILE_READ_DATA, NtStatus::SUCCESS)]
    {
        let holder = store.open("d", access, CreateOptions::DIRECTORY_FILE);
        assert_eq!(store.remote_rename(id, r"d\g"), status);
        store.close(holder);
    }
}

/// smb2.ioctl-on-stream; [MS-FSA] 2.1.5.10.1, .2, .13 and .35
#[test]
fn an_object_id_is_made_once_kept_and_taken_away() {
    on_each_host(&VolumeOptions::default(), |store| {
        let create = CreateDisposition::CREATE;
        let (id, other) = (store.opened("f:s", create).unwrap(), store.opened("g", create).unwrap());
        let (get, make, delete) =
            (FsctlCode::GET_OBJECT_ID, FsctlCode::CREATE_OR_GET_OBJECT_ID, FsctlCode::DELETE_OBJECT_ID);
        assert_eq!(store.control(id, get, &[], 64), Err(NtStatus::OBJECTID_NOT_FOUND));
        assert_eq!(store.control(id, make, &[], 63), Err(NtStatus::INVALID_PARAMETER));
        let made = store.control(id, make, &[], 64).unwrap();
        assert_eq!(made.len(), 64);
        assert_eq!((&made[..16], &made[48..]), (&made[32..48], &[0; 16][..]), "born as itself, in no domain");
        assert_eq!(store.control(id, make, &[], 64), Ok(made.clone()));
        assert_eq!(store.control(id, get, &[], 64), Ok(made.clone()));
        assert_ne!(store.control(other, make, &[], 64).unwrap()[..16], made[..16]);
        assert_eq!(
            store.control(other, FsctlCode::SET_OBJECT_ID, &made, 0),
            Err(NtStatus::OBJECT_NAME_COLLISION)
        );
        assert_eq!(store.control(other, delete, &[], 0), Ok(Vec::new()));
        assert_eq!(store.control(other, FsctlCode::SET_OBJECT_ID, &made, 0), Ok(Vec::new()));
        assert_eq!(store.control(other, get, &[], 64), Ok(made));
    });
    let refs = Store::with(VolumeOptions { kind: VolumeKind::Refs, ..VolumeOptions::default() });
    refs.file("f");
    let id = refs.open("f", ALL, PLAIN);
    let made = Named::control(&refs, id, FsctlCode::CREATE_OR_GET_OBJECT_ID, &[], 64);
    assert_eq!(made, Err(NtStatus::INVALID_DEVICE_REQUEST));
}

/// smb2.getinfo.getinfo_access and smb2.dir.one
#[test]
fn a_short_name_is_told_and_leads_to_its_file() {
    let options = VolumeOptions { short_names: true, ..VolumeOptions::default() };
    on_each_host(&options, |store| {
        let (open, create) = (CreateDisposition::OPEN, CreateDisposition::CREATE);
        let id = store.opened("A long name.text", create).unwrap();
        store.put(id, b"long");
        let told = store.query(id, Class::ALTERNATE_NAME_INFORMATION).unwrap();
        let short = Utf16::from_le_bytes(&told[4..]).unwrap().to_string();
        assert!(short.starts_with("AL") && short.ends_with("~1.TEX"), "{short}");
        let found = store.opened(&short.to_lowercase(), open).unwrap();
        assert_eq!(store.data(found), Ok(b"long".to_vec()));
        let plain = store.opened("short.txt", create).unwrap();
        let told = store.query(plain, Class::ALTERNATE_NAME_INFORMATION).unwrap();
        assert_eq!(Utf16::from_le_bytes(&told[4..]).unwrap().to_string(), "short.txt");
    });
    let store = Store::new();
    store.file("A long name.text");
    let id = store.open("A long name.text", ALL, PLAIN);
    assert_eq!(store.query(id, Class::ALTERNATE_NAME_INFORMATION), Err(NtStatus::OBJECT_NAME_NOT_FOUND));
}

#[test]
fn a_listing_tells_the_short_names_of_long_names() {
    let store = Store::with(VolumeOptions { short_names: true, ..VolumeOptions::default() });
    store.file("A long name.text");
    store.file("short.txt");
    let dir = store.open("", AccessMask::FILE_READ_DATA, CreateOptions::DIRECTORY_FILE);
    let pattern = [u16::from(b'*')];
    let query = DirectoryQuery {
        class: Class::BOTH_DIRECTORY_INFORMATION,
        len_max: 4096,
        restart: true,
        single: false,
        pattern: &pattern,
    };
    let told = store.volume.query_directory(dir, &query).unwrap().bytes;
    let next = usize::try_from(u32::from_le_bytes(told[..4].try_into().unwrap())).unwrap();
    let short = |entry: &[u8]| {
        let len = usize::from(entry[68]);
        Utf16::from_le_bytes(&entry[70..70 + len]).unwrap().to_string()
    };
    assert!(short(&told).ends_with("~1.TEX"), "{}", short(&told));
    assert_eq!(short(&told[next..]), "", "a name that is short has no other");
}

/// smb2.setinfo (allocation_information) and smb2.create.blob (allocation size)
#[test]
fn what_is_reserved_is_the_files_until_it_is_closed() {
    let scratch = Scratch::new();
    let store = Store::on(scratch.host(), VolumeOptions::default());
    let path = utf16("f");
    let request = OpenRequest {
        allocation: 1 << 20,
        disposition: CreateDisposition::CREATE,
        share_access: ShareAccess::NONE,
        ..OpenRequest::existing(&path, ALL)
    };
    let id = store.request(&request).unwrap().id;
    assert_eq!(store.sizes(id), (0, 1 << 20));
    let blocks = || std::os::unix::fs::MetadataExt::blocks(&std::fs::metadata(scratch.join("f")).unwrap());
    let on_disk = blocks();
    store.allocate(id, 0);
    assert_eq!(store.sizes(id), (0, 0));
    if on_disk >= 2048 {
        assert!(blocks() < 2048, "the blocks are given back");
    }
    store.allocate(id, 4096);
    assert_eq!(store.sizes(id), (0, 4096));
    Named::put(&store, id, b"seven");
    assert_eq!(store.sizes(id), (5, 4096));
    store.close(id);
    let id = store.open("f", ALL, PLAIN);
    assert_eq!(store.data(id), Ok(b"seven".to_vec()));
}

/// smbtorture smb2.create_no_streams: on a volume without streams a colon is none of a name's characters, whatever is there.
#[test]
fn a_volume_without_streams_has_no_names_of_streams() {
    on_each_host(&VolumeOptions { kind: VolumeKind::Fat, ..VolumeOptions::default() }, |store| {
        let names = ["f::$DATA", "f::foooooooooooo", "f:stream", "f:stream:$DATA", ":stream", "f:"];
        let refused = |disposition| {
            for name in names {
                assert_eq!(store.opened(name, disposition), Err(NtStatus::OBJECT_NAME_INVALID), "{name}");
            }
        };
        refused(CreateDisposition::OPEN);
        let id = store.opened("f", CreateDisposition::CREATE).unwrap();
        refused(CreateDisposition::OPEN);
        refused(CreateDisposition::OPEN_IF);
        assert_eq!(store.rename(id, false, ":stream"), NtStatus::OBJECT_NAME_INVALID);
        store.done(id);
    });
}
