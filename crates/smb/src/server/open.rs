//! [MS-SMB2] 3.3.1.10: opens.
use core::time::Duration;

use nt::AccessMask;

use wire::create::{CreateFlags, OplockLevel};

use super::durable::Recall;
use super::lease::{Breaking, LeaseId};
use super::lock_sequence::LockSequences;
use super::{Pipe, ShareId};
use crate::store::StoreOpen;

/// What is open.
#[derive(Debug)]
pub(crate) enum Held {
    /// A file or directory of a store.
    File(StoreOpen),
    /// A pipe of ours.
    Pipe(Box<Pipe>),
}

/// Whose an open is now: Open.Session and Open.TreeConnect, or nobody's. What its client is told goes out on any channel of the
/// session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Attachment {
    /// It is in use.
    Attached { session_id: u64, tree_id: u32 },
    /// Its client is gone and may come back until then: Open.DurableOpenScavengerTimeout, Open.ResilientOpenTimeout.
    Waiting { until: Duration },
}

/// An open.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) attachment: Attachment,
    pub(crate) share: ShareId,
    pub(crate) held: Held,
    pub(crate) granted: AccessMask,
    pub(crate) is_directory: bool,
    /// A reparse point was opened without FILE_OPEN_REPARSE_POINT.
    pub(crate) flags: CreateFlags,
    /// Open.OplockLevel.
    pub(crate) oplock: OplockLevel,
    pub(crate) cached: Option<Box<Cached>>,
    pub(crate) sequence: ChannelSequence,
    /// Open.LockSequenceArray, once there is something in it.
    pub(crate) lock_sequences: Option<Box<LockSequences>>,
    /// By what its client finds it again, where it asked to.
    pub(crate) recall: Option<Box<Recall>>,
}

/// A lease or a break, for the open that has one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Cached {
    /// Open.Lease.
    pub(crate) lease: Option<LeaseId>,
    /// The break of the oplock.
    pub(crate) breaking: Option<Breaking>,
}

impl Cached {
    /// Kept only where there is something to keep.
    pub(crate) fn boxed(self) -> Option<Box<Cached>> {
        (self != Cached::default()).then(|| Box::new(self))
    }
}

/// ChannelSequence, OutstandingRequestCount and OutstandingPreRequestCount. [MS-SMB2] 3.3.5.2.10
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct ChannelSequence {
    pub(crate) number: u16,
    /// How often the number has changed. A request is counted under the epoch it came in, since a number can come again.
    pub(crate) epoch: u32,
    pub(crate) outstanding: u32,
    pub(crate) outstanding_before: u32,
}

impl Open {
    /// FileId.Persistent, of the open whose FileId.Volatile this is. Until something is remembered of an open the two are one.
    pub(crate) fn persistent(&self, volatile: u64) -> u64 {
        self.recall.as_ref().map_or(volatile, |recall| recall.persistent)
    }

    /// Open.Lease.
    pub(crate) fn lease(&self) -> Option<LeaseId> {
        self.cached.as_ref()?.lease
    }

    /// The break of its oplock.
    pub(crate) fn breaking(&self) -> Option<Breaking> {
        self.cached.as_ref()?.breaking
    }

    pub(crate) fn set_breaking(&mut self, breaking: Option<Breaking>) {
        self.cached = Cached { lease: self.lease(), breaking }.boxed();
    }

    /// The session it belongs to, while its client is there.
    pub(crate) fn session_id(&self) -> Option<u64> {
        match self.attachment {
            Attachment::Attached { session_id, .. } => Some(session_id),
            Attachment::Waiting { .. } => None,
        }
    }

    /// True when it came by this tree connect of its session.
    pub(crate) fn is_of_tree(&self, id: u32) -> bool {
        matches!(self.attachment, Attachment::Attached { tree_id, .. } if tree_id == id)
    }

    /// True while its client is gone.
    pub(crate) fn is_waiting(&self) -> bool {
        matches!(self.attachment, Attachment::Waiting { .. })
    }
}
