//! Whether a request can be at all. [MS-FSA] 2.1.5.1 phase 1
use super::OpenRequest;
use crate::access::RESERVED;
use crate::refusal::{Refusal, Why};
use nt::{AccessMask, CreateDisposition, CreateOptions, FileAttributes, NtStatus, ShareAccess};

/// FILE_OPEN_REMOTE_INSTANCE, FILE_OPEN_REQUIRING_OPLOCK and FILE_OPEN_FOR_FREE_SPACE_QUERY: known, and without effect here.
const WITHOUT_EFFECT: CreateOptions = CreateOptions(0x0081_0400);
/// FILE_RESERVE_OPFILTER
const RESERVE_OPFILTER: CreateOptions = CreateOptions(0x0010_0000);
/// Every bit of CreateOptions that has a meaning. [MS-SMB2] 2.2.13
const OPTIONS: CreateOptions = CreateOptions(0x00FF_FFFF);
/// Every bit that FileAttributes can have, FILE_ATTRIBUTE_DEVICE and the obsolete volume label included.
const ATTRIBUTES: u32 = 0x00FF_FFFF;

/// True when the disposition changes what exists or makes what does not, whatever it finds. [MS-FSA] 2.1.5.1 phase 2
pub(super) fn always_changes(disposition: CreateDisposition) -> bool {
    matches!(
        disposition,
        CreateDisposition::CREATE
            | CreateDisposition::SUPERSEDE
            | CreateDisposition::OVERWRITE
            | CreateDisposition::OVERWRITE_IF
    )
}

/// True when the disposition makes what it does not find.
pub(super) fn makes_missing(disposition: CreateDisposition) -> bool {
    !matches!(disposition, CreateDisposition::OPEN | CreateDisposition::OVERWRITE)
}

/// True when the disposition empties the stream that it finds.
pub(super) fn overwrites(disposition: CreateDisposition) -> bool {
    matches!(
        disposition,
        CreateDisposition::SUPERSEDE | CreateDisposition::OVERWRITE | CreateDisposition::OVERWRITE_IF
    )
}

/// True when the open depends on the attributes of what exists: on READONLY, HIDDEN or SYSTEM.
pub(super) fn asks_attributes(request: &OpenRequest<'_>) -> bool {
    let writes = AccessMask::FILE_WRITE_DATA
        | AccessMask::FILE_APPEND_DATA
        | AccessMask::MAXIMUM_ALLOWED
        | AccessMask::GENERIC_WRITE
        | AccessMask::GENERIC_ALL;
    request.desired_access.intersects(writes)
        || request.options.contains(CreateOptions::DELETE_ON_CLOSE)
        || overwrites(request.disposition)
}

/// True when all that the open can do is to read facts and attributes, and to delete the name.
pub(super) fn reads_attributes_only(request: &OpenRequest<'_>) -> bool {
    let reads = AccessMask::FILE_READ_ATTRIBUTES
        | AccessMask::READ_CONTROL
        | AccessMask::SYNCHRONIZE
        | AccessMask::DELETE;
    request.desired_access.without(reads).is_empty() && !overwrites(request.disposition)
}

/// Refuses what cannot be, in the book's order, and gives the rights asked for with the generic ones mapped.
pub(super) fn check(request: &OpenRequest<'_>) -> Result<AccessMask, Refusal> {
    check_values(request)?;
    let options = request.options;
    let asked = request.desired_access.map_generic();
    let directory = options.contains(CreateOptions::DIRECTORY_FILE);
    let file = options.contains(CreateOptions::NON_DIRECTORY_FILE);
    let alert = options.contains(CreateOptions::SYNCHRONOUS_IO_ALERT);
    let nonalert = options.contains(CreateOptions::SYNCHRONOUS_IO_NONALERT);
    let wanted = |right| asked.contains(right) || asked.contains(AccessMask::MAXIMUM_ALLOWED);
    if (alert || nonalert) && !wanted(AccessMask::SYNCHRONIZE) {
        return Err(Refusal::parameter("synchronous opens need SYNCHRONIZE"));
    }
    if options.contains(CreateOptions::DELETE_ON_CLOSE) && !wanted(AccessMask::DELETE) {
        return Err(Refusal::parameter("FILE_DELETE_ON_CLOSE needs DELETE"));
    }
    if alert && nonalert {
        return Err(Refusal::parameter("an open is alertable or it is not"));
    }
    if directory && !file {
        check_directory(request)?;
    }
    if options.contains(CreateOptions::COMPLETE_IF_OPLOCKED) && options.contains(RESERVE_OPFILTER) {
        return Err(Refusal::parameter(
            "FILE_COMPLETE_IF_OPLOCKED and FILE_RESERVE_OPFILTER exclude each other",
        ));
    }
    let unbuffered = options.contains(CreateOptions::NO_INTERMEDIATE_BUFFERING);
    if unbuffered
        && asked.contains(AccessMask::FILE_APPEND_DATA)
        && !asked.contains(AccessMask::FILE_WRITE_DATA)
    {
        return Err(Refusal::parameter("appending needs buffers"));
    }
    if request.desired_access.is_empty() || request.desired_access.intersects(RESERVED) {
        let why = Why::Access { needed: request.desired_access, granted: AccessMask::NONE };
        return Err(Refusal::new(NtStatus::ACCESS_DENIED, why));
    }
    if directory && file {
        return Err(Refusal::parameter("a file is a directory or it is not"));
    }
    if options.contains(CreateOptions::OPEN_BY_FILE_ID) {
        return Err(Refusal::new(NtStatus::NOT_SUPPORTED, Why::Parameter("no opening by file id here")));
    }
    Ok(asked)
}

fn check_values(request: &OpenRequest<'_>) -> Result<(), Refusal> {
    let share = ShareAccess::READ | ShareAccess::WRITE | ShareAccess::DELETE;
    if !request.share_access.without(share).is_empty() {
        return Err(Refusal::parameter("an unknown bit in ShareAccess"));
    }
    if !request.options.without(OPTIONS).is_empty() {
        return Err(Refusal::parameter("an unknown bit in CreateOptions"));
    }
    if request.disposition > CreateDisposition::OVERWRITE_IF {
        return Err(Refusal::parameter("an unknown CreateDisposition"));
    }
    if !request.attributes.without(FileAttributes(ATTRIBUTES)).is_empty() {
        return Err(Refusal::parameter("an unknown bit in FileAttributes"));
    }
    Ok(())
}

/// Directories are opened or made, never overwritten, and with these options only.
fn check_directory(request: &OpenRequest<'_>) -> Result<(), Refusal> {
    let valid = CreateOptions::DIRECTORY_FILE
        | CreateOptions::SYNCHRONOUS_IO_ALERT
        | CreateOptions::SYNCHRONOUS_IO_NONALERT
        | CreateOptions::WRITE_THROUGH
        | CreateOptions::COMPLETE_IF_OPLOCKED
        | CreateOptions::OPEN_FOR_BACKUP_INTENT
        | CreateOptions::DELETE_ON_CLOSE
        | CreateOptions::OPEN_BY_FILE_ID
        | CreateOptions::NO_COMPRESSION
        | CreateOptions::OPEN_REPARSE_POINT
        | WITHOUT_EFFECT;
    let dispositions = [CreateDisposition::CREATE, CreateDisposition::OPEN, CreateDisposition::OPEN_IF];
    if !request.options.without(valid).is_empty() || !dispositions.contains(&request.disposition) {
        return Err(Refusal::parameter("directories are opened or made, and with few options"));
    }
    Ok(())
}
