//! A server of one directory, for judges.
#![allow(dead_code, unreachable_pub)] // each judge uses its part
#![allow(clippy::unwrap_used)] // a judge that cannot begin says so by a panic
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use daemon::auth::Authenticator;
use daemon::auth::accounts::{Account, Accounts};
use daemon::auth::local::LocalAuthenticator;
use daemon::auth::ntlm::{TargetNames, nt_hash};
use daemon::auth::throttle;
use daemon::socket::{Daemon, Limits, Served};
use fsa::host::linux::{LinuxHost, LinuxOptions};
use fsa::{DriveMap, Durability, Volume, VolumeOptions};
use nt::security::Sid;
use nt::{Guid, Utf16};
use smb::connection::Config;
use smb::server::{ServerConfig, ServerLimits, Share};
use tokio::net::TcpListener;
use tokio::sync::watch;
use wire::ioctl::{InterfaceCapabilities, NetworkInterface};
use wire::negotiate::{Capabilities, Cipher, Dialect, SigningAlgorithm};

pub const USER: &str = "alice";
pub const PASSWORD: &str = "Passw0rd!";

/// What of a server a judge may want otherwise.
#[derive(Clone)]
pub struct Wish {
    pub encrypt: bool,
    pub require_signing: bool,
    pub unix_links: bool,
    pub read_only: bool,
    pub ciphers: Vec<Cipher>,
    pub users: Vec<(String, String)>,
}

impl Default for Wish {
    fn default() -> Wish {
        Wish {
            encrypt: false,
            require_signing: false,
            unix_links: false,
            read_only: false,
            ciphers: vec![Cipher::AES_128_GCM, Cipher::AES_128_CCM, Cipher::AES_256_GCM, Cipher::AES_256_CCM],
            users: vec![(USER.to_owned(), PASSWORD.to_owned()), ("bob".to_owned(), "Secr3t!".to_owned())],
        }
    }
}

pub fn authenticator(wish: &Wish) -> LocalAuthenticator {
    let names = TargetNames { netbios: Utf16::from("POINTSMAN"), dns: Utf16::from("pointsman.local") };
    let accounts = wish.users.iter().zip(1000u32..).map(|((name, password), rid)| Account {
        name: name.clone(),
        hash: nt_hash(&Utf16::from(password.as_str())),
        sid: Sid::new(5, &[21, 1, 2, 3, rid]).unwrap(),
        is_administrator: rid == 1000,
        is_disabled: false,
    });
    let limits = throttle::Limits { free: 1_000_000, ..throttle::Limits::default() };
    let authenticator = LocalAuthenticator::new(names, Accounts::new(accounts), limits).unwrap();
    authenticator.let_anonymous_in(true);
    authenticator
}

/// The directory as the share `share`, a second one of it called `share2`, and IPC$.
pub fn served(directory: &Path, wish: &Wish) -> Served {
    let authenticator = Arc::new(authenticator(wish));
    let connection = Config {
        server_guid: Guid([0x51; 16]),
        dialects: vec![
            Dialect::SMB_2_0_2,
            Dialect::SMB_2_1,
            Dialect::SMB_3_0,
            Dialect::SMB_3_0_2,
            Dialect::SMB_3_1_1,
        ],
        require_signing: wish.require_signing,
        ciphers: wish.ciphers.clone(),
        signing_algorithms: vec![
            SigningAlgorithm::AES_GMAC,
            SigningAlgorithm::AES_CMAC,
            SigningAlgorithm::HMAC_SHA256,
        ],
        capabilities: Capabilities::MULTI_CHANNEL | Capabilities::LEASING | Capabilities::DIRECTORY_LEASING,
        posix: true,
        transfer_len_max: 8 << 20,
        credits_max: 8192,
        async_max: 512,
        security_buffer: authenticator.negotiate_token(),
        handshake_timeout: Duration::from_secs(45),
        frame_timeout: Duration::from_secs(60),
    };
    let host = LinuxHost::open(directory, LinuxOptions::default()).unwrap();
    let options = VolumeOptions {
        durability: Durability::Deferred,
        drives: DriveMap::new().with(r"\??\C:", r"\"),
        label: Utf16::from("share"),
        serial: 0x1234_5678,
        write_unix_links: wish.unix_links,
        read_only: wish.read_only,
        root_is_folder: true,
        ..VolumeOptions::default()
    };
    let volume = Arc::new(Volume::new(host, options));
    let share = Share { read_only: wish.read_only, remark: "A directory".to_owned(), ..Share::disk("share") };
    let shares = vec![share, Share::disk("share2"), Share::ipc()];
    let config = ServerConfig {
        connection: Arc::new(connection),
        name: "POINTSMAN".to_owned(),
        shares,
        encrypt: wish.encrypt,
        reject_unencrypted: wish.encrypt,
        limits: ServerLimits::default(),
        interfaces: vec![NetworkInterface {
            index: 1,
            capabilities: InterfaceCapabilities::NONE,
            link_speed: 10_000_000_000,
            address: Some(Ipv4Addr::LOCALHOST.into()),
        }],
        first_id: 0x7000_0000,
    };
    Served {
        config: Arc::new(config),
        volumes: vec![Some(volume.clone()), Some(volume), None],
        authenticator,
        limits: Limits::default(),
    }
}

/// A server that runs until it is dropped.
pub struct Running {
    pub address: SocketAddr,
    pub daemon: Arc<Daemon>,
    _stop: watch::Sender<bool>,
    _runtime: tokio::runtime::Runtime,
}

/// Starts a server on a port of this machine; 0 takes one that is free.
pub fn start(directory: &Path, port: u16, wish: &Wish) -> Running {
    start_served(served(directory, wish), port)
}

/// Starts a server of something else.
pub fn start_served(served: Served, port: u16) -> Running {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let daemon = Daemon::new(served);
    let (stop, stopped) = watch::channel(false);
    let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, port))).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(daemon.clone().listen(listener, stopped));
    Running { address, daemon, _stop: stop, _runtime: runtime }
}
