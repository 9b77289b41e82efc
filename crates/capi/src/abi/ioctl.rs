//! DeviceIoControl, and what becomes of a request that goes on in the background.
use super::memory::{self, StatusBlock, UserBytes};
use super::structures::Overlapped;
use super::{Bool, RawHandle, boolean, handle_of};
use crate::error::{ACCESS_VIOLATION, Failure, IO_INCOMPLETE, Outcome, WAIT_TIMEOUT};
use crate::handles::{self, Handle};
use crate::request::{Completion, Request, Work};
use crate::signal::{Deadline, wait_any};
use core::ffi::c_void;
use nt::{NtStatus, Win32Error};

/// DeviceIoControl. spec/reparse-semantics.md 4.1
#[unsafe(export_name = "PointsmanDeviceIoControl")]
pub unsafe extern "C" fn device_io_control(
    handle: RawHandle,
    code: u32,
    input: *const c_void,
    input_len: u32,
    output: *mut c_void,
    output_len: u32,
    returned: *mut u32,
    overlapped: *mut Overlapped,
) -> Bool {
    boolean(|| {
        let file = handles::file(handle_of(handle))?;
        // [Windows] NULL without an OVERLAPPED faults in 7 and is taken from 8 on; docs/CAPI.md.
        // SAFETY: NULL or the caller's.
        unsafe { memory::put_if_wanted(returned, 0) };
        // SAFETY: the caller's buffers stay until the request has ended.
        let output = unsafe { UserBytes::new(output, output_len) }?;
        if file.overlapped {
            // SAFETY: as above; the copy is made before this returns.
            let input = unsafe { memory::bytes(input, input_len) }?.to_vec();
            // SAFETY: as above.
            let completion = unsafe { completion_of(overlapped) }?.ok_or(NtStatus::INVALID_PARAMETER)?;
            return Err(Request::start(&file, Work::Control { code, input, output }, completion).into());
        }
        // SAFETY: as above.
        let completion = unsafe { completion_of(overlapped) }?;
        if let Some(completion) = &completion {
            completion.begin(&file.pending);
        }
        let reply = {
            // SAFETY: nobody writes it while the call lasts, and we write the output only after it.
            let input = unsafe { memory::bytes(input, input_len) }?;
            file.control(code, input, output.len())
        };
        let (status, len) = match reply {
            Ok(reply) => (reply.status, output.write(0, &reply.output)),
            Err(status) => (status, 0),
        };
        // SAFETY: as above.
        unsafe { memory::put_if_wanted(returned, u32::try_from(len).unwrap_or(u32::MAX)) };
        if let Some(completion) = &completion {
            completion.end(&file.pending, status, len);
        }
        succeeded(status)
    })
}

/// Anything but success is told by FALSE, partial output too. Of the informational statuses no control gives one.
pub(super) fn succeeded(status: NtStatus) -> Outcome<()> {
    if status.is_success() { Ok(()) } else { Err(Failure::Status(status)) }
}

/// Where a request's end is to be told; `None` for NULL.
///
/// # Safety
/// Unless NULL, `overlapped` is an OVERLAPPED that stays until the request has ended.
pub(super) unsafe fn completion_of(overlapped: *mut Overlapped) -> Outcome<Option<Completion>> {
    if overlapped.is_null() {
        return Ok(None);
    }
    // SAFETY: what the caller promises.
    let event = unsafe { (&raw const (*overlapped).event).read() };
    // SAFETY: what the caller promises.
    let block = unsafe { StatusBlock::new(overlapped.cast()) }?;
    let quiet = event.addr() & 1 != 0;
    let event = match event.addr() & !1 {
        0 => None,
        event => Some(handles::event(Handle(event))?),
    };
    Ok(Some(Completion { block, event, context: if quiet { 0 } else { block.address() } }))
}

/// GetOverlappedResult.
#[unsafe(export_name = "PointsmanGetOverlappedResult")]
pub unsafe extern "C" fn get_overlapped_result(
    handle: RawHandle,
    overlapped: *mut Overlapped,
    bytes: *mut u32,
    wait: Bool,
) -> Bool {
    let deadline = (wait != 0).then_some(Deadline::Never);
    // SAFETY: the caller's structure and number.
    boolean(|| unsafe { overlapped_result(handle, overlapped, bytes, deadline) })
}

/// GetOverlappedResultEx. An alertable wait is a plain one: there is nothing that alerts.
#[unsafe(export_name = "PointsmanGetOverlappedResultEx")]
pub unsafe extern "C" fn get_overlapped_result_ex(
    handle: RawHandle,
    overlapped: *mut Overlapped,
    bytes: *mut u32,
    timeout_ms: u32,
    _alertable: Bool,
) -> Bool {
    let deadline = (timeout_ms != 0).then(|| Deadline::after_ms(timeout_ms));
    // SAFETY: the caller's structure and number.
    boolean(|| unsafe { overlapped_result(handle, overlapped, bytes, deadline) })
}

/// How a request ended. Without a deadline nothing is waited for.
///
/// # Safety
/// `overlapped` is that of a request, and `bytes` a number, or they are NULL.
unsafe fn overlapped_result(
    handle: RawHandle,
    overlapped: *mut Overlapped,
    bytes: *mut u32,
    deadline: Option<Deadline>,
) -> Outcome<()> {
    // SAFETY: what the caller promises.
    let block = unsafe { StatusBlock::new(overlapped.cast()) }?;
    if bytes.is_null() {
        return Err(ACCESS_VIOLATION.into());
    }
    if block.ended().is_none() {
        let deadline = deadline.ok_or(IO_INCOMPLETE)?;
        // SAFETY: what the caller promises.
        let event = unsafe { (&raw const (*overlapped).event).read() }.addr() & !1;
        // Where there is an event the handle is not looked at.
        if let (Deadline::Never, Ok(file)) = (deadline, handles::file(handle_of(handle))) {
            file.pending.help(&block);
        }
        let in_time = match event {
            0 => handles::file(handle_of(handle))?.pending.wait_for(&block, deadline),
            event => wait_any(&[handles::event(Handle(event))?], deadline).is_some(),
        };
        if !in_time {
            return Err(WAIT_TIMEOUT.into());
        }
    }
    // The event may have been set by somebody else.
    let (status, len) = block.ended().ok_or(IO_INCOMPLETE)?;
    // SAFETY: what the caller promises.
    unsafe { memory::put(bytes, u32::try_from(len).unwrap_or(u32::MAX)) }?;
    succeeded(status)
}

/// CancelIo: the requests of the calling thread.
#[unsafe(export_name = "PointsmanCancelIo")]
pub extern "C" fn cancel_io(handle: RawHandle) -> Bool {
    boolean(|| {
        handles::file(handle_of(handle))?.pending.cancel(Some(std::thread::current().id()), None);
        Ok(())
    })
}

/// CancelIoEx: one request, or all.
#[unsafe(export_name = "PointsmanCancelIoEx")]
pub extern "C" fn cancel_io_ex(handle: RawHandle, overlapped: *mut Overlapped) -> Bool {
    boolean(|| {
        let address = (!overlapped.is_null()).then_some(overlapped.addr());
        match handles::file(handle_of(handle))?.pending.cancel(None, address) {
            true => Ok(()),
            false => Err(Win32Error::NOT_FOUND.into()),
        }
    })
}
