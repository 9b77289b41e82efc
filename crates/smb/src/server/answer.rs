//! What the server answers, before a connection writes it.
use nt::{FsctlCode, NtStatus};
use wire::session_setup::SessionFlags;
use wire::{
    ErrorId, FileId, Response, change_notify, ioctl, query_directory, query_info, read, session_setup,
};

use crate::Data;
use crate::connection::{Reply, ReplyBody, SessionSecurity};

/// An answer that owns its bytes.
#[derive(Clone, Debug)]
pub struct Answer {
    pub(crate) status: NtStatus,
    pub(crate) body: AnswerBody,
    /// The data of a READ, or of what gives much.
    pub(crate) payload: Data,
    pub(crate) session_id: Option<u64>,
    pub(crate) tree_id: Option<u32>,
    pub(crate) file_id: Option<FileId>,
    pub(crate) signed_by: Option<SessionSecurity>,
    pub(crate) seal: bool,
}

/// What follows the header.
#[derive(Clone, Debug)]
pub(crate) enum AnswerBody {
    /// A response without bytes of its own.
    Fixed(Response<'static>),
    SessionSetup(SessionFlags, Vec<u8>),
    Ioctl(FsctlCode, FileId, Vec<u8>),
    QueryDirectory(Vec<u8>),
    QueryInfo(Vec<u8>),
    ChangeNotify(Vec<u8>),
    /// The data is the payload.
    Read,
    /// The entries are the payload.
    Entries,
    /// Data of an ERROR response.
    Error(Vec<u8>),
}

impl Answer {
    pub(crate) fn with(status: NtStatus, body: AnswerBody) -> Answer {
        Answer {
            status,
            body,
            payload: Data::default(),
            session_id: None,
            tree_id: None,
            file_id: None,
            signed_by: None,
            seal: false,
        }
    }

    pub(crate) fn success(response: Response<'static>) -> Answer {
        Answer::with(NtStatus::SUCCESS, AnswerBody::Fixed(response))
    }

    pub(crate) fn error(status: NtStatus) -> Answer {
        Answer::with(status, AnswerBody::Error(Vec::new()))
    }

    /// The status.
    pub fn status(&self) -> NtStatus {
        self.status
    }

    /// The answer for [`Connection::respond`](crate::connection::Connection::respond). Takes the data of a READ out.
    pub fn reply(&mut self) -> Reply<'_> {
        let payload = core::mem::take(&mut self.payload);
        let body = match &self.body {
            AnswerBody::Fixed(response) => ReplyBody::Response(response.clone()),
            AnswerBody::SessionSetup(flags, token) => {
                let response = session_setup::Response { flags: *flags, security_buffer: token };
                ReplyBody::Response(Response::SessionSetup(response))
            }
            AnswerBody::Ioctl(code, file_id, output) => {
                let response = ioctl::Response { code: *code, file_id: *file_id, input: &[], output };
                ReplyBody::Response(Response::Ioctl(response))
            }
            AnswerBody::QueryDirectory(output) => {
                ReplyBody::Response(Response::QueryDirectory(query_directory::Response { output }))
            }
            AnswerBody::Entries => {
                ReplyBody::Response(Response::QueryDirectory(query_directory::Response { output: &[] }))
            }
            AnswerBody::QueryInfo(output) => {
                ReplyBody::Response(Response::QueryInfo(query_info::Response { output }))
            }
            AnswerBody::ChangeNotify(output) => {
                ReplyBody::Response(Response::ChangeNotify(change_notify::Response { output }))
            }
            AnswerBody::Read => ReplyBody::Response(Response::Read(read::Response::default(), &[])),
            AnswerBody::Error(data) => ReplyBody::Error(ErrorId::DEFAULT, data),
        };
        Reply {
            status: self.status,
            body,
            payload,
            session_id: self.session_id,
            tree_id: self.tree_id,
            file_id: self.file_id,
            signed_by: self.signed_by.clone(),
            seal: self.seal,
        }
    }
}
