//! Putting right what is said of a reparse point elsewhere. The point itself is never touched.
use super::{Finding, Wrong};
use crate::error::Error;
use crate::error::{Result, Why};
use crate::index::node::Entry;
use crate::medium::Medium;
use crate::reference::FileRef;
use crate::volume::Volume;
use crate::walk::{R_DATA_AT, encode_key};
use nt::{FileAttributes, FileTime};
use reparse::Tag;

impl<M: Medium> Volume<M> {
    /// Puts a finding right, where what is on the file itself tells how: entries of `$R`, the attribute, the copies in
    /// directories. False where it does not, and nothing was changed.
    ///
    /// `now` is the time of a file that is made for it; what is put right keeps its times.
    pub fn repair(&mut self, finding: &Finding, now: FileTime) -> Result<bool> {
        if let Wrong::NoIndex = finding.wrong {
            return self.operation(|volume| volume.make_reparse_index(now)).map(|()| true);
        }
        let Some(file) = finding.file else { return Ok(false) };
        match &finding.wrong {
            Wrong::EntryWithoutFile(tag) | Wrong::EntryWithoutPoint(tag) => {
                self.operation(|volume| volume.list(file, Some(*tag), None))
            }
            Wrong::EntryWrongTag { entry, stored } => {
                self.operation(|volume| volume.list(file, Some(*entry), Some(*stored)))
            }
            Wrong::PointWithoutEntry(tag) => self.operation(|volume| volume.list(file, None, Some(*tag))),
            Wrong::BitMissing | Wrong::BitWithoutPoint | Wrong::Name { .. } => {
                self.operation(|volume| volume.tell_again(file))
            }
            _ => Ok(false),
        }
    }

    fn list(&self, file: FileRef, wrong: Option<Tag>, right: Option<Tag>) -> Result<bool> {
        let Some(mut index) = self.reparse_index()? else { return Ok(false) };
        let mut done = false;
        if let Some(tag) = wrong {
            done |= index.remove(&encode_key(tag, file))?;
        }
        if let Some(tag) = right
            && !index.holds(&encode_key(tag, file))?
        {
            let entry = Entry::new(R_DATA_AT, &encode_key(tag, file));
            index.insert(entry.map_err(|fault| index.file.corrupt(fault))?)?;
            done = true;
        }
        index.store()?;
        Ok(done)
    }

    /// The attribute and every directory's copy, as the point on the file has them.
    fn tell_again(&self, reference: FileRef) -> Result<bool> {
        let mut file = match self.target(reference) {
            Err(Error::Request { why: Why::Stale(_), .. }) => return Ok(false),
            other => other?,
        };
        let mut standard = file.standard()?;
        standard.attributes = match self.stored(&file)? {
            Some(_) => standard.attributes.without(FileAttributes::NORMAL) | FileAttributes::REPARSE_POINT,
            None => standard.attributes.without(FileAttributes::REPARSE_POINT),
        };
        file.set_standard(&standard)?;
        self.store_file(&mut file)?;
        self.refresh_names(&file)?;
        Ok(true)
    }
}
