//! What `pointsman status` shows: a socket in the file system, that the owner of the server may open, and one JSON object.
use crate::clock;
use crate::socket::Daemon;
use crate::store::open_in_store;
use fsa::OpenId;
use serde::{Deserialize, Serialize};
use smb::server::CachingView;
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::UnixStream as BlockingStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixListener;
use tokio::time::{sleep, timeout};
use wire::create::{LeaseState, OplockLevel};

/// The most sessions, and the most opens, that are listed.
pub const LISTED_MAX: usize = 10_000;

/// The most bytes of a status that are read.
const STATUS_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// How long a client may take to read it.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server at one moment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Status {
    /// The version that runs.
    pub version: String,
    /// The process.
    pub pid: u32,
    /// Seconds since it started.
    pub uptime_s: u64,
    /// Connections there are.
    pub connections: usize,
    /// Requests that wait.
    pub waiting_requests: usize,
    /// How many sessions there are.
    pub sessions_total: usize,
    /// How many opens there are, pipes among them.
    pub opens_total: usize,
    /// How many leases there are.
    pub leases_total: usize,
    /// How many opens wait for a client that is gone to come back.
    pub disconnected_opens_total: usize,
    /// The sessions, up to [`LISTED_MAX`].
    pub sessions: Vec<SessionStatus>,
    /// The opens of files, up to [`LISTED_MAX`].
    pub opens: Vec<OpenStatus>,
}

/// A session.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SessionStatus {
    /// Its id, in hexadecimal.
    pub id: String,
    /// Who; empty for nobody, absent while the logon is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// From where.
    pub peers: Vec<String>,
    /// The dialect of its first connection.
    pub dialect: String,
    /// Whether its messages are encrypted.
    pub encrypted: bool,
    /// Seconds since it began.
    pub age_s: u64,
    /// The shares it is connected to.
    pub shares: Vec<String>,
    /// How many opens it has.
    pub opens: usize,
}

/// An open.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OpenStatus {
    /// Of which session, in hexadecimal; absent while its client is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Seconds until it is closed unless its client comes back; absent while the client is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closes_in_s: Option<u64>,
    /// On which share.
    pub share: String,
    /// The path below the share.
    pub path: String,
    /// Whether it is a directory.
    pub directory: bool,
    /// The rights it has, in hexadecimal.
    pub access: String,
    /// What its client may keep: `lease RWH`, an oplock (`II`, `exclusive`, `batch`), or `none`.
    pub caching: String,
}

/// Where the socket is unless said otherwise: the first that can be. systemd's RUNTIME_DIRECTORY, the user's
/// XDG_RUNTIME_DIR, and `/run/pointsman`.
pub fn default_sockets() -> Vec<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let user = set("XDG_RUNTIME_DIR").map(|directory| directory.join("pointsman"));
    let directories = [set("RUNTIME_DIRECTORY"), user, Some("/run/pointsman".into())];
    directories.into_iter().flatten().map(|directory| directory.join("status.sock")).collect()
}

/// Asks a server.
pub fn ask(socket: &Path) -> io::Result<Status> {
    let stream = BlockingStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut text = String::new();
    stream.take(STATUS_BYTES_MAX).read_to_string(&mut text)?;
    serde_json::from_str(&text).map_err(io::Error::other)
}

/// Makes the socket. One that nobody listens at any more is replaced; one that somebody does is not.
pub(crate) fn bind(path: &Path) -> io::Result<UnixListener> {
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    match BlockingStream::connect(path) {
        Ok(_) => return Err(io::Error::new(io::ErrorKind::AddrInUse, "another server answers there")),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => std::fs::remove_file(path)?,
        Err(_) => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Answers whoever asks.
pub(crate) async fn serve(listener: UnixListener, daemon: Arc<Daemon>) {
    loop {
        match listener.accept().await {
            Ok((mut stream, _)) => {
                let status = serde_json::to_vec(&status(&daemon)).unwrap_or_default();
                // Who asks and does not listen waits for nobody but the next who asks.
                let _ = timeout(PATIENCE, stream.write_all(&status)).await;
            }
            Err(error) => {
                tracing::warn!(%error, "status");
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// The server as it is now.
fn status(daemon: &Daemon) -> Status {
    let now = clock::now().monotonic;
    let [connections, sessions_total, _, opens_total, waiting_requests] = daemon.counts();
    let (sessions, opens, shares, leases_total, disconnected_opens_total) = {
        let server = daemon.server();
        let shares: Vec<String> = server.config().shares.iter().map(|share| share.name.clone()).collect();
        let (leases, disconnected) = (server.lease_count(), server.waiting_count());
        (server.sessions(LISTED_MAX), server.opens(LISTED_MAX), shares, leases, disconnected)
    };
    let share = |id: smb::server::ShareId| shares.get(id.0).cloned().unwrap_or_default();
    Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        uptime_s: now.as_secs(),
        connections,
        waiting_requests,
        sessions_total,
        opens_total,
        leases_total,
        disconnected_opens_total,
        sessions: sessions
            .into_iter()
            .map(|session| SessionStatus {
                id: format!("{:x}", session.id),
                user: session.user,
                peers: session
                    .connections
                    .iter()
                    .filter_map(|id| daemon.peer(*id))
                    .map(|ip| ip.to_string())
                    .collect(),
                dialect: session.dialect.name().unwrap_or("SMB").to_owned(),
                encrypted: session.is_encrypted,
                age_s: now.saturating_sub(session.created).as_secs(),
                shares: session.trees.into_iter().map(share).collect(),
                opens: session.opens,
            })
            .collect(),
        opens: opens
            .into_iter()
            .map(|open| OpenStatus {
                session: open.session_id.map(|id| format!("{id:x}")),
                closes_in_s: open.waits_until.map(|until| until.saturating_sub(now).as_secs()),
                share: share(open.share),
                path: path(daemon, open.share, open_in_store(open.store)),
                directory: open.is_directory,
                access: format!("{:#010x}", open.granted.0),
                caching: caching(open.caching),
            })
            .collect(),
    }
}

fn caching(caching: CachingView) -> String {
    let lease = |state: LeaseState| {
        let parts = [
            (LeaseState::READ_CACHING, 'R'),
            (LeaseState::WRITE_CACHING, 'W'),
            (LeaseState::HANDLE_CACHING, 'H'),
        ];
        parts.iter().filter(|(part, _)| state.contains(*part)).map(|(_, letter)| *letter).collect::<String>()
    };
    match caching {
        CachingView::Lease(state) if state == LeaseState::NONE => "lease none".to_owned(),
        CachingView::Lease(state) => format!("lease {}", lease(state)),
        CachingView::Oplock(OplockLevel::II) => "II".to_owned(),
        CachingView::Oplock(OplockLevel::EXCLUSIVE) => "exclusive".to_owned(),
        CachingView::Oplock(OplockLevel::BATCH) => "batch".to_owned(),
        CachingView::Oplock(_) => "none".to_owned(),
    }
}

/// The path of an open as it is now; empty when it has been closed meanwhile.
fn path(daemon: &Daemon, share: smb::server::ShareId, open: OpenId) -> String {
    let volume = daemon.volume(share);
    let open = volume.and_then(|volume| volume.open_of(open).ok());
    open.map_or_else(String::new, |open| String::from_utf16_lossy(open.path().units()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_may_keep_is_said_in_letters() {
        let all = LeaseState::READ_CACHING | LeaseState::HANDLE_CACHING | LeaseState::WRITE_CACHING;
        assert_eq!(caching(CachingView::Lease(all)), "lease RWH");
        assert_eq!(caching(CachingView::Lease(LeaseState::READ_CACHING)), "lease R");
        assert_eq!(caching(CachingView::Lease(LeaseState::NONE)), "lease none");
        assert_eq!(caching(CachingView::Oplock(OplockLevel::BATCH)), "batch");
        assert_eq!(caching(CachingView::Oplock(OplockLevel::NONE)), "none");
    }

    #[tokio::test]
    async fn a_socket_that_nobody_answers_at_is_replaced_and_one_that_somebody_does_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("below").join("status.sock");
        let first = bind(&path).unwrap();
        assert_eq!(bind(&path).err().unwrap().kind(), io::ErrorKind::AddrInUse);
        drop(first);
        assert!(path.exists());
        bind(&path).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
    }
}
