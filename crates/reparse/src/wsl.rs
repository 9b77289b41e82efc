//! [MS-FSCC] 2.1.2.7: the symbolic links of the Windows Subsystem for Linux. (Its FIFOs, sockets and devices are a tag
//! with no data; what else they need is in extended attributes: see [`lx_ea`](crate::lx_ea).)
use alloc::vec::Vec;

use crate::oddity::Oddity;
use crate::raw::{BuildError, RawReparse};
use crate::reader::Reader;
use crate::tag::Tag;

/// A link of WSL's. Version 2 holds its target; version 1 keeps it in the file's data.
///
/// ```
/// use reparse::LxSymlink;
/// let link = LxSymlink::new("../lib/libc.so.6")?;
/// assert_eq!(link.target(), Some(&b"../lib/libc.so.6"[..]));
/// # Ok::<(), reparse::BuildError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct LxSymlink {
    raw: RawReparse,
    version: u32,
    target: Vec<u8>,
}

/// The target is in the file's data stream. Historic; known from Microsoft's own reader (openvmm, lxutil).
const VERSION_TARGET_IN_STREAM: u32 = 1;
/// The target follows the version. [MS-FSCC] 2.1.2.7
const VERSION_TARGET_HERE: u32 = 2;

/// The most bytes a target has: Linux' PATH_MAX, which Microsoft's reader takes as its limit.
pub const LX_TARGET_BYTES_MAX: usize = 4096;

const TARGET: &str = "target of the WSL link";

impl LxSymlink {
    /// A link to a path in Unix form: UTF-8, or whatever bytes the other side takes for a name.
    pub fn new(target: impl AsRef<[u8]>) -> Result<LxSymlink, BuildError> {
        let target = target.as_ref();
        if target.is_empty() {
            return Err(BuildError::Empty { what: TARGET });
        }
        if target.contains(&0) {
            return Err(BuildError::Nul { what: TARGET });
        }
        if target.len() > LX_TARGET_BYTES_MAX {
            return Err(BuildError::TooLong { what: TARGET, len: target.len(), max: LX_TARGET_BYTES_MAX });
        }
        let mut data = Vec::with_capacity(4 + target.len());
        data.extend_from_slice(&VERSION_TARGET_HERE.to_le_bytes());
        data.extend_from_slice(target);
        let raw = RawReparse::new(Tag::LX_SYMLINK, None, &data)?;
        Ok(LxSymlink { raw, version: VERSION_TARGET_HERE, target: target.to_vec() })
    }

    /// A link of the historic version 1, whose target is the file's data.
    pub fn with_target_in_stream() -> LxSymlink {
        let version = VERSION_TARGET_IN_STREAM;
        let raw = RawReparse::fixed(Tag::LX_SYMLINK, version.to_le_bytes());
        LxSymlink { raw, version, target: Vec::new() }
    }

    /// Reads a link, leniently. `None` when the version is missing or not known.
    pub(crate) fn read(raw: &RawReparse, oddities: &mut Vec<Oddity>) -> Option<LxSymlink> {
        let mut reader = Reader::new(raw.data());
        let Some(version) = reader.u32() else {
            oddities.push(Oddity::DataShort { what: "WSL link", wanted: 4, got: raw.data().len() });
            return None;
        };
        let target = reader.rest();
        match version {
            VERSION_TARGET_IN_STREAM => {
                crate::nfs::tell_of_rest("WSL link of version 1", target, oddities);
                return Some(LxSymlink { raw: raw.clone(), version, target: Vec::new() });
            }
            VERSION_TARGET_HERE => {}
            value => {
                oddities.push(Oddity::Unknown { what: "Version of the WSL link", value: u64::from(value) });
                return None;
            }
        }
        if target.is_empty() {
            oddities.push(Oddity::NameEmpty { what: TARGET });
        }
        if target.contains(&0) {
            oddities.push(Oddity::NameHoldsNul { what: TARGET });
        }
        if core::str::from_utf8(target).is_err() {
            oddities.push(Oddity::NameIllFormed { what: TARGET });
        }
        if target.len() > LX_TARGET_BYTES_MAX {
            oddities.push(Oddity::PartOverLimit {
                what: TARGET,
                len: target.len(),
                max: LX_TARGET_BYTES_MAX,
            });
        }
        Some(LxSymlink { raw: raw.clone(), version, target: target.to_vec() })
    }

    /// 1 or 2.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The target; `None` in version 1, where it is the file's data.
    pub fn target(&self) -> Option<&[u8]> {
        (self.version == VERSION_TARGET_HERE).then_some(self.target.as_slice())
    }

    /// The bytes.
    pub fn raw(&self) -> &RawReparse {
        &self.raw
    }

    pub(crate) fn into_raw(self) -> RawReparse {
        self.raw
    }
}
