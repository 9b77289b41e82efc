//! [MS-SMB2] 3.3.1.7, 3.3.1.8 and 3.3.1.9: sessions, their channels and their tree connects.
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use nt::AccessMask;
use nt::security::Token;
use numbered::Numbered;
use wire::negotiate::{Cipher, Dialect, SigningAlgorithm};

use super::{ConnectionId, ExchangeId, Identity, ShareId};
use crate::connection::Negotiated;
use crate::crypto::{SessionKeys, SigningKey};

/// Session.State.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SessionState {
    /// Nobody is authenticated yet.
    InProgress,
    /// It can be used.
    Valid,
    /// It must be authenticated again before it can be used.
    Expired,
}

/// A channel: a session's part on one connection.
#[derive(Debug, Default)]
pub(crate) struct Channel {
    /// The exchange that is under way on it.
    pub(crate) exchange: Option<ExchangeId>,
    /// False while a binding is under way.
    pub(crate) is_bound: bool,
    /// Channel.SigningKey, when it is another than the session's.
    pub(crate) signing: Option<[u8; 16]>,
}

/// A tree connect.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) share: ShareId,
    pub(crate) maximal_access: AccessMask,
}

/// A session.
pub(crate) struct Session {
    pub(crate) state: SessionState,
    /// Session.Connection.Dialect, of the first connection.
    pub(crate) dialect: Dialect,
    /// Connection.CipherId and SigningAlgorithmId of the first connection.
    pub(crate) cipher: Option<Cipher>,
    pub(crate) algorithm: Option<SigningAlgorithm>,
    pub(crate) identity: Option<Identity>,
    /// For the store.
    pub(crate) token: Option<Arc<Token>>,
    pub(crate) session_key: Vec<u8>,
    pub(crate) keys: Option<SessionKeys>,
    /// Session.SigningKey as a key: it checks the requests that bind other connections.
    pub(crate) signing: Option<SigningKey>,
    pub(crate) signing_required: bool,
    pub(crate) encrypt_data: bool,
    pub(crate) channels: BTreeMap<ConnectionId, Channel>,
    pub(crate) trees: BTreeMap<u32, Tree>,
    pub(crate) opens: Numbered<()>,
    pub(crate) next_tree: u32,
    pub(crate) created: Duration,
    pub(crate) expires: Option<Duration>,
}

impl Session {
    pub(crate) fn new(negotiated: &Negotiated, created: Duration) -> Session {
        Session {
            state: SessionState::InProgress,
            dialect: negotiated.dialect,
            cipher: negotiated.cipher,
            algorithm: negotiated.signing,
            identity: None,
            token: None,
            session_key: Vec::new(),
            keys: None,
            signing: None,
            signing_required: false,
            encrypt_data: false,
            channels: BTreeMap::new(),
            trees: BTreeMap::new(),
            opens: Numbered::default(),
            next_tree: 0,
            created,
            expires: None,
        }
    }

    /// A guest or nobody: no keys.
    pub(crate) fn is_unauthenticated(&self) -> bool {
        self.identity.as_ref().is_some_and(|identity| identity.is_guest || identity.is_anonymous)
    }
}

impl core::fmt::Debug for Session {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Session")
            .field("state", &self.state)
            .field("identity", &self.identity)
            .field("channels", &self.channels)
            .field("trees", &self.trees)
            .field("opens", &self.opens)
            .finish_non_exhaustive()
    }
}
