//! Inserting into an index, with splits, and removing from it, with merges.
use super::node::{Entry, Node};
use super::{At, Block, DEPTH_MAX, Index, Step};
use crate::error::{Error, Fault, Result};
use crate::medium::Medium;
use std::cmp::Ordering;

impl<M: Medium> Index<'_, M> {
    /// Puts an entry where its key belongs.
    pub(crate) fn insert(&mut self, entry: Entry) -> Result<()> {
        let (path, found) = self.path_to(entry.key())?;
        if found {
            return Err(self.file.corrupt(Fault("a key is in its index already")));
        }
        let step = self.last_of(&path)?;
        self.change(step.at)?.entries.insert(step.index, entry);
        self.settle(path)
    }

    /// Takes the entry of a key out; false when there is none.
    pub(crate) fn remove(&mut self, key: &[u8]) -> Result<bool> {
        let (mut path, found) = self.path_to(key)?;
        if !found {
            return Ok(false);
        }
        let step = self.last_of(&path)?;
        let node = self.change(step.at)?;
        let child = node.entries.get(step.index).and_then(|entry| entry.child);
        let Some(child) = child else {
            node.entries.remove(step.index);
            if node.keys() == 0 {
                self.fold(path)?;
            }
            return Ok(true);
        };
        // The entry keeps a node apart from its neighbour: the greatest key below takes its place.
        let upper = path.clone();
        self.descend_last(At::Block(child), &mut path)?;
        let leaf = self.last_of(&path)?;
        let greatest = leaf.index.checked_sub(1);
        let greatest = greatest.ok_or_else(|| self.file.corrupt(Fault("an index has an empty leaf")))?;
        let mut deputy = self.change(leaf.at)?.entries.remove(greatest);
        let is_emptied = self.load(leaf.at)?.keys() == 0;
        let key = deputy.key().to_vec();
        deputy.child = Some(child);
        if let Some(place) = self.change(step.at)?.entries.get_mut(step.index) {
            *place = deputy;
        }
        // The deputy may be longer than what it replaces.
        self.settle(upper)?;
        if is_emptied {
            let (mut path, _) = self.path_to(&key)?;
            let step = self.last_of(&path)?;
            let child = self.load(step.at)?.entries.get(step.index).and_then(|entry| entry.child);
            let child = child.ok_or_else(|| self.file.corrupt(Fault("an entry lost its node")))?;
            self.descend_last(At::Block(child), &mut path)?;
            self.fold(path)?;
        }
        Ok(true)
    }

    /// True when the key has an entry.
    pub(crate) fn holds(&mut self, key: &[u8]) -> Result<bool> {
        self.path_to(key).map(|(_, found)| found)
    }

    /// Changes the key of an entry in place; its order must stay.
    pub(crate) fn rewrite(
        &mut self,
        step: Step,
        change: impl FnOnce(&mut [u8]) -> std::result::Result<(), Fault>,
    ) -> Result<()> {
        let entry = self.change(step.at)?.entries.get_mut(step.index);
        let changed = entry.map_or(Err(Fault("an entry went missing")), |entry| change(entry.key_mut()));
        changed.map_err(|fault| self.file.corrupt(fault))
    }

    fn last_of(&self, path: &[Step]) -> Result<Step> {
        path.last().copied().ok_or_else(|| self.file.corrupt(Fault("an index has no root")))
    }

    /// The way from the root to a key, or to the leaf where it would be.
    fn path_to(&mut self, key: &[u8]) -> Result<(Vec<Step>, bool)> {
        let mut path: Vec<Step> = Vec::new();
        let mut at = At::Root;
        loop {
            if path.len() > DEPTH_MAX || path.iter().any(|step| step.at == at) {
                return Err(self.file.corrupt(Fault("an index runs in a circle")));
            }
            let (order, volume) = (self.order, self.volume);
            let node = self.load(at)?;
            let keys = node.entries.get(..node.keys()).unwrap_or_default();
            let index = keys.partition_point(|entry| order(volume, entry.key(), key) == Ordering::Less);
            let found =
                keys.get(index).is_some_and(|entry| order(volume, entry.key(), key) == Ordering::Equal);
            let child = node.entries.get(index).and_then(|entry| entry.child);
            path.push(Step { at, index });
            match child {
                Some(child) if !found => at = At::Block(child),
                _ => return Ok((path, found)),
            }
        }
    }

    /// Follows the last entries from a node down to a leaf.
    fn descend_last(&mut self, from: At, path: &mut Vec<Step>) -> Result<()> {
        let mut at = from;
        loop {
            if path.len() > DEPTH_MAX || path.iter().any(|step| step.at == at) {
                return Err(self.file.corrupt(Fault("an index runs in a circle")));
            }
            let node = self.load(at)?;
            path.push(Step { at, index: node.keys() });
            match node.entries.last().and_then(|last| last.child) {
                Some(child) => at = At::Block(child),
                None => return Ok(()),
            }
        }
    }

    /// A node that is going to be changed.
    pub(super) fn change(&mut self, at: At) -> Result<&mut Node> {
        self.load(at)?;
        let missing = self.file.corrupt(Fault("a block went missing"));
        match at {
            At::Root => {
                self.root_changed = true;
                Ok(&mut self.root)
            }
            At::Block(vcn) => {
                let block = self.blocks.get_mut(&vcn).ok_or(missing)?;
                block.changed = true;
                Ok(&mut block.node)
            }
        }
    }

    fn fits(&mut self, at: At) -> Result<bool> {
        let len = self.load(at)?.entries_len();
        let capacity = match at {
            At::Root => self.root_capacity()?,
            At::Block(vcn) => {
                let block = self.blocks.get(&vcn).map(|block| super::node::block_capacity(&block.bytes));
                block.unwrap_or(Ok(0)).map_err(|fault| self.damaged(vcn, fault))?
            }
        };
        Ok(len <= capacity)
    }

    /// Splits what has become too large, from the end of the path up to the root.
    fn settle(&mut self, mut path: Vec<Step>) -> Result<()> {
        while let Some(step) = path.pop() {
            if self.fits(step.at)? {
                return Ok(());
            }
            match step.at {
                At::Root if self.root.keys() == 0 => return Ok(()),
                At::Root => {
                    let below = self.push_root_down()?;
                    path.push(Step { at: At::Root, index: 0 });
                    path.push(Step { at: below, index: 0 });
                }
                At::Block(_) => {
                    let above = self.last_of(&path)?;
                    self.split(step.at, above)?;
                }
            }
        }
        Ok(())
    }

    /// The root's entries move into a block of their own.
    fn push_root_down(&mut self) -> Result<At> {
        let vcn = self.add_block()?;
        let entries = std::mem::replace(&mut self.root.entries, vec![Entry::last(Some(vcn))]);
        self.root_changed = true;
        self.change(At::Block(vcn))?.entries = entries;
        Ok(At::Block(vcn))
    }

    /// The lower half of a node moves into a block of its own, and the key between the halves up to the node above.
    fn split(&mut self, at: At, above: Step) -> Result<()> {
        let node = self.load(at)?;
        let (half, keys) = (node.entries_len() / 2, node.keys());
        if keys < 3 {
            return Err(Error::NotSupported("index blocks with room for fewer than three names"));
        }
        let mut lower_len = 0;
        let past_half = node.entries.iter().position(|entry| {
            lower_len += entry.key().len() + super::node::ENTRY_HEADER;
            lower_len >= half
        });
        let middle = past_half.unwrap_or(keys / 2).clamp(1, keys - 2);
        let vcn = self.add_block()?;
        let node = self.change(at)?;
        let upper = node.entries.split_off(middle + 1);
        let mut lower = std::mem::replace(&mut node.entries, upper);
        let between = lower.pop();
        let mut between = between.ok_or_else(|| self.file.corrupt(Fault("a node has no middle")))?;
        lower.push(Entry::last(between.child));
        between.child = Some(vcn);
        self.change(At::Block(vcn))?.entries = lower;
        self.change(above.at)?.entries.insert(above.index, between);
        Ok(())
    }

    /// The leaf at the end of the path is empty: it goes, and the key that kept it apart moves to its neighbour.
    fn fold(&mut self, mut path: Vec<Step>) -> Result<()> {
        loop {
            let step = path.pop().ok_or_else(|| self.file.corrupt(Fault("an index has no root")))?;
            let At::Block(vcn) = step.at else {
                return self.empty_out();
            };
            self.drop_block(vcn);
            let above = self.last_of(&path)?;
            let node = self.change(above.at)?;
            let keys = node.keys();
            if keys == 0 {
                // Nothing but this leaf was below: the node is an empty leaf itself now.
                node.entries = vec![Entry::last(None)];
                continue;
            }
            let mut orphan = if above.index < keys {
                node.entries.remove(above.index)
            } else {
                let before = node.entries.remove(keys - 1);
                node.entries.last_mut().into_iter().for_each(|last| last.child = before.child);
                before
            };
            orphan.child = None;
            return self.insert(orphan);
        }
    }

    /// The last key is gone: the index is as small as a new one.
    fn empty_out(&mut self) -> Result<()> {
        self.change(At::Root)?.entries = vec![Entry::last(None)];
        self.blocks.clear();
        self.is_emptied = self.allocation.is_some();
        self.added = 0;
        Ok(())
    }

    /// A block that is not in use, or a new one behind the last.
    fn add_block(&mut self) -> Result<u64> {
        self.is_emptied = false;
        let there = self.block_count() + self.added;
        let free = (0..there).find(|number| !self.is_used(*number));
        let number = free.unwrap_or(there);
        if free.is_none() {
            self.added += 1;
        }
        self.mark(number, true)?;
        let vcn = number * self.units_per_block();
        let bytes =
            super::node::fresh_block(self.header.block, vcn).map_err(|fault| self.damaged(vcn, fault))?;
        self.blocks.insert(vcn, Block { node: Node::empty(), bytes, changed: true });
        Ok(vcn)
    }

    fn drop_block(&mut self, vcn: u64) {
        self.blocks.remove(&vcn);
        // A bit that is missing is clear already.
        let _ = self.mark(vcn / self.units_per_block(), false);
    }

    fn is_used(&self, number: u64) -> bool {
        let byte = usize::try_from(number / 8).ok().and_then(|at| self.bitmap.get(at));
        byte.is_some_and(|byte| byte >> (number % 8) & 1 != 0)
    }

    fn mark(&mut self, number: u64, used: bool) -> Result<()> {
        let at = usize::try_from(number / 8).unwrap_or(usize::MAX);
        if used && at >= self.bitmap.len() {
            // It grows by eight bytes at a time, as attributes do.
            self.bitmap.resize((at + 1).next_multiple_of(8), 0);
        }
        let byte = self.bitmap.get_mut(at);
        let byte = byte.ok_or_else(|| {
            Fault("the bitmap of an index is too short")
                .at(crate::error::Place::Record(self.file.base.number))
        })?;
        let bit = 1 << (number % 8);
        *byte = if used { *byte | bit } else { *byte & !bit };
        self.bitmap_changed = true;
        Ok(())
    }
}
