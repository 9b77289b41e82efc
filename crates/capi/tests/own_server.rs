//! The library on shares of our own server: the programs of a directory of this machine, with a share for a drive. And the
//! example of README, on each kind of place.
#![allow(clippy::unwrap_used)] // a test that cannot go on fails
mod programs;
#[path = "../../daemon/tests/serving/mod.rs"]
mod serving;

use programs::{Compiler, Program};
use serving::{PASSWORD, Running, USER, Wish};
use std::path::Path;
use std::process::Command;

const GCC: Compiler = Compiler { command: "gcc", language: &["-std=c11"] };

/// The program, whose `C:` and `S:` are the share, and `D:` a directory of it.
fn command(program: &Program, running: &Running, folder: &Path) -> Command {
    let url = format!("smb://{USER}@127.0.0.1:{}/share", running.address.port());
    std::fs::create_dir_all(folder.join("second")).unwrap();
    let mut command = Command::new(program.path());
    program.with_libraries(&mut command);
    command
        .env("POINTSMAN_DRIVES", format!("C:={url};S:={url};D:={url}/second"))
        .env("POINTSMAN_PASSWORD", PASSWORD)
        .env("POINTSMAN_SYMLINK_EVALUATION", "R2R:1");
    command
}

#[test]
fn programs_do_on_a_share_what_they_do_on_a_directory() {
    if GCC.is_missing() {
        return;
    }
    for name in ["share", "overlapped", "completion_port", "native", "times"] {
        let folder = tempfile::tempdir().unwrap();
        let running = serving::start(folder.path(), 0, &Wish::default());
        let program = Program::compile(&GCC, name);
        program.assert_ok(&mut command(&program, &running, folder.path()));
    }
}

#[test]
fn the_reference_page_s_call_prints_on_a_share_what_it_prints_on_a_directory() {
    if GCC.is_missing() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let running = serving::start(folder.path(), 0, &Wish::default());
    let program = Program::compile(&GCC, "page");
    let output = command(&program, &running, folder.path()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), programs::PAGE);
}

/// What the example needs.
fn furnish(folder: &Path) {
    for name in ["at", "full", "full/inside"] {
        std::fs::create_dir(folder.join(name)).unwrap();
    }
    std::fs::write(folder.join("file"), b"").unwrap();
}

#[test]
fn the_readme_s_example_prints_the_same_on_a_directory_and_on_a_share() {
    if GCC.is_missing() {
        return;
    }
    let program = Program::compile(&GCC, programs::EXAMPLE);
    let (directory, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let running = serving::start(shared.path(), 0, &Wish::default());
    let share = format!("smb://{USER}@127.0.0.1:{}/share", running.address.port());
    for (folder, place) in
        [(directory.path(), directory.path().display().to_string()), (shared.path(), share)]
    {
        furnish(folder);
        let mut command = Command::new(program.path());
        program.with_libraries(&mut command);
        let output = command
            .env("POINTSMAN_DRIVES", format!("X:={place}"))
            .env("POINTSMAN_PASSWORD", PASSWORD)
            .arg("X:")
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), programs::PAGE, "{place}");
        assert!(output.status.success());
    }
}
