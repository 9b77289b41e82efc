//! FSCTL_GET_REPARSE_POINT. [MS-FSA] 2.1.5.10.14, [MS-FSCC] 2.3.27 and 2.3.28
use super::ControlReply;
use crate::host::{Host, HostError, HostFault};
use crate::opens::Open;
use crate::refusal::{Refusal, Why};
use crate::volume::Volume;
use nt::NtStatus;
use reparse::RawReparse;

/// sizeof(REPARSE_GUID_DATA_BUFFER) in C: less room than this must hold the whole point. [MS-FSCC] 2.1.2.3
const PARTIAL_BYTES_MIN: usize = 28;

impl<H: Host> Volume<H> {
    /// Reads the reparse point. No right is needed. Byte for byte what was set, but for Reserved, which reads 0.
    pub(super) fn get_reparse_point(
        &self,
        open: &Open<H>,
        input: &[u8],
        output_len_max: usize,
    ) -> Result<ControlReply, Refusal> {
        self.require_reparse_support()?;
        if output_len_max == 0 {
            // [Windows] before the file is looked at; test_reparse_points of Wine's dlls/ntdll/tests/file.c
            let why = Why::Length { what: "the output buffer", wanted: PARTIAL_BYTES_MIN, got: 0 };
            return Err(Refusal::new(NtStatus::INVALID_USER_BUFFER, why));
        }
        if !input.is_empty() {
            return Err(Refusal::parameter("reading a reparse point takes no input"));
        }
        let stored = self.point(&open.file.node())?;
        let stored = stored.ok_or(Refusal::new(NtStatus::NOT_A_REPARSE_POINT, Why::NoReparsePoint))?;
        let corrupt = |_| Refusal::from(HostError { call: "point", fault: HostFault::Corrupt });
        let mut output = RawReparse::decode(&stored).map_err(corrupt)?.0.encode_get();
        if output.len() <= output_len_max {
            return Ok(ControlReply { status: NtStatus::SUCCESS, output });
        }
        if output_len_max < PARTIAL_BYTES_MIN {
            return Err(super::too_small("the output buffer", PARTIAL_BYTES_MIN, output_len_max));
        }
        // [Windows] where the paper says SUCCESS; [MS-FSCC] 2.3.28
        output.truncate(output_len_max);
        Ok(ControlReply { status: NtStatus::BUFFER_OVERFLOW, output })
    }
}
