//! Compression, where the host compresses, and integrity: what is so, and that it cannot be otherwise. [MS-FSA] 2.1.5.10.9, .10, .30 and .33
use super::ControlReply;
use crate::host::Host;
use crate::opens::Open;
use crate::query::Fields;
use crate::refusal::{Refusal, Why};
use crate::volume::{Volume, VolumeKind};
use nt::{AccessMask, NotifyAction, NotifyFilter, NtStatus, UsnReason};

/// COMPRESSION_FORMAT_NONE, _DEFAULT and _LZNT1. [MS-FSCC] 2.3.69
const NONE: u16 = 0;
const LZNT1: u16 = 2;
const FORMATS: [u16; 3] = [NONE, 1, LZNT1];
/// CHECKSUM_TYPE_NONE and CHECKSUM_TYPE_UNCHANGED. [MS-FSCC] 2.3.73
const CHECKSUM_NONE: u16 = 0;
const CHECKSUM_UNCHANGED: u16 = 0xFFFF;
/// FSCTL_GET_INTEGRITY_INFORMATION_BUFFER: 16 bytes; FSCTL_SET_INTEGRITY_INFORMATION_BUFFER: 8. [MS-FSCC] 2.3.20, 2.3.73
const GET_LEN: usize = 16;
const SET_LEN: usize = 8;

impl<H: Host> Volume<H> {
    /// Whether the host compresses the file: its way of doing it has no number, so it is called LZNT1, NTFS's only one.
    pub(super) fn get_compression(
        &self,
        open: &Open<H>,
        output_len_max: usize,
    ) -> Result<ControlReply, Refusal> {
        if output_len_max < 2 {
            return Err(Refusal::parameter("no room for the compression state"));
        }
        let state = if self.host.stat(&open.file.node())?.compressed { LZNT1 } else { NONE };
        Ok(ControlReply::whole(Fields::default().u16(state).done()))
    }

    /// The host compresses what is written from now on, or what is made in the directory, where it can.
    /// [MS-FSA] 2.1.5.10.30
    pub(super) fn set_compression(&self, open: &Open<H>, input: &[u8]) -> Result<ControlReply, Refusal> {
        let state = input.first_chunk().map(|bytes| u16::from_le_bytes(*bytes));
        let Some(state) = state.filter(|state| FORMATS.contains(state)) else {
            return Err(Refusal::parameter("no compression state, or an unknown one"));
        };
        // [Windows] FILE_WRITE_DATA alone, though the control code has FILE_READ_ACCESS, too: smbtorture
        // smb2.ioctl.compress_perms.
        open.require(AccessMask::FILE_WRITE_DATA)?;
        self.require_writable()?;
        let compressed = state != NONE;
        if !self.host.features().compresses {
            // [Windows] ReFS of Server 2016: smbtorture smb2.ioctl.compress_notsup_set.
            let why = Why::Object("nothing is compressed on this volume");
            return match compressed {
                true => Err(Refusal::new(NtStatus::NOT_SUPPORTED, why)),
                false => Ok(ControlReply::nothing()),
            };
        }
        let mut state = open.file.lock();
        let node = open.file.node();
        if self.host.stat(&node)?.compressed == compressed {
            return Ok(ControlReply::nothing());
        }
        self.host.set_compressed(&node, compressed)?;
        self.settle(&node, open.options)?;
        let (filter, action) = (NotifyFilter::ATTRIBUTES, NotifyAction::MODIFIED);
        self.tell_change(&mut state, &open.file, &open.link, filter, action, UsnReason::COMPRESSION_CHANGE);
        Ok(ControlReply::nothing())
    }

    /// ReFS only; there are no checksums here. [MS-FSA] 2.1.5.10.10 and <103>
    pub(super) fn get_integrity(&self, output_len_max: usize) -> Result<ControlReply, Refusal> {
        self.require_integrity()?;
        if output_len_max < GET_LEN {
            return Err(Refusal::parameter("no room for the integrity state"));
        }
        let cluster = u32::try_from(self.host.space()?.block_bytes).unwrap_or(u32::MAX);
        let fields = Fields::default().u16(CHECKSUM_NONE).u16(0).u32(0).u32(0).u32(cluster);
        Ok(ControlReply::whole(fields.done()))
    }

    /// That there are none can be asked for. [MS-FSA] 2.1.5.10.33
    pub(super) fn set_integrity(&self, input: &[u8]) -> Result<ControlReply, Refusal> {
        self.require_integrity()?;
        let known = |algorithm: u16| matches!(algorithm, CHECKSUM_NONE | 1 | 2 | CHECKSUM_UNCHANGED);
        let algorithm = input.first_chunk().map(|bytes| u16::from_le_bytes(*bytes));
        let flags = input.get(4..SET_LEN).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
        let (Some(algorithm), Some(0)) = (algorithm.filter(|algorithm| known(*algorithm)), flags) else {
            return Err(Refusal::parameter("no integrity state, or one that cannot be"));
        };
        if !matches!(algorithm, CHECKSUM_NONE | CHECKSUM_UNCHANGED) {
            let why = Why::Object("there are no checksums on this volume");
            return Err(Refusal::new(NtStatus::NOT_SUPPORTED, why));
        }
        self.require_writable()?;
        Ok(ControlReply::nothing())
    }

    fn require_integrity(&self) -> Result<(), Refusal> {
        match self.options.kind {
            VolumeKind::Refs => Ok(()),
            _ => Err(Refusal::new(
                NtStatus::INVALID_DEVICE_REQUEST,
                Why::Object("only ReFS has integrity streams"),
            )),
        }
    }
}
