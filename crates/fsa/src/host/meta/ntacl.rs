//! `security.NTACL`: the security descriptor, as Samba's `acl_xattr` keeps it (`xattr_NTACL` of its `xattr.idl`).
//! docs/DISK-FORMAT.md 6
//!
//! Versions 3 and 4 carry hashes of the host's own permissions, which Samba compares before it believes the descriptor.
//! A new descriptor on such an object keeps those hashes, for the permissions have not changed; on any other object
//! version 1 is written, which Samba believes without a hash.
use super::AttributeFault;
use super::ndr::NdrReader;

/// Bytes of a self-relative security descriptor before its parts. [MS-DTYP] 2.4.6
const DESCRIPTOR_HEADER_BYTES: usize = 20;
/// Where its four offsets lie: owner, group, SACL, DACL.
const DESCRIPTOR_OFFSETS: [usize; 4] = [4, 8, 12, 16];
/// Version 1: version, switch, one unique pointer's referent.
const PREFIX_1: [u8; 8] = [1, 0, 1, 0, 0, 0, 2, 0];

/// What `security.NTACL` holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NtAcl {
    /// Everything before the descriptor, as found: version and hashes.
    prefix: Vec<u8>,
    /// The self-relative security descriptor, its offsets counted from its own start. [MS-DTYP] 2.4.6
    pub descriptor: Vec<u8>,
}

impl NtAcl {
    /// A new value of version 1.
    pub fn new(descriptor: Vec<u8>) -> NtAcl {
        NtAcl { prefix: PREFIX_1.to_vec(), descriptor }
    }

    /// The value for another descriptor on the same object.
    #[must_use]
    pub fn with_descriptor(self, descriptor: Vec<u8>) -> NtAcl {
        NtAcl { descriptor, ..self }
    }

    /// Reads versions 1 to 4.
    pub fn decode(bytes: &[u8]) -> Result<NtAcl, AttributeFault> {
        let mut reader = NdrReader::new(bytes);
        let version = reader.u16()?;
        if reader.u16()? != version {
            return Err(AttributeFault::Shape);
        }
        let present = reader.u32()? != 0;
        match version {
            1 => {}
            2 => {
                reader.u32()?;
                reader.take(16)?;
            }
            3 => skip_hash(&mut reader)?,
            4 => {
                skip_hash(&mut reader)?;
                reader.text(); // what made the hash
                reader.u64()?;
                reader.take(64)?;
            }
            other => return Err(AttributeFault::Version(other)),
        }
        if !present {
            return Err(AttributeFault::Shape);
        }
        reader.align(4);
        let start = reader.position();
        let prefix = bytes.get(..start).unwrap_or_default().to_vec();
        let descriptor = rebase(reader.rest(), start, 0)?;
        Ok(NtAcl { prefix, descriptor })
    }

    /// Writes the value. Refuses a descriptor that is not self-relative and well bounded.
    pub fn encode(&self) -> Result<Vec<u8>, AttributeFault> {
        let mut bytes = self.prefix.clone();
        bytes.extend_from_slice(&rebase(&self.descriptor, 0, self.prefix.len())?);
        Ok(bytes)
    }
}

/// The pointer to the descriptor, the kind of hash and the hash. The pointer must point: the descriptor follows.
fn skip_hash(reader: &mut NdrReader<'_>) -> Result<(), AttributeFault> {
    if reader.u32()? == 0 {
        return Err(AttributeFault::Shape);
    }
    reader.u16()?;
    reader.take(64)?;
    Ok(())
}

/// The descriptor with its offsets counted from `to` bytes before it and not from `from`: Samba counts them from the
/// start of the attribute. Every offset is checked.
fn rebase(descriptor: &[u8], from: usize, to: usize) -> Result<Vec<u8>, AttributeFault> {
    if descriptor.len() < DESCRIPTOR_HEADER_BYTES || descriptor.first() != Some(&1) {
        return Err(AttributeFault::Shape);
    }
    let mut rebased = descriptor.to_vec();
    for at in DESCRIPTOR_OFFSETS {
        let field = rebased.get_mut(at..at + 4).ok_or(AttributeFault::Short)?;
        let stored = u32::from_le_bytes(field.try_into().map_err(|_| AttributeFault::Short)?);
        if stored == 0 {
            continue; // absent
        }
        let offset = usize::try_from(stored).ok().and_then(|offset| offset.checked_sub(from));
        let offset = offset.ok_or(AttributeFault::Shape)?;
        if offset < DESCRIPTOR_HEADER_BYTES || offset >= descriptor.len() {
            return Err(AttributeFault::Shape);
        }
        let moved = u32::try_from(offset + to).map_err(|_| AttributeFault::Shape)?;
        field.copy_from_slice(&moved.to_le_bytes());
    }
    Ok(rebased)
}
