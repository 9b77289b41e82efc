//! The project's own checks. `cargo xtask` without a word says what there is.
#![allow(clippy::print_stdout, clippy::print_stderr)] // a command: it talks to a person

mod arrows;
mod cite;
mod fuzz;
mod header;
mod install;
mod judge;
mod kernel;
mod linux_client;
mod packages;
mod run;
mod sources;
mod tidy;

use run::Run;
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask WORD

  check          what every commit must pass: format, clippy, tidy, citations, no_std, docs, unit tests; offline
  test           everything: system packages (installed with apt-get when root), check, all tests, fuzz, cargo deny
  tidy           the rules of layout: crate arrows, file lengths, names, holes, citation forms
  cite           every cited section exists in docs/spec/sections.tsv
  linux-client   the Linux kernel's SMB client, in a virtual machine, against `pointsman serve`; fetches what it needs
  bench [ARGS]   the benchmarks, in release
  sim [FROM..TO] the simulator: clients by chance on wires that are cut, seed by seed
  fuzz TARGET... the fuzz targets under libFuzzer, led by coverage; `fuzz` alone says more
  judge NAME     programs of others: clients, kernel, smbtorture [REGEX], pike, suites, soak, abuse, scoreboard (our
                 server); ntfs (NTFS images); sanitizers, wine (libpointsman)
  header         the numbers of libpointsman's headers, from docs/spec
  install --prefix DIR   libpointsman: libraries, headers, pkg-config, manual pages
  man            the manual pages, into docs/man
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (word, rest) = match words.split_first() {
        Some((word, rest)) => (word.as_str(), rest),
        None => ("", &[][..]),
    };
    // Cargo says where it runs us; where we were built may be another tree, when its target folder was copied.
    let built = || env!("CARGO_MANIFEST_DIR").into();
    let home: std::path::PathBuf = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(built, Into::into);
    if let Err(error) = std::env::set_current_dir(home.join("../..")) {
        eprintln!("the repository is not where xtask was built: {error}");
        return ExitCode::FAILURE;
    }
    let done = match word {
        "check" => check(),
        "test" => test(),
        "tidy" => tidy::tidy(),
        "cite" => cite::cite(),
        "fuzz" => fuzz::fuzz(rest),
        "header" => header::header(),
        "install" => install::install(rest),
        "judge" => judge::judge(rest),
        "sim" => Run::cargo("sim", &["run", "--release", "-p", "pointsman-sim", "--"]).args(rest).go(),
        // The command is measured, too.
        "bench" => {
            Run::cargo("the command", &["build", "--release", "-p", "pointsman-cli"]).go().and_then(|()| {
                Run::cargo("bench", &["run", "--release", "-p", "pointsman-bench", "--"]).args(rest).go()
            })
        }
        "linux-client" => linux_client::linux_client(),
        "man" => {
            let generate = ["run", "-p", "pointsman-cli", "--", "generate", "man", "docs/man"];
            Run::cargo("man", &generate).go()
        }
        _ => {
            print!("{USAGE}");
            return if word.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) };
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nxtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// All features of all crates but the fuzz targets': theirs needs another toolchain and another `main`.
const ALL_FEATURES: [&str; 4] = ["--workspace", "--all-features", "--exclude", "pointsman-fuzz"];

/// Every step runs, though one before it failed: a person wants to see all that is wrong.
fn check() -> Result<(), String> {
    let lint = ["--all-targets", "--", "-D", "warnings"];
    let no_std = |package| Run::cargo("no_std", &["check", "-q", "-p", package, "--no-default-features"]);
    let fuzz = ["clippy", "-q", "-p", "pointsman-fuzz"];
    let tables = ["test", "-q", "-p", "pointsman-nt", "--test", "tables"];
    all([
        Run::cargo("format", &["fmt", "--all", "--check"]).go(),
        tidy::tidy(),
        cite::cite(),
        judge::scoreboard(),
        Run::cargo("clippy", &["clippy", "-q"]).args(&ALL_FEATURES).args(&lint).go(),
        Run::cargo("clippy of the fuzz targets", &fuzz).args(&lint).go(),
        no_std("pointsman-nt").go(),
        no_std("pointsman-reparse").go(),
        Run::cargo("docs", &["doc", "-q", "--no-deps"])
            .args(&ALL_FEATURES)
            .env("RUSTDOCFLAGS", "-Dwarnings")
            .go(),
        Run::cargo("unit tests", &["test", "-q", "--lib", "--bins"]).args(&ALL_FEATURES).go(),
        Run::cargo("constants against tables", &tables).go(),
    ])
}

/// The failures of several steps as one.
fn all<const N: usize>(steps: [Result<(), String>; N]) -> Result<(), String> {
    let failures: Vec<String> = steps.into_iter().filter_map(Result::err).collect();
    if failures.is_empty() { Ok(()) } else { Err(failures.join("; ")) }
}

fn test() -> Result<(), String> {
    packages::install()?;
    let mut tests = Run::cargo("all tests", &["test", "--no-fail-fast"]).args(&ALL_FEATURES);
    if let Some((valgrind, tools)) = judge::valgrind() {
        tests = tests
            .env("POINTSMAN_VALGRIND", &valgrind.to_string_lossy())
            .env("VALGRIND_LIB", &tools.to_string_lossy());
    }
    all([
        check(),
        tests.go(),
        Run::cargo("tests of the fuzz targets", &["test", "-p", "pointsman-fuzz"]).go(),
        fuzz::briefly(),
        judge::in_ci(),
        deny(),
    ])
}

/// What stands in the dependency tree, against deny.toml.
fn deny() -> Result<(), String> {
    if run::answers("cargo", &["deny", "--version"]) {
        // Advisories come from the network and change without us: they inform a run of their own.
        Run::cargo("deny", &["deny", "check", "licenses", "bans", "sources"]).go()
    } else {
        println!("== skip: cargo deny is not installed (cargo install cargo-deny)");
        Ok(())
    }
}
