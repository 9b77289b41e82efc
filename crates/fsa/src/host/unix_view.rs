//! Links, pipes, sockets and devices of the host, seen as reparse points and, where the volume's owner wants it, written as
//! such. They are what they are by their kind, so changing one means making another in its place, in one step; every open of
//! the old one then is of the new one. [`super::meta`] says how they are read. docs/SPEC-NOTES.md 15
use crate::file::File;
use crate::host::meta::{self, SpecialForm};
use crate::host::{Host, HostError, HostFault, Make};
use crate::link::Link;
use crate::object::Object;
use crate::opens::Open;
use crate::refusal::{Refusal, Why};
use crate::volume::Volume;
use nt::{FileAttributes, NtStatus, Utf16};
use reparse::{NfsObject, RawReparse, ReparsePoint, SymlinkFlags};
use std::sync::Arc;

/// The longest target of a host link that is written, in bytes: less than Linux's PATH_MAX.
const TARGET_BYTES_MAX: usize = 4095;

/// What a reparse point becomes on the host.
enum Special {
    Symlink(Vec<u8>),
    Fifo,
    Socket,
    CharDevice(u32, u32),
    BlockDevice(u32, u32),
}

impl Special {
    fn make(&self) -> Make<'_> {
        match self {
            Special::Symlink(target) => Make::Symlink(target),
            Special::Fifo => Make::Fifo,
            Special::Socket => Make::Socket,
            Special::CharDevice(major, minor) => Make::CharDevice(*major, *minor),
            Special::BlockDevice(major, minor) => Make::BlockDevice(*major, *minor),
        }
    }
}

impl<H: Host> Volume<H> {
    /// Stores a reparse point where the host's own kinds of object come into it: over one of them, or as one of them. False
    /// when neither is so, and the point is to be stored as on any file.
    pub(crate) fn set_as_special(
        &self,
        open: &Open<H>,
        object: &Object<H>,
        point: &RawReparse,
        stored: &[u8],
    ) -> Result<bool, Refusal> {
        if self.options.write_unix_links
            && let Some(special) = self.special_for(open, point)
            && (object.is_host_special() || self.is_bare(object)?)
        {
            let node = match self.host.create_unnamed(special.make()) {
                // The host may let only some make devices; a reparse point on a file serves as well.
                Err(HostError { fault: HostFault::Denied | HostFault::NotSupported, .. })
                    if !object.is_host_special() =>
                {
                    return Ok(false);
                }
                made => made?,
            };
            self.put_in_place(&open.file, &open.link, node)?;
            return Ok(true);
        }
        if object.is_host_special() {
            self.require_one_name(object)?;
            let node = self.host.create_unnamed(Make::File)?;
            meta::set_point(&self.host, &node, stored)?;
            self.put_in_place(&open.file, &open.link, node)?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Puts an empty file in the place of a host link or special file, of which nothing then is left.
    pub(crate) fn replace_special_by_file(&self, file: &Arc<File<H>>, link: &Link<H>) -> Result<(), Refusal> {
        let object = self.object(file.node())?;
        self.require_one_name(&object)?;
        let node = self.host.create_unnamed(Make::File)?;
        self.put_in_place(file, link, node)
    }

    /// Gives a new object the old one's name, in one step, and points every open of the old one at it.
    fn put_in_place(&self, file: &Arc<File<H>>, link: &Link<H>, node: H::Node) -> Result<(), Refusal> {
        let id = self.host.stat(&node)?.id;
        let place = link.lock().clone();
        let Some((parent, _)) = place.parent else {
            return Err(Refusal::new(NtStatus::ACCESS_DENIED, Why::Object("the root is never made anew")));
        };
        self.host.place(&node, &parent, &place.name)?;
        self.host.let_go(file.id());
        self.files.repoint(file, node, id);
        Ok(())
    }

    /// Another name of the old object would go on naming it: then what is one file would be two.
    fn require_one_name(&self, object: &Object<H>) -> Result<(), Refusal> {
        if object.meta.stat.links <= 1 {
            return Ok(());
        }
        let why = Why::Object("a host link or special file with several names cannot be changed in one step");
        Err(Refusal::new(NtStatus::NOT_SUPPORTED, why))
    }

    /// True for an empty file of which nothing is lost when another object takes its place.
    fn is_bare(&self, object: &Object<H>) -> Result<bool, Refusal> {
        let plain = FileAttributes::ARCHIVE | FileAttributes::NORMAL | FileAttributes::REPARSE_POINT;
        let stat = &object.meta.stat;
        Ok(!object.is_directory()
            && stat.size == 0
            && stat.links == 1
            && object.meta.attributes.without(plain).is_empty()
            && meta::stream_list(&self.host, &object.node)?.is_empty()
            && meta::ea_list(&self.host, &object.node)?.is_empty()
            && meta::security(&self.host, &object.node)?.is_none())
    }

    /// What the host has for a reparse point, if reading it again gives the same meaning. The layout of the names may differ
    /// then; that is the price of the option.
    fn special_for(&self, open: &Open<H>, point: &RawReparse) -> Option<Special> {
        let (meaning, _) = ReparsePoint::from_raw(point);
        let nfs = self.options.unix_nodes == SpecialForm::Nfs;
        match meaning {
            ReparsePoint::Symlink(link) if nfs && link.flags().stored() == SymlinkFlags::RELATIVE => {
                let same = link.print() == link.substitute() || link.print().units().is_empty();
                let depth = depth_of(&open.path());
                same.then(|| safe_target(link.substitute(), depth)).flatten().map(Special::Symlink)
            }
            ReparsePoint::Nfs(nfs_point) if nfs => match nfs_point.object() {
                NfsObject::Fifo => Some(Special::Fifo),
                NfsObject::Socket => Some(Special::Socket),
                NfsObject::CharDevice { major, minor } => Some(Special::CharDevice(*major, *minor)),
                NfsObject::BlockDevice { major, minor } => Some(Special::BlockDevice(*major, *minor)),
                _ => None,
            },
            ReparsePoint::LxFifo if !nfs => Some(Special::Fifo),
            ReparsePoint::AfUnix if !nfs => Some(Special::Socket),
            _ => None,
        }
    }
}

/// How many directories lie between the root and the object of this path.
fn depth_of(path: &Utf16) -> usize {
    let names = path.units().split(|unit| *unit == u16::from(b'\\')).filter(|name| !name.is_empty());
    names.count().saturating_sub(1)
}

/// A relative target in the host's words, if it cannot leave the root by its spelling, and reads back the same.
fn safe_target(substitute: &Utf16, depth: usize) -> Option<Vec<u8>> {
    let text = substitute.to_text()?;
    let mut at = depth;
    for name in text.split('\\') {
        match name {
            "" => return None,
            "." => {}
            ".." => at = at.checked_sub(1)?,
            name if name.contains(['/', ':', '\0']) => return None,
            _ => at += 1,
        }
    }
    let target = text.replace('\\', "/").into_bytes();
    (target.len() <= TARGET_BYTES_MAX).then_some(target)
}
