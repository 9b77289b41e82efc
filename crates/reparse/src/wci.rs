//! WCI: files of a container that still live in a lower layer. Not in [MS-FSCC] beyond the tags; the layout is known
//! from public headers.
use alloc::vec::Vec;

use nt::{Guid, Utf16};

use crate::names::tell_of_name;
use crate::nfs::tell_of_rest;
use crate::oddity::Oddity;
use crate::raw::{BuildError, RawReparse};
use crate::reader::Reader;
use crate::tag::Tag;
use crate::wof::tell_of_version;

/// A placeholder in a container's layer: which layer holds the object, and under which name.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Wci {
    raw: RawReparse,
    layer: Guid,
    name: Utf16,
}

const VERSION: u32 = 1;
/// Version, Reserved, the layer's GUID, the name's length.
const FIXED_LEN: usize = 4 + 4 + 16 + 2;
const NAME: &str = "name in the layer";

impl Wci {
    /// A placeholder with the tag WCI or WCI_1.
    pub fn new(tag: Tag, layer: Guid, name: impl Into<Utf16>) -> Result<Wci, BuildError> {
        if !matches!(tag, Tag::WCI | Tag::WCI_1) {
            return Err(BuildError::Unsuitable { what: "tag" });
        }
        let name = name.into();
        let bytes = name.to_le_bytes();
        let too_long = BuildError::TooLong { what: NAME, len: bytes.len(), max: usize::from(u16::MAX) };
        let name_len = u16::try_from(bytes.len()).map_err(|_| too_long)?;
        let mut data = Vec::with_capacity(FIXED_LEN + bytes.len());
        data.extend_from_slice(&VERSION.to_le_bytes());
        data.extend_from_slice(&[0; 4]);
        data.extend_from_slice(&layer.0);
        data.extend_from_slice(&name_len.to_le_bytes());
        data.extend_from_slice(&bytes);
        Ok(Wci { raw: RawReparse::new(tag, None, &data)?, layer, name })
    }

    /// Reads a placeholder, leniently. `None` when it is cut short.
    pub(crate) fn read(raw: &RawReparse, oddities: &mut Vec<Oddity>) -> Option<Wci> {
        let what = "WCI point";
        let mut reader = Reader::new(raw.data());
        let mut fixed = || Some((reader.u32()?, reader.u32()?, reader.guid()?, reader.u16()?));
        let got = raw.data().len();
        let Some((version, reserved, layer, name_len)) = fixed() else {
            oddities.push(Oddity::DataShort { what, wanted: FIXED_LEN, got });
            return None;
        };
        let Some(bytes) = reader.bytes(usize::from(name_len)) else {
            oddities.push(Oddity::DataShort { what, wanted: FIXED_LEN + usize::from(name_len), got });
            return None;
        };
        tell_of_version("version of the WCI point", version.into(), VERSION.into(), oddities);
        if reserved != 0 {
            oddities.push(Oddity::Unknown { what: "Reserved of the WCI point", value: reserved.into() });
        }
        let (pairs, half) = bytes.as_chunks::<2>();
        if !half.is_empty() {
            oddities.push(Oddity::NameUneven { what: NAME, offset: 0, len: name_len });
        }
        tell_of_rest(what, reader.rest(), oddities);
        let name = Utf16(pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect());
        tell_of_name(NAME, &name, oddities);
        Some(Wci { raw: raw.clone(), layer, name })
    }

    /// WCI or WCI_1.
    pub fn tag(&self) -> Tag {
        self.raw.tag()
    }

    /// The layer that holds the object.
    pub fn layer(&self) -> Guid {
        self.layer
    }

    /// The object's path in that layer.
    pub fn name(&self) -> &Utf16 {
        &self.name
    }

    /// The bytes.
    pub fn raw(&self) -> &RawReparse {
        &self.raw
    }

    pub(crate) fn into_raw(self) -> RawReparse {
        self.raw
    }
}
