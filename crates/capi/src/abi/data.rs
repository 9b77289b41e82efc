//! ReadFile, WriteFile and the position they stand at.
use super::ioctl::{completion_of, succeeded};
use super::memory::{self, UserBytes};
use super::structures::Overlapped;
use super::{Bool, RawHandle, boolean, handle_of};
use crate::error::Outcome;
use crate::file::OpenFile;
use crate::handles;
use crate::request::{Request, Work, perform};
use core::ffi::c_void;
use nt::{FileInformationClass, NtStatus, Win32Error};
use std::sync::Arc;

/// ERROR_NEGATIVE_SEEK
const NEGATIVE_SEEK: Win32Error = Win32Error(131);

/// ReadFile.
#[unsafe(export_name = "PointsmanReadFile")]
pub unsafe extern "C" fn read_file(
    handle: RawHandle,
    buffer: *mut c_void,
    len: u32,
    moved: *mut u32,
    overlapped: *mut Overlapped,
) -> Bool {
    boolean(|| {
        // SAFETY: the caller's buffer stays until the request has ended.
        let into = unsafe { UserBytes::new(buffer, len) }?;
        // SAFETY: the caller's structure and number.
        unsafe { transfer(handle, moved, overlapped, |offset| Work::Read { offset, into }) }
    })
}

/// WriteFile. The offset of all ones is the end of the data.
#[unsafe(export_name = "PointsmanWriteFile")]
pub unsafe extern "C" fn write_file(
    handle: RawHandle,
    buffer: *const c_void,
    len: u32,
    moved: *mut u32,
    overlapped: *mut Overlapped,
) -> Bool {
    boolean(|| {
        // SAFETY: the caller's buffer stays until the request has ended; of a write it is only read.
        let from = unsafe { UserBytes::new(buffer.cast_mut(), len) }?;
        // SAFETY: the caller's structure and number.
        unsafe { transfer(handle, moved, overlapped, |offset| Work::Write { offset, from }) }
    })
}

/// Moves data, in the background or at once.
///
/// # Safety
/// `overlapped` stays until the request has ended, and `moved` can be written, or they are NULL.
unsafe fn transfer(
    handle: RawHandle,
    moved: *mut u32,
    overlapped: *mut Overlapped,
    work: impl FnOnce(u64) -> Work,
) -> Outcome<()> {
    let file = handles::file(handle_of(handle))?;
    // SAFETY: what the caller promises.
    unsafe { memory::put_if_wanted(moved, 0) };
    if overlapped.is_null() {
        if file.overlapped {
            return Err(NtStatus::INVALID_PARAMETER.into());
        }
        let (status, len) = at_position(&file, None, work);
        // SAFETY: what the caller promises.
        unsafe { memory::put_if_wanted(moved, len) };
        // The end of the data is no error where the position tells it.
        return if status == NtStatus::END_OF_FILE { Ok(()) } else { succeeded(status) };
    }
    // SAFETY: what the caller promises.
    let (low, high) =
        unsafe { ((&raw const (*overlapped).offset).read(), (&raw const (*overlapped).offset_high).read()) };
    let offset = u64::from(high) << 32 | u64::from(low);
    // SAFETY: what the caller promises.
    let completion = unsafe { completion_of(overlapped) }?.ok_or(NtStatus::INVALID_PARAMETER)?;
    if file.overlapped {
        return Err(Request::start(&file, work(offset), completion).into());
    }
    completion.begin(&file.pending);
    let (status, len) = at_position(&file, Some(offset), work);
    // SAFETY: what the caller promises.
    unsafe { memory::put_if_wanted(moved, len) };
    completion.end(&file.pending, status, len as usize);
    succeeded(status)
}

/// Moves data of a synchronous file at an offset, or where it stands; it then stands behind them.
fn at_position(file: &Arc<OpenFile>, offset: Option<u64>, work: impl FnOnce(u64) -> Work) -> (NtStatus, u32) {
    let mut position = file.position();
    let offset = offset.unwrap_or(*position);
    let (status, len) = perform(file, &work(offset));
    *position = offset.saturating_add(len as u64);
    (status, u32::try_from(len).unwrap_or(u32::MAX))
}

/// SetFilePointerEx.
#[unsafe(export_name = "PointsmanSetFilePointerEx")]
pub unsafe extern "C" fn set_file_pointer_ex(
    handle: RawHandle,
    distance: i64,
    new_position: *mut i64,
    method: u32,
) -> Bool {
    const BEGIN: u32 = 0;
    const CURRENT: u32 = 1;
    const END: u32 = 2;
    boolean(|| {
        let file = handles::file(handle_of(handle))?;
        let mut position = file.position();
        let from = match method {
            BEGIN => 0,
            CURRENT => *position,
            END => size(&file)?,
            _ => return Err(Win32Error::INVALID_PARAMETER.into()),
        };
        let to = from.checked_add_signed(distance).ok_or(NEGATIVE_SEEK)?;
        let shown = i64::try_from(to).map_err(|_| Win32Error::INVALID_PARAMETER)?;
        *position = to;
        // SAFETY: NULL or the caller's number.
        unsafe { memory::put_if_wanted(new_position, shown) };
        Ok(())
    })
}

/// EndOfFile of FILE_STANDARD_INFORMATION. [MS-FSCC] 2.4.47
fn size(file: &OpenFile) -> Outcome<u64> {
    let class = FileInformationClass::STANDARD_INFORMATION;
    let standard = file.hold.mounted.volume.query_information(&file.hold.id, class, 24)?;
    let size = standard.bytes.get(8..).and_then(|rest| rest.first_chunk()).copied();
    Ok(u64::from_le_bytes(size.ok_or(NtStatus::INTERNAL_ERROR)?))
}
