//! The little of NDR that Samba's attributes need: numbers aligned to their size, at most to four bytes, counted from
//! the start of the value. [C706] 14.2, with Samba's alignment of `udlong` and `NTTIME` to four.
use super::AttributeFault;

/// Reads a value from its start; every step checks the bounds.
pub(super) struct NdrReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> NdrReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> NdrReader<'a> {
        NdrReader { bytes, at: 0 }
    }

    /// Where the next byte is read.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// True when nothing is left.
    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// Skips to the next multiple of `alignment`, at most to the end.
    pub(super) fn align(&mut self, alignment: usize) {
        self.at = self.at.next_multiple_of(alignment).min(self.bytes.len());
    }

    /// The next `len` bytes.
    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8], AttributeFault> {
        let end = self.at.checked_add(len).ok_or(AttributeFault::Short)?;
        let taken = self.bytes.get(self.at..end).ok_or(AttributeFault::Short)?;
        self.at = end;
        Ok(taken)
    }

    /// The next `N` bytes, after alignment to `alignment`.
    fn array<const N: usize>(&mut self, alignment: usize) -> Result<[u8; N], AttributeFault> {
        self.align(alignment);
        self.take(N)?.try_into().map_err(|_| AttributeFault::Short)
    }

    pub(super) fn u16(&mut self) -> Result<u16, AttributeFault> {
        Ok(u16::from_le_bytes(self.array(2)?))
    }

    pub(super) fn u32(&mut self) -> Result<u32, AttributeFault> {
        Ok(u32::from_le_bytes(self.array(4)?))
    }

    pub(super) fn u64(&mut self) -> Result<u64, AttributeFault> {
        Ok(u64::from_le_bytes(self.array(4)?))
    }

    /// Bytes up to a NUL, which is skipped, or up to the end.
    pub(super) fn text(&mut self) -> &'a [u8] {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let text = rest.split(|byte| *byte == 0).next().unwrap_or_default();
        self.at = (self.at + text.len() + 1).min(self.bytes.len());
        text
    }

    /// Everything that is left.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }
}
