//! Names in bytes, as hosts keep them, related to names in UTF-16, as the protocol carries them. docs/DISK-FORMAT.md 10
//!
//! UTF-8 stands for itself. An unpaired surrogate is three bytes, as WTF-8 writes it. A byte that is neither, 0x80 to
//! 0xFF, is the lone low surrogate 0xDC00 + byte, so every host name has a name in UTF-16 and no two share one.
//! [`encode_exact`] of [`decode`] gives the same bytes always; the other way round holds for the names that
//! [`encode_new`] lets be created.
use super::{HostFault, HostName};
use nt::upcase;

/// The longest name a Linux directory holds, in bytes: NAME_MAX.
pub const NAME_BYTES_MAX: usize = 255;

/// Lone low surrogates from here on stand for bytes from 0x80 on.
const ESCAPE: u16 = 0xDC00;

/// A piece of a host name.
enum Piece {
    /// A character in UTF-8.
    Char(char),
    /// An unpaired surrogate in WTF-8, and its bytes.
    Surrogate(u16, [u8; 3]),
    /// A byte that is neither.
    Byte(u8),
}

/// The name in UTF-16, in the place of what is in `name`.
pub fn decode_into(bytes: &[u8], name: &mut Vec<u16>) {
    match bytes.is_ascii() {
        true => {
            name.clear();
            name.extend(bytes.iter().copied().map(u16::from));
        }
        false => *name = decode(bytes),
    }
}

/// The name in UTF-16. Each host name has its own.
pub fn decode(bytes: &[u8]) -> Vec<u16> {
    if bytes.is_ascii() {
        return bytes.iter().copied().map(u16::from).collect();
    }
    if let Ok(text) = core::str::from_utf8(bytes) {
        return text.encode_utf16().collect();
    }
    // Backwards, because a high surrogate may stand alone only where no low one follows: else the two would be read as
    // one character and encode to other bytes.
    let mut reversed = Vec::with_capacity(bytes.len());
    for piece in pieces(bytes).into_iter().rev() {
        match piece {
            Piece::Char(c) => reversed.extend(c.encode_utf16(&mut [0; 2]).iter().rev()),
            Piece::Byte(byte) => reversed.push(ESCAPE + u16::from(byte)),
            Piece::Surrogate(unit, raw) => {
                let joins =
                    unit < ESCAPE && reversed.last().is_some_and(|next| (ESCAPE..0xE000).contains(next));
                if joins || escaped_byte(unit).is_some() {
                    reversed.extend(raw.iter().rev().map(|byte| ESCAPE + u16::from(*byte)));
                } else {
                    reversed.push(unit);
                }
            }
        }
    }
    reversed.reverse();
    reversed
}

/// The bytes of a name. A name that no host name decodes to gives bytes all the same, which are some other name's.
fn encode(name: &[u16]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    out.extend(name.iter().map_while(|unit| u8::try_from(*unit).ok().filter(u8::is_ascii)));
    if out.len() == name.len() {
        return out;
    }
    out.clear();
    for unit in char::decode_utf16(name.iter().copied()) {
        match unit.map_err(|lone| lone.unpaired_surrogate()) {
            Ok(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            Err(lone) => match escaped_byte(lone) {
                Some(byte) => out.push(byte),
                None => out.extend_from_slice(&surrogate_bytes(lone)),
            },
        }
    }
    out
}

/// The host name that decodes to exactly this name, if there can be one: not empty, not `.` or `..`, no `/`, no NUL.
/// It may be longer than a directory holds.
pub fn encode_exact(name: &[u16]) -> Option<HostName> {
    let bytes = encode(name);
    let reserved = matches!(&bytes[..], b"" | b"." | b"..") || bytes.contains(&b'/') || bytes.contains(&0);
    (!reserved && (!has_surrogate(name) || decode(&bytes) == name)).then_some(HostName(bytes))
}

/// The host name under which an object of this name is made. [`HostFault::NameInvalid`] where none decodes to exactly
/// it, or it is longer than [`NAME_BYTES_MAX`].
pub fn encode_new(name: &[u16]) -> Result<HostName, HostFault> {
    encode_exact(name).filter(|name| name.0.len() <= NAME_BYTES_MAX).ok_or(HostFault::NameInvalid)
}

/// True when the two are one name on a case-insensitive volume: each unit equal in upper case.
pub fn same_in_any_case(a: &[u16], b: &[u16]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| upcase(*a) == upcase(*b))
}

fn has_surrogate(name: &[u16]) -> bool {
    name.iter().any(|unit| (0xD800..0xE000).contains(unit))
}

/// Cuts a host name into pieces.
fn pieces(bytes: &[u8]) -> Vec<Piece> {
    let mut out = Vec::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.extend(chunk.valid().chars().map(Piece::Char));
        out.extend(chunk.invalid().iter().map(|byte| Piece::Byte(*byte)));
    }
    join_surrogates(out)
}

/// Replaces three bytes that write a surrogate by that surrogate.
fn join_surrogates(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        out.push(piece);
        if let [.., Piece::Byte(0xED), Piece::Byte(middle @ 0xA0..=0xBF), Piece::Byte(last @ 0x80..=0xBF)] =
            out[..]
        {
            let unit = 0xD000 | u16::from(middle & 0x3F) << 6 | u16::from(last & 0x3F);
            out.truncate(out.len() - 3);
            out.push(Piece::Surrogate(unit, [0xED, middle, last]));
        }
    }
    out
}

/// The byte that a lone low surrogate stands for.
fn escaped_byte(unit: u16) -> Option<u8> {
    u8::try_from(unit.checked_sub(ESCAPE)?).ok().filter(|byte| *byte >= 0x80)
}

/// A surrogate as UTF-8 would write it if it might.
fn surrogate_bytes(unit: u16) -> [u8; 3] {
    let [high, low] = (unit & 0x0FFF).to_be_bytes();
    [0xED, 0x80 | (high << 2) | (low >> 6), 0x80 | (low & 0x3F)]
}
