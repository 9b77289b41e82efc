//! What an open tells the one who made it, whatever rights it has: a protocol's answer to an open or a close.
use super::Facts;
use super::posix::Posix;
use crate::context::SecurityContext;
use crate::host::Host;
use crate::open::{Asking, OpenError, OpenRequest};
use crate::opens::OpenId;
use crate::refusal::Refusal;
use crate::volume::Volume;
use nt::{AccessMask, CreateOptions, FileAttributes, FileTime};

/// The facts of an open's file and stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpenedFacts {
    /// Creation, last access, last write and change.
    pub times: [FileTime; 4],
    /// Bytes of disk behind the stream.
    pub allocated: u64,
    /// Bytes of data.
    pub size: u64,
    /// Attributes.
    pub attributes: FileAttributes,
    /// Names of the file.
    pub links: u32,
    /// The reparse tag, 0 without one.
    pub tag: u32,
    /// The file's number.
    pub file_id: u64,
    /// Permission bits on the host.
    pub mode: u32,
    /// The owner on the host.
    pub uid: u32,
    /// The group on the host.
    pub gid: u32,
}

impl From<Facts> for OpenedFacts {
    fn from(facts: Facts) -> OpenedFacts {
        let Facts { times, allocated, size, attributes, links, file_id, tag, posix, .. } = facts;
        let Posix { mode, uid, gid } = posix;
        OpenedFacts { times, allocated, size, attributes, links, tag, file_id, mode, uid, gid }
    }
}

impl<H: Host> Volume<H> {
    /// The facts of an open. [MS-SMB2] 3.3.5.9 and 3.3.5.10
    pub fn opened_facts(&self, id: OpenId) -> Result<OpenedFacts, Refusal> {
        let open = self.open_of(id)?;
        self.facts(&open).map(OpenedFacts::from)
    }

    /// All the rights that a caller could have had on an open's file. [MS-SMB2] 2.2.13.2.5
    pub fn maximal_access(&self, cx: &SecurityContext, id: OpenId) -> Result<AccessMask, OpenError> {
        let open = self.open_of(id)?;
        let object = self.object(open.file.node())?;
        let request = OpenRequest {
            options: open.options.without(CreateOptions::DELETE_ON_CLOSE),
            ..OpenRequest::existing(&[], AccessMask::MAXIMUM_ALLOWED)
        };
        let asking = Asking { cx, request: &request, access: AccessMask::MAXIMUM_ALLOWED };
        self.grant_existing(asking, AccessMask::NONE, &object, &open.link)
    }
}
