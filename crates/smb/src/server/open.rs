//! [MS-SMB2] 3.3.1.10: opens.
use core::time::Duration;

use nt::AccessMask;

use wire::create::{CreateFlags, OplockLevel};

use super::durable::Recall;
use super::lease::{Breaking, LeaseId};
use super::lock_sequence::LockSequences;
use super::{Asked, Pipe, ShareId};
use crate::store::StoreOpen;

/// What is open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Held {
    /// A file or directory of a store.
    File(StoreOpen),
    /// A pipe of ours.
    Pipe,
}

/// Whose an open is now: Open.Session and Open.TreeConnect, or nobody's. What its client is told goes out on any channel of the
/// session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Attachment {
    /// It is in use.
    Attached { session_id: u64, tree_id: u32 },
    /// Its client is gone and may come back.
    Waiting,
}

/// An open. A server may have very many: what most do not have lies elsewhere.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) attachment: Attachment,
    pub(crate) share: ShareId,
    /// What a store calls it, unless it is a pipe.
    store: StoreOpen,
    rare: Option<Box<Rare>>,
    pub(crate) sequence: ChannelSequence,
    pub(crate) granted: AccessMask,
    pub(crate) is_directory: bool,
    /// A reparse point was opened without FILE_OPEN_REPARSE_POINT.
    pub(crate) flags: CreateFlags,
    /// Open.OplockLevel.
    pub(crate) oplock: OplockLevel,
}

/// What most opens do not have.
#[derive(Debug, Default)]
struct Rare {
    pipe: Option<Box<Pipe>>,
    /// Open.Lease.
    lease: Option<LeaseId>,
    /// The break of the oplock.
    breaking: Option<Breaking>,
    /// OutstandingPreRequestCount. [MS-SMB2] 3.3.5.2.10
    outstanding_before: u32,
    /// Open.DurableOpenScavengerTimeout or ResilientOpenTimeout, of one that waits.
    waits_until: Duration,
    /// Open.LockSequenceArray, once there is something in it.
    lock_sequences: Option<Box<LockSequences>>,
    /// By what its client finds it again, where it asked to.
    recall: Option<Box<Recall>>,
}

/// ChannelSequence and OutstandingRequestCount. [MS-SMB2] 3.3.5.2.10
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct ChannelSequence {
    pub(crate) number: u16,
    /// How often the number has changed. A request is counted under the epoch it came in, since a number can come again.
    pub(crate) epoch: u16,
    outstanding: u32,
}

impl Open {
    /// A new one that a request has made, with no rights yet.
    pub(crate) fn new(asked: &Asked, share: ShareId, store: StoreOpen) -> Open {
        Open {
            attachment: Attachment::Attached { session_id: asked.session_id, tree_id: asked.tree_id },
            share,
            store,
            rare: None,
            sequence: ChannelSequence { number: asked.channel_sequence, ..ChannelSequence::default() },
            granted: AccessMask::NONE,
            is_directory: false,
            flags: CreateFlags::NONE,
            oplock: OplockLevel::NONE,
        }
    }

    /// Likewise, of a pipe.
    pub(crate) fn of_pipe(asked: &Asked, share: ShareId, pipe: Pipe) -> Open {
        let mut open = Open::new(asked, share, StoreOpen(0));
        open.rare_mut().pipe = Some(Box::new(pipe));
        open
    }

    fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// What is open.
    pub(crate) fn held(&self) -> Held {
        match self.rare.as_ref().is_some_and(|rare| rare.pipe.is_some()) {
            true => Held::Pipe,
            false => Held::File(self.store),
        }
    }

    /// The pipe, if it is one.
    pub(crate) fn pipe_mut(&mut self) -> Option<&mut Pipe> {
        self.rare.as_mut()?.pipe.as_deref_mut()
    }

    /// By what its client finds it again, where it asked to.
    pub(crate) fn recall(&self) -> Option<&Recall> {
        self.rare.as_ref()?.recall.as_deref()
    }

    /// Likewise.
    pub(crate) fn recall_mut(&mut self) -> Option<&mut Recall> {
        self.rare.as_mut()?.recall.as_deref_mut()
    }

    /// Likewise, for the client that asks to just now.
    pub(crate) fn recall_or_default(&mut self) -> &mut Recall {
        self.rare_mut().recall.get_or_insert_default()
    }

    /// Open.LockSequenceArray.
    pub(crate) fn lock_sequences(&mut self) -> &mut LockSequences {
        self.rare_mut().lock_sequences.get_or_insert_default()
    }

    /// OutstandingPreRequestCount.
    pub(crate) fn outstanding_before(&self) -> u32 {
        self.rare.as_ref().map_or(0, |rare| rare.outstanding_before)
    }

    /// The ChannelSequence is another from now on: what is outstanding is so from before.
    pub(crate) fn advance_sequence(&mut self, number: u16) {
        let ChannelSequence { epoch, outstanding, .. } = self.sequence;
        if outstanding > 0 {
            let before = &mut self.rare_mut().outstanding_before;
            *before = before.saturating_add(outstanding);
        }
        self.sequence = ChannelSequence { number, epoch: epoch.wrapping_add(1), outstanding: 0 };
    }

    /// A request that is outstanding from now on; the epoch it came in.
    pub(crate) fn count(&mut self) -> u16 {
        self.sequence.outstanding = self.sequence.outstanding.saturating_add(1);
        self.sequence.epoch
    }

    /// A request that came in this epoch is outstanding no longer.
    pub(crate) fn uncount(&mut self, epoch: u16) {
        let count = match self.sequence.epoch == epoch {
            true => Some(&mut self.sequence.outstanding),
            false => self.rare.as_mut().map(|rare| &mut rare.outstanding_before),
        };
        if let Some(count) = count {
            *count = count.saturating_sub(1);
        }
    }

    /// Its client is gone, and it waits until then; the client's requests are over, so nothing is outstanding.
    pub(crate) fn detach(&mut self, until: Duration) {
        self.attachment = Attachment::Waiting;
        self.sequence = ChannelSequence::default();
        let rare = self.rare_mut();
        (rare.waits_until, rare.outstanding_before) = (until, 0);
    }

    /// FileId.Persistent, of the open whose FileId.Volatile this is. Until something is remembered of an open the two are one.
    pub(crate) fn persistent(&self, volatile: u64) -> u64 {
        self.recall().map_or(volatile, |recall| recall.persistent)
    }

    /// Open.Lease.
    pub(crate) fn lease(&self) -> Option<LeaseId> {
        self.rare.as_ref()?.lease
    }

    /// Enters its lease.
    pub(crate) fn set_lease(&mut self, lease: Option<LeaseId>) {
        if lease.is_some() || self.rare.is_some() {
            self.rare_mut().lease = lease;
        }
    }

    /// The break of its oplock.
    pub(crate) fn breaking(&self) -> Option<Breaking> {
        self.rare.as_ref()?.breaking
    }

    pub(crate) fn set_breaking(&mut self, breaking: Option<Breaking>) {
        if breaking.is_some() || self.rare.is_some() {
            self.rare_mut().breaking = breaking;
        }
    }

    /// The break of its oplock, to go on with.
    pub(crate) fn breaking_mut(&mut self) -> Option<&mut Breaking> {
        self.rare.as_mut()?.breaking.as_mut()
    }

    /// The session it belongs to, while its client is there.
    pub(crate) fn session_id(&self) -> Option<u64> {
        match self.attachment {
            Attachment::Attached { session_id, .. } => Some(session_id),
            Attachment::Waiting => None,
        }
    }

    /// True when it came by this tree connect of its session.
    pub(crate) fn is_of_tree(&self, id: u32) -> bool {
        matches!(self.attachment, Attachment::Attached { tree_id, .. } if tree_id == id)
    }

    /// True while its client is gone.
    pub(crate) fn is_waiting(&self) -> bool {
        self.attachment == Attachment::Waiting
    }

    /// Until when, while it is.
    pub(crate) fn waits_until(&self) -> Option<Duration> {
        self.rare.as_ref().filter(|_| self.is_waiting()).map(|rare| rare.waits_until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten thousand of them are to take a tenth of what smbd takes, docs/PERFORMANCE.md.
    #[test]
    fn an_open_is_small() {
        assert_eq!(size_of::<(u64, Open)>(), 64);
    }
}
