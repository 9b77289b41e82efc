//! The image that the NTFS targets damage: a small volume of mkntfs's, filled through ntfs-3g and by ourselves, kept as
//! runs of bytes. `cargo run -p pointsman-fuzz --bin ntfs_fixture` makes it anew.
use ntfs::{Journal, Medium};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// Literal bytes shorter than this are not interrupted for a run.
const RUN_MIN: usize = 16;
const SECTOR: u64 = 512;
const SECTOR_LEN: usize = 512;

static FIXTURE: &[u8] = include_bytes!("../fixtures/ntfs.runs");

/// The whole image.
pub static IMAGE: LazyLock<Arc<[u8]>> = LazyLock::new(|| unpack(FIXTURE).into());

/// Numbers that follow one another, as $UpCase has them, are a run too: the next 16-bit number each.
const RAMP: u8 = 2;
const FILL: u8 = 1;
const LITERAL: u8 = 0;

/// Unpacks runs: a kind, a length of four bytes, then what the kind needs. Of a fixture of our own, so it is trusted.
pub fn unpack(mut packed: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some((head, rest)) = packed.split_first_chunk::<5>() {
        let [kind, len @ ..] = *head;
        let len = usize::try_from(u32::from_le_bytes(len)).unwrap_or(0);
        let taken = match kind {
            LITERAL => {
                out.extend_from_slice(rest.get(..len).unwrap_or_default());
                len
            }
            FILL => {
                out.resize(out.len() + len, rest.first().copied().unwrap_or(0));
                1
            }
            _ => {
                let first = rest.first_chunk::<2>().map_or(0, |pair| u16::from_le_bytes(*pair));
                (0..len / 2).for_each(|at| {
                    let step = u16::try_from(at % 65_536).unwrap_or(0);
                    out.extend_from_slice(&first.wrapping_add(step).to_le_bytes());
                });
                2
            }
        };
        packed = rest.get(taken..).unwrap_or_default();
    }
    out
}

/// Packs an image.
pub fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut literal: Vec<u8> = Vec::new();
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let first = rest.first().copied().unwrap_or(0);
        let same = rest.iter().take_while(|byte| **byte == first).count();
        let pairs = rest.as_chunks::<2>().0;
        let ramp = pairs.windows(2).take_while(|two| match two {
            [a, b] => u16::from_le_bytes(*a).wrapping_add(1) == u16::from_le_bytes(*b),
            _ => false,
        });
        let ramp = 2 * (ramp.count() + 1);
        let (kind, len, what) = if same >= RUN_MIN {
            (FILL, same, vec![first])
        } else if ramp >= RUN_MIN {
            (RAMP, ramp, rest.get(..2).unwrap_or_default().to_vec())
        } else {
            literal.push(first);
            at += 1;
            continue;
        };
        flush(&mut literal, &mut out);
        push(kind, len, &what, &mut out);
        at += len;
    }
    flush(&mut literal, &mut out);
    out
}

fn flush(literal: &mut Vec<u8>, out: &mut Vec<u8>) {
    if !literal.is_empty() {
        push(LITERAL, literal.len(), literal, out);
        literal.clear();
    }
}

fn push(kind: u8, len: usize, what: &[u8], out: &mut Vec<u8>) {
    out.push(kind);
    out.extend_from_slice(&u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(what);
}

/// The image under a layer of sectors that differ. Clones are the same image.
#[derive(Clone, Default)]
pub struct Layered(Arc<Mutex<Layer>>);

#[derive(Default)]
struct Layer {
    sectors: BTreeMap<u64, [u8; SECTOR_LEN]>,
    pending: Option<Vec<u8>>,
    last: Option<Vec<u8>>,
}

impl Layered {
    fn with<T>(&self, act: impl FnOnce(&mut Layer) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The sectors that differ from the fixture, those that only were written without a difference left out.
    pub fn differences(&self) -> BTreeMap<u64, [u8; SECTOR_LEN]> {
        let mut sectors = self.with(|layer| layer.sectors.clone());
        sectors.retain(|number, sector| base(*number) != *sector);
        sectors
    }
}

fn base(number: u64) -> [u8; SECTOR_LEN] {
    let at = usize::try_from(number * SECTOR).unwrap_or(usize::MAX);
    let bytes = IMAGE.get(at..).and_then(|rest| rest.first_chunk::<SECTOR_LEN>());
    bytes.copied().unwrap_or([0; SECTOR_LEN])
}

/// The sectors of a stretch: each with its number, where in it, and the length there.
fn pieces(offset: u64, len: usize) -> io::Result<Vec<(u64, usize, usize)>> {
    let end = offset.checked_add(len as u64).filter(|end| *end <= IMAGE.len() as u64);
    let end = end.ok_or(io::ErrorKind::UnexpectedEof)?;
    let mut out = Vec::new();
    let mut at = offset;
    while at < end {
        let until = end.min((at / SECTOR + 1) * SECTOR);
        let within = usize::try_from(at % SECTOR).unwrap_or(0);
        out.push((at / SECTOR, within, usize::try_from(until - at).unwrap_or(0)));
        at = until;
    }
    Ok(out)
}

impl Medium for Layered {
    fn len(&self) -> u64 {
        IMAGE.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let start = usize::try_from(offset).map_err(|_| io::ErrorKind::UnexpectedEof)?;
        let bytes = start.checked_add(buffer.len()).and_then(|end| IMAGE.get(start..end));
        buffer.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        let end = start + buffer.len();
        self.with(|layer| {
            for (number, sector) in layer.sectors.range(offset / SECTOR..(end as u64).div_ceil(SECTOR)) {
                let at = usize::try_from(number * SECTOR).unwrap_or(usize::MAX);
                let (from, until) = (at.max(start), (at + SECTOR_LEN).min(end));
                let part = sector.get(from - at..until - at).unwrap_or_default();
                let place = buffer.get_mut(from - start..until - start);
                place.into_iter().for_each(|place| place.copy_from_slice(part));
            }
        });
        Ok(())
    }

    fn write_at(&self, offset: u64, mut bytes: &[u8]) -> io::Result<()> {
        let pieces = pieces(offset, bytes.len())?;
        self.with(|layer| {
            for (number, within, len) in pieces {
                let sector = layer.sectors.entry(number).or_insert_with(|| base(number));
                let (part, rest) = bytes.split_at(len);
                sector
                    .get_mut(within..within + len)
                    .into_iter()
                    .for_each(|place| place.copy_from_slice(part));
                bytes = rest;
            }
        });
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }

    fn journal(&self, state: Journal) -> io::Result<Option<Vec<u8>>> {
        Ok(self.with(|layer| match state {
            Journal::Pending => layer.pending.clone(),
            Journal::Last => layer.last.clone(),
        }))
    }

    fn begin(&self, journal: &[u8]) -> io::Result<()> {
        self.with(|layer| layer.pending = Some(journal.to_vec()));
        Ok(())
    }

    fn complete(&self, joins: bool) -> io::Result<()> {
        self.with(|layer| {
            let pending = layer.pending.take().unwrap_or_default();
            match &mut layer.last {
                Some(last) if joins => last.extend_from_slice(&pending),
                last => *last = Some(pending),
            }
        });
        Ok(())
    }

    fn keep_last(&self, len: u64) -> io::Result<()> {
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        self.with(|layer| layer.last.iter_mut().for_each(|last| last.truncate(len)));
        Ok(())
    }

    fn forget(&self, state: Journal) -> io::Result<()> {
        self.with(|layer| match state {
            Journal::Pending => layer.pending = None,
            Journal::Last => layer.last = None,
        });
        Ok(())
    }
}
