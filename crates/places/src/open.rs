//! Opening what was located: a volume of the object store for each root, kept for as long as paths are asked for.
use crate::locate::{Located, Locator, RootChoice};
use crate::place::PlaceError;
use fsa::host::linux::{LinuxHost, LinuxOpenError, LinuxOptions, StoreAt};
use fsa::{Checked, DriveMap, Durability, Finding, Volume, VolumeOptions};
use nt::Utf16;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where a Windows drive, volume or share lies on this machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Drive {
    /// What links call it.
    pub volume: reparse::Volume,
    /// The directory that is its root.
    pub directory: PathBuf,
}

/// A path on an open volume.
#[derive(Clone)]
pub struct Spot {
    /// The volume.
    pub volume: Arc<Volume<LinuxHost>>,
    /// The path from the volume's root: `\a\b`, and `\` for the root.
    pub path: Utf16,
    /// The volume's root on the host.
    pub root: PathBuf,
}

/// Paths of this machine and the volumes they lie on.
pub struct Places {
    locator: Locator,
    store_at: StoreAt,
    drives: Vec<Drive>,
    durability: Durability,
    volumes: Vec<(PathBuf, Arc<Volume<LinuxHost>>)>,
}

const BACKSLASH: u16 = b'\\' as u16;

impl Spot {
    /// Another path of the same volume on the host.
    pub fn host_path_of(&self, path: &Utf16) -> PathBuf {
        let mut host = self.root.clone();
        for name in path.units().split(|unit| *unit == BACKSLASH).filter(|name| !name.is_empty()) {
            let bytes = fsa::host::name::encode_exact(name).map(|name| name.0).unwrap_or_default();
            host.push(OsStr::from_bytes(&bytes));
        }
        host
    }
}

impl Places {
    /// With the volumes beginning at `root`, or else at the tops of the mounts.
    pub fn new(root: Option<&Path>, drives: Vec<Drive>) -> Result<Places, PlaceError> {
        let choice = root.map_or(RootChoice::MountTop, |root| RootChoice::At(root.to_owned()));
        let locator = Locator::new(choice)?;
        let mut resolved = Vec::with_capacity(drives.len());
        for Drive { volume, directory } in drives {
            let directory =
                directory.canonicalize().map_err(|error| PlaceError::Drive { directory, error })?;
            resolved.push(Drive { volume, directory });
        }
        let store_at = if root.is_some() { StoreAt::Root } else { StoreAt::TopOfMount };
        let durability = Durability::WriteThrough;
        Ok(Places { locator, store_at, drives: resolved, durability, volumes: Vec::new() })
    }

    /// With this durability in volumes opened from now on.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Places {
        self.durability = durability;
        self
    }

    /// The path on its volume. The last name is not followed, and need not exist.
    pub fn spot(&mut self, path: &Path) -> Result<Spot, PlaceError> {
        let located = self.locator.locate(path)?;
        let path = nt_path(&located)?;
        let volume = self.volume(&located.root)?;
        Ok(Spot { volume, path, root: located.root })
    }

    /// The directories that drives were said to be.
    pub fn drives(&self) -> &[Drive] {
        &self.drives
    }

    /// Every volume that was opened.
    pub fn volumes(&self) -> impl Iterator<Item = &Arc<Volume<LinuxHost>>> {
        self.volumes.iter().map(|(_, volume)| volume)
    }

    fn volume(&mut self, root: &Path) -> Result<Arc<Volume<LinuxHost>>, PlaceError> {
        if let Some((_, volume)) = self.volumes.iter().find(|(known, _)| known == root) {
            return Ok(Arc::clone(volume));
        }
        let host = open_host(root, self.store_at)?;
        let options = VolumeOptions {
            durability: self.durability,
            drives: self.names(root),
            ..VolumeOptions::default()
        };
        let volume = Arc::new(Volume::new(host, options));
        self.volumes.push((root.to_owned(), Arc::clone(&volume)));
        Ok(volume)
    }

    /// Which NT names lead into the volume at `root`. A drive that lies elsewhere is not known to it.
    fn names(&self, root: &Path) -> DriveMap {
        let mut names = DriveMap::new();
        for drive in &self.drives {
            let Ok(below) = drive.directory.strip_prefix(root) else { continue };
            let below: Vec<OsString> = below.iter().map(OsStr::to_owned).collect();
            let located = Located { root: root.to_owned(), names: below };
            if let Some(path) = nt_path(&located).ok().and_then(|path| path.to_text()) {
                names = names.with(&nt_prefix(&drive.volume), &path);
            }
        }
        names
    }
}

/// What begins the NT names on a volume.
pub fn nt_prefix(volume: &reparse::Volume) -> String {
    match volume {
        reparse::Volume::Share { server, share } => format!(r"\??\UNC\{server}\{share}"),
        drive => format!(r"\??\{drive}"),
    }
}

/// The path from the volume's root as NT writes it.
fn nt_path(located: &Located) -> Result<Utf16, PlaceError> {
    let mut path = Vec::new();
    for name in &located.names {
        let units = fsa::host::name::decode(name.as_bytes());
        // A colon or a backslash would be taken for a stream or for two names.
        if units.iter().any(|unit| is_special(*unit)) {
            return Err(PlaceError::Name { path: located.host_path(), name: name.clone() });
        }
        path.push(BACKSLASH);
        path.extend_from_slice(&units);
    }
    if path.is_empty() {
        path.push(BACKSLASH);
    }
    Ok(Utf16(path))
}

fn is_special(unit: u16) -> bool {
    unit == BACKSLASH || unit == u16::from(b':')
}

/// Opens the volume at `root`. What does not fit into an attribute is kept in `root` where the user named it, so that the
/// tree can be moved whole; else as high as may be, so that it survives `mv` on the mount.
fn open_host(root: &Path, store_at: StoreAt) -> Result<LinuxHost, PlaceError> {
    let options = LinuxOptions { store_at, ..LinuxOptions::default() };
    LinuxHost::open(root, options).map_err(|error| PlaceError::Volume { root: root.to_owned(), error })
}

/// Checks what is stored below a directory, and with `repair` puts right what can be.
pub fn check_tree(
    directory: &Path,
    repair: bool,
    report: impl FnMut(Finding),
) -> Result<Checked, PlaceError> {
    let host = open_host(directory, StoreAt::Root)?;
    fsa::check(&host, repair, report).map_err(|error| PlaceError::Volume {
        root: directory.to_owned(),
        error: LinuxOpenError::Root(error),
    })
}
