//! An open object: how it is opened without waking it, and how what is inside it is reached.
//!
//! Regular files and directories are opened for reading, since attribute calls on such a descriptor cost a third of those
//! through `/proc`; all else, and what the caller may not read, as O_PATH descriptors, which stand for an object without
//! opening it. What kind a name is, is asked first. Between the question and the open another process may put a FIFO in
//! its place: then that FIFO is opened for reading without blocking, which is all that can happen.
use super::fault::{failed, refused};
use super::staging::Staged;
use crate::host::{HostFault, HostResult, NodeId, NodeKind, NodeStat};
use nt::FileTime;
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, ResolveFlags, SeekFrom, Statx, StatxAttributes, StatxFlags,
    StatxTimestamp, openat, openat2, seek, statx,
};
use rustix::io::Errno;
use rustix::path::DecInt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// An object of a Linux volume, held open.
#[derive(Clone)]
pub struct LinuxNode(Arc<Held>);

struct Held {
    hold: Arc<Hold>,
    /// For reading the data where the hold cannot.
    readable: OnceLock<OwnedFd>,
    /// For writing the data where the hold cannot.
    writable: OnceLock<OwnedFd>,
    /// Where an unnamed object waits for its name.
    staged: Mutex<Option<Staged>>,
}

/// What stands for an object while somebody holds it. Opens of it that come after another can share it (`known.rs`); what is
/// opened again to read or write the data is each one's own, and ends with it.
pub(super) struct Hold {
    fd: OwnedFd,
    reach: Reach,
    /// How many hold the object by it; what is only kept at hand is held by none.
    users: AtomicUsize,
    /// What never changes of an object, asked once.
    identity: OnceLock<(NodeKind, NodeId)>,
}

/// Descriptors of all objects that this process holds open.
static DESCRIPTORS: AtomicUsize = AtomicUsize::new(0);

/// How many descriptors all volumes of this process hold for objects that are open. Those kept at hand, which are given up where
/// descriptors are short, do not count.
pub fn descriptors_held() -> usize {
    DESCRIPTORS.load(Ordering::Relaxed)
}

impl Drop for Held {
    fn drop(&mut self) {
        let reopened =
            usize::from(self.readable.get().is_some()) + usize::from(self.writable.get().is_some());
        if reopened > 0 {
            DESCRIPTORS.fetch_sub(reopened, Ordering::Relaxed);
        }
        if self.hold.users.fetch_sub(1, Ordering::Relaxed) == 1 {
            DESCRIPTORS.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// No link is followed, and no child inherits it.
const QUIET: OFlags = OFlags::NOFOLLOW.union(OFlags::CLOEXEC);

/// What a descriptor can do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Stand for the object (O_PATH).
    Name,
    /// Read data, and attributes of both kinds.
    Read,
    /// Read and write data too.
    Write,
}

/// How names of this volume are resolved: in one directory, through nothing.
pub(super) fn resolve(cross_mounts: bool) -> ResolveFlags {
    let within = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    if cross_mounts { within } else { within | ResolveFlags::NO_XDEV }
}

/// The path of a descriptor in `/proc`: a link to the object itself.
pub(super) fn proc_path(fd: BorrowedFd<'_>) -> Vec<u8> {
    [&b"/proc/self/fd/"[..], DecInt::from_fd(fd).as_bytes()].concat()
}

impl LinuxNode {
    /// Opens the entry `name` of `dir`, whatever its kind. `name` is one component.
    pub(super) fn open(dir: BorrowedFd<'_>, name: &[u8], resolve: ResolveFlags) -> Result<LinuxNode, Errno> {
        let at = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
        let found = statx(dir, name, at, StatxFlags::TYPE)?;
        LinuxNode::open_found(dir, name, resolve, file_type(&found))
    }

    /// Opens an entry whose kind was asked for a moment ago.
    pub(super) fn open_found(
        dir: BorrowedFd<'_>,
        name: &[u8],
        resolve: ResolveFlags,
        kind: FileType,
    ) -> Result<LinuxNode, Errno> {
        if matches!(kind, FileType::RegularFile | FileType::Directory) {
            let only = if kind == FileType::Directory { OFlags::DIRECTORY } else { OFlags::empty() };
            let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | only | QUIET;
            match openat2(dir, name, flags, Mode::empty(), resolve) {
                Ok(fd) => return Ok(LinuxNode::held(fd, Reach::Read)),
                Err(gone @ (Errno::NOENT | Errno::XDEV | Errno::MFILE | Errno::NFILE | Errno::NOMEM)) => {
                    return Err(gone);
                }
                Err(_) => {} // not for the caller to read, leased, or another kind by now
            }
        }
        LinuxNode::open_name(dir, name, resolve)
    }

    /// Opens the entry so that it stands for the object and no more: that wakes nothing, whatever it is.
    pub(super) fn open_name(
        dir: BorrowedFd<'_>,
        name: &[u8],
        resolve: ResolveFlags,
    ) -> Result<LinuxNode, Errno> {
        let fd = openat2(dir, name, OFlags::PATH | QUIET, Mode::empty(), resolve)?;
        Ok(LinuxNode::held(fd, Reach::Name))
    }

    /// Opens the entry `name` of `dir`, which is likely a directory: asking for one wakes nothing else.
    pub(super) fn open_directory(
        dir: BorrowedFd<'_>,
        name: &[u8],
        resolve: ResolveFlags,
    ) -> Result<LinuxNode, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | QUIET;
        match openat2(dir, name, flags, Mode::empty(), resolve) {
            Ok(fd) => Ok(LinuxNode::held(fd, Reach::Read)),
            Err(gone @ (Errno::NOENT | Errno::MFILE | Errno::NFILE)) => Err(gone),
            Err(_) => LinuxNode::open(dir, name, resolve), // no directory, or not for the caller to read
        }
    }

    /// The directory that a path names, links followed: for the root only.
    pub(super) fn open_root(path: &std::path::Path) -> Result<LinuxNode, Errno> {
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
        match rustix::fs::open(path, OFlags::RDONLY | flags, Mode::empty()) {
            Ok(fd) => Ok(LinuxNode::held(fd, Reach::Read)),
            Err(Errno::ACCESS) => {
                let fd = rustix::fs::open(path, OFlags::PATH | flags, Mode::empty())?;
                Ok(LinuxNode::held(fd, Reach::Name))
            }
            Err(other) => Err(other),
        }
    }

    /// A regular file that was just made, open for reading and writing.
    pub(super) fn made(fd: OwnedFd) -> LinuxNode {
        LinuxNode::held(fd, Reach::Write)
    }

    /// A directory open for reading.
    pub(super) fn directory(fd: OwnedFd) -> LinuxNode {
        LinuxNode::held(fd, Reach::Read)
    }

    fn held(fd: OwnedFd, reach: Reach) -> LinuxNode {
        LinuxNode::sharing(Arc::new(Hold {
            fd,
            reach,
            users: AtomicUsize::new(0),
            identity: OnceLock::new(),
        }))
    }

    /// The object that somebody holds, or held until now.
    pub(super) fn sharing(hold: Arc<Hold>) -> LinuxNode {
        if hold.users.fetch_add(1, Ordering::Relaxed) == 0 {
            DESCRIPTORS.fetch_add(1, Ordering::Relaxed);
        }
        LinuxNode(Arc::new(Held {
            hold,
            readable: OnceLock::new(),
            writable: OnceLock::new(),
            staged: Mutex::new(None),
        }))
    }

    /// What stands for the object.
    pub(super) fn hold(&self) -> &Arc<Hold> {
        &self.0.hold
    }

    /// The descriptor, to look up names in.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.0.hold.fd.as_fd()
    }

    /// The descriptor, if attribute calls can use it.
    pub(super) fn attribute_fd(&self) -> Option<BorrowedFd<'_>> {
        (self.0.hold.reach != Reach::Name).then(|| self.fd())
    }

    /// The object's path in `/proc`.
    pub(super) fn proc_path(&self) -> Vec<u8> {
        proc_path(self.fd())
    }

    /// Opens the object once more, by what is held and not by name.
    pub(super) fn reopen(&self, flags: OFlags) -> Result<OwnedFd, Errno> {
        rustix::fs::open(self.proc_path(), flags | OFlags::CLOEXEC | OFlags::NOCTTY, Mode::empty())
    }

    /// A new descriptor of a directory with its own place in the listing.
    pub(super) fn listing(&self) -> Result<OwnedFd, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        openat(self.fd(), ".", flags, Mode::empty())
    }

    /// A descriptor to read the data, or to sync the object, with. The object must be a file or a directory.
    pub(super) fn readable(&self) -> Result<BorrowedFd<'_>, Errno> {
        match self.attribute_fd() {
            Some(fd) => Ok(fd),
            None => self.cached(&self.0.readable, OFlags::RDONLY),
        }
    }

    /// A descriptor to write the data of a regular file with.
    pub(super) fn writable(&self) -> Result<BorrowedFd<'_>, Errno> {
        match self.0.hold.reach {
            Reach::Write => Ok(self.fd()),
            Reach::Name | Reach::Read => self.cached(&self.0.writable, OFlags::WRONLY),
        }
    }

    fn cached<'a>(&'a self, slot: &'a OnceLock<OwnedFd>, flags: OFlags) -> Result<BorrowedFd<'a>, Errno> {
        if slot.get().is_none() {
            // Who loses the race closes its own.
            if slot.set(self.reopen(flags)?).is_ok() {
                DESCRIPTORS.fetch_add(1, Ordering::Relaxed);
            }
        }
        slot.get().map(|fd| fd.as_fd()).ok_or(Errno::BADF)
    }

    /// The facts of the object.
    pub(super) fn stat(&self) -> Result<NodeStat, Errno> {
        self.facts().map(|facts| facts.stat)
    }

    /// The same, and on which mount it lies.
    pub(super) fn facts(&self) -> Result<Facts, Errno> {
        let facts = Facts::of(&statx(self.fd(), "", AtFlags::EMPTY_PATH, Facts::WANTED)?);
        self.know(&facts.stat);
        Ok(facts)
    }

    /// It is known who it is.
    pub(super) fn know(&self, stat: &NodeStat) {
        let identity = &self.0.hold.identity;
        if identity.get().is_none() {
            let _known = identity.set((stat.kind, stat.id));
        }
    }

    /// Who it is.
    pub(super) fn id(&self) -> Result<NodeId, Errno> {
        self.identity().map(|(_, id)| id)
    }

    /// What it is.
    pub(super) fn kind(&self) -> Result<NodeKind, Errno> {
        self.identity().map(|(kind, _)| kind)
    }

    fn identity(&self) -> Result<(NodeKind, NodeId), Errno> {
        match self.0.hold.identity.get() {
            Some(known) => Ok(*known),
            None => self.stat().map(|stat| (stat.kind, stat.id)),
        }
    }

    /// Bytes in a regular file. Where its descriptor ends is half the price of all of its facts.
    pub(super) fn len(&self) -> Result<u64, Errno> {
        match (self.attribute_fd(), self.kind()?) {
            // Nobody reads or writes at the descriptor's own place.
            (Some(fd), NodeKind::File) => seek(fd, SeekFrom::End(0)),
            _ => self.stat().map(|stat| stat.size),
        }
    }

    /// Refuses what has no data: [`HostFault::IsDirectory`], or [`HostFault::NotSupported`] for special files.
    pub(super) fn require_file(&self, call: &'static str) -> HostResult<()> {
        match self.kind().map_err(failed(call))? {
            NodeKind::File => Ok(()),
            NodeKind::Directory => Err(refused(call, HostFault::IsDirectory)),
            _ => Err(refused(call, HostFault::NotSupported)),
        }
    }

    /// Says where an unnamed object waits for its name.
    pub(super) fn stage(&self, staged: Option<Staged>) {
        *self.0.staged.lock().unwrap_or_else(PoisonError::into_inner) = staged;
    }

    /// Takes that back.
    pub(super) fn unstage(&self) -> Option<Staged> {
        self.0.staged.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl core::fmt::Debug for LinuxNode {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "LinuxNode(fd {})", self.0.hold.fd.as_raw_fd())
    }
}

/// What one `statx` tells.
#[derive(Clone, Copy)]
pub(super) struct Facts {
    pub(super) stat: NodeStat,
    /// The mount that the object was reached through, where the kernel says (Linux 5.8).
    pub(super) mount: Option<u64>,
}

impl Facts {
    /// What to ask for.
    pub(super) const WANTED: StatxFlags =
        StatxFlags::BASIC_STATS.union(StatxFlags::BTIME).union(StatxFlags::MNT_ID);

    pub(super) fn of(found: &Statx) -> Facts {
        let says_mount = StatxFlags::from_bits_retain(found.stx_mask).contains(StatxFlags::MNT_ID);
        Facts { stat: node_stat(found), mount: says_mount.then_some(found.stx_mnt_id) }
    }
}

/// The kind in a `statx` answer.
pub(super) fn file_type(found: &Statx) -> FileType {
    FileType::from_raw_mode(u32::from(found.stx_mode))
}

/// The id in a `statx` answer.
pub(super) fn node_id(found: &Statx) -> NodeId {
    NodeId { device: rustix::fs::makedev(found.stx_dev_major, found.stx_dev_minor), inode: found.stx_ino }
}

/// The facts in a `statx` answer.
pub(super) fn node_stat(found: &Statx) -> NodeStat {
    let born = StatxFlags::from_bits_retain(found.stx_mask).contains(StatxFlags::BTIME);
    NodeStat {
        id: node_id(found),
        kind: node_kind(found),
        links: found.stx_nlink,
        size: found.stx_size,
        allocated: allocated(found),
        compressed: found.stx_attributes.contains(StatxAttributes::COMPRESSED),
        accessed: file_time(&found.stx_atime),
        modified: file_time(&found.stx_mtime),
        changed: file_time(&found.stx_ctime),
        born: born.then(|| file_time(&found.stx_btime)),
        mode: u32::from(found.stx_mode) & 0o7777,
        uid: found.stx_uid,
        gid: found.stx_gid,
    }
}

/// The bytes behind the data. What stx_blocks counts, in units of 512 whatever the block size, has the block of extended
/// attributes in it where a file system gives them one, as ext4 does: data never take more than whole blocks of their length.
fn allocated(found: &Statx) -> u64 {
    let block = u64::from(found.stx_blksize).max(1);
    let whole = found.stx_size.checked_next_multiple_of(block).unwrap_or(u64::MAX);
    found.stx_blocks.saturating_mul(512).min(whole)
}

/// The kind in a `statx` answer, with a device's numbers.
pub(super) fn node_kind(found: &Statx) -> NodeKind {
    let (major, minor) = (found.stx_rdev_major, found.stx_rdev_minor);
    match file_type(found) {
        FileType::Directory => NodeKind::Directory,
        FileType::Symlink => NodeKind::Symlink,
        FileType::Fifo => NodeKind::Fifo,
        FileType::Socket => NodeKind::Socket,
        FileType::CharacterDevice => NodeKind::CharDevice { major, minor },
        FileType::BlockDevice => NodeKind::BlockDevice { major, minor },
        FileType::RegularFile | FileType::Unknown => NodeKind::File,
    }
}

fn file_time(time: &StatxTimestamp) -> FileTime {
    FileTime::from_unix(time.tv_sec, time.tv_nsec)
}
