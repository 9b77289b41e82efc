//! Looking at many entries of a directory without opening them: two calls an entry in the place of seven.
//!
//! An entry's attributes are asked for by its name, which takes a thread with a working directory of its own (`scan/reach.rs` says
//! why); so it is done for many entries at once, by threads that end with it. Between two questions another object may take the
//! name. So attributes are asked for first and the facts last, and they count as one object's only if its number is the one that
//! the directory gave before both. Of what is known to have no attributes only the facts are asked for (`bare.rs`).
use super::LinuxHost;
use super::bare::Bare;
use super::node::{LinuxNode, node_stat};
use crate::host::{Glance, Host, HostEntry, NodeId, NodeKind, NodeStat};
use core::mem::MaybeUninit;
use core::num::NonZeroUsize;
use nt::FileTime;
use rustix::fs::{AtFlags, StatxAttributes, StatxFlags, lgetxattr, llistxattr, statx};
use rustix::io::Errno;
use rustix::thread::UnshareFlags;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Fewer entries are opened one after the other.
const ENTRIES_LEAST: usize = 64;
/// Entries worth a thread.
const ENTRIES_PER_THREAD: usize = 512;
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

/// See [`crate::host::Host::glance`].
pub(super) fn glance(
    host: &LinuxHost,
    dir: &LinuxNode,
    entries: &[&HostEntry],
    wanted: &[&str],
) -> Vec<Option<Glance>> {
    let mut glances = vec![None; entries.len()];
    let Ok(id) = dir.id() else { return glances };
    if entries.len() < ENTRIES_LEAST {
        return glances;
    }
    let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = entries.len().div_ceil(ENTRIES_PER_THREAD).min(processors).min(THREADS_MAX);
    let Some(_counted) = Counted::new(&host.glancing, threads) else { return glances };
    let each = entries.len().div_ceil(threads);
    let look = Look { dir, id, wanted, bare: &host.bare, now: host.now() };
    std::thread::scope(|scope| {
        for (entries, glances) in entries.chunks(each).zip(glances.chunks_mut(each)) {
            let work = move || look.look_at_all(entries, glances);
            // Without a thread they are opened.
            let _ = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work);
        }
    });
    glances
}

/// Threads that are counted as long as they may run.
struct Counted<'a>(&'a AtomicUsize, usize);

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicUsize, threads: usize) -> Option<Counted<'a>> {
        let counted = Counted(count, threads);
        let others = count.fetch_add(threads, Ordering::Relaxed);
        (others + threads <= THREADS_OF_ALL_MAX).then_some(counted)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(self.1, Ordering::Relaxed);
    }
}

/// What all threads of a listing know.
#[derive(Clone, Copy)]
struct Look<'a> {
    dir: &'a LinuxNode,
    id: NodeId,
    wanted: &'a [&'a str],
    bare: &'a Bare,
    /// The time before the first look.
    now: FileTime,
}

impl Look<'_> {
    /// What one thread of ours does.
    fn look_at_all(&self, entries: &[&HostEntry], glances: &mut [Option<Glance>]) {
        // Deprecated in rustix because of another flag, which leaves threads with different descriptors.
        #[expect(deprecated, reason = "the safe way to unshare the working directory")]
        let is_own = rustix::thread::unshare(UnshareFlags::FS).is_ok();
        if !is_own || rustix::process::fchdir(self.dir.fd()).is_err() {
            return;
        }
        for (entry, glance) in entries.iter().zip(glances) {
            *glance = self.look_at(entry).unwrap_or_default();
        }
    }

    /// One entry, by its name in the working directory.
    fn look_at(&self, entry: &HostEntry) -> Result<Option<Glance>, Errno> {
        if self.bare.may_know(entry.inode)
            && let Some(stat) = self.facts(entry)?
            && self.bare.knows(&stat)
        {
            return Ok(Some(Glance { stat, xattrs: Vec::new() }));
        }
        let xattrs = xattrs(&entry.name.0, self.wanted)?;
        let Some(stat) = self.facts(entry)? else { return Ok(None) };
        if xattrs.is_empty() {
            self.bare.saw(&stat, self.now);
        }
        Ok(Some(Glance { stat, xattrs }))
    }

    /// The facts of a file or directory, if it still is the one that the directory gave.
    fn facts(&self, entry: &HostEntry) -> Result<Option<NodeStat>, Errno> {
        let at = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
        let wanted = StatxFlags::BASIC_STATS | StatxFlags::BTIME;
        let found = statx(self.dir.fd(), &entry.name.0[..], at, wanted)?;
        let stat = node_stat(&found);
        let is_itself = stat.id == NodeId { inode: entry.inode, ..self.id };
        let is_plain = matches!(stat.kind, NodeKind::File | NodeKind::Directory)
            && !found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT);
        Ok((is_itself && is_plain).then_some(stat))
    }
}

/// The names of the entry's attributes, and the values of those that are wanted.
fn xattrs(name: &[u8], wanted: &[&str]) -> Result<Xattrs, Errno> {
    let mut list = [MaybeUninit::<u8>::uninit(); LOOK_BYTES];
    let list = match llistxattr(name, &mut list) {
        Ok((list, _)) => list,
        Err(Errno::OPNOTSUPP) => return Ok(Vec::new()),
        Err(other) => return Err(other),
    };
    let names = list.split(|byte| *byte == 0).filter_map(|name| core::str::from_utf8(name).ok());
    let mut xattrs = Vec::new();
    for xattr in names.filter(|name| !name.is_empty()) {
        let value = if wanted.contains(&xattr) { value(name, xattr)? } else { None };
        xattrs.push((xattr.to_owned(), value));
    }
    Ok(xattrs)
}

fn value(name: &[u8], xattr: &str) -> Result<Option<Vec<u8>>, Errno> {
    let mut small = [MaybeUninit::<u8>::uninit(); LOOK_BYTES];
    match lgetxattr(name, xattr, &mut small) {
        Ok((value, _)) => Ok(Some(value.to_vec())),
        Err(Errno::NODATA) => Ok(None), // removed just now
        Err(other) => Err(other),
    }
}
