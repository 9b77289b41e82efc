//! An image in memory, for tests and fuzzing: it can fail from its Nth change on, as a killed process or a pulled plug
//! leaves a disk.
use crate::medium::{Journal, Medium};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// An image in memory. Clones are the same image, as two opens of one file are.
#[derive(Clone, Default)]
pub struct MemoryImage(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    bytes: Vec<u8>,
    pending: Option<Vec<u8>>,
    last: Option<Vec<u8>>,
    counts: Counts,
    changes_left: Option<u64>,
    /// The write that fails first leaves its first sector.
    tears: bool,
}

/// Bytes that reach a disk whole or not at all.
const SECTOR: usize = 512;

/// How often an image was called.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Reads.
    pub reads: u64,
    /// Writes of the image itself.
    pub writes: u64,
    /// Steps of the journal.
    pub journal_steps: u64,
    /// Flushes.
    pub flushes: u64,
}

impl MemoryImage {
    /// An image of these bytes.
    pub fn new(bytes: Vec<u8>) -> MemoryImage {
        MemoryImage(Arc::new(Mutex::new(Inner { bytes, ..Inner::default() })))
    }

    /// From now on so many writes and journal steps succeed, and all later ones fail and change nothing.
    pub fn fail_after(&self, changes: Option<u64>) {
        self.with(|inner| (inner.changes_left, inner.tears) = (changes, false));
    }

    /// As [`fail_after`](MemoryImage::fail_after), but of the first write that fails the first sector is written.
    pub fn tear_after(&self, changes: u64) {
        self.with(|inner| (inner.changes_left, inner.tears) = (Some(changes), true));
    }

    /// The bytes as they are now.
    pub fn bytes(&self) -> Vec<u8> {
        self.with(|inner| inner.bytes.clone())
    }

    /// Calls so far.
    pub fn counts(&self) -> Counts {
        self.with(|inner| inner.counts)
    }

    fn with<T>(&self, f: impl FnOnce(&mut Inner) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes the first sector of what is going to fail.
    fn tear(&self, start: usize, bytes: &[u8]) {
        self.with(|inner| {
            let part = bytes.get(..SECTOR.min(bytes.len())).unwrap_or_default();
            if inner.tears && inner.changes_left == Some(0) {
                let place = inner.bytes.get_mut(start..start.saturating_add(part.len()));
                place.into_iter().for_each(|place| place.copy_from_slice(part));
                inner.tears = false;
            }
        });
    }

    fn change(&self, f: impl FnOnce(&mut Inner) -> io::Result<()>) -> io::Result<()> {
        self.with(|inner| {
            match &mut inner.changes_left {
                Some(0) => return Err(io::Error::other("the image fails, as it was told to")),
                Some(left) => *left -= 1,
                None => {}
            }
            f(inner)
        })
    }
}

fn span(offset: u64, len: usize) -> io::Result<std::ops::Range<usize>> {
    let start = usize::try_from(offset).ok();
    let range = start.and_then(|start| Some(start..start.checked_add(len)?));
    range.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

impl Medium for MemoryImage {
    fn len(&self) -> u64 {
        self.with(|inner| inner.bytes.len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let range = span(offset, buffer.len())?;
        self.with(|inner| {
            inner.counts.reads += 1;
            buffer.copy_from_slice(inner.bytes.get(range).ok_or(io::ErrorKind::UnexpectedEof)?);
            Ok(())
        })
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let range = span(offset, bytes.len())?;
        self.tear(range.start, bytes);
        self.change(|inner| {
            inner.counts.writes += 1;
            inner.bytes.get_mut(range).ok_or(io::ErrorKind::UnexpectedEof)?.copy_from_slice(bytes);
            Ok(())
        })
    }

    fn flush(&self) -> io::Result<()> {
        self.with(|inner| inner.counts.flushes += 1);
        Ok(())
    }

    fn journal(&self, state: Journal) -> io::Result<Option<Vec<u8>>> {
        Ok(self.with(|inner| match state {
            Journal::Pending => inner.pending.clone(),
            Journal::Last => inner.last.clone(),
        }))
    }

    fn begin(&self, journal: &[u8]) -> io::Result<()> {
        self.change(|inner| {
            inner.counts.journal_steps += 1;
            inner.pending = Some(journal.to_vec());
            Ok(())
        })
    }

    fn complete(&self, joins: bool) -> io::Result<()> {
        self.change(|inner| {
            inner.counts.journal_steps += 1;
            let pending = inner.pending.take().unwrap_or_default();
            match &mut inner.last {
                Some(last) if joins => last.extend_from_slice(&pending),
                last => *last = Some(pending),
            }
            Ok(())
        })
    }

    fn keep_last(&self, len: u64) -> io::Result<()> {
        self.change(|inner| {
            inner.counts.journal_steps += 1;
            let len = usize::try_from(len).unwrap_or(usize::MAX);
            inner.last.iter_mut().for_each(|last| last.truncate(len));
            Ok(())
        })
    }

    fn forget(&self, state: Journal) -> io::Result<()> {
        self.change(|inner| {
            inner.counts.journal_steps += 1;
            match state {
                Journal::Pending => inner.pending = None,
                Journal::Last => inner.last = None,
            }
            Ok(())
        })
    }
}
