//! [MS-SMB2] 2.2.15 and 2.2.16: CLOSE.
use crate::create::NetworkAttributes;
use crate::error::DecodeError;
use crate::file_id::FileId;
use crate::reader::Reader;
use crate::writer::Writer;

nt::named_numbers! {
    /// What a CLOSE asks for, and whether its answer has it. [MS-SMB2] 2.2.15
    CloseFlags(u16), prefix "SMB2_CLOSE_FLAG_" {
        POSTQUERY_ATTRIB = 0x0001;
    }
}
nt::bit_set!(CloseFlags);

/// CLOSE request. [MS-SMB2] 2.2.15
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Request {
    /// Flags.
    pub flags: CloseFlags,
    /// FileId.
    pub file_id: FileId,
}

impl Request {
    /// Reads the body of a message.
    pub fn decode(message: &[u8]) -> Result<Request, DecodeError> {
        let mut r = Reader::body("CLOSE request", message, 24)?;
        let flags = CloseFlags(r.u16()?);
        r.skip(4)?;
        Ok(Request { flags, file_id: r.file_id()? })
    }

    /// Appends the body to a header just written.
    pub fn encode(&self, w: &mut Writer) {
        w.u16(24);
        w.u16(self.flags.0);
        w.u32(0);
        w.file_id(self.file_id);
    }
}

/// CLOSE response. [MS-SMB2] 2.2.16
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Response {
    /// Flags: whether the attributes count.
    pub flags: CloseFlags,
    /// The attributes at the end, zero when they were not asked for.
    pub attributes: NetworkAttributes,
}

impl Response {
    /// Reads the body of a message.
    pub fn decode(message: &[u8]) -> Result<Response, DecodeError> {
        let mut r = Reader::body("CLOSE response", message, 60)?;
        let flags = CloseFlags(r.u16()?);
        r.skip(4)?;
        Ok(Response { flags, attributes: NetworkAttributes::decode(&mut r)? })
    }

    /// Appends the body to a header just written.
    pub fn encode(&self, w: &mut Writer) {
        w.u16(60);
        w.u16(self.flags.0);
        w.u32(0);
        self.attributes.encode(w);
    }
}
