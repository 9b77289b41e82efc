//! The index of names: which host names of a directory are equal to a given name in any case. Built by one scan, kept true
//! by the kernel's word of each change, and forgotten rather than trusted when that word fails.
//!
//! Where the kernel cannot tell (a network file system, no watches left, a directory larger than [`NAMES_MAX`]) every
//! question scans.
use super::listing::{Go, list};
use super::node::LinuxNode;
use super::watch::{Overflow, WatchId, Watcher, Word, tells_all};
use crate::host::name::{decode, same_in_any_case};
use crate::host::{HostName, NodeId};
use core::hash::{BuildHasher, Hasher};
use nt::upcase;
use rustix::io::Errno;
use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The most names kept, of all directories together: about 100 bytes each.
pub const NAMES_MAX: usize = 2_000_000;
/// The most directories kept, which is the most watches held.
pub const DIRECTORIES_MAX: usize = 4096;

/// What is known of the names of directories.
pub(super) struct NameIndex {
    known: Mutex<Known>,
    built: Condvar,
    hash: RandomState,
}

struct Known {
    watcher: Option<Watcher>,
    directories: HashMap<NodeId, Directory>,
    watched: HashMap<WatchId, NodeId>,
    /// Names in all ready directories.
    names: usize,
    /// Counts questions, to tell which directory was not asked about for longest.
    questions: u64,
    /// Counts scans.
    scans: u64,
}

enum Directory {
    /// Someone scans it; what happens meanwhile is kept for after.
    Scanning(WatchId, Vec<(bool, Box<[u8]>)>),
    Ready(Ready),
}

struct Ready {
    watch: WatchId,
    names: Names,
    last_asked: u64,
}

/// The names of one directory by the hash of their upper case.
#[derive(Default)]
struct Names {
    slots: HashMap<u64, Slot>,
    count: usize,
}

/// Names of one hash. There is nearly always one.
enum Slot {
    One(Box<[u8]>),
    Many(Vec<Box<[u8]>>),
}

impl NameIndex {
    pub(super) fn new() -> NameIndex {
        let known = Known {
            watcher: Watcher::new(),
            directories: HashMap::new(),
            watched: HashMap::new(),
            names: 0,
            questions: 0,
            scans: 0,
        };
        NameIndex { known: Mutex::new(known), built: Condvar::new(), hash: RandomState::new() }
    }

    /// The host names in `dir` that equal `name` in any case, in order.
    pub(super) fn find(&self, dir: &LinuxNode, name: &[u16]) -> Result<Vec<HostName>, Errno> {
        let id = dir.id()?;
        let hash = hash_of(&self.hash, name);
        let mut known = self.lock();
        known.drain(&self.hash);
        loop {
            known.questions += 1;
            let now = known.questions;
            match known.directories.get_mut(&id) {
                Some(Directory::Ready(ready)) => {
                    ready.last_asked = now;
                    return Ok(ready.names.matching(hash, name));
                }
                Some(Directory::Scanning(..)) => {
                    known = self.built.wait(known).unwrap_or_else(PoisonError::into_inner);
                    known.drain(&self.hash);
                }
                None => {
                    let Some(watch) = known.start(dir, id) else {
                        known.scans += 1;
                        drop(known);
                        return scan_for(dir, name);
                    };
                    known.scans += 1;
                    drop(known);
                    return self.build(dir, id, watch, hash, name);
                }
            }
        }
    }

    /// Forgets a directory: what was known of it turned out wrong.
    pub(super) fn forget(&self, dir: &LinuxNode) {
        if let Ok(id) = dir.id() {
            self.lock().forget(id);
        }
    }

    /// How many scans of directories the questions so far have cost.
    pub(super) fn scans(&self) -> u64 {
        self.lock().scans
    }

    /// Scans a directory that is watched already, brings the result up to date, answers from it, and keeps it.
    fn build(
        &self,
        dir: &LinuxNode,
        id: NodeId,
        watch: WatchId,
        hash: u64,
        name: &[u16],
    ) -> Result<Vec<HostName>, Errno> {
        let mut names = Names::default();
        let scanned = list(dir, |found, _, _| {
            names.insert(hash_of(&self.hash, &decode(found)), found);
            if names.count <= NAMES_MAX { Go::On } else { Go::Stop }
        });
        let mut known = self.lock();
        known.drain(&self.hash);
        self.built.notify_all();
        let Some(Directory::Scanning(_, meanwhile)) = known.directories.remove(&id) else {
            drop(known); // the kernel's word failed meanwhile, so this scan is good for nothing later
            return scanned.and_then(|()| scan_for(dir, name));
        };
        if scanned.is_err() || names.count > NAMES_MAX {
            known.unwatch(watch);
            drop(known);
            return scanned.and_then(|()| scan_for(dir, name));
        }
        for (came, changed) in meanwhile {
            names.apply(hash_of(&self.hash, &decode(&changed)), came, &changed);
        }
        let answer = names.matching(hash, name);
        known.keep(id, watch, names);
        Ok(answer)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Begins to know a directory: watched first and scanned then, so that no change falls between. `None` where that
    /// cannot be.
    fn start(&mut self, dir: &LinuxNode, id: NodeId) -> Option<WatchId> {
        if !tells_all(dir) {
            return None;
        }
        if self.directories.len() >= DIRECTORIES_MAX {
            self.forget_oldest();
        }
        let watch = self.watcher.as_ref()?.watch(dir).or_else(|full| {
            // Others of this user may hold the watches; one of our own is ours to give up.
            if !self.forget_oldest() {
                return Err(full);
            }
            self.watcher.as_ref().ok_or(full)?.watch(dir)
        });
        let watch = watch.ok()?;
        self.watched.insert(watch, id);
        self.directories.insert(id, Directory::Scanning(watch, Vec::new()));
        Some(watch)
    }

    /// Keeps the names of a directory, and forgets others where there are too many.
    fn keep(&mut self, id: NodeId, watch: WatchId, names: Names) {
        self.names += names.count;
        let ready = Ready { watch, names, last_asked: self.questions };
        self.directories.insert(id, Directory::Ready(ready));
        self.shrink();
    }

    /// Forgets directories until what is left is not too much.
    fn shrink(&mut self) {
        while self.names > NAMES_MAX && self.forget_oldest() {}
    }

    /// Applies what the kernel tells.
    fn drain(&mut self, hash: &RandomState) {
        let Known { watcher, directories, watched, names: total, .. } = self;
        let Some(watcher) = watcher else { return };
        let mut ended = Vec::new();
        let drained = watcher.drain(|watch, word| {
            let Some(id) = watched.get(&watch) else { return }; // the last words of one given up
            let (came, name) = match word {
                Word::Came(name) => (true, name),
                Word::Went(name) => (false, name),
                Word::Ended => return ended.push(*id),
            };
            match directories.get_mut(id) {
                Some(Directory::Scanning(_, meanwhile)) => meanwhile.push((came, Box::from(name))),
                Some(Directory::Ready(ready)) => {
                    let before = ready.names.count;
                    ready.names.apply(hash_of(hash, &decode(name)), came, name);
                    *total = *total - before + ready.names.count;
                }
                None => {}
            }
        });
        if let Err(Overflow) = drained {
            // A new queue ends all watches of the old one, and what was queued there with it.
            (self.names, self.watcher) = (0, Watcher::new());
            self.directories.clear();
            self.watched.clear();
        }
        for id in ended {
            self.forget(id);
        }
        self.shrink();
    }

    fn forget(&mut self, id: NodeId) {
        match self.directories.remove(&id) {
            Some(Directory::Ready(ready)) => {
                self.names -= ready.names.count;
                self.unwatch(ready.watch);
            }
            Some(Directory::Scanning(watch, _)) => self.unwatch(watch),
            None => {}
        }
    }

    /// Forgets the directory that was not asked about for longest; false if there is none.
    fn forget_oldest(&mut self) -> bool {
        let ready = self.directories.iter().filter_map(|(id, directory)| match directory {
            Directory::Ready(ready) => Some((ready.last_asked, *id)),
            Directory::Scanning(..) => None,
        });
        let oldest = ready.min().map(|(_, id)| id);
        oldest.map(|id| self.forget(id)).is_some()
    }

    fn unwatch(&mut self, watch: WatchId) {
        self.watched.remove(&watch);
        if let Some(watcher) = &self.watcher {
            watcher.unwatch(watch);
        }
    }
}

impl Names {
    /// The names of this hash that equal `name` in any case.
    fn matching(&self, hash: u64, name: &[u16]) -> Vec<HostName> {
        let found = self.slots.get(&hash).map(Slot::names).unwrap_or_default();
        let equal = found.iter().filter(|found| same_in_any_case(&decode(found), name));
        let mut names: Vec<HostName> = equal.map(|found| HostName(found.to_vec())).collect();
        names.sort_unstable();
        names
    }

    fn apply(&mut self, hash: u64, came: bool, name: &[u8]) {
        if came { self.insert(hash, name) } else { self.remove(hash, name) }
    }

    fn insert(&mut self, hash: u64, name: &[u8]) {
        match self.slots.entry(hash) {
            Entry::Vacant(vacant) => {
                vacant.insert(Slot::One(Box::from(name)));
            }
            Entry::Occupied(mut taken) => {
                if taken.get().names().iter().any(|known| &known[..] == name) {
                    return;
                }
                let mut names = core::mem::replace(taken.get_mut(), Slot::Many(Vec::new())).into_names();
                names.push(Box::from(name));
                taken.insert(Slot::Many(names));
            }
        }
        self.count += 1;
    }

    fn remove(&mut self, hash: u64, name: &[u8]) {
        let Entry::Occupied(mut taken) = self.slots.entry(hash) else { return };
        let before = taken.get().names().len();
        let mut names = core::mem::replace(taken.get_mut(), Slot::Many(Vec::new())).into_names();
        names.retain(|known| &known[..] != name);
        self.count -= before - names.len();
        match names.is_empty() {
            true => drop(taken.remove()),
            false => drop(taken.insert(Slot::Many(names))),
        }
    }
}

impl Slot {
    fn names(&self) -> &[Box<[u8]>] {
        match self {
            Slot::One(name) => core::slice::from_ref(name),
            Slot::Many(names) => names,
        }
    }

    fn into_names(self) -> Vec<Box<[u8]>> {
        match self {
            Slot::One(name) => vec![name],
            Slot::Many(names) => names,
        }
    }
}

/// The hash of a name's upper case.
fn hash_of(hash: &RandomState, name: &[u16]) -> u64 {
    let mut hasher = hash.build_hasher();
    name.iter().for_each(|unit| hasher.write_u16(upcase(*unit)));
    hasher.finish()
}

/// The names equal to `name` in any case, by looking at all.
fn scan_for(dir: &LinuxNode, name: &[u16]) -> Result<Vec<HostName>, Errno> {
    let mut names = Vec::new();
    list(dir, |found, _, _| {
        if same_in_any_case(&decode(found), name) {
            names.push(HostName(found.to_vec()));
        }
        Go::On
    })?;
    names.sort_unstable();
    Ok(names)
}
