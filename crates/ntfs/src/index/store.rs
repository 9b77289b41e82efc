//! Putting a changed index back into its file.
use super::Index;
use super::node::{self, ENTRIES_HEADER};
use crate::attribute::{Attribute, BITMAP, INDEX_ALLOCATION, INDEX_ROOT};
use crate::error::{Fault, Result};
use crate::fields::size;
use crate::medium::Medium;
use crate::stream::Stream;

impl<M: Medium> Index<'_, M> {
    /// How many bytes of entries `$INDEX_ROOT` can hold where it lies.
    pub(super) fn root_capacity(&self) -> Result<usize> {
        let file = &self.file;
        let damaged = |fault: Fault| file.corrupt(fault);
        let root = file.find(INDEX_ROOT, self.name).ok_or_else(|| damaged(Fault("an index has no root")))?;
        let home = root.home.unwrap_or(file.number());
        let record = file.extensions.get(&home).unwrap_or(&file.base);
        let others = file.attributes.iter().filter(|other| other.home == Some(home) && *other != root);
        let list = file.list.iter().filter(|_| home == file.number());
        let taken: usize = others.chain(list).map(Attribute::len).sum();
        let value = root.view().value().map_err(damaged)?;
        let header = root.len().saturating_sub(crate::fields::round8(value.len())) + 2 * ENTRIES_HEADER;
        Ok(record.capacity().map_err(damaged)?.saturating_sub(taken + header))
    }

    /// Writes every changed node, and the file with what of the index lies in its record.
    pub(crate) fn store(mut self) -> Result<()> {
        let before = self.file.clone();
        if self.is_emptied {
            self.release()?;
        }
        if self.added > 0 {
            let bytes = self.added * self.header.block as u64;
            self.volume.grow(&mut self.file, INDEX_ALLOCATION, self.name, bytes)?;
            self.allocation = self.file.stream(INDEX_ALLOCATION, self.name, self.volume.boot.clusters)?;
        }
        if self.bitmap_changed && !self.bitmap.is_empty() {
            self.store_bitmap()?;
        }
        if self.root_changed {
            let value = self.header.encode(&self.root).map_err(|fault| self.file.corrupt(fault))?;
            let missing = self.file.corrupt(Fault("an index has no root"));
            let root = self.file.find_mut(INDEX_ROOT, self.name).ok_or(missing)?;
            let set = root.set_value(&value);
            set.map_err(|fault| self.file.corrupt(fault))?;
        }
        self.store_blocks()?;
        if self.file.attributes == before.attributes {
            return Ok(());
        }
        self.volume.store_file(&mut self.file)
    }

    fn store_blocks(&self) -> Result<()> {
        for (vcn, block) in self.blocks.iter().filter(|(_, block)| block.changed) {
            let bytes = node::encode_block(block.bytes.clone(), &block.node);
            let bytes = bytes.map_err(|fault| self.damaged(*vcn, fault))?;
            match &self.allocation {
                Some(Stream::Clusters(clusters)) => {
                    self.volume.write_clusters(clusters, vcn * self.unit(), &bytes)?;
                }
                _ => return Err(self.damaged(*vcn, Fault("an index has no blocks"))),
            }
        }
        Ok(())
    }

    fn store_bitmap(&mut self) -> Result<()> {
        let bitmap = std::mem::take(&mut self.bitmap);
        let stream = self.file.stream(BITMAP, self.name, self.volume.boot.clusters)?;
        let number = self.file.number();
        let damaged = |fault: Fault| fault.at(crate::error::Place::Record(number));
        match stream {
            None => {
                let attribute = Attribute::resident(BITMAP, self.name, &bitmap, false).map_err(damaged)?;
                self.file.attributes.push(attribute);
            }
            Some(Stream::Resident(_)) => {
                let attribute = self.file.find_mut(BITMAP, self.name);
                let set = attribute.map_or(Ok(()), |attribute| attribute.set_value(&bitmap));
                set.map_err(damaged)?;
            }
            Some(Stream::Clusters(clusters)) => {
                let more = (bitmap.len() as u64).saturating_sub(clusters.sizes.data);
                if more > 0 {
                    self.volume.grow(&mut self.file, BITMAP, self.name, more)?;
                }
                if let Some(Stream::Clusters(clusters)) =
                    self.file.stream(BITMAP, self.name, self.volume.boot.clusters)?
                {
                    let len = size(clusters.sizes.data).map_err(damaged)?.min(bitmap.len());
                    self.volume.write_clusters(&clusters, 0, bitmap.get(..len).unwrap_or_default())?;
                }
            }
        }
        Ok(())
    }

    /// An index without keys needs no blocks.
    fn release(&mut self) -> Result<()> {
        for kind in [INDEX_ALLOCATION, BITMAP] {
            if let Some(Stream::Clusters(clusters)) =
                self.file.stream(kind, self.name, self.volume.boot.clusters)?
            {
                self.volume.free_clusters(&clusters.runs)?;
            }
            self.file.remove(kind, self.name);
        }
        self.allocation = None;
        self.bitmap.clear();
        Ok(())
    }
}
