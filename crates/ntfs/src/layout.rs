//! Which of a file's attributes lie in which of its records, and the attribute list that tells it.
use crate::attribute::{
    ATTRIBUTE_LIST, Attribute, BITMAP, DATA, FILE_NAME, INDEX_ROOT, REPARSE_POINT, STANDARD_INFORMATION, View,
};
use crate::error::{Error, Fault, Place, Result};
use crate::fields::{narrow_u8, put_u16, put_u32, put_u64, round8};
use crate::file::{File, LIST_BYTES_MAX};
use crate::medium::Medium;
use crate::record::Record;
use crate::reference::{EXTEND, FIRST_FREE, FileRef, MFT, ROOT};
use crate::stream::Stream;
use crate::volume::Volume;

/// Bytes of an entry of the attribute list before the name.
const LIST_ENTRY: usize = 0x1A;
/// What a resident attribute adds to its value.
const RESIDENT_HEADER: usize = 0x18;
/// A list in clusters takes this much of its record, however long it is, unless it is in more than a few pieces.
const NONRESIDENT_LIST: usize = 0x60;
/// A list longer than this goes to clusters, so that it does not push everything else out.
const RESIDENT_LIST_MAX: usize = 0x180;

/// How often a file is arranged anew because its list came out longer than it was reckoned to be.
const ARRANGEMENTS_MAX: usize = 4;
/// What is left in its record of the MFT's own data, once that is in parts: some forty runs, which must tell of the records
/// that tell of the rest.
const MFT_PART_MIN: usize = 0x100;

impl<M: Medium> Volume<M> {
    /// Writes a file: gives every attribute a place, cuts what no record can hold, moves what does not fit its record to
    /// another, and writes the records that have changed.
    pub(crate) fn store_file(&self, file: &mut File) -> Result<()> {
        for _ in 0..ARRANGEMENTS_MAX {
            self.arrange(file)?;
            self.renew_list(file)?;
            // A list in clusters may be in more pieces than it was reckoned to be, and takes more room then.
            if self.overflowing(file)?.is_none() {
                return self.write_records(file);
            }
        }
        Err(Error::NotSupported("a file whose attributes fit no arrangement of records"))
    }

    fn arrange(&self, file: &mut File) -> Result<()> {
        self.cut_long(file)?;
        self.place_new(file)?;
        let moves_max = 2 * file.attributes.len() + 8;
        for _ in 0..moves_max {
            let Some(full) = self.overflowing(file)? else {
                return self.drop_empty_extensions(file);
            };
            self.move_out(file, full)?;
            self.place_new(file)?;
        }
        Err(Error::NotSupported("a file whose attributes fit no arrangement of records"))
    }

    /// An attribute with more mapping pairs than a record can hold becomes several records, each with a part of them.
    fn cut_long(&self, file: &mut File) -> Result<()> {
        let most = Record::empty_capacity(self.boot.record);
        let mut at = 0;
        while let Some(attribute) = file.attributes.get_mut(at) {
            let number = file.base.number;
            let rest = attribute.cut(most, self.boot.clusters);
            if let Some(rest) = rest.map_err(|fault| fault.at(Place::Record(number)))? {
                file.attributes.insert(at + 1, rest);
            }
            at += 1;
        }
        Ok(())
    }

    /// A new attribute belongs to the base record at first, and a new part of one beside the part before it.
    fn place_new(&self, file: &mut File) -> Result<()> {
        while let Some(at) = file.attributes.iter().position(|attribute| attribute.home.is_none()) {
            let home = part_before(file, at).unwrap_or(file.number());
            self.put(file, at, home)?;
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
        if file.number() < FIRST_FREE && ![MFT, ROOT, EXTEND].contains(&file.number()) {
            return Err(Error::NotSupported("metadata files with more attributes than their record holds"));
        }
        let is_mft = file.number() == MFT;
        let candidates = file.attributes.iter().enumerate().filter(|(_, a)| a.home == Some(number));
        let chosen = candidates
            .filter_map(|(at, attribute)| {
                let (rank, part) = (movable(attribute.view(), is_mft)?, attribute.view().lowest_vcn());
                // Of parts the last goes, so that their records stay in order.
                Some((rank, part, attribute.len(), at))
            })
            .max();
        let (at, len) = match chosen {
            // What tells where the MFT is had better stay in its first record, shorter.
            Some((LAST_OF_MFT, ..)) if self.cut_first(file)? => return Ok(()),
            Some((_, _, len, at)) => (at, len),
            None if is_mft && self.cut_first(file)? => return Ok(()),
            None => return Err(Error::NotSupported("a record that nothing can be moved out of")),
        };
        let below = self.records_before(file, at)?;
        // libfsntfs (its issue 35) takes the parts of an attribute in the order of their records, dissect.ntfs in the order
        // in which the list first names these. So both are the order of the parts where that can be.
        let behind = part_before(file, at);
        let kind = file.attributes.get(at).map_or(0, |attribute| attribute.view().kind());
        let mixed = |other: u64| {
            let mut there = file.attributes.iter().filter(|attribute| attribute.home == Some(other));
            behind.is_some() && there.any(|attribute| attribute.view().kind() < kind)
        };
        let roomy = |file: &File, from: u64| {
            let room = |other: &u64| {
                let capacity = file.extensions.get(other).and_then(|record| record.capacity().ok());
                *other != number && capacity.unwrap_or(0).saturating_sub(self.used(file, *other)) >= len
            };
            file.extensions.range(from..below).map(|(other, _)| *other).filter(room).collect::<Vec<_>>()
        };
        let in_order = roomy(file, behind.unwrap_or(0)).into_iter().find(|other| !mixed(*other));
        let home = match in_order {
            Some(other) => other,
            None => match (self.extend(file, len, below), roomy(file, 0).first()) {
                (Ok(other), _) => other,
                (Err(Error::NotSupported(_)), Some(other)) => *other,
                (Err(error), _) => return Err(error),
            },
        };
        self.put(file, at, home)
    }

    /// Which records may hold an attribute: all, but for a part of the MFT's own data. That must lie in a record that
    /// the parts before it tell of, or nobody would find it.
    fn records_before(&self, file: &File, at: usize) -> Result<u64> {
        let Some(view) = file.attributes.get(at).map(Attribute::view) else { return Ok(u64::MAX) };
        if file.number() != MFT || !view.is(DATA, "") {
            return Ok(u64::MAX);
        }
        let bytes = view.lowest_vcn().checked_mul(self.boot.cluster);
        let bytes = bytes.ok_or_else(|| file.corrupt(Fault("the MFT lies beyond any volume")))?;
        Ok(bytes / self.boot.record as u64)
    }

    /// Cuts the first part of the MFT's own data so that its record holds what else is in it; false when that is too
    /// short already.
    fn cut_first(&self, file: &mut File) -> Result<bool> {
        let capacity = file.base.capacity().map_err(|fault| file.corrupt(fault))?;
        let over = self.used(file, file.number()).saturating_sub(capacity);
        let number = file.number();
        let Some(first) = file.find_mut(DATA, "") else { return Ok(false) };
        // To its shortest at once: cut by little, it would be in many parts soon.
        if first.len() < over + MFT_PART_MIN {
            return Ok(false);
        }
        let rest = first.cut(MFT_PART_MIN, self.boot.clusters);
        let rest = rest.map_err(|fault| fault.at(Place::Record(number)))?;
        let is_cut = rest.is_some();
        file.attributes.extend(rest);
        Ok(is_cut)
    }

    /// Gives the file one more record, which for a part of the MFT's own data must be one of the first.
    fn extend(&self, file: &mut File, needed: usize, below: u64) -> Result<u64> {
        let mut record =
            if file.number() == MFT { self.take_record_of_mft(below)? } else { self.take_record()? };
        let number = record.number;
        let damaged = |fault: Fault| fault.at(Place::Record(number));
        if record.capacity().map_err(damaged)? < needed {
            return Err(Error::NotSupported("an attribute that is longer than a record"));
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

/// The record of the part before a part of an attribute; `None` when it is the first.
fn part_before(file: &File, at: usize) -> Option<u64> {
    let part = file.attributes.get(at).map(Attribute::view)?;
    let same = |other: &View<'_>| other.kind() == part.kind() && other.name() == part.name();
    let parts = file.attributes.iter().map(|other| (other.view(), other.home));
    let before = parts.filter(|(other, _)| same(other) && other.lowest_vcn() < part.lowest_vcn());
    before.max_by_key(|(other, _)| other.lowest_vcn()).and_then(|(_, home)| home)
}

/// Of the MFT's attributes, what is moved only when nothing else can be.
const LAST_OF_MFT: u8 = 1;

/// Whether an attribute may lie in another than the base record; the highest are moved first.
fn movable(view: View<'_>, is_mft: bool) -> Option<u8> {
    match view.kind() {
        STANDARD_INFORMATION | ATTRIBUTE_LIST => None,
        // The boot sector leads to its first record only, so what tells of the first records must be there.
        DATA if is_mft && view.is(DATA, "") => (view.lowest_vcn() > 0).then_some(3),
        BITMAP if is_mft => Some(LAST_OF_MFT),
        _ if is_mft => None,
        INDEX_ROOT => Some(0),
        FILE_NAME => Some(1),
        _ => Some(2),
    }
}

/// Bytes that the attribute list will take of the base record.
fn list_len(file: &File) -> usize {
    if file.extensions.is_empty() {
        return 0;
    }
    let entries = file.attributes.iter().map(entry_len);
    let value: usize = entries.sum();
    if value > RESIDENT_LIST_MAX {
        let known = file.list.as_ref().filter(|list| !list.view().is_resident()).map_or(0, Attribute::len);
        known.max(NONRESIDENT_LIST)
    } else {
        round8(RESIDENT_HEADER + value)
    }
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
