//! Where links lead: the forms of an NT path in a substitute name, and which of them Windows refuses to follow.
//!
//! The refusals are those of Wine's `test_reparse_points` (dlls/ntdll/tests/file.c), which runs on Windows; [MS-FSCC]
//! 2.1.2.4 says only that an absolute name is a full path and a relative one is not.
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use nt::{Guid, NtStatus, Utf16};

use crate::raw::BuildError;

/// A target, taken apart. `path` is what follows the volume, its leading backslash included; it is empty when the
/// target is the volume itself (`\??\C:`), which is not the same as its root (`\??\C:\`).
///
/// ```
/// use reparse::Target;
/// let target = Target::parse_absolute(&r"\??\UNC\server\share\dir".into())?;
/// assert_eq!(target.components().count(), 1);
/// assert_eq!(target.to_string(), r"\??\UNC\server\share\dir");
/// # Ok::<(), reparse::TargetError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Target {
    /// `\??\C:\dir`
    Drive {
        /// The letter, as written.
        letter: char,
        /// What follows.
        path: Utf16,
    },
    /// `\??\Volume{guid}\dir`
    Volume {
        /// The volume's GUID.
        guid: Guid,
        /// What follows.
        path: Utf16,
    },
    /// `\??\UNC\server\share\dir`
    Unc {
        /// The server.
        server: Utf16,
        /// The share; empty when the target names a server alone.
        share: Utf16,
        /// What follows.
        path: Utf16,
    },
    /// `\??\NAME\dir`, where the name is neither a drive nor a volume nor UNC: `GLOBALROOT`, `pipe`, ...
    DosDevice {
        /// The name.
        name: Utf16,
        /// What follows.
        path: Utf16,
    },
    /// Any other absolute NT path, such as `\Device\HarddiskVolume1\dir`.
    Device {
        /// The whole path.
        path: Utf16,
    },
    /// `\dir` in a link flagged relative: from the root of the volume that holds the link.
    Rooted {
        /// The whole path.
        path: Utf16,
    },
    /// `..\dir`: from the directory that holds the link.
    Relative {
        /// The whole path.
        path: Utf16,
    },
}

/// Why Windows does not follow a target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct TargetError {
    /// The rule that is broken.
    pub fault: TargetFault,
    /// The UTF-16 unit at which it is broken.
    pub at: usize,
}

/// The rule that a target breaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum TargetFault {
    /// There is no target.
    Empty,
    /// A link that is not flagged relative, or a mount point, leads to a name that does not begin with a backslash.
    NotAbsolute,
    /// A component is empty: a doubled backslash, or `\\?\`.
    EmptyComponent,
    /// A character no file name has: a slash, a wildcard, a control character.
    Character,
    /// A colon where no stream's name can follow: `C:` in a relative link, or in a directory's name.
    Colon,
    /// `..` in an absolute target.
    DotDot,
    /// `.` in the middle of an absolute target.
    DotInMiddle,
    /// `.` at the end of an absolute target.
    DotAtEnd,
}

const BACKSLASH: u16 = b'\\' as u16;
const SLASH: u16 = b'/' as u16;
const COLON: u16 = b':' as u16;
/// What begins a path in the directory of DOS names. [MS-FSCC] 2.1.2.4
const DOS_NAMES: &str = r"\??\";

impl Target {
    /// Takes apart the substitute name of a mount point, or of a symlink that is not flagged relative.
    pub fn parse_absolute(name: &Utf16) -> Result<Target, TargetError> {
        let units = name.units();
        match units.first() {
            None => return Err(TargetError { fault: TargetFault::Empty, at: 0 }),
            Some(&BACKSLASH) => {}
            Some(_) => return Err(TargetError { fault: TargetFault::NotAbsolute, at: 0 }),
        }
        let target = match strip_text(units, DOS_NAMES) {
            Some(rest) => dos_target(rest, DOS_NAMES.len())?,
            None => Target::Device { path: name.clone() },
        };
        let path = target.path();
        // The object manager takes nearly any character in a device's name; what lies below is its file system's.
        let strict = !matches!(target, Target::Device { .. } | Target::DosDevice { .. });
        check_absolute(path.units(), units.len() - path.units().len(), strict)?;
        Ok(target)
    }

    /// Takes apart the substitute name of a symlink flagged relative. `.` and `..` may stand anywhere; whether they
    /// climb out of the volume is seen when the link is followed.
    pub fn parse_relative(name: &Utf16) -> Result<Target, TargetError> {
        let units = name.units();
        let Some(first) = units.first() else {
            return Err(TargetError { fault: TargetFault::Empty, at: 0 });
        };
        let rooted = *first == BACKSLASH;
        let (below, base) = if rooted { (units.get(1..).unwrap_or_default(), 1) } else { (units, 0) };
        for component in Components::of(below, base) {
            component.check_name()?;
        }
        let path = name.clone();
        Ok(if rooted { Target::Rooted { path } } else { Target::Relative { path } })
    }

    /// What follows the volume; for [`Device`](Target::Device), [`Rooted`](Target::Rooted) and
    /// [`Relative`](Target::Relative) the whole.
    pub fn path(&self) -> &Utf16 {
        match self {
            Target::Drive { path, .. }
            | Target::Volume { path, .. }
            | Target::Unc { path, .. }
            | Target::DosDevice { path, .. }
            | Target::Device { path }
            | Target::Rooted { path }
            | Target::Relative { path } => path,
        }
    }

    /// The names in [`path`](Target::path), in order, empty ones left out.
    pub fn components(&self) -> impl Iterator<Item = &[u16]> {
        self.path().units().split(|unit| *unit == BACKSLASH).filter(|component| !component.is_empty())
    }

    /// The path ends in a backslash, so only a directory answers to it.
    pub fn has_trailing_separator(&self) -> bool {
        self.path().units().last() == Some(&BACKSLASH)
    }

    /// The target depends on where the link is.
    pub fn is_relative(&self) -> bool {
        matches!(self, Target::Rooted { .. } | Target::Relative { .. })
    }

    /// The NT path, as a substitute name has it.
    pub fn to_nt_path(&self) -> Utf16 {
        let mut units: Vec<u16> = Vec::new();
        let mut text = |text: &str| units.extend(text.encode_utf16());
        match self {
            Target::Drive { letter, .. } => {
                text(DOS_NAMES);
                text(letter.encode_utf8(&mut [0; 4]));
                text(":");
            }
            Target::Volume { guid, .. } => text(&alloc::format!("{DOS_NAMES}Volume{{{guid}}}")),
            Target::Unc { server, share, .. } => {
                text(r"\??\UNC\");
                units.extend_from_slice(server.units());
                if !share.units().is_empty() {
                    units.push(BACKSLASH);
                    units.extend_from_slice(share.units());
                }
            }
            Target::DosDevice { name, .. } => {
                text(DOS_NAMES);
                units.extend_from_slice(name.units());
            }
            Target::Device { .. } | Target::Rooted { .. } | Target::Relative { .. } => {}
        }
        units.extend_from_slice(self.path().units());
        Utf16(units)
    }
}

impl fmt::Display for Target {
    /// The NT path, with U+FFFD for each unpaired surrogate.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.to_nt_path(), f)
    }
}

/// What follows `\??\`, which ends at unit `base`.
fn dos_target(rest: &[u16], base: usize) -> Result<Target, TargetError> {
    let (name, path) = split_component(rest);
    if name.is_empty() {
        return Err(TargetError { fault: TargetFault::EmptyComponent, at: base });
    }
    let path_of = |path: &[u16]| Utf16(path.to_vec());
    if let [letter, COLON] = name
        && let Some(letter) = char::from_u32(u32::from(*letter)).filter(char::is_ascii_alphabetic)
    {
        return Ok(Target::Drive { letter, path: path_of(path) });
    }
    if let Some(guid) = volume_guid(name) {
        return Ok(Target::Volume { guid, path: path_of(path) });
    }
    if strip_text(name, "UNC").is_some_and(<[u16]>::is_empty) {
        let below = path.get(1..).unwrap_or_default();
        let (server, path) = split_component(below);
        let (share, path) = match split_component(path.get(1..).unwrap_or_default()) {
            ([], _) => (&[][..], path), // no share: what follows the server stays as it is
            parts => parts,
        };
        if server.is_empty() {
            return Err(TargetError { fault: TargetFault::EmptyComponent, at: base + name.len() + 1 });
        }
        return Ok(Target::Unc { server: path_of(server), share: path_of(share), path: path_of(path) });
    }
    Ok(Target::DosDevice { name: path_of(name), path: path_of(path) })
}

/// The units up to the first backslash, and the rest from it on.
fn split_component(units: &[u16]) -> (&[u16], &[u16]) {
    let end = units.iter().position(|unit| *unit == BACKSLASH).unwrap_or(units.len());
    units.split_at_checked(end).unwrap_or_default()
}

/// What follows `text` at the start of `units`, letters compared without case.
pub(crate) fn strip_text<'a>(units: &'a [u16], text: &str) -> Option<&'a [u16]> {
    let (head, tail) = units.split_at_checked(text.len())?;
    let same = head
        .iter()
        .zip(text.bytes())
        .all(|(unit, byte)| u8::try_from(*unit).is_ok_and(|unit| unit.eq_ignore_ascii_case(&byte)));
    same.then_some(tail)
}

/// The GUID in `Volume{guid}`.
pub(crate) fn volume_guid(name: &[u16]) -> Option<Guid> {
    let braced = strip_text(name, "Volume")?;
    let text = String::from_utf16(braced).ok()?;
    text.starts_with('{').then(|| text.parse().ok()).flatten()
}

/// One component of a path, with the unit it begins at.
struct Component<'a> {
    name: &'a [u16],
    at: usize,
    last: bool,
}

/// The components between backslashes. A trailing backslash adds none; a doubled one adds an empty one.
struct Components<'a> {
    rest: Option<&'a [u16]>,
    at: usize,
}

impl<'a> Components<'a> {
    fn of(units: &'a [u16], base: usize) -> Components<'a> {
        Components { rest: (!units.is_empty()).then_some(units), at: base }
    }
}

impl<'a> Iterator for Components<'a> {
    type Item = Component<'a>;

    fn next(&mut self) -> Option<Component<'a>> {
        let (name, rest) = split_component(self.rest?);
        let at = self.at;
        self.at += name.len() + 1;
        self.rest = rest.get(1..).filter(|rest| !rest.is_empty());
        Some(Component { name, at, last: self.rest.is_none() })
    }
}

impl Component<'_> {
    fn error(&self, fault: TargetFault, unit: usize) -> TargetError {
        TargetError { fault, at: self.at + unit }
    }

    /// A component that a file system takes as a name, or as a file's name with a stream's.
    fn check_name(&self) -> Result<(), TargetError> {
        if self.name.is_empty() {
            return Err(self.error(TargetFault::EmptyComponent, 0));
        }
        if let Some(unit) = self.name.iter().position(|unit| !may_be_in_name(*unit)) {
            return Err(self.error(TargetFault::Character, unit));
        }
        match self.name.iter().position(|unit| *unit == COLON) {
            Some(unit) if !self.last || unit == 0 || unit + 1 == self.name.len() => {
                Err(self.error(TargetFault::Colon, unit))
            }
            _ => Ok(()),
        }
    }

    /// An absolute target is not cleaned of dots before it is looked up.
    fn check_dots(&self) -> Result<(), TargetError> {
        const DOT: u16 = b'.' as u16;
        match self.name {
            [DOT, DOT] => Err(self.error(TargetFault::DotDot, 0)),
            [DOT] if self.last => Err(self.error(TargetFault::DotAtEnd, 0)),
            [DOT] => Err(self.error(TargetFault::DotInMiddle, 0)),
            _ => Ok(()),
        }
    }
}

/// What follows the volume in an absolute target; `base` is the unit it begins at.
fn check_absolute(path: &[u16], base: usize, strict: bool) -> Result<(), TargetError> {
    for component in Components::of(path.get(1..).unwrap_or_default(), base + 1) {
        if strict {
            component.check_name()?;
        } else if component.name.is_empty() {
            return Err(component.error(TargetFault::EmptyComponent, 0));
        }
        component.check_dots()?;
    }
    Ok(())
}

/// [MS-FSCC] 2.1.5: the characters no component has. The colon is looked at apart, since it begins a stream's name.
fn may_be_in_name(unit: u16) -> bool {
    match u8::try_from(unit) {
        Ok(byte) => byte >= 0x20 && !b"\"*/<>?|".contains(&byte),
        Err(_) => true,
    }
}

impl TargetError {
    /// The status with which Windows refuses to open through the link.
    pub fn status(&self) -> NtStatus {
        match self.fault {
            TargetFault::Empty
            | TargetFault::NotAbsolute
            | TargetFault::EmptyComponent
            | TargetFault::Character
            | TargetFault::Colon
            | TargetFault::DotDot => NtStatus::OBJECT_NAME_INVALID,
            TargetFault::DotInMiddle => NtStatus::OBJECT_PATH_NOT_FOUND,
            TargetFault::DotAtEnd => NtStatus::OBJECT_NAME_NOT_FOUND,
        }
    }
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.fault {
            TargetFault::Empty => "the target is empty",
            TargetFault::NotAbsolute => {
                "the target is not a full NT path, and the link is not flagged relative"
            }
            TargetFault::EmptyComponent => "the target has two backslashes in a row",
            TargetFault::Character => "the target has a character that no file name has",
            TargetFault::Colon => "the target has a colon that begins no stream's name",
            TargetFault::DotDot => "an absolute target has \"..\" in it",
            TargetFault::DotInMiddle | TargetFault::DotAtEnd => "an absolute target has \".\" in it",
        };
        write!(f, "{why} (at character {})", self.at)
    }
}

impl core::error::Error for TargetError {}

/// A slash becomes a backslash.
pub(crate) fn backslash(unit: u16) -> u16 {
    if unit == SLASH { BACKSLASH } else { unit }
}

/// The substitute and the print name for an absolute path as a person writes it.
///
/// A plain path is cleaned for the substitute name as Win32 does: slashes, `.`, `..` and doubled backslashes go, since
/// nobody does it when the link is followed. A path after `\\?\` or `\??\` is taken as it is.
pub(crate) fn nt_path_of(path: &str) -> Result<(Utf16, Utf16), BuildError> {
    let person = |rest: &str| match rest.get(..4) {
        Some(unc) if unc.eq_ignore_ascii_case(r"UNC\") => {
            alloc::format!(r"\\{}", rest.get(4..).unwrap_or_default())
        }
        // mklink keeps the prefix here: without it there would be no path (alphaleonis/AlphaFS issue 516)
        Some(volume) if volume.eq_ignore_ascii_case("Volu") => alloc::format!(r"\\?\{rest}"),
        _ => String::from(rest),
    };
    for verbatim in [DOS_NAMES, r"\\?\", r"\\.\"] {
        if let Some(rest) = path.strip_prefix(verbatim).filter(|rest| !rest.is_empty()) {
            let substitute = alloc::format!("{DOS_NAMES}{rest}");
            return Ok((Utf16::from(substitute.as_str()), Utf16::from(person(rest).as_str())));
        }
    }
    if path.get(..8).is_some_and(|root| root.eq_ignore_ascii_case(r"\Device\")) {
        return Ok((path.into(), path.into()));
    }
    let straight = path.replace('/', r"\");
    let (root, below) = if let Some(unc) = straight.strip_prefix(r"\\") {
        let mut parts = unc.splitn(3, '\\');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(server), Some(share), below) if !server.is_empty() && !share.is_empty() => {
                (alloc::format!(r"UNC\{server}\{share}"), below)
            }
            _ => return Err(BuildError::Unsuitable { what: "absolute path" }),
        }
    } else {
        match straight.as_bytes() {
            [letter, b':', b'\\', ..] if letter.is_ascii_alphabetic() => {
                (String::from(straight.get(..2).unwrap_or_default()), straight.get(3..))
            }
            _ => return Err(BuildError::Unsuitable { what: "absolute path" }),
        }
    };
    let substitute = alloc::format!("{DOS_NAMES}{root}{}", clean(below));
    Ok((Utf16::from(substitute.as_str()), Utf16::from(path)))
}

/// The part below the root without `.`, `..` and empty components, a backslash before each; a trailing one stays.
fn clean(below: Option<&str>) -> String {
    let Some(below) = below else { return String::new() };
    let mut kept: Vec<&str> = Vec::new();
    for component in below.split('\\') {
        match component {
            "" | "." => {}
            ".." => drop(kept.pop()),
            name => kept.push(name),
        }
    }
    let mut path: String = kept.iter().flat_map(|name| ["\\", name]).collect();
    if kept.is_empty() || below.ends_with('\\') {
        path.push('\\');
    }
    path
}
