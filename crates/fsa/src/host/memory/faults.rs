//! What a test wants of a host in memory: limits, failures, counts.
use crate::host::{HostError, HostFault, HostResult};

/// What a host in memory is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MemoryOptions {
    /// The most bytes that all extended attributes of one object have together, names and 16 bytes for each included.
    pub xattr_bytes_max: usize,
    /// Nothing can be changed.
    pub read_only: bool,
    /// Keep what a crash would leave. Each change then copies the volume.
    pub record_crashes: bool,
}

impl MemoryOptions {
    /// As little room for extended attributes as ext4 with its usual blocks of 4,096 bytes has.
    pub const LIKE_EXT4: MemoryOptions =
        MemoryOptions { xattr_bytes_max: 4_040, read_only: false, record_crashes: false };
}

impl Default for MemoryOptions {
    fn default() -> MemoryOptions {
        MemoryOptions { xattr_bytes_max: 1 << 20, read_only: false, record_crashes: false }
    }
}

/// How many calls there were.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Calls that look.
    pub reads: u64,
    /// Calls that change, syncs and those that failed included.
    pub changes: u64,
    /// Calls that bring changes to the disk.
    pub syncs: u64,
}

/// The failures to come.
#[derive(Default)]
pub(super) struct Control {
    pub(super) counts: Counts,
    /// How many more changing calls succeed; `None` for all.
    left: Option<u64>,
    /// The one failure, where it is not the host that dies.
    once: Option<HostFault>,
}

/// The error number of a host that has died: Linux's EIO.
const DEAD: HostFault = HostFault::Other(5);

impl Control {
    pub(super) fn fail_at(&mut self, n: u64) {
        self.left = n.checked_sub(1);
        self.once = None;
    }

    pub(super) fn fail_once_at(&mut self, n: u64, fault: HostFault) {
        self.left = n.checked_sub(1);
        self.once = Some(fault);
    }

    /// Counts a call that would change something, or fails it.
    pub(super) fn before_change(&mut self, call: &'static str) -> HostResult<()> {
        self.counts.changes += 1;
        match &mut self.left {
            None => Ok(()),
            Some(0) => {
                let fault = self.once.take();
                if fault.is_some() {
                    self.left = None;
                }
                Err(HostError { call, fault: fault.unwrap_or(DEAD) })
            }
            Some(left) => {
                *left -= 1;
                Ok(())
            }
        }
    }
}
