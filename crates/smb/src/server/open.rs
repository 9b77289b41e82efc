//! [MS-SMB2] 3.3.1.10: opens.
use nt::AccessMask;

use wire::create::OplockLevel;

use super::lease::{Breaking, LeaseId};
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

/// An open.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) persistent: u64,
    pub(crate) session_id: u64,
    pub(crate) tree_id: u32,
    pub(crate) share: ShareId,
    pub(crate) held: Held,
    pub(crate) granted: AccessMask,
    pub(crate) is_directory: bool,
    /// Open.OplockLevel, and whether it breaks.
    pub(crate) oplock: OplockLevel,
    pub(crate) breaking: Option<Breaking>,
    /// Open.Lease.
    pub(crate) lease: Option<LeaseId>,
    /// ChannelSequence, OutstandingRequestCount and OutstandingPreRequestCount. [MS-SMB2] 3.3.5.2.10
    pub(crate) channel_sequence: u16,
    pub(crate) outstanding: u64,
    pub(crate) outstanding_before: u64,
}
