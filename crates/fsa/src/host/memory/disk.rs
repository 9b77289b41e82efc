//! The disk of a host in memory: inodes, directories, names in any case, and a clock that ticks with every change.
use crate::host::name::{decode, encode_exact};
use crate::host::{
    BlobId, HostEntry, HostError, HostFault, HostName, HostResult, Make, NodeKind, RenameMode,
};
use nt::{FileTime, Utf16};
use std::collections::{BTreeMap, HashMap};

/// 2026-01-01, where the clock begins.
const CLOCK_START: u64 = 134_116_992_000_000_000;
/// How far each change moves the clock: 15 ms, as Windows' own moves.
const TICK: u64 = 150_000;
/// What an extended attribute costs besides its name and value, as on ext4.
const XATTR_HEADER_BYTES: usize = 16;

/// Everything.
#[derive(Clone)]
pub(super) struct Disk {
    inodes: HashMap<u64, Inode>,
    next_inode: u64,
    clock: u64,
    pub(super) blobs: BTreeMap<BlobId, Vec<u8>>,
}

/// One object.
#[derive(Clone)]
pub(super) struct Inode {
    pub(super) object: Object,
    pub(super) links: u32,
    pub(super) xattrs: BTreeMap<String, Vec<u8>>,
    pub(super) born: FileTime,
    pub(super) accessed: FileTime,
    pub(super) modified: FileTime,
    pub(super) changed: FileTime,
    pub(super) mode: u32,
    /// How many nodes of the host are of it.
    holds: u64,
}

/// What an object is, and holds.
#[derive(Clone)]
pub(super) enum Object {
    File(Vec<u8>),
    Directory(Entries),
    Symlink(Vec<u8>),
    Other(NodeKind),
}

/// The names in a directory.
#[derive(Clone, Default)]
pub(super) struct Entries {
    by_name: BTreeMap<HostName, u64>,
    /// The names that are one name without regard to case, by that name in upper case.
    by_upcased: HashMap<Utf16, Vec<HostName>>,
}

impl Entries {
    pub(super) fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    pub(super) fn exact(&self, name: &HostName) -> Option<u64> {
        self.by_name.get(name).copied()
    }

    /// An exact match wins over one in another case.
    pub(super) fn find(&self, name: &[u16]) -> Option<(HostName, u64)> {
        let exact = encode_exact(name).filter(|exact| self.by_name.contains_key(exact));
        let known = match exact {
            Some(exact) => exact,
            None => self.by_upcased.get(&Utf16::from(name).to_upcased())?.first()?.clone(),
        };
        self.exact(&known).map(|inode| (known, inode))
    }

    pub(super) fn list(&self) -> Vec<HostEntry> {
        self.by_name.iter().map(|(name, inode)| HostEntry { name: name.clone(), inode: *inode }).collect()
    }

    fn insert(&mut self, name: &HostName, inode: u64) {
        if self.by_name.insert(name.clone(), inode).is_none() {
            self.by_upcased.entry(upcased(name)).or_default().push(name.clone());
        }
    }

    fn remove(&mut self, name: &HostName) {
        self.by_name.remove(name);
        if let Some(names) = self.by_upcased.get_mut(&upcased(name)) {
            names.retain(|other| other != name);
        }
    }
}

/// A name in the form in which names are compared.
fn upcased(name: &HostName) -> Utf16 {
    Utf16(decode(&name.0)).to_upcased()
}

impl Object {
    pub(super) fn kind(&self) -> NodeKind {
        match self {
            Object::File(_) => NodeKind::File,
            Object::Directory(_) => NodeKind::Directory,
            Object::Symlink(_) => NodeKind::Symlink,
            Object::Other(kind) => *kind,
        }
    }

    pub(super) fn size(&self) -> u64 {
        match self {
            Object::File(bytes) | Object::Symlink(bytes) => bytes.len() as u64,
            Object::Directory(_) | Object::Other(_) => 0,
        }
    }
}

impl Inode {
    fn new(object: Object, now: FileTime) -> Inode {
        Inode {
            object,
            links: 0,
            xattrs: BTreeMap::new(),
            born: now,
            accessed: now,
            modified: now,
            changed: now,
            mode: 0o644,
            holds: 0,
        }
    }

    pub(super) fn xattr_cost(name: &str, value: &[u8]) -> usize {
        name.len() + value.len() + XATTR_HEADER_BYTES
    }

    pub(super) fn xattr_bytes_without(&self, name: &str) -> usize {
        let others = self.xattrs.iter().filter(|(other, _)| other.as_str() != name);
        others.map(|(name, value)| Inode::xattr_cost(name, value)).sum()
    }
}

impl Disk {
    pub(super) fn new() -> Disk {
        let mut root = Inode::new(Object::Directory(Entries::default()), FileTime(CLOCK_START));
        root.links = 1;
        Disk {
            inodes: HashMap::from([(super::ROOT, root)]),
            next_inode: super::ROOT + 1,
            clock: CLOCK_START,
            blobs: BTreeMap::new(),
        }
    }

    /// The disk as a new process finds it: nothing is open, and what has no name is gone.
    pub(super) fn after_restart(mut self) -> Disk {
        self.inodes.retain(|_, inode| inode.links > 0);
        self.inodes.values_mut().for_each(|inode| inode.holds = 0);
        self
    }

    fn tick(&mut self) -> FileTime {
        self.clock += TICK;
        FileTime(self.clock)
    }

    /// What the clock says.
    pub(super) fn now(&self) -> FileTime {
        FileTime(self.clock)
    }

    pub(super) fn inode(&mut self, call: &'static str, inode: u64) -> HostResult<&mut Inode> {
        self.inodes.get_mut(&inode).ok_or(HostError { call, fault: HostFault::NotFound })
    }

    pub(super) fn directory(&mut self, call: &'static str, inode: u64) -> HostResult<&mut Entries> {
        match &mut self.inode(call, inode)?.object {
            Object::Directory(entries) => Ok(entries),
            _ => Err(HostError { call, fault: HostFault::NotDirectory }),
        }
    }

    pub(super) fn data(&mut self, call: &'static str, inode: u64) -> HostResult<&mut Vec<u8>> {
        match &mut self.inode(call, inode)?.object {
            Object::File(data) => Ok(data),
            Object::Directory(_) => Err(HostError { call, fault: HostFault::IsDirectory }),
            _ => Err(HostError { call, fault: HostFault::NotSupported }),
        }
    }

    /// The object for an operation on an attribute: `user.` ones only files and directories have, as on Linux.
    pub(super) fn attributes(
        &mut self,
        call: &'static str,
        inode: u64,
        name: &str,
    ) -> HostResult<&mut Inode> {
        let found = self.inode(call, inode)?;
        match found.object {
            Object::Symlink(_) | Object::Other(_) if name.starts_with("user.") => {
                Err(HostError { call, fault: HostFault::NotSupported })
            }
            _ => Ok(found),
        }
    }

    /// One more node is of this inode.
    pub(super) fn hold(&mut self, inode: u64) {
        if let Some(found) = self.inodes.get_mut(&inode) {
            found.holds += 1;
        }
    }

    /// One node less is of this inode, which goes when it has no name either.
    pub(super) fn let_go(&mut self, inode: u64) {
        if let Some(found) = self.inodes.get_mut(&inode) {
            found.holds = found.holds.saturating_sub(1);
        }
        self.forget_if_unheld(inode);
    }

    fn forget_if_unheld(&mut self, inode: u64) {
        if self.inodes.get(&inode).is_some_and(|found| found.holds == 0 && found.links == 0) {
            self.inodes.remove(&inode);
        }
    }

    /// An object without a name.
    pub(super) fn make(&mut self, make: Make<'_>) -> u64 {
        let object = match make {
            Make::File => Object::File(Vec::new()),
            Make::Directory => Object::Directory(Entries::default()),
            Make::Symlink(target) => Object::Symlink(target.to_vec()),
            Make::Fifo => Object::Other(NodeKind::Fifo),
            Make::Socket => Object::Other(NodeKind::Socket),
            Make::CharDevice(major, minor) => Object::Other(NodeKind::CharDevice { major, minor }),
            Make::BlockDevice(major, minor) => Object::Other(NodeKind::BlockDevice { major, minor }),
        };
        let now = self.tick();
        let inode = self.next_inode;
        self.next_inode += 1;
        self.inodes.insert(inode, Inode::new(object, now));
        inode
    }

    /// Refuses a name that is taken in any case.
    pub(super) fn require_free(&mut self, call: &'static str, dir: u64, name: &HostName) -> HostResult<()> {
        match self.directory(call, dir)?.find(&decode(&name.0)) {
            None => Ok(()),
            Some(_) => Err(HostError { call, fault: HostFault::Exists }),
        }
    }

    /// Gives an object a name.
    pub(super) fn enter(
        &mut self,
        call: &'static str,
        dir: u64,
        name: &HostName,
        inode: u64,
    ) -> HostResult<()> {
        self.directory(call, dir)?.insert(name, inode);
        self.inode(call, inode)?.links += 1;
        self.touch(inode);
        self.written(dir);
        Ok(())
    }

    /// Takes a name from an object.
    pub(super) fn leave(
        &mut self,
        call: &'static str,
        dir: u64,
        name: &HostName,
        inode: u64,
    ) -> HostResult<()> {
        self.directory(call, dir)?.remove(name);
        let found = self.inode(call, inode)?;
        found.links = found.links.saturating_sub(1);
        self.touch(inode);
        self.written(dir);
        self.forget_if_unheld(inode);
        Ok(())
    }

    pub(super) fn rename(
        &mut self,
        dir: u64,
        name: &HostName,
        new_dir: u64,
        new_name: &HostName,
        mode: RenameMode,
    ) -> HostResult<()> {
        let call = "rename";
        let error = |fault| HostError { call, fault };
        let inode = self.directory(call, dir)?.exact(name).ok_or(error(HostFault::NotFound))?;
        let there = self.directory(call, new_dir)?.find(&decode(&new_name.0));
        if let Some((old_name, old)) = there
            && !(new_dir == dir && old_name == *name)
        {
            if mode == RenameMode::NoReplace {
                return Err(error(HostFault::Exists));
            }
            self.require_replaceable(inode, old)?;
            self.leave(call, new_dir, &old_name, old)?;
        }
        self.hold(inode);
        self.leave(call, dir, name, inode)?;
        self.enter(call, new_dir, new_name, inode)?;
        self.let_go(inode);
        Ok(())
    }

    fn require_replaceable(&mut self, new: u64, old: u64) -> HostResult<()> {
        let error = |fault| HostError { call: "rename", fault };
        let is_directory = |object: &Object| matches!(object, Object::Directory(_));
        let new_is = is_directory(&self.inode("rename", new)?.object);
        match &self.inode("rename", old)?.object {
            Object::Directory(_) if !new_is => Err(error(HostFault::IsDirectory)),
            Object::Directory(entries) if !entries.is_empty() => Err(error(HostFault::NotEmpty)),
            Object::Directory(_) => Ok(()),
            _ if new_is => Err(error(HostFault::NotDirectory)),
            _ => Ok(()),
        }
    }

    /// Something of the object changed.
    pub(super) fn touch(&mut self, inode: u64) {
        let now = self.tick();
        if let Some(found) = self.inodes.get_mut(&inode) {
            found.changed = now;
        }
    }

    /// The object's data changed.
    pub(super) fn written(&mut self, inode: u64) {
        let now = self.tick();
        if let Some(found) = self.inodes.get_mut(&inode) {
            found.modified = now;
            found.changed = now;
        }
    }
}
