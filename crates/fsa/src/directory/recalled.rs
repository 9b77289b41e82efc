//! What was seen of large directories, as long as the host would have told of a change. (Not in the specification.)
//!
//! The host is asked for word of every change before a directory is read, and what it has to say is heard before anything is told
//! again. It speaks of what is done to a file by its name in the directory; so only files with one name are remembered, no directories
//! (what is made in one changes its times, and is said of that one), and all of it for [`AGE_MAX`] only. What may be that late: what
//! is done through a further name that a file got from another process, times of what is written through mapped memory, blocks that a
//! file system gives or takes later, and times of a last access. NTFS is no sooner: it brings the entry in a directory up to date when
//! a handle is closed, through other names not at all, and times of access within the hour.
use super::ahead::Seen;
use super::snapshot::{Place, Snapshot};
use crate::host::name::decode;
use crate::host::{Heard, HeardWhat, Host, HostNames, NodeId};
use crate::volume::Volume;
use core::ops::Range;
use nt::{FileTime, upcase};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Directories with fewer entries are read again each time.
const ENTRIES_LEAST: usize = 1024;
/// The most entries of all directories: 16 MB.
const ENTRIES_MAX: usize = 1 << 17;
/// How long anything is remembered, in units of 100 ns: a minute.
const AGE_MAX: u64 = 600_000_000;

/// The directories that are remembered.
#[derive(Default)]
pub(crate) struct Recalled(Mutex<Directories>);

#[derive(Default)]
struct Directories {
    known: HashMap<NodeId, Known>,
    /// Changes heard of so far: what was looked at before the last is not remembered after it.
    heard: u64,
    /// How often the host was told to listen no longer. Then somebody who is about to remember that directory may have lost its watch.
    unwatched: u64,
}

/// One directory.
struct Known {
    names: Arc<HostNames>,
    seen: Vec<Option<Seen>>,
    /// The time before the first of it was read.
    begun: FileTime,
}

impl Recalled {
    fn lock(&self) -> MutexGuard<'_, Directories> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<H: Host> Volume<H> {
    /// The names of a directory, in order, if they are remembered.
    pub(super) fn recalled_names(&self, dir: NodeId) -> Option<Arc<HostNames>> {
        let mut directories = self.recalled();
        self.learn(&mut directories);
        directories.known.get(&dir).map(|known| Arc::clone(&known.names))
    }

    /// Remembers the names of a directory that `read` reads, if there are as many as is worth it.
    pub(super) fn remember_names<E>(
        &self,
        (node, dir): (&H::Node, NodeId),
        is_worth: bool,
        read: impl FnOnce() -> Result<Snapshot, E>,
    ) -> Result<Snapshot, E> {
        let (begun, unwatched) = (self.host.now(), self.recalled().unwatched);
        let is_watched = is_worth && self.host.watch(node);
        let snapshot = read();
        let fits = |snapshot: &&Snapshot| (ENTRIES_LEAST..=ENTRIES_MAX).contains(&snapshot.names.len());
        let wanted = snapshot.as_ref().ok().filter(|_| is_watched).filter(fits);
        let mut directories = self.recalled();
        match wanted {
            Some(snapshot) if directories.unwatched == unwatched => {
                self.make_room(&mut directories, snapshot.names.len());
                let (names, seen) = (Arc::clone(&snapshot.names), vec![None; snapshot.names.len()]);
                directories.known.insert(dir, Known { names, seen, begun });
            }
            _ if is_watched && !directories.known.contains_key(&dir) => {
                directories.unwatched += 1;
                self.host.unwatch(dir);
            }
            _ => {}
        }
        drop(directories);
        snapshot
    }

    /// How many changes were heard of, for [`Volume::remember_seen`].
    pub(super) fn changes_heard(&self) -> u64 {
        self.recalled().heard
    }

    /// What was seen of entries, if it is remembered of nearly all; the others are to be opened.
    pub(super) fn recalled_seen(
        &self,
        dir: NodeId,
        (names, which): (&Arc<HostNames>, Range<usize>),
    ) -> Option<Vec<Option<Seen>>> {
        let mut directories = self.recalled();
        self.learn(&mut directories);
        let known = directories.known.get(&dir).filter(|known| Arc::ptr_eq(&known.names, names))?;
        let seen = known.seen.get(which)?;
        let count = seen.iter().filter(|seen| seen.is_some()).count();
        (count > 0 && count >= seen.len() - seen.len() / 16).then(|| seen.to_vec())
    }

    /// Remembers what was seen of entries that follow each other, when so many changes were heard of.
    pub(super) fn remember_seen(
        &self,
        dir: NodeId,
        (names, from): (&Arc<HostNames>, usize),
        seen: Vec<Option<Seen>>,
        heard: u64,
    ) {
        let mut directories = self.recalled();
        if directories.heard != heard {
            return;
        }
        let known = directories.known.get_mut(&dir).filter(|known| Arc::ptr_eq(&known.names, names));
        let Some(places) = known.and_then(|known| known.seen.get_mut(from..)) else { return };
        for (place, seen) in places.iter_mut().zip(seen) {
            let is_plain = |(facts, _): &Seen| !facts.directory && facts.links == 1;
            *place = seen.filter(is_plain);
        }
    }

    /// Forgets what is too old. For who comes by from time to time.
    pub(crate) fn forget_recalled(&self, is_all: bool) {
        let mut directories = self.recalled();
        match is_all {
            true => self.forget_where(&mut directories, |_| true),
            false => self.forget_old(&mut directories),
        }
    }

    fn recalled(&self) -> MutexGuard<'_, Directories> {
        self.listings.recalled.lock()
    }

    /// Hears what has changed.
    fn learn(&self, directories: &mut Directories) {
        self.forget_old(directories);
        if directories.known.is_empty() {
            return;
        }
        for heard in self.host.watched() {
            directories.heard += 1;
            let Some(Heard { dir, name, what, .. }) = heard else {
                self.forget_where(directories, |_| true);
                continue;
            };
            if !matches!(what, HeardWhat::Data | HeardWhat::Attributes) {
                self.forget_where(directories, |(id, _)| *id == dir);
                continue;
            }
            let Some(known) = directories.known.get_mut(&dir) else { continue };
            let place: Place = (decode(&name.0).into_iter().map(upcase).collect(), name.0);
            let behind = Snapshot::of_ordered(Arc::clone(&known.names)).count_to(&place);
            if let Some(seen) = behind.checked_sub(1).and_then(|at| known.seen.get_mut(at)) {
                *seen = None;
            }
        }
    }

    fn forget_old(&self, directories: &mut Directories) {
        if directories.known.is_empty() {
            return;
        }
        let now = self.host.now();
        let is_old = |known: &Known| now.0.checked_sub(known.begun.0).is_none_or(|age| age > AGE_MAX);
        self.forget_where(directories, |(_, known)| is_old(known));
    }

    fn forget_where(&self, directories: &mut Directories, is_meant: impl Fn((&NodeId, &Known)) -> bool) {
        let Directories { known, unwatched, .. } = directories;
        known.retain(|id, known| {
            let goes = is_meant((id, &*known));
            if goes {
                *unwatched += 1;
                self.host.unwatch(*id);
            }
            !goes
        });
    }

    /// Room for so many entries more: the oldest go.
    fn make_room(&self, directories: &mut Directories, entries: usize) {
        while directories.known.values().map(|known| known.seen.len()).sum::<usize>() + entries > ENTRIES_MAX
        {
            let oldest = directories.known.iter().min_by_key(|(_, known)| known.begun).map(|(id, _)| *id);
            let Some(oldest) = oldest else { return };
            self.forget_where(directories, |(id, _)| *id == oldest);
        }
    }
}
