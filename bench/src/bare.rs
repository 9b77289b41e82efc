//! The floor: what any program must ask of the kernel for the same work, and nothing else.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};

use rustix::fs::{CWD, Dir, FileType, Mode, OFlags, XattrFlags, fsetxattr, lgetxattr, openat};

/// Opens each file, sets these attributes on it, closes it.
pub(crate) fn set_attributes(
    folder: &File,
    names: &[String],
    attributes: &[(&str, &[u8])],
) -> io::Result<()> {
    for name in names {
        let file = openat(
            folder.as_fd(),
            name.as_str(),
            OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW,
            Mode::empty(),
        )?;
        for (attribute, value) in attributes {
            fsetxattr(&file, *attribute, value, XattrFlags::empty())?;
        }
    }
    Ok(())
}

/// What a walk saw.
#[derive(Default, Debug)]
pub(crate) struct Walked {
    /// Files and directories.
    pub(crate) objects: AtomicU64,
    /// Those with a `user.SmbReparse` attribute.
    pub(crate) points: AtomicU64,
}

/// Directories still to be read, and how many threads may yet add to them.
struct Pending {
    stack: Mutex<Vec<CString>>,
    changed: Condvar,
    busy: AtomicUsize,
}

/// Lists every directory below `root` with getdents, and asks for the attribute of every file and directory, on `threads` threads.
pub(crate) fn walk(root: &str, threads: usize) -> io::Result<Walked> {
    let walked = Walked::default();
    let pending = Pending {
        stack: Mutex::new(vec![CString::new(root)?]),
        changed: Condvar::new(),
        busy: AtomicUsize::new(0),
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| drain(&pending, &walked))).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().map_err(|_| io::Error::other("a walker panicked"))?)
    })?;
    Ok(walked)
}

fn drain(pending: &Pending, walked: &Walked) -> io::Result<()> {
    let poisoned = |_| io::Error::other("a walker panicked");
    loop {
        let mut stack = pending.stack.lock().map_err(|_| io::Error::other("a walker panicked"))?;
        let folder = loop {
            if let Some(folder) = stack.pop() {
                pending.busy.fetch_add(1, Ordering::SeqCst);
                break folder;
            }
            if pending.busy.load(Ordering::SeqCst) == 0 {
                pending.changed.notify_all();
                return Ok(());
            }
            stack = pending.changed.wait(stack).map_err(poisoned)?;
        };
        drop(stack);
        let found = read_folder(&folder, walked)?;
        pending.stack.lock().map_err(|_| io::Error::other("a walker panicked"))?.extend(found);
        pending.busy.fetch_sub(1, Ordering::SeqCst);
        pending.changed.notify_all();
    }
}

/// One directory: its sub-directories are returned.
fn read_folder(path: &CString, walked: &Walked) -> io::Result<Vec<CString>> {
    let folder: OwnedFd =
        openat(CWD, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let mut found = Vec::new();
    let mut value = [0u8; 16_384];
    let mut full = path.as_bytes().to_vec();
    full.push(b'/');
    let stem = full.len();
    for entry in Dir::read_from(borrowed(&folder))? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name == b"." || name == b".." {
            continue;
        }
        full.truncate(stem);
        full.extend_from_slice(name);
        let child = CString::new(full.clone())?;
        if lgetxattr(&child, "user.SmbReparse", &mut value).is_ok() {
            walked.points.fetch_add(1, Ordering::Relaxed);
        }
        walked.objects.fetch_add(1, Ordering::Relaxed);
        if entry.file_type() == FileType::Directory {
            found.push(child);
        }
    }
    Ok(found)
}

fn borrowed(fd: &OwnedFd) -> BorrowedFd<'_> {
    fd.as_fd()
}
