//! Indexes: B-trees of a directory's names (`$I30`), and of the volume's reparse points (`$R`).
mod change;
pub(crate) mod node;
mod store;

use crate::attribute::{BITMAP, INDEX_ALLOCATION, INDEX_ROOT};
use crate::error::{Fault, Place, Result};
use crate::file::File;
use crate::medium::Medium;
use crate::stream::Stream;
use crate::volume::Volume;
use node::{Entry, Node, RootHeader};
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};

/// The index of a directory's names.
pub(crate) const I30: &str = "$I30";
/// The index of reparse points.
pub(crate) const R: &str = "$R";
/// The order of names: without case by `$UpCase`, then with case.
pub(crate) const COLLATION_FILE_NAME: u32 = 1;
/// COLLATION_NTOFS_ULONGS, the order of `$R`: 32-bit numbers one after another.
pub(crate) const COLLATION_ULONGS: u32 = 0x13;
/// No B-tree of ours is deeper: at two entries a block, 2^32 files are 32 levels.
const DEPTH_MAX: usize = 32;

/// Where a node is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum At {
    /// In `$INDEX_ROOT`.
    Root,
    /// In the block of this number.
    Block(u64),
}

/// A block that was read, and may have been changed.
#[derive(Clone, Debug)]
struct Block {
    node: Node,
    /// The whole block, for what its header keeps.
    bytes: Vec<u8>,
    changed: bool,
}

/// An index, and the nodes of it that were looked at.
pub(crate) struct Index<'v, M> {
    volume: &'v Volume<M>,
    pub(crate) file: File,
    name: &'static str,
    header: RootHeader,
    root: Node,
    root_changed: bool,
    allocation: Option<Stream>,
    blocks: BTreeMap<u64, Block>,
    /// `$BITMAP`: a bit a block.
    bitmap: Vec<u8>,
    bitmap_changed: bool,
    /// Blocks to add behind the last, which are not in `$INDEX_ALLOCATION` yet.
    added: u64,
    /// The last key was removed: the blocks are not needed any more.
    is_emptied: bool,
    order: KeyOrder<M>,
}

/// How two keys compare.
type KeyOrder<M> = fn(&Volume<M>, &[u8], &[u8]) -> Ordering;

/// How keys compare, by the collation rule's number.
fn order_of<M: Medium>(collation: u32) -> Option<KeyOrder<M>> {
    match collation {
        COLLATION_FILE_NAME => Some(|volume, a, b| volume.collate_names(a, b)),
        COLLATION_ULONGS => Some(|_, a, b| ulongs(a).cmp(ulongs(b))),
        _ => None,
    }
}

/// COLLATION_NTOFS_ULONGS: 32-bit numbers one after another.
fn ulongs(key: &[u8]) -> impl Iterator<Item = u32> {
    key.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes))
}

impl<'v, M: Medium> Index<'v, M> {
    /// Opens an index of a file; `None` when it has none of that name.
    pub(crate) fn open(
        volume: &'v Volume<M>,
        file: File,
        name: &'static str,
    ) -> Result<Option<Index<'v, M>>> {
        let clusters = volume.boot.clusters;
        let Some(root) = file.find(INDEX_ROOT, name) else { return Ok(None) };
        let decoded = root.view().value().and_then(RootHeader::decode);
        let (header, root) = decoded.map_err(|fault| file.corrupt(fault))?;
        let order = order_of(header.collation)
            .ok_or_else(|| file.corrupt(Fault("an index has an order that is not known")))?;
        let allocation = file.stream(INDEX_ALLOCATION, name, clusters)?;
        let bitmap = match file.stream(BITMAP, name, clusters)? {
            Some(stream) => volume.read_whole(&stream, BITMAP_BYTES_MAX)?,
            None => Vec::new(),
        };
        Ok(Some(Index {
            volume,
            file,
            name,
            header,
            root,
            root_changed: false,
            allocation,
            blocks: BTreeMap::new(),
            bitmap,
            bitmap_changed: false,
            added: 0,
            is_emptied: false,
            order,
        }))
    }

    /// Bytes that one virtual cluster number stands for in this index.
    fn unit(&self) -> u64 {
        let (cluster, block) = (self.volume.boot.cluster, self.header.block as u64);
        if cluster <= block { cluster } else { crate::boot::STRIDE as u64 }
    }

    fn units_per_block(&self) -> u64 {
        (self.header.block as u64 / self.unit()).max(1)
    }

    /// Blocks that `$INDEX_ALLOCATION` has room for.
    fn block_count(&self) -> u64 {
        self.allocation.as_ref().map_or(0, Stream::len) / self.header.block as u64
    }

    fn damaged(&self, vcn: u64, fault: Fault) -> crate::error::Error {
        fault.at(Place::IndexBlock { record: self.file.number(), vcn })
    }

    fn load(&mut self, at: At) -> Result<&mut Node> {
        let At::Block(vcn) = at else { return Ok(&mut self.root) };
        if !self.blocks.contains_key(&vcn) {
            let missing = || self.damaged(vcn, Fault("an index names a block that it does not have"));
            let stream = self.allocation.as_ref().ok_or_else(missing)?;
            let offset = vcn.checked_mul(self.unit()).ok_or_else(missing)?;
            let mut bytes = vec![0; self.header.block];
            if !vcn.is_multiple_of(self.units_per_block())
                || offset.checked_add(bytes.len() as u64).is_none_or(|end| end > stream.len())
            {
                return Err(missing());
            }
            self.volume.read_stream(stream, offset, &mut bytes)?;
            let decoded = node::decode_block(bytes, vcn);
            let (node, bytes) = decoded.map_err(|fault| self.damaged(vcn, fault))?;
            self.blocks.insert(vcn, Block { node, bytes, changed: false });
        }
        let missing = self.file.corrupt(Fault("a block went missing"));
        self.blocks.get_mut(&vcn).map(|block| &mut block.node).ok_or(missing)
    }

    /// Every entry for which `order` says Equal, given that it says Less for all before and Greater for all behind.
    pub(crate) fn matches(&mut self, order: impl Fn(&[u8]) -> Ordering) -> Result<Vec<(Step, Entry)>> {
        let mut found = Vec::new();
        self.matches_below(At::Root, &order, &mut Vec::new(), &mut found)?;
        Ok(found)
    }

    fn matches_below(
        &mut self,
        at: At,
        order: &impl Fn(&[u8]) -> Ordering,
        path: &mut Vec<At>,
        found: &mut Vec<(Step, Entry)>,
    ) -> Result<()> {
        if path.contains(&at) || path.len() > DEPTH_MAX {
            return Err(self.file.corrupt(Fault("an index runs in a circle")));
        }
        path.push(at);
        let node = self.load(at)?.clone();
        let keys = node.keys();
        for (index, entry) in node.entries.iter().enumerate() {
            let is_last = index == keys;
            let ordering = if is_last { Ordering::Greater } else { order(entry.key()) };
            if ordering == Ordering::Less {
                continue;
            }
            if let Some(child) = entry.child {
                self.matches_below(At::Block(child), order, path, found)?;
            }
            if ordering == Ordering::Greater {
                break;
            }
            found.push((Step { at, index }, entry.clone()));
        }
        path.pop();
        Ok(())
    }

    /// Every entry in order. Bounded by the number of blocks: one that comes up twice is an error.
    pub(crate) fn entries(&mut self) -> Result<Vec<Entry>> {
        let mut out = Vec::new();
        let mut walk = Walk::default();
        while let Some(entry) = self.next(&mut walk)? {
            out.push(entry);
        }
        Ok(out)
    }

    /// The next entry of a walk through all of them.
    pub(crate) fn next(&mut self, walk: &mut Walk) -> Result<Option<Entry>> {
        if !walk.begun {
            walk.begun = true;
            self.descend(At::Root, walk)?;
        }
        while let Some((node, index)) = walk.stack.last_mut() {
            let current = *index;
            *index += 1;
            let (is_key, entry) = (current < node.keys(), node.entries.get(current).cloned());
            let below = node.entries.get(current + 1).and_then(|next| next.child);
            let Some(entry) = entry.filter(|_| is_key) else {
                walk.stack.pop();
                continue;
            };
            if let Some(child) = below {
                self.descend(At::Block(child), walk)?;
            }
            return Ok(Some(entry));
        }
        Ok(None)
    }

    /// Goes down to the first leaf below a node.
    fn descend(&mut self, from: At, walk: &mut Walk) -> Result<()> {
        let mut at = from;
        loop {
            if let At::Block(vcn) = at
                && !walk.seen.insert(vcn)
            {
                return Err(self.damaged(vcn, Fault("a block lies below two entries")));
            }
            let node = self.load(at)?.clone();
            if let At::Block(vcn) = at {
                self.blocks
                    .remove(&vcn)
                    .filter(|block| block.changed)
                    .map(|block| self.blocks.insert(vcn, block));
            }
            let child = node.entries.first().and_then(|first| first.child);
            walk.stack.push((node, 0));
            match child {
                Some(child) if walk.stack.len() <= DEPTH_MAX => at = At::Block(child),
                Some(_) => return Err(self.file.corrupt(Fault("an index is too deep"))),
                None => return Ok(()),
            }
        }
    }
}

/// The most bytes of `$BITMAP`: a bit for each of 2^32 blocks is far beyond any directory.
const BITMAP_BYTES_MAX: u64 = 64 << 20;

/// An entry by its node and its place in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Step {
    pub(crate) at: At,
    pub(crate) index: usize,
}

/// A walk through all entries, in order.
#[derive(Default)]
pub(crate) struct Walk {
    begun: bool,
    stack: Vec<(Node, usize)>,
    seen: HashSet<u64>,
}
