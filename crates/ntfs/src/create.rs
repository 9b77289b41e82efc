//! A new, empty file or directory, made to carry a reparse point: both in one operation.
use crate::attribute::{Attribute, DATA, FILE_NAME, INDEX_ROOT, SECURITY_DESCRIPTOR, STANDARD_INFORMATION};
use crate::ea::ExtendedAttribute;
use crate::error::{Error, Fault, Place, Result, Why};
use crate::file::File;
use crate::file_name::{self, Namespace};
use crate::index::node::{Entry, Node, RootHeader};
use crate::index::{COLLATION_FILE_NAME, I30};
use crate::medium::Medium;
use crate::path::check_name;
use crate::reference::FileRef;
use crate::standard::{STANDARD_LEN, STANDARD_OLD_LEN, Standard};
use crate::volume::Volume;
use nt::security::SecurityDescriptor;
use nt::{FileAttributes, FileTime, NtStatus, UsnReason, Utf16};
use reparse::RawReparse;
use std::collections::BTreeMap;

/// What a file is made with.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NewFile {
    /// A directory.
    pub is_directory: bool,
    /// Attributes besides; those that the file system decides itself are left out.
    pub attributes: FileAttributes,
    /// Extended attributes, such as WSL's of a device.
    pub eas: Vec<ExtendedAttribute>,
    /// The reparse point it shall carry: the input of FSCTL_SET_REPARSE_POINT.
    pub point: Option<Vec<u8>>,
}

/// Attributes that a caller may choose.
pub(crate) const SETTABLE: FileAttributes = FileAttributes(
    FileAttributes::READONLY.0
        | FileAttributes::HIDDEN.0
        | FileAttributes::SYSTEM.0
        | FileAttributes::ARCHIVE.0
        | FileAttributes::TEMPORARY.0
        | FileAttributes::OFFLINE.0
        | FileAttributes::NOT_CONTENT_INDEXED.0
        | FileAttributes::PINNED.0
        | FileAttributes::UNPINNED.0
        | FileAttributes::RECALL_ON_OPEN.0
        | FileAttributes::RECALL_ON_DATA_ACCESS.0,
);

impl<M: Medium> Volume<M> {
    /// Makes an empty file or directory in a directory, with the security of that directory, and with its reparse point
    /// and extended attributes if it shall have them. It is there whole or not at all. [MS-FSA] 2.1.5.1.1
    pub fn create(
        &mut self,
        directory: FileRef,
        name: &Utf16,
        new: &NewFile,
        now: FileTime,
    ) -> Result<FileRef> {
        check_name(name)?;
        let point = new.point.as_deref().map(RawReparse::decode_set).transpose();
        let point = point.map_err(|error| Error::request(error.status(), Why::Set(error)))?;
        crate::ea::check(&new.eas)?;
        self.operation(|volume| volume.make(directory, name, new, point.as_ref(), now))
    }

    /// The same by a path: everything but its last component must be there.
    pub fn create_path(&mut self, path: &str, new: &NewFile, now: FileTime) -> Result<FileRef> {
        let mut components = crate::path::components(path);
        let name = components.pop().ok_or(Error::request(NtStatus::OBJECT_NAME_COLLISION, Why::Collision))?;
        let directory = self.find_components(&components).map_err(|error| match error {
            // What is missing is on the way, not at its end.
            Error::Request { why, status: NtStatus::OBJECT_NAME_NOT_FOUND } => {
                Error::request(NtStatus::OBJECT_PATH_NOT_FOUND, why)
            }
            other => other,
        })?;
        self.create(directory, &name, new, now)
    }

    fn make(
        &self,
        directory: FileRef,
        name: &Utf16,
        new: &NewFile,
        point: Option<&RawReparse>,
        now: FileTime,
    ) -> Result<FileRef> {
        let parent = self.target(directory)?;
        self.check_parent(&parent, name)?;
        let mut file = self.newborn(&parent, name, new, now)?;
        self.store_file(&mut file)?;
        self.enter(&parent, &file, now)?;
        let mut reason = UsnReason::FILE_CREATE;
        if !new.eas.is_empty() {
            self.replace_eas(&mut file, &new.eas)?;
            reason |= UsnReason::EA_CHANGE;
        }
        if let Some(point) = point {
            self.check_object(&file, point.tag())?;
            reason |= UsnReason::REPARSE_POINT_CHANGE;
        }
        self.apply(file, None, point, reason, now)
    }

    fn check_parent(&self, parent: &File, name: &Utf16) -> Result<()> {
        if !parent.is_directory() {
            return Err(Error::request(NtStatus::NOT_A_DIRECTORY, Why::NotDirectory(0)));
        }
        // What lies below a junction lies elsewhere; below a tag with the D bit it lies here.
        if self.stored(parent)?.is_some_and(|stored| !stored.tag.is_directory()) {
            return Err(Error::request(NtStatus::DIRECTORY_IS_A_REPARSE_POINT, Why::InReparsePoint));
        }
        match self.child(parent.clone(), name)? {
            None => Ok(()),
            Some(_) => Err(Error::request(NtStatus::OBJECT_NAME_COLLISION, Why::Collision)),
        }
    }

    /// A file with what every file has, in a record of its own, and in no directory yet.
    pub(crate) fn newborn(&self, parent: &File, name: &Utf16, new: &NewFile, now: FileTime) -> Result<File> {
        let mut base = self.take_record()?;
        let number = base.number;
        let damaged = |fault: Fault| fault.at(Place::Record(number));
        base.set_in_use(true, new.is_directory).map_err(damaged)?;
        base.set_links(1).map_err(damaged)?;
        let chosen = FileAttributes(new.attributes.0 & SETTABLE.0);
        // [MS-FSA] 2.1.5.1.1: a new file is to be archived, a directory is not.
        let own = if new.is_directory { chosen } else { chosen | FileAttributes::ARCHIVE };
        let security_id = parent.standard()?.security_id;
        let standard = Standard {
            created: now,
            written: now,
            changed: now,
            accessed: now,
            attributes: own,
            security_id,
            usn: 0,
        };
        let len = if security_id == 0 { STANDARD_OLD_LEN } else { STANDARD_LEN };
        let value = standard.over(vec![0; len]).map_err(damaged)?;
        let mut attributes =
            vec![Attribute::resident(STANDARD_INFORMATION, "", &value, false).map_err(damaged)?];
        // Without a short name beside it, a name is of no namespace: so ntfs-3g writes it, and Windows where short
        // names are off.
        let own = if new.is_directory { file_name::IS_DIRECTORY } else { 0 };
        let value = file_name::encode(parent.reference(), name, Namespace::POSIX, &standard, own);
        let value = value.map_err(damaged)?;
        attributes.push(Attribute::resident(FILE_NAME, "", &value, true).map_err(damaged)?);
        if security_id == 0 {
            let descriptor = self.descriptor_of(parent)?;
            attributes
                .push(Attribute::resident(SECURITY_DESCRIPTOR, "", &descriptor, false).map_err(damaged)?);
        }
        attributes.push(if new.is_directory {
            let root = self.empty_root(FILE_NAME, COLLATION_FILE_NAME).map_err(damaged)?;
            Attribute::resident(INDEX_ROOT, I30, &root, false).map_err(damaged)?
        } else {
            Attribute::resident(DATA, "", &[], false).map_err(damaged)?
        });
        Ok(File { base, extensions: BTreeMap::new(), attributes, list: None })
    }

    /// `$INDEX_ROOT` of an index that is empty: what is indexed, and how its keys compare.
    pub(crate) fn empty_root(&self, kind: u32, collation: u32) -> std::result::Result<Vec<u8>, Fault> {
        let (block, cluster) = (self.boot.index_block as u64, self.boot.cluster);
        let unit = if cluster <= block { cluster } else { crate::boot::STRIDE as u64 };
        let units = crate::fields::size(block / unit).and_then(crate::fields::narrow_u8)?;
        let header = RootHeader { kind, collation, block: self.boot.index_block, block_units: units };
        header.encode(&Node::empty())
    }

    /// The descriptor of a directory that has its own, as all had before NTFS 3.0 and some of ntfs-3g's have still.
    pub(crate) fn descriptor_of(&self, parent: &File) -> Result<Vec<u8>> {
        let stream = parent.stream(SECURITY_DESCRIPTOR, "", self.boot.clusters)?;
        let stream = stream.ok_or_else(|| parent.corrupt(Fault("a directory has no security")))?;
        let bytes = self.read_whole(&stream, DESCRIPTOR_BYTES_MAX)?;
        // mkntfs leaves much unused room in the root's; what is new needs none of it.
        let compact = SecurityDescriptor::decode(&bytes).ok().and_then(|decoded| decoded.encode().ok());
        compact.ok_or_else(|| parent.corrupt(Fault("$SECURITY_DESCRIPTOR is no security descriptor")))
    }

    /// Enters a file in its directory, which changes by it.
    pub(crate) fn enter(&self, parent: &File, file: &File, now: FileTime) -> Result<()> {
        let value = file.find(FILE_NAME, "").map(|name| name.view().value());
        let value =
            value.unwrap_or(Err(Fault("the file has no name"))).map_err(|fault| file.corrupt(fault))?;
        let entry = Entry::new(file.reference().0, value).map_err(|fault| file.corrupt(fault))?;
        let mut index = self.directory(parent.clone())?;
        index.insert(entry)?;
        index.store()?;
        let mut parent = self.file(parent.reference())?;
        let mut standard = parent.standard()?;
        (standard.written, standard.changed) = (now, now);
        parent.set_standard(&standard)?;
        self.store_file(&mut parent)?;
        self.refresh_names(&parent)
    }
}

/// [MS-DTYP] 2.4.6: owner, group and two lists, none of which is longer than 64 KiB.
const DESCRIPTOR_BYTES_MAX: u64 = 256 * 1024;
