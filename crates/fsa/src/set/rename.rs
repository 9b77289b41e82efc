//! Renaming a file, a directory, or a link itself. [MS-FSA] 2.1.5.15.12
use super::name::{Destination, NewName};
use super::{Requester, refuse};
use crate::context::SecurityContext;
use crate::file::{File, FileState};
use crate::host::{Host, HostName, NodeId, RenameMode};
use crate::link::{Link, LinkState};
use crate::object::Object;
use crate::opens::Open;
use crate::oplock::{Breaks, Patience};
use crate::refusal::{Refusal, Why};
use crate::volume::Volume;
use nt::security::access_check;
use nt::{AccessMask, FileAttributes, NotifyAction, NotifyFilter, NtStatus, UsnReason};
use std::sync::Arc;

/// What has the new name already.
enum Target<H: Host> {
    /// Nothing.
    Free,
    /// The very name that is renamed: only its case changes.
    Itself,
    /// Another name of the same file.
    SameFile(HostName),
    /// Another file, which goes.
    Other(Box<Object<H>>, HostName),
}

impl<H: Host> Volume<H> {
    /// Gives the open's name another spelling or place. A link is moved and never its target; what is replaced is the
    /// object that has the name, link or not. semantics 3.5
    pub(super) fn rename(
        &self,
        cx: &SecurityContext,
        requester: Requester,
        open: &Open<H>,
        new: &NewName,
    ) -> Result<(), Refusal> {
        open.require(AccessMask::DELETE)?;
        if new.name.first() == Some(&u16::from(b':')) {
            return self.rename_stream(open, new);
        }
        if open.stream().is_some() {
            // [Windows] The directory is opened before the name is looked at: smbtorture smb2.streams.rename2.
            self.destination_directory(cx, requester, open, new, AccessMask::FILE_WRITE_DATA)?;
            return Err(Refusal::parameter("a stream gets the name of a stream, which begins with a colon"));
        }
        // FILE_ADD_FILE and FILE_ADD_SUBDIRECTORY.
        let directory = open.file.is_directory();
        let adds = if directory { AccessMask::FILE_APPEND_DATA } else { AccessMask::FILE_WRITE_DATA };
        let to = self.destination(cx, requester, open, new, adds)?;
        // Two files are locked below: one rename at a time, so that no two wait for each other.
        let _one_rename = self.lock_renames();
        let mut state = open.file.lock();
        let (from, old_name, from_id) = {
            let place = open.link.lock();
            if place.state != LinkState::Present {
                return Err(Refusal::new(NtStatus::ACCESS_DENIED, Why::DeletePending));
            }
            let Some((from, id)) = place.parent.clone() else {
                return Err(Refusal::parameter("the root has no other name"));
            };
            (from, place.name.clone(), id)
        };
        self.break_oplock(open, Breaks::name())?;
        if directory && self.opens_below(open)? {
            return Err(refuse(NtStatus::ACCESS_DENIED, "something below the directory is open"));
        }
        let moved = to.id != from_id;
        match self.target(open, &old_name, moved, &to)? {
            Target::Itself if open.path() == to.full_path() => return Ok(()),
            Target::Free | Target::Itself => {
                self.move_name(&mut state, open, (&from, &old_name), &to, RenameMode::NoReplace, moved)?;
            }
            Target::SameFile(there) => {
                self.merge_names(&mut state, open, (&from, &old_name), &to, &there, moved)?
            }
            Target::Other(object, there) => {
                let file = self.replaceable(cx, new, &object, &to)?;
                self.break_replaced(open, file.as_ref())?;
                let guard = file.as_ref().map(|file| (file.lock(), Arc::clone(file)));
                if guard.as_ref().is_some_and(|(there, _)| !there.opens.is_empty()) && !new.replace_open {
                    return Err(refuse(NtStatus::ACCESS_DENIED, "what would be replaced is open"));
                }
                self.move_name(&mut state, open, (&from, &old_name), &to, RenameMode::Replace, moved)?;
                if let Some((mut replaced, file)) = guard {
                    self.let_go(&mut replaced, &file, to.id, &there);
                }
            }
        }
        self.changed();
        self.archive(open)?;
        open.cursors.set_renamed();
        self.settle(&to.node, open.options)?;
        if moved {
            self.settle(&from, open.options)?;
        }
        Ok(())
    }

    /// Looks at what has the new name.
    fn target(
        &self,
        open: &Open<H>,
        old_name: &HostName,
        moved: bool,
        to: &Destination<H>,
    ) -> Result<Target<H>, Refusal> {
        let Some((node, there)) = self.host.lookup(&to.node, &to.name)? else { return Ok(Target::Free) };
        let object = self.object(node)?;
        Ok(if object.id() != open.file.id() {
            Target::Other(Box::new(object), there)
        } else if !moved && there == *old_name {
            Target::Itself
        } else {
            Target::SameFile(there)
        })
    }

    /// Refuses what may not be replaced; gives the file, if it is open. [MS-FSA] 2.1.5.15.12
    pub(super) fn replaceable(
        &self,
        cx: &SecurityContext,
        new: &NewName,
        object: &Object<H>,
        to: &Destination<H>,
    ) -> Result<Option<Arc<File<H>>>, Refusal> {
        if !new.replace {
            return Err(Refusal::new(NtStatus::OBJECT_NAME_COLLISION, Why::Collision));
        }
        if object.is_directory() {
            return Err(refuse(NtStatus::ACCESS_DENIED, "a directory is not replaced"));
        }
        if object.meta.attributes.contains(FileAttributes::READONLY) && !new.replace_readonly {
            return Err(Refusal::new(NtStatus::ACCESS_DENIED, Why::ReadOnlyFile));
        }
        if !cx.bypass {
            let may = |node: &H::Node, right| {
                let descriptor = self.descriptor(node)?;
                Ok::<bool, Refusal>(access_check(descriptor.as_ref(), &cx.token, right).is_ok())
            };
            if !may(&object.node, AccessMask::DELETE)? && !may(&to.node, AccessMask::FILE_DELETE_CHILD)? {
                let why = Why::Access { needed: AccessMask::DELETE, granted: AccessMask::NONE };
                return Err(Refusal::new(NtStatus::ACCESS_DENIED, why));
            }
        }
        let file = self.files.find(object.id());
        let going = file.as_ref().is_some_and(|file| {
            let links = file.lock().links.clone();
            let at = |link: Arc<Link<H>>| {
                let place = link.lock();
                let here = place.parent.as_ref().is_some_and(|(_, id)| *id == to.id);
                here && place.state == LinkState::DeletePending
            };
            links.iter().filter_map(std::sync::Weak::upgrade).any(at)
        });
        if going {
            return Err(Refusal::new(NtStatus::DELETE_PENDING, Why::DeletePending));
        }
        Ok(file)
    }

    /// Breaks the oplocks of what would be replaced. [MS-FSA] 2.1.5.15.12
    pub(super) fn break_replaced(&self, open: &Open<H>, file: Option<&Arc<File<H>>>) -> Result<(), Refusal> {
        let Some(file) = file else { return Ok(()) };
        let streams = file.oplocks().names();
        for stream in streams {
            let who = open.actor();
            self.check_oplock(file, stream.as_ref(), who, Breaks::data(), Patience::Waits)?;
        }
        Ok(())
    }

    /// What was replaced lives on for its opens, without this name.
    pub(super) fn let_go(&self, state: &mut FileState<H>, file: &File<H>, dir: NodeId, name: &HostName) {
        for link in state.links.clone().iter().filter_map(std::sync::Weak::upgrade) {
            if link.is_at(Some(dir), name) {
                link.lock().state = LinkState::Gone;
                let (filter, reason) = (NotifyFilter::FILE_NAME, UsnReason::FILE_DELETE);
                self.tell_change(state, file, &link, filter, NotifyAction::REMOVED, reason);
            }
        }
    }

    /// One call of the host moves the name; then the link says where it is.
    fn move_name(
        &self,
        state: &mut FileState<H>,
        open: &Open<H>,
        (from, old_name): (&H::Node, &HostName),
        to: &Destination<H>,
        mode: RenameMode,
        moved: bool,
    ) -> Result<(), Refusal> {
        let name = self.host.rename(from, old_name, &to.node, &to.name, mode)?;
        self.tell_moved(state, open, moved, to, name);
        Ok(())
    }

    /// Both names are of this file: the old one goes, and the other takes the new spelling.
    fn merge_names(
        &self,
        state: &mut FileState<H>,
        open: &Open<H>,
        (from, old_name): (&H::Node, &HostName),
        to: &Destination<H>,
        there: &HostName,
        moved: bool,
    ) -> Result<(), Refusal> {
        let name = self.host.rename(&to.node, there, &to.node, &to.name, RenameMode::NoReplace)?;
        self.host.remove(from, old_name)?;
        self.tell_moved(state, open, moved, to, name);
        Ok(())
    }

    /// Tells of the old name, sets the new one, and tells of that.
    fn tell_moved(
        &self,
        state: &mut FileState<H>,
        open: &Open<H>,
        moved: bool,
        to: &Destination<H>,
        name: HostName,
    ) {
        let place = to.place(name);
        let new = place.path.clone();
        self.about_to_tell(&new.0);
        let filter = if open.file.is_directory() { NotifyFilter::DIR_NAME } else { NotifyFilter::FILE_NAME };
        let (gone, come) = if moved {
            (NotifyAction::REMOVED, NotifyAction::ADDED)
        } else {
            (NotifyAction::RENAMED_OLD_NAME, NotifyAction::RENAMED_NEW_NAME)
        };
        self.tell_change(state, &open.file, &open.link, filter, gone, UsnReason::RENAME_OLD_NAME);
        self.break_parent(open.actor(), &open.link);
        *open.link.lock() = place;
        if moved {
            self.break_parent(open.actor(), &open.link);
        }
        self.tell_change(state, &open.file, &open.link, filter, come, UsnReason::RENAME_NEW_NAME);
        self.told(&new.0);
    }
}
