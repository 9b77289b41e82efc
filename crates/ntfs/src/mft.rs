//! Records of the MFT, taken and given back; the MFT grows when none is left.
use crate::attribute::{BITMAP, DATA};
use crate::error::{Error, Fault, Place, Result, Why};
use crate::fields::size;
use crate::medium::Medium;
use crate::record::Record;
use crate::reference::{FIRST_FREE, MFT};
use crate::stream::{Clusters, Stream};
use crate::volume::Volume;
use std::ops::Range;

/// Records that the MFT grows by, at least.
const GROWTH: u64 = 16;
/// Files begin here, as ntfs-3g's do; what is below is kept for an MFT in so many pieces that it needs records to tell of
/// them, which must be among the first.
const FIRST_ORDINARY: u64 = 64;
/// Records without a purpose between the metadata files and the first free ones.
const FIRST_SPARE: u64 = 16;

impl<M: Medium> Volume<M> {
    fn record_bitmap(&self) -> Result<Clusters> {
        match self.system_file(MFT)?.stream(BITMAP, "", self.boot.clusters)? {
            Some(Stream::Clusters(clusters)) => Ok(clusters),
            _ => Err(Fault("the MFT has no bitmap").at(Place::Record(MFT))),
        }
    }

    /// Takes a record that is free: marked as used in the bitmap, empty, and with the sequence number that is its turn.
    /// One is left free as long as the MFT can grow: it may need a record for itself when it does.
    pub(crate) fn take_record(&self) -> Result<Record> {
        let free = self.free_records(FIRST_ORDINARY..u64::MAX, 2)?;
        if let [number, _] = free.as_slice() {
            return self.take(*number);
        }
        let grown = self.attempt(Volume::grow_mft);
        let number = match grown {
            Ok(()) => self.free_records(FIRST_ORDINARY..u64::MAX, 1)?.first().copied(),
            // No room for a longer MFT: what is free in it is there all the same.
            Err(Error::Request { why: Why::Full, .. } | Error::NotSupported(_)) => match free.first() {
                Some(number) => Some(*number),
                None => self.free_records(FIRST_FREE..FIRST_ORDINARY, 1)?.first().copied(),
            },
            Err(error) => return Err(error),
        };
        match (number, grown) {
            (Some(number), _) => self.take(number),
            (None, Err(error)) => Err(error),
            (None, Ok(())) => Err(Fault("a longer MFT has no free record").at(Place::Record(MFT))),
        }
    }

    /// Takes a record for the MFT itself, below a number, without growing it.
    pub(crate) fn take_record_of_mft(&self, below: u64) -> Result<Record> {
        for range in [FIRST_FREE..below, FIRST_SPARE..FIRST_FREE] {
            if let [number] = self.free_records(range, 1)?.as_slice() {
                return self.take(*number);
            }
        }
        Err(Error::NotSupported("an MFT that needs one more record for itself and has none free"))
    }

    fn take(&self, number: u64) -> Result<Record> {
        self.mark_record(number, true)?;
        let sequence = match self.record(number) {
            Ok(old) => old.sequence().max(1),
            Err(_) => 1,
        };
        let mut record = Record::empty(number, self.boot.record, sequence, 0)
            .map_err(|fault| fault.at(Place::Record(number)))?;
        record.set_in_use(true, false).map_err(|fault| fault.at(Place::Record(number)))?;
        Ok(record)
    }

    /// Gives a record back.
    pub(crate) fn free_record_of(&self, mut record: Record) -> Result<()> {
        let number = record.number;
        record.retire().map_err(|fault| fault.at(Place::Record(number)))?;
        self.write_record(&record)?;
        self.mark_record(number, false)
    }

    /// The first free records of a range, no more than so many.
    fn free_records(&self, range: Range<u64>, most: usize) -> Result<Vec<u64>> {
        let bitmap = self.record_bitmap()?;
        let len = bitmap.sizes.initialized.min(self.record_count().div_ceil(8));
        let mut bytes = vec![0; size(len).map_err(|fault| fault.at(Place::Record(MFT)))?];
        self.read_clusters(&bitmap, 0, &mut bytes)?;
        let mut free = Vec::new();
        for (at, byte) in (0u64..).zip(&bytes).filter(|(_, byte)| **byte != 0xFF) {
            for number in (0..8).filter(|bit| byte >> bit & 1 == 0).map(|bit| at * 8 + bit) {
                if free.len() == most {
                    return Ok(free);
                }
                // A record that is in use though its bit says otherwise is somebody's file.
                let is_free = range.contains(&number)
                    && number < self.record_count()
                    && !self.record(number).is_ok_and(|record| record.is_in_use());
                free.extend(is_free.then_some(number));
            }
        }
        Ok(free)
    }

    fn mark_record(&self, number: u64, used: bool) -> Result<()> {
        let bitmap = self.record_bitmap()?;
        let mut byte = [0];
        self.read_clusters(&bitmap, number / 8, &mut byte)?;
        let bit = 1u8 << (number % 8);
        let [old] = byte;
        let new = if used { old | bit } else { old & !bit };
        self.write_clusters(&bitmap, number / 8, &[new])
    }

    fn grow_mft(&self) -> Result<()> {
        let before = self.record_count();
        let record = self.boot.record as u64;
        let records = (before + GROWTH).max(FIRST_ORDINARY + GROWTH) - before;
        let bytes = (records * record).next_multiple_of(self.boot.cluster);
        let mut file = self.system_file(MFT)?;
        self.grow(&mut file, DATA, "", bytes)?;
        let after = before + bytes / record;
        let bitmap = self.record_bitmap()?;
        let more = after.div_ceil(64) * 8;
        if more > bitmap.sizes.data {
            self.grow(&mut file, BITMAP, "", more - bitmap.sizes.data)?;
        }
        let stream = file.stream(DATA, "", self.boot.clusters)?;
        let Some(Stream::Clusters(mft)) = stream else {
            return Err(Fault("the MFT has no data").at(Place::Record(MFT)));
        };
        self.set_mft(mft);
        for number in before..after {
            let empty = Record::empty(number, self.boot.record, 1, 0);
            self.write_record(&empty.map_err(|fault| fault.at(Place::Record(number)))?)?;
        }
        self.store_file(&mut file)
    }
}
