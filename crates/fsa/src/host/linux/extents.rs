//! Where a file's data lie: holes, zeroes, and blocks that files share. [fallocate(2)], [lseek(2)], [copy_file_range(2)],
//! [ioctl_ficlonerange(2)]
use super::fault::{failed, refused};
use super::node::LinuxNode;
use crate::host::{Features, HostFault, HostResult};
use core::ops::Range;
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{
    FallocateFlags, IFlags, Mode, OFlags, SeekFrom, copy_file_range, fallocate, fstatfs, ioctl_getflags,
    ioctl_setflags, openat, seek,
};
use rustix::io::Errno;
use rustix::ioctl::{Opcode, Setter, ioctl, opcode};

/// The ranges with data that begin within `range`, at most `count_max`, the last one cut.
pub(super) fn allocated(
    node: &LinuxNode,
    range: Range<u64>,
    count_max: usize,
) -> HostResult<Vec<Range<u64>>> {
    let call = "allocated_ranges";
    node.require_file(call)?;
    // A descriptor of its own: seeking moves what others with the same one would see.
    let fd = node.reopen(OFlags::RDONLY).map_err(failed(call))?;
    let mut ranges = Vec::new();
    let mut at = range.start;
    while at < range.end && ranges.len() < count_max {
        let start = match seek(&fd, SeekFrom::Data(at)) {
            Ok(start) if start < range.end => start,
            Ok(_) | Err(Errno::NXIO) => break,
            Err(other) => return Err(failed(call)(other)),
        };
        let end = seek(&fd, SeekFrom::Hole(start)).map_err(failed(call))?.min(range.end);
        ranges.push(start..end);
        at = end;
    }
    Ok(ranges)
}

/// Zeroes, without blocks behind them where the file system can.
pub(super) fn punch(node: &LinuxNode, offset: u64, len: u64) -> HostResult<()> {
    let mode = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    allocate(node, "punch", mode, offset, len)
}

/// Blocks behind every byte of a range.
pub(super) fn fill(node: &LinuxNode, offset: u64, len: u64) -> HostResult<()> {
    allocate(node, "fill", FallocateFlags::KEEP_SIZE, offset, len)
}

fn allocate(
    node: &LinuxNode,
    call: &'static str,
    mode: FallocateFlags,
    offset: u64,
    len: u64,
) -> HostResult<()> {
    node.require_file(call)?;
    let fd = node.writable().map_err(failed(call))?;
    loop {
        match fallocate(fd, mode, offset, len) {
            Err(Errno::INTR) => {}
            other => return other.map_err(failed(call)),
        }
    }
}

/// Copies within the kernel; gives how many bytes, which is fewer at the end of the source.
pub(super) fn copy(from: (&LinuxNode, u64), to: (&LinuxNode, u64), len: usize) -> HostResult<usize> {
    let call = "copy_range";
    from.0.require_file(call)?;
    to.0.require_file(call)?;
    let source = from.0.readable().map_err(failed(call))?;
    let target = to.0.writable().map_err(failed(call))?;
    let (mut from_at, mut to_at) = (from.1, to.1);
    loop {
        match copy_file_range(source, Some(&mut from_at), target, Some(&mut to_at), len) {
            Err(Errno::INTR) => {}
            // Not within one file, not between these file systems: the caller reads and writes.
            Err(Errno::INVAL | Errno::XDEV | Errno::OPNOTSUPP | Errno::NOSYS) => {
                return Err(refused(call, HostFault::NotSupported));
            }
            other => return other.map_err(failed(call)),
        }
    }
}

/// `struct file_clone_range` of linux/fs.h.
#[repr(C)]
struct CloneRange {
    source: i64,
    source_offset: u64,
    len: u64,
    target_offset: u64,
}

/// FICLONERANGE of linux/fs.h: `_IOW(0x94, 13, struct file_clone_range)`.
const FICLONERANGE: Opcode = opcode::write::<CloneRange>(0x94, 13);

/// Lets a range of one file be the blocks of another's.
pub(super) fn share(from: (&LinuxNode, u64), to: (&LinuxNode, u64), len: u64) -> HostResult<()> {
    let call = "share_range";
    from.0.require_file(call)?;
    to.0.require_file(call)?;
    let source = from.0.readable().map_err(failed(call))?;
    let target = to.0.writable().map_err(failed(call))?;
    match clone_range((source, from.1), (target, to.1), len) {
        Err(Errno::OPNOTSUPP | Errno::NOTTY | Errno::XDEV | Errno::NOSYS) => {
            Err(refused(call, HostFault::NotSupported))
        }
        other => other.map_err(failed(call)),
    }
}

fn clone_range(
    (source, source_offset): (BorrowedFd<'_>, u64),
    (target, target_offset): (BorrowedFd<'_>, u64),
    len: u64,
) -> Result<(), Errno> {
    let range = CloneRange { source: i64::from(source.as_raw_fd()), source_offset, len, target_offset };
    // SAFETY: FICLONERANGE reads one file_clone_range, whose layout `CloneRange` has; the descriptor in it is borrowed for
    // longer than the call.
    #[allow(unsafe_code)]
    unsafe {
        ioctl(target, Setter::<FICLONERANGE, CloneRange>::new(range))
    }
}

/// What the file system of a directory can do, tried out on files without a name. What cannot be tried is as what it cannot.
pub(super) fn features(root: BorrowedFd<'_>) -> Features {
    let unnamed =
        || openat(root, ".", OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR);
    let (Ok(one), Ok(other)) = (unnamed(), unnamed()) else { return Features::default() };
    Features {
        // Of no length, from an empty file: who can share blocks has nothing against it.
        shares_blocks: clone_range((one.as_fd(), 0), (other.as_fd(), 0), 0).is_ok(),
        compresses: compresses(&one),
        punches: fallocate(&one, FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE, 0, 4096).is_ok(),
    }
}

/// ext4 takes the flag, keeps it, and compresses nothing: only of these is it believed.
fn compresses(file: &OwnedFd) -> bool {
    // BTRFS_SUPER_MAGIC and F2FS_SUPER_MAGIC of linux/magic.h
    const COMPRESSING: [u64; 2] = [0x9123_683E, 0xF2F5_2010];
    let is_one = |magic| u64::try_from(magic).is_ok_and(|magic| COMPRESSING.contains(&magic));
    fstatfs(file).is_ok_and(|found| is_one(found.f_type))
        && set_flag(file.as_fd(), true).is_ok()
        && ioctl_getflags(file).is_ok_and(|flags| flags.contains(IFlags::COMPRESSED))
}

fn set_flag(fd: BorrowedFd<'_>, compressed: bool) -> Result<(), Errno> {
    let flags = ioctl_getflags(fd)?;
    let wanted = if compressed { flags | IFlags::COMPRESSED } else { flags - IFlags::COMPRESSED };
    if wanted == flags { Ok(()) } else { ioctl_setflags(fd, wanted) }
}

/// FS_IOC_SETFLAGS with FS_COMPR_FL, as chattr +c. [ioctl_iflags(2)]
pub(super) fn set_compressed(node: &LinuxNode, compressed: bool) -> HostResult<()> {
    let call = "set_compressed";
    let fd = node.readable().map_err(failed(call))?;
    match set_flag(fd, compressed) {
        Err(Errno::OPNOTSUPP | Errno::NOTTY | Errno::NOSYS | Errno::INVAL) => {
            Err(refused(call, HostFault::NotSupported))
        }
        other => other.map_err(failed(call)),
    }
}
