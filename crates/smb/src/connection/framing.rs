//! [MS-SMB2] 2.1: from a stream of bytes to messages.
use wire::netbios::{FRAME_LEN, Frame, KEEP_ALIVE};

use super::fault::Fault;

/// A stream that is being cut. It holds no more than the message it waits for.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    head: [u8; FRAME_LEN],
    head_len: usize,
    message: Vec<u8>,
    wanted: usize,
}

impl Frames {
    /// Takes bytes from the front until a message is whole, and gives it. No message means that the bytes are used up.
    pub(crate) fn take(&mut self, bytes: &mut &[u8], len_max: usize) -> Result<Option<Vec<u8>>, Fault> {
        loop {
            while self.head_len < FRAME_LEN {
                let Some((first, rest)) = bytes.split_first() else { return Ok(None) };
                *bytes = rest;
                self.head.iter_mut().skip(self.head_len).take(1).for_each(|byte| *byte = *first);
                self.head_len += 1;
                if self.head_len == FRAME_LEN {
                    self.wanted = wanted(self.head, len_max)?;
                    // What is announced is not yet there: the buffer grows with what arrives.
                    self.message.reserve(self.wanted.min(bytes.len()));
                }
            }
            let (now, later) = bytes.split_at(bytes.len().min(self.wanted - self.message.len()));
            self.message.extend_from_slice(now);
            *bytes = later;
            if self.message.len() < self.wanted {
                return Ok(None);
            }
            self.head_len = 0;
            let message = core::mem::take(&mut self.message);
            if !message.is_empty() {
                return Ok(Some(message));
            }
        }
    }

    /// Bytes that the message lacks that is coming in.
    pub(crate) fn lacks(&self) -> usize {
        if self.is_inside() && self.head_len == FRAME_LEN { self.wanted - self.message.len() } else { 0 }
    }

    /// Lends the message that is coming in, to be filled; until it is back the stream must not go on.
    pub(crate) fn lend(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.message)
    }

    /// Takes a message back that was lent; bytes beyond its end are left in `rest`.
    pub(crate) fn take_back(&mut self, mut message: Vec<u8>, rest: &mut Vec<u8>) -> Option<Vec<u8>> {
        if message.len() > self.wanted {
            rest.extend_from_slice(message.get(self.wanted..).unwrap_or_default());
            message.truncate(self.wanted);
        }
        if message.len() < self.wanted {
            self.message = message;
            return None;
        }
        self.head_len = 0;
        Some(message)
    }

    /// Bytes of the message that is coming in.
    pub(crate) fn len(&self) -> usize {
        self.message.len()
    }

    /// True when a frame was begun and is not whole.
    pub(crate) fn is_inside(&self) -> bool {
        self.head_len > 0
    }
}

/// How many bytes the message after a frame has. A NetBIOS keep-alive is a message of none.
fn wanted(head: [u8; FRAME_LEN], len_max: usize) -> Result<usize, Fault> {
    match Frame::decode(head) {
        Frame::Message(len) if len > len_max => Err(Fault::TooLong { len, max: len_max }),
        Frame::Message(len) => Ok(len),
        Frame::Other { kind: KEEP_ALIVE, len: 0 } => Ok(0),
        Frame::Other { kind, .. } => Err(Fault::NotAFrame { kind }),
    }
}
