//! READ, WRITE and FLUSH. [MS-SMB2] 2.2.17 - 2.2.22
use nt::NtStatus;
use wire::read::{self, ReadFlags};
use wire::write::{self, WriteFlags};
use wire::{Request, flush};

use crate::error::RemoteError;
use crate::open::RemoteOpen;
use crate::share::Share;

impl Share {
    /// Reads at most `len` bytes at an offset: fewer at the end of the data, none behind it.
    pub fn read(&self, open: RemoteOpen, offset: u64, len: usize) -> Result<Vec<u8>, RemoteError> {
        let mut data = Vec::new();
        while data.len() < len {
            let left = u32::try_from(len - data.len()).unwrap_or(u32::MAX);
            let wanted = left.min(self.transfer_len_max());
            let done = u64::try_from(data.len()).unwrap_or(u64::MAX);
            let Some(at) = offset.checked_add(done) else { break };
            let request = Request::Read(read::Request {
                data_offset_hint: 80,
                flags: ReadFlags::NONE,
                len: wanted,
                offset: at,
                file_id: open.file_id,
                len_min: 0,
                channel: read::Channel::NONE,
                remaining: 0,
                channel_information: &[],
            });
            let answer = self.exchange(&request, wanted)?;
            if answer.status == NtStatus::END_OF_FILE {
                break;
            }
            let (_, message) = answer.succeeded_or_cut()?;
            let (_, part) = read::Response::decode(&message)?;
            if part.len() > usize::try_from(wanted).unwrap_or(usize::MAX) {
                return Err(RemoteError::Unexpected("data of a length that was asked for"));
            }
            data.extend_from_slice(part);
            if part.is_empty() {
                break;
            }
        }
        Ok(data)
    }

    /// Writes all of `data` at an offset.
    pub fn write(&self, open: RemoteOpen, offset: u64, data: &[u8]) -> Result<(), RemoteError> {
        let part_len = usize::try_from(self.transfer_len_max()).unwrap_or(1).max(1);
        let mut at = offset;
        for part in data.chunks(part_len) {
            let mut rest = part;
            while !rest.is_empty() {
                let written = self.write_part(open, at, rest)?;
                let len = usize::try_from(written).unwrap_or(usize::MAX);
                rest = match rest.get(len..) {
                    Some(rest) if len > 0 => rest,
                    _ => return Err(RemoteError::Unexpected("a count of bytes that were sent")),
                };
                at = at.saturating_add(written.into());
            }
        }
        Ok(())
    }

    fn write_part(&self, open: RemoteOpen, offset: u64, data: &[u8]) -> Result<u32, RemoteError> {
        let head = write::Request {
            offset,
            file_id: open.file_id,
            channel: read::Channel::NONE,
            remaining: 0,
            flags: WriteFlags::NONE,
            channel_information: &[],
        };
        let len = u32::try_from(data.len()).unwrap_or(u32::MAX);
        let message = self.exchange(&Request::Write(head, data), len)?.succeeded()?;
        Ok(write::Response::decode(&message)?.count)
    }

    /// Returns when all that was written is on the server's disk.
    pub fn flush(&self, open: RemoteOpen) -> Result<(), RemoteError> {
        let request = Request::Flush(flush::Request { file_id: open.file_id });
        let message = self.exchange(&request, 0)?.succeeded()?;
        flush::Response::decode(&message)?;
        Ok(())
    }
}
