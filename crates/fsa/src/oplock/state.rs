//! The state of a stream's oplocks, as a sum: what cannot be together cannot be said. [MS-FSA] 2.1.1.10, 2.1.1.11, 2.1.4.13
//!
//! The book keeps a set of flags. Here nobody has an oplock, or one open has one that excludes others, or any number of
//! opens share; a shared state's flags follow from who is in which list, so there is nothing to recompute.
use super::level::{Caching, OplockLevel};
use crate::opens::OpenId;
use crate::parked::WaitId;
use nt::{Guid, NtStatus, Utf16};

/// What opens of one client have in common, so that they do not break each other's oplocks: TargetOplockKey. An SMB lease
/// key. [MS-FSA] 2.1.1.6
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct OplockKey(pub Guid);

/// An open that has an oplock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Holder {
    pub(crate) open: OpenId,
    pub(crate) key: Option<OplockKey>,
}

/// Who asks for something that may break an oplock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Actor {
    /// The open, if it is one already.
    pub(crate) open: Option<OpenId>,
    pub(crate) key: Option<OplockKey>,
    pub(crate) parent: Option<OplockKey>,
}

impl Actor {
    /// True when the holder is the same open, or one with the same key. [MS-FSA] 2.1.4.12.2
    pub(crate) fn is(&self, holder: &Holder, parent: bool) -> bool {
        let key = if parent { self.parent } else { self.key };
        self.open == Some(holder.open) || (key.is_some() && key == holder.key)
    }
}

impl Holder {
    pub(crate) fn is(&self, other: &Holder) -> bool {
        self.open == other.open || (self.key.is_some() && self.key == other.key)
    }
}

/// What has to be told of a break. [MS-FSA] 2.1.5.18.3
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Told {
    pub(crate) open: OpenId,
    pub(crate) level: OplockLevel,
    pub(crate) acknowledge: bool,
    pub(crate) status: NtStatus,
}

impl Told {
    pub(crate) fn broken(holder: &Holder, level: OplockLevel, acknowledge: bool) -> Told {
        Told { open: holder.open, level, acknowledge, status: NtStatus::SUCCESS }
    }

    pub(crate) fn switched(holder: &Holder, level: OplockLevel) -> Told {
        let status = NtStatus::OPLOCK_SWITCHED_TO_NEW_HANDLE;
        Told { open: holder.open, level, acknowledge: false, status }
    }

    pub(crate) fn too_much(holder: &Holder, level: OplockLevel) -> Told {
        let status = NtStatus::CANNOT_GRANT_REQUESTED_OPLOCK;
        Told { open: holder.open, level, acknowledge: true, status }
    }
}

/// The oplocks of one stream.
#[derive(Default)]
pub(crate) struct Oplock {
    pub(crate) state: State,
    /// Requests that wait for a break to be acknowledged.
    pub(crate) waiting: Vec<(WaitId, Actor)>,
}

/// Who has which.
#[derive(Default)]
pub(crate) enum State {
    /// Nobody has any: NO_OPLOCK.
    #[default]
    Free,
    /// One open has it, and no other can: EXCLUSIVE.
    Exclusive(Holder, Held),
    /// Opens share.
    Shared(Shared),
}

/// An oplock that excludes others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Held {
    /// Level 1, or batch.
    Legacy { batch: bool, breaking: Option<LegacyBreak> },
    /// Read and write caching, with or without handle caching.
    Granular { caching: Caching, breaking: Option<GranularBreak> },
}

/// What a level 1 or batch oplock is breaking to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LegacyBreak {
    Two,
    None,
    /// The holder was told level 2, and meanwhile it is none.
    TwoThenNone,
}

/// What an exclusive granular oplock is breaking to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct GranularBreak {
    /// What the holder was told.
    pub(crate) told: Caching,
    /// What it is by now.
    pub(crate) to: Caching,
}

/// Oplocks that opens share.
#[derive(Default)]
pub(crate) struct Shared {
    /// Level 2: IIOplocks.
    pub(crate) two: Vec<Holder>,
    /// Read caching: ROplocks.
    pub(crate) read: Vec<Holder>,
    /// Read and handle caching: RHOplocks.
    pub(crate) read_handle: Vec<Holder>,
    /// Those that were read and handle caching and are breaking: RHBreakQueue.
    pub(crate) breaking: Vec<ReadHandleBreak>,
}

/// A read and handle caching oplock that is breaking. [MS-FSA] 2.1.1.11
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ReadHandleBreak {
    pub(crate) holder: Holder,
    /// To read caching; else to none.
    pub(crate) to_read: bool,
    /// The holder was told read caching, and may acknowledge that even where it is none by now.
    pub(crate) told_read: bool,
}

impl Shared {
    pub(crate) fn is_empty(&self) -> bool {
        self.two.is_empty() && self.read.is_empty() && self.read_handle.is_empty() && self.breaking.is_empty()
    }

    /// True when nobody has handle caching, or is losing it.
    pub(crate) fn is_without_handles(&self) -> bool {
        self.read_handle.is_empty() && self.breaking.is_empty()
    }

    /// The state has a flag that says what it is breaking to: all that is left is breaking, and to the same.
    pub(crate) fn is_breaking(&self) -> bool {
        let all = |to_read| self.breaking.iter().all(|context| context.to_read == to_read);
        !self.breaking.is_empty()
            && self.read.is_empty()
            && self.read_handle.is_empty()
            && (all(true) || all(false))
    }
}

impl Oplock {
    /// True when some open has handle caching.
    pub(crate) fn caches_handles(&self) -> bool {
        match &self.state {
            State::Free => false,
            State::Exclusive(_, Held::Legacy { .. }) => false,
            State::Exclusive(_, Held::Granular { caching, .. }) => caching.contains(Caching::HANDLE),
            State::Shared(shared) => !shared.is_without_handles(),
        }
    }

    /// True when the oplocks are of the new kind.
    pub(crate) fn is_granular(&self) -> bool {
        match &self.state {
            State::Free => false,
            State::Exclusive(_, held) => matches!(held, Held::Granular { .. }),
            State::Shared(shared) => shared.two.is_empty(),
        }
    }

    pub(crate) fn is_batch(&self) -> bool {
        matches!(self.state, State::Exclusive(_, Held::Legacy { batch: true, .. }))
    }

    /// A shared state that nobody shares is none.
    pub(crate) fn settle(&mut self) {
        if matches!(&self.state, State::Shared(shared) if shared.is_empty()) {
            self.state = State::Free;
        }
    }

    /// What an open has, or another with its key.
    pub(crate) fn level_of(&self, holder: &Holder) -> OplockLevel {
        match &self.state {
            State::Exclusive(who, held) if who.is(holder) => match *held {
                Held::Legacy { batch: true, .. } => OplockLevel::Batch,
                Held::Legacy { batch: false, .. } => OplockLevel::One,
                Held::Granular { caching, .. } => OplockLevel::Granular(caching),
            },
            State::Shared(shared) => {
                let among = |list: &[Holder]| list.iter().any(|who| who.is(holder));
                if among(&shared.read_handle) || shared.breaking.iter().any(|one| one.holder.is(holder)) {
                    OplockLevel::Granular(Caching::READ | Caching::HANDLE)
                } else if among(&shared.read) {
                    OplockLevel::Granular(Caching::READ)
                } else if among(&shared.two) {
                    OplockLevel::Two
                } else {
                    OplockLevel::None
                }
            }
            _ => OplockLevel::None,
        }
    }

    /// The waits that are over: all where nothing is breaking, and with read and handle caching those that no break in the
    /// queue concerns.
    pub(crate) fn released(&mut self) -> Vec<WaitId> {
        let queue: &[ReadHandleBreak] = match &self.state {
            State::Exclusive(_, Held::Legacy { breaking: Some(_), .. })
            | State::Exclusive(_, Held::Granular { breaking: Some(_), .. }) => return Vec::new(),
            State::Shared(shared) => &shared.breaking,
            _ => &[],
        };
        let (over, on): (Vec<_>, Vec<_>) = self
            .waiting
            .drain(..)
            .partition(|(_, who)| queue.iter().all(|context| who.is(&context.holder, false)));
        self.waiting = on;
        over.into_iter().map(|(wait, _)| wait).collect()
    }
}

/// The oplocks of a file's streams, by their names in upper case.
#[derive(Default)]
pub(crate) struct OplockTable {
    streams: Vec<(Option<Utf16>, Oplock)>,
}

impl OplockTable {
    /// That of a stream, if it has any or somebody waits.
    pub(crate) fn find(&mut self, stream: Option<&Utf16>) -> Option<&mut Oplock> {
        self.streams.iter_mut().find(|(name, _)| name.as_ref() == stream).map(|(_, oplock)| oplock)
    }

    /// That of a stream, made where there is none. What was made is forgotten by [`OplockTable::sweep`].
    pub(crate) fn of(&mut self, stream: Option<&Utf16>) -> Option<&mut Oplock> {
        if self.find(stream).is_none() {
            self.streams.push((stream.cloned(), Oplock::default()));
        }
        self.find(stream)
    }

    /// A stream has another name.
    pub(crate) fn rename(&mut self, from: Option<&Utf16>, to: Option<&Utf16>) {
        if let Some((name, _)) = self.streams.iter_mut().find(|(name, _)| name.as_ref() == from) {
            *name = to.cloned();
        }
    }

    /// True when no stream has any.
    pub(crate) fn is_empty(&self) -> bool {
        self.streams.is_empty()
    }

    /// Forgets streams that have none and where nobody waits.
    pub(crate) fn sweep(&mut self) {
        self.streams
            .retain(|(_, oplock)| !(matches!(oplock.state, State::Free) && oplock.waiting.is_empty()));
    }

    /// Every stream that has some.
    pub(crate) fn names(&self) -> Vec<Option<Utf16>> {
        self.streams.iter().map(|(name, _)| name.clone()).collect()
    }

    /// A request waits no longer; false if it did not.
    pub(crate) fn forget_wait(&mut self, wait: WaitId) -> bool {
        self.streams.iter_mut().any(|(_, oplock)| {
            let count = oplock.waiting.len();
            oplock.waiting.retain(|(other, _)| *other != wait);
            oplock.waiting.len() != count
        })
    }
}
