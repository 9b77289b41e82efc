//! [MS-SMB2] 3.3.5.7: TREE_CONNECT.
use nt::NtStatus;
use wire::negotiate::Dialect;
use wire::{Response, tree_connect};

use super::{Flow, Started};
use crate::connection::{Incoming, SignatureState};
use crate::server::{Answer, Asked, Server, ShareId, Tree};

/// The longest name of a share. [MS-SMB2] 2.2.9
const SHARE_NAME_UNITS_MAX: usize = 80;

pub(crate) fn start(
    server: &mut Server,
    asked: &Asked,
    incoming: &Incoming,
    request: &tree_connect::Request<'_>,
) -> Started {
    let negotiated = server.negotiated(asked.connection)?;
    let session = server.session(asked)?;
    let is_protected = matches!(incoming.signature, SignatureState::Verified | SignatureState::Encrypted);
    if negotiated.dialect == Dialect::SMB_3_1_1 && !session.is_unauthenticated() && !is_protected {
        return Ok(Flow::Disconnect);
    }
    let name = share_name(request.path.units()).ok_or(NtStatus::BAD_NETWORK_NAME)?;
    let mut all = server.config.shares.iter().enumerate();
    let (at, share) = all.find(|(_, share)| share.is_named(name)).ok_or(NtStatus::BAD_NETWORK_NAME)?;
    if !session.identity.as_ref().is_some_and(|identity| share.admits(identity)) {
        return Err(NtStatus::ACCESS_DENIED);
    }
    if share.encrypt && server.config.reject_unencrypted && negotiated.cipher.is_none() {
        return Err(NtStatus::ACCESS_DENIED);
    }
    let limits = &server.config.limits;
    let own = session.trees.len();
    // Nobody has more than is left for the others.
    if own >= limits.trees_per_session || own >= limits.trees.saturating_sub(server.tree_count) {
        return Err(NtStatus::INSUFFICIENT_RESOURCES);
    }
    let mut share_flags = share.flags();
    if !negotiated.is_smb3() {
        share_flags = share_flags.without(tree_connect::ShareFlags::ENCRYPT_DATA);
    }
    let response = tree_connect::Response {
        share_type: share.kind,
        share_flags,
        capabilities: share.capabilities(),
        maximal_access: share.maximal_access(),
    };
    let tree = Tree { share: ShareId(at), maximal_access: response.maximal_access };
    let session = server.sessions.get_mut(&asked.session_id).ok_or(NtStatus::USER_SESSION_DELETED)?;
    session.next_tree = session.next_tree.wrapping_add(1).max(1);
    let tree_id = session.next_tree;
    if session.trees.insert(tree_id, tree).is_none() {
        server.tree_count += 1;
    }
    let mut answer = Answer::success(Response::TreeConnect(response));
    answer.tree_id = Some(tree_id);
    Ok(answer.into())
}

/// The share of `\\server\share`.
fn share_name(path: &[u16]) -> Option<&[u16]> {
    let backslash = u16::from(b'\\');
    let path = path.strip_prefix(&[backslash, backslash])?;
    let mut parts = path.split(|unit| *unit == backslash);
    let (server, share) = (parts.next()?, parts.next()?);
    let is_whole = parts.next().is_none_or(<[u16]>::is_empty) && parts.next().is_none();
    let fits = !server.is_empty() && !share.is_empty() && share.len() <= SHARE_NAME_UNITS_MAX;
    (is_whole && fits).then_some(share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nt::Utf16;

    #[test]
    fn the_share_is_the_second_part_of_the_path() {
        let share =
            |path: &str| share_name(Utf16::from(path).units()).map(|name| Utf16::from(name).to_text());
        assert_eq!(share(r"\\server\IPC$"), Some(Some("IPC$".to_owned())));
        assert_eq!(share(r"\\server\share\"), Some(Some("share".to_owned())));
        for wrong in [r"server\share", r"\\server", r"\\server\", r"\\\share", r"\\server\share\below", ""] {
            assert_eq!(share(wrong), None, "{wrong}");
        }
    }
}
