//! The change itself, once nothing refuses it, and what is told of it.
use crate::file::FileState;
use crate::host::meta::{self, Mark, PointHead};
use crate::host::{Host, NodeKind};
use crate::object::Object;
use crate::opens::Open;
use crate::refusal::{Refusal, Why};
use crate::volume::Volume;
use nt::{Guid, NotifyAction, NotifyFilter, NtStatus, UsnReason};
use reparse::{RawReparse, Tag};

/// Whose reparse point a file carries.
pub(super) struct Stored {
    pub(super) tag: Tag,
    guid: Option<Guid>,
}

impl Stored {
    /// That which is stored.
    pub(super) fn of(head: &PointHead) -> Stored {
        Stored { tag: head.tag, guid: head.guid }
    }

    /// Refuses unless this is the tag, and for a third party's tag the GUID. A Microsoft tag's GUID counts for nothing.
    pub(super) fn require(&self, tag: Tag, guid: Option<Guid>) -> Result<(), Refusal> {
        if self.tag != tag {
            let why = Why::Mismatch { stored: Some(self.tag), given: tag };
            return Err(Refusal::new(NtStatus::IO_REPARSE_TAG_MISMATCH, why));
        }
        if !tag.is_microsoft() && self.guid != guid {
            let why = Why::Conflict { stored: self.guid, given: guid };
            return Err(Refusal::new(NtStatus::REPARSE_ATTRIBUTE_CONFLICT, why));
        }
        Ok(())
    }
}

/// What a reparse point is stored on.
pub(super) struct Target<H: Host> {
    pub(super) node: H::Node,
    pub(super) kind: NodeKind,
    /// What is known of Samba's bit.
    pub(super) mark: Mark,
}

impl<H: Host> Volume<H> {
    /// Stores a reparse point: one step of the host, and the old point or the new one is there whatever happens.
    /// Neither ARCHIVE nor LastWriteTime changes; ChangeTime is the host's own. docs/SPEC-NOTES.md 13
    pub(super) fn apply_set(
        &self,
        state: &mut FileState<H>,
        open: &Open<H>,
        target: &Target<H>,
        point: &RawReparse,
    ) -> Result<(), Refusal> {
        let done = self.store(open, target, point);
        state.marked = matches!(done, Ok(true));
        self.finish_change(state, open, done.map(drop))
    }

    /// Removes the reparse point, in one step of the host.
    pub(super) fn apply_delete(
        &self,
        state: &mut FileState<H>,
        open: &Open<H>,
        object: &Object<H>,
    ) -> Result<(), Refusal> {
        state.marked = false;
        let done = if object.is_host_special() {
            self.replace_special_by_file(&open.file, &open.link)
        } else {
            meta::remove_point(&self.host, &object.node).map(drop).map_err(Refusal::from)
        };
        self.finish_change(state, open, done)
    }

    /// True when Samba's bit is known to be set now.
    fn store(&self, open: &Open<H>, target: &Target<H>, point: &RawReparse) -> Result<bool, Refusal> {
        let bytes = persistent(point);
        let plain = matches!(target.kind, NodeKind::File | NodeKind::Directory);
        if !plain || self.options.write_unix_links {
            let object = self.object(target.node.clone())?;
            if self.set_as_special(open, &object, point, &bytes)? {
                return Ok(false);
            }
        }
        Ok(meta::set_point_from(&self.host, &target.node, target.mark, &bytes)?)
    }

    /// Brings a change to the disk if that was promised, and tells of it. Even a change that failed may have happened before
    /// its last step did, so opens under way look again in either case.
    /// [MS-FSCC] 2.3.62 for the journal; [MS-FSA] 2.1.5.10.3 has a notification, and docs/SPEC-NOTES.md 14 says which.
    fn finish_change(
        &self,
        state: &mut FileState<H>,
        open: &Open<H>,
        done: Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        self.changed();
        done?;
        self.settle(&open.file.node(), open.options)?;
        let reason = UsnReason::REPARSE_POINT_CHANGE;
        let (filter, action) = (NotifyFilter::ATTRIBUTES, NotifyAction::MODIFIED);
        self.tell_change(state, &open.file, &open.link, filter, action, reason);
        Ok(())
    }
}

/// The bytes to keep: those that were given, but for a symbolic link's flags that belong to the system and are not
/// persisted. docs/SPEC-NOTES.md 16
fn persistent(point: &RawReparse) -> Vec<u8> {
    let mut bytes = point.encode();
    if point.tag() == Tag::SYMLINK
        && let Some(highest) = bytes.get_mut(SYMLINK_FLAGS_HIGHEST_BYTE)
    {
        *highest &= 0x0F;
    }
    bytes
}

/// The most significant byte of Flags in a symbolic link's buffer. [MS-FSCC] 2.1.2.4
const SYMLINK_FLAGS_HIGHEST_BYTE: usize = 19;
