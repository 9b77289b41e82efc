//! The tests of the crate `ntfs` with every judge there is: ntfsck, dissect.ntfs, libfsntfs, a kernel; and the slow ones.
use super::folder;
use crate::run::Run;
use std::process::Command;

/// With the slow tests: an image of 300,000 files.
pub(super) fn judge() -> Result<(), String> {
    prepare()?;
    tests(&["--include-ignored"])
}

/// Without them: some two minutes. Where the judges cannot be fetched it says so, and nothing is judged.
pub(super) fn brief() -> Result<(), String> {
    match prepare() {
        Ok(()) => tests(&[]),
        Err(why) => super::skipped("ntfs", &format!("its judges are not to be had here: {why}")),
    }
}

fn prepare() -> Result<(), String> {
    let dir = folder("ntfs")?;
    Run::command("judges of NTFS", Command::new("sh"))
        .args(&["tools/judges/ntfs.sh", &dir.to_string_lossy()])
        .go()
}

fn tests(more: &[&str]) -> Result<(), String> {
    let dir = folder("ntfs")?;
    let below = |path: &str| dir.join(path).to_string_lossy().into_owned();
    Run::cargo("tests of NTFS, judged", &["test", "-p", "pointsman-ntfs", "--no-fail-fast", "--"])
        .args(more)
        .env("POINTSMAN_NTFSCK", &below("bin/ntfsck"))
        .env("POINTSMAN_DISSECT_PYTHON", &below("venv/bin/python"))
        .env("POINTSMAN_KERNEL", &below("kernel"))
        .go()
}
