//! A file as the MFT has it: a base record, the records it overflows into, and the attributes of all of them.
use crate::attribute::{ATTRIBUTE_LIST, Attribute, REPARSE_POINT, STANDARD_INFORMATION};
use crate::error::{Error, Place, Result, Why};
use crate::fields::{Fault, bytes_at, size, u8_at, u16_at, u32_at, u64_at};
use crate::medium::Medium;
use crate::record::Record;
use crate::reference::FileRef;
use crate::standard::{STANDARD_LEN, Standard};
use crate::stream::Stream;
use crate::volume::Volume;
use nt::NtStatus;
use std::collections::BTreeMap;

/// `$AttrDef` says that no attribute list is longer.
pub(crate) const LIST_BYTES_MAX: u64 = 256 * 1024;

/// A file.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) base: Record,
    /// The records it overflows into.
    pub(crate) extensions: BTreeMap<u64, Record>,
    /// Every attribute record but the attribute list, in the order of the list.
    pub(crate) attributes: Vec<Attribute>,
    /// The attribute list, once there is more than one record.
    pub(crate) list: Option<Attribute>,
}

/// An entry of an attribute list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ListEntry {
    pub(crate) kind: u32,
    pub(crate) lowest_vcn: u64,
    pub(crate) record: FileRef,
    pub(crate) id: u16,
}

impl ListEntry {
    /// Every entry of a list.
    pub(crate) fn decode_all(mut list: &[u8]) -> std::result::Result<Vec<ListEntry>, Fault> {
        let mut entries = Vec::new();
        while !list.is_empty() {
            let len = usize::from(u16_at(list, 4)?);
            let entry = bytes_at(list, 0, len).map_err(|_| Fault("an attribute list is cut off"))?;
            if len < 0x1A || usize::from(u8_at(entry, 6)?) * 2 + 0x1A > len {
                return Err(Fault("an entry of an attribute list is too short"));
            }
            entries.push(ListEntry {
                kind: u32_at(entry, 0)?,
                lowest_vcn: u64_at(entry, 8)?,
                record: FileRef(u64_at(entry, 0x10)?),
                id: u16_at(entry, 0x18)?,
            });
            list = list.get(len..).unwrap_or_default();
        }
        Ok(entries)
    }
}

impl File {
    pub(crate) fn number(&self) -> u64 {
        self.base.number
    }

    pub(crate) fn reference(&self) -> FileRef {
        self.base.reference()
    }

    pub(crate) fn is_directory(&self) -> bool {
        self.base.is_directory()
    }

    /// Says that the file is damaged.
    pub(crate) fn corrupt(&self, fault: Fault) -> Error {
        fault.at(Place::Record(self.number()))
    }

    /// The first record of an attribute.
    pub(crate) fn find(&self, kind: u32, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.view().is(kind, name))
    }

    pub(crate) fn find_mut(&mut self, kind: u32, name: &str) -> Option<&mut Attribute> {
        self.attributes.iter_mut().find(|attribute| attribute.view().is(kind, name))
    }

    /// Takes every record of an attribute away.
    pub(crate) fn remove(&mut self, kind: u32, name: &str) {
        self.attributes.retain(|attribute| !attribute.view().is(kind, name));
    }

    /// The bytes of an attribute, if the file has it.
    pub(crate) fn stream(&self, kind: u32, name: &str, clusters: u64) -> Result<Option<Stream>> {
        let parts: Vec<_> =
            self.attributes.iter().map(Attribute::view).filter(|view| view.is(kind, name)).collect();
        if parts.is_empty() {
            return Ok(None);
        }
        Stream::of(parts, clusters).map(Some).map_err(|fault| self.corrupt(fault))
    }

    /// `$STANDARD_INFORMATION`.
    pub(crate) fn standard(&self) -> Result<Standard> {
        let attribute = self.find(STANDARD_INFORMATION, "");
        let attribute = attribute.ok_or_else(|| self.corrupt(Fault("$STANDARD_INFORMATION is missing")))?;
        let value = attribute.view().value().and_then(Standard::decode);
        value.map_err(|fault| self.corrupt(fault))
    }

    pub(crate) fn set_standard(&mut self, standard: &Standard) -> Result<()> {
        let number = self.number();
        let damaged = |fault: Fault| fault.at(Place::Record(number));
        let attribute = self.find_mut(STANDARD_INFORMATION, "");
        let attribute = attribute.ok_or_else(|| damaged(Fault("$STANDARD_INFORMATION is missing")))?;
        let mut old = attribute.view().value().map_err(damaged)?.to_vec();
        // As it was before NTFS 3.0 it has no room for the number of a journal's record. Linux' ntfs driver says of such
        // files on a newer volume that they are brought up to date when they are changed (fs/ntfs/layout.h).
        if standard.usn != 0 && old.len() < STANDARD_LEN {
            old.resize(STANDARD_LEN, 0);
        }
        let new = standard.over(old).map_err(damaged)?;
        attribute.set_value(&new).map_err(damaged)
    }
}

impl<M: Medium> Volume<M> {
    /// The file of a reference: the record must be in use, and by that file still.
    pub(crate) fn file(&self, reference: FileRef) -> Result<File> {
        self.file_of(self.base_record(reference, Volume::record)?)
    }

    /// A file's base record, read in a certain way.
    pub(crate) fn base_record(
        &self,
        reference: FileRef,
        read: impl FnOnce(&Volume<M>, u64) -> Result<Record>,
    ) -> Result<Record> {
        let stale = || Error::request(NtStatus::OBJECT_NAME_NOT_FOUND, Why::Stale(reference));
        if reference.record() >= self.record_count() {
            return Err(stale());
        }
        let record = read(self, reference.record())?;
        let same = reference.sequence() == 0 || reference.sequence() == record.sequence();
        if !record.is_in_use() || !same || record.base().0 != 0 {
            return Err(stale());
        }
        Ok(record)
    }

    /// The file of a base record, whatever state it is in.
    pub(crate) fn file_of(&self, base: Record) -> Result<File> {
        let number = base.number;
        let damaged = |fault: Fault| fault.at(Place::Record(number));
        let views = base.attributes().collect::<std::result::Result<Vec<_>, _>>().map_err(damaged)?;
        let mut attributes: Vec<Attribute> =
            views.into_iter().map(|view| Attribute::taken(view, number)).collect();
        let at = attributes.iter().position(|attribute| attribute.view().kind() == ATTRIBUTE_LIST);
        let Some(at) = at else {
            return Ok(File { base, extensions: BTreeMap::new(), attributes, list: None });
        };
        let list = attributes.remove(at);
        let stream = Stream::of(vec![list.view()], self.boot.clusters).map_err(damaged)?;
        let entries = self.read_whole(&stream, LIST_BYTES_MAX)?;
        let entries = ListEntry::decode_all(&entries).map_err(damaged)?;
        let mut file = File { base, extensions: BTreeMap::new(), attributes, list: Some(list) };
        self.load_extensions(&mut file, &entries)?;
        Ok(file)
    }

    /// Gathers the attributes that a list names, wherever they lie.
    fn load_extensions(&self, file: &mut File, entries: &[ListEntry]) -> Result<()> {
        let mut in_base = std::mem::take(&mut file.attributes);
        for entry in entries.iter().filter(|entry| entry.kind != ATTRIBUTE_LIST) {
            let number = entry.record.record();
            let found = if number == file.number() {
                let at = in_base.iter().position(|attribute| is_entry(entry, attribute));
                at.map(|at| in_base.remove(at))
            } else {
                if !file.extensions.contains_key(&number) {
                    let record = self.record(number)?;
                    if !record.is_in_use() || record.base() != file.reference() {
                        return Err(file.corrupt(Fault("an attribute list names a record of another file")));
                    }
                    file.extensions.insert(number, record);
                }
                let record = file.extensions.get(&number);
                let views = record.into_iter().flat_map(Record::attributes).filter_map(|view| view.ok());
                let mut taken = views.map(|view| Attribute::taken(view, number));
                taken.find(|attribute| is_entry(entry, attribute))
            };
            let found = found.ok_or_else(|| file.corrupt(Fault("an attribute of the list is missing")))?;
            file.attributes.push(found);
        }
        if in_base.is_empty() {
            Ok(())
        } else {
            Err(file.corrupt(Fault("an attribute is missing in the attribute list")))
        }
    }

    /// The reparse point's bytes, exactly as they are stored.
    pub(crate) fn stored_point(&self, file: &File) -> Result<Option<Vec<u8>>> {
        let most = reparse::LENIENT_BYTES_MAX as u64;
        match file.stream(REPARSE_POINT, "", self.boot.clusters)? {
            None => Ok(None),
            Some(stream) if stream.len() > most => {
                Err(file.corrupt(Fault("$REPARSE_POINT is longer than it can be")))
            }
            Some(stream) => {
                let mut bytes = vec![0; size(stream.len()).map_err(|fault| file.corrupt(fault))?];
                self.read_stream(&stream, 0, &mut bytes)?;
                Ok(Some(bytes))
            }
        }
    }
}

fn is_entry(entry: &ListEntry, attribute: &Attribute) -> bool {
    let view = attribute.view();
    view.kind() == entry.kind && view.id() == entry.id && view.lowest_vcn() == entry.lowest_vcn
}
