//! [MS-DFSC] 2.2.4 and 2.2.5: what DFS answers.
use nt::Utf16;

use crate::error::DecodeError;
use crate::reader::{Reader, name};
use crate::writer::{Hole, Writer};

/// The most referrals, and the most expanded names of one, that are read. (Not in the specification.)
pub const REFERRALS_MAX: u16 = 1024;

nt::named_numbers! {
    /// ReferralHeaderFlags. [MS-DFSC] 2.2.4
    DfsReferralHeaderFlags(u32), prefix "" {
        REFERRAL_SERVERS = 0x0000_0001 => "ReferralServers";
        STORAGE_SERVERS = 0x0000_0002 => "StorageServers";
        TARGET_FAILBACK = 0x0000_0004 => "TargetFailback";
    }
}
nt::bit_set!(DfsReferralHeaderFlags);

nt::named_numbers! {
    /// ReferralEntryFlags. [MS-DFSC] 2.2.5.3 and 2.2.5.4
    DfsReferralFlags(u16), prefix "" {
        NAME_LIST_REFERRAL = 0x0002 => "NameListReferral";
        TARGET_SET_BOUNDARY = 0x0004 => "TargetSetBoundary";
    }
}
nt::bit_set!(DfsReferralFlags);

/// RESP_GET_DFS_REFERRAL. [MS-DFSC] 2.2.4
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DfsReferralResponse {
    /// PathConsumed, in bytes.
    pub path_consumed: u16,
    /// ReferralHeaderFlags.
    pub flags: DfsReferralHeaderFlags,
    /// ReferralEntries.
    pub referrals: Vec<DfsReferral>,
}

/// A referral entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DfsReferral {
    /// ServerType: 1 for root targets.
    pub server_type: u16,
    /// What the versions differ in.
    pub form: DfsReferralForm,
}

/// The forms of an entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DfsReferralForm {
    /// Version 1. [MS-DFSC] 2.2.5.1
    V1 {
        /// ShareName.
        share: Utf16,
    },
    /// Versions 2, 3 and 4, leading to a target. [MS-DFSC] 2.2.5.2, 2.2.5.3.1 and 2.2.5.4
    Target {
        /// VersionNumber.
        version: u16,
        /// ReferralEntryFlags; none in version 2.
        flags: DfsReferralFlags,
        /// TimeToLive, in seconds.
        time_to_live_s: u32,
        /// The DFS path.
        path: Utf16,
        /// The alternate DFS path.
        alternate_path: Utf16,
        /// The network address of the target.
        address: Utf16,
    },
    /// Versions 3 and 4, naming domains or their controllers. [MS-DFSC] 2.2.5.3.2
    NameList {
        /// VersionNumber.
        version: u16,
        /// ReferralEntryFlags but NameListReferral.
        flags: DfsReferralFlags,
        /// TimeToLive, in seconds.
        time_to_live_s: u32,
        /// The special name.
        special: Utf16,
        /// The expanded names.
        expanded: Vec<Utf16>,
    },
}

impl DfsReferralResponse {
    /// Reads the output.
    pub fn decode(output: &[u8]) -> Result<DfsReferralResponse, DecodeError> {
        let mut r = Reader::new("RESP_GET_DFS_REFERRAL", output);
        let (path_consumed, count) = (r.u16()?, r.u16()?);
        let flags = DfsReferralHeaderFlags(r.u32()?);
        if count > REFERRALS_MAX {
            return Err(DecodeError::TooMany { what: "DFS referrals", max: REFERRALS_MAX.into() });
        }
        let mut referrals = Vec::new();
        let mut rest = r.rest();
        for _ in 0..count {
            let (referral, size) = DfsReferral::decode(rest)?;
            referrals.push(referral);
            rest = rest.get(usize::from(size)..).unwrap_or_default();
        }
        Ok(DfsReferralResponse { path_consumed, flags, referrals })
    }

    /// Appends the output: the entries, then the strings of all of them.
    pub fn encode(&self, w: &mut Writer) {
        w.u16(self.path_consumed);
        w.len16("NumberOfReferrals", self.referrals.len());
        w.u32(self.flags.0);
        let mut strings: Vec<(Place, &Utf16)> = Vec::new();
        for referral in &self.referrals {
            let outer = w.begin();
            referral.encode(w, &mut strings);
            w.resume(outer);
        }
        // Offsets count from the entry that holds them.
        for (place, text) in strings {
            if let Some(hole) = place.hole {
                w.fill16("offset of a DFS string", hole, w.position() - place.entry_at);
            }
            w.name(text);
            w.u16(0);
        }
    }
}

/// Where the offset of a string stands, if it has one of its own, and where its entry begins.
struct Place {
    hole: Option<Hole>,
    entry_at: usize,
}

impl DfsReferral {
    /// Reads the entry at the start of what is left, and gives its Size.
    fn decode(rest: &[u8]) -> Result<(DfsReferral, u16), DecodeError> {
        let mut r = Reader::new("DFS referral", rest);
        let (version, size) = (r.u16()?, r.u16()?);
        let (server_type, flags) = (r.u16()?, DfsReferralFlags(r.u16()?));
        if usize::from(size) < r.offset() {
            return Err(DecodeError::Value { what: "Size of a DFS referral", value: size.into() });
        }
        let form = match version {
            1 => DfsReferralForm::V1 { share: string(r.rest())?.0 },
            2 => {
                r.skip(4)?;
                target(r, version, DfsReferralFlags::NONE)?
            }
            3 | 4 if flags.contains(DfsReferralFlags::NAME_LIST_REFERRAL) => {
                name_list(r, version, flags.without(DfsReferralFlags::NAME_LIST_REFERRAL))?
            }
            3 | 4 => target(r, version, flags)?,
            version => {
                return Err(DecodeError::Value { what: "version of a DFS referral", value: version.into() });
            }
        };
        Ok((DfsReferral { server_type, form }, size))
    }

    fn encode<'a>(&'a self, w: &mut Writer, strings: &mut Vec<(Place, &'a Utf16)>) {
        let entry_at = w.position();
        let version = match &self.form {
            DfsReferralForm::V1 { .. } => 1,
            DfsReferralForm::Target { version, .. } | DfsReferralForm::NameList { version, .. } => *version,
        };
        w.u16(version);
        let size = w.hole(2);
        w.u16(self.server_type);
        // Without a string there is no offset.
        let mut offset = |w: &mut Writer, text: &'a Utf16| {
            let hole = w.hole(2);
            if !text.units().is_empty() {
                strings.push((Place { hole: Some(hole), entry_at }, text));
            }
        };
        match &self.form {
            DfsReferralForm::V1 { share } => {
                w.u16(0);
                w.name(share);
                w.u16(0);
            }
            DfsReferralForm::Target { flags, time_to_live_s, path, alternate_path, address, .. } => {
                w.u16(flags.0);
                if version == 2 {
                    w.u32(0);
                }
                w.u32(*time_to_live_s);
                [path, alternate_path, address].into_iter().for_each(|text| offset(w, text));
                if version > 2 {
                    w.zeros(16);
                }
            }
            DfsReferralForm::NameList { flags, time_to_live_s, special, expanded, .. } => {
                w.u16(flags.union(DfsReferralFlags::NAME_LIST_REFERRAL).0);
                w.u32(*time_to_live_s);
                offset(w, special);
                w.len16("NumberOfExpandedNames", expanded.len());
                // One offset leads to the first, and the others follow it.
                let mut hole = Some(w.hole(2));
                strings.extend(expanded.iter().map(|text| (Place { hole: hole.take(), entry_at }, text)));
                w.zeros(16);
            }
        }
        w.fill16("Size of a DFS referral", size, w.position() - entry_at);
    }
}

fn target(mut r: Reader<'_>, version: u16, flags: DfsReferralFlags) -> Result<DfsReferralForm, DecodeError> {
    let time_to_live_s = r.u32()?;
    let (path, alternate, address) = (r.u16()?, r.u16()?, r.u16()?);
    let at = |offset| string_at(&r, offset);
    Ok(DfsReferralForm::Target {
        version,
        flags,
        time_to_live_s,
        path: at(path)?,
        alternate_path: at(alternate)?,
        address: at(address)?,
    })
}

fn name_list(
    mut r: Reader<'_>,
    version: u16,
    flags: DfsReferralFlags,
) -> Result<DfsReferralForm, DecodeError> {
    let time_to_live_s = r.u32()?;
    let (special, count, expanded_offset) = (r.u16()?, r.u16()?, r.u16()?);
    if count > REFERRALS_MAX {
        return Err(DecodeError::TooMany { what: "expanded names", max: REFERRALS_MAX.into() });
    }
    let special = string_at(&r, special)?;
    let mut expanded = Vec::new();
    if count > 0 {
        let mut rest = r.tail("expanded names", expanded_offset)?;
        for _ in 0..count {
            let (text, after) = string(rest)?;
            expanded.push(text);
            rest = after;
        }
    }
    Ok(DfsReferralForm::NameList { version, flags, time_to_live_s, special, expanded })
}

/// The string at an offset from its entry; at offset 0 there is none.
fn string_at(entry: &Reader<'_>, offset: u16) -> Result<Utf16, DecodeError> {
    match offset {
        0 => Ok(Utf16::default()),
        offset => string(entry.tail("string of a DFS referral", offset)?).map(|(text, _)| text),
    }
}

/// A string that a NUL ends, and what follows.
fn string(bytes: &[u8]) -> Result<(Utf16, &[u8]), DecodeError> {
    let (units, _) = bytes.as_chunks::<2>();
    let len = units.iter().position(|unit| *unit == [0, 0]).ok_or(DecodeError::Short {
        what: "string of a DFS referral",
        offset: bytes.len(),
        wanted: 2,
        got: 0,
    })?;
    let (text, rest) = bytes.split_at_checked(len * 2).unwrap_or((bytes, &[]));
    Ok((name("string of a DFS referral", text)?, rest.get(2..).unwrap_or_default()))
}
