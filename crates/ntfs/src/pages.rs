//! The volume's bytes, and over them the changes of an operation that has not happened yet.
//!
//! Everything that an operation changes is changed in memory first. Only when all of it is known, and nothing has been
//! refused, is it written, under an undo journal. So an error in the middle leaves nothing behind.
use crate::error::{Error, Place, Result};
use crate::fields::Fault;
use crate::medium::Medium;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes in a page of the cache.
const PAGE: usize = 4096;
const PAGE_LEN: u64 = PAGE as u64;
/// Pages kept in memory: 32 MiB.
const CLEAN_PAGES_MAX: usize = 8192;
/// What is written at once: the smallest sector.
const SECTOR: usize = 512;

type Page = Box<[u8; PAGE]>;

/// The bytes of one volume, in a part of an image.
pub(crate) struct Pages<M> {
    medium: M,
    base: u64,
    len: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    clean: HashMap<u64, Page>,
    changed: BTreeMap<u64, Changed>,
}

#[derive(Clone)]
struct Changed {
    old: Page,
    new: Page,
}

/// Bytes that an operation replaces, at an offset of the image.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Change {
    pub(crate) offset: u64,
    pub(crate) old: Vec<u8>,
    pub(crate) new: Vec<u8>,
}

impl<M: Medium> Pages<M> {
    pub(crate) fn new(medium: M, base: u64, len: u64) -> Pages<M> {
        Pages { medium, base, len, state: Mutex::default() }
    }

    pub(crate) fn medium(&self) -> &M {
        &self.medium
    }

    /// Where the volume begins in its image.
    pub(crate) fn base(&self) -> u64 {
        self.base
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self, offset: u64, len: usize) -> Result<()> {
        let end = offset.checked_add(len as u64);
        end.filter(|end| *end <= self.len).map(|_| ()).ok_or_else(|| {
            Fault("something lies past the end of the volume or of its image").at(Place::Offset(offset))
        })
    }

    /// Reads bytes of the volume, as the operation under way has changed them.
    pub(crate) fn read(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.check(offset, buffer.len())?;
        let mut state = self.lock();
        self.load(&mut state, offset, buffer.len())?;
        for (page, within, part) in pieces(offset, buffer) {
            let bytes = match (state.changed.get(&page), state.clean.get(&page)) {
                (Some(changed), _) => &changed.new,
                (None, Some(clean)) => clean,
                (None, None) => return Err(Fault("a page went missing").at(Place::Offset(offset))),
            };
            part.copy_from_slice(bytes.get(within..within + part.len()).unwrap_or_default());
        }
        Ok(())
    }

    /// Reads without keeping anything in memory: for long ways through the volume, between operations.
    pub(crate) fn read_through(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.check(offset, buffer.len())?;
        if !self.lock().changed.is_empty() {
            return self.read(offset, buffer);
        }
        self.medium.read_at(self.base + offset, buffer).map_err(Error::io("reading the image"))
    }

    /// Changes bytes, in memory only.
    pub(crate) fn write(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        self.check(offset, bytes.len())?;
        let mut bytes = bytes.to_vec();
        let mut state = self.lock();
        self.load(&mut state, offset, bytes.len())?;
        for (page, within, part) in pieces(offset, &mut bytes) {
            let State { clean, changed } = &mut *state;
            if let Some(old) = clean.remove(&page) {
                changed.entry(page).or_insert_with(|| Changed { new: old.clone(), old });
            }
            let place = changed.get_mut(&page).and_then(|page| page.new.get_mut(within..within + part.len()));
            place.ok_or(Fault("a page went missing").at(Place::Offset(offset)))?.copy_from_slice(part);
        }
        Ok(())
    }

    /// Runs a part of an operation; of one that fails nothing stays.
    pub(crate) fn attempt<T>(&self, act: impl FnOnce() -> Result<T>) -> Result<T> {
        let before = self.lock().changed.clone();
        let done = act();
        if done.is_err() {
            self.lock().changed = before;
        }
        done
    }

    /// Forgets every change.
    pub(crate) fn discard(&self) {
        self.lock().changed.clear();
    }

    /// Forgets what was read as well; somebody else may have written.
    pub(crate) fn forget(&self) {
        *self.lock() = State::default();
    }

    /// The changes are on the disk: they are what is there now.
    pub(crate) fn settle(&self) {
        let mut state = self.lock();
        let changed = std::mem::take(&mut state.changed);
        state.clean.extend(changed.into_iter().map(|(page, changed)| (page, changed.new)));
    }

    /// What differs from the disk, in whole sectors, in order, neighbours joined.
    pub(crate) fn changes(&self) -> Vec<Change> {
        let state = self.lock();
        let mut out: Vec<Change> = Vec::new();
        for (page, Changed { old, new }) in &state.changed {
            let sectors = old.as_chunks::<SECTOR>().0.iter().zip(new.as_chunks::<SECTOR>().0);
            for (index, (old, new)) in sectors.enumerate() {
                let within = page * PAGE_LEN + (index * SECTOR) as u64;
                if old == new || within >= self.len {
                    continue;
                }
                let offset = self.base + within;
                match out.last_mut() {
                    Some(last) if last.offset + last.old.len() as u64 == offset => {
                        last.old.extend_from_slice(old);
                        last.new.extend_from_slice(new);
                    }
                    _ => out.push(Change { offset, old: old.to_vec(), new: new.to_vec() }),
                }
            }
        }
        out
    }

    /// Brings the pages of a stretch into memory, those that miss in as few reads as can be.
    fn load(&self, state: &mut State, offset: u64, len: usize) -> Result<()> {
        if state.clean.len() > CLEAN_PAGES_MAX {
            state.clean.clear();
        }
        let pages = offset / PAGE_LEN..(offset + len as u64).div_ceil(PAGE_LEN);
        let missing =
            |state: &State, page: u64| !state.changed.contains_key(&page) && !state.clean.contains_key(&page);
        let mut page = pages.start;
        while page < pages.end {
            let until = (page..pages.end).find(|page| !missing(state, *page)).unwrap_or(pages.end);
            if until > page {
                self.load_run(state, page, until)?;
            }
            page = until + 1;
        }
        Ok(())
    }

    fn load_run(&self, state: &mut State, from: u64, until: u64) -> Result<()> {
        let start = from * PAGE_LEN;
        let wanted =
            crate::fields::size((until - from) * PAGE_LEN).map_err(|f| f.at(Place::Offset(start)))?;
        let there = crate::fields::size(self.len.min(until * PAGE_LEN) - start);
        let mut bytes = vec![0; wanted];
        let part = there.ok().and_then(|there| bytes.get_mut(..there)).unwrap_or_default();
        self.medium.read_at(self.base + start, part).map_err(Error::io("reading the image"))?;
        for (page, chunk) in (from..until).zip(bytes.as_chunks::<PAGE>().0) {
            state.clean.insert(page, Box::new(*chunk));
        }
        Ok(())
    }
}

/// Cuts a stretch at the pages' borders: the page, where in it, and the part of the buffer.
fn pieces(offset: u64, mut buffer: &mut [u8]) -> Vec<(u64, usize, &mut [u8])> {
    let mut out = Vec::with_capacity(buffer.len() / PAGE + 2);
    let mut at = offset;
    while !buffer.is_empty() {
        let within = usize::try_from(at % PAGE_LEN).unwrap_or(0);
        let take = buffer.len().min(PAGE - within);
        let (part, rest) = buffer.split_at_mut(take);
        out.push((at / PAGE_LEN, within, part));
        at += take as u64;
        buffer = rest;
    }
    out
}
