//! What is known of a volume. [MS-FSA] 2.1.5.13, [MS-FSCC] 2.5
use super::fixed::{FILE_DEVICE_DISK, FILE_DEVICE_IS_MOUNTED};
use super::{Fields, Information, wire_len};
use crate::host::{Host, Space};
use crate::opens::OpenId;
use crate::path::NAME_UNITS_MAX;
use crate::refusal::{Refusal, Why};
use crate::volume::{Volume, VolumeKind};
use nt::{FsAttributes, FsInformationClass as Class, NtStatus};

/// The logical sector that everything here pretends to.
const SECTOR_BYTES: u32 = 512;
/// FILE_DEVICE_READ_ONLY_DEVICE. [MS-FSCC] 2.5.10
const FILE_READ_ONLY_DEVICE: u32 = 0x02;
/// SSINFO_FLAGS_ALIGNED_DEVICE and SSINFO_FLAGS_PARTITION_ALIGNED_ON_DEVICE. [MS-FSCC] 2.5.7
const ALIGNED: u32 = 0x01 | 0x02;
/// SSINFO_FLAGS_TRIM_ENABLED: blocks go back to the host, which tells the device in its own time.
const TRIM_ENABLED: u32 = 0x08;

/// What every kind but FAT has besides reparse points.
const MODERN: FsAttributes = FsAttributes(
    FsAttributes::CASE_SENSITIVE_SEARCH.0
        | FsAttributes::CASE_PRESERVED_NAMES.0
        | FsAttributes::UNICODE_ON_DISK.0
        | FsAttributes::PERSISTENT_ACLS.0
        | FsAttributes::NAMED_STREAMS.0
        | FsAttributes::SUPPORTS_SPARSE_FILES.0
        | FsAttributes::SUPPORTS_HARD_LINKS.0
        | FsAttributes::SUPPORTS_EXTENDED_ATTRIBUTES.0,
);
/// What FAT has.
const FAT: FsAttributes =
    FsAttributes(FsAttributes::CASE_PRESERVED_NAMES.0 | FsAttributes::UNICODE_ON_DISK.0);

impl<H: Host> Volume<H> {
    /// Information about the volume, in at most `len_max` bytes. [MS-FSA] 2.1.5.13
    pub fn query_volume(&self, id: OpenId, class: Class, len_max: usize) -> Result<Information, Refusal> {
        self.open_of(id)?;
        let (min_len, bytes) = match class {
            Class::VOLUME_INFORMATION => (24, self.volume_information()?),
            Class::SIZE_INFORMATION => (24, self.size_information()?),
            Class::DEVICE_INFORMATION => (8, self.device_information()),
            Class::ATTRIBUTE_INFORMATION => (16, self.attribute_information()),
            Class::CONTROL_INFORMATION => (48, control_information()),
            Class::OBJECT_ID_INFORMATION if self.has_object_ids() => (64, self.object_id_information()),
            Class::FULL_SIZE_INFORMATION => (32, self.full_size_information()?),
            Class::SECTOR_SIZE_INFORMATION => (28, self.sector_size_information()?),
            other => return Err(refuse(other)),
        };
        if len_max < min_len {
            let what = class.name().unwrap_or("the buffer");
            let why = Why::Length { what, wanted: min_len, got: len_max };
            return Err(Refusal::new(NtStatus::INFO_LENGTH_MISMATCH, why));
        }
        Ok(Information::cut(bytes, len_max))
    }

    /// What the volume can do. [MS-FSCC] 2.5.1
    pub(crate) fn fs_attributes(&self) -> FsAttributes {
        let kind = self.options.kind;
        let mut attributes = if kind == VolumeKind::Fat { FAT } else { MODERN };
        if kind.supports_reparse_points() {
            attributes |= FsAttributes::SUPPORTS_REPARSE_POINTS;
        }
        if self.is_read_only() {
            attributes |= FsAttributes::READ_ONLY_VOLUME;
        }
        let can = self.host.features();
        if can.shares_blocks && kind != VolumeKind::Fat {
            attributes |= FsAttributes::SUPPORTS_BLOCK_REFCOUNTING;
        }
        if can.compresses && kind != VolumeKind::Fat {
            attributes |= FsAttributes::FILE_COMPRESSION;
        }
        if self.has_object_ids() {
            attributes |= FsAttributes::SUPPORTS_OBJECT_IDS;
        }
        attributes
    }

    /// [MS-FSA] 2.1.5.13.1
    fn volume_information(&self) -> Result<Vec<u8>, Refusal> {
        let root = self.meta(&self.host.root())?;
        let label = &self.options.label.0;
        Ok(Fields::default()
            .time(root.created)
            .u32(self.options.serial)
            .u32(wire_len(label))
            .u8(u8::from(self.has_object_ids()))
            .u8(0)
            .units(label)
            .done())
    }

    /// [MS-FSA] 2.1.5.13.3
    fn size_information(&self) -> Result<Vec<u8>, Refusal> {
        let space = self.host.space()?;
        Ok(Fields::default()
            .u64(space.blocks)
            .u64(space.blocks_free)
            .u32(sectors_per_block(&space))
            .u32(SECTOR_BYTES)
            .done())
    }

    /// [MS-FSA] 2.1.5.13.7
    fn full_size_information(&self) -> Result<Vec<u8>, Refusal> {
        let space = self.host.space()?;
        Ok(Fields::default()
            .u64(space.blocks)
            .u64(space.blocks_free)
            .u64(space.blocks_free)
            .u32(sectors_per_block(&space))
            .u32(SECTOR_BYTES)
            .done())
    }

    /// [MS-FSA] 2.1.5.13.4
    fn device_information(&self) -> Vec<u8> {
        let read_only = if self.is_read_only() { FILE_READ_ONLY_DEVICE } else { 0 };
        Fields::default().u32(FILE_DEVICE_DISK).u32(FILE_DEVICE_IS_MOUNTED | read_only).done()
    }

    /// [MS-FSA] 2.1.5.13.5
    fn attribute_information(&self) -> Vec<u8> {
        let name: Vec<u16> = self.options.kind.name().encode_utf16().collect();
        Fields::default()
            .u32(self.fs_attributes().0)
            .u32(u32::try_from(NAME_UNITS_MAX).unwrap_or(u32::MAX))
            .u32(wire_len(&name))
            .units(&name)
            .done()
    }

    /// The volume's own id: its serial number, as what is stored here has no other. [MS-FSA] 2.1.5.13.8
    fn object_id_information(&self) -> Vec<u8> {
        Fields::default().bytes(&self.volume_object_id()).zeroes(48).done()
    }

    /// [MS-FSA] 2.1.5.13.10
    fn sector_size_information(&self) -> Result<Vec<u8>, Refusal> {
        let physical = u32::try_from(self.host.space()?.block_bytes).unwrap_or(SECTOR_BYTES);
        let physical =
            if physical.is_power_of_two() && physical >= SECTOR_BYTES { physical } else { SECTOR_BYTES };
        Ok(Fields::default()
            .u32(SECTOR_BYTES)
            .u32(physical)
            .u32(physical)
            .u32(physical.min(4096))
            .u32(ALIGNED | if self.host.features().punches { TRIM_ENABLED } else { 0 })
            .u32(0)
            .u32(0)
            .done())
    }
}

/// No quota is tracked, none is the default, and none filters content. [MS-FSA] 2.1.5.13.2, [MS-FSCC] 2.5.2
fn control_information() -> Vec<u8> {
    const NO_LIMIT: u64 = u64::MAX;
    Fields::default().zeroes(24).u64(NO_LIMIT).u64(NO_LIMIT).u32(0).u32(0).done()
}

fn sectors_per_block(space: &Space) -> u32 {
    u32::try_from(space.block_bytes / u64::from(SECTOR_BYTES)).unwrap_or(1).max(1)
}

/// Why a class gives nothing. [MS-FSA] 2.1.5.13.2, .6, .8 and .9
fn refuse(class: Class) -> Refusal {
    let status = match class {
        Class::LABEL_INFORMATION | Class::DRIVER_PATH_INFORMATION => NtStatus::NOT_SUPPORTED,
        _ => NtStatus::INVALID_PARAMETER,
    };
    Refusal::new(status, Why::Object("this information class is not one to query a volume for"))
}
