//! Acknowledging a break. [MS-FSA] 2.1.5.19
use super::level::{Caching, OplockLevel};
use super::request::Facts;
use super::state::{GranularBreak, Held, Holder, LegacyBreak, Oplock, ReadHandleBreak, Shared, State, Told};
use crate::refusal::{Refusal, Why};
use nt::NtStatus;

fn protocol() -> Refusal {
    let why = Why::Object("this open's oplock is not breaking in such a way");
    Refusal::new(NtStatus::INVALID_OPLOCK_PROTOCOL, why)
}

impl Oplock {
    /// The holder has taken notice, and asks for `level`.
    pub(crate) fn acknowledge(
        &mut self,
        holder: Holder,
        level: OplockLevel,
        facts: Facts,
        told: &mut Vec<Told>,
    ) -> Result<(), Refusal> {
        match (&self.state, level) {
            (
                State::Exclusive(who, Held::Legacy { breaking: Some(breaking), .. }),
                OplockLevel::None | OplockLevel::Two,
            ) if who.is(&holder) => {
                let (who, breaking) = (*who, *breaking);
                self.acknowledge_legacy(who, breaking, level, told);
                Ok(())
            }
            (State::Exclusive(who, Held::Granular { breaking: Some(_), .. }), _) if who.is(&holder) => {
                self.acknowledge_exclusive(*who, wanted(level)?, facts, told)
            }
            (State::Shared(_), _) => self.acknowledge_shared(holder, wanted(level)?, facts, told),
            _ => Err(protocol()),
        }
    }

    fn acknowledge_legacy(
        &mut self,
        who: Holder,
        breaking: LegacyBreak,
        level: OplockLevel,
        told: &mut Vec<Told>,
    ) {
        self.state = match (breaking, level) {
            (LegacyBreak::Two, OplockLevel::Two) => {
                State::Shared(Shared { two: vec![who], ..Shared::default() })
            }
            _ => State::Free,
        };
        // The holder was told level 2 and has none.
        if breaking == LegacyBreak::TwoThenNone {
            told.push(Told::broken(&who, OplockLevel::None, false));
        }
    }

    /// More than what was told is not granted; what was told is, even where less is left by now: then who waits breaks it
    /// again.
    fn acknowledge_exclusive(
        &mut self,
        who: Holder,
        wanted: Caching,
        facts: Facts,
        told: &mut Vec<Told>,
    ) -> Result<(), Refusal> {
        let State::Exclusive(_, Held::Granular { breaking: Some(under_way), .. }) = &self.state else {
            return Err(protocol());
        };
        if !under_way.told.contains(wanted) {
            told.push(Told::too_much(&who, OplockLevel::granular(under_way.to)));
            return Ok(());
        }
        if facts.deleted && wanted.contains(Caching::HANDLE) {
            told.push(Told::too_much(&who, OplockLevel::granular(wanted.without(Caching::HANDLE))));
            return Ok(());
        }
        let to = under_way.to;
        if !to.contains(wanted) {
            self.break_again(who, wanted, to, told);
            return Ok(());
        }
        self.state = if wanted.contains(Caching::WRITE) {
            State::Exclusive(who, Held::Granular { caching: wanted, breaking: None })
        } else {
            State::Free
        };
        if wanted == Caching::NONE || wanted.contains(Caching::WRITE) {
            return Ok(());
        }
        self.request_shared(who, wanted, facts, true, told)
    }

    /// What the holder keeps is more than is left by now: it is told so before anybody goes on. With handle caching read
    /// caching stays until the handles are let go. Windows: smbtorture smb2.lease.breaking3
    fn break_again(&mut self, who: Holder, has: Caching, to: Caching, told: &mut Vec<Told>) {
        self.state = if has.contains(Caching::WRITE) {
            told.push(Told::broken(&who, OplockLevel::granular(to), true));
            let breaking = Some(GranularBreak { told: to, to });
            State::Exclusive(who, Held::Granular { caching: has, breaking })
        } else if has.contains(Caching::HANDLE) {
            told.push(Told::broken(&who, OplockLevel::Granular(Caching::READ), true));
            let to_read = to.contains(Caching::READ);
            let breaking = vec![ReadHandleBreak { holder: who, to_read, told_read: true }];
            State::Shared(Shared { breaking, ..Shared::default() })
        } else {
            told.push(Told::broken(&who, OplockLevel::None, false));
            State::Free
        };
    }

    fn acknowledge_shared(
        &mut self,
        holder: Holder,
        wanted: Caching,
        facts: Facts,
        told: &mut Vec<Told>,
    ) -> Result<(), Refusal> {
        let waits = !self.waiting.is_empty();
        let State::Shared(shared) = &mut self.state else { return Err(protocol()) };
        let at = shared.breaking.iter().position(|one| one.holder.is(&holder)).ok_or_else(protocol)?;
        let context = shared.breaking.remove(at);
        let who = context.holder;
        let left = if context.to_read { Caching::READ } else { Caching::NONE };
        if context.told_read && !context.to_read && wanted == Caching::READ {
            told.push(Told::broken(&who, OplockLevel::None, false));
            self.settle();
            return Ok(());
        }
        let too_much = if context.to_read {
            wanted.contains(Caching::WRITE)
        } else {
            wanted != Caching::NONE && (waits || wanted.contains(Caching::WRITE))
        };
        if too_much {
            shared.breaking.insert(at, context);
            told.push(Told::too_much(&who, OplockLevel::granular(left)));
            return Ok(());
        }
        if wanted != Caching::NONE {
            return self.request_shared(who, wanted, facts, true, told);
        }
        self.settle();
        Ok(())
    }
}

/// The caching that an acknowledgement asks for.
fn wanted(level: OplockLevel) -> Result<Caching, Refusal> {
    match level {
        OplockLevel::None => Ok(Caching::NONE),
        OplockLevel::Granular(caching) if caching == Caching::NONE || caching.is_legal() => Ok(caching),
        _ => Err(protocol()),
    }
}
