//! A further name for a file, or for a link itself. [MS-FSA] 2.1.5.15.7
use super::name::NewName;
use super::{Requester, refuse};
use crate::context::SecurityContext;
use crate::host::{Host, RenameMode};
use crate::link::{Link, LinkState};
use crate::opens::Open;
use crate::oplock::Breaks;
use crate::refusal::{Refusal, Why};
use crate::volume::{Volume, VolumeKind};
use nt::{AccessMask, NotifyAction, NotifyFilter, NtStatus, UsnReason};
use std::sync::Arc;

/// The most names that a file has. [MS-FSA] 2.1.5.15.7
const LINKS_MAX: u32 = 1024;

impl<H: Host> Volume<H> {
    /// [MS-FSA] 2.1.5.15.7. The names share the object, so each shows its reparse point. semantics 3.5
    pub(super) fn set_link(
        &self,
        cx: &SecurityContext,
        requester: Requester,
        open: &Open<H>,
        new: &NewName,
    ) -> Result<(), Refusal> {
        if open.stream().is_some() {
            return Err(Refusal::parameter("a stream has no further names"));
        }
        if open.file.is_directory() {
            return Err(refuse(NtStatus::FILE_IS_A_DIRECTORY, "directories have one name"));
        }
        if self.options.kind == VolumeKind::Fat {
            return Err(Refusal::new(NtStatus::NOT_SUPPORTED, Why::VolumeKind(VolumeKind::Fat)));
        }
        if open.link.lock().state != LinkState::Present {
            return Err(Refusal::new(NtStatus::ACCESS_DENIED, Why::DeletePending));
        }
        if self.host.stat(&open.file.node())?.links >= LINKS_MAX {
            return Err(refuse(NtStatus::TOO_MANY_LINKS, "the file has as many names as it can"));
        }
        let to = self.destination(cx, requester, open, new, AccessMask::FILE_WRITE_DATA)?;
        let _one_rename = self.lock_renames();
        let mut state = open.file.lock();
        self.break_oplock(open, Breaks::name())?;
        let node = open.file.node();
        let name = match self.host.lookup(&to.node, &to.name)? {
            None => self.host.link(&node, &to.node, &to.name)?,
            Some((there, name)) => {
                let object = self.object(there)?;
                if object.id() == open.file.id() {
                    if !new.replace {
                        return Err(Refusal::new(NtStatus::OBJECT_NAME_COLLISION, Why::Collision));
                    }
                } else {
                    let file = self.replaceable(cx, new, &object, &to)?;
                    self.break_replaced(open, file.as_ref())?;
                    let guard = file.as_ref().map(|file| (file.lock(), Arc::clone(file)));
                    if guard.as_ref().is_some_and(|(there, _)| !there.opens.is_empty()) && !new.replace_open {
                        return Err(refuse(NtStatus::ACCESS_DENIED, "what would be replaced is open"));
                    }
                    self.host.place(&node, &to.node, &name)?;
                    self.forget_recalled(true);
                    if let Some((mut replaced, file)) = guard {
                        self.let_go(&mut replaced, &file, to.id, &name);
                    }
                }
                // The new name is spelled as it was asked for.
                self.host.rename(&to.node, &name, &to.node, &to.name, RenameMode::NoReplace)?
            }
        };
        // Of what has a further name the host does not tell all.
        self.forget_recalled(true);
        self.changed();
        self.archive(open)?;
        self.settle(&to.node, open.options)?;
        let link = Link::new(to.place(name));
        self.break_parent(open.actor(), &link);
        let (filter, reason) = (NotifyFilter::FILE_NAME, UsnReason::HARD_LINK_CHANGE);
        self.tell_change(&mut state, &open.file, &link, filter, NotifyAction::ADDED, reason);
        Ok(())
    }
}
