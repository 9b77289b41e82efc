//! [MS-SMB2] 2.2.31.2: SRV_READ_HASH, with which branch caches ask for hashes. Pointsman keeps none and says so.
use crate::error::DecodeError;
use crate::reader::Reader;
use crate::writer::Writer;

nt::named_numbers! {
    /// What the hash is for. [MS-SMB2] 2.2.31.2
    HashType(u32), prefix "SRV_HASH_TYPE_" {
        PEER_DIST = 0x0000_0001;
    }
}
nt::named_debug!(HashType);

nt::named_numbers! {
    /// Version of the branch cache. [MS-SMB2] 2.2.31.2
    HashVersion(u32), prefix "SRV_HASH_VER_" {
        V1 = 0x0000_0001 => "SRV_HASH_VER_1";
        V2 = 0x0000_0002 => "SRV_HASH_VER_2";
    }
}
nt::named_debug!(HashVersion);

nt::named_numbers! {
    /// What Offset counts in. [MS-SMB2] 2.2.31.2
    HashRetrieval(u32), prefix "SRV_HASH_RETRIEVE_" {
        HASH_BASED = 0x0000_0001;
        FILE_BASED = 0x0000_0002;
    }
}
nt::named_debug!(HashRetrieval);

/// SRV_READ_HASH request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadHashRequest {
    /// HashType.
    pub hash_type: HashType,
    /// HashVersion.
    pub version: HashVersion,
    /// HashRetrievalType.
    pub retrieval: HashRetrieval,
    /// Length, in bytes.
    pub len: u32,
    /// Offset, in bytes.
    pub offset: u64,
}

impl ReadHashRequest {
    /// Reads the input.
    pub fn decode(input: &[u8]) -> Result<ReadHashRequest, DecodeError> {
        let mut r = Reader::new("SRV_READ_HASH request", input);
        Ok(ReadHashRequest {
            hash_type: HashType(r.u32()?),
            version: HashVersion(r.u32()?),
            retrieval: HashRetrieval(r.u32()?),
            len: r.u32()?,
            offset: r.u64()?,
        })
    }

    /// Appends the input.
    pub fn encode(&self, w: &mut Writer) {
        w.u32(self.hash_type.0);
        w.u32(self.version.0);
        w.u32(self.retrieval.0);
        w.u32(self.len);
        w.u64(self.offset);
    }
}
