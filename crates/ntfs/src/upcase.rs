//! The volume's own table of upper-case letters, and the order that it gives to names.
use nt::Utf16;
use std::cmp::Ordering;

/// Units that UTF-16 has.
const UNITS: usize = 65_536;
/// Bytes of `$UpCase`.
pub(crate) const UPCASE_BYTES: usize = 2 * UNITS;

/// The upper case of every UTF-16 unit, as `$UpCase` has it.
pub(crate) struct UpCase(Vec<u16>);

impl UpCase {
    /// From the data of `$UpCase`; `None` when it has another length.
    pub(crate) fn decode(data: &[u8]) -> Option<UpCase> {
        let units = data.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair));
        (data.len() == UPCASE_BYTES).then(|| UpCase(units.collect()))
    }

    fn of(&self, unit: u16) -> u16 {
        self.0.get(usize::from(unit)).copied().unwrap_or(unit)
    }

    /// The order of names that differ in more than case.
    pub(crate) fn compare(&self, a: &Utf16, b: &Utf16) -> Ordering {
        let upper = |name: &Utf16| name.units().to_vec().into_iter().map(|unit| self.of(unit));
        upper(a).cmp(upper(b))
    }

    /// COLLATION_FILE_NAME: the order of a directory, where names that differ in case only have an order too.
    pub(crate) fn collate(&self, a: &Utf16, b: &Utf16) -> Ordering {
        self.compare(a, b).then_with(|| a.units().cmp(b.units()))
    }
}

impl UpCase {
    /// A table without letters, until the volume's own is read.
    pub(crate) fn none() -> UpCase {
        UpCase(Vec::new())
    }
}
