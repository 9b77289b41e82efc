//! The input of FSCTL_SET_REPARSE_POINT_EX, which can replace one tag by another. Windows 10 1607 and later; told by
//! the driver kit's page of the control code, not by [MS-FSCC].
use alloc::vec::Vec;

use nt::Guid;

use crate::raw::RawReparse;
use crate::reader::Reader;
use crate::tag::Tag;
use crate::verdict::{Fault, SetError, Wanted};

/// REPARSE_DATA_BUFFER_EX: what the file must carry now, and what it shall carry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SetEx {
    /// How to compare.
    pub flags: SetExFlags,
    /// The tag the file must have now; 0 means none.
    pub existing_tag: Tag,
    /// The GUID the file must have now, when the existing tag is a third party's.
    pub existing_guid: Guid,
    /// The point to set.
    pub point: RawReparse,
}

/// Flags of REPARSE_DATA_BUFFER_EX.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct SetExFlags(pub u32);

impl SetExFlags {
    /// A file without any tag is taken as well as one with the given tag.
    pub const GIVEN_TAG_OR_NONE: SetExFlags = SetExFlags(1);

    /// GIVEN_TAG_OR_NONE is set.
    pub const fn takes_none(self) -> bool {
        self.0 & SetExFlags::GIVEN_TAG_OR_NONE.0 != 0
    }
}

/// Bytes before the reparse point: Flags, ExistingReparseTag, ExistingReparseGuid, Reserved.
pub const SET_EX_HEADER_LEN: usize = 32;

impl SetEx {
    /// Reads the input, as strictly as the plain call reads its own. (No public test shows what Windows checks here
    /// beyond the point itself; an undefined flag is refused.)
    pub fn decode(input: &[u8]) -> Result<SetEx, SetError> {
        let got = input.len() as u64;
        let whole = |fault| SetError {
            fault,
            what: "input",
            offset: 0,
            wanted: Wanted::AtLeast(SET_EX_HEADER_LEN as u64),
            got,
        };
        if input.is_empty() {
            return Err(whole(Fault::Empty));
        }
        let mut reader = Reader::new(input);
        let mut header = || Some((reader.u32()?, reader.u32()?, reader.guid()?, reader.u64()?));
        let (flags, existing_tag, existing_guid, _reserved) = header().ok_or(whole(Fault::TooShort))?;
        let unknown = flags & !SetExFlags::GIVEN_TAG_OR_NONE.0;
        if unknown != 0 {
            return Err(SetError {
                fault: Fault::Flags,
                what: "Flags",
                offset: 0,
                wanted: Wanted::AtMost(u64::from(SetExFlags::GIVEN_TAG_OR_NONE.0)),
                got: u64::from(flags),
            });
        }
        let inner = reader.rest();
        if inner.is_empty() {
            return Err(whole(Fault::TooShort));
        }
        let point = RawReparse::decode_set_at(inner, SET_EX_HEADER_LEN)?;
        Ok(SetEx { flags: SetExFlags(flags), existing_tag: Tag(existing_tag), existing_guid, point })
    }

    /// The input as bytes, its own Reserved field 0.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SET_EX_HEADER_LEN + self.point.as_bytes().len());
        bytes.extend_from_slice(&self.flags.0.to_le_bytes());
        bytes.extend_from_slice(&self.existing_tag.0.to_le_bytes());
        bytes.extend_from_slice(&self.existing_guid.0);
        bytes.extend_from_slice(&0u64.to_le_bytes());
        bytes.extend_from_slice(self.point.as_bytes());
        bytes
    }
}
