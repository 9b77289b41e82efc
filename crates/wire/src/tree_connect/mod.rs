//! [MS-SMB2] 2.2.9 and 2.2.10: TREE_CONNECT.
use nt::{AccessMask, Utf16};

use crate::error::DecodeError;
use crate::header::HEADER_LEN;
use crate::reader::{Reader, name};
use crate::writer::Writer;

mod context;

pub use context::{Context, ContextType, TREE_CONNECT_CONTEXTS_MAX};

nt::named_numbers! {
    /// How to connect, in dialect 3.1.1. [MS-SMB2] 2.2.9
    RequestFlags(u16), prefix "SMB2_TREE_CONNECT_FLAG_" {
        CLUSTER_RECONNECT = 0x0001;
        REDIRECT_TO_OWNER = 0x0002;
        EXTENSION_PRESENT = 0x0004;
    }
}
nt::bit_set!(RequestFlags);

nt::named_numbers! {
    /// What a share gives access to. [MS-SMB2] 2.2.10
    ShareType(u8), prefix "SMB2_SHARE_TYPE_" {
        DISK = 0x01;
        PIPE = 0x02;
        PRINT = 0x03;
    }
}
nt::named_debug!(ShareType);

nt::named_numbers! {
    /// Properties of a share. The two bits of 0x30 are one number, how clients may cache. [MS-SMB2] 2.2.10
    ShareFlags(u32), prefix "SMB2_SHAREFLAG_" {
        MANUAL_CACHING = 0x0000_0000;
        AUTO_CACHING = 0x0000_0010;
        VDO_CACHING = 0x0000_0020;
        NO_CACHING = 0x0000_0030;
        DFS = 0x0000_0001;
        DFS_ROOT = 0x0000_0002;
        RESTRICT_EXCLUSIVE_OPENS = 0x0000_0100;
        FORCE_SHARED_DELETE = 0x0000_0200;
        ALLOW_NAMESPACE_CACHING = 0x0000_0400;
        ACCESS_BASED_DIRECTORY_ENUM = 0x0000_0800;
        FORCE_LEVELII_OPLOCK = 0x0000_1000;
        ENABLE_HASH_V1 = 0x0000_2000;
        ENABLE_HASH_V2 = 0x0000_4000;
        ENCRYPT_DATA = 0x0000_8000;
        IDENTITY_REMOTING = 0x0004_0000;
        COMPRESS_DATA = 0x0010_0000;
        ISOLATED_TRANSPORT = 0x0020_0000;
    }
}
nt::bit_set!(ShareFlags);

nt::named_numbers! {
    /// What a share can do. [MS-SMB2] 2.2.10
    ShareCapabilities(u32), prefix "SMB2_SHARE_CAP_" {
        DFS = 0x0000_0008;
        CONTINUOUS_AVAILABILITY = 0x0000_0010;
        SCALEOUT = 0x0000_0020;
        CLUSTER = 0x0000_0040;
        ASYMMETRIC = 0x0000_0080;
        REDIRECT_TO_OWNER = 0x0000_0100;
    }
}
nt::bit_set!(ShareCapabilities);

/// TREE_CONNECT request. [MS-SMB2] 2.2.9
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request<'a> {
    /// Flags but EXTENSION_PRESENT, which [`contexts`](Request::contexts) says. A server of a dialect below 3.1.1 ignores
    /// them.
    pub flags: RequestFlags,
    /// The path, `\\server\share`.
    pub path: Utf16,
    /// The contexts of the extension, if there is one. [MS-SMB2] 2.2.9.1
    pub contexts: Option<Vec<Context<'a>>>,
}

/// Where the path may begin: after StructureSize, Flags, PathOffset and PathLength.
const BUFFER_OFFSET: usize = HEADER_LEN + 8;

/// Bytes of the extension before the path.
const EXTENSION_LEN: usize = 16;

impl<'a> Request<'a> {
    /// Reads the body of a message.
    pub fn decode(message: &'a [u8]) -> Result<Request<'a>, DecodeError> {
        let mut r = Reader::body("TREE_CONNECT request", message, 9)?;
        let flags = RequestFlags(r.u16()?);
        let (path_offset, path_len) = (r.u16()?, r.u16()?);
        let path = name("share path", r.span("share path", path_offset, path_len)?)?;
        let contexts = match flags.contains(RequestFlags::EXTENSION_PRESENT) {
            true => {
                let (offset, count) = (r.u32()?, r.u16()?);
                r.skip(10)?;
                // TreeConnectContextOffset counts from the request, not from the header. [MS-SMB2] 2.2.9.1
                let offset = u64::from(offset) + HEADER_LEN as u64;
                Some(context::decode_list(&r, offset, count)?)
            }
            false => None,
        };
        Ok(Request { flags: flags.without(RequestFlags::EXTENSION_PRESENT), path, contexts })
    }

    /// Appends the body to a header just written.
    pub fn encode(&self, w: &mut Writer) {
        let extension = match self.contexts {
            Some(_) => RequestFlags::EXTENSION_PRESENT,
            None => RequestFlags::NONE,
        };
        w.u16(9);
        w.u16(self.flags.without(RequestFlags::EXTENSION_PRESENT).union(extension).0);
        let extension_len = if self.contexts.is_some() { EXTENSION_LEN } else { 0 };
        w.len16("PathOffset", BUFFER_OFFSET + extension_len);
        w.len16("PathLength", self.path.units().len() * 2);
        match &self.contexts {
            Some(contexts) => {
                let offset = w.hole(4);
                w.len16("TreeConnectContextCount", contexts.len());
                w.zeros(10);
                w.name(&self.path);
                w.align8();
                w.fill32("TreeConnectContextOffset", offset, w.offset() - HEADER_LEN);
                context::encode_list(contexts, w);
            }
            None => w.name(&self.path),
        }
        w.at_least_one_byte(BUFFER_OFFSET);
    }
}

/// TREE_CONNECT response. [MS-SMB2] 2.2.10
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Response {
    /// ShareType.
    pub share_type: ShareType,
    /// ShareFlags.
    pub share_flags: ShareFlags,
    /// Capabilities.
    pub capabilities: ShareCapabilities,
    /// MaximalAccess.
    pub maximal_access: AccessMask,
}

impl Response {
    /// Reads the body of a message.
    pub fn decode(message: &[u8]) -> Result<Response, DecodeError> {
        let mut r = Reader::body("TREE_CONNECT response", message, 16)?;
        let share_type = ShareType(r.u8()?);
        r.skip(1)?;
        Ok(Response {
            share_type,
            share_flags: ShareFlags(r.u32()?),
            capabilities: ShareCapabilities(r.u32()?),
            maximal_access: AccessMask(r.u32()?),
        })
    }

    /// Appends the body to a header just written.
    pub fn encode(&self, w: &mut Writer) {
        w.u16(16);
        w.u8(self.share_type.0);
        w.u8(0);
        w.u32(self.share_flags.0);
        w.u32(self.capabilities.0);
        w.u32(self.maximal_access.0);
    }
}
