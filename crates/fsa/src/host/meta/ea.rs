//! Extended attributes of Windows, as Samba keeps them: each is `user.<NAME>` with the bare value. docs/DISK-FORMAT.md 4
//!
//! Names are compared without case. A new name is stored in upper case, as NTFS does; one that is there in another
//! case keeps its spelling on the disk. Samba keeps no flags, so FILE_NEED_EA is not kept.
use super::{RESERVED_NAMES, RESERVED_PREFIXES, USER_PREFIX, set_with_room};
use crate::host::{Host, HostError, HostFault, HostResult};

/// The longest EA name, in bytes. [MS-FSCC] 2.4.16
pub const EA_NAME_BYTES_MAX: usize = 254;
/// The longest EA value, in bytes: its length is 16 bits on the wire. [MS-FSCC] 2.4.16
pub const EA_VALUE_BYTES_MAX: usize = 65_535;

/// One extended attribute. [MS-FSCC] 2.4.16
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ea {
    /// Its name, in upper case.
    pub name: Vec<u8>,
    /// Its value, never empty.
    pub value: Vec<u8>,
}

/// Tells whether an EA may have this name. [MS-FSCC] 2.4.16
pub fn ea_name_is_valid(name: &[u8]) -> bool {
    !name.is_empty()
        && name.len() <= EA_NAME_BYTES_MAX
        && name.iter().all(|byte| *byte >= b' ' && !b"\\/:*?\"<>|,+=[];".contains(byte))
}

/// Every EA of an object, in the order of their names.
pub fn ea_list<H: Host>(host: &H, node: &H::Node) -> HostResult<Vec<Ea>> {
    let mut eas = Vec::new();
    for xattr in ea_xattrs(host, node)? {
        let Some(value) = host.xattr(node, &xattr)? else { continue }; // removed since
        if value.is_empty() || value.len() > EA_VALUE_BYTES_MAX {
            continue; // a Windows client cannot be shown it; Samba hides it too
        }
        let name = xattr.as_bytes().get(USER_PREFIX.len()..).unwrap_or_default().to_ascii_uppercase();
        eas.push(Ea { name, value });
    }
    eas.sort_by(|a, b| a.name.cmp(&b.name));
    eas.dedup_by(|a, b| a.name == b.name);
    Ok(eas)
}

/// Sets the EA `name`, or removes it when `value` is empty; removing what is not there succeeds. [MS-FSA] 2.1.5.15.6
pub fn ea_set<H: Host>(host: &H, node: &H::Node, name: &[u8], value: &[u8]) -> HostResult<()> {
    let fault = |fault| HostError { call: "ea_set", fault };
    if !ea_name_is_valid(name) {
        return Err(fault(HostFault::NameInvalid));
    }
    let upper = core::str::from_utf8(name).map_err(|_| fault(HostFault::NameInvalid))?.to_ascii_uppercase();
    let wanted = format!("{USER_PREFIX}{upper}");
    if is_reserved(&wanted) {
        return Err(fault(HostFault::Denied)); // as Samba
    }
    let existing = ea_xattrs(host, node)?.into_iter().find(|xattr| xattr.eq_ignore_ascii_case(&wanted));
    match existing {
        Some(xattr) if value.is_empty() => host.remove_xattr(node, &xattr).map(|_| ()),
        None if value.is_empty() => Ok(()),
        existing => set_with_room(host, node, existing.as_deref().unwrap_or(&wanted), value),
    }
}

/// What FileEaInformation gives: the length of the EAs in the list form of OS/2, its own length word included, or 0.
/// [MS-FSCC] 2.4.13
pub fn ea_size(eas: &[Ea]) -> u32 {
    let len: usize = eas.iter().map(|ea| 5 + ea.name.len() + ea.value.len()).sum();
    if eas.is_empty() { 0 } else { u32::try_from(4 + len).unwrap_or(u32::MAX) }
}

/// The names of the attributes that are EAs.
fn ea_xattrs<H: Host>(host: &H, node: &H::Node) -> HostResult<Vec<String>> {
    let mut names = super::names(host, node)?;
    names.retain(|xattr| is_ea(xattr));
    Ok(names)
}

/// Tells whether an attribute of this name is an EA.
pub(super) fn is_ea(xattr: &str) -> bool {
    let name = xattr.strip_prefix(USER_PREFIX);
    name.is_some_and(|name| ea_name_is_valid(name.as_bytes())) && !is_reserved(xattr)
}

/// Tells whether an attribute means something else to this store or to Samba, and so is no EA.
fn is_reserved(xattr: &str) -> bool {
    let starts =
        |prefix: &&str| xattr.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    RESERVED_NAMES.iter().any(|name| name.eq_ignore_ascii_case(xattr)) || RESERVED_PREFIXES.iter().any(starts)
}
