//! A file or directory that is open at least once. [MS-FSA] 2.1.1.3 File
use crate::host::{Host, HostName, NodeId};
use crate::link::{Link, Place};
use crate::lock::LockTable;
use crate::opens::{More, OpenId};
use crate::oplock::{OplockKey, OplockTable};
use crate::written::Written;
use nt::{AccessMask, ShareAccess, UsnReason, Utf16};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};

/// A file that is open at least once: one for all of its names, streams and opens.
pub struct File<H: Host> {
    directory: bool,
    object: RwLock<Object<H>>,
    state: Mutex<FileState<H>>,
    locks: Mutex<LockTable>,
    oplocks: Mutex<OplockTable>,
    written: Mutex<Written>,
    reserved: AtomicU64,
}

/// The object on the host behind a file. It changes only where a host link or special file stands for a reparse point, for
/// such an object has no data of its own to keep. See `host/unix_view.rs`.
struct Object<H: Host> {
    node: H::Node,
    id: NodeId,
}

/// What the opens of one file share. Held from a check to the change that it allows, so that callers of this store see each
/// other's changes whole.
pub struct FileState<H: Host> {
    /// The modes of every open of the file.
    pub opens: Vec<Sharing<H>>,
    /// The names through which it is open.
    pub links: Vec<Weak<Link<H>>>,
    /// Streams that go when their last open closes, in upper case.
    pub streams_deleted: Vec<Utf16>,
    /// Why the journal has a record of it since it was first opened. [MS-FSA] 2.1.4.11
    pub usn: UsnReason,
    /// When it was last looked at it had a reparse point, and Samba's bit for it.
    pub(crate) marked: bool,
}

/// One open's part in what the opens of a file share. [MS-FSA] 2.1.5.1.2.2
pub struct Sharing<H: Host> {
    /// Which.
    pub id: OpenId,
    /// What it may do.
    pub granted: AccessMask,
    /// What it lets others do.
    pub share: ShareAccess,
    /// The name through which it was opened.
    pub link: Arc<Link<H>>,
    /// Its stream, in upper case, and the key of its oplocks.
    pub(crate) more: Option<Box<More>>,
}

impl<H: Host> File<H> {
    /// True for a directory.
    pub fn is_directory(&self) -> bool {
        self.directory
    }

    /// The object on the host.
    pub fn node(&self) -> H::Node {
        self.object.read().unwrap_or_else(PoisonError::into_inner).node.clone()
    }

    /// Who the object is.
    pub fn id(&self) -> NodeId {
        self.object.read().unwrap_or_else(PoisonError::into_inner).id
    }

    /// Locks what the opens share: from a check to the change that it allows. This lock is taken before any link's, and no
    /// two files' locks are held together except a directory's before its child's.
    pub fn lock(&self) -> MutexGuard<'_, FileState<H>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The byte-range locks. Taken after the state's lock, where both are, and held over no call of the host.
    pub(crate) fn locks(&self) -> MutexGuard<'_, LockTable> {
        self.locks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which time of the last write is told. Taken after the state's lock, where both are.
    pub(crate) fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes that somebody has reserved for the data, until the last open closes.
    pub(crate) fn reserved(&self) -> u64 {
        self.reserved.load(Ordering::Acquire)
    }

    pub(crate) fn set_reserved(&self, bytes: u64) {
        self.reserved.store(bytes, Ordering::Release);
    }

    /// The oplocks. Taken after the state's lock, where both are, before that of byte-range locks, and held over no call of
    /// the host.
    pub(crate) fn oplocks(&self) -> MutexGuard<'_, OplockTable> {
        self.oplocks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<H: Host> Sharing<H> {
    /// The stream it has, in upper case; `None` for the unnamed one and for directories.
    pub fn stream(&self) -> Option<&Utf16> {
        self.more.as_ref()?.stream.as_ref()
    }

    /// The key of its oplocks.
    pub fn oplock_key(&self) -> Option<OplockKey> {
        self.more.as_ref()?.oplock_key
    }

    /// The stream has another name from now on, in upper case.
    pub(crate) fn set_stream(&mut self, stream: Option<Utf16>) {
        let more = self.more.take().map(|more| *more).unwrap_or_default();
        self.more = More { stream, ..more }.boxed();
    }
}

impl<H: Host> FileState<H> {
    /// Enters an open. Most files are open once and some very often, so there is no more room than a quarter of what is taken.
    pub(crate) fn enter(&mut self, sharing: Sharing<H>) {
        if self.opens.len() == self.opens.capacity() {
            self.opens.reserve_exact(1 + self.opens.len() / 4);
        }
        self.opens.push(sharing);
    }

    /// True when some open came through this link.
    pub(crate) fn is_open_through(&self, link: &Arc<Link<H>>) -> bool {
        self.opens.iter().any(|open| Arc::ptr_eq(&open.link, link))
    }

    /// The link that is the entry `name` of the directory `parent`, if the file is open through it.
    pub(crate) fn known_link(&self, parent: Option<NodeId>, name: &HostName) -> Option<Arc<Link<H>>> {
        self.links.iter().filter_map(Weak::upgrade).find(|link| link.is_at(parent, name))
    }

    /// The link at `place`, shared with every other open through the same name.
    pub(crate) fn link_at(&mut self, place: Place<H>) -> Arc<Link<H>> {
        self.links.retain(|link| link.strong_count() > 0);
        let parent = place.parent.as_ref().map(|(_, id)| *id);
        if let Some(known) =
            self.links.iter().filter_map(Weak::upgrade).find(|l| l.is_at(parent, &place.name))
        {
            return known;
        }
        let link = Arc::new(Link::new(place));
        self.links.push(Arc::downgrade(&link));
        link
    }
}

/// Every file that is open, by who it is.
pub(crate) struct FileTable<H: Host> {
    files: Mutex<Files<H>>,
}

struct Files<H: Host> {
    known: HashMap<NodeId, Weak<File<H>>>,
    /// How many entries there are when those that nobody holds any more are swept out.
    sweep_at: usize,
}

/// The fewest entries worth sweeping.
const SWEEP_LEAST: usize = 1024;

impl<H: Host> FileTable<H> {
    pub(crate) fn new() -> FileTable<H> {
        FileTable { files: Mutex::new(Files { known: HashMap::new(), sweep_at: SWEEP_LEAST }) }
    }

    /// The one [`File`] for this object.
    pub(crate) fn file_of(&self, node: H::Node, id: NodeId, directory: bool) -> Arc<File<H>> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = files.known.get(&id).and_then(Weak::upgrade) {
            return known;
        }
        if files.known.len() >= files.sweep_at {
            files.known.retain(|_, file| file.strong_count() > 0);
            files.sweep_at = (2 * files.known.len()).max(SWEEP_LEAST);
        }
        let state = FileState {
            opens: Vec::new(),
            links: Vec::new(),
            streams_deleted: Vec::new(),
            usn: UsnReason::NONE,
            marked: false,
        };
        let file = Arc::new(File {
            directory,
            object: RwLock::new(Object { node, id }),
            state: Mutex::new(state),
            locks: Mutex::default(),
            oplocks: Mutex::default(),
            written: Mutex::default(),
            reserved: AtomicU64::new(0),
        });
        files.known.insert(id, Arc::downgrade(&file));
        file
    }

    /// The [`File`] for this object, if it is open.
    pub(crate) fn find(&self, id: NodeId) -> Option<Arc<File<H>>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).known.get(&id).and_then(Weak::upgrade)
    }

    /// Points a file, and with it every open of it, at another object.
    pub(crate) fn repoint(&self, file: &Arc<File<H>>, node: H::Node, id: NodeId) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.known.remove(&file.id());
        files.known.insert(id, Arc::downgrade(file));
        *file.object.write().unwrap_or_else(PoisonError::into_inner) = Object { node, id };
    }

    /// Forgets a file that nobody has open any more.
    pub(crate) fn forget(&self, file: Arc<File<H>>) {
        let id = file.id();
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        drop(file);
        if files.known.get(&id).is_some_and(|known| known.strong_count() == 0) {
            files.known.remove(&id);
        }
    }
}
