//! vhd, Virtual PC's format, where the disk grows; one of a fixed size is a plain image with a footer, and is read as that.
//! The crate that is kept for it reads the whole file into memory. (Microsoft, "Virtual Hard Disk Image Format
//! Specification")
use super::{Container, again};
use crate::fields::bytes_at;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

const SECTOR: u64 = 512;
const FOOTER_LEN: usize = 512;
const HEADER_LEN: usize = 1024;
const DYNAMIC: u32 = 3;
const DIFFERENCING: u32 = 4;
/// In the table of blocks: the block has no data.
const UNUSED: u32 = 0xFFFF_FFFF;
/// Blocks are 2 MiB, or 512 KiB; no larger ones are known.
const BLOCK_MAX: u64 = 256 << 20;

struct Image {
    file: File,
    len: u64,
    /// Where the table of blocks is.
    table: u64,
    /// Bytes of a block.
    block: u64,
    /// Bytes of the bitmap that each block begins with. A block is zeroed when it is made, so that what the bitmap says to
    /// be unwritten is zeros.
    bitmap: u64,
}

pub(super) fn open(file: &File, _path: &Path) -> Result<Box<dyn Container>, String> {
    // A copy of the footer is the file's beginning.
    let footer = block::<FOOTER_LEN>(file, 0)?;
    check_sum(&footer, 64)?;
    let (header_at, len, kind) = (u64_at(&footer, 16)?, u64_at(&footer, 48)?, u32_at(&footer, 60)?);
    match kind {
        DYNAMIC => {}
        DIFFERENCING => {
            return Err(
                "it holds the differences from another image; `qemu-img convert` makes one of both".into()
            );
        }
        _ => return Err(format!("it is of the kind {kind}, which is not known")),
    }
    let header = block::<HEADER_LEN>(file, header_at)?;
    if !header.starts_with(b"cxsparse") {
        return Err("its second header is missing".into());
    }
    check_sum(&header, 36)?;
    let (table, blocks) = (u64_at(&header, 16)?, u64::from(u32_at(&header, 28)?));
    let block = u64::from(u32_at(&header, 32)?);
    if !block.is_power_of_two() || !(SECTOR..=BLOCK_MAX).contains(&block) {
        return Err("its blocks have an impossible size".into());
    }
    if len.div_ceil(block) > blocks {
        return Err("its table of blocks is too short".into());
    }
    let bitmap = block.div_ceil(SECTOR * 8).next_multiple_of(SECTOR);
    Ok(Box::new(Image { file: again(file)?, len, table, block, bitmap }))
}

impl Container for Image {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, mut offset: u64, mut buffer: &mut [u8]) -> io::Result<()> {
        let beyond = || io::Error::from(io::ErrorKind::UnexpectedEof);
        while !buffer.is_empty() {
            let (number, within) = (offset / self.block, offset % self.block);
            let take = usize::try_from(self.block - within).unwrap_or(usize::MAX).min(buffer.len());
            let (part, rest) = std::mem::take(&mut buffer).split_at_mut(take);
            let entry = number.checked_mul(4).and_then(|at| at.checked_add(self.table)).ok_or_else(beyond)?;
            let mut sector = [0; 4];
            self.file.read_exact_at(&mut sector, entry)?;
            match u32::from_be_bytes(sector) {
                UNUSED => part.fill(0),
                sector => {
                    let at = u64::from(sector) * SECTOR + self.bitmap + within;
                    self.file.read_exact_at(part, at)?;
                }
            }
            buffer = rest;
            offset += take as u64;
        }
        Ok(())
    }
}

fn block<const N: usize>(file: &File, at: u64) -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    file.read_exact_at(&mut bytes, at).map_err(|error| format!("its header at {at}: {error}"))?;
    Ok(bytes)
}

/// The sum is the complement of all bytes but its own.
fn check_sum(bytes: &[u8], at: usize) -> Result<(), String> {
    let total = bytes.iter().fold(0u32, |sum, byte| sum.wrapping_add(u32::from(*byte)));
    let own = bytes.get(at..at + 4).unwrap_or_default();
    let own = own.iter().fold(0u32, |sum, byte| sum.wrapping_add(u32::from(*byte)));
    if u32_at(bytes, at)? == !total.wrapping_sub(own) {
        Ok(())
    } else {
        Err("the checksum of its header does not hold".into())
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Result<u32, String> {
    let found = bytes_at(bytes, at, 4).ok().and_then(|bytes| bytes.first_chunk::<4>());
    found.map(|bytes| u32::from_be_bytes(*bytes)).ok_or_else(|| "its header is cut off".into())
}

fn u64_at(bytes: &[u8], at: usize) -> Result<u64, String> {
    Ok(u64::from(u32_at(bytes, at)?) << 32 | u64::from(u32_at(bytes, at + 4)?))
}
