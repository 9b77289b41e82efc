//! One request and its response: a message of `wire` sent through the connection of `smb2`.
use nt::NtStatus;
use smb2::client::Connection;
use smb2::pack::{Pack, WriteCursor};
use smb2::types::{Command, CreditCharge, TreeId};
use wire::{ErrorResponse, HEADER_LEN, Header, Request, Writer};

use crate::error::RemoteError;

/// Bytes of payload that one credit pays for. [MS-SMB2] 3.2.4.1.5
pub(crate) const CREDIT_BYTES: u32 = 65_536;

/// A body that is packed already.
struct Body(Vec<u8>);

impl Pack for Body {
    fn pack(&self, cursor: &mut WriteCursor) {
        cursor.write_bytes(&self.0);
    }
}

/// A response: its status, and the whole message from its header on.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: NtStatus,
    pub(crate) message: Vec<u8>,
}

impl Answer {
    /// The message, if the request succeeded.
    pub(crate) fn succeeded(self) -> Result<Vec<u8>, RemoteError> {
        match self.status {
            NtStatus::SUCCESS => Ok(self.message),
            status => Err(RemoteError::Status(status)),
        }
    }

    /// The message, if it has the response's own form: success, or data that did not all fit.
    /// [MS-SMB2] 3.3.4.4
    pub(crate) fn succeeded_or_cut(self) -> Result<(NtStatus, Vec<u8>), RemoteError> {
        match self.status {
            NtStatus::SUCCESS | NtStatus::BUFFER_OVERFLOW => Ok((self.status, self.message)),
            status => Err(RemoteError::Status(status)),
        }
    }

    /// The data of an error response. [MS-SMB2] 2.2.2
    pub(crate) fn error(&self) -> Result<ErrorResponse<'_>, RemoteError> {
        Ok(ErrorResponse::decode(&self.message)?)
    }
}

/// Sends a request on a tree, and waits for its response. `payload` is the larger of what it carries and what it asks
/// for, in bytes.
pub(crate) async fn exchange(
    connection: &Connection,
    tree: u32,
    request: &Request<'_>,
    payload: u32,
) -> Result<Answer, RemoteError> {
    let mut w = Writer::new();
    // The header is only there so that offsets are right: the connection has its own.
    Header::new(request.command(), 0).encode(&mut w);
    request.encode(&mut w);
    let mut message = w.finish().map_err(RemoteError::TooLong)?;
    message.extend_from_slice(request.payload());
    let body = Body(message.split_off(HEADER_LEN));
    let command = command_of(request)?;
    let charge = payload.div_ceil(CREDIT_BYTES).clamp(1, u32::from(u16::MAX));
    let charge = CreditCharge(u16::try_from(charge).unwrap_or(u16::MAX));
    let frame = connection.execute_with_credits(command, &body, Some(TreeId(tree)), charge).await?;
    if frame.header.command != command {
        return Err(RemoteError::Unexpected("the command that was asked"));
    }
    Ok(Answer { status: NtStatus(frame.header.status.0), message: frame.raw })
}

fn command_of(request: &Request<'_>) -> Result<Command, RemoteError> {
    Ok(match request {
        Request::Create(_) => Command::Create,
        Request::Close(_) => Command::Close,
        Request::Flush(_) => Command::Flush,
        Request::Read(_) => Command::Read,
        Request::Write(..) => Command::Write,
        Request::Ioctl(_) => Command::Ioctl,
        Request::QueryDirectory(_) => Command::QueryDirectory,
        Request::QueryInfo(_) => Command::QueryInfo,
        Request::SetInfo(_) => Command::SetInfo,
        _ => return Err(RemoteError::Unexpected("a command that a share has no use for")),
    })
}
