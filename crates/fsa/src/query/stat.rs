//! FileStatInformation and FileStatLxInformation: what the Windows Subsystem for Linux asks in one go. The layouts are
//! those of `FILE_STAT_INFORMATION` and `FILE_STAT_LX_INFORMATION` in the driver kit's reference.
use super::{Facts, Fields, Information, require_len};
use crate::host::Host;
use crate::host::meta::{self, Ea};
use crate::opens::Open;
use crate::refusal::Refusal;
use crate::volume::Volume;
use nt::{AccessMask, FileInformationClass as Class};

const STAT_LX_LEN: usize = 96;
/// LX_FILE_METADATA_HAS_UID, _GID, _MODE and _DEVICE_ID.
const HAS_UID: u32 = 1;
const HAS_GID: u32 = 2;
const HAS_MODE: u32 = 4;
const HAS_DEVICE_ID: u32 = 8;

/// What both begin with, and FILE_STAT_BASIC_INFORMATION too.
pub(super) fn stat_head(facts: &Facts) -> Fields {
    let fields =
        facts.times.into_iter().fold(Fields::with_capacity(STAT_LX_LEN).u64(facts.file_id), Fields::time);
    fields.u64(facts.allocated).u64(facts.size).u32(facts.attributes.0).u32(facts.tag)
}

/// FILE_STAT_INFORMATION: 72 bytes.
pub(super) fn stat(facts: &Facts, granted: AccessMask) -> Fields {
    stat_head(facts).u32(facts.links).u32(granted.0)
}

impl<H: Host> Volume<H> {
    /// FILE_STAT_LX_INFORMATION: FILE_STAT_INFORMATION, then what the EAs `$LXUID`, `$LXGID`, `$LXMOD` and `$LXDEV` say.
    pub(super) fn query_stat_lx(&self, open: &Open<H>, len_max: usize) -> Result<Information, Refusal> {
        require_len(Class::STAT_LX_INFORMATION, STAT_LX_LEN, len_max)?;
        open.require(AccessMask::FILE_READ_ATTRIBUTES | AccessMask::FILE_READ_EA)?;
        let eas = meta::ea_list(&self.host, &open.file.node())?;
        let word = |name: &str, at: usize| word_of(&eas, name, at);
        let known = [
            (HAS_UID, word("$LXUID", 0)),
            (HAS_GID, word("$LXGID", 0)),
            (HAS_MODE, word("$LXMOD", 0)),
            (HAS_DEVICE_ID, word("$LXDEV", 4)),
        ];
        let flags =
            known.iter().filter(|(_, value)| value.is_some()).fold(0, |flags, (flag, _)| flags | flag);
        let bytes = stat(&self.facts(open)?, open.granted)
            .u32(flags)
            .u32(word("$LXUID", 0).unwrap_or_default())
            .u32(word("$LXGID", 0).unwrap_or_default())
            .u32(word("$LXMOD", 0).unwrap_or_default())
            .u32(word("$LXDEV", 0).unwrap_or_default())
            .u32(word("$LXDEV", 4).unwrap_or_default())
            .done();
        Ok(Information::whole(bytes))
    }
}

/// The little-endian word at `at` of an EA.
fn word_of(eas: &[Ea], name: &str, at: usize) -> Option<u32> {
    let ea = eas.iter().find(|ea| ea.name == name.as_bytes())?;
    ea.value.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
}
