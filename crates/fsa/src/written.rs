//! The time of the last write, told late: LastWriteTime between a write and the moment when Windows up to Server 2016 shows it.
//!
//! The host stamps each write at once. While the file is open others see the time before; it moves two seconds after the first
//! write, and at once when the open is flushed, its length set or its attributes; later writes show when their open closes.
//! Windows: smbtorture smb2.timestamps.delayed-1write, delayed-2write, delayed-write-vs-seteof, -flush and -setbasic, which
//! passed on Windows up to 2016.
use crate::host::{Host, HostResult, SetTimes};
use crate::opens::Open;
use crate::volume::{Volume, WriteTimes};
use nt::FileTime;

/// How long after a first write its time is told, in units of 100 ns.
const PATIENCE: u64 = 20_000_000;

/// What is told of writes while a file is open.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Written {
    /// What the host says.
    #[default]
    AsIs,
    /// Something was written; until `due` this is told.
    Soon { told: FileTime, due: FileTime },
    /// This is told until an open that wrote `again` closes.
    Told { told: FileTime, again: bool },
}

impl<H: Host> Volume<H> {
    fn tells_late(&self) -> bool {
        self.options.write_times == WriteTimes::Late
    }

    /// The time to tell in place of `host`, which is the host's.
    pub(crate) fn told_modified(&self, open: &Open<H>, host: FileTime) -> FileTime {
        if !self.tells_late() || open.is_directory() {
            return host;
        }
        let mut written = open.file.written();
        match *written {
            Written::AsIs => host,
            Written::Told { told, .. } => told,
            Written::Soon { told, due } if self.host.now() < due => told,
            Written::Soon { .. } => {
                *written = Written::Told { told: host, again: false };
                host
            }
        }
    }

    /// The open is about to write its file's own data, whose last change was `before`.
    pub(crate) fn about_to_write(&self, open: &Open<H>, before: FileTime) {
        if !self.tells_late() || open.stream().is_some() {
            return;
        }
        open.cursors.set_written();
        let mut written = open.file.written();
        *written = match *written {
            Written::AsIs => {
                Written::Soon { told: before, due: FileTime(self.host.now().0.saturating_add(PATIENCE)) }
            }
            Written::Soon { told, due } if self.host.now() < due => Written::Soon { told, due },
            Written::Soon { .. } => Written::Told { told: before, again: true },
            Written::Told { told, .. } => Written::Told { told, again: true },
        };
    }

    /// What is still to be told is told now, and is of now.
    pub(crate) fn tell_written(&self, open: &Open<H>) -> HostResult<()> {
        let mut written = open.file.written();
        if !matches!(*written, Written::Soon { .. } | Written::Told { again: true, .. }) {
            return Ok(());
        }
        let now = self.host.now();
        self.host.set_times(&open.file.node(), SetTimes { accessed: None, modified: Some(now) })?;
        *written = Written::Told { told: now, again: false };
        Ok(())
    }

    /// An open closes: what it wrote and nobody was told of is told.
    pub(crate) fn tell_written_at_close(&self, open: &Open<H>) -> HostResult<()> {
        if !self.tells_late() || !open.cursors.has_written() {
            return Ok(());
        }
        let first_only = matches!(*open.file.written(), Written::Soon { .. });
        if first_only {
            *open.file.written() = Written::AsIs;
            return Ok(());
        }
        self.tell_written(open)
    }

    /// Somebody has set the time: it is what it is.
    pub(crate) fn forget_written(&self, open: &Open<H>) {
        *open.file.written() = Written::AsIs;
    }
}
