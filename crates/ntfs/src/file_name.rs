//! `$FILE_NAME`: a name in a directory, and the copies of a file's facts that stand beside it in the directory's index.
use crate::fields::{Fault, narrow_u8, put, put_u32, put_u64, u8_at, u32_at, u64_at};
use crate::reference::FileRef;
use crate::standard::{Standard, time_at};
use nt::{FileAttributes, FileTime, Utf16};

/// Bytes before the name.
pub(crate) const NAME_AT: usize = 0x42;
/// Bit of the attributes, in names only: the file is a directory.
pub(crate) const IS_DIRECTORY: u32 = 0x1000_0000;
/// Bit of the attributes, in names and elsewhere: the file is an index of something else than names.
pub(crate) const IS_VIEW_INDEX: u32 = 0x2000_0000;
/// Attributes that a name's copy has of its own, whatever `$STANDARD_INFORMATION` says.
const OWN_BITS: u32 = IS_DIRECTORY | IS_VIEW_INDEX;

/// Whose rules a name obeys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Namespace(pub u8);

impl Namespace {
    /// Anything but NUL and the slash, case counts.
    pub const POSIX: Namespace = Namespace(0);
    /// A long name; another entry has the short one.
    pub const WIN32: Namespace = Namespace(1);
    /// A short name in the form of 8.3.
    pub const DOS: Namespace = Namespace(2);
    /// A name that is both.
    pub const WIN32_AND_DOS: Namespace = Namespace(3);
}

/// A name of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileName {
    /// The directory.
    pub parent: FileRef,
    /// Whose rules it obeys.
    pub namespace: Namespace,
    /// The name.
    pub name: Utf16,
    /// The copy of the attributes; in a directory's index it is kept up to date.
    pub attributes: FileAttributes,
    /// The copy of the reparse tag, or the size of the extended attributes when there is no tag.
    pub tag_or_ea: u32,
    /// The copy of the time of the last change.
    pub changed: FileTime,
    /// The copy of the data's size.
    pub data_size: u64,
}

impl FileName {
    pub(crate) fn decode(value: &[u8]) -> Result<FileName, Fault> {
        let len = usize::from(u8_at(value, 0x40)?) * 2;
        let name = value.get(NAME_AT..NAME_AT + len).ok_or(Fault("a name reaches past its attribute"))?;
        Ok(FileName {
            parent: FileRef(u64_at(value, 0)?),
            namespace: Namespace(u8_at(value, 0x41)?),
            name: Utf16::from_le_bytes(name).unwrap_or_default(),
            attributes: FileAttributes(u32_at(value, 0x38)?),
            tag_or_ea: u32_at(value, 0x3C)?,
            changed: time_at(value, 0x18)?,
            data_size: u64_at(value, 0x30)?,
        })
    }

    /// True when the copy of the attributes has the REPARSE_POINT bit, so that the tag's copy is one.
    pub fn is_reparse_point(&self) -> bool {
        self.attributes.contains(FileAttributes::REPARSE_POINT)
    }
}

/// A new name's value; `own` is which of the bits it has that are a name's own.
pub(crate) fn encode(
    parent: FileRef,
    name: &Utf16,
    namespace: Namespace,
    standard: &Standard,
    own: u32,
) -> Result<Vec<u8>, Fault> {
    let mut value = vec![0; NAME_AT];
    put_u64(&mut value, 0, parent.0)?;
    put(&mut value, 0x40, &[narrow_u8(name.units().len())?, namespace.0])?;
    value.extend_from_slice(&name.to_le_bytes());
    refresh(&mut value, standard, 0)?;
    put_u32(&mut value, 0x38, (standard.attributes.0 & !OWN_BITS) | own)?;
    Ok(value)
}

/// Brings the copies in a directory's index up to date.
pub(crate) fn refresh(value: &mut [u8], standard: &Standard, tag_or_ea: u32) -> Result<(), Fault> {
    put_u64(value, 8, standard.created.0)?;
    put_u64(value, 0x10, standard.written.0)?;
    put_u64(value, 0x18, standard.changed.0)?;
    put_u64(value, 0x20, standard.accessed.0)?;
    let own = u32_at(value, 0x38)? & OWN_BITS;
    put_u32(value, 0x38, (standard.attributes.0 & !OWN_BITS) | own)?;
    put_u32(value, 0x3C, tag_or_ea)
}
