//! [MS-FSCC] 2.1.2.1: reparse tags.
use core::fmt;
use core::str::FromStr;

use crate::vendor::{self, Vendor};

/// A reparse tag: the number that says who owns a reparse point, and which layout its data has.
///
/// Tags are open: a value without a name decodes, compares, prints and encodes like any other.
///
/// ```
/// use reparse::Tag;
/// assert_eq!(Tag(0xA000_000C), Tag::SYMLINK);
/// assert_eq!(Tag::SYMLINK.to_string(), "IO_REPARSE_TAG_SYMLINK (0xA000000C)");
/// assert_eq!(Tag(0x8000_4711).to_string(), "Tag(0x80004711)");
/// assert_eq!("mount_point".parse(), Ok(Tag::MOUNT_POINT));
/// assert_eq!("0x80004711".parse(), Ok(Tag(0x8000_4711)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub u32);

/// Why a text is not a tag.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TagParseError;

/// What the specification's names of tags begin with.
const NAME_PREFIX: &str = "IO_REPARSE_TAG_";

/// Bit 31: the tag is owned by Microsoft.
const MICROSOFT: u32 = 0x8000_0000;
/// Bit 29: the object stands for another named object.
const NAME_SURROGATE: u32 = 0x2000_0000;
/// Bit 28: a directory that carries the tag may have children.
const DIRECTORY: u32 = 0x1000_0000;
/// Bits 27 to 16: reserved.
const RESERVED: u32 = 0x0FFF_0000;
/// The nibble that tells the sixteen CLOUD tags apart.
const CLOUD_MASK: u32 = 0x0000_F000;

/// Declares the tags by name, once.
macro_rules! tags {
    ($($name:ident = $value:literal;)*) => {
        #[allow(missing_docs)] // the specification's names; docs/spec/reparse_tags.tsv tests the values
        impl Tag {
            $(pub const $name: Tag = Tag($value);)*

            /// Every tag of Microsoft's that has a public name, with that name, in the order of the lower 16 bits.
            pub const ALL: &'static [(Tag, &'static str)] =
                &[$((Tag($value), concat!("IO_REPARSE_TAG_", stringify!($name))),)*];
        }
    };
}

tags! {
    RESERVED_ZERO = 0x0000_0000;
    RESERVED_ONE = 0x0000_0001;
    RESERVED_TWO = 0x0000_0002;
    MOUNT_POINT = 0xA000_0003;
    HSM = 0xC000_0004;
    DRIVE_EXTENDER = 0x8000_0005;
    HSM2 = 0x8000_0006;
    SIS = 0x8000_0007;
    WIM = 0x8000_0008;
    CSV = 0x8000_0009;
    DFS = 0x8000_000A;
    FILTER_MANAGER = 0x8000_000B;
    SYMLINK = 0xA000_000C;
    IIS_CACHE = 0xA000_0010;
    DFSR = 0x8000_0012;
    DEDUP = 0x8000_0013;
    APPXSTRM = 0xC000_0014;
    NFS = 0x8000_0014;
    FILE_PLACEHOLDER = 0x8000_0015;
    DFM = 0x8000_0016;
    WOF = 0x8000_0017;
    WCI = 0x8000_0018;
    WCI_1 = 0x9000_1018;
    GLOBAL_REPARSE = 0xA000_0019;
    CLOUD = 0x9000_001A;
    CLOUD_1 = 0x9000_101A;
    CLOUD_2 = 0x9000_201A;
    CLOUD_3 = 0x9000_301A;
    CLOUD_4 = 0x9000_401A;
    CLOUD_5 = 0x9000_501A;
    CLOUD_6 = 0x9000_601A;
    CLOUD_7 = 0x9000_701A;
    CLOUD_8 = 0x9000_801A;
    CLOUD_9 = 0x9000_901A;
    CLOUD_A = 0x9000_A01A;
    CLOUD_B = 0x9000_B01A;
    CLOUD_C = 0x9000_C01A;
    CLOUD_D = 0x9000_D01A;
    CLOUD_E = 0x9000_E01A;
    CLOUD_F = 0x9000_F01A;
    APPEXECLINK = 0x8000_001B;
    PROJFS = 0x9000_001C;
    LX_SYMLINK = 0xA000_001D;
    STORAGE_SYNC = 0x8000_001E;
    WCI_TOMBSTONE = 0xA000_001F;
    UNHANDLED = 0x8000_0020;
    ONEDRIVE = 0x8000_0021;
    PROJFS_TOMBSTONE = 0xA000_0022;
    AF_UNIX = 0x8000_0023;
    LX_FIFO = 0x8000_0024;
    LX_CHR = 0x8000_0025;
    LX_BLK = 0x8000_0026;
    STORAGE_SYNC_FOLDER = 0x9000_0027;
    WCI_LINK = 0xA000_0027;
    WCI_LINK_1 = 0xA000_1027;
    DATALESS_CIM = 0xA000_0028;
}

impl Tag {
    /// The specification's name, such as `IO_REPARSE_TAG_SYMLINK`; for a third party's tag the name in the public
    /// headers, such as `IO_REPARSE_TAG_ARKIVIO`. `None` for a tag that nobody published.
    pub fn name(self) -> Option<&'static str> {
        let of_microsoft = Tag::ALL.iter().find(|(tag, _)| *tag == self).map(|(_, name)| *name);
        of_microsoft.or_else(|| vendor::of(self).map(|vendor| vendor.tag_name))
    }

    /// The tag is owned by Microsoft (bit 31). Any other must come with a GUID.
    pub const fn is_microsoft(self) -> bool {
        self.0 & MICROSOFT != 0
    }

    /// The file or directory stands for another named object (bit 29), as a link does.
    pub const fn is_name_surrogate(self) -> bool {
        self.0 & NAME_SURROGATE != 0
    }

    /// A directory with this tag may have children (bit 28), and is walked as a plain directory when nobody knows the
    /// tag.
    pub const fn is_directory(self) -> bool {
        self.0 & DIRECTORY != 0
    }

    /// Windows lets this tag be stored: it is neither 0 nor 1, and bits 27 to 16 are zero.
    pub const fn is_valid(self) -> bool {
        !self.is_reserved() && self.0 & RESERVED == 0
    }

    /// The tag is 0 or 1, which mean "no tag". (2 is reserved on paper too, yet Windows does not refuse it.)
    pub const fn is_reserved(self) -> bool {
        self.0 <= 1
    }

    /// The tag is one of the sixteen CLOUD tags.
    pub const fn is_cloud(self) -> bool {
        self.0 & !CLOUD_MASK == Tag::CLOUD.0
    }

    /// The third party that registered this tag, or is known to use it.
    pub fn vendor(self) -> Option<Vendor> {
        vendor::of(self)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} (0x{:08X})", self.0),
            None => write!(f, "Tag(0x{:08X})", self.0),
        }
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Tag {
    type Err = TagParseError;

    /// Reads a name, with or without `IO_REPARSE_TAG_`, in either case, or a number in hexadecimal after `0x`.
    fn from_str(text: &str) -> Result<Tag, TagParseError> {
        if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            let all_digits = digits.bytes().all(|b| b.is_ascii_hexdigit()); // from_str_radix would take a sign
            let value = all_digits.then(|| u32::from_str_radix(digits, 16).ok()).flatten();
            return value.map(Tag).ok_or(TagParseError);
        }
        let bare = match text.get(..NAME_PREFIX.len()) {
            Some(prefix) if prefix.eq_ignore_ascii_case(NAME_PREFIX) => {
                text.get(NAME_PREFIX.len()..).unwrap_or_default()
            }
            _ => text,
        };
        let is_it = |name: &str| name.strip_prefix(NAME_PREFIX).is_some_and(|n| n.eq_ignore_ascii_case(bare));
        let of_microsoft = Tag::ALL.iter().find(|(_, name)| is_it(name)).map(|(tag, _)| *tag);
        of_microsoft.or_else(|| vendor::named(is_it)).ok_or(TagParseError)
    }
}

impl fmt::Display for TagParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a tag is a name such as SYMLINK or IO_REPARSE_TAG_SYMLINK, or a number such as 0xA000000C",
        )
    }
}

impl core::error::Error for TagParseError {}
