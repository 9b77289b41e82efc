//! Little-endian numbers at offsets in bytes from a disk, none of which is trusted.

/// What is wrong with bytes, in words; who knows where they lie says so with [`Fault::at`](crate::error::Fault::at).
pub(crate) use crate::error::Fault;

pub(crate) fn bytes_at(bytes: &[u8], at: usize, len: usize) -> Result<&[u8], Fault> {
    at.checked_add(len).and_then(|end| bytes.get(at..end)).ok_or(Fault("a field reaches past the end"))
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], Fault> {
    let found = bytes.get(at..).and_then(|rest| rest.first_chunk::<N>());
    found.copied().ok_or(Fault("a field reaches past the end"))
}

pub(crate) fn u8_at(bytes: &[u8], at: usize) -> Result<u8, Fault> {
    array_at::<1>(bytes, at).map(u8::from_le_bytes)
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Result<u16, Fault> {
    array_at(bytes, at).map(u16::from_le_bytes)
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Result<u32, Fault> {
    array_at(bytes, at).map(u32::from_le_bytes)
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> Result<u64, Fault> {
    array_at(bytes, at).map(u64::from_le_bytes)
}

/// Overwrites bytes in place.
pub(crate) fn put(bytes: &mut [u8], at: usize, new: &[u8]) -> Result<(), Fault> {
    let place = at.checked_add(new.len()).and_then(|end| bytes.get_mut(at..end));
    place.ok_or(Fault("a field reaches past the end"))?.copy_from_slice(new);
    Ok(())
}

pub(crate) fn put_u16(bytes: &mut [u8], at: usize, value: u16) -> Result<(), Fault> {
    put(bytes, at, &value.to_le_bytes())
}

pub(crate) fn put_u32(bytes: &mut [u8], at: usize, value: u32) -> Result<(), Fault> {
    put(bytes, at, &value.to_le_bytes())
}

pub(crate) fn put_u64(bytes: &mut [u8], at: usize, value: u64) -> Result<(), Fault> {
    put(bytes, at, &value.to_le_bytes())
}

/// A number from the disk as a length in memory.
pub(crate) fn size(value: u64) -> Result<usize, Fault> {
    usize::try_from(value).map_err(|_| Fault("a number too large for memory"))
}

/// A length that has to be kept in 32 bits.
pub(crate) fn narrow_u32(value: usize) -> Result<u32, Fault> {
    u32::try_from(value).map_err(|_| Fault("a length beyond 32 bits"))
}

/// A length that has to be kept in 16 bits.
pub(crate) fn narrow_u16(value: usize) -> Result<u16, Fault> {
    u16::try_from(value).map_err(|_| Fault("a length beyond 16 bits"))
}

/// A length that has to be kept in 8 bits.
pub(crate) fn narrow_u8(value: usize) -> Result<u8, Fault> {
    u8::try_from(value).map_err(|_| Fault("a length beyond 8 bits"))
}

/// The next multiple of eight, on which attributes and index entries begin.
pub(crate) fn round8(len: usize) -> usize {
    len.next_multiple_of(8)
}
