//! Setting and deleting reparse points: the rules of the object store, and every place on the disk that tells of one.
use crate::attribute::{EA_INFORMATION, REPARSE_POINT};
use crate::error::{Error, Fault, Result, Why};
use crate::fields::u16_at;
use crate::file::File;
use crate::file_name;
use crate::medium::Medium;
use crate::path::names_of;
use crate::reference::{EXTEND, FIRST_FREE, FileRef, ROOT};
use crate::volume::{Volume, name_of};
use nt::{FileAttributes, FileTime, Guid, NtStatus, UsnReason};
use reparse::{RawReparse, SetEx, Tag};

/// The most significant byte of Flags in a symbolic link's buffer; its upper half is not kept. [MS-FSCC] 2.1.2.4
const SYMLINK_FLAGS_HIGHEST_BYTE: usize = 19;

const REPARSE: UsnReason = UsnReason::REPARSE_POINT_CHANGE;

/// What a file carries now.
pub(crate) struct Stored {
    pub(crate) tag: Tag,
    guid: Option<Guid>,
}

impl Stored {
    fn require(&self, tag: Tag, guid: Option<Guid>) -> Result<()> {
        if self.tag != tag {
            let why = Why::Mismatch { stored: Some(self.tag), given: tag };
            return Err(Error::request(NtStatus::IO_REPARSE_TAG_MISMATCH, why));
        }
        if !tag.is_microsoft() && self.guid != guid {
            return Err(Error::request(NtStatus::REPARSE_ATTRIBUTE_CONFLICT, Why::Conflict));
        }
        Ok(())
    }
}

impl<M: Medium> Volume<M> {
    /// Sets a reparse point, or replaces the data of one with the same tag: FSCTL_SET_REPARSE_POINT with this input.
    /// [MS-FSA] 2.1.5.10.37. Nobody asks here for access or a privilege: who holds the disk holds all.
    pub fn set(&mut self, file: FileRef, input: &[u8], now: FileTime) -> Result<()> {
        let point = RawReparse::decode_set(input).map_err(refused)?;
        self.operation(|volume| {
            let file = volume.target(file)?;
            volume.check_object(&file, point.tag())?;
            let stored = volume.stored(&file)?;
            if let Some(stored) = &stored {
                stored.require(point.tag(), point.guid())?;
            }
            volume.apply(file, stored.map(|stored| stored.tag), Some(&point), REPARSE, now).map(|_| ())
        })
    }

    /// FSCTL_SET_REPARSE_POINT_EX with this input: it can replace one tag by another.
    pub fn set_ex(&mut self, file: FileRef, input: &[u8], now: FileTime) -> Result<()> {
        let extended = SetEx::decode(input).map_err(refused)?;
        self.operation(|volume| {
            let file = volume.target(file)?;
            volume.check_object(&file, extended.point.tag())?;
            let stored = volume.stored(&file)?;
            check_extended(stored.as_ref(), &extended)?;
            volume
                .apply(file, stored.map(|stored| stored.tag), Some(&extended.point), REPARSE, now)
                .map(|_| ())
        })
    }

    /// Removes a reparse point: FSCTL_DELETE_REPARSE_POINT with this input, a header without data. The file, its data
    /// and its extended attributes stay. [MS-FSA] 2.1.5.10.3
    pub fn delete(&mut self, file: FileRef, input: &[u8], now: FileTime) -> Result<()> {
        let request = reparse::decode_delete(input).map_err(refused)?;
        self.operation(|volume| {
            let file = volume.target(file)?;
            let stored = volume.stored(&file)?;
            let stored = stored.ok_or(Error::request(NtStatus::NOT_A_REPARSE_POINT, Why::NoReparsePoint))?;
            stored.require(request.tag, request.guid)?;
            volume.apply(file, Some(stored.tag), None, REPARSE, now).map(|_| ())
        })
    }

    /// The file, unless it is one of the file system's own.
    pub(crate) fn target(&self, reference: FileRef) -> Result<File> {
        let file = self.file(reference)?;
        let in_extend = names_of(&file)?.iter().any(|name| name.parent.record() == EXTEND);
        let is_metadata = file.number() < FIRST_FREE && file.number() != ROOT;
        if is_metadata || in_extend {
            return Err(Error::request(NtStatus::ACCESS_DENIED, Why::MetadataFile));
        }
        Ok(file)
    }

    /// What the object must be to carry this tag, in the order of the object store.
    pub(crate) fn check_object(&self, file: &File, tag: Tag) -> Result<()> {
        if tag == Tag::MOUNT_POINT && !file.is_directory() {
            return Err(Error::request(NtStatus::NOT_A_DIRECTORY, Why::MountPointOnFile));
        }
        // [Windows] 1607 and later: a tag with the D bit may be on a directory that has entries.
        if file.is_directory() && !tag.is_directory() && !self.is_empty(file)? {
            return Err(Error::request(NtStatus::DIRECTORY_NOT_EMPTY, Why::DirectoryNotEmpty));
        }
        if tag == Tag::SYMLINK && !file.is_directory() {
            let len = self.data_len(file)?;
            if len != 0 {
                return Err(Error::request(NtStatus::IO_REPARSE_DATA_INVALID, Why::LinkOnData(len)));
            }
        }
        Ok(())
    }

    pub(crate) fn stored(&self, file: &File) -> Result<Option<Stored>> {
        let Some(bytes) = self.stored_point(file)? else { return Ok(None) };
        let (raw, _) = RawReparse::decode(&bytes)
            .map_err(|_| file.corrupt(Fault("$REPARSE_POINT is no reparse point")))?;
        Ok(Some(Stored { tag: raw.tag(), guid: raw.guid() }))
    }

    /// The change itself. Neither ARCHIVE nor the time of the last write changes.
    pub(crate) fn apply(
        &self,
        mut file: File,
        old: Option<Tag>,
        point: Option<&RawReparse>,
        reason: UsnReason,
        now: FileTime,
    ) -> Result<FileRef> {
        let bytes = point.map(persistent);
        let mut standard = file.standard()?;
        standard.changed = now;
        standard.attributes = match point {
            Some(_) => standard.attributes.without(FileAttributes::NORMAL) | FileAttributes::REPARSE_POINT,
            None => standard.attributes.without(FileAttributes::REPARSE_POINT),
        };
        if let Some(usn) = self.journal_change(&file, &standard, reason, now)? {
            standard.usn = usn;
        }
        file.set_standard(&standard)?;
        self.replace(&mut file, REPARSE_POINT, bytes.as_deref())?;
        self.store_file(&mut file)?;
        self.refresh_names(&file)?;
        self.index_point(file.reference(), old, point.map(RawReparse::tag), now)?;
        Ok(file.reference())
    }

    /// Brings the copies in every directory that has a name of the file up to date.
    pub(crate) fn refresh_names(&self, file: &File) -> Result<()> {
        let standard = file.standard()?;
        let tag_or_ea = match self.stored(file)? {
            Some(stored) => stored.tag.0,
            None => ea_len(file)?,
        };
        for name in names_of(file)? {
            let mut parent = self.directory(self.file(name.parent)?)?;
            let matches = parent.matches(|key| self.upcase.compare(&name_of(key), &name.name))?;
            let own = matches
                .into_iter()
                .find(|(_, entry)| entry.head() == file.reference().0 && name_of(entry.key()) == name.name);
            let (step, _) = own.ok_or_else(|| file.corrupt(Fault("a name is missing in its directory")))?;
            parent.rewrite(step, |key| file_name::refresh(key, &standard, tag_or_ea))?;
            parent.store()?;
        }
        Ok(())
    }
}

/// The bytes of the extended attributes as directories tell them.
pub(crate) fn ea_len(file: &File) -> Result<u32> {
    let information = file.find(EA_INFORMATION, "");
    let len =
        information.map_or(Ok(0), |attribute| attribute.view().value().and_then(|value| u16_at(value, 0)));
    len.map(u32::from).map_err(|fault| file.corrupt(fault))
}

fn refused(error: reparse::SetError) -> Error {
    Error::request(error.status(), Why::Set(error))
}

fn check_extended(stored: Option<&Stored>, extended: &SetEx) -> Result<()> {
    let none_wanted = extended.existing_tag == Tag(0);
    match stored {
        None if none_wanted || extended.flags.takes_none() => Ok(()),
        Some(stored) if !none_wanted => stored.require(extended.existing_tag, Some(extended.existing_guid)),
        _ => {
            let why = Why::Mismatch { stored: stored.map(|stored| stored.tag), given: extended.existing_tag };
            Err(Error::request(NtStatus::IO_REPARSE_TAG_MISMATCH, why))
        }
    }
}

/// The bytes to keep: those that were given, but for the flags of a link that belong to the system.
fn persistent(point: &RawReparse) -> Vec<u8> {
    let mut bytes = point.encode();
    if point.tag() == Tag::SYMLINK
        && let Some(highest) = bytes.get_mut(SYMLINK_FLAGS_HIGHEST_BYTE)
    {
        *highest &= 0x0F;
    }
    bytes
}
