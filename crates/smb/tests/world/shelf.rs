//! A store for tests: files of bytes, sharing, oplocks, locks; just enough that what outlives a connection matters to it.
use std::collections::BTreeMap;

use nt::{
    AccessMask, CreateAction, CreateDisposition, CreateOptions, FileAttributes, NtStatus, ShareAccess, Utf16,
};
use smb::server::Delay;
use smb::store::{Caching, CachingKey, Done, Op, OpenOp, OpenedFile, StoreOpen};
use wire::create::{LeaseState, NetworkAttributes, OplockLevel};
use wire::lock::{LockElement, LockFlags};

/// What became of an operation.
pub enum Outcome {
    Done(Done),
    Waits(Delay),
}

/// An open that must cache less: what is left, and whether somebody waits for that.
pub type Break = (StoreOpen, Caching, bool);

#[derive(Debug, Default)]
pub struct File {
    pub name: String,
    pub data: Vec<u8>,
    is_gone: bool,
}

#[derive(Debug)]
struct Open {
    file: usize,
    key: Option<CachingKey>,
    caching: Caching,
    breaking: Option<Caching>,
    access: AccessMask,
    share: ShareAccess,
    deletes: bool,
}

#[derive(Debug, Default)]
pub struct Shelf {
    pub files: Vec<File>,
    opens: BTreeMap<u64, Open>,
    /// Open, offset, length.
    pub locks: Vec<(StoreOpen, u64, u64)>,
    pub breaks: Vec<Break>,
    /// Something was closed or acknowledged: who waits tries again.
    pub has_moved: bool,
    next: u64,
}

impl Shelf {
    /// How many opens a file has.
    pub fn opens_of(&self, name: &str) -> usize {
        self.opens.values().filter(|open| self.files[open.file].name == name).count()
    }

    pub fn file(&self, name: &str) -> Option<&File> {
        self.files.iter().find(|file| file.name == name && !file.is_gone)
    }

    pub fn rename(&mut self, from: &str, to: &str) {
        let file = self.files.iter_mut().find(|file| file.name == from && !file.is_gone).unwrap();
        file.name = to.to_owned();
    }

    pub fn perform(&mut self, op: &Op) -> Outcome {
        let done = match op {
            Op::Open(op) => return self.open(op),
            Op::Describe { open, maximal_access, .. } => match self.opens.contains_key(&open.0) {
                true => Done::Opened(Box::new(self.found(*open, CreateAction::OPENED, *maximal_access))),
                false => Done::Failed(NtStatus::FILE_CLOSED),
            },
            Op::Close { open, .. } => self.close(*open),
            Op::Write { open, offset, data, .. } => {
                let file = self.opens[&open.0].file;
                let (at, data) = (usize::try_from(*offset).unwrap(), data.as_slice());
                let bytes = &mut self.files[file].data;
                bytes.resize(bytes.len().max(at + data.len()), 0);
                bytes[at..at + data.len()].copy_from_slice(data);
                Done::Nothing
            }
            Op::Read { open, .. } => Done::Data(self.files[self.opens[&open.0].file].data.clone().into()),
            Op::Lock { open, locks } => self.lock(*open, &locks[0]),
            Op::Acknowledge { open, caching } => {
                if let Some(open) = self.opens.get_mut(&open.0) {
                    (open.caching, open.breaking) = (*caching, None);
                }
                self.has_moved = true;
                Done::Nothing
            }
            Op::SetFile { .. } | Op::QueryFile { .. } | Op::Flush { .. } => Done::Nothing,
            other => panic!("no such operation here: {other:?}"),
        };
        Outcome::Done(done)
    }

    fn open(&mut self, op: &OpenOp) -> Outcome {
        let name = op.name.to_text().unwrap().to_ascii_lowercase();
        let found = self.files.iter().position(|file| file.name == name && !file.is_gone);
        let refused = |status| Outcome::Done(Done::Failed(status));
        let (file, action) = match (found, op.disposition) {
            (Some(_), CreateDisposition::CREATE) => return refused(NtStatus::OBJECT_NAME_COLLISION),
            (None, CreateDisposition::OPEN) => return refused(NtStatus::OBJECT_NAME_NOT_FOUND),
            (Some(file), _) => (file, CreateAction::OPENED),
            (None, _) => {
                self.files.push(File { name, ..File::default() });
                (self.files.len() - 1, CreateAction::CREATED)
            }
        };
        let all: Vec<u64> =
            self.opens.iter().filter(|(_, open)| open.file == file).map(|(id, _)| *id).collect();
        let is_other = |open: &Open| open.key.is_none() || open.key != op.key;
        let others: Vec<u64> = all.iter().copied().filter(|id| is_other(&self.opens[id])).collect();
        for id in &others {
            if let Caching::Oplock(level) = self.opens[id].caching
                && level >= OplockLevel::EXCLUSIVE
            {
                self.breaks(*id, Caching::Oplock(OplockLevel::II));
                return Outcome::Waits(Delay::Other);
            }
        }
        for id in &all {
            let other = &self.opens[id];
            let violates =
                conflicts(other.access, op.share_access) || conflicts(op.desired_access, other.share);
            if let (true, true, Caching::Lease(state)) = (violates, is_other(other), other.caching)
                && state.contains(LeaseState::HANDLE_CACHING)
            {
                self.breaks(*id, Caching::Lease(state.without(LeaseState::HANDLE_CACHING)));
                return Outcome::Waits(Delay::Sharing);
            }
            if violates {
                return refused(NtStatus::SHARING_VIOLATION);
            }
        }
        for id in &others {
            if let Caching::Lease(state) = self.opens[id].caching
                && state.contains(LeaseState::WRITE_CACHING)
            {
                self.breaks(*id, Caching::Lease(state.without(LeaseState::WRITE_CACHING)));
                return Outcome::Waits(Delay::Other);
            }
        }
        let caching = match op.caching {
            Caching::Oplock(_) if !others.is_empty() => Caching::Oplock(OplockLevel::II),
            Caching::Lease(state) if !others.is_empty() => {
                Caching::Lease(state.without(LeaseState::WRITE_CACHING))
            }
            caching => caching,
        };
        self.next += 1;
        let open = Open {
            file,
            key: op.key,
            caching,
            breaking: None,
            access: op.desired_access,
            share: op.share_access,
            deletes: op.options.contains(CreateOptions::DELETE_ON_CLOSE),
        };
        self.opens.insert(self.next, open);
        Outcome::Done(Done::Opened(Box::new(self.found(StoreOpen(self.next), action, op.maximal_access))))
    }

    fn breaks(&mut self, id: u64, left: Caching) {
        let open = self.opens.get_mut(&id).unwrap();
        if open.breaking.is_none() {
            open.breaking = Some(left);
            self.breaks.push((StoreOpen(id), left, true));
        }
    }

    fn found(&self, id: StoreOpen, action: CreateAction, maximal_access: bool) -> OpenedFile {
        let open = &self.opens[&id.0];
        let file = &self.files[open.file];
        OpenedFile {
            open: id,
            action,
            attributes: NetworkAttributes {
                end_of_file: file.data.len() as u64,
                file_attributes: FileAttributes::ARCHIVE,
                ..NetworkAttributes::default()
            },
            granted: open.access,
            is_directory: false,
            is_reparse_point: false,
            file_id: open.file as u64,
            volume_id: 1,
            maximal_access: maximal_access.then_some(AccessMask::FILE_ALL_ACCESS),
            path: Some(Utf16::from(format!("\\{}", file.name).as_str())),
            posix: None,
            caching: open.caching,
        }
    }

    fn close(&mut self, id: StoreOpen) -> Done {
        let Some(open) = self.opens.remove(&id.0) else { return Done::Failed(NtStatus::FILE_CLOSED) };
        self.locks.retain(|(holder, ..)| *holder != id);
        if open.deletes && !self.opens.values().any(|other| other.file == open.file) {
            self.files[open.file].is_gone = true;
        }
        self.has_moved = true;
        Done::Closed(None)
    }

    fn lock(&mut self, id: StoreOpen, lock: &LockElement) -> Done {
        let range = (id, lock.offset, lock.len);
        match lock.flags.contains(LockFlags::UNLOCK) {
            true => match self.locks.iter().position(|held| *held == range) {
                Some(at) => {
                    self.locks.remove(at);
                    Done::Nothing
                }
                None => Done::Failed(NtStatus::RANGE_NOT_LOCKED),
            },
            false if self.locks.iter().any(|(_, offset, _)| *offset == lock.offset) => {
                Done::Failed(NtStatus::LOCK_NOT_GRANTED)
            }
            false => {
                self.locks.push(range);
                Done::Nothing
            }
        }
    }
}

/// The rights want what is not shared.
fn conflicts(access: AccessMask, share: ShareAccess) -> bool {
    (access.intersects(AccessMask::FILE_READ_DATA) && !share.contains(ShareAccess::READ))
        || (access.intersects(AccessMask::FILE_WRITE_DATA) && !share.contains(ShareAccess::WRITE))
}
