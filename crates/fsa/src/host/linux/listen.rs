//! Word of what other processes change in directories that are watched. [inotify(7)]
//!
//! The queue is a descriptor that a daemon polls; nothing here waits for it.
use super::LinuxHost;
use super::node::LinuxNode;
use crate::host::{Heard, HeardWhat, HostName, NodeId};
use core::mem::MaybeUninit;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::inotify::{self, ReadFlags as R, WatchFlags as W};
use rustix::io::Errno;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// Bytes of events read in one call.
const BUFFER_BYTES: usize = 32_768;
/// The most directories listened to at once, whatever the system would allow.
const DIRECTORIES_MAX: usize = 8192;

/// The queue, once somebody listens.
#[derive(Default)]
pub(super) struct Listener {
    queue: OnceLock<OwnedFd>,
    state: Mutex<State>,
    /// It is also heard when a file that was written is closed, and that nothing more will be heard of a directory.
    is_of_all: bool,
}

#[derive(Default)]
struct State {
    directories: HashMap<i32, NodeId>,
    buffer: Vec<MaybeUninit<u8>>,
}

impl Listener {
    /// One that misses nothing.
    pub(super) fn of_all() -> Listener {
        Listener { is_of_all: true, ..Listener::default() }
    }

    /// The queue's descriptor, made where there is none; `None` where this user has as many as allowed.
    pub(super) fn queue(&self) -> Option<BorrowedFd<'_>> {
        if self.queue.get().is_none() {
            let flags = inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK;
            let _lost_race = self.queue.set(inotify::init(flags).ok()?);
        }
        self.queue.get().map(AsFd::as_fd)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Listens to a directory; false where that cannot be.
    pub(super) fn listen(&self, dir: &LinuxNode) -> bool {
        let (Some(queue), Ok(id)) = (self.queue(), dir.id()) else { return false };
        let directories = &mut self.lock().directories;
        if directories.len() >= DIRECTORIES_MAX {
            return false;
        }
        let what = W::CREATE | W::DELETE | W::MOVED_FROM | W::MOVED_TO | W::MODIFY | W::ATTRIB;
        let what = if self.is_of_all { what | W::CLOSE_WRITE } else { what };
        match inotify::add_watch(queue, dir.proc_path(), what | W::ONLYDIR) {
            Ok(watch) => directories.insert(watch, id).is_none_or(|same| same == id),
            Err(_) => false,
        }
    }

    /// Listens to it no longer.
    pub(super) fn unlisten(&self, id: NodeId) {
        let directories = &mut self.lock().directories;
        let found = directories.iter().find(|(_, dir)| **dir == id).map(|(watch, _)| *watch);
        if let (Some(watch), Some(queue)) = (found, self.queue.get()) {
            directories.remove(&watch);
            let _already_ended = inotify::remove_watch(queue, watch);
        }
    }

    /// What happened since this was asked last; `None` in it says that more happened than was kept.
    pub(super) fn heard(&self, host: &LinuxHost) -> Vec<Option<Heard>> {
        let Some(queue) = self.queue.get() else { return Vec::new() };
        let mut state = self.lock();
        let State { directories, buffer } = &mut *state;
        buffer.resize(BUFFER_BYTES, MaybeUninit::uninit());
        let mut events = inotify::Reader::new(queue, buffer);
        let mut heard = Vec::new();
        let root = host.root.id().ok();
        loop {
            let event = match events.next() {
                Ok(event) => event,
                Err(Errno::INTR) => continue,
                Err(_) => return heard,
            };
            let flags = event.events();
            if flags.contains(R::QUEUE_OVERFLOW) {
                heard.push(None);
                continue;
            }
            if flags.contains(R::IGNORED) {
                let was_there = directories.remove(&event.wd()).is_some();
                heard.extend((was_there && self.is_of_all).then_some(None));
                continue;
            }
            let (Some(dir), Some(name)) = (directories.get(&event.wd()), event.file_name()) else { continue };
            let what = if flags.contains(R::CREATE) {
                HeardWhat::Came
            } else if flags.contains(R::DELETE) {
                HeardWhat::Went
            } else if flags.contains(R::MOVED_FROM) {
                HeardWhat::MovedAway(event.cookie())
            } else if flags.contains(R::MOVED_TO) {
                HeardWhat::MovedHere(event.cookie())
            } else if flags.intersects(R::MODIFY | R::CLOSE_WRITE) {
                HeardWhat::Data
            } else {
                HeardWhat::Attributes
            };
            let name = HostName(name.to_bytes().to_vec());
            if Some(*dir) == root && super::store::is_store_folder(&name.0) {
                continue;
            }
            heard.push(Some(Heard { dir: *dir, name, directory: flags.contains(R::ISDIR), what }));
        }
    }
}
