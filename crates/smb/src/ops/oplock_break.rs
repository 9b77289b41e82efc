//! [MS-SMB2] 3.3.5.22: OPLOCK_BREAK acknowledgments.
use nt::NtStatus;
use wire::Response;
use wire::create::{LeaseState, OplockLevel};
use wire::oplock_break::{Acknowledgment, LeaseAcknowledgment, OplockBreak};

use super::{Flow, Started, Waiting};
use crate::server::{Asked, Held, LeaseId, Server};
use crate::store::{Caching, Op};

pub(crate) fn start(server: &mut Server, asked: &mut Asked, request: &Acknowledgment) -> Started {
    match request {
        Acknowledgment::Oplock(oplock) => of_oplock(server, asked, oplock),
        Acknowledgment::Lease(lease) => of_lease(server, asked, lease),
    }
}

/// [MS-SMB2] 3.3.5.22.1
fn of_oplock(server: &mut Server, asked: &mut Asked, request: &OplockBreak) -> Started {
    // An oplock's acknowledgment names the tree of its open (pike's invalid_tree test_oplock_break_ack); a lease has none.
    server.tree_share(asked)?;
    let (file_id, open) = server.open(asked, request.file_id)?;
    let Held::File(store) = open.held() else { return Err(NtStatus::INVALID_DEVICE_STATE) };
    let (share, breaking, had) = (open.share, open.breaking(), open.oplock);
    if request.oplock_level == OplockLevel::LEASE {
        return Err(NtStatus::INVALID_PARAMETER);
    }
    let breaking = breaking.ok_or(match had {
        OplockLevel::NONE | OplockLevel::II => NtStatus::INVALID_OPLOCK_PROTOCOL,
        _ => NtStatus::INVALID_DEVICE_STATE,
    })?;
    let may_keep_two = breaking.to.contains(LeaseState::READ_CACHING);
    let level = match request.oplock_level {
        OplockLevel::NONE => OplockLevel::NONE,
        OplockLevel::II if may_keep_two => OplockLevel::II,
        _ => OplockLevel::LEASE,
    };
    let is_too_much = level == OplockLevel::LEASE;
    let level = if is_too_much { OplockLevel::NONE } else { level };
    if let Some(open) = server.opens.get_mut(&file_id.volatile) {
        open.set_breaking(None);
        open.oplock = level;
    }
    let caching = if level == OplockLevel::NONE { Caching::None } else { Caching::Oplock(level) };
    let op = Op::Acknowledge { open: store, caching };
    if is_too_much {
        server.submit_unheard(share, op);
        return Err(NtStatus::INVALID_OPLOCK_PROTOCOL);
    }
    let answer = Acknowledgment::Oplock(OplockBreak { oplock_level: level, file_id });
    Ok(Flow::Submit(share, op, Waiting::Plain(Response::OplockBreak(answer))))
}

/// [MS-SMB2] 3.3.5.22.2
fn of_lease(server: &mut Server, asked: &Asked, request: &LeaseAcknowledgment) -> Started {
    let id = LeaseId::new(server.client_guid(asked.connection), request.key);
    let lease = server.lease_of(id).ok_or(NtStatus::OBJECT_NAME_NOT_FOUND)?;
    let breaking = lease.breaking.ok_or(NtStatus::UNSUCCESSFUL)?;
    if !breaking.to.contains(request.state) {
        return Err(NtStatus::REQUEST_NOT_ACCEPTED);
    }
    lease.breaking = None;
    lease.state = request.state;
    let volatile = lease.opens.first().copied().ok_or(NtStatus::OBJECT_NAME_NOT_FOUND)?;
    let open = server.opens.get(&volatile).ok_or(NtStatus::OBJECT_NAME_NOT_FOUND)?;
    let Held::File(store) = open.held() else { return Err(NtStatus::UNSUCCESSFUL) };
    let caching = match request.state {
        LeaseState::NONE => Caching::None,
        state => Caching::Lease(state),
    };
    let op = Op::Acknowledge { open: store, caching };
    let answer = Acknowledgment::Lease(LeaseAcknowledgment { key: request.key, state: request.state });
    Ok(Flow::Submit(open.share, op, Waiting::Plain(Response::OplockBreak(answer))))
}
