//! An object as an operation finds it: the host's node, and all that is known of it at that moment.
use crate::host::meta::{self, Depth, Meta, PointHead};
use crate::host::{Host, HostError, HostFault, HostResult, NodeId, NodeKind, Seen, Values};
use crate::volume::Volume;
use reparse::Tag;

/// An object, looked at once.
pub(crate) struct Object<H: Host> {
    pub(crate) node: H::Node,
    pub(crate) meta: Meta,
    /// What was read of its extended attributes, in the order of [`meta::LOOKED`].
    pub(crate) values: Option<Values>,
}

impl<H: Host> Object<H> {
    /// Who it is.
    pub(crate) fn id(&self) -> NodeId {
        self.meta.stat.id
    }

    /// True for a directory, whatever tag it has.
    pub(crate) fn is_directory(&self) -> bool {
        self.meta.is_directory()
    }

    /// True when the host itself has no file or directory here, but one of its own links or special files.
    pub(crate) fn is_host_special(&self) -> bool {
        !matches!(self.meta.stat.kind, NodeKind::File | NodeKind::Directory)
    }

    /// The tag of its reparse point, if it has one.
    pub(crate) fn tag(&self) -> Option<Tag> {
        self.meta.point.as_ref().map(|point| point.tag)
    }

    /// The tag, if it keeps an open without FILE_OPEN_REPARSE_POINT from this object: any, but for a directory's tag with
    /// the D bit, which is as good as none. On a file that bit means nothing. [MS-FSCC] 2.1.2.1
    pub(crate) fn tag_in_the_way(&self) -> Option<Tag> {
        self.tag().filter(|tag| !(tag.is_directory() && self.is_directory()))
    }
}

impl<H: Host> Volume<H> {
    /// Looks at an object.
    pub(crate) fn object(&self, node: H::Node) -> HostResult<Object<H>> {
        let seen = self.host.look_at(&node, Depth::Attributes.wanted())?;
        self.object_seen(node, seen, Depth::Attributes)
    }

    /// An object that was looked at so deep. What lies deeper reads as none, but for the tag of a host link or special file.
    pub(crate) fn object_seen(&self, node: H::Node, seen: Seen, depth: Depth) -> HostResult<Object<H>> {
        let is_plain = matches!(seen.stat.kind, NodeKind::File | NodeKind::Directory);
        let meta = match depth {
            Depth::Kind if is_plain => Meta::new(seen.stat, None, None),
            // One that could not be looked into shows why, and no attributes that were not asked for.
            Depth::Point if is_plain && seen.values.is_none() => {
                Meta::new(seen.stat, None, self.stored_head(&node)?)
            }
            _ => self.as_seen(meta::of_seen(&self.host, &node, &seen, self.options.unix_nodes)?),
        };
        Ok(Object { node, meta, values: seen.values })
    }

    /// The head of the reparse point that is stored with a file or directory.
    pub(crate) fn stored_head(&self, node: &H::Node) -> HostResult<Option<PointHead>> {
        if !self.options.kind.supports_reparse_points() {
            return Ok(None);
        }
        match self.host.xattr(node, meta::SMB_REPARSE) {
            Err(HostError { fault: HostFault::NotSupported, .. }) => Ok(None),
            stored => Ok(stored?.map(|value| meta::decode_head(&value))),
        }
    }

    /// What is known of an object, host links and special files shown as this volume shows them.
    pub(crate) fn meta(&self, node: &H::Node) -> HostResult<Meta> {
        Ok(self.as_seen(meta::load_as(&self.host, node, self.options.unix_nodes)?))
    }

    /// A file system without reparse points does not see one that another left behind.
    fn as_seen(&self, meta: Meta) -> Meta {
        let special = !matches!(meta.stat.kind, NodeKind::File | NodeKind::Directory);
        if self.options.kind.supports_reparse_points() || special {
            return meta;
        }
        Meta::new(meta.stat, meta.stored, None)
    }

    /// The reparse point of an object, whole.
    pub(crate) fn point(&self, node: &H::Node) -> HostResult<Option<Vec<u8>>> {
        meta::point_as(&self.host, node, self.options.unix_nodes)
    }
}
