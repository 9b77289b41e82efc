//! Opportunistic locks, which SMB calls oplocks and leases. [MS-FSA] 2.1.5.18, 2.1.5.19 and 2.1.4.12
//!
//! A grant is the answer to the request; a break is told in a [`Completion::OplockBreak`]. An operation that has to wait for
//! a break says so ([`Refusal::waits`]) having changed nothing, and is submitted again on [`Completion::Resume`].
mod acknowledge;
mod check;
mod level;
mod request;
mod state;

pub use level::{Caching, OplockLevel};
pub use state::OplockKey;

pub(crate) use check::Breaks;
pub(crate) use state::{Actor, OplockTable};

use crate::file::{File, FileState};
use crate::host::Host;
use crate::link::{Link, LinkState};
use crate::opens::{Open, OpenId};
use crate::parked::{Completion, Waits};
use crate::refusal::Refusal;
use crate::stream::folded;
use crate::volume::Volume;
use nt::{AccessMask, CreateOptions, Utf16};
use request::{Facts, not_granted};
use state::{Held, Holder, Oplock, Told};
use std::sync::{Arc, MutexGuard};

/// The rights of an open for attributes.
const ATTRIBUTES_ONLY: AccessMask = AccessMask(
    AccessMask::FILE_READ_ATTRIBUTES.0
        | AccessMask::FILE_WRITE_ATTRIBUTES.0
        | AccessMask::READ_CONTROL.0
        | AccessMask::SYNCHRONIZE.0,
);

/// Whether an operation waits for a break, or goes on and only says that one is under way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Patience {
    /// It waits.
    Waits,
    /// FILE_COMPLETE_IF_OPLOCKED, and changes in a directory.
    GoesOn,
}

impl<H: Host> Open<H> {
    pub(crate) fn actor(&self) -> Actor {
        Actor { open: Some(self.id), key: self.oplock_key(), parent: self.parent_oplock_key() }
    }

    fn holder(&self) -> Holder {
        Holder { open: self.id, key: self.oplock_key() }
    }

    fn folded_stream(&self) -> Option<Utf16> {
        self.stream().map(folded)
    }
}

impl<H: Host> Volume<H> {
    /// Asks for an oplock on an open's stream. Granted it stays until a [`Completion::OplockBreak`] of the open, or its close;
    /// not granted the refusal is OPLOCK_NOT_GRANTED. [MS-FSA] 2.1.5.18
    pub fn request_oplock(&self, id: OpenId, level: OplockLevel) -> Result<(), Refusal> {
        const SYNCHRONOUS: CreateOptions =
            CreateOptions(CreateOptions::SYNCHRONOUS_IO_ALERT.0 | CreateOptions::SYNCHRONOUS_IO_NONALERT.0);
        let open = self.open_of(id)?;
        let caching = match level {
            OplockLevel::Granular(caching) if caching == Caching::NONE => return Ok(()),
            OplockLevel::Granular(caching) if caching.is_legal() => caching,
            OplockLevel::One | OplockLevel::Batch | OplockLevel::Two => Caching::NONE,
            _ => return Err(Refusal::parameter("no level of oplock that can be asked for")),
        };
        if open.is_directory() && (caching == Caching::NONE || caching.contains(Caching::WRITE)) {
            return Err(Refusal::parameter("a directory's oplock caches reading, or reading and handles"));
        }
        if open.options.intersects(SYNCHRONOUS) {
            return Err(not_granted());
        }
        let state = open.file.lock();
        self.open_of(id)?; // closed meanwhile, it would hold its oplock for ever
        let facts = self.oplock_facts(&open, &state)?;
        let exclusive = match level {
            OplockLevel::One | OplockLevel::Batch if facts.others => return Err(not_granted()),
            OplockLevel::One | OplockLevel::Batch => {
                Some(Held::Legacy { batch: level == OplockLevel::Batch, breaking: None })
            }
            _ if caching.contains(Caching::WRITE) => Some(Held::Granular { caching, breaking: None }),
            _ => None,
        };
        if exclusive.is_none() && facts.locked {
            return Err(not_granted());
        }
        let stream = open.folded_stream();
        self.change_oplock(&open.file, stream.as_ref(), |oplock, told| match exclusive {
            Some(held) => oplock.request_exclusive(open.holder(), held, facts, told),
            None => oplock.request_shared(open.holder(), caching, facts, false, told),
        })
    }

    /// Acknowledges a break that said it must be: `level` is what the holder keeps, the level that was told or less. Any open
    /// with the holder's key will do. Who waits for the break is told to go on. [MS-FSA] 2.1.5.19
    pub fn acknowledge_oplock(&self, id: OpenId, level: OplockLevel) -> Result<(), Refusal> {
        let open = self.open_of(id)?;
        let state = open.file.lock();
        let facts = self.oplock_facts(&open, &state)?;
        let stream = open.folded_stream();
        self.change_oplock(&open.file, stream.as_ref(), |oplock, told| {
            oplock.acknowledge(open.holder(), level, facts, told)
        })
    }

    /// The oplock that an open has, or another open with its key: while it breaks, still what it was.
    pub fn oplock_of(&self, id: OpenId) -> Result<OplockLevel, Refusal> {
        let open = self.open_of(id)?;
        let mut table = open.file.oplocks();
        let found = table.find(open.folded_stream().as_ref());
        Ok(found.map_or(OplockLevel::None, |oplock| oplock.level_of(&open.holder())))
    }

    /// Breaks what an operation of an open on its own stream breaks; the refusal is a wait.
    pub(crate) fn break_oplock(&self, open: &Open<H>, breaks: Breaks) -> Result<(), Refusal> {
        let stream = open.folded_stream();
        self.check_oplock(&open.file, stream.as_ref(), open.actor(), breaks, Patience::Waits).map(drop)
    }

    /// Breaks what an operation breaks; the refusal is a wait, and true says that a wait was called for and not done.
    pub(crate) fn check_oplock(
        &self,
        file: &Arc<File<H>>,
        stream: Option<&Utf16>,
        who: Actor,
        breaks: Breaks,
        patience: Patience,
    ) -> Result<bool, Refusal> {
        let mut table = file.oplocks();
        let Some(oplock) = table.find(stream) else { return Ok(false) };
        let mut told = Vec::new();
        let waits = oplock.check(&who, breaks, &mut told);
        let parked = match patience {
            Patience::Waits if waits => {
                let parked = self.parking.park(Waits::Oplock(Arc::downgrade(file)));
                if let Ok(wait) = parked {
                    oplock.waiting.push((wait, who));
                }
                Some(parked)
            }
            _ => None,
        };
        self.tell_oplock(&mut table, told);
        match parked {
            Some(parked) => Err(Refusal::waiting(parked?)),
            None => Ok(waits),
        }
    }

    /// Something in a directory changed: who caches it reads it again. The one who changed it knows.
    pub(crate) fn break_parent(&self, who: Actor, link: &Link<H>) {
        let parent = link.lock().parent.as_ref().map(|(_, id)| *id);
        let Some(file) = parent.and_then(|parent| self.files.find(parent)) else { return };
        // Nobody waits for it: what breaks is not handle caching. The answer is false for as long as that is so.
        let _waits = self.check_oplock(&file, None, who, Breaks::entries(), Patience::GoesOn);
    }

    /// Ends the oplock of an open that closes, or gives it to another of its key, and wakes who waited for it.
    pub(crate) fn close_oplock(&self, open: &Open<H>, state: &FileState<H>) {
        let stream = open.folded_stream();
        let mut table = open.file.oplocks();
        let Some(oplock) = table.find(stream.as_ref()) else { return };
        let same = |sharing: &&crate::file::Sharing<H>| {
            sharing.id != open.id
                && sharing.stream() == stream.as_ref()
                && sharing.oplock_key() == open.oplock_key()
        };
        let heir = open.oplock_key().and_then(|_| state.opens.iter().find(same)).map(|sharing| sharing.id);
        oplock.close(open.id, heir);
        // What this open itself waits for it need not have any more.
        let (mine, others): (Vec<_>, Vec<_>) =
            oplock.waiting.drain(..).partition(|(_, who)| who.open == Some(open.id));
        oplock.waiting = others;
        let over: Vec<_> = mine.into_iter().map(|(wait, _)| wait).chain(oplock.released()).collect();
        for wait in over {
            self.resume(wait);
        }
        table.sweep();
    }

    fn change_oplock(
        &self,
        file: &File<H>,
        stream: Option<&Utf16>,
        change: impl FnOnce(&mut Oplock, &mut Vec<Told>) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let mut table = file.oplocks();
        let Some(oplock) = table.of(stream) else { return Err(not_granted()) };
        let mut told = Vec::new();
        let done = change(oplock, &mut told);
        let over = oplock.released();
        self.tell_oplock(&mut table, told);
        for wait in over {
            self.resume(wait);
        }
        done
    }

    fn tell_oplock(&self, table: &mut MutexGuard<'_, OplockTable>, told: Vec<Told>) {
        for Told { open, level, acknowledge, status } in told {
            self.parking.tell(Completion::OplockBreak { open, level, acknowledge, status });
        }
        table.sweep();
    }

    fn resume(&self, wait: crate::parked::WaitId) {
        if self.parking.unpark(wait).is_some() {
            self.parking.tell(Completion::Resume { wait });
        }
    }

    fn oplock_facts(&self, open: &Open<H>, state: &FileState<H>) -> Result<Facts, Refusal> {
        let stream = open.folded_stream();
        let holder = open.holder();
        let mut others = state.opens.iter().filter(|sharing| {
            let other = Holder { open: sharing.id, key: sharing.oplock_key() };
            sharing.stream() == stream.as_ref() && !other.is(&holder)
        });
        let is_cached = |sharing: &crate::file::Sharing<H>| !ATTRIBUTES_ONLY.contains(sharing.granted);
        let first = others.next();
        let others_cached = first.into_iter().chain(others).any(is_cached);
        let deleted = match &stream {
            Some(name) => state.streams_deleted.contains(name),
            None => open.link.lock().state != LinkState::Present,
        };
        let locked = match open.file.locks().first_offset(stream.as_ref()) {
            Some(offset) => offset < self.stream_size(open)?,
            None => false,
        };
        Ok(Facts { others: first.is_some(), others_cached, deleted, locked })
    }
}
