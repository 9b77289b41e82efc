//! Disk images with a header of their own, read as the sectors that they stand for. Each format is a kept crate's, but for
//! that of Virtual PC; here is what a lying header must not make of them. None of them is written.
mod ewf;
mod qcow2;
mod vhd;
mod vhdx;
mod vmdk;

use crate::error::{Error, Result};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The sectors of a disk in another form.
pub(crate) trait Container: Send + Sync {
    /// Bytes of the disk.
    fn len(&self) -> u64;

    /// Fills the buffer from an offset, all of which lies on the disk.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
}

/// Formats that are read, by what they begin with.
const FORMATS: [(&[u8], &str, Opener); 5] = [
    (b"QFI\xFB", "qcow2", qcow2::open),
    (b"vhdxfile", "vhdx", vhdx::open),
    (b"KDMV", "vmdk", vmdk::open),
    (b"EVF\x09\x0D\x0A\xFF\x00", "E01", ewf::open),
    (b"conectix", "vhd", vhd::open),
];

/// Opens a format; what is wrong is said in words.
type Opener = fn(&File, &Path) -> std::result::Result<Box<dyn Container>, String>;

/// The format of an image that is in one of those that are read, and what opens it.
pub(crate) fn detect(file: &File) -> Option<(&'static str, Opener)> {
    let mut head = [0; 8];
    file.read_exact_at(&mut head, 0).ok()?;
    let found = FORMATS.iter().find(|(magic, ..)| head.starts_with(magic));
    found.map(|(_, name, open)| (*name, *open))
}

/// Opens an image in the format that was detected.
pub(crate) fn open(
    (format, open): (&'static str, Opener),
    file: &File,
    path: &Path,
) -> Result<Box<dyn Container>> {
    open(file, path).map_err(|why| Error::Container { format, why })
}

/// Reads all of a buffer from a crate's reader.
fn read_exact_from(reader: &mut (impl Read + Seek), offset: u64, buffer: &mut [u8]) -> io::Result<()> {
    reader.seek(SeekFrom::Start(offset))?;
    reader.read_exact(buffer)
}

/// Another handle of the same file: one lock, for as long as either is open.
fn again(file: &File) -> std::result::Result<File, String> {
    file.try_clone().map_err(|error| error.to_string())
}
