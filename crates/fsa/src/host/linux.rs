//! Linux as host: a directory of any of its file systems is a volume.
//!
//! Every name is resolved by openat2 in a directory that is held open, beneath the root and through no link of any kind.
//! `/proc` must be there, since attributes of what cannot be opened, and names for what is held, go through it.
mod bare;
mod extents;
mod fault;
mod glance;
mod index;
mod known;
mod leftovers;
mod listen;
mod listing;
mod look;
mod names;
mod node;
mod overflow;
pub mod scan;
mod staging;
mod store;
mod touching;
mod watch;
mod xattr;

use super::{
    BlobId, Features, Glance, Glances, Heard, Host, HostEntry, HostError, HostFault, HostName, HostNames,
    HostResult, Look, Looked, Make, NodeId, NodeKind, NodeStat, RenameMode, Seen, SetTimes, Space, When,
    XattrMode,
};
use core::fmt;
use core::ops::Range;
use fault::{failed, refused};
pub use index::{DIRECTORIES_MAX, NAMES_MAX};
use listing::{Go, list};
pub use node::{LinuxNode, descriptors_held};
use nt::FileTime;
use rustix::buffer::spare_capacity;
use rustix::fd::BorrowedFd;
use rustix::fs::{
    AtFlags, Mode, OFlags, ResolveFlags, StatVfsMountFlags, Timespec, Timestamps, UTIME_OMIT, chmod, fchmod,
    fstatfs, fstatvfs, fsync, ftruncate, openat2, readlinkat, syncfs, utimensat,
};
use rustix::io::{Errno, ReadWriteFlags, pread, preadv2, pwrite};
use std::io::IoSliceMut;
use std::path::Path;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, OnceLock};
pub use store::{STORE_FOLDER, StoreAt};
use touching::Touching;

/// How a volume is opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LinuxOptions {
    /// Names differ by case. Else they are found in any case, and no two differ by case only.
    pub case_sensitive: bool,
    /// Directories of other file systems, mounted beneath the root, belong to the volume. Else they cannot be opened.
    pub cross_mounts: bool,
    /// Change nothing, even where the host would let us.
    pub read_only: bool,
    /// Where the store makes its own folder when it needs one.
    pub store_at: StoreAt,
}

/// Why a directory cannot be opened as a volume.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinuxOpenError {
    /// `/proc` is not mounted, or is not Linux's.
    NoProc,
    /// The kernel is older than 5.6, or a filter on system calls forbids openat2.
    NoOpenat2,
    /// The directory itself.
    Root(HostError),
}

/// A directory of a Linux machine as a volume.
pub struct LinuxHost {
    root: LinuxNode,
    options: LinuxOptions,
    resolve: ResolveFlags,
    names: index::NameIndex,
    listener: listen::Listener,
    /// Of directories whose listings are remembered.
    watching: listen::Listener,
    store: store::Store,
    read_only: bool,
    features: OnceLock<Features>,
    /// Threads that glance at entries now.
    glancing: Arc<AtomicUsize>,
    /// Objects without attributes.
    bare: Arc<bare::Bare>,
    /// Objects that were looked at.
    known: known::KnownObjects,
    /// One lock for many directories; which, their inode number says.
    directories: [Mutex<()>; DIRECTORY_LOCKS],
}

/// Locks that keep names of one case from being made at once.
const DIRECTORY_LOCKS: usize = 64;
/// The number of `/proc` in `statfs`: PROC_SUPER_MAGIC in linux/magic.h.
const PROC_MAGIC: u64 = 0x9FA0;

impl LinuxHost {
    /// Opens a directory as a volume. A path that is a link is followed, here and never again.
    pub fn open(path: &Path, options: LinuxOptions) -> Result<LinuxHost, LinuxOpenError> {
        let at_root = |errno| LinuxOpenError::Root(failed("open")(errno));
        let root = LinuxNode::open_root(path).map_err(at_root)?;
        require_proc(&root)?;
        match openat2(root.fd(), ".", OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), node::resolve(false)) {
            Ok(_) => {}
            Err(Errno::NOSYS | Errno::PERM) => return Err(LinuxOpenError::NoOpenat2),
            Err(other) => return Err(at_root(other)),
        }
        let mount = fstatvfs(root.fd()).map_err(at_root)?;
        Ok(LinuxHost {
            resolve: node::resolve(options.cross_mounts),
            names: index::NameIndex::new(),
            listener: listen::Listener::default(),
            watching: listen::Listener::of_all(),
            store: store::Store::new(options.store_at),
            read_only: options.read_only || mount.f_flag.contains(StatVfsMountFlags::RDONLY),
            features: OnceLock::new(),
            glancing: Arc::default(),
            bare: Arc::default(),
            known: known::KnownObjects::of_root(root.fd()),
            directories: [const { Mutex::new(()) }; DIRECTORY_LOCKS],
            options,
            root,
        })
    }

    /// How many directories were scanned for names in another case so far: a figure to watch.
    pub fn scans(&self) -> u64 {
        self.names.scans()
    }

    /// A descriptor that becomes readable when another process has changed a directory that somebody watches: then
    /// [`crate::Volume::hear`] is due. `None` where this user has as many such queues as allowed.
    pub fn changes(&self) -> Option<BorrowedFd<'_>> {
        self.listener.queue()
    }

    /// Opens something; where the process has as many descriptors as it may, those that are only kept at hand go first.
    fn with_room<T>(&self, mut open: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
        match open() {
            Err(Errno::MFILE | Errno::NFILE) if self.known.let_all_go() => open(),
            done => done,
        }
    }

    fn require_writable(&self, call: &'static str) -> HostResult<()> {
        if self.read_only { Err(refused(call, HostFault::ReadOnly)) } else { Ok(()) }
    }

    /// Leave to change an object, which has changed when this goes.
    fn changing<'a>(&self, node: &'a LinuxNode, call: &'static str) -> HostResult<Touching<'a>> {
        self.require_writable(call)?;
        Ok(Touching::object(node))
    }
}

/// Refuses a machine whose `/proc` does not lead to what is held.
fn require_proc(root: &LinuxNode) -> Result<(), LinuxOpenError> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let proc = rustix::fs::open("/proc/self/fd", flags, Mode::empty()).map_err(|_| LinuxOpenError::NoProc)?;
    let is_proc = fstatfs(&proc).is_ok_and(|found| u64::try_from(found.f_type) == Ok(PROC_MAGIC));
    let leads = root.reopen(OFlags::PATH).is_ok();
    if is_proc && leads { Ok(()) } else { Err(LinuxOpenError::NoProc) }
}

impl Host for LinuxHost {
    type Node = LinuxNode;

    fn root(&self) -> LinuxNode {
        self.root.clone()
    }

    fn lookup(&self, dir: &LinuxNode, name: &[u16]) -> HostResult<Option<(LinuxNode, HostName)>> {
        names::lookup(self, dir, name, |name| LinuxNode::open(dir.fd(), name, self.resolve))
    }

    fn look_up(&self, dir: &LinuxNode, name: &[u16], look: Look) -> HostResult<Option<Looked<LinuxNode>>> {
        let found = names::lookup(self, dir, name, |name| look::entry(self, dir, name, look))?;
        Ok(found.map(|((node, seen), name)| Looked { node, name, seen }))
    }

    fn look_at(&self, node: &LinuxNode, wanted: &'static [&'static str]) -> HostResult<Seen> {
        look::object(self, node, wanted).map_err(failed("look_at"))
    }

    fn let_go(&self, id: NodeId) {
        self.known.let_go(id);
    }

    fn tidy(&self) {
        self.known.tidy();
    }

    fn open_entry(&self, dir: &LinuxNode, name: &HostName) -> HostResult<LinuxNode> {
        names::require_entry_name(name, "open_entry")?;
        if names::hidden(self, dir, name, "open_entry")? {
            return Err(refused("open_entry", HostFault::NotFound));
        }
        LinuxNode::open(dir.fd(), &name.0, self.resolve).map_err(failed("open_entry"))
    }

    fn stat(&self, node: &LinuxNode) -> HostResult<NodeStat> {
        node.stat().map_err(failed("stat"))
    }

    fn kind(&self, node: &LinuxNode) -> HostResult<NodeKind> {
        node.kind().map_err(failed("kind"))
    }

    fn id(&self, node: &LinuxNode) -> HostResult<NodeId> {
        node.id().map_err(failed("id"))
    }

    fn len(&self, node: &LinuxNode) -> HostResult<u64> {
        node.len().map_err(failed("len"))
    }

    fn read_link(&self, node: &LinuxNode) -> HostResult<Vec<u8>> {
        match readlinkat(node.fd(), "", Vec::new()) {
            Ok(target) => Ok(target.into_bytes()),
            Err(Errno::INVAL | Errno::NOENT) => Err(refused("read_link", HostFault::NotSupported)),
            Err(other) => Err(failed("read_link")(other)),
        }
    }

    fn create(&self, dir: &LinuxNode, name: &[u16], make: Make<'_>) -> HostResult<(LinuxNode, HostName)> {
        names::create(self, dir, name, make)
    }

    fn create_unnamed(&self, make: Make<'_>) -> HostResult<LinuxNode> {
        names::create_unnamed(self, make)
    }

    fn place(&self, node: &LinuxNode, dir: &LinuxNode, name: &HostName) -> HostResult<()> {
        names::place(self, node, dir, name)
    }

    fn link(&self, node: &LinuxNode, dir: &LinuxNode, name: &[u16]) -> HostResult<HostName> {
        names::link(self, node, dir, name)
    }

    fn rename(
        &self,
        dir: &LinuxNode,
        name: &HostName,
        new_dir: &LinuxNode,
        new_name: &[u16],
        mode: RenameMode,
    ) -> HostResult<HostName> {
        names::rename(self, (dir, name), (new_dir, new_name), mode)
    }

    fn remove(&self, dir: &LinuxNode, name: &HostName) -> HostResult<()> {
        names::remove(self, dir, name)
    }

    fn entries(&self, dir: &LinuxNode) -> HostResult<Vec<HostEntry>> {
        let in_root = names::is_root(self, dir).map_err(failed("entries"))?;
        let mut entries = Vec::new();
        list(dir, |name, inode, _| {
            let name = HostName(name.to_vec());
            if !(in_root && store::is_store_folder(&name.0)) {
                entries.push(HostEntry { name, inode });
            }
            Go::On
        })
        .map_err(failed("entries"))?;
        Ok(entries)
    }

    fn names(&self, dir: &LinuxNode) -> HostResult<HostNames> {
        let in_root = names::is_root(self, dir).map_err(failed("names"))?;
        let mut names = HostNames::default();
        list(dir, |name, inode, _| {
            if !(in_root && store::is_store_folder(name)) {
                names.push(name, inode);
            }
            Go::On
        })
        .map_err(failed("names"))?;
        Ok(names)
    }

    fn glance<T: Send + 'static>(
        &self,
        dir: &LinuxNode,
        names: (&Arc<HostNames>, Range<usize>),
        wanted: (&'static [&'static str], fn(Glance) -> T),
        when: When,
    ) -> Option<Glances<T>> {
        glance::glance(self, dir, names, wanted, when)
    }

    fn is_empty(&self, dir: &LinuxNode) -> HostResult<bool> {
        let in_root = names::is_root(self, dir).map_err(failed("is_empty"))?;
        let mut empty = true;
        list(dir, |name, _, _| {
            if in_root && store::is_store_folder(name) {
                return Go::On;
            }
            empty = false;
            Go::Stop
        })
        .map_err(failed("is_empty"))?;
        Ok(empty)
    }

    fn xattr(&self, node: &LinuxNode, name: &str) -> HostResult<Option<Vec<u8>>> {
        // By its descriptor an attribute costs less than to look whether it is at hand.
        if node.attribute_fd().is_none()
            && let Some(value) = node.facts().ok().and_then(|facts| self.known.value(&facts, name))
        {
            return Ok(value);
        }
        xattr::get(node, name)
    }

    fn set_xattr(&self, node: &LinuxNode, name: &str, value: &[u8], mode: XattrMode) -> HostResult<()> {
        let _touching = self.changing(node, "set_xattr")?;
        xattr::set(node, name, value, mode)
    }

    fn remove_xattr(&self, node: &LinuxNode, name: &str) -> HostResult<bool> {
        let _touching = self.changing(node, "remove_xattr")?;
        xattr::remove(node, name)
    }

    fn xattr_names(&self, node: &LinuxNode) -> HostResult<Vec<String>> {
        xattr::names(node)
    }

    fn read(&self, node: &LinuxNode, offset: u64, buffer: &mut [u8]) -> HostResult<usize> {
        node.require_file("read")?;
        let fd = self.with_room(|| node.readable()).map_err(failed("read"))?;
        let mut done = 0;
        while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match pread(fd, rest, offset.saturating_add(done as u64)) {
                Ok(0) => break,
                Ok(count) => done += count,
                Err(Errno::INTR) => {}
                Err(other) => return Err(failed("read")(other)),
            }
        }
        Ok(done)
    }

    fn read_at_once(&self, node: &LinuxNode, offset: u64, buffer: &mut [u8]) -> HostResult<Option<usize>> {
        node.require_file("read")?;
        let fd = node.readable().map_err(failed("read"))?;
        let mut done = 0;
        while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let at = offset.saturating_add(done as u64);
            match preadv2(fd, &mut [IoSliceMut::new(rest)], at, ReadWriteFlags::NOWAIT) {
                Ok(0) => break,
                Ok(count) => done += count,
                Err(Errno::INTR) => {}
                // Not in the page cache, or a file system that cannot tell. preadv2(2)
                Err(Errno::AGAIN | Errno::OPNOTSUPP | Errno::NOSYS) => return Ok(None),
                Err(other) => return Err(failed("read")(other)),
            }
        }
        Ok(Some(done))
    }

    fn read_new(&self, node: &LinuxNode, offset: u64, len: usize) -> HostResult<Vec<u8>> {
        node.require_file("read")?;
        let fd = self.with_room(|| node.readable()).map_err(failed("read"))?;
        let mut data = Vec::with_capacity(len);
        while data.len() < len {
            let at = offset.saturating_add(data.len() as u64);
            match pread(fd, spare_capacity(&mut data), at) {
                Ok(0) => break,
                Ok(_) | Err(Errno::INTR) => {}
                Err(other) => return Err(failed("read")(other)),
            }
        }
        data.truncate(len);
        Ok(data)
    }

    fn write(&self, node: &LinuxNode, offset: u64, bytes: &[u8]) -> HostResult<()> {
        let _touching = self.changing(node, "write")?;
        node.require_file("write")?;
        let fd = self.with_room(|| node.writable()).map_err(failed("write"))?;
        let mut done = 0;
        while let Some(rest) = bytes.get(done..).filter(|rest| !rest.is_empty()) {
            match pwrite(fd, rest, offset.saturating_add(done as u64)) {
                Ok(count) => done += count,
                Err(Errno::INTR) => {}
                Err(other) => return Err(failed("write")(other)),
            }
        }
        Ok(())
    }

    fn set_len(&self, node: &LinuxNode, len: u64) -> HostResult<()> {
        let _touching = self.changing(node, "set_len")?;
        node.require_file("set_len")?;
        let fd = self.with_room(|| node.writable()).map_err(failed("set_len"))?;
        ftruncate(fd, len).map_err(failed("set_len"))
    }

    fn allocated_ranges(
        &self,
        node: &LinuxNode,
        range: Range<u64>,
        count_max: usize,
    ) -> HostResult<Vec<Range<u64>>> {
        extents::allocated(node, range, count_max)
    }

    fn punch(&self, node: &LinuxNode, offset: u64, len: u64) -> HostResult<()> {
        let _touching = self.changing(node, "punch")?;
        extents::punch(node, offset, len)
    }

    fn fill(&self, node: &LinuxNode, offset: u64, len: u64) -> HostResult<()> {
        let _touching = self.changing(node, "fill")?;
        extents::fill(node, offset, len)
    }

    fn copy_range(&self, from: (&LinuxNode, u64), to: (&LinuxNode, u64), len: usize) -> HostResult<usize> {
        let _touching = self.changing(to.0, "copy_range")?;
        extents::copy(from, to, len)
    }

    fn share_range(&self, from: (&LinuxNode, u64), to: (&LinuxNode, u64), len: u64) -> HostResult<()> {
        let _touching = self.changing(to.0, "share_range")?;
        extents::share(from, to, len)
    }

    fn features(&self) -> Features {
        *self.features.get_or_init(|| match self.read_only {
            true => Features::default(),
            false => extents::features(self.root.fd()),
        })
    }

    fn set_compressed(&self, node: &LinuxNode, compressed: bool) -> HostResult<()> {
        let _touching = self.changing(node, "set_compressed")?;
        extents::set_compressed(node, compressed)
    }

    fn now(&self) -> FileTime {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
        FileTime::from_unix(now.tv_sec, u32::try_from(now.tv_nsec).unwrap_or_default())
    }

    fn set_times(&self, node: &LinuxNode, times: SetTimes) -> HostResult<()> {
        let _touching = self.changing(node, "set_times")?;
        let times =
            Timestamps { last_access: timespec(times.accessed), last_modification: timespec(times.modified) };
        utimensat(node.fd(), "", &times, AtFlags::EMPTY_PATH).map_err(failed("set_times"))
    }

    fn set_mode(&self, node: &LinuxNode, mode: u32) -> HostResult<()> {
        let _touching = self.changing(node, "set_mode")?;
        let mode = Mode::from_raw_mode(mode & 0o7777);
        match node.attribute_fd() {
            Some(fd) => fchmod(fd, mode).map_err(failed("set_mode")),
            None => chmod(node.proc_path(), mode).map_err(failed("set_mode")),
        }
    }

    fn sync(&self, node: &LinuxNode) -> HostResult<()> {
        use super::NodeKind::{Directory, File};
        if !matches!(node.kind().map_err(failed("sync"))?, File | Directory) {
            return Ok(()); // it has nothing of its own that can change; its directory has its name
        }
        match node.readable() {
            Ok(fd) => fsync(fd).map_err(failed("sync")),
            Err(Errno::ACCESS | Errno::PERM) => self.sync_all(), // not ours to read: then all, with it
            Err(other) => Err(failed("sync")(other)),
        }
    }

    fn sync_all(&self) -> HostResult<()> {
        let root = self.root.readable().map_err(failed("sync_all"))?;
        syncfs(root).map_err(failed("sync_all"))
    }

    fn space(&self) -> HostResult<Space> {
        let found = fstatvfs(self.root.fd()).map_err(failed("space"))?;
        Ok(Space { block_bytes: found.f_frsize, blocks: found.f_blocks, blocks_free: found.f_bavail })
    }

    fn is_read_only(&self) -> bool {
        self.read_only
    }

    fn put_blob(&self, near: &LinuxNode, bytes: &[u8]) -> HostResult<BlobId> {
        self.require_writable("put_blob")?;
        overflow::put(self, near, bytes)
    }

    fn blob(&self, near: &LinuxNode, id: BlobId) -> HostResult<Option<Vec<u8>>> {
        overflow::get(self, near, id)
    }

    fn blobs(&self) -> HostResult<Vec<BlobId>> {
        overflow::ids(self)
    }

    fn remove_blob(&self, id: BlobId) -> HostResult<()> {
        self.require_writable("remove_blob")?;
        overflow::remove(self, id)
    }

    fn listen(&self, dir: &LinuxNode) -> bool {
        self.listener.listen(dir)
    }

    fn unlisten(&self, dir: NodeId) {
        self.listener.unlisten(dir);
    }

    fn heard(&self) -> Vec<Option<Heard>> {
        self.listener.heard(self)
    }

    fn watch(&self, dir: &LinuxNode) -> bool {
        watch::tells_all(dir) && self.watching.listen(dir)
    }

    fn unwatch(&self, dir: NodeId) {
        self.watching.unlisten(dir);
    }

    fn watched(&self) -> Vec<Option<Heard>> {
        self.watching.heard(self)
    }

    fn leftovers(&self) -> HostResult<Vec<HostName>> {
        leftovers::names(&self.root)
    }

    fn remove_leftover(&self, name: &HostName) -> HostResult<()> {
        self.require_writable("remove_leftover")?;
        leftovers::remove(&self.root, name)
    }
}

fn timespec(time: Option<FileTime>) -> Timespec {
    let Some(time) = time else { return Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT } };
    let (seconds, nanoseconds) = time.to_unix();
    Timespec { tv_sec: seconds, tv_nsec: i64::from(nanoseconds) }
}

impl fmt::Display for LinuxOpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinuxOpenError::NoProc => f.write_str("/proc is not there: mount it (mount -t proc proc /proc)"),
            LinuxOpenError::NoOpenat2 => f.write_str(
                "the system call openat2 is refused: it needs Linux 5.6, and no filter against it",
            ),
            LinuxOpenError::Root(error) => write!(f, "the volume's directory: {error}"),
        }
    }
}

impl core::error::Error for LinuxOpenError {}
