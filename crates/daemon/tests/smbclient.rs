//! Samba's smbclient as a judge: every dialect, plain, signed and sealed; skipped where it is not installed.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // a test fails by a panic, and says why it is skipped
use std::path::Path;
use std::process::{Command, Output};

mod serving;

use serving::{PASSWORD, Running, USER, Wish};

fn has_smbclient() -> bool {
    let found = Command::new("smbclient").arg("--version").output().is_ok();
    if !found {
        println!("skipped: smbclient is not installed");
    }
    found
}

fn smbclient(running: &Running, options: &[&str], script: &str) -> Output {
    Command::new("smbclient")
        .args(["-p", &running.address.port().to_string(), "-U", &format!("{USER}%{PASSWORD}")])
        .args(options)
        .args(["//127.0.0.1/share", "-c", script])
        .output()
        .unwrap()
}

fn succeeds(running: &Running, options: &[&str], script: &str) -> String {
    let output = smbclient(running, options, script);
    let text = [&output.stdout[..], &output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(output.status.success(), "{options:?} {script}: {text}");
    text
}

/// Makes, reads back, renames, lists and removes.
const ROUND: &str =
    "mkdir d; cd d; put in a; ls; get a out; rename a b; get b out2; rm b; cd ..; rmdir d; ls";

fn round(running: &Running, folder: &Path, options: &[&str]) {
    let local = tempfile::tempdir().unwrap();
    let data: Vec<u8> = (0..300_000u32).flat_map(u32::to_le_bytes).collect();
    std::fs::write(local.path().join("in"), &data).unwrap();
    succeeds(running, options, &format!("lcd {}; {ROUND}", local.path().display()));
    for copy in ["out", "out2"] {
        assert!(std::fs::read(local.path().join(copy)).unwrap() == data, "{options:?} {copy}");
    }
    let left: Vec<_> = std::fs::read_dir(folder).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn smbclient_works_in_every_dialect_plain_signed_and_sealed() {
    if !has_smbclient() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let running = serving::start(folder.path(), 0, &Wish::default());
    for dialect in ["SMB2_02", "SMB2_10", "SMB3_00", "SMB3_02", "SMB3_11"] {
        for protection in ["off", "sign", "encrypt"] {
            if protection == "encrypt" && dialect.starts_with("SMB2") {
                continue;
            }
            let protect = format!("--client-protection={protection}");
            round(&running, folder.path(), &["-m", dialect, &protect]);
        }
    }
}

#[test]
fn a_server_that_demands_encryption_gets_it_and_old_dialects_are_refused() {
    if !has_smbclient() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let running = serving::start(folder.path(), 0, &Wish { encrypt: true, ..Wish::default() });
    round(&running, folder.path(), &["-m", "SMB3_11"]);
    round(&running, folder.path(), &["-m", "SMB3_00"]);
    let refused = smbclient(&running, &["-m", "SMB2_10"], "ls");
    assert!(!refused.status.success());
}

#[test]
fn a_wrong_password_and_an_unknown_share_are_refused() {
    if !has_smbclient() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let running = serving::start(folder.path(), 0, &Wish::default());
    let port = running.address.port().to_string();
    for (user, share, status) in [
        ("alice%wrong", "share", "NT_STATUS_LOGON_FAILURE"),
        ("nobody%Passw0rd!", "share", "NT_STATUS_LOGON_FAILURE"),
        ("alice%Passw0rd!", "other", "NT_STATUS_BAD_NETWORK_NAME"),
    ] {
        let share = format!("//127.0.0.1/{share}");
        let output = Command::new("smbclient").args(["-p", &port, "-U", user, &share, "-c", "ls"]).output();
        let output = output.unwrap();
        let text = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned();
        assert!(!output.status.success() && text.contains(status), "{user} {share}: {text}");
    }
}

#[test]
fn smbclient_lists_the_shares() {
    if !has_smbclient() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let running = serving::start(folder.path(), 0, &Wish::default());
    let port = running.address.port().to_string();
    for user in ["alice%Passw0rd!", "%"] {
        let output = Command::new("smbclient").args(["-p", &port, "-U", user, "-L", "127.0.0.1"]).output();
        let text = String::from_utf8_lossy(&output.unwrap().stdout).into_owned();
        for line in ["share", "A directory", "share2", "IPC$", "Remote IPC"] {
            assert!(text.contains(line), "{user}: {text}");
        }
    }
}
