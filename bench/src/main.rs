//! Benchmarks. Each prints ratios beside what the same work costs in bare system calls, or in the nearest other crate, in the
//! same run. `cargo xtask bench` builds and runs this.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::disallowed_methods)] // a program of its own: it prints and has a clock
#![allow(clippy::cast_precision_loss)] // ratios and megabytes

mod bare;
mod capi;
mod find;
mod ntfs;
mod report;
mod set;
mod smb;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use report::Failure;

const USAGE: &str = "usage: bench [capi|set|find|ntfs|reparse|smb ...] [--quick] [--folder DIR] [--files N] [--threads N] [--rounds N] [--parts P,P]\n  \
  set      SET through the store beside bare openat + fsetxattr + close (default 100000 files)\n  \
  find     `pointsman find` beside a bare parallel walk (default 1000000 files)\n  \
  ntfs     an NTFS image: $R beside a walk beside other readers, one set counted (default 1000000 files)\n  \
  reparse  decoding and encoding beside other crates\n  \
  capi     SET through DeviceIoControl beside bare fsetxattr, and many under way at once (default 100000 sets)\n  \
  smb      `pointsman serve` beside smbd: operations, CPU time, memory; --quick for a look (as root; not part of all)\n           \
  --parts: of existing, logon, many, transfer, memory, floor, fresh those named; --only: of the operations that of this name;\n           \
  --slice-ms: how long one figure is measured in a round; --depth: operations under way on a connection, for those of smb on what exists\n  \
  smb-core DIR N [OPERATION]: the server's machines and store without sockets, N times each operation on what exists\n  \
  without a name, all but smb; the folder must lie on the file system to measure (default target/bench)";

/// What the command line asked for.
struct Arguments {
    names: Vec<String>,
    folder: PathBuf,
    files: Option<usize>,
    threads: usize,
    rounds: usize,
    is_quick: bool,
    parts: Vec<String>,
    only: Option<String>,
    slice: Duration,
    depth: Option<usize>,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [how @ ("ntfs-index" | "ntfs-walk"), image] => ntfs::child(how, image),
        ["smb-floor", share, how] => smb::serve_floor(Path::new(share), how),
        ["smb-core", folder, count, only @ ..] => count
            .parse()
            .map_err(Failure::from)
            .and_then(|count| smb::core::run(Path::new(folder), count, only.first().copied())),
        ["bare-walk", root, threads] => bare_walk(root, threads),
        ["set-many", root, count] => {
            count.parse().map_err(Failure::from).and_then(|n| set::set_many(Path::new(root), n))
        }
        [how @ ("capi-open" | "capi-fresh" | "capi-again"), root, count] => {
            count.parse().map_err(Failure::from).and_then(|n| capi::set_many(Path::new(root), n, how))
        }
        ["abuse", "--folder", folder, rest @ ..] => abuse(folder, rest),
        ["load", port, user, password, seconds] => load(port, user, password, seconds),
        _ => match parse(words) {
            Some(arguments) => run(&arguments),
            None => {
                eprintln!("{USAGE}");
                return ExitCode::from(2);
            }
        },
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("bench: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn parse(words: Vec<String>) -> Option<Arguments> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?.join("target").join("bench-data");
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    let mut arguments = Arguments {
        names: Vec::new(),
        folder: target,
        files: None,
        threads,
        rounds: 5,
        is_quick: false,
        parts: Vec::new(),
        only: None,
        slice: smb::SLICE,
        depth: None,
    };
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--folder" => arguments.folder = words.next()?.into(),
            "--files" => arguments.files = Some(words.next()?.parse().ok()?),
            "--threads" => arguments.threads = words.next()?.parse().ok()?,
            "--rounds" => arguments.rounds = words.next()?.parse().ok()?,
            "--depth" => arguments.depth = Some(words.next()?.parse().ok()?),
            "--slice-ms" => arguments.slice = Duration::from_millis(words.next()?.parse().ok()?),
            "--only" => arguments.only = words.next(),
            "--quick" => arguments.is_quick = true,
            "--parts" => arguments.parts.extend(words.next()?.split(',').map(str::to_owned)),
            "smb" | "capi" | "set" | "find" | "ntfs" | "reparse" => arguments.names.push(word),
            _ => return None,
        }
    }
    Some(arguments)
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let wanted = |name: &str| arguments.names.is_empty() || arguments.names.iter().any(|n| n == name);
    std::fs::create_dir_all(&arguments.folder)?;
    let folder = arguments.folder.canonicalize()?;
    if wanted("reparse") {
        pointsman_bench::reparse::run();
    }
    if wanted("set") {
        set::run(&folder, arguments.files.unwrap_or(100_000))?;
    }
    if wanted("capi") {
        capi::run(&folder, arguments.files.unwrap_or(100_000))?;
    }
    if wanted("find") {
        find::run(&folder, arguments.files.unwrap_or(1_000_000), arguments.threads, arguments.rounds)?;
    }
    if wanted("ntfs") {
        ntfs::run(&folder, arguments.files.unwrap_or(1_000_000), arguments.rounds)?;
    }
    // It wants root, and Debian's samba.
    if arguments.names.iter().any(|name| name == "smb") {
        let memory = smb::memory_folder();
        let rounds = if arguments.is_quick { 1 } else { arguments.rounds };
        let wanted = smb::Wanted {
            folder: &folder,
            memory: &memory,
            rounds,
            is_quick: arguments.is_quick,
            parts: &arguments.parts,
            only: arguments.only.as_deref(),
            slice: arguments.slice,
            depth: arguments.depth,
        };
        let outcome = smb::run(&wanted);
        smb::clean(&memory);
        outcome?;
    }
    Ok(())
}

fn bare_walk(root: &str, threads: &str) -> Result<(), Failure> {
    let walked = bare::walk(root, threads.parse()?)?;
    println!("{walked:?}");
    Ok(())
}

/// One of the clients of `cargo xtask judge soak`.
fn load(port: &str, user: &str, password: &str, seconds: &str) -> Result<(), Failure> {
    let time = Duration::from_secs(seconds.parse()?);
    let pace = smb::load::Pace { time, rest: Duration::from_millis(100) };
    smb::load::run(port.parse()?, user.to_owned().leak(), password.to_owned().leak(), &pace)
}

/// `cargo xtask judge abuse`.
fn abuse(folder: &str, rest: &[&str]) -> Result<(), Failure> {
    let only = rest.iter().find(|word| !word.starts_with("--")).copied();
    smb::abuse::run(Path::new(folder), rest.contains(&"--quick"), only)
}
