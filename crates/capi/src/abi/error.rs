//! The last error, and statuses as Win32 errors.
use crate::error::{last, set_last, win32_of};
use nt::NtStatus;

/// GetLastError: of the calling thread.
#[unsafe(export_name = "PointsmanGetLastError")]
pub extern "C" fn get_last_error() -> u32 {
    last()
}

/// SetLastError: of the calling thread.
#[unsafe(export_name = "PointsmanSetLastError")]
pub extern "C" fn set_last_error(error: u32) {
    set_last(error);
}

/// RtlNtStatusToDosError.
#[unsafe(export_name = "PointsmanRtlNtStatusToDosError")]
pub extern "C" fn rtl_nt_status_to_dos_error(status: u32) -> u32 {
    win32_of(NtStatus(status)).0
}
