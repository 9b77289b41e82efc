//! [MS-SMB2] 3.3.5.17: ECHO.
use wire::{Response, echo};

use crate::server::Answer;

pub(crate) fn start() -> Answer {
    Answer::success(Response::Echo(echo::Response))
}
