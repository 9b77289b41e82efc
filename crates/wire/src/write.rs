//! [MS-SMB2] 2.2.21 and 2.2.22: WRITE. The data of a request travels beside its header.
use crate::error::DecodeError;
use crate::file_id::FileId;
use crate::header::HEADER_LEN;
use crate::read::{Channel, encode_channel};
use crate::reader::Reader;
use crate::writer::Writer;

nt::named_numbers! {
    /// How to write. [MS-SMB2] 2.2.21
    WriteFlags(u32), prefix "SMB2_WRITEFLAG_" {
        WRITE_THROUGH = 0x0000_0001;
        WRITE_UNBUFFERED = 0x0000_0002;
    }
}
nt::bit_set!(WriteFlags);

/// The farthest that the data may begin from the header. [MS-SMB2] 3.3.5.13
pub const DATA_OFFSET_MAX: u16 = 0x100;

/// WRITE request, without the data. [MS-SMB2] 2.2.21
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Request<'a> {
    /// Offset, in bytes.
    pub offset: u64,
    /// FileId.
    pub file_id: FileId,
    /// Channel.
    pub channel: Channel,
    /// RemainingBytes.
    pub remaining: u32,
    /// Flags.
    pub flags: WriteFlags,
    /// The channel information; not read and not written when the channel is NONE.
    pub channel_information: &'a [u8],
}

/// Where the variable part of a request begins.
const BUFFER_OFFSET: usize = HEADER_LEN + 48;

impl<'a> Request<'a> {
    /// Reads the body of a message, and gives the data. A DataOffset beyond [`DATA_OFFSET_MAX`] is a fault, whatever the
    /// length; with a channel, the data is not in the message and Length says how much the channel brings.
    pub fn decode(message: &'a [u8]) -> Result<(Request<'a>, &'a [u8]), DecodeError> {
        let mut r = Reader::body("WRITE request", message, 49)?;
        let (data_offset, len) = (r.u16()?, r.u32()?);
        let offset = r.u64()?;
        let file_id = r.file_id()?;
        let channel = Channel(r.u32()?);
        let remaining = r.u32()?;
        let (channel_offset, channel_len) = (r.u16()?, r.u16()?);
        let flags = WriteFlags(r.u32()?);
        if data_offset > DATA_OFFSET_MAX {
            return Err(DecodeError::Value { what: "DataOffset of a WRITE", value: data_offset.into() });
        }
        let channel_information = match channel {
            Channel::NONE => &[],
            _ => r.span("write channel information", channel_offset, channel_len)?,
        };
        let data = r.span("data of a WRITE", data_offset, len)?;
        Ok((Request { offset, file_id, channel, remaining, flags, channel_information }, data))
    }

    /// Appends the body to a header just written, but for the data, which the caller sends right after it.
    pub fn encode(&self, data_len: usize, w: &mut Writer) {
        w.u16(49);
        let data_offset = w.hole(2);
        w.len32("Length", data_len);
        w.u64(self.offset);
        w.file_id(self.file_id);
        w.u32(self.channel.0);
        w.u32(self.remaining);
        encode_channel(self.channel, self.channel_information, BUFFER_OFFSET, w);
        w.u32(self.flags.0);
        if self.channel != Channel::NONE {
            w.bytes(self.channel_information);
        }
        if w.offset() > DATA_OFFSET_MAX.into() {
            w.refuse("channel information of a WRITE", self.channel_information.len());
        }
        w.fill16("DataOffset", data_offset, w.offset());
        if data_len == 0 {
            w.at_least_one_byte(BUFFER_OFFSET);
        }
    }
}

/// WRITE response. [MS-SMB2] 2.2.22
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Response {
    /// Count: bytes written.
    pub count: u32,
}

impl Response {
    /// Reads the body of a message.
    pub fn decode(message: &[u8]) -> Result<Response, DecodeError> {
        let mut r = Reader::body("WRITE response", message, 17)?;
        r.skip(2)?;
        Ok(Response { count: r.u32()? })
    }

    /// Appends the body to a header just written.
    pub fn encode(&self, w: &mut Writer) {
        w.u16(17);
        w.u16(0);
        w.u32(self.count);
        w.zeros(8);
    }
}
