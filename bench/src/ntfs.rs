//! Reparse points of an NTFS image: found through `$R`, by a walk of the MFT, and one set, counted; beside other readers.
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ::ntfs::{Image, ImageFile, Journal, Medium, NewFile, OpenOptions, Volume, WalkOptions};
use rustix::fs::{CWD, Mode, OFlags, XattrFlags, lsetxattr, openat};

use crate::find::SYMLINK;
use crate::report::{Failure, median};

const FILES_IN_FOLDER: usize = 1_000;
/// One file in so many is a reparse point.
const POINT_EVERY: usize = 100;
const NOW: nt::FileTime = nt::FileTime(133_000_000_000_000_000);
/// dissect.ntfs takes a millisecond a record: it is given so many, and its time is multiplied.
const DISSECT_RECORDS: usize = 20_000;
const DISSECT: &str = "
import sys
from dissect.ntfs import NTFS
volume = NTFS(open(sys.argv[1], 'rb'))
points = 0
for number, segment in enumerate(volume.mft.segments()):
    points += any(int(kind) == 0xC0 for kind in segment.attributes)
    if number == int(sys.argv[2]):
        break
print(points)
";

/// Makes the image if it is not there, and measures.
pub(crate) fn run(folder: &Path, files: usize, rounds: usize) -> Result<(), Failure> {
    let image = folder.join(format!("ntfs-{files}.img"));
    if !image.exists() {
        build(folder, &image, files)?;
    }
    warm(&image)?;
    println!(
        "ntfs: {files} files, one in {POINT_EVERY} a reparse point, page cache warm, median of {rounds}"
    );
    let (mut by_index, mut by_walk, mut memory) = (Vec::new(), Vec::new(), 0);
    for _ in 0..rounds {
        let (time, count, _) = ours("ntfs-index", &image)?;
        by_index.push(time);
        let (time, also, rss) = ours("ntfs-walk", &image)?;
        by_walk.push(time);
        memory = memory.max(rss);
        if count != also || count != files.div_ceil(POINT_EVERY) {
            return Err(format!("$R has {count} points, the MFT {also}").into());
        }
    }
    let (by_index, by_walk) = (median(&mut by_index), median(&mut by_walk));
    faster("find from $R", by_index, "a walk of the MFT", by_walk, 50.0);
    beside_others(&image, by_walk, files)?;
    println!("  peak memory of the walk {:.1} MB (goal 100)", memory as f64 / 1e6);
    the_command(&image, rounds)?;
    count_set(&image)
}

/// What a user waits for: the command, which also reads each point and the way to its file, and tells them.
fn the_command(image: &Path, rounds: usize) -> Result<(), Failure> {
    let pointsman = crate::find::pointsman()?;
    let place = format!("{}!/", image.display());
    let link = format!("{place}directory 7/file number 55");
    let find = ["find", "-l", &place];
    let check = ["check", &place];
    let set = ["set", "--symlink", "x", &link];
    let delete = ["delete", &link];
    for (what, words) in [
        ("pointsman find IMAGE!/", &find[..]),
        ("pointsman check IMAGE!/, which reads the whole MFT and every directory", &check),
        ("pointsman set, on one file", &set),
        ("pointsman delete, on one file", &delete),
    ] {
        let (mut times, mut memory) = (Vec::new(), 0);
        // What changes the image is done once.
        let rounds = if words.contains(&link.as_str()) { 1 } else { rounds.min(3) };
        for _ in 0..rounds {
            let (time, peak) = crate::find::timed(Command::new(&pointsman).args(words))?;
            times.push(time);
            memory = memory.max(peak);
        }
        println!(
            "  {what}: {:.1?}, peak memory {:.1} MB (goal 100)",
            median(&mut times),
            memory as f64 / 1e6
        );
    }
    Ok(())
}

/// What a child of this program does: opens the image, lists the points, tells how many, how long it took and how much
/// memory it had.
pub(crate) fn child(how: &str, image: &str) -> Result<(), Failure> {
    let start = Instant::now();
    let volume = Image::open(Path::new(image), &OpenOptions { read_only: true, ..OpenOptions::default() })?;
    let count = if how == "ntfs-index" {
        let points = volume.reparse_points()?.ok_or("no $R")?;
        points.collect::<Result<Vec<_>, _>>()?.len()
    } else {
        volume.walk(WalkOptions::default()).collect::<Result<Vec<_>, _>>()?.len()
    };
    let time = start.elapsed();
    println!("{} {count} {}", time.as_nanos(), peak_memory()?);
    Ok(())
}

fn peak_memory() -> Result<u64, Failure> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse::<u64>()? * 1024)
}

fn ours(how: &str, image: &Path) -> Result<(Duration, usize, u64), Failure> {
    let output =
        Command::new(std::env::current_exe()?).arg(how).arg(image).stderr(Stdio::inherit()).output()?;
    let said = String::from_utf8(output.stdout)?;
    let numbers: Vec<u64> = said.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    match numbers.as_slice() {
        [nanos, count, memory] => Ok((Duration::from_nanos(*nanos), usize::try_from(*count)?, *memory)),
        _ => Err(format!("{how} failed").into()),
    }
}

fn beside_others(image: &Path, walk: Duration, files: usize) -> Result<(), Failure> {
    let run = |command: &mut Command| -> io::Result<Option<Duration>> {
        let start = Instant::now();
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        Ok(status.success().then(|| start.elapsed()))
    };
    match run(Command::new("fsntfsinfo").arg("-H").arg(image)) {
        Ok(Some(time)) => faster("walk", walk, "fsntfsinfo -H", time, 5.0),
        _ => println!("  skip: fsntfsinfo is not installed (libfsntfs-utils)"),
    }
    let python = std::env::var("POINTSMAN_DISSECT_PYTHON").unwrap_or_else(|_| "python3".into());
    let dissect =
        |records: usize| run(Command::new(&python).args(["-c", DISSECT]).arg(image).arg(records.to_string()));
    match (dissect(0), dissect(DISSECT_RECORDS)) {
        (Ok(Some(start)), Ok(Some(time))) => {
            let scale = f64::from(u32::try_from(files)?) / DISSECT_RECORDS as f64;
            let whole = time.saturating_sub(start).mul_f64(scale);
            faster("walk", walk, "dissect.ntfs (20000 records, multiplied)", whole, 5.0);
        }
        _ => println!(
            "  skip: dissect.ntfs is not installed (pip install dissect.ntfs; POINTSMAN_DISSECT_PYTHON)"
        ),
    }
    Ok(())
}

/// Prints how many times faster the first is.
fn faster(what: &str, ours: Duration, other: &str, theirs: Duration, goal: f64) {
    let times = theirs.as_secs_f64() / ours.as_secs_f64().max(1e-9);
    let verdict = if times >= goal { "met" } else { "MISSED" };
    println!("  {what} {ours:.1?}, {other} {theirs:.1?}: {times:.1} times faster (goal {goal}: {verdict})");
}

/// An image that counts what is asked of it.
struct Counted {
    image: ImageFile,
    reads: AtomicU64,
    writes: AtomicU64,
}

impl Medium for &Counted {
    fn len(&self) -> u64 {
        self.image.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.image.read_at(offset, buffer)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        self.image.write_at(offset, bytes)
    }

    fn flush(&self) -> io::Result<()> {
        self.image.flush()
    }

    fn journal(&self, state: Journal) -> io::Result<Option<Vec<u8>>> {
        self.image.journal(state)
    }

    fn begin(&self, journal: &[u8]) -> io::Result<()> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        self.image.begin(journal)
    }

    fn complete(&self, joins: bool) -> io::Result<()> {
        self.image.complete(joins)
    }

    fn keep_last(&self, len: u64) -> io::Result<()> {
        self.image.keep_last(len)
    }

    fn forget(&self, state: Journal) -> io::Result<()> {
        self.image.forget(state)
    }
}

/// One set on a freshly opened image, and its undo.
fn count_set(image: &Path) -> Result<(), Failure> {
    let counted = Counted { image: ImageFile::open(image, false, None)?, reads: 0.into(), writes: 0.into() };
    let counts = || (counted.reads.swap(0, Ordering::Relaxed), counted.writes.swap(0, Ordering::Relaxed));
    let mut volume = Volume::on(&counted, &OpenOptions::default())?;
    let (opening, _) = counts();
    let file = volume.find("directory 7/file number 55")?;
    volume.set(file, SYMLINK, NOW)?;
    let (reads, writes) = counts();
    let met = if reads < 20 && writes < 12 { "met" } else { "MISSED" };
    println!(
        "  one set, its path looked up: {reads} reads, {writes} writes, the journal's among them \
         (goal under 20 and 12: {met}); opening before it: {opening} reads"
    );
    ::ntfs::undo(&&counted)?;
    let _ = counts();
    let mut volume = Volume::on(&counted, &OpenOptions::default())?;
    let _ = counts();
    let new = NewFile { point: Some(SYMLINK.to_vec()), ..NewFile::default() };
    volume.create_path("directory 7/another", &new, NOW)?;
    let (reads, writes) = counts();
    println!("  one file made with a point: {reads} reads, {writes} writes");
    ::ntfs::undo(&&counted)?;
    Ok(())
}

fn warm(image: &Path) -> io::Result<()> {
    let file = File::open(image)?;
    let mut buffer = vec![0; 1 << 20];
    let mut at = 0;
    while let read @ 1.. = file.read_at(&mut buffer, at)? {
        at += read as u64;
    }
    Ok(())
}

/// An image made by mkntfs and filled through ntfs-3g.
fn build(folder: &Path, image: &Path, files: usize) -> Result<(), Failure> {
    let (unfinished, mount) = (folder.join("ntfs-unfinished.img"), folder.join("ntfs-mount"));
    println!("ntfs: making {} ...", image.display());
    // A kilobyte a file in the MFT, and as much again for directories and what else there is.
    File::create(&unfinished)?.set_len((64 << 20) + files as u64 * 2048)?;
    fs::create_dir_all(&mount)?;
    must(Command::new("mkntfs").args(["-q", "-f", "-F", "-Q"]).arg(&unfinished))?;
    must(
        Command::new("ntfs-3g").args(["-o", "streams_interface=xattr,noatime"]).args([&unfinished, &mount]),
    )?;
    let filled = fill(&mount, files);
    must(Command::new("umount").arg(&mount))?;
    filled?;
    // ntfs-3g writes the last of it after umount has returned.
    while Command::new("pgrep").arg("-f").arg(&unfinished).stdout(Stdio::null()).status()?.success() {
        std::thread::sleep(Duration::from_millis(100));
    }
    fs::rename(&unfinished, image)?;
    Ok(())
}

fn must(command: &mut Command) -> Result<(), Failure> {
    let output = command.output().map_err(|error| format!("{command:?}: {error} (Debian: ntfs-3g)"))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(()) } else { Err(format!("{command:?}: {said}").into()) }
}

fn fill(mount: &Path, files: usize) -> Result<(), Failure> {
    let create = OFlags::CREATE | OFlags::WRONLY | OFlags::CLOEXEC;
    for number in 0..files {
        let directory: PathBuf = mount.join(format!("directory {}", number / FILES_IN_FOLDER));
        if number % FILES_IN_FOLDER == 0 {
            fs::create_dir(&directory)?;
        }
        let path = directory.join(format!("file number {}", number % FILES_IN_FOLDER));
        drop(openat(CWD, &path, create, Mode::from_raw_mode(0o644))?);
        if number % POINT_EVERY == 0 {
            lsetxattr(&path, "system.ntfs_reparse_data", SYMLINK, XattrFlags::empty())?;
        }
    }
    Ok(())
}
