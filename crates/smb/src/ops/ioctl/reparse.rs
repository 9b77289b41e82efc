//! [MS-SMB2] 3.3.5.15.13: who may set which reparse point.
use nt::NtStatus;

use crate::server::{Asked, Server, ShareId, may_set};

/// Checks the share's policy before the store looks at the bytes. What is no reparse point at all is the store's to refuse.
pub(super) fn check_policy(
    server: &Server,
    asked: &Asked,
    share: ShareId,
    input: &[u8],
) -> Result<(), NtStatus> {
    let Some(tag) = input.first_chunk::<4>().map(|tag| u32::from_le_bytes(*tag)) else { return Ok(()) };
    let share = server.share(share).ok_or(NtStatus::NETWORK_NAME_DELETED)?;
    let caller = server.caller(asked)?;
    match may_set(share.tags, tag, &caller.groups) {
        true => Ok(()),
        false => Err(NtStatus::ACCESS_DENIED),
    }
}
