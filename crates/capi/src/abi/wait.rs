//! Events, and waiting.
use super::structures::SecurityAttributes;
use super::{Bool, RawHandle, boolean, handle_of, memory, raw_of, valued};
use crate::error::{Outcome, WAIT_TIMEOUT};
use crate::handles::{self, Handle, Object};
use crate::signal::{Deadline, OBJECTS_MAX, Signal, wait_all, wait_any};
use core::ffi::c_char;
use nt::Win32Error;
use std::sync::Arc;

const WAIT_OBJECT_0: u32 = 0;
const WAIT_FAILED: u32 = u32::MAX;

/// CreateEventW. Events have no names here.
#[unsafe(export_name = "PointsmanCreateEventW")]
pub unsafe extern "C" fn create_event_w(
    _security: *const SecurityAttributes,
    manual: Bool,
    set: Bool,
    name: *const u16,
) -> RawHandle {
    valued(core::ptr::null_mut(), || create_event(manual, set, name.is_null()))
}

/// CreateEventA.
#[unsafe(export_name = "PointsmanCreateEventA")]
pub unsafe extern "C" fn create_event_a(
    _security: *const SecurityAttributes,
    manual: Bool,
    set: Bool,
    name: *const c_char,
) -> RawHandle {
    valued(core::ptr::null_mut(), || create_event(manual, set, name.is_null()))
}

fn create_event(manual: Bool, set: Bool, nameless: bool) -> Outcome<RawHandle> {
    if !nameless {
        return Err(Win32Error::NOT_SUPPORTED.into());
    }
    let event = Signal::new(manual != 0, set != 0);
    Ok(raw_of(handles::insert(Object::Event(Arc::new(event)))))
}

/// SetEvent.
#[unsafe(export_name = "PointsmanSetEvent")]
pub extern "C" fn set_event(event: RawHandle) -> Bool {
    boolean(|| {
        handles::event(handle_of(event))?.set();
        Ok(())
    })
}

/// ResetEvent.
#[unsafe(export_name = "PointsmanResetEvent")]
pub extern "C" fn reset_event(event: RawHandle) -> Bool {
    boolean(|| {
        handles::event(handle_of(event))?.reset();
        Ok(())
    })
}

/// WaitForSingleObject.
#[unsafe(export_name = "PointsmanWaitForSingleObject")]
pub extern "C" fn wait_for_single_object(handle: RawHandle, timeout_ms: u32) -> u32 {
    valued(WAIT_FAILED, || {
        let signal = handles::waitable(handle_of(handle))?;
        let met = wait_any(&[signal], Deadline::after_ms(timeout_ms));
        Ok(if met.is_some() { WAIT_OBJECT_0 } else { WAIT_TIMEOUT.0 })
    })
}

/// WaitForMultipleObjects.
#[unsafe(export_name = "PointsmanWaitForMultipleObjects")]
pub unsafe extern "C" fn wait_for_multiple_objects(
    count: u32,
    handles: *const RawHandle,
    all: Bool,
    timeout_ms: u32,
) -> u32 {
    valued(WAIT_FAILED, || {
        let count = count as usize;
        if count == 0 || count > OBJECTS_MAX {
            return Err(Win32Error::INVALID_PARAMETER.into());
        }
        let mut raw = Vec::with_capacity(count);
        for at in 0..count {
            // SAFETY: the caller's array of so many handles, or NULL.
            let address = if handles.is_null() { handles } else { unsafe { handles.add(at) } };
            // SAFETY: as above.
            raw.push(handle_of(unsafe { memory::get(address) }?));
        }
        wait(&raw, all != 0, Deadline::after_ms(timeout_ms))
    })
}

fn wait(handles: &[Handle], all: bool, deadline: Deadline) -> Outcome<u32> {
    let signals = handles.iter().map(|handle| handles::waitable(*handle)).collect::<Result<Vec<_>, _>>()?;
    if !all {
        let met = wait_any(&signals, deadline).and_then(|at| u32::try_from(at).ok());
        return Ok(met.map_or(WAIT_TIMEOUT.0, |at| WAIT_OBJECT_0 + at));
    }
    let twice = |(at, signal)| signals.iter().take(at).any(|other| Arc::ptr_eq(other, signal));
    if signals.iter().enumerate().any(twice) {
        return Err(Win32Error::INVALID_PARAMETER.into());
    }
    Ok(if wait_all(&signals, deadline) { WAIT_OBJECT_0 } else { WAIT_TIMEOUT.0 })
}
