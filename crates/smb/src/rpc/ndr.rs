//! C706 chapter 14: NDR, the little-endian form of 32 bits.
use nt::Utf16;

use super::Malformed;

/// Arguments, and how far they were read.
pub(super) struct NdrReader<'a> {
    whole: &'a [u8],
    at: usize,
}

impl<'a> NdrReader<'a> {
    pub(super) fn new(whole: &'a [u8]) -> NdrReader<'a> {
        NdrReader { whole, at: 0 }
    }

    pub(super) fn bytes(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let end = self.at.checked_add(len).ok_or(Malformed)?;
        let bytes = self.whole.get(self.at..end).ok_or(Malformed)?;
        self.at = end;
        Ok(bytes)
    }

    pub(super) fn skip(&mut self, len: usize) -> Result<(), Malformed> {
        self.bytes(len).map(|_| ())
    }

    pub(super) fn rest(&mut self) -> &'a [u8] {
        let rest = self.whole.get(self.at..).unwrap_or_default();
        self.at = self.whole.len();
        rest
    }

    fn align(&mut self, to: usize) {
        self.at = self.at.next_multiple_of(to);
    }

    pub(super) fn u8(&mut self) -> Result<u8, Malformed> {
        self.bytes(1)?.first().copied().ok_or(Malformed)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Malformed> {
        self.align(2);
        self.bytes(2)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes)).ok_or(Malformed)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Malformed> {
        self.align(4);
        self.bytes(4)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes)).ok_or(Malformed)
    }

    /// A conformant and varying string, without the NUL at its end. C706 14.3.4.2
    pub(super) fn string(&mut self) -> Result<Utf16, Malformed> {
        let (_max, offset, count) = (self.u32()?, self.u32()?, self.u32()?);
        let len = usize::try_from(count).ok().and_then(|count| count.checked_mul(2)).ok_or(Malformed)?;
        if offset != 0 {
            return Err(Malformed);
        }
        let mut name = Utf16::from_le_bytes(self.bytes(len)?).ok_or(Malformed)?;
        if name.0.last() == Some(&0) {
            name.0.pop();
        }
        Ok(name)
    }

    /// A pointer to such a string, which may be null.
    pub(super) fn unique_string(&mut self) -> Result<Option<Utf16>, Malformed> {
        match self.u32()? {
            0 => Ok(None),
            _ => self.string().map(Some),
        }
    }
}

/// Results.
#[derive(Default)]
pub(super) struct NdrWriter {
    bytes: Vec<u8>,
    /// Strings that pointers written so far mean, which come behind the structure that has the pointers.
    deferred: Vec<Utf16>,
    referents: u32,
}

impl NdrWriter {
    pub(super) fn done(self) -> Vec<u8> {
        self.bytes
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn align(&mut self, to: usize) {
        self.bytes.resize(self.bytes.len().next_multiple_of(to), 0);
    }

    pub(super) fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub(super) fn u16(&mut self, value: u16) {
        self.align(2);
        self.bytes(&value.to_le_bytes());
    }

    pub(super) fn u32(&mut self, value: u32) {
        self.align(4);
        self.bytes(&value.to_le_bytes());
    }

    /// A pointer that is not null.
    pub(super) fn pointer(&mut self) {
        self.referents += 1;
        self.u32(0x0002_0000 + 4 * self.referents);
    }

    /// A pointer to a string, which follows with [`strings`](NdrWriter::strings).
    pub(super) fn string_pointer(&mut self, text: &str) {
        self.pointer();
        self.deferred.push(Utf16::from(text));
    }

    /// The strings of the pointers so far.
    pub(super) fn strings(&mut self) {
        for mut text in core::mem::take(&mut self.deferred) {
            text.0.push(0);
            let count = u32::try_from(text.0.len()).unwrap_or(u32::MAX);
            self.u32(count);
            self.u32(0);
            self.u32(count);
            self.bytes(&text.to_le_bytes());
        }
    }
}
