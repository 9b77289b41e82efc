//! [MS-ERREF] 2.2: Win32 error codes, and how an NTSTATUS becomes one.
use crate::{NtStatus, named_numbers};

named_numbers! {
    /// A Win32 error number, as GetLastError gives it. [MS-ERREF] 2.2
    Win32Error(u32), prefix "ERROR_" {
        SUCCESS = 0;
        INVALID_FUNCTION = 1;
        FILE_NOT_FOUND = 2;
        ACCESS_DENIED = 5;
    }
}

impl NtStatus {
    /// The Win32 error that RtlNtStatusToDosError gives for this status, where we know it.
    pub fn win32(self) -> Option<Win32Error> {
        None
    }
}

impl core::fmt::Display for Win32Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} ({})", self.0),
            None => write!(f, "Win32 error {}", self.0),
        }
    }
}

impl core::fmt::Debug for Win32Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        core::fmt::Display::fmt(self, f)
    }
}
