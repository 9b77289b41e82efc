//! [MS-FSCC] 2.1.2.4: symbolic links.
use alloc::vec::Vec;

use nt::Utf16;

use crate::names::{PRINT, SPANS_LEN, SUBSTITUTE, Spans};
use crate::oddity::Oddity;
use crate::raw::{BuildError, HEADER_LEN, REPARSE_BYTES_MAX, RawReparse};
use crate::reader::Reader;
use crate::tag::Tag;
use crate::target::{self, Target, TargetError};
use crate::verdict::{Fault, SetError, Wanted};

/// The flags of a symbolic link. [MS-FSCC] 2.1.2.4
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct SymlinkFlags(pub u32);

impl SymlinkFlags {
    /// The substitute name is a full NT path.
    pub const ABSOLUTE: SymlinkFlags = SymlinkFlags(0);
    /// The substitute name is relative to the directory that holds the link.
    pub const RELATIVE: SymlinkFlags = SymlinkFlags(1);
    /// The nibble that the system sets on a link it gives out, and that no store keeps. A reader masks it.
    pub const SYSTEM_MASK: u32 = 0xF000_0000;

    /// SYMLINK_FLAG_RELATIVE is set.
    pub const fn is_relative(self) -> bool {
        self.0 & SymlinkFlags::RELATIVE.0 != 0
    }

    /// The flags that a store keeps: without the system's nibble.
    pub const fn stored(self) -> SymlinkFlags {
        SymlinkFlags(self.0 & !SymlinkFlags::SYSTEM_MASK)
    }
}

/// A symbolic link: where it leads (the substitute name, an NT path or a relative one), and what a person is shown (the
/// print name). Whether it is a link to a file or to a directory is not in the data: the object that carries it is one
/// or the other.
///
/// ```
/// use reparse::Symlink;
/// let link = Symlink::absolute(r"C:\Users\Public")?;
/// assert_eq!(link.substitute().to_string(), r"\??\C:\Users\Public");
/// assert_eq!(link.print().to_string(), r"C:\Users\Public");
/// # Ok::<(), reparse::BuildError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Symlink {
    raw: RawReparse,
    substitute: Utf16,
    print: Utf16,
    flags: SymlinkFlags,
}

/// Bytes of the data before PathBuffer.
pub(crate) const FIXED_LEN: usize = SPANS_LEN + 4;
/// Bytes that both names have room for.
const NAMES_BYTES_MAX: usize = REPARSE_BYTES_MAX - HEADER_LEN - FIXED_LEN;

impl Symlink {
    /// A link with these names and flags, laid out as Windows does: the print name, then the substitute name, no NULs.
    /// Neither may be empty, since Windows refuses both.
    pub fn new(
        substitute: impl Into<Utf16>,
        print: impl Into<Utf16>,
        flags: SymlinkFlags,
    ) -> Result<Symlink, BuildError> {
        let (substitute, print) = (substitute.into(), print.into());
        for (what, name) in [(SUBSTITUTE, &substitute), (PRINT, &print)] {
            if name.units().is_empty() {
                return Err(BuildError::Empty { what });
            }
        }
        let (substitute_bytes, print_bytes) = (substitute.to_le_bytes(), print.to_le_bytes());
        let len = substitute_bytes.len() + print_bytes.len();
        let too_long = BuildError::TooLong { what: "names of the link", len, max: NAMES_BYTES_MAX };
        let (Ok(substitute_len), Ok(print_len)) =
            (u16::try_from(substitute_bytes.len()), u16::try_from(print_bytes.len()))
        else {
            return Err(too_long);
        };
        if len > NAMES_BYTES_MAX {
            return Err(too_long);
        }
        let mut data = Vec::with_capacity(FIXED_LEN + len);
        let spans = Spans { substitute_offset: print_len, substitute_len, print_offset: 0, print_len };
        spans.write(&mut data);
        data.extend_from_slice(&flags.0.to_le_bytes());
        data.extend_from_slice(&print_bytes);
        data.extend_from_slice(&substitute_bytes);
        let raw = RawReparse::new(Tag::SYMLINK, None, &data)?;
        Ok(Symlink { raw, substitute, print, flags })
    }

    /// A link to an absolute path as a person writes it: `C:\dir`, `\\server\share\dir`, `\\?\Volume{..}\dir`, or an
    /// NT path (`\??\..`, `\Device\..`) itself. The print name is what was written, without `\\?\` or `\??\`.
    pub fn absolute(path: &str) -> Result<Symlink, BuildError> {
        let (substitute, print) = target::nt_path_of(path)?;
        Symlink::new(substitute, print, SymlinkFlags::ABSOLUTE)
    }

    /// A link relative to the directory that holds it (`..\dir`), or to the root of its volume (`\dir`). Slashes become
    /// backslashes, since Windows does not follow a link that has any.
    pub fn relative(path: &str) -> Result<Symlink, BuildError> {
        let name = Utf16(path.encode_utf16().map(target::backslash).collect());
        Symlink::new(name.clone(), name, SymlinkFlags::RELATIVE)
    }

    /// Reads a link, leniently. `None` when its names cannot be found.
    pub(crate) fn read(raw: &RawReparse, oddities: &mut Vec<Oddity>) -> Option<Symlink> {
        let data = raw.data();
        let mut reader = Reader::new(data);
        let Some((spans, flags)) = Spans::read(&mut reader).zip(reader.u32()) else {
            oddities.push(Oddity::DataShort { what: "symlink", wanted: FIXED_LEN, got: data.len() });
            return None;
        };
        let flags = SymlinkFlags(flags);
        let path = reader.rest();
        let (substitute, print) = spans.names(path, oddities)?;
        let canonical = spans.print_offset == 0
            && spans.substitute_offset == spans.print_len
            && usize::from(spans.print_len) + usize::from(spans.substitute_len) == path.len();
        if !canonical && spans.substitute_offset < spans.print_offset {
            oddities.push(Oddity::SubstituteFirst);
        } else if !canonical {
            oddities.push(Oddity::Layout);
        }
        let unknown = flags.stored().0 & !SymlinkFlags::RELATIVE.0;
        if unknown != 0 {
            oddities.push(Oddity::FlagsUnknown { bits: unknown });
        }
        if flags.0 != flags.stored().0 {
            oddities.push(Oddity::FlagsOfSystem { bits: flags.0 & SymlinkFlags::SYSTEM_MASK });
        }
        Some(Symlink { raw: raw.clone(), substitute, print, flags })
    }

    /// Where the link leads: an NT path, or a relative one.
    pub fn substitute(&self) -> &Utf16 {
        &self.substitute
    }

    /// What a person is shown.
    pub fn print(&self) -> &Utf16 {
        &self.print
    }

    /// The flags as they are in the bytes.
    pub fn flags(&self) -> SymlinkFlags {
        self.flags
    }

    /// SYMLINK_FLAG_RELATIVE is set.
    pub fn is_relative(&self) -> bool {
        self.flags.is_relative()
    }

    /// The bytes.
    pub fn raw(&self) -> &RawReparse {
        &self.raw
    }

    /// The substitute name read as Windows reads it when it follows the link, or the status with which it refuses.
    pub fn target_syntax(&self) -> Result<Target, TargetError> {
        if self.is_relative() {
            Target::parse_relative(&self.substitute)
        } else {
            Target::parse_absolute(&self.substitute)
        }
    }

    pub(crate) fn into_raw(self) -> RawReparse {
        self.raw
    }
}

/// What Windows checks in the data of a SYMLINK at SET. Offsets in the error are from the start of the data.
pub(crate) fn accept(data: &[u8]) -> Result<(), SetError> {
    let mut reader = Reader::new(data);
    let spans = Spans::read(&mut reader).zip(reader.u32()).map(|(spans, _flags)| spans);
    let spans = spans.ok_or(SetError {
        fault: Fault::DataShort,
        what: "symlink's data",
        offset: 0,
        wanted: Wanted::AtLeast(FIXED_LEN as u64),
        got: data.len() as u64,
    })?;
    spans.accept(reader.rest().len())
}
