//! The requests of a client, and what an answer grants.
use crate::check::{Caching, Durable};
use crate::client::{FILES, LOCKED_AT};
use nt::{AccessMask, CreateOptions, Guid};
use requests::Create;
use wire::create::{self, Lease, LeaseKey, OplockLevel, RequestContext, ResponseContext};
use wire::lock::LockElement;
use wire::negotiate::Dialect;
use wire::{FileId, Request, lock};

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

/// A relative symbolic link whose target is a number.
pub(crate) fn point(value: u64) -> Vec<u8> {
    requests::symlink(&format!("t{value}"))
}

pub(crate) fn lease_context(caching: Caching, key: LeaseKey) -> Option<RequestContext<'static>> {
    match caching {
        Caching::Lease(_, state) => Some(RequestContext::Lease(Lease { key, state, ..Lease::default() })),
        _ => None,
    }
}

pub(crate) fn create_request(
    file: usize,
    is_alone: bool,
    caching: Caching,
    contexts: Vec<RequestContext<'static>>,
) -> Request<'static> {
    let access = AccessMask::FILE_READ_DATA | AccessMask::FILE_WRITE_DATA | AccessMask::FILE_WRITE_ATTRIBUTES;
    let options = if file < FILES { CreateOptions::NONE } else { CreateOptions::OPEN_REPARSE_POINT };
    let create = requests::create(&name_of(file)).access(access).options(options).oplock(match caching {
        Caching::Little => OplockLevel::NONE,
        Caching::Oplock(level) => level,
        Caching::Lease(..) => OplockLevel::LEASE,
    });
    let create = if is_alone { create.alone() } else { create };
    Create { contexts, ..create }.request()
}

pub(crate) fn negotiate_request(client: usize) -> Request<'static> {
    let number = u8::try_from(client + 1).unwrap_or(u8::MAX);
    requests::negotiate(Guid([number; 16]), Dialect::SMB_3_0_2)
}

pub(crate) fn setup_request(client: usize, previous_session_id: u64) -> Request<'static> {
    const NAMES: [&str; 4] = ["ada", "bob", "cyd", "dan"];
    requests::setup(NAMES.get(client % NAMES.len()).copied().unwrap_or_default(), previous_session_id)
}

pub(crate) fn lock_request(file_id: FileId, is_lock: bool) -> Request<'static> {
    let flags = if is_lock { requests::LOCK } else { requests::UNLOCK };
    let locks = vec![LockElement { offset: LOCKED_AT, len: 16, flags }];
    Request::Lock(lock::Request { lock_sequence: 0, file_id, locks })
}
