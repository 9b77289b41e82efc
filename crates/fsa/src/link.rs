//! A name of a file in a directory. [MS-FSA] 2.1.1.4 Link
use crate::host::{Host, HostName, NodeId};
use nt::Utf16;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A name through which a file is open. All opens through the same name share it, so a rename is seen by each.
pub struct Link<H: Host> {
    place: Mutex<Place<H>>,
}

/// Where a link lies.
pub struct Place<H: Host> {
    /// The directory, and who it is; `None` for the volume's root.
    pub parent: Option<(H::Node, NodeId)>,
    /// The name as the host has it; empty for the root.
    pub name: HostName,
    /// The path from the volume's root, in the case that the host has: `\a\b`, and `\` for the root.
    pub path: Utf16,
    /// Whether the name still stands.
    pub state: LinkState,
}

/// Whether a name still stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinkState {
    /// It does.
    Present,
    /// It goes when the last open through it closes; until then it cannot be opened again. [MS-FSA] Link.IsDeleted
    DeletePending,
    /// It has gone; opens through it live on without a name.
    Gone,
}

impl<H: Host> Clone for Place<H> {
    fn clone(&self) -> Place<H> {
        Place {
            parent: self.parent.clone(),
            name: self.name.clone(),
            path: self.path.clone(),
            state: self.state,
        }
    }
}

impl<H: Host> Link<H> {
    pub(crate) fn new(place: Place<H>) -> Link<H> {
        Link { place: Mutex::new(place) }
    }

    /// Where the link lies now. Held briefly, never over a call that waits for another lock.
    pub fn lock(&self) -> MutexGuard<'_, Place<H>> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True when this is the entry `name` of the directory `parent`.
    pub(crate) fn is_at(&self, parent: Option<NodeId>, name: &HostName) -> bool {
        let place = self.lock();
        place.state != LinkState::Gone
            && place.parent.as_ref().map(|(_, id)| *id) == parent
            && place.name == *name
    }
}
