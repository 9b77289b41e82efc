//! [MS-SMB2] 2.2.31 and 2.2.32: IOCTL.
use nt::FsctlCode;

use crate::error::DecodeError;
use crate::file_id::FileId;
use crate::header::HEADER_LEN;
use crate::reader::Reader;
use crate::writer::{Hole, Writer};

pub mod code;
mod copy_chunk;
mod dfs_referral;
mod dfs_referral_response;
mod negotiate_info;
mod network_interface;
mod pipe;
mod read_hash;
mod resiliency;
mod snapshots;

pub use copy_chunk::{CHUNKS_MAX, CopyChunk, CopyChunkRequest, CopyChunkResponse, ResumeKey};
pub use dfs_referral::{DfsReferralRequest, DfsReferralRequestEx};
pub use dfs_referral_response::{
    DfsReferral, DfsReferralFlags, DfsReferralForm, DfsReferralHeaderFlags, DfsReferralResponse,
    REFERRALS_MAX,
};
pub use negotiate_info::{ValidateNegotiateRequest, ValidateNegotiateResponse};
pub use network_interface::{INTERFACES_MAX, InterfaceCapabilities, NetworkInterface};
pub use pipe::{PipePeek, PipeWait};
pub use read_hash::{HashRetrieval, HashType, HashVersion, ReadHashRequest};
pub use resiliency::ResiliencyRequest;
pub use snapshots::SnapshotArray;

nt::named_numbers! {
    /// What kind of code it is. [MS-SMB2] 2.2.31
    IoctlFlags(u32), prefix "SMB2_0_IOCTL_" {
        IS_FSCTL = 0x0000_0001;
    }
}
nt::bit_set!(IoctlFlags);

/// IOCTL request. [MS-SMB2] 2.2.31
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Request<'a> {
    /// CtlCode; the codes that are SMB2's own are in [`code`].
    pub code: FsctlCode,
    /// FileId.
    pub file_id: FileId,
    /// The input data.
    pub input: &'a [u8],
    /// MaxInputResponse, in bytes.
    pub input_len_max: u32,
    /// The output data, which a request should not have.
    pub output: &'a [u8],
    /// MaxOutputResponse, in bytes.
    pub output_len_max: u32,
    /// Flags.
    pub flags: IoctlFlags,
}

impl<'a> Request<'a> {
    /// Reads the body of a message.
    pub fn decode(message: &'a [u8]) -> Result<Request<'a>, DecodeError> {
        let mut r = Reader::body("IOCTL request", message, 57)?;
        r.skip(2)?;
        let code = FsctlCode(r.u32()?);
        let file_id = r.file_id()?;
        let (input_offset, input_len, input_len_max) = (r.u32()?, r.u32()?, r.u32()?);
        let (output_offset, output_len, output_len_max) = (r.u32()?, r.u32()?, r.u32()?);
        let flags = IoctlFlags(r.u32()?);
        let input = r.span("input of an IOCTL", input_offset, input_len)?;
        let output = r.span("output of an IOCTL", output_offset, output_len)?;
        Ok(Request { code, file_id, input, input_len_max, output, output_len_max, flags })
    }

    /// Appends the body to a header just written.
    pub fn encode(&self, w: &mut Writer) {
        const BUFFER_OFFSET: usize = HEADER_LEN + 56;
        w.u16(57);
        w.u16(0);
        w.u32(self.code.0);
        w.file_id(self.file_id);
        w.len32("InputOffset", BUFFER_OFFSET);
        w.len32("InputCount", self.input.len());
        w.u32(self.input_len_max);
        let output_offset = w.hole(4);
        w.len32("OutputCount", self.output.len());
        w.u32(self.output_len_max);
        w.u32(self.flags.0);
        w.u32(0);
        encode_buffers(self.input, self.output, output_offset, w);
        w.at_least_one_byte(BUFFER_OFFSET);
    }
}

/// IOCTL response. [MS-SMB2] 2.2.32
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Response<'a> {
    /// CtlCode.
    pub code: FsctlCode,
    /// FileId.
    pub file_id: FileId,
    /// The input data, which only pass-through codes give back.
    pub input: &'a [u8],
    /// The output data.
    pub output: &'a [u8],
}

impl<'a> Response<'a> {
    /// Reads the body of a message.
    pub fn decode(message: &'a [u8]) -> Result<Response<'a>, DecodeError> {
        let mut r = Reader::body("IOCTL response", message, 49)?;
        r.skip(2)?;
        let code = FsctlCode(r.u32()?);
        let file_id = r.file_id()?;
        let (input_offset, input_len, output_offset, output_len) = (r.u32()?, r.u32()?, r.u32()?, r.u32()?);
        let input = r.span("input of an IOCTL", input_offset, input_len)?;
        let output = r.span("output of an IOCTL", output_offset, output_len)?;
        Ok(Response { code, file_id, input, output })
    }

    /// Appends the body to a header just written. Output begins at a multiple of 8. [MS-SMB2] 2.2.32
    pub fn encode(&self, w: &mut Writer) {
        const BUFFER_OFFSET: usize = HEADER_LEN + 48;
        w.u16(49);
        w.u16(0);
        w.u32(self.code.0);
        w.file_id(self.file_id);
        w.len32("InputOffset", BUFFER_OFFSET);
        w.len32("InputCount", self.input.len());
        let output_offset = w.hole(4);
        w.len32("OutputCount", self.output.len());
        w.zeros(8);
        if self.output.is_empty() {
            w.fill32("OutputOffset", output_offset, BUFFER_OFFSET);
        }
        encode_buffers(self.input, self.output, output_offset, w);
        w.at_least_one_byte(BUFFER_OFFSET);
    }
}

fn encode_buffers(input: &[u8], output: &[u8], output_offset: Hole, w: &mut Writer) {
    w.bytes(input);
    if !output.is_empty() {
        w.align8();
        w.fill32("OutputOffset", output_offset, w.offset());
        w.bytes(output);
    }
}
