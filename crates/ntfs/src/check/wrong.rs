//! What can be wrong with a reparse point: each with a word that stays the same, and in words for people.
use crate::error::Error;
use crate::reference::FileRef;
use nt::Utf16;
use reparse::{Oddity, SetError, Tag, TargetError};
use std::fmt;

/// What is wrong with a reparse point, or with what is said of it elsewhere.
#[derive(Debug)]
#[non_exhaustive]
pub enum Wrong {
    /// There are reparse points, and no `$Extend\$Reparse` that lists them.
    NoIndex,
    /// `$R` lists a file that is not there, or was another then.
    EntryWithoutFile(Tag),
    /// `$R` lists a file that has no reparse point.
    EntryWithoutPoint(Tag),
    /// `$R` lists the file under another tag.
    EntryWrongTag {
        /// In `$R`.
        entry: Tag,
        /// On the file.
        stored: Tag,
    },
    /// `$R` does not list the file.
    PointWithoutEntry(Tag),
    /// `$STANDARD_INFORMATION` does not have the attribute of a reparse point.
    BitMissing,
    /// `$STANDARD_INFORMATION` has the attribute, and there is no reparse point.
    BitWithoutPoint,
    /// A directory's entry of the file says something else than the file.
    Name {
        /// The directory.
        directory: FileRef,
        /// The name in it.
        name: Utf16,
        /// The tag that the entry tells; `None` when its attributes do not say that there is one.
        entry: Option<Tag>,
        /// The tag on the file.
        stored: Option<Tag>,
    },
    /// The file has more names than directories have entries of it, or fewer.
    Names {
        /// `$FILE_NAME` attributes.
        names: usize,
        /// Entries of directories.
        entries: usize,
    },
    /// The bytes are no reparse point at all.
    NoPoint,
    /// A reparse point that Windows would not let be set.
    Refused(SetError),
    /// The data is damaged, as writers with mistakes leave it.
    Data(Oddity),
    /// A target that leads nowhere on Windows, as drivers that do not know its form write it.
    Target(TargetError),
    /// A mount point on something else than a directory.
    MountPointOnFile,
    /// A symbolic link on a file that has data.
    LinkOnData(u64),
    /// Something could not be read.
    Unreadable(Error),
}

impl Wrong {
    /// Every word of [`kind`](Wrong::kind), in the order of the variants.
    pub const KINDS: [&'static str; 16] = [
        "no_index",
        "entry_without_file",
        "entry_without_point",
        "entry_wrong_tag",
        "point_without_entry",
        "attribute_missing",
        "attribute_without_point",
        "name_differs",
        "names_differ_in_number",
        "no_reparse_point",
        "refused",
        "data_damaged",
        "target_leads_nowhere",
        "mount_point_on_file",
        "link_on_data",
        "unreadable",
    ];

    /// What kind of finding it is, in a word that stays the same from version to version.
    pub fn kind(&self) -> &'static str {
        let at = match self {
            Wrong::NoIndex => 0,
            Wrong::EntryWithoutFile(_) => 1,
            Wrong::EntryWithoutPoint(_) => 2,
            Wrong::EntryWrongTag { .. } => 3,
            Wrong::PointWithoutEntry(_) => 4,
            Wrong::BitMissing => 5,
            Wrong::BitWithoutPoint => 6,
            Wrong::Name { .. } => 7,
            Wrong::Names { .. } => 8,
            Wrong::NoPoint => 9,
            Wrong::Refused(_) => 10,
            Wrong::Data(_) => 11,
            Wrong::Target(_) => 12,
            Wrong::MountPointOnFile => 13,
            Wrong::LinkOnData(_) => 14,
            Wrong::Unreadable(_) => 15,
        };
        Wrong::KINDS.get(at).copied().unwrap_or_default()
    }

    /// True for what [`Volume::repair`](crate::Volume::repair) can put right: the file itself says how.
    pub fn is_repairable(&self) -> bool {
        matches!(
            self,
            Wrong::NoIndex
                | Wrong::EntryWithoutFile(_)
                | Wrong::EntryWithoutPoint(_)
                | Wrong::EntryWrongTag { .. }
                | Wrong::PointWithoutEntry(_)
                | Wrong::BitMissing
                | Wrong::BitWithoutPoint
                | Wrong::Name { .. }
        )
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wrong::NoIndex => {
                f.write_str("there are reparse points, and no $Extend\\$Reparse that lists them")
            }
            Wrong::EntryWithoutFile(tag) => {
                write!(f, "$Extend\\$Reparse lists it under {tag}, and there is no such file")
            }
            Wrong::EntryWithoutPoint(tag) => {
                write!(f, "$Extend\\$Reparse lists it under {tag}, and it has no reparse point")
            }
            Wrong::EntryWrongTag { entry, stored } => {
                write!(f, "$Extend\\$Reparse lists it under {entry}, and its tag is {stored}")
            }
            Wrong::PointWithoutEntry(tag) => {
                write!(f, "$Extend\\$Reparse does not list it; its tag is {tag}")
            }
            Wrong::BitMissing => {
                f.write_str("it has a reparse point, and not the attribute FILE_ATTRIBUTE_REPARSE_POINT")
            }
            Wrong::BitWithoutPoint => {
                f.write_str("it has the attribute FILE_ATTRIBUTE_REPARSE_POINT, and no reparse point")
            }
            Wrong::Name { name, entry, stored, .. } => {
                let told = |tag: &Option<Tag>| tag.map_or_else(|| "no tag".to_owned(), |tag| tag.to_string());
                let (entry, stored) = (told(entry), told(stored));
                write!(f, "its directory's entry {name} tells {entry}, and the file has {stored}")
            }
            Wrong::Names { names, entries } => {
                write!(f, "it has {names} names, and directories have {entries} entries of it")
            }
            Wrong::NoPoint => f.write_str("the bytes of its reparse point are none"),
            Wrong::Refused(error) => write!(f, "Windows would refuse its reparse point: {error}"),
            Wrong::Data(oddity) => write!(f, "its reparse point is damaged: {oddity}"),
            Wrong::Target(error) => write!(f, "its target leads nowhere on Windows: {error}"),
            Wrong::MountPointOnFile => f.write_str("a mount point on something else than a directory"),
            Wrong::LinkOnData(len) => write!(f, "a symbolic link on a file that has {len} bytes of data"),
            Wrong::Unreadable(error) => write!(f, "it cannot be read: {error}"),
        }
    }
}
