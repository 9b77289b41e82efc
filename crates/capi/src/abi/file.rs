//! Opening and closing.
use super::structures::SecurityAttributes;
use super::{Bool, RawHandle, boolean, handle_of, memory, raw_of, valued};
use crate::error::{Outcome, set_last};
use crate::handles;
use crate::names::{self, CreateFile};
use core::ffi::c_char;
use nt::Win32Error;

/// CreateFileW.
#[unsafe(export_name = "PointsmanCreateFileW")]
pub unsafe extern "C" fn create_file_w(
    name: *const u16,
    access: u32,
    share: u32,
    security: *const SecurityAttributes,
    disposition: u32,
    flags: u32,
    template: RawHandle,
) -> RawHandle {
    valued(raw_of(handles::INVALID), || {
        // SAFETY: a string that ends in NUL, or NULL; a structure, or NULL.
        let (name, ()) = (unsafe { memory::wide(name) }?, unsafe { no_descriptor(security) }?);
        create(CreateFile { name: &name, access, share, disposition, flags }, template)
    })
}

/// CreateFileA: the name is UTF-8.
#[unsafe(export_name = "PointsmanCreateFileA")]
pub unsafe extern "C" fn create_file_a(
    name: *const c_char,
    access: u32,
    share: u32,
    security: *const SecurityAttributes,
    disposition: u32,
    flags: u32,
    template: RawHandle,
) -> RawHandle {
    valued(raw_of(handles::INVALID), || {
        // SAFETY: a string that ends in NUL, or NULL; a structure, or NULL.
        let (name, ()) = (unsafe { memory::narrow(name) }?, unsafe { no_descriptor(security) }?);
        create(CreateFile { name: &name, access, share, disposition, flags }, template)
    })
}

fn create(asked: CreateFile<'_>, template: RawHandle) -> Outcome<RawHandle> {
    if !template.is_null() {
        return Err(Win32Error::NOT_SUPPORTED.into());
    }
    let (handle, existed) = names::create_file(asked)?;
    if let Some(existed) = existed {
        set_last(if existed { Win32Error::ALREADY_EXISTS.0 } else { 0 });
    }
    Ok(raw_of(handle))
}

/// New files get no descriptor of their own: one that is given is refused, not dropped.
///
/// # Safety
/// Unless NULL, `security` is a SECURITY_ATTRIBUTES.
pub(super) unsafe fn no_descriptor(security: *const SecurityAttributes) -> Outcome<()> {
    if security.is_null() {
        return Ok(());
    }
    // SAFETY: what the caller promises.
    let security = unsafe { memory::get(security) }?;
    if security.security_descriptor.is_null() { Ok(()) } else { Err(Win32Error::NOT_SUPPORTED.into()) }
}

/// CloseHandle.
#[unsafe(export_name = "PointsmanCloseHandle")]
pub extern "C" fn close_handle(handle: RawHandle) -> Bool {
    boolean(|| Ok(handles::close(handle_of(handle))?))
}

/// FlushFileBuffers.
#[unsafe(export_name = "PointsmanFlushFileBuffers")]
pub extern "C" fn flush_file_buffers(handle: RawHandle) -> Bool {
    boolean(|| {
        let file = handles::file(handle_of(handle))?;
        Ok(file.hold.mounted.volume.flush(&file.hold.id)?)
    })
}

/// SetFileCompletionNotificationModes.
#[unsafe(export_name = "PointsmanSetFileCompletionNotificationModes")]
pub extern "C" fn set_file_completion_notification_modes(handle: RawHandle, modes: u8) -> Bool {
    use crate::pending::{SKIP_PORT_ON_SUCCESS, SKIP_SET_EVENT_ON_HANDLE};
    boolean(|| {
        if modes & !(SKIP_PORT_ON_SUCCESS | SKIP_SET_EVENT_ON_HANDLE) != 0 {
            return Err(Win32Error::INVALID_PARAMETER.into());
        }
        handles::file(handle_of(handle))?.pending.set_modes(modes);
        Ok(())
    })
}
