//! The law of caches: three clients do what they like, and nobody reads from a cache what another has changed.
use super::*;
use proptest::prelude::*;

/// What one of three clients does.
#[derive(Clone, Copy, Debug)]
enum Step {
    Ask(usize, u32),
    Read(usize),
    Write(usize),
    Acknowledge(usize),
    Reopen(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let client = 0..3_usize;
    prop_oneof![
        (client.clone(), prop::sample::select(vec![1_u32, 3, 5, 7]))
            .prop_map(|(who, bits)| Step::Ask(who, bits)),
        client.clone().prop_map(Step::Read),
        client.clone().prop_map(Step::Write),
        client.clone().prop_map(Step::Acknowledge),
        client.prop_map(Step::Reopen),
    ]
}

/// Three clients, and what each believes of its lease: what was granted, and what it was told.
struct Clients {
    store: Store,
    opens: [Option<OpenId>; 3],
    believes: [Caching; 3],
    owes: [Option<OplockLevel>; 3],
    waits: Vec<WaitId>,
}

impl Clients {
    fn hear(&mut self) {
        for completion in self.store.heard() {
            match completion {
                Completion::OplockBreak { open, level, acknowledge, status }
                    if status == NtStatus::SUCCESS =>
                {
                    let who = self.opens.iter().position(|id| *id == Some(open)).unwrap();
                    self.believes[who] = match level {
                        OplockLevel::Granular(caching) => caching,
                        _ => Caching::NONE,
                    };
                    self.owes[who] = acknowledge.then_some(level);
                }
                Completion::Resume { wait } => {
                    let at = self.waits.iter().position(|one| *one == wait);
                    self.waits.remove(at.unwrap());
                }
                _ => {}
            }
        }
    }

    /// Nobody else may believe any of `bits`; but for who was told to let its handles go and has not answered. A write does not
    /// wait for that, BreakingToRead becomes FALSE, and the answer is told of the rest. [MS-FSA] 2.1.4.12, 2.1.5.19
    fn nobody_else(&self, who: usize, bits: Caching) {
        for (other, believed) in self.believes.iter().enumerate() {
            let may = other == who || !believed.intersects(bits) || self.owes[other] == Some(R);
            assert!(may, "client {other} caches {believed:?}");
        }
    }

    fn take(&mut self, who: usize, step: Step) {
        match (step, self.opens[who]) {
            (Step::Reopen(_), None) => {
                match self.store.open_keyed("f", key(u8::try_from(who).unwrap()), |_| {}) {
                    Ok(id) => {
                        self.opens[who] = Some(id);
                        self.hear();
                        self.nobody_else(who, Caching::WRITE);
                    }
                    Err(refused) => self.waits.push(refused.wait()),
                }
            }
            (Step::Reopen(_), Some(id)) => {
                self.store.close(id);
                (self.opens[who], self.believes[who], self.owes[who]) = (None, Caching::NONE, None);
            }
            (Step::Ask(_, bits), Some(id)) => {
                let caching = Caching::from_bits(bits).unwrap();
                if self.owes[who].is_none()
                    && self.store.ask(id, OplockLevel::Granular(caching)) == NtStatus::SUCCESS
                {
                    self.hear();
                    self.believes[who] = caching;
                    let excluded =
                        if caching.contains(Caching::WRITE) { Caching::READ } else { Caching::WRITE };
                    self.nobody_else(who, excluded);
                }
            }
            (Step::Acknowledge(_), Some(id)) => {
                if let Some(level) = self.owes[who].take() {
                    assert_eq!(self.store.acknowledge(id, level), NtStatus::SUCCESS);
                }
            }
            (Step::Read(_), Some(id)) => match self.store.read(id) {
                Came::Wait(wait) => self.waits.push(wait),
                done => {
                    assert_eq!(done, DONE);
                    self.hear();
                    self.nobody_else(who, Caching::WRITE);
                }
            },
            (Step::Write(_), Some(id)) => match self.store.write(id) {
                Came::Wait(wait) => self.waits.push(wait),
                done => {
                    assert_eq!(done, DONE);
                    self.hear();
                    self.nobody_else(who, Caching::READ);
                }
            },
            (_, None) => {}
        }
        self.hear();
    }
}

/// All steps, and then every acknowledgment that is owed: nobody waits any more.
fn law(steps: &[Step]) {
    let mut clients = Clients {
        store: Store::with_file(),
        opens: [None; 3],
        believes: [Caching::NONE; 3],
        owes: [None; 3],
        waits: Vec::new(),
    };
    for step in steps {
        let (Step::Ask(who, _)
        | Step::Read(who)
        | Step::Write(who)
        | Step::Acknowledge(who)
        | Step::Reopen(who)) = *step;
        clients.take(who, *step);
    }
    for _ in 0..3 {
        for who in 0..3 {
            clients.take(who, Step::Acknowledge(who));
        }
    }
    assert_eq!(clients.waits, []);
}

/// Found by chance: client 0's lease grows beside client 1, who caches nothing; a third open and a write wait for it, and the
/// same write again does not, for by then only handles are to be let go. It is heard of with the answer.
#[test]
fn a_write_while_handles_are_let_go_is_told_with_the_answer() {
    let store = Store::with_file();
    let b = store.keyed("f", 2);
    let a = store.keyed("f", 1);
    store.grant(a, R);
    store.grant(a, rwh());
    assert_eq!(store.heard(), [switched(a, rwh())]);
    let open = store.open_keyed("f", key(3), |_| {}).unwrap_err().wait();
    assert_eq!(store.heard(), [told(a, rh(), true)]);
    let write = store.write(b).wait();
    assert_eq!(store.acknowledge(a, rh()), NtStatus::SUCCESS);
    assert_eq!(store.heard(), [told(a, R, true)]);
    assert_eq!(store.write(b), DONE);
    assert_eq!(store.heard(), []);
    assert_eq!(store.acknowledge(a, R), NtStatus::SUCCESS);
    let heard = store.heard();
    assert_eq!(heard[0], told(a, NONE, false));
    assert!(heard.contains(&Completion::Resume { wait: open }));
    assert!(heard.contains(&Completion::Resume { wait: write }));
    assert_eq!(heard.len(), 3);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// The law that leases are for: who reads sees what others wrote, and who wrote leaves no stale cache behind. And when all
    /// that is owed is acknowledged, nobody waits any more.
    #[test]
    fn no_client_ever_caches_what_is_wrong(steps in prop::collection::vec(step(), 1..60)) {
        law(&steps);
    }
}
