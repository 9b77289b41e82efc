//! What a call is about to change: it has changed when the call is over, well or not. See `host/touched.rs`.
use super::node::LinuxNode;
use crate::host::touched;

/// An object that changes while this is held.
pub(super) struct Touching<'a> {
    node: &'a LinuxNode,
    entries: bool,
}

impl Touching<'_> {
    /// An object.
    pub(super) fn object(node: &LinuxNode) -> Touching<'_> {
        Touching { node, entries: false }
    }

    /// A directory, some name of which goes or becomes another object's.
    pub(super) fn entries(node: &LinuxNode) -> Touching<'_> {
        Touching { node, entries: true }
    }
}

impl Drop for Touching<'_> {
    fn drop(&mut self) {
        if touched::is_watched()
            && let Ok(id) = self.node.id()
        {
            touched::touch(id, self.entries);
        }
    }
}
