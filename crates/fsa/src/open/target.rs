//! Where a link leads: the path at which an open goes on. [MS-FSCC] 2.1.2.4 and 2.1.2.5; docs/SPEC-NOTES.md 5 to 8
use crate::path::{BACKSLASH, PATH_UNITS_MAX, is_dot, is_dot_dot};
use crate::refusal::{Refusal, TargetFault, Why};
use crate::volume::DriveMap;
use nt::{NtStatus, Utf16};
use reparse::{ReparsePoint, Tag};

/// A link that the store follows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct LinkTarget {
    /// The substitute name.
    pub(super) substitute: Utf16,
    /// From the directory that holds the link, and not an absolute NT name.
    pub(super) relative: bool,
}

impl LinkTarget {
    /// The target of a stored symbolic link or mount point; `None` when the bytes cannot be read.
    pub(super) fn of(stored: &[u8]) -> Option<LinkTarget> {
        let (raw, _) = reparse::RawReparse::decode(stored).ok()?;
        match ReparsePoint::from_raw(&raw).0 {
            ReparsePoint::Symlink(link) => {
                Some(LinkTarget { substitute: link.substitute().clone(), relative: link.is_relative() })
            }
            ReparsePoint::MountPoint(point) => {
                Some(LinkTarget { substitute: point.substitute().clone(), relative: false })
            }
            _ => None,
        }
    }

    /// The path from the volume's root at which the open goes on: the target, and then `tail`, which is what followed the
    /// link. `parent` is the path of the directory that holds the link.
    pub(super) fn resume(
        &self,
        parent: &[u16],
        tail: &[u16],
        drives: &DriveMap,
    ) -> Result<Vec<u16>, Refusal> {
        let target = self.substitute.units();
        let rooted = target.first() == Some(&BACKSLASH);
        let path = match (self.relative, rooted) {
            (true, true) => without_dots(&[], target)?,
            (true, false) => without_dots(parent, target)?,
            (false, true) => {
                // `\\?\` and its like have an empty component, which no name has.
                if target.get(1) == Some(&BACKSLASH) {
                    return Err(refuse(NtStatus::OBJECT_NAME_INVALID, TargetFault::Form));
                }
                drives
                    .resolve(target)
                    .ok_or_else(|| refuse(NtStatus::OBJECT_PATH_NOT_FOUND, TargetFault::UnknownDevice))?
            }
            (false, false) => return Err(refuse(NtStatus::OBJECT_NAME_INVALID, TargetFault::Form)),
        };
        join(path, tail)
    }
}

/// The tag's links are the store's to follow.
pub(super) fn is_link(tag: Tag) -> bool {
    matches!(tag, Tag::SYMLINK | Tag::MOUNT_POINT)
}

/// A relative target behind the path of its directory, with `.` and `..` taken out by their spelling alone, whatever exists.
/// Above the root there is nothing (FsRtlRemoveDotsFromPath). Any other fault of a name is found when the path is parsed.
fn without_dots(parent: &[u16], target: &[u16]) -> Result<Vec<u16>, Refusal> {
    let inner = target.strip_prefix(&[BACKSLASH]).unwrap_or(target);
    let mut names: Vec<&[u16]> =
        parent.split(|unit| *unit == BACKSLASH).filter(|name| !name.is_empty()).collect();
    for name in inner.split(|unit| *unit == BACKSLASH) {
        if is_dot(name) {
            continue;
        }
        if is_dot_dot(name) {
            names.pop().ok_or_else(|| refuse(NtStatus::IO_REPARSE_DATA_INVALID, TargetFault::AboveRoot))?;
            continue;
        }
        // An empty name stays: in the middle it is an error, at the end it is the closing backslash.
        names.push(name);
    }
    let mut path = Vec::new();
    for name in &names {
        path.push(BACKSLASH);
        path.extend_from_slice(name);
    }
    if path.is_empty() {
        path.push(BACKSLASH);
    }
    Ok(path)
}

/// A path and what follows it, with one backslash between them where either has one.
fn join(mut path: Vec<u16>, tail: &[u16]) -> Result<Vec<u16>, Refusal> {
    if tail.first() == Some(&BACKSLASH) && path.last() == Some(&BACKSLASH) {
        path.pop();
    }
    path.extend_from_slice(tail);
    if path.len() > PATH_UNITS_MAX {
        return Err(refuse(NtStatus::NAME_TOO_LONG, TargetFault::TooLong(path.len())));
    }
    Ok(path)
}

fn refuse(status: NtStatus, fault: TargetFault) -> Refusal {
    Refusal::new(status, Why::Target(fault))
}
