//! [MS-FSCC] 2.1.2.5: mount points, which people call junctions.
use alloc::format;
use alloc::vec::Vec;

use nt::{Guid, Utf16};

use crate::names::{SPANS_LEN, SUBSTITUTE, Spans};
use crate::oddity::Oddity;
use crate::raw::{BuildError, HEADER_LEN, REPARSE_BYTES_MAX, RawReparse};
use crate::reader::Reader;
use crate::tag::Tag;
use crate::target::{self, Target, TargetError};
use crate::verdict::{Fault, SetError, Wanted};

/// A directory that stands for another, or for the root of a volume. The target is always an absolute NT path of the
/// same machine.
///
/// ```
/// use reparse::MountPoint;
/// let junction = MountPoint::to_directory(r"C:\Users\Public")?;
/// assert_eq!(junction.substitute().to_string(), r"\??\C:\Users\Public");
/// assert_eq!(junction.print().to_string(), r"C:\Users\Public");
/// # Ok::<(), reparse::BuildError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct MountPoint {
    raw: RawReparse,
    substitute: Utf16,
    print: Utf16,
}

/// Bytes of the data before PathBuffer.
pub(crate) const FIXED_LEN: usize = SPANS_LEN;
/// Bytes of the NUL that ends each name.
const NUL_LEN: usize = 2;
/// Bytes that both names have room for, their NULs left out.
const NAMES_BYTES_MAX: usize = REPARSE_BYTES_MAX - HEADER_LEN - FIXED_LEN - 2 * NUL_LEN;

impl MountPoint {
    /// A mount point with these names, in the one layout that Windows accepts: the substitute name, a NUL, the print
    /// name, a NUL. The print name may be empty.
    pub fn new(substitute: impl Into<Utf16>, print: impl Into<Utf16>) -> Result<MountPoint, BuildError> {
        let (substitute, print) = (substitute.into(), print.into());
        if substitute.units().is_empty() {
            return Err(BuildError::Empty { what: SUBSTITUTE });
        }
        let (substitute_bytes, print_bytes) = (substitute.to_le_bytes(), print.to_le_bytes());
        let len = substitute_bytes.len() + print_bytes.len();
        let too_long = BuildError::TooLong { what: "names of the mount point", len, max: NAMES_BYTES_MAX };
        if len > NAMES_BYTES_MAX {
            return Err(too_long);
        }
        let number = |len: usize| u16::try_from(len).map_err(|_| too_long);
        let spans = Spans {
            substitute_offset: 0,
            substitute_len: number(substitute_bytes.len())?,
            print_offset: number(substitute_bytes.len() + NUL_LEN)?,
            print_len: number(print_bytes.len())?,
        };
        let mut data = Vec::with_capacity(FIXED_LEN + len + 2 * NUL_LEN);
        spans.write(&mut data);
        for name in [&substitute_bytes, &print_bytes] {
            data.extend_from_slice(name);
            data.extend_from_slice(&[0; NUL_LEN]);
        }
        let raw = RawReparse::new(Tag::MOUNT_POINT, None, &data)?;
        Ok(MountPoint { raw, substitute, print })
    }

    /// A mount point that leads to a directory, written as a person does (`C:\dir`) or as an NT path (`\??\C:\dir`).
    pub fn to_directory(path: &str) -> Result<MountPoint, BuildError> {
        let (substitute, print) = target::nt_path_of(path)?;
        MountPoint::new(substitute, print)
    }

    /// A mount point that leads to the root of a volume; its print name is empty.
    pub fn to_volume(volume: Guid) -> Result<MountPoint, BuildError> {
        MountPoint::new(format!(r"\??\Volume{{{volume}}}\").as_str(), "")
    }

    /// Reads a mount point, leniently. `None` when its names cannot be found.
    pub(crate) fn read(raw: &RawReparse, oddities: &mut Vec<Oddity>) -> Option<MountPoint> {
        let data = raw.data();
        let mut reader = Reader::new(data);
        let Some(spans) = Spans::read(&mut reader) else {
            oddities.push(Oddity::DataShort { what: "mount point", wanted: FIXED_LEN, got: data.len() });
            return None;
        };
        let path = reader.rest();
        let mut found = Vec::new();
        let names = spans.names(path, &mut found);
        // an empty print name is what Windows itself writes for the root of a volume
        found.retain(|oddity| *oddity != Oddity::NameEmpty { what: crate::names::PRINT });
        oddities.append(&mut found);
        let (substitute, print) = names?;
        let nul_after = |end: usize| path.get(end..).and_then(<[u8]>::first_chunk) == Some(&[0u8; NUL_LEN]);
        let substitute_end = usize::from(spans.substitute_len);
        let print_end = substitute_end + NUL_LEN + usize::from(spans.print_len);
        if layout(spans, data.len()).is_err() || !nul_after(substitute_end) || !nul_after(print_end) {
            oddities.push(Oddity::Layout);
        }
        Some(MountPoint { raw: raw.clone(), substitute, print })
    }

    /// Where the mount point leads: an absolute NT path.
    pub fn substitute(&self) -> &Utf16 {
        &self.substitute
    }

    /// What a person is shown; empty when the target is the root of a volume.
    pub fn print(&self) -> &Utf16 {
        &self.print
    }

    /// The bytes.
    pub fn raw(&self) -> &RawReparse {
        &self.raw
    }

    /// The substitute name read as Windows reads it when it walks through, or the status with which it refuses.
    pub fn target_syntax(&self) -> Result<Target, TargetError> {
        Target::parse_absolute(&self.substitute)
    }

    pub(crate) fn into_raw(self) -> RawReparse {
        self.raw
    }
}

/// The one arrangement of the numbers that Windows accepts. Offsets in the error are from the start of the data.
fn layout(spans: Spans, data_len: usize) -> Result<(), SetError> {
    let error = |what, offset, wanted: usize, got: usize| SetError {
        fault: Fault::Layout,
        what,
        offset,
        wanted: Wanted::Exactly(wanted as u64),
        got: got as u64,
    };
    if spans.substitute_offset != 0 {
        return Err(error("SubstituteNameOffset", 0, 0, usize::from(spans.substitute_offset)));
    }
    let print_offset = usize::from(spans.substitute_len) + NUL_LEN;
    if usize::from(spans.print_offset) != print_offset {
        return Err(error("PrintNameOffset", 4, print_offset, usize::from(spans.print_offset)));
    }
    let whole = FIXED_LEN + print_offset + usize::from(spans.print_len) + NUL_LEN;
    if data_len != whole {
        return Err(error("mount point's data", 0, whole, data_len));
    }
    Ok(())
}

/// What Windows checks in the data of a MOUNT_POINT at SET. Offsets in the error are from the start of the data.
pub(crate) fn accept(data: &[u8]) -> Result<(), SetError> {
    let spans = Spans::read(&mut Reader::new(data)).ok_or(SetError {
        fault: Fault::DataShort,
        what: "mount point's data",
        offset: 0,
        wanted: Wanted::AtLeast(FIXED_LEN as u64),
        got: data.len() as u64,
    })?;
    layout(spans, data.len())
}
