//! The client against Debian's smbd, as far as that goes: Samba 4.17 stores no reparse points.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)] // a test that cannot go on fails
mod smbd;

use nt::{
    AccessMask, CreateDisposition, CreateOptions, FileAttributes, FileInformationClass, FsctlCode, NtStatus,
    Utf16,
};
use remote::{
    Address, Evaluation, FollowError, Login, Policy, RemoteError, RemoteOpen, RemoteRequest, Sealing, Share,
};
use smbd::{PASSWORD, Smbd, USER};

fn connect(smbd: &Smbd, policy: Policy) -> Result<Share, RemoteError> {
    let address = Address::parse(&smbd.url("")).unwrap();
    Share::connect(&address, &Login::with_password(&address, USER, PASSWORD.into()), policy)
}

fn open(share: &Share, path: &str, request: &RemoteRequest) -> Result<RemoteOpen, FollowError> {
    let path: Vec<u16> = path.encode_utf16().collect();
    share.open_following(&path, request, Evaluation::default(), &mut Vec::new()).map(|(open, _)| open)
}

fn create(options: CreateOptions) -> RemoteRequest {
    RemoteRequest {
        disposition: CreateDisposition::CREATE,
        options,
        attributes: FileAttributes::NORMAL,
        ..RemoteRequest::existing(AccessMask::GENERIC_READ | AccessMask::GENERIC_WRITE | AccessMask::DELETE)
    }
}

#[test]
fn files_and_directories_are_made_written_read_listed_and_removed_sealed_or_signed() {
    let Some(smbd) = Smbd::start("", "") else { return };
    for sealing in [Sealing::Required, Sealing::IfDemanded] {
        let share = connect(&smbd, Policy { sealing, ..Policy::default() }).unwrap();
        assert_eq!(share.is_sealed(), sealing == Sealing::Required);
        let directory = open(&share, r"\d", &create(CreateOptions::DIRECTORY_FILE)).unwrap();
        let file = open(&share, r"\d\file", &create(CreateOptions::NON_DIRECTORY_FILE)).unwrap();
        // Longer than what one READ or WRITE carries.
        let data: Vec<u8> = (0..200_000u32).map(|n| n.to_le_bytes()[0]).collect();
        share.write(file, 0, &data).unwrap();
        share.flush(file).unwrap();
        assert_eq!(std::fs::read(smbd.share().join("d/file")).unwrap(), data);
        assert_eq!(share.read(file, 0, 300_000).unwrap(), data);
        assert_eq!(share.read(file, 199_999, 10).unwrap().len(), 1);
        assert_eq!(share.read(file, 200_000, 10).unwrap(), []);
        let listed = share.entries(directory, true).unwrap().unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!(
            (listed[0].name.to_string().as_str(), listed[0].size, listed[0].tag),
            ("file", 200_000, None)
        );
        assert_eq!(share.entries(directory, false).unwrap(), None);
        let standard =
            share.query_information(file, FileInformationClass::STANDARD_INFORMATION, 24).unwrap().bytes;
        assert_eq!(standard.get(8..16).unwrap(), 200_000u64.to_le_bytes());
        for open in [file, directory] {
            share.set_information(open, FileInformationClass::DISPOSITION_INFORMATION, &[1]).unwrap();
            share.close(open).unwrap();
        }
        assert!(!smbd.share().join("d").exists());
    }
}

#[test]
fn statuses_of_the_server_come_through_as_they_are() {
    let Some(smbd) = Smbd::start("", "") else { return };
    std::fs::write(smbd.share().join("file"), b"x").unwrap();
    let share = connect(&smbd, Policy::default()).unwrap();
    let look = RemoteRequest::existing(AccessMask::FILE_READ_ATTRIBUTES).itself();
    for (path, status) in [
        (r"\none", NtStatus::OBJECT_NAME_NOT_FOUND),
        (r"\none\below", NtStatus::OBJECT_PATH_NOT_FOUND),
        (r"\a*b", NtStatus::OBJECT_NAME_INVALID),
    ] {
        assert_eq!(open(&share, path, &look).unwrap_err().status(), status, "{path}");
    }
    let file = open(&share, r"\file", &look).unwrap();
    assert_eq!(file.size, 1);
    let get = share.fs_control(file, FsctlCode::GET_REPARSE_POINT, &[], 16_384);
    assert_eq!(get.unwrap_err().status(), NtStatus::NOT_A_REPARSE_POINT);
    // Samba 4.17 gives the handle of any file for FSCTL_CREATE_OR_GET_OBJECT_ID: a control that has output.
    let object_id = share.fs_control(file, FsctlCode(0x0009_00C0), &[], 64).unwrap();
    assert_eq!((object_id.0, object_id.1.len()), (NtStatus::SUCCESS, 64));
    share.close(file).unwrap();
    let closed = share.close(file).unwrap_err();
    assert_eq!(closed.status(), NtStatus::FILE_CLOSED);
}

#[test]
fn a_wrong_password_a_missing_share_and_a_dead_port_are_told_apart() {
    let Some(smbd) = Smbd::start("map to guest = bad user", "guest ok = yes") else { return };
    let address = Address::parse(&smbd.url("")).unwrap();
    let wrong = Login::with_password(&address, USER, "wrong".into());
    let refused = Share::connect(&address, &wrong, Policy::default()).err().unwrap();
    assert_eq!(refused.status(), NtStatus::LOGON_FAILURE);
    // Samba offers a guest's session to a user it does not know: nobody asked for that.
    let stranger = Login::with_password(&address, "stranger", "x".into());
    let refused = Share::connect(&address, &stranger, Policy::default()).err().unwrap();
    assert!(matches!(refused, RemoteError::Untrusted(_)), "{refused}");
    let missing = Address { share: "none".into(), ..address.clone() };
    let right = Login::with_password(&address, USER, PASSWORD.into());
    let refused = Share::connect(&missing, &right, Policy::default()).err().unwrap();
    assert_eq!(refused.status(), NtStatus::BAD_NETWORK_NAME);
    let dead = Address { port: 1, ..address };
    let refused = Share::connect(&dead, &right, Policy::default()).err().unwrap();
    assert_eq!(refused.status(), NtStatus::BAD_NETWORK_PATH);
}

#[test]
fn a_server_without_the_newest_dialect_or_without_encryption_is_refused_where_the_policy_says_so() {
    let Some(smbd) = Smbd::start("server max protocol = SMB3_02", "") else { return };
    assert!(matches!(connect(&smbd, Policy::default()), Err(RemoteError::Untrusted(_))));
    let old = Policy { old_dialects: true, ..Policy::default() };
    assert!(connect(&smbd, old).unwrap().is_sealed());
    let Some(smbd) = Smbd::start("server smb encrypt = off", "") else { return };
    assert!(!connect(&smbd, Policy::default()).unwrap().is_sealed());
    let required = Policy { sealing: Sealing::Required, ..Policy::default() };
    assert!(matches!(connect(&smbd, required), Err(RemoteError::Untrusted(_))));
    let Some(smbd) = Smbd::start("", "smb encrypt = required") else { return };
    let demanded = connect(&smbd, Policy { sealing: Sealing::IfDemanded, ..Policy::default() }).unwrap();
    assert!(demanded.is_sealed());
    open(&demanded, r"\", &RemoteRequest::existing(AccessMask::FILE_READ_ATTRIBUTES)).unwrap();
}

#[test]
fn several_threads_ask_through_one_connection() {
    let Some(smbd) = Smbd::start("", "") else { return };
    let share = connect(&smbd, Policy::default()).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let share = &share;
            scope.spawn(move || {
                for number in 0..20 {
                    let path = Utf16::from(format!(r"\t{thread}-{number}").as_str()).to_string();
                    let file = open(share, &path, &create(CreateOptions::NON_DIRECTORY_FILE)).unwrap();
                    share.write(file, 0, path.as_bytes()).unwrap();
                    assert_eq!(share.read(file, 0, 100).unwrap(), path.as_bytes());
                    share.close(file).unwrap();
                }
            });
        }
    });
    assert_eq!(std::fs::read_dir(smbd.share()).unwrap().count(), 80);
}
