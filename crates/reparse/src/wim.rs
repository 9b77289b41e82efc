//! WIM: what a mounted image is told by. Not in [MS-FSCC] beyond the tag; the layout is known from public headers.
use alloc::vec::Vec;

use nt::Guid;

use crate::nfs::tell_of_rest;
use crate::oddity::Oddity;
use crate::raw::RawReparse;
use crate::reader::Reader;
use crate::tag::Tag;

/// A file or directory of a mounted image.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Wim {
    raw: RawReparse,
    image: Guid,
    path_hash: [u8; 20],
}

const LEN: usize = 16 + 20;

impl Wim {
    /// The object whose path has this hash, in this image.
    pub fn new(image: Guid, path_hash: [u8; 20]) -> Wim {
        let mut data = [0; LEN];
        for (to, from) in data.iter_mut().zip(image.0.iter().chain(&path_hash)) {
            *to = *from;
        }
        Wim { raw: RawReparse::fixed(Tag::WIM, data), image, path_hash }
    }

    /// Reads the point, leniently. `None` when it is cut short.
    pub(crate) fn read(raw: &RawReparse, oddities: &mut Vec<Oddity>) -> Option<Wim> {
        let what = "WIM point";
        let mut reader = Reader::new(raw.data());
        let Some((image, path_hash)) = reader.guid().zip(reader.array()) else {
            oddities.push(Oddity::DataShort { what, wanted: LEN, got: raw.data().len() });
            return None;
        };
        tell_of_rest(what, reader.rest(), oddities);
        Some(Wim { raw: raw.clone(), image, path_hash })
    }

    /// The mounted image.
    pub fn image(&self) -> Guid {
        self.image
    }

    /// The hash of the object's path in the image.
    pub fn path_hash(&self) -> &[u8; 20] {
        &self.path_hash
    }

    /// The bytes.
    pub fn raw(&self) -> &RawReparse {
        &self.raw
    }

    pub(crate) fn into_raw(self) -> RawReparse {
        self.raw
    }
}
