//! Alternate data streams of files and directories.
use nt::{AccessMask, CreateDisposition, CreateOptions, FileAttributes, NtStatus, ShareAccess};
use wire::query_info::InfoType;

use crate::ground::{D30, Ground, ok, opened, output, u32_at, u64_at};
use crate::peer::Peer;
use crate::peer::request::{self, Create, create, query, read, set, write};

const BOTH: AccessMask = AccessMask(0x0001_0183);

fn stream(name: &str) -> Create {
    create(name).access(BOTH)
}

/// A file and a directory with two streams each.
fn ground() -> Ground {
    let ground = Ground::new();
    ground.has("f", b"12345678");
    ground.has_directory("d");
    let mut peer = ground.peer(0x98, D30);
    for (name, len) in [("f:one", 200), ("f:two", 400), ("d:one", 200), ("d:two", 400)] {
        let made = opened(&mut peer, &stream(name).disposition(CreateDisposition::CREATE));
        ok(&mut peer, &write(made, 0, &vec![7; len]));
        ok(&mut peer, &request::close(made));
    }
    ground
}

/// The streams of an object, with their lengths. [MS-FSCC] 2.4.49
fn streams(peer: &mut Peer, name: &str) -> Vec<(String, u64)> {
    let file = opened(peer, &create(name).access(AccessMask::FILE_READ_ATTRIBUTES));
    let bytes = output(peer, &query(file, InfoType::FILE, 22, 65_536));
    let (mut seen, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let entry = &bytes[at..];
        let len = u32_at(entry, 4) as usize;
        let units: Vec<u16> =
            entry[24..24 + len].chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        seen.push((String::from_utf16(&units).unwrap(), u64_at(entry, 8)));
        match u32_at(entry, 0) {
            0 => break,
            next => at += next as usize,
        }
    }
    seen.sort();
    seen
}

fn told(list: &[(&str, u64)]) -> Vec<(String, u64)> {
    list.iter().map(|(name, len)| ((*name).to_owned(), *len)).collect()
}

const OF_FILE: [(&str, u64); 3] = [("::$DATA", 8), (":one:$DATA", 200), (":two:$DATA", 400)];
const OF_DIRECTORY: [(&str, u64); 2] = [(":one:$DATA", 200), (":two:$DATA", 400)];

/// BVT_AlternateDataStream_CreateStream_File, _Dir, _ListStreams_File, _Dir
#[test]
fn streams_are_made_and_listed_with_their_lengths() {
    let ground = ground();
    let mut peer = ground.peer(1, D30);
    assert_eq!(streams(&mut peer, "f"), told(&OF_FILE));
    assert_eq!(streams(&mut peer, "d"), told(&OF_DIRECTORY));
}

/// BVT_AlternateDataStream_DeleteStream_File, _Dir
#[test]
fn a_stream_is_deleted_and_the_rest_stays() {
    let ground = ground();
    let mut peer = ground.peer(1, D30);
    for name in ["f:one", "d:one"] {
        let goes = stream(name).options(CreateOptions::DELETE_ON_CLOSE);
        let file = opened(&mut peer, &goes);
        ok(&mut peer, &request::close(file));
    }
    assert_eq!(streams(&mut peer, "f"), told(&[OF_FILE[0], OF_FILE[2]]));
    assert_eq!(streams(&mut peer, "d"), told(&OF_DIRECTORY[1..]));
}

/// BVT_AlternateDataStream_RenameStream_File, _Dir
#[test]
fn a_stream_is_renamed() {
    let ground = ground();
    let mut peer = ground.peer(1, D30);
    for name in ["f:two", "d:two"] {
        let file = opened(&mut peer, &stream(name));
        let to = request::rename_to(":three:$DATA", true);
        ok(&mut peer, &set(file, InfoType::FILE, 10, &to));
        ok(&mut peer, &request::close(file));
    }
    let renamed = told(&[OF_FILE[0], OF_FILE[1], (":three:$DATA", 400)]);
    let mut seen = streams(&mut peer, "f");
    seen.sort_by_key(|(_, len)| *len);
    assert_eq!(seen, renamed);
}

/// BVT_AlternateDataStream_WriteAndRead_File, _Dir
#[test]
fn a_stream_gives_back_what_was_written() {
    let ground = ground();
    let mut peer = ground.peer(1, D30);
    for name in ["f:new", "d:new"] {
        let file = opened(&mut peer, &stream(name));
        ok(&mut peer, &write(file, 5, b"in a stream"));
        assert_eq!(output(&mut peer, &read(file, 0, 100)), b"\0\0\0\0\0in a stream");
    }
}

/// AlternateDataStream_FileShareAccess_DataFileExisted, _DirectoryExisted, _AlternateStreamExisted
#[test]
fn who_may_delete_a_file_and_who_keeps_a_stream_from_it_exclude_each_other() {
    let all = |name: &str| create(name).access(AccessMask::GENERIC_ALL);
    let kept = |name: &str| Create { share: ShareAccess::READ, ..all(name) };
    for (first, second) in [
        (all("f"), kept("f:s")),
        (all("d").options(CreateOptions::DIRECTORY_FILE), kept("d:s")),
        (kept("f:s"), all("f")),
    ] {
        let ground = ground();
        let mut peer = ground.peer(1, D30);
        opened(&mut peer, &first);
        let status = peer.status(&second.request());
        assert_eq!(status, NtStatus::SHARING_VIOLATION, "{} {}", first.name, second.name);
    }
}

/// AlternateDataStream_Query_FileAccessInformation_File, _Dir, _FileBasicInformation_, _FileNetworkOpenInformation_,
/// _FileStandardInformation_
#[test]
fn a_stream_is_asked_as_a_file_is() {
    let ground = ground();
    let mut peer = ground.peer(1, D30);
    for name in ["f:one", "d:one"] {
        let file = opened(&mut peer, &stream(name));
        let access = output(&mut peer, &query(file, InfoType::FILE, 8, 4));
        assert_eq!(u32_at(&access, 0), BOTH.0);
        let basic = output(&mut peer, &query(file, InfoType::FILE, 4, 40));
        let whole = output(&mut peer, &query(file, InfoType::FILE, 34, 56));
        assert_eq!(basic[..32], whole[..32], "the times");
        let standard = output(&mut peer, &query(file, InfoType::FILE, 5, 24));
        assert_eq!([u64_at(&standard, 8), u64_at(&whole, 40)], [200, 200], "EndOfFile");
        assert_eq!(standard[21], 0, "a stream is no directory");
    }
}

/// AlternateDataStream_Query_FileCompressionInformation_File, _Dir
#[test]
fn a_stream_tells_how_it_is_compressed() {
    let ground = ground();
    let mut peer = ground.peer(1, D30);
    for name in ["f:one", "d:one"] {
        let file = opened(&mut peer, &stream(name));
        let told = output(&mut peer, &query(file, InfoType::FILE, 28, 16));
        assert_eq!(told[8..10], [0, 0], "COMPRESSION_FORMAT_NONE");
    }
}

/// AlternateDataStream_Set_FileEaInformation_File, _Dir, _Set_FileShortNameInformation_, _Set_FileValidDataLengthInformation_
#[test]
fn what_a_stream_cannot_be_set_is_refused() {
    let ground = ground();
    let mut peer = ground.peer(1, D30);
    let short = [&8u32.to_le_bytes()[..], &crate::ground::utf16("NAME")].concat();
    for name in ["f:one", "d:one"] {
        let file = opened(&mut peer, &stream(name));
        let ea = set(file, InfoType::FILE, 7, &[0, 4, 0, 0]);
        assert_eq!(peer.status(&ea), NtStatus::INVALID_INFO_CLASS, "{name}");
        let status = peer.status(&set(file, InfoType::FILE, 40, &short));
        let refused = [NtStatus::INVALID_PARAMETER, NtStatus::SHORT_NAMES_NOT_ENABLED_ON_VOLUME];
        assert!(refused.contains(&status), "{name}: {status:?}");
        assert_eq!(peer.status(&set(file, InfoType::FILE, 39, &200u64.to_le_bytes())), NtStatus::SUCCESS);
    }
    assert_eq!(FileAttributes::NORMAL, create("f").attributes);
}
