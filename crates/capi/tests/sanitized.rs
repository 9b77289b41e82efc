//! The C programs with a sanitizer in them, in the library and in Rust's own. `cargo xtask judge sanitizers` builds that
//! library and says where it is; without it there is nothing to do here.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // a test that cannot go on fails
mod programs;
#[path = "../../daemon/tests/serving/mod.rs"]
mod serving;

use programs::{COMMON, IMAGES, POSIX, Program, Sanitizer};
use serving::{PASSWORD, USER, Wish};

/// What is in the library, if anything is.
fn sanitizer() -> Option<Sanitizer> {
    let sanitizer = Sanitizer::from_environment();
    if sanitizer.is_none() {
        println!("skip: run `cargo xtask judge sanitizers`");
    }
    sanitizer
}

/// A sanitizer that finds nothing anywhere proves nothing.
#[test]
fn the_sanitizer_finds_what_is_wrong_with_a_program_that_is_wrong() {
    let Some(sanitizer) = sanitizer() else { return };
    let program = Program::compile_sanitized(&sanitizer, "wrong");
    let output = program.command().arg(&sanitizer.kind).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && told.contains("Sanitizer"), "{told}");
}

#[test]
fn nothing_is_wrong_on_a_directory() {
    let Some(sanitizer) = sanitizer() else { return };
    for name in COMMON.iter().chain(POSIX) {
        let program = Program::compile_sanitized(&sanitizer, name);
        program.assert_ok(&mut program.command());
    }
}

#[test]
fn nothing_is_wrong_in_an_image() {
    let Some(sanitizer) = sanitizer() else { return };
    let folder = tempfile::tempdir().unwrap();
    for name in IMAGES.iter().chain(&["native", "privileges", "times"]) {
        let Some(image) = programs::image(folder.path()) else { return };
        let program = Program::compile_sanitized(&sanitizer, name);
        let drives = format!("C:={0};D:={0}!/sub", image.display());
        program.assert_ok(program.command().env("POINTSMAN_DRIVES", drives));
    }
}

#[test]
fn nothing_is_wrong_on_a_share() {
    let Some(sanitizer) = sanitizer() else { return };
    for name in ["share", "overlapped", "completion_port", "native", "times"] {
        let folder = tempfile::tempdir().unwrap();
        let running = serving::start(folder.path(), 0, &Wish::default());
        let url = format!("smb://{USER}@127.0.0.1:{}/share", running.address.port());
        let program = Program::compile_sanitized(&sanitizer, name);
        let mut command = program.command();
        command.env("POINTSMAN_DRIVES", format!("C:={url};S:={url}")).env("POINTSMAN_PASSWORD", PASSWORD);
        program.assert_ok(&mut command);
    }
}
