//! Extended attributes, as `$EA` holds them: what WSL keeps of its FIFOs and devices. [MS-FSCC] 2.4.16 has the form.
use crate::error::{Error, Result, Why};
use crate::fields::{Fault, bytes_at, narrow_u8, narrow_u16, narrow_u32, size, u8_at, u16_at, u32_at};
use nt::NtStatus;

/// No file has more bytes of them. [MS-FSA] 2.1.1.3
pub(crate) const EA_BYTES_MAX: u64 = 65_536;
/// Bytes before the name.
const HEADER: usize = 8;
/// The longest name.
const NAME_MAX: usize = 254;

/// An extended attribute.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExtendedAttribute {
    /// Its name, in bytes of the system's code page.
    pub name: Vec<u8>,
    /// Its value.
    pub value: Vec<u8>,
    /// Who does not understand it must not touch the file.
    pub is_needed: bool,
}

/// Reads all of them.
pub(crate) fn decode_all(mut bytes: &[u8]) -> std::result::Result<Vec<ExtendedAttribute>, Fault> {
    let mut out = Vec::new();
    while !bytes.is_empty() {
        let next = size(u64::from(u32_at(bytes, 0)?))?;
        let name_len = usize::from(u8_at(bytes, 5)?);
        let value_len = usize::from(u16_at(bytes, 6)?);
        let name = bytes_at(bytes, HEADER, name_len)?.to_vec();
        let value = bytes_at(bytes, HEADER + name_len + 1, value_len)?.to_vec();
        out.push(ExtendedAttribute { name, value, is_needed: u8_at(bytes, 4)? & 0x80 != 0 });
        let end = HEADER + name_len + 1 + value_len;
        if next == 0 {
            break;
        }
        if next < end {
            return Err(Fault("extended attributes overlap"));
        }
        bytes = bytes.get(next..).ok_or(Fault("extended attributes are cut off"))?;
    }
    Ok(out)
}

/// The bytes of `$EA`: each attribute on a multiple of four, and told how long it is.
pub(crate) fn encode_all(attributes: &[ExtendedAttribute]) -> std::result::Result<Vec<u8>, Fault> {
    let mut out = Vec::new();
    for attribute in attributes {
        let len = HEADER + attribute.name.len() + 1 + attribute.value.len();
        let padded = len.next_multiple_of(4);
        let begin = out.len();
        out.extend_from_slice(&narrow_u32(padded)?.to_le_bytes());
        out.push(if attribute.is_needed { 0x80 } else { 0 });
        out.push(narrow_u8(attribute.name.len())?);
        out.extend_from_slice(&narrow_u16(attribute.value.len())?.to_le_bytes());
        out.extend_from_slice(&attribute.name);
        out.push(0);
        out.extend_from_slice(&attribute.value);
        out.resize(begin + padded, 0);
    }
    Ok(out)
}

/// The length in the packed form that `$EA_INFORMATION` and directory entries tell: without the first offset and the
/// padding.
pub(crate) fn packed_len(attributes: &[ExtendedAttribute]) -> usize {
    attributes.iter().map(|attribute| 5 + attribute.name.len() + attribute.value.len()).sum()
}

/// What NTFS lets be set: names of 1 to 254 bytes without control characters and punctuation, and not too much of all.
/// [MS-FSCC] 2.4.16
pub(crate) fn check(attributes: &[ExtendedAttribute]) -> Result<()> {
    let bad = |byte: &u8| *byte < 0x20 || b"\\/:*?\"<>|,+=[];".contains(byte);
    let is_bad = |name: &[u8]| name.is_empty() || name.len() > NAME_MAX || name.iter().any(bad);
    if attributes.iter().any(|attribute| is_bad(&attribute.name)) {
        let why = Why::BadEa("an extended attribute cannot have this name");
        return Err(Error::request(NtStatus::INVALID_EA_NAME, why));
    }
    let len: usize =
        attributes.iter().map(|attribute| attribute.name.len() + attribute.value.len() + 12).sum();
    if len as u64 >= EA_BYTES_MAX {
        let why = Why::BadEa("the extended attributes are larger than 64 KiB together");
        return Err(Error::request(NtStatus::EA_TOO_LARGE, why));
    }
    Ok(())
}
