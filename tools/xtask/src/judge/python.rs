//! A Python of its own for the clients from PyPI, with the versions that the tables were made with.
use crate::run::Run;
use std::path::PathBuf;
use std::process::Command;

const PACKAGES: &[&str] = &["smbprotocol==1.17.0", "impacket==0.13.1"];
/// What runs their own tests, and pike, which brings its own.
const RUNNERS: &[&str] = &["pytest==8.4.2", "pytest-mock==3.15.1", "pike-smb2==0.4.6", "setuptools<81"];

/// The interpreter; made and filled when it is not there.
pub(super) fn interpreter() -> Result<PathBuf, String> {
    filled("venv", PACKAGES)
}

/// One that has what suites need besides.
pub(super) fn suites() -> Result<PathBuf, String> {
    filled("suites-venv", &[PACKAGES, RUNNERS].concat())
}

fn filled(name: &str, packages: &[&str]) -> Result<PathBuf, String> {
    let folder = super::folder(name)?;
    let python = folder.join("bin/python");
    let ready = folder.join(format!("ready-{}", packages.join("-")));
    if !ready.exists() {
        let path = folder.to_string_lossy();
        Run::command("a Python of our own", Command::new("python3")).args(&["-m", "venv", &path]).go()?;
        Run::command("packages from PyPI", Command::new(&python))
            .args(&["-m", "pip", "install", "-q", "--disable-pip-version-check"])
            .args(packages)
            .go()?;
        std::fs::write(&ready, "").map_err(|error| format!("{}: {error}", ready.display()))?;
    }
    Ok(python)
}

/// The folder of a package's source as PyPI has it: the tests are there, and are not installed.
pub(super) fn source(name: &str) -> Result<PathBuf, String> {
    let wanted = PACKAGES.iter().find(|package| package.starts_with(name));
    let package = wanted.ok_or_else(|| format!("no version of {name} is chosen"))?;
    let sources = super::folder("sources")?;
    let folder = sources.join(package.replace("==", "-"));
    if !folder.exists() {
        let place = sources.to_string_lossy();
        Run::command("a source from PyPI", Command::new("python3"))
            .args(&["-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps"])
            .args(&["--no-binary", ":all:", "-d", &place, package])
            .go()?;
        Run::command("its tests", Command::new("tar"))
            .args(&["-xzf", &format!("{}.tar.gz", folder.display()), "-C", &place])
            .go()?;
    }
    folder.canonicalize().map_err(|error| format!("{}: {error}", folder.display()))
}
