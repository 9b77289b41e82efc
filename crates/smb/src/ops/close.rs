//! [MS-SMB2] 3.3.5.10: CLOSE.
use nt::NtStatus;
use wire::close::{CloseFlags, Request};
use wire::create::NetworkAttributes;
use wire::{Response, close};

use super::{Flow, Started, Waiting};
use crate::server::{Answer, Asked, Held, Server};
use crate::store::Op;

pub(crate) fn start(server: &mut Server, asked: &mut Asked, request: &Request) -> Started {
    let (file_id, _) = server.open(asked, request.file_id)?;
    asked.used = Some(file_id);
    let open = server.remove_open(file_id.volatile).ok_or(NtStatus::FILE_CLOSED)?;
    server.forget_caching(&open);
    match open.held() {
        Held::Pipe => {
            let mut answer = finish(None);
            answer.file_id = Some(file_id);
            Ok(answer.into())
        }
        Held::File(store) => {
            let attributes = request.flags.contains(CloseFlags::POSTQUERY_ATTRIB);
            Ok(Flow::Submit(open.share, Op::Close { open: store, attributes }, Waiting::Close))
        }
    }
}

pub(crate) fn finish(attributes: Option<NetworkAttributes>) -> Answer {
    let flags = if attributes.is_some() { CloseFlags::POSTQUERY_ATTRIB } else { CloseFlags::NONE };
    let attributes = attributes.unwrap_or_default();
    Answer::success(Response::Close(close::Response { flags, attributes }))
}
