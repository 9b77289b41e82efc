//! `pointsman serve` beside Debian's smbd: the same requests of one load generator to both, in one run. Each figure is the median
//! of rounds in which the two take turns; CPU time is that of the server's processes alone.
pub(crate) mod abuse;
mod bare;
pub(crate) mod core;
mod drive;
mod floor;
mod link;
pub(crate) mod load;
mod ops;
mod servers;

use crate::report::Failure;
use drive::{Driven, Until, drive};
use link::{Link, Protection, Target};
use nt::{AccessMask, CreateDisposition, CreateOptions, NtStatus};
use ops::Operation;
use servers::{PASSWORD, Server, USER};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use wire::{FileId, Response};

/// Existing objects of each kind.
pub(crate) const KEPT: u64 = 100;

/// Names in the large directory.
const MANY: u64 = 100_000;

/// How long one figure is measured in one round, if nobody says otherwise.
pub(crate) const SLICE: Duration = Duration::from_millis(700);

/// How long what was made rests before it is measured: for four seconds after a change our store looks more closely, as it must.
pub(crate) const SETTLED: Duration = Duration::from_secs(5);

/// Operations on fresh files in one round.
const FRESH: u64 = 4000;

/// What is measured, and where.
pub(crate) struct Wanted<'a> {
    /// On the file system to measure.
    pub(crate) folder: &'a Path,
    /// On a tmpfs.
    pub(crate) memory: &'a Path,
    /// Odd, for a median.
    pub(crate) rounds: usize,
    /// Fewer connections and protections: to see that all of it works.
    pub(crate) is_quick: bool,
    /// Those that are measured; none means all.
    pub(crate) parts: &'a [String],
    /// The one operation of a part that is measured, where it has several.
    pub(crate) only: Option<&'a str>,
    /// How long one figure is measured in one round.
    pub(crate) slice: Duration,
    /// Operations on what exists: how many are under way on a connection; nothing for both numbers that count.
    pub(crate) depth: Option<usize>,
}

impl Wanted<'_> {
    fn has(&self, part: &str) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|wanted| wanted == part)
    }

    fn takes(&self, operation: &Operation) -> bool {
        self.only.is_none_or(|only| only == operation.name)
    }
}

/// One figure of one server.
#[derive(Clone, Copy, Default)]
struct Figure {
    /// Of the whole machine's time.
    per_second: f64,
    /// Of the server's own time, in microseconds.
    cpu_us: f64,
    /// Of the load generator's own time, likewise.
    client_us: f64,
}

/// Measures one thing.
type Part = fn(&[Server; 2], &Wanted<'_>) -> Result<(), Failure>;

pub(crate) fn run(wanted: &Wanted<'_>) -> Result<(), Failure> {
    let program = built()?;
    for (place, folder) in [("disk", wanted.folder), ("tmpfs", wanted.memory)] {
        fs::create_dir_all(folder)?;
        let servers = [servers::ours(&program, folder)?, servers::smbd(folder)?];
        println!("{} beside {}, shares on {} ({place})", servers[0].name, servers[1].name, folder.display());
        servers.iter().try_for_each(|server| prepare(server, wanted))?;
        std::thread::sleep(SETTLED);
        let is_disk = place == "disk";
        let parts: [(&str, Part); 6] = [
            // The first: memory that other parts gave back would hide what it measures.
            ("memory", memory),
            ("existing", existing),
            ("logon", logon),
            ("many", listing),
            ("transfer", transfer),
            ("floor", floor::measure),
        ];
        for (_, part) in parts.iter().filter(|(name, _)| is_disk && wanted.has(name)) {
            part(&servers, wanted)?;
        }
        if wanted.has("fresh") || wanted.has("many") {
            fresh(&servers, wanted, is_disk)?;
        }
    }
    Ok(())
}

/// The command beside us, built as we are.
fn built() -> Result<PathBuf, Failure> {
    let program = std::env::current_exe()?.with_file_name("pointsman");
    match program.exists() {
        true => Ok(program),
        false => Err(format!("no {}: `cargo xtask bench smb` builds it", program.display()).into()),
    }
}

fn target(server: &Server, protection: Protection) -> Target {
    Target { port: server.port, user: USER, password: PASSWORD, protection }
}

/// What all measure on: files, points where the server takes them, names in the large directory.
fn prepare(server: &Server, wanted: &Wanted<'_>) -> Result<(), Failure> {
    for folder in ["kept", "fresh", "many"] {
        fs::create_dir_all(server.share.join(folder))?;
    }
    for number in 0..if wanted.has("many") { MANY } else { 0 } {
        fs::File::create(server.share.join("many").join(format!("f{number}")))?;
    }
    let mut link = Link::connect(target(server, Protection::Plain))?;
    let mut number = 0;
    let data = requests::symlink("target");
    for operation in ops::of_kept() {
        let driven =
            drive(std::slice::from_mut(&mut link), &operation, &data, (Until::Count(KEPT), 1), &mut number)?;
        if !driven.refusals.is_empty() {
            println!("  {} answers SET_REPARSE_POINT with {:?}", server.name, driven.refusals);
        }
    }
    Ok(())
}

/// The medians of each.
fn in_order(mut figures: Vec<Figure>) -> Figure {
    let middle = figures.len() / 2;
    let mut of = |key: fn(&Figure) -> f64| {
        figures.sort_by(|a, b| key(a).total_cmp(&key(b)));
        figures.get(middle).map(key).unwrap_or_default()
    };
    Figure {
        per_second: of(|figure| figure.per_second),
        cpu_us: of(|figure| figure.cpu_us),
        client_us: of(|figure| figure.client_us),
    }
}

/// Both servers in turns; the medians of each.
fn in_turns(
    servers: &[Server; 2],
    rounds: usize,
    mut measure: impl FnMut(&Server, usize) -> Result<Figure, Failure>,
) -> Result<[Figure; 2], Failure> {
    let mut figures = [Vec::new(), Vec::new()];
    for round in 0..rounds {
        for (server, figures) in servers.iter().zip(&mut figures) {
            figures.push(measure(server, round)?);
        }
    }
    Ok(figures.map(in_order))
}

/// The goals of a line: how many times smbd's operations a second, and what part of its CPU time an operation.
struct Goal {
    faster: Option<f64>,
    cheaper: Option<f64>,
}

fn line(what: &str, [ours, theirs]: [Figure; 2], goal: &Goal) {
    let verdict = |is_met: bool| if is_met { "met" } else { "MISSED" };
    let (faster, cheaper) = (ours.per_second / theirs.per_second, theirs.cpu_us / ours.cpu_us);
    let mut text = format!(
        "  {what}: {:.0} / {:.0} a second = {faster:.1}x; {:.1} / {:.1} us of CPU = 1/{cheaper:.1} (client {:.1} / {:.1})",
        ours.per_second, theirs.per_second, ours.cpu_us, theirs.cpu_us, ours.client_us, theirs.client_us
    );
    if let Some(goal) = goal.faster {
        text += &format!("; goal {goal}x: {}", verdict(faster >= goal));
    }
    if let Some(goal) = goal.cheaper {
        text += &format!("; goal 1/{goal}: {}", verdict(cheaper >= goal));
    }
    println!("{text}");
}

/// What both take beyond the bare system calls, which are the file system's own price. On a disk that is the goal.
fn above_bare([ours, theirs]: [Figure; 2], bare: f64, is_goal: bool) {
    let (ours, theirs) = (ours.cpu_us - bare, theirs.cpu_us - bare);
    let cheaper = theirs / ours;
    let verdict = if ours * 6.0 <= theirs { "met" } else { "MISSED" };
    let goal = if is_goal { format!("; goal 1/6: {verdict}") } else { String::new() };
    println!(
        "    bare system calls {bare:.1} us; above them {ours:.1} / {theirs:.1} us = 1/{cheaper:.1}{goal}"
    );
}

/// Measures what a closure drives: operations a second, and the server's CPU time for each.
fn measured(server: &Server, work: impl FnOnce() -> Result<Driven, Failure>) -> Result<Figure, Failure> {
    let (before, client) = (server.cpu()?, bare::cpu_us());
    let driven = work()?;
    let client = bare::cpu_us() - client;
    // The server goes on for a moment with what nobody waits for.
    std::thread::sleep(Duration::from_millis(20));
    let cpu = server.cpu()?.saturating_sub(before);
    let operations = driven.operations.max(1) as f64;
    Ok(Figure {
        per_second: operations / driven.time.as_secs_f64().max(1e-9),
        cpu_us: cpu.as_secs_f64() * 1e6 / operations,
        client_us: client / operations,
    })
}

fn protections(is_quick: bool) -> &'static [Protection] {
    match is_quick {
        true => &[Protection::Plain],
        false => &[Protection::Plain, Protection::Signed, Protection::Sealed],
    }
}

/// Operations under way on a connection: one, and as many as a client that does not wait keeps so.
const DEPTHS: [usize; 2] = [1, 16];

/// get, open, stat and the stopped open, at every protection, number of connections, and of operations under way.
fn existing(servers: &[Server; 2], wanted: &Wanted<'_>) -> Result<(), Failure> {
    let counts: &[usize] = if wanted.is_quick { &[8] } else { &[1, 8, 64] };
    for &protection in protections(wanted.is_quick) {
        for &count in counts {
            let mut links = Vec::new();
            for server in servers {
                let all: Result<Vec<Link>, Failure> =
                    (0..count).map(|_| Link::connect(target(server, protection))).collect();
                links.push(all?);
            }
            for depth in wanted.depth.map_or(DEPTHS.to_vec(), |depth| vec![depth]) {
                println!("{protection:?}, {count} connections, {depth} under way on each:");
                existing_at(servers, wanted, &mut links, (protection, count, depth))?;
            }
        }
    }
    Ok(())
}

fn existing_at(
    servers: &[Server; 2],
    wanted: &Wanted<'_>,
    links: &mut [Vec<Link>],
    (protection, count, depth): (Protection, usize, usize),
) -> Result<(), Failure> {
    // With one under way most of what an operation takes is the way there and back, which no server can leave out.
    let floor = match depth {
        1 => Some(floor::figure(&servers::floor(&servers[0].share, "get")?, count, wanted)?),
        _ => None,
    };
    for operation in ops::of_existing().into_iter().filter(|one| wanted.takes(one)) {
        let mut refusals = BTreeSet::new();
        let figures = in_turns(servers, wanted.rounds, |server, _| {
            let at = usize::from(server.name != servers[0].name);
            let links = links.get_mut(at).ok_or("no links")?;
            let mut number = 0;
            measured(server, || {
                let until = (Until::Time(wanted.slice), depth);
                let driven = drive(links, &operation, &[], until, &mut number)?;
                refusals.extend(driven.refusals.keys().map(|status| (server.name.clone(), status.clone())));
                Ok(driven)
            })
        })?;
        // The goals are for clients that do not wait. For those that do the ratios are told beside what the floor has, which is less than
        // 5x itself on 8 connections.
        let goal = match (depth, count) {
            (1, _) => Goal { faster: None, cheaper: None },
            (_, 1) => Goal { faster: None, cheaper: Some(6.0) },
            _ => Goal { faster: Some(5.0), cheaper: Some(6.0) },
        };
        line(operation.name, figures, &goal);
        if let Some(floor) = floor.filter(|_| operation.is_compound) {
            let [_, theirs] = figures;
            println!(
                "    a process that knows nothing of SMB: {:.0} a second = {:.1}x; {:.1} us of CPU = 1/{:.1}",
                floor.per_second,
                floor.per_second / theirs.per_second,
                floor.cpu_us,
                theirs.cpu_us / floor.cpu_us
            );
        }
        tell(&refusals);
        if protection == Protection::Plain && operation.is_compound && depth == 1 {
            let share = &servers[0].share;
            let bare = bare::existing(share, operation.path, KEPT, operation.middle)?;
            println!("    bare system calls {bare:.1} us");
        }
    }
    Ok(())
}

/// What the servers answered other than success.
fn tell(refusals: &BTreeSet<(String, String)>) {
    for (server, status) in refusals {
        println!("    {server} answers {status}");
    }
}

/// New files: in an empty directory, with a point, and in one that holds many.
fn fresh(servers: &[Server; 2], wanted: &Wanted<'_>, is_disk: bool) -> Result<(), Failure> {
    println!("fresh files, 8 connections:");
    let data = requests::symlink("target");
    let mut links: Vec<Vec<Link>> = Vec::new();
    for server in servers {
        let all: Result<Vec<Link>, Failure> =
            (0..8).map(|_| Link::connect(target(server, Protection::Plain))).collect();
        links.push(all?);
    }
    let mut numbers = [0, 0];
    for operation in ops::of_fresh().into_iter().filter(|one| wanted.takes(one)) {
        let is_many = operation.path.starts_with("many");
        if !wanted.has(if is_many { "many" } else { "fresh" }) {
            continue;
        }
        // smbd manages some twenty a second there.
        let until = if is_many { Until::Time(wanted.slice * 3) } else { Until::Count(FRESH) };
        let mut refusals = BTreeSet::new();
        let figures = in_turns(servers, wanted.rounds, |server, _| {
            let at = usize::from(server.name != servers[0].name);
            let (links, number) =
                (links.get_mut(at).ok_or("no links")?, numbers.get_mut(at).ok_or("no number")?);
            let figure = measured(server, || {
                let driven = drive(links, &operation, &data, (until, 1), number)?;
                refusals.extend(driven.refusals.keys().map(|status| (server.name.clone(), status.clone())));
                Ok(driven)
            });
            if !is_many {
                let folder = server.share.join("fresh");
                for entry in fs::read_dir(&folder)?.flatten() {
                    fs::remove_file(entry.path())?;
                }
            }
            figure
        })?;
        let faster = if is_many { Some(50.0) } else { Some(6.0).filter(|_| !is_disk) };
        line(operation.name, figures, &Goal { faster, cheaper: None });
        if !is_many {
            let folder = servers[0].share.join("fresh");
            above_bare(figures, bare::fresh(&folder, operation.middle, &data, FRESH)?, is_disk);
        }
        tell(&refusals);
    }
    Ok(())
}

/// A connection, a logon, a share.
fn logon(servers: &[Server; 2], wanted: &Wanted<'_>) -> Result<(), Failure> {
    let figures = in_turns(servers, wanted.rounds, |server, _| {
        measured(server, || {
            let start = Instant::now();
            let mut operations = 0;
            while start.elapsed() < wanted.slice {
                Link::connect(target(server, Protection::Plain))?;
                operations += 1;
            }
            // The processes of smbd end a moment after their clients.
            std::thread::sleep(Duration::from_millis(200));
            Ok(Driven {
                operations,
                time: start.elapsed() - Duration::from_millis(200),
                refusals: Default::default(),
            })
        })
    })?;
    line("connect + logon + share", figures, &Goal { faster: Some(10.0), cheaper: None });
    Ok(())
}

fn opened(
    link: &mut Link,
    path: &str,
    access: AccessMask,
    options: CreateOptions,
) -> Result<FileId, Failure> {
    let request = ops::create_request(path, access, CreateDisposition::OPEN_IF, options);
    let answer = link.round_trip(&[request])?;
    ops::file_id_of(&answer).ok_or_else(|| {
        let statuses = link::statuses(&answer).unwrap_or_default();
        format!("{path} was not opened: {statuses:?}").into()
    })
}

/// All names of the large directory. The median of all rounds is held to the goal, as everywhere; the first time that a server lists
/// it stands beside, with what the kernel takes for it.
fn listing(servers: &[Server; 2], wanted: &Wanted<'_>) -> Result<(), Failure> {
    let mut first = Vec::new();
    let all = in_turns(servers, wanted.rounds.max(3), |server, round| {
        let figure = listed(server)?;
        if round == 0 {
            first.push(figure);
        }
        Ok(figure)
    })?;
    line("list 100,000 names", all, &Goal { faster: Some(10.0), cheaper: None });
    if let [ours, theirs] = first[..] {
        let (bare, bare_cpu) = bare::listing(&servers[0].share.join("many"))?;
        line("  the first time of these", [ours, theirs], &Goal { faster: None, cheaper: None });
        let smbd = 1e3 / theirs.per_second;
        println!(
            "      {:.0} / {smbd:.0} ms; its bare calls on all processors {bare:.0} ms ({bare_cpu:.0} of CPU), 1/{:.1} of smbd's time",
            1e3 / ours.per_second,
            smbd / bare
        );
    }
    Ok(())
}

fn listed(server: &Server) -> Result<Figure, Failure> {
    let mut link = Link::connect(target(server, Protection::Plain))?;
    let file_id = opened(&mut link, "many", AccessMask::FILE_LIST_DIRECTORY, CreateOptions::DIRECTORY_FILE)?;
    measured(server, || {
        let start = Instant::now();
        loop {
            let answer = link.round_trip(&[ops::list_request(file_id)])?;
            match link::statuses(&answer)?.first() {
                Some(&NtStatus::SUCCESS) => {}
                Some(&NtStatus::NO_MORE_FILES) => break,
                other => return Err(format!("a listing gave {other:?}").into()),
            }
        }
        Ok(Driven { operations: 1, time: start.elapsed(), refusals: Default::default() })
    })
}

/// 1 MiB at a time through 64 MiB, one request under way.
fn transfer(servers: &[Server; 2], wanted: &Wanted<'_>) -> Result<(), Failure> {
    const STEP: u32 = 1 << 20;
    const PLACES: u64 = 64;
    // CPU time is told in hundredths of a second: so many that one is little of all.
    const STEPS: u64 = 4 * PLACES;
    let data: Vec<u8> = (0..STEP).map(|n| u8::try_from(n % 251).unwrap_or_default()).collect();
    for &protection in protections(wanted.is_quick) {
        for is_write in [true, false] {
            let figures = in_turns(servers, wanted.rounds, |server, _| {
                let mut link = Link::connect(target(server, protection))?;
                let access = AccessMask::FILE_READ_DATA | AccessMask::FILE_WRITE_DATA;
                let file_id = opened(&mut link, "big", access, CreateOptions(0))?;
                measured(server, || {
                    let start = Instant::now();
                    for step in 0..STEPS {
                        let offset = step % PLACES * u64::from(STEP);
                        let request = match is_write {
                            true => requests::write(file_id, offset, &data),
                            false => requests::read(file_id, offset, STEP),
                        };
                        let answer = link.round_trip(&[request])?;
                        match link::answers(&answer)?.first() {
                            Some((_, Response::Write(done))) if done.count == STEP => {}
                            Some((_, Response::Read(_, got))) if got.len() == data.len() => {}
                            other => {
                                return Err(
                                    format!("{:?} of {STEP} bytes", other.map(|(h, _)| h.status)).into()
                                );
                            }
                        }
                        link.give_back(answer);
                    }
                    Ok(Driven { operations: STEPS, time: start.elapsed(), refusals: Default::default() })
                })
            })?;
            let what = format!("{protection:?} {} of 1 MiB", if is_write { "write" } else { "read" });
            line(&what, figures, &Goal { faster: Some(1.0), cheaper: Some(1.0) });
        }
    }
    Ok(())
}

/// What idle connections and opens keep resident.
fn memory(servers: &[Server; 2], wanted: &Wanted<'_>) -> Result<(), Failure> {
    let (connections, opens) = if wanted.is_quick { (100, 1000) } else { (1000, 10_000) };
    let mut idle = Vec::new();
    let mut open = Vec::new();
    for server in servers {
        // Opens come first: memory that connections gave back would hide what they take.
        let mut link = Link::connect(target(server, Protection::Plain))?;
        opened(&mut link, r"kept\file0", AccessMask::FILE_READ_ATTRIBUTES, CreateOptions(0))?;
        let before = server.memory_kib()?;
        for number in 0..opens {
            let path = format!(r"kept\file{}", number % KEPT);
            opened(&mut link, &path, AccessMask::FILE_READ_ATTRIBUTES, CreateOptions(0))?;
        }
        open.push(server.memory_kib()?.saturating_sub(before));
        drop(link);
        std::thread::sleep(Duration::from_secs(2));
        let before = server.memory_kib()?;
        let links: Result<Vec<Link>, Failure> =
            (0..connections).map(|_| Link::connect(target(server, Protection::Plain))).collect();
        let links = links?;
        std::thread::sleep(Duration::from_millis(500));
        idle.push(server.memory_kib()?.saturating_sub(before));
        drop(links);
    }
    for (what, kib) in [(format!("{connections} idle connections"), idle), (format!("{opens} opens"), open)] {
        let [ours, theirs] = kib[..] else { continue };
        let ratio = theirs as f64 / ours.max(1) as f64;
        let verdict = if ratio >= 10.0 { "met" } else { "MISSED" };
        println!("  {what}: {ours} / {theirs} KiB = 1/{ratio:.1}; goal 1/10: {verdict}");
    }
    Ok(())
}

pub(crate) use floor::serve as serve_floor;

/// A tmpfs that is there on every Linux, or the folder that is asked for.
pub(crate) fn memory_folder() -> PathBuf {
    Path::new("/dev/shm").join(format!("pointsman-bench-{}", std::process::id()))
}

/// Removes what [`run`] left.
pub(crate) fn clean(folder: &Path) {
    let _ = Command::new("rm").arg("-rf").arg(folder).status();
}
