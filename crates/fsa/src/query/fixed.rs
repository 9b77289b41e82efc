//! Information classes of fixed length. [MS-FSCC] 2.4; each with its section of [MS-FSA] 2.1.5.12
use super::{Facts, Fields, Information, mode_of};
use crate::host::Host;
use crate::host::meta;
use crate::opens::Open;
use crate::refusal::Refusal;
use crate::volume::Volume;
use nt::{AccessMask, FileInformationClass as Class};

/// FILE_DEVICE_DISK. [MS-FSCC] 2.5.10
pub(super) const FILE_DEVICE_DISK: u32 = 7;
/// FILE_DEVICE_IS_MOUNTED. [MS-FSCC] 2.5.10
pub(super) const FILE_DEVICE_IS_MOUNTED: u32 = 0x20;

/// The length of a class that has one.
pub(super) fn len_of(class: Class) -> Option<usize> {
    Some(match class {
        Class::BASIC_INFORMATION => 40,
        Class::STANDARD_INFORMATION => 24,
        Class::INTERNAL_INFORMATION | Class::POSITION_INFORMATION | Class::ATTRIBUTE_TAG_INFORMATION => 8,
        Class::EA_INFORMATION
        | Class::ACCESS_INFORMATION
        | Class::MODE_INFORMATION
        | Class::ALIGNMENT_INFORMATION
        | Class::CASE_SENSITIVE_INFORMATION => 4,
        Class::COMPRESSION_INFORMATION => 16,
        Class::NETWORK_OPEN_INFORMATION => 56,
        Class::ID_INFORMATION => 24,
        Class::STAT_INFORMATION => 72,
        Class::STAT_BASIC_INFORMATION => 104,
        _ => return None,
    })
}

/// The rights that a class needs.
pub(super) fn rights_for(class: Class) -> AccessMask {
    match class {
        Class::BASIC_INFORMATION
        | Class::ATTRIBUTE_TAG_INFORMATION
        | Class::NETWORK_OPEN_INFORMATION
        | Class::STAT_INFORMATION
        | Class::STAT_BASIC_INFORMATION
        | Class::CASE_SENSITIVE_INFORMATION => AccessMask::FILE_READ_ATTRIBUTES,
        _ => AccessMask::NONE,
    }
}

impl<H: Host> Volume<H> {
    /// A class of [`len_of`]; length and rights have been checked.
    pub(super) fn query_fixed(&self, open: &Open<H>, class: Class) -> Result<Information, Refusal> {
        let facts = || self.facts(open);
        let bytes = match class {
            Class::BASIC_INFORMATION => basic(&facts()?),
            Class::STANDARD_INFORMATION => standard(&facts()?),
            Class::INTERNAL_INFORMATION => Fields::default().u64(open.file.id().inode).done(),
            Class::EA_INFORMATION => Fields::default().u32(self.ea_size_of(open)?).done(),
            Class::ACCESS_INFORMATION => Fields::default().u32(open.granted.0).done(),
            Class::POSITION_INFORMATION => Fields::default().u64(open.cursors.position()).done(),
            Class::MODE_INFORMATION => Fields::default().u32(mode_of(open)).done(),
            Class::ATTRIBUTE_TAG_INFORMATION => {
                let facts = facts()?;
                Fields::default().u32(facts.attributes.0).u32(facts.tag).done()
            }
            Class::COMPRESSION_INFORMATION => compression(&facts()?),
            Class::NETWORK_OPEN_INFORMATION => network_open(&facts()?),
            Class::ID_INFORMATION => self.file_id_information(&facts()?),
            Class::STAT_INFORMATION => super::stat::stat(&facts()?, open.granted).done(),
            Class::STAT_BASIC_INFORMATION => self.stat_basic(&facts()?),
            // ALIGNMENT: FILE_BYTE_ALIGNMENT [MS-FSCC] 2.4.3. CASE_SENSITIVE: no directory here is [MS-FSCC] 2.4.10.
            _ => vec![0; len_of(class).unwrap_or_default()],
        };
        debug_assert_eq!(Some(bytes.len()), len_of(class));
        Ok(Information::whole(bytes))
    }

    /// The length of the EAs, or 0 on a reparse point. [MS-FSA] 2.1.5.12.10; Windows: docs/SPEC-NOTES.md 18
    pub(super) fn ea_size_of(&self, open: &Open<H>) -> Result<u32, Refusal> {
        let node = open.file.node();
        if self.meta(&node)?.point.is_some() {
            return Ok(0);
        }
        Ok(meta::ea_size(&meta::ea_list(&self.host, &node)?))
    }

    /// [MS-FSCC] 2.4.26
    fn file_id_information(&self, facts: &Facts) -> Vec<u8> {
        Fields::default().u64(u64::from(self.options.serial)).bytes(&facts.file_id_128().to_le_bytes()).done()
    }

    /// FILE_STAT_BASIC_INFORMATION of the driver kit.
    fn stat_basic(&self, facts: &Facts) -> Vec<u8> {
        super::stat::stat_head(facts)
            .u32(facts.links)
            .u32(FILE_DEVICE_DISK)
            .u32(FILE_DEVICE_IS_MOUNTED)
            .u32(0)
            .u64(u64::from(self.options.serial))
            .bytes(&facts.file_id_128().to_le_bytes())
            .done()
    }
}

/// [MS-FSCC] 2.4.7
pub(super) fn basic(facts: &Facts) -> Vec<u8> {
    let fields = facts.times.into_iter().fold(Fields::with_capacity(40), Fields::time);
    fields.u32(facts.attributes.0).u32(0).done()
}

/// [MS-FSCC] 2.4.47
pub(super) fn standard(facts: &Facts) -> Vec<u8> {
    Fields::with_capacity(24)
        .u64(facts.allocated)
        .u64(facts.size)
        .u32(facts.links)
        .u8(u8::from(facts.delete_pending))
        .u8(u8::from(facts.directory))
        .u16(0)
        .done()
}

/// COMPRESSION_FORMAT_NONE: nothing is compressed here. [MS-FSCC] 2.4.9
fn compression(facts: &Facts) -> Vec<u8> {
    Fields::with_capacity(16).u64(facts.allocated).zeroes(8).done()
}

/// [MS-FSCC] 2.4.34
fn network_open(facts: &Facts) -> Vec<u8> {
    let fields = facts.times.into_iter().fold(Fields::with_capacity(56), Fields::time);
    fields.u64(facts.allocated).u64(facts.size).u32(facts.attributes.0).u32(0).done()
}
