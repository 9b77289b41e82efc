//! A server of an empty directory, and clients of it.
use std::path::PathBuf;
use std::sync::Arc;

use nt::NtStatus;
use wire::negotiate::Dialect;
use wire::{FileId, Request};

use crate::peer::request::Create;
use crate::peer::{ByName, Peer};
use crate::serving::{self, Running, Wish};

pub(crate) const D30: Dialect = Dialect::SMB_3_0_2;
pub(crate) const D21: Dialect = Dialect::SMB_2_1;
pub(crate) const D311: Dialect = Dialect::SMB_3_1_1;

pub(crate) struct Ground {
    pub(crate) running: Running,
    directory: tempfile::TempDir,
}

impl Ground {
    pub(crate) fn new() -> Ground {
        Ground::with(&Wish::default())
    }

    pub(crate) fn with(wish: &Wish) -> Ground {
        let directory = tempfile::tempdir().unwrap();
        let mut served = serving::served(directory.path(), wish);
        served.authenticator = Arc::new(ByName);
        let running = serving::start_served(served, 0);
        Ground { running, directory }
    }

    /// A client with this number for a GUID, which says what the suite says: ada.
    pub(crate) fn peer(&self, guid: u8, dialect: Dialect) -> Peer {
        self.user(guid, dialect, "ada")
    }

    pub(crate) fn user(&self, guid: u8, dialect: Dialect, user: &str) -> Peer {
        Peer::ready(self.running.address, guid, dialect, user)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A file that was there before, with this in it.
    pub(crate) fn has(&self, name: &str, data: &[u8]) {
        std::fs::write(self.path(name), data).unwrap();
    }

    /// Likewise a directory.
    pub(crate) fn has_directory(&self, name: &str) {
        std::fs::create_dir(self.path(name)).unwrap();
    }

    /// Likewise what a CREATE makes, closed again.
    pub(crate) fn made(&self, create: &Create) {
        let mut peer = self.peer(0x99, D30);
        let file = opened(&mut peer, create);
        ok(&mut peer, &crate::peer::request::close(file));
    }
}

/// The open that a CREATE makes.
pub(crate) fn opened(peer: &mut Peer, create: &Create) -> FileId {
    let answered = peer.ask(&create.request()).unwrap();
    assert_eq!(answered.status(), NtStatus::SUCCESS, "{create:?}");
    answered.file_id()
}

/// A request that succeeds.
pub(crate) fn ok(peer: &mut Peer, request: &Request<'_>) {
    assert_eq!(peer.status(request), NtStatus::SUCCESS, "{request:?}");
}

/// What a request gives.
pub(crate) fn output(peer: &mut Peer, request: &Request<'_>) -> Vec<u8> {
    let answered = peer.ask(request).unwrap();
    assert_eq!(answered.status(), NtStatus::SUCCESS, "{request:?}");
    answered.output()
}

/// A number in a structure.
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

pub(crate) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}
