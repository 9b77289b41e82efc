//! [MS-SMB2] 2.2.26 and 2.2.27: LOCK.
use crate::error::DecodeError;
use crate::file_id::FileId;
use crate::reader::Reader;
use crate::writer::Writer;

/// The most elements a request may have. (Not in the specification: it bounds what one request can hold.)
pub const LOCK_ELEMENTS_MAX: u16 = 1024;

nt::named_numbers! {
    /// What to do to a range. [MS-SMB2] 2.2.26.1
    LockFlags(u32), prefix "SMB2_LOCKFLAG_" {
        SHARED_LOCK = 0x0000_0001;
        EXCLUSIVE_LOCK = 0x0000_0002;
        UNLOCK = 0x0000_0004;
        FAIL_IMMEDIATELY = 0x0000_0010;
    }
}
nt::bit_set!(LockFlags);

/// SMB2_LOCK_ELEMENT. [MS-SMB2] 2.2.26.1
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LockElement {
    /// Offset, in bytes.
    pub offset: u64,
    /// Length, in bytes.
    pub len: u64,
    /// Flags.
    pub flags: LockFlags,
}

/// LOCK request. [MS-SMB2] 2.2.26
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// LockSequenceNumber, the low four bits, and LockSequenceIndex, the others.
    pub lock_sequence: u32,
    /// FileId.
    pub file_id: FileId,
    /// Locks. A count of zero, which the specification forbids, is read as it is.
    pub locks: Vec<LockElement>,
}

impl Request {
    /// LockSequenceNumber. [MS-SMB2] 2.2.26
    pub fn sequence_number(&self) -> u8 {
        self.lock_sequence.to_le_bytes()[0] & 0x0F
    }

    /// LockSequenceIndex. [MS-SMB2] 2.2.26
    pub fn sequence_index(&self) -> u32 {
        self.lock_sequence >> 4
    }

    /// Reads the body of a message.
    pub fn decode(message: &[u8]) -> Result<Request, DecodeError> {
        let mut r = Reader::body("LOCK request", message, 48)?;
        let count = r.u16()?;
        let lock_sequence = r.u32()?;
        let file_id = r.file_id()?;
        if count > LOCK_ELEMENTS_MAX {
            return Err(DecodeError::TooMany { what: "lock elements", max: LOCK_ELEMENTS_MAX.into() });
        }
        let mut locks = Vec::with_capacity(count.into());
        for _ in 0..count {
            let lock = LockElement { offset: r.u64()?, len: r.u64()?, flags: LockFlags(r.u32()?) };
            r.skip(4)?;
            locks.push(lock);
        }
        Ok(Request { lock_sequence, file_id, locks })
    }

    /// Appends the body to a header just written.
    pub fn encode(&self, w: &mut Writer) {
        w.u16(48);
        w.len16("LockCount", self.locks.len());
        w.u32(self.lock_sequence);
        w.file_id(self.file_id);
        for lock in &self.locks {
            w.u64(lock.offset);
            w.u64(lock.len);
            w.u32(lock.flags.0);
            w.u32(0);
        }
        if self.locks.is_empty() {
            // StructureSize counts one element, which must be there though the count is zero.
            w.zeros(24);
        }
    }
}

/// LOCK response: nothing but its size. [MS-SMB2] 2.2.27
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Response;

impl Response {
    /// Reads the body of a message.
    pub fn decode(message: &[u8]) -> Result<Response, DecodeError> {
        Reader::body("LOCK response", message, 4).map(|_| Response)
    }

    /// Appends the body to a header just written.
    pub fn encode(&self, w: &mut Writer) {
        w.u16(4);
        w.u16(0);
    }
}
