//! Change notifications of what other processes do in a shared directory: here the test itself, behind the store's back.
//! [inotify(7)]
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test says what it expects by panicking
mod host_disk;
mod store;

use fsa::host::linux::LinuxHost;
use fsa::{Completion, OpenId, Requester, VolumeOptions};
use host_disk::Scratch;
use nt::{
    AccessMask, CreateOptions, FileInformationClass as Class, NotifyAction as Action, NotifyFilter as Filter,
    NtStatus, Utf16,
};
use rustix::event::{PollFd, PollFlags, poll};
use std::fs;
use store::*;

const LIST: AccessMask = AccessMask::FILE_READ_DATA;
const ALL: Filter = Filter(Filter::FILE_NAME.0 | Filter::DIR_NAME.0 | Filter::SIZE.0 | Filter::LAST_WRITE.0);
const NAMES: Filter = Filter(Filter::FILE_NAME.0 | Filter::DIR_NAME.0);

struct Shared {
    store: Store<LinuxHost>,
    scratch: Scratch,
}

impl Shared {
    fn new() -> Shared {
        let scratch = Scratch::new();
        fs::create_dir_all(scratch.join("d/sub")).unwrap();
        Shared { store: Store::on(scratch.host(), VolumeOptions::default()), scratch }
    }

    /// Begins to watch, and takes back the first request: what happens from now on is kept.
    fn watch(&self, path: &str, tree: bool, filter: Filter) -> OpenId {
        let id = self.store.open(path, LIST, CreateOptions::DIRECTORY_FILE);
        let wait = self.store.volume.notify(id, tree, filter, 4096).unwrap_err().waits().unwrap();
        assert!(self.store.volume.cancel(wait));
        id
    }

    /// True when the daemon would be woken.
    fn wakes(&self) -> bool {
        let queue = self.store.volume.host().changes().unwrap();
        let now = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut [PollFd::new(&queue, PollFlags::IN)], Some(&now)).unwrap() > 0
    }

    /// Everything that is to be told of a watched directory.
    fn told(&self, id: OpenId) -> Vec<(Action, String)> {
        self.store.volume.hear();
        match self.store.volume.notify(id, false, NAMES, 65_536) {
            Ok(told) => {
                assert_eq!(told.status, NtStatus::SUCCESS);
                entries(&told.bytes)
            }
            Err(refusal) => {
                assert!(self.store.volume.cancel(refusal.waits().unwrap()));
                Vec::new()
            }
        }
    }
}

fn entries(bytes: &[u8]) -> Vec<(Action, String)> {
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let (mut entries, mut at) = (Vec::new(), 0);
    loop {
        let len = usize::try_from(word(at + 8)).unwrap();
        let name = Utf16::from_le_bytes(&bytes[at + 12..at + 12 + len]).unwrap().to_string();
        entries.push((Action(word(at + 4)), name));
        match usize::try_from(word(at)).unwrap() {
            0 => return entries,
            next => at += next,
        }
    }
}

fn entry(action: Action, name: &str) -> (Action, String) {
    (action, name.to_owned())
}

#[test]
fn what_another_process_does_wakes_the_daemon_and_is_told() {
    let shared = Shared::new();
    let id = shared.watch("d", false, NAMES);
    assert!(!shared.wakes());
    fs::write(shared.scratch.join("d/new"), "data").unwrap();
    assert!(shared.wakes());
    assert_eq!(shared.told(id), [entry(Action::ADDED, "new")]);
    assert!(!shared.wakes());
    fs::rename(shared.scratch.join("d/new"), shared.scratch.join("d/newer")).unwrap();
    let both = [entry(Action::RENAMED_OLD_NAME, "new"), entry(Action::RENAMED_NEW_NAME, "newer")];
    assert_eq!(shared.told(id), both);
    fs::rename(shared.scratch.join("d/newer"), shared.scratch.join("out")).unwrap();
    fs::rename(shared.scratch.join("out"), shared.scratch.join("d/back")).unwrap();
    fs::remove_file(shared.scratch.join("d/back")).unwrap();
    fs::create_dir(shared.scratch.join("d/dir")).unwrap();
    let rest = [
        entry(Action::REMOVED, "newer"),
        entry(Action::ADDED, "back"),
        entry(Action::REMOVED, "back"),
        entry(Action::ADDED, "dir"),
    ];
    assert_eq!(shared.told(id), rest);
    // A request that waits is answered.
    let wait = shared.store.volume.notify(id, false, NAMES, 4096).unwrap_err().waits().unwrap();
    fs::remove_dir(shared.scratch.join("d/dir")).unwrap();
    shared.store.volume.hear();
    let told = shared.store.volume.take_completions();
    assert!(matches!(told.as_slice(), [Completion::Notify { wait: told, .. }] if *told == wait), "{told:?}");
}

#[test]
fn a_tree_is_listened_to_with_what_comes_to_it() {
    let shared = Shared::new();
    let id = shared.watch("", true, ALL);
    fs::write(shared.scratch.join("d/sub/f"), "").unwrap();
    assert_eq!(shared.told(id)[0], entry(Action::ADDED, r"d\sub\f"));
    fs::create_dir(shared.scratch.join("d/sub/deep")).unwrap();
    assert_eq!(shared.told(id), [entry(Action::ADDED, r"d\sub\deep")]);
    fs::write(shared.scratch.join("d/sub/deep/g"), "data").unwrap();
    assert!(shared.told(id).contains(&entry(Action::ADDED, r"d\sub\deep\g")));
    // A directory that is renamed is heard of under its new name.
    fs::rename(shared.scratch.join("d/sub"), shared.scratch.join("moved")).unwrap();
    shared.told(id);
    fs::write(shared.scratch.join("moved/deep/h"), "").unwrap();
    assert!(shared.told(id).contains(&entry(Action::ADDED, r"moved\deep\h")));
}

#[test]
fn what_the_store_does_itself_is_told_once() {
    let shared = Shared::new();
    let id = shared.watch("d", true, ALL);
    let store = &shared.store;
    store.file(r"d\f");
    assert_eq!(shared.told(id), [entry(Action::ADDED, "f")]);
    let file = store.open(r"d\f", AccessMask(0x0001_0003), PLAIN);
    store.volume.write(file, 0, b"data").unwrap();
    assert_eq!(shared.told(id), [entry(Action::MODIFIED, "f")]);
    let rename = |name: &str| {
        let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let input =
            [&[0; 16][..], &u32::try_from(name.len()).unwrap().to_le_bytes(), &name, &[0; 4]].concat();
        let class = Class::RENAME_INFORMATION;
        store.volume.set_information(&store.cx, Requester::Local, file, class, &input).unwrap();
    };
    rename("g");
    let both = [entry(Action::RENAMED_OLD_NAME, "f"), entry(Action::RENAMED_NEW_NAME, "g")];
    assert_eq!(shared.told(id), both);
    rename(r"\out");
    assert_eq!(shared.told(id), [entry(Action::REMOVED, "g")]);
    rename(r"\d\sub\in");
    assert_eq!(shared.told(id), [entry(Action::ADDED, r"sub\in")]);
    store.close(file);
    let file = store.open(r"d\sub\in", AccessMask::DELETE, CreateOptions::DELETE_ON_CLOSE);
    store.close(file);
    assert_eq!(shared.told(id), [entry(Action::REMOVED, r"sub\in")]);
    store.put_a_link();
    assert_eq!(shared.told(id), [entry(Action::ADDED, "link")]);
}

impl Store<LinuxHost> {
    fn put_a_link(&self) {
        self.file(r"d\link");
        self.put(r"d\link", &relative("t"));
    }
}

#[test]
fn when_nobody_watches_nothing_is_heard() {
    let shared = Shared::new();
    let id = shared.watch("d", true, NAMES);
    shared.store.close(id);
    fs::write(shared.scratch.join("d/new"), "data").unwrap();
    shared.store.volume.hear();
    assert_eq!(shared.store.volume.take_completions(), []);
    assert!(!shared.wakes());
}
