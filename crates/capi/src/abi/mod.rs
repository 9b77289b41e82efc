//! The calls that C programs make: [`crate`] behind the names of `include/pointsman/winioctl.h`.
//!
//! Each is `Pointsman` and the Windows name. What a call needs of its caller is what docs/CAPI.md and the Windows reference
//! say; beyond that a pointer that is NULL where it must not be, a handle that is closed, and a panic of ours are all found
//! out, and the call fails.
#![allow(unsafe_code)] // the one place: exported names, and (in `memory`) the caller's pointers
#![allow(clippy::missing_safety_doc)] // of every call here the contract is that of its namesake, see above

pub mod data;
pub mod drives;
pub mod error;
pub mod file;
pub mod find;
pub mod information;
pub mod ioctl;
pub(crate) mod memory;
pub mod names;
pub mod native;
pub mod port;
pub mod privileges;
pub mod structures;
pub mod text;
pub mod wait;

use crate::error::{Failure, Outcome, set_last};
use crate::handles::Handle;
use core::ffi::c_void;
use nt::{NtStatus, Win32Error};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// BOOL: 0 is FALSE.
pub type Bool = i32;
/// HANDLE.
pub type RawHandle = *mut c_void;

/// Makes a call whose result says FALSE when it failed, the last error saying why.
fn boolean(call: impl FnOnce() -> Outcome<()>) -> Bool {
    valued(0, || call().map(|()| 1))
}

/// Makes a call whose result says `failed` when it failed, the last error saying why.
fn valued<T>(failed: T, call: impl FnOnce() -> Outcome<T>) -> T {
    match guarded(call) {
        Ok(value) => value,
        Err(failure) => {
            set_last(failure.win32().0);
            failed
        }
    }
}

/// Makes a call whose result is a status.
fn status(call: impl FnOnce() -> Outcome<NtStatus>) -> u32 {
    guarded(call).unwrap_or_else(Failure::status).0
}

/// No panic leaves the library: it is a failure like another.
fn guarded<T>(call: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or(Err(Failure::Win32(Win32Error::INTERNAL_ERROR)))
}

fn handle_of(raw: RawHandle) -> Handle {
    Handle(raw.addr())
}

fn raw_of(handle: Handle) -> RawHandle {
    core::ptr::without_provenance_mut(handle.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_internal_error() {
        assert_eq!(boolean(|| panic!("a fault of ours")), 0);
        assert_eq!(crate::error::last(), Win32Error::INTERNAL_ERROR.0);
    }
}
