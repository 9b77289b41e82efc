//! What is kept at hand of objects that were looked at is never told once it is true no longer, and is let go.
#![cfg(target_os = "linux")]
// A test says what it expects by panicking, and why it did not run by printing.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]
mod host_disk;
use fsa::host::linux::{LinuxHost, LinuxNode, LinuxOptions};
use fsa::host::meta::{Depth, SMB_REPARSE, security_in};
use fsa::host::{Aim, Host, HostError, HostFault, Look, Looked, NodeKind};
use host_disk::Scratch;
use rustix::fs::{XattrFlags, lsetxattr};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

/// Longer than a change must be ago before what was read is kept, and than what is not used is held.
const LONG: Duration = Duration::from_millis(4500);

fn utf16(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

/// A directory with another in it and files in that, and who serves it.
struct Tree {
    scratch: Scratch,
    host: LinuxHost,
}

impl Tree {
    /// On a disk, or in memory: whose times count in other ways.
    fn new(scratch: Scratch, options: LinuxOptions) -> Tree {
        let dir = scratch.join("dir");
        fs::create_dir(&dir).unwrap();
        for name in ["a", "b", "c", "d"] {
            fs::write(dir.join(name), name).unwrap();
            set(&dir.join(name), b"first");
        }
        let host = scratch.host_with(options);
        host.tidy();
        Tree { scratch, host }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scratch.join("dir").join(name)
    }

    fn dir(&self) -> Result<Option<Looked<LinuxNode>>, HostError> {
        let look = Look { wanted: Depth::Point.wanted(), aim: Aim::Passage };
        self.host.look_up(&self.host.root(), &utf16("dir"), look)
    }

    /// What an open of a file for its attributes finds.
    fn look(&self, name: &str) -> Option<Looked<LinuxNode>> {
        let look = Look { wanted: Depth::Security.wanted(), aim: Aim::Attributes };
        self.host.look_up(&self.dir().unwrap()?.node, &utf16(name), look).unwrap()
    }

    /// The value that it finds.
    fn value(&self, name: &str) -> Option<Vec<u8>> {
        point_of(&self.look(name)?)
    }

    /// Looks so often that all that can be is at hand.
    fn know(&self) {
        for name in ["a", "b", "c", "d"] {
            for _ in 0..3 {
                assert_eq!(self.value(name).as_deref(), Some(&b"first"[..]), "{name}");
            }
        }
    }
}

fn point_of(looked: &Looked<LinuxNode>) -> Option<Vec<u8>> {
    let values = looked.seen.values.as_ref().unwrap();
    assert!(security_in(values).is_some(), "it was asked for");
    values.get(0).unwrap().map(<[u8]>::to_vec)
}

/// As another process would.
fn set(path: &Path, value: &[u8]) {
    lsetxattr(path, SMB_REPARSE, value, XattrFlags::empty()).unwrap();
}

/// How many descriptors of this process lead to the path, or to what had it.
fn held(path: &Path) -> usize {
    let leads = |link: PathBuf| {
        let text = link.to_string_lossy().into_owned();
        text.strip_suffix(" (deleted)").unwrap_or(&text) == path.to_string_lossy()
    };
    let links = fs::read_dir("/proc/self/fd").unwrap().flatten();
    links.filter_map(|entry| fs::read_link(entry.path()).ok()).filter(|link| leads(link.clone())).count()
}

/// False where nothing is kept at hand, for another reason than that nobody tidies.
fn is_trusted(scratch: &Scratch) -> bool {
    let magic = rustix::fs::statfs(scratch.path()).unwrap().f_type;
    let is_trusted = [0xEF53, 0x5846_5342, 0x9123_683E, 0x0102_1994].contains(&magic);
    if !is_trusted {
        println!("skipped: {magic:#x} is no file system that is trusted to tell of every change");
    }
    is_trusted
}

#[test]
fn what_another_process_does_is_seen_at_once() {
    for scratch in [Scratch::new(), Scratch::in_memory()] {
        if !is_trusted(&scratch) {
            continue;
        }
        let tree = Tree::new(scratch, LinuxOptions::default());
        sleep(LONG);
        tree.know();
        assert_eq!((held(&tree.path("a")), held(&tree.scratch.join("dir"))), (1, 1), "they are at hand");

        set(&tree.path("a"), b"second");
        assert_eq!(tree.value("a").as_deref(), Some(&b"second"[..]), "another value");
        set(&tree.path("a"), b"third");
        assert_eq!(tree.value("a").as_deref(), Some(&b"third"[..]), "and a moment later");

        fs::rename(tree.path("b"), tree.path("e")).unwrap();
        assert!(tree.look("b").is_none(), "another name");
        assert_eq!(tree.value("e").as_deref(), Some(&b"first"[..]));
        fs::write(tree.path("b"), "new").unwrap();
        assert_eq!(tree.value("b"), None, "another file of that name");

        fs::remove_file(tree.path("c")).unwrap();
        std::os::unix::fs::symlink("a", tree.path("c")).unwrap();
        assert_eq!(tree.look("c").unwrap().seen.stat.kind, NodeKind::Symlink, "another kind");

        fs::write(tree.path("d"), "longer than before").unwrap();
        assert_eq!(tree.look("d").unwrap().seen.stat.size, 18, "another length");

        let (dir, aside) = (tree.scratch.join("dir"), tree.scratch.join("aside"));
        set(&dir, b"a link by now");
        let values = tree.dir().unwrap().unwrap().seen.values.unwrap();
        assert_eq!(values.get(0), Some(Some(&b"a link by now"[..])), "the directory's own");
        fs::rename(&dir, &aside).unwrap();
        assert!(tree.dir().unwrap().is_none());
        fs::create_dir(&dir).unwrap();
        assert!(tree.look("a").is_none(), "another directory of that name");
        fs::remove_dir(&dir).unwrap();
        std::os::unix::fs::symlink("aside", &dir).unwrap();
        assert_eq!(tree.dir().unwrap().unwrap().seen.stat.kind, NodeKind::Symlink);
    }
}

#[test]
fn what_changed_a_moment_ago_is_read_again() {
    for scratch in [Scratch::new(), Scratch::in_memory()] {
        let tree = Tree::new(scratch, LinuxOptions::default());
        for round in 0..500u32 {
            set(&tree.path("a"), &round.to_le_bytes());
            assert_eq!(tree.value("a").as_deref(), Some(&round.to_le_bytes()[..]), "{round}");
        }
    }
}

#[test]
fn what_is_not_used_and_what_is_removed_is_let_go() {
    let scratch = Scratch::new();
    if !is_trusted(&scratch) {
        return;
    }
    let tree = Tree::new(scratch, LinuxOptions::default());
    sleep(LONG);
    tree.know();
    let names = ["a", "b", "c", "d"].map(|name| tree.path(name));
    assert_eq!(names.each_ref().map(|path| held(path)), [1; 4]);
    let looked = tree.look("a").unwrap();
    fs::remove_file(&names[0]).unwrap();
    tree.host.let_go(looked.seen.stat.id);
    assert_eq!(held(&names[0]), 1, "who has it has it still");
    assert_eq!(tree.host.stat(&looked.node).unwrap().links, 0);
    drop(looked);
    assert_eq!(held(&names[0]), 0);
    sleep(Duration::from_millis(2500));
    tree.host.tidy();
    assert_eq!(held(&names[1]), 1, "it was used in the turn before");
    tree.look("b").unwrap();
    sleep(Duration::from_millis(2500));
    tree.host.tidy();
    assert_eq!((held(&names[1]), held(&names[2])), (1, 0), "one was used since, one was not");
    // To write is another descriptor, which ends with who writes.
    let looked = tree.look("b").unwrap();
    tree.host.write(&looked.node, 0, b"data").unwrap();
    assert_eq!(held(&names[1]), 2);
    drop(looked);
    assert_eq!(held(&names[1]), 1);
}

#[test]
fn nothing_is_held_where_nobody_tidies() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.join("dir")).unwrap();
    fs::write(scratch.join("dir").join("a"), "").unwrap();
    let tree = Tree { host: scratch.host(), scratch };
    sleep(LONG);
    for _ in 0..4 {
        assert_eq!(tree.value("a"), None);
    }
    assert_eq!((held(&tree.path("a")), held(&tree.scratch.join("dir"))), (0, 0));
}

#[test]
fn a_directory_that_something_is_mounted_over_is_another() {
    for cross_mounts in [false, true] {
        let options = LinuxOptions { cross_mounts, ..LinuxOptions::default() };
        let tree = Tree::new(Scratch::new(), options);
        let (dir, other) = (tree.scratch.join("dir"), tree.scratch.join("other"));
        fs::create_dir(&other).unwrap();
        sleep(LONG);
        tree.know();
        for from in [&other, &dir] {
            let bound = Command::new("mount").arg("--bind").args([from, &dir]).status();
            if !bound.is_ok_and(|status| status.success()) {
                return println!("skipped: this machine does not let us mount");
            }
            let found = tree.dir().map(|found| found.is_some());
            let is_empty = cross_mounts && from == &other;
            let looked = cross_mounts.then(|| tree.look("a").is_none());
            let crossed = Err(HostError { call: "lookup", fault: HostFault::CrossDevice });
            assert!(Command::new("umount").arg("-l").arg(&dir).status().unwrap().success());
            assert_eq!(found, if cross_mounts { Ok(true) } else { crossed });
            assert!(looked.is_none_or(|is_missing| is_missing == is_empty), "{from:?}");
            tree.know();
        }
    }
}
