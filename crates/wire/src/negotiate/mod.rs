//! [MS-SMB2] 2.2.3 and 2.2.4: NEGOTIATE.
use nt::{FileTime, Guid};

use crate::error::DecodeError;
use crate::header::HEADER_LEN;
use crate::reader::Reader;
use crate::writer::Writer;

mod context;

pub use context::{
    Cipher, CompressionAlgorithm, CompressionFlags, Context, ContextType, HashAlgorithm,
    NEGOTIATE_CONTEXTS_MAX, POSIX_EXTENSIONS, Preauth, RdmaTransform, SigningAlgorithm, TransportFlags,
};

/// The most dialects a request may offer. There are five; what a fuzzer or a future sends may be more.
pub const DIALECTS_MAX: u16 = 64;

nt::named_numbers! {
    /// A dialect revision. [MS-SMB2] 2.2.3 and 2.2.4
    Dialect(u16), prefix "" {
        SMB_2_0_2 = 0x0202 => "SMB 2.0.2";
        SMB_2_1 = 0x0210 => "SMB 2.1";
        SMB_3_0 = 0x0300 => "SMB 3.0";
        SMB_3_0_2 = 0x0302 => "SMB 3.0.2";
        SMB_3_1_1 = 0x0311 => "SMB 3.1.1";
        WILDCARD = 0x02FF => "SMB2 wildcard";
    }
}
nt::named_debug!(Dialect);

nt::named_numbers! {
    /// Whether signing is offered or demanded. [MS-SMB2] 2.2.3
    SecurityMode(u16), prefix "SMB2_NEGOTIATE_" {
        SIGNING_ENABLED = 0x0001;
        SIGNING_REQUIRED = 0x0002;
    }
}
nt::bit_set!(SecurityMode);

nt::named_numbers! {
    /// What a side can do. [MS-SMB2] 2.2.3 and 2.2.4
    Capabilities(u32), prefix "SMB2_GLOBAL_CAP_" {
        DFS = 0x0000_0001;
        LEASING = 0x0000_0002;
        LARGE_MTU = 0x0000_0004;
        MULTI_CHANNEL = 0x0000_0008;
        PERSISTENT_HANDLES = 0x0000_0010;
        DIRECTORY_LEASING = 0x0000_0020;
        ENCRYPTION = 0x0000_0040;
        NOTIFICATIONS = 0x0000_0080;
    }
}
nt::bit_set!(Capabilities);

/// NEGOTIATE request. [MS-SMB2] 2.2.3
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request<'a> {
    /// SecurityMode.
    pub security_mode: SecurityMode,
    /// Capabilities.
    pub capabilities: Capabilities,
    /// ClientGuid.
    pub client_guid: Guid,
    /// Dialects, in the order of the client.
    pub dialects: Vec<Dialect>,
    /// NegotiateContextList, in the order of the client. Read and written only when 3.1.1 is among the dialects.
    pub contexts: Vec<Context<'a>>,
}

impl<'a> Request<'a> {
    /// Reads the body of a message.
    pub fn decode(message: &'a [u8]) -> Result<Request<'a>, DecodeError> {
        let mut r = Reader::body("NEGOTIATE request", message, 36)?;
        let dialect_count = r.u16()?;
        let security_mode = SecurityMode(r.u16()?);
        r.skip(2)?;
        let capabilities = Capabilities(r.u32()?);
        let client_guid = r.guid()?;
        let (context_offset, context_count) = (r.u32()?, r.u16()?);
        r.skip(2)?;
        if dialect_count > DIALECTS_MAX {
            return Err(DecodeError::TooMany { what: "dialects", max: DIALECTS_MAX.into() });
        }
        let dialects: Vec<Dialect> = r.u16s(dialect_count)?.map(Dialect).collect();
        r.variable_part();
        let contexts = match dialects.contains(&Dialect::SMB_3_1_1) {
            true => context::decode_list(&r, context_offset, context_count)?,
            false => Vec::new(),
        };
        Ok(Request { security_mode, capabilities, client_guid, dialects, contexts })
    }

    /// Appends the body to a header just written.
    pub fn encode(&self, w: &mut Writer) {
        let has_contexts = self.dialects.contains(&Dialect::SMB_3_1_1);
        w.u16(36);
        w.len16("DialectCount", self.dialects.len());
        w.u16(self.security_mode.0);
        w.u16(0);
        w.u32(self.capabilities.0);
        w.guid(self.client_guid);
        let offset = w.hole(4);
        w.len16("NegotiateContextCount", if has_contexts { self.contexts.len() } else { 0 });
        w.u16(0);
        for dialect in &self.dialects {
            w.u16(dialect.0);
        }
        if has_contexts {
            context::encode_list(&self.contexts, offset, w);
        }
    }
}

/// NEGOTIATE response. [MS-SMB2] 2.2.4
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Response<'a> {
    /// SecurityMode.
    pub security_mode: SecurityMode,
    /// DialectRevision.
    pub dialect: Dialect,
    /// ServerGuid.
    pub server_guid: Guid,
    /// Capabilities.
    pub capabilities: Capabilities,
    /// MaxTransactSize, in bytes.
    pub transact_len_max: u32,
    /// MaxReadSize, in bytes.
    pub read_len_max: u32,
    /// MaxWriteSize, in bytes.
    pub write_len_max: u32,
    /// SystemTime.
    pub system_time: FileTime,
    /// ServerStartTime; zero from servers that keep it to themselves.
    pub server_start_time: FileTime,
    /// Buffer: a token of GSS, or nothing.
    pub security_buffer: &'a [u8],
    /// NegotiateContextList. Read and written only in dialect 3.1.1.
    pub contexts: Vec<Context<'a>>,
}

impl<'a> Response<'a> {
    /// Reads the body of a message.
    pub fn decode(message: &'a [u8]) -> Result<Response<'a>, DecodeError> {
        let mut r = Reader::body("NEGOTIATE response", message, 65)?;
        let security_mode = SecurityMode(r.u16()?);
        let dialect = Dialect(r.u16()?);
        let context_count = r.u16()?;
        let server_guid = r.guid()?;
        let capabilities = Capabilities(r.u32()?);
        let (transact_len_max, read_len_max, write_len_max) = (r.u32()?, r.u32()?, r.u32()?);
        let (system_time, server_start_time) = (r.time()?, r.time()?);
        let (buffer_offset, buffer_len) = (r.u16()?, r.u16()?);
        let context_offset = r.u32()?;
        let security_buffer = r.span("security buffer", buffer_offset, buffer_len)?;
        let contexts = match dialect {
            Dialect::SMB_3_1_1 => context::decode_list(&r, context_offset, context_count)?,
            _ => Vec::new(),
        };
        Ok(Response {
            security_mode,
            dialect,
            server_guid,
            capabilities,
            transact_len_max,
            read_len_max,
            write_len_max,
            system_time,
            server_start_time,
            security_buffer,
            contexts,
        })
    }

    /// Appends the body to a header just written.
    pub fn encode(&self, w: &mut Writer) {
        const BUFFER_OFFSET: usize = HEADER_LEN + 64;
        let has_contexts = self.dialect == Dialect::SMB_3_1_1;
        w.u16(65);
        w.u16(self.security_mode.0);
        w.u16(self.dialect.0);
        w.len16("NegotiateContextCount", if has_contexts { self.contexts.len() } else { 0 });
        w.guid(self.server_guid);
        w.u32(self.capabilities.0);
        w.u32(self.transact_len_max);
        w.u32(self.read_len_max);
        w.u32(self.write_len_max);
        w.time(self.system_time);
        w.time(self.server_start_time);
        w.len16("SecurityBufferOffset", BUFFER_OFFSET);
        w.len16("SecurityBufferLength", self.security_buffer.len());
        let offset = w.hole(4);
        w.bytes(self.security_buffer);
        if has_contexts {
            context::encode_list(&self.contexts, offset, w);
        }
        // Contexts are variable part enough. smbprotocol looks for them right behind the token, wherever their offset leads.
        w.at_least_one_byte(BUFFER_OFFSET);
    }
}
