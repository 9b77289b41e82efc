//! Which of a file's attributes lie in which of its records, and the attribute list that tells it.
use crate::attribute::{
    ATTRIBUTE_LIST, Attribute, FILE_NAME, INDEX_ROOT, REPARSE_POINT, STANDARD_INFORMATION,
};
use crate::error::{Error, Fault, Place, Result};
use crate::fields::{narrow_u8, put_u16, put_u32, put_u64, round8};
use crate::file::{File, LIST_BYTES_MAX};
use crate::medium::Medium;
use crate::record::Record;
use crate::reference::{FIRST_FREE, FileRef, ROOT};
use crate::stream::Stream;
use crate::volume::Volume;

/// Bytes of an entry of the attribute list before the name.
const LIST_ENTRY: usize = 0x1A;
/// What a resident attribute adds to its value.
const RESIDENT_HEADER: usize = 0x18;
/// A list in clusters takes this much of its record, however long it is; a few fragments included.
const NONRESIDENT_LIST: usize = 0x60;
/// A list longer than this goes to clusters, so that it does not push everything else out.
const RESIDENT_LIST_MAX: usize = 0x180;

impl<M: Medium> Volume<M> {
    /// Writes a file: gives every attribute a place, moves what does not fit its record to another, and writes the
    /// records that have changed.
    pub(crate) fn store_file(&self, file: &mut File) -> Result<()> {
        self.place_new(file)?;
        let moves_max = 2 * file.attributes.len() + 8;
        for _ in 0..moves_max {
            let Some(full) = self.overflowing(file)? else {
                self.drop_empty_extensions(file)?;
                self.renew_list(file)?;
                return self.write_records(file);
            };
            self.move_out(file, full)?;
        }
        Err(Error::NotSupported("a file whose attributes fit no arrangement of records"))
    }

    /// A new attribute belongs to the base record at first.
    fn place_new(&self, file: &mut File) -> Result<()> {
        while let Some(at) = file.attributes.iter().position(|attribute| attribute.home.is_none()) {
            self.put(file, at, file.number())?;
        }
        Ok(())
    }

    /// Moves an attribute into a record of the file, under a number that is free there.
    fn put(&self, file: &mut File, at: usize, home: u64) -> Result<()> {
        let taken: Vec<u16> = file
            .attributes
            .iter()
            .chain(file.list.iter())
            .filter(|attribute| attribute.home == Some(home))
            .map(|attribute| attribute.view().id())
            .collect();
        let damaged = |fault: Fault| fault.at(Place::Record(home));
        let record = record_mut(file, home).ok_or(damaged(Fault("a record of the file is missing")))?;
        let id = record.take_id(&taken).map_err(damaged)?;
        let attribute = file.attributes.get_mut(at).ok_or(damaged(Fault("an attribute went missing")))?;
        attribute.home = Some(home);
        attribute.set_id(id).map_err(damaged)
    }

    /// A record with more in it than it can hold.
    fn overflowing(&self, file: &File) -> Result<Option<u64>> {
        for number in file.extensions.keys().copied().chain([file.number()]) {
            let record = record(file, number).ok_or_else(|| file.corrupt(Fault("a record is missing")))?;
            let capacity = record.capacity().map_err(|fault| file.corrupt(fault))?;
            if self.used(file, number) > capacity {
                return Ok(Some(number));
            }
        }
        Ok(None)
    }

    /// Bytes of attributes that a record would hold.
    fn used(&self, file: &File, number: u64) -> usize {
        let own = file.attributes.iter().filter(|attribute| attribute.home == Some(number));
        let list = if number == file.number() { list_len(file) } else { 0 };
        own.map(Attribute::len).sum::<usize>() + list
    }

    /// Moves one attribute of a record into one that has room for it, a new one if need be.
    fn move_out(&self, file: &mut File, number: u64) -> Result<()> {
        if file.number() < FIRST_FREE && file.number() != ROOT {
            return Err(Error::NotSupported("metadata files with more attributes than their record holds"));
        }
        let movable = |attribute: &Attribute| match attribute.view().kind() {
            STANDARD_INFORMATION | ATTRIBUTE_LIST => None,
            INDEX_ROOT => Some(0),
            FILE_NAME => Some(1),
            _ => Some(2),
        };
        let candidates = file.attributes.iter().enumerate().filter(|(_, a)| a.home == Some(number));
        let chosen = candidates
            .filter_map(|(at, attribute)| Some((movable(attribute)?, attribute.len(), at)))
            .max()
            .map(|(_, len, at)| (at, len));
        let (at, len) = chosen.ok_or(Error::NotSupported("a record that nothing can be moved out of"))?;
        let roomy = file.extensions.iter().find(|(other, record)| {
            let room = record.capacity().unwrap_or(0).saturating_sub(self.used(file, **other));
            **other != number && room >= len
        });
        let home = match roomy.map(|(other, _)| *other) {
            Some(other) => other,
            None => self.extend(file, len)?,
        };
        self.put(file, at, home)
    }

    /// Gives the file one more record.
    fn extend(&self, file: &mut File, needed: usize) -> Result<u64> {
        let mut record = self.take_record()?;
        let number = record.number;
        let damaged = |fault: Fault| fault.at(Place::Record(number));
        if record.capacity().map_err(damaged)? < needed {
            return Err(Error::NotSupported("an attribute in more pieces than one record can tell of"));
        }
        record.set_base(file.reference()).map_err(damaged)?;
        file.extensions.insert(number, record);
        Ok(number)
    }

    fn drop_empty_extensions(&self, file: &mut File) -> Result<()> {
        let homes: Vec<_> = file.attributes.iter().filter_map(|attribute| attribute.home).collect();
        let empty: Vec<u64> =
            file.extensions.keys().copied().filter(|number| !homes.contains(number)).collect();
        for number in empty {
            if let Some(mut record) = file.extensions.remove(&number) {
                record.set_attributes(&[]).map_err(|fault| fault.at(Place::Record(number)))?;
                self.free_record_of(record)?;
            }
        }
        Ok(())
    }

    /// The attribute list as it must be now: none while there is one record only.
    fn renew_list(&self, file: &mut File) -> Result<()> {
        sort(file, |a, b| self.upcase.collate(a, b));
        let old = file.list.take();
        let old_runs = match &old {
            Some(old) => match Stream::of(vec![old.view()], self.boot.clusters) {
                Ok(Stream::Clusters(clusters)) => clusters.runs,
                _ => Vec::new(),
            },
            None => Vec::new(),
        };
        if file.extensions.is_empty() {
            return self.free_clusters(&old_runs);
        }
        let value = list_value(file).map_err(|fault| file.corrupt(fault))?;
        if value.len() as u64 > LIST_BYTES_MAX {
            return Err(Error::NotSupported("an attribute list of more than 256 KiB"));
        }
        self.free_clusters(&old_runs)?;
        let mut list = if value.len() > RESIDENT_LIST_MAX {
            self.nonresident(ATTRIBUTE_LIST, "", &value)?
        } else {
            Attribute::resident(ATTRIBUTE_LIST, "", &value, false).map_err(|fault| file.corrupt(fault))?
        };
        list.home = Some(file.number());
        let taken: Vec<u16> = file
            .attributes
            .iter()
            .filter(|attribute| attribute.home == list.home)
            .map(|attribute| attribute.view().id())
            .collect();
        let id = match old {
            Some(old) => old.view().id(),
            None => file.base.take_id(&taken).map_err(|fault| fault.at(Place::Record(file.base.number)))?,
        };
        list.set_id(id).map_err(|fault| file.corrupt(fault))?;
        file.list = Some(list);
        Ok(())
    }

    fn write_records(&self, file: &mut File) -> Result<()> {
        let numbers: Vec<u64> = file.extensions.keys().copied().chain([file.number()]).collect();
        for number in numbers {
            let mut own: Vec<&Attribute> =
                file.attributes.iter().filter(|attribute| attribute.home == Some(number)).collect();
            if let Some(list) = file.list.as_ref().filter(|_| number == file.number()) {
                // It stands where its type belongs: behind $STANDARD_INFORMATION.
                let at = own.iter().position(|attribute| attribute.view().kind() > ATTRIBUTE_LIST);
                own.insert(at.unwrap_or(own.len()), list);
            }
            let own: Vec<Vec<u8>> = own.iter().map(|attribute| attribute.view().bytes().to_vec()).collect();
            let own: Vec<&[u8]> = own.iter().map(Vec::as_slice).collect();
            let damaged = |fault: Fault| fault.at(Place::Record(number));
            let record = record_mut(file, number).ok_or(damaged(Fault("a record is missing")))?;
            record.set_attributes(&own).map_err(damaged)?;
            if self.record(number).ok().as_ref() != Some(record) {
                self.write_record(record)?;
            }
        }
        Ok(())
    }

    /// True when a new attribute of this length fits the base record, and nothing needs to move.
    pub(crate) fn fits_base(&self, file: &File, len: usize) -> Result<bool> {
        let capacity = file.base.capacity().map_err(|fault| file.corrupt(fault))?;
        let list = if file.list.is_some() { round8(LIST_ENTRY) } else { 0 };
        Ok(self.used(file, file.number()) + len + list <= capacity)
    }

    /// Sets or removes an attribute without a name: resident where it fits, in clusters where it does not.
    pub(crate) fn replace(&self, file: &mut File, kind: u32, value: Option<&[u8]>) -> Result<()> {
        if let Some(Stream::Clusters(clusters)) = file.stream(kind, "", self.boot.clusters)? {
            self.free_clusters(&clusters.runs)?;
        }
        let old = file.attributes.iter().position(|attribute| attribute.view().is(kind, ""));
        file.remove(kind, "");
        let Some(value) = value else { return Ok(()) };
        let resident_len = round8(RESIDENT_HEADER + value.len());
        // A value no longer than what would point to its clusters gains nothing by them.
        let attribute = if self.fits_base(file, resident_len)? || resident_len <= NONRESIDENT_LIST {
            Attribute::resident(kind, "", value, false).map_err(|fault| file.corrupt(fault))?
        } else {
            self.nonresident(kind, "", value)?
        };
        file.attributes.insert(old.unwrap_or(file.attributes.len()), attribute);
        Ok(())
    }
}

const _: () = assert!(REPARSE_POINT > STANDARD_INFORMATION && ATTRIBUTE_LIST > STANDARD_INFORMATION);

fn record(file: &File, number: u64) -> Option<&Record> {
    if number == file.base.number { Some(&file.base) } else { file.extensions.get(&number) }
}

fn record_mut(file: &mut File, number: u64) -> Option<&mut Record> {
    if number == file.base.number { Some(&mut file.base) } else { file.extensions.get_mut(&number) }
}

/// Bytes that the attribute list will take of the base record.
fn list_len(file: &File) -> usize {
    if file.extensions.is_empty() {
        return 0;
    }
    let entries = file.attributes.iter().map(entry_len);
    let value: usize = entries.sum();
    if value > RESIDENT_LIST_MAX { NONRESIDENT_LIST } else { round8(RESIDENT_HEADER + value) }
}

fn entry_len(attribute: &Attribute) -> usize {
    round8(LIST_ENTRY + 2 * attribute.view().name().units().len())
}

/// Attributes lie in the order of their types, then of their names, then of their clusters.
fn sort(file: &mut File, collate: impl Fn(&nt::Utf16, &nt::Utf16) -> std::cmp::Ordering) {
    file.attributes.sort_by(|a, b| {
        let (a, b) = (a.view(), b.view());
        a.kind()
            .cmp(&b.kind())
            .then_with(|| collate(&a.name(), &b.name()))
            .then_with(|| a.lowest_vcn().cmp(&b.lowest_vcn()))
    });
}

/// The attribute list's value.
fn list_value(file: &File) -> std::result::Result<Vec<u8>, Fault> {
    let mut value = Vec::new();
    for attribute in &file.attributes {
        let view = attribute.view();
        let name = view.name();
        let home = attribute.home.ok_or(Fault("an attribute without a place"))?;
        let record = record(file, home).ok_or(Fault("an attribute in another file's record"))?;
        let mut entry = vec![0; LIST_ENTRY];
        let len = entry_len(attribute);
        put_u32(&mut entry, 0, view.kind())?;
        put_u16(&mut entry, 4, crate::fields::narrow_u16(len)?)?;
        crate::fields::put(&mut entry, 6, &[narrow_u8(name.units().len())?, narrow_u8(LIST_ENTRY)?])?;
        put_u64(&mut entry, 8, view.lowest_vcn())?;
        put_u64(&mut entry, 0x10, FileRef::new(home, record.sequence()).0)?;
        put_u16(&mut entry, 0x18, view.id())?;
        entry.extend_from_slice(&name.to_le_bytes());
        entry.resize(len, 0);
        value.extend_from_slice(&entry);
    }
    Ok(value)
}
