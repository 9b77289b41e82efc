//! How far a file's data are valid. [MS-FSA] 2.1.5.10.24
use super::{ControlReply, too_small};
use crate::host::Host;
use crate::opens::Open;
use crate::query::Fields;
use crate::refusal::{Refusal, Why};
use crate::volume::{Volume, VolumeKind};
use nt::{AccessMask, NtStatus};

/// FILE_REGION_INPUT and FILE_REGION_OUTPUT with one region. [MS-FSCC] 2.3.55 and 2.3.56
const INPUT_LEN: usize = 24;
const OUTPUT_LEN: usize = 40;
/// FILE_REGION_USAGE_VALID_CACHED_DATA and FILE_REGION_USAGE_VALID_NONCACHED_DATA. [MS-FSCC] 2.3.55
const CACHED: u32 = 1;
const NONCACHED: u32 = 2;

impl<H: Host> Volume<H> {
    /// FSCTL_QUERY_FILE_REGIONS: all data of a file are valid here, and so there is one region.
    pub(super) fn query_file_regions(
        &self,
        open: &Open<H>,
        input: &[u8],
        output_len_max: usize,
    ) -> Result<ControlReply, Refusal> {
        let needed = match self.options.kind {
            VolumeKind::Ntfs => CACHED,
            VolumeKind::Refs => NONCACHED,
            _ => {
                return Err(Refusal::new(
                    NtStatus::INVALID_DEVICE_REQUEST,
                    Why::Object("only NTFS and ReFS tell of regions"),
                ));
            }
        };
        if open.is_directory() {
            return Err(Refusal::parameter("a directory has no data"));
        }
        // FILE_ANY_ACCESS in the control code; the data's length is an attribute.
        if !open.has_any(AccessMask::FILE_READ_DATA | AccessMask::FILE_READ_ATTRIBUTES) {
            open.require(AccessMask::FILE_READ_DATA)?;
        }
        let (offset, len, usage) = match input {
            [] => (0, i64::MAX.unsigned_abs(), needed),
            _ if input.len() < INPUT_LEN => {
                return Err(too_small("FILE_REGION_INPUT", INPUT_LEN, input.len()));
            }
            _ => {
                let [offset, len] = super::offsets::<2>(input)?;
                let usage = input.get(16..20).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
                (offset, len, usage.unwrap_or_default())
            }
        };
        let fits = offset.checked_add(len).is_some_and(|end| i64::try_from(end).is_ok());
        if len == 0 || !fits || usage & needed == 0 {
            return Err(Refusal::parameter("a range or a usage that cannot be asked for"));
        }
        if output_len_max < OUTPUT_LEN {
            return Err(too_small("FILE_REGION_OUTPUT", OUTPUT_LEN, output_len_max));
        }
        let size = self.stream_size(open)?;
        if offset > size || (offset == size && size > 0) {
            return Ok(ControlReply::nothing());
        }
        let valid = if size == 0 { 0 } else { usage };
        let head = Fields::with_capacity(OUTPUT_LEN).u32(0).u32(1).u32(1).u32(0);
        let region = head.u64(offset).u64(len.min(size - offset)).u32(valid).u32(0);
        Ok(ControlReply::whole(region.done()))
    }
}
