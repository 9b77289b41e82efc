//! Clusters, taken from `$Bitmap` and given back, and attributes that grow by them.
use crate::attribute::{Attribute, DATA, Sizes};
use crate::error::{Error, Fault, Place, Result, Why};
use crate::fields::size;
use crate::file::File;
use crate::medium::Medium;
use crate::reference::{BITMAP, MFT};
use crate::runs::Run;
use crate::stream::{Clusters, Stream};
use crate::volume::Volume;
use nt::NtStatus;

/// Bytes of the bitmap that are looked at together.
const STRETCH: u64 = 64 * 1024;
/// More pieces than this are not gathered for one request.
const PIECES_MAX: usize = 4096;

/// Free clusters: where each piece begins, and how long it is.
struct Free {
    pieces: Vec<(u64, u64)>,
    /// There are more.
    is_cut: bool,
}

/// Keeps a piece, if it is one; false when there are too many already.
fn keep(pieces: &mut Vec<(u64, u64)>, (lcn, len): (u64, u64), unit: u64) -> bool {
    let len = len - len % unit;
    let keeps = pieces.len() < PIECES_MAX;
    if len > 0 && keeps {
        pieces.push((lcn, len));
    }
    keeps || len == 0
}

impl<M: Medium> Volume<M> {
    fn bitmap_clusters(&self) -> Result<&Clusters> {
        match &self.bitmap {
            Stream::Clusters(clusters) if clusters.sizes.initialized >= self.boot.clusters.div_ceil(8) => {
                Ok(clusters)
            }
            _ => Err(Fault("$Bitmap is shorter than the volume").at(Place::Record(BITMAP))),
        }
    }

    /// Takes clusters: in one piece if there is one long enough, in the first pieces there are otherwise. They are
    /// numbered from `vcn` on in the attribute that they are for. Each piece is a multiple of `unit` clusters, and so is
    /// `count`.
    pub(crate) fn take_clusters(&self, count: u64, vcn: u64, unit: u64) -> Result<Vec<Run>> {
        let free = self.free_pieces(count, unit)?;
        let mut runs: Vec<Run> = Vec::new();
        let mut missing = count;
        for (lcn, len) in free.pieces {
            let len = len.min(missing);
            if missing > 0 {
                runs.push(Run { vcn: vcn + (count - missing), len, lcn: Some(lcn) });
            }
            missing -= len;
        }
        match missing {
            0 => runs.iter().try_for_each(|run| self.mark_clusters(run, true)).map(|()| runs),
            _ if free.is_cut => Err(Error::NotSupported("free space in more pieces than are looked at")),
            _ => Err(Error::request(NtStatus::DISK_FULL, Why::Full)),
        }
    }

    /// The first free piece that is long enough; without one, the first pieces there are.
    fn free_pieces(&self, count: u64, unit: u64) -> Result<Free> {
        let bitmap = self.bitmap_clusters()?;
        let (mut pieces, mut is_cut) = (Vec::new(), false);
        let mut piece: (u64, u64) = (0, 0);
        let bytes = self.boot.clusters.div_ceil(8);
        for from in (0..bytes).step_by(64 * 1024) {
            let mut stretch =
                vec![0; size(STRETCH.min(bytes - from)).map_err(|f| f.at(Place::Record(BITMAP)))?];
            self.read_clusters(bitmap, from, &mut stretch)?;
            for (at, byte) in (from..).zip(&stretch).filter(|(_, byte)| **byte != 0xFF) {
                for lcn in (0..8).filter(|bit| byte >> bit & 1 == 0).map(|bit| at * 8 + bit) {
                    if lcn >= self.boot.clusters {
                        break;
                    }
                    if piece.0 + piece.1 == lcn && piece.1 > 0 {
                        piece.1 += 1;
                    } else {
                        is_cut |= !keep(&mut pieces, piece, unit);
                        piece = (lcn, 1);
                    }
                    if piece.1 >= count {
                        return Ok(Free { pieces: vec![piece], is_cut: false });
                    }
                }
            }
        }
        is_cut |= !keep(&mut pieces, piece, unit);
        Ok(Free { pieces, is_cut })
    }

    fn mark_clusters(&self, run: &Run, used: bool) -> Result<()> {
        let bitmap = self.bitmap_clusters()?;
        let Some(lcn) = run.lcn else { return Ok(()) };
        let (first, last) = (lcn / 8, (lcn + run.len - 1) / 8);
        let mut bytes = vec![0; size(last - first + 1).map_err(|fault| fault.at(Place::Record(BITMAP)))?];
        self.read_clusters(bitmap, first, &mut bytes)?;
        for (at, byte) in (first..).zip(&mut bytes) {
            for bit in (0..8).filter(|bit| (lcn..lcn + run.len).contains(&(at * 8 + bit))) {
                if (*byte >> bit & 1 != 0) == used {
                    return Err(Fault("$Bitmap disagrees with what a file says").at(Place::Record(BITMAP)));
                }
                *byte ^= 1 << bit;
            }
        }
        self.write_clusters(bitmap, first, &bytes)
    }

    /// Gives clusters back.
    pub(crate) fn free_clusters(&self, runs: &[Run]) -> Result<()> {
        runs.iter().try_for_each(|run| self.mark_clusters(run, false))
    }

    /// A value in clusters of its own.
    pub(crate) fn nonresident(&self, kind: u32, name: &str, value: &[u8]) -> Result<Attribute> {
        let len = value.len() as u64;
        let count = len.div_ceil(self.boot.cluster).max(1);
        let runs = self.take_clusters(count, 0, 1)?;
        let sizes = Sizes { allocated: count * self.boot.cluster, data: len, initialized: len };
        let clusters = Clusters { runs, sizes };
        // What is behind the value in its last cluster is nobody's old data.
        let mut padded = value.to_vec();
        padded.resize(size(sizes.allocated).map_err(|fault| fault.at(Place::Record(BITMAP)))?, 0);
        self.write_clusters(&clusters, 0, &padded)?;
        Attribute::nonresident(kind, name, &clusters.runs, sizes)
            .map_err(|fault| fault.at(Place::Record(BITMAP)))
    }

    /// Makes a non-resident attribute longer by zeroes; one that is missing is made.
    pub(crate) fn grow(&self, file: &mut File, kind: u32, name: &str, bytes: u64) -> Result<()> {
        let number = file.number();
        let damaged = |fault: Fault| fault.at(Place::Record(number));
        let clusters = match file.stream(kind, name, self.boot.clusters)? {
            None => {
                let zeroes = vec![0; size(bytes).map_err(damaged)?];
                file.attributes.push(self.nonresident(kind, name, &zeroes)?);
                return Ok(());
            }
            Some(Stream::Resident(_)) => {
                return Err(damaged(Fault("an attribute is resident that never is")));
            }
            Some(Stream::Clusters(clusters)) => clusters,
        };
        let before = clusters.sizes;
        let data = before.data.checked_add(bytes).ok_or(damaged(Fault("an attribute beyond any size")))?;
        let end = clusters.runs.last().map_or(0, |run| run.vcn + run.len);
        let more = data.div_ceil(self.boot.cluster).saturating_sub(end);
        // A record of the MFT that lies in two pieces is beyond some readers, libfsntfs among them.
        let is_mft = number == MFT && kind == DATA;
        let unit = if is_mft { (self.boot.record as u64 / self.boot.cluster).max(1) } else { 1 };
        let taken = if more > 0 { self.take_clusters(more, end, unit)? } else { Vec::new() };
        let mut parts = file
            .attributes
            .iter_mut()
            .filter(|attribute| attribute.view().is(kind, name))
            .collect::<Vec<_>>();
        parts.sort_by_key(|part| part.view().lowest_vcn());
        if let Some(last) = parts.last_mut().filter(|_| !taken.is_empty()) {
            let mut runs = last.view().runs(self.boot.clusters).map_err(damaged)?;
            runs.extend(&taken);
            last.set_runs(&runs).map_err(damaged)?;
        }
        let sizes = Sizes { allocated: (end + more) * self.boot.cluster, data, initialized: data };
        if let Some(first) = parts.first_mut() {
            first.set_sizes(sizes).map_err(damaged)?;
            first.add_to_total(more * self.boot.cluster).map_err(damaged)?;
        }
        let grown = Clusters { runs: [clusters.runs, taken].concat(), sizes };
        let from = before.initialized;
        self.write_clusters(&grown, from, &vec![0; size(data - from).map_err(damaged)?])
    }
}
