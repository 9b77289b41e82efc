//! Records of the MFT, taken and given back; the MFT grows when none is left.
use crate::attribute::{BITMAP, DATA};
use crate::error::{Fault, Place, Result};
use crate::fields::size;
use crate::medium::Medium;
use crate::record::Record;
use crate::reference::{FIRST_FREE, MFT};
use crate::stream::{Clusters, Stream};
use crate::volume::Volume;

/// Records that the MFT grows by, at least.
const GROWTH: u64 = 16;

impl<M: Medium> Volume<M> {
    fn record_bitmap(&self) -> Result<Clusters> {
        match self.system_file(MFT)?.stream(BITMAP, "", self.boot.clusters)? {
            Some(Stream::Clusters(clusters)) => Ok(clusters),
            _ => Err(Fault("the MFT has no bitmap").at(Place::Record(MFT))),
        }
    }

    /// Takes a record that is free: marked as used in the bitmap, empty, and with the sequence number that is its turn.
    pub(crate) fn take_record(&self) -> Result<Record> {
        let number = match self.free_record()? {
            Some(number) => number,
            None => {
                self.grow_mft()?;
                self.free_record()?.ok_or(Fault("a longer MFT has no free record").at(Place::Record(MFT)))?
            }
        };
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

    fn free_record(&self) -> Result<Option<u64>> {
        let bitmap = self.record_bitmap()?;
        let len = bitmap.sizes.initialized.min(self.record_count().div_ceil(8));
        let mut bytes = vec![0; size(len).map_err(|fault| fault.at(Place::Record(MFT)))?];
        self.read_clusters(&bitmap, 0, &mut bytes)?;
        for (at, byte) in (0u64..).zip(&bytes).filter(|(_, byte)| **byte != 0xFF) {
            for bit in (0..8).filter(|bit| byte >> bit & 1 == 0) {
                let number = at * 8 + bit;
                if number < FIRST_FREE || number >= self.record_count() {
                    continue;
                }
                // A record that is in use though its bit says otherwise is somebody's file.
                if !self.record(number).is_ok_and(|record| record.is_in_use()) {
                    return Ok(Some(number));
                }
            }
        }
        Ok(None)
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
        let bytes = (GROWTH * record).next_multiple_of(self.boot.cluster);
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
