//! The boot sector: where everything begins and how large its pieces are.
use crate::error::{Error, Place, Refused, Result};
use crate::fields::{Fault, bytes_at, u8_at, u16_at, u64_at};

/// What fixups protect, whatever the size of a sector.
pub(crate) const STRIDE: usize = 512;

/// The geometry of a volume.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Boot {
    /// Bytes in a sector: 512 to 4096.
    pub sector: u32,
    /// Bytes in a cluster: one sector to 2 MiB.
    pub cluster: u64,
    /// Clusters of the volume.
    pub clusters: u64,
    /// Bytes of the volume by the boot sector.
    pub bytes: u64,
    /// Where the MFT begins.
    pub mft_lcn: u64,
    /// Where the copy of its first records begins.
    pub mirror_lcn: u64,
    /// Bytes in an MFT record: 1 or 4 KiB, mostly.
    pub record: usize,
    /// Bytes in a block of a directory's index.
    pub index_block: usize,
    /// The serial number.
    pub serial: u64,
}

const CLUSTER_MAX: u64 = 2 << 20;
const SECTORS: [u32; 4] = [512, 1024, 2048, 4096];
const RECORD_RANGE: std::ops::RangeInclusive<u64> = 512..=65_536;

impl Boot {
    /// Reads the first 512 bytes of a volume.
    pub fn decode(sector: &[u8]) -> Result<Boot> {
        let oem = bytes_at(sector, 3, 8).map_err(|fault| fault.at(Place::BootSector))?;
        match oem {
            b"NTFS    " => Boot::fields(sector).map_err(|fault| fault.at(Place::BootSector)),
            b"-FVE-FS-" => Err(Error::Refused(Refused::BitLocker)),
            _ => Err(Error::Refused(Refused::NotNtfs)),
        }
    }

    fn fields(bytes: &[u8]) -> std::result::Result<Boot, Fault> {
        if u16_at(bytes, 510)? != 0xAA55 {
            return Err(Fault("the signature 0xAA55 is missing"));
        }
        let sector = u32::from(u16_at(bytes, 0x0B)?);
        if !SECTORS.contains(&sector) {
            return Err(Fault("sectors are neither 512, 1024, 2048 nor 4096 bytes long"));
        }
        let cluster = u64::from(sector) * power(u8_at(bytes, 0x0D)?)?;
        if !cluster.is_power_of_two() || cluster > CLUSTER_MAX {
            return Err(Fault("clusters are larger than 2 MiB or of an odd size"));
        }
        let total = u64_at(bytes, 0x28)?.checked_mul(u64::from(sector));
        let total = total.filter(|total| *total <= i64::MAX as u64).ok_or(Fault("too many sectors"))?;
        let record = piece(u8_at(bytes, 0x40)?, cluster)?;
        let index_block = piece(u8_at(bytes, 0x44)?, cluster)?;
        let boot = Boot {
            sector,
            cluster,
            clusters: total / cluster,
            bytes: total,
            mft_lcn: u64_at(bytes, 0x30)?,
            mirror_lcn: u64_at(bytes, 0x38)?,
            record: crate::fields::size(record)?,
            index_block: crate::fields::size(index_block)?,
            serial: u64_at(bytes, 0x48)?,
        };
        if boot.mft_lcn >= boot.clusters || boot.mirror_lcn >= boot.clusters {
            return Err(Fault("the MFT lies outside the volume"));
        }
        Ok(boot)
    }
}

/// Sectors in a cluster: the number itself, or above 0x80 the negative of a power of two.
fn power(byte: u8) -> std::result::Result<u64, Fault> {
    if byte <= 0x80 {
        return Some(u64::from(byte)).filter(|n| n.is_power_of_two()).ok_or(Fault("no sectors in a cluster"));
    }
    1u64.checked_shl(256 - u32::from(byte)).filter(|n| *n <= CLUSTER_MAX).ok_or(Fault("clusters too large"))
}

/// The size of a record or block: so many clusters, or as a negative number a power of two of bytes.
fn piece(byte: u8, cluster: u64) -> std::result::Result<u64, Fault> {
    let size = match byte {
        0..0x80 => u64::from(byte) * cluster,
        _ => 1u64.checked_shl(256 - u32::from(byte)).unwrap_or(0),
    };
    let fits = size.is_power_of_two() && RECORD_RANGE.contains(&size);
    if fits { Ok(size) } else { Err(Fault("MFT records or index blocks have an impossible size")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sector() -> Vec<u8> {
        let mut bytes = vec![0; 512];
        bytes[3..11].copy_from_slice(b"NTFS    ");
        bytes[0x0B..0x0D].copy_from_slice(&512u16.to_le_bytes());
        bytes[0x0D] = 8;
        bytes[0x28..0x30].copy_from_slice(&16384u64.to_le_bytes());
        bytes[0x30] = 4;
        bytes[0x38] = 2;
        bytes[0x40] = 0xF6;
        bytes[0x44] = 1;
        bytes[510..].copy_from_slice(&[0x55, 0xAA]);
        bytes
    }

    #[test]
    fn sizes_are_numbers_of_clusters_or_negative_powers_of_two() {
        let boot = Boot::decode(&sector()).unwrap();
        assert_eq!((boot.cluster, boot.record, boot.index_block, boot.clusters), (4096, 1024, 4096, 2048));
    }

    #[test]
    fn a_cluster_of_two_mebibytes_is_written_as_a_negative_power() {
        let mut bytes = sector();
        bytes[0x0D] = 0xF4; // 2^12 sectors
        bytes[0x28..0x30].copy_from_slice(&(4096u64 * 512).to_le_bytes());
        bytes[0x44] = 0xF4;
        let boot = Boot::decode(&bytes).unwrap();
        assert_eq!((boot.cluster, boot.clusters, boot.index_block), (2 << 20, 512, 4096));
    }

    #[test]
    fn bitlocker_is_told_by_its_signature() {
        let mut bytes = sector();
        bytes[3..11].copy_from_slice(b"-FVE-FS-");
        assert!(matches!(Boot::decode(&bytes), Err(Error::Refused(Refused::BitLocker))));
    }

    #[test]
    fn a_table_outside_the_volume_is_an_error() {
        let mut bytes = sector();
        bytes[0x30..0x38].copy_from_slice(&2048u64.to_le_bytes());
        assert!(matches!(Boot::decode(&bytes), Err(Error::Corrupt { place: Place::BootSector, .. })));
    }
}
