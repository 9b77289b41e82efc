//! From a plan to what [`socket`](crate::socket) serves; and from another plan to the same server with other shares.
use super::{Plan, ServeError, descriptors};
use crate::auth::Authenticator;
use crate::auth::kerberos::Keytab;
use crate::auth::local::LocalAuthenticator;
use crate::auth::ntlm::TargetNames;
use crate::config::{Config, Demand, ShareSettings, Tags};
use crate::socket::{self, Served, ShareVolume};
use fsa::host::linux::{LinuxHost, LinuxOptions};
use fsa::{DriveMap, Volume, VolumeOptions};
use nt::{Guid, Utf16};
use smb::connection;
use smb::server::{ServerConfig, ServerLimits, Share, TagPolicy};
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use wire::negotiate::{Capabilities, Cipher, Dialect, SigningAlgorithm};

/// A server as it was built; kept, so that the next one is built upon it.
pub(super) struct Built {
    pub(super) served: Served,
    pub(super) authenticator: LocalAuthenticator,
    server_guid: Guid,
    first_id: u64,
    /// What each place in the list of shares was made of. A place is never given to another share.
    slots: Vec<Slot>,
}

#[derive(Clone)]
struct Slot {
    settings: ShareSettings,
    volume: Arc<ShareVolume>,
}

impl Built {
    /// Builds a plan, for the first time or upon what is there. On an error nothing has changed.
    pub(super) fn new(plan: &Plan, host_name: &str, before: Option<&Built>) -> Result<Built, ServeError> {
        let config = &plan.config;
        let name = config.name.clone().unwrap_or_else(|| host_name.to_owned());
        let (slots, offered) = slots(config, before)?;
        let (server_guid, first_id) = match before {
            Some(before) => (before.server_guid, before.first_id),
            None => {
                let (guid, first_id) = chance().map_err(|_| ServeError::Chance)?;
                (plan.server_guid.unwrap_or(guid), first_id)
            }
        };
        let authenticator = authenticator(plan, &name, before)?;
        let shares = slots.iter().zip(&offered).map(|(slot, offered)| share(&slot.settings, *offered));
        // IPC$ is always the first, so that its place never moves.
        let server = ServerConfig {
            connection: Arc::new(connection_config(config, server_guid, &authenticator)),
            name: TargetNames::new(&name).netbios.to_text().unwrap_or_default(),
            shares: std::iter::once(Share::ipc()).chain(shares).collect(),
            encrypt: config.encryption == Demand::Required,
            reject_unencrypted: true,
            limits: ServerLimits {
                sessions_per_connection: config.limits.sessions_per_connection,
                trees_per_session: config.limits.trees_per_session,
                channels_per_session: config.limits.channels_per_session,
                opens_per_session: config.limits.opens_per_session,
                opens: config.limits.opens,
                trees: config.limits.trees,
                durable_opens: config.limits.durable_opens,
                durable_timeout: config.limits.durable,
                session_lifetime: config.limits.session,
            },
            interfaces: Vec::new(),
            first_id,
        };
        let volumes = slots.iter().map(|slot| Some(slot.volume.clone()));
        let served = Served {
            config: Arc::new(server),
            volumes: std::iter::once(None).chain(volumes).collect(),
            authenticator: Arc::new(authenticator.clone()),
            limits: socket::Limits {
                connections_max: config.limits.connections,
                descriptors_max: descriptors::for_opens(config.limits.connections),
                connections_per_address_max: config.limits.connections_per_address,
                buffer_bytes_per_connection: config.limits.buffer_bytes_per_connection,
                buffer_bytes: config.limits.buffer_bytes,
                write_timeout: config.limits.write,
                idle_timeout: config.limits.idle,
            },
        };
        Ok(Built { served, authenticator, server_guid, first_id, slots })
    }
}

fn chance() -> Result<(Guid, u64), getrandom::Error> {
    let mut guid = [0; 16];
    getrandom::fill(&mut guid)?;
    // Ids count up from here; the upper bits are left to the counting.
    Ok((Guid(guid), (getrandom::u64()? >> 16) | 1))
}

/// Accounts and limits change in the authenticator that is there, whose memory of failures lives on.
fn authenticator(plan: &Plan, name: &str, before: Option<&Built>) -> Result<LocalAuthenticator, ServeError> {
    let limits = plan.config.limits.logon.clone();
    let keytab = match &plan.config.keytab {
        None => Keytab::default(),
        Some(path) => Keytab::load(path).map_err(|why| ServeError::Keytab { path: path.clone(), why })?,
    };
    let authenticator = match before {
        Some(before) => {
            before.authenticator.set_accounts(plan.accounts.clone());
            before.authenticator.set_limits(limits);
            before.authenticator.clone()
        }
        None => LocalAuthenticator::new(TargetNames::new(name), plan.accounts.clone(), limits)
            .map_err(|_| ServeError::Chance)?,
    };
    authenticator.set_keytab(keytab);
    authenticator.let_anonymous_in(plan.config.shares.iter().any(|share| share.anonymous));
    Ok(authenticator)
}

fn connection_config(
    config: &Config,
    server_guid: Guid,
    authenticator: &LocalAuthenticator,
) -> connection::Config {
    let dialects =
        [Dialect::SMB_2_0_2, Dialect::SMB_2_1, Dialect::SMB_3_0, Dialect::SMB_3_0_2, Dialect::SMB_3_1_1];
    let range = config.dialect_min..=config.dialect_max;
    connection::Config {
        server_guid,
        dialects: dialects.into_iter().filter(|dialect| range.contains(&dialect.0)).collect(),
        require_signing: config.signing == Demand::Required,
        ciphers: vec![Cipher::AES_128_GCM, Cipher::AES_128_CCM, Cipher::AES_256_GCM, Cipher::AES_256_CCM],
        signing_algorithms: vec![
            SigningAlgorithm::AES_GMAC,
            SigningAlgorithm::AES_CMAC,
            SigningAlgorithm::HMAC_SHA256,
        ],
        capabilities: Capabilities::MULTI_CHANNEL | Capabilities::LEASING | Capabilities::DIRECTORY_LEASING,
        posix: config.posix,
        transfer_len_max: config.limits.transfer_bytes,
        credits_max: config.limits.credits,
        async_max: config.limits.waiting_per_connection,
        security_buffer: authenticator.negotiate_token(),
        handshake_timeout: config.limits.handshake,
        frame_timeout: config.limits.frame,
    }
}

/// The places of the shares: those there were keep theirs. The second list says which are offered.
fn slots(config: &Config, before: Option<&Built>) -> Result<(Vec<Slot>, Vec<bool>), ServeError> {
    let mut slots: Vec<Slot> = before.map(|before| before.slots.clone()).unwrap_or_default();
    let mut offered = vec![false; slots.len()];
    for settings in &config.shares {
        let same =
            |slot: &Slot| slot.settings.name == settings.name && needs_same_volume(&slot.settings, settings);
        let at = slots.iter().zip(&offered).position(|(slot, taken)| !taken && same(slot));
        match at.and_then(|at| slots.get_mut(at).zip(offered.get_mut(at))) {
            Some((slot, offered)) => {
                slot.settings = settings.clone();
                *offered = true;
            }
            None => {
                let volume = Arc::new(open(settings, config.limits.locks_per_file)?);
                slots.push(Slot { settings: settings.clone(), volume });
                offered.push(true);
            }
        }
    }
    Ok((slots, offered))
}

/// True when nothing that the volume itself knows has changed.
fn needs_same_volume(a: &ShareSettings, b: &ShareSettings) -> bool {
    let volume = |share: &ShareSettings| ShareSettings {
        name: String::new(),
        comment: String::new(),
        users: Vec::new(),
        anonymous: false,
        encrypt: false,
        tags: Tags::All,
        ..share.clone()
    };
    volume(a) == volume(b)
}

fn open(settings: &ShareSettings, locks_max: usize) -> Result<ShareVolume, ServeError> {
    let linux = LinuxOptions {
        case_sensitive: settings.case_sensitive,
        cross_mounts: settings.cross_mounts,
        read_only: settings.read_only,
        ..LinuxOptions::default()
    };
    let host = LinuxHost::open(&settings.path, linux)
        .map_err(|why| ServeError::Share { path: settings.path.clone(), why })?;
    let drives = settings
        .drives
        .iter()
        .fold(DriveMap::new(), |map, drive| map.with(&format!(r"\??\{}", drive.volume), &drive.path));
    let label = if settings.label.is_empty() { &settings.name } else { &settings.label };
    let options = VolumeOptions {
        kind: settings.volume,
        read_only: settings.read_only,
        unix_nodes: settings.special_files,
        write_unix_links: settings.unix_links,
        durability: settings.durability,
        short_names: settings.short_names,
        write_times: settings.write_times,
        drives,
        label: Utf16::from(label.as_str()),
        serial: serial(settings),
        root_is_folder: true,
        locks_max: Some(locks_max),
        ..VolumeOptions::default()
    };
    Ok(Volume::new(host, options))
}

/// The same for the same directory, whenever and however often it is served.
fn serial(settings: &ShareSettings) -> u32 {
    let found = std::fs::metadata(&settings.path);
    let mixed = found.map_or([0; 8], |found| (found.dev().rotate_left(17) ^ found.ino()).to_le_bytes());
    let [a, b, c, d, e, f, g, h] = mixed;
    u32::from_le_bytes([a ^ e, b ^ f, c ^ g, d ^ h])
}

fn share(settings: &ShareSettings, offered: bool) -> Share {
    Share {
        remark: settings.comment.clone(),
        encrypt: settings.encrypt,
        read_only: settings.read_only,
        anonymous: settings.anonymous,
        access_based: settings.access_based,
        users: settings.users.clone(),
        tags: match settings.tags {
            Tags::All => TagPolicy::All,
            Tags::Links => TagPolicy::LinksOrAdministrators,
            Tags::Symlinks => TagPolicy::SymlinksOrAdministrators,
        },
        is_retired: !offered,
        ..Share::disk(&settings.name)
    }
}
