//! What NTFS itself compressed: units of clusters, each of them LZNT1 in fewer clusters, or as it is, or a hole.
use crate::error::{Fault, Result};
use crate::fields::size;
use crate::file::File;
use crate::medium::Medium;
use crate::stream::Clusters;
use crate::volume::Volume;

/// Bytes that are compressed together are 16 clusters of at most 4 KiB; no unit has more than this.
const UNIT_BYTES_MAX: u64 = 1 << 20;

/// How a unit is kept.
enum Unit {
    /// No cluster: zeros.
    Hole,
    /// All of its clusters: the bytes as they are.
    Whole,
    /// So many clusters at its beginning: LZNT1.
    Packed(u64),
}

impl<M: Medium> Volume<M> {
    /// Reads a compressed attribute, which has all of the bytes that are wanted.
    pub(crate) fn read_units(
        &self,
        file: &File,
        clusters: &Clusters,
        unit: u64,
        offset: u64,
        mut buffer: &mut [u8],
    ) -> Result<()> {
        let damaged = |fault: Fault| file.corrupt(fault);
        let unit_bytes = unit.checked_mul(self.boot.cluster).filter(|bytes| *bytes <= UNIT_BYTES_MAX);
        let unit_bytes =
            unit_bytes.ok_or_else(|| damaged(Fault("a compression unit is impossibly large")))?;
        let mut packed = Vec::new();
        let mut plain = vec![0; size(unit_bytes).map_err(damaged)?];
        let mut at = offset;
        while !buffer.is_empty() {
            let number = at / unit_bytes;
            match unit_at(clusters, number * unit, unit).map_err(damaged)? {
                Unit::Hole => plain.fill(0),
                Unit::Whole => self.read_stored(clusters, number * unit_bytes, &mut plain)?,
                Unit::Packed(count) => {
                    packed.resize(size(count * self.boot.cluster).map_err(damaged)?, 0);
                    self.read_stored(clusters, number * unit_bytes, &mut packed)?;
                    xca::lznt1(&packed, &mut plain).map_err(|damage| damaged(Fault(damage.words())))?;
                }
            }
            // What was never written is zeros, whatever the clusters hold.
            let written = clusters.sizes.initialized.saturating_sub(number * unit_bytes).min(unit_bytes);
            let written = size(written).map_err(damaged)?;
            plain.get_mut(written..).unwrap_or_default().fill(0);
            let within = size(at % unit_bytes).map_err(damaged)?;
            let part = plain.get(within..).unwrap_or_default();
            let taken = part.len().min(buffer.len());
            let (place, rest) = std::mem::take(&mut buffer).split_at_mut(taken);
            place.copy_from_slice(part.get(..taken).unwrap_or_default());
            buffer = rest;
            at += taken as u64;
        }
        Ok(())
    }
}

/// What of a unit has clusters. Runs that end within a unit leave the rest of it a hole.
fn unit_at(clusters: &Clusters, first: u64, unit: u64) -> std::result::Result<Unit, Fault> {
    let end = first.checked_add(unit).ok_or(Fault("a compression unit beyond any file"))?;
    let skipped = clusters.runs.partition_point(|run| run.vcn + run.len <= first);
    let mut there = 0;
    for run in clusters.runs.iter().skip(skipped).take_while(|run| run.vcn < end) {
        let (from, to) = (run.vcn.max(first), (run.vcn + run.len).min(end));
        match run.lcn {
            Some(_) if from == first + there => there += to - from,
            Some(_) => return Err(Fault("a compression unit has a hole before its end")),
            None => {}
        }
    }
    Ok(match there {
        0 => Unit::Hole,
        there if there == unit => Unit::Whole,
        there => Unit::Packed(there),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribute::Sizes;
    use crate::runs::Run;

    fn clusters(runs: &[(u64, Option<u64>)]) -> Clusters {
        let mut vcn = 0;
        let runs = runs.iter().map(|(len, lcn)| {
            vcn += len;
            Run { vcn: vcn - len, len: *len, lcn: *lcn }
        });
        Clusters { runs: runs.collect(), sizes: Sizes { allocated: 0, data: 0, initialized: 0 } }
    }

    #[test]
    fn a_unit_is_a_hole_whole_or_packed() {
        let runs = [(16, None), (10, Some(100)), (6, Some(300)), (3, Some(7)), (13, None), (2, Some(9))];
        let clusters = clusters(&runs);
        assert!(matches!(unit_at(&clusters, 0, 16), Ok(Unit::Hole)));
        assert!(matches!(unit_at(&clusters, 16, 16), Ok(Unit::Whole)), "in two fragments");
        assert!(matches!(unit_at(&clusters, 32, 16), Ok(Unit::Packed(3))));
        assert!(matches!(unit_at(&clusters, 48, 16), Ok(Unit::Packed(2))), "the runs end within it");
        assert!(matches!(unit_at(&clusters, 24, 16), Ok(Unit::Packed(11))));
    }

    #[test]
    fn a_hole_in_the_middle_is_damage() {
        let clusters = clusters(&[(4, Some(1)), (4, None), (8, Some(9))]);
        assert!(unit_at(&clusters, 0, 16).is_err());
    }
}
