//! What directories say of their files' reparse points.
use super::Wrong;
use crate::error::{Error, Result};
use crate::medium::Medium;
use crate::path::{entry_of, names_of};
use crate::reference::FileRef;
use crate::volume::Volume;
use reparse::Tag;
use std::collections::{BTreeMap, HashMap};

impl<M: Medium> Volume<M> {
    /// Every entry of every directory against the points there are, and their names against the entries.
    pub(super) fn check_names(
        &self,
        points: &BTreeMap<FileRef, Tag>,
        directories: &[FileRef],
        tell: &mut impl FnMut(Option<FileRef>, Wrong),
    ) -> Result<()> {
        let mut met: HashMap<FileRef, usize> = HashMap::new();
        let mut all_read = true;
        for directory in directories {
            match self.check_directory(*directory, points, &mut met, tell) {
                Ok(()) => {}
                Err(error @ Error::Io { .. }) => return Err(error),
                Err(error) => {
                    all_read = false;
                    tell(Some(*directory), Wrong::Unreadable(error));
                }
            }
        }
        // Names whose directory cannot be read are not missing.
        for file in points.keys().filter(|_| all_read) {
            let Ok(names) = self.file(*file).and_then(|file| names_of(&file)) else { continue };
            let (names, entries) = (names.len(), met.get(file).copied().unwrap_or(0));
            if names != entries {
                tell(Some(*file), Wrong::Names { names, entries });
            }
        }
        Ok(())
    }

    fn check_directory(
        &self,
        directory: FileRef,
        points: &BTreeMap<FileRef, Tag>,
        met: &mut HashMap<FileRef, usize>,
        tell: &mut impl FnMut(Option<FileRef>, Wrong),
    ) -> Result<()> {
        let mut index = self.directory(self.file(directory)?)?;
        let mut walk = crate::index::Walk::default();
        while let Some(entry) = index.next(&mut walk)? {
            let found = entry_of(entry.head(), entry.key()).map_err(|fault| index.file.corrupt(fault))?;
            let told = found.name.is_reparse_point().then_some(Tag(found.name.tag_or_ea));
            let stored = points.get(&found.file).copied();
            if stored.is_some() {
                *met.entry(found.file).or_default() += 1;
            }
            if told != stored {
                let name = found.name.name;
                tell(Some(found.file), Wrong::Name { directory, name, entry: told, stored });
            }
        }
        Ok(())
    }
}
