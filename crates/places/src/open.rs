//! Opening what a text names: a volume of the object store for each root, an image once, both kept for as long as paths
//! are asked for.
use crate::failure::Failure;
use crate::host_object::HostObject;
use crate::image::{ImageObject, ImagePort, ImageVolume};
use crate::locate::{Located, Locator, RootChoice};
use crate::object::{Asker, Object};
use crate::place::{Place, PlaceError, UnbuiltKind};
use fsa::host::Host;
use fsa::host::linux::{LinuxHost, LinuxOpenError, LinuxOptions, StoreAt};
use fsa::{Checked, DriveMap, Durability, Finding, Volume, VolumeOptions};
use nt::Utf16;
use ntfs::Partition;
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

/// A path on an open volume of this machine.
#[derive(Clone)]
pub(crate) struct Spot {
    /// The volume.
    pub(crate) volume: Arc<Volume<LinuxHost>>,
    /// The path from the volume's root: `\a\b`, and `\` for the root.
    pub(crate) path: Utf16,
    /// The volume's root on the host.
    root: PathBuf,
}

/// Where a drive lies.
#[derive(Clone, PartialEq, Eq, Debug)]
enum DriveAt {
    /// A directory of this machine, resolved.
    Host(PathBuf),
    /// A directory in an image.
    Image { image: PathBuf, partition: Partition, path: Utf16 },
}

/// An image, and how the object store sees it.
struct OpenImage {
    image: Arc<ImageVolume>,
    store: Arc<Volume<ImagePort>>,
}

/// Places, and the volumes they lie on.
pub struct Places {
    locator: Locator,
    store_at: StoreAt,
    drives: Vec<(reparse::Volume, DriveAt)>,
    durability: Durability,
    force_dirty: bool,
    volumes: Vec<(PathBuf, Arc<Volume<LinuxHost>>)>,
    images: Vec<OpenImage>,
}

const BACKSLASH: u16 = b'\\' as u16;

impl Spot {
    /// Another path of the same volume on the host.
    pub(crate) fn host_path_of(&self, path: &Utf16) -> PathBuf {
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
        let drives = drives.into_iter().map(drive_at).collect::<Result<_, _>>()?;
        let store_at = if root.is_some() { StoreAt::Root } else { StoreAt::TopOfMount };
        Ok(Places {
            locator,
            store_at,
            drives,
            durability: Durability::WriteThrough,
            force_dirty: false,
            volumes: Vec::new(),
            images: Vec::new(),
        })
    }

    /// With this durability in volumes opened from now on.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Places {
        self.durability = durability;
        self
    }

    /// Lets volumes of images be changed though they are marked dirty.
    #[must_use]
    pub fn force_dirty(mut self, force: bool) -> Places {
        self.force_dirty = force;
        self
    }

    /// The object that a text names. It need not exist.
    pub fn object(&mut self, text: &OsStr, asker: &Asker) -> Result<Box<dyn Object>, Failure> {
        let asker = asker.clone();
        match Place::parse(text) {
            Place::Host(path) => Ok(Box::new(HostObject { spot: self.spot(&path)?, asker })),
            Place::Image { image, partition, path } => {
                let prefix = Place::image_prefix(&image, partition);
                let path = nt_path_inside(&path)?;
                let OpenImage { image, store } = self.image(&image, partition)?;
                let (image, store) = (Arc::clone(image), Arc::clone(store));
                Ok(Box::new(ImageObject { image, store, path, prefix, asker }))
            }
            Place::Smb(text) => Err(PlaceError::NotBuilt { kind: UnbuiltKind::Smb, text }.into()),
        }
    }

    /// Returns when all that was changed is on the disk. What changes an image is there already.
    pub fn sync(&self) -> Result<(), Failure> {
        self.volumes.iter().try_for_each(|(_, volume)| {
            let done = volume.host().sync_all();
            done.map_err(|error| Failure::refused("flush the volume")(error.into()))
        })
    }

    /// The path on its volume. The last name is not followed, and need not exist.
    fn spot(&mut self, path: &Path) -> Result<Spot, PlaceError> {
        let located = self.locator.locate(path)?;
        let path = nt_path(&located)?;
        let volume = self.volume(&located.root)?;
        Ok(Spot { volume, path, root: located.root })
    }

    fn image(&mut self, image: &Path, partition: Partition) -> Result<&OpenImage, Failure> {
        let real = image.canonicalize();
        let real = real.map_err(|error| PlaceError::Host { path: image.to_owned(), error })?;
        let same = |open: &OpenImage| open.image.path() == real && open.image.partition() == partition;
        let known = self.images.iter().position(same);
        let at = match known {
            Some(at) => at,
            None => {
                let volume = Arc::new(ImageVolume::open(real.clone(), partition, self.force_dirty)?);
                let options =
                    VolumeOptions { drives: self.names_in(&real, partition), ..VolumeOptions::default() };
                let store = Arc::new(Volume::new(ImagePort::new(Arc::clone(&volume)), options));
                self.images.push(OpenImage { image: volume, store });
                self.images.len() - 1
            }
        };
        let lost = || Failure::status_of("open the image", nt::NtStatus::INTERNAL_ERROR);
        self.images.get(at).ok_or_else(lost)
    }

    /// Which NT names lead into the volume of an image: `C:` does, unless it was said to be elsewhere.
    fn names_in(&self, real: &Path, at: Partition) -> DriveMap {
        let system = reparse::Volume::Drive('C');
        let mut names = DriveMap::new();
        let is_told =
            self.drives.iter().any(|(volume, _)| nt_prefix(volume).eq_ignore_ascii_case(&nt_prefix(&system)));
        if !is_told {
            names = names.with(&nt_prefix(&system), "\\");
        }
        for (volume, drive) in &self.drives {
            match drive {
                DriveAt::Image { image, partition, path } if image == real && *partition == at => {
                    if let Some(path) = path.to_text() {
                        names = names.with(&nt_prefix(volume), &path);
                    }
                }
                DriveAt::Image { .. } | DriveAt::Host(_) => {}
            }
        }
        names
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
        for (volume, drive) in &self.drives {
            let DriveAt::Host(directory) = drive else { continue };
            let Ok(below) = directory.strip_prefix(root) else { continue };
            let below: Vec<OsString> = below.iter().map(OsStr::to_owned).collect();
            let located = Located { root: root.to_owned(), names: below };
            if let Some(path) = nt_path(&located).ok().and_then(|path| path.to_text()) {
                names = names.with(&nt_prefix(volume), &path);
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

fn drive_at(drive: Drive) -> Result<(reparse::Volume, DriveAt), PlaceError> {
    let Drive { volume, directory } = drive;
    let real = |path: &Path| {
        path.canonicalize().map_err(|error| PlaceError::Drive { directory: directory.clone(), error })
    };
    let at = match Place::parse(directory.as_os_str()) {
        Place::Image { image, partition, path } => {
            DriveAt::Image { image: real(&image)?, partition, path: nt_path_inside(&path)? }
        }
        Place::Host(path) => DriveAt::Host(real(&path)?),
        Place::Smb(text) => return Err(PlaceError::NotBuilt { kind: UnbuiltKind::Smb, text }),
    };
    Ok((volume, at))
}

/// The path inside an image as NT writes it. `.` and `..` go by their spelling.
fn nt_path_inside(path: &OsStr) -> Result<Utf16, PlaceError> {
    let mut names: Vec<OsString> = Vec::new();
    for name in path.as_bytes().split(|byte| *byte == b'/') {
        match name {
            b"" | b"." => {}
            b".." => drop(names.pop()),
            name => names.push(OsStr::from_bytes(name).to_owned()),
        }
    }
    nt_path(&Located { root: PathBuf::from("/"), names })
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
