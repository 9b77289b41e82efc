//! What Windows accepts at FSCTL_SET_REPARSE_POINT and FSCTL_DELETE_REPARSE_POINT, in the order it looks.
//!
//! [MS-FSA] 2.1.5.10.37 and 2.1.5.10.3 give the paper's checks; where Windows differs it is followed. The order is that
//! of the kernel's own check of a buffer (FsRtlValidateReparsePointBuffer) as public tests and drivers show it.
use core::fmt;

use nt::{Guid, NtStatus};

use crate::raw::{GUID_HEADER_LEN, HEADER_LEN, Header, REPARSE_BYTES_MAX, RawReparse};
use crate::tag::Tag;
use crate::{mount_point, symlink};

/// Why Windows refuses a buffer: the status it gives, which field is at fault, and what it would have taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct SetError {
    /// The rule that the buffer breaks.
    pub fault: Fault,
    /// The field, by the specification's name.
    pub what: &'static str,
    /// Where the field begins, from the start of the buffer.
    pub offset: usize,
    /// What Windows takes there.
    pub wanted: Wanted,
    /// What is there.
    pub got: u64,
}

/// The rule that a refused buffer breaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Fault {
    /// No input at all.
    Empty,
    /// Fewer bytes than a header.
    TooShort,
    /// More than [`REPARSE_BYTES_MAX`].
    TooLong,
    /// The length of the buffer is not ReparseDataLength and a header.
    LengthMismatch,
    /// A third party's tag without a GUID.
    GuidMissing,
    /// A third party's GUID is all zeroes.
    GuidNil,
    /// SYMLINK and MOUNT_POINT are not accepted in the GUID form.
    GuidRefused,
    /// The tag cannot be stored: it is 0 or 1, or has reserved bits.
    TagInvalid,
    /// The data is shorter than its fixed part.
    DataShort,
    /// A name is empty that must not be.
    NameEmpty,
    /// An offset or a length is odd.
    NameUneven,
    /// A name reaches outside the data.
    NameOutside,
    /// A mount point's names are not laid out in the one way that is accepted.
    Layout,
    /// DELETE takes a header and no data.
    DataOnDelete,
    /// An undefined bit in the flags of REPARSE_DATA_BUFFER_EX.
    Flags,
}

/// What would have been accepted in place of what a [`SetError`] found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Wanted {
    /// This value.
    Exactly(u64),
    /// One of two values.
    Either(u64, u64),
    /// This value or more.
    AtLeast(u64),
    /// This value or less.
    AtMost(u64),
    /// An even value.
    Even,
    /// Any value but zero.
    NotZero,
    /// A tag Windows stores: not 0 or 1, bits 27 to 16 zero.
    ValidTag,
    /// A tag of Microsoft's, bit 31 set; a third party's comes with a GUID.
    MicrosoftTag,
    /// A tag other than SYMLINK and MOUNT_POINT, or the form without a GUID.
    OtherTag,
}

/// What FSCTL_DELETE_REPARSE_POINT is asked to remove. [MS-FSCC] 2.3.6
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DeleteRequest {
    /// The tag the file must have.
    pub tag: Tag,
    /// The GUID the file must have. `None` for a Microsoft tag, whose GUID Windows ignores.
    pub guid: Option<Guid>,
}

/// Says whether Windows would accept `input` at FSCTL_SET_REPARSE_POINT, looking at the buffer alone. (Rights, the kind
/// of file and what it carries already are for the file system to judge.)
pub fn verdict(input: &[u8]) -> Result<(), SetError> {
    shape(input, 0).map(|_| ())
}

impl RawReparse {
    /// Reads what FSCTL_SET_REPARSE_POINT is given, as strictly as Windows. [MS-FSA] 2.1.5.10.37
    pub fn decode_set(input: &[u8]) -> Result<RawReparse, SetError> {
        RawReparse::decode_set_at(input, 0)
    }

    /// The same for a buffer inside another, whose `base` is added to the offsets in errors.
    pub(crate) fn decode_set_at(input: &[u8], base: usize) -> Result<RawReparse, SetError> {
        let (header, guid_form) = shape(input, base)?;
        Ok(header.over(input, guid_form))
    }
}

/// Reads what FSCTL_DELETE_REPARSE_POINT is given, as strictly as Windows. [MS-FSA] 2.1.5.10.3
pub fn decode_delete(input: &[u8]) -> Result<DeleteRequest, SetError> {
    let got = input.len();
    let buffer = |fault, wanted| SetError { fault, what: "input", offset: 0, wanted, got: got as u64 };
    if got == 0 {
        return Err(buffer(Fault::Empty, Wanted::Either(HEADER_LEN as u64, GUID_HEADER_LEN as u64)));
    }
    // [Windows] 8 and 24 alone are taken, and either for a Microsoft tag: sizeof(REPARSE_GUID_DATA_BUFFER), 28, is not.
    let header = Header::read(input).filter(|_| got == HEADER_LEN || got == GUID_HEADER_LEN);
    let sizes = Wanted::Either(HEADER_LEN as u64, GUID_HEADER_LEN as u64);
    let header = header.ok_or(buffer(Fault::LengthMismatch, sizes))?;
    if header.data_len != 0 {
        return Err(SetError {
            fault: Fault::DataOnDelete,
            what: "ReparseDataLength",
            offset: 4,
            wanted: Wanted::Exactly(0),
            got: u64::from(header.data_len),
        });
    }
    let tag = header.tag;
    let of_tag =
        |fault, wanted| SetError { fault, what: "ReparseTag", offset: 0, wanted, got: u64::from(tag.0) };
    if tag.is_reserved() {
        return Err(of_tag(Fault::TagInvalid, Wanted::ValidTag));
    }
    if tag.is_microsoft() {
        return Ok(DeleteRequest { tag, guid: None });
    }
    match Header::guid(input) {
        None => Err(of_tag(Fault::GuidMissing, Wanted::MicrosoftTag)),
        Some(Guid::NIL) => Err(SetError::guid_nil(0)),
        Some(guid) => Ok(DeleteRequest { tag, guid: Some(guid) }),
    }
}

/// The checks of a SET buffer, in Windows' order. Gives the header, and whether the GUID form is meant.
fn shape(input: &[u8], base: usize) -> Result<(Header, bool), SetError> {
    let got = input.len();
    let whole = |fault, wanted| SetError { fault, what: "input", offset: base, wanted, got: got as u64 };
    // [Windows] no input is INVALID_BUFFER_SIZE, not DATA_INVALID (samba, python/samba/tests/reparsepoints.py)
    if got == 0 {
        return Err(whole(Fault::Empty, Wanted::AtLeast(HEADER_LEN as u64)));
    }
    let short = whole(Fault::TooShort, Wanted::AtLeast(HEADER_LEN as u64));
    let header = Header::read(input).ok_or(short)?;
    if got > REPARSE_BYTES_MAX {
        return Err(whole(Fault::TooLong, Wanted::AtMost(REPARSE_BYTES_MAX as u64)));
    }
    let data_len = usize::from(header.data_len);
    let (short_len, guid_len) = (HEADER_LEN + data_len, GUID_HEADER_LEN + data_len);
    if got != short_len && got != guid_len {
        let wanted = Wanted::Either(short_len as u64, guid_len as u64);
        return Err(whole(Fault::LengthMismatch, wanted));
    }
    let guid_form = got == guid_len;
    tag_and_guid(input, header.tag, guid_form, base)?;
    let data = input.get(HEADER_LEN..).unwrap_or_default(); // both that are looked into come without a GUID
    let base = base + HEADER_LEN;
    match header.tag {
        Tag::MOUNT_POINT => mount_point::accept(data).map_err(|fault| fault.within(base))?,
        Tag::SYMLINK => symlink::accept(data).map_err(|fault| fault.within(base))?,
        _ => {}
    }
    Ok((header, guid_form))
}

fn tag_and_guid(input: &[u8], tag: Tag, guid_form: bool, base: usize) -> Result<(), SetError> {
    let of_tag =
        |fault, wanted| SetError { fault, what: "ReparseTag", offset: base, wanted, got: u64::from(tag.0) };
    if !guid_form && !tag.is_microsoft() {
        return Err(of_tag(Fault::GuidMissing, Wanted::MicrosoftTag));
    }
    if guid_form && !tag.is_microsoft() && Header::guid(input) == Some(Guid::NIL) {
        return Err(SetError::guid_nil(base));
    }
    if guid_form && matches!(tag, Tag::SYMLINK | Tag::MOUNT_POINT) {
        return Err(of_tag(Fault::GuidRefused, Wanted::OtherTag));
    }
    if !tag.is_valid() {
        return Err(of_tag(Fault::TagInvalid, Wanted::ValidTag));
    }
    Ok(())
}

impl SetError {
    fn guid_nil(base: usize) -> SetError {
        SetError {
            fault: Fault::GuidNil,
            what: "ReparseGuid",
            offset: base + HEADER_LEN,
            wanted: Wanted::NotZero,
            got: 0,
        }
    }

    /// The same error, seen from a buffer in which this one begins at `base`.
    pub(crate) fn within(self, base: usize) -> SetError {
        SetError { offset: base + self.offset, ..self }
    }

    /// The status that Windows gives.
    pub fn status(&self) -> NtStatus {
        match self.fault {
            Fault::Empty => NtStatus::INVALID_BUFFER_SIZE,
            Fault::TagInvalid => NtStatus::IO_REPARSE_TAG_INVALID,
            Fault::Flags => NtStatus::INVALID_PARAMETER,
            Fault::TooShort
            | Fault::TooLong
            | Fault::LengthMismatch
            | Fault::GuidMissing
            | Fault::GuidNil
            | Fault::GuidRefused
            | Fault::DataShort
            | Fault::NameEmpty
            | Fault::NameUneven
            | Fault::NameOutside
            | Fault::Layout
            | Fault::DataOnDelete => NtStatus::IO_REPARSE_DATA_INVALID,
        }
    }

    /// Why, in words.
    pub fn reason(&self) -> &'static str {
        match self.fault {
            Fault::Empty => "there is no input",
            Fault::TooShort => "the input is shorter than a header",
            Fault::TooLong => "the input is longer than a reparse point may be",
            Fault::LengthMismatch => "the input is not exactly a header and the data its length speaks of",
            Fault::GuidMissing => "a third party's tag must come with a GUID",
            Fault::GuidNil => "a third party's GUID must not be all zeroes",
            Fault::GuidRefused => "a symlink or a mount point must come without a GUID",
            Fault::TagInvalid => "the tag cannot be stored",
            Fault::DataShort => "the data is shorter than its fixed part",
            Fault::NameEmpty => "a name of a symlink is empty",
            Fault::NameUneven => "names are whole UTF-16 units",
            Fault::NameOutside => "a name reaches outside the data",
            Fault::Layout => {
                "a mount point's names must each end in a NUL, the substitute name first, with no gap"
            }
            Fault::DataOnDelete => "a delete names the tag and carries no data",
            Fault::Flags => "a flag is not defined",
        }
    }
}

impl fmt::Display for SetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SetError { what, offset, wanted, got, .. } = self;
        write!(f, "{}: {what} at byte {offset} is ", self.reason())?;
        match wanted {
            Wanted::ValidTag | Wanted::MicrosoftTag | Wanted::OtherTag => write!(f, "0x{got:08X}")?,
            _ => write!(f, "{got}")?,
        }
        write!(f, ", wanted {wanted}")
    }
}

impl core::error::Error for SetError {}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wanted::Exactly(value) => write!(f, "{value}"),
            Wanted::Either(one, other) => write!(f, "{one} or {other}"),
            Wanted::AtLeast(value) => write!(f, "{value} or more"),
            Wanted::AtMost(value) => write!(f, "{value} or less"),
            Wanted::Even => f.write_str("an even number"),
            Wanted::NotZero => f.write_str("something other than 0"),
            Wanted::ValidTag => f.write_str("a tag above 1 whose bits 27 to 16 are 0"),
            Wanted::MicrosoftTag => f.write_str("a GUID after the header, or a tag with bit 31 set"),
            Wanted::OtherTag => f.write_str("the form without a GUID"),
        }
    }
}
