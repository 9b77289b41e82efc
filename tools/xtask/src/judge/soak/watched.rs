//! What a server holds at one moment, as the kernel and its own metrics say.
use std::fmt;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Descriptors that a server opens when it first needs them and keeps: watches, the folder of points too large for attributes.
const DESCRIPTORS_KEPT: u64 = 4;

/// How long the metrics may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that is looked at.
pub(super) struct Watched {
    pub(super) pid: u32,
    /// The port of its metrics.
    pub(super) metrics: u16,
}

/// One look.
#[derive(Clone, Copy)]
pub(super) struct Sample {
    pub(super) resident_kib: u64,
    descriptors: u64,
    threads: u64,
    connections: u64,
    sessions: u64,
    trees: u64,
    opens: u64,
    leases: u64,
    waiting: u64,
    held: u64,
    requests: u64,
}

impl Watched {
    pub(super) fn sample(&self) -> Result<Sample, String> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid))
            .map_err(|error| format!("the server is gone: {error}"))?;
        let of_kernel = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0)
        };
        let descriptors = fs::read_dir(format!("/proc/{}/fd", self.pid))
            .map_err(|error| format!("the server's descriptors: {error}"))?
            .count();
        let metrics = self.metrics()?;
        let of_server = |name: &str| {
            let mut lines = metrics.lines().filter_map(|line| line.strip_prefix(name));
            let value = lines.find_map(|rest| rest.strip_prefix(' ')?.trim().parse().ok());
            value.ok_or_else(|| format!("the metrics have no {name}"))
        };
        Ok(Sample {
            resident_kib: of_kernel("VmRSS:"),
            descriptors: descriptors as u64,
            threads: of_kernel("Threads:"),
            connections: of_server("pointsman_connections")?,
            sessions: of_server("pointsman_sessions")?,
            trees: of_server("pointsman_tree_connects")?,
            opens: of_server("pointsman_opens")?,
            leases: of_server("pointsman_leases")?,
            waiting: of_server("pointsman_waiting_requests")?,
            held: of_server("pointsman_held_bytes")?,
            requests: of_server("pointsman_requests_total")?,
        })
    }

    fn metrics(&self) -> Result<String, String> {
        let ask = || {
            let mut stream = TcpStream::connect(("127.0.0.1", self.metrics))?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.write_all(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
            let mut text = String::new();
            stream.read_to_string(&mut text)?;
            Ok(text)
        };
        ask().map_err(|error: std::io::Error| format!("the metrics: {error}"))
    }
}

impl Sample {
    /// What is there though nobody is.
    pub(super) fn leftovers(&self, before: &Sample) -> Vec<String> {
        let now = [
            ("connections", self.connections, 0),
            ("sessions", self.sessions, 0),
            ("tree connects", self.trees, 0),
            ("opens", self.opens, 0),
            ("leases", self.leases, 0),
            ("waiting requests", self.waiting, 0),
            ("held bytes", self.held, 0),
            ("descriptors", self.descriptors, before.descriptors + DESCRIPTORS_KEPT),
            ("threads", self.threads, before.threads),
        ];
        let more = now.into_iter().filter(|(_, after, before)| after > before);
        more.map(|(what, after, before)| format!("{what}: {after} left, {before} allowed")).collect()
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Sample { resident_kib, descriptors, threads, connections, sessions, trees, .. } = self;
        let Sample { opens, leases, waiting, held, requests, .. } = self;
        write!(
            f,
            "{resident_kib} KiB, {descriptors} descriptors, {threads} threads; {connections} connections, {sessions} sessions, \
             {trees} trees, {opens} opens, {leases} leases, {waiting} waiting, {held} bytes held; {requests} requests"
        )
    }
}
