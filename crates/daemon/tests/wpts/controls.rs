//! IOCTLs: of files ([MS-FSCC] 2.3), of the server ([MS-SMB2] 2.2.31).
use nt::{AccessMask, CreateDisposition, CreateOptions, FsctlCode, NtStatus};
use wire::{FileId, Request};

use crate::ground::{D30, Ground, ok, opened, output, u32_at, u64_at};
use crate::peer::Peer;
use crate::peer::request::{self, control, create, read, write};

const INVALID: NtStatus = NtStatus::INVALID_PARAMETER;

/// A file with data and a directory, or a stream of each.
fn both(peer: &mut Peer, ground: &Ground, stream: &str) -> [FileId; 2] {
    ground.has("f", &[7; 1024]);
    ground.has_directory("d");
    let access = AccessMask::FILE_READ_DATA | AccessMask::FILE_WRITE_DATA;
    let file = opened(peer, &create(&format!("f{stream}")).access(access));
    let directory = create(&format!("d{stream}")).access(access);
    let options = if stream.is_empty() { CreateOptions::DIRECTORY_FILE } else { CreateOptions::NONE };
    [file, opened(peer, &directory.options(options))]
}

/// FsCtl_Set_Sparse_File_IsSparseFileSupported, FsCtl_Set_Sparse_Dir_IsSparseFileSupported
#[test]
fn a_file_becomes_sparse_and_a_directory_does_not() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    let [file, directory] = both(&mut peer, &ground, "");
    ok(&mut peer, &control(FsctlCode::SET_SPARSE, file, &[1], 0));
    assert_eq!(peer.status(&control(FsctlCode::SET_SPARSE, directory, &[1], 0)), INVALID);
}

fn range(first: u64, second: u64) -> Vec<u8> {
    [first.to_le_bytes(), second.to_le_bytes()].concat()
}

/// FsCtl_Set_ZeroData_File_IsZeroDataSupported, _Dir_, AlternateDataStream_FsCtl_Set_ZeroData_File, _Dir, BVT_SetZeroData
#[test]
fn zeroes_are_set_in_data_and_not_in_a_directory() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    let [file, directory] = both(&mut peer, &ground, "");
    ok(&mut peer, &control(FsctlCode::SET_ZERO_DATA, file, &range(0, 0), 0));
    ok(&mut peer, &control(FsctlCode::SET_ZERO_DATA, file, &range(8, 24), 0));
    let seen = output(&mut peer, &read(file, 0, 32));
    assert_eq!(seen, [[7; 8], [0; 8], [0; 8], [7; 8]].concat());
    assert_eq!(peer.status(&control(FsctlCode::SET_ZERO_DATA, directory, &range(0, 0), 0)), INVALID);
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    for stream in both(&mut peer, &ground, ":s") {
        ok(&mut peer, &write(stream, 0, &[7; 32]));
        ok(&mut peer, &control(FsctlCode::SET_ZERO_DATA, stream, &range(8, 24), 0));
        let seen = output(&mut peer, &read(stream, 0, 32));
        assert_eq!(seen, [[7; 8], [0; 8], [0; 8], [7; 8]].concat());
    }
}

/// FsCtl_Query_AllocatedRanges_File_IsAllocatedRangesSupported, _Dir_, AlternateDataStream_FsCtl_Query_AllocatedRanges_File, _Dir
#[test]
fn allocated_ranges_are_told_of_data_and_not_of_a_directory() {
    let ask = |file| control(FsctlCode::QUERY_ALLOCATED_RANGES, file, &[0; 16], 1024);
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    let [file, directory] = both(&mut peer, &ground, "");
    ok(&mut peer, &ask(file));
    assert_eq!(peer.status(&ask(directory)), INVALID);
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    for stream in both(&mut peer, &ground, ":s") {
        ok(&mut peer, &ask(stream));
    }
}

/// BVT_FsCtl_Query_File_Regions, BVT_FsCtl_Query_File_Regions_WithInputData
#[test]
fn what_was_written_is_one_region_of_valid_cached_data() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    let file = opened(&mut peer, &create("f"));
    ok(&mut peer, &write(file, 0, &[7; 1024]));
    let usage = [&range(0, 1024)[..], &1u32.to_le_bytes(), &[0; 4]].concat();
    for input in [&[][..], &usage] {
        let told = output(&mut peer, &control(FsctlCode::QUERY_FILE_REGIONS, file, input, 1024));
        assert_eq!([u32_at(&told, 4), u32_at(&told, 8)], [1, 1], "TotalRegionEntryCount, RegionEntryCount");
        assert_eq!([u64_at(&told, 16), u64_at(&told, 24)], [0, 1024]);
        assert_eq!(u32_at(&told, 32), 1, "FILE_REGION_USAGE_VALID_CACHED_DATA");
    }
}

/// BVT_FsCtl_CreateOrGetObjectId_File_IsSupported, _Dir_, BVT_FsCtl_GetObjectId_File_IsSupported, _Dir_ and their
/// _OutputBufferSize_TooSmall
#[test]
fn an_object_id_is_made_once_and_told_to_who_has_room_for_it() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    for object in both(&mut peer, &ground, "") {
        let [make, get] = [FsctlCode::CREATE_OR_GET_OBJECT_ID, FsctlCode::GET_OBJECT_ID];
        assert_eq!(peer.status(&control(make, object, &[], 63)), INVALID);
        let made = output(&mut peer, &control(make, object, &[], 64));
        assert_eq!(made.len(), 64);
        assert_ne!(made[..16], [0; 16], "ObjectId");
        assert_eq!(made[48..], [0; 16], "DomainId");
        assert_eq!(output(&mut peer, &control(make, object, &[], 64)), made);
        assert_eq!(output(&mut peer, &control(get, object, &[], 64)), made);
        assert_eq!(peer.status(&control(get, object, &[], 63)), INVALID);
    }
}

/// FsCtl_Get_ReparsePoint_IsReparsePointSupported, and what MS-FSA says around it.
#[test]
fn a_reparse_point_is_got_as_it_was_set_and_nothing_where_there_is_none() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    let access = AccessMask::FILE_READ_ATTRIBUTES | AccessMask::FILE_WRITE_ATTRIBUTES;
    let options = CreateOptions::OPEN_REPARSE_POINT;
    let file = opened(&mut peer, &create("l").access(access).options(options));
    let get = |len| control(FsctlCode::GET_REPARSE_POINT, file, &[], len);
    assert_eq!(peer.status(&get(2048)), NtStatus::NOT_A_REPARSE_POINT);
    let sent = request::symlink("target");
    ok(&mut peer, &control(FsctlCode::SET_REPARSE_POINT, file, &sent, 0));
    assert_eq!(output(&mut peer, &get(2048)), sent);
    assert_eq!(peer.status(&get(7)), NtStatus::BUFFER_TOO_SMALL);
}

/// FsCtl_Get_Compression_File_IsCompressionSupported, _Dir_, AlternateDataStream_FsCtl_Get_Compression_File, _Dir, and Set's four:
/// the volume says what it can, and does as it says.
#[test]
fn compression_is_told_and_set_as_the_volume_says_it_can() {
    for stream in ["", ":s"] {
        let ground = Ground::new();
        let mut peer = ground.peer(1, D30);
        let opens = both(&mut peer, &ground, stream);
        let attributes =
            output(&mut peer, &request::query(opens[0], wire::query_info::InfoType::FILESYSTEM, 5, 256));
        let can = u32_at(&attributes, 0) & 0x10 != 0;
        for object in opens {
            let get = control(FsctlCode::GET_COMPRESSION, object, &[], 2);
            let set = |format: u8| [format, 0];
            let none = control(FsctlCode::SET_COMPRESSION, object, &[0, 0], 0);
            if can {
                ok(&mut peer, &none);
                assert_eq!(output(&mut peer, &get), [0, 0]);
                let lznt1 = set(2);
                ok(&mut peer, &control(FsctlCode::SET_COMPRESSION, object, &lznt1, 0));
                assert_eq!(output(&mut peer, &get), [2, 0]);
            } else {
                let lznt1 = set(2);
                let status = peer.status(&control(FsctlCode::SET_COMPRESSION, object, &lznt1, 0));
                let refused = [NtStatus::INVALID_DEVICE_REQUEST, NtStatus::NOT_SUPPORTED];
                assert!(refused.contains(&status), "{status:?}");
            }
        }
    }
}

/// FsCtl_Get_IntegrityInformation_… and FsCtl_Set_IntegrityInformation_… on what is no ReFS, and BVT_SetGetIntegrityInfo,
/// FsCtl_Offload_Read_File_IsOffloadSupported, FsCtl_Offload_Write_File_IsOffloadSupported, BVT_OffloadReadWrite,
/// BVT_FsCtl_RefsStreamSnapshotManagement_…: a store that has no such thing says so.
#[test]
fn what_only_refs_or_a_storage_array_has_is_no_request_for_this_device() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    let refused = [NtStatus::INVALID_DEVICE_REQUEST, NtStatus::NOT_SUPPORTED];
    for object in both(&mut peer, &ground, "") {
        let asked = [
            (FsctlCode::GET_INTEGRITY_INFORMATION, 0, 16),
            (FsctlCode::SET_INTEGRITY_INFORMATION, 8, 0),
            (FsctlCode::SET_INTEGRITY_INFORMATION_EX, 48, 0),
            (FsctlCode::OFFLOAD_READ, 32, 528),
            (FsctlCode::OFFLOAD_WRITE, 544, 16),
            (FsctlCode::REFS_STREAM_SNAPSHOT_MANAGEMENT, 16, 1024),
        ];
        for (code, input, len) in asked {
            let status = peer.status(&control(code, object, &vec![0; input], len));
            assert!(refused.contains(&status), "{code:?}: {status:?}");
        }
    }
}

/// BVT_FileLevelTrim, FileLevelTrim_Negative_NonZeroKeyInRequest
#[test]
fn a_range_is_trimmed_and_a_key_is_refused() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    let [file, _] = both(&mut peer, &ground, "");
    let trim = |key: u32| [&key.to_le_bytes()[..], &1u32.to_le_bytes(), &range(0, 512)].concat();
    let (plain, keyed) = (trim(0), trim(5));
    let status = peer.status(&control(FsctlCode::FILE_LEVEL_TRIM, file, &plain, 4));
    assert!([NtStatus::SUCCESS, NtStatus::NO_RANGES_PROCESSED].contains(&status), "{status:?}");
    assert_eq!(peer.status(&control(FsctlCode::FILE_LEVEL_TRIM, file, &keyed, 4)), INVALID);
}

/// BVT_DuplicateExtentsToFile, BVT_FsCtl_DuplicateExtentsToFileEx_*: what is announced is done, what is not is refused.
#[test]
fn extents_are_duplicated_where_the_volume_says_so() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    let source = opened(&mut peer, &create("a"));
    ok(&mut peer, &write(source, 0, &[7; 65_536]));
    let target = opened(&mut peer, &create("b"));
    let ids = [source.persistent.to_le_bytes(), source.volatile.to_le_bytes()].concat();
    let asked = [&ids[..], &0u64.to_le_bytes(), &0u64.to_le_bytes(), &65_536u64.to_le_bytes()].concat();
    let told = output(&mut peer, &request::query(target, wire::query_info::InfoType::FILESYSTEM, 5, 256));
    let can = u32_at(&told, 0) & 0x0800_0000 != 0;
    let status = peer.status(&control(FsctlCode::DUPLICATE_EXTENTS_TO_FILE, target, &asked, 0));
    match can {
        true => assert_eq!(status, NtStatus::SUCCESS),
        false => assert_eq!(status, NtStatus::INVALID_DEVICE_REQUEST),
    }
    // StructureSize is 0x30, though on the wire it is longer. [MS-FSCC] 2.3.9.2
    let extended =
        |size: u64, flags: u32| [&size.to_le_bytes()[..], &asked, &flags.to_le_bytes(), &[0; 4]].concat();
    let mut ask =
        |input: &[u8]| peer.status(&control(FsctlCode::DUPLICATE_EXTENTS_TO_FILE_EX, target, input, 0));
    // Nothing of it lies before the target's end: that is no failure, but where all was asked for.
    assert_eq!(ask(&extended(0x30, 0)), status);
    let all_or_nothing = if can { NtStatus::NOT_SUPPORTED } else { status };
    assert_eq!(ask(&extended(0x30, 1)), all_or_nothing);
    assert_eq!(ask(&extended(0x38, 0)), INVALID);
    assert_eq!(ask(&extended(0x30, 0)[..48]), INVALID, "no flags");
    ok(&mut peer, &write(target, 0, &[8; 65_536]));
    let all = extended(0x30, 1);
    assert_eq!(peer.status(&control(FsctlCode::DUPLICATE_EXTENTS_TO_FILE_EX, target, &all, 0)), status);
    assert_eq!(output(&mut peer, &read(target, 0, 65_536)), [if can { 7 } else { 8 }; 65_536]);
}

/// Behind a pipe is no file system that could know a code which is passed through. [MS-SMB2] 3.3.5.15.8
#[test]
fn what_is_passed_through_to_a_file_system_finds_none_behind_a_pipe() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    assert_eq!(peer.tree("IPC$").unwrap().status(), NtStatus::SUCCESS);
    let access = AccessMask::GENERIC_READ | AccessMask::GENERIC_WRITE;
    let pipe = opened(&mut peer, &create("srvsvc").access(access).disposition(CreateDisposition::OPEN));
    for code in [FsctlCode::GET_REPARSE_POINT, FsctlCode::DUPLICATE_EXTENTS_TO_FILE_EX] {
        assert_eq!(peer.status(&control(code, pipe, &[], 1024)), NtStatus::FS_DRIVER_REQUIRED, "{code:?}");
    }
}

const RESUME_KEY: FsctlCode = wire::ioctl::code::SRV_REQUEST_RESUME_KEY;
const COPY: FsctlCode = wire::ioctl::code::SRV_COPYCHUNK;

/// BVT_CopyOffload, CopyOffload_CopyContentWithinSameFile
#[test]
fn the_server_copies_from_one_file_to_another_and_within_one() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    let source = opened(&mut peer, &create("a"));
    let data: Vec<u8> = (0..1024).map(|at: u32| (at % 251) as u8).collect();
    ok(&mut peer, &write(source, 0, &data));
    let key = output(&mut peer, &control(RESUME_KEY, source, &[], 32));
    let other = opened(&mut peer, &create("b"));
    for (target, to) in [(other, 0u64), (source, 1024)] {
        let chunk = [&0u64.to_le_bytes()[..], &to.to_le_bytes(), &1024u32.to_le_bytes(), &[0; 4]].concat();
        let asked = [&key[..24], &1u32.to_le_bytes(), &[0; 4], &chunk].concat();
        let told = output(&mut peer, &control(COPY, target, &asked, 12));
        assert_eq!([u32_at(&told, 0), u32_at(&told, 8)], [1, 1024], "chunks, bytes");
        assert_eq!(output(&mut peer, &read(target, to, 1024)), data);
    }
}

/// BVT_EnumerateSnapShots: a share that has none says so.
#[test]
fn there_are_no_snapshots_and_that_is_no_fault() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    let file = opened(&mut peer, &create("a"));
    let told = output(&mut peer, &control(wire::ioctl::code::SRV_ENUMERATE_SNAPSHOTS, file, &[], 16));
    assert_eq!([u32_at(&told, 0), u32_at(&told, 4)], [0, 0]);
}

/// BVT_NetworkInterfaceInfo_QuerySuccessful, NetworkInterfaceInfo_Query_ReturnsErrorStatus
#[test]
fn the_servers_addresses_are_told_on_ipc_and_not_on_a_tree_that_is_none() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    assert_eq!(peer.tree("IPC$").unwrap().status(), NtStatus::SUCCESS);
    let ask = control(wire::ioctl::code::QUERY_NETWORK_INTERFACE_INFO, FileId::ANY, &[], 65_536);
    let told = output(&mut peer, &ask);
    assert_eq!(told.len() % 8, 0);
    assert!([2, 23].contains(&told[24]), "Family is that of IPv4 or IPv6");
    peer.tree_id += 1;
    assert_eq!(peer.status(&ask), NtStatus::NETWORK_NAME_DELETED);
}

/// FsCtl_MarkHandle_…, FsCtl_Get_NTFS_Volume_Data_…, FileInfo_Query_FileIdInformation_… ask for what is not served; the table says so.
/// What is asked for without being served is refused in the same words.
#[test]
fn a_control_code_that_no_store_knows_is_no_request_for_this_device() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    let file = opened(&mut peer, &create("a"));
    for code in [FsctlCode::MARK_HANDLE, FsctlCode::GET_NTFS_VOLUME_DATA, FsctlCode::READ_FILE_USN_DATA] {
        let status = peer.status(&control(code, file, &[0; 24], 1024));
        assert_eq!(status, NtStatus::INVALID_DEVICE_REQUEST, "{code:?}");
    }
    assert_eq!(peer.status(&Request::Echo(wire::echo::Request)), NtStatus::SUCCESS);
}
