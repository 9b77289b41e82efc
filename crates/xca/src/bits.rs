//! Bits in 16-bit little-endian words, the highest bit first; bytes may stand between the words. [MS-XCA] 2.2
use crate::Damage;

/// Words that may be asked for behind the end: decoders look that far ahead of what they take.
const WORDS_BEHIND_MAX: u32 = 2;

/// A reader of bits. Words are taken as late as may be, because bytes that stand between them are found by where the
/// reader is.
pub(crate) struct Bits<'a> {
    input: &'a [u8],
    rest: &'a [u8],
    /// Bits that were taken and not yet used, in the highest places.
    held: u64,
    count: u32,
    /// Words of zeros that were taken behind the end.
    behind: u32,
}

impl<'a> Bits<'a> {
    pub(crate) fn new(input: &'a [u8]) -> Bits<'a> {
        Bits { input, rest: input, held: 0, count: 0, behind: 0 }
    }

    /// Makes sure of at least 16 bits.
    pub(crate) fn fill(&mut self) -> Result<(), Damage> {
        if self.count >= 16 {
            return Ok(());
        }
        let word = match self.rest.split_first_chunk::<2>() {
            Some((word, rest)) => {
                self.rest = rest;
                u16::from_le_bytes(*word)
            }
            None if self.behind < WORDS_BEHIND_MAX => {
                self.behind += 1;
                0
            }
            None => return Err(Damage::Cut),
        };
        self.held |= u64::from(word) << (48 - self.count);
        self.count += 16;
        Ok(())
    }

    /// The next 16 bits, of which [`fill`](Bits::fill) made sure.
    pub(crate) fn peek(&self) -> u16 {
        let [high, low, ..] = self.held.to_be_bytes();
        u16::from_be_bytes([high, low])
    }

    /// Uses up to 16 bits, of which [`fill`](Bits::fill) made sure.
    pub(crate) fn skip(&mut self, count: u32) {
        self.held <<= count;
        self.count = self.count.saturating_sub(count);
    }

    /// The next bits, at most 16, as a number.
    pub(crate) fn take(&mut self, count: u32) -> Result<u32, Damage> {
        if count == 0 {
            return Ok(0);
        }
        self.fill()?;
        let value = u32::from(self.peek()) >> (16 - count);
        self.skip(count);
        Ok(value)
    }

    /// The next byte behind the words that were taken.
    pub(crate) fn byte(&mut self) -> Result<u8, Damage> {
        let (byte, rest) = self.rest.split_first().ok_or(Damage::Cut)?;
        self.rest = rest;
        Ok(*byte)
    }

    /// The next bytes behind the words that were taken.
    pub(crate) fn bytes(&mut self, len: usize) -> Result<&'a [u8], Damage> {
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or(Damage::Cut)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// A little-endian number of so many bytes behind the words that were taken.
    pub(crate) fn number<const N: usize>(&mut self) -> Result<[u8; N], Damage> {
        let (number, rest) = self.rest.split_first_chunk::<N>().ok_or(Damage::Cut)?;
        self.rest = rest;
        Ok(*number)
    }

    /// Leaves the rest of the word under way, or the whole next word where none is: a bit is always left. A word that was
    /// taken beyond that one is put back.
    pub(crate) fn leave_word(&mut self) -> Result<(), Damage> {
        if self.count == 0 {
            self.fill()?;
        }
        if self.behind > 0 {
            return Err(Damage::Cut);
        }
        if self.count > 16 {
            let at = self.input.len() - self.rest.len();
            self.rest = self.input.get(at - 2..).ok_or(Damage::Cut)?;
        }
        (self.held, self.count) = (0, 0);
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test that is wrong shall panic
mod tests {
    use super::*;

    #[test]
    fn bits_come_from_the_top_of_each_word_and_bytes_from_behind_the_words_taken() {
        let mut bits = Bits::new(&[0x34, 0x12, 0xAB, 0x78, 0x56]);
        assert_eq!(bits.take(4).unwrap(), 1);
        assert_eq!(bits.byte().unwrap(), 0xAB);
        assert_eq!(bits.take(12).unwrap(), 0x234);
        assert_eq!(bits.take(16).unwrap(), 0x5678);
    }

    #[test]
    fn leaving_a_word_leaves_at_least_a_bit_and_at_most_a_word() {
        for (taken, next) in [(0, 2), (1, 2), (15, 2), (16, 3), (17, 3)] {
            let mut bits = Bits::new(&[1, 1, 2, 2, 3, 3]);
            bits.take(taken.min(16)).unwrap();
            bits.take(taken.saturating_sub(16)).unwrap();
            // A decoder looks ahead.
            if taken % 16 != 0 {
                bits.fill().unwrap();
            }
            bits.leave_word().unwrap();
            assert_eq!(bits.byte().unwrap(), next, "{taken}");
        }
        assert_eq!(Bits::new(&[]).leave_word(), Err(Damage::Cut));
    }

    #[test]
    fn behind_the_end_are_two_words_of_zeros_and_no_more() {
        let mut bits = Bits::new(&[]);
        assert_eq!(bits.take(16), Ok(0));
        assert_eq!(bits.take(16), Ok(0));
        assert_eq!(bits.take(1), Err(Damage::Cut));
        assert_eq!(Bits::new(&[]).byte(), Err(Damage::Cut));
    }
}
