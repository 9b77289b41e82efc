//! [MS-SMB2] 3.3.5.15: IOCTL.
use nt::{FsctlCode, NtStatus};
use wire::FileId;
use wire::ioctl::{IoctlFlags, Request, code};

mod copy_chunk;
mod duplicate;
mod of_server;
mod pipe;
mod reparse;
mod resiliency;

pub(crate) use copy_chunk::finish as finish_copy;

use super::{Flow, Started, Waiting};
use crate::server::{Answer, AnswerBody, Asked, Server, ShareId};
use crate::store::{Op, StoreOpen};

/// The codes that go through to the store. [MS-SMB2] 3.3.5.15.8 and note <380>; FSCTL_SET_REPARSE_POINT_EX is not among them.
const PASSED_THROUGH: &[FsctlCode] = &[
    FsctlCode::CREATE_OR_GET_OBJECT_ID,
    FsctlCode::DELETE_OBJECT_ID,
    FsctlCode::DELETE_REPARSE_POINT,
    FsctlCode::FILESYSTEM_GET_STATISTICS,
    FsctlCode::FILE_LEVEL_TRIM,
    FsctlCode::FIND_FILES_BY_SID,
    FsctlCode::GET_COMPRESSION,
    FsctlCode::GET_INTEGRITY_INFORMATION,
    FsctlCode::GET_NTFS_VOLUME_DATA,
    FsctlCode::GET_OBJECT_ID,
    FsctlCode::GET_REFS_VOLUME_DATA,
    FsctlCode::GET_REPARSE_POINT,
    FsctlCode::GET_RETRIEVAL_POINTERS,
    FsctlCode::IS_PATHNAME_VALID,
    FsctlCode::LMR_SET_LINK_TRACKING_INFORMATION,
    FsctlCode::MARK_HANDLE,
    FsctlCode::OFFLOAD_READ,
    FsctlCode::OFFLOAD_WRITE,
    FsctlCode::QUERY_ALLOCATED_RANGES,
    FsctlCode::QUERY_FAT_BPB,
    FsctlCode::QUERY_FILE_REGIONS,
    FsctlCode::QUERY_ON_DISK_VOLUME_INFO,
    FsctlCode::QUERY_SPARING_INFO,
    FsctlCode::READ_FILE_USN_DATA,
    FsctlCode::SET_COMPRESSION,
    FsctlCode::SET_DEFECT_MANAGEMENT,
    FsctlCode::SET_ENCRYPTION,
    FsctlCode::SET_INTEGRITY_INFORMATION,
    FsctlCode::SET_INTEGRITY_INFORMATION_EX,
    FsctlCode::SET_OBJECT_ID,
    FsctlCode::SET_OBJECT_ID_EXTENDED,
    FsctlCode::SET_REPARSE_POINT,
    FsctlCode::SET_SPARSE,
    FsctlCode::SET_ZERO_DATA,
    FsctlCode::SET_ZERO_ON_DEALLOCATION,
    FsctlCode::WRITE_USN_CLOSE_RECORD,
];

pub(crate) fn start(server: &mut Server, asked: &mut Asked, request: &Request<'_>) -> Started {
    if request.flags != IoctlFlags::IS_FSCTL {
        return Err(NtStatus::NOT_SUPPORTED);
    }
    if let Some(started) = of_server::start(server, asked, request) {
        return started;
    }
    server.use_open(asked, request.file_id)?;
    let (file_id, _) = server.open(asked, request.file_id)?;
    asked.used = Some(file_id);
    check_lengths(server, asked, request)?;
    match request.code {
        FsctlCode::PIPE_TRANSCEIVE => pipe::transceive(server, asked, file_id, request),
        FsctlCode::PIPE_PEEK => pipe::peek(server, file_id, request),
        code::SRV_REQUEST_RESUME_KEY => copy_chunk::resume_key(server, asked, file_id, request),
        code::SRV_COPYCHUNK | code::SRV_COPYCHUNK_WRITE => copy_chunk::start(server, asked, file_id, request),
        code::LMR_REQUEST_RESILIENCY => resiliency::start(server, asked, file_id, request),
        FsctlCode::DUPLICATE_EXTENTS_TO_FILE => duplicate::start(server, asked, file_id, request),
        FsctlCode::DUPLICATE_EXTENTS_TO_FILE_EX => duplicate::start_ex(server, asked, file_id, request),
        code::SRV_ENUMERATE_SNAPSHOTS => of_server::snapshots(file_id, request),
        code::SRV_READ_HASH => Err(NtStatus::NOT_SUPPORTED),
        code if PASSED_THROUGH.contains(&code) => pass_through(server, asked, file_id, request),
        _ => Err(NtStatus::NOT_SUPPORTED),
    }
}

/// No part may be longer than MaxTransactSize. [MS-SMB2] 3.3.5.15
fn check_lengths(server: &Server, asked: &Asked, request: &Request<'_>) -> Result<(), NtStatus> {
    let max = server.negotiated(asked.connection)?.transfer_len_max;
    let input_len = u32::try_from(request.input.len()).unwrap_or(u32::MAX);
    match input_len > max || request.input_len_max > max || request.output_len_max > max {
        true => Err(NtStatus::INVALID_PARAMETER),
        false => Ok(()),
    }
}

/// The file of an open. On IPC$ there is no file system that could know the code.
fn file_of(
    server: &Server,
    asked: &Asked,
    file_id: FileId,
) -> Result<(FileId, ShareId, StoreOpen), NtStatus> {
    match server.file(asked, file_id) {
        Err(NtStatus::INVALID_DEVICE_REQUEST) => Err(NtStatus::FS_DRIVER_REQUIRED),
        found => found,
    }
}

/// [MS-SMB2] 3.3.5.15.8
fn pass_through(server: &Server, asked: &Asked, file_id: FileId, request: &Request<'_>) -> Started {
    let (file_id, share, open) = file_of(server, asked, file_id)?;
    if request.code == FsctlCode::SET_REPARSE_POINT {
        reparse::check_policy(server, asked, share, request.input)?;
    }
    let op = Op::FsControl {
        open,
        code: request.code,
        input: request.input.to_vec(),
        output_len_max: request.output_len_max,
    };
    Ok(Flow::Submit(share, op, Waiting::Ioctl(request.code, file_id)))
}

/// An answer with bytes, of one of the server's own codes.
fn output(code: FsctlCode, file_id: FileId, bytes: Vec<u8>) -> Answer {
    Answer::with(NtStatus::SUCCESS, AnswerBody::Ioctl(code, file_id, bytes))
}
