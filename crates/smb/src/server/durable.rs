//! [MS-SMB2] 3.3.1.10, 3.3.7.1, 3.3.2.2 and 3.3.2.4: opens that outlive their connection, and how they are found again.
use core::time::Duration;

use nt::security::Sid;
use nt::{CreateAction, Guid, NtStatus, Utf16};
use wire::create::{AppInstanceVersion, LeaseState, OplockLevel};

use super::open::{Attachment, Open};
use super::{Asked, Held, Server};
use crate::connection::Now;
use crate::store::{Caching, Op};

/// The longest time that is promised, however long a client asks for. [MS-SMB2] 3.3.5.9.10
pub(crate) const TIMEOUT_MAX: Duration = Duration::from_secs(300);

/// What is promised of an open whose client goes. [MS-SMB2] 3.3.1.10
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Open.IsDurable: it is kept while nobody else wants the file.
    Durable,
    /// Open.IsResilient: it is kept, whoever wants the file.
    Resilient,
}

/// A promise.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Promise {
    pub(crate) kind: Kind,
    /// Open.DurableOpenTimeout or ResiliencyTimeout.
    pub(crate) timeout: Duration,
    /// Open.DurableOwner.
    pub(crate) owner: Sid,
}

/// Open.AppInstanceId, and the version where the client gave one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct AppInstance {
    pub(crate) id: Guid,
    pub(crate) version: Option<AppInstanceVersion>,
}

/// By what an open is found again.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Recall {
    pub(crate) promise: Option<Promise>,
    /// FileId.Persistent.
    pub(crate) persistent: u64,
    /// Open.ClientGuid.
    pub(crate) client: Guid,
    /// What CREATE did, for when it is asked again.
    pub(crate) action: CreateAction,
    /// Open.CreateGuid.
    pub(crate) create_guid: Option<Guid>,
    /// Open.IsReplayEligible.
    pub(crate) is_replay_eligible: bool,
    pub(crate) app_instance: Option<AppInstance>,
    /// The name that CREATE asked for, and the path from the volume's root that it led to then.
    pub(crate) asked: Utf16,
    pub(crate) path: Utf16,
}

impl Recall {
    /// True when a name means this open: as it was asked for, unless the file was renamed meanwhile; then as it is now.
    pub(crate) fn is_named(&self, name: &Utf16, path_now: &Utf16) -> bool {
        match path_now == &self.path {
            true => self.asked.eq_ignore_case(name),
            false => trimmed(path_now).eq_ignore_case(&trimmed(name)),
        }
    }
}

/// Without the backslash in front.
fn trimmed(path: &Utf16) -> Utf16 {
    let units = path.units();
    Utf16::from(units.strip_prefix(&[u16::from(b'\\')]).unwrap_or(units))
}

impl Server {
    /// Enters what a client may ask for later. A limit keeps a promise from being made, never from being kept.
    pub(crate) fn remember(&mut self, volatile: u64, mut recall: Recall) {
        if self.promised.len() >= self.config.limits.durable_opens {
            recall.promise = None;
        }
        let Some(open) = self.opens.get_mut(&volatile) else { return };
        recall.persistent = open.persistent(volatile);
        if recall.promise.is_some() {
            self.promised.insert(recall.persistent, volatile);
        }
        if let Some(guid) = recall.create_guid {
            self.created.insert((recall.client.0, guid.0, volatile));
        }
        if let Some(app) = recall.app_instance {
            self.app_instances.insert((app.id.0, volatile));
        }
        *open.recall_or_default() = recall;
    }

    /// Makes a promise of an open that there is, in the place of an earlier one. False when there are as many as may be.
    pub(crate) fn promise(&mut self, volatile: u64, promise: Promise) -> bool {
        let Some(open) = self.opens.get_mut(&volatile) else { return false };
        let persistent = open.persistent(volatile);
        let is_new = !self.promised.contains_key(&persistent);
        if is_new && self.promised.len() >= self.config.limits.durable_opens {
            return false;
        }
        self.promised.insert(persistent, volatile);
        let recall = open.recall_or_default();
        (recall.persistent, recall.promise) = (persistent, Some(promise));
        true
    }

    /// Takes an open out of every table but those of its session and its caching.
    pub(crate) fn take_open(&mut self, volatile: u64) -> Option<Open> {
        let open = self.opens.remove(&volatile)?;
        if let (Held::Pipe, Some(session_id)) = (open.held(), open.session_id()) {
            self.pipes.remove(&(session_id, volatile));
        }
        if let Some(recall) = open.recall() {
            if self.promised.get(&recall.persistent) == Some(&volatile) {
                self.promised.remove(&recall.persistent);
            }
            if let Some(guid) = recall.create_guid {
                self.created.remove(&(recall.client.0, guid.0, volatile));
            }
            if let Some(app) = recall.app_instance {
                self.app_instances.remove(&(app.id.0, volatile));
            }
        }
        Some(open)
    }

    /// How long an open whose session ends is kept. [MS-SMB2] 3.3.7.1
    pub(super) fn is_kept_for(&self, open: &Open) -> Option<Duration> {
        let promise = open.recall()?.promise.as_ref()?;
        match promise.kind {
            Kind::Resilient => Some(promise.timeout),
            Kind::Durable => self.caches_handle(open).then_some(promise.timeout),
        }
    }

    /// The client may keep the handle: a batch oplock, or a lease with handle caching, that is held and does not break.
    pub(crate) fn caches_handle(&self, open: &Open) -> bool {
        match open.lease() {
            Some(id) => self.leases.get(&id).is_some_and(|lease| {
                lease.breaking.is_none() && lease.state.contains(LeaseState::HANDLE_CACHING)
            }),
            None => open.oplock == OplockLevel::BATCH && open.breaking().is_none(),
        }
    }

    /// The client of an open is gone, and the open is kept.
    pub(super) fn detach(&mut self, volatile: u64, until: Duration) {
        if let Some(open) = self.opens.get_mut(&volatile) {
            open.detach(until);
        }
    }

    /// Gives an open to the session of a request, under a new volatile id, which is returned. [MS-SMB2] 3.3.5.9.7 and 3.3.5.9.12
    pub(crate) fn reclaim(&mut self, asked: &Asked, volatile: u64) -> Option<u64> {
        let mut open = self.take_open(volatile)?;
        let new = self.new_id();
        open.attachment = Attachment::Attached { session_id: asked.session_id, tree_id: asked.tree_id };
        // The new session counts its channels from the start.
        open.sequence.number = asked.channel_sequence;
        if let Held::File(store) = open.held() {
            self.by_store.insert(store, new);
        }
        if let Some(lease) = open.lease().and_then(|id| self.leases.get_mut(&id)) {
            lease.opens.remove(&volatile);
            lease.opens.insert(new);
        }
        if let Some(session) = self.sessions.get_mut(&asked.session_id) {
            session.opens.insert(new, ());
        }
        if let Some(recall) = open.recall() {
            if recall.promise.is_some() {
                self.promised.insert(recall.persistent, new);
            }
            if let Some(guid) = recall.create_guid {
                self.created.insert((recall.client.0, guid.0, new));
            }
            if let Some(app) = recall.app_instance {
                self.app_instances.insert((app.id.0, new));
            }
        }
        self.opens.insert(new, open);
        Some(new)
    }

    /// Closes what nobody came back for. [MS-SMB2] 3.3.6.2 and 3.3.6.3
    pub(super) fn scavenge(&mut self, now: Now) {
        let is_late = |volatile: &u64| {
            let until = self.opens.get(volatile).and_then(|open| open.waits_until());
            until.is_some_and(|until| until <= now.monotonic)
        };
        let late: Vec<u64> = self.promised.values().copied().filter(is_late).collect();
        for volatile in late {
            self.close_waiting(volatile);
        }
    }

    /// Closes an open whose client is gone.
    pub(crate) fn close_waiting(&mut self, volatile: u64) {
        let is_waiting = self.opens.get(&volatile).is_some_and(|open| open.is_waiting());
        if is_waiting && let Some(open) = self.take_open(volatile) {
            self.release(open);
        }
    }

    /// Others want what an open caches whose client is gone. A durable open is closed, as Windows does; a resilient one stays
    /// and caches nothing any more. [MS-SMB2] 3.3.4.6 and 3.3.4.7
    pub(super) fn yield_waiting(&mut self, volatile: u64) {
        let Some(open) = self.opens.get_mut(&volatile).filter(|open| open.is_waiting()) else { return };
        let promise = open.recall().and_then(|recall| recall.promise.as_ref());
        if promise.is_none_or(|promise| promise.kind == Kind::Durable) {
            return self.close_waiting(volatile);
        }
        open.oplock = OplockLevel::NONE;
        open.set_breaking(None);
        let share = open.share;
        if let Held::File(store) = open.held() {
            self.submit_unheard(share, Op::Acknowledge { open: store, caching: Caching::None });
        }
    }

    /// How many opens wait for their client.
    pub fn waiting_count(&self) -> usize {
        let is_waiting = |volatile: &&u64| self.opens.get(volatile).is_some_and(|open| open.is_waiting());
        self.promised.values().filter(is_waiting).count()
    }

    /// The open with this persistent id, if something was promised of it. [MS-SMB2] 3.3.5.9.7
    pub(crate) fn promised(&self, persistent: u64) -> Result<(u64, &Open), NtStatus> {
        let volatile = self.promised.get(&persistent).ok_or(NtStatus::OBJECT_NAME_NOT_FOUND)?;
        let open = self.opens.get(volatile).ok_or(NtStatus::OBJECT_NAME_NOT_FOUND)?;
        Ok((*volatile, open))
    }

    /// The open that a CREATE made that a client sends again. [MS-SMB2] 3.3.5.9.10
    pub(crate) fn replayed(&self, client: Guid, create_guid: Guid) -> Option<(u64, &Open)> {
        let (client, guid) = (client.0, create_guid.0);
        let all = self.created.range((client, guid, 0)..=(client, guid, u64::MAX));
        all.filter_map(|(_, _, volatile)| Some((*volatile, self.opens.get(volatile)?)))
            .find(|(_, open)| open.recall().is_some_and(|recall| recall.is_replay_eligible))
    }

    /// The open of another client's instance of an application. [MS-SMB2] 3.3.5.9.13
    pub(crate) fn of_app_instance(
        &self,
        id: Guid,
        is_meant: impl Fn(&Open, &Recall) -> bool,
    ) -> Option<(u64, &Open)> {
        let all = self.app_instances.range((id.0, 0)..=(id.0, u64::MAX));
        all.filter_map(|(_, volatile)| Some((*volatile, self.opens.get(volatile)?)))
            .find(|(_, open)| open.recall().is_some_and(|recall| is_meant(open, recall)))
    }
}
