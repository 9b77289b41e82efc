//! [MS-SMB2] 3.3.5.9.13: an application that has moved to another client takes its file over.
use nt::{AccessMask, NtStatus};
use wire::create::AppInstanceVersion;

use super::{Flow, Parked, Stage, Started, Waiting};
use crate::server::{AppInstance, Asked, Held, Open, Recall, Server};
use crate::store::{Done, Op, OpenOp};

/// Opens; but first what the same instance has open at another client is closed, if this user may read it.
pub(super) fn start(server: &Server, asked: &Asked, waiting: Waiting, op: Box<OpenOp>) -> Started {
    let share = waiting.share;
    match victim(server, &waiting)? {
        None => Ok(Flow::Submit(share, Op::Open(op), Parked::Create(Box::new(waiting)))),
        Some((victim, open)) => {
            let caller = server.caller(asked)?;
            let ask = Op::Describe { open, caller, maximal_access: true, posix: false };
            let waiting = Waiting { stage: Stage::AppInstance { victim, op }, ..waiting };
            Ok(Flow::Submit(share, ask, Parked::Create(Box::new(waiting))))
        }
    }
}

/// The open that is in the way. An application that is not newer than the one that has it is refused.
fn victim(server: &Server, waiting: &Waiting) -> Result<Option<(u64, crate::store::StoreOpen)>, NtStatus> {
    let Some(id) = waiting.wanted.app_instance else { return Ok(None) };
    let is_meant = |open: &Open, recall: &Recall| {
        open.share == waiting.share
            && recall.client != waiting.client
            && recall.asked.eq_ignore_case(&waiting.name)
    };
    let Some((victim, open)) = server.of_app_instance(id, is_meant) else { return Ok(None) };
    let before = open.recall().and_then(|recall| recall.app_instance);
    if !is_newer(waiting.wanted.app_version, before) {
        return Err(NtStatus::FILE_FORCED_CLOSED);
    }
    match open.held() {
        Held::File(store) => Ok(Some((victim, store))),
        Held::Pipe => Ok(None),
    }
}

fn is_newer(version: Option<AppInstanceVersion>, before: Option<AppInstance>) -> bool {
    match (before.and_then(|before| before.version), version) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(before), Some(version)) => version > before,
    }
}

/// The store has said what the user may do.
pub(super) fn finish(
    server: &mut Server,
    asked: &Asked,
    waiting: Waiting,
    victim: u64,
    op: Box<OpenOp>,
    done: Done,
) -> Result<Flow, NtStatus> {
    server.still_stands(asked, waiting.create_guid().is_some())?;
    let reads = match done {
        Done::Opened(found) => {
            found.maximal_access.is_some_and(|access| access.contains(AccessMask::FILE_GENERIC_READ))
        }
        // It is closed already.
        _ => false,
    };
    let open = server.opens.get(&victim);
    // An open without a CreateGuid is closed in any case, note <355>.
    let is_weak = open.and_then(|open| open.recall()).is_some_and(|it| it.create_guid.is_none());
    if !reads && !is_weak {
        let share = waiting.share;
        return Ok(Flow::Submit(share, Op::Open(op), Parked::Create(Box::new(waiting))));
    }
    if let Some(open) = server.remove_open(victim) {
        server.release(open);
    }
    start(server, asked, waiting, op)
}
