//! Names in directories: found, made, linked, moved and removed, one name a case.
use super::LinuxHost;
use super::fault::{failed, refused};
use super::node::{LinuxNode, node_id};
use super::staging::{Staged, link_fd, unnamed_file};
use super::store::is_store_folder;
use super::touching::Touching;
use crate::host::name::{NAME_BYTES_MAX, encode_exact, encode_new};
use crate::host::{HostError, HostFault, HostName, HostResult, Make, NodeId, NodeKind, RenameMode};
use rustix::fd::BorrowedFd;
use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, RenameFlags, StatxFlags, mkdirat, mknodat, openat2, renameat,
    renameat_with, statx, symlinkat, unlinkat,
};
use rustix::io::Errno;
use std::sync::{MutexGuard, PoisonError};

/// How often a name that others keep changing is looked for before it counts as gone.
const ATTEMPTS_MAX: u32 = 16;
/// What new files let others do, before the process's umask.
const FILE_MODE: Mode = Mode::from_raw_mode(0o666);
/// What new directories let others do, before the process's umask.
const DIRECTORY_MODE: Mode = Mode::from_raw_mode(0o777);

/// Finds `name` in `dir` and opens it.
pub(super) fn lookup<T>(
    host: &LinuxHost,
    dir: &LinuxNode,
    name: &[u16],
    mut open: impl FnMut(&[u8]) -> Result<T, Errno>,
) -> HostResult<Option<(T, HostName)>> {
    const CALL: &str = "lookup";
    let Some(exact) = encode_exact(name) else { return Ok(None) };
    if hidden(host, dir, &exact, CALL)? {
        return Ok(None);
    }
    let mut gone: Option<HostName> = None;
    for _ in 0..ATTEMPTS_MAX {
        if exact.0.len() <= NAME_BYTES_MAX {
            match host.with_room(|| open(&exact.0)) {
                Ok(node) => return Ok(Some((node, exact))),
                Err(Errno::NOENT) => {}
                Err(other) => return Err(failed(CALL)(other)),
            }
        }
        if host.options.case_sensitive {
            return Ok(None);
        }
        let found = host.names.find(dir, name).map_err(failed(CALL))?;
        let Some(found) = found.into_iter().next() else { return Ok(None) };
        match host.with_room(|| open(&found.0)) {
            Ok(node) => return Ok(Some((node, found))),
            Err(Errno::NOENT) if gone.as_ref() == Some(&found) => host.names.forget(dir),
            Err(Errno::NOENT) => gone = Some(found), // renamed or removed just now
            Err(other) => return Err(failed(CALL)(other)),
        }
    }
    Ok(None)
}

/// Makes a new object.
pub(super) fn create(
    host: &LinuxHost,
    dir: &LinuxNode,
    name: &[u16],
    make: Make<'_>,
) -> HostResult<(LinuxNode, HostName)> {
    const CALL: &str = "create";
    host.require_writable(CALL)?;
    let new = new_name(host, dir, name, CALL)?;
    let _held = host.hold(dir, dir, CALL)?;
    if taken_in_another_case(host, dir, name, &new, CALL)? {
        return Err(refused(CALL, HostFault::Exists));
    }
    let _touching = Touching::object(dir);
    let node = host.with_room(|| make_entry(host, dir.fd(), &new.0, make)).map_err(failed(CALL))?;
    Ok((node, new))
}

/// Makes a new object without a name.
pub(super) fn create_unnamed(host: &LinuxHost, make: Make<'_>) -> HostResult<LinuxNode> {
    const CALL: &str = "create_unnamed";
    host.require_writable(CALL)?;
    if make == Make::File
        && let Some(node) = unnamed_file(host.root.fd(), FILE_MODE).map_err(failed(CALL))?
    {
        return Ok(node);
    }
    let staging = host.store.staging(&host.root).map_err(failed(CALL))?;
    let made = Staged::make(&staging, |folder, name| make_entry(host, folder, name.as_bytes(), make));
    let (staged, node) = made.map_err(failed(CALL))?;
    node.stage(Some(staged));
    Ok(node)
}

/// Gives an unnamed object its name.
pub(super) fn place(host: &LinuxHost, node: &LinuxNode, dir: &LinuxNode, name: &HostName) -> HostResult<()> {
    const CALL: &str = "place";
    host.require_writable(CALL)?;
    require_entry_name(name, CALL)?;
    if hidden(host, dir, name, CALL)? {
        return Err(refused(CALL, HostFault::Denied));
    }
    let _touching = (Touching::object(node), Touching::entries(dir));
    if let Some(staged) = node.unstage() {
        return staged.place(dir.fd(), &name.0).map_err(|(errno, staged)| {
            node.stage(Some(staged));
            failed(CALL)(errno)
        });
    }
    match link_fd(node.fd(), dir.fd(), &name.0) {
        Err(Errno::EXIST) => {}
        other => return other.map_err(failed(CALL)),
    }
    let staging = host.store.staging(&host.root).map_err(failed(CALL))?;
    let linked = Staged::make(&staging, |folder, staged| link_fd(node.fd(), folder, staged.as_bytes()));
    let (staged, ()) = linked.map_err(failed(CALL))?;
    staged.place(dir.fd(), &name.0).map_err(|(errno, _)| failed(CALL)(errno))
}

/// A further name for an object.
pub(super) fn link(
    host: &LinuxHost,
    node: &LinuxNode,
    dir: &LinuxNode,
    name: &[u16],
) -> HostResult<HostName> {
    const CALL: &str = "link";
    host.require_writable(CALL)?;
    if node.kind().map_err(failed(CALL))? == NodeKind::Directory {
        return Err(refused(CALL, HostFault::IsDirectory));
    }
    let new = new_name(host, dir, name, CALL)?;
    let _held = host.hold(dir, dir, CALL)?;
    if taken_in_another_case(host, dir, name, &new, CALL)? {
        return Err(refused(CALL, HostFault::Exists));
    }
    let _touching = (Touching::object(node), Touching::object(dir));
    link_fd(node.fd(), dir.fd(), &new.0).map_err(failed(CALL))?;
    Ok(new)
}

/// Renames an entry.
pub(super) fn rename(
    host: &LinuxHost,
    (dir, name): (&LinuxNode, &HostName),
    (new_dir, new_name_units): (&LinuxNode, &[u16]),
    mode: RenameMode,
) -> HostResult<HostName> {
    const CALL: &str = "rename";
    host.require_writable(CALL)?;
    require_entry_name(name, CALL)?;
    if hidden(host, dir, name, CALL)? {
        return Err(refused(CALL, HostFault::NotFound));
    }
    let new = new_name(host, new_dir, new_name_units, CALL)?;
    let _held = host.hold(dir, new_dir, CALL)?;
    let moved = entry_id(dir, name).map_err(failed(CALL))?;
    let same_dir = dir.id().map_err(failed(CALL))? == new_dir.id().map_err(failed(CALL))?;
    if same_dir && *name == new {
        return Ok(new);
    }
    let _touching = (Touching::entries(dir), Touching::entries(new_dir));
    // The name as it stands there now: exactly so, or in another case. The entry itself does not count.
    let standing = match entry_id(new_dir, &new) {
        Ok(id) => Some((new.clone(), id)),
        Err(Errno::NOENT) => in_another_case(host, new_dir, new_name_units, &new, CALL)?
            .filter(|(standing, _)| !(same_dir && standing == name)),
        Err(other) => return Err(failed(CALL)(other)),
    };
    match (standing, mode) {
        (Some(_), RenameMode::NoReplace) => return Err(refused(CALL, HostFault::Exists)),
        (Some((standing, id)), RenameMode::Replace) => {
            replace(dir, name, new_dir, &standing, moved == id).map_err(rename_failed)?;
            host.known.let_go(id);
            if standing != new {
                // Replaced in one step above; this only writes the name as it was asked for.
                rename_free(new_dir, &standing, new_dir, &new).map_err(failed(CALL))?;
            }
        }
        (None, _) => rename_free(dir, name, new_dir, &new).map_err(rename_failed)?,
    }
    Ok(new)
}

/// Removes an entry.
pub(super) fn remove(host: &LinuxHost, dir: &LinuxNode, name: &HostName) -> HostResult<()> {
    const CALL: &str = "remove";
    host.require_writable(CALL)?;
    require_entry_name(name, CALL)?;
    if hidden(host, dir, name, CALL)? {
        return Err(refused(CALL, HostFault::NotFound));
    }
    let _touching = Touching::entries(dir);
    for _ in 0..ATTEMPTS_MAX {
        match unlinkat(dir.fd(), &name.0, AtFlags::empty()) {
            Err(Errno::ISDIR) => {}
            other => return other.map_err(failed(CALL)),
        }
        match unlinkat(dir.fd(), &name.0, AtFlags::REMOVEDIR) {
            Err(Errno::NOTDIR) => {} // replaced between the two calls
            Err(Errno::EXIST) => return Err(refused(CALL, HostFault::NotEmpty)), // rmdir(2): some say so
            other => return other.map_err(failed(CALL)),
        }
    }
    Err(refused(CALL, HostFault::Other(Errno::AGAIN.raw_os_error())))
}

/// Refuses what is no name of an entry.
pub(super) fn require_entry_name(name: &HostName, call: &'static str) -> HostResult<()> {
    let bytes = &name.0[..];
    let wrong = matches!(bytes, b"" | b"." | b"..") || bytes.contains(&b'/') || bytes.contains(&0);
    if wrong { Err(refused(call, HostFault::NameInvalid)) } else { Ok(()) }
}

/// True for the store's own folder, in the volume's root.
pub(super) fn hidden(
    host: &LinuxHost,
    dir: &LinuxNode,
    name: &HostName,
    call: &'static str,
) -> HostResult<bool> {
    Ok(is_store_folder(&name.0) && is_root(host, dir).map_err(failed(call))?)
}

/// True for the volume's root directory.
pub(super) fn is_root(host: &LinuxHost, dir: &LinuxNode) -> Result<bool, Errno> {
    Ok(dir.id()? == host.root.id()?)
}

impl LinuxHost {
    /// Keeps two threads of ours from making one name in two cases. Other processes it cannot keep from that; then each
    /// writing opens its own object, and any other writing the first of them by bytes.
    fn hold(
        &self,
        dir: &LinuxNode,
        other: &LinuxNode,
        call: &'static str,
    ) -> HostResult<[Option<MutexGuard<'_, ()>>; 2]> {
        if self.options.case_sensitive {
            return Ok([None, None]);
        }
        let (first, second) =
            (self.stripe(dir.id().map_err(failed(call))?), self.stripe(other.id().map_err(failed(call))?));
        let lock = |stripe: usize| {
            self.directories.get(stripe).map(|lock| lock.lock().unwrap_or_else(PoisonError::into_inner))
        };
        // In the order of their numbers, so that no two threads wait for each other.
        let low = lock(first.min(second));
        Ok([low, if first == second { None } else { lock(first.max(second)) }])
    }

    fn stripe(&self, id: NodeId) -> usize {
        usize::try_from(id.inode % self.directories.len() as u64).unwrap_or_default()
    }
}

/// The host name for something new, if it may be.
fn new_name(host: &LinuxHost, dir: &LinuxNode, name: &[u16], call: &'static str) -> HostResult<HostName> {
    let new = encode_new(name).map_err(|fault| refused(call, fault))?;
    match hidden(host, dir, &new, call)? {
        true => Err(refused(call, HostFault::Denied)),
        false => Ok(new),
    }
}

fn taken_in_another_case(
    host: &LinuxHost,
    dir: &LinuxNode,
    name: &[u16],
    exact: &HostName,
    call: &'static str,
) -> HostResult<bool> {
    in_another_case(host, dir, name, exact, call).map(|found| found.is_some())
}

/// The entry whose name differs from `exact` in case only.
fn in_another_case(
    host: &LinuxHost,
    dir: &LinuxNode,
    name: &[u16],
    exact: &HostName,
    call: &'static str,
) -> HostResult<Option<(HostName, NodeId)>> {
    if host.options.case_sensitive {
        return Ok(None);
    }
    for found in host.names.find(dir, name).map_err(failed(call))? {
        if found == *exact {
            continue;
        }
        match entry_id(dir, &found) {
            Ok(id) => return Ok(Some((found, id))),
            Err(Errno::NOENT) => {} // removed just now
            Err(other) => return Err(failed(call)(other)),
        }
    }
    Ok(None)
}

/// Who has this name now.
fn entry_id(dir: &LinuxNode, name: &HostName) -> Result<NodeId, Errno> {
    let at = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
    statx(dir.fd(), &name.0, at, StatxFlags::INO).map(|found| node_id(&found))
}

/// Puts an entry in the place of another. Two names of one object become one, which rename(2) leaves to us.
fn replace(
    dir: &LinuxNode,
    name: &HostName,
    new_dir: &LinuxNode,
    standing: &HostName,
    same_object: bool,
) -> Result<(), Errno> {
    match same_object {
        true => unlinkat(dir.fd(), &name.0, AtFlags::empty()),
        false => renameat(dir.fd(), &name.0, new_dir.fd(), &standing.0),
    }
}

/// Renames to a name that nobody has. Where the file system cannot refuse a taken name itself, it is looked for first.
fn rename_free(dir: &LinuxNode, name: &HostName, new_dir: &LinuxNode, new: &HostName) -> Result<(), Errno> {
    match renameat_with(dir.fd(), &name.0, new_dir.fd(), &new.0, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS) => match entry_id(new_dir, new) {
            Err(Errno::NOENT) => renameat(dir.fd(), &name.0, new_dir.fd(), &new.0),
            Ok(_) => Err(Errno::EXIST),
            Err(other) => Err(other),
        },
        other => other,
    }
}

/// Why a rename failed.
fn rename_failed(errno: Errno) -> HostError {
    match errno {
        Errno::INVAL => refused("rename", HostFault::Denied), // rename(2): a directory into one beneath it
        other => failed("rename")(other),
    }
}

/// Makes an entry that was not there, and opens it.
fn make_entry(
    host: &LinuxHost,
    dir: BorrowedFd<'_>,
    name: &[u8],
    make: Make<'_>,
) -> Result<LinuxNode, Errno> {
    let node = |kind, device| mknodat(dir, name, kind, FILE_MODE, device);
    match make {
        Make::File => {
            let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            return openat2(dir, name, flags, FILE_MODE, host.resolve).map(LinuxNode::made);
        }
        Make::Directory => mkdirat(dir, name, DIRECTORY_MODE)?,
        Make::Symlink(target) => symlinkat(target, dir, name)?,
        Make::Fifo => node(FileType::Fifo, 0)?,
        Make::Socket => node(FileType::Socket, 0)?,
        Make::CharDevice(major, minor) => node(FileType::CharacterDevice, rustix::fs::makedev(major, minor))?,
        Make::BlockDevice(major, minor) => node(FileType::BlockDevice, rustix::fs::makedev(major, minor))?,
    }
    LinuxNode::open(dir, name, host.resolve)
}
