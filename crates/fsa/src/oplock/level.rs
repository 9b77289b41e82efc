//! Levels of oplocks, old and granular. [MS-FSA] 2.1.5.18, [MS-SMB2] 2.2.13 and 2.2.13.2.8

/// What a granular oplock lets a client cache: the bits of an SMB lease state. [MS-SMB2] 2.2.13.2.8
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Caching(u8);

impl Caching {
    /// Nothing.
    pub const NONE: Caching = Caching(0);
    /// READ_CACHING, SMB2_LEASE_READ_CACHING.
    pub const READ: Caching = Caching(1);
    /// HANDLE_CACHING, SMB2_LEASE_HANDLE_CACHING.
    pub const HANDLE: Caching = Caching(2);
    /// WRITE_CACHING, SMB2_LEASE_WRITE_CACHING.
    pub const WRITE: Caching = Caching(4);

    /// These bits; `None` when one is unknown.
    pub fn from_bits(bits: u32) -> Option<Caching> {
        u8::try_from(bits).ok().filter(|bits| *bits <= 7).map(Caching)
    }

    /// The bits, as a lease state has them.
    pub fn bits(self) -> u32 {
        u32::from(self.0)
    }

    /// True when each bit of `other` is here.
    pub fn contains(self, other: Caching) -> bool {
        self.0 & other.0 == other.0
    }

    /// True when some bit of `other` is here.
    pub fn intersects(self, other: Caching) -> bool {
        self.0 & other.0 != 0
    }

    /// Without the bits of `other`.
    #[must_use]
    pub fn without(self, other: Caching) -> Caching {
        Caching(self.0 & !other.0)
    }

    /// One of the combinations that can be asked for; nothing is none. [MS-FSA] 2.1.5.18
    pub fn is_legal(self) -> bool {
        matches!(self.0, 1 | 3 | 5 | 7)
    }

    /// What is left when `lost` goes: without read caching there is nothing.
    pub(crate) fn broken_by(self, lost: Caching) -> Caching {
        let left = self.without(lost);
        if left.contains(Caching::READ) { left } else { Caching::NONE }
    }
}

impl core::ops::BitOr for Caching {
    type Output = Caching;
    fn bitor(self, other: Caching) -> Caching {
        Caching(self.0 | other.0)
    }
}

/// A level of oplock: what is asked for, held, told in a break, and acknowledged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OplockLevel {
    /// LEVEL_NONE
    None,
    /// LEVEL_TWO, SMB2_OPLOCK_LEVEL_II
    Two,
    /// LEVEL_ONE, SMB2_OPLOCK_LEVEL_EXCLUSIVE
    One,
    /// LEVEL_BATCH, SMB2_OPLOCK_LEVEL_BATCH
    Batch,
    /// LEVEL_GRANULAR, SMB2_OPLOCK_LEVEL_LEASE
    Granular(Caching),
}

impl OplockLevel {
    /// What a granular oplock is broken to.
    pub(crate) fn granular(caching: Caching) -> OplockLevel {
        if caching == Caching::NONE { OplockLevel::None } else { OplockLevel::Granular(caching) }
    }
}
