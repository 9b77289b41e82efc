//! The Linux kernel's SMB client as a judge: a kernel of Debian trixie, whose client makes every kind of link (that of
//! bookworm does not), and what it takes to boot it without KVM. Nothing is installed from trixie: its kernel is unpacked.
use crate::packages::install_these;
use crate::run::Run;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const PACKAGES: &[&str] = &[
    "qemu-system-x86", // the machine
    "busybox-static",  // its programs
    "cpio",            // its file system
    "bc",
    "kmod",
    "xz-utils",
    "zstd",
    "attr",
    "git", // clones a repository onto the share
];

const FOLDER: &str = "target/linux-client";
const SOURCE: &str = "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian trixie main\n";

/// Installs, fetches, runs the test that needs it.
pub(crate) fn linux_client() -> Result<(), String> {
    install_these(PACKAGES)?;
    let kernel = kernel()?;
    let path = kernel.to_str().ok_or("a path that is no text")?;
    Run::cargo("linux client", &["test", "-p", "pointsman-cli", "--test", "linux_client"])
        .args(&["--", "--nocapture", "--test-threads", "1"])
        .env("POINTSMAN_KERNEL", path)
        .go()
}

/// The unpacked kernel, fetched once.
fn kernel() -> Result<PathBuf, String> {
    let folder = std::env::current_dir().map_err(|error| error.to_string())?.join(FOLDER);
    let kernel = folder.join("kernel");
    if kernel.join("boot").is_dir() {
        return Ok(kernel);
    }
    let lists = folder.join("lists");
    fs::create_dir_all(lists.join("partial")).map_err(|error| error.to_string())?;
    let source = folder.join("trixie.list");
    fs::write(&source, SOURCE).map_err(|error| error.to_string())?;
    // An index of its own, so that what the machine itself installs stays as it is.
    let options = [
        format!("Dir::Etc::sourcelist={}", source.display()),
        "Dir::Etc::sourceparts=-".to_owned(),
        format!("Dir::State::lists={}", lists.display()),
        "APT::Sandbox::User=root".to_owned(),
    ];
    let with = |program: &str| {
        let mut command = Command::new(program);
        options.iter().for_each(|option| {
            command.args(["-o", option]);
        });
        command
    };
    Run::command("index of trixie", with("apt-get")).args(&["update", "-q"]).go()?;
    let depends = with("apt-cache").args(["depends", "linux-image-amd64"]).output();
    let depends = depends.map_err(|error| format!("apt-cache: {error}"))?;
    let depends = String::from_utf8_lossy(&depends.stdout).into_owned();
    let name = depends
        .lines()
        .find_map(|line| line.trim().strip_prefix("Depends: "))
        .ok_or("no kernel in trixie")?;
    let mut download = with("apt-get");
    download.current_dir(&folder);
    Run::command("kernel", download).args(&["download", "-q", name]).go()?;
    unpack(&folder, name, &kernel)?;
    Ok(kernel)
}

fn unpack(folder: &Path, name: &str, kernel: &Path) -> Result<(), String> {
    let entries = fs::read_dir(folder).map_err(|error| error.to_string())?;
    let is_package = |path: &PathBuf| {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        file.starts_with(name) && file.ends_with(".deb")
    };
    let package = entries.flatten().map(|entry| entry.path()).find(is_package).ok_or("no package came")?;
    Run::command("unpack", Command::new("dpkg-deb"))
        .args(&["-x".as_ref(), package.as_os_str(), kernel.as_os_str()])
        .go()
}
