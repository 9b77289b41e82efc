//! [MS-SMB2] 3.3.5.15.9: an open that shall be kept whatever others want of the file.
use core::time::Duration;

use nt::NtStatus;
use wire::FileId;
use wire::ioctl::{Request, ResiliencyRequest};
use wire::negotiate::Dialect;

use super::super::Started;
use super::output;
use crate::server::{Asked, Kind, Promise, Server, TIMEOUT_MAX};

pub(super) fn start(server: &mut Server, asked: &Asked, file_id: FileId, request: &Request<'_>) -> Started {
    if server.negotiated(asked.connection)?.dialect == Dialect::SMB_2_0_2 {
        return Err(NtStatus::INVALID_DEVICE_REQUEST);
    }
    // A pipe has nobody's data to lose.
    server.file(asked, file_id)?;
    let wanted = ResiliencyRequest::decode(request.input).map_err(|_| NtStatus::INVALID_PARAMETER)?;
    let timeout = match wanted.timeout_ms {
        0 => server.config.limits.durable_timeout,
        timeout_ms => Duration::from_millis(timeout_ms.into()),
    };
    if timeout > TIMEOUT_MAX {
        return Err(NtStatus::INVALID_PARAMETER);
    }
    let owner = server.caller(asked)?.user;
    match server.promise(file_id.volatile, Promise { kind: Kind::Resilient, timeout, owner }) {
        true => Ok(output(request.code, file_id, Vec::new()).into()),
        false => Err(NtStatus::INSUFFICIENT_RESOURCES),
    }
}
