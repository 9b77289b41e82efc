//! LZNT1, by which NTFS compresses. [MS-XCA] 2.5
use crate::Damage;
use crate::output::Output;

/// Bytes that a chunk holds; the last may hold fewer.
pub const LZNT1_CHUNK_LEN: usize = 4096;

const MATCH_MIN: usize = 3;
/// In a chunk's header: it is compressed.
const COMPRESSED: u16 = 0x8000;
/// In a chunk's header: its length less three, the header included.
const LENGTH: u16 = 0x0FFF;

/// Decodes chunks until they end, or until `output` is full, and says how much of it was written; the rest is zeros. A
/// chunk that holds less than [`LZNT1_CHUNK_LEN`] bytes is followed by zeros up to the next. [MS-XCA] 2.5.1
///
/// # Errors
/// Whatever makes the input no encoding. What is behind its end is not looked at.
pub fn lznt1(mut input: &[u8], output: &mut [u8]) -> Result<usize, Damage> {
    output.fill(0);
    let mut written = 0;
    for (number, chunk) in output.chunks_mut(LZNT1_CHUNK_LEN).enumerate() {
        // The end is two zeros, or no room for two bytes. [MS-XCA] 2.5.1.1
        let Some((header, rest)) = input.split_first_chunk::<2>() else { break };
        let header = u16::from_le_bytes(*header);
        if header == 0 {
            break;
        }
        let len = usize::from(header & LENGTH) + 1;
        let (data, rest) = rest.split_at_checked(len).ok_or(Damage::Cut)?;
        input = rest;
        let mut output = Output::new(chunk);
        if header & COMPRESSED == 0 {
            output.literals(data)?;
        } else {
            decode_chunk(data, &mut output)?;
        }
        written = number * LZNT1_CHUNK_LEN + output.len();
    }
    Ok(written)
}

/// Flag groups: a byte, and for each of its bits, the lowest first, a literal or a compressed word. [MS-XCA] 2.5.1.3
fn decode_chunk(mut data: &[u8], output: &mut Output<'_>) -> Result<(), Damage> {
    while let Some((flags, rest)) = data.split_first() {
        data = rest;
        for bit in 0..8 {
            if flags >> bit & 1 == 0 {
                let Some((byte, rest)) = data.split_first() else { return Ok(()) };
                data = rest;
                output.literal(*byte)?;
                continue;
            }
            if data.is_empty() {
                return Ok(());
            }
            let (word, rest) = data.split_first_chunk::<2>().ok_or(Damage::Cut)?;
            data = rest;
            let word = u16::from_le_bytes(*word);
            let displacement_bits = displacement_bits(output.len());
            let len = usize::from(word & (0xFFFF >> displacement_bits)) + MATCH_MIN;
            let displacement = usize::from(word >> (16 - displacement_bits)) + 1;
            output.repeat(displacement, len)?;
        }
    }
    Ok(())
}

/// As many as the place in the chunk needs: at least 4, at most 12. [MS-XCA] 2.5.1.4
fn displacement_bits(position: usize) -> u32 {
    let needed = usize::BITS - position.saturating_sub(1).leading_zeros();
    needed.clamp(4, 12)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)] // a test that is wrong shall panic
mod tests {
    use super::*;

    const EXAMPLE: [u8; 59] = [
        0x38, 0xB0, 0x88, 0x46, 0x23, 0x20, 0x00, 0x20, 0x47, 0x20, 0x41, 0x00, 0x10, 0xA2, 0x47, 0x01, 0xA0,
        0x45, 0x20, 0x44, 0x00, 0x08, 0x45, 0x01, 0x50, 0x79, 0x00, 0xC0, 0x45, 0x20, 0x05, 0x24, 0x13, 0x88,
        0x05, 0xB4, 0x02, 0x4A, 0x44, 0xEF, 0x03, 0x58, 0x02, 0x8C, 0x09, 0x16, 0x01, 0x48, 0x45, 0x00, 0xBE,
        0x00, 0x9E, 0x00, 0x04, 0x01, 0x18, 0x90, 0x00,
    ];

    /// The example of [MS-XCA] 3.3.
    #[test]
    fn the_published_example_decodes() {
        let wanted = b"F# F# G A A G F# E D D E F# F# E E F# F# G A A G F# E D D E F# E D D E E F# D E F# \
            G F# D E F# G F# E D E A F# F# G A A G F# E D D E F# E D D\0";
        let mut output = [0xAA; 8192];
        assert_eq!(lznt1(&EXAMPLE, &mut output).unwrap(), 142);
        assert_eq!(&output[..142], wanted);
        assert!(output[142..].iter().all(|byte| *byte == 0));
        assert_eq!(lznt1(&EXAMPLE[..58], &mut output), Err(Damage::Cut));
        assert_eq!(lznt1(&EXAMPLE, &mut output[..100]), Err(Damage::TooLong));
    }

    #[test]
    fn a_match_before_the_beginning_is_refused() {
        assert_eq!(lznt1(&[0x02, 0xB0, 0x01, 0x00, 0x00], &mut [0; 64]), Err(Damage::Offset));
    }

    /// The bounds of the places that [MS-XCA] 2.5.1.4 divides a chunk into.
    #[test]
    fn the_displacement_takes_as_many_bits_as_it_needs() {
        for (position, bits) in
            [(1, 4), (16, 4), (17, 5), (32, 5), (33, 6), (2048, 11), (2049, 12), (4095, 12)]
        {
            assert_eq!(displacement_bits(position), bits, "{position}");
        }
    }
}
