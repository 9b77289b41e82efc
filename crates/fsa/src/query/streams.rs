//! The streams of a file. [MS-FSA] 2.1.5.12.29
use super::{Facts, Fields, Information, require_len, wire_len};
use crate::host::{Host, meta};
use crate::opens::Open;
use crate::refusal::Refusal;
use crate::volume::Volume;
use nt::{FileInformationClass as Class, NtStatus};

/// sizeof(FILE_STREAM_INFORMATION): 24 bytes and one character, aligned to 8. [MS-FSCC] 2.4.49
const MIN_LEN: usize = 32;

impl<H: Host> Volume<H> {
    /// Every stream, the unnamed one first; a directory has only named ones. What does not fit is left off whole.
    pub(super) fn query_streams(&self, open: &Open<H>, len_max: usize) -> Result<Information, Refusal> {
        require_len(Class::STREAM_INFORMATION, MIN_LEN, len_max)?;
        let node = open.file.node();
        let facts = Facts::of(&self.meta(&node)?);
        let mut entries = Vec::new();
        if !open.file.is_directory() {
            entries.push(entry(&[], facts.size, facts.allocated));
        }
        for stream in meta::stream_list(&self.host, &node)? {
            entries.push(entry(&stream.name.0, stream.size, stream.size));
        }
        Ok(chain(&entries, 8, len_max))
    }
}

/// One entry, its NextEntryOffset zero. [MS-FSCC] 2.4.49
fn entry(name: &[u16], size: u64, allocated: u64) -> Vec<u8> {
    let colon = [u16::from(b':')];
    let full: Vec<u16> = [&colon[..], name].concat().into_iter().chain(":$DATA".encode_utf16()).collect();
    Fields::with_capacity(24 + 2 * full.len())
        .u32(0)
        .u32(wire_len(&full))
        .u64(size)
        .u64(allocated)
        .units(&full)
        .done()
}

/// Entries that each begin with NextEntryOffset, aligned to `alignment`, as many as fit whole.
pub(crate) fn chain(entries: &[Vec<u8>], alignment: usize, len_max: usize) -> Information {
    let mut bytes: Vec<u8> = Vec::new();
    let mut last = 0;
    for entry in entries {
        let at = bytes.len().next_multiple_of(alignment);
        if at + entry.len() > len_max {
            return Information { bytes, status: NtStatus::BUFFER_OVERFLOW };
        }
        if at > 0 {
            let next = u32::try_from(at - last).unwrap_or(u32::MAX).to_le_bytes();
            if let Some(field) = bytes.get_mut(last..last + 4) {
                field.copy_from_slice(&next);
            }
        }
        bytes.resize(at, 0);
        bytes.extend_from_slice(entry);
        last = at;
    }
    Information::whole(bytes)
}
