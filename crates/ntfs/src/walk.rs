//! Every reparse point of the volume: from the index that NTFS keeps of them, or by reading the whole MFT.
use crate::attribute::REPARSE_POINT;
use crate::error::{Error, Fault, Place, Result};
use crate::fields::{u32_at, u64_at};
use crate::index::{Index, Walk};
use crate::medium::Medium;
use crate::record::Record;
use crate::reference::FileRef;
use crate::volume::{Volume, length};
use reparse::Tag;

/// Bytes of the MFT that are read at once.
const CHUNK: u64 = 1 << 20;
/// In an entry of a view, where the data would be: behind the key.
pub(crate) const R_DATA_AT: u64 = 0x1C;
/// Bytes of a key of `$R`: the tag, and the file's reference.
pub(crate) const R_KEY_LEN: usize = 12;

/// A reparse point, and whose it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct FoundPoint {
    /// The tag.
    pub tag: Tag,
    /// The file.
    pub file: FileRef,
    /// The record is not in use: the file was deleted, and what is left of it is seen.
    pub is_deleted: bool,
}

/// What a walk of the MFT shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct WalkOptions {
    /// Records that are not in use are looked at as well.
    pub deleted: bool,
}

impl<M: Medium> Volume<M> {
    /// Every reparse point by `$Extend\$Reparse:$R`, by tag and then by file, in time that does not depend on how many
    /// other files there are. `None` when the volume has no such index.
    pub fn reparse_points(&self) -> Result<Option<ReparsePoints<'_, M>>> {
        let index = self.reparse_index()?;
        Ok(index.map(|index| ReparsePoints { index, walk: Walk::default(), done: false }))
    }

    /// Every reparse point by reading the whole MFT, in the order of records. A record that cannot be read is an error
    /// among the items, and the walk goes on behind it.
    pub fn walk(&self, options: WalkOptions) -> MftWalk<'_, M> {
        MftWalk { volume: self, options, next: 0, chunk: Vec::new(), chunk_first: 0 }
    }
}

/// The reparse points of `$R`.
pub struct ReparsePoints<'v, M> {
    index: Index<'v, M>,
    walk: Walk,
    done: bool,
}

impl<M: Medium> Iterator for ReparsePoints<'_, M> {
    type Item = Result<FoundPoint>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.index.next(&mut self.walk).and_then(|entry| {
            let point = entry.map(|entry| decode_key(entry.key()));
            point.transpose().map_err(|fault| self.index.file.corrupt(fault))
        });
        self.done = !matches!(next, Ok(Some(_)));
        next.transpose()
    }
}

pub(crate) fn decode_key(key: &[u8]) -> std::result::Result<FoundPoint, Fault> {
    if key.len() != R_KEY_LEN {
        return Err(Fault("a key of $R has another length"));
    }
    let (tag, file) = (Tag(u32_at(key, 0)?), FileRef(u64_at(key, 4)?));
    Ok(FoundPoint { tag, file, is_deleted: false })
}

pub(crate) fn encode_key(tag: Tag, file: FileRef) -> [u8; R_KEY_LEN] {
    let mut key = [0; R_KEY_LEN];
    let parts = tag.0.to_le_bytes().into_iter().chain(file.0.to_le_bytes());
    key.iter_mut().zip(parts).for_each(|(place, byte)| *place = byte);
    key
}

/// The reparse points of the MFT.
pub struct MftWalk<'v, M> {
    volume: &'v Volume<M>,
    options: WalkOptions,
    next: u64,
    chunk: Vec<u8>,
    chunk_first: u64,
}

impl<M: Medium> MftWalk<'_, M> {
    fn record_len(&self) -> u64 {
        self.volume.boot.record as u64
    }

    fn raw(&mut self, number: u64) -> Result<&[u8]> {
        let per_chunk = (CHUNK / self.record_len()).max(1);
        if self.chunk.is_empty() || number - self.chunk_first >= per_chunk {
            let last = self.volume.record_count().min(number + per_chunk);
            let mut bytes = vec![0; length((last - number) * self.record_len())?];
            self.volume.read_mft_through(number * self.record_len(), &mut bytes)?;
            (self.chunk, self.chunk_first) = (bytes, number);
        }
        let at = length((number - self.chunk_first) * self.record_len())?;
        let bytes = self.chunk.get(at..at + self.volume.boot.record);
        bytes.ok_or(Fault("a record went missing").at(Place::Record(number)))
    }

    /// A record that is in use, or may be looked at otherwise.
    fn look(&mut self, number: u64) -> Result<Option<Record>> {
        let deleted_too = self.options.deleted;
        let bytes = self.raw(number)?;
        // A record that was never used, or that chkdsk gave up.
        if !bytes.starts_with(crate::record::SIGNATURE) {
            return Ok(None);
        }
        let is_deleted = bytes.get(0x16).is_some_and(|flags| flags & 1 == 0);
        if is_deleted && !deleted_too {
            return Ok(None);
        }
        match Record::decode(number, bytes.to_vec()) {
            Ok(record) => Ok(Some(record)),
            Err(_) if is_deleted => Ok(None),
            Err(fault) => Err(fault.at(Place::Record(number))),
        }
    }

    /// The next record; after an error of the medium none.
    pub(crate) fn next_record(&mut self) -> Option<Result<Record>> {
        while self.next < self.volume.record_count() {
            let number = self.next;
            self.next += 1;
            match self.look(number) {
                Ok(None) => {}
                Ok(Some(record)) => return Some(Ok(record)),
                Err(error) => {
                    if matches!(error, Error::Io { .. }) {
                        self.next = u64::MAX;
                    }
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

impl<M: Medium> Volume<M> {
    /// The reparse point of a record, if it has one.
    pub(crate) fn point_of(&self, record: &Record) -> Result<Option<FoundPoint>> {
        let is_deleted = !record.is_in_use();
        let extension_of = record.base();
        for view in record.attributes() {
            let view = match view {
                Ok(view) => view,
                Err(_) if is_deleted => return Ok(None),
                Err(fault) => return Err(fault.at(Place::Record(record.number))),
            };
            if view.kind() != REPARSE_POINT || view.lowest_vcn() != 0 {
                continue;
            }
            let file = if extension_of.0 == 0 { record.reference() } else { extension_of };
            return match self.tag_of(view) {
                Ok(tag) => Ok(Some(FoundPoint { tag, file, is_deleted })),
                // The clusters of a deleted file may hold anything by now.
                Err(_) if is_deleted => Ok(None),
                Err(error) => Err(error),
            };
        }
        Ok(None)
    }

    /// The tag that a `$REPARSE_POINT` begins with.
    fn tag_of(&self, view: crate::attribute::View<'_>) -> Result<Tag> {
        let place = Place::Offset(0);
        let stream =
            crate::stream::Stream::of(vec![view], self.boot.clusters).map_err(|fault| fault.at(place))?;
        let mut tag = [0; 4];
        self.read_stream(&stream, 0, &mut tag)?;
        Ok(Tag(u32::from_le_bytes(tag)))
    }

    /// Bytes of the MFT, keeping nothing of them in memory.
    pub(crate) fn read_mft_through(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let pieces = self.mft().pieces(offset, buffer.len() as u64, self.boot.cluster);
        let mut rest = buffer;
        for (at, len) in pieces.map_err(|fault| fault.at(Place::Record(crate::reference::MFT)))? {
            let (part, after) = rest.split_at_mut(length(len)?);
            match at {
                Some(at) => self.pages.read_through(at, part)?,
                None => part.fill(0),
            }
            rest = after;
        }
        Ok(())
    }
}

impl<M: Medium> Iterator for MftWalk<'_, M> {
    type Item = Result<FoundPoint>;

    fn next(&mut self) -> Option<Self::Item> {
        while let Some(record) = self.next_record() {
            if let Some(point) = record.and_then(|record| self.volume.point_of(&record)).transpose() {
                return Some(point);
            }
        }
        None
    }
}
