//! `$STANDARD_INFORMATION`: times, attributes and where the security descriptor is.
use crate::fields::{Fault, put_u32, put_u64, u32_at, u64_at};
use nt::{FileAttributes, FileTime};

/// Bytes since NTFS 3.0; before it had only the first 48.
pub(crate) const STANDARD_LEN: usize = 0x48;
/// Bytes before that: no security id, no USN.
pub(crate) const STANDARD_OLD_LEN: usize = 0x30;

/// What all of a file's names share.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standard {
    /// When the file was made.
    pub created: FileTime,
    /// When its data last changed.
    pub written: FileTime,
    /// When anything of it last changed.
    pub changed: FileTime,
    /// When it was last read.
    pub accessed: FileTime,
    /// The attributes, without DIRECTORY, which the record tells.
    pub attributes: FileAttributes,
    /// Its entry in `$Secure`; 0 when it has none.
    pub security_id: u32,
    /// The last record of the change journal about it.
    pub usn: u64,
}

impl Standard {
    pub(crate) fn decode(value: &[u8]) -> Result<Standard, Fault> {
        let newer = value.len() >= STANDARD_LEN;
        Ok(Standard {
            created: time_at(value, 0)?,
            written: time_at(value, 8)?,
            changed: time_at(value, 0x10)?,
            accessed: time_at(value, 0x18)?,
            attributes: FileAttributes(u32_at(value, 0x20)?),
            security_id: if newer { u32_at(value, 0x34)? } else { 0 },
            usn: if newer { u64_at(value, 0x40)? } else { 0 },
        })
    }

    /// The value `old` with these fields in it, as many as it has room for.
    pub(crate) fn over(&self, mut old: Vec<u8>) -> Result<Vec<u8>, Fault> {
        put_u64(&mut old, 0, self.created.0)?;
        put_u64(&mut old, 8, self.written.0)?;
        put_u64(&mut old, 0x10, self.changed.0)?;
        put_u64(&mut old, 0x18, self.accessed.0)?;
        put_u32(&mut old, 0x20, self.attributes.0)?;
        if old.len() >= STANDARD_LEN {
            put_u32(&mut old, 0x34, self.security_id)?;
            put_u64(&mut old, 0x40, self.usn)?;
        }
        Ok(old)
    }
}

pub(crate) fn time_at(value: &[u8], at: usize) -> Result<FileTime, Fault> {
    u64_at(value, at).map(FileTime)
}
