//! Values too large for an attribute, kept beside the tree by their content. docs/DISK-FORMAT.md 9
use super::LinuxHost;
use super::fault::{failed, fault, refused};
use super::listing::{Go, list};
use super::node::{LinuxNode, resolve};
use super::staging::unnamed_file;
use super::store::{climb, dir_flags, governed, shelf_name, value_path};
use crate::host::{BlobId, Host, HostFault, HostName, HostResult, Make, NodeKind, XATTR_BYTES_MAX};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags, fchmod, fsync, openat, openat2, readlinkat, unlinkat};
use rustix::io::Errno;

/// A value never changes; that it may be read by who knows its name is explained at the folder's mode.
const VALUE_MODE: Mode = Mode::from_raw_mode(0o444);

/// What lies where a value should.
enum Kept {
    Value(Vec<u8>),
    /// Something else, or not readable.
    Wrong(HostFault),
}

/// Keeps a value, and returns when it is on the disk.
pub(super) fn put(host: &LinuxHost, near: &LinuxNode, bytes: &[u8]) -> HostResult<BlobId> {
    const CALL: &str = "put_blob";
    if bytes.len() > XATTR_BYTES_MAX {
        return Err(refused(CALL, HostFault::AttributesFull));
    }
    let id = BlobId::of(bytes);
    let name = id.to_string();
    let shelf = host.store.shelf(&host.root, || directory_of(near), id).map_err(failed(CALL))?;
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    if let Ok(fd) = openat2(&shelf, &name, flags, Mode::empty(), resolve(false))
        && let Kept::Value(_) = read_value(&fd, id)
    {
        // Who put it may not have come to its end, so it is ours to see that it stays.
        fsync(&fd).and_then(|()| fsync(&shelf)).map_err(failed(CALL))?;
        return Ok(id);
    }
    let node = match unnamed_file(shelf.as_fd(), VALUE_MODE | Mode::WUSR).map_err(failed(CALL))? {
        Some(node) => node,
        None => host.create_unnamed(Make::File)?,
    };
    host.write(&node, 0, bytes)?;
    let file = node.readable().map_err(failed(CALL))?;
    fchmod(file, VALUE_MODE).and_then(|()| fsync(file)).map_err(failed(CALL))?;
    let shelf = LinuxNode::directory(shelf);
    host.place(&node, &shelf, &HostName(name.into_bytes()))?;
    let folder = shelf.readable().map_err(failed(CALL))?;
    fsync(file).and_then(|()| fsync(folder)).map_err(failed(CALL))?;
    Ok(id)
}

/// Finds a value in the stores of the root and above it, then of the directories that `near` lies in.
pub(super) fn get(host: &LinuxHost, near: &LinuxNode, id: BlobId) -> HostResult<Option<Vec<u8>>> {
    let path = value_path(id);
    let mut wrong = None;
    let mut look = |dir: BorrowedFd<'_>| match read_at(dir, &path, id)? {
        Kept::Value(value) => Some(value),
        Kept::Wrong(fault) => {
            wrong = wrong.or(Some(fault));
            None
        }
    };
    let root = openat(host.root.fd(), ".", dir_flags(), Mode::empty()).map_err(failed("blob"))?;
    let found = climb(root, &mut look).or_else(|| climb(directory_of(near)?, &mut look));
    match (found, wrong) {
        (Some(value), _) => Ok(Some(value)),
        (None, Some(fault)) => Err(refused("blob", fault)),
        (None, None) => Ok(None),
    }
}

/// The values in the store of the volume's own root.
pub(super) fn ids(host: &LinuxHost) -> HostResult<Vec<BlobId>> {
    let mut ids = Vec::new();
    let Some(overflow) = governed(&host.root).map_err(failed("blobs"))? else { return Ok(ids) };
    let mut shelves = Vec::new();
    list(&overflow, |name, _, _| {
        shelves.push(name.to_vec());
        Go::On
    })
    .map_err(failed("blobs"))?;
    for shelf in shelves {
        let Ok(folder) = LinuxNode::open(overflow.fd(), &shelf, resolve(false)) else { continue };
        if folder.kind() != Ok(NodeKind::Directory) {
            continue;
        }
        list(&folder, |name, _, _| {
            ids.extend(BlobId::from_hex(name).filter(|id| shelf_name(*id).as_bytes() == &shelf[..]));
            Go::On
        })
        .map_err(failed("blobs"))?;
    }
    Ok(ids)
}

/// Forgets a value of the volume's own root.
pub(super) fn remove(host: &LinuxHost, id: BlobId) -> HostResult<()> {
    const CALL: &str = "remove_blob";
    let Some(overflow) = governed(&host.root).map_err(failed(CALL))? else { return Ok(()) };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let shelf = match openat2(overflow.fd(), shelf_name(id), flags, Mode::empty(), resolve(false)) {
        Err(Errno::NOENT) => return Ok(()),
        other => other.map_err(failed(CALL))?,
    };
    match unlinkat(&shelf, id.to_string(), AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => fsync(&shelf).map_err(failed(CALL)),
        Err(other) => Err(failed(CALL)(other)),
    }
}

/// Reads the value below a directory; `None` if there is none.
fn read_at(dir: BorrowedFd<'_>, path: &str, id: BlobId) -> Option<Kept> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match openat2(dir, path, flags, Mode::empty(), resolve(false)) {
        Ok(fd) => Some(read_value(&fd, id)),
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::XDEV) => None,
        Err(other) => Some(Kept::Wrong(fault(other))),
    }
}

/// Reads and verifies a value.
fn read_value(fd: &OwnedFd, id: BlobId) -> Kept {
    let mut value = Vec::with_capacity(XATTR_BYTES_MAX + 1);
    while value.len() <= XATTR_BYTES_MAX {
        match rustix::io::read(fd, rustix::buffer::spare_capacity(&mut value)) {
            Ok(0) => break,
            Ok(_) | Err(Errno::INTR) => {}
            Err(other) => return Kept::Wrong(fault(other)),
        }
    }
    match BlobId::of(&value) == id && value.len() <= XATTR_BYTES_MAX {
        true => Kept::Value(value),
        false => Kept::Wrong(HostFault::Corrupt),
    }
}

/// The directory that an object lies in, or is. Its path may be out of date when it is opened; a value found there is
/// verified like any other.
fn directory_of(near: &LinuxNode) -> Option<OwnedFd> {
    if near.kind() == Ok(NodeKind::Directory) {
        return openat(near.fd(), ".", dir_flags(), Mode::empty()).ok();
    }
    let path = readlinkat(rustix::fs::CWD, near.proc_path(), Vec::new()).ok()?.into_bytes();
    let parent = match path.get(..path.iter().rposition(|byte| *byte == b'/')?)? {
        b"" => b"/",
        parent => parent,
    };
    let unlinked = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    openat2(rustix::fs::CWD, parent, dir_flags(), Mode::empty(), unlinked).ok()
}
