//! [MS-SMB2] 3.3.1.11 and 3.3.1.12: leases.
use core::time::Duration;
use std::collections::BTreeSet;

use nt::Guid;
use sha2::{Digest, Sha256};
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

    /// One number of both, for the store: keys of two clients that are alike stay apart, whatever clients choose.
    pub(crate) fn caching_key(self) -> CachingKey {
        let mut hash = Sha256::new();
        hash.update(self.client);
        hash.update(self.key);
        let mut mixed = [0; 16];
        mixed.iter_mut().zip(hash.finalize()).for_each(|(byte, from)| *byte = from);
        CachingKey(mixed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client may take its own identifier for its lease key, as WindowsProtocolTestSuites does: once the two were added without
    /// carry, all such clients had one key, and none of them was told of a break.
    #[test]
    fn keys_that_are_their_clients_identifiers_stay_apart() {
        let key = |client: u8, key: u8| LeaseId { client: [client; 16], key: [key; 16] }.caching_key();
        assert_ne!(key(1, 1), key(2, 2));
        assert_ne!(key(1, 2), key(2, 1));
        assert_eq!(key(1, 2), key(1, 2));
    }
}
