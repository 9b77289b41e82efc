//! [MS-DTYP] 2.4.4 and 2.4.5: access control entries, in their list.
use super::{SecurityDecodeError, SecurityEncodeError, Sid};
use crate::{AccessMask, named_numbers};
use alloc::vec::Vec;

named_numbers! {
    /// What kind of entry an ACE is. [MS-DTYP] 2.4.4.1
    AceType(u8), prefix "" {
        ACCESS_ALLOWED = 0x00 => "ACCESS_ALLOWED_ACE_TYPE";
        ACCESS_DENIED = 0x01 => "ACCESS_DENIED_ACE_TYPE";
        SYSTEM_AUDIT = 0x02 => "SYSTEM_AUDIT_ACE_TYPE";
        SYSTEM_ALARM = 0x03 => "SYSTEM_ALARM_ACE_TYPE";
        ACCESS_ALLOWED_COMPOUND = 0x04 => "ACCESS_ALLOWED_COMPOUND_ACE_TYPE";
        ACCESS_ALLOWED_OBJECT = 0x05 => "ACCESS_ALLOWED_OBJECT_ACE_TYPE";
        ACCESS_DENIED_OBJECT = 0x06 => "ACCESS_DENIED_OBJECT_ACE_TYPE";
        SYSTEM_AUDIT_OBJECT = 0x07 => "SYSTEM_AUDIT_OBJECT_ACE_TYPE";
        SYSTEM_ALARM_OBJECT = 0x08 => "SYSTEM_ALARM_OBJECT_ACE_TYPE";
        ACCESS_ALLOWED_CALLBACK = 0x09 => "ACCESS_ALLOWED_CALLBACK_ACE_TYPE";
        ACCESS_DENIED_CALLBACK = 0x0A => "ACCESS_DENIED_CALLBACK_ACE_TYPE";
        ACCESS_ALLOWED_CALLBACK_OBJECT = 0x0B => "ACCESS_ALLOWED_CALLBACK_OBJECT_ACE_TYPE";
        ACCESS_DENIED_CALLBACK_OBJECT = 0x0C => "ACCESS_DENIED_CALLBACK_OBJECT_ACE_TYPE";
        SYSTEM_AUDIT_CALLBACK = 0x0D => "SYSTEM_AUDIT_CALLBACK_ACE_TYPE";
        SYSTEM_ALARM_CALLBACK = 0x0E => "SYSTEM_ALARM_CALLBACK_ACE_TYPE";
        SYSTEM_AUDIT_CALLBACK_OBJECT = 0x0F => "SYSTEM_AUDIT_CALLBACK_OBJECT_ACE_TYPE";
        SYSTEM_ALARM_CALLBACK_OBJECT = 0x10 => "SYSTEM_ALARM_CALLBACK_OBJECT_ACE_TYPE";
        SYSTEM_MANDATORY_LABEL = 0x11 => "SYSTEM_MANDATORY_LABEL_ACE_TYPE";
        SYSTEM_RESOURCE_ATTRIBUTE = 0x12 => "SYSTEM_RESOURCE_ATTRIBUTE_ACE_TYPE";
        SYSTEM_SCOPED_POLICY_ID = 0x13 => "SYSTEM_SCOPED_POLICY_ID_ACE_TYPE";
    }
}
crate::named_debug!(AceType);

named_numbers! {
    /// Inheritance and audit flags of an ACE. [MS-DTYP] 2.4.4.1
    AceFlags(u8), prefix "" {
        OBJECT_INHERIT = 0x01 => "OBJECT_INHERIT_ACE";
        CONTAINER_INHERIT = 0x02 => "CONTAINER_INHERIT_ACE";
        NO_PROPAGATE_INHERIT = 0x04 => "NO_PROPAGATE_INHERIT_ACE";
        INHERIT_ONLY = 0x08 => "INHERIT_ONLY_ACE";
        INHERITED = 0x10 => "INHERITED_ACE";
        SUCCESSFUL_ACCESS = 0x40 => "SUCCESSFUL_ACCESS_ACE_FLAG";
        FAILED_ACCESS = 0x80 => "FAILED_ACCESS_ACE_FLAG";
    }
}
crate::bit_set!(AceFlags);

/// ACL_REVISION, the revision of an ACL on a file. [MS-DTYP] 2.4.5
const ACL_REVISION: u8 = 2;
const ACL_HEADER_LEN: usize = 8;
const ACE_HEADER_LEN: usize = 4;

/// One entry of an access control list. [MS-DTYP] 2.4.4
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ace {
    /// Inheritance and audit flags.
    pub flags: AceFlags,
    /// What it says.
    pub kind: AceKind,
}

/// What an ACE says: the kinds that the access check reads, and all others untouched.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AceKind {
    /// Grants rights. [MS-DTYP] 2.4.4.2
    Allow(AceEntry),
    /// Denies rights. [MS-DTYP] 2.4.4.4
    Deny(AceEntry),
    /// Grants rights when a condition, carried but not read, holds. [MS-DTYP] 2.4.4.6
    AllowIf(AceEntry),
    /// Denies rights when a condition, carried but not read, holds. [MS-DTYP] 2.4.4.7
    DenyIf(AceEntry),
    /// Any other type: the bytes after the ACE header.
    Other {
        /// Its type.
        ace_type: AceType,
        /// The bytes after the header, a multiple of four.
        body: Vec<u8>,
    },
}

/// Rights for a principal. [MS-DTYP] 2.4.4.2
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AceEntry {
    /// The rights.
    pub mask: AccessMask,
    /// Whose.
    pub sid: Sid,
    /// What follows the SID: a callback ACE's application data, padding, nothing as a rule. A multiple of four bytes.
    pub rest: Vec<u8>,
}

/// An access control list. [MS-DTYP] 2.4.5
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Acl {
    /// The revision, 2 on files or 4.
    pub revision: u8,
    /// The entries, in the order in which they are judged.
    pub aces: Vec<Ace>,
}

impl Ace {
    /// An entry that grants `mask` to `sid`.
    pub fn allow(sid: Sid, mask: AccessMask) -> Ace {
        Ace { flags: AceFlags::NONE, kind: AceKind::Allow(AceEntry { mask, sid, rest: Vec::new() }) }
    }

    /// An entry that denies `mask` to `sid`.
    pub fn deny(sid: Sid, mask: AccessMask) -> Ace {
        Ace { flags: AceFlags::NONE, kind: AceKind::Deny(AceEntry { mask, sid, rest: Vec::new() }) }
    }

    /// The same entry with these flags.
    pub fn with_flags(self, flags: AceFlags) -> Ace {
        Ace { flags, ..self }
    }

    /// The type, as the wire has it.
    pub fn ace_type(&self) -> AceType {
        match &self.kind {
            AceKind::Allow(_) => AceType::ACCESS_ALLOWED,
            AceKind::Deny(_) => AceType::ACCESS_DENIED,
            AceKind::AllowIf(_) => AceType::ACCESS_ALLOWED_CALLBACK,
            AceKind::DenyIf(_) => AceType::ACCESS_DENIED_CALLBACK,
            AceKind::Other { ace_type, .. } => *ace_type,
        }
    }

    /// Reads one ACE from the start of `bytes`, and gives what follows it. [MS-DTYP] 2.4.4.1
    fn decode(bytes: &[u8]) -> Result<(Ace, &[u8]), SecurityDecodeError> {
        let short = |need| SecurityDecodeError::Short { what: "an ACE", need, have: bytes.len() };
        let Some(([ace_type, flags, size @ ..], _)) = bytes.split_first_chunk::<ACE_HEADER_LEN>() else {
            return Err(short(ACE_HEADER_LEN));
        };
        let size = usize::from(u16::from_le_bytes(*size));
        if size < ACE_HEADER_LEN || !size.is_multiple_of(4) {
            return Err(SecurityDecodeError::Size { what: "an ACE", value: size });
        }
        let (ace, rest) = bytes.split_at_checked(size).ok_or(short(size))?;
        let body = ace.get(ACE_HEADER_LEN..).unwrap_or_default();
        let kind = match AceType(*ace_type) {
            AceType::ACCESS_ALLOWED => AceKind::Allow(AceEntry::decode(body)?),
            AceType::ACCESS_DENIED => AceKind::Deny(AceEntry::decode(body)?),
            AceType::ACCESS_ALLOWED_CALLBACK => AceKind::AllowIf(AceEntry::decode(body)?),
            AceType::ACCESS_DENIED_CALLBACK => AceKind::DenyIf(AceEntry::decode(body)?),
            ace_type => AceKind::Other { ace_type, body: body.to_vec() },
        };
        Ok((Ace { flags: AceFlags(*flags), kind }, rest))
    }

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), SecurityEncodeError> {
        let len = ACE_HEADER_LEN
            + match &self.kind {
                AceKind::Allow(e) | AceKind::Deny(e) | AceKind::AllowIf(e) | AceKind::DenyIf(e) => {
                    4 + e.sid.encoded_len() + e.rest.len()
                }
                AceKind::Other { body, .. } => body.len(),
            };
        let size = u16::try_from(len).ok().filter(|size| size.is_multiple_of(4));
        let size = size.ok_or(SecurityEncodeError::AceLength(len))?;
        out.extend([self.ace_type().0, self.flags.0]);
        out.extend(size.to_le_bytes());
        match &self.kind {
            AceKind::Allow(e) | AceKind::Deny(e) | AceKind::AllowIf(e) | AceKind::DenyIf(e) => {
                out.extend(e.mask.0.to_le_bytes());
                e.sid.encode(out);
                out.extend_from_slice(&e.rest);
            }
            AceKind::Other { body, .. } => out.extend_from_slice(body),
        }
        Ok(())
    }
}

impl AceEntry {
    fn decode(body: &[u8]) -> Result<AceEntry, SecurityDecodeError> {
        let Some((mask, after)) = body.split_first_chunk::<4>() else {
            return Err(SecurityDecodeError::Short { what: "an ACE's mask", need: 4, have: body.len() });
        };
        let (sid, rest) = Sid::decode(after)?;
        Ok(AceEntry { mask: AccessMask(u32::from_le_bytes(*mask)), sid, rest: rest.to_vec() })
    }
}

impl Acl {
    /// A list of these entries, in the revision of files.
    pub fn new(aces: Vec<Ace>) -> Acl {
        Acl { revision: ACL_REVISION, aces }
    }

    /// The bytes of the ACL that starts `bytes`, cut to the size it gives itself. [MS-DTYP] 2.4.5
    pub(super) fn span(bytes: &[u8]) -> Result<&[u8], SecurityDecodeError> {
        let short = |need| SecurityDecodeError::Short { what: "an ACL", need, have: bytes.len() };
        let Some(([_, _, low, high, ..], _)) = bytes.split_first_chunk::<ACL_HEADER_LEN>() else {
            return Err(short(ACL_HEADER_LEN));
        };
        let size = usize::from(u16::from_le_bytes([*low, *high]));
        if size < ACL_HEADER_LEN {
            return Err(SecurityDecodeError::Size { what: "an ACL", value: size });
        }
        bytes.get(..size).ok_or(short(size))
    }

    /// Reads the ACL that starts `bytes`. Room behind the last entry is not kept. [MS-DTYP] 2.4.5
    pub fn decode(bytes: &[u8]) -> Result<Acl, SecurityDecodeError> {
        let bytes = Acl::span(bytes)?;
        let Some(([revision, _, _, _, low, high, _, _], mut rest)) =
            bytes.split_first_chunk::<ACL_HEADER_LEN>()
        else {
            return Err(SecurityDecodeError::Short {
                what: "an ACL",
                need: ACL_HEADER_LEN,
                have: bytes.len(),
            });
        };
        if !matches!(revision, 2 | 4) {
            return Err(SecurityDecodeError::Revision { what: "an ACL", value: *revision });
        }
        let mut aces = Vec::new();
        for _ in 0..u16::from_le_bytes([*low, *high]) {
            let (ace, after) = Ace::decode(rest)?;
            aces.push(ace);
            rest = after;
        }
        Ok(Acl { revision: *revision, aces })
    }

    /// Appends the ACL's bytes. [MS-DTYP] 2.4.5
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), SecurityEncodeError> {
        let mut body = Vec::new();
        self.aces.iter().try_for_each(|ace| ace.encode(&mut body))?;
        let len = ACL_HEADER_LEN + body.len();
        let size = u16::try_from(len).map_err(|_| SecurityEncodeError::AclLength(len))?;
        let count = u16::try_from(self.aces.len()).map_err(|_| SecurityEncodeError::AclLength(len))?;
        out.extend([self.revision, 0]);
        out.extend(size.to_le_bytes());
        out.extend(count.to_le_bytes());
        out.extend([0, 0]);
        out.extend_from_slice(&body);
        Ok(())
    }
}
