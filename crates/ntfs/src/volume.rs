//! An open volume: its geometry, and the records of its MFT.
use crate::boot::Boot;
use crate::error::{Error, Fault, Place, Refused, Result};
use crate::fields::size;
use crate::file_name::FileName;
use crate::medium::Medium;
use crate::pages::Pages;
use crate::record::Record;
use crate::stream::{Clusters, Stream};
use crate::upcase::UpCase;
use nt::Utf16;
use std::cmp::Ordering;
use std::sync::{Arc, PoisonError, RwLock};

/// A volume that nobody has mounted.
///
/// Reading takes `&self`. What changes the volume takes `&mut self`, happens whole or not at all, and leaves an undo
/// journal beside the image.
pub struct Volume<M> {
    pub(crate) pages: Pages<M>,
    pub(crate) boot: Boot,
    pub(crate) mft: RwLock<Arc<Clusters>>,
    /// Where the copy of the first records is.
    pub(crate) mirror: Clusters,
    pub(crate) bitmap: Stream,
    pub(crate) upcase: UpCase,
    pub(crate) state: VolumeState,
    /// Why the volume is not written, when it is not.
    pub(crate) locked: Option<Refused>,
    /// Bytes of the undo journals of what was changed since the volume was opened.
    pub(crate) session_bytes: u64,
}

/// What `$Volume` says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VolumeState {
    /// Major and minor version.
    pub version: (u8, u8),
    /// Marked dirty.
    pub is_dirty: bool,
    /// The flags, whole.
    pub flags: u16,
    /// Where the flags lie on the volume: in the MFT, and in its mirror.
    pub(crate) flag_offsets: Vec<u64>,
}

impl<M: Medium> Volume<M> {
    /// The geometry.
    pub fn boot(&self) -> &Boot {
        &self.boot
    }

    /// What `$Volume` says.
    pub fn state(&self) -> &VolumeState {
        &self.state
    }

    /// Why the volume cannot be changed, if it cannot.
    pub fn write_refusal(&self) -> Option<&Refused> {
        self.locked.as_ref()
    }

    /// The image.
    pub fn medium(&self) -> &M {
        self.pages.medium()
    }

    pub(crate) fn require_writable(&self) -> Result<()> {
        self.locked.clone().map_or(Ok(()), |refused| Err(Error::Refused(refused)))
    }

    pub(crate) fn mft(&self) -> Arc<Clusters> {
        Arc::clone(&self.mft.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_mft(&self, clusters: Clusters) {
        *self.mft.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(clusters);
    }

    /// Records that the MFT has room for.
    pub fn record_count(&self) -> u64 {
        let sizes = self.mft().sizes;
        sizes.initialized.min(sizes.data) / self.boot.record as u64
    }

    /// A record, in use or not.
    pub(crate) fn record(&self, number: u64) -> Result<Record> {
        self.record_by(number, |offset, bytes| self.read_clusters(&self.mft(), offset, bytes))
    }

    /// The same, and its page is not kept: for a file of very many that is looked at once.
    pub(crate) fn record_through(&self, number: u64) -> Result<Record> {
        self.record_by(number, |offset, bytes| self.read_mft_through(offset, bytes))
    }

    fn record_by(&self, number: u64, read: impl FnOnce(u64, &mut [u8]) -> Result<()>) -> Result<Record> {
        let damaged = |fault: Fault| fault.at(Place::Record(number));
        if number >= self.record_count() {
            return Err(damaged(Fault("the MFT has no such record")));
        }
        let mut bytes = vec![0; self.boot.record];
        read(number * self.boot.record as u64, &mut bytes)?;
        Record::decode(number, bytes).map_err(damaged)
    }

    /// Writes a record, and its copy in the mirror when it has one.
    pub(crate) fn write_record(&self, record: &Record) -> Result<()> {
        let number = record.number;
        let bytes = record.encode().map_err(|fault| fault.at(Place::Record(number)))?;
        let offset = number * self.boot.record as u64;
        self.write_clusters(&self.mft(), offset, &bytes)?;
        if offset + bytes.len() as u64 <= self.mirror.sizes.data {
            self.write_clusters(&self.mirror, offset, &bytes)?;
        }
        Ok(())
    }

    /// COLLATION_FILE_NAME, of two `$FILE_NAME` values.
    pub(crate) fn collate_names(&self, a: &[u8], b: &[u8]) -> Ordering {
        self.upcase.collate(&name_of(a), &name_of(b))
    }

    /// Where a stretch of the MFT lies on the volume, if it is in one piece.
    pub(crate) fn mft_offset(&self, offset: u64, len: u64) -> std::result::Result<u64, Fault> {
        contiguous(&self.mft(), offset, len, self.boot.cluster)
    }
}

pub(crate) fn contiguous(
    clusters: &Clusters,
    offset: u64,
    len: u64,
    cluster: u64,
) -> std::result::Result<u64, Fault> {
    match clusters.pieces(offset, len, cluster)?.as_slice() {
        [(Some(at), _)] => Ok(*at),
        _ => Err(Fault("metadata that must be in one piece is not")),
    }
}

/// The name in a `$FILE_NAME` value; none in bytes that are no such value.
pub(crate) fn name_of(value: &[u8]) -> Utf16 {
    FileName::decode(value).map(|name| name.name).unwrap_or_default()
}

/// Reads a stretch of the volume as a number of bytes that memory can hold.
pub(crate) fn length(value: u64) -> Result<usize> {
    size(value).map_err(|fault| fault.at(Place::BootSector))
}
