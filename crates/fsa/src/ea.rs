//! Extended attributes: querying and setting. [MS-FSA] 2.1.5.12.12 and 2.1.5.15.6, [MS-FSCC] 2.4.16
use crate::host::meta::{self, EA_NAME_BYTES_MAX, EA_VALUE_BYTES_MAX, Ea, ea_name_is_valid};
use crate::host::{Host, HostError, HostFault};
use crate::opens::{Open, OpenId};
use crate::query::{Fields, Information};
use crate::refusal::{Refusal, Why};
use crate::volume::{Volume, VolumeKind};
use nt::{AccessMask, FileAttributes, NotifyAction, NotifyFilter, NtStatus, UsnReason};

/// The most bytes that the EAs of one file can have, in the form that [`meta::ea_size`] counts. [MS-FSA] 2.1.5.15.6
pub const EAS_BYTES_MAX: u32 = 65_536 - 5;
/// FILE_NEED_EA, the only flag. [MS-FSCC] 2.4.16
const FILE_NEED_EA: u8 = 0x80;

/// What a query of EAs asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct EaQuery<'a> {
    /// The most bytes to give.
    pub len_max: usize,
    /// One entry at the most.
    pub single: bool,
    /// Begin with the first one again.
    pub restart: bool,
    /// Begin with this one, counted from 1; it outweighs `restart`.
    pub index: Option<u32>,
    /// Only these: a FILE_GET_EA_INFORMATION list. It outweighs `index` and `restart`. [MS-FSCC] 2.4.16.1
    pub names: Option<&'a [u8]>,
}

impl<H: Host> Volume<H> {
    /// The EAs of an open's file, as a FILE_FULL_EA_INFORMATION list. [MS-FSA] 2.1.5.12.12
    pub fn query_ea(&self, id: OpenId, query: &EaQuery<'_>) -> Result<Information, Refusal> {
        let open = self.open_of(id)?;
        self.require_eas(NtStatus::INVALID_DEVICE_REQUEST)?;
        open.require(AccessMask::FILE_READ_EA)?;
        let eas = meta::ea_list(&self.host, &open.file.node())?;
        if let Some(names) = query.names {
            let chosen = chosen(&eas, names)?;
            return entries(&chosen, query).map(|(information, _)| information);
        }
        if eas.is_empty() {
            return Err(refuse(NtStatus::NO_EAS_ON_FILE, "the file has no extended attributes"));
        }
        let start = match query.index {
            Some(index) => usize::try_from(index).unwrap_or(usize::MAX).saturating_sub(1),
            None if query.restart => 0,
            None => open.cursors.next_ea(),
        };
        let Some(rest) = eas.get(start..).filter(|rest| !rest.is_empty()) else {
            let beyond = query.index.is_some() && start > eas.len();
            let status = if beyond { NtStatus::NONEXISTENT_EA_ENTRY } else { NtStatus::NO_MORE_EAS };
            return Err(refuse(status, "there are no more extended attributes"));
        };
        let (information, given) = entries(rest, query)?;
        open.cursors.set_next_ea(start + given);
        Ok(information)
    }

    /// FileFullEaInformation as a class to query. [MS-FSA] 2.1.5.12.12
    pub(crate) fn query_ea_next(&self, open: &Open<H>, len_max: usize) -> Result<Information, Refusal> {
        self.query_ea(open.id, &EaQuery { len_max, ..EaQuery::default() })
    }

    /// Sets, replaces and removes EAs: `list` is a FILE_FULL_EA_INFORMATION list, an empty value removes. All of it is
    /// done or none. [MS-FSA] 2.1.5.15.6; Windows: EAs and a reparse point live together; docs/SPEC-NOTES.md 17
    pub fn set_ea(&self, id: OpenId, list: &[u8]) -> Result<(), Refusal> {
        let open = self.open_of(id)?;
        self.require_writable()?;
        self.require_eas(NtStatus::INVALID_DEVICE_REQUEST)?;
        open.require(AccessMask::FILE_WRITE_EA)?;
        if open.stream().is_some() {
            return Err(Refusal::parameter("EAs belong to the file and are not set through a stream"));
        }
        let wanted = decode_list(list)?;
        let mut state = open.file.lock();
        let node = open.file.node();
        let before = meta::ea_list(&self.host, &node)?;
        if meta::ea_size(&merged(&before, &wanted)) > EAS_BYTES_MAX {
            return Err(refuse(NtStatus::EA_TOO_LARGE, "the extended attributes are too long together"));
        }
        self.apply_eas(&node, &before, &wanted)?;
        self.archive(&open)?;
        self.settle(&node, open.options)?;
        let filter = NotifyFilter::EA | NotifyFilter::ATTRIBUTES;
        let reason = UsnReason::EA_CHANGE;
        self.tell_change(&mut state, &open.file, &open.link, filter, NotifyAction::MODIFIED, reason);
        Ok(())
    }

    /// FAT has no EAs here.
    fn require_eas(&self, status: NtStatus) -> Result<(), Refusal> {
        match self.options.kind {
            VolumeKind::Fat => Err(Refusal::new(status, Why::VolumeKind(VolumeKind::Fat))),
            _ => Ok(()),
        }
    }

    /// Writes each EA; after a failure those written get their old values back.
    fn apply_eas(&self, node: &H::Node, before: &[Ea], wanted: &[Ea]) -> Result<(), Refusal> {
        for (done, ea) in wanted.iter().enumerate() {
            let Err(error) = meta::ea_set(&self.host, node, &ea.name, &ea.value) else { continue };
            for undone in wanted.get(..done).unwrap_or_default() {
                let old = before.iter().find(|old| old.name == undone.name);
                let value = old.map_or(&[][..], |old| &old.value);
                // The first failure is the one worth telling: a value that fitted before fits again.
                let _ = meta::ea_set(&self.host, node, &undone.name, value);
            }
            return Err(match error {
                HostError { fault: HostFault::AttributesFull, .. } => {
                    Refusal::new(NtStatus::EA_TOO_LARGE, Why::Host(error))
                }
                other => other.into(),
            });
        }
        Ok(())
    }

    /// FILE_ATTRIBUTE_ARCHIVE: a file has changed. Directories get it only from a caller, and a host's own link, pipe or
    /// device, which has no attributes to keep it in, never.
    pub(crate) fn archive(&self, open: &Open<H>) -> Result<(), Refusal> {
        let node = open.file.node();
        let attributes = self.meta(&node)?.attributes;
        if !open.file.is_directory() && !attributes.contains(FileAttributes::ARCHIVE) {
            match meta::set_attributes(&self.host, &node, attributes | FileAttributes::ARCHIVE) {
                Err(HostError { fault: HostFault::NotSupported, .. }) => {}
                other => other?,
            }
        }
        Ok(())
    }
}

/// The EAs named by a FILE_GET_EA_INFORMATION list; one that the file has not has an empty value. [MS-FSCC] 2.4.16.1
fn chosen(eas: &[Ea], mut list: &[u8]) -> Result<Vec<Ea>, Refusal> {
    let mut chosen: Vec<Ea> = Vec::new();
    loop {
        let inconsistent = || refuse(NtStatus::EA_LIST_INCONSISTENT, "the list of names is cut or loops");
        let (next, rest) = list.split_first_chunk::<4>().ok_or_else(inconsistent)?;
        let (len, rest) = rest.split_first().ok_or_else(inconsistent)?;
        let name = rest.get(..usize::from(*len)).ok_or_else(inconsistent)?.to_ascii_uppercase();
        if !ea_name_is_valid(&name) {
            return Err(refuse(NtStatus::INVALID_EA_NAME, "no extended attribute can have this name"));
        }
        if !chosen.iter().any(|ea| ea.name == name) {
            let found = eas.iter().find(|ea| ea.name == name);
            chosen.push(found.cloned().unwrap_or(Ea { name, value: Vec::new() }));
        }
        match usize::try_from(u32::from_le_bytes(*next)) {
            Ok(0) => return Ok(chosen),
            Ok(next) if next % 4 == 0 => list = list.get(next..).ok_or_else(inconsistent)?,
            _ => return Err(inconsistent()),
        }
    }
}

/// As many entries as fit and are wanted, and how many those are.
fn entries(eas: &[Ea], query: &EaQuery<'_>) -> Result<(Information, usize), Refusal> {
    let wanted = if query.single { 1 } else { eas.len() };
    let encoded: Vec<Vec<u8>> = eas.iter().take(wanted).map(entry).collect();
    let mut end = 0;
    let fits = |entry: &&Vec<u8>| {
        end = usize::next_multiple_of(end, 4) + entry.len();
        end <= query.len_max
    };
    let given = encoded.iter().take_while(fits).count();
    if given == 0 {
        return Err(refuse(NtStatus::BUFFER_TOO_SMALL, "the first extended attribute does not fit"));
    }
    let mut information = crate::query::chain(encoded.get(..given).unwrap_or_default(), 4, query.len_max);
    if given < eas.len() && !query.single {
        information.status = NtStatus::BUFFER_OVERFLOW;
    }
    Ok((information, given))
}

/// One entry, its NextEntryOffset zero. [MS-FSCC] 2.4.16
fn entry(ea: &Ea) -> Vec<u8> {
    Fields::with_capacity(9 + ea.name.len() + ea.value.len())
        .u32(0)
        .u8(0)
        .u8(u8::try_from(ea.name.len()).unwrap_or(u8::MAX))
        .u16(u16::try_from(ea.value.len()).unwrap_or(u16::MAX))
        .bytes(&ea.name)
        .u8(0)
        .bytes(&ea.value)
        .done()
}

/// Reads a FILE_FULL_EA_INFORMATION list. Names come out in upper case. [MS-FSCC] 2.4.16
pub fn decode_list(mut list: &[u8]) -> Result<Vec<Ea>, Refusal> {
    let mut eas = Vec::new();
    loop {
        let inconsistent =
            || refuse(NtStatus::EA_LIST_INCONSISTENT, "the list of extended attributes is cut or loops");
        let (header, rest) = list.split_first_chunk::<8>().ok_or_else(inconsistent)?;
        let [next @ .., flags, name_len, value_low, value_high] = *header;
        let (name_len, value_len) =
            (usize::from(name_len), usize::from(u16::from_le_bytes([value_low, value_high])));
        let (name, rest) = rest.split_at_checked(name_len).ok_or_else(inconsistent)?;
        let (_nul, rest) = rest.split_first().filter(|(nul, _)| **nul == 0).ok_or_else(inconsistent)?;
        let value = rest.get(..value_len).ok_or_else(inconsistent)?;
        if !ea_name_is_valid(name) {
            return Err(refuse(NtStatus::INVALID_EA_NAME, "no extended attribute can have this name"));
        }
        if flags & !FILE_NEED_EA != 0 {
            return Err(refuse(NtStatus::INVALID_EA_NAME, "an extended attribute has an unknown flag"));
        }
        eas.push(Ea { name: name.to_ascii_uppercase(), value: value.to_vec() });
        match usize::try_from(u32::from_le_bytes(next)) {
            Ok(0) => return Ok(eas),
            Ok(next) if next % 4 == 0 => list = list.get(next..).ok_or_else(inconsistent)?,
            _ => return Err(inconsistent()),
        }
    }
}

/// The EAs after a change.
fn merged(before: &[Ea], wanted: &[Ea]) -> Vec<Ea> {
    let mut after = before.to_vec();
    for ea in wanted {
        after.retain(|old| old.name != ea.name);
        if !ea.value.is_empty() {
            after.push(ea.clone());
        }
    }
    after
}

fn refuse(status: NtStatus, what: &'static str) -> Refusal {
    Refusal::new(status, Why::Object(what))
}

const _: () = assert!(EA_NAME_BYTES_MAX < u8::MAX as usize && EA_VALUE_BYTES_MAX <= u16::MAX as usize);
