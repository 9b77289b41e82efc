//! `sim [FROM..TO] [--threads N]`: runs seeds and says which broke a promise; `sim SEED` runs one and tells its story.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::disallowed_methods)] // a program of its own: it prints and has a clock

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

const USAGE: &str = "usage: sim [FROM..TO] [--threads N]   (default 0..1000, all cores)\n       sim SEED   (one run, told step by step)";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let Some((from, to, threads)) = parse(&words) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    if words.len() == 1 && to == from + 1 {
        let outcome = sim::run(from, true);
        outcome.story.iter().for_each(|line| println!("{line}"));
        return report(from, &outcome);
    }
    let (start, next, failed) = (Instant::now(), AtomicU64::new(from), AtomicU64::new(0));
    let steps = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= to {
                        break;
                    }
                    let outcome = sim::run(seed, false);
                    steps.fetch_add(outcome.steps, Ordering::Relaxed);
                    if outcome.broken.is_some() {
                        failed.fetch_add(1, Ordering::Relaxed);
                        report(seed, &outcome);
                    }
                }
            });
        }
    });
    let (seeds, time, failed) = (to - from, start.elapsed().as_secs_f64(), failed.into_inner());
    let an_hour = f64::from(u32::try_from(seeds).unwrap_or(u32::MAX)) / time.max(1e-9) * 3600.0;
    println!(
        "{seeds} seeds, {} steps, {failed} broken, {time:.1} s, {an_hour:.0} seeds an hour",
        steps.into_inner()
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn report(seed: u64, outcome: &sim::Outcome) -> ExitCode {
    match &outcome.broken {
        None => {
            println!("seed {seed}: {} steps, trace {:016x}", outcome.steps, outcome.trace);
            ExitCode::SUCCESS
        }
        Some(broken) => {
            println!("seed {seed}: step {}: {broken}", outcome.steps);
            ExitCode::FAILURE
        }
    }
}

fn parse(words: &[String]) -> Option<(u64, u64, usize)> {
    let mut range = (0, 1000);
    let mut threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match (word.as_str(), word.split_once("..")) {
            ("--threads", _) => threads = words.next()?.parse().ok()?,
            (_, Some((from, to))) => range = (from.parse().ok()?, to.parse().ok()?),
            (seed, None) => {
                let seed: u64 = seed.parse().ok()?;
                range = (seed, seed.checked_add(1)?);
            }
        }
    }
    Some((range.0, range.1, threads))
}
