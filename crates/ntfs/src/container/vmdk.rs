//! vmdk, VMware's format, by the crate `vmdk-core`: one file of grains, compressed (streamOptimized) or not. (VMware,
//! "Virtual Disk Format 5.0")
//!
//! A descriptor, which is a text that names the files of a disk, is not followed: a flat extent is a plain image, which can
//! be named itself.
use super::{Container, again, read_exact_from};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use vmdk::VmdkReader;

/// Tables of grains that the reader may keep; it never forgets one, so it is made anew beyond that.
const TABLES_MAX: usize = 4096;
/// CID_NOPARENT: the disk holds all of itself.
const NO_PARENT: u32 = 0xFFFF_FFFF;

struct Image {
    file: File,
    reader: Mutex<VmdkReader<File>>,
    len: u64,
}

fn reader_of(file: &File) -> Result<VmdkReader<File>, String> {
    use io::{Seek, SeekFrom};
    let mut file = again(file)?;
    file.seek(SeekFrom::Start(0)).map_err(|error| error.to_string())?;
    VmdkReader::open(file).map_err(|error| error.to_string())
}

pub(super) fn open(file: &File, _path: &Path) -> Result<Box<dyn Container>, String> {
    let reader = reader_of(file)?;
    if !matches!(reader.parent_cid(), 0 | NO_PARENT) {
        return Err(
            "it holds the differences from another image; `qemu-img convert` makes one of both".into()
        );
    }
    let len = reader.virtual_disk_size();
    Ok(Box::new(Image { file: again(file)?, reader: Mutex::new(reader), len }))
}

impl Container for Image {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        if reader.gt_cache_size() > TABLES_MAX {
            *reader = reader_of(&self.file).map_err(io::Error::other)?;
        }
        read_exact_from(&mut *reader, offset, buffer)
    }
}
