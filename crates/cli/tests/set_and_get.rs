//! `set`, `get`, `delete` and `copy` on real files.
#![allow(clippy::expect_used, clippy::indexing_slicing)] // a test that fails does so by a panic
mod run;

use run::Scratch;
use serde_json::{Value, json};

/// The bytes of the extended attribute in which Samba, too, keeps a reparse point.
fn stored(here: &Scratch, name: &str) -> Option<Vec<u8>> {
    let mut value = vec![0; 65_536];
    let len = rustix::fs::lgetxattr(here.join(name), "user.SmbReparse", &mut value[..]).ok()?;
    value.truncate(len);
    Some(value)
}

fn point(here: &Scratch, name: &str) -> Value {
    here.run(&["get", "--json", name]).json()[0]["point"].clone()
}

#[test]
fn every_kind_that_set_offers_is_set_and_read_back() {
    let here = Scratch::new();
    let kinds: &[(&str, &[&str], Value)] = &[
        (
            "dir",
            &["--symlink", r"\\srv\share\d"],
            json!({"type": "symlink", "substitute": r"\??\UNC\srv\share\d", "print": r"\\srv\share\d", "relative": false}),
        ),
        (
            "file",
            &["--symlink", r"C:\a", "--print", "A"],
            json!({"type": "symlink", "substitute": r"\??\C:\a", "print": "A", "relative": false}),
        ),
        (
            "file",
            &["--symlink", r"\Device\X\", "--absolute"],
            json!({"type": "symlink", "substitute": r"\Device\X\", "print": r"\Device\X\", "relative": false}),
        ),
        (
            "file",
            &["--wsl", "/etc/hosts"],
            json!({"type": "lx_symlink", "version": 2, "target": "/etc/hosts"}),
        ),
        ("file", &["--wsl-fifo"], json!({"type": "lx_fifo"})),
        ("file", &["--af-unix"], json!({"type": "af_unix"})),
        ("file", &["--wsl-char", "1:3"], json!({"type": "lx_chr"})),
        ("file", &["--wsl-block", "8:1"], json!({"type": "lx_blk"})),
        ("file", &["--nfs-symlink", "../x"], json!({"type": "nfs_symlink", "target": "../x"})),
        ("file", &["--nfs-fifo"], json!({"type": "nfs_fifo"})),
        ("file", &["--nfs-socket"], json!({"type": "nfs_socket"})),
        ("file", &["--nfs-char", "66:98"], json!({"type": "nfs_char_device", "major": 66, "minor": 98})),
        ("file", &["--nfs-block", "8:0"], json!({"type": "nfs_block_device", "major": 8, "minor": 0})),
        (
            "file",
            &["--app-exec-link", "P_1", "--entry-point", "P_1!App", "--executable", r"C:\p.exe"],
            json!({"type": "app_exec_link", "version": 3, "strings": ["P_1", "P_1!App", r"C:\p.exe", "0"]}),
        ),
        ("file", &["--wof", "lzx"], json!({"type": "wof_file", "algorithm": 1})),
        (
            "file",
            &["--tag", "0xbeef", "--guid", "3740c860-b19b-11d9-9669-0800200c9a66", "--data", "c0ff"],
            json!({"type": "third_party", "tag": "0x0000BEEF", "guid": "3740c860-b19b-11d9-9669-0800200c9a66", "data": "c0ff"}),
        ),
        ("dir", &["--tag", "0x9000CAFE"], json!({"type": "raw", "tag": "0x9000CAFE", "data": ""})),
    ];
    for (number, (create, options, expected)) in kinds.iter().enumerate() {
        let name = format!("object{number}");
        let arguments = [&["set", &name, "--create", create][..], options].concat();
        here.run(&arguments).ok();
        assert_eq!(&point(&here, &name), expected, "{options:?}");
        assert_eq!(here.join(&name).is_dir(), *create == "dir");
    }
}

#[test]
fn the_bytes_lie_on_the_disk_as_samba_keeps_them() {
    let here = Scratch::new();
    here.run(&["set", "--create", "file", "--symlink", "x", "link"]).ok();
    let raw = here.run(&["get", "--raw", "link"]);
    assert_eq!(stored(&here, "link"), Some(raw.bytes));
    here.run(&["delete", "link"]).ok();
    assert_eq!(stored(&here, "link"), None);
    assert!(here.join("link").is_file());
}

#[test]
fn a_point_goes_through_json_hex_and_raw_without_a_change() {
    let here = Scratch::new();
    here.run(&["set", "--create", "dir", "--junction", r"C:\Tools", "a"]).ok();
    here.shell("pointsman get --json a | pointsman set --create dir --json - b").ok();
    here.shell("pointsman get --raw a | pointsman set --create dir --raw - c").ok();
    here.shell("pointsman set --create dir --hex \"$(pointsman get --hex a)\" d").ok();
    for copy in ["b", "c", "d"] {
        assert_eq!(stored(&here, copy), stored(&here, "a"), "{copy}");
    }
}

#[test]
fn a_device_carries_its_number_and_its_mode() {
    let here = Scratch::new();
    here.run(&["set", "--create", "file", "--wsl-char", "1:3", "--lx-mode", "666", "--lx-uid", "5", "null"])
        .ok();
    let read = here.run(&["get", "--json", "null"]).json();
    assert_eq!(read[0]["lx"], json!({"uid": 5, "mode": 0o020_666, "device": [1, 3]}));
    here.run(&["copy", "null", "copy"]).ok();
    assert_eq!(here.run(&["get", "--json", "copy"]).json()[0]["lx"], read[0]["lx"]);
}

#[test]
fn copy_says_what_it_does_not_carry() {
    let here = Scratch::new();
    here.file("from", "data");
    here.run(&["set", "--tag", "0x80004711", "--data", "01", "from"]).ok();
    let ran = here.run(&["copy", "from", "to"]);
    assert!(ran.stderr.contains("not carried: 4 bytes of data"), "{}", ran.stderr);
    ran.ok();
    assert_eq!(stored(&here, "to"), stored(&here, "from"));
}

#[test]
fn if_tag_and_replace_tag_decide_what_may_be_replaced() {
    let here = Scratch::new();
    here.run(&["set", "--create", "file", "--wsl", "/x", "f"]).ok();
    let told = here.run(&["set", "--symlink", "x", "f"]).fails(4);
    assert!(
        told.contains("STATUS_IO_REPARSE_TAG_MISMATCH (0xC0000277)") && told.contains("--replace-tag"),
        "{told}"
    );
    here.run(&["set", "--symlink", "x", "--if-tag", "AF_UNIX", "f"]).fails(4);
    here.run(&["set", "--symlink", "x", "--if-tag", "LX_SYMLINK", "f"]).ok();
    here.run(&["set", "--wsl-fifo", "--replace-tag", "f"]).ok();
    here.run(&["set", "--af-unix", "--if-tag", "none", "f"]).fails(4);
    assert_eq!(point(&here, "f"), json!({"type": "lx_fifo"}));
}

#[test]
fn a_large_point_is_kept_and_survives_a_rename() {
    let here = Scratch::new();
    let data = "ab".repeat(16_376);
    here.run(&["set", "--create", "file", "--tag", "0x80004711", "--data", &data, "--root", ".", "big"]).ok();
    std::fs::rename(here.join("big"), here.join("moved")).expect("a rename");
    let raw = here.run(&["get", "--raw", "moved"]);
    assert_eq!(raw.bytes.len(), 16_384);
    let over = "ab".repeat(16_377);
    here.run(&["set", "--create", "file", "--tag", "0x80004711", "--data", &over, "--root", ".", "over"])
        .fails(6);
    assert!(!here.join("over").exists());
}

#[test]
fn a_slash_in_a_relative_target_is_warned_of() {
    let here = Scratch::new();
    let ran = here.run(&["set", "--create", "file", "--symlink", "a/b", "l"]);
    assert!(ran.stderr.contains("warning: Windows does not separate names at '/'"), "{}", ran.stderr);
    ran.ok();
}

#[test]
fn a_unix_symlink_is_shown_as_windows_would_see_it_and_never_followed() {
    let here = Scratch::new();
    here.file("target", "data");
    std::os::unix::fs::symlink("target", here.join("link")).expect("a link");
    assert_eq!(point(&here, "link")["type"], "symlink");
    assert_eq!(here.run(&["get", "target"]).code, 3);
}

#[test]
fn it_works_in_a_directory_reached_through_a_symlink() {
    let here = Scratch::new();
    here.dir("real");
    std::os::unix::fs::symlink("real", here.join("way")).expect("a link");
    here.shell("cd way && pointsman set --create file --symlink x ./l && pointsman get ./l").ok();
    assert!(stored(&here, "real/l").is_some());
}

#[test]
fn an_ordinary_user_keeps_a_large_point_where_he_may_write() {
    let here = Scratch::new();
    if !rustix::process::geteuid().is_root() {
        // then every test of this file is run by an ordinary user, and this one shows the same as any
        here.run(&["set", "--create", "file", "--tag", "0x80004711", "--data", &"ab".repeat(12_000), "big"])
            .ok();
        return;
    }
    const NOBODY: u32 = 65_534;
    here.dir("his");
    std::os::unix::fs::chown(here.join("his"), Some(NOBODY), Some(NOBODY)).expect("root may");
    let may_go = |path: &std::path::Path| {
        use std::os::unix::fs::PermissionsExt;
        path.ancestors().all(|dir| dir.metadata().is_ok_and(|m| m.permissions().mode() & 0o001 != 0))
    };
    std::fs::set_permissions(here.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("root may");
    // By another process: while one of ours has it open for writing, a child of another test has, too, and it cannot be run.
    here.shell(&format!("cp {} pointsman", run::POINTSMAN)).ok();
    if !may_go(&here.join("his")) {
        eprintln!("skipped: {} cannot be reached by an ordinary user", here.path().display());
        return;
    }
    let as_him = "setpriv --reuid=65534 --regid=65534 --clear-groups ./pointsman";
    let data = "ab".repeat(12_000);
    here.shell(&format!("{as_him} set --create file --tag 0x80004711 --data {data} his/big")).ok();
    here.shell("mv his/big his/moved").ok();
    assert_eq!(here.shell(&format!("{as_him} get --raw his/moved")).bytes.len(), 12_008);
    assert!(here.join("his/.pointsman").is_dir());
    let refused = here.shell(&format!("{as_him} set --create file --symlink x not_his"));
    assert!(refused.fails(5).contains("next: run as the file's owner, or as root"));
}
