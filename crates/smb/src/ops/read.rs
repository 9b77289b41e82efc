//! [MS-SMB2] 3.3.5.12: READ.
use nt::NtStatus;
use wire::read::{Channel, Request};

use super::{Flow, Started, Waiting};
use crate::Data;
use crate::server::{Answer, AnswerBody, Asked, Held, Server};
use crate::store::Op;

pub(crate) fn start(server: &mut Server, asked: &mut Asked, request: &Request<'_>) -> Started {
    server.use_open(asked, request.file_id)?;
    let len_max = server.negotiated(asked.connection)?.transfer_len_max;
    let (file_id, open) = server.open(asked, request.file_id)?;
    asked.used = Some(file_id);
    if request.len > len_max || request.channel != Channel::NONE {
        return Err(NtStatus::INVALID_PARAMETER);
    }
    let (share, len_min) = (open.share, request.len_min);
    match open.held() {
        Held::File(store) => {
            // No byte of a file lies beyond the largest signed number.
            let end = request.offset.checked_add(request.len.into());
            if end.is_none_or(|end| i64::try_from(end).is_err()) {
                return Err(NtStatus::INVALID_PARAMETER);
            }
            let op = Op::Read { open: store, offset: request.offset, len: request.len };
            Ok(Flow::Submit(share, op, Waiting::Read { len_min }))
        }
        Held::Pipe => {
            let len = usize::try_from(request.len).unwrap_or(usize::MAX);
            let pipe = server.pipe(file_id)?;
            let (status, data) = pipe.read(len)?;
            let mut answer = finish(data.into(), 0)?;
            answer.status = status;
            answer.file_id = Some(file_id);
            Ok(answer.into())
        }
    }
}

pub(crate) fn finish(data: Data, len_min: u32) -> Result<Answer, NtStatus> {
    if usize::try_from(len_min).is_ok_and(|least| data.len() < least) {
        return Err(NtStatus::END_OF_FILE);
    }
    let mut answer = Answer::with(NtStatus::SUCCESS, AnswerBody::Read);
    answer.payload = data;
    Ok(answer)
}
