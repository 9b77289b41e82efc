//! One thread of a walk.
use super::reach::Reach;
use super::work::Work;
use super::{Batch, Found, OpenDirectory, Scan, ScanItem, Shared, Walk};
use crate::host::linux::fault::failed;
use crate::host::linux::listing::{Go, list_once};
use crate::host::linux::node::{file_type, node_id, node_kind};
use crate::host::meta::SMB_REPARSE;
use rustix::fd::AsFd;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, StatxFlags, openat, openat2, statx};
use rustix::io::Errno;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How deep one thread goes by itself where too much waits already; beyond, the queue grows instead.
const DEPTH_MAX: usize = 32;

/// One thread of a walk.
pub(super) struct Worker<'a, V> {
    scan: &'a Scan<'a, V>,
    reach: Reach,
    depth: usize,
}

impl<'a, V: Fn(ScanItem<'_>) -> Walk + Sync> Worker<'a, V> {
    /// For the calling thread.
    pub(super) fn new(scan: &'a Scan<'a, V>) -> Worker<'a, V> {
        Worker { scan, reach: Reach::for_this_thread(), depth: 0 }
    }

    /// Works until all is done.
    pub(super) fn run(mut self) {
        while let Some((work, _in_hand)) = self.scan.queue.take() {
            self.work(work);
        }
    }

    fn work(&mut self, work: Work) {
        if self.scan.stopped() {
            return;
        }
        match work {
            Work::Directory { parent, name } => self.directory(parent.as_ref(), &name),
            Work::Entries(directory, batch) => self.batch(&directory, &batch),
        }
    }

    /// Reads a directory, a batch at a time.
    fn directory(&mut self, parent: Option<&Shared>, name: &[u8]) {
        let mut path = Vec::new();
        if let Some(parent) = parent {
            parent.write_path(name, &mut path);
        }
        let directory = match self.open(parent, name, &path) {
            Ok(directory) => Arc::new(directory),
            // Gone, no directory any more, or another file system's.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::XDEV) if parent.is_some() => return,
            Err(errno) => {
                self.scan.show(&path, Found::Fault(failed("scan")(errno)));
                return;
            }
        };
        let mut batch = Batch::default();
        let listed = list_once(directory.fd.as_fd(), |name, _, kind| {
            if !directory.hides(name) {
                batch.push(name, kind);
            }
            if batch.is_full() {
                self.leave_batch(&directory, core::mem::take(&mut batch));
            }
            if self.scan.stopped() { Go::Stop } else { Go::On }
        });
        self.batch(&directory, &batch);
        if let Err(errno) = listed {
            self.scan.show(&path, Found::Fault(failed("scan")(errno)));
        }
    }

    fn open(&self, parent: Option<&Shared>, name: &[u8], path: &[u8]) -> Result<OpenDirectory, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let scan = self.scan;
        let (fd, is_root) = match parent {
            Some(parent) => (openat2(&parent.fd, name, flags, Mode::empty(), scan.host.resolve)?, false),
            None => {
                let fd = openat(scan.start.fd(), ".", flags, Mode::empty())?;
                let is = statx(&fd, "", AtFlags::EMPTY_PATH, StatxFlags::INO)?;
                (fd, node_id(&is) == scan.host.root.id()?)
            }
        };
        let number = scan.numbers.fetch_add(1, Ordering::Relaxed);
        Ok(OpenDirectory { fd, number, path: path.into(), is_root })
    }

    /// Gives a batch to a thread that has nothing to do, or looks at it.
    fn leave_batch(&mut self, directory: &Shared, batch: Batch) {
        if let Err(Work::Entries(_, batch)) =
            self.scan.queue.offer(Work::Entries(Arc::clone(directory), batch))
        {
            self.batch(directory, &batch);
        }
    }

    fn batch(&mut self, directory: &Shared, batch: &Batch) {
        let mut path = Vec::new();
        for (name, kind) in batch.entries() {
            if self.scan.stopped() {
                return;
            }
            directory.write_path(name, &mut path);
            if self.entry(directory, name, kind, &path) {
                self.enter(directory, name);
            }
        }
    }

    /// Looks at one entry; true if it is a directory to go into.
    fn entry(&mut self, directory: &OpenDirectory, name: &[u8], kind: FileType, path: &[u8]) -> bool {
        let scan = self.scan;
        match self.look(directory, name, kind) {
            Ok(Some(found)) => scan.show(path, found) && matches!(found, Found::Directory(_)),
            Ok(None) => false,
            Err(Errno::NOENT | Errno::NOTDIR) => false, // gone since
            Err(errno) => {
                scan.show(path, Found::Fault(failed("scan")(errno)));
                false
            }
        }
    }

    fn look(&mut self, dir: &OpenDirectory, name: &[u8], kind: FileType) -> Result<Option<Found<'_>>, Errno> {
        use crate::host::NodeKind::{Fifo, Socket, Symlink};
        Ok(Some(match kind {
            FileType::RegularFile => Found::File(self.reach.xattr(dir, name, SMB_REPARSE)?),
            FileType::Directory => Found::Directory(self.reach.xattr(dir, name, SMB_REPARSE)?),
            FileType::Symlink => Found::Special(Symlink),
            FileType::Fifo => Found::Special(Fifo),
            FileType::Socket => Found::Special(Socket),
            FileType::CharacterDevice | FileType::BlockDevice | FileType::Unknown => {
                let at = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
                let found = statx(&dir.fd, name, at, StatxFlags::TYPE)?;
                match file_type(&found) {
                    FileType::Unknown => return Ok(None),
                    known @ (FileType::RegularFile | FileType::Directory) => {
                        return self.look(dir, name, known);
                    }
                    _ => Found::Special(node_kind(&found)),
                }
            }
        }))
    }

    /// Goes into a directory: later, or where too much waits already, now.
    fn enter(&mut self, directory: &Shared, name: &[u8]) {
        let work = Work::Directory { parent: Some(Arc::clone(directory)), name: name.into() };
        if let Err(work) = self.scan.queue.leave(work, self.depth >= DEPTH_MAX) {
            self.depth += 1;
            self.work(work);
            self.depth -= 1;
        }
    }
}
