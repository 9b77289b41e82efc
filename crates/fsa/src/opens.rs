//! The table of opens. [MS-FSA] 2.1.1.6 Open
use crate::cursors::Cursors;
use crate::file::File;
use crate::host::Host;
use crate::link::Link;
use crate::oplock::OplockKey;
use crate::refusal::{Refusal, Why};
use nt::security::Privileges;
use nt::{AccessMask, CreateOptions, NtStatus, Utf16};
use numbered::Numbered;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// Names an open of one volume. Never used twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct OpenId(pub u64);

/// An open: one caller's hold on one stream of one file, through one of its names. [MS-FSA] 2.1.1.6
pub struct Open<H: Host> {
    /// Its name in the table.
    pub id: OpenId,
    /// The file, shared by all of its opens.
    pub file: Arc<File<H>>,
    /// The name through which the file was opened, shared by all opens through it.
    pub link: Arc<Link<H>>,
    /// The rights that this open has.
    pub granted: AccessMask,
    /// The options of the open.
    pub options: CreateOptions,
    /// Those held when the file was opened.
    pub(crate) held: HeldPrivileges,
    /// What most opens do not have.
    pub(crate) more: Option<Box<More>>,
    /// The name goes when this open closes.
    pub(crate) delete_on_close: AtomicBool,
    /// Where it stands.
    pub(crate) cursors: Cursors,
}

/// The privileges that an open goes on to have, whatever its caller loses or gains: SeCreateSymbolicLinkPrivilege is looked at when the
/// file is opened, [MS-FSA] 2.1.5.1 phase 3, and the others likewise. A bit for each, for there may be very many opens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeldPrivileges(u8);

impl HeldPrivileges {
    const ALL: [Privileges; 3] =
        [Privileges::CREATE_SYMBOLIC_LINK, Privileges::RESTORE, Privileges::MANAGE_VOLUME];

    /// Those among a caller's.
    pub(crate) fn among(privileges: Privileges) -> HeldPrivileges {
        let bits = HeldPrivileges::ALL.iter().enumerate().filter(|(_, one)| privileges.contains(**one));
        HeldPrivileges(bits.fold(0, |all, (at, _)| all | 1 << at))
    }

    fn has(self, privilege: Privileges) -> bool {
        let at = HeldPrivileges::ALL.iter().position(|one| *one == privilege);
        at.is_some_and(|at| self.0 & 1 << at != 0)
    }
}

/// What an open has of a stream's name and of its client's keys, where it has any.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct More {
    /// The named stream, or `None` for the unnamed one and for directories.
    pub(crate) stream: Option<Utf16>,
    /// The key of its oplocks: TargetOplockKey.
    pub(crate) oplock_key: Option<OplockKey>,
    /// The key under which the same client caches the directory: ParentOplockKey.
    pub(crate) parent_oplock_key: Option<OplockKey>,
}

impl More {
    /// Kept only where there is something to keep.
    pub(crate) fn boxed(self) -> Option<Box<More>> {
        (self != More::default()).then(|| Box::new(self))
    }
}

impl<H: Host> Open<H> {
    /// The same open, of a stream that has another name by now.
    pub(crate) fn with_stream(&self, stream: Option<Utf16>) -> Open<H> {
        let more = self.more.as_deref().cloned().unwrap_or_default();
        Open {
            id: self.id,
            file: Arc::clone(&self.file),
            link: Arc::clone(&self.link),
            granted: self.granted,
            options: self.options,
            held: self.held,
            more: More { stream, ..more }.boxed(),
            delete_on_close: AtomicBool::new(self.deletes_on_close()),
            cursors: self.cursors.shared(),
        }
    }

    /// The named stream, or `None` for the unnamed one and for directories.
    pub fn stream(&self) -> Option<&Utf16> {
        self.more.as_ref()?.stream.as_ref()
    }

    /// The key of its oplocks: TargetOplockKey.
    pub fn oplock_key(&self) -> Option<OplockKey> {
        self.more.as_ref()?.oplock_key
    }

    /// The key under which the same client caches the directory: ParentOplockKey.
    pub fn parent_oplock_key(&self) -> Option<OplockKey> {
        self.more.as_ref()?.parent_oplock_key
    }

    /// True when the open is of a directory (and not of a stream on it).
    pub fn is_directory(&self) -> bool {
        self.file.is_directory() && self.stream().is_none()
    }

    /// SeCreateSymbolicLinkPrivilege was held when the file was opened. [MS-FSA] Open.HasCreateSymbolicLinkAccess
    pub fn has_create_symbolic_link(&self) -> bool {
        self.has_privilege(Privileges::CREATE_SYMBOLIC_LINK)
    }

    /// A privilege was held when the file was opened: one of those that operations on opens ask for.
    pub(crate) fn has_privilege(&self, privilege: Privileges) -> bool {
        self.held.has(privilege)
    }

    /// True when some right of `rights` was granted.
    pub(crate) fn has_any(&self, rights: AccessMask) -> bool {
        self.granted.intersects(rights)
    }

    /// Refuses unless every right of `needed` was granted.
    pub(crate) fn require(&self, needed: AccessMask) -> Result<(), Refusal> {
        if self.granted.contains(needed) {
            return Ok(());
        }
        Err(Refusal::new(NtStatus::ACCESS_DENIED, Why::Access { needed, granted: self.granted }))
    }

    /// The path from the volume's root through which the file was opened, renames included.
    pub fn path(&self) -> Utf16 {
        self.link.lock().path.clone()
    }

    /// Sets or clears delete-on-close.
    pub(crate) fn set_delete_on_close(&self, on: bool) {
        self.delete_on_close.store(on, Ordering::Release);
    }

    /// True when the name goes with this open.
    pub(crate) fn deletes_on_close(&self) -> bool {
        self.delete_on_close.load(Ordering::Acquire)
    }
}

/// Every open of a volume, by its id.
pub(crate) struct OpenTable<H: Host> {
    next: AtomicU64,
    opens: RwLock<Numbered<Arc<Open<H>>>>,
}

impl<H: Host> OpenTable<H> {
    pub(crate) fn new() -> OpenTable<H> {
        OpenTable { next: AtomicU64::new(1), opens: RwLock::default() }
    }

    /// An id no open has had.
    pub(crate) fn next_id(&self) -> OpenId {
        OpenId(self.next.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn insert(&self, open: Arc<Open<H>>) {
        self.opens.write().unwrap_or_else(PoisonError::into_inner).insert(open.id.0, open);
    }

    pub(crate) fn get(&self, id: OpenId) -> Result<Arc<Open<H>>, Refusal> {
        let opens = self.opens.read().unwrap_or_else(PoisonError::into_inner);
        opens.get(&id.0).cloned().ok_or(Refusal::new(NtStatus::FILE_CLOSED, Why::NoOpen(id)))
    }

    pub(crate) fn remove(&self, id: OpenId) -> Result<Arc<Open<H>>, Refusal> {
        let mut opens = self.opens.write().unwrap_or_else(PoisonError::into_inner);
        opens.remove(&id.0).ok_or(Refusal::new(NtStatus::FILE_CLOSED, Why::NoOpen(id)))
    }

    /// Every open.
    pub(crate) fn all(&self) -> Vec<Arc<Open<H>>> {
        self.opens.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::memory::MemoryHost;

    /// Ten thousand of them are to take a tenth of what smbd takes, docs/PERFORMANCE.md.
    #[test]
    fn an_open_is_small() {
        assert_eq!(size_of::<Open<MemoryHost>>(), 56);
    }

    #[test]
    fn an_open_holds_the_privileges_that_operations_ask_for() {
        let all = [Privileges::CREATE_SYMBOLIC_LINK, Privileges::RESTORE, Privileges::MANAGE_VOLUME];
        for (at, one) in all.into_iter().enumerate() {
            let held = HeldPrivileges::among(one | Privileges::BACKUP);
            assert!(all.iter().enumerate().all(|(other, asked)| held.has(*asked) == (other == at)));
            assert!(!held.has(Privileges::BACKUP), "no operation on an open asks for it");
        }
        assert!(all.iter().all(|one| HeldPrivileges::among(Privileges(u64::MAX)).has(*one)));
    }
}
