//! [MS-SMB2] 3.3.5.9: CREATE.
use nt::{AccessMask, CreateOptions, NtStatus};
use wire::Response;
use wire::create::{CreateFlags, ImpersonationLevel, NetworkAttributes, OplockLevel, Request};
use wire::tree_connect::ShareType;

mod caching;
mod contexts;
mod name;

use super::{Flow, Started, Waiting as Parked, posix as posix_name};
use crate::connection::Now;
use crate::server::{Answer, AnswerBody, Asked, Held, LeaseId, Open, Pipe, Server, ShareId};
use crate::store::{Caching, Done, Op, OpenOp, OpenedFile};
use contexts::Wanted;

/// FILE_CREATE_TREE_CONNECTION, FILE_OPEN_BY_FILE_ID and FILE_RESERVE_OPFILTER: what no server does. [MS-SMB2] 3.3.5.9
const UNSUPPORTED: CreateOptions =
    CreateOptions(0x80 | CreateOptions::OPEN_BY_FILE_ID.0 | CreateOptions::RESERVE_OPFILTER.0);

/// Bits that are no options at all.
const UNDEFINED: CreateOptions = CreateOptions(0xFF00_0000);

/// Bits that mean nothing in a request. [MS-SMB2] 2.2.13
const IGNORED: CreateOptions = CreateOptions(
    CreateOptions::SYNCHRONOUS_IO_ALERT.0
        | CreateOptions::SYNCHRONOUS_IO_NONALERT.0
        | CreateOptions::OPEN_REMOTE_INSTANCE.0
        | CreateOptions::OPEN_FOR_FREE_SPACE_QUERY.0,
);

/// What is remembered while the store opens.
#[derive(Debug)]
pub(crate) struct Waiting {
    share: ShareId,
    wanted: Wanted,
    lease: Option<LeaseId>,
}

pub(crate) fn start(server: &mut Server, _now: Now, asked: &mut Asked, request: &Request<'_>) -> Started {
    let share_id = server.tree_share(asked)?;
    let share = server.share(share_id).ok_or(NtStatus::NETWORK_NAME_DELETED)?;
    if request.impersonation_level > ImpersonationLevel::DELEGATE {
        return Err(NtStatus::BAD_IMPERSONATION_LEVEL);
    }
    let opens = server.session(asked)?.opens.len();
    if opens >= server.config.limits.opens_per_session {
        return Err(NtStatus::INSUFFICIENT_RESOURCES);
    }
    if share.kind == ShareType::PIPE {
        return open_pipe(server, asked, share_id, request);
    }
    if request.name.units().first() == Some(&u16::from(b'\\')) {
        return Err(NtStatus::INVALID_PARAMETER);
    }
    if request.options.intersects(UNDEFINED) {
        return Err(NtStatus::INVALID_PARAMETER);
    }
    if request.options.intersects(UNSUPPORTED) {
        return Err(NtStatus::NOT_SUPPORTED);
    }
    let maximal =
        server.session(asked)?.trees.get(&asked.tree_id).map_or(AccessMask::NONE, |tree| tree.maximal_access);
    let beyond = request.desired_access.map_generic().without(
        maximal | AccessMask::MAXIMUM_ALLOWED | AccessMask::ACCESS_SYSTEM_SECURITY | AccessMask(0x0CE0_FE00),
    );
    if !beyond.is_empty() {
        return Err(NtStatus::ACCESS_DENIED);
    }
    let posix = server.negotiated(asked.connection)?.posix;
    let wanted = Wanted::read(&request.contexts, posix)?;
    let asks = caching::asks(server, asked, request.oplock_level, &wanted)?;
    let op = OpenOp {
        caller: server.caller(asked)?,
        name: name::canonical(if posix { posix_name::path(&request.name) } else { request.name.clone() })?,
        desired_access: desired_access(request),
        share_access: request.share_access,
        disposition: request.disposition,
        options: request.options.without(IGNORED),
        attributes: request.file_attributes,
        eas: wanted.eas.clone(),
        security: wanted.security.clone(),
        allocation_size: wanted.allocation_size,
        maximal_access: wanted.maximal_access.is_some(),
        posix_mode: wanted.posix_mode,
        caching: asks.caching,
        key: asks.lease.map(LeaseId::caching_key),
        parent_key: asks.parent.map(LeaseId::caching_key),
    };
    let waiting = Waiting { share: share_id, wanted, lease: asks.lease };
    Ok(Flow::Submit(share_id, Op::Open(Box::new(op)), Parked::Create(Box::new(waiting))))
}

/// Without buffers there is no appending. [MS-SMB2] 3.3.5.9
fn desired_access(request: &Request<'_>) -> AccessMask {
    match request.options.contains(CreateOptions::NO_INTERMEDIATE_BUFFERING) {
        true => request.desired_access.without(AccessMask::FILE_APPEND_DATA),
        false => request.desired_access,
    }
}

/// The store has opened, or has not.
pub(crate) fn finish(
    server: &mut Server,
    now: Now,
    asked: &Asked,
    waiting: Waiting,
    done: Done,
) -> Result<Flow, NtStatus> {
    match done {
        Done::Failed(status) => Err(status),
        Done::Stopped { unparsed_len, reparse_data } => Ok(stopped(unparsed_len, &reparse_data)?.into()),
        Done::Opened(opened) => {
            // The session or the tree may have ended meanwhile.
            let stands = server.tree_share(asked).map(drop);
            if let Err(status) = stands.and_then(|()| caching::check_lease(server, waiting.lease, &opened)) {
                let close = Op::Close { open: opened.open, attributes: false };
                server.submit_unheard(waiting.share, close);
                return Err(status);
            }
            Ok(opened_file(server, now, asked, &waiting, &opened).into())
        }
        _ => Err(NtStatus::INTERNAL_ERROR),
    }
}

/// The client follows symbolic links. [MS-SMB2] 2.2.2.2.1
fn stopped(unparsed_len: u16, reparse_data: &[u8]) -> Result<Answer, NtStatus> {
    let mut w = wire::Writer::new();
    wire::SymlinkError { unparsed_len, reparse_data }.encode(&mut w);
    let data = w.finish().map_err(|_| NtStatus::IO_REPARSE_DATA_INVALID)?;
    Ok(Answer::with(NtStatus::STOPPED_ON_SYMLINK, AnswerBody::Error(data)))
}

fn opened_file(
    server: &mut Server,
    now: Now,
    asked: &Asked,
    waiting: &Waiting,
    opened: &OpenedFile,
) -> Answer {
    let oplock = match opened.caching {
        Caching::Oplock(level) => level,
        _ => OplockLevel::NONE,
    };
    let open = Open {
        is_directory: opened.is_directory,
        granted: opened.granted,
        oplock,
        lease: waiting.lease,
        ..new_open(asked, waiting.share, Held::File(opened.open))
    };
    let flags = if opened.is_reparse_point { CreateFlags::REPARSEPOINT } else { CreateFlags::NONE };
    let mut contexts = waiting.wanted.answer(opened);
    let volatile = server.insert_open(open);
    let lease = caching::enter_lease(server, volatile, waiting, opened);
    let oplock_level = if lease.is_some() { OplockLevel::LEASE } else { oplock };
    contexts.extend(lease.and_then(|lease| lease.encode()));
    server.enter_caching(now, volatile, opened);
    let response = wire::create::Response {
        oplock_level,
        flags,
        action: opened.action,
        attributes: opened.attributes,
        file_id: server.file_id(volatile),
        contexts,
    };
    let mut answer = Answer::success(Response::Create(response));
    answer.file_id = Some(server.file_id(volatile));
    answer
}

/// A pipe of IPC$. [MS-SMB2] 3.3.5.9
fn open_pipe(server: &mut Server, asked: &Asked, share: ShareId, request: &Request<'_>) -> Started {
    let name = request.name.to_text().unwrap_or_default();
    let pipe = Pipe::open(&name).ok_or(NtStatus::OBJECT_NAME_NOT_FOUND)?;
    let granted = request.desired_access.map_generic();
    let held = Held::Pipe(Box::new(pipe));
    let open = Open { granted, ..new_open(asked, share, held) };
    let volatile = server.insert_open(open);
    let attributes = NetworkAttributes {
        allocation_size: 4096,
        file_attributes: nt::FileAttributes::NORMAL,
        ..NetworkAttributes::default()
    };
    let response = wire::create::Response {
        oplock_level: OplockLevel::NONE,
        flags: CreateFlags::NONE,
        action: nt::CreateAction::OPENED,
        attributes,
        file_id: server.file_id(volatile),
        contexts: Vec::new(),
    };
    let mut answer = Answer::success(Response::Create(response));
    answer.file_id = Some(server.file_id(volatile));
    Ok(answer.into())
}

fn new_open(asked: &Asked, share: ShareId, held: Held) -> Open {
    Open {
        persistent: 0,
        session_id: asked.session_id,
        tree_id: asked.tree_id,
        share,
        held,
        granted: AccessMask::NONE,
        is_directory: false,
        oplock: OplockLevel::NONE,
        breaking: None,
        lease: None,
        channel_sequence: asked.channel_sequence,
        outstanding: 0,
        outstanding_before: 0,
    }
}

impl Server {
    /// Enters an open into the tables, under a new id.
    fn insert_open(&mut self, mut open: Open) -> u64 {
        let volatile = self.new_id();
        open.persistent = self.new_id();
        if let Some(session) = self.sessions.get_mut(&open.session_id) {
            session.opens.insert(volatile);
        }
        self.opens.insert(volatile, open);
        volatile
    }

    fn file_id(&self, volatile: u64) -> wire::FileId {
        let persistent = self.opens.get(&volatile).map_or(0, |open| open.persistent);
        wire::FileId { persistent, volatile }
    }
}
