//! `pointsman serve` with its default limits but for the number of connections, and what it holds.
use super::super::link::{Protection, Target};
use super::super::servers::{PASSWORD, USER, started};
use super::BUFFER_MIB;
use crate::report::Failure;
use std::fs;
use std::io::{BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Seconds in the configuration: until a first session, and for a message that was begun.
pub(super) const PATIENCE_S: u64 = 20;

/// How often the server is looked at.
const EVERY: Duration = Duration::from_millis(200);

/// How long what was left behind may take to go.
const SETTLES: Duration = Duration::from_secs(60);

pub(super) struct Server {
    child: Child,
    port: u16,
    metrics: u16,
    pub(super) share: PathBuf,
    /// Open, or it would end with it.
    _output: BufReader<ChildStdout>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What there is at one moment.
#[derive(Clone, Copy, Default)]
pub(super) struct Figures {
    pub(super) resident_kib: u64,
    pub(super) threads: u64,
    pub(super) descriptors: u64,
    pub(super) connections: u64,
    pub(super) sessions: u64,
    pub(super) trees: u64,
    pub(super) opens: u64,
    pub(super) waiting: u64,
    pub(super) held: u64,
}

impl Server {
    pub(super) fn start(program: &Path, folder: &Path) -> Result<Server, Failure> {
        let folder = folder.join("abused");
        let _ = fs::remove_dir_all(&folder);
        let share = folder.join("share");
        fs::create_dir_all(share.join("kept"))?;
        let metrics = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let (users, config) = (folder.join("users.toml"), folder.join("server.toml"));
        fs::write(
            &config,
            format!(
                "[server]\nusers = {users:?}\nlisten = [\"127.0.0.1:0\"]\nencryption = \"offered\"\nsigning = \"offered\"\n\
                 status_socket = {:?}\nmetrics = \"127.0.0.1:{metrics}\"\n[limits]\nconnections = 20000\n\
                 connections_per_address = 20000\nbuffer_bytes = {}\nhandshake_s = {PATIENCE_S}\nframe_s = {PATIENCE_S}\n\
                 write_s = {PATIENCE_S}\n[share.share]\npath = {share:?}\n",
                folder.join("status.sock"),
                BUFFER_MIB << 20,
            ),
        )?;
        let (child, output, port) = started(program, &users, &config)?;
        Ok(Server { child, port, metrics, share, _output: output })
    }

    pub(super) fn target(&self, protection: Protection) -> Target {
        Target { port: self.port, user: USER, password: PASSWORD, protection }
    }

    pub(super) fn figures(&self) -> Result<Figures, Failure> {
        figures(self.child.id(), self.metrics)
    }

    /// VmHWM of proc(5).
    pub(super) fn most_resident_kib(&self) -> Result<u64, Failure> {
        of_kernel(self.child.id(), "VmHWM:")
    }

    /// What is left some time after all have gone.
    pub(super) fn settled(&self) -> Result<Figures, Failure> {
        let start = Instant::now();
        loop {
            let figures = self.figures()?;
            if figures.left().is_empty() || start.elapsed() > SETTLES {
                return Ok(figures);
            }
            std::thread::sleep(EVERY);
        }
    }
}

fn of_kernel(pid: u32, name: &str) -> Result<u64, Failure> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    Ok(line.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0))
}

fn figures(pid: u32, metrics: u16) -> Result<Figures, Failure> {
    let mut stream = TcpStream::connect(("127.0.0.1", metrics))?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.write_all(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let of_server = |name: &str| -> Result<u64, Failure> {
        let mut rest = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(rest.next().ok_or_else(|| format!("the metrics have no {name}"))?.trim().parse()?)
    };
    Ok(Figures {
        resident_kib: of_kernel(pid, "VmRSS:")?,
        threads: of_kernel(pid, "Threads:")?,
        descriptors: fs::read_dir(format!("/proc/{pid}/fd"))?.count() as u64,
        connections: of_server("pointsman_connections")?,
        sessions: of_server("pointsman_sessions")?,
        trees: of_server("pointsman_tree_connects")?,
        opens: of_server("pointsman_opens")?,
        waiting: of_server("pointsman_waiting_requests")?,
        held: of_server("pointsman_held_bytes")?,
    })
}

impl Figures {
    /// What is there though nobody is; empty when nothing is.
    pub(super) fn left(&self) -> String {
        let all = [
            ("connections", self.connections),
            ("sessions", self.sessions),
            ("tree connects", self.trees),
            ("opens", self.opens),
            ("waiting requests", self.waiting),
            ("held bytes", self.held),
        ];
        let left = all.into_iter().filter(|(_, count)| *count > 0);
        left.map(|(what, count)| format!("{count} {what}")).collect::<Vec<_>>().join(", ")
    }

    fn most(self, other: Figures) -> Figures {
        Figures {
            resident_kib: self.resident_kib.max(other.resident_kib),
            threads: self.threads.max(other.threads),
            descriptors: self.descriptors.max(other.descriptors),
            connections: self.connections.max(other.connections),
            sessions: self.sessions.max(other.sessions),
            trees: self.trees.max(other.trees),
            opens: self.opens.max(other.opens),
            waiting: self.waiting.max(other.waiting),
            held: self.held.max(other.held),
        }
    }
}

/// Looks at the server now and then, and remembers the most of each.
pub(super) struct Watch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Figures>,
}

impl Watch {
    pub(super) fn start(server: &Server) -> Watch {
        let stop = Arc::new(AtomicBool::new(false));
        let (pid, metrics, stopped) = (server.child.id(), server.metrics, stop.clone());
        let thread = std::thread::spawn(move || {
            let mut most = Figures::default();
            while !stopped.load(Ordering::Relaxed) {
                // One look that fails, of a server without descriptors say, is one fewer.
                most = figures(pid, metrics).map_or(most, |figures| most.most(figures));
                std::thread::sleep(EVERY);
            }
            most
        });
        Watch { stop, thread }
    }

    pub(super) fn stop(self) -> Figures {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap_or_default()
    }
}
