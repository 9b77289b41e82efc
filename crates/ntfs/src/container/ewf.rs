//! E01, EnCase's format, by the crate `ewf`; the segments that follow (E02, E03, ...) are found beside the first.
//! (libewf, documentation/Expert Witness Compression Format)
use super::Container;
use ewf::EwfReader;
use std::fs::File;
use std::io;
use std::path::Path;

struct Image(EwfReader);

pub(super) fn open(_file: &File, path: &Path) -> Result<Box<dyn Container>, String> {
    let reader = EwfReader::open_lazy(path).map_err(|error| error.to_string())?;
    Ok(Box::new(Image(reader)))
}

impl Container for Image {
    fn len(&self) -> u64 {
        self.0.total_size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let read = self.0.read_at(buffer, offset).map_err(io::Error::other)?;
        if read == buffer.len() { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}
