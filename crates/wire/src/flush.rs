//! [MS-SMB2] 2.2.17 and 2.2.18: FLUSH.
use crate::error::DecodeError;
use crate::file_id::FileId;
use crate::reader::Reader;
use crate::writer::Writer;

/// FLUSH request. [MS-SMB2] 2.2.17
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Request {
    /// FileId.
    pub file_id: FileId,
}

impl Request {
    /// Reads the body of a message.
    pub fn decode(message: &[u8]) -> Result<Request, DecodeError> {
        let mut r = Reader::body("FLUSH request", message, 24)?;
        r.skip(6)?;
        Ok(Request { file_id: r.file_id()? })
    }

    /// Appends the body to a header just written.
    pub fn encode(&self, w: &mut Writer) {
        w.u16(24);
        w.zeros(6);
        w.file_id(self.file_id);
    }
}

/// FLUSH response: nothing but its size. [MS-SMB2] 2.2.18
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Response;

impl Response {
    /// Reads the body of a message.
    pub fn decode(message: &[u8]) -> Result<Response, DecodeError> {
        Reader::body("FLUSH response", message, 4).map(|_| Response)
    }

    /// Appends the body to a header just written.
    pub fn encode(&self, w: &mut Writer) {
        w.u16(4);
        w.u16(0);
    }
}
