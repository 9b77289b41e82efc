//! What is known of an open file, by the class numbers of GetFileInformationByHandleEx.
use crate::error::{Failure, Outcome};
use crate::file::{Hold, OpenFile};
use crate::handles::{self, Handle};
use crate::namespace;
use crate::path::{self, Named};
use crate::privileges;
use crate::store::StoreId;
use fsa::{DirectoryQuery, Information, OpenId};
use nt::{FileInformationClass as Class, NtStatus, Utf16, Win32Error};
use std::sync::Arc;

/// How a class of FILE_INFO_BY_HANDLE_CLASS is queried.
enum Query {
    File(Class),
    Directory { class: Class, restart: bool },
}

/// The classes that are served: their structures are those of [MS-FSCC] 2.4 under other names.
fn query_of(class: u32) -> Option<Query> {
    let listing = |class, restart| Query::Directory { class, restart };
    Some(match class {
        0 => Query::File(Class::BASIC_INFORMATION),
        1 => Query::File(Class::STANDARD_INFORMATION),
        2 => Query::File(Class::NAME_INFORMATION),
        7 => Query::File(Class::STREAM_INFORMATION),
        8 => Query::File(Class::COMPRESSION_INFORMATION),
        9 => Query::File(Class::ATTRIBUTE_TAG_INFORMATION),
        10 => listing(Class::ID_BOTH_DIRECTORY_INFORMATION, false),
        11 => listing(Class::ID_BOTH_DIRECTORY_INFORMATION, true),
        14 => listing(Class::FULL_DIRECTORY_INFORMATION, false),
        15 => listing(Class::FULL_DIRECTORY_INFORMATION, true),
        17 => Query::File(Class::ALIGNMENT_INFORMATION),
        18 => Query::File(Class::ID_INFORMATION),
        19 => listing(Class::ID_EXTD_DIRECTORY_INFORMATION, false),
        20 => listing(Class::ID_EXTD_DIRECTORY_INFORMATION, true),
        _ => return None,
    })
}

/// GetFileInformationByHandleEx.
pub(crate) fn query(file: &OpenFile, class: u32, len_max: usize) -> Outcome<Information> {
    let volume = &file.hold.mounted.volume;
    match query_of(class).ok_or(Win32Error::INVALID_PARAMETER)? {
        Query::File(class) => Ok(volume.query_information(&file.hold.id, class, len_max)?),
        Query::Directory { class, restart } => {
            let query = DirectoryQuery { class, len_max, restart, single: false, pattern: &[] };
            Ok(volume.query_directory(&file.hold.id, &query)?)
        }
    }
}

/// SetFileInformationByHandle.
pub(crate) fn set(file: &OpenFile, class: u32, input: &[u8]) -> Outcome<()> {
    let (class, input) = match class {
        0 => (Class::BASIC_INFORMATION, input.to_vec()),
        3 => (Class::RENAME_INFORMATION, rename_input(&file.hold, input)?),
        4 => (Class::DISPOSITION_INFORMATION, input.to_vec()),
        5 => (Class::ALLOCATION_INFORMATION, input.to_vec()),
        6 => (Class::END_OF_FILE_INFORMATION, input.to_vec()),
        21 => (Class::DISPOSITION_INFORMATION_EX, input.to_vec()),
        22 => (Class::RENAME_INFORMATION_EX, rename_input(&file.hold, input)?),
        _ => return Err(Win32Error::INVALID_PARAMETER.into()),
    };
    let cx = privileges::context();
    Ok(file.hold.mounted.volume.set_information(&cx, &file.hold.id, class, &input)?)
}

/// FILE_RENAME_INFO with its handle and its Win32 name turned into what the store understands. The structure is that of
/// [MS-FSCC] 2.4.42.2; a name without RootDirectory is a Win32 path.
fn rename_input(hold: &Hold, input: &[u8]) -> Outcome<Vec<u8>> {
    let short = Failure::Status(NtStatus::INFO_LENGTH_MISMATCH);
    let (flags, rest) = input.split_first_chunk::<8>().ok_or(short)?;
    let (root, rest) = rest.split_first_chunk::<8>().ok_or(short)?;
    let (len, rest) = rest.split_first_chunk::<4>().ok_or(short)?;
    let len = usize::try_from(u32::from_le_bytes(*len)).unwrap_or(usize::MAX);
    let name = rest.get(..len).and_then(Utf16::from_le_bytes).ok_or(Win32Error::INVALID_PARAMETER)?;
    let [a, b, c, d, ..] = *flags;
    let flags = u32::from_le_bytes([a, b, c, d]);
    let root = u64::from_le_bytes(*root);
    if root == 0 && name.units().first() != Some(&u16::from(b':')) {
        return new_name(hold, path::win32(name.units())?, flags);
    }
    if root == 0 {
        return Ok(encode_name(flags, None, name.units()));
    }
    let root = root_of(hold, root)?;
    match &root.hold.id {
        StoreId::Host(id) => Ok(encode_name(flags, Some(*id), name.units())),
        StoreId::Image(_) | StoreId::Remote(_) => Ok(encode_name(flags, None, &below(&root, name.units())?)),
    }
}

/// The path of what lies in an open directory.
pub(crate) fn below(root: &OpenFile, name: &[u16]) -> Outcome<Vec<u16>> {
    let mut path = root.hold.mounted.volume.path(&root.hold.id)?;
    if !name.is_empty() {
        if path.last() != Some(&u16::from(b'\\')) {
            path.push(u16::from(b'\\'));
        }
        path.extend_from_slice(name);
    }
    Ok(path)
}

/// The file that a handle in RootDirectory stands for.
fn root_of(hold: &Hold, root: u64) -> Outcome<Arc<OpenFile>> {
    let root = usize::try_from(root).map_err(|_| Win32Error::INVALID_HANDLE)?;
    let root = handles::file(Handle(root))?;
    if !Arc::ptr_eq(&root.hold.mounted, &hold.mounted) {
        return Err(Win32Error::NOT_SAME_DEVICE.into());
    }
    Ok(root)
}

/// The structure that gives a file a new name on its own volume.
pub(crate) fn new_name(hold: &Hold, new: Named, flags: u32) -> Outcome<Vec<u8>> {
    let spot = namespace::spot(new)?;
    if !Arc::ptr_eq(&spot.mounted, &hold.mounted) {
        return Err(Win32Error::NOT_SAME_DEVICE.into());
    }
    let bare = spot.path.strip_suffix(&[u16::from(b'\\')]).unwrap_or(&spot.path);
    Ok(encode_name(flags, None, bare))
}

/// FILE_RENAME_INFORMATION, FILE_LINK_INFORMATION. [MS-FSCC] 2.4.42.2 and 2.4.28.2
fn encode_name(flags: u32, root: Option<OpenId>, name: &[u16]) -> Vec<u8> {
    let name = Utf16::from(name).to_le_bytes();
    let mut bytes = u64::from(flags).to_le_bytes().to_vec();
    bytes.extend(root.map_or(0, |root| root.0).to_le_bytes());
    bytes.extend(u32::try_from(name.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend(name);
    bytes
}
