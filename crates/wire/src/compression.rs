//! [MS-SMB2] 2.2.42: the header of a compressed message. Pointsman does not compress; it reads the header to refuse the
//! message for the right reason.
use crate::error::DecodeError;
use crate::negotiate::CompressionAlgorithm;
use crate::reader::Reader;
use crate::writer::Writer;

/// The first four bytes of a compressed message.
pub const COMPRESSION_PROTOCOL_ID: [u8; 4] = *b"\xFCSMB";

/// SMB2_COMPRESSION_FLAG_CHAINED. [MS-SMB2] 2.2.42.2.1
pub const COMPRESSION_FLAG_CHAINED: u16 = 0x0001;

/// SMB2_COMPRESSION_TRANSFORM_HEADER in either form.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CompressionHeader<'a> {
    /// OriginalCompressedSegmentSize: bytes of the message once decompressed.
    pub original_len: u32,
    /// What follows.
    pub form: CompressionForm<'a>,
}

/// The two forms, told apart by the flag of the first payload.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CompressionForm<'a> {
    /// [MS-SMB2] 2.2.42.1
    Unchained {
        /// CompressionAlgorithm.
        algorithm: CompressionAlgorithm,
        /// The bytes before Offset, which are not compressed.
        plain: &'a [u8],
        /// The compressed segment.
        compressed: &'a [u8],
    },
    /// [MS-SMB2] 2.2.42.2
    Chained(Vec<ChainedPayload<'a>>),
}

/// SMB2_COMPRESSION_CHAINED_PAYLOAD_HEADER and its payload. [MS-SMB2] 2.2.42.2.1
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChainedPayload<'a> {
    /// CompressionAlgorithm.
    pub algorithm: CompressionAlgorithm,
    /// OriginalPayloadSize, which only the algorithms that compress have.
    pub original_len: Option<u32>,
    /// The payload.
    pub payload: &'a [u8],
}

impl<'a> CompressionHeader<'a> {
    /// Reads a compressed message.
    pub fn decode(bytes: &'a [u8]) -> Result<CompressionHeader<'a>, DecodeError> {
        let mut r = Reader::new("COMPRESSION_TRANSFORM_HEADER", bytes);
        let protocol_id = r.array::<4>()?;
        if protocol_id != COMPRESSION_PROTOCOL_ID {
            let value = u32::from_le_bytes(protocol_id).into();
            return Err(DecodeError::Value { what: "ProtocolId", value });
        }
        let original_len = r.u32()?;
        let chain = r.rest();
        let (algorithm, flags) = (CompressionAlgorithm(r.u16()?), r.u16()?);
        if flags & COMPRESSION_FLAG_CHAINED != 0 {
            let form = CompressionForm::Chained(payloads(chain)?);
            return Ok(CompressionHeader { original_len, form });
        }
        let plain_len = r.u32()?;
        let plain_len = usize::try_from(plain_len)
            .map_err(|_| DecodeError::Value { what: "Offset", value: plain_len.into() })?;
        let plain = r.bytes(plain_len)?;
        let form = CompressionForm::Unchained { algorithm, plain, compressed: r.rest() };
        Ok(CompressionHeader { original_len, form })
    }

    /// Appends the header and what follows it.
    pub fn encode(&self, w: &mut Writer) {
        w.bytes(&COMPRESSION_PROTOCOL_ID);
        w.u32(self.original_len);
        match &self.form {
            CompressionForm::Unchained { algorithm, plain, compressed } => {
                w.u16(algorithm.0);
                w.u16(0);
                w.len32("Offset", plain.len());
                w.bytes(plain);
                w.bytes(compressed);
            }
            CompressionForm::Chained(payloads) => {
                for (at, payload) in payloads.iter().enumerate() {
                    w.u16(payload.algorithm.0);
                    w.u16(if at == 0 { COMPRESSION_FLAG_CHAINED } else { 0 });
                    w.len32(
                        "Length",
                        payload.payload.len() + 4 * usize::from(payload.original_len.is_some()),
                    );
                    if let Some(len) = payload.original_len {
                        w.u32(len);
                    }
                    w.bytes(payload.payload);
                }
            }
        }
    }
}

fn payloads(bytes: &[u8]) -> Result<Vec<ChainedPayload<'_>>, DecodeError> {
    let mut r = Reader::new("COMPRESSION_CHAINED_PAYLOAD_HEADER", bytes);
    let mut payloads = Vec::new();
    while !r.rest().is_empty() {
        let algorithm = CompressionAlgorithm(r.u16()?);
        r.skip(2)?;
        let len = r.u32()?;
        let len =
            usize::try_from(len).map_err(|_| DecodeError::Value { what: "Length", value: len.into() })?;
        let mut payload = Reader::new("COMPRESSION_CHAINED_PAYLOAD", r.bytes(len)?);
        let original_len = if algorithm.compresses() { Some(payload.u32()?) } else { None };
        payloads.push(ChainedPayload { algorithm, original_len, payload: payload.rest() });
    }
    Ok(payloads)
}
