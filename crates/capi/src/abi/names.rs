//! Calls on names.
use super::file::no_descriptor;
use super::structures::SecurityAttributes;
use super::{Bool, boolean, memory, valued};
use crate::error::Outcome;
use crate::names;
use core::ffi::c_char;
use nt::{CreateOptions, Win32Error};

/// INVALID_FILE_ATTRIBUTES
const NO_ATTRIBUTES: u32 = u32::MAX;

/// DeleteFileW: of a link, the link.
#[unsafe(export_name = "PointsmanDeleteFileW")]
pub unsafe extern "C" fn delete_file_w(name: *const u16) -> Bool {
    // SAFETY: a string that ends in NUL, or NULL.
    boolean(|| names::delete(&unsafe { memory::wide(name) }?, CreateOptions::NON_DIRECTORY_FILE))
}

/// DeleteFileA.
#[unsafe(export_name = "PointsmanDeleteFileA")]
pub unsafe extern "C" fn delete_file_a(name: *const c_char) -> Bool {
    // SAFETY: a string that ends in NUL, or NULL.
    boolean(|| names::delete(&unsafe { memory::narrow(name) }?, CreateOptions::NON_DIRECTORY_FILE))
}

/// RemoveDirectoryW: of a link, the link.
#[unsafe(export_name = "PointsmanRemoveDirectoryW")]
pub unsafe extern "C" fn remove_directory_w(name: *const u16) -> Bool {
    // SAFETY: a string that ends in NUL, or NULL.
    boolean(|| names::delete(&unsafe { memory::wide(name) }?, CreateOptions::DIRECTORY_FILE))
}

/// RemoveDirectoryA.
#[unsafe(export_name = "PointsmanRemoveDirectoryA")]
pub unsafe extern "C" fn remove_directory_a(name: *const c_char) -> Bool {
    // SAFETY: a string that ends in NUL, or NULL.
    boolean(|| names::delete(&unsafe { memory::narrow(name) }?, CreateOptions::DIRECTORY_FILE))
}

/// CreateDirectoryW.
#[unsafe(export_name = "PointsmanCreateDirectoryW")]
pub unsafe extern "C" fn create_directory_w(name: *const u16, security: *const SecurityAttributes) -> Bool {
    boolean(|| {
        // SAFETY: a structure, or NULL; a string that ends in NUL, or NULL.
        unsafe { no_descriptor(security) }?;
        names::create_directory(&unsafe { memory::wide(name) }?)
    })
}

/// CreateDirectoryA.
#[unsafe(export_name = "PointsmanCreateDirectoryA")]
pub unsafe extern "C" fn create_directory_a(
    name: *const c_char,
    security: *const SecurityAttributes,
) -> Bool {
    boolean(|| {
        // SAFETY: a structure, or NULL; a string that ends in NUL, or NULL.
        unsafe { no_descriptor(security) }?;
        names::create_directory(&unsafe { memory::narrow(name) }?)
    })
}

/// GetFileAttributesW: of a link, the link's.
#[unsafe(export_name = "PointsmanGetFileAttributesW")]
pub unsafe extern "C" fn get_file_attributes_w(name: *const u16) -> u32 {
    // SAFETY: a string that ends in NUL, or NULL.
    valued(NO_ATTRIBUTES, || names::attributes(&unsafe { memory::wide(name) }?))
}

/// GetFileAttributesA.
#[unsafe(export_name = "PointsmanGetFileAttributesA")]
pub unsafe extern "C" fn get_file_attributes_a(name: *const c_char) -> u32 {
    // SAFETY: a string that ends in NUL, or NULL.
    valued(NO_ATTRIBUTES, || names::attributes(&unsafe { memory::narrow(name) }?))
}

/// SetFileAttributesW: of a link, the link's.
#[unsafe(export_name = "PointsmanSetFileAttributesW")]
pub unsafe extern "C" fn set_file_attributes_w(name: *const u16, attributes: u32) -> Bool {
    // SAFETY: a string that ends in NUL, or NULL.
    boolean(|| names::set_attributes(&unsafe { memory::wide(name) }?, attributes))
}

/// SetFileAttributesA.
#[unsafe(export_name = "PointsmanSetFileAttributesA")]
pub unsafe extern "C" fn set_file_attributes_a(name: *const c_char, attributes: u32) -> Bool {
    // SAFETY: a string that ends in NUL, or NULL.
    boolean(|| names::set_attributes(&unsafe { memory::narrow(name) }?, attributes))
}

/// MoveFileExW.
#[unsafe(export_name = "PointsmanMoveFileExW")]
pub unsafe extern "C" fn move_file_ex_w(old: *const u16, new: *const u16, flags: u32) -> Bool {
    boolean(|| {
        // SAFETY: two strings that end in NUL, or NULL.
        let old = unsafe { memory::wide(old) }?;
        // SAFETY: as above.
        let new = renamed(new.is_null(), || unsafe { memory::wide(new) })?;
        names::move_file(&old, &new, flags)
    })
}

/// MoveFileExA.
#[unsafe(export_name = "PointsmanMoveFileExA")]
pub unsafe extern "C" fn move_file_ex_a(old: *const c_char, new: *const c_char, flags: u32) -> Bool {
    boolean(|| {
        // SAFETY: two strings that end in NUL, or NULL.
        let old = unsafe { memory::narrow(old) }?;
        // SAFETY: as above.
        let new = renamed(new.is_null(), || unsafe { memory::narrow(new) })?;
        names::move_file(&old, &new, flags)
    })
}

/// No new name would mean to delete the file when the machine starts.
fn renamed(missing: bool, new: impl FnOnce() -> Result<Vec<u16>, nt::NtStatus>) -> Outcome<Vec<u16>> {
    if missing { Err(Win32Error::NOT_SUPPORTED.into()) } else { Ok(new()?) }
}

/// CreateHardLinkW: of a link, a further name of the link.
#[unsafe(export_name = "PointsmanCreateHardLinkW")]
pub unsafe extern "C" fn create_hard_link_w(
    new: *const u16,
    existing: *const u16,
    security: *const SecurityAttributes,
) -> Bool {
    boolean(|| {
        // SAFETY: a structure, or NULL; two strings that end in NUL, or NULL.
        unsafe { no_descriptor(security) }?;
        let (new, existing) = unsafe { (memory::wide(new)?, memory::wide(existing)?) };
        names::create_hard_link(&new, &existing)
    })
}

/// CreateHardLinkA.
#[unsafe(export_name = "PointsmanCreateHardLinkA")]
pub unsafe extern "C" fn create_hard_link_a(
    new: *const c_char,
    existing: *const c_char,
    security: *const SecurityAttributes,
) -> Bool {
    boolean(|| {
        // SAFETY: a structure, or NULL; two strings that end in NUL, or NULL.
        unsafe { no_descriptor(security) }?;
        let (new, existing) = unsafe { (memory::narrow(new)?, memory::narrow(existing)?) };
        names::create_hard_link(&new, &existing)
    })
}

/// CreateSymbolicLinkW: BOOLEAN, a byte.
#[unsafe(export_name = "PointsmanCreateSymbolicLinkW")]
pub unsafe extern "C" fn create_symbolic_link_w(link: *const u16, target: *const u16, flags: u32) -> u8 {
    u8::from(
        boolean(|| {
            // SAFETY: two strings that end in NUL, or NULL.
            let (link, target) = unsafe { (memory::wide(link)?, memory::wide(target)?) };
            names::create_symbolic_link(&link, &target, flags)
        }) != 0,
    )
}

/// CreateSymbolicLinkA.
#[unsafe(export_name = "PointsmanCreateSymbolicLinkA")]
pub unsafe extern "C" fn create_symbolic_link_a(
    link: *const c_char,
    target: *const c_char,
    flags: u32,
) -> u8 {
    u8::from(
        boolean(|| {
            // SAFETY: two strings that end in NUL, or NULL.
            let (link, target) = unsafe { (memory::narrow(link)?, memory::narrow(target)?) };
            names::create_symbolic_link(&link, &target, flags)
        }) != 0,
    )
}
