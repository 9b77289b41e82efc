//! From a path to a file, and back.
use crate::attribute::FILE_NAME;
use crate::error::{Error, Fault, Result, Why};
use crate::file::File;
use crate::file_name::{FileName, Namespace};
use crate::index::{I30, Index};
use crate::medium::Medium;
use crate::reference::{FileRef, ROOT};
use crate::volume::{Volume, name_of};
use nt::{NtStatus, Utf16};
use std::cmp::Ordering;

/// The most units a name has.
pub const NAME_UNITS_MAX: usize = 255;
/// No path has more components: 32,767 units hold no more.
const COMPONENTS_MAX: usize = 16_384;

/// A file's way from the root.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FilePath {
    /// Complete.
    Whole(Vec<Utf16>),
    /// A directory on the way is gone; what is known of the end of the path.
    Orphan(Vec<Utf16>),
}

/// A name in a directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DirectoryEntry {
    /// The file.
    pub file: FileRef,
    /// Its name, and the copies that the directory keeps.
    pub name: FileName,
}

impl<M: Medium> Volume<M> {
    /// The file of a path from the root. Components are divided by `/` or `\`; names compare as the volume's own
    /// `$UpCase` says, and where two differ in case only, the one that is written as asked is taken. Links are not
    /// followed.
    pub fn find(&self, path: &str) -> Result<FileRef> {
        self.find_components(&components(path))
    }

    /// The same for names that may be no text.
    pub fn find_components(&self, path: &[Utf16]) -> Result<FileRef> {
        let mut file = self.system_file(ROOT)?;
        for (index, name) in path.iter().enumerate() {
            if !file.is_directory() {
                let why = Why::NotDirectory(index.saturating_sub(1));
                return Err(Error::request(NtStatus::OBJECT_PATH_NOT_FOUND, why));
            }
            let last = index + 1 == path.len();
            let entry = self.child(file, name)?.ok_or_else(|| {
                let status =
                    if last { NtStatus::OBJECT_NAME_NOT_FOUND } else { NtStatus::OBJECT_PATH_NOT_FOUND };
                Error::request(status, Why::Missing(index))
            })?;
            file = self.file(entry.file)?;
        }
        Ok(file.reference())
    }

    /// The entry of a directory with a name, in time that grows with the depth of its tree alone.
    pub fn lookup(&self, directory: FileRef, name: &Utf16) -> Result<Option<DirectoryEntry>> {
        let file = self.file(directory)?;
        if !file.is_directory() {
            return Err(Error::request(NtStatus::NOT_A_DIRECTORY, Why::NotDirectory(0)));
        }
        self.child(file, name)
    }

    pub(crate) fn directory(&self, file: File) -> Result<Index<'_, M>> {
        let number = file.number();
        Index::open(self, file, I30)?
            .ok_or(Fault("a directory has no index").at(crate::error::Place::Record(number)))
    }

    /// The entry of a directory with a name.
    pub(crate) fn child(&self, directory: File, name: &Utf16) -> Result<Option<DirectoryEntry>> {
        let mut index = self.directory(directory)?;
        let found = index.matches(|key| self.upcase.compare(&name_of(key), name))?;
        let mut entries = Vec::with_capacity(found.len());
        for (_, entry) in found {
            entries.push(entry_of(entry.head(), entry.key()).map_err(|fault| index.file.corrupt(fault))?);
        }
        let exact = entries.iter().position(|entry| entry.name.name == *name).unwrap_or(0);
        Ok(if entries.is_empty() { None } else { Some(entries.swap_remove(exact)) })
    }

    /// Every entry of a directory, short names among them, in the directory's order.
    pub fn entries(&self, directory: FileRef) -> Result<Vec<DirectoryEntry>> {
        let file = self.file(directory)?;
        if !file.is_directory() {
            return Err(Error::request(NtStatus::NOT_A_DIRECTORY, Why::NotDirectory(0)));
        }
        let mut index = self.directory(file)?;
        let entries = index.entries()?;
        let decoded = entries.iter().map(|entry| entry_of(entry.head(), entry.key()));
        decoded.collect::<std::result::Result<_, _>>().map_err(|fault| index.file.corrupt(fault))
    }

    /// Every name of a file, short names among them.
    pub fn names(&self, file: FileRef) -> Result<Vec<FileName>> {
        names_of(&self.file(file)?)
    }

    /// A path that leads to the file: by its first long name, as each directory's.
    pub fn path_of(&self, file: FileRef) -> Result<FilePath> {
        self.path_of_file(self.file(file)?)
    }

    pub(crate) fn path_of_file(&self, mut file: File) -> Result<FilePath> {
        let mut path = Vec::new();
        while file.number() != ROOT {
            let names = names_of(&file)?;
            let long = names.iter().find(|name| name.namespace != Namespace::DOS).or(names.first());
            let Some(name) = long else {
                path.reverse();
                return Ok(FilePath::Orphan(path));
            };
            path.push(name.name.clone());
            if path.len() > COMPONENTS_MAX {
                return Err(file.corrupt(Fault("its directories run in a circle")));
            }
            file = match self.file(name.parent) {
                Ok(parent) => parent,
                Err(Error::Request { why: Why::Stale(_), .. }) => {
                    path.reverse();
                    return Ok(FilePath::Orphan(path));
                }
                Err(error) => return Err(error),
            };
        }
        path.reverse();
        Ok(FilePath::Whole(path))
    }

    /// True when the directory has no entries.
    pub(crate) fn is_empty(&self, directory: &File) -> Result<bool> {
        let mut index = self.directory(directory.clone())?;
        let mut walk = crate::index::Walk::default();
        Ok(index.next(&mut walk)?.is_none())
    }
}

/// The names of a path.
pub(crate) fn components(path: &str) -> Vec<Utf16> {
    path.split(['/', '\\']).filter(|name| !name.is_empty()).map(Utf16::from).collect()
}

pub(crate) fn entry_of(head: u64, key: &[u8]) -> std::result::Result<DirectoryEntry, Fault> {
    Ok(DirectoryEntry { file: FileRef(head), name: FileName::decode(key)? })
}

/// Every `$FILE_NAME` of a file.
pub(crate) fn names_of(file: &File) -> Result<Vec<FileName>> {
    let attributes = file.attributes.iter().map(|attribute| attribute.view());
    attributes
        .filter(|view| view.kind() == FILE_NAME)
        .map(|view| view.value().and_then(FileName::decode))
        .collect::<std::result::Result<_, _>>()
        .map_err(|fault| file.corrupt(fault))
}

/// A name that a file may be given: Win32's rules, which are the strictest.
pub(crate) fn check_name(name: &Utf16) -> Result<()> {
    const FORBIDDEN: &str = "\"*/:<>?\\|";
    let units = name.units();
    let forbidden = |unit: &u16| *unit < 0x20 || FORBIDDEN.encode_utf16().any(|other| other == *unit);
    let trailing = units.last().is_some_and(|last| [0x20, 0x2E].contains(last));
    let bad = units.is_empty() || units.len() > NAME_UNITS_MAX || units.iter().any(forbidden) || trailing;
    if bad { Err(Error::request(NtStatus::OBJECT_NAME_INVALID, Why::BadName)) } else { Ok(()) }
}

/// How a name compares with another on this volume.
impl<M: Medium> Volume<M> {
    /// The order of two names, case ignored.
    pub fn compare_names(&self, a: &Utf16, b: &Utf16) -> Ordering {
        self.upcase.compare(a, b)
    }
}
