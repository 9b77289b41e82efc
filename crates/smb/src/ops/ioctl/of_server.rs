//! [MS-SMB2] 3.3.5.15.1, .2, .11 and .12: codes about the server, which need no open.
use nt::NtStatus;
use wire::FileId;
use wire::ioctl::{NetworkInterface, Request, SnapshotArray, ValidateNegotiateRequest, code};

use super::super::{Flow, Started};
use super::{check_lengths, output};
use crate::server::{Asked, Server};

/// Answers such a code; nothing when it is about an open.
pub(super) fn start(server: &Server, asked: &Asked, request: &Request<'_>) -> Option<Started> {
    let answer: fn(&Server, &Asked, &Request<'_>) -> Started = match request.code {
        code::DFS_GET_REFERRALS | code::DFS_GET_REFERRALS_EX => referrals,
        code::QUERY_NETWORK_INTERFACE_INFO => interfaces,
        code::VALIDATE_NEGOTIATE_INFO => validate,
        nt::FsctlCode::PIPE_WAIT => pipe_wait,
        _ => return None,
    };
    // They name no open. [MS-SMB2] 3.3.5.15 (smbtorture smb2.ioctl.bug14788.NETWORK_INTERFACE)
    if request.file_id != FileId::ANY {
        return Some(Err(NtStatus::INVALID_PARAMETER));
    }
    Some(answer(server, asked, request))
}

/// No share is in a DFS namespace. [MS-SMB2] 3.3.5.15.2
fn referrals(_: &Server, _: &Asked, _: &Request<'_>) -> Started {
    Err(NtStatus::NOT_FOUND)
}

/// [MS-SMB2] 3.3.5.15.11
fn interfaces(server: &Server, asked: &Asked, request: &Request<'_>) -> Started {
    if !server.negotiated(asked.connection)?.is_smb3() || server.interfaces.is_empty() {
        return Err(NtStatus::NOT_SUPPORTED);
    }
    check_lengths(server, asked, request)?;
    let mut w = wire::Writer::new();
    NetworkInterface::encode_list(&server.interfaces, &mut w);
    let bytes = w.finish().map_err(|_| NtStatus::INSUFFICIENT_RESOURCES)?;
    require_room(request, bytes.len(), NtStatus::BUFFER_TOO_SMALL)?;
    Ok(output(request.code, FileId::ANY, bytes).into())
}

/// [MS-SMB2] 3.3.5.15.12
fn validate(server: &Server, asked: &Asked, request: &Request<'_>) -> Started {
    let negotiated = server.negotiated(asked.connection)?;
    let Ok(asks) = ValidateNegotiateRequest::decode(request.input) else { return Ok(Flow::Disconnect) };
    let Ok(response) = negotiated.validate(&server.config.connection, &asks) else {
        return Ok(Flow::Disconnect);
    };
    let mut w = wire::Writer::new();
    response.encode(&mut w);
    let bytes = w.finish().map_err(|_| NtStatus::INSUFFICIENT_RESOURCES)?;
    match require_room(request, bytes.len(), NtStatus::INVALID_PARAMETER) {
        // A client that has no room for the answer is not to be trusted either.
        Err(_) => Ok(Flow::Disconnect),
        Ok(()) => Ok(output(request.code, FileId::ANY, bytes).into()),
    }
}

/// The pipes there are never keep anybody waiting. [MS-SMB2] 3.3.5.15.4
fn pipe_wait(_: &Server, _: &Asked, request: &Request<'_>) -> Started {
    let wait = wire::ioctl::PipeWait::decode(request.input).map_err(|_| NtStatus::INVALID_PARAMETER)?;
    let name = wait.name.to_text().unwrap_or_default();
    match crate::server::Pipe::open(&name) {
        Some(_) => Ok(output(request.code, request.file_id, Vec::new()).into()),
        None => Err(NtStatus::OBJECT_NAME_NOT_FOUND),
    }
}

/// There are no snapshots. [MS-SMB2] 3.3.5.15.1
pub(super) fn snapshots(file_id: FileId, request: &Request<'_>) -> Started {
    require_room(request, 16, NtStatus::INVALID_PARAMETER)?;
    let mut w = wire::Writer::new();
    SnapshotArray::default().encode(&mut w);
    let mut bytes = w.finish().map_err(|_| NtStatus::INSUFFICIENT_RESOURCES)?;
    // The structure with an empty list of one NUL has 16 bytes in all.
    bytes.resize(16, 0);
    Ok(output(request.code, file_id, bytes).into())
}

fn require_room(request: &Request<'_>, len: usize, status: NtStatus) -> Result<(), NtStatus> {
    match usize::try_from(request.output_len_max).is_ok_and(|room| room >= len) {
        true => Ok(()),
        false => Err(status),
    }
}
