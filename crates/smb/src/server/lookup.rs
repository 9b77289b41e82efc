//! [MS-SMB2] 3.3.5.2.9, 3.3.5.2.11 and 3.3.5.2.10: finding the session, the tree and the open that a request names.
use core::time::Duration;
use std::sync::Arc;

use nt::NtStatus;
use nt::security::Token;
use wire::negotiate::Dialect;
use wire::{Command, FileId, HeaderFlags};

use super::{ConnectionId, Held, Open, Server, Session, SessionState, ShareId};
use crate::connection::{Incoming, InheritedFile, Now, RequestId};
use crate::store::StoreOpen;

/// What of a request is needed until it is answered.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) connection: ConnectionId,
    pub(crate) request: RequestId,
    pub(crate) command: Command,
    pub(crate) session_id: u64,
    pub(crate) tree_id: u32,
    pub(crate) flags: HeaderFlags,
    pub(crate) channel_sequence: u16,
    pub(crate) is_encrypted: bool,
    inherited: InheritedFile,
    /// The share demands that the answer is encrypted.
    pub(crate) seal: bool,
    /// The open that it used, for the related requests behind it.
    pub(crate) used: Option<FileId>,
    /// The open whose outstanding requests count this one, and the epoch of its ChannelSequence then.
    pub(crate) counted: Option<(u64, u16)>,
}

/// What a command needs to be there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Needs {
    Nothing,
    Session,
    Tree,
}

impl Asked {
    pub(crate) fn new(connection: ConnectionId, incoming: &Incoming) -> Asked {
        Asked {
            connection,
            request: incoming.id,
            command: incoming.header.command,
            session_id: incoming.session_id,
            tree_id: incoming.tree_id,
            flags: incoming.header.flags,
            channel_sequence: incoming.header.channel_sequence(),
            is_encrypted: incoming.is_encrypted,
            inherited: incoming.inherited,
            seal: false,
            used: None,
            counted: None,
        }
    }

    /// The open that a FileId in the body means. [MS-SMB2] 3.3.5.2.7.2
    pub(crate) fn file_id(&self, asked: FileId) -> Result<FileId, NtStatus> {
        let is_related = self.flags.contains(HeaderFlags::RELATED_OPERATIONS);
        match self.inherited {
            _ if !is_related => Ok(asked),
            InheritedFile::Open(file_id) => Ok(file_id),
            InheritedFile::Failed(status) => Err(status),
            InheritedFile::None => Err(NtStatus::INVALID_HANDLE),
        }
    }
}

impl Server {
    /// What must be there before a command is looked at.
    pub(crate) fn admit(&mut self, now: Now, asked: &mut Asked, needs: Needs) -> Result<(), NtStatus> {
        if needs == Needs::Nothing {
            return Ok(());
        }
        self.expire(asked.session_id, now.monotonic);
        let session = self.session(asked)?;
        if session.state == SessionState::Expired && !works_when_expired(asked.command) {
            return Err(NtStatus::NETWORK_SESSION_EXPIRED);
        }
        if session.encrypt_data && !asked.is_encrypted && self.config.reject_unencrypted {
            return Err(NtStatus::ACCESS_DENIED);
        }
        if needs == Needs::Tree {
            let tree = session.trees.get(&asked.tree_id).ok_or(NtStatus::NETWORK_NAME_DELETED)?;
            let share = self.share(tree.share).ok_or(NtStatus::NETWORK_NAME_DELETED)?;
            if share.encrypt && !asked.is_encrypted && self.config.reject_unencrypted {
                return Err(NtStatus::ACCESS_DENIED);
            }
            asked.seal = share.encrypt && asked.is_encrypted;
        }
        Ok(())
    }

    fn expire(&mut self, session_id: u64, now: Duration) {
        if let Some(session) = self.sessions.get_mut(&session_id)
            && session.state == SessionState::Valid
            && session.expires.is_some_and(|at| at <= now)
        {
            session.state = SessionState::Expired;
        }
    }

    /// The session, if it has a channel on the request's connection. [MS-SMB2] 3.3.5.2.9
    pub(crate) fn session(&self, asked: &Asked) -> Result<&Session, NtStatus> {
        let session = self.sessions.get(&asked.session_id).ok_or(NtStatus::USER_SESSION_DELETED)?;
        let channel = session.channels.get(&asked.connection).ok_or(NtStatus::USER_SESSION_DELETED)?;
        match session.state {
            SessionState::InProgress => Err(NtStatus::USER_SESSION_DELETED),
            _ if !channel.is_bound => Err(NtStatus::USER_SESSION_DELETED),
            _ => Ok(session),
        }
    }

    /// The share of the request's tree.
    pub(crate) fn tree_share(&self, asked: &Asked) -> Result<ShareId, NtStatus> {
        let tree = self.session(asked)?.trees.get(&asked.tree_id);
        tree.map(|tree| tree.share).ok_or(NtStatus::NETWORK_NAME_DELETED)
    }

    /// The session and the tree of a request that waited are still there; for one that may be asked for again on another
    /// channel that is enough.
    pub(crate) fn still_stands(&self, asked: &Asked, without_channel: bool) -> Result<(), NtStatus> {
        if !without_channel {
            return self.tree_share(asked).map(drop);
        }
        let session = self.sessions.get(&asked.session_id).ok_or(NtStatus::USER_SESSION_DELETED)?;
        match session.trees.contains_key(&asked.tree_id) {
            true => Ok(()),
            false => Err(NtStatus::NETWORK_NAME_DELETED),
        }
    }

    /// Who asks, for the store.
    pub(crate) fn caller(&self, asked: &Asked) -> Result<Arc<Token>, NtStatus> {
        self.session(asked)?.token.clone().ok_or(NtStatus::USER_SESSION_DELETED)
    }

    /// The open that a FileId of the body means, with the id resolved. An id of another session or tree is none.
    pub(crate) fn open(&self, asked: &Asked, file_id: FileId) -> Result<(FileId, &Open), NtStatus> {
        let file_id = asked.file_id(file_id)?;
        let open = self.opens.get(&file_id.volatile).ok_or(NtStatus::FILE_CLOSED)?;
        let is_ours = open.session_id() == Some(asked.session_id) && open.is_of_tree(asked.tree_id);
        match is_ours && open.persistent(file_id.volatile) == file_id.persistent {
            true => Ok((file_id, open)),
            false => Err(NtStatus::FILE_CLOSED),
        }
    }

    /// Likewise, of a file in a store; a pipe is none.
    pub(crate) fn file(
        &self,
        asked: &Asked,
        file_id: FileId,
    ) -> Result<(FileId, ShareId, StoreOpen), NtStatus> {
        let (file_id, open) = self.open(asked, file_id)?;
        match open.held() {
            Held::File(store) => Ok((file_id, open.share, store)),
            Held::Pipe => Err(NtStatus::INVALID_DEVICE_REQUEST),
        }
    }

    /// What every request that names an open is looked at for, before its own rules: the open can no longer be asked for by its
    /// CREATE again, and the ChannelSequence is the latest. What changes nothing passes with an old one.
    /// [MS-SMB2] 3.3.5.2.10; 3.3.5.12 and its neighbours
    pub(crate) fn use_open(&mut self, asked: &mut Asked, file_id: FileId) -> Result<(), NtStatus> {
        let dialect = self.negotiated(asked.connection)?.dialect;
        let Ok((file_id, _)) = self.open(asked, file_id) else { return Ok(()) };
        let Some(open) = self.opens.get_mut(&file_id.volatile) else { return Ok(()) };
        if let Some(recall) = open.recall_mut() {
            recall.is_replay_eligible = false;
        }
        if dialect < Dialect::SMB_3_0 {
            return Ok(());
        }
        let is_replay = asked.flags.contains(HeaderFlags::REPLAY_OPERATION);
        let changes = matches!(asked.command, Command::WRITE | Command::SET_INFO | Command::IOCTL);
        let ahead = asked.channel_sequence.wrapping_sub(open.sequence.number);
        if ahead > 0x7FFF {
            return if changes { Err(NtStatus::FILE_NOT_AVAILABLE) } else { Ok(()) };
        }
        if ahead != 0 {
            open.advance_sequence(asked.channel_sequence);
        }
        if changes && is_replay && open.outstanding_before() != 0 {
            return Err(NtStatus::FILE_NOT_AVAILABLE);
        }
        asked.counted = Some((file_id.volatile, open.count()));
        Ok(())
    }

    /// A request that was counted is answered. [MS-SMB2] 3.3.4.1
    pub(crate) fn uncount(&mut self, asked: &Asked) {
        let Some((volatile, epoch)) = asked.counted else { return };
        if let Some(open) = self.opens.get_mut(&volatile) {
            open.uncount(epoch);
        }
    }
}

/// Commands that an expired session may still send; of LOCK only those that unlock ([`lock`](crate::ops::lock)). Windows does
/// not let TREE_DISCONNECT and OPLOCK_BREAK pass either (smbtorture smb2.session.expire2s). [MS-SMB2] 3.3.5.2.9
fn works_when_expired(command: Command) -> bool {
    matches!(command, Command::SESSION_SETUP | Command::LOGOFF | Command::CLOSE | Command::LOCK)
}
