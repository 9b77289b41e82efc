//! What the server wants done, and how it hears of it.
use nt::security::Token;
use nt::{FileTime, NtStatus};
use wire::oplock_break::Notification;

use super::{Answer, ShareId};
use crate::connection::{RequestId, SessionSecurity};
use crate::store::Op;

/// What names a connection. Never used twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ConnectionId(pub u64);

/// By which what was asked for is answered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ticket(pub u64);

/// An exchange of tokens: of one session on one connection, until it ends. The first token of an id begins one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ExchangeId(pub u64);

/// Who was authenticated.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// The user's name; empty for anonymous.
    pub name: String,
    /// User, groups and privileges.
    pub token: Token,
    /// Session.IsGuest.
    pub is_guest: bool,
    /// Session.IsAnonymous.
    pub is_anonymous: bool,
    /// When what proved it ends: a ticket of Kerberos does. [MS-SMB2] 3.3.5.5.3
    pub ends: Option<FileTime>,
}

/// What a token of a client led to.
#[derive(Clone, PartialEq, Eq)]
pub enum Authenticated {
    /// The exchange goes on.
    Continue {
        /// For the client.
        token: Vec<u8>,
    },
    /// The client is known, and the exchange is over.
    Done {
        /// For the client; may be empty.
        token: Vec<u8>,
        /// Who it is.
        identity: Identity,
        /// The key, 16 bytes or more; nothing for guests and anonymous users.
        session_key: Option<Vec<u8>>,
    },
    /// The client is not let in, and the exchange is over.
    Failed {
        /// Why.
        status: NtStatus,
    },
}

/// What the server wants done, in this order.
#[derive(Debug)]
pub enum Effect {
    /// A request is answered: [`Connection::respond`](crate::connection::Connection::respond).
    Respond {
        /// Of which connection.
        connection: ConnectionId,
        /// Which.
        request: RequestId,
        /// What is answered.
        answer: Box<Answer>,
    },
    /// A request waits: [`Connection::interim`](crate::connection::Connection::interim).
    Interim {
        /// Of which connection.
        connection: ConnectionId,
        /// Which.
        request: RequestId,
    },
    /// [`Connection::establish`](crate::connection::Connection::establish).
    Establish {
        /// Which connection.
        connection: ConnectionId,
        /// Which session.
        session_id: u64,
        /// Its keys there.
        security: Box<SessionSecurity>,
    },
    /// [`Connection::forget`](crate::connection::Connection::forget).
    Forget {
        /// Which connection.
        connection: ConnectionId,
        /// Which session.
        session_id: u64,
    },
    /// [`Connection::notify`](crate::connection::Connection::notify).
    Notify {
        /// Which connection.
        connection: ConnectionId,
        /// In the name of which session.
        session_id: u64,
        /// What.
        notification: Notification,
        /// When the client's TCP does not acknowledge it within this time, the connection shall end.
        within: Option<core::time::Duration>,
    },
    /// A token of a client: the answer goes to [`Server::authenticated`](super::Server::authenticated).
    Authenticate {
        /// By which it is answered.
        ticket: Ticket,
        /// From whom.
        connection: ConnectionId,
        /// Which exchange.
        exchange: ExchangeId,
        /// The token.
        token: Vec<u8>,
    },
    /// An operation: the answer goes to [`Server::complete`](super::Server::complete).
    Submit {
        /// By which it is answered.
        ticket: Ticket,
        /// On which store.
        share: ShareId,
        /// What.
        op: Op,
    },
    /// An operation shall end soon, if it still waits; it is then completed with STATUS_CANCELLED.
    CancelOp {
        /// Which.
        ticket: Ticket,
    },
    /// The connection shall be closed.
    Disconnect {
        /// Which.
        connection: ConnectionId,
    },
}
