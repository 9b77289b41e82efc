//! Zeroes in place of data. [MS-FSA] 2.1.5.10.39 and 2.1.5.10.6
use super::{ControlReply, offsets};
use crate::host::{Host, HostError, HostFault};
use crate::lock::LockRange;
use crate::opens::Open;
use crate::oplock::Breaks;
use crate::query::Fields;
use crate::refusal::{Refusal, Why};
use crate::volume::Volume;
use nt::{AccessMask, NotifyAction, NotifyFilter, NtStatus, UsnReason};

/// Zeroes that are written at once where the host has no better way.
static ZEROES: [u8; 65_536] = [0; 65_536];
/// The system's page: ranges to trim are made of whole ones.
const PAGE_BYTES: u64 = 4096;
/// FILE_LEVEL_TRIM without its ranges, and one range. [MS-FSCC] 2.3.14
const TRIM_LEN: usize = 8;
const TRIM_RANGE_LEN: usize = 16;

impl<H: Host> Volume<H> {
    /// FSCTL_SET_ZERO_DATA: never beyond the end of the data. [MS-FSCC] 2.3.85
    pub(super) fn set_zero_data(&self, open: &Open<H>, input: &[u8]) -> Result<ControlReply, Refusal> {
        let [start, end] = offsets::<2>(input)?;
        if start > end {
            return Err(Refusal::parameter("the range ends before it begins"));
        }
        if open.is_directory() {
            return Err(Refusal::parameter("a directory has no data"));
        }
        // FILE_WRITE_ACCESS in the control code.
        open.require(AccessMask::FILE_WRITE_DATA)?;
        self.require_writable()?;
        let mut state = open.file.lock();
        let end = end.min(self.stream_size(open)?);
        if start >= end {
            return Ok(ControlReply::nothing());
        }
        self.break_oplock(open, Breaks::data())?;
        let range = LockRange { offset: start, len: end - start };
        self.check_range(open, range, true)?;
        let pinned = self.pinned_times(open)?;
        self.zero(open, range)?;
        self.restore_times(open, pinned)?;
        self.settle(&open.file.node(), open.options)?;
        let (filter, reason) = match open.stream() {
            None => (NotifyFilter::LAST_WRITE, UsnReason::DATA_OVERWRITE),
            Some(_) => (NotifyFilter::STREAM_WRITE, UsnReason::NAMED_DATA_OVERWRITE),
        };
        self.tell_change(&mut state, &open.file, &open.link, filter, NotifyAction::MODIFIED, reason);
        Ok(ControlReply::nothing())
    }

    /// FSCTL_FILE_LEVEL_TRIM: the data of whole pages are not needed any more. Here they become zeroes, and their blocks go to
    /// the host, which tells the device in its own time. [MS-FSCC] 2.3.14
    pub(super) fn file_level_trim(
        &self,
        open: &Open<H>,
        input: &[u8],
        output_len_max: usize,
    ) -> Result<ControlReply, Refusal> {
        let count = input.get(4..TRIM_LEN).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
        let ranges = input.get(TRIM_LEN..).unwrap_or_default();
        let count = count.and_then(|count| usize::try_from(count).ok()).unwrap_or_default();
        if count == 0 || ranges.len() / TRIM_RANGE_LEN < count {
            return Err(Refusal::parameter("no ranges to trim, or fewer than announced"));
        }
        // [MS-FSCC] 2.3.73: Key is of no use to anybody.
        if input.get(..4).is_some_and(|key| key != [0; 4]) {
            return Err(Refusal::parameter("a key to trim by"));
        }
        if output_len_max != 0 && output_len_max < 4 {
            return Err(Refusal::parameter("no room for the count of ranges"));
        }
        if open.is_directory() || open.stream().is_some() {
            return Err(Refusal::parameter("only a file's own data are trimmed"));
        }
        open.require(AccessMask::FILE_WRITE_DATA)?;
        self.require_writable()?;
        let _state = open.file.lock();
        self.break_oplock(open, Breaks::data())?;
        let size = self.stream_size(open)?;
        let mut done = 0_u32;
        for range in ranges.chunks_exact(TRIM_RANGE_LEN).take(count) {
            let [offset, len] = offsets::<2>(range)?;
            let beyond = || Refusal::new(NtStatus::INTEGER_OVERFLOW, Why::Parameter("beyond all offsets"));
            let start = offset.checked_next_multiple_of(PAGE_BYTES).ok_or_else(beyond)?;
            let end = offset.checked_add(len).ok_or_else(beyond)?.min(size);
            let end = end - end % PAGE_BYTES;
            if start < end {
                let range = LockRange { offset: start, len: end - start };
                self.check_range(open, range, true)?;
                self.zero(open, range)?;
            }
            done += 1;
        }
        self.settle(&open.file.node(), open.options)?;
        let output = if output_len_max == 0 { Vec::new() } else { Fields::default().u32(done).done() };
        Ok(ControlReply::whole(output))
    }

    /// Zeroes within the data: without blocks in a sparse file, where the host can.
    fn zero(&self, open: &Open<H>, range: LockRange) -> Result<(), Refusal> {
        if open.stream().is_none() {
            match self.host.punch(&open.file.node(), range.offset, range.len) {
                Err(HostError { fault: HostFault::NotSupported, .. }) => {}
                other => return Ok(other?),
            }
        }
        let mut at = range.offset;
        let end = range.offset + range.len;
        while at < end {
            let len = usize::try_from(end - at).unwrap_or(usize::MAX).min(ZEROES.len());
            self.store_data(open, at, ZEROES.get(..len).unwrap_or_default())?;
            at += len as u64;
        }
        Ok(())
    }
}
