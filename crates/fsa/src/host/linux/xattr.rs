//! Extended attributes of an object: by its descriptor, or through `/proc` where that stands only for a name.
use super::fault::{failed, fault, refused};
use super::node::LinuxNode;
use crate::host::{HostError, HostFault, HostResult, NodeKind, XATTR_BYTES_MAX, XattrMode};
use core::mem::MaybeUninit;
use rustix::buffer::spare_capacity;
use rustix::fs::{
    XattrFlags, fgetxattr, flistxattr, fremovexattr, fsetxattr, fstatvfs, getxattr, listxattr, removexattr,
    setxattr,
};
use rustix::io::Errno;

/// Most values are smaller. The kernel clears as many bytes as we offer, so a first look offers few.
const FIRST_LOOK_BYTES: usize = 1024;
/// The most bytes of names one object can have: Linux's XATTR_LIST_MAX.
const LIST_BYTES_MAX: usize = 65_536;

/// The value of `name`.
pub(super) fn get(node: &LinuxNode, name: &str) -> HostResult<Option<Vec<u8>>> {
    let mut small = [MaybeUninit::<u8>::uninit(); FIRST_LOOK_BYTES];
    let found = match node.attribute_fd() {
        Some(fd) => fgetxattr(fd, name, &mut small),
        None => getxattr(node.proc_path(), name, &mut small),
    };
    match found.map(|(value, _)| value.to_vec()) {
        Ok(value) => Ok(Some(value)),
        Err(Errno::RANGE) => get_large(node, name),
        Err(Errno::NODATA | Errno::OPNOTSUPP) => Ok(None),
        Err(other) => Err(failed("xattr")(other)),
    }
}

fn get_large(node: &LinuxNode, name: &str) -> HostResult<Option<Vec<u8>>> {
    let mut value = Vec::with_capacity(XATTR_BYTES_MAX);
    let found = match node.attribute_fd() {
        Some(fd) => fgetxattr(fd, name, spare_capacity(&mut value)),
        None => getxattr(node.proc_path(), name, spare_capacity(&mut value)),
    };
    match found {
        Ok(_) => {
            value.shrink_to_fit();
            Ok(Some(value))
        }
        Err(Errno::NODATA) => Ok(None),
        Err(other) => Err(failed("xattr")(other)),
    }
}

/// Sets `name` to `value`.
pub(super) fn set(node: &LinuxNode, name: &str, value: &[u8], mode: XattrMode) -> HostResult<()> {
    let flags = match mode {
        XattrMode::Any => XattrFlags::empty(),
        XattrMode::Create => XattrFlags::CREATE,
        XattrMode::Replace => XattrFlags::REPLACE,
    };
    let done = match node.attribute_fd() {
        Some(fd) => fsetxattr(fd, name, value, flags),
        None => setxattr(node.proc_path(), name, value, flags),
    };
    done.map_err(|errno| change_failed("set_xattr", node, name, errno))
}

/// Removes `name`; false if it was not there.
pub(super) fn remove(node: &LinuxNode, name: &str) -> HostResult<bool> {
    let done = match node.attribute_fd() {
        Some(fd) => fremovexattr(fd, name),
        None => removexattr(node.proc_path(), name),
    };
    match done {
        Ok(()) => Ok(true),
        Err(Errno::NODATA | Errno::OPNOTSUPP) => Ok(false),
        Err(Errno::PERM) if !takes_user_attributes(node) => Ok(false), // so there was none
        Err(other) => Err(change_failed("remove_xattr", node, name, other)),
    }
}

/// The names of all attributes. A name that is not UTF-8 is no attribute of ours, and is left out.
pub(super) fn names(node: &LinuxNode) -> HostResult<Vec<String>> {
    names_of(node).map(Option::unwrap_or_default)
}

/// The same; `None` where the file system lists none, whatever there is.
pub(super) fn names_of(node: &LinuxNode) -> HostResult<Option<Vec<String>>> {
    let mut small = [MaybeUninit::<u8>::uninit(); FIRST_LOOK_BYTES];
    let found = match node.attribute_fd() {
        Some(fd) => flistxattr(fd, &mut small),
        None => listxattr(node.proc_path(), &mut small),
    };
    let list = match found.map(|(list, _)| list.to_vec()) {
        Ok(list) => list,
        Err(Errno::RANGE) => {
            let mut list = Vec::with_capacity(LIST_BYTES_MAX);
            match node.attribute_fd() {
                Some(fd) => flistxattr(fd, spare_capacity(&mut list)),
                None => listxattr(node.proc_path(), spare_capacity(&mut list)),
            }
            .map_err(failed("xattr_names"))?;
            list
        }
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => return Ok(None),
        Err(other) => return Err(failed("xattr_names")(other)),
    };
    let names = list.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    Ok(Some(names.filter_map(|name| core::str::from_utf8(name).ok()).map(String::from).collect()))
}

/// Why a change failed. Out of memory for attributes and out of disk share numbers: ext4 says ENOSPC for both.
fn change_failed(call: &'static str, node: &LinuxNode, name: &str, errno: Errno) -> HostError {
    let why = match errno {
        Errno::TOOBIG | Errno::RANGE | Errno::OVERFLOW => HostFault::AttributesFull,
        Errno::NOSPC if disk_has_room(node) => HostFault::AttributesFull,
        Errno::NODATA => HostFault::NotFound,
        // xattr(7): only files and directories can have attributes of users
        Errno::PERM if name.starts_with("user.") && !takes_user_attributes(node) => HostFault::NotSupported,
        other => fault(other),
    };
    refused(call, why)
}

fn takes_user_attributes(node: &LinuxNode) -> bool {
    matches!(node.kind(), Ok(NodeKind::File | NodeKind::Directory))
}

fn disk_has_room(node: &LinuxNode) -> bool {
    fstatvfs(node.fd()).is_ok_and(|space| space.f_bavail > 0 && (space.f_files == 0 || space.f_favail > 0))
}
