//! Attributes and times. [MS-FSA] 2.1.5.15.2
use super::{Input, TimeField};
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
    attributes: FileAttributes,
}

impl Basic {
    fn decode(input: &[u8]) -> Result<Basic, Refusal> {
        let mut input = Input::new(Class::BASIC_INFORMATION, input, 40)?;
        let created = TimeField::of(input.i64())?;
        let accessed = TimeField::of(input.i64())?;
        let modified = TimeField::of(input.i64())?;
        // ChangeTime is checked and then the host's own: it says when the host changed the object, and nothing else can.
        TimeField::of(input.i64())?;
        Ok(Basic { created, accessed, modified, attributes: FileAttributes(input.u32()) })
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
        if basic.modified != TimeField::Leave {
            open.cursors.pin_modified(basic.modified != TimeField::Unpin);
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
}

impl<H: Host> Volume<H> {
    /// The time of the last change, if what this open does must leave it alone; see [`Volume::restore_modified`].
    pub(crate) fn pinned_modified(&self, open: &Open<H>) -> HostResult<Option<FileTime>> {
        if !open.cursors.is_modified_pinned() {
            return Ok(None);
        }
        Ok(Some(self.host.stat(&open.file.node())?.modified))
    }

    /// Puts a pinned time back after a change of the data.
    pub(crate) fn restore_modified(&self, open: &Open<H>, modified: Option<FileTime>) -> HostResult<()> {
        match modified {
            Some(_) => self.host.set_times(&open.file.node(), SetTimes { accessed: None, modified }),
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
