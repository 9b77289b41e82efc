//! The stream `WofCompressedData`: a table of where the chunks begin, then the chunks. It is in no specification; known
//! from what wimlib writes and ntfs-3g's plugin reads (github.com/ebiggers/ntfs-3g-system-compression).
use crate::{Damage, LZX_CHUNK_MAX, XPRESS_CHUNK_MAX, lzx, xpress_huffman};

/// How the chunks are compressed, and how large they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WofAlgorithm {
    /// Xpress-Huffman, in chunks of so many bytes: 4096, 8192 or 16,384.
    Xpress(u32),
    /// LZX, in chunks of 32 KiB.
    Lzx,
}

impl WofAlgorithm {
    /// By the number that the reparse point has: FILE_PROVIDER_COMPRESSION_*.
    pub fn of_number(number: u32) -> Option<WofAlgorithm> {
        match number {
            0 => Some(WofAlgorithm::Xpress(4096)),
            1 => Some(WofAlgorithm::Lzx),
            2 => Some(WofAlgorithm::Xpress(8192)),
            3 => Some(WofAlgorithm::Xpress(16_384)),
            _ => None,
        }
    }

    /// Bytes that a chunk holds; the last may hold fewer.
    pub fn chunk_len(self) -> u32 {
        match self {
            WofAlgorithm::Xpress(len) => len,
            WofAlgorithm::Lzx => 32_768,
        }
    }
}

/// Where everything in a file's `WofCompressedData` lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WofLayout {
    algorithm: WofAlgorithm,
    /// Bytes of the file.
    data_len: u64,
    /// Bytes of the stream.
    stream_len: u64,
    chunks: u64,
    /// Bytes of an entry of the table: 4, or 8 where the file may be too long for that.
    entry_len: u64,
    table_len: u64,
}

/// Room for a chunk as it is stored, and for what it holds.
pub struct WofRoom {
    stored: [u8; WOF_CHUNK_MAX],
    plain: [u8; WOF_CHUNK_MAX],
}

/// No chunk holds more.
const WOF_CHUNK_MAX: usize = 32_768;

impl Default for WofRoom {
    fn default() -> WofRoom {
        WofRoom { stored: [0; WOF_CHUNK_MAX], plain: [0; WOF_CHUNK_MAX] }
    }
}

/// Where one chunk lies in the stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WofChunk {
    /// Its first byte.
    pub offset: u64,
    /// Its bytes as they are stored.
    pub stored: usize,
    /// Bytes of the file that it holds.
    pub len: usize,
}

impl WofLayout {
    /// Of a file of so many bytes whose stream has so many.
    ///
    /// # Errors
    /// [`Damage::Table`] when the stream is shorter than its table.
    pub fn new(algorithm: WofAlgorithm, data_len: u64, stream_len: u64) -> Result<WofLayout, Damage> {
        let chunk_len = u64::from(algorithm.chunk_len());
        let (chunks, entry_len) =
            (data_len.div_ceil(chunk_len), if data_len > u64::from(u32::MAX) { 8 } else { 4 });
        let table_len = chunks.saturating_sub(1) * entry_len;
        if table_len > stream_len || (chunks > 0 && table_len == stream_len) {
            return Err(Damage::Table);
        }
        Ok(WofLayout { algorithm, data_len, stream_len, chunks, entry_len, table_len })
    }

    /// How many chunks there are.
    pub fn chunks(&self) -> u64 {
        self.chunks
    }

    /// Bytes of the file that a chunk holds; the last may hold fewer.
    pub fn chunk_len(&self) -> u64 {
        u64::from(self.algorithm.chunk_len())
    }

    /// The part of the table that says where a chunk lies: offset in the stream, and length: 0, 4, 8 or 16 bytes.
    pub fn entries(&self, chunk: u64) -> (u64, usize) {
        // The table tells where each chunk but the first begins.
        let first = chunk.saturating_sub(1);
        let entries = u64::from(chunk > 0) + u64::from(chunk + 1 < self.chunks);
        (first * self.entry_len, usize::try_from(entries * self.entry_len).unwrap_or(0))
    }

    /// Where a chunk lies, by that part of the table.
    ///
    /// # Errors
    /// [`Damage::Table`] when that is outside the stream, behind the next chunk, or longer than what it holds.
    pub fn chunk(&self, chunk: u64, entries: &[u8]) -> Result<WofChunk, Damage> {
        if chunk >= self.chunks || entries.len() != self.entries(chunk).1 {
            return Err(Damage::Table);
        }
        let at = |entry: &[u8]| {
            let mut whole = [0; 8];
            whole.iter_mut().zip(entry).for_each(|(place, byte)| *place = *byte);
            u64::from_le_bytes(whole)
        };
        let mut entries = entries.chunks(usize::try_from(self.entry_len).unwrap_or(8)).map(at);
        let data = self.stream_len - self.table_len;
        let start = if chunk == 0 { 0 } else { entries.next().unwrap_or(0) };
        let end = entries.next().unwrap_or(data);
        let len = self.chunk_len().min(self.data_len - chunk * self.chunk_len());
        let stored = end.checked_sub(start).filter(|stored| (1..=len).contains(stored) && end <= data);
        let number = |value: u64| usize::try_from(value).map_err(|_| Damage::Table);
        let stored = number(stored.ok_or(Damage::Table)?)?;
        Ok(WofChunk { offset: self.table_len + start, stored, len: number(len)? })
    }

    /// Reads the file's data at an offset, as much of it as fits the buffer and is there. `source` fills a buffer from an
    /// offset of the stream.
    ///
    /// # Errors
    /// Those of `source`, and [`Damage`] where the stream is none of this file. Then the buffer holds nothing of use.
    pub fn read<E: From<Damage>>(
        &self,
        offset: u64,
        buffer: &mut [u8],
        room: &mut WofRoom,
        mut source: impl FnMut(u64, &mut [u8]) -> Result<(), E>,
    ) -> Result<usize, E> {
        let mut done = 0;
        while let Some(at) = offset.checked_add(done as u64).filter(|at| *at < self.data_len) {
            let rest = buffer.get_mut(done..).unwrap_or_default();
            if rest.is_empty() {
                break;
            }
            let number = at / self.chunk_len();
            let mut table = [0; 16];
            let (place, len) = self.entries(number);
            let entries = table.get_mut(..len).ok_or(Damage::Table)?;
            source(place, entries)?;
            let chunk = self.chunk(number, entries)?;
            let stored = room.stored.get_mut(..chunk.stored).ok_or(Damage::Table)?;
            source(chunk.offset, stored)?;
            let within = usize::try_from(at % self.chunk_len()).map_err(|_| Damage::Table)?;
            // A chunk that is wanted whole needs no room between.
            if let Some(whole) = rest.get_mut(..chunk.len).filter(|_| within == 0) {
                self.decode(stored, whole)?;
                done += chunk.len;
                continue;
            }
            let plain = room.plain.get_mut(..chunk.len).ok_or(Damage::Table)?;
            self.decode(stored, plain)?;
            let part = plain.get(within..).unwrap_or_default();
            rest.iter_mut().zip(part).for_each(|(place, byte)| *place = *byte);
            done += part.len().min(rest.len());
        }
        Ok(done)
    }

    /// Decodes a chunk; one that would not have become smaller is stored as it is.
    ///
    /// # Errors
    /// Whatever makes the bytes no encoding of a chunk of this length.
    pub fn decode(&self, stored: &[u8], output: &mut [u8]) -> Result<(), Damage> {
        if stored.len() == output.len() {
            output.copy_from_slice(stored);
            return Ok(());
        }
        match self.algorithm {
            WofAlgorithm::Xpress(_) => xpress_huffman(stored, output),
            WofAlgorithm::Lzx => lzx(stored, output),
        }
    }
}

const _: () = assert!(WOF_CHUNK_MAX <= XPRESS_CHUNK_MAX && WOF_CHUNK_MAX <= LZX_CHUNK_MAX);

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test that is wrong shall panic
mod tests {
    use super::*;

    #[test]
    fn the_table_says_where_all_chunks_but_the_first_begin() {
        let layout = WofLayout::new(WofAlgorithm::Xpress(4096), 10_000, 8 + 4096 + 100 + 50).unwrap();
        assert_eq!(layout.chunks(), 3);
        assert_eq!([layout.entries(0), layout.entries(1), layout.entries(2)], [(0, 4), (0, 8), (4, 4)]);
        let (first, second) = (4096u32.to_le_bytes(), 4196u32.to_le_bytes());
        assert_eq!(layout.chunk(0, &first), Ok(WofChunk { offset: 8, stored: 4096, len: 4096 }));
        let both = [first, second].concat();
        assert_eq!(layout.chunk(1, &both), Ok(WofChunk { offset: 8 + 4096, stored: 100, len: 4096 }));
        assert_eq!(layout.chunk(2, &second), Ok(WofChunk { offset: 8 + 4196, stored: 50, len: 1808 }));
        for lie in [0u32, 4097, u32::MAX] {
            assert_eq!(layout.chunk(0, &lie.to_le_bytes()), Err(Damage::Table), "{lie}");
        }
        assert_eq!(layout.chunk(3, &second), Err(Damage::Table));
    }

    #[test]
    fn a_file_of_one_chunk_has_no_table_and_an_empty_one_has_nothing() {
        let layout = WofLayout::new(WofAlgorithm::Lzx, 32_768, 10).unwrap();
        assert_eq!(layout.entries(0), (0, 0));
        assert_eq!(layout.chunk(0, &[]), Ok(WofChunk { offset: 0, stored: 10, len: 32_768 }));
        assert_eq!(WofLayout::new(WofAlgorithm::Lzx, 0, 0).unwrap().chunks(), 0);
        assert_eq!(WofLayout::new(WofAlgorithm::Lzx, 1, 0), Err(Damage::Table));
    }

    #[test]
    fn entries_are_eight_bytes_from_four_gibibytes_on() {
        let len = |data: u64| WofLayout::new(WofAlgorithm::Lzx, data, 1 << 40).unwrap().entries(1).1;
        assert_eq!((len(u64::from(u32::MAX)), len(1 << 32)), (8, 16));
    }
}
