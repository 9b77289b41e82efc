//! The process: listeners, signals, and what they change.
use super::build::Built;
use super::ready::{State, tell};
use super::{Plan, ServeError, descriptors, state};
use crate::config::PORT;
use crate::socket::Daemon;
use crate::{interfaces, metrics, status};
use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::time::sleep;

/// How long a stop waits for connections to end.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// How often the host is asked for its addresses.
const INTERFACES_EVERY: Duration = Duration::from_secs(30);

/// A server that listens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bound {
    /// Where clients come.
    pub listen: Vec<SocketAddr>,
    /// Where Prometheus asks.
    pub metrics: Option<SocketAddr>,
    /// Where `pointsman status` asks.
    pub status_socket: Option<PathBuf>,
    /// What the machine is called.
    pub host: String,
}

/// Serves until SIGTERM or SIGINT; SIGHUP reads the configuration again. `ready` hears where, once clients can come.
pub fn run(plan: Plan, ready: impl FnOnce(&Bound)) -> Result<(), ServeError> {
    descriptors::raise();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| ServeError::Io { what: "start threads", error })?;
    let result = runtime.block_on(serve(plan, ready));
    // Work on threads that a dead disk holds is not waited for.
    runtime.shutdown_timeout(STOP_PATIENCE);
    result
}

struct Signals {
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> io::Result<Signals> {
        Ok(Signals {
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// True for a reload, false for the end.
    async fn next(&mut self) -> bool {
        tokio::select! {
            _ = self.hangup.recv() => true,
            _ = self.terminate.recv() => false,
            _ = self.interrupt.recv() => false,
        }
    }
}

async fn serve(mut plan: Plan, ready: impl FnOnce(&Bound)) -> Result<(), ServeError> {
    crate::clock::now(); // the time counts from here
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    plan.server_guid = state::server_guid(&plan);
    let mut built = Built::new(&plan, &host, None)?;
    let mut signals = Signals::new().map_err(|error| ServeError::Io { what: "hear signals", error })?;
    let daemon = Daemon::new(built.served.clone());
    let (stop, stopped) = watch::channel(false);
    let mut bound = Bound { listen: Vec::new(), metrics: None, status_socket: None, host: host.clone() };
    for listener in listeners(&plan.config.listen).await? {
        bound.listen.extend(listener.local_addr());
        tokio::spawn(Arc::clone(&daemon).listen(listener, stopped.clone()));
    }
    tokio::spawn(tell_interfaces(Arc::clone(&daemon), bound.listen.clone(), stopped.clone()));
    if let Some(address) = plan.config.metrics {
        let listener = bind(address).await?;
        bound.metrics = listener.local_addr().ok();
        tokio::spawn(metrics::serve(listener, Arc::clone(&daemon), built.authenticator.clone()));
    }
    bound.status_socket = status_socket(&plan, &daemon);
    tracing::info!(listen = ?bound.listen, shares = plan.config.shares.len(), "serving");
    ready(&bound);
    tell(State::Ready);
    while signals.next().await {
        tell(State::Reloading);
        reload(&mut plan, &mut built, &host, &daemon);
        tell(State::Ready);
    }
    tell(State::Stopping);
    let _ = stop.send(true);
    wait_for_the_last(&daemon).await;
    if let Some(socket) = &bound.status_socket {
        // Whoever starts next would replace it anyway.
        let _ = std::fs::remove_file(socket);
    }
    sync(&plan);
    tracing::info!("stopped");
    Ok(())
}

/// Addresses come and go while the server runs.
async fn tell_interfaces(daemon: Arc<Daemon>, listen: Vec<SocketAddr>, mut stop: watch::Receiver<bool>) {
    loop {
        let told = interfaces::interfaces(&listen);
        daemon.server().set_interfaces(told);
        tokio::select! {
            () = sleep(INTERFACES_EVERY) => {}
            _ = stop.changed() => return,
        }
    }
}

/// Where it is said, or everywhere at the default port.
async fn listeners(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, ServeError> {
    if addresses.is_empty() {
        let everywhere = SocketAddr::from((Ipv6Addr::UNSPECIFIED, PORT));
        return match bind(everywhere).await {
            Ok(listener) => Ok(vec![listener]),
            // A host without IPv6.
            Err(ServeError::Listen { error, .. }) if error.kind() != io::ErrorKind::AddrInUse => {
                Ok(vec![bind((Ipv4Addr::UNSPECIFIED, PORT).into()).await?])
            }
            Err(error) => Err(error),
        };
    }
    let mut listeners = Vec::new();
    for address in addresses {
        listeners.push(bind(*address).await?);
    }
    Ok(listeners)
}

async fn bind(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|error| ServeError::Listen { address, error })
}

/// The server works without it, so a failure is told and not more.
fn status_socket(plan: &Plan, daemon: &Arc<Daemon>) -> Option<PathBuf> {
    let path = plan.config.status_socket.clone().or_else(|| status::default_sockets().into_iter().next())?;
    match status::bind(&path) {
        Ok(listener) => {
            tokio::spawn(status::serve(listener, Arc::clone(daemon)));
            Some(path)
        }
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "`pointsman status` will not work");
            None
        }
    }
}

/// Another configuration, or the old one when the new one is wrong. Nobody is disconnected.
fn reload(plan: &mut Plan, built: &mut Built, host: &str, daemon: &Daemon) {
    let Some(next) = plan.again() else {
        tracing::warn!("a directory is served as the command line says: there is nothing to read again");
        return;
    };
    let next = next.and_then(|next| Ok((Built::new(&next, host, Some(built))?, next)));
    match next {
        Ok((next_built, next_plan)) => {
            let same = |a: &Plan, b: &Plan| {
                (&a.config.listen, a.config.metrics) == (&b.config.listen, b.config.metrics)
                    && a.config.status_socket == b.config.status_socket
            };
            if !same(plan, &next_plan) {
                tracing::warn!("listen, metrics and status_socket count from the next start");
            }
            daemon.reload(next_built.served.clone());
            (*plan, *built) = (next_plan, next_built);
            tracing::info!(shares = plan.config.shares.len(), "reloaded");
        }
        Err(error) => tracing::error!(%error, "not reloaded: all stays as it was"),
    }
}

async fn wait_for_the_last(daemon: &Daemon) {
    let step = Duration::from_millis(20);
    let mut waited = Duration::ZERO;
    while daemon.counts().first().is_some_and(|connections| *connections > 0) && waited < STOP_PATIENCE {
        sleep(step).await;
        waited += step;
    }
}

/// What was written is on the disk before the process ends.
fn sync(plan: &Plan) {
    for share in plan.config.shares.iter().filter(|share| !share.read_only) {
        if let Err(error) = sync_one(&share.path) {
            tracing::error!(path = %share.path.display(), %error, "not synced");
        }
    }
}

fn sync_one(path: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(path)?)?)
}
