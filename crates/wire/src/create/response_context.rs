//! [MS-SMB2] 2.2.14.2.3 to 2.2.14.2.14: what create contexts answer.
use nt::{AccessMask, NtStatus};

use super::context::{Context, context_name};
use super::durable::DurableResponseV2;
use super::lease::{LEASE_LEN, LEASE_V2_LEN, Lease, LeaseV2};
use super::posix::PosixResponse;
use crate::error::DecodeError;
use crate::reader::Reader;
use crate::writer::Writer;

/// SMB2_CREATE_QUERY_MAXIMAL_ACCESS_RESPONSE. [MS-SMB2] 2.2.14.2.5
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MaximalAccess {
    /// QueryStatus.
    pub status: NtStatus,
    /// MaximalAccess; it counts only when the status is a success.
    pub access: AccessMask,
}

/// SMB2_CREATE_QUERY_ON_DISK_ID. [MS-SMB2] 2.2.14.2.9
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OnDiskId {
    /// DiskFileId.
    pub file_id: u64,
    /// VolumeId.
    pub volume_id: u64,
}

/// The data of a create context in a response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ResponseContext<'a> {
    /// [MS-SMB2] 2.2.14.2.3
    Durable,
    /// [MS-SMB2] 2.2.14.2.5
    MaximalAccess(MaximalAccess),
    /// [MS-SMB2] 2.2.14.2.9
    OnDiskId(OnDiskId),
    /// [MS-SMB2] 2.2.14.2.10
    Lease(Lease),
    /// [MS-SMB2] 2.2.14.2.11
    LeaseV2(LeaseV2),
    /// [MS-SMB2] 2.2.14.2.12
    DurableV2(DurableResponseV2),
    /// For shared virtual disks, MS-RSVD; carried as it is. [MS-SMB2] 2.2.14.2.14
    SvhdxOpenDevice(&'a [u8]),
    /// What a POSIX client learns.
    Posix(PosixResponse),
    /// Apple's, carried as it is.
    Aapl(&'a [u8]),
    /// A name that nobody here knows; a client ignores it.
    Unknown,
}

impl<'a> ResponseContext<'a> {
    /// Reads the data of a context by its name.
    pub fn decode(context: &'a Context<'_>) -> Result<ResponseContext<'a>, DecodeError> {
        let data = &*context.data;
        let mut r = Reader::new("create context", data);
        Ok(match &*context.name {
            context_name::DURABLE_HANDLE_REQUEST => {
                r.skip(8)?;
                ResponseContext::Durable
            }
            context_name::QUERY_MAXIMAL_ACCESS => ResponseContext::MaximalAccess(MaximalAccess {
                status: NtStatus(r.u32()?),
                access: AccessMask(r.u32()?),
            }),
            context_name::QUERY_ON_DISK_ID => {
                let id = OnDiskId { file_id: r.u64()?, volume_id: r.u64()? };
                r.skip(16)?;
                ResponseContext::OnDiskId(id)
            }
            context_name::REQUEST_LEASE => match data.len() {
                LEASE_LEN => ResponseContext::Lease(Lease::decode(&mut r)?),
                LEASE_V2_LEN => ResponseContext::LeaseV2(LeaseV2::decode(&mut r)?),
                len => return Err(DecodeError::Value { what: "DataLength of a lease", value: len as u64 }),
            },
            context_name::DURABLE_HANDLE_REQUEST_V2 => {
                ResponseContext::DurableV2(DurableResponseV2::decode(&mut r)?)
            }
            context_name::SVHDX_OPEN_DEVICE => ResponseContext::SvhdxOpenDevice(data),
            context_name::POSIX => ResponseContext::Posix(PosixResponse::decode(&mut r)?),
            context_name::AAPL => ResponseContext::Aapl(data),
            _ => ResponseContext::Unknown,
        })
    }

    /// The context that carries this data. There is none for [`Unknown`](ResponseContext::Unknown).
    pub fn encode(&self) -> Option<Context<'a>> {
        let carried =
            |name: &'static [u8], data: &'a [u8]| Some(Context { name: name.into(), data: data.into() });
        let mut w = Writer::new();
        let name = match self {
            ResponseContext::SvhdxOpenDevice(data) => return carried(context_name::SVHDX_OPEN_DEVICE, data),
            ResponseContext::Aapl(data) => return carried(context_name::AAPL, data),
            ResponseContext::Unknown => return None,
            ResponseContext::Durable => {
                w.u64(0);
                context_name::DURABLE_HANDLE_REQUEST
            }
            ResponseContext::MaximalAccess(answer) => {
                w.u32(answer.status.0);
                w.u32(answer.access.0);
                context_name::QUERY_MAXIMAL_ACCESS
            }
            ResponseContext::OnDiskId(id) => {
                w.u64(id.file_id);
                w.u64(id.volume_id);
                w.zeros(16);
                context_name::QUERY_ON_DISK_ID
            }
            ResponseContext::Lease(lease) => {
                lease.encode(&mut w);
                context_name::REQUEST_LEASE
            }
            ResponseContext::LeaseV2(lease) => {
                lease.encode(&mut w);
                context_name::REQUEST_LEASE
            }
            ResponseContext::DurableV2(durable) => {
                durable.encode(&mut w);
                context_name::DURABLE_HANDLE_REQUEST_V2
            }
            ResponseContext::Posix(posix) => {
                posix.encode(&mut w);
                context_name::POSIX
            }
        };
        Some(Context { name: name.into(), data: w.finish().ok()?.into() })
    }
}
