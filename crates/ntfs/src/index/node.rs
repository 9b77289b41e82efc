//! A node of an index: entries in ascending order, and one at the end without a key.
use crate::boot::STRIDE;
use crate::error::Fault;
use crate::fields::{
    bytes_at, narrow_u16, narrow_u32, put, put_u16, put_u32, put_u64, round8, size, u8_at, u16_at, u32_at,
    u64_at,
};
use crate::fixup;

/// What every index block begins with.
pub(crate) const SIGNATURE: &[u8; 4] = b"INDX";
/// Where the header of the entries stands in an index block.
const BLOCK_HEADER: usize = 0x18;
/// Bytes of the header of the entries.
pub(crate) const ENTRIES_HEADER: usize = 0x10;
/// Bytes of an entry before its key.
pub(crate) const ENTRY_HEADER: usize = 0x10;
/// The entry has a node below it.
const HAS_CHILD: u16 = 1;
/// The entry at the end of its node.
const LAST: u16 = 2;
/// In the header of the entries: there are nodes below.
const LARGE: u8 = 1;

/// An entry, without the number of the node below it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    /// Header, key and data; the header's length and flags are written anew by [`Node::encode`].
    bytes: Vec<u8>,
    /// The node below, which holds what comes before this entry.
    pub(crate) child: Option<u64>,
}

impl Entry {
    /// A new entry: what the header begins with, and the key.
    pub(crate) fn new(head: u64, key: &[u8]) -> Result<Entry, Fault> {
        let mut bytes = vec![0; ENTRY_HEADER];
        put_u64(&mut bytes, 0, head)?;
        put_u16(&mut bytes, 0x0A, narrow_u16(key.len())?)?;
        bytes.extend_from_slice(key);
        bytes.resize(round8(bytes.len()), 0);
        Ok(Entry { bytes, child: None })
    }

    /// The entry at the end.
    pub(crate) fn last(child: Option<u64>) -> Entry {
        Entry { bytes: vec![0; ENTRY_HEADER], child }
    }

    /// In a directory, the file's reference; in a view, where the data is.
    pub(crate) fn head(&self) -> u64 {
        u64_at(&self.bytes, 0).unwrap_or(0)
    }

    pub(crate) fn key(&self) -> &[u8] {
        let len = u16_at(&self.bytes, 0x0A).map_or(0, usize::from);
        self.bytes.get(ENTRY_HEADER..ENTRY_HEADER + len).unwrap_or_default()
    }

    pub(crate) fn key_mut(&mut self) -> &mut [u8] {
        let len = u16_at(&self.bytes, 0x0A).map_or(0, usize::from);
        self.bytes.get_mut(ENTRY_HEADER..ENTRY_HEADER + len).unwrap_or_default()
    }

    fn encoded_len(&self) -> usize {
        self.bytes.len() + if self.child.is_some() { 8 } else { 0 }
    }

    fn decode(bytes: &[u8]) -> Result<(Entry, usize, bool), Fault> {
        let len = usize::from(u16_at(bytes, 8)?);
        let flags = u16_at(bytes, 0x0C)?;
        let whole = bytes_at(bytes, 0, len).map_err(|_| Fault("an index entry reaches past its node"))?;
        let below = if flags & HAS_CHILD != 0 { 8 } else { 0 };
        let own = len.checked_sub(below).filter(|own| *own >= ENTRY_HEADER && len.is_multiple_of(8));
        let own = own.ok_or(Fault("an index entry is too short"))?;
        let child = if below == 0 { None } else { Some(u64_at(whole, own)?) };
        let is_last = flags & LAST != 0;
        let key_len = if is_last { 0 } else { usize::from(u16_at(whole, 0x0A)?) };
        let mut bytes = bytes_at(whole, 0, own)?.to_vec();
        if ENTRY_HEADER + key_len > own {
            return Err(Fault("a key reaches past its index entry"));
        }
        if is_last {
            bytes.truncate(ENTRY_HEADER);
            put_u16(&mut bytes, 0x0A, 0)?;
        }
        Ok((Entry { bytes, child }, len, is_last))
    }

    fn encode(&self, is_last: bool, out: &mut Vec<u8>) -> Result<(), Fault> {
        let mut bytes = self.bytes.clone();
        let flags = if self.child.is_some() { HAS_CHILD } else { 0 } | if is_last { LAST } else { 0 };
        put_u16(&mut bytes, 8, narrow_u16(self.encoded_len())?)?;
        put_u16(&mut bytes, 0x0C, flags)?;
        out.extend_from_slice(&bytes);
        if let Some(child) = self.child {
            out.extend_from_slice(&child.to_le_bytes());
        }
        Ok(())
    }
}

/// A node: entries with keys, and the last, which has none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Node {
    /// Ascending; the last has no key. Never empty.
    pub(crate) entries: Vec<Entry>,
}

impl Node {
    pub(crate) fn empty() -> Node {
        Node { entries: vec![Entry::last(None)] }
    }

    /// Entries with a key.
    pub(crate) fn keys(&self) -> usize {
        self.entries.len().saturating_sub(1)
    }

    /// True when nodes lie below this one.
    pub(crate) fn is_inner(&self) -> bool {
        self.entries.iter().any(|entry| entry.child.is_some())
    }

    /// Bytes of all entries.
    pub(crate) fn entries_len(&self) -> usize {
        self.entries.iter().map(Entry::encoded_len).sum()
    }

    /// From the header of the entries on.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Node, Fault> {
        let at = size(u64::from(u32_at(bytes, 0)?))?;
        let used = size(u64::from(u32_at(bytes, 4)?))?;
        let mut rest = bytes.get(at..used).filter(|_| at >= ENTRIES_HEADER && at.is_multiple_of(8));
        let mut entries = Vec::new();
        while let Some(bytes) = rest.filter(|bytes| !bytes.is_empty()) {
            let (entry, len, is_last) = Entry::decode(bytes)?;
            entries.push(entry);
            if is_last {
                let inner = entries.iter().filter(|entry| entry.child.is_some()).count();
                return if inner == 0 || inner == entries.len() {
                    Ok(Node { entries })
                } else {
                    Err(Fault("some entries of a node have nodes below them and some have not"))
                };
            }
            rest = bytes.get(len..);
        }
        Err(Fault("an index node has no last entry"))
    }

    fn encode_entries(&self) -> Result<Vec<u8>, Fault> {
        let mut out = Vec::with_capacity(self.entries_len());
        for (index, entry) in self.entries.iter().enumerate() {
            entry.encode(index + 1 == self.entries.len(), &mut out)?;
        }
        Ok(out)
    }
}

/// The part of `$INDEX_ROOT` before its entries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct RootHeader {
    /// What is indexed: an attribute's type, or 0 in a view.
    pub(crate) kind: u32,
    /// How keys are compared.
    pub(crate) collation: u32,
    /// Bytes in a block.
    pub(crate) block: usize,
    /// The same in clusters, or in strides where a cluster is larger.
    pub(crate) block_units: u8,
}

impl RootHeader {
    /// Reads the value of `$INDEX_ROOT`.
    pub(crate) fn decode(value: &[u8]) -> Result<(RootHeader, Node), Fault> {
        let block = size(u64::from(u32_at(value, 8)?))?;
        if !block.is_power_of_two() || !(STRIDE..=65_536).contains(&block) {
            return Err(Fault("index blocks have an impossible size"));
        }
        let header = RootHeader {
            kind: u32_at(value, 0)?,
            collation: u32_at(value, 4)?,
            block,
            block_units: u8_at(value, 0x0C)?,
        };
        let node = Node::decode(value.get(ENTRIES_HEADER..).unwrap_or_default())?;
        Ok((header, node))
    }

    pub(crate) fn encode(&self, root: &Node) -> Result<Vec<u8>, Fault> {
        let entries = root.encode_entries()?;
        let used = narrow_u32(ENTRIES_HEADER + entries.len())?;
        let mut value = vec![0; 0x20];
        put_u32(&mut value, 0, self.kind)?;
        put_u32(&mut value, 4, self.collation)?;
        put_u32(&mut value, 8, narrow_u32(self.block)?)?;
        put(&mut value, 0x0C, &[self.block_units])?;
        put_u32(&mut value, 0x10, narrow_u32(ENTRIES_HEADER)?)?;
        put_u32(&mut value, 0x14, used)?;
        put_u32(&mut value, 0x18, used)?;
        put(&mut value, 0x1C, &[if root.is_inner() { LARGE } else { 0 }])?;
        value.extend_from_slice(&entries);
        Ok(value)
    }
}

/// Reads an index block from the bytes on the disk; it must say that it is block `vcn`.
pub(crate) fn decode_block(mut bytes: Vec<u8>, vcn: u64) -> Result<(Node, Vec<u8>), Fault> {
    fixup::remove(&mut bytes, SIGNATURE)?;
    if u64_at(&bytes, 0x10)? != vcn {
        return Err(Fault("an index block has another block's number"));
    }
    let node = Node::decode(bytes.get(BLOCK_HEADER..).unwrap_or_default())?;
    Ok((node, bytes))
}

/// A block that never was one: where its update sequence begins.
pub(crate) fn fresh_block(len: usize, vcn: u64) -> Result<Vec<u8>, Fault> {
    let count = len / STRIDE + 1;
    let entries_at = round8(BLOCK_HEADER + ENTRIES_HEADER + 2 * count) - BLOCK_HEADER;
    let mut bytes = vec![0; len];
    put(&mut bytes, 0, SIGNATURE)?;
    put_u16(&mut bytes, 4, narrow_u16(BLOCK_HEADER + ENTRIES_HEADER)?)?;
    put_u16(&mut bytes, 6, narrow_u16(count)?)?;
    put_u64(&mut bytes, 0x10, vcn)?;
    put_u32(&mut bytes, BLOCK_HEADER, narrow_u32(entries_at)?)?;
    put_u32(&mut bytes, BLOCK_HEADER + 8, narrow_u32(len - BLOCK_HEADER)?)?;
    Ok(bytes)
}

/// How many bytes of entries fit a block.
pub(crate) fn block_capacity(block: &[u8]) -> Result<usize, Fault> {
    let at = size(u64::from(u32_at(block, BLOCK_HEADER)?))?;
    Ok(block.len().saturating_sub(BLOCK_HEADER + at))
}

/// Puts a node into a block, under the next update sequence number.
pub(crate) fn encode_block(mut block: Vec<u8>, node: &Node) -> Result<Vec<u8>, Fault> {
    let at = size(u64::from(u32_at(&block, BLOCK_HEADER)?))?;
    let entries = node.encode_entries()?;
    let begin = BLOCK_HEADER + at;
    put(&mut block, begin, &entries).map_err(|_| Fault("the entries do not fit their block"))?;
    block.get_mut(begin + entries.len()..).into_iter().for_each(|rest| rest.fill(0));
    put_u32(&mut block, BLOCK_HEADER + 4, narrow_u32(at + entries.len())?)?;
    put(&mut block, BLOCK_HEADER + 0x0C, &[if node.is_inner() { LARGE } else { 0 }])?;
    fixup::insert(&mut block)?;
    Ok(block)
}
