//! Any message of either direction, by its command.
use nt::NtStatus;

use crate::command::Command;
use crate::error::DecodeError;
use crate::error_response::ErrorResponse;
use crate::header::Header;
use crate::writer::Writer;
use crate::{
    cancel, change_notify, close, create, echo, flush, ioctl, lock, logoff, negotiate, notification,
    oplock_break, query_directory, query_info, read, session_setup, set_info, tree_connect, tree_disconnect,
    write,
};

/// The body of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // each is the module of its command
pub enum Request<'a> {
    Negotiate(negotiate::Request<'a>),
    SessionSetup(session_setup::Request<'a>),
    Logoff(logoff::Request),
    TreeConnect(tree_connect::Request<'a>),
    TreeDisconnect(tree_disconnect::Request),
    Create(create::Request<'a>),
    Close(close::Request),
    Flush(flush::Request),
    Read(read::Request<'a>),
    /// With the data, which the encoder leaves to the caller.
    Write(write::Request<'a>, &'a [u8]),
    Lock(lock::Request),
    Ioctl(ioctl::Request<'a>),
    Cancel(cancel::Request),
    Echo(echo::Request),
    QueryDirectory(query_directory::Request),
    ChangeNotify(change_notify::Request),
    QueryInfo(query_info::Request<'a>),
    SetInfo(set_info::Request<'a>),
    OplockBreak(oplock_break::Acknowledgment),
}

impl<'a> Request<'a> {
    /// Reads the body of a request, whose header was read. A command that there is no request of is a fault.
    pub fn decode(header: &Header, message: &'a [u8]) -> Result<Request<'a>, DecodeError> {
        Ok(match header.command {
            Command::NEGOTIATE => Request::Negotiate(negotiate::Request::decode(message)?),
            Command::SESSION_SETUP => Request::SessionSetup(session_setup::Request::decode(message)?),
            Command::LOGOFF => Request::Logoff(logoff::Request::decode(message)?),
            Command::TREE_CONNECT => Request::TreeConnect(tree_connect::Request::decode(message)?),
            Command::TREE_DISCONNECT => Request::TreeDisconnect(tree_disconnect::Request::decode(message)?),
            Command::CREATE => Request::Create(create::Request::decode(message)?),
            Command::CLOSE => Request::Close(close::Request::decode(message)?),
            Command::FLUSH => Request::Flush(flush::Request::decode(message)?),
            Command::READ => Request::Read(read::Request::decode(message)?),
            Command::WRITE => {
                let (request, data) = write::Request::decode(message)?;
                Request::Write(request, data)
            }
            Command::LOCK => Request::Lock(lock::Request::decode(message)?),
            Command::IOCTL => Request::Ioctl(ioctl::Request::decode(message)?),
            Command::CANCEL => Request::Cancel(cancel::Request::decode(message)?),
            Command::ECHO => Request::Echo(echo::Request::decode(message)?),
            Command::QUERY_DIRECTORY => Request::QueryDirectory(query_directory::Request::decode(message)?),
            Command::CHANGE_NOTIFY => Request::ChangeNotify(change_notify::Request::decode(message)?),
            Command::QUERY_INFO => Request::QueryInfo(query_info::Request::decode(message)?),
            Command::SET_INFO => Request::SetInfo(set_info::Request::decode(message)?),
            Command::OPLOCK_BREAK => Request::OplockBreak(oplock_break::Acknowledgment::decode(message)?),
            command => return Err(DecodeError::Value { what: "Command", value: command.0.into() }),
        })
    }

    /// The command.
    pub fn command(&self) -> Command {
        match self {
            Request::Negotiate(_) => Command::NEGOTIATE,
            Request::SessionSetup(_) => Command::SESSION_SETUP,
            Request::Logoff(_) => Command::LOGOFF,
            Request::TreeConnect(_) => Command::TREE_CONNECT,
            Request::TreeDisconnect(_) => Command::TREE_DISCONNECT,
            Request::Create(_) => Command::CREATE,
            Request::Close(_) => Command::CLOSE,
            Request::Flush(_) => Command::FLUSH,
            Request::Read(_) => Command::READ,
            Request::Write(..) => Command::WRITE,
            Request::Lock(_) => Command::LOCK,
            Request::Ioctl(_) => Command::IOCTL,
            Request::Cancel(_) => Command::CANCEL,
            Request::Echo(_) => Command::ECHO,
            Request::QueryDirectory(_) => Command::QUERY_DIRECTORY,
            Request::ChangeNotify(_) => Command::CHANGE_NOTIFY,
            Request::QueryInfo(_) => Command::QUERY_INFO,
            Request::SetInfo(_) => Command::SET_INFO,
            Request::OplockBreak(_) => Command::OPLOCK_BREAK,
        }
    }

    /// Appends the body to a header just written; the data of a WRITE goes right after it.
    pub fn encode(&self, w: &mut Writer) {
        match self {
            Request::Negotiate(body) => body.encode(w),
            Request::SessionSetup(body) => body.encode(w),
            Request::Logoff(body) => body.encode(w),
            Request::TreeConnect(body) => body.encode(w),
            Request::TreeDisconnect(body) => body.encode(w),
            Request::Create(body) => body.encode(w),
            Request::Close(body) => body.encode(w),
            Request::Flush(body) => body.encode(w),
            Request::Read(body) => body.encode(w),
            Request::Write(body, data) => body.encode(data.len(), w),
            Request::Lock(body) => body.encode(w),
            Request::Ioctl(body) => body.encode(w),
            Request::Cancel(body) => body.encode(w),
            Request::Echo(body) => body.encode(w),
            Request::QueryDirectory(body) => body.encode(w),
            Request::ChangeNotify(body) => body.encode(w),
            Request::QueryInfo(body) => body.encode(w),
            Request::SetInfo(body) => body.encode(w),
            Request::OplockBreak(body) => body.encode(w),
        }
    }

    /// What travels beside the head: the data of a WRITE.
    pub fn payload(&self) -> &'a [u8] {
        match self {
            Request::Write(_, data) => data,
            _ => &[],
        }
    }
}

/// The body of a response, or of a message that a server sends unasked.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // each is the module of its command
pub enum Response<'a> {
    Error(ErrorResponse<'a>),
    Negotiate(negotiate::Response<'a>),
    SessionSetup(session_setup::Response<'a>),
    Logoff(logoff::Response),
    TreeConnect(tree_connect::Response),
    TreeDisconnect(tree_disconnect::Response),
    Create(create::Response<'a>),
    Close(close::Response),
    Flush(flush::Response),
    /// With the data, which the encoder leaves to the caller.
    Read(read::Response, &'a [u8]),
    Write(write::Response),
    Lock(lock::Response),
    Ioctl(ioctl::Response<'a>),
    Echo(echo::Response),
    QueryDirectory(query_directory::Response<'a>),
    ChangeNotify(change_notify::Response<'a>),
    QueryInfo(query_info::Response<'a>),
    SetInfo(set_info::Response),
    /// The answer to an acknowledgment.
    OplockBreak(oplock_break::Acknowledgment),
    /// What was sent unasked.
    OplockBreakNotification(oplock_break::Notification),
    Notification(notification::Notification<'a>),
}

/// True when a response of this command and status is an ERROR response, and not one of the command. [MS-SMB2] 3.3.4.4
pub fn is_error(command: Command, status: NtStatus) -> bool {
    let is_answer = match status {
        NtStatus::SUCCESS => true,
        NtStatus::MORE_PROCESSING_REQUIRED => command == Command::SESSION_SETUP,
        NtStatus::BUFFER_OVERFLOW => {
            matches!(command, Command::QUERY_INFO | Command::IOCTL | Command::READ | Command::QUERY_DIRECTORY)
        }
        NtStatus::NOTIFY_ENUM_DIR => command == Command::CHANGE_NOTIFY,
        _ => false,
    };
    !is_answer
}

impl<'a> Response<'a> {
    /// Reads the body of a response, whose header was read.
    ///
    /// An IOCTL that failed has either form: SRV_COPYCHUNK answers its limits with STATUS_INVALID_PARAMETER.
    pub fn decode(header: &Header, message: &'a [u8]) -> Result<Response<'a>, DecodeError> {
        if is_error(header.command, header.status) {
            let error = ErrorResponse::decode(message).map(Response::Error);
            return match (error, header.command) {
                (Err(_), Command::IOCTL) => ioctl::Response::decode(message).map(Response::Ioctl),
                (error, _) => error,
            };
        }
        Ok(match header.command {
            Command::NEGOTIATE => Response::Negotiate(negotiate::Response::decode(message)?),
            Command::SESSION_SETUP => Response::SessionSetup(session_setup::Response::decode(message)?),
            Command::LOGOFF => Response::Logoff(logoff::Response::decode(message)?),
            Command::TREE_CONNECT => Response::TreeConnect(tree_connect::Response::decode(message)?),
            Command::TREE_DISCONNECT => Response::TreeDisconnect(tree_disconnect::Response::decode(message)?),
            Command::CREATE => Response::Create(create::Response::decode(message)?),
            Command::CLOSE => Response::Close(close::Response::decode(message)?),
            Command::FLUSH => Response::Flush(flush::Response::decode(message)?),
            Command::READ => {
                let (response, data) = read::Response::decode(message)?;
                Response::Read(response, data)
            }
            Command::WRITE => Response::Write(write::Response::decode(message)?),
            Command::LOCK => Response::Lock(lock::Response::decode(message)?),
            Command::IOCTL => Response::Ioctl(ioctl::Response::decode(message)?),
            Command::ECHO => Response::Echo(echo::Response::decode(message)?),
            Command::QUERY_DIRECTORY => Response::QueryDirectory(query_directory::Response::decode(message)?),
            Command::CHANGE_NOTIFY => Response::ChangeNotify(change_notify::Response::decode(message)?),
            Command::QUERY_INFO => Response::QueryInfo(query_info::Response::decode(message)?),
            Command::SET_INFO => Response::SetInfo(set_info::Response::decode(message)?),
            Command::OPLOCK_BREAK if header.message_id == oplock_break::UNSOLICITED => {
                Response::OplockBreakNotification(oplock_break::Notification::decode(message)?)
            }
            Command::OPLOCK_BREAK => Response::OplockBreak(oplock_break::Acknowledgment::decode(message)?),
            Command::SERVER_TO_CLIENT_NOTIFICATION => {
                Response::Notification(notification::Notification::decode(message)?)
            }
            command => return Err(DecodeError::Value { what: "Command", value: command.0.into() }),
        })
    }

    /// Appends the body to a header just written; the data of a READ goes right after it.
    pub fn encode(&self, w: &mut Writer) {
        match self {
            Response::Error(body) => body.encode(w),
            Response::Negotiate(body) => body.encode(w),
            Response::SessionSetup(body) => body.encode(w),
            Response::Logoff(body) => body.encode(w),
            Response::TreeConnect(body) => body.encode(w),
            Response::TreeDisconnect(body) => body.encode(w),
            Response::Create(body) => body.encode(w),
            Response::Close(body) => body.encode(w),
            Response::Flush(body) => body.encode(w),
            Response::Read(body, data) => body.encode(data.len(), w),
            Response::Write(body) => body.encode(w),
            Response::Lock(body) => body.encode(w),
            Response::Ioctl(body) => body.encode(w),
            Response::Echo(body) => body.encode(w),
            Response::QueryDirectory(body) => body.encode(w),
            Response::ChangeNotify(body) => body.encode(w),
            Response::QueryInfo(body) => body.encode(w),
            Response::SetInfo(body) => body.encode(w),
            Response::OplockBreak(body) => body.encode(w),
            Response::OplockBreakNotification(body) => body.encode(w),
            Response::Notification(body) => body.encode(w),
        }
    }

    /// What travels beside the head: the data of a READ.
    pub fn payload(&self) -> &'a [u8] {
        match self {
            Response::Read(_, data) => data,
            _ => &[],
        }
    }
}
