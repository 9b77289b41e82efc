//! A directory of its own on a real disk for a test, and a Linux volume on it.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]
use fsa::host::linux::{LinuxHost, LinuxOptions};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// A directory, removed when dropped.
pub struct Scratch(PathBuf);

impl Scratch {
    /// Below cargo's own directory for tests, which is on a disk.
    pub fn new() -> Scratch {
        Scratch::below(Path::new(env!("CARGO_TARGET_TMPDIR")))
    }

    /// In memory where the machine has such a place: for trees of many thousands, which a disk takes minutes to remove.
    pub fn in_memory() -> Scratch {
        let shm = Path::new("/dev/shm");
        if shm.is_dir() { Scratch::below(shm) } else { Scratch::new() }
    }

    pub fn below(parent: &Path) -> Scratch {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("host-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = parent.join(name);
        std::fs::create_dir(&path).unwrap();
        Scratch(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn host(&self) -> LinuxHost {
        self.host_with(LinuxOptions::default())
    }

    pub fn host_with(&self, options: LinuxOptions) -> LinuxHost {
        LinuxHost::open(&self.0, options).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
