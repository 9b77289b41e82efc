//! [MS-DTYP] 2.4.2: SID.
use super::SecurityDecodeError;
use alloc::vec::Vec;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::str::FromStr;

/// The most sub-authorities a SID has. [MS-DTYP] 2.4.2.2
pub const SUB_AUTHORITIES_MAX: usize = 15;

/// Bytes before the sub-authorities: revision, count, authority. [MS-DTYP] 2.4.2.2
const HEADER_LEN: usize = 8;

const REVISION: u8 = 1;

/// The name of a user, a group or another principal. [MS-DTYP] 2.4.2
#[derive(Clone, Copy, Eq)]
pub struct Sid {
    authority: [u8; 6],
    count: u8,
    /// Zero from `count` on.
    sub_authorities: [u32; SUB_AUTHORITIES_MAX],
}

/// Why a text is not a SID.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SidParseError;

/// Well-known SIDs. [MS-DTYP] 2.4.2.4
impl Sid {
    /// Nobody.
    pub const NULL: Sid = Sid::known(0, &[0]);
    /// Everyone.
    pub const EVERYONE: Sid = Sid::known(1, &[0]);
    /// Stands for the owner in an inheritable ACE.
    pub const CREATOR_OWNER: Sid = Sid::known(3, &[0]);
    /// Stands for the primary group in an inheritable ACE.
    pub const CREATOR_GROUP: Sid = Sid::known(3, &[1]);
    /// Stands for the present owner; an ACE that carries it replaces the owner's implicit rights.
    pub const OWNER_RIGHTS: Sid = Sid::known(3, &[4]);
    /// Whoever logged on over the network.
    pub const NETWORK: Sid = Sid::known(5, &[2]);
    /// Whoever logged on interactively.
    pub const INTERACTIVE: Sid = Sid::known(5, &[4]);
    /// Who logged on without a name.
    pub const ANONYMOUS: Sid = Sid::known(5, &[7]);
    /// Stands for the object itself in an ACE of a directory service.
    pub const PRINCIPAL_SELF: Sid = Sid::known(5, &[10]);
    /// Whoever was authenticated.
    pub const AUTHENTICATED_USERS: Sid = Sid::known(5, &[11]);
    /// The operating system.
    pub const LOCAL_SYSTEM: Sid = Sid::known(5, &[18]);
    /// A service with a local identity.
    pub const LOCAL_SERVICE: Sid = Sid::known(5, &[19]);
    /// A service with the machine's identity on the network.
    pub const NETWORK_SERVICE: Sid = Sid::known(5, &[20]);
    /// The administrators of this machine.
    pub const BUILTIN_ADMINISTRATORS: Sid = Sid::known(5, &[32, 544]);
    /// The users of this machine.
    pub const BUILTIN_USERS: Sid = Sid::known(5, &[32, 545]);
    /// The guests of this machine.
    pub const BUILTIN_GUESTS: Sid = Sid::known(5, &[32, 546]);
    /// Whoever may back up and restore all files.
    pub const BACKUP_OPERATORS: Sid = Sid::known(5, &[32, 551]);

    /// The well-known SIDs above, with the specification's names.
    pub const ALL: &'static [(Sid, &'static str)] = &[
        (Sid::NULL, "NULL"),
        (Sid::EVERYONE, "EVERYONE"),
        (Sid::CREATOR_OWNER, "CREATOR_OWNER"),
        (Sid::CREATOR_GROUP, "CREATOR_GROUP"),
        (Sid::OWNER_RIGHTS, "OWNER_RIGHTS"),
        (Sid::NETWORK, "NETWORK"),
        (Sid::INTERACTIVE, "INTERACTIVE"),
        (Sid::ANONYMOUS, "ANONYMOUS"),
        (Sid::PRINCIPAL_SELF, "PRINCIPAL_SELF"),
        (Sid::AUTHENTICATED_USERS, "AUTHENTICATED_USERS"),
        (Sid::LOCAL_SYSTEM, "LOCAL_SYSTEM"),
        (Sid::LOCAL_SERVICE, "LOCAL_SERVICE"),
        (Sid::NETWORK_SERVICE, "NETWORK_SERVICE"),
        (Sid::BUILTIN_ADMINISTRATORS, "BUILTIN_ADMINISTRATORS"),
        (Sid::BUILTIN_USERS, "BUILTIN_USERS"),
        (Sid::BUILTIN_GUESTS, "BUILTIN_GUESTS"),
        (Sid::BACKUP_OPERATORS, "BACKUP_OPERATORS"),
    ];
}

impl Sid {
    /// A SID of an authority (48 bits) and its sub-authorities; `None` when either is more than a SID holds.
    pub fn new(authority: u64, sub_authorities: &[u32]) -> Option<Sid> {
        let [0, 0, authority @ ..] = authority.to_be_bytes() else { return None };
        let mut padded = [0; SUB_AUTHORITIES_MAX];
        padded.get_mut(..sub_authorities.len())?.copy_from_slice(sub_authorities);
        let count = u8::try_from(sub_authorities.len()).ok()?;
        Some(Sid { authority, count, sub_authorities: padded })
    }

    const fn known<const N: usize>(authority: u8, sub_authorities: &[u32; N]) -> Sid {
        assert!(N <= SUB_AUTHORITIES_MAX);
        let mut padded = [0; SUB_AUTHORITIES_MAX];
        let (mut rest, mut from): (&mut [u32], &[u32]) = (&mut padded, sub_authorities);
        while let (Some((to, rest_left)), Some((value, from_left))) =
            (rest.split_first_mut(), from.split_first())
        {
            *to = *value;
            (rest, from) = (rest_left, from_left);
        }
        #[allow(clippy::cast_possible_truncation)] // at most 15, asserted above
        let count = N as u8;
        Sid { authority: [0, 0, 0, 0, 0, authority], count, sub_authorities: padded }
    }

    /// The identifier authority.
    pub fn authority(&self) -> u64 {
        self.authority.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
    }

    /// The sub-authorities, at most fifteen.
    pub fn sub_authorities(&self) -> &[u32] {
        self.sub_authorities.get(..usize::from(self.count)).unwrap_or(&self.sub_authorities)
    }

    /// Reads a SID from the start of `bytes`, and gives what follows it. [MS-DTYP] 2.4.2.2
    pub fn decode(bytes: &[u8]) -> Result<(Sid, &[u8]), SecurityDecodeError> {
        let short = |need| SecurityDecodeError::Short { what: "a SID", need, have: bytes.len() };
        let Some(([revision, count, authority @ ..], rest)) = bytes.split_first_chunk::<HEADER_LEN>() else {
            return Err(short(HEADER_LEN));
        };
        if *revision != REVISION {
            return Err(SecurityDecodeError::Revision { what: "a SID", value: *revision });
        }
        let mut sub_authorities = [0; SUB_AUTHORITIES_MAX];
        let slots = sub_authorities
            .get_mut(..usize::from(*count))
            .ok_or(SecurityDecodeError::SubAuthorityCount(*count))?;
        let (body, rest) =
            rest.split_at_checked(slots.len() * 4).ok_or(short(HEADER_LEN + usize::from(*count) * 4))?;
        for (slot, word) in slots.iter_mut().zip(body.as_chunks::<4>().0) {
            *slot = u32::from_le_bytes(*word);
        }
        Ok((Sid { authority: *authority, count: *count, sub_authorities }, rest))
    }

    /// Appends the SID's bytes. [MS-DTYP] 2.4.2.2
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend([REVISION, self.count]);
        out.extend(self.authority);
        out.extend(self.sub_authorities().iter().flat_map(|value| value.to_le_bytes()));
    }

    /// How many bytes [`Sid::encode`] appends.
    pub fn encoded_len(&self) -> usize {
        HEADER_LEN + self.sub_authorities().len() * 4
    }

    /// The specification's name, if the SID is a well-known one listed in [`Sid::ALL`].
    pub fn name(&self) -> Option<&'static str> {
        Sid::ALL.iter().find(|(sid, _)| sid == self).map(|(_, name)| *name)
    }
}

impl PartialEq for Sid {
    fn eq(&self, other: &Sid) -> bool {
        self.authority == other.authority && self.sub_authorities() == other.sub_authorities()
    }
}

impl Hash for Sid {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.authority.hash(state);
        self.sub_authorities().hash(state);
    }
}

impl fmt::Display for Sid {
    /// `S-1-5-32-544`. [MS-DTYP] 2.4.2.1
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match u32::try_from(self.authority()) {
            Ok(decimal) => write!(f, "S-1-{decimal}")?,
            Err(_) => write!(f, "S-1-0x{:012x}", self.authority())?,
        }
        self.sub_authorities().iter().try_for_each(|value| write!(f, "-{value}"))
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Sid {
    type Err = SidParseError;

    /// Reads the text form. [MS-DTYP] 2.4.2.1
    fn from_str(text: &str) -> Result<Sid, SidParseError> {
        let mut parts = text.strip_prefix("S-1-").ok_or(SidParseError)?.split('-');
        let authority = parts.next().ok_or(SidParseError)?;
        let authority = match authority.strip_prefix("0x") {
            Some(digits) if digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_hexdigit()) => {
                u64::from_str_radix(digits, 16).map_err(|_| SidParseError)?
            }
            Some(_) => return Err(SidParseError),
            None => u64::from(decimal(authority)?),
        };
        let mut sub_authorities = [0; SUB_AUTHORITIES_MAX];
        let mut count = 0;
        for part in parts {
            *sub_authorities.get_mut(count).ok_or(SidParseError)? = decimal(part)?;
            count += 1;
        }
        let sub_authorities = sub_authorities.get(..count).filter(|s| !s.is_empty()).ok_or(SidParseError)?;
        Sid::new(authority, sub_authorities).ok_or(SidParseError)
    }
}

/// A decimal number without sign or leading zeroes. [MS-DTYP] 2.4.2.1
fn decimal(text: &str) -> Result<u32, SidParseError> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().map_err(|_| SidParseError) } else { Err(SidParseError) }
}

impl fmt::Display for SidParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a SID is written S-1-authority-number-number..., with 1 to 15 numbers below 4294967296")
    }
}

impl core::error::Error for SidParseError {}
