//! What the tables hold, for who looks after the server. [MS-SMB2] 3.3.4.18 and 3.3.4.20
use core::time::Duration;

use nt::AccessMask;
use wire::create::{LeaseState, OplockLevel};
use wire::negotiate::Dialect;

use super::{ConnectionId, Held, Server, ShareId};
use crate::store::StoreOpen;

/// A session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionView {
    /// SessionId.
    pub id: u64,
    /// Who; `None` while the logon is under way.
    pub user: Option<String>,
    /// On which connections.
    pub connections: Vec<ConnectionId>,
    /// Of the first connection.
    pub dialect: Dialect,
    /// Its messages are encrypted.
    pub is_encrypted: bool,
    /// Since when.
    pub created: Duration,
    /// The shares it is connected to.
    pub trees: Vec<ShareId>,
    /// How many opens it has.
    pub opens: usize,
}

/// An open of a file; pipes are not among them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpenView {
    /// Of which session; of none when its client is gone and may come back.
    pub session_id: Option<u64>,
    /// Until when it waits for its client, if it does.
    pub waits_until: Option<Duration>,
    /// On which share.
    pub share: ShareId,
    /// What the store calls it.
    pub store: StoreOpen,
    /// Open.GrantedAccess.
    pub granted: AccessMask,
    /// Whether it is a directory.
    pub is_directory: bool,
    /// What its client may keep in its cache.
    pub caching: CachingView,
}

/// What a client may keep in its cache. [MS-SMB2] 3.3.1.10 Open.OplockLevel, 3.3.1.12
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CachingView {
    /// By an oplock, or not at all.
    Oplock(OplockLevel),
    /// By a lease in this state.
    Lease(LeaseState),
}

impl Server {
    /// The sessions, by their ids; at most so many.
    pub fn sessions(&self, max: usize) -> Vec<SessionView> {
        let view = |(id, session): (&u64, &super::Session)| SessionView {
            id: *id,
            user: session.identity.as_ref().map(|identity| identity.name.clone()),
            connections: session.channels.keys().copied().collect(),
            dialect: session.dialect,
            is_encrypted: session.encrypt_data,
            created: session.created,
            trees: session.trees.values().map(|tree| tree.share).collect(),
            opens: session.opens.len(),
        };
        self.sessions.iter().take(max).map(view).collect()
    }

    /// How many leases there are.
    pub fn lease_count(&self) -> usize {
        self.leases.len()
    }

    /// The opens of files, in the order they came; at most so many.
    pub fn opens(&self, max: usize) -> Vec<OpenView> {
        let view = |open: &super::Open| match open.held() {
            Held::Pipe => None,
            Held::File(store) => Some(OpenView {
                session_id: open.session_id(),
                waits_until: open.waits_until(),
                share: open.share,
                store,
                granted: open.granted,
                is_directory: open.is_directory,
                caching: match open.lease().and_then(|lease| self.leases.get(&lease)) {
                    Some(lease) => CachingView::Lease(lease.state),
                    None => CachingView::Oplock(open.oplock),
                },
            }),
        };
        self.opens.values().filter_map(view).take(max).collect()
    }
}
