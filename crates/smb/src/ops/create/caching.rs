//! [MS-SMB2] 3.3.5.9, 3.3.5.9.8 and 3.3.5.9.11: which oplock or lease an open asks for, and gets.
use nt::{CreateOptions, NtStatus};
use wire::create::{
    Lease as LeaseContext, LeaseFlags, LeaseKey, LeaseState, LeaseV2, OplockLevel, ResponseContext,
};
use wire::negotiate::{Capabilities, Dialect};

use super::Waiting;
use super::contexts::Wanted;
use crate::server::{Asked, Lease, LeaseId, Server};
use crate::store::{Caching, OpenedFile};

/// What an open asks to cache.
pub(super) struct Asks {
    pub(super) caching: Caching,
    pub(super) lease: Option<LeaseId>,
    pub(super) parent: Option<LeaseId>,
}

pub(super) fn asks(
    server: &Server,
    asked: &Asked,
    level: OplockLevel,
    wanted: &Wanted,
    options: CreateOptions,
) -> Result<Asks, NtStatus> {
    let negotiated = server.negotiated(asked.connection)?;
    let none = Asks { caching: Caching::None, lease: None, parent: None };
    let has_leases = negotiated.dialect >= Dialect::SMB_2_1
        && negotiated.server_capabilities.contains(Capabilities::LEASING);
    match level {
        OplockLevel::II | OplockLevel::EXCLUSIVE | OplockLevel::BATCH => {
            Ok(Asks { caching: Caching::Oplock(level), ..none })
        }
        OplockLevel::LEASE if has_leases => {
            let Some(context) = &wanted.lease else { return Ok(none) };
            // Before 3.0 directories have none (DirectoryLeasing_Negative_SMB21 of WindowsProtocolTestSuites).
            let is_old = negotiated.dialect < Dialect::SMB_3_0;
            if is_old && options.contains(CreateOptions::DIRECTORY_FILE) {
                return Ok(none);
            }
            let client = negotiated.client_guid;
            let v2 = context.v2.filter(|_| negotiated.dialect >= Dialect::SMB_3_0);
            let parent = v2
                .filter(|v2| v2.lease.flags.contains(LeaseFlags::PARENT_LEASE_KEY_SET))
                .map(|v2| LeaseId::new(client, v2.parent_key));
            Ok(Asks {
                caching: Caching::Lease(context.lease.state),
                lease: Some(LeaseId::new(client, context.lease.key)),
                parent,
            })
        }
        _ => Ok(none),
    }
}

/// A key means one file. [MS-SMB2] 3.3.5.9.8
pub(super) fn check_lease(
    server: &mut Server,
    lease: Option<LeaseId>,
    opened: &OpenedFile,
) -> Result<(), NtStatus> {
    let known = lease.and_then(|id| server.lease_of(id)).map(|lease| lease.file);
    match known.is_some_and(|file| file != (opened.volume_id, opened.file_id)) {
        true => Err(NtStatus::INVALID_PARAMETER),
        false => Ok(()),
    }
}

/// Enters an open into its lease, and says what the lease is now.
pub(super) fn enter_lease(
    server: &mut Server,
    volatile: u64,
    waiting: &Waiting,
    opened: &OpenedFile,
) -> Option<ResponseContext<'static>> {
    let (id, context) = waiting.lease.zip(waiting.wanted.lease)?;
    let granted = match opened.caching {
        Caching::Lease(state) => state,
        _ => LeaseState::NONE,
    };
    let lease = server.leases.entry(id).or_insert_with(|| Lease {
        state: LeaseState::NONE,
        breaking: None,
        epoch: context.v2.map_or(0, |v2| v2.epoch),
        is_v2: context.v2.is_some(),
        parent: context.v2.and_then(parent_key),
        file: (opened.volume_id, opened.file_id),
        deletes_on_close: false,
        opens: std::collections::BTreeSet::new(),
    });
    lease.opens.insert(volatile);
    lease.deletes_on_close |= waiting.deletes_on_close;
    if lease.breaking.is_none() && granted != lease.state {
        lease.state = granted;
        lease.epoch = lease.epoch.wrapping_add(1);
    }
    Some(answer(lease, context.lease.key))
}

fn parent_key(v2: LeaseV2) -> Option<LeaseKey> {
    v2.lease.flags.contains(LeaseFlags::PARENT_LEASE_KEY_SET).then_some(v2.parent_key)
}

/// What a lease is now, in the words of the version that it was first asked for in: Lease.Version.
pub(super) fn answer(lease: &Lease, key: LeaseKey) -> ResponseContext<'static> {
    let flags = match lease.breaking {
        Some(_) => LeaseFlags::BREAK_IN_PROGRESS,
        None => LeaseFlags::NONE,
    };
    let answer = LeaseContext { key, state: lease.state, flags };
    if !lease.is_v2 {
        return ResponseContext::Lease(answer);
    }
    let parent = if lease.parent.is_some() { LeaseFlags::PARENT_LEASE_KEY_SET } else { LeaseFlags::NONE };
    ResponseContext::LeaseV2(LeaseV2 {
        lease: LeaseContext { flags: flags | parent, ..answer },
        parent_key: lease.parent.unwrap_or_default(),
        epoch: lease.epoch,
    })
}
