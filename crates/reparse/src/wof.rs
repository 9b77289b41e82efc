//! WOF: files whose data the overlay filter supplies, compressed beside them or from an image. Not in [MS-FSCC] beyond
//! the tag. The structures are those of the driver kit (WOF_EXTERNAL_INFO and the providers' own); what stands on disk
//! is known from captures (ntfs-3g-system-compression; wimlib, include/wimlib/wof.h).
use alloc::vec::Vec;

use crate::nfs::tell_of_rest;
use crate::oddity::Oddity;
use crate::raw::{BuildError, RawReparse};
use crate::reader::Reader;
use crate::tag::Tag;

/// A file backed by the overlay filter, as the reparse point on disk says it.
///
/// Windows hides these points and does not let them be set; it takes FSCTL_SET_EXTERNAL_BACKING instead, whose input is
/// [`WofBacking`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Wof {
    raw: RawReparse,
    source: WofSource,
}

/// Where the data comes from.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum WofSource {
    /// Provider 2: compressed, in the file's stream `WofCompressedData`.
    File {
        /// How it is compressed.
        algorithm: WofAlgorithm,
    },
    /// Provider 1: inside an image (WIMBoot).
    Wim(WimPointer),
}

/// Where in which image a file's data is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct WimPointer {
    /// Which image, by the number its registration got.
    pub data_source_id: u64,
    /// SHA-1 of the file's data.
    pub data_hash: [u8; 20],
    /// SHA-1 of the image's table of streams.
    pub table_hash: [u8; 20],
    /// Length of the data.
    pub uncompressed_len: u64,
    /// Length of the data in the image.
    pub compressed_len: u64,
    /// Where in the image it begins.
    pub offset: u64,
}

/// FILE_PROVIDER_COMPRESSION_*: how a file is compressed. Open, like every number on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct WofAlgorithm(pub u32);

impl WofAlgorithm {
    /// Xpress-Huffman in chunks of 4 KiB.
    pub const XPRESS4K: WofAlgorithm = WofAlgorithm(0);
    /// LZX in chunks of 32 KiB.
    pub const LZX: WofAlgorithm = WofAlgorithm(1);
    /// Xpress-Huffman in chunks of 8 KiB.
    pub const XPRESS8K: WofAlgorithm = WofAlgorithm(2);
    /// Xpress-Huffman in chunks of 16 KiB.
    pub const XPRESS16K: WofAlgorithm = WofAlgorithm(3);

    /// The name `compact /exe:` knows it by.
    pub fn name(self) -> Option<&'static str> {
        match self {
            WofAlgorithm::XPRESS4K => Some("XPRESS4K"),
            WofAlgorithm::LZX => Some("LZX"),
            WofAlgorithm::XPRESS8K => Some("XPRESS8K"),
            WofAlgorithm::XPRESS16K => Some("XPRESS16K"),
            _ => None,
        }
    }
}

/// WOF_CURRENT_VERSION.
const WOF_VERSION: u32 = 1;
/// WOF_PROVIDER_WIM.
const PROVIDER_WIM: u32 = 1;
/// WOF_PROVIDER_FILE.
const PROVIDER_FILE: u32 = 2;
/// FILE_PROVIDER_CURRENT_VERSION.
const FILE_VERSION: u32 = 1;
/// The version of an image pointer on disk.
const WIM_VERSION_DISK: u64 = 2;
/// WIM_PROVIDER_CURRENT_VERSION.
const WIM_VERSION: u32 = 1;

const WHAT: &str = "WOF point";

impl Wof {
    /// A file that is compressed beside itself.
    pub fn file(algorithm: WofAlgorithm) -> Wof {
        let numbers = [WOF_VERSION, PROVIDER_FILE, FILE_VERSION, algorithm.0];
        let data = numbers.iter().rev().fold(0u128, |all, number| all << 32 | u128::from(*number));
        let raw = RawReparse::fixed(Tag::WOF, data.to_le_bytes());
        Wof { raw, source: WofSource::File { algorithm } }
    }

    /// A file whose data is in an image.
    pub fn wim(pointer: WimPointer) -> Result<Wof, BuildError> {
        let mut data = Vec::new();
        data.extend_from_slice(&WOF_VERSION.to_le_bytes());
        data.extend_from_slice(&PROVIDER_WIM.to_le_bytes());
        data.extend_from_slice(&WIM_VERSION_DISK.to_le_bytes());
        data.extend_from_slice(&pointer.data_source_id.to_le_bytes());
        data.extend_from_slice(&pointer.data_hash);
        data.extend_from_slice(&pointer.table_hash);
        for number in [pointer.uncompressed_len, pointer.compressed_len, pointer.offset] {
            data.extend_from_slice(&number.to_le_bytes());
        }
        Ok(Wof { raw: RawReparse::new(Tag::WOF, None, &data)?, source: WofSource::Wim(pointer) })
    }

    /// Reads a WOF point, leniently. `None` when the provider is not known or its part is cut short.
    pub(crate) fn read(raw: &RawReparse, oddities: &mut Vec<Oddity>) -> Option<Wof> {
        let data = raw.data();
        let mut reader = Reader::new(data);
        let short = |wanted| Oddity::DataShort { what: WHAT, wanted, got: data.len() };
        let Some((version, provider)) = reader.u32().zip(reader.u32()) else {
            oddities.push(short(8));
            return None;
        };
        tell_of_version("version of the WOF point", version.into(), WOF_VERSION.into(), oddities);
        let source = match provider {
            PROVIDER_FILE => {
                let Some((version, algorithm)) = reader.u32().zip(reader.u32()) else {
                    oddities.push(short(16));
                    return None;
                };
                tell_of_version(
                    "version of the file provider",
                    version.into(),
                    FILE_VERSION.into(),
                    oddities,
                );
                let algorithm = WofAlgorithm(algorithm);
                if algorithm.name().is_none() {
                    let value = u64::from(algorithm.0);
                    oddities.push(Oddity::Unknown { what: "algorithm of the WOF point", value });
                }
                WofSource::File { algorithm }
            }
            PROVIDER_WIM => {
                let Some((version, pointer)) = reader.u64().zip(WimPointer::read(&mut reader)) else {
                    oddities.push(short(WIM_POINT_LEN));
                    return None;
                };
                tell_of_version("version of the image pointer", version, WIM_VERSION_DISK, oddities);
                WofSource::Wim(pointer)
            }
            value => {
                oddities.push(Oddity::Unknown { what: "provider of the WOF point", value: value.into() });
                return None;
            }
        };
        tell_of_rest(WHAT, reader.rest(), oddities);
        Some(Wof { raw: raw.clone(), source })
    }

    /// Where the data comes from.
    pub fn source(&self) -> &WofSource {
        &self.source
    }

    /// The bytes.
    pub fn raw(&self) -> &RawReparse {
        &self.raw
    }

    pub(crate) fn into_raw(self) -> RawReparse {
        self.raw
    }
}

/// Bytes of the data of a point into an image.
const WIM_POINT_LEN: usize = 8 + 8 + 8 + 20 + 20 + 24;

impl WimPointer {
    fn read(reader: &mut Reader<'_>) -> Option<WimPointer> {
        Some(WimPointer {
            data_source_id: reader.u64()?,
            data_hash: reader.array()?,
            table_hash: reader.array()?,
            uncompressed_len: reader.u64()?,
            compressed_len: reader.u64()?,
            offset: reader.u64()?,
        })
    }
}

/// Tells of a version other than the one that is known.
pub(crate) fn tell_of_version(what: &'static str, value: u64, known: u64, oddities: &mut Vec<Oddity>) {
    if value != known {
        oddities.push(Oddity::Unknown { what, value });
    }
}

/// The input of FSCTL_SET_EXTERNAL_BACKING and the output of FSCTL_GET_EXTERNAL_BACKING, which say what [`Wof`] says on
/// disk.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum WofBacking {
    /// FILE_PROVIDER_EXTERNAL_INFO_V1.
    File {
        /// How the file is, or shall be, compressed.
        algorithm: WofAlgorithm,
        /// FILE_PROVIDER_FLAG_*.
        flags: u32,
    },
    /// WIM_PROVIDER_EXTERNAL_INFO.
    Wim {
        /// 0 for an image in use.
        flags: u32,
        /// Which image.
        data_source_id: u64,
        /// SHA-1 of the file's data.
        data_hash: [u8; 20],
    },
}

impl WofBacking {
    /// Reads the structure; `None` unless it is one of the two, whole and with nothing after it. The file provider's is
    /// taken without its flags too, as Windows 10 first had it.
    pub fn decode(bytes: &[u8]) -> Option<WofBacking> {
        let mut reader = Reader::new(bytes);
        let (version, provider) = (reader.u32()?, reader.u32()?);
        let provider_version = reader.u32()?;
        if version != WOF_VERSION {
            return None;
        }
        let backing = match (provider, provider_version) {
            (PROVIDER_FILE, FILE_VERSION) => {
                let algorithm = WofAlgorithm(reader.u32()?);
                WofBacking::File { algorithm, flags: reader.u32().unwrap_or(0) }
            }
            (PROVIDER_WIM, WIM_VERSION) => WofBacking::Wim {
                flags: reader.u32()?,
                data_source_id: reader.u64()?,
                data_hash: reader.array()?,
            },
            _ => return None,
        };
        reader.rest().is_empty().then_some(backing)
    }

    /// The structure as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = WOF_VERSION.to_le_bytes().to_vec();
        match self {
            WofBacking::File { algorithm, flags } => {
                for number in [PROVIDER_FILE, FILE_VERSION, algorithm.0, *flags] {
                    bytes.extend_from_slice(&number.to_le_bytes());
                }
            }
            WofBacking::Wim { flags, data_source_id, data_hash } => {
                for number in [PROVIDER_WIM, WIM_VERSION, *flags] {
                    bytes.extend_from_slice(&number.to_le_bytes());
                }
                bytes.extend_from_slice(&data_source_id.to_le_bytes());
                bytes.extend_from_slice(data_hash);
            }
        }
        bytes
    }
}
