//! FSCTL_SET_REPARSE_POINT and its extended form. [MS-FSA] 2.1.5.10.37, [MS-FSCC] 2.3.81 and 2.3.82
use super::ControlReply;
use super::apply::{Stored, Target};
use crate::host::meta::{self, Held, Mark};
use crate::host::{Host, NodeKind};
use crate::opens::Open;
use crate::refusal::{Refusal, Why};
use crate::volume::Volume;
use nt::{AccessMask, NtStatus};
use reparse::{RawReparse, SetEx, Tag};

/// Rights of which one is enough to change a reparse point. Windows: FILE_APPEND_DATA is one of them; docs/SPEC-NOTES.md 2
pub(super) const CHANGES: AccessMask = AccessMask(
    AccessMask::FILE_WRITE_DATA.0 | AccessMask::FILE_WRITE_ATTRIBUTES.0 | AccessMask::FILE_APPEND_DATA.0,
);

/// What the file must carry now.
enum Precondition {
    /// Nothing, or the same tag of the same owner.
    NoneOrSame,
    /// As the extended form says.
    Extended(SetEx),
}

impl<H: Host> Volume<H> {
    /// Sets the reparse point, or replaces the data of one with the same tag.
    pub(super) fn set_reparse_point(
        &self,
        open: &Open<H>,
        input: &[u8],
        output_len_max: usize,
    ) -> Result<ControlReply, Refusal> {
        self.check_set_call(input, output_len_max)?;
        let point = RawReparse::decode_set(input)?;
        self.set_checked(open, &point, &Precondition::NoneOrSame)
    }

    /// Sets the reparse point if the file carries the tag that the caller says, or none: it can replace a tag by another.
    /// (No section of the books; the driver kit's page of FSCTL_SET_REPARSE_POINT_EX.)
    pub(super) fn set_reparse_point_ex(
        &self,
        open: &Open<H>,
        input: &[u8],
        output_len_max: usize,
    ) -> Result<ControlReply, Refusal> {
        self.check_set_call(input, output_len_max)?;
        let extended = SetEx::decode(input)?;
        let point = extended.point.clone();
        self.set_checked(open, &point, &Precondition::Extended(extended))
    }

    /// Steps 2 to 4: whether the call can be one at all.
    fn check_set_call(&self, input: &[u8], output_len_max: usize) -> Result<(), Refusal> {
        self.require_reparse_support()?;
        if input.is_empty() {
            // [Windows] INVALID_BUFFER_SIZE where the paper says IO_REPARSE_DATA_INVALID.
            let why = Why::Length { what: "the input", wanted: reparse::HEADER_LEN, got: 0 };
            return Err(Refusal::new(NtStatus::INVALID_BUFFER_SIZE, why));
        }
        require_no_output(output_len_max)
    }

    /// Steps 6 to 13, in the order that agrees with every observation of Windows; docs/SPEC-NOTES.md 2
    fn set_checked(
        &self,
        open: &Open<H>,
        point: &RawReparse,
        precondition: &Precondition,
    ) -> Result<ControlReply, Refusal> {
        // Phase 1: what the open may do, and the volume.
        require_change(open)?;
        self.require_writable()?;
        // Phase 2: the file, which nobody changes until this is done.
        let mut state = open.file.lock();
        let node = open.file.node();
        let kind = self.host.kind(&node)?;
        self.check_object(open, point.tag(), &node, kind)?;
        let held = match kind {
            NodeKind::File | NodeKind::Directory => meta::held(&self.host, &node, state.marked)?,
            _ => Held { point: self.object(node.clone())?.meta.point, mark: Mark::default() },
        };
        let stored = held.point.as_ref().map(Stored::of);
        match precondition {
            Precondition::NoneOrSame => check_same(stored.as_ref(), point)?,
            Precondition::Extended(extended) => check_extended(stored.as_ref(), extended)?,
        }
        // Phase 3: the change.
        self.apply_set(&mut state, open, &Target { node, kind, mark: held.mark }, point)?;
        Ok(ControlReply::nothing())
    }

    /// What the object must be to carry this tag.
    fn check_object(&self, open: &Open<H>, tag: Tag, node: &H::Node, kind: NodeKind) -> Result<(), Refusal> {
        // A stream is no directory, though it may be one's.
        if tag == Tag::MOUNT_POINT && !open.is_directory() {
            return Err(Refusal::new(NtStatus::NOT_A_DIRECTORY, Why::MountPointOnFile));
        }
        if tag == Tag::SYMLINK && !open.has_create_symbolic_link() {
            // [Windows] PRIVILEGE_NOT_HELD where the paper says ACCESS_DENIED.
            let why = Why::Privilege("SeCreateSymbolicLinkPrivilege");
            return Err(Refusal::new(NtStatus::PRIVILEGE_NOT_HELD, why));
        }
        // [Windows] 1607 and later: a tag with the D bit may be on a directory that has entries.
        if kind == NodeKind::Directory && !tag.is_directory() && !self.host.is_empty(node)? {
            return Err(Refusal::new(NtStatus::DIRECTORY_NOT_EMPTY, Why::DirectoryNotEmpty));
        }
        let has_data = matches!(kind, NodeKind::File | NodeKind::Directory) && !open.is_directory();
        if tag == Tag::SYMLINK && has_data {
            let size = if open.stream().is_some() { self.stream_size(open)? } else { self.host.len(node)? };
            if size != 0 {
                return Err(Refusal::new(NtStatus::IO_REPARSE_DATA_INVALID, Why::LinkOnData { size }));
            }
        }
        Ok(())
    }
}

/// Refuses an output buffer where there is no output. [MS-FSCC] 2.3.82
pub(super) fn require_no_output(output_len_max: usize) -> Result<(), Refusal> {
    if output_len_max == 0 {
        Ok(())
    } else {
        Err(Refusal::parameter("there is no output, so no room for it"))
    }
}

/// Refuses an open that may change neither data nor attributes.
pub(super) fn require_change<H: Host>(open: &Open<H>) -> Result<(), Refusal> {
    if open.has_any(CHANGES) {
        return Ok(());
    }
    let why = Why::Access { needed: CHANGES, granted: open.granted };
    Err(Refusal::new(NtStatus::ACCESS_DENIED, why))
}

/// Nothing is there, or the same tag and owner.
fn check_same(stored: Option<&Stored>, point: &RawReparse) -> Result<(), Refusal> {
    stored.map_or(Ok(()), |stored| stored.require(point.tag(), point.guid()))
}

/// What the extended form says is there.
fn check_extended(stored: Option<&Stored>, extended: &SetEx) -> Result<(), Refusal> {
    let none_wanted = extended.existing_tag == Tag(0);
    match stored {
        None if none_wanted || extended.flags.takes_none() => Ok(()),
        Some(stored) if !none_wanted => stored.require(extended.existing_tag, Some(extended.existing_guid)),
        _ => {
            let why = Why::Mismatch { stored: stored.map(|stored| stored.tag), given: extended.existing_tag };
            Err(Refusal::new(NtStatus::IO_REPARSE_TAG_MISMATCH, why))
        }
    }
}
