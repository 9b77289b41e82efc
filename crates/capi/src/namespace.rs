//! Volumes by name: the drives that the program or the environment maps, and the rest of this machine.
//!
//! A drive is a volume of its own, whose root is its directory: no link of any kind leads out of it. A host path below a
//! drive's directory is on that drive; any other is on a volume that begins at the top of its mount.
use crate::error::{Failure, Outcome};
use crate::image_store::ImageStore;
use crate::path::{self, Named};
use crate::remote_store::RemoteStore;
use crate::store::{Store, StoreOpened};
use fsa::host::linux::{LinuxHost, LinuxOpenError, LinuxOptions, StoreAt};
use fsa::host::name::encode_exact;
use fsa::{DriveMap, Durability, HOPS_MAX, OpenRequest, SecurityContext, Volume, VolumeKind, VolumeOptions};
use nt::{NtStatus, Win32Error};
use ntfs::Partition;
use places::{Locator, Place, RootChoice};
use remote::Address;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// The environment's map: `C:=/srv/c;D:=/srv/d`.
const VARIABLE: &str = "POINTSMAN_DRIVES";
/// Where a server listens whose name is all that is known.
const SMB_PORT: u16 = 445;
/// The most drives, and the most mounts kept open.
const VOLUMES_MAX: usize = 1024;
const BACKSLASH: u16 = b'\\' as u16;

/// A volume, and how it is called.
pub(crate) struct Mounted {
    pub(crate) volume: Store,
    /// Its root on the host.
    pub(crate) root: PathBuf,
    /// What it is mapped as; `None` for the top of a mount.
    pub(crate) name: Option<reparse::Volume>,
}

/// How a mapped volume behaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Manner {
    pub(crate) kind: VolumeKind,
    pub(crate) read_only: bool,
}

/// What is mapped, and the volumes that were opened since it last changed.
struct Namespace {
    drives: Vec<Drive>,
    mounts: Vec<Arc<Mounted>>,
}

#[derive(Clone)]
struct Drive {
    name: reparse::Volume,
    at: DriveAt,
    manner: Manner,
    /// Opened on first use.
    mounted: Option<Arc<Mounted>>,
}

/// Where a drive is.
#[derive(Clone, PartialEq, Eq, Debug)]
enum DriveAt {
    /// A directory of this machine.
    Directory(PathBuf),
    /// A volume in an image, or a directory of one: the path of the volume's root.
    Image(PathBuf, Partition, Vec<u16>),
    /// A share of a server, or a directory of one.
    Share(Address),
}

/// `None` until the environment was read.
static NAMESPACE: RwLock<Option<Namespace>> = RwLock::new(None);

/// A path on an open volume.
#[derive(Clone)]
pub(crate) struct Spot {
    pub(crate) mounted: Arc<Mounted>,
    /// From its root, with a backslash in front.
    pub(crate) path: Vec<u16>,
}

/// Maps a drive, a volume or a share to a directory, or unmaps it. Files that are open stay on the volume they are on.
pub(crate) fn map(name: &str, directory: Option<&Path>, manner: Manner) -> Outcome<()> {
    let name: reparse::Volume = name.parse().map_err(|_| Win32Error::INVALID_NAME)?;
    let at = directory.map(place_of).transpose()?;
    change(|namespace| {
        namespace.drives.retain(|drive| !same(&drive.name, &name));
        if let Some(at) = at {
            if namespace.drives.len() >= VOLUMES_MAX {
                return Err(Win32Error::NO_SYSTEM_RESOURCES.into());
            }
            namespace.drives.push(Drive { name, at, manner, mounted: None });
        }
        // What is mapped decides where absolute links lead, on every volume.
        namespace.mounts.clear();
        namespace.drives.iter_mut().for_each(|drive| drive.mounted = None);
        Ok(())
    })
}

/// Finds the volume and the path on it that a name means.
pub(crate) fn spot(named: Named) -> Outcome<Spot> {
    match named {
        Named::OnVolume { volume, path } => Ok(Spot { mounted: drive(&volume)?, path }),
        Named::OnCurrentDrive(path) => Ok(Spot { mounted: drive(&current_drive()?)?, path }),
        Named::Host(path) => host(&path),
    }
}

/// The drive that holds the current directory.
pub(crate) fn current_drive() -> Outcome<reparse::Volume> {
    let here = std::env::current_dir().map_err(|_| Win32Error::PATH_NOT_FOUND)?;
    Ok(drive_of(&here)?.ok_or(Win32Error::PATH_NOT_FOUND)?.0)
}

/// The drive that holds a path of this machine, and the path on it.
pub(crate) fn drive_of(path: &Path) -> Outcome<Option<(reparse::Volume, Vec<u16>)>> {
    let held = read(|namespace| {
        holding(&namespace.drives, path).map(|(drive, root)| (drive.name.clone(), root.to_owned()))
    })?;
    let Some((name, root)) = held else { return Ok(None) };
    let below = path.strip_prefix(&root).map_err(|_| Win32Error::PATH_NOT_FOUND)?;
    Ok(Some((name, nt_path(below.iter())?)))
}

/// A path of this machine from its root, `.` and `..` taken out by name.
pub(crate) fn absolute_host(path: &[u16]) -> Outcome<PathBuf> {
    use std::path::Component;
    let path = std::path::absolute(host_path(path)?).map_err(|_| Win32Error::PATH_NOT_FOUND)?;
    let mut whole = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(whole.pop()),
            Component::CurDir => {}
            other => whole.push(other),
        }
    }
    Ok(whole)
}

/// Opens what is at a spot. A link that leads to another drive is followed there; all in all an open follows no more links
/// than one volume's does.
pub(crate) fn open(
    cx: &SecurityContext,
    spot: &Spot,
    request: &OpenRequest<'_>,
) -> Outcome<(Arc<Mounted>, StoreOpened)> {
    let mut spot = spot.clone();
    for _ in 0..=HOPS_MAX {
        let request = OpenRequest { path: &spot.path, ..*request };
        let refused = match spot.mounted.volume.open(cx, &request) {
            Ok(opened) => return Ok((spot.mounted, opened)),
            Err(refused) => refused,
        };
        let next = refused.elsewhere.and_then(|name| self::spot(path::nt(&name).ok()?).ok());
        spot = next.ok_or(Failure::Status(refused.status))?;
    }
    Err(NtStatus::REPARSE_POINT_NOT_RESOLVED.into())
}

fn drive(name: &reparse::Volume) -> Outcome<Arc<Mounted>> {
    let known = |namespace: &Namespace| {
        namespace.drives.iter().find(|drive| same(&drive.name, name)).map(|drive| drive.mounted.clone())
    };
    match read(known)? {
        Some(Some(mounted)) => Ok(mounted),
        // A share that is not mapped is one of a server.
        None if matches!(name, reparse::Volume::Share { .. }) => share_of(name),
        None => Err(Win32Error::PATH_NOT_FOUND.into()),
        Some(None) => change(|namespace| {
            let drives = namespace.drives.clone();
            let drive = namespace.drives.iter_mut().find(|drive| same(&drive.name, name));
            let drive = drive.ok_or(Win32Error::PATH_NOT_FOUND)?;
            if let Some(mounted) = &drive.mounted {
                return Ok(Arc::clone(mounted));
            }
            let mounted = match &drive.at {
                DriveAt::Directory(root) => mount(root, Some(drive.name.clone()), drive.manner, &drives)?,
                DriveAt::Image(..) => mount_image(&drive.at, &drive.name, &drives)?,
                DriveAt::Share(address) => mount_share(address.clone(), drive.name.clone())?,
            };
            Ok(Arc::clone(drive.mounted.insert(mounted)))
        }),
    }
}

/// The volume and path of a path of this machine.
fn host(path: &[u16]) -> Outcome<Spot> {
    let path = host_path(path)?;
    let mut locator = Locator::new(RootChoice::MountTop).map_err(|_| Win32Error::PATH_NOT_FOUND)?;
    let located = locator.locate(&path).map_err(|error| win32_of_place(&error))?;
    let whole = located.host_path();
    if let Some((name, path)) = drive_of(&whole)? {
        return Ok(Spot { mounted: drive(&name)?, path });
    }
    let path = nt_path(located.names.iter().map(OsString::as_os_str))?;
    let known =
        |namespace: &Namespace| namespace.mounts.iter().find(|mounted| mounted.root == located.root).cloned();
    if let Some(mounted) = read(known)? {
        return Ok(Spot { mounted, path });
    }
    change(|namespace| {
        if let Some(mounted) = known(namespace) {
            return Ok(Spot { mounted, path });
        }
        if namespace.mounts.len() >= VOLUMES_MAX {
            namespace.mounts.clear();
        }
        let mounted = mount(&located.root, None, Manner::default(), &namespace.drives)?;
        namespace.mounts.push(Arc::clone(&mounted));
        Ok(Spot { mounted, path })
    })
}

/// Opens a directory as a volume, with the names of it and of every drive below it.
fn mount(
    root: &Path,
    name: Option<reparse::Volume>,
    manner: Manner,
    drives: &[Drive],
) -> Outcome<Arc<Mounted>> {
    // Values too large for an attribute go with a mapped directory that is moved whole, and else with the mount.
    let store_at = if name.is_some() { StoreAt::Root } else { StoreAt::TopOfMount };
    let host = LinuxHost::open(root, LinuxOptions { store_at, ..LinuxOptions::default() });
    let host = host.map_err(|error| match error {
        LinuxOpenError::Root(error) => Failure::Status(error.status()),
        LinuxOpenError::NoProc | LinuxOpenError::NoOpenat2 => Failure::Win32(Win32Error::NOT_SUPPORTED),
    })?;
    let mut names = DriveMap::new();
    for drive in drives {
        let DriveAt::Directory(directory) = &drive.at else { continue };
        let Ok(below) = directory.strip_prefix(root) else { continue };
        let Ok(path) = String::from_utf16(&nt_path(below.iter())?) else { continue };
        names = names.with(&nt_prefix(&drive.name), &path);
    }
    let serial = std::fs::metadata(root).map(|facts| facts.dev() ^ facts.ino()).unwrap_or_default();
    let options = VolumeOptions {
        kind: manner.kind,
        read_only: manner.read_only,
        drives: names,
        // As on Windows: what FILE_FLAG_WRITE_THROUGH asks for, or FlushFileBuffers.
        durability: Durability::Deferred,
        serial: u32::try_from(serial & u64::from(u32::MAX)).unwrap_or_default(),
        ..VolumeOptions::default()
    };
    let volume = Store::Host(Volume::new(host, options));
    Ok(Arc::new(Mounted { volume, root: root.to_owned(), name }))
}

/// A volume in an image, or a directory of it, with the names of it and of every drive below it.
fn mount_image(at: &DriveAt, name: &reparse::Volume, drives: &[Drive]) -> Outcome<Arc<Mounted>> {
    let DriveAt::Image(image, partition, root) = at else {
        return Err(Win32Error::INTERNAL_ERROR.into());
    };
    let mut names = DriveMap::new();
    for drive in drives {
        let DriveAt::Image(other, part, path) = &drive.at else { continue };
        if other != image || part != partition {
            continue;
        }
        let above = root.strip_suffix(&[BACKSLASH]).unwrap_or(root);
        let below = match path.strip_prefix(above) {
            Some([]) => &[BACKSLASH],
            Some(below @ [BACKSLASH, ..]) => below,
            _ => continue,
        };
        let Ok(below) = String::from_utf16(below) else { continue };
        names = names.with(&nt_prefix(&drive.name), &below);
    }
    let volume = Store::Image(ImageStore::open_image(image, *partition, root, names)?);
    Ok(Arc::new(Mounted { volume, root: PathBuf::new(), name: Some(name.clone()) }))
}

fn mount_share(address: Address, name: reparse::Volume) -> Outcome<Arc<Mounted>> {
    let volume = Store::Remote(RemoteStore::new(address)?);
    Ok(Arc::new(Mounted { volume, root: PathBuf::new(), name: Some(name) }))
}

/// A share by its name alone: for whom the environment names, else there is no such path. It is a drive from then on.
fn share_of(name: &reparse::Volume) -> Outcome<Arc<Mounted>> {
    let reparse::Volume::Share { server, share } = name else {
        return Err(Win32Error::PATH_NOT_FOUND.into());
    };
    let user = std::env::var("POINTSMAN_USER").ok().filter(|user| !user.is_empty());
    if user.is_none() && std::env::var_os("KRB5CCNAME").is_none() {
        return Err(Win32Error::BAD_NETPATH.into());
    }
    let port = match std::env::var("POINTSMAN_PORT") {
        Ok(port) => port.parse().map_err(|_| Win32Error::INVALID_PARAMETER)?,
        Err(_) => SMB_PORT,
    };
    let text = |name: &nt::Utf16| name.to_text().ok_or(Win32Error::BAD_NETPATH);
    let address = Address {
        domain: std::env::var("POINTSMAN_DOMAIN").unwrap_or_default(),
        user,
        host: text(server)?,
        port,
        share: text(share)?,
        path: nt::Utf16(vec![BACKSLASH]),
    };
    change(|namespace| {
        if namespace.drives.len() >= VOLUMES_MAX {
            return Err(Win32Error::NO_SYSTEM_RESOURCES.into());
        }
        let at = DriveAt::Share(address.clone());
        let mounted = mount_share(address, name.clone())?;
        let drive =
            Drive { name: name.clone(), at, manner: Manner::default(), mounted: Some(Arc::clone(&mounted)) };
        namespace.drives.push(drive);
        Ok(mounted)
    })
}

/// What begins the NT names on a volume.
pub(crate) fn nt_prefix(volume: &reparse::Volume) -> String {
    match volume {
        reparse::Volume::Share { server, share } => format!(r"\??\UNC\{server}\{share}"),
        drive => format!(r"\??\{drive}"),
    }
}

/// The drive that holds a host path, the deepest if several do.
fn holding<'a>(drives: &'a [Drive], path: &Path) -> Option<(&'a Drive, &'a Path)> {
    let directories = drives.iter().filter_map(|drive| match &drive.at {
        DriveAt::Directory(root) => Some((drive, root.as_path())),
        DriveAt::Image(..) | DriveAt::Share(_) => None,
    });
    directories.filter(|(_, root)| path.starts_with(root)).max_by_key(|(_, root)| root.as_os_str().len())
}

/// What is to be a drive: a directory, a volume in an image (`IMAGE!/`, or the image alone) or a directory of it
/// (`IMAGE!/dir`), or a share.
fn place_of(place: &Path) -> Outcome<DriveAt> {
    let host = match Place::parse(place.as_os_str()) {
        Place::Smb(text) => {
            let address = text.to_str().and_then(|text| Address::parse(text).ok());
            return Ok(DriveAt::Share(address.ok_or(Win32Error::INVALID_NAME)?));
        }
        Place::Image { image, partition, path } => {
            let image = image.canonicalize().map_err(|_| Win32Error::PATH_NOT_FOUND)?;
            let names = path.as_bytes().split(|byte| *byte == b'/').filter(|name| !name.is_empty());
            let path = nt_path(names.map(OsStr::from_bytes))?;
            return Ok(DriveAt::Image(image, partition, path));
        }
        Place::Host(path) => path,
    };
    let root = host.canonicalize().map_err(|_| Win32Error::PATH_NOT_FOUND)?;
    match root.metadata() {
        Ok(facts) if facts.is_dir() => Ok(DriveAt::Directory(root)),
        Ok(facts) if facts.is_file() => Ok(DriveAt::Image(root, Partition::Only, vec![BACKSLASH])),
        _ => Err(Win32Error::DIRECTORY.into()),
    }
}

fn win32_of_place(error: &places::PlaceError) -> Failure {
    use places::PlaceError;
    use std::io::ErrorKind;
    Failure::Win32(match error {
        PlaceError::NotBuilt { .. } => Win32Error::NOT_SUPPORTED,
        PlaceError::Name { .. } => Win32Error::INVALID_NAME,
        PlaceError::Host { error, .. } if error.kind() == ErrorKind::PermissionDenied => {
            Win32Error::ACCESS_DENIED
        }
        _ => Win32Error::PATH_NOT_FOUND,
    })
}

/// The bytes of a host path.
fn host_path(units: &[u16]) -> Outcome<PathBuf> {
    const SLASH: u16 = b'/' as u16;
    let mut bytes: Vec<u8> = Vec::with_capacity(units.len());
    for (at, name) in units.split(|unit| *unit == SLASH).enumerate() {
        if at > 0 {
            bytes.push(b'/');
        }
        match name {
            [] => {}
            [46] | [46, 46] => bytes.extend(name.iter().map(|_| b'.')),
            name => bytes.extend(encode_exact(name).ok_or(Win32Error::INVALID_NAME)?.0),
        }
    }
    Ok(PathBuf::from(OsString::from_vec(bytes)))
}

/// The path from a volume's root as NT writes it.
fn nt_path<'a>(names: impl Iterator<Item = &'a OsStr>) -> Outcome<Vec<u16>> {
    let mut path = Vec::new();
    for name in names {
        let units = fsa::host::name::decode(name.as_bytes());
        if units.iter().any(|unit| *unit == BACKSLASH || *unit == u16::from(b':')) {
            return Err(Win32Error::INVALID_NAME.into()); // it would be taken for two names, or for a stream
        }
        path.push(BACKSLASH);
        path.extend(units);
    }
    if path.is_empty() {
        path.push(BACKSLASH);
    }
    Ok(path)
}

/// The same volume, names compared without case.
fn same(a: &reparse::Volume, b: &reparse::Volume) -> bool {
    use reparse::Volume::{Drive, Guid, Share};
    match (a, b) {
        (Drive(a), Drive(b)) => a.eq_ignore_ascii_case(b),
        (Guid(a), Guid(b)) => a == b,
        (Share { server: a, share: b }, Share { server: c, share: d }) => {
            a.eq_ignore_case(c) && b.eq_ignore_case(d)
        }
        _ => false,
    }
}

fn read<T>(look: impl FnOnce(&Namespace) -> T) -> Outcome<T> {
    {
        let namespace = NAMESPACE.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(namespace) = namespace.as_ref() {
            return Ok(look(namespace));
        }
    }
    change(|namespace| Ok(look(namespace)))
}

fn change<T>(act: impl FnOnce(&mut Namespace) -> Outcome<T>) -> Outcome<T> {
    let mut namespace = NAMESPACE.write().unwrap_or_else(PoisonError::into_inner);
    act(namespace.get_or_insert_with(|| Namespace {
        drives: from_variable(std::env::var_os(VARIABLE).as_deref()),
        mounts: Vec::new(),
    }))
}

/// The environment's drives. An entry that cannot be is left out: an open on it says that the path is not found.
fn from_variable(value: Option<&OsStr>) -> Vec<Drive> {
    let mut drives: Vec<Drive> = Vec::new();
    for entry in value.map(OsStr::as_bytes).unwrap_or_default().split(|byte| *byte == b';') {
        let Some(at) = entry.iter().position(|byte| *byte == b'=') else { continue };
        let (name, rest) = entry.split_at(at);
        let directory = Path::new(OsStr::from_bytes(rest.get(1..).unwrap_or_default()));
        let name = core::str::from_utf8(name).ok().and_then(|name| name.trim().parse().ok());
        if let (Some(name), Ok(at)) = (name, place_of(directory))
            && drives.len() < VOLUMES_MAX
        {
            drives.push(Drive { name, at, manner: Manner::default(), mounted: None });
        }
    }
    drives
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_s_map_leaves_out_what_cannot_be() {
        let dir = tempfile::tempdir().unwrap();
        let text =
            format!("C:={};nonsense;D:=/no/such/directory;Q={}", dir.path().display(), dir.path().display());
        let drives = from_variable(Some(OsStr::new(&text)));
        assert_eq!(drives.len(), 1);
        assert_eq!(drives[0].name, reparse::Volume::Drive('C'));
    }

    #[test]
    fn images_and_shares_are_taken_for_drives() {
        let dir = tempfile::tempdir().unwrap();
        let image = dir.path().join("disk.img");
        std::fs::write(&image, b"x").unwrap();
        let real = image.canonicalize().unwrap();
        let whole = DriveAt::Image(real.clone(), Partition::Only, vec![BACKSLASH]);
        assert_eq!(place_of(&image), Ok(whole.clone()));
        assert_eq!(place_of(Path::new(&format!("{}!/", image.display()))), Ok(whole));
        let second = place_of(Path::new(&format!("{}!2:/", image.display())));
        assert!(matches!(second, Ok(DriveAt::Image(_, Partition::Number(2), _))));
        let below = place_of(Path::new(&format!("{}!/a/b/", image.display())));
        let path = r"\a\b".encode_utf16().collect();
        assert_eq!(below, Ok(DriveAt::Image(real, Partition::Only, path)));
        assert!(matches!(place_of(Path::new("smb://server/share")), Ok(DriveAt::Share(_))));
        assert_eq!(place_of(Path::new("smb://server")), Err(Win32Error::INVALID_NAME.into()));
    }
}
