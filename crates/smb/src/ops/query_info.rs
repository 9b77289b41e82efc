//! [MS-SMB2] 3.3.5.20: QUERY_INFO.
use nt::{FileInformationClass as Class, FsInformationClass, NtStatus};
use wire::negotiate::Dialect;
use wire::query_info::{InfoType, QueryInfoFlags as Flags, Request};

use super::query_directory::POSIX_INFORMATION;
use super::{Flow, Started, Waiting};
use crate::server::{Answer, AnswerBody, Asked, Held, Server};
use crate::store::{Op, StoreOpen};

pub(crate) fn start(server: &mut Server, asked: &mut Asked, request: &Request<'_>) -> Started {
    server.use_open(asked, request.file_id)?;
    let negotiated = server.negotiated(asked.connection)?;
    let (file_id, open) = server.open(asked, request.file_id)?;
    asked.used = Some(file_id);
    let len = u32::try_from(request.input.len()).unwrap_or(u32::MAX);
    if request.output_len_max > negotiated.transfer_len_max || len > negotiated.transfer_len_max {
        return Err(NtStatus::INVALID_PARAMETER);
    }
    let store = match open.held() {
        Held::File(store) => store,
        Held::Pipe => {
            let mut answer = pipe_information(request)?;
            answer.file_id = Some(file_id);
            return Ok(answer.into());
        }
    };
    let share = open.share;
    let len_max = request.output_len_max;
    let op = match request.info_type {
        InfoType::FILE => {
            let class = Class(request.class.into());
            let is_old = negotiated.dialect < Dialect::SMB_3_1_1;
            match class {
                Class::FULL_EA_INFORMATION => query_ea(store, request),
                // [MS-SMB2] 3.3.5.20.1: only 3.1.1 may ask for the normalized name.
                Class::NORMALIZED_NAME_INFORMATION if is_old => return Err(NtStatus::NOT_SUPPORTED),
                POSIX_INFORMATION if !negotiated.posix => return Err(NtStatus::INVALID_INFO_CLASS),
                class => Op::QueryFile { open: store, class, len_max },
            }
        }
        InfoType::FILESYSTEM => {
            Op::QueryVolume { open: store, class: FsInformationClass(request.class.into()), len_max }
        }
        InfoType::SECURITY => Op::QuerySecurity { open: store, parts: request.additional, len_max },
        // [MS-SMB2] 3.3.5.20.4: a store without quotas.
        InfoType::QUOTA => return Err(NtStatus::NOT_SUPPORTED),
        _ => return Err(NtStatus::INVALID_PARAMETER),
    };
    Ok(Flow::Submit(share, op, Waiting::QueryInfo))
}

fn query_ea(open: StoreOpen, request: &Request<'_>) -> Op {
    Op::QueryEa {
        open,
        len_max: request.output_len_max,
        single: request.flags.contains(Flags::RETURN_SINGLE_ENTRY),
        restart: request.flags.contains(Flags::RESTART_SCAN),
        index: request.flags.contains(Flags::INDEX_SPECIFIED).then_some(request.additional),
        names: request.input.to_vec(),
    }
}

/// What little a pipe is. [MS-FSCC] 2.4.47 and 2.4.37
fn pipe_information(request: &Request<'_>) -> Result<Answer, NtStatus> {
    if request.info_type != InfoType::FILE {
        return Err(NtStatus::NOT_SUPPORTED);
    }
    let bytes = match Class(request.class.into()) {
        Class::STANDARD_INFORMATION => {
            let mut bytes = vec![0; 24];
            // AllocationSize 4096, NumberOfLinks 1, DeletePending.
            bytes.iter_mut().enumerate().for_each(|(at, byte)| match at {
                1 => *byte = 0x10,
                16 | 20 => *byte = 1,
                _ => {}
            });
            bytes
        }
        Class::PIPE_INFORMATION => vec![1, 0, 0, 0, 0, 0, 0, 0],
        _ => return Err(NtStatus::INVALID_INFO_CLASS),
    };
    let len_max = usize::try_from(request.output_len_max).unwrap_or(usize::MAX);
    if len_max < bytes.len() {
        return Err(NtStatus::INFO_LENGTH_MISMATCH);
    }
    Ok(Answer::with(NtStatus::SUCCESS, AnswerBody::QueryInfo(bytes)))
}

/// The buffer is too small: the answer says what it takes. [MS-SMB2] 2.2.2.2
pub(crate) fn too_small(len: u32) -> Answer {
    Answer::with(NtStatus::BUFFER_TOO_SMALL, AnswerBody::Error(len.to_le_bytes().to_vec()))
}
