//! [MS-SMB2] 2.2.14.1: SMB2_FILEID.

/// What names an open on the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct FileId {
    /// Stays the same when the open is reconnected.
    pub persistent: u64,
    /// May change when the open is reconnected; unique within a session.
    pub volatile: u64,
}

impl FileId {
    /// All ones: in a related request of a compound, the open that the request before it made or used, [MS-SMB2]
    /// 3.3.5.2.7.2; in some IOCTLs, no open at all.
    pub const ANY: FileId = FileId { persistent: u64::MAX, volatile: u64::MAX };
}
