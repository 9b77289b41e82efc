//! What the lenient reader tells: things Windows does not write, found and kept.
use core::fmt;

use crate::tag::Tag;

/// Something in a reparse point that Windows' own writers do not write. It is told beside the value, never instead of
/// it, and the bytes keep it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Oddity {
    /// The tag is 0 or 1, which cannot be stored.
    TagReserved {
        /// The tag.
        tag: Tag,
    },
    /// Bits 27 to 16 of the tag are not zero.
    TagReservedBits {
        /// The tag.
        tag: Tag,
    },
    /// A third party's tag without the GUID it must have.
    GuidMissing {
        /// The tag.
        tag: Tag,
    },
    /// A third party's GUID is all zeroes.
    GuidNil,
    /// A Microsoft tag in the GUID form. Windows accepts it for most, and writes it for none.
    GuidOnMicrosoftTag {
        /// The tag.
        tag: Tag,
    },
    /// The Reserved field of the header is not zero.
    ReservedNotZero {
        /// What it holds.
        value: u16,
    },
    /// Bytes after the data.
    TrailingBytes {
        /// How many.
        len: usize,
    },
    /// The whole is longer than [`REPARSE_BYTES_MAX`](crate::REPARSE_BYTES_MAX).
    OverLimit {
        /// Its length.
        len: usize,
    },
    /// The data ends before a field of its layout.
    DataShort {
        /// The structure that does not fit.
        what: &'static str,
        /// Bytes it needs at least.
        wanted: usize,
        /// Bytes there are.
        got: usize,
    },
    /// A name reaches outside the data.
    NameOutside {
        /// Which name.
        what: &'static str,
        /// Where it begins, from the start of PathBuffer.
        offset: u16,
        /// Its length in bytes.
        len: u16,
        /// Bytes PathBuffer has.
        room: usize,
    },
    /// An offset or a length of a UTF-16 name is odd. A last half unit is left out of the name.
    NameUneven {
        /// Which name.
        what: &'static str,
        /// Where it begins, from the start of PathBuffer.
        offset: u16,
        /// Its length in bytes.
        len: u16,
    },
    /// A name is empty.
    NameEmpty {
        /// Which name.
        what: &'static str,
    },
    /// A name holds a NUL.
    NameHoldsNul {
        /// Which name.
        what: &'static str,
    },
    /// A UTF-16 name holds an unpaired surrogate, or a UTF-8 name is not UTF-8.
    NameIllFormed {
        /// Which name.
        what: &'static str,
    },
    /// The two names share bytes.
    NamesOverlap,
    /// The substitute name stands before the print name; Windows writes the print name first.
    SubstituteFirst,
    /// The names are laid out in another way than Windows writes them (a gap, a terminator missing or superfluous).
    Layout,
    /// A flags field has bits that are not known.
    FlagsUnknown {
        /// The bits.
        bits: u32,
    },
    /// The high nibble of a symlink's flags, which belongs to the system and is not stored, is not zero.
    FlagsOfSystem {
        /// The nibble, in place.
        bits: u32,
    },
    /// A field that tells a kind or a version has a value that is not known.
    Unknown {
        /// The field.
        what: &'static str,
        /// Its value.
        value: u64,
    },
    /// The data has bytes that its layout does not account for.
    DataLong {
        /// The structure.
        what: &'static str,
        /// How many bytes too many.
        extra: usize,
    },
    /// A part is longer than its own limit.
    PartOverLimit {
        /// The part.
        what: &'static str,
        /// Its length in bytes.
        len: usize,
        /// The most it may have.
        max: usize,
    },
    /// A count in the data disagrees with what is there.
    CountDiffers {
        /// What is counted.
        what: &'static str,
        /// What the count says, or what the layout has.
        wanted: usize,
        /// How many there are.
        got: usize,
    },
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Oddity::TagReserved { tag } => {
                write!(f, "the tag 0x{:08X} is reserved and cannot be stored", tag.0)
            }
            Oddity::TagReservedBits { tag } => {
                write!(f, "bits 27 to 16 of the tag 0x{:08X} are not zero", tag.0)
            }
            Oddity::GuidMissing { tag } => {
                write!(f, "the tag 0x{:08X} is a third party's, which must come with a GUID", tag.0)
            }
            Oddity::GuidNil => f.write_str("the GUID is all zeroes"),
            Oddity::GuidOnMicrosoftTag { tag } => {
                write!(f, "the tag 0x{:08X} is Microsoft's, yet it comes with a GUID", tag.0)
            }
            Oddity::ReservedNotZero { value } => write!(f, "the Reserved field is 0x{value:04X}, not 0"),
            Oddity::TrailingBytes { len } => write!(f, "{len} bytes follow the data"),
            Oddity::OverLimit { len } => write!(f, "{len} bytes are more than Windows stores (16384)"),
            Oddity::DataShort { what, wanted, got } => {
                write!(f, "the {what} needs {wanted} bytes; the data has {got}")
            }
            Oddity::NameOutside { what, offset, len, room } => write!(
                f,
                "the {what} ({len} bytes at {offset}) reaches outside PathBuffer, which has {room} bytes"
            ),
            Oddity::NameUneven { what, offset, len } => {
                write!(f, "the {what} ({len} bytes at {offset}) is not whole UTF-16 units")
            }
            Oddity::NameEmpty { what } => write!(f, "the {what} is empty"),
            Oddity::NameHoldsNul { what } => write!(f, "the {what} holds a NUL"),
            Oddity::NameIllFormed { what } => write!(f, "the {what} is not well-formed Unicode"),
            Oddity::NamesOverlap => f.write_str("the two names share bytes"),
            Oddity::SubstituteFirst => f.write_str("the substitute name stands before the print name"),
            Oddity::Layout => f.write_str("the names are laid out in another way than Windows writes them"),
            Oddity::FlagsUnknown { bits } => write!(f, "the flags 0x{bits:08X} are not known"),
            Oddity::FlagsOfSystem { bits } => {
                write!(f, "the flags 0x{bits:08X} belong to the system and are not stored")
            }
            Oddity::Unknown { what, value } => write!(f, "the {what} is 0x{value:X}, which is not known"),
            Oddity::DataLong { what, extra } => write!(f, "{extra} bytes follow the {what} inside the data"),
            Oddity::PartOverLimit { what, len, max } => {
                write!(f, "the {what} has {len} bytes; the most is {max}")
            }
            Oddity::CountDiffers { what, wanted, got } => write!(f, "{what}: {got} found, {wanted} wanted"),
        }
    }
}
