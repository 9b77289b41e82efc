//! The client against our own server: reparse points and links, which Debian's smbd does not keep.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // a test that cannot go on fails
#[path = "../../daemon/tests/serving/mod.rs"]
mod serving;

use nt::{AccessMask, CreateDisposition, CreateOptions, FileAttributes, FsctlCode, NtStatus, Utf16};
use remote::{
    Address, Destination, Evaluation, EvaluationClass, FollowError, LinkFault, Login, Policy, RemoteHop,
    RemoteOpen, RemoteRequest, Share,
};
use reparse::{MountPoint, RawReparse, Symlink, Tag};
use serving::{PASSWORD, Running, USER, Wish};

fn connect(running: &Running) -> Share {
    let address =
        Address::parse(&format!("smb://{USER}@127.0.0.1:{}/share", running.address.port())).unwrap();
    Share::connect(&address, &Login::with_password(&address, USER, PASSWORD.into()), Policy::default())
        .unwrap()
}

fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

/// Makes an object and sets a point on it.
fn make(share: &Share, path: &str, kind: CreateOptions, point: &RawReparse) {
    let request = RemoteRequest {
        disposition: CreateDisposition::CREATE,
        options: kind,
        attributes: FileAttributes::NORMAL,
        ..RemoteRequest::existing(AccessMask::GENERIC_READ | AccessMask::FILE_WRITE_ATTRIBUTES)
    };
    let (open, _) = share.open_following(&units(path), &request, Evaluation::ALL, &mut Vec::new()).unwrap();
    assert!(share.fs_control(open, FsctlCode::SET_REPARSE_POINT, &point.encode(), 0).unwrap().1.is_empty());
    share.close(open).unwrap();
}

fn follow(
    share: &Share,
    path: &str,
    evaluation: Evaluation,
) -> (Result<(RemoteOpen, Utf16), FollowError>, Vec<RemoteHop>) {
    let mut hops = Vec::new();
    let request = RemoteRequest::existing(AccessMask::FILE_READ_ATTRIBUTES);
    (share.open_following(&units(path), &request, evaluation, &mut hops), hops)
}

#[test]
fn points_are_set_read_back_listed_and_deleted_and_refused_as_on_windows() {
    let folder = tempfile::tempdir().unwrap();
    let running = serving::start(folder.path(), 0, &Wish::default());
    let share = connect(&running);
    assert!(share.is_sealed());
    let vendor = RawReparse::new(Tag(0x8000_4711), None, &[1, 2, 3]).unwrap();
    make(&share, r"\odd", CreateOptions::NON_DIRECTORY_FILE, &vendor);
    let request =
        RemoteRequest::existing(AccessMask::GENERIC_READ | AccessMask::FILE_WRITE_ATTRIBUTES).itself();
    let (open, _) =
        share.open_following(&units(r"\odd"), &request, Evaluation::default(), &mut Vec::new()).unwrap();
    let get = |len| share.fs_control(open, FsctlCode::GET_REPARSE_POINT, &[], len);
    assert_eq!(get(16_384).unwrap(), (NtStatus::SUCCESS, vendor.encode_get()));
    // [WINE] test_reparse_points: a size that is one byte short gives what fits.
    let (status, part) = get(10).unwrap_or_else(|error| (error.status(), Vec::new()));
    assert!(
        matches!(status, NtStatus::BUFFER_TOO_SMALL | NtStatus::BUFFER_OVERFLOW) && part.len() <= 10,
        "{status}"
    );
    let other = RawReparse::new(Tag(0x8000_4712), None, &[]).unwrap().encode();
    let refused = share.fs_control(open, FsctlCode::SET_REPARSE_POINT, &other, 0).unwrap_err();
    assert_eq!(refused.status(), NtStatus::IO_REPARSE_TAG_MISMATCH);
    // It is none of the codes that go over the wire. spec/reparse-semantics.md 1.1
    let refused = share.fs_control(open, FsctlCode::SET_REPARSE_POINT_EX, &[0; 48], 0).unwrap_err();
    assert!(
        matches!(refused.status(), NtStatus::NOT_SUPPORTED | NtStatus::INVALID_DEVICE_REQUEST),
        "{refused}"
    );
    let list = RemoteRequest::existing(AccessMask::FILE_LIST_DIRECTORY);
    let (root, _) =
        share.open_following(&units(r"\"), &list, Evaluation::default(), &mut Vec::new()).unwrap();
    let entries = share.entries(root, true).unwrap().unwrap();
    assert_eq!((entries.len(), entries[0].tag), (1, Some(Tag(0x8000_4711))));
    let header = RawReparse::new(Tag(0x8000_4711), None, &[]).unwrap().encode();
    share.fs_control(open, FsctlCode::DELETE_REPARSE_POINT, &header, 0).unwrap();
    assert_eq!(get(16_384).unwrap_err().status(), NtStatus::NOT_A_REPARSE_POINT);
    share.close(open).unwrap();
    share.close(root).unwrap();
}

/// [MS-SMB2] 2.2.2.2.1.1, link by link.
#[test]
fn links_are_evaluated_by_the_client_and_junctions_by_the_server() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["dir", "dir/deep"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
    }
    std::fs::write(folder.path().join("dir/deep/file"), b"x").unwrap();
    let running = serving::start(folder.path(), 0, &Wish::default());
    let share = connect(&running);
    let directory = CreateOptions::DIRECTORY_FILE;
    let relative = |target: &str| Symlink::relative(target).unwrap().raw().clone();
    let absolute = |target: &str| Symlink::absolute(target).unwrap().raw().clone();
    make(&share, r"\dir\up", directory, &relative(r"..\dir\deep"));
    make(&share, r"\rooted", directory, &relative(r"\dir"));
    make(&share, r"\self", directory, &relative("self"));
    make(&share, r"\above", directory, &relative(r"..\..\x"));
    make(&share, r"\unc", directory, &absolute(r"\\127.0.0.1\SHARE\dir"));
    make(&share, r"\away", directory, &absolute(r"\\elsewhere\data\x"));
    make(&share, r"\local", directory, &absolute(r"C:\Users"));
    make(&share, r"\junction", directory, MountPoint::to_directory(r"C:\dir").unwrap().raw());

    let remote = Evaluation { remote_to_remote: true, ..Evaluation::default() };
    for (path, end, hops) in [
        (r"\dir\up\file", r"\dir\deep\file", 1),
        (r"\rooted\up\file", r"\dir\deep\file", 2),
        (r"\unc\deep", r"\dir\deep", 1),
        (r"\junction\deep\file", r"\junction\deep\file", 0),
    ] {
        let (opened, met) = follow(&share, path, remote);
        let (open, at) = opened.unwrap();
        assert_eq!((at.to_string().as_str(), met.len()), (end, hops), "{path}");
        share.close(open).unwrap();
    }
    let (refused, met) = follow(&share, r"\dir\up\file", Evaluation::default());
    assert!(matches!(refused, Err(FollowError::ClassDisabled(EvaluationClass::RemoteToRemote))));
    assert_eq!(met[0].link.to_string(), r"\dir\up");
    assert_eq!(met[0].destination, Destination::SameShare(Utf16::from(r"\dir\deep\file")));
    let status = |path: &str, evaluation| follow(&share, path, evaluation).0.unwrap_err().status();
    assert_eq!(status(r"\self\x", remote), NtStatus::REPARSE_POINT_NOT_RESOLVED);
    assert_eq!(status(r"\local\x", remote), NtStatus::SYMLINK_CLASS_DISABLED);
    assert_eq!(status(r"\dir\up\none", remote), NtStatus::OBJECT_NAME_NOT_FOUND);
    assert!(matches!(follow(&share, r"\above", remote).0, Err(FollowError::Link(LinkFault::AboveRoot))));
    let elsewhere = follow(&share, r"\away\y", remote).0.unwrap_err();
    let FollowError::Elsewhere(Destination::Share { server, share: name, path }) = elsewhere else {
        unreachable!("{elsewhere}")
    };
    assert_eq!(
        (server.to_string(), name.to_string(), path.to_string()),
        ("elsewhere".into(), "data".into(), r"\x\y".into())
    );
    let elsewhere = follow(&share, r"\local\x", Evaluation::ALL).0.unwrap_err();
    let FollowError::Elsewhere(Destination::Local { volume, path }) = elsewhere else { unreachable!() };
    assert_eq!((volume.to_string(), path.to_string()), ("C:".into(), r"\Users\x".into()));
}
