//! What forbids writing although the disk is readable: a Windows that sleeps on the volume, or a log that was left open.
use crate::attribute::DATA;
use crate::boot::STRIDE;
use crate::error::{Error, Result, Why};
use crate::fields::{Fault, size, u16_at, u32_at, u64_at};
use crate::fixup;
use crate::medium::Medium;
use crate::reference::LOG_FILE;
use crate::volume::Volume;
use nt::Utf16;

/// Windows, hibernated or shut down with fast startup, keeps its memory in this file of the root.
const HIBERFIL: &str = "hiberfil.sys";
/// What the file begins with as long as that memory is to be taken up again.
const ASLEEP: [&[u8; 4]; 2] = [b"hibr", b"HIBR"];
/// The log's first two pages are its restart pages.
const RESTART_PAGE: usize = 4096;
/// The restart area's flag: the volume was unmounted cleanly.
const CLEAN: u16 = 0x0002;
/// No client has the log open.
const NO_CLIENT: u16 = 0xFFFF;

impl<M: Medium> Volume<M> {
    pub(crate) fn is_hibernated(&self) -> Result<bool> {
        let path = [Utf16::from(HIBERFIL)];
        let file = match self.find_components(&path) {
            Err(Error::Request { why: Why::Missing(_), .. }) => return Ok(false),
            other => self.file(other?)?,
        };
        let Some(stream) = file.stream(DATA, "", self.boot.clusters)? else { return Ok(false) };
        let mut begin = [0; 4];
        if stream.len() < begin.len() as u64 {
            return Ok(false);
        }
        self.read_stream(&stream, 0, &mut begin)?;
        Ok(ASLEEP.contains(&&begin))
    }

    /// Says what of the log was left open, if it was.
    pub(crate) fn log_left_open(&self) -> Result<Option<&'static str>> {
        let file = self.system_file(LOG_FILE)?;
        let stream = file.stream(DATA, "", self.boot.clusters)?;
        let stream = stream.ok_or_else(|| file.corrupt(Fault("$LogFile has no data")))?;
        let mut pages = vec![0; 2 * RESTART_PAGE];
        if stream.len() < pages.len() as u64 {
            return Err(file.corrupt(Fault("$LogFile is too short")));
        }
        self.read_stream(&stream, 0, &mut pages)?;
        // A log that was never used, or was emptied, is all ones.
        if pages.iter().all(|byte| *byte == 0xFF) {
            return Ok(None);
        }
        let (first, second) = pages.split_at(RESTART_PAGE);
        let newest = [first, second].into_iter().filter_map(|page| Restart::decode(page).ok());
        match newest.max_by_key(|restart| restart.lsn) {
            None => Ok(Some("its restart pages are damaged")),
            Some(restart) if restart.closed => Ok(None),
            Some(_) => Ok(Some("it has changes that were not played back")),
        }
    }
}

/// What a restart page says.
struct Restart {
    lsn: u64,
    closed: bool,
}

impl Restart {
    fn decode(page: &[u8]) -> std::result::Result<Restart, Fault> {
        let mut page = page.to_vec();
        let len = size(u64::from(u32_at(&page, 0x10)?))?;
        if len != RESTART_PAGE || len % STRIDE != 0 {
            return Err(Fault("the log's pages have another size"));
        }
        fixup::remove(&mut page, b"RSTR")?;
        let area = page.get(usize::from(u16_at(&page, 0x18)?)..).unwrap_or_default();
        let closed = u16_at(area, 0x0C)? == NO_CLIENT || u16_at(area, 0x0E)? & CLEAN != 0;
        Ok(Restart { lsn: u64_at(area, 0)?, closed })
    }
}
