//! Clients that mean harm, each against a server of its own, and beside them one that does not: what the server holds at most, and
//! how long the neighbour waits, before and meanwhile. Times are told, not judged, but for a stall; memory is judged.
mod breaks;
mod greedy;
mod half_open;
mod largest;
mod neighbour;
mod server;
mod slow;
mod tables;

use crate::report::Failure;
use neighbour::Neighbour;
use server::{Server, Watch};
use std::path::Path;

use super::link::{Link, Protection, Target};

/// What an attack came to.
#[derive(Default)]
struct Outcome {
    /// Lines for the reader.
    told: Vec<String>,
    /// What was promised and not kept.
    faults: Vec<String>,
}

impl Outcome {
    fn tell(&mut self, line: String) {
        self.told.push(line);
    }

    fn claim(&mut self, is_kept: bool, otherwise: String) {
        if !is_kept {
            self.faults.push(otherwise);
        }
    }
}

/// Where an attack happens.
struct Ground<'a> {
    server: &'a Server,
    is_quick: bool,
}

impl Ground<'_> {
    /// A number of things: fewer for a look.
    fn count(&self, many: usize, few: usize) -> usize {
        if self.is_quick { few } else { many }
    }

    fn link(&self) -> Result<Link, Failure> {
        Link::connect(self.target())
    }

    fn target(&self) -> Target {
        self.server.target(Protection::Plain)
    }
}

type Attack = fn(&Ground<'_>, &mut Outcome) -> Result<(), Failure>;

/// An attack, and how much more memory than before it the server may use, in MiB. Where requests and answers are what fills it that
/// is the limit `buffer_bytes` twice (docs/SMB.md) and what an allocator keeps around it; else what the tables' limits come to.
struct Planned {
    name: &'static str,
    attack: Attack,
    resident_mib_max: u64,
}

/// `buffer_bytes` of the servers here, in MiB; a quarter of the default, so that a small machine can be shown it.
const BUFFER_MIB: u64 = 256;

const fn planned(name: &'static str, resident_mib_max: u64, attack: Attack) -> Planned {
    Planned { name, attack, resident_mib_max }
}

const ALL: &[Planned] = &[
    planned("half-open connections", 160, half_open::attack),
    planned("slow readers", 2 * BUFFER_MIB + 64, slow::readers),
    planned("slow writers", 2 * BUFFER_MIB, slow::writers),
    planned("breaks that are never acknowledged", 64, breaks::attack),
    planned("the largest READs and listings, not read", 2 * BUFFER_MIB + 512, largest::outputs),
    planned("chains of 256, and copies", 128, largest::chains),
    planned("the largest EAs, names and inputs", 128, largest::inputs),
    planned("locks", 256, tables::locks),
    planned("notifications", 256, tables::notifies),
    planned("opens", 256, tables::opens),
    planned("sessions and tree connects", 256, tables::sessions),
    planned("pipes", 128, tables::pipes),
];

/// Runs all attacks, or those whose name has a word in it.
pub(crate) fn run(folder: &Path, is_quick: bool, only: Option<&str>) -> Result<(), Failure> {
    let program = super::built()?;
    let mut faults = Vec::new();
    let chosen = ALL.iter().filter(|planned| only.is_none_or(|word| planned.name.contains(word)));
    for planned in chosen {
        println!("{}:", planned.name);
        let outcome = one(&program, folder, is_quick, planned);
        let outcome = outcome.map_err(|error| format!("{}: {error}", planned.name))?;
        outcome.told.iter().for_each(|line| println!("  {line}"));
        for fault in outcome.faults {
            println!("  MISSED: {fault}");
            faults.push(format!("{}: {fault}", planned.name));
        }
    }
    match faults.is_empty() {
        true => Ok(()),
        false => Err(format!("{} promises were not kept:\n  {}", faults.len(), faults.join("\n  ")).into()),
    }
}

fn one(program: &Path, folder: &Path, is_quick: bool, planned: &Planned) -> Result<Outcome, Failure> {
    let server = Server::start(program, folder)?;
    let mut outcome = Outcome::default();
    let neighbour = Neighbour::start(server.target(Protection::Signed))?;
    neighbour.observe(if is_quick { 1 } else { 4 });
    let before = server.figures()?;
    neighbour.attacked();
    let watch = Watch::start(&server);
    let attacked = (planned.attack)(&Ground { server: &server, is_quick }, &mut outcome);
    let most = watch.stop();
    let observed = neighbour.stop()?;
    attacked?;
    // The neighbour has left, too.
    let after = server.settled()?;
    let more_mib = server.most_resident_kib()?.saturating_sub(before.resident_kib) / 1024;
    outcome.told.insert(
        0,
        format!(
            "memory: {} MiB before, {more_mib} MiB more at most, {} MiB after; {} MiB in requests and answers at most; {} threads, \
             {} descriptors at most",
            before.resident_kib / 1024,
            after.resident_kib / 1024,
            most.held >> 20,
            most.threads,
            most.descriptors
        ),
    );
    outcome.claim(
        more_mib <= planned.resident_mib_max,
        format!("{more_mib} MiB of memory more, {} MiB allowed", planned.resident_mib_max),
    );
    let left = after.left();
    outcome.claim(left.is_empty(), format!("left behind when all had gone: {left}"));
    observed.tell(&mut outcome);
    Ok(outcome)
}
