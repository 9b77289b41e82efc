//! QUERY_INFO, SET_INFO and QUERY_DIRECTORY. [MS-SMB2] 2.2.33 - 2.2.40
use nt::{FileAttributes, FileInformationClass, FsInformationClass, NtStatus, Utf16};
use reparse::Tag;
use wire::query_directory::{self, QueryDirectoryFlags};
use wire::query_info::{self, InfoType, QueryInfoFlags};
use wire::{Request, set_info};

use crate::error::RemoteError;
use crate::exchange::CREDIT_BYTES;
use crate::open::RemoteOpen;
use crate::share::Share;

/// What a query gave: its status, SUCCESS or BUFFER_OVERFLOW, and the structure of the class.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SubjectBytes {
    /// The status.
    pub status: NtStatus,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// An entry of a directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RemoteEntry {
    /// The name.
    pub name: Utf16,
    /// Its attributes.
    pub attributes: FileAttributes,
    /// The tag, of a reparse point.
    pub tag: Option<Tag>,
    /// Bytes of its data.
    pub size: u64,
}

impl Share {
    /// Queries a class of [MS-FSCC] 2.4.
    pub fn query_information(
        &self,
        open: RemoteOpen,
        class: FileInformationClass,
        len_max: u32,
    ) -> Result<SubjectBytes, RemoteError> {
        self.query(open, InfoType::FILE, class.0, len_max)
    }

    /// Queries a class of [MS-FSCC] 2.5.
    pub fn query_volume(
        &self,
        open: RemoteOpen,
        class: FsInformationClass,
        len_max: u32,
    ) -> Result<SubjectBytes, RemoteError> {
        self.query(open, InfoType::FILESYSTEM, class.0, len_max)
    }

    fn query(
        &self,
        open: RemoteOpen,
        info_type: InfoType,
        class: u32,
        len_max: u32,
    ) -> Result<SubjectBytes, RemoteError> {
        let len_max = len_max.min(CREDIT_BYTES);
        // A list of EAs goes on where the last one of this open ended, unless told otherwise. [MS-SMB2] 2.2.37
        let is_eas = info_type == InfoType::FILE && class == FileInformationClass::FULL_EA_INFORMATION.0;
        let request = Request::QueryInfo(query_info::Request {
            info_type,
            class: byte_of(class)?,
            output_len_max: len_max,
            additional: 0,
            flags: if is_eas { QueryInfoFlags::RESTART_SCAN } else { QueryInfoFlags::NONE },
            file_id: open.file_id,
            input: &[],
        });
        let (status, message) = self.exchange(&request, len_max)?.succeeded_or_cut()?;
        let output = query_info::Response::decode(&message)?.output;
        if output.len() > usize::try_from(len_max).unwrap_or(usize::MAX) {
            return Err(RemoteError::Unexpected("output of a length that was asked for"));
        }
        Ok(SubjectBytes { status, bytes: output.to_vec() })
    }

    /// Sets a class of [MS-FSCC] 2.4.
    pub fn set_information(
        &self,
        open: RemoteOpen,
        class: FileInformationClass,
        input: &[u8],
    ) -> Result<(), RemoteError> {
        let request = Request::SetInfo(set_info::Request {
            info_type: InfoType::FILE,
            class: byte_of(class.0)?,
            additional: 0,
            file_id: open.file_id,
            input,
        });
        let len = u32::try_from(input.len()).unwrap_or(u32::MAX);
        let message = self.exchange(&request, len)?.succeeded()?;
        set_info::Response::decode(&message)?;
        Ok(())
    }

    /// A part of a directory's entries, in the form of a class; NO_MORE_FILES behind the last.
    pub fn query_directory(
        &self,
        open: RemoteOpen,
        class: FileInformationClass,
        pattern: &[u16],
        restart: bool,
        len_max: u32,
    ) -> Result<SubjectBytes, RemoteError> {
        let len_max = len_max.min(CREDIT_BYTES);
        let flags = if restart { QueryDirectoryFlags::RESTART_SCANS } else { QueryDirectoryFlags::NONE };
        let request = Request::QueryDirectory(query_directory::Request {
            class,
            flags,
            file_index: 0,
            file_id: open.file_id,
            pattern: Utf16::from(pattern),
            output_len_max: len_max,
        });
        let (status, message) = self.exchange(&request, len_max)?.succeeded_or_cut()?;
        let output = query_directory::Response::decode(&message)?.output;
        Ok(SubjectBytes { status, bytes: output.to_vec() })
    }

    /// The next part of a directory's entries, without `.` and `..`; `None` behind the last.
    pub fn entries(
        &self,
        directory: RemoteOpen,
        restart: bool,
    ) -> Result<Option<Vec<RemoteEntry>>, RemoteError> {
        let class = FileInformationClass::FULL_DIRECTORY_INFORMATION;
        let star = [u16::from(b'*')];
        match self.query_directory(directory, class, &star, restart, CREDIT_BYTES) {
            Ok(part) => Ok(Some(decode_entries(&part.bytes)?)),
            Err(RemoteError::Status(NtStatus::NO_MORE_FILES | NtStatus::NO_SUCH_FILE)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Bytes of a FileFullDirectoryInformation before its name. [MS-FSCC] 2.4.14
const ENTRY_LEN: usize = 68;

/// FileFullDirectoryInformation, one after another, without `.` and `..`. EaSize holds the tag of a reparse point. Entries that
/// overlap are refused: a short list could otherwise say very much. [MS-FSCC] 2.4.14
pub fn decode_entries(mut bytes: &[u8]) -> Result<Vec<RemoteEntry>, RemoteError> {
    let mut found = Vec::new();
    loop {
        let (next, entry) = entry(bytes).ok_or(RemoteError::Unexpected("whole entries of the directory"))?;
        let names = [u16::from(b'.'), u16::from(b'.')];
        let len = ENTRY_LEN + 2 * entry.name.units().len();
        let is_dots = matches!(entry.name.units().len(), 1 | 2) && names.starts_with(entry.name.units());
        if !is_dots {
            found.push(entry);
        }
        if next == 0 {
            return Ok(found);
        }
        bytes = bytes
            .get(next..)
            .filter(|_| next >= len)
            .ok_or(RemoteError::Unexpected("whole entries of the directory"))?;
    }
}

fn entry(bytes: &[u8]) -> Option<(usize, RemoteEntry)> {
    let u32_at = |at: usize| bytes.get(at..)?.first_chunk().copied().map(u32::from_le_bytes);
    let u64_at = |at: usize| bytes.get(at..)?.first_chunk().copied().map(u64::from_le_bytes);
    let attributes = FileAttributes(u32_at(56)?);
    let name_len = usize::try_from(u32_at(60)?).ok()?;
    let tag = attributes.contains(FileAttributes::REPARSE_POINT).then(|| u32_at(64).map(Tag));
    let name = bytes.get(ENTRY_LEN..)?.get(..name_len)?;
    let entry =
        RemoteEntry { name: Utf16::from_le_bytes(name)?, attributes, tag: tag.flatten(), size: u64_at(40)? };
    Some((usize::try_from(u32_at(0)?).ok()?, entry))
}

fn byte_of(class: u32) -> Result<u8, RemoteError> {
    u8::try_from(class).map_err(|_| RemoteError::Status(NtStatus::INVALID_INFO_CLASS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_that_are_cut_are_refused_and_dots_are_left_out() {
        let mut dots = vec![0u8; 70];
        dots[60] = 2;
        dots[68] = b'.';
        assert_eq!(decode_entries(&dots).expect("an entry"), []);
        assert!(decode_entries(&dots[..69]).is_err());
        dots[0] = 200;
        assert!(decode_entries(&dots).is_err());
        assert!(decode_entries(&[]).is_err());
    }

    /// 64 KiB in which an entry of 32 KiB began at every eighth byte took 128 MiB to read.
    #[test]
    fn entries_that_overlap_are_refused() {
        let words = [8u32, 32_768].map(u32::to_le_bytes).concat();
        let bytes: Vec<u8> = words.iter().copied().cycle().take(65_536).collect();
        assert!(decode_entries(&bytes).is_err());
    }
}
