//! [MS-SMB2] 3.3.5.15.4 and 3.3.5.15.10: pipes.
use nt::NtStatus;
use wire::FileId;
use wire::ioctl::{PipePeek, Request};

use super::super::Started;
use super::output;
use crate::server::{Asked, Server};

/// What is written is answered at once.
pub(super) fn transceive(
    server: &mut Server,
    _asked: &Asked,
    file_id: FileId,
    request: &Request<'_>,
) -> Started {
    let config = server.config.clone();
    let pipe = server.pipe(file_id)?;
    pipe.write(&config, request.input)?;
    let (status, bytes) = pipe.read(usize::try_from(request.output_len_max).unwrap_or(usize::MAX))?;
    let mut answer = output(request.code, file_id, bytes);
    answer.status = status;
    answer.file_id = Some(file_id);
    Ok(answer.into())
}

/// How much there is to read.
pub(super) fn peek(server: &mut Server, file_id: FileId, request: &Request<'_>) -> Started {
    const HEAD_LEN: usize = 16;
    /// FILE_PIPE_CONNECTED_STATE. [MS-FSCC] 2.4.37
    const CONNECTED: u32 = 3;
    let room = usize::try_from(request.output_len_max).unwrap_or(usize::MAX);
    let room = room.checked_sub(HEAD_LEN).ok_or(NtStatus::INFO_LENGTH_MISMATCH)?;
    let waiting = server.pipe(file_id)?.waiting();
    let len = u32::try_from(waiting.len()).unwrap_or(u32::MAX);
    let data = waiting.get(..room.min(waiting.len())).unwrap_or_default();
    let peek = PipePeek {
        state: CONNECTED,
        read_available: len,
        messages: u32::from(len > 0),
        message_len: len,
        data,
    };
    let mut w = wire::Writer::new();
    peek.encode(&mut w);
    let bytes = w.finish().map_err(|_| NtStatus::INSUFFICIENT_RESOURCES)?;
    Ok(output(request.code, file_id, bytes).into())
}
