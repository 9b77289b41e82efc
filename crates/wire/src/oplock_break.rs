//! [MS-SMB2] 2.2.23, 2.2.24 and 2.2.25: OPLOCK_BREAK, for oplocks and, told apart by StructureSize, for leases.
use crate::create::{LeaseKey, LeaseState, OplockLevel};
use crate::error::DecodeError;
use crate::file_id::FileId;
use crate::header::HEADER_LEN;
use crate::reader::Reader;
use crate::writer::Writer;

/// MessageId of a notification, which answers nothing. [MS-SMB2] 3.3.4.6
pub const UNSOLICITED: u64 = u64::MAX;

nt::named_numbers! {
    /// Whether a lease break must be acknowledged. [MS-SMB2] 2.2.23.2
    LeaseBreakFlags(u32), prefix "SMB2_NOTIFY_BREAK_LEASE_FLAG_" {
        ACK_REQUIRED = 0x01;
    }
}
nt::bit_set!(LeaseBreakFlags);

/// An oplock and its level: the one form of a notification, its acknowledgment and the answer to that. [MS-SMB2] 2.2.23.1,
/// 2.2.24.1 and 2.2.25.1
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OplockBreak {
    /// OplockLevel: what is left of it.
    pub oplock_level: OplockLevel,
    /// FileId.
    pub file_id: FileId,
}

/// Lease Break Notification. [MS-SMB2] 2.2.23.2
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LeaseBreak {
    /// NewEpoch.
    pub new_epoch: u16,
    /// Flags.
    pub flags: LeaseBreakFlags,
    /// LeaseKey.
    pub key: LeaseKey,
    /// CurrentLeaseState.
    pub current_state: LeaseState,
    /// NewLeaseState.
    pub new_state: LeaseState,
}

/// What a server sends when others want what an open caches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Notification {
    /// [MS-SMB2] 2.2.23.1
    Oplock(OplockBreak),
    /// [MS-SMB2] 2.2.23.2
    Lease(LeaseBreak),
}

/// A lease and its state: the one form of an acknowledgment and its answer. [MS-SMB2] 2.2.24.2 and 2.2.25.2
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LeaseAcknowledgment {
    /// LeaseKey.
    pub key: LeaseKey,
    /// LeaseState: what is left of it.
    pub state: LeaseState,
}

/// What a client sends back, and what the server answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Acknowledgment {
    /// [MS-SMB2] 2.2.24.1 and 2.2.25.1
    Oplock(OplockBreak),
    /// [MS-SMB2] 2.2.24.2 and 2.2.25.2
    Lease(LeaseAcknowledgment),
}

const OPLOCK_SIZE: u16 = 24;
const NOTIFICATION_SIZE: u16 = 44;
const ACKNOWLEDGMENT_SIZE: u16 = 36;

/// StructureSize, by which the forms are told apart.
fn structure_size(message: &[u8]) -> Result<u16, DecodeError> {
    let mut r = Reader::new("OPLOCK_BREAK", message);
    r.skip(HEADER_LEN)?;
    r.u16()
}

impl OplockBreak {
    fn decode(message: &[u8]) -> Result<OplockBreak, DecodeError> {
        let mut r = Reader::body("OPLOCK_BREAK", message, OPLOCK_SIZE)?;
        let oplock_level = OplockLevel(r.u8()?);
        r.skip(5)?;
        Ok(OplockBreak { oplock_level, file_id: r.file_id()? })
    }

    fn encode(&self, w: &mut Writer) {
        w.u16(OPLOCK_SIZE);
        w.u8(self.oplock_level.0);
        w.zeros(5);
        w.file_id(self.file_id);
    }
}

impl Notification {
    /// Reads the body of a message.
    pub fn decode(message: &[u8]) -> Result<Notification, DecodeError> {
        if structure_size(message)? == OPLOCK_SIZE {
            return OplockBreak::decode(message).map(Notification::Oplock);
        }
        let mut r = Reader::body("lease break notification", message, NOTIFICATION_SIZE)?;
        Ok(Notification::Lease(LeaseBreak {
            new_epoch: r.u16()?,
            flags: LeaseBreakFlags(r.u32()?),
            key: LeaseKey(r.array()?),
            current_state: LeaseState(r.u32()?),
            new_state: LeaseState(r.u32()?),
        }))
    }

    /// Appends the body to a header just written.
    pub fn encode(&self, w: &mut Writer) {
        match self {
            Notification::Oplock(oplock) => oplock.encode(w),
            Notification::Lease(lease) => {
                w.u16(NOTIFICATION_SIZE);
                w.u16(lease.new_epoch);
                w.u32(lease.flags.0);
                w.bytes(&lease.key.0);
                w.u32(lease.current_state.0);
                w.u32(lease.new_state.0);
                w.zeros(12);
            }
        }
    }
}

impl Acknowledgment {
    /// Reads the body of a message.
    pub fn decode(message: &[u8]) -> Result<Acknowledgment, DecodeError> {
        if structure_size(message)? == OPLOCK_SIZE {
            return OplockBreak::decode(message).map(Acknowledgment::Oplock);
        }
        let mut r = Reader::body("lease break acknowledgment", message, ACKNOWLEDGMENT_SIZE)?;
        r.skip(6)?;
        Ok(Acknowledgment::Lease(LeaseAcknowledgment {
            key: LeaseKey(r.array()?),
            state: LeaseState(r.u32()?),
        }))
    }

    /// Appends the body to a header just written.
    pub fn encode(&self, w: &mut Writer) {
        match self {
            Acknowledgment::Oplock(oplock) => oplock.encode(w),
            Acknowledgment::Lease(lease) => {
                w.u16(ACKNOWLEDGMENT_SIZE);
                w.zeros(6);
                w.bytes(&lease.key.0);
                w.u32(lease.state.0);
                w.u64(0);
            }
        }
    }
}
