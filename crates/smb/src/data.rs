//! Data on its way to a client, with room before them for what an answer has there: then the whole can be signed or sealed where the
//! store has put it. (Not in the specification.)
use core::fmt;

use wire::{TRANSFORM_LEN, netbios, read};

/// Bytes, and room before them.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Data {
    buffer: Vec<u8>,
    from: usize,
}

impl Data {
    /// The room that the answer to a READ needs: frame, TRANSFORM_HEADER, header and body.
    pub const ROOM: usize = netbios::FRAME_LEN + TRANSFORM_LEN + read::DATA_OFFSET;

    /// What a buffer has behind its first [`ROOM`](Data::ROOM) bytes.
    pub fn behind_room(buffer: Vec<u8>) -> Data {
        let from = Data::ROOM.min(buffer.len());
        Data { buffer, from }
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        self.buffer.get(self.from..).unwrap_or_default()
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        self.buffer.len() - self.from
    }

    /// True for none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The buffer, for another use.
    pub fn into_buffer(self) -> Vec<u8> {
        self.buffer
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [u8] {
        self.buffer.get_mut(self.from..).unwrap_or_default()
    }

    /// How much may be put before the bytes.
    pub(crate) fn room(&self) -> usize {
        self.from
    }

    /// Puts these before the bytes, where they count as such from then on; false when there is no room.
    pub(crate) fn put_before(&mut self, bytes: &[u8]) -> bool {
        let Some(from) = self.from.checked_sub(bytes.len()) else { return false };
        if let Some(room) = self.buffer.get_mut(from..self.from) {
            room.copy_from_slice(bytes);
        }
        self.from = from;
        true
    }
}

impl From<Vec<u8>> for Data {
    /// Without room before them.
    fn from(buffer: Vec<u8>) -> Data {
        Data { buffer, from: 0 }
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_before_counts_until_the_room_is_full() {
        let mut data = Data::behind_room([vec![0; Data::ROOM], b"data".to_vec()].concat());
        assert_eq!((data.len(), data.room(), data.as_slice()), (4, Data::ROOM, &b"data"[..]));
        assert!(data.put_before(b"its ") && data.as_slice() == b"its data");
        assert!(!data.put_before(&[0; Data::ROOM]) && data.as_slice() == b"its data");
        assert!(data.put_before(&[7; Data::ROOM - 4]) && data.room() == 0);
        assert_eq!(data.into_buffer(), [&[7; Data::ROOM - 4][..], b"its data"].concat());
        assert!(!Data::from(b"x".to_vec()).put_before(b"y"));
        assert!(Data::behind_room(vec![0; 3]).is_empty());
    }
}
