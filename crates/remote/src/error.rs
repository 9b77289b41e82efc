//! Why a call to a server failed.
use core::fmt;
use nt::NtStatus;

/// Why a call failed, and whether the server said so or the way to it.
#[derive(Debug)]
pub enum RemoteError {
    /// The server refuses.
    Status(NtStatus),
    /// The server cannot be reached, or the connection is lost.
    Connection(smb2::Error),
    /// The server, or who answers in its place, does not prove what it must: a signature that is wrong, a guest session
    /// in place of the user's, a protocol that is too old, no encryption where it is required.
    Untrusted(String),
    /// The login failed before the server was asked: no ticket, no reader for the cache.
    Login(String),
    /// The answer is malformed.
    Malformed(wire::DecodeError),
    /// The answer is well formed and is not one to what was asked.
    Unexpected(&'static str),
    /// The request does not fit into its message.
    TooLong(wire::EncodeError),
    /// What the calls run on could not be made.
    Host(std::io::Error),
}

impl RemoteError {
    /// The status that a Windows client would give for it.
    pub fn status(&self) -> NtStatus {
        match self {
            RemoteError::Status(status) => *status,
            RemoteError::Connection(error) => match error.kind() {
                smb2::ErrorKind::TimedOut => NtStatus::IO_TIMEOUT,
                smb2::ErrorKind::ConnectionLost => NtStatus::BAD_NETWORK_PATH,
                _ => NtStatus::BAD_NETWORK_PATH,
            },
            RemoteError::Untrusted(_) => NtStatus::ACCESS_DENIED,
            RemoteError::Login(_) => NtStatus::LOGON_FAILURE,
            RemoteError::Malformed(_) | RemoteError::Unexpected(_) => NtStatus::INVALID_NETWORK_RESPONSE,
            RemoteError::TooLong(_) => NtStatus::NAME_TOO_LONG,
            RemoteError::Host(_) => NtStatus::INSUFFICIENT_RESOURCES,
        }
    }
}

impl From<smb2::Error> for RemoteError {
    fn from(error: smb2::Error) -> RemoteError {
        match &error {
            smb2::Error::Protocol { status, .. } => RemoteError::Status(NtStatus(status.0)),
            smb2::Error::SignatureInvalid { .. } | smb2::Error::GuestSessionRefused { .. } => {
                RemoteError::Untrusted(error.to_string())
            }
            smb2::Error::Auth { .. } => RemoteError::Login(error.to_string()),
            _ => RemoteError::Connection(error),
        }
    }
}

impl From<wire::DecodeError> for RemoteError {
    fn from(error: wire::DecodeError) -> RemoteError {
        RemoteError::Malformed(error)
    }
}

impl fmt::Display for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RemoteError::Status(status) => write!(f, "{status}"),
            RemoteError::Connection(error) => write!(f, "{error}"),
            RemoteError::Untrusted(why) | RemoteError::Login(why) => f.write_str(why),
            RemoteError::Malformed(error) => write!(f, "the server's answer is malformed: {error}"),
            RemoteError::Unexpected(what) => write!(f, "the server's answer lacks {what}"),
            RemoteError::TooLong(error) => write!(f, "the request does not fit: {error}"),
            RemoteError::Host(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for RemoteError {}
