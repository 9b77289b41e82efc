//! Closing an open. [MS-FSA] 2.1.5.5
use crate::event::Event;
use crate::file::FileState;
use crate::host::{Host, HostError, HostFault, meta};
use crate::link::{Link, LinkState};
use crate::opens::{Open, OpenId};
use crate::oplock::{Breaks, Patience};
use crate::refusal::Refusal;
use crate::stream::folded;
use crate::volume::Volume;
use nt::{NotifyAction, NotifyFilter, UsnReason};
use std::sync::Arc;

impl<H: Host> Volume<H> {
    /// Closes an open. With the last open through a name that is to be deleted the name goes; a directory that has got
    /// entries meanwhile stays. The open is gone even when this is refused: what is then told is why a deletion failed.
    pub fn close(&self, id: OpenId) -> Result<(), Refusal> {
        let open = self.opens.remove(id)?;
        let file = Arc::clone(&open.file);
        self.release_locks(&open);
        self.close_watch(&open);
        let mut state = file.lock();
        state.opens.retain(|sharing| sharing.id != id);
        let told = self.tell_written_at_close(&open);
        // [Windows] A rename changes the file's attributes, which is told when its open closes: smbtorture
        // smb2.notify.mask-change, and not before: smb2.notify.rec.
        if open.cursors.has_renamed() && !file.is_directory() && open.link.lock().state == LinkState::Present
        {
            let (filter, action) = (NotifyFilter::ATTRIBUTES, NotifyAction::MODIFIED);
            self.tell_change(&mut state, &file, &open.link, filter, action, UsnReason::NONE);
        }
        if open.cursors.has_changed_data() {
            // [Windows] Who caches the directory's listing hears of what was written when its open closes, and not before:
            // smbtorture smb2.lease.v2_request.
            self.break_parent(open.actor(), &open.link);
        }
        let deleted = self.delete_at_close(&mut state, &open);
        self.close_oplock(&open, &state);
        if state.opens.is_empty() && !state.usn.is_empty() {
            let reason = state.usn | UsnReason::CLOSE;
            state.usn = UsnReason::NONE;
            self.tell(|| Event::Usn { file: file.id(), reason, path: open.path() });
        }
        let released = if state.opens.is_empty() { self.release_reserved(&file) } else { Ok(()) };
        drop(state);
        drop(open);
        self.files.forget(file);
        deleted?;
        told?;
        released
    }

    /// What a write of this open has yet to tell is told, before the open is asked a last time and closes.
    /// [MS-SMB2] 3.3.5.10 SMB2_CLOSE_FLAG_POSTQUERY_ATTRIB
    pub fn about_to_close(&self, id: OpenId) -> Result<(), Refusal> {
        let open = self.open_of(id)?;
        Ok(self.tell_written_at_close(&open)?)
    }

    /// Phase 1 of the book's close: what this was the last open of, and was to be deleted, goes.
    fn delete_at_close(&self, state: &mut FileState<H>, open: &Open<H>) -> Result<(), Refusal> {
        if open.deletes_on_close() {
            // Who caches handles lets them go, and the name goes the sooner. [Windows] smbtorture smb2.lease.unlink
            let stream = open.stream().map(folded);
            let actor = open.actor();
            self.check_oplock(&open.file, stream.as_ref(), actor, Breaks::handles(), Patience::GoesOn)?;
            match open.stream() {
                Some(name) => state.streams_deleted.push(folded(name)),
                None => self.mark_for_deletion(&open.link),
            }
        }
        if let Some(name) = open.stream().map(folded)
            && state.streams_deleted.contains(&name)
            && !state.opens.iter().any(|sharing| sharing.stream() == Some(&name))
        {
            state.streams_deleted.retain(|going| *going != name);
            let node = open.file.node();
            if let Some(stream) = meta::stream_find(&self.host, &node, &name.0)? {
                meta::stream_remove(&self.host, &node, &stream)?;
            }
        }
        let going = open.link.lock().state == LinkState::DeletePending;
        if going && !state.is_open_through(&open.link) {
            self.remove_link(state, open)?;
        }
        Ok(())
    }

    /// The name goes when the last open through it closes. The root's does not.
    pub(crate) fn mark_for_deletion(&self, link: &Link<H>) {
        let mut place = link.lock();
        if place.state == LinkState::Present && place.parent.is_some() {
            place.state = LinkState::DeletePending;
            drop(place);
            self.report_deletion(link);
        }
    }

    /// Removes a name. Called with the file's lock held.
    pub(crate) fn remove_link(&self, state: &mut FileState<H>, open: &Open<H>) -> Result<(), Refusal> {
        let (parent, name) = {
            let place = open.link.lock();
            let Some((parent, _)) = place.parent.clone() else { return Ok(()) };
            (parent, place.name.clone())
        };
        match self.host.remove(&parent, &name) {
            Ok(()) => {}
            Err(HostError { fault: HostFault::NotEmpty, .. }) => {
                // [MS-FSA] 2.1.5.5: a directory with entries is not deleted, and close says nothing of it.
                open.link.lock().state = LinkState::Present;
                return Ok(());
            }
            // Another process was first: the name is gone, as it was to be.
            Err(HostError { fault: HostFault::NotFound, .. }) => {}
            Err(error) => {
                open.link.lock().state = LinkState::Present;
                return Err(error.into());
            }
        }
        open.link.lock().state = LinkState::Gone;
        self.host.let_go(open.file.id());
        self.changed();
        self.settle(&parent, open.options)?;
        self.break_parent(open.actor(), &open.link);
        let filter = if open.file.is_directory() { NotifyFilter::DIR_NAME } else { NotifyFilter::FILE_NAME };
        let action = NotifyAction::REMOVED;
        self.tell_change(state, &open.file, &open.link, filter, action, UsnReason::FILE_DELETE);
        Ok(())
    }
}
