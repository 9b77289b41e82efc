//! `pointsman find` over a large tree beside a bare walk of the same tree: wall time and memory.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags, XattrFlags, fsetxattr, openat};

use crate::report::{Failure, median, ratio_line};

/// Files in one directory of the tree.
const FILES_IN_FOLDER: usize = 1_000;
/// One file in so many is a reparse point.
const POINT_EVERY: usize = 100;
/// What each of them holds: a relative symbolic link to `x`.
pub(crate) const SYMLINK: &[u8; 24] =
    b"\x0C\x00\x00\xA0\x10\x00\x00\x00\x02\x00\x02\x00\x00\x00\x02\x00\x01\x00\x00\x00x\x00x\x00";

/// Builds the tree if it is not there, then runs both walks in turn and prints their ratio.
pub(crate) fn run(folder: &Path, files: usize, threads: usize, rounds: usize) -> Result<(), Failure> {
    let root = folder.join(format!("find-{files}"));
    build(&root, files)?;
    let root_text = root.to_str().ok_or("the folder's name is not UTF-8")?.to_owned();
    let pointsman = pointsman()?;
    let (mut bare, mut ours, mut memory) = (Vec::new(), Vec::new(), 0);
    let threads_text = threads.to_string();
    for round in 0..=rounds {
        let (bare_time, _) =
            timed(Command::new(std::env::current_exe()?).args(["bare-walk", &root_text, &threads_text]))?;
        let (our_time, rss) =
            timed(Command::new(&pointsman).args(["find", "--json", "--threads", &threads_text, &root_text]))?;
        // The first round only warms the page cache.
        if round > 0 {
            bare.push(bare_time);
            ours.push(our_time);
            memory = memory.max(rss);
        }
    }
    println!("find: {files} files, {threads} threads, page cache warm, median of {rounds}");
    ratio_line("find / bare getdents + lgetxattr walk", median(&mut ours), median(&mut bare), 1.5);
    println!("  peak memory {:.1} MB (goal 100)", memory as f64 / 1e6);
    Ok(())
}

/// The release binary beside this one.
pub(crate) fn pointsman() -> Result<PathBuf, Failure> {
    let path = std::env::current_exe()?.with_file_name("pointsman");
    if path.exists() {
        Ok(path)
    } else {
        Err(format!("{}: build it first: cargo build --release", path.display()).into())
    }
}

/// Runs a command with its output thrown away: how long it took, and the most memory it had, in bytes.
pub(crate) fn timed(command: &mut Command) -> Result<(Duration, u64), Failure> {
    let start = Instant::now();
    let mut child = command.stdout(Stdio::null()).spawn()?;
    let status_file = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        if let Ok(text) = fs::read_to_string(&status_file) {
            peak = peak.max(high_water(&text));
        }
        if let Some(status) = child.try_wait()? {
            let time = start.elapsed();
            return if status.success() {
                Ok((time, peak))
            } else {
                Err(format!("{command:?}: {status}").into())
            };
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// VmHWM in bytes.
fn high_water(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib =
        line.and_then(|rest| rest.split_whitespace().next()).and_then(|number| number.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

/// Makes `files` files in directories of a thousand, with a reparse point on one in a hundred.
fn build(root: &Path, files: usize) -> Result<(), Failure> {
    let done = root.join("built");
    if done.exists() {
        return Ok(());
    }
    eprintln!("building {} with {files} files (once)", root.display());
    for number in 0..files.div_ceil(FILES_IN_FOLDER) {
        let folder = root.join(format!("d{number:05}"));
        fs::create_dir_all(&folder)?;
        fill(&File::open(&folder)?, number * FILES_IN_FOLDER, files)?;
    }
    File::create(done)?;
    Ok(())
}

fn fill(folder: &File, first: usize, files: usize) -> io::Result<()> {
    for number in first..files.min(first + FILES_IN_FOLDER) {
        let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::CLOEXEC;
        let file = openat(folder, format!("f{number:08}"), flags, Mode::from_raw_mode(0o644))?;
        if number % POINT_EVERY == 0 {
            fsetxattr(&file, "user.SmbReparse", SYMLINK, XattrFlags::empty())?;
        }
    }
    Ok(())
}
