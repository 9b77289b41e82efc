//! [MS-DTYP] 2.4.6: the self-relative security descriptor.
use super::{Acl, SecurityDecodeError, SecurityEncodeError, Sid};
use crate::named_numbers;
use alloc::vec::Vec;

named_numbers! {
    /// Control bits of a security descriptor. [MS-DTYP] 2.4.6
    SecurityDescriptorControl(u16), prefix "" {
        OWNER_DEFAULTED = 0x0001 => "OD";
        GROUP_DEFAULTED = 0x0002 => "GD";
        DACL_PRESENT = 0x0004 => "DP";
        DACL_DEFAULTED = 0x0008 => "DD";
        SACL_PRESENT = 0x0010 => "SP";
        SACL_DEFAULTED = 0x0020 => "SD";
        DACL_TRUSTED = 0x0040 => "DT";
        SERVER_SECURITY = 0x0080 => "SS";
        DACL_COMPUTED_INHERITANCE_REQUIRED = 0x0100 => "DC";
        SACL_COMPUTED_INHERITANCE_REQUIRED = 0x0200 => "SC";
        DACL_AUTO_INHERITED = 0x0400 => "DI";
        SACL_AUTO_INHERITED = 0x0800 => "SI";
        DACL_PROTECTED = 0x1000 => "PD";
        SACL_PROTECTED = 0x2000 => "PS";
        RM_CONTROL_VALID = 0x4000 => "RM";
        SELF_RELATIVE = 0x8000 => "SR";
    }
}
crate::bit_set!(SecurityDescriptorControl);

/// The bits that say what the other fields hold: the codec sets and reads them, nobody else.
const STRUCTURAL: SecurityDescriptorControl = SecurityDescriptorControl(
    SecurityDescriptorControl::DACL_PRESENT.0
        | SecurityDescriptorControl::SACL_PRESENT.0
        | SecurityDescriptorControl::SELF_RELATIVE.0,
);

const REVISION: u8 = 1;
const HEADER_LEN: usize = 20;

/// Whether a descriptor has a list: none, an explicit nothing, or one. [MS-DTYP] 2.4.6
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum AclSlot<T> {
    /// The present bit is clear.
    #[default]
    Absent,
    /// The present bit is set and the offset is zero.
    Null,
    /// A list, which may have no entry.
    Present(T),
}

/// Who owns an object, and who may do what with it. [MS-DTYP] 2.4.6
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SecurityDescriptor {
    /// Control bits, without those that follow from the other fields (DP, SP, SR).
    pub control: SecurityDescriptorControl,
    /// Sbz1: the resource manager's control bits when RM is set.
    pub resource_manager_control: u8,
    /// The owner.
    pub owner: Option<Sid>,
    /// The primary group.
    pub group: Option<Sid>,
    /// Who may do what.
    pub dacl: AclSlot<Acl>,
    /// What is audited, as the bytes of its ACL: carried, not read.
    pub sacl: AclSlot<Vec<u8>>,
}

impl SecurityDescriptor {
    /// Reads a self-relative descriptor. Parts may lie in any order, overlap, and leave room between them.
    /// [MS-DTYP] 2.4.6
    pub fn decode(bytes: &[u8]) -> Result<SecurityDescriptor, SecurityDecodeError> {
        let Some((header, _)) = bytes.split_first_chunk::<HEADER_LEN>() else {
            return Err(SecurityDecodeError::Short {
                what: "a security descriptor",
                need: HEADER_LEN,
                have: bytes.len(),
            });
        };
        let [revision, resource_manager_control, control_low, control_high, offsets @ ..] = header;
        if *revision != REVISION {
            return Err(SecurityDecodeError::Revision { what: "a security descriptor", value: *revision });
        }
        let control = SecurityDescriptorControl(u16::from_le_bytes([*control_low, *control_high]));
        if !control.contains(SecurityDescriptorControl::SELF_RELATIVE) {
            return Err(SecurityDecodeError::NotSelfRelative);
        }
        let mut offsets = offsets.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word));
        let mut part = |what| part_at(bytes, offsets.next().unwrap_or_default(), what);
        let owner = part("the owner")?.map(Sid::decode).transpose()?.map(|(sid, _)| sid);
        let group = part("the group")?.map(Sid::decode).transpose()?.map(|(sid, _)| sid);
        let (sacl, dacl) = (part("the SACL")?, part("the DACL")?);
        let sacl = slot(control.contains(SecurityDescriptorControl::SACL_PRESENT), sacl, |bytes| {
            Acl::span(bytes).map(<[u8]>::to_vec)
        })?;
        let dacl = slot(control.contains(SecurityDescriptorControl::DACL_PRESENT), dacl, Acl::decode)?;
        Ok(SecurityDescriptor {
            control: control.without(STRUCTURAL),
            resource_manager_control: *resource_manager_control,
            owner,
            group,
            dacl,
            sacl,
        })
    }

    /// The self-relative bytes: header, owner, group, SACL, DACL. [MS-DTYP] 2.4.6
    pub fn encode(&self) -> Result<Vec<u8>, SecurityEncodeError> {
        let mut body = Vec::new();
        let owner = offset_of(&mut body, self.owner.as_ref(), |sid, out| {
            sid.encode(out);
            Ok(())
        })?;
        let group = offset_of(&mut body, self.group.as_ref(), |sid, out| {
            sid.encode(out);
            Ok(())
        })?;
        let sacl = offset_of(&mut body, self.sacl.present(), |bytes, out| {
            out.extend_from_slice(bytes);
            Ok(())
        })?;
        let dacl = offset_of(&mut body, self.dacl.present(), Acl::encode)?;
        let mut control = self.control.without(STRUCTURAL).union(SecurityDescriptorControl::SELF_RELATIVE);
        if !matches!(self.sacl, AclSlot::Absent) {
            control |= SecurityDescriptorControl::SACL_PRESENT;
        }
        if !matches!(self.dacl, AclSlot::Absent) {
            control |= SecurityDescriptorControl::DACL_PRESENT;
        }
        let mut out = Vec::with_capacity(HEADER_LEN + body.len());
        out.extend([REVISION, self.resource_manager_control]);
        out.extend(control.0.to_le_bytes());
        out.extend([owner, group, sacl, dacl].into_iter().flat_map(u32::to_le_bytes));
        out.extend_from_slice(&body);
        Ok(out)
    }
}

impl<T> AclSlot<T> {
    /// The list, if there is one.
    pub fn present(&self) -> Option<&T> {
        match self {
            AclSlot::Present(list) => Some(list),
            AclSlot::Absent | AclSlot::Null => None,
        }
    }
}

/// The bytes from an offset on; none for offset zero, which means "no such part".
fn part_at<'a>(
    bytes: &'a [u8],
    offset: u32,
    what: &'static str,
) -> Result<Option<&'a [u8]>, SecurityDecodeError> {
    if offset == 0 {
        return Ok(None);
    }
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    let short = SecurityDecodeError::Short { what, need: offset, have: bytes.len() };
    bytes.get(offset..).map(Some).ok_or(short)
}

/// A list's slot from its present bit and its bytes; an offset without the bit counts for nothing.
fn slot<'a, T>(
    present: bool,
    bytes: Option<&'a [u8]>,
    decode: impl Fn(&'a [u8]) -> Result<T, SecurityDecodeError>,
) -> Result<AclSlot<T>, SecurityDecodeError> {
    Ok(match (present, bytes) {
        (false, _) => AclSlot::Absent,
        (true, None) => AclSlot::Null,
        (true, Some(bytes)) => AclSlot::Present(decode(bytes)?),
    })
}

/// Appends a part, if there is one, and gives its offset from the start of the descriptor, or zero.
fn offset_of<T: ?Sized>(
    body: &mut Vec<u8>,
    part: Option<&T>,
    encode: impl Fn(&T, &mut Vec<u8>) -> Result<(), SecurityEncodeError>,
) -> Result<u32, SecurityEncodeError> {
    // Two SIDs of at most 68 bytes and two lists of at most 65,535 come before any part: it fits 32 bits by far.
    let Some(part) = part else { return Ok(0) };
    let len = HEADER_LEN + body.len();
    let offset = u32::try_from(len).map_err(|_| SecurityEncodeError::AclLength(len))?;
    encode(part, body)?;
    Ok(offset)
}
