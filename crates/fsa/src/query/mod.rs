//! Querying what is known of a file, and of a volume. [MS-FSA] 2.1.5.12 and 2.1.5.13
mod facts;
mod fields;
mod fixed;
mod name;
mod opened;
pub(crate) mod posix;
mod stat;
mod streams;
mod volume;

pub(crate) use facts::Facts;
pub(crate) use fields::{Fields, wire_len};
pub use opened::OpenedFacts;
pub(crate) use streams::chain;

use crate::host::Host;
use crate::opens::{Open, OpenId};
use crate::refusal::{Refusal, Why};
use crate::volume::{Volume, VolumeKind};
use nt::{AccessMask, FileInformationClass as Class, NtStatus};

/// What a query gives: bytes, and whether they are all there are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Information {
    /// The structure, or the part of it that fits.
    pub bytes: Vec<u8>,
    /// SUCCESS, or BUFFER_OVERFLOW when more did not fit.
    pub status: NtStatus,
}

impl Information {
    pub(crate) fn whole(bytes: Vec<u8>) -> Information {
        Information { bytes, status: NtStatus::SUCCESS }
    }

    /// Bytes whose end may be cut: the fixed part must have fitted.
    pub(crate) fn cut(mut bytes: Vec<u8>, len_max: usize) -> Information {
        let fits = bytes.len() <= len_max;
        bytes.truncate(len_max);
        Information { bytes, status: if fits { NtStatus::SUCCESS } else { NtStatus::BUFFER_OVERFLOW } }
    }
}

impl<H: Host> Volume<H> {
    /// Information about an open's file, in at most `len_max` bytes. [MS-FSA] 2.1.5.12
    pub fn query_information(
        &self,
        id: OpenId,
        class: Class,
        len_max: usize,
    ) -> Result<Information, Refusal> {
        let open = self.open_of(id)?;
        match class {
            Class::NAME_INFORMATION => self.query_name(&open, len_max),
            Class::NORMALIZED_NAME_INFORMATION => self.query_normalized_name(&open, len_max),
            Class::ALTERNATE_NAME_INFORMATION if self.options.short_names => {
                self.query_short_name(&open, len_max)
            }
            Class::ALL_INFORMATION => self.query_all(&open, len_max),
            Class::STREAM_INFORMATION => self.query_streams(&open, len_max),
            Class::STAT_LX_INFORMATION => self.query_stat_lx(&open, len_max),
            Class::FULL_EA_INFORMATION => self.query_ea_next(&open, len_max),
            posix::POSIX_INFORMATION => self.query_posix(&open, len_max),
            _ => match fixed::len_of(class) {
                Some(len) => {
                    require_len(class, len, len_max)?;
                    open.require(fixed::rights_for(class))?;
                    self.query_fixed(&open, class)
                }
                None => Err(self.refuse_class(class, len_max)),
            },
        }
    }

    /// Why a class gives nothing.
    fn refuse_class(&self, class: Class, len_max: usize) -> Refusal {
        let status = match class {
            // There are no short names. [MS-FSA] 2.1.5.12.4
            Class::ALTERNATE_NAME_INFORMATION => match require_len(class, name::MIN_LEN, len_max) {
                Ok(()) => NtStatus::OBJECT_NAME_NOT_FOUND,
                Err(refusal) => return refusal,
            },
            // [MS-FSA] 2.1.5.12.25, [MS-FSCC] <87>
            Class::REPARSE_POINT_INFORMATION => match self.options.kind {
                VolumeKind::Ntfs | VolumeKind::Refs => NtStatus::NOT_SUPPORTED,
                VolumeKind::CsvFs => NtStatus::INVALID_DEVICE_REQUEST,
                VolumeKind::Fat => NtStatus::INVALID_PARAMETER,
            },
            // [MS-FSA] 2.1.5.12.13, .22, .26 and .28
            Class::HARD_LINK_INFORMATION
            | Class::OBJECT_ID_INFORMATION
            | Class::SFIO_RESERVE_INFORMATION
            | Class::STANDARD_LINK_INFORMATION => NtStatus::NOT_SUPPORTED,
            Class::QUOTA_INFORMATION => NtStatus::INVALID_PARAMETER, // [MS-FSA] 2.1.5.12.24
            _ => NtStatus::INVALID_INFO_CLASS,
        };
        Refusal::new(status, Why::Object("this information class is not one to query a file for"))
    }
}

/// Refuses a buffer that cannot hold the fixed part.
pub(crate) fn require_len(class: Class, wanted: usize, got: usize) -> Result<(), Refusal> {
    if got >= wanted {
        return Ok(());
    }
    let what = class.name().unwrap_or("the buffer");
    Err(Refusal::new(NtStatus::INFO_LENGTH_MISMATCH, Why::Length { what, wanted, got }))
}

/// The mode of an open. [MS-FSCC] 2.4.31
pub(crate) fn mode_of<H: Host>(open: &Open<H>) -> u32 {
    const MODES: u32 = 0x0000_103E;
    open.cursors.mode().unwrap_or(open.options.0) & MODES
}

const _: () = assert!(AccessMask::FILE_READ_ATTRIBUTES.0 == 0x80);
