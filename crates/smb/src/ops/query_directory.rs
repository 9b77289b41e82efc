//! [MS-SMB2] 3.3.5.18: QUERY_DIRECTORY.
use nt::{FileInformationClass as Class, NtStatus};
use wire::query_directory::{QueryDirectoryFlags as Flags, Request};

use super::{Flow, Started, Waiting};
use crate::server::{Answer, AnswerBody, Asked, Server};
use crate::store::Op;

/// FILE_POSIX_INFORMATION, the level of Samba's and Linux's POSIX extensions.
pub(crate) const POSIX_INFORMATION: Class = Class(0x64);

/// The fewest bytes that are not copied.
const BESIDE_LEAST: usize = 16_384;

pub(crate) fn start(server: &mut Server, asked: &mut Asked, request: &Request) -> Started {
    server.use_open(asked, request.file_id)?;
    let negotiated = server.negotiated(asked.connection)?;
    let (file_id, open) = server.open(asked, request.file_id)?;
    let is_directory = open.is_directory;
    let (_, share, store) = server.file(asked, request.file_id)?;
    asked.used = Some(file_id);
    if !is_directory || request.output_len_max > negotiated.transfer_len_max {
        return Err(NtStatus::INVALID_PARAMETER);
    }
    let is_posix = negotiated.posix && request.class == POSIX_INFORMATION;
    if !is_directory_class(request.class) && !is_posix {
        return Err(NtStatus::INVALID_INFO_CLASS);
    }
    let hides = server.share(share).is_some_and(|share| share.access_based);
    let reader = if hides { Some(server.caller(asked)?) } else { None };
    let op = Op::QueryDirectory {
        reader,
        open: store,
        class: request.class,
        len_max: request.output_len_max,
        restart: request.flags.intersects(Flags::RESTART_SCANS | Flags::REOPEN),
        single: request.flags.contains(Flags::RETURN_SINGLE_ENTRY),
        pattern: request.pattern.clone(),
    };
    Ok(Flow::Submit(share, op, Waiting::QueryDirectory))
}

/// Many entries are sent from where they are; few are cheaper copied behind their header.
pub(crate) fn finish(status: NtStatus, bytes: Vec<u8>) -> Answer {
    if bytes.len() < BESIDE_LEAST {
        return Answer::with(status, AnswerBody::QueryDirectory(bytes));
    }
    let mut answer = Answer::with(status, AnswerBody::Entries);
    answer.payload = bytes.into();
    answer
}

/// The classes of [MS-SMB2] 2.2.33, and those that came after it.
fn is_directory_class(class: Class) -> bool {
    matches!(
        class,
        Class::DIRECTORY_INFORMATION
            | Class::FULL_DIRECTORY_INFORMATION
            | Class::BOTH_DIRECTORY_INFORMATION
            | Class::NAMES_INFORMATION
            | Class::ID_BOTH_DIRECTORY_INFORMATION
            | Class::ID_FULL_DIRECTORY_INFORMATION
            | Class::ID_EXTD_DIRECTORY_INFORMATION
            | Class::ID_EXTD_BOTH_DIRECTORY_INFORMATION
            | Class::ID64_EXTD_DIRECTORY_INFORMATION
            | Class::ID64_EXTD_BOTH_DIRECTORY_INFORMATION
            | Class::ID_ALL_EXTD_DIRECTORY_INFORMATION
            | Class::ID_ALL_EXTD_BOTH_DIRECTORY_INFORMATION
    )
}
