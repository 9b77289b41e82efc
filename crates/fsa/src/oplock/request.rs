//! Asking for an oplock. [MS-FSA] 2.1.5.18.1 and 2.1.5.18.2
use super::level::{Caching, OplockLevel};
use super::state::{Held, Holder, Oplock, Shared, State, Told};
use crate::refusal::{Refusal, Why};
use nt::NtStatus;

/// What is known of the stream besides its oplocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Facts {
    /// It is open through an open that is not the asking one, nor of its key.
    pub(crate) others: bool,
    /// And so through one that is for more than attributes.
    pub(crate) others_cached: bool,
    /// Its name goes with the last open.
    pub(crate) deleted: bool,
    /// A byte-range lock lies within its data.
    pub(crate) locked: bool,
}

pub(crate) fn not_granted() -> Refusal {
    let why = Why::Object("another open, an oplock or a lock is in the way of this oplock");
    Refusal::new(NtStatus::OPLOCK_NOT_GRANTED, why)
}

impl Oplock {
    /// Grants an oplock that excludes others. [MS-FSA] 2.1.5.18.1
    pub(crate) fn request_exclusive(
        &mut self,
        holder: Holder,
        held: Held,
        facts: Facts,
        told: &mut Vec<Told>,
    ) -> Result<(), Refusal> {
        let caching = match held {
            Held::Granular { caching, .. } => caching,
            Held::Legacy { .. } => Caching::NONE,
        };
        if facts.deleted && caching.contains(Caching::HANDLE) {
            return Err(not_granted());
        }
        let level = OplockLevel::granular(caching);
        match &self.state {
            State::Free => match held {
                Held::Legacy { .. } if facts.others => return Err(not_granted()),
                // [Windows] An open for attributes is not in the way of a lease: smbtorture smb2.lease.statopen3.
                Held::Granular { .. } if facts.others_cached => return Err(not_granted()),
                _ => {}
            },
            State::Exclusive(now, Held::Granular { caching: has, breaking: None })
                if now.is(&holder) && caching.contains(*has) =>
            {
                told.push(Told::switched(now, level));
            }
            State::Exclusive(..) => return Err(not_granted()),
            State::Shared(shared) => told.extend(upgraded(shared, &holder, caching, facts)?),
        }
        self.state = State::Exclusive(holder, held);
        Ok(())
    }

    /// Grants an oplock that opens share; `caching` is nothing for level 2. `in_acknowledgement`: it is what is left of one
    /// that broke. [MS-FSA] 2.1.5.18.2
    pub(crate) fn request_shared(
        &mut self,
        holder: Holder,
        caching: Caching,
        facts: Facts,
        in_acknowledgement: bool,
        told: &mut Vec<Told>,
    ) -> Result<(), Refusal> {
        let mut fresh = Shared::default();
        let shared = match &mut self.state {
            State::Exclusive(..) => return Err(not_granted()),
            State::Shared(shared) => shared,
            State::Free => &mut fresh,
        };
        if !in_acknowledgement {
            switch(shared, &holder, caching, told)?;
        }
        if caching.contains(Caching::HANDLE) {
            if facts.deleted {
                return Err(not_granted());
            }
            shared.read_handle.push(holder);
        } else if caching.contains(Caching::READ) {
            shared.read.push(holder);
        } else {
            shared.two.push(holder);
        }
        if matches!(self.state, State::Free) {
            self.state = State::Shared(fresh);
        }
        Ok(())
    }
}

/// Shared oplocks of one client that become one exclusive oplock of it: what is told of each.
fn upgraded(shared: &Shared, holder: &Holder, caching: Caching, facts: Facts) -> Result<Vec<Told>, Refusal> {
    let mine = |list: &[Holder]| list.iter().all(|other| other.is(holder));
    let told = |list: &[Holder]| {
        let level = OplockLevel::granular(caching);
        list.iter().map(|other| Told::switched(other, level)).collect::<Vec<Told>>()
    };
    let lists = (!shared.two.is_empty(), !shared.read.is_empty(), !shared.read_handle.is_empty());
    // That somebody without an oplock has the stream open is no hindrance here, as it is where nobody has an oplock: what they
    // do breaks it (simulator, seed 5738). [MS-FSA] 2.1.5.18.1
    if !shared.breaking.is_empty() {
        return Err(not_granted());
    }
    match lists {
        // Level 2 becomes level 1 or batch, for the only open that there is.
        (true, false, false) if caching == Caching::NONE && !facts.others => {
            Ok(shared.two.iter().map(|other| Told::broken(other, OplockLevel::None, false)).collect())
        }
        (false, true, false) if caching.contains(Caching::WRITE) && mine(&shared.read) => {
            Ok(told(&shared.read))
        }
        (false, false, true)
            if caching.contains(Caching::WRITE | Caching::HANDLE) && mine(&shared.read_handle) =>
        {
            Ok(told(&shared.read_handle))
        }
        _ => Err(not_granted()),
    }
}

/// Refuses what cannot be shared, and takes what the same client has already from the open that has it.
fn switch(
    shared: &mut Shared,
    holder: &Holder,
    caching: Caching,
    told: &mut Vec<Told>,
) -> Result<(), Refusal> {
    let handles = caching.contains(Caching::HANDLE);
    let impossible = match (handles, caching.contains(Caching::READ)) {
        (true, _) => !shared.two.is_empty(),
        (false, true) => false,
        (false, false) => !shared.is_without_handles(),
    };
    if impossible || shared.is_breaking() {
        return Err(not_granted());
    }
    let mine = |other: &Holder| other.is(holder);
    if !handles
        && (shared.read_handle.iter().any(mine) || shared.breaking.iter().any(|one| mine(&one.holder)))
    {
        return Err(not_granted());
    }
    let level = OplockLevel::granular(caching | Caching::READ);
    told.extend(shared.read.extract_if(.., |other| mine(other)).map(|other| Told::switched(&other, level)));
    if handles {
        let gone = shared.read_handle.extract_if(.., |other| mine(other));
        told.extend(gone.map(|other| Told::switched(&other, level)));
    }
    Ok(())
}
