//! The command on shares of Debian's smbd, which keeps no reparse points in 4.17: the way there and the refusals.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)] // a test that cannot go on fails
mod run;
#[path = "../../remote/tests/smbd/mod.rs"]
mod smbd;

use run::Scratch;
use smbd::{PASSWORD, Smbd};

#[test]
fn get_find_and_resolve_ask_a_samba_share_and_tell_what_it_says() {
    let Some(smbd) = Smbd::start("", "") else { return };
    let here = Scratch::new();
    let password = here.file("password", &format!("{PASSWORD}\n")).to_string_lossy().into_owned();
    let run = |words: &[&str]| here.run(&[words, &["--password-file", &password]].concat());
    std::fs::create_dir(smbd.share().join("d")).unwrap();
    std::fs::write(smbd.share().join("d/50%.txt"), b"x").unwrap();
    let told = run(&["get", &smbd.url("d/50%25.txt")]).fails(3);
    assert!(told.contains("STATUS_NOT_A_REPARSE_POINT"), "{told}");
    let told = run(&["get", &smbd.url("none")]).fails(4);
    assert!(told.contains("STATUS_OBJECT_NAME_NOT_FOUND") && told.contains("the server says so"), "{told}");
    assert_eq!(run(&["find", &smbd.url("")]).ok(), "");
    let told = run(&["find", &smbd.url("d/none")]).fails(4);
    assert!(told.contains("STATUS_OBJECT_NAME_NOT_FOUND"), "{told}");
    let end = run(&["resolve", &smbd.url("d/50%25.txt")]).ok();
    assert!(end.contains("/share/d/50%25.txt, a file"), "{end}");
    // What is made for a point that the server then refuses goes again. Samba 4.17 has this status for a SET too.
    let told = run(&["set", "--create", "file", "--symlink", "x", &smbd.url("d/link")]).fails(3);
    assert!(told.contains("the server says so"), "{told}");
    assert!(!smbd.share().join("d/link").exists());
    let wrong = here.file("wrong", "no\n").to_string_lossy().into_owned();
    let told = here.run(&["get", "--password-file", &wrong, &smbd.url("d")]).fails(4);
    assert!(told.contains("STATUS_LOGON_FAILURE") && told.contains("next: "), "{told}");
}
