//! What was seen of objects, so that who looks again asks the kernel once. (Not in the specification.)
//!
//! **Values of extended attributes.** Giving an object another one changes its change time. So values that were read hold for as
//! long as the object has the change time it had then, if that was long enough ago that a later change cannot have got the same
//! one: the argument of `bare.rs`. It is made only for file systems that are known to keep it ([`is_trusted`]), and whoever asks
//! has just asked the kernel for that time: what it is then told is no older than an answer of that call.
//!
//! **Holds.** Opening an object costs as much as five looks at its name. So one that stands for an object and no more is kept for
//! some seconds after its last use, and is used again for a name of which the kernel says, at that moment, that it leads to the
//! object of this number on this mount: while it is held no other object gets its number, and a directory mounted over the name
//! is another mount. What is held keeps a removed file's blocks. So holds are kept only of directories and of small files, and
//! only where somebody calls [`KnownObjects::tidy`] again and again; what this store removes it lets go at once, and all where
//! descriptors are short.
use super::bare::SETTLED;
use super::node::{Facts, Hold};
use crate::host::{NodeId, NodeKind, Values};
use nt::FileTime;
use rustix::fd::BorrowedFd;
use rustix::fs::{fgetxattr, fstatfs};
use rustix::io::Errno;
use rustix::time::{ClockId, clock_gettime};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Places in the table.
const PLACES: usize = 1024;
/// Values longer than this together are not kept: a megabyte for all.
const VALUES_BYTES_MAX: usize = 1024;
/// The most holds that all volumes of this process keep.
const HOLDS_MAX: usize = 256;
/// A file that takes more of the disk is not held.
const HELD_BYTES_MAX: u64 = 1 << 20;
/// How long a hold is kept at least after its last use, in seconds; twice as long at the most.
const HOLD_SECONDS: u64 = 2;

/// Holds that all volumes of this process keep.
static HOLDS: AtomicUsize = AtomicUsize::new(0);

/// What was seen of objects: in a table of fixed size, where the later one has the place.
#[derive(Default)]
pub(super) struct KnownObjects {
    /// The volume's root lies on a file system that is trusted; else nothing is kept of the whole volume.
    is_trusted: bool,
    places: OnceLock<Box<[Place]>>,
    /// Counts the turns of [`KnownObjects::tidy`]; nothing is held before the first.
    turn: AtomicU64,
    /// When the last one was, in seconds of a clock that only goes on.
    turned: AtomicU64,
}

/// A place in the table.
type Place = Mutex<Option<Box<Known>>>;

/// An object that was looked at.
struct Known {
    id: NodeId,
    mount: u64,
    values: Option<Held>,
    hold: Option<Kept>,
}

/// Values, and the change time for which they hold.
struct Held {
    changed: FileTime,
    wanted: &'static [&'static str],
    values: Values,
}

/// A hold that is counted.
struct Kept {
    hold: Arc<Hold>,
    /// The turn in which it was used last.
    used: u64,
}

impl Kept {
    /// `None` where there are as many as may be.
    fn new(hold: &Arc<Hold>, used: u64) -> Option<Kept> {
        if HOLDS.fetch_add(1, Ordering::Relaxed) >= HOLDS_MAX {
            HOLDS.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some(Kept { hold: Arc::clone(hold), used })
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        HOLDS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What is at hand of an object.
#[derive(Default)]
pub(super) struct AtHand {
    pub(super) values: Option<Values>,
    pub(super) hold: Option<Arc<Hold>>,
}

impl KnownObjects {
    /// Of a volume with this root.
    pub(super) fn of_root(root: BorrowedFd<'_>) -> KnownObjects {
        KnownObjects { is_trusted: is_trusted(root), ..KnownObjects::default() }
    }

    /// What is at hand of the object of which the kernel just told these facts.
    pub(super) fn find(&self, facts: &Facts, wanted: &'static [&'static str]) -> AtHand {
        let Some(mut place) = self.place_of(facts.stat.id.inode) else { return AtHand::default() };
        let Some(known) = place.as_mut().filter(|known| known.is(facts)) else { return AtHand::default() };
        let held = known.values.as_ref();
        let values = held.filter(|held| {
            held.changed == facts.stat.changed && held.wanted.get(..wanted.len()) == Some(wanted)
        });
        let turn = self.turn.load(Ordering::Relaxed);
        AtHand {
            values: values.map(|held| held.values.clone()),
            hold: known.hold.as_mut().map(|kept| {
                kept.used = turn;
                Arc::clone(&kept.hold)
            }),
        }
    }

    /// The value of one attribute of the object of which the kernel just told these facts, if it is at hand.
    pub(super) fn value(&self, facts: &Facts, name: &str) -> Option<Option<Vec<u8>>> {
        let place = self.place_of(facts.stat.id.inode)?;
        let held = place.as_ref().filter(|known| known.is(facts))?.values.as_ref()?;
        let at = held.wanted.iter().position(|wanted| *wanted == name)?;
        let value = held.values.get(at).filter(|_| held.changed == facts.stat.changed)?;
        Some(value.map(<[u8]>::to_vec))
    }

    /// These values were read after the facts were told, which was not before `now`. `fd` is the object's.
    pub(super) fn saw(
        &self,
        fd: BorrowedFd<'_>,
        facts: &Facts,
        now: FileTime,
        wanted: &'static [&'static str],
        values: &Values,
    ) {
        let settled = now.0.saturating_sub(facts.stat.changed.0) >= SETTLED;
        if !self.is_trusted
            || !settled
            || values.len() > VALUES_BYTES_MAX
            || facts.mount.is_none()
            || !is_trusted(fd)
        {
            return;
        }
        let changed = facts.stat.changed;
        self.keep(facts, |known| known.values = Some(Held { changed, wanted, values: values.clone() }));
    }

    /// True when holds are kept.
    pub(super) fn keeps_holds(&self) -> bool {
        self.is_trusted && self.turn.load(Ordering::Relaxed) > 0
    }

    /// True when one more hold would be kept.
    pub(super) fn has_room(&self) -> bool {
        self.keeps_holds() && HOLDS.load(Ordering::Relaxed) < HOLDS_MAX
    }

    /// This stands for the object of which these facts were told. It lies on a file system that is trusted.
    pub(super) fn hold(&self, facts: &Facts, hold: &Arc<Hold>) {
        let takes_little = facts.stat.kind == NodeKind::Directory || facts.stat.allocated <= HELD_BYTES_MAX;
        if !self.keeps_holds() || !takes_little || facts.stat.links == 0 {
            return;
        }
        let used = self.turn.load(Ordering::Relaxed);
        if let Some(kept) = Kept::new(hold, used) {
            self.keep(facts, |known| known.hold = Some(kept));
        }
    }

    /// Changes what is known of an object; of another that has its place nothing is known any more.
    fn keep(&self, facts: &Facts, change: impl FnOnce(&mut Known)) {
        let Some(mount) = facts.mount else { return };
        let places = self.places.get_or_init(|| (0..PLACES).map(|_| Mutex::new(None)).collect());
        let Some(mut place) = place_of(places, facts.stat.id.inode) else { return };
        let mut known = match place.take() {
            Some(known) if known.is(facts) => known,
            _ => Box::new(Known { id: facts.stat.id, mount, values: None, hold: None }),
        };
        change(&mut known);
        *place = Some(known);
    }

    /// Forgets an object: its hold goes.
    pub(super) fn let_go(&self, id: NodeId) {
        if let Some(mut place) = self.place_of(id.inode)
            && place.as_ref().is_some_and(|known| known.id == id)
        {
            *place = None;
        }
    }

    /// Lets all holds go; true when there were any.
    pub(super) fn let_all_go(&self) -> bool {
        self.let_go_of(|_| true)
    }

    /// Lets those holds go that nobody used for a while.
    pub(super) fn tidy(&self) {
        let now = u64::try_from(clock_gettime(ClockId::MonotonicCoarse).tv_sec).unwrap_or_default();
        let before = self.turned.load(Ordering::Relaxed);
        if self.keeps_holds() && now < before.saturating_add(HOLD_SECONDS) {
            return;
        }
        self.turned.store(now, Ordering::Relaxed);
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) + 1;
        if HOLDS.load(Ordering::Relaxed) > 0 {
            // One used in the turn that ends now stays for the next.
            self.let_go_of(|kept| kept.used + 1 < turn);
        }
    }

    fn let_go_of(&self, which: impl Fn(&Kept) -> bool) -> bool {
        let mut any = false;
        for place in self.places.get().into_iter().flatten() {
            let mut place = lock(place);
            if let Some(known) = place.as_mut()
                && known.hold.as_ref().is_some_and(&which)
            {
                known.hold = None;
                any = true;
            }
        }
        any
    }

    fn place_of(&self, inode: u64) -> Option<MutexGuard<'_, Option<Box<Known>>>> {
        place_of(self.places.get()?, inode)
    }
}

impl Known {
    fn is(&self, facts: &Facts) -> bool {
        self.id == facts.stat.id && Some(self.mount) == facts.mount
    }
}

/// Neighbours in a directory are mostly neighbours in number.
fn place_of(places: &[Mutex<Option<Box<Known>>>], inode: u64) -> Option<MutexGuard<'_, Option<Box<Known>>>> {
    places.get(usize::try_from(inode % PLACES as u64).unwrap_or_default()).map(lock)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// True on file systems of which it is known, from their sources, that every change of an extended attribute changes the change
/// time, and that only this kernel makes changes.
pub(super) fn is_trusted(fd: BorrowedFd<'_>) -> bool {
    const EXT: u32 = 0x0000_EF53;
    const XFS: u32 = 0x5846_5342;
    const BTRFS: u32 = 0x9123_683E;
    const TMPFS: u32 = 0x0102_1994;
    let Ok(found) = fstatfs(fd) else { return false };
    match u32::try_from(found.f_type) {
        Ok(EXT | XFS | BTRFS) => true,
        // Before Linux 6.6 it has no attributes of users, and kept the time when another attribute changed.
        Ok(TMPFS) => {
            matches!(fgetxattr(fd, "user.DOSATTRIB", &mut [0u8; 0]), Ok(_) | Err(Errno::NODATA))
        }
        _ => false,
    }
}
