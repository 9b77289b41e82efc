//! One run: what happens next is chance, what must hold is looked at after each step.
use crate::check::{Caching, Sure, conflict};
use crate::client::{Client, FILES};
use crate::world::World;
use fastrand::Rng;
use fsa::{OpenRequest, SecurityContext, Volume, VolumeOptions};
use nt::AccessMask;
use smb::server::ConnectionId;
use std::collections::BTreeSet;
use wire::FileId;
use wire::create::LeaseKey;
use wire::oplock_break::Notification;

/// Steps of one run.
const STEPS: u64 = 600;

/// What became of a run.
pub struct Outcome {
    /// What was promised and not kept.
    pub broken: Option<String>,
    /// Steps until then.
    pub steps: u64,
    /// A hash of all that was delivered: the same seed has the same.
    pub trace: u64,
    /// What happened, when it was asked for.
    pub story: Vec<String>,
}

struct Run {
    rng: Rng,
    world: World,
    clients: Vec<Client>,
    /// Oplocks and leases that a break was sent of, perhaps before their client heard that it has them.
    broken: BTreeSet<FileId>,
    broken_leases: BTreeSet<LeaseKey>,
    /// Files that requests of clients are about whose end the server has not heard of: they are still done.
    ghosts: BTreeSet<usize>,
    story: Option<Vec<String>>,
}

/// Runs a seed; one in sixteen looks at what a crash would leave, too.
pub fn run(seed: u64, tells: bool) -> Outcome {
    let mut rng = Rng::with_seed(seed);
    let crashes = rng.u8(..16) == 0;
    let count = rng.usize(2..=4);
    let clients = (0..count).map(Client::new).collect();
    let mut run = Run {
        rng,
        world: World::new(crashes),
        clients,
        broken: BTreeSet::new(),
        broken_leases: BTreeSet::new(),
        ghosts: BTreeSet::new(),
        story: tells.then(Vec::new),
    };
    let mut steps = 0;
    let mut broken = None;
    while steps < STEPS && broken.is_none() {
        steps += 1;
        broken = run.step().err();
    }
    if broken.is_none() && crashes {
        broken = run.crash().err();
    }
    let broken = broken.or_else(|| run.end().err());
    Outcome { broken, steps, trace: run.world.trace, story: run.story.unwrap_or_default() }
}

impl Run {
    fn tell(&mut self, line: impl FnOnce() -> String) {
        if let Some(story) = &mut self.story {
            let time = self.world.time();
            story.push(format!("{:>6}.{:03} {}", time / 1000, time % 1000, line()));
        }
    }

    fn step(&mut self) -> Result<(), String> {
        match self.rng.u8(..64) {
            0 => self.cut(),
            1 => self.hear_of_ends(),
            2 => self.pass_by_chance(60_000),
            3..10 => self.pass_by_chance(200),
            10..30 => self.act(),
            30..47 => self.deliver(),
            _ => self.arrive()?,
        }
        self.settle()
    }

    /// What the server did in a step changes what is sure.
    fn settle(&mut self) -> Result<(), String> {
        for (connection, notification) in std::mem::take(&mut self.world.notified) {
            self.tell(|| format!("{connection:?} is sent {notification:?}"));
            match notification {
                Notification::Oplock(told) => self.broken.insert(told.file_id),
                Notification::Lease(told) => self.broken_leases.insert(told.key),
            };
        }
        for hold in self.clients.iter_mut().flat_map(|client| &mut client.holds) {
            let is_broken = match hold.caching {
                Caching::Lease(key, _) => self.broken_leases.contains(&key),
                _ => self.broken.contains(&hold.file_id),
            };
            if is_broken {
                hold.is_caching = Sure::Maybe;
            }
        }
        let now = self.world.time();
        self.clients.iter_mut().flat_map(|client| &mut client.holds).for_each(|hold| hold.age(now));
        if let Some(fault) = self.world.fault.take() {
            return Err(fault);
        }
        conflict(&self.clients).map_or(Ok(()), Err)
    }

    fn pass_by_chance(&mut self, most: u64) {
        let milliseconds = self.rng.u64(1..=most);
        self.world.pass(milliseconds);
    }

    fn cut(&mut self) {
        let at = self.rng.usize(..self.clients.len());
        let is_heard = self.rng.u8(..4) > 0;
        self.cut_client(at, is_heard);
    }

    fn cut_client(&mut self, at: usize, is_heard: bool) {
        let now = self.world.time();
        let Some(wire) = self.clients.get(at).and_then(|client| client.wire) else { return };
        self.tell(|| format!("client {at} loses its wire, heard: {is_heard}"));
        let busy: Vec<bool> = (0..FILES).map(|file| self.others_are_busy_with(at, file)).collect();
        if !is_heard {
            let client = self.clients.get(at);
            let own = (0..FILES).filter(|file| client.is_some_and(|client| client.is_busy_with(*file)));
            self.ghosts.extend(own);
        }
        self.world.cut(wire, is_heard);
        let Some(client) = self.clients.get_mut(at) else { return };
        client.cut(now);
        for hold in &mut client.holds {
            if is_heard {
                hold.heard(now, wire);
            }
            // Somebody's request on the same file is on its way: it may break what the open is kept by.
            if busy.get(hold.file).copied().unwrap_or(false) {
                hold.doubt();
            }
        }
    }

    fn others_are_busy_with(&self, at: usize, file: usize) -> bool {
        let is_busy = |client: &Client| client.number != at && client.is_busy_with(file);
        self.ghosts.contains(&file) || self.clients.iter().any(is_busy)
    }

    fn hear_of_ends(&mut self) {
        let ended: Vec<ConnectionId> = self.world.hear();
        self.ghosts.clear();
        if ended.is_empty() {
            return;
        }
        let now = self.world.time();
        self.tell(|| format!("the server hears of the end of {ended:?}"));
        for hold in self.clients.iter_mut().flat_map(|client| &mut client.holds) {
            ended.iter().for_each(|ended| hold.heard(now, *ended));
        }
    }

    fn act(&mut self) {
        let at = self.rng.usize(..self.clients.len());
        let Some(client) = self.clients.get_mut(at) else { return };
        let opened_before = client.opens_with_lease();
        let Some(said) = client.act(&mut self.world, &mut self.rng) else { return };
        let opens = client.opens_with_lease().filter(|_| opened_before.is_none());
        self.tell(|| format!("client {at} {said}"));
        if let Some(key) = opens {
            self.broken_leases.remove(&key);
        }
        // What it asks may take from those who are away what they are kept by.
        let busy: Vec<usize> = (0..FILES)
            .filter(|file| self.clients.get(at).is_some_and(|client| client.is_busy_with(*file)))
            .collect();
        for client in self.clients.iter_mut().filter(|client| client.number != at) {
            for hold in &mut client.holds {
                if hold.cut_at.is_some() && busy.contains(&hold.file) {
                    hold.doubt();
                }
            }
        }
    }

    fn deliver(&mut self) {
        let [to_server, _] = self.world.under_way();
        if let Some(id) = self.rng.choice(to_server) {
            self.world.deliver(id);
        }
    }

    fn arrive(&mut self) -> Result<(), String> {
        let [_, to_client] = self.world.under_way();
        let Some(id) = self.rng.choice(to_client) else { return Ok(()) };
        let Some(message) = self.world.arrive(id) else { return Ok(()) };
        let Some(client) = self.clients.iter_mut().find(|client| client.wire == Some(id)) else {
            return Ok(());
        };
        let number = client.number;
        let said =
            client.hear(&mut self.world, &message).map_err(|broken| format!("client {number}: {broken}"))?;
        if !said.is_empty() {
            self.tell(|| format!("client {number} {said}"));
        }
        Ok(())
    }

    /// What was flushed is there after a crash.
    fn crash(&mut self) -> Result<(), String> {
        let Some(image) = self.world.crash_image() else { return Ok(()) };
        let volume = Volume::new(image, VolumeOptions::default());
        let cx = SecurityContext::superuser();
        for client in &self.clients {
            for (file, register) in client.registers.iter().filter(|(file, _)| **file < FILES) {
                if register.flushed == 0 {
                    continue;
                }
                let path: Vec<u16> = format!("f{file}").encode_utf16().collect();
                let access = AccessMask::FILE_READ_DATA;
                let opened = volume
                    .open(&cx, &OpenRequest::existing(&path, access))
                    .map_err(|error| format!("after a crash file {file} is not there: {error:?}"))?;
                let offset = u64::try_from(client.number).unwrap_or_default() * 64;
                let bytes = volume.read(opened.id, offset, 8).unwrap_or_default();
                let value = bytes.try_into().map_or(0, u64::from_le_bytes);
                if value < register.flushed || value > register.tried {
                    return Err(format!("after a crash file {file} has {value}, not {register:?}"));
                }
            }
        }
        Ok(())
    }

    /// When everybody has left and time has passed nothing is left.
    fn end(&mut self) -> Result<(), String> {
        for at in 0..self.clients.len() {
            self.cut_client(at, true);
        }
        self.hear_of_ends();
        for _ in 0..4 {
            self.world.pass(600_000);
        }
        match self.world.left() {
            (0, 0) => Ok(()),
            (opens, waiting) => {
                Err(format!("at the end {opens} opens and {waiting} waiting requests are left"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promises_are_kept_whatever_wire_is_cut() {
        for seed in 0..300 {
            let outcome = run(seed, false);
            assert_eq!(outcome.broken, None, "seed {seed}, step {}", outcome.steps);
        }
    }

    /// Seeds in which a lease grows to write caching while somebody who caches nothing has the file open.
    #[test]
    fn a_lease_that_grows_beside_an_open_without_one_breaks_no_promise() {
        for seed in [5738, 6171, 6402] {
            assert_eq!(run(seed, false).broken, None, "seed {seed}");
        }
    }

    /// Seeds that were wrong of the simulated clients: a break that came while an open was still under way was forgotten, and
    /// one of a lease that had ended was taken for one of the next.
    #[test]
    fn a_break_concerns_the_lease_that_it_was_sent_of() {
        for seed in [110_209, 161_349] {
            assert_eq!(run(seed, false).broken, None, "seed {seed}");
        }
    }

    #[test]
    fn a_seed_repeats_byte_for_byte() {
        for seed in 0..20 {
            assert_eq!(run(seed, false).trace, run(seed, false).trace, "seed {seed}");
        }
    }
}
