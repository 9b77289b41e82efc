//! [MS-SMB2] 3.3.5.9 and MS-SRVS: the pipes of IPC$, each answered as soon as it is written to.
use std::collections::VecDeque;

use nt::NtStatus;
use wire::FileId;

use super::{Server, ServerConfig};
use crate::rpc::{ANSWER_BYTES_MAX, Rpc};

/// A pipe with a service of remote procedures behind it. Messages that were answered and not read wait here.
#[derive(Debug)]
pub(crate) struct Pipe {
    rpc: Rpc,
    answers: VecDeque<Vec<u8>>,
}

/// The most pipes of one session, and of all. (Not in the specification.)
pub(crate) const PIPES_PER_SESSION_MAX: usize = 64;
/// See [`PIPES_PER_SESSION_MAX`].
pub(crate) const PIPES_MAX: usize = 4096;

impl Pipe {
    /// The pipe of this name; only `srvsvc` there is, by which clients list shares.
    pub(crate) fn open(name: &str) -> Option<Pipe> {
        let name = name.trim_start_matches('\\');
        let name = name.strip_prefix("PIPE\\").unwrap_or(name);
        name.eq_ignore_ascii_case("srvsvc").then(|| Pipe { rpc: Rpc::default(), answers: VecDeque::new() })
    }

    /// Takes bytes of a client.
    pub(crate) fn write(&mut self, config: &ServerConfig, bytes: &[u8]) -> Result<(), NtStatus> {
        let waiting = self.answers.iter().map(Vec::len).sum();
        if waiting >= ANSWER_BYTES_MAX {
            return Err(NtStatus::INSUFFICIENT_RESOURCES);
        }
        let answers = self.rpc.receive(config, bytes, waiting).map_err(|_| NtStatus::PIPE_DISCONNECTED)?;
        self.answers.extend(answers);
        Ok(())
    }

    /// The next message, or as much of it as there is room for, with BUFFER_OVERFLOW. A pipe with nothing in it would wait for
    /// ever, since what is behind it never speaks first: INVALID_PIPE_STATE.
    pub(crate) fn read(&mut self, len: usize) -> Result<(NtStatus, Vec<u8>), NtStatus> {
        let mut message = self.answers.pop_front().ok_or(NtStatus::INVALID_PIPE_STATE)?;
        if message.len() <= len {
            return Ok((NtStatus::SUCCESS, message));
        }
        let rest = message.split_off(len);
        self.answers.push_front(rest);
        Ok((NtStatus::BUFFER_OVERFLOW, message))
    }

    /// The next message, not taken.
    pub(crate) fn waiting(&self) -> &[u8] {
        self.answers.front().map_or(&[], Vec::as_slice)
    }
}

impl Server {
    /// Whether a session may open another pipe.
    pub(crate) fn has_room_for_pipe(&self, session_id: u64) -> bool {
        let own = self.pipes.range((session_id, 0)..=(session_id, u64::MAX)).count();
        own < PIPES_PER_SESSION_MAX && self.pipes.len() < PIPES_MAX
    }

    /// The pipe behind an open.
    pub(crate) fn pipe(&mut self, file_id: FileId) -> Result<&mut Pipe, NtStatus> {
        let open = self.opens.get_mut(&file_id.volatile).ok_or(NtStatus::FILE_CLOSED)?;
        open.pipe_mut().ok_or(NtStatus::INVALID_DEVICE_REQUEST)
    }
}
