//! Every reparse point of a volume, as the directory `\$Extend\$Reparse:$R:$INDEX_ALLOCATION` lists them.
//! [MS-FSA] 2.1.5.6.2, [MS-FSCC] 2.4.44
//!
//! NTFS keeps this index on the disk; here it is gathered when a listing begins, by a walk of the whole volume.
use super::{DirectoryQuery, refuse};
use crate::host::{Host, HostError, HostFault};
use crate::opens::Open;
use crate::query::{Fields, Information};
use crate::refusal::{Refusal, Why};
use crate::volume::{Volume, VolumeKind};
use nt::{NtStatus, upcase};
use std::collections::BTreeSet;

/// The path that opens the index, its leading backslash optional.
const PATH: &str = "$Extend\\$Reparse:$R:$INDEX_ALLOCATION";
/// The bytes that an entry's fields take: FileReferenceNumber and Tag.
const FIELDS_LEN: usize = 12;
/// The bytes from one entry to the next: the structure's size, aligned to 8.
const ENTRY_LEN: usize = 16;

/// A listing of the index.
#[derive(Default)]
pub(super) struct Points {
    /// What the listing gives, as (tag, file), in the index's order; `None` until it begins.
    points: Option<Vec<(u32, u64)>>,
    given: usize,
}

/// True for the path of the index, in any case.
pub(crate) fn is_reparse_index(path: &[u16]) -> bool {
    let path = path.strip_prefix(&[u16::from(b'\\')]).unwrap_or(path);
    path.iter().copied().map(upcase).eq(PATH.encode_utf16().map(upcase))
}

impl<H: Host> Volume<H> {
    /// [MS-FSA] 2.1.5.6.2
    pub(super) fn query_reparse_index(
        &self,
        open: &Open<H>,
        query: &DirectoryQuery<'_>,
    ) -> Result<Information, Refusal> {
        match self.options.kind {
            VolumeKind::Ntfs | VolumeKind::Refs => {}
            kind => return Err(Refusal::new(NtStatus::INVALID_DEVICE_REQUEST, Why::VolumeKind(kind))),
        }
        if !open.cursors.is_reparse_index() {
            let what = "only \\$Extend\\$Reparse:$R:$INDEX_ALLOCATION lists reparse points";
            return Err(refuse(NtStatus::INVALID_INFO_CLASS, what));
        }
        if query.len_max < FIELDS_LEN {
            let why =
                Why::Length { what: "FileReparsePointInformation", wanted: FIELDS_LEN, got: query.len_max };
            return Err(Refusal::new(NtStatus::INFO_LENGTH_MISMATCH, why));
        }
        let tag = tag_of(query.pattern)?;
        let points = &mut open.cursors.listing().points;
        if query.restart || tag.is_some() || points.points.is_none() {
            let all = self.reparse_points()?;
            let wanted = |(found, _): &(u32, u64)| tag.is_none_or(|tag| *found == tag);
            *points = Points { points: Some(all.into_iter().filter(wanted).collect()), given: 0 };
        }
        let rest = points.points.as_deref().unwrap_or_default().get(points.given..).unwrap_or_default();
        if rest.is_empty() {
            let ended = tag.is_none() && !query.restart;
            let status = if ended { NtStatus::NO_MORE_FILES } else { NtStatus::NO_SUCH_FILE };
            return Err(refuse(status, "no further reparse point matches"));
        }
        if query.len_max < ENTRY_LEN {
            return Err(refuse(NtStatus::BUFFER_OVERFLOW, "the first reparse point does not fit"));
        }
        let count = if query.single { 1 } else { query.len_max / ENTRY_LEN };
        let given = rest.iter().take(count);
        points.given += given.len();
        let write = |fields: Fields, (tag, file): &(u32, u64)| fields.u64(*file).u32(*tag).u32(0);
        Ok(Information::whole(given.fold(Fields::default(), write).done()))
    }

    /// Every reparse point below the root, each file once whatever its names, in the order of the index's key: tag, then
    /// file. What goes away during the walk, or may not be looked at, is not among them.
    fn reparse_points(&self) -> Result<BTreeSet<(u32, u64)>, Refusal> {
        let mut found = BTreeSet::new();
        let mut directories = vec![self.host.root()];
        while let Some(directory) = directories.pop() {
            for entry in passing(self.host.entries(&directory))?.unwrap_or_default() {
                let Some(node) = passing(self.host.open_entry(&directory, &entry.name))? else { continue };
                let Some(meta) = passing(self.meta(&node))? else { continue };
                found.extend(meta.point.map(|point| (point.tag.0, meta.stat.id.inode)));
                if meta.is_directory() {
                    directories.push(node);
                }
            }
        }
        Ok(found)
    }
}

/// A failure that concerns one object only is passed over.
fn passing<T>(result: Result<T, HostError>) -> Result<Option<T>, Refusal> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(HostError { fault: HostFault::NotFound | HostFault::Denied | HostFault::Link, .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The tag that a pattern names: its bytes, zero-padded to four; `None` for an empty pattern.
fn tag_of(pattern: &[u16]) -> Result<Option<u32>, Refusal> {
    if !pattern.len().is_multiple_of(2) {
        return Err(Refusal::parameter("a pattern of tags is a multiple of four bytes long"));
    }
    let (Some(low), high) = (pattern.first(), pattern.get(1).copied().unwrap_or_default()) else {
        return Ok(None);
    };
    Ok(Some(u32::from(*low) | u32::from(high) << 16))
}

#[cfg(test)]
mod tests {
    use super::is_reparse_index;

    #[test]
    fn the_index_is_opened_by_its_full_path_in_any_case() {
        let is = |path: &str| is_reparse_index(&path.encode_utf16().collect::<Vec<_>>());
        assert!(
            is("\\$Extend\\$Reparse:$R:$INDEX_ALLOCATION") && is("$extend\\$reparse:$r:$index_allocation")
        );
        assert!(!is("\\$Extend\\$Reparse") && !is("\\a\\$Extend\\$Reparse:$R:$INDEX_ALLOCATION"));
    }
}
