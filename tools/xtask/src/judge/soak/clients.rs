//! The clients of a soak: each a process of its own, at a low priority and at a pace.
use super::super::folder;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

pub(super) const USER: &str = "soak";
pub(super) const PASSWORD: &str = "Correct Horse 7";

/// Folders of the share, one a client and one that all use.
pub(super) const FOLDERS: &[&str] =
    &["smbclient", "smbprotocol", "impacket", "command", "kernel", "load", "common"];

/// The clients in Python, tools/judges/soak.py.
const ROLES: &[&str] = &["smbclient", "smbprotocol", "impacket", "command"];

/// Where everything is.
pub(super) struct Place {
    pub(super) python: PathBuf,
    pub(super) pointsman: PathBuf,
    /// kclient.sh and a kernel for it, where there is one.
    pub(super) kernel: Option<(PathBuf, PathBuf)>,
    pub(super) folder: PathBuf,
    pub(super) port: u16,
    pub(super) seconds: u64,
}

/// A client that runs; its output is in a file.
pub(super) struct Client {
    name: &'static str,
    child: Child,
    output: PathBuf,
}

/// A client that comes and goes before the others.
pub(super) fn first(place: &Place) -> Result<(), String> {
    let mut command = Command::new(place.pointsman.with_file_name("bench"));
    command.args(["load", &place.port.to_string(), USER, PASSWORD, "2"]);
    match command.stdout(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("the first client: {status}")),
        Err(error) => Err(format!("the first client: {error}")),
    }
}

/// Starts all of them.
pub(super) fn start(place: &Place) -> Result<Vec<Client>, String> {
    let port = place.port.to_string();
    let seconds = place.seconds.to_string();
    let mut all = Vec::new();
    for role in ROLES {
        let mut command = nice(&place.python);
        command
            .args(["tools/judges/soak.py", role, &port, "share", USER, PASSWORD])
            .args([&place.folder.join("share"), &place.pointsman])
            .arg(&seconds);
        all.push(spawned(place, role, command)?);
    }
    let mut command = nice(&place.pointsman.with_file_name("bench"));
    command.args(["load", &port, USER, PASSWORD, &seconds]);
    all.push(spawned(place, "load", command)?);
    match &place.kernel {
        Some((script, kernel)) => all.push(kernels(place, script, kernel)?),
        None => println!(
            "== skip: the kernel's client: there is no ../shared/tools/kclient.sh; POINTSMAN_TOOLS names its folder"
        ),
    }
    Ok(all)
}

/// The Linux kernel's client, in a machine under qemu.
fn kernels(place: &Place, script: &Path, kernel: &Path) -> Result<Client, String> {
    let body =
        std::fs::read_to_string("tools/judges/soak.sh").map_err(|error| format!("soak.sh: {error}"))?;
    let inside = place.folder.join("kernel.sh");
    let text = format!("SECONDS_TO_GO={}\n{body}", place.seconds);
    std::fs::write(&inside, text).map_err(|error| format!("{}: {error}", inside.display()))?;
    // On a machine that has other work a kernel may find under qemu that its timer does not work, and panic before it begins.
    let again = r#"for _ in 1 2 3; do bash "$@" > "$0.said"; ended=$?; grep -q @@BOOT "$0.said" && break; done; cat "$0.said"; exit $ended"#;
    let mut command = nice(Path::new("bash"));
    command
        .args(["-c", again])
        .arg(place.folder.join("kernel"))
        .args([script, kernel])
        .args([&place.port.to_string(), "share", USER, PASSWORD])
        .arg(&inside)
        .env("MOUNTOPTS", "vers=3.1.1,seal")
        .env("TIMEOUT", (place.seconds + super::GRACE.as_secs()).to_string())
        .env("DMESG", "1")
        .env("CACHE", folder("kernel-cache")?);
    spawned(place, "kernel", command)
}

fn nice(program: &Path) -> Command {
    let mut command = Command::new("nice");
    command.args(["-n", "10"]).arg(program);
    command
}

fn spawned(place: &Place, name: &'static str, mut command: Command) -> Result<Client, String> {
    let output = place.folder.join(format!("{name}.log"));
    let told = |error| format!("{name}: {error}");
    let file = File::create(&output).map_err(told)?;
    let errors = file.try_clone().map_err(told)?;
    let child = command.stdin(Stdio::null()).stdout(file).stderr(errors).spawn().map_err(told)?;
    Ok(Client { name, child, output })
}

impl Drop for Client {
    fn drop(&mut self) {
        // One that is done is not harmed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Client {
    pub(super) fn is_done(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Why the client is not content, if it is not. One that still runs is ended.
    pub(super) fn outcome(mut self) -> Option<String> {
        let ended = self.child.try_wait().ok().flatten();
        if ended.is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        let text = std::fs::read_to_string(&self.output).unwrap_or_default();
        let rounds = text.lines().find(|line| line.starts_with(self.name) || line.starts_with("@@ROUNDS"));
        println!("   {}: {}", self.name, rounds.unwrap_or("no word at its end").replace('\t', " "));
        text.lines()
            .filter(|line| line.starts_with("@@ERROR"))
            .take(20)
            .for_each(|line| println!("   {line}"));
        match ended {
            Some(status) if status.success() && rounds.is_some() => None,
            Some(status) => Some(format!("{}: {status}; see {}", self.name, self.output.display())),
            None => Some(format!("{}: it did not end; see {}", self.name, self.output.display())),
        }
    }
}
