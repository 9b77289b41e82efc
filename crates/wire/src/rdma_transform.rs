//! [MS-SMB2] 2.2.43: what is done to data that RDMA carries. Pointsman has no RDMA; a channel that names one is refused.
use crate::error::DecodeError;
use crate::read::Channel;
use crate::reader::Reader;
use crate::writer::Writer;

/// The most transforms there may be; the specification knows two.
pub const RDMA_TRANSFORMS_MAX: u16 = 16;

nt::named_numbers! {
    /// A transform. [MS-SMB2] 2.2.43.1
    RdmaTransformType(u16), prefix "SMB2_RDMA_TRANSFORM_TYPE_" {
        ENCRYPTION = 0x0001;
        SIGNING = 0x0002;
    }
}
nt::named_debug!(RdmaTransformType);

/// SMB2_RDMA_CRYPTO_TRANSFORM. [MS-SMB2] 2.2.43.1
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CryptoTransform<'a> {
    /// TransformType.
    pub kind: RdmaTransformType,
    /// Signature.
    pub signature: &'a [u8],
    /// Nonce.
    pub nonce: &'a [u8],
}

/// SMB2_RDMA_TRANSFORM. [MS-SMB2] 2.2.43
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RdmaTransformHeader<'a> {
    /// Channel.
    pub channel: Channel,
    /// The transforms.
    pub transforms: Vec<CryptoTransform<'a>>,
    /// The RDMA descriptors, as MS-SMBD has them.
    pub descriptors: &'a [u8],
}

impl<'a> RdmaTransformHeader<'a> {
    /// Reads channel information.
    pub fn decode(bytes: &'a [u8]) -> Result<RdmaTransformHeader<'a>, DecodeError> {
        let mut r = Reader::new("SMB2_RDMA_TRANSFORM", bytes);
        let (offset, len) = (r.u16()?, r.u16()?);
        let channel = Channel(r.u32()?);
        let count = r.u16()?;
        r.skip(6)?;
        if count > RDMA_TRANSFORMS_MAX {
            return Err(DecodeError::TooMany { what: "RDMA transforms", max: RDMA_TRANSFORMS_MAX.into() });
        }
        let mut transforms = Vec::with_capacity(count.into());
        for _ in 0..count {
            let kind = RdmaTransformType(r.u16()?);
            let (signature_len, nonce_len) = (r.u16()?, r.u16()?);
            r.skip(2)?;
            let (signature, nonce) = (r.bytes(signature_len.into())?, r.bytes(nonce_len.into())?);
            transforms.push(CryptoTransform { kind, signature, nonce });
            r.skip((r.offset().next_multiple_of(8) - r.offset()).min(r.rest().len()))?;
        }
        let descriptors = r.span("RDMA descriptors", offset, len)?;
        Ok(RdmaTransformHeader { channel, transforms, descriptors })
    }

    /// Appends channel information.
    pub fn encode(&self, w: &mut Writer) {
        let outer = w.begin();
        let offset = w.hole(2);
        w.len16("RdmaDescriptorLength", self.descriptors.len());
        w.u32(self.channel.0);
        w.len16("TransformCount", self.transforms.len());
        w.zeros(6);
        for transform in &self.transforms {
            w.u16(transform.kind.0);
            w.len16("SignatureLength", transform.signature.len());
            w.len16("NonceLength", transform.nonce.len());
            w.u16(0);
            w.bytes(transform.signature);
            w.bytes(transform.nonce);
            w.align8();
        }
        if !self.descriptors.is_empty() {
            w.fill16("RdmaDescriptorOffset", offset, w.offset());
            w.bytes(self.descriptors);
        }
        w.resume(outer);
    }
}
