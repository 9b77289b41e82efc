//! The process's token and its privileges.
use super::structures::LuidAndAttributes;
use super::{Bool, RawHandle, boolean, handle_of, memory, raw_of};
use crate::error::{NOT_ALL_ASSIGNED, Outcome, set_last};
use crate::handles::{self, Object};
use crate::privileges::{self, Change, TOKEN_ADJUST_PRIVILEGES, TOKEN_QUERY, Token};
use core::ffi::{c_char, c_void};
use nt::{NtStatus, Win32Error};
use std::sync::Arc;

/// The pseudo handle of the process: what GetCurrentProcess gives.
const PROCESS: usize = usize::MAX;
/// Privileges in one TOKEN_PRIVILEGES: more than there are.
const PRIVILEGES_MAX: u32 = 64;
/// Bytes of one of them, behind the four of their count.
const ENTRY: u32 = 12;
const COUNT: u32 = 4;

/// GetCurrentProcess.
#[unsafe(export_name = "PointsmanGetCurrentProcess")]
pub extern "C" fn get_current_process() -> RawHandle {
    core::ptr::without_provenance_mut(PROCESS)
}

/// OpenProcessToken: of this process only.
#[unsafe(export_name = "PointsmanOpenProcessToken")]
pub unsafe extern "C" fn open_process_token(process: RawHandle, access: u32, token: *mut RawHandle) -> Bool {
    boolean(|| {
        if process.addr() != PROCESS {
            return Err(NtStatus::INVALID_HANDLE.into());
        }
        // SAFETY: the caller's place for a handle, or NULL.
        unsafe { memory::put(token, core::ptr::null_mut()) }?;
        let handle = handles::insert(Object::Token(Arc::new(Token::open(access))));
        // SAFETY: as above.
        Ok(unsafe { memory::put(token, raw_of(handle)) }?)
    })
}

/// LookupPrivilegeValueW: on this machine only.
#[unsafe(export_name = "PointsmanLookupPrivilegeValueW")]
pub unsafe extern "C" fn lookup_privilege_value_w(
    system: *const u16,
    name: *const u16,
    luid: *mut [u32; 2],
) -> Bool {
    // SAFETY: strings that end in NUL, and a LUID, or NULL.
    boolean(|| unsafe {
        lookup(!system.is_null() && system.read_unaligned() != 0, &memory::wide(name)?, luid)
    })
}

/// LookupPrivilegeValueA.
#[unsafe(export_name = "PointsmanLookupPrivilegeValueA")]
pub unsafe extern "C" fn lookup_privilege_value_a(
    system: *const c_char,
    name: *const c_char,
    luid: *mut [u32; 2],
) -> Bool {
    // SAFETY: strings that end in NUL, and a LUID, or NULL.
    boolean(|| unsafe { lookup(!system.is_null() && system.read() != 0, &memory::narrow(name)?, luid) })
}

/// # Safety
/// `luid` can be written, or is NULL.
unsafe fn lookup(elsewhere: bool, name: &[u16], luid: *mut [u32; 2]) -> Outcome<()> {
    if elsewhere {
        return Err(Win32Error::NOT_SUPPORTED.into());
    }
    let found = privileges::luid_of(name).ok_or(NtStatus::NO_SUCH_PRIVILEGE)?;
    // SAFETY: what the caller promises. A LUID of a privilege has no high part.
    Ok(unsafe { memory::put(luid, [u32::try_from(found).unwrap_or_default(), 0]) }?)
}

/// AdjustTokenPrivileges. TRUE with ERROR_NOT_ALL_ASSIGNED where one was not held.
#[unsafe(export_name = "PointsmanAdjustTokenPrivileges")]
pub unsafe extern "C" fn adjust_token_privileges(
    token: RawHandle,
    disable_all: Bool,
    new: *const c_void,
    len_max: u32,
    previous: *mut c_void,
    len: *mut u32,
) -> Bool {
    boolean(|| {
        let token = handles::token(handle_of(token))?;
        let needed = TOKEN_ADJUST_PRIVILEGES | if previous.is_null() { 0 } else { TOKEN_QUERY };
        if token.granted & needed != needed {
            return Err(NtStatus::ACCESS_DENIED.into());
        }
        // SAFETY: the caller's TOKEN_PRIVILEGES, or NULL.
        let changes = if disable_all != 0 { Vec::new() } else { unsafe { read(new) }? };
        let most = if disable_all != 0 { privileges::list().len() } else { changes.len() };
        if !previous.is_null() {
            let room = COUNT + ENTRY * u32::try_from(most).unwrap_or(PRIVILEGES_MAX);
            // SAFETY: the caller's number, or NULL.
            unsafe { memory::put(len, room) }?;
            if len_max < room {
                return Err(NtStatus::BUFFER_TOO_SMALL.into());
            }
        }
        let (before, complete) = match disable_all {
            0 => privileges::adjust(&changes),
            _ => (privileges::disable_all(), true),
        };
        if !previous.is_null() {
            // SAFETY: the caller's buffer has room for all that could change.
            unsafe { write(previous, &before) }?;
        }
        set_last(if complete { 0 } else { NOT_ALL_ASSIGNED.0 });
        Ok(())
    })
}

/// GetTokenInformation of TokenPrivileges.
#[unsafe(export_name = "PointsmanGetTokenInformation")]
pub unsafe extern "C" fn get_token_information(
    token: RawHandle,
    class: u32,
    buffer: *mut c_void,
    len_max: u32,
    len: *mut u32,
) -> Bool {
    const TOKEN_PRIVILEGES: u32 = 3;
    boolean(|| {
        let token = handles::token(handle_of(token))?;
        if token.granted & TOKEN_QUERY == 0 {
            return Err(NtStatus::ACCESS_DENIED.into());
        }
        if class != TOKEN_PRIVILEGES {
            return Err(NtStatus::INVALID_PARAMETER.into());
        }
        let held = privileges::list();
        let room = COUNT + ENTRY * u32::try_from(held.len()).unwrap_or(PRIVILEGES_MAX);
        // SAFETY: the caller's number, or NULL.
        unsafe { memory::put(len, room) }?;
        if buffer.is_null() || len_max < room {
            return Err(NtStatus::BUFFER_TOO_SMALL.into());
        }
        // SAFETY: the caller's buffer has room for all.
        unsafe { write(buffer, &held) }
    })
}

/// # Safety
/// `from` is a TOKEN_PRIVILEGES with as many entries as it says, or NULL.
unsafe fn read(from: *const c_void) -> Outcome<Vec<Change>> {
    // SAFETY: what the caller promises.
    let count = unsafe { memory::get(from.cast::<u32>()) }?;
    if count > PRIVILEGES_MAX {
        return Err(NtStatus::INVALID_PARAMETER.into());
    }
    let mut changes = Vec::new();
    for at in 0..count as usize {
        // SAFETY: what the caller promises: entry `at` is there.
        let entry = unsafe {
            let first = from.cast::<u8>().add(COUNT as usize);
            memory::get(first.add(at * ENTRY as usize).cast::<LuidAndAttributes>())
        }?;
        let high = u64::from(u32::from_ne_bytes(entry.high.to_ne_bytes()));
        changes.push((high << 32 | u64::from(entry.low), entry.attributes));
    }
    Ok(changes)
}

/// # Safety
/// `to` has room for a TOKEN_PRIVILEGES with these entries.
unsafe fn write(to: *mut c_void, changes: &[Change]) -> Outcome<()> {
    // SAFETY: what the caller promises.
    unsafe { memory::put(to.cast::<u32>(), u32::try_from(changes.len()).unwrap_or_default()) }?;
    for (at, (luid, attributes)) in changes.iter().enumerate() {
        let low = u32::try_from(luid & u64::from(u32::MAX)).unwrap_or_default();
        let entry = LuidAndAttributes { low, high: 0, attributes: *attributes };
        // SAFETY: what the caller promises: there is room for entry `at`.
        unsafe {
            let first = to.cast::<u8>().add(COUNT as usize);
            memory::put(first.add(at * ENTRY as usize).cast::<LuidAndAttributes>(), entry)
        }?;
    }
    Ok(())
}
