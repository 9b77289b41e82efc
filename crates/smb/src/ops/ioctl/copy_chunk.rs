//! [MS-SMB2] 3.3.5.15.5 and 3.3.5.15.6: copies that stay on the server.
use nt::{AccessMask, FsctlCode, NtStatus};
use wire::FileId;
use wire::ioctl::{CopyChunkRequest, CopyChunkResponse, Request, ResumeKey, code};

use super::super::{Flow, Started, Waiting};
use super::output;
use crate::server::{Answer, AnswerBody, Asked, Held, Server};
use crate::store::{Copied, Done, Op};

/// ServerSideCopyMaxNumberofChunks, -MaxChunkSize and -MaxDataSize, as Windows has them. [MS-SMB2] 3.3.3
const CHUNKS_MAX: u32 = 256;
const CHUNK_BYTES_MAX: u32 = 1 << 20;
const COPY_BYTES_MAX: u32 = 16 << 20;

/// A key that names an open until it closes: its volatile and its persistent id. [MS-SMB2] 3.3.5.15.5
pub(super) fn resume_key(server: &Server, asked: &Asked, file_id: FileId, request: &Request<'_>) -> Started {
    server.file(asked, file_id)?;
    if request.output_len_max < 32 {
        return Err(NtStatus::INVALID_PARAMETER);
    }
    let mut key = [0; 24];
    let ids = file_id.volatile.to_le_bytes().into_iter().chain(file_id.persistent.to_le_bytes());
    key.iter_mut().zip(ids).for_each(|(to, from)| *to = from);
    let mut w = wire::Writer::new();
    ResumeKey(key).encode(&mut w);
    let bytes = w.finish().map_err(|_| NtStatus::INSUFFICIENT_RESOURCES)?;
    Ok(output(request.code, file_id, bytes).into())
}

/// [MS-SMB2] 3.3.5.15.6
pub(super) fn start(server: &Server, asked: &Asked, file_id: FileId, request: &Request<'_>) -> Started {
    const RESPONSE_LEN: u32 = 12;
    if request.output_len_max < RESPONSE_LEN {
        return Err(NtStatus::INVALID_PARAMETER);
    }
    let (_, share, target) = server.file(asked, file_id)?;
    let copy = CopyChunkRequest::decode(request.input).map_err(|_| NtStatus::INVALID_PARAMETER)?;
    let (volatile, _) = copy.source.0.split_first_chunk::<8>().ok_or(NtStatus::OBJECT_NAME_NOT_FOUND)?;
    let volatile = u64::from_le_bytes(*volatile);
    let source = server.opens.get(&volatile);
    let source = source.filter(|open| {
        let persistent = open.persistent(volatile).to_le_bytes();
        copy.source.0.get(8..16) == Some(&persistent[..]) && open.session_id() == Some(asked.session_id)
    });
    let source = source.ok_or(NtStatus::OBJECT_NAME_NOT_FOUND)?;
    let Held::File(from) = source.held() else { return Err(NtStatus::OBJECT_NAME_NOT_FOUND) };
    let count = u32::try_from(copy.chunks.len()).unwrap_or(u32::MAX);
    let total = copy.chunks.iter().map(|chunk| u64::from(chunk.len)).sum::<u64>();
    let fits = |len: u32| (1..=CHUNK_BYTES_MAX).contains(&len);
    if count > CHUNKS_MAX
        || total > u64::from(COPY_BYTES_MAX)
        || !copy.chunks.iter().all(|chunk| fits(chunk.len))
    {
        return Ok(limits(request.code, file_id)?.into());
    }
    let (_, opened) = server.open(asked, file_id)?;
    let reads = AccessMask::FILE_READ_DATA;
    if !source.granted.intersects(reads | AccessMask::FILE_EXECUTE)
        || !opened.granted.intersects(AccessMask::FILE_WRITE_DATA | AccessMask::FILE_APPEND_DATA)
        || (request.code == code::SRV_COPYCHUNK && !opened.granted.intersects(reads))
    {
        return Err(NtStatus::ACCESS_DENIED);
    }
    if source.is_directory || opened.is_directory {
        return Err(NtStatus::INVALID_DEVICE_REQUEST);
    }
    if source.share != share {
        return Err(NtStatus::NOT_SUPPORTED);
    }
    let op = Op::Copy { source: from, target, chunks: copy.chunks };
    Ok(Flow::Submit(share, op, Waiting::CopyChunk(request.code, file_id)))
}

/// What is too much is answered with what would not have been. [MS-SMB2] 3.3.5.15.6.2
fn limits(code: FsctlCode, file_id: FileId) -> Result<Answer, NtStatus> {
    let response = CopyChunkResponse {
        chunks_written: CHUNKS_MAX,
        chunk_bytes_written: CHUNK_BYTES_MAX,
        total_bytes_written: COPY_BYTES_MAX,
    };
    response_of(code, file_id, NtStatus::INVALID_PARAMETER, &response)
}

/// STATUS_INVALID_VIEW_SIZE: the source ends before the chunk does.
const INVALID_VIEW_SIZE: NtStatus = NtStatus(0xC000_001F);
/// Faults that are answered with what was copied though that is nothing.
const TOLD_WITH_NOTHING: [NtStatus; 2] = [NtStatus::FILE_LOCK_CONFLICT, INVALID_VIEW_SIZE];

/// The store has copied.
pub(crate) fn finish(code: FsctlCode, file_id: FileId, done: Done) -> Result<Answer, NtStatus> {
    let copied = match done {
        Done::Copied(copied) => copied,
        Done::Failed(status) => return Err(status),
        _ => return Err(NtStatus::INTERNAL_ERROR),
    };
    let Copied { chunks, bytes, fault } = copied;
    match fault {
        // Nothing was done at all, so there is nothing to say of it.
        // [Windows] A lock that is in the way is told with what was copied, even if that is nothing: smbtorture
        // smb2.ioctl.copy_chunk_src_lock; and so is a source that ends before: pike's test_neg_cross_offset_basic.
        Some(status) if chunks == 0 && !TOLD_WITH_NOTHING.contains(&status) => Err(status),
        fault => {
            let response = CopyChunkResponse {
                chunks_written: chunks,
                chunk_bytes_written: 0,
                total_bytes_written: bytes,
            };
            response_of(code, file_id, fault.unwrap_or(NtStatus::SUCCESS), &response)
        }
    }
}

fn response_of(
    code: FsctlCode,
    file_id: FileId,
    status: NtStatus,
    response: &CopyChunkResponse,
) -> Result<Answer, NtStatus> {
    let mut w = wire::Writer::new();
    response.encode(&mut w);
    let bytes = w.finish().map_err(|_| NtStatus::INSUFFICIENT_RESOURCES)?;
    Ok(Answer::with(status, AnswerBody::Ioctl(code, file_id, bytes)))
}
