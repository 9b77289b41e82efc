//! The walk behind `find`: every object beneath a directory with its stored reparse point, on several threads, in no
//! order, holding little at once.
//!
//! Directories are opened one name below another, through no link, so the walk stays beneath its start whatever moves
//! meanwhile. An attribute is asked for by name and directory, without opening the object.
use super::LinuxHost;
use super::node::LinuxNode;
use super::store::is_store_folder;
use crate::host::{HostError, NodeKind};
use core::num::NonZeroUsize;
use rustix::fd::OwnedFd;
use rustix::fs::FileType;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use work::{Queue, Work};

mod reach;
mod work;
mod worker;

/// How to walk.
#[derive(Clone, Copy, Debug)]
pub struct ScanOptions {
    /// Threads to walk with.
    pub threads: NonZeroUsize,
}

/// What was found.
#[derive(Clone, Copy, Debug)]
pub struct ScanItem<'a> {
    /// Its path from the start, with `/` between names.
    pub path: &'a [u8],
    /// What it is.
    pub found: Found<'a>,
}

/// What an item is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found<'a> {
    /// A regular file, and the value of its `user.SmbReparse`.
    File(Option<&'a [u8]>),
    /// A directory, likewise.
    Directory(Option<&'a [u8]>),
    /// A host link, pipe, socket or device.
    Special(NodeKind),
    /// Something that could not be looked at; the walk goes on without it.
    Fault(HostError),
}

/// Where to go from an item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Walk {
    /// On, and into it if it is a directory.
    On,
    /// On, but not into it.
    Past,
    /// Nowhere: the walk ends. What other threads have in hand is still visited.
    Stop,
}

/// Walks everything beneath `start`, which itself is not visited. Of one directory all entries may be visited before, after
/// or while what lies beneath them is. What comes or goes meanwhile may be seen or not; all else is seen once. Directories
/// of other file systems are seen, and entered where the host's options say so. The store's own folder is not seen.
pub fn scan(
    host: &LinuxHost,
    start: &LinuxNode,
    options: &ScanOptions,
    visit: &(impl Fn(ScanItem<'_>) -> Walk + Sync),
) {
    let queue = Queue::new(Work::Directory { parent: None, name: Box::default() });
    let scan = Scan { host, start, queue, visit, stop: AtomicBool::new(false), numbers: AtomicU64::new(0) };
    std::thread::scope(|threads| {
        for _ in 0..options.threads.get() {
            threads.spawn(|| worker::Worker::new(&scan).run());
        }
    });
}

/// What all threads of a walk share.
struct Scan<'a, V> {
    host: &'a LinuxHost,
    start: &'a LinuxNode,
    queue: Queue,
    visit: &'a V,
    stop: AtomicBool,
    /// The number of the next directory.
    numbers: AtomicU64,
}

impl<V: Fn(ScanItem<'_>) -> Walk + Sync> Scan<'_, V> {
    /// Shows an item to the caller; true if it wants to go into it.
    fn show(&self, path: &[u8], found: Found<'_>) -> bool {
        match (self.visit)(ScanItem { path, found }) {
            Walk::On => true,
            Walk::Past => false,
            Walk::Stop => {
                self.stop.store(true, Ordering::Relaxed);
                false
            }
        }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// A directory that is being walked.
struct OpenDirectory {
    fd: OwnedFd,
    /// No other directory of this walk has it.
    number: u64,
    /// From the start; empty for the start itself.
    path: Box<[u8]>,
    /// True for the volume's root, which has the store's folder.
    is_root: bool,
}

impl OpenDirectory {
    /// True for what the walk does not see.
    fn hides(&self, name: &[u8]) -> bool {
        self.is_root && is_store_folder(name)
    }

    /// Writes the path of an entry.
    fn write_path(&self, name: &[u8], out: &mut Vec<u8>) {
        out.clear();
        if !self.path.is_empty() {
            out.extend_from_slice(&self.path);
            out.push(b'/');
        }
        out.extend_from_slice(name);
    }
}

/// The entries of one directory that are looked at together.
#[derive(Default)]
struct Batch {
    names: Vec<u8>,
    /// Where each name ends, and the kind that the directory says.
    ends: Vec<(usize, FileType)>,
}

impl Batch {
    fn push(&mut self, name: &[u8], kind: FileType) {
        self.names.extend_from_slice(name);
        self.ends.push((self.names.len(), kind));
    }

    fn is_full(&self) -> bool {
        self.ends.len() >= BATCH_ENTRIES
    }

    fn entries(&self) -> impl Iterator<Item = (&[u8], FileType)> {
        let mut start = 0;
        self.ends.iter().map(move |(end, kind)| {
            let name = self.names.get(start..*end).unwrap_or_default();
            start = *end;
            (name, *kind)
        })
    }
}

/// Entries in a batch: enough that handing one to another thread costs little beside looking at it.
const BATCH_ENTRIES: usize = 256;

/// An open directory that several threads may look into.
type Shared = Arc<OpenDirectory>;
