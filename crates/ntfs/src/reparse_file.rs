//! `$Extend\$Reparse`: the file whose index `$R` lists every reparse point of the volume.
//!
//! Windows and mkntfs make it with the volume, so it is missing only where something took it away. ntfs-3g and ntfs3 set
//! nothing then. Here it is made as mkntfs makes it, which is what `fsntfsinfo` shows of volumes of Windows too: a view
//! index with the name `$R`, in the order of 32-bit numbers, in a file that is hidden, of the system, and in `$Extend`.
use crate::attribute::{Attribute, FILE_NAME, INDEX_ROOT, SECURITY_DESCRIPTOR, STANDARD_INFORMATION};
use crate::error::{Error, Fault, Place, Result};
use crate::file::File;
use crate::file_name::{self, IS_VIEW_INDEX, Namespace};
use crate::index::node::Entry;
use crate::index::{COLLATION_ULONGS, Index, R};
use crate::medium::Medium;
use crate::reference::{EXTEND, FileRef};
use crate::standard::{STANDARD_LEN, Standard};
use crate::volume::Volume;
use crate::walk::{R_DATA_AT, WalkOptions, encode_key};
use nt::{FileAttributes, FileTime, Utf16};
use reparse::Tag;
use std::collections::BTreeMap;

const NAME: &str = "$Reparse";
/// The other indexes in `$Extend`, whose security it shares.
const SIBLINGS: [&str; 2] = ["$ObjId", "$Quota"];

impl<M: Medium> Volume<M> {
    /// `$R`, if the volume has it.
    pub(crate) fn reparse_index(&self) -> Result<Option<Index<'_, M>>> {
        let extend = self.system_file(EXTEND)?;
        let Some(entry) = self.child(extend, &Utf16::from(NAME))? else { return Ok(None) };
        Index::open(self, self.file(entry.file)?, R)
    }

    /// Keeps `$R` true of a file: the tag that it had, and the one that it has now.
    pub(crate) fn index_point(
        &self,
        file: FileRef,
        old: Option<Tag>,
        new: Option<Tag>,
        now: FileTime,
    ) -> Result<()> {
        if old == new {
            return Ok(());
        }
        let mut index = match (self.reparse_index()?, new) {
            (Some(index), _) => index,
            (None, None) => return Ok(()),
            // It lists the file too, which has its point by now.
            (None, Some(_)) => return self.make_reparse_index(now),
        };
        if let Some(old) = old {
            // An entry that was missing before is no reason to refuse; `check` tells of it.
            index.remove(&encode_key(old, file))?;
        }
        if let Some(new) = new {
            let entry = Entry::new(R_DATA_AT, &encode_key(new, file));
            index.insert(entry.map_err(|fault| index.file.corrupt(fault))?)?;
        }
        index.store()
    }

    /// Makes the file, and lists in it every point that the volume has.
    pub(crate) fn make_reparse_index(&self, now: FileTime) -> Result<()> {
        let extend = self.system_file(EXTEND)?;
        let mut file = match self.child(extend.clone(), &Utf16::from(NAME))? {
            Some(entry) => self.file(entry.file)?,
            None => {
                let mut file = self.new_reparse_file(&extend, now)?;
                self.store_file(&mut file)?;
                self.enter(&extend, &file, now)?;
                file
            }
        };
        if file.find(INDEX_ROOT, R).is_none() {
            let root = self.empty_root(0, COLLATION_ULONGS).map_err(|fault| file.corrupt(fault))?;
            let root = Attribute::resident(INDEX_ROOT, R, &root, false);
            file.attributes.push(root.map_err(|fault| file.corrupt(fault))?);
            self.store_file(&mut file)?;
        }
        let missing = file.corrupt(Fault("a new index is not there"));
        let mut index = Index::open(self, self.file(file.reference())?, R)?.ok_or(missing)?;
        let points = self.walk(WalkOptions::default());
        for point in points {
            let point = match point {
                Err(error @ Error::Io { .. }) => return Err(error),
                // What cannot be read cannot be listed; `check` tells of it.
                Err(_) => continue,
                Ok(point) => point,
            };
            let key = encode_key(point.tag, point.file);
            if !index.holds(&key)? {
                let entry = Entry::new(R_DATA_AT, &key);
                index.insert(entry.map_err(|fault| index.file.corrupt(fault))?)?;
            }
        }
        index.store()
    }

    fn new_reparse_file(&self, extend: &File, now: FileTime) -> Result<File> {
        let mut base = self.take_record()?;
        let number = base.number;
        let damaged = |fault: Fault| fault.at(Place::Record(number));
        base.set_view_index().map_err(damaged)?;
        base.set_links(1).map_err(damaged)?;
        let kind = FileAttributes::HIDDEN | FileAttributes::SYSTEM | FileAttributes::ARCHIVE;
        let standard = Standard {
            created: now,
            written: now,
            changed: now,
            accessed: now,
            attributes: FileAttributes(kind.0 | IS_VIEW_INDEX),
            security_id: self.security_of_siblings(extend)?,
            usn: 0,
        };
        let value = standard.over(vec![0; STANDARD_LEN]).map_err(damaged)?;
        let name = Utf16::from(NAME);
        let names = Namespace::WIN32_AND_DOS;
        let name = file_name::encode(extend.reference(), &name, names, &standard, IS_VIEW_INDEX);
        let mut attributes = vec![
            Attribute::resident(STANDARD_INFORMATION, "", &value, false).map_err(damaged)?,
            Attribute::resident(FILE_NAME, "", &name.map_err(damaged)?, true).map_err(damaged)?,
        ];
        if standard.security_id == 0 {
            let descriptor = self.descriptor_of(extend)?;
            attributes
                .push(Attribute::resident(SECURITY_DESCRIPTOR, "", &descriptor, false).map_err(damaged)?);
        }
        Ok(File { base, extensions: BTreeMap::new(), attributes, list: None })
    }

    fn security_of_siblings(&self, extend: &File) -> Result<u32> {
        for name in SIBLINGS {
            if let Some(entry) = self.child(extend.clone(), &Utf16::from(name))? {
                return Ok(self.file(entry.file)?.standard()?.security_id);
            }
        }
        Ok(extend.standard()?.security_id)
    }
}
