//! [MS-SMB2] 2.2.39 and 2.2.40: SET_INFO.
use crate::error::DecodeError;
use crate::file_id::FileId;
use crate::header::HEADER_LEN;
use crate::query_info::InfoType;
use crate::reader::Reader;
use crate::writer::Writer;

/// SET_INFO request. [MS-SMB2] 2.2.39
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Request<'a> {
    /// InfoType.
    pub info_type: InfoType,
    /// FileInfoClass: a class of [MS-FSCC] 2.4 or 2.5 by the type, or 0.
    pub class: u8,
    /// AdditionalInformation: parts of a security descriptor.
    pub additional: u32,
    /// FileId.
    pub file_id: FileId,
    /// The information to set.
    pub input: &'a [u8],
}

impl<'a> Request<'a> {
    /// Reads the body of a message.
    pub fn decode(message: &'a [u8]) -> Result<Request<'a>, DecodeError> {
        let mut r = Reader::body("SET_INFO request", message, 33)?;
        let (info_type, class) = (InfoType(r.u8()?), r.u8()?);
        let (len, offset) = (r.u32()?, r.u16()?);
        r.skip(2)?;
        let additional = r.u32()?;
        let file_id = r.file_id()?;
        let input = r.span("input of a SET_INFO", offset, len)?;
        Ok(Request { info_type, class, additional, file_id, input })
    }

    /// Appends the body to a header just written.
    pub fn encode(&self, w: &mut Writer) {
        const INPUT_OFFSET: usize = HEADER_LEN + 32;
        w.u16(33);
        w.u8(self.info_type.0);
        w.u8(self.class);
        w.len32("BufferLength", self.input.len());
        w.len16("BufferOffset", INPUT_OFFSET);
        w.u16(0);
        w.u32(self.additional);
        w.file_id(self.file_id);
        w.bytes(self.input);
        w.at_least_one_byte(INPUT_OFFSET);
    }
}

/// SET_INFO response: nothing but its size. [MS-SMB2] 2.2.40
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Response;

impl Response {
    /// Reads the body of a message.
    pub fn decode(message: &[u8]) -> Result<Response, DecodeError> {
        Reader::body("SET_INFO response", message, 2).map(|_| Response)
    }

    /// Appends the body to a header just written.
    pub fn encode(&self, w: &mut Writer) {
        w.u16(2);
    }
}
