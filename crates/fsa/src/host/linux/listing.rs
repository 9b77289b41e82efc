//! Listing a directory: a buffer at a time, never all of it at once.
use super::node::LinuxNode;
use core::mem::MaybeUninit;
use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::{FileType, RawDir};
use rustix::io::Errno;

/// Bytes of entries asked of the kernel in one call.
const BUFFER_BYTES: usize = 32_768;

/// Whether to go on with the next entry.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Go {
    On,
    Stop,
}

/// Calls `visit` with name, inode and kind of every entry but `.` and `..`, until it says stop.
pub(super) fn list(dir: &LinuxNode, visit: impl FnMut(&[u8], u64, FileType) -> Go) -> Result<(), Errno> {
    list_once(dir.listing()?.as_fd(), visit)
}

/// As [`list`], for a descriptor that has not been listed yet and will not be again.
pub(super) fn list_once(
    fd: BorrowedFd<'_>,
    mut visit: impl FnMut(&[u8], u64, FileType) -> Go,
) -> Result<(), Errno> {
    let mut buffer: Vec<MaybeUninit<u8>> = vec![MaybeUninit::uninit(); BUFFER_BYTES];
    let mut entries = RawDir::new(fd, &mut buffer);
    while let Some(entry) = entries.next() {
        let entry = match entry {
            Err(Errno::NOENT) => return Ok(()), // the directory was removed: it has no entries
            other => other?,
        };
        let name = entry.file_name().to_bytes();
        if !matches!(name, b"." | b"..") && visit(name, entry.ino(), entry.file_type()) == Go::Stop {
            break;
        }
    }
    Ok(())
}
