//! The NT calls beneath.
use super::memory::{self, StatusBlock, UserBytes};
use super::structures::{IoStatusBlock, ObjectAttributes};
use super::{RawHandle, handle_of, raw_of, status};
use crate::error::{ACCESS_VIOLATION, Outcome};
use crate::file::{Hold, OpenFile};
use crate::handles::{self, Object};
use crate::information;
use crate::namespace::{self, Spot};
use crate::request::{Completion, Request, Work};
use crate::store::StoreId;
use crate::{path, privileges};
use core::ffi::c_void;
use fsa::{OpenId, OpenRequest};
use nt::{AccessMask, CreateDisposition, CreateOptions, FileAttributes, NtStatus, ShareAccess};
use std::sync::Arc;

/// OBJ_DONT_REPARSE: meet no reparse point, or fail.
const DONT_REPARSE: u32 = 0x1000;
const SYNCHRONOUS: CreateOptions =
    CreateOptions(CreateOptions::SYNCHRONOUS_IO_ALERT.0 | CreateOptions::SYNCHRONOUS_IO_NONALERT.0);

/// NtCreateFile. Extended attributes and a security descriptor for a new file are refused.
#[unsafe(export_name = "PointsmanNtCreateFile")]
pub unsafe extern "C" fn nt_create_file(
    handle: *mut RawHandle,
    access: u32,
    object: *const ObjectAttributes,
    block: *mut IoStatusBlock,
    _allocation: *const i64,
    attributes: u32,
    share: u32,
    disposition: u32,
    options: u32,
    ea: *const c_void,
    ea_len: u32,
) -> u32 {
    status(|| {
        // SAFETY: the caller's places, or NULL.
        unsafe { memory::put(handle, core::ptr::null_mut()) }?;
        if block.is_null() {
            return Err(ACCESS_VIOLATION.into());
        }
        // SAFETY: the caller's structure, or NULL.
        let object = unsafe { memory::get(object) }?;
        if !ea.is_null() || ea_len != 0 || !object.security_descriptor.is_null() {
            return Err(NtStatus::NOT_SUPPORTED.into());
        }
        // SAFETY: a structure of the caller's.
        let (spot, relative_to) = unsafe { named(&object) }?;
        let request = OpenRequest {
            relative_to,
            desired_access: AccessMask(access),
            share_access: ShareAccess(share),
            disposition: CreateDisposition(disposition),
            options: CreateOptions(options),
            attributes: FileAttributes(attributes),
            dont_reparse: object.attributes & DONT_REPARSE != 0,
            security: None,
            mode: None,
            oplock_key: None,
            parent_oplock_key: None,
            ..OpenRequest::existing(&spot.path, AccessMask(access))
        };
        let (mounted, opened) = namespace::open(&privileges::context(), &spot, &request)?;
        let overlapped = !CreateOptions(options).intersects(SYNCHRONOUS);
        let file = OpenFile::new(Hold::new(mounted, opened.id), overlapped);
        let done = IoStatusBlock { status: 0, information: opened.action.0 as usize };
        // SAFETY: the caller's places, which are not NULL.
        unsafe {
            memory::put(block, done)?;
            memory::put(handle, raw_of(handles::insert(Object::File(Arc::new(file)))))?;
        }
        Ok(NtStatus::SUCCESS)
    })
}

/// What OBJECT_ATTRIBUTES name: a path on a volume, from its root or from an open.
///
/// # Safety
/// The structure's name is a UNICODE_STRING, or NULL.
unsafe fn named(object: &ObjectAttributes) -> Outcome<(Spot, Option<OpenId>)> {
    // SAFETY: what the caller promises.
    let name = unsafe { memory::get(object.name) }?;
    // SAFETY: as above.
    let name = unsafe { memory::bytes(name.buffer.cast(), u32::from(name.len)) }?;
    let name = nt::Utf16::from_le_bytes(name).ok_or(NtStatus::OBJECT_NAME_INVALID)?.0;
    if object.root.is_null() {
        return Ok((namespace::spot(path::nt(&name).map_err(|_| NtStatus::OBJECT_PATH_NOT_FOUND)?)?, None));
    }
    let root = handles::file(handle_of(object.root))?;
    let mounted = Arc::clone(&root.hold.mounted);
    match &root.hold.id {
        StoreId::Host(id) => Ok((Spot { mounted, path: name }, Some(*id))),
        StoreId::Image(id) => Ok((Spot { mounted, path: name }, Some(id.id))),
        // A server knows no opens to start at.
        StoreId::Remote(_) => Ok((Spot { mounted, path: information::below(&root, &name)? }, None)),
    }
}

/// NtFsControlFile. There are no APC routines.
#[unsafe(export_name = "PointsmanNtFsControlFile")]
pub unsafe extern "C" fn nt_fs_control_file(
    handle: RawHandle,
    event: RawHandle,
    apc_routine: *const c_void,
    apc_context: *mut c_void,
    block: *mut IoStatusBlock,
    code: u32,
    input: *const c_void,
    input_len: u32,
    output: *mut c_void,
    output_len: u32,
) -> u32 {
    status(|| {
        let file = handles::file(handle_of(handle))?;
        if !apc_routine.is_null() {
            return Err(NtStatus::NOT_SUPPORTED.into());
        }
        let event = match event.is_null() {
            true => None,
            false => Some(handles::event(handle_of(event))?),
        };
        // SAFETY: the caller's structure and buffers stay until the request has ended.
        let (block, output) =
            unsafe { (StatusBlock::new(block.cast())?, UserBytes::new(output, output_len)?) };
        // SAFETY: as above; the copy is made before this returns.
        let input = unsafe { memory::bytes(input, input_len) }?.to_vec();
        let completion = Completion { block, event, context: apc_context.addr() };
        let work = Work::Control { code, input, output };
        if file.overlapped {
            return Ok(Request::start(&file, work, completion));
        }
        let (status, len) = crate::request::perform(&file, &work);
        // On Windows a call that fails leaves the block and the event as they were.
        if !status.is_error() {
            completion.begin(&file.pending);
            completion.end(&file.pending, status, len);
        }
        Ok(status)
    })
}

/// NtClose.
#[unsafe(export_name = "PointsmanNtClose")]
pub extern "C" fn nt_close(handle: RawHandle) -> u32 {
    status(|| {
        handles::close(handle_of(handle))?;
        Ok(NtStatus::SUCCESS)
    })
}
