//! `user.DOSATTRIB`: attributes and creation time, as Samba keeps them (`xattr_DOSATTRIB` of its `xattr.idl`).
//! Versions 1 to 5 and the hexadecimal text of Samba 3 are read; version 5 is written. Behind it, where Samba looks no
//! further, stands a change time that somebody set. docs/DISK-FORMAT.md 2
use nt::{FileAttributes, FileTime};

use super::AttributeFault;
use super::ndr::NdrReader;

/// The version that is written.
const VERSION_WRITTEN: u16 = 5;
/// The flag that says that the attributes of a version 3 to 5 value hold.
const VALID_ATTRIBUTES: u32 = 0x01;
/// The flag that says that the creation time of a version 3 to 5 value holds.
const VALID_CREATE_TIME: u32 = 0x10;
/// What a change time begins with, behind the value of version 5.
const CHANGED_MAGIC: [u8; 4] = *b"PMCT";

/// What `user.DOSATTRIB` says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DosAttrib {
    /// The attributes as stored, whatever the object really is.
    pub attributes: FileAttributes,
    /// The creation time, where it was ever stored.
    pub created: Option<FileTime>,
    /// A change time that somebody set.
    pub changed: Option<Changed>,
}

/// A change time that somebody set. No host lets its own be set, so this one counts until the object changes again: as long as
/// the host's own change time is no later than `stamp` and the little that storing it takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Changed {
    /// The time to show.
    pub time: FileTime,
    /// The host's clock when it was set.
    pub stamp: FileTime,
}

impl DosAttrib {
    /// Reads a value of any version.
    pub fn decode(bytes: &[u8]) -> Result<DosAttrib, AttributeFault> {
        let mut reader = NdrReader::new(bytes);
        let text = reader.text();
        if reader.is_at_end() {
            return decode_text(text);
        }
        let version = reader.u16()?;
        if reader.u16()? != version {
            return Err(AttributeFault::Shape); // the union's own switch repeats the version
        }
        reader.align(4);
        match version {
            1 => decode_1(&mut reader),
            2 => decode_2(&mut reader),
            3 => decode_3(&mut reader),
            4 => decode_4(&mut reader),
            5 => decode_5(&mut reader),
            other => Err(AttributeFault::Version(other)),
        }
    }

    /// The same, for an object that is about to change: a change time that was set counts no longer.
    #[must_use]
    pub fn without_changed(self) -> DosAttrib {
        DosAttrib { changed: None, ..self }
    }

    /// Writes version 5: 24 bytes, and 20 more with a change time.
    pub fn encode(self) -> Vec<u8> {
        let valid = VALID_ATTRIBUTES | if self.created.is_some() { VALID_CREATE_TIME } else { 0 };
        let mut bytes = Vec::with_capacity(24);
        bytes.extend_from_slice(&[0, 0]); // the text of Samba 3, empty since version 4, and its padding
        bytes.extend_from_slice(&VERSION_WRITTEN.to_le_bytes());
        bytes.extend_from_slice(&VERSION_WRITTEN.to_le_bytes());
        bytes.extend_from_slice(&[0, 0]);
        bytes.extend_from_slice(&valid.to_le_bytes());
        bytes.extend_from_slice(&self.attributes.0.to_le_bytes());
        bytes.extend_from_slice(&self.created.unwrap_or_default().0.to_le_bytes());
        if let Some(Changed { time, stamp }) = self.changed {
            bytes.extend_from_slice(&CHANGED_MAGIC);
            bytes.extend_from_slice(&time.0.to_le_bytes());
            bytes.extend_from_slice(&stamp.0.to_le_bytes());
        }
        bytes
    }
}

/// A creation time, unless it is zero, which means "not stored".
fn stored(time: u64) -> Option<FileTime> {
    (time != 0).then_some(FileTime(time))
}

/// Samba 3 before version 1: `0x` and hexadecimal digits.
fn decode_text(text: &[u8]) -> Result<DosAttrib, AttributeFault> {
    let text = core::str::from_utf8(text).map_err(|_| AttributeFault::Shape)?;
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let attributes = u32::from_str_radix(digits, 16).map_err(|_| AttributeFault::Shape)?;
    Ok(DosAttrib { attributes: FileAttributes(attributes), created: None, changed: None })
}

/// attributes, EA size, size, allocation, creation time, change time
fn decode_1(reader: &mut NdrReader<'_>) -> Result<DosAttrib, AttributeFault> {
    let attributes = FileAttributes(reader.u32()?);
    let _ea_size = reader.u32()?;
    let _size = reader.u64()?;
    let _allocated = reader.u64()?;
    let created = stored(reader.u64()?);
    let _changed = reader.u64()?;
    Ok(DosAttrib { attributes, created, changed: None })
}

/// flags, attributes and more; Samba takes only the attributes, for the flags of this version were never told
fn decode_2(reader: &mut NdrReader<'_>) -> Result<DosAttrib, AttributeFault> {
    let _flags = reader.u32()?;
    let attributes = FileAttributes(reader.u32()?);
    let _ea_size = reader.u32()?;
    for _size_allocated_created_changed_written in 0..5 {
        reader.u64()?;
    }
    Ok(DosAttrib { attributes, created: None, changed: None })
}

/// valid flags, then as version 1
fn decode_3(reader: &mut NdrReader<'_>) -> Result<DosAttrib, AttributeFault> {
    let valid = reader.u32()?;
    let found = decode_1(reader)?;
    Ok(DosAttrib { created: found.created.filter(|_| valid & VALID_CREATE_TIME != 0), ..found })
}

/// valid flags, attributes, instantiation time, creation time
fn decode_4(reader: &mut NdrReader<'_>) -> Result<DosAttrib, AttributeFault> {
    let valid = reader.u32()?;
    let attributes = FileAttributes(reader.u32()?);
    let _instantiated = reader.u64()?;
    let created = stored(reader.u64()?).filter(|_| valid & VALID_CREATE_TIME != 0);
    Ok(DosAttrib { attributes, created, changed: None })
}

/// valid flags, attributes, creation time
fn decode_5(reader: &mut NdrReader<'_>) -> Result<DosAttrib, AttributeFault> {
    let valid = reader.u32()?;
    let attributes = FileAttributes(reader.u32()?);
    let created = stored(reader.u64()?).filter(|_| valid & VALID_CREATE_TIME != 0);
    Ok(DosAttrib { attributes, created, changed: decode_changed(reader.rest()) })
}

/// The change time behind a value of version 5; anything else there is nobody's we know.
fn decode_changed(rest: &[u8]) -> Option<Changed> {
    let (time, stamp) = rest.strip_prefix(&CHANGED_MAGIC)?.split_first_chunk::<8>()?;
    let stamp: [u8; 8] = stamp.try_into().ok()?;
    Some(Changed { time: FileTime(u64::from_le_bytes(*time)), stamp: FileTime(u64::from_le_bytes(stamp)) })
}
