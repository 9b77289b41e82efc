//! [MS-SMB2] 2.2.5 and 2.2.6: SESSION_SETUP.
use crate::error::DecodeError;
use crate::header::HEADER_LEN;
use crate::negotiate::{Capabilities, SecurityMode};
use crate::reader::Reader;
use crate::writer::Writer;

nt::named_numbers! {
    /// How a session is to be set up. [MS-SMB2] 2.2.5
    RequestFlags(u8), prefix "SMB2_SESSION_FLAG_" {
        BINDING = 0x01;
    }
}
nt::bit_set!(RequestFlags);

nt::named_numbers! {
    /// What a session is. [MS-SMB2] 2.2.6
    SessionFlags(u16), prefix "SMB2_SESSION_FLAG_" {
        IS_GUEST = 0x0001;
        IS_NULL = 0x0002;
        ENCRYPT_DATA = 0x0004;
    }
}
nt::bit_set!(SessionFlags);

/// SESSION_SETUP request. [MS-SMB2] 2.2.5
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Request<'a> {
    /// Flags.
    pub flags: RequestFlags,
    /// SecurityMode, of which only the low byte is on the wire.
    pub security_mode: SecurityMode,
    /// Capabilities.
    pub capabilities: Capabilities,
    /// PreviousSessionId.
    pub previous_session_id: u64,
    /// Buffer: a token of GSS or of the client's choice.
    pub security_buffer: &'a [u8],
}

impl<'a> Request<'a> {
    /// Reads the body of a message.
    pub fn decode(message: &'a [u8]) -> Result<Request<'a>, DecodeError> {
        let mut r = Reader::body("SESSION_SETUP request", message, 25)?;
        let flags = RequestFlags(r.u8()?);
        let security_mode = SecurityMode(r.u8()?.into());
        let capabilities = Capabilities(r.u32()?);
        r.skip(4)?;
        let (offset, len) = (r.u16()?, r.u16()?);
        let previous_session_id = r.u64()?;
        let security_buffer = r.span("security buffer", offset, len)?;
        Ok(Request { flags, security_mode, capabilities, previous_session_id, security_buffer })
    }

    /// Appends the body to a header just written.
    pub fn encode(&self, w: &mut Writer) {
        const BUFFER_OFFSET: usize = HEADER_LEN + 24;
        w.u16(25);
        w.u8(self.flags.0);
        let security_mode = w.hole(1);
        w.fill8("SecurityMode", security_mode, self.security_mode.0.into());
        w.u32(self.capabilities.0);
        w.u32(0);
        w.len16("SecurityBufferOffset", BUFFER_OFFSET);
        w.len16("SecurityBufferLength", self.security_buffer.len());
        w.u64(self.previous_session_id);
        w.bytes(self.security_buffer);
        w.at_least_one_byte(BUFFER_OFFSET);
    }
}

/// SESSION_SETUP response. [MS-SMB2] 2.2.6
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Response<'a> {
    /// SessionFlags.
    pub flags: SessionFlags,
    /// Buffer: a token of GSS.
    pub security_buffer: &'a [u8],
}

impl<'a> Response<'a> {
    /// Reads the body of a message.
    pub fn decode(message: &'a [u8]) -> Result<Response<'a>, DecodeError> {
        let mut r = Reader::body("SESSION_SETUP response", message, 9)?;
        let flags = SessionFlags(r.u16()?);
        let (offset, len) = (r.u16()?, r.u16()?);
        Ok(Response { flags, security_buffer: r.span("security buffer", offset, len)? })
    }

    /// Appends the body to a header just written.
    pub fn encode(&self, w: &mut Writer) {
        const BUFFER_OFFSET: usize = HEADER_LEN + 8;
        w.u16(9);
        w.u16(self.flags.0);
        w.len16("SecurityBufferOffset", BUFFER_OFFSET);
        w.len16("SecurityBufferLength", self.security_buffer.len());
        w.bytes(self.security_buffer);
        w.at_least_one_byte(BUFFER_OFFSET);
    }
}
