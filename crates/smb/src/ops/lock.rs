//! [MS-SMB2] 3.3.5.14: LOCK.
use nt::NtStatus;
use wire::Response;
use wire::lock::{self, LockElement, LockFlags, Request};

use super::{Flow, Started, Waiting};
use crate::server::{Asked, Server};
use crate::store::Op;

pub(crate) fn start(server: &mut Server, asked: &mut Asked, request: &Request) -> Started {
    server.check_sequence(asked, request.file_id)?;
    let (file_id, share, open) = server.file(asked, request.file_id)?;
    asked.used = Some(file_id);
    check(&request.locks)?;
    let op = Op::Lock { open, locks: request.locks.clone() };
    Ok(Flow::Submit(share, op, Waiting::Plain(Response::Lock(lock::Response))))
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
