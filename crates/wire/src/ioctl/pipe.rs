//! [MS-FSCC] 2.3.45 and 2.3.49: FSCTL_PIPE_PEEK and FSCTL_PIPE_WAIT. FSCTL_PIPE_TRANSCEIVE carries the bytes of the pipe.
use nt::Utf16;

use crate::error::DecodeError;
use crate::reader::{Reader, name};
use crate::writer::Writer;

/// The reply to FSCTL_PIPE_PEEK.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PipePeek<'a> {
    /// NamedPipeState.
    pub state: u32,
    /// ReadDataAvailable, in bytes.
    pub read_available: u32,
    /// NumberOfMessages.
    pub messages: u32,
    /// MessageLength of the first, in bytes.
    pub message_len: u32,
    /// The bytes seen.
    pub data: &'a [u8],
}

impl<'a> PipePeek<'a> {
    /// Reads the output.
    pub fn decode(output: &'a [u8]) -> Result<PipePeek<'a>, DecodeError> {
        let mut r = Reader::new("FSCTL_PIPE_PEEK", output);
        let (state, read_available, messages, message_len) = (r.u32()?, r.u32()?, r.u32()?, r.u32()?);
        Ok(PipePeek { state, read_available, messages, message_len, data: r.rest() })
    }

    /// Appends the output.
    pub fn encode(&self, w: &mut Writer) {
        w.u32(self.state);
        w.u32(self.read_available);
        w.u32(self.messages);
        w.u32(self.message_len);
        w.bytes(self.data);
    }
}

/// The request of FSCTL_PIPE_WAIT.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PipeWait {
    /// Timeout in units of 100 nanoseconds, when TimeoutSpecified.
    pub timeout: Option<u64>,
    /// The name of the pipe.
    pub name: Utf16,
}

impl PipeWait {
    /// Reads the input.
    pub fn decode(input: &[u8]) -> Result<PipeWait, DecodeError> {
        let mut r = Reader::new("FSCTL_PIPE_WAIT", input);
        let timeout = r.u64()?;
        let name_len = r.u32()?;
        let is_specified = r.u8()? != 0;
        r.skip(1)?;
        let offset = r.offset() as u64;
        let name = name("pipe name", r.span("pipe name", offset, name_len)?)?;
        Ok(PipeWait { timeout: is_specified.then_some(timeout), name })
    }

    /// Appends the input.
    pub fn encode(&self, w: &mut Writer) {
        w.u64(self.timeout.unwrap_or_default());
        w.len32("NameLength", self.name.units().len() * 2);
        w.u8(self.timeout.is_some().into());
        w.u8(0);
        w.name(&self.name);
    }
}
