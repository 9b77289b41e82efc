//! [MS-SMB2] 2.2.31.4 and 2.2.32.6: VALIDATE_NEGOTIATE_INFO.
use nt::Guid;

use crate::error::DecodeError;
use crate::negotiate::{Capabilities, DIALECTS_MAX, Dialect, SecurityMode};
use crate::reader::Reader;
use crate::writer::Writer;

/// What the client sent in its NEGOTIATE. [MS-SMB2] 2.2.31.4
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ValidateNegotiateRequest {
    /// Capabilities.
    pub capabilities: Capabilities,
    /// Guid.
    pub client_guid: Guid,
    /// SecurityMode.
    pub security_mode: SecurityMode,
    /// Dialects.
    pub dialects: Vec<Dialect>,
}

impl ValidateNegotiateRequest {
    /// Reads the input.
    pub fn decode(input: &[u8]) -> Result<ValidateNegotiateRequest, DecodeError> {
        let mut r = Reader::new("VALIDATE_NEGOTIATE_INFO request", input);
        let capabilities = Capabilities(r.u32()?);
        let client_guid = r.guid()?;
        let security_mode = SecurityMode(r.u16()?);
        let count = r.u16()?;
        if count > DIALECTS_MAX {
            return Err(DecodeError::TooMany { what: "dialects", max: DIALECTS_MAX.into() });
        }
        let dialects = r.u16s(count)?.map(Dialect).collect();
        Ok(ValidateNegotiateRequest { capabilities, client_guid, security_mode, dialects })
    }

    /// Appends the input.
    pub fn encode(&self, w: &mut Writer) {
        w.u32(self.capabilities.0);
        w.guid(self.client_guid);
        w.u16(self.security_mode.0);
        w.len16("DialectCount", self.dialects.len());
        self.dialects.iter().for_each(|dialect| w.u16(dialect.0));
    }
}

/// What the server answered. [MS-SMB2] 2.2.32.6
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ValidateNegotiateResponse {
    /// Capabilities.
    pub capabilities: Capabilities,
    /// Guid.
    pub server_guid: Guid,
    /// SecurityMode.
    pub security_mode: SecurityMode,
    /// Dialect.
    pub dialect: Dialect,
}

impl ValidateNegotiateResponse {
    /// Reads the output.
    pub fn decode(output: &[u8]) -> Result<ValidateNegotiateResponse, DecodeError> {
        let mut r = Reader::new("VALIDATE_NEGOTIATE_INFO response", output);
        Ok(ValidateNegotiateResponse {
            capabilities: Capabilities(r.u32()?),
            server_guid: r.guid()?,
            security_mode: SecurityMode(r.u16()?),
            dialect: Dialect(r.u16()?),
        })
    }

    /// Appends the output.
    pub fn encode(&self, w: &mut Writer) {
        w.u32(self.capabilities.0);
        w.guid(self.server_guid);
        w.u16(self.security_mode.0);
        w.u16(self.dialect.0);
    }
}
