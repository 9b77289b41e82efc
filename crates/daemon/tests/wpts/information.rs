//! QUERY_INFO and SET_INFO: classes of files and of file systems.
use nt::{AccessMask, CreateOptions, NtStatus};
use wire::FileId;
use wire::query_info::InfoType;

use crate::ground::{D30, D311, Ground, ok, opened, output, u32_at, u64_at, utf16};
use crate::peer::Peer;
use crate::peer::request::{self, Create, create, query, set, write};

const FILE: InfoType = InfoType::FILE;
const FILESYSTEM: InfoType = InfoType::FILESYSTEM;

/// A file and a directory, with every right.
fn both(peer: &mut Peer) -> [FileId; 2] {
    let all = |asks: Create| asks.access(AccessMask::GENERIC_ALL);
    let file = opened(peer, &all(create("file name.txt")));
    [file, opened(peer, &all(create("directory").options(CreateOptions::DIRECTORY_FILE)))]
}

/// BVT_SMB2Basic_QueryAndSet_FileInfo
#[test]
fn what_a_create_told_is_asked_and_set() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    let answered = peer.ask(&create("f").request()).unwrap();
    let (file, made) = (answered.file_id(), answered.created().attributes);
    let basic = output(&mut peer, &query(file, FILE, 4, 40));
    let times = [made.creation_time, made.last_access_time, made.last_write_time, made.change_time];
    for (at, time) in times.into_iter().enumerate() {
        assert_eq!(u64_at(&basic, 8 * at), time.0, "{at}");
    }
    assert_eq!(u32_at(&basic, 32), made.file_attributes.0);
    let mut wanted = vec![0; 40];
    wanted[8..16].copy_from_slice(&133_000_000_000_000_000u64.to_le_bytes());
    ok(&mut peer, &set(file, FILE, 4, &wanted));
    let after = output(&mut peer, &query(file, FILE, 4, 40));
    assert_eq!(after[8..16], wanted[8..16]);
}

/// BVT_SMB2Basic_Query_FileAllInformation
#[test]
fn all_information_is_each_part_of_it() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    for file in both(&mut peer) {
        let all = output(&mut peer, &query(file, FILE, 18, 4096));
        // Where each part begins: basic, standard, internal, EA, access, position, mode, alignment. [MS-FSCC] 2.4.2
        let parts = [
            (4, 0, 36),
            (5, 40, 22),
            (6, 64, 8),
            (7, 72, 4),
            (8, 76, 4),
            (14, 80, 8),
            (16, 88, 4),
            (17, 92, 4),
        ];
        for (class, at, len) in parts {
            let part = output(&mut peer, &query(file, FILE, class, 64));
            assert_eq!(all[at..at + len], part[..len], "class {class}");
        }
    }
}

/// BVT_SMB2Basic_Query_FileNormalizedNameInformation_DataFile, _DirectoryFile, FSA's FileInfo_Query_FileNormalizedNameInfo_File, _Dir
#[test]
fn a_normalized_name_is_the_path_below_the_share() {
    let ground = Ground::new();
    ground.has_directory("Outer");
    let mut peer = ground.peer(1, D311);
    for (asks, name) in [
        (create(r"outer\Inner"), r"Outer\Inner"),
        (create(r"OUTER\dir").options(CreateOptions::DIRECTORY_FILE), r"Outer\dir"),
    ] {
        let file = opened(&mut peer, &asks);
        let told = output(&mut peer, &query(file, FILE, 48, 512));
        assert_eq!(told[4..], utf16(name));
        assert_eq!(u32_at(&told, 0) as usize, told.len() - 4);
    }
}

/// FileInfo_Query_FileAccessInformation_DataSuffix, _FileAlignmentInformation, _FileInternalInformation, _FileModeInformation,
/// _FilePositionInformation
#[test]
fn small_classes_tell_what_the_open_is() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    let file = opened(&mut peer, &create("f::$DATA"));
    assert_eq!(u32_at(&output(&mut peer, &query(file, FILE, 8, 4)), 0), create("f").access.0);
    let alignment = u32_at(&output(&mut peer, &query(file, FILE, 17, 4)), 0);
    assert!([0, 1, 3, 7, 0xF, 0x1F, 0x3F, 0x7F, 0xFF, 0x1FF].contains(&alignment));
    assert_ne!(u64_at(&output(&mut peer, &query(file, FILE, 6, 8)), 0), 0);
    assert_eq!(u32_at(&output(&mut peer, &query(file, FILE, 16, 4)), 0), 0);
    assert_eq!(u64_at(&output(&mut peer, &query(file, FILE, 14, 8)), 0), 0);
    ok(&mut peer, &set(file, FILE, 14, &77u64.to_le_bytes()));
    assert_eq!(u64_at(&output(&mut peer, &query(file, FILE, 14, 8)), 0), 77);
    let short = [(8, 3), (17, 3), (6, 7), (16, 3), (14, 7), (4, 39), (5, 23), (34, 55), (35, 7)];
    for (class, len) in short {
        let status = peer.status(&query(file, FILE, class, len));
        assert_eq!(status, NtStatus::INFO_LENGTH_MISMATCH, "class {class}");
    }
}

/// FileInfo_Query_FileAttributeTagInfo_…, _FileBasicInfo_…, _FileNetworkOpenInfo_…, _FileCompressionInfo_…: what no ReFS volume is says
/// nothing of integrity, and what is not compressed says so.
#[test]
fn attributes_say_nothing_of_integrity() {
    const INTEGRITY_STREAM: u32 = 0x8000;
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    for file in both(&mut peer) {
        let places = [(35, 8, 0), (4, 40, 32), (34, 56, 48)];
        for (class, len, at) in places {
            let told = output(&mut peer, &query(file, FILE, class, len));
            assert_eq!(u32_at(&told, at) & INTEGRITY_STREAM, 0, "class {class}");
        }
        assert_eq!(u32_at(&output(&mut peer, &query(file, FILE, 35, 8)), 4), 0, "ReparseTag");
        let told = output(&mut peer, &query(file, FILE, 28, 16));
        assert_eq!(told[8..10], [0, 0], "COMPRESSION_FORMAT_NONE");
    }
}

/// FileInfo_Query_FileEaInformation_…, _FileFullEaInformation_…, FileInfo_Set_FileFullEaInformation_…, FileInfo_Set_FileEaInformation_…
#[test]
fn extended_attributes_are_set_told_and_counted() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    let ea = [&[0, 0, 0, 0, 0, 3, 5, 0][..], b"KEY\0", b"value"].concat();
    for file in both(&mut peer) {
        assert_eq!(u32_at(&output(&mut peer, &query(file, FILE, 7, 4)), 0), 0);
        ok(&mut peer, &set(file, FILE, 15, &ea));
        assert_ne!(u32_at(&output(&mut peer, &query(file, FILE, 7, 4)), 0), 0);
        assert_eq!(output(&mut peer, &query(file, FILE, 15, 256))[..ea.len()], ea);
        let status = peer.status(&set(file, FILE, 7, &1024u32.to_le_bytes()));
        assert_eq!(status, NtStatus::INVALID_INFO_CLASS);
    }
}

/// FileInfo_Set_FileLinkInfo_File_IsFileLinkInfoSupported, _Dir_
#[test]
fn a_file_gets_another_name_and_a_directory_does_not() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    let [file, directory] = both(&mut peer);
    let name = request::rename_to("another", true);
    ok(&mut peer, &set(file, FILE, 11, &name));
    assert!(ground.path("another").exists() && ground.path("file name.txt").exists());
    let status = peer.status(&set(directory, FILE, 11, &name));
    assert_eq!(status, NtStatus::FILE_IS_A_DIRECTORY);
}

/// FileInfo_Set_FileShortNameInfo_File_IsShortNameSupported, _Dir_
#[test]
fn a_short_name_is_set_where_the_volume_has_them() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    let asks = |asks: Create| asks.access(AccessMask::GENERIC_ALL);
    let backup = CreateOptions::OPEN_FOR_BACKUP_INTENT;
    for object in [
        asks(create("file name").options(backup)),
        asks(create("directory name").options(backup | CreateOptions::DIRECTORY_FILE)),
    ] {
        let file = opened(&mut peer, &object);
        let short = [&16u32.to_le_bytes()[..], &utf16("ABCDEFGH")].concat();
        let status = peer.status(&set(file, FILE, 40, &short));
        assert_eq!(status, NtStatus::SHORT_NAMES_NOT_ENABLED_ON_VOLUME);
    }
}

/// FileInfo_Set_FileValidDataLengthInfo_File_IsSupported, _Dir_
#[test]
fn a_valid_data_length_is_a_files() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    let [file, directory] = both(&mut peer);
    ok(&mut peer, &write(file, 0, &[7; 1024]));
    ok(&mut peer, &set(file, FILE, 39, &1024u64.to_le_bytes()));
    let status = peer.status(&set(directory, FILE, 39, &0u64.to_le_bytes()));
    assert_eq!(status, NtStatus::INVALID_PARAMETER);
}

/// FsInfo_Query_FileFsAttributeInformation_… (8): what the volume says it can, it does.
#[test]
fn a_volume_announces_what_it_can() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    for file in both(&mut peer) {
        let flags = u32_at(&output(&mut peer, &query(file, FILESYSTEM, 5, 256)), 0);
        // Reparse points, object ids, sparse files, named streams, hard links, EAs; encryption and integrity are nobody's here.
        for (flag, can) in [
            (0x80, true),
            (0x1_0000, true),
            (0x40, true),
            (0x4_0000, true),
            (0x40_0000, true),
            (0x80_0000, true),
            (0x2_0000, false),
            (0x400_0000, false),
        ] {
            assert_eq!(flags & flag != 0, can, "{flag:#x} of {flags:#x}");
        }
    }
}

/// FsInfo_Query_FileFsObjectIdInformation_… (4)
#[test]
fn a_volume_has_an_object_id_for_who_has_room() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    for file in both(&mut peer) {
        assert_eq!(peer.status(&query(file, FILESYSTEM, 8, 63)), NtStatus::INFO_LENGTH_MISMATCH);
        let told = output(&mut peer, &query(file, FILESYSTEM, 8, 64));
        assert_eq!(told.len(), 64);
        assert_ne!(told[..16], [0; 16]);
    }
}

/// FsInfo_Query_FileFsSectorSizeInformation_… (8), FsInfo_Query_FileFsSizeInformation_… (2),
/// FsInfo_Set_FileFsSectorSizeInformation_… (2)
#[test]
fn sectors_are_powers_of_two_that_fit_a_page() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    for file in both(&mut peer) {
        assert_eq!(peer.status(&query(file, FILESYSTEM, 11, 27)), NtStatus::INFO_LENGTH_MISMATCH);
        let told = output(&mut peer, &query(file, FILESYSTEM, 11, 28));
        assert_eq!(output(&mut peer, &query(file, FILESYSTEM, 11, 100)), told);
        let [logical, atomic, fast, effective] = [0, 4, 8, 12].map(|at| u32_at(&told, at));
        for size in [logical, atomic, effective] {
            assert!(size.is_power_of_two() && (512..=4096).contains(&size), "{size}");
        }
        assert!(atomic >= logical && effective >= logical);
        assert_eq!(fast, atomic);
        let size = output(&mut peer, &query(file, FILESYSTEM, 3, 24));
        assert!(u32_at(&size, 16).is_power_of_two(), "SectorsPerAllocationUnit");
        let status = peer.status(&set(file, FILESYSTEM, 11, &told));
        assert_eq!(status, NtStatus::INVALID_INFO_CLASS);
    }
}

/// BVT_SMB2Basic_Query_Quota_Info, QuotaInfo_Query_QuotaInformation_IsQuotaInfoSupported, _Set_: there are none, and no such file.
#[test]
fn there_are_no_quotas() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    let asks = create(r"$Extend\$Quota:$Q:$INDEX_ALLOCATION").disposition(nt::CreateDisposition::OPEN);
    let status = peer.status(&asks.request());
    let none = [NtStatus::OBJECT_PATH_NOT_FOUND, NtStatus::OBJECT_NAME_NOT_FOUND];
    assert!(none.contains(&status), "{status:?}");
}
