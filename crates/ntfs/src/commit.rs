//! One operation, whole or not at all: the undo journal first, then the volume marked dirty, then the change, then the
//! mark taken away.
use crate::error::{Error, Fault, Place, Refused, Result, Why};
use crate::fields::{bytes_at, size, u32_at, u64_at};
use crate::medium::{Journal, Medium};
use crate::pages::Change;
use crate::volume::Volume;
use nt::NtStatus;
use std::collections::BTreeMap;

const MAGIC: &[u8; 8] = b"PMUNDO02";
/// The CRC-32 at the end.
const SUM_LEN: usize = 4;
/// What is changed through one opened volume is undone together, unless its journals are longer than this: then those from
/// there on are.
const SESSION_BYTES_MAX: u64 = 256 << 20;
const DIRTY: u16 = 0x0001;
const SECTOR: usize = 512;
/// A change of more pieces is none of ours.
const CHANGES_MAX: usize = 1 << 20;

/// What an undo journal holds of one change: [`MAGIC`], its whole length, these fields. All numbers are little-endian; the
/// last four bytes are the CRC-32 of all before.
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

    /// A part of an operation that may fail without the whole failing: nothing of it stays then.
    pub(crate) fn attempt<T>(&self, act: impl FnOnce(&Volume<M>) -> Result<T>) -> Result<T> {
        let mft = self.mft();
        let done = self.pages.attempt(|| act(self));
        if done.is_err() {
            self.set_mft(mft.as_ref().clone());
        }
        done
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
        let journal = record.encode();
        let session_bytes = self.session_bytes.saturating_add(journal.len() as u64);
        let joins = self.session_bytes > 0 && session_bytes <= SESSION_BYTES_MAX;
        let medium = self.pages.medium();
        medium.begin(&journal).map_err(Error::io("writing the undo journal"))?;
        // From here on the disk may hold a part of the change, and only `undo` knows the way back.
        let written = record.apply(medium, joins);
        if written.is_err() {
            self.pages.forget();
            self.locked = Some(Refused::Interrupted(None));
            return written;
        }
        self.session_bytes = if joins { session_bytes } else { journal.len() as u64 };
        self.pages.settle();
        Ok(())
    }
}

/// Takes back the change that was cut off; or else all that the last session changed, to the exact bytes before it. A
/// session is what was done through one opened [`Volume`]; of one with very many changes, the last 256 MiB of journals.
///
/// What is complete is not taken back when another program has changed the same sectors since. Cut off itself, it is
/// repeated.
pub fn undo<M: Medium>(medium: &M) -> Result<()> {
    let load = |state| medium.journal(state).map_err(Error::io("reading the undo journal"));
    let remove = |state| medium.forget(state).map_err(Error::io("removing the undo journal"));
    let damaged = |fault: Fault| fault.at(Place::Journal);
    let last = load(Journal::Last)?;
    let Some(pending) = load(Journal::Pending)? else {
        let last = last.ok_or(Error::request(NtStatus::NO_SUCH_FILE, Why::NothingToUndo))?;
        let record = Record::decode_session(&last).and_then(Record::merged).map_err(damaged)?;
        record.check(medium, false)?;
        medium.begin(&record.encode()).map_err(Error::io("writing the undo journal"))?;
        record.take_back(medium)?;
        remove(Journal::Last)?;
        return remove(Journal::Pending);
    };
    let record = Record::decode(&pending).map_err(damaged)?;
    record.check(medium, true)?;
    record.take_back(medium)?;
    match last.map(|last| kept(&last, &pending)) {
        None => {}
        Some(0) => remove(Journal::Last)?,
        Some(len) => medium.keep_last(len).map_err(Error::io("cutting the undo journal"))?,
    }
    remove(Journal::Pending)
}

/// How much of the last session's journal stays true when the pending one was taken back. Either that was to undo the
/// session, or it was being joined to it, in part or whole.
fn kept(last: &[u8], pending: &[u8]) -> u64 {
    let records = Record::decode_session(last);
    if records.and_then(Record::merged).is_ok_and(|merged| merged.encode() == pending) {
        return 0;
    }
    let (mut kept, mut rest) = (0, last);
    while let Ok((one, behind)) = Record::split(rest) {
        let is_pending = one == pending && behind.is_empty();
        if is_pending || Record::decode(one).is_err() {
            break;
        }
        (kept, rest) = (kept + one.len() as u64, behind);
    }
    kept
}

impl Record {
    fn apply<M: Medium>(&self, medium: &M, joins: bool) -> Result<()> {
        let dirty = self.flags | DIRTY;
        self.write_flags(medium, dirty)?;
        for change in &self.changes {
            medium.write_at(change.offset, &change.new).map_err(Error::io("writing the image"))?;
        }
        medium.flush().map_err(Error::io("writing the image"))?;
        self.write_flags(medium, self.flags)?;
        medium.complete(joins).map_err(Error::io("completing the undo journal"))
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
        let changes: usize = self.changes.iter().map(|change| 16 + 2 * change.old.len()).sum();
        let len = MAGIC.len() + 8 * (6 + self.flag_offsets.len()) + changes + SUM_LEN;
        out.extend_from_slice(&(len as u64).to_le_bytes());
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

    /// The first of several, and what is behind it.
    fn split(bytes: &[u8]) -> std::result::Result<(&[u8], &[u8]), Fault> {
        let len = size(u64_at(bytes, MAGIC.len())?)?;
        bytes.split_at_checked(len).filter(|_| len > 0).ok_or(Fault("it is cut off"))
    }

    /// The changes of a session, in the order in which they were made.
    fn decode_session(mut bytes: &[u8]) -> std::result::Result<Vec<Record>, Fault> {
        let mut records = Vec::new();
        while !bytes.is_empty() {
            let (one, rest) = Record::split(bytes)?;
            records.push(Record::decode(one)?);
            bytes = rest;
        }
        Ok(records)
    }

    /// Several changes as one: of each sector what it held before the first, and holds after the last.
    fn merged(records: Vec<Record>) -> std::result::Result<Record, Fault> {
        let mut records = records.into_iter();
        let first = records.next().ok_or(Fault("it is empty"))?;
        let mut sectors: BTreeMap<u64, (Vec<u8>, Vec<u8>)> = BTreeMap::new();
        let mut merged = Record { changes: Vec::new(), ..first.clone() };
        for record in std::iter::once(first).chain(records) {
            if (record.image_len, record.serial) != (merged.image_len, merged.serial) {
                return Err(Fault("its changes are of several images"));
            }
            for change in record.changes {
                let pieces = change.old.chunks(SECTOR).zip(change.new.chunks(SECTOR));
                for (number, (old, new)) in (0u64..).zip(pieces) {
                    let at = change.offset.saturating_add(number * SECTOR as u64);
                    let (_, last) = sectors.entry(at).or_insert_with(|| (old.to_vec(), Vec::new()));
                    *last = new.to_vec();
                }
            }
        }
        for (offset, (old, new)) in sectors {
            match merged.changes.last_mut() {
                Some(last) if last.offset + last.old.len() as u64 == offset => {
                    last.old.extend_from_slice(&old);
                    last.new.extend_from_slice(&new);
                }
                _ => merged.changes.push(Change { offset, old, new }),
            }
        }
        Ok(merged)
    }

    fn decode(bytes: &[u8]) -> std::result::Result<Record, Fault> {
        let body = bytes.len().checked_sub(SUM_LEN).ok_or(Fault("it is too short"))?;
        if u32_at(bytes, body)? != crc32fast::hash(bytes_at(bytes, 0, body)?) {
            return Err(Fault("its checksum does not hold"));
        }
        if !bytes.starts_with(MAGIC) {
            return Err(Fault("it is none of this version's"));
        }
        let mut at = MAGIC.len() + 8;
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
