//! Security descriptors: querying and setting. [MS-FSA] 2.1.5.14 and 2.1.5.17
use crate::context::SecurityContext;
use crate::host::{Host, HostResult, NodeKind, NodeStat, meta};
use crate::open::mapped;
use crate::opens::OpenId;
use crate::oplock::Breaks;
use crate::query::Information;
use crate::refusal::{Refusal, Why};
use crate::volume::{Volume, VolumeKind};
use nt::security::{
    Ace, AceFlags, Acl, AclSlot, Privileges, SecurityDescriptor, SecurityDescriptorControl as Control, Sid,
};
use nt::{AccessMask, NotifyAction, NotifyFilter, NtStatus, UsnReason};

/// SECURITY_INFORMATION: which parts. [MS-DTYP] 2.4.7
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SecurityInformation(pub u32);

impl SecurityInformation {
    /// OWNER_SECURITY_INFORMATION
    pub const OWNER: SecurityInformation = SecurityInformation(0x01);
    /// GROUP_SECURITY_INFORMATION
    pub const GROUP: SecurityInformation = SecurityInformation(0x02);
    /// DACL_SECURITY_INFORMATION
    pub const DACL: SecurityInformation = SecurityInformation(0x04);
    /// SACL_SECURITY_INFORMATION
    pub const SACL: SecurityInformation = SecurityInformation(0x08);
    /// LABEL_SECURITY_INFORMATION: labels are carried in the SACL and not told apart from it.
    pub const LABEL: SecurityInformation = SecurityInformation(0x10);

    fn has(self, part: SecurityInformation) -> bool {
        self.0 & part.0 != 0
    }
}

impl core::ops::BitOr for SecurityInformation {
    type Output = SecurityInformation;
    fn bitor(self, other: SecurityInformation) -> SecurityInformation {
        SecurityInformation(self.0 | other.0)
    }
}

/// Control bits that go with the DACL, and with the SACL.
const OF_DACL: Control =
    Control(Control::DACL_DEFAULTED.0 | Control::DACL_PROTECTED.0 | Control::DACL_AUTO_INHERITED.0);
const OF_SACL: Control =
    Control(Control::SACL_DEFAULTED.0 | Control::SACL_PROTECTED.0 | Control::SACL_AUTO_INHERITED.0);

impl<H: Host> Volume<H> {
    /// Parts of a file's security descriptor, self-relative. When they do not fit, the refusal is BUFFER_OVERFLOW and says
    /// how many bytes they need. [MS-FSA] 2.1.5.14
    ///
    /// A file without a stored descriptor belongs to the host's owner and group (as `S-1-22-1-uid` and `S-1-22-2-gid`,
    /// Samba's names for them) and lets everyone do everything, for that is how it is checked.
    pub fn query_security(
        &self,
        id: OpenId,
        parts: SecurityInformation,
        len_max: usize,
    ) -> Result<Information, Refusal> {
        let open = self.open_of(id)?;
        self.require_security()?;
        if parts.has(SecurityInformation(0x17)) {
            open.require(AccessMask::READ_CONTROL)?;
        }
        if parts.has(SecurityInformation::SACL) {
            open.require(AccessMask::ACCESS_SYSTEM_SECURITY)?;
        }
        let node = open.file.node();
        let whole = self.effective_descriptor(&node)?;
        let chosen = merge(SecurityDescriptor::default(), whole, parts);
        let bytes = chosen.encode().map_err(|_| invalid("the stored descriptor cannot be shown"))?;
        if bytes.len() > len_max {
            let why = Why::Length { what: "the security descriptor", wanted: bytes.len(), got: len_max };
            return Err(Refusal::new(NtStatus::BUFFER_OVERFLOW, why));
        }
        Ok(Information::whole(bytes))
    }

    /// Replaces parts of a file's security descriptor. [MS-FSA] 2.1.5.17
    pub fn set_security(
        &self,
        cx: &SecurityContext,
        id: OpenId,
        parts: SecurityInformation,
        descriptor: &[u8],
    ) -> Result<(), Refusal> {
        let open = self.open_of(id)?;
        self.require_security()?;
        if parts.has(SecurityInformation(0x13)) {
            open.require(AccessMask::WRITE_OWNER)?;
        }
        if parts.has(SecurityInformation::DACL) {
            open.require(AccessMask::WRITE_DAC)?;
        }
        if parts.has(SecurityInformation::SACL) {
            open.require(AccessMask::ACCESS_SYSTEM_SECURITY)?;
        }
        self.require_writable()?;
        let given = SecurityDescriptor::decode(descriptor)
            .map_err(|_| invalid("no self-relative security descriptor"))?;
        if parts.has(SecurityInformation::OWNER) {
            let may_own =
                |owner: &Sid| cx.bypass || cx.has_privilege(Privileges::RESTORE) || cx.token.contains(owner);
            if !given.owner.as_ref().is_some_and(may_own) {
                return Err(Refusal::new(
                    NtStatus::INVALID_OWNER,
                    Why::Object("the caller cannot make this the owner"),
                ));
            }
        }
        let mut state = open.file.lock();
        self.break_oplock(&open, Breaks::handles())?;
        let node = open.file.node();
        let pinned = self.pinned_times(&open)?;
        let new = merge(self.effective_descriptor(&node)?, settled(given), parts);
        let bytes = new.encode().map_err(|_| invalid("the descriptor is too long"))?;
        meta::set_security(&self.host, &node, &bytes)?;
        self.changed(); // an open that has read the one before reads again
        self.archive(&open)?;
        self.restore_times(&open, pinned)?;
        self.settle(&node, open.options)?;
        let (filter, reason) = (NotifyFilter::SECURITY, UsnReason::SECURITY_CHANGE);
        self.tell_change(&mut state, &open.file, &open.link, filter, NotifyAction::MODIFIED, reason);
        Ok(())
    }

    /// The stored descriptor, or the one that stands for none.
    fn effective_descriptor(&self, node: &H::Node) -> HostResult<SecurityDescriptor> {
        match self.descriptor(node)? {
            Some(stored) => Ok(stored),
            None => self.unrestricted(node),
        }
    }

    /// The descriptor that stands for none.
    pub(crate) fn unrestricted(&self, node: &H::Node) -> HostResult<SecurityDescriptor> {
        Ok(unrestricted(&self.host.stat(node)?))
    }

    /// FAT has no security.
    fn require_security(&self) -> Result<(), Refusal> {
        match self.options.kind {
            VolumeKind::Fat => {
                Err(Refusal::new(NtStatus::INVALID_DEVICE_REQUEST, Why::VolumeKind(VolumeKind::Fat)))
            }
            _ => Ok(()),
        }
    }
}

/// `base` with the chosen parts of `from`.
fn merge(
    base: SecurityDescriptor,
    from: SecurityDescriptor,
    parts: SecurityInformation,
) -> SecurityDescriptor {
    let mut merged = base;
    if parts.has(SecurityInformation::OWNER) {
        merged.owner = from.owner;
    }
    if parts.has(SecurityInformation::GROUP) {
        merged.group = from.group;
    }
    if parts.has(SecurityInformation::DACL) {
        merged.control = merged.control.without(OF_DACL) | (from.control & OF_DACL);
        merged.dacl = from.dacl;
    }
    if parts.has(SecurityInformation::SACL | SecurityInformation::LABEL) {
        merged.control = merged.control.without(OF_SACL) | (from.control & OF_SACL);
        merged.sacl = from.sacl;
    }
    merged
}

/// A descriptor that is to be set, as it will be stored. [MS-FSA] 2.1.5.17, [MS-DTYP] 2.5.3.4.5
fn settled(given: SecurityDescriptor) -> SecurityDescriptor {
    // [Windows] Inherited is what the setter says is, and says to be computed: smbtorture smb2.acls.INHERITFLAGS.
    let pairs = [
        (Control::DACL_COMPUTED_INHERITANCE_REQUIRED, Control::DACL_AUTO_INHERITED),
        (Control::SACL_COMPUTED_INHERITANCE_REQUIRED, Control::SACL_AUTO_INHERITED),
    ];
    let control = pairs.into_iter().fold(given.control, |control, (required, inherited)| {
        let lost = if control.contains(required) { Control::NONE } else { inherited };
        control.without(required | lost)
    });
    let dacl = match given.dacl {
        AclSlot::Present(acl) => AclSlot::Present(mapped(acl)),
        // [Windows] No list at all is one that restricts nothing: smbtorture smb2.create.nulldacl.
        AclSlot::Absent | AclSlot::Null => AclSlot::Null,
    };
    SecurityDescriptor { control, dacl, ..given }
}

/// What an object without a descriptor amounts to; what is made in a directory inherits it.
pub(crate) fn unrestricted(stat: &NodeStat) -> SecurityDescriptor {
    let everything = Ace::allow(Sid::EVERYONE, AccessMask::FILE_ALL_ACCESS);
    let is_directory = stat.kind == NodeKind::Directory;
    let (flags, control) = match is_directory {
        true => (AceFlags::OBJECT_INHERIT | AceFlags::CONTAINER_INHERIT, Control::DACL_AUTO_INHERITED),
        false => (AceFlags::NONE, Control::NONE),
    };
    let everything = everything.with_flags(flags);
    SecurityDescriptor {
        control,
        owner: Sid::new(22, &[1, stat.uid]),
        group: Sid::new(22, &[2, stat.gid]),
        dacl: AclSlot::Present(Acl::new(vec![everything])),
        ..SecurityDescriptor::default()
    }
}

fn invalid(what: &'static str) -> Refusal {
    Refusal::new(NtStatus::INVALID_SECURITY_DESCR, Why::Object(what))
}
