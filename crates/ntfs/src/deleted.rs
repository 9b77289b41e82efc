//! What is left of reparse points whose files were deleted: records of the MFT that are not in use still tell names, tag and
//! clusters, until they are used again. A remainder is evidence, not fact: it may be of one file in one part and of another
//! in the next, and clusters that are free in `$Bitmap` may have been used and freed since.
use crate::attribute::{DATA, FILE_NAME, REPARSE_POINT, View};
use crate::error::{Error, Fault, Result};
use crate::fields::size;
use crate::file_name::{FileName, Namespace};
use crate::medium::Medium;
use crate::path::FilePath;
use crate::record::Record;
use crate::reference::FileRef;
use crate::runs::Run;
use crate::stream::Stream;
use crate::volume::Volume;
use crate::walk::{MftWalk, WalkOptions};
use reparse::Tag;

/// A reparse point of a file that was deleted, as far as its records still tell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeletedPoint {
    /// The record that held the file, and its sequence number as it stands now: deletion counts it up.
    pub file: FileRef,
    /// It was a directory.
    pub is_directory: bool,
    /// Every name that is left, short ones among them.
    pub names: Vec<FileName>,
    /// Where the first long name was. Whole when its directory is still the one that it was in.
    pub path: FilePath,
    /// What `$REPARSE_POINT` begins with now.
    pub tag: Tag,
    /// All of its bytes as they are now; cut to what a point can have.
    pub point: Vec<u8>,
    /// Where these bytes are.
    pub point_remains: Remains,
    /// Bytes that the unnamed data stream had.
    pub data_len: u64,
    /// Where they were.
    pub data_remains: Remains,
}

/// What became of the place where an attribute of a deleted file was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Remains {
    /// In the record itself, which is as it was left.
    InRecord,
    /// In clusters of the volume.
    Clusters {
        /// How many.
        clusters: u64,
        /// How many of them `$Bitmap` says to be in use by another file now.
        reused: u64,
    },
    /// There is no such attribute, or it cannot be told where it was.
    Unknown,
}

/// The remains of deleted points, in the order of records.
pub struct DeletedPoints<'v, M> {
    volume: &'v Volume<M>,
    walk: MftWalk<'v, M>,
}

impl<M: Medium> Volume<M> {
    /// What is left of the points of deleted files, by reading the whole MFT. A record that cannot be read at all is passed
    /// over; an error is of the medium, or of a structure that is in use.
    pub fn deleted_points(&self) -> DeletedPoints<'_, M> {
        DeletedPoints { volume: self, walk: self.walk(WalkOptions { deleted: true }) }
    }

    fn deleted_point(&self, record: &Record) -> Result<Option<DeletedPoint>> {
        let Some(point) = first_of(record, REPARSE_POINT) else { return Ok(None) };
        // A file of several records: the first of them has the names, if it is still the one.
        let base = match record.base() {
            FileRef(0) => None,
            base => self.record(base.record()).ok().filter(|base| !base.is_in_use()),
        };
        let base = base.as_ref().unwrap_or(record);
        let Some((bytes, point_remains)) = self.remains_of_point(point)? else { return Ok(None) };
        let Some(tag) = bytes.first_chunk::<4>() else { return Ok(None) };
        let names: Vec<FileName> = base
            .attributes()
            .filter_map(std::result::Result::ok)
            .filter(|view| view.kind() == FILE_NAME)
            .filter_map(|view| view.value().and_then(FileName::decode).ok())
            .collect();
        let data = first_of(base, DATA);
        Ok(Some(DeletedPoint {
            file: base.reference(),
            is_directory: base.is_directory(),
            path: self.path_of_names(&names)?,
            names,
            tag: Tag(u32::from_le_bytes(*tag)),
            point: bytes,
            point_remains,
            data_len: data.and_then(|data| data.sizes().ok()).map_or(0, |sizes| sizes.data),
            data_remains: data.map_or(Ok(Remains::Unknown), |data| self.remains(data))?,
        }))
    }

    /// The bytes where the point was; `None` when they are no longer on the volume.
    fn remains_of_point(&self, point: View<'_>) -> Result<Option<(Vec<u8>, Remains)>> {
        let Ok(stream) = Stream::stored(vec![point], self.boot.clusters) else { return Ok(None) };
        let len = stream.len().min(reparse::LENIENT_BYTES_MAX as u64);
        let mut bytes = vec![0; size(len).unwrap_or(0)];
        match self.read_stream(&stream, 0, &mut bytes) {
            Ok(()) => Ok(Some((bytes, self.remains(point)?))),
            Err(error @ Error::Io { .. }) => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// What became of an attribute's clusters.
    fn remains(&self, view: View<'_>) -> Result<Remains> {
        if view.is_resident() {
            return Ok(Remains::InRecord);
        }
        let Ok(runs) = view.runs(self.boot.clusters) else { return Ok(Remains::Unknown) };
        let real = || runs.iter().filter_map(|run: &Run| run.lcn.map(|lcn| (lcn, run.len)));
        let clusters = real().map(|(_, len)| len).fold(0, u64::saturating_add);
        // More than the volume has is a lie, and would take long to look up.
        if clusters > self.boot.clusters {
            return Ok(Remains::Unknown);
        }
        let mut reused = 0;
        for (lcn, len) in real() {
            reused += self.count_used(lcn, len)?;
        }
        Ok(Remains::Clusters { clusters, reused })
    }

    /// The path that a file had: where its first long name was, or else the first name.
    fn path_of_names(&self, names: &[FileName]) -> Result<FilePath> {
        let long = names.iter().find(|name| name.namespace != Namespace::DOS).or(names.first());
        let Some(name) = long else { return Ok(FilePath::Orphan(Vec::new())) };
        let orphan = FilePath::Orphan(vec![name.name.clone()]);
        let parent = match self.file(name.parent).map(|parent| (parent.is_directory(), parent)) {
            Ok((true, parent)) => parent,
            Err(error @ Error::Io { .. }) => return Err(error),
            Ok((false, _)) | Err(_) => return Ok(orphan),
        };
        match self.path_of_file(parent) {
            Ok(FilePath::Whole(mut path)) => {
                path.push(name.name.clone());
                Ok(FilePath::Whole(path))
            }
            Ok(FilePath::Orphan(mut path)) => {
                path.push(name.name.clone());
                Ok(FilePath::Orphan(path))
            }
            Err(error @ Error::Io { .. }) => Err(error),
            Err(_) => Ok(orphan),
        }
    }
}

/// The first part of an unnamed attribute in a record, of which no byte is trusted.
fn first_of(record: &Record, kind: u32) -> Option<View<'_>> {
    let mut views = record.attributes().map_while(std::result::Result::ok);
    views.find(|view| view.is(kind, "") && view.lowest_vcn() == 0)
}

impl<M: Medium> Iterator for DeletedPoints<'_, M> {
    type Item = Result<DeletedPoint>;

    fn next(&mut self) -> Option<Self::Item> {
        while let Some(record) = self.walk.next_record() {
            let found = match record {
                Ok(record) if record.is_in_use() => continue,
                Ok(record) => self.volume.deleted_point(&record),
                // Records in use are another's business, unless the medium itself fails.
                Err(error @ Error::Io { .. }) => Err(error),
                Err(_) => continue,
            };
            if let Some(found) = found.transpose() {
                return Some(found);
            }
        }
        None
    }
}

/// Bits of a bitmap that are looked at together, in bytes.
const STRETCH: u64 = 64 * 1024;

impl<M: Medium> Volume<M> {
    /// How many of these clusters `$Bitmap` says to be in use.
    fn count_used(&self, first: u64, len: u64) -> Result<u64> {
        let end = first.saturating_add(len).min(self.boot.clusters);
        let damaged = |fault: Fault| fault.at(crate::error::Place::Record(crate::reference::BITMAP));
        let mut used = 0u64;
        let mut at = first;
        while at < end {
            let (byte, last) = (at / 8, (end - 1) / 8);
            let stretch = (last + 1 - byte).min(STRETCH);
            let mut bytes = vec![0; size(stretch).map_err(damaged)?];
            self.read_stream(&self.bitmap, byte, &mut bytes)?;
            let next = ((byte + stretch) * 8).min(end);
            for (number, bits) in (byte..).zip(&bytes) {
                // Bits before the first and behind the last cluster are others'.
                let (low, high) =
                    (at.saturating_sub(number * 8).min(8), next.saturating_sub(number * 8).min(8));
                let mask = (0xFFu16 << low) & 0xFF & ((1u16 << high) - 1);
                used += u64::from((u16::from(*bits) & mask).count_ones());
            }
            at = next;
        }
        Ok(used)
    }
}
