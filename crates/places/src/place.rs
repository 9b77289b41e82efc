//! What a user's text names.
use ntfs::Partition;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A place where a reparse point can live, as a text names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// A path of this machine.
    Host(PathBuf),
    /// A path inside a disk image: `IMAGE!/path`; `IMAGE!2:/path` in its second partition, `IMAGE!@1048576:/path` in the
    /// volume that begins at this byte.
    Image {
        /// The image file or block device.
        image: PathBuf,
        /// Which volume of it.
        partition: Partition,
        /// The path inside, from its root.
        path: OsString,
    },
    /// A path of a remote share: `smb://server/share/path`.
    Smb(OsString),
}

/// A kind of place that has a notation, yet cannot be opened by this version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UnbuiltKind {
    /// A disk image.
    Image,
    /// A remote share.
    Smb,
}

/// Why a place cannot be had.
#[derive(Debug)]
pub enum PlaceError {
    /// This version opens no such place.
    NotBuilt {
        /// What kind of place it is.
        kind: UnbuiltKind,
        /// The text that named it.
        text: OsString,
    },
    /// An empty path.
    Empty,
    /// The path does not lie beneath the root that was given.
    OutsideRoot {
        /// The path, its parent resolved.
        path: PathBuf,
        /// The root, resolved.
        root: PathBuf,
    },
    /// The root that was given is not a directory that can be opened.
    Root {
        /// The root as given.
        root: PathBuf,
        /// What the host says.
        error: io::Error,
    },
    /// The host does not let the path be looked at.
    Host {
        /// Which directory.
        path: PathBuf,
        /// What the host says.
        error: io::Error,
    },
    /// A directory that was given for a drive is none.
    Drive {
        /// The directory as given.
        directory: PathBuf,
        /// What the host says.
        error: io::Error,
    },
    /// A name of the host that no Windows name can be: it has a colon or a backslash.
    Name {
        /// The whole path.
        path: PathBuf,
        /// The name.
        name: OsString,
    },
    /// The store cannot open the volume.
    Volume {
        /// The volume's root.
        root: PathBuf,
        /// Why.
        error: fsa::host::linux::LinuxOpenError,
    },
}

/// Between an image's name and what follows it: the partition, if one is named, and the path inside.
const IMAGE_SEPARATOR: u8 = b'!';
const SMB_PREFIX: &[u8] = b"smb://";

impl Place {
    /// Tells what `text` names. `IMAGE!/path` is an image only where `IMAGE` is a file or a block device now: a
    /// directory whose name ends in `!` stays a directory.
    pub fn parse(text: &OsStr) -> Place {
        let bytes = text.as_bytes();
        if bytes.get(..SMB_PREFIX.len()).is_some_and(|p| p.eq_ignore_ascii_case(SMB_PREFIX)) {
            return Place::Smb(text.to_owned());
        }
        for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == IMAGE_SEPARATOR) {
            let (image, rest) = bytes.split_at(at);
            let Some((partition, path)) = inside(rest.get(1..).unwrap_or_default()) else { continue };
            let image = Path::new(OsStr::from_bytes(image));
            if is_image(image) {
                let path = OsStr::from_bytes(path).to_owned();
                return Place::Image { image: image.to_owned(), partition, path };
            }
        }
        Place::Host(PathBuf::from(text))
    }

    /// The path of this machine that it names, or which kind of place is not built.
    pub fn into_host(self) -> Result<PathBuf, PlaceError> {
        match self {
            Place::Host(path) => Ok(path),
            Place::Image { image, partition, path } => {
                let mut text = Place::image_prefix(&image, partition);
                text.push(path);
                Err(PlaceError::NotBuilt { kind: UnbuiltKind::Image, text })
            }
            Place::Smb(text) => Err(PlaceError::NotBuilt { kind: UnbuiltKind::Smb, text }),
        }
    }

    /// What a text that names a path inside an image begins with.
    pub fn image_prefix(image: &Path, partition: Partition) -> OsString {
        let mut text = image.as_os_str().to_owned();
        match partition {
            Partition::Only => text.push("!"),
            Partition::Number(number) => text.push(format!("!{number}:")),
            Partition::Offset(offset) => text.push(format!("!@{offset}:")),
        }
        text
    }
}

/// The partition and the path behind the separator; `None` when it separates nothing.
fn inside(rest: &[u8]) -> Option<(Partition, &[u8])> {
    if rest.starts_with(b"/") {
        return Some((Partition::Only, rest));
    }
    let colon = rest.iter().position(|byte| *byte == b':')?;
    let (partition, path) = (rest.get(..colon)?, rest.get(colon + 1..)?);
    let digits = partition.strip_prefix(b"@").unwrap_or(partition);
    // `parse` would take a sign as well
    if !path.starts_with(b"/") || digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = std::str::from_utf8(digits).ok()?;
    let partition = match partition.starts_with(b"@") {
        true => Partition::Offset(number.parse().ok()?),
        false => Partition::Number(number.parse().ok()?),
    };
    Some((partition, path))
}

fn is_image(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    path.metadata().is_ok_and(|m| m.is_file() || m.file_type().is_block_device())
}

impl fmt::Display for UnbuiltKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            UnbuiltKind::Image => "a path inside a disk image",
            UnbuiltKind::Smb => "a path of a remote share",
        })
    }
}

impl fmt::Display for PlaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlaceError::NotBuilt { kind, .. } => write!(f, "{kind}: not built yet"),
            PlaceError::Empty => f.write_str("the path is empty"),
            PlaceError::OutsideRoot { path, root } => {
                write!(f, "{} does not lie beneath the root {}", path.display(), root.display())
            }
            PlaceError::Root { root, error } => write!(f, "the root {}: {error}", root.display()),
            PlaceError::Host { path, error } => write!(f, "{}: {error}", path.display()),
            PlaceError::Drive { directory, error } => {
                write!(f, "the directory of a drive, {}: {error}", directory.display())
            }
            PlaceError::Name { name, .. } => write!(f, "{name:?} can be no name on Windows"),
            PlaceError::Volume { root, error } => write!(f, "the volume at {}: {error}", root.display()),
        }
    }
}

impl std::error::Error for PlaceError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            PlaceError::Root { error, .. }
            | PlaceError::Host { error, .. }
            | PlaceError::Drive { error, .. } => Some(error),
            PlaceError::Volume { error, .. } => Some(error),
            PlaceError::NotBuilt { .. }
            | PlaceError::Empty
            | PlaceError::OutsideRoot { .. }
            | PlaceError::Name { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_recognised_and_refused_by_name() {
        let place = Place::parse(OsStr::new("SMB://srv/share/x"));
        assert!(matches!(place.into_host(), Err(PlaceError::NotBuilt { kind: UnbuiltKind::Smb, .. })));
    }

    #[test]
    fn only_what_stands_behind_a_file_is_inside_an_image() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        std::fs::write(dir.path().join("disk.img"), b"").expect("a file");
        std::fs::create_dir(dir.path().join("wow!")).expect("a directory");
        let image = dir.path().join("disk.img!/a/b");
        let Place::Image { path, .. } = Place::parse(image.as_os_str()) else {
            panic!("not taken for an image")
        };
        assert_eq!(path, "/a/b");
        for (text, wanted) in [
            ("disk.img!2:/a", Some(Partition::Number(2))),
            ("disk.img!@1048576:/", Some(Partition::Offset(1_048_576))),
            ("disk.img!+2:/a", None),
            ("disk.img!2:a", None),
            ("disk.img!:/a", None),
            ("disk.img!99999999999:/a", None),
        ] {
            let found = match Place::parse(dir.path().join(text).as_os_str()) {
                Place::Image { partition, .. } => Some(partition),
                _ => None,
            };
            assert_eq!(found, wanted, "{text}");
        }
        let plain = dir.path().join("wow!/x");
        assert_eq!(Place::parse(plain.as_os_str()), Place::Host(plain));
        let missing = dir.path().join("none!/x");
        assert_eq!(Place::parse(missing.as_os_str()), Place::Host(missing));
    }
}
