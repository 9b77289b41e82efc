//! [MS-SMB2] 3.3.5.2.7: several messages in one, each at a multiple of 8 bytes, chained by NextCommand.
use crate::error::DecodeError;
use crate::header::{HEADER_LEN, Header, NEXT_COMMAND_AT};
use crate::reader::Reader;

/// The messages of a chain, one after the other. Each ends where NextCommand says, padding included, since the signature
/// covers the padding; the last takes what is left.
#[derive(Clone, Debug)]
pub struct Messages<'a> {
    rest: &'a [u8],
}

/// The chain that begins with these bytes. A single message is a chain of one.
pub fn split(bytes: &[u8]) -> Messages<'_> {
    Messages { rest: bytes }
}

impl<'a> Iterator for Messages<'a> {
    type Item = Result<(Header, &'a [u8]), DecodeError>;

    /// The next message, or the fault that ends the chain. A NextCommand that is not a multiple of 8, that points into its
    /// own header or that leaves no room for another is a fault. [MS-SMB2] 3.3.5.2.7
    fn next(&mut self) -> Option<Self::Item> {
        let bytes = core::mem::take(&mut self.rest);
        if bytes.is_empty() {
            return None;
        }
        let header = match Header::decode(bytes) {
            Ok(header) => header,
            Err(error) => return Some(Err(error)),
        };
        let mut r = Reader::new("SMB2 header", bytes);
        let next = match r.skip(NEXT_COMMAND_AT).and_then(|()| r.u32()) {
            Ok(next) => next,
            Err(error) => return Some(Err(error)),
        };
        if next == 0 {
            return Some(Ok((header, bytes)));
        }
        let cut = usize::try_from(next)
            .ok()
            .filter(|next| next.is_multiple_of(8) && *next >= HEADER_LEN)
            .and_then(|next| bytes.split_at_checked(next))
            .filter(|(_, rest)| !rest.is_empty());
        match cut {
            Some((message, rest)) => {
                self.rest = rest;
                Some(Ok((header, message)))
            }
            None => Some(Err(DecodeError::Value { what: "NextCommand", value: next.into() })),
        }
    }
}

/// Sets NextCommand of a message that another will follow. The message is its head and so many bytes of payload beside
/// it; gives how many zeros must come after them, or nothing when they are no message or too long for the field.
pub fn link(head: &mut [u8], payload_len: usize) -> Option<usize> {
    let len = head.len().checked_add(payload_len)?;
    let padded = len.checked_next_multiple_of(8)?;
    let next = u32::try_from(padded).ok().filter(|_| head.len() >= HEADER_LEN)?;
    head.get_mut(NEXT_COMMAND_AT..NEXT_COMMAND_AT + 4)?.copy_from_slice(&next.to_le_bytes());
    Some(padded - len)
}
