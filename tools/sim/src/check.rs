//! What each client was promised, and whether two promises exclude each other.
use crate::client::Client;
use smb::server::ConnectionId;
use wire::FileId;
use wire::create::{LeaseKey, LeaseState, OplockLevel};

/// How sure it is that a client still has what it was given. Between sending and hearing nobody can be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Sure {
    /// It has it not.
    No,
    /// It may or may not.
    Maybe,
    /// It must have it.
    Yes,
}

/// How an open shall outlive its connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Durable {
    /// It shall not, or was not granted.
    Not,
    /// SMB2_CREATE_DURABLE_HANDLE_REQUEST; the server's time for it is its own.
    V1,
    /// SMB2_CREATE_DURABLE_HANDLE_REQUEST_V2, and for how many milliseconds.
    V2(u32),
}

/// What an open caches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Caching {
    /// Nothing that excludes anybody.
    Little,
    /// By an oplock.
    Oplock(OplockLevel),
    /// By a lease.
    Lease(LeaseKey, LeaseState),
}

impl Caching {
    /// Nobody else may have the file open.
    pub fn excludes_others(self) -> bool {
        match self {
            Caching::Little => false,
            Caching::Oplock(level) => level == OplockLevel::BATCH || level == OplockLevel::EXCLUSIVE,
            Caching::Lease(_, state) => state.contains(LeaseState::WRITE_CACHING),
        }
    }

    /// An open with this is kept when its connection is lost. [MS-SMB2] 3.3.7.1
    pub fn keeps_open(self) -> bool {
        match self {
            Caching::Little => false,
            Caching::Oplock(level) => level == OplockLevel::BATCH,
            Caching::Lease(_, state) => state.contains(LeaseState::HANDLE_CACHING),
        }
    }
}

/// An open of a client.
#[derive(Clone, Debug)]
pub struct Hold {
    /// Which file.
    pub file: usize,
    /// As the server named it last.
    pub file_id: FileId,
    /// CreateGuid.
    pub create_guid: nt::Guid,
    /// It shares nothing.
    pub is_alone: bool,
    /// How it outlives its connection.
    pub durable: Durable,
    /// What it caches.
    pub caching: Caching,
    /// Whether that is so still.
    pub is_caching: Sure,
    /// Whether there is such an open.
    pub is_open: Sure,
    /// Whether it has the file's one range locked.
    pub has_lock: Sure,
    /// The connection it was lost with.
    pub lost_with: Option<ConnectionId>,
    /// When its connection was cut.
    pub cut_at: Option<u64>,
    /// When the server heard of that.
    pub heard_at: Option<u64>,
    /// It was asked for again, and no answer came yet.
    pub is_coming_back: bool,
}

impl Hold {
    /// Nobody can say any more.
    pub fn doubt(&mut self) {
        self.is_open = self.is_open.min(Sure::Maybe);
        self.has_lock = self.has_lock.min(Sure::Maybe);
        self.is_caching = self.is_caching.min(Sure::Maybe);
    }

    /// Its connection is cut: what is not durable goes when the server hears of it.
    pub fn lose(&mut self, now: u64, with: ConnectionId) {
        if self.cut_at.is_some() {
            // It was away already. If it came back without our hearing of it, the server's time runs from now.
            if std::mem::take(&mut self.is_coming_back) {
                (self.heard_at, self.lost_with) = (None, Some(with));
            }
            return;
        }
        (self.cut_at, self.lost_with) = (Some(now), Some(with));
        self.heard_at = None;
        let is_kept =
            self.durable != Durable::Not && self.caching.keeps_open() && self.is_caching == Sure::Yes;
        if !is_kept {
            self.doubt();
        }
    }

    /// The server has heard that a connection is cut.
    pub fn heard(&mut self, now: u64, ended: ConnectionId) {
        if self.lost_with != Some(ended) {
            return;
        }
        self.heard_at.get_or_insert(now);
        if self.durable == Durable::Not {
            (self.is_open, self.has_lock, self.is_caching) = (Sure::No, Sure::No, Sure::No);
        }
    }

    /// How long the server must keep it, in milliseconds from the cut.
    fn kept_for(&self) -> u64 {
        match self.durable {
            Durable::Not => 0,
            // The least that Windows and Samba give; [MS-SMB2] leaves it to the server.
            Durable::V1 => 16_000,
            Durable::V2(milliseconds) => u64::from(milliseconds),
        }
    }

    /// Time goes on: what was promised for a time is promised no longer.
    pub fn age(&mut self, now: u64) {
        let Some(cut_at) = self.cut_at else { return };
        if now >= cut_at + self.kept_for() {
            self.doubt();
        }
        if let (Some(heard_at), Durable::V2(milliseconds), false) = (self.heard_at, self.durable, self.is_coming_back)
            // The server looks at the clock once a second.
            && now > heard_at + u64::from(milliseconds) + 2000
        {
            (self.is_open, self.has_lock, self.is_caching) = (Sure::No, Sure::No, Sure::No);
        }
    }
}

/// What excludes each other and is surely there all the same.
pub fn conflict(clients: &[Client]) -> Option<String> {
    let all: Vec<(usize, &Hold)> =
        clients.iter().flat_map(|client| client.holds.iter().map(|hold| (client.number, hold))).collect();
    for (at, (mine, a)) in all.iter().enumerate() {
        for (theirs, b) in all.iter().skip(at + 1) {
            if a.file != b.file || mine == theirs {
                continue;
            }
            let both = a.is_open == Sure::Yes && b.is_open == Sure::Yes;
            if both && (a.is_alone || b.is_alone) {
                return Some(format!(
                    "clients {mine} and {theirs} have file {} open, and one shares nothing",
                    a.file
                ));
            }
            if a.has_lock == Sure::Yes && b.has_lock == Sure::Yes {
                return Some(format!("clients {mine} and {theirs} hold the same range of file {}", a.file));
            }
            // Who caches nothing may have the file open beside one who caches writes: what they do breaks it, and only an oplock
            // that is new is refused for them. [MS-FSA] 2.1.5.18.1
            let caches = |hold: &Hold| hold.is_caching == Sure::Yes && hold.caching != Caching::Little;
            if both && caches(a) && caches(b) && (a.caching.excludes_others() || b.caching.excludes_others())
            {
                return Some(format!(
                    "clients {mine} and {theirs} cache file {}, and one its writes",
                    a.file
                ));
            }
        }
    }
    None
}
