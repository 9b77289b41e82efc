//! An image in a file, or a block device.
use crate::error::{Error, Refused, Result};
use crate::medium::{Journal, Medium};
use rustix::fs::{FlockOperation, flock};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// What the journal of a change under way is called, behind the name of the image.
const PENDING: &str = "pointsman-undo";
/// What the journal of the last change is called.
const LAST: &str = "pointsman-last";
/// A journal that is being written; it means nothing.
const UNFINISHED: &str = "pointsman-new";
/// Where the journals of block devices are.
const DEVICE_JOURNALS: &str = "/var/lib/pointsman";
/// No journal of ours is larger.
const JOURNAL_BYTES_MAX: u64 = 1 << 30;

/// An image in a file, or a block device, locked for as long as it is open.
pub struct ImageFile {
    file: Locked,
    len: u64,
    journal_base: PathBuf,
    /// The journal lies in a folder of its own, which may have to be made.
    makes_folder: bool,
    /// The sectors, where the file has them in another form.
    #[cfg(feature = "containers")]
    container: Option<Box<dyn crate::container::Container>>,
}

impl fmt::Debug for ImageFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImageFile").field("file", &self.file).field("len", &self.len).finish_non_exhaustive()
    }
}

/// A file with its lock, which ends with it: a child that another thread has just forked has the same open file until it
/// becomes another program, and would keep a lock that only closing gives back (flock(2)).
#[derive(Debug)]
struct Locked(File);

impl Locked {
    /// Nothing if another has a lock that this one cannot be beside.
    fn new(file: File, operation: FlockOperation) -> Option<Locked> {
        // Another error is that of a file system without locks: nobody else can have one either.
        (flock(&file, operation) != Err(rustix::io::Errno::WOULDBLOCK)).then_some(Locked(file))
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        // What fails here has no lock.
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}

impl ImageFile {
    /// Opens it; qcow2, vhd, vhdx, vmdk and E01 by what they begin with, and to be read only. A block device that is mounted is refused for writing, and so is an image that another process of ours
    /// has open. `journal` is the path on which the journal's names are built: without it the image's own, or for a block
    /// device one in `/var/lib/pointsman` that the disk itself tells.
    pub fn open(path: &Path, read_only: bool, journal: Option<&Path>) -> Result<ImageFile> {
        let metadata = std::fs::metadata(path).map_err(Error::io("looking at the image"))?;
        let is_device = metadata.file_type().is_block_device();
        if is_device && !read_only && is_read_only_device(metadata.rdev()) {
            return Err(Error::Refused(Refused::ReadOnly));
        }
        let mut options = OpenOptions::new();
        options.read(true).write(!read_only);
        if is_device && !read_only {
            // On a block device, O_EXCL fails when a file system on it is mounted.
            options.custom_flags(i32::try_from(rustix::fs::OFlags::EXCL.bits()).unwrap_or(0));
        }
        let file = options.open(path).map_err(|source| match source.kind() {
            io::ErrorKind::ResourceBusy => Error::Refused(Refused::Locked),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem if !read_only => {
                Error::Refused(Refused::ReadOnly)
            }
            _ => Error::Io { call: "opening the image", source },
        })?;
        let lock = if read_only {
            FlockOperation::NonBlockingLockShared
        } else {
            FlockOperation::NonBlockingLockExclusive
        };
        let mut file = Locked::new(file, lock).ok_or(Error::Refused(Refused::Locked))?;
        let len = file.0.seek(SeekFrom::End(0)).map_err(Error::io("measuring the image"))?;
        let journal_base = match journal {
            Some(journal) => journal.to_path_buf(),
            None if is_device => device_journal(&file.0, len),
            None => path.to_path_buf(),
        };
        let image = ImageFile {
            file,
            len,
            journal_base,
            makes_folder: is_device && journal.is_none(),
            #[cfg(feature = "containers")]
            container: None,
        };
        image.unpacked(path, read_only)
    }

    #[cfg(not(feature = "containers"))]
    fn unpacked(self, _path: &Path, _read_only: bool) -> Result<ImageFile> {
        Ok(self)
    }

    /// The same, with the sectors that a format of its own stands for.
    #[cfg(feature = "containers")]
    fn unpacked(mut self, path: &Path, read_only: bool) -> Result<ImageFile> {
        let Some(format) = crate::container::detect(&self.file.0) else { return Ok(self) };
        if !read_only {
            return Err(Error::Refused(Refused::ReadOnlyFormat(format.0)));
        }
        let container = crate::container::open(format, &self.file.0, path)?;
        self.len = container.len();
        self.container = Some(container);
        Ok(self)
    }

    /// Where the journal of a state lies.
    pub fn journal_path(&self, state: Journal) -> PathBuf {
        self.beside(match state {
            Journal::Pending => PENDING,
            Journal::Last => LAST,
        })
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.journal_base.clone().into_os_string();
        name.push(".");
        name.push(suffix);
        name.into()
    }

    /// Makes names that were given or taken away last.
    fn flush_directory(&self) -> io::Result<()> {
        let parent = self.journal_base.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
    }
}

/// Where the journals of a block device begin. Beside the device they would be gone with the next start of the machine, and
/// by its name they would not be found if it had another then: so they have their place by how long the disk is, and by
/// how it begins, which no change here touches.
fn device_journal(file: &File, len: u64) -> PathBuf {
    let mut begin = [0; 1024];
    // A disk that cannot be read is refused by what comes next.
    let _ = file.read_exact_at(&mut begin, 0);
    Path::new(DEVICE_JOURNALS).join(format!("device-{len}-{:08x}", crc32fast::hash(&begin)))
}

/// Linux lets a device be opened for writing that it will not write.
fn is_read_only_device(number: u64) -> bool {
    let (major, minor) = (rustix::fs::major(number), rustix::fs::minor(number));
    let says = std::fs::read(format!("/sys/dev/block/{major}:{minor}/ro"));
    says.is_ok_and(|says| says.starts_with(b"1"))
}

impl Medium for ImageFile {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        #[cfg(feature = "containers")]
        if let Some(container) = &self.container {
            let end = offset.checked_add(buffer.len() as u64).filter(|end| *end <= self.len);
            end.ok_or(io::ErrorKind::UnexpectedEof)?;
            return container.read_at(offset, buffer);
        }
        self.file.0.read_exact_at(buffer, offset)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.0.write_all_at(bytes, offset)
    }

    fn flush(&self) -> io::Result<()> {
        self.file.0.sync_data()
    }

    fn journal(&self, state: Journal) -> io::Result<Option<Vec<u8>>> {
        let file = match File::open(self.journal_path(state)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut bytes = Vec::new();
        file.take(JOURNAL_BYTES_MAX).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    fn begin(&self, journal: &[u8]) -> io::Result<()> {
        if self.makes_folder {
            std::fs::create_dir_all(DEVICE_JOURNALS)?;
        }
        let unfinished = self.beside(UNFINISHED);
        let mut file = File::create(&unfinished)?;
        file.write_all(journal)?;
        file.sync_all()?;
        std::fs::rename(unfinished, self.journal_path(Journal::Pending))?;
        self.flush_directory()
    }

    fn complete(&self, joins: bool) -> io::Result<()> {
        let (pending, last) = (self.journal_path(Journal::Pending), self.journal_path(Journal::Last));
        match OpenOptions::new().append(true).open(&last) {
            Ok(mut file) if joins => {
                io::copy(&mut File::open(&pending)?, &mut file)?;
                file.sync_all()?;
                std::fs::remove_file(pending)?;
            }
            // Without a last one, if somebody has removed it, there is nothing to join.
            _ => std::fs::rename(pending, last)?,
        }
        self.flush_directory()
    }

    fn keep_last(&self, len: u64) -> io::Result<()> {
        let file = OpenOptions::new().write(true).open(self.journal_path(Journal::Last))?;
        file.set_len(len)?;
        file.sync_all()
    }

    fn forget(&self, state: Journal) -> io::Result<()> {
        match std::fs::remove_file(self.journal_path(state)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => self.flush_directory(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test that is wrong shall panic
mod tests {
    use super::*;

    #[test]
    fn the_lock_ends_with_the_image_though_a_forked_child_has_its_file() {
        let path = std::env::temp_dir().join(format!("pointsman-lock-{}", std::process::id()));
        std::fs::write(&path, [0; 1024]).unwrap();
        let image = ImageFile::open(&path, false, None).unwrap();
        // What fork(2) gives a child: the same open file, which closing here does not end.
        let of_the_child = image.file.0.try_clone().unwrap();
        let refused = ImageFile::open(&path, true, None).map(drop);
        assert!(matches!(refused, Err(Error::Refused(Refused::Locked))), "{refused:?}");
        drop(image);
        let again = ImageFile::open(&path, false, None).map(drop);
        std::fs::remove_file(&path).unwrap();
        assert!(again.is_ok(), "{again:?}");
        drop(of_the_child);
    }
}
