//! An open file as its handle holds it.
use crate::namespace::Mounted;
use crate::pending::Pending;
use crate::port::Port;
use crate::store::StoreId;
use fsa::ControlReply;
use nt::{FsctlCode, NtStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// An open of the store, closed when this goes.
pub(crate) struct Hold {
    pub(crate) mounted: Arc<Mounted>,
    pub(crate) id: StoreId,
    closed: bool,
}

/// An open file. It goes when its handle is closed and its last request has ended.
pub(crate) struct OpenFile {
    pub(crate) hold: Hold,
    /// Requests go on in the background: FILE_FLAG_OVERLAPPED, or neither of the synchronous options.
    pub(crate) overlapped: bool,
    /// Where ReadFile and WriteFile of a synchronous file stand.
    position: Mutex<u64>,
    pub(crate) pending: Arc<Pending>,
}

impl OpenFile {
    pub(crate) fn new(hold: Hold, overlapped: bool) -> OpenFile {
        OpenFile { hold, overlapped, position: Mutex::new(0), pending: Arc::new(Pending::new()) }
    }

    /// A control, to its end.
    pub(crate) fn control(
        &self,
        code: u32,
        input: &[u8],
        output_len_max: usize,
    ) -> Result<ControlReply, NtStatus> {
        self.hold.mounted.volume.fs_control(&self.hold.id, FsctlCode(code), input, output_len_max)
    }

    /// The file's position, held while a synchronous request uses it: on Windows too a second one waits.
    pub(crate) fn position(&self) -> MutexGuard<'_, u64> {
        self.position.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Binds the file to a port. Once only, and only if its requests go on in the background.
    pub(crate) fn bind(&self, port: Arc<Port>, key: usize) -> Result<(), NtStatus> {
        if !self.overlapped {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        self.pending.bind(port, key)
    }
}

impl Hold {
    pub(crate) fn new(mounted: Arc<Mounted>, id: StoreId) -> Hold {
        Hold { mounted, id, closed: false }
    }

    /// Closes it, and says why a deletion that was due failed.
    pub(crate) fn close(mut self) -> Result<(), NtStatus> {
        self.closed = true;
        self.mounted.volume.close(&self.id)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if !self.closed {
            // A deletion that fails now has nobody to be told to: CloseHandle succeeds on Windows too.
            let _ = self.mounted.volume.close(&self.id);
        }
    }
}
