//! Data that go from one open to another without passing through the client. [MS-SMB2] 3.3.5.15.6, [MS-FSA] 2.1.5.10.4
use super::{ControlReply, offsets, too_small};
use crate::host::{Host, HostError, HostFault};
use crate::lock::LockRange;
use crate::opens::{Open, OpenId};
use crate::oplock::Breaks;
use crate::read::TRANSFER_BYTES_MAX;
use crate::refusal::{Refusal, Why};
use crate::volume::Volume;
use nt::{AccessMask, NotifyAction, NotifyFilter, NtStatus, UsnReason};

/// DUPLICATE_EXTENTS_DATA: a handle and three numbers. [MS-FSCC] 2.3.7.1
const DUPLICATE_LEN: usize = 32;
/// DUPLICATE_EXTENTS_DATA_EX: the same behind its size, and flags. [MS-FSCC] 2.3.9.1
const DUPLICATE_EX_LEN: usize = 48;
/// Bytes that are read and written at once where the host cannot copy by itself.
const PIECE_BYTES: usize = 1 << 20;

/// From where to where data go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RangeCopy {
    /// The open that has the data.
    pub source: OpenId,
    /// Where they begin in it.
    pub source_offset: u64,
    /// The open that gets them.
    pub target: OpenId,
    /// Where they begin there.
    pub target_offset: u64,
    /// How many bytes.
    pub len: u64,
}

impl<H: Host> Volume<H> {
    /// Copies data, at most what one read can have, and gives how many bytes: fewer at the end of the source. The source
    /// needs FILE_READ_DATA, the target FILE_WRITE_DATA. [MS-SMB2] 3.3.5.15.6
    pub fn copy_range(&self, copy: RangeCopy) -> Result<u64, Refusal> {
        let (source, target) = (self.open_of(copy.source)?, self.open_of(copy.target)?);
        if source.is_directory() || target.is_directory() {
            return Err(Refusal::new(
                NtStatus::INVALID_DEVICE_REQUEST,
                Why::Object("a directory has no data"),
            ));
        }
        if copy.len > TRANSFER_BYTES_MAX as u64 {
            return Err(Refusal::parameter("more bytes than one copy can have"));
        }
        if !source.has_any(AccessMask::FILE_READ_DATA | AccessMask::FILE_EXECUTE) {
            source.require(AccessMask::FILE_READ_DATA)?;
        }
        target.require(AccessMask::FILE_WRITE_DATA)?;
        self.require_writable()?;
        let len = copy.len.min(self.stream_size(&source)?.saturating_sub(copy.source_offset));
        let copy = RangeCopy { len, ..copy };
        check_ends(copy)?;
        if len == 0 {
            return Ok(0);
        }
        self.break_oplock(&source, Breaks::written())?;
        let mut state = target.file.lock();
        self.break_oplock(&target, Breaks::data())?;
        self.check_range(&source, LockRange { offset: copy.source_offset, len }, false)?;
        self.check_range(&target, LockRange { offset: copy.target_offset, len }, true)?;
        let pinned = self.pinned_times(&target)?;
        let size = self.stream_size(&target)?;
        self.copy_data(&source, &target, copy)?;
        self.restore_times(&target, pinned)?;
        self.settle(&target.file.node(), target.options)?;
        let reason =
            if copy.target_offset + len > size { UsnReason::DATA_EXTEND } else { UsnReason::DATA_OVERWRITE };
        let filter = match target.stream() {
            None => NotifyFilter::SIZE | NotifyFilter::LAST_WRITE,
            Some(_) => NotifyFilter::STREAM_SIZE | NotifyFilter::STREAM_WRITE,
        };
        self.tell_change(&mut state, &target.file, &target.link, filter, NotifyAction::MODIFIED, reason);
        Ok(len)
    }

    /// Lets the target share the source's blocks, where the host can; INVALID_DEVICE_REQUEST where it cannot. With `is_atomic`
    /// all of the range or nothing of it; without, what of it would lie beyond the target's end is left out. To concurrent writes it
    /// is one step either way (ioctl_ficlonerange(2)). [MS-FSA] 2.1.5.10.4 and <89>, 2.1.5.10.5
    pub fn duplicate_extents(&self, copy: RangeCopy, is_atomic: bool) -> Result<(), Refusal> {
        let target = self.open_of(copy.target)?;
        self.require_writable()?;
        let block = self.host.space()?.block_bytes.max(1);
        if [copy.source_offset, copy.target_offset, copy.len].iter().any(|number| number % block != 0) {
            return Err(Refusal::parameter("offsets and length are whole clusters"));
        }
        check_ends(copy)?;
        if copy.len == 0 {
            return Ok(());
        }
        let not_supported = |what| Refusal::new(NtStatus::NOT_SUPPORTED, Why::Object(what));
        if target.is_directory() || target.stream().is_some() {
            return Err(not_supported("only a file's own data have extents"));
        }
        target.require(AccessMask::FILE_WRITE_DATA)?;
        let source = self.open_of(copy.source)?;
        let readable = source.granted.contains(AccessMask::FILE_READ_DATA);
        if source.is_directory() || source.stream().is_some() || !readable {
            return Err(Refusal::parameter("the source is no open of a file's data for reading"));
        }
        if self.stream_size(&source)? < copy.source_offset + copy.len {
            return Err(not_supported("the source ends before the range does"));
        }
        let apart = copy.source_offset.abs_diff(copy.target_offset) >= copy.len;
        if core::ptr::eq(&*source.file, &*target.file) && !apart {
            return Err(not_supported("a range of a file does not overlap the one that it becomes"));
        }
        if self.is_sparse(&source)? && !self.is_sparse(&target)? {
            return Err(not_supported("the source is sparse and the target is not"));
        }
        self.break_oplock(&source, Breaks::written())?;
        let mut state = target.file.lock();
        self.break_oplock(&target, Breaks::data())?;
        // [Windows] Beyond the target's end nothing comes of it, and that is no failure: Server 2016, by smbtorture
        // smb2.ioctl.dup_extents_len_beyond_dest.
        let room = self.stream_size(&target)?.saturating_sub(copy.target_offset);
        let len = copy.len.min(room - room % block);
        let is_cut = is_atomic && len < copy.len;
        if is_cut || len == 0 {
            return match self.host.features().shares_blocks {
                true if is_cut => Err(not_supported("the target ends before the range does")),
                true => Ok(()),
                false => Err(Refusal::new(
                    NtStatus::INVALID_DEVICE_REQUEST,
                    Why::Object("the host's file system shares no blocks"),
                )),
            };
        }
        // [Windows] No lock is in the way, though FSA has both looked at: smbtorture smb2.ioctl.dup_extents_src_lock and
        // dup_extents_dest_lock.
        let (from, to) = (source.file.node(), target.file.node());
        match self.host.share_range((&from, copy.source_offset), (&to, copy.target_offset), len) {
            Err(error @ HostError { fault: HostFault::NotSupported, .. }) => {
                return Err(Refusal::new(NtStatus::INVALID_DEVICE_REQUEST, Why::Host(error)));
            }
            done => done?,
        }
        self.settle(&to, target.options)?;
        let (filter, reason) = (NotifyFilter::LAST_WRITE, UsnReason::DATA_OVERWRITE);
        self.tell_change(&mut state, &target.file, &target.link, filter, NotifyAction::MODIFIED, reason);
        Ok(())
    }

    /// FSCTL_DUPLICATE_EXTENTS_TO_FILE of a local program: the handle is an [`OpenId`]. A server reads the structure itself,
    /// for on the wire the file is named otherwise, and calls [`Volume::duplicate_extents`].
    pub(super) fn duplicate_extents_to_file(
        &self,
        open: &Open<H>,
        input: &[u8],
    ) -> Result<ControlReply, Refusal> {
        require_input(input, "DUPLICATE_EXTENTS_DATA", DUPLICATE_LEN)?;
        self.duplicate(open, offsets(input)?, false)
    }

    /// FSCTL_DUPLICATE_EXTENTS_TO_FILE_EX, likewise. [MS-FSA] 2.1.5.10.5
    pub(super) fn duplicate_extents_to_file_ex(
        &self,
        open: &Open<H>,
        input: &[u8],
    ) -> Result<ControlReply, Refusal> {
        require_input(input, "DUPLICATE_EXTENTS_DATA_EX", DUPLICATE_EX_LEN)?;
        let [size, numbers @ ..] = offsets::<5>(input)?;
        if size != DUPLICATE_EX_LEN as u64 {
            return Err(Refusal::parameter("StructureSize is not 48"));
        }
        let flags =
            input.get(40..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u32::from_le_bytes(*bytes));
        self.duplicate(open, numbers, flags & nt::DUPLICATE_EXTENTS_DATA_EX_SOURCE_ATOMIC != 0)
    }

    /// The numbers that both structures have.
    fn duplicate(
        &self,
        target: &Open<H>,
        [source, source_offset, target_offset, len]: [u64; 4],
        is_atomic: bool,
    ) -> Result<ControlReply, Refusal> {
        let (source, target) = (OpenId(source), target.id);
        self.duplicate_extents(RangeCopy { source, source_offset, target, target_offset, len }, is_atomic)?;
        Ok(ControlReply::nothing())
    }

    fn copy_data(&self, source: &Open<H>, target: &Open<H>, copy: RangeCopy) -> Result<(), Refusal> {
        let (mut done, mut by_host) = (0, source.stream().is_none() && target.stream().is_none());
        while done < copy.len {
            let (from, to) = (copy.source_offset + done, copy.target_offset + done);
            let rest = usize::try_from(copy.len - done).unwrap_or(usize::MAX);
            if by_host {
                match self.host.copy_range((&source.file.node(), from), (&target.file.node(), to), rest) {
                    Err(HostError { fault: HostFault::NotSupported, .. }) => by_host = false,
                    Ok(0) => return Ok(()),
                    count => done += count? as u64,
                }
                continue;
            }
            // Within one file a range may overlap the other; then pieces would read what was just written.
            let piece =
                if core::ptr::eq(&*source.file, &*target.file) { rest } else { rest.min(PIECE_BYTES) };
            let data = self.load_data(source, from, piece)?;
            if data.is_empty() {
                return Ok(());
            }
            self.store_data(target, to, &data)?;
            done += data.len() as u64;
        }
        Ok(())
    }
}

fn require_input(input: &[u8], what: &'static str, wanted: usize) -> Result<(), Refusal> {
    match input.len() < wanted {
        true => Err(too_small(what, wanted, input.len())),
        false => Ok(()),
    }
}

fn check_ends(copy: RangeCopy) -> Result<(), Refusal> {
    for offset in [copy.source_offset, copy.target_offset] {
        let end = offset.checked_add(copy.len).filter(|end| i64::try_from(*end).is_ok());
        end.ok_or(Refusal::parameter("beyond the largest file"))?;
    }
    Ok(())
}
