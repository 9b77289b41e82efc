//! The bare system calls of an operation, beside which both servers are read: openat, fsetxattr or fgetxattr, close, from one
//! process that does nothing else.
use super::ops::Middle;
use crate::report::Failure;
use rustix::fs::{
    AtFlags, CWD, Mode, OFlags, StatxFlags, XattrFlags, fgetxattr, fsetxattr, fstat, llistxattr_query,
    openat, statx,
};
use rustix::io::Errno;
use rustix::time::{ClockId, clock_gettime};
use std::ffi::CString;
use std::path::Path;
use std::time::Instant;

/// Where a reparse point lies.
const POINT: &str = "user.SmbReparse";

/// CPU time of this thread so far, in microseconds.
pub(super) fn cpu_us() -> f64 {
    us(ClockId::ThreadCPUTime)
}

fn us(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
}

/// CPU time of making a new file, in microseconds: with a point on it for [`Middle::Set`]. The files are removed.
pub(super) fn fresh(folder: &Path, middle: Middle, data: &[u8], count: u64) -> Result<f64, Failure> {
    let dir = folder_of(folder)?;
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC;
    let before = cpu_us();
    for number in 0..count {
        let file = openat(&dir, format!("b{number}"), flags, Mode::from_raw_mode(0o666))?;
        if middle == Middle::Set {
            fsetxattr(&file, POINT, data, XattrFlags::empty())?;
        }
    }
    let used = cpu_us() - before;
    for number in 0..count {
        rustix::fs::unlinkat(&dir, format!("b{number}"), AtFlags::empty())?;
    }
    Ok(used / count.max(1) as f64)
}

/// CPU time of opening what is there, in microseconds, with what the operation does between.
pub(super) fn existing(folder: &Path, path: &str, objects: u64, middle: Middle) -> Result<f64, Failure> {
    const COUNT: u64 = 50_000;
    let dir = folder_of(folder)?;
    let names: Vec<String> =
        (0..objects).map(|number| path.replace('\\', "/").replace('#', &number.to_string())).collect();
    let mut value = [0; 16384];
    let before = cpu_us();
    for name in names.iter().cycle().take(usize::try_from(COUNT)?) {
        let file = openat(&dir, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        match middle {
            Middle::Get => drop(fgetxattr(&file, POINT, &mut value)?),
            Middle::Stat => drop(fstat(&file)?),
            Middle::Nothing | Middle::Set => {}
        }
    }
    Ok((cpu_us() - before) / COUNT as f64)
}

/// What no listing does without: getdents, and for each entry llistxattr and statx by name, on as many threads as there are
/// processors. Milliseconds in all, and of CPU.
pub(super) fn listing(folder: &Path) -> Result<(f64, f64), Failure> {
    let (start, cpu) = (Instant::now(), us(ClockId::ProcessCPUTime));
    let dir = folder_of(folder)?;
    let mut names = Vec::new();
    for entry in rustix::fs::Dir::read_from(&dir)? {
        names.push(entry?.file_name().to_owned());
    }
    let threads = std::thread::available_parallelism()?.get();
    let ask = |names: &[CString]| -> Result<(), Errno> {
        // A path of one name is resolved in the working directory, of which this thread has one of its own.
        #[expect(deprecated, reason = "the safe way to unshare the working directory")]
        rustix::thread::unshare(rustix::thread::UnshareFlags::FS)?;
        rustix::process::fchdir(&dir)?;
        for name in names {
            llistxattr_query(name.as_c_str())?;
            statx(CWD, name.as_c_str(), AtFlags::SYMLINK_NOFOLLOW, StatxFlags::BASIC_STATS)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let pieces = names.chunks(names.len().div_ceil(threads).max(1));
        let asked: Vec<_> = pieces.map(|piece| scope.spawn(move || ask(piece))).collect();
        asked.into_iter().try_for_each(|asked| asked.join().unwrap_or(Err(Errno::CANCELED)))
    })?;
    Ok((start.elapsed().as_secs_f64() * 1e3, (us(ClockId::ProcessCPUTime) - cpu) / 1e3))
}

fn folder_of(folder: &Path) -> Result<rustix::fd::OwnedFd, Failure> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(rustix::fs::open(folder, flags, Mode::empty())?)
}
