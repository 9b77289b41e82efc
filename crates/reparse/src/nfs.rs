//! [MS-FSCC] 2.1.2.6: what the NFS server keeps of Unix objects: links, devices, FIFOs and sockets.
use alloc::vec::Vec;

use nt::Utf16;

use crate::names::tell_of_name;
use crate::oddity::Oddity;
use crate::raw::{BuildError, RawReparse};
use crate::reader::Reader;
use crate::tag::Tag;

/// A Unix object as the NFS tag holds it.
///
/// ```
/// use reparse::{Nfs, NfsObject};
/// let device = Nfs::char_device(1, 3);
/// assert_eq!(device.object(), &NfsObject::CharDevice { major: 1, minor: 3 });
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Nfs {
    raw: RawReparse,
    object: NfsObject,
}

/// The kinds of Unix object. [MS-FSCC] 2.1.2.6
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum NfsObject {
    /// A symbolic link with its target, in Unix form.
    Symlink(Utf16),
    /// A character device.
    CharDevice {
        /// Which driver.
        major: u32,
        /// Which of its devices.
        minor: u32,
    },
    /// A block device.
    BlockDevice {
        /// Which driver.
        major: u32,
        /// Which of its devices.
        minor: u32,
    },
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
}

/// The Type field: letters, in a number. [MS-FSCC] 2.1.2.6
const TYPE_LNK: u64 = 0x0000_0000_014B_4E4C;
const TYPE_CHR: u64 = 0x0000_0000_0052_4843;
const TYPE_BLK: u64 = 0x0000_0000_004B_4C42;
const TYPE_FIFO: u64 = 0x0000_0000_4F46_4946;
const TYPE_SOCK: u64 = 0x0000_0000_4B43_4F53;

/// Bytes of the Type field.
const TYPE_LEN: usize = 8;

/// The most bytes a link's target has. [MS-FSCC] 2.1.2.6
pub const NFS_TARGET_BYTES_MAX: usize = 2050;

const TARGET: &str = "target of the NFS link";

impl Nfs {
    /// A symbolic link to a path in Unix form.
    pub fn symlink(target: impl Into<Utf16>) -> Result<Nfs, BuildError> {
        let target = target.into();
        let bytes = target.to_le_bytes();
        if bytes.is_empty() {
            return Err(BuildError::Empty { what: TARGET });
        }
        if bytes.len() > NFS_TARGET_BYTES_MAX {
            return Err(BuildError::TooLong { what: TARGET, len: bytes.len(), max: NFS_TARGET_BYTES_MAX });
        }
        let raw = RawReparse::new(Tag::NFS, None, &data_of(TYPE_LNK, &bytes))?;
        Ok(Nfs { raw, object: NfsObject::Symlink(target) })
    }

    /// A named pipe.
    pub fn fifo() -> Nfs {
        Nfs { raw: RawReparse::fixed(Tag::NFS, TYPE_FIFO.to_le_bytes()), object: NfsObject::Fifo }
    }

    /// A socket.
    pub fn socket() -> Nfs {
        Nfs { raw: RawReparse::fixed(Tag::NFS, TYPE_SOCK.to_le_bytes()), object: NfsObject::Socket }
    }

    /// A character device.
    pub fn char_device(major: u32, minor: u32) -> Nfs {
        let raw = RawReparse::fixed(Tag::NFS, device(TYPE_CHR, major, minor));
        Nfs { raw, object: NfsObject::CharDevice { major, minor } }
    }

    /// A block device.
    pub fn block_device(major: u32, minor: u32) -> Nfs {
        let raw = RawReparse::fixed(Tag::NFS, device(TYPE_BLK, major, minor));
        Nfs { raw, object: NfsObject::BlockDevice { major, minor } }
    }

    /// Reads an NFS point, leniently. `None` when the type is not known or its numbers are missing.
    pub(crate) fn read(raw: &RawReparse, oddities: &mut Vec<Oddity>) -> Option<Nfs> {
        let data = raw.data();
        let mut reader = Reader::new(data);
        let Some(of_type) = reader.u64() else {
            oddities.push(Oddity::DataShort { what: "NFS point", wanted: TYPE_LEN, got: data.len() });
            return None;
        };
        let object = match of_type {
            TYPE_LNK => NfsObject::Symlink(link_target(reader.rest(), oddities)),
            TYPE_FIFO | TYPE_SOCK => {
                tell_of_rest("NFS point", reader.rest(), oddities);
                if of_type == TYPE_FIFO { NfsObject::Fifo } else { NfsObject::Socket }
            }
            TYPE_CHR | TYPE_BLK => {
                let Some((major, minor)) = reader.u32().zip(reader.u32()) else {
                    oddities.push(Oddity::DataShort {
                        what: "NFS device",
                        wanted: TYPE_LEN + 8,
                        got: data.len(),
                    });
                    return None;
                };
                tell_of_rest("NFS device", reader.rest(), oddities);
                if of_type == TYPE_CHR {
                    NfsObject::CharDevice { major, minor }
                } else {
                    NfsObject::BlockDevice { major, minor }
                }
            }
            value => {
                oddities.push(Oddity::Unknown { what: "Type of the NFS point", value });
                return None;
            }
        };
        Some(Nfs { raw: raw.clone(), object })
    }

    /// What it is.
    pub fn object(&self) -> &NfsObject {
        &self.object
    }

    /// The bytes.
    pub fn raw(&self) -> &RawReparse {
        &self.raw
    }

    pub(crate) fn into_raw(self) -> RawReparse {
        self.raw
    }
}

fn data_of(of_type: u64, rest: &[u8]) -> Vec<u8> {
    let mut data = Vec::with_capacity(TYPE_LEN + rest.len());
    data.extend_from_slice(&of_type.to_le_bytes());
    data.extend_from_slice(rest);
    data
}

/// Type u64, major u32, minor u32.
fn device(of_type: u64, major: u32, minor: u32) -> [u8; 16] {
    (u128::from(of_type) | u128::from(major) << 64 | u128::from(minor) << 96).to_le_bytes()
}

fn link_target(bytes: &[u8], oddities: &mut Vec<Oddity>) -> Utf16 {
    let (pairs, half) = bytes.as_chunks::<2>();
    if !half.is_empty() {
        oddities.push(Oddity::DataLong { what: TARGET, extra: half.len() });
    }
    if bytes.len() > NFS_TARGET_BYTES_MAX {
        oddities.push(Oddity::PartOverLimit { what: TARGET, len: bytes.len(), max: NFS_TARGET_BYTES_MAX });
    }
    let target = Utf16(pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect());
    tell_of_name(TARGET, &target, oddities);
    target
}

/// Tells of bytes that a layout does not account for.
pub(crate) fn tell_of_rest(what: &'static str, rest: &[u8], oddities: &mut Vec<Oddity>) {
    if !rest.is_empty() {
        oddities.push(Oddity::DataLong { what, extra: rest.len() });
    }
}
