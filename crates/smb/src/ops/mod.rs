//! [MS-SMB2] 3.3.5: the commands, a file each: `start` when a request comes, `finish` when the store has answered.
use nt::NtStatus;
use wire::{Command, FileId, Request, Response};

pub(crate) mod change_notify;
pub(crate) mod close;
pub(crate) mod create;
pub(crate) mod echo;
pub(crate) mod flush;
pub(crate) mod ioctl;
pub(crate) mod lock;
pub(crate) mod logoff;
pub(crate) mod oplock_break;
mod posix;
pub(crate) mod query_directory;
pub(crate) mod query_info;
pub(crate) mod read;
pub(crate) mod session_setup;
pub(crate) mod set_info;
pub(crate) mod tree_connect;
pub(crate) mod tree_disconnect;
pub(crate) mod write;

use crate::connection::{Incoming, Now};
use crate::server::{
    Answer, AnswerBody, Asked, ConnectionId, ExchangeId, LockSequence, Needs, Server, ShareId,
};
use crate::store::{Done, Op};

/// How a request goes on.
pub(crate) enum Flow {
    /// It is answered.
    Answer(Box<Answer>),
    /// A store shall do this first.
    Submit(ShareId, Op, Waiting),
    /// A token shall be looked at first.
    Authenticate(ExchangeId, Vec<u8>, Waiting),
    /// The client is not to be trusted.
    Disconnect,
}

/// What a request remembers while it waits.
#[derive(Debug)]
pub(crate) enum Waiting {
    /// Nobody waits.
    Nobody,
    SessionSetup(Box<session_setup::Waiting>),
    Create(Box<create::Waiting>),
    Close,
    Read {
        len_min: u32,
    },
    Write {
        count: u32,
    },
    /// Whatever says that it was done is answered with this.
    Plain(Response<'static>),
    QueryDirectory,
    QueryInfo,
    ChangeNotify,
    /// A LOCK, and its place in the open's LockSequenceArray.
    Lock(Option<(FileId, LockSequence)>),
    Ioctl(nt::FsctlCode, FileId),
    CopyChunk(nt::FsctlCode, FileId),
}

impl Waiting {
    /// The client and the CreateGuid of a CREATE that may be asked for again before it is done.
    pub(crate) fn create_guid(&self) -> Option<(nt::Guid, nt::Guid)> {
        match self {
            Waiting::Create(create) => create.create_guid(),
            _ => None,
        }
    }
}

impl From<Answer> for Flow {
    fn from(answer: Answer) -> Flow {
        Flow::Answer(Box::new(answer))
    }
}

/// How a command begins.
pub(crate) type Started = Result<Flow, NtStatus>;

/// Begins with a request.
pub(crate) fn start(
    server: &mut Server,
    now: Now,
    connection: ConnectionId,
    incoming: Incoming,
) -> (Asked, Started) {
    let mut asked = Asked::new(connection, &incoming);
    let started = dispatch(server, now, &mut asked, incoming);
    (asked, started)
}

fn needs(command: Command) -> Needs {
    match command {
        Command::SESSION_SETUP | Command::ECHO | Command::NEGOTIATE => Needs::Nothing,
        // A lease break is acknowledged without a tree.
        Command::LOGOFF | Command::TREE_CONNECT | Command::OPLOCK_BREAK => Needs::Session,
        _ => Needs::Tree,
    }
}

fn dispatch(server: &mut Server, now: Now, asked: &mut Asked, incoming: Incoming) -> Started {
    server.admit(now, asked, needs(asked.command))?;
    let request = incoming.request().map_err(|_| NtStatus::INVALID_PARAMETER)?;
    match request {
        Request::SessionSetup(request) => session_setup::start(server, now, asked, &incoming, &request),
        Request::Logoff(_) => logoff::start(server, now, asked),
        Request::TreeConnect(request) => tree_connect::start(server, asked, &incoming, &request),
        Request::TreeDisconnect(_) => tree_disconnect::start(server, asked),
        Request::Create(request) => create::start(server, now, asked, request),
        Request::Close(request) => close::start(server, asked, &request),
        Request::Flush(request) => flush::start(server, asked, &request),
        Request::Read(request) => read::start(server, asked, &request),
        Request::Write(request, data) => {
            let at = (data.as_ptr() as usize).saturating_sub(incoming.message.as_ptr() as usize);
            let write = write::Asked::new(&request, at..at + data.len());
            write::start(server, asked, write, incoming.message)
        }
        Request::Ioctl(request) => ioctl::start(server, asked, &request),
        Request::Echo(_) => Ok(echo::start().into()),
        Request::QueryDirectory(request) => query_directory::start(server, asked, &request),
        Request::QueryInfo(request) => query_info::start(server, asked, &request),
        Request::SetInfo(request) => set_info::start(server, asked, &request),
        Request::Lock(request) => lock::start(server, asked, &request),
        Request::OplockBreak(request) => oplock_break::start(server, asked, &request),
        Request::ChangeNotify(request) => change_notify::start(server, asked, &request),
        // The connection answers these itself.
        Request::Negotiate(_) | Request::Cancel(_) => Err(NtStatus::INVALID_PARAMETER),
    }
}

/// Goes on with a request that waited for a store.
pub(crate) fn finish(
    server: &mut Server,
    now: Now,
    asked: &Asked,
    waiting: Waiting,
    done: Done,
) -> Result<Flow, NtStatus> {
    let answer = match (waiting, done) {
        (Waiting::Create(waiting), done) => return create::finish(server, now, asked, *waiting, done),
        (Waiting::CopyChunk(code, file_id), done) => ioctl::finish_copy(code, file_id, done)?,
        (_, Done::Failed(status)) => return Err(status),
        (_, Done::TooSmall(len)) => query_info::too_small(len),
        (Waiting::Close, Done::Closed(attributes)) => close::finish(attributes),
        (Waiting::Read { len_min }, Done::Data(data)) => read::finish(data, len_min)?,
        (Waiting::Write { count }, Done::Nothing) => write::finish(count),
        (Waiting::Plain(response), Done::Nothing) => Answer::success(response),
        (Waiting::Lock(sequence), Done::Nothing) => lock::finish(server, sequence),
        (Waiting::QueryDirectory, Done::Output { status, bytes }) => query_directory::finish(status, bytes),
        (Waiting::QueryInfo, Done::Output { status, bytes }) => {
            Answer::with(status, AnswerBody::QueryInfo(bytes))
        }
        (Waiting::ChangeNotify, Done::Output { status, bytes }) => change_notify::finish(status, bytes)?,
        (Waiting::Ioctl(code, file_id), Done::Output { status, bytes }) => {
            Answer::with(status, AnswerBody::Ioctl(code, file_id, bytes))
        }
        // A store that answers another question than was asked.
        _ => return Err(NtStatus::INTERNAL_ERROR),
    };
    Ok(with_file(server, asked, answer).into())
}

/// Says which open a request used, for the related requests behind it.
fn with_file(_server: &Server, asked: &Asked, mut answer: Answer) -> Answer {
    answer.file_id = answer.file_id.or(asked.used);
    answer
}
