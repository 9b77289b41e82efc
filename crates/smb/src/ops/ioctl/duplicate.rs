//! [MS-FSCC] 2.3.7: blocks that two files share. The file that has them is named as in other requests, not by a handle.
use nt::NtStatus;
use wire::FileId;
use wire::ioctl::Request;

use super::super::{Flow, Started, Waiting};
use crate::server::{Asked, Held, Server};
use crate::store::Op;

/// SMB2_DUPLICATE_EXTENTS_DATA: the source's FileId, where it begins in source and target, how long it is. [MS-FSCC] 2.3.7.2
const LEN: usize = 40;

/// Begins FSCTL_DUPLICATE_EXTENTS_TO_FILE.
pub(super) fn start(server: &Server, asked: &Asked, file_id: FileId, request: &Request<'_>) -> Started {
    let (_, share, target) = server.file(asked, file_id)?;
    let input = request.input.get(..LEN).ok_or(NtStatus::INVALID_PARAMETER)?;
    let mut words =
        input.chunks_exact(8).map(|word| word.try_into().map(u64::from_le_bytes).unwrap_or_default());
    let mut word = || words.next().unwrap_or_default();
    let (persistent, volatile) = (word(), word());
    let source = server.opens.get(&volatile);
    let source = source.filter(|open| {
        open.persistent(volatile) == persistent && open.session_id() == Some(asked.session_id)
    });
    let source = source.ok_or(NtStatus::INVALID_HANDLE)?;
    let Held::File(from) = source.held() else { return Err(NtStatus::INVALID_HANDLE) };
    if source.share != share {
        return Err(NtStatus::INVALID_PARAMETER);
    }
    let op =
        Op::Duplicate { source: from, source_offset: word(), target, target_offset: word(), len: word() };
    Ok(Flow::Submit(share, op, Waiting::Ioctl(request.code, file_id)))
}
