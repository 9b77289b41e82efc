//! [MS-SMB2] 2.2.13.2.8, 2.2.13.2.10, 2.2.14.2.10 and 2.2.14.2.11: leases. A request and its answer have one form.
use core::fmt;

use crate::error::DecodeError;
use crate::reader::Reader;
use crate::writer::Writer;

/// Bytes of a lease, which tell it from its second version.
pub const LEASE_LEN: usize = 32;

/// Bytes of a lease in its second version.
pub const LEASE_V2_LEN: usize = 52;

/// What a client calls its lease.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LeaseKey(pub [u8; 16]);

impl fmt::Debug for LeaseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

nt::named_numbers! {
    /// What a lease lets its owner cache. [MS-SMB2] 2.2.13.2.8
    LeaseState(u32), prefix "SMB2_LEASE_" {
        READ_CACHING = 0x01;
        HANDLE_CACHING = 0x02;
        WRITE_CACHING = 0x04;
    }
}
nt::bit_set!(LeaseState);

nt::named_numbers! {
    /// What goes with a lease. [MS-SMB2] 2.2.14.2.11
    LeaseFlags(u32), prefix "SMB2_LEASE_FLAG_" {
        BREAK_IN_PROGRESS = 0x0000_0002;
        PARENT_LEASE_KEY_SET = 0x0000_0004;
    }
}
nt::bit_set!(LeaseFlags);

/// SMB2_CREATE_REQUEST_LEASE or RESPONSE_LEASE.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Lease {
    /// LeaseKey.
    pub key: LeaseKey,
    /// LeaseState: wanted, or granted.
    pub state: LeaseState,
    /// LeaseFlags.
    pub flags: LeaseFlags,
}

/// SMB2_CREATE_REQUEST_LEASE_V2 or RESPONSE_LEASE_V2.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LeaseV2 {
    /// What the first version has too.
    pub lease: Lease,
    /// ParentLeaseKey; it counts only when the flag says so.
    pub parent_key: LeaseKey,
    /// Epoch.
    pub epoch: u16,
}

impl Lease {
    pub(super) fn decode(r: &mut Reader<'_>) -> Result<Lease, DecodeError> {
        let lease =
            Lease { key: LeaseKey(r.array()?), state: LeaseState(r.u32()?), flags: LeaseFlags(r.u32()?) };
        r.skip(8)?;
        Ok(lease)
    }

    pub(super) fn encode(&self, w: &mut Writer) {
        w.bytes(&self.key.0);
        w.u32(self.state.0);
        w.u32(self.flags.0);
        w.u64(0);
    }
}

impl LeaseV2 {
    pub(super) fn decode(r: &mut Reader<'_>) -> Result<LeaseV2, DecodeError> {
        let lease = LeaseV2 { lease: Lease::decode(r)?, parent_key: LeaseKey(r.array()?), epoch: r.u16()? };
        r.skip(2)?;
        Ok(lease)
    }

    pub(super) fn encode(&self, w: &mut Writer) {
        self.lease.encode(w);
        w.bytes(&self.parent_key.0);
        w.u16(self.epoch);
        w.u16(0);
    }
}
