//! Update sequences: the last two bytes of every 512 are kept elsewhere, and a number stands in their place that tells
//! whether all of a record or block reached the disk.
use crate::boot::STRIDE;
use crate::fields::{Fault, put, u16_at};

/// Puts the bytes back, once the signature and every number agree.
pub(crate) fn remove(bytes: &mut [u8], signature: &[u8; 4]) -> Result<(), Fault> {
    if bytes.first_chunk() != Some(signature) {
        return Err(Fault("the signature is missing"));
    }
    let array = array(bytes)?;
    let number = u16_at(bytes, array)?;
    for stride in 1..=bytes.len() / STRIDE {
        let end = stride * STRIDE - 2;
        if u16_at(bytes, end)? != number {
            return Err(Fault("an update sequence number differs: it was not written whole"));
        }
        let kept = u16_at(bytes, array + 2 * stride)?;
        put(bytes, end, &kept.to_le_bytes())?;
    }
    Ok(())
}

/// Keeps the bytes aside and puts the next number in their place.
pub(crate) fn insert(bytes: &mut [u8]) -> Result<(), Fault> {
    let array = array(bytes)?;
    let number = match u16_at(bytes, array)?.wrapping_add(1) {
        0 | u16::MAX => 1,
        number => number,
    };
    put(bytes, array, &number.to_le_bytes())?;
    for stride in 1..=bytes.len() / STRIDE {
        let end = stride * STRIDE - 2;
        let kept = u16_at(bytes, end)?;
        put(bytes, array + 2 * stride, &kept.to_le_bytes())?;
        put(bytes, end, &number.to_le_bytes())?;
    }
    Ok(())
}

/// Where the array begins; it must lie in the first stride, clear of the bytes that it protects.
fn array(bytes: &[u8]) -> Result<usize, Fault> {
    let offset = usize::from(u16_at(bytes, 4)?);
    let count = usize::from(u16_at(bytes, 6)?);
    if bytes.is_empty() || !bytes.len().is_multiple_of(STRIDE) || count != bytes.len() / STRIDE + 1 {
        return Err(Fault("the update sequence array has the wrong length"));
    }
    let whole = offset.is_multiple_of(2) && offset >= 8 && offset + 2 * count <= STRIDE - 2;
    if whole { Ok(offset) } else { Err(Fault("the update sequence array lies where it cannot")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block() -> Vec<u8> {
        let mut bytes: Vec<u8> = (0..1024u32).map(|n| n.to_le_bytes()[0]).collect();
        bytes[..8].copy_from_slice(b"FILE\x30\0\x03\0");
        bytes
    }

    #[test]
    fn what_is_inserted_is_removed_again() {
        let mut bytes = block();
        insert(&mut bytes).unwrap();
        assert_eq!(bytes[510..512], bytes[0x30..0x32]);
        remove(&mut bytes, b"FILE").unwrap();
        assert_eq!(bytes[510..512], [0xFE, 0xFF]);
        assert_eq!(bytes[1022..], [0xFE, 0xFF]);
    }

    #[test]
    fn a_stride_that_did_not_reach_the_disk_is_told() {
        let mut bytes = block();
        insert(&mut bytes).unwrap();
        bytes[1022] ^= 1;
        assert!(remove(&mut bytes, b"FILE").is_err());
    }
}
