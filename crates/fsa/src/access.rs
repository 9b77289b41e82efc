//! Rights: what a caller is granted on what it opens. [MS-FSA] 2.1.5.1.2.1 and 2.1.5.1.1, [MS-DTYP] 2.5.3.2
use crate::host::{Host, HostError, HostFault, HostResult, meta};
use crate::link::Link;
use crate::object::Object;
use crate::open::{Asking, OpenError};
use crate::refusal::{Refusal, Why};
use crate::volume::Volume;
use nt::security::{Privileges, SecurityDescriptor, access_check, backup_access, restore_access};
use nt::{AccessMask, CreateDisposition, CreateOptions, FileAttributes, NtStatus};

/// Bits that no request may have. [MS-FSA] 2.1.5.1 phase 1
pub(crate) const RESERVED: AccessMask = AccessMask(0x0CE0_FE00);

/// What a read-only file, or volume, keeps even from those who may have everything.
const KEPT_BY_READ_ONLY: AccessMask = AccessMask(
    AccessMask::FILE_WRITE_DATA.0 | AccessMask::FILE_APPEND_DATA.0 | AccessMask::FILE_DELETE_CHILD.0,
);

impl<H: Host> Volume<H> {
    /// The rights of an open of what exists: those asked for, or all that there are for MAXIMUM_ALLOWED. `added` are rights
    /// that the open itself needs, to overwrite: checked, not granted. [MS-FSA] 2.1.5.1.2.1
    pub(crate) fn grant_existing(
        &self,
        asking: Asking<'_>,
        added: AccessMask,
        object: &Object<H>,
        link: &Link<H>,
    ) -> Result<AccessMask, OpenError> {
        let Asking { cx, request, access: asked } = asking;
        let read_only = object.meta.attributes.contains(FileAttributes::READONLY);
        let writes = AccessMask::FILE_WRITE_DATA | AccessMask::FILE_APPEND_DATA;
        if read_only && !object.is_directory() && (asked | added).intersects(writes) {
            return Err(Refusal::new(NtStatus::ACCESS_DENIED, Why::ReadOnlyFile).into());
        }
        if request.options.contains(CreateOptions::DELETE_ON_CLOSE) && (read_only || self.is_read_only()) {
            let why = if read_only { Why::ReadOnlyFile } else { Why::ReadOnlyVolume };
            return Err(Refusal::new(NtStatus::CANNOT_DELETE, why).into());
        }
        let maximum = asked.contains(AccessMask::MAXIMUM_ALLOWED);
        let named = asked.without(AccessMask::MAXIMUM_ALLOWED);
        let granted = if cx.bypass {
            if maximum { named | AccessMask::FILE_ALL_ACCESS } else { named }
        } else {
            self.check_existing(asking, added, object, link)?
        };
        if maximum && (read_only || self.is_read_only()) {
            return Ok(granted.without(KEPT_BY_READ_ONLY));
        }
        Ok(granted)
    }

    /// The part of a caller whom security descriptors bind.
    fn check_existing(
        &self,
        asking: Asking<'_>,
        added: AccessMask,
        object: &Object<H>,
        link: &Link<H>,
    ) -> Result<AccessMask, OpenError> {
        let Asking { cx, request, access: asked } = asking;
        require_security_privilege(asking)?;
        // Phase 4 of 2.1.5.1: backup and restore intent.
        let mut given = AccessMask::NONE;
        let restores = cx.has_privilege(Privileges::RESTORE);
        if request.options.contains(CreateOptions::OPEN_FOR_BACKUP_INTENT) {
            let reads =
                [CreateDisposition::OPEN, CreateDisposition::OPEN_IF, CreateDisposition::OVERWRITE_IF];
            if reads.contains(&request.disposition) {
                given |= backup_access(&cx.token, asked);
            }
            given |= restore_access(&cx.token, asked);
        }
        let needed = if restores { AccessMask::NONE } else { added };
        let mut remaining = (asked | needed).without(given);
        let descriptor = self.descriptor_of(object)?;
        let check = |rights: AccessMask| access_check(descriptor.as_deref(), &cx.token, rights);
        // A directory's own rights give two on what lies in it. It is asked only for what the object itself does not give.
        let by_parent = [
            (AccessMask::DELETE, AccessMask::FILE_DELETE_CHILD),
            (AccessMask::FILE_READ_ATTRIBUTES, AccessMask::FILE_LIST_DIRECTORY),
        ]
        .map(|(right, by)| {
            let wanted = remaining.intersects(right | AccessMask::MAXIMUM_ALLOWED);
            (wanted && check(right).is_err()).then_some((right, by))
        });
        let parent = link.lock().parent.clone().filter(|_| by_parent.iter().any(Option::is_some));
        if let Some((parent, _)) = parent {
            let above = self.shared_descriptor(&parent)?;
            for (right, by) in by_parent.into_iter().flatten() {
                if access_check(above.as_deref(), &cx.token, by).is_ok() {
                    given |= right;
                    remaining = remaining.without(right);
                }
            }
        }
        if remaining.is_empty() {
            return Ok(given.without(needed.without(asked)));
        }
        let denied = |status| Refusal::new(status, Why::Access { needed: remaining, granted: given });
        let granted = check(remaining).map_err(denied)? | given;
        let extra = if asked.contains(AccessMask::MAXIMUM_ALLOWED) {
            AccessMask::NONE
        } else {
            needed.without(asked)
        };
        Ok(granted.without(extra))
    }

    /// The rights of an open of what it makes: all that it asks for, if it may make it at all in a directory with this
    /// descriptor. [MS-FSA] 2.1.5.1.1
    pub(crate) fn grant_new(
        &self,
        asking: Asking<'_>,
        directory: bool,
        descriptor: Option<&SecurityDescriptor>,
    ) -> Result<AccessMask, OpenError> {
        let Asking { cx, access: asked, .. } = asking;
        let named = asked.without(AccessMask::MAXIMUM_ALLOWED);
        if !cx.bypass {
            require_security_privilege(asking)?;
            // FILE_ADD_FILE and FILE_ADD_SUBDIRECTORY are a directory's names for the rights to write and to append.
            let needed = if directory { AccessMask::FILE_APPEND_DATA } else { AccessMask::FILE_WRITE_DATA };
            let may = access_check(descriptor, &cx.token, needed);
            if may.is_err() && !cx.has_privilege(Privileges::RESTORE) {
                let why = Why::Access { needed, granted: AccessMask::NONE };
                return Err(Refusal::new(NtStatus::ACCESS_DENIED, why).into());
            }
        }
        let all = asked.contains(AccessMask::MAXIMUM_ALLOWED);
        Ok(if all { named | AccessMask::FILE_ALL_ACCESS } else { named })
    }

    /// An object's security descriptor; without one nothing is restricted. One that cannot be read restricts everything.
    pub(crate) fn descriptor(&self, node: &H::Node) -> HostResult<Option<SecurityDescriptor>> {
        let Some(stored) = meta::security(&self.host, node)? else { return Ok(None) };
        let corrupt = |_| HostError { call: "security", fault: HostFault::Corrupt };
        SecurityDescriptor::decode(&stored).map(Some).map_err(corrupt)
    }
}

/// ACCESS_SYSTEM_SECURITY is a privilege's to give. Windows: PRIVILEGE_NOT_HELD, not ACCESS_DENIED: smbtorture
/// smb2.maximum_allowed; docs/SPEC-NOTES.md
fn require_security_privilege(asking: Asking<'_>) -> Result<(), Refusal> {
    let asks = asking.access.contains(AccessMask::ACCESS_SYSTEM_SECURITY);
    // Backup and restore intent give the right, too. [MS-FSA] 2.1.5.1 phase 4
    let intent = asking.request.options.contains(CreateOptions::OPEN_FOR_BACKUP_INTENT);
    let other = Privileges::BACKUP | Privileges::RESTORE;
    let holds = |privileges| {
        Privileges::ALL
            .iter()
            .any(|(one, _)| !(*one & privileges).is_empty() && asking.cx.has_privilege(*one))
    };
    if !asks || holds(Privileges::SECURITY) || (intent && holds(other)) {
        return Ok(());
    }
    Err(Refusal::new(NtStatus::PRIVILEGE_NOT_HELD, Why::Privilege("SeSecurityPrivilege")))
}
