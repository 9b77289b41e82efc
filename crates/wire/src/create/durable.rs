//! [MS-SMB2] 2.2.13.2.11, 2.2.13.2.12 and 2.2.14.2.12: durable handles, version 2.
use nt::Guid;

use crate::error::DecodeError;
use crate::file_id::FileId;
use crate::reader::Reader;
use crate::writer::Writer;

nt::named_numbers! {
    /// What is promised of a handle. [MS-SMB2] 2.2.13.2.11
    DurableFlags(u32), prefix "SMB2_DHANDLE_FLAG_" {
        PERSISTENT = 0x0000_0002;
    }
}
nt::bit_set!(DurableFlags);

/// SMB2_CREATE_DURABLE_HANDLE_REQUEST_V2. [MS-SMB2] 2.2.13.2.11
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DurableRequestV2 {
    /// Timeout; 0 leaves it to the server.
    pub timeout_ms: u32,
    /// Flags.
    pub flags: DurableFlags,
    /// CreateGuid.
    pub create_guid: Guid,
}

impl DurableRequestV2 {
    pub(super) fn decode(r: &mut Reader<'_>) -> Result<DurableRequestV2, DecodeError> {
        let (timeout_ms, flags) = (r.u32()?, DurableFlags(r.u32()?));
        r.skip(8)?;
        Ok(DurableRequestV2 { timeout_ms, flags, create_guid: r.guid()? })
    }

    pub(super) fn encode(&self, w: &mut Writer) {
        w.u32(self.timeout_ms);
        w.u32(self.flags.0);
        w.u64(0);
        w.guid(self.create_guid);
    }
}

/// SMB2_CREATE_DURABLE_HANDLE_RECONNECT_V2. [MS-SMB2] 2.2.13.2.12
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DurableReconnectV2 {
    /// FileId.
    pub file_id: FileId,
    /// CreateGuid.
    pub create_guid: Guid,
    /// Flags.
    pub flags: DurableFlags,
}

impl DurableReconnectV2 {
    pub(super) fn decode(r: &mut Reader<'_>) -> Result<DurableReconnectV2, DecodeError> {
        let (file_id, create_guid) = (r.file_id()?, r.guid()?);
        Ok(DurableReconnectV2 { file_id, create_guid, flags: DurableFlags(r.u32()?) })
    }

    pub(super) fn encode(&self, w: &mut Writer) {
        w.file_id(self.file_id);
        w.guid(self.create_guid);
        w.u32(self.flags.0);
    }
}

/// SMB2_CREATE_DURABLE_HANDLE_RESPONSE_V2. [MS-SMB2] 2.2.14.2.12
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DurableResponseV2 {
    /// Timeout: how long the server waits for the client to come back.
    pub timeout_ms: u32,
    /// Flags.
    pub flags: DurableFlags,
}

impl DurableResponseV2 {
    pub(super) fn decode(r: &mut Reader<'_>) -> Result<DurableResponseV2, DecodeError> {
        Ok(DurableResponseV2 { timeout_ms: r.u32()?, flags: DurableFlags(r.u32()?) })
    }

    pub(super) fn encode(&self, w: &mut Writer) {
        w.u32(self.timeout_ms);
        w.u32(self.flags.0);
    }
}
