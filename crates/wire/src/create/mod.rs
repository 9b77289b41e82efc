//! [MS-SMB2] 2.2.13 and 2.2.14: CREATE.
use nt::{
    AccessMask, CreateAction, CreateDisposition, CreateOptions, FileAttributes, FileTime, ShareAccess, Utf16,
};

use crate::error::DecodeError;
use crate::file_id::FileId;
use crate::header::HEADER_LEN;
use crate::reader::{Reader, name};
use crate::writer::Writer;

mod context;
mod durable;
mod lease;
mod posix;
mod request_context;
mod response_context;

pub use context::{CREATE_CONTEXTS_MAX, Context, context_name};
pub use durable::{DurableFlags, DurableReconnectV2, DurableRequestV2, DurableResponseV2};
pub use lease::{LEASE_LEN, LEASE_V2_LEN, Lease, LeaseFlags, LeaseKey, LeaseState, LeaseV2};
pub use posix::PosixResponse;
pub use request_context::{AppInstanceVersion, RequestContext};
pub use response_context::{MaximalAccess, OnDiskId, ResponseContext};

nt::named_numbers! {
    /// What may be cached. [MS-SMB2] 2.2.13
    OplockLevel(u8), prefix "SMB2_OPLOCK_LEVEL_" {
        NONE = 0x00;
        II = 0x01;
        EXCLUSIVE = 0x08;
        BATCH = 0x09;
        LEASE = 0xFF;
    }
}
nt::named_debug!(OplockLevel);

nt::named_numbers! {
    /// How far a server may act as the client. [MS-SMB2] 2.2.13
    ImpersonationLevel(u32), prefix "" {
        ANONYMOUS = 0x0000_0000 => "Anonymous";
        IDENTIFICATION = 0x0000_0001 => "Identification";
        IMPERSONATION = 0x0000_0002 => "Impersonation";
        DELEGATE = 0x0000_0003 => "Delegate";
    }
}
nt::named_debug!(ImpersonationLevel);

nt::named_numbers! {
    /// What a CREATE found. [MS-SMB2] 2.2.14
    CreateFlags(u8), prefix "SMB2_CREATE_FLAG_" {
        REPARSEPOINT = 0x01;
    }
}
nt::bit_set!(CreateFlags);

/// CREATE request. [MS-SMB2] 2.2.13
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request<'a> {
    /// RequestedOplockLevel.
    pub oplock_level: OplockLevel,
    /// ImpersonationLevel.
    pub impersonation_level: ImpersonationLevel,
    /// DesiredAccess.
    pub desired_access: AccessMask,
    /// FileAttributes.
    pub file_attributes: FileAttributes,
    /// ShareAccess.
    pub share_access: ShareAccess,
    /// CreateDisposition.
    pub disposition: CreateDisposition,
    /// CreateOptions.
    pub options: CreateOptions,
    /// The name, relative to the share; with SMB2_FLAGS_DFS_OPERATIONS, a DFS path.
    pub name: Utf16,
    /// The create contexts; what is inside each is read by [`RequestContext::decode`].
    pub contexts: Vec<Context<'a>>,
}

impl<'a> Request<'a> {
    /// Reads the body of a message.
    pub fn decode(message: &'a [u8]) -> Result<Request<'a>, DecodeError> {
        let mut r = Reader::body("CREATE request", message, 57)?;
        r.skip(1)?;
        let oplock_level = OplockLevel(r.u8()?);
        let impersonation_level = ImpersonationLevel(r.u32()?);
        r.skip(16)?;
        let desired_access = AccessMask(r.u32()?);
        let file_attributes = FileAttributes(r.u32()?);
        let share_access = ShareAccess(r.u32()?);
        let disposition = CreateDisposition(r.u32()?);
        let options = CreateOptions(r.u32()?);
        let (name_offset, name_len) = (r.u16()?, r.u16()?);
        let (contexts_offset, contexts_len) = (r.u32()?, r.u32()?);
        Ok(Request {
            oplock_level,
            impersonation_level,
            desired_access,
            file_attributes,
            share_access,
            disposition,
            options,
            name: name("file name", r.span("file name", name_offset, name_len)?)?,
            contexts: context::decode_list(r.span("create contexts", contexts_offset, contexts_len)?)?,
        })
    }

    /// Appends the body to a header just written.
    pub fn encode(&self, w: &mut Writer) {
        const NAME_OFFSET: usize = HEADER_LEN + 56;
        w.u16(57);
        w.u8(0);
        w.u8(self.oplock_level.0);
        w.u32(self.impersonation_level.0);
        w.zeros(16);
        w.u32(self.desired_access.0);
        w.u32(self.file_attributes.0);
        w.u32(self.share_access.0);
        w.u32(self.disposition.0);
        w.u32(self.options.0);
        w.len16("NameOffset", NAME_OFFSET);
        w.len16("NameLength", self.name.units().len() * 2);
        let (offset, len) = (w.hole(4), w.hole(4));
        w.name(&self.name);
        context::encode_list(&self.contexts, offset, len, w);
        w.at_least_one_byte(NAME_OFFSET);
    }
}

/// CREATE response. [MS-SMB2] 2.2.14
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Response<'a> {
    /// OplockLevel.
    pub oplock_level: OplockLevel,
    /// Flags.
    pub flags: CreateFlags,
    /// CreateAction.
    pub action: CreateAction,
    /// The attributes of what was opened.
    pub attributes: NetworkAttributes,
    /// FileId.
    pub file_id: FileId,
    /// The create contexts; what is inside each is read by [`ResponseContext::decode`].
    pub contexts: Vec<Context<'a>>,
}

/// The times, sizes and attributes of a file as CREATE and CLOSE answer them. [MS-SMB2] 2.2.14 and 2.2.16
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct NetworkAttributes {
    /// CreationTime.
    pub creation_time: FileTime,
    /// LastAccessTime.
    pub last_access_time: FileTime,
    /// LastWriteTime.
    pub last_write_time: FileTime,
    /// ChangeTime.
    pub change_time: FileTime,
    /// AllocationSize, in bytes.
    pub allocation_size: u64,
    /// EndofFile, in bytes.
    pub end_of_file: u64,
    /// FileAttributes.
    pub file_attributes: FileAttributes,
}

impl NetworkAttributes {
    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<NetworkAttributes, DecodeError> {
        Ok(NetworkAttributes {
            creation_time: r.time()?,
            last_access_time: r.time()?,
            last_write_time: r.time()?,
            change_time: r.time()?,
            allocation_size: r.u64()?,
            end_of_file: r.u64()?,
            file_attributes: FileAttributes(r.u32()?),
        })
    }

    pub(crate) fn encode(&self, w: &mut Writer) {
        w.time(self.creation_time);
        w.time(self.last_access_time);
        w.time(self.last_write_time);
        w.time(self.change_time);
        w.u64(self.allocation_size);
        w.u64(self.end_of_file);
        w.u32(self.file_attributes.0);
    }
}

impl<'a> Response<'a> {
    /// Reads the body of a message.
    pub fn decode(message: &'a [u8]) -> Result<Response<'a>, DecodeError> {
        let mut r = Reader::body("CREATE response", message, 89)?;
        let oplock_level = OplockLevel(r.u8()?);
        let flags = CreateFlags(r.u8()?);
        let action = CreateAction(r.u32()?);
        let attributes = NetworkAttributes::decode(&mut r)?;
        r.skip(4)?;
        let file_id = r.file_id()?;
        let (offset, len) = (r.u32()?, r.u32()?);
        let contexts = context::decode_list(r.span("create contexts", offset, len)?)?;
        Ok(Response { oplock_level, flags, action, attributes, file_id, contexts })
    }

    /// Appends the body to a header just written.
    pub fn encode(&self, w: &mut Writer) {
        w.u16(89);
        w.u8(self.oplock_level.0);
        w.u8(self.flags.0);
        w.u32(self.action.0);
        self.attributes.encode(w);
        w.u32(0);
        w.file_id(self.file_id);
        let (offset, len) = (w.hole(4), w.hole(4));
        context::encode_list(&self.contexts, offset, len, w);
        w.at_least_one_byte(HEADER_LEN + 88);
    }
}
