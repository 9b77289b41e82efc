//! `pointsman serve`, as a person would start it.
use crate::run::Run;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A server that runs until this is dropped.
pub(super) struct Server {
    child: Child,
    /// The port it listens on.
    pub(super) port: String,
    /// The password of the user `pointsman`, where the server made one.
    pub(super) password: String,
}

/// Builds the command, and says where it is.
pub(super) fn built() -> Result<PathBuf, String> {
    Run::cargo("the command", &["build", "-q", "-p", "pointsman-cli"]).go()?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let path = target.join("debug/pointsman");
    path.canonicalize().map_err(|error| format!("{}: {error}", path.display()))
}

/// Builds packages as users get them, and says where the command is.
pub(super) fn built_release(packages: &[&str]) -> Result<PathBuf, String> {
    let mut build = Run::cargo("in release", &["build", "-q", "--release"]);
    for package in packages {
        build = build.args(&["-p", package]);
    }
    build.go()?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let path = target.join("release/pointsman");
    path.canonicalize().map_err(|error| format!("{}: {error}", path.display()))
}

/// Starts with these arguments behind `serve`, and waits until it listens.
pub(super) fn start(pointsman: &Path, arguments: &[&str]) -> Result<Server, String> {
    started(Command::new(pointsman), arguments)
}

/// The same, with what it logs in a file.
pub(super) fn start_logged(pointsman: &Path, arguments: &[&str], log: &Path) -> Result<Server, String> {
    let file = std::fs::File::create(log).map_err(|error| format!("{}: {error}", log.display()))?;
    let mut command = Command::new(pointsman);
    command.stderr(file);
    started(command, arguments)
}

fn started(mut command: Command, arguments: &[&str]) -> Result<Server, String> {
    command.arg("serve").args(arguments).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("pointsman serve: {error}"))?;
    let out = child.stdout.take().ok_or("no output of the server")?;
    let mut server = Server { child, port: String::new(), password: String::new() };
    let has_users = arguments.contains(&"--config");
    let mut lines = BufReader::new(out).lines().map_while(Result::ok);
    for line in lines.by_ref() {
        if let Some((_, port)) =
            line.strip_prefix("listening at ").and_then(|address| address.rsplit_once(':'))
        {
            server.port = port.to_owned();
        }
        if let Some((_, password)) = line.split_once(", password ") {
            server.password = password.to_owned();
        }
        if !server.port.is_empty() && (has_users || !server.password.is_empty()) {
            // What else it says is read, so that it never waits for a reader.
            std::thread::spawn(move || lines.count());
            return Ok(server);
        }
    }
    Err("the server did not start".to_owned())
}

impl Server {
    /// The process.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Fails when the server has ended by itself: whatever a client does, it must not.
    pub(super) fn still_runs(&mut self) -> Result<(), String> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(format!("the server ended by itself: {status}")),
            Err(error) => Err(format!("the server: {error}")),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Adds a user to a file of users, with more words for `pointsman user add`.
pub(super) fn add_user(
    pointsman: &Path,
    users: &Path,
    name: &str,
    password: &str,
    words: &[&str],
) -> Result<(), String> {
    let mut command = Command::new(pointsman);
    command.args(["user", "add", name, "--users"]).arg(users).args(words).stdin(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("user add: {error}"))?;
    if let Some(mut input) = child.stdin.take() {
        let line = format!("{password}\n");
        std::io::Write::write_all(&mut input, line.as_bytes())
            .map_err(|error| format!("user add: {error}"))?;
    }
    match child.wait() {
        Ok(status) if status.success() => Ok(()),
        other => Err(format!("user add {name}: {other:?}")),
    }
}
