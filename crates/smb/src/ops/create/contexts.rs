//! [MS-SMB2] 3.3.5.9.1 to 3.3.5.9.14: create contexts.
use nt::{FileTime, NtStatus};
use wire::create::{Context, Lease, LeaseV2, MaximalAccess, OnDiskId, RequestContext, ResponseContext};

use crate::store::OpenedFile;

/// What the contexts of a CREATE ask for.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) eas: Vec<u8>,
    pub(super) security: Option<Vec<u8>>,
    pub(super) allocation_size: u64,
    /// With the time of an earlier answer, or none.
    pub(super) maximal_access: Option<Option<FileTime>>,
    pub(super) on_disk_id: bool,
    pub(super) posix_mode: Option<u32>,
    /// With its parent's key and epoch when it is one of the second version.
    pub(super) lease: Option<LeaseWanted>,
}

/// A lease that is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct LeaseWanted {
    pub(super) lease: Lease,
    pub(super) v2: Option<LeaseV2>,
}

impl Wanted {
    /// Reads the contexts. One that is malformed fails the request.
    pub(super) fn read(contexts: &[Context<'_>], posix: bool) -> Result<Wanted, NtStatus> {
        let mut wanted = Wanted::default();
        for context in contexts {
            match RequestContext::decode(context).map_err(|_| NtStatus::INVALID_PARAMETER)? {
                RequestContext::EaBuffer(list) => wanted.eas = list.to_vec(),
                RequestContext::SdBuffer(descriptor) => wanted.security = Some(descriptor.to_vec()),
                RequestContext::AllocationSize(size) => wanted.allocation_size = size,
                RequestContext::QueryMaximalAccess(time) => wanted.maximal_access = Some(time),
                RequestContext::QueryOnDiskId => wanted.on_disk_id = true,
                // There are no snapshots, so there is no file in one.
                RequestContext::TimewarpToken(time) if time != FileTime(0) => {
                    return Err(NtStatus::OBJECT_NAME_NOT_FOUND);
                }
                RequestContext::Lease(lease) => wanted.lease = Some(LeaseWanted { lease, v2: None }),
                RequestContext::LeaseV2(v2) => {
                    wanted.lease = Some(LeaseWanted { lease: v2.lease, v2: Some(v2) });
                }
                RequestContext::Posix { mode } if posix => wanted.posix_mode = Some(mode),
                // A reconnect asks for a handle that nobody here has kept. [MS-SMB2] 3.3.5.9.7 and 3.3.5.9.12
                RequestContext::DurableReconnect(_) | RequestContext::DurableReconnectV2(_) => {
                    return Err(NtStatus::OBJECT_NAME_NOT_FOUND);
                }
                _ => {}
            }
        }
        Ok(wanted)
    }

    /// The contexts of the answer.
    pub(super) fn answer(&self, opened: &OpenedFile) -> Vec<Context<'static>> {
        let maximal_access = self.maximal_access.map(|before| {
            let is_news = before.is_none_or(|time| time != opened.attributes.last_write_time);
            match opened.maximal_access.filter(|_| is_news) {
                Some(access) => MaximalAccess { status: NtStatus::SUCCESS, access },
                // [MS-SMB2] 3.3.5.9.5: the client has the answer already.
                None => MaximalAccess { status: NtStatus::NONE_MAPPED, access: nt::AccessMask::NONE },
            }
        });
        let on_disk_id = OnDiskId { file_id: opened.file_id, volume_id: opened.volume_id };
        let contexts = [
            maximal_access.map(ResponseContext::MaximalAccess),
            self.on_disk_id.then_some(ResponseContext::OnDiskId(on_disk_id)),
            opened.posix.clone().filter(|_| self.posix_mode.is_some()).map(ResponseContext::Posix),
        ];
        contexts.iter().flatten().filter_map(ResponseContext::encode).collect()
    }
}
