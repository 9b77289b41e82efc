//! [MS-SMB2] 3.3.5.9.7 and 3.3.5.9.12: a client comes back for an open.
use nt::{CreateAction, Guid, NtStatus};
use wire::create::{OplockLevel, Response};

use super::contexts::Reconnect;
use super::{Flow, Parked, Stage, Started, Waiting, answered, caching};
use crate::connection::Now;
use crate::server::{Asked, Held, Kind, LeaseId, Server};
use crate::store::{Done, Op};

/// Of all that CREATE says only the contexts count, and of a leased open the name. What the file is like is asked first.
pub(super) fn start(
    server: &mut Server,
    now: Now,
    asked: &Asked,
    waiting: Waiting,
    reconnect: Reconnect,
) -> Started {
    let volatile = find(server, now, asked, &waiting, reconnect)?;
    let open = server.opens.get(&volatile).ok_or(NtStatus::OBJECT_NAME_NOT_FOUND)?;
    let Held::File(store) = open.held() else { return Err(NtStatus::OBJECT_NAME_NOT_FOUND) };
    let op = Op::Describe {
        open: store,
        caller: server.caller(asked)?,
        maximal_access: waiting.wanted.maximal_access.is_some(),
        posix: waiting.wanted.posix_mode.is_some(),
    };
    let share = waiting.share;
    let waiting = Waiting { stage: Stage::Reconnect(reconnect), ..waiting };
    Ok(Flow::Submit(share, op, Parked::Create(Box::new(waiting))))
}

/// The open, if the client may have it. Whatever keeps it from that is told as if there were no such open.
fn find(
    server: &mut Server,
    now: Now,
    asked: &Asked,
    waiting: &Waiting,
    reconnect: Reconnect,
) -> Result<u64, NtStatus> {
    const NO: NtStatus = NtStatus::OBJECT_NAME_NOT_FOUND;
    server.tree_share(asked)?;
    let (volatile, open) = server.promised(reconnect.persistent)?;
    let recall = open.recall().ok_or(NO)?;
    let promise = recall.promise.as_ref().ok_or(NO)?;
    let until = open.waits_until().ok_or(NO)?;
    if until <= now.monotonic {
        server.close_waiting(volatile);
        return Err(NO);
    }
    // The rights of the open are those of the share that it came by.
    if open.share != waiting.share {
        return Err(NO);
    }
    if reconnect.create_guid.is_some_and(|guid| guid != recall.create_guid.unwrap_or(Guid::NIL)) {
        return Err(NO);
    }
    match (open.lease(), waiting.wanted.lease) {
        (None, None) => {}
        (Some(id), Some(wanted)) => {
            let lease = server.leases.get(&id).ok_or(NO)?;
            let is_same = id == LeaseId::new(waiting.client, wanted.lease.key);
            if !is_same || lease.is_v2 != wanted.v2.is_some() {
                return Err(NO);
            }
        }
        _ => return Err(NO),
    }
    if promise.kind == Kind::Durable && !server.caches_handle(open) {
        return Err(NO);
    }
    match reconnect.is_persistent {
        true => Err(NtStatus::INVALID_PARAMETER),
        false => Ok(volatile),
    }
}

/// The store has said what the file is like. Meanwhile somebody else may have been quicker, so all is looked at again.
pub(super) fn finish(
    server: &mut Server,
    now: Now,
    asked: &Asked,
    waiting: &Waiting,
    reconnect: Reconnect,
    done: Done,
) -> Result<Flow, NtStatus> {
    let volatile = find(server, now, asked, waiting, reconnect)?;
    let Done::Opened(found) = done else { return Err(NtStatus::OBJECT_NAME_NOT_FOUND) };
    let open = server.opens.get(&volatile).ok_or(NtStatus::OBJECT_NAME_NOT_FOUND)?;
    let recall = open.recall().ok_or(NtStatus::OBJECT_NAME_NOT_FOUND)?;
    let lease = open.lease().and_then(|id| server.leases.get(&id));
    let path = found.path.clone().unwrap_or_default();
    if lease.is_some_and(|lease| !lease.deletes_on_close) && !recall.is_named(&waiting.name, &path) {
        return Err(NtStatus::INVALID_PARAMETER);
    }
    let caller = server.caller(asked)?;
    if recall.promise.as_ref().is_none_or(|promise| promise.owner != caller.user) {
        return Err(NtStatus::ACCESS_DENIED);
    }
    let volatile = server.reclaim(asked, volatile).ok_or(NtStatus::OBJECT_NAME_NOT_FOUND)?;
    let open = server.opens.get(&volatile).ok_or(NtStatus::OBJECT_NAME_NOT_FOUND)?;
    let lease = open.lease().zip(waiting.wanted.lease);
    let lease = lease.and_then(|(id, wanted)| {
        let lease = server.leases.get(&id)?;
        caching::answer(lease, wanted.lease.key).encode()
    });
    let oplock_level = if lease.is_some() { OplockLevel::LEASE } else { open.oplock };
    let mut contexts = waiting.wanted.answer(&found);
    contexts.extend(lease);
    let response = Response {
        oplock_level,
        flags: open.flags,
        action: CreateAction::OPENED,
        attributes: found.attributes,
        file_id: server.file_id(volatile),
        contexts,
    };
    Ok(answered(server, volatile, response).into())
}
