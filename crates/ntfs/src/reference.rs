//! File references: the number of an MFT record, and how often that record was used.
use std::fmt;

/// A file reference: 48 bits of record number, 16 bits of sequence number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileRef(pub u64);

/// The master file table.
pub(crate) const MFT: u64 = 0;
/// `$Volume`: name, version and flags.
pub(crate) const VOLUME: u64 = 3;
/// `$LogFile`.
pub(crate) const LOG_FILE: u64 = 2;
/// The root directory.
pub(crate) const ROOT: u64 = 5;
/// `$Bitmap`: a bit a cluster.
pub(crate) const BITMAP: u64 = 6;
/// `$UpCase`.
pub(crate) const UPCASE: u64 = 10;
/// `$Extend`, the directory of the newer metadata files.
pub(crate) const EXTEND: u64 = 11;
/// Records from here on are free for files.
pub(crate) const FIRST_FREE: u64 = 24;

const RECORD_MASK: u64 = 0x0000_FFFF_FFFF_FFFF;

impl FileRef {
    /// From its parts; the number is cut to 48 bits.
    pub const fn new(record: u64, sequence: u16) -> FileRef {
        FileRef((record & RECORD_MASK) | ((sequence as u64) << 48))
    }

    /// The number of the record.
    pub const fn record(self) -> u64 {
        self.0 & RECORD_MASK
    }

    /// How often the record was used.
    pub const fn sequence(self) -> u16 {
        let [.., low, high] = self.0.to_le_bytes();
        u16::from_le_bytes([low, high])
    }
}

impl fmt::Display for FileRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.record(), self.sequence())
    }
}

impl fmt::Debug for FileRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileRef({self})")
    }
}
