//! What an image says of its reparse points, against itself.
use crate::failure::Failure;
use crate::image::ImageVolume;
use crate::place::PlaceError;
use nt::FileTime;
use ntfs::{FilePath, Finding, Partition};
use std::path::Path;

/// How an image is checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ImageCheck {
    /// What can be put right is.
    pub repair: bool,
    /// Though the volume is marked dirty.
    pub force_dirty: bool,
    /// The time of what is made for it.
    pub now: FileTime,
}

/// Compares everything that a volume in an image says of its reparse points, tells each disagreement with the path it is
/// about, and puts right what can be if it shall: then it is true in `report`. A point itself is never touched.
pub fn check_image(
    image: &Path,
    partition: Partition,
    how: &ImageCheck,
    mut report: impl FnMut(&str, &Finding, bool),
) -> Result<ntfs::Checked, Failure> {
    const WHAT: &str = "check the volume";
    let real = image.canonicalize();
    let real = real.map_err(|error| PlaceError::Host { path: image.to_owned(), error })?;
    let volume = ImageVolume::open(real, partition, how.force_dirty)?;
    let mut findings = Vec::new();
    let checked = volume.read(WHAT, |image| image.check(|finding| findings.push(finding)))?;
    for finding in &findings {
        let path = match finding.file {
            None => String::from("(the volume)"),
            Some(file) => volume.read(WHAT, |image| Ok(image.path_of(file))).map_or_else(
                |_| String::new(),
                |path| match path {
                    Ok(FilePath::Whole(names)) => {
                        names.iter().map(|name| format!("/{name}")).collect::<String>()
                    }
                    Ok(FilePath::Orphan(_)) | Err(_) => format!("(file {file})"),
                },
            ),
        };
        let repairs = how.repair && finding.wrong.is_repairable();
        let repaired =
            repairs && volume.write("repair the volume", |image| image.repair(finding, how.now))?;
        report(if path.is_empty() { "/" } else { &path }, finding, repaired);
    }
    Ok(checked)
}
