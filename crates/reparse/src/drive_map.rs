//! NT targets to host paths and back, through a map that the caller gives. Nothing is guessed from the machine.
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use nt::{Guid, Utf16};

use crate::target::{self, Target};

/// A volume as NT targets name it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Volume {
    /// `C:`. Letters are compared without case.
    Drive(char),
    /// `Volume{guid}`
    Guid(Guid),
    /// `\\server\share`. Both are compared without case.
    Share {
        /// The server.
        server: Utf16,
        /// The share.
        share: Utf16,
    },
}

/// Which host directory each volume is.
///
/// ```
/// use reparse::{DriveMap, Target};
/// let mut map = DriveMap::new();
/// map.insert("C:".parse()?, "/mnt/c");
/// let target = Target::parse_absolute(&r"\??\C:\Users\ada".into())?;
/// assert_eq!(map.to_host(&target)?, b"/mnt/c/Users/ada");
/// assert_eq!(map.to_target(b"/mnt/c/Users/ada"), Some(target));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DriveMap {
    entries: Vec<(Volume, Vec<u8>)>,
}

/// Why a target has no host path.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum MapError {
    /// The map has no directory for the target's volume.
    NotMapped,
    /// The target is relative: where it leads depends on where the link is.
    Relative,
    /// A component is no file name on the host: it is `.` or `..`, or holds a slash or a NUL.
    Component {
        /// The component.
        name: Utf16,
    },
}

/// Why a text is not a volume.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VolumeParseError;

impl DriveMap {
    /// An empty map.
    pub const fn new() -> DriveMap {
        DriveMap { entries: Vec::new() }
    }

    /// Says which host directory a volume's root is; replaces what was said of the volume before. A trailing slash is
    /// dropped.
    pub fn insert(&mut self, volume: Volume, host_directory: impl AsRef<[u8]>) {
        let host = host_directory.as_ref();
        let host = host.strip_suffix(b"/").unwrap_or(host).to_vec();
        match self.entries.iter_mut().find(|(known, _)| known.same(&volume)) {
            Some(entry) => entry.1 = host,
            None => self.entries.push((volume, host)),
        }
    }

    /// The volumes and their host directories, in the order they came.
    pub fn iter(&self) -> impl Iterator<Item = (&Volume, &[u8])> {
        self.entries.iter().map(|(volume, host)| (volume, host.as_slice()))
    }

    /// The host path of an absolute target. UTF-16 becomes UTF-8; an unpaired surrogate becomes three bytes, as in WTF-8.
    pub fn to_host(&self, target: &Target) -> Result<Vec<u8>, MapError> {
        if target.is_relative() {
            return Err(MapError::Relative);
        }
        let volume = Volume::of(target).ok_or(MapError::NotMapped)?;
        let entry = self.entries.iter().find(|(known, _)| known.same(&volume));
        let (_, directory) = entry.ok_or(MapError::NotMapped)?;
        let mut host = directory.clone();
        for component in target.components() {
            host.push(b'/');
            push_host_name(component, &mut host)?;
        }
        if host.is_empty() {
            host.push(b'/'); // a volume mapped to the host's root
        }
        Ok(host)
    }

    /// The target that leads to a host path: through the volume whose directory is the longest that holds it. `None`
    /// when no volume does, or when a name has no UTF-16 form.
    pub fn to_target(&self, host_path: &[u8]) -> Option<Target> {
        let below = |directory: &[u8]| {
            let rest = host_path.strip_prefix(directory)?;
            (rest.is_empty() || rest.starts_with(b"/")).then_some(rest)
        };
        let holding = self.entries.iter().filter_map(|(volume, host)| Some((volume, below(host)?)));
        let (volume, rest) = holding.min_by_key(|(_, rest)| rest.len())?;
        let mut path = Vec::new();
        for name in rest.split(|byte| *byte == b'/').filter(|name| !name.is_empty()) {
            path.push(u16::from(b'\\'));
            let units = Utf16::from_wtf8(name).ok()?.0;
            if matches!(name, b"." | b"..") || units.contains(&u16::from(b'\\')) {
                return None;
            }
            path.extend(units);
        }
        if path.is_empty() || rest.ends_with(b"/") {
            path.push(u16::from(b'\\'));
        }
        Some(volume.at(Utf16(path)))
    }
}

impl Volume {
    /// The volume of a target that names one.
    pub fn of(target: &Target) -> Option<Volume> {
        match target {
            Target::Drive { letter, .. } => Some(Volume::Drive(*letter)),
            Target::Volume { guid, .. } => Some(Volume::Guid(*guid)),
            Target::Unc { server, share, .. } => {
                Some(Volume::Share { server: server.clone(), share: share.clone() })
            }
            Target::DosDevice { .. }
            | Target::Device { .. }
            | Target::Rooted { .. }
            | Target::Relative { .. } => None,
        }
    }

    /// A target below this volume.
    fn at(&self, path: Utf16) -> Target {
        match self {
            Volume::Drive(letter) => Target::Drive { letter: *letter, path },
            Volume::Guid(guid) => Target::Volume { guid: *guid, path },
            Volume::Share { server, share } => {
                Target::Unc { server: server.clone(), share: share.clone(), path }
            }
        }
    }

    /// The same volume, names compared without case.
    fn same(&self, other: &Volume) -> bool {
        match (self, other) {
            (Volume::Drive(a), Volume::Drive(b)) => a.eq_ignore_ascii_case(b),
            (Volume::Guid(a), Volume::Guid(b)) => a == b,
            (Volume::Share { server: a, share: b }, Volume::Share { server: c, share: d }) => {
                a.eq_ignore_case(c) && b.eq_ignore_case(d)
            }
            _ => false,
        }
    }
}

/// One component as a name of the host.
fn push_host_name(component: &[u16], host: &mut Vec<u8>) -> Result<(), MapError> {
    let component = Utf16::from(component);
    let name = component.to_wtf8();
    if matches!(name.as_slice(), b"." | b"..") || name.iter().any(|byte| matches!(byte, b'/' | 0)) {
        return Err(MapError::Component { name: component });
    }
    host.extend_from_slice(&name);
    Ok(())
}

impl FromStr for Volume {
    type Err = VolumeParseError;

    /// Reads `C:`, `Volume{guid}` or `\\server\share`; slashes may stand for backslashes, and one may end it.
    fn from_str(text: &str) -> Result<Volume, VolumeParseError> {
        let straight = text.replace('/', r"\");
        let bare = straight.strip_prefix(r"\??\").unwrap_or(&straight);
        if let Some(unc) = bare.strip_prefix(r"\\").or_else(|| bare.strip_prefix(r"UNC\")) {
            let unc = unc.strip_suffix('\\').unwrap_or(unc);
            let (server, share) = unc.split_once('\\').ok_or(VolumeParseError)?;
            if server.is_empty() || share.is_empty() || share.contains('\\') {
                return Err(VolumeParseError);
            }
            return Ok(Volume::Share { server: server.into(), share: share.into() });
        }
        let bare = bare.strip_suffix('\\').unwrap_or(bare);
        let units: Vec<u16> = bare.encode_utf16().collect();
        if let Some(guid) = target::volume_guid(&units) {
            return Ok(Volume::Guid(guid));
        }
        let mut letters = bare.chars();
        match (letters.next(), letters.next(), letters.next()) {
            (Some(letter), Some(':'), None) if letter.is_ascii_alphabetic() => Ok(Volume::Drive(letter)),
            _ => Err(VolumeParseError),
        }
    }
}

impl fmt::Display for Volume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Volume::Drive(letter) => write!(f, "{letter}:"),
            Volume::Guid(guid) => write!(f, "Volume{{{guid}}}"),
            Volume::Share { server, share } => write!(f, r"\\{server}\{share}"),
        }
    }
}

impl fmt::Display for MapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MapError::NotMapped => f.write_str("no host directory is given for the target's volume"),
            MapError::Relative => f.write_str("a relative target has no host path of its own"),
            MapError::Component { name } => write!(f, "{name:?} is not a file name on the host"),
        }
    }
}

impl core::error::Error for MapError {}

impl fmt::Display for VolumeParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(r"a volume is written C:, Volume{guid} or \\server\share")
    }
}

impl core::error::Error for VolumeParseError {}
