//! The Linux kernel's client: a Debian kernel under qemu mounts a share of ours and works in it.
use super::table as tables;
use super::{Asked, folder, fresh, python, server, tool};
use crate::kernel::{self, BACKPORTS, Release, TRIXIE};
use crate::packages;
use crate::run::Run;
use std::path::Path;
use std::process::{Command, Stdio};

/// The releases whose newest kernels are asked, and the table of each.
const KERNELS: &[(Release, &str)] = &[(TRIXIE, "kernel"), (BACKPORTS, "kernel-backports")];

/// Seconds for the whole script, on a machine that has other work.
const PATIENCE: &str = "900";

/// All kernels, or the one whose release is asked for.
pub(super) fn judge(asked: &Asked) -> Result<(), String> {
    packages::install()?;
    let is_asked = |release: &Release| asked.filter.as_ref().is_none_or(|filter| filter == release.name);
    let chosen: Vec<_> = KERNELS.iter().filter(|(release, _)| is_asked(release)).collect();
    if chosen.is_empty() {
        let names: Vec<_> = KERNELS.iter().map(|(release, _)| release.name).collect();
        return Err(format!("there is a kernel of {}", names.join(" and of ")));
    }
    chosen.into_iter().try_for_each(|(release, table)| judge_one(*release, table, asked.update))
}

/// The newest, whose client has every form of link.
pub(super) fn judge_newest() -> Result<(), String> {
    judge_one(BACKPORTS, "kernel-backports", false)
}

fn judge_one(release: Release, table: &str, update: bool) -> Result<(), String> {
    let script = tool("kclient.sh")
        .ok_or("there is no ../shared/tools/kclient.sh; POINTSMAN_TOOLS names its folder")?;
    let python = python::interpreter()?;
    let kernel = kernel::unpacked(&folder("kernel")?, release)?;
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
    let mut seen = tables::parse(&text);
    let local = Command::new(python)
        .arg("tools/judges/kernel_check.py")
        .args([&shared, &pointsman])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("kernel_check.py: {error}"))?;
    seen.extend(tables::parse(&String::from_utf8_lossy(&local.stdout)));
    text.lines().filter(|line| line.starts_with("@@")).for_each(|line| println!("   {line}"));
    tables::settle_all(table, &seen, update)
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
