//! The search behind `find`, `retarget` and `save`: many threads may look, one takes what they find. Points kept elsewhere,
//! and the host's own links and special files, are read as `get` reads them.
use crate::fault::Fault;
use crate::fault_of::failure_fault;
use crate::volume::{At, Volumes};
use nt::FileAttributes;
use places::{Place, PointBelow, Search, Seen, Walk};
use reparse::Tag;
use std::ffi::OsStr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::time::Duration;

/// A point that a walk came by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Scanned {
    /// The path, beginning as the user wrote where the walk begins.
    pub(crate) path: PathBuf,
    pub(crate) directory: bool,
    pub(crate) tag: Tag,
    /// The whole point.
    pub(crate) bytes: Vec<u8>,
    /// The object is a link, pipe, socket or device of the host, which only looks like a reparse point.
    pub(crate) of_host: bool,
}

/// What one of many threads sends.
enum Sent {
    /// A point, whole.
    Whole(Scanned),
    /// One whose bytes must be asked for.
    Elsewhere { path: PathBuf, of_host: bool },
    /// Something that could not be looked at.
    Fault(Fault),
}

/// How many finds may wait to be taken: enough to keep the walkers walking, few enough to hold little.
const WAITING_MAX: usize = 1024;
/// How long to sleep when nothing waits: the first time, and the longest. Who finds is faster than a thread can be woken, so
/// nobody is woken for a find.
const NAP: Duration = Duration::from_micros(500);
const NAP_MAX: Duration = Duration::from_millis(16);

/// Who takes what is found: how many objects were seen so far, and a point. False ends the walk.
pub(crate) type Take<'a> = dyn FnMut(u64, Option<Scanned>) -> bool + 'a;

impl Volumes {
    /// Walks everything below `directory` and the directory itself, and gives what could not be looked at. Points whose
    /// tag `wanted` refuses are not taken.
    pub(crate) fn scan(
        &mut self,
        directory: &Path,
        threads: Option<NonZeroUsize>,
        wanted: &(impl Fn(Tag) -> bool + Sync),
        take: &mut Take<'_>,
    ) -> Result<Vec<Fault>, Fault> {
        let start = match Place::parse(directory.as_os_str()) {
            // A host link that the user names to begin with is followed, as the shell would.
            Place::Host(path) => {
                let real = path.canonicalize().map_err(|error| Fault::io("open", &error).at(directory))?;
                self.object(&real)
            }
            Place::Image { .. } => self.object(directory),
            Place::Smb(_) => return self.scan_share(directory, wanted, take),
        };
        let start = start.map_err(|fault| fault.at(directory))?;
        if let Ok(own) = start.get()
            && wanted(own.point.tag())
        {
            let (path, tag, is_directory) = (directory.to_owned(), own.point.tag(), own.directory);
            let bytes = own.point.into_bytes();
            take(0, Some(Scanned { path, directory: is_directory, tag, bytes, of_host: false }));
        }
        let At::Local(start) = start.into_at() else {
            return Err(Fault::usage("walk", "a path of this machine is meant").at(directory));
        };
        let seen = AtomicU64::new(0);
        let stop = AtomicBool::new(false);
        let available = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let threads = threads.unwrap_or(available);
        let (sender, receiver) = sync_channel(WAITING_MAX);
        let (searched, faults) = std::thread::scope(|scope| {
            let (seen, stop) = (&seen, &stop);
            let search = scope.spawn(move || {
                let visit = |item: Seen| visit(item, directory, &sender, seen, stop);
                start.search(&Search { threads, wanted, visit: &visit })
            });
            let faults = self.take_all(&receiver, seen, stop, take);
            (search.join(), faults)
        });
        match searched {
            Ok(done) => done.map_err(|fault| fault.at(directory)).and(faults),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }

    /// Walks a share, with one thread: each directory is a few requests, and their answers are what takes the time.
    fn scan_share(
        &mut self,
        directory: &Path,
        wanted: &impl Fn(Tag) -> bool,
        take: &mut Take<'_>,
    ) -> Result<Vec<Fault>, Fault> {
        let At::Remote(start) = self.object(directory)?.into_at() else {
            return Err(Fault::usage("walk", "a share is meant").at(directory));
        };
        let mut faults = Vec::new();
        let mut seen = 0u64;
        let mut waiting = vec![(start, directory.to_owned())];
        let mut is_start = true;
        while let Some((object, path)) = waiting.pop() {
            let entries = match object.entries() {
                Ok(entries) => entries,
                Err(fault) if is_start => return Err(fault.at(directory)),
                Err(fault) => {
                    faults.push(fault.at(&path));
                    continue;
                }
            };
            is_start = false;
            for entry in entries {
                seen += 1;
                // `%` begins what is encoded in an address.
                let shown = path.join(entry.name.to_string().replace('%', "%25"));
                let child = object.child(&entry.name);
                let directory = entry.attributes.contains(FileAttributes::DIRECTORY);
                let Some(tag) = entry.tag else {
                    if directory {
                        waiting.push((child, shown));
                    }
                    if !take(seen, None) {
                        return Ok(faults);
                    }
                    continue;
                };
                let found = if wanted(tag) { child.get().map(Some) } else { Ok(None) };
                let scanned = match found {
                    Ok(found) => found.map(|found| Scanned {
                        path: shown,
                        directory,
                        tag: found.point.tag(),
                        bytes: found.point.into_bytes(),
                        of_host: false,
                    }),
                    Err(fault) if fault.is_missing() => None,
                    Err(fault) => {
                        faults.push(fault.at(&shown));
                        None
                    }
                };
                if !take(seen, scanned) {
                    return Ok(faults);
                }
            }
        }
        Ok(faults)
    }

    /// Takes what comes until the walkers are done.
    fn take_all(
        &mut self,
        receiver: &Receiver<Sent>,
        seen: &AtomicU64,
        stop: &AtomicBool,
        take: &mut Take<'_>,
    ) -> Result<Vec<Fault>, Fault> {
        let mut faults = Vec::new();
        let mut nap = NAP;
        loop {
            let received = receiver.try_recv();
            nap = if received.is_ok() { NAP } else { (nap * 2).min(NAP_MAX) };
            let scanned = match received {
                Ok(Sent::Whole(scanned)) => Some(scanned),
                Ok(Sent::Elsewhere { path, of_host }) => self.look(path, of_host, &mut faults),
                Ok(Sent::Fault(fault)) => {
                    faults.push(fault);
                    None
                }
                Err(TryRecvError::Empty) => {
                    std::thread::sleep(nap);
                    None
                }
                Err(TryRecvError::Disconnected) => return Ok(faults),
            };
            if !take(seen.load(Ordering::Relaxed), scanned) {
                stop.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Reads a point through the store. One that is gone by now was never found.
    fn look(&mut self, path: PathBuf, of_host: bool, faults: &mut Vec<Fault>) -> Option<Scanned> {
        match self.object(&path).and_then(|object| object.get()) {
            Ok(found) => {
                let (directory, tag) = (found.directory, found.point.tag());
                Some(Scanned { path, directory, tag, bytes: found.point.into_bytes(), of_host })
            }
            Err(fault) if fault.is_missing() => None,
            Err(fault) => {
                faults.push(fault.at(&path));
                None
            }
        }
    }
}

/// Hands on what was seen, on one of many threads.
fn visit(
    item: Seen,
    directory: &Path,
    sender: &SyncSender<Sent>,
    seen: &AtomicU64,
    stop: &AtomicBool,
) -> Walk {
    seen.fetch_add(1, Ordering::Relaxed);
    let below = |path: &OsStr| directory.join(path);
    let sent = match item {
        Seen::Nothing => None,
        Seen::Point(PointBelow { path, directory, tag, bytes }) => {
            let path = below(&path);
            Some(Sent::Whole(Scanned { path, directory, tag, bytes, of_host: false }))
        }
        Seen::Elsewhere { path, of_host } => Some(Sent::Elsewhere { path: below(&path), of_host }),
        Seen::Failure { path, failure } => Some(Sent::Fault(failure_fault(failure).at(&below(&path)))),
    };
    let gone = sent.is_some_and(|sent| sender.send(sent).is_err());
    if gone || stop.load(Ordering::Relaxed) { Walk::Stop } else { Walk::On }
}
