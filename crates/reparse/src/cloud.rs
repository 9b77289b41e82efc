//! CLOUD and CLOUD_1 to CLOUD_F: placeholders of the cloud files filter (OneDrive and its kin). Not in [MS-FSCC] beyond
//! the tags; the header is known from public headers (FileTest, ReparseDataHsm.h). What follows it is the filter's own.
use alloc::vec::Vec;

use crate::oddity::Oddity;
use crate::raw::{BuildError, RawReparse};
use crate::reader::Reader;
use crate::tag::Tag;

/// A placeholder of the cloud files filter: HSM_REPARSE_DATA. The body is opaque, though a body that is not compressed
/// begins with a [record](Cloud::record) whose header is known.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Cloud {
    raw: RawReparse,
    flags: CloudFlags,
    uncompressed_len: u16,
}

/// The first 16 bits of a cloud placeholder.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct CloudFlags(pub u16);

impl CloudFlags {
    /// The body is compressed (LZNT1). FileTest decompresses by this bit, and the capture in
    /// tests/vectors/cloud_onedrive_root.txt, which is plain, has it clear; some headers' comments say the reverse.
    pub const COMPRESSED: u16 = 0x8000;

    /// The body is compressed.
    pub const fn is_compressed(self) -> bool {
        self.0 & CloudFlags::COMPRESSED != 0
    }

    /// The revision of the format, in the low byte; 1 in every capture.
    pub const fn revision(self) -> u16 {
        self.0 & 0x00FF
    }
}

/// The header of the record in a body that is not compressed: HSM_DATA.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HsmRecord {
    /// Four letters: `FeRp` for a file, `BtRp` for a bitmap.
    pub magic: [u8; 4],
    /// CRC-32 of what follows it.
    pub crc: u32,
    /// Length of the record.
    pub len: u32,
    /// Its flags.
    pub flags: u16,
    /// Elements it has.
    pub elements: u16,
}

/// Bytes of Flags and Length.
const HEADER_LEN: usize = 4;

impl Cloud {
    /// A placeholder with one of the sixteen tags. `uncompressed_len` counts these two fields and the body as it is
    /// when not compressed.
    pub fn new(tag: Tag, flags: CloudFlags, uncompressed_len: u16, body: &[u8]) -> Result<Cloud, BuildError> {
        if !tag.is_cloud() {
            return Err(BuildError::Unsuitable { what: "tag" });
        }
        let mut data = Vec::with_capacity(HEADER_LEN + body.len());
        data.extend_from_slice(&flags.0.to_le_bytes());
        data.extend_from_slice(&uncompressed_len.to_le_bytes());
        data.extend_from_slice(body);
        Ok(Cloud { raw: RawReparse::new(tag, None, &data)?, flags, uncompressed_len })
    }

    /// Reads a placeholder, leniently. `None` without a header.
    pub(crate) fn read(raw: &RawReparse, oddities: &mut Vec<Oddity>) -> Option<Cloud> {
        let mut reader = Reader::new(raw.data());
        let Some((flags, uncompressed_len)) = reader.u16().zip(reader.u16()) else {
            let got = raw.data().len();
            oddities.push(Oddity::DataShort { what: "cloud placeholder", wanted: HEADER_LEN, got });
            return None;
        };
        Some(Cloud { raw: raw.clone(), flags: CloudFlags(flags), uncompressed_len })
    }

    /// Which of the sixteen tags.
    pub fn tag(&self) -> Tag {
        self.raw.tag()
    }

    /// Flags and revision.
    pub fn flags(&self) -> CloudFlags {
        self.flags
    }

    /// Bytes of header and body when not compressed.
    pub fn uncompressed_len(&self) -> u16 {
        self.uncompressed_len
    }

    /// What follows the header.
    pub fn body(&self) -> &[u8] {
        self.raw.data().get(HEADER_LEN..).unwrap_or_default()
    }

    /// The header of the record in the body; `None` when the body is compressed or too short.
    pub fn record(&self) -> Option<HsmRecord> {
        let mut reader = Reader::new(self.body());
        let record = HsmRecord {
            magic: reader.array()?,
            crc: reader.u32()?,
            len: reader.u32()?,
            flags: reader.u16()?,
            elements: reader.u16()?,
        };
        (!self.flags.is_compressed()).then_some(record)
    }

    /// The bytes.
    pub fn raw(&self) -> &RawReparse {
        &self.raw
    }

    pub(crate) fn into_raw(self) -> RawReparse {
        self.raw
    }
}
