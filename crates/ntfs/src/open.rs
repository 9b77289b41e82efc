//! Opening a volume: from the boot sector to the MFT, and what forbids writing.
use crate::attribute::{ATTRIBUTE_LIST, DATA, VOLUME_INFORMATION, View};
use crate::boot::Boot;
use crate::error::{Error, Fault, Place, Refused, Result};
use crate::fields::{u8_at, u16_at};
use crate::file::{File, LIST_BYTES_MAX, ListEntry};
use crate::image_file::ImageFile;
use crate::medium::{Journal, Medium};
use crate::pages::Pages;
use crate::partition::{self, Partition};
use crate::record::Record;
use crate::reference::{BITMAP, FileRef, MFT, UPCASE, VOLUME};
use crate::runs::Run;
use crate::stream::{Clusters, Stream};
use crate::upcase::{UPCASE_BYTES, UpCase};
use crate::volume::{Volume, VolumeState, contiguous};
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

/// How a volume is opened.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OpenOptions {
    /// Which part of the image.
    pub partition: Partition,
    /// Nothing shall be written.
    pub read_only: bool,
    /// Write although the volume is marked dirty. What is written may build on damage that is there already.
    pub force_dirty: bool,
    /// Where the undo journal's names begin; the image's own path without it.
    pub journal: Option<PathBuf>,
}

/// A volume in a file or on a block device.
pub type Image = Volume<ImageFile>;

const DIRTY: u16 = 0x0001;
/// Windows is in the middle of a long change: an upgrade, or the deletion of the change journal.
const UNDER_WAY: [(u16, &str); 3] = [
    (0x0002, "the $LogFile is to be resized"),
    (0x0004, "the volume is to be upgraded"),
    (0x0010, "the change journal is being deleted"),
];
/// Bytes of a boot sector that matter.
const BOOT_LEN: usize = 512;

impl Volume<ImageFile> {
    /// Opens an image, or a block device.
    pub fn open(path: &Path, options: &OpenOptions) -> Result<Image> {
        let file = ImageFile::open(path, options.read_only, options.journal.as_deref())?;
        let pending = file.journal_path(Journal::Pending);
        Volume::on(file, options).map_err(|error| match error {
            Error::Refused(Refused::Interrupted(None)) => Error::Refused(Refused::Interrupted(Some(pending))),
            other => other,
        })
    }
}

impl<M: Medium> Volume<M> {
    /// Opens a volume on any medium.
    pub fn on(medium: M, options: &OpenOptions) -> Result<Volume<M>> {
        if medium.journal(Journal::Pending).map_err(Error::io("looking for an undo journal"))?.is_some() {
            return Err(Error::Refused(Refused::Interrupted(None)));
        }
        let span = partition::locate(&medium, options.partition)?;
        let mut sector = vec![0; BOOT_LEN];
        medium.read_at(span.offset, &mut sector).map_err(Error::io("reading the boot sector"))?;
        let boot = Boot::decode(&sector)?;
        if boot.bytes > span.len {
            return Err(Fault("the volume is longer than its image or partition").at(Place::BootSector));
        }
        let pages = Pages::new(medium, span.offset, boot.bytes);
        let mut volume = Volume::bare(pages, boot)?;
        volume.complete_mft()?;
        volume.load_mirror()?;
        volume.bitmap = volume.system_stream(BITMAP, DATA)?;
        let upcase = volume.system_stream(UPCASE, DATA)?;
        let upcase = volume.read_whole(&upcase, UPCASE_BYTES as u64)?;
        volume.upcase =
            UpCase::decode(&upcase).ok_or(Fault("$UpCase has another length").at(Place::Record(UPCASE)))?;
        volume.state = volume.volume_state()?;
        if volume.state.version.0 == 0 || volume.state.version > (3, 1) {
            return Err(Error::Refused(Refused::Version(volume.state.version.0, volume.state.version.1)));
        }
        volume.locked = volume.why_not_write(options)?;
        Ok(volume)
    }

    /// A volume of which only the first record of the MFT is known.
    fn bare(pages: Pages<M>, boot: Boot) -> Result<Volume<M>> {
        let mut bytes = vec![0; boot.record];
        let damaged = |fault: Fault| fault.at(Place::Record(MFT));
        pages.read(boot.mft_lcn * boot.cluster, &mut bytes)?;
        let record = Record::decode(MFT, bytes).map_err(damaged)?;
        let mut first = None;
        for view in record.attributes() {
            let view = view.map_err(damaged)?;
            if view.is(DATA, "") && view.lowest_vcn() == 0 && !view.is_resident() {
                first = Some(view);
            }
        }
        let first = first.ok_or(damaged(Fault("the MFT has no data")))?;
        let runs = first.runs(boot.clusters).map_err(damaged)?;
        let mut sizes = first.sizes().map_err(damaged)?;
        let known = runs.iter().map(|run| run.len).sum::<u64>() * boot.cluster;
        // What lies behind is found through what is known; until then it does not exist.
        (sizes.data, sizes.initialized) = (sizes.data.min(known), sizes.initialized.min(known));
        let mft = Clusters { runs, sizes };
        Ok(Volume {
            pages,
            boot,
            mirror: Clusters { runs: Vec::new(), sizes },
            mft: RwLock::new(Arc::new(mft)),
            bitmap: Stream::Resident(Vec::new()),
            upcase: UpCase::none(),
            state: VolumeState { version: (0, 0), is_dirty: false, flags: 0, flag_offsets: Vec::new() },
            locked: None,
            session_bytes: 0,
        })
    }

    /// Follows the attribute list of the MFT, each part of which must lie in records that the parts before it show.
    fn complete_mft(&self) -> Result<()> {
        let damaged = |fault: Fault| fault.at(Place::Record(MFT));
        let record = self.record(MFT)?;
        let views: Vec<View<'_>> = record.attributes().filter_map(|view| view.ok()).collect();
        let sizes = views.iter().find(|view| view.is(DATA, "") && view.lowest_vcn() == 0);
        let sizes = sizes.ok_or(damaged(Fault("the MFT has no data")))?.sizes().map_err(damaged)?;
        let list = views.iter().find(|view| view.kind() == ATTRIBUTE_LIST);
        let Some(list) = list else {
            return Ok(());
        };
        let list = Stream::of(vec![*list], self.boot.clusters).map_err(damaged)?;
        let list = self.read_whole(&list, LIST_BYTES_MAX)?;
        let mut parts = ListEntry::decode_all(&list).map_err(damaged)?;
        parts.retain(|entry| entry.kind == DATA && entry.lowest_vcn != 0);
        parts.sort_by_key(|entry| entry.lowest_vcn);
        for part in parts {
            let extension = self.record(part.record.record())?;
            let views = extension.attributes().filter_map(|view| view.ok());
            let mut parts = views.filter(|view| view.is(DATA, "") && view.lowest_vcn() == part.lowest_vcn);
            let view = parts.next().ok_or(damaged(Fault("a part of the MFT is missing")))?;
            let mut mft = Clusters::clone(&self.mft());
            let next = mft.runs.last().map_or(0, |run: &Run| run.vcn + run.len);
            if next != part.lowest_vcn {
                return Err(damaged(Fault("the parts of the MFT do not join")));
            }
            mft.runs.extend(view.runs(self.boot.clusters).map_err(damaged)?);
            let known = mft.runs.last().map_or(0, |run| run.vcn + run.len).saturating_mul(self.boot.cluster);
            mft.sizes.data = sizes.data.min(known);
            mft.sizes.initialized = sizes.initialized.min(known);
            self.set_mft(mft);
        }
        if self.mft().sizes.data == sizes.data {
            Ok(())
        } else {
            Err(damaged(Fault("the MFT ends too early")))
        }
    }

    pub(crate) fn system_file(&self, number: u64) -> Result<File> {
        self.file(FileRef::new(number, 0))
    }

    fn system_stream(&self, number: u64, kind: u32) -> Result<Stream> {
        let stream = self.system_file(number)?.stream(kind, "", self.boot.clusters)?;
        stream.ok_or(Fault("a metadata file has no data").at(Place::Record(number)))
    }

    /// Where the copy of the first records is: the boot sector says it, `$MFTMirr` says how long it is.
    fn load_mirror(&mut self) -> Result<()> {
        match self.system_stream(1, DATA)? {
            Stream::Clusters(clusters) => {
                self.mirror = clusters;
                Ok(())
            }
            Stream::Resident(_) => Err(Fault("$MFTMirr is resident").at(Place::Record(1))),
        }
    }

    fn volume_state(&self) -> Result<VolumeState> {
        let damaged = |fault: Fault| fault.at(Place::Record(VOLUME));
        let record = self.record(VOLUME)?;
        let mut at = None;
        for view in record.attributes() {
            let view = view.map_err(damaged)?;
            if view.is(VOLUME_INFORMATION, "") {
                at = Some(view);
            }
        }
        let view = at.ok_or(damaged(Fault("$VOLUME_INFORMATION is missing")))?;
        let value = view.value().map_err(damaged)?;
        let version = (u8_at(value, 8).map_err(damaged)?, u8_at(value, 9).map_err(damaged)?);
        let flags = u16_at(value, 0x0A).map_err(damaged)?;
        let within = record.offset_of(value).map(|at| at as u64 + 0x0A);
        let within = within.ok_or(damaged(Fault("$VOLUME_INFORMATION lies nowhere")))?;
        let offset = VOLUME * self.boot.record as u64 + within;
        let mut flag_offsets = vec![self.mft_offset(offset, 2).map_err(damaged)?];
        if offset + 2 <= self.mirror.sizes.data {
            let copy = contiguous(&self.mirror, offset, 2, self.boot.cluster);
            flag_offsets.push(copy.map_err(damaged)?);
        }
        Ok(VolumeState { version, is_dirty: flags & DIRTY != 0, flags, flag_offsets })
    }

    fn why_not_write(&self, options: &OpenOptions) -> Result<Option<Refused>> {
        let (major, minor) = self.state.version;
        if options.read_only {
            return Ok(Some(Refused::ReadOnly));
        }
        if major < 3 {
            return Ok(Some(Refused::OldVersion(major, minor)));
        }
        if self.is_hibernated()? {
            return Ok(Some(Refused::Hibernated));
        }
        if let Some((_, what)) = UNDER_WAY.iter().find(|(bit, _)| self.state.flags & bit != 0) {
            return Ok(Some(Refused::Unfinished(what)));
        }
        if let Some(what) = self.log_left_open()? {
            return Ok(Some(Refused::LogFile(what)));
        }
        let dirty = self.state.is_dirty && !options.force_dirty;
        Ok(dirty.then_some(Refused::Dirty))
    }
}
