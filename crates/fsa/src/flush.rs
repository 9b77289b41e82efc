//! Bringing what was changed to the disk. [MS-FSA] 2.1.5.7
use crate::host::Host;
use crate::opens::OpenId;
use crate::oplock::Breaks;
use crate::refusal::Refusal;
use crate::volume::Volume;

impl<H: Host> Volume<H> {
    /// Returns when all that was changed of the open's file is on the disk; of the root, when everything is.
    pub fn flush(&self, id: OpenId) -> Result<(), Refusal> {
        let open = self.open_of(id)?;
        self.break_oplock(&open, Breaks::written())?;
        if self.is_read_only() {
            return Ok(());
        }
        self.tell_written(&open)?;
        let parent = open.link.lock().parent.clone();
        match parent {
            None => self.host.sync_all()?,
            Some((parent, _)) => {
                self.host.sync(&open.file.node())?;
                self.host.sync(&parent)?;
            }
        }
        Ok(())
    }
}
