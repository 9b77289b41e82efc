//! [MS-FSCC] 2.1.2.3: reparse points of third parties, which only their owners understand.
use nt::Guid;

use crate::raw::{BuildError, RawReparse};
use crate::tag::Tag;

/// A third party's reparse point. The GUID says whose it is; the data is the owner's.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ThirdParty {
    raw: RawReparse,
    guid: Guid,
}

impl ThirdParty {
    /// A reparse point with a third party's tag. Refused are Microsoft's tags and the GUID of zeroes, as Windows does.
    pub fn new(tag: Tag, guid: Guid, data: &[u8]) -> Result<ThirdParty, BuildError> {
        if tag.is_microsoft() || !tag.is_valid() {
            return Err(BuildError::Unsuitable { what: "tag" });
        }
        if guid == Guid::NIL {
            return Err(BuildError::Empty { what: "GUID" });
        }
        let raw = RawReparse::new(tag, Some(guid), data)?;
        Ok(ThirdParty { raw, guid })
    }

    /// Reads a third party's point. `None` without a GUID.
    pub(crate) fn read(raw: &RawReparse) -> Option<ThirdParty> {
        raw.guid().map(|guid| ThirdParty { raw: raw.clone(), guid })
    }

    /// The tag.
    pub fn tag(&self) -> Tag {
        self.raw.tag()
    }

    /// The owner's GUID.
    pub fn guid(&self) -> Guid {
        self.guid
    }

    /// The owner's data.
    pub fn data(&self) -> &[u8] {
        self.raw.data()
    }

    /// The bytes.
    pub fn raw(&self) -> &RawReparse {
        &self.raw
    }

    pub(crate) fn into_raw(self) -> RawReparse {
        self.raw
    }
}
