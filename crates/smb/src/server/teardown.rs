//! [MS-SMB2] 3.3.7.1, 3.3.4.8 and 3.3.5.6: what ends when a connection, a session or a tree connect does.
use super::{ConnectionId, Effect, Held, Open, Server, Ticket};
use crate::connection::Now;
use crate::store::Op;

/// What becomes of the opens of a session that ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Parting {
    /// Its client may come back for those it was promised: the connection was lost, or the client logged off.
    Kept(Now),
    /// They are closed, all of them.
    Closed,
}

impl Server {
    /// A connection is gone. Sessions without another channel end with it. [MS-SMB2] 3.3.7.1
    pub fn disconnect(&mut self, now: Now, connection: ConnectionId) -> Vec<Effect> {
        let linked = self.connections.get(&connection);
        let mut parked: Vec<_> = linked.into_iter().flat_map(|linked| linked.requests.iter()).collect();
        parked.sort_unstable();
        let parked: Vec<_> = parked.into_iter().map(|(_, ticket)| *ticket).collect();
        for ticket in parked {
            if !self.goes_on_without(connection, ticket) {
                self.cancel_ticket(ticket);
            }
        }
        let linked = self.connections.remove(&connection);
        for session_id in linked.map(|linked| linked.sessions).unwrap_or_default() {
            let Some(session) = self.sessions.get_mut(&session_id) else { continue };
            session.channels.remove(&connection);
            if session.channels.is_empty() {
                self.end_session(session_id, Parting::Kept(now));
            }
        }
        self.tell_again(connection);
        self.take_effects()
    }

    /// A CREATE that can be asked for again goes on when its channel is lost and its session has another: the client sends it
    /// again there. The book would cancel it (3.3.7.1); Windows does not (smbtorture smb2.replay.dhv2-pending2*-windows).
    fn goes_on_without(&self, connection: ConnectionId, ticket: Ticket) -> bool {
        let Some(parked) = self.parked.get(&ticket) else { return false };
        let session = parked.asked.as_ref().and_then(|asked| self.sessions.get(&asked.session_id));
        let has_another = session.is_some_and(|session| session.channels.keys().any(|id| *id != connection));
        has_another && parked.waiting.create_guid().is_some()
    }

    /// A session ends, with all that is in it. [MS-SMB2] 3.3.4.12
    pub(crate) fn end_session(&mut self, session_id: u64, parting: Parting) {
        let Some(session) = self.sessions.remove(&session_id) else { return };
        self.tree_count -= session.trees.len();
        for volatile in session.opens.into_numbers() {
            let kept = match parting {
                Parting::Kept(now) => {
                    let open = self.opens.get(&volatile);
                    open.and_then(|open| self.is_kept_for(open)).map(|time| now.monotonic + time)
                }
                Parting::Closed => None,
            };
            match kept {
                Some(until) => self.detach(volatile, until),
                None => {
                    if let Some(open) = self.take_open(volatile) {
                        self.release(open);
                    }
                }
            }
        }
        for connection in session.channels.into_keys() {
            if let Some(linked) = self.connections.get_mut(&connection) {
                linked.sessions.remove(&session_id);
            }
            self.effects.push(Effect::Forget { connection, session_id });
        }
    }

    /// A tree connect ends, with its opens, whatever was promised of them. [MS-SMB2] 3.3.5.8
    pub(crate) fn end_tree(&mut self, session_id: u64, tree_id: u32) {
        let Some(session) = self.sessions.get_mut(&session_id) else { return };
        self.tree_count -= usize::from(session.trees.remove(&tree_id).is_some());
        let is_ending =
            |volatile: &u64| self.opens.get(volatile).is_some_and(|open| open.is_of_tree(tree_id));
        let ending: Vec<u64> =
            session.opens.iter().map(|(volatile, ())| *volatile).filter(is_ending).collect();
        for volatile in ending {
            if let Some(open) = self.remove_open(volatile) {
                self.release(open);
            }
        }
    }

    /// Takes an open out of the tables.
    pub(crate) fn remove_open(&mut self, volatile: u64) -> Option<Open> {
        let open = self.take_open(volatile)?;
        if let Some(session) = open.session_id().and_then(|id| self.sessions.get_mut(&id)) {
            session.opens.remove(&volatile);
        }
        Some(open)
    }

    /// Closes what an open held, and nobody waits for it.
    pub(crate) fn release(&mut self, open: Open) {
        self.forget_caching(&open);
        if let Held::File(store) = open.held() {
            self.submit_unheard(open.share, Op::Close { open: store, attributes: false });
        }
    }
}
