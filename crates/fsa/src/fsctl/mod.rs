//! File system controls. [MS-FSA] 2.1.5.10
mod apply;
mod reparse_delete;
mod reparse_get;
mod reparse_set;

use crate::host::Host;
use crate::opens::OpenId;
use crate::refusal::{Refusal, Why};
use crate::volume::Volume;
use nt::{FsctlCode, NtStatus};

/// What a control that succeeded, or nearly, gives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ControlReply {
    /// SUCCESS, or BUFFER_OVERFLOW with as much of the output as fits.
    pub status: NtStatus,
    /// The output.
    pub output: Vec<u8>,
}

impl ControlReply {
    /// Success without output.
    fn nothing() -> ControlReply {
        ControlReply { status: NtStatus::SUCCESS, output: Vec::new() }
    }
}

impl<H: Host> Volume<H> {
    /// A file system control on an open. `output_len_max` is the room for output: 0 when the caller has no output buffer, which
    /// SET and DELETE insist on.
    pub fn fs_control(
        &self,
        id: OpenId,
        code: FsctlCode,
        input: &[u8],
        output_len_max: usize,
    ) -> Result<ControlReply, Refusal> {
        let open = self.open_of(id)?;
        match code {
            FsctlCode::SET_REPARSE_POINT => self.set_reparse_point(&open, input, output_len_max),
            FsctlCode::SET_REPARSE_POINT_EX => self.set_reparse_point_ex(&open, input, output_len_max),
            FsctlCode::GET_REPARSE_POINT => self.get_reparse_point(&open, input, output_len_max),
            FsctlCode::DELETE_REPARSE_POINT => self.delete_reparse_point(&open, input, output_len_max),
            _ => Err(Refusal::new(NtStatus::INVALID_DEVICE_REQUEST, Why::ControlCode(code))),
        }
    }

    /// [MS-FSA] 2.1.5.10.37 <146>, 2.1.5.10.3 <87>, 2.1.5.10.14 <107>: a file system without reparse points refuses all of
    /// their controls. ReFS has them all here; docs/SPEC-NOTES.md 1
    fn require_reparse_support(&self) -> Result<(), Refusal> {
        let kind = self.options.kind;
        if kind.supports_reparse_points() {
            return Ok(());
        }
        Err(Refusal::new(NtStatus::INVALID_DEVICE_REQUEST, Why::VolumeKind(kind)))
    }
}
