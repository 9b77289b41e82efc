//! The length of a stream. [MS-FSA] 2.1.5.15.1 and .5
use super::number;
use crate::file::File;
use crate::host::{Host, HostError, HostFault, NodeKind, SetTimes, meta};
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

    /// What is beyond a smaller allocation is cut off; a larger one is reserved. [MS-FSA] 2.1.5.15.1
    pub(super) fn set_allocation(&self, open: &Open<H>, input: &[u8]) -> Result<(), Refusal> {
        let allocation = number(Class::ALLOCATION_INFORMATION, input)?;
        if open.is_directory() {
            return Err(Refusal::parameter("a directory has no length"));
        }
        open.require(AccessMask::FILE_WRITE_DATA)?;
        let aligned = self.aligned(allocation)?;
        if aligned < self.facts(open)?.size {
            return self.resize(open, aligned);
        }
        let _state = open.file.lock();
        self.break_oplock(open, Breaks::data())?;
        if open.stream().is_none() {
            let pinned = self.pinned_times(open)?;
            self.reserve(&open.file, allocation)?;
            self.restore_times(open, pinned)?;
        }
        Ok(())
    }

    /// Sees to blocks for `allocation` bytes of a file's own data, and gives back what is beyond. They are its own until the last
    /// open closes. Called with the file's lock held.
    pub(crate) fn reserve(&self, file: &File<H>, allocation: u64) -> Result<(), Refusal> {
        let (aligned, node) = (self.aligned(allocation)?, file.node());
        let size = self.host.stat(&node)?.size;
        if aligned < file.reserved() {
            self.release_reserved(file)?;
        }
        if aligned <= self.aligned(size)? {
            return Ok(());
        }
        match self.host.fill(&node, 0, aligned) {
            // A host that cannot reserve promises nothing.
            Err(HostError { fault: HostFault::NotSupported, .. }) => Ok(()),
            done => {
                done?;
                file.set_reserved(aligned);
                Ok(())
            }
        }
    }

    /// Gives back what was reserved beyond the data: a cut where they end.
    pub(crate) fn release_reserved(&self, file: &File<H>) -> Result<(), Refusal> {
        if file.reserved() == 0 {
            return Ok(());
        }
        file.set_reserved(0);
        let node = file.node();
        let stat = self.host.stat(&node)?;
        // What became a link of the host's own meanwhile has no room to give back.
        if stat.kind != NodeKind::File {
            return Ok(());
        }
        self.host.set_len(&node, stat.size)?;
        self.host.set_times(&node, SetTimes { accessed: None, modified: Some(stat.modified) })?;
        Ok(())
    }

    /// Bytes in whole blocks.
    fn aligned(&self, bytes: u64) -> Result<u64, Refusal> {
        let block = self.host.space()?.block_bytes.max(1);
        Ok(bytes.checked_next_multiple_of(block).unwrap_or(bytes))
    }

    /// All data are valid here: any length within them is too short, and none beyond them can be. [MS-FSA] 2.1.5.15.15
    pub(super) fn set_valid_data_length(&self, open: &Open<H>, input: &[u8]) -> Result<(), Refusal> {
        let valid = number(Class::VALID_DATA_LENGTH_INFORMATION, input)?;
        if !open.has_privilege(Privileges::MANAGE_VOLUME) {
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
        let pinned = self.pinned_times(open)?;
        let old = match open.stream() {
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
        if pinned.modified.is_none() && open.stream().is_none() {
            self.tell_written(open)?;
        }
        if open.stream().is_none() && size > open.file.reserved() {
            open.file.set_reserved(0); // what was reserved has become data
        }
        if old == size {
            return Ok(());
        }
        self.restore_times(open, pinned)?;
        self.settle(&node, open.options)?;
        let (filter, extend, truncate) = match open.stream() {
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
