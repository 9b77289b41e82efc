//! [MS-SMB2] 2.1: the frame of a message on TCP, a zero byte and a length of three bytes, highest first.

/// Bytes before each message of the stream.
pub const FRAME_LEN: usize = 4;

/// The longest message a frame can carry.
pub const MESSAGE_BYTES_MAX: usize = 0x00FF_FFFF;

/// What the four bytes say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Frame {
    /// A message of so many bytes follows.
    Message(usize),
    /// The first byte is not zero. On port 139 it is the type of a NetBIOS session packet (RFC 1002 4.3.1), after which
    /// so many bytes follow; on port 445 it is a fault.
    Other {
        /// The first byte.
        kind: u8,
        /// The length after it.
        len: usize,
    },
}

/// The type of a NetBIOS keep-alive. RFC 1002 4.3.1
pub const KEEP_ALIVE: u8 = 0x85;

impl Frame {
    /// Reads a frame.
    pub fn decode(bytes: [u8; FRAME_LEN]) -> Frame {
        let [kind, high, middle, low] = bytes;
        let len = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        if kind == 0 { Frame::Message(len) } else { Frame::Other { kind, len } }
    }
}

/// The frame of a message, or nothing when it is too long for one.
pub fn frame(message_len: usize) -> Option<[u8; FRAME_LEN]> {
    let len = u32::try_from(message_len).ok().filter(|_| message_len <= MESSAGE_BYTES_MAX)?;
    Some(len.to_be_bytes())
}
