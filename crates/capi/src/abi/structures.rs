//! The structures of the header, as C lays them out on a 64-bit machine.
use super::RawHandle;
use core::ffi::c_void;

/// OVERLAPPED.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Overlapped {
    /// The status: STATUS_PENDING until the request has ended.
    pub internal: usize,
    /// Bytes moved.
    pub internal_high: usize,
    /// Where to read or write: the low half.
    pub offset: u32,
    /// The high half.
    pub offset_high: u32,
    /// The event to set. Its lowest bit says that no completion packet is wanted.
    pub event: RawHandle,
}

/// OVERLAPPED_ENTRY.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct OverlappedEntry {
    /// What the file was bound with.
    pub key: usize,
    /// The request.
    pub overlapped: *mut c_void,
    /// The status.
    pub internal: usize,
    /// Bytes moved.
    pub bytes: u32,
}

/// IO_STATUS_BLOCK.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct IoStatusBlock {
    /// The status.
    pub status: usize,
    /// Bytes moved, or what an open did.
    pub information: usize,
}

/// UNICODE_STRING.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct UnicodeString {
    /// Bytes.
    pub len: u16,
    /// Bytes of the buffer.
    pub len_max: u16,
    /// Without NUL.
    pub buffer: *const u16,
}

/// OBJECT_ATTRIBUTES.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ObjectAttributes {
    /// Bytes of the structure.
    pub len: u32,
    /// Where a relative name starts.
    pub root: RawHandle,
    /// The name.
    pub name: *const UnicodeString,
    /// OBJ_ bits.
    pub attributes: u32,
    /// A descriptor for a new file.
    pub security_descriptor: *const c_void,
    /// Not used.
    pub quality_of_service: *const c_void,
}

/// SECURITY_ATTRIBUTES.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SecurityAttributes {
    /// Bytes of the structure.
    pub len: u32,
    /// A descriptor for a new file.
    pub security_descriptor: *const c_void,
    /// Not used: no handle is inherited.
    pub inherit: i32,
}

/// WIN32_FIND_DATAW.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct FindData {
    /// Attributes.
    pub attributes: u32,
    /// Created, accessed, written: each a low half and a high half.
    pub times: [[u32; 2]; 3],
    /// The high half of the size.
    pub size_high: u32,
    /// The low half of the size.
    pub size_low: u32,
    /// The tag of a reparse point.
    pub reserved0: u32,
    /// Nothing.
    pub reserved1: u32,
    /// The name, with NUL.
    pub name: [u16; 260],
    /// The short name: there is none.
    pub short_name: [u16; 14],
}

/// LUID_AND_ATTRIBUTES.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct LuidAndAttributes {
    /// The LUID's low part.
    pub low: u32,
    /// The LUID's high part.
    pub high: i32,
    /// SE_PRIVILEGE_ bits.
    pub attributes: u32,
}

const _: () = assert!(size_of::<Overlapped>() == 32 && size_of::<OverlappedEntry>() == 32);
const _: () = assert!(size_of::<UnicodeString>() == 16 && size_of::<ObjectAttributes>() == 48);
const _: () = assert!(size_of::<FindData>() == 592 && size_of::<LuidAndAttributes>() == 12);
