//! Runs every fuzz target over its seed corpus, then over mutations of it for a given time.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::disallowed_methods)] // a program of its own: it prints and has a clock

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use pointsman_fuzz::{TARGETS, Target};

/// The largest input a mutation makes: four times the largest reparse point.
const INPUT_BYTES_MAX: usize = 65_536;

const USAGE: &str = "usage: replay [--seconds N | --runs N] [--seed N] [--more FOLDER] [TARGET ...]\n  \
  runs the corpus of each target (all by default), then mutations of it for N seconds in all (default 10) or N times each;\n  \
  with --more, inputs in FOLDER/TARGET are mutated too";

/// What the command line asked for.
struct Arguments {
    seconds: u64,
    /// Executions of each target, in place of a time.
    runs: Option<u64>,
    seed: u64,
    more: Option<PathBuf>,
    targets: Vec<String>,
}

fn main() -> ExitCode {
    let Some(arguments) = parse(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let wanted =
        |name: &str| arguments.targets.is_empty() || arguments.targets.iter().any(|target| target == name);
    let chosen: Vec<Target> = TARGETS.iter().copied().filter(|(name, _)| wanted(name)).collect();
    if chosen.is_empty() || chosen.len() < arguments.targets.len() {
        let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
        eprintln!("replay: no such target; they are: {}", names.join(" "));
        return ExitCode::from(2);
    }
    let share = Duration::from_secs(arguments.seconds) / u32::try_from(chosen.len()).unwrap_or(1);
    for target in chosen {
        if let Err(why) = run(target, share, &arguments) {
            eprintln!("replay: {}: {why}", target.0);
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Reads the arguments; `None` when they are wrong.
fn parse(mut words: impl Iterator<Item = String>) -> Option<Arguments> {
    let mut arguments = Arguments { seconds: 10, runs: None, seed: 1, more: None, targets: Vec::new() };
    while let Some(word) = words.next() {
        match word.as_str() {
            "--seconds" => arguments.seconds = words.next()?.parse().ok()?,
            "--runs" => arguments.runs = Some(words.next()?.parse().ok()?),
            "--more" => arguments.more = Some(words.next()?.into()),
            "--seed" => arguments.seed = words.next()?.parse().ok()?,
            flag if flag.starts_with('-') => return None,
            _ => arguments.targets.push(word),
        }
    }
    Some(arguments)
}

/// Runs one target: every seed, then mutations until `share` has passed, or as many as were asked for.
fn run((name, target): Target, share: Duration, arguments: &Arguments) -> Result<(), String> {
    let mut seeds = corpus(name)?;
    if let Some(more) = &arguments.more {
        seeds.extend(read(&listed(&more.join(name)).unwrap_or_default())?);
    }
    seeds.iter().for_each(|input| guarded(target, input));
    let mut chance = fastrand::Rng::with_seed(arguments.seed);
    let (start, mut executions) = (Instant::now(), seeds.len() as u64);
    while arguments.runs.map_or_else(|| start.elapsed() < share, |runs| executions < runs) {
        let input = mutated(&seeds, &mut chance);
        guarded(target, &input);
        executions += 1;
    }
    let seconds = start.elapsed().as_secs();
    println!("{name}: {} seeds, {executions} executions, {seconds} seconds", seeds.len());
    Ok(())
}

/// Runs the target; if it panics, says with which input before the panic goes on.
fn guarded(target: fn(&[u8]), input: &[u8]) {
    struct Witness<'a>(&'a [u8]);
    impl Drop for Witness<'_> {
        fn drop(&mut self) {
            if std::thread::panicking() {
                eprintln!("replay: this input panics ({} bytes): {}", self.0.len(), hex(self.0));
            }
        }
    }
    let _witness = Witness(input);
    target(input);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The seed corpus of a target, and behind it what libFuzzer found to reach more. No seeds is an error: a target without
/// seeds finds nothing.
fn corpus(name: &str) -> Result<Vec<Vec<u8>>, String> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = home.join("corpus").join(name);
    let mut seeds = read(&listed(&folder)?)?;
    if seeds.is_empty() {
        return Err(format!("{} has no seed", folder.display()));
    }
    seeds.extend(read(&listed(&home.join("evolved").join(name)).unwrap_or_default())?);
    Ok(seeds)
}

/// The files of a folder, in an order that does not change.
fn listed(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let list = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut paths: Vec<PathBuf> = list.filter_map(|entry| entry.ok().map(|e| e.path())).collect();
    paths.sort();
    Ok(paths)
}

fn read(paths: &[PathBuf]) -> Result<Vec<Vec<u8>>, String> {
    paths.iter().map(fs::read).collect::<Result<_, _>>().map_err(|e| e.to_string())
}

/// A seed after a few small changes: bits, bytes, edge values, cuts, copies, and splices with another seed.
fn mutated(seeds: &[Vec<u8>], chance: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = chance.choice(seeds).cloned().unwrap_or_default();
    for _ in 0..chance.usize(1..6) {
        let at = chance.usize(0..=bytes.len());
        let (head, tail) = bytes.split_at_mut(at);
        match (chance.u8(0..10), tail) {
            (0, [first, ..]) => *first ^= 1 << chance.u8(0..8),
            (1 | 2, [first, ..]) => *first = chance.u8(..),
            (3, [a, b, ..]) => {
                [*a, *b] = chance.choice([0u16, 1, 7, 8, 0x7FFF, 0xFFFE, 0xFFFF]).unwrap_or(0).to_le_bytes()
            }
            (4, _) => bytes.truncate(at),
            (5, _) => bytes.insert(at, chance.u8(..)),
            (6, tail) => {
                let copy = tail.iter().take(chance.usize(0..64)).copied().collect::<Vec<u8>>();
                let place = chance.usize(0..=bytes.len());
                bytes.splice(place..place, copy);
            }
            (7, tail) => {
                let end = at + chance.usize(0..32).min(tail.len());
                bytes.drain(at..end);
            }
            (8, tail) => {
                let other = chance.choice(seeds).map(Vec::as_slice).unwrap_or_default();
                let from = chance.usize(0..=other.len());
                let part = other.iter().skip(from).take(chance.usize(0..32));
                tail.iter_mut().zip(part).for_each(|(to, from)| *to = *from);
            }
            _ => {
                let mut spliced = head.to_vec();
                spliced.extend(chance.choice(seeds).into_iter().flatten().skip(at));
                bytes = spliced;
            }
        }
        bytes.truncate(INPUT_BYTES_MAX);
    }
    bytes
}
