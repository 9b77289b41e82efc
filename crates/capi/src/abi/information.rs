//! Information about an open file.
use super::memory::{self, UserBytes};
use super::{Bool, RawHandle, boolean, handle_of, valued};
use crate::handles;
use crate::{information, names};
use core::ffi::c_void;

/// GetFileInformationByHandleEx.
#[unsafe(export_name = "PointsmanGetFileInformationByHandleEx")]
pub unsafe extern "C" fn get_file_information_by_handle_ex(
    handle: RawHandle,
    class: u32,
    buffer: *mut c_void,
    len: u32,
) -> Bool {
    boolean(|| {
        let file = handles::file(handle_of(handle))?;
        // SAFETY: the caller's buffer of so many bytes, or NULL.
        let buffer = unsafe { UserBytes::new(buffer, len) }?;
        let information = information::query(&file, class, buffer.len())?;
        buffer.write(0, &information.bytes);
        super::ioctl::succeeded(information.status)
    })
}

/// SetFileInformationByHandle.
#[unsafe(export_name = "PointsmanSetFileInformationByHandle")]
pub unsafe extern "C" fn set_file_information_by_handle(
    handle: RawHandle,
    class: u32,
    buffer: *const c_void,
    len: u32,
) -> Bool {
    boolean(|| {
        let file = handles::file(handle_of(handle))?;
        // SAFETY: the caller's buffer of so many bytes, or NULL.
        information::set(&file, class, unsafe { memory::bytes(buffer, len) }?)
    })
}

/// GetFinalPathNameByHandleW: the length of the path, without its NUL if it was written, with it if there was no room.
#[unsafe(export_name = "PointsmanGetFinalPathNameByHandleW")]
pub unsafe extern "C" fn get_final_path_name_by_handle_w(
    handle: RawHandle,
    path: *mut u16,
    len_max: u32,
    flags: u32,
) -> u32 {
    valued(0, || {
        let file = handles::file(handle_of(handle))?;
        let name = names::final_path(&file, flags)?;
        let len = u32::try_from(name.len()).map_err(|_| nt::NtStatus::NAME_TOO_LONG)?;
        if len >= len_max {
            return Ok(len + 1);
        }
        let bytes: Vec<u8> = name.iter().chain([&0]).flat_map(|unit| unit.to_ne_bytes()).collect();
        // SAFETY: the caller's buffer of so many characters, or NULL.
        unsafe { UserBytes::new(path.cast(), len_max.saturating_mul(2)) }?.write(0, &bytes);
        Ok(len)
    })
}
