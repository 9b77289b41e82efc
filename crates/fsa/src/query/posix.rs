//! FilePosixInformation, level 100 of the POSIX extensions of SMB 3.1.1 as Linux and Samba speak them: what `stat` tells. The
//! layout is that of `struct smb311_posix_qinfo` and `struct smb2_posix_info`, which the Linux kernel's client reads; judged
//! by mounts with its option `posix` (cargo xtask judge kernel).
use super::{Facts, Fields, Information, require_len};
use crate::host::{Host, HostResult, NodeStat};
use crate::opens::Open;
use crate::refusal::Refusal;
use crate::volume::Volume;
use nt::security::Sid;
use nt::{AccessMask, FileInformationClass as Class};
use reparse::Tag;

/// The level, of files and of directory entries.
pub(crate) const POSIX_INFORMATION: Class = Class(0x64);
/// From CreationTime to the group's SID.
pub(crate) const LEN: usize = 80 + 2 * SID_LEN;
/// A SID of two sub-authorities.
const SID_LEN: usize = 16;
/// S-1-22-1-UID and S-1-22-2-GID name Unix users and groups.
const UNIX_AUTHORITY: u64 = 22;

/// What POSIX knows of a file beside what [MS-FSCC] has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Posix {
    /// Permission bits, and above them the kind of what is neither file nor directory: those two are told by the attributes,
    /// and clients that know of no kind here take its bits for others.
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Posix {
    pub(crate) fn of(stat: &NodeStat) -> Posix {
        Posix { mode: stat.mode, uid: stat.uid, gid: stat.gid }
    }
}

/// POSIX_FILETYPE_ of the Linux kernel's fs/smb/client/smb2pdu.h, which stands above the permission bits.
const KIND_SHIFT: u32 = 12;
const SYMLINK: u32 = 2;
const CHARDEV: u32 = 3;
const BLKDEV: u32 = 4;
const FIFO: u32 = 5;
const SOCKET: u32 = 6;

/// What a reparse point is to POSIX; `None` for those that are none of its kinds. [MS-FSCC] 2.1.2.6 for NFS
fn kind(tag: Tag, point: &[u8]) -> Option<u32> {
    let nfs = || point.get(8..16).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
    match tag {
        Tag::SYMLINK | Tag::LX_SYMLINK => Some(SYMLINK),
        Tag::LX_CHR => Some(CHARDEV),
        Tag::LX_BLK => Some(BLKDEV),
        Tag::LX_FIFO => Some(FIFO),
        Tag::AF_UNIX => Some(SOCKET),
        Tag::NFS => match nfs()? {
            0x014B_4E4C => Some(SYMLINK),
            0x0052_4843 => Some(CHARDEV),
            0x004B_4C42 => Some(BLKDEV),
            0x4F46_4946 => Some(FIFO),
            0x4B43_4F53 => Some(SOCKET),
            _ => None,
        },
        _ => None,
    }
}

/// The fixed part, and the SIDs of owner and group.
pub(crate) fn fields(head: Fields, facts: &Facts) -> Fields {
    let fields = facts.times.into_iter().fold(head, Fields::time);
    // A volume is one device to its clients; 4 bytes are reserved behind it.
    let fields = fields.u64(facts.size).u64(facts.allocated).u32(facts.attributes.0);
    let fields = fields.u64(facts.file_id).u32(0).u32(0);
    let fields = fields.u32(facts.links).u32(facts.tag).u32(facts.posix.mode);
    fields.bytes(&sid(1, facts.posix.uid)).bytes(&sid(2, facts.posix.gid))
}

fn sid(kind: u32, id: u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(SID_LEN);
    Sid::new(UNIX_AUTHORITY, &[kind, id]).unwrap_or(Sid::NULL).encode(&mut bytes);
    bytes
}

impl<H: Host> Volume<H> {
    /// Adds what only the reparse point tells.
    pub(crate) fn tell_posix_kind(&self, node: &H::Node, facts: &mut Facts) -> HostResult<()> {
        if facts.tag != 0 {
            let point = self.point(node)?.unwrap_or_default();
            facts.posix.mode |= kind(Tag(facts.tag), &point).map_or(0, |kind| kind << KIND_SHIFT);
        }
        Ok(())
    }

    /// The level of an open's file.
    pub(super) fn query_posix(&self, open: &Open<H>, len_max: usize) -> Result<Information, Refusal> {
        require_len(POSIX_INFORMATION, LEN, len_max)?;
        open.require(AccessMask::FILE_READ_ATTRIBUTES)?;
        let mut facts = self.facts(open)?;
        self.tell_posix_kind(&open.file.node(), &mut facts)?;
        Ok(Information::whole(fields(Fields::with_capacity(LEN), &facts).done()))
    }
}
