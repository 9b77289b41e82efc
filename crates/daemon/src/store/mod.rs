//! Between the server and the stores behind its shares: MS-SMB2's words on one side, MS-FSA's on the other. No sockets and no
//! tasks, and any host: the simulator performs on memory what the daemon performs on a disk.
mod oplocks;
mod perform;

use std::sync::Arc;

use fsa::host::Host;
use fsa::{OpenId, Volume};
use smb::store::StoreOpen;

pub use oplocks::caching_of;
pub use perform::{Performed, perform, read_at_once};

/// A store, and which one it is: the first share that has it.
pub struct Store<H: Host> {
    /// The place of that share.
    pub number: usize,
    /// The store.
    pub volume: Arc<Volume<H>>,
}

/// Bits of a store's own number of an open; above them stands which store.
const OPEN_BITS: u32 = 48;

impl<H: Host> Store<H> {
    /// What the server calls an open: a number that no two stores share.
    pub fn name_of(&self, open: OpenId) -> StoreOpen {
        let number = u64::try_from(self.number).unwrap_or(u64::MAX);
        StoreOpen(number << OPEN_BITS | open.0)
    }
}

/// What the store of a share calls an open of the server.
pub fn open_in_store(open: StoreOpen) -> OpenId {
    OpenId(open.0 & ((1 << OPEN_BITS) - 1))
}
