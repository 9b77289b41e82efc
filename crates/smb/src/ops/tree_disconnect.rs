//! [MS-SMB2] 3.3.5.8: TREE_DISCONNECT.
use wire::{Response, tree_disconnect};

use super::Started;
use crate::server::{Answer, Asked, Server};

pub(crate) fn start(server: &mut Server, asked: &Asked) -> Started {
    server.end_tree(asked.session_id, asked.tree_id);
    Ok(Answer::success(Response::TreeDisconnect(tree_disconnect::Response)).into())
}
