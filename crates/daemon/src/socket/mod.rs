//! Sockets: a task a connection, and what they share: the server's tables, the stores, the way from one to the other.
//!
//! A task owns its connection's machine and runs what the server asks for: what the kernel answers from memory at once, what
//! may wait for a disk on a thread of its own. What another connection is to hear goes to the inbox of its task.
mod apart;
mod budget;
mod buffers;
mod deliver;
mod effects;
mod listen;
mod pace;
mod read;
mod task;
mod unacked;
mod write;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fsa::host::linux::LinuxHost;
use fsa::{Volume, WaitId};
use smb::server::{ConnectionId, Effect, Server, ServerConfig, ShareId, Ticket};
use smb::store::{Done, Op};
use tokio::sync::mpsc::UnboundedSender;

pub use budget::Traffic;

use crate::auth::Authenticator;
use crate::store::Store;

/// A store behind a share.
pub type ShareVolume = Volume<LinuxHost>;

/// How much of everything there may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Connections at once.
    pub connections_max: usize,
    /// Connections of one address at once.
    pub connections_per_address_max: usize,
    /// Descriptors that the opens of all sessions may have. When half of them are taken, no session opens more that has more opens than
    /// there are descriptors left.
    pub descriptors_max: usize,
    /// Bytes that one connection may hold: what it sent and is not answered, and what it was answered and has not read.
    pub buffer_bytes_per_connection: usize,
    /// Bytes that all connections may hold together.
    pub buffer_bytes: usize,
    /// How long a client may take to read what it is sent.
    pub write_timeout: Duration,
    /// How long a connection may be silent; SMB clients send an ECHO now and then.
    pub idle_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections_max: 4096,
            connections_per_address_max: 256,
            descriptors_max: usize::MAX,
            buffer_bytes_per_connection: 64 << 20,
            buffer_bytes: 1 << 30,
            write_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(15 * 60),
        }
    }
}

/// What is served: shares and the store of each; a pipe has none.
#[derive(Clone)]
pub struct Served {
    /// The server.
    pub config: Arc<ServerConfig>,
    /// A store a share, in the same order.
    pub volumes: Vec<Option<Arc<ShareVolume>>>,
    /// Who lets clients in.
    pub authenticator: Arc<dyn Authenticator>,
    /// How much of everything.
    pub limits: Limits,
}

/// What is served, with the store of each share found once.
struct Serving {
    served: Served,
    stores: Vec<Option<Store<LinuxHost>>>,
    /// How often something else was served before.
    generation: u64,
}

/// A running server.
pub struct Daemon {
    server: Mutex<Server>,
    serving: Mutex<Arc<Serving>>,
    /// That of `serving`: a task that knows it has no need of the lock.
    generation: AtomicU64,
    inboxes: Mutex<Inboxes>,
    waits: Mutex<Waits>,
    apart: apart::Apart,
    pace: pace::Pace,
    traffic: Arc<Traffic>,
    next_connection: AtomicU64,
}

struct Inbox {
    mail: UnboundedSender<Effect>,
    peer: IpAddr,
}

/// The inboxes of all connections, and how many come from each address.
#[derive(Default)]
struct Inboxes {
    all: HashMap<ConnectionId, Inbox>,
    by_peer: HashMap<IpAddr, usize>,
}

impl Inboxes {
    fn insert(&mut self, connection: ConnectionId, inbox: Inbox) {
        *self.by_peer.entry(inbox.peer).or_default() += 1;
        self.all.insert(connection, inbox);
    }

    fn remove(&mut self, connection: ConnectionId) {
        let Some(inbox) = self.all.remove(&connection) else { return };
        if let Some(count) = self.by_peer.get_mut(&inbox.peer) {
            *count -= 1;
            if *count == 0 {
                self.by_peer.remove(&inbox.peer);
            }
        }
    }
}

impl Serving {
    fn new(served: Served, generation: u64) -> Serving {
        let stores = served.volumes.iter().map(|volume| {
            let volume = volume.as_ref()?;
            let is_same = |other: &Option<Arc<ShareVolume>>| {
                other.as_ref().is_some_and(|other| Arc::ptr_eq(other, volume))
            };
            let number = served.volumes.iter().position(is_same)?;
            Some(Store { number, volume: volume.clone() })
        });
        Serving { stores: stores.collect(), served, generation }
    }

    /// Every store, once.
    fn stores(&self) -> impl Iterator<Item = &Store<LinuxHost>> {
        let stores = self.stores.iter().enumerate();
        stores.filter_map(|(share, store)| store.as_ref().filter(|store| store.number == share))
    }

    fn store_of(&self, share: ShareId) -> Option<&Store<LinuxHost>> {
        self.stores.get(share.0)?.as_ref()
    }
}

/// A request that waits in a store.
struct Waiter {
    ticket: Ticket,
    share: ShareId,
    op: Op,
}

/// Requests that wait in stores, by the store and the name that it gave the wait.
#[derive(Default)]
struct Waits {
    waiters: HashMap<(usize, WaitId), Waiter>,
    names: HashMap<Ticket, (usize, WaitId)>,
    /// Told before the wait was known here: done, or to be tried again.
    early: HashMap<(usize, WaitId), Option<Done>>,
}

impl Daemon {
    /// A server that nobody is connected to.
    pub fn new(served: Served) -> Arc<Daemon> {
        Arc::new(Daemon {
            server: Mutex::new(Server::new(served.config.clone())),
            serving: Mutex::new(Arc::new(Serving::new(served, 0))),
            generation: AtomicU64::new(0),
            inboxes: Mutex::new(Inboxes::default()),
            waits: Mutex::new(Waits::default()),
            apart: apart::Apart::default(),
            pace: pace::Pace::default(),
            traffic: Arc::new(Traffic::default()),
            next_connection: AtomicU64::new(1),
        })
    }

    /// Serves something else from now on; who is connected stays connected.
    pub fn reload(&self, served: Served) {
        lock(&self.server).reconfigure(served.config.clone());
        let mut serving = lock(&self.serving);
        let generation = serving.generation + 1;
        *serving = Arc::new(Serving::new(served, generation));
        self.generation.store(generation, Ordering::Release);
    }

    /// Connections, sessions, tree connects, opens and requests that wait.
    pub fn counts(&self) -> [usize; 5] {
        let [sessions, trees, opens, parked] = lock(&self.server).counts();
        [lock(&self.inboxes).all.len(), sessions, trees, opens, parked]
    }

    /// What goes through its connections.
    pub fn traffic(&self) -> &Arc<Traffic> {
        &self.traffic
    }

    /// The tables, for a moment: whoever holds them holds up every connection.
    pub fn server(&self) -> MutexGuard<'_, Server> {
        lock(&self.server)
    }

    /// From where a connection comes, while there is one.
    pub fn peer(&self, connection: ConnectionId) -> Option<IpAddr> {
        lock(&self.inboxes).all.get(&connection).map(|inbox| inbox.peer)
    }

    /// The store of a share.
    pub fn volume(&self, share: ShareId) -> Option<Arc<ShareVolume>> {
        self.serving().store_of(share).map(|store| store.volume.clone())
    }

    fn serving(&self) -> Arc<Serving> {
        lock(&self.serving).clone()
    }

    /// What is served now, if it is something else than is known already.
    fn look_up(&self, known: &mut Arc<Serving>) {
        if known.generation != self.generation.load(Ordering::Acquire) {
            *known = self.serving();
        }
    }

    fn new_connection(&self) -> ConnectionId {
        ConnectionId(self.next_connection.fetch_add(1, Ordering::Relaxed))
    }
}

/// Takes a lock, whatever became of who had it last.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
