//! [MS-SMB2] 2.2.30: CANCEL, which has no answer.
use crate::error::DecodeError;
use crate::reader::Reader;
use crate::writer::Writer;

/// CANCEL request: nothing but its size. [MS-SMB2] 2.2.30
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Request;

impl Request {
    /// Reads the body of a message.
    pub fn decode(message: &[u8]) -> Result<Request, DecodeError> {
        Reader::body("CANCEL request", message, 4).map(|_| Request)
    }

    /// Appends the body to a header just written.
    pub fn encode(&self, w: &mut Writer) {
        w.u16(4);
        w.u16(0);
    }
}
