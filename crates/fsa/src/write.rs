//! Writing data. [MS-FSA] 2.1.5.4
use crate::host::{Host, HostError, HostFault, meta};
use crate::lock::LockRange;
use crate::opens::{Open, OpenId};
use crate::oplock::Breaks;
use crate::read::TRANSFER_BYTES_MAX;
use crate::refusal::{Refusal, Why};
use crate::volume::Volume;
use nt::{AccessMask, NotifyAction, NotifyFilter, NtStatus, UsnReason};

/// The offset that means the end of the data. [MS-FSA] 2.1.5.4
pub const END_OF_DATA: u64 = u64::MAX;

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
        let size = self.stream_size(&open)?;
        let offset = if appends { size } else { offset };
        let end = offset
            .checked_add(bytes.len() as u64)
            .filter(|end| i64::try_from(*end).is_ok())
            .ok_or(Refusal::parameter("beyond the largest file"))?;
        if bytes.is_empty() {
            return Ok(());
        }
        self.break_oplock(&open, Breaks::data())?;
        self.check_range(&open, LockRange { offset, len: bytes.len() as u64 }, true)?;
        let pinned = self.pinned_modified(&open)?;
        let extends = end > size;
        self.store_data(&open, offset, bytes)?;
        let (filter, reason) = match &open.stream {
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
        self.restore_modified(&open, pinned)?;
        self.settle(&open.file.node(), open.options)?;
        self.tell_change(&mut state, &open.file, &open.link, filter, NotifyAction::MODIFIED, reason);
        Ok(())
    }

    /// Writes data of the opened stream, whatever is checked or told.
    pub(crate) fn store_data(&self, open: &Open<H>, offset: u64, bytes: &[u8]) -> Result<(), Refusal> {
        match &open.stream {
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
