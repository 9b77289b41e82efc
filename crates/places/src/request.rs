//! What every kind of place needs to set and delete: the EAs of the Subsystem for Linux, and the inputs of the calls.
use crate::failure::Failure;
use crate::object::{Expected, Found};
use nt::{Guid, NtStatus};
use reparse::lx_ea::{LX_DEVICE, LX_GID, LX_MODE, LX_UID, LxMetadata};
use reparse::{RawReparse, SetExFlags, Tag};

const LX_NAMES: [&str; 4] = [LX_UID, LX_GID, LX_MODE, LX_DEVICE];

/// Tags whose points need EAs, or may have them.
pub fn may_have_lx(tag: Tag) -> bool {
    matches!(tag, Tag::LX_SYMLINK | Tag::LX_FIFO | Tag::LX_CHR | Tag::LX_BLK | Tag::AF_UNIX)
}

/// True for the name of an EA of the Subsystem for Linux.
pub fn is_lx(name: &[u8]) -> bool {
    LX_NAMES.iter().any(|lx| lx.as_bytes().eq_ignore_ascii_case(name))
}

/// The EAs of the Subsystem for Linux among all of an object's. One of a wrong length is as good as none, to Windows too.
pub(crate) fn of_eas<'a>(eas: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> LxMetadata {
    let pairs = eas.filter_map(|(name, value)| Some((std::str::from_utf8(name).ok()?, value)));
    LxMetadata::decode(pairs).unwrap_or_default()
}

/// A FILE_FULL_EA_INFORMATION list: offset of the next entry, flags, length of the name, length of the value, the name
/// and a NUL, the value; each entry begins at a multiple of four. [MS-FSCC] 2.4.16
pub fn full_ea_list(eas: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut list = Vec::new();
    for (number, (name, value)) in eas.iter().enumerate() {
        let len = (8 + name.len() + 1 + value.len()).next_multiple_of(4);
        let next = if number + 1 == eas.len() { 0 } else { len };
        list.extend_from_slice(&u32::try_from(next).unwrap_or(0).to_le_bytes());
        list.extend_from_slice(&[0, u8::try_from(name.len()).unwrap_or(0)]);
        list.extend_from_slice(&u16::try_from(value.len()).unwrap_or(0).to_le_bytes());
        list.extend_from_slice(name.as_bytes());
        list.push(0);
        list.extend_from_slice(value);
        list.resize(list.len().next_multiple_of(4), 0);
    }
    list
}

/// What FSCTL_SET_REPARSE_POINT_EX is to compare with; `None` for the plain call.
pub(crate) fn expected_now(
    expected: Expected,
    found: impl FnOnce() -> Result<Found, Failure>,
) -> Result<Option<(SetExFlags, Tag, Guid)>, Failure> {
    match expected {
        Expected::SameTagOrNone => Ok(None),
        Expected::Tag { tag, guid, or_none } => {
            let flags = if or_none { SetExFlags::GIVEN_TAG_OR_NONE } else { SetExFlags(0) };
            Ok(Some((flags, tag.unwrap_or(Tag::RESERVED_ZERO), guid.unwrap_or(Guid::NIL))))
        }
        Expected::Whatever => match found() {
            Ok(found) => {
                Ok(Some((SetExFlags(0), found.point.tag(), found.point.guid().unwrap_or(Guid::NIL))))
            }
            Err(failure) if failure.status() == Some(NtStatus::NOT_A_REPARSE_POINT) => Ok(None),
            Err(failure) => Err(failure),
        },
    }
}

/// The input of FSCTL_DELETE_REPARSE_POINT: a header alone. What the user left out is what is there; too short for its
/// tag only where the user left the GUID out, which the store then says.
pub(crate) fn delete_input(
    tag: Option<Tag>,
    guid: Option<Guid>,
    found: impl FnOnce() -> Result<Found, Failure>,
) -> Result<RawReparse, Failure> {
    let (tag, guid) = match tag {
        Some(tag) => (tag, guid),
        None => {
            let point = found()?.point;
            (point.tag(), point.guid().filter(|_| !point.tag().is_microsoft()))
        }
    };
    RawReparse::new(tag, guid, &[]).map_err(|error| Failure::Malformed {
        what: "delete the reparse point",
        why: error.to_string(),
        next: None,
    })
}
