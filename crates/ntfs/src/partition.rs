//! Where in an image the volume lies: the whole of it, or a partition by MBR or GPT.
use crate::error::{Error, Fault, Place, Refused, Result};
use crate::fields::{bytes_at, size, u8_at, u32_at, u64_at};
use crate::medium::Medium;

/// Which part of an image.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Partition {
    /// The image itself when it begins with a volume, or else its only NTFS partition.
    #[default]
    Only,
    /// A partition by the number that Linux gives it, from 1; logical ones in an extended partition from 5.
    Number(u32),
    /// A volume that begins at this byte.
    Offset(u64),
}

/// A partition of an image.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// Its number.
    pub number: u32,
    /// Its first byte in the image.
    pub offset: u64,
    /// Its bytes.
    pub len: u64,
}

/// Sectors in which partition tables are counted; a disk of 4 KiB sectors is tried with those as well.
const SECTOR_SIZES: [u64; 2] = [512, 4096];
const EXTENDED: [u8; 3] = [0x05, 0x0F, 0x85];
const PROTECTIVE: u8 = 0xEE;
/// Logical partitions that are followed; a chain that is longer runs in a circle.
const LOGICAL_MAX: u32 = 128;
/// GPT has 128 entries; no table has more than this.
const GPT_ENTRIES_MAX: u32 = 1024;
const GPT_ENTRY_MAX: u32 = 4096;

/// Formats with a header of their own, by what they begin with. Some are read where the image is a file.
const FORMATS: [(&[u8], &str); 9] = [
    (b"QFI\xFB", "qcow2"),
    (b"vhdxfile", "vhdx"),
    (b"KDMV", "vmdk"),
    (b"EVF\x09\x0D\x0A\xFF\x00", "E01"),
    (b"conectix", "dynamic vhd"),
    (b"MSWIM\0\0\0", "wim"),
    (b"EVF2\x0D\x0A\x81\0", "Ex01"),
    (b"COWD", "vmdk (COWD)"),
    (b"# Disk DescriptorFile", "vmdk descriptor"),
];

/// Where the volume that is meant lies.
pub(crate) fn locate<M: Medium>(medium: &M, partition: Partition) -> Result<Span> {
    let whole = Span { number: 0, offset: 0, len: medium.len() };
    match partition {
        Partition::Offset(offset) => {
            let len = medium.len().checked_sub(offset).filter(|len| *len >= 512);
            len.map(|len| Span { number: 0, offset, len }).ok_or(Error::Refused(Refused::NoPartition))
        }
        Partition::Number(0) => Ok(whole),
        Partition::Number(number) => {
            let found = partitions(medium)?.into_iter().find(|span| span.number == number);
            found.ok_or(Error::Refused(Refused::NoPartition))
        }
        Partition::Only => only(medium, whole),
    }
}

fn only<M: Medium>(medium: &M, whole: Span) -> Result<Span> {
    let sector = read(medium, 0, 512)?;
    if oem(&sector).is_some() {
        return Ok(whole);
    }
    if let Some((_, name)) = FORMATS.iter().find(|(magic, _)| sector.starts_with(magic)) {
        return Err(Error::Refused(Refused::Format(name)));
    }
    let mut volumes = partitions(medium)?;
    volumes.retain(|span| read(medium, span.offset, 512).is_ok_and(|sector| oem(&sector).is_some()));
    match volumes.as_slice() {
        [] => Err(Error::Refused(Refused::NotNtfs)),
        [only] => Ok(*only),
        many => Err(Error::Refused(Refused::ManyPartitions(many.len()))),
    }
}

/// NTFS or BitLocker, by the name in the boot sector.
fn oem(sector: &[u8]) -> Option<&[u8]> {
    bytes_at(sector, 3, 8)
        .ok()
        .filter(|oem| [b"NTFS    ", b"-FVE-FS-"].contains(&oem.first_chunk().unwrap_or(&[0; 8])))
}

/// Every partition of an image, whatever is in it. An image without a table has none.
pub fn partitions<M: Medium>(medium: &M) -> Result<Vec<Span>> {
    let damaged = |fault: Fault| fault.at(Place::PartitionTable);
    let sector = read(medium, 0, 512)?;
    if bytes_at(&sector, 510, 2).map_err(damaged)? != [0x55, 0xAA] {
        return Ok(Vec::new());
    }
    let entries = mbr_entries(&sector).map_err(damaged)?;
    if entries.iter().any(|entry| entry.kind == PROTECTIVE) {
        for sector_len in SECTOR_SIZES {
            if let Some(spans) = gpt(medium, sector_len)? {
                return Ok(spans);
            }
        }
        return Err(damaged(Fault("the GPT header is missing or damaged")));
    }
    let mut spans = Vec::new();
    for (number, entry) in (1..).zip(&entries) {
        if EXTENDED.contains(&entry.kind) {
            logical(medium, entry.start, &mut spans)?;
        } else if entry.kind != 0 && entry.len != 0 {
            spans.push(Span { number, offset: entry.start * 512, len: entry.len * 512 });
        }
    }
    spans.retain(|span| span.offset + span.len <= medium.len());
    spans.sort_by_key(|span| span.number);
    Ok(spans)
}

struct MbrEntry {
    kind: u8,
    start: u64,
    len: u64,
}

fn mbr_entries(sector: &[u8]) -> std::result::Result<Vec<MbrEntry>, Fault> {
    (0..4)
        .map(|index| {
            let entry = bytes_at(sector, 446 + 16 * index, 16)?;
            Ok(MbrEntry {
                kind: u8_at(entry, 4)?,
                start: u64::from(u32_at(entry, 8)?),
                len: u64::from(u32_at(entry, 12)?),
            })
        })
        .collect()
}

/// Follows the chain of an extended partition: each link has a partition, and where the next link is.
fn logical<M: Medium>(medium: &M, extended: u64, spans: &mut Vec<Span>) -> Result<()> {
    let mut at = extended;
    for number in 5..5 + LOGICAL_MAX {
        let sector = read(medium, at * 512, 512)?;
        let entries = mbr_entries(&sector).map_err(|fault| fault.at(Place::PartitionTable))?;
        let [partition, next, ..] = entries.as_slice() else { return Ok(()) };
        if partition.kind != 0 && partition.len != 0 {
            spans.push(Span { number, offset: (at + partition.start) * 512, len: partition.len * 512 });
        }
        if next.kind == 0 || next.start == 0 {
            return Ok(());
        }
        at = extended + next.start;
    }
    Err(Fault("the chain of logical partitions has no end").at(Place::PartitionTable))
}

/// The partitions of a GPT, or `None` when there is no header whose checksum holds.
fn gpt<M: Medium>(medium: &M, sector_len: u64) -> Result<Option<Vec<Span>>> {
    let Ok(header) = read(medium, sector_len, 512) else { return Ok(None) };
    if !header.starts_with(b"EFI PART") {
        return Ok(None);
    }
    let damaged = |fault: Fault| fault.at(Place::PartitionTable);
    gpt_entries(medium, &header, sector_len).map(Some).map_err(|error| match error {
        Error::Corrupt { fault, .. } => damaged(fault),
        other => other,
    })
}

fn gpt_entries<M: Medium>(medium: &M, header: &[u8], sector_len: u64) -> Result<Vec<Span>> {
    let damaged = |fault: Fault| fault.at(Place::PartitionTable);
    let header_len = size(u64::from(u32_at(header, 12).map_err(damaged)?)).map_err(damaged)?;
    let checksum = u32_at(header, 16).map_err(damaged)?;
    let mut summed = bytes_at(header, 0, header_len).map_err(damaged)?.to_vec();
    summed.get_mut(16..20).ok_or(damaged(Fault("the GPT header is too short")))?.fill(0);
    if crc32fast::hash(&summed) != checksum {
        return Err(damaged(Fault("the GPT header's checksum does not hold")));
    }
    let table = u64_at(header, 72).map_err(damaged)?;
    let count = u32_at(header, 80).map_err(damaged)?;
    let entry_len = u32_at(header, 84).map_err(damaged)?;
    if count > GPT_ENTRIES_MAX || !(128..=GPT_ENTRY_MAX).contains(&entry_len) {
        return Err(damaged(Fault("the GPT has an impossible size")));
    }
    let offset = table.checked_mul(sector_len).ok_or(damaged(Fault("the GPT lies beyond any disk")))?;
    let bytes = read(medium, offset, u64::from(count) * u64::from(entry_len))?;
    let mut spans = Vec::new();
    for (number, entry) in (1..).zip(bytes.chunks(size(u64::from(entry_len)).map_err(damaged)?)) {
        let kind = bytes_at(entry, 0, 16).map_err(damaged)?;
        let (first, last) = (u64_at(entry, 32).map_err(damaged)?, u64_at(entry, 40).map_err(damaged)?);
        let sectors = last.checked_sub(first).and_then(|sectors| sectors.checked_add(1));
        let offset = first.checked_mul(sector_len);
        let len = sectors.and_then(|sectors| sectors.checked_mul(sector_len));
        if let (Some(offset), Some(len)) = (offset, len)
            && kind.iter().any(|byte| *byte != 0)
            && offset.checked_add(len).is_some_and(|end| end <= medium.len())
        {
            spans.push(Span { number, offset, len });
        }
    }
    Ok(spans)
}

fn read<M: Medium>(medium: &M, offset: u64, len: u64) -> Result<Vec<u8>> {
    let end = offset.checked_add(len).filter(|end| *end <= medium.len());
    end.ok_or(Error::Refused(Refused::NotNtfs))?;
    let mut bytes = vec![0; size(len).map_err(|fault| fault.at(Place::PartitionTable))?];
    medium.read_at(offset, &mut bytes).map_err(Error::io("reading the image"))?;
    Ok(bytes)
}
