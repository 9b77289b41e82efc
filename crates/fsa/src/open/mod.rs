//! Opening a file. [MS-FSA] 2.1.5.1
mod breaks;
mod create;
mod existing;
mod inherit;
mod parameters;
mod reparse_index;
mod sharing;
mod stream_kind;
mod target;
mod trace;
mod walk;

pub use walk::HOPS_MAX;

pub use trace::Hop;

pub(crate) use inherit::mapped;

use crate::context::SecurityContext;
use crate::host::Host;
use crate::host::meta::Ea;
use crate::opens::OpenId;
use crate::oplock::OplockKey;
use crate::query::OpenedFacts;
use crate::refusal::{Refusal, Why};
use crate::volume::Volume;
use core::fmt;
use nt::{
    AccessMask, CreateAction, CreateDisposition, CreateOptions, FileAttributes, NtStatus, ShareAccess, Utf16,
};
use reparse::RawReparse;
use walk::{Found, Located};

/// How often an open starts again because what it found was changed before it could act.
const RETRIES_MAX: usize = 64;

/// What an open asks for. [MS-FSA] 2.1.5.1
#[derive(Clone, Copy, Debug)]
pub struct OpenRequest<'a> {
    /// The open that the path starts at, or the volume's root.
    pub relative_to: Option<OpenId>,
    /// Names with backslashes between them; one more in front is optional. It may end in `:stream` and `:$DATA`.
    pub path: &'a [u16],
    /// The rights wanted.
    pub desired_access: AccessMask,
    /// What others may do meanwhile.
    pub share_access: ShareAccess,
    /// What to do if the file exists, and if it does not.
    pub disposition: CreateDisposition,
    /// How to open it.
    pub options: CreateOptions,
    /// Attributes for a file that is made or overwritten. REPARSE_POINT among them means nothing.
    pub attributes: FileAttributes,
    /// Extended attributes for a file that is made or overwritten.
    pub eas: &'a [Ea],
    /// A self-relative security descriptor for a file that is made.
    pub security: Option<&'a [u8]>,
    /// Bytes to reserve for the data of a file that is made or overwritten.
    pub allocation: u64,
    /// Permission bits of the host for a file that is made.
    pub mode: Option<u32>,
    /// Who follows symbolic links.
    pub follow: Follow,
    /// Meet no reparse point in the path, or fail. OBJ_DONT_REPARSE
    pub dont_reparse: bool,
    /// The facts of what exists are wanted with the open: they cost less where they are looked at anyway.
    pub wants_facts: bool,
    /// What this open has in common with others of one client, so that they do not break each other's oplocks.
    pub oplock_key: Option<OplockKey>,
    /// The key under which the same client caches the directory.
    pub parent_oplock_key: Option<OplockKey>,
}

/// Who follows symbolic links. Mount points are always the store's to follow.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Follow {
    /// The store, as Windows does for a local program.
    #[default]
    Store,
    /// The caller, as an SMB client does: the open stops and says where.
    Caller,
}

/// An open that succeeded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Opened {
    /// The open.
    pub id: OpenId,
    /// What was done.
    pub action: CreateAction,
    /// The object is a reparse point and was opened though FILE_OPEN_REPARSE_POINT was not given. [MS-SMB2] 2.2.14
    pub is_reparse_point_opened_without_flag: bool,
    /// Another open's oplock is breaking, and FILE_COMPLETE_IF_OPLOCKED did not wait: OPLOCK_BREAK_IN_PROGRESS.
    pub is_oplock_breaking: bool,
    /// What was found, where it was wanted and the open changed nothing of it.
    pub facts: Option<OpenedFacts>,
}

/// An open that failed.
#[derive(Clone, PartialEq, Debug)]
pub enum OpenError {
    /// It was refused.
    Refused(Refusal),
    /// It met a symbolic link, and the caller follows those. [MS-SMB2] 3.3.5.9
    StoppedOnSymlink(Box<StoppedOnSymlink>),
}

/// Where an open stopped, for a caller who follows symbolic links. [MS-SMB2] 2.2.2.2.1
#[derive(Clone, PartialEq, Debug)]
pub struct StoppedOnSymlink {
    /// Length in bytes of the path behind the link, its leading backslash included; 0 when the link is last.
    pub unparsed_len: u16,
    /// The link, exactly as it is stored.
    pub link: RawReparse,
    /// The path of the link, from the volume's root.
    pub parsed: Utf16,
}

impl<'a> OpenRequest<'a> {
    /// A request to open what exists at `path`, sharing everything.
    pub fn existing(path: &'a [u16], desired_access: AccessMask) -> OpenRequest<'a> {
        OpenRequest {
            relative_to: None,
            path,
            desired_access,
            share_access: ShareAccess::READ | ShareAccess::WRITE | ShareAccess::DELETE,
            disposition: CreateDisposition::OPEN,
            options: CreateOptions::NONE,
            attributes: FileAttributes::NONE,
            eas: &[],
            security: None,
            allocation: 0,
            mode: None,
            follow: Follow::Store,
            dont_reparse: false,
            wants_facts: false,
            oplock_key: None,
            parent_oplock_key: None,
        }
    }

    /// True when the last component is opened itself, whatever tag it has.
    pub(crate) fn opens_reparse_point(&self) -> bool {
        self.options.contains(CreateOptions::OPEN_REPARSE_POINT)
    }
}

impl OpenError {
    /// The status on the wire.
    pub fn status(&self) -> NtStatus {
        match self {
            OpenError::Refused(refusal) => refusal.status,
            OpenError::StoppedOnSymlink(_) => NtStatus::STOPPED_ON_SYMLINK,
        }
    }
}

impl From<Refusal> for OpenError {
    fn from(refusal: Refusal) -> OpenError {
        OpenError::Refused(refusal)
    }
}

impl From<crate::host::HostError> for OpenError {
    fn from(error: crate::host::HostError) -> OpenError {
        OpenError::Refused(error.into())
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Refused(refusal) => refusal.fmt(f),
            OpenError::StoppedOnSymlink(stop) => {
                write!(f, "{}: the symbolic link {} is the caller's to follow", self.status(), stop.parsed)
            }
        }
    }
}

impl core::error::Error for OpenError {}

/// A request, who makes it, and the rights it asks for.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) cx: &'a SecurityContext,
    pub(crate) request: &'a OpenRequest<'a>,
    /// The rights, generic ones mapped.
    pub(crate) access: AccessMask,
}

/// What one try of an open came to.
enum Attempt {
    Opened(Opened),
    /// Names changed between look and act: start again.
    Again,
}

impl<H: Host> Volume<H> {
    /// Opens a file or directory, or makes it. [MS-FSA] 2.1.5.1
    pub fn open(&self, cx: &SecurityContext, request: &OpenRequest<'_>) -> Result<Opened, OpenError> {
        let asked = parameters::check(request)?;
        if self.is_read_only() && parameters::always_changes(request.disposition) {
            self.require_writable()?;
        }
        let asking = Asking { cx, request, access: asked };
        if let Some(opened) = self.open_reparse_index(asking)? {
            return Ok(opened);
        }
        for _ in 0..RETRIES_MAX {
            let epoch = self.epoch();
            let located = self.walk(request, cx)?;
            let attempt = match located {
                Located { found: Found::Existing(object), place, tail, .. } => {
                    self.open_existing(asking, object, place, tail, epoch)?
                }
                Located { found: Found::Missing(name), place, tail, above } => {
                    self.open_missing(asking, &name, (place, above), tail, epoch)?
                }
            };
            if let Attempt::Opened(opened) = attempt {
                return Ok(opened);
            }
        }
        Err(Refusal::new(NtStatus::SHARING_VIOLATION, Why::Restless(RETRIES_MAX)).into())
    }
}
