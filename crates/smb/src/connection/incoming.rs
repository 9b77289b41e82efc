//! A request on its way to the server, checked as far as a connection can.
use nt::NtStatus;
use wire::{Command, DecodeError, FileId, Header, Request};

use crate::crypto::{PreauthHash, Sender, SigningKey};

/// What names a request on its connection until it is answered: its message id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RequestId(pub u64);

/// What is known of the signature of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SignatureState {
    /// There is none, and none was needed.
    Unsigned,
    /// It is right.
    Verified,
    /// The message came encrypted, which is better. [MS-SMB2] 3.3.5.2.4
    Encrypted,
    /// It names a session that this connection has not: it binds one of another connection, or is in vain. Only the server has
    /// the key: ask [`Incoming::is_signed_with`].
    Foreign,
}

/// The file that a related request takes over from the one before it. [MS-SMB2] 3.3.5.2.7.2
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InheritedFile {
    /// The request is not related, or the one before it had no file.
    None,
    /// The open that the one before it made or used.
    Open(FileId),
    /// The one before it should have made an open and failed.
    Failed(NtStatus),
}

/// A request.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// By which it is answered.
    pub id: RequestId,
    /// Its header, as it came.
    pub header: Header,
    /// The session: of the header, or taken over from the request before.
    pub session_id: u64,
    /// The tree, likewise.
    pub tree_id: u32,
    /// The message, header and all.
    pub message: Vec<u8>,
    /// The file that FileId all ones means.
    pub inherited: InheritedFile,
    /// Whether it came encrypted.
    pub is_encrypted: bool,
    /// Its signature.
    pub signature: SignatureState,
    /// In dialect 3.1.1, for SESSION_SETUP: the hash of the messages up to this one, from which the keys come.
    pub preauth: Option<PreauthHash>,
}

impl Incoming {
    /// The body. A fault is answered with its status, before anything else is looked up. [MS-SMB2] 3.3.5.2.6
    pub fn request(&self) -> Result<Request<'_>, DecodeError> {
        Request::decode(&self.header, &self.message)
    }

    /// The open that a FileId in the body means. [MS-SMB2] 3.3.5.2.7.2
    pub fn file_id(&self, asked: FileId) -> Result<FileId, NtStatus> {
        let is_related = self.header.flags.contains(wire::HeaderFlags::RELATED_OPERATIONS);
        match self.inherited {
            _ if !is_related => Ok(asked),
            InheritedFile::Open(file_id) => Ok(file_id),
            InheritedFile::Failed(status) => Err(status),
            InheritedFile::None => Err(NtStatus::INVALID_HANDLE),
        }
    }

    /// True when the message is signed with a key: for a request that binds a session of another connection.
    pub fn is_signed_with(&self, key: &SigningKey) -> bool {
        key.verifies(&self.header, Sender::Client, &self.message)
    }
}

/// Commands that need no tree.
pub(crate) fn needs_tree(command: Command) -> bool {
    !matches!(
        command,
        Command::NEGOTIATE
            | Command::SESSION_SETUP
            | Command::LOGOFF
            | Command::TREE_CONNECT
            | Command::ECHO
            | Command::CANCEL
    )
}

/// Commands that a session must be there for, or that make one.
pub(crate) fn needs_session(command: Command) -> bool {
    !matches!(command, Command::NEGOTIATE | Command::ECHO | Command::CANCEL)
}

/// Commands that name an open in their body.
pub(crate) fn names_file(command: Command) -> bool {
    needs_tree(command) && !matches!(command, Command::CREATE | Command::TREE_DISCONNECT)
}

/// True for those commands that a request may have. [MS-SMB2] 2.2.1.1
pub(crate) fn is_request(command: Command) -> bool {
    command <= Command::OPLOCK_BREAK
}

/// True for those commands whose requests may be longer than 68 KiB. [MS-SMB2] 3.3.5.2
pub(crate) fn may_be_large(command: Command) -> bool {
    matches!(
        command,
        Command::READ
            | Command::WRITE
            | Command::IOCTL
            | Command::QUERY_DIRECTORY
            | Command::CHANGE_NOTIFY
            | Command::QUERY_INFO
            | Command::SET_INFO
    )
}
