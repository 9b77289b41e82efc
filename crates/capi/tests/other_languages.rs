//! The examples in other languages, run as they stand.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // tests: they end by a panic, and say what they skip
mod programs;

use programs::{have, include, libraries};
use std::path::{Path, PathBuf};
use std::process::Command;

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

/// Runs a command with a drive of its own; what it prints.
#[track_caller]
fn printed(command: &mut Command) -> String {
    let drive = tempfile::tempdir().unwrap();
    command.env("POINTSMAN_DRIVES", format!("C:={}", drive.path().display()));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn python_sets_a_junction_with_ctypes() {
    if !have("python3") {
        println!("skip: python3 is not installed");
        return;
    }
    let mut python = Command::new("python3");
    python.arg(examples().join("junction.py")).arg(libraries().join("libpointsman.so"));
    assert_eq!(printed(&mut python), "read back: \\??\\C:\\somewhere\nand gone: 4390\n");
}

#[test]
fn go_sets_a_reparse_point_with_cgo() {
    if Command::new("go").arg("version").output().is_err() {
        println!("skip: go is not installed (golang-go)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let shared = libraries().join("libpointsman.so");
    for name in ["libpointsman.so", "libpointsman.so.0"] {
        std::os::unix::fs::symlink(&shared, folder.path().join(name)).unwrap();
    }
    let mut go = Command::new("go");
    go.args(["run", "."]).current_dir(examples().join("go"));
    go.env("CGO_ENABLED", "1")
        .env("CGO_CFLAGS", format!("-I{}", include().display()))
        .env("CGO_LDFLAGS", format!("-L{}", folder.path().display()))
        .env("GOFLAGS", "-mod=mod")
        .env("LD_LIBRARY_PATH", folder.path());
    assert_eq!(printed(&mut go), "read back: 0x80000024, 8 bytes\n");
}
