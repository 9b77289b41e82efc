//! What the Linux host must not do: wake what it looks at, follow a link, leave its root, or change what is read-only.
#![cfg(target_os = "linux")]
// A test says what it expects by panicking, and why it did not run by printing.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]
mod host_disk;
use fsa::host::linux::{LinuxHost, LinuxOpenError, LinuxOptions};
use fsa::host::{Host, HostFault, HostName, Make, NodeKind, RenameMode, SetTimes, XattrMode};
use host_disk::Scratch;
use rustix::fs::{CWD, Mode, OFlags, RenameFlags, renameat_with};
use rustix::io::Errno;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

fn utf16(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

#[test]
fn looking_at_a_pipe_does_not_open_it() {
    let scratch = Scratch::new();
    let host = scratch.host();
    let (made, name) = host.create(&host.root(), &utf16("pipe"), Make::Fifo).unwrap();
    let found = host.lookup(&host.root(), &utf16("PIPE")).unwrap().unwrap().0;
    let opened = host.open_entry(&host.root(), &name).unwrap();
    for node in [made, found, opened] {
        assert_eq!(host.stat(&node).unwrap().kind, NodeKind::Fifo);
        host.xattr(&node, "user.x").unwrap();
        host.sync(&node).unwrap();
        // A writer that does not wait finds no reader.
        let writer = rustix::fs::open(scratch.join("pipe"), OFlags::WRONLY | OFlags::NONBLOCK, Mode::empty());
        assert_eq!(writer.unwrap_err(), Errno::NXIO);
    }
}

#[test]
fn a_directory_that_is_swapped_for_a_link_never_leads_outside() {
    let scratch = Scratch::new();
    let outside = Scratch::new();
    fs::write(outside.join("secret"), "outside").unwrap();
    fs::create_dir(scratch.join("dir")).unwrap();
    fs::write(scratch.join("dir/secret"), "inside").unwrap();
    symlink(outside.path(), scratch.join("link")).unwrap();
    let host = scratch.host();
    let root = host.root();
    let done = AtomicBool::new(false);
    let (mut read, mut refused) = (0, 0);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let (dir, link) = (scratch.join("dir"), scratch.join("link"));
                renameat_with(CWD, &dir, CWD, &link, RenameFlags::EXCHANGE).unwrap();
            }
        });
        for _ in 0..20_000 {
            let Some((dir, _)) = host.lookup(&root, &utf16("dir")).unwrap() else { continue };
            match host.lookup(&dir, &utf16("secret")) {
                Ok(Some((file, _))) => {
                    let mut data = [0; 16];
                    let len = host.read(&file, 0, &mut data).unwrap();
                    assert_eq!(&data[..len], b"inside");
                    read += 1;
                }
                Ok(None) => panic!("the directory has the name"),
                Err(error) => {
                    assert_eq!(error.fault, HostFault::NotDirectory); // the link itself
                    refused += 1;
                }
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    assert!(read > 0 && refused > 0, "the race was not seen from both sides: {read}, {refused}");
}

#[test]
fn a_link_is_looked_at_and_never_followed() {
    let scratch = Scratch::new();
    let outside = Scratch::new();
    fs::write(outside.join("file"), "outside").unwrap();
    symlink(outside.join("file"), scratch.join("link")).unwrap();
    let host = scratch.host();
    let link = host.lookup(&host.root(), &utf16("link")).unwrap().unwrap().0;
    assert_eq!(host.stat(&link).unwrap().kind, NodeKind::Symlink);
    assert!(host.read(&link, 0, &mut [0; 8]).is_err());
    assert!(host.write(&link, 0, b"x").is_err());
    assert!(host.set_len(&link, 0).is_err());
    assert!(host.set_xattr(&link, "user.x", b"1", XattrMode::Any).is_err());
    host.set_times(&link, SetTimes { accessed: None, modified: Some(nt::FileTime::from_unix(1, 0)) })
        .unwrap();
    let target = fs::metadata(outside.join("file")).unwrap();
    assert_eq!(fs::read(outside.join("file")).unwrap(), b"outside");
    assert!(target.modified().unwrap().elapsed().unwrap() < Duration::from_secs(600));
}

#[test]
fn nothing_changes_on_a_volume_opened_to_read() {
    let scratch = Scratch::new();
    fs::write(scratch.join("file"), "data").unwrap();
    let host = scratch.host_with(LinuxOptions { read_only: true, ..LinuxOptions::default() });
    let root = host.root();
    let (file, name) = host.lookup(&root, &utf16("FILE")).unwrap().unwrap();
    assert!(host.is_read_only());
    let refused = [
        host.create(&root, &utf16("new"), Make::File).map(drop),
        host.create_unnamed(Make::File).map(drop),
        host.link(&file, &root, &utf16("new")).map(drop),
        host.rename(&root, &name, &root, &utf16("new"), RenameMode::Replace).map(drop),
        host.remove(&root, &name),
        host.set_xattr(&file, "user.x", b"1", XattrMode::Any),
        host.remove_xattr(&file, "user.x").map(drop),
        host.write(&file, 0, b"x"),
        host.set_len(&file, 0),
        host.set_times(&file, SetTimes::default()),
        host.put_blob(&file, b"x").map(drop),
        host.remove_blob(fsa::host::BlobId([0; 32])),
    ];
    for result in refused {
        assert_eq!(result.unwrap_err().fault, HostFault::ReadOnly);
    }
    assert_eq!(fs::read(scratch.join("file")).unwrap(), b"data");
}

#[test]
fn a_root_that_is_none_is_told() {
    let scratch = Scratch::new();
    fs::write(scratch.join("file"), "").unwrap();
    let fault = |name: &str| match LinuxHost::open(&scratch.join(name), LinuxOptions::default()) {
        Err(LinuxOpenError::Root(error)) => error.fault,
        other => panic!("{:?}", other.map(drop)),
    };
    assert_eq!(fault("none"), HostFault::NotFound);
    assert_eq!(fault("file"), HostFault::NotDirectory);
}

#[test]
fn a_directory_is_not_moved_beneath_itself() {
    let scratch = Scratch::new();
    let host = scratch.host();
    let (dir, name) = host.create(&host.root(), &utf16("dir"), Make::Directory).unwrap();
    for mode in [RenameMode::NoReplace, RenameMode::Replace] {
        let moved = host.rename(&host.root(), &name, &dir, &utf16("inside"), mode);
        assert_eq!(moved.unwrap_err().fault, HostFault::Denied);
    }
    let missing = host.rename(&dir, &HostName(b"a/b".to_vec()), &dir, &utf16("x"), RenameMode::Replace);
    assert_eq!(missing.unwrap_err().fault, HostFault::NameInvalid);
}

/// Runs one of this file's tests that need another environment, in that environment. The program prints why it could not
/// be had.
fn run_inside(test: &str, wrapper: &[&str], directory: &Scratch) {
    let [program, arguments @ ..] = wrapper else { panic!("no program") };
    let out = Command::new(program)
        .args(arguments)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env("HOST_TEST_DIRECTORY", directory.path())
        .output();
    let out = match out {
        Ok(out) if String::from_utf8_lossy(&out.stdout).contains("running 1 test") => out,
        other => return println!("skipped: {wrapper:?} does not run here: {other:?}"),
    };
    let text = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success(), "{text}");
}

fn given_directory() -> std::path::PathBuf {
    std::env::var_os("HOST_TEST_DIRECTORY").unwrap().into()
}

#[test]
fn what_the_caller_may_not_read_is_still_looked_at() {
    if !rustix::process::geteuid().is_root() {
        return println!("skipped: only the superuser can become another user");
    }
    let scratch = Scratch::new();
    let shut = |name: &str, mode: u32| {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(scratch.join(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    for (name, mode) in [("write only", 0o222), ("shut", 0), ("read only", 0o444)] {
        fs::write(scratch.join(name), "data").unwrap();
        shut(name, mode);
    }
    fs::create_dir(scratch.join("pass only")).unwrap();
    fs::write(scratch.join("pass only/inside"), "data").unwrap();
    shut("pass only", 0o111);
    let wrapper = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    run_inside("inside_as_nobody", &wrapper, &scratch);
}

#[test]
#[ignore = "run by what_the_caller_may_not_read_is_still_looked_at, as another user"]
fn inside_as_nobody() {
    let host = LinuxHost::open(&given_directory(), LinuxOptions::default()).unwrap();
    let root = host.root();
    let open = |name: &str| host.lookup(&root, &utf16(name)).unwrap().unwrap().0;
    for name in ["WRITE only", "SHUT", "read only"] {
        assert_eq!(host.stat(&open(name)).unwrap().size, 4);
    }
    let write_only = open("write only");
    assert_eq!(host.read(&write_only, 0, &mut [0; 4]).unwrap_err().fault, HostFault::Denied);
    host.write(&write_only, 0, b"DATA").unwrap();
    // user.* goes by the rights to the data: xattr(7).
    host.set_xattr(&write_only, "user.x", b"1", XattrMode::Any).unwrap();
    assert_eq!(host.xattr(&write_only, "user.x").unwrap_err().fault, HostFault::Denied);
    let read_only = open("read only");
    let set = host.set_xattr(&read_only, "user.x", b"1", XattrMode::Any);
    assert_eq!(set.unwrap_err().fault, HostFault::Denied);
    assert_eq!(host.xattr(&read_only, "user.x").unwrap(), None);
    assert_eq!(host.xattr(&open("shut"), "user.x").unwrap_err().fault, HostFault::Denied);
    let dir = open("pass only");
    assert!(host.lookup(&dir, &utf16("inside")).unwrap().is_some());
    assert_eq!(host.entries(&dir).unwrap_err().fault, HostFault::Denied);
    let denied = host.create(&root, &utf16("new"), Make::File);
    assert_eq!(denied.map(drop).unwrap_err().fault, HostFault::Denied);
    assert_eq!(host.put_blob(&root, b"value").unwrap_err().fault, HostFault::Denied);
}

#[test]
fn a_machine_without_proc_is_told() {
    let scratch = Scratch::new();
    let wrapper = ["unshare", "-m", "sh", "-c", "umount -l /proc && exec \"$0\" \"$@\""];
    run_inside("inside_without_proc", &wrapper, &scratch);
}

#[test]
#[ignore = "run by a_machine_without_proc_is_told, without /proc"]
fn inside_without_proc() {
    let opened = LinuxHost::open(&given_directory(), LinuxOptions::default());
    assert_eq!(opened.map(drop), Err(LinuxOpenError::NoProc));
}

#[test]
fn without_watches_every_question_scans_and_is_answered_rightly() {
    for limits in ["max_inotify_instances", "max_inotify_watches"] {
        let scratch = Scratch::new();
        let script = format!("echo 0 > /proc/sys/user/{limits} && exec \"$0\" \"$@\"");
        run_inside("inside_without_watches", &["unshare", "-Ur", "sh", "-c", &script], &scratch);
    }
}

#[test]
#[ignore = "run by without_watches_every_question_scans_and_is_answered_rightly"]
fn inside_without_watches() {
    let path = given_directory();
    let host = LinuxHost::open(&path, LinuxOptions::default()).unwrap();
    let found = |name: &str| host.lookup(&host.root(), &utf16(name)).unwrap().map(|(_, name)| name);
    assert_eq!(found("NAME"), None);
    fs::write(path.join("name"), "").unwrap();
    assert_eq!(found("NAME"), Some(HostName(b"name".to_vec())));
    fs::rename(path.join("name"), path.join("other")).unwrap();
    assert_eq!(found("NAME"), None);
    assert_eq!(found("OTHER"), Some(HostName(b"other".to_vec())));
    assert_eq!(host.scans(), 4);
    fs::remove_file(path.join("other")).unwrap();
}

#[test]
fn with_few_watches_the_oldest_is_given_up() {
    let scratch = Scratch::new();
    let script = "echo 3 > /proc/sys/user/max_inotify_watches && exec \"$0\" \"$@\"";
    run_inside("inside_with_few_watches", &["unshare", "-Ur", "sh", "-c", script], &scratch);
}

#[test]
#[ignore = "run by with_few_watches_the_oldest_is_given_up"]
fn inside_with_few_watches() {
    let path = given_directory();
    let host = LinuxHost::open(&path, LinuxOptions::default()).unwrap();
    let dirs: Vec<_> = (0..6)
        .map(|number| host.create(&host.root(), &utf16(&format!("dir {number}")), Make::Directory).unwrap().0)
        .collect();
    for round in 0..3 {
        for (number, dir) in dirs.iter().enumerate() {
            let name = format!("file {round}");
            fs::write(path.join(format!("dir {number}")).join(&name), "").unwrap();
            for _ in 0..2 {
                assert!(host.lookup(dir, &utf16(&name.to_uppercase())).unwrap().is_some());
            }
        }
    }
    // Each first question of a round had to scan, and no second one.
    assert_eq!(host.scans(), 1 + 3 * 6);
}
