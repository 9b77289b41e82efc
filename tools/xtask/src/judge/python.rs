//! A Python of its own for the clients from PyPI, with the versions that the tables were made with.
use crate::run::Run;
use std::path::{Path, PathBuf};
use std::process::Command;

const PACKAGES: &[&str] = &["smbprotocol==1.17.0", "impacket==0.13.1"];

/// The interpreter; made and filled when it is not there.
pub(super) fn interpreter() -> Result<PathBuf, String> {
    let folder = super::folder("venv")?;
    let python = folder.join("bin/python");
    let ready = folder.join(format!("ready-{}", PACKAGES.join("-")));
    if !ready.exists() {
        let path = folder.to_string_lossy();
        Run::command("a Python of our own", Command::new("python3")).args(&["-m", "venv", &path]).go()?;
        install(&python)?;
        std::fs::write(&ready, "").map_err(|error| format!("{}: {error}", ready.display()))?;
    }
    Ok(python)
}

fn install(python: &Path) -> Result<(), String> {
    Run::command("clients from PyPI", Command::new(python))
        .args(&["-m", "pip", "install", "-q", "--disable-pip-version-check"])
        .args(PACKAGES)
        .go()
}
