//! The library on shares of a server: C programs whose `S:` is a share.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)] // a test that cannot go on fails
mod programs;
#[path = "../../remote/tests/smbd/mod.rs"]
mod smbd;

use programs::{Compiler, Program};
use smbd::{PASSWORD, Smbd};

#[test]
fn a_drive_that_is_a_samba_share_has_files_listings_names_and_requests_in_the_background() {
    let compiler = Compiler { command: "gcc", language: &["-std=c11"] };
    if compiler.is_missing() {
        return;
    }
    let Some(smbd) = Smbd::start("", "") else { return };
    let program = Program::compile(&compiler, "share");
    for path in ["", "sub"] {
        std::fs::create_dir_all(smbd.share().join("sub")).unwrap();
        let mut command = std::process::Command::new(program.path());
        // Samba 4.17 has this status for a SET: ERROR_NOT_A_REPARSE_POINT.
        program.with_libraries(command.arg("4390"));
        command.env("POINTSMAN_DRIVES", format!("S:={}", smbd.url(path))).env("POINTSMAN_PASSWORD", PASSWORD);
        program.assert_ok(&mut command);
    }
    // By the share's name alone.
    let unc = Program::compile(&compiler, "unc");
    let mut command = std::process::Command::new(unc.path());
    unc.with_libraries(command.arg("4390"));
    command.env("POINTSMAN_PORT", smbd.port.to_string()).env("POINTSMAN_USER", smbd::USER);
    unc.assert_ok(command.env("POINTSMAN_PASSWORD", PASSWORD));
    // Without a password there is nobody to ask as.
    let mut command = std::process::Command::new(program.path());
    program.with_libraries(&mut command).env("POINTSMAN_DRIVES", format!("S:={}", smbd.url("")));
    let output = command.env_remove("POINTSMAN_PASSWORD").output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success() && told.contains("CreateDirectoryW"), "{told}");
    assert!(told.contains("1326"), "ERROR_LOGON_FAILURE: {told}");
}
