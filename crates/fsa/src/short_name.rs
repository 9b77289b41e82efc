//! Names of eight characters and three. [MS-FSCC] 2.1.5.2, [MS-FSA] 2.1.5.12.4
//!
//! None is stored: one is made of the long name alone, as NTFS makes them once the first four of a kind are taken: two
//! characters, four digits that the name gives, `~1`. Where two names of a directory give the same, the first in the
//! directory's order is found by it.
use crate::host::name::decode;
use crate::host::{Host, HostName, HostResult};
use crate::volume::Volume;
use nt::upcase;

const DOT: u16 = b'.' as u16;
const TILDE: u16 = b'~' as u16;
/// The most characters before the dot, and behind it.
const BASE_MAX: usize = 8;
const EXTENSION_MAX: usize = 3;

/// The short name of a name that is none itself.
pub(crate) fn short_name(name: &[u16]) -> Option<Vec<u16>> {
    if is_short(name) {
        return None;
    }
    let (base, extension) = match name.iter().rposition(|unit| *unit == DOT).filter(|at| *at > 0) {
        Some(at) => (name.get(..at).unwrap_or_default(), name.get(at + 1..).unwrap_or_default()),
        None => (name, &[][..]),
    };
    let legal = |units: &[u16], count: usize| -> Vec<u16> {
        units.iter().map(|unit| upcase(*unit)).filter(|unit| is_legal(*unit)).take(count).collect()
    };
    let mut short = legal(base, 2);
    short.extend(format!("{:04X}", checksum(name)).encode_utf16());
    short.extend([TILDE, u16::from(b'1')]);
    let extension = legal(extension, EXTENSION_MAX);
    if !extension.is_empty() {
        short.push(DOT);
        short.extend(extension);
    }
    Some(short)
}

/// True for a name that [`short_name`] could have made: so few are that looking for one is worth a whole directory.
pub(crate) fn is_made(name: &[u16]) -> bool {
    let base = name.split(|unit| *unit == DOT).next().unwrap_or_default();
    let digits = base.len().checked_sub(6).and_then(|at| base.get(at..at + 4));
    let hexadecimal =
        |unit: &u16| char::from_u32(u32::from(*unit)).is_some_and(|digit| digit.is_ascii_hexdigit());
    is_short(name)
        && base.ends_with(&[TILDE, u16::from(b'1')])
        && digits.is_some_and(|d| d.iter().all(hexadecimal))
}

/// A name of at most eight legal characters, and at most three behind the only dot.
fn is_short(name: &[u16]) -> bool {
    let mut parts = name.split(|unit| *unit == DOT);
    let base = parts.next().unwrap_or_default();
    let extension = parts.next();
    let fits = |part: &[u16], most: usize| {
        (1..=most).contains(&part.len()) && part.iter().all(|unit| is_legal(upcase(*unit)))
    };
    parts.next().is_none()
        && fits(base, BASE_MAX)
        && extension.is_none_or(|extension| fits(extension, EXTENSION_MAX))
}

/// Letters, digits and some signs of ASCII; a character beyond it is left out, for which code page has it nobody says.
fn is_legal(unit: u16) -> bool {
    u8::try_from(unit).is_ok_and(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'()-@^_`{}~".contains(&byte))
}

/// Sixteen bits that differ for most pairs of names, whatever their case.
fn checksum(name: &[u16]) -> u16 {
    name.iter().fold(0x9E37, |sum: u16, unit| sum.rotate_left(5).wrapping_mul(0x9E6D) ^ upcase(*unit))
}

impl<H: Host> Volume<H> {
    /// Finds the entry of a directory that has this short name, where the volume has short names at all.
    pub(crate) fn lookup_short(
        &self,
        dir: &H::Node,
        name: &[u16],
    ) -> HostResult<Option<(H::Node, HostName)>> {
        if !self.options.short_names || !is_made(name) {
            return Ok(None);
        }
        let wanted: Vec<u16> = name.iter().map(|unit| upcase(*unit)).collect();
        let entries = self.host.entries(dir)?;
        let found =
            entries.into_iter().find(|entry| short_name(&decode(&entry.name.0)) == Some(wanted.clone()));
        match found {
            Some(entry) => Ok(Some((self.host.open_entry(dir, &entry.name)?, entry.name))),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    /// [MS-FSCC] 2.1.5.2
    #[test]
    fn names_that_are_short_have_no_other() {
        for name in ["A", "bufsize.txt", "EIGHT888.EXT", "a-b_c.~1"] {
            assert_eq!(short_name(&units(name)), None, "{name}");
        }
    }

    #[test]
    fn a_long_name_gets_two_of_its_characters_four_digits_and_its_extension() {
        for (name, begins, ends) in [
            ("torture_search.txt", "TO", "~1.TXT"),
            ("two words", "TW", "~1"),
            (".hidden.conf", "HI", "~1.CON"),
            ("a.b.c", "AB", "~1.C"),
            ("\u{e9}t\u{e9}.html", "T", "~1.HTM"),
        ] {
            let short = short_name(&units(name)).unwrap();
            let text = String::from_utf16(&short).unwrap();
            assert!(text.starts_with(begins) && text.ends_with(ends), "{name}: {text}");
            assert!(is_made(&short) && is_short(&short), "{text}");
        }
    }

    #[test]
    fn case_does_not_count() {
        assert_eq!(short_name(&units("Torture_Search.TXT")), short_name(&units("torture_search.txt")));
    }
}
