//! Data streams, to be read only: what stands behind a reparse point where it is on this volume.
use crate::attribute::{Attribute, DATA, View};
use crate::error::{Error, Fault, Place, Result};
use crate::fields::size;
use crate::file::File;
use crate::medium::Medium;
use crate::reference::FileRef;
use crate::stream::{Clusters, Stream};
use crate::volume::Volume;
use nt::Utf16;

/// A data stream of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DataStream {
    /// Its name; empty for the file's data.
    pub name: Utf16,
    /// Its length in bytes.
    pub len: u64,
    /// Bytes of it that have clusters, or lie in the file's record; the rest is holes, which read as zeros. Of a
    /// compressed stream, what its clusters decode to.
    pub present: u64,
    /// How NTFS keeps it.
    pub form: DataForm,
    /// It lies in the file's record.
    pub is_resident: bool,
}

/// How NTFS keeps a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DataForm {
    /// As it is.
    Plain,
    /// Compressed by NTFS itself, LZNT1. It is decoded when read.
    Compressed,
    /// Encrypted by EFS. It is not read: the key is not on the volume, or under a user's own.
    Encrypted,
}

impl<M: Medium> Volume<M> {
    /// Every data stream of a file, the unnamed one among them.
    pub fn streams(&self, file: FileRef) -> Result<Vec<DataStream>> {
        let file = self.file(file)?;
        let firsts: Vec<View<'_>> = file
            .attributes
            .iter()
            .map(|attribute| attribute.view())
            .filter(|view| view.kind() == DATA && view.lowest_vcn() == 0)
            .collect();
        firsts.into_iter().map(|first| self.data_stream(&file, first)).collect()
    }

    fn data_stream(&self, file: &File, first: View<'_>) -> Result<DataStream> {
        let name = first.name();
        let form = form_of(first);
        let len = first.sizes().map_err(|fault| file.corrupt(fault))?.data;
        let parts = file.attributes.iter().map(|attribute| attribute.view());
        let parts = parts.filter(|part| part.kind() == DATA && part.name() == name).collect();
        let stored = Stream::stored(parts, self.boot.clusters).map_err(|fault| file.corrupt(fault))?;
        let present = match &stored {
            Stream::Clusters(clusters) => self.present(clusters, unit_of(first)).min(len),
            Stream::Resident(_) => len,
        };
        Ok(DataStream { name, len, present, form, is_resident: first.is_resident() })
    }

    /// Bytes that have clusters; with units, those of each unit that has any.
    fn present(&self, clusters: &Clusters, unit: Option<u64>) -> u64 {
        let unit = unit.unwrap_or(1).max(1);
        let (mut counted_to, mut present) = (0u64, 0u64);
        for run in clusters.runs.iter().filter(|run| run.lcn.is_some()) {
            let first = (run.vcn - run.vcn % unit).max(counted_to);
            let end = (run.vcn + run.len).div_ceil(unit).saturating_mul(unit);
            present = present.saturating_add(end.saturating_sub(first));
            counted_to = counted_to.max(end);
        }
        present.saturating_mul(self.boot.cluster)
    }

    /// Reads a stream of a file at an offset; fewer bytes only at its end. Holes read as zeros, and what NTFS compressed
    /// is decoded. Refused when the stream is encrypted, and when there is none of this name.
    pub fn read_data(&self, file: FileRef, name: &str, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        self.read_data_of(&self.file(file)?, name, offset, buffer)
    }

    pub(crate) fn read_data_of(
        &self,
        file: &File,
        name: &str,
        offset: u64,
        buffer: &mut [u8],
    ) -> Result<usize> {
        let missing = || file.corrupt(Fault("the file has no such stream"));
        let parts: Vec<View<'_>> =
            file.attributes.iter().map(Attribute::view).filter(|view| view.is(DATA, name)).collect();
        let first = parts.iter().copied().find(|part| part.lowest_vcn() == 0).ok_or_else(missing)?;
        let unit = match form_of(first) {
            DataForm::Encrypted => {
                return Err(Error::NotSupported(
                    "data that is encrypted by EFS, under a key that is not here",
                ));
            }
            DataForm::Compressed => unit_of(first),
            DataForm::Plain => None,
        };
        let stream = Stream::stored(parts, self.boot.clusters).map_err(|fault| file.corrupt(fault))?;
        let rest = stream.len().saturating_sub(offset);
        let take = usize::try_from(rest).unwrap_or(usize::MAX).min(buffer.len());
        let (part, _) = buffer.split_at_mut(take);
        match (&stream, unit) {
            _ if take == 0 => {}
            (Stream::Clusters(clusters), Some(unit)) => {
                self.read_units(file, clusters, unit, offset, part)?
            }
            (Stream::Clusters(clusters), None) => self.read_plain(clusters, offset, part)?,
            (Stream::Resident(_), _) => self.read_stream(&stream, offset, part)?,
        }
        Ok(take)
    }

    /// As [`read_clusters`](Volume::read_clusters), keeping nothing of it in memory.
    fn read_plain(&self, clusters: &Clusters, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let initialized = clusters.sizes.initialized.saturating_sub(offset).min(buffer.len() as u64);
        let initialized = size(initialized).map_err(|fault| fault.at(Place::Offset(offset)))?;
        let (real, beyond) = buffer.split_at_mut(initialized);
        beyond.fill(0);
        self.read_stored(clusters, offset, real)
    }

    /// The bytes that clusters hold, whatever they mean; zeros in holes.
    pub(crate) fn read_stored(&self, clusters: &Clusters, offset: u64, mut buffer: &mut [u8]) -> Result<()> {
        let damaged = |fault: Fault| fault.at(Place::Offset(offset));
        let pieces = clusters.pieces(offset, buffer.len() as u64, self.boot.cluster).map_err(damaged)?;
        for (at, len) in pieces {
            let (part, rest) = std::mem::take(&mut buffer).split_at_mut(size(len).map_err(damaged)?);
            match at {
                Some(at) => self.pages.read_through(at, part)?,
                None => part.fill(0),
            }
            buffer = rest;
        }
        Ok(())
    }
}

fn form_of(first: View<'_>) -> DataForm {
    match (first.is_encrypted(), first.is_compressed()) {
        (true, _) => DataForm::Encrypted,
        (false, true) => DataForm::Compressed,
        (false, false) => DataForm::Plain,
    }
}

/// Clusters that are compressed together.
fn unit_of(first: View<'_>) -> Option<u64> {
    let is_compressed = first.is_compressed() && !first.is_resident();
    is_compressed.then(|| 1u64.checked_shl(first.unit_shift().into()).unwrap_or(u64::MAX))
}
