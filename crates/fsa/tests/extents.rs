//! Sparse files, zeroes, copies within the server, shared blocks, compression and integrity: on a host in memory and on Linux.
//! [MS-FSA] 2.1.5.10; cases of smbtorture's smb2.ioctl (Debian's samba-testsuite), observed on Windows, are named.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::indexing_slicing)] // a test says what it expects by panicking
mod host_disk;
mod store;

use fsa::host::Host;
use fsa::{LockRange, OpenId, RangeCopy, VolumeKind, VolumeOptions};
use host_disk::Scratch;
use nt::{
    AccessMask, CreateDisposition, CreateOptions, FileAttributes, FileInformationClass as Class, FsctlCode,
    NtStatus,
};
use store::*;

const DATA: AccessMask = AccessMask(AccessMask::FILE_READ_DATA.0 | AccessMask::FILE_WRITE_DATA.0);
const MEBI: u64 = 1 << 20;

/// Runs a test on every host.
fn on_each_host(test: impl Fn(&dyn Ground)) {
    test(&Store::new());
    let scratch = Scratch::new();
    test(&Store::on(scratch.host(), VolumeOptions::default()));
}

/// A store, whatever its host.
trait Ground {
    fn has_holes(&self) -> bool;
    fn file_with_data(&self, path: &str, data: &[u8]);
    fn opened(&self, path: &str, access: AccessMask) -> OpenId;
    fn made(&self, path: &str) -> OpenId;
    fn control(
        &self,
        id: OpenId,
        code: FsctlCode,
        input: &[u8],
        room: usize,
    ) -> Result<(NtStatus, Vec<u8>), NtStatus>;
    fn copy(&self, copy: RangeCopy) -> Result<u64, NtStatus>;
    fn share(&self, copy: RangeCopy) -> Result<(), NtStatus>;
    fn resize(&self, id: OpenId, len: u64);
    fn bytes(&self, id: OpenId, offset: u64, len: usize) -> Vec<u8>;
    fn put(&self, id: OpenId, offset: u64, data: &[u8]);
    fn attributes_of(&self, id: OpenId) -> FileAttributes;
    fn lock(&self, id: OpenId, offset: u64, len: u64);
    fn block(&self) -> u64;
}

impl<H: Host> Ground for Store<H> {
    fn has_holes(&self) -> bool {
        let id = self.made("probe");
        self.resize(id, MEBI);
        let node = self.volume.open_of(id).unwrap().file.node();
        let holes = self.volume.host().allocated_ranges(&node, 0..MEBI, 9).unwrap().is_empty();
        self.close(id);
        holes
    }

    fn file_with_data(&self, path: &str, data: &[u8]) {
        self.file_with(path, data);
    }

    fn opened(&self, path: &str, access: AccessMask) -> OpenId {
        self.open(path, access, PLAIN)
    }

    fn made(&self, path: &str) -> OpenId {
        self.open_as(path, DATA, PLAIN, CreateDisposition::OPEN_IF).unwrap().id
    }

    fn control(
        &self,
        id: OpenId,
        code: FsctlCode,
        input: &[u8],
        room: usize,
    ) -> Result<(NtStatus, Vec<u8>), NtStatus> {
        let reply = self.volume.fs_control(id, code, input, room);
        reply.map(|reply| (reply.status, reply.output)).map_err(|refusal| refusal.status)
    }

    fn copy(&self, copy: RangeCopy) -> Result<u64, NtStatus> {
        self.volume.copy_range(copy).map_err(|refusal| refusal.status)
    }

    fn share(&self, copy: RangeCopy) -> Result<(), NtStatus> {
        self.volume.duplicate_extents(copy, false).map_err(|refusal| refusal.status)
    }

    fn resize(&self, id: OpenId, len: u64) {
        let class = Class::END_OF_FILE_INFORMATION;
        let requester = fsa::Requester::Local;
        self.volume.set_information(&self.cx, requester, id, class, &len.to_le_bytes()).unwrap();
    }

    fn bytes(&self, id: OpenId, offset: u64, len: usize) -> Vec<u8> {
        self.volume.read(id, offset, len).unwrap()
    }

    fn put(&self, id: OpenId, offset: u64, data: &[u8]) {
        self.volume.write(id, offset, data).unwrap();
    }

    fn attributes_of(&self, id: OpenId) -> FileAttributes {
        let node = self.volume.open_of(id).unwrap().file.node();
        fsa::host::meta::load(self.volume.host(), &node).unwrap().attributes
    }

    fn lock(&self, id: OpenId, offset: u64, len: u64) {
        self.volume.lock(id, LockRange { offset, len }, true, true).unwrap();
    }

    fn block(&self) -> u64 {
        self.volume.host().space().unwrap().block_bytes
    }
}

fn numbers(numbers: &[u64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn pattern(len: usize) -> Vec<u8> {
    (0..=250_u8).cycle().take(len).collect()
}

fn ranges(
    store: &dyn Ground,
    id: OpenId,
    offset: u64,
    len: u64,
    room: usize,
) -> Result<(NtStatus, Vec<u64>), NtStatus> {
    let code = FsctlCode::QUERY_ALLOCATED_RANGES;
    store.control(id, code, &numbers(&[offset, len]), room).map(|(status, output)| {
        let words = output.chunks_exact(8).map(|bytes| u64::from_le_bytes(bytes.try_into().unwrap()));
        (status, words.collect())
    })
}

#[test]
fn a_file_is_sparse_when_it_is_said_to_be_and_then_tells_where_its_data_lie() {
    // smb2.ioctl.sparse_file_attr, sparse_qar and sparse_qar_malformed
    on_each_host(|store| {
        let id = store.made("f");
        store.put(id, 0, &[1; 4096]);
        assert_eq!(ranges(store, id, 0, 4096, 64), Ok((NtStatus::SUCCESS, vec![0, 4096])));
        assert_eq!(ranges(store, id, 10, MEBI, 64), Ok((NtStatus::SUCCESS, vec![10, 4086])), "not sparse");
        assert_eq!(ranges(store, id, 4096, MEBI, 0), Ok((NtStatus::SUCCESS, vec![])), "beyond the data");
        assert_eq!(ranges(store, id, 0, 4096, 0), Err(NtStatus::BUFFER_TOO_SMALL));
        assert_eq!(store.control(id, FsctlCode::SET_SPARSE, &[], 0), Ok((NtStatus::SUCCESS, Vec::new())));
        assert!(store.attributes_of(id).contains(FileAttributes::SPARSE_FILE));
        store.resize(id, 2 * MEBI);
        store.put(id, MEBI, &[2; 4096]);
        if store.has_holes() {
            let both = vec![0, 4096, MEBI, 4096];
            assert_eq!(ranges(store, id, 0, 2 * MEBI, 64), Ok((NtStatus::SUCCESS, both)));
            assert_eq!(ranges(store, id, 8192, 4096, 64), Ok((NtStatus::SUCCESS, vec![])));
            assert_eq!(ranges(store, id, 0, 2 * MEBI, 16), Ok((NtStatus::BUFFER_OVERFLOW, vec![0, 4096])));
        }
        assert_eq!(ranges(store, id, 100, 50, 64), Ok((NtStatus::SUCCESS, vec![100, 50])));
        assert_eq!(ranges(store, id, 0, 0, 0), Ok((NtStatus::SUCCESS, vec![])));
        assert_eq!(ranges(store, id, 0, 4096, 15), Err(NtStatus::BUFFER_TOO_SMALL));
        assert_eq!(ranges(store, id, u64::MAX, 1, 64), Err(NtStatus::INVALID_PARAMETER));
        assert_eq!(ranges(store, id, i64::MAX.unsigned_abs(), 1, 64), Err(NtStatus::INVALID_PARAMETER));
        let short = store.control(id, FsctlCode::QUERY_ALLOCATED_RANGES, &[0; 15], 64);
        assert_eq!(short, Err(NtStatus::INVALID_PARAMETER));
        assert_eq!(store.control(id, FsctlCode::SET_SPARSE, &[0], 0), Ok((NtStatus::SUCCESS, Vec::new())));
        assert!(!store.attributes_of(id).contains(FileAttributes::SPARSE_FILE));
        assert_eq!(store.bytes(id, MEBI, 4096), [2; 4096]);
    });
}

#[test]
fn sparse_needs_a_right_to_change_and_a_file() {
    // smb2.ioctl.sparse_perms and sparse_dir_flag
    on_each_host(|store| {
        store.file_with_data("f", b"data");
        for (access, status) in [
            (AccessMask::FILE_READ_DATA, Err(NtStatus::ACCESS_DENIED)),
            (AccessMask::FILE_WRITE_ATTRIBUTES, Ok((NtStatus::SUCCESS, Vec::new()))),
            (AccessMask::FILE_APPEND_DATA, Ok((NtStatus::SUCCESS, Vec::new()))),
        ] {
            let id = store.opened("f", access);
            assert_eq!(store.control(id, FsctlCode::SET_SPARSE, &[1], 0), status, "{access:?}");
        }
        let writer = store.opened("f", AccessMask::FILE_WRITE_DATA);
        assert_eq!(ranges(store, writer, 0, 4, 64), Err(NtStatus::ACCESS_DENIED));
    });
    let store = Store::new();
    store.dir("d");
    let id = store.open("d", DATA, CreateOptions::DIRECTORY_FILE);
    assert_eq!(Ground::control(&store, id, FsctlCode::SET_SPARSE, &[1], 0), Err(NtStatus::INVALID_PARAMETER));
}

#[test]
fn zeroes_replace_data_within_them_and_never_beyond() {
    // smb2.ioctl.sparse_punch, sparse_hole_dealloc, sparse_punch_invalid
    on_each_host(|store| {
        let id = store.made("f");
        let mut data = pattern(300_000);
        store.put(id, 0, &data);
        let zero =
            |start: u64, end: u64| store.control(id, FsctlCode::SET_ZERO_DATA, &numbers(&[start, end]), 0);
        assert_eq!(zero(10, 200_000), Ok((NtStatus::SUCCESS, Vec::new())));
        data[10..200_000].fill(0);
        assert_eq!(store.bytes(id, 0, 400_000), data);
        assert_eq!(zero(299_990, 500_000), Ok((NtStatus::SUCCESS, Vec::new())));
        data[299_990..].fill(0);
        assert_eq!(store.bytes(id, 0, 400_000), data, "the length stays");
        assert_eq!(zero(500_000, 600_000), Ok((NtStatus::SUCCESS, Vec::new())));
        assert_eq!(zero(5, 4), Err(NtStatus::INVALID_PARAMETER));
        assert_eq!(zero(u64::MAX, 4), Err(NtStatus::INVALID_PARAMETER));
        let other = store.opened("f", DATA);
        store.lock(other, 100, 1);
        assert_eq!(zero(0, 101), Err(NtStatus::FILE_LOCK_CONFLICT));
        assert_eq!(zero(101, 200), Ok((NtStatus::SUCCESS, Vec::new())));
        let reader = store.opened("f", AccessMask::FILE_READ_DATA);
        let denied = store.control(reader, FsctlCode::SET_ZERO_DATA, &numbers(&[0, 1]), 0);
        assert_eq!(denied, Err(NtStatus::ACCESS_DENIED));
        if store.has_holes() {
            store.control(id, FsctlCode::SET_SPARSE, &[1], 0).unwrap();
            assert_eq!(zero(101, 262_144), Ok((NtStatus::SUCCESS, Vec::new())));
            let (_, told) = ranges(store, id, 4096, 258_048, 64).unwrap();
            assert_eq!(told, [], "no blocks behind zeroes");
        }
    });
}

#[test]
fn whole_pages_are_trimmed() {
    // smb2.ioctl.trim_simple; [MS-FSCC] 2.3.14
    on_each_host(|store| {
        let id = store.made("f");
        store.put(id, 0, &[7; 16_384]);
        let input = [&numbers(&[1 << 32])[..], &numbers(&[100, 9000])].concat();
        let done = store.control(id, FsctlCode::FILE_LEVEL_TRIM, &input, 4);
        assert_eq!(done, Ok((NtStatus::SUCCESS, vec![1, 0, 0, 0])));
        assert_eq!(store.bytes(id, 4096, 4096), [0; 4096]);
        assert_eq!(store.bytes(id, 0, 4096), [7; 4096]);
        assert_eq!(store.bytes(id, 8192, 8192), [7; 8192]);
        for input in [&input[..23], &[0; 24]] {
            let refused = store.control(id, FsctlCode::FILE_LEVEL_TRIM, input, 4);
            assert_eq!(refused, Err(NtStatus::INVALID_PARAMETER));
        }
    });
}

#[test]
fn a_copy_moves_exactly_its_range_and_stops_at_the_end_of_the_source() {
    // smb2.ioctl.copy_chunk_simple, multi, append, src_exceed, overwrite
    on_each_host(|store| {
        let data = pattern(100_000);
        store.file_with_data("source", &data);
        let (source, target) = (store.opened("source", DATA), store.made("target"));
        let copy = |source_offset, target_offset, len| {
            store.copy(RangeCopy { source, source_offset, target, target_offset, len })
        };
        assert_eq!(copy(0, 0, 100_000), Ok(100_000));
        assert_eq!(store.bytes(target, 0, 200_000), data);
        assert_eq!(copy(10, 100_005, 20), Ok(20));
        assert_eq!(store.bytes(target, 100_000, 99), [&[0; 5][..], &data[10..30]].concat());
        assert_eq!(copy(99_990, 0, 50), Ok(10));
        assert_eq!(store.bytes(target, 0, 20), [&data[99_990..], &data[10..20]].concat());
        assert_eq!(copy(100_000, 0, 50), Ok(0));
        assert_eq!(copy(0, i64::MAX.unsigned_abs(), 50), Err(NtStatus::INVALID_PARAMETER));
        let reader = store.opened("target", AccessMask::FILE_READ_DATA);
        let refused =
            store.copy(RangeCopy { source, source_offset: 0, target: reader, target_offset: 0, len: 1 });
        assert_eq!(refused, Err(NtStatus::ACCESS_DENIED));
        let other = store.opened("source", DATA);
        store.lock(other, 50, 1);
        assert_eq!(copy(50, 0, 1), Err(NtStatus::FILE_LOCK_CONFLICT));
    });
}

#[test]
fn a_copy_within_one_file_may_overlap_itself() {
    // smb2.ioctl.copy_chunk_src_is_dest_overlap
    on_each_host(|store| {
        let mut data = pattern(100_000);
        let id = store.made("f");
        store.put(id, 0, &data);
        let copied = store.copy(RangeCopy {
            source: id,
            source_offset: 0,
            target: id,
            target_offset: 1000,
            len: 99_000,
        });
        assert_eq!(copied, Ok(99_000));
        data.copy_within(0..99_000, 1000);
        assert_eq!(store.bytes(id, 0, 200_000), data);
    });
}

#[test]
fn blocks_are_shared_where_the_host_can_and_refused_where_it_cannot() {
    on_each_host(|store| {
        let block = store.block();
        let data = pattern(usize::try_from(2 * block).unwrap());
        store.file_with_data("source", &data);
        let (source, target) = (store.opened("source", DATA), store.made("target"));
        let share = |source_offset, target_offset, len| {
            store.share(RangeCopy { source, source_offset, target, target_offset, len })
        };
        store.resize(target, 2 * block);
        match share(0, 0, 2 * block) {
            Ok(()) => assert_eq!(store.bytes(target, 0, data.len()), data),
            refused => {
                println!("the host cannot share blocks");
                assert_eq!(refused, Err(NtStatus::INVALID_DEVICE_REQUEST));
            }
        }
        assert_eq!(share(1, 0, block), Err(NtStatus::INVALID_PARAMETER));
        assert_eq!(share(0, 0, block - 1), Err(NtStatus::INVALID_PARAMETER));
        assert_eq!(share(0, 0, 0), Ok(()));
        assert_eq!(share(block, 0, 2 * block), Err(NtStatus::NOT_SUPPORTED));
        // DUPLICATE_EXTENTS_DATA and DUPLICATE_EXTENTS_DATA_EX, [MS-FSCC] 2.3.7.1 and 2.3.9.1.
        let words = |words: &[u64]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
        let plain = |input: &[u8]| {
            store.control(target, FsctlCode::DUPLICATE_EXTENTS_TO_FILE, input, 0).map(|(status, _)| status)
        };
        let extended = |input: &[u8]| {
            store.control(target, FsctlCode::DUPLICATE_EXTENTS_TO_FILE_EX, input, 0).map(|(status, _)| status)
        };
        let done = plain(&words(&[source.0, 0, 0, block]));
        for flags in [0, 1, 0xF0] {
            assert_eq!(extended(&words(&[48, source.0, 0, 0, block, flags])), done, "{flags:#x}");
        }
        let cut = extended(&words(&[48, source.0, 0, block, 2 * block, 1]));
        assert_eq!(cut, done.and(Err(NtStatus::NOT_SUPPORTED)), "beyond the target's end");
        assert_eq!(extended(&words(&[48, source.0, 0, block, 2 * block, 0])), done, "as far as it goes");
        assert_eq!(extended(&words(&[56, source.0, 0, 0, block, 0])), Err(NtStatus::INVALID_PARAMETER));
        assert_eq!(extended(&words(&[48, source.0, 0, 0, block])), Err(NtStatus::BUFFER_TOO_SMALL));
        assert_eq!(plain(&words(&[source.0, 0, 0])), Err(NtStatus::BUFFER_TOO_SMALL));
        store.control(source, FsctlCode::SET_SPARSE, &[1], 0).unwrap();
        assert_eq!(share(0, 0, block), Err(NtStatus::NOT_SUPPORTED), "sparse to not sparse");
    });
}

#[test]
fn nothing_is_compressed_and_checksums_are_a_matter_of_refs() {
    // smb2.ioctl.compress_notsup_set, compress_file_flag, compress_invalid_format, compress_perms
    let store = Store::new();
    let id = store.made("f");
    let set = |state: u16| Ground::control(&store, id, FsctlCode::SET_COMPRESSION, &state.to_le_bytes(), 0);
    let get = |room| Ground::control(&store, id, FsctlCode::GET_COMPRESSION, &[], room);
    assert_eq!(get(2), Ok((NtStatus::SUCCESS, vec![0, 0])));
    assert_eq!(get(1), Err(NtStatus::INVALID_PARAMETER));
    assert_eq!(set(0), Ok((NtStatus::SUCCESS, Vec::new())));
    assert_eq!(set(1), Err(NtStatus::NOT_SUPPORTED));
    assert_eq!(set(0x1234), Err(NtStatus::INVALID_PARAMETER));
    let get = FsctlCode::GET_INTEGRITY_INFORMATION;
    assert_eq!(Ground::control(&store, id, get, &[], 16), Err(NtStatus::INVALID_DEVICE_REQUEST));
    let refs = Store::with(VolumeOptions { kind: VolumeKind::Refs, ..VolumeOptions::default() });
    let id = refs.made("f");
    let (_, told) = Ground::control(&refs, id, get, &[], 16).unwrap();
    assert_eq!(told, [&[0; 12][..], &4096_u32.to_le_bytes()].concat());
    let set = FsctlCode::SET_INTEGRITY_INFORMATION;
    assert_eq!(Ground::control(&refs, id, set, &[0; 8], 0), Ok((NtStatus::SUCCESS, Vec::new())));
    assert_eq!(Ground::control(&refs, id, set, &[2, 0, 0, 0, 0, 0, 0, 0], 0), Err(NtStatus::NOT_SUPPORTED));
}

#[test]
fn all_data_are_one_valid_region() {
    let store = Store::new();
    let id = store.made("f");
    Ground::put(&store, id, 0, &[1; 100]);
    let code = FsctlCode::QUERY_FILE_REGIONS;
    let (status, told) = Ground::control(&store, id, code, &[], 40).unwrap();
    let expected = [&[0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0][..], &numbers(&[0, 100, 1])].concat();
    assert_eq!((status, told), (NtStatus::SUCCESS, expected));
    assert_eq!(
        Ground::control(&store, id, code, &numbers(&[100, 5, 1]), 40),
        Ok((NtStatus::SUCCESS, Vec::new()))
    );
    assert_eq!(Ground::control(&store, id, code, &numbers(&[0, 5, 2]), 40), Err(NtStatus::INVALID_PARAMETER));
    assert_eq!(Ground::control(&store, id, code, &[0; 23], 40), Err(NtStatus::BUFFER_TOO_SMALL));
    assert_eq!(Ground::control(&store, id, code, &[], 39), Err(NtStatus::BUFFER_TOO_SMALL));
}
