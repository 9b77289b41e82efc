//! Why bytes are not a security descriptor, or a security descriptor cannot become bytes.
use core::fmt;

/// Why bytes are not a SID, an ACL or a self-relative security descriptor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SecurityDecodeError {
    /// The bytes end before the structure does.
    Short {
        /// What was being read.
        what: &'static str,
        /// Bytes it needs.
        need: usize,
        /// Bytes there are.
        have: usize,
    },
    /// A revision that is not the one the specification defines.
    Revision {
        /// Whose revision.
        what: &'static str,
        /// What it says.
        value: u8,
    },
    /// A SID with more sub-authorities than fifteen, or a text with none.
    SubAuthorityCount(u8),
    /// A size field that is smaller than its own structure or not a multiple of four.
    Size {
        /// Whose size.
        what: &'static str,
        /// What it says.
        value: usize,
    },
    /// The descriptor is in absolute form, which has no meaning outside a process.
    NotSelfRelative,
}

impl fmt::Display for SecurityDecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short { what, need, have } => write!(f, "{what} needs {need} bytes, there are {have}"),
            Self::Revision { what, value } => write!(f, "{what} has revision {value}, which is not defined"),
            Self::SubAuthorityCount(count) => {
                write!(f, "a SID has {count} sub-authorities, the most is {}", super::SUB_AUTHORITIES_MAX)
            }
            Self::Size { what, value } => write!(f, "{what} gives its size as {value}, which cannot be"),
            Self::NotSelfRelative => f.write_str("the security descriptor is not self-relative"),
        }
    }
}

impl core::error::Error for SecurityDecodeError {}

/// Why a security descriptor cannot become bytes: a size field has 16 bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SecurityEncodeError {
    /// An ACE longer than 65,532 bytes, or of a length that is not a multiple of four.
    AceLength(usize),
    /// An ACL longer than 65,535 bytes.
    AclLength(usize),
}

impl fmt::Display for SecurityEncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AceLength(len) => write!(f, "an ACE of {len} bytes cannot be written"),
            Self::AclLength(len) => write!(f, "an ACL of {len} bytes cannot be written"),
        }
    }
}

impl core::error::Error for SecurityEncodeError {}
