//! Sparse files, and where their data lie. [MS-FSA] 2.1.5.10.38 and 2.1.5.10.22
use super::{ControlReply, offsets};
use crate::host::{Host, HostError, HostFault, meta};
use crate::opens::Open;
use crate::query::Fields;
use crate::refusal::{Refusal, Why};
use crate::volume::Volume;
use nt::{AccessMask, FileAttributes, NotifyAction, NotifyFilter, NtStatus, UsnReason};

/// FILE_ALLOCATED_RANGE_BUFFER. [MS-FSCC] 2.3.52
const RANGE_LEN: usize = 16;
/// The most ranges that one answer gives, whatever room there is.
const RANGES_MAX: usize = 65_536;

impl<H: Host> Volume<H> {
    /// FSCTL_SET_SPARSE; without input it means TRUE. [MS-FSCC] 2.3.83
    pub(super) fn set_sparse(&self, open: &Open<H>, input: &[u8]) -> Result<ControlReply, Refusal> {
        if open.is_directory() {
            return Err(Refusal::parameter("a directory is not sparse"));
        }
        self.require_writable()?;
        let sparse = input.first().is_none_or(|flag| *flag != 0);
        // [Windows] FILE_APPEND_DATA will do too: smbtorture smb2.ioctl.sparse_perms.
        let enough =
            AccessMask::FILE_WRITE_DATA | AccessMask::FILE_WRITE_ATTRIBUTES | AccessMask::FILE_APPEND_DATA;
        if !open.has_any(enough) {
            open.require(AccessMask::FILE_WRITE_DATA)?;
        }
        if open.stream().is_some() {
            let why = Why::Object("a named stream is kept whole, and is never sparse");
            return Err(Refusal::new(NtStatus::NOT_SUPPORTED, why));
        }
        let mut state = open.file.lock();
        let node = open.file.node();
        let stat = self.host.stat(&node)?;
        if !sparse && stat.size > 0 {
            match self.host.fill(&node, 0, stat.size) {
                // What has no holes has nothing to fill.
                Err(HostError { fault: HostFault::NotSupported, .. }) => {}
                other => other?,
            }
        }
        meta::set_sparse(&self.host, &node, sparse)?;
        self.settle(&node, open.options)?;
        let (filter, action) = (NotifyFilter::ATTRIBUTES, NotifyAction::MODIFIED);
        let reason = UsnReason::BASIC_INFO_CHANGE;
        self.tell_change(&mut state, &open.file, &open.link, filter, action, reason);
        Ok(ControlReply::nothing())
    }

    /// FSCTL_QUERY_ALLOCATED_RANGES: of a file that is not sparse, all data that were asked for. Windows: Nothing beyond the
    /// data has a range, and where there is none no room is needed: smbtorture smb2.ioctl.sparse_qar, sparse_qar_malformed.
    pub(super) fn query_allocated_ranges(
        &self,
        open: &Open<H>,
        input: &[u8],
        output_len_max: usize,
    ) -> Result<ControlReply, Refusal> {
        if open.is_directory() {
            return Err(Refusal::parameter("a directory has no data"));
        }
        // FILE_READ_ACCESS in the control code.
        open.require(AccessMask::FILE_READ_DATA)?;
        let [offset, len] = offsets::<2>(input)?;
        let end = offset.checked_add(len).filter(|end| i64::try_from(*end).is_ok());
        let end = end.ok_or(Refusal::parameter("beyond the largest file"))?;
        let end = end.min(self.stream_size(open)?);
        if offset >= end {
            return Ok(ControlReply::nothing());
        }
        let sparse = self.is_sparse(open)?;
        if !sparse && output_len_max >= RANGE_LEN {
            return Ok(ControlReply::whole(Fields::default().u64(offset).u64(end - offset).done()));
        }
        let count_max = (output_len_max / RANGE_LEN).min(RANGES_MAX);
        // One more, to know whether all were told.
        let mut ranges = match sparse {
            true => self.host.allocated_ranges(&open.file.node(), offset..end, count_max + 1)?,
            false => std::iter::once(offset..end).collect(),
        };
        if count_max == 0 && !ranges.is_empty() {
            return Err(super::too_small("the output", RANGE_LEN, output_len_max));
        }
        let status = if ranges.len() > count_max { NtStatus::BUFFER_OVERFLOW } else { NtStatus::SUCCESS };
        ranges.truncate(count_max);
        let fields = ranges
            .iter()
            .fold(Fields::default(), |fields, range| fields.u64(range.start).u64(range.end - range.start));
        Ok(ControlReply { status, output: fields.done() })
    }

    /// True when the opened stream is sparse: no named stream is.
    pub(super) fn is_sparse(&self, open: &Open<H>) -> Result<bool, Refusal> {
        let attributes = || self.meta(&open.file.node()).map(|meta| meta.attributes);
        Ok(open.stream().is_none() && attributes()?.contains(FileAttributes::SPARSE_FILE))
    }
}
