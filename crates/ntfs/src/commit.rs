//! One operation, whole or not at all: the undo journal first, then the volume marked dirty, then the change, then the
//! mark taken away.
use crate::error::{Error, Fault, Place, Refused, Result, Why};
use crate::fields::{bytes_at, size, u32_at, u64_at};
use crate::medium::{Journal, Medium};
use crate::pages::Change;
use crate::volume::Volume;
use nt::NtStatus;

const MAGIC: &[u8; 8] = b"PMUNDO01";
const DIRTY: u16 = 0x0001;
const SECTOR: usize = 512;
/// A change of more pieces is none of ours.
const CHANGES_MAX: usize = 1 << 20;

/// What an undo journal holds. All numbers are little-endian; the last four bytes are the CRC-32 of all before.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Record {
    image_len: u64,
    serial: u64,
    /// Where the flags of `$Volume` lie in the image, and what they were.
    flag_offsets: Vec<u64>,
    flags: u16,
    changes: Vec<Change>,
}

impl<M: Medium> Volume<M> {
    /// Runs one operation. What it changes is in memory until it has succeeded; then it is written under the journal.
    pub(crate) fn operation<T>(&mut self, operate: impl FnOnce(&Volume<M>) -> Result<T>) -> Result<T> {
        self.require_writable()?;
        let mft = self.mft();
        let outcome = operate(self);
        let outcome = match outcome {
            Ok(value) => self.commit().map(|()| value),
            Err(error) => Err(error),
        };
        if outcome.is_err() {
            self.pages.discard();
            self.set_mft(mft.as_ref().clone());
        }
        outcome
    }

    fn commit(&mut self) -> Result<()> {
        let changes = self.pages.changes();
        if changes.is_empty() {
            self.pages.settle();
            return Ok(());
        }
        let flag_offsets = self.state.flag_offsets.iter().map(|at| at + self.pages.base()).collect();
        let record = Record {
            image_len: self.pages.medium().len(),
            serial: self.boot.serial,
            flag_offsets,
            flags: self.state.flags,
            changes,
        };
        let medium = self.pages.medium();
        medium.begin(&record.encode()).map_err(Error::io("writing the undo journal"))?;
        // From here on the disk may hold a part of the change, and only `undo` knows the way back.
        let written = record.apply(medium);
        if written.is_err() {
            self.pages.forget();
            self.locked = Some(Refused::Interrupted(None));
            return written;
        }
        self.pages.settle();
        Ok(())
    }
}

/// Takes back the change that was cut off, or else the last one that was completed, to the exact bytes before it.
///
/// A completed change is not taken back when another program has changed the same sectors since. Cut off itself, it is
/// repeated.
pub fn undo<M: Medium>(medium: &M) -> Result<()> {
    let load = |state| medium.journal(state).map_err(Error::io("reading the undo journal"));
    let (bytes, is_pending) = match load(Journal::Pending)? {
        Some(bytes) => (bytes, true),
        None => {
            let nothing = Error::request(NtStatus::NO_SUCH_FILE, Why::NothingToUndo);
            (load(Journal::Last)?.ok_or(nothing)?, false)
        }
    };
    let record = Record::decode(&bytes).map_err(|fault| fault.at(Place::Journal))?;
    record.check(medium, is_pending)?;
    if !is_pending {
        medium.begin(&bytes).map_err(Error::io("writing the undo journal"))?;
    }
    record.take_back(medium)?;
    if !is_pending {
        medium.forget(Journal::Last).map_err(Error::io("removing the undo journal"))?;
    }
    medium.forget(Journal::Pending).map_err(Error::io("removing the undo journal"))
}

impl Record {
    fn apply<M: Medium>(&self, medium: &M) -> Result<()> {
        let dirty = self.flags | DIRTY;
        self.write_flags(medium, dirty)?;
        for change in &self.changes {
            medium.write_at(change.offset, &change.new).map_err(Error::io("writing the image"))?;
        }
        medium.flush().map_err(Error::io("writing the image"))?;
        self.write_flags(medium, self.flags)?;
        medium.complete().map_err(Error::io("completing the undo journal"))
    }

    fn take_back<M: Medium>(&self, medium: &M) -> Result<()> {
        for change in &self.changes {
            medium.write_at(change.offset, &change.old).map_err(Error::io("writing the image"))?;
        }
        medium.flush().map_err(Error::io("writing the image"))?;
        self.write_flags(medium, self.flags)
    }

    /// A volume that is dirty before is so at any time, and nothing needs to be written.
    fn write_flags<M: Medium>(&self, medium: &M, flags: u16) -> Result<()> {
        if self.flags & DIRTY != 0 {
            return Ok(());
        }
        for offset in &self.flag_offsets {
            medium.write_at(*offset, &flags.to_le_bytes()).map_err(Error::io("marking the volume"))?;
        }
        medium.flush().map_err(Error::io("marking the volume"))
    }

    /// Refuses when the image is another one, or holds in these sectors what this change did not put there.
    fn check<M: Medium>(&self, medium: &M, is_pending: bool) -> Result<()> {
        let changed = || Error::request(NtStatus::WRONG_VOLUME, Why::ChangedSince);
        if medium.len() != self.image_len {
            return Err(changed());
        }
        for change in &self.changes {
            let mut now = vec![0; change.new.len()];
            medium.read_at(change.offset, &mut now).map_err(Error::io("reading the image"))?;
            let sectors = now.chunks(SECTOR).zip(change.old.chunks(SECTOR)).zip(change.new.chunks(SECTOR));
            for ((now, old), new) in sectors {
                if now != new && !(is_pending && now == old) {
                    return Err(changed());
                }
            }
        }
        Ok(())
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&self.image_len.to_le_bytes());
        out.extend_from_slice(&self.serial.to_le_bytes());
        out.extend_from_slice(&u64::from(self.flags).to_le_bytes());
        out.extend_from_slice(&(self.flag_offsets.len() as u64).to_le_bytes());
        self.flag_offsets.iter().for_each(|offset| out.extend_from_slice(&offset.to_le_bytes()));
        out.extend_from_slice(&(self.changes.len() as u64).to_le_bytes());
        for change in &self.changes {
            out.extend_from_slice(&change.offset.to_le_bytes());
            out.extend_from_slice(&(change.old.len() as u64).to_le_bytes());
            out.extend_from_slice(&change.old);
            out.extend_from_slice(&change.new);
        }
        let sum = crc32fast::hash(&out);
        out.extend_from_slice(&sum.to_le_bytes());
        out
    }

    fn decode(bytes: &[u8]) -> std::result::Result<Record, Fault> {
        let body = bytes.len().checked_sub(4).ok_or(Fault("it is too short"))?;
        if u32_at(bytes, body)? != crc32fast::hash(bytes_at(bytes, 0, body)?) {
            return Err(Fault("its checksum does not hold"));
        }
        if !bytes.starts_with(MAGIC) {
            return Err(Fault("it is none of this version's"));
        }
        let mut at = MAGIC.len();
        let mut next = || {
            let value = u64_at(bytes, at);
            at += 8;
            value
        };
        let (image_len, serial) = (next()?, next()?);
        let flags = u16::try_from(next()?).map_err(|_| Fault("its flags are too large"))?;
        let flag_count = next()?.min(2);
        let flag_offsets = (0..flag_count).map(|_| next()).collect::<std::result::Result<_, _>>()?;
        let count = size(next()?)?;
        if count > CHANGES_MAX {
            return Err(Fault("it has too many changes"));
        }
        let mut changes = Vec::new();
        for _ in 0..count {
            let (offset, len) = (u64_at(bytes, at)?, size(u64_at(bytes, at + 8)?)?);
            let old = bytes_at(bytes, at + 16, len)?.to_vec();
            let new = bytes_at(bytes, at + 16 + len, len)?.to_vec();
            changes.push(Change { offset, old, new });
            at += 16 + 2 * len;
        }
        Ok(Record { image_len, serial, flag_offsets, flags, changes })
    }
}
