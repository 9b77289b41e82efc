//! The server as its owner meets it: the real binary, and Debian's smbclient as its client where there is one.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test that fails does so by a panic
#![allow(clippy::disallowed_methods, clippy::print_stdout)] // a test that waits looks at the clock; a skip says so
mod kerberos;
#[path = "../run/mod.rs"]
mod run;

use run::{POINTSMAN, Scratch};
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// A server that ends with the test.
struct Server {
    child: Child,
    address: SocketAddr,
    /// What it printed when it was ready.
    lines: Vec<String>,
    _stdout: BufReader<ChildStdout>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts it in a scratch directory and waits until it listens; the last line to come has `last` in it.
    fn start(scratch: &Scratch, arguments: &[&str], last: &str) -> Server {
        let mut child = Command::new(POINTSMAN)
            .arg("serve")
            .args(arguments)
            .current_dir(scratch.path())
            .env("XDG_RUNTIME_DIR", scratch.path())
            .env_remove("RUNTIME_DIRECTORY")
            .stdout(Stdio::piped())
            .spawn()
            .expect("pointsman");
        let mut stdout = BufReader::new(child.stdout.take().expect("its output"));
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            assert!(stdout.read_line(&mut line).expect("a line") > 0, "the server ended: {lines:?}");
            let line = line.trim_end().to_owned();
            let is_last = line.contains(last);
            lines.push(line);
            if is_last {
                break;
            }
        }
        let at = lines.iter().find_map(|line| line.strip_prefix("listening at ")).expect("an address");
        Server { child, address: at.parse().expect("an address"), lines, _stdout: stdout }
    }

    /// With a configuration that has one user, `ada` with the password `secret`, and this in it.
    fn configured(scratch: &Scratch, more: &str, last: &str) -> Server {
        write_config(scratch, more);
        scratch.run_with(&["user", "add", "ada", "--admin", "--users", "users.toml"], "secret\n").ok();
        Server::start(scratch, &["--config", "server.toml", "--log", "error"], last)
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).expect("a signal");
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
        stream
    }
}

fn write_config(scratch: &Scratch, more: &str) {
    let text = format!("[server]\nusers = \"users.toml\"\nlisten = [\"127.0.0.1:0\"]\n{more}\n");
    fs::write(scratch.join("server.toml"), text).expect("a configuration");
}

fn has_smbclient() -> bool {
    let has = Command::new("smbclient").arg("--version").output().is_ok_and(|output| output.status.success());
    if !has {
        println!("skipped: no smbclient here");
    }
    has
}

/// What smbclient says to a command on a share.
fn smbclient(server: &Server, share: &str, user: &str, command: &str) -> String {
    let output = Command::new("timeout")
        .args(["60", "smbclient", &format!("//127.0.0.1/{share}"), "-U", user, "-c", command])
        .args(["-p", &server.address.port().to_string(), "--client-protection=encrypt"])
        .output()
        .expect("smbclient");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

/// Within ten seconds.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(10), "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn without_configuration_the_line_printed_for_smbclient_works_as_it_stands() {
    if !has_smbclient() {
        return;
    }
    let scratch = Scratch::new();
    scratch.dir("data");
    scratch.file("data/hello", "hello\n");
    let server = Server::start(&scratch, &["data", "--listen", "127.0.0.1:0"], "smbclient:");
    let line = server.lines.iter().find_map(|line| line.strip_prefix("smbclient: ")).expect("a line");
    let output = Command::new("sh")
        .args(["-c", &format!("timeout 60 {line} -c 'get hello copy; mkdir made'")])
        .current_dir(scratch.path())
        .output()
        .expect("sh");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(fs::read_to_string(scratch.join("copy")).expect("a copy"), "hello\n");
    assert!(scratch.join("data/made").is_dir());
    let clients: Vec<&str> = server.lines.iter().filter_map(|line| line.split(": ").next()).collect();
    assert!(["Linux", "macOS", "Windows 11 24H2"].iter().all(|client| clients.contains(client)));
}

#[test]
fn a_read_only_share_lets_nothing_be_changed() {
    if !has_smbclient() {
        return;
    }
    let scratch = Scratch::new();
    scratch.dir("data");
    scratch.file("data/hello", "hello\n");
    let server = Server::configured(&scratch, "[share.data]\npath = \"data\"\nread_only = true", "listening");
    let said = smbclient(&server, "data", "ada%secret", "mkdir made; del hello; ls");
    assert!(said.contains("hello"), "{said}");
    assert!(!scratch.join("data/made").exists() && scratch.join("data/hello").exists(), "{said}");
}

#[test]
fn only_the_users_of_a_share_connect_to_it_and_a_wrong_password_is_soon_not_looked_at() {
    if !has_smbclient() {
        return;
    }
    let scratch = Scratch::new();
    scratch.dir("data");
    let more = "[limits.logon]\nfree_failures = 2\nfirst_wait_s = 600\nname_wait_s = 600\naddress_wait_s = 600\n\
                [share.hers]\npath = \"data\"\nusers = [\"ADA\"]\n[share.his]\npath = \"data\"\nusers = [\"bob\"]";
    let server = Server::configured(&scratch, more, "listening");
    assert!(!smbclient(&server, "hers", "ada%secret", "ls").contains("NT_STATUS"));
    assert!(smbclient(&server, "his", "ada%secret", "ls").contains("NT_STATUS_ACCESS_DENIED"));
    for _ in 0..3 {
        assert!(smbclient(&server, "hers", "ada%wrong", "ls").contains("NT_STATUS_LOGON_FAILURE"));
    }
    assert!(smbclient(&server, "hers", "ada%secret", "ls").contains("NT_STATUS_ACCOUNT_LOCKED_OUT"));
}

/// A client of smbclient that stays.
struct Client {
    child: Child,
    stdin: ChildStdin,
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Client {
    fn start(server: &Server, share: &str, scratch: &Scratch) -> Client {
        let mut child = Command::new("smbclient")
            .args([&format!("//127.0.0.1/{share}"), "-U", "ada%secret", "-p"])
            .args([&server.address.port().to_string(), "--client-protection=encrypt"])
            .current_dir(scratch.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("smbclient");
        let stdin = child.stdin.take().expect("its input");
        Client { child, stdin }
    }

    fn say(&mut self, command: &str) {
        writeln!(self.stdin, "{command}").expect("a line");
    }
}

#[test]
fn a_reload_changes_shares_and_users_and_disconnects_nobody_and_status_shows_who_is_there() {
    if !has_smbclient() {
        return;
    }
    let scratch = Scratch::new();
    let (old, new) = ("[share.old]\npath = \"data\"", "[share.new]\npath = \"data\"");
    scratch.dir("data");
    let server = Server::configured(&scratch, old, "listening");
    let mut client = Client::start(&server, "old", &scratch);
    client.say("mkdir before");
    until("a directory", || scratch.join("data/before").is_dir());
    let status = |json: &str| {
        let ran = scratch.run(&["status", "--socket", "pointsman/status.sock", json]);
        (ran.code, ran.stdout)
    };
    scratch.file("data/held", "held");
    client.say("open held");
    until("an open", || status("--json").1.contains("held"));
    let (code, text) = status("--json");
    assert_eq!(code, 0);
    let shown: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let session = &shown["sessions"][0];
    assert_eq!((&session["user"], &session["shares"][0]), (&"ada".into(), &"old".into()), "{text}");
    let open = &shown["opens"][0];
    let wanted = ("\\held".into(), "old".into(), "none".into());
    assert_eq!(
        (&open["path"], &open["share"], &open["caching"]),
        (&wanted.0, &wanted.1, &wanted.2),
        "{text}"
    );
    assert_eq!((&session["peers"][0], &session["encrypted"]), (&"127.0.0.1".into(), &true.into()), "{text}");

    write_config(&scratch, new);
    scratch.run_with(&["user", "add", "bob", "--users", "users.toml"], "other\n").ok();
    server.signal(rustix::process::Signal::HUP);
    until("the new share", || !smbclient(&server, "new", "bob%other", "ls").contains("NT_STATUS"));
    assert!(smbclient(&server, "old", "ada%secret", "ls").contains("NT_STATUS_BAD_NETWORK_NAME"));
    client.say("mkdir after");
    until("a directory of the client that stayed", || scratch.join("data/after").is_dir());

    write_config(&scratch, "[share.broken]\npath = 1");
    server.signal(rustix::process::Signal::HUP);
    std::thread::sleep(Duration::from_millis(200));
    assert!(!smbclient(&server, "new", "bob%other", "ls").contains("NT_STATUS"), "the old one stays");
}

#[test]
fn a_stop_is_clean_and_takes_its_socket_with_it() {
    let scratch = Scratch::new();
    scratch.dir("data");
    let mut server = Server::configured(&scratch, "[share.data]\npath = \"data\"", "listening");
    let mut open = server.connect();
    assert!(scratch.join("pointsman/status.sock").exists());
    server.signal(rustix::process::Signal::TERM);
    let start = Instant::now();
    let ended = server.child.wait().expect("an end");
    assert_eq!(ended.code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert!(!scratch.join("pointsman/status.sock").exists());
    assert!(matches!(open.read(&mut [0; 16]), Ok(0) | Err(_)), "the connection has ended");
}

/// Who connects and says nothing, or half of something, is let go; and so is who is one too many.
#[test]
fn half_open_connections_end_and_there_are_only_so_many() {
    let scratch = Scratch::new();
    scratch.dir("data");
    let more =
        "[limits]\nhandshake_s = 1\nframe_s = 1\nconnections_per_address = 2\n[share.data]\npath = \"data\"";
    let server = Server::configured(&scratch, more, "listening");
    let ends = |stream: &mut TcpStream| {
        let start = Instant::now();
        match stream.read(&mut [0; 16]) {
            Ok(0) => start.elapsed(),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => start.elapsed(),
            other => panic!("{other:?} after {:?}", start.elapsed()),
        }
    };
    let (mut silent, mut half) = (server.connect(), server.connect());
    half.write_all(&[0, 0, 1, 0, 0xfe, b'S', b'M', b'B']).expect("half a message");
    let at_once = ends(&mut server.connect());
    assert!(at_once < Duration::from_millis(800), "the third is let go at once, not after {at_once:?}");
    assert!(ends(&mut silent) < Duration::from_secs(4));
    assert!(ends(&mut half) < Duration::from_secs(4));
    until("room again", || {
        let stream = server.connect();
        stream.set_read_timeout(Some(Duration::from_millis(300))).expect("a timeout");
        stream.peek(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    });
}

#[test]
fn idle_connections_end() {
    if !has_smbclient() {
        return;
    }
    let scratch = Scratch::new();
    scratch.dir("data");
    let server =
        Server::configured(&scratch, "[limits]\nidle_s = 1\n[share.data]\npath = \"data\"", "listening");
    let mut client = Client::start(&server, "data", &scratch);
    client.say("mkdir here");
    until("a directory", || scratch.join("data/here").is_dir());
    let sessions = || {
        let ran = scratch.run(&["status", "--socket", "pointsman/status.sock", "--json"]);
        let status: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
        status["connections"].as_u64()
    };
    assert_eq!(sessions(), Some(1));
    until("nobody there", || sessions() == Some(0));
}

#[test]
fn prometheus_gets_its_numbers_and_nothing_else() {
    let scratch = Scratch::new();
    scratch.dir("data");
    let more = "metrics = \"127.0.0.1:0\"\n[share.data]\npath = \"data\"";
    let server = Server::configured(&scratch, more, "metrics at");
    let _client = server.connect();
    let url = server.lines.iter().find_map(|line| line.strip_prefix("metrics at http://")).expect("a line");
    let (address, _) = url.split_once('/').expect("a path");
    let get = |request: &str| {
        let mut stream = TcpStream::connect(address).expect("a connection");
        stream.write_all(request.as_bytes()).expect("a request");
        let mut answer = String::new();
        // Who says too much is cut off, which may be an error here.
        let _ = stream.read_to_string(&mut answer);
        answer
    };
    let metrics = || get("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    until("the connection", || metrics().contains("pointsman_connections 1\n"));
    let answer = metrics();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    for line in ["pointsman_logons_total{outcome=\"refused\"} 0", "# EOF"] {
        assert!(answer.lines().any(|found| found == line), "{line}: {answer}");
    }
    assert!(get("GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404"));
    assert!(get("POST /metrics HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405"));
    assert_eq!(get(&format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(20_000))), "", "too long");
}

#[test]
fn what_is_wrong_is_said_with_its_place_and_nothing_is_served() {
    let scratch = Scratch::new();
    scratch.file("server.toml", "[share.data]\npath = \"nowhere\"\n");
    let ran = scratch.run(&["serve", "--config", "server.toml"]);
    assert_eq!(ran.code, 6, "{}", ran.stderr);
    assert!(ran.stderr.contains("server.toml:2:8: nowhere is not there"), "{}", ran.stderr);
    scratch.file("server.toml", "[server]\nusers = \"users.toml\"\n[share.data]\npath = \".\"\n");
    let ran = scratch.run(&["serve", "--config", "server.toml"]);
    assert!(ran.code == 5 && ran.stderr.contains("pointsman user add"), "{}", ran.stderr);
    scratch.run_with(&["user", "add", "ada", "--users", "users.toml"], "secret\n").ok();
    assert!(scratch.shell("chmod 644 users.toml").code == 0);
    let ran = scratch.run(&["serve", "--config", "server.toml", "--check"]);
    assert!(ran.code == 5 && ran.stderr.contains("chmod 600"), "{}", ran.stderr);
    let ran = scratch.run_with(&["user", "add", "eve", "--users", "users.toml"], "\n");
    assert!(ran.code == 6 && ran.stderr.contains("lets everybody in"), "{}", ran.stderr);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let ran = scratch.run(&["serve", ".", "--listen", &address]);
    assert!(ran.code == 5 && ran.stderr.contains("--listen ADDRESS:PORT"), "{}", ran.stderr);
}
