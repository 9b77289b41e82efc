//! The security descriptor of a new object: what its maker gives, and what its directory hands down.
//! [MS-FSA] 2.1.5.1.1, [MS-DTYP] 2.5.3.4
use super::{Asking, OpenError};
use crate::host::{Host, meta};
use crate::refusal::{Refusal, Why};
use crate::volume::{Volume, VolumeKind};
use nt::security::{
    Ace, AceEntry, AceFlags, AceKind, Acl, AclSlot, Privileges, SecurityDescriptor,
    SecurityDescriptorControl as Control, Sid,
};
use nt::{AccessMask, NtStatus};

impl<H: Host> Volume<H> {
    /// Stores the descriptor of a new object. Where nothing is given and the directory has none, there is none.
    pub(super) fn secure(
        &self,
        asking: Asking<'_>,
        node: &H::Node,
        parent: &H::Node,
        directory: bool,
    ) -> Result<(), OpenError> {
        if self.options.kind == VolumeKind::Fat {
            return Ok(());
        }
        let above = self.descriptor(parent)?;
        let given = asking.request.security.map(SecurityDescriptor::decode).transpose();
        let given = given.map_err(|_| invalid("no self-relative security descriptor"))?;
        if above.is_none() && given.is_none() {
            return Ok(());
        }
        let new = assign(asking, above.unwrap_or_default(), given.unwrap_or_default(), directory)?;
        let bytes = new.encode().map_err(|_| invalid("the descriptor is too long"))?;
        meta::set_security(&self.host, node, &bytes)?;
        Ok(())
    }
}

/// [MS-DTYP] 2.5.3.4.1
fn assign(
    asking: Asking<'_>,
    above: SecurityDescriptor,
    given: SecurityDescriptor,
    directory: bool,
) -> Result<SecurityDescriptor, Refusal> {
    let cx = asking.cx;
    let may_own =
        |owner: &Sid| cx.bypass || cx.has_privilege(Privileges::RESTORE) || cx.token.contains(owner);
    if given.owner.as_ref().is_some_and(|owner| !may_own(owner)) {
        let why = Why::Object("the caller cannot make this the owner");
        return Err(Refusal::new(NtStatus::INVALID_OWNER, why));
    }
    if given.sacl != AclSlot::Absent && !cx.bypass && !cx.has_privilege(Privileges::SECURITY) {
        let why = Why::Privilege("SeSecurityPrivilege");
        return Err(Refusal::new(NtStatus::PRIVILEGE_NOT_HELD, why));
    }
    let owner = given.owner.unwrap_or(cx.token.user);
    let group = given.group.or(above.group).unwrap_or(owner);
    let inherited = match &above.dacl {
        AclSlot::Present(acl) => {
            acl.aces.iter().flat_map(|ace| hand_down(ace, &owner, &group, directory)).collect()
        }
        _ => Vec::new(),
    };
    let asks_for_more = given.control.contains(Control::DACL_COMPUTED_INHERITANCE_REQUIRED)
        && !given.control.contains(Control::DACL_PROTECTED);
    let dacl = match given.dacl {
        AclSlot::Present(acl) if asks_for_more => AclSlot::Present(Acl::new([acl.aces, inherited].concat())),
        AclSlot::Absent if !inherited.is_empty() => AclSlot::Present(Acl::new(inherited)),
        // [Windows] A default list: smbtorture smb2.acls.INHERITANCE where a directory hands nothing down.
        AclSlot::Absent => {
            let all = |sid: &Sid| Ace::allow(*sid, AccessMask::FILE_ALL_ACCESS);
            AclSlot::Present(Acl::new(vec![all(&owner), all(&Sid::LOCAL_SYSTEM)]))
        }
        explicit => explicit,
    };
    let kept = given.control.without(Control::DACL_COMPUTED_INHERITANCE_REQUIRED);
    let control = kept | (above.control & Control::DACL_AUTO_INHERITED);
    Ok(SecurityDescriptor {
        control,
        owner: Some(owner),
        group: Some(group),
        dacl,
        sacl: given.sacl,
        ..SecurityDescriptor::default()
    })
}

/// What becomes of a directory's entry on what is made in it: nothing, one entry, or one that counts and one to hand on.
/// [MS-DTYP] 2.5.3.4.4
fn hand_down(ace: &Ace, owner: &Sid, group: &Sid, directory: bool) -> Vec<Ace> {
    let has = |flag| ace.flags.contains(flag);
    let onward = if directory && !has(AceFlags::NO_PROPAGATE_INHERIT) {
        ace.flags & (AceFlags::OBJECT_INHERIT | AceFlags::CONTAINER_INHERIT)
    } else {
        AceFlags::NONE
    };
    let counts = has(if directory { AceFlags::CONTAINER_INHERIT } else { AceFlags::OBJECT_INHERIT });
    let kept = ace.flags & (AceFlags::SUCCESSFUL_ACCESS | AceFlags::FAILED_ACCESS) | AceFlags::INHERITED;
    let handed_on = Ace { flags: kept | onward | AceFlags::INHERIT_ONLY, kind: ace.kind.clone() };
    if !counts {
        return if onward.is_empty() { Vec::new() } else { vec![handed_on] };
    }
    let kind = resolved(&ace.kind, owner, group);
    // What stands for the creator, or for rights yet to be mapped, is handed on as it is, beside what counts here.
    if !onward.is_empty() && kind != ace.kind {
        return vec![Ace { flags: kept, kind }, handed_on];
    }
    vec![Ace { flags: kept | onward, kind }]
}

/// An entry with its creator and its generic rights filled in.
fn resolved(kind: &AceKind, owner: &Sid, group: &Sid) -> AceKind {
    let entry = |entry: &AceEntry| {
        let sid = if entry.sid == Sid::CREATOR_OWNER {
            *owner
        } else if entry.sid == Sid::CREATOR_GROUP {
            *group
        } else {
            entry.sid
        };
        AceEntry { mask: entry.mask.map_generic(), sid, rest: entry.rest.clone() }
    };
    match kind {
        AceKind::Allow(one) => AceKind::Allow(entry(one)),
        AceKind::Deny(one) => AceKind::Deny(entry(one)),
        AceKind::AllowIf(one) => AceKind::AllowIf(entry(one)),
        AceKind::DenyIf(one) => AceKind::DenyIf(entry(one)),
        other @ AceKind::Other { .. } => other.clone(),
    }
}

fn invalid(what: &'static str) -> Refusal {
    Refusal::new(NtStatus::INVALID_SECURITY_DESCR, Why::Object(what))
}
