//! Where an object without a name in any listing waits for its name: nowhere (O_TMPFILE), or in `.pointsman/staging`.
use super::node::{LinuxNode, proc_path};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, Mode, OFlags, linkat, openat, renameat, unlinkat};
use rustix::io::Errno;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many names are tried before one is free.
const ATTEMPTS_MAX: u32 = 1000;

/// A name in the staging folder, removed when dropped.
pub(super) struct Staged {
    folder: Arc<OwnedFd>,
    name: String,
    placed: bool,
}

impl Staged {
    /// Makes something under a free name: `make` gets folder and name, and fails with EEXIST where the name is taken.
    pub(super) fn make<T>(
        folder: &Arc<OwnedFd>,
        mut make: impl FnMut(BorrowedFd<'_>, &str) -> Result<T, Errno>,
    ) -> Result<(Staged, T), Errno> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        for _ in 0..ATTEMPTS_MAX {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!("{}-{number}", rustix::process::getpid().as_raw_nonzero());
            match make(folder.as_fd(), &name) {
                Ok(made) => return Ok((Staged { folder: Arc::clone(folder), name, placed: false }, made)),
                Err(Errno::EXIST) => {} // left behind by a process of this number that was killed
                Err(other) => return Err(other),
            }
        }
        Err(Errno::EXIST)
    }

    /// Gives what waits here its name, replacing what has it.
    pub(super) fn place(mut self, dir: BorrowedFd<'_>, name: &[u8]) -> Result<(), (Errno, Staged)> {
        match renameat(self.folder.as_fd(), &self.name, dir, name) {
            Ok(()) => {
                // Where both names were one object's, rename(2) leaves both: then dropping removes this one.
                self.placed = !self.is_there();
                Ok(())
            }
            Err(errno) => Err((errno, self)),
        }
    }

    fn is_there(&self) -> bool {
        let at = AtFlags::SYMLINK_NOFOLLOW;
        rustix::fs::statat(self.folder.as_fd(), &self.name, at).is_ok()
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.placed {
            let folder = self.folder.as_fd();
            if let Err(Errno::ISDIR) = unlinkat(folder, &self.name, AtFlags::empty()) {
                let _left_for_check = unlinkat(folder, &self.name, AtFlags::REMOVEDIR);
            }
        }
    }
}

/// A new regular file without any name, or the error that says that this file system has no such thing.
pub(super) fn unnamed_file(dir: BorrowedFd<'_>, mode: Mode) -> Result<Option<LinuxNode>, Errno> {
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    match openat(dir, ".", flags, mode) {
        Ok(fd) => Ok(Some(LinuxNode::made(fd))),
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL | Errno::NOENT) => Ok(None),
        Err(other) => Err(other),
    }
}

/// A further name for what a descriptor stands for, race-free: by the descriptor, not by a name.
pub(super) fn link_fd(fd: BorrowedFd<'_>, dir: BorrowedFd<'_>, name: &[u8]) -> Result<(), Errno> {
    linkat(rustix::fs::CWD, proc_path(fd), dir, name, AtFlags::SYMLINK_FOLLOW)
}
