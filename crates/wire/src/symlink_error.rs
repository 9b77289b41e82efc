//! [MS-SMB2] 2.2.2.2.1: what STATUS_STOPPED_ON_SYMLINK says of the link.
use crate::error::DecodeError;
use crate::reader::Reader;
use crate::writer::Writer;

/// SymLinkErrorTag, `SYML`.
const SYMLINK_ERROR_TAG: u32 = 0x4C4D_5953;

/// ReparseTag: IO_REPARSE_TAG_SYMLINK, the only one.
const REPARSE_TAG: u32 = 0xA000_000C;

/// Bytes from SymLinkErrorTag to UnparsedPathLength.
const HEAD_LEN: usize = 12;

/// Symbolic Link Error Response. From SubstituteNameOffset on it is the data of the link's reparse point, which `reparse`
/// reads and writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SymlinkError<'a> {
    /// UnparsedPathLength, in bytes: how much of the end of the name lies behind the link.
    pub unparsed_len: u16,
    /// The data of the reparse point: offsets and lengths of both names, flags, PathBuffer.
    pub reparse_data: &'a [u8],
}

impl<'a> SymlinkError<'a> {
    /// Reads error data.
    pub fn decode(data: &'a [u8]) -> Result<SymlinkError<'a>, DecodeError> {
        let mut r = Reader::new("symbolic link error response", data);
        let len = r.u32()?;
        let whole = r.span("symbolic link error response", 4u8, len)?;
        let mut r = Reader::new("symbolic link error response", whole);
        let tag = r.u32()?;
        if tag != SYMLINK_ERROR_TAG {
            return Err(DecodeError::Value { what: "SymLinkErrorTag", value: tag.into() });
        }
        let reparse_tag = r.u32()?;
        if reparse_tag != REPARSE_TAG {
            return Err(DecodeError::Value { what: "ReparseTag", value: reparse_tag.into() });
        }
        let data_len = r.u16()?;
        let unparsed_len = r.u16()?;
        Ok(SymlinkError { unparsed_len, reparse_data: r.bytes(data_len.into())? })
    }

    /// Appends the error data.
    pub fn encode(&self, w: &mut Writer) {
        w.len32("SymLinkLength", HEAD_LEN + self.reparse_data.len());
        w.u32(SYMLINK_ERROR_TAG);
        w.u32(REPARSE_TAG);
        w.len16("ReparseDataLength", self.reparse_data.len());
        w.u16(self.unparsed_len);
        w.bytes(self.reparse_data);
    }
}
