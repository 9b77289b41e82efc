//! What the information classes tell of an open's file and stream, gathered once.
use super::posix::Posix;
use crate::host::meta::{self, Meta};
use crate::host::{Host, NodeKind};
use crate::link::LinkState;
use crate::opens::Open;
use crate::refusal::Refusal;
use crate::volume::Volume;
use nt::{FileAttributes, FileTime};

/// The facts of one stream of one file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Facts {
    /// Creation, last access, last write and change time: the order of every structure of [MS-FSCC].
    pub(crate) times: [FileTime; 4],
    /// Bytes of disk behind the stream.
    pub(crate) allocated: u64,
    /// Length of the stream.
    pub(crate) size: u64,
    /// Attributes as shown; DIRECTORY only when the stream is the directory's own.
    pub(crate) attributes: FileAttributes,
    /// Names that are not deleted.
    pub(crate) links: u32,
    /// The name or the stream goes with its last open.
    pub(crate) delete_pending: bool,
    /// The stream is a directory's own.
    pub(crate) directory: bool,
    /// Who the file is.
    pub(crate) file_id: u64,
    /// The reparse tag, 0 without one.
    pub(crate) tag: u32,
    /// What POSIX knows beside.
    pub(crate) posix: Posix,
}

impl Facts {
    /// What the host's facts come to for the unnamed stream, or for a directory.
    pub(crate) fn of(meta: &Meta) -> Facts {
        // Directories and the host's special files have no data that Windows would count.
        let has_data = meta.stat.kind == NodeKind::File;
        let when_data = |bytes: u64| if has_data { bytes } else { 0 };
        Facts {
            times: [meta.created, meta.stat.accessed, meta.stat.modified, meta.changed],
            allocated: when_data(meta.stat.allocated),
            size: when_data(meta.stat.size),
            attributes: meta.attributes,
            // [Windows] counts the names of a directory, which has one; the host counts `.` and `..` too.
            links: if meta.is_directory() { 1 } else { meta.stat.links },
            delete_pending: false,
            directory: meta.is_directory(),
            file_id: meta.stat.id.inode,
            tag: meta.point.map_or(0, |point| point.tag.0),
            posix: Posix::of(&meta.stat),
        }
    }

    /// FileId128: the file's number, zero-extended, as on NTFS. [MS-FSCC] 2.1.10
    pub(crate) fn file_id_128(&self) -> u128 {
        u128::from(self.file_id)
    }
}

impl<H: Host> Volume<H> {
    /// The facts of an open.
    pub(crate) fn facts(&self, open: &Open<H>) -> Result<Facts, Refusal> {
        let node = open.file.node();
        self.facts_from(open, &node, &self.meta(&node)?)
    }

    /// The facts of an open, from what was found of its file a moment ago.
    pub(crate) fn facts_from(&self, open: &Open<H>, node: &H::Node, meta: &Meta) -> Result<Facts, Refusal> {
        let mut facts = Facts::of(meta);
        facts.delete_pending = open.link.lock().state != LinkState::Present;
        let [_, _, modified, _] = &mut facts.times;
        *modified = self.told_modified(open, *modified);
        if let Some(stream) = open.stream() {
            facts.directory = false;
            facts.attributes = nonempty(facts.attributes.without(FileAttributes::DIRECTORY));
            let deleted = &open.file.lock().streams_deleted;
            facts.delete_pending = deleted.contains(&crate::stream::folded(stream));
            let found = meta::stream_find(&self.host, node, &stream.0)?;
            let data = match &found {
                Some(at) => meta::stream_read(&self.host, node, at)?,
                None => None, // removed meanwhile: nothing is left of it
            };
            facts.size = data.map_or(0, |data| data.len() as u64);
            facts.allocated = facts.size;
        } else {
            facts.allocated = facts.allocated.max(open.file.reserved());
        }
        if open.stream().is_none() && facts.delete_pending {
            facts.links = facts.links.saturating_sub(1);
        }
        // A file without a name left goes with its last open. [MS-FSA] 2.1.5.12.27
        facts.delete_pending |= facts.links == 0;
        Ok(facts)
    }
}

/// FILE_ATTRIBUTE_NORMAL stands for no attribute. [MS-FSCC] 2.6
pub(crate) fn nonempty(attributes: FileAttributes) -> FileAttributes {
    if attributes.is_empty() { FileAttributes::NORMAL } else { attributes }
}
