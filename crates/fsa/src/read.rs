//! Reading data. [MS-FSA] 2.1.5.3
use crate::host::{Host, HostError, HostFault, meta};
use crate::lock::LockRange;
use crate::opens::{Open, OpenId};
use crate::oplock::Breaks;
use crate::refusal::{Refusal, Why};
use crate::volume::Volume;
use nt::{AccessMask, NtStatus};
use std::sync::Arc;

/// The most bytes of one read or write: what SMB2 can carry. [MS-SMB2] <274>
pub const TRANSFER_BYTES_MAX: usize = 8 * 1024 * 1024;

impl<H: Host> Volume<H> {
    /// Reads at most `len` bytes at `offset`; fewer only at the end of the data, none at all is END_OF_FILE.
    pub fn read(&self, id: OpenId, offset: u64, len: usize) -> Result<Vec<u8>, Refusal> {
        let open = self.may_read(id, offset, len)?;
        if len == 0 {
            return Ok(Vec::new());
        }
        let data = self.load_data(&open, offset, len)?;
        if data.is_empty() {
            return Err(no_data());
        }
        Ok(data)
    }

    /// The same for as many bytes as `buffer` has, if they are there without a wait for a disk; how many there are. Nothing when they are
    /// not, and nothing was done but what every READ of them does first.
    pub fn read_at_once(&self, id: OpenId, offset: u64, buffer: &mut [u8]) -> Result<Option<usize>, Refusal> {
        let open = self.may_read(id, offset, buffer.len())?;
        if open.stream().is_some() || buffer.is_empty() {
            return Ok(None);
        }
        match self.host.read_at_once(&open.file.node(), offset, buffer) {
            // The host's links and special files: `read` says what they have.
            Ok(None) | Err(HostError { fault: HostFault::NotSupported, .. }) => Ok(None),
            Ok(Some(0)) => Err(no_data()),
            Ok(some) => Ok(some),
            Err(error) => Err(error.into()),
        }
    }

    /// All that is in the way of a READ.
    fn may_read(&self, id: OpenId, offset: u64, len: usize) -> Result<Arc<Open<H>>, Refusal> {
        let open = self.open_of(id)?;
        if open.is_directory() {
            return Err(Refusal::new(
                NtStatus::INVALID_DEVICE_REQUEST,
                Why::Object("a directory has no data"),
            ));
        }
        if len > TRANSFER_BYTES_MAX {
            return Err(Refusal::parameter("more bytes than one read can have"));
        }
        if !open.has_any(AccessMask::FILE_READ_DATA | AccessMask::FILE_EXECUTE) {
            open.require(AccessMask::FILE_READ_DATA)?;
        }
        if len > 0 {
            self.break_oplock(&open, Breaks::written())?;
            self.check_range(&open, LockRange { offset, len: len as u64 }, false)?;
        }
        Ok(open)
    }

    /// The data that the opened stream has at `offset`, at most `len` bytes.
    pub(crate) fn load_data(&self, open: &Open<H>, offset: u64, len: usize) -> Result<Vec<u8>, Refusal> {
        let Some(name) = open.stream() else { return self.read_unnamed(open, offset, len) };
        let whole = self.stream_data(open, &name.0)?;
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(whole.len());
        Ok(whole.into_iter().skip(start).take(len).collect())
    }

    fn read_unnamed(&self, open: &Open<H>, offset: u64, len: usize) -> Result<Vec<u8>, Refusal> {
        let node = open.file.node();
        match self.host.read_new(&node, offset, len) {
            // The host's links and special files have no data of their own.
            Err(HostError { fault: HostFault::NotSupported, .. }) => Ok(Vec::new()),
            read => Ok(read?),
        }
    }

    /// All data of a named stream.
    pub(crate) fn stream_data(&self, open: &Open<H>, name: &[u16]) -> Result<Vec<u8>, Refusal> {
        let node = open.file.node();
        let stream = meta::stream_find(&self.host, &node, name)?;
        let data = stream.map(|stream| meta::stream_read(&self.host, &node, &stream)).transpose()?.flatten();
        data.ok_or(Refusal::new(NtStatus::FILE_CLOSED, Why::Object("the stream has gone")))
    }

    /// Length of the opened stream's data.
    pub(crate) fn stream_size(&self, open: &Open<H>) -> Result<u64, Refusal> {
        match open.stream() {
            Some(name) => Ok(self.stream_data(open, &name.0)?.len() as u64),
            None if open.is_directory() => Ok(0),
            None => Ok(self.host.stat(&open.file.node())?.size),
        }
    }
}

fn no_data() -> Refusal {
    Refusal::new(NtStatus::END_OF_FILE, Why::Object("there are no data at this offset"))
}
