//! A connection, a session and a tree: a share as it is ready for use.
use std::ffi::{OsStr, OsString};
use std::time::Duration;

use smb2::auth::kerberos::{KerberosCredentials, ccache};
use smb2::client::{Connection, Session};
use smb2::crypto::encryption::Cipher;
use smb2::transport::TcpTransport;
use smb2::types::Dialect;
use smb2::types::flags::Capabilities;
use tokio::runtime::Runtime;
use wire::Request;

use crate::address::Address;
use crate::error::RemoteError;
use crate::exchange::{Answer, exchange};
use crate::login::{Login, Proof};
use crate::negotiation::Negotiation;

/// What a connection must be. Messages are signed always, but for those of a guest, who has no key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Policy {
    /// Whether messages are encrypted.
    pub sealing: Sealing,
    /// Dialects before 3.1.1 are taken too. Those before 3.0 do not prove that nobody on the way changed what was
    /// negotiated.
    pub old_dialects: bool,
    /// How long to wait for a connection, and for an answer, in milliseconds.
    pub timeout_ms: u64,
}

/// Whether messages are encrypted. [MS-SMB2] 3.1.4.3
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sealing {
    /// If the server can; else they are signed.
    IfOffered,
    /// Always: a server that cannot is refused.
    Required,
    /// Only if the server demands it.
    IfDemanded,
}

/// A share of a server.
///
/// Its calls are driven by the thread that makes them; several may wait at once. It has no thread of its own, so it
/// notices that a server has gone only at the next call.
pub struct Share {
    runtime: Runtime,
    connection: Connection,
    tree: u32,
    /// What begins the names of a DFS share's objects: `host\share`. [MS-SMB2] 3.2.4.3
    dfs_prefix: Option<Vec<u16>>,
    address: Address,
    sealed: bool,
    transfer_len_max: u32,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy { sealing: Sealing::IfOffered, old_dialects: false, timeout_ms: 15_000 }
    }
}

/// Why the environment has no policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PolicyParseError {
    /// The variable that has a value it cannot have.
    pub variable: &'static str,
}

impl Policy {
    /// What `POINTSMAN_SEAL` (`if-offered`, `required`, `if-demanded`) and `POINTSMAN_OLD_DIALECTS` (`1`) say, which
    /// `variable` reads; else the default.
    pub fn from_environment(variable: impl Fn(&str) -> Option<OsString>) -> Result<Policy, PolicyParseError> {
        const SEAL: &str = "POINTSMAN_SEAL";
        const OLD: &str = "POINTSMAN_OLD_DIALECTS";
        let sealing = match variable(SEAL).as_deref().and_then(OsStr::to_str) {
            None if variable(SEAL).is_none() => Sealing::IfOffered,
            Some("if-offered") => Sealing::IfOffered,
            Some("required") => Sealing::Required,
            Some("if-demanded") => Sealing::IfDemanded,
            _ => return Err(PolicyParseError { variable: SEAL }),
        };
        let old_dialects = match variable(OLD).as_deref().and_then(OsStr::to_str) {
            None if variable(OLD).is_none() => false,
            Some("0") => false,
            Some("1") => true,
            _ => return Err(PolicyParseError { variable: OLD }),
        };
        Ok(Policy { sealing, old_dialects, ..Policy::default() })
    }
}

impl std::fmt::Display for PolicyParseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} has a value that it cannot have", self.variable)
    }
}

impl std::error::Error for PolicyParseError {}

impl Share {
    /// Connects to the share of an address; its path is not looked at.
    pub fn connect(address: &Address, login: &Login, policy: Policy) -> Result<Share, RemoteError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(RemoteError::Host)?;
        let (connection, tree, sealed) = runtime.block_on(connected(address, login, policy))?;
        let dfs_prefix = tree
            .is_dfs
            .then(|| format!(r"{}\{}", address.host, address.share).encode_utf16().collect::<Vec<u16>>());
        let transfer_len_max = connection.params().map_or(crate::exchange::CREDIT_BYTES, |params| {
            params.max_read_size.min(params.max_write_size).clamp(1, TRANSFER_BYTES_MAX)
        });
        let address = address.clone();
        let tree = tree.tree_id.0;
        Ok(Share { runtime, connection, tree, dfs_prefix, address, sealed, transfer_len_max })
    }

    /// The address that it was connected by.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Whether messages are encrypted.
    pub fn is_sealed(&self) -> bool {
        self.sealed
    }

    pub(crate) fn transfer_len_max(&self) -> u32 {
        self.transfer_len_max
    }

    /// The name of an object as the server wants it: without a backslash in front, in DFS with host and share.
    pub(crate) fn name_of(&self, path: &[u16]) -> Vec<u16> {
        let path = path.strip_prefix(&[BACKSLASH]).unwrap_or(path);
        match &self.dfs_prefix {
            Some(prefix) if path.is_empty() => prefix.clone(),
            Some(prefix) => [prefix, &[BACKSLASH][..], path].concat(),
            None => path.to_vec(),
        }
    }

    /// Sends a request, and waits for its response.
    pub(crate) fn exchange(&self, request: &Request<'_>, payload: u32) -> Result<Answer, RemoteError> {
        self.runtime.block_on(exchange(&self.connection, self.tree, request, payload))
    }
}

const BACKSLASH: u16 = b'\\' as u16;
/// The most bytes of one READ or WRITE: what one credit pays for, since a server may grant no more at the start.
const TRANSFER_BYTES_MAX: u32 = crate::exchange::CREDIT_BYTES;

async fn connected(
    address: &Address,
    login: &Login,
    policy: Policy,
) -> Result<(Connection, smb2::Tree, bool), RemoteError> {
    let timeout = Duration::from_millis(policy.timeout_ms);
    let socket = TcpTransport::connect(&address.endpoint(), timeout).await?;
    let negotiating = Negotiation::connect(socket, &address.host);
    let negotiated = tokio::time::timeout(timeout, negotiating).await;
    let (mut connection, negotiation) = negotiated.map_err(|_| smb2::Error::Timeout)??;
    connection.set_response_timeout(Some(timeout));
    let params = connection.params().ok_or(RemoteError::Unexpected("what was negotiated"))?;
    if params.dialect != Dialect::Smb3_1_1 && !policy.old_dialects {
        let why =
            format!("the server speaks no dialect newer than {}, and 3.1.1 is required", params.dialect);
        return Err(RemoteError::Untrusted(why));
    }
    let session = signed_in(&mut connection, address, login).await?;
    let is_nobody = matches!(&login.proof, Proof::Password(_)) && login.user.is_empty();
    if !session.should_sign && !is_nobody && !login.user.eq_ignore_ascii_case("guest") {
        return Err(RemoteError::Untrusted("the session has no key to sign with".into()));
    }
    let able = match params.dialect {
        Dialect::Smb3_1_1 => params.cipher,
        _ if params.capabilities.contains(Capabilities::ENCRYPTION) => Some(Cipher::Aes128Ccm),
        _ => None,
    };
    // A session that the server demands to be encrypted is so by now.
    if !connection.should_encrypt()
        && policy.sealing != Sealing::IfDemanded
        && session.should_sign
        && let (Some(cipher), Some(encrypt), Some(decrypt)) =
            (able, &session.encryption_key, &session.decryption_key)
    {
        connection.activate_encryption(encrypt.clone(), decrypt.clone(), cipher);
    }
    if policy.sealing == Sealing::Required && !connection.should_encrypt() {
        return Err(RemoteError::Untrusted("the server offers no encryption, and it is required".into()));
    }
    let tree = smb2::Tree::connect(&mut connection, &address.share).await?;
    if matches!(params.dialect, Dialect::Smb3_0 | Dialect::Smb3_0_2) && session.should_sign {
        negotiation.validate(&connection, tree.tree_id.0).await?;
    }
    if tree.encrypt_data && !connection.should_encrypt() {
        // The share demands it. [MS-SMB2] 3.2.5.5
        match (able, session.encryption_key, session.decryption_key) {
            (Some(cipher), Some(encrypt), Some(decrypt)) => {
                connection.activate_encryption(encrypt, decrypt, cipher);
            }
            _ => {
                return Err(RemoteError::Untrusted(
                    "the share demands encryption that is not agreed on".into(),
                ));
            }
        }
    }
    let sealed = connection.should_encrypt();
    Ok((connection, tree, sealed))
}

async fn signed_in(
    connection: &mut Connection,
    address: &Address,
    login: &Login,
) -> Result<Session, RemoteError> {
    match &login.proof {
        Proof::Password(password) => {
            Ok(Session::setup(connection, &login.user, password, &login.domain).await?)
        }
        Proof::Kerberos { cache, kdc } => {
            let cache = ccache::load_ccache(Some(cache)).map_err(|error| {
                RemoteError::Login(format!("the ticket cache {}: {error}", cache.display()))
            })?;
            let principal = &cache.default_principal;
            let credentials = KerberosCredentials {
                username: principal.components.join("/"),
                password: String::new(),
                realm: principal.realm.clone(),
                // Without one named, the realm's own name: often the name of its controllers too.
                kdc_address: kdc.clone().unwrap_or_else(|| principal.realm.to_ascii_lowercase()),
            };
            let session =
                Session::setup_kerberos_from_ccache(connection, &credentials, &address.host, &cache).await;
            Ok(session?)
        }
    }
}
