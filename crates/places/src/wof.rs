//! Files of this machine that carry what the overlay filter of Windows made: a copy of such a file, streams and point.
use crate::failure::Failure;
use crate::object::Object;
use nt::NtStatus;
use ntfs::WOF_STREAM;
use reparse::{RawReparse, ReparsePoint, WofSource};
use xca::{Damage, WofAlgorithm, WofLayout, WofRoom};

const WHAT: &str = "read the data";

/// Errors of the source and of the decoder, on one way.
enum Broken {
    Source(Failure),
    Damage(Damage),
}

impl From<Damage> for Broken {
    fn from(damage: Damage) -> Broken {
        Broken::Damage(damage)
    }
}

impl From<Broken> for Failure {
    fn from(broken: Broken) -> Failure {
        match broken {
            Broken::Source(failure) => failure,
            Broken::Damage(damage) => Failure::Status {
                what: WHAT,
                status: NtStatus::FILE_CORRUPT_ERROR,
                reason: Some(damage.words().into()),
                next: Some("restore the file from a backup"),
            },
        }
    }
}

/// The data behind a point: decoded where the overlay filter compressed it, or else as it is.
pub(crate) fn read(
    object: &dyn Object,
    point: &RawReparse,
    offset: u64,
    buffer: &mut [u8],
) -> Result<usize, Failure> {
    let (ReparsePoint::Wof(wof), _) = ReparsePoint::from_raw(point) else {
        return object.read("", offset, buffer);
    };
    let refused = |reason: &str| Failure::Status {
        what: WHAT,
        status: NtStatus::NOT_SUPPORTED,
        reason: Some(reason.into()),
        next: None,
    };
    let WofSource::File { algorithm } = wof.source() else {
        return Err(refused("the data is in a WIM image (WIMBoot)"));
    };
    let algorithm = WofAlgorithm::of_number(algorithm.0);
    let algorithm = algorithm.ok_or_else(|| refused("the overlay filter has no such way of compressing"))?;
    let streams = object.streams()?;
    let len = |name: &str| streams.iter().find(|stream| stream.name == name).map(|stream| stream.len);
    let data_len = len("").unwrap_or(0);
    let stored_len = len(WOF_STREAM).or((data_len == 0).then_some(0)).ok_or(Broken::Damage(Damage::Cut))?;
    let layout = WofLayout::new(algorithm, data_len, stored_len).map_err(Broken::Damage)?;
    let source = |at: u64, part: &mut [u8]| {
        let read = object.read(WOF_STREAM, at, part).map_err(Broken::Source)?;
        if read == part.len() { Ok(()) } else { Err(Broken::Damage(Damage::Cut)) }
    };
    Ok(layout.read(offset, buffer, &mut Box::<WofRoom>::default(), source)?)
}
