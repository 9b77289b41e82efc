//! A volume. [MS-FSA] 2.1.1.1
use crate::descriptors::Descriptors;
use crate::directory::Listings;
use crate::event::{Event, EventQueue};
use crate::file::FileTable;
use crate::host::meta::SpecialForm;
use crate::host::{Host, HostResult};
use crate::listen::Listening;
use crate::notify::Watches;
use crate::opens::{Open, OpenId, OpenTable};
use crate::oplock::{Breaks, Patience};
use crate::parked::Parking;
use crate::refusal::{Refusal, Why};
use crate::stream::folded;
use nt::{CreateOptions, NtStatus, Utf16, upcase};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What file system a volume poses as. It decides what is supported. [MS-FSCC] 2.5.1; the reference page's table
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum VolumeKind {
    /// NTFS.
    #[default]
    Ntfs,
    /// ReFS.
    Refs,
    /// A cluster shared volume.
    CsvFs,
    /// FAT32.
    Fat,
}

/// When a change is on the disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Durability {
    /// Before the call that makes it returns.
    #[default]
    WriteThrough,
    /// When the host finds time, or at [`Volume::flush`]. What is then lost is lost whole, never in halves.
    Deferred,
}

/// When others are told the time of a write.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum WriteTimes {
    /// At once, as by Windows Server 2019 and later.
    #[default]
    AtOnce,
    /// Two seconds after the first write of a row or when something else settles it, and of later ones when the file is closed:
    /// as by Windows Server 2016 and before.
    Late,
}

/// Which NT names lead into this volume: the object manager's part of following an absolute link.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DriveMap {
    prefixes: Vec<(Vec<u16>, Vec<u16>)>,
}

/// What a volume is, as its owner says.
#[derive(Clone, Debug, Default)]
pub struct VolumeOptions {
    /// The file system that it poses as.
    pub kind: VolumeKind,
    /// Nothing may be changed, whatever the host would allow.
    pub read_only: bool,
    /// How special files on the host's disk show themselves.
    pub unix_nodes: SpecialForm,
    /// A relative symbolic link that stays below the root, and a special file, are stored as the host's own.
    pub write_unix_links: bool,
    /// When a change is on the disk.
    pub durability: Durability,
    /// Files have short names, too.
    pub short_names: bool,
    /// When others are told the time of a write.
    pub write_times: WriteTimes,
    /// Which NT names lead into this volume.
    pub drives: DriveMap,
    /// The volume's label.
    pub label: Utf16,
    /// The volume's serial number.
    pub serial: u32,
    /// To its users the root is a folder of a larger volume, and lists `.` and `..` as any folder does.
    pub root_is_folder: bool,
    /// The most locks on one file, and the most requests that wait for one; [`LOCKS_MAX`](crate::LOCKS_MAX) for `None`.
    pub locks_max: Option<usize>,
    /// The most bytes that all listings under way remember; [`LISTINGS_BYTES_MAX`](crate::LISTINGS_BYTES_MAX) for `None`.
    pub listings_bytes_max: Option<usize>,
    /// Record what happens for [`Volume::take_events`].
    pub events: bool,
}

/// The object store of one volume. Every call takes `&self` and may come from any thread.
pub struct Volume<H: Host> {
    pub(crate) host: H,
    pub(crate) options: VolumeOptions,
    pub(crate) opens: OpenTable<H>,
    pub(crate) files: FileTable<H>,
    pub(crate) parking: Parking<H>,
    pub(crate) watches: Watches<H>,
    pub(crate) listening: Listening,
    /// Locks that are held on all files.
    pub(crate) locks_held: AtomicUsize,
    /// What listings under way remember.
    pub(crate) listings: Listings,
    pub(crate) descriptors: Descriptors,
    events: EventQueue,
    epoch: AtomicU64,
    renames: Mutex<()>,
}

impl VolumeKind {
    /// FILE_SUPPORTS_REPARSE_POINTS: NTFS and ReFS have them. [MS-FSA] <146>, the reference page's table
    pub fn supports_reparse_points(self) -> bool {
        matches!(self, VolumeKind::Ntfs | VolumeKind::Refs)
    }

    /// The name that FileFsAttributeInformation gives. [MS-FSCC] 2.5.1
    pub fn name(self) -> &'static str {
        match self {
            VolumeKind::Ntfs => "NTFS",
            VolumeKind::Refs => "ReFS",
            VolumeKind::CsvFs => "CSVFS",
            VolumeKind::Fat => "FAT32",
        }
    }
}

impl DriveMap {
    /// No name leads here.
    pub fn new() -> DriveMap {
        DriveMap::default()
    }

    /// Adds that names beginning with `prefix` (`\??\C:`, `\??\Volume{..}`, a closing backslash is optional) lead to `path`
    /// in this volume (`\` for its root).
    #[must_use]
    pub fn with(mut self, prefix: &str, path: &str) -> DriveMap {
        let trimmed = |text: &str| text.trim_end_matches('\\').encode_utf16().collect::<Vec<u16>>();
        self.prefixes.push((trimmed(prefix), trimmed(path)));
        // The longest prefix wins, as a mount below a drive would.
        self.prefixes.sort_by_key(|(prefix, _)| core::cmp::Reverse(prefix.len()));
        self
    }

    /// The path in this volume of an absolute NT name, if a prefix leads here. A prefix matches whole components only, in
    /// any case.
    pub fn resolve(&self, name: &[u16]) -> Option<Vec<u16>> {
        self.prefixes.iter().find_map(|(prefix, path)| {
            let (head, tail) = name.split_at_checked(prefix.len())?;
            let same = head.iter().zip(prefix).all(|(a, b)| upcase(*a) == upcase(*b));
            let whole = tail.first().is_none_or(|unit| *unit == u16::from(b'\\'));
            (same && whole).then(|| [path.as_slice(), tail].concat())
        })
    }
}

impl<H: Host> Volume<H> {
    /// A volume over `host`.
    pub fn new(host: H, options: VolumeOptions) -> Volume<H> {
        Volume {
            host,
            options,
            opens: OpenTable::new(),
            files: FileTable::new(),
            parking: Parking::new(),
            watches: Watches::new(),
            listening: Listening::default(),
            locks_held: AtomicUsize::new(0),
            listings: Listings::default(),
            descriptors: Descriptors::default(),
            events: EventQueue::default(),
            epoch: AtomicU64::new(0),
            renames: Mutex::new(()),
        }
    }

    /// Where the bytes live.
    pub fn host(&self) -> &H {
        &self.host
    }

    /// What the volume is.
    pub fn options(&self) -> &VolumeOptions {
        &self.options
    }

    /// True when nothing can be changed.
    pub fn is_read_only(&self) -> bool {
        self.options.read_only || self.host.is_read_only()
    }

    /// The open with this id.
    pub fn open_of(&self, id: OpenId) -> Result<Arc<Open<H>>, Refusal> {
        self.opens.get(id)
    }

    /// What happened since this was asked last, oldest first. Empty unless the volume records events.
    pub fn take_events(&self) -> Vec<Event> {
        self.events.take()
    }

    /// Refuses any change to a volume that cannot be changed.
    pub(crate) fn require_writable(&self) -> Result<(), Refusal> {
        if self.is_read_only() {
            return Err(Refusal::new(NtStatus::MEDIA_WRITE_PROTECTED, Why::ReadOnlyVolume));
        }
        Ok(())
    }

    /// A number that changes whenever a name or a reparse point does: an open that looked before and acts after looks again.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Says that a name was removed or moved, or a reparse point changed. Called with the file's lock held, after the host's
    /// call.
    pub(crate) fn changed(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
    }

    /// Held by a rename and a new link: they lock two files, and no other operation does.
    pub(crate) fn lock_renames(&self) -> MutexGuard<'_, ()> {
        self.renames.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns when what was changed of an object is on the disk, if that was promised.
    pub(crate) fn settle(&self, node: &H::Node, options: CreateOptions) -> HostResult<()> {
        if self.options.durability == Durability::WriteThrough
            || options.contains(CreateOptions::WRITE_THROUGH)
        {
            return self.host.sync(node);
        }
        Ok(())
    }

    /// Records an event, if anybody wants to know.
    pub(crate) fn tell(&self, event: impl FnOnce() -> Event) {
        if self.options.events {
            self.events.push(event());
        }
    }

    /// True when something below an open's directory is open: such a directory cannot be renamed. Who caches handles there is
    /// asked first to let go. [MS-FSA] 2.1.4.2 and 2.1.5.15.12
    pub(crate) fn opens_below(&self, open: &Open<H>) -> Result<bool, Refusal> {
        let mut prefix = open.path().0;
        if prefix.last() != Some(&u16::from(b'\\')) {
            prefix.push(u16::from(b'\\'));
        }
        let below: Vec<Arc<Open<H>>> = self
            .opens
            .all()
            .into_iter()
            .filter(|other| {
                let place = other.link.lock();
                place.path.0.len() > prefix.len() && place.path.0.starts_with(&prefix)
            })
            .collect();
        for other in &below {
            let stream = other.stream().map(folded);
            let breaks = Breaks::name();
            self.check_oplock(&other.file, stream.as_ref(), open.actor(), breaks, Patience::Waits)?;
        }
        Ok(!below.is_empty())
    }
}
