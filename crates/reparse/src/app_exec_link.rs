//! APPEXECLINK: the aliases of packaged applications. Not in [MS-FSCC] beyond the tag; the layout is known from public
//! headers (phnt) and from readers of it (cygwin, winsup/cygwin/path.cc).
use alloc::vec::Vec;

use nt::Utf16;

use crate::names::tell_of_name;
use crate::nfs::tell_of_rest;
use crate::oddity::Oddity;
use crate::raw::{BuildError, RawReparse};
use crate::reader::Reader;
use crate::tag::Tag;

/// An application's alias, such as `%LOCALAPPDATA%\Microsoft\WindowsApps\python.exe`.
///
/// ```
/// use reparse::AppExecLink;
/// let alias = AppExecLink::new("Pkg_8wekyb3d8bbwe", "Pkg_8wekyb3d8bbwe!App", r"C:\Program Files\App\app.exe", "0")?;
/// assert_eq!(alias.executable().map(|name| name.to_string()).as_deref(), Some(r"C:\Program Files\App\app.exe"));
/// # Ok::<(), reparse::BuildError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct AppExecLink {
    raw: RawReparse,
    version: u32,
    strings: Vec<Utf16>,
}

/// The version that every capture shows.
const VERSION: u32 = 3;
/// Strings that version 3 has.
const STRINGS: usize = 4;
const STRING: &str = "string of the application link";

impl AppExecLink {
    /// An alias of version 3: the package family's name, the entry point (package and application), the executable, and
    /// the kind of application (`0` a desktop one, `1` one in the sandbox).
    pub fn new(
        package: impl Into<Utf16>,
        entry_point: impl Into<Utf16>,
        executable: impl Into<Utf16>,
        kind: impl Into<Utf16>,
    ) -> Result<AppExecLink, BuildError> {
        AppExecLink::from_strings(
            VERSION,
            [package.into(), entry_point.into(), executable.into(), kind.into()].into(),
        )
    }

    /// An alias with any version and any number of strings.
    pub fn from_strings(version: u32, strings: Vec<Utf16>) -> Result<AppExecLink, BuildError> {
        let mut data = version.to_le_bytes().to_vec();
        for string in &strings {
            if string.units().contains(&0) {
                return Err(BuildError::Nul { what: STRING });
            }
            data.extend(string.units().iter().chain(&[0]).flat_map(|unit| unit.to_le_bytes()));
        }
        let raw = RawReparse::new(Tag::APPEXECLINK, None, &data)?;
        Ok(AppExecLink { raw, version, strings })
    }

    /// Reads an alias, leniently. `None` when the version is missing or the last string has no end.
    pub(crate) fn read(raw: &RawReparse, oddities: &mut Vec<Oddity>) -> Option<AppExecLink> {
        let what = "application link";
        let mut reader = Reader::new(raw.data());
        let Some(version) = reader.u32() else {
            oddities.push(Oddity::DataShort { what, wanted: 4, got: raw.data().len() });
            return None;
        };
        let (pairs, half) = reader.rest().as_chunks::<2>();
        tell_of_rest(what, half, oddities);
        let units: Vec<u16> = pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
        let ended = units.strip_suffix(&[0]);
        let strings: Vec<Utf16> = match ended {
            Some(ended) => ended.split(|unit| *unit == 0).map(Utf16::from).collect(),
            None if units.is_empty() => Vec::new(),
            None => {
                oddities.push(Oddity::Layout);
                return None;
            }
        };
        for string in strings.iter().filter(|string| !string.units().is_empty()) {
            tell_of_name(STRING, string, oddities);
        }
        if version != VERSION {
            let value = u64::from(version);
            oddities.push(Oddity::Unknown { what: "Version of the application link", value });
        } else if strings.len() != STRINGS {
            let what = "strings of the application link";
            oddities.push(Oddity::CountDiffers { what, wanted: STRINGS, got: strings.len() });
        }
        Some(AppExecLink { raw: raw.clone(), version, strings })
    }

    /// The version, 3 in every capture.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Every string, in order.
    pub fn strings(&self) -> &[Utf16] {
        &self.strings
    }

    /// The name of the package family.
    pub fn package(&self) -> Option<&Utf16> {
        self.strings.first()
    }

    /// The package and the application in it.
    pub fn entry_point(&self) -> Option<&Utf16> {
        self.strings.get(1)
    }

    /// The program that is started, a Win32 path.
    pub fn executable(&self) -> Option<&Utf16> {
        self.strings.get(2)
    }

    /// The kind of application.
    pub fn kind(&self) -> Option<&Utf16> {
        self.strings.get(3)
    }

    /// The bytes.
    pub fn raw(&self) -> &RawReparse {
        &self.raw
    }

    pub(crate) fn into_raw(self) -> RawReparse {
        self.raw
    }
}
