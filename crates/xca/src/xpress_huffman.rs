//! LZ77+Huffman, which is called Xpress-Huffman where files are compressed with it. [MS-XCA] 2.2
use crate::Damage;
use crate::bits::Bits;
use crate::huffman::Code;
use crate::output::Output;

/// Bytes that one table of code lengths serves. The overlay filter's chunks have at most a quarter.
pub const XPRESS_CHUNK_MAX: usize = 65_536;

const SYMBOLS: usize = 512;
/// Two lengths in a byte.
const TABLE_LEN: usize = SYMBOLS / 2;
/// Symbols below it are bytes.
const FIRST_MATCH: u16 = 256;
const MATCH_MIN: usize = 3;
/// The low four bits of a match that say that its length follows in a byte.
const LENGTH_IN_BYTE: usize = 15;

/// Decodes one chunk, whose result is as long as `output` and no longer than [`XPRESS_CHUNK_MAX`]. [MS-XCA] 2.2
///
/// # Errors
/// Whatever makes the input no encoding of a result of this length. What is behind its end is not looked at.
pub fn xpress_huffman(input: &[u8], output: &mut [u8]) -> Result<(), Damage> {
    if output.len() > XPRESS_CHUNK_MAX {
        return Err(Damage::Unsupported);
    }
    let (table, rest) = input.split_first_chunk::<TABLE_LEN>().ok_or(Damage::Cut)?;
    let mut lengths = [0u8; SYMBOLS];
    for (pair, byte) in lengths.as_chunks_mut::<2>().0.iter_mut().zip(table) {
        *pair = [byte & 0x0F, byte >> 4];
    }
    let code = Code::new(&lengths)?;
    let mut bits = Bits::new(rest);
    let mut output = Output::new(output);
    while output.missing() > 0 {
        let symbol = code.next(&mut bits)?;
        match u8::try_from(symbol) {
            Ok(byte) => output.literal(byte)?,
            Err(_) => {
                let (offset, len) = a_match(symbol - FIRST_MATCH, &mut bits)?;
                output.repeat(offset, len)?;
            }
        }
    }
    Ok(())
}

/// Offset and length. The bytes of a long length stand behind the words that the offset's bits are in.
fn a_match(header: u16, bits: &mut Bits<'_>) -> Result<(usize, usize), Damage> {
    let mut len = usize::from(header & 0x0F);
    let offset_bits = u32::from(header >> 4);
    bits.fill()?;
    if len == LENGTH_IN_BYTE {
        len = match bits.byte()? {
            u8::MAX => long_length(bits)?,
            byte => usize::from(byte) + LENGTH_IN_BYTE,
        };
    }
    let offset = (1usize << offset_bits) + usize::try_from(bits.take(offset_bits)?).unwrap_or(0);
    Ok((offset, len + MATCH_MIN))
}

/// A length that a byte does not hold stands in two, or else in four.
fn long_length(bits: &mut Bits<'_>) -> Result<usize, Damage> {
    let len = match u16::from_le_bytes(bits.number()?) {
        0 => usize::try_from(u32::from_le_bytes(bits.number()?)).map_err(|_| Damage::TooLong)?,
        len => usize::from(len),
    };
    if (LENGTH_IN_BYTE..=XPRESS_CHUNK_MAX).contains(&len) { Ok(len) } else { Err(Damage::TooLong) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)] // a test that is wrong shall panic
mod tests {
    use super::*;
    use std::vec;
    use std::vec::Vec;

    /// The code lengths of the examples, from the byte where they are not zero.
    fn encoded(table: &[(usize, &[u8])], rest: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; TABLE_LEN];
        for (at, lengths) in table {
            bytes[*at..at + lengths.len()].copy_from_slice(lengths);
        }
        bytes.extend_from_slice(rest);
        bytes
    }

    /// The first example of [MS-XCA] 3.2: the alphabet, as literals.
    #[test]
    fn the_first_published_example_decodes() {
        let lengths = [0x50, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x45, 0x44, 0x04];
        let stream = [
            0xD8, 0x52, 0x3E, 0xD7, 0x94, 0x11, 0x5B, 0xE9, 0x19, 0x5F, 0xF9, 0xD6, 0x7C, 0xDF, 0x8D, 0x04,
            0, 0, 0, 0,
        ];
        let input = encoded(&[(48, &lengths), (128, &[0x04])], &stream);
        let mut output = [0; 26];
        xpress_huffman(&input, &mut output).unwrap();
        assert_eq!(&output, b"abcdefghijklmnopqrstuvwxyz");
    }

    /// The second example of [MS-XCA] 3.2: `abc` a hundred times, as three literals and a match of 297 bytes.
    #[test]
    fn the_second_published_example_decodes() {
        let input = encoded(
            &[(48, &[0x30, 0x23]), (128, &[0x02]), (143, &[0x20])],
            &[0xA8, 0xDC, 0, 0, 0xFF, 0x26, 0x01],
        );
        let mut output = [0; 300];
        xpress_huffman(&input, &mut output).unwrap();
        assert!(output.chunks(3).all(|part| part == b"abc"), "{output:?}");
        assert_eq!(xpress_huffman(&input, &mut [0; 299]), Err(Damage::TooLong));
        assert_eq!(xpress_huffman(&input[..255], &mut output), Err(Damage::Cut));
        assert_eq!(xpress_huffman(&input[..260], &mut output), Err(Damage::Cut));
    }
}
