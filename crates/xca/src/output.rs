//! The result of decoding: literals and matches, one behind the other.
use crate::Damage;

/// The bytes that were decoded, in a slice as long as the whole result.
pub(crate) struct Output<'a> {
    whole: &'a mut [u8],
    len: usize,
}

impl<'a> Output<'a> {
    pub(crate) fn new(whole: &'a mut [u8]) -> Output<'a> {
        Output { whole, len: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// How much is missing.
    pub(crate) fn missing(&self) -> usize {
        self.whole.len() - self.len
    }

    pub(crate) fn literal(&mut self, byte: u8) -> Result<(), Damage> {
        *self.whole.get_mut(self.len).ok_or(Damage::TooLong)? = byte;
        self.len += 1;
        Ok(())
    }

    pub(crate) fn literals(&mut self, bytes: &[u8]) -> Result<(), Damage> {
        let place = self.whole.get_mut(self.len..).and_then(|rest| rest.get_mut(..bytes.len()));
        place.ok_or(Damage::TooLong)?.copy_from_slice(bytes);
        self.len += bytes.len();
        Ok(())
    }

    /// Repeats what stands `offset` bytes before the end; what is repeated may be part of the match itself.
    pub(crate) fn repeat(&mut self, offset: usize, len: usize) -> Result<(), Damage> {
        let start = self.len.checked_sub(offset).filter(|_| offset > 0).ok_or(Damage::Offset)?;
        if len > self.missing() {
            return Err(Damage::TooLong);
        }
        if offset >= len {
            self.whole.copy_within(start..start + len, self.len);
        } else {
            let room = self.whole.get_mut(start..self.len + len).unwrap_or_default();
            for at in offset..room.len() {
                let byte = room.get(at - offset).copied().unwrap_or(0);
                room.get_mut(at).into_iter().for_each(|place| *place = byte);
            }
        }
        self.len += len;
        Ok(())
    }

    pub(crate) fn into_whole(self) -> &'a mut [u8] {
        self.whole
    }
}
