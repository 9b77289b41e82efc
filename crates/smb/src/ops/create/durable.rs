//! [MS-SMB2] 3.3.5.9.6 and 3.3.5.9.10: opens that shall outlive their connection.
use core::time::Duration;

use nt::AccessMask;
use wire::create::{Context, DurableFlags, DurableResponseV2, LeaseState, OplockLevel, ResponseContext};

use super::Waiting;
use super::contexts::DurableWanted;
use crate::server::{AppInstance, Asked, Kind, Open, Promise, Recall, Server, TIMEOUT_MAX};
use crate::store::OpenedFile;

/// An open with one of these rights can be asked for again by its CREATE. [MS-SMB2] 3.3.5.9.10
const REPLAYED: AccessMask = AccessMask(
    AccessMask::FILE_READ_DATA.0
        | AccessMask::FILE_EXECUTE.0
        | AccessMask::FILE_WRITE_DATA.0
        | AccessMask::FILE_APPEND_DATA.0
        | AccessMask::DELETE.0,
);

/// Enters by what the open is found again, and what is promised of it.
pub(super) fn remember(
    server: &mut Server,
    asked: &Asked,
    waiting: &Waiting,
    volatile: u64,
    opened: &OpenedFile,
) {
    let wanted = &waiting.wanted;
    if !wanted.is_recalled() {
        return;
    }
    let version = wanted.app_version;
    let recall = Recall {
        promise: promise(server, asked, waiting, volatile),
        persistent: volatile,
        client: waiting.client,
        action: opened.action,
        create_guid: wanted.create_guid(),
        is_replay_eligible: wanted.create_guid().is_some()
            && !opened.is_directory
            && opened.granted.intersects(REPLAYED),
        app_instance: wanted.app_instance.map(|id| AppInstance { id, version }),
        asked: waiting.name.clone(),
        path: opened.path.clone().unwrap_or_default(),
    };
    server.remember(volatile, recall);
}

/// Durable is what is asked for with a batch oplock or a lease of the handle, and gets it. Persistent is nothing: no store here
/// keeps an open over a restart of the server, so the flag is passed over, as it is on a share that is not continuously
/// available.
fn promise(server: &Server, asked: &Asked, waiting: &Waiting, volatile: u64) -> Option<Promise> {
    let durable = waiting.wanted.durable?;
    let open = server.opens.get(&volatile)?;
    if open.is_directory || !asks_for_handle(waiting) || !server.caches_handle(open) {
        return None;
    }
    let default = server.config.limits.durable_timeout;
    let timeout = match durable {
        DurableWanted::V2(v2) if v2.timeout_ms != 0 => {
            Duration::from_millis(v2.timeout_ms.into()).min(TIMEOUT_MAX)
        }
        _ => default,
    };
    let owner = server.sessions.get(&asked.session_id)?.token.as_ref()?.user;
    Some(Promise { kind: Kind::Durable, timeout, owner })
}

fn asks_for_handle(waiting: &Waiting) -> bool {
    let lease = waiting.wanted.lease.filter(|_| waiting.lease.is_some());
    match lease {
        Some(lease) => lease.lease.state.contains(LeaseState::HANDLE_CACHING),
        None => waiting.oplock_level == OplockLevel::BATCH,
    }
}

/// What the client is told of the promise. [MS-SMB2] 2.2.14.2.3 and 2.2.14.2.12
pub(super) fn answer(server: &Server, volatile: u64) -> Option<Context<'static>> {
    answer_of(server.opens.get(&volatile)?)
}

pub(super) fn answer_of(open: &Open) -> Option<Context<'static>> {
    let recall = open.recall()?;
    let promise = recall.promise.as_ref().filter(|promise| promise.kind == Kind::Durable)?;
    let context = match recall.create_guid {
        None => ResponseContext::Durable,
        Some(_) => ResponseContext::DurableV2(DurableResponseV2 {
            timeout_ms: u32::try_from(promise.timeout.as_millis()).unwrap_or(u32::MAX),
            flags: DurableFlags::NONE,
        }),
    };
    context.encode()
}
