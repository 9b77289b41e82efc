//! How results are compared and printed.

use std::time::Duration;

/// Why a benchmark could not run.
pub(crate) type Failure = Box<dyn std::error::Error>;

/// The middle one.
pub(crate) fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Prints two times and their ratio.
pub(crate) fn ratio_alone(what: &str, ours: Duration, bare: Duration) {
    let ratio = ours.as_secs_f64() / bare.as_secs_f64().max(1e-9);
    println!("  {what}: {ours:.1?} / {bare:.1?} = {ratio:.2}");
}

/// Prints two times and their ratio beside the goal.
pub(crate) fn ratio_line(what: &str, ours: Duration, bare: Duration, goal: f64) {
    let ratio = ours.as_secs_f64() / bare.as_secs_f64().max(1e-9);
    let verdict = if ratio <= goal { "met" } else { "MISSED" };
    println!("  {what}: {ours:.1?} / {bare:.1?} = {ratio:.2} (goal {goal}: {verdict})");
}
