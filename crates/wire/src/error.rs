//! Why bytes are not a message, and why a value cannot become one.
use core::fmt;

use nt::NtStatus;

/// Why bytes are not the structure they should be. Offsets count from the start of the structure that offsets on the
/// wire count from: the SMB2 header for a message, its own first byte for anything nested.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end inside a fixed field.
    Short {
        /// The structure.
        what: &'static str,
        /// Where the field begins.
        offset: usize,
        /// Bytes the field has.
        wanted: usize,
        /// Bytes there are.
        got: usize,
    },
    /// StructureSize is not what the specification says.
    StructureSize {
        /// The structure.
        what: &'static str,
        /// What it must be.
        wanted: u16,
        /// What it is.
        got: u16,
    },
    /// An offset and a length lead out of the variable part of the structure.
    Span {
        /// The part they speak of.
        what: &'static str,
        /// The offset.
        offset: u64,
        /// The length.
        len: u64,
    },
    /// A name has an odd number of bytes.
    OddName {
        /// The name.
        what: &'static str,
        /// Its length in bytes.
        len: usize,
    },
    /// A field holds a value with which the rest cannot be read.
    Value {
        /// The field.
        what: &'static str,
        /// The value.
        value: u64,
    },
    /// More elements than a message may hold.
    TooMany {
        /// The elements.
        what: &'static str,
        /// The most there may be.
        max: usize,
    },
}

impl DecodeError {
    /// The status of the answer: every rule of [MS-SMB2] 3.3.5 for a request that cannot be read names this one.
    pub const fn status(&self) -> NtStatus {
        NtStatus::INVALID_PARAMETER
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::Short { what, offset, wanted, got } => {
                write!(f, "{what}: {wanted} bytes wanted at {offset}, there are {got}")
            }
            DecodeError::StructureSize { what, wanted, got } => {
                write!(f, "{what}: StructureSize is {got}, must be {wanted}")
            }
            DecodeError::Span { what, offset, len } => {
                write!(f, "{what}: {len} bytes at offset {offset} are not inside the message")
            }
            DecodeError::OddName { what, len } => write!(f, "{what}: a name cannot have {len} bytes"),
            DecodeError::Value { what, value } => write!(f, "{what} cannot be 0x{value:X}"),
            DecodeError::TooMany { what, max } => write!(f, "more {what} than {max}"),
        }
    }
}

impl core::error::Error for DecodeError {}

/// Why a value cannot be written: a part is longer than the field that says how long it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EncodeError {
    /// The part.
    pub what: &'static str,
    /// Its length, or the offset it would have.
    pub value: usize,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} does not fit its field", self.what, self.value)
    }
}

impl core::error::Error for EncodeError {}
