//! Named streams, as Samba's `streams_xattr` keeps them: each is `user.DosStream.<name>:$DATA`, its value the data and
//! one byte more. docs/DISK-FORMAT.md 5
//!
//! The byte more is there because an attribute could not be empty once; it is zero, or the number of further attributes
//! `user.DosStreamExt.<n>.<name>:$DATA` that continue the data. Those are read; what is written here is one attribute.
use nt::{Utf16, upcase};

use super::{STREAM_EXTENT_PREFIX, STREAM_PREFIX, set_with_room};
use crate::host::{Host, HostError, HostFault, HostResult, XATTR_BYTES_MAX};

/// The longest data of a named stream, in bytes.
pub const STREAM_BYTES_MAX: usize = XATTR_BYTES_MAX - 1;
/// The most attributes that continue a stream, as Samba limits them.
const STREAM_EXTENTS_MAX: u8 = 15;
/// The type that follows a stream's name.
const STREAM_TYPE: &str = ":$DATA";

/// The name of a stream that exists, as the disk spells it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StreamName {
    /// What follows the prefix: the name, mostly with its type.
    raw: String,
}

/// One named stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StreamEntry {
    /// Its name, without colons and type.
    pub name: Utf16,
    /// Length of its data.
    pub size: u64,
    /// How to reach it.
    pub at: StreamName,
}

impl StreamName {
    /// The stream's name, without its type.
    pub fn name(&self) -> Utf16 {
        Utf16::from(bare(&self.raw))
    }

    fn xattr(&self) -> String {
        format!("{STREAM_PREFIX}{}", self.raw)
    }

    fn extent(&self, number: u8) -> String {
        format!("{STREAM_EXTENT_PREFIX}{number}.{}", self.raw)
    }
}

/// Every named stream of an object, in the host's order. Costs a read of each.
pub fn stream_list<H: Host>(host: &H, node: &H::Node) -> HostResult<Vec<StreamEntry>> {
    let mut streams = Vec::new();
    for at in stream_names(host, node)? {
        let Some(data) = stream_read(host, node, &at)? else { continue }; // removed since
        streams.push(StreamEntry { name: at.name(), size: data.len() as u64, at });
    }
    Ok(streams)
}

/// The stream of this name, in any case.
pub fn stream_find<H: Host>(host: &H, node: &H::Node, name: &[u16]) -> HostResult<Option<StreamName>> {
    let same = |stream: &StreamName| {
        bare(&stream.raw).encode_utf16().map(upcase).eq(name.iter().copied().map(upcase))
    };
    Ok(stream_names(host, node)?.into_iter().find(same))
}

/// Makes an empty stream. The caller has looked for the name first.
pub fn stream_create<H: Host>(host: &H, node: &H::Node, name: &[u16]) -> HostResult<StreamName> {
    let stream = new_name(name)?;
    stream_write(host, node, &stream, &[])?;
    Ok(stream)
}

/// The disk's spelling of a new name.
fn new_name(name: &[u16]) -> HostResult<StreamName> {
    let text = String::from_utf16(name).ok().filter(|text| !text.is_empty());
    let text = text.filter(|text| !text.contains(['\0', ':', '/', '\\']));
    let text = text.ok_or(HostError { call: "stream_create", fault: HostFault::NameInvalid })?;
    Ok(StreamName { raw: format!("{text}{STREAM_TYPE}") })
}

/// All of a stream's data; `None` when the stream is gone.
pub fn stream_read<H: Host>(host: &H, node: &H::Node, stream: &StreamName) -> HostResult<Option<Vec<u8>>> {
    let Some(mut data) = host.xattr(node, &stream.xattr())? else { return Ok(None) };
    let extents = data.pop().unwrap_or(0);
    for number in 1..=extents.min(STREAM_EXTENTS_MAX) {
        match host.xattr(node, &stream.extent(number))? {
            Some(more) => data.extend_from_slice(&more),
            None => break, // an interrupted write of Samba's: the stream ends here, as it does there
        }
    }
    Ok(Some(data))
}

/// Replaces all of a stream's data in one step.
pub fn stream_write<H: Host>(host: &H, node: &H::Node, stream: &StreamName, data: &[u8]) -> HostResult<()> {
    if data.len() > STREAM_BYTES_MAX {
        return Err(HostError { call: "stream_write", fault: HostFault::AttributesFull });
    }
    let mut value = Vec::with_capacity(data.len() + 1);
    value.extend_from_slice(data);
    value.push(0);
    set_with_room(host, node, &stream.xattr(), &value)?;
    remove_extents(host, node, stream)
}

/// Removes a stream; false when it was not there.
pub fn stream_remove<H: Host>(host: &H, node: &H::Node, stream: &StreamName) -> HostResult<bool> {
    let was_there = host.remove_xattr(node, &stream.xattr())?;
    remove_extents(host, node, stream)?;
    Ok(was_there)
}

/// Gives a stream another name. Both exist for a moment; the old one goes last.
pub fn stream_rename<H: Host>(
    host: &H,
    node: &H::Node,
    stream: &StreamName,
    to: &[u16],
) -> HostResult<StreamName> {
    let data = stream_read(host, node, stream)?
        .ok_or(HostError { call: "stream_rename", fault: HostFault::NotFound })?;
    let renamed = new_name(to)?;
    stream_write(host, node, &renamed, &data)?;
    if renamed != *stream {
        stream_remove(host, node, stream)?;
    }
    Ok(renamed)
}

/// Removes what continues a stream. Samba numbers extents without gaps, so the first that is missing ends the search.
fn remove_extents<H: Host>(host: &H, node: &H::Node, stream: &StreamName) -> HostResult<()> {
    for number in 1..=STREAM_EXTENTS_MAX {
        if !host.remove_xattr(node, &stream.extent(number))? {
            break;
        }
    }
    Ok(())
}

/// The streams that the attributes name.
fn stream_names<H: Host>(host: &H, node: &H::Node) -> HostResult<Vec<StreamName>> {
    let names = super::names(host, node)?;
    let raw = names.iter().filter_map(|xattr| xattr.strip_prefix(STREAM_PREFIX));
    Ok(raw.filter(|raw| !bare(raw).is_empty()).map(|raw| StreamName { raw: raw.to_owned() }).collect())
}

/// A raw name without its type: Samba can be told not to store the type.
fn bare(raw: &str) -> &str {
    let at = raw.len().saturating_sub(STREAM_TYPE.len());
    match raw.get(at..) {
        Some(end) if end.eq_ignore_ascii_case(STREAM_TYPE) => raw.get(..at).unwrap_or(raw),
        _ => raw,
    }
}
