//! What is done to a name: opening, making, deleting, moving, linking.
use crate::error::{Failure, Outcome};
use crate::file::{Hold, OpenFile};
use crate::handles::{self, Handle, Object};
use crate::information;
use crate::namespace::{self, Spot};
use crate::path::{self, Named};
use crate::privileges;
use crate::store::Store;
use fsa::{OpenRequest, SecurityContext};
use nt::security::Privileges;
use nt::{
    AccessMask, CreateAction, CreateDisposition, CreateOptions, FileAttributes, FileInformationClass,
    FsctlCode, NtStatus, ShareAccess, Utf16, Win32Error,
};
use std::sync::Arc;

/// Flags of CreateFileW, as the Windows reference has them.
mod flag {
    pub(super) const WRITE_THROUGH: u32 = 0x8000_0000;
    pub(super) const OVERLAPPED: u32 = 0x4000_0000;
    pub(super) const NO_BUFFERING: u32 = 0x2000_0000;
    pub(super) const RANDOM_ACCESS: u32 = 0x1000_0000;
    pub(super) const SEQUENTIAL_SCAN: u32 = 0x0800_0000;
    pub(super) const DELETE_ON_CLOSE: u32 = 0x0400_0000;
    pub(super) const BACKUP_SEMANTICS: u32 = 0x0200_0000;
    pub(super) const OPEN_REPARSE_POINT: u32 = 0x0020_0000;
    pub(super) const OPEN_NO_RECALL: u32 = 0x0010_0000;
}

/// FILE_ATTRIBUTE_VALID_FLAGS: what of the flags is attributes.
const ATTRIBUTES: u32 = 0x0000_7FB7;
/// On the object itself, whatever its kind.
const ITSELF: CreateOptions =
    CreateOptions(CreateOptions::OPEN_REPARSE_POINT.0 | CreateOptions::OPEN_FOR_BACKUP_INTENT.0);
const SHARED: ShareAccess = ShareAccess(ShareAccess::READ.0 | ShareAccess::WRITE.0 | ShareAccess::DELETE.0);
const BACKSLASH: u16 = b'\\' as u16;

/// What CreateFileW is asked.
#[derive(Clone, Copy)]
pub(crate) struct CreateFile<'a> {
    pub(crate) name: &'a [u16],
    pub(crate) access: u32,
    pub(crate) share: u32,
    pub(crate) disposition: u32,
    pub(crate) flags: u32,
}

/// CreateFileW: the handle, and whether there was a file, where the disposition makes that worth telling.
pub(crate) fn create_file(asked: CreateFile<'_>) -> Outcome<(Handle, Option<bool>)> {
    const CREATE_NEW: u32 = 1;
    const CREATE_ALWAYS: u32 = 2;
    const OPEN_EXISTING: u32 = 3;
    const OPEN_ALWAYS: u32 = 4;
    const TRUNCATE_EXISTING: u32 = 5;
    let disposition = match asked.disposition {
        CREATE_NEW => CreateDisposition::CREATE,
        CREATE_ALWAYS => CreateDisposition::OVERWRITE_IF,
        OPEN_EXISTING => CreateDisposition::OPEN,
        OPEN_ALWAYS => CreateDisposition::OPEN_IF,
        TRUNCATE_EXISTING
            if AccessMask(asked.access).intersects(AccessMask::GENERIC_WRITE | AccessMask::GENERIC_ALL) =>
        {
            CreateDisposition::OVERWRITE
        }
        _ => return Err(Win32Error::INVALID_PARAMETER.into()),
    };
    let spot = namespace::spot(path::win32(asked.name)?)?;
    let mut access = AccessMask(asked.access) | AccessMask::SYNCHRONIZE | AccessMask::FILE_READ_ATTRIBUTES;
    let options = options_of(asked.flags);
    if options.contains(CreateOptions::DELETE_ON_CLOSE) {
        access |= AccessMask::DELETE;
    }
    let request = OpenRequest {
        share_access: ShareAccess(asked.share),
        disposition,
        options,
        attributes: FileAttributes(asked.flags & ATTRIBUTES),
        ..OpenRequest::existing(&spot.path, access)
    };
    let opened = namespace::open(&privileges::context(), &spot, &request);
    let (mounted, opened) = opened.map_err(|failure| create_failure(failure, &spot.path))?;
    let file = OpenFile::new(Hold::new(mounted, opened.id), asked.flags & flag::OVERLAPPED != 0);
    let existed = matches!(asked.disposition, CREATE_ALWAYS | OPEN_ALWAYS)
        .then_some(opened.action != CreateAction::CREATED);
    Ok((handles::insert(Object::File(Arc::new(file))), existed))
}

/// CreateFileW has numbers of its own for two statuses.
fn create_failure(failure: Failure, path: &[u16]) -> Failure {
    match failure {
        Failure::Status(NtStatus::OBJECT_NAME_COLLISION) => Win32Error::FILE_EXISTS.into(),
        Failure::Status(NtStatus::FILE_IS_A_DIRECTORY) if path.last() == Some(&BACKSLASH) => {
            Win32Error::PATH_NOT_FOUND.into()
        }
        other => other,
    }
}

fn options_of(flags: u32) -> CreateOptions {
    let pairs = [
        (flag::WRITE_THROUGH, CreateOptions::WRITE_THROUGH),
        (flag::NO_BUFFERING, CreateOptions::NO_INTERMEDIATE_BUFFERING),
        (flag::RANDOM_ACCESS, CreateOptions::RANDOM_ACCESS),
        (flag::SEQUENTIAL_SCAN, CreateOptions::SEQUENTIAL_ONLY),
        (flag::DELETE_ON_CLOSE, CreateOptions::DELETE_ON_CLOSE),
        (flag::BACKUP_SEMANTICS, CreateOptions::OPEN_FOR_BACKUP_INTENT),
        (flag::OPEN_REPARSE_POINT, CreateOptions::OPEN_REPARSE_POINT),
        (flag::OPEN_NO_RECALL, CreateOptions::OPEN_NO_RECALL),
    ];
    let given = pairs.iter().filter(|(flag, _)| flags & flag != 0);
    let mut options = given.fold(CreateOptions::NONE, |options, (_, option)| options | *option);
    if flags & flag::BACKUP_SEMANTICS == 0 {
        options |= CreateOptions::NON_DIRECTORY_FILE; // a directory needs the flag
    }
    if flags & flag::OVERLAPPED == 0 {
        options |= CreateOptions::SYNCHRONOUS_IO_NONALERT;
    }
    options
}

/// Opens what is at a name, for a moment.
pub(crate) fn hold(
    cx: &SecurityContext,
    spot: &Spot,
    access: AccessMask,
    options: CreateOptions,
    disposition: CreateDisposition,
) -> Outcome<Hold> {
    let access = access | AccessMask::SYNCHRONIZE;
    let options = options | CreateOptions::SYNCHRONOUS_IO_NONALERT;
    let request = OpenRequest {
        disposition,
        options,
        share_access: SHARED,
        ..OpenRequest::existing(&spot.path, access)
    };
    let (mounted, opened) = namespace::open(cx, spot, &request)?;
    Ok(Hold::new(mounted, opened.id))
}

fn hold_existing(name: &[u16], access: AccessMask, options: CreateOptions) -> Outcome<Hold> {
    let spot = namespace::spot(path::win32(name)?)?;
    hold(&privileges::context(), &spot, access, options, CreateDisposition::OPEN)
}

fn set(hold: &Hold, class: FileInformationClass, input: &[u8]) -> Outcome<()> {
    let cx = privileges::context();
    Ok(hold.mounted.volume.set_information(&cx, &hold.id, class, input)?)
}

/// DeleteFileW and RemoveDirectoryW: of a link, the link.
pub(crate) fn delete(name: &[u16], kind: CreateOptions) -> Outcome<()> {
    let options = kind | ITSELF;
    let hold = hold_existing(name, AccessMask::DELETE | AccessMask::FILE_READ_ATTRIBUTES, options)?;
    set(&hold, FileInformationClass::DISPOSITION_INFORMATION, &[1])?;
    Ok(hold.close()?)
}

/// CreateDirectoryW.
pub(crate) fn create_directory(name: &[u16]) -> Outcome<()> {
    let spot = namespace::spot(path::win32(name)?)?;
    make(&privileges::context(), &spot, true, AccessMask::FILE_LIST_DIRECTORY).map(drop)
}

fn make(cx: &SecurityContext, spot: &Spot, directory: bool, access: AccessMask) -> Outcome<Hold> {
    let kind = if directory { CreateOptions::DIRECTORY_FILE } else { CreateOptions::NON_DIRECTORY_FILE };
    let options = kind | CreateOptions::OPEN_REPARSE_POINT | CreateOptions::OPEN_FOR_BACKUP_INTENT;
    hold(cx, spot, access, options, CreateDisposition::CREATE)
}

/// GetFileAttributesW: of a link, the link's.
pub(crate) fn attributes(name: &[u16]) -> Outcome<u32> {
    let hold = hold_existing(name, AccessMask::FILE_READ_ATTRIBUTES, ITSELF)?;
    let tag = hold.mounted.volume.query_information(
        &hold.id,
        FileInformationClass::ATTRIBUTE_TAG_INFORMATION,
        8,
    )?;
    let attributes = tag.bytes.first_chunk::<4>().copied().map(u32::from_le_bytes);
    attributes.ok_or(Failure::Status(NtStatus::INTERNAL_ERROR))
}

/// SetFileAttributesW: of a link, the link's.
pub(crate) fn set_attributes(name: &[u16], attributes: u32) -> Outcome<()> {
    let hold = hold_existing(name, AccessMask::FILE_WRITE_ATTRIBUTES, ITSELF)?;
    let attributes = if attributes == 0 { FileAttributes::NORMAL.0 } else { attributes };
    let input = [&[0; 32][..], &attributes.to_le_bytes(), &[0; 4]].concat();
    set(&hold, FileInformationClass::BASIC_INFORMATION, &input)
}

/// MoveFileExW with MOVEFILE_REPLACE_EXISTING and MOVEFILE_WRITE_THROUGH; a move to another volume is none.
pub(crate) fn move_file(old: &[u16], new: &[u16], flags: u32) -> Outcome<()> {
    const REPLACE_EXISTING: u32 = 1;
    const COPY_ALLOWED: u32 = 2;
    const WRITE_THROUGH: u32 = 8;
    if flags & !(REPLACE_EXISTING | COPY_ALLOWED | WRITE_THROUGH) != 0 {
        return Err(Win32Error::NOT_SUPPORTED.into());
    }
    let through = if flags & WRITE_THROUGH != 0 { CreateOptions::WRITE_THROUGH } else { CreateOptions::NONE };
    let hold = hold_existing(old, AccessMask::DELETE | AccessMask::FILE_READ_ATTRIBUTES, ITSELF | through)?;
    let input = information::new_name(&hold, path::win32(new)?, u32::from(flags & REPLACE_EXISTING != 0));
    let input = match input {
        // It would be a copy and a deletion, which reparse points do not survive.
        Err(Failure::Win32(Win32Error::NOT_SAME_DEVICE)) if flags & COPY_ALLOWED != 0 => {
            return Err(Win32Error::NOT_SUPPORTED.into());
        }
        other => other?,
    };
    set(&hold, FileInformationClass::RENAME_INFORMATION, &input)?;
    Ok(hold.close()?)
}

/// CreateHardLinkW: of a link, a further name for the link.
pub(crate) fn create_hard_link(new: &[u16], existing: &[u16]) -> Outcome<()> {
    let hold = hold_existing(existing, AccessMask::FILE_WRITE_ATTRIBUTES, ITSELF)?;
    let input = information::new_name(&hold, path::win32(new)?, 0)?;
    set(&hold, FileInformationClass::LINK_INFORMATION, &input)
}

/// CreateSymbolicLinkW. With SYMBOLIC_LINK_FLAG_ALLOW_UNPRIVILEGED_CREATE the privilege is not asked for, as on a Windows
/// in developer mode.
pub(crate) fn create_symbolic_link(link: &[u16], target: &[u16], flags: u32) -> Outcome<()> {
    const DIRECTORY: u32 = 1;
    const ALLOW_UNPRIVILEGED: u32 = 2;
    if flags & !(DIRECTORY | ALLOW_UNPRIVILEGED) != 0 {
        return Err(Win32Error::INVALID_PARAMETER.into());
    }
    let symlink = symlink_to(target)?;
    let spot = namespace::spot(path::win32(link)?)?;
    let cx = match flags & ALLOW_UNPRIVILEGED {
        0 => privileges::context(),
        _ => privileges::context_that_may_link(),
    };
    // In an image nothing that was made can be taken back, so what will be refused is refused first.
    let may = cx.token.privileges.contains(Privileges::CREATE_SYMBOLIC_LINK);
    if matches!(spot.mounted.volume, Store::Image(_)) && !may {
        let taken = hold_existing(link, AccessMask::FILE_READ_ATTRIBUTES, CreateOptions::OPEN_REPARSE_POINT);
        return Err(match taken {
            Ok(_) => Win32Error::ALREADY_EXISTS.into(),
            Err(_) => NtStatus::PRIVILEGE_NOT_HELD.into(),
        });
    }
    let access = AccessMask::FILE_WRITE_ATTRIBUTES | AccessMask::DELETE | AccessMask::FILE_READ_ATTRIBUTES;
    let hold = make(&cx, &spot, flags & DIRECTORY != 0, access)?;
    let bytes = symlink.raw().encode();
    let set_point = hold.mounted.volume.fs_control(&hold.id, FsctlCode::SET_REPARSE_POINT, &bytes, 0);
    if let Err(status) = set_point {
        // Nothing of it may stay: the name was free before.
        set(&hold, FileInformationClass::DISPOSITION_INFORMATION, &[1])?;
        hold.close()?;
        return Err(status.into());
    }
    Ok(hold.close()?)
}

/// The link that CreateSymbolicLinkW makes of a target: what names a drive or a share becomes absolute, anything else is
/// relative and kept as it is, slashes too (which nothing follows, here as on Windows).
fn symlink_to(target: &[u16]) -> Outcome<reparse::Symlink> {
    use reparse::SymlinkFlags;
    let rooted = target.first() == Some(&BACKSLASH) && target.get(1) != Some(&BACKSLASH);
    let (substitute, flags) = match path::win32(target)? {
        Named::OnVolume { volume, path } => (absolute(&volume, &path), SymlinkFlags::ABSOLUTE),
        Named::OnCurrentDrive(_) if rooted => (target.to_vec(), SymlinkFlags::RELATIVE),
        Named::Host(path) if path.first() == Some(&u16::from(b'/')) => {
            // A path of this machine has an NT name if it lies on a drive.
            let spot = namespace::spot(Named::Host(path))?;
            let volume = spot.mounted.name.as_ref().ok_or(Win32Error::PATH_NOT_FOUND)?;
            (absolute(volume, &spot.path), SymlinkFlags::ABSOLUTE)
        }
        Named::OnCurrentDrive(_) | Named::Host(_) => (target.to_vec(), SymlinkFlags::RELATIVE),
    };
    let link = reparse::Symlink::new(Utf16(substitute), Utf16::from(target), flags);
    link.map_err(|_| Win32Error::FILENAME_EXCED_RANGE.into())
}

fn absolute(volume: &reparse::Volume, path: &[u16]) -> Vec<u16> {
    namespace::nt_prefix(volume).encode_utf16().chain(path.iter().copied()).collect()
}

/// GetFullPathNameW: a name brought into order, from a drive's root where it lies on a drive. Nothing is looked up.
pub(crate) fn full_path(name: &[u16]) -> Outcome<Vec<u16>> {
    let on = |volume: &reparse::Volume, path: &[u16]| -> Vec<u16> {
        let nt = absolute(volume, path);
        let prefix = match volume {
            reparse::Volume::Share { .. } => r"\\",
            reparse::Volume::Drive(_) => "",
            reparse::Volume::Guid(_) => r"\\?\",
        };
        let skipped = if prefix == r"\\" { r"\??\UNC\".len() } else { r"\??\".len() };
        prefix.encode_utf16().chain(nt.into_iter().skip(skipped)).collect()
    };
    match path::win32(name)? {
        Named::OnVolume { volume, path } => Ok(on(&volume, &path)),
        Named::OnCurrentDrive(path) => Ok(on(&namespace::current_drive()?, &path)),
        Named::Host(path) => {
            let host = namespace::absolute_host(&path)?;
            Ok(match namespace::drive_of(&host)? {
                Some((volume, below)) => on(&volume, &below),
                None => fsa::host::name::decode(std::os::unix::ffi::OsStrExt::as_bytes(host.as_os_str())),
            })
        }
    }
}

/// GetFinalPathNameByHandleW: the path through which the file was opened, links followed and renames included. A volume
/// that is no drive has the host's path for its name.
pub(crate) fn final_path(file: &OpenFile, flags: u32) -> Outcome<Vec<u16>> {
    const FILE_NAME_OPENED: u32 = 8;
    const VOLUME_NAME_DOS: u32 = 0;
    const VOLUME_NAME_GUID: u32 = 1;
    const VOLUME_NAME_NONE: u32 = 4;
    let mounted = &file.hold.mounted;
    let path = mounted.volume.path(&file.hold.id)?;
    let named = |name: &reparse::Volume| {
        let prefix = namespace::nt_prefix(name).replacen(r"\??\", r"\\?\", 1);
        prefix.encode_utf16().chain(path.iter().copied()).collect()
    };
    match (flags & !FILE_NAME_OPENED, &mounted.name) {
        (VOLUME_NAME_NONE, _) => Ok(path),
        (VOLUME_NAME_DOS, Some(name)) => Ok(named(name)),
        (VOLUME_NAME_GUID, Some(name @ reparse::Volume::Guid(_))) => Ok(named(name)),
        (VOLUME_NAME_DOS, None) => {
            use std::os::unix::ffi::OsStrExt;
            let mut host = fsa::host::name::decode(mounted.root.as_os_str().as_bytes());
            if host.last() == Some(&u16::from(b'/')) {
                host.pop();
            }
            host.extend(path.iter().map(|unit| if *unit == BACKSLASH { u16::from(b'/') } else { *unit }));
            Ok(host)
        }
        // There is no volume manager to give it another name.
        _ => Err(Win32Error::PATH_NOT_FOUND.into()),
    }
}
