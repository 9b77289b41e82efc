//! Text from one form into another, and names made whole.
use super::memory::{self, UserBytes};
use super::valued;
use crate::error::{ACCESS_VIOLATION, Outcome};
use crate::names;
use core::ffi::{CStr, c_char};
use nt::{NtStatus, Utf16, Win32Error};

/// The code pages that are known. There is one narrow form of text here, UTF-8, whatever it is called: CP_ACP, CP_OEMCP,
/// CP_THREAD_ACP, CP_UTF8.
const CODE_PAGES: [u32; 4] = [0, 1, 3, 65_001];
const CP_UTF8: u32 = 65_001;
/// MB_ERR_INVALID_CHARS
const REFUSE_INVALID_BYTES: u32 = 8;
/// WC_ERR_INVALID_CHARS
const REFUSE_INVALID_UNITS: u32 = 0x80;
const NO_UNICODE_TRANSLATION: Win32Error = Win32Error(1113);
const INSUFFICIENT_BUFFER: Win32Error = Win32Error(122);

/// MultiByteToWideChar, of UTF-8.
#[unsafe(export_name = "PointsmanMultiByteToWideChar")]
pub unsafe extern "C" fn multi_byte_to_wide_char(
    code_page: u32,
    flags: u32,
    text: *const c_char,
    len: i32,
    wide: *mut u16,
    wide_len: i32,
) -> i32 {
    valued(0, || {
        require_lengths(code_page, len, wide_len)?;
        if text.is_null() {
            return Err(Win32Error::INVALID_PARAMETER.into());
        }
        let bytes = match u32::try_from(len) {
            // SAFETY: so many bytes of the caller's.
            Ok(len) => unsafe { memory::bytes(text.cast(), len) }?,
            // SAFETY: a string that ends in NUL.
            Err(_) => unsafe { CStr::from_ptr(text) }.to_bytes_with_nul(),
        };
        let text = String::from_utf8_lossy(bytes);
        if flags & REFUSE_INVALID_BYTES != 0 && core::str::from_utf8(bytes).is_err() {
            return Err(NO_UNICODE_TRANSLATION.into());
        }
        let units: Vec<u16> = text.encode_utf16().collect();
        let bytes: Vec<u8> = units.iter().flat_map(|unit| unit.to_ne_bytes()).collect();
        // SAFETY: the caller's buffer of so many characters, or NULL with none.
        unsafe { put(wide.cast(), wide_len, 2, &bytes) }
    })
}

/// WideCharToMultiByte, to UTF-8: every character has a form there, so the default character is used for none.
#[unsafe(export_name = "PointsmanWideCharToMultiByte")]
pub unsafe extern "C" fn wide_char_to_multi_byte(
    code_page: u32,
    flags: u32,
    wide: *const u16,
    wide_len: i32,
    text: *mut c_char,
    len: i32,
    default: *const c_char,
    used_default: *mut i32,
) -> i32 {
    valued(0, || {
        require_lengths(code_page, wide_len, len)?;
        let asks_default = !default.is_null() || !used_default.is_null();
        if wide.is_null() || (code_page == CP_UTF8 && asks_default) {
            return Err(Win32Error::INVALID_PARAMETER.into());
        }
        let units = match u32::try_from(wide_len) {
            Ok(len) => {
                // SAFETY: so many characters of the caller's.
                let bytes = unsafe { memory::bytes(wide.cast(), len.saturating_mul(2)) }?;
                Utf16::from_le_bytes(bytes).ok_or(NtStatus::INVALID_PARAMETER)?.0
            }
            Err(_) => {
                // SAFETY: a string that ends in NUL.
                let mut units = unsafe { memory::wide(wide) }?;
                units.push(0);
                units
            }
        };
        let narrow = String::from_utf16_lossy(&units);
        if flags & REFUSE_INVALID_UNITS != 0 && String::from_utf16(&units).is_err() {
            return Err(NO_UNICODE_TRANSLATION.into());
        }
        // SAFETY: the caller's number, or NULL.
        unsafe { memory::put_if_wanted(used_default, 0) };
        // SAFETY: the caller's buffer of so many bytes, or NULL with none.
        unsafe { put(text.cast(), len, 1, narrow.as_bytes()) }
    })
}

/// GetFullPathNameW. What lies on no drive keeps its path of this machine.
#[unsafe(export_name = "PointsmanGetFullPathNameW")]
pub unsafe extern "C" fn get_full_path_name_w(
    name: *const u16,
    len_max: u32,
    path: *mut u16,
    last: *mut *mut u16,
) -> u32 {
    valued(0, || {
        // SAFETY: a string that ends in NUL, or NULL.
        let full = names::full_path(&unsafe { memory::wide(name) }?)?;
        let len = u32::try_from(full.len()).map_err(|_| NtStatus::NAME_TOO_LONG)?;
        if len >= len_max {
            return Ok(len + 1);
        }
        let bytes: Vec<u8> = full.iter().chain([&0]).flat_map(|unit| unit.to_ne_bytes()).collect();
        // SAFETY: the caller's buffer of so many characters, or NULL.
        unsafe { UserBytes::new(path.cast(), len_max.saturating_mul(2)) }?.write(0, &bytes);
        let is_separator = |unit: &u16| *unit == u16::from(b'\\') || *unit == u16::from(b'/');
        let begin = full.iter().rposition(is_separator).map_or(0, |at| at + 1);
        let name = if begin == full.len() { core::ptr::null_mut() } else { path.wrapping_add(begin) };
        // SAFETY: the caller's pointer, or NULL.
        unsafe { memory::put_if_wanted(last, name) };
        Ok(len)
    })
}

fn require_lengths(code_page: u32, from: i32, to: i32) -> Outcome<()> {
    if !CODE_PAGES.contains(&code_page) || from == 0 || from < -1 || to < 0 {
        return Err(Win32Error::INVALID_PARAMETER.into());
    }
    Ok(())
}

/// Writes text, and says how many characters it has; with room for none, only that.
///
/// # Safety
/// Unless NULL, `to` can hold `room` characters of `size` bytes.
unsafe fn put(to: *mut core::ffi::c_void, room: i32, size: u32, bytes: &[u8]) -> Outcome<i32> {
    let wanted = i32::try_from(bytes.len() / size as usize).map_err(|_| NtStatus::INVALID_PARAMETER)?;
    if room == 0 {
        return Ok(wanted);
    }
    if to.is_null() {
        return Err(ACCESS_VIOLATION.into());
    }
    if wanted > room {
        return Err(INSUFFICIENT_BUFFER.into());
    }
    let room = u32::try_from(room).unwrap_or_default().saturating_mul(size);
    // SAFETY: what the caller promises.
    unsafe { UserBytes::new(to, room) }?.write(0, bytes);
    Ok(wanted)
}
