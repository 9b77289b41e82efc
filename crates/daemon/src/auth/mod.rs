//! Who a client is: an exchange of tokens of GSS that ends with a user and a session key, or with a status.
pub mod accounts;
pub mod kerberos;
pub mod local;
pub mod ntlm;
pub mod spnego;
pub mod throttle;

use nt::security::Token;
use nt::{FileTime, NtStatus};

/// What one token of a client leads to.
#[derive(Clone, PartialEq, Eq)]
pub enum Step {
    /// The exchange goes on: this goes back to the client, with STATUS_MORE_PROCESSING_REQUIRED.
    Continue {
        /// The token of GSS.
        token: Vec<u8>,
    },
    /// The client is known.
    Done {
        /// The last token of GSS, which may be empty.
        token: Vec<u8>,
        /// Who it is.
        user: User,
        /// The session key, 16 bytes or more; nothing for guests and anonymous users.
        session_key: Option<Vec<u8>>,
    },
    /// The client is not let in.
    Failed {
        /// Why, for the wire.
        status: NtStatus,
    },
}

/// A user that was authenticated.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct User {
    /// The name, as the users file has it; empty for anonymous.
    pub name: String,
    /// User, groups and privileges for the store.
    pub token: Token,
    /// The user is a guest: no key, no signing.
    pub is_guest: bool,
    /// The user is nobody, and a share must say so to let them in.
    pub is_anonymous: bool,
    /// When what proved it ends: a ticket does.
    pub ends: Option<FileTime>,
}

/// One exchange: of one SESSION_SETUP after the other, on one connection.
pub trait Exchange: Send {
    /// Takes the client's next token.
    fn step(&mut self, token: &[u8]) -> Step;
}

/// What begins exchanges.
pub trait Authenticator: Send + Sync {
    /// The token for the NEGOTIATE response.
    fn negotiate_token(&self) -> Vec<u8>;
    /// An exchange with a client at this address.
    fn begin(&self, peer: std::net::IpAddr) -> Box<dyn Exchange>;
}
