//! [MS-SMB2] 3.3.1.11 and 3.3.1.12: leases.
use core::time::Duration;
use std::collections::BTreeSet;

use nt::Guid;
use wire::create::{LeaseKey, LeaseState};

use super::ConnectionId;
use crate::store::CachingKey;

/// How long a client has to acknowledge a break. [MS-SMB2] 3.3.2.1
pub(crate) const BREAK_TIMEOUT: Duration = Duration::from_secs(35);

/// A lease of one client.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct LeaseId {
    pub(crate) client: [u8; 16],
    pub(crate) key: [u8; 16],
}

/// A break that waits for its acknowledgment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Breaking {
    /// BreakToLeaseState; of an oplock nothing or level II.
    pub(crate) to: LeaseState,
    pub(crate) until: Duration,
    /// On which connection the client was told last.
    pub(crate) told: Option<ConnectionId>,
}

/// A lease.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) state: LeaseState,
    pub(crate) breaking: Option<Breaking>,
    pub(crate) epoch: u16,
    /// Lease.Version is 2.
    pub(crate) is_v2: bool,
    /// Lease.ParentLeaseKey.
    pub(crate) parent: Option<LeaseKey>,
    /// Which file, by its volume's and its own number.
    pub(crate) file: (u64, u64),
    /// Lease.FileDeleteOnClose.
    pub(crate) deletes_on_close: bool,
    pub(crate) opens: BTreeSet<u64>,
}

impl LeaseId {
    pub(crate) fn new(client: Guid, key: LeaseKey) -> LeaseId {
        LeaseId { client: client.0, key: key.0 }
    }

    /// One number of both, for the store: keys of two clients that are alike stay apart.
    pub(crate) fn caching_key(self) -> CachingKey {
        let mut mixed = self.key;
        mixed.iter_mut().zip(self.client).for_each(|(byte, other)| *byte ^= other);
        CachingKey(mixed)
    }
}
