//! Reading: a view that only shrinks, and the one place where offsets from outside are resolved.
use nt::{FileTime, Guid, Utf16};

use crate::error::DecodeError;
use crate::file_id::FileId;
use crate::header::HEADER_LEN;

/// The bytes of a structure, and those of them not yet read.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    what: &'static str,
    /// From where the structure's offsets count, to its end.
    whole: &'a [u8],
    rest: &'a [u8],
    /// Where the variable part begins: no offset may point before it.
    variable_from: usize,
}

type Read<T> = Result<T, DecodeError>;

impl<'a> Reader<'a> {
    /// Over a structure whose offsets, if it has any, count from its first byte.
    pub(crate) fn new(what: &'static str, bytes: &'a [u8]) -> Reader<'a> {
        Reader { what, whole: bytes, rest: bytes, variable_from: 0 }
    }

    /// Over the body of a message that begins with its header. The fixed part must be there as a whole; an odd
    /// StructureSize counts one byte of the variable part, which may be missing. [MS-SMB2] 2.2
    pub(crate) fn body(what: &'static str, message: &'a [u8], structure_size: u16) -> Read<Reader<'a>> {
        let mut reader = Reader::new(what, message);
        reader.bytes(HEADER_LEN)?;
        let got = reader.u16()?;
        if got != structure_size {
            return Err(DecodeError::StructureSize { what, wanted: structure_size, got });
        }
        let fixed = usize::from(structure_size & !1);
        reader.variable_from = HEADER_LEN + fixed;
        match message.len() < HEADER_LEN + fixed {
            true => Err(reader.short(fixed - 2)),
            false => Ok(reader),
        }
    }

    fn short(&self, wanted: usize) -> DecodeError {
        DecodeError::Short { what: self.what, offset: self.offset(), wanted, got: self.rest.len() }
    }

    /// Bytes read so far.
    pub(crate) fn offset(&self) -> usize {
        self.whole.len() - self.rest.len()
    }

    /// Says that the fixed part ends here: no offset may point before this.
    pub(crate) fn variable_part(&mut self) {
        self.variable_from = self.offset();
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        let (head, tail) = self.rest.split_first_chunk::<N>().ok_or_else(|| self.short(N))?;
        self.rest = tail;
        Ok(*head)
    }

    pub(crate) fn u8(&mut self) -> Read<u8> {
        self.array().map(u8::from_le_bytes)
    }

    pub(crate) fn u16(&mut self) -> Read<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Read<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Read<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn guid(&mut self) -> Read<Guid> {
        self.array().map(Guid)
    }

    pub(crate) fn time(&mut self) -> Read<FileTime> {
        self.u64().map(FileTime)
    }

    pub(crate) fn file_id(&mut self) -> Read<FileId> {
        Ok(FileId { persistent: self.u64()?, volatile: self.u64()? })
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Read<&'a [u8]> {
        let (head, tail) = self.rest.split_at_checked(len).ok_or_else(|| self.short(len))?;
        self.rest = tail;
        Ok(head)
    }

    /// Passes over a reserved field, whatever is in it.
    pub(crate) fn skip(&mut self, len: usize) -> Read<()> {
        self.bytes(len).map(|_| ())
    }

    /// As many 16-bit numbers as a count says.
    pub(crate) fn u16s(&mut self, count: u16) -> Read<impl Iterator<Item = u16> + use<'a>> {
        let bytes = self.bytes(usize::from(count) * 2)?;
        Ok(bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)))
    }

    /// What is left.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The variable part that an offset and a length speak of. When the length is zero the offset means nothing.
    pub(crate) fn span(
        &self,
        what: &'static str,
        offset: impl Into<u64>,
        len: impl Into<u64>,
    ) -> Read<&'a [u8]> {
        let (offset, len) = (offset.into(), len.into());
        if len == 0 {
            return Ok(&[]);
        }
        let bytes = self.tail(what, offset)?;
        let len_here = usize::try_from(len).ok().filter(|len| *len <= bytes.len());
        len_here.and_then(|len| bytes.get(..len)).ok_or(DecodeError::Span { what, offset, len })
    }

    /// Everything from an offset on.
    pub(crate) fn tail(&self, what: &'static str, offset: impl Into<u64>) -> Read<&'a [u8]> {
        let offset = offset.into();
        let here = usize::try_from(offset).ok().filter(|offset| *offset >= self.variable_from);
        here.and_then(|from| self.whole.get(from..)).ok_or(DecodeError::Span { what, offset, len: 0 })
    }
}

/// A name of UTF-16 units.
pub(crate) fn name(what: &'static str, bytes: &[u8]) -> Read<Utf16> {
    Utf16::from_le_bytes(bytes).ok_or(DecodeError::OddName { what, len: bytes.len() })
}
