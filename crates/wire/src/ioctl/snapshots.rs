//! [MS-SMB2] 2.2.32.2: SRV_SNAPSHOT_ARRAY.
use nt::Utf16;

use crate::error::DecodeError;
use crate::reader::{Reader, name};
use crate::writer::Writer;

/// The snapshots of a volume, each a token `@GMT-YYYY.MM.DD-HH.MM.SS`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SnapshotArray {
    /// NumberOfSnapShots.
    pub count: u32,
    /// NumberOfSnapShotsReturned.
    pub returned: u32,
    /// SnapShotArraySize, in bytes: of the tokens that are there, or that there would be.
    pub array_len: u32,
    /// The tokens, each ended by a NUL, a further NUL after the last.
    pub tokens: Utf16,
}

impl SnapshotArray {
    /// Reads the output. There may be fewer tokens than the sizes speak of, when the output was too small.
    pub fn decode(output: &[u8]) -> Result<SnapshotArray, DecodeError> {
        let mut r = Reader::new("SRV_SNAPSHOT_ARRAY", output);
        let (count, returned, array_len) = (r.u32()?, r.u32()?, r.u32()?);
        Ok(SnapshotArray { count, returned, array_len, tokens: name("snapshots", r.rest())? })
    }

    /// Appends the output.
    pub fn encode(&self, w: &mut Writer) {
        w.u32(self.count);
        w.u32(self.returned);
        w.u32(self.array_len);
        w.name(&self.tokens);
    }
}
