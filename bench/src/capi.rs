//! SET through DeviceIoControl beside the bare system call, and many requests under way at once.
#![allow(unsafe_code)] // it calls the C interface as a C program does

use std::fs::{self, File};
use std::path::Path;
use std::ptr::{null, null_mut};
use std::time::{Duration, Instant};

use pointsman::abi::RawHandle;
use pointsman::abi::drives::map_drive;
use pointsman::abi::file::{close_handle, create_file_a};
use pointsman::abi::ioctl::{device_io_control, get_overlapped_result};
use pointsman::abi::structures::Overlapped;
use rustix::fs::{XattrFlags, fsetxattr};

use crate::find::SYMLINK;
use crate::report::{Failure, median, ratio_line};

/// Sets between two looks at the clock: both ways take turns.
const SLICE: usize = 1_000;
/// Requests that each thread has under way.
const AT_ONCE: usize = 125;
const SET: u32 = 0x0009_00A4;
const PENDING: u32 = 997;
const OPEN_EXISTING: u32 = 3;
const ITSELF: u32 = 0x0020_0000;
const OVERLAPPED: u32 = 0x4000_0000;
const GENERIC_WRITE: u32 = 0x4000_0000;

/// Both measurements.
pub(crate) fn run(folder: &Path, sets: usize) -> Result<(), Failure> {
    let root = folder.join("capi");
    if root.exists() {
        fs::remove_dir_all(&root)?;
    }
    fs::create_dir_all(&root)?;
    let directory = std::ffi::CString::new(root.to_str().ok_or("the folder's name is not UTF-8")?)?;
    // SAFETY: two strings that end in NUL.
    if unsafe { map_drive(c"P:".as_ptr(), directory.as_ptr(), 0) } == 0 {
        return Err("the folder cannot be mapped".into());
    }
    one_after_another(&root, sets)?;
    at_once(&root, sets)?;
    fs::remove_dir_all(&root)?;
    Ok(())
}

/// SET again and again on an open handle, beside fsetxattr of what it stores on an open descriptor. Two links take turns: a
/// file system that is given what it has does nothing, and its time would be nobody's.
fn one_after_another(root: &Path, sets: usize) -> Result<(), Failure> {
    let (path, bare_path) = (root.join("ours"), root.join("bare"));
    File::create(&path)?;
    let bare = File::create(&bare_path)?;
    let handle = open("P:\\ours", 0)?;
    let mut values = Vec::new();
    for number in 0..2 {
        set(handle, number)?;
        let mut value = vec![0u8; 65_536];
        let len = rustix::fs::getxattr(&path, "user.SmbReparse", &mut value)?;
        value.truncate(len);
        values.push(value);
    }
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..sets.div_ceil(SLICE) {
        ours.push(time(|| (0..SLICE).try_for_each(|number| set(handle, number)))?);
        floor.push(time(|| {
            values
                .iter()
                .cycle()
                .take(SLICE)
                .try_for_each(|value| Ok(fsetxattr(&bare, "user.SmbReparse", value, XattrFlags::empty())?))
        })?);
    }
    close_handle(handle);
    println!("capi: {sets} sets of an open file, one after another");
    ratio_line("DeviceIoControl / bare fsetxattr", median(&mut ours), median(&mut floor), 1.5);
    Ok(())
}

/// The same number of sets from one thread and from eight, each with many under way: on two processors half the time.
fn at_once(root: &Path, sets: usize) -> Result<(), Failure> {
    for number in 0..8 {
        File::create(root.join(format!("t{number}")))?;
    }
    let synchronous = time(|| many(1, sets, 0))?;
    let overlapped = time(|| many(8, sets / 8, OVERLAPPED))?;
    let processors = std::thread::available_parallelism()?;
    println!(
        "capi: {sets} sets, 1 thread synchronous beside 8 threads with {AT_ONCE} each under way, {processors} processors"
    );
    ratio_line("8 threads overlapped / 1 thread synchronous", overlapped, synchronous, 1.0);
    Ok(())
}

fn many(threads: usize, sets: usize, flags: u32) -> Result<(), Failure> {
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|number| {
                scope.spawn(move || one_of_many(number, sets, flags).map_err(|error| error.to_string()))
            })
            .collect();
        for worker in workers {
            worker.join().map_err(|_| "a thread panicked")??;
        }
        Ok(())
    })
}

fn one_of_many(number: usize, sets: usize, flags: u32) -> Result<(), Failure> {
    let handle = open(&format!("P:\\t{number}"), flags)?;
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
