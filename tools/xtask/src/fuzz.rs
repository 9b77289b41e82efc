//! `cargo xtask fuzz`: targets under libFuzzer, led by coverage, with the count of what was run kept.
//!
//! No nightly is needed: the compiler's coverage pass is asked for by name, and libFuzzer is built from its crate by the
//! C++ compiler that is there. Debug assertions and overflow checks stay on.
use crate::run::{Run, answers};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const USAGE: &str = "\
usage: cargo xtask fuzz [--runs N] [--minutes N] [--record] TARGET...
       cargo xtask fuzz --minimise TARGET...
       cargo xtask fuzz --count

  runs each target under libFuzzer from its seeds and what earlier runs found, N executions (1,000,000 by default), or so
  many minutes, or what ends first of both; with --record, enters them in fuzz/EXECUTIONS.tsv. --minimise brings what was found and reaches something
  new to fuzz/evolved. --count sums up the record.";

/// What was run: a line for what was run of a target on one commit.
const RECORD: &str = "fuzz/EXECUTIONS.tsv";

/// What the compiler's coverage pass is told.
const COVERAGE: [&str; 6] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cllvm-args=-simplifycfg-branch-fold-threshold=0",
];

/// Executions, if nobody says how many or how long.
const RUNS: u64 = 1_000_000;

/// The longest input that is kept in the repository, and how many of a target.
const KEPT_BYTES_MAX: u64 = 2048;
const KEPT_MAX: usize = 400;

/// Memory that one target may take.
const MEMORY_MIB: u32 = 2048;

/// What the command line asked for.
struct Arguments {
    runs: Option<u64>,
    minutes: Option<u64>,
    record: bool,
    minimise: bool,
    targets: Vec<String>,
}

/// What one run of a target came to.
struct Outcome {
    executions: u64,
    seconds: u64,
    edges: String,
    finding: String,
}

pub(crate) fn fuzz(words: &[String]) -> Result<(), String> {
    if words == ["--count"] {
        return count();
    }
    let arguments = parse(words).ok_or_else(|| USAGE.to_owned())?;
    let programs = build(&arguments.targets)?;
    for (target, program) in arguments.targets.iter().zip(&programs) {
        if arguments.minimise {
            minimise(target, program)?;
            continue;
        }
        let outcome = run(target, program, &arguments)?;
        let line = line(target, &outcome);
        println!("{line}");
        if arguments.record {
            let record = fs::read_to_string(RECORD).map_err(|error| format!("{RECORD}: {error}"))?;
            let record = entered(&record, &line);
            fs::write(RECORD, record).map_err(|error| format!("{RECORD}: {error}"))?;
        }
    }
    Ok(())
}

fn parse(words: &[String]) -> Option<Arguments> {
    let mut arguments =
        Arguments { runs: None, minutes: None, record: false, minimise: false, targets: Vec::new() };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--runs" => arguments.runs = Some(words.next()?.parse().ok()?),
            "--minutes" => arguments.minutes = Some(words.next()?.parse().ok()?),
            "--record" => arguments.record = true,
            "--minimise" => arguments.minimise = true,
            flag if flag.starts_with('-') => return None,
            _ => arguments.targets.push(word.clone()),
        }
    }
    (!arguments.targets.is_empty()).then_some(arguments)
}

/// Builds the targets and says where they are.
fn build(targets: &[String]) -> Result<Vec<PathBuf>, String> {
    if !answers("c++", &["--version"]) {
        return Err("libFuzzer is C++, and there is no c++ here (apt-get install g++)".to_owned());
    }
    let triple = host()?;
    let mut args = vec!["build", "--release", "-p", "pointsman-fuzz", "--features", "libfuzzer"];
    args.extend(["--target", &triple]);
    for target in targets {
        args.extend(["--bin", target]);
    }
    Run::cargo("fuzz targets", &args)
        .env("RUSTFLAGS", &COVERAGE.join(" "))
        .env("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", "true")
        .env("CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS", "true")
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .go()?;
    let folder = Path::new("target").join(&triple).join("release");
    Ok(targets.iter().map(|target| folder.join(target)).collect())
}

/// The triple of this machine: flags for a named target are not those of build scripts.
fn host() -> Result<String, String> {
    let output = Command::new("rustc").arg("-vV").output().map_err(|error| format!("rustc: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "rustc does not say its host".to_owned())
}

/// Where runs keep what they find, beside everything else that is built.
fn found(target: &str) -> PathBuf {
    Path::new("target/fuzz").join(target)
}

/// Folders with inputs that are in the repository.
fn kept(target: &str) -> Vec<PathBuf> {
    let folders = ["fuzz/corpus", "fuzz/evolved"].map(|folder| Path::new(folder).join(target));
    folders.into_iter().filter(|folder| folder.is_dir()).collect()
}

fn run(target: &str, program: &Path, arguments: &Arguments) -> Result<Outcome, String> {
    let (found, artifacts) = (found(target), Path::new("target/fuzz/artifacts").join(target));
    for folder in [&found, &artifacts] {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let mut command = Command::new(program);
    command.arg(&found).args(kept(target));
    command.arg(format!("-artifact_prefix={}/", artifacts.display()));
    command.args(["-print_final_stats=1", "-use_value_profile=1", "-reload=0"]);
    command.arg(format!("-rss_limit_mb={MEMORY_MIB}"));
    // A run may be stopped for a while, which is no fault of the input's.
    command.args(["-timeout=1800", "-report_slow_units=1800"]);
    if let Some(minutes) = arguments.minutes {
        command.arg(format!("-max_total_time={}", minutes * 60));
    }
    if let Some(runs) = arguments.runs.or(arguments.minutes.is_none().then_some(RUNS)) {
        command.arg(format!("-runs={runs}"));
    }
    println!("== {command:?}");
    let mut child = command.stderr(Stdio::piped()).spawn().map_err(|error| format!("{target}: {error}"))?;
    let mut outcome =
        Outcome { executions: 0, seconds: 0, edges: "-".to_owned(), finding: "none".to_owned() };
    let lines = child.stderr.take().map(|stderr| BufReader::new(stderr).lines());
    for line in lines.into_iter().flatten().map_while(Result::ok) {
        outcome.see(&line);
    }
    child.wait().map_err(|error| format!("{target}: {error}"))?;
    Ok(outcome)
}

impl Outcome {
    /// Takes what a line of libFuzzer's says, and shows it unless it is one of very many.
    fn see(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let ["stat::number_of_executed_units:", number] = words[..] {
            self.executions = number.parse().unwrap_or(0);
        }
        if let Some((_, edges)) = words.iter().zip(words.iter().skip(1)).find(|(name, _)| **name == "cov:") {
            self.edges = (*edges).to_owned();
        }
        if let ["Done", _, "runs", "in", seconds, ..] = words[..] {
            self.seconds = seconds.parse().unwrap_or(0);
        }
        if let Some((_, path)) = line.split_once("Test unit written to ") {
            self.finding = path.rsplit('/').next().unwrap_or(path).to_owned();
        }
        if !line.contains("\tNEW ") && !line.contains("\tREDUCE ") {
            println!("{line}");
        }
    }
}

fn line(target: &str, outcome: &Outcome) -> String {
    let said = |args: &[&str]| {
        let output = Command::new("git").args(args).output().map(|output| output.stdout).unwrap_or_default();
        String::from_utf8_lossy(&output).trim().to_owned()
    };
    let commit = said(&["rev-parse", "--short", "HEAD"]);
    let date = Command::new("date").arg("+%F %H:%M").output().map(|output| output.stdout).unwrap_or_default();
    let date = String::from_utf8_lossy(&date).trim().to_owned();
    let Outcome { executions, seconds, edges, finding } = outcome;
    format!(
        "{target}\t{executions}\t{seconds}\t{edges}\tlibFuzzer, release with assertions\t{commit}\t{date}\t{finding}"
    )
}

/// Brings what runs found to the repository: the fewest inputs that reach every edge that any reaches, short ones only.
fn minimise(target: &str, program: &Path) -> Result<(), String> {
    let (short, merged) =
        (Path::new("target/fuzz/short").join(target), Path::new("target/fuzz/merged").join(target));
    for folder in [&short, &merged] {
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let evolved = Path::new("fuzz/evolved").join(target);
    for path in files(&found(target)).into_iter().chain(files(&evolved)) {
        let is_short = fs::metadata(&path).is_ok_and(|found| found.len() <= KEPT_BYTES_MAX);
        if let Some(name) = path.file_name().filter(|_| is_short) {
            fs::copy(&path, short.join(name)).map_err(|error| format!("{}: {error}", path.display()))?;
        }
    }
    let seeds = Path::new("fuzz/corpus").join(target);
    // The seeds of our own come first: what they reach needs no other.
    let status = Command::new(program)
        .args(["-set_cover_merge=1", "-use_counters=0", "-timeout=1800"])
        .arg(&merged)
        .args([&seeds, &short])
        .stderr(Stdio::null())
        .status()
        .map_err(|error| format!("{target}: {error}"))?;
    if !status.success() {
        return Err(format!("the merge of {target} failed ({status})"));
    }
    let own: Vec<Vec<u8>> = files(&seeds).iter().filter_map(|path| fs::read(path).ok()).collect();
    let mut chosen: Vec<(usize, PathBuf, Vec<u8>)> = files(&merged)
        .into_iter()
        .filter_map(|path| fs::read(&path).ok().map(|bytes| (bytes.len(), path, bytes)))
        .filter(|(_, _, bytes)| !own.contains(bytes))
        .collect();
    chosen.sort();
    let left = chosen.len().saturating_sub(KEPT_MAX);
    let _ = fs::remove_dir_all(&evolved);
    fs::create_dir_all(&evolved).map_err(|error| format!("{}: {error}", evolved.display()))?;
    for (_, path, bytes) in chosen.iter().take(KEPT_MAX) {
        let name = path.file_name().unwrap_or_default();
        fs::write(evolved.join(name), bytes).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    println!("{target}: {} inputs kept, {left} left out", chosen.len() - left);
    Ok(())
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let list = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = list.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.sort();
    paths
}

/// The record with another run: in the line of those that ran the same target in the same way on the same commit and found nothing
/// either, or in one of its own. The line has the edges and the date of the last.
fn entered(record: &str, line: &str) -> String {
    let fields = |line: &str| -> Option<[String; 8]> {
        let fields: Vec<String> = line.split('\t').map(str::to_owned).collect();
        fields.try_into().ok()
    };
    let mut lines: Vec<String> = record.lines().map(str::to_owned).collect();
    let Some([target, executions, seconds, edges, way, commit, date, finding]) = fields(line) else {
        return record.to_owned();
    };
    let same = lines.iter().position(|other| {
        fields(other).is_some_and(|other| {
            [&other[0], &other[4], &other[5], &other[7]] == [&target, &way, &commit, &finding]
                && finding == "none"
        })
    });
    let place = same.and_then(|at| lines.get_mut(at));
    match place.and_then(|place| Some((fields(place)?, place))) {
        Some(([_, executions_before, seconds_before, ..], place)) => {
            let sum = |a: &str, b: &str| a.parse::<u64>().unwrap_or(0) + b.parse::<u64>().unwrap_or(0);
            let (executions, seconds) =
                (sum(&executions, &executions_before), sum(&seconds, &seconds_before));
            *place =
                format!("{target}\t{executions}\t{seconds}\t{edges}\t{way}\t{commit}\t{date}\t{finding}");
        }
        None => lines.push(line.to_owned()),
    }
    lines.join("\n") + "\n"
}

/// Sums up the record, a line a target.
fn count() -> Result<(), String> {
    let text = fs::read_to_string(RECORD).map_err(|error| format!("{RECORD}: {error}"))?;
    let mut sums: std::collections::BTreeMap<&str, (u64, u64, usize)> = Default::default();
    for line in text.lines().filter(|line| !line.starts_with('#')).skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [target, executions, seconds, .., finding] = fields[..] else { continue };
        let sum = sums.entry(target).or_default();
        sum.0 += executions.parse::<u64>().unwrap_or(0);
        sum.1 += seconds.parse::<u64>().unwrap_or(0);
        sum.2 += usize::from(finding != "none");
    }
    for (target, (executions, seconds, findings)) in sums {
        let rate = executions / seconds.max(1);
        println!("{target:16} {executions:>12} executions {rate:>8} a second {findings:>3} findings");
    }
    Ok(())
}

/// Each fuzz target for a moment, from its seeds; no libFuzzer is needed for it.
pub(crate) fn briefly() -> Result<(), String> {
    Run::cargo("fuzz, briefly", &["run", "-p", "pointsman-fuzz", "--bin", "replay", "--"])
        .args(&["--seconds", "5"])
        .go()
}

#[cfg(test)]
mod tests {
    use super::entered;

    #[test]
    fn runs_of_one_target_on_one_commit_are_one_line_unless_they_found_something() {
        let line = |target: &str, executions: u64, commit: &str, finding: &str| {
            format!("{target}\t{executions}\t5\t{executions}\treplay\t{commit}\t2026-11-27\t{finding}")
        };
        let mut record = "target\texecutions\n".to_owned();
        for (target, executions, commit, finding) in [
            ("wire", 10, "a", "none"),
            ("wire", 20, "b", "none"),
            ("json", 30, "a", "none"),
            ("wire", 40, "a", "none"),
            ("wire", 50, "a", "crash-1"),
            ("wire", 60, "a", "crash-1"),
        ] {
            record = entered(&record, &line(target, executions, commit, finding));
        }
        let wanted = [
            "target\texecutions",
            "wire\t50\t10\t40\treplay\ta\t2026-11-27\tnone",
            &line("wire", 20, "b", "none"),
            &line("json", 30, "a", "none"),
            &line("wire", 50, "a", "crash-1"),
            &line("wire", 60, "a", "crash-1"),
        ];
        assert_eq!(record.lines().collect::<Vec<_>>(), wanted);
    }
}
