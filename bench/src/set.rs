//! SET on fresh files through the store, beside the bare system calls for the same values.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use fsa::host::linux::{LinuxHost, LinuxOptions};
use fsa::{OpenId, OpenRequest, SecurityContext, Volume, VolumeOptions};
use nt::{AccessMask, CreateOptions, FsctlCode, Utf16};

use crate::bare;
use crate::find::SYMLINK;
use crate::report::{Failure, median, ratio_line};

/// Files a slice: the three ways take turns slice by slice, so that what the disk does meanwhile hits each alike.
const SLICE: usize = 1_000;

/// The three ways in turn over `files` fresh files each.
pub(crate) fn run(folder: &Path, files: usize) -> Result<(), Failure> {
    let root = folder.join("set");
    if root.exists() {
        fs::remove_dir_all(&root)?;
    }
    fs::create_dir_all(&root)?;
    let volume = open_volume(&root)?;
    let stored = stored_form(&root, &volume)?;
    let both: Vec<(&str, &[u8])> =
        stored.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
    let one: Vec<(&str, &[u8])> =
        both.iter().copied().filter(|(name, _)| *name == "user.SmbReparse").collect();
    let (mut ours, mut bare_both, mut bare_one) = (Vec::new(), Vec::new(), Vec::new());
    for slice in 0..files.div_ceil(SLICE) {
        let (folder, names) = fresh(&root, &format!("store{slice}"))?;
        ours.push(time(|| set_slice(&volume, &folder, &names))?);
        let (folder, names) = fresh(&root, &format!("both{slice}"))?;
        let directory = File::open(root.join(&folder))?;
        bare_both.push(time(|| Ok(bare::set_attributes(&directory, &names, &both)?))?);
        let (folder, names) = fresh(&root, &format!("one{slice}"))?;
        let directory = File::open(root.join(&folder))?;
        bare_one.push(time(|| Ok(bare::set_attributes(&directory, &names, &one)?))?);
    }
    println!("set: {files} fresh files, deferred durability on both sides, sums of {} slices", ours.len());
    let stored_names: Vec<&str> = both.iter().map(|(name, _)| *name).collect();
    let sum = |times: &[Duration]| times.iter().sum::<Duration>();
    ratio_line(
        &format!("store / bare openat + fsetxattr {stored_names:?} + close"),
        sum(&ours),
        sum(&bare_both),
        2.0,
    );
    ratio_line("store / bare openat + fsetxattr of the point alone + close", sum(&ours), sum(&bare_one), 2.0);
    let per_slice = u32::try_from(SLICE)?;
    println!(
        "  median a set: store {:.1?}, bare {:.1?}, bare with the point alone {:.1?}",
        median(&mut ours) / per_slice,
        median(&mut bare_both) / per_slice,
        median(&mut bare_one) / per_slice
    );
    calls_of(&root, "a set", ("set-many", 100), "set-many")?;
    fs::remove_dir_all(&root)?;
    Ok(())
}

fn time(work: impl FnOnce() -> Result<(), Failure>) -> Result<Duration, Failure> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

/// A folder with a slice of empty files.
fn fresh(root: &Path, name: &str) -> Result<(PathBuf, Vec<String>), Failure> {
    fs::create_dir(root.join(name))?;
    let names: Vec<String> = (0..SLICE).map(|number| format!("f{number:06}")).collect();
    for file in &names {
        File::create(root.join(name).join(file))?;
    }
    Ok((PathBuf::from(name), names))
}

/// The volume of the benchmark, rooted at its folder.
fn open_volume(root: &Path) -> Result<Volume<LinuxHost>, Failure> {
    let options = VolumeOptions { durability: fsa::Durability::Deferred, ..VolumeOptions::default() };
    Ok(Volume::new(LinuxHost::open(root, LinuxOptions::default())?, options))
}

/// Sets one file and looks at which attributes that left.
fn stored_form(root: &Path, volume: &Volume<LinuxHost>) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let path = root.join("form");
    File::create(&path)?;
    set_one(volume, None, "form")?;
    let mut list = vec![0u8; 4096];
    let len = rustix::fs::listxattr(&path, &mut list)?;
    let names = list
        .get(..len)
        .unwrap_or_default()
        .split(|byte| *byte == 0)
        .filter(|name| name.starts_with(b"user."));
    names
        .map(|name| {
            let name = String::from_utf8(name.to_vec())?;
            let mut value = vec![0u8; 65_536];
            let len = rustix::fs::getxattr(&path, name.as_str(), &mut value)?;
            value.truncate(len);
            Ok((name, value))
        })
        .collect()
}

/// As the bare calls do, the folder is opened once and each name is relative to it.
fn set_slice(volume: &Volume<LinuxHost>, folder: &Path, names: &[String]) -> Result<(), Failure> {
    let path = Utf16::from(folder.to_str().ok_or("the folder's name is not UTF-8")?);
    let request = OpenRequest::existing(path.units(), AccessMask::FILE_READ_ATTRIBUTES);
    let folder = volume.open(&SecurityContext::superuser(), &request)?.id;
    names.iter().try_for_each(|name| set_one(volume, Some(folder), name))?;
    Ok(volume.close(folder)?)
}

/// Open, FSCTL_SET_REPARSE_POINT, close.
fn set_one(volume: &Volume<LinuxHost>, relative_to: Option<OpenId>, path: &str) -> Result<(), Failure> {
    let path = Utf16::from(path);
    let request = OpenRequest {
        relative_to,
        options: CreateOptions::OPEN_REPARSE_POINT,
        ..OpenRequest::existing(path.units(), AccessMask::FILE_WRITE_ATTRIBUTES)
    };
    let opened = volume.open(&SecurityContext::superuser(), &request)?;
    volume.fs_control(opened.id, FsctlCode::SET_REPARSE_POINT, SYMLINK, 0)?;
    Ok(volume.close(opened.id)?)
}

/// For `strace`: sets `count` fresh files through the store, and nothing else.
pub(crate) fn set_many(root: &Path, count: usize) -> Result<(), Failure> {
    let volume = open_volume(root)?;
    let request = OpenRequest::existing(&[], AccessMask::FILE_READ_ATTRIBUTES);
    let folder = volume.open(&SecurityContext::superuser(), &request)?.id;
    (0..count).try_for_each(|number| set_one(&volume, Some(folder), &format!("c{number:06}")))
}

/// Counts the system calls of one of a thousand: the difference between a run of ourselves with `word`, under strace, on
/// 1,100 files, and one that does less.
pub(crate) fn calls_of(root: &Path, what: &str, less: (&str, usize), word: &str) -> Result<(), Failure> {
    let traced = |word: &str, count: usize| -> Result<Vec<(String, u64)>, Failure> {
        for number in 0..count {
            let path = root.join(format!("c{number:06}"));
            let _ = fs::remove_file(&path);
            File::create(path)?;
        }
        let log = root.join("strace");
        let us = std::env::current_exe()?;
        let status = Command::new("strace")
            .args(["-f", "-c", "-o"])
            .arg(&log)
            .arg(us)
            .arg(word)
            .arg(root)
            .arg(count.to_string())
            .status()?;
        if !status.success() {
            return Err(format!("strace: {status}").into());
        }
        Ok(counts(&fs::read_to_string(&log)?))
    };
    if Command::new("strace").arg("-V").output().is_err() {
        println!("  system calls: strace is not installed");
        return Ok(());
    }
    let (short, long) = (traced(less.0, less.1)?, traced(word, 1_100)?);
    let before = |name: &str| short.iter().find(|(n, _)| n == name).map_or(0, |(_, count)| *count);
    let per_set = long.iter().map(|(name, count)| (name, count.saturating_sub(before(name)) as f64 / 1000.0));
    let shown: Vec<String> =
        per_set.filter(|(_, n)| *n >= 0.01).map(|(name, n)| format!("{name} {n:.2}")).collect();
    println!("  system calls of {what}: {}", shown.join(", "));
    Ok(())
}

/// Name and number of calls, from strace's table.
fn counts(table: &str) -> Vec<(String, u64)> {
    let rows = table.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let calls = fields.get(3)?.parse().ok()?;
        Some(((*fields.last()?).to_owned(), calls))
    });
    rows.filter(|(name, _)| name != "total").collect()
}
