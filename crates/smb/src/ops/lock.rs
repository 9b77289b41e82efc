//! [MS-SMB2] 3.3.5.14: LOCK.
use nt::NtStatus;
use wire::lock::{self, LockElement, LockFlags, Request};
use wire::negotiate::{Capabilities, Dialect};
use wire::{FileId, Response};

use super::{Flow, Started, Waiting};
use crate::server::{Answer, Asked, Kind, LockSequence, Server, SessionState};
use crate::store::Op;

pub(crate) fn start(server: &mut Server, asked: &mut Asked, request: &Request) -> Started {
    let unlocks = request.locks.iter().all(|lock| lock.flags.contains(LockFlags::UNLOCK));
    if server.session(asked)?.state == SessionState::Expired && !unlocks {
        // What is held may be let go (smbtorture smb2.session.expire2s).
        return Err(NtStatus::NETWORK_SESSION_EXPIRED);
    }
    server.use_open(asked, request.file_id)?;
    let (file_id, share, open) = server.file(asked, request.file_id)?;
    asked.used = Some(file_id);
    let sequence = sequence(server, asked, file_id, request)?;
    if let Some(sequence) = sequence
        && let Some(open) = server.opens.get_mut(&file_id.volatile)
        && open.lock_sequences().begin(sequence)
    {
        return Ok(done().into());
    }
    check(&request.locks)?;
    let op = Op::Lock { open, locks: request.locks.clone() };
    Ok(Flow::Submit(share, op, Waiting::Lock(sequence.map(|sequence| (file_id, sequence)))))
}

/// Where the request stands in Open.LockSequenceArray, if requests of this open are looked for there. [MS-SMB2] 3.3.5.14
fn sequence(
    server: &Server,
    asked: &Asked,
    file_id: FileId,
    request: &Request,
) -> Result<Option<LockSequence>, NtStatus> {
    let negotiated = server.negotiated(asked.connection)?;
    let (_, open) = server.open(asked, file_id)?;
    let promise = open.recall().and_then(|recall| recall.promise.as_ref());
    let is_kept = promise.is_some_and(|promise| matches!(promise.kind, Kind::Durable | Kind::Resilient));
    let has_channels = negotiated.server_capabilities.contains(Capabilities::MULTI_CHANNEL);
    let applies = negotiated.dialect != Dialect::SMB_2_0_2 && (is_kept || has_channels);
    let sequence = LockSequence::new(request.sequence_index(), request.sequence_number());
    Ok(sequence.filter(|_| applies))
}

/// The store has locked or unlocked all of it.
pub(crate) fn finish(server: &mut Server, sequence: Option<(FileId, LockSequence)>) -> Answer {
    if let Some((file_id, sequence)) = sequence
        && let Some(open) = server.opens.get_mut(&file_id.volatile)
    {
        open.lock_sequences().finish(sequence);
    }
    done()
}

fn done() -> Answer {
    Answer::success(Response::Lock(lock::Response))
}

/// The first element says whether ranges are locked or unlocked; only one alone may wait. [MS-SMB2] 3.3.5.14
fn check(locks: &[LockElement]) -> Result<(), NtStatus> {
    let first = locks.first().ok_or(NtStatus::INVALID_PARAMETER)?;
    let unlocks = first.flags.contains(LockFlags::UNLOCK);
    for element in locks {
        let flags = element.flags;
        let is_valid = match unlocks {
            // Ranges are unlocked one after the other, up to the first that is not to be: the store sees to it.
            // [MS-SMB2] 3.3.5.14.1
            true => true,
            false => {
                let kind = flags.without(LockFlags::FAIL_IMMEDIATELY);
                let may_wait = locks.len() == 1 || flags.contains(LockFlags::FAIL_IMMEDIATELY);
                (kind == LockFlags::SHARED_LOCK || kind == LockFlags::EXCLUSIVE_LOCK) && may_wait
            }
        };
        if !is_valid {
            return Err(NtStatus::INVALID_PARAMETER);
        }
    }
    Ok(())
}
