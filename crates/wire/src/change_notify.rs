//! [MS-SMB2] 2.2.35 and 2.2.36: CHANGE_NOTIFY.
use nt::NotifyFilter;

use crate::error::DecodeError;
use crate::file_id::FileId;
use crate::query_info::{decode_output, encode_output};
use crate::reader::Reader;
use crate::writer::Writer;

nt::named_numbers! {
    /// How to watch. [MS-SMB2] 2.2.35
    ChangeNotifyFlags(u16), prefix "SMB2_" {
        WATCH_TREE = 0x0001;
    }
}
nt::bit_set!(ChangeNotifyFlags);

/// CHANGE_NOTIFY request. [MS-SMB2] 2.2.35
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Request {
    /// Flags.
    pub flags: ChangeNotifyFlags,
    /// OutputBufferLength, in bytes.
    pub output_len_max: u32,
    /// FileId.
    pub file_id: FileId,
    /// CompletionFilter.
    pub filter: NotifyFilter,
}

impl Request {
    /// Reads the body of a message.
    pub fn decode(message: &[u8]) -> Result<Request, DecodeError> {
        let mut r = Reader::body("CHANGE_NOTIFY request", message, 32)?;
        Ok(Request {
            flags: ChangeNotifyFlags(r.u16()?),
            output_len_max: r.u32()?,
            file_id: r.file_id()?,
            filter: NotifyFilter(r.u32()?),
        })
    }

    /// Appends the body to a header just written.
    pub fn encode(&self, w: &mut Writer) {
        w.u16(32);
        w.u16(self.flags.0);
        w.u32(self.output_len_max);
        w.file_id(self.file_id);
        w.u32(self.filter.0);
        w.u32(0);
    }
}

/// CHANGE_NOTIFY response. [MS-SMB2] 2.2.36
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Response<'a> {
    /// FILE_NOTIFY_INFORMATION entries.
    pub output: &'a [u8],
}

impl<'a> Response<'a> {
    /// Reads the body of a message.
    pub fn decode(message: &'a [u8]) -> Result<Response<'a>, DecodeError> {
        decode_output("CHANGE_NOTIFY response", message).map(|output| Response { output })
    }

    /// Appends the body to a header just written.
    pub fn encode(&self, w: &mut Writer) {
        encode_output(self.output, w);
    }
}
