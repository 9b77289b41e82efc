//! Opening what exists. [MS-FSA] 2.1.5.1.2
use super::breaks::Opening;
use super::parameters::overwrites;
use super::stream_kind::{StreamToOpen, decide};
use super::walk::Tail;
use super::{Asking, Attempt, OpenError, OpenRequest, Opened, sharing};
use crate::cursors::Cursors;
use crate::file::{File, FileState, Sharing};
use crate::host::{Host, meta};
use crate::link::{Link, LinkState, Place};
use crate::object::Object;
use crate::opens::{HeldPrivileges, More, Open, OpenId};
use crate::query::OpenedFacts;
use crate::refusal::{Refusal, Why};
use crate::stream::folded;
use crate::volume::Volume;
use nt::{
    AccessMask, CreateAction, CreateDisposition, CreateOptions, FileAttributes, NotifyAction, NotifyFilter,
    NtStatus, UsnReason, Utf16,
};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What an open has been decided to be, before it is one.
pub(super) struct Draft<H: Host> {
    pub(super) file: Arc<File<H>>,
    pub(super) link: Arc<Link<H>>,
    pub(super) stream: Option<Utf16>,
    pub(super) granted: AccessMask,
}

impl<H: Host> Volume<H> {
    /// Opens an object that was found at `place`. What it does to the file it does under the file's lock.
    pub(super) fn open_existing(
        &self,
        asking: Asking<'_>,
        object: Object<H>,
        place: Place<H>,
        tail: Tail,
        epoch: u64,
    ) -> Result<Attempt, OpenError> {
        let request = asking.request;
        let to_open = decide(request, &tail, Some(object.is_directory()))?;
        let file = self.files.file_of(object.node.clone(), object.id(), object.is_directory());
        let mut state = file.lock();
        let Some(object) = self.still(request, object, &place, epoch)? else { return Ok(Attempt::Again) };
        let link = state.link_at(place);
        if link.lock().state != LinkState::Present {
            return Err(Refusal::new(NtStatus::DELETE_PENDING, Why::DeletePending).into());
        }
        let (stream, action) = match to_open {
            StreamToOpen::Directory => (None, self.directory_action(request, &link)?),
            StreamToOpen::Data(name) => self.stream_action(request, &state, &object, name)?,
        };
        let folded_stream = stream.as_ref().map(folded);
        let opening = Opening { asking, file: &file, stream: folded_stream.as_ref(), action };
        let mut is_oplock_breaking = self.break_batch(opening)?;
        let added = added_rights(action, stream.is_some());
        let granted = self.grant_existing(asking, added, &object, &link)?;
        let draft = Draft { file: Arc::clone(&file), link, stream, granted };
        let sharing = self.sharing_of(request, &draft);
        if let Err(violation) = sharing::check(&state.opens, &sharing) {
            return Err(self.break_handles(opening, violation).into());
        }
        is_oplock_breaking |= self.break_for_open(opening)?;
        if action != CreateAction::OPENED {
            self.require_writable()?;
            self.change_existing(request, &mut state, &object, &draft, action)?;
        }
        let is_reparse_point = object.tag().is_some() && !overwrites_point(request, action, &draft);
        let id = sharing.id;
        state.enter(sharing);
        let looked_at = request.wants_facts && action == CreateAction::OPENED && draft.stream.is_none();
        let open = self.keep(asking, draft, id);
        // What cannot be told here is refused where it is asked for by itself.
        let facts = looked_at.then(|| self.facts_from(&open, &object.node, &object.meta).ok()).flatten();
        Ok(Attempt::Opened(Opened {
            id,
            action,
            is_reparse_point_opened_without_flag: is_reparse_point && !request.opens_reparse_point(),
            is_oplock_breaking,
            facts: facts.map(OpenedFacts::from),
        }))
    }

    /// The object as it is under the lock, or `None` when the name or the reparse point is another by now.
    fn still(
        &self,
        request: &OpenRequest<'_>,
        object: Object<H>,
        place: &Place<H>,
        epoch: u64,
    ) -> Result<Option<Object<H>>, OpenError> {
        if self.epoch() == epoch {
            return Ok(Some(object));
        }
        if let Some((parent, _)) = &place.parent
            && request.relative_to.is_none_or(|_| !request.path.is_empty())
        {
            let there = self.host.open_entry(parent, &place.name).and_then(|node| self.host.stat(&node));
            if there.is_ok_and(|stat| stat.id != object.id()) || there.is_err() {
                return Ok(None);
            }
        }
        let now = self.object(object.node.clone())?;
        let passable = request.opens_reparse_point() || now.tag_in_the_way().is_none();
        Ok(passable.then_some(now))
    }

    /// Directories are opened, never overwritten.
    fn directory_action(&self, request: &OpenRequest<'_>, link: &Link<H>) -> Result<CreateAction, Refusal> {
        match request.disposition {
            CreateDisposition::OPEN | CreateDisposition::OPEN_IF => Ok(CreateAction::OPENED),
            _ if link.lock().parent.is_none() => {
                Err(Refusal::new(NtStatus::ACCESS_DENIED, Why::Object("the root is never made anew")))
            }
            _ => Err(Refusal::new(NtStatus::OBJECT_NAME_COLLISION, Why::Collision)),
        }
    }

    /// What the disposition means for a stream, and the stream's name as it is stored.
    fn stream_action(
        &self,
        request: &OpenRequest<'_>,
        state: &FileState<H>,
        object: &Object<H>,
        name: Option<Utf16>,
    ) -> Result<(Option<Utf16>, CreateAction), OpenError> {
        let (stored, exists) = match name {
            None => (None, true),
            Some(name) => {
                if state.streams_deleted.contains(&folded(&name)) {
                    return Err(Refusal::new(NtStatus::DELETE_PENDING, Why::DeletePending).into());
                }
                match meta::stream_find(&self.host, &object.node, &name.0)? {
                    Some(stream) => (Some(stream.name()), true),
                    None => (Some(name), false),
                }
            }
        };
        let action = match (exists, request.disposition) {
            (true, CreateDisposition::CREATE) => {
                return Err(Refusal::new(NtStatus::OBJECT_NAME_COLLISION, Why::Collision).into());
            }
            (true, CreateDisposition::SUPERSEDE) => CreateAction::SUPERSEDED,
            (true, disposition) if overwrites(disposition) => CreateAction::OVERWRITTEN,
            (true, _) => CreateAction::OPENED,
            (false, CreateDisposition::OPEN | CreateDisposition::OVERWRITE) => {
                let why = Why::Object("the file has no stream of that name");
                return Err(Refusal::new(NtStatus::OBJECT_NAME_NOT_FOUND, why).into());
            }
            (false, _) => CreateAction::CREATED,
        };
        Ok((stored, action))
    }

    /// Makes, empties or replaces the opened stream of a file that exists.
    fn change_existing(
        &self,
        request: &OpenRequest<'_>,
        state: &mut FileState<H>,
        object: &Object<H>,
        draft: &Draft<H>,
        action: CreateAction,
    ) -> Result<(), OpenError> {
        let (filter, reason) = match &draft.stream {
            Some(name) if action == CreateAction::CREATED => {
                meta::stream_create(&self.host, &object.node, &name.0)?;
                (NotifyFilter::STREAM_NAME, UsnReason::STREAM_CHANGE)
            }
            Some(name) => {
                if let Some(stream) = meta::stream_find(&self.host, &object.node, &name.0)? {
                    meta::stream_write(&self.host, &object.node, &stream, &[])?;
                }
                (NotifyFilter::STREAM_SIZE | NotifyFilter::STREAM_WRITE, UsnReason::NAMED_DATA_TRUNCATION)
            }
            None => {
                self.overwrite(request, object, draft)?;
                self.release_reserved(&draft.file)?;
                if request.allocation > 0 {
                    self.reserve(&draft.file, request.allocation)?;
                }
                let removed = object.tag().map_or(UsnReason::NONE, |_| UsnReason::REPARSE_POINT_CHANGE);
                (
                    NotifyFilter::ATTRIBUTES | NotifyFilter::SIZE | NotifyFilter::LAST_WRITE,
                    UsnReason::DATA_TRUNCATION | UsnReason::BASIC_INFO_CHANGE | removed,
                )
            }
        };
        self.changed();
        self.settle(&draft.file.node(), request.options)?;
        self.tell_change(state, &draft.file, &draft.link, filter, NotifyAction::MODIFIED, reason);
        Ok(())
    }

    /// Empties a file: its data, its named streams, its EAs, its reparse point and its attributes are those of a new file.
    /// The reparse point goes first and in one step: whatever fails afterwards, it is whole or gone.
    /// [MS-FSA] 2.1.5.1.2; Windows: the reparse point and the named streams: docs/SPEC-NOTES.md 11
    fn overwrite(
        &self,
        request: &OpenRequest<'_>,
        object: &Object<H>,
        draft: &Draft<H>,
    ) -> Result<(), OpenError> {
        let kept = object.meta.attributes;
        for bit in [FileAttributes::HIDDEN, FileAttributes::SYSTEM] {
            if kept.contains(bit) && !request.attributes.contains(bit) {
                let why = Why::Object("overwriting a hidden or system file needs the same attribute");
                return Err(Refusal::new(NtStatus::ACCESS_DENIED, why).into());
            }
        }
        if object.is_host_special() {
            self.replace_special_by_file(&draft.file, &draft.link)?;
        } else if object.tag().is_some() {
            meta::remove_point(&self.host, &object.node)?;
        }
        let node = draft.file.node();
        if !object.is_host_special() {
            self.host.set_len(&node, 0)?;
            for stream in meta::stream_list(&self.host, &node)? {
                meta::stream_remove(&self.host, &node, &stream.at)?;
            }
            for ea in meta::ea_list(&self.host, &node)? {
                meta::ea_set(&self.host, &node, &ea.name, &[])?;
            }
        }
        self.give_eas(&node, request)?;
        meta::set_attributes(&self.host, &node, wanted_attributes(request, FileAttributes::ARCHIVE))?;
        Ok(())
    }

    /// Gives a file the EAs that the request has for it.
    pub(super) fn give_eas(&self, node: &H::Node, request: &OpenRequest<'_>) -> Result<(), OpenError> {
        for ea in request.eas {
            if !meta::ea_name_is_valid(&ea.name) {
                return Err(Refusal::parameter("an EA's name cannot be").into());
            }
            meta::ea_set(&self.host, node, &ea.name, &ea.value)?;
        }
        Ok(())
    }

    /// What this open will contribute to the file's sharing.
    pub(super) fn sharing_of(&self, request: &OpenRequest<'_>, draft: &Draft<H>) -> Sharing<H> {
        Sharing {
            id: self.opens.next_id(),
            granted: draft.granted,
            share: request.share_access,
            link: Arc::clone(&draft.link),
            more: More {
                stream: draft.stream.as_ref().map(folded),
                oplock_key: request.oplock_key,
                parent_oplock_key: None,
            }
            .boxed(),
        }
    }

    /// Puts the open in the table.
    pub(super) fn keep(&self, asking: Asking<'_>, draft: Draft<H>, id: OpenId) -> Arc<Open<H>> {
        let Asking { cx, request, .. } = asking;
        let open = Arc::new(Open {
            id,
            file: draft.file,
            link: draft.link,
            granted: draft.granted,
            options: request.options,
            held: HeldPrivileges::among(cx.token.privileges),
            more: More {
                stream: draft.stream,
                oplock_key: request.oplock_key,
                parent_oplock_key: request.parent_oplock_key,
            }
            .boxed(),
            delete_on_close: AtomicBool::new(request.options.contains(CreateOptions::DELETE_ON_CLOSE)),
            cursors: Cursors::default(),
        });
        self.opens.insert(Arc::clone(&open));
        open
    }
}

/// The attributes that a file gets which is made or overwritten, with those that it has in any case.
pub(super) fn wanted_attributes(request: &OpenRequest<'_>, more: FileAttributes) -> FileAttributes {
    // A new file is indexed or not as its directory says; [MS-FSA] 2.1.5.1.1 leaves the caller no say.
    (request.attributes.without(FileAttributes::NOT_CONTENT_INDEXED) | more) & meta::SETTABLE
}

/// Rights that a change needs besides those asked for. They are checked, and not granted: docs/SPEC-NOTES.md 12
fn added_rights(action: CreateAction, named: bool) -> AccessMask {
    let attributes = AccessMask::FILE_WRITE_EA | AccessMask::FILE_WRITE_ATTRIBUTES;
    let attributes = if named { AccessMask::NONE } else { attributes };
    match action {
        CreateAction::SUPERSEDED => attributes | AccessMask::DELETE,
        CreateAction::OVERWRITTEN => attributes | AccessMask::FILE_WRITE_DATA,
        CreateAction::CREATED => AccessMask::FILE_WRITE_DATA,
        _ => AccessMask::NONE,
    }
}

/// True when the open removed the object's reparse point.
fn overwrites_point<H: Host>(request: &OpenRequest<'_>, action: CreateAction, draft: &Draft<H>) -> bool {
    action != CreateAction::OPENED && draft.stream.is_none() && request.opens_reparse_point()
}
