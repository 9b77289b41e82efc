//! Each way to fail: its exit code, what is said, and that nothing was changed.
#![allow(clippy::expect_used, clippy::indexing_slicing)] // a test that fails does so by a panic
mod run;

use run::Scratch;

#[test]
fn the_command_line_is_checked() {
    let here = Scratch::new();
    here.file("f", "");
    for arguments in [
        &["set", "f"][..],
        &["set", "--symlink", "x", "--wsl", "y", "f"],
        &["set", "--symlink", "C:x", "f"],
        &["set", "--symlink", "", "f"],
        &["set", "--junction", r"\\srv\share", "f"],
        &["set", "--junction", "relative", "f"],
        &["set", "--wsl-char", "one", "f"],
        &["set", "--tag", "NO_SUCH_TAG", "f"],
        &["set", "--wsl", "x", "--print", "y", "f"],
        &["set", "--symlink", "x", "--lx-mode", "777", "f"],
        &["get"],
        &["get", "--raw", "f", "f"],
        &["explain"],
        &["retarget", "."],
        &["retarget", ".", "--from", r"C:\x", "--to", "y"],
        &["resolve", "--drive", "C", "f"],
        &["nonsense"],
    ] {
        let told = here.run(arguments).fails(2);
        assert!(!told.is_empty(), "{arguments:?}");
    }
    here.run(&["get", "f"]).fails(3);
}

#[test]
fn an_object_without_a_point_is_exit_3() {
    let here = Scratch::new();
    here.file("f", "");
    for arguments in [
        &["get", "f"][..],
        &["delete", "f"],
        &["delete", "--tag", "SYMLINK", "f"],
        &["explain", "--path", "f"],
    ] {
        let told = here.run(arguments).fails(3);
        assert!(
            told.contains("STATUS_NOT_A_REPARSE_POINT (0xC0000275), Win32 ERROR_NOT_A_REPARSE_POINT (4390)"),
            "{told}"
        );
        assert!(told.contains("next: "), "{told}");
    }
}

#[test]
fn refusals_name_the_status_and_the_way_out() {
    let here = Scratch::new();
    here.file("data", "data");
    here.file("empty", "");
    here.dir("full/inside");
    here.dir("bare");
    let cases: &[(&[&str], &str, &str)] = &[
        (&["set", "--symlink", "x", "data"], "STATUS_IO_REPARSE_DATA_INVALID", "truncate"),
        (&["set", "--junction", r"C:\x", "empty"], "STATUS_NOT_A_DIRECTORY", "directory"),
        (&["set", "--junction", r"C:\x", "full"], "STATUS_DIRECTORY_NOT_EMPTY", "empty directory"),
        (&["set", "--symlink", "x", "missing"], "STATUS_OBJECT_NAME_NOT_FOUND", "--create"),
        (
            &["set", "--symlink", "x", "nowhere/missing"],
            "STATUS_OBJECT_PATH_NOT_FOUND",
            "directory on the way",
        ),
        (
            &["set", "--symlink", "x", "--no-privilege", "empty"],
            "STATUS_PRIVILEGE_NOT_HELD",
            "--no-privilege",
        ),
        (&["set", "--tag", "0xBEEF", "empty"], "STATUS_IO_REPARSE_DATA_INVALID", "--guid"),
        (
            &["set", "--tag", "1", "--guid", "3740c860-b19b-11d9-9669-0800200c9a66", "empty"],
            "STATUS_IO_REPARSE_TAG_INVALID",
            "explain",
        ),
        (&["set", "--hex", "", "empty"], "STATUS_INVALID_BUFFER_SIZE", "explain"),
        (&["set", "--create", "dir", "--symlink", "x", "empty"], "STATUS_NOT_A_DIRECTORY", "--create file"),
        (
            &["set", "--create", "file", "--symlink", "x", "bare"],
            "STATUS_FILE_IS_A_DIRECTORY",
            "--create dir",
        ),
    ];
    for (arguments, status, way_out) in cases {
        let arguments: Vec<&str> =
            arguments.iter().map(|a| if *a == "1" { "0x00000001" } else { a }).collect();
        let told = here.run(&arguments).fails(4);
        assert!(told.contains(status), "{arguments:?}: {told}");
        let next = told.split("next: ").nth(1).unwrap_or_default();
        assert!(next.contains(way_out), "{arguments:?}: {told}");
    }
    for name in ["data", "empty", "full", "bare"] {
        here.run(&["get", name]).fails(3);
    }
    assert!(!here.join("missing").exists());
}

#[test]
fn a_junction_needs_no_privilege() {
    let here = Scratch::new();
    here.run(&["set", "--create", "dir", "--junction", r"C:\x", "--no-privilege", "j"]).ok();
}

#[test]
fn what_was_made_for_a_refused_point_goes_again() {
    let here = Scratch::new();
    here.run(&["set", "--create", "file", "--hex", "0c0000a0", "f"]).fails(4);
    here.run(&["set", "--create", "file", "--junction", r"C:\x", "g"]).fails(4);
    assert!(!here.join("f").exists() && !here.join("g").exists());
}

#[test]
fn malformed_input_is_exit_6_and_changes_nothing() {
    let here = Scratch::new();
    here.file("f", "");
    here.file("bad.json", r#"{"type":"symlink","substitute":1}"#);
    here.file("none.json", "");
    for arguments in [
        &["set", "--hex", "0c0", "f"][..],
        &["set", "--hex", "zz", "f"],
        &["set", "--json", "bad.json", "f"],
        &["set", "--json", "none.json", "f"],
        &["set", "--tag", "0x80000013", "--data", "0g", "f"],
        &["explain", "--hex", "0q"],
        &["set", "--wsl", "a\u{0}b", "f"],
    ] {
        if arguments.iter().any(|a| a.contains('\0')) {
            continue; // no shell can pass it
        }
        here.run(arguments).fails(6);
    }
    here.run(&["get", "f"]).fails(3);
}

#[test]
fn what_the_host_refuses_is_exit_5() {
    let here = Scratch::new();
    here.run(&["set", "--raw", "no-such-file", "f"]).fails(5);
    here.run(&["explain", "no-such-file"]).fails(5);
    here.run(&["find", "no-such-directory"]).fails(5);
    here.run(&["get", "--root", "no-such-root", "f"]).fails(5);
    let told = here.run(&["get", "/proc/version"]);
    assert!(matches!(told.code, 3 | 5), "{told:?}");
}

#[test]
fn a_file_that_holds_no_volume_is_told_from_one_that_does() {
    let here = Scratch::new();
    here.file("disk.img", &"x".repeat(4096));
    let told = here.run(&["get", "disk.img!/x"]).fails(4);
    assert!(told.contains("STATUS_UNRECOGNIZED_VOLUME") && told.contains("no NTFS volume"), "{told}");
    std::fs::write(here.join("disk.qcow2"), [b"QFI\xfb".as_slice(), &[0; 4096]].concat()).expect("a file");
    let told = here.run(&["get", "disk.qcow2!/x"]).fails(4);
    assert!(told.contains("qcow2") && told.contains("qemu-img convert"), "{told}");
}

#[test]
fn a_server_s_place_that_cannot_be_reached_says_what_is_missing() {
    let here = Scratch::new();
    let password = here.file("password", "x\n").to_string_lossy().into_owned();
    for (place, code, reason) in [
        ("smb://ann:secret@srv/share/x", 2, "can be seen by all"),
        ("smb://srv", 2, "names no share"),
        ("smb://ann@127.0.0.1:1/share/x", 5, "could not connect"),
    ] {
        let told = here.run(&["get", "--password-file", &password, place]).fails(code);
        assert!(told.contains(reason) && told.contains("next: "), "{told}");
    }
    let told = here.run(&["get", "smb://ann@127.0.0.1:1/share/x"]).fails(2);
    assert!(told.contains("no password") && told.contains("--password-file"), "{told}");
}

#[test]
fn with_json_errors_are_json_on_stderr() {
    let here = Scratch::new();
    here.file("f", "");
    let told = here.run(&["get", "--json", "f"]).fails(3);
    let error: serde_json::Value = serde_json::from_str(&told).expect("one JSON line");
    assert_eq!(error["error"]["status"], "STATUS_NOT_A_REPARSE_POINT");
    assert_eq!(error["error"]["status_code"], "0xC0000275");
    assert_eq!(error["error"]["win32_code"], 4390);
    assert_eq!(error["error"]["exit"], 3);
    assert_eq!(error["error"]["place"], "f");
}

#[test]
fn some_of_many_failing_is_exit_1() {
    let here = Scratch::new();
    here.file("plain", "");
    here.run(&["set", "--create", "file", "--symlink", "x", "link"]).ok();
    let ran = here.run(&["get", "plain", "link"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("a symbolic link"), "{}", ran.stdout);
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let here = Scratch::new();
    let ran = here.shell("for i in 1 2 3 4 5 6 7 8 9; do pointsman completions zsh; done 2>err | head -n 1 >/dev/null; cat err");
    assert_eq!(ran.ok(), "");
}

#[test]
fn a_full_disk_behind_stdout_is_told_by_the_exit_code() {
    let here = Scratch::new();
    assert_eq!(here.shell("pointsman completions bash > /dev/full").code, 5);
}

#[test]
fn a_path_leaves_its_root_by_no_way() {
    let here = Scratch::new();
    here.dir("root/sub");
    here.file("outside", "");
    std::os::unix::fs::symlink("..", here.join("root/up")).expect("a link");
    std::os::unix::fs::symlink("../outside", here.join("root/out")).expect("a link");
    for path in ["outside", "root/../outside", "root/up/outside"] {
        here.run(&["set", "--root", "root", "--symlink", "x", path]).fails(2);
    }
    here.run(&["resolve", "--root", "root", "root/out"]).fails(4);
    here.run(&["get", "outside"]).fails(3);
}
