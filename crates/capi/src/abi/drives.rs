//! The drive map: the one call that Windows does not have.
use super::{Bool, boolean, memory};
use crate::namespace::{self, Manner};
use core::ffi::c_char;
use fsa::VolumeKind;
use nt::Win32Error;
use std::ffi::{CStr, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

const KIND: u32 = 0x0F;
const READ_ONLY: u32 = 0x10;

/// PointsmanMapDrive: `name` (`C:`, `\\server\share`, `Volume{guid}`) is from now on `directory`, or nothing for NULL.
#[unsafe(export_name = "PointsmanMapDrive")]
pub unsafe extern "C" fn map_drive(name: *const c_char, directory: *const c_char, flags: u32) -> Bool {
    boolean(|| {
        let kind = match flags & KIND {
            0 => VolumeKind::Ntfs,
            1 => VolumeKind::Refs,
            2 => VolumeKind::CsvFs,
            3 => VolumeKind::Fat,
            _ => return Err(Win32Error::INVALID_PARAMETER.into()),
        };
        if flags & !(KIND | READ_ONLY) != 0 {
            return Err(Win32Error::INVALID_PARAMETER.into());
        }
        // SAFETY: two strings that end in NUL, or NULL.
        let name = unsafe { memory::narrow(name) }?;
        let name = String::from_utf16(&name).map_err(|_| Win32Error::INVALID_NAME)?;
        let directory = match directory.is_null() {
            true => None,
            // SAFETY: as above.
            false => Some(OsStr::from_bytes(unsafe { CStr::from_ptr(directory) }.to_bytes())),
        };
        namespace::map(&name, directory.map(Path::new), Manner { kind, read_only: flags & READ_ONLY != 0 })
    })
}
