//! Writing data. [MS-FSA] 2.1.5.4
use crate::host::{Host, HostError, HostFault, meta};
use crate::lock::LockRange;
use crate::opens::{Open, OpenId};
use crate::oplock::Breaks;
use crate::read::TRANSFER_BYTES_MAX;
use crate::refusal::{Refusal, Why};
use crate::volume::Volume;
use nt::{AccessMask, FileAttributes, FileTime, NotifyAction, NotifyFilter, NtStatus, UsnReason};

/// The offset that means the end of the data. [MS-FSA] 2.1.5.4
pub const END_OF_DATA: u64 = u64::MAX;

/// The longest file of NTFS with clusters of 4 KiB. [MS-FSA] 2.1.5.4 MaxFileSize
const FILE_BYTES_MAX: u64 = 0xFFF_FFFF_0000;
/// A gap that is not looked at: writing it would take long enough to notice that the volume is full.
const LEAP_BYTES: u64 = 1 << 30;

impl<H: Host> Volume<H> {
    /// Writes all of `bytes` at `offset`, or at the end for [`END_OF_DATA`] and for an open that may only append.
    pub fn write(&self, id: OpenId, offset: u64, bytes: &[u8]) -> Result<(), Refusal> {
        let open = self.open_of(id)?;
        if open.is_directory() {
            return Err(Refusal::new(
                NtStatus::INVALID_DEVICE_REQUEST,
                Why::Object("a directory has no data"),
            ));
        }
        if bytes.len() > TRANSFER_BYTES_MAX {
            return Err(Refusal::parameter("more bytes than one write can have"));
        }
        if !open.has_any(AccessMask::FILE_APPEND_DATA) {
            open.require(AccessMask::FILE_WRITE_DATA)?;
        }
        self.require_writable()?;
        let mut state = open.file.lock();
        let appends = offset == END_OF_DATA || !open.has_any(AccessMask::FILE_WRITE_DATA);
        let (size, modified) = self.size_and_time(&open)?;
        let offset = if appends { size } else { offset };
        let end = offset
            .checked_add(bytes.len() as u64)
            .filter(|end| i64::try_from(*end).is_ok())
            .ok_or(Refusal::parameter("beyond the largest file"))?;
        if bytes.is_empty() {
            return Ok(());
        }
        self.require_room(&open, size, end)?;
        self.break_oplock(&open, Breaks::data())?;
        self.check_range(&open, LockRange { offset, len: bytes.len() as u64 }, true)?;
        let pinned = self.pinned_times(&open)?;
        let extends = end > size;
        if pinned.modified.is_none() {
            self.about_to_write(&open, modified);
        }
        self.store_data(&open, offset, bytes)?;
        open.cursors.set_changed_data();
        let (filter, reason) = match open.stream() {
            Some(_) => {
                let reason =
                    if extends { UsnReason::NAMED_DATA_EXTEND } else { UsnReason::NAMED_DATA_OVERWRITE };
                (NotifyFilter::STREAM_SIZE | NotifyFilter::STREAM_WRITE, reason)
            }
            None => {
                let reason = if extends { UsnReason::DATA_EXTEND } else { UsnReason::DATA_OVERWRITE };
                (NotifyFilter::SIZE | NotifyFilter::LAST_WRITE, reason)
            }
        };
        self.restore_times(&open, pinned)?;
        self.settle(&open.file.node(), open.options)?;
        self.tell_change(&mut state, &open.file, &open.link, filter, NotifyAction::MODIFIED, reason);
        Ok(())
    }

    /// Refuses a write far beyond the data for whose gap the volume has no room, unless the file is sparse: to NTFS every byte
    /// before the end has its place, and no file is longer than 16 TiB less 64 KiB. Windows: smbtorture smb2.rw.invalid
    fn require_room(&self, open: &Open<H>, size: u64, end: u64) -> Result<(), Refusal> {
        if end > FILE_BYTES_MAX {
            return Err(Refusal::parameter("beyond the largest file"));
        }
        if end.saturating_sub(size) <= LEAP_BYTES || open.stream().is_some() {
            return Ok(());
        }
        let sparse = self.meta(&open.file.node())?.attributes.contains(FileAttributes::SPARSE_FILE);
        let space = self.host.space()?;
        if !sparse && (end - size) / space.block_bytes.max(1) > space.blocks_free {
            let why = Why::Object("the gap before the data is larger than what is free");
            return Err(Refusal::new(NtStatus::DISK_FULL, why));
        }
        Ok(())
    }

    /// Writes data of the opened stream, whatever is checked or told.
    pub(crate) fn store_data(&self, open: &Open<H>, offset: u64, bytes: &[u8]) -> Result<(), Refusal> {
        match open.stream() {
            Some(name) => self.write_stream(open, &name.0, offset, bytes),
            None => self.write_unnamed(open, offset, bytes),
        }
    }

    fn write_unnamed(&self, open: &Open<H>, offset: u64, bytes: &[u8]) -> Result<(), Refusal> {
        match self.host.write(&open.file.node(), offset, bytes) {
            Err(HostError { fault: HostFault::NotSupported, .. }) => {
                let why = Why::Object("the host's links and special files have no data of their own");
                Err(Refusal::new(NtStatus::INVALID_DEVICE_REQUEST, why))
            }
            other => Ok(other?),
        }
    }

    /// The length of the opened stream's data, and when the file's own data were changed last.
    fn size_and_time(&self, open: &Open<H>) -> Result<(u64, FileTime), Refusal> {
        if open.stream().is_some() {
            return Ok((self.stream_size(open)?, FileTime(0)));
        }
        let stat = self.host.stat(&open.file.node())?;
        Ok((stat.size, stat.modified))
    }

    /// A named stream is one value: it is read, changed and written whole.
    fn write_stream(&self, open: &Open<H>, name: &[u16], offset: u64, bytes: &[u8]) -> Result<(), Refusal> {
        let mut data = self.stream_data(open, name)?;
        let full = || HostError { call: "stream_write", fault: HostFault::AttributesFull };
        let start = usize::try_from(offset).map_err(|_| full())?;
        let end =
            start.checked_add(bytes.len()).filter(|end| *end <= meta::STREAM_BYTES_MAX).ok_or_else(full)?;
        if data.len() < end {
            data.resize(end, 0);
        }
        if let Some(range) = data.get_mut(start..end) {
            range.copy_from_slice(bytes);
        }
        let node = open.file.node();
        if let Some(stream) = meta::stream_find(&self.host, &node, name)? {
            meta::stream_write(&self.host, &node, &stream, &data)?;
        }
        Ok(())
    }
}
