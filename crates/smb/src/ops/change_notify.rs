//! [MS-SMB2] 3.3.5.19: CHANGE_NOTIFY.
use nt::{AccessMask, NtStatus};
use wire::change_notify::{ChangeNotifyFlags, Request};

use super::{Flow, Started, Waiting};
use crate::server::{Answer, AnswerBody, Asked, Server};
use crate::store::Op;

pub(crate) fn start(server: &mut Server, asked: &mut Asked, request: &Request) -> Started {
    server.use_open(asked, request.file_id)?;
    let len_max = server.negotiated(asked.connection)?.transfer_len_max;
    let (file_id, open) = server.open(asked, request.file_id)?;
    let (is_directory, granted) = (open.is_directory, open.granted);
    asked.used = Some(file_id);
    if request.output_len_max > len_max || !is_directory {
        return Err(NtStatus::INVALID_PARAMETER);
    }
    if !granted.contains(AccessMask::FILE_LIST_DIRECTORY) {
        return Err(NtStatus::ACCESS_DENIED);
    }
    let (_, share, store) = server.file(asked, request.file_id)?;
    let op = Op::Notify {
        open: store,
        watch_tree: request.flags.contains(ChangeNotifyFlags::WATCH_TREE),
        filter: request.filter,
        len_max: request.output_len_max,
    };
    Ok(Flow::Submit(share, op, Waiting::ChangeNotify))
}

/// What the watch came to: changes, or word that there were too many to tell.
pub(crate) fn finish(status: NtStatus, bytes: Vec<u8>) -> Result<Answer, NtStatus> {
    match status {
        NtStatus::SUCCESS => Ok(Answer::with(status, AnswerBody::ChangeNotify(bytes))),
        NtStatus::NOTIFY_ENUM_DIR => Ok(Answer::with(status, AnswerBody::ChangeNotify(Vec::new()))),
        status => Err(status),
    }
}
