//! Whether opens of one file can live together. [MS-FSA] 2.1.5.1.2.1 (its second half) and 2.1.5.1.2.2
use crate::file::Sharing;
use crate::host::Host;
use crate::refusal::{Refusal, Why};
use nt::{AccessMask, NtStatus, ShareAccess};

const READS: AccessMask = AccessMask(AccessMask::FILE_READ_DATA.0 | AccessMask::FILE_EXECUTE.0);
const WRITES: AccessMask = AccessMask(AccessMask::FILE_WRITE_DATA.0 | AccessMask::FILE_APPEND_DATA.0);
/// Rights that take part in sharing at all: an open with others only, for attributes say, never conflicts.
const SHARED: AccessMask = AccessMask(READS.0 | WRITES.0 | AccessMask::DELETE.0);

/// Refuses `new` if it cannot live with some open there is.
pub(super) fn check<H: Host>(existing: &[Sharing<H>], new: &Sharing<H>) -> Result<(), Refusal> {
    let conflict = existing.iter().find(|old| deletion_conflicts(old, new) || conflicts(old, new));
    match conflict {
        None => Ok(()),
        Some(old) => Err(Refusal::new(NtStatus::SHARING_VIOLATION, Why::Sharing(old.id))),
    }
}

/// Deleting the unnamed stream deletes every other one, so it must be shared by the opens of all streams.
fn deletion_conflicts<H: Host>(old: &Sharing<H>, new: &Sharing<H>) -> bool {
    let deletes = |who: &Sharing<H>| who.granted.contains(AccessMask::DELETE) && who.stream().is_none();
    let guards =
        |who: &Sharing<H>| who.granted.intersects(SHARED) && !who.share.contains(ShareAccess::DELETE);
    (deletes(old) && guards(new)) || (deletes(new) && guards(old))
}

/// Two opens of one stream conflict when either has a right that the other does not share.
fn conflicts<H: Host>(old: &Sharing<H>, new: &Sharing<H>) -> bool {
    if old.stream() != new.stream() || !old.granted.intersects(SHARED) || !new.granted.intersects(SHARED) {
        return false;
    }
    let unshared = |has: &Sharing<H>, lets: &Sharing<H>| {
        let table = [
            (READS, ShareAccess::READ),
            (WRITES, ShareAccess::WRITE),
            (AccessMask::DELETE, ShareAccess::DELETE),
        ];
        table.into_iter().any(|(right, share)| has.granted.intersects(right) && !lets.share.contains(share))
    };
    unshared(old, new) || unshared(new, old)
}
