//! What breaks an oplock, and whether it has to be waited for. [MS-FSA] 2.1.4.12
use super::level::{Caching, OplockLevel};
use super::state::{
    Actor, GranularBreak, Held, Holder, LegacyBreak, Oplock, ReadHandleBreak, Shared, State, Told,
};
use crate::opens::OpenId;

/// What an operation breaks: the book's BreakToTwo, BreakToNone and BreakCacheState.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Breaks {
    /// Level 1 and batch become level 2.
    two: bool,
    /// Level 1, batch and level 2 become none.
    none: bool,
    /// Batch becomes none.
    batch: bool,
    /// This is cached no longer.
    cache: Caching,
    /// The oplock is the directory's in which something changed: PARENT_OBJECT.
    parent: bool,
}

const NOTHING: Breaks = Breaks { two: false, none: false, batch: false, cache: Caching::NONE, parent: false };

impl Breaks {
    /// Who wrote caches back: reads, flushes, and opens that overwrite nothing. READ, FLUSH_DATA, OPEN
    pub(crate) fn written() -> Breaks {
        Breaks { two: true, cache: Caching::WRITE, ..NOTHING }
    }

    /// The data change: WRITE, LOCK_CONTROL, FSCTL_SET_ZERO_DATA, FileEndOfFileInformation, FileAllocationInformation, and
    /// an OPEN that overwrites.
    pub(crate) fn data() -> Breaks {
        Breaks { none: true, cache: Caching::READ | Caching::WRITE, ..NOTHING }
    }

    /// Handles are in the way: OPEN_BREAK_H, SET_SECURITY, and FileDispositionInformation that deletes.
    pub(crate) fn handles() -> Breaks {
        Breaks { cache: Caching::HANDLE, ..NOTHING }
    }

    /// The name changes: FileRenameInformation and FileLinkInformation.
    pub(crate) fn name() -> Breaks {
        Breaks { batch: true, cache: Caching::HANDLE, ..NOTHING }
    }

    /// Something in the directory changed.
    pub(crate) fn entries() -> Breaks {
        Breaks { cache: Caching::READ | Caching::WRITE, parent: true, ..NOTHING }
    }
}

impl Oplock {
    /// Breaks what the operation breaks; true when it has to wait.
    pub(crate) fn check(&mut self, who: &Actor, breaks: Breaks, told: &mut Vec<Told>) -> bool {
        let waits = match &mut self.state {
            State::Free => false,
            State::Exclusive(holder, held) => {
                !who.is(holder, breaks.parent) && check_exclusive(holder, held, breaks, told)
            }
            State::Shared(shared) => check_shared(shared, who, breaks, told),
        };
        self.settle();
        waits
    }

    /// The open goes. Its oplock goes to another open of the same key, if there is one: a client holds a lease for as long as
    /// one of its opens is there. Nobody is told. [MS-FSA] 2.1.4.12, CLOSE
    pub(crate) fn close(&mut self, open: OpenId, heir: Option<OpenId>) {
        let inherits = |holder: &mut Holder| match heir {
            Some(heir) if holder.open == open => {
                holder.open = heir;
                true
            }
            _ => holder.open != open,
        };
        match &mut self.state {
            State::Free => {}
            State::Exclusive(holder, _) => {
                if !inherits(holder) {
                    self.state = State::Free;
                }
            }
            State::Shared(shared) => {
                shared.two.retain_mut(inherits);
                shared.read.retain_mut(inherits);
                shared.read_handle.retain_mut(inherits);
                shared.breaking.retain_mut(|context| inherits(&mut context.holder));
            }
        }
        self.settle();
    }
}

fn check_exclusive(holder: &Holder, held: &mut Held, breaks: Breaks, told: &mut Vec<Told>) -> bool {
    match held {
        Held::Legacy { batch, breaking } => {
            let (level, to) = if breaks.none || (breaks.batch && *batch) {
                (OplockLevel::None, LegacyBreak::None)
            } else if breaks.two {
                (OplockLevel::Two, LegacyBreak::Two)
            } else {
                return false;
            };
            match (*breaking, to) {
                (None, _) => {
                    told.push(Told::broken(holder, level, true));
                    *breaking = Some(to);
                }
                (Some(LegacyBreak::Two), LegacyBreak::None) => {
                    *breaking = Some(LegacyBreak::TwoThenNone);
                }
                _ => {}
            }
            true
        }
        Held::Granular { caching, breaking } => {
            if !caching.intersects(breaks.cache) {
                return false;
            }
            let now = breaking.map_or(*caching, |under_way| under_way.to);
            let to = now.broken_by(breaks.cache);
            let told_level = breaking.map(|under_way| under_way.told);
            if told_level.is_none() {
                told.push(Told::broken(holder, OplockLevel::granular(to), true));
            }
            *breaking = Some(GranularBreak { told: told_level.unwrap_or(to), to });
            true
        }
    }
}

fn check_shared(shared: &mut Shared, who: &Actor, breaks: Breaks, told: &mut Vec<Told>) -> bool {
    if breaks.none && shared.is_without_handles() {
        // The writer's own level 2 goes too.
        told.extend(shared.two.drain(..).map(|holder| Told::broken(&holder, OplockLevel::None, false)));
    }
    let other = |holder: &Holder| !who.is(holder, breaks.parent);
    if breaks.cache.contains(Caching::READ) {
        let gone = shared.read.extract_if(.., |holder| other(holder));
        told.extend(gone.map(|holder| Told::broken(&holder, OplockLevel::None, false)));
    }
    let to_read = !breaks.cache.contains(Caching::READ);
    let handles = breaks.cache.contains(Caching::HANDLE);
    if to_read && !handles {
        return false;
    }
    if !to_read {
        for context in shared.breaking.iter_mut().filter(|context| other(&context.holder)) {
            context.to_read = false;
        }
    }
    let level = if to_read { OplockLevel::Granular(Caching::READ) } else { OplockLevel::None };
    let broken: Vec<Holder> = shared.read_handle.extract_if(.., |holder| other(holder)).collect();
    for holder in broken {
        told.push(Told::broken(&holder, level, true));
        shared.breaking.push(ReadHandleBreak { holder, to_read, told_read: to_read });
    }
    // Even what another operation broke is waited for, if this one would have broken it.
    handles && shared.breaking.iter().any(|context| other(&context.holder))
}
