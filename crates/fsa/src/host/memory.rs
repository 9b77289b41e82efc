//! A host in memory, for tests: it counts its calls, fails the one it is told to, and shows what a crash would leave.
mod disk;
mod faults;

pub use faults::{Counts, MemoryOptions};

use super::name::encode_exact;
use super::{
    BlobId, Host, HostEntry, HostError, HostFault, HostName, HostResult, Make, NodeId, NodeKind, NodeStat,
    RenameMode, SetTimes, Space, XATTR_BYTES_MAX, XattrMode,
};
use core::fmt;
use core::ops::Range;
use disk::{Disk, Inode, Object};
use faults::Control;
use sha2::{Digest, Sha256};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The host's number of its one device.
const DEVICE: u64 = 1;
/// The inode of the root directory.
const ROOT: u64 = 1;
/// Bytes in a block, for what a query shows.
const BLOCK_BYTES: u64 = 4096;
/// The longest data of a file: a host in memory has no holes.
const FILE_BYTES_MAX: usize = 1 << 28;
/// The longest name, in bytes of WTF-8: three for each of 255 units.
const NAME_BYTES_MAX: usize = 765;

/// A host in memory. Clones are the same host.
#[derive(Clone)]
pub struct MemoryHost {
    shared: Arc<Shared>,
}

struct Shared {
    options: MemoryOptions,
    state: Mutex<State>,
}

/// The disk as it is, what of it a crash would leave, and what the test wants to happen.
struct State {
    disk: Disk,
    /// The disk after each change since the last sync, that at the sync first; empty unless the options ask for it.
    history: Vec<Disk>,
    control: Control,
}

/// An open object of a [`MemoryHost`].
#[derive(Clone)]
pub struct MemoryNode {
    hold: Arc<Hold>,
}

/// Keeps an inode without a name from being forgotten.
struct Hold {
    shared: Arc<Shared>,
    inode: u64,
}

impl Drop for Hold {
    fn drop(&mut self) {
        lock(&self.shared).disk.let_go(self.inode);
    }
}

fn lock(shared: &Shared) -> MutexGuard<'_, State> {
    shared.state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn failed<T>(call: &'static str, fault: HostFault) -> HostResult<T> {
    Err(HostError { call, fault })
}

impl MemoryHost {
    /// An empty volume.
    pub fn new(options: MemoryOptions) -> MemoryHost {
        MemoryHost::with_disk(options, Disk::new())
    }

    fn with_disk(options: MemoryOptions, disk: Disk) -> MemoryHost {
        let history = if options.record_crashes { vec![disk.clone()] } else { Vec::new() };
        let state = State { disk, history, control: Control::default() };
        MemoryHost { shared: Arc::new(Shared { options, state: Mutex::new(state) }) }
    }

    /// From now on the `n`th call that would change something (1 is the next) fails without doing anything, and so does every
    /// one after it, as if the process had been killed there. 0 heals.
    pub fn fail_at(&self, n: u64) {
        lock(&self.shared).control.fail_at(n);
    }

    /// As [`fail_at`](MemoryHost::fail_at), but only that one call fails, with this fault.
    pub fn fail_once_at(&self, n: u64, fault: HostFault) {
        lock(&self.shared).control.fail_once_at(n, fault);
    }

    /// How many calls there were.
    pub fn counts(&self) -> Counts {
        lock(&self.shared).control.counts
    }

    /// The least that a crash now would leave: what was there at the last sync. As a journal of the whole volume does it, a
    /// sync of one object brings every change before it to the disk. The options must ask for the record.
    pub fn crash_image(&self) -> Option<MemoryHost> {
        self.crash_images().into_iter().next()
    }

    /// Everything that a crash now could leave, the least first: changes reach the disk in their order, each whole.
    pub fn crash_images(&self) -> Vec<MemoryHost> {
        let history = lock(&self.shared).history.clone();
        history
            .into_iter()
            .map(|disk| MemoryHost::with_disk(self.shared.options, disk.after_restart()))
            .collect()
    }

    fn node(&self, inode: u64) -> MemoryNode {
        MemoryNode { hold: Arc::new(Hold { shared: Arc::clone(&self.shared), inode }) }
    }

    /// A call that changes nothing.
    fn look<T>(&self, read: impl FnOnce(&mut Disk) -> T) -> T {
        let mut state = lock(&self.shared);
        state.control.counts.reads += 1;
        read(&mut state.disk)
    }

    /// A call that changes something, all of it or nothing.
    fn change<T>(
        &self,
        call: &'static str,
        change: impl FnOnce(&mut Disk) -> HostResult<T>,
    ) -> HostResult<T> {
        let mut state = lock(&self.shared);
        if self.shared.options.read_only {
            return failed(call, HostFault::ReadOnly);
        }
        state.control.before_change(call)?;
        let done = change(&mut state.disk)?;
        if self.shared.options.record_crashes {
            let disk = state.disk.clone();
            state.history.push(disk);
        }
        Ok(done)
    }

    /// A call that brings what was changed to the disk.
    fn bring(&self, call: &'static str) -> HostResult<()> {
        let mut state = lock(&self.shared);
        state.control.before_change(call)?;
        state.control.counts.syncs += 1;
        if self.shared.options.record_crashes {
            state.history = vec![state.disk.clone()];
        }
        Ok(())
    }
}

impl MemoryNode {
    fn inode(&self) -> u64 {
        self.hold.inode
    }
}

impl fmt::Debug for MemoryNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "inode {}", self.hold.inode)
    }
}

/// A new name in the host's bytes. It may be longer than one of Linux's.
fn host_name(call: &'static str, name: &[u16]) -> HostResult<HostName> {
    let name = encode_exact(name).filter(|name| name.0.len() <= NAME_BYTES_MAX);
    name.ok_or(HostError { call, fault: HostFault::NameInvalid })
}

impl Host for MemoryHost {
    type Node = MemoryNode;

    fn root(&self) -> MemoryNode {
        self.look(|disk| disk.hold(ROOT));
        self.node(ROOT)
    }

    fn lookup(&self, dir: &MemoryNode, name: &[u16]) -> HostResult<Option<(MemoryNode, HostName)>> {
        let found = self.look(|disk| {
            let found = disk.directory("lookup", dir.inode())?.find(name);
            if let Some((_, inode)) = &found {
                disk.hold(*inode);
            }
            Ok(found)
        })?;
        Ok(found.map(|(name, inode)| (self.node(inode), name)))
    }

    fn open_entry(&self, dir: &MemoryNode, name: &HostName) -> HostResult<MemoryNode> {
        let inode = self.look(|disk| {
            let inode = disk.directory("open_entry", dir.inode())?.exact(name);
            let inode = inode.ok_or(HostError { call: "open_entry", fault: HostFault::NotFound })?;
            disk.hold(inode);
            Ok(inode)
        })?;
        Ok(self.node(inode))
    }

    fn stat(&self, node: &MemoryNode) -> HostResult<NodeStat> {
        self.look(|disk| {
            let inode = disk.inode("stat", node.inode())?;
            Ok(NodeStat {
                id: NodeId { device: DEVICE, inode: node.inode() },
                kind: inode.object.kind(),
                links: inode.links,
                size: inode.object.size(),
                allocated: inode.object.size().div_ceil(BLOCK_BYTES) * BLOCK_BYTES,
                compressed: false,
                accessed: inode.accessed,
                modified: inode.modified,
                changed: inode.changed,
                born: Some(inode.born),
                mode: inode.mode,
                uid: 0,
                gid: 0,
            })
        })
    }

    /// Not counted among the calls that look: what cannot change can be kept.
    fn kind(&self, node: &MemoryNode) -> HostResult<NodeKind> {
        Ok(lock(&self.shared).disk.inode("kind", node.inode())?.object.kind())
    }

    fn read_link(&self, node: &MemoryNode) -> HostResult<Vec<u8>> {
        self.look(|disk| match &disk.inode("read_link", node.inode())?.object {
            Object::Symlink(target) => Ok(target.clone()),
            _ => failed("read_link", HostFault::NotSupported),
        })
    }

    fn create(&self, dir: &MemoryNode, name: &[u16], make: Make<'_>) -> HostResult<(MemoryNode, HostName)> {
        let name = host_name("create", name)?;
        let inode = self.change("create", |disk| {
            disk.require_free("create", dir.inode(), &name)?;
            let inode = disk.make(make);
            disk.enter("create", dir.inode(), &name, inode)?;
            disk.hold(inode);
            Ok(inode)
        })?;
        Ok((self.node(inode), name))
    }

    fn create_unnamed(&self, make: Make<'_>) -> HostResult<MemoryNode> {
        let inode = self.change("create_unnamed", |disk| {
            let inode = disk.make(make);
            disk.hold(inode);
            Ok(inode)
        })?;
        Ok(self.node(inode))
    }

    fn place(&self, node: &MemoryNode, dir: &MemoryNode, name: &HostName) -> HostResult<()> {
        self.change("place", |disk| {
            if let Some(old) = disk.directory("place", dir.inode())?.exact(name) {
                disk.leave("place", dir.inode(), name, old)?;
            }
            disk.enter("place", dir.inode(), name, node.inode())
        })
    }

    fn link(&self, node: &MemoryNode, dir: &MemoryNode, name: &[u16]) -> HostResult<HostName> {
        let name = host_name("link", name)?;
        self.change("link", |disk| {
            if matches!(disk.inode("link", node.inode())?.object, Object::Directory(_)) {
                return failed("link", HostFault::IsDirectory);
            }
            disk.require_free("link", dir.inode(), &name)?;
            disk.enter("link", dir.inode(), &name, node.inode())
        })?;
        Ok(name)
    }

    fn rename(
        &self,
        dir: &MemoryNode,
        name: &HostName,
        new_dir: &MemoryNode,
        new_name: &[u16],
        mode: RenameMode,
    ) -> HostResult<HostName> {
        let new_name = host_name("rename", new_name)?;
        self.change("rename", |disk| {
            disk.rename(dir.inode(), name, new_dir.inode(), &new_name, mode).map(|()| new_name)
        })
    }

    fn remove(&self, dir: &MemoryNode, name: &HostName) -> HostResult<()> {
        self.change("remove", |disk| {
            let inode = disk.directory("remove", dir.inode())?.exact(name);
            let inode = inode.ok_or(HostError { call: "remove", fault: HostFault::NotFound })?;
            if matches!(&disk.inode("remove", inode)?.object, Object::Directory(entries) if !entries.is_empty()) {
                return failed("remove", HostFault::NotEmpty);
            }
            disk.leave("remove", dir.inode(), name, inode)
        })
    }

    fn entries(&self, dir: &MemoryNode) -> HostResult<Vec<HostEntry>> {
        self.look(|disk| Ok(disk.directory("entries", dir.inode())?.list()))
    }

    fn is_empty(&self, dir: &MemoryNode) -> HostResult<bool> {
        self.look(|disk| Ok(disk.directory("is_empty", dir.inode())?.is_empty()))
    }

    fn xattr(&self, node: &MemoryNode, name: &str) -> HostResult<Option<Vec<u8>>> {
        self.look(|disk| Ok(disk.attributes("xattr", node.inode(), name)?.xattrs.get(name).cloned()))
    }

    fn set_xattr(&self, node: &MemoryNode, name: &str, value: &[u8], mode: XattrMode) -> HostResult<()> {
        let room = self.shared.options.xattr_bytes_max.min(XATTR_BYTES_MAX);
        self.change("set_xattr", |disk| {
            let inode = disk.attributes("set_xattr", node.inode(), name)?;
            match (mode, inode.xattrs.contains_key(name)) {
                (XattrMode::Create, true) => return failed("set_xattr", HostFault::Exists),
                (XattrMode::Replace, false) => return failed("set_xattr", HostFault::NotFound),
                _ => {}
            }
            if inode.xattr_bytes_without(name) + Inode::xattr_cost(name, value) > room {
                return failed("set_xattr", HostFault::AttributesFull);
            }
            inode.xattrs.insert(name.to_owned(), value.to_vec());
            disk.touch(node.inode());
            Ok(())
        })
    }

    fn remove_xattr(&self, node: &MemoryNode, name: &str) -> HostResult<bool> {
        self.change("remove_xattr", |disk| {
            let was_there =
                disk.attributes("remove_xattr", node.inode(), name)?.xattrs.remove(name).is_some();
            if was_there {
                disk.touch(node.inode());
            }
            Ok(was_there)
        })
    }

    fn xattr_names(&self, node: &MemoryNode) -> HostResult<Vec<String>> {
        self.look(|disk| Ok(disk.inode("xattr_names", node.inode())?.xattrs.keys().cloned().collect()))
    }

    fn read(&self, node: &MemoryNode, offset: u64, buffer: &mut [u8]) -> HostResult<usize> {
        self.look(|disk| {
            let data = disk.data("read", node.inode())?;
            let start = usize::try_from(offset).unwrap_or(usize::MAX).min(data.len());
            let rest = data.get(start..).unwrap_or_default();
            let len = rest.len().min(buffer.len());
            if let (Some(from), Some(to)) = (rest.get(..len), buffer.get_mut(..len)) {
                to.copy_from_slice(from);
            }
            Ok(len)
        })
    }

    fn write(&self, node: &MemoryNode, offset: u64, bytes: &[u8]) -> HostResult<()> {
        self.change("write", |disk| {
            let full = HostError { call: "write", fault: HostFault::NoSpace };
            let start = usize::try_from(offset).map_err(|_| full)?;
            let end = start.checked_add(bytes.len()).filter(|end| *end <= FILE_BYTES_MAX).ok_or(full)?;
            let data = disk.data("write", node.inode())?;
            if data.len() < end {
                data.resize(end, 0);
            }
            if let Some(range) = data.get_mut(start..end) {
                range.copy_from_slice(bytes);
            }
            disk.written(node.inode());
            Ok(())
        })
    }

    fn set_len(&self, node: &MemoryNode, len: u64) -> HostResult<()> {
        self.change("set_len", |disk| {
            let len = usize::try_from(len).ok().filter(|len| *len <= FILE_BYTES_MAX);
            let len = len.ok_or(HostError { call: "set_len", fault: HostFault::NoSpace })?;
            disk.data("set_len", node.inode())?.resize(len, 0);
            disk.written(node.inode());
            Ok(())
        })
    }

    /// Memory has no holes: everything up to the end of the data.
    fn allocated_ranges(
        &self,
        node: &MemoryNode,
        range: Range<u64>,
        count_max: usize,
    ) -> HostResult<Vec<Range<u64>>> {
        self.look(|disk| {
            let len = disk.data("allocated_ranges", node.inode())?.len() as u64;
            let data = range.start..range.end.min(len);
            Ok(if data.is_empty() || count_max == 0 { Vec::new() } else { vec![data] })
        })
    }

    fn punch(&self, node: &MemoryNode, offset: u64, len: u64) -> HostResult<()> {
        self.change("punch", |disk| {
            let data = disk.data("punch", node.inode())?;
            let at = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX).min(data.len());
            let (start, end) = (at(offset), at(offset.saturating_add(len)));
            data.get_mut(start..end).unwrap_or_default().fill(0);
            disk.written(node.inode());
            Ok(())
        })
    }

    fn fill(&self, _node: &MemoryNode, _offset: u64, _len: u64) -> HostResult<()> {
        Ok(())
    }

    fn copy_range(
        &self,
        _from: (&MemoryNode, u64),
        _to: (&MemoryNode, u64),
        _len: usize,
    ) -> HostResult<usize> {
        failed("copy_range", HostFault::NotSupported)
    }

    fn share_range(&self, _from: (&MemoryNode, u64), _to: (&MemoryNode, u64), _len: u64) -> HostResult<()> {
        failed("share_range", HostFault::NotSupported)
    }

    fn now(&self) -> nt::FileTime {
        self.look(|disk| disk.now())
    }

    fn set_times(&self, node: &MemoryNode, times: SetTimes) -> HostResult<()> {
        self.change("set_times", |disk| {
            let inode = disk.inode("set_times", node.inode())?;
            inode.accessed = times.accessed.unwrap_or(inode.accessed);
            inode.modified = times.modified.unwrap_or(inode.modified);
            disk.touch(node.inode());
            Ok(())
        })
    }

    fn set_mode(&self, node: &MemoryNode, mode: u32) -> HostResult<()> {
        self.change("set_mode", |disk| {
            disk.inode("set_mode", node.inode())?.mode = mode & 0o7777;
            disk.touch(node.inode());
            Ok(())
        })
    }

    fn sync(&self, _node: &MemoryNode) -> HostResult<()> {
        self.bring("sync")
    }

    fn sync_all(&self) -> HostResult<()> {
        self.bring("sync_all")
    }

    fn space(&self) -> HostResult<Space> {
        Ok(Space { block_bytes: BLOCK_BYTES, blocks: 1 << 20, blocks_free: 1 << 19 })
    }

    fn is_read_only(&self) -> bool {
        self.shared.options.read_only
    }

    fn put_blob(&self, _near: &MemoryNode, bytes: &[u8]) -> HostResult<BlobId> {
        let id = BlobId(Sha256::digest(bytes).into());
        self.change("put_blob", |disk| {
            disk.blobs.insert(id, bytes.to_vec());
            Ok(id)
        })
    }

    fn blob(&self, _near: &MemoryNode, id: BlobId) -> HostResult<Option<Vec<u8>>> {
        self.look(|disk| match disk.blobs.get(&id) {
            Some(bytes) if Sha256::digest(bytes).as_slice() != id.0 => failed("blob", HostFault::Corrupt),
            other => Ok(other.cloned()),
        })
    }

    fn blobs(&self) -> HostResult<Vec<BlobId>> {
        self.look(|disk| Ok(disk.blobs.keys().copied().collect()))
    }

    fn remove_blob(&self, id: BlobId) -> HostResult<()> {
        self.change("remove_blob", |disk| {
            disk.blobs.remove(&id);
            Ok(())
        })
    }
}
