//! Changes that other processes make behind the store's back, for those who watch. [MS-FSA] 2.1.4.1
//!
//! The host tells of every change in a directory, ours among them: what the store did itself it has told already, so the
//! host's word of that name is passed over.
use crate::host::name::decode;
use crate::host::{Heard, HeardWhat, Host, NodeId, NodeKind};
use crate::notify::Change;
use crate::volume::Volume;
use nt::{NotifyAction, NotifyFilter};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The most directories below a watched one that are listened to: beyond, only the store's own changes are told.
const BELOW_MAX: usize = 4096;

/// The directories that the host listens to, and their paths from the root.
#[derive(Default)]
pub(crate) struct Listening {
    directories: Mutex<HashMap<NodeId, Listened>>,
    /// New names that the store is about to tell of.
    expected: Mutex<Vec<Vec<u16>>>,
    count: AtomicUsize,
}

/// A directory that the host listens to.
struct Listened {
    path: Vec<u16>,
    /// And to those below it.
    tree: bool,
}

impl Listening {
    fn lock(&self) -> MutexGuard<'_, HashMap<NodeId, Listened>> {
        self.directories.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn expected(&self) -> MutexGuard<'_, Vec<Vec<u16>>> {
        self.expected.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<H: Host> Volume<H> {
    /// Tells those who watch of what other processes changed meanwhile. A daemon calls it when the host's queue has something
    /// ([`crate::host::linux::LinuxHost::changes`]), and every few seconds; answers are in [`Volume::take_completions`].
    pub fn hear(&self) {
        self.forget_recalled(false);
        self.host.tidy();
        if self.listening.count.load(Ordering::Acquire) == 0 {
            let _the_last_words = self.host.heard(); // else the queue would stay readable
            return;
        }
        self.hear_but(None);
    }

    /// As [`Volume::hear`], but for changes of this path, which were told.
    pub(crate) fn hear_but(&self, own: Option<&[u16]>) {
        if self.listening.count.load(Ordering::Acquire) == 0 {
            return;
        }
        let heard = self.host.heard();
        let mut renamed: Option<(u32, NodeId, Vec<u16>, NotifyFilter)> = None;
        for event in heard {
            let Some(event) = event else {
                self.overflow_watches();
                continue;
            };
            let Some(path) = self.heard_path(&event) else { continue };
            if own == Some(path.as_slice()) || self.listening.expected().contains(&path) {
                continue;
            }
            let names = if event.directory { NotifyFilter::DIR_NAME } else { NotifyFilter::FILE_NAME };
            // An old name waits for the next event: with the same cookie, in the same directory, it is a rename.
            if let Some((cookie, dir, old, filter)) = renamed.take() {
                let together = event.what == HeardWhat::MovedHere(cookie) && event.dir == dir;
                let (from, to) = if together {
                    (NotifyAction::RENAMED_OLD_NAME, Some(NotifyAction::RENAMED_NEW_NAME))
                } else {
                    (NotifyAction::REMOVED, None)
                };
                self.tell_watches(Change { filter, action: from, path: &old });
                if let Some(action) = to {
                    self.tell_watches(Change { filter: names, action, path: &path });
                    continue;
                }
            }
            let (filter, action) = match event.what {
                HeardWhat::MovedAway(cookie) => {
                    renamed = Some((cookie, event.dir, path, names));
                    continue;
                }
                HeardWhat::Came | HeardWhat::MovedHere(_) => (names, NotifyAction::ADDED),
                HeardWhat::Went => (names, NotifyAction::REMOVED),
                HeardWhat::Data => (NotifyFilter::SIZE | NotifyFilter::LAST_WRITE, NotifyAction::MODIFIED),
                HeardWhat::Attributes => (NotifyFilter::ATTRIBUTES, NotifyAction::MODIFIED),
            };
            self.tell_watches(Change { filter, action, path: &path });
        }
        if let Some((_, _, old, filter)) = renamed {
            self.tell_watches(Change { filter, action: NotifyAction::REMOVED, path: &old });
        }
    }

    /// Listens to a directory, and to what is below it if the tree is watched.
    pub(crate) fn listen(&self, node: &H::Node, path: &[u16], tree: bool) {
        let mut left = BELOW_MAX;
        let mut todo = vec![(node.clone(), path.to_vec())];
        while let Some((node, path)) = todo.pop() {
            let Ok(stat) = self.host.stat(&node) else { continue };
            if !self.host.listen(&node) {
                return;
            }
            {
                let mut directories = self.listening.lock();
                let known = directories.remove(&stat.id).is_some_and(|known| known.tree);
                directories.insert(stat.id, Listened { path: path.clone(), tree: tree || known });
                self.listening.count.store(directories.len(), Ordering::Release);
            }
            if !tree {
                return;
            }
            for entry in self.host.entries(&node).unwrap_or_default() {
                let Ok(child) = self.host.open_entry(&node, &entry.name) else { continue };
                let is_directory = self.host.stat(&child).is_ok_and(|stat| stat.kind == NodeKind::Directory);
                if is_directory && left > 0 {
                    left -= 1;
                    todo.push((child, joined(&path, &decode(&entry.name.0))));
                }
            }
        }
    }

    /// Nobody watches any more: the host need not listen.
    pub(crate) fn listen_no_more(&self) {
        let mut directories = self.listening.lock();
        for (id, _) in directories.drain() {
            self.host.unlisten(id);
        }
        self.listening.count.store(0, Ordering::Release);
    }

    /// The store is about to tell of a new name itself: until [`Volume::told`] the host's word of it is passed over.
    pub(crate) fn about_to_tell(&self, path: &[u16]) {
        if self.listening.count.load(Ordering::Acquire) != 0 {
            self.listening.expected().push(path.to_vec());
        }
    }

    /// It has told of it.
    pub(crate) fn told(&self, path: &[u16]) {
        let mut expected = self.listening.expected();
        if let Some(at) = expected.iter().position(|one| one == path) {
            expected.swap_remove(at);
        }
    }

    /// The path of a name that was heard of. A directory that comes to a tree is listened to, one that goes is not.
    fn heard_path(&self, event: &Heard) -> Option<Vec<u16>> {
        let (path, tree) = {
            let directories = self.listening.lock();
            let parent = directories.get(&event.dir)?;
            (joined(&parent.path, &decode(&event.name.0)), parent.tree)
        };
        if !event.directory || !tree {
            return Some(path);
        }
        match event.what {
            HeardWhat::Came | HeardWhat::MovedHere(_) => {
                if let Some(node) = self.node_at(&path) {
                    self.listen(&node, &path, true);
                }
            }
            HeardWhat::Went | HeardWhat::MovedAway(_) => {
                let below = joined(&path, &[]);
                self.listening.lock().retain(|id, one| {
                    let stays = one.path != path && !one.path.starts_with(&below);
                    if !stays {
                        self.host.unlisten(*id);
                    }
                    stays
                });
            }
            _ => {}
        }
        Some(path)
    }

    /// The object that has this path on the host, now.
    fn node_at(&self, path: &[u16]) -> Option<H::Node> {
        let names = path.split(|unit| *unit == u16::from(b'\\')).filter(|name| !name.is_empty());
        let mut node = self.host.root();
        for name in names {
            node = self.host.lookup(&node, name).ok()??.0;
        }
        Some(node)
    }
}

fn joined(path: &[u16], name: &[u16]) -> Vec<u16> {
    let backslash = u16::from(b'\\');
    let mut joined = path.to_vec();
    if joined.last() != Some(&backslash) {
        joined.push(backslash);
    }
    joined.extend_from_slice(name);
    joined
}
