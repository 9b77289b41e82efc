//! The two servers on one folder's disk, and what each of them used.
use crate::report::Failure;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

pub(super) const USER: &str = "root";
pub(super) const PASSWORD: &str = "Correct Horse 7";

/// USER_HZ, in which proc(5) counts: 100 on every architecture that Rust's std runs on.
const TICKS_PER_SECOND: u64 = 100;

/// A server that ends with the benchmark.
pub(super) struct Server {
    pub(super) name: String,
    pub(super) port: u16,
    /// What is shared.
    pub(super) share: PathBuf,
    child: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `pointsman serve`, signing and encryption offered, as smbd's defaults are.
pub(super) fn ours(program: &Path, folder: &Path) -> Result<Server, Failure> {
    let folder = fresh(folder, "ours")?;
    let share = folder.join("share");
    let users = folder.join("users.toml");
    let config = folder.join("server.toml");
    fs::write(
        &config,
        format!(
            "[server]\nusers = {users:?}\nlisten = [\"127.0.0.1:0\"]\nencryption = \"offered\"\nsigning = \"offered\"\n\
             status_socket = {:?}\n[limits]\nconnections = 100000\nconnections_per_address = 100000\n\
             [share.share]\npath = {share:?}\n",
            folder.join("status.sock")
        ),
    )?;
    let (child, output, port) = started(program, &users, &config)?;
    // Its output stays open, or it would end with it.
    std::mem::forget(output);
    Ok(Server { name: "pointsman".into(), port, share, child })
}

/// `pointsman serve` as a configuration says, with [`USER`] in its file of users: the process, its output, which must stay open, or it
/// would end with it, and the port.
pub(super) fn started(
    program: &Path,
    users: &Path,
    config: &Path,
) -> Result<(Child, BufReader<ChildStdout>, u16), Failure> {
    let mut add = Command::new(program)
        .args(["user", "add", USER, "--admin", "--users"])
        .arg(users)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    add.stdin.take().ok_or("no input")?.write_all(format!("{PASSWORD}\n").as_bytes())?;
    if !add.wait()?.success() {
        return Err("pointsman user add failed".into());
    }
    let mut child = Command::new(program)
        .args(["serve", "--log", "error", "--config"])
        .arg(config)
        .stdout(Stdio::piped())
        .spawn()?;
    let mut output = BufReader::new(child.stdout.take().ok_or("no output")?);
    let mut line = String::new();
    output.read_line(&mut line)?;
    match line.trim().rsplit(':').next().and_then(|port| port.parse().ok()) {
        Some(port) if port != 0 => Ok((child, output, port)),
        _ => {
            let _ = child.kill();
            let _ = child.wait();
            Err(format!("pointsman serve said {line:?}").into())
        }
    }
}

/// Debian's smbd, with what it needs for the attributes of Windows; nothing that slows it down.
pub(super) fn smbd(folder: &Path) -> Result<Server, Failure> {
    let version = Command::new("smbd")
        .arg("-V")
        .output()
        .map_err(|error| format!("no smbd (Debian: samba): {error}"))?;
    let folder = fresh(folder, "smbd")?;
    let share = folder.join("share");
    for part in ["lock", "state", "cache", "private", "pid", "ncalrpc"] {
        fs::create_dir_all(folder.join(part))?;
    }
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let config = folder.join("smb.conf");
    let at = folder.display();
    fs::write(
        &config,
        format!(
            "[global]\nserver role = standalone server\ninterfaces = 127.0.0.1/8\nbind interfaces only = yes\nsmb ports = {port}\n\
             disable netbios = yes\nlock directory = {at}/lock\nstate directory = {at}/state\ncache directory = {at}/cache\n\
             private dir = {at}/private\npid directory = {at}/pid\nncalrpc dir = {at}/ncalrpc\n\
             passdb backend = tdbsam:{at}/private/passdb.tdb\nload printers = no\nprintcap name = /dev/null\n\
             disable spoolss = yes\nrpc start on demand helpers = no\nmax log size = 0\nlog level = 0\n\
             [share]\npath = {at}/share\nread only = no\nstore dos attributes = yes\nea support = yes\n\
             vfs objects = streams_xattr acl_xattr\n"
        ),
    )?;
    let mut add = Command::new("pdbedit")
        .arg("-s")
        .arg(&config)
        .args(["-a", "-t", "-u", USER])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    add.stdin.take().ok_or("no input")?.write_all(format!("{PASSWORD}\n{PASSWORD}\n").as_bytes())?;
    add.wait()?;
    let log = fs::File::create(folder.join("log"))?;
    let child = Command::new("smbd")
        .args(["-F", "--no-process-group", "--debug-stdout", "-s"])
        .arg(&config)
        // It ends with the pipe, however we end; and as it ends it ends its process group, which is not ours.
        .stdin(Stdio::piped())
        .process_group(0)
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?;
    let name = String::from_utf8_lossy(&version.stdout).trim().replace("Version ", "smbd ");
    let server = Server { name, port, share, child };
    let start = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if start.elapsed() > Duration::from_secs(20) {
            return Err(format!("smbd does not listen; see {at}/log").into());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(server)
}

/// The process that does the least, on a share that another has; see [`floor`](super::floor).
pub(super) fn floor(share: &Path, how: &str) -> Result<Server, Failure> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("smb-floor")
        .arg(share)
        .arg(how)
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
    let server = Server {
        name: "floor".into(),
        port: line.trim().parse().unwrap_or_default(),
        share: share.to_owned(),
        child,
    };
    if server.port == 0 { Err("the floor does not listen".into()) } else { Ok(server) }
}

fn fresh(folder: &Path, name: &str) -> Result<PathBuf, Failure> {
    let folder = folder.join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("share"))?;
    Ok(folder.canonicalize()?)
}

impl Server {
    /// CPU time of the server so far, its processes and those that ended, to a hundredth of a second.
    pub(super) fn cpu(&self) -> Result<Duration, Failure> {
        let processes = processes()?;
        let root = self.child.id();
        let ticks: u64 = processes
            .iter()
            .filter(|process| process.descends_from(root, &processes))
            .map(|process| process.own_ticks + process.waited_ticks)
            .sum();
        Ok(Duration::from_millis(ticks * (1000 / TICKS_PER_SECOND)))
    }

    /// Resident memory of all its processes that nobody else has: the sum of Pss, in KiB.
    pub(super) fn memory_kib(&self) -> Result<u64, Failure> {
        let processes = processes()?;
        let root = self.child.id();
        let pss = |pid: u32| {
            let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).unwrap_or_default().to_owned();
            line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0)
        };
        Ok(processes.iter().filter(|one| one.descends_from(root, &processes)).map(|one| pss(one.pid)).sum())
    }
}

struct Process {
    pid: u32,
    parent: u32,
    own_ticks: u64,
    waited_ticks: u64,
}

impl Process {
    fn descends_from(&self, root: u32, all: &[Process]) -> bool {
        let mut pid = self.pid;
        // A chain of parents is short; what is longer is a process that ended meanwhile.
        for _ in 0..16 {
            if pid == root {
                return true;
            }
            match all.iter().find(|process| process.pid == pid) {
                Some(process) => pid = process.parent,
                None => return false,
            }
        }
        false
    }
}

/// Every process there is, by proc(5), /proc/PID/stat.
fn processes() -> Result<Vec<Process>, Failure> {
    let mut all = Vec::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let fields: Vec<&str> =
            stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace().collect()).unwrap_or_default();
        let number = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
        let parent = u32::try_from(number(1)).unwrap_or(0);
        all.push(Process {
            pid,
            parent,
            own_ticks: number(11) + number(12),
            waited_ticks: number(13) + number(14),
        });
    }
    Ok(all)
}
