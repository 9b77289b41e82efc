//! The Linux kernel's own SMB client, in a virtual machine without KVM, against `pointsman serve`: links and special files of
//! every kind, made in one form and read in each, and then by `pointsman get` on the host.
//!
//! `cargo xtask linux-client` fetches the kernel and runs this; elsewhere it skips.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test that fails does so by a panic
#![allow(clippy::print_stdout)] // a skip says so
mod run;

use run::{POINTSMAN, Scratch};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The script that boots a kernel, and the kernel; or why there is none.
fn tools() -> Result<(PathBuf, PathBuf), String> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let script = project.join("../shared/tools/kclient.sh");
    let script = std::env::var_os("POINTSMAN_KCLIENT").map_or(script, PathBuf::from);
    let kernel = std::env::var_os("POINTSMAN_KERNEL").ok_or("POINTSMAN_KERNEL is not set")?;
    match (script.exists(), Path::new(&kernel).is_dir()) {
        (false, _) => Err(format!("no {}", script.display())),
        (_, false) => Err(format!("no kernel in {}", Path::new(&kernel).display())),
        (true, true) => Ok((script, kernel.into())),
    }
}

fn serve(scratch: &Scratch, more: &str) -> (Server, String) {
    let text = format!(
        "[server]\nusers = \"users.toml\"\nlisten = [\"127.0.0.1:0\"]\n[share.data]\npath = \"data\"\n{more}\n"
    );
    scratch.file("server.toml", &text);
    scratch.run_with(&["user", "add", "ada", "--users", "users.toml"], "secret\n").ok();
    let mut child = Command::new(POINTSMAN)
        .args(["serve", "--config", "server.toml", "--log", "error"])
        .current_dir(scratch.path())
        .env("XDG_RUNTIME_DIR", scratch.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("pointsman");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
    let port = line.trim_end().rsplit(':').next().expect("a port").to_owned();
    (Server(child), port)
}

/// What the script said, inside.
fn boot(scratch: &Scratch, port: &str, script: &Path, kernel: &Path) -> String {
    let inside = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/linux_client.sh");
    let output = Command::new("bash")
        .arg(script)
        .arg(kernel)
        .args([port, "data", "ada", "secret"])
        .arg(inside)
        .env("BINS", "/usr/bin/git /usr/bin/git-upload-pack /usr/bin/tar")
        .env("MOUNTOPTS", "vers=3.1.1,seal")
        .env("TIMEOUT", "600")
        .env("TMPDIR", scratch.path())
        .env("CACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("kclient-cache"))
        .output()
        .expect("bash");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

fn judged(more: &str) -> Option<Scratch> {
    let (script, kernel) = match tools() {
        Ok(tools) => tools,
        Err(why) => {
            println!("skipped: {why}");
            return None;
        }
    };
    let scratch = Scratch::new();
    scratch.dir("data");
    let (_server, port) = serve(&scratch, more);
    let said = boot(&scratch, &port, &script, &kernel);
    let facts = said.lines().filter(|line| line.starts_with("ok ")).count();
    let failed: Vec<&str> = said.lines().filter(|line| line.starts_with("FAIL")).collect();
    assert!(failed.is_empty() && said.lines().any(|line| line == "end"), "{failed:#?}\n{said}");
    println!("{facts} facts hold: {}", said.lines().find(|line| line.contains("kernel")).unwrap_or_default());
    assert!(facts >= 60, "only {facts} facts were looked at:\n{said}");
    Some(scratch)
}

#[test]
fn links_and_special_files_of_the_linux_client_are_what_the_command_finds() {
    let Some(scratch) = judged("") else { return };
    let tag = |path: &str| {
        let ran = scratch.run(&["get", "--json", &format!("data/{path}")]);
        let found: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
        found["tag_name"].as_str().expect("a tag").trim_start_matches("IO_REPARSE_TAG_").to_owned()
    };
    let names = ["renamed", "dlink", "dangling", "abs", "fifo", "chr", "blk"];
    let tags = |how: &str| names.map(|name| tag(&format!("{how}/{name}")));
    let symlink = ["SYMLINK"; 4];
    assert_eq!(tags("nfs"), [&symlink[..], &["NFS"; 3]].concat()[..]);
    assert_eq!(tags("wsl"), [&symlink[..], &["LX_FIFO", "LX_CHR", "LX_BLK"]].concat()[..]);
}

/// The share keeps what it can as the host's own links and special files; a client sees the same.
#[test]
fn a_share_of_unix_links_gives_the_linux_client_the_same() {
    let Some(scratch) = judged("unix_links = true") else { return };
    let target = |path: &str| std::fs::read_link(scratch.join(path)).map(|path| path.display().to_string());
    assert_eq!(target("data/nfs/renamed").ok().as_deref(), Some("target"));
    assert_eq!(target("data/clone/d/up").ok().as_deref(), Some("../f"));
}
