//! Attribute records: the typed, named pieces that a file is made of.
use crate::fields::{
    Fault, bytes_at, narrow_u8, narrow_u16, narrow_u32, put, put_u16, put_u32, put_u64, round8, u8_at,
    u16_at, u32_at, u64_at,
};
use crate::runs::{self, Run};
use nt::Utf16;

pub(crate) const STANDARD_INFORMATION: u32 = 0x10;
pub(crate) const ATTRIBUTE_LIST: u32 = 0x20;
pub(crate) const FILE_NAME: u32 = 0x30;
pub(crate) const SECURITY_DESCRIPTOR: u32 = 0x50;
pub(crate) const VOLUME_INFORMATION: u32 = 0x70;
pub(crate) const DATA: u32 = 0x80;
pub(crate) const INDEX_ROOT: u32 = 0x90;
pub(crate) const INDEX_ALLOCATION: u32 = 0xA0;
pub(crate) const BITMAP: u32 = 0xB0;
pub(crate) const REPARSE_POINT: u32 = 0xC0;
pub(crate) const EA_INFORMATION: u32 = 0xD0;
pub(crate) const EA: u32 = 0xE0;
/// What stands where the next attribute would.
pub(crate) const END: u32 = 0xFFFF_FFFF;

const RESIDENT_HEADER: usize = 0x18;
const RUNS_HEADER: usize = 0x40;
const COMPRESSED: u16 = 0x00FF;
const ENCRYPTED: u16 = 0x4000;
const SPARSE: u16 = 0x8000;

/// An attribute record where it lies in a record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a>(&'a [u8]);

/// The sizes of a non-resident attribute, which only its first record has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Sizes {
    pub(crate) allocated: u64,
    pub(crate) data: u64,
    pub(crate) initialized: u64,
}

impl<'a> View<'a> {
    /// The attribute record at the start of `bytes`, or `None` at the end mark.
    pub(crate) fn first(bytes: &'a [u8]) -> Result<Option<View<'a>>, Fault> {
        if u32_at(bytes, 0)? == END {
            return Ok(None);
        }
        let len = crate::fields::size(u64::from(u32_at(bytes, 4)?))?;
        let whole = bytes_at(bytes, 0, len).map_err(|_| Fault("an attribute reaches past its record"))?;
        View::whole(whole).map(Some)
    }

    fn whole(bytes: &'a [u8]) -> Result<View<'a>, Fault> {
        let view = View(bytes);
        let least = if u8_at(bytes, 8)? == 0 { RESIDENT_HEADER } else { RUNS_HEADER };
        if bytes.len() < least || !bytes.len().is_multiple_of(8) {
            return Err(Fault("an attribute is shorter than its header"));
        }
        view.name_bytes()?;
        if view.is_resident() {
            view.value()?;
        } else {
            view.pairs()?;
        }
        Ok(view)
    }

    pub(crate) fn bytes(self) -> &'a [u8] {
        self.0
    }

    pub(crate) fn kind(self) -> u32 {
        u32_at(self.0, 0).unwrap_or(END)
    }

    pub(crate) fn is_resident(self) -> bool {
        u8_at(self.0, 8).unwrap_or(0) == 0
    }

    pub(crate) fn id(self) -> u16 {
        u16_at(self.0, 0x0E).unwrap_or(0)
    }

    fn flags(self) -> u16 {
        u16_at(self.0, 0x0C).unwrap_or(0)
    }

    /// Its clusters hold something else than its bytes.
    pub(crate) fn is_encoded(self) -> bool {
        self.is_compressed() || self.is_encrypted()
    }

    /// Its clusters hold LZNT1, unless it is resident.
    pub(crate) fn is_compressed(self) -> bool {
        self.flags() & COMPRESSED != 0
    }

    /// Encrypted by EFS.
    pub(crate) fn is_encrypted(self) -> bool {
        self.flags() & ENCRYPTED != 0
    }

    /// As a power of two, the clusters that are compressed together; 0 when none are.
    pub(crate) fn unit_shift(self) -> u8 {
        if self.is_resident() { 0 } else { u8_at(self.0, 0x22).unwrap_or(0) }
    }

    pub(crate) fn is_sparse(self) -> bool {
        self.flags() & SPARSE != 0
    }

    fn name_bytes(self) -> Result<&'a [u8], Fault> {
        let len = usize::from(u8_at(self.0, 9)?) * 2;
        if len == 0 {
            return Ok(&[]);
        }
        let at = usize::from(u16_at(self.0, 0x0A)?);
        bytes_at(self.0, at, len).map_err(|_| Fault("an attribute's name reaches past it"))
    }

    pub(crate) fn name(self) -> Utf16 {
        self.name_bytes().ok().and_then(Utf16::from_le_bytes).unwrap_or_default()
    }

    pub(crate) fn is(self, kind: u32, name: &str) -> bool {
        self.kind() == kind && self.is_named(name)
    }

    fn is_named(self, name: &str) -> bool {
        let bytes = self.name_bytes().unwrap_or_default();
        let units = bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair));
        units.eq(name.encode_utf16())
    }

    /// A resident attribute's value.
    pub(crate) fn value(self) -> Result<&'a [u8], Fault> {
        if !self.is_resident() {
            return Err(Fault("an attribute that must be resident is not"));
        }
        let len = crate::fields::size(u64::from(u32_at(self.0, 0x10)?))?;
        let at = usize::from(u16_at(self.0, 0x14)?);
        bytes_at(self.0, at, len).map_err(|_| Fault("an attribute's value reaches past it"))
    }

    /// The first cluster, within the attribute, of which this record tells.
    pub(crate) fn lowest_vcn(self) -> u64 {
        if self.is_resident() { 0 } else { u64_at(self.0, 0x10).unwrap_or(0) }
    }

    fn pairs(self) -> Result<&'a [u8], Fault> {
        let at = usize::from(u16_at(self.0, 0x20)?);
        self.0
            .get(at..)
            .filter(|_| at >= RUNS_HEADER)
            .ok_or(Fault("mapping pairs reach past their attribute"))
    }

    /// Where this record says the clusters lie.
    pub(crate) fn runs(self, clusters: u64) -> Result<Vec<Run>, Fault> {
        let runs = runs::decode(self.pairs()?, self.lowest_vcn(), clusters)?;
        let next = runs.last().map_or(self.lowest_vcn(), |run| run.vcn + run.len);
        let highest = u64_at(self.0, 0x18)?;
        // An empty attribute has a highest cluster of -1.
        if highest.wrapping_add(1) != next {
            return Err(Fault("mapping pairs and the highest cluster number disagree"));
        }
        Ok(runs)
    }

    /// The sizes; only the record that tells of the first cluster has them.
    pub(crate) fn sizes(self) -> Result<Sizes, Fault> {
        if self.is_resident() {
            let len = u64::from(u32_at(self.0, 0x10)?);
            return Ok(Sizes { allocated: len, data: len, initialized: len });
        }
        let (allocated, data) = (u64_at(self.0, 0x28)?, u64_at(self.0, 0x30)?);
        let initialized = u64_at(self.0, 0x38)?;
        if data > allocated || initialized > data {
            return Err(Fault("the sizes of an attribute contradict each other"));
        }
        Ok(Sizes { allocated, data, initialized })
    }
}

/// An attribute record of a file, taken out of the record that it lies in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Attribute {
    bytes: Vec<u8>,
    /// The MFT record that holds it; `None` until it is given a place.
    pub(crate) home: Option<u64>,
}

impl Attribute {
    pub(crate) fn taken(view: View<'_>, home: u64) -> Attribute {
        Attribute { bytes: view.bytes().to_vec(), home: Some(home) }
    }

    pub(crate) fn view(&self) -> View<'_> {
        View(&self.bytes)
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Gives it its number in the record that it lies in.
    pub(crate) fn set_id(&mut self, id: u16) -> Result<(), Fault> {
        put_u16(&mut self.bytes, 0x0E, id)
    }

    /// A new resident attribute. `indexed` says that its value is a key of an index, as a file name is.
    pub(crate) fn resident(kind: u32, name: &str, value: &[u8], indexed: bool) -> Result<Attribute, Fault> {
        let mut bytes = header(kind, name, RESIDENT_HEADER, false)?;
        let at = bytes.len();
        bytes.extend_from_slice(value);
        bytes.resize(round8(bytes.len()), 0);
        let len = narrow_u32(bytes.len())?;
        put_u32(&mut bytes, 4, len)?;
        put_u32(&mut bytes, 0x10, narrow_u32(value.len())?)?;
        put_u16(&mut bytes, 0x14, narrow_u16(at)?)?;
        put(&mut bytes, 0x16, &[u8::from(indexed)])?;
        Ok(Attribute { bytes, home: None })
    }

    /// A new non-resident attribute with all of its runs in one record.
    pub(crate) fn nonresident(kind: u32, name: &str, runs: &[Run], sizes: Sizes) -> Result<Attribute, Fault> {
        let mut attribute = Attribute { bytes: header(kind, name, RUNS_HEADER, true)?, home: None };
        let at = narrow_u16(attribute.bytes.len())?;
        put_u16(&mut attribute.bytes, 0x20, at)?;
        attribute.set_runs(runs)?;
        attribute.set_sizes(sizes)?;
        Ok(attribute)
    }

    /// Replaces a resident attribute's value; everything else of it stays.
    pub(crate) fn set_value(&mut self, value: &[u8]) -> Result<(), Fault> {
        self.view().value()?;
        let at = usize::from(u16_at(&self.bytes, 0x14)?);
        self.bytes.truncate(at);
        self.bytes.extend_from_slice(value);
        self.bytes.resize(round8(self.bytes.len()), 0);
        let len = narrow_u32(self.bytes.len())?;
        put_u32(&mut self.bytes, 4, len)?;
        put_u32(&mut self.bytes, 0x10, narrow_u32(value.len())?)
    }

    /// Replaces the mapping pairs of this record.
    pub(crate) fn set_runs(&mut self, runs: &[Run]) -> Result<(), Fault> {
        let at = usize::from(u16_at(&self.bytes, 0x20)?);
        let next = runs.last().map_or(self.view().lowest_vcn(), |run| run.vcn + run.len);
        self.bytes.truncate(at);
        self.bytes.extend_from_slice(&runs::encode(runs));
        self.bytes.resize(round8(self.bytes.len()), 0);
        let len = narrow_u32(self.bytes.len())?;
        put_u32(&mut self.bytes, 4, len)?;
        put_u64(&mut self.bytes, 0x18, next.wrapping_sub(1))
    }

    /// Cuts the record of a non-resident attribute to a length; what it tells no longer of stands in one of its own, which
    /// belongs nowhere yet. `None` when all of it fits. Only the first record has sizes, and what compression counts.
    pub(crate) fn cut(&mut self, len: usize, clusters: u64) -> Result<Option<Attribute>, Fault> {
        if self.bytes.len() <= len || self.view().is_resident() {
            return Ok(None);
        }
        let runs = self.view().runs(clusters)?;
        let at = usize::from(u16_at(&self.bytes, 0x20)?);
        let (pairs, left) = runs::encode_within(&runs, (len & !7).saturating_sub(at));
        let Some(first) = left.first().copied() else { return Ok(None) };
        if pairs.len() < 2 {
            return Err(Fault("a record has no room for a single run"));
        }
        self.bytes.truncate(at);
        self.bytes.extend_from_slice(&pairs);
        self.bytes.resize(round8(self.bytes.len()), 0);
        let len = narrow_u32(self.bytes.len())?;
        put_u32(&mut self.bytes, 4, len)?;
        put_u64(&mut self.bytes, 0x18, first.vcn.wrapping_sub(1))?;
        let none = Sizes { allocated: 0, data: 0, initialized: 0 };
        let name = self.view().name().to_text().ok_or(Fault("an attribute in pieces has an odd name"))?;
        let mut rest = Attribute::nonresident(self.view().kind(), &name, &[], none)?;
        put_u16(&mut rest.bytes, 0x0C, self.view().flags())?;
        put_u64(&mut rest.bytes, 0x10, first.vcn)?;
        rest.set_runs(&left)?;
        Ok(Some(rest))
    }

    pub(crate) fn set_sizes(&mut self, sizes: Sizes) -> Result<(), Fault> {
        put_u64(&mut self.bytes, 0x28, sizes.allocated)?;
        put_u64(&mut self.bytes, 0x30, sizes.data)?;
        put_u64(&mut self.bytes, 0x38, sizes.initialized)
    }

    /// Adds clusters to what a sparse attribute really has, if it counts them.
    pub(crate) fn add_to_total(&mut self, bytes: u64) -> Result<(), Fault> {
        if !self.view().is_sparse() || usize::from(u16_at(&self.bytes, 0x20)?) < RUNS_HEADER + 8 {
            return Ok(());
        }
        let total = u64_at(&self.bytes, RUNS_HEADER)?.saturating_add(bytes);
        put_u64(&mut self.bytes, RUNS_HEADER, total)
    }
}

/// The header and name, padded, with nothing behind them yet.
fn header(kind: u32, name: &str, fixed: usize, nonresident: bool) -> Result<Vec<u8>, Fault> {
    let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut bytes = vec![0; fixed];
    put_u32(&mut bytes, 0, kind)?;
    put(&mut bytes, 8, &[u8::from(nonresident), narrow_u8(name.len() / 2)?])?;
    put_u16(&mut bytes, 0x0A, narrow_u16(fixed)?)?;
    bytes.extend_from_slice(&name);
    bytes.resize(round8(bytes.len()), 0);
    Ok(bytes)
}
