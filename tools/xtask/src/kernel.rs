//! Kernels of Debian for machines under qemu: fetched once, unpacked, never installed.
use crate::run::Run;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A release of Debian with a kernel whose client has something to say.
#[derive(Clone, Copy)]
pub(crate) struct Release {
    /// The name of its archive.
    pub(crate) name: &'static str,
    /// What the kernel's package begins with, so that its parts can be told from other packages.
    pub(crate) what: &'static str,
}

/// The first stable release whose client makes every kind of link: `reparse=` (Linux 6.12).
pub(crate) const TRIXIE: Release = Release { name: "trixie", what: "reparse=" };
/// Its backports, whose client has `symlink=` besides (Linux 6.14 and later).
pub(crate) const BACKPORTS: Release = Release { name: "trixie-backports", what: "symlink=" };

/// The packages that together are a kernel: up to 6.x one, from 7.x on these.
const PARTS: &[&str] = &["linux-image-", "linux-binary-", "linux-modules-", "linux-base-"];

const MIRROR: &str =
    "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian";

/// The folder of a release's newest kernel, unpacked below `home`.
pub(crate) fn unpacked(home: &Path, release: Release) -> Result<PathBuf, String> {
    let home = std::path::absolute(home.join(release.name)).map_err(|error| error.to_string())?;
    let unpacked = home.join("unpacked");
    if unpacked.join("ready").exists() {
        return Ok(unpacked);
    }
    let apt = Apt::new(&home, release)?;
    apt.get("lists of kernels", &["update", "-q"])?;
    let image = apt
        .depends("linux-image-amd64")?
        .into_iter()
        .find(|name| name.starts_with("linux-image-"))
        .ok_or_else(|| format!("no kernel in the lists of {}", release.name))?;
    let mut packages = apt.depends(&image)?;
    packages.retain(|name| PARTS.iter().any(|part| name.starts_with(part)));
    packages.push(image);
    let names: Vec<&str> = packages.iter().map(String::as_str).collect();
    apt.get("a kernel", &[&["download", "-q"], &names[..]].concat())?;
    unpack(&home, &unpacked)?;
    Ok(unpacked)
}

/// The folder of one package of a release, unpacked below `home` and not installed.
pub(crate) fn unpacked_package(home: &Path, release: Release, package: &str) -> Result<PathBuf, String> {
    let home = std::path::absolute(home.join(package)).map_err(|error| error.to_string())?;
    let unpacked = home.join("unpacked");
    if unpacked.join("ready").exists() {
        return Ok(unpacked);
    }
    let apt = Apt::new(&home, release)?;
    apt.get("lists of packages", &["update", "-q"])?;
    apt.get("a package", &["download", "-q", package])?;
    unpack(&home, &unpacked)?;
    Ok(unpacked)
}

fn unpack(home: &Path, unpacked: &Path) -> Result<(), String> {
    for package in fs::read_dir(home).map_err(|error| error.to_string())?.flatten() {
        let package = package.path();
        if package.extension().is_some_and(|extension| extension == "deb") {
            Run::command("unpack", Command::new("dpkg-deb"))
                .args(&["-x".as_ref(), package.as_os_str(), unpacked.as_os_str()])
                .go()?;
        }
    }
    fs::write(unpacked.join("ready"), "").map_err(|error| error.to_string())
}

/// apt with lists of its own, so that what the machine itself installs stays as it is.
struct Apt {
    home: PathBuf,
    release: Release,
    options: Vec<String>,
}

impl Apt {
    fn new(home: &Path, release: Release) -> Result<Apt, String> {
        for part in ["lists/partial", "archives/partial"] {
            fs::create_dir_all(home.join(part)).map_err(|error| error.to_string())?;
        }
        let list = home.join("sources.list");
        fs::write(&list, format!("{MIRROR} {} main\n", release.name)).map_err(|error| error.to_string())?;
        let options = vec![
            format!("-oDir::Etc::sourcelist={}", list.display()),
            "-oDir::Etc::sourceparts=-".to_owned(),
            format!("-oDir::State::lists={}/lists", home.display()),
            format!("-oDir::Cache={}", home.display()),
            "-oAPT::Sandbox::User=root".to_owned(),
        ];
        Ok(Apt { home: home.to_owned(), release, options })
    }

    fn get(&self, name: &'static str, words: &[&str]) -> Result<(), String> {
        let mut command = Command::new("apt-get");
        command.current_dir(&self.home);
        Run::command(name, command).args(&self.options).args(words).go()
    }

    /// What a package cannot be without; nothing for a package that is not there.
    fn depends(&self, package: &str) -> Result<Vec<String>, String> {
        let output = Command::new("apt-cache")
            .args(&self.options)
            .args(["depends", "--important", package])
            .output()
            .map_err(|error| format!("apt-cache: {error}"))?;
        if !output.status.success() {
            return Err(format!(
                "apt-cache knows no {package} in {} ({})",
                self.release.name, self.release.what
            ));
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let name = |line: &str| line.trim().strip_prefix("Depends: ").map(str::to_owned);
        Ok(text.lines().filter_map(name).collect())
    }
}
