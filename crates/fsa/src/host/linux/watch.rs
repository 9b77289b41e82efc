//! Word from the kernel of every name that comes to or goes from a directory. An event is in the queue before the call
//! that caused it returns, so who empties the queue knows of all that was finished before.
//! [inotify(7)]; docs/DISK-FORMAT.md 10
use super::node::LinuxNode;
use core::mem::MaybeUninit;
use rustix::fd::OwnedFd;
use rustix::fs::{fstatfs, inotify};
use rustix::io::Errno;

/// Bytes of events read in one call: room for a hundred of the longest.
const BUFFER_BYTES: usize = 32_768;
/// So many events, of whatever length, leave room for one more: each has 16 bytes and a name of 255, its end and its padding.
const EVENTS_FIT: usize = BUFFER_BYTES / (16 + 256 + 16) - 1;

/// What happened.
pub(super) enum Word<'a> {
    /// The directory has this name now.
    Came(&'a [u8]),
    /// It has this name no longer.
    Went(&'a [u8]),
    /// Nothing more will be heard of it.
    Ended,
}

/// The number of a watched directory. The kernel gives none twice while a queue lives.
pub(super) type WatchId = i32;

/// A queue of events.
pub(super) struct Watcher {
    queue: OwnedFd,
    buffer: Vec<MaybeUninit<u8>>,
}

/// Events were lost: all that was learnt from this queue is void.
pub(super) struct Overflow;

impl Watcher {
    /// A new queue, or `None` where this user has no more.
    pub(super) fn new() -> Option<Watcher> {
        let queue = inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK).ok()?;
        Some(Watcher { queue, buffer: vec![MaybeUninit::uninit(); BUFFER_BYTES] })
    }

    /// Watches a directory. Fails where this user watches as many as allowed.
    pub(super) fn watch(&self, dir: &LinuxNode) -> Result<WatchId, Errno> {
        use inotify::WatchFlags as W;
        let flags = W::CREATE | W::DELETE | W::MOVED_FROM | W::MOVED_TO | W::ONLYDIR;
        inotify::add_watch(&self.queue, dir.proc_path(), flags)
    }

    /// Watches it no longer.
    pub(super) fn unwatch(&self, id: WatchId) {
        let _already_ended = inotify::remove_watch(&self.queue, id);
    }

    /// Tells all that happened until now.
    pub(super) fn drain(&mut self, mut tell: impl FnMut(WatchId, Word<'_>)) -> Result<(), Overflow> {
        use inotify::ReadFlags as R;
        let mut events = inotify::Reader::new(&self.queue, &mut self.buffer);
        let mut read = 0;
        loop {
            // A call gives all that there is and has room: what leaves room for one more event was all.
            if read > 0 && events.is_buffer_empty() {
                if read < EVENTS_FIT {
                    return Ok(());
                }
                read = 0;
            }
            let event = match events.next() {
                Ok(event) => event,
                Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::INTR) => continue,
                Err(_) => return Err(Overflow),
            };
            read += 1;
            let (what, name) =
                (event.events(), event.file_name().map(|name| name.to_bytes()).unwrap_or_default());
            if what.contains(R::QUEUE_OVERFLOW) {
                return Err(Overflow);
            } else if what.intersects(R::CREATE | R::MOVED_TO) {
                tell(event.wd(), Word::Came(name));
            } else if what.intersects(R::DELETE | R::MOVED_FROM) {
                tell(event.wd(), Word::Went(name));
            } else if what.intersects(R::IGNORED | R::UNMOUNT) {
                tell(event.wd(), Word::Ended);
            }
        }
    }
}

/// True when every change of this directory passes through this kernel, so that it tells of all. A server changes a
/// network file system's behind its back.
pub(super) fn tells_all(dir: &LinuxNode) -> bool {
    /// The numbers of local file systems in `statfs` (linux/magic.h; bcachefs, xfs, exfat and zfs in their sources).
    const LOCAL: [u32; 14] = [
        0x0000_EF53, // ext2, ext3, ext4
        0x5846_5342, // xfs
        0x9123_683E, // btrfs
        0x0102_1994, // tmpfs
        0x794C_7630, // overlayfs
        0xF2F5_2010, // f2fs
        0xCA45_1A4E, // bcachefs
        0x2FC1_2FC1, // zfs
        0x8584_58F6, // ramfs
        0x7371_7368, // squashfs
        0xE0F5_E1E2, // erofs
        0x0000_9660, // isofs
        0x0000_4D44, // vfat
        0x2011_BAB0, // exfat
    ];
    fstatfs(dir.fd())
        .is_ok_and(|found| u32::try_from(found.f_type).is_ok_and(|number| LOCAL.contains(&number)))
}
