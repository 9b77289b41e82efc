//! LZX as WIM archives and the overlay filter have it: that of [MS-PATCH] with another frame. Each chunk stands for itself:
//! no bit says whether calls are translated, for they always are, with a size of 12,000,000; a block's length is 1 bit for
//! 32,768 or else 17; and there are no frames within. (coderforlife.com/wim-compression; judged by wimlib)
use crate::Damage;
use crate::bits::Bits;
use crate::huffman::Code;
use crate::output::Output;

/// Bytes that a chunk holds; its window is no larger.
pub const LZX_CHUNK_MAX: usize = 32_768;

const LITERALS: usize = 256;
/// Positions of a window of 32 KiB in slots. ([MS-PATCH], position slots)
const SLOTS: usize = 30;
const LENGTH_HEADERS: usize = 8;
const MAIN_SYMBOLS: usize = LITERALS + SLOTS * LENGTH_HEADERS;
const LENGTH_SYMBOLS: usize = 249;
const ALIGNED_SYMBOLS: usize = 8;
const PRETREE_SYMBOLS: usize = 20;
/// The low bits of a match that say that more of its length follows.
const LENGTH_FOLLOWS: usize = 7;
const MATCH_MIN: usize = 2;
/// A distance is stored with this added: the first three numbers name the last distances.
const DISTANCE_BIAS: usize = 2;
/// What a translated call is counted in.
const TRANSLATION_SIZE: i32 = 12_000_000;
/// The last bytes of a chunk are not translated.
const TRANSLATION_TAIL: usize = 10;
const CALL: u8 = 0xE8;
const CALL_LEN: usize = 5;

const VERBATIM: u32 = 1;
const ALIGNED: u32 = 2;
const UNCOMPRESSED: u32 = 3;

/// Decodes one chunk, whose result is as long as `output` and no longer than [`LZX_CHUNK_MAX`].
///
/// # Errors
/// Whatever makes the input no encoding of a result of this length. What is behind its end is not looked at.
pub fn lzx(input: &[u8], output: &mut [u8]) -> Result<(), Damage> {
    if output.len() > LZX_CHUNK_MAX {
        return Err(Damage::Unsupported);
    }
    let mut state = State {
        bits: Bits::new(input),
        output: Output::new(output),
        recent: [1; 3],
        main: [0; MAIN_SYMBOLS],
        length: [0; LENGTH_SYMBOLS],
    };
    while state.output.missing() > 0 {
        state.block()?;
    }
    undo_calls(state.output.into_whole());
    Ok(())
}

struct State<'i, 'o> {
    bits: Bits<'i>,
    output: Output<'o>,
    /// The last three distances, the latest first.
    recent: [usize; 3],
    /// The lengths of a block's codes are told as differences from those of the block before.
    main: [u8; MAIN_SYMBOLS],
    length: [u8; LENGTH_SYMBOLS],
}

impl State<'_, '_> {
    /// [MS-PATCH], block header, with the length that WIM has.
    fn block(&mut self) -> Result<(), Damage> {
        let kind = self.bits.take(3)?;
        let len = match self.bits.take(1)? {
            1 => LZX_CHUNK_MAX,
            _ => usize::try_from(self.bits.take(16)?).unwrap_or(0),
        };
        if len == 0 || len > self.output.missing() {
            return Err(Damage::TooLong);
        }
        match kind {
            VERBATIM => self.compressed(len, None),
            ALIGNED => {
                let mut lengths = [0; ALIGNED_SYMBOLS];
                for len in &mut lengths {
                    *len = u8::try_from(self.bits.take(3)?).unwrap_or(0);
                }
                let aligned = Code::new(&lengths)?;
                self.compressed(len, Some(&aligned))
            }
            UNCOMPRESSED => self.uncompressed(len),
            _ => Err(Damage::Header),
        }
    }

    /// [MS-PATCH], uncompressed block.
    fn uncompressed(&mut self, len: usize) -> Result<(), Damage> {
        self.bits.leave_word()?;
        for distance in &mut self.recent {
            let number = u32::from_le_bytes(self.bits.number()?);
            *distance = usize::try_from(number).map_err(|_| Damage::Offset)?;
        }
        self.output.literals(self.bits.bytes(len)?)?;
        // Words begin at even places; behind the last block nothing need follow.
        if !len.is_multiple_of(2) && self.output.missing() > 0 {
            self.bits.byte()?;
        }
        Ok(())
    }

    /// [MS-PATCH], verbatim block and aligned offset block: in one, for they differ in the low bits of distances alone.
    fn compressed(&mut self, len: usize, aligned: Option<&Code<ALIGNED_SYMBOLS>>) -> Result<(), Damage> {
        let (literals, matches) = self.main.split_at_mut(LITERALS);
        read_lengths(&mut self.bits, literals)?;
        read_lengths(&mut self.bits, matches)?;
        read_lengths(&mut self.bits, &mut self.length)?;
        let (main, length) = (Code::new(&self.main)?, Code::new(&self.length)?);
        let end = self.output.len() + len;
        while self.output.len() < end {
            let symbol = main.next(&mut self.bits)?;
            let Err(header) = u8::try_from(symbol).map_err(|_| usize::from(symbol) - LITERALS) else {
                self.output.literal(symbol.to_le_bytes()[0])?;
                continue;
            };
            let mut len = header % LENGTH_HEADERS;
            if len == LENGTH_FOLLOWS {
                len += usize::from(length.next(&mut self.bits)?);
            }
            let distance = self.distance(header / LENGTH_HEADERS, aligned)?;
            if self.output.len() + len + MATCH_MIN > end {
                return Err(Damage::TooLong);
            }
            self.output.repeat(distance, len + MATCH_MIN)?;
        }
        Ok(())
    }

    /// [MS-PATCH], match offset.
    fn distance(&mut self, slot: usize, aligned: Option<&Code<ALIGNED_SYMBOLS>>) -> Result<usize, Damage> {
        let [first, second, third] = self.recent;
        let distance = match slot {
            0 => return Ok(first),
            1 => {
                self.recent = [second, first, third];
                return Ok(second);
            }
            2 => {
                self.recent = [third, second, first];
                return Ok(third);
            }
            slot => {
                let (base, extra) = slot_of(slot);
                let within = match aligned {
                    Some(code) if extra >= 3 => {
                        let high = self.bits.take(extra - 3)? << 3;
                        high | u32::from(code.next(&mut self.bits)?)
                    }
                    _ => self.bits.take(extra)?,
                };
                base + usize::try_from(within).unwrap_or(0) - DISTANCE_BIAS
            }
        };
        self.recent = [distance, first, second];
        Ok(distance)
    }
}

/// Where a slot of positions from the third on begins, and how many bits say where in it. ([MS-PATCH], position slots)
fn slot_of(slot: usize) -> (usize, u32) {
    let extra = u32::try_from(slot / 2).unwrap_or(0).saturating_sub(1);
    (if slot < 4 { slot } else { (2 + slot % 2) << extra }, extra)
}

/// Code lengths, as differences from those that are there, by a code of their own. ([MS-PATCH], encoding of path lengths)
fn read_lengths(bits: &mut Bits<'_>, lengths: &mut [u8]) -> Result<(), Damage> {
    let mut own = [0; PRETREE_SYMBOLS];
    for len in &mut own {
        *len = u8::try_from(bits.take(4)?).unwrap_or(0);
    }
    let code = Code::new(&own)?;
    let mut rest = lengths;
    while let Some(first) = rest.first_mut() {
        let (run, value) = match code.next(bits)? {
            17 => (4 + bits.take(4)?, 0),
            18 => (20 + bits.take(5)?, 0),
            19 => {
                let run = 4 + bits.take(1)?;
                (run, changed(*first, code.next(bits)?)?)
            }
            symbol => {
                *first = changed(*first, symbol)?;
                rest = rest.get_mut(1..).unwrap_or_default();
                continue;
            }
        };
        let run = usize::try_from(run).unwrap_or(0);
        let (run, behind) = rest.split_at_mut_checked(run).ok_or(Damage::Code)?;
        run.fill(value);
        rest = behind;
    }
    Ok(())
}

/// A difference, modulo 17.
fn changed(before: u8, symbol: u16) -> Result<u8, Damage> {
    let symbol = u8::try_from(symbol).ok().filter(|symbol| *symbol <= 16).ok_or(Damage::Code)?;
    Ok((before + 17 - symbol) % 17)
}

/// Calls of x86 code were given absolute targets, so that equal targets look equal; they get relative ones again.
/// ([MS-PATCH], E8 call translation)
fn undo_calls(output: &mut [u8]) {
    let Some(end) = output.len().checked_sub(TRANSLATION_TAIL) else { return };
    let mut at = 0;
    while at < end {
        let found = output.get(at..end).and_then(|rest| rest.iter().position(|byte| *byte == CALL));
        let Some(skipped) = found else { return };
        at += skipped;
        let position = i32::try_from(at).unwrap_or(i32::MAX);
        let Some(target) = output.get_mut(at + 1..).and_then(|rest| rest.first_chunk_mut::<4>()) else {
            return;
        };
        let absolute = i32::from_le_bytes(*target);
        if (-position..TRANSLATION_SIZE).contains(&absolute) {
            let relative = if absolute >= 0 { absolute - position } else { absolute + TRANSLATION_SIZE };
            *target = relative.to_le_bytes();
        }
        at += CALL_LEN;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)] // a test that is wrong shall panic
mod tests {
    use super::*;
    use std::vec::Vec;

    /// The positions of the slots as [MS-PATCH] has them in a table.
    #[test]
    fn slots_begin_where_the_table_says() {
        let table = [
            (3, 3, 0),
            (4, 4, 1),
            (5, 6, 1),
            (6, 8, 2),
            (7, 12, 2),
            (8, 16, 3),
            (9, 24, 3),
            (16, 256, 7),
            (17, 384, 7),
            (28, 16_384, 13),
            (29, 24_576, 13),
        ];
        for (slot, base, extra) in table {
            assert_eq!(slot_of(slot), (base, extra), "{slot}");
        }
    }

    /// A block of bytes as they are, of odd length, and another behind it: the padding between them is skipped.
    #[test]
    fn uncompressed_blocks_decode_and_what_is_cut_is_refused() {
        let block = |bytes: &[u8]| {
            let head = UNCOMPRESSED << 13 | u32::try_from(bytes.len()).unwrap() >> 4;
            let tail = u32::try_from(bytes.len()).unwrap() << 12;
            let words = [head, tail & 0xFFFF];
            let mut block: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()[..2].to_vec()).collect();
            block.extend([1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]);
            block.extend_from_slice(bytes);
            block
        };
        let mut input = block(b"odd");
        input.push(0);
        input.extend(block(b"even"));
        let mut output = [0; 7];
        lzx(&input, &mut output).unwrap();
        assert_eq!(&output, b"oddeven");
        for len in 0..input.len() {
            assert!(lzx(&input[..len], &mut output).is_err(), "{len}");
        }
        assert_eq!(lzx(&input, &mut [0; 2]), Err(Damage::TooLong));
    }

    #[test]
    fn calls_are_translated_where_the_target_is_absolute() {
        let mut bytes = [0u8; 32];
        bytes[3..8].copy_from_slice(&[CALL, 0x10, 0, 0, 0]);
        bytes[10..15].copy_from_slice(&[CALL, 0xFE, 0xFF, 0xFF, 0xFF]);
        bytes[21..27].copy_from_slice(&[0, CALL, 0x10, 0, 0, 0]); // within the last ten bytes
        undo_calls(&mut bytes);
        assert_eq!(bytes[4..8], (0x10i32 - 3).to_le_bytes());
        assert_eq!(bytes[11..15], (TRANSLATION_SIZE - 2).to_le_bytes());
        assert_eq!(bytes[23..27], [0x10, 0, 0, 0]);
    }
}
