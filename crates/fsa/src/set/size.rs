//! The length of a stream. [MS-FSA] 2.1.5.15.1 and .5
use super::number;
use crate::host::{Host, HostError, HostFault, meta};
use crate::opens::Open;
use crate::oplock::Breaks;
use crate::refusal::{Refusal, Why};
use crate::volume::Volume;
use nt::security::Privileges;
use nt::{AccessMask, FileInformationClass as Class, NotifyAction, NotifyFilter, NtStatus, UsnReason};

impl<H: Host> Volume<H> {
    /// [MS-FSA] 2.1.5.15.5
    pub(super) fn set_end_of_file(&self, open: &Open<H>, input: &[u8]) -> Result<(), Refusal> {
        let size = number(Class::END_OF_FILE_INFORMATION, input)?;
        if open.is_directory() {
            return Err(Refusal::parameter("a directory has no length"));
        }
        open.require(AccessMask::FILE_WRITE_DATA)?;
        self.resize(open, size)
    }

    /// Space is not reserved here; what is beyond a smaller allocation is cut off. [MS-FSA] 2.1.5.15.1
    pub(super) fn set_allocation(&self, open: &Open<H>, input: &[u8]) -> Result<(), Refusal> {
        let allocation = number(Class::ALLOCATION_INFORMATION, input)?;
        if open.is_directory() {
            return Err(Refusal::parameter("a directory has no length"));
        }
        open.require(AccessMask::FILE_WRITE_DATA)?;
        let block = self.host.space()?.block_bytes.max(1);
        let aligned = allocation.checked_next_multiple_of(block).unwrap_or(allocation);
        if aligned < self.facts(open)?.size {
            return self.resize(open, aligned);
        }
        Ok(())
    }

    /// All data are valid here: any length within them is too short, and none beyond them can be. [MS-FSA] 2.1.5.15.15
    pub(super) fn set_valid_data_length(&self, open: &Open<H>, input: &[u8]) -> Result<(), Refusal> {
        let valid = number(Class::VALID_DATA_LENGTH_INFORMATION, input)?;
        if !open.privileges.contains(Privileges::MANAGE_VOLUME) {
            return Err(Refusal::new(
                NtStatus::PRIVILEGE_NOT_HELD,
                Why::Privilege("SeManageVolumePrivilege"),
            ));
        }
        if open.is_directory() || valid != self.stream_size(open)? {
            return Err(Refusal::parameter("the valid data are as long as the data"));
        }
        Ok(())
    }

    fn resize(&self, open: &Open<H>, size: u64) -> Result<(), Refusal> {
        let mut state = open.file.lock();
        self.break_oplock(open, Breaks::data())?;
        self.break_parent(open.actor(), &open.link);
        let node = open.file.node();
        let pinned = self.pinned_modified(open)?;
        let old = match &open.stream {
            Some(name) => self.resize_stream(&node, &name.0, size)?,
            None => {
                let old = self.host.stat(&node)?.size;
                match self.host.set_len(&node, size) {
                    Err(HostError { fault: HostFault::NotSupported, .. }) => {
                        let why = Why::Object("the host's links and special files have no data of their own");
                        return Err(Refusal::new(NtStatus::INVALID_DEVICE_REQUEST, why));
                    }
                    other => other?,
                }
                old
            }
        };
        if old == size {
            return Ok(());
        }
        self.restore_modified(open, pinned)?;
        self.settle(&node, open.options)?;
        let (filter, extend, truncate) = match open.stream {
            None => {
                let filter = NotifyFilter::SIZE | NotifyFilter::LAST_WRITE;
                (filter, UsnReason::DATA_EXTEND, UsnReason::DATA_TRUNCATION)
            }
            Some(_) => {
                let filter = NotifyFilter::STREAM_SIZE | NotifyFilter::STREAM_WRITE;
                (filter, UsnReason::NAMED_DATA_EXTEND, UsnReason::NAMED_DATA_TRUNCATION)
            }
        };
        let reason = if size > old { extend } else { truncate };
        self.tell_change(&mut state, &open.file, &open.link, filter, NotifyAction::MODIFIED, reason);
        Ok(())
    }

    /// Gives the old length.
    fn resize_stream(&self, node: &H::Node, name: &[u16], size: u64) -> Result<u64, Refusal> {
        let full = HostError { call: "stream_write", fault: HostFault::AttributesFull };
        let size = usize::try_from(size).ok().filter(|size| *size <= meta::STREAM_BYTES_MAX).ok_or(full)?;
        let gone = HostError { call: "stream_read", fault: HostFault::NotFound };
        let stream = meta::stream_find(&self.host, node, name)?.ok_or(gone)?;
        let mut data = meta::stream_read(&self.host, node, &stream)?.ok_or(gone)?;
        let old = data.len() as u64;
        data.resize(size, 0);
        meta::stream_write(&self.host, node, &stream, &data)?;
        Ok(old)
    }
}
