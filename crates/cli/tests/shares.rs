//! The command on shares: of our own server, and of Debian's smbd, which keeps no reparse points in 4.17 and shows the way
//! there and the refusals.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)] // a test that cannot go on fails
mod run;
#[path = "../../daemon/tests/serving/mod.rs"]
mod serving;
#[path = "../../remote/tests/smbd/mod.rs"]
mod smbd;

use run::Scratch;
use smbd::{PASSWORD, Smbd};

#[test]
fn get_find_and_resolve_ask_a_samba_share_and_tell_what_it_says() {
    let Some(smbd) = Smbd::start("", "") else { return };
    let here = Scratch::new();
    let password = here.file("password", &format!("{PASSWORD}\n")).to_string_lossy().into_owned();
    let run = |words: &[&str]| here.run(&[words, &["--password-file", &password]].concat());
    std::fs::create_dir(smbd.share().join("d")).unwrap();
    std::fs::write(smbd.share().join("d/50%.txt"), b"x").unwrap();
    let told = run(&["get", &smbd.url("d/50%25.txt")]).fails(3);
    assert!(told.contains("STATUS_NOT_A_REPARSE_POINT"), "{told}");
    let told = run(&["get", &smbd.url("none")]).fails(4);
    assert!(told.contains("STATUS_OBJECT_NAME_NOT_FOUND") && told.contains("the server says so"), "{told}");
    assert_eq!(run(&["find", &smbd.url("")]).ok(), "");
    let told = run(&["find", &smbd.url("d/none")]).fails(4);
    assert!(told.contains("STATUS_OBJECT_NAME_NOT_FOUND"), "{told}");
    let end = run(&["resolve", &smbd.url("d/50%25.txt")]).ok();
    assert!(end.contains("/share/d/50%25.txt, a file"), "{end}");
    // What is made for a point that the server then refuses goes again. Samba 4.17 has this status for a SET too.
    let told = run(&["set", "--create", "file", "--symlink", "x", &smbd.url("d/link")]).fails(3);
    assert!(told.contains("the server says so"), "{told}");
    assert!(!smbd.share().join("d/link").exists());
    let wrong = here.file("wrong", "no\n").to_string_lossy().into_owned();
    let told = here.run(&["get", "--password-file", &wrong, &smbd.url("d")]).fails(4);
    assert!(told.contains("STATUS_LOGON_FAILURE") && told.contains("next: "), "{told}");
}

/// A server of ours over a directory, and the command with its password.
struct Own {
    here: Scratch,
    url: String,
    password: String,
    _running: serving::Running,
}

impl Own {
    fn start() -> Own {
        let here = Scratch::new();
        here.dir("served");
        let running = serving::start(&here.join("served"), 0, &serving::Wish::default());
        let url = format!("smb://{}@127.0.0.1:{}/share", serving::USER, running.address.port());
        let password = here.file("password", serving::PASSWORD).to_string_lossy().into_owned();
        Own { here, url, password, _running: running }
    }

    /// The command with these words, in which `@` is the share.
    fn run(&self, words: &[&str]) -> run::Ran {
        let words: Vec<String> = words.iter().map(|word| word.replace('@', &self.url)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.here.run(&[&words[..], &["--password-file", &self.password]].concat())
    }
}

#[test]
fn points_are_set_read_found_copied_rewritten_and_deleted_on_a_share() {
    let own = Own::start();
    own.run(&["set", "--create", "file", "--symlink", "report.txt", "@/latest"]).ok();
    own.run(&["set", "--create", "dir", "--junction", r"C:\Tools", "@/tools"]).ok();
    own.run(&["set", "--create", "file", "--wsl", "/etc/hosts", "--lx-mode", "777", "@/a%25b"]).ok();
    assert!(own.run(&["get", "@/latest"]).ok().contains("report.txt"));
    assert!(own.run(&["get", "@/a%25b"]).ok().contains("120777"));
    assert!(own.here.join("served/a%b").exists());
    let found = own.run(&["find", "--sort", "-l", "@"]).ok();
    assert_eq!(found, ["@/a%25b", "@/latest", "@/tools", ""].join("\n").replace('@', &own.url));
    // Between a share and this machine, byte for byte.
    own.run(&["copy", "@/a%25b", "local"]).ok();
    own.run(&["copy", "local", "@/back"]).ok();
    let raw = |path: &str| own.run(&["get", "--raw", path]).bytes;
    assert_eq!(raw("local"), raw("@/a%25b"));
    assert_eq!(raw("local"), raw("@/back"));
    let told = own.run(&["set", "--symlink", "x", "@/tools"]).fails(4);
    assert!(told.contains("STATUS_IO_REPARSE_TAG_MISMATCH") && told.contains("--replace-tag"), "{told}");
    own.run(&["set", "--symlink", "x", "--replace-tag", "@/tools"]).ok();
    own.run(&["set", "--junction", r"C:\Tools", "--if-tag", "SYMLINK", "@/tools"]).ok();
    own.run(&["retarget", "@", "--from", r"C:\Tools", "--to", r"D:\New", "--apply"]).ok();
    assert!(own.run(&["get", "@/tools"]).ok().contains(r"D:\New"));
    own.run(&["delete", "--tag", "SYMLINK", "@/tools"]).fails(4);
    own.run(&["delete", "@/tools"]).ok();
    own.run(&["get", "@/tools"]).fails(3);
    assert!(own.here.join("served/tools").is_dir());
}

#[test]
fn resolve_follows_links_between_shares_and_this_machine_in_the_classes_that_are_allowed() {
    let own = Own::start();
    own.here.dir("served/sub");
    own.here.file("served/sub/file", "");
    own.here.dir("c/users");
    own.here.file("c/users/file", "");
    own.run(&["set", "--create", "dir", "--symlink", "sub", "@/near"]).ok();
    own.run(&["set", "--create", "dir", "--symlink", r"\\127.0.0.1\share2\sub", "@/other"]).ok();
    own.run(&["set", "--create", "dir", "--symlink", r"C:\users", "@/down"]).ok();
    own.run(&["set", "--create", "dir", "--symlink", r"Z:\near", "c/up"]).ok();
    let resolve = |words: &[&str]| own.run(&[&["resolve"], words].concat());
    let told = resolve(&["@/near/file"]).fails(4);
    assert!(told.contains("STATUS_SYMLINK_CLASS_DISABLED") && told.contains("R2R:1"), "{told}");
    let r2r = "--symlink-evaluation=R2R:1";
    assert!(resolve(&[r2r, "@/near/file"]).ok().contains("/share/sub/file, a file"));
    assert!(resolve(&[r2r, "@/other/file"]).ok().contains("/share2/sub/file, a file"));
    let told = resolve(&["--symlink-evaluation=R2L:1", "@/down/file"]).fails(4);
    assert!(told.contains(r"C:\users\file") && told.contains("--drive"), "{told}");
    let end = resolve(&["--symlink-evaluation=R2L:1", "--drive", "C:=c", "@/down/file"]).ok();
    assert!(end.contains("c/users/file, a file"), "{end}");
    let end = resolve(&[r2r, "--drive", "Z:=@", "c/up/file"]).ok();
    assert!(end.contains("/share/sub/file, a file") && end.contains("2. "), "{end}");
    let told = resolve(&["--symlink-evaluation=L2R:0", "--drive", "Z:=@", "c/up/file"]).fails(4);
    assert!(told.contains("L2R"), "{told}");
    let dangling = own.run(&["find", "--dangling", r2r, "-l", "@"]).fails(1);
    assert_eq!(dangling, "");
}

/// A tree's points, saved and restored onto a share: with their times, and saved from there the same again.
#[test]
fn points_saved_from_a_tree_are_restored_onto_a_share_with_their_times() {
    let own = Own::start();
    own.here.dir("tree");
    own.run(&["set", "--create", "dir", "--junction", r"C:\Tools", "tree/tools"]).ok();
    own.run(&["set", "--create", "file", "--symlink", "x", "tree/link"]).ok();
    own.run(&["set", "--create", "file", "--wsl-fifo", "--lx-mode", "644", "tree/fifo"]).ok();
    let old = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    std::fs::File::open(own.here.join("tree/link")).unwrap().set_modified(old).unwrap();
    own.here.shell("pointsman save tree > points.jsonl").ok();
    let told = own.run(&["restore", "@/", "points.jsonl"]).ok();
    assert!(told.contains("restored: 3") && told.contains("failed: 0"), "{told}");
    let saved = own.run(&["save", "@/"]).ok();
    own.here.file("again.jsonl", &saved);
    // What differs is the time of change, which a host decides.
    let points = |file: &str| {
        let text = std::fs::read_to_string(own.here.join(file)).unwrap();
        let lines = text.lines().filter(|line| line.contains("\"bytes\""));
        lines.map(|line| line.split_once("\"changed\"").unwrap().0.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(points("points.jsonl"), points("again.jsonl"));
    let written = std::fs::metadata(own.here.join("served/link")).unwrap().modified().unwrap();
    assert_eq!(written, old);
}
