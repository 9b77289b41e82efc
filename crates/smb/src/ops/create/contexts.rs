//! [MS-SMB2] 3.3.5.9.1 to 3.3.5.9.14: create contexts.
use nt::{FileTime, Guid, NtStatus};
use wire::create::{
    AppInstanceVersion, Context, DurableFlags, DurableRequestV2, Lease, LeaseV2, MaximalAccess, OnDiskId,
    RequestContext, ResponseContext,
};
use wire::negotiate::Dialect;

use crate::connection::Negotiated;
use crate::store::OpenedFile;

/// What the contexts of a CREATE ask for.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// There is a context of durable handles that the dialect does not know.
    has_strayed: bool,
    pub(super) eas: Vec<u8>,
    pub(super) security: Option<Vec<u8>>,
    pub(super) allocation_size: u64,
    /// With the time of an earlier answer, or none.
    pub(super) maximal_access: Option<Option<FileTime>>,
    pub(super) on_disk_id: bool,
    pub(super) posix_mode: Option<u32>,
    /// With its parent's key and epoch when it is one of the second version.
    pub(super) lease: Option<LeaseWanted>,
    pub(super) durable: Option<DurableWanted>,
    pub(super) reconnect: Option<Reconnect>,
    pub(super) app_instance: Option<Guid>,
    pub(super) app_version: Option<AppInstanceVersion>,
}

/// An open that shall outlive its connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum DurableWanted {
    V1,
    V2(DurableRequestV2),
}

/// An open that a client comes back for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reconnect {
    /// FileId.Persistent.
    pub(super) persistent: u64,
    /// Of the second version.
    pub(super) create_guid: Option<Guid>,
    /// The client takes it for a persistent one.
    pub(super) is_persistent: bool,
}

/// A lease that is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct LeaseWanted {
    pub(super) lease: Lease,
    pub(super) v2: Option<LeaseV2>,
}

impl Wanted {
    /// Reads the contexts. One that is malformed fails the request; one that the dialect has not is passed over.
    pub(super) fn read(contexts: &[Context<'_>], negotiated: &Negotiated) -> Result<Wanted, NtStatus> {
        let mut wanted = Wanted::default();
        let (is_3, is_3_1_1) = (negotiated.is_smb3(), negotiated.dialect == Dialect::SMB_3_1_1);
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
                RequestContext::Posix { mode } if negotiated.posix => wanted.posix_mode = Some(mode),
                RequestContext::DurableRequest => wanted.ask(DurableWanted::V1)?,
                RequestContext::DurableRequestV2(v2) if is_3 => wanted.ask(DurableWanted::V2(v2))?,
                RequestContext::DurableReconnect(file_id) => {
                    let persistent = file_id.persistent;
                    wanted.come_back(Reconnect { persistent, create_guid: None, is_persistent: false })?;
                }
                RequestContext::DurableReconnectV2(v2) if is_3 => wanted.come_back(Reconnect {
                    persistent: v2.file_id.persistent,
                    create_guid: Some(v2.create_guid),
                    is_persistent: v2.flags.contains(DurableFlags::PERSISTENT),
                })?,
                // Before 3.0 they mean nothing, but beside a reconnect of the first version they are a fault all the same.
                RequestContext::DurableRequestV2(_) | RequestContext::DurableReconnectV2(_) => {
                    wanted.has_strayed = true;
                }
                RequestContext::AppInstanceId(id) if is_3 => wanted.app_instance = Some(id),
                RequestContext::AppInstanceVersion(version) if is_3_1_1 => wanted.app_version = Some(version),
                _ => {}
            }
        }
        wanted.check_durable()?;
        Ok(wanted)
    }

    fn ask(&mut self, durable: DurableWanted) -> Result<(), NtStatus> {
        match self.durable.replace(durable) {
            None => Ok(()),
            Some(_) => Err(NtStatus::INVALID_PARAMETER),
        }
    }

    fn come_back(&mut self, reconnect: Reconnect) -> Result<(), NtStatus> {
        match self.reconnect.replace(reconnect) {
            None => Ok(()),
            Some(_) => Err(NtStatus::INVALID_PARAMETER),
        }
    }

    /// Of the four contexts of durable opens only the request and the reconnect of the first version may stand together, and
    /// then the request means nothing. [MS-SMB2] 3.3.5.9.6, 3.3.5.9.7, 3.3.5.9.10 and 3.3.5.9.12
    fn check_durable(&mut self) -> Result<(), NtStatus> {
        match (self.durable, self.reconnect) {
            (_, Some(_)) if self.has_strayed => Err(NtStatus::INVALID_PARAMETER),
            (Some(DurableWanted::V1), Some(Reconnect { create_guid: None, .. })) => {
                self.durable = None;
                Ok(())
            }
            (Some(_), Some(_)) => Err(NtStatus::INVALID_PARAMETER),
            _ => Ok(()),
        }
    }

    /// CreateGuid of a CREATE that can be asked for again.
    pub(super) fn create_guid(&self) -> Option<Guid> {
        match self.durable {
            Some(DurableWanted::V2(v2)) => Some(v2.create_guid),
            _ => None,
        }
    }

    /// True when the open is looked for later.
    pub(super) fn is_recalled(&self) -> bool {
        self.durable.is_some() || self.app_instance.is_some()
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
