//! Special files of the host, which are reparse points by nature: links, pipes, sockets and devices. They have no
//! attributes of user's; what they are is what is stored. docs/DISK-FORMAT.md 7
use reparse::Tag;

use super::{PointForm, PointHead};
use crate::host::{Host, HostError, HostFault, HostResult, NodeKind, NodeStat};

/// In which words a special file of the host appears.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SpecialForm {
    /// As NFS does, and Samba: SYMLINK for a relative link, else the NFS tag. [MS-FSCC] 2.1.2.6
    #[default]
    Nfs,
    /// As WSL does: LX_SYMLINK, AF_UNIX, LX_FIFO, LX_CHR, LX_BLK. [MS-FSCC] 2.1.2.7
    Lx,
}

/// The longest target of a host link that is shown, in bytes: Linux's PATH_MAX.
const TARGET_BYTES_MAX: usize = 4096;
/// The version of LX_SYMLINK data that holds its target. [MS-FSCC] 2.1.2.7
const LX_SYMLINK_VERSION: u32 = 2;
/// SYMLINK_FLAG_RELATIVE. [MS-FSCC] 2.1.2.4
const SYMLINK_FLAG_RELATIVE: u32 = 1;
/// The types of NFS data. [MS-FSCC] 2.1.2.6
const NFS_LNK: u64 = 0x014B_4E4C;
const NFS_CHR: u64 = 0x0052_4843;
const NFS_BLK: u64 = 0x004B_4C42;
const NFS_FIFO: u64 = 0x4F46_4946;
const NFS_SOCK: u64 = 0x4B43_4F53;

/// The head of the point that a special file is.
pub(super) fn head<H: Host>(
    host: &H,
    node: &H::Node,
    stat: &NodeStat,
    form: SpecialForm,
) -> HostResult<PointHead> {
    let (tag, data) = contents(host, node, stat, form)?;
    let data_len = u16::try_from(data.len()).unwrap_or(u16::MAX);
    Ok(PointHead { tag, guid: None, data_len, form: PointForm::HostFile })
}

/// The whole buffer of the point that a special file is.
pub(super) fn buffer<H: Host>(
    host: &H,
    node: &H::Node,
    stat: &NodeStat,
    form: SpecialForm,
) -> HostResult<Vec<u8>> {
    let (tag, data) = contents(host, node, stat, form)?;
    let corrupt = HostError { call: "point", fault: HostFault::Corrupt };
    let data_len = u16::try_from(data.len()).map_err(|_| corrupt)?;
    let mut buffer = Vec::with_capacity(8 + data.len());
    buffer.extend_from_slice(&tag.0.to_le_bytes());
    buffer.extend_from_slice(&data_len.to_le_bytes());
    buffer.extend_from_slice(&[0, 0]);
    buffer.extend_from_slice(&data);
    Ok(buffer)
}

/// Tag and data.
fn contents<H: Host>(
    host: &H,
    node: &H::Node,
    stat: &NodeStat,
    form: SpecialForm,
) -> HostResult<(Tag, Vec<u8>)> {
    let nfs = form == SpecialForm::Nfs;
    Ok(match stat.kind {
        NodeKind::Symlink => link_contents(&host.read_link(node)?, form),
        NodeKind::Fifo if nfs => (Tag::NFS, NFS_FIFO.to_le_bytes().to_vec()),
        NodeKind::Socket if nfs => (Tag::NFS, NFS_SOCK.to_le_bytes().to_vec()),
        NodeKind::CharDevice { major, minor } if nfs => (Tag::NFS, nfs_device(NFS_CHR, major, minor)),
        NodeKind::BlockDevice { major, minor } if nfs => (Tag::NFS, nfs_device(NFS_BLK, major, minor)),
        NodeKind::Fifo => (Tag::LX_FIFO, Vec::new()),
        NodeKind::Socket => (Tag::AF_UNIX, Vec::new()),
        NodeKind::CharDevice { .. } => (Tag::LX_CHR, Vec::new()), // the numbers are in EA $LXDEV
        NodeKind::BlockDevice { .. } => (Tag::LX_BLK, Vec::new()),
        NodeKind::File | NodeKind::Directory => {
            return Err(HostError { call: "point", fault: HostFault::NotSupported });
        }
    })
}

/// A device for NFS: type, major, minor.
fn nfs_device(kind: u64, major: u32, minor: u32) -> Vec<u8> {
    [&kind.to_le_bytes()[..], &major.to_le_bytes(), &minor.to_le_bytes()].concat()
}

/// A host link's target in the words of Windows. A relative target that Windows can say is a SYMLINK, which is followed;
/// an absolute one names a place on the host and not on the volume, so it is only shown and never followed.
fn link_contents(target: &[u8], form: SpecialForm) -> (Tag, Vec<u8>) {
    let target = target.get(..TARGET_BYTES_MAX).unwrap_or(target);
    if form == SpecialForm::Lx {
        return (Tag::LX_SYMLINK, [&LX_SYMLINK_VERSION.to_le_bytes()[..], target].concat());
    }
    let text = core::str::from_utf8(target).ok();
    match text.filter(|text| !text.is_empty() && !text.starts_with('/') && !text.contains(['\\', ':'])) {
        Some(relative) => (Tag::SYMLINK, symlink_data(relative)),
        None => {
            let units =
                String::from_utf8_lossy(target).encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
            (Tag::NFS, [&NFS_LNK.to_le_bytes()[..], &units].concat())
        }
    }
}

/// Data of a relative SYMLINK: the print name, then the same as substitute name. [MS-FSCC] 2.1.2.4
fn symlink_data(relative: &str) -> Vec<u8> {
    let mut bare = relative;
    while let Some(shorter) = bare.strip_suffix('/') {
        bare = shorter; // Windows refuses a separator at the end
    }
    let mut name = Vec::with_capacity(2 * bare.len());
    let mut after_separator = false;
    for unit in bare.encode_utf16() {
        let separator = unit == u16::from(b'/');
        if separator && after_separator {
            continue; // and a doubled one
        }
        after_separator = separator;
        name.extend_from_slice(&if separator { u16::from(b'\\') } else { unit }.to_le_bytes());
    }
    let len = u16::try_from(name.len()).unwrap_or(u16::MAX).to_le_bytes(); // at most 2 * TARGET_BYTES_MAX
    [&len[..], &len, &[0, 0], &len, &SYMLINK_FLAG_RELATIVE.to_le_bytes(), &name, &name].concat()
}

const _: () = assert!(12 + 4 * TARGET_BYTES_MAX <= u16::MAX as usize);
