//! [MS-DTYP] 2.3.4: GUID.
use core::fmt;
use core::str::FromStr;

/// A GUID in its wire order: Data1, Data2 and Data3 little-endian, then eight bytes. [MS-DTYP] 2.3.4.2
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Guid(pub [u8; 16]);

/// Why a text is not a GUID.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GuidParseError;

/// Where each pair of hexadecimal digits of the text form lands in the wire form. [MS-DTYP] 2.3.4.3
const TEXT_ORDER: [usize; 16] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

impl Guid {
    /// All zeroes.
    pub const NIL: Guid = Guid([0; 16]);
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, at) in TEXT_ORDER.into_iter().enumerate() {
            if matches!(i, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{:02x}", self.0.get(at).copied().unwrap_or_default())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Guid {
    type Err = GuidParseError;

    /// Reads `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`, with or without braces, in either case.
    fn from_str(text: &str) -> Result<Guid, GuidParseError> {
        let bare = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or(text);
        let dashes_right = bare.len() == 36
            && bare.bytes().enumerate().all(|(i, b)| (b == b'-') == matches!(i, 8 | 13 | 18 | 23));
        if !dashes_right {
            return Err(GuidParseError);
        }
        let mut digits = bare.chars().filter(|c| *c != '-').map(|c| c.to_digit(16));
        let mut wire = [0u8; 16];
        for at in TEXT_ORDER {
            let high = digits.next().flatten().ok_or(GuidParseError)?;
            let low = digits.next().flatten().ok_or(GuidParseError)?;
            let byte = u8::try_from(high * 16 + low).map_err(|_| GuidParseError)?;
            *wire.get_mut(at).ok_or(GuidParseError)? = byte;
        }
        Ok(Guid(wire))
    }
}

impl fmt::Display for GuidParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a GUID is written xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx, in hexadecimal, braces allowed")
    }
}

impl core::error::Error for GuidParseError {}
