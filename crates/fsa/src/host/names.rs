//! The names of a directory in one piece: a listing remembers many, and each by itself would be an allocation.
use super::{HostEntry, HostName};

/// Names of a directory's entries, with the number of each.
#[derive(Clone, Default, Debug)]
pub struct HostNames {
    bytes: Vec<u8>,
    places: Vec<Place>,
}

/// Where a name lies.
#[derive(Clone, Copy, Debug)]
struct Place {
    start: usize,
    len: usize,
    inode: u64,
}

/// One of the names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NamedEntry<'a> {
    /// The name as the host has it.
    pub name: &'a [u8],
    /// The object's number, as the directory gives it.
    pub inode: u64,
}

impl HostNames {
    /// Adds one.
    pub fn push(&mut self, name: &[u8], inode: u64) {
        self.places.push(Place { start: self.bytes.len(), len: name.len(), inode });
        self.bytes.extend_from_slice(name);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// True without any.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// One of them.
    pub fn get(&self, at: usize) -> Option<NamedEntry<'_>> {
        self.places.get(at).map(|place| self.at(place))
    }

    /// All of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = NamedEntry<'_>> {
        self.places.iter().map(|place| self.at(place))
    }

    /// Bytes that they take.
    pub fn bytes(&self) -> usize {
        self.bytes.capacity() + self.places.capacity() * size_of::<Place>()
    }

    /// Keeps some only.
    pub fn retain(&mut self, mut keeps: impl FnMut(&[u8]) -> bool) {
        let HostNames { bytes, places } = self;
        places.retain(|place| keeps(bytes.get(place.start..place.start + place.len).unwrap_or_default()));
    }

    /// The same in another order: of each place, which comes there. Who goes through them reads them one behind the other.
    pub(crate) fn in_order(&self, order: impl Iterator<Item = usize>) -> HostNames {
        let mut names = HostNames {
            bytes: Vec::with_capacity(self.bytes.len()),
            places: Vec::with_capacity(self.places.len()),
        };
        order.filter_map(|at| self.get(at)).for_each(|entry| names.push(entry.name, entry.inode));
        names
    }

    fn at(&self, place: &Place) -> NamedEntry<'_> {
        let name = self.bytes.get(place.start..place.start + place.len).unwrap_or_default();
        NamedEntry { name, inode: place.inode }
    }
}

impl NamedEntry<'_> {
    /// The name by itself.
    pub fn to_name(self) -> HostName {
        HostName(self.name.to_vec())
    }
}

impl FromIterator<HostEntry> for HostNames {
    fn from_iter<I: IntoIterator<Item = HostEntry>>(entries: I) -> HostNames {
        let mut names = HostNames::default();
        entries.into_iter().for_each(|entry| names.push(&entry.name.0, entry.inode));
        names
    }
}
