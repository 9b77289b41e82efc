//! Records of the master file table: a header and attribute records.
use crate::attribute::{END, View};
use crate::fields::{
    Fault, narrow_u16, narrow_u32, put, put_u16, put_u32, put_u64, round8, u16_at, u32_at, u64_at,
};
use crate::fixup;
use crate::reference::FileRef;

/// What every record begins with.
pub(crate) const SIGNATURE: &[u8; 4] = b"FILE";
const IN_USE: u16 = 1;
const DIRECTORY: u16 = 2;
/// A metadata file in `$Extend`.
const IN_EXTEND: u16 = 4;
/// A file with an index of something else than names.
const VIEW_INDEX: u16 = 8;
/// In newer records the update sequence array stands behind the record's own number.
const ARRAY_OFFSET: usize = 0x30;
/// The end mark, and the four bytes that fill its eight.
const END_LEN: usize = 8;

/// A record, its update sequence taken out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Record {
    pub(crate) number: u64,
    bytes: Vec<u8>,
}

impl Record {
    /// From the bytes on the disk.
    pub(crate) fn decode(number: u64, mut bytes: Vec<u8>) -> Result<Record, Fault> {
        fixup::remove(&mut bytes, SIGNATURE)?;
        let record = Record { number, bytes };
        let (first, used) = (record.first_attribute()?, record.used()?);
        if first < 0x28 || !first.is_multiple_of(8) || used > record.bytes.len() || first + 4 > used {
            return Err(Fault("the lengths in the record's header contradict each other"));
        }
        Ok(record)
    }

    /// A new record without attributes.
    pub(crate) fn empty(number: u64, len: usize, sequence: u16, array_seed: u16) -> Result<Record, Fault> {
        let mut bytes = vec![0; len];
        let count = len / crate::boot::STRIDE + 1;
        let first = round8(ARRAY_OFFSET + 2 * count);
        put(&mut bytes, 0, SIGNATURE)?;
        put_u16(&mut bytes, 4, narrow_u16(ARRAY_OFFSET)?)?;
        put_u16(&mut bytes, 6, narrow_u16(count)?)?;
        put_u16(&mut bytes, 0x10, sequence)?;
        put_u16(&mut bytes, 0x14, narrow_u16(first)?)?;
        put_u32(&mut bytes, 0x1C, narrow_u32(len)?)?;
        let [n0, n1, n2, n3, ..] = number.to_le_bytes();
        put(&mut bytes, 0x2C, &[n0, n1, n2, n3])?;
        put_u16(&mut bytes, ARRAY_OFFSET, array_seed)?;
        let mut record = Record { number, bytes };
        record.set_attributes(&[])?;
        Ok(record)
    }

    /// The bytes for the disk, under the next update sequence number.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, Fault> {
        let mut bytes = self.bytes.clone();
        fixup::insert(&mut bytes)?;
        Ok(bytes)
    }

    fn header_u16(&self, at: usize) -> u16 {
        u16_at(&self.bytes, at).unwrap_or(0)
    }

    fn first_attribute(&self) -> Result<usize, Fault> {
        u16_at(&self.bytes, 0x14).map(usize::from)
    }

    /// Bytes in use, header and end mark among them.
    pub(crate) fn used(&self) -> Result<usize, Fault> {
        crate::fields::size(u64::from(u32_at(&self.bytes, 0x18)?))
    }

    pub(crate) fn sequence(&self) -> u16 {
        self.header_u16(0x10)
    }

    pub(crate) fn reference(&self) -> FileRef {
        FileRef::new(self.number, self.sequence())
    }

    pub(crate) fn is_in_use(&self) -> bool {
        self.header_u16(0x16) & IN_USE != 0
    }

    pub(crate) fn is_directory(&self) -> bool {
        self.header_u16(0x16) & DIRECTORY != 0
    }

    pub(crate) fn set_in_use(&mut self, in_use: bool, directory: bool) -> Result<(), Fault> {
        let flags = if in_use { IN_USE } else { 0 } | if directory { DIRECTORY } else { 0 };
        put_u16(&mut self.bytes, 0x16, flags)
    }

    /// In use, for a file of `$Extend` that is an index of something else than names.
    pub(crate) fn set_view_index(&mut self) -> Result<(), Fault> {
        put_u16(&mut self.bytes, 0x16, IN_USE | IN_EXTEND | VIEW_INDEX)
    }

    pub(crate) fn set_links(&mut self, links: u16) -> Result<(), Fault> {
        put_u16(&mut self.bytes, 0x12, links)
    }

    pub(crate) fn links(&self) -> u16 {
        self.header_u16(0x12)
    }

    /// The record of which this one is an extension; 0 when it is none.
    pub(crate) fn base(&self) -> FileRef {
        FileRef(u64_at(&self.bytes, 0x20).unwrap_or(0))
    }

    pub(crate) fn set_base(&mut self, base: FileRef) -> Result<(), Fault> {
        put_u64(&mut self.bytes, 0x20, base.0)
    }

    /// The next number for an attribute of this record, taken.
    pub(crate) fn take_id(&mut self, taken: &[u16]) -> Result<u16, Fault> {
        let mut id = self.header_u16(0x28);
        // The counter may have wrapped in the record's long life.
        while taken.contains(&id) {
            id = id.wrapping_add(1);
        }
        put_u16(&mut self.bytes, 0x28, id.wrapping_add(1))?;
        Ok(id)
    }

    /// Marks the record free for another file: the next one has another sequence number.
    pub(crate) fn retire(&mut self) -> Result<(), Fault> {
        let next = match self.sequence().wrapping_add(1) {
            0 => 1,
            next => next,
        };
        put_u16(&mut self.bytes, 0x10, next)?;
        self.set_in_use(false, self.is_directory())
    }

    /// Every attribute record, in order.
    pub(crate) fn attributes(&self) -> Attributes<'_> {
        let used = self.used().unwrap_or(0);
        let first = self.first_attribute().unwrap_or(0);
        Attributes { rest: self.bytes.get(first..used).unwrap_or_default(), done: false }
    }

    /// Where in the record a part of it lies.
    pub(crate) fn offset_of(&self, part: &[u8]) -> Option<usize> {
        let (whole, part) = (self.bytes.as_ptr_range(), part.as_ptr_range());
        let inside = whole.start <= part.start && part.end <= whole.end;
        inside.then(|| part.start.addr() - whole.start.addr())
    }

    /// How many bytes of attributes a new record of a length can hold.
    pub(crate) fn empty_capacity(len: usize) -> usize {
        let first = round8(ARRAY_OFFSET + 2 * (len / crate::boot::STRIDE + 1));
        len.saturating_sub(first + END_LEN)
    }

    /// How many bytes of attributes the record can hold.
    pub(crate) fn capacity(&self) -> Result<usize, Fault> {
        Ok(self.bytes.len().saturating_sub(self.first_attribute()? + END_LEN))
    }

    /// Puts these attributes in the place of those there are.
    pub(crate) fn set_attributes(&mut self, attributes: &[&[u8]]) -> Result<(), Fault> {
        let mut at = self.first_attribute()?;
        for attribute in attributes {
            put(&mut self.bytes, at, attribute).map_err(|_| Fault("the attributes do not fit the record"))?;
            at += attribute.len();
        }
        put_u32(&mut self.bytes, at, END)?;
        put_u32(&mut self.bytes, at + 4, 0)?;
        let used = at + END_LEN;
        self.bytes.get_mut(used..).into_iter().for_each(|rest| rest.fill(0));
        put_u32(&mut self.bytes, 0x18, narrow_u32(used)?)
    }
}

/// Iterates over attribute records; ends at the end mark or after the first error.
pub(crate) struct Attributes<'a> {
    rest: &'a [u8],
    done: bool,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<View<'a>, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        match View::first(self.rest) {
            Ok(Some(view)) => {
                self.rest = self.rest.get(view.bytes().len()..).unwrap_or_default();
                Some(Ok(view))
            }
            Ok(None) => None,
            Err(fault) => {
                self.done = true;
                Some(Err(fault))
            }
        }
    }
}
