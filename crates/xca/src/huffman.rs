//! Canonical Huffman codes: of equal lengths the smaller symbol has the smaller code. [MS-XCA] 2.2
use crate::Damage;
use crate::bits::Bits;

/// No code is longer.
pub(crate) const CODE_BITS_MAX: usize = 16;
/// Codes up to this length are found by one look into a table.
const FAST_BITS: u32 = 9;
const FAST_LEN: usize = 1 << FAST_BITS;

/// A code of at most `SYMBOLS` symbols.
pub(crate) struct Code<const SYMBOLS: usize> {
    /// By the first bits: the symbol above its length; 0 for a longer code, or none.
    fast: [u16; FAST_LEN],
    /// By length: the first 16 bits that belong to a longer code.
    limits: [u32; CODE_BITS_MAX + 1],
    /// By length: where in `sorted` its first symbol would stand for a code of zeros.
    starts: [i32; CODE_BITS_MAX + 1],
    /// The symbols by their codes.
    sorted: [u16; SYMBOLS],
}

impl<const SYMBOLS: usize> Code<SYMBOLS> {
    /// From the length of each symbol's code; 0 for a symbol that does not occur. A code without symbols is one; a code
    /// that leaves patterns over is one only if it has a single symbol.
    pub(crate) fn new(lengths: &[u8; SYMBOLS]) -> Result<Code<SYMBOLS>, Damage> {
        let mut counts = [0u32; CODE_BITS_MAX + 1];
        for len in lengths {
            *counts.get_mut(usize::from(*len)).ok_or(Damage::Code)? += 1;
        }
        let mut code = Code {
            fast: [0; FAST_LEN],
            limits: [0; CODE_BITS_MAX + 1],
            starts: [0; CODE_BITS_MAX + 1],
            sorted: [0; SYMBOLS],
        };
        let mut firsts = [0usize; CODE_BITS_MAX + 1];
        let (mut limit, mut before, mut used) = (0u32, 0u32, 0u32);
        let lines = counts.iter().zip(&mut code.limits).zip(code.starts.iter_mut().zip(&mut firsts));
        for (len, ((count, limit_place), (start, first))) in (0u32..).zip(lines).skip(1) {
            let width = 1u32 << (16 - len);
            *start = signed(before)? - signed(limit / width)?;
            *first = usize::try_from(before).map_err(|_| Damage::Code)?;
            before += count;
            used += count;
            limit += count * width;
            *limit_place = limit;
        }
        let is_whole = limit == 1 << 16 || used == 0 || (used == 1 && limit == 1 << 15);
        if !is_whole {
            return Err(Damage::Code);
        }
        for (symbol, len) in (0u16..).zip(lengths).filter(|(_, len)| **len != 0) {
            let at = firsts.get_mut(usize::from(*len)).ok_or(Damage::Code)?;
            *code.sorted.get_mut(*at).ok_or(Damage::Code)? = symbol;
            *at += 1;
        }
        code.fill_fast(lengths)?;
        Ok(code)
    }

    fn fill_fast(&mut self, lengths: &[u8; SYMBOLS]) -> Result<(), Damage> {
        let mut at = 0usize;
        for symbol in self.sorted {
            let len = lengths.get(usize::from(symbol)).copied().unwrap_or(0);
            if len == 0 || u32::from(len) > FAST_BITS {
                break;
            }
            let width = FAST_LEN >> len;
            let Some(places) = self.fast.get_mut(at..at + width) else { break };
            places.fill(symbol << 5 | u16::from(len));
            at += width;
        }
        Ok(())
    }

    /// The next symbol. Bits are made sure of before and behind it, as [MS-XCA] 2.2 keeps them.
    pub(crate) fn next(&self, bits: &mut Bits<'_>) -> Result<u16, Damage> {
        bits.fill()?;
        let peeked = bits.peek();
        let entry = self.fast.get(usize::from(peeked >> (16 - FAST_BITS))).copied().unwrap_or(0);
        if entry != 0 {
            bits.skip(u32::from(entry & 0x1F));
            return Ok(entry >> 5);
        }
        let lines = (0u32..).zip(self.limits.iter().zip(&self.starts));
        for (len, (limit, start)) in lines.skip(1) {
            if u32::from(peeked) < *limit {
                let code = i32::from(peeked >> (16 - len));
                let symbol = usize::try_from(code + start).ok().and_then(|at| self.sorted.get(at));
                bits.skip(len);
                return symbol.copied().ok_or(Damage::Symbol);
            }
        }
        Err(Damage::Symbol)
    }
}

fn signed(value: u32) -> Result<i32, Damage> {
    i32::try_from(value).map_err(|_| Damage::Code)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test that is wrong shall panic
mod tests {
    use super::*;

    /// The code of RFC 1951 3.2.2: A to H with the lengths 3, 3, 3, 3, 3, 2, 4, 4.
    #[test]
    fn a_published_code_gives_its_symbols() {
        let code = Code::new(&[3, 3, 3, 3, 3, 2, 4, 4]).unwrap();
        // F 00, A 010, B 011, C 100, D 101, E 110, G 1110, H 1111
        let words = [0b0001_0011_1001_0111_u16, 0b0111_0111_1000_0000];
        let input: std::vec::Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let mut bits = Bits::new(&input);
        let symbols: std::vec::Vec<u16> = (0..8).map(|_| code.next(&mut bits).unwrap()).collect();
        assert_eq!(symbols, [5, 0, 1, 2, 3, 4, 6, 7]);
    }

    #[test]
    fn codes_longer_than_the_table_are_found() {
        // 1, 2, 3, ... 15, 15: each code is ones and a zero, the last is all ones.
        let mut lengths = [0u8; 16];
        lengths.iter_mut().zip(1..).for_each(|(len, number)| *len = number);
        lengths[15] = 15;
        let code = Code::new(&lengths).unwrap();
        for symbol in 0u16..16 {
            let ones = !(0xFFFFu16 >> symbol); // so many ones, then zeros
            let pattern = if symbol == 15 { 0xFFFF } else { ones };
            let bytes = pattern.to_le_bytes();
            assert_eq!(code.next(&mut Bits::new(&bytes)), Ok(symbol), "{symbol}");
        }
    }

    #[test]
    fn lengths_that_are_no_code_are_refused() {
        assert!(Code::new(&[1u8, 1, 1]).is_err(), "too many");
        assert!(Code::new(&[2u8, 2, 2]).is_err(), "one pattern is left over");
        assert!(Code::new(&[17u8, 1]).is_err(), "too long");
        let none = Code::new(&[0u8, 0]).unwrap();
        assert_eq!(none.next(&mut Bits::new(&[0, 0])), Err(Damage::Symbol));
        let single = Code::new(&[0u8, 1]).unwrap();
        assert_eq!(single.next(&mut Bits::new(&[0, 0])), Ok(1));
        assert_eq!(single.next(&mut Bits::new(&[0xFF, 0xFF])), Err(Damage::Symbol));
    }
}
