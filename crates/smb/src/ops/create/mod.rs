//! [MS-SMB2] 3.3.5.9: CREATE.
use nt::{AccessMask, CreateOptions, Guid, NtStatus, Utf16};
use wire::Response;
use wire::create::{CreateFlags, ImpersonationLevel, NetworkAttributes, OplockLevel, Request};
use wire::tree_connect::ShareType;

mod app_instance;
mod caching;
mod contexts;
mod durable;
mod name;
mod reconnect;
mod replay;

use super::{Flow, Started, Waiting as Parked, posix as posix_name};
use crate::connection::Now;
use crate::server::{Answer, AnswerBody, Asked, LeaseId, Open, Pipe, Server, ShareId};
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

/// What is remembered while the store works.
#[derive(Debug)]
pub(crate) struct Waiting {
    share: ShareId,
    wanted: Wanted,
    lease: Option<LeaseId>,
    /// RequestedOplockLevel.
    oplock_level: OplockLevel,
    /// Open.ClientGuid.
    client: Guid,
    /// The name, where it is looked at again.
    name: Utf16,
    deletes_on_close: bool,
    stage: Stage,
}

/// What the store is doing.
#[derive(Debug)]
enum Stage {
    /// It opens.
    Opening,
    /// It says what a user may do with the open of another instance of an application; then it opens.
    AppInstance { victim: u64, op: Box<OpenOp> },
    /// It says what the file is like that a client comes back for.
    Reconnect(contexts::Reconnect),
    /// It says what the file is like that an earlier CREATE opened.
    Replay { volatile: u64 },
}

impl Waiting {
    /// The client and the CreateGuid of a CREATE that may be asked for again before it is done.
    pub(crate) fn create_guid(&self) -> Option<(Guid, Guid)> {
        let opens = matches!(self.stage, Stage::Opening | Stage::AppInstance { .. });
        self.wanted.create_guid().filter(|_| opens).map(|guid| (self.client, guid))
    }
}

pub(crate) fn start(server: &mut Server, now: Now, asked: &mut Asked, mut request: Request<'_>) -> Started {
    let share_id = server.tree_share(asked)?;
    let share = server.share(share_id).ok_or(NtStatus::NETWORK_NAME_DELETED)?;
    let kind = share.kind;
    let opens = server.session(asked)?.opens.len();
    let limits = &server.config.limits;
    // Nobody has more than is left for the others.
    if opens >= limits.opens_per_session || opens >= limits.opens.saturating_sub(server.opens.len()) {
        return Err(NtStatus::INSUFFICIENT_RESOURCES);
    }
    if kind == ShareType::PIPE {
        check_impersonation(&request)?;
        return open_pipe(server, asked, share_id, &request);
    }
    let negotiated = server.negotiated(asked.connection)?;
    let wanted = Wanted::read(&request.contexts, &negotiated)?;
    let faulty = fault_of(request.name.units());
    let name = match negotiated.posix {
        true => posix_name::path(&request.name),
        false => core::mem::take(&mut request.name),
    };
    // A name that is none is refused below; a client that comes back for an oplock's open may say anything.
    let canonical = name::canonical(name);
    let waiting = Waiting {
        share: share_id,
        lease: None,
        oplock_level: request.oplock_level,
        client: negotiated.client_guid,
        name: match wanted.is_recalled() || wanted.reconnect.is_some() {
            true => canonical.clone().unwrap_or_default(),
            false => Utf16::default(),
        },
        deletes_on_close: request.options.contains(CreateOptions::DELETE_ON_CLOSE),
        wanted,
        stage: Stage::Opening,
    };
    if let Some(reconnect) = waiting.wanted.reconnect {
        return reconnect::start(server, now, asked, waiting, reconnect);
    }
    let asks = caching::asks(server, asked, request.oplock_level, &waiting.wanted, request.options)?;
    let waiting = Waiting { lease: asks.lease, ..waiting };
    if let Some((volatile, open)) = replay::find(server, asked, &waiting)? {
        return replay::start(server, asked, waiting, volatile, open);
    }
    check(server, asked, &request, faulty)?;
    let op = OpenOp {
        caller: server.caller(asked)?,
        name: canonical?,
        desired_access: desired_access(&request),
        share_access: request.share_access,
        disposition: request.disposition,
        options: request.options.without(IGNORED),
        attributes: request.file_attributes,
        eas: waiting.wanted.eas.clone(),
        security: waiting.wanted.security.clone(),
        allocation_size: waiting.wanted.allocation_size,
        maximal_access: waiting.wanted.maximal_access.is_some(),
        path: waiting.wanted.is_recalled(),
        posix_mode: waiting.wanted.posix_mode,
        caching: asks.caching,
        key: asks.lease.map(LeaseId::caching_key),
        parent_key: asks.parent.map(LeaseId::caching_key),
    };
    app_instance::start(server, asked, waiting, Box::new(op))
}

fn check_impersonation(request: &Request<'_>) -> Result<(), NtStatus> {
    match request.impersonation_level > ImpersonationLevel::DELEGATE {
        true => Err(NtStatus::BAD_IMPERSONATION_LEVEL),
        false => Ok(()),
    }
}

/// What no file is opened for. [MS-SMB2] 3.3.5.9
fn check(
    server: &Server,
    asked: &Asked,
    request: &Request<'_>,
    faulty: Option<NtStatus>,
) -> Result<(), NtStatus> {
    check_impersonation(request)?;
    if let Some(status) = faulty {
        return Err(status);
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
    match beyond.is_empty() {
        true => Ok(()),
        false => Err(NtStatus::ACCESS_DENIED),
    }
}

/// What a name is refused with, as it came.
fn fault_of(name: &[u16]) -> Option<NtStatus> {
    if name.first() == Some(&u16::from(b'\\')) {
        return Some(NtStatus::INVALID_PARAMETER);
    }
    climbs_out(name).then_some(NtStatus::OBJECT_PATH_SYNTAX_BAD)
}

/// True when a path goes up beyond where it began. Windows: smbtorture smb2.mkdir; other dots are the store's to refuse.
fn climbs_out(path: &[u16]) -> bool {
    let dots = [u16::from(b'.'); 2];
    let mut depth = 0usize;
    path.split(|unit| *unit == u16::from(b'\\')).any(|part| {
        let is_up = part == dots;
        let is_out = is_up && depth == 0;
        depth = if is_up { depth.saturating_sub(1) } else { depth + 1 };
        is_out
    })
}

/// Without buffers there is no appending. [MS-SMB2] 3.3.5.9
fn desired_access(request: &Request<'_>) -> AccessMask {
    match request.options.contains(CreateOptions::NO_INTERMEDIATE_BUFFERING) {
        true => request.desired_access.without(AccessMask::FILE_APPEND_DATA),
        false => request.desired_access,
    }
}

/// The store has done what it should, or has not.
pub(crate) fn finish(
    server: &mut Server,
    now: Now,
    asked: &Asked,
    waiting: Waiting,
    done: Done,
) -> Result<Flow, NtStatus> {
    match waiting.stage {
        Stage::Opening => finish_open(server, now, asked, &waiting, done),
        Stage::AppInstance { victim, op } => {
            let waiting = Waiting { stage: Stage::Opening, ..waiting };
            app_instance::finish(server, asked, waiting, victim, op, done)
        }
        Stage::Reconnect(reconnect) => reconnect::finish(server, now, asked, &waiting, reconnect, done),
        Stage::Replay { volatile } => replay::finish(server, asked, &waiting, volatile, done),
    }
}

fn finish_open(
    server: &mut Server,
    now: Now,
    asked: &Asked,
    waiting: &Waiting,
    done: Done,
) -> Result<Flow, NtStatus> {
    match done {
        Done::Failed(status) => Err(status),
        Done::Stopped { unparsed_len, reparse_data } => Ok(stopped(unparsed_len, &reparse_data)?.into()),
        Done::Opened(opened) => {
            // The session or the tree may have ended meanwhile.
            let stands = server.still_stands(asked, waiting.create_guid().is_some());
            if let Err(status) = stands.and_then(|()| caching::check_lease(server, waiting.lease, &opened)) {
                let close = Op::Close { open: opened.open, attributes: false };
                server.submit_unheard(waiting.share, close);
                return Err(status);
            }
            Ok(opened_file(server, now, asked, waiting, &opened).into())
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
    let flags = if opened.is_reparse_point { CreateFlags::REPARSEPOINT } else { CreateFlags::NONE };
    let mut open = Open::new(asked, waiting.share, opened.open);
    open.is_directory = opened.is_directory;
    open.granted = opened.granted;
    open.flags = flags;
    open.oplock = oplock;
    open.set_lease(waiting.lease);
    let mut contexts = waiting.wanted.answer(opened);
    let volatile = server.insert_open(open);
    let lease = caching::enter_lease(server, volatile, waiting, opened);
    let oplock_level = if lease.is_some() { OplockLevel::LEASE } else { oplock };
    contexts.extend(lease.and_then(|lease| lease.encode()));
    durable::remember(server, asked, waiting, volatile, opened);
    contexts.extend(durable::answer(server, volatile));
    server.enter_caching(now, volatile, opened);
    let response = wire::create::Response {
        oplock_level,
        flags,
        action: opened.action,
        attributes: opened.attributes,
        file_id: server.file_id(volatile),
        contexts,
    };
    answered(server, volatile, response)
}

fn answered(server: &Server, volatile: u64, response: wire::create::Response<'static>) -> Answer {
    let mut answer = Answer::success(Response::Create(response));
    answer.file_id = Some(server.file_id(volatile));
    answer
}

/// A pipe of IPC$. [MS-SMB2] 3.3.5.9
fn open_pipe(server: &mut Server, asked: &Asked, share: ShareId, request: &Request<'_>) -> Started {
    let name = request.name.to_text().unwrap_or_default();
    let pipe = Pipe::open(&name).ok_or(NtStatus::OBJECT_NAME_NOT_FOUND)?;
    // [MS-FSA] 2.1.5.1: nothing, or what no access has.
    if request.desired_access.is_empty() || request.desired_access.intersects(AccessMask(0x0CE0_FE00)) {
        return Err(NtStatus::ACCESS_DENIED);
    }
    if !server.has_room_for_pipe(asked.session_id) {
        return Err(NtStatus::INSUFFICIENT_RESOURCES);
    }
    let granted = request.desired_access.map_generic();
    let mut open = Open::of_pipe(asked, share, pipe);
    open.granted = granted;
    let volatile = server.insert_open(open);
    server.pipes.insert((asked.session_id, volatile));
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
    Ok(answered(server, volatile, response).into())
}

impl Server {
    /// Enters an open into the tables, under a new id.
    fn insert_open(&mut self, open: Open) -> u64 {
        let volatile = self.new_id();
        if let Some(session) = open.session_id().and_then(|id| self.sessions.get_mut(&id)) {
            session.opens.insert(volatile, ());
        }
        self.opens.insert(volatile, open);
        volatile
    }

    fn file_id(&self, volatile: u64) -> wire::FileId {
        let persistent = self.opens.get(&volatile).map_or(0, |open| open.persistent(volatile));
        wire::FileId { persistent, volatile }
    }
}
