//! How a call fails, and the last error of each thread.
use core::cell::Cell;
use nt::{NtStatus, Win32Error};

/// Errors that the library itself raises, and no status becomes. [MS-ERREF] 2.2
pub(crate) const WAIT_TIMEOUT: Win32Error = Win32Error(258);
pub(crate) const MR_MID_NOT_FOUND: Win32Error = Win32Error(317);
pub(crate) const ABANDONED_WAIT_0: Win32Error = Win32Error(735);
pub(crate) const IO_INCOMPLETE: Win32Error = Win32Error(996);
pub(crate) const NOACCESS: Win32Error = Win32Error(998);
pub(crate) const NOT_ALL_ASSIGNED: Win32Error = Win32Error(1300);

/// STATUS_ACCESS_VIOLATION: a pointer that cannot be. Where Windows raises an exception the call fails here.
/// [MS-ERREF] 2.3.1
pub(crate) const ACCESS_VIOLATION: NtStatus = NtStatus(0xC000_0005);

/// Why a call failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Failure {
    /// The store, or what stands for the I/O manager, says so.
    Status(NtStatus),
    /// The Win32 layer says so.
    Win32(Win32Error),
}

/// What a call gives.
pub(crate) type Outcome<T> = Result<T, Failure>;

thread_local! {
    static LAST: Cell<u32> = const { Cell::new(0) };
}

impl Failure {
    /// The number that GetLastError gives.
    pub(crate) fn win32(self) -> Win32Error {
        match self {
            Failure::Status(status) => win32_of(status),
            Failure::Win32(error) => error,
        }
    }

    /// The status that an NT call returns.
    pub(crate) fn status(self) -> NtStatus {
        match self {
            Failure::Status(status) => status,
            // NTSTATUS_FROM_WIN32: an error in FACILITY_NTWIN32. [MS-ERREF] 2.3
            Failure::Win32(error) => NtStatus(0xC007_0000 | error.0),
        }
    }
}

impl From<NtStatus> for Failure {
    fn from(status: NtStatus) -> Failure {
        Failure::Status(status)
    }
}

impl From<Win32Error> for Failure {
    fn from(error: Win32Error) -> Failure {
        Failure::Win32(error)
    }
}

impl From<fsa::Refusal> for Failure {
    fn from(refusal: fsa::Refusal) -> Failure {
        Failure::Status(refusal.status)
    }
}

/// The Win32 number of a status, as RtlNtStatusToDosError has it: ERROR_MR_MID_NOT_FOUND for one that has none.
pub(crate) fn win32_of(status: NtStatus) -> Win32Error {
    match status {
        NtStatus::SUCCESS => Win32Error::SUCCESS,
        ACCESS_VIOLATION => NOACCESS,
        // What `Failure::status` made of a Win32 error becomes that error again.
        NtStatus(number) if number & 0xFFFF_0000 == 0xC007_0000 => Win32Error(number & 0xFFFF),
        _ => status.win32().unwrap_or(MR_MID_NOT_FOUND),
    }
}

/// The calling thread's last error.
pub(crate) fn last() -> u32 {
    LAST.get()
}

/// Sets the calling thread's last error.
pub(crate) fn set_last(error: u32) {
    LAST.set(error);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thread_has_its_own_last_error() {
        set_last(5);
        std::thread::spawn(|| {
            assert_eq!(last(), 0);
            set_last(6);
        })
        .join()
        .unwrap();
        assert_eq!(last(), 5);
    }

    #[test]
    fn a_status_without_a_win32_number_becomes_mr_mid_not_found() {
        assert_eq!(win32_of(NtStatus(0xC0FF_FFFF)), MR_MID_NOT_FOUND);
        assert_eq!(win32_of(NtStatus::SUCCESS), Win32Error::SUCCESS);
        assert_eq!(win32_of(ACCESS_VIOLATION), NOACCESS);
    }

    #[test]
    fn a_win32_error_survives_the_way_through_a_status() {
        let status = Failure::from(Win32Error::BAD_NETPATH).status();
        assert_eq!(Failure::from(status).win32(), Win32Error::BAD_NETPATH);
    }
}
