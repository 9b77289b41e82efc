//! Files that the overlay filter compressed (`compact /exe`): the data is in the stream `WofCompressedData`, and what a
//! program reads is that, decoded.
use crate::attribute::DATA;
use crate::error::{Error, Fault, Result};
use crate::file::File;
use crate::medium::Medium;
use crate::reference::FileRef;
use crate::volume::Volume;
use reparse::{RawReparse, ReparsePoint, WofSource};
use xca::{Damage, WofAlgorithm, WofLayout, WofRoom};

/// Where the overlay filter keeps what it compressed.
pub const WOF_STREAM: &str = "WofCompressedData";

/// Errors of the source and of the decoder, on one way.
enum Broken {
    Source(Error),
    Damage(Damage),
}

impl From<Damage> for Broken {
    fn from(damage: Damage) -> Broken {
        Broken::Damage(damage)
    }
}

impl<M: Medium> Volume<M> {
    /// Reads a file's data at an offset as a program on Windows does: decoded where NTFS or the overlay filter compressed
    /// it. Fewer bytes only at its end. Refused when the data is in a WIM image, or encrypted. Of a placeholder whose data
    /// is elsewhere it gives zeros: [`Volume::streams`] tells how much is there.
    pub fn read_content(&self, file: FileRef, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let file = self.file(file)?;
        let point = self.stored_point(&file)?;
        let decoded = point.as_deref().and_then(|bytes| RawReparse::decode(bytes).ok());
        let point = decoded.map(|(raw, _)| ReparsePoint::from_raw(&raw).0);
        let Some(ReparsePoint::Wof(wof)) = &point else {
            return self.read_data_of(&file, "", offset, buffer);
        };
        match wof.source() {
            WofSource::File { algorithm } => {
                let algorithm = WofAlgorithm::of_number(algorithm.0);
                let unknown =
                    Error::NotSupported("a way of compressing that the overlay filter does not have");
                self.read_wof(&file, algorithm.ok_or(unknown)?, offset, buffer)
            }
            WofSource::Wim(_) => Err(Error::NotSupported("data that is in a WIM image (WIMBoot)")),
        }
    }

    fn read_wof(
        &self,
        file: &File,
        algorithm: WofAlgorithm,
        offset: u64,
        buffer: &mut [u8],
    ) -> Result<usize> {
        let damaged = |damage: Damage| file.corrupt(Fault(damage.words()));
        let stored = file.find(DATA, WOF_STREAM).map(|attribute| attribute.view());
        let data_len = self.data_len(file)?;
        // An empty file need not have the stream.
        let stored_len = match stored {
            Some(stored) => stored.sizes().map_err(|fault| file.corrupt(fault))?.data,
            None if data_len == 0 => 0,
            None => return Err(file.corrupt(Fault("the stream WofCompressedData is missing"))),
        };
        let layout = WofLayout::new(algorithm, data_len, stored_len).map_err(damaged)?;
        let source = |at: u64, part: &mut [u8]| {
            let read = self.read_data_of(file, WOF_STREAM, at, part).map_err(Broken::Source)?;
            if read == part.len() { Ok(()) } else { Err(Broken::Damage(Damage::Cut)) }
        };
        layout.read(offset, buffer, &mut Box::<WofRoom>::default(), source).map_err(|broken| match broken {
            Broken::Source(error) => error,
            Broken::Damage(damage) => damaged(damage),
        })
    }
}
