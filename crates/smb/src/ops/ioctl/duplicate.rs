//! [MS-FSCC] 2.3.7 and 2.3.9: blocks that two files share. The file that has them is named as in other requests, not by a handle.
use nt::NtStatus;
use wire::FileId;
use wire::ioctl::Request;

use super::super::{Flow, Started, Waiting};
use crate::server::{Asked, Held, Server, ShareId};
use crate::store::{Op, StoreOpen};

/// SMB2_DUPLICATE_EXTENTS_DATA: the source's FileId, where it begins in source and target, how long it is. [MS-FSCC] 2.3.7.2
const LEN: usize = 40;
/// What SMB2_DUPLICATE_EXTENTS_DATA_EX says of its size, which is that of the structure of local programs. [MS-FSCC] 2.3.9.2
const STRUCTURE_SIZE: [u8; 8] = 0x30u64.to_le_bytes();

/// Begins FSCTL_DUPLICATE_EXTENTS_TO_FILE.
pub(super) fn start(server: &Server, asked: &Asked, file_id: FileId, request: &Request<'_>) -> Started {
    let target = server.file(asked, file_id)?;
    let data = request.input.first_chunk().ok_or(NtStatus::INVALID_PARAMETER)?;
    begin(server, asked, (request, target), data, false)
}

/// Begins FSCTL_DUPLICATE_EXTENTS_TO_FILE_EX: the same between its size and flags. Reserved behind the flags may be missing.
pub(super) fn start_ex(server: &Server, asked: &Asked, file_id: FileId, request: &Request<'_>) -> Started {
    let target = super::file_of(server, asked, file_id)?;
    let input = request.input.strip_prefix(&STRUCTURE_SIZE).ok_or(NtStatus::INVALID_PARAMETER)?;
    let (data, rest) = input.split_first_chunk().ok_or(NtStatus::INVALID_PARAMETER)?;
    let flags = u32::from_le_bytes(*rest.first_chunk().ok_or(NtStatus::INVALID_PARAMETER)?);
    let is_atomic = flags & nt::DUPLICATE_EXTENTS_DATA_EX_SOURCE_ATOMIC != 0;
    begin(server, asked, (request, target), data, is_atomic)
}

fn begin(
    server: &Server,
    asked: &Asked,
    (request, (file_id, share, target)): (&Request<'_>, (FileId, ShareId, StoreOpen)),
    data: &[u8; LEN],
    is_atomic: bool,
) -> Started {
    let mut words =
        data.chunks_exact(8).map(|word| word.try_into().map(u64::from_le_bytes).unwrap_or_default());
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
    let (source_offset, target_offset, len) = (word(), word(), word());
    let op = Op::Duplicate { source: from, source_offset, target, target_offset, len, is_atomic };
    Ok(Flow::Submit(share, op, Waiting::Ioctl(request.code, file_id)))
}
