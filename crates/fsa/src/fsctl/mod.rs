//! File system controls. [MS-FSA] 2.1.5.10
mod apply;
mod compression;
mod copy;
mod object_id;
mod regions;
mod reparse_delete;
mod reparse_get;
mod reparse_set;
mod sparse;
mod zero;

pub use copy::RangeCopy;

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
        ControlReply::whole(Vec::new())
    }

    /// Success.
    fn whole(output: Vec<u8>) -> ControlReply {
        ControlReply { status: NtStatus::SUCCESS, output }
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
            FsctlCode::SET_SPARSE => self.set_sparse(&open, input),
            FsctlCode::SET_ZERO_DATA => self.set_zero_data(&open, input),
            FsctlCode::FILE_LEVEL_TRIM => self.file_level_trim(&open, input, output_len_max),
            FsctlCode::QUERY_ALLOCATED_RANGES => self.query_allocated_ranges(&open, input, output_len_max),
            FsctlCode::QUERY_FILE_REGIONS => self.query_file_regions(&open, input, output_len_max),
            FsctlCode::DUPLICATE_EXTENTS_TO_FILE => self.duplicate_extents_to_file(&open, input),
            FsctlCode::DUPLICATE_EXTENTS_TO_FILE_EX => self.duplicate_extents_to_file_ex(&open, input),
            FsctlCode::GET_COMPRESSION => self.get_compression(&open, output_len_max),
            FsctlCode::SET_COMPRESSION => self.set_compression(&open, input),
            FsctlCode::GET_OBJECT_ID => self.get_object_id(&open, output_len_max),
            FsctlCode::CREATE_OR_GET_OBJECT_ID => self.create_or_get_object_id(&open, output_len_max),
            FsctlCode::DELETE_OBJECT_ID => self.delete_object_id(&open),
            FsctlCode::SET_OBJECT_ID => self.set_object_id(&open, input),
            FsctlCode::GET_INTEGRITY_INFORMATION => self.get_integrity(output_len_max),
            FsctlCode::SET_INTEGRITY_INFORMATION => self.set_integrity(input),
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

/// A buffer that is shorter than what is named.
fn too_small(what: &'static str, wanted: usize, got: usize) -> Refusal {
    Refusal::new(NtStatus::BUFFER_TOO_SMALL, Why::Length { what, wanted, got })
}

/// The `i64`s that an input begins with, if none is negative. [MS-FSCC] 2.3
fn offsets<const N: usize>(input: &[u8]) -> Result<[u64; N], Refusal> {
    let mut numbers = [0; N];
    for (number, bytes) in numbers.iter_mut().zip(input.chunks_exact(8)) {
        let value = <[u8; 8]>::try_from(bytes).map(i64::from_le_bytes).unwrap_or(-1);
        *number = u64::try_from(value).map_err(|_| Refusal::parameter("a negative offset or length"))?;
    }
    if input.len() < 8 * N {
        return Err(Refusal::parameter("the input is too short"));
    }
    Ok(numbers)
}
