//! Names and paths as NTFS and the protocols carry them: UTF-16 units, possibly ill-formed.
use crate::upcase;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;

/// An owned string of UTF-16 units. It may hold unpaired surrogates and any unit but what its user forbids; it is never
/// NUL-terminated (a NUL in it is a character like another).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Utf16(pub Vec<u16>);

impl Utf16 {
    /// From little-endian bytes; `None` when their count is odd.
    pub fn from_le_bytes(bytes: &[u8]) -> Option<Utf16> {
        let (pairs, rest) = bytes.as_chunks::<2>();
        rest.is_empty().then(|| Utf16(pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect()))
    }

    /// The units as little-endian bytes.
    pub fn to_le_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|unit| unit.to_le_bytes()).collect()
    }

    /// The text, or `None` when a surrogate is unpaired.
    pub fn to_text(&self) -> Option<String> {
        char::decode_utf16(self.0.iter().copied()).collect::<Result<String, _>>().ok()
    }

    /// The name in WTF-8, a superset of UTF-8 that holds unpaired surrogates: what a host path is made of.
    pub fn to_wtf8(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.0.len());
        for unit in char::decode_utf16(self.0.iter().copied()) {
            match unit {
                Ok(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                Err(lone) => out.extend(surrogate_bytes(lone.unpaired_surrogate())),
            }
        }
        out
    }

    /// From WTF-8. Bytes that are neither UTF-8 nor an unpaired surrogate are an error, and so is a surrogate pair
    /// written as two halves: each name has one form in bytes.
    pub fn from_wtf8(bytes: &[u8]) -> Result<Utf16, Wtf8Error> {
        let mut units: Vec<u16> = Vec::with_capacity(bytes.len());
        let mut rest = bytes;
        while !rest.is_empty() {
            let valid = match core::str::from_utf8(rest) {
                Ok(text) => text,
                Err(error) => rest
                    .get(..error.valid_up_to())
                    .and_then(|valid| core::str::from_utf8(valid).ok())
                    .unwrap_or_default(),
            };
            units.extend(valid.encode_utf16());
            rest = rest.get(valid.len()..).unwrap_or_default();
            let Some((head, after)) = rest.split_first_chunk::<3>() else {
                return if rest.is_empty() { Ok(Utf16(units)) } else { Err(Wtf8Error::at(bytes, rest)) };
            };
            let lone = surrogate(*head).ok_or(Wtf8Error::at(bytes, rest))?;
            if units.last().is_some_and(|last| is_high(*last)) && !is_high(lone) {
                return Err(Wtf8Error::at(bytes, rest));
            }
            units.push(lone);
            rest = after;
        }
        Ok(Utf16(units))
    }

    /// The name with every unit in upper case: the key of a case-insensitive directory.
    pub fn to_upcased(&self) -> Utf16 {
        Utf16(self.0.iter().map(|unit| upcase(*unit)).collect())
    }

    /// True when the two are one name on a case-insensitive volume.
    pub fn eq_ignore_case(&self, other: &Utf16) -> bool {
        self.0.len() == other.0.len() && self.cmp_ignore_case(other) == Ordering::Equal
    }

    /// The order of names in a case-insensitive directory: by upper-case units.
    pub fn cmp_ignore_case(&self, other: &Utf16) -> Ordering {
        let differs = self.0.iter().zip(&other.0).find(|(a, b)| upcase(**a) != upcase(**b));
        match differs {
            Some((a, b)) => upcase(*a).cmp(&upcase(*b)),
            None => self.0.len().cmp(&other.0.len()),
        }
    }

    /// The units.
    pub fn units(&self) -> &[u16] {
        &self.0
    }
}

impl From<&str> for Utf16 {
    fn from(text: &str) -> Utf16 {
        Utf16(text.encode_utf16().collect())
    }
}

impl From<&[u16]> for Utf16 {
    fn from(units: &[u16]) -> Utf16 {
        Utf16(units.to_vec())
    }
}

impl fmt::Display for Utf16 {
    /// The text, with U+FFFD for each unpaired surrogate.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        char::decode_utf16(self.0.iter().copied())
            .try_for_each(|c| fmt::Write::write_char(f, c.unwrap_or(char::REPLACEMENT_CHARACTER)))
    }
}

impl fmt::Debug for Utf16 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "u\"{self}\"")
    }
}

/// Why bytes are not WTF-8.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wtf8Error {
    /// Where the first byte stands that fits nothing.
    pub offset: usize,
}

impl Wtf8Error {
    fn at(bytes: &[u8], rest: &[u8]) -> Wtf8Error {
        Wtf8Error { offset: bytes.len() - rest.len() }
    }
}

impl fmt::Display for Wtf8Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the bytes from {} on are neither UTF-8 nor an unpaired surrogate", self.offset)
    }
}

impl core::error::Error for Wtf8Error {}

fn is_high(unit: u16) -> bool {
    matches!(unit, 0xD800..=0xDBFF)
}

/// The three bytes of a surrogate, as UTF-8 would write it if it might.
fn surrogate_bytes(unit: u16) -> [u8; 3] {
    let [high, low] = (unit & 0x0FFF).to_be_bytes();
    [0xED, 0x80 | (high << 2) | (low >> 6), 0x80 | (low & 0x3F)]
}

/// The surrogate that three bytes write, if they do.
fn surrogate(bytes: [u8; 3]) -> Option<u16> {
    match bytes {
        [0xED, middle @ 0xA0..=0xBF, last @ 0x80..=0xBF] => {
            Some(0xD000 | u16::from(middle & 0x3F) << 6 | u16::from(last & 0x3F))
        }
        _ => None,
    }
}
