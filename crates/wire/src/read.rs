//! [MS-SMB2] 2.2.19 and 2.2.20: READ. The data of a response travels beside its header.
use crate::error::DecodeError;
use crate::file_id::FileId;
use crate::header::HEADER_LEN;
use crate::reader::Reader;
use crate::writer::Writer;

nt::named_numbers! {
    /// How to read. [MS-SMB2] 2.2.19
    ReadFlags(u8), prefix "SMB2_READFLAG_" {
        READ_UNBUFFERED = 0x01;
        REQUEST_COMPRESSED = 0x02;
    }
}
nt::bit_set!(ReadFlags);

nt::named_numbers! {
    /// What the data of a response is. [MS-SMB2] 2.2.20
    ResponseFlags(u32), prefix "SMB2_READFLAG_RESPONSE_" {
        RDMA_TRANSFORM = 0x0000_0001;
    }
}
nt::bit_set!(ResponseFlags);

nt::named_numbers! {
    /// By which channel the data travels. [MS-SMB2] 2.2.19 and 2.2.21
    Channel(u32), prefix "SMB2_CHANNEL_" {
        NONE = 0x0000_0000;
        RDMA_V1 = 0x0000_0001;
        RDMA_V1_INVALIDATE = 0x0000_0002;
        RDMA_TRANSFORM = 0x0000_0003;
    }
}
nt::named_debug!(Channel);

/// READ request. [MS-SMB2] 2.2.19
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Request<'a> {
    /// Padding: where the client wants the data to begin in the response; only a wish.
    pub data_offset_hint: u8,
    /// Flags.
    pub flags: ReadFlags,
    /// Length, in bytes.
    pub len: u32,
    /// Offset, in bytes.
    pub offset: u64,
    /// FileId.
    pub file_id: FileId,
    /// MinimumCount, in bytes.
    pub len_min: u32,
    /// Channel.
    pub channel: Channel,
    /// RemainingBytes.
    pub remaining: u32,
    /// The channel information; not read and not written when the channel is NONE.
    pub channel_information: &'a [u8],
}

/// Where the channel information of a request begins.
const CHANNEL_OFFSET: usize = HEADER_LEN + 48;

impl<'a> Request<'a> {
    /// Reads the body of a message.
    pub fn decode(message: &'a [u8]) -> Result<Request<'a>, DecodeError> {
        let mut r = Reader::body("READ request", message, 49)?;
        let (data_offset_hint, flags) = (r.u8()?, ReadFlags(r.u8()?));
        let (len, offset) = (r.u32()?, r.u64()?);
        let file_id = r.file_id()?;
        let len_min = r.u32()?;
        let channel = Channel(r.u32()?);
        let remaining = r.u32()?;
        let (channel_offset, channel_len) = (r.u16()?, r.u16()?);
        let channel_information = match channel {
            Channel::NONE => &[],
            _ => r.span("read channel information", channel_offset, channel_len)?,
        };
        Ok(Request {
            data_offset_hint,
            flags,
            len,
            offset,
            file_id,
            len_min,
            channel,
            remaining,
            channel_information,
        })
    }

    /// Appends the body to a header just written.
    pub fn encode(&self, w: &mut Writer) {
        w.u16(49);
        w.u8(self.data_offset_hint);
        w.u8(self.flags.0);
        w.u32(self.len);
        w.u64(self.offset);
        w.file_id(self.file_id);
        w.u32(self.len_min);
        w.u32(self.channel.0);
        w.u32(self.remaining);
        encode_channel(self.channel, self.channel_information, CHANNEL_OFFSET, w);
        if self.channel != Channel::NONE {
            w.bytes(self.channel_information);
        }
        w.at_least_one_byte(CHANNEL_OFFSET);
    }
}

/// Offset and length of the channel information, both zero when there is none.
pub(crate) fn encode_channel(channel: Channel, information: &[u8], offset: usize, w: &mut Writer) {
    let is_there = channel != Channel::NONE && !information.is_empty();
    w.len16("ChannelInfoOffset", if is_there { offset } else { 0 });
    w.len16("ChannelInfoLength", if is_there { information.len() } else { 0 });
}

/// READ response, without the data. [MS-SMB2] 2.2.20
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Response {
    /// DataRemaining.
    pub remaining: u32,
    /// Flags, in dialect 3.1.1.
    pub flags: ResponseFlags,
}

/// Where the data of a response begins when we write it.
/// Where data begin in a response: bytes of its header and of its body before them.
pub const DATA_OFFSET: usize = HEADER_LEN + 16;

impl Response {
    /// Reads the body of a message, and gives the data.
    pub fn decode(message: &[u8]) -> Result<(Response, &[u8]), DecodeError> {
        let mut r = Reader::body("READ response", message, 17)?;
        let data_offset = r.u8()?;
        r.skip(1)?;
        let len = r.u32()?;
        let response = Response { remaining: r.u32()?, flags: ResponseFlags(r.u32()?) };
        Ok((response, r.span("data of a READ response", data_offset, len)?))
    }

    /// Appends the body to a header just written, but for the data, which the caller sends right after it.
    pub fn encode(&self, data_len: usize, w: &mut Writer) {
        w.u16(17);
        let offset = w.hole(1);
        w.fill8("DataOffset", offset, DATA_OFFSET);
        w.u8(0);
        w.len32("DataLength", data_len);
        w.u32(self.remaining);
        w.u32(self.flags.0);
        if data_len == 0 {
            w.at_least_one_byte(DATA_OFFSET);
        }
    }
}
