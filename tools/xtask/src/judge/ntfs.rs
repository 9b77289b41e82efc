//! Every test of the crate `ntfs` with every judge there is, the slow ones too.
use super::folder;
use crate::run::Run;
use std::process::Command;

pub(super) fn judge() -> Result<(), String> {
    let dir = folder("ntfs")?;
    let below = |path: &str| dir.join(path).to_string_lossy().into_owned();
    Run::command("judges of NTFS", Command::new("sh")).args(&["tools/judges/ntfs.sh", &below("")]).go()?;
    Run::cargo("tests of NTFS, judged", &["test", "-p", "pointsman-ntfs", "--no-fail-fast", "--"])
        .args(&["--include-ignored"])
        .env("POINTSMAN_NTFSCK", &below("bin/ntfsck"))
        .env("POINTSMAN_DISSECT_PYTHON", &below("venv/bin/python"))
        .env("POINTSMAN_KERNEL", &below("kernel"))
        .go()
}
