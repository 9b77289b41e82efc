//! Fixed little-endian fields, one after another, as every structure of [MS-FSCC] has them.
use nt::FileTime;

/// A structure being written.
#[derive(Default)]
pub(crate) struct Fields {
    bytes: Vec<u8>,
}

impl Fields {
    pub(crate) fn with_capacity(len: usize) -> Fields {
        Fields { bytes: Vec::with_capacity(len) }
    }

    /// Behind bytes that are there already.
    pub(crate) fn after(bytes: Vec<u8>) -> Fields {
        Fields { bytes }
    }

    pub(crate) fn u8(mut self, value: u8) -> Fields {
        self.bytes.push(value);
        self
    }

    pub(crate) fn u16(mut self, value: u16) -> Fields {
        self.bytes.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub(crate) fn u32(mut self, value: u32) -> Fields {
        self.bytes.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub(crate) fn u64(mut self, value: u64) -> Fields {
        self.bytes.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub(crate) fn time(self, value: FileTime) -> Fields {
        self.u64(value.0)
    }

    pub(crate) fn zeroes(mut self, count: usize) -> Fields {
        self.bytes.resize(self.bytes.len() + count, 0);
        self
    }

    /// Zeroes up to a multiple of `alignment`.
    pub(crate) fn pad(mut self, alignment: usize) -> Fields {
        self.bytes.resize(self.bytes.len().next_multiple_of(alignment), 0);
        self
    }

    pub(crate) fn bytes(mut self, bytes: &[u8]) -> Fields {
        self.bytes.extend_from_slice(bytes);
        self
    }

    pub(crate) fn units(mut self, units: &[u16]) -> Fields {
        self.bytes.reserve(2 * units.len());
        units.iter().for_each(|unit| self.bytes.extend_from_slice(&unit.to_le_bytes()));
        self
    }

    pub(crate) fn done(self) -> Vec<u8> {
        self.bytes
    }
}

/// The length of a name on the wire, in bytes. No name is longer than a path.
pub(crate) fn wire_len(units: &[u16]) -> u32 {
    u32::try_from(units.len() * 2).unwrap_or(u32::MAX)
}
