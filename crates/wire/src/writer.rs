//! Writing: a buffer that grows at its end, and the offsets and lengths filled in once their parts stand.
use nt::{FileTime, Guid, Utf16};

use crate::error::EncodeError;
use crate::file_id::FileId;

/// Appends structures. Offsets count from the start of the message that was begun last.
///
/// A part too long for its length field is remembered, and [`finish`](Writer::finish) says so: what is written is either
/// right or refused.
#[derive(Default, Debug)]
pub struct Writer {
    bytes: Vec<u8>,
    message_at: usize,
    refused: Option<EncodeError>,
}

/// A field to be filled in later: where it stands in the buffer.
#[derive(Clone, Copy)]
pub(crate) struct Hole(usize);

impl Writer {
    /// An empty one.
    pub fn new() -> Writer {
        Writer::default()
    }

    /// An empty one, with room for so many bytes.
    pub fn with_capacity(len: usize) -> Writer {
        Writer { bytes: Vec::with_capacity(len), ..Writer::default() }
    }

    /// One that writes after bytes that stand already: its message begins where they end.
    pub fn after(bytes: Vec<u8>) -> Writer {
        Writer { message_at: bytes.len(), bytes, refused: None }
    }

    /// What was written, or the part that did not fit.
    pub fn finish(self) -> Result<Vec<u8>, EncodeError> {
        match self.refused {
            Some(error) => Err(error),
            None => Ok(self.bytes),
        }
    }

    /// Says that a message, or a structure with offsets of its own, begins here. Gives back where the outer one began.
    pub(crate) fn begin(&mut self) -> usize {
        core::mem::replace(&mut self.message_at, self.bytes.len())
    }

    /// Says that offsets count from an earlier place again.
    pub(crate) fn resume(&mut self, message_at: usize) {
        self.message_at = message_at;
    }

    /// Bytes since the message began.
    pub(crate) fn offset(&self) -> usize {
        self.bytes.len() - self.message_at
    }

    /// Bytes in the buffer.
    pub(crate) fn position(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub(crate) fn u16(&mut self, value: u16) {
        self.bytes(&value.to_le_bytes());
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.bytes(&value.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.bytes(&value.to_le_bytes());
    }

    pub(crate) fn guid(&mut self, value: Guid) {
        self.bytes(&value.0);
    }

    pub(crate) fn time(&mut self, value: FileTime) {
        self.u64(value.0);
    }

    pub(crate) fn file_id(&mut self, value: FileId) {
        self.u64(value.persistent);
        self.u64(value.volatile);
    }

    pub(crate) fn bytes(&mut self, value: &[u8]) {
        self.bytes.extend_from_slice(value);
    }

    pub(crate) fn name(&mut self, value: &Utf16) {
        self.bytes.extend(value.units().iter().flat_map(|unit| unit.to_le_bytes()));
    }

    pub(crate) fn zeros(&mut self, len: usize) {
        self.bytes.resize(self.bytes.len() + len, 0);
    }

    /// Zeros up to the next multiple of 8 from the start of the message.
    pub(crate) fn align8(&mut self) {
        self.zeros(self.offset().next_multiple_of(8) - self.offset());
    }

    /// The one byte that an odd StructureSize counts, when the variable part that begins at `fixed_end` is empty.
    pub(crate) fn at_least_one_byte(&mut self, fixed_end: usize) {
        if self.offset() == fixed_end {
            self.u8(0);
        }
    }

    /// A field of `len` bytes to be filled in later, zero until then.
    pub(crate) fn hole(&mut self, len: usize) -> Hole {
        let hole = Hole(self.bytes.len());
        self.zeros(len);
        hole
    }

    pub(crate) fn fill8(&mut self, what: &'static str, hole: Hole, value: usize) {
        match u8::try_from(value) {
            Ok(value) => self.fill(hole, &[value]),
            Err(_) => self.refuse(what, value),
        }
    }

    pub(crate) fn fill16(&mut self, what: &'static str, hole: Hole, value: usize) {
        match u16::try_from(value) {
            Ok(value) => self.fill(hole, &value.to_le_bytes()),
            Err(_) => self.refuse(what, value),
        }
    }

    pub(crate) fn fill32(&mut self, what: &'static str, hole: Hole, value: usize) {
        match u32::try_from(value) {
            Ok(value) => self.fill(hole, &value.to_le_bytes()),
            Err(_) => self.refuse(what, value),
        }
    }

    /// A 16-bit count or length.
    pub(crate) fn len16(&mut self, what: &'static str, len: usize) {
        let hole = self.hole(2);
        self.fill16(what, hole, len);
    }

    /// A 32-bit count or length.
    pub(crate) fn len32(&mut self, what: &'static str, len: usize) {
        let hole = self.hole(4);
        self.fill32(what, hole, len);
    }

    /// A number kept in 32 bits that has one byte on the wire.
    pub(crate) fn class(&mut self, what: &'static str, class: u32) {
        let hole = self.hole(1);
        self.fill8(what, hole, usize::try_from(class).unwrap_or(usize::MAX));
    }

    pub(crate) fn refuse(&mut self, what: &'static str, value: usize) {
        self.refused.get_or_insert(EncodeError { what, value });
    }

    fn fill(&mut self, hole: Hole, value: &[u8]) {
        if let Some(field) = self.bytes.get_mut(hole.0..hole.0 + value.len()) {
            field.copy_from_slice(value);
        }
    }
}
