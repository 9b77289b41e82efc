//! vhdx, Hyper-V's format, by the crate `vhdx-core`. A log that was not played back is, in memory. ([MS-VHDX])
use super::{Container, again, read_exact_from};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use vhdx::{Backing, VhdxReader};

struct Image {
    reader: Mutex<VhdxReader>,
    len: u64,
}

pub(super) fn open(file: &File, _path: &Path) -> Result<Box<dyn Container>, String> {
    let reader = VhdxReader::from_backing(Backing::File(again(file)?), None);
    let reader = reader.map_err(|error| error.to_string())?;
    let len = reader.virtual_disk_size();
    Ok(Box::new(Image { reader: Mutex::new(reader), len }))
}

impl Container for Image {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        read_exact_from(&mut *reader, offset, buffer)
    }
}
