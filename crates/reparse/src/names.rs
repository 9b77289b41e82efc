//! The two names that SYMLINK and MOUNT_POINT carry: four numbers, and a PathBuffer they point into.
//! [MS-FSCC] 2.1.2.4 and 2.1.2.5
use alloc::vec::Vec;

use nt::Utf16;

use crate::oddity::Oddity;
use crate::reader::Reader;
use crate::verdict::{Fault, SetError, Wanted};

/// Bytes that the four numbers take.
pub(crate) const SPANS_LEN: usize = 8;

pub(crate) const SUBSTITUTE: &str = "substitute name";
pub(crate) const PRINT: &str = "print name";

/// Where the two names are, in bytes from the start of PathBuffer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spans {
    pub(crate) substitute_offset: u16,
    pub(crate) substitute_len: u16,
    pub(crate) print_offset: u16,
    pub(crate) print_len: u16,
}

impl Spans {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Spans> {
        Some(Spans {
            substitute_offset: reader.u16()?,
            substitute_len: reader.u16()?,
            print_offset: reader.u16()?,
            print_len: reader.u16()?,
        })
    }

    pub(crate) fn write(self, data: &mut Vec<u8>) {
        for number in [self.substitute_offset, self.substitute_len, self.print_offset, self.print_len] {
            data.extend_from_slice(&number.to_le_bytes());
        }
    }

    /// One past the last byte of each name.
    fn ends(self) -> (usize, usize) {
        let end = |offset, len| usize::from(offset) + usize::from(len);
        (end(self.substitute_offset, self.substitute_len), end(self.print_offset, self.print_len))
    }

    /// The order of the kernel's check of a symlink: lengths not zero, all numbers even, both names inside.
    pub(crate) fn accept(self, room: usize) -> Result<(), SetError> {
        let numbers = [
            ("SubstituteNameLength", 2, self.substitute_len),
            ("PrintNameLength", 6, self.print_len),
            ("SubstituteNameOffset", 0, self.substitute_offset),
            ("PrintNameOffset", 4, self.print_offset),
        ];
        let error = |fault, (what, offset, got): (_, _, u16), wanted| SetError {
            fault,
            what,
            offset,
            wanted,
            got: u64::from(got),
        };
        for number in numbers.into_iter().take(2) {
            if number.2 == 0 {
                return Err(error(Fault::NameEmpty, number, Wanted::NotZero));
            }
        }
        for number in numbers {
            if !number.2.is_multiple_of(2) {
                return Err(error(Fault::NameUneven, number, Wanted::Even));
            }
        }
        let (substitute_end, print_end) = self.ends();
        for (what, offset, end) in
            [("substitute name's end", 0, substitute_end), ("print name's end", 4, print_end)]
        {
            if end > room {
                let (wanted, got) = (Wanted::AtMost(room as u64), end as u64);
                return Err(SetError { fault: Fault::NameOutside, what, offset, wanted, got });
            }
        }
        Ok(())
    }

    /// The two names, read leniently. `None` when one reaches outside the buffer.
    pub(crate) fn names(self, path: &[u8], oddities: &mut Vec<Oddity>) -> Option<(Utf16, Utf16)> {
        let substitute = name(SUBSTITUTE, self.substitute_offset, self.substitute_len, path, oddities);
        let print = name(PRINT, self.print_offset, self.print_len, path, oddities);
        let (substitute_end, print_end) = self.ends();
        let apart = substitute_end <= usize::from(self.print_offset)
            || print_end <= usize::from(self.substitute_offset)
            || self.substitute_len == 0
            || self.print_len == 0;
        if !apart {
            oddities.push(Oddity::NamesOverlap);
        }
        substitute.zip(print)
    }
}

/// One name; its oddities are told. A last half unit is left out.
fn name(what: &'static str, offset: u16, len: u16, path: &[u8], oddities: &mut Vec<Oddity>) -> Option<Utf16> {
    let found = path.get(usize::from(offset)..).and_then(|tail| tail.get(..usize::from(len)));
    let Some(bytes) = found else {
        oddities.push(Oddity::NameOutside { what, offset, len, room: path.len() });
        return None;
    };
    if !offset.is_multiple_of(2) || !len.is_multiple_of(2) {
        oddities.push(Oddity::NameUneven { what, offset, len });
    }
    let (pairs, _half) = bytes.as_chunks::<2>();
    let name = Utf16(pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect());
    tell_of_name(what, &name, oddities);
    Some(name)
}

/// Tells what is odd in the text of a name.
pub(crate) fn tell_of_name(what: &'static str, name: &Utf16, oddities: &mut Vec<Oddity>) {
    if name.units().is_empty() {
        oddities.push(Oddity::NameEmpty { what });
    }
    // One pass that the compiler makes wide; nearly every name ends here.
    let special = |unit: u16| u16::from(unit == 0) | u16::from(unit & 0xF800 == 0xD800);
    if name.units().iter().fold(0, |found, unit| found | special(*unit)) == 0 {
        return;
    }
    if name.units().contains(&0) {
        oddities.push(Oddity::NameHoldsNul { what });
    }
    if char::decode_utf16(name.units().iter().copied()).any(|unit| unit.is_err()) {
        oddities.push(Oddity::NameIllFormed { what });
    }
}
