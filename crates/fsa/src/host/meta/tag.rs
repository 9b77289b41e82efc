//! The reparse tag until the codec has it.

/// A reparse tag. [MS-FSCC] 2.1.2.1
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Tag(pub u32);

#[allow(missing_docs)]
impl Tag {
    pub const SYMLINK: Tag = Tag(0xA000_000C);
    pub const NFS: Tag = Tag(0x8000_0014);
    pub const LX_SYMLINK: Tag = Tag(0xA000_001D);
    pub const AF_UNIX: Tag = Tag(0x8000_0023);
    pub const LX_FIFO: Tag = Tag(0x8000_0024);
    pub const LX_CHR: Tag = Tag(0x8000_0025);
    pub const LX_BLK: Tag = Tag(0x8000_0026);
}
