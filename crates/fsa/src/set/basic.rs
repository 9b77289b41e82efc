//! Attributes and times. [MS-FSA] 2.1.5.15.2
use super::{Input, TimeField};
use crate::cursors::Pin;
use crate::host::meta::Meta;
use crate::host::{Host, HostResult, SetTimes, meta};
use crate::opens::Open;
use crate::refusal::Refusal;
use crate::volume::Volume;
use nt::{
    AccessMask, FileAttributes, FileInformationClass as Class, FileTime, NotifyAction, NotifyFilter,
    UsnReason,
};

/// What a caller may set. REPARSE_POINT is not among it: the bit follows the point. [MS-FSA] 2.1.5.15.2
const VALID: FileAttributes = FileAttributes(
    FileAttributes::READONLY.0
        | FileAttributes::HIDDEN.0
        | FileAttributes::SYSTEM.0
        | FileAttributes::ARCHIVE.0
        | FileAttributes::TEMPORARY.0
        | FileAttributes::OFFLINE.0
        | FileAttributes::NOT_CONTENT_INDEXED.0,
);

/// FILE_BASIC_INFORMATION. [MS-FSCC] 2.4.7
struct Basic {
    created: TimeField,
    accessed: TimeField,
    modified: TimeField,
    changed: TimeField,
    attributes: FileAttributes,
}

impl Basic {
    fn decode(input: &[u8]) -> Result<Basic, Refusal> {
        let mut input = Input::new(Class::BASIC_INFORMATION, input, 40)?;
        let created = TimeField::of(input.i64())?;
        let accessed = TimeField::of(input.i64())?;
        let modified = TimeField::of(input.i64())?;
        let changed = TimeField::of(input.i64())?;
        Ok(Basic { created, accessed, modified, changed, attributes: FileAttributes(input.u32()) })
    }
}

impl<H: Host> Volume<H> {
    /// Sets attributes and times of the file, or of the link where a link is open. [MS-FSA] 2.1.5.15.2
    pub(super) fn set_basic(&self, open: &Open<H>, input: &[u8]) -> Result<(), Refusal> {
        let basic = Basic::decode(input)?;
        open.require(AccessMask::FILE_WRITE_ATTRIBUTES)?;
        if basic.attributes.contains(FileAttributes::DIRECTORY) && !open.is_directory() {
            return Err(Refusal::parameter("a file does not become a directory"));
        }
        if basic.attributes.contains(FileAttributes::TEMPORARY) && open.file.is_directory() {
            return Err(Refusal::parameter("a directory cannot be temporary"));
        }
        let mut state = open.file.lock();
        let node = open.file.node();
        let old = self.meta(&node)?;
        let attributes = wanted_attributes(open, old.attributes, basic.attributes);
        let created = basic.created.set().filter(|created| *created != old.created);
        // [Windows] Whatever is set, or nothing, the time of a write that is still to be told is: smbtorture
        // smb2.timestamps.delayed-write-vs-setbasic.
        self.tell_written(open)?;
        let mut filter = NotifyFilter::NONE;
        if attributes.is_some() || created.is_some() {
            meta::set_basic(&self.host, &node, attributes, created)?;
            filter |= attributes.map_or(NotifyFilter::NONE, |_| NotifyFilter::ATTRIBUTES);
            filter |= created.map_or(NotifyFilter::NONE, |_| NotifyFilter::CREATION);
        }
        let times = SetTimes {
            accessed: changed(basic.accessed, old.stat.accessed),
            modified: changed(basic.modified, old.stat.modified),
        };
        if times != SetTimes::default() {
            self.host.set_times(&node, times)?;
            filter |= times.accessed.map_or(NotifyFilter::NONE, |_| NotifyFilter::LAST_ACCESS);
            filter |= times.modified.map_or(NotifyFilter::NONE, |_| NotifyFilter::LAST_WRITE);
        }
        if basic.modified.set().is_some() {
            self.forget_written(open);
        }
        self.set_change_time(open, &basic, &old, !filter.is_empty())?;
        for (pin, asked) in [(Pin::Modified, basic.modified), (Pin::Changed, basic.changed)] {
            if asked != TimeField::Leave {
                open.cursors.set_pinned(pin, asked != TimeField::Unpin);
            }
        }
        if filter.is_empty() {
            return Ok(());
        }
        self.settle(&node, open.options)?;
        self.break_parent(open.actor(), &open.link);
        let (action, reason) = (NotifyAction::MODIFIED, UsnReason::BASIC_INFO_CHANGE);
        self.tell_change(&mut state, &open.file, &open.link, filter, action, reason);
        Ok(())
    }

    /// The change time as it was asked for; or as it was, where this open has pinned it or no time is to move. Otherwise it is
    /// the host's, which says when something changed.
    fn set_change_time(&self, open: &Open<H>, basic: &Basic, old: &Meta, something: bool) -> HostResult<()> {
        let is_pinned = open.cursors.is_pinned(Pin::Changed) && basic.changed != TimeField::Unpin;
        let time = match basic.changed {
            TimeField::Set(time) => Some(time),
            TimeField::Pin => something.then_some(old.changed),
            TimeField::Leave | TimeField::Unpin => (something && is_pinned).then_some(old.changed),
        };
        match time {
            Some(time) => meta::set_changed(&self.host, &open.file.node(), time),
            None => Ok(()),
        }
    }
}

/// Times that what an open does must leave alone, as they were before.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct PinnedTimes {
    /// LastWriteTime.
    pub(crate) modified: Option<FileTime>,
    /// ChangeTime.
    pub(crate) changed: Option<FileTime>,
}

impl<H: Host> Volume<H> {
    /// The times that this open has pinned; see [`Volume::restore_times`].
    pub(crate) fn pinned_times(&self, open: &Open<H>) -> HostResult<PinnedTimes> {
        let (modified, changed) =
            (open.cursors.is_pinned(Pin::Modified), open.cursors.is_pinned(Pin::Changed));
        if !modified && !changed {
            return Ok(PinnedTimes::default());
        }
        let meta = self.meta(&open.file.node())?;
        Ok(PinnedTimes {
            modified: modified.then_some(meta.stat.modified),
            changed: changed.then_some(meta.changed),
        })
    }

    /// Puts pinned times back after a change.
    pub(crate) fn restore_times(&self, open: &Open<H>, pinned: PinnedTimes) -> HostResult<()> {
        let node = open.file.node();
        if let Some(modified) = pinned.modified {
            self.host.set_times(&node, SetTimes { accessed: None, modified: Some(modified) })?;
        }
        match pinned.changed {
            Some(changed) => meta::set_changed(&self.host, &node, changed),
            None => Ok(()),
        }
    }
}

/// The attributes to store, if they change: none asked for means leave them, NORMAL alone means none.
fn wanted_attributes<H: Host>(
    open: &Open<H>,
    old: FileAttributes,
    asked: FileAttributes,
) -> Option<FileAttributes> {
    let is_root = open.link.lock().parent.is_none();
    let fixed = if is_root { FileAttributes::HIDDEN | FileAttributes::SYSTEM } else { FileAttributes::NONE };
    let valid = VALID.without(fixed);
    let new = old.without(valid) | (asked & valid);
    (!asked.is_empty() && new != old).then_some(new)
}

/// A time to set, if it changes.
fn changed(asked: TimeField, old: FileTime) -> Option<FileTime> {
    asked.set().filter(|time| *time != old)
}
