//! SET through DeviceIoControl beside the bare system calls, and many requests under way at once.
#![allow(unsafe_code)] // it calls the C interface as a C program does

use std::fs::{self, File};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::ptr::{null, null_mut};
use std::time::{Duration, Instant};

use pointsman::abi::RawHandle;
use pointsman::abi::drives::map_drive;
use pointsman::abi::file::{close_handle, create_file_a};
use pointsman::abi::ioctl::{device_io_control, get_overlapped_result};
use pointsman::abi::structures::Overlapped;
use rustix::fs::{XattrFlags, fgetxattr, fsetxattr};

use rustix::process::{Resource, getrlimit, setrlimit};

use crate::find::SYMLINK;
use crate::report::{Failure, median, ratio_alone, ratio_line};
use crate::set::calls_of;

/// Sets between two looks at the clock: both ways take turns.
const SLICE: usize = 1_000;
/// Requests that each thread has under way: a thousand of eight threads.
const AT_ONCE: usize = 125;
/// How often each way of making many requests has its turn.
const ROUNDS: usize = 7;
const SET: u32 = 0x0009_00A4;
const PENDING: u32 = 997;
const OPEN_EXISTING: u32 = 3;
const ITSELF: u32 = 0x0020_0000;
const OVERLAPPED: u32 = 0x4000_0000;
const GENERIC_WRITE: u32 = 0x4000_0000;
const POINT: &str = "user.SmbReparse";

/// All measurements.
pub(crate) fn run(folder: &Path, sets: usize) -> Result<(), Failure> {
    let root = prepared(folder)?;
    on_fresh_files(&root, sets)?;
    calls_of(&root, "a set on a fresh file", ("capi-open", 1_100), "capi-fresh")?;
    again_and_again(&root, sets)?;
    calls_of(&root, "a set again", ("capi-again", 100), "capi-again")?;
    at_once(&root, sets)?;
    fs::remove_dir_all(&root)?;
    Ok(())
}

/// For `strace`: opens `count` files; sets on them too; or sets as often on one.
pub(crate) fn set_many(root: &Path, count: usize, how: &str) -> Result<(), Failure> {
    map(root)?;
    let handles = handles(if how == "capi-again" { 1 } else { count }, |number| format!("P:\\c{number:06}"))?;
    let of = |number: usize| handles.get(number).or(handles.first()).copied().ok_or("no handle");
    let sets = if how == "capi-open" { 0 } else { count };
    (0..sets).try_for_each(|number| set(of(number)?, number))
}

/// An empty folder that is drive `P:`.
fn prepared(folder: &Path) -> Result<PathBuf, Failure> {
    let root = folder.join("capi");
    if root.exists() {
        fs::remove_dir_all(&root)?;
    }
    fs::create_dir_all(&root)?;
    map(&root)?;
    let kind = rustix::fs::statfs(&root)?.f_type;
    println!("capi: on a file system of type {kind:#x} (ext4 is 0xef53, tmpfs 0x1021994)");
    Ok(root)
}

fn map(root: &Path) -> Result<(), Failure> {
    // A slice of files open on both sides is more than most shells allow at first.
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit)?;
    let directory = std::ffi::CString::new(root.to_str().ok_or("the folder's name is not UTF-8")?)?;
    // SAFETY: two strings that end in NUL.
    if unsafe { map_drive(c"P:".as_ptr(), directory.as_ptr(), 0) } == 0 {
        return Err("the folder cannot be mapped".into());
    }
    Ok(())
}

/// SET on files that have no attribute yet and are open, beside the calls that store the same on such files: the point, and
/// the bit that Samba reads.
fn on_fresh_files(root: &Path, sets: usize) -> Result<(), Failure> {
    File::create(root.join("form"))?;
    let handle = open("P:\\form", 0)?;
    set(handle, 0)?;
    close_handle(handle);
    let form = File::open(root.join("form"))?;
    let stored = [(POINT, value_of(&form, POINT)?), ("user.DOSATTRIB", value_of(&form, "user.DOSATTRIB")?)];
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for slice in 0..sets.div_ceil(SLICE) {
        let (our_folder, bare_folder) = (format!("ours{slice}"), format!("bare{slice}"));
        for folder in [&our_folder, &bare_folder] {
            fs::create_dir(root.join(folder))?;
            (0..SLICE).try_for_each(|n| File::create(root.join(folder).join(format!("f{n}"))).map(drop))?;
        }
        let opened = handles(SLICE, |number| format!("P:\\{our_folder}\\f{number}"))?;
        let files: Vec<File> = (0..SLICE)
            .map(|number| File::open(root.join(&bare_folder).join(format!("f{number}"))))
            .collect::<Result<_, _>>()?;
        ours.push(time(|| opened.iter().try_for_each(|handle| set(*handle, 0)))?);
        floor.push(time(|| {
            let mut attributes = files.iter().flat_map(|file| stored.iter().map(move |one| (file, one)));
            attributes.try_for_each(|(file, (name, value))| bare_set(file.as_fd(), name, value))
        })?);
        for handle in opened {
            close_handle(handle);
        }
        for folder in [&our_folder, &bare_folder] {
            fs::remove_dir_all(root.join(folder))?;
        }
    }
    println!("capi: {sets} sets on fresh files that are open, medians of {SLICE}");
    let (ours, floor) = (median(&mut ours), median(&mut floor));
    ratio_line("DeviceIoControl / bare fsetxattr of the point and of the bit", ours, floor, 1.5);
    Ok(())
}

/// SET again and again on an open handle. Two links take turns: a file system that is given what it has does nothing, and
/// its time would be nobody's. The bare side looks what is there before it replaces it, as the rules of SET want; without
/// that look it is shown too.
fn again_and_again(root: &Path, sets: usize) -> Result<(), Failure> {
    File::create(root.join("again"))?;
    let bare = File::create(root.join("bare"))?;
    let handle = open("P:\\again", 0)?;
    let form = File::open(root.join("again"))?;
    let mut values = Vec::new();
    for number in 0..2 {
        set(handle, number)?;
        values.push(value_of(&form, POINT)?);
    }
    bare_set(bare.as_fd(), POINT, values.first().ok_or("no value")?)?;
    let (mut ours, mut looking, mut blind) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..sets.div_ceil(SLICE) {
        ours.push(time(|| (0..SLICE).try_for_each(|number| set(handle, number)))?);
        let mut turns = values.iter().cycle().take(SLICE);
        looking.push(time(|| {
            turns.try_for_each(|value| {
                let mut there = [0u8; 1024];
                fgetxattr(&bare, POINT, &mut there)?;
                bare_set(bare.as_fd(), POINT, value)
            })
        })?);
        let mut turns = values.iter().cycle().take(SLICE);
        blind.push(time(|| turns.try_for_each(|value| bare_set(bare.as_fd(), POINT, value)))?);
    }
    close_handle(handle);
    println!("capi: {sets} sets of one open file again, medians of {SLICE}");
    let ours = median(&mut ours);
    ratio_line("DeviceIoControl / bare fgetxattr + fsetxattr", ours, median(&mut looking), 1.5);
    ratio_alone("DeviceIoControl / bare fsetxattr, what is there not looked at", ours, median(&mut blind));
    Ok(())
}

/// The same number of sets in several ways, each file in a directory of its own. The bare calls on two threads say what the
/// kernel makes of two processors.
fn at_once(root: &Path, sets: usize) -> Result<(), Failure> {
    for number in 0..8 {
        fs::create_dir_all(root.join(format!("d{number}")))?;
        File::create(root.join(format!("d{number}/t")))?;
        File::create(root.join(format!("d{number}/bare")))?;
    }
    let each = sets / 8;
    let mut times: [Vec<Duration>; 6] = Default::default();
    for _ in 0..ROUNDS {
        let [one, one_over, eight, eight_over, bare_one, bare_two] = &mut times;
        one.push(time(|| many(1, 8 * each, 0))?);
        one_over.push(time(|| many(1, 8 * each, OVERLAPPED))?);
        eight.push(time(|| many(8, each, 0))?);
        eight_over.push(time(|| many(8, each, OVERLAPPED))?);
        bare_one.push(time(|| bare_many(root, 1, 8 * each))?);
        bare_two.push(time(|| bare_many(root, 2, 4 * each))?);
    }
    let [one, one_over, eight, eight_over, bare_one, bare_two] = times.map(|mut times| median(&mut times));
    let processors = std::thread::available_parallelism()?;
    println!(
        "capi: {sets} sets, {AT_ONCE} of a thread under way at once where overlapped, {processors} processors"
    );
    ratio_alone("bare fgetxattr + fsetxattr, 2 threads / 1", bare_two, bare_one);
    ratio_alone("DeviceIoControl, 8 threads synchronous / 1", eight, one);
    ratio_alone("1 thread overlapped / 1 synchronous", one_over, one);
    ratio_alone("8 threads overlapped / 8 synchronous", eight_over, eight);
    ratio_line("8 threads overlapped / 1 synchronous", eight_over, one, 0.75);
    Ok(())
}

fn many(threads: usize, sets: usize, flags: u32) -> Result<(), Failure> {
    on_threads(threads, |number| one_of_many(number, sets, flags))
}

fn bare_many(root: &Path, threads: usize, sets: usize) -> Result<(), Failure> {
    on_threads(threads, |number| {
        let file = File::options().write(true).open(root.join(format!("d{number}/bare")))?;
        let value = vec![7u8; link(0).len()];
        (0..sets).try_for_each(|turn| {
            let mut there = [0u8; 1024];
            let mut value = value.clone();
            value.fill(u8::from(turn % 2 == 0));
            let _none_at_first = fgetxattr(&file, POINT, &mut there);
            bare_set(file.as_fd(), POINT, &value)
        })
    })
}

fn on_threads(threads: usize, work: impl Fn(usize) -> Result<(), Failure> + Sync) -> Result<(), Failure> {
    std::thread::scope(|scope| {
        let work = &work;
        let workers: Vec<_> = (0..threads)
            .map(|number| scope.spawn(move || work(number).map_err(|error| error.to_string())))
            .collect();
        for worker in workers {
            worker.join().map_err(|_| "a thread panicked")??;
        }
        Ok(())
    })
}

fn one_of_many(number: usize, sets: usize, flags: u32) -> Result<(), Failure> {
    let handle = open(&format!("P:\\d{number}\\t"), flags)?;
    if flags & OVERLAPPED == 0 {
        (0..sets).try_for_each(|number| set(handle, number))?;
    } else {
        for _ in 0..sets.div_ceil(AT_ONCE) {
            round(handle)?;
        }
    }
    close_handle(handle);
    Ok(())
}

/// Starts [`AT_ONCE`] requests and waits for each.
fn round(handle: RawHandle) -> Result<(), Failure> {
    let fresh = Overlapped { internal: 0, internal_high: 0, offset: 0, offset_high: 0, event: null_mut() };
    let mut requests = vec![fresh; AT_ONCE];
    let mut done = true;
    for (number, request) in requests.iter_mut().enumerate() {
        start(handle, request, number)?;
    }
    for request in &mut requests {
        let mut moved = 0;
        // SAFETY: the structure of a request that was started.
        done &= unsafe { get_overlapped_result(handle, request, &raw mut moved, 1) } != 0;
    }
    if done { Ok(()) } else { Err("a request failed".into()) }
}

fn handles(count: usize, name: impl Fn(usize) -> String) -> Result<Vec<RawHandle>, Failure> {
    (0..count).map(|number| open(&name(number), 0)).collect()
}

fn bare_set(file: BorrowedFd<'_>, name: &str, value: &[u8]) -> Result<(), Failure> {
    Ok(fsetxattr(file, name, value, XattrFlags::empty())?)
}

fn value_of(file: &File, name: &str) -> Result<Vec<u8>, Failure> {
    let mut value = vec![0u8; 65_536];
    let len = fgetxattr(file, name, &mut value)?;
    value.truncate(len);
    Ok(value)
}

/// A link; of two, the one whose turn it is.
fn link(number: usize) -> [u8; SYMLINK.len()] {
    let mut link = *SYMLINK;
    if number % 2 == 1 {
        // the last units of both names
        [link[20], link[22]] = [b'y'; 2];
    }
    link
}

fn start(handle: RawHandle, request: *mut Overlapped, number: usize) -> Result<(), Failure> {
    let link = link(number);
    let len = u32::try_from(link.len())?;
    // SAFETY: the input is ours, the structure stays until its end was waited for.
    let done = unsafe {
        device_io_control(handle, SET, link.as_ptr().cast(), len, null_mut(), 0, null_mut(), request)
    };
    match pointsman::abi::error::get_last_error() {
        _ if done != 0 => Ok(()),
        PENDING => Ok(()),
        error => Err(format!("Win32 error {error}").into()),
    }
}

fn set(handle: RawHandle, number: usize) -> Result<(), Failure> {
    let mut returned = 0;
    let link = link(number);
    let len = u32::try_from(link.len())?;
    // SAFETY: the input and the number are ours.
    let done = unsafe {
        let input = link.as_ptr().cast();
        device_io_control(handle, SET, input, len, null_mut(), 0, &raw mut returned, null_mut())
    };
    if done == 0 {
        Err(format!("Win32 error {}", pointsman::abi::error::get_last_error()).into())
    } else {
        Ok(())
    }
}

fn open(name: &str, flags: u32) -> Result<RawHandle, Failure> {
    let name = std::ffi::CString::new(name)?;
    // SAFETY: a string that ends in NUL.
    let handle = unsafe {
        create_file_a(name.as_ptr(), GENERIC_WRITE, 7, null(), OPEN_EXISTING, ITSELF | flags, null_mut())
    };
    if handle.addr() == usize::MAX {
        return Err(format!("Win32 error {}", pointsman::abi::error::get_last_error()).into());
    }
    Ok(handle)
}

fn time(work: impl FnOnce() -> Result<(), Failure>) -> Result<Duration, Failure> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}
