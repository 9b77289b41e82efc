//! Looking at many entries of a directory without opening them: two calls an entry in the place of seven.
//!
//! An entry's attributes are asked for by its name, which takes a thread with a working directory of its own (`scan/reach.rs` says
//! why); so it is done for many entries at once, by threads that end with it. Between two questions another object may take the
//! name. So attributes are asked for first and the facts last, and they count as one object's only if its number is the one that
//! the directory gave before both. Of what is known to have no attributes only the facts are asked for (`bare.rs`).
use super::LinuxHost;
use super::bare::Bare;
use super::node::{LinuxNode, node_stat};
use crate::host::touched::Since;
use crate::host::{Glance, Glances, Host, HostNames, NamedEntry, NodeId, NodeKind, NodeStat, Piece, When};
use core::mem::MaybeUninit;
use core::num::NonZeroUsize;
use core::ops::Range;
use nt::FileTime;
use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, lgetxattr, llistxattr, llistxattr_query, statx};
use rustix::io::Errno;
use rustix::thread::UnshareFlags;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, OnceLock};

/// Fewer entries are opened one after the other.
pub(super) const ENTRIES_LEAST: usize = 64;
/// Entries worth a thread.
const ENTRIES_PER_THREAD: usize = 512;
/// Entries that a thread looks at before it takes others.
const PIECE: usize = 128;
/// The most threads of one listing.
const THREADS_MAX: usize = 4;
/// The most threads of all listings of a volume; who comes when there are so many opens its entries.
const THREADS_OF_ALL_MAX: usize = 32;
/// What such a thread needs of stack.
const STACK_BYTES: usize = 256 * 1024;
/// Names and values longer than this are left to who opens the entry.
const LOOK_BYTES: usize = 1024;

/// Names, and the values of those that are wanted.
type Xattrs = Vec<(String, Option<Vec<u8>>)>;

/// What is made of a look.
pub(super) type Digest<T> = fn(Glance) -> T;

/// See [`crate::host::Host::glance`].
pub(super) fn glance<T: Send + 'static>(
    host: &LinuxHost,
    dir: &LinuxNode,
    (names, which): (&Arc<HostNames>, Range<usize>),
    (wanted, digest): (&'static [&'static str], Digest<T>),
    when: When,
) -> Option<Glances<T>> {
    let count = which.len();
    if count < ENTRIES_LEAST {
        return None;
    }
    let threads = count.div_ceil(ENTRIES_PER_THREAD).min(processors()).min(THREADS_MAX);
    let most = match when {
        When::Now => THREADS_OF_ALL_MAX,
        // What nobody waits for yet does not take the turn of what somebody waits for. (Threads that are done with what was asked
        // a moment ago may be among those counted.)
        When::Ahead => 2 * processors(),
    };
    let counted = Counted::new(&host.glancing, threads, most)?;
    let id = dir.id().ok()?;
    let since = (when == When::Ahead).then(|| Since::now(id));
    let look = Arc::new(Look {
        dir: dir.clone(),
        id,
        names: Arc::clone(names),
        which,
        next: AtomicUsize::new(0),
        wanted,
        digest,
        bare: Arc::clone(&host.bare),
        has_xattrs: AtomicBool::new(false),
        now: host.now(),
        _counted: counted,
    });
    let (pieces, receiver) = channel();
    for _ in 0..threads {
        let (look, pieces) = (Arc::clone(&look), pieces.clone());
        // What no thread looks at is opened.
        let _ = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(move || look.work(&pieces));
    }
    Some(Glances::new(receiver, count, PIECE).watched(since))
}

/// What there is to run threads on, asked once: it takes reading files.
fn processors() -> usize {
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    *PROCESSORS.get_or_init(|| std::thread::available_parallelism().map_or(1, NonZeroUsize::get))
}

/// Threads that are counted as long as one of them may run.
struct Counted(Arc<AtomicUsize>, usize);

impl Counted {
    fn new(count: &Arc<AtomicUsize>, threads: usize, most: usize) -> Option<Counted> {
        let counted = Counted(Arc::clone(count), threads);
        let others = count.fetch_add(threads, Ordering::Relaxed);
        (others + threads <= most).then_some(counted)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(self.1, Ordering::Relaxed);
    }
}

/// What all threads of a listing know.
struct Look<T> {
    dir: LinuxNode,
    id: NodeId,
    names: Arc<HostNames>,
    /// Which of the names.
    which: Range<usize>,
    /// The next piece of them.
    next: AtomicUsize,
    wanted: &'static [&'static str],
    digest: Digest<T>,
    bare: Arc<Bare>,
    /// The last entry that was asked for its attributes had some.
    has_xattrs: AtomicBool,
    /// The time before the first look.
    now: FileTime,
    _counted: Counted,
}

impl<T> Look<T> {
    /// What one thread of ours does.
    fn work(&self, pieces: &Sender<Piece<T>>) {
        // Deprecated in rustix because of another flag, which leaves threads with different descriptors.
        #[expect(deprecated, reason = "the safe way to unshare the working directory")]
        let is_own = rustix::thread::unshare(UnshareFlags::FS).is_ok();
        if !is_own || rustix::process::fchdir(self.dir.fd()).is_err() {
            return;
        }
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let start = self.which.start + number * PIECE;
            let end = self.which.end.min(start + PIECE);
            if start >= end {
                return;
            }
            let entries = (start..end).map(|at| self.names.get(at));
            let piece = entries.map(|entry| self.look_at(entry?).ok().flatten().map(self.digest)).collect();
            // Nobody waits for the rest.
            if pieces.send((number, piece)).is_err() {
                return;
            }
        }
    }

    /// One entry, by its name in the working directory.
    fn look_at(&self, entry: NamedEntry<'_>) -> Result<Option<Glance>, Errno> {
        if self.bare.may_know(entry.inode)
            && let Some(stat) = self.facts(entry)?
            && self.bare.knows(&stat)
        {
            return Ok(Some(Glance { stat, xattrs: Vec::new() }));
        }
        let xattrs = self.xattrs(entry.name)?;
        let Some(stat) = self.facts(entry)? else { return Ok(None) };
        if xattrs.is_empty() {
            self.bare.saw(&stat, self.now);
        }
        Ok(Some(Glance { stat, xattrs }))
    }

    /// The facts of a file or directory, if it still is the one that the directory gave.
    fn facts(&self, entry: NamedEntry<'_>) -> Result<Option<NodeStat>, Errno> {
        let at = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
        let wanted = StatxFlags::BASIC_STATS | StatxFlags::BTIME;
        let found = statx(CWD, entry.name, at, wanted)?;
        let stat = node_stat(&found);
        let is_itself = stat.id == NodeId { inode: entry.inode, ..self.id };
        let is_plain = matches!(stat.kind, NodeKind::File | NodeKind::Directory)
            && !found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT);
        Ok((is_itself && is_plain).then_some(stat))
    }

    /// The names of the entry's attributes, and the values of those that are wanted.
    fn xattrs(&self, name: &[u8]) -> Result<Xattrs, Errno> {
        // To hear that there are none takes no room, which the kernel would make for itself too. Who has some follows others that do.
        if !self.has_xattrs.load(Ordering::Relaxed) {
            match llistxattr_query(name) {
                Ok(0) | Err(Errno::OPNOTSUPP) => return Ok(Vec::new()),
                other => other?,
            };
        }
        let mut list = [MaybeUninit::<u8>::uninit(); LOOK_BYTES];
        let list = match llistxattr(name, &mut list) {
            Ok((list, _)) => list,
            Err(Errno::OPNOTSUPP) => return Ok(Vec::new()),
            Err(other) => return Err(other),
        };
        self.has_xattrs.store(!list.is_empty(), Ordering::Relaxed);
        let names = list.split(|byte| *byte == 0).filter_map(|name| core::str::from_utf8(name).ok());
        let mut xattrs = Vec::new();
        for xattr in names.filter(|name| !name.is_empty()) {
            let value = if self.wanted.contains(&xattr) { value(name, xattr)? } else { None };
            xattrs.push((xattr.to_owned(), value));
        }
        Ok(xattrs)
    }
}

fn value(name: &[u8], xattr: &str) -> Result<Option<Vec<u8>>, Errno> {
    let mut small = [MaybeUninit::<u8>::uninit(); LOOK_BYTES];
    match lgetxattr(name, xattr, &mut small) {
        Ok((value, _)) => Ok(Some(value.to_vec())),
        Err(Errno::NODATA) => Ok(None), // removed just now
        Err(other) => Err(other),
    }
}
