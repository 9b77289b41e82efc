//! [MS-SMB2] 3.3.5.3 and 3.3.5.4: which dialect is spoken, and how.
use nt::{Guid, NtStatus};
use wire::ioctl::{ValidateNegotiateRequest, ValidateNegotiateResponse};
use wire::negotiate::{
    Capabilities, Cipher, Context, ContextType, Dialect, HashAlgorithm, POSIX_EXTENSIONS, Preauth, Request,
    Response, SecurityMode, SigningAlgorithm,
};
use wire::smb1;

use super::config::{Config, Now, SMALL_TRANSACT_BYTES};
use super::fault::Fault;

/// What both sides agreed on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Negotiated {
    /// Connection.Dialect.
    pub dialect: Dialect,
    /// Connection.ClientGuid.
    pub client_guid: Guid,
    /// Connection.ClientCapabilities.
    pub client_capabilities: Capabilities,
    /// Connection.ClientSecurityMode; SIGNING_REQUIRED in it is Connection.ShouldSign.
    pub client_security_mode: SecurityMode,
    /// Connection.ClientDialects.
    pub client_dialects: Vec<Dialect>,
    /// Connection.ServerCapabilities.
    pub server_capabilities: Capabilities,
    /// Connection.ServerSecurityMode.
    pub server_security_mode: SecurityMode,
    /// Connection.CipherId.
    pub cipher: Option<Cipher>,
    /// Connection.SigningAlgorithmId.
    pub signing: Option<SigningAlgorithm>,
    /// Whether the client speaks the POSIX extensions and we do.
    pub posix: bool,
    /// Connection.MaxTransactSize, MaxReadSize and MaxWriteSize, in bytes.
    pub transfer_len_max: u32,
}

impl Negotiated {
    /// Connection.SupportsMultiCredit.
    pub fn supports_multi_credit(&self) -> bool {
        self.server_capabilities.contains(Capabilities::LARGE_MTU)
    }

    /// The dialect is one of the 3.x family.
    pub fn is_smb3(&self) -> bool {
        self.dialect >= Dialect::SMB_3_0
    }

    /// Checks VALIDATE_NEGOTIATE_INFO. [MS-SMB2] 3.3.5.15.12
    pub fn validate(
        &self,
        config: &Config,
        request: &ValidateNegotiateRequest,
    ) -> Result<ValidateNegotiateResponse, Fault> {
        let same = self.dialect != Dialect::SMB_3_1_1
            && request.dialects == self.client_dialects
            && greatest_common(config, &request.dialects) == Some(self.dialect)
            && request.client_guid == self.client_guid
            && request.security_mode == self.client_security_mode
            && request.capabilities == self.client_capabilities;
        if !same {
            return Err(Fault::NegotiateTampered);
        }
        Ok(ValidateNegotiateResponse {
            capabilities: self.server_capabilities,
            server_guid: config.server_guid,
            security_mode: self.server_security_mode,
            dialect: self.dialect,
        })
    }
}

/// What an SMB1 negotiate leads to.
pub(crate) enum FromSmb1<'a> {
    /// A second negotiate, in SMB2. [MS-SMB2] 3.3.5.3.1
    Wildcard(Response<'a>),
    /// SMB 2.0.2, at once. [MS-SMB2] 3.3.5.3.2
    Settled(Negotiated, Response<'a>),
}

/// Answers an SMB1 negotiate.
pub(crate) fn from_smb1<'a>(
    config: &'a Config,
    now: Now,
    request: &smb1::NegotiateRequest<'_>,
) -> Result<FromSmb1<'a>, Fault> {
    let newer = config.dialects.iter().any(|dialect| *dialect > Dialect::SMB_2_0_2);
    if newer && request.dialects.contains(&smb1::SMB_2_WILDCARD) {
        let capabilities =
            config.capabilities & (Capabilities::DFS | Capabilities::LEASING) | Capabilities::LARGE_MTU;
        let transfer = config.transfer_len_max;
        return Ok(FromSmb1::Wildcard(response(config, now, Dialect::WILDCARD, capabilities, transfer)));
    }
    if !config.dialects.contains(&Dialect::SMB_2_0_2) || !request.dialects.contains(&smb1::SMB_2_002) {
        return Err(Fault::Smb1);
    }
    let capabilities = config.capabilities & Capabilities::DFS;
    let negotiated = Negotiated {
        dialect: Dialect::SMB_2_0_2,
        client_guid: Guid::NIL,
        client_capabilities: Capabilities::NONE,
        client_security_mode: SecurityMode::NONE,
        client_dialects: Vec::new(),
        server_capabilities: capabilities,
        server_security_mode: security_mode(config),
        cipher: None,
        signing: None,
        posix: false,
        transfer_len_max: SMALL_TRANSACT_BYTES,
    };
    let response = response(config, now, Dialect::SMB_2_0_2, capabilities, SMALL_TRANSACT_BYTES);
    Ok(FromSmb1::Settled(negotiated, response))
}

fn security_mode(config: &Config) -> SecurityMode {
    match config.require_signing {
        true => SecurityMode::SIGNING_ENABLED | SecurityMode::SIGNING_REQUIRED,
        false => SecurityMode::SIGNING_ENABLED,
    }
}

fn response(
    config: &Config,
    now: Now,
    dialect: Dialect,
    capabilities: Capabilities,
    transfer_len_max: u32,
) -> Response<'_> {
    Response {
        security_mode: security_mode(config),
        dialect,
        server_guid: config.server_guid,
        capabilities,
        transact_len_max: transfer_len_max,
        read_len_max: transfer_len_max,
        write_len_max: transfer_len_max,
        system_time: now.wall,
        server_start_time: nt::FileTime(0),
        security_buffer: &config.security_buffer,
        contexts: Vec::new(),
    }
}

fn greatest_common(config: &Config, offered: &[Dialect]) -> Option<Dialect> {
    offered.iter().copied().filter(|dialect| config.dialects.contains(dialect)).max()
}

/// A refused NEGOTIATE: the status, and whether the dialect was settled already, so that no second one is taken.
pub(crate) struct Refusal {
    pub(crate) status: NtStatus,
    pub(crate) is_settled: bool,
}

/// Answers an SMB2 NEGOTIATE. [MS-SMB2] 3.3.5.4
pub(crate) fn negotiate<'a>(
    config: &'a Config,
    now: Now,
    salt: &'a [u8; 32],
    request: &Request<'_>,
) -> Result<(Negotiated, Response<'a>), Refusal> {
    let early = |status| Refusal { status, is_settled: false };
    if request.dialects.is_empty() {
        return Err(early(NtStatus::INVALID_PARAMETER));
    }
    let dialect = greatest_common(config, &request.dialects).ok_or(early(NtStatus::NOT_SUPPORTED))?;
    let contexts = match dialect {
        Dialect::SMB_3_1_1 => {
            choose(config, &request.contexts).map_err(|status| Refusal { status, is_settled: true })?
        }
        _ => Chosen::default(),
    };
    let is_smb3 = dialect >= Dialect::SMB_3_0;
    let offered_both = config.capabilities & request.capabilities;
    let mut capabilities = config.capabilities & Capabilities::DFS;
    if dialect >= Dialect::SMB_2_1 {
        capabilities |= config.capabilities & Capabilities::LEASING | Capabilities::LARGE_MTU;
    }
    if is_smb3 {
        capabilities |= offered_both
            & (Capabilities::MULTI_CHANNEL
                | Capabilities::DIRECTORY_LEASING
                | Capabilities::PERSISTENT_HANDLES);
    }
    if dialect == Dialect::SMB_3_1_1 {
        capabilities |= offered_both & Capabilities::NOTIFICATIONS;
    }
    let old_cipher = is_smb3
        && dialect != Dialect::SMB_3_1_1
        && config.ciphers.contains(&Cipher::AES_128_CCM)
        && request.capabilities.contains(Capabilities::ENCRYPTION);
    if old_cipher {
        capabilities |= Capabilities::ENCRYPTION;
    }
    let transfer = if dialect >= Dialect::SMB_2_1 { config.transfer_len_max } else { SMALL_TRANSACT_BYTES };
    let mut response = response(config, now, dialect, capabilities, transfer);
    if dialect == Dialect::SMB_3_1_1 {
        response.contexts = contexts.answer(salt);
    }
    let cipher = contexts.cipher.flatten().or(old_cipher.then_some(Cipher::AES_128_CCM));
    // The response does not say it in 3.1.1, but the rules that ask for the capability mean the cipher.
    let encryption = if cipher.is_some() { Capabilities::ENCRYPTION } else { Capabilities::NONE };
    let negotiated = Negotiated {
        dialect,
        client_guid: request.client_guid,
        client_capabilities: request.capabilities,
        client_security_mode: request.security_mode,
        client_dialects: request.dialects.clone(),
        server_capabilities: capabilities | encryption,
        server_security_mode: security_mode(config),
        cipher,
        signing: contexts.signing,
        posix: contexts.posix,
        transfer_len_max: transfer,
    };
    Ok((negotiated, response))
}

/// What the contexts of a 3.1.1 request settle. An outer `Some` says that the context is answered.
#[derive(Default)]
struct Chosen {
    cipher: Option<Option<Cipher>>,
    signing: Option<SigningAlgorithm>,
    posix: bool,
}

/// Goes through the contexts in the order of [MS-SMB2] 3.3.5.4.
fn choose(config: &Config, contexts: &[Context<'_>]) -> Result<Chosen, NtStatus> {
    let count = |kind| contexts.iter().filter(|context| context.kind() == kind).count();
    let at_most_one = [
        ContextType::ENCRYPTION_CAPABILITIES,
        ContextType::COMPRESSION_CAPABILITIES,
        ContextType::RDMA_TRANSFORM_CAPABILITIES,
        ContextType::SIGNING_CAPABILITIES,
    ];
    if count(ContextType::PREAUTH_INTEGRITY_CAPABILITIES) != 1
        || at_most_one.into_iter().any(|kind| count(kind) > 1)
    {
        return Err(NtStatus::INVALID_PARAMETER);
    }
    let mut chosen = Chosen::default();
    for context in contexts {
        match context {
            Context::Preauth(Preauth { hashes, .. }) => {
                if hashes.is_empty() {
                    return Err(NtStatus::INVALID_PARAMETER);
                }
                if !hashes.contains(&HashAlgorithm::SHA_512) {
                    return Err(NtStatus::SMB_NO_PREAUTH_INTEGRITY_HASH_OVERLAP);
                }
            }
            Context::Encryption(_) if config.ciphers.is_empty() => {}
            Context::Encryption(ciphers) if ciphers.is_empty() => return Err(NtStatus::INVALID_PARAMETER),
            Context::Encryption(ciphers) => {
                let common = config.ciphers.iter().copied().find(|cipher| ciphers.contains(cipher));
                chosen.cipher = Some(common);
            }
            Context::Signing(_) if config.signing_algorithms.is_empty() => {}
            Context::Signing(offered) if offered.is_empty() => return Err(NtStatus::INVALID_PARAMETER),
            Context::Signing(offered) => {
                let ours = config.signing_algorithms.iter().copied();
                let common = ours.into_iter().find(|algorithm| offered.contains(algorithm));
                chosen.signing = Some(common.unwrap_or(SigningAlgorithm::AES_CMAC));
            }
            // Compression and RDMA are not supported, so their contexts are ignored.
            Context::Compression { .. } | Context::RdmaTransform(_) | Context::Transport(_) => {}
            Context::Posix(versions) => {
                let (known, _) = versions.as_chunks::<16>();
                chosen.posix = config.posix && known.contains(&POSIX_EXTENSIONS);
            }
            Context::Netname(_) | Context::Other { .. } => {}
        }
    }
    Ok(chosen)
}

impl Chosen {
    fn answer<'a>(&self, salt: &'a [u8; 32]) -> Vec<Context<'a>> {
        let mut contexts = vec![Context::Preauth(Preauth { hashes: vec![HashAlgorithm::SHA_512], salt })];
        if let Some(cipher) = self.cipher {
            contexts.push(Context::Encryption(vec![cipher.unwrap_or(Cipher(0))]));
        }
        if let Some(algorithm) = self.signing {
            contexts.push(Context::Signing(vec![algorithm]));
        }
        if self.posix {
            contexts.push(Context::Posix(&POSIX_EXTENSIONS));
        }
        contexts
    }
}
