//! [MS-SMB2] 2.2.33 and 2.2.34: QUERY_DIRECTORY.
use nt::{FileInformationClass, Utf16};

use crate::error::DecodeError;
use crate::file_id::FileId;
use crate::header::HEADER_LEN;
use crate::query_info::{decode_output, encode_output, encode_output_head};
use crate::reader::{Reader, name};
use crate::writer::Writer;

nt::named_numbers! {
    /// How to list. [MS-SMB2] 2.2.33
    QueryDirectoryFlags(u8), prefix "SMB2_" {
        RESTART_SCANS = 0x01;
        RETURN_SINGLE_ENTRY = 0x02;
        INDEX_SPECIFIED = 0x04;
        REOPEN = 0x10;
    }
}
nt::bit_set!(QueryDirectoryFlags);

/// QUERY_DIRECTORY request. [MS-SMB2] 2.2.33
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// FileInformationClass, of which one byte is on the wire.
    pub class: FileInformationClass,
    /// Flags.
    pub flags: QueryDirectoryFlags,
    /// FileIndex.
    pub file_index: u32,
    /// FileId.
    pub file_id: FileId,
    /// The search pattern, empty when there is none.
    pub pattern: Utf16,
    /// OutputBufferLength, in bytes.
    pub output_len_max: u32,
}

impl Request {
    /// Reads the body of a message.
    pub fn decode(message: &[u8]) -> Result<Request, DecodeError> {
        let mut r = Reader::body("QUERY_DIRECTORY request", message, 33)?;
        let class = FileInformationClass(r.u8()?.into());
        let flags = QueryDirectoryFlags(r.u8()?);
        let file_index = r.u32()?;
        let file_id = r.file_id()?;
        let (name_offset, name_len) = (r.u16()?, r.u16()?);
        let output_len_max = r.u32()?;
        let pattern = name("search pattern", r.span("search pattern", name_offset, name_len)?)?;
        Ok(Request { class, flags, file_index, file_id, pattern, output_len_max })
    }

    /// Appends the body to a header just written.
    pub fn encode(&self, w: &mut Writer) {
        const NAME_OFFSET: usize = HEADER_LEN + 32;
        let pattern_len = self.pattern.units().len() * 2;
        w.u16(33);
        w.class("FileInformationClass", self.class.0);
        w.u8(self.flags.0);
        w.u32(self.file_index);
        w.file_id(self.file_id);
        w.len16("FileNameOffset", if pattern_len == 0 { 0 } else { NAME_OFFSET });
        w.len16("FileNameLength", pattern_len);
        w.u32(self.output_len_max);
        w.name(&self.pattern);
        w.at_least_one_byte(NAME_OFFSET);
    }
}

/// QUERY_DIRECTORY response. [MS-SMB2] 2.2.34
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Response<'a> {
    /// Entries of the class asked for.
    pub output: &'a [u8],
}

impl<'a> Response<'a> {
    /// Reads the body of a message.
    pub fn decode(message: &'a [u8]) -> Result<Response<'a>, DecodeError> {
        decode_output("QUERY_DIRECTORY response", message).map(|output| Response { output })
    }

    /// Appends the body to a header just written.
    pub fn encode(&self, w: &mut Writer) {
        encode_output(self.output, w);
    }

    /// The same without the entries, of so many bytes and of one at least, which the caller sends right after it.
    pub fn encode_head(len: usize, w: &mut Writer) {
        encode_output_head(len, w);
    }
}
