//! [MS-SMB2] 3.3.5.6: LOGOFF.
use wire::{Response, logoff};

use super::Started;
use crate::server::{Answer, Asked, Server};

pub(crate) fn start(server: &mut Server, asked: &Asked) -> Started {
    server.session(asked)?;
    server.end_session(asked.session_id);
    Ok(Answer::success(Response::Logoff(logoff::Response)).into())
}
