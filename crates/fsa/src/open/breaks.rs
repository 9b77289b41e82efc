//! Which oplocks an open breaks. [MS-FSA] 2.1.5.1.2 and 2.1.4.12, OPEN and OPEN_BREAK_H
use super::Asking;
use super::parameters::overwrites;
use crate::file::File;
use crate::host::Host;
use crate::oplock::{Actor, Breaks, Patience};
use crate::refusal::Refusal;
use crate::volume::Volume;
use nt::{AccessMask, CreateAction, CreateOptions, Utf16};
use std::sync::Arc;

/// An open of a stream that exists.
pub(super) struct Opening<'a, H: Host> {
    pub(super) asking: Asking<'a>,
    pub(super) file: &'a Arc<File<H>>,
    pub(super) stream: Option<&'a Utf16>,
    pub(super) action: CreateAction,
}

impl<H: Host> Clone for Opening<'_, H> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<H: Host> Copy for Opening<'_, H> {}

impl Asking<'_> {
    /// The open that is not one yet, with its keys.
    pub(super) fn actor(&self) -> Actor {
        Actor { open: None, key: self.request.oplock_key, parent: self.request.parent_oplock_key }
    }

    fn patience(&self) -> Patience {
        match self.request.options.contains(CreateOptions::COMPLETE_IF_OPLOCKED) {
            true => Patience::GoesOn,
            false => Patience::Waits,
        }
    }

    /// The open is for attributes only, and breaks nothing. An overwrite changes the data, whatever rights it asks for:
    /// where the book does not say so, what others cache would be wrong.
    fn is_for_attributes(&self, granular: bool) -> bool {
        let more = if granular { AccessMask::READ_CONTROL } else { AccessMask::NONE };
        let attributes = AccessMask::FILE_READ_ATTRIBUTES
            | AccessMask::FILE_WRITE_ATTRIBUTES
            | AccessMask::SYNCHRONIZE
            | more;
        self.access.without(attributes).is_empty() && !overwrites(self.request.disposition)
    }
}

impl<H: Host> Volume<H> {
    /// Before access is checked, a batch oplock breaks: its holder may have closed the file long ago.
    pub(super) fn break_batch(&self, opening: Opening<'_, H>) -> Result<bool, Refusal> {
        let is_batch = opening.file.oplocks().find(opening.stream).is_some_and(|oplock| oplock.is_batch());
        if is_batch { self.break_for_open(opening) } else { Ok(false) }
    }

    /// Sharing failed: who caches handles may have closed the one in the way long ago. The refusal is a wait for that, or the
    /// violation itself.
    pub(super) fn break_handles(&self, opening: Opening<'_, H>, violation: Refusal) -> Refusal {
        let Opening { asking, file, stream, .. } = opening;
        let caches = file.oplocks().find(stream).is_some_and(|oplock| oplock.caches_handles());
        if !caches {
            return violation;
        }
        match self.check_oplock(file, stream, asking.actor(), Breaks::handles(), asking.patience()) {
            Ok(_) => violation,
            Err(refusal) => match refusal.waits() {
                Some(wait) => violation.unless(wait),
                None => refusal,
            },
        }
    }

    /// What the open breaks once nothing refuses it; true when it goes on while that is under way.
    pub(super) fn break_for_open(&self, opening: Opening<'_, H>) -> Result<bool, Refusal> {
        let Opening { asking, file, stream, action } = opening;
        let granular = file.oplocks().find(stream).is_some_and(|oplock| oplock.is_granular());
        if asking.is_for_attributes(granular) || action == CreateAction::CREATED {
            return Ok(false);
        }
        let breaks = if action == CreateAction::OPENED { Breaks::written() } else { Breaks::data() };
        self.check_oplock(file, stream, asking.actor(), breaks, asking.patience())
    }
}
