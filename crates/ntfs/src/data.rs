//! Data streams, to be read only: what stands behind a reparse point where it is on this volume.
use crate::attribute::{DATA, View};
use crate::error::{Error, Fault, Result};
use crate::file::File;
use crate::medium::Medium;
use crate::reference::FileRef;
use crate::stream::Stream;
use crate::volume::Volume;
use nt::Utf16;

/// A data stream of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DataStream {
    /// Its name; empty for the file's data.
    pub name: Utf16,
    /// Its length in bytes.
    pub len: u64,
    /// Bytes of it that have clusters, or lie in the file's record; the rest is holes, which read as zeros.
    pub present: u64,
    /// Compressed or encrypted by NTFS itself, which is not read here.
    pub is_encoded: bool,
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
        let is_encoded = first.is_encoded();
        let len = first.sizes().map_err(|fault| file.corrupt(fault))?.data;
        let present = if first.is_resident() {
            len
        } else {
            let parts = file.attributes.iter().map(|attribute| attribute.view());
            let mut clusters = 0u64;
            for part in parts.filter(|part| part.kind() == DATA && part.name() == name) {
                let runs = part.runs(self.boot.clusters).map_err(|fault| file.corrupt(fault))?;
                clusters += runs.iter().filter(|run| run.lcn.is_some()).map(|run| run.len).sum::<u64>();
            }
            clusters.saturating_mul(self.boot.cluster).min(len)
        };
        Ok(DataStream { name, len, present, is_encoded })
    }

    /// Reads a stream of a file at an offset; fewer bytes only at its end. Holes read as zeros. Refused when NTFS itself
    /// compressed or encrypted the stream, and when there is none of this name.
    pub fn read_data(&self, file: FileRef, name: &str, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let file = self.file(file)?;
        let first = file.find(DATA, name).map(|attribute| attribute.view());
        if first.is_some_and(View::is_encoded) {
            return Err(Error::NotSupported("data that NTFS itself compressed or encrypted"));
        }
        let stream: Option<Stream> = file.stream(DATA, name, self.boot.clusters)?;
        let stream = stream.ok_or_else(|| file.corrupt(Fault("the file has no such stream")))?;
        let rest = stream.len().saturating_sub(offset);
        let take = usize::try_from(rest).unwrap_or(usize::MAX).min(buffer.len());
        let (part, _) = buffer.split_at_mut(take);
        if take > 0 {
            self.read_stream(&stream, offset, part)?;
        }
        Ok(take)
    }
}
