//! CREATE: names, links, what may be deleted, pipes.
use nt::{AccessMask, CreateDisposition, CreateOptions, FileAttributes, FsctlCode, NtStatus};
use wire::Response;

use crate::ground::{D30, Ground, ok, opened};
use crate::peer::Peer;
use crate::peer::request::{self, Create, control, create};

const ACCESS: AccessMask = AccessMask(0xC001_0000);

fn file(name: &str) -> Create {
    create(name).access(ACCESS).options(CreateOptions::NON_DIRECTORY_FILE)
}

fn directory(name: &str) -> Create {
    create(name).access(ACCESS).options(CreateOptions::DIRECTORY_FILE)
}

fn made(asks: Create) -> Create {
    asks.disposition(CreateDisposition::CREATE)
}

fn goes(asks: Create) -> Create {
    let options = asks.options | CreateOptions::DELETE_ON_CLOSE;
    asks.options(options)
}

/// BVT_CreateClose_CreateAndCloseFile, BVT_CreateClose_CreateAndCloseDirectory
#[test]
fn one_client_makes_and_another_deletes() {
    let ground = Ground::new();
    for asks in [file("f"), directory("d")] {
        let mut first = ground.peer(1, D30);
        let one = opened(&mut first, &made(asks.clone()));
        ok(&mut first, &request::close(one));
        let mut second = ground.peer(2, D30);
        let one = opened(&mut second, &goes(asks.clone().disposition(CreateDisposition::OPEN)));
        ok(&mut second, &request::close(one));
        assert!(!ground.path(&asks.name).exists());
    }
}

/// CreateClose_DeleteFile_DesiredAccessNotIncludeDeleteOrGenericAll, with the status of Server 2012 and of [MS-FSA] 2.1.5.1; later ones
/// say STATUS_ACCESS_DENIED there.
#[test]
fn who_may_not_delete_asks_for_no_deletion_on_close() {
    let ground = Ground::new();
    let asks = goes(made(file("f"))).access(AccessMask::GENERIC_READ | AccessMask::GENERIC_WRITE);
    assert_eq!(ground.peer(1, D30).status(&asks.request()), NtStatus::INVALID_PARAMETER);
    assert!(!ground.path("f").exists());
}

/// CreateClose_CreateAndCloseFileWithDotDir, _DirWithDotDir, _FileWithDoubleDotDir, _DirWithDoubleDotDir,
/// CreateFile_WithDoubleBackSlashInMiddle
#[test]
fn one_dot_in_a_path_is_passed_over_and_two_behind_its_first_name_are_refused() {
    let ground = Ground::new();
    ground.has_directory("d");
    let mut peer = ground.peer(1, D30);
    for (asks, there) in
        [(file(r"d\.\f"), "d/f"), (directory(r"d\.\below"), "d/below"), (file(r"d\\f"), "d/f")]
    {
        let one = opened(&mut peer, &goes(made(asks)));
        assert!(ground.path(there).exists());
        ok(&mut peer, &request::close(one));
    }
    for asks in [file(r"d\..\f"), directory(r"d\..\other")] {
        assert_eq!(peer.status(&goes(made(asks)).request()), NtStatus::INVALID_PARAMETER);
    }
    let missing = peer.status(&made(file(r"missing\\f")).request());
    assert_eq!(missing, NtStatus::OBJECT_PATH_NOT_FOUND);
    let outside = made(file(r"..\f")).request();
    assert_eq!(peer.status(&outside), NtStatus::OBJECT_PATH_SYNTAX_BAD);
}

/// Sets a symbolic link to a directory.
fn linked(peer: &mut Peer, name: &str, target: &str) {
    let options = CreateOptions::DIRECTORY_FILE | CreateOptions::OPEN_REPARSE_POINT;
    let access = AccessMask::FILE_WRITE_ATTRIBUTES;
    let link = opened(peer, &create(name).access(access).options(options));
    ok(peer, &control(FsctlCode::SET_REPARSE_POINT, link, &request::symlink(target), 0));
    ok(peer, &request::close(link));
}

/// CreateClose_SymbolicLinkInMiddle, _SymbolicLinkAtLast, _InvalidSymbolicLink
#[test]
fn a_symbolic_link_on_the_way_stops_and_tells_what_is_left() {
    let ground = Ground::new();
    ground.has_directory("d");
    let mut peer = ground.peer(1, D30);
    linked(&mut peer, "l", "d");
    linked(&mut peer, r"d\nowhere", "nothing");
    for (name, left) in [(r"l\below\f", r"\below\f"), ("l", ""), (r"d\nowhere\f", r"\f")] {
        let answered = peer.ask(&made(directory(name)).request()).unwrap();
        let status = answered.status();
        // The last component is the link itself for who would make it.
        let wanted = [NtStatus::STOPPED_ON_SYMLINK, NtStatus::OBJECT_NAME_COLLISION];
        assert!(wanted[..if left.is_empty() { 2 } else { 1 }].contains(&status), "{name}: {status:?}");
        let opens = directory(name).disposition(CreateDisposition::OPEN).request();
        let answered = peer.ask(&opens).unwrap();
        assert_eq!(answered.status(), NtStatus::STOPPED_ON_SYMLINK, "{name}");
        let Response::Error(error) = answered.body() else { panic!("{name}") };
        let shown = format!("{error:?}");
        assert!(!shown.is_empty());
        let bytes = u16::try_from(2 * left.len()).unwrap();
        // [MS-SMB2] 2.2.2.2.1: SymLinkLength, "SYML", the tag, ReparseDataLength, UnparsedPathLength.
        let data = error_data(&answered);
        assert_eq!(data[4..8], *b"SYML");
        assert_eq!(data[14..16], bytes.to_le_bytes(), "{name}");
    }
}

/// The data of an ERROR response. [MS-SMB2] 2.2.2
fn error_data(answered: &crate::peer::Answered) -> Vec<u8> {
    answered.bytes()[64 + 8..].to_vec()
}

/// InvalidCreateRequestStructureSize
#[test]
fn a_create_that_is_shorter_than_it_says_is_refused() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    let mut bytes = peer.bytes_of(&create("f").request());
    bytes.truncate(64 + 40);
    peer.raw_next(&bytes).unwrap();
    let answered = peer.next_message().unwrap();
    assert_eq!(answered.status(), NtStatus::INVALID_PARAMETER);
}

/// CreateDirectory_EndWithBackSlash, CreateFile_EndWithInvalidBackSlash, CreateFile_WithDoubleBackSlashInMiddle,
/// CreateDirectory_InvalidColon, CreateFile_InvalidColon, CreateFile_InvalidStreamName
#[test]
fn names_that_are_none_are_refused_with_their_status() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    opened(&mut peer, &made(directory("d\\")));
    let cases = [
        (file("f\\"), NtStatus::OBJECT_NAME_INVALID),
        (directory("x:"), NtStatus::OBJECT_NAME_INVALID),
        (file("x:"), NtStatus::OBJECT_NAME_INVALID),
        (directory("x:s:$INDEX_ALLOCATION"), NtStatus::INVALID_PARAMETER),
    ];
    for (asks, status) in cases {
        assert_eq!(peer.status(&made(asks.clone()).request()), status, "{}", asks.name);
    }
}

/// FileAccess_WriteReadOnlyFile, FileAccess_DeleteReadOnlyDataFile
#[test]
fn a_read_only_file_is_neither_written_nor_deleted() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    let asks = Create { attributes: FileAttributes::READONLY, ..made(file("f")) };
    let one = opened(&mut peer, &asks.access(AccessMask::GENERIC_ALL));
    ok(&mut peer, &request::close(one));
    let opens = |asks: Create| asks.disposition(CreateDisposition::OPEN).request();
    let writes = opens(file("f").access(AccessMask::GENERIC_WRITE));
    assert_eq!(peer.status(&writes), NtStatus::ACCESS_DENIED);
    let deletes = opens(create("f").access(AccessMask::DELETE).options(CreateOptions::DELETE_ON_CLOSE));
    assert_eq!(peer.status(&deletes), NtStatus::CANNOT_DELETE);
}

/// BVT_FileAccess_OpenNamedPipe, _InvalidPathName, FileAccess_OpenNamedPipe_IsCaseInsensitive, _DesiredAccessZero
#[test]
fn a_pipe_is_opened_by_its_name_in_any_case() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    assert_eq!(peer.tree("IPC$").unwrap().status(), NtStatus::SUCCESS);
    let pipe = |name: &str| {
        let access = AccessMask::GENERIC_READ | AccessMask::GENERIC_WRITE;
        create(name).access(access).disposition(CreateDisposition::OPEN)
    };
    for name in ["srvsvc", "SRVSVC"] {
        let one = opened(&mut peer, &pipe(name));
        ok(&mut peer, &request::close(one));
    }
    assert_eq!(peer.status(&pipe("none").request()), NtStatus::OBJECT_NAME_NOT_FOUND);
    let nothing = pipe("srvsvc").access(AccessMask(0)).request();
    assert_eq!(peer.status(&nothing), NtStatus::ACCESS_DENIED);
}
