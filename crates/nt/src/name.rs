//! Names and paths as NTFS and the protocols carry them: UTF-16 units, possibly ill-formed.
use alloc::string::String;
use alloc::vec::Vec;
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

/// One UTF-16 unit in upper case, by simple case mapping in the basic plane as `$UpCase` does: one unit to one unit,
/// anything else unchanged. Names that are equal after it are the same name on a case-insensitive volume.
pub fn upcase(unit: u16) -> u16 {
    if unit < 0x80 {
        return if (0x61..=0x7A).contains(&unit) { unit - 0x20 } else { unit };
    }
    let Some(c) = char::from_u32(u32::from(unit)) else { return unit };
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(single), None) => u16::try_from(u32::from(single)).unwrap_or(unit),
        _ => unit,
    }
}
