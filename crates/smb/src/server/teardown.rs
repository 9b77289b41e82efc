//! [MS-SMB2] 3.3.7.1, 3.3.4.8 and 3.3.5.6: what ends when a connection, a session or a tree connect does.
use super::{ConnectionId, Effect, Held, Open, Server};
use crate::connection::RequestId;
use crate::store::Op;

impl Server {
    /// A connection is gone. Sessions without another channel end with it. [MS-SMB2] 3.3.7.1
    pub fn disconnect(&mut self, connection: ConnectionId) -> Vec<Effect> {
        let of_connection = (connection, RequestId(0))..=(connection, RequestId(u64::MAX));
        let parked: Vec<_> = self.by_request.range(of_connection).map(|(_, ticket)| *ticket).collect();
        for ticket in parked {
            self.cancel_ticket(ticket);
        }
        let linked = self.connections.remove(&connection);
        for session_id in linked.map(|linked| linked.sessions).unwrap_or_default() {
            let Some(session) = self.sessions.get_mut(&session_id) else { continue };
            session.channels.remove(&connection);
            if session.channels.is_empty() {
                self.end_session(session_id);
            }
        }
        self.tell_again(connection);
        self.take_effects()
    }

    /// A session ends, with all that is in it. [MS-SMB2] 3.3.4.12
    pub(crate) fn end_session(&mut self, session_id: u64) {
        let Some(session) = self.sessions.remove(&session_id) else { return };
        for volatile in session.opens {
            if let Some(open) = self.opens.remove(&volatile) {
                self.release(open);
            }
        }
        for connection in session.channels.into_keys() {
            if let Some(linked) = self.connections.get_mut(&connection) {
                linked.sessions.remove(&session_id);
            }
            self.effects.push(Effect::Forget { connection, session_id });
        }
    }

    /// A tree connect ends, with its opens. [MS-SMB2] 3.3.5.8
    pub(crate) fn end_tree(&mut self, session_id: u64, tree_id: u32) {
        let Some(session) = self.sessions.get_mut(&session_id) else { return };
        session.trees.remove(&tree_id);
        let opens = &self.opens;
        let (ending, staying) = core::mem::take(&mut session.opens)
            .into_iter()
            .partition(|volatile| opens.get(volatile).is_some_and(|open| open.tree_id == tree_id));
        session.opens = staying;
        let ending: std::collections::BTreeSet<u64> = ending;
        for volatile in ending {
            if let Some(open) = self.opens.remove(&volatile) {
                self.release(open);
            }
        }
    }

    /// Takes an open out of the tables.
    pub(crate) fn remove_open(&mut self, volatile: u64) -> Option<Open> {
        let open = self.opens.remove(&volatile)?;
        if let Some(session) = self.sessions.get_mut(&open.session_id) {
            session.opens.remove(&volatile);
        }
        Some(open)
    }

    /// Closes what an open held, and nobody waits for it.
    pub(crate) fn release(&mut self, open: Open) {
        self.forget_caching(&open);
        if let Held::File(store) = open.held {
            self.submit_unheard(open.share, Op::Close { open: store, attributes: false });
        }
    }
}
