//! A Debian smbd on loopback, as root, over a temporary directory, with one user who has a password.
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

pub(crate) const USER: &str = "root";
pub(crate) const PASSWORD: &str = "Correct Horse 7";

/// A running smbd.
pub(crate) struct Smbd {
    folder: tempfile::TempDir,
    pub(crate) port: u16,
    daemon: Child,
}

impl Smbd {
    /// Starts one with these lines added to its share; `None`, with the reason printed, where that cannot be.
    pub(crate) fn start(global: &str, share: &str) -> Option<Smbd> {
        for program in ["smbd", "pdbedit"] {
            if !Command::new(program).arg("-V").output().is_ok_and(|output| output.status.success()) {
                println!("skipped: no {program} (Debian: samba)");
                return None;
            }
        }
        if !Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n") {
            println!("skipped: smbd needs root");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        for part in ["share", "lock", "state", "cache", "private", "pid", "ncalrpc"] {
            std::fs::create_dir_all(folder.path().join(part)).unwrap();
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = folder.path().join("smb.conf");
        std::fs::write(&config, configuration(folder.path(), port, global, share)).unwrap();
        add_user(&config);
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let daemon = Command::new("smbd")
            .args(["-F", "--no-process-group", "--debug-stdout", "-s"])
            .arg(&config)
            // It ends with the pipe, however we end; and as it ends it ends its process group, which is not ours.
            .stdin(Stdio::piped())
            .process_group(0)
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let smbd = Smbd { folder, port, daemon };
        for _ in 0..100 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(smbd);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("smbd does not listen: {}", smbd.log());
    }

    pub(crate) fn share(&self) -> PathBuf {
        self.folder.path().join("share")
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("smb://{USER}@127.0.0.1:{}/share/{path}", self.port)
    }
}

impl Drop for Smbd {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

fn add_user(config: &Path) {
    let mut child = Command::new("pdbedit")
        .arg("-s")
        .arg(config)
        .args(["-a", "-t", "-u", USER])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    write!(child.stdin.take().unwrap(), "{PASSWORD}\n{PASSWORD}\n").unwrap();
    assert!(child.wait().unwrap().success(), "pdbedit adds no user");
}

fn configuration(folder: &Path, port: u16, global: &str, share: &str) -> String {
    let at = folder.display();
    format!(
        "[global]\nserver role = standalone server\ninterfaces = 127.0.0.1/8\nbind interfaces only = yes\n\
        smb ports = {port}\ndisable netbios = yes\nlock directory = {at}/lock\nstate directory = {at}/state\n\
        cache directory = {at}/cache\nprivate dir = {at}/private\npid directory = {at}/pid\n\
        ncalrpc dir = {at}/ncalrpc\npassdb backend = tdbsam:{at}/private/passdb.tdb\nload printers = no\n\
        printcap name = /dev/null\ndisable spoolss = yes\nrpc start on demand helpers = no\n{global}\n\
        [share]\npath = {at}/share\nread only = no\nstore dos attributes = yes\n\
        ea support = yes\nvfs objects = streams_xattr acl_xattr\nhide dot files = no\n{share}\n"
    )
}
