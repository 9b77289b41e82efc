//! Searching a directory: FindFirstFileW and what follows it.
use crate::error::{Failure, Outcome};
use crate::file::Hold;
use crate::names;
use crate::namespace::{self, Spot};
use crate::path::{self, Named};
use crate::privileges;
use fsa::DirectoryQuery;
use nt::{
    AccessMask, CreateDisposition, CreateOptions, FileAttributes, FileInformationClass, NtStatus, Utf16,
    Win32Error,
};
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Bytes of one look at the directory.
const LOOK_BYTES: usize = 65_536;
const BACKSLASH: u16 = b'\\' as u16;
const SLASH: u16 = b'/' as u16;

/// A search that has begun.
pub(crate) struct Find {
    directory: Hold,
    found: Mutex<VecDeque<Found>>,
}

/// One entry, as WIN32_FIND_DATAW tells it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Found {
    pub(crate) attributes: u32,
    /// Created, accessed, written.
    pub(crate) times: [u64; 3],
    pub(crate) size: u64,
    /// The tag of a reparse point, else 0.
    pub(crate) tag: u32,
    pub(crate) name: Vec<u16>,
}

impl Find {
    /// Begins a search, and gives what it finds first.
    pub(crate) fn first(name: &[u16]) -> Outcome<(Find, Found)> {
        let (directory, pattern) = parted(path::win32(name)?)?;
        let access = AccessMask::FILE_LIST_DIRECTORY | AccessMask::FILE_READ_ATTRIBUTES;
        let options = CreateOptions::DIRECTORY_FILE | CreateOptions::OPEN_FOR_BACKUP_INTENT;
        let directory =
            names::hold(&privileges::context(), &directory, access, options, CreateDisposition::OPEN);
        let directory = directory.map_err(|failure| match failure {
            Failure::Status(NtStatus::OBJECT_NAME_NOT_FOUND) => Win32Error::PATH_NOT_FOUND.into(),
            other => other,
        })?;
        let find = Find { directory, found: Mutex::default() };
        let first = find.look(&expression(&pattern))?;
        Ok((find, first))
    }

    /// The next entry; ERROR_NO_MORE_FILES behind the last.
    pub(crate) fn next(&self) -> Outcome<Found> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        match found {
            Some(found) => Ok(found),
            None => self.look(&[]),
        }
    }

    /// Looks at the directory: the first entry of what it gives now.
    fn look(&self, pattern: &[u16]) -> Outcome<Found> {
        let query = DirectoryQuery {
            class: FileInformationClass::FULL_DIRECTORY_INFORMATION,
            len_max: LOOK_BYTES,
            restart: false,
            single: false,
            pattern,
        };
        let entries = self.directory.mounted.volume.query_directory(&self.directory.id, &query)?;
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.extend(decode(&entries.bytes));
        found.pop_front().ok_or(Failure::Win32(Win32Error::NO_MORE_FILES))
    }
}

/// A name told apart into its directory and the pattern behind it.
fn parted(named: Named) -> Outcome<(Spot, Vec<u16>)> {
    let cut = |path: &[u16], separator| {
        let at = path.iter().rposition(|unit| *unit == separator).map_or(0, |at| at + 1);
        let (directory, pattern) = path.split_at_checked(at).unwrap_or_default();
        (directory.to_vec(), pattern.to_vec())
    };
    let (directory, pattern) = match named {
        Named::OnVolume { volume, path } => {
            let (path, pattern) = cut(&path, BACKSLASH);
            (Named::OnVolume { volume, path }, pattern)
        }
        Named::OnCurrentDrive(path) => {
            let (path, pattern) = cut(&path, BACKSLASH);
            (Named::OnCurrentDrive(path), pattern)
        }
        Named::Host(path) => {
            let (mut path, pattern) = cut(&path, SLASH);
            if path.is_empty() {
                path.push(u16::from(b'.'));
            }
            (Named::Host(path), pattern)
        }
    };
    if pattern.is_empty() {
        return Err(Win32Error::FILE_NOT_FOUND.into()); // a search for nothing: `C:\`
    }
    let mut spot = namespace::spot(directory)?;
    if spot.path.len() > 1 && spot.path.last() == Some(&BACKSLASH) {
        spot.path.pop();
    }
    Ok((spot, pattern))
}

/// The pattern as the store reads it, with what DOS meant by each wildcard: `?` also matches the end, a period before a
/// wildcard also matches nothing, a star before a period does not take the last one. [MS-FSA] 2.1.4.4
fn expression(pattern: &[u16]) -> Vec<u16> {
    const STAR: u16 = b'*' as u16;
    const QUESTION: u16 = b'?' as u16;
    const DOT: u16 = b'.' as u16;
    const DOS_STAR: u16 = b'<' as u16;
    const DOS_QM: u16 = b'>' as u16;
    const DOS_DOT: u16 = b'"' as u16;
    if pattern == [STAR, DOT, STAR] {
        return vec![STAR];
    }
    let next = pattern.iter().skip(1).map(Some).chain([None]);
    let both = pattern.iter().zip(next);
    both.map(|(unit, next)| match (*unit, next.copied()) {
        (QUESTION, _) => DOS_QM,
        (DOT, Some(STAR | QUESTION)) => DOS_DOT,
        (STAR, Some(DOT)) => DOS_STAR,
        (unit, _) => unit,
    })
    .collect()
}

/// FILE_FULL_DIR_INFORMATION, one after another. [MS-FSCC] 2.4.14
fn decode(mut bytes: &[u8]) -> Vec<Found> {
    let mut found = Vec::new();
    while let Some(entry) = entry(bytes) {
        found.push(entry);
        match u32_at(bytes, 0).and_then(|next| usize::try_from(next).ok()) {
            None | Some(0) => break,
            Some(next) => bytes = bytes.get(next..).unwrap_or_default(),
        }
    }
    found
}

fn entry(bytes: &[u8]) -> Option<Found> {
    let attributes = u32_at(bytes, 56)?;
    let name_len = usize::try_from(u32_at(bytes, 60)?).ok()?;
    let is_point = FileAttributes(attributes).contains(FileAttributes::REPARSE_POINT);
    Some(Found {
        attributes,
        times: [u64_at(bytes, 8)?, u64_at(bytes, 16)?, u64_at(bytes, 24)?],
        size: u64_at(bytes, 40)?,
        tag: if is_point { u32_at(bytes, 64)? } else { 0 },
        name: Utf16::from_le_bytes(bytes.get(68..68 + name_len)?)?.0,
    })
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().copied().map(u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dos_wildcards_become_the_store_s() {
        for (given, wanted) in
            [("*.*", "*"), ("*", "*"), ("a?", "a>"), ("*.txt", "<.txt"), ("a.*", "a\"*"), ("name", "name")]
        {
            let units = |text: &str| text.encode_utf16().collect::<Vec<_>>();
            assert_eq!(expression(&units(given)), units(wanted), "{given}");
        }
    }

    #[test]
    fn entries_that_are_cut_end_the_list() {
        assert_eq!(decode(&[0; 67]), []);
        let mut cut = vec![0; 70];
        cut[60] = 4;
        assert_eq!(decode(&cut), []);
    }
}
