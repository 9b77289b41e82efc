//! What belongs to a file beside its reparse point and is restored with it: times, attributes, extended attributes.
use crate::attribute::{EA, EA_INFORMATION};
use crate::create::SETTABLE;
use crate::ea::{self, ExtendedAttribute};
use crate::error::{Fault, Result};
use crate::fields::{narrow_u16, narrow_u32};
use crate::file::File;
use crate::medium::Medium;
use crate::reference::FileRef;
use crate::volume::Volume;
use nt::{FileAttributes, FileTime, UsnReason};

/// Times and attributes. [MS-FSCC] 2.4.7
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Basic {
    /// When the file was made.
    pub created: FileTime,
    /// When its data last changed.
    pub written: FileTime,
    /// When anything of it last changed.
    pub changed: FileTime,
    /// When it was last read.
    pub accessed: FileTime,
    /// The attributes; those that the file system decides itself stay as they are.
    pub attributes: FileAttributes,
}

impl<M: Medium> Volume<M> {
    /// Sets all times and attributes. [MS-FSA] 2.1.5.15.2
    pub fn set_basic(&mut self, file: FileRef, basic: &Basic, now: FileTime) -> Result<()> {
        self.operation(|volume| {
            let mut file = volume.target(file)?;
            let mut standard = file.standard()?;
            let kept = standard.attributes.0 & !(SETTABLE.0 | FileAttributes::NORMAL.0);
            standard.attributes = FileAttributes(kept | (basic.attributes.0 & SETTABLE.0));
            standard.created = basic.created;
            standard.written = basic.written;
            standard.changed = basic.changed;
            standard.accessed = basic.accessed;
            if let Some(usn) = volume.journal_change(&file, &standard, UsnReason::BASIC_INFO_CHANGE, now)? {
                standard.usn = usn;
            }
            file.set_standard(&standard)?;
            volume.store_file(&mut file)?;
            volume.refresh_names(&file)
        })
    }

    /// Replaces all extended attributes by these. Windows refuses this on a file with a reparse point of a tag other
    /// than WSL's; who restores an image needs it all the same. [MS-FSA] 2.1.5.15.6
    pub fn set_eas(&mut self, file: FileRef, eas: &[ExtendedAttribute], now: FileTime) -> Result<()> {
        ea::check(eas)?;
        self.operation(|volume| {
            let mut file = volume.target(file)?;
            let mut standard = file.standard()?;
            standard.changed = now;
            if let Some(usn) = volume.journal_change(&file, &standard, UsnReason::EA_CHANGE, now)? {
                standard.usn = usn;
            }
            file.set_standard(&standard)?;
            volume.replace_eas(&mut file, eas)?;
            volume.store_file(&mut file)?;
            volume.refresh_names(&file)
        })
    }

    pub(crate) fn replace_eas(&self, file: &mut File, eas: &[ExtendedAttribute]) -> Result<()> {
        if eas.is_empty() {
            self.replace(file, EA_INFORMATION, None)?;
            return self.replace(file, EA, None);
        }
        let value = ea::encode_all(eas).map_err(|fault| file.corrupt(fault))?;
        let facts = facts(eas, value.len()).map_err(|fault| file.corrupt(fault))?;
        self.replace(file, EA_INFORMATION, Some(&facts))?;
        self.replace(file, EA, Some(&value))
    }
}

/// `$EA_INFORMATION`: how long they are packed, how many must be understood, how long they are in `$EA`.
fn facts(eas: &[ExtendedAttribute], len: usize) -> std::result::Result<Vec<u8>, Fault> {
    let needed = eas.iter().filter(|attribute| attribute.is_needed).count();
    let mut out = narrow_u16(ea::packed_len(eas))?.to_le_bytes().to_vec();
    out.extend_from_slice(&narrow_u16(needed)?.to_le_bytes());
    out.extend_from_slice(&narrow_u32(len)?.to_le_bytes());
    Ok(out)
}
