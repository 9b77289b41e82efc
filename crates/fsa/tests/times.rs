//! Times that are set, pinned, and told late, on a host in memory and on Linux. [MS-FSA] 2.1.5.15.2; cases of smbtorture's
//! smb2.timestamps and smb2.setinfo (Debian's samba-testsuite), observed on Windows, are named.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test says what it expects by panicking
mod host_disk;
mod store;

use fsa::host::Host;
use fsa::{OpenId, Requester, VolumeOptions, WriteTimes};
use host_disk::Scratch;
use nt::{AccessMask, FileInformationClass as Class, FileTime};
use std::time::Duration;
use store::*;

const ALL: AccessMask = AccessMask(0x001F_01FF);
const LEAVE: i64 = 0;
const PIN: i64 = -1;
const UNPIN: i64 = -2;
/// 2001-01-01 and a day later.
const THEN: i64 = 126_227_808_000_000_000;
const LATER: i64 = THEN + 864_000_000_000;

struct Times<'a, H: Host>(&'a Store<H>, OpenId);

impl<H: Host> Times<'_, H> {
    /// Creation, last access, last write, change.
    fn told(&self) -> [i64; 4] {
        let facts = self.0.volume.opened_facts(self.1).unwrap();
        facts.times.map(|time| i64::try_from(time.0).unwrap())
    }

    fn set(&self, times: [i64; 4]) {
        let bytes: Vec<u8> = times.iter().flat_map(|time| time.to_le_bytes()).chain([0; 8]).collect();
        let volume = &self.0.volume;
        volume
            .set_information(&self.0.cx, Requester::Local, self.1, Class::BASIC_INFORMATION, &bytes)
            .unwrap();
    }

    fn write(&self) {
        self.0.volume.write(self.1, 0, b"s").unwrap();
    }
}

fn on_each_host(options: &VolumeOptions, test: impl Fn(&dyn Fn(&str) -> OpenId, &dyn TimesOf)) {
    fn run<H: Host>(store: &Store<H>, test: impl Fn(&dyn Fn(&str) -> OpenId, &dyn TimesOf)) {
        test(&|path| store.open(path, ALL, PLAIN), store);
    }
    run(&Store::with(options.clone()), &test);
    let scratch = Scratch::new();
    run(&Store::on(scratch.host(), options.clone()), &test);
}

/// What a test asks of a store, whatever its host.
trait TimesOf {
    fn file_of(&self, path: &str);
    fn told(&self, id: OpenId) -> [i64; 4];
    fn set_times(&self, id: OpenId, times: [i64; 4]);
    fn write(&self, id: OpenId);
    fn flush(&self, id: OpenId);
    fn resize(&self, id: OpenId, len: u64);
    fn close_told(&self, id: OpenId) -> [i64; 4];
    fn now(&self) -> FileTime;
    /// Lets some time of the host pass.
    fn wait(&self);
}

impl<H: Host> TimesOf for Store<H> {
    fn file_of(&self, path: &str) {
        self.file(path);
    }

    fn told(&self, id: OpenId) -> [i64; 4] {
        Times(self, id).told()
    }

    fn set_times(&self, id: OpenId, times: [i64; 4]) {
        Times(self, id).set(times);
    }

    fn write(&self, id: OpenId) {
        Times(self, id).write();
    }

    fn flush(&self, id: OpenId) {
        self.volume.flush(id).unwrap();
    }

    fn resize(&self, id: OpenId, len: u64) {
        let class = Class::END_OF_FILE_INFORMATION;
        self.volume.set_information(&self.cx, Requester::Local, id, class, &len.to_le_bytes()).unwrap();
    }

    fn close_told(&self, id: OpenId) -> [i64; 4] {
        self.volume.about_to_close(id).unwrap();
        let told = self.told(id);
        self.close(id);
        told
    }

    fn now(&self) -> FileTime {
        self.volume.host().now()
    }

    fn wait(&self) {
        // Time passes on a disk by itself, and in memory with each change.
        std::thread::sleep(Duration::from_millis(60));
        for _ in 0..4 {
            let path = format!("tick{}", self.now().0);
            self.file(&path);
        }
    }
}

/// smb2.timestamps.time_t_0, _1968, _4294967295 and its like: every time is what it was set to, also later and on another open.
#[test]
fn all_four_times_are_what_they_were_set_to() {
    on_each_host(&VolumeOptions::default(), |open, store| {
        store.file_of("f");
        for time in [116_444_736_000_000_000, 115_813_152_000_000_000, 159_394_408_950_000_000] {
            let times = [time, time + 10, time + 20, time + 30];
            let id = open("f");
            store.set_times(id, times);
            assert_eq!(store.told(id), times);
            store.wait();
            store.close_told(id);
            let again = open("f");
            assert_eq!(store.told(again), times);
            store.close_told(again);
        }
    });
}

/// smb2.timestamps.freeze-thaw: neither -1 nor -2 changes a time.
#[test]
fn to_pin_a_time_and_to_let_it_go_changes_none() {
    on_each_host(&VolumeOptions::default(), |open, store| {
        store.file_of("f");
        let id = open("f");
        let times = [THEN; 4];
        store.set_times(id, times);
        for value in [PIN, UNPIN] {
            store.set_times(id, [value; 4]);
            assert_eq!(store.told(id), times, "{value}");
        }
    });
}

/// [MS-FSA] 2.1.5.15.2 UserSetModificationTime and UserSetChangeTime; smb2.setinfo: "a zero time means don't change".
#[test]
fn what_the_opener_of_a_pinned_time_does_leaves_it_alone_and_what_others_do_does_not() {
    on_each_host(&VolumeOptions::default(), |open, store| {
        store.file_of("f");
        let (setter, other) = (open("f"), open("f"));
        store.set_times(setter, [LEAVE, LEAVE, THEN, LATER]);
        store.write(setter);
        store.resize(setter, 100);
        store.set_times(setter, [THEN, LEAVE, LEAVE, LEAVE]);
        let [_, _, written, changed] = store.told(other);
        assert_eq!((written, changed), (THEN, LATER));
        store.wait();
        store.write(other);
        let [_, _, written, changed] = store.told(setter);
        assert!(written > LATER && changed > LATER, "the other open has pinned nothing");
        store.set_times(setter, [LEAVE, LEAVE, THEN, LATER]);
        store.set_times(setter, [LEAVE, LEAVE, UNPIN, UNPIN]);
        store.wait();
        store.write(setter);
        let [_, _, written, changed] = store.told(other);
        assert!(written > LATER && changed > LATER, "nothing is pinned any more");
    });
}

/// What another process does to the file is a change after the one that was set.
#[test]
fn a_change_behind_the_stores_back_is_told() {
    let scratch = Scratch::new();
    let store = Store::on(scratch.host(), VolumeOptions::default());
    store.file("f");
    let id = store.open("f", ALL, PLAIN);
    store.set_times(id, [LEAVE, LEAVE, LEAVE, THEN]);
    assert_eq!(store.told(id)[3], THEN);
    std::thread::sleep(Duration::from_millis(60));
    std::fs::write(scratch.join("f"), b"others").unwrap();
    assert!(store.told(id)[3] > LATER);
}

fn late() -> VolumeOptions {
    VolumeOptions { write_times: WriteTimes::Late, ..VolumeOptions::default() }
}

/// smb2.timestamps.delayed-write-vs-flush, -seteof and -setbasic, which Windows up to Server 2016 passes.
#[test]
fn the_time_of_a_write_is_told_when_something_settles_it() {
    on_each_host(&late(), |open, store| {
        type Settle = fn(&dyn TimesOf, OpenId);
        let settle: [(&str, Settle); 3] = [
            ("flush", |store, id| store.flush(id)),
            ("length", |store, id| store.resize(id, 1)),
            ("attributes", |store, id| store.set_times(id, [LEAVE; 4])),
        ];
        for (name, settle) in settle {
            store.file_of(name);
            let id = open(name);
            let before = store.told(id)[2];
            store.wait();
            store.write(id);
            assert_eq!(store.told(id)[2], before, "{name}: not yet");
            settle(store, id);
            let settled = store.told(id)[2];
            assert!(settled > before, "{name}");
            store.wait();
            assert_eq!(store.close_told(id)[2], settled, "{name}: closing tells nothing new");
        }
    });
}

/// smb2.timestamps.delayed-write-vs-seteof, its end: what somebody else set stays.
#[test]
fn a_time_that_was_set_is_what_is_told_whoever_wrote_before() {
    on_each_host(&late(), |open, store| {
        store.file_of("f");
        let (writer, setter) = (open("f"), open("f"));
        store.write(writer);
        store.set_times(setter, [LEAVE, LEAVE, THEN, LEAVE]);
        store.close_told(setter);
        assert_eq!(store.close_told(writer)[2], THEN);
    });
}

/// smb2.timestamps.delayed-1write and delayed-2write.
#[test]
fn after_two_seconds_the_first_write_is_told_and_later_ones_when_the_file_is_closed() {
    let scratch = Scratch::new();
    let store = Store::on(scratch.host(), late());
    store.file("f");
    let id = store.open("f", ALL, PLAIN);
    let before = store.told(id)[2];
    store.wait();
    TimesOf::write(&store, id);
    assert_eq!(store.told(id)[2], before);
    std::thread::sleep(Duration::from_millis(2100));
    let first = store.told(id)[2];
    assert!(first > before);
    TimesOf::write(&store, id);
    assert_eq!(store.told(id)[2], first, "the second write shows on close");
    let now = i64::try_from(store.now().0).unwrap();
    assert!(store.close_told(id)[2] >= now, "and is of then");
}

#[test]
fn at_once_is_what_it_says() {
    on_each_host(&VolumeOptions::default(), |open, store| {
        store.file_of("f");
        let id = open("f");
        let before = store.told(id)[2];
        store.wait();
        store.write(id);
        assert!(store.told(id)[2] > before);
    });
}
