//! The structures of directory entries. [MS-FSCC] 2.4.8, .10, .14, .17 to .24 and .33
use crate::query::{Facts, Fields, posix, wire_len};
use nt::FileInformationClass as Class;

/// One entry of a directory.
pub(super) struct Entry<'a> {
    pub(super) name: &'a [u16],
    pub(super) known: Known,
}

/// What is told of an entry beside its name.
pub(super) struct Known {
    /// What is known of it; `None` where the layout has only names.
    pub(super) facts: Option<Facts>,
    /// The length of its EAs.
    pub(super) ea_size: u32,
    /// Its short name, where it has one beside its name.
    pub(super) short_name: Vec<u16>,
}

/// What an entry consists of, in this order: what all have, EaSize, ReparsePointTag, file ids, short name, name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Layout {
    names_only: bool,
    ea_size: bool,
    reparse_tag: bool,
    id_64: bool,
    id_128: bool,
    short_name: bool,
    /// Whether the 64-bit id comes behind the short name, as in FileIdBothDirectoryInformation.
    id_last: bool,
    /// The whole is that of the POSIX extensions: no other field counts.
    posix: bool,
}

impl Layout {
    /// FileNamesInformation.
    pub(super) const NAMES: Layout = Layout { names_only: true, ..Layout::PLAIN };
    const PLAIN: Layout = Layout {
        names_only: false,
        ea_size: false,
        reparse_tag: false,
        id_64: false,
        id_128: false,
        short_name: false,
        id_last: false,
        posix: false,
    };
    const FULL: Layout = Layout { ea_size: true, ..Layout::PLAIN };
    const EXTD: Layout = Layout { reparse_tag: true, ..Layout::FULL };

    /// The layout of a class.
    pub(super) fn of(class: Class) -> Option<Layout> {
        Some(match class {
            Class::DIRECTORY_INFORMATION => Layout::PLAIN,
            Class::FULL_DIRECTORY_INFORMATION => Layout::FULL,
            Class::BOTH_DIRECTORY_INFORMATION => Layout { short_name: true, ..Layout::FULL },
            Class::NAMES_INFORMATION => Layout::NAMES,
            Class::ID_FULL_DIRECTORY_INFORMATION => Layout { id_64: true, ..Layout::FULL },
            Class::ID_BOTH_DIRECTORY_INFORMATION => {
                Layout { short_name: true, id_64: true, id_last: true, ..Layout::FULL }
            }
            Class::ID_EXTD_DIRECTORY_INFORMATION => Layout { id_128: true, ..Layout::EXTD },
            Class::ID_EXTD_BOTH_DIRECTORY_INFORMATION => {
                Layout { id_128: true, short_name: true, ..Layout::EXTD }
            }
            Class::ID64_EXTD_DIRECTORY_INFORMATION => Layout { id_64: true, ..Layout::EXTD },
            Class::ID64_EXTD_BOTH_DIRECTORY_INFORMATION => {
                Layout { id_64: true, short_name: true, ..Layout::EXTD }
            }
            Class::ID_ALL_EXTD_DIRECTORY_INFORMATION => Layout { id_64: true, id_128: true, ..Layout::EXTD },
            Class::ID_ALL_EXTD_BOTH_DIRECTORY_INFORMATION => {
                Layout { id_64: true, id_128: true, short_name: true, ..Layout::EXTD }
            }
            posix::POSIX_INFORMATION => Layout { posix: true, ..Layout::PLAIN },
            _ => return None,
        })
    }

    /// True for the entries of the POSIX extensions.
    pub(super) fn is_posix(self) -> bool {
        self.posix
    }

    /// True when entries tell a short name.
    pub(super) fn has_short_name(self) -> bool {
        self.short_name
    }

    /// True when entries tell the length of the EAs.
    pub(super) fn has_ea_size(self) -> bool {
        self.ea_size
    }

    /// FieldOffset of FileName, and so the least buffer.
    pub(super) fn name_at(self) -> usize {
        if self.names_only {
            return 12;
        }
        if self.posix {
            return 8 + posix::LEN + 4;
        }
        let mut len = 64;
        len += if self.ea_size { 4 } else { 0 };
        len += if self.reparse_tag { 4 } else { 0 };
        let id_first = self.id_64 && !self.id_last;
        if id_first {
            len = usize::next_multiple_of(len, 8) + 8;
        }
        len += if self.id_128 { 16 } else { 0 };
        len += if self.short_name { 26 } else { 0 };
        if self.id_last {
            len = usize::next_multiple_of(len, 8) + 8;
        }
        len
    }

    /// The most bytes of an entry with a name of so many units.
    pub(super) fn len_of(self, units: usize) -> usize {
        self.name_at() + 2 * units
    }

    /// Adds the entry, its NextEntryOffset zero, to bytes that end at a multiple of eight.
    pub(super) fn encode(self, bytes: Vec<u8>, entry: &Entry<'_>) -> Vec<u8> {
        let head = Fields::after(bytes).u32(0).u32(0);
        let fields = match &entry.known.facts {
            Some(facts) if !self.names_only => self.encode_facts(head, facts, entry),
            _ => head.u32(wire_len(entry.name)),
        };
        fields.units(entry.name).done()
    }

    /// Everything between the index and the name.
    fn encode_facts(self, head: Fields, facts: &Facts, entry: &Entry<'_>) -> Fields {
        if self.posix {
            return posix::fields(head, facts).u32(wire_len(entry.name));
        }
        let mut fields = facts.times.into_iter().fold(head, Fields::time);
        fields =
            fields.u64(facts.size).u64(facts.allocated).u32(facts.attributes.0).u32(wire_len(entry.name));
        if self.ea_size {
            // The tag stands in for the length of the EAs, unless it has a field of its own. [MS-FSA] 2.1.5.6.3.1
            let stands_in = facts.tag != 0 && !self.reparse_tag;
            fields = fields.u32(if stands_in { facts.tag } else { entry.known.ea_size });
        }
        if self.reparse_tag {
            fields = fields.u32(facts.tag);
        }
        if self.id_64 && !self.id_last {
            fields = fields.pad(8).u64(facts.file_id);
        }
        if self.id_128 {
            fields = fields.bytes(&facts.file_id_128().to_le_bytes());
        }
        if self.short_name {
            // Its length in bytes, a reserved byte, and twelve characters.
            let name = &entry.known.short_name;
            let name = name.get(..12.min(name.len())).unwrap_or_default();
            let len = u8::try_from(2 * name.len()).unwrap_or_default();
            fields = fields.u8(len).u8(0).units(name).zeroes(24 - usize::from(len));
        }
        if self.id_last {
            fields = fields.pad(8).u64(facts.file_id);
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::Layout;
    use nt::FileInformationClass as Class;

    /// The offsets of FileName in the figures of [MS-FSCC] 2.4.
    #[test]
    fn names_begin_where_the_book_says() {
        for (class, at) in [
            (Class::DIRECTORY_INFORMATION, 64),
            (Class::FULL_DIRECTORY_INFORMATION, 68),
            (Class::BOTH_DIRECTORY_INFORMATION, 94),
            (Class::NAMES_INFORMATION, 12),
            (Class::ID_FULL_DIRECTORY_INFORMATION, 80),
            (Class::ID_BOTH_DIRECTORY_INFORMATION, 104),
            (Class::ID_EXTD_DIRECTORY_INFORMATION, 88),
            (Class::ID_EXTD_BOTH_DIRECTORY_INFORMATION, 114),
            (Class::ID64_EXTD_DIRECTORY_INFORMATION, 80),
            (Class::ID64_EXTD_BOTH_DIRECTORY_INFORMATION, 106),
            (Class::ID_ALL_EXTD_DIRECTORY_INFORMATION, 96),
            (Class::ID_ALL_EXTD_BOTH_DIRECTORY_INFORMATION, 122),
            // struct smb2_posix_info of Linux: 88 bytes, two SIDs of 16, the length of the name.
            (crate::query::posix::POSIX_INFORMATION, 124),
        ] {
            assert_eq!(Layout::of(class).map(Layout::name_at), Some(at), "{class:?}");
        }
    }
}
