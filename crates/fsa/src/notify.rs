//! Change notifications of directories. [MS-FSA] 2.1.5.11 and 2.1.4.1
use crate::host::Host;
use crate::link::Link;
use crate::opens::{Open, OpenId};
use crate::parked::{Completion, WaitId, Waits};
use crate::query::Information;
use crate::refusal::{Refusal, Why};
use crate::volume::Volume;
use nt::{AccessMask, NotifyAction, NotifyFilter, NtStatus};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The most bytes of changes that are kept for a directory whose watcher does not ask for them. Beyond that they are
/// forgotten, and the watcher is told to list the directory.
pub const NOTIFY_BYTES_MAX: usize = 65_536;
/// The most bytes of changes that are kept for all watchers together: beyond that the next change makes each list its directory.
const VOLUME_NOTIFY_BYTES_MAX: usize = 16 << 20;
/// The most requests that wait on one open.
const REQUESTS_MAX: usize = 1024;
/// The most directories that are watched, each on an open of its own: every change is held against each.
pub const WATCHES_MAX: usize = 4096;

/// Everything that is watched: ChangeNotifyList.
pub(crate) struct Watches<H: Host> {
    list: Mutex<Vec<Watch<H>>>,
    count: AtomicUsize,
    /// Bytes that are kept for all of them.
    kept: AtomicUsize,
}

/// One watched directory: ChangeNotifyEntry. It lives from the first request on an open to the open's close.
struct Watch<H: Host> {
    open: Arc<Open<H>>,
    tree: bool,
    filter: NotifyFilter,
    events: Events,
    requests: VecDeque<(WaitId, usize)>,
}

/// Changes that nobody was told yet, as they lie in a FILE_NOTIFY_INFORMATION buffer. [MS-FSCC] 2.7.1
#[derive(Default)]
struct Events {
    bytes: Vec<u8>,
    /// Where the last entry begins.
    last: Option<usize>,
    /// Bytes that are kept at most: the room that the first request had, whatever later ones have. Windows: smbtorture
    /// smb2.notify.valid-req: "if the first notify returns NOTIFY_ENUM_DIR, all do".
    room: usize,
    /// More happened than was kept.
    overflowed: bool,
    /// An old name waits for the new one, so that both are told at once.
    half_renamed: bool,
}

/// What changed.
#[derive(Clone, Copy)]
pub(crate) struct Change<'a> {
    pub(crate) filter: NotifyFilter,
    pub(crate) action: NotifyAction,
    /// The name, from the volume's root.
    pub(crate) path: &'a [u16],
}

impl Events {
    fn is_empty(&self) -> bool {
        self.last.is_none() && !self.overflowed
    }

    fn push(&mut self, action: NotifyAction, name: &[u16]) {
        self.half_renamed = action == NotifyAction::RENAMED_OLD_NAME;
        let start = self.bytes.len().next_multiple_of(4);
        let len = 2 * name.len();
        if self.overflowed || start + 12 + len > self.room {
            self.overflow();
            return;
        }
        self.bytes.resize(start, 0);
        if let Some(last) = self.last {
            let offset = u32::try_from(start - last).unwrap_or_default();
            if let Some(next) = self.bytes.get_mut(last..last + 4) {
                next.copy_from_slice(&offset.to_le_bytes());
            }
        }
        self.last = Some(start);
        self.bytes.extend_from_slice(&[0; 4]);
        self.bytes.extend_from_slice(&action.0.to_le_bytes());
        self.bytes.extend_from_slice(&u32::try_from(len).unwrap_or_default().to_le_bytes());
        self.bytes.extend(name.iter().flat_map(|unit| unit.to_le_bytes()));
    }

    /// Forgets what was kept: there is more to tell than can be.
    fn overflow(&mut self) {
        *self = Events { overflowed: true, room: self.room, ..Events::default() };
    }

    /// All changes, or word that there are more than fit.
    fn take(&mut self, len_max: usize) -> Information {
        let empty = Events { room: self.room, ..Events::default() };
        let Events { bytes, overflowed, .. } = core::mem::replace(self, empty);
        if overflowed || bytes.len() > len_max {
            return Information { bytes: Vec::new(), status: NtStatus::NOTIFY_ENUM_DIR };
        }
        Information { bytes, status: NtStatus::SUCCESS }
    }
}

impl<H: Host> Watches<H> {
    pub(crate) fn new() -> Watches<H> {
        Watches { list: Mutex::new(Vec::new()), count: AtomicUsize::new(0), kept: AtomicUsize::new(0) }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Watch<H>>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is kept for a watch, and the count of all.
    fn keep<T>(&self, events: &mut Events, change: impl FnOnce(&mut Events) -> T) -> T {
        let before = events.bytes.capacity();
        let changed = change(events);
        let after = events.bytes.capacity();
        self.kept.fetch_add(after.saturating_sub(before), Ordering::Relaxed);
        self.kept.fetch_sub(before.saturating_sub(after), Ordering::Relaxed);
        changed
    }

    /// True when nobody watches anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }
}

impl<H: Host> Watch<H> {
    /// The name of a change relative to the directory, if it concerns this watch. What happens to the directory itself is its
    /// parent's to tell, as on Windows.
    fn concerns<'a>(&self, change: &Change<'a>) -> Option<&'a [u16]> {
        let backslash = u16::from(b'\\');
        if !change.filter.intersects(self.filter) {
            return None;
        }
        let directory = self.open.path().0;
        let below = match directory.as_slice() {
            [only] if *only == backslash => change.path,
            path => change.path.strip_prefix(path)?,
        };
        let name = below.strip_prefix(&[backslash]).filter(|name| !name.is_empty())?;
        (self.tree || !name.contains(&backslash)).then_some(name)
    }
}

impl<H: Host> Volume<H> {
    /// Changes in a directory since the last request on this open, or word that there are more than fit in `len_max`
    /// (NOTIFY_ENUM_DIR). Where there are none the request waits ([`Refusal::waits`]) for a [`Completion::Notify`]. What is
    /// watched, and whether the tree below it too, the first request on an open decides. [MS-FSA] 2.1.5.11
    pub fn notify(
        &self,
        id: OpenId,
        watch_tree: bool,
        filter: NotifyFilter,
        len_max: usize,
    ) -> Result<Information, Refusal> {
        let open = self.open_of(id)?;
        if !open.is_directory() {
            return Err(Refusal::parameter("only directories are watched"));
        }
        // FILE_LIST_DIRECTORY. [MS-SMB2] 3.3.5.19
        open.require(AccessMask::FILE_READ_DATA)?;
        if !self.watches.lock().iter().any(|watch| watch.open.id == id) {
            self.listen(&open.file.node(), &open.path().0, watch_tree);
        }
        let mut list = self.watches.lock();
        self.open_of(id)?; // closed meanwhile, it would be watched for ever
        let at = match list.iter().position(|watch| watch.open.id == id) {
            Some(at) => at,
            None if list.len() >= WATCHES_MAX => {
                let why = Why::Object("as many directories are watched as can be");
                return Err(Refusal::new(NtStatus::INSUFFICIENT_RESOURCES, why));
            }
            None => {
                let open = Arc::clone(&open);
                let room = len_max.min(NOTIFY_BYTES_MAX);
                let (events, requests) = (Events { room, ..Events::default() }, VecDeque::new());
                list.push(Watch { open, tree: watch_tree, filter, events, requests });
                self.watches.count.store(list.len(), Ordering::Release);
                list.len() - 1
            }
        };
        if open.link.lock().state != crate::link::LinkState::Present {
            return Err(Refusal::new(NtStatus::DELETE_PENDING, Why::DeletePending));
        }
        let Some(watch) = list.get_mut(at) else { return Err(Refusal::parameter("it is not watched")) };
        if !watch.events.is_empty() && watch.requests.is_empty() {
            return Ok(self.watches.keep(&mut watch.events, |events| events.take(len_max)));
        }
        if watch.requests.len() >= REQUESTS_MAX {
            let why = Why::Object("as many requests wait on this open as can");
            return Err(Refusal::new(NtStatus::INSUFFICIENT_RESOURCES, why));
        }
        let wait = self.parking.park(Waits::Change(id))?;
        watch.requests.push_back((wait, len_max));
        Err(Refusal::waiting(wait))
    }

    /// Tells those who watch of a change. [MS-FSA] 2.1.4.1
    pub(crate) fn report(&self, change: Change<'_>) {
        if self.watches.is_empty() {
            return;
        }
        // What others did before comes first; the host's word of this very change is passed over.
        self.hear_but(Some(change.path));
        self.tell_watches(change);
    }

    /// More happened than the host could keep: whoever watches lists his directory.
    pub(crate) fn overflow_watches(&self) {
        for watch in self.watches.lock().iter_mut() {
            self.watches.keep(&mut watch.events, Events::overflow);
            self.answer(watch);
        }
    }

    pub(crate) fn tell_watches(&self, change: Change<'_>) {
        for watch in self.watches.lock().iter_mut() {
            let Some(name) = watch.concerns(&change) else { continue };
            let is_full = self.watches.kept.load(Ordering::Relaxed) >= VOLUME_NOTIFY_BYTES_MAX;
            self.watches.keep(&mut watch.events, |events| match is_full {
                true => events.overflow(),
                false => events.push(change.action, name),
            });
            if !watch.events.half_renamed {
                self.answer(watch);
            }
        }
    }

    /// Answers the oldest request, if one waits.
    fn answer(&self, watch: &mut Watch<H>) {
        if let Some((wait, len_max)) = watch.requests.pop_front() {
            let Information { bytes, status } =
                self.watches.keep(&mut watch.events, |events| events.take(len_max));
            self.end_notify(wait, watch.open.id, status, bytes);
        }
    }

    /// A directory is about to go: who waits for changes in it is told so. [MS-FSA] 2.1.5.11
    pub(crate) fn report_deletion(&self, link: &Link<H>) {
        if self.watches.is_empty() {
            return;
        }
        for watch in self.watches.lock().iter_mut().filter(|watch| core::ptr::eq(&*watch.open.link, link)) {
            for (wait, _) in watch.requests.drain(..) {
                self.end_notify(wait, watch.open.id, NtStatus::DELETE_PENDING, Vec::new());
            }
        }
    }

    /// An open closes, and what it waited for with it. [MS-FSA] 2.1.5.5, phase 5
    pub(crate) fn close_watch(&self, open: &Open<H>) {
        if self.watches.is_empty() {
            return;
        }
        let mut list = self.watches.lock();
        let Some(at) = list.iter().position(|watch| watch.open.id == open.id) else { return };
        let mut watch = list.swap_remove(at);
        self.watches.keep(&mut watch.events, |events| *events = Events::default());
        self.watches.count.store(list.len(), Ordering::Release);
        if list.is_empty() {
            self.listen_no_more();
        }
        for (wait, _) in watch.requests {
            self.end_notify(wait, open.id, NtStatus::NOTIFY_CLEANUP, Vec::new());
        }
    }

    pub(crate) fn cancel_notify(&self, open: OpenId, wait: WaitId) -> bool {
        let mut list = self.watches.lock();
        let Some(watch) = list.iter_mut().find(|watch| watch.open.id == open) else { return false };
        let count = watch.requests.len();
        watch.requests.retain(|(other, _)| *other != wait);
        watch.requests.len() != count
    }

    fn end_notify(&self, wait: WaitId, open: OpenId, status: NtStatus, bytes: Vec<u8>) {
        self.parking.unpark(wait);
        self.parking.tell(Completion::Notify { wait, open, status, bytes });
    }
}
