//! [MS-SMB2] 2.2.41: the header of an encrypted message.
use crate::error::DecodeError;
use crate::reader::Reader;
use crate::writer::Writer;

/// Bytes of the header.
pub const TRANSFORM_LEN: usize = 52;

/// The first four bytes of an encrypted message.
pub const TRANSFORM_PROTOCOL_ID: [u8; 4] = *b"\xFDSMB";

/// Where the part begins that the cipher authenticates with the message: everything after Signature. [MS-SMB2] 3.1.4.3
pub const AUTHENTICATED_FROM: usize = 20;

/// Flags in dialect 3.1.1 (encrypted), and EncryptionAlgorithm in 3.0 and 3.0.2 (AES-128-CCM): the same number.
pub const ENCRYPTED: u16 = 0x0001;

/// SMB2 TRANSFORM_HEADER.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TransformHeader {
    /// Signature: the tag of the cipher.
    pub signature: [u8; 16],
    /// Nonce: 11 bytes for CCM, 12 for GCM, the rest zero.
    pub nonce: [u8; 16],
    /// OriginalMessageSize: bytes of the message after this header.
    pub original_message_len: u32,
    /// Flags or EncryptionAlgorithm; [`ENCRYPTED`] is the one value.
    pub flags: u16,
    /// SessionId, whose key decrypts the message.
    pub session_id: u64,
}

impl TransformHeader {
    /// Reads the header and gives what follows it.
    pub fn decode(bytes: &[u8]) -> Result<(TransformHeader, &[u8]), DecodeError> {
        let mut r = Reader::new("TRANSFORM_HEADER", bytes);
        let protocol_id = r.array::<4>()?;
        if protocol_id != TRANSFORM_PROTOCOL_ID {
            let value = u32::from_le_bytes(protocol_id).into();
            return Err(DecodeError::Value { what: "ProtocolId", value });
        }
        let (signature, nonce) = (r.array()?, r.array()?);
        let original_message_len = r.u32()?;
        r.skip(2)?;
        let (flags, session_id) = (r.u16()?, r.u64()?);
        Ok((TransformHeader { signature, nonce, original_message_len, flags, session_id }, r.rest()))
    }

    /// Appends the header.
    pub fn encode(&self, w: &mut Writer) {
        w.bytes(&self.to_bytes());
    }

    /// The bytes of the header.
    pub fn to_bytes(&self) -> [u8; TRANSFORM_LEN] {
        let mut bytes = [0; TRANSFORM_LEN];
        let fields: [&[u8]; 7] = [
            &TRANSFORM_PROTOCOL_ID,
            &self.signature,
            &self.nonce,
            &self.original_message_len.to_le_bytes(),
            &[0; 2],
            &self.flags.to_le_bytes(),
            &self.session_id.to_le_bytes(),
        ];
        for (to, from) in bytes.iter_mut().zip(fields.into_iter().flatten()) {
            *to = *from;
        }
        bytes
    }
}
