//! Completion ports.
use super::structures::{Overlapped, OverlappedEntry};
use super::{Bool, RawHandle, boolean, handle_of, memory, raw_of, valued};
use crate::error::{ABANDONED_WAIT_0, Failure, Outcome, WAIT_TIMEOUT};
use crate::handles::{self, Object};
use crate::port::{NoPacket, Packet, Port};
use crate::signal::Deadline;
use core::ptr::without_provenance_mut;
use nt::{NtStatus, Win32Error};
use std::sync::Arc;

/// CreateIoCompletionPort. How many threads take packets at once is the program's affair: the number is not looked at.
#[unsafe(export_name = "PointsmanCreateIoCompletionPort")]
pub extern "C" fn create_io_completion_port(
    file: RawHandle,
    existing: RawHandle,
    key: usize,
    _threads: u32,
) -> RawHandle {
    valued(core::ptr::null_mut(), || {
        let (port, handle) = match existing.is_null() {
            true => (Arc::new(Port::default()), None),
            false => (handles::port(handle_of(existing))?, Some(existing)),
        };
        if handle_of(file) != handles::INVALID {
            handles::file(handle_of(file))?.bind(Arc::clone(&port), key)?;
        } else if handle.is_some() {
            return Err(Win32Error::INVALID_PARAMETER.into());
        }
        Ok(handle.unwrap_or_else(|| raw_of(handles::insert(Object::Port(port)))))
    })
}

/// GetQueuedCompletionStatus: FALSE with an OVERLAPPED is a request that failed, FALSE without one is no packet.
#[unsafe(export_name = "PointsmanGetQueuedCompletionStatus")]
pub unsafe extern "C" fn get_queued_completion_status(
    port: RawHandle,
    bytes: *mut u32,
    key: *mut usize,
    overlapped: *mut *mut Overlapped,
    timeout_ms: u32,
) -> Bool {
    boolean(|| {
        // SAFETY: the caller's pointer, or NULL.
        unsafe { memory::put(overlapped, core::ptr::null_mut()) }?;
        let packet =
            handles::port(handle_of(port))?.next(Deadline::after_ms(timeout_ms)).map_err(no_packet)?;
        // SAFETY: the caller's numbers, or NULL.
        unsafe {
            memory::put_if_wanted(bytes, u32::try_from(packet.information).unwrap_or(u32::MAX));
            memory::put_if_wanted(key, packet.key);
            memory::put_if_wanted(overlapped, without_provenance_mut(packet.context));
        }
        super::ioctl::succeeded(packet.status)
    })
}

/// GetQueuedCompletionStatusEx.
#[unsafe(export_name = "PointsmanGetQueuedCompletionStatusEx")]
pub unsafe extern "C" fn get_queued_completion_status_ex(
    port: RawHandle,
    entries: *mut OverlappedEntry,
    count: u32,
    removed: *mut u32,
    timeout_ms: u32,
    _alertable: Bool,
) -> Bool {
    boolean(|| {
        if entries.is_null() || count == 0 {
            return Err(Win32Error::INVALID_PARAMETER.into());
        }
        let port = handles::port(handle_of(port))?;
        let packets = port.next_many(count as usize, Deadline::after_ms(timeout_ms)).map_err(no_packet)?;
        for (at, packet) in packets.iter().enumerate() {
            let entry = OverlappedEntry {
                key: packet.key,
                overlapped: without_provenance_mut(packet.context),
                internal: packet.status.0 as usize,
                bytes: u32::try_from(packet.information).unwrap_or(u32::MAX),
            };
            // SAFETY: the caller's array has `count` of them, and `at` is less.
            unsafe { memory::put(entries.add(at), entry) }?;
        }
        // SAFETY: the caller's number, or NULL.
        Ok(unsafe { memory::put(removed, u32::try_from(packets.len()).unwrap_or(u32::MAX)) }?)
    })
}

/// PostQueuedCompletionStatus.
#[unsafe(export_name = "PointsmanPostQueuedCompletionStatus")]
pub extern "C" fn post_queued_completion_status(
    port: RawHandle,
    bytes: u32,
    key: usize,
    overlapped: *mut Overlapped,
) -> Bool {
    boolean(|| -> Outcome<()> {
        let packet = Packet {
            key,
            context: overlapped.addr(),
            status: NtStatus::SUCCESS,
            information: bytes as usize,
        };
        handles::port(handle_of(port))?.post(packet);
        Ok(())
    })
}

fn no_packet(why: NoPacket) -> Failure {
    Failure::Win32(match why {
        NoPacket::TimedOut => WAIT_TIMEOUT,
        NoPacket::Closed => ABANDONED_WAIT_0,
    })
}
