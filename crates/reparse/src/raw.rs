//! [MS-FSCC] 2.1.2.2 and 2.1.2.3: the exact bytes of a reparse point, in either envelope.
use alloc::vec::Vec;
use core::fmt;

use nt::Guid;

use crate::oddity::Oddity;
use crate::tag::Tag;

/// The most bytes a reparse point has, its header included: `MAXIMUM_REPARSE_DATA_BUFFER_SIZE`. [MS-FSA] 2.1.5.10.37
pub const REPARSE_BYTES_MAX: usize = 16_384;

/// Bytes before the data in REPARSE_DATA_BUFFER. [MS-FSCC] 2.1.2.2
pub const HEADER_LEN: usize = 8;

/// Bytes before the data in REPARSE_GUID_DATA_BUFFER. [MS-FSCC] 2.1.2.3
pub const GUID_HEADER_LEN: usize = 24;

/// The most bytes that [`RawReparse::decode`] looks at: what the 16-bit length can speak of, and as much header again
/// as padding. A buffer that Windows accepts is far shorter.
pub const LENIENT_BYTES_MAX: usize = GUID_HEADER_LEN + 65_535 + GUID_HEADER_LEN;

const _: () = assert!(REPARSE_BYTES_MAX <= GUID_HEADER_LEN + u16::MAX as usize);
const _: () = assert!(REPARSE_BYTES_MAX < LENIENT_BYTES_MAX);

/// A reparse point as its bytes: tag, length, Reserved, GUID if there is one, data. Nothing is interpreted and nothing
/// is lost: [`encode`](RawReparse::encode) gives back the bytes that were decoded.
///
/// ```
/// use reparse::{RawReparse, Tag};
/// let raw = RawReparse::decode_set(b"\x24\0\0\x80\0\0\0\0")?;
/// assert_eq!(raw.tag(), Tag::LX_FIFO);
/// assert_eq!(raw.data(), b"");
/// assert_eq!(raw.encode(), b"\x24\0\0\x80\0\0\0\0");
/// # Ok::<(), reparse::SetError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RawReparse {
    tag: Tag,
    guid: Option<Guid>,
    data_len: u16,
    bytes: Vec<u8>,
}

/// Why bytes are not a reparse point at all, even to the lenient reader.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum DecodeError {
    /// Fewer bytes than a header has.
    HeaderTruncated {
        /// Bytes there are.
        got: usize,
    },
    /// ReparseDataLength speaks of more bytes than there are.
    DataTruncated {
        /// ReparseDataLength.
        declared: u16,
        /// Bytes there are after the header.
        got: usize,
    },
    /// More bytes than [`LENIENT_BYTES_MAX`].
    TooLong {
        /// Bytes there are.
        got: usize,
    },
}

/// Why a value cannot be made into a reparse point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// The whole buffer, or a part with a limit of its own, would be too long.
    TooLong {
        /// The part.
        what: &'static str,
        /// Its length in bytes.
        len: usize,
        /// The most it may have.
        max: usize,
    },
    /// A part that must not be empty is.
    Empty {
        /// The part.
        what: &'static str,
    },
    /// A NUL inside a part that a NUL ends.
    Nul {
        /// The part.
        what: &'static str,
    },
    /// A value that this kind of reparse point cannot have.
    Unsuitable {
        /// The part.
        what: &'static str,
    },
}

impl RawReparse {
    /// A reparse point from its parts, Reserved 0. Only the length is checked; what Windows would say of it is told by
    /// [`verdict`](crate::verdict).
    pub fn new(tag: Tag, guid: Option<Guid>, data: &[u8]) -> Result<RawReparse, BuildError> {
        let header_len = if guid.is_some() { GUID_HEADER_LEN } else { HEADER_LEN };
        let len = header_len + data.len();
        let too_long = BuildError::TooLong { what: "reparse point", len, max: REPARSE_BYTES_MAX };
        if len > REPARSE_BYTES_MAX {
            return Err(too_long);
        }
        let data_len = u16::try_from(data.len()).map_err(|_| too_long)?;
        let mut bytes = Vec::with_capacity(len);
        bytes.extend_from_slice(&tag.0.to_le_bytes());
        bytes.extend_from_slice(&data_len.to_le_bytes());
        bytes.extend_from_slice(&[0, 0]);
        if let Some(guid) = guid {
            bytes.extend_from_slice(&guid.0);
        }
        bytes.extend_from_slice(data);
        Ok(RawReparse { tag, guid, data_len, bytes })
    }

    /// A Microsoft point whose data has a fixed length, which nothing can make too long.
    pub(crate) fn fixed<const N: usize>(tag: Tag, data: [u8; N]) -> RawReparse {
        const { assert!(N <= REPARSE_BYTES_MAX - HEADER_LEN) };
        let data_len = u16::try_from(N).unwrap_or_default();
        let mut bytes = Vec::with_capacity(HEADER_LEN + N);
        bytes.extend_from_slice(&tag.0.to_le_bytes());
        bytes.extend_from_slice(&data_len.to_le_bytes());
        bytes.extend_from_slice(&[0, 0]);
        bytes.extend_from_slice(&data);
        RawReparse { tag, guid: None, data_len, bytes }
    }

    /// Reads what is found on disks and in archives: anything with a whole header and the data its length speaks of.
    /// What Windows would not have written is told beside it, and kept.
    ///
    /// The GUID form is taken when the bytes fit it exactly, or when the tag is a third party's and they have room for
    /// it.
    pub fn decode(bytes: &[u8]) -> Result<(RawReparse, Vec<Oddity>), DecodeError> {
        let got = bytes.len();
        if got > LENIENT_BYTES_MAX {
            return Err(DecodeError::TooLong { got });
        }
        let header = Header::read(bytes).ok_or(DecodeError::HeaderTruncated { got })?;
        let after_header = got - HEADER_LEN;
        let data_len = usize::from(header.data_len);
        let short_fits = after_header == data_len;
        let guid_fits = got == GUID_HEADER_LEN + data_len;
        let guid_has_room = got >= GUID_HEADER_LEN + data_len;
        let guid_form = guid_fits || (!header.tag.is_microsoft() && guid_has_room && !short_fits);
        if !guid_form && after_header < data_len {
            return Err(DecodeError::DataTruncated { declared: header.data_len, got: after_header });
        }
        let raw = header.over(bytes, guid_form);
        let oddities = raw.envelope_oddities();
        Ok((raw, oddities))
    }

    /// The tag.
    pub fn tag(&self) -> Tag {
        self.tag
    }

    /// The GUID, when the bytes are a REPARSE_GUID_DATA_BUFFER.
    pub fn guid(&self) -> Option<Guid> {
        self.guid
    }

    /// The data after the header; as many bytes as ReparseDataLength says.
    pub fn data(&self) -> &[u8] {
        let from = self.header_len();
        self.bytes.get(from..from + usize::from(self.data_len)).unwrap_or_default()
    }

    /// The Reserved field as it was found. Windows ignores it on input and gives 0 back.
    pub fn reserved(&self) -> u16 {
        Header::read(&self.bytes).map_or(0, |header| header.reserved)
    }

    /// Bytes after the data; only the lenient reader lets any in.
    pub fn trailing(&self) -> &[u8] {
        self.bytes.get(self.header_len() + usize::from(self.data_len)..).unwrap_or_default()
    }

    /// How many bytes stand before the data: [`HEADER_LEN`] or [`GUID_HEADER_LEN`].
    pub fn header_len(&self) -> usize {
        if self.guid.is_some() { GUID_HEADER_LEN } else { HEADER_LEN }
    }

    /// Every byte, exactly as decoded.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Every byte, exactly as decoded.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Every byte, exactly as decoded.
    pub fn encode(&self) -> Vec<u8> {
        self.bytes.clone()
    }

    /// The bytes that FSCTL_GET_REPARSE_POINT gives: the same with Reserved 0. [MS-FSA] 2.1.5.10.14
    pub fn encode_get(&self) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        if let Some(reserved) = bytes.get_mut(6..HEADER_LEN) {
            reserved.fill(0);
        }
        bytes
    }

    /// What the envelope alone has that Windows does not write.
    pub(crate) fn envelope_oddities(&self) -> Vec<Oddity> {
        let mut found = Vec::new();
        if self.tag.is_reserved() {
            found.push(Oddity::TagReserved { tag: self.tag });
        } else if !self.tag.is_valid() {
            found.push(Oddity::TagReservedBits { tag: self.tag });
        }
        match self.guid {
            None if !self.tag.is_microsoft() => found.push(Oddity::GuidMissing { tag: self.tag }),
            Some(_) if self.tag.is_microsoft() => found.push(Oddity::GuidOnMicrosoftTag { tag: self.tag }),
            Some(Guid::NIL) => found.push(Oddity::GuidNil),
            _ => {}
        }
        if self.reserved() != 0 {
            found.push(Oddity::ReservedNotZero { value: self.reserved() });
        }
        if !self.trailing().is_empty() {
            found.push(Oddity::TrailingBytes { len: self.trailing().len() });
        }
        if self.bytes.len() > REPARSE_BYTES_MAX {
            found.push(Oddity::OverLimit { len: self.bytes.len() });
        }
        found
    }

    /// True when the envelope is what [`RawReparse::new`] writes for this kind of tag.
    pub(crate) fn has_plain_envelope(&self) -> bool {
        self.guid.is_some() != self.tag.is_microsoft() && self.reserved() == 0 && self.trailing().is_empty()
    }
}

impl fmt::Debug for RawReparse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawReparse({}", self.tag)?;
        if let Some(guid) = self.guid {
            write!(f, ", {{{guid}}}")?;
        }
        f.write_str(", ")?;
        self.data().iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

/// The first eight bytes, which both envelopes share.
pub(crate) struct Header {
    pub(crate) tag: Tag,
    pub(crate) data_len: u16,
    pub(crate) reserved: u16,
}

impl Header {
    pub(crate) fn read(bytes: &[u8]) -> Option<Header> {
        let &[t0, t1, t2, t3, l0, l1, r0, r1] = bytes.first_chunk::<HEADER_LEN>()?;
        Some(Header {
            tag: Tag(u32::from_le_bytes([t0, t1, t2, t3])),
            data_len: u16::from_le_bytes([l0, l1]),
            reserved: u16::from_le_bytes([r0, r1]),
        })
    }

    /// The whole, when the caller has checked that the form fits `bytes`.
    pub(crate) fn over(self, bytes: &[u8], guid_form: bool) -> RawReparse {
        let guid = guid_form.then(|| Header::guid(bytes)).flatten();
        RawReparse { tag: self.tag, guid, data_len: self.data_len, bytes: bytes.to_vec() }
    }

    pub(crate) fn guid(bytes: &[u8]) -> Option<Guid> {
        bytes.get(HEADER_LEN..)?.first_chunk::<16>().map(|wire| Guid(*wire))
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::HeaderTruncated { got } => {
                write!(f, "a reparse point begins with a header of {HEADER_LEN} bytes; there are {got}")
            }
            DecodeError::DataTruncated { declared, got } => write!(
                f,
                "ReparseDataLength at byte 4 says that {declared} bytes follow the header; there are {got}"
            ),
            DecodeError::TooLong { got } => {
                write!(f, "{got} bytes are more than a reparse point can have ({LENIENT_BYTES_MAX})")
            }
        }
    }
}

impl core::error::Error for DecodeError {}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BuildError::TooLong { what, len, max } => {
                write!(f, "the {what} would have {len} bytes; the most is {max}")
            }
            BuildError::Empty { what } => write!(f, "the {what} is empty"),
            BuildError::Nul { what } => write!(f, "the {what} holds a NUL"),
            BuildError::Unsuitable { what } => {
                write!(f, "this kind of reparse point cannot have this {what}")
            }
        }
    }
}

impl core::error::Error for BuildError {}
