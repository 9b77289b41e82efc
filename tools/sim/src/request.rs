//! The requests of a client, and what an answer grants.
use crate::check::{Caching, Durable};
use crate::client::{FILES, LOCKED_AT};
use nt::{AccessMask, CreateDisposition, CreateOptions, FileAttributes, FsctlCode, Guid, ShareAccess, Utf16};
use wire::create::{
    self, Context, ImpersonationLevel, Lease, LeaseKey, OplockLevel, RequestContext, ResponseContext,
};
use wire::ioctl::IoctlFlags;
use wire::lock::{LockElement, LockFlags};
use wire::negotiate::{self, Capabilities, Dialect, SecurityMode};
use wire::{FileId, Request, ioctl, lock, read, session_setup, tree_connect, write};

/// What an answer to a CREATE grants.
pub(crate) fn granted(created: &create::Response<'_>, asked: Durable) -> (Durable, Caching) {
    let mut durable = Durable::Not;
    let mut caching = match created.oplock_level {
        OplockLevel::BATCH | OplockLevel::EXCLUSIVE => Caching::Oplock(created.oplock_level),
        _ => Caching::Little,
    };
    for context in &created.contexts {
        match ResponseContext::decode(context) {
            Ok(ResponseContext::Durable) => durable = Durable::V1,
            Ok(ResponseContext::DurableV2(granted)) => durable = Durable::V2(granted.timeout_ms),
            Ok(ResponseContext::Lease(lease)) => caching = Caching::Lease(lease.key, lease.state),
            _ => {}
        }
    }
    (if asked == Durable::Not { asked } else { durable }, caching)
}

pub(crate) fn name_of(file: usize) -> String {
    if file < FILES { format!("f{file}") } else { format!("r{file}") }
}

/// A relative symbolic link whose target is a number. [MS-FSCC] 2.1.2.4
pub(crate) fn point(value: u64) -> Vec<u8> {
    let name: Vec<u8> = format!("t{value}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let len = u16::try_from(name.len()).unwrap_or_default();
    let mut data = 0xa000_000c_u32.to_le_bytes().to_vec();
    data.extend((12 + 2 * len).to_le_bytes());
    data.extend([0, 0]);
    [0, len, len, len].iter().for_each(|field| data.extend(field.to_le_bytes()));
    data.extend(1u32.to_le_bytes());
    data.extend(&name);
    data.extend(&name);
    data
}

pub(crate) fn lease_context(caching: Caching, key: LeaseKey) -> Option<RequestContext<'static>> {
    match caching {
        Caching::Lease(_, state) => Some(RequestContext::Lease(Lease { key, state, ..Lease::default() })),
        _ => None,
    }
}

pub(crate) fn create_request<'a>(
    file: usize,
    is_alone: bool,
    caching: Caching,
    contexts: &[RequestContext<'a>],
) -> Request<'a> {
    let contexts: Vec<Context<'a>> = contexts.iter().filter_map(RequestContext::encode).collect();
    Request::Create(create::Request {
        oplock_level: match caching {
            Caching::Little => OplockLevel::NONE,
            Caching::Oplock(level) => level,
            Caching::Lease(..) => OplockLevel::LEASE,
        },
        impersonation_level: ImpersonationLevel::IMPERSONATION,
        desired_access: AccessMask::FILE_READ_DATA
            | AccessMask::FILE_WRITE_DATA
            | AccessMask::FILE_WRITE_ATTRIBUTES,
        file_attributes: FileAttributes::NORMAL,
        share_access: match is_alone {
            true => ShareAccess(0),
            false => ShareAccess::READ | ShareAccess::WRITE | ShareAccess::DELETE,
        },
        disposition: CreateDisposition::OPEN_IF,
        options: if file < FILES { CreateOptions::NONE } else { CreateOptions::OPEN_REPARSE_POINT },
        name: Utf16::from(name_of(file).as_str()),
        contexts,
    })
}

pub(crate) fn negotiate_request(client: usize) -> Request<'static> {
    Request::Negotiate(negotiate::Request {
        security_mode: SecurityMode::SIGNING_ENABLED,
        capabilities: Capabilities(0x7f),
        client_guid: Guid([u8::try_from(client + 1).unwrap_or(u8::MAX); 16]),
        dialects: vec![Dialect::SMB_3_0_2],
        contexts: Vec::new(),
    })
}

pub(crate) fn setup_request(client: usize, previous_session_id: u64) -> Request<'static> {
    const NAMES: [&[u8]; 4] = [b"ada", b"bob", b"cyd", b"dan"];
    Request::SessionSetup(session_setup::Request {
        flags: session_setup::RequestFlags::NONE,
        security_mode: SecurityMode::SIGNING_ENABLED,
        capabilities: Capabilities::NONE,
        previous_session_id,
        security_buffer: NAMES.get(client % NAMES.len()).copied().unwrap_or_default(),
    })
}

pub(crate) fn tree_request() -> Request<'static> {
    let (flags, path) = (tree_connect::RequestFlags::NONE, Utf16::from(r"\\server\share"));
    Request::TreeConnect(tree_connect::Request { flags, path, contexts: None })
}

pub(crate) fn write_request(file_id: FileId, offset: u64, data: &[u8]) -> Request<'_> {
    let body = write::Request {
        offset,
        file_id,
        channel: read::Channel::NONE,
        remaining: 0,
        flags: write::WriteFlags::NONE,
        channel_information: &[],
    };
    Request::Write(body, data)
}

pub(crate) fn read_request(file_id: FileId, offset: u64) -> Request<'static> {
    Request::Read(read::Request {
        data_offset_hint: 0x50,
        flags: read::ReadFlags(0),
        len: 8,
        offset,
        file_id,
        len_min: 0,
        channel: read::Channel::NONE,
        remaining: 0,
        channel_information: &[],
    })
}

pub(crate) fn lock_request(file_id: FileId, is_lock: bool) -> Request<'static> {
    let flags = match is_lock {
        true => LockFlags::EXCLUSIVE_LOCK | LockFlags::FAIL_IMMEDIATELY,
        false => LockFlags::UNLOCK,
    };
    let locks = vec![LockElement { offset: LOCKED_AT, len: 16, flags }];
    Request::Lock(lock::Request { lock_sequence: 0, file_id, locks })
}

pub(crate) fn ioctl_request(code: FsctlCode, file_id: FileId, input: &[u8]) -> Request<'_> {
    Request::Ioctl(ioctl::Request {
        code,
        file_id,
        input,
        input_len_max: 0,
        output: &[],
        // A SET takes no output, and says so. (reparse-semantics 4.1)
        output_len_max: if code == FsctlCode::GET_REPARSE_POINT { 16384 } else { 0 },
        flags: IoctlFlags::IS_FSCTL,
    })
}
