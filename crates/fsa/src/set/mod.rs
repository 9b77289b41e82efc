//! Setting what is known of a file. [MS-FSA] 2.1.5.15
mod basic;
mod disposition;
mod link;
mod name;
mod rename;
mod size;
mod stream_name;

use crate::context::SecurityContext;
use crate::host::Host;
use crate::opens::{Open, OpenId};
use crate::refusal::{Refusal, Why};
use crate::volume::Volume;
use nt::security::Privileges;
use nt::{AccessMask, FileInformationClass as Class, FileTime, NtStatus};

/// Where a request comes from: it decides how a new name is read. [MS-FSA] 2.1.5.15.12
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Requester {
    /// A program on this machine: a name without a backslash in front is one in the same directory.
    #[default]
    Local,
    /// A client: every name is a path from the root, without a backslash in front.
    Remote,
}

impl<H: Host> Volume<H> {
    /// Sets information about an open's file. `cx` and `requester` matter to new names only. [MS-FSA] 2.1.5.15
    pub fn set_information(
        &self,
        cx: &SecurityContext,
        requester: Requester,
        id: OpenId,
        class: Class,
        input: &[u8],
    ) -> Result<(), Refusal> {
        let open = self.open_of(id)?;
        if class == Class::POSITION_INFORMATION {
            return set_position(&open, input); // nothing of the volume changes
        }
        if class == Class::MODE_INFORMATION {
            return set_mode(&open, input);
        }
        self.require_writable()?;
        let new_name = |flags| name::NewName::decode(class, input, flags);
        match class {
            Class::BASIC_INFORMATION => self.set_basic(&open, input),
            Class::DISPOSITION_INFORMATION => self.set_disposition(&open, input),
            Class::DISPOSITION_INFORMATION_EX => self.set_disposition_ex(&open, input),
            Class::RENAME_INFORMATION => self.rename(cx, requester, &open, &new_name(false)?),
            Class::RENAME_INFORMATION_EX => self.rename(cx, requester, &open, &new_name(true)?),
            Class::LINK_INFORMATION => self.set_link(cx, requester, &open, &new_name(false)?),
            Class::LINK_INFORMATION_EX => self.set_link(cx, requester, &open, &new_name(true)?),
            Class::END_OF_FILE_INFORMATION => self.set_end_of_file(&open, input),
            Class::ALLOCATION_INFORMATION => self.set_allocation(&open, input),
            Class::FULL_EA_INFORMATION => self.set_ea(id, input),
            Class::VALID_DATA_LENGTH_INFORMATION => self.set_valid_data_length(&open, input),
            Class::SHORT_NAME_INFORMATION => refuse_short_name(&open, input),
            // [MS-FSA] 2.1.5.15.9, .11 and .13
            Class::OBJECT_ID_INFORMATION | Class::QUOTA_INFORMATION | Class::SFIO_RESERVE_INFORMATION => {
                Err(refuse(NtStatus::NOT_SUPPORTED, "this information class is not one to set"))
            }
            _ => Err(refuse(NtStatus::INVALID_INFO_CLASS, "this information class is not one to set")),
        }
    }
}

/// There are no short names here, and a name is refused as on a volume where they are switched off. [MS-FSA] 2.1.5.15.14
fn refuse_short_name<H: Host>(open: &Open<H>, input: &[u8]) -> Result<(), Refusal> {
    let mut input = Input::new(Class::SHORT_NAME_INFORMATION, input, 4)?;
    let _name_len = input.u32();
    if input.rest.starts_with(&[b'\\', 0]) || open.stream().is_some() || open.link.lock().parent.is_none() {
        return Err(Refusal::parameter("no short name, or nothing that has one"));
    }
    let rights = AccessMask::FILE_WRITE_DATA | AccessMask::FILE_WRITE_ATTRIBUTES;
    if !open.has_any(rights) {
        open.require(rights)?;
    }
    if !open.has_privilege(Privileges::RESTORE) {
        return Err(Refusal::new(NtStatus::PRIVILEGE_NOT_HELD, Why::Privilege("SeRestorePrivilege")));
    }
    Err(refuse(NtStatus::SHORT_NAMES_NOT_ENABLED_ON_VOLUME, "there are no short names on this volume"))
}

/// [MS-FSA] 2.1.5.15.10
fn set_position<H: Host>(open: &Open<H>, input: &[u8]) -> Result<(), Refusal> {
    let position = number(Class::POSITION_INFORMATION, input)?;
    open.cursors.set_position(position);
    Ok(())
}

/// [MS-FSA] 2.1.5.15.8
fn set_mode<H: Host>(open: &Open<H>, input: &[u8]) -> Result<(), Refusal> {
    const WRITE_THROUGH: u32 = 0x02;
    const SEQUENTIAL_ONLY: u32 = 0x04;
    const NO_INTERMEDIATE_BUFFERING: u32 = 0x08;
    const SYNCHRONOUS: u32 = 0x30;
    let mut reader = Input::new(Class::MODE_INFORMATION, input, 4)?;
    let mode = reader.u32();
    let old = crate::query::mode_of(open);
    let both = mode & SYNCHRONOUS == SYNCHRONOUS;
    let synchronous_changes = (mode & SYNCHRONOUS != 0) != (old & SYNCHRONOUS != 0);
    if mode & !(WRITE_THROUGH | SEQUENTIAL_ONLY | SYNCHRONOUS) != 0 || both || synchronous_changes {
        return Err(Refusal::parameter("a mode that cannot be set, or not on this open"));
    }
    let settable =
        if old & NO_INTERMEDIATE_BUFFERING == 0 { WRITE_THROUGH } else { 0 } | SEQUENTIAL_ONLY | SYNCHRONOUS;
    open.cursors.set_mode(old & !settable | mode & settable);
    Ok(())
}

/// A structure that begins with one 64-bit number, which must not be negative.
fn number(class: Class, input: &[u8]) -> Result<u64, Refusal> {
    let number = Input::new(class, input, 8)?.i64();
    u64::try_from(number).map_err(|_| Refusal::parameter("a negative offset or length"))
}

/// A structure's fixed part, read from its start. Its length has been checked, so what is read is there.
struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    /// Refuses input shorter than the structure. [MS-FSA] 2.1.5.15
    fn new(class: Class, input: &'a [u8], len: usize) -> Result<Input<'a>, Refusal> {
        if input.len() >= len {
            return Ok(Input { rest: input });
        }
        let why = Why::Length { what: class.name().unwrap_or("the input"), wanted: len, got: input.len() };
        Err(Refusal::new(NtStatus::INFO_LENGTH_MISMATCH, why))
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let Some((array, rest)) = self.rest.split_first_chunk::<N>() else { return [0; N] };
        self.rest = rest;
        *array
    }

    fn u8(&mut self) -> u8 {
        let [byte] = self.array();
        byte
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.array())
    }

    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }

    fn i64(&mut self) -> i64 {
        i64::from_le_bytes(self.array())
    }
}

/// A time in FILE_BASIC_INFORMATION. [MS-FSCC] 2.4.7
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum TimeField {
    /// 0: leave it.
    Leave,
    /// -1: leave it, and let no operation of this open change it.
    Pin,
    /// -2: let operations of this open change it again.
    Unpin,
    /// This time.
    Set(FileTime),
}

impl TimeField {
    fn of(value: i64) -> Result<TimeField, Refusal> {
        match value {
            0 => Ok(TimeField::Leave),
            -1 => Ok(TimeField::Pin),
            -2 => Ok(TimeField::Unpin),
            time => match u64::try_from(time) {
                Ok(time) => Ok(TimeField::Set(FileTime(time))),
                Err(_) => Err(Refusal::parameter("a time before 1601")),
            },
        }
    }

    fn set(self) -> Option<FileTime> {
        match self {
            TimeField::Set(time) => Some(time),
            _ => None,
        }
    }
}

fn refuse(status: NtStatus, what: &'static str) -> Refusal {
    Refusal::new(status, Why::Object(what))
}
