//! The bytes of an attribute, wherever they lie.
use crate::attribute::{Sizes, View};
use crate::error::{Place, Result};
use crate::fields::{Fault, size};
use crate::medium::Medium;
use crate::runs::Run;
use crate::volume::Volume;

/// The bytes of an attribute.
#[derive(Clone, Debug)]
pub(crate) enum Stream {
    /// In the record itself.
    Resident(Vec<u8>),
    /// In clusters.
    Clusters(Clusters),
}

/// Where the bytes of a non-resident attribute lie.
#[derive(Clone, Debug)]
pub(crate) struct Clusters {
    pub(crate) runs: Vec<Run>,
    pub(crate) sizes: Sizes,
}

impl Stream {
    /// From all the records that tell of the attribute.
    pub(crate) fn of(parts: Vec<View<'_>>, clusters: u64) -> std::result::Result<Stream, Fault> {
        match parts.iter().any(|part| part.is_encoded() && !part.is_resident()) {
            true => Err(Fault("metadata is compressed or encrypted")),
            false => Stream::stored(parts, clusters),
        }
    }

    /// The same of what may be compressed or encrypted: the bytes as they are stored.
    pub(crate) fn stored(mut parts: Vec<View<'_>>, clusters: u64) -> std::result::Result<Stream, Fault> {
        parts.sort_by_key(|part| part.lowest_vcn());
        let first = parts.first().ok_or(Fault("an attribute is missing"))?;
        if first.is_resident() {
            return Ok(Stream::Resident(first.value()?.to_vec()));
        }
        let sizes = first.sizes()?;
        let mut runs = Vec::new();
        let mut vcn = 0;
        for part in &parts {
            if part.is_resident() || part.lowest_vcn() != vcn {
                return Err(Fault("the parts of an attribute do not join"));
            }
            runs.extend(part.runs(clusters)?);
            vcn = runs.last().map_or(0, |run: &Run| run.vcn + run.len);
        }
        Ok(Stream::Clusters(Clusters { runs, sizes }))
    }

    /// Bytes of the value.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Stream::Resident(bytes) => bytes.len() as u64,
            Stream::Clusters(clusters) => clusters.sizes.data,
        }
    }
}

impl Clusters {
    /// Where a cluster of the attribute lies: its first cluster on the volume, and how many follow it there.
    fn at(&self, vcn: u64) -> std::result::Result<(Option<u64>, u64), Fault> {
        let after = self.runs.partition_point(|run| run.vcn <= vcn);
        let run = after.checked_sub(1).and_then(|index| self.runs.get(index));
        let run =
            run.filter(|run| vcn - run.vcn < run.len).ok_or(Fault("an attribute has no such cluster"))?;
        let within = vcn - run.vcn;
        Ok((run.lcn.map(|lcn| lcn + within), run.len - within))
    }

    /// Cuts a stretch of the attribute into stretches of the volume: each with its offset (`None` in a hole) and length.
    pub(crate) fn pieces(
        &self,
        mut offset: u64,
        mut len: u64,
        cluster: u64,
    ) -> std::result::Result<Vec<(Option<u64>, u64)>, Fault> {
        let mut out = Vec::new();
        while len > 0 {
            let within = offset % cluster;
            let (lcn, there) = self.at(offset / cluster)?;
            let take = len.min((there * cluster).saturating_sub(within));
            out.push((lcn.map(|lcn| lcn * cluster + within), take));
            offset += take;
            len -= take;
        }
        Ok(out)
    }
}

impl<M: Medium> Volume<M> {
    /// Fills the buffer from an offset; the whole of it must lie within the stream.
    pub(crate) fn read_stream(&self, stream: &Stream, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let place = Place::Offset(offset);
        let end = offset.checked_add(buffer.len() as u64).filter(|end| *end <= stream.len());
        end.ok_or(Fault("a read past the end of an attribute").at(place))?;
        match stream {
            Stream::Resident(bytes) => {
                let at = size(offset).map_err(|fault| fault.at(place))?;
                buffer.copy_from_slice(bytes.get(at..at + buffer.len()).unwrap_or_default());
                Ok(())
            }
            Stream::Clusters(clusters) => self.read_clusters(clusters, offset, buffer),
        }
    }

    pub(crate) fn read_clusters(&self, clusters: &Clusters, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let initialized = clusters.sizes.initialized.saturating_sub(offset).min(buffer.len() as u64);
        let initialized = size(initialized).map_err(|fault| fault.at(Place::Offset(offset)))?;
        let (mut real, beyond) = buffer.split_at_mut(initialized);
        beyond.fill(0);
        let pieces = clusters.pieces(offset, real.len() as u64, self.boot.cluster);
        for (at, len) in pieces.map_err(|fault| fault.at(Place::Offset(offset)))? {
            let len = size(len).map_err(|fault| fault.at(Place::Offset(offset)))?;
            let (part, rest) = std::mem::take(&mut real).split_at_mut(len);
            match at {
                Some(at) => self.pages.read(at, part)?,
                None => part.fill(0),
            }
            real = rest;
        }
        Ok(())
    }

    /// The whole of a stream that is no longer than `most`.
    pub(crate) fn read_whole(&self, stream: &Stream, most: u64) -> Result<Vec<u8>> {
        if stream.len() > most {
            return Err(Fault("an attribute is longer than it can be").at(Place::Offset(0)));
        }
        let mut bytes = vec![0; size(stream.len()).map_err(|fault| fault.at(Place::Offset(0)))?];
        self.read_stream(stream, 0, &mut bytes)?;
        Ok(bytes)
    }

    /// Overwrites bytes of a non-resident attribute that has clusters there.
    pub(crate) fn write_clusters(&self, clusters: &Clusters, offset: u64, bytes: &[u8]) -> Result<()> {
        let place = Place::Offset(offset);
        let mut rest = bytes;
        let pieces = clusters.pieces(offset, bytes.len() as u64, self.boot.cluster);
        for (at, len) in pieces.map_err(|fault| fault.at(place))? {
            let (part, after) = rest
                .split_at_checked(size(len).map_err(|fault| fault.at(place))?)
                .ok_or(Fault("a piece longer than the whole").at(place))?;
            let at = at.ok_or(Fault("metadata lies in a hole").at(place))?;
            self.pages.write(at, part)?;
            rest = after;
        }
        Ok(())
    }
}
