//! [MS-SMB2] 2.2.31.3: NETWORK_RESILIENCY_REQUEST.
use crate::error::DecodeError;
use crate::reader::Reader;
use crate::writer::Writer;

/// How long a client wants its open to outlive the connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ResiliencyRequest {
    /// Timeout.
    pub timeout_ms: u32,
}

impl ResiliencyRequest {
    /// Reads the input.
    pub fn decode(input: &[u8]) -> Result<ResiliencyRequest, DecodeError> {
        let mut r = Reader::new("NETWORK_RESILIENCY_REQUEST", input);
        let timeout_ms = r.u32()?;
        r.skip(4)?;
        Ok(ResiliencyRequest { timeout_ms })
    }

    /// Appends the input.
    pub fn encode(&self, w: &mut Writer) {
        w.u32(self.timeout_ms);
        w.u32(0);
    }
}
