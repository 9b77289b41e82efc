//! `find`, `resolve`, `retarget` and `check` on trees of real files.
#![allow(clippy::expect_used, clippy::indexing_slicing)] // a test that fails does so by a panic
mod run;

use run::Scratch;
use serde_json::json;

fn tree() -> Scratch {
    let here = Scratch::new();
    here.dir("sub/deep");
    here.file("sub/plain", "data");
    here.file("report.txt", "data");
    let set = |arguments: &[&str]| here.run(&[&["set"], arguments].concat()).ok();
    set(&["--create", "dir", "--junction", r"C:\old\bin", "bin"]);
    set(&["--create", "file", "--symlink", r"C:\OLD\a.txt", "sub/a"]);
    set(&["--create", "file", "--symlink", r"C:\older\b", "sub/b"]);
    set(&["--create", "file", "--symlink", r"..\report.txt", "sub/latest"]);
    set(&["--create", "file", "--wsl", "/mnt/c/old/x", "sub/deep/wsl"]);
    set(&["--create", "file", "--tag", "0xBEEF", "--guid", "3740c860-b19b-11d9-9669-0800200c9a66", "v"]);
    here
}

fn found(here: &Scratch, arguments: &[&str]) -> Vec<String> {
    let ran = here.run(&[&["find", "--sort", "-l", "."], arguments].concat());
    ran.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn find_sees_every_point_and_nothing_else() {
    let here = tree();
    assert_eq!(found(&here, &[]), ["./bin", "./sub/a", "./sub/b", "./sub/deep/wsl", "./sub/latest", "./v"]);
    let text = here.run(&["find", "--sort"]).ok();
    assert!(text.contains("./bin: MOUNT_POINT -> \\??\\C:\\old\\bin\n"), "{text}");
    let lines = here.run(&["find", "--sort", "--json", "sub"]).json();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[0]["path"], "sub/a");
    assert_eq!(lines[0]["point"]["substitute"], r"\??\C:\OLD\a.txt");
}

#[test]
fn find_filters() {
    let here = tree();
    assert_eq!(found(&here, &["--tag", "LX_SYMLINK", "--tag", "0xBEEF"]), ["./sub/deep/wsl", "./v"]);
    assert_eq!(found(&here, &["--kind", "junction"]), ["./bin"]);
    assert_eq!(found(&here, &["--third-party"]), ["./v"]);
    assert_eq!(found(&here, &["--microsoft", "--kind", "wsl"]), ["./sub/deep/wsl"]);
    assert_eq!(found(&here, &["--name-surrogate", "--kind", "vendor"]), [""; 0]);
    let nul = here.run(&["find", "-0", "--kind", "vendor"]);
    assert_eq!(nul.bytes, b"./v\0");
}

#[test]
fn find_dangling_tells_links_that_lead_nowhere_by_its_exit_code() {
    let here = tree();
    let ran = here.run(&["find", "--sort", "--dangling", "--json"]);
    assert_eq!(ran.code, 1);
    let told: Vec<(String, String)> = ran
        .json()
        .iter()
        .map(|line| {
            (
                line["path"].as_str().unwrap_or_default().into(),
                line["dangling"].as_str().unwrap_or_default().into(),
            )
        })
        .collect();
    let nowhere = "STATUS_OBJECT_PATH_NOT_FOUND".to_owned();
    assert_eq!(
        told,
        [("./bin".into(), nowhere.clone()), ("./sub/a".into(), nowhere.clone()), ("./sub/b".into(), nowhere)]
    );
    here.dir("c/old/bin");
    here.file("c/old/a.txt", "");
    here.file("c/older", "");
    let with_drive = here.run(&["find", "-l", "--dangling", "--root", ".", "--drive", "C:=c"]);
    assert_eq!(with_drive.stdout, "./sub/b\n");
}

#[test]
fn resolve_shows_each_hop_and_ends_at_the_object() {
    let here = tree();
    here.run(&["set", "--create", "dir", "--junction", r"C:\sub", "way"]).ok();
    let text = here.run(&["resolve", "--root", ".", "--drive", "C:=.", "way/latest"]).ok();
    let real = here.path().canonicalize().expect("a path");
    let expected = format!(
        "way/latest\n  1. \\way is a junction to: \\??\\C:\\sub\n     goes on at \\sub\\latest\n  2. \\sub\\latest is a link relative to its directory: ..\\report.txt\n     goes on at \\report.txt\nends at {}/report.txt, a file\n",
        real.display()
    );
    assert_eq!(text, expected);
    let json = here.run(&["resolve", "--json", "--root", ".", "--drive", "C:=.", "way/latest"]).json();
    assert_eq!(json[0]["hops"][0]["goes_on_at"], r"\sub\latest");
    assert_eq!(json[0]["end"]["kind"], "file");
}

#[test]
fn resolve_ends_in_the_status_that_windows_gives() {
    let here = tree();
    let unknown = here.run(&["resolve", "--root", ".", "bin"]).fails(4);
    assert!(
        unknown.contains("STATUS_OBJECT_PATH_NOT_FOUND") && unknown.contains("--drive C:=/"),
        "{unknown}"
    );
    here.run(&["set", "--create", "file", "--symlink", "loop", "loop"]).ok();
    let looped = here.run(&["resolve", "--root", ".", "loop"]);
    assert!(looped.stdout.contains("63. \\loop is"), "{}", looped.stdout);
    assert!(looped.fails(4).contains("STATUS_REPARSE_POINT_NOT_RESOLVED"));
    let vendor = here.run(&["resolve", "--root", ".", "v"]).fails(4);
    assert!(vendor.contains("STATUS_IO_REPARSE_TAG_NOT_HANDLED"), "{vendor}");
    here.run(&["set", "--create", "file", "--symlink", r"..\..\x", "up"]).ok();
    let above = here.run(&["resolve", "--root", ".", "up"]).fails(4);
    assert!(above.contains("STATUS_IO_REPARSE_DATA_INVALID"), "{above}");
}

#[test]
fn retarget_changes_nothing_until_told_and_everything_can_be_undone() {
    let here = tree();
    let before = here.run(&["find", "--sort", "--json"]).ok();
    let arguments = ["retarget", ".", "--from", r"c:\old", "--to", r"D:\new"];
    let dry = here.run(&arguments).ok();
    assert!(dry.contains("./bin: \\??\\C:\\old\\bin -> \\??\\D:\\new\\bin\n"), "{dry}");
    assert!(dry.contains("links that would be changed: 2; add --apply"), "{dry}");
    assert_eq!(here.run(&["find", "--sort", "--json"]).ok(), before);

    here.run(&[&arguments[..], &["--apply"]].concat()).ok();
    let now = here.run(&["get", "--json", "bin", "sub/a", "sub/b"]).json();
    assert_eq!(
        now[0]["point"],
        json!({"type": "mount_point", "substitute": r"\??\D:\new\bin", "print": r"D:\new\bin"})
    );
    assert_eq!(now[1]["point"]["print"], r"D:\new\a.txt");
    assert_eq!(now[2]["point"]["print"], r"C:\older\b");

    // a second --apply does not write over what may still be needed
    here.run(&[&["retarget", ".", "--from", r"D:\new", "--to", r"E:\x"][..], &["--apply"]].concat()).fails(5);

    let undone = here.run(&["retarget", "--undo", "pointsman-undo.jsonl"]).ok();
    assert!(undone.contains("links put back: 2, left: 0"), "{undone}");
    assert_eq!(here.run(&["find", "--sort", "--json"]).ok(), before);
}

#[test]
fn undo_leaves_what_somebody_changed_since() {
    let here = tree();
    here.run(&["retarget", ".", "--from", r"C:\old", "--to", r"D:\new", "--apply", "--undo-file", "u"]).ok();
    here.run(&["set", "--junction", r"C:\mine", "bin"]).ok();
    let ran = here.run(&["retarget", "--undo", "u"]);
    assert!(ran.stderr.contains("bin: put the link back: somebody changed it since"), "{}", ran.stderr);
    assert_eq!((ran.code, ran.stdout.as_str()), (1, "links put back: 1, left: 1\n"));
    // what a crash cut off is passed over; what is damaged is told
    let whole = std::fs::read_to_string(here.join("u")).expect("the undo file");
    here.file("cut", whole.trim_end());
    let cut = here.run(&["retarget", "--undo", "cut"]);
    assert_eq!((cut.code, cut.stdout.as_str()), (1, "links put back: 0, left: 1\n"));
    here.file("bad", "{}\n");
    here.run(&["retarget", "--undo", "bad"]).fails(6);
}

#[test]
fn retarget_knows_relative_and_unix_targets() {
    let here = tree();
    let unix = here.run(&["retarget", ".", "--from", "/mnt/c/old", "--to", "/srv", "--json"]).json();
    assert_eq!(unix[0], json!({"path": "./sub/deep/wsl", "from": "/mnt/c/old/x", "to": "/srv/x"}));
    let relative =
        here.run(&["retarget", ".", "--from", r"..\report.txt", "--to", r"..\r.txt", "--json"]).json();
    assert_eq!(relative[0]["to"], r"..\r.txt");
    assert_eq!(relative[1], json!({"summary": {"links": 1, "changed": 0}}));
    let none = here.run(&["retarget", ".", "--from", "nothing", "--to", "here", "--apply"]).ok();
    assert_eq!(none, "no link leads there\n");
}

#[test]
fn check_finds_nothing_wrong_with_what_the_command_wrote() {
    let here = tree();
    let data = "ab".repeat(16_376);
    here.run(&["set", "--create", "file", "--tag", "0x80004711", "--data", &data, "--root", ".", "big"]).ok();
    let told = here.run(&["check"]).ok();
    assert_eq!(told, "objects: 12, reparse points: 7, findings: 0, put right: 0\n");
}

#[test]
fn check_tells_of_damage_and_repairs_what_it_can() {
    let here = Scratch::new();
    here.file("f", "");
    let path = here.join("f");
    rustix::fs::lsetxattr(&path, "user.SmbReparse", b"nonsense!", rustix::fs::XattrFlags::empty())
        .expect("set");
    rustix::fs::lsetxattr(&path, "user.DOSATTRIB", b"nonsense!", rustix::fs::XattrFlags::empty())
        .expect("set");
    let damaged = here.run(&["check", "--json"]);
    assert_eq!(damaged.code, 1);
    assert!(damaged.stdout.contains("user.DOSATTRIB cannot be read"), "{}", damaged.stdout);
    let repaired = here.run(&["check", "--repair"]);
    assert_eq!(repaired.code, 1, "a point is never removed");
    assert!(
        repaired.stdout.contains("user.DOSATTRIB cannot be read") && repaired.stdout.contains("put right")
    );
    assert!(!here.run(&["check"]).stdout.contains("DOSATTRIB"));
    here.run(&["find"]).fails(1);
}

#[test]
fn a_retarget_that_is_killed_can_be_undone() {
    let here = Scratch::new();
    let lines: String = (0..3000)
        .map(|n| {
            format!(
                "{}\n",
                json!({"path": format!("l{n}"), "create": "file", "symlink": format!(r"C:\old\{n}")})
            )
        })
        .collect();
    assert_eq!(here.run_with(&["set", "--batch", "--sync", "none"], &lines).code, 0);
    let before = here.run(&["find", "--sort", "--json"]).ok();
    let mut child = std::process::Command::new(run::POINTSMAN)
        .args(["retarget", ".", "--from", r"C:\old", "--to", r"D:\new", "--apply"])
        .current_dir(here.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    // killed once it has begun to change links: the undo file is there and has its first records
    let undo = here.join("pointsman-undo.jsonl");
    while std::fs::metadata(&undo).map_or(0, |facts| facts.len()) == 0 {
        assert!(child.try_wait().expect("it can be asked").is_none(), "it ended before it was killed");
        std::thread::yield_now();
    }
    child.kill().expect("it is killed");
    child.wait().expect("it ends");
    here.run(&["retarget", "--undo", "pointsman-undo.jsonl"]).ok();
    assert_eq!(here.run(&["find", "--sort", "--json"]).ok(), before);
}
