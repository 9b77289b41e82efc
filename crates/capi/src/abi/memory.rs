//! The caller's memory: every read and write of it is made here.
//!
//! A NULL pointer where something must be is found and refused. A pointer that leads nowhere is the caller's fault, as it
//! is in C: each function's contract is that of the call it serves, docs/CAPI.md.
use crate::error::ACCESS_VIOLATION;
use crate::path::UNITS_MAX;
use core::ffi::c_void;
use core::sync::atomic::{AtomicUsize, Ordering};
use nt::NtStatus;

/// A buffer of the caller's that is used until its request ends.
#[derive(Clone, Copy)]
pub(crate) struct UserBytes {
    address: *mut u8,
    len: usize,
}

// SAFETY: the caller promised that the memory stays, and is left alone, until the request ends; one thread at a time uses
// it for the request.
unsafe impl Send for UserBytes {}
// SAFETY: as above.
unsafe impl Sync for UserBytes {}

/// Where the caller looks for a request's end: an OVERLAPPED or an IO_STATUS_BLOCK, which begin alike: status,
/// information.
#[derive(Clone, Copy)]
pub(crate) struct StatusBlock {
    status: *mut usize,
}

// SAFETY: as for `UserBytes`; the status is written atomically, for the caller may look at any time.
unsafe impl Send for StatusBlock {}
// SAFETY: as above.
unsafe impl Sync for StatusBlock {}

impl UserBytes {
    /// A buffer of `len` bytes; NULL is none at all.
    ///
    /// # Safety
    /// Unless NULL, `address` is the start of `len` bytes that may be read and written until the request ends.
    pub(super) unsafe fn new(address: *mut c_void, len: u32) -> Result<UserBytes, NtStatus> {
        if address.is_null() && len != 0 {
            return Err(ACCESS_VIOLATION);
        }
        Ok(UserBytes { address: address.cast(), len: len as usize })
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Writes as much of `bytes` as fits behind the first `at` bytes, and says how much that is.
    pub(crate) fn write(&self, at: usize, bytes: &[u8]) -> usize {
        let len = bytes.len().min(self.len.saturating_sub(at));
        if len > 0 {
            // SAFETY: `new` was promised `self.len` bytes at an address that is not NULL, `at + len` is not more, and
            // `bytes` is ours.
            unsafe { core::ptr::copy_nonoverlapping(bytes.as_ptr(), self.address.add(at), len) };
        }
        len
    }

    /// A copy of at most `len_max` bytes behind the first `at`.
    pub(crate) fn read(&self, at: usize, len_max: usize) -> Vec<u8> {
        let len = self.len.saturating_sub(at).min(len_max);
        if len == 0 {
            return Vec::new();
        }
        // SAFETY: `new` was promised `self.len` bytes at an address that is not NULL, and `at + len` is not more.
        unsafe { core::slice::from_raw_parts(self.address.add(at), len) }.to_vec()
    }
}

impl StatusBlock {
    /// # Safety
    /// Unless NULL, `block` is an aligned OVERLAPPED or IO_STATUS_BLOCK that stays until the request ends.
    pub(super) unsafe fn new(block: *mut c_void) -> Result<StatusBlock, NtStatus> {
        if block.is_null() {
            return Err(ACCESS_VIOLATION);
        }
        Ok(StatusBlock { status: block.cast() })
    }

    pub(crate) fn address(&self) -> usize {
        self.status.addr()
    }

    fn status(&self) -> &AtomicUsize {
        // SAFETY: `new` was promised an aligned word that stays until the request ends, and nobody writes it otherwise.
        unsafe { AtomicUsize::from_ptr(self.status) }
    }

    /// The request is under way.
    pub(crate) fn begin(&self) {
        // SAFETY: the second word of the block, as `new` was promised.
        unsafe { self.status.add(1).write(0) };
        self.status().store(NtStatus::PENDING.0 as usize, Ordering::Release);
    }

    /// The request has ended. The block may be gone as soon as this has written the status.
    pub(crate) fn end(&self, status: NtStatus, information: usize) {
        // SAFETY: the second word of the block, as `new` was promised.
        unsafe { self.status.add(1).write(information) };
        self.status().store(status.0 as usize, Ordering::Release);
    }

    /// How the request ended, and with how much; `None` while it is under way.
    pub(crate) fn ended(&self) -> Option<(NtStatus, usize)> {
        let status =
            NtStatus(u32::try_from(self.status().load(Ordering::Acquire) & 0xFFFF_FFFF).unwrap_or_default());
        if status == NtStatus::PENDING {
            return None;
        }
        // SAFETY: the second word of the block, as `new` was promised; it was written before the status was.
        Some((status, unsafe { self.status.add(1).read() }))
    }
}

/// The caller's bytes.
///
/// # Safety
/// Unless NULL, `address` is the start of `len` bytes that nobody writes while the result lives.
pub(super) unsafe fn bytes<'a>(address: *const c_void, len: u32) -> Result<&'a [u8], NtStatus> {
    match (address.is_null(), len) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(ACCESS_VIOLATION),
        // SAFETY: what the caller promises.
        (false, len) => Ok(unsafe { core::slice::from_raw_parts(address.cast(), len as usize) }),
    }
}

/// A string of 16-bit characters that ends in NUL.
///
/// # Safety
/// Unless NULL, `text` is such a string.
pub(super) unsafe fn wide(text: *const u16) -> Result<Vec<u16>, NtStatus> {
    if text.is_null() {
        return Err(ACCESS_VIOLATION);
    }
    let mut units = Vec::new();
    loop {
        // SAFETY: no NUL stood before this place, so the string goes on to it.
        match unsafe { text.add(units.len()).read_unaligned() } {
            0 => return Ok(units),
            _ if units.len() > UNITS_MAX => return Err(NtStatus::NAME_TOO_LONG),
            unit => units.push(unit),
        }
    }
}

/// A string in UTF-8 that ends in NUL, in 16-bit characters. Bytes that are not UTF-8 become what host names have for them.
///
/// # Safety
/// Unless NULL, `text` is such a string.
pub(super) unsafe fn narrow(text: *const core::ffi::c_char) -> Result<Vec<u16>, NtStatus> {
    if text.is_null() {
        return Err(ACCESS_VIOLATION);
    }
    // SAFETY: what the caller promises.
    Ok(fsa::host::name::decode(unsafe { core::ffi::CStr::from_ptr(text) }.to_bytes()))
}

/// Writes a value to where the caller wants it.
///
/// # Safety
/// Unless NULL, `to` can hold a `T`.
pub(super) unsafe fn put<T: Copy>(to: *mut T, value: T) -> Result<(), NtStatus> {
    if to.is_null() {
        return Err(ACCESS_VIOLATION);
    }
    // SAFETY: what the caller promises.
    unsafe { to.write_unaligned(value) };
    Ok(())
}

/// The same, where NULL says that the caller does not want it.
///
/// # Safety
/// As [`put`].
pub(super) unsafe fn put_if_wanted<T: Copy>(to: *mut T, value: T) {
    // SAFETY: what the caller promises; NULL is not written to.
    let _ = unsafe { put(to, value) };
}

/// Reads a value of the caller's.
///
/// # Safety
/// Unless NULL, `from` holds a `T`.
pub(super) unsafe fn get<T: Copy>(from: *const T) -> Result<T, NtStatus> {
    if from.is_null() {
        return Err(ACCESS_VIOLATION);
    }
    // SAFETY: what the caller promises.
    Ok(unsafe { from.read_unaligned() })
}
