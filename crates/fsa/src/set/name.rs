//! A new name: for a rename, or for a further link. [MS-FSCC] 2.4.28.2, 2.4.42.2 and 2.4.43
use super::{Input, Requester};
use crate::context::SecurityContext;
use crate::host::{Host, HostName, NodeId};
use crate::link::{LinkState, Place};
use crate::open::{Follow, OpenError, OpenRequest};
use crate::opens::{Open, OpenId};
use crate::path::{BACKSLASH, check_name};
use crate::refusal::{Refusal, TargetFault, Why};
use crate::volume::Volume;
use nt::{AccessMask, CreateOptions, FileInformationClass as Class, NtStatus, ShareAccess, Utf16};

/// REPLACE_IF_EXISTS, POSIX_SEMANTICS and IGNORE_READONLY_ATTRIBUTE of FILE_RENAME_ and FILE_LINK_. [MS-FSCC] 2.4.43
const REPLACE_IF_EXISTS: u32 = 0x01;
const POSIX_SEMANTICS: u32 = 0x02;
const IGNORE_READONLY: u32 = 0x40;

/// What the caller gives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct NewName {
    /// Something that has the name already may be replaced.
    pub(super) replace: bool,
    /// Even if it is open.
    pub(super) replace_open: bool,
    /// Even if it is read-only.
    pub(super) replace_readonly: bool,
    /// The directory that the name starts at.
    root: Option<OpenId>,
    /// The name as given.
    pub(super) name: Vec<u16>,
}

/// Where the new name lies.
pub(super) struct Destination<H: Host> {
    pub(super) node: H::Node,
    pub(super) id: NodeId,
    /// The directory's path.
    pub(super) path: Utf16,
    /// The last component.
    pub(super) name: Vec<u16>,
}

impl NewName {
    /// Reads the structure; `flags` says that it begins with 32 flags and not with ReplaceIfExists.
    pub(super) fn decode(class: Class, bytes: &[u8], flags: bool) -> Result<NewName, Refusal> {
        let mut input = Input::new(class, bytes, 24)?;
        let bits = if flags { input.u32() } else { u32::from(input.u8() != 0) };
        let _reserved: [u8; 4] = input.array();
        if !flags {
            let _reserved: [u8; 3] = input.array();
        }
        let root = input.u64();
        let len = usize::try_from(input.u32()).unwrap_or(usize::MAX);
        let name = input.rest.get(..len).filter(|name| !name.is_empty()).and_then(Utf16::from_le_bytes);
        let name = name.ok_or(Refusal::parameter("the new name is empty, odd or cut"))?;
        let replace = bits & REPLACE_IF_EXISTS != 0;
        Ok(NewName {
            replace,
            replace_open: replace && bits & POSIX_SEMANTICS != 0,
            replace_readonly: replace && bits & IGNORE_READONLY != 0,
            root: (root != 0).then_some(OpenId(root)),
            name: name.0,
        })
    }
}

impl<H: Host> Destination<H> {
    /// The place of the name, once the host has it as `host_name`.
    pub(super) fn place(&self, host_name: HostName) -> Place<H> {
        Place {
            parent: Some((self.node.clone(), self.id)),
            name: host_name,
            path: self.full_path(),
            state: LinkState::Present,
        }
    }

    /// The path of the name.
    pub(super) fn full_path(&self) -> Utf16 {
        let mut path = self.path.0.clone();
        if path.last() != Some(&BACKSLASH) {
            path.push(BACKSLASH);
        }
        path.extend_from_slice(&self.name);
        Utf16(path)
    }
}

impl<H: Host> Volume<H> {
    /// Finds the directory of a new name; the caller needs `adds` on it, unless it is the directory of the old name.
    /// [MS-FSA] 2.1.5.15.7 and .12
    pub(super) fn destination(
        &self,
        cx: &SecurityContext,
        requester: Requester,
        open: &Open<H>,
        new: &NewName,
        adds: AccessMask,
    ) -> Result<Destination<H>, Refusal> {
        let last = new.name.iter().rposition(|unit| *unit == BACKSLASH).map_or(0, |at| at + 1);
        check_name(new.name.get(last..).unwrap_or_default(), last)?;
        self.destination_directory(cx, requester, open, new, adds)
    }

    /// The same, whatever the name in the directory is.
    pub(super) fn destination_directory(
        &self,
        cx: &SecurityContext,
        requester: Requester,
        open: &Open<H>,
        new: &NewName,
        adds: AccessMask,
    ) -> Result<Destination<H>, Refusal> {
        let absolute = new.name.first() == Some(&BACKSLASH);
        let remote = requester == Requester::Remote;
        if (absolute && (remote || new.root.is_some())) || (remote && new.root.is_some()) {
            return Err(Refusal::parameter("a name that starts in two places"));
        }
        let last = new.name.iter().rposition(|unit| *unit == BACKSLASH).map_or(0, |at| at + 1);
        let (before, name) = new.name.split_at_checked(last).unwrap_or_default();
        if !absolute && !remote && new.root.is_none() {
            if last != 0 {
                return Err(super::refuse(
                    NtStatus::OBJECT_NAME_INVALID,
                    "a name in the same directory has no backslash",
                ));
            }
            return same_directory(open, name);
        }
        let path = before.strip_suffix(&[BACKSLASH]).filter(|path| !path.is_empty()).unwrap_or_default();
        let follow = if remote { Follow::Caller } else { Follow::Store };
        let request = OpenRequest {
            relative_to: new.root,
            options: CreateOptions::OPEN_FOR_BACKUP_INTENT | CreateOptions::DIRECTORY_FILE,
            // Not to be deleted meanwhile: who has it open for that is in the way. [Windows] smbtorture
            // smb2.rename.share_delete_and_delete_access, smb2.oplock.exclusive6, batch19.
            share_access: ShareAccess::READ | ShareAccess::WRITE,
            follow,
            ..OpenRequest::existing(path, adds | AccessMask::SYNCHRONIZE)
        };
        let opened = self.open(cx, &request).map_err(refusal_of)?;
        let directory = self.open_of(opened.id)?;
        let destination = Destination {
            node: directory.file.node(),
            id: directory.file.id(),
            path: directory.path(),
            name: name.to_vec(),
        };
        self.close(opened.id)?;
        Ok(destination)
    }
}

/// The directory that holds the open's own name.
fn same_directory<H: Host>(open: &Open<H>, name: &[u16]) -> Result<Destination<H>, Refusal> {
    let place = open.link.lock();
    let Some((node, id)) = place.parent.clone() else {
        return Err(Refusal::parameter("the root has no other name"));
    };
    let path = &place.path.0;
    let end = path.iter().rposition(|unit| *unit == BACKSLASH).unwrap_or(0).max(1);
    let path = Utf16::from(path.get(..end).unwrap_or_default());
    Ok(Destination { node, id, path, name: name.to_vec() })
}

/// The directory could not be opened. A link that is the caller's to follow is none that a rename could hand back.
fn refusal_of(error: OpenError) -> Refusal {
    match error {
        OpenError::Refused(refusal) => refusal,
        OpenError::StoppedOnSymlink(_) => {
            Refusal::new(NtStatus::STOPPED_ON_SYMLINK, Why::Target(TargetFault::BelowLink))
        }
    }
}
