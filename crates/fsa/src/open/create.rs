//! Making what does not exist. [MS-FSA] 2.1.5.1.1
use super::existing::{Draft, wanted_attributes};
use super::inherit::Heritage;
use super::parameters::makes_missing;
use super::stream_kind::{StreamToOpen, decide};
use super::target::is_link;
use super::walk::Tail;
use super::{Asking, Attempt, OpenError, OpenRequest, Opened, sharing};
use crate::host::meta::{DosAttrib, Meta};
use crate::host::{Host, HostError, HostFault, Make, NodeStat, meta};
use crate::link::{LinkState, Place};
use crate::query::OpenedFacts;
use crate::refusal::{ComponentFault, Refusal, TargetFault, Why};
use crate::volume::{Volume, VolumeKind};
use nt::{CreateAction, CreateOptions, FileAttributes, NotifyAction, NotifyFilter, NtStatus, UsnReason};
use reparse::Tag;
use std::sync::Arc;

impl<H: Host> Volume<H> {
    /// Makes a file or directory named `name` at `place`, and opens it.
    pub(super) fn open_missing(
        &self,
        asking: Asking<'_>,
        name: &[u16],
        (mut place, above_stat): (Place<H>, Option<NodeStat>),
        tail: Tail,
        epoch: u64,
    ) -> Result<Attempt, OpenError> {
        let request = asking.request;
        let missing = Why::Component { at: 0, fault: ComponentFault::Missing };
        let Some((parent, parent_id)) = place.parent.clone().filter(|_| makes_missing(request.disposition))
        else {
            return Err(Refusal::new(NtStatus::OBJECT_NAME_NOT_FOUND, missing).into());
        };
        self.require_writable()?;
        let to_open = decide(request, &tail, None)?;
        let directory = to_open == StreamToOpen::Directory;
        if tail.promised.directory && !directory {
            let why = Why::Target(TargetFault::DirectoryLinkToFile);
            return Err(Refusal::new(NtStatus::NOT_A_DIRECTORY, why).into());
        }
        check_attributes(request, directory)?;
        let has_security = self.options.kind != VolumeKind::Fat || !asking.cx.bypass;
        let read = || if has_security { self.shared_descriptor(&parent) } else { Ok(None) };
        let mut descriptor = read()?;
        let granted = self.grant_new(asking, directory, descriptor.as_deref())?;
        // The directory's lock is held while the name is made: between a check that it is empty and the tag that is then set
        // on it, nothing is made in it.
        let above = self.files.file_of(parent.clone(), parent_id, true);
        let above_state = above.lock();
        if above_state.opens.iter().any(|open| open.link.lock().state != LinkState::Present) {
            return Err(Refusal::new(NtStatus::DELETE_PENDING, Why::DeletePending).into());
        }
        // The directory may have become a link since it was found, or was opened; and what it hands down may be another.
        let is_as_found = self.epoch() == epoch;
        if !is_as_found || above_stat.is_none() {
            let head = self.stored_head(&parent)?;
            if let Some(tag) = head.map(|head| head.tag).filter(|tag| !tag.is_directory()) {
                return if is_as_found { Err(below_link(tag).into()) } else { Ok(Attempt::Again) };
            }
        }
        if !is_as_found {
            descriptor = read()?;
        }
        let heritage = Heritage { node: &parent, stat: above_stat, descriptor };
        let make = if directory { Make::Directory } else { Make::File };
        let (node, host_name) = match self.host.create(&parent, name, make) {
            // Another caller was first: it exists now.
            Err(HostError { fault: HostFault::Exists, .. }) => return Ok(Attempt::Again),
            made => made?,
        };
        let stored = match self.furnish(asking, &node, &heritage, &to_open) {
            Ok(stored) => stored,
            Err(error) => {
                // What could not be made whole is not left behind; the first failure is the one worth telling.
                let _ = self.host.remove(&parent, &host_name);
                return Err(error);
            }
        };
        drop(above_state);
        place.name = host_name;
        place.state = LinkState::Present;
        let stat = self.host.stat(&node)?;
        let file = self.files.file_of(node.clone(), stat.id, directory);
        let mut state = file.lock();
        let link = state.link_at(place);
        let stream = match to_open {
            StreamToOpen::Directory => None,
            StreamToOpen::Data(name) => name,
        };
        if request.allocation > 0 && !directory && stream.is_none() {
            self.reserve(&file, request.allocation)?;
        }
        let draft = Draft { file: Arc::clone(&file), link, stream, granted };
        let sharing = self.sharing_of(request, &draft);
        // Somebody may have opened the new name before its maker could.
        sharing::check(&state.opens, &sharing)?;
        let id = sharing.id;
        state.enter(sharing);
        let filter = if directory { NotifyFilter::DIR_NAME } else { NotifyFilter::FILE_NAME };
        let (file, link) = (Arc::clone(&draft.file), Arc::clone(&draft.link));
        self.tell_change(&mut state, &file, &link, filter, NotifyAction::ADDED, UsnReason::FILE_CREATE);
        self.break_parent(asking.actor(), &link);
        let is_told = request.wants_facts && request.allocation == 0 && draft.stream.is_none();
        let open = self.keep(asking, draft, id);
        // What was just stored need not be read. What cannot be told here is refused where it is asked for by itself.
        let meta = Meta::new(stat, stored, None);
        let facts = is_told.then(|| self.facts_from(&open, &node, &meta).ok()).flatten();
        Ok(Attempt::Opened(Opened {
            id,
            action: CreateAction::CREATED,
            is_reparse_point_opened_without_flag: false,
            is_oplock_breaking: false,
            facts: facts.map(OpenedFacts::from),
        }))
    }

    /// Gives a new object its EAs, attributes, descriptor, mode and named stream, and puts it on the disk if that was promised.
    /// Tells what is stored of its attributes.
    fn furnish(
        &self,
        asking: Asking<'_>,
        node: &H::Node,
        heritage: &Heritage<'_, H>,
        to_open: &StreamToOpen,
    ) -> Result<Option<DosAttrib>, OpenError> {
        let more = match to_open {
            StreamToOpen::Directory => FileAttributes::NONE,
            StreamToOpen::Data(_) => FileAttributes::ARCHIVE,
        };
        let request = asking.request;
        self.give_eas(node, request)?;
        let stored = meta::set_first_attributes(&self.host, node, wanted_attributes(request, more))?;
        self.secure(asking, node, heritage, *to_open == StreamToOpen::Directory)?;
        if let Some(mode) = request.mode {
            self.host.set_mode(node, mode & 0o7777)?;
        }
        if request.options.contains(CreateOptions::NO_COMPRESSION)
            && self.host.features().compresses
            && self.host.stat(node)?.compressed
        {
            self.host.set_compressed(node, false)?; // what the directory would have it be
        }
        if let StreamToOpen::Data(Some(name)) = to_open {
            meta::stream_create(&self.host, node, &name.0)?;
        }
        self.settle(node, request.options)?;
        self.settle(heritage.node, request.options)?;
        Ok(stored)
    }
}

fn check_attributes(request: &OpenRequest<'_>, directory: bool) -> Result<(), Refusal> {
    if directory && request.attributes.contains(FileAttributes::TEMPORARY) {
        return Err(Refusal::parameter("a directory cannot be temporary"));
    }
    let read_only = request.attributes.contains(FileAttributes::READONLY);
    if read_only && request.options.contains(CreateOptions::DELETE_ON_CLOSE) {
        return Err(Refusal::new(NtStatus::CANNOT_DELETE, Why::ReadOnlyFile));
    }
    Ok(())
}

/// Nothing is made in a directory that is a link, or has a tag that nobody follows.
fn below_link(tag: Tag) -> Refusal {
    if is_link(tag) {
        let why = Why::Target(TargetFault::BelowLink);
        return Refusal::new(NtStatus::REPARSE_POINT_NOT_RESOLVED, why);
    }
    Refusal::new(NtStatus::IO_REPARSE_TAG_NOT_HANDLED, Why::TagNotHandled(tag))
}
