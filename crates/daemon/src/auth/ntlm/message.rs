//! The three messages. [MS-NLMP] 2.2.1
use nt::{FileTime, Utf16};
use std::fmt;

/// The longest message that is looked at.
pub const MESSAGE_BYTES_MAX: usize = 16 * 1024;

const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";

/// VERSION: what Windows 10 says, with the revision that all have. [MS-NLMP] 2.2.2.10
const VERSION: [u8; 8] = [10, 0, 0, 0, 0, 0, 0, 15];

/// NEGOTIATE flags. [MS-NLMP] 2.2.2.5
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Flags(pub u32);

impl Flags {
    /// NTLMSSP_NEGOTIATE_UNICODE
    pub const UNICODE: Flags = Flags(0x0000_0001);
    /// NTLMSSP_REQUEST_TARGET
    pub const REQUEST_TARGET: Flags = Flags(0x0000_0004);
    /// NTLMSSP_NEGOTIATE_SIGN
    pub const SIGN: Flags = Flags(0x0000_0010);
    /// NTLMSSP_NEGOTIATE_SEAL
    pub const SEAL: Flags = Flags(0x0000_0020);
    /// NTLMSSP_NEGOTIATE_NTLM
    pub const NTLM: Flags = Flags(0x0000_0200);
    /// NTLMSSP_NEGOTIATE_ALWAYS_SIGN
    pub const ALWAYS_SIGN: Flags = Flags(0x0000_8000);
    /// NTLMSSP_TARGET_TYPE_SERVER
    pub const TARGET_TYPE_SERVER: Flags = Flags(0x0002_0000);
    /// NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY
    pub const EXTENDED_SESSION_SECURITY: Flags = Flags(0x0008_0000);
    /// NTLMSSP_NEGOTIATE_TARGET_INFO
    pub const TARGET_INFO: Flags = Flags(0x0080_0000);
    /// NTLMSSP_NEGOTIATE_VERSION
    pub const VERSION: Flags = Flags(0x0200_0000);
    /// NTLMSSP_NEGOTIATE_128
    pub const KEY_128: Flags = Flags(0x2000_0000);
    /// NTLMSSP_NEGOTIATE_KEY_EXCH
    pub const KEY_EXCH: Flags = Flags(0x4000_0000);
    /// NTLMSSP_NEGOTIATE_56
    pub const KEY_56: Flags = Flags(0x8000_0000);

    /// Granted to whoever asks.
    const OFFERED: Flags = Flags(
        Flags::SIGN.0
            | Flags::SEAL.0
            | Flags::ALWAYS_SIGN.0
            | Flags::EXTENDED_SESSION_SECURITY.0
            | Flags::VERSION.0
            | Flags::KEY_128.0
            | Flags::KEY_EXCH.0
            | Flags::KEY_56.0,
    );

    /// In every challenge: NTLMv2 has no other form.
    const ALWAYS: Flags = Flags(
        Flags::UNICODE.0
            | Flags::REQUEST_TARGET.0
            | Flags::NTLM.0
            | Flags::TARGET_TYPE_SERVER.0
            | Flags::TARGET_INFO.0,
    );

    /// True when each of these is set.
    pub fn has(self, flags: Flags) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// What the server answers to what the client asked. [MS-NLMP] 3.2.5.1.1
    pub(super) fn granted(self) -> Flags {
        Flags((self.0 & Flags::OFFERED.0) | Flags::ALWAYS.0)
    }
}

impl std::ops::BitAnd for Flags {
    type Output = Flags;
    fn bitand(self, other: Flags) -> Flags {
        Flags(self.0 & other.0)
    }
}

/// What an attribute is. [MS-NLMP] 2.2.2.1
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AvId(pub u16);

impl AvId {
    /// MsvAvEOL
    pub const EOL: AvId = AvId(0);
    /// MsvAvNbComputerName
    pub const NB_COMPUTER_NAME: AvId = AvId(1);
    /// MsvAvNbDomainName
    pub const NB_DOMAIN_NAME: AvId = AvId(2);
    /// MsvAvDnsComputerName
    pub const DNS_COMPUTER_NAME: AvId = AvId(3);
    /// MsvAvDnsDomainName
    pub const DNS_DOMAIN_NAME: AvId = AvId(4);
    /// MsvAvFlags
    pub const FLAGS: AvId = AvId(6);
    /// MsvAvTimestamp
    pub const TIMESTAMP: AvId = AvId(7);
}

/// The client sends a MIC. [MS-NLMP] 2.2.2.1
const AV_FLAG_MIC: u32 = 2;

/// What the server calls itself in a challenge.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TargetNames {
    /// NetBIOS name of the machine, which is its own domain.
    pub netbios: Utf16,
    /// Its name in DNS.
    pub dns: Utf16,
}

/// The bytes are no such message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MalformedMessage(pub &'static str);

impl fmt::Display for MalformedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed NTLM message: {}", self.0)
    }
}

impl std::error::Error for MalformedMessage {}

/// True when the bytes begin as a message of NTLM does, without SPNEGO around it.
pub fn is_message(bytes: &[u8]) -> bool {
    bytes.starts_with(SIGNATURE)
}

/// A message's bytes, and the fields at the offsets the book gives.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn of(message: &'a [u8], kind: u32) -> Result<Fields<'a>, MalformedMessage> {
        let fields = Fields(message);
        if message.len() > MESSAGE_BYTES_MAX {
            return Err(MalformedMessage("too long"));
        }
        match is_message(message) && fields.u32(8)? == kind {
            true => Ok(fields),
            false => Err(MalformedMessage("signature or type")),
        }
    }

    fn array<const N: usize>(&self, at: usize) -> Result<[u8; N], MalformedMessage> {
        let bytes = self.0.get(at..).and_then(|rest| rest.first_chunk::<N>());
        bytes.copied().ok_or(MalformedMessage("too short"))
    }

    fn u32(&self, at: usize) -> Result<u32, MalformedMessage> {
        Ok(u32::from_le_bytes(self.array(at)?))
    }

    /// Where a field's payload lies: length, maximal length (ignored), offset. [MS-NLMP] 2.2.1.1
    fn place(&self, at: usize) -> Result<(usize, usize), MalformedMessage> {
        let [len, _] = self
            .array::<4>(at)?
            .as_chunks::<2>()
            .0
            .try_into()
            .map(|pair: [[u8; 2]; 2]| pair)
            .map_err(|_| MalformedMessage("too short"))?;
        let offset = usize::try_from(self.u32(at + 4)?).map_err(|_| MalformedMessage("offset"))?;
        Ok((usize::from(u16::from_le_bytes(len)), offset))
    }

    fn payload(&self, at: usize) -> Result<&'a [u8], MalformedMessage> {
        match self.place(at)? {
            (0, _) => Ok(&[]), // the offset of nothing means nothing
            (len, offset) => offset
                .checked_add(len)
                .and_then(|end| self.0.get(offset..end))
                .ok_or(MalformedMessage("a payload outside the message")),
        }
    }

    fn name(&self, at: usize) -> Result<Utf16, MalformedMessage> {
        Utf16::from_le_bytes(self.payload(at)?).ok_or(MalformedMessage("half a character"))
    }
}

/// The flags of a NEGOTIATE_MESSAGE: nothing else in it matters. [MS-NLMP] 2.2.1.1
pub(super) fn negotiate_flags(message: &[u8]) -> Result<Flags, MalformedMessage> {
    let flags = Flags(Fields::of(message, 1)?.u32(12)?);
    match flags.has(Flags::UNICODE) {
        true => Ok(flags),
        false => Err(MalformedMessage("a client without Unicode")),
    }
}

/// CHALLENGE_MESSAGE. [MS-NLMP] 2.2.1.2
pub(super) struct Challenge<'a> {
    pub(super) flags: Flags,
    pub(super) server_challenge: [u8; 8],
    pub(super) names: &'a TargetNames,
    pub(super) now: FileTime,
}

impl Challenge<'_> {
    const FIXED_LEN: usize = 56;

    pub(super) fn encode(&self) -> Vec<u8> {
        let (target, attributes) = (self.names.netbios.to_le_bytes(), self.attributes());
        let mut out = SIGNATURE.to_vec();
        out.extend(2u32.to_le_bytes());
        put_place(&mut out, &target, Self::FIXED_LEN);
        out.extend(self.flags.0.to_le_bytes());
        out.extend(self.server_challenge);
        out.extend([0; 8]);
        put_place(&mut out, &attributes, Self::FIXED_LEN + target.len());
        out.extend(if self.flags.has(Flags::VERSION) { VERSION } else { [0; 8] });
        out.extend(target);
        out.extend(attributes);
        out
    }

    /// With a timestamp, so that the client owes a MIC. [MS-NLMP] 3.2.5.1.1
    fn attributes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let (netbios, dns) = (self.names.netbios.to_le_bytes(), self.names.dns.to_le_bytes());
        put_attribute(&mut out, AvId::NB_DOMAIN_NAME, &netbios);
        put_attribute(&mut out, AvId::NB_COMPUTER_NAME, &netbios);
        put_attribute(&mut out, AvId::DNS_DOMAIN_NAME, &dns);
        put_attribute(&mut out, AvId::DNS_COMPUTER_NAME, &dns);
        put_attribute(&mut out, AvId::TIMESTAMP, &self.now.0.to_le_bytes());
        put_attribute(&mut out, AvId::EOL, &[]);
        out
    }
}

/// Our own names are short: see `TargetNames::new`.
fn short(len: usize) -> u16 {
    u16::try_from(len).unwrap_or(u16::MAX)
}

fn put_place(out: &mut Vec<u8>, payload: &[u8], offset: usize) {
    let len = short(payload.len()).to_le_bytes();
    out.extend(len);
    out.extend(len);
    out.extend(u32::from(short(offset)).to_le_bytes());
}

fn put_attribute(out: &mut Vec<u8>, id: AvId, value: &[u8]) {
    out.extend(id.0.to_le_bytes());
    out.extend(short(value.len()).to_le_bytes());
    out.extend(value);
}

impl TargetNames {
    /// A machine's names from the one the host gives it. NetBIOS has 15 characters and no dots.
    pub fn new(host_name: &str) -> TargetNames {
        let first = host_name.split('.').next().unwrap_or_default();
        let netbios: String = first.chars().take(15).collect();
        let netbios = if netbios.is_empty() { "POINTSMAN".to_owned() } else { netbios.to_uppercase() };
        let dns: String = host_name.chars().take(255).collect();
        let utf16 = |text: &str| Utf16(text.encode_utf16().collect());
        TargetNames { netbios: utf16(&netbios), dns: utf16(&dns) }
    }
}

/// AUTHENTICATE_MESSAGE. [MS-NLMP] 2.2.1.3
pub(super) struct Authenticate {
    pub(super) lm_response: Vec<u8>,
    pub(super) nt_response: Vec<u8>,
    pub(super) domain: Utf16,
    pub(super) user: Utf16,
    pub(super) workstation: Utf16,
    pub(super) session_key: Vec<u8>,
    pub(super) flags: Flags,
    pub(super) mic: Option<[u8; 16]>,
    /// The whole message with zeroes for its MIC.
    pub(super) without_mic: Vec<u8>,
}

/// NTLMv2_RESPONSE. [MS-NLMP] 2.2.2.8
pub(super) struct NtlmV2Response<'a> {
    pub(super) proof: &'a [u8; 16],
    /// NTLMv2_CLIENT_CHALLENGE, which the book's formulas call temp.
    pub(super) temp: &'a [u8],
    /// The client says that it sends a MIC.
    pub(super) has_mic: bool,
}

impl Authenticate {
    const MIC_AT: usize = 72;
    const FIXED_LEN: usize = 88;

    pub(super) fn decode(message: &[u8]) -> Result<Authenticate, MalformedMessage> {
        let fields = Fields::of(message, 3)?;
        let flags = Flags(fields.u32(60)?);
        if !flags.has(Flags::UNICODE) {
            return Err(MalformedMessage("a client without Unicode"));
        }
        let mut without_mic = message.to_vec();
        // Clients of before Vista end the fixed part before VERSION or MIC: then no payload leaves room for them.
        let room = [12, 20, 28, 36, 44, 52]
            .into_iter()
            .map(|at| fields.place(at))
            .try_fold(message.len(), |least, place| {
                place.map(|(len, offset)| if len == 0 { least } else { least.min(offset) })
            })?;
        let mic = match room >= Self::FIXED_LEN {
            true => Some(fields.array::<16>(Self::MIC_AT)?),
            false => None,
        };
        if let Some(place) = without_mic.get_mut(Self::MIC_AT..Self::FIXED_LEN).filter(|_| mic.is_some()) {
            place.fill(0);
        }
        let nt_response = fields.payload(20)?;
        // RespType, HiRespType, reserved 6, TimeStamp 8, ChallengeFromClient 8, reserved 4, AvPairs. [MS-NLMP] 2.2.2.7
        let temp = nt_response.get(16..).filter(|temp| temp.starts_with(&[1, 1]));
        if temp.is_some_and(|temp| !temp.get(28..).is_some_and(is_list)) {
            return Err(MalformedMessage("the list of attributes in a response does not end where it says"));
        }
        Ok(Authenticate {
            lm_response: fields.payload(12)?.to_vec(),
            nt_response: nt_response.to_vec(),
            domain: fields.name(28)?,
            user: fields.name(36)?,
            workstation: fields.name(44)?,
            session_key: fields.payload(52)?.to_vec(),
            flags,
            mic,
            without_mic,
        })
    }

    /// The response, when it is one of NTLMv2.
    pub(super) fn ntlm_v2(&self) -> Option<NtlmV2Response<'_>> {
        let (proof, temp) = self.nt_response.split_first_chunk::<16>()?;
        let attributes = temp.get(28..).filter(|_| temp.starts_with(&[1, 1]))?;
        let has_mic = attribute(attributes, AvId::FLAGS)
            .and_then(|value| value.first_chunk::<4>())
            .is_some_and(|value| u32::from_le_bytes(*value) & AV_FLAG_MIC != 0);
        Some(NtlmV2Response { proof, temp, has_mic })
    }
}

/// True when no attribute of a list reaches beyond its end. What Windows answers a response that is none:
/// STATUS_INVALID_PARAMETER (smbtorture smb2.session.ntlmssp_bug14932). [MS-NLMP] 2.2.2.1
fn is_list(mut list: &[u8]) -> bool {
    while let Some((id, rest)) = list.split_first_chunk::<2>() {
        if AvId(u16::from_le_bytes(*id)) == AvId::EOL {
            return true;
        }
        let value = rest.split_first_chunk::<2>();
        let after = value.and_then(|(len, rest)| rest.get(usize::from(u16::from_le_bytes(*len))..));
        let Some(after) = after else { return false };
        list = after;
    }
    list.is_empty()
}

/// The value of an attribute in a list, which ends with EOL or with the bytes. [MS-NLMP] 2.2.2.1
fn attribute(mut list: &[u8], wanted: AvId) -> Option<&[u8]> {
    loop {
        let (id, rest) = list.split_first_chunk::<2>()?;
        let (len, rest) = rest.split_first_chunk::<2>()?;
        let (value, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes(*len)))?;
        match AvId(u16::from_le_bytes(*id)) {
            AvId::EOL => return None,
            id if id == wanted => return Some(value),
            _ => list = rest,
        }
    }
}
