//! The security descriptor of a new object: what its maker gives, and what its directory hands down.
//! [MS-FSA] 2.1.5.1.1, [MS-DTYP] 2.5.3.4
use super::{Asking, OpenError};
use crate::host::{Host, HostError, HostFault, NodeStat, meta};
use crate::refusal::{Refusal, Why};
use crate::security::unrestricted;
use crate::volume::{Volume, VolumeKind};
use nt::security::{
    Ace, AceEntry, AceFlags, AceKind, Acl, AclSlot, Privileges, SecurityDescriptor,
    SecurityDescriptorControl as Control, Sid,
};
use nt::{AccessMask, NtStatus};
use std::sync::Arc;

/// What a directory hands down to what is made in it.
pub(super) struct Heritage<'a, H: Host> {
    /// The directory.
    pub(super) node: &'a H::Node,
    /// Its facts, if they are known.
    pub(super) stat: Option<NodeStat>,
    /// Its descriptor, if it has one.
    pub(super) descriptor: Option<Arc<SecurityDescriptor>>,
}

impl<H: Host> Volume<H> {
    /// Stores the descriptor of a new object. What a caller makes whom no descriptor binds, where nothing is given and the
    /// directory has none, has none either; what anybody else makes belongs to them.
    pub(super) fn secure(
        &self,
        asking: Asking<'_>,
        node: &H::Node,
        heritage: &Heritage<'_, H>,
        directory: bool,
    ) -> Result<(), OpenError> {
        if self.options.kind == VolumeKind::Fat {
            return Ok(());
        }
        let above = heritage.descriptor.as_ref();
        let given = asking.request.security.map(SecurityDescriptor::decode).transpose();
        let given = given.map_err(|_| invalid("no self-relative security descriptor"))?;
        let is_asked_for = above.is_some() || given.is_some();
        if !is_asked_for && asking.cx.bypass {
            return Ok(());
        }
        let above = match above {
            Some(above) => Arc::clone(above),
            None => Arc::new(match &heritage.stat {
                Some(stat) => unrestricted(stat),
                None => self.unrestricted(heritage.node)?,
            }),
        };
        let new = assign(asking, &above, given.unwrap_or_default(), directory)?;
        let bytes = new.encode().map_err(|_| invalid("the descriptor is too long"))?;
        match meta::set_first_security(&self.host, node, &bytes) {
            // A host that lets us store none has none: everybody may do everything there, as in the directory.
            Err(HostError { fault: HostFault::Denied | HostFault::NotSupported, .. }) if !is_asked_for => {
                Ok(())
            }
            done => Ok(done?),
        }
    }
}

/// [MS-DTYP] 2.5.3.4.1
fn assign(
    asking: Asking<'_>,
    above: &SecurityDescriptor,
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
    let group = given.group.unwrap_or_else(|| primary_group(&cx.token.user));
    let automatic = above.control & Control::DACL_AUTO_INHERITED;
    let mark = if automatic.is_empty() { AceFlags::NONE } else { AceFlags::INHERITED };
    let maker = Maker { owner, group, mark };
    let inherited: Vec<Ace> = match &above.dacl {
        AclSlot::Present(acl) => acl.aces.iter().flat_map(|ace| hand_down(ace, &maker, directory)).collect(),
        _ => Vec::new(),
    };
    let asks_for_more = given.control.contains(Control::DACL_COMPUTED_INHERITANCE_REQUIRED)
        && !given.control.contains(Control::DACL_PROTECTED);
    let (dacl, mark) = match given.dacl {
        AclSlot::Present(acl) if asks_for_more => {
            let own = mapped(acl);
            (AclSlot::Present(Acl::new([own.aces, inherited].concat())), automatic)
        }
        AclSlot::Absent if !inherited.is_empty() => (AclSlot::Present(Acl::new(inherited)), automatic),
        // [Windows] A default list: smbtorture smb2.acls.INHERITANCE where a directory hands nothing down.
        AclSlot::Absent => {
            let all = |sid: &Sid| Ace::allow(*sid, AccessMask::FILE_ALL_ACCESS);
            (AclSlot::Present(Acl::new(vec![all(&owner), all(&Sid::LOCAL_SYSTEM)])), Control::NONE)
        }
        // [Windows] An explicit list is taken as it is: smbtorture smb2.create.aclfile.
        AclSlot::Present(acl) => (AclSlot::Present(mapped(acl)), Control::NONE),
        AclSlot::Null => (AclSlot::Null, Control::NONE),
    };
    let kept = given.control.without(Control::DACL_COMPUTED_INHERITANCE_REQUIRED);
    Ok(SecurityDescriptor {
        control: kept | mark,
        owner: Some(owner),
        group: Some(group),
        dacl,
        sacl: given.sacl,
        ..SecurityDescriptor::default()
    })
}

/// Who makes an object, and what marks the entries that it inherits.
struct Maker {
    owner: Sid,
    group: Sid,
    mark: AceFlags,
}

/// The group of everybody in a user's domain or on their machine (Domain Users, None): the primary group of the users here.
/// [MS-DTYP] 2.4.2.4
fn primary_group(user: &Sid) -> Sid {
    const DOMAIN_USERS: u32 = 513;
    match user.sub_authorities() {
        [21, a, b, c, _] => Sid::new(5, &[21, *a, *b, *c, DOMAIN_USERS]).unwrap_or(*user),
        _ => *user,
    }
}

/// A list whose entries name no generic right, but for those that are handed down: what they come to is said where they
/// arrive. [MS-DTYP] 2.5.3.4.5
pub(crate) fn mapped(acl: Acl) -> Acl {
    let down = AceFlags::OBJECT_INHERIT | AceFlags::CONTAINER_INHERIT | AceFlags::INHERIT_ONLY;
    let map = |ace: Ace| match ace.flags.intersects(down) {
        true => ace,
        false => Ace { kind: changed(&ace.kind, |sid| sid), ..ace },
    };
    Acl { aces: acl.aces.into_iter().map(map).collect(), ..acl }
}

/// What becomes of a directory's entry on what is made in it: nothing, one entry, or one that counts and one to hand on.
/// [MS-DTYP] 2.5.3.4.4
fn hand_down(ace: &Ace, maker: &Maker, directory: bool) -> Vec<Ace> {
    let has = |flag| ace.flags.contains(flag);
    let onward = if directory && !has(AceFlags::NO_PROPAGATE_INHERIT) {
        ace.flags & (AceFlags::OBJECT_INHERIT | AceFlags::CONTAINER_INHERIT)
    } else {
        AceFlags::NONE
    };
    let counts = has(if directory { AceFlags::CONTAINER_INHERIT } else { AceFlags::OBJECT_INHERIT });
    let kept = ace.flags & (AceFlags::SUCCESSFUL_ACCESS | AceFlags::FAILED_ACCESS) | maker.mark;
    let handed_on = Ace { flags: kept | onward | AceFlags::INHERIT_ONLY, kind: ace.kind.clone() };
    if !counts {
        return if onward.is_empty() { Vec::new() } else { vec![handed_on] };
    }
    let kind = resolved(&ace.kind, maker);
    // What stands for the creator, or for rights yet to be mapped, is handed on as it is, beside what counts here.
    if !onward.is_empty() && kind != ace.kind {
        return vec![Ace { flags: kept, kind }, handed_on];
    }
    vec![Ace { flags: kept | onward, kind }]
}

/// An entry with its creator and its generic rights filled in.
fn resolved(kind: &AceKind, maker: &Maker) -> AceKind {
    changed(kind, |sid| {
        if sid == Sid::CREATOR_OWNER {
            maker.owner
        } else if sid == Sid::CREATOR_GROUP {
            maker.group
        } else {
            sid
        }
    })
}

/// An entry with its generic rights mapped, and another SID in place of its own.
fn changed(kind: &AceKind, sid_of: impl Fn(Sid) -> Sid) -> AceKind {
    let entry = |entry: &AceEntry| AceEntry {
        mask: entry.mask.map_generic(),
        sid: sid_of(entry.sid),
        rest: entry.rest.clone(),
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
