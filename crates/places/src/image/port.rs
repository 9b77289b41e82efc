//! An image as a host of the object store: so that the store's own rules follow the links in it. To be read only; what
//! changes a volume goes to the image itself, which keeps the store's rules.
use crate::image::volume::ImageVolume;
use fsa::host::meta::DosAttrib;
use fsa::host::name::{decode, encode_exact};
use fsa::host::{
    BlobId, Host, HostEntry, HostError, HostFault, HostName, HostResult, Make, NodeId, NodeKind, NodeStat,
    RenameMode, SetTimes, Space, XattrMode,
};
use nt::{NtStatus, Utf16};
use ntfs::{FileRef, Image, Namespace};
use std::ops::Range;
use std::sync::Arc;

/// The store's two attributes that an image has an answer to.
const SMB_REPARSE: &str = "user.SmbReparse";
const DOSATTRIB: &str = "user.DOSATTRIB";
/// The record of the root directory. (flatcap.github.io/linux-ntfs, files)
const ROOT: FileRef = FileRef::new(5, 0);

/// An image as a host.
pub struct ImagePort {
    image: Arc<ImageVolume>,
    root: FileRef,
}

impl ImagePort {
    /// The whole volume.
    pub fn new(image: Arc<ImageVolume>) -> ImagePort {
        ImagePort::below(image, ROOT)
    }

    /// A directory of it and what is below: no name and no link leads out.
    pub fn below(image: Arc<ImageVolume>, root: FileRef) -> ImagePort {
        ImagePort { image, root }
    }

    fn read<T>(&self, call: &'static str, act: impl FnOnce(&Image) -> ntfs::Result<T>) -> HostResult<T> {
        self.image.read(call, act).map_err(|failure| HostError { call, fault: fault_of(failure.status()) })
    }
}

fn fault_of(status: Option<NtStatus>) -> HostFault {
    match status {
        Some(NtStatus::OBJECT_NAME_NOT_FOUND | NtStatus::OBJECT_PATH_NOT_FOUND) => HostFault::NotFound,
        Some(NtStatus::NOT_A_DIRECTORY) => HostFault::NotDirectory,
        Some(NtStatus::NOT_SUPPORTED) => HostFault::NotSupported,
        Some(NtStatus::UNEXPECTED_IO_ERROR) => HostFault::Other(rustix::io::Errno::IO.raw_os_error()),
        _ => HostFault::Corrupt,
    }
}

fn read_only<T>(call: &'static str) -> HostResult<T> {
    Err(HostError { call, fault: HostFault::ReadOnly })
}

impl Host for ImagePort {
    type Node = FileRef;

    fn root(&self) -> FileRef {
        self.root
    }

    fn lookup(&self, dir: &FileRef, name: &[u16]) -> HostResult<Option<(FileRef, HostName)>> {
        let name = Utf16(name.to_vec());
        let entry = self.read("lookup", |image| image.lookup(*dir, &name))?;
        let Some(entry) = entry else { return Ok(None) };
        let invalid = HostError { call: "lookup", fault: HostFault::NameInvalid };
        let spelt = encode_exact(entry.name.name.units()).ok_or(invalid)?;
        Ok(Some((entry.file, spelt)))
    }

    fn open_entry(&self, dir: &FileRef, name: &HostName) -> HostResult<FileRef> {
        let found = self.lookup(dir, &decode(&name.0))?;
        let missing = HostError { call: "open_entry", fault: HostFault::NotFound };
        found.map(|(file, _)| file).ok_or(missing)
    }

    fn stat(&self, node: &FileRef) -> HostResult<NodeStat> {
        let (facts, serial) = self.read("stat", |image| Ok((image.facts(*node)?, image.boot().serial)))?;
        let kind = if facts.is_directory { NodeKind::Directory } else { NodeKind::File };
        Ok(NodeStat {
            id: NodeId { device: serial, inode: facts.file.0 },
            kind,
            links: u32::from(facts.links),
            size: facts.data_len,
            allocated: facts.data_len,
            compressed: false,
            accessed: facts.standard.accessed,
            modified: facts.standard.written,
            changed: facts.standard.changed,
            born: Some(facts.standard.created),
            mode: if facts.is_directory { 0o777 } else { 0o666 },
            uid: 0,
            gid: 0,
        })
    }

    fn read_link(&self, _node: &FileRef) -> HostResult<Vec<u8>> {
        Err(HostError { call: "read_link", fault: HostFault::NotSupported })
    }

    fn create(&self, _dir: &FileRef, _name: &[u16], _make: Make<'_>) -> HostResult<(FileRef, HostName)> {
        read_only("create")
    }

    fn create_unnamed(&self, _make: Make<'_>) -> HostResult<FileRef> {
        read_only("create_unnamed")
    }

    fn place(&self, _node: &FileRef, _dir: &FileRef, _name: &HostName) -> HostResult<()> {
        read_only("place")
    }

    fn link(&self, _node: &FileRef, _dir: &FileRef, _name: &[u16]) -> HostResult<HostName> {
        read_only("link")
    }

    fn rename(
        &self,
        _dir: &FileRef,
        _name: &HostName,
        _new_dir: &FileRef,
        _new_name: &[u16],
        _mode: RenameMode,
    ) -> HostResult<HostName> {
        read_only("rename")
    }

    fn remove(&self, _dir: &FileRef, _name: &HostName) -> HostResult<()> {
        read_only("remove")
    }

    fn entries(&self, dir: &FileRef) -> HostResult<Vec<HostEntry>> {
        let entries = self.read("entries", |image| image.entries(*dir))?;
        let long = entries.into_iter().filter(|entry| entry.name.namespace != Namespace::DOS);
        let named = long.filter_map(|entry| {
            let name = encode_exact(entry.name.name.units())?;
            Some(HostEntry { name, inode: entry.file.0 })
        });
        Ok(named.collect())
    }

    fn is_empty(&self, dir: &FileRef) -> HostResult<bool> {
        self.read("is_empty", |image| Ok(image.entries(*dir)?.is_empty()))
    }

    fn xattr(&self, node: &FileRef, name: &str) -> HostResult<Option<Vec<u8>>> {
        match name {
            SMB_REPARSE => self.read("xattr", |image| match image.get(*node) {
                Ok(point) => Ok(Some(point.into_bytes())),
                Err(error) if error.status() == NtStatus::NOT_A_REPARSE_POINT => Ok(None),
                Err(error) => Err(error),
            }),
            DOSATTRIB => self.read("xattr", |image| {
                let standard = image.facts(*node)?.standard;
                let stored = DosAttrib {
                    attributes: standard.attributes,
                    created: Some(standard.created),
                    changed: None,
                };
                Ok(Some(stored.encode()))
            }),
            _ => Ok(None),
        }
    }

    fn set_xattr(&self, _node: &FileRef, _name: &str, _value: &[u8], _mode: XattrMode) -> HostResult<()> {
        read_only("set_xattr")
    }

    fn remove_xattr(&self, _node: &FileRef, _name: &str) -> HostResult<bool> {
        read_only("remove_xattr")
    }

    fn xattr_names(&self, _node: &FileRef) -> HostResult<Vec<String>> {
        Ok(Vec::new())
    }

    fn read(&self, node: &FileRef, offset: u64, buffer: &mut [u8]) -> HostResult<usize> {
        self.read("read", |image| image.read_data(*node, "", offset, buffer))
    }

    fn allocated_ranges(
        &self,
        _node: &FileRef,
        _range: Range<u64>,
        _most: usize,
    ) -> HostResult<Vec<Range<u64>>> {
        Err(HostError { call: "allocated_ranges", fault: HostFault::NotSupported })
    }

    fn write(&self, _node: &FileRef, _offset: u64, _bytes: &[u8]) -> HostResult<()> {
        read_only("write")
    }

    fn punch(&self, _node: &FileRef, _offset: u64, _len: u64) -> HostResult<()> {
        read_only("punch")
    }

    fn fill(&self, _node: &FileRef, _offset: u64, _len: u64) -> HostResult<()> {
        read_only("fill")
    }

    fn copy_range(&self, _from: (&FileRef, u64), _to: (&FileRef, u64), _len: usize) -> HostResult<usize> {
        read_only("copy_range")
    }

    fn share_range(&self, _from: (&FileRef, u64), _to: (&FileRef, u64), _len: u64) -> HostResult<()> {
        read_only("share_range")
    }

    fn set_len(&self, _node: &FileRef, _len: u64) -> HostResult<()> {
        read_only("set_len")
    }

    fn set_times(&self, _node: &FileRef, _times: SetTimes) -> HostResult<()> {
        read_only("set_times")
    }

    fn set_mode(&self, _node: &FileRef, _mode: u32) -> HostResult<()> {
        read_only("set_mode")
    }

    fn sync(&self, _node: &FileRef) -> HostResult<()> {
        Ok(())
    }

    fn sync_all(&self) -> HostResult<()> {
        Ok(())
    }

    fn space(&self) -> HostResult<Space> {
        Ok(Space::default())
    }

    fn is_read_only(&self) -> bool {
        true
    }

    fn put_blob(&self, _near: &FileRef, _bytes: &[u8]) -> HostResult<BlobId> {
        read_only("put_blob")
    }

    fn blob(&self, _near: &FileRef, _id: BlobId) -> HostResult<Option<Vec<u8>>> {
        Ok(None)
    }

    fn blobs(&self) -> HostResult<Vec<BlobId>> {
        Ok(Vec::new())
    }

    fn remove_blob(&self, _id: BlobId) -> HostResult<()> {
        read_only("remove_blob")
    }
}
