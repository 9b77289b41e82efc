//! [MS-SMB2] 2.2.13.2.1 to 2.2.13.2.15: what create contexts ask for.
use nt::{FileTime, Guid};

use super::context::{Context, context_name};
use super::durable::{DurableReconnectV2, DurableRequestV2};
use super::lease::{LEASE_LEN, LEASE_V2_LEN, Lease, LeaseV2};
use crate::error::DecodeError;
use crate::file_id::FileId;
use crate::reader::Reader;
use crate::writer::Writer;

/// SMB2_CREATE_APP_INSTANCE_VERSION. [MS-SMB2] 2.2.13.2.15
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct AppInstanceVersion {
    /// AppInstanceVersionHigh.
    pub high: u64,
    /// AppInstanceVersionLow.
    pub low: u64,
}

/// The data of a create context in a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RequestContext<'a> {
    /// FILE_FULL_EA_INFORMATION entries. [MS-SMB2] 2.2.13.2.1
    EaBuffer(&'a [u8]),
    /// A self-relative security descriptor. [MS-SMB2] 2.2.13.2.2
    SdBuffer(&'a [u8]),
    /// [MS-SMB2] 2.2.13.2.3
    DurableRequest,
    /// [MS-SMB2] 2.2.13.2.4
    DurableReconnect(FileId),
    /// With the time of an earlier answer, or nothing. [MS-SMB2] 2.2.13.2.5
    QueryMaximalAccess(Option<FileTime>),
    /// In bytes. [MS-SMB2] 2.2.13.2.6
    AllocationSize(u64),
    /// [MS-SMB2] 2.2.13.2.7
    TimewarpToken(FileTime),
    /// [MS-SMB2] 2.2.13.2.8
    Lease(Lease),
    /// [MS-SMB2] 2.2.13.2.9
    QueryOnDiskId,
    /// [MS-SMB2] 2.2.13.2.10
    LeaseV2(LeaseV2),
    /// [MS-SMB2] 2.2.13.2.11
    DurableRequestV2(DurableRequestV2),
    /// [MS-SMB2] 2.2.13.2.12
    DurableReconnectV2(DurableReconnectV2),
    /// [MS-SMB2] 2.2.13.2.13
    AppInstanceId(Guid),
    /// For shared virtual disks, MS-RSVD; carried as it is. [MS-SMB2] 2.2.13.2.14
    SvhdxOpenDevice(&'a [u8]),
    /// [MS-SMB2] 2.2.13.2.15
    AppInstanceVersion(AppInstanceVersion),
    /// The permission bits that a POSIX client wants for a new file.
    Posix {
        /// The mode.
        mode: u32,
    },
    /// Apple's, carried as it is.
    Aapl(&'a [u8]),
    /// A name that nobody here knows; a server ignores it.
    Unknown,
}

impl<'a> RequestContext<'a> {
    /// Reads the data of a context by its name.
    pub fn decode(context: &'a Context<'_>) -> Result<RequestContext<'a>, DecodeError> {
        let data = &*context.data;
        let mut r = Reader::new("create context", data);
        Ok(match &*context.name {
            context_name::EA_BUFFER => RequestContext::EaBuffer(data),
            context_name::SD_BUFFER => RequestContext::SdBuffer(data),
            context_name::DURABLE_HANDLE_REQUEST => {
                r.skip(16)?;
                RequestContext::DurableRequest
            }
            context_name::DURABLE_HANDLE_RECONNECT => RequestContext::DurableReconnect(r.file_id()?),
            context_name::QUERY_MAXIMAL_ACCESS if data.is_empty() => RequestContext::QueryMaximalAccess(None),
            context_name::QUERY_MAXIMAL_ACCESS => RequestContext::QueryMaximalAccess(Some(r.time()?)),
            context_name::ALLOCATION_SIZE => RequestContext::AllocationSize(r.u64()?),
            context_name::TIMEWARP_TOKEN => RequestContext::TimewarpToken(r.time()?),
            context_name::REQUEST_LEASE => match data.len() {
                LEASE_LEN => RequestContext::Lease(Lease::decode(&mut r)?),
                LEASE_V2_LEN => RequestContext::LeaseV2(LeaseV2::decode(&mut r)?),
                len => return Err(DecodeError::Value { what: "DataLength of a lease", value: len as u64 }),
            },
            context_name::QUERY_ON_DISK_ID => RequestContext::QueryOnDiskId,
            context_name::DURABLE_HANDLE_REQUEST_V2 => {
                RequestContext::DurableRequestV2(DurableRequestV2::decode(&mut r)?)
            }
            context_name::DURABLE_HANDLE_RECONNECT_V2 => {
                RequestContext::DurableReconnectV2(DurableReconnectV2::decode(&mut r)?)
            }
            context_name::APP_INSTANCE_ID => {
                structure_size(&mut r, "SMB2_CREATE_APP_INSTANCE_ID", 20)?;
                RequestContext::AppInstanceId(r.guid()?)
            }
            context_name::APP_INSTANCE_VERSION => {
                structure_size(&mut r, "SMB2_CREATE_APP_INSTANCE_VERSION", 24)?;
                r.skip(4)?;
                RequestContext::AppInstanceVersion(AppInstanceVersion { high: r.u64()?, low: r.u64()? })
            }
            context_name::SVHDX_OPEN_DEVICE => RequestContext::SvhdxOpenDevice(data),
            context_name::POSIX => RequestContext::Posix { mode: r.u32()? },
            context_name::AAPL => RequestContext::Aapl(data),
            _ => RequestContext::Unknown,
        })
    }

    /// The context that carries this data. There is none for [`Unknown`](RequestContext::Unknown).
    pub fn encode(&self) -> Option<Context<'a>> {
        let mut w = Writer::new();
        let name = match self {
            RequestContext::EaBuffer(data) => return carried(context_name::EA_BUFFER, data),
            RequestContext::SdBuffer(data) => return carried(context_name::SD_BUFFER, data),
            RequestContext::SvhdxOpenDevice(data) => return carried(context_name::SVHDX_OPEN_DEVICE, data),
            RequestContext::Aapl(data) => return carried(context_name::AAPL, data),
            RequestContext::Unknown => return None,
            RequestContext::DurableRequest => {
                w.zeros(16);
                context_name::DURABLE_HANDLE_REQUEST
            }
            RequestContext::DurableReconnect(file_id) => {
                w.file_id(*file_id);
                context_name::DURABLE_HANDLE_RECONNECT
            }
            RequestContext::QueryMaximalAccess(time) => {
                time.iter().for_each(|time| w.time(*time));
                context_name::QUERY_MAXIMAL_ACCESS
            }
            RequestContext::AllocationSize(size) => {
                w.u64(*size);
                context_name::ALLOCATION_SIZE
            }
            RequestContext::TimewarpToken(time) => {
                w.time(*time);
                context_name::TIMEWARP_TOKEN
            }
            RequestContext::Lease(lease) => {
                lease.encode(&mut w);
                context_name::REQUEST_LEASE
            }
            RequestContext::QueryOnDiskId => context_name::QUERY_ON_DISK_ID,
            RequestContext::LeaseV2(lease) => {
                lease.encode(&mut w);
                context_name::REQUEST_LEASE
            }
            RequestContext::DurableRequestV2(request) => {
                request.encode(&mut w);
                context_name::DURABLE_HANDLE_REQUEST_V2
            }
            RequestContext::DurableReconnectV2(reconnect) => {
                reconnect.encode(&mut w);
                context_name::DURABLE_HANDLE_RECONNECT_V2
            }
            RequestContext::AppInstanceId(id) => {
                w.u16(20);
                w.u16(0);
                w.guid(*id);
                context_name::APP_INSTANCE_ID
            }
            RequestContext::AppInstanceVersion(version) => {
                w.u16(24);
                w.zeros(6);
                w.u64(version.high);
                w.u64(version.low);
                context_name::APP_INSTANCE_VERSION
            }
            RequestContext::Posix { mode } => {
                w.u32(*mode);
                context_name::POSIX
            }
        };
        Some(Context { name: name.into(), data: w.finish().ok()?.into() })
    }
}

/// A context whose data is carried as it is.
fn carried<'a>(name: &'static [u8], data: &'a [u8]) -> Option<Context<'a>> {
    Some(Context { name: name.into(), data: data.into() })
}

/// The size that a structure says of itself, and the reserved field after it.
fn structure_size(r: &mut Reader<'_>, what: &'static str, wanted: u16) -> Result<(), DecodeError> {
    let got = r.u16()?;
    r.skip(2)?;
    if got == wanted { Ok(()) } else { Err(DecodeError::StructureSize { what, wanted, got }) }
}
