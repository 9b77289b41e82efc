//! What an image still tells of reparse points whose files were deleted.
use crate::failure::Failure;
use crate::image::ImageVolume;
use crate::object::Walk;
use crate::place::PlaceError;
use ntfs::{DeletedPoint, Partition};
use std::path::Path;

/// Tells of the remains of every deleted point in a volume of an image, in the order of records, until `report` says to stop.
pub fn find_deleted(
    image: &Path,
    partition: Partition,
    mut report: impl FnMut(DeletedPoint) -> Walk,
) -> Result<(), Failure> {
    let real = image.canonicalize();
    let real = real.map_err(|error| PlaceError::Host { path: image.to_owned(), error })?;
    let volume = ImageVolume::open(real, partition, false)?;
    volume.read("look for deleted files", |image| {
        for point in image.deleted_points() {
            if report(point?) == Walk::Stop {
                break;
            }
        }
        Ok(())
    })
}
