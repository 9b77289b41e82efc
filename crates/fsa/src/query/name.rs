//! Names of an open's file, and the class that contains all. [MS-FSA] 2.1.5.12.3, .19 and .30
use super::{Fields, Information, fixed, mode_of, require_len, wire_len};
use crate::host::Host;
use crate::host::name::decode;
use crate::opens::Open;
use crate::refusal::{Refusal, Why};
use crate::short_name::short_name;
use crate::volume::Volume;
use nt::{AccessMask, FileInformationClass as Class, NtStatus};

/// The least buffer for a name: its length, and one character.
pub(super) const MIN_LEN: usize = 8;
/// The least buffer for FILE_ALL_INFORMATION: 96 bytes, a name's length, one character, aligned to 8. [MS-FSCC] 2.4.2
const ALL_MIN_LEN: usize = 104;

impl<H: Host> Volume<H> {
    /// The path from the volume's root. [MS-FSA] 2.1.5.12.19
    pub(super) fn query_name(&self, open: &Open<H>, len_max: usize) -> Result<Information, Refusal> {
        require_len(Class::NAME_INFORMATION, MIN_LEN, len_max)?;
        Ok(Information::cut(name_information(Fields::default(), &open.path().0), even(len_max)))
    }

    /// The same, spelled as the directories and streams spell it. [MS-FSA] 2.1.5.12.30
    pub(super) fn query_normalized_name(
        &self,
        open: &Open<H>,
        len_max: usize,
    ) -> Result<Information, Refusal> {
        require_len(Class::NORMALIZED_NAME_INFORMATION, MIN_LEN, len_max)?;
        let mut name = open.path().0;
        if let Some(stream) = open.stream() {
            name.push(u16::from(b':'));
            name.extend_from_slice(&stream.0);
        }
        Ok(Information::cut(name_information(Fields::default(), &name), even(len_max)))
    }

    /// The short name, or the name where that is short. [MS-FSA] 2.1.5.12.4
    pub(super) fn query_short_name(&self, open: &Open<H>, len_max: usize) -> Result<Information, Refusal> {
        require_len(Class::ALTERNATE_NAME_INFORMATION, MIN_LEN, len_max)?;
        let place = open.link.lock().clone();
        if place.parent.is_none() {
            let why = Why::Object("the root has no short name");
            return Err(Refusal::new(NtStatus::OBJECT_NAME_NOT_FOUND, why));
        }
        let name = decode(&place.name.0);
        let short = short_name(&name).unwrap_or(name);
        Ok(Information::cut(name_information(Fields::default(), &short), even(len_max)))
    }

    /// [MS-FSA] 2.1.5.12.3
    pub(super) fn query_all(&self, open: &Open<H>, len_max: usize) -> Result<Information, Refusal> {
        require_len(Class::ALL_INFORMATION, ALL_MIN_LEN, len_max)?;
        open.require(AccessMask::FILE_READ_ATTRIBUTES)?;
        let facts = self.facts(open)?;
        let fields = Fields::default()
            .bytes(&fixed::basic(&facts))
            .bytes(&fixed::standard(&facts))
            .u64(facts.file_id)
            .u32(self.ea_size_of(open)?)
            .u32(open.granted.0)
            .u64(open.cursors.position())
            .u32(mode_of(open))
            .u32(0); // FILE_BYTE_ALIGNMENT
        Ok(Information::cut(name_information(fields, &open.path().0), even(len_max)))
    }
}

/// FILE_NAME_INFORMATION. [MS-FSCC] 2.1.7
fn name_information(before: Fields, name: &[u16]) -> Vec<u8> {
    before.u32(wire_len(name)).units(name).done()
}

/// No character is cut in two.
fn even(len: usize) -> usize {
    len - len % 2
}
