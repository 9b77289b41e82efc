//! The Linux kernel's client: a Debian kernel under qemu mounts a share of ours and works in it.
use super::{Asked, folder, fresh, python, server, table, tool};
use crate::packages;
use crate::run::Run;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The release whose kernel knows `reparse=`; its newest kernel is taken.
const RELEASE: &str = "deb http://deb.debian.org/debian trixie main\n";

/// Seconds for the whole script, on a machine that has other work.
const PATIENCE: &str = "400";

pub(super) fn judge(asked: &Asked) -> Result<(), String> {
    packages::install()?;
    let script = tool("kclient.sh")
        .ok_or("there is no ../shared/tools/kclient.sh; POINTSMAN_TOOLS names its folder")?;
    let python = python::interpreter()?;
    let kernel = kernel()?;
    let pointsman = server::built()?;
    let shared = fresh("kernel-share")?;
    prepare(&pointsman, &shared)?;
    let place = shared.to_string_lossy();
    let mut server = server::start(&pointsman, &[&place, "--name", "share", "--listen", "127.0.0.1:0"])?;
    let output = Command::new("bash")
        .arg(script)
        .arg(&kernel)
        .args([&server.port, "share", "pointsman", &server.password, "tools/judges/kernel.sh"])
        .env("MOUNTOPTS", "vers=3.1.1,seal")
        .env("TIMEOUT", PATIENCE)
        .env("BINS", git().unwrap_or_default())
        .env("CACHE", folder("kernel-cache")?)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("kclient.sh: {error}"))?;
    server.still_runs()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        return Err(format!("the kernel's script ended with {}:\n{text}", output.status));
    }
    let mut seen = table::parse(&text);
    let local = Command::new(python)
        .arg("tools/judges/kernel_check.py")
        .args([&shared, &pointsman])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("kernel_check.py: {error}"))?;
    seen.extend(table::parse(&String::from_utf8_lossy(&local.stdout)));
    text.lines().filter(|line| line.starts_with("@@")).for_each(|line| println!("   {line}"));
    table::settle_all("kernel", &seen, asked.update)
}

/// What the local command sets for the kernel to find, and a repository to clone.
fn prepare(pointsman: &Path, shared: &Path) -> Result<(), String> {
    let set = |name: &str, arguments: &[&str]| {
        Run::command("set", Command::new(pointsman))
            .args(&["set", &shared.join(name).to_string_lossy(), "--create", "file"])
            .args(arguments)
            .go()
    };
    set("local-link", &["--symlink", "local-target"])?;
    set("local-fifo", &["--nfs-fifo"])?;
    set("local-wsl", &["--wsl", "local-target"])?;
    set(
        "local-vendor",
        &["--tag", "0x00004711", "--guid", "6b1b4f2e-55d0-4a11-9f0e-3a52c1c2d3e4", "--data", "c0ffee"],
    )?;
    std::fs::write(shared.join("local-target"), "target\n").map_err(|error| error.to_string())
}

/// git with nothing around it: it is copied into the machine.
fn git() -> Option<String> {
    ["/usr/bin/git", "/usr/local/bin/git"]
        .iter()
        .find(|path| Path::new(path).is_file())
        .map(|&path| path.to_owned())
}

/// A Debian kernel, downloaded and unpacked once.
fn kernel() -> Result<PathBuf, String> {
    let home = folder("kernel")?;
    let unpacked = home.join("unpacked");
    if unpacked.join("ready").exists() {
        return Ok(unpacked);
    }
    let list = home.join("sources.list");
    std::fs::write(&list, RELEASE).map_err(|error| format!("{}: {error}", list.display()))?;
    for part in ["lists/partial", "archives/partial"] {
        std::fs::create_dir_all(home.join(part)).map_err(|error| error.to_string())?;
    }
    let options = [
        format!("-oDir::Etc::sourcelist={}", list.display()),
        "-oDir::Etc::sourceparts=-".to_owned(),
        format!("-oDir::State::lists={}/lists", home.display()),
        format!("-oDir::Cache={}", home.display()),
        "-oAPT::Sandbox::User=root".to_owned(),
    ];
    let apt = |name, word: &[&str]| {
        let mut command = Command::new("apt-get");
        command.current_dir(&home);
        Run::command(name, command).args(&options).args(word).go()
    };
    apt("lists of trixie", &["update", "-q"])?;
    let shown = Command::new("apt-cache")
        .args(&options)
        .args(["show", "linux-image-amd64"])
        .output()
        .map_err(|error| format!("apt-cache: {error}"))?;
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    let image = shown
        .lines()
        .find_map(|line| line.strip_prefix("Depends: "))
        .and_then(|depends| depends.split([' ', ',']).find(|name| name.starts_with("linux-image-")))
        .ok_or("no kernel in Debian's lists")?;
    apt("a kernel", &["download", "-q", image])?;
    let package = std::fs::read_dir(&home)
        .map_err(|error| error.to_string())?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .ok_or("no kernel was downloaded")?;
    let (package, place) = (package.to_string_lossy(), unpacked.to_string_lossy());
    Run::command("unpack", Command::new("dpkg-deb")).args(&["-x", &package, &place]).go()?;
    std::fs::write(unpacked.join("ready"), "").map_err(|error| error.to_string())?;
    Ok(unpacked)
}
