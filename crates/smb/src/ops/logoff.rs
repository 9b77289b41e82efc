//! [MS-SMB2] 3.3.5.6: LOGOFF.
use wire::{Response, logoff};

use super::Started;
use crate::connection::Now;
use crate::server::{Answer, Asked, Parting, Server};

pub(crate) fn start(server: &mut Server, now: Now, asked: &Asked) -> Started {
    server.session(asked)?;
    server.end_session(asked.session_id, Parting::Kept(now));
    Ok(Answer::success(Response::Logoff(logoff::Response)).into())
}
