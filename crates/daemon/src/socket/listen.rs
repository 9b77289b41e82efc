//! Accepting connections, within limits.
use std::net::IpAddr;
use std::sync::Arc;

use smb::server::{ConnectionId, Effect};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::unbounded_channel;
use tokio::sync::watch;
use tokio::time::{Duration, interval, sleep};

use super::task::Task;
use super::{Daemon, Inbox, lock};

/// How often the tables look at the clock.
const TICK: Duration = Duration::from_millis(500);

/// How long accepting rests when the process has no more descriptors.
const REST: Duration = Duration::from_millis(100);

/// A connection that is to be taken out of the tables when its task ends: also by a panic, which must not happen, and if it does ends that
/// connection alone and leaves nothing behind.
struct Leaving {
    daemon: Arc<Daemon>,
    id: ConnectionId,
}

impl Leaving {
    fn leave(&self) {
        lock(&self.daemon.inboxes).remove(self.id);
        self.daemon.clone().disconnected(self.id);
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.leave();
        }
    }
}

impl Daemon {
    /// Serves the connections of a listener until `stop` says true or is dropped; then every connection is closed.
    pub async fn listen(self: Arc<Daemon>, listener: TcpListener, mut stop: watch::Receiver<bool>) {
        let mut clock = interval(TICK);
        loop {
            tokio::select! {
                _ = clock.tick() => self.tick(),
                changed = stop.changed() => {
                    if changed.is_err() || *stop.borrow() {
                        return self.disconnect_all();
                    }
                }
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => self.accept(stream, peer.ip()),
                    Err(_) => sleep(REST).await,
                },
            }
        }
    }

    /// Tells every connection's task to end.
    fn disconnect_all(&self) {
        for (connection, inbox) in &lock(&self.inboxes).all {
            // A task that is gone has ended.
            let _ = inbox.mail.send(Effect::Disconnect { connection: *connection });
        }
    }

    fn accept(self: &Arc<Daemon>, stream: TcpStream, peer: IpAddr) {
        // Who is too many is let go at once.
        if !self.has_room_for(peer) || stream.set_nodelay(true).is_err() {
            return;
        }
        let id = self.new_connection();
        let (mail, inbox) = unbounded_channel();
        lock(&self.inboxes).insert(id, Inbox { mail, peer });
        let leaving = Leaving { daemon: self.clone(), id };
        tokio::spawn(async move {
            if let Some(task) = Task::new(leaving.daemon.clone(), id, peer, inbox) {
                task.run(stream).await;
            }
            leaving.leave();
        });
    }

    fn has_room_for(&self, peer: IpAddr) -> bool {
        let limits = self.serving().served.limits;
        let inboxes = lock(&self.inboxes);
        let same = inboxes.by_peer.get(&peer).copied().unwrap_or_default();
        inboxes.all.len() < limits.connections_max && same < limits.connections_per_address_max
    }
}
