//! What happened, told in values: directory notifications and journal reasons. [MS-FSA] 2.1.4.1, 2.1.4.11
use crate::file::{File, FileState};
use crate::host::{Host, NodeId};
use crate::link::Link;
use crate::notify::Change;
use crate::volume::Volume;
use nt::{NotifyAction, NotifyFilter, UsnReason, Utf16};
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// The most events kept for a caller who does not take them; the oldest are dropped first, and the drop is itself told.
pub const EVENTS_MAX: usize = 65_536;

/// Something that happened to the volume.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// A directory notification. [MS-FSA] 2.1.4.1
    Notify {
        /// What changed.
        filter: NotifyFilter,
        /// How.
        action: NotifyAction,
        /// The name, from the volume's root.
        path: Utf16,
    },
    /// A record for the change journal. [MS-FSA] 2.1.4.11
    Usn {
        /// Whose.
        file: NodeId,
        /// Every reason since the file was opened first, as the journal accumulates them.
        reason: UsnReason,
        /// The name, from the volume's root.
        path: Utf16,
    },
    /// The queue was full: so many of the oldest events were dropped.
    Dropped(u64),
}

impl<H: Host> Volume<H> {
    /// Tells watchers and the journal of a change. Called with the file's lock held, once the change has been made.
    pub(crate) fn tell_change(
        &self,
        state: &mut FileState<H>,
        file: &File<H>,
        link: &Link<H>,
        filter: NotifyFilter,
        action: NotifyAction,
        reason: UsnReason,
    ) {
        if !self.options.events && self.watches.is_empty() {
            return;
        }
        let path = link.lock().path.clone();
        self.report(Change { filter, action, path: &path.0 });
        self.tell(|| Event::Notify { filter, action, path: path.clone() });
        // The journal writes a record when a reason is new since the file was first opened. [MS-FSA] 2.1.4.11
        if !state.usn.contains(reason) {
            state.usn |= reason;
            self.tell(|| Event::Usn { file: file.id(), reason: state.usn, path });
        }
    }
}

/// The queue behind [`crate::Volume::take_events`].
#[derive(Default)]
pub(crate) struct EventQueue {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    events: VecDeque<Event>,
    dropped: u64,
}

impl EventQueue {
    pub(crate) fn push(&self, event: Event) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.events.len() >= EVENTS_MAX {
            inner.events.pop_front();
            inner.dropped += 1;
        }
        inner.events.push_back(event);
    }

    pub(crate) fn take(&self) -> Vec<Event> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let dropped = core::mem::take(&mut inner.dropped);
        let told = (dropped > 0).then_some(Event::Dropped(dropped));
        told.into_iter().chain(inner.events.drain(..)).collect()
    }
}
