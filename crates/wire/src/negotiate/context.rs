//! [MS-SMB2] 2.2.3.1 and 2.2.4.1: negotiate contexts.
use nt::Utf16;

use crate::error::DecodeError;
use crate::reader::{Reader, name};
use crate::writer::{Hole, Writer};

/// The most contexts a message may have. The specification knows eight.
pub const NEGOTIATE_CONTEXTS_MAX: u16 = 64;

/// The GUID by which the POSIX extensions are asked for, in the order of the wire: 93AD2550-9CB4-11E7-B423-83DE968BCD7C
/// with its bytes written as they read. (Samba's smb3-posix-spec, and the reserved values of [MS-SMB2] 2.2.3.1 and
/// 2.2.13.2.)
pub const POSIX_EXTENSIONS: [u8; 16] =
    [0x93, 0xAD, 0x25, 0x50, 0x9C, 0xB4, 0x11, 0xE7, 0xB4, 0x23, 0x83, 0xDE, 0x96, 0x8B, 0xCD, 0x7C];

nt::named_numbers! {
    /// What a context is about. [MS-SMB2] 2.2.3.1
    ContextType(u16), prefix "SMB2_" {
        PREAUTH_INTEGRITY_CAPABILITIES = 0x0001;
        ENCRYPTION_CAPABILITIES = 0x0002;
        COMPRESSION_CAPABILITIES = 0x0003;
        NETNAME_NEGOTIATE_CONTEXT_ID = 0x0005;
        TRANSPORT_CAPABILITIES = 0x0006;
        RDMA_TRANSFORM_CAPABILITIES = 0x0007;
        SIGNING_CAPABILITIES = 0x0008;
        /// The specification reserves it; Samba and Linux mean the POSIX extensions by it.
        CONTEXTTYPE_RESERVED = 0x0100;
    }
}
nt::named_debug!(ContextType);

nt::named_numbers! {
    /// A hash of preauthentication integrity. [MS-SMB2] 2.2.3.1.1
    HashAlgorithm(u16), prefix "" {
        SHA_512 = 0x0001 => "SHA-512";
    }
}
nt::named_debug!(HashAlgorithm);

nt::named_numbers! {
    /// A cipher. [MS-SMB2] 2.2.3.1.2
    Cipher(u16), prefix "" {
        AES_128_CCM = 0x0001 => "AES-128-CCM";
        AES_128_GCM = 0x0002 => "AES-128-GCM";
        AES_256_CCM = 0x0003 => "AES-256-CCM";
        AES_256_GCM = 0x0004 => "AES-256-GCM";
    }
}
nt::named_debug!(Cipher);

nt::named_numbers! {
    /// A compression. [MS-SMB2] 2.2.3.1.3
    CompressionAlgorithm(u16), prefix "" {
        NONE = 0x0000 => "NONE";
        LZNT1 = 0x0001 => "LZNT1";
        LZ77 = 0x0002 => "LZ77";
        LZ77_HUFFMAN = 0x0003 => "LZ77+Huffman";
        PATTERN_V1 = 0x0004 => "Pattern_V1";
        LZ4 = 0x0005 => "LZ4";
    }
}
nt::named_debug!(CompressionAlgorithm);

impl CompressionAlgorithm {
    /// True for those whose payload says its length before compression. [MS-SMB2] 2.2.42.2.1
    pub const fn compresses(self) -> bool {
        matches!(self, Self::LZNT1 | Self::LZ77 | Self::LZ77_HUFFMAN | Self::LZ4)
    }
}

nt::named_numbers! {
    /// How compression is used. [MS-SMB2] 2.2.3.1.3
    CompressionFlags(u32), prefix "SMB2_COMPRESSION_CAPABILITIES_FLAG_" {
        CHAINED = 0x0000_0001;
    }
}
nt::bit_set!(CompressionFlags);

nt::named_numbers! {
    /// What the transport does. [MS-SMB2] 2.2.3.1.5
    TransportFlags(u32), prefix "SMB2_" {
        ACCEPT_TRANSPORT_LEVEL_SECURITY = 0x0000_0001;
    }
}
nt::bit_set!(TransportFlags);

nt::named_numbers! {
    /// What is done to data sent over RDMA. [MS-SMB2] 2.2.3.1.6
    RdmaTransform(u16), prefix "SMB2_RDMA_TRANSFORM_" {
        NONE = 0x0000;
        ENCRYPTION = 0x0001;
        SIGNING = 0x0002;
    }
}
nt::named_debug!(RdmaTransform);

nt::named_numbers! {
    /// A signature. [MS-SMB2] 2.2.3.1.7
    SigningAlgorithm(u16), prefix "" {
        HMAC_SHA256 = 0x0000 => "HMAC-SHA256";
        AES_CMAC = 0x0001 => "AES-CMAC";
        AES_GMAC = 0x0002 => "AES-GMAC";
    }
}
nt::named_debug!(SigningAlgorithm);

/// SMB2_PREAUTH_INTEGRITY_CAPABILITIES. [MS-SMB2] 2.2.3.1.1
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Preauth<'a> {
    /// HashAlgorithms.
    pub hashes: Vec<HashAlgorithm>,
    /// Salt.
    pub salt: &'a [u8],
}

/// A negotiate context. Lists are in the order of preference of the side that sends them, or hold the one choice.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Context<'a> {
    /// [MS-SMB2] 2.2.3.1.1
    Preauth(Preauth<'a>),
    /// [MS-SMB2] 2.2.3.1.2
    Encryption(Vec<Cipher>),
    /// [MS-SMB2] 2.2.3.1.3
    Compression {
        /// Flags.
        flags: CompressionFlags,
        /// CompressionAlgorithms.
        algorithms: Vec<CompressionAlgorithm>,
    },
    /// The name by which the client knows the server. [MS-SMB2] 2.2.3.1.4
    Netname(Utf16),
    /// [MS-SMB2] 2.2.3.1.5
    Transport(TransportFlags),
    /// [MS-SMB2] 2.2.3.1.6
    RdmaTransform(Vec<RdmaTransform>),
    /// [MS-SMB2] 2.2.3.1.7
    Signing(Vec<SigningAlgorithm>),
    /// The POSIX extensions: [`POSIX_EXTENSIONS`], alone or among other versions to come, 16 bytes each.
    Posix(&'a [u8]),
    /// Anything else.
    Other {
        /// ContextType.
        kind: ContextType,
        /// Data.
        data: &'a [u8],
    },
}

impl<'a> Context<'a> {
    /// ContextType.
    pub fn kind(&self) -> ContextType {
        match self {
            Context::Preauth(_) => ContextType::PREAUTH_INTEGRITY_CAPABILITIES,
            Context::Encryption(_) => ContextType::ENCRYPTION_CAPABILITIES,
            Context::Compression { .. } => ContextType::COMPRESSION_CAPABILITIES,
            Context::Netname(_) => ContextType::NETNAME_NEGOTIATE_CONTEXT_ID,
            Context::Transport(_) => ContextType::TRANSPORT_CAPABILITIES,
            Context::RdmaTransform(_) => ContextType::RDMA_TRANSFORM_CAPABILITIES,
            Context::Signing(_) => ContextType::SIGNING_CAPABILITIES,
            Context::Posix(_) => ContextType::CONTEXTTYPE_RESERVED,
            Context::Other { kind, .. } => *kind,
        }
    }

    fn decode(kind: ContextType, data: &'a [u8]) -> Result<Context<'a>, DecodeError> {
        let mut r = Reader::new("negotiate context", data);
        Ok(match kind {
            ContextType::PREAUTH_INTEGRITY_CAPABILITIES => {
                let (count, salt_len) = (r.u16()?, r.u16()?);
                let hashes = r.u16s(count)?.map(HashAlgorithm).collect();
                Context::Preauth(Preauth { hashes, salt: r.bytes(salt_len.into())? })
            }
            ContextType::ENCRYPTION_CAPABILITIES => {
                let count = r.u16()?;
                Context::Encryption(r.u16s(count)?.map(Cipher).collect())
            }
            ContextType::COMPRESSION_CAPABILITIES => {
                let count = r.u16()?;
                r.skip(2)?;
                let flags = CompressionFlags(r.u32()?);
                let algorithms = r.u16s(count)?.map(CompressionAlgorithm).collect();
                Context::Compression { flags, algorithms }
            }
            ContextType::NETNAME_NEGOTIATE_CONTEXT_ID => Context::Netname(name("NetName", data)?),
            ContextType::TRANSPORT_CAPABILITIES => Context::Transport(TransportFlags(r.u32()?)),
            ContextType::RDMA_TRANSFORM_CAPABILITIES => {
                let count = r.u16()?;
                r.skip(6)?;
                Context::RdmaTransform(r.u16s(count)?.map(RdmaTransform).collect())
            }
            ContextType::SIGNING_CAPABILITIES => {
                let count = r.u16()?;
                Context::Signing(r.u16s(count)?.map(SigningAlgorithm).collect())
            }
            ContextType::CONTEXTTYPE_RESERVED => Context::Posix(data),
            kind => Context::Other { kind, data },
        })
    }

    fn encode_data(&self, w: &mut Writer) {
        match self {
            Context::Preauth(preauth) => {
                w.len16("HashAlgorithmCount", preauth.hashes.len());
                w.len16("SaltLength", preauth.salt.len());
                preauth.hashes.iter().for_each(|hash| w.u16(hash.0));
                w.bytes(preauth.salt);
            }
            Context::Encryption(ciphers) => {
                w.len16("CipherCount", ciphers.len());
                ciphers.iter().for_each(|cipher| w.u16(cipher.0));
            }
            Context::Compression { flags, algorithms } => {
                w.len16("CompressionAlgorithmCount", algorithms.len());
                w.u16(0);
                w.u32(flags.0);
                algorithms.iter().for_each(|algorithm| w.u16(algorithm.0));
            }
            Context::Netname(name) => w.name(name),
            Context::Transport(flags) => w.u32(flags.0),
            Context::RdmaTransform(transforms) => {
                w.len16("TransformCount", transforms.len());
                w.zeros(6);
                transforms.iter().for_each(|transform| w.u16(transform.0));
            }
            Context::Signing(algorithms) => {
                w.len16("SigningAlgorithmCount", algorithms.len());
                algorithms.iter().for_each(|algorithm| w.u16(algorithm.0));
            }
            Context::Posix(data) | Context::Other { data, .. } => w.bytes(data),
        }
    }
}

/// Reads NegotiateContextList, which begins at an offset from the header; each context after the first begins at the next
/// multiple of 8.
pub(super) fn decode_list<'a>(
    body: &Reader<'a>,
    offset: u32,
    count: u16,
) -> Result<Vec<Context<'a>>, DecodeError> {
    if count > NEGOTIATE_CONTEXTS_MAX {
        let max = NEGOTIATE_CONTEXTS_MAX.into();
        return Err(DecodeError::TooMany { what: "negotiate contexts", max });
    }
    let mut contexts = Vec::with_capacity(count.into());
    if count == 0 {
        return Ok(contexts);
    }
    let mut r = Reader::new("negotiate context", body.tail("NegotiateContextList", offset)?);
    for at in 0..count {
        if at > 0 {
            r.skip(r.offset().next_multiple_of(8) - r.offset())?;
        }
        let (kind, len) = (ContextType(r.u16()?), r.u16()?);
        r.skip(4)?;
        contexts.push(Context::decode(kind, r.bytes(len.into())?)?);
    }
    Ok(contexts)
}

/// Appends NegotiateContextList and fills in where it begins.
pub(super) fn encode_list(contexts: &[Context<'_>], offset: Hole, w: &mut Writer) {
    for (at, context) in contexts.iter().enumerate() {
        w.align8();
        if at == 0 {
            w.fill32("NegotiateContextOffset", offset, w.offset());
        }
        w.u16(context.kind().0);
        let len = w.hole(2);
        w.u32(0);
        let data_at = w.offset();
        context.encode_data(w);
        w.fill16("negotiate context", len, w.offset() - data_at);
    }
}
