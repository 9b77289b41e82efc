//! [MS-SMB2] 2.2.28 and 2.2.29: ECHO.
use crate::error::DecodeError;
use crate::reader::Reader;
use crate::writer::Writer;

/// ECHO request: nothing but its size. [MS-SMB2] 2.2.28
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Request;

impl Request {
    /// Reads the body of a message.
    pub fn decode(message: &[u8]) -> Result<Request, DecodeError> {
        Reader::body("ECHO request", message, 4).map(|_| Request)
    }

    /// Appends the body to a header just written.
    pub fn encode(&self, w: &mut Writer) {
        w.u16(4);
        w.u16(0);
    }
}

/// ECHO response: nothing but its size. [MS-SMB2] 2.2.29
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Response;

impl Response {
    /// Reads the body of a message.
    pub fn decode(message: &[u8]) -> Result<Response, DecodeError> {
        Reader::body("ECHO response", message, 4).map(|_| Response)
    }

    /// Appends the body to a header just written.
    pub fn encode(&self, w: &mut Writer) {
        w.u16(4);
        w.u16(0);
    }
}
