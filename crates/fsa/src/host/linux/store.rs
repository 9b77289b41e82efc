//! The store's own folder `.pointsman`: where it is looked for, where it is made. docs/DISK-FORMAT.md 9
use super::node::{LinuxNode, node_id, resolve};
use crate::host::BlobId;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{
    Access, AtFlags, Mode, OFlags, StatxFlags, accessat, fchmod, fsync, mkdirat, openat, openat2, statx,
};
use rustix::io::Errno;
use std::sync::{Arc, Mutex, PoisonError};

/// The folder's name.
pub const STORE_FOLDER: &str = ".pointsman";
/// Its folder of values too large for an attribute.
const OVERFLOW: &str = "overflow";
/// Its folder of objects that wait for their name.
const STAGING: &str = "staging";
/// Others may pass, not list: who knows the name of a value, from an attribute he may read, may read the value.
const FOLDER_MODE: Mode = Mode::from_raw_mode(0o711);
/// Nobody else has business in the staging folder.
const STAGING_MODE: Mode = Mode::from_raw_mode(0o700);
/// The most directories climbed from the root to the top of its mount.
const CLIMB_MAX: usize = 256;

/// Where the store makes its folder when it needs one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum StoreAt {
    /// In the volume's root. What is set through this volume survives `mv` within the root.
    #[default]
    Root,
    /// As high on the root's mount as there is a writable one already, else as high as the caller may write, temporary
    /// folders that all may write excepted. What is set survives `mv` within all below.
    TopOfMount,
}

/// The folder this host writes to, found or made on first need.
pub(super) struct Store {
    at: StoreAt,
    home: Mutex<Option<Home>>,
}

/// An open store folder.
#[derive(Clone)]
struct Home {
    folder: Arc<OwnedFd>,
}

impl Store {
    pub(super) fn new(at: StoreAt) -> Store {
        Store { at, home: Mutex::new(None) }
    }

    /// The staging folder, made if need be.
    pub(super) fn staging(&self, root: &LinuxNode) -> Result<Arc<OwnedFd>, Errno> {
        folder(self.home(root)?.folder.as_fd(), STAGING, STAGING_MODE).map(Arc::new)
    }

    /// The folder in which a value belongs, made if need be. Where the caller may write neither at the root nor above it,
    /// the folder lies on the way down to `near`, as high as may be: there it is looked for, too.
    pub(super) fn shelf(
        &self,
        root: &LinuxNode,
        near: impl FnOnce() -> Option<OwnedFd>,
        id: BlobId,
    ) -> Result<OwnedFd, Errno> {
        let home = match self.home(root) {
            Err(denied @ (Errno::ACCESS | Errno::PERM)) if self.at == StoreAt::TopOfMount => {
                let place = top_of_mount(near().ok_or(denied)?)?;
                Home { folder: Arc::new(folder(place.as_fd(), STORE_FOLDER, FOLDER_MODE)?) }
            }
            home => home?,
        };
        let overflow = folder(home.folder.as_fd(), OVERFLOW, FOLDER_MODE)?;
        folder(overflow.as_fd(), &shelf_name(id), FOLDER_MODE)
    }

    fn home(&self, root: &LinuxNode) -> Result<Home, Errno> {
        let mut home = self.home.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*home {
            return Ok(known.clone());
        }
        let place = match self.at {
            StoreAt::Root => openat(root.fd(), ".", dir_flags(), Mode::empty())?,
            StoreAt::TopOfMount => top_of_mount(openat(root.fd(), ".", dir_flags(), Mode::empty())?)?,
        };
        let folder = Arc::new(folder(place.as_fd(), STORE_FOLDER, FOLDER_MODE)?);
        Ok(home.insert(Home { folder }).clone())
    }
}

/// True for the name of the store's folder, in any case.
pub(super) fn is_store_folder(name: &[u8]) -> bool {
    // Any other writing of it has a character beyond ASCII that no upper case makes one of ASCII's.
    name.eq_ignore_ascii_case(STORE_FOLDER.as_bytes())
}

/// The overflow folder of the volume's own root, if there is one: what this root governs.
pub(super) fn governed(root: &LinuxNode) -> Result<Option<LinuxNode>, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let path = format!("{STORE_FOLDER}/{OVERFLOW}");
    match openat2(root.fd(), path, flags, Mode::empty(), resolve(false)) {
        Ok(fd) => Ok(Some(LinuxNode::directory(fd))),
        Err(Errno::NOENT) => Ok(None),
        Err(other) => Err(other),
    }
}

/// Where objects wait below a directory with a store.
pub(super) fn staging_path() -> String {
    format!("{STORE_FOLDER}/{STAGING}")
}

/// Where a value lies below a directory with a store.
pub(super) fn value_path(id: BlobId) -> String {
    format!("{STORE_FOLDER}/{OVERFLOW}/{}/{id}", shelf_name(id))
}

/// The name of a value's folder: its first two digits.
pub(super) fn shelf_name(id: BlobId) -> String {
    let [first, ..] = id.0;
    format!("{first:02x}")
}

/// Calls `visit` with the directory and each one above it up to the top of its mount, until it gives something.
pub(super) fn climb<T>(start: OwnedFd, mut visit: impl FnMut(BorrowedFd<'_>) -> Option<T>) -> Option<T> {
    let mut here = start;
    let mut here_is = whereabouts(here.as_fd()).ok()?;
    for _ in 0..CLIMB_MAX {
        if let Some(found) = visit(here.as_fd()) {
            return Some(found);
        }
        let above = openat(here.as_fd(), "..", dir_flags(), Mode::empty()).ok()?;
        let above_is = whereabouts(above.as_fd()).ok()?;
        if above_is.mount != here_is.mount || above_is == here_is {
            return None;
        }
        (here, here_is) = (above, above_is);
    }
    None
}

/// Opens a directory for climbing: by name only, so that it need not be readable.
pub(super) fn dir_flags() -> OFlags {
    OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

/// Which directory a descriptor stands for, on which mount.
#[derive(PartialEq, Eq)]
struct Whereabouts {
    mount: (u64, u64),
    id: crate::host::NodeId,
}

fn whereabouts(dir: BorrowedFd<'_>) -> Result<Whereabouts, Errno> {
    let found = statx(dir, "", AtFlags::EMPTY_PATH, StatxFlags::INO | StatxFlags::MNT_ID)?;
    let id = node_id(&found);
    Ok(Whereabouts { mount: (id.device, found.stx_mnt_id), id })
}

/// The directory that has, or is to have, the folder of [`StoreAt::TopOfMount`].
fn top_of_mount(start: OwnedFd) -> Result<OwnedFd, Errno> {
    let (mut with_store, mut writable) = (None, None);
    climb::<()>(start, |dir| {
        let again = || openat(dir, ".", dir_flags(), Mode::empty()).ok();
        match openat2(dir, STORE_FOLDER, dir_flags(), Mode::empty(), resolve(false)) {
            Ok(store) if may_write(store.as_fd()) => with_store = again(),
            Ok(_) => {} // another user's: one beside it cannot be
            Err(_) if may_write(dir) && !is_everyones(dir) => writable = again(),
            Err(_) => {}
        }
        None
    });
    with_store.or(writable).ok_or(Errno::ACCESS)
}

fn may_write(dir: BorrowedFd<'_>) -> bool {
    accessat(dir, ".", Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS).is_ok()
}

/// True for folders like `/tmp`, where anybody's things come and go.
fn is_everyones(dir: BorrowedFd<'_>) -> bool {
    let Ok(found) = statx(dir, "", AtFlags::EMPTY_PATH, StatxFlags::MODE) else { return true };
    u32::from(found.stx_mode) & 0o1002 == 0o1002
}

/// Opens the folder `name` of `dir`, made first if it is not there, and then on the disk when this returns.
fn folder(dir: BorrowedFd<'_>, name: &str, mode: Mode) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match openat2(dir, name, flags, Mode::empty(), resolve(false)) {
        Err(Errno::NOENT) => {}
        other => return other,
    }
    let made = match mkdirat(dir, name, mode) {
        Err(Errno::EXIST) => false, // by another, just now
        other => other.map(|()| true)?,
    };
    let fd = openat2(dir, name, flags, Mode::empty(), resolve(false))?;
    if made {
        fchmod(&fd, mode)?; // whatever the umask
        fsync(&fd)?;
    }
    fsync(openat(dir, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)?;
    Ok(fd)
}
