//! Volumes by name: the drives that the program or the environment maps, and the rest of this machine.
//!
//! A drive is a volume of its own, whose root is its directory: no link of any kind leads out of it. A host path below a
//! drive's directory is on that drive; any other is on a volume that begins at the top of its mount.
use crate::error::{Failure, Outcome};
use crate::path::{self, Named};
use fsa::host::linux::{LinuxHost, LinuxOpenError, LinuxOptions, StoreAt};
use fsa::host::name::encode_exact;
use fsa::{
    DriveMap, HOPS_MAX, OpenError, OpenRequest, Opened, SecurityContext, TargetFault, Volume, VolumeKind,
    VolumeOptions, Why,
};
use nt::{NtStatus, Win32Error};
use places::{Locator, RootChoice};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// The environment's map: `C:=/srv/c;D:=/srv/d`.
const VARIABLE: &str = "POINTSMAN_DRIVES";
/// The most drives, and the most mounts kept open.
const VOLUMES_MAX: usize = 1024;
const BACKSLASH: u16 = b'\\' as u16;

/// A volume, and how it is called.
pub(crate) struct Mounted {
    pub(crate) volume: Volume<LinuxHost>,
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
    root: PathBuf,
    manner: Manner,
    /// Opened on first use.
    mounted: Option<Arc<Mounted>>,
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
    let root = directory.map(directory_of).transpose()?;
    change(|namespace| {
        namespace.drives.retain(|drive| !same(&drive.name, &name));
        if let Some(root) = root {
            if namespace.drives.len() >= VOLUMES_MAX {
                return Err(Win32Error::NO_SYSTEM_RESOURCES.into());
            }
            namespace.drives.push(Drive { name, root, manner, mounted: None });
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
        Named::OnCurrentDrive(path) => {
            let here = std::env::current_dir().map_err(|_| Win32Error::PATH_NOT_FOUND)?;
            let drive = read(|namespace| holding(&namespace.drives, &here).map(|drive| drive.name.clone()))?;
            Ok(Spot { mounted: self::drive(&drive.ok_or(Win32Error::PATH_NOT_FOUND)?)?, path })
        }
        Named::Host(path) => host(&path),
    }
}

/// Opens what is at a spot. A link that leads to another drive is followed there; all in all an open follows no more links
/// than one volume's does.
pub(crate) fn open(
    cx: &SecurityContext,
    spot: &Spot,
    request: &OpenRequest<'_>,
) -> Outcome<(Arc<Mounted>, Opened)> {
    let mut spot = spot.clone();
    for _ in 0..=HOPS_MAX {
        let request = OpenRequest { path: &spot.path, ..*request };
        match spot.mounted.volume.open(cx, &request) {
            Ok(opened) => return Ok((spot.mounted, opened)),
            Err(error) => match elsewhere(cx, &spot, &request, &error) {
                Some(next) => spot = next,
                None => return Err(Failure::Status(error.status())),
            },
        }
    }
    Err(NtStatus::REPARSE_POINT_NOT_RESOLVED.into())
}

/// Where a link leads that left its volume, if another drive is there.
fn elsewhere(
    cx: &SecurityContext,
    spot: &Spot,
    request: &OpenRequest<'_>,
    error: &OpenError,
) -> Option<Spot> {
    let OpenError::Refused(refusal) = error else { return None };
    if refusal.why != Why::Target(TargetFault::UnknownDevice) || request.relative_to.is_some() {
        return None;
    }
    let volume = &spot.mounted.volume;
    let hops = match volume.open_tracing(cx, request) {
        (Err(_), hops) => hops,
        (Ok(opened), _) => {
            // The link changed meanwhile: the second try opened it. The caller's next try will as well.
            let _ = volume.close(opened.id);
            return Some(spot.clone());
        }
    };
    let (last, before) = hops.split_last()?;
    let walked = before.last().and_then(|hop| hop.resumed.as_ref()).map_or(request.path, |path| path.units());
    let names = |path: &[u16]| path.split(|unit| *unit == BACKSLASH).filter(|name| !name.is_empty()).count();
    let tail = after(walked, names(last.link.units()));
    let mut target = last.target.units().to_vec();
    if target.last() == Some(&BACKSLASH) && !tail.is_empty() {
        target.pop();
    }
    target.extend_from_slice(tail);
    self::spot(path::nt(&target).ok()?).ok()
}

/// What follows the first `count` names of a path.
fn after(path: &[u16], count: usize) -> &[u16] {
    let mut left = count;
    let mut in_name = false;
    for (at, unit) in path.iter().enumerate() {
        let name = *unit != BACKSLASH;
        if !name && in_name && left == 0 {
            return path.get(at..).unwrap_or_default();
        }
        if name && !in_name {
            left = left.saturating_sub(1);
        }
        in_name = name;
    }
    &[]
}

fn drive(name: &reparse::Volume) -> Outcome<Arc<Mounted>> {
    let known = |namespace: &Namespace| {
        namespace.drives.iter().find(|drive| same(&drive.name, name)).map(|drive| drive.mounted.clone())
    };
    match read(known)? {
        Some(Some(mounted)) => Ok(mounted),
        // A share that is not mapped is one of a server, and there is no client here.
        None if matches!(name, reparse::Volume::Share { .. }) => Err(Win32Error::BAD_NETPATH.into()),
        None => Err(Win32Error::PATH_NOT_FOUND.into()),
        Some(None) => change(|namespace| {
            let drives = namespace.drives.clone();
            let drive = namespace.drives.iter_mut().find(|drive| same(&drive.name, name));
            let drive = drive.ok_or(Win32Error::PATH_NOT_FOUND)?;
            if let Some(mounted) = &drive.mounted {
                return Ok(Arc::clone(mounted));
            }
            let mounted = mount(&drive.root, Some(drive.name.clone()), drive.manner, &drives)?;
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
    if let Some((name, root)) = read(|namespace| {
        holding(&namespace.drives, &whole).map(|drive| (drive.name.clone(), drive.root.clone()))
    })? {
        let below = whole.strip_prefix(&root).map_err(|_| Win32Error::PATH_NOT_FOUND)?;
        return Ok(Spot { mounted: drive(&name)?, path: nt_path(below.iter())? });
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
        let Ok(below) = drive.root.strip_prefix(root) else { continue };
        let Ok(path) = String::from_utf16(&nt_path(below.iter())?) else { continue };
        names = names.with(&nt_prefix(&drive.name), &path);
    }
    let serial = std::fs::metadata(root).map(|facts| facts.dev() ^ facts.ino()).unwrap_or_default();
    let options = VolumeOptions {
        kind: manner.kind,
        read_only: manner.read_only,
        drives: names,
        serial: u32::try_from(serial & u64::from(u32::MAX)).unwrap_or_default(),
        ..VolumeOptions::default()
    };
    Ok(Arc::new(Mounted { volume: Volume::new(host, options), root: root.to_owned(), name }))
}

/// What begins the NT names on a volume.
pub(crate) fn nt_prefix(volume: &reparse::Volume) -> String {
    match volume {
        reparse::Volume::Share { server, share } => format!(r"\??\UNC\{server}\{share}"),
        drive => format!(r"\??\{drive}"),
    }
}

/// The drive that holds a host path, the deepest if several do.
fn holding<'a>(drives: &'a [Drive], path: &Path) -> Option<&'a Drive> {
    drives
        .iter()
        .filter(|drive| path.starts_with(&drive.root))
        .max_by_key(|drive| drive.root.as_os_str().len())
}

/// A directory that is to be a drive. An image and a share have a notation, and are not built.
fn directory_of(place: &Path) -> Outcome<PathBuf> {
    let host = places::Place::parse(place.as_os_str()).into_host();
    let host = host.map_err(|error| win32_of_place(&error))?;
    let root = host.canonicalize().map_err(|_| Win32Error::PATH_NOT_FOUND)?;
    match root.metadata() {
        Ok(facts) if facts.is_dir() => Ok(root),
        Ok(facts) if facts.is_file() => Err(Win32Error::NOT_SUPPORTED.into()), // an image
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
        if let (Some(name), Ok(root)) = (name, directory_of(directory))
            && drives.len() < VOLUMES_MAX
        {
            drives.push(Drive { name, root, manner: Manner::default(), mounted: None });
        }
    }
    drives
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    #[test]
    fn what_follows_the_first_names_of_a_path_is_found() {
        for (path, count, tail) in
            [(r"\a\b\c", 1, r"\b\c"), (r"a\b\c", 2, r"\c"), (r"\a", 1, ""), (r"\a\", 1, r"\"), (r"\a", 3, "")]
        {
            assert_eq!(after(&units(path), count), units(tail), "{path}");
        }
    }

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
    fn images_and_remote_places_are_refused_as_not_supported() {
        let dir = tempfile::tempdir().unwrap();
        let image = dir.path().join("disk.img");
        std::fs::write(&image, b"x").unwrap();
        let not_supported = Failure::Win32(Win32Error::NOT_SUPPORTED);
        assert_eq!(directory_of(&image), Err(not_supported));
        assert_eq!(directory_of(Path::new("smb://server/share")), Err(not_supported));
    }
}
