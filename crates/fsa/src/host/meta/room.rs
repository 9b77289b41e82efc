//! Making room: ext4 holds all attributes of an object in about 4,000 bytes. Where something does not fit, the reparse
//! buffer moves beside the tree and leaves a stub. docs/DISK-FORMAT.md 3
use super::{PointForm, SMB_REPARSE, decode_head, encode_stub};
use crate::host::{Host, HostError, HostFault, HostResult, XattrMode};

/// Sets `user.SmbReparse` in one step, whole if it fits.
pub(super) fn set_point<H: Host>(host: &H, node: &H::Node, buffer: &[u8]) -> HostResult<()> {
    match host.set_xattr(node, SMB_REPARSE, buffer, XattrMode::Any) {
        Err(full @ HostError { fault: HostFault::AttributesFull, .. }) => set_stub(host, node, buffer, full),
        other => other,
    }
}

/// Sets another attribute; when it does not fit, a whole reparse buffer makes room for it.
pub(super) fn set_with_room<H: Host>(host: &H, node: &H::Node, name: &str, value: &[u8]) -> HostResult<()> {
    match host.set_xattr(node, name, value, XattrMode::Any) {
        Err(full @ HostError { fault: HostFault::AttributesFull, .. }) => {
            let buffer = super::optional(host.xattr(node, SMB_REPARSE))?.ok_or(full)?;
            if decode_head(&buffer).form != PointForm::Whole {
                return Err(full);
            }
            set_stub(host, node, &buffer, full)?;
            host.set_xattr(node, name, value, XattrMode::Any)
        }
        other => other,
    }
}

/// Keeps `buffer` beside the tree, then sets the stub: a crash between leaves a blob that nobody names, no more.
fn set_stub<H: Host>(host: &H, node: &H::Node, buffer: &[u8], full: HostError) -> HostResult<()> {
    if encode_stub(buffer, crate::host::BlobId([0; 32])).is_none() {
        return Err(full); // a stub would save nothing
    }
    let id = host.put_blob(node, buffer)?;
    let stub = encode_stub(buffer, id).ok_or(full)?;
    host.set_xattr(node, SMB_REPARSE, &stub, XattrMode::Any)
}
