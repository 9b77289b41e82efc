//! Change notifications of directories. [MS-FSA] 2.1.5.11 and 2.1.4.1, [MS-FSCC] 2.7.1; cases of smbtorture's smb2.notify
//! (Debian's samba-testsuite), observed on Windows, are named.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test says what it expects by panicking
mod store;

use fsa::{Completion, NOTIFY_BYTES_MAX, OpenId, Requester, WATCHES_MAX, WaitId};
use nt::{
    AccessMask, CreateDisposition, CreateOptions, FileInformationClass as Class, NotifyAction as Action,
    NotifyFilter as Filter, NtStatus, Utf16,
};
use store::*;

const LIST: AccessMask = AccessMask::FILE_READ_DATA;
const CHANGES: AccessMask =
    AccessMask(AccessMask::FILE_WRITE_DATA.0 | AccessMask::DELETE.0 | AccessMask::FILE_WRITE_ATTRIBUTES.0);
const NAMES: Filter = Filter(Filter::FILE_NAME.0 | Filter::DIR_NAME.0);
const ROOM: usize = 4096;

/// The entries of a buffer of FILE_NOTIFY_INFORMATION.
fn entries(bytes: &[u8]) -> Vec<(Action, String)> {
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let (mut entries, mut at) = (Vec::new(), 0);
    while !bytes.is_empty() {
        let len = usize::try_from(word(at + 8)).unwrap();
        let name = Utf16::from_le_bytes(&bytes[at + 12..at + 12 + len]).unwrap().to_string();
        entries.push((Action(word(at + 4)), name));
        let next = usize::try_from(word(at)).unwrap();
        if next == 0 {
            break;
        }
        assert_eq!(next % 4, 0);
        at += next;
    }
    entries
}

fn entry(action: Action, name: &str) -> (Action, String) {
    (action, name.to_owned())
}

impl Store {
    fn watched(&self, path: &str) -> OpenId {
        self.open(path, LIST, CreateOptions::DIRECTORY_FILE)
    }

    #[track_caller]
    fn waits(&self, id: OpenId, tree: bool, filter: Filter) -> WaitId {
        self.volume.notify(id, tree, filter, ROOM).unwrap_err().waits().unwrap()
    }

    #[track_caller]
    fn told(&self, wait: WaitId) -> (NtStatus, Vec<(Action, String)>) {
        match self.volume.take_completions().as_slice() {
            [Completion::Notify { wait: told, status, bytes, .. }] if *told == wait => {
                (*status, entries(bytes))
            }
            other => panic!("{other:?}"),
        }
    }

    /// What is there without waiting.
    #[track_caller]
    fn ready(&self, id: OpenId) -> (NtStatus, Vec<(Action, String)>) {
        let told = self.volume.notify(id, false, NAMES, ROOM).unwrap();
        (told.status, entries(&told.bytes))
    }

    #[track_caller]
    fn rename(&self, from: &str, to: &str) {
        let name: Vec<u8> = to.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let input =
            [&[0; 16][..], &u32::try_from(name.len()).unwrap().to_le_bytes(), &name, &[0; 4]].concat();
        let id = self.open(from, CHANGES, PLAIN);
        let class = Class::RENAME_INFORMATION;
        self.volume.set_information(&self.cx, Requester::Local, id, class, &input).unwrap();
        self.close(id);
    }

    #[track_caller]
    fn remove(&self, path: &str) {
        let id = self.open(path, AccessMask::DELETE, CreateOptions::DELETE_ON_CLOSE);
        self.close(id);
    }
}

fn one(action: Action, name: &str) -> (NtStatus, Vec<(Action, String)>) {
    (NtStatus::SUCCESS, vec![entry(action, name)])
}

#[test]
fn names_that_come_go_and_change_are_told() {
    let store = Store::new();
    store.dir("d");
    let dir = store.watched("d");
    let wait = store.waits(dir, false, NAMES);
    store.file(r"d\f");
    assert_eq!(store.told(wait), one(Action::ADDED, "f"));
    // smb2.notify.dir: both names of a rename come at once.
    let wait = store.waits(dir, false, NAMES);
    store.rename(r"d\f", "g");
    let both = vec![entry(Action::RENAMED_OLD_NAME, "f"), entry(Action::RENAMED_NEW_NAME, "g")];
    assert_eq!(store.told(wait), (NtStatus::SUCCESS, both));
    let wait = store.waits(dir, false, NAMES);
    store.remove(r"d\g");
    assert_eq!(store.told(wait), one(Action::REMOVED, "g"));
    let wait = store.waits(dir, false, NAMES);
    store.file("elsewhere");
    store.rename("elsewhere", r"\d\here");
    assert_eq!(store.told(wait), one(Action::ADDED, "here"));
    let wait = store.waits(dir, false, NAMES);
    store.dir(r"d\sub");
    assert_eq!(store.told(wait), one(Action::ADDED, "sub"));
}

#[test]
fn what_happens_between_two_requests_is_kept_in_order() {
    let store = Store::new();
    store.dir("d");
    let dir = store.watched("d");
    let wait = store.waits(dir, false, NAMES);
    store.file(r"d\1");
    assert_eq!(store.told(wait), one(Action::ADDED, "1"));
    store.file(r"d\22");
    store.remove(r"d\1");
    store.file(r"d\333");
    let kept = vec![entry(Action::ADDED, "22"), entry(Action::REMOVED, "1"), entry(Action::ADDED, "333")];
    assert_eq!(store.ready(dir), (NtStatus::SUCCESS, kept));
    store.waits(dir, false, NAMES);
}

#[test]
fn a_tree_is_watched_or_its_top_and_only_for_what_the_filter_names() {
    // smb2.notify.tree and smb2.notify.mask
    let store = Store::new();
    for dir in ["d", r"d\sub", "dd"] {
        store.dir(dir);
    }
    let (top, tree, root) = (store.watched("d"), store.watched("d"), store.watched(""));
    let top_waits = store.waits(top, false, NAMES);
    let tree_waits = store.waits(tree, true, NAMES);
    store.file(r"dd\f");
    assert_eq!(store.volume.take_completions(), [], "a name that begins alike is another");
    store.file(r"d\sub\f");
    assert_eq!(store.told(tree_waits), one(Action::ADDED, r"sub\f"));
    let root_waits = store.waits(root, true, Filter::SIZE);
    let id = store.open(r"d\sub\f", CHANGES, PLAIN);
    store.volume.write(id, 0, b"data").unwrap();
    assert_eq!(store.told(root_waits), one(Action::MODIFIED, r"d\sub\f"));
    assert!(store.volume.cancel(top_waits), "it was told nothing");
}

#[test]
fn requests_on_one_open_are_answered_in_their_order() {
    // smb2.notify.double
    let store = Store::new();
    store.dir("d");
    let dir = store.watched("d");
    let (first, second) = (store.waits(dir, false, NAMES), store.waits(dir, false, NAMES));
    store.file(r"d\1");
    assert_eq!(store.told(first), one(Action::ADDED, "1"));
    store.file(r"d\2");
    assert_eq!(store.told(second), one(Action::ADDED, "2"));
}

#[test]
fn more_than_fits_is_told_as_such_and_forgotten() {
    // smb2.notify.overflow, smb2.notify.valid-req with a buffer of 0
    let store = Store::new();
    store.dir("d");
    let dir = store.watched("d");
    let wait = store.volume.notify(dir, false, NAMES, 0).unwrap_err().waits().unwrap();
    store.file(r"d\f");
    assert_eq!(store.told(wait), (NtStatus::NOTIFY_ENUM_DIR, Vec::new()));
    store.file(r"d\g");
    let told = store.volume.notify(dir, false, NAMES, 13).unwrap();
    assert_eq!((told.status, told.bytes), (NtStatus::NOTIFY_ENUM_DIR, Vec::new()));
    let name = "n".repeat(200);
    for number in 0..=NOTIFY_BYTES_MAX / 400 {
        store.file(&format!(r"d\{name}{number}"));
    }
    let told = store.volume.notify(dir, false, NAMES, 1 << 20).unwrap();
    assert_eq!((told.status, told.bytes), (NtStatus::NOTIFY_ENUM_DIR, Vec::new()));
    store.waits(dir, false, NAMES);
}

#[test]
fn a_close_and_a_deletion_end_what_waits() {
    // smb2.notify.close, rmdir1 and rmdir2
    let store = Store::new();
    store.dir("d");
    let dir = store.watched("d");
    let wait = store.waits(dir, false, NAMES);
    store.close(dir);
    assert_eq!(store.told(wait), (NtStatus::NOTIFY_CLEANUP, Vec::new()));
    let dir = store.watched("d");
    let wait = store.waits(dir, false, NAMES);
    let id = store.open("d", AccessMask::DELETE, PLAIN);
    store
        .volume
        .set_information(&store.cx, Requester::Local, id, Class::DISPOSITION_INFORMATION, &[1])
        .unwrap();
    assert_eq!(store.told(wait), (NtStatus::DELETE_PENDING, Vec::new()));
    let refused = store.volume.notify(dir, false, NAMES, ROOM).unwrap_err();
    assert_eq!(refused.status, NtStatus::DELETE_PENDING);
}

#[test]
fn only_a_directory_that_may_be_listed_is_watched() {
    let store = Store::new();
    store.file("f");
    store.dir("d");
    let status = |id| store.volume.notify(id, false, NAMES, ROOM).unwrap_err().status;
    assert_eq!(status(store.open("f", LIST, PLAIN)), NtStatus::INVALID_PARAMETER);
    assert_eq!(status(store.open("d", AccessMask::READ_CONTROL, PLAIN)), NtStatus::ACCESS_DENIED);
}

#[test]
fn a_watch_follows_its_directory_when_that_is_renamed() {
    let store = Store::new();
    store.dir("d");
    let dir = store.watched("d");
    let wait = store.waits(dir, false, NAMES);
    store.rename("d", "e");
    assert_eq!(store.volume.take_completions(), [], "what happens to itself is its parent's to tell");
    let made = store.open_as(r"e\f", LIST, PLAIN, CreateDisposition::CREATE).unwrap().id;
    assert_eq!(store.told(wait), one(Action::ADDED, "f"));
    store.close(made);
}

/// smb2.notify.valid-req: the room of the first request is all that is kept for an open.
#[test]
fn the_first_request_decides_how_much_is_kept() {
    let store = Store::new();
    store.dir("d");
    let (small, large) = (store.open("d", LIST, PLAIN), store.open("d", LIST, PLAIN));
    assert!(store.volume.notify(small, false, NAMES, 1).unwrap_err().waits().is_some());
    assert!(store.volume.notify(large, false, NAMES, ROOM).unwrap_err().waits().is_some());
    store.file(r"d\a");
    let told = |store: &Store| -> Vec<(OpenId, NtStatus)> {
        let mut told: Vec<_> = store
            .volume
            .take_completions()
            .into_iter()
            .filter_map(|one| match one {
                Completion::Notify { open, status, .. } => Some((open, status)),
                _ => None,
            })
            .collect();
        told.sort();
        told
    };
    assert_eq!(told(&store), [(small, NtStatus::NOTIFY_ENUM_DIR), (large, NtStatus::SUCCESS)]);
    assert!(store.volume.notify(small, false, NAMES, ROOM).unwrap_err().waits().is_some());
    assert!(store.volume.notify(large, false, NAMES, 0).unwrap_err().waits().is_some());
    store.file(r"d\b");
    assert_eq!(told(&store), [(small, NtStatus::NOTIFY_ENUM_DIR), (large, NtStatus::NOTIFY_ENUM_DIR)]);
    assert!(store.volume.notify(large, false, NAMES, ROOM).unwrap_err().waits().is_some());
    store.file(r"d\c");
    assert!(told(&store).contains(&(large, NtStatus::SUCCESS)), "what fits is told again");
}

/// smb2.notify.mask-change: a file that was renamed has other attributes, which shows when the open that did it closes.
#[test]
fn a_rename_is_a_change_of_attributes_when_its_open_closes() {
    let store = Store::new();
    store.dir("d");
    store.file(r"d\a");
    let dir = store.open("d", LIST, PLAIN);
    assert!(store.volume.notify(dir, false, Filter::ATTRIBUTES, ROOM).unwrap_err().waits().is_some());
    let id = store.open(r"d\a", CHANGES, PLAIN);
    let name = Utf16::from("b").to_le_bytes();
    let len = u32::try_from(name.len()).unwrap().to_le_bytes();
    let mut input = [&[0; 16][..], &len, &name].concat();
    input.resize(24, 0);
    store.volume.set_information(&store.cx, Requester::Local, id, Class::RENAME_INFORMATION, &input).unwrap();
    let changes = || {
        store.volume.take_completions().into_iter().find_map(|one| match one {
            Completion::Notify { bytes, .. } => Some(entries(&bytes)),
            _ => None,
        })
    };
    assert_eq!(changes(), None, "not yet");
    store.close(id);
    assert_eq!(changes(), Some(vec![entry(Action::MODIFIED, "b")]));
}

/// What is kept for those who watch and do not ask has a limit for each and one for all: 64 KiB for each of many would be any amount.
#[test]
fn changes_are_kept_for_so_many_watchers_and_no_more() {
    let store = Store::new();
    store.dir("d");
    let mut watchers = Vec::new();
    for _ in 0..WATCHES_MAX {
        let id = store.watched("d");
        let refusal = store.volume.notify(id, false, NAMES, NOTIFY_BYTES_MAX).unwrap_err();
        // The watch stays when its request is cancelled.
        assert!(store.volume.cancel(refusal.waits().unwrap()));
        watchers.push(id);
    }
    let many = store.watched("d");
    let refused = store.volume.notify(many, false, NAMES, ROOM).unwrap_err();
    assert_eq!(refused.status, NtStatus::INSUFFICIENT_RESOURCES);
    for at in 0..40 {
        store.file(&format!(r"d\{at:0>200}"));
    }
    let (mut kept, mut overflowed) = (0, 0);
    for id in &watchers {
        let told = store.volume.notify(*id, false, NAMES, NOTIFY_BYTES_MAX).unwrap();
        kept += told.bytes.len();
        overflowed += usize::from(told.status == NtStatus::NOTIFY_ENUM_DIR);
    }
    assert!(kept <= 16 << 20 && overflowed > 0, "{kept} bytes, {overflowed} are to list the directory");
    // All was given back: who asks from now on is told.
    let refusal = store.volume.notify(watchers[0], false, NAMES, ROOM).unwrap_err();
    store.file(r"d\one more");
    let told = store.volume.take_completions();
    let is_told = told.iter().any(|completion| {
        matches!(completion, Completion::Notify { wait, status: NtStatus::SUCCESS, .. } if Some(*wait) == refusal.waits())
    });
    assert!(is_told, "{told:?}");
    for id in watchers {
        store.close(id);
    }
    assert!(store.volume.notify(many, false, NAMES, ROOM).unwrap_err().waits().is_some());
}
