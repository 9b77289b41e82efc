//! [MS-SMB2] 3.3.5.11: FLUSH.
use nt::{AccessMask, NtStatus};
use wire::flush::Request;
use wire::{Response, flush};

use super::{Flow, Started, Waiting};
use crate::server::{Answer, Asked, Held, Server};
use crate::store::Op;

pub(crate) fn start(server: &mut Server, asked: &mut Asked, request: &Request) -> Started {
    server.use_open(asked, request.file_id)?;
    let (file_id, open) = server.open(asked, request.file_id)?;
    asked.used = Some(file_id);
    let response = Response::Flush(flush::Response);
    match open.held() {
        Held::Pipe => Ok(Answer::success(response).into()),
        Held::File(store) => {
            // On a directory these are the rights to add a file and a directory.
            if !open.granted.intersects(AccessMask::FILE_WRITE_DATA | AccessMask::FILE_APPEND_DATA) {
                return Err(NtStatus::ACCESS_DENIED);
            }
            Ok(Flow::Submit(open.share, Op::Flush { open: store }, Waiting::Plain(response)))
        }
    }
}
