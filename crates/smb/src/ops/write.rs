//! [MS-SMB2] 3.3.5.13: WRITE.
use core::ops::Range;

use nt::NtStatus;
use wire::read::Channel;
use wire::write::{self, WriteFlags};
use wire::{FileId, Response};

use super::{Flow, Started, Waiting};
use crate::server::{self, Answer, Held, Server};
use crate::store::{Op, Payload};

/// A WRITE apart from its data, which stays in the message.
pub(crate) struct Asked {
    offset: u64,
    file_id: FileId,
    channel: Channel,
    flags: WriteFlags,
    data: Range<usize>,
}

impl Asked {
    pub(crate) fn new(request: &write::Request<'_>, data: Range<usize>) -> Asked {
        let write::Request { offset, file_id, channel, flags, .. } = *request;
        Asked { offset, file_id, channel, flags, data }
    }
}

pub(crate) fn start(
    server: &mut Server,
    asked: &mut server::Asked,
    write: Asked,
    message: Vec<u8>,
) -> Started {
    server.use_open(asked, write.file_id)?;
    let len_max = server.negotiated(asked.connection)?.transfer_len_max;
    let (file_id, open) = server.open(asked, write.file_id)?;
    asked.used = Some(file_id);
    let count = u32::try_from(write.data.len()).map_err(|_| NtStatus::INVALID_PARAMETER)?;
    if count > len_max || write.channel != Channel::NONE {
        return Err(NtStatus::INVALID_PARAMETER);
    }
    let share = open.share;
    let data = Payload::new(message, write.data);
    match open.held() {
        Held::File(store) => {
            // All ones means the end of the data to the store; on the wire it is no offset.
            let end = write.offset.checked_add(count.into());
            if end.is_none_or(|end| i64::try_from(end).is_err()) {
                return Err(NtStatus::INVALID_PARAMETER);
            }
            let write_through = write.flags.contains(WriteFlags::WRITE_THROUGH);
            let op = Op::Write { open: store, offset: write.offset, data, write_through };
            Ok(Flow::Submit(share, op, Waiting::Write { count }))
        }
        Held::Pipe => {
            let config = server.config.clone();
            server.pipe(file_id)?.write(&config, data.as_slice())?;
            let mut answer = finish(count);
            answer.file_id = Some(file_id);
            Ok(answer.into())
        }
    }
}

pub(crate) fn finish(count: u32) -> Answer {
    Answer::success(Response::Write(write::Response { count }))
}
