//! [MS-DTYP] 2.5.3.2: may this token have these rights?
use super::{AceFlags, AceKind, Acl, Privileges, SecurityDescriptor, Sid};
use crate::{AccessMask, NtStatus};
use alloc::vec::Vec;

/// Who asks: an authorization context. [MS-DTYP] 2.5.2
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Token {
    /// The user.
    pub user: Sid,
    /// The groups, with EVERYONE and the like among them: none is implied.
    pub groups: Vec<Sid>,
    /// The privileges held.
    pub privileges: Privileges,
}

impl Token {
    /// True when the user or a group is `sid`. [MS-DTYP] 2.5.3.1.1
    pub fn contains(&self, sid: &Sid) -> bool {
        self.user == *sid || self.groups.contains(sid)
    }

    /// True when the token holds every one of these privileges.
    pub fn has(&self, privileges: Privileges) -> bool {
        self.privileges.contains(privileges)
    }
}

/// Decides whether `token` gets the rights `desired` on a file with this descriptor, and gives the rights granted:
/// `desired` with generic rights mapped and MAXIMUM_ALLOWED replaced by all that the token can have.
///
/// Without a descriptor or without a DACL nothing restricts access. The error is ACCESS_DENIED. [MS-DTYP] 2.5.3.2
pub fn access_check(
    descriptor: Option<&SecurityDescriptor>,
    token: &Token,
    desired: AccessMask,
) -> Result<AccessMask, NtStatus> {
    let maximum = desired.contains(AccessMask::MAXIMUM_ALLOWED);
    let wanted = desired.without(AccessMask::MAXIMUM_ALLOWED).map_generic();

    // Privileges come first: no ACE can take away what they grant.
    let mut granted = AccessMask::NONE;
    if wanted.contains(AccessMask::ACCESS_SYSTEM_SECURITY) {
        // [MS-SMB2] 2.2.13.1.1, note 50: ACCESS_DENIED, not PRIVILEGE_NOT_HELD.
        if !token.has(Privileges::SECURITY) {
            return Err(NtStatus::ACCESS_DENIED);
        }
        granted |= AccessMask::ACCESS_SYSTEM_SECURITY;
    }
    if wanted.contains(AccessMask::WRITE_OWNER) && token.has(Privileges::TAKE_OWNERSHIP) {
        granted |= AccessMask::WRITE_OWNER;
    }

    match descriptor.map(|descriptor| (descriptor, descriptor.dacl.present())) {
        None | Some((_, None)) => {
            granted |= wanted;
            if maximum {
                granted |= AccessMask::FILE_ALL_ACCESS;
            }
        }
        Some((descriptor, Some(dacl))) => {
            let owner = descriptor.owner.is_some_and(|owner| token.contains(&owner));
            if owner && !names_owner_rights(dacl) {
                granted |= AccessMask::READ_CONTROL | AccessMask::WRITE_DAC;
            }
            granted |= granted_by(dacl, token, owner, granted);
        }
    }

    if !granted.contains(wanted) || (maximum && granted.is_empty()) {
        return Err(NtStatus::ACCESS_DENIED);
    }
    Ok(if maximum { granted } else { wanted })
}

/// What a list grants: for each right the first ACE that speaks of it decides. `held` is granted whatever the list says.
///
/// The book subtracts every denied right at the end when MAXIMUM_ALLOWED is asked, wherever the deny ACE stands. Here
/// order counts in both modes, so the maximum is exactly what single requests would get; on a list in canonical order,
/// with deny first, the two are the same.
fn granted_by(dacl: &Acl, token: &Token, owner: bool, held: AccessMask) -> AccessMask {
    let (mut granted, mut denied) = (held, AccessMask::NONE);
    for ace in dacl.aces.iter().filter(|ace| !ace.flags.contains(AceFlags::INHERIT_ONLY)) {
        let applies = |sid: &Sid| token.contains(sid) || (owner && *sid == Sid::OWNER_RIGHTS);
        match &ace.kind {
            AceKind::Allow(entry) if applies(&entry.sid) => {
                granted |= entry.mask.map_generic().without(denied);
            }
            // A condition that cannot be evaluated denies where the ACE denies. [MS-DTYP] 2.4.4.17.3
            AceKind::Deny(entry) | AceKind::DenyIf(entry) if applies(&entry.sid) => {
                denied |= entry.mask.map_generic().without(granted);
            }
            // ... and grants nothing where it would grant. Object ACEs need an object tree; files have none.
            AceKind::Allow(_)
            | AceKind::Deny(_)
            | AceKind::AllowIf(_)
            | AceKind::DenyIf(_)
            | AceKind::Other { .. } => {}
        }
    }
    granted
}

/// An ACE for OWNER_RIGHTS takes the owner's implicit rights away. [MS-DTYP] 2.4.2.4
///
/// The check's own text says "ACEs from object owner"; an ACE that merely names the owner's SID does not count, or an
/// owner who is also denied something could lock himself out, which the sentence above it excludes.
fn names_owner_rights(dacl: &Acl) -> bool {
    dacl.aces.iter().filter(|ace| !ace.flags.contains(AceFlags::INHERIT_ONLY)).any(|ace| match &ace.kind {
        AceKind::Allow(e) | AceKind::Deny(e) | AceKind::AllowIf(e) | AceKind::DenyIf(e) => {
            e.sid == Sid::OWNER_RIGHTS
        }
        AceKind::Other { .. } => false,
    })
}

/// The rights that an open with backup intent gets from SeBackupPrivilege before any check, out of those desired.
/// The caller has verified the disposition: open, open-if or overwrite-if. [MS-FSA] 2.1.5.1
pub fn backup_access(token: &Token, desired: AccessMask) -> AccessMask {
    let rights = AccessMask::READ_CONTROL
        | AccessMask::ACCESS_SYSTEM_SECURITY
        | AccessMask::FILE_GENERIC_READ
        | AccessMask::FILE_TRAVERSE;
    held_by(token, Privileges::BACKUP, rights, desired)
}

/// The rights that an open with backup intent gets from SeRestorePrivilege before any check, out of those desired.
/// [MS-FSA] 2.1.5.1
pub fn restore_access(token: &Token, desired: AccessMask) -> AccessMask {
    let rights = AccessMask::WRITE_DAC
        | AccessMask::WRITE_OWNER
        | AccessMask::ACCESS_SYSTEM_SECURITY
        | AccessMask::FILE_GENERIC_WRITE
        | AccessMask::FILE_ADD_FILE
        | AccessMask::FILE_ADD_SUBDIRECTORY
        | AccessMask::DELETE;
    held_by(token, Privileges::RESTORE, rights, desired)
}

fn held_by(token: &Token, privilege: Privileges, rights: AccessMask, desired: AccessMask) -> AccessMask {
    match (token.has(privilege), desired.contains(AccessMask::MAXIMUM_ALLOWED)) {
        (false, _) => AccessMask::NONE,
        (true, true) => rights,
        (true, false) => desired.map_generic() & rights,
    }
}
