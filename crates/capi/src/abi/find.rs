//! Searching a directory.
use super::structures::FindData;
use super::{Bool, RawHandle, boolean, handle_of, memory, raw_of, valued};
use crate::error::Outcome;
use crate::find::{Find, Found};
use crate::handles::{self, Object};
use core::ffi::c_void;
use nt::Win32Error;
use std::sync::Arc;

/// FindFirstFileW.
#[unsafe(export_name = "PointsmanFindFirstFileW")]
pub unsafe extern "C" fn find_first_file_w(name: *const u16, data: *mut FindData) -> RawHandle {
    // SAFETY: a string that ends in NUL, and a structure, or NULL.
    valued(raw_of(handles::INVALID), || unsafe { first(name, data) })
}

/// FindFirstFileExW, with FindExInfoStandard or FindExInfoBasic, for names or (a hint) for directories.
#[unsafe(export_name = "PointsmanFindFirstFileExW")]
pub unsafe extern "C" fn find_first_file_ex_w(
    name: *const u16,
    level: u32,
    data: *mut FindData,
    search: u32,
    filter: *const c_void,
    _flags: u32,
) -> RawHandle {
    const BASIC: u32 = 1;
    const LIMIT_TO_DIRECTORIES: u32 = 1;
    valued(raw_of(handles::INVALID), || {
        if level > BASIC || search > LIMIT_TO_DIRECTORIES || !filter.is_null() {
            return Err(Win32Error::INVALID_PARAMETER.into());
        }
        // SAFETY: a string that ends in NUL, and a structure, or NULL.
        unsafe { first(name, data) }
    })
}

/// # Safety
/// `name` is a string that ends in NUL, `data` can be written, or they are NULL.
unsafe fn first(name: *const u16, data: *mut FindData) -> Outcome<RawHandle> {
    // SAFETY: what the caller promises.
    let (find, found) = Find::first(&unsafe { memory::wide(name) }?)?;
    // SAFETY: what the caller promises.
    unsafe { memory::put(data, shown(&found)) }?;
    Ok(raw_of(handles::insert(Object::Find(Arc::new(find)))))
}

/// FindNextFileW.
#[unsafe(export_name = "PointsmanFindNextFileW")]
pub unsafe extern "C" fn find_next_file_w(handle: RawHandle, data: *mut FindData) -> Bool {
    boolean(|| {
        let found = handles::find(handle_of(handle))?.next()?;
        // SAFETY: the caller's structure, or NULL.
        Ok(unsafe { memory::put(data, shown(&found)) }?)
    })
}

/// FindClose.
#[unsafe(export_name = "PointsmanFindClose")]
pub extern "C" fn find_close(handle: RawHandle) -> Bool {
    boolean(|| Ok(handles::close_find(handle_of(handle))?))
}

fn shown(found: &Found) -> FindData {
    let [high, low] = halves(found.size);
    let mut name = [0; 260];
    let room = name.len() - 1; // one for the NUL
    name.iter_mut().zip(found.name.iter().take(room)).for_each(|(to, from)| *to = *from);
    FindData {
        attributes: found.attributes,
        times: found.times.map(|time| {
            let [high, low] = halves(time);
            [low, high]
        }),
        size_high: high,
        size_low: low,
        reserved0: found.tag,
        reserved1: 0,
        name,
        short_name: [0; 14],
    }
}

/// The high half and the low one.
fn halves(number: u64) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h] = number.to_be_bytes();
    [u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h])]
}
