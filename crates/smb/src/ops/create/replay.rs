//! [MS-SMB2] 3.3.5.9 and 3.3.5.9.10: a CREATE that comes again.
use nt::{CreateAction, NtStatus};
use wire::HeaderFlags;
use wire::create::{OplockLevel, Response};

use super::{Flow, Parked, Stage, Started, Waiting, answered, caching, durable};
use crate::server::{Asked, Held, Server};
use crate::store::{Done, Op, StoreOpen};

/// The open that this CREATE made before, if it did.
///
/// The book does not say what comes of one that is still under way. Windows refuses its replay with STATUS_ACCESS_DENIED
/// (smbtorture smb2.replay.dhv2-pending1n-vs-oplock-windows and its neighbours).
pub(super) fn find(
    server: &Server,
    asked: &Asked,
    waiting: &Waiting,
) -> Result<Option<(u64, StoreOpen)>, NtStatus> {
    let Some(create_guid) = waiting.wanted.create_guid() else { return Ok(None) };
    let is_replay = asked.flags.contains(HeaderFlags::REPLAY_OPERATION);
    if server.is_creating(waiting.client, create_guid) {
        return Err(if is_replay { NtStatus::ACCESS_DENIED } else { NtStatus::DUPLICATE_OBJECTID });
    }
    let Some((volatile, open)) = server.replayed(waiting.client, create_guid) else { return Ok(None) };
    if !is_replay {
        return Err(NtStatus::DUPLICATE_OBJECTID);
    }
    // An open is one share's; and the client that waits for its other session to end asks again. [MS-SMB2] 3.2.5.1
    if open.share != waiting.share {
        return Err(NtStatus::ACCESS_DENIED);
    }
    if open.session_id().is_some_and(|session_id| session_id != asked.session_id) {
        return Err(NtStatus::FILE_NOT_AVAILABLE);
    }
    // smbtorture smb2.replay.replay-dhv2-oplock-lease and replay-dhv2-lease3
    if open.lease() != waiting.lease {
        return Err(NtStatus::ACCESS_DENIED);
    }
    let owner = open.recall().and_then(|recall| recall.promise.as_ref()).map(|promise| &promise.owner);
    let caller = server.caller(asked)?;
    if owner.is_some_and(|owner| *owner != caller.user) {
        return Err(NtStatus::ACCESS_DENIED);
    }
    match open.held() {
        Held::File(store) => Ok(Some((volatile, store))),
        Held::Pipe => Ok(None),
    }
}

/// What the file is like now is asked first.
pub(super) fn start(
    server: &Server,
    asked: &Asked,
    waiting: Waiting,
    volatile: u64,
    open: StoreOpen,
) -> Started {
    let op = Op::Describe {
        open,
        caller: server.caller(asked)?,
        maximal_access: waiting.wanted.maximal_access.is_some(),
        posix: waiting.wanted.posix_mode.is_some(),
    };
    let share = waiting.share;
    let waiting = Waiting { stage: Stage::Replay { volatile }, ..waiting };
    Ok(Flow::Submit(share, op, Parked::Create(Box::new(waiting))))
}

/// Answers as it was answered before, with what the client may cache now. An oplock is not told higher than it is asked for,
/// and an open is not told durable to who asks for less than it takes (smbtorture smb2.replay.replay-dhv2-oplock2).
pub(super) fn finish(
    server: &mut Server,
    asked: &Asked,
    waiting: &Waiting,
    volatile: u64,
    done: Done,
) -> Result<Flow, NtStatus> {
    let Done::Opened(found) = done else { return Err(NtStatus::FILE_NOT_AVAILABLE) };
    // It may have been closed, used, or found by another channel meanwhile.
    match find(server, asked, waiting)? {
        Some((now, _)) if now == volatile => {}
        _ => return Err(NtStatus::FILE_NOT_AVAILABLE),
    }
    let is_waiting = server.opens.get(&volatile).is_some_and(|open| open.is_waiting());
    let volatile = match is_waiting {
        true => server.reclaim(asked, volatile).ok_or(NtStatus::FILE_NOT_AVAILABLE)?,
        false => volatile,
    };
    let open = server.opens.get(&volatile).ok_or(NtStatus::FILE_NOT_AVAILABLE)?;
    let lease = open.lease().zip(waiting.wanted.lease);
    let lease = lease.and_then(|(id, wanted)| {
        let lease = server.leases.get(&id)?;
        caching::answer(lease, wanted.lease.key).encode()
    });
    let oplock_level = match lease {
        Some(_) => OplockLevel::LEASE,
        None => OplockLevel(open.oplock.0.min(waiting.oplock_level.0)),
    };
    let is_told_durable = lease.is_some() || oplock_level == OplockLevel::BATCH;
    let mut contexts = waiting.wanted.answer(&found);
    contexts.extend(lease);
    contexts.extend(durable::answer_of(open).filter(|_| is_told_durable));
    let response = Response {
        oplock_level,
        flags: open.flags,
        action: open.recall().map_or(CreateAction::OPENED, |recall| recall.action),
        attributes: found.attributes,
        file_id: server.file_id(volatile),
        contexts,
    };
    Ok(answered(server, volatile, response).into())
}
